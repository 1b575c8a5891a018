//! What is taken away: saved, copied, written, recorded; and leaving.

use super::{App, Effect, For};
use crate::export::view::Settings;
use crate::export::{lesson, markdown, shell};
use crate::ids::EventId;
use crate::lab::{Problem, Request, Target};
use crate::timeline::text::Glyphs;
use crate::trace::{Moment, visible};
use crate::tui::action::Action;
use crate::tui::desk::Desk;
use crate::tui::overlay::{Overlay, Prompt};

impl App {
    pub(super) fn save(&mut self, file: &str) {
        let Some(run) = self.meant().map(|branch| branch.run) else { return };
        let target = if file.is_empty() { Target::Same } else { Target::New(file.to_owned()) };
        self.ask(Request::Save(run, target.clone()), For::Save(target));
    }

    /// It could not be saved. What cannot go into its own file may go into a new one.
    pub(super) fn not_saved(&mut self, target: &Target, problem: &Problem) {
        match (target, problem) {
            (Target::Same, Problem::Unwritten(why)) => {
                let text = format!("{}-{}.ron", self.stem(), self.branch_name());
                let problem = Some(format!("{}. A new file:", visible(why)));
                self.overlays.push(Overlay::Prompt(Prompt { action: Action::Save, text, problem }));
            }
            (Target::New(path), Problem::Unwritten(why)) => {
                let (text, problem) = (path.clone(), Some(visible(why)));
                self.overlays.push(Overlay::Prompt(Prompt { action: Action::Save, text, problem }));
            }
            _ => self.complain(problem.to_string()),
        }
    }

    /// What files that are made of this run are called.
    fn stem(&self) -> String {
        let path = self.opening.as_ref().map_or("run", |opening| opening.path.as_str());
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
    }

    /// The command that brings the run on the desk back.
    fn replay(&self) -> Option<String> {
        let (desk, opening) = (self.desk.as_ref()?, self.opening.as_ref()?);
        let token = desk.run.token.as_ref()?;
        Some(shell::replay(&opening.path, opening.variant.as_deref(), &desk.run.changes, token))
    }

    pub(super) fn token(&mut self) {
        match self.replay() {
            Some(command) => {
                self.say(format!("copied: {}", visible(&command)));
                self.effects.push(Effect::Copy(command));
            }
            None => self.complain("a recorded trace has no token: it is the run"),
        }
    }

    pub(super) fn report(&mut self) {
        let Some(desk) = &self.desk else { return };
        let at = desk.row.last.max(desk.row.first);
        let text = markdown::report(&desk.viewed(), at, self.replay().as_deref());
        self.say("a report about this step is copied, in Markdown");
        self.effects.push(Effect::Copy(text));
    }

    /// Writes the whole run into a new file: Markdown where it is called so, else plain text.
    pub(super) fn export(&mut self, file: &str) {
        let Some(desk) = &self.desk else { return };
        let (path, numbered) = match file {
            "" => (format!("{}.md", self.stem()), true),
            file => (file.to_owned(), false),
        };
        let settings = Settings { full: true, glyphs: Glyphs::Unicode, ..Settings::default() };
        let replay = self.replay();
        let text = match path.to_lowercase().ends_with(".md") {
            true => markdown::whole(&desk.viewed(), &settings, replay.as_deref()),
            false => markdown::pages(&desk.viewed(), &settings, replay.as_deref()),
        };
        self.effects.push(Effect::Write { path, numbered, text });
    }

    /// The bookmarks of this session as a lesson; `None` without any.
    pub fn lesson(&self) -> Option<String> {
        let captions = self.desk.as_deref().map(moments).unwrap_or_default();
        let captions = if captions.is_empty() { self.recorded.clone() } else { captions };
        (!captions.is_empty()).then(|| lesson::block(&captions))
    }

    /// The bookmarks of a desk that is left: another run of the same scenario has them too, where their moments come.
    pub(super) fn take_marks(from: &Desk, to: &mut Desk) {
        let verbs = from.books().verbs;
        for (at, text) in &from.marks {
            if let Some(event) = Moment::of(from.log(), &verbs, *at).find(to.log(), &verbs) {
                to.marks.insert(to.row_of(event), text.clone());
            }
        }
    }

    pub(super) fn leave_run(&mut self) {
        if let Some(desk) = self.desk.take() {
            self.recorded = moments(&desk);
        }
        self.overlays.clear();
        if !self.gallery.listed {
            self.ask(Request::List, For::Gallery);
        }
    }

    pub(super) fn quit(&mut self) {
        let unsaved: Vec<String> =
            self.tree.iter().filter(|branch| branch.unsaved).map(|branch| visible(&branch.name)).collect();
        let asks = match &unsaved[..] {
            [] => return self.effects.push(Effect::Quit),
            [one] => format!("Branch {one} is not saved (S saves it). Leave all the same? (y/n)"),
            [first, second] => format!("{first} and {second} are not saved. Leave all the same? (y/n)"),
            many => format!("{} branches are not saved. Leave all the same? (y/n)", many.len()),
        };
        self.overlays.push(Overlay::Sure { asks, then: Action::Quit });
    }
}

/// The bookmarks with the moments that they stand at. One without a text says what happens there.
fn moments(desk: &Desk) -> Vec<(Moment, String)> {
    let verbs = desk.books().verbs;
    let said = |at: EventId, text: &str| match text {
        // Braces are figures in a lesson.
        "" => desk.tell(at).map(|told| told.text.replace('{', "{{").replace('}', "}}")).unwrap_or_default(),
        text => text.to_owned(),
    };
    desk.marks.iter().map(|(at, text)| (Moment::of(desk.log(), &verbs, *at), said(*at, text))).collect()
}
