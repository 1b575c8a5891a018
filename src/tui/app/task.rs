//! What may take long, in slices: a search through the run, the life of a message, the way that it did not go.
//!
//! What is done with the result is in `find`.

use crate::ids::{EventId, Name, RuleId};
use crate::story::Way as Passage;
use crate::trace::{Event, Kind};
use crate::tui::desk::{Desk, Followed, Way, message_of};
use crate::tui::survey::Wrong;
use crate::verdict::{Ledger, Word};

/// As many events are looked at in a slice.
const SLICE: u32 = 50_000;
/// As many are put into words.
const TOLD: u32 = 1_500;
/// Of a message's life so many steps are told.
pub(super) const LIFE_MAX: usize = 500;

/// What is looked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Wanted {
    /// A step whose sentence or rule has all these words.
    Words(Vec<String>),
    /// A step under this rule.
    Rule(RuleId),
    /// A fault; of this name, if one is given.
    Fault(Option<String>),
    /// A step that is about a message, a party or a place.
    About(Followed),
    /// Something that goes wrong; this, if a word is given.
    Wrong(Option<Word>),
    /// An invariant that breaks.
    Broken,
}

impl Wanted {
    /// Words in a sentence.
    pub(super) fn words(text: &str) -> Wanted {
        Wanted::Words(text.split_whitespace().map(str::to_lowercase).collect())
    }

    /// What a predicate means: a word of the verdict, a fault, a rule, a name; else words.
    pub(super) fn of(desk: &Desk, text: &str) -> Wanted {
        let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
        let word = Word::ALL.iter().find(|word| word.name().replace('_', " ") == text || word.name() == text);
        let fault = |name: &str| desk.log().header.faults.iter().any(|fault| fault.name == name);
        match first {
            "fault" if rest.is_empty() => return Wanted::Fault(None),
            "fault" if fault(rest) => return Wanted::Fault(Some(rest.to_owned())),
            "invariant" | "broken" if rest.is_empty() => return Wanted::Broken,
            "wrong" if rest.is_empty() => return Wanted::Wrong(None),
            _ => {}
        }
        // A word of which nothing is true in this run may still be told of.
        if let Some(word) = word.filter(|word| desk.run.findings.count(**word) > 0) {
            return Wanted::Wrong(Some(*word));
        }
        if let Some(rule) = desk.books().rules.find(text) {
            return Wanted::Rule(rule);
        }
        if fault(text) {
            return Wanted::Fault(Some(text.to_owned()));
        }
        desk.named(text).map_or_else(|| Wanted::words(text), Wanted::About)
    }

    fn slice(&self) -> u32 {
        if matches!(self, Wanted::Words(_)) { TOLD } else { SLICE }
    }

    fn is(&self, desk: &Desk, id: EventId, event: &Event) -> bool {
        match self {
            Wanted::Words(words) => {
                if !desk.is_told(id) {
                    return false;
                }
                let Some(told) = desk.tell(id) else { return false };
                let rule = desk.books().rules.get(event.rule).map_or("", |rule| rule.key);
                let text = format!("{} {} {rule}", told.text, told.why.unwrap_or_default()).to_lowercase();
                words.iter().all(|word| text.contains(word))
            }
            Wanted::Rule(rule) => event.rule == *rule,
            Wanted::Fault(name) => match (event.kind, name) {
                (Kind::Fault(_), None) => true,
                (Kind::Fault(id), Some(name)) => {
                    desk.log().header.faults.get(id.at()).is_some_and(|fault| fault.name == *name)
                }
                _ => false,
            },
            Wanted::About(followed) => desk.is_about(*followed, event),
            Wanted::Wrong(_) | Wanted::Broken => false,
        }
    }
}

/// A search.
#[derive(Debug)]
pub(super) struct Seek {
    pub(super) way: Way,
    pub(super) wanted: Wanted,
    /// As it was typed.
    pub(super) says: String,
    /// The next event to be looked at; on the way back, the one behind it.
    at: u32,
    pub(super) found: Option<EventId>,
}

