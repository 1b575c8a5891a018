//! The observer: takes events as they come and keeps what the judgement at the end needs.
//!
//! It decides nothing that the end could still change; that is `judge`.

use super::book::{Book, cell, mark};
use super::destinations::Destinations;
use super::flight::{Carried, Flight};
use super::orders::Orders;
use super::tally::{LISTED, Tallies};
use crate::ids::{ActorId, ConnId, EventId, FrameId, Name, PlaceId};
use crate::trace::{
    ActorKind, Belief, Class, Delta, Event, Frame, Header, Kind, Link, Notes, Observer, Outcome, Process, Tables,
    VerbBook, Wants, What,
};
use crate::units::Time;

/// What brokers do to copies, counted by queue.
pub(super) const BY_PLACE: [What; 6] =
    [What::Expired, What::Dropped, What::Rejected, What::DeadLettered, What::Purged, What::Vanished];

/// How brokers throw a publish away before any queue has it.
pub(super) const NOWHERE: [What; 3] = [What::Unroutable, What::InError, What::Discarded];

/// All notes that count.
const NOTES: Notes = Notes::of(&[
    What::Stored,
    What::Recovered,
    What::Published,
    What::Replied,
    What::BelievesSent,
    What::BelievesConfirmed,
    What::BelievesRefused,
    What::BelievesUnknown,
    What::GaveUp,
    What::Returned,
    What::Received,
    What::WorkDone,
    What::WorkFailed,
    What::PutAside,
    What::TriedAgain,
    What::Answered,
    What::NotTheAnswer,
    What::NotAwaited,
    What::Skipped,
    What::Unread,
    What::RefusedByBroker,
    What::Deleted,
])
.and(Notes::of(&BY_PLACE))
.and(Notes::of(&NOWHERE));

/// What a client did so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Deeds {
    pub(super) attempts: u32,
    pub(super) published: u32,
    pub(super) received: u32,
    pub(super) done: u32,
    pub(super) failed: u32,
    pub(super) skipped: u32,
    /// When it last completed work.
    pub(super) finished: Time,
    /// Publishes of what somebody else had published first.
    pub(super) passed_on: u32,
    /// Questions answered.
    pub(super) answered: u32,
    /// Answers that it had no use for.
    pub(super) thrown_away: u32,
    /// When it gave up connecting.
    pub(super) left: Option<Time>,
}

/// What of a client's deeds is listed by message.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deed {
    Received,
    Done,
    Failed,
    Skipped,
}

/// How many there are.
pub(super) const DEEDS: usize = 4;

/// Watches a run and judges it.
///
/// Feed it while the run goes on or from a log, in the order of the events; then ask [`Verdict::finish`].
#[derive(Clone, Debug)]
pub struct Verdict {
    pub(super) header: Header,
    /// What frames are for, by verb.
    classes: Vec<Option<Class>>,
    pub(super) book: Book,
    pub(super) destinations: Destinations,
    pub(super) flight: Flight,
    /// Messages that wait in front of a node, each with its connection and the node.
    pub(super) unread: Vec<(u32, ConnId, ActorId)>,
    /// The connection on which a publish came in last.
    came_in: ConnId,
    /// By actor.
    pub(super) deeds: Vec<Deeds>,
    /// By place, [`BY_PLACE`] many each.
    pub(super) by_place: Tallies,
    /// By actor.
    pub(super) returned: Tallies,
    /// One tally for each of [`NOWHERE`].
    pub(super) nowhere: Tallies,
    /// Deliveries, works, failures and skips: the first messages of each, by actor, [`DEEDS`] many each.
    pub(super) by_deed: Tallies,
    pub(super) orders: Orders,
    /// Queues that were deleted: what the disk still holds of them comes back to nobody.
    pub(super) deleted: Vec<PlaceId>,
    /// By fault.
    pub(super) struck: Vec<u32>,
    pub(super) ended: Option<Outcome>,
    /// Whether the cells hold what was there when a judgement was asked for.
    pub(super) stocked: bool,
    pub(super) judged: super::judge::Judged,
    pub(super) now: Time,
}

