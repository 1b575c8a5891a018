//! A producer: publishes its plans, and does about the answers what its reliability says.
//!
//! A message is in flight from its first attempt until it is settled for good: it is either open (waiting for an
//! answer) or due again (waiting to be published again). Both take room in the window. What is settled costs two bits.
//! How answers and losses are dealt with is in `answers`; transactions, questions, and tables beside the publishes have
//! files of their own.

use super::beliefs::Beliefs;
use super::link::{Link, Phase, RECONNECT, cancel_timer, set_timer};
use super::outbox::{self, Booking};
use super::transactions::Tx;
use super::{AppInput, Aside, Books, Io, Plan, ProducerSpec, Reliability, Tables, rules, verbs};
use crate::ids::{ActorId, Digest, Name, Names, PlaceId, RuleId};
use crate::machine::{Answer, Ask, Because, Input, Message, Publish, Report, Token};
use crate::trace::{Belief, Delta, Observable, What};
use crate::units::{Span, Time};
use std::collections::VecDeque;

/// So many messages are published in one call; the next ones follow at the same time with a timer of their own.
const BURST: u32 = 1024;
const PLAN: u64 = 2 << 32;
const TIMEOUT: Token = Token(3 << 32);
const AGAIN: Token = Token(4 << 32);

/// A message in flight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    /// Its first ticket: the order of first attempts.
    pub(super) first: u32,
    /// Its number in its plan, from 1.
    pub(super) n: u32,
    /// Attempts so far.
    pub(super) attempt: u32,
    /// Its plan.
    pub(super) plan: u16,
    /// It came back, and goes where such messages go.
    pub(super) aside: bool,
}

/// A message that waits for an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) flight: Flight,
    pub(super) ticket: u32,
    /// It came back: refused, whatever the answer says.
    pub(super) returned: bool,
    /// When the producer stops waiting.
    pub(super) deadline: Time,
}

/// A message that waits to be published again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Again {
    pub(super) flight: Flight,
    /// When; it also needs a session.
    pub(super) at: Time,
    /// Why, for the trace.
    pub(super) rule: RuleId,
}

/// How far a plan is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// How many of its messages have had their first attempt.
    pub(super) published: u32,
    /// Whether the timer for the next one runs.
    timed: bool,
}

/// What went out under a ticket that was never kept open.
#[derive(Clone, Copy, Debug)]
struct Sent {
    n: u32,
    plan: u16,
    aside: bool,
}

/// A producer's state.
#[derive(Debug, Default)]
pub(super) struct Producer {
    pub(super) link: Link,
    begun: bool,
    ticket: u32,
    /// How many messages were published in this call.
    pub(super) burst: u32,
    /// How many messages the batch still takes.
    batch_room: u32,
    pub(super) plans: Vec<Progress>,
    /// Plans whose next message is due, in the order in which they came due.
    pub(super) due: VecDeque<u16>,
    /// In the order of tickets, hence of deadlines.
    pub(super) open: VecDeque<Open>,
    /// In the order of time, then of first attempts.
    pub(super) again: VecDeque<Again>,
    /// What the timers are set to; [`Time::NEVER`] if they are not.
    timeout_at: Time,
    again_at: Time,
    /// By plan; plans with the same ids share the first one's.
    beliefs: Vec<Beliefs>,
    /// What each ticket was for, kept only where a message can come back and its ticket alone does not tell which it is.
    sent: Vec<Sent>,
    pub(super) tx: Tx,
    pub(super) booking: Booking,
}

crate::clone_in_place!(Producer {
    link,
    begun,
    ticket,
    burst,
    batch_room,
    plans,
    due,
    open,
    again,
    timeout_at,
    again_at,
    beliefs,
    sent,
    tx,
    booking,
});

impl Producer {
    pub(super) fn boot(&mut self, spec: &ProducerSpec) {
        self.link = Link::default();
        self.begun = false;
        self.ticket = 0;
        self.burst = 0;
        self.batch_room = batch(spec);
        self.plans.clear();
        self.plans.resize(spec.plans.len(), Progress::default());
        self.due.clear();
        self.open.clear();
        self.again.clear();
        self.timeout_at = Time::NEVER;
        self.again_at = Time::NEVER;
        self.beliefs.iter_mut().for_each(Beliefs::clear);
        self.beliefs.resize_with(spec.plans.len(), Beliefs::default);
        self.sent.clear();
        self.tx = Tx::default();
        self.booking.clear();
    }

