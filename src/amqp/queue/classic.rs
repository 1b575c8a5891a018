//! A classic queue: ready messages in the order of their places, and consumers in rotation (R9, R12). Pure: it knows
//! nothing of connections, names or disks.
//!
//! Not the unacknowledged deliveries: the channels hold them and give them back with [`Classic::requeue`].

use crate::ids::{ConnId, CopyId, Name, PlaceId};
use crate::mem::Slab;
use crate::trace::Flags;
use crate::units::Time;
use std::collections::VecDeque;

/// A message in a queue, or delivered from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Item {
    /// Its place: messages are handed out in ascending order.
    pub seq: u32,
    /// Its content, for the queue's owner.
    pub content: u32,
    /// Which copy it is, for show.
    pub copy: CopyId,
    /// Whether it was handed out before, and whether it is on disk.
    pub flags: Flags,
    /// Bytes of its body.
    pub size: u32,
    /// When its time to live is over; [`Time::NEVER`] where it has none.
    pub deadline: Time,
}

impl Item {
    fn is_timed(&self) -> bool {
        self.deadline != Time::NEVER
    }
}

/// A consumer of a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Consumer {
    /// Its connection.
    pub conn: ConnId,
    /// Its channel.
    pub channel: u16,
    /// Its tag, unique on the channel.
    pub tag: Name,
    /// Whether deliveries count as settled at once.
    pub no_ack: bool,
    /// Whether it wants the queue for itself.
    pub exclusive: bool,
    /// Higher ones are served first.
    pub priority: i32,
    /// At most this many unacknowledged deliveries; 0 for no limit.
    pub limit: u32,
    /// How many it has.
    pub open: u32,
    /// Whether it was found without room and waits outside the rotation.
    pub aside: bool,
    /// Its unacknowledged deliveries, for show.
    pub place: PlaceId,
}

impl Consumer {
    fn is_full(&self) -> bool {
        !self.no_ack && self.limit > 0 && self.open >= self.limit
    }
}

/// What the next step of handing out is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pick {
    /// Nothing to hand out, or nobody to take it.
    Nothing,
    /// This consumer had no room and was set aside; there may be others.
    Aside(u32),
    /// This consumer gets this message.
    Give(u32, Item),
}

/// Messages and consumers.
#[derive(Debug, Default)]
pub struct Classic {
    /// Never handed out, ascending.
    fresh: VecDeque<Item>,
    /// Handed out and back, descending, so that the next is at the end.
    returned: Vec<Item>,
    next: u32,
    consumers: Slab<Consumer>,
    /// The rotation: by descending priority, then by turn.
    rotation: VecDeque<u32>,
    /// Those that were set aside, in the order in which they were.
    aside: Vec<u32>,
    /// Bytes of the bodies of the ready messages.
    bytes: u64,
    /// How many ready messages have a deadline.
    timed: u32,
}

crate::clone_in_place!(Classic { fresh, returned, next, consumers, rotation, aside, bytes, timed });

impl Classic {
    /// Puts a new message at the end; gives its place, whatever place the message says.
    pub fn push(&mut self, item: Item) -> u32 {
        let seq = self.next;
        self.next += 1;
        self.count(&item);
        self.fresh.push_back(Item { seq, ..item });
        seq
    }

    fn count(&mut self, item: &Item) {
        self.bytes += u64::from(item.size);
        self.timed += u32::from(item.is_timed());
    }

    /// Bytes of the bodies of the ready messages.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether a ready message has a deadline.
    pub fn is_timed(&self) -> bool {
        self.timed > 0
    }

    /// Puts back what a disk still held, in ascending order of places.
    pub fn restore(&mut self, item: Item) {
        self.next = self.next.max(item.seq + 1);
        self.count(&item);
        self.fresh.push_back(item);
    }

    /// Puts a message back to its place (R12). Cheapest in descending order of places.
    pub fn requeue(&mut self, item: Item) {
        let at = self.returned.partition_point(|other| other.seq > item.seq);
        self.count(&item);
        self.returned.insert(at, item);
    }

