//! Finding and asking: searches, where something goes wrong, why, the life of a message.
//!
//! A long run is gone through in slices, so that keys are heard between them; what that takes is in `task`.

use super::task::{Task, Wanted};
use super::{App, Pane};
use crate::export::reasons;
use crate::ids::Name;
use crate::story::{Link, Stage};
use crate::timeline::text::Page;
use crate::trace::visible;
use crate::tui::desk::{Desk, Followed, Way};
use crate::tui::survey::Wrong;
use crate::tui::view;

impl App {
    /// Goes to where these words are told of: the next step, or the last one before this.
    pub(super) fn search(&mut self, words: &str, way: Way) {
        let Some(desk) = &mut self.desk else { return };
        words.clone_into(&mut desk.sought);
        let task = Task::seek(desk, way, Wanted::words(words), words);
        self.start(task);
    }

    pub(super) fn hit(&mut self, forward: bool) {
        let sought = self.desk.as_ref().map(|desk| desk.sought.clone()).unwrap_or_default();
        if sought.is_empty() {
            return self.complain("nothing was searched for; / does");
        }
        self.search(&sought, if forward { Way::Forward } else { Way::Back });
    }

    /// Runs until a step is about what was typed.
    pub(super) fn until(&mut self, words: &str) {
        let Some(desk) = &self.desk else { return };
        // Where one wants to be by number or time is no matter of what is told there.
        if words.starts_with(|c: char| c.is_ascii_digit()) {
            return self.goto(words);
        }
        let wanted = Wanted::of(desk, words);
        self.start(Task::seek(desk, Way::Forward, wanted, words));
    }

    pub(super) fn violation(&mut self) {
        let Some(desk) = &self.desk else { return };
        self.start(Task::seek(desk, Way::Forward, Wanted::Wrong(None), ""));
    }

    pub(super) fn followed(&mut self, forward: bool) {
        let Some(desk) = &self.desk else { return };
        let Some(followed) = desk.followed else { return self.complain("nothing is followed; f does") };
        let way = if forward { Way::Forward } else { Way::Back };
        let name = desk.name_of(followed);
        self.start(Task::seek(desk, way, Wanted::About(followed), &name));
    }

    /// Starts something that may take long. Its first slice is done at once; a short run needs no more.
    pub(super) fn start(&mut self, task: Task) {
        self.playing = false;
        self.task = Some(task);
        self.work();
    }

    /// Does a slice of what is under way.
    pub(super) fn work(&mut self) {
        let Some(desk) = &mut self.desk else { return };
        let Some(task) = &mut self.task else {
            desk.survey();
            return;
        };
        if task.go_on(desk) {
            return;
        }
        let task = self.task.take();
        match task {
            Some(Task::Seek(seek)) => self.arrived(seek),
            Some(Task::Life { message, ledger, steps, .. }) => self.life_of(message, *ledger, &steps),
            Some(Task::Not { message, way, .. }) => self.not_of(message, &way),
            None => {}
        }
    }

    fn arrived(&mut self, seek: super::task::Seek) {
        let Some(desk) = &mut self.desk else { return };
        if let Some(found) = seek.found {
            desk.go(found);
            let said =
                desk.moments().iter().filter(|moment| moment.at == found).map(|moment| wrong(desk, &moment.what));
            let said: Vec<String> = said.collect();
            if !said.is_empty() {
                self.say(format!("here: {}", said.join("; ")));
            }
            return;
        }
        let way = if seek.way == Way::Forward { "behind" } else { "before" };
        match seek.wanted {
            Wanted::Wrong(None) => self.say("nothing goes wrong any more"),
            Wanted::Wrong(Some(word)) => self.complain(format!("no message is {} {way} this step", word.name())),
            Wanted::About(_) if way == "behind" => {
                self.say(format!("that was the last step of {}", visible(&seek.says)))
            }
            Wanted::About(_) => self.say(format!("that was the first step of {}", visible(&seek.says))),
            _ => self.complain(format!("no step {way} this one tells of {}", visible(&seek.says))),
        }
    }