    /// Its process is gone: what was open stays unknown, what was to be published again is forgotten, and the messages
    /// that were not taken from their source yet are still there.
    pub(super) fn crash(&mut self, spec: &ProducerSpec) {
        self.link = Link::default();
        self.begun = false;
        self.burst = 0;
        self.batch_room = batch(spec);
        self.plans.iter_mut().for_each(|progress| progress.timed = false);
        self.due.clear();
        self.open.clear();
        self.again.clear();
        self.timeout_at = Time::NEVER;
        self.again_at = Time::NEVER;
        self.tx = Tx::default();
        self.booking.crash();
    }

    pub(super) fn handle(&mut self, spec: &ProducerSpec, input: AppInput, io: &mut Io<'_>, tables: &mut Tables) {
        if self.link.phase == Phase::Exited {
            return;
        }
        self.burst = 0;
        match input {
            Input::Started => {
                self.link.connect(rules::CONNECT, io);
                // The business goes on without the broker.
                if matches!(spec.books, Books::Outbox { .. }) {
                    self.begin(spec, io);
                }
            }
            Input::Report(Report::Ready) => self.ready(spec, io),
            Input::Report(Report::Down(why)) => self.down(spec, why, io),
            Input::Report(Report::Answer(ticket, Answer::Confirmed)) => self.confirmed(spec, ticket, io),
            Input::Report(Report::Answer(ticket, Answer::Refused)) => self.refused(spec, ticket, io),
            Input::Report(Report::Returned(ticket)) => self.returned(spec, ticket, io),
            Input::Report(Report::Offer { delivery, message, from, .. }) => {
                self.reply_came(spec, delivery, &message, from, io, tables);
            }
            Input::Timer(token) => self.timer(spec, token, io),
            Input::Stop => self.stop(io),
            _ => {}
        }
        self.keep_books(spec, io, tables);
        self.end_transaction(spec, io);
        let finished = self.in_flight() == 0 && self.booking.is_idle();
        if self.link.stopping && (finished || self.link.phase == Phase::Over) {
            self.link.wind_down(Because::INPUT, io);
            if self.link.phase == Phase::Exited {
                self.booking.stop(io);
            }
        }
        self.keep_timers(spec, io);
    }

    fn timer(&mut self, spec: &ProducerSpec, token: Token, io: &mut Io<'_>) {
        match token {
            RECONNECT => self.link.connect(rules::RECONNECT, io),
            TIMEOUT => {
                self.timeout_at = Time::NEVER;
                self.timed_out(spec, io);
            }
            AGAIN => {
                self.again_at = Time::NEVER;
                self.publish_again(spec, io);
            }
            outbox::SECOND_STEP => self.booking.second_step_set = false,
            outbox::RELAY => self.booking.relay_looks(),
            Token(plan) => {
                let plan = plan as u32 as usize;
                if let Some(progress) = self.plans.get_mut(plan) {
                    progress.timed = false;
                    self.come_due(spec, plan as u16, Because::INPUT, io);
                    self.publish_due(spec, Because::INPUT, io);
                }
            }
        }
    }

    fn ready(&mut self, spec: &ProducerSpec, io: &mut Io<'_>) {
        if !self.link.ready() {
            return;
        }
        self.publish_again(spec, io);
        self.begin(spec, io);
        self.publish_due(spec, Because::INPUT, io);
    }

    /// Begins with its plans, if it has not yet.
    fn begin(&mut self, spec: &ProducerSpec, io: &mut Io<'_>) {
        if !std::mem::replace(&mut self.begun, true) {
            for at in 0..spec.plans.len() as u16 {
                self.pace(spec, at, spec.plans[usize::from(at)].start, Because::INPUT, io);
            }
        }
    }

    fn stop(&mut self, io: &mut Io<'_>) {
        self.drop_plans(io);
        self.link.stop(io);
    }

