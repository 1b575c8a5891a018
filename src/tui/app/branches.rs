//! Opening runs, changing them, and comparing what came of it.

use super::{App, For, Place};
use crate::ids::EventId;
use crate::lab::{Change, Opening, Origin, Problem, Reply, Request, RunId, Sort};
use crate::trace::visible;
use crate::tui::action::Action;
use crate::tui::overlay::{Changes, Overlay};

impl App {
    pub(super) fn open_chosen(&mut self) {
        let Some(entry) = self.gallery.chosen() else { return };
        let opening = Opening { path: entry.path.clone().unwrap_or_else(|| entry.name.clone()), ..Opening::default() };
        self.open(opening, None);
    }

    pub(super) fn show_run(&mut self, run: RunId) {
        self.ask(Request::Get(run), For::Show(Place::Same));
    }

    pub(super) fn changes(&mut self, faults_only: bool, argument: &str) {
        let Some(desk) = &self.desk else { return };
        let (run, at) = (desk.run.id, desk.until());
        if !argument.is_empty() {
            return self.make_branch(at, argument.to_owned());
        }
        let changes = Changes { at, offers: Vec::new(), faults_only, ready: false, chosen: 0 };
        self.overlays.push(Overlay::Changes(changes));
        self.ask(Request::Changes(run, at), For::Changes(at));
    }

    pub(super) fn make_branch(&mut self, at: EventId, id: String) {
        let Some(desk) = &self.desk else { return };
        let run = desk.run.id;
        self.asked.retain(|(_, why)| !matches!(why, For::Preview(..)));
        self.ask(Request::Branch(run, at, id), For::Branch(at));
    }

    pub(super) fn branch_name(&self) -> String {
        let shown = self.desk.as_ref().map(|desk| desk.run.id);
        let branch = self.tree.iter().find(|branch| Some(branch.run) == shown);
        branch.map(|branch| branch.name.clone()).unwrap_or_default()
    }

    pub(super) fn rename(&mut self, name: &str) {
        let Some(desk) = &self.desk else { return };
        self.ask(Request::Rename(desk.run.id, name.to_owned()), For::Tree);
    }

    pub(super) fn ask_prune(&mut self) {
        let name = self.branch_name();
        let asks = format!("Let {} go, with everything that branched off it? (y/n)", visible(&name));
        self.overlays.push(Overlay::Sure { asks, then: Action::Prune });
    }

    pub(super) fn prune(&mut self) {
        let Some(desk) = &self.desk else { return };
        let Origin::Branch { of, .. } = desk.run.origin else {
            return self.complain("this is where it all began; only branches can be let go");
        };
        let gone = desk.run.id;
        self.ask(Request::Get(of), For::Show(Place::Same));
        self.ask(Request::Prune(gone), For::Tree);
    }

    pub(super) fn compare(&mut self, name: &str) {
        let Some(desk) = &self.desk else { return };
        let other = match (&desk.run.origin, name) {
            (Origin::Branch { of, .. }, "") => Some(*of),
            (_, "") => {
                self.tree.iter().find(|branch| branch.of.is_some_and(|(of, _)| of == desk.run.id)).map(|b| b.run)
            }
            (_, name) => self.tree.iter().find(|branch| branch.name == name).map(|branch| branch.run),
        };
        let here = desk.run.id;
        match other {
            Some(other) => self.ask(Request::Compare(other, here), For::Compare(other)),
            None if name.is_empty() => self.complain("there is no branch to compare with; b makes one"),
            None => self.complain(format!("no branch is called {}", visible(name))),
        }
    }

    pub(super) fn reopen(&mut self, action: Action, argument: &str) {
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

    pub(super) fn reload(&mut self) {
        let Some(opening) = self.opening.clone() else { return };
        self.ask(Request::Open(opening), For::Show(Place::Same));
    }

    pub(super) fn offered(&mut self, at: EventId, offers: Vec<Change>) {
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

    pub(super) fn previewed(&mut self, at: EventId, id: &str, reply: Result<Reply, Problem>) {
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
