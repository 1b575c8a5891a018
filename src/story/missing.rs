//! Why something did not happen to a message: the first condition that was not met, and what was told of it.
//!
//! The way of a message has stages, each needing the one before. The first stage that no event shows is the answer;
//! what was held back, refused or lost there is what stands in the way.

use crate::ids::{EventId, Name};
use crate::trace::{Class, Delta, DiskStep, Kind, Log, PlaceKind, VerbBook, What};

macro_rules! stages {
    ($($variant:ident: $name:literal, $did:literal, $not:literal;)*) => {
        /// A stage on the way of a message.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Stage { $(#[doc = $did] $variant),* }

        impl Stage {
            /// All stages.
            pub const ALL: &'static [Stage] = &[$(Stage::$variant),*];
            /// Its name on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Stage::$variant => $name),* }
            }
            /// That it came, in a sentence.
            pub fn came(self) -> &'static str {
                match self { $(Stage::$variant => $did),* }
            }
            /// That it did not come, in a sentence.
            pub fn lacks(self) -> &'static str {
                match self { $(Stage::$variant => $not),* }
            }
        }
    };
}

stages! {
    Published: "published", "A producer published it.", "No producer published it.";
    Arrived: "arrived", "It reached a broker.", "It never reached a broker.";
    Stored: "stored", "A queue took it.", "No queue took it.";
    Written: "written", "It was written to the page cache.", "It was never written to a disk.";
    Durable: "durable", "It was synced to a disk.", "It was never synced to a disk.";
    Answered: "answered", "The broker sent its confirm.", "The broker never sent a confirm for it.";
    Confirmed: "confirmed", "The producer has its confirm.", "The producer never got a confirm for it.";
    Delivered: "delivered", "The broker delivered it.", "The broker never delivered it.";
    Received: "received", "A consumer received it.", "No consumer received it.";
    Began: "began", "A consumer began to work on it.", "No consumer began to work on it.";
    Worked: "worked", "The work on it was completed.", "The work on it was never completed.";
    Settled: "settled", "A queue let go of it.", "No queue let go of it.";
}

impl Stage {
    /// What must have come before, the first first.
    fn needs(self) -> &'static [Stage] {
        use Stage::{Answered, Arrived, Began, Delivered, Published, Received, Stored, Worked, Written};
        match self {
            Published => &[],
            Arrived => &[Published],
            Stored => &[Published, Arrived],
            Written => &[Published, Arrived, Stored],
            Stage::Durable => &[Published, Arrived, Stored, Written],
            Answered => &[Published, Arrived],
            Stage::Confirmed => &[Published, Arrived, Answered],
            Delivered => &[Published, Arrived, Stored],
            Received => &[Published, Arrived, Stored, Delivered],
            Began => &[Published, Arrived, Stored, Delivered, Received],
            Worked => &[Published, Arrived, Stored, Delivered, Received, Began],
            Stage::Settled => &[Published, Arrived, Stored, Delivered, Received],
        }
    }
}

/// Why a stage was not reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The stages that were reached on the way, each with the last event that shows it.
    pub met: Vec<(Stage, EventId)>,
    /// The first that was not; `None` where all of them came, the one that was asked about included.
    pub first: Option<Stage>,
    /// What stands in the way: what was lost, refused or held back of this message behind the last stage that was met.
    pub against: Vec<EventId>,
}

/// Looks for what kept a message from a stage.
pub fn missing(log: &Log, verbs: &VerbBook, message: Name, asked: Stage) -> Missing {
    let search = Search { log, verbs, message };
    let mut met = Vec::new();
    let mut first = None;
    for stage in asked.needs().iter().chain([&asked]) {
        match search.last(*stage) {
            Some(event) => met.push((*stage, event)),
            None => {
                first = Some(*stage);
                break;
            }
        }
    }
    let from = met.last().map_or(0, |(_, event)| event.at());
    let against = if first.is_some() { search.against(from) } else { Vec::new() };
    Missing { met, first, against }
}

struct Search<'a> {
    log: &'a Log,
    verbs: &'a VerbBook,
    message: Name,
}

