//! Why something did not happen to a message: the first condition that was not met, and what was told of it.
//!
//! The way of a message has stages, each needing the one before. The first stage that no event shows is the answer;
//! what was held back, refused or lost there is what stands in the way.

use crate::ids::{CopyId, EventId, FrameId, Name, PlaceId};
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
    let mut way = Way::new(message);
    (0..log.events().len() as u32).for_each(|id| way.enter(log, verbs, EventId(id)));
    way.missing(log, asked)
}

/// The way of a message, as far as a log was entered; so that it can be done bit by bit.
#[derive(Debug)]
pub struct Way {
    message: Name,
    /// By stage: the last event that shows it.
    last: [Option<EventId>; Stage::ALL.len()],
    /// What stood in the way.
    against: Vec<EventId>,
    /// Where its copies are.
    copies: Vec<(CopyId, PlaceId)>,
}

/// What may stand in a message's way.
const AGAINST: [What; 15] = [
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
    What::GaveUp,
];

impl Way {
    /// The way of this message, of which nothing is known.
    pub fn new(message: Name) -> Way {
        Way { message, last: [None; Stage::ALL.len()], against: Vec::new(), copies: Vec::new() }
    }

    /// Enters the next event.
    pub fn enter(&mut self, log: &Log, verbs: &VerbBook, id: EventId) {
        let Some(event) = log.event(id) else { return };
        self.follow(log, id);
        match event.kind {
            Kind::Sent(frame) => self.frame(log, verbs, id, frame, true),
            Kind::Arrived(frame) => self.frame(log, verbs, id, frame, false),
            Kind::Lost(frame) | Kind::Ignored(frame)
                if log.frame(frame).is_some_and(|frame| frame.message == self.message) =>
            {
                self.against.push(id);
            }
            Kind::Disk { what: DiskStep::Synced, .. } if self.is_in(log, PlaceKind::Durable) => {
                self.shows(Stage::Durable, id);
            }
            Kind::Note { what, message, .. } if message == self.message => self.note(what, id),
            _ => {}
        }
    }

    fn shows(&mut self, stage: Stage, id: EventId) {
        self.last[stage as usize] = Some(id);
    }

    fn frame(&mut self, log: &Log, verbs: &VerbBook, id: EventId, frame: FrameId, sent: bool) {
        let Some(frame) = log.frame(frame).filter(|frame| frame.message == self.message) else { return };
        let stage = match (verbs.get(frame.verb).map(|verb| verb.class), sent) {
            (Some(Class::Publish), true) => Stage::Published,
            (Some(Class::Publish), false) => Stage::Arrived,
            (Some(Class::Confirm), true) => Stage::Answered,
            (Some(Class::Deliver), true) => Stage::Delivered,
            (Some(Class::Deliver), false) => Stage::Received,
            _ => return,
        };
        self.shows(stage, id);
    }

    fn note(&mut self, what: What, id: EventId) {
        if AGAINST.contains(&what) {
            self.against.push(id);
        }
        let stage = match what {
            What::Published => Stage::Published,
            What::Stored => Stage::Stored,
            What::BelievesConfirmed => Stage::Confirmed,
            What::Received => Stage::Received,
            What::WorkBegan => Stage::Began,
            What::WorkDone => Stage::Worked,
            What::Settled => Stage::Settled,
            _ => return,
        };
        self.shows(stage, id);
    }

    /// Keeps up with where the copies of the message are.
    fn follow(&mut self, log: &Log, id: EventId) {
        for delta in log.deltas(id) {
            match *delta {
                Delta::Put { place, copy, message, .. } if message == self.message => {
                    self.copies.push((copy, place));
                    match log.places.get(place.at()).map(|place| place.kind) {
                        Some(PlaceKind::PageCache) => self.shows(Stage::Written, id),
                        Some(PlaceKind::Durable) => self.shows(Stage::Durable, id),
                        _ => {}
                    }
                }
                Delta::Move { copy, from, to, .. } => {
                    self.copies.iter_mut().filter(|held| **held == (copy, from)).for_each(|held| held.1 = to);
                }
                Delta::Remove { copy, place } => self.copies.retain(|held| *held != (copy, place)),
                Delta::Clear { place } => self.copies.retain(|held| held.1 != place),
                _ => {}
            }
        }
    }

    fn is_in(&self, log: &Log, kind: PlaceKind) -> bool {
        self.copies.iter().any(|(_, place)| log.places.get(place.at()).is_some_and(|place| place.kind == kind))
    }

    /// What kept it from a stage, once every event is entered.
    pub fn missing(&self, log: &Log, asked: Stage) -> Missing {
        let mut met = Vec::new();
        let mut first = None;
        for stage in asked.needs().iter().chain([&asked]) {
            match self.last[*stage as usize] {
                Some(event) => met.push((*stage, event)),
                None => {
                    first = Some(*stage);
                    break;
                }
            }
        }
        let from = met.last().map_or(EventId(0), |(_, event)| *event);
        let mut against: Vec<EventId> = self.against.iter().copied().filter(|id| *id >= from).collect();
        if first.is_none() {
            against.clear();
        }
        // The same is held back again and again: the first time tells it.
        let mut rules = Vec::new();
        against.retain(|id| {
            let rule = log.event(*id).map(|event| event.rule);
            let new = !rules.contains(&rule);
            rules.push(rule);
            new
        });
        Missing { met, first, against }
    }
}
