//! The interface as a value: inputs change it, and it says what is to be done outside of it.

use super::action::{ACTIONS, Action};
use super::desk::{Books, Desk, Followed, Way, Zoom};
use super::gallery::Gallery;
use super::key::Key;
use super::overlay::{Changes, Overlay, Prompt};
use super::theme::{Look, Theme};
use crate::ids::EventId;
use crate::lab::{Answer, Branch, Change, Opening, Origin, Problem, Reply, Request, Run, RunId, Sort, Target};
use crate::timeline::text::{Line, Page, Style};
use crate::trace::visible;
use crate::units::{Span, Time, parse_span};
use std::sync::Arc;

/// Which request an answer belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ticket(pub u64);

/// What comes in.
#[derive(Clone, Debug)]
pub enum Input {
    /// A key.
    Key(Key),
    /// A text that was pasted.
    Paste(String),
    /// The terminal has another size: columns and rows.
    Size(u16, u16),
    /// A request is answered.
    Answer(Ticket, Answer),
    /// Time passes while playing.
    Tick,
    /// The file of the scenario that is shown has changed.
    FileChanged,
}

/// What is to be done outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// The laboratory is asked.
    Ask(Ticket, Request),
    /// A text is put on the clipboard.
    Copy(String),
    /// A new file is written; nothing is overwritten.
    Write(String, String),
    /// The names that were opened lately are remembered.
    Remember(Vec<String>),
    /// The shell comes up.
    Suspend,
    /// The program ends.
    Quit,
}

/// What a request was made for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum For {
    /// The list of the gallery.
    Gallery,
    /// A run is to be shown, at this step or time, or where it was.
    Show(Place),
    /// The list of changes at a step.
    Changes(EventId),
    /// The preview of a change at a step.
    Preview(EventId, String),
    /// A branch is shown at the step where it begins.
    Branch(EventId),
    /// Something is saved.
    Save,
    /// Two runs are compared: the other one.
    Compare(RunId),
    /// Nothing but the tree is changed.
    Tree,
}

/// Where a run is to be shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// At its beginning.
    Start,
    /// At a step.
    Step(EventId),
    /// Where the run on the desk is, or as near to that as can be.
    Same,
}

/// A pane.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Pane {
    /// The timeline.
    Timeline,
    /// What is where.
    State,
    /// Why.
    Why,
    /// The branches.
    Tree,
}

impl Pane {
    /// All of them, in the order in which one goes through them.
    pub const ALL: [Pane; 4] = [Pane::Timeline, Pane::State, Pane::Why, Pane::Tree];
}

/// The interface.
#[derive(Debug)]
pub struct App {
    books: Books,
    pub(super) look: Look,
    pub(super) gallery: Gallery,
    pub(super) desk: Option<Box<Desk>>,
    /// What lies over it, the topmost last.
    pub(super) overlays: Vec<Overlay>,
    pub(super) pane: Pane,
    /// How many lines of each pane are above its window.
    pub(super) scroll: [usize; 4],
    /// The chosen branch in the tree.
    pub(super) branch: usize,
    pub(super) tree: Vec<Branch>,
    /// One line about what was just done, and whether it is a problem.
    pub(super) note: Option<(String, bool)>,
    /// Errors of a file that was to be read again; the last good run stays.
    pub(super) errors: Option<String>,
    pub(super) playing: bool,
    /// Milliseconds a step.
    pub(super) pace: u32,
    pub(super) size: (u16, u16),
    opening: Option<Opening>,
    asked: Vec<(Ticket, For)>,
    next: Ticket,
    effects: Vec<Effect>,
}

/// Paces of playing, in milliseconds a step.
const PACES: [u32; 6] = [2000, 1000, 500, 250, 100, 40];

impl App {
    /// The interface with nothing open: the gallery. `recent` names what was opened lately.
    pub fn new(books: Books, look: Look, recent: Vec<String>) -> App {
        let mut app = App {
            books,
            look,
            gallery: Gallery { recent, ..Gallery::default() },
            desk: None,
            overlays: Vec::new(),
            pane: Pane::Timeline,
            scroll: [0; 4],
            branch: 0,
            tree: Vec::new(),
            note: None,
            errors: None,
            playing: false,
            pace: 500,
            size: (100, 30),
            opening: None,
            asked: Vec::new(),
            next: Ticket(0),
            effects: Vec::new(),
        };
        app.ask(Request::List, For::Gallery);
        app
    }

