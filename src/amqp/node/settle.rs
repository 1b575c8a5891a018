//! Settling deliveries: ack, nack, reject, recover, and what becomes of them when their channel ends (R11, R12, R13).

use super::channel::{Channel, Fate, Mode, Unacked};
use super::dead_letter::Reason;
use super::{Node, Port};
use crate::amqp::config::Version;
use crate::amqp::error::{self, Checked};
use crate::amqp::exchange::by_text;
use crate::amqp::method::Method;
use crate::amqp::queue::Handle;
use crate::amqp::rules;
use crate::ids::{ConnId, Name};
use crate::machine::{Because, Does};
use crate::trace::{Delta, Flags, Order, What};

impl Node {
    pub(super) fn settle(
        &mut self,
        at: (ConnId, u16),
        tag: u32,
        multiple: bool,
        fate: Fate,
        ports: &mut Port<'_>,
    ) -> Checked {
        let Node { connections, scratch, .. } = self;
        let channel = connections.get_mut(&at.0).and_then(|connection| connection.channels.get_mut(&at.1));
        let Some(channel) = channel else { return Ok(()) };
        scratch.settled.clear();
        if !take(channel, tag, multiple, fate, &mut scratch.settled) {
            return error::unknown_tag(tag);
        }
        if channel.mode == Mode::Tx {
            channel.tx.settled.append(&mut scratch.settled);
            return Ok(());
        }
        self.fruitless = 0;
        self.settle_by_consumer(at, Because::INPUT, ports);
        Ok(())
    }

    /// Settles what is in `scratch.settled`, all in one way. Where it is of several consumers, a channel (since 3.8) tells the
    /// queues so consumer by consumer, by queue and tag, and each get by itself; gets come first. So what one consumer gives
    /// back may be handed out before the next one's is there.
    pub(super) fn settle_by_consumer(&mut self, at: (ConnId, u16), because: Because, ports: &mut Port<'_>) {
        let together = |(a, _): &(Unacked, Fate), (b, _): &(Unacked, Fate)| {
            (a.queue, a.consumer) == (b.queue, b.consumer) && a.consumer != Handle::NONE
        };
        // A limit for the whole channel is looked at when everything is settled.
        let limited = self.channel(at).is_some_and(|channel| channel.global > 0);
        let at_once = limited || self.config.version < Version::V3_10;
        if at_once || self.scratch.settled.windows(2).all(|pair| together(&pair[0], &pair[1])) {
            return self.carry_out_fates(at, because, ports);
        }
        let mut all = std::mem::take(&mut self.scratch.grouped);
        all.append(&mut self.scratch.settled);
        let queue = |unacked: &Unacked| self.queues.get(&unacked.queue);
        let of = |unacked: &Unacked| {
            let name = queue(unacked).map_or(Name::NONE, |queue| queue.spec.name);
            let consumer = queue(unacked).and_then(|queue| queue.classic.consumer(unacked.consumer));
            (name, unacked.consumer != Handle::NONE, consumer.map_or(Name::NONE, |consumer| consumer.tag))
        };
        all.sort_by(|(a, _), (b, _)| {
            let ((queue_a, consumes_a, tag_a), (queue_b, consumes_b, tag_b)) = (of(a), of(b));
            by_text(queue_a, queue_b, ports.names)
                .then(consumes_a.cmp(&consumes_b))
                .then_with(|| by_text(tag_a, tag_b, ports.names))
                .then(a.tag.cmp(&b.tag))
        });
        for group in all.chunk_by(together) {
            self.scratch.settled.extend_from_slice(group);
            self.carry_out_fates(at, because, ports);
        }
        all.clear();
        self.scratch.grouped = all;
    }

