//! Length limits of queues at work (R16): what is turned away and what is dropped.
//!
//! Not when a queue is over its limit: the queue knows. Not where a dropped message goes: that is `dead_letter`.

use super::dead_letter::{Dead, Reason};
use super::{Node, Port};
use crate::amqp::queue::Overflow;
use crate::amqp::rules;
use crate::amqp::store::Waiting;
use crate::machine::Because;
use crate::trace::What;

impl Node {
    /// A full queue refuses a message; where it is told to, the message is dead-lettered.
    pub(super) fn turn_away(
        &mut self,
        number: u32,
        content: u32,
        waiting: Option<Waiting>,
        because: Because,
        ports: &mut Port<'_>,
    ) {
        let Some(queue) = self.queues.get(&number) else { return };
        let kept = &self.contents[content];
        let because = ports.out.note(rules::NO_ROOM, because, What::RefusedByBroker, queue.place, kept.message.id, 1);
        let features = &queue.features;
        if features.overflow == Overflow::RejectPublishDlx && features.dead_letter_exchange.is_some() {
            let content = kept.clone();
            self.scratch.dead.push_back(Dead { queue: number, content, reason: Reason::MaxLength, because });
        }
        self.release(content);
        if let Some(waiting) = waiting {
            self.done_waiting(waiting, true, rules::NO_ROOM);
        }
    }

    /// Drops messages at the head until the queue is within its limits.
    pub(super) fn drop_head(&mut self, number: u32, because: Because, ports: &mut Port<'_>) {
        while let Some(queue) = self.queues.get_mut(&number).filter(|queue| queue.has_too_many()) {
            let place = queue.place;
            let Some(item) = queue.classic.pop() else { return };
            self.discard(number, &item, place, Reason::MaxLength, because, ports);
        }
    }
}
