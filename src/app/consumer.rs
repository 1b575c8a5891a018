//! A consumer: takes deliveries into its inbox, works on them, and settles them as its policy says.
//!
//! What the work comes to (the effect, the failures) is in `work`, the settling in `settle`, and what it publishes itself
//! (answers, what follows from the work, what is put aside) in `onward`.

use super::link::{Link, Phase, RECONNECT, cancel_timer};
use super::onward::{Counted, Later, Onward, failures};
use super::template::Memo;
use super::{AckPolicy, AppInput, ConsumerSpec, Io, Tables, rules};
use crate::ids::{CopyId, Digest, Name, Names, PlaceId};
use crate::machine::{Answer, Ask, Because, Delivery, Input, Message, Report, SharedProps, Token};
use crate::mem::VecMap;
use crate::trace::{Delta, Flags, Held, Observable, Order, PlaceKind, What};
use crate::units::Time;
use std::collections::VecDeque;

pub(super) const WORK: u64 = 5 << 32;
pub(super) const FLUSH: Token = Token(6 << 32);

/// A delivery at the consumer, with what is needed of its message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) delivery: Delivery,
    pub(super) id: Name,
    pub(super) reply_to: Name,
    pub(super) correlation: Name,
    /// The key that it was published with.
    pub(super) key: Name,
    pub(super) size: u32,
    /// How often the work on it has failed before, where the consumer counts that.
    pub(super) failures: u32,
    pub(super) copy: CopyId,
    pub(super) redelivered: bool,
    /// Whether its session is gone, so that it cannot be settled.
    pub(super) void: bool,
}

/// What a handler is at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    pub(super) item: Item,
    /// It never comes back.
    pub(super) hung: bool,
}

/// A consumer's state.
#[derive(Debug, Default)]
pub(super) struct Consumer {
    pub(super) link: Link,
    /// The inbox for show.
    pub(super) place: PlaceId,
    /// Deliveries without a handler, in the order they came.
    pub(super) inbox: VecDeque<Item>,
    /// The handlers; `None` is free.
    pub(super) jobs: Vec<Option<Job>>,
    pub(super) busy: u32,
    /// Completed and not settled yet, where that is done in batches.
    pub(super) unsettled: Vec<Item>,
    pub(super) flush_set: bool,
    /// What it publishes itself and waits for a confirm of, by ticket.
    pub(super) onward: VecMap<u32, Onward>,
    /// What it comes to when what it asked for before is carried out, in order.
    pub(super) later: VecDeque<Later>,
    /// What travels with the messages at hand, where one may have to be published again; by delivery.
    pub(super) kept: VecMap<Delivery, SharedProps>,
    /// It has asked for its subscription to end, and waits for that.
    leaving: bool,
    /// The last delivery.
    last: u32,
    pub(super) completed: u32,
    pub(super) ticket: u32,
    pub(super) known: Known,
    pub(super) key_memo: Memo,
    pub(super) reply_memo: Memo,
    pub(super) dedup_memo: Memo,
    pub(super) forward_memo: Memo,
    pub(super) counted: Counted,
}

crate::clone_in_place!(Consumer {
    link,
    place,
    inbox,
    jobs,
    busy,
    unsettled,
    flush_set,
    onward,
    later,
    kept,
    leaving,
    last,
    completed,
    ticket,
    known,
    key_memo,
    reply_memo,
    dedup_memo,
    forward_memo,
    counted,
});

impl Consumer {
    pub(super) fn boot(&mut self, spec: &ConsumerSpec) {
        self.link = Link::default();
        self.place = PlaceId::NONE;
        self.inbox.clear();
        self.jobs.clear();
        self.jobs.resize(spec.parallel.max(1) as usize, None);
        self.busy = 0;
        self.unsettled.clear();
        self.flush_set = false;
        self.onward.clear();
        self.later.clear();
        self.kept.clear();
        self.leaving = false;
        self.last = 0;
        self.completed = 0;
        self.ticket = 0;
        self.known.clear();
        self.key_memo = Memo::default();
        self.reply_memo = Memo::default();
        self.dedup_memo = Memo::default();
        self.forward_memo = Memo::default();
    }

