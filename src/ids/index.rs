//! Typed indices into the tables of a run.

use serde::{Deserialize, Serialize};

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident($int:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $int);

        impl $name {
            /// Stands for "no such thing".
            pub const NONE: Self = Self(<$int>::MAX);
            /// Whether it stands for something.
            #[inline]
            pub fn is_some(self) -> bool {
                self.0 != <$int>::MAX
            }
            /// The place in the table.
            #[inline]
            pub fn at(self) -> usize {
                self.0 as usize
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::NONE
            }
        }
    )*};
}

index! {
    /// A party of the run with a lane of its own: a client, a node, a node's disk, the lab itself.
    ActorId(u16);
    /// A TCP connection, numbered in the order of opening.
    ConnId(u32);
    /// One copy of a message, wherever it is; unique in a run.
    CopyId(u32);
    /// An event of the trace, by position.
    EventId(u32);
    /// A fault of the scenario, by position.
    FaultId(u16);
    /// A frame that was sent, by position among all frames.
    FrameId(u32);
    /// A disk operation, by position among all of the run.
    OpId(u32);
    /// A place where copies can be: a queue, a set of unacknowledged deliveries, a disk tier, a table.
    PlaceId(u32);
    /// A rule: the high byte is its table, the low byte its row.
    RuleId(u16);
    /// A kind of frame: the high byte is the system, the low byte the row of its vocabulary.
    VerbId(u16);
}

impl EventId {
    /// Its number for people, from 1. After step `n` of a run, the first `n` events have happened.
    pub fn step(self) -> u32 {
        self.0.saturating_add(1)
    }
}
