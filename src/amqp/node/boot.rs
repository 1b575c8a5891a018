//! How a node comes to be: from its configuration the first time, from what its disk holds after that (R18, R19).

use super::{Content, Metadata, Node, Port, Vhost};
use crate::amqp::config::{Config, ExchangeSpec};
use crate::amqp::exchange::Kind;
use crate::amqp::queue::Item;
use crate::amqp::rules;
use crate::amqp::store::{BOOTED, CLEAN, METADATA, Record};
use crate::ids::{ConnId, CopyId, Name};
use crate::machine::{Because, File, Message, Op};
use crate::mem::{Chains, ReuseMap, ReuseVec, Slab, VecMap};
use crate::trace::{Delta, Flags, Order, What};
use crate::units::Time;
use std::sync::Arc;

/// The exchanges that every virtual host has besides the default one (B32): name, type, internal.
const PREDECLARED: [(&str, Kind, bool); 6] = [
    ("amq.direct", Kind::Direct, false),
    ("amq.fanout", Kind::Fanout, false),
    ("amq.headers", Kind::Headers, false),
    ("amq.match", Kind::Headers, false),
    ("amq.rabbitmq.trace", Kind::Topic, true),
    ("amq.topic", Kind::Topic, false),
];

/// From here on the keys of the metadata are those of queues.
const QUEUE_KEYS: u64 = 1 << 32;

/// The key under which a queue's definition is kept.
pub(super) fn queue_key(number: u32) -> u64 {
    QUEUE_KEYS | u64::from(number)
}

/// A message that the disk still held.
#[derive(Debug)]
pub(super) struct Found {
    queue: u32,
    seq: u32,
    message: Message,
    exchange: Name,
    key: Name,
    copied_to: Option<Arc<[Name]>>,
    died: bool,
    redelivered: bool,
    copy: CopyId,
    deadline: Time,
}

impl Default for Node {
    /// A node that has not booted and has no configuration yet.
    fn default() -> Self {
        Node::new(Arc::new(Config::new(crate::ids::Name::EMPTY)))
    }
}

impl Node {
    /// A node that has not booted: it has no virtual host and takes no connection.
    pub fn new(config: Arc<Config>) -> Node {
        Node {
            config,
            vhosts: ReuseVec::new(),
            queues: ReuseMap::new(),
            next_queue: 1,
            connections: ReuseMap::new(),
            contents: Slab::new(),
            metadata: Metadata::default(),
            life: super::Life::Up,
            alarms: super::alarm::Alarms::default(),
            replies: VecMap::new(),
            reply_to: crate::ids::Name::NONE,
            made_names: 0,
            opened: 0,
            fruitless: 0,
            scratch: super::Room::default(),
        }
    }

    /// Builds the node anew in this value. Without records it is its first start: it takes the topology from the
    /// configuration and writes the durable part of it. Otherwise the disk alone counts, and what was transient is
    /// gone. To be called before [`crate::machine::Input::Started`]; what it puts out belongs to the start.
    pub fn boot(
        &mut self,
        config: &Arc<Config>,
        records: &mut dyn Iterator<Item = (File, u64, Record)>,
        ports: &mut Port<'_>,
    ) {
        self.clear(config);
        self.reply_to = ports.names.intern(super::reply_to::PSEUDO_QUEUE);
        self.add_vhosts(ports);
        let mut found = std::mem::take(&mut self.scratch.found);
        let (booted, clean) = self.read_records(records, &mut found);
        if booted {
            self.recover_metadata(ports);
        } else {
            self.declare_configured(ports);
        }
        if clean {
            self.metadata.changes.push(Op::Delete(CLEAN));
        } else if booted {
            // What was read may have been in the page cache only: a confirm must not build on that.
            self.metadata.changes.push(Op::Put(BOOTED, Record::Mark));
        }
        found.sort_unstable_by_key(|found| (found.queue, found.seq));
        for found in found.drain(..) {
            self.restore(found, clean, ports);
        }
        self.scratch.found = found;
        self.start_clocks(ports);
        self.bury(ports);
        let rule = match (booted, clean) {
            (false, _) => rules::PREDECLARED,
            (true, true) => rules::MARK_TAKEN,
            (true, false) => rules::SYNCED_AGAIN,
        };
        self.pump_metadata(rule, ports);
    }

    fn clear(&mut self, config: &Arc<Config>) {
        if !Arc::ptr_eq(&self.config, config) {
            self.config = Arc::clone(config);
        }
        self.vhosts.clear();
        self.queues.clear();
        self.next_queue = 1;
        self.connections.clear();
        self.contents.clear();
        self.metadata.clone_from(&Metadata::default());
        self.metadata.next_key = CLEAN + 1;
        self.life = super::Life::Up;
        self.alarms = super::alarm::Alarms::default();
        self.replies.clear();
        self.made_names = 0;
        self.opened = 0;
        self.fruitless = 0;
    }

    fn add_vhosts(&mut self, ports: &mut Port<'_>) {
        for name in Arc::clone(&self.config).vhosts.iter().copied() {
            let vhost = self.vhosts.len();
            let made = self.vhosts.grow(|| Vhost {
                name,
                exchanges: ReuseMap::new(),
                queues: VecMap::new(),
                incoming: Chains::default(),
            });
            made.name = name;
            made.exchanges.clear();
            made.queues.clear();
            made.incoming.clear();
            for (text, kind, internal) in PREDECLARED {
                let name = ports.names.intern(text);
                let arguments = Arc::clone(&self.scratch.specs.none);
                let (vhost_name, durable, auto_delete) = (self.vhosts[vhost].name, true, false);
                let spec = ExchangeSpec { vhost: vhost_name, name, kind, durable, auto_delete, internal, arguments };
                self.add_exchange(vhost, &spec, ports.names);
            }
        }
    }

