//! A queue of a node: what was declared, its messages and consumers, and its journal. One file per queue type.
//!
//! Not the deliveries in the channels' hands, and not the disk: the node moves messages between queue, channel and
//! journal.

pub mod arguments;
pub(in crate::amqp) mod check;
pub mod classic;
pub mod ready;
pub mod rotation;
#[cfg(test)]
mod tests;

pub use arguments::{Features, Overflow, Storage};
pub use classic::{Classic, Pick};
pub use ready::Item;
pub use rotation::{Consumer, Handle};

use super::config::QueueSpec;
use super::store::Journal;
use crate::ids::{ConnId, PlaceId};
use crate::mem::Chains;
use crate::units::Time;
use std::sync::Arc;

/// A queue.
#[derive(Debug)]
pub struct Queue {
    /// What was declared.
    pub spec: Arc<QueueSpec>,
    /// What its arguments ask for.
    pub features: Features,
    /// The connection that alone may use it; [`ConnId::NONE`] for all.
    pub owner: ConnId,
    /// Its messages and consumers.
    pub classic: Classic,
    /// What is on its way to the disk.
    pub journal: Journal,
    /// Its ready messages, for show.
    pub place: PlaceId,
    /// The channels that may have unacknowledged deliveries of it: one chain.
    pub holders: Chains<(ConnId, u16)>,
    /// How many unacknowledged deliveries it has.
    pub out: u32,
    /// When it looks at the time to live of its head; [`Time::NEVER`] where it does not.
    pub wakes: Time,
    /// When it goes for want of use; [`Time::NEVER`] where it does not.
    pub ends: Time,
    /// Whether the journal changed in this call.
    pub dirty: bool,
    /// Whether it is to hand out at the end of what is being done.
    pub runs: bool,
}

crate::clone_in_place!(Queue {
    spec,
    features,
    owner,
    classic,
    journal,
    place,
    holders,
    out,
    wakes,
    ends,
    dirty,
    runs
});

impl Queue {
    /// An empty queue.
    pub fn new(spec: Arc<QueueSpec>, features: Features, owner: ConnId, place: PlaceId) -> Queue {
        let mut classic = Classic::default();
        if features.single_active {
            classic.consumers.serve_one_at_a_time();
        }
        Queue {
            spec,
            features,
            owner,
            classic,
            journal: Journal::default(),
            place,
            holders: Chains::default(),
            out: 0,
            wakes: Time::NEVER,
            ends: Time::NEVER,
            dirty: false,
            runs: false,
        }
    }

    /// Whether a publish to it is answered only later: when it is written, or with a refusal.
    pub fn answers_later(&self, persistent: bool, size: u32) -> bool {
        persistent && self.spec.durable || self.has_no_room(size)
    }

    /// Whether a queue with so many messages and bytes is over its limits (R16).
    fn is_over(&self, messages: u64, bytes: u64) -> bool {
        let Features { max_length, max_bytes, .. } = self.features;
        max_length.is_some_and(|max| messages > max) || max_bytes.is_some_and(|max| bytes > max)
    }

    /// Whether it refuses a new message of this size (C15, C18, C19, E15).
    pub fn has_no_room(&self, size: u32) -> bool {
        self.features.overflow != Overflow::DropHead
            && self.is_over(self.classic.ready() as u64 + 1, self.classic.bytes() + u64::from(size))
    }

    /// Whether it is to drop the message at its head (E11, E34).
    pub fn has_too_many(&self) -> bool {
        self.features.overflow == Overflow::DropHead && self.is_over(self.classic.ready() as u64, self.classic.bytes())
    }

    /// Whether messages leave it only by being taken: it has no limits, and nothing in it expires.
    #[inline]
    pub fn keeps_all(&self) -> bool {
        let Features { max_length, max_bytes, .. } = self.features;
        max_length.is_none() && max_bytes.is_none() && !self.classic.is_timed() && self.wakes == Time::NEVER
    }

    /// Whether it belongs to one connection alone.
    pub fn is_exclusive(&self) -> bool {
        self.owner.is_some()
    }
}