    /// Opens a scenario or a recorded trace, and goes to a step.
    pub fn open(&mut self, opening: Opening, at: Option<EventId>) {
        self.opening = Some(opening.clone());
        self.ask(Request::Open(opening), For::Show(at.map_or(Place::Start, Place::Step)));
    }

    /// What is to be done, in order; each is given once.
    pub fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The run on the desk.
    pub fn desk(&self) -> Option<&Desk> {
        self.desk.as_deref()
    }
    /// What lies on top.
    pub fn overlay(&self) -> Option<&Overlay> {
        self.overlays.last()
    }
    /// How many requests are not answered yet.
    pub fn waiting(&self) -> usize {
        self.asked.len()
    }
    /// How many milliseconds until the next tick, while playing.
    pub fn ticks(&self) -> Option<u32> {
        self.playing.then_some(self.pace)
    }
    /// The file that is shown, to be watched.
    pub fn file(&self) -> Option<&str> {
        self.desk.as_ref()?;
        self.opening.as_ref().map(|opening| opening.path.as_str())
    }
    /// One line about what was just done.
    pub fn note(&self) -> Option<&str> {
        self.note.as_ref().map(|(text, _)| text.as_str())
    }

    fn ask(&mut self, request: Request, why: For) {
        let ticket = self.next;
        self.next = Ticket(ticket.0 + 1);
        self.asked.push((ticket, why));
        self.effects.push(Effect::Ask(ticket, request));
    }

    fn say(&mut self, text: impl Into<String>) {
        self.note = Some((text.into(), false));
    }
    fn complain(&mut self, text: impl Into<String>) {
        self.note = Some((text.into(), true));
    }

    /// Takes an input.
    pub fn take(&mut self, input: Input) {
        match input {
            Input::Key(key) => self.key(key),
            Input::Paste(text) => text.chars().filter(|c| !c.is_control()).for_each(|c| self.typed(c)),
            Input::Size(width, height) => self.size = (width, height),
            Input::Answer(ticket, answer) => self.answer(ticket, answer),
            Input::Tick if self.playing => {
                if !self.desk.as_mut().is_some_and(|desk| desk.step(Way::Forward)) {
                    self.playing = false;
                    self.say("the end");
                }
            }
            Input::Tick => {}
            Input::FileChanged => self.reload(),
        }
    }

    fn typed(&mut self, c: char) {
        if let Some(Overlay::Prompt(prompt)) = self.overlays.last_mut() {
            prompt.text.push(c);
            prompt.problem = None;
        } else if self.desk.is_none() && self.gallery.typing {
            self.gallery.words.push(c);
            self.gallery.chosen = 0;
        }
    }

    fn key(&mut self, key: Key) {
        self.note = None;
        if key == Key::Ctrl('c') {
            self.effects.push(Effect::Quit);
            return;
        }
        if !self.overlays.is_empty() {
            return self.overlay_key(key);
        }
        if self.desk.is_none() {
            return self.gallery_key(key);
        }
        if self.pane == Pane::Tree && self.tree_key(key) {
            return;
        }
        match Action::of_key(key) {
            Some(action) => self.perform(action, ""),
            None => self.complain(format!("{key} does nothing here; h shows what does")),
        }
    }

    fn gallery_key(&mut self, key: Key) {
        if self.gallery.typing {
            match key {
                Key::Char(c) => self.typed(c),
                Key::Backspace => {
                    self.gallery.words.pop();
                    self.gallery.chosen = 0;
                }
                Key::Esc => {
                    self.gallery.typing = false;
                    self.gallery.words.clear();
                }
                Key::Enter | Key::Down | Key::Tab => self.gallery.typing = false,
                _ => {}
            }
            if key == Key::Enter {
                self.open_chosen();
            }
            return;
        }
        match key {
            Key::Enter => self.open_chosen(),
            Key::PageDown => self.gallery.choose(10),
            Key::PageUp => self.gallery.choose(-10),
            Key::Esc => self.gallery.words.clear(),
            _ => match Action::of_key(key) {
                Some(Action::Next) => self.gallery.choose(1),
                Some(Action::Previous) => self.gallery.choose(-1),
                Some(Action::Start) => self.gallery.chosen = 0,
                Some(Action::Last) => self.gallery.choose(isize::MAX),
                Some(Action::Search) => self.gallery.typing = true,
                Some(action @ (Action::Help | Action::Quit | Action::Theme | Action::Command | Action::Suspend)) => {
                    self.perform(action, "");
                }
                _ => self.complain("Enter opens, / searches, q leaves"),
            },
        }
    }