    /// Sorts what the disk held; whether the node has started before, and whether it was stopped in order.
    fn read_records(
        &mut self,
        records: &mut dyn Iterator<Item = (File, u64, Record)>,
        found: &mut Vec<Found>,
    ) -> (bool, bool) {
        let (mut booted, mut clean) = (false, false);
        for (file, key, record) in records {
            self.next_queue = self.next_queue.max(file.0 + 1);
            match record {
                Record::Mark => {
                    booted |= key == BOOTED;
                    clean |= key == CLEAN;
                }
                Record::Message {
                    message,
                    queue: _,
                    exchange,
                    key: routing,
                    copied_to,
                    died,
                    redelivered,
                    copy,
                    deadline,
                } => {
                    found.push(Found {
                        queue: file.0,
                        seq: key as u32,
                        message,
                        exchange,
                        key: routing,
                        copied_to,
                        died,
                        redelivered,
                        copy,
                        deadline,
                    });
                }
                record if file == METADATA => {
                    if key < QUEUE_KEYS {
                        self.metadata.next_key = self.metadata.next_key.max(key + 1);
                    }
                    self.scratch.records.push((key, record));
                }
                _ => {}
            }
        }
        (booted, clean)
    }

    fn host(&self, name: Name) -> Option<usize> {
        self.vhosts.iter().position(|vhost| vhost.name == name)
    }

    /// Exchanges and queues first, then what binds them.
    fn recover_metadata(&mut self, ports: &mut Port<'_>) {
        let mut on_disk = std::mem::take(&mut self.scratch.records);
        for (key, record) in &on_disk {
            match record {
                Record::NoVhost(name) => {
                    let Some(vhost) = self.host(*name) else { continue };
                    self.vhosts[vhost].name = Name::NONE;
                    self.vhosts[vhost].exchanges.clear();
                }
                Record::Exchange(spec) => {
                    let Some(vhost) = self.host(spec.vhost) else { continue };
                    self.add_exchange(vhost, spec, ports.names);
                    if let Some(exchange) = self.vhosts[vhost].exchanges.get_mut(&spec.name) {
                        exchange.kept = *key;
                    }
                }
                Record::Queue(number, spec) => {
                    let Some(vhost) = self.host(spec.vhost) else { continue };
                    self.next_queue = self.next_queue.max(number + 1);
                    self.insert_queue(vhost, *number, Arc::clone(spec), ConnId::NONE, ports);
                }
                _ => {}
            }
        }
        for (key, record) in &on_disk {
            let Record::Binding(spec) = record else { continue };
            let Some(vhost) = self.host(spec.vhost) else { continue };
            // It was checked when it was made.
            if let Ok(Some(slot)) = self.add_binding(vhost, spec, ports.names) {
                self.note_kept(vhost, spec.source, slot, *key);
            }
        }
        on_disk.clear();
        self.scratch.records = on_disk;
    }

    fn declare_configured(&mut self, ports: &mut Port<'_>) {
        let config = Arc::clone(&self.config);
        for spec in &config.exchanges {
            let Some(vhost) = self.host(spec.vhost) else { continue };
            self.add_exchange(vhost, spec, ports.names);
            if spec.durable {
                self.keep_exchange(vhost, spec.clone());
            }
        }
        for spec in &config.queues {
            let Some(vhost) = self.host(spec.vhost) else { continue };
            let spec = self.scratch.specs.queues.get(spec.clone());
            let number = self.add_queue(vhost, Arc::clone(&spec), ConnId::NONE, ports);
            if spec.durable {
                self.keep_queue(number, spec);
            }
        }
        for spec in &config.bindings {
            let Some(vhost) = self.host(spec.vhost) else { continue };
            // What cannot be bound was reported where the configuration was read.
            let _ = self.bind(vhost, spec.clone(), ports);
        }
        self.metadata.changes.push(Op::Put(BOOTED, Record::Mark));
    }

    fn restore(&mut self, found: Found, clean: bool, ports: &mut Port<'_>) {
        let Some(queue) = self.queues.get_mut(&found.queue) else { return };
        let Found { seq, message, exchange, key, copied_to, died, redelivered, copy, deadline, .. } = found;
        let (place, id, size) = (queue.place, message.id, message.size);
        let rank = queue.features.rank(message.props.priority);
        let content = self.contents.insert(Content { message, exchange, key, copied_to, died, copies: 1 });
        let flags = Flags::PERSISTENT.and(Flags::REDELIVERED.when(redelivered || !clean));
        if queue.features.timing().segments {
            queue.journal.segments.add(seq);
        }
        let item = Item { seq, content, copy, flags, rank, size, deadline };
        queue.classic.restore(item);
        let rule = if clean { rules::RECOVERED_CLEAN } else { rules::RECOVERED_UNCLEAN };
        ports.out.note(rule, Because::INPUT, What::Recovered, place, id, 1);
        ports.out.delta(|| Delta::Put { place, copy, message: id, order: Order::from(item.turn()), flags });
    }
}
