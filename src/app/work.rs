//! What a consumer's work comes to: the effect, the answer, what goes wrong, and the settling.

use super::consumer::{Consumer, Item, Job, WORK};
use super::link::{Phase, set_timer};
use super::{AckPolicy, ConsumerSpec, Io, Tables, Then, Which, rules, verbs};
use crate::ids::{Name, RuleId};
use crate::machine::{Ask, Because, Does, Message, Need, Publish, Settle, Token};
use crate::trace::What;
use crate::units::Span;

impl Consumer {
    /// Begins to work on a delivery, unless the consumer knows its message.
    pub(super) fn begin(&mut self, spec: &ConsumerSpec, item: Item, io: &mut Io<'_>, tables: &mut Tables) {
        if spec.dedup.is_some() && self.known.contains(item.id) {
            let noted = io.out.note(rules::SKIP, Because::INPUT, What::Skipped, self.place, item.id, item.delivery.0);
            self.remove(&item, io);
            if spec.ack == AckPolicy::BeforeWork {
                self.settle(&item, Settle::Done, rules::ACK_BEFORE, noted, io);
            } else {
                self.settle_done(spec, item, noted, io);
            }
            return;
        }
        let mut because = Because::INPUT;
        if spec.ack == AckPolicy::BeforeWork {
            because = self.settle(&item, Settle::Done, rules::ACK_BEFORE, because, io);
        }
        let noted = io.out.note(rules::WORK, because, What::WorkBegan, self.place, item.id, item.delivery.0);
        let Some(slot) = self.jobs.iter().position(Option::is_none) else { return };
        self.jobs[slot] = Some(Job { item, hung: false });
        self.busy += 1;
        let span = spec.work.draw(io.draws);
        if span == Span::ZERO {
            self.work_ends(spec, slot, noted, io, tables);
        } else {
            set_timer(Token(WORK | slot as u64), span, verbs::WORK, rules::WORK, noted, io);
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
                self.settle_done(spec, item, done, io);
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

    /// The work is complete: notes it, writes the effect, sends the answer.
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
        if let Some(window) = spec.dedup {
            self.known.add(item.id, window);
        }
        if let Some(effect) = &spec.effect {
            let key = effect.key.name(item.id, item.delivery.0, io.names, &mut self.key_memo);
            (_, done) = tables.apply(effect, key, item.id, done, io);
        }
        self.reply(spec, item, done, io);
        done
    }

    /// Answers a message that asks for it.
    fn reply(&mut self, spec: &ConsumerSpec, item: &Item, because: Because, io: &mut Io<'_>) {
        let Some(id) = spec.reply.as_ref().filter(|_| item.reply_to.is_some()) else { return };
        let id = id.name(item.id, item.delivery.0, io.names, &mut self.reply_memo);
        if !self.link.up() {
            io.out.note(rules::REPLY_VOID, because, What::Withheld, self.place, id, 0);
            return;
        }
        self.ticket += 1;
        let message = Message { correlation: item.correlation, ..Message::plain(id, item.size) };
        let publish = Publish { ticket: self.ticket, to: Name::EMPTY, key: item.reply_to, message, mandatory: false };
        let noted = io.out.note(rules::REPLY, because, What::Replied, self.place, id, self.ticket);
        io.out.ask(rules::REPLY, noted, Ask::Publish(publish));
    }

    /// The work fails.
    fn fail(&mut self, spec: &ConsumerSpec, slot: usize, item: Item, then: Then, because: Because, io: &mut Io<'_>) {
        let rule = match then {
            Then::Requeue => rules::FAIL_REQUEUE,
            Then::Reject => rules::FAIL_REJECT,
            Then::Swallow => rules::FAIL_SWALLOW,
            Then::Hang => rules::FAIL_HANG,
            Then::Crash | Then::CrashAfterEffect => rules::FAIL_CRASH,
        };
        let noted = io.out.note(rule, because, What::WorkFailed, self.place, item.id, item.delivery.0);
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
            Then::Requeue => drop(self.settle(&item, Settle::Again, rule, noted, io)),
            _ => drop(self.settle(&item, Settle::Reject, rule, noted, io)),
        }
    }

    /// Settles a delivery that is done with, as the policy says.
    fn settle_done(&mut self, spec: &ConsumerSpec, item: Item, because: Because, io: &mut Io<'_>) {
        match spec.ack {
            AckPolicy::BeforeWork | AckPolicy::Never => {}
            AckPolicy::Auto => self.ready_for_next(&item, because, io),
            AckPolicy::AfterWork => drop(self.settle(&item, Settle::Done, rules::ACK_AFTER, because, io)),
            AckPolicy::Batch { .. } if item.void => {
                self.settle(&item, Settle::Done, rules::ACK_BATCH, because, io);
            }
            AckPolicy::Batch { size, flush } => {
                self.unsettled.push(item);
                if self.unsettled.len() >= size.max(1) as usize {
                    self.flush(because, io);
                } else if flush.is_some() {
                    self.keep_flush(flush, because, io);
                }
            }
        }
    }

    /// Tells the client that a delivery which needs no settling is worked off: one that fetches may fetch again.
    fn ready_for_next(&self, item: &Item, because: Because, io: &mut Io<'_>) {
        if !item.void && self.link.phase == Phase::Up {
            let done = Does::Ask(Ask::Settle(item.delivery, item.id, Settle::Done));
            io.out.push(RuleId::NONE, because, Need::Nothing, done);
        }
    }

    /// Settles one delivery, or notes that it cannot be settled any more.
    fn settle(&mut self, item: &Item, how: Settle, rule: RuleId, because: Because, io: &mut Io<'_>) -> Because {
        if item.void || self.link.phase != Phase::Up {
            return io.out.note(rules::ACK_VOID, because, What::Withheld, self.place, item.id, item.delivery.0);
        }
        io.out.ask(rule, because, Ask::Settle(item.delivery, item.id, how))
    }

    /// Settles all completed works. One answer stands for all deliveries up to the first that is still worked on; what
    /// was completed behind it is settled one by one.
    pub(super) fn flush(&mut self, because: Because, io: &mut Io<'_>) {
        self.keep_flush(None, because, io);
        self.unsettled.sort_unstable_by_key(|item| item.delivery);
        let working = self.jobs.iter().flatten().filter(|j| !j.item.void).map(|j| j.item.delivery).min();
        let together = self.unsettled.partition_point(|i| working.is_none_or(|w| i.delivery < w));
        if let Some(at) = together.checked_sub(1) {
            self.settle(&self.unsettled[at].clone(), Settle::DoneUpTo, rules::ACK_BATCH, because, io);
        }
        for at in together..self.unsettled.len() {
            self.settle(&self.unsettled[at].clone(), Settle::Done, rules::ACK_BATCH, because, io);
        }
        self.unsettled.clear();
    }
}

/// The first told failure that strikes the work on this message.
fn fails(spec: &ConsumerSpec, id: Name, tables: &mut Tables) -> Option<Then> {
    for (at, fail) in spec.fail.iter().enumerate() {
        let every = match fail.which {
            Which::Message(message) if message != id => continue,
            Which::Message(_) => 1,
            Which::Every(every) => every,
        };
        if tables.strike(spec.name, at as u16, every, fail.times) {
            return Some(fail.then);
        }
    }
    None
}