    /// Settles one delivery. Requeued ones are only noted here; the caller puts them back to their places.
    pub(super) fn carry_out_fate(
        &mut self,
        at: (ConnId, u16),
        unacked: &Unacked,
        fate: Fate,
        because: Because,
        ports: &mut Port<'_>,
    ) {
        let Unacked { queue: number, consumer, counted, item, place, .. } = *unacked;
        if counted {
            self.give_room(at);
        }
        let Some(queue) = self.queues.get_mut(&number) else { return };
        queue.out -= 1;
        if let Some(since) = queue.classic.consumers.settled(consumer) {
            self.scratch.rejoin.push((number, since, consumer));
        }
        let to = queue.place;
        if !std::mem::replace(&mut queue.runs, true) {
            self.scratch.run.push(number);
        }
        self.stir(number);
        let (rule, what) = match fate {
            Fate::Rejected => return self.discard(number, &item, place, Reason::Rejected, because, ports),
            Fate::Done => (rules::SETTLED, What::Settled),
            Fate::Again => (rules::REQUEUED, What::Requeued),
            Fate::Returned => (rules::CLOSE_REQUEUES, What::Requeued),
        };
        let shown = if fate.goes_back() { to } else { place };
        if ports.out.wanted.notes.has(what) {
            let message = self.contents[item.content].message.id;
            let note = Does::Note { what, place: shown, message, number: 1 };
            ports.out.push(rule, because, Self::need(&item), note);
        }
        if fate.goes_back() {
            let flags = item.flags.and(Flags::REDELIVERED);
            let order = Order::from(item.turn());
            ports.out.delta(|| Delta::Move { copy: item.copy, from: place, to, order, flags });
        } else {
            ports.out.delta(|| Delta::Remove { copy: item.copy, place });
            self.forget(number, &item);
        }
    }

    /// A delivery no longer counts against its channel's global limit: consumers that were set aside for it rejoin.
    fn give_room(&mut self, at: (ConnId, u16)) {
        let Some(channel) = self.channel_mut(at) else { return };
        let was_full = !channel.has_room();
        channel.open = channel.open.saturating_sub(1);
        if !was_full || !channel.has_room() {
            return;
        }
        self.unblock(at);
    }

    /// A channel has room: its consumers that were set aside for want of it are to rejoin.
    pub(super) fn unblock(&mut self, at: (ConnId, u16)) {
        let Node { connections, queues, scratch, .. } = self;
        let channel = connections.get(&at.0).and_then(|connection| connection.channels.get(&at.1));
        for (number, consumer) in channel.into_iter().flat_map(|channel| channel.consumers.values()) {
            let Some(queue) = queues.get_mut(number) else { continue };
            let Some(since) = queue.classic.consumers.aside_since(*consumer) else { continue };
            scratch.rejoin.push((*number, since, *consumer));
            if !std::mem::replace(&mut queue.runs, true) {
                scratch.run.push(*number);
            }
        }
    }

    /// Consumers that have room again rejoin at the back, in the order in which they were set aside (D88a).
    pub(super) fn rejoin(&mut self) {
        let Node { queues, scratch, .. } = self;
        scratch.rejoin.sort_unstable();
        for (number, _, consumer) in scratch.rejoin.drain(..) {
            if let Some(queue) = queues.get_mut(&number) {
                queue.classic.consumers.rejoin(consumer);
            }
        }
    }

    /// All unacknowledged deliveries of the channel go back (D32); the answer comes before they are handed out again.
    pub(super) fn recover(&mut self, at: (ConnId, u16), requeue: bool, ok: bool, ports: &mut Port<'_>) -> Checked {
        if !requeue {
            return error::not_implemented("requeue=false");
        }
        let Node { connections, scratch, .. } = self;
        let channel = connections.get_mut(&at.0).and_then(|connection| connection.channels.get_mut(&at.1));
        let Some(channel) = channel else { return Ok(()) };
        scratch.settled.clear();
        scratch.settled.extend(channel.unacked.drain().map(|unacked| (unacked, Fate::Again)));
        let mut because = Because::INPUT;
        if ok {
            because = self.answer(rules::RECOVERED, at, Method::BasicRecoverOk, ports);
        }
        self.settle_by_consumer(at, because, ports);
        Ok(())
    }

