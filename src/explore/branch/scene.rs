//! How things stand after an event of a trace, as far as faults can change them: which processes run, which connections
//! stand, and which frames are on their way.

use crate::ids::{ActorId, ConnId, EventId, FrameId};
use crate::mem::VecMap;
use crate::trace::{Kind, Link, Log, Process};
use crate::world::plan::{FaultKind, Plan};

/// A process.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct State {
    pub(super) alive: bool,
    pub(super) paused: bool,
}

/// A connection.
#[derive(Clone, Copy, Debug)]
struct Conn {
    client: ActorId,
    /// Whether it stands as far as the client and the node know.
    up: (bool, bool),
}

/// The scene after an event.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) processes: Vec<State>,
    conns: VecMap<ConnId, Conn>,
    under_way: Vec<FrameId>,
}

impl Scene {
    /// After `last` and everything before it.
    pub(super) fn after(plan: &Plan, log: &Log, last: EventId) -> Scene {
        let processes = vec![State::default(); plan.clients.len() + plan.nodes.len()];
        let mut scene = Scene { processes, conns: VecMap::new(), under_way: Vec::new() };
        for event in &log.events()[..log.events().len().min(last.at() + 1)] {
            scene.see(plan, event.actor, event.kind);
        }
        scene
    }

    fn see(&mut self, plan: &Plan, actor: ActorId, kind: Kind) {
        match kind {
            Kind::Sent(frame) => self.under_way.push(frame),
            Kind::Arrived(frame) | Kind::Lost(frame) | Kind::Ignored(frame) => {
                self.under_way.retain(|other| *other != frame);
            }
            Kind::Link { conn, what } => self.link(plan, actor, conn, what),
            Kind::Process(what) => self.process(plan, actor, what),
            Kind::Fault(fault) => {
                if let Some(FaultKind::Cut { client, .. }) = plan.faults.get(fault.at()).map(|fault| fault.what) {
                    // Neither side may know it yet, but there is nothing left to cut.
                    let own = self.conns.values_mut().filter(|conn| conn.client == client);
                    own.for_each(|conn| conn.up = (false, false));
                }
            }
            _ => {}
        }
    }

    fn link(&mut self, plan: &Plan, actor: ActorId, conn: ConnId, what: Link) {
        let is_client = plan.client_index(actor).is_some();
        if what == Link::Dialled {
            self.conns.insert(conn, Conn { client: actor, up: (false, false) });
        }
        let Some(conn) = self.conns.get_mut(&conn) else { return };
        let side = if is_client { &mut conn.up.0 } else { &mut conn.up.1 };
        *side = what == Link::Opened;
    }

    fn process(&mut self, plan: &Plan, actor: ActorId, what: Process) {
        let Some(state) = self.processes.get_mut(actor.at()) else { return };
        match what {
            Process::Started | Process::Restarted => *state = State { alive: true, paused: false },
            Process::Paused => state.paused = true,
            Process::Resumed => state.paused = false,
            Process::Stopped | Process::Killed | Process::PowerLost => {
                *state = State::default();
                for conn in self.conns.values_mut() {
                    let node = plan.node_id(plan.clients[conn.client.at()].node);
                    if actor == conn.client {
                        conn.up.0 = false;
                    } else if actor == node {
                        conn.up.1 = false;
                    }
                }
            }
        }
    }

    /// The clients with a connection that stands at both sides, in the order of the plan.
    pub(super) fn connected(&self, clients: usize) -> impl Iterator<Item = ActorId> + '_ {
        let up = |client: &ActorId| self.conns.values().any(|c| c.client == *client && c.up == (true, true));
        (0..clients as u16).map(ActorId).filter(up)
    }

    /// The frames on their way between a client and its node, towards one of them, in the order of sending.
    pub(super) fn towards<'a>(&'a self, log: &'a Log, client: ActorId, to: ActorId) -> Vec<FrameId> {
        let fits = |frame: &FrameId| {
            let frame = log.frame(*frame);
            frame.is_some_and(|f| f.to == to && (f.from == client || f.to == client))
        };
        self.under_way.iter().copied().filter(fits).collect()
    }
}
