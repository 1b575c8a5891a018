//! A classic queue: ready messages in the order of their turns (`ready`), and consumers in rotation (`rotation`). Pure:
//! it knows nothing of connections, names or disks.
//!
//! Not the unacknowledged deliveries: the channels hold them and give them back with [`Classic::requeue`].

use super::ready::{Item, Ready};
use super::rotation::{Consumer, Handle, Rotation, Turn};

/// What the next step of handing out is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pick {
    /// Nothing to hand out, or nobody to take it.
    Nothing,
    /// This consumer had no room and was set aside; there may be others.
    Aside(Handle),
    /// This consumer gets this message.
    Give(Handle, Item),
}

/// Messages and consumers.
#[derive(Debug, Default)]
pub struct Classic {
    ready: Ready,
    /// Places so far.
    next: u32,
    /// Its consumers.
    pub consumers: Rotation,
}

crate::clone_in_place!(Classic { ready, next, consumers });

impl Classic {
    /// Puts a new message behind all of its rank; gives its place, whatever place the message says.
    pub fn push(&mut self, item: Item) -> u32 {
        let seq = self.next;
        self.next += 1;
        self.ready.put(Item { seq, ..item });
        seq
    }

    /// Puts back what a disk still held. Cheapest in the order of turns.
    pub fn restore(&mut self, item: Item) {
        self.next = self.next.max(item.seq + 1);
        self.ready.put(item);
    }

    /// Puts a message back to its place (R12).
    pub fn requeue(&mut self, item: Item) {
        self.ready.put(item);
    }

    /// Takes the message at the head.
    pub fn pop(&mut self) -> Option<Item> {
        self.ready.pop()
    }

    /// The message at the head.
    pub fn head(&self) -> Option<&Item> {
        self.ready.head()
    }

    /// How many messages are ready.
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Bytes of the bodies of the ready messages.
    pub fn bytes(&self) -> u64 {
        self.ready.bytes()
    }

    /// Whether a ready message has a deadline.
    pub fn is_timed(&self) -> bool {
        self.ready.is_timed()
    }

    /// Keeps the ready messages that `keep` wants, in no particular order, and lets it change their flags.
    pub fn retain(&mut self, keep: impl FnMut(&mut Item) -> bool) {
        self.ready.retain(keep);
    }

    /// Its consumers have no unacknowledged delivery any more; those that were set aside rejoin.
    pub fn free_consumers(&mut self) {
        self.consumers.free();
    }

    /// How many places were given since this one.
    pub fn behind(&self, seq: u32) -> u32 {
        self.next - seq
    }

    /// The ready messages, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Item> {
        self.ready.in_order().chain(self.ready.out_of_order())
    }

    /// The ready messages that came in the order of their turns, in order; and the others, in no particular order.
    pub fn parts(&self) -> (impl Iterator<Item = &Item>, impl Iterator<Item = &Item>) {
        (self.ready.in_order(), self.ready.out_of_order())
    }

    /// Adds a consumer at the back of the rotation.
    pub fn subscribe(&mut self, consumer: Consumer) -> Handle {
        self.consumers.subscribe(consumer)
    }

    /// Takes a consumer out.
    pub fn unsubscribe(&mut self, handle: Handle) -> Option<Consumer> {
        self.consumers.unsubscribe(handle)
    }

    /// A consumer.
    pub fn consumer(&self, handle: Handle) -> Option<&Consumer> {
        self.consumers.get(handle)
    }

    /// The consumers in the rotation in the order of their turns, then those aside.
    pub fn turns(&self) -> impl Iterator<Item = &Consumer> {
        self.consumers.turns()
    }

    /// How many consumers there are.
    pub fn consumer_count(&self) -> usize {
        self.consumers.len()
    }

    /// The next step of handing out; `has_room` tells whether a consumer's channel has room (a global prefetch limit).
    #[inline]
    pub fn pick(&mut self, has_room: impl FnOnce(&Consumer) -> bool) -> Pick {
        if self.ready.is_empty() {
            return Pick::Nothing;
        }
        match self.consumers.turn(has_room) {
            Turn::Nobody => Pick::Nothing,
            Turn::Aside(handle) => Pick::Aside(handle),
            Turn::Of(handle) => self.pop().map_or(Pick::Nothing, |item| Pick::Give(handle, item)),
        }
    }
}