impl Verdict {
    /// A verdict on a run with this header. The vocabularies tell which frames carry a message.
    pub fn new(header: &Header, verbs: VerbBook) -> Verdict {
        Verdict {
            book: Book::default(),
            destinations: Destinations::new(header),
            flight: Flight::default(),
            unread: Vec::new(),
            came_in: ConnId::NONE,
            deeds: vec![Deeds::default(); header.actors.len()],
            by_place: Tallies::default(),
            returned: Tallies::default(),
            nowhere: Tallies::default(),
            by_deed: Tallies::default(),
            orders: Orders::default(),
            deleted: Vec::new(),
            struck: vec![0; header.faults.len()],
            ended: None,
            stocked: false,
            judged: super::judge::Judged::default(),
            now: Time::ZERO,
            header: header.clone(),
            classes: classes(verbs),
        }
    }

    /// Forgets the run; the allocations stay. For another run of the same scenario.
    pub fn reset(&mut self) {
        self.book.reset();
        self.stocked = false;
        self.destinations.reset();
        self.flight.reset();
        self.unread.clear();
        self.deeds.fill(Deeds::default());
        self.by_place.reset();
        self.returned.reset();
        self.nowhere.reset();
        self.by_deed.reset();
        self.orders.reset();
        self.deleted.clear();
        self.struck.fill(0);
        self.ended = None;
        self.now = Time::ZERO;
    }

    fn kind(&self, actor: ActorId) -> Option<ActorKind> {
        self.header.actors.get(actor.at()).map(|actor| actor.kind)
    }

    fn carried(&mut self, frame: &Frame) -> Option<Carried> {
        if !frame.message.is_some() {
            return None;
        }
        let class = (*self.classes.get(usize::from(frame.verb.0))?)?;
        let dest = match class {
            // A publish between nodes is another copy of what a client published.
            Class::Publish => None,
            Class::Deliver if self.kind(frame.to)? == ActorKind::Node => return None,
            Class::Deliver => Some(self.destinations.of_consumer(frame.to)?),
            _ => return None,
        };
        let slot = self.book.slot(frame.message);
        if dest.is_none() && frame.b.is_some() && self.book.message(slot).line == 0 {
            self.book.message_mut(slot).line = self.orders.line(frame.from, frame.b);
        }
        Some(Carried { slot: slot as u32, dest, conn: frame.conn })
    }

    #[inline]
    fn landed(&mut self, frame: FrameId) {
        let Some(carried) = self.flight.land(frame) else { return };
        if carried.dest.is_none() {
            self.came_in = carried.conn;
        } else if !self.unread.is_empty() {
            self.is_read(carried.slot as usize);
        }
    }

    /// A node has said something of a message: it is not unread any more.
    #[cold]
    fn is_read(&mut self, slot: usize) {
        self.unread.retain(|unread| unread.0 as usize != slot);
    }

