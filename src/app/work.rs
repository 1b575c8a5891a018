//! What a consumer's work comes to: what it knows already, the effect, and what goes wrong.
//!
//! The settling is in `settle`; what the work publishes is in `onward`.

use super::consumer::{Consumer, Item, Job, WORK};
use super::link::set_timer;
use super::{AckPolicy, ConsumerSpec, Dedup, EffectKind, Effects, Io, Tables, Then, Timing, Which, rules, verbs};
use crate::ids::{Name, RuleId};
use crate::machine::{Because, Settle, Token};
use crate::trace::What;
use crate::units::Span;

/// Strikes of slow works are counted behind those of failures.
const SLOW: u16 = 1 << 15;

impl Consumer {
    /// Begins to work on a delivery, unless the consumer knows its message.
    pub(super) fn begin(&mut self, spec: &ConsumerSpec, item: Item, io: &mut Io<'_>, tables: &mut Tables) {
        let (known, mut because) = self.knows(spec, &item, io, tables);
        if let Some(rule) = known {
            let noted = io.out.note(rule, because, What::Skipped, self.place, item.id, item.delivery.0);
            self.remove(&item, io);
            if spec.ack == AckPolicy::BeforeWork {
                self.settle(&item, Settle::Done, rules::ACK_BEFORE, noted, io);
            } else {
                self.settle_done(spec, item, noted, io);
            }
            return;
        }
        if spec.ack == AckPolicy::BeforeWork {
            because = self.settle(&item, Settle::Done, rules::ACK_BEFORE, because, io);
        }
        let noted = io.out.note(rules::WORK, because, What::WorkBegan, self.place, item.id, item.delivery.0);
        let Some(slot) = self.jobs.iter().position(Option::is_none) else { return };
        self.jobs[slot] = Some(Job { item, hung: false });
        self.busy += 1;
        let slow = slow(spec, item.id, tables);
        let (work, rule) = slow.map_or((spec.work, rules::WORK), |work| (work, rules::SLOW));
        let span = work.draw(io.draws);
        if span == Span::ZERO {
            self.work_ends(spec, slot, noted, io, tables);
        } else {
            set_timer(Token(WORK | slot as u64), span, verbs::WORK, rule, noted, io);
        }
    }

    /// The rule under which the consumer takes a message for one it has worked on before, if it does, and what it knows
    /// that from.
    fn knows(
        &mut self,
        spec: &ConsumerSpec,
        item: &Item,
        io: &mut Io<'_>,
        tables: &mut Tables,
    ) -> (Option<RuleId>, Because) {
        match &spec.dedup {
            None => (None, Because::INPUT),
            Some(Dedup::Memory { by, .. }) => {
                let key = by.name(item.id, item.delivery.0, io.names, &mut self.dedup_memo);
                (self.known.contains(key).then_some(rules::SKIP), Because::INPUT)
            }
            Some(Dedup::Table { table, key, .. }) => {
                let key = key.name(item.id, item.delivery.0, io.names, &mut self.dedup_memo);
                let (found, looked) = tables.look(*table, (key, item.id), io);
                (found.then_some(rules::SKIP_ROW), looked)
            }
        }
    }

    /// A handler comes to the end of its work, well or not.
    pub(super) fn work_ends(
        &mut self,
        spec: &ConsumerSpec,
        slot: usize,
        because: Because,
        io: &mut Io<'_>,
        tables: &mut Tables,
    ) {
        let Some(Some(Job { item, hung: false })) = self.jobs.get(slot).copied() else { return };
        match fails(spec, item.id, tables) {
            None => {
                self.free(slot);
                let done = self.complete(spec, &item, because, io, tables);
                let done = self.remember(spec, &item, done, io, tables);
                self.follow_up(spec, item, done, io);
            }
            Some(Then::CrashAfterEffect) => {
                self.free(slot);
                let done = self.complete(spec, &item, because, io, tables);
                self.link.exit(rules::CRASH_AFTER, done, io);
            }
            Some(then) => self.fail(spec, slot, item, then, because, io),
        }
    }

    fn free(&mut self, slot: usize) {
        self.jobs[slot] = None;
        self.busy -= 1;
    }

