//! The interface as a value: inputs change it, and it says what is to be done outside of it.

mod branches;
mod compare;
mod find;
mod keep;
mod keys;
mod mouse;
mod pages;
mod task;
mod walk;

use super::action::{ACTIONS, Action};
use super::desk::{Books, Desk, Way};
use super::gallery::Gallery;
use super::key::Key;
use super::overlay::{Overlay, Prompt};
use super::theme::Look;
use crate::ids::EventId;
use crate::lab::{Answer, Branch, Opening, Origin, Problem, Reply, Request, Run, RunId, Target};
use crate::timeline::text::{Line, Page, Style};
use crate::trace::{Moment, visible, wrap};
use std::sync::Arc;
use task::Task;

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
    /// Nothing else is to be done: what takes long goes on for a slice.
    Idle,
    /// The mouse: a column and a row, from 0 at the top left, and what was done there.
    Mouse(u16, u16, Mouse),
    /// The file of the scenario that is shown has changed.
    FileChanged,
    /// A file is written: its path, or why it is not.
    Written(Result<String, String>),
}

/// What was done with a mouse.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mouse {
    /// Its button was pressed, or it was dragged with the button down.
    Press,
    /// Its wheel was turned forward, away from the person.
    WheelUp,
    /// Its wheel was turned back.
    WheelDown,
}

