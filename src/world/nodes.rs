//! Nodes, and the end of processes of either kind.

use super::draws::Drawer;
use super::emit::About;
use super::outputs::{Caller, Carrier};
use super::process::Part;
use super::rules;
use super::state::{Due, World};
use crate::disk::Disk;
use crate::ids::{ActorId, CopyId, EventId, PlaceId, RuleId};
use crate::machine::{Input, Need, Order, Resource};
use crate::net::Side;
use crate::systems::{Frame, Given, Node, Outs, Record};
use crate::trace::{Delta, Held, Kind, Observable, Observer, PlaceKind, Process as Step, What};
use crate::units::Span;

/// Room for finding what vanishes with a process.
#[derive(Debug, Default)]
pub(super) struct Vanishing {
    /// The copies that a disk keeps, in order.
    kept: Vec<CopyId>,
    /// What the node holds; empty again between two uses.
    seen: Observable,
    lost: Vec<(PlaceId, Held)>,
}

impl World {
    /// Builds a node's machine from what its disk holds and starts it.
    pub(super) fn boot_node<O: Observer>(&mut self, actor: ActorId, cause: EventId, observer: &mut O) {
        let plan = std::sync::Arc::clone(&self.plan);
        let index = actor.at() - plan.clients.len();
        let boot = |node: &mut Node, disk: &mut Disk<Record>, given: Given<'_>, outs: &mut Outs| {
            node.boot(&plan.nodes[index].config, disk.records(), given, outs);
        };
        self.call_node(actor, cause, boot, observer);
        self.give_node(actor, Input::Started, cause, observer);
        for (_, resource) in Resource::ALL {
            if self.processes[actor.at()].short[resource as usize] > 0 {
                let alarm = Order::Alarm { resource, on: true };
                self.give_node(actor, Input::Order(alarm), cause, observer);
            }
        }
    }

    /// Gives a node an input and carries out what follows.
    #[inline]
    pub(super) fn give_node<O: Observer>(
        &mut self,
        actor: ActorId,
        input: Input<Frame>,
        cause: EventId,
        observer: &mut O,
    ) {
        self.call_node(actor, cause, |node, _, given, outs| node.handle(input, given, outs), observer);
    }

    /// Calls a node's machine and carries out what it has put out.
    #[inline]
    pub(super) fn call_node<O: Observer>(
        &mut self,
        actor: ActorId,
        cause: EventId,
        call: impl FnOnce(&mut Node, &mut Disk<Record>, Given<'_>, &mut Outs),
        observer: &mut O,
    ) {
        let index = actor.at() - self.plan.clients.len();
        let wanted = self.wanted::<O>();
        let mut outs = self.take_outs();
        let given = Given {
            now: self.engine.now(),
            me: actor,
            names: &mut self.names,
            registry: &mut self.prov.registry,
            draws: &mut Drawer { choices: &mut self.choices, stream: self.streams[actor.at()] },
            wanted,
        };
        call(&mut self.nodes[index], &mut self.disks[index], given, &mut outs.wire);
        let caller = Caller { actor, part: Part::Wire, cause, rule: RuleId::NONE };
        outs.wire.drain(&mut Carrier { world: self, caller, observer });
        self.scratch.outs.push(outs);
    }

    /// A process ends by its own will.
    pub(super) fn exited<O: Observer>(&mut self, about: About, restart: Option<Span>, observer: &mut O) {
        let asked = self.processes[about.actor.at()].stopping.is_some();
        let (step, usual) =
            if asked { (Step::Stopped, rules::PROCESS_STOP) } else { (Step::Killed, rules::PROCESS_EXIT) };
        let rule = if about.rule.is_some() { about.rule } else { usual };
        self.bring_down(about.actor, step, (about.cause, rule), restart, observer);
    }

    /// Ends a process: its memory, its timers and its connections are gone.
    ///
    /// What it had changed in view and not told yet must lie in the scratch deltas: its end tells it.
    pub(super) fn bring_down<O: Observer>(
        &mut self,
        actor: ActorId,
        step: Step,
        (cause, rule): (EventId, RuleId),
        restart: Option<Span>,
        observer: &mut O,
    ) {
        let power = step == Step::PowerLost;
        let mut vanishing = std::mem::take(&mut self.scratch.vanishing);
        if O::WANTS.all || O::WANTS.notes.has(What::Vanished) {
            self.only_in_memory(actor, power, &mut vanishing);
        }
        let mut deltas = std::mem::take(&mut self.scratch.deltas);
        if O::WANTS.all {
            let disk = self.plan.node_index(actor).map(|node| self.plan.disk_id(node));
            for (id, place) in self.prov.registry.places().iter().enumerate() {
                let gone = match place.kind {
                    PlaceKind::Queue | PlaceKind::Unacked | PlaceKind::Inbox => place.actor == actor,
                    PlaceKind::PageCache => power && Some(place.actor) == disk,
                    PlaceKind::Durable | PlaceKind::Table | PlaceKind::Row => false,
                };
                if gone {
                    deltas.push(Delta::Clear { place: crate::ids::PlaceId(id as u32) });
                }
            }
        }
        let event = self.emit_with(Kind::Process(step), About::of(actor, cause, rule), &deltas, observer);
        deltas.clear();
        self.scratch.deltas = deltas;
        for (place, held) in vanishing.lost.drain(..) {
            let about = About { need: Need::Copy(held.copy), ..About::of(actor, event, rule) };
            self.emit(Kind::Note { what: What::Vanished, place, message: held.message }, about, observer);
        }
        self.scratch.vanishing = vanishing;
        let process = &mut self.processes[actor.at()];
        (process.alive, process.paused, process.powered, process.down_since) = (false, false, !power, event);
        process.stopping = None;
        process.still_until = self.engine.now();
        for timer in process.timers.values() {
            self.engine.cancel(timer.key);
        }
        process.timers.clear();
        self.vain.progress();
        self.close_sockets(actor, power, event, observer);
        self.wake_arrivals(actor);
        if let Some(client) = self.plan.client_index(actor) {
            self.clients[client].held.clear();
        }
        if let Some(node) = self.plan.node_index(actor) {
            self.disk_abandoned(node, power);
        } else if let Some(app) = &mut self.clients[actor.at()].app {
            app.crash();
        }
        if let Some(after) = restart {
            self.schedule_turn(self.engine.now() + after, Due::Start(actor));
        }
    }

    /// Finds the copies in a node's queues that no disk keeps if it ends now, in the order of their queues and places.
    fn only_in_memory(&self, actor: ActorId, power: bool, found: &mut Vanishing) {
        let Some(node) = self.plan.node_index(actor).filter(|_| self.processes[actor.at()].alive) else { return };
        let Vanishing { kept, seen, lost } = found;
        kept.clear();
        self.disks[node].copies(|copy| kept.extend((!power).then_some(copy.copy)), |_| {});
        self.disks[node].copies(|_| {}, |copy| kept.push(copy.copy));
        kept.sort_unstable();
        self.nodes[node].observe(actor, seen);
        let all = seen.places.iter().flat_map(|(place, copies)| copies.values().map(|held| (*place, *held)));
        lost.extend(all.filter(|(_, held)| kept.binary_search(&held.copy).is_err()));
        seen.clear();
    }

    /// The kernel closes the sockets of a process that is gone; a machine without power closes nothing.
    fn close_sockets<O: Observer>(&mut self, actor: ActorId, power: bool, cause: EventId, observer: &mut O) {
        let mut open = std::mem::take(&mut self.scratch.held);
        open.extend(self.net.of(actor));
        for &(conn, side) in &open {
            if power {
                // Nobody is told. What still comes in after the machine is back is answered with a reset.
                self.side_closes(conn, side);
            } else {
                self.hang_up(conn, actor, false, cause, observer);
            }
        }
        open.clear();
        self.scratch.held = open;
    }

    /// What waited for a process that stood still finds out now that it is gone.
    fn wake_arrivals(&mut self, actor: ActorId) {
        let now = self.engine.now();
        let (net, engine) = (&self.net, &mut self.engine);
        self.stalled.retain(|due| match *due {
            Due::Arrival(conn, side) if net.end(conn, side) == actor => {
                engine.schedule(now, Due::Arrival(conn, side), false);
                false
            }
            Due::GiveUp(conn, side) => net.end(conn, side) != actor,
            Due::DialTimeout(conn) => net.end(conn, Side::Client) != actor,
            Due::Timer(other, ..) | Due::Order(other, ..) => other != actor,
            _ => true,
        });
    }

    /// A process stands still.
    pub(super) fn pause<O: Observer>(&mut self, actor: ActorId, lasts: Span, cause: EventId, observer: &mut O) {
        let process = &mut self.processes[actor.at()];
        if !process.takes() {
            return;
        }
        process.paused = true;
        process.still_until = self.engine.now() + lasts;
        let life = process.life;
        self.emit(Kind::Process(Step::Paused), About::of(actor, cause, rules::PROCESS_PAUSE), observer);
        self.schedule_turn(self.engine.now() + lasts, Due::Resume(actor, life));
    }

    /// A process that stood still goes on: what waited comes in, in its order.
    pub(super) fn resume<O: Observer>(&mut self, actor: ActorId, life: u32, observer: &mut O) {
        let process = &mut self.processes[actor.at()];
        if !process.paused || process.life != life {
            return;
        }
        process.paused = false;
        self.emit(Kind::Process(Step::Resumed), About::of(actor, EventId::NONE, rules::PROCESS_PAUSE), observer);
        self.wake_stalled(actor);
        if let Some(client) = self.plan.client_index(actor) {
            self.scratch.errands.extend(self.clients[client].held.drain(..));
            self.run_errands(actor, life, observer);
        }
    }

    /// What became due while a process stood still comes in now, in its order.
    fn wake_stalled(&mut self, actor: ActorId) {
        let now = self.engine.now();
        let (net, engine, plan, vain) = (&self.net, &mut self.engine, &self.plan, &mut self.vain);
        let belongs = |due: &Due| match *due {
            Due::Arrival(conn, side) | Due::GiveUp(conn, side) => net.end(conn, side) == actor,
            Due::DialTimeout(conn) => net.end(conn, Side::Client) == actor,
            Due::Timer(other, ..) | Due::Order(other, ..) => other == actor,
            Due::Disk(node) => plan.node_id(node as usize) == actor,
            _ => false,
        };
        self.stalled.retain(|due| {
            let wake = belongs(due);
            if wake {
                vain.comes_again(due);
                engine.schedule(now, *due, false);
            }
            !wake
        });
    }

    /// The sides of a cut, and whether each direction loses what is under way.
    pub(super) fn losing(to_client: bool, to_node: bool) -> [(Side, bool); 2] {
        [(Side::Client, to_client), (Side::Node, to_node)]
    }
}