    /// The message at the head.
    pub fn head(&self) -> Option<&Item> {
        match (self.returned.last(), self.fresh.front()) {
            (Some(r), Some(f)) => Some(if r.seq < f.seq { r } else { f }),
            (r, f) => r.or(f),
        }
    }

    /// Takes the message at the head.
    pub fn pop(&mut self) -> Option<Item> {
        let head = self.head()?.seq;
        let item = if self.returned.last().is_some_and(|item| item.seq == head) {
            self.returned.pop()
        } else {
            self.fresh.pop_front()
        }?;
        self.bytes -= u64::from(item.size);
        self.timed -= u32::from(item.is_timed());
        Some(item)
    }

    /// Keeps the ready messages that `keep` wants, in no particular order, and lets it change their flags.
    pub fn retain(&mut self, mut keep: impl FnMut(&mut Item) -> bool) {
        let (mut bytes, mut timed) = (0, 0);
        let mut keep = |item: &mut Item| {
            let kept = keep(item);
            bytes += u64::from(kept) * u64::from(item.size);
            timed += u32::from(kept && item.is_timed());
            kept
        };
        self.returned.retain_mut(&mut keep);
        self.fresh.retain_mut(&mut keep);
        (self.bytes, self.timed) = (bytes, timed);
    }

    /// Its consumers have no unacknowledged delivery any more; those that were set aside rejoin.
    pub fn free_consumers(&mut self) {
        self.consumers.iter_mut().for_each(|(_, consumer)| consumer.open = 0);
        while let Some(&index) = self.aside.first() {
            self.rejoin(index);
        }
    }

    /// How many places were given since this one.
    pub fn behind(&self, seq: u32) -> u32 {
        self.next - seq
    }

    /// How many messages are ready.
    pub fn ready(&self) -> usize {
        self.fresh.len() + self.returned.len()
    }

    /// The ready messages in order.
    pub fn iter(&self) -> impl Iterator<Item = &Item> {
        let mut fresh = self.fresh.iter().peekable();
        let mut returned = self.returned.iter().rev().peekable();
        std::iter::from_fn(move || match (returned.peek(), fresh.peek()) {
            (Some(r), Some(f)) if r.seq < f.seq => returned.next(),
            (Some(_), None) => returned.next(),
            _ => fresh.next(),
        })
    }