    fn open_chosen(&mut self) {
        let Some(entry) = self.gallery.chosen() else { return };
        let opening = Opening { path: entry.path.clone().unwrap_or_else(|| entry.name.clone()), ..Opening::default() };
        self.open(opening, None);
    }

    fn tree_key(&mut self, key: Key) -> bool {
        match key {
            Key::Down | Key::Char('j') => self.branch = (self.branch + 1).min(self.tree.len().saturating_sub(1)),
            Key::Up | Key::Char('k') => self.branch = self.branch.saturating_sub(1),
            Key::Enter => {
                if let Some(branch) = self.tree.get(self.branch) {
                    let run = branch.run;
                    self.show_run(run);
                }
            }
            _ => return false,
        }
        true
    }

    fn show_run(&mut self, run: RunId) {
        self.ask(Request::Get(run), For::Show(Place::Same));
    }

    fn overlay_key(&mut self, key: Key) {
        let Some(top) = self.overlays.last_mut() else { return };
        match top {
            Overlay::Page { page, scroll, .. } => match key {
                Key::Down | Key::Char('j' | ' ') => *scroll = (*scroll + 1).min(page.lines.len().saturating_sub(1)),
                Key::Up | Key::Char('k') => *scroll = scroll.saturating_sub(1),
                Key::PageDown | Key::Ctrl('d') => *scroll = (*scroll + 10).min(page.lines.len().saturating_sub(1)),
                Key::PageUp | Key::Ctrl('u') => *scroll = scroll.saturating_sub(10),
                Key::Home | Key::Char('g') => *scroll = 0,
                Key::End | Key::Char('G') => *scroll = page.lines.len().saturating_sub(1),
                _ => _ = self.overlays.pop(),
            },
            Overlay::Prompt(_) => self.prompt_key(key),
            Overlay::Changes(_) => self.changes_key(key),
            Overlay::Lanes { .. } => self.lanes_key(key),
            Overlay::Sure { then, .. } => {
                let then = *then;
                self.overlays.pop();
                if matches!(key, Key::Char('y') | Key::Enter) {
                    match then {
                        Action::Quit => self.effects.push(Effect::Quit),
                        Action::Prune => self.prune(),
                        _ => {}
                    }
                }
            }
        }
    }

    fn prompt_key(&mut self, key: Key) {
        let Some(Overlay::Prompt(prompt)) = self.overlays.last_mut() else { return };
        match key {
            Key::Esc => _ = self.overlays.pop(),
            Key::Backspace if prompt.text.is_empty() => _ = self.overlays.pop(),
            Key::Backspace => _ = prompt.text.pop(),
            Key::Ctrl('u') => prompt.text.clear(),
            Key::Char(c) => self.typed(c),
            Key::Enter => {
                let prompt = prompt.clone();
                self.overlays.pop();
                self.perform_with(prompt.action, prompt.text.trim());
            }
            _ => {}
        }
    }

    fn changes_key(&mut self, key: Key) {
        let Some(Overlay::Changes(changes)) = self.overlays.last_mut() else { return };
        let shown = changes.offers.len();
        match key {
            Key::Down | Key::Char('j') => changes.chosen = (changes.chosen + 1).min(shown.saturating_sub(1)),
            Key::Up | Key::Char('k') => changes.chosen = changes.chosen.saturating_sub(1),
            Key::PageDown => changes.chosen = (changes.chosen + 10).min(shown.saturating_sub(1)),
            Key::PageUp => changes.chosen = changes.chosen.saturating_sub(10),
            Key::Enter => {
                if let Some((change, _)) = changes.offers.get(changes.chosen) {
                    let (at, id) = (changes.at, change.id.clone());
                    self.overlays.pop();
                    self.make_branch(at, id);
                }
            }
            Key::Char(c) if changes.faults_only && c.is_ascii_digit() => {
                let n = (c as usize).wrapping_sub('1' as usize);
                if let Some((change, _)) = changes.offers.get(n) {
                    let (at, id) = (changes.at, change.id.clone());
                    self.overlays.pop();
                    self.make_branch(at, id);
                }
            }
            _ => {
                self.overlays.pop();
                // Previews that are not there yet are not wanted any more.
                self.asked.retain(|(_, why)| !matches!(why, For::Preview(..) | For::Changes(_)));
            }
        }
    }

