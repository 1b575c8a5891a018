//! Faults: when their moment has come, and what they do. They belong to the world; no machine knows of them.

use super::book::VERBS;
use super::draws::kinds;
use super::emit::About;
use super::plan::{DiskFault, FaultKind, FaultPlan, FrameMatch, LinkFault, Trigger, Turn};
use super::rules;
use super::state::{Due, World};
use crate::disk::Kind as DiskKind;
use crate::ids::{ActorId, EventId, FaultId, Name, RuleId, VerbId};
use crate::machine::{File, Input, Order, Words};
use crate::net::Side;
use crate::trace::{Class, Delta, Kind, Notes, Observer, Process as Step, What};
use crate::units::Span;

/// How far a fault has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FaultState {
    /// How often what it waits for happened.
    pub(super) seen: u32,
    /// How often it struck.
    pub(super) strikes: u32,
    /// It strikes no more.
    pub(super) disarmed: bool,
    /// The point at which it was told to strike; 0 for none.
    pub(super) told: u32,
    /// How often it ended a node whose disk held what was written and not synced.
    pub(super) unsynced: u32,
}

/// What the faults of a plan look at; where nobody looks nothing is made ready to be looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watch {
    pub(super) frames: bool,
    pub(super) notes: Notes,
    pub(super) disk: bool,
    /// Whether a client's pause waits for a delivery.
    pub(super) received: bool,
}

/// The notes of consumers that faults look at.
const STEPS_OF_WORK: Notes = Notes::of(&[What::WorkDone, What::Received]);

/// The moments of a frame: it is sent, it is about to arrive, it has arrived and nobody has acted on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Moment {
    Sending,
    Arriving,
    Arrived,
}

impl Watch {
    /// Whether a fault can strike while outputs are carried out.
    #[inline]
    pub(super) fn any(self) -> bool {
        self.frames || !self.notes.is_empty()
    }

    pub(super) fn of<'a>(faults: impl Iterator<Item = &'a FaultPlan>) -> Watch {
        let mut watch = Watch::default();
        for fault in faults {
            match fault.when {
                Trigger::Received { .. } if holds_back(fault) => watch.received = true,
                Trigger::At { .. } | Trigger::Drawn => {}
                Trigger::Told => (watch.frames, watch.notes, watch.disk) = (true, STEPS_OF_WORK, true),
                Trigger::Sending(_) | Trigger::Arriving(_) => watch.frames = true,
                Trigger::BeforeSync { .. } | Trigger::Written { .. } | Trigger::Synced { .. } => watch.disk = true,
                Trigger::Worked { .. } | Trigger::Received { .. } => {
                    watch.notes = STEPS_OF_WORK;
                }
            }
        }
        watch
    }
}

impl World {
    /// From now on a fault of the plan, by its place, strikes no more: for continuations in which it does not come.
    pub fn disarm(&mut self, fault: usize) {
        if let Some(state) = self.faults.get_mut(fault) {
            state.disarmed = true;
        }
    }

    /// Lets a fault of the plan whose trigger is [`Trigger::Told`], by its place, strike at a point of this run, from 1.
    /// Points are the moments at which faults can strike: a frame is sent or about to be taken in, a disk's operation
    /// begins to sync or is done, a consumer has received or completed something. For the next run it must be told anew.
    pub fn strike_at(&mut self, fault: usize, point: u32) {
        if let Some(state) = self.faults.get_mut(fault) {
            state.told = point;
        }
    }

    /// How many points the run has had so far; they are counted only where the plan has a fault that can be told one.
    pub fn points(&self) -> u32 {
        self.points
    }

    /// How often a fault ended a node whose disk held what was written and not synced.
    pub fn unsynced_ends(&self) -> u32 {
        self.faults.iter().map(|fault| fault.unsynced).sum()
    }

    /// Puts the faults that have a time into the calendar.
    pub(super) fn schedule_faults(&mut self) {
        let plan = std::sync::Arc::clone(&self.plan);
        for (i, fault) in plan.faults.iter().enumerate() {
            if let Trigger::At { time, .. } = fault.when {
                self.schedule_turn(time, Due::Fault(i as u16));
            }
        }
        self.schedule_nemeses();
    }

