//! Typed changes of the observable state. Never a snapshot: applying them in order is the state.

use crate::ids::{ActorId, CopyId, Name, PlaceId};
use serde::{Deserialize, Serialize};

/// Where in its place a copy stands; places are shown in ascending order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Order {
    high: u32,
    low: u32,
}

impl From<u64> for Order {
    fn from(n: u64) -> Self {
        Order { high: (n >> 32) as u32, low: n as u32 }
    }
}

impl From<Order> for u64 {
    fn from(o: Order) -> u64 {
        (u64::from(o.high) << 32) | u64::from(o.low)
    }
}

/// Properties of a copy.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Flags(pub u8);

impl Flags {
    /// It was handed out before, or came back from a disk.
    pub const REDELIVERED: Flags = Flags(1);
    /// It is meant to survive a restart.
    pub const PERSISTENT: Flags = Flags(2);

    /// This set if `condition` holds, else the empty one.
    pub fn when(self, condition: bool) -> Flags {
        if condition { self } else { Flags(0) }
    }
    /// Both sets together.
    pub fn and(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
    /// Whether all of `other` is in it.
    pub fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What a producer believes about a message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Belief {
    /// Handed to the network, no answer asked for.
    Sent,
    /// Answered: yes.
    Confirmed,
    /// Answered: no; or returned; or an error.
    Refused,
    /// Asked, and no answer came (yet).
    Unknown,
}

/// One change of the observable state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delta {
    /// A copy appears.
    Put {
        /// Where.
        place: PlaceId,
        /// Which.
        copy: CopyId,
        /// Of which message.
        message: Name,
        /// Where in the place.
        order: Order,
        /// Its properties.
        flags: Flags,
    },
    /// A copy goes from one place to another, or to another position.
    Move {
        /// Which.
        copy: CopyId,
        /// From where.
        from: PlaceId,
        /// To where.
        to: PlaceId,
        /// Where in the new place.
        order: Order,
        /// Its properties from now on.
        flags: Flags,
    },
    /// A copy is no more.
    Remove {
        /// Which.
        copy: CopyId,
        /// Where it was.
        place: PlaceId,
    },
    /// All copies of a place are no more.
    Clear {
        /// Which place.
        place: PlaceId,
    },
    /// A number of an actor changes; zero is the same as never set.
    Set {
        /// Whose.
        actor: ActorId,
        /// Which.
        gauge: Name,
        /// The new value.
        value: i64,
    },
    /// A producer's belief changes.
    Believe {
        /// Whose.
        actor: ActorId,
        /// About which message.
        message: Name,
        /// The new belief.
        belief: Belief,
    },
}