    fn lanes_key(&mut self, key: Key) {
        let Some(Overlay::Lanes { lanes, chosen }) = self.overlays.last_mut() else { return };
        match key {
            Key::Down | Key::Char('j') => *chosen = (*chosen + 1).min(lanes.len().saturating_sub(1)),
            Key::Up | Key::Char('k') => *chosen = chosen.saturating_sub(1),
            Key::Char(' ' | 'H') => {
                let others = lanes.iter().filter(|(_, shown)| *shown).count();
                if let Some((_, shown)) = lanes.get_mut(*chosen) {
                    // One lane at least stays.
                    *shown = !*shown || others == 1;
                }
            }
            Key::Left | Key::Char('<') if *chosen > 0 => {
                lanes.swap(*chosen, *chosen - 1);
                *chosen -= 1;
            }
            Key::Right | Key::Char('>') if *chosen + 1 < lanes.len() => {
                lanes.swap(*chosen, *chosen + 1);
                *chosen += 1;
            }
            Key::Enter | Key::Esc => {
                let shown = lanes.iter().filter(|(_, shown)| *shown).map(|(lane, _)| *lane).collect();
                self.overlays.pop();
                if let Some(desk) = &mut self.desk {
                    desk.lanes = shown;
                }
            }
            _ => {}
        }
    }

    /// Does an action, with what was typed behind its command. Without an argument one that needs one asks for it.
    pub fn perform(&mut self, action: Action, argument: &str) {
        let asks = matches!(action, Action::Search | Action::Until | Action::Command)
            || (action == Action::Rename && self.desk.is_some());
        if asks && argument.is_empty() {
            let text = if action == Action::Rename { self.branch_name() } else { String::new() };
            self.overlays.push(Overlay::Prompt(Prompt { action, text, problem: None }));
            return;
        }
        self.perform_with(action, argument);
    }

    fn perform_with(&mut self, action: Action, argument: &str) {
        match action {
            Action::Command => return self.command(argument),
            Action::Help => return self.help(),
            Action::Quit => return self.quit(),
            Action::Suspend => return self.effects.push(Effect::Suspend),
            Action::Theme => return self.theme(argument),
            Action::Gallery => {
                self.desk = None;
                self.overlays.clear();
                return;
            }
            Action::Back => return self.back(),
            _ => {}
        }
        if self.desk.is_none() {
            return self.complain("open a scenario first");
        }
        match action {
            Action::Next | Action::Previous | Action::NextTurn | Action::PreviousTurn | Action::Start
            | Action::Last | Action::PageForward | Action::PageBack => self.walk(action),
            Action::Goto => self.goto(argument),
            Action::Play => self.playing = !self.playing,
            Action::Faster | Action::Slower => self.pace(action == Action::Faster),
            Action::Until => self.search(argument, Way::Forward),
            Action::Search => {
                if let Some(desk) = &mut self.desk {
                    argument.clone_into(&mut desk.sought);
                }
                self.search(argument, Way::Forward);
            }
            Action::NextHit | Action::PreviousHit => self.hit(action == Action::NextHit),
            Action::Mark | Action::NextMark => self.marks(action, argument),
            Action::Follow => self.follow(argument),
            Action::NextFollowed | Action::PreviousFollowed => self.followed(action == Action::NextFollowed),
            Action::Why => self.why(),
            Action::Details => self.on_desk(|desk| desk.details = !desk.details),
            Action::Verdict => self.verdict(),
            Action::Violation => self.violation(),
            Action::Branch | Action::Disasters => self.changes(action == Action::Disasters, argument),
            Action::Tree => self.pane = Pane::Tree,
            Action::Rename => self.rename(argument),
            Action::Prune => self.ask_prune(),
            Action::Compare => self.compare(argument),
            Action::Variant | Action::Seed => self.reopen(action, argument),
            Action::Reload => self.reload(),
            Action::Save => self.save(argument),
            Action::CopyToken => self.token(),
            Action::NextPane | Action::PreviousPane => self.turn_pane(action == Action::NextPane),
            Action::Lanes => self.lanes(),
            Action::ZoomIn | Action::ZoomOut => self.zoom(action == Action::ZoomIn),
            Action::Curtain => self.on_desk(|desk| desk.curtain = !desk.curtain),
            _ => self.complain(format!("{} cannot be done yet", action.spec().name)),
        }
    }

    fn on_desk(&mut self, change: impl FnOnce(&mut Desk)) {
        if let Some(desk) = &mut self.desk {
            change(desk);
        }
    }