    pub(super) fn fault_at_time<O: Observer>(&mut self, fault: u16, observer: &mut O) {
        if self.is_armed(usize::from(fault)) && self.chance(fault) {
            self.strike_one(fault, EventId::NONE, None, observer);
        }
        if let Trigger::At { every: Some(every), .. } = self.plan.faults[usize::from(fault)].when
            && self.is_armed(usize::from(fault))
        {
            self.schedule_turn(self.engine.now() + every, Due::Fault(fault));
        }
    }

    /// Whether a fault can still strike.
    pub(super) fn is_armed(&self, fault: usize) -> bool {
        let (state, times) = (&self.faults[fault], self.plan.faults[fault].times);
        !state.disarmed && (times == 0 || state.strikes < times)
    }

    /// The faults whose trigger `fits` and whose turn it is, in the order of their declaration. A trigger gives the
    /// times that it waits for.
    fn fitting(&mut self, fits: impl Fn(&World, &FaultPlan) -> Option<Turn>) -> Vec<u16> {
        let mut found = Vec::new();
        self.points += 1;
        for i in 0..self.faults.len() {
            if !self.is_armed(i) {
                continue;
            }
            if self.plan.faults[i].when == Trigger::Told {
                if self.faults[i].told == self.points {
                    found.push(i as u16);
                }
                continue;
            }
            let Some(nth) = fits(self, &self.plan.faults[i]) else { continue };
            self.faults[i].seen += 1;
            if nth.has(self.faults[i].seen) && self.chance(i as u16) {
                if found.is_empty() {
                    found = self.scratch.struck.pop().unwrap_or_default();
                }
                found.push(i as u16);
            }
        }
        found
    }

    fn chance(&mut self, fault: u16) -> bool {
        let chance = self.plan.faults[fault as usize].chance;
        let lab = self.streams[self.plan.lab_id().at()];
        self.choices.chance(lab, kinds::FAULT, chance)
    }

    pub(super) fn frame_fault(&mut self, moment: Moment, words: &Words, ends: (ActorId, ActorId)) -> Vec<u16> {
        // A process that is to stand still when it has received something must not act on it: its pause begins when
        // the delivery has reached it.
        let delivers = moment == Moment::Arrived
            && words.message.is_some()
            && VERBS.get(words.verb).is_some_and(|verb| verb.class == Class::Deliver);
        if moment == Moment::Arrived && !delivers {
            return Vec::new();
        }
        self.fitting(|_, fault| match &fault.when {
            Trigger::Sending(frame) if moment == Moment::Sending => fits(frame, words, ends),
            Trigger::Arriving(frame) if moment == Moment::Arriving => fits(frame, words, ends),
            Trigger::Received { client, message, nth } if delivers && holds_back(fault) => {
                about(*client, *message, ends.1, words.message).then_some(*nth)
            }
            _ => None,
        })
    }

    pub(super) fn sync_fault(&mut self, node: usize, file: File) -> Vec<u16> {
        let actor = self.plan.node_id(node);
        self.fitting(|world, fault| match fault.when {
            Trigger::BeforeSync { node: of, covers, nth } => {
                let covered = !covers.is_some() || world.disks[node].would_cover(file, covers);
                (of == actor && covered).then_some(nth)
            }
            _ => None,
        })
    }

    /// The faults whose moment has come as the operation at the head of a node's disk completes.
    pub(super) fn disk_fault(&mut self, node: usize) -> Vec<u16> {
        let actor = self.plan.node_id(node);
        let Some(&head) = self.disks[node].head() else { return Vec::new() };
        self.fitting(|world, fault| {
            let (of, about, nth) = match (fault.when, head.kind) {
                (Trigger::Written { node, message, nth }, DiskKind::Write)
                | (Trigger::Synced { node, message, nth }, DiskKind::Sync) => (node, message, nth),
                _ => return None,
            };
            let disk = &world.disks[node];
            let covered = !about.is_some()
                || match head.kind {
                    DiskKind::Write => disk.head_writes(about),
                    DiskKind::Sync => disk.would_cover(head.file, about),
                };
            (of == actor && covered).then_some(nth)
        })
    }

    pub(super) fn worked(&mut self, actor: ActorId, done: Name) -> Vec<u16> {
        self.fitting(|_, fault| match fault.when {
            Trigger::Worked { client, message, nth } => about(client, message, actor, done).then_some(nth),
            _ => None,
        })
    }

