//! Publishing in transactions: when one is ended, and what the producer knows when its session breaks on the way.

use super::producer::Producer;
use super::{Io, ProducerSpec, Reliability, rules};
use crate::ids::{Digest, RuleId};
use crate::machine::{Ask, Because};
use crate::units::{Span, Time};

/// How far a producer's transactions are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tx {
    /// What it has asked for: whether it is a rollback. `None` while messages are being published.
    ending: Option<bool>,
    /// How many it has ended since the last one that was rolled back.
    ended: u32,
}

impl Tx {
    /// Whether a rollback is under way.
    pub(super) fn rolls_back(self) -> bool {
        self.ending == Some(true)
    }

    /// Under which rule the broker threw away what was published, where the session breaks now and that is certain.
    pub(super) fn threw_away(self, reliability: Reliability) -> Option<RuleId> {
        match (reliability, self.ending) {
            (Reliability::Transactions { .. }, None) => Some(rules::TX_LOST),
            (Reliability::Transactions { .. }, Some(true)) => Some(rules::ROLLED_BACK),
            _ => None,
        }
    }

    /// Nothing is being ended any more.
    pub(super) fn end(&mut self) {
        self.ending = None;
    }

    pub(super) fn digest(self, digest: &mut Digest) {
        let ending = self.ending.map_or(0, |rollback| 1 + u64::from(rollback));
        digest.word(ending | u64::from(self.ended) << 32);
    }
}

impl Producer {
    /// Whether the transaction takes one more message, or the rule that holds it back.
    pub(super) fn tx_takes(&self, every: u32) -> Result<(), RuleId> {
        let ending = self.tx.ending.is_some();
        if ending || self.in_flight() >= every.max(1) as usize { Err(rules::TX_ENDING) } else { Ok(()) }
    }

    /// Whether what is published again has room in the transaction. Without transactions there is always room.
    pub(super) fn tx_room(&self, spec: &ProducerSpec) -> bool {
        match spec.reliability {
            Reliability::Transactions { every, .. } => {
                self.tx.ending.is_none() && self.open.len() < every.max(1) as usize
            }
            _ => true,
        }
    }

    /// Ends a transaction that is full, or that nothing more will come to.
    pub(super) fn end_transaction(&mut self, spec: &ProducerSpec, io: &mut Io<'_>) {
        let Reliability::Transactions { every, rollback_every, timeout, .. } = spec.reliability else { return };
        if self.open.is_empty() && self.tx.ending.is_some() {
            self.tx.end();
        }
        self.publish_again(spec, io);
        self.publish_due(spec, Because::INPUT, io);
        let full = self.open.len() >= every.max(1) as usize;
        let open = self.link.up() && self.tx.ending.is_none() && !self.open.is_empty();
        if !open || !(full || self.has_nothing_more(spec)) {
            return;
        }
        self.tx.ended += 1;
        let rollback = rollback_every.is_some_and(|every| self.tx.ended >= every);
        if rollback || rollback_every.is_none() {
            self.tx.ended = 0;
        }
        self.tx.ending = Some(rollback);
        let (rule, ask) = if rollback { (rules::ROLLBACK, Ask::Rollback) } else { (rules::COMMIT, Ask::Commit) };
        io.out.ask(rule, Because::INPUT, ask);
        let deadline = timeout.map_or(Time::NEVER, |timeout| io.now + timeout.max(Span(1)));
        self.open.iter_mut().for_each(|open| open.deadline = deadline);
    }

    fn has_nothing_more(&self, spec: &ProducerSpec) -> bool {
        let published = |(progress, plan): (&super::producer::Progress, &super::Plan)| progress.published >= plan.count;
        let all = self.link.stopping || self.plans.iter().zip(&spec.plans).all(published);
        all && self.due.is_empty() && self.again.is_empty() && self.booking.is_idle()
    }
}