    fn walk(&mut self, action: Action) {
        let page = usize::from(self.size.1 / 2).max(3);
        let Some(desk) = &mut self.desk else { return };
        let moved = match action {
            Action::Next => desk.step(Way::Forward),
            Action::Previous => desk.step(Way::Back),
            Action::NextTurn => desk.turn(Way::Forward),
            Action::PreviousTurn => desk.turn(Way::Back),
            Action::Start => desk.go(EventId(0)) || true,
            Action::Last => desk.go(EventId(desk.steps().saturating_sub(1))) || true,
            Action::PageForward => (0..page).fold(false, |moved, _| desk.step(Way::Forward) || moved),
            _ => (0..page).fold(false, |moved, _| desk.step(Way::Back) || moved),
        };
        let forward = matches!(action, Action::Next | Action::NextTurn | Action::PageForward);
        if !moved {
            self.say(if forward { "this is the end" } else { "this is the beginning" });
        }
    }

    fn goto(&mut self, argument: &str) {
        if let Ok(step) = argument.parse::<u32>() {
            let steps = self.desk.as_ref().map_or(0, |desk| desk.steps());
            if step == 0 || step > steps {
                return self.complain(format!("there are steps 1 to {steps}"));
            }
            return self.on_desk(|desk| _ = desk.go(EventId(step - 1)));
        }
        match parse_span(argument) {
            Ok(span) => self.on_desk(|desk| _ = desk.go_to_time(at(span))),
            Err(_) => self.complain(format!("{} is neither a step nor a time such as 42ms", visible(argument))),
        }
    }

    fn pace(&mut self, faster: bool) {
        let at = PACES.iter().position(|pace| *pace == self.pace).unwrap_or(2);
        let at = if faster { (at + 1).min(PACES.len() - 1) } else { at.saturating_sub(1) };
        self.pace = PACES[at];
        self.say(format!("{} ms a step", self.pace));
    }

    fn search(&mut self, words: &str, way: Way) {
        let wanted: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        let found = self.desk.as_mut().is_some_and(|desk| {
            desk.seek(way, |desk, id, _| {
                let text = desk.tell(id).map(|s| format!("{} {}", s.text, s.why.unwrap_or_default()).to_lowercase());
                text.is_some_and(|text| wanted.iter().all(|word| text.contains(word)))
            })
        });
        if !found {
            let where_ = if way == Way::Forward { "behind" } else { "before" };
            self.complain(format!("no step {where_} this one tells of {}", visible(words)));
        }
    }

    fn hit(&mut self, forward: bool) {
        let sought = self.desk.as_ref().map(|desk| desk.sought.clone()).unwrap_or_default();
        if sought.is_empty() {
            return self.complain("nothing was searched for; / does");
        }
        self.search(&sought, if forward { Way::Forward } else { Way::Back });
    }

    fn marks(&mut self, action: Action, text: &str) {
        let Some(desk) = &mut self.desk else { return };
        let at = desk.at();
        if action == Action::Mark {
            let says = if text.is_empty() && desk.marks.remove(&at).is_some() {
                "the bookmark is gone"
            } else {
                desk.marks.insert(at, text.to_owned());
                "bookmarked; ' goes from one to the next"
            };
            return self.say(says);
        }
        let next = desk.marks.keys().find(|id| **id > at).or_else(|| desk.marks.keys().next()).copied();
        match next {
            Some(id) => _ = desk.go(id),
            None => self.complain("there are no bookmarks; m puts one"),
        }
    }

    fn follow(&mut self, name: &str) {
        let Some(desk) = &mut self.desk else { return };
        let found = match name {
            "" if desk.followed.is_some() => None,
            "" => desk.message().map(Followed::Message),
            name => desk.named(name),
        };
        let was = desk.followed.is_some();
        desk.followed = found;
        let says = match found {
            Some(found) => Ok(format!("following {}; }} and {{ go to its steps", desk.name_of(found))),
            None if name.is_empty() && was => Ok("following nothing any more".to_owned()),
            None if name.is_empty() => Err("this step is about no message; :follow NAME follows one".to_owned()),
            None => Err(format!("nothing is called {} here", visible(name))),
        };
        match says {
            Ok(text) => self.say(text),
            Err(text) => self.complain(text),
        }
    }

    fn followed(&mut self, forward: bool) {
        let Some(desk) = &mut self.desk else { return };
        let Some(followed) = desk.followed else { return self.complain("nothing is followed; f does") };
        let way = if forward { Way::Forward } else { Way::Back };
        if !desk.seek(way, |desk, _, event| desk.is_about(followed, event)) {
            self.say(if forward { "that was its last step" } else { "that was its first step" });
        }
    }