    fn note(&mut self, actor: ActorId, what: What, place: PlaceId, message: Name, tables: &Tables<'_>) {
        if !message.is_some() {
            match what {
                // Without a message it is its connection that a client gives up.
                What::GaveUp => {
                    let now = self.now;
                    self.deed(actor, |deeds| deeds.left = Some(now));
                }
                What::Deleted if place.is_some() && !self.deleted.contains(&place) => self.deleted.push(place),
                _ => {}
            }
            return;
        }
        if what == What::Unread {
            let slot = self.book.slot(message) as u32;
            self.unread.push((slot, self.came_in, actor));
            return;
        }
        if !self.unread.is_empty() && self.kind(actor) == Some(ActorKind::Node) {
            let slot = self.book.slot(message);
            self.is_read(slot);
        }
        match what {
            What::Stored => self.stored(place, message, tables),
            What::Recovered => {
                // The deletion had not come to the disk.
                self.deleted.retain(|deleted| *deleted != place);
                self.stored(place, message, tables);
            }
            What::Published => self.published(actor, message),
            // An answer is a message of its own, for which nobody waits for a confirm.
            What::Replied => {
                self.published(actor, message);
                self.believes(message, Belief::Sent);
            }
            What::BelievesSent => self.concludes(actor, message, Belief::Sent),
            What::BelievesConfirmed => self.concludes(actor, message, Belief::Confirmed),
            What::BelievesRefused => self.concludes(actor, message, Belief::Refused),
            What::BelievesUnknown => self.concludes(actor, message, Belief::Unknown),
            What::Answered => {
                self.believes(message, Belief::Confirmed);
                self.mark(message, mark::ANSWERED);
                self.deed(actor, |deeds| deeds.answered += 1);
            }
            // It has come to whom it was for.
            What::NotTheAnswer | What::NotAwaited => {
                self.mark(message, mark::THROWN_AWAY);
                self.deed(actor, |deeds| deeds.thrown_away += 1);
            }
            What::GaveUp => self.mark(message, mark::GAVE_UP),
            What::Returned => {
                let slot = self.believes(message, Belief::Refused);
                let producer = self.book.message(slot).producer;
                let whose = if producer.is_some() { producer } else { actor };
                self.returned.at(whose.at()).add(slot);
            }
            What::Unroutable | What::InError | What::Discarded => {
                let slot = self.book.slot(message);
                let at = NOWHERE.iter().position(|known| *known == what).unwrap_or(0);
                self.nowhere.at(at).add(slot);
            }
            What::Received => {
                self.deed(actor, |deeds| deeds.received += 1);
                self.list(actor, Deed::Received, message);
            }
            What::WorkDone => self.done(actor, place, message, tables),
            What::WorkFailed => self.failed(actor, place, message, tables),
            // The queue that it comes to now was not chosen by its publisher.
            What::PutAside | What::TriedAgain => self.mark(message, mark::ONWARD),
            What::Skipped => {
                self.deed(actor, |deeds| deeds.skipped += 1);
                self.list(actor, Deed::Skipped, message);
            }
            What::Expired | What::Dropped | What::Rejected | What::DeadLettered | What::Purged | What::Vanished => {
                self.removed(what, place, message);
            }
            _ => {}
        }
    }

    fn stored(&mut self, place: PlaceId, message: Name, tables: &Tables<'_>) {
        let Some(dest) = self.destinations.of_place(place, tables) else { return };
        let slot = self.book.slot(message);
        let cell = self.book.cell(slot, dest);
        if cell.marks & cell::STORED == 0 {
            cell.marks |= cell::STORED;
            self.orders.take(place, cell);
        }
    }

    fn published(&mut self, actor: ActorId, message: Name) {
        let slot = self.book.slot(message);
        let Some(deeds) = self.deeds.get_mut(actor.at()) else { return };
        let message = self.book.message_mut(slot);
        if message.marks & mark::PUBLISHED != 0 && message.producer != actor {
            deeds.passed_on += 1;
            return;
        }
        deeds.attempts += 1;
        if message.marks & mark::PUBLISHED == 0 {
            deeds.published += 1;
            message.marks |= mark::PUBLISHED;
            message.producer = actor;
            message.seq = deeds.published;
        }
    }

    /// What is believed of a message is for the one to say that published it first, and not for who passes it on.
    fn concludes(&mut self, actor: ActorId, message: Name, belief: Belief) {
        let slot = self.book.slot(message);
        let producer = self.book.message(slot).producer;
        if !producer.is_some() || producer == actor {
            self.book.message_mut(slot).belief = belief;
        }
    }

    fn believes(&mut self, message: Name, belief: Belief) -> usize {
        let slot = self.book.slot(message);
        self.book.message_mut(slot).belief = belief;
        slot
    }

    fn mark(&mut self, message: Name, mark: u8) {
        let slot = self.book.slot(message);
        self.book.message_mut(slot).marks |= mark;
    }

    #[inline]
    fn deed(&mut self, actor: ActorId, count: impl FnOnce(&mut Deeds)) {
        if let Some(deeds) = self.deeds.get_mut(actor.at()) {
            count(deeds);
        }
    }

