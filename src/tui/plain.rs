//! The interface in plain lines, for those who listen to it, for pipes and for the book: what happened since the last
//! line in sentences, and what can be chosen, numbered.
//!
//! The same value and the same table of actions as on the screen, told and not drawn. Nothing is taken back that was
//! told, nothing stands side by side, and no characters draw anything.

use super::action::Action;
use super::app::{App, Input, Pane};
use super::key::Key;
use super::overlay::{Changes, Overlay};
use super::view;
use crate::export::view::signs;
use crate::ids::EventId;
use crate::lab::{Origin, RunId};
use crate::timeline::text::Glyphs;
use crate::trace::visible;
use crate::units::Clock;

/// So many changes of a step are told, and so many scenarios of the gallery with what they are about.
const MOST: usize = 12;

/// What was told already, and what a number means now.
#[derive(Debug, Default)]
pub struct Plain {
    run: Option<RunId>,
    row: Option<EventId>,
    /// What was said of the row, so that only what is new is said when more is asked for.
    said: Vec<String>,
    /// The words that the gallery was told with.
    gallery: Option<String>,
    /// The errors that were told.
    errors: Option<String>,
    /// The difference that was told.
    gone: Option<usize>,
    numbers: Numbers,
}

/// What the next number chooses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Numbers {
    /// A step.
    #[default]
    Steps,
    /// A branch of the tree.
    Tree,
}

impl Plain {
    /// Takes in a line that somebody typed: a key, a command with or without its colon, or a number.
    pub fn hear(&mut self, app: &mut App, line: &str) {
        let line = line.trim();
        let numbers = std::mem::take(&mut self.numbers);
        app.note = None;
        app.errors = None;
        if app.overlay().is_some() {
            return answer(app, line);
        }
        if app.desk().is_none() && in_gallery(app, line) {
            return;
        }
        if let (Numbers::Tree, Ok(number)) = (numbers, line.parse::<usize>()) {
            return match app.tree.get(number.wrapping_sub(1)).map(|branch| branch.run) {
                Some(run) => app.show_run(run),
                None => app.complain(format!("there is no branch {number}")),
            };
        }
        match action(line) {
            Some((Action::NextPane | Action::Tree, pane)) => self.pane(app, line, &pane),
            Some((Action::Play, _)) => {
                app.complain("stepping by itself needs a screen; u runs until something, G to the end")
            }
            Some((Action::Lanes, _)) => app.complain("lanes are on the screen only; f follows one message or party"),
            Some((Action::Suspend, _)) => app.complain("this needs a screen"),
            Some((action, argument)) => app.perform(action, &argument),
            None => app.command(line.strip_prefix(':').unwrap_or(line)),
        }
    }

    /// What a pane says; without a name the next one.
    fn pane(&mut self, app: &mut App, line: &str, name: &str) {
        let tree = action(line).is_some_and(|(action, _)| action == Action::Tree);
        if tree {
            app.pane = Pane::Tree;
        } else {
            app.perform(Action::NextPane, name);
        }
        if app.note().is_some() {
            return;
        }
        match app.pane {
            Pane::Timeline => self.row = None,
            Pane::State => app.say(view::words(app, Pane::State).join("\n")),
            Pane::Why => app.say(view::words(app, Pane::Why).join("\n")),
            Pane::Tree => {
                self.numbers = Numbers::Tree;
                app.say(tree_in_words(app));
            }
        }
        // What is told once is not where later keys go to.
        if app.pane == Pane::Tree {
            app.pane = Pane::Timeline;
        }
    }

    /// What is to be said now, line by line. Everything is told once.
    pub fn tell(&mut self, app: &mut App) -> Vec<String> {
        let mut lines = Vec::new();
        if app.errors != self.errors {
            self.errors.clone_from(&app.errors);
            if let Some(errors) = &app.errors {
                lines.push("The file has errors; the last good run stays.".to_owned());
                lines.extend(errors.lines().map(str::to_owned));
            }
        }
        if let Some((text, problem)) = app.note.take() {
            lines.extend(noted(&text, problem));
        }
        if app.desk().is_some() {
            self.gallery = None;
            self.told_run(app, &mut lines);
            self.told_step(app, &mut lines);
            self.told_beside(app, &mut lines);
        } else {
            self.run = None;
            self.told_gallery(app, &mut lines);
        }
        told_overlays(app, &mut lines);
        let lines = lines.iter().map(|line| signs(line.trim_end(), Glyphs::Ascii));
        lines.map(|line| line.replace('·', "-")).collect()
    }

    fn told_run(&mut self, app: &App, lines: &mut Vec<String>) {
        let Some(desk) = app.desk() else { return };
        if self.run == Some(desk.run.id) {
            return;
        }
        let first = self.run.is_none();
        self.run = Some(desk.run.id);
        self.row = None;
        lines.push(format!("{}.", desk.title()));
        let about = visible(&desk.log().header.about);
        if first && !about.is_empty() {
            lines.push(about);
        }
        if let Origin::Branch { at, change, .. } = &desk.run.origin {
            lines.push(format!("Branch {} from step {}: {}", app.branch_name(), at.step(), visible(&change.says)));
        }
        let clock = Clock::of([desk.end()]);
        lines.push(format!("{} steps, {} long. {}", desk.steps(), clock.text(desk.end()), view::expected(desk)));
    }

