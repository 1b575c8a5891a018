//! The state of a world, how it is made, copied and stepped.

use super::clients::ClientProcess;
use super::faults::{FaultState, Watch};
use super::plan::{FaultPlan, Plan};
use super::process::{Part, Process};
use super::silence::Unanswered;
use super::troubles::{Drive, Trouble};
use super::vain::Vain;
use crate::app::Tables;
use crate::disk::Disk;
use crate::ids::{ActorId, ConnId, EventId, FrameId, Name, Names};
use crate::machine::{Order, Out, Registry, Token};
use crate::net::{Side, Tcp};
use crate::sim::{Choices, Engine, Key, Limit, Step, StreamId};
use crate::systems::{self, Frame, Node, Record};
use crate::trace::{Delta, Observer, Outcome, Tables as TraceTables};
use crate::units::{Span, Time};
use std::collections::VecDeque;
use std::sync::Arc;

/// How long housekeeping goes on for a connection that is half open when nothing else is left: the longest heartbeat
/// interval that brokers propose, three times, and some more.
const HALF_OPEN_GRACE: Span = Span::secs(200);

/// Every so many events the world looks at how much memory it holds.
const MEMORY_EVERY: u64 = 4096;

/// What is due.
#[derive(Clone, Copy, Debug)]
pub(super) enum Due {
    /// A process starts, for the first time or again.
    Start(ActorId),
    /// The next thing on the stream of a connection towards this side arrives.
    Arrival(ConnId, Side),
    /// A timer of a process runs out.
    Timer(ActorId, Part, Token),
    /// The current operation of a node's disk is done.
    Disk(u16),
    /// A process that stood still goes on.
    Resume(ActorId, u32),
    /// A fault that was given a time strikes.
    Fault(u16),
    /// A process is asked to stop in order, because of an event.
    Stop(ActorId, EventId),
    /// An order reaches a node, because of an event.
    Order(ActorId, Order, EventId),
    /// A client waits no longer for an answer to its dialling.
    DialTimeout(ConnId),
    /// What a fault had begun is over.
    Over(u16),
    /// A nemesis begins to wait for its first strike.
    Nemesis(u16),
    /// A nemesis strikes.
    Draw(u16),
    /// TCP at this side of a connection gives up to send again what nobody acknowledges.
    GiveUp(ConnId, Side),
}

impl Due {
    /// Whether it is a start, a stop, a resumption, an order or a fault: while one is ahead, all can still change.
    pub(super) fn is_turn(&self) -> bool {
        matches!(self, Due::Start(_) | Due::Resume(..) | Due::Fault(_) | Due::Stop(..) | Due::Order(..))
            || matches!(self, Due::Over(_) | Due::Nemesis(_) | Due::Draw(_))
    }
}

/// Ids for show and the buffers of one call. No behaviour depends on it.
#[derive(Debug, Default)]
pub(super) struct Provenance {
    pub(super) events: u32,
    pub(super) frames: u32,
    pub(super) ops: u32,
    pub(super) registry: Registry,
    /// The last event about each copy, by copy.
    pub(super) touched: Vec<EventId>,
    /// The last event about each place, by place.
    pub(super) visited: Vec<EventId>,
}

crate::clone_in_place!(Provenance { events, frames, ops, registry, touched, visited });

/// Buffers that are empty between steps; not copied.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Empty while a machine's outputs are being carried out.
    #[expect(clippy::vec_box, reason = "they go in and out at every call: a pointer each, and no value to drop")]
    pub(super) outs: Vec<Box<Outs>>,
    /// What the parts of the client that is at work have for each other.
    pub(super) errands: VecDeque<super::clients::Errand>,
    /// The event of each output of the current call.
    pub(super) events: Vec<EventId>,
    pub(super) deltas: Vec<Delta>,
    pub(super) held: Vec<(ConnId, Side)>,
    /// Frames that a break took.
    pub(super) lost: Vec<FrameId>,
    /// Room for lists of faults that strike at one moment.
    pub(super) struck: Vec<Vec<u16>>,
    /// Faults that wait until the work's effect is noted, with their causes.
    pub(super) pending: Vec<(u16, EventId)>,
    pub(super) vanishing: super::nodes::Vanishing,
}

/// Where machines put their outputs.
#[derive(Debug, Default)]
pub(super) struct Outs {
    pub(super) wire: systems::Outs,
    pub(super) app: Out<std::convert::Infallible, std::convert::Infallible>,
}

