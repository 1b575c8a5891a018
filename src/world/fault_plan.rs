//! The faults of a plan: what each does, and when.
//!
//! Not what comes of them: `faults` and `troubles` carry them out.

use crate::ids::{ActorId, Name, VerbId};
use crate::machine::Resource;
use crate::sim::Spread;
use crate::units::{Ratio, Span, Time};

/// A fault.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    /// Its name.
    pub name: String,
    /// What it does.
    pub what: FaultKind,
    /// When.
    pub when: Trigger,
    /// How likely it strikes when its moment comes.
    pub chance: Ratio,
    /// How often it strikes at most; 0 is without a limit.
    pub times: u32,
}

impl FaultPlan {
    /// Whether it strikes for certain when its moment comes.
    pub fn is_certain(&self) -> bool {
        self.chance == Ratio::ONE && self.when != Trigger::Drawn
    }
}

/// What strikes at random intervals: one of several faults each time, all equally likely.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Nemesis {
    /// From when on.
    pub from: Time,
    /// Until when.
    pub until: Time,
    /// From one strike to the next, and to the first.
    pub every: Spread,
    /// The first of its faults, by its place in the plan.
    pub first: u16,
    /// How many there are.
    pub count: u16,
}

/// One way between a client and its node, in one direction or both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Road {
    /// The client.
    pub client: ActorId,
    /// Whether the direction to the client is concerned.
    pub to_client: bool,
    /// Whether the direction to the node is concerned.
    pub to_node: bool,
}

/// Some of the ways in [`super::plan::Plan::roads`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Roads {
    /// The first.
    pub first: u32,
    /// How many.
    pub count: u32,
}

/// What a fault does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultKind {
    /// Breaks the connections between a client and a node off.
    Cut {
        /// The client.
        client: ActorId,
        /// The node.
        node: ActorId,
        /// Whether what is under way to the client is lost.
        losing_to_client: bool,
        /// Whether what is under way to the node is lost.
        losing_to_node: bool,
        /// Whether nobody is told: no reset is sent, and what is sent from then on is lost.
        half_open: bool,
    },
    /// Kills a process; its kernel closes its connections.
    Kill {
        /// Whose process.
        actor: ActorId,
        /// After how long it is started again.
        restart: Option<Span>,
    },
    /// Cuts the power of a node's machine: nobody is told, and the page cache is gone.
    PowerLoss {
        /// The node.
        node: ActorId,
        /// After how long it is started again.
        restart: Option<Span>,
        /// Whether part of what was not synced had been written back, the last record incompletely.
        torn: bool,
    },
    /// Asks a process to stop in order.
    Stop {
        /// Whose process.
        actor: ActorId,
        /// After how long it is started again.
        restart: Option<Span>,
    },
    /// Lets a process stand still.
    Pause {
        /// Whose process.
        actor: ActorId,
        /// For how long.
        lasts: Span,
    },
    /// A node is short of something.
    Alarm {
        /// The node.
        node: ActorId,
        /// Of what.
        resource: Resource,
        /// For how long.
        lasts: Span,
    },
    /// The operator closes the connections of a client.
    CloseConnections {
        /// The client.
        client: ActorId,
        /// The node that is told to.
        node: ActorId,
    },
    /// The operator deletes a virtual host.
    DeleteVhost {
        /// The node.
        node: ActorId,
        /// The virtual host.
        vhost: Name,
    },
    /// Lets a node's disk do badly.
    Disk {
        /// The node.
        node: ActorId,
        /// What is wrong with it.
        how: DiskFault,
        /// For how long.
        lasts: Span,
    },
    /// Lets ways between clients and nodes do badly.
    Link {
        /// Which.
        roads: Roads,
        /// What is wrong with them.
        how: LinkFault,
        /// For how long.
        lasts: Span,
    },
    /// A link that is lossy from the beginning. It is told, so that nobody takes it for TCP.
    Lossy {
        /// The client at its end.
        client: ActorId,
    },
}