    fn told_step(&mut self, app: &App, lines: &mut Vec<String>) {
        let Some(desk) = app.desk() else { return };
        let mut said = view::words(app, Pane::Why);
        if self.row == Some(desk.at()) {
            let new: Vec<String> = said.iter().filter(|line| !self.said.contains(line)).cloned().collect();
            lines.extend(new);
            self.said = said;
            return;
        }
        self.row = Some(desk.at());
        let clock = Clock::of([desk.end()]);
        let head = format!("Step {} of {}, {}.", desk.at().step(), desk.steps(), clock.text(desk.row.time));
        let first = if said.is_empty() { String::new() } else { said[0].clone() };
        lines.push(format!("{head} {first}"));
        lines.extend(said.iter().skip(1).cloned());
        let changed = view::changed(app);
        lines.extend(changed.iter().take(MOST).map(|change| format!("Now {change}.")));
        if changed.len() > MOST {
            lines.push(format!("And {} more changes.", changed.len() - MOST));
        }
        if desk.marks.contains_key(&desk.at()) {
            lines.push("There is a bookmark here.".to_owned());
        }
        self.said = std::mem::take(&mut said);
    }

    /// The run beside the one on the desk: what comes of each, and the stretch of differences that was gone to.
    fn told_beside(&mut self, app: &mut App, lines: &mut Vec<String>) {
        let Some(desk) = &mut app.desk else { return };
        let Some(beside) = &mut desk.compared else { return };
        let name = visible(&beside.name);
        if std::mem::take(&mut beside.shown) {
            let first = beside.comparison.same + 1;
            lines.push(match beside.comparison.equal {
                true => format!("This run and {name} are the same, step by step."),
                false => format!("Compared with {name}: the first difference is step {first}; ] and [ go to each."),
            });
            for shift in &beside.comparison.shifts {
                lines.push(format!("{}: {} in {name}, {} here.", shift.what, shift.before, shift.after));
            }
            if beside.comparison.shifts.is_empty() && !beside.comparison.equal {
                lines.push("What comes of them is the same.".to_owned());
            }
        }
        let Some(beside) = &desk.compared else { return };
        let gone = beside.gone_to(desk);
        if gone.is_none() || gone == self.gone {
            self.gone = gone;
            return;
        }
        self.gone = gone;
        for row in beside.stretch(desk, gone.unwrap_or_default()).iter().take(MOST) {
            let sides = [(&row.left, format!("In {name}")), (&row.right, "Here".to_owned())];
            for (told, who) in sides.into_iter().filter_map(|(told, who)| told.as_ref().map(|told| (told, who))) {
                lines.push(format!("{who}, step {}: {}", told.event.step(), told.text));
            }
        }
    }

    fn told_gallery(&mut self, app: &App, lines: &mut Vec<String>) {
        if app.waiting() > 0 || self.gallery.as_ref() == Some(&app.gallery.words) {
            return;
        }
        self.gallery = Some(app.gallery.words.clone());
        let shown = app.gallery.shown();
        let mut theme = None;
        for (n, entry) in shown.iter().enumerate() {
            if theme != Some(&entry.theme) {
                theme = Some(&entry.theme);
                lines.push(format!("Theme {}:", if entry.theme.is_empty() { "to begin with" } else { &entry.theme }));
            }
            lines.push(format!("{}. {} ({})", n + 1, visible(&entry.title), visible(&entry.name)));
        }
        lines.push(match shown.len() {
            0 => "No scenario has these words; /WORDS looks for others, / alone shows all.".to_owned(),
            _ => "A number or a name opens one, /WORDS looks for words, q leaves.".to_owned(),
        });
    }
}

/// A note as a sentence; a list as it is.
fn noted(text: &str, problem: bool) -> Vec<String> {
    if text.lines().count() > 1 {
        return text.lines().map(str::to_owned).collect();
    }
    let mut rest = text.chars();
    let first: String = rest.next().into_iter().flat_map(char::to_uppercase).collect();
    let lead = if problem { "Problem: " } else { "" };
    let end = if text.ends_with(|c: char| c.is_alphanumeric() || c == ')') { "." } else { "" };
    vec![format!("{lead}{first}{}{end}", rest.as_str())]
}

