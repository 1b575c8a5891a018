//! A producer's own tables beside its publishes: an outbox with a relay, which is right, and two steps one after the
//! other, which is not.

use super::link::{cancel_timer, set_timer};
use super::producer::{Flight, Producer};
use super::{Books, Effect, Io, ProducerSpec, Tables, rules, verbs};
use crate::ids::{Digest, RuleId};
use crate::machine::{Because, Token};
use crate::units::Time;
use std::collections::VecDeque;

pub(super) const SECOND_STEP: Token = Token(7 << 32);
pub(super) const RELAY: Token = Token(8 << 32);

/// A row of the outbox.
#[derive(Clone, Copy, Debug)]
struct Row {
    flight: Flight,
    /// It is published and waits for its confirm.
    out: bool,
}

/// How far the rows and the publishes are.
#[derive(Debug, Default)]
pub(super) struct Booking {
    /// The rows of the outbox, oldest first, as the table has them. They survive the process, as the table does.
    rows: VecDeque<Row>,
    /// Rows whose messages are confirmed, to be taken out of the outbox.
    confirmed: VecDeque<Flight>,
    /// First steps done, with the time of the second.
    halves: VecDeque<(Time, Flight)>,
    /// Rows written, to be published.
    booked: VecDeque<Flight>,
    pub(super) second_step_set: bool,
    relay_set: bool,
    looks: bool,
}

crate::clone_in_place!(Booking { rows, confirmed, halves, booked, second_step_set, relay_set, looks });

impl Booking {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.crash();
    }

    /// The process is gone: what the tables hold stays, what was half done is forgotten.
    pub(super) fn crash(&mut self) {
        self.rows.iter_mut().for_each(|row| row.out = false);
        self.confirmed.clear();
        self.halves.clear();
        self.booked.clear();
        (self.second_step_set, self.relay_set, self.looks) = (false, false, false);
    }

    /// Whether no step waits for its second.
    pub(super) fn is_idle(&self) -> bool {
        self.halves.is_empty() && self.booked.is_empty()
    }

    /// It is time for the relay to look.
    pub(super) fn relay_looks(&mut self) {
        (self.relay_set, self.looks) = (false, true);
    }

    /// A message was published for the first time: where the row is the second step, it follows.
    pub(super) fn published_first(&mut self, spec: &ProducerSpec, flight: Flight, now: Time) {
        if let Books::Dual { row_first: false, gap, .. } = spec.books {
            self.halves.push_back((now + gap, flight));
        }
    }

    /// A message is confirmed: its row, if it has one, is to be taken out.
    pub(super) fn confirmed(&mut self, flight: Flight) {
        let same = |row: &Row| (row.flight.plan, row.flight.n) == (flight.plan, flight.n);
        if let Some(at) = self.rows.iter().position(same) {
            self.rows.remove(at);
            self.confirmed.push_back(flight);
        }
    }

    /// A message did not make it: its row waits for the relay.
    pub(super) fn row_waits(&mut self, flight: Flight) {
        let same = |row: &&mut Row| (row.flight.plan, row.flight.n) == (flight.plan, flight.n);
        if let Some(row) = self.rows.iter_mut().find(same) {
            row.out = false;
        }
    }

    /// The process ends: nothing is to come any more.
    pub(super) fn stop(&mut self, io: &mut Io<'_>) {
        for (set, token, rule) in
            [(&mut self.second_step_set, SECOND_STEP, rules::SECOND_STEP), (&mut self.relay_set, RELAY, rules::RELAY)]
        {
            if std::mem::take(set) {
                cancel_timer(token, rule, io);
            }
        }
    }

    pub(super) fn digest(&self, now: Time, digest: &mut Digest) {
        let flight = |flight: &Flight| u64::from(flight.plan) | u64::from(flight.n) << 16;
        digest.word(self.rows.len() as u64 | u64::from(self.second_step_set) << 62 | u64::from(self.relay_set) << 63);
        for row in &self.rows {
            digest.word(flight(&row.flight) | u64::from(row.out) << 63);
            digest.word(u64::from(row.flight.attempt));
        }
        digest.word(self.halves.len() as u64);
        for (at, half) in &self.halves {
            digest.word(at.since(now).0);
            digest.word(flight(half));
        }
        digest.word(self.booked.len() as u64);
        self.booked.iter().for_each(|booked| digest.word(flight(booked)));
    }
}