    /// Publishes nothing new any more.
    pub(super) fn drop_plans(&mut self, io: &mut Io<'_>) {
        self.due.clear();
        for (at, progress) in self.plans.iter_mut().enumerate() {
            if std::mem::take(&mut progress.timed) {
                cancel_timer(Token(PLAN | at as u64), rules::PACE, io);
            }
        }
    }

    /// How many messages are not settled.
    pub(super) fn in_flight(&self) -> usize {
        self.open.len() + self.again.len()
    }

    /// Lets a plan's next message come due after `after`.
    pub(super) fn pace(&mut self, spec: &ProducerSpec, plan: u16, after: Span, because: Because, io: &mut Io<'_>) {
        let progress = &mut self.plans[usize::from(plan)];
        if progress.published >= spec.plans[usize::from(plan)].count {
        } else if after == Span::ZERO && self.burst < BURST {
            self.come_due(spec, plan, because, io);
        } else {
            progress.timed = true;
            set_timer(Token(PLAN | u64::from(plan)), after, verbs::NEXT_PUBLISH, rules::PACE, because, io);
        }
    }

    /// A plan's next message is due; says so where it is held back.
    fn come_due(&mut self, spec: &ProducerSpec, plan: u16, because: Because, io: &mut Io<'_>) {
        self.due.push_back(plan);
        if !io.out.wanted.notes.has(What::Withheld) {
            return;
        }
        if spec.books.come_first() {
            return;
        }
        let Err(rule) = self.may_publish(spec) else { return };
        let n = self.plans[usize::from(plan)].published + 1;
        let id = spec.plans[usize::from(plan)].id.name(n, io.names);
        io.out.note(rule, because, What::Withheld, PlaceId::NONE, id, 0);
    }

    /// Whether a new message may be published now, or the rule that holds it back.
    pub(super) fn may_publish(&self, spec: &ProducerSpec) -> Result<(), RuleId> {
        if !self.link.up() {
            return Err(rules::NO_SESSION);
        }
        let (window, batch) = match spec.reliability {
            Reliability::FireAndForget => return Ok(()),
            Reliability::Transactions { every, .. } => return self.tx_takes(every),
            Reliability::Replies { .. } if self.in_flight() > 0 => return Err(rules::QUESTION_OPEN),
            Reliability::Replies { .. } => return Ok(()),
            Reliability::Confirms { window, batch, .. } => (window, batch),
        };
        if window != 0 && self.in_flight() >= window as usize {
            return Err(rules::WINDOW);
        }
        if batch.is_some() && self.batch_room == 0 && self.in_flight() > 0 {
            return Err(rules::BATCH);
        }
        Ok(())
    }

    /// Publishes what is due and may go.
    pub(super) fn publish_due(&mut self, spec: &ProducerSpec, because: Because, io: &mut Io<'_>) {
        if spec.books != Books::None && self.publish_booked(spec, because, io) {
            return;
        }
        while !self.due.is_empty() && self.may_publish(spec).is_ok() {
            let Some(plan) = self.due.pop_front() else { return };
            let flight = self.next_of(plan);
            self.publish_first(spec, flight, rules::PUBLISH, because, io);
            self.booking.published_first(spec, flight, io.now);
            if flight.n < spec.plans[usize::from(plan)].count {
                let after = spec.plans[usize::from(plan)].every.draw(io.draws);
                self.pace(spec, plan, after, because, io);
            }
        }
    }

    /// The next message of a plan, counted as taken from its source.
    pub(super) fn next_of(&mut self, plan: u16) -> Flight {
        let progress = &mut self.plans[usize::from(plan)];
        progress.published += 1;
        Flight { first: self.ticket + 1, n: progress.published, attempt: 0, plan, aside: false }
    }

    /// The first attempt of a message.
    pub(super) fn publish_first(
        &mut self,
        spec: &ProducerSpec,
        flight: Flight,
        rule: RuleId,
        because: Because,
        io: &mut Io<'_>,
    ) {
        if self.batch_room == 0 {
            self.batch_room = batch(spec);
        }
        self.batch_room = self.batch_room.saturating_sub(1);
        self.publish(spec, Flight { first: self.ticket + 1, ..flight }, rule, because, io);
    }