    /// Channels end: their consumers leave, and what they had not settled goes back to its queues. `None` for all
    /// channels of the connection.
    pub(super) fn retire_channels(&mut self, conn: ConnId, only: Option<u16>, because: Because, ports: &mut Port<'_>) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let mut left = std::mem::take(&mut self.scratch.left);
        self.scratch.settled.clear();
        let Node { queues, replies, scratch, .. } = self;
        let mut retire = |number: u16, channel: &mut Channel| {
            super::timeout::stop_looking(channel, (conn, number), because, ports);
            left.extend(channel.consumers.values());
            channel.consumers.clear();
            for (queue, holder) in channel.drawn.iter() {
                if let Some(queue) = queues.get_mut(queue) {
                    queue.holders.remove(*holder);
                }
            }
            channel.drawn.clear();
            if let Some(reply) = channel.reply.take() {
                replies.remove(&reply.address);
            }
            channel.tx.publishes.clear();
            channel.tx.queues.clear();
            channel.awaited = None;
            channel.held.clear();
            let all = channel.unacked.drain().chain(channel.tx.settled.drain(..).map(|(unacked, _)| unacked));
            let gone = |unacked| (Unacked { consumer: Handle::NONE, counted: false, ..unacked }, Fate::Returned);
            scratch.settled.extend(all.map(gone));
        };
        match only {
            Some(number) => {
                connection.channels.get_mut(&number).into_iter().for_each(|channel| retire(number, channel))
            }
            None => connection.channels.for_each_mut(retire),
        }
        // No two of a queue have the same place.
        self.scratch.settled.sort_unstable_by_key(|(unacked, _)| (unacked.queue, unacked.item.seq));
        left.sort_unstable();
        for (queue, consumer) in left.iter().copied() {
            self.lose_consumer(queue, consumer, because, ports);
        }
        left.dedup_by_key(|(queue, _)| *queue);
        for (queue, _) in left.drain(..) {
            if self.is_abandoned(queue) {
                self.bury_unacked(queue, because, ports);
                self.remove_queue(queue, rules::AUTO_DELETED, because, ports);
            }
            self.touch(queue, ports);
        }
        self.scratch.left = left;
        self.carry_out_fates((conn, 0), because, ports);
    }

    /// An auto-delete queue goes with its last consumer, whatever it holds (A66): also what its last consumer held, which
    /// is in `scratch.settled`, sorted by queue.
    fn bury_unacked(&mut self, queue: u32, because: Because, ports: &mut Port<'_>) {
        let settled = std::mem::take(&mut self.scratch.settled);
        let first = settled.partition_point(|(unacked, _)| unacked.queue < queue);
        for (unacked, _) in settled[first..].iter().take_while(|(unacked, _)| unacked.queue == queue) {
            let (rule, place) = (rules::AUTO_DELETED, unacked.place);
            ports.out.note(rule, because, What::Purged, place, crate::ids::Name::NONE, 1);
            ports.out.delta(|| Delta::Remove { copy: unacked.item.copy, place });
            self.release(unacked.item.content);
        }
        self.scratch.settled = settled;
    }
}

/// Takes the deliveries that a tag means from a channel; `false` where it means none (R11).
fn take(channel: &mut Channel, tag: u32, multiple: bool, fate: Fate, into: &mut Vec<(Unacked, Fate)>) -> bool {
    if multiple && tag == 0 {
        into.extend(channel.unacked.drain().map(|unacked| (unacked, fate)));
        return true;
    }
    if multiple {
        let known = channel.unacked.get(tag).is_some();
        if known {
            channel.unacked.take_to(tag, |unacked| into.push((unacked, fate)));
        }
        return known;
    }
    let taken = channel.unacked.remove(tag);
    into.extend(taken.map(|unacked| (unacked, fate)));
    taken.is_some()
}
