//! What a world is built from: a scenario with everything decided that the scenario decides. Immutable and shared.

use crate::app;
use crate::disk::Speed;
use crate::ids::{ActorId, Name, Names, VerbId};
use crate::machine::{Resource, Session};
use crate::net::Link;
use crate::sim::Limits;
use crate::systems;
use crate::trace::{ActorKind, Header};
use crate::units::{Ratio, Span, Time};
use std::sync::Arc;

/// A scenario, lowered.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What the trace will say about itself; its actors are those of [`Plan::actors`].
    pub header: Header,
    /// Every name that the scenario uses.
    pub names: Names,
    /// The seed.
    pub seed: u64,
    /// Where a run is cut off.
    pub limits: Limits,
    /// When the run is to end, if not by itself.
    pub until: Option<Time>,
    /// The brokers' nodes.
    pub nodes: Vec<NodePlan>,
    /// The clients, producers first.
    pub clients: Vec<ClientPlan>,
    /// The way between any client and any node.
    pub link: Link,
    /// Ways with properties of their own: client, node, link.
    pub links: Vec<(usize, usize, Link)>,
    /// The faults.
    pub faults: Vec<FaultPlan>,
}

/// A broker's node.
#[derive(Clone, Debug)]
pub struct NodePlan {
    /// Its name.
    pub name: String,
    /// What it runs, and how it is set up.
    pub config: systems::NodeConfig,
    /// Its disk.
    pub disk: Speed,
}

/// A client.
#[derive(Clone, Debug)]
pub struct ClientPlan {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ActorKind,
    /// Which node it talks to, by index.
    pub node: usize,
    /// What it does.
    pub program: Program,
    /// When it starts.
    pub start: Span,
    /// How long after a crash of its own it comes back; `None` for never.
    pub restart: Option<Span>,
}

/// What a client does.
#[derive(Clone, Debug)]
pub enum Program {
    /// It follows a policy over the client port.
    App {
        /// The policy.
        spec: Arc<app::Spec>,
        /// What it needs of its session.
        session: Arc<Session>,
    },
    /// It performs protocol methods in order.
    Script(systems::Script),
}

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
    /// Lets the operations of a node's disk fail.
    FailDisk {
        /// The node.
        node: ActorId,
        /// For how long.
        lasts: Span,
    },
}

/// When a fault strikes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trigger {
    /// At a point in time.
    At(Time),
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
        /// The how manieth, from 1.
        nth: u32,
    },
    /// When a message's record has reached the page cache.
    Written {
        /// The node.
        node: ActorId,
        /// The message; [`Name::NONE`] for any.
        message: Name,
        /// The how manieth, from 1.
        nth: u32,
    },
    /// When a sync that made a message durable is done.
    Synced {
        /// The node.
        node: ActorId,
        /// The message; [`Name::NONE`] for any.
        message: Name,
        /// The how manieth, from 1.
        nth: u32,
    },
    /// When a consumer has completed its work, effect included, and has not yet settled.
    Worked {
        /// The consumer.
        client: ActorId,
        /// The message; [`Name::NONE`] for any.
        message: Name,
        /// The how manieth, from 1.
        nth: u32,
    },
    /// When a delivery has reached a consumer and before it works on it.
    Received {
        /// The consumer.
        client: ActorId,
        /// The message; [`Name::NONE`] for any.
        message: Name,
        /// The how manieth, from 1.
        nth: u32,
    },
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
    /// The how manieth of these, from 1.
    pub nth: u32,
}

impl Plan {
    /// The id of a client, by index.
    pub fn client_id(&self, client: usize) -> ActorId {
        ActorId(client as u16)
    }
    /// The id of a node, by index.
    pub fn node_id(&self, node: usize) -> ActorId {
        ActorId((self.clients.len() + node) as u16)
    }
    /// The id of a node's disk, by the node's index.
    pub fn disk_id(&self, node: usize) -> ActorId {
        ActorId((self.clients.len() + self.nodes.len() + node) as u16)
    }
    /// The id of the laboratory itself.
    pub fn lab_id(&self) -> ActorId {
        ActorId((self.clients.len() + 2 * self.nodes.len()) as u16)
    }
    /// The node's index, if this is a node.
    pub fn node_index(&self, actor: ActorId) -> Option<usize> {
        actor.at().checked_sub(self.clients.len()).filter(|n| *n < self.nodes.len())
    }
    /// The client's index, if this is a client.
    pub fn client_index(&self, actor: ActorId) -> Option<usize> {
        (actor.at() < self.clients.len()).then_some(actor.at())
    }
    /// The way between a client and a node.
    pub fn link(&self, client: usize, node: usize) -> Link {
        let own = self.links.iter().find(|(c, n, _)| (*c, *n) == (client, node));
        own.map_or(self.link, |(_, _, link)| *link)
    }
    /// The actors in the order of their ids.
    pub fn actors(&self) -> Vec<crate::trace::Actor> {
        let actor = |name: &str, kind| crate::trace::Actor { name: name.to_owned(), kind, of: None };
        let clients = self.clients.iter().map(|c| actor(&c.name, c.kind));
        let nodes = self.nodes.iter().map(|n| actor(&n.name, ActorKind::Node));
        let disks = self.nodes.iter().enumerate().map(|(i, n)| crate::trace::Actor {
            name: format!("{}'s disk", n.name),
            kind: ActorKind::Disk,
            of: Some(self.node_id(i)),
        });
        clients.chain(nodes).chain(disks).chain([actor("lab", ActorKind::Lab)]).collect()
    }
}
