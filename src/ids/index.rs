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

/// The row of a table that has this name, for the low byte of an id; evaluated while the program is compiled.
///
/// # Panics
/// Where there is no such row among the first 256: the program then does not compile.
pub const fn row_of(rows: &[&str], name: &str) -> u16 {
    let mut row = 0;
    while row < rows.len() && row <= u8::MAX as usize {
        if same(rows[row].as_bytes(), name.as_bytes()) {
            return row as u16;
        }
        row += 1;
    }
    panic!("no row of this name among the first 256")
}

/// Equality that can be evaluated while the program is compiled.
const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_found_by_its_whole_name() {
        assert_eq!([row_of(&["A", "AB", "B"], "A"), row_of(&["A", "AB", "B"], "AB")], [0, 1]);
        assert_eq!(row_of(&["A", "AB", "B"], "B"), 2);
    }
}
