//! Subscribing: prefetch limits, consumers and their end (R9, R10, R13).

use super::{Node, Port};
use crate::amqp::access::Action;
use crate::amqp::error::{self, Checked};
use crate::amqp::method::Method;
use crate::amqp::queue::{Consumer, Handle, Queue, check};
use crate::amqp::rules;
use crate::ids::{ConnId, Name};
use crate::machine::Because;
use crate::trace::{PlaceKind, What};

impl Node {
    pub(super) fn qos(&mut self, at: (ConnId, u16), count: u16, global: bool, ports: &mut Port<'_>) -> Checked {
        let Some(channel) = self.channel_mut(at) else { return Ok(()) };
        if global {
            // What was handed out before counts from the start, gets too.
            if channel.global == 0 {
                channel.open = channel.unacked.len() as u32;
            }
            channel.global = u32::from(count);
        } else {
            // A limit for each consumer takes the place of one for the channel.
            channel.prefetch = u32::from(count);
            channel.global = 0;
        }
        if channel.has_room() {
            self.unblock(at);
            self.rejoin();
        }
        let because = self.answer(rules::QOS_SET, at, Method::BasicQosOk, ports);
        self.run_queues(because, ports);
        Ok(())
    }

    /// The queue that a method names; the empty name stands for the one declared last on the channel (A61, A62).
    pub(super) fn named(&self, at: (ConnId, u16), queue: Name) -> Checked<Name> {
        if queue != Name::EMPTY {
            return Ok(queue);
        }
        match self.channel(at).map(|channel| channel.last_queue) {
            Some(last) if last.is_some() => Ok(last),
            _ => error::no_last_queue(),
        }
    }

    /// A queue that is there and open to this connection, by number.
    pub(super) fn usable_queue(&self, at: (ConnId, u16), queue: Name, ports: &Port<'_>) -> Checked<u32> {
        let name = self.named(at, queue)?;
        self.open_queue(at.0, name, ports)
    }

    /// As [`Node::usable_queue`], for a full name.
    pub(super) fn open_queue(&self, conn: ConnId, name: Name, ports: &Port<'_>) -> Checked<u32> {
        let vhost = &self.vhosts[self.vhost_of(conn)];
        let found = vhost.queues.get(&name).and_then(|number| Some((*number, self.queues.get(number)?)));
        match found {
            None => error::not_found(error::queue_in(name, vhost.name, ports.names)),
            Some((_, queue)) if queue.is_exclusive() && queue.owner != conn => {
                error::locked(error::queue_in(name, vhost.name, ports.names))
            }
            Some((number, _)) => Ok(number),
        }
    }

    pub(super) fn consume(&mut self, at: (ConnId, u16), body: Method, ports: &mut Port<'_>) -> Checked {
        let Method::BasicConsume { queue, consumer_tag, no_ack, exclusive, nowait, arguments, .. } = body else {
            return Ok(());
        };
        let in_use = |tag| self.channel(at).is_some_and(|channel| channel.consumers.contains(&tag));
        if in_use(consumer_tag) {
            return error::not_allowed(format_args!(
                "attempt to reuse consumer tag '{}'",
                ports.names.show(consumer_tag)
            ));
        }
        if queue == self.reply_to {
            return self.consume_replies(at, consumer_tag, (no_ack, nowait), ports);
        }
        self.may_queue(at.0, Action::Read, self.named(at, queue)?, ports.names)?;
        let number = self.usable_queue(at, queue, ports)?;
        let limit = self.channel(at).map_or(0, |channel| channel.prefetch);
        let Some(found) = self.queues.get(&number) else { return Ok(()) };
        let what = || error::queue_in(found.spec.name, found.spec.vhost, ports.names);
        let priority = check::consumer(&arguments, self.config.version, what())?;
        let single = exclusive && found.features.single_active;
        if single || found.classic.consumers.is_taken() || exclusive && found.classic.consumer_count() > 0 {
            return error::refused(format_args!("{} in exclusive use", what()));
        }
        let shown = ports.registry.places()[found.place.at()].name;
        let tag = if consumer_tag == Name::EMPTY { self.make_name("amq.ctag-", at.0, ports) } else { consumer_tag };
        let place = ports.place_for(PlaceKind::Unacked, shown, at.0);
        let consumer = Consumer {
            conn: at.0,
            channel: at.1,
            tag,
            no_ack,
            exclusive,
            priority,
            limit,
            open: 0,
            aside: false,
            place,
        };
        let Some(found) = self.queues.get_mut(&number) else { return Ok(()) };
        let index = found.classic.subscribe(consumer);
        if let Some(channel) = self.channel_mut(at) {
            channel.consumers.insert(tag, (number, index));
        }
        if !no_ack {
            self.note_holder(at, number);
        }
        let mut because = Because::INPUT;
        if !nowait {
            let ok = Method::BasicConsumeOk { consumer_tag: tag };
            because = self.answer(rules::CONSUMER_JOINS, at, ok, ports);
        }
        self.stir(number);
        self.hand_out(number, because, ports);
        Ok(())
    }

    pub(super) fn cancel(&mut self, at: (ConnId, u16), tag: Name, nowait: bool, ports: &mut Port<'_>) -> Checked {
        let replies = self.cancel_replies(at, tag);
        let gone = self.channel_mut(at).filter(|_| !replies).and_then(|channel| channel.consumers.remove(&tag));
        let mut because = Because::INPUT;
        if !nowait {
            let ok = Method::BasicCancelOk { consumer_tag: tag };
            because = self.answer(rules::CONSUMER_LEAVES, at, ok, ports);
        }
        let Some((number, consumer)) = gone else { return Ok(()) };
        self.lose_consumer(number, consumer, because, ports);
        if self.is_abandoned(number) {
            self.remove_queue(number, rules::AUTO_DELETED, because, ports);
        }
        self.touch(number, ports);
        self.stir(number);
        self.run_queues(because, ports);
        Ok(())
    }

    /// A consumer leaves its queue. Where it was the one that was served, the next takes over (D35).
    pub(super) fn lose_consumer(&mut self, number: u32, consumer: Handle, because: Because, ports: &mut Port<'_>) {
        let Some(queue) = self.queues.get_mut(&number) else { return };
        let served = |queue: &Queue| queue.classic.consumers.active().map(|active| (active.place, active.tag));
        let before = served(queue);
        queue.classic.unsubscribe(consumer);
        let after = served(queue);
        if let Some((place, _)) = after.filter(|_| before != after) {
            ports.out.note(rules::SINGLE_ACTIVE_NEXT, because, What::Withheld, place, Name::NONE, 1);
            if !std::mem::replace(&mut queue.runs, true) {
                self.scratch.run.push(number);
            }
        }
    }

    /// Whether a queue is to go because its last consumer left. Called where one has just left.
    pub(super) fn is_abandoned(&self, number: u32) -> bool {
        self.queues.get(&number).is_some_and(|queue| queue.spec.auto_delete && queue.classic.consumer_count() == 0)
    }
}
