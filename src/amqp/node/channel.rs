//! What a node knows of a channel and of a connection: tags, unacknowledged deliveries, consumers, confirms,
//! transaction; stage of the handshake, signs of life.
//!
//! Not the methods: those are in the neighbours, one file per group.

use super::alarm::Throttle;
use crate::amqp::access::Capabilities;
use crate::amqp::method::{Method, Tune};
use crate::amqp::queue::{Handle, Item};
use crate::amqp::sparse::Sparse;
use crate::ids::{ConnId, Name, PlaceId, RuleId};
use crate::machine::Message;
use crate::mem::{ReuseMap, VecMap};
use crate::units::Time;
use std::collections::VecDeque;

/// Stands for a queue that is gone.
pub(super) const GONE: u32 = u32::MAX;

/// A delivery that is not settled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unacked {
    pub(super) tag: u32,
    /// The queue's number; [`GONE`] where it was deleted since.
    pub(super) queue: u32,
    /// The consumer in the queue, which may have left since; [`Handle::NONE`] for a get.
    pub(super) consumer: Handle,
    /// Whether it counts against the channel's prefetch limit.
    pub(super) counted: bool,
    /// When it was handed out.
    pub(super) since: Time,
    pub(super) item: Item,
    pub(super) place: PlaceId,
}

/// A publish that waits for its queues.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) number: u32,
    pub(super) queues: u32,
    /// Which message it is, for show.
    pub(super) message: Name,
}

/// Confirms of a channel.
#[derive(Debug, Default)]
pub(super) struct Confirms {
    pub(super) last: u32,
    /// By number.
    pub(super) pending: Sparse<Pending>,
    /// Outcomes of this call, not yet sent.
    pub(super) done: Vec<(u32, Name)>,
    pub(super) refused: Vec<(u32, Name)>,
    /// The rule of the outcomes in `done`.
    pub(super) rule: RuleId,
}

crate::clone_in_place!(Confirms { last, pending, done, refused, rule });

impl Fate {
    /// Whether it goes back to its queue.
    pub(super) fn goes_back(self) -> bool {
        matches!(self, Fate::Again | Fate::Returned)
    }
}

/// What a delivery becomes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    Done,
    Again,
    /// Back to its queue because its channel ended.
    Returned,
    Rejected,
}

/// A publish that was checked.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) exchange: Name,
    pub(super) key: Name,
    pub(super) mandatory: bool,
    pub(super) message: Message,
}

/// A publish of a transaction. It was routed when it came in.
#[derive(Clone, Debug)]
pub(super) struct Promised {
    pub(super) held: Held,
    /// So many of the names in [`Tx::queues`] are its.
    pub(super) queues: u32,
    /// Under which rule it goes into them.
    pub(super) stored: RuleId,
}

/// A transaction that is not committed.
#[derive(Debug, Default)]
pub(super) struct Tx {
    pub(super) publishes: Vec<Promised>,
    /// Where they are routed to, one after the other.
    pub(super) queues: Vec<Name>,
    pub(super) settled: Vec<(Unacked, Fate)>,
}

crate::clone_in_place!(Tx { publishes, queues, settled });

/// An answer that waits for the disk.
#[derive(Clone, Debug)]
pub(super) struct Awaited {
    /// How many syncs are still missing.
    pub(super) missing: u32,
    /// Whether one of them failed or was refused.
    pub(super) refused: bool,
    pub(super) answer: Option<Method>,
    pub(super) rule: RuleId,
}

/// The consumer of direct replies of a channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reply {
    /// Its consumer tag.
    pub(super) tag: Name,
    /// The address that requests carry.
    pub(super) address: Name,
}

/// Whether a channel publishes in a special mode.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Mode {
    #[default]
    Plain,
    Confirm,
    Tx,
}

/// A channel.
#[derive(Debug, Default)]
pub(super) struct Channel {
    /// Closed by the node; everything is discarded until the client agrees (R1).
    pub(super) closing: bool,
    /// Unique among the channels that this node opened; 0 while closing.
    pub(super) serial: u32,
    pub(super) mode: Mode,
    pub(super) last_tag: u32,
    /// By delivery tag.
    pub(super) unacked: Sparse<Unacked>,
    /// When the channel is looked at for a delivery that was never settled; `None` where it is not.
    pub(super) looks: Option<Time>,
    /// The queues whose messages it may hold, with its entry among their holders.
    pub(super) drawn: VecMap<u32, u32>,
    /// By tag: the queue's number and the consumer in it.
    pub(super) consumers: VecMap<Name, (u32, Handle)>,
    /// For consumers that start from now on.
    pub(super) prefetch: u32,
    /// Shared by the channel's consumers; 0 for none.
    pub(super) global: u32,
    /// Deliveries that count against it.
    pub(super) open: u32,
    pub(super) confirms: Confirms,
    pub(super) tx: Tx,
    pub(super) last_queue: Name,
    /// Where replies are handed to, and the address that stands for it.
    pub(super) reply: Option<Reply>,
    /// An answer that waits; what comes in behind it is held.
    pub(super) awaited: Option<Awaited>,
    pub(super) held: VecDeque<Method>,
}

crate::clone_in_place!(Channel {
    closing,
    serial,
    mode,
    last_tag,
    unacked,
    looks,
    drawn,
    consumers,
    prefetch,
    global,
    open,
    confirms,
    tx,
    last_queue,
    reply,
    awaited,
    held
});

impl Channel {
    /// Whether its global prefetch limit allows another delivery.
    pub(super) fn has_room(&self) -> bool {
        self.global == 0 || self.open < self.global
    }

    /// Its deliveries from a queue that are not settled for good.
    pub(super) fn deliveries_of(&mut self, queue: u32) -> impl Iterator<Item = &mut Unacked> {
        let in_tx = self.tx.settled.iter_mut().map(|(unacked, _)| unacked);
        self.unacked.iter_mut().chain(in_tx).filter(move |unacked| unacked.queue == queue)
    }
}

/// How far a connection is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Stage {
    Header,
    StartOk,
    TuneOk,
    Open,
    Running,
    /// Closed by the node; it waits for close-ok.
    Closing,
    /// Its login was refused without a word; it is hung up on after a while.
    Refused,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stage: Stage,
    /// Index of the virtual host.
    pub(super) vhost: usize,
    /// Index of the user in the configuration; `None` for the user that may do everything.
    pub(super) user: Option<u16>,
    /// What the client said of itself.
    pub(super) capabilities: Capabilities,
    pub(super) tune: Tune,
    pub(super) channels: ReuseMap<u16, Channel>,
    /// Its exclusive queues, in ascending order.
    pub(super) owned: Vec<u32>,
    /// Whether something was sent since the last look.
    pub(super) sent: bool,
    /// Whether something came in since the last look.
    pub(super) heard: bool,
    /// How many looks in a row found nothing.
    pub(super) silent: u8,
    /// Whether it is blocked by an alarm, and what waits behind that.
    pub(super) throttle: Throttle,
}

crate::clone_in_place!(Connection {
    stage,
    vhost,
    user,
    capabilities,
    tune,
    channels,
    owned,
    sent,
    heard,
    silent,
    throttle
});

/// The connections of a node.
pub(super) type Connections = ReuseMap<ConnId, Connection>;
