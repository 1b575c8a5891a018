//! How a consumer settles what it has worked on, rightly or by mistake.

use super::consumer::{Consumer, Item};
use super::link::Phase;
use super::onward::Step;
use super::{AckPolicy, ConsumerSpec, Io, rules};
use crate::ids::RuleId;
use crate::machine::{Ask, Because, Does, Need, Settle};
use crate::trace::What;

impl Consumer {
    /// Settles a delivery that is done with, as the policy says.
    pub(super) fn settle_done(&mut self, spec: &ConsumerSpec, item: Item, because: Because, io: &mut Io<'_>) {
        self.kept.remove(&item.delivery);
        match spec.ack {
            AckPolicy::BeforeWork | AckPolicy::Never => {}
            AckPolicy::Auto => self.ready_for_next(&item, because, io),
            AckPolicy::AfterWork => drop(self.settle(&item, Settle::Done, rules::ACK_AFTER, because, io)),
            AckPolicy::Twice => {
                let once = self.settle(&item, Settle::Done, rules::ACK_AFTER, because, io);
                if !item.void && self.link.up() {
                    self.settle(&item, Settle::Done, rules::ACK_TWICE, once, io);
                }
            }
            AckPolicy::WrongChannel => {
                self.settle(&item, Settle::Elsewhere, rules::ACK_WRONG_CHANNEL, because, io);
            }
            AckPolicy::Stale if item.void && self.link.up() => {
                io.out.ask(rules::ACK_STALE, because, Ask::Settle(item.delivery, item.id, Settle::Stale));
            }
            // It goes out as soon as there is a session to send it in.
            AckPolicy::Stale if item.void || !self.link.up() => self.unsettled.push(item),
            AckPolicy::Stale => drop(self.settle(&item, Settle::Done, rules::ACK_AFTER, because, io)),
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

    /// With a new session: acknowledges what belongs to the old one, where the consumer makes that mistake.
    pub(super) fn settle_stale(&mut self, spec: &ConsumerSpec, io: &mut Io<'_>) {
        if spec.ack != AckPolicy::Stale {
            return;
        }
        for item in self.unsettled.drain(..) {
            let stale = Ask::Settle(item.delivery, item.id, Settle::Stale);
            io.out.ask(rules::ACK_STALE, Because::INPUT, stale);
        }
    }

    /// Tells the client that a delivery which needs no settling is worked off: one that fetches may fetch again.
    pub(super) fn ready_for_next(&self, item: &Item, because: Because, io: &mut Io<'_>) {
        if !item.void && self.link.phase == Phase::Up {
            let done = Does::Ask(Ask::Settle(item.delivery, item.id, Settle::Done));
            io.out.push(RuleId::NONE, because, Need::Nothing, done);
        }
    }

    /// Settles one delivery, or notes that it cannot be settled any more.
    pub(super) fn settle(
        &mut self,
        item: &Item,
        how: Settle,
        rule: RuleId,
        because: Because,
        io: &mut Io<'_>,
    ) -> Because {
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
        let working = self.jobs.iter().flatten().filter(|j| !j.item.void).map(|j| j.item.delivery);
        let waiting = self.onward.values().map(|onward| onward.item.delivery);
        let later = self.later.iter().filter(|later| later.step == Step::FollowUp).map(|later| later.item.delivery);
        let open = working.chain(waiting).chain(later).chain(self.inbox.front().map(|item| item.delivery)).min();
        let together = self.unsettled.partition_point(|i| open.is_none_or(|w| i.delivery < w));
        if let Some(at) = together.checked_sub(1) {
            self.settle(&self.unsettled[at].clone(), Settle::DoneUpTo, rules::ACK_BATCH, because, io);
        }
        for at in together..self.unsettled.len() {
            self.settle(&self.unsettled[at].clone(), Settle::Done, rules::ACK_BATCH, because, io);
        }
        self.unsettled.clear();
    }
}
