//! Where in a run something goes wrong: the events with which a message comes to be lost, duplicated or whatever else the
//! verdict says of it, and those that break an invariant. Looked for bit by bit, since a run may be long.
//!
//! What went wrong is the verdict's to say; here is only when.

use crate::ids::{EventId, Name};
use crate::trace::{Log, VerbBook};
use crate::verdict::{Checked, Findings, Ledger, Word};

/// As many events are entered at a time.
const SLICE: u32 = 10_000;

/// What goes wrong.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Wrong {
    /// An invariant breaks; its text, and what was found.
    Broken(String, String),
    /// A word of the verdict comes to be true of a message.
    Word(Word, Name),
}

/// Something goes wrong with an event.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Mishap {
    /// Which.
    pub at: EventId,
    /// What.
    pub what: Wrong,
}

/// The search for them.
#[derive(Debug)]
pub(super) struct Survey {
    /// What is entered so far; nothing any more when it is done.
    ledger: Option<Ledger>,
    entered: u32,
    moments: Vec<Mishap>,
}

impl Survey {
    /// Nothing is looked at yet. Of invariants it is known.
    pub(super) fn new(checked: &[Checked]) -> Survey {
        let broken = checked.iter().filter(|checked| !checked.holds).filter_map(|checked| {
            let what = Wrong::Broken(checked.expectation.clone(), checked.found.clone());
            Some(Mishap { at: checked.decided?, what })
        });
        Survey { ledger: Some(Ledger::default()), entered: 0, moments: broken.collect() }
    }

    pub(super) fn is_done(&self) -> bool {
        self.ledger.is_none()
    }

    pub(super) fn moments(&self) -> &[Mishap] {
        &self.moments
    }

    /// Looks at some more events; whether there are any left.
    pub(super) fn go_on(&mut self, log: &Log, verbs: &VerbBook, findings: &Findings) -> bool {
        let Some(ledger) = &mut self.ledger else { return false };
        let end = log.events().len() as u32;
        let until = end.min(self.entered + SLICE);
        (self.entered..until).for_each(|id| ledger.enter(log, verbs, EventId(id)));
        self.entered = until;
        if until < end {
            return true;
        }
        let found = ledger.moments(log, findings).into_iter();
        self.moments.extend(found.map(|(at, word, message)| Mishap { at, what: Wrong::Word(word, message) }));
        self.moments.sort();
        self.ledger = None;
        false
    }
}