    /// Publishes again what waits for it and may go.
    pub(super) fn publish_again(&mut self, spec: &ProducerSpec, io: &mut Io<'_>) {
        while self.link.up() && self.again.front().is_some_and(|a| a.at <= io.now) && self.tx_room(spec) {
            let Some(again) = self.again.pop_front() else { return };
            self.publish(spec, again.flight, again.rule, Because::INPUT, io);
        }
    }

    /// One attempt: notes it, hands the message to the client, and keeps it open where an answer will come.
    pub(super) fn publish(
        &mut self,
        spec: &ProducerSpec,
        flight: Flight,
        rule: RuleId,
        because: Because,
        io: &mut Io<'_>,
    ) {
        self.ticket += 1;
        self.burst += 1;
        let flight = Flight { attempt: flight.attempt + 1, ..flight };
        let plan = &spec.plans[usize::from(flight.plan)];
        let aside = spec.on_returned.as_ref().filter(|_| flight.aside);
        let publish = make(plan, flight.n, self.ticket, aside, io.names);
        let id = publish.message.id;
        let noted = io.out.note(rule, because, What::Published, PlaceId::NONE, id, flight.attempt);
        let timeout = match spec.reliability {
            Reliability::FireAndForget => {
                let asked = io.out.ask(rule, noted, Ask::Publish(publish));
                return self.forget(spec, flight, id, asked, io);
            }
            Reliability::Confirms { timeout, .. } => timeout,
            Reliability::Replies { timeout, .. } => Some(timeout),
            // It waits for the commit, not for each message.
            Reliability::Transactions { .. } => None,
        };
        self.believe(spec, flight, id, Belief::Unknown, io);
        io.out.ask(rule, noted, Ask::Publish(publish));
        // At least one tick, so that waiting always ends later than it began.
        let deadline = timeout.map_or(Time::NEVER, |t| io.now + t.max(Span(1)));
        self.open.push_back(Open { flight, ticket: self.ticket, returned: false, deadline });
    }

    /// A message without an answer to wait for.
    fn forget(&mut self, spec: &ProducerSpec, flight: Flight, id: Name, because: Because, io: &mut Io<'_>) {
        io.out.note(rules::FORGET, because, What::BelievesSent, PlaceId::NONE, id, flight.attempt);
        self.believe(spec, flight, id, Belief::Sent, io);
        if spec.on_returned.is_some() || spec.plans.len() > 1 && spec.plans.iter().any(|p| p.mandatory) {
            let Flight { n, plan, aside, .. } = flight;
            self.sent.push(Sent { n, plan, aside });
        }
    }

    /// The message of a ticket that was never kept open.
    pub(super) fn sent_as(&self, spec: &ProducerSpec, ticket: u32) -> Option<Flight> {
        if ticket == 0 || ticket > self.ticket {
            return None;
        }
        let Sent { n, plan, aside } = match self.sent.get(ticket as usize - 1) {
            Some(sent) => *sent,
            None if spec.plans.len() == 1 => Sent { n: ticket, plan: 0, aside: false },
            None => return None,
        };
        Some(Flight { first: ticket, n, attempt: 1, plan, aside })
    }

    /// Changes a belief, as a part of the output before.
    pub(super) fn believe(&mut self, spec: &ProducerSpec, flight: Flight, id: Name, belief: Belief, io: &mut Io<'_>) {
        let (series, n) = slot(spec, flight);
        self.beliefs[series].set(n, belief);
        let actor = io.me;
        io.out.delta(|| Delta::Believe { actor, message: id, belief });
    }

    /// Sets the two timers to the earliest of what they are for.
    fn keep_timers(&mut self, spec: &ProducerSpec, io: &mut Io<'_>) {
        let waits = self.link.phase != Phase::Exited;
        let timeout = self.open.front().filter(|_| waits).map_or(Time::NEVER, |o| o.deadline);
        let (verb, rule) = match spec.reliability {
            Reliability::Replies { .. } => (verbs::ANSWER_TIMEOUT, rules::ANSWER_TIMEOUT),
            _ => (verbs::CONFIRM_TIMEOUT, rules::TIMEOUT),
        };
        keep(&mut self.timeout_at, timeout, TIMEOUT, verb, rule, io);
        let again = self.again.front().filter(|_| self.link.up()).map_or(Time::NEVER, |a| a.at);
        keep(&mut self.again_at, again, AGAIN, verbs::BACKOFF, rules::BACKOFF, io);
    }