    fn why(&mut self) {
        let Some(desk) = &mut self.desk else { return };
        let most = desk.reasons().len().saturating_sub(1);
        if desk.depth >= most && most > 0 {
            desk.depth = 0;
            self.say("that was the beginning of it");
        } else {
            desk.depth += 1;
        }
        self.scroll[Pane::Why as usize] = 0;
    }

    fn verdict(&mut self) {
        let Some(desk) = &self.desk else { return };
        let settings = self.settings();
        let page = crate::export::view::verdict(&desk.viewed(), &settings);
        self.read("Verdict", page);
    }

    /// How pages over the panes are made.
    fn settings(&self) -> crate::export::view::Settings {
        let width = usize::from(self.size.0).saturating_sub(8).clamp(40, 110);
        crate::export::view::Settings { width, glyphs: self.look.glyphs, full: true, why: false }
    }

    fn read(&mut self, title: &str, page: Page) {
        self.overlays.push(Overlay::Page { title: title.to_owned(), page, scroll: 0 });
    }

    fn violation(&mut self) {
        let found = self.desk.as_mut().is_some_and(|desk| desk.turn(Way::Forward));
        if !found {
            self.say("nothing goes wrong any more");
        }
    }

    fn changes(&mut self, faults_only: bool, argument: &str) {
        let Some(desk) = &self.desk else { return };
        let (run, at) = (desk.run.id, desk.until());
        if !argument.is_empty() {
            return self.make_branch(at, argument.to_owned());
        }
        let changes = Changes { at, offers: Vec::new(), faults_only, ready: false, chosen: 0 };
        self.overlays.push(Overlay::Changes(changes));
        self.ask(Request::Changes(run, at), For::Changes(at));
    }

    fn make_branch(&mut self, at: EventId, id: String) {
        let Some(desk) = &self.desk else { return };
        let run = desk.run.id;
        self.asked.retain(|(_, why)| !matches!(why, For::Preview(..)));
        self.ask(Request::Branch(run, at, id), For::Branch(at));
    }

    fn branch_name(&self) -> String {
        let shown = self.desk.as_ref().map(|desk| desk.run.id);
        let branch = self.tree.iter().find(|branch| Some(branch.run) == shown);
        branch.map(|branch| branch.name.clone()).unwrap_or_default()
    }

    fn rename(&mut self, name: &str) {
        let Some(desk) = &self.desk else { return };
        self.ask(Request::Rename(desk.run.id, name.to_owned()), For::Tree);
    }

    fn ask_prune(&mut self) {
        let name = self.branch_name();
        let asks = format!("Let {} go, with everything that branched off it? (y/n)", visible(&name));
        self.overlays.push(Overlay::Sure { asks, then: Action::Prune });
    }

    fn prune(&mut self) {
        let Some(desk) = &self.desk else { return };
        let Origin::Branch { of, .. } = desk.run.origin else {
            return self.complain("this is where it all began; only branches can be let go");
        };
        let gone = desk.run.id;
        self.ask(Request::Get(of), For::Show(Place::Same));
        self.ask(Request::Prune(gone), For::Tree);
    }

    fn compare(&mut self, name: &str) {
        let Some(desk) = &self.desk else { return };
        let other = match (&desk.run.origin, name) {
            (Origin::Branch { of, .. }, "") => Some(*of),
            (_, "") => self.tree.iter().find(|branch| branch.of.is_some_and(|(of, _)| of == desk.run.id)).map(|b| b.run),
            (_, name) => self.tree.iter().find(|branch| branch.name == name).map(|branch| branch.run),
        };
        let here = desk.run.id;
        match other {
            Some(other) => self.ask(Request::Compare(other, here), For::Compare(other)),
            None if name.is_empty() => self.complain("there is no branch to compare with; b makes one"),
            None => self.complain(format!("no branch is called {}", visible(name))),
        }
    }

    fn reopen(&mut self, action: Action, argument: &str) {
        let Some(mut opening) = self.opening.clone() else { return };
        match action {
            Action::Seed => match argument.parse() {
                Ok(seed) => opening.seed = Some(seed),
                Err(_) => return self.complain("a seed is a whole number"),
            },
            _ => opening.variant = (!argument.is_empty()).then(|| argument.to_owned()),
        }
        self.opening = Some(opening.clone());
        self.ask(Request::Open(opening), For::Show(Place::Same));
    }

    fn reload(&mut self) {
        let Some(opening) = self.opening.clone() else { return };
        self.ask(Request::Open(opening), For::Show(Place::Same));
    }

