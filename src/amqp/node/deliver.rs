//! Handing out: deliveries to consumers in rotation, and gets (R9, R10, R11).

use super::channel::Unacked;
use super::{Node, Port};
use crate::amqp::access::Action;
use crate::amqp::error::Checked;
use crate::amqp::method::Method;
use crate::amqp::queue::{Handle, Item, Pick, Queue};
use crate::amqp::rules;
use crate::ids::{ConnId, Name, PlaceId, RuleId};
use crate::machine::{Because, Need};
use crate::trace::{Delta, Flags, Order, PlaceKind, What};

impl Node {
    /// Hands out what a queue can hand out.
    pub(super) fn hand_out(&mut self, number: u32, because: Because, ports: &mut Port<'_>) {
        loop {
            let Some(queue) = self.queues.get_mut(&number) else { return };
            let connections = &self.connections;
            let has_room = |conn: &ConnId, channel: &u16| {
                connections.get(conn).and_then(|c| c.channels.get(channel)).is_some_and(super::Channel::has_room)
            };
            match queue.classic.pick(|consumer| has_room(&consumer.conn, &consumer.channel)) {
                Pick::Nothing => return,
                Pick::Aside(_) => {
                    let place = queue.place;
                    let head = queue.classic.head().map_or(Name::NONE, |item| self.contents[item.content].message.id);
                    ports.out.note(rules::PREFETCH_FULL, because, What::Withheld, place, head, 1);
                }
                Pick::Give(consumer, item) => {
                    let (keeps_all, is_last) = (queue.keeps_all(), queue.classic.ready() == 0);
                    self.deliver(number, consumer, item, because, ports);
                    if !keeps_all {
                        self.drop_expired(number, because, ports);
                    } else if is_last {
                        return;
                    }
                }
            }
        }
    }

    fn deliver(&mut self, number: u32, handle: Handle, item: Item, because: Because, ports: &mut Port<'_>) {
        let Some(queue) = self.queues.get_mut(&number) else { return };
        let Some(consumer) = queue.classic.consumer(handle).copied() else { return };
        let Some(connection) = self.connections.get_mut(&consumer.conn) else { return };
        let Some(channel) = connection.channels.get_mut(&consumer.channel) else { return };
        connection.sent = true;
        channel.last_tag += 1;
        let tag = channel.last_tag;
        let content = &self.contents[item.content];
        let body = Method::BasicDeliver {
            consumer_tag: consumer.tag,
            tag,
            redelivered: item.flags.has(Flags::REDELIVERED),
            exchange: content.exchange,
            key: content.key,
            message: content.message.clone(),
        };
        let rule = delivery_rule(queue, consumer.no_ack);
        let frame = crate::amqp::Frame { channel: consumer.channel, body };
        ports.out.send(rule, because, Need::Copy(item.copy), consumer.conn, frame);
        if consumer.no_ack {
            let place = queue.place;
            ports.out.delta(|| Delta::Remove { copy: item.copy, place });
            return self.forget(number, &item);
        }
        let (from, to) = (queue.place, consumer.place);
        ports.out.delta(|| moved(&item, from, to, tag));
        queue.out += 1;
        channel.open += 1;
        let (since, place) = (ports.now, consumer.place);
        channel.unacked.push(tag, Unacked { tag, queue: number, consumer: handle, counted: true, since, item, place });
        if channel.looks.is_none() {
            self.watch_settling((consumer.conn, consumer.channel), ports);
        }
    }

    /// A channel may hold messages of a queue from now on.
    pub(super) fn note_holder(&mut self, at: (ConnId, u16), number: u32) {
        let Node { connections, queues, .. } = self;
        let channel = connections.get_mut(&at.0).and_then(|connection| connection.channels.get_mut(&at.1));
        if let (Some(channel), Some(queue)) = (channel, queues.get_mut(&number)) {
            channel.drawn.or_insert_with(number, || queue.holders.push(0, at));
        }
    }

    /// A copy left its queue for good: its record and its content go.
    pub(super) fn forget(&mut self, number: u32, item: &Item) {
        self.release(item.content);
        if !item.flags.has(Flags::PERSISTENT) {
            return;
        }
        let Some(queue) = self.queues.get_mut(&number) else { return };
        let waiting = queue.journal.delete(item.seq, queue.features.timing());
        if !std::mem::replace(&mut queue.dirty, true) {
            self.scratch.dirty.push(number);
        }
        if let Some(waiting) = waiting {
            self.done_waiting(waiting, false, rules::CONFIRM_TRANSIENT);
        }
    }

    /// Hands out the head of a queue, whatever the prefetch limit is (D12).
    pub(super) fn get(&mut self, at: (ConnId, u16), queue: Name, no_ack: bool, ports: &mut Port<'_>) -> Checked {
        self.may_queue(at.0, Action::Read, self.named(at, queue)?, ports.names)?;
        let number = self.usable_queue(at, queue, ports)?;
        self.touch(number, ports);
        self.stir(number);
        let Some(queue) = self.queues.get_mut(&number) else { return Ok(()) };
        let Some(item) = queue.classic.pop() else {
            self.answer(rules::GOT, at, Method::BasicGetEmpty, ports);
            return Ok(());
        };
        let from = queue.place;
        // What is now at the head is looked at before the rest is counted.
        self.drop_expired(number, Because::INPUT, ports);
        let messages = self.queues.get(&number).map_or(0, |queue| queue.classic.ready() as u32);
        let name = ports.registry.places()[from.at()].name;
        let content = self.contents[item.content].clone();
        let Some(channel) = self.channel_mut(at) else { return Ok(()) };
        channel.last_tag += 1;
        let tag = channel.last_tag;
        let body = Method::BasicGetOk {
            tag,
            redelivered: item.flags.has(Flags::REDELIVERED),
            exchange: content.exchange,
            key: content.key,
            messages,
            message: content.message,
        };
        self.send(rules::GOT, Because::INPUT, Need::Copy(item.copy), at, body, ports);
        if no_ack {
            ports.out.delta(|| Delta::Remove { copy: item.copy, place: from });
            self.forget(number, &item);
            return Ok(());
        }
        let place = ports.place_for(PlaceKind::Unacked, name, at.0);
        ports.out.delta(|| moved(&item, from, place, tag));
        if let Some(queue) = self.queues.get_mut(&number) {
            queue.out += 1;
        }
        let (consumer, since) = (Handle::NONE, ports.now);
        if let Some(channel) = self.channel_mut(at) {
            channel.unacked.push(tag, Unacked { tag, queue: number, consumer, counted: false, since, item, place });
        }
        self.note_holder(at, number);
        self.watch_settling(at, ports);
        Ok(())
    }
}

/// Why it is this consumer's turn.
fn delivery_rule(queue: &Queue, no_ack: bool) -> RuleId {
    if no_ack {
        rules::DELIVERED_AND_GONE
    } else if queue.features.single_active {
        rules::SINGLE_ACTIVE
    } else if queue.classic.consumers.has_priorities() {
        rules::DELIVERED_BY_PRIORITY
    } else {
        rules::DELIVERED
    }
}

fn moved(item: &Item, from: PlaceId, to: PlaceId, tag: u32) -> Delta {
    Delta::Move { copy: item.copy, from, to, order: Order::from(u64::from(tag)), flags: item.flags }
}
