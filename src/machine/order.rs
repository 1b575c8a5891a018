//! What an operator asks of a running node, besides stopping it. A node that knows no such thing does nothing.

use crate::ids::{ConnId, Name};

/// What a node may be short of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Resource {
    /// Memory.
    Memory,
    /// Free space on its disk.
    Disk,
}

impl Resource {
    /// All, each with its word.
    pub const ALL: [(&'static str, Resource); 2] = [("memory", Resource::Memory), ("disk", Resource::Disk)];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Resource::Memory => "memory",
            Resource::Disk => "disk",
        }
    }
}

/// What an operator, or the machine that a node runs on, has for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// A resource runs low, or is there again.
    Alarm {
        /// Which.
        resource: Resource,
        /// Whether it runs low.
        on: bool,
    },
    /// A connection is to be closed.
    CloseConnection(ConnId),
    /// A virtual host is to be deleted with everything in it.
    DeleteVhost(Name),
}