    fn save(&mut self, file: &str) {
        let Some(desk) = &self.desk else { return };
        let target = if file.is_empty() { Target::Same } else { Target::New(file.to_owned()) };
        self.ask(Request::Save(desk.run.id, target), For::Save);
    }

    fn token(&mut self) {
        let Some(desk) = &self.desk else { return };
        match (&desk.run.token, &self.opening) {
            (Some(token), Some(opening)) => {
                self.effects.push(Effect::Copy(format!("mqlab run {} --replay {token}", opening.path)));
                self.say("copied");
            }
            _ => self.complain("a recorded trace has no token: it is the run"),
        }
    }

    fn turn_pane(&mut self, forward: bool) {
        let at = Pane::ALL.iter().position(|pane| *pane == self.pane).unwrap_or(0);
        let n = Pane::ALL.len();
        self.pane = Pane::ALL[(at + if forward { 1 } else { n - 1 }) % n];
    }

    fn lanes(&mut self) {
        let Some(desk) = &self.desk else { return };
        let hidden = (0..desk.sample.lanes.len()).filter(|lane| !desk.lanes.contains(lane));
        let lanes = desk.lanes.iter().map(|lane| (*lane, true)).chain(hidden.map(|lane| (lane, false))).collect();
        self.overlays.push(Overlay::Lanes { lanes, chosen: 0 });
    }

    fn zoom(&mut self, more: bool) {
        let Some(desk) = &mut self.desk else { return };
        let zoom = match (desk.zoom, more) {
            (Zoom::Turns, true) | (Zoom::Every, false) => Zoom::Steps,
            (Zoom::Steps, true) => Zoom::Every,
            (Zoom::Steps, false) => Zoom::Turns,
            (zoom, _) => zoom,
        };
        desk.zoom(zoom);
        self.say(match zoom {
            Zoom::Turns => "only where the run turns",
            Zoom::Steps => "every step; handshakes are folded",
            Zoom::Every => "every frame, timer and sign of life",
        });
    }

    fn theme(&mut self, name: &str) {
        let at = Theme::ALL.iter().position(|(theme, _)| *theme == self.look.theme).unwrap_or(0);
        let found = if name.is_empty() {
            Theme::ALL.get((at + 1) % Theme::ALL.len())
        } else {
            Theme::ALL.iter().find(|(_, known)| *known == name)
        };
        match found {
            Some((theme, name)) => {
                self.look.theme = *theme;
                self.say(format!("colours: {name}"));
            }
            None => self.complain("there are dark, light and contrast"),
        }
    }

    fn back(&mut self) {
        if self.overlays.pop().is_some() {
            return;
        }
        if !self.asked.is_empty() {
            self.asked.retain(|(_, why)| matches!(why, For::Gallery));
            return self.say("stopped");
        }
        self.playing = false;
        self.pane = Pane::Timeline;
        self.errors = None;
        self.on_desk(|desk| {
            desk.compared = None;
            desk.depth = 0;
            desk.details = false;
        });
    }

    fn quit(&mut self) {
        let unsaved = self.tree.iter().filter(|branch| branch.unsaved).count();
        if unsaved == 0 {
            return self.effects.push(Effect::Quit);
        }
        let what = if unsaved == 1 { "a branch is".to_owned() } else { format!("{unsaved} branches are") };
        let asks = format!("Leave? {what} not saved. (y/n)");
        self.overlays.push(Overlay::Sure { asks, then: Action::Quit });
    }

