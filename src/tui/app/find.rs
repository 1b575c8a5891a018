//! Finding and asking: searches, what went wrong, why.

use super::{App, Pane};
use crate::trace::visible;
use crate::tui::desk::Way;

impl App {
    pub(super) fn search(&mut self, words: &str, way: Way) {
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

    pub(super) fn hit(&mut self, forward: bool) {
        let sought = self.desk.as_ref().map(|desk| desk.sought.clone()).unwrap_or_default();
        if sought.is_empty() {
            return self.complain("nothing was searched for; / does");
        }
        self.search(&sought, if forward { Way::Forward } else { Way::Back });
    }

    pub(super) fn why(&mut self) {
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

    pub(super) fn verdict(&mut self) {
        let Some(desk) = &self.desk else { return };
        let settings = self.settings();
        let page = crate::export::view::verdict(&desk.viewed(), &settings);
        self.read("Verdict", page);
    }

    pub(super) fn violation(&mut self) {
        let found = self.desk.as_mut().is_some_and(|desk| desk.turn(Way::Forward));
        if !found {
            self.say("nothing goes wrong any more");
        }
    }
}