/// A laboratory with everything in it, at a point in time.
#[derive(Debug)]
pub struct World {
    pub(super) plan: Arc<Plan>,
    pub(super) names: Names,
    pub(super) engine: Engine<Due>,
    pub(super) choices: Choices,
    /// One stream an actor, the laboratory last, then one a direction of each client's link, then one a nemesis.
    pub(super) streams: Vec<StreamId>,
    pub(super) net: Tcp<Frame>,
    pub(super) processes: Vec<Process>,
    pub(super) clients: Vec<ClientProcess>,
    pub(super) nodes: Vec<Node>,
    pub(super) disks: Vec<Disk<Record>>,
    /// The calendar's entries for the operations that the disks have begun.
    pub(super) disk_keys: Vec<Option<Key>>,
    /// The disks as they are at present.
    pub(super) drives: Vec<Drive>,
    pub(super) tables: Tables,
    pub(super) faults: Vec<FaultState>,
    /// What faults have begun and is not over, in the order in which it began.
    pub(super) troubles: Vec<Trouble>,
    /// Where TCP waits for an acknowledgement that does not come.
    pub(super) unanswered: Unanswered,
    /// What the faults look at.
    pub(super) watch: Watch,
    /// How often the faults were asked whether their moment has come.
    pub(super) points: u32,
    /// Streams and timers that became due while their process stood still, in order.
    pub(super) stalled: Vec<Due>,
    pub(super) ended: Option<Outcome>,
    pub(super) vain: Vain,
    pub(super) prov: Provenance,
    pub(super) scratch: Scratch,
}

impl Clone for World {
    fn clone(&self) -> Self {
        let mut copy = World::empty(Arc::clone(&self.plan));
        copy.clone_from(self);
        copy
    }
    fn clone_from(&mut self, from: &Self) {
        if !Arc::ptr_eq(&self.plan, &from.plan) {
            self.plan = Arc::clone(&from.plan);
        }
        self.names.clone_from(&from.names);
        self.engine.clone_from(&from.engine);
        self.choices.clone_from(&from.choices);
        self.streams.clone_from(&from.streams);
        self.net.clone_from(&from.net);
        self.processes.clone_from(&from.processes);
        self.clients.clone_from(&from.clients);
        self.nodes.clone_from(&from.nodes);
        self.disks.clone_from(&from.disks);
        self.disk_keys.clone_from(&from.disk_keys);
        self.drives.clone_from(&from.drives);
        self.troubles.clone_from(&from.troubles);
        self.unanswered.clone_from(&from.unanswered);
        self.tables.clone_from(&from.tables);
        self.faults.clone_from(&from.faults);
        (self.watch, self.points) = (from.watch, from.points);
        self.stalled.clone_from(&from.stalled);
        (self.ended, self.vain) = (from.ended, from.vain);
        self.prov.clone_from(&from.prov);
    }
}

impl World {
    fn empty(plan: Arc<Plan>) -> World {
        World {
            names: plan.names.clone(),
            engine: Engine::new(plan.limits),
            choices: Choices::new(plan.seed),
            streams: Vec::new(),
            net: Tcp::default(),
            processes: Vec::new(),
            clients: Vec::new(),
            nodes: Vec::new(),
            disks: Vec::new(),
            disk_keys: Vec::new(),
            drives: Vec::new(),
            troubles: Vec::new(),
            unanswered: Unanswered::new(),
            tables: Tables::new(plan.lab_id()),
            faults: Vec::new(),
            watch: Watch::default(),
            points: 0,
            stalled: Vec::new(),
            ended: None,
            vain: Vain::default(),
            prov: Provenance::default(),
            scratch: Scratch::default(),
            plan,
        }
    }

    /// A world at its beginning, with the plan's seed.
    pub fn new(plan: &Arc<Plan>) -> World {
        let mut world = World::empty(Arc::clone(plan));
        world.build();
        world
    }