    pub(super) fn observe(&self, spec: &ProducerSpec, me: ActorId, names: &Names, seen: &mut Observable) {
        for (plan, beliefs) in spec.plans.iter().zip(&self.beliefs) {
            for (n, belief) in beliefs.iter() {
                if let Some(id) = plan.id.known(n, names) {
                    seen.believe(me, id, belief);
                }
            }
        }
    }

    pub(super) fn digest(&self, now: Time, digest: &mut Digest) {
        self.link.digest(digest);
        digest.word(u64::from(self.begun) | u64::from(self.batch_room) << 32);
        for plan in &self.plans {
            digest.word(u64::from(plan.published) | u64::from(plan.timed) << 32);
        }
        digest.word(self.due.len() as u64);
        self.due.iter().for_each(|plan| digest.word(u64::from(*plan)));
        digest.word(self.open.len() as u64);
        for open in &self.open {
            self.digest_flight(open.flight, digest);
            digest.word(u64::from(self.ticket - open.ticket) | u64::from(open.returned) << 32);
            digest.word(span_to(open.deadline, now));
        }
        digest.word(self.again.len() as u64);
        for again in &self.again {
            self.digest_flight(again.flight, digest);
            digest.word(span_to(again.at, now));
        }
        self.beliefs.iter().for_each(|b| b.digest(digest));
        digest.word(self.sent.len() as u64);
        for Sent { n, plan, aside } in &self.sent {
            digest.word(u64::from(*plan) | u64::from(*aside) << 16 | u64::from(*n) << 32);
        }
        self.tx.digest(digest);
        self.booking.digest(now, digest);
    }

    fn digest_flight(&self, flight: Flight, digest: &mut Digest) {
        digest.word(u64::from(flight.plan) | u64::from(flight.aside) << 16 | u64::from(flight.n) << 17);
        digest.word(u64::from(flight.attempt) | u64::from(self.ticket - flight.first) << 32);
    }
}

/// How long from now; `u64::MAX` for never.
fn span_to(at: Time, now: Time) -> u64 {
    if at == Time::NEVER { u64::MAX } else { at.since(now).0 }
}

/// How many messages a batch takes; zero where there are none.
fn batch(spec: &ProducerSpec) -> u32 {
    match spec.reliability {
        Reliability::Confirms { batch: Some(size), .. } => size.max(1),
        _ => 0,
    }
}

/// Where the belief about a message is kept: messages with the same id share a place.
fn slot(spec: &ProducerSpec, flight: Flight) -> (usize, u32) {
    let id = &spec.plans[usize::from(flight.plan)].id;
    let first = || spec.plans.iter().position(|p| p.id == *id).unwrap_or_default();
    let series = if flight.plan == 0 { 0 } else { first() };
    (series, if id.numbered() { flight.n } else { 1 })
}

/// The message `n` of a plan.
fn make(plan: &Plan, n: u32, ticket: u32, aside: Option<&Aside>, names: &mut Names) -> Publish {
    let key = match plan.keys.len() {
        _ if aside.is_some_and(|aside| aside.key.is_some()) => aside.map_or(Name::EMPTY, |aside| aside.key),
        0 => Name::EMPTY,
        len => plan.keys[(n - 1) as usize % len].name(n, names),
    };
    let message = Message {
        id: plan.id.name(n, names),
        size: plan.size,
        reply_to: plan.reply_to,
        correlation: plan.correlation.as_ref().map_or(Name::NONE, |c| c.name(n, names)),
        props: plan.props.clone(),
    };
    Publish { ticket, to: aside.map_or(plan.to, |aside| aside.to), key, message, mandatory: plan.mandatory }
}

/// Brings a timer from what it is set to, to what it should be set to.
fn keep(set: &mut Time, to: Time, token: Token, verb: crate::ids::VerbId, rule: RuleId, io: &mut Io<'_>) {
    if *set == to {
        return;
    }
    *set = to;
    if to == Time::NEVER {
        cancel_timer(token, rule, io);
    } else {
        set_timer(token, to.since(io.now), verb, rule, Because::INPUT, io);
    }
}
