//! Faults that last: links and disks that do badly for a while, what they are like at present, and how that ends.
//!
//! Several may last at once. The conditions are worked out anew as one begins or ends, so that whoever sends a frame or
//! uses a disk finds them ready.

use super::emit::About;
use super::faults::rule;
use super::plan::{DiskFault, FaultKind, LinkFault, Road, Roads};
use super::rules;
use super::state::{Due, World};
use crate::disk::Speed;
use crate::ids::{ActorId, ConnId, EventId, FaultId};
use crate::net::{Line, Side};
use crate::trace::{DiskStep, Kind, Observer};
use crate::units::{Span, Time};

/// What a fault has begun and is not over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trouble {
    pub(super) fault: u16,
    pub(super) until: Time,
    /// The event of its beginning, for show.
    began: EventId,
}

/// A node's disk as it is at present.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drive {
    pub(super) speed: Speed,
    /// Everything takes so many times as long.
    pub(super) factor: u32,
    /// Nothing goes on before this.
    pub(super) stalled_until: Time,
    pub(super) fails: bool,
    pub(super) full: bool,
    pub(super) lies: bool,
}

impl Drive {
    /// A disk that nothing is wrong with.
    pub(super) fn new(speed: Speed) -> Drive {
        Drive { speed, factor: 1, stalled_until: Time::ZERO, fails: false, full: false, lies: false }
    }

    fn suffer(&mut self, how: DiskFault, until: Time) {
        match how {
            DiskFault::Fails => self.fails = true,
            DiskFault::Full => self.full = true,
            DiskFault::Lies => self.lies = true,
            DiskFault::Stalls => self.stalled_until = self.stalled_until.max(until),
            DiskFault::Slow { factor, write, fsync } => {
                self.factor = self.factor.saturating_mul(factor);
                self.speed.write = write.unwrap_or(self.speed.write);
                self.speed.fsync = fsync.unwrap_or(self.speed.fsync);
            }
        }
    }
}

impl World {
    /// A fault begins something that lasts.
    pub(super) fn trouble_begins(&mut self, fault: u16, lasts: Span, began: EventId) {
        let until = self.engine.now() + lasts;
        self.troubles.push(Trouble { fault, until, began });
        self.schedule_turn(until, Due::Over(fault));
        match self.plan.faults[usize::from(fault)].what {
            FaultKind::Link { roads, how: LinkFault::BlackHole | LinkFault::Partition, .. } => {
                self.hold_up(roads, until, began);
            }
            FaultKind::Disk { node, how: DiskFault::Stalls, .. } => self.stall(node, until),
            _ => {}
        }
        self.set_conditions();
    }

    /// What a fault had begun is over.
    pub(super) fn over<O: Observer>(&mut self, fault: u16, observer: &mut O) {
        let now = self.engine.now();
        let Some(at) = self.troubles.iter().position(|t| t.fault == fault && t.until <= now) else { return };
        let Trouble { began, .. } = self.troubles.remove(at);
        self.set_conditions();
        let plan = &self.plan.faults[usize::from(fault)];
        let (what, about) = (plan.what, About::of(self.plan.lab_id(), began, rule(plan)));
        self.emit(Kind::Over(FaultId(fault)), about, observer);
        if let FaultKind::Link { roads, .. } = what {
            self.acknowledged(roads);
        }
    }

    /// Works out what links and disks are like at present.
    pub(super) fn set_conditions(&mut self) {
        let World { plan, clients, drives, troubles, .. } = self;
        for (i, client) in clients.iter_mut().enumerate() {
            client.lines = [Line::new(plan.link(i, plan.clients[i].node)); 2];
        }
        for (drive, node) in drives.iter_mut().zip(&plan.nodes) {
            *drive = Drive::new(node.disk);
        }
        for &Trouble { fault, until, .. } in troubles.iter() {
            match plan.faults[usize::from(fault)].what {
                FaultKind::Disk { node, how, .. } => drives[node.at() - plan.clients.len()].suffer(how, until),
                FaultKind::Link { roads, how, .. } => {
                    for road in plan.roads_of(roads) {
                        let lines = &mut clients[road.client.at()].lines;
                        for (line, concerned) in lines.iter_mut().zip([road.to_client, road.to_node]) {
                            if concerned {
                                suffer(line, how, until);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// What is under way on these roads does not get through and is sent again later.
    fn hold_up(&mut self, roads: Roads, until: Time, cause: EventId) {
        let (plan, now) = (std::sync::Arc::clone(&self.plan), self.engine.now());
        for &Road { client, to_client, to_node } in plan.roads_of(roads) {
            for conn in (0..self.net.len() as u32).map(ConnId) {
                if self.net.end(conn, Side::Client) != client {
                    continue;
                }
                for (towards, _) in [(Side::Client, to_client), (Side::Node, to_node)].into_iter().filter(|(_, c)| *c) {
                    let held = self.clients[client.at()].lines[towards.at()].held_until;
                    let by = until.since(held.max(now));
                    if let Some((due, seq)) = self.net.delay(conn, towards, now, by) {
                        self.engine.schedule_reserved(due, seq, Due::Arrival(conn, towards), false);
                        self.wait_for_answer(conn, towards.other(), cause);
                    }
                }
                if self.net.is_up(conn, Side::Client) && !self.net.is_established(conn) {
                    self.give_dialling_time(conn);
                }
            }
        }
    }

    /// A node's disk hangs: the operation that it has begun ends later.
    fn stall(&mut self, node: ActorId, until: Time) {
        let index = node.at() - self.plan.clients.len();
        let by = until.since(self.drives[index].stalled_until.max(self.engine.now()));
        if let Some(key) = self.disk_keys[index].take()
            && let Some(done) = self.disks[index].delay(by)
        {
            self.engine.cancel(key);
            self.disk_keys[index] = Some(self.engine.schedule(done, Due::Disk(index as u16), false));
        }
    }

    /// As power goes, the operating system was writing back what was not synced.
    pub(super) fn tear<O: Observer>(&mut self, node: ActorId, cause: EventId, observer: &mut O) {
        let index = node.at() - self.plan.clients.len();
        let disk = self.plan.disk_id(index);
        // The changes that the process has not told yet lie in the world's own list.
        let mut deltas = Vec::new();
        let registry = &mut self.prov.registry;
        let kept = self.disks[index].tear(|visible| {
            if O::WANTS.all {
                deltas.push(super::disks::delta(visible, disk, registry));
            }
        });
        if let Some(kept) = kept {
            let about = About { number: kept, ..About::of(disk, cause, rules::DISK_TORN) };
            let kind = Kind::Disk { what: DiskStep::Torn, op: self.next_op() };
            self.emit_with(kind, about, &deltas, observer);
        }
    }
}

fn suffer(line: &mut Line, how: LinkFault, until: Time) {
    match how {
        LinkFault::BlackHole | LinkFault::Partition => line.hold(until),
        LinkFault::Slow { latency, bandwidth } => {
            line.link.latency = latency.unwrap_or(line.link.latency);
            line.link.bandwidth = bandwidth.or(line.link.bandwidth);
        }
    }
}