    /// Makes the parts that depend on the plan alone.
    fn build(&mut self) {
        let plan = Arc::clone(&self.plan);
        self.nodes = plan.nodes.iter().map(|n| Node::new(&n.config)).collect();
        self.disks = plan.nodes.iter().map(|_| Disk::new()).collect();
        self.disk_keys = vec![None; plan.nodes.len()];
        self.drives = plan.nodes.iter().map(|node| Drive::new(node.disk)).collect();
        self.watch = Watch::of(plan.faults.iter());
        self.processes = (0..plan.clients.len() + plan.nodes.len()).map(|_| Process::default()).collect();
        self.faults = plan.faults.iter().map(|_| FaultState::default()).collect();
        self.streams.clear();
        for actor in plan.actors() {
            self.streams.push(self.choices.add_stream(&actor.name));
        }
        self.clients.clear();
        for client in &plan.clients {
            let ways = ["up", "down"].map(|way| self.choices.add_stream(&format!("link of {}, {way}", client.name)));
            self.streams.extend(ways);
            self.clients.push(ClientProcess::new(client, &plan, ways));
        }
        for nemesis in &plan.nemeses {
            let name = &plan.faults[usize::from(nemesis.first)].name;
            self.streams.push(self.choices.add_stream(&format!("nemesis {name}")));
        }
        self.reset(plan.seed);
    }

    /// Back to the beginning with this seed; the allocations stay.
    pub fn reset(&mut self, seed: u64) {
        let plan = Arc::clone(&self.plan);
        self.names.reset();
        self.engine.reset();
        self.choices.reset(seed);
        self.net.reset();
        self.processes.iter_mut().for_each(Process::reset);
        self.faults.iter_mut().for_each(|f| *f = FaultState::default());
        self.points = 0;
        self.disks.iter_mut().for_each(Disk::reset);
        self.disk_keys.iter_mut().for_each(|key| *key = None);
        self.troubles.clear();
        self.unanswered.clear();
        self.set_conditions();
        self.tables.reset(plan.lab_id());
        self.stalled.clear();
        (self.ended, self.vain) = (None, Vain::default());
        (self.prov.events, self.prov.frames, self.prov.ops) = (0, 0, 0);
        self.prov.registry.reset();
        self.prov.touched.clear();
        self.prov.visited.clear();
        for node in 0..plan.nodes.len() {
            self.schedule_turn(Time::ZERO, Due::Start(plan.node_id(node)));
        }
        for (i, client) in plan.clients.iter().enumerate() {
            self.clients[i].reset(client);
            self.schedule_turn(Time::ZERO + client.start, Due::Start(plan.client_id(i)));
        }
        self.schedule_faults();
    }