    /// The work is complete: notes it and writes the effect, with the row that makes it known where both are one
    /// transaction.
    fn complete(
        &mut self,
        spec: &ConsumerSpec,
        item: &Item,
        because: Because,
        io: &mut Io<'_>,
        tables: &mut Tables,
    ) -> Because {
        self.completed += 1;
        let mut done = io.out.note(rules::DONE, because, What::WorkDone, self.place, item.id, self.completed);
        self.remove(item, io);
        if let Some(Dedup::Table { table, key, own, in_transaction: true }) = &spec.dedup {
            let key = key.name(item.id, item.delivery.0, io.names, &mut self.dedup_memo);
            if tables.has(*table, key) {
                return tables.refuse(*table, (key, item.id), rules::KNOWN_ROW, done, io);
            }
            if !own {
                (_, done) = tables.write(*table, EffectKind::Insert, rules::DEDUP_ROW, (key, item.id), done, io);
            }
        }
        let chosen = |all: &[(Name, super::Effect)], by: Name| all.iter().position(|(name, _)| *name == by);
        let effect = match &spec.effect {
            Effects::None => None,
            Effects::One(effect) => Some(effect),
            Effects::ByKey(all) => chosen(all, item.key).map(|at| &all[at].1),
            Effects::ByMessage(all) => chosen(all, item.id).map(|at| &all[at].1),
        };
        if let Some(effect) = effect {
            // A memo belongs to one template; where there are several, none is kept.
            let mut other = super::template::Memo::default();
            let one = matches!(spec.effect, Effects::One(_));
            let memo = if one { &mut self.key_memo } else { &mut other };
            let key = effect.key.name(item.id, item.delivery.0, io.names, memo);
            (_, done) = tables.apply(effect, key, item.id, done, io);
        }
        done
    }

    /// Makes known what was worked on, where that is a step of its own.
    fn remember(
        &mut self,
        spec: &ConsumerSpec,
        item: &Item,
        done: Because,
        io: &mut Io<'_>,
        tables: &mut Tables,
    ) -> Because {
        match &spec.dedup {
            Some(Dedup::Memory { size, by }) => {
                let key = by.name(item.id, item.delivery.0, io.names, &mut self.dedup_memo);
                self.known.add(key, *size);
                done
            }
            Some(Dedup::Table { table, key, own: false, in_transaction: false }) => {
                let key = key.name(item.id, item.delivery.0, io.names, &mut self.dedup_memo);
                tables.write(*table, EffectKind::Insert, rules::DEDUP_ROW, (key, item.id), done, io).1
            }
            _ => done,
        }
    }

    /// The work fails.
    fn fail(&mut self, spec: &ConsumerSpec, slot: usize, item: Item, then: Then, because: Because, io: &mut Io<'_>) {
        let (what, rule) = match then {
            Then::Requeue => (What::WorkFailed, rules::FAIL_REQUEUE),
            Then::Reject => (What::WorkFailed, rules::FAIL_REJECT),
            Then::Swallow => (What::WorkFailed, rules::FAIL_SWALLOW),
            Then::Hang => (What::Hangs, rules::FAIL_HANG),
            Then::Crash | Then::CrashAfterEffect => (What::WorkFailed, rules::FAIL_CRASH),
        };
        let noted = io.out.note(rule, because, what, self.place, item.id, item.delivery.0);
        match then {
            Then::Hang => {
                self.jobs[slot] = Some(Job { item, hung: true });
                return;
            }
            // The inbox dies with the process; that is the world's to show.
            Then::Crash | Then::CrashAfterEffect => return self.link.exit(RuleId::NONE, noted, io),
            Then::Requeue | Then::Reject | Then::Swallow => {}
        }
        self.free(slot);
        self.remove(&item, io);
        // What is settled already, or never is, cannot be given back.
        let settled = matches!(spec.ack, AckPolicy::Auto | AckPolicy::BeforeWork | AckPolicy::Never);
        match then {
            Then::Swallow => self.settle_done(spec, item, noted, io),
            _ if spec.ack == AckPolicy::Auto => self.ready_for_next(&item, noted, io),
            _ if settled => {}
            _ if self.puts_aside(spec, &item, noted, io) => {}
            Then::Requeue => drop(self.settle(&item, Settle::Again, rule, noted, io)),
            _ => drop(self.settle(&item, Settle::Reject, rule, noted, io)),
        }
        self.kept.remove(&item.delivery);
    }
}

/// The first told failure that strikes the work on this message.
fn fails(spec: &ConsumerSpec, id: Name, tables: &mut Tables) -> Option<Then> {
    let mut all = spec.fail.iter().enumerate();
    let found = all.find(|(at, fail)| strikes(spec.name, *at as u16, fail.which, fail.times, id, tables));
    found.map(|(_, fail)| fail.then)
}

/// How long the work on this message takes, where that is told.
fn slow(spec: &ConsumerSpec, id: Name, tables: &mut Tables) -> Option<Timing> {
    let mut all = spec.slow.iter().enumerate();
    let found = all.find(|(at, slow)| strikes(spec.name, SLOW | *at as u16, slow.which, 0, id, tables));
    found.map(|(_, slow)| slow.work)
}

fn strikes(who: Name, at: u16, which: Which, times: u32, id: Name, tables: &mut Tables) -> bool {
    match which {
        Which::Message(message) => message == id && tables.strike(who, at, 1, times),
        Which::Every(every) => tables.strike(who, at, every, times),
    }
}