/// Something that takes long.
#[derive(Debug)]
pub(super) enum Task {
    /// A search.
    Seek(Seek),
    /// The account and the steps of a message.
    Life { message: Name, ledger: Box<Ledger>, steps: Vec<EventId>, at: u32 },
    /// What kept a message from its end.
    Not { message: Name, way: Box<Passage>, at: u32 },
}

impl Task {
    pub(super) fn seek(desk: &Desk, way: Way, wanted: Wanted, says: &str) -> Task {
        let at = if way == Way::Forward { desk.until().0.saturating_add(1) } else { desk.at().0 };
        Task::Seek(Seek { way, wanted, says: says.to_owned(), at, found: None })
    }

    pub(super) fn life(message: Name) -> Task {
        Task::Life { message, ledger: Box::new(Ledger::of(message)), steps: Vec::new(), at: 0 }
    }

    pub(super) fn not(message: Name) -> Task {
        Task::Not { message, way: Box::new(Passage::new(message)), at: 0 }
    }

    /// How far it is, in hundredths.
    pub(super) fn progress(&self, desk: &Desk) -> u32 {
        let all = u64::from(desk.steps().max(1));
        let at = match self {
            Task::Seek(Seek { way: Way::Back, at, .. }) => desk.steps() - at.min(&desk.steps()),
            Task::Seek(Seek { at, .. }) | Task::Life { at, .. } | Task::Not { at, .. } => *at,
        };
        (u64::from(at) * 100 / all) as u32
    }

    /// Does a slice; whether there is more to do.
    pub(super) fn go_on(&mut self, desk: &mut Desk) -> bool {
        let end = desk.steps();
        match self {
            Task::Seek(seek) => seek.go_on(desk),
            Task::Life { message, ledger, steps, at } => {
                let until = end.min(*at + SLICE);
                for id in (*at..until).map(EventId) {
                    ledger.enter(desk.log(), &desk.books().verbs, id);
                    let about =
                        desk.log().event(id).is_some_and(|event| message_of(desk.log(), event) == Some(*message));
                    if about && steps.len() <= LIFE_MAX && desk.is_told(id) {
                        steps.push(id);
                    }
                }
                *at = until;
                until < end
            }
            Task::Not { way, at, .. } => {
                let until = end.min(*at + SLICE);
                (*at..until).for_each(|id| way.enter(desk.log(), &desk.books().verbs, EventId(id)));
                *at = until;
                until < end
            }
        }
    }
}

impl Seek {
    fn go_on(&mut self, desk: &mut Desk) -> bool {
        if matches!(self.wanted, Wanted::Wrong(_) | Wanted::Broken) {
            if !desk.surveyed() && desk.survey() {
                return true;
            }
            self.found = self.moment(desk);
            return false;
        }
        let slice = self.wanted.slice();
        let ids = match self.way {
            Way::Forward => self.at..desk.steps().min(self.at.saturating_add(slice)),
            Way::Back => self.at.saturating_sub(slice)..self.at,
        };
        let is = |id: &EventId| {
            desk.log().event(*id).is_some_and(|event| self.wanted.is(desk, *id, event)) && !desk.is_here(*id)
        };
        self.found = match self.way {
            Way::Forward => ids.clone().map(EventId).find(is),
            Way::Back => ids.clone().rev().map(EventId).find(is),
        };
        self.at = if self.way == Way::Forward { ids.end } else { ids.start };
        let more = if self.way == Way::Forward { self.at < desk.steps() } else { self.at > 0 };
        self.found.is_none() && more
    }

    fn moment(&self, desk: &Desk) -> Option<EventId> {
        let is = |what: &Wrong| match (&self.wanted, what) {
            (Wanted::Wrong(Some(word)), Wrong::Word(is, _)) => word == is,
            (Wanted::Wrong(None), _) | (Wanted::Broken, Wrong::Broken(..)) => true,
            _ => false,
        };
        let ahead = desk.moments().iter().filter(|moment| is(&moment.what) && moment.at > desk.until());
        ahead.map(|moment| moment.at).find(|id| !desk.is_here(*id))
    }
}