    pub(super) fn received(&mut self, actor: ActorId, offered: Name) -> Vec<u16> {
        self.fitting(|_, fault| match fault.when {
            Trigger::Received { client, message, nth } if !holds_back(fault) => {
                about(client, message, actor, offered).then_some(nth)
            }
            _ => None,
        })
    }

    /// Faults strike at one moment, one after the other. `busy` is the process whose outputs are being carried out, and
    /// `rest` are its changes that were not told yet: whatever ends it tells them.
    #[cold]
    pub(super) fn strike_all<O: Observer>(
        &mut self,
        mut faults: Vec<u16>,
        cause: EventId,
        busy: Option<(ActorId, &[Delta])>,
        observer: &mut O,
    ) {
        for fault in faults.drain(..) {
            self.strike_one(fault, cause, busy, observer);
        }
        self.keep_list(faults);
    }

    /// Keeps the room of a list of faults, if it has any.
    pub(super) fn keep_list(&mut self, list: Vec<u16>) {
        if list.capacity() > 0 {
            self.scratch.struck.push(list);
        }
    }

    pub(super) fn strike_one<O: Observer>(
        &mut self,
        fault: u16,
        cause: EventId,
        busy: Option<(ActorId, &[Delta])>,
        observer: &mut O,
    ) {
        self.scratch.deltas.clear();
        if let Some((actor, rest)) = busy
            && self.processes[actor.at()].alive
        {
            self.scratch.deltas.extend_from_slice(rest);
        }
        self.strike(fault, cause, busy.map(|(actor, _)| actor), observer);
    }

    /// A fault strikes. `busy` is the process whose outputs are being carried out, whose untold changes lie in the
    /// scratch deltas; they are told if it is the one that ends, and dropped here if not.
    fn strike<O: Observer>(&mut self, fault: u16, cause: EventId, busy: Option<ActorId>, observer: &mut O) {
        self.faults[fault as usize].strikes += 1;
        let about = About::of(self.plan.lab_id(), cause, rule(&self.plan.faults[fault as usize]));
        let event = self.emit(Kind::Fault(FaultId(fault)), about, observer);
        let what = self.plan.faults[fault as usize].what;
        let struck = match what {
            FaultKind::Kill { actor, .. } | FaultKind::Stop { actor, .. } => Some(actor),
            FaultKind::PowerLoss { node, .. } => Some(node),
            FaultKind::Cut { .. } | FaultKind::Pause { .. } | FaultKind::Disk { .. } | FaultKind::Link { .. } => None,
            FaultKind::Alarm { .. } | FaultKind::CloseConnections { .. } | FaultKind::DeleteVhost { .. } => None,
            FaultKind::Lossy { .. } => None,
        };
        if busy.is_none() || struck != busy {
            self.scratch.deltas.clear();
        }
        match what {
            FaultKind::Cut { client, node, half_open: true, .. } => self.silence(client, node, event, observer),
            FaultKind::Cut { client, node, losing_to_client, losing_to_node, .. } => {
                self.cut(client, node, Self::losing(losing_to_client, losing_to_node), event, observer);
            }
            FaultKind::Kill { actor, restart } if self.processes[actor.at()].alive => {
                self.count_unsynced(fault, actor);
                self.bring_down(actor, Step::Killed, (event, rules::PROCESS_KILL), restart, observer);
            }
            FaultKind::PowerLoss { node, restart, torn } if self.processes[node.at()].powered => {
                self.count_unsynced(fault, node);
                if torn {
                    self.tear(node, event, observer);
                }
                self.bring_down(node, Step::PowerLost, (event, rules::POWER_LOSS), restart, observer);
            }
            FaultKind::Stop { actor, restart } if self.processes[actor.at()].takes() => {
                self.processes[actor.at()].stopping = Some(restart);
                self.schedule_turn(self.engine.now(), Due::Stop(actor, event));
            }
            FaultKind::Pause { actor, lasts } => self.pause(actor, lasts, event, observer),
            FaultKind::Alarm { node, resource, lasts } => {
                self.order(node, Order::Alarm { resource, on: true }, Span::ZERO, event);
                self.order(node, Order::Alarm { resource, on: false }, lasts, event);
            }
            FaultKind::CloseConnections { client, node } => {
                let mut open = std::mem::take(&mut self.scratch.held);
                open.extend(self.net.of(client).filter(|(conn, _)| self.net.end(*conn, Side::Node) == node));
                for (conn, _) in open.drain(..) {
                    self.order(node, Order::CloseConnection(conn), Span::ZERO, event);
                }
                self.scratch.held = open;
            }
            FaultKind::DeleteVhost { node, vhost } => self.order(node, Order::DeleteVhost(vhost), Span::ZERO, event),
            FaultKind::Disk { lasts, .. } | FaultKind::Link { lasts, .. } => self.trouble_begins(fault, lasts, event),
            _ => {}
        }
        self.scratch.deltas.clear();
    }

