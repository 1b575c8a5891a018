//! Dead letters: what leaves a queue other than by being taken, and where it goes then (R17).
//!
//! Not the reasons themselves: limits, expiry and rejection call [`Node::discard`] where they decide. At most once:
//! nobody confirms a dead letter, and one that no queue takes is gone without a word (E25).

use super::{Content, Node, Port};
use crate::amqp::exchange::route;
use crate::amqp::queue::Item;
use crate::amqp::rules;
use crate::ids::{Name, PlaceId, RuleId};
use crate::machine::{Because, Does};
use crate::trace::{Delta, What};

/// Why a copy left its queue without being taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reason {
    /// A consumer rejected it without requeue.
    Rejected,
    /// It waited too long.
    Expired,
    /// The queue was full.
    MaxLength,
}

impl Reason {
    /// The word for it in `x-death`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Reason::Rejected => "rejected",
            Reason::Expired => "expired",
            Reason::MaxLength => "maxlen",
        }
    }

    fn what(self) -> (RuleId, What) {
        match self {
            Reason::Rejected => (rules::REJECTED, What::Rejected),
            Reason::Expired => (rules::EXPIRED, What::Expired),
            Reason::MaxLength => (rules::DROPPED, What::Dropped),
        }
    }
}

/// A copy on its way from a queue to its dead-letter exchange.
#[derive(Clone, Debug)]
pub(super) struct Dead {
    /// The queue it died in, by number.
    pub(super) queue: u32,
    /// What it was.
    pub(super) content: Content,
    /// Why.
    pub(super) reason: Reason,
    /// The output that says so.
    pub(super) because: Because,
}

impl Node {
    /// A copy leaves its queue for good; if the queue has a dead-letter exchange it goes there at the end of the call.
    /// `place` is where it is shown: the queue, or the unacknowledged deliveries of a consumer.
    pub(super) fn discard(
        &mut self,
        number: u32,
        item: &Item,
        place: PlaceId,
        reason: Reason,
        because: Because,
        ports: &mut Port<'_>,
    ) {
        let Some(queue) = self.queues.get(&number) else { return };
        let content = &self.contents[item.content];
        let (rule, what) = reason.what();
        let note = Does::Note { what, place, message: content.message.id, number: 1 };
        let because =
            if ports.out.notes_wanted { ports.out.push(rule, because, Self::need(item), note) } else { because };
        ports.out.delta(|| Delta::Remove { copy: item.copy, place });
        if queue.features.dead_letter_exchange.is_some() {
            let content = content.clone();
            self.scratch.dead.push_back(Dead { queue: number, content, reason, because });
        }
        self.forget(number, item);
    }

    /// Publishes what died in this call, and what dies of that.
    pub(super) fn bury(&mut self, ports: &mut Port<'_>) {
        while let Some(dead) = self.scratch.dead.pop_front() {
            self.dead_letter(dead, ports);
        }
    }

    fn dead_letter(&mut self, dead: Dead, ports: &mut Port<'_>) {
        let Some(queue) = self.queues.get(&dead.queue) else { return };
        let (features, host, place) = (std::sync::Arc::clone(&queue.features), queue.spec.vhost, queue.place);
        let Some(exchange) = features.dead_letter_exchange else { return };
        let Dead { content, because, .. } = dead;
        let key = features.dead_letter_key.unwrap_or(content.key);
        let message = content.message;
        self.find_dead_letter_targets(host, exchange, key, ports);
        if self.scratch.targets.is_empty() {
            ports.out.note(rules::DEAD_LETTER_LOST, because, What::Unroutable, place, message.id, 1);
            return;
        }
        let because = ports.out.note(rules::DEAD_LETTERED, because, What::DeadLettered, place, message.id, 1);
        let mut targets = std::mem::take(&mut self.scratch.targets);
        let persistent = message.props.persistent();
        let content = Content { message, exchange, key, copies: targets.len() as u32 };
        let content = self.contents.insert(content);
        for queue in targets.drain(..) {
            self.enqueue(queue, content, persistent, None, because, ports);
        }
        self.scratch.targets = targets;
    }

    fn find_dead_letter_targets(&mut self, host: Name, exchange: Name, key: Name, ports: &Port<'_>) {
        self.scratch.targets.clear();
        let Some(vhost) = self.vhosts.iter().find(|vhost| vhost.name == host) else { return };
        let super::Room { route: scratch, targets, .. } = &mut self.scratch;
        if exchange == Name::EMPTY {
            targets.extend(vhost.queues.get(&key));
            return;
        }
        if !vhost.exchanges.contains(&exchange) {
            return;
        }
        route(&vhost.exchanges, exchange, key, &[], None, ports.names, scratch);
        targets.extend(scratch.queues.iter().filter_map(|name| vhost.queues.get(name)));
    }
}