    fn command(&mut self, line: &str) {
        let line = line.trim();
        let (name, argument) = line.split_once(' ').unwrap_or((line, ""));
        if name.is_empty() {
            return;
        }
        // A number or a time by itself is where to go.
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            return self.perform(Action::Goto, name);
        }
        match Action::of_name(name) {
            Some(Action::Command) | None => {
                self.complain(format!("there is no command {}; h lists them", visible(name)));
            }
            Some(action) => self.perform(action, argument.trim()),
        }
    }

    fn help(&mut self) {
        let mut page = Page::default();
        for group in super::action::Group::ALL {
            page.lines.push(Line::of(Style::Name, group.title().to_owned()));
            for spec in ACTIONS.iter().filter(|spec| spec.group == *group) {
                let keys: Vec<String> = spec.keys.iter().map(Key::to_string).collect();
                let command = format!(":{} {}", spec.name, spec.argument);
                let text = format!("  {:<16} {:<26} {}", keys.join(" "), command.trim(), spec.says);
                page.lines.push(Line::of(Style::Plain, text));
            }
            page.lines.push(Line::default());
        }
        self.read("Help", page);
    }

    fn answer(&mut self, ticket: Ticket, answer: Answer) {
        self.tree = answer.tree;
        self.branch = self.branch.min(self.tree.len().saturating_sub(1));
        // What was given up meanwhile is not wanted any more.
        let Some(at) = self.asked.iter().position(|(asked, _)| *asked == ticket) else { return };
        let (_, why) = self.asked.remove(at);
        match (why, answer.reply) {
            (For::Gallery, Ok(Reply::List(entries))) => self.gallery.entries = entries,
            (For::Show(place), Ok(Reply::Run(run))) => self.show(run, place),
            (For::Branch(at), Ok(Reply::Run(run))) => {
                let before = self.desk.as_ref().map(|desk| desk.run.id);
                self.show(run, Place::Step(at));
                // The first thing that is different is worth seeing.
                self.on_desk(|desk| _ = desk.step(Way::Forward));
                self.say("a branch; = compares it with where it came from, S saves it");
                if let (Some(before), Some(desk)) = (before, &self.desk) {
                    let here = desk.run.id;
                    self.ask(Request::Compare(before, here), For::Tree);
                }
            }
            (For::Changes(at), Ok(Reply::Changes(offers))) => self.offered(at, offers),
            (For::Preview(at, id), reply) => self.previewed(at, &id, reply),
            (For::Save, Ok(Reply::Saved(saved))) => {
                self.say(format!("saved as variant {} in {}", visible(&saved.variant), visible(&saved.path)));
            }
            (For::Compare(_), Ok(Reply::Compared(comparison))) => {
                let _ = comparison;
            }
            (For::Show(_), Err(problem)) if self.desk.is_some() => self.errors = Some(problem.to_string()),
            (For::Changes(_), Err(problem)) => {
                self.overlays.pop();
                self.complain(problem.to_string());
            }
            (_, Err(problem)) => self.fail(&problem),
            _ => {}
        }
    }

    fn fail(&mut self, problem: &Problem) {
        let text = problem.to_string();
        if text.lines().count() > 1 {
            let lines = text.lines().map(|line| Line::of(Style::Plain, line.to_owned())).collect();
            self.read("This file has errors", Page { lines });
        } else {
            self.complain(text);
        }
    }

    fn show(&mut self, run: Arc<Run>, place: Place) {
        self.errors = None;
        let mut desk = Box::new(Desk::new(run, self.books));
        if let Some(old) = self.desk.take() {
            desk.zoom(old.zoom);
            if old.sample.lanes == desk.sample.lanes {
                desk.lanes = old.lanes.clone();
            }
            desk.curtain = old.curtain;
            if place == Place::Same {
                desk.go_to_time(old.row.time);
                desk.go(old.at());
            }
        }
        if let Place::Step(at) = place {
            desk.go(at);
        }
        if let Some(opening) = &self.opening {
            self.gallery.opened(&opening.path);
            self.effects.push(Effect::Remember(self.gallery.recent.clone()));
        }
        self.branch = self.tree.iter().position(|branch| branch.run == desk.run.id).unwrap_or(0);
        self.desk = Some(desk);
    }

    fn offered(&mut self, at: EventId, offers: Vec<Change>) {
        let Some(Overlay::Changes(changes)) = self.overlays.last_mut() else { return };
        let wanted = |change: &Change| !changes.faults_only || change.sort == Sort::Fault;
        changes.offers = offers.into_iter().filter(wanted).map(|change| (change, None)).collect();
        changes.ready = true;
        let ids: Vec<String> = changes.offers.iter().map(|(change, _)| change.id.clone()).collect();
        let Some(run) = self.desk.as_ref().map(|desk| desk.run.id) else { return };
        for id in ids {
            self.ask(Request::Preview(run, at, id.clone()), For::Preview(at, id));
        }
    }

    fn previewed(&mut self, at: EventId, id: &str, reply: Result<Reply, Problem>) {
        let Some(Overlay::Changes(changes)) = self.overlays.last_mut() else { return };
        if changes.at != at {
            return;
        }
        let Some((_, preview)) = changes.offers.iter_mut().find(|(change, _)| change.id == id) else { return };
        *preview = match reply {
            Ok(Reply::Preview(found)) => Some(Ok(found)),
            Ok(_) => None,
            Err(problem) => Some(Err(problem.to_string())),
        };
    }
}

fn at(span: Span) -> Time {
    Time::ZERO + span
}
