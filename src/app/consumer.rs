//! A consumer: takes deliveries into its inbox, works on them, and settles them as its policy says.
//!
//! What the work comes to (the effect, the answer, the failures) and the settling are in `work`.

use super::link::{Link, Phase, RECONNECT, cancel_timer};
use super::template::Memo;
use super::{AckPolicy, AppInput, ConsumerSpec, Io, Tables, rules};
use crate::ids::{CopyId, Digest, Name, Names, PlaceId};
use crate::machine::{Because, Delivery, Input, Message, Report, Token};
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
    pub(super) size: u32,
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
    /// The last delivery.
    last: u32,
    pub(super) completed: u32,
    pub(super) ticket: u32,
    pub(super) known: Known,
    pub(super) key_memo: Memo,
    pub(super) reply_memo: Memo,
}

crate::clone_in_place!(Consumer {
    link,
    place,
    inbox,
    jobs,
    busy,
    unsettled,
    flush_set,
    last,
    completed,
    ticket,
    known,
    key_memo,
    reply_memo,
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
        self.last = 0;
        self.completed = 0;
        self.ticket = 0;
        self.known.clear();
        self.key_memo = Memo::default();
        self.reply_memo = Memo::default();
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
                self.link.ready();
            }
            Input::Report(Report::Down(_)) => self.down(spec, io),
            Input::Report(Report::Offer { delivery, message, redelivered, .. }) => {
                self.receive(spec, delivery, &message, redelivered, io);
            }
            Input::Report(Report::Cancelled) => {
                io.out.note(rules::CANCELLED, Because::INPUT, What::Withheld, self.place, Name::NONE, 0);
            }
            Input::Stop => self.link.stop(io),
            _ => {}
        }
        self.work(spec, io, tables);
        if self.link.stopping && self.jobs.iter().flatten().all(|j| j.hung) && self.link.phase != Phase::Exited {
            self.flush(Because::INPUT, io);
            self.link.wind_down(Because::INPUT, io);
        }
    }

    fn receive(
        &mut self,
        spec: &ConsumerSpec,
        delivery: Delivery,
        message: &Message,
        redelivered: bool,
        io: &mut Io<'_>,
    ) {
        let item = Item {
            delivery,
            id: message.id,
            reply_to: message.reply_to,
            correlation: message.correlation,
            size: message.size,
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
        self.inbox.push_back(item);
    }

    /// Gives waiting deliveries to free handlers.
    fn work(&mut self, spec: &ConsumerSpec, io: &mut Io<'_>, tables: &mut Tables) {
        while !self.link.stopping && self.link.phase != Phase::Exited && (self.busy as usize) < self.jobs.len() {
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
            }
            self.jobs.iter_mut().flatten().for_each(|job| job.item.void = true);
        }
        for item in self.unsettled.drain(..) {
            io.out.note(rules::ACK_VOID, Because::INPUT, What::Withheld, self.place, item.id, item.delivery.0);
        }
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
        self.known.digest(names, digest);
    }

    fn digest_item(&self, item: &Item, names: &Names, digest: &mut Digest) {
        names.digest(item.id, digest);
        names.digest(item.reply_to, digest);
        names.digest(item.correlation, digest);
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