    fn count_unsynced(&mut self, fault: u16, actor: ActorId) {
        let Some(node) = self.plan.node_index(actor) else { return };
        let mut cached = false;
        self.disks[node].copies(|_| cached = true, |_| {});
        self.faults[usize::from(fault)].unsynced += u32::from(cached);
    }

    /// An order for a node, so long from now. It comes by itself, so that a node that is at work has finished.
    fn order(&mut self, node: ActorId, order: Order, after: Span, cause: EventId) {
        self.schedule_turn(self.engine.now() + after, Due::Order(node, order, cause));
    }

    /// An order reaches its node. One that stands still gets it when it goes on; one that is down never does, but finds
    /// itself short of the same when it starts again.
    pub(super) fn ordered<O: Observer>(&mut self, node: ActorId, order: Order, cause: EventId, observer: &mut O) {
        let process = &mut self.processes[node.at()];
        if process.paused {
            self.stalled.push(Due::Order(node, order, cause));
            return;
        }
        if let Order::Alarm { resource, on } = order {
            let alarms = &mut process.short[resource as usize];
            *alarms = if on { alarms.saturating_add(1) } else { alarms.saturating_sub(1) };
            // Another alarm goes on.
            if !on && *alarms > 0 {
                return;
            }
        }
        if process.alive {
            self.give_node(node, Input::Order(order), cause, observer);
        }
    }

    /// A process is asked to stop in order.
    pub(super) fn stop<O: Observer>(&mut self, actor: ActorId, cause: EventId, observer: &mut O) {
        if self.processes[actor.at()].stopping.is_none() {
            return;
        }
        let part = match self.plan.client_index(actor).map(|c| &self.clients[c].app) {
            Some(Some(_)) => super::process::Part::App,
            _ => super::process::Part::Wire,
        };
        self.give(actor, part, Input::Stop, cause, observer);
    }
}

/// Whether the fault lets the receiver of a delivery stand still before it acts on it.
fn holds_back(fault: &FaultPlan) -> bool {
    match (fault.what, fault.when) {
        (FaultKind::Pause { actor, .. }, Trigger::Received { client, .. }) => actor == client,
        _ => false,
    }
}

fn about(client: ActorId, message: Name, actor: ActorId, name: Name) -> bool {
    client == actor && (!message.is_some() || message == name)
}

/// The rule under which a fault strikes: what is special about it, if something is.
pub(super) fn rule(fault: &FaultPlan) -> RuleId {
    match fault.what {
        FaultKind::Cut { half_open: true, .. } => rules::HALF_OPEN,
        FaultKind::Lossy { .. } => rules::LOSSY,
        FaultKind::Link { how, .. } => match how {
            LinkFault::BlackHole => rules::BLACK_HOLE,
            LinkFault::Partition => rules::PARTITION,
            LinkFault::Slow { .. } => rules::SLOW_LINK,
        },
        FaultKind::Disk { how, .. } => match how {
            DiskFault::Fails => rules::DISK_FAILED,
            DiskFault::Full => rules::DISK_FULL,
            DiskFault::Stalls => rules::DISK_STALLS,
            DiskFault::Lies => rules::DISK_LIES,
            DiskFault::Slow { .. } => rules::SLOW_DISK,
        },
        _ if fault.when == Trigger::Drawn => rules::NEMESIS,
        _ => rules::FAULT,
    }
}

fn fits(frame: &FrameMatch, words: &Words, (from, to): (ActorId, ActorId)) -> Option<Turn> {
    let any = |wanted: ActorId, is: ActorId| !wanted.is_some() || wanted == is;
    let kind = frame.verbs == [VerbId::NONE; 2] || frame.verbs.contains(&words.verb);
    let message = !frame.message.is_some() || frame.message == words.message;
    (kind && message && any(frame.from, from) && any(frame.to, to)).then_some(frame.nth)
}
