//! What is taken away: saved, copied, written; and leaving.

use super::{App, Effect, For};
use crate::lab::{Request, Target};
use crate::tui::action::Action;
use crate::tui::overlay::Overlay;

impl App {
    pub(super) fn save(&mut self, file: &str) {
        let Some(desk) = &self.desk else { return };
        let target = if file.is_empty() { Target::Same } else { Target::New(file.to_owned()) };
        self.ask(Request::Save(desk.run.id, target), For::Save);
    }

    pub(super) fn token(&mut self) {
        let Some(desk) = &self.desk else { return };
        match (&desk.run.token, &self.opening) {
            (Some(token), Some(opening)) => {
                self.effects.push(Effect::Copy(format!("mqlab run {} --replay {token}", opening.path)));
                self.say("copied");
            }
            _ => self.complain("a recorded trace has no token: it is the run"),
        }
    }

    pub(super) fn quit(&mut self) {
        let unsaved = self.tree.iter().filter(|branch| branch.unsaved).count();
        if unsaved == 0 {
            return self.effects.push(Effect::Quit);
        }
        let what = if unsaved == 1 { "a branch is".to_owned() } else { format!("{unsaved} branches are") };
        let asks = format!("Leave? {what} not saved. (y/n)");
        self.overlays.push(Overlay::Sure { asks, then: Action::Quit });
    }
}
