//! Looking at a world without changing it: what is where, and whether two worlds are equal.

use super::disks::tier;
use super::state::{Due, World};
use crate::ids::Digest;
use crate::machine::{Order as Command, Wire};
use crate::trace::{Flags, Held, Observable, Order, PlaceKind};

impl World {
    /// What every machine, disk and table says that it holds. After every step it equals the sum of the changes that
    /// the events told.
    pub fn observe(&mut self) -> Observable {
        let mut seen = Observable::new();
        self.observe_into(true, &mut seen);
        seen
    }

    /// What is in which place; beliefs are left out. Enough for a verdict, which knows them already.
    pub fn observe_places(&mut self, seen: &mut Observable) {
        seen.clear();
        self.observe_into(false, seen);
    }

    fn observe_into(&mut self, beliefs: bool, seen: &mut Observable) {
        for (i, client) in self.clients.iter().enumerate() {
            let me = self.plan.client_id(i);
            if let Some(app) = &client.app
                && (beliefs || self.plan.clients[i].kind != crate::trace::ActorKind::Producer)
            {
                app.observe(me, &self.names, seen);
            }
            client.wire.observe(me, seen);
        }
        for (i, node) in self.nodes.iter().enumerate() {
            let me = self.plan.node_id(i);
            if self.processes[me.at()].alive {
                node.observe(me, seen);
            }
        }
        for (i, disk) in self.disks.iter().enumerate() {
            let (id, registry) = (self.plan.disk_id(i), &mut self.prov.registry);
            let (mut cached, mut durable) = (Vec::new(), Vec::new());
            disk.copies(|kept| cached.push(kept), |kept| durable.push(kept));
            for (kind, copies) in [(PlaceKind::PageCache, cached), (PlaceKind::Durable, durable)] {
                for kept in copies {
                    let held = Held { copy: kept.copy, message: kept.message, flags: Flags::default() };
                    seen.put(tier(kind, id, kept, registry), Order::from(kept.key), held);
                }
            }
        }
        self.tables.observe(seen);
    }

    /// A fingerprint of everything that can make a difference to what happens next, and of nothing else. Points in
    /// time count as spans from now; the order in which things were made leaves no mark.
    pub fn digest(&self) -> Digest {
        let mut digest = Digest::new();
        let (now, names) = (self.engine.now(), &self.names);
        let actor = |id, d: &mut Digest| self.digest_actor(id, d);
        digest.unordered(self.processes.iter().enumerate().map(|(i, process)| {
            let id = crate::ids::ActorId(i as u16);
            Digest::of(|d| {
                actor(id, d);
                let token = |_, token: crate::machine::Token, d: &mut Digest| match self.plan.node_index(id) {
                    Some(node) => self.nodes[node].digest_token(token, names, d),
                    None => d.word(token.0),
                };
                process.digest(now, token, d);
                if let Some(client) = self.plan.client_index(id) {
                    if let Some(app) = &self.clients[client].app {
                        app.digest(now, names, d);
                    }
                    if process.alive {
                        self.clients[client].wire.digest(now, names, d);
                        self.clients[client].digest_held(names, d);
                    }
                } else {
                    let node = i - self.plan.clients.len();
                    if process.alive {
                        self.nodes[node].digest(now, names, d);
                    }
                    self.disks[node].digest(now, names, d);
                }
            })
        }));
        self.net.digest(now, actor, |frame, d| frame.digest(names, d), &mut digest);
        self.tables.digest(names, &mut digest);
        self.choices.digest(&mut digest);
        digest.unordered(self.plan.faults.iter().zip(&self.faults).map(|(fault, state)| {
            Digest::of(|d| {
                d.text(&fault.name);
                d.word(u64::from(state.seen) | u64::from(state.disarmed) << 32);
                d.word(if fault.times == 0 { 0 } else { u64::from(state.strikes) });
            })
        }));
        // Of two troubles with one link or disk the later counts, so their order does too.
        for trouble in &self.troubles {
            self.digest_fault(trouble.fault, &mut digest);
            digest.word(trouble.until.since(now).0);
        }
        self.digest_calendar(&mut digest);
        digest.word(self.ended.map_or(u64::MAX, |outcome| outcome as u64));
        digest
    }

    /// What is due that belongs to no process, connection or disk, which have digested their own.
    fn digest_calendar(&self, digest: &mut Digest) {
        let now = self.engine.now();
        let own = self.engine.pending().filter_map(|(time, due, _)| {
            let (kind, who) = match *due {
                Due::Start(actor) => (1, actor),
                Due::Resume(actor, _) => (2, actor),
                Due::Fault(_) => (3, crate::ids::ActorId::NONE),
                Due::DialTimeout(conn) => (4, self.net.end(conn, crate::net::Side::Client)),
                Due::Stop(actor, _) => (5, actor),
                Due::Over(_) => (10, crate::ids::ActorId::NONE),
                Due::Draw(_) => (11, crate::ids::ActorId::NONE),
                Due::Nemesis(_) => (14, crate::ids::ActorId::NONE),
                Due::GiveUp(conn, side) => (12 + side.at() as u64, self.net.end(conn, crate::net::Side::Client)),
                Due::Order(node, order, _) => (order_word(order), node),
                Due::Arrival(..) | Due::Timer(..) | Due::Disk(_) => return None,
            };
            Some(Digest::of(|d| {
                d.word(kind);
                match *due {
                    Due::Fault(fault) | Due::Over(fault) => self.digest_fault(fault, d),
                    Due::Draw(nemesis) | Due::Nemesis(nemesis) => {
                        self.digest_fault(self.plan.nemeses[usize::from(nemesis)].first, d)
                    }
                    _ => self.digest_actor(who, d),
                }
                d.word(time.since(now).0);
            }))
        });
        digest.unordered(own);
    }

    /// A fault by its name, and by its place among those that share it.
    fn digest_fault(&self, fault: u16, digest: &mut Digest) {
        let faults = &self.plan.faults;
        let name = &faults[usize::from(fault)].name;
        digest.text(name);
        digest.word(faults[..usize::from(fault)].iter().filter(|other| other.name == *name).count() as u64);
    }

    fn digest_actor(&self, id: crate::ids::ActorId, digest: &mut Digest) {
        match self.plan.client_index(id) {
            Some(client) => digest.text(&self.plan.clients[client].name),
            None => digest.text(&self.plan.nodes[id.at() - self.plan.clients.len()].name),
        }
    }
}

/// An order as a number. Which connection or virtual host it names is known from the fault that it comes from.
fn order_word(order: Command) -> u64 {
    match order {
        Command::Alarm { resource, on } => 6 + u64::from(on) + ((resource as u64) << 8),
        Command::CloseConnection(_) => 8,
        Command::DeleteVhost(_) => 9,
    }
}