    pub(super) fn handle(&mut self, spec: &ConsumerSpec, input: AppInput, io: &mut Io<'_>, tables: &mut Tables) {
        if self.link.phase == Phase::Exited {
            return;
        }
        if !self.place.is_some() {
            self.place = io.place(PlaceKind::Inbox, spec.name);
        }
        match input {
            Input::Started => self.link.connect(rules::CONNECT, io),
            Input::Timer(RECONNECT) => self.link.connect(rules::RECONNECT, io),
            Input::Timer(FLUSH) => {
                self.flush_set = false;
                self.flush(Because::INPUT, io);
            }
            Input::Timer(Token(slot)) => self.work_ends(spec, slot as u32 as usize, Because::INPUT, io, tables),
            Input::Report(Report::Ready) => {
                let stands = self.link.ready();
                if stands {
                    self.settle_stale(spec, io);
                }
            }
            Input::Report(Report::Down(_)) => self.down(spec, io),
            Input::Report(Report::Offer { delivery, message, redelivered, key, .. }) => {
                self.receive(spec, delivery, (&message, key), redelivered, io);
            }
            Input::Report(Report::Answer(ticket, answer)) => {
                self.answered(spec, ticket, answer == Answer::Confirmed, io);
            }
            Input::Report(Report::GoOn) => self.goes_on(spec, io),
            Input::Report(Report::Unsubscribed) => self.leaving = false,
            Input::Report(Report::Cancelled) => {
                io.out.note(rules::CANCELLED, Because::INPUT, What::Withheld, self.place, Name::NONE, 0);
            }
            Input::Stop => self.stop(io),
            _ => {}
        }
        self.work(spec, io, tables);
        if self.link.stopping && self.has_finished() && self.link.phase != Phase::Exited {
            self.flush(Because::INPUT, io);
            self.link.wind_down(Because::INPUT, io);
        }
    }

    /// The operator asks the process to stop: it ends its subscription first, and finishes what it has.
    fn stop(&mut self, io: &mut Io<'_>) {
        let first = !self.link.stopping;
        self.link.stop(io);
        if first && self.link.up() {
            self.leaving = true;
            io.out.ask(rules::STOP, Because::INPUT, Ask::Cancel);
        }
    }

    /// Whether a process that is to stop has nothing left to do; a handler that hangs will do nothing any more.
    fn has_finished(&self) -> bool {
        let all_hang = self.jobs.iter().all(|job| job.is_some_and(|job| job.hung));
        let idle = self.jobs.iter().flatten().all(|job| job.hung);
        !self.leaving && idle && (self.inbox.is_empty() || all_hang) && self.onward.is_empty() && self.later.is_empty()
    }

    fn receive(
        &mut self,
        spec: &ConsumerSpec,
        delivery: Delivery,
        (message, key): (&Message, Name),
        redelivered: bool,
        io: &mut Io<'_>,
    ) {
        let item = Item {
            delivery,
            id: message.id,
            reply_to: message.reply_to,
            correlation: message.correlation,
            key,
            size: message.size,
            failures: spec.park.as_ref().map_or(0, |park| failures(park, &message.props, io.names)),
            copy: io.registry.copy(),
            redelivered,
            // What cannot be settled any more cannot lose its settling either.
            void: spec.ack != AckPolicy::Auto && !matches!(self.link.phase, Phase::Up | Phase::Closing),
        };
        self.last = self.last.max(delivery.0);
        io.out.note(rules::RECEIVE, Because::INPUT, What::Received, self.place, item.id, delivery.0);
        let place = self.place;
        io.out.delta(|| Delta::Put {
            place,
            copy: item.copy,
            message: item.id,
            order: item.order(),
            flags: item.flags(),
        });
        if spec.park.is_some() {
            self.kept.insert(delivery, message.props.clone());
        }
        self.inbox.push_back(item);
    }

    /// Gives waiting deliveries to free handlers.
    fn work(&mut self, spec: &ConsumerSpec, io: &mut Io<'_>, tables: &mut Tables) {
        while self.link.phase != Phase::Exited && (self.busy as usize) < self.jobs.len() {
            let Some(item) = self.inbox.pop_front() else { return };
            self.begin(spec, item, io, tables);
        }
    }

    /// The session is gone: what waits is dropped, work goes on, and nothing can be settled any more.
    fn down(&mut self, spec: &ConsumerSpec, io: &mut Io<'_>) {
        if !self.link.can_be_lost() {
            return;
        }
        if spec.ack != AckPolicy::Auto {
            while let Some(item) = self.inbox.pop_front() {
                io.out.note(rules::INBOX_VOID, Because::INPUT, What::Withheld, self.place, item.id, item.delivery.0);
                self.remove(&item, io);
                self.kept.remove(&item.delivery);
            }
            self.jobs.iter_mut().flatten().for_each(|job| job.item.void = true);
        }
        if spec.ack != AckPolicy::Stale {
            for item in self.unsettled.drain(..) {
                io.out.note(rules::ACK_VOID, Because::INPUT, What::Withheld, self.place, item.id, item.delivery.0);
            }
        }
        self.lose_onward(io);
        self.later.iter_mut().for_each(|later| later.item.void |= spec.ack != AckPolicy::Auto);
        self.leaving = false;
        self.keep_flush(None, Because::INPUT, io);
        self.link.lost(spec.reconnect, io);
    }