    pub(super) fn why(&mut self) {
        let Some(desk) = &mut self.desk else { return };
        desk.details = false;
        let next = desk.depth + 1;
        let causes = desk.reasons(next).iter().filter(|reason| reason.link == Link::Cause).count();
        let says = match (causes, causes < next) {
            (0, _) => Some("nothing before it caused it"),
            (_, true) => Some("that was the beginning of it; Esc closes the chain"),
            _ => None,
        };
        desk.depth = if causes < next { causes } else { next };
        self.scroll[Pane::Why as usize] = usize::MAX;
        self.see_why();
        if let Some(says) = says {
            self.say(says);
        }
    }

    /// Where only one pane is seen, it is the one that answers.
    fn see_why(&mut self) {
        if self.size.0 < view::WIDE {
            self.pane = Pane::Why;
        }
    }

    pub(super) fn details(&mut self) {
        self.on_desk(Desk::detail);
        self.scroll[Pane::Why as usize] = 0;
        self.see_why();
    }

    pub(super) fn verdict(&mut self) {
        let Some(desk) = &self.desk else { return };
        let settings = self.settings();
        let page = crate::export::view::verdict(&desk.viewed(), &settings);
        self.read("Verdict", page);
    }

    /// The message that is asked about: by its name, or the one of this step, or the one that is followed.
    fn message_asked(&mut self, name: &str) -> Option<Name> {
        let desk = self.desk.as_ref()?;
        let followed = |found: Option<Followed>| match found {
            Some(Followed::Message(message)) => Some(message),
            _ => None,
        };
        let found = match name {
            "" => desk.message().or_else(|| followed(desk.followed)),
            name => followed(desk.named(name)),
        };
        if found.is_none() {
            self.complain(match name {
                "" => "this step is about no message; give its name behind the command".to_owned(),
                name => format!("no message is called {} here", visible(name)),
            });
        }
        found
    }

    pub(super) fn life(&mut self, name: &str) {
        if let Some(message) = self.message_asked(name) {
            self.start(Task::life(message));
        }
    }

    pub(super) fn why_not(&mut self, name: &str) {
        if let Some(message) = self.message_asked(name) {
            self.start(Task::not(message));
        }
    }

    fn life_of(&mut self, message: Name, ledger: crate::verdict::Ledger, steps: &[crate::ids::EventId]) {
        let Some(desk) = &self.desk else { return };
        let settings = self.settings();
        let viewed = desk.viewed();
        let mut page = Page::default();
        for account in ledger.close(viewed.log, viewed.findings) {
            page.lines.extend(reasons::account(&viewed, &account, &settings).lines);
        }
        page.lines.extend(super::pages::steps(desk, steps, &settings));
        let title = format!("The life of {}", desk.name_of(Followed::Message(message)));
        self.read(&title, page);
    }

    fn not_of(&mut self, message: Name, way: &crate::story::Way) {
        let Some(desk) = &self.desk else { return };
        let (settings, viewed) = (self.settings(), desk.viewed());
        // A message whose work is done is asked whether its queue let go of it too.
        let done = way.missing(viewed.log, Stage::Worked).first.is_none();
        let asked = if done { Stage::Settled } else { Stage::Worked };
        let found = way.missing(viewed.log, asked);
        let met = if found.first.is_none() { super::pages::stages(&found, &settings) } else { Vec::new() };
        let mut page = reasons::not_met(&viewed, message, asked, found, &settings);
        page.lines.extend(met);
        let title = format!("Why not: {}", desk.name_of(Followed::Message(message)));
        self.read(&title, page);
    }
}

/// What goes wrong, in words.
pub(super) fn wrong(desk: &Desk, what: &Wrong) -> String {
    match what {
        Wrong::Broken(text, found) => format!("{} is broken: {}", visible(text), visible(found)),
        Wrong::Word(word, message) => {
            format!("{} {}", desk.name_of(Followed::Message(*message)), word.name().replace('_', " "))
        }
    }
}