/// What can be wrong with a disk for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DiskFault {
    /// Every operation fails.
    Fails,
    /// Writes fail for want of room; syncs work.
    Full,
    /// Nothing completes before the fault is over.
    Stalls,
    /// A sync returns at once and does nothing.
    Lies,
    /// Operations take longer.
    Slow {
        /// So many times as long.
        factor: u32,
        /// How long a write takes instead.
        write: Option<Spread>,
        /// How long a sync takes instead.
        fsync: Option<Spread>,
    },
}

/// What can be wrong with a link for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkFault {
    /// Nothing arrives. TCP sends it again when the fault is over.
    BlackHole,
    /// The same, between two groups of parties.
    Partition,
    /// It is slower.
    Slow {
        /// The latency instead.
        latency: Option<Spread>,
        /// Bytes a second instead.
        bandwidth: Option<u64>,
    },
}

/// Which of the times that its moment comes a fault strikes at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Turn {
    /// The first, from 1.
    pub nth: u32,
    /// Again with each so-manieth after it; 0 is never again.
    pub every: u32,
}

impl Turn {
    /// The one with this number alone.
    pub fn only(nth: u32) -> Turn {
        Turn { nth, every: 0 }
    }
    /// Whether the time with this number, from 1, is one of them.
    pub fn has(self, seen: u32) -> bool {
        match self.every {
            0 => seen == self.nth,
            every => seen >= self.nth && (seen - self.nth).is_multiple_of(every),
        }
    }
}

/// When a fault strikes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trigger {
    /// At a point in time.
    At {
        /// When.
        time: Time,
        /// From one strike to the next; `None` for once.
        every: Option<Span>,
    },
    /// When a [`Nemesis`] draws it.
    Drawn,
    /// At the point of the run that the world was told; never if it was told none. A scenario cannot say it: it is for
    /// searches, see `World::strike_at`.
    Told,
    /// As a frame is handed to the network: the frame is on its way, and is lost if what is under way is lost.
    Sending(FrameMatch),
    /// As a frame arrives, just before it is taken in.
    Arriving(FrameMatch),
    /// As a node's disk begins a sync.
    BeforeSync {
        /// The node.
        node: ActorId,
        /// Only a sync that would make this message durable; [`Name::NONE`] for any.
        covers: Name,
        /// The how manieth.
        nth: Turn,
    },
    /// When a message's record has reached the page cache.
    Written {
        /// The node.
        node: ActorId,
        /// The message; [`Name::NONE`] for any.
        message: Name,
        /// The how manieth.
        nth: Turn,
    },
    /// When a sync that made a message durable is done.
    Synced {
        /// The node.
        node: ActorId,
        /// The message; [`Name::NONE`] for any.
        message: Name,
        /// The how manieth.
        nth: Turn,
    },
    /// When a consumer has completed its work, effect included, and has not yet settled.
    Worked {
        /// The consumer.
        client: ActorId,
        /// The message; [`Name::NONE`] for any.
        message: Name,
        /// The how manieth.
        nth: Turn,
    },
    /// When a delivery has reached a consumer and before it works on it.
    Received {
        /// The consumer.
        client: ActorId,
        /// The message; [`Name::NONE`] for any.
        message: Name,
        /// The how manieth.
        nth: Turn,
    },
}

impl Trigger {
    /// Which of the times that its moment comes; `None` for what is no moment that is waited for.
    pub fn turn(&self) -> Option<Turn> {
        match *self {
            Trigger::At { .. } | Trigger::Drawn | Trigger::Told => None,
            Trigger::Sending(frame) | Trigger::Arriving(frame) => Some(frame.nth),
            Trigger::BeforeSync { nth, .. } | Trigger::Written { nth, .. } | Trigger::Synced { nth, .. } => Some(nth),
            Trigger::Worked { nth, .. } | Trigger::Received { nth, .. } => Some(nth),
        }
    }
}

/// Which frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameMatch {
    /// What kind: up to two rows of the vocabulary, since one method can have two uses; [`VerbId::NONE`] twice for
    /// any.
    pub verbs: [VerbId; 2],
    /// Sent by whom; [`ActorId::NONE`] for anybody.
    pub from: ActorId,
    /// Sent to whom; [`ActorId::NONE`] for anybody.
    pub to: ActorId,
    /// Carrying or about which message; [`Name::NONE`] for any.
    pub message: Name,
    /// The how manieth of these.
    pub nth: Turn,
}
