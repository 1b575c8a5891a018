//! Opening runs, changing them, and the tree of what came of it.

use super::{App, For, Pane, Place};
use crate::ids::EventId;
use crate::lab::{Branch, Change, Opening, Origin, Problem, Reply, Request, Run, RunId, Sort};
use crate::trace::visible;
use crate::tui::action::Action;
use crate::tui::desk::Way;
use crate::tui::overlay::{Changes, Overlay};
use std::sync::Arc;

impl App {
    pub(in crate::tui) fn open_chosen(&mut self) {
        let Some(opening) = self.gallery.opening() else { return };
        self.open(opening, None);
    }

    pub(in crate::tui) fn show_run(&mut self, run: RunId) {
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

    /// A branch is made: it is shown where it begins.
    pub(super) fn branched(&mut self, run: Arc<Run>, at: EventId) {
        let before = self.desk.as_ref().map(|desk| desk.run.id);
        let strikes = match &run.origin {
            Origin::Branch { change, .. } if change.sort == Sort::Fault => Some(change.behind.unwrap_or(at)),
            _ => None,
        };
        self.show(run, strikes.map_or(Place::Same, Place::Step));
        if strikes.is_some() {
            // The first thing that is different is worth seeing.
            self.on_desk(|desk| _ = desk.step(Way::Forward));
        }
        let name = self.branch_name();
        self.say(format!("branch {}: = compares it, N names it, S saves it", visible(&name)));
        // So that ] and [ go to what is different at once; of long runs that is found out when it is asked for.
        if let (Some(other), Some(desk)) = (before, self.desk.as_ref().filter(|desk| desk.steps() <= COMPARED)) {
            let here = desk.run.id;
            self.ask(Request::Compare(other, here), For::Compare { other, show: false });
        }
    }

    /// The run that is shown or, in the tree, the one that is chosen there.
    pub(super) fn meant(&self) -> Option<&Branch> {
        let shown = self.desk.as_ref().map(|desk| desk.run.id);
        match self.pane {
            Pane::Tree => self.tree.get(self.branch),
            _ => self.tree.iter().find(|branch| Some(branch.run) == shown),
        }
    }

    /// What a run is called in the tree.
    pub(in crate::tui) fn branch_of(&self, run: RunId) -> String {
        let branch = self.tree.iter().find(|branch| branch.run == run);
        branch.map(|branch| branch.name.clone()).unwrap_or_default()
    }

    pub(in crate::tui) fn branch_name(&self) -> String {
        self.meant().map(|branch| branch.name.clone()).unwrap_or_default()
    }

    pub(super) fn rename(&mut self, name: &str) {
        let Some(run) = self.meant().map(|branch| branch.run) else { return };
        self.ask(Request::Rename(run, name.to_owned()), For::Tree);
    }

    pub(super) fn ask_prune(&mut self) {
        let name = self.branch_name();
        let asks = format!("Let {} go, with everything that branched off it? (y/n)", visible(&name));
        self.overlays.push(Overlay::Sure { asks, then: Action::Prune });
    }

    pub(super) fn prune(&mut self) {
        let (Some(gone), Some(desk)) = (self.meant().map(|branch| branch.run), &self.desk) else { return };
        // What is shown may hang on it.
        let mut above = Some(desk.run.id);
        while above.is_some_and(|run| run != gone) {
            above = self.parent(above);
        }
        if above.is_some() {
            match self.parent(above) {
                Some(of) => self.ask(Request::Get(of), For::Show(Place::Same)),
                None => return self.complain("this is where it all began; only branches can be let go"),
            }
        }
        self.ask(Request::Prune(gone), For::Tree);
    }

    fn parent(&self, run: Option<RunId>) -> Option<RunId> {
        let branch = self.tree.iter().find(|branch| Some(branch.run) == run)?;
        branch.of.map(|(of, _)| of)
    }

    /// Another seed or variant of the scenario; without a name the next variant.
    pub(super) fn reopen(&mut self, action: Action, argument: &str) {
        let Some(mut opening) = self.opening.clone() else { return };
        opening.token = None;
        match (action, argument) {
            (Action::Seed, seed) => match seed.parse() {
                Ok(seed) => opening.seed = Some(seed),
                Err(_) => return self.complain("a seed is a whole number"),
            },
            (_, "") => return self.ask(Request::Variants(opening.path.clone()), For::NextVariant),
            (_, name) => opening.variant = (name != MAIN).then(|| name.to_owned()),
        }
        self.ask(Request::Open(opening), For::Show(Place::Same));
    }

    /// Opens the variant behind the one that is shown, and behind the last the scenario as it is.
    pub(super) fn next_variant(&mut self, names: &[String]) {
        let Some(opening) = self.opening.clone() else { return };
        let now = opening.variant.as_ref().and_then(|name| names.iter().position(|known| known == name));
        let next = names.get(now.map_or(0, |now| now + 1));
        if names.is_empty() {
            return self.complain("the scenario has no variants; b makes a branch");
        }
        let name = next.map_or(MAIN, String::as_str);
        self.say(format!("variant {}", visible(name)));
        // What is open already is not run again.
        let open = self.tree.iter().find(|branch| branch.depth == 0 && branch.name == name).map(|branch| branch.run);
        match open {
            Some(run) => self.show_run(run),
            None => {
                let opening = Opening { variant: next.cloned(), ..opening };
                self.ask(Request::Open(opening), For::Show(Place::Same));
            }
        }
    }

    /// Runs the file again and keeps the place.
    pub(super) fn reload(&mut self) {
        let Some(opening) = self.opening.clone().filter(|_| self.desk.is_some()) else { return };
        self.ask(Request::Open(opening), For::Reload);
    }

    /// The file that is shown has changed. Whoever is on a branch stays there: it was made of the file as it was.
    pub(super) fn file_changed(&mut self) {
        let Some(desk) = &self.desk else { return };
        match desk.run.origin {
            Origin::Branch { .. } => self.say("the file has changed; R runs it again, and keeps the branches"),
            _ => self.reload(),
        }
    }

    /// The file was run again. What hangs on the run as it was stays in the tree; alone it is not needed any more.
    pub(super) fn reloaded(&mut self, run: Arc<Run>) {
        let old = self.desk.as_ref().map(|desk| self.root_of(desk.run.id));
        let new = run.id;
        self.show(run, Place::Same);
        self.say("the file was run again; the place is kept");
        let Some(old) = old.filter(|old| *old != new) else { return };
        let Some(name) = self.tree.iter().find(|branch| branch.run == old).map(|branch| branch.name.clone()) else {
            return;
        };
        let kept = self.tree.iter().any(|branch| branch.of.is_some_and(|(of, _)| of == old));
        let gone = if kept { Request::Rename(old, format!("{name} before")) } else { Request::Prune(old) };
        self.ask(gone, For::Tree);
        self.ask(Request::Rename(new, name), For::Tree);
    }

    fn root_of(&self, run: RunId) -> RunId {
        let mut root = run;
        while let Some(of) = self.parent(Some(root)) {
            root = of;
        }
        root
    }

    /// Another scenario was opened: the runs of the one before it that nothing hangs on are let go.
    pub(super) fn tidy(&mut self, kept: RunId) {
        let hangs = |run: RunId| self.tree.iter().any(|branch| branch.of.is_some_and(|(of, _)| of == run));
        let idle = |branch: &&Branch| branch.depth == 0 && branch.run != kept && !hangs(branch.run);
        let gone: Vec<RunId> = self.tree.iter().filter(idle).map(|branch| branch.run).collect();
        for run in gone {
            self.ask(Request::Prune(run), For::Tree);
        }
    }

    pub(super) fn offered(&mut self, at: EventId, offers: Vec<Change>) {
        let Some(Overlay::Changes(changes)) = self.overlays.last_mut() else { return };
        let wanted = |change: &Change| !changes.faults_only || change.sort == Sort::Fault;
        changes.offers = offers.into_iter().filter(wanted).map(|change| (change, None)).collect();
        changes.offers.sort_by_key(|(change, _)| change.sort);
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

/// A branch with no more steps is compared with what it branched off as soon as it is made.
const COMPARED: u32 = 100_000;
/// What the scenario as it stands is called among its variants.
const MAIN: &str = "main";