impl Search<'_> {
    fn ids(&self) -> impl DoubleEndedIterator<Item = EventId> + use<> {
        (0..self.log.events().len() as u32).map(EventId)
    }

    fn last(&self, stage: Stage) -> Option<EventId> {
        self.ids().rev().find(|id| self.shows(stage, *id))
    }

    fn frame(&self, id: EventId) -> Option<Class> {
        let (Kind::Sent(frame) | Kind::Arrived(frame) | Kind::Lost(frame) | Kind::Ignored(frame)) =
            self.log.events()[id.at()].kind
        else {
            return None;
        };
        let frame = self.log.frame(frame).filter(|frame| frame.message == self.message)?;
        self.verbs.get(frame.verb).map(|verb| verb.class)
    }

    fn noted(&self, id: EventId, of: &[What]) -> bool {
        matches!(self.log.events()[id.at()].kind,
            Kind::Note { what, message, .. } if message == self.message && of.contains(&what))
    }

    /// Whether a copy of the message came to a kind of place with this event.
    fn came_to(&self, id: EventId, kind: PlaceKind) -> bool {
        self.log.deltas(id).iter().any(|delta| match *delta {
            Delta::Put { place, message, .. } => {
                message == self.message && self.log.places.get(place.at()).is_some_and(|place| place.kind == kind)
            }
            _ => false,
        })
    }

    fn shows(&self, stage: Stage, id: EventId) -> bool {
        let kind = self.log.events()[id.at()].kind;
        let sent = matches!(kind, Kind::Sent(_));
        let arrived = matches!(kind, Kind::Arrived(_));
        match stage {
            Stage::Published => self.noted(id, &[What::Published]) || sent && self.frame(id) == Some(Class::Publish),
            Stage::Arrived => arrived && self.frame(id) == Some(Class::Publish),
            Stage::Stored => self.noted(id, &[What::Stored]),
            Stage::Written => self.came_to(id, PlaceKind::PageCache),
            Stage::Durable => {
                matches!(kind, Kind::Disk { what: DiskStep::Synced, .. }) && self.is_durable_after(id)
                    || self.came_to(id, PlaceKind::Durable)
            }
            Stage::Answered => sent && self.frame(id) == Some(Class::Confirm),
            Stage::Confirmed => self.noted(id, &[What::BelievesConfirmed]),
            Stage::Delivered => sent && self.frame(id) == Some(Class::Deliver),
            Stage::Received => self.noted(id, &[What::Received]) || arrived && self.frame(id) == Some(Class::Deliver),
            Stage::Began => self.noted(id, &[What::WorkBegan]),
            Stage::Worked => self.noted(id, &[What::WorkDone]),
            Stage::Settled => self.noted(id, &[What::Settled]),
        }
    }

    fn is_durable_after(&self, id: EventId) -> bool {
        let state = self.log.state_after(id.at() + 1);
        state.places.iter().any(|(place, copies)| {
            self.log.places.get(place.at()).is_some_and(|place| place.kind == PlaceKind::Durable)
                && copies.values().any(|held| held.message == self.message)
        })
    }

    /// What was lost, refused, thrown away or held back of the message from an event on.
    fn against(&self, from: usize) -> Vec<EventId> {
        const AGAINST: [What; 18] = [
            What::Unread,
            What::Withheld,
            What::Unroutable,
            What::Discarded,
            What::RefusedByBroker,
            What::Expired,
            What::Dropped,
            What::Rejected,
            What::Purged,
            What::Vanished,
            What::Returned,
            What::BelievesRefused,
            What::WorkFailed,
            What::Skipped,
            What::NotTheAnswer,
            What::NotAwaited,
            What::LeftUnread,
            What::GaveUp,
        ];
        let stands = |id: &EventId| {
            let lost = matches!(self.log.events()[id.at()].kind, Kind::Lost(_) | Kind::Ignored(_));
            self.noted(*id, &AGAINST) || lost && self.frame(*id).is_some()
        };
        let mut found: Vec<EventId> = self.ids().skip(from).filter(stands).collect();
        // The same is held back again and again: the first time tells it.
        let rule = |id: &EventId| self.log.events()[id.at()].rule;
        let mut rules = Vec::new();
        found.retain(|id| {
            let new = !rules.contains(&rule(id));
            rules.push(rule(id));
            new
        });
        found
    }
}