    /// A delivery leaves the inbox, as a part of the output before.
    pub(super) fn remove(&self, item: &Item, io: &mut Io<'_>) {
        let (copy, place) = (item.copy, self.place);
        io.out.delta(|| Delta::Remove { copy, place });
    }

    /// Sets the flush timer, or takes it back.
    pub(super) fn keep_flush(&mut self, after: Option<crate::units::Span>, because: Because, io: &mut Io<'_>) {
        match after {
            Some(after) if !self.flush_set => {
                self.flush_set = true;
                super::link::set_timer(FLUSH, after, super::verbs::BATCH_FLUSH, rules::ACK_BATCH, because, io);
            }
            None if self.flush_set => {
                self.flush_set = false;
                cancel_timer(FLUSH, rules::ACK_BATCH, io);
            }
            _ => {}
        }
    }

    pub(super) fn observe(&self, seen: &mut Observable) {
        for item in self.jobs.iter().flatten().map(|j| &j.item).chain(&self.inbox) {
            let held = Held { copy: item.copy, message: item.id, flags: item.flags() };
            seen.put(self.place, item.order(), held);
        }
    }

    pub(super) fn digest(&self, _: Time, names: &Names, digest: &mut Digest) {
        self.link.digest(digest);
        digest.word(self.inbox.len() as u64);
        self.inbox.iter().for_each(|item| self.digest_item(item, names, digest));
        for job in &self.jobs {
            match job {
                None => digest.word(0),
                Some(job) => {
                    digest.word(1 + u64::from(job.hung));
                    self.digest_item(&job.item, names, digest);
                }
            }
        }
        digest.word(self.unsettled.len() as u64 | u64::from(self.flush_set) << 32);
        self.unsettled.iter().for_each(|item| self.digest_item(item, names, digest));
        digest.word(self.onward.len() as u64 | u64::from(self.leaving) << 32);
        for (ticket, onward) in self.onward.iter() {
            digest.word(u64::from(self.ticket - ticket) | u64::from(onward.settles) << 32);
            names.digest(onward.id, digest);
            self.digest_item(&onward.item, names, digest);
        }
        for later in &self.later {
            digest.word(later.step as u64);
            self.digest_item(&later.item, names, digest);
        }
        self.kept.values().for_each(|props| props.digest(digest));
        self.known.digest(names, digest);
    }

    fn digest_item(&self, item: &Item, names: &Names, digest: &mut Digest) {
        names.digest(item.id, digest);
        names.digest(item.reply_to, digest);
        names.digest(item.correlation, digest);
        names.digest(item.key, digest);
        digest.word(u64::from(item.failures));
        let flags = u64::from(item.redelivered) | u64::from(item.void) << 1;
        digest.word(flags | u64::from(item.size) << 32);
        digest.word(u64::from(self.last - item.delivery.0));
    }
}

impl Item {
    fn order(&self) -> Order {
        Order::from(u64::from(self.delivery.0))
    }
    fn flags(&self) -> Flags {
        Flags::REDELIVERED.when(self.redelivered)
    }
}

/// The ids of messages that were worked on, as far as the consumer remembers.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Oldest first.
    order: VecDeque<Name>,
    /// The same, sorted.
    sorted: Vec<Name>,
}

crate::clone_in_place!(Known { order, sorted });

impl Known {
    pub(super) fn contains(&self, id: Name) -> bool {
        self.sorted.binary_search(&id).is_ok()
    }
    /// Remembers an id; forgets the oldest where there are more than `window`, unless that is 0.
    pub(super) fn add(&mut self, id: Name, window: u32) {
        let Err(at) = self.sorted.binary_search(&id) else { return };
        self.sorted.insert(at, id);
        self.order.push_back(id);
        if window != 0
            && self.order.len() > window as usize
            && let Some(oldest) = self.order.pop_front()
            && let Ok(at) = self.sorted.binary_search(&oldest)
        {
            self.sorted.remove(at);
        }
    }
    fn clear(&mut self) {
        self.order.clear();
        self.sorted.clear();
    }
    fn digest(&self, names: &Names, digest: &mut Digest) {
        digest.word(self.order.len() as u64);
        self.order.iter().for_each(|id| names.digest(*id, digest));
    }
}