/// What is to be done outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// The laboratory is asked.
    Ask(Ticket, Request),
    /// A text is put on the clipboard.
    Copy(String),
    /// A new file is written; nothing is overwritten.
    Write {
        /// Its path.
        path: String,
        /// Whether it may get a number where there is such a file already.
        numbered: bool,
        /// What is in it.
        text: String,
    },
    /// The names that were opened lately are remembered.
    Remember(Vec<String>),
    /// The shell comes up.
    Suspend,
    /// The program ends.
    Quit,
    /// The program ends at once, since somebody pressed Ctrl-C.
    Interrupt,
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
    /// The file is run again.
    Reload,
    /// The variant behind the one that is shown is opened.
    NextVariant,
    /// A branch is saved here.
    Save(Target),
    /// Something is opened to be compared with.
    Other(Opening),
    /// The run on the desk is compared.
    Compare {
        /// With which.
        other: RunId,
        /// Whether that is put on the screen.
        show: bool,
    },
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

    /// The one with this name, or this beginning of it.
    pub fn named(name: &str) -> Option<Pane> {
        const NAMES: [(&str, Pane); 4] =
            [("step", Pane::Timeline), ("state", Pane::State), ("why", Pane::Why), ("branches", Pane::Tree)];
        let name = NAMES.iter().find(|(known, _)| !name.is_empty() && known.starts_with(name));
        name.map(|(_, pane)| *pane)
    }
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
    /// What is under way and takes long.
    task: Option<Task>,
    opening: Option<Opening>,
    /// The bookmarks of a run that is not on the desk any more.
    recorded: Vec<(Moment, String)>,
    asked: Vec<(Ticket, For)>,
    next: Ticket,
    effects: Vec<Effect>,
}

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
            task: None,
            opening: None,
            recorded: Vec::new(),
            asked: Vec::new(),
            next: Ticket(0),
            effects: Vec::new(),
        };
        app.ask(Request::List, For::Gallery);
        app
    }

    /// Opens a scenario or a recorded trace, and goes to a step.
    pub fn open(&mut self, opening: Opening, at: Option<EventId>) {
        self.ask(Request::Open(opening), For::Show(at.map_or(Place::Start, Place::Step)));
    }

    /// Shows a run that the laboratory holds already. The gallery is not read before somebody goes there.
    pub fn show_held(&mut self, run: RunId) {
        if !self.gallery.listed {
            self.asked.retain(|(_, why)| !matches!(why, For::Gallery));
            self.effects.retain(|effect| !matches!(effect, Effect::Ask(_, Request::List)));
        }
        self.ask(Request::Get(run), For::Show(Place::Start));
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

    /// Whether something is under way that goes on with [`Input::Idle`].
    pub fn working(&self) -> bool {
        self.desk.as_ref().is_some_and(|desk| self.task.is_some() || !desk.surveyed())
    }
    /// How far what is under way is, in hundredths, where a person waits for it.
    pub fn progress(&self) -> Option<u32> {
        Some(self.task.as_ref()?.progress(self.desk.as_deref()?))
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

    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.note = Some((text.into(), false));
    }

    pub(super) fn complain(&mut self, text: impl Into<String>) {
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
            Input::Idle => self.work(),
            Input::Mouse(column, row, what) => self.mouse(column, row, what),
            Input::FileChanged => self.file_changed(),
            Input::Written(Ok(path)) => self.say(format!("written to {}", visible(&path))),
            Input::Written(Err(why)) => self.complain(why),
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
            Action::Gallery => return self.leave_run(),
            Action::Back => return self.back(),
            _ => {}
        }
        if self.desk.is_none() {
            return self.complain("open a scenario first");
        }
        match action {
            Action::Next
            | Action::Previous
            | Action::NextTurn
            | Action::PreviousTurn
            | Action::Start
            | Action::Last
            | Action::PageForward
            | Action::PageBack => self.walk(action),
            Action::Goto => self.goto(argument),
            Action::Play => self.playing = !self.playing,
            Action::Faster | Action::Slower => self.pace(action == Action::Faster),
            Action::Until => self.until(argument),
            Action::Search => self.search(argument, Way::Forward),
            Action::NextHit | Action::PreviousHit => self.hit(action == Action::NextHit),
            Action::Mark | Action::NextMark => self.marks(action, argument),
            Action::Follow => self.follow(argument),
            Action::NextFollowed | Action::PreviousFollowed => self.followed(action == Action::NextFollowed),
            Action::Why => self.why(),
            Action::WhyNot => self.why_not(argument),
            Action::Life => self.life(argument),
            Action::Details => self.details(),
            Action::Verdict => self.verdict(),
            Action::Violation => self.violation(),
            Action::Branch | Action::Disasters => self.changes(action == Action::Disasters, argument),
            Action::Tree => {
                self.uncompare();
                self.pane = Pane::Tree;
            }
            Action::Rename => self.rename(argument),
            Action::Prune => self.ask_prune(),
            Action::Compare => self.compare(argument),
            Action::NextDifference => self.difference(Way::Forward),
            Action::PreviousDifference => self.difference(Way::Back),
            Action::Variant | Action::Seed => self.reopen(action, argument),
            Action::Reload => self.reload(),
            Action::Save => self.save(argument),
            Action::CopyToken => self.token(),
            Action::Export => self.export(argument),
            Action::Report => self.report(),
            Action::NextPane | Action::PreviousPane if self.uncompare() => {}
            Action::NextPane if !argument.is_empty() => match Pane::named(argument) {
                Some(pane) => self.pane = pane,
                None => self.complain("there are the panes step, state, why and branches"),
            },
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

    /// How pages over the panes are made.
    fn settings(&self) -> crate::export::view::Settings {
        let width = usize::from(self.size.0).saturating_sub(8).clamp(40, 110);
        crate::export::view::Settings { width, glyphs: self.look.glyphs, full: true, why: false }
    }

    fn read(&mut self, title: &str, page: Page) {
        self.overlays.push(Overlay::Page { title: title.to_owned(), page, scroll: 0 });
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
            (For::Gallery, Ok(Reply::List(entries))) => {
                self.gallery.listed = true;
                self.gallery.fill(entries);
            }
            (For::Show(place), Ok(Reply::Run(run))) => self.show(run, place),
            (For::Branch(at), Ok(Reply::Run(run))) => self.branched(run, at),
            (For::Reload, Ok(Reply::Run(run))) => self.reloaded(run),
            (For::NextVariant, Ok(Reply::Names(names))) => self.next_variant(&names),
            (For::Other(_), Ok(Reply::Run(run))) => self.other_opened(run.id),
            (For::Other(opening), Err(problem)) => self.other_missing(&opening, &problem),
            (For::Changes(at), Ok(Reply::Changes(offers))) => self.offered(at, offers),
            (For::Preview(at, id), reply) => self.previewed(at, &id, reply),
            (For::Save(_), Ok(Reply::Saved(saved))) => {
                self.say(format!("saved as variant {} in {}", visible(&saved.variant), visible(&saved.path)));
            }
            (For::Save(target), Err(problem)) => self.not_saved(&target, &problem),
            (For::Compare { show, .. }, Ok(Reply::Compared(other, comparison))) => {
                self.compared(other, comparison, show)
            }
            (For::Reload, Err(problem)) => self.errors = Some(problem.to_string()),
            (For::Changes(_), Err(problem)) => {
                self.overlays.pop();
                self.complain(problem.to_string());
            }
            (_, Err(problem)) => self.fail(&problem),
            _ => {}
        }
    }

    pub(super) fn fail(&mut self, problem: &Problem) {
        let text = problem.to_string();
        if text.lines().count() > 1 {
            // The lines of a file keep their columns.
            let width = match problem {
                Problem::Broken(_) => usize::MAX,
                _ => usize::from(self.size.0).saturating_sub(8).max(20),
            };
            let parts =
                text.lines().flat_map(|line| if line.is_empty() { vec![String::new()] } else { wrap(line, width) });
            let lines = parts.map(|line| Line::of(Style::Plain, line)).collect();
            let title = match problem {
                Problem::Broken(_) => "The file has errors",
                Problem::Unreadable(_) => "It cannot be opened",
                _ => "It cannot be done",
            };
            self.read(title, Page { lines });
        } else {
            self.complain(text);
        }
    }

    fn show(&mut self, run: Arc<Run>, place: Place) {
        self.errors = None;
        // What could be changed in the run before this one is of no use.
        self.overlays.retain(|overlay| !matches!(overlay, Overlay::Changes(_)));
        self.asked.retain(|(_, why)| !matches!(why, For::Preview(..) | For::Changes(_)));
        let mut desk = Box::new(Desk::new(run, self.books));
        match &desk.run.origin {
            Origin::Scenario(opening) => self.opening = Some(opening.clone()),
            Origin::Recorded(path) => self.opening = Some(Opening { path: path.clone(), ..Opening::default() }),
            Origin::Branch { .. } => {}
        }
        if let Some(old) = self.desk.take().filter(|_| place != Place::Start) {
            desk.zoom(old.zoom);
            if old.sample.lanes == desk.sample.lanes {
                desk.lanes = old.lanes.clone();
            }
            desk.curtain = old.curtain;
            App::take_marks(&old, &mut desk);
            if place == Place::Same {
                desk.go_like(&old);
            }
        }
        if let Place::Step(at) = place {
            desk.go(at);
        }
        if let Some(opening) = self.opening.as_ref().filter(|_| place == Place::Start) {
            self.gallery.opened(&opening.path);
            self.effects.push(Effect::Remember(self.gallery.recent.clone()));
            self.tidy(desk.run.id);
        }
        self.branch = self.tree.iter().position(|branch| branch.run == desk.run.id).unwrap_or(0);
        self.desk = Some(desk);
    }
}
