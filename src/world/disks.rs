//! The disks of a world: when their operations begin and end, and what becomes visible.

use super::draws::kinds;
use super::emit::About;
use super::rules;
use super::state::{Due, World};
use crate::disk::{Kept, Kind as Op, Request, Visible};
use crate::ids::{ActorId, PlaceId, RuleId};
use crate::machine::{Input, Registry};
use crate::sim::Spread;
use crate::trace::{Delta, DiskStep, Flags, Kind, Observer, Order, Place, PlaceKind};
use crate::units::Span;

impl World {
    /// Lets a node's disk begin what waits, if it is free.
    #[inline]
    pub(super) fn disk_begin<O: Observer>(&mut self, actor: ActorId, observer: &mut O) {
        let node = actor.at() - self.clients.len();
        if let Some(&request) = self.disks[node].next() {
            self.disk_begins(actor, node, request, observer);
        }
    }

    fn disk_begins<O: Observer>(&mut self, actor: ActorId, node: usize, request: Request, observer: &mut O) {
        let what = match request.kind {
            Op::Write => DiskStep::Write,
            Op::Sync => DiskStep::Sync,
        };
        if request.kind == Op::Sync && self.watch.disk {
            let faults = self.sync_fault(node, request.file);
            self.strike_all(faults, request.asked, None, observer);
            if !self.processes[actor.at()].alive {
                return;
            }
        }
        let about = About::of(self.plan.disk_id(node), request.asked, request.rule);
        self.emit(Kind::Disk { what, op: request.op }, About { number: request.records, ..about }, observer);
        let drive = self.drives[node];
        let (spread, kind) = match request.kind {
            Op::Write => (drive.speed.write, kinds::WRITE),
            Op::Sync if drive.lies => (Spread::Fixed(Span::ZERO), kinds::FSYNC),
            Op::Sync => (drive.speed.fsync, kinds::FSYNC),
        };
        let takes = self.choices.draw_span(self.streams[self.plan.disk_id(node).at()], kind, spread);
        let begins = self.engine.now().max(drive.stalled_until);
        let done = self.disks[node].begin(begins, takes.times(u64::from(drive.factor)));
        self.disk_keys[node] = Some(self.engine.schedule(done, Due::Disk(node as u16), false));
    }

    /// The current operation of a node's disk is done.
    pub(super) fn disk_done<O: Observer>(&mut self, node: u16, observer: &mut O) {
        let index = node as usize;
        let (actor, disk) = (self.plan.node_id(index), self.plan.disk_id(index));
        if self.processes[actor.at()].paused {
            self.stalled.push(Due::Disk(node));
            return;
        }
        self.disk_keys[index] = None;
        let (drive, kind) = (self.drives[index], self.disks[index].head().map(|request| request.kind));
        if drive.fails || drive.full && kind == Some(Op::Write) {
            let rule = if drive.fails { rules::DISK_FAILED } else { rules::DISK_FULL };
            return self.disk_failed(actor, rule, observer);
        }
        if drive.lies && kind == Some(Op::Sync) {
            return self.disk_lies(actor, observer);
        }
        let struck = if self.watch.disk { self.disk_fault(index) } else { Vec::new() };
        let mut deltas = std::mem::take(&mut self.scratch.deltas);
        deltas.clear();
        let registry = &mut self.prov.registry;
        let done = self.disks[index].complete(|visible| {
            if O::WANTS.all {
                deltas.push(delta(visible, disk, registry));
            }
        });
        let Some(request) = done else {
            self.scratch.deltas = deltas;
            return;
        };
        let (what, rule) = match request.kind {
            Op::Write => (DiskStep::Written, rules::DISK_WRITE),
            Op::Sync => (DiskStep::Synced, rules::DISK_SYNC),
        };
        let about = About { number: request.records, ..About::of(disk, request.asked, rule) };
        let event = self.emit_with(Kind::Disk { what, op: request.op }, about, &deltas, observer);
        deltas.clear();
        self.scratch.deltas = deltas;
        self.strike_all(struck, event, None, observer);
        if self.processes[actor.at()].alive {
            self.give_node(actor, Input::DiskDone(request.token), event, observer);
            self.disk_begin_if_alive(actor, observer);
        }
    }

    /// The current operation of a node's disk ends with an error and changes nothing.
    fn disk_failed<O: Observer>(&mut self, actor: ActorId, rule: RuleId, observer: &mut O) {
        let node = actor.at() - self.plan.clients.len();
        let Some(request) = self.disks[node].fail() else { return };
        let about = About::of(self.plan.disk_id(node), request.asked, rule);
        let kind = Kind::Disk { what: DiskStep::Failed, op: request.op };
        let event = self.emit(kind, About { number: request.records, ..about }, observer);
        self.give_node(actor, Input::DiskFailed(request.token), event, observer);
        self.disk_begin_if_alive(actor, observer);
    }

    /// The sync that a node's disk is at is reported as done, and nothing became durable.
    fn disk_lies<O: Observer>(&mut self, actor: ActorId, observer: &mut O) {
        let node = actor.at() - self.plan.clients.len();
        let struck = if self.watch.disk { self.disk_fault(node) } else { Vec::new() };
        let Some(request) = self.disks[node].feign() else { return self.keep_list(struck) };
        let about = About::of(self.plan.disk_id(node), request.asked, rules::DISK_LIES);
        let event = self.emit(Kind::Disk { what: DiskStep::Feigned, op: request.op }, about, observer);
        self.strike_all(struck, event, None, observer);
        if self.processes[actor.at()].alive {
            self.give_node(actor, Input::DiskDone(request.token), event, observer);
            self.disk_begin_if_alive(actor, observer);
        }
    }

    fn disk_begin_if_alive<O: Observer>(&mut self, actor: ActorId, observer: &mut O) {
        if self.processes[actor.at()].alive {
            self.disk_begin(actor, observer);
        }
    }

    /// The node that used the disk is gone.
    pub(super) fn disk_abandoned(&mut self, node: usize, power: bool) {
        if let Some(key) = self.disk_keys[node].take() {
            self.engine.cancel(key);
        }
        self.stalled.retain(|due| !matches!(due, Due::Disk(n) if *n as usize == node));
        if power {
            self.disks[node].lose_cache();
        } else {
            self.disks[node].forget_requests();
        }
    }
}

/// The place of a queue's copies on a disk: in the page cache, or durable.
pub(super) fn tier(kind: PlaceKind, disk: ActorId, kept: Kept, registry: &mut Registry) -> PlaceId {
    registry.place(Place { kind, actor: disk, name: kept.queue, holder: ActorId::NONE })
}

/// The change of the observable state that a change on a disk is.
pub(super) fn delta(visible: Visible, disk: ActorId, registry: &mut Registry) -> Delta {
    let mut cache = |kept| tier(PlaceKind::PageCache, disk, kept, registry);
    let flags = Flags::default();
    match visible {
        Visible::Cached(kept) => {
            let Kept { copy, message, key, .. } = kept;
            Delta::Put { place: cache(kept), copy, message, order: Order::from(key), flags }
        }
        Visible::Synced(kept) => {
            let from = cache(kept);
            let to = tier(PlaceKind::Durable, disk, kept, registry);
            Delta::Move { copy: kept.copy, from, to, order: Order::from(kept.key), flags }
        }
        Visible::CacheGone(kept) => Delta::Remove { copy: kept.copy, place: cache(kept) },
        Visible::DurableGone(kept) => {
            Delta::Remove { copy: kept.copy, place: tier(PlaceKind::Durable, disk, kept, registry) }
        }
    }
}
