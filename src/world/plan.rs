//! What a world is built from: a scenario with everything decided that the scenario decides. Immutable and shared.

use crate::app;
use crate::disk::Speed;
use crate::ids::{ActorId, Names};
use crate::machine::Session;
use crate::net::Link;
use crate::sim::Limits;
use crate::systems;
use crate::trace::{ActorKind, Header};
use crate::units::{Span, Time};
use std::sync::Arc;

pub use super::fault_plan::{
    DiskFault, FaultKind, FaultPlan, FrameMatch, LinkFault, Nemesis, Road, Roads, Trigger, Turn,
};

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
    /// How long TCP sends something again that nobody answers before it gives the connection up.
    pub tcp_timeout: Span,
    /// The faults. Those of lossy links come first, then the scenario's; one that draws stands for each of its own.
    pub faults: Vec<FaultPlan>,
    /// The ways that faults of links concern, each fault's together.
    pub roads: Vec<Road>,
    /// What strikes at random intervals.
    pub nemeses: Vec<Nemesis>,
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
    /// Some of the ways that faults concern.
    pub fn roads_of(&self, roads: Roads) -> &[Road] {
        let (first, count) = (roads.first as usize, roads.count as usize);
        self.roads.get(first..first + count).unwrap_or_default()
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