    /// Keeps the first messages of what a client did; the rest is only counted.
    #[inline]
    fn list(&mut self, actor: ActorId, deed: Deed, message: Name) {
        let tally = self.by_deed.at(actor.at() * DEEDS + deed as usize);
        if tally.slots.len() < LISTED {
            tally.add(self.book.slot(message));
        }
    }

    fn removed(&mut self, what: What, place: PlaceId, message: Name) {
        let slot = self.book.slot(message);
        if what == What::DeadLettered {
            self.book.message_mut(slot).marks |= mark::ONWARD;
        }
        let Some(row) = BY_PLACE.iter().position(|known| *known == what) else { return };
        let at = if place.is_some() { place.at() + 1 } else { 0 };
        self.by_place.at(at * BY_PLACE.len() + row).add(slot);
    }

    fn failed(&mut self, actor: ActorId, place: PlaceId, message: Name, tables: &Tables<'_>) {
        self.deed(actor, |deeds| deeds.failed += 1);
        self.list(actor, Deed::Failed, message);
        let dest = self.destinations.of_consumer(actor);
        let Some(dest) = dest.or_else(|| self.destinations.of_place(place, tables)) else { return };
        let slot = self.book.slot(message);
        let cell = self.book.cell(slot, dest);
        cell.failed = cell.failed.saturating_add(1);
    }

    fn done(&mut self, actor: ActorId, place: PlaceId, message: Name, tables: &Tables<'_>) {
        let now = self.now;
        self.deed(actor, |deeds| {
            deeds.done += 1;
            deeds.finished = now;
        });
        self.list(actor, Deed::Done, message);
        let dest = self.destinations.of_consumer(actor);
        let Some(dest) = dest.or_else(|| self.destinations.of_place(place, tables)) else { return };
        let slot = self.book.slot(message);
        let cell = self.book.cell(slot, dest);
        cell.done = cell.done.saturating_add(1);
        if cell.done == 1 {
            let cell = *cell;
            self.orders.completed(slot, &self.book.message(slot), &cell);
        }
    }
}

/// The classes of all verbs, by id.
fn classes(verbs: VerbBook) -> Vec<Option<Class>> {
    let mut classes = Vec::new();
    for (id, verb) in verbs.all() {
        let at = usize::from(id.0);
        if classes.len() <= at {
            classes.resize(at + 1, None);
        }
        classes[at] = Some(verb.class);
    }
    classes
}

impl Observer for Verdict {
    const WANTS: Wants = Wants { notes: NOTES, carriers: true, all: false };

    #[inline]
    fn frame(&mut self, id: FrameId, frame: &Frame, _: &Tables<'_>) {
        let carried = self.carried(frame);
        self.flight.name(id, carried);
    }

    #[inline]
    fn event(&mut self, _: EventId, event: &Event, _: &[Delta], tables: &Tables<'_>) {
        self.now = event.time;
        match event.kind {
            Kind::Sent(frame) => self.flight.send(frame),
            Kind::Arrived(frame) | Kind::Lost(frame) | Kind::Ignored(frame) => self.landed(frame),
            Kind::Note { what, place, message } => self.note(event.actor, what, place, message, tables),
            Kind::Fault(fault) => {
                if let Some(count) = self.struck.get_mut(fault.at()) {
                    *count += 1;
                }
            }
            Kind::Process(Process::Started | Process::Restarted) => self.deed(event.actor, |deeds| deeds.left = None),
            Kind::End(outcome) => self.ended = Some(outcome),
            Kind::Link { conn, what: Link::Shut | Link::Closed | Link::Reset } => {
                self.unread.retain(|unread| (unread.1, unread.2) != (conn, event.actor));
            }
            Kind::Process(Process::Stopped | Process::Killed | Process::PowerLost) => {
                self.unread.retain(|unread| unread.2 != event.actor);
            }
            Kind::Over(_) | Kind::Link { .. } | Kind::Process(_) | Kind::Timer(_) | Kind::Disk { .. } => {}
        }
    }
}