/// What a line means: an action, and what stands behind it.
fn action(line: &str) -> Option<(Action, String)> {
    if line.is_empty() {
        return Some((Action::Next, String::new()));
    }
    let mut chars = line.chars();
    if let (Some(sign @ ('/' | '?')), rest) = (chars.next(), chars.as_str().trim()) {
        let action = Action::of_key(Key::Char(sign))?;
        return Some((action, rest.to_owned()));
    }
    let line = line.strip_prefix(':').map_or(line, str::trim);
    let (name, argument) = line.split_once(' ').unwrap_or((line, ""));
    let by_key = || Key::named(name).and_then(Action::of_key).filter(|action| *action != Action::Command);
    let found = Action::of_name(name).filter(|action| *action != Action::Command).or_else(by_key)?;
    Some((found, argument.trim().to_owned()))
}

/// In the gallery: a number, a name, words; whether it was one of these.
fn in_gallery(app: &mut App, line: &str) -> bool {
    if let Some(words) = line.strip_prefix('/') {
        words.trim().clone_into(&mut app.gallery.words);
        return true;
    }
    let shown = app.gallery.shown();
    let at = match line.parse::<usize>() {
        Ok(number) => Some(number.wrapping_sub(1)),
        Err(_) => shown.iter().position(|entry| entry.name == line),
    };
    match at {
        Some(at) if at < shown.len() => {
            app.gallery.chosen = at;
            app.open_chosen();
            true
        }
        Some(_) => {
            app.complain("there is no scenario of this number");
            true
        }
        None => false,
    }
}

/// A line for what lies on top: a choice by its number, yes or no, a text.
fn answer(app: &mut App, line: &str) {
    let key = |app: &mut App, key: Key| app.take(Input::Key(key));
    match app.overlays.last_mut() {
        Some(Overlay::Changes(changes)) => match line.parse::<usize>() {
            Ok(number) if number > 0 && number <= changes.offers.len() => {
                changes.chosen = number - 1;
                key(app, Key::Enter);
            }
            Ok(number) if number > 0 => app.complain(format!("there is no {number} in the list; 0 leaves it")),
            _ => key(app, Key::Esc),
        },
        Some(Overlay::Prompt(prompt)) => {
            line.clone_into(&mut prompt.text);
            key(app, if line.is_empty() { Key::Esc } else { Key::Enter });
        }
        Some(Overlay::Sure { .. }) => {
            let yes = line.eq_ignore_ascii_case("y") || line.eq_ignore_ascii_case("yes");
            key(app, if yes { Key::Char('y') } else { Key::Char('n') });
        }
        _ => _ = app.overlays.pop(),
    }
}

/// What lies on top, told. Pages are put away: they are read.
fn told_overlays(app: &mut App, lines: &mut Vec<String>) {
    while let Some(Overlay::Page { title, page, .. }) = app.overlays.last() {
        lines.push(format!("{title}:"));
        lines.extend(page.plain().lines().map(str::to_owned));
        app.overlays.pop();
    }
    match app.overlays.last() {
        Some(Overlay::Changes(changes)) => told_changes(changes, lines),
        Some(Overlay::Prompt(prompt)) => {
            let spec = prompt.action.spec();
            let now = if prompt.text.is_empty() { String::new() } else { format!(" (now {})", visible(&prompt.text)) };
            lines.push(format!("{}: type {}{now}; an empty line leaves it.", spec.name, spec.argument));
        }
        Some(Overlay::Sure { asks, .. }) => lines.push(asks.clone()),
        _ => {}
    }
}

fn told_changes(changes: &Changes, lines: &mut Vec<String>) {
    if !changes.ready {
        return;
    }
    lines.push(format!("What can be changed after step {}:", changes.at.step()));
    let mut group = None;
    for (n, (change, preview)) in changes.offers.iter().enumerate() {
        if group != Some(change.sort) {
            group = Some(change.sort);
            lines.push(format!("{}:", change.sort.title()));
        }
        let comes = match preview {
            Some(Ok(preview)) => format!(" Then {}.", preview.brief()),
            Some(Err(problem)) => format!(" Not possible: {problem}."),
            None => String::new(),
        };
        lines.push(format!("{}. {}{comes}", n + 1, visible(&change.says)));
    }
    lines.push(match changes.offers.len() {
        0 => "Nothing. An empty line goes on.".to_owned(),
        _ => "A number makes it a branch, 0 leaves it.".to_owned(),
    });
}

/// The tree of branches, numbered.
fn tree_in_words(app: &App) -> String {
    let mut lines = Vec::new();
    for (n, branch) in app.tree.iter().enumerate() {
        let here = app.desk().is_some_and(|desk| desk.run.id == branch.run);
        let from = branch.of.and_then(|(of, at)| {
            let of = app.tree.iter().find(|other| other.run == of)?;
            Some(format!(", from step {} of {}", at.step(), visible(&of.name)))
        });
        let holds = if branch.holds { "what is expected holds" } else { "what is expected does NOT hold" };
        let saved = if branch.unsaved { ", not saved" } else { "" };
        let here = if here { ". You are here" } else { "" };
        lines.push(format!("{}. {}{}: {holds}{saved}{here}.", n + 1, visible(&branch.name), from.unwrap_or_default()));
    }
    lines.push("A number goes to it.".to_owned());
    lines.join("\n")
}