    /// What the world was built from.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }
    /// Now.
    pub fn now(&self) -> Time {
        self.engine.now()
    }
    /// How the run ended, once it has.
    pub fn outcome(&self) -> Option<Outcome> {
        self.ended
    }
    /// The choices made so far, and the place to prescribe some before the first step.
    pub fn choices(&self) -> &Choices {
        &self.choices
    }
    /// The choices, to prescribe some.
    pub fn choices_mut(&mut self) -> &mut Choices {
        &mut self.choices
    }
    /// How many entries of the calendar were handled.
    pub fn steps(&self) -> u64 {
        self.engine.events()
    }
    /// How often each fault struck, in the order of the plan.
    pub fn strikes(&self) -> impl Iterator<Item = u32> + '_ {
        self.faults.iter().map(|f| f.strikes)
    }
    /// Whether the moment of each fault came, in the order of the plan. Points in time come, and so do nemeses.
    pub fn moments(&self) -> impl Iterator<Item = bool> + '_ {
        let came = |(plan, state): (&FaultPlan, &FaultState)| {
            state.strikes > 0 || plan.when.turn().is_none_or(|turn| state.seen >= turn.nth)
        };
        self.plan.faults.iter().zip(&self.faults).map(came)
    }
    /// The names and places so far.
    pub fn tables(&self) -> TraceTables<'_> {
        TraceTables { names: &self.names, places: self.prov.registry.places() }
    }
    /// The name of a text, if it came up.
    pub fn find_name(&self, text: &str) -> Option<Name> {
        self.names.find(text)
    }

    /// Runs to the end.
    pub fn run<O: Observer>(&mut self, observer: &mut O) -> Outcome {
        loop {
            if let Some(outcome) = self.step(observer) {
                return outcome;
            }
        }
    }

    /// Handles what is due next. Gives the outcome where that was the end; a world that has ended stays as it is.
    pub fn step<O: Observer>(&mut self, observer: &mut O) -> Option<Outcome> {
        if self.ended.is_some() {
            return self.ended;
        }
        if let Some(until) = self.plan.until
            && self.engine.peek_time().is_some_and(|next| next > until)
        {
            // What is still to come is housekeeping alone: the run has ended before.
            if self.engine.is_quiescent() && !self.goes_on() {
                return self.end(Outcome::Quiescent, observer);
            }
            self.engine.advance_to(until);
            return self.end(Outcome::Until, observer);
        }
        if self.engine.events().is_multiple_of(MEMORY_EVERY) {
            self.engine.set_memory(self.footprint());
        }
        match self.engine.next_event() {
            Step::Event(_, due) => {
                self.handle(due, observer);
                if self.is_in_vain() { self.end(Outcome::InVain, observer) } else { None }
            }
            Step::Idle => self.idle(observer),
            Step::LimitHit(limit) => self.end(outcome_of(limit), observer),
        }
    }

    /// About how many bytes the world holds: what grows with a run, each at the size that it has at most.
    fn footprint(&self) -> u64 {
        const COPY: usize = 256;
        let nodes: usize = self.nodes.iter().map(Node::held).sum();
        let disks: usize = self.disks.iter().map(Disk::held).sum();
        ((nodes + disks + self.net.under_way()) * COPY + self.prov.touched.len() * 4) as u64
    }

    /// Whether housekeeping may still come to something. It goes on for a while where one side of a connection does not
    /// know yet that the other is gone: its heartbeats will tell. And it goes on while a node waits for something that
    /// its housekeeping ends, such as a delivery that nobody settles.
    fn goes_on(&mut self) -> bool {
        self.has_waiting_node() || self.has_unasked() || self.is_half_open()
    }

    /// Whether a connection is half open and what comes next may be what tells of it. The time counts from when it became
    /// so: the heartbeats of other connections do not prolong it.
    fn is_half_open(&mut self) -> bool {
        let Some(since) = self.net.half_open_since() else { return false };
        self.engine.peek_time().is_some_and(|next| next.since(since) < HALF_OPEN_GRACE)
    }

    /// Only housekeeping is left.
    fn idle<O: Observer>(&mut self, observer: &mut O) -> Option<Outcome> {
        if !self.goes_on() {
            return self.end(Outcome::Quiescent, observer);
        }
        match self.engine.next_of_all() {
            Step::Event(_, due) => {
                self.handle(due, observer);
                None
            }
            Step::Idle => self.end(Outcome::Quiescent, observer),
            Step::LimitHit(limit) => self.end(outcome_of(limit), observer),
        }
    }

    /// Whether a node has something for a client that asks for it at intervals.
    fn has_unasked(&self) -> bool {
        self.plan.clients.iter().enumerate().any(|(at, client)| {
            let Some((part, queue)) = self.clients[at].wire.asks() else { return false };
            self.processes[at].takes() && self.nodes[client.node].has_for(part, queue)
        })
    }

    /// Whether a node that runs waits for its housekeeping.
    fn has_waiting_node(&self) -> bool {
        let processes = &self.processes[self.plan.clients.len()..];
        self.nodes.iter().zip(processes).any(|(node, process)| process.takes() && node.waits())
    }

    fn handle<O: Observer>(&mut self, due: Due, observer: &mut O) {
        if due.is_turn() {
            self.turn_comes();
        }
        match due {
            Due::Start(actor) => self.start(actor, observer),
            Due::Arrival(conn, side) => self.arrival(conn, side, observer),
            Due::Timer(actor, part, token) => self.timer(actor, part, token, observer),
            Due::Disk(node) => self.disk_done(node, observer),
            Due::Resume(actor, life) => self.resume(actor, life, observer),
            Due::Fault(fault) => self.fault_at_time(fault, observer),
            Due::Stop(actor, cause) => self.stop(actor, cause, observer),
            Due::Order(node, order, cause) => self.ordered(node, order, cause, observer),
            Due::DialTimeout(conn) => self.dial_timeout(conn, observer),
            Due::Over(fault) => self.over(fault, observer),
            Due::Nemesis(nemesis) => self.nemesis_waits(nemesis),
            Due::Draw(nemesis) => self.nemesis_strikes(nemesis, observer),
            Due::GiveUp(conn, side) => self.gives_up(conn, side, observer),
        }
    }

    pub(super) fn is_node(&self, actor: ActorId) -> bool {
        actor.at() >= self.clients.len()
    }
    pub(super) fn next_frame(&mut self) -> FrameId {
        self.prov.frames += 1;
        FrameId(self.prov.frames - 1)
    }
}

fn outcome_of(limit: Limit) -> Outcome {
    match limit {
        Limit::Events => Outcome::EventLimit,
        Limit::Time => Outcome::TimeLimit,
        Limit::Messages => Outcome::MessageLimit,
        Limit::Memory => Outcome::MemoryLimit,
    }
}