    /// The ready messages, in no particular order, to change their flags.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Item> {
        self.returned.iter_mut().chain(self.fresh.iter_mut())
    }

    /// Adds a consumer at the back of the rotation.
    pub fn subscribe(&mut self, consumer: Consumer) -> u32 {
        let index = self.consumers.insert(consumer);
        self.join(index);
        index
    }

    /// Takes a consumer out.
    pub fn unsubscribe(&mut self, index: u32) -> Option<Consumer> {
        let gone = self.consumers.remove(index)?;
        self.rotation.retain(|other| *other != index);
        self.aside.retain(|other| *other != index);
        Some(gone)
    }

    /// A consumer.
    pub fn consumer(&self, index: u32) -> Option<&Consumer> {
        self.consumers.get(index)
    }

    /// All consumers, in no particular order.
    pub fn consumers(&self) -> impl Iterator<Item = (u32, &Consumer)> {
        self.consumers.iter()
    }

    /// The consumers in the rotation in the order of their turns, then those aside.
    pub fn turns(&self) -> impl Iterator<Item = &Consumer> {
        self.rotation.iter().chain(&self.aside).map(|index| &self.consumers[*index])
    }

    /// How many consumers there are.
    pub fn consumer_count(&self) -> usize {
        self.consumers.len()
    }

    /// A consumer settled a delivery, so it has room again; one that was set aside rejoins at the back.
    pub fn settled(&mut self, index: u32) {
        let Some(consumer) = self.consumers.get_mut(index) else { return };
        consumer.open = consumer.open.saturating_sub(1);
        if consumer.aside && !consumer.is_full() {
            self.rejoin(index);
        }
    }

    /// A channel has room again: its consumers that were set aside rejoin at the back.
    pub fn unblock(&mut self, conn: ConnId, channel: u16) {
        let mut at = 0;
        while let Some(&index) = self.aside.get(at) {
            let consumer = &self.consumers[index];
            if consumer.conn == conn && consumer.channel == channel && !consumer.is_full() {
                self.rejoin(index);
            } else {
                at += 1;
            }
        }
    }

    fn rejoin(&mut self, index: u32) {
        self.consumers[index].aside = false;
        self.aside.retain(|other| *other != index);
        self.join(index);
    }

    /// At the back of those with the same priority.
    fn join(&mut self, index: u32) {
        let priority = self.consumers[index].priority;
        let behind = |other: &u32| self.consumers[*other].priority >= priority;
        match self.rotation.back() {
            Some(last) if !behind(last) => {
                let at = self.rotation.iter().rposition(behind).map_or(0, |at| at + 1);
                self.rotation.insert(at, index);
            }
            _ => self.rotation.push_back(index),
        }
    }

    /// The next step of handing out; `has_room` tells whether a consumer's channel has room (a global prefetch limit).
    #[inline]
    pub fn pick(&mut self, has_room: impl FnOnce(&Consumer) -> bool) -> Pick {
        if self.ready() == 0 {
            return Pick::Nothing;
        }
        let Some(index) = self.rotation.pop_front() else { return Pick::Nothing };
        let consumer = &mut self.consumers[index];
        if consumer.is_full() || !consumer.no_ack && !has_room(consumer) {
            consumer.aside = true;
            self.aside.push(index);
            return Pick::Aside(index);
        }
        consumer.open += u32::from(!consumer.no_ack);
        self.join(index);
        self.pop().map_or(Pick::Nothing, |item| Pick::Give(index, item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn consumer(n: u32, limit: u32) -> Consumer {
        Consumer {
            conn: ConnId(n),
            channel: 1,
            tag: Name::EMPTY,
            no_ack: false,
            exclusive: false,
            priority: 0,
            limit,
            open: 0,
            aside: false,
            place: PlaceId::NONE,
        }
    }

    fn item() -> Item {
        Item { seq: 0, content: 0, copy: CopyId(0), flags: Flags(0), size: 0, deadline: Time::NEVER }
    }

    fn push(queue: &mut Classic) {
        queue.push(item());
    }

    /// Hands out everything that can be; gives (connection, place) of each.
    fn run(queue: &mut Classic, items: &mut Vec<(u32, Item)>) -> Vec<(u32, u32)> {
        let mut given = Vec::new();
        loop {
            match queue.pick(|_| true) {
                Pick::Nothing => return given,
                Pick::Aside(_) => {}
                Pick::Give(index, item) => {
                    given.push((queue.consumer(index).unwrap().conn.0, item.seq));
                    items.push((index, item));
                }
            }
        }
    }

    #[test]
    fn consumers_take_turns_in_the_order_of_joining() {
        let mut queue = Classic::default();
        for n in 1..=3 {
            queue.subscribe(consumer(n, 0));
        }
        let mut items = Vec::new();
        (0..6).for_each(|_| push(&mut queue));
        let turns: Vec<u32> = run(&mut queue, &mut items).into_iter().map(|(conn, _)| conn).collect();
        assert_eq!(turns, [1, 2, 3, 1, 2, 3], "D02");
    }

    #[test]
    fn consumers_at_their_limit_keep_their_turn_until_a_delivery_is_attempted() {
        // D87a: t1, t2, t3 with prefetch 1 are busy, nothing was attempted; acks in any order keep t1, t2, t3.
        let mut queue = Classic::default();
        for n in 1..=3 {
            queue.subscribe(consumer(n, 1));
        }
        let mut items = Vec::new();
        for _ in 0..3 {
            push(&mut queue);
            run(&mut queue, &mut items);
        }
        for index in [2, 0, 1] {
            queue.settled(index);
        }
        (0..3).for_each(|_| push(&mut queue));
        let turns: Vec<u32> = run(&mut queue, &mut items).into_iter().map(|(conn, _)| conn).collect();
        assert_eq!(turns, [1, 2, 3]);
    }

    #[test]
    fn consumers_that_were_set_aside_rejoin_in_the_order_of_their_acks() {
        // D88a: t2, t1, t3 ack in this order after a delivery was attempted to all of them.
        let mut queue = Classic::default();
        for n in 1..=3 {
            queue.subscribe(consumer(n, 1));
        }
        let mut items = Vec::new();
        (0..4).for_each(|_| push(&mut queue));
        run(&mut queue, &mut items);
        queue.settled(1);
        assert_eq!(run(&mut queue, &mut items), [(2, 3)]);
        for index in [1, 0, 2] {
            queue.settled(index);
        }
        (0..3).for_each(|_| push(&mut queue));
        let turns: Vec<u32> = run(&mut queue, &mut items).into_iter().map(|(conn, _)| conn).collect();
        assert_eq!(turns, [2, 1, 3]);
    }

    #[test]
    fn higher_priorities_are_served_first_while_they_have_room() {
        // D34.
        let mut queue = Classic::default();
        queue.subscribe(consumer(1, 2));
        queue.subscribe(Consumer { priority: 10, ..consumer(2, 2) });
        let mut items = Vec::new();
        (0..6).for_each(|_| push(&mut queue));
        let turns: Vec<u32> = run(&mut queue, &mut items).into_iter().map(|(conn, _)| conn).collect();
        assert_eq!(turns, [2, 2, 1, 1]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Against the simplest model: a sorted list of ready places. Every message is in exactly one place, no
        /// consumer has more than its limit, and the head is always the lowest place.
        #[test]
        fn a_queue_behaves_like_a_sorted_list(
            limits in prop::collection::vec(0u32..4, 1..4),
            steps in prop::collection::vec((0u8..4, any::<prop::sample::Index>()), 0..120),
        ) {
            let mut queue = Classic::default();
            let mut ready: Vec<u32> = Vec::new();
            let mut out: Vec<(u32, Item)> = Vec::new();
            let mut open = vec![0u32; limits.len()];
            for (n, limit) in limits.iter().enumerate() {
                queue.subscribe(consumer(n as u32, *limit));
            }
            for (step, which) in steps {
                match step {
                    0 | 1 => ready.push(queue.push(item())),
                    2 if !out.is_empty() => {
                        let (index, _) = out.remove(which.index(out.len()));
                        open[index as usize] -= 1;
                        queue.settled(index);
                    }
                    3 if !out.is_empty() => {
                        let (index, item) = out.remove(which.index(out.len()));
                        open[index as usize] -= 1;
                        let at = ready.partition_point(|seq| *seq < item.seq);
                        ready.insert(at, item.seq);
                        queue.requeue(item);
                        queue.settled(index);
                    }
                    _ => {}
                }
                let before = out.len();
                let given = run(&mut queue, &mut out);
                for ((_, seq), (index, _)) in given.iter().zip(&out[before..]) {
                    prop_assert_eq!(*seq, ready.remove(0));
                    open[*index as usize] += 1;
                    let limit = limits[*index as usize];
                    prop_assert!(limit == 0 || open[*index as usize] <= limit);
                }
                let model: Vec<u32> = ready.clone();
                let real: Vec<u32> = queue.iter().map(|item| item.seq).collect();
                prop_assert_eq!(real, model);
                // Nothing waits while somebody has room.
                let room = limits.iter().zip(&open).any(|(limit, open)| *limit == 0 || open < limit);
                prop_assert!(ready.is_empty() || !room);
            }
        }
    }
}