impl Producer {
    /// Does what is due in the tables, and what follows from it. Without tables there is nothing to do.
    pub(super) fn keep_books(&mut self, spec: &ProducerSpec, io: &mut Io<'_>, tables: &mut Tables) {
        match &spec.books {
            Books::None => {}
            Books::Outbox { order, outbox, every, batch } => {
                while let Some(flight) = self.take_due(spec, io) {
                    let both = self.write(spec, order, flight, rules::OUTBOX, Because::INPUT, io, tables);
                    self.write(spec, outbox, flight, rules::OUTBOX, both, io, tables);
                    self.booking.rows.push_back(Row { flight, out: false });
                }
                while let Some(flight) = self.booking.confirmed.pop_front() {
                    let sent = Effect { kind: super::EffectKind::Delete, ..outbox.clone() };
                    self.write(spec, &sent, flight, rules::OUTBOX_SENT, Because::INPUT, io, tables);
                }
                self.relay(spec, *batch, io);
                if !self.booking.relay_set && self.link.up() && self.booking.rows.iter().any(|row| !row.out) {
                    self.booking.relay_set = true;
                    set_timer(RELAY, *every, verbs::RELAY, rules::RELAY, Because::INPUT, io);
                }
            }
            Books::Dual { order, row_first, gap } => {
                while *row_first && let Some(flight) = self.take_due(spec, io) {
                    self.write(spec, order, flight, rules::DUAL_ROW, Because::INPUT, io, tables);
                    self.booking.halves.push_back((io.now + *gap, flight));
                }
                while self.booking.halves.front().is_some_and(|(at, _)| *at <= io.now) {
                    let Some((_, flight)) = self.booking.halves.pop_front() else { return };
                    if *row_first {
                        self.booking.booked.push_back(flight);
                    } else {
                        self.write(spec, order, flight, rules::DUAL_ROW, Because::INPUT, io, tables);
                    }
                }
                self.publish_due(spec, Because::INPUT, io);
                if let (false, Some((at, _))) = (self.booking.second_step_set, self.booking.halves.front()) {
                    let after = at.since(io.now);
                    self.booking.second_step_set = true;
                    set_timer(SECOND_STEP, after, verbs::SECOND_STEP, rules::SECOND_STEP, Because::INPUT, io);
                }
            }
        }
    }

    /// Publishes messages whose rows are written, where the row is the first step. Says whether that is all that there
    /// is to publish.
    pub(super) fn publish_booked(&mut self, spec: &ProducerSpec, because: Because, io: &mut Io<'_>) -> bool {
        match spec.books {
            Books::Outbox { .. } => true,
            Books::None | Books::Dual { row_first: false, .. } => false,
            Books::Dual { row_first: true, .. } => {
                while !self.booking.booked.is_empty() && self.may_publish(spec).is_ok() {
                    let Some(flight) = self.booking.booked.pop_front() else { break };
                    self.publish_first(spec, flight, rules::DUAL_PUBLISH, because, io);
                }
                true
            }
        }
    }

    /// The relay publishes rows that are not on their way, oldest first.
    fn relay(&mut self, spec: &ProducerSpec, batch: u32, io: &mut Io<'_>) {
        if !std::mem::take(&mut self.booking.looks) || self.link.stopping {
            return;
        }
        let mut at = 0;
        for _ in 0..batch.max(1) {
            at += self.booking.rows.range(at..).take_while(|row| row.out).count();
            if at >= self.booking.rows.len() || self.may_publish(spec).is_err() {
                return;
            }
            let row = &mut self.booking.rows[at];
            let flight = row.flight;
            (row.out, row.flight.attempt) = (true, flight.attempt + 1);
            self.publish_first(spec, flight, rules::RELAY, Because::INPUT, io);
        }
    }

    /// The next message whose business is due.
    fn take_due(&mut self, spec: &ProducerSpec, io: &mut Io<'_>) -> Option<Flight> {
        let plan = self.due.pop_front()?;
        let flight = self.next_of(plan);
        self.burst += 1;
        let every = spec.plans[usize::from(plan)].every.draw(io.draws);
        self.pace(spec, plan, every, Because::INPUT, io);
        Some(flight)
    }

    #[expect(clippy::too_many_arguments, reason = "a row, whose it is, its reason and where it goes")]
    fn write(
        &self,
        spec: &ProducerSpec,
        effect: &Effect,
        flight: Flight,
        rule: RuleId,
        because: Because,
        io: &mut Io<'_>,
        tables: &mut Tables,
    ) -> Because {
        let id = spec.plans[usize::from(flight.plan)].id.name(flight.n, io.names);
        tables.write(effect.table, effect.kind, rule, (id, id), because, io).1
    }
}
