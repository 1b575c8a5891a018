//! Direct reply-to: answers that go to the channel of the requester without a queue (group H of the facts).
//!
//! A request carries the name of the pseudo-queue; the node puts an address of the channel in its place. A reply to this
//! address is handed to the channel at once or lost. It is never routed: to its publisher it is unroutable.

use super::channel::{Held, Reply};
use super::{Node, Port};
use crate::amqp::error::{self, Checked};
use crate::amqp::method::Method;
use crate::amqp::rules;
use crate::ids::{ConnId, Name};
use crate::machine::{Because, Message, Need};

/// What requesters consume from and set as `reply_to`.
pub(super) const PSEUDO_QUEUE: &str = "amq.rabbitmq.reply-to";

/// What the addresses of channels begin with.
const ADDRESS: &str = "amq.rabbitmq.reply-to.";

impl Node {
    /// A channel asks for replies; it can have one consumer for them, and cannot acknowledge (H05).
    pub(super) fn consume_replies(
        &mut self,
        at: (ConnId, u16),
        tag: Name,
        (no_ack, nowait): (bool, bool),
        ports: &mut Port<'_>,
    ) -> Checked {
        if !no_ack {
            return error::precondition(rules::REPLY_CONSUMER, "reply consumer cannot acknowledge");
        }
        if self.channel(at).is_some_and(|channel| channel.reply.is_some()) {
            return error::precondition(rules::REPLY_CONSUMER, "reply consumer already set");
        }
        let tag = if tag == Name::EMPTY { self.make_name("amq.ctag-", at.0, ports) } else { tag };
        let address = self.make_name(ADDRESS, at.0, ports);
        let Some(channel) = self.channel_mut(at) else { return Ok(()) };
        channel.reply = Some(Reply { tag, address });
        self.replies.insert(address, at);
        if !nowait {
            self.answer(rules::REPLY_CONSUMER, at, Method::BasicConsumeOk { consumer_tag: tag }, ports);
        }
        Ok(())
    }

    /// Ends the consumer of replies if this is its tag; whether it was.
    pub(super) fn cancel_replies(&mut self, at: (ConnId, u16), tag: Name) -> bool {
        let Some(channel) = self.channel_mut(at) else { return false };
        let Some(reply) = channel.reply.filter(|reply| reply.tag == tag) else { return false };
        channel.reply = None;
        self.replies.remove(&reply.address);
        true
    }

    /// Puts the channel's address into a request (H04).
    pub(super) fn address_request(&self, at: (ConnId, u16), message: &mut Message) -> Checked {
        if message.reply_to != self.reply_to {
            return Ok(());
        }
        match self.channel(at).and_then(|channel| channel.reply) {
            Some(reply) => message.reply_to = reply.address,
            None => return error::precondition(rules::REPLY_CONSUMER, "fast reply consumer does not exist"),
        }
        Ok(())
    }

    /// Hands a message to the channels whose addresses are among its keys.
    pub(super) fn hand_replies(&mut self, held: &Held, ports: &mut Port<'_>) {
        if held.exchange != Name::EMPTY {
            return;
        }
        self.hand_reply(held.key, held, ports);
        let keys = std::mem::take(&mut self.scratch.keys);
        for (i, key) in keys.iter().enumerate() {
            if *key != held.key && !keys[..i].contains(key) {
                self.hand_reply(*key, held, ports);
            }
        }
        self.scratch.keys = keys;
    }

    fn hand_reply(&mut self, address: Name, held: &Held, ports: &mut Port<'_>) {
        let Some(to) = self.replies.get(&address).copied() else { return };
        let Some(channel) = self.channel(to) else { return };
        let Some(reply) = channel.reply else { return };
        let body = Method::BasicDeliver {
            consumer_tag: reply.tag,
            // The number that the channel's next delivery will have: replies are not counted.
            tag: channel.last_tag + 1,
            redelivered: false,
            exchange: held.exchange,
            key: held.key,
            message: held.message.clone(),
        };
        self.send(rules::REPLIED, Because::INPUT, Need::Nothing, to, body, ports);
    }

    /// Whether a message goes to a requester that is there.
    pub(super) fn is_reply(&self, held: &Held) -> bool {
        held.exchange == Name::EMPTY && self.replies.contains(&held.key)
    }

    /// Declaring the pseudo-queue or an address says whether it is there; it makes nothing. `None` for other names.
    pub(super) fn declare_replies(&self, queue: Name, ports: &Port<'_>) -> Option<bool> {
        if queue == self.reply_to {
            return Some(true);
        }
        let text = ports.names.prefix_text(queue.prefix());
        text.starts_with(ADDRESS).then(|| self.replies.contains(&queue))
    }

    /// Answers a declaration of the pseudo-queue or of an address: no messages, one consumer.
    pub(super) fn replies_declared(
        &mut self,
        at: (ConnId, u16),
        queue: Name,
        there: bool,
        nowait: bool,
        ports: &mut Port<'_>,
    ) -> Checked {
        if !there {
            let vhost = self.vhosts[self.vhost_of(at.0)].name;
            return error::not_found(error::queue_in(queue, vhost, ports.names));
        }
        if let Some(channel) = self.channel_mut(at) {
            channel.last_queue = queue;
        }
        if !nowait {
            let answer = Method::QueueDeclareOk { queue, messages: 0, consumers: 1 };
            self.answer(rules::REPLY_CONSUMER, at, answer, ports);
        }
        Ok(())
    }
}
