//! The run on the desk beside another: which one, and going from difference to difference.

use super::{App, For};
use crate::lab::{Comparison, Opening, Origin, Problem, Request, Run, RunId};
use crate::trace::visible;
use crate::tui::beside::Beside;
use crate::tui::desk::Way;
use std::sync::Arc;

impl App {
    /// Shows the run beside another: a branch by its name, `seed 7`, `@variant`, a file, `file@variant`; without a name
    /// the one it branched off. Once more puts that away.
    pub(super) fn compare(&mut self, name: &str) {
        let Some(desk) = &mut self.desk else { return };
        if name.is_empty()
            && let Some(beside) = &mut desk.compared
        {
            beside.shown = !beside.shown;
            return;
        }
        let here = desk.run.id;
        if let Some(other) = self.other(name) {
            return self.ask(Request::Compare(other, here), For::Compare { other, show: true });
        }
        match self.wanted(name) {
            Some(opening) => self.ask(Request::Open(opening.clone()), For::Other(opening)),
            None => self.complain("there is nothing to compare with: b makes a branch, or name a file or a variant"),
        }
    }

    /// The run that is held and meant by a name.
    fn other(&self, name: &str) -> Option<RunId> {
        let desk = self.desk.as_ref()?;
        match (&desk.run.origin, name) {
            (Origin::Branch { of, .. }, "") => Some(*of),
            (_, "") => {
                let own = self.tree.iter().find(|branch| branch.of.is_some_and(|(of, _)| of == desk.run.id));
                own.map(|branch| branch.run)
            }
            (_, name) => self.tree.iter().find(|branch| branch.name == name).map(|branch| branch.run),
        }
    }

    /// What is to be opened to be compared with.
    fn wanted(&self, name: &str) -> Option<Opening> {
        let now = self.opening.clone()?;
        if let Some(variant) = name.strip_prefix('@') {
            return Some(Opening { variant: Some(variant.to_owned()), token: None, ..now });
        }
        if let Some(seed) = name.strip_prefix("seed ").and_then(|seed| seed.trim().parse().ok()) {
            return Some(Opening { seed: Some(seed), token: None, ..now });
        }
        (!name.is_empty()).then(|| Opening { path: name.to_owned(), ..Opening::default() })
    }

    /// A run is open that is to be compared with.
    pub(super) fn other_opened(&mut self, other: RunId) {
        let Some(here) = self.desk.as_ref().map(|desk| desk.run.id) else { return };
        self.ask(Request::Compare(other, here), For::Compare { other, show: true });
    }

    /// It could not be opened. What stands behind the last `@` of its name may be a variant.
    pub(super) fn other_missing(&mut self, opening: &Opening, problem: &Problem) {
        match (opening.path.rsplit_once('@'), problem) {
            (Some((path, variant)), Problem::Unreadable(_)) if opening.variant.is_none() => {
                let variant = Some(variant.to_owned());
                let opening = Opening { path: path.to_owned(), variant, ..Opening::default() };
                self.ask(Request::Open(opening.clone()), For::Other(opening));
            }
            _ => self.fail(problem),
        }
    }

    /// Two runs are compared: `other` to the one on the desk.
    pub(super) fn compared(&mut self, other: Arc<Run>, comparison: Comparison, show: bool) {
        let named = self.tree.iter().find(|branch| branch.run == other.id).map(|branch| branch.name.clone());
        let name = named.unwrap_or_else(|| other.log.header.title.clone());
        let Some(desk) = &mut self.desk else { return };
        let mut beside = Beside::new(desk, other, name, comparison);
        beside.shown = show;
        let says = match (beside.comparison.equal, beside.differences()) {
            (true, _) => format!("the same as {}, step by step", visible(&beside.name)),
            (_, n) => {
                let first = beside.comparison.same + 1;
                let stretches = if n == 1 { "one stretch".to_owned() } else { format!("{n} stretches") };
                format!("the first step that differs is {first}; {stretches} in all, ] and [ go there")
            }
        };
        desk.compared = Some(Box::new(beside));
        if show {
            self.say(says);
        }
    }

    /// Takes the other run off the screen; whether it was there.
    pub(super) fn uncompare(&mut self) -> bool {
        let beside = self.desk.as_mut().and_then(|desk| desk.compared.as_mut()).filter(|beside| beside.shown);
        beside.is_some_and(|beside| std::mem::replace(&mut beside.shown, false))
    }

    pub(super) fn difference(&mut self, way: Way) {
        let Some(desk) = &mut self.desk else { return };
        let Some(beside) = &desk.compared else {
            return self.complain("it is not compared with anything; = does that");
        };
        let (name, all) = (beside.name.clone(), beside.differences());
        let Some((which, row, step)) = beside.next(desk, way) else {
            let last =
                if way == Way::Forward { "no more differences behind this" } else { "no differences before this" };
            return self.say(format!("{last}, compared with {}", visible(&name)));
        };
        desk.go(step);
        let at = desk.at();
        if let Some(beside) = &mut desk.compared {
            beside.went(row, at);
        }
        self.say(format!("difference {} of {all} from {}", which + 1, visible(&name)));
    }
}
