//! Declaring and binding: names, equivalence, arguments (group A of the facts).

use super::boot::queue_key;
use super::channel::Awaited;
use super::{Node, Port, Vhost};
use crate::amqp::access::Action;
use crate::amqp::config::{BindingSpec, ExchangeSpec, QueueSpec, Version};
use crate::amqp::error::{self, Checked, Named};
use crate::amqp::exchange::{BindError, Exchange, Kind, Target, hash_target, type_word};
use crate::amqp::method::Method;
use crate::amqp::queue::arguments::argument;
use crate::amqp::queue::{Features, Queue, arguments, check};
use crate::amqp::rules;
use crate::amqp::store::{Record, Waiting};
use crate::ids::{ConnId, Name, Names, PlaceId, RuleId};
use crate::machine::{Because, Op, Value};
use crate::trace::{PlaceKind, What};
use std::fmt::Write as _;
use std::sync::Arc;

impl Node {
    pub(super) fn exchange_declare(&mut self, at: (ConnId, u16), body: Method, ports: &mut Port<'_>) -> Checked {
        let Method::ExchangeDeclare {
            exchange: name,
            kind,
            passive,
            durable,
            auto_delete,
            internal,
            nowait,
            arguments,
        } = body
        else {
            return Ok(());
        };
        let name = stripped(name, ports.names);
        let vhost = self.vhost_of(at.0);
        let host = self.vhosts[vhost].name;
        let what = error::exchange_in(name, host, ports.names);
        let kind = if passive { None } else { Some(self.exchange_kind(kind, ports.names)?) };
        not_default(name)?;
        if !passive {
            self.may_exchange(at.0, Action::Configure, name, ports.names)?;
        }
        let found = self.vhosts[vhost].exchanges.get(&name);
        let mut on_disk = false;
        match (kind, found) {
            (None, Some(_)) => {}
            (None, None) => return error::not_found(what),
            (Some(kind), Some(found)) => {
                let spec = ExchangeSpec { vhost: host, name, kind, durable, auto_delete, internal, arguments };
                same_exchange(found, &spec, what)?;
            }
            (Some(kind), None) => {
                let spec = ExchangeSpec { vhost: host, name, kind, durable, auto_delete, internal, arguments };
                self.may_make(at.0, &spec, ports.names)?;
                self.add_exchange(vhost, &spec, ports.names);
                on_disk = durable;
                if durable {
                    self.keep_exchange(vhost, spec);
                }
            }
        }
        if !nowait {
            self.answer_when_kept(at, Method::ExchangeDeclareOk, on_disk, rules::DECLARED, ports);
        }
        Ok(())
    }

    /// Whether a new exchange may be made: its name, what it asks for, and the permissions that needs.
    fn may_make(&self, conn: ConnId, spec: &ExchangeSpec, names: &mut Names) -> Checked {
        error::not_reserved("exchange", spec.name, names)?;
        let alternate = argument(&spec.arguments, "alternate-exchange");
        if let Some(other) = alternate.filter(|value| !matches!(value, Value::Text(_))) {
            let (word, what) = (type_word(other), error::exchange_in(spec.name, spec.vhost, names));
            let why = format_args!("invalid type '{word}' for arg 'alternate-exchange' in {what}");
            return error::precondition(rules::INVALID_ARGUMENT, why);
        }
        self.may_redirect(conn, (spec.name, true), "alternate-exchange", &spec.arguments, names)?;
        match Exchange::check(spec.kind, &spec.arguments) {
            Ok(()) => Ok(()),
            Err(why) => error::precondition(rules::INVALID_ARGUMENT, why),
        }
    }

    /// The type with this name (A48).
    fn exchange_kind(&self, word: Name, names: &Names) -> Checked<Kind> {
        if let Some(kind) = Kind::ALL.into_iter().find(|kind| names.find(kind.word()) == Some(word)) {
            return Ok(kind);
        }
        error::unknown_type(names.show(word), word == Name::EMPTY, self.config.version < Version::V4_1)
    }

    /// Makes an exchange.
    pub(super) fn add_exchange(&mut self, vhost: usize, spec: &ExchangeSpec, names: &mut Names) {
        let make = || Exchange::with_arguments(spec.name, spec.kind, Arc::clone(&spec.arguments));
        let renew = |old: &mut Exchange| old.renew(spec.name, spec.kind, &spec.arguments);
        let exchange = self.vhosts[vhost].exchanges.renewed(spec.name, make, renew);
        exchange.durable = spec.durable;
        exchange.auto_delete = spec.auto_delete;
        exchange.internal = spec.internal;
        if let Some(Value::Text(alternate)) = argument(&spec.arguments, "alternate-exchange") {
            exchange.alternate = names.intern(alternate);
        }
    }

    pub(super) fn queue_declare(&mut self, at: (ConnId, u16), body: Method, ports: &mut Port<'_>) -> Checked {
        let Method::QueueDeclare { queue, passive, durable, exclusive, auto_delete, nowait, arguments } = body else {
            return Ok(());
        };
        let queue = stripped(queue, ports.names);
        let vhost = self.vhost_of(at.0);
        let host = self.vhosts[vhost].name;
        if let Some(there) = self.declare_replies(queue, ports) {
            return self.replies_declared(at, queue, there, nowait, ports);
        }
        if passive {
            self.open_queue(at.0, queue, ports)?;
            self.declared(at, queue, nowait, false, ports);
            return Ok(());
        }
        let name = if queue == Name::EMPTY {
            check::server_named(&arguments, self.config.version)?;
            self.make_name("amq.gen-", at.0, ports)
        } else {
            error::not_reserved("queue", queue, ports.names)?;
            queue
        };
        self.may_queue(at.0, Action::Configure, name, ports.names)?;
        // An exclusive queue is never kept.
        let durable = durable && !exclusive;
        let owner = if exclusive { at.0 } else { ConnId::NONE };
        let what = error::queue_in(name, host, ports.names);
        let spec = QueueSpec { vhost: host, name, durable, auto_delete, arguments };
        let found = self.vhosts[vhost].queues.get(&name).and_then(|number| self.queues.get(number));
        if let Some(found) = found {
            same_queue(found, &spec, owner, what)?;
            self.declared(at, name, nowait, false, ports);
            return Ok(());
        }
        check::check(&spec, exclusive, self.config.version, what)?;
        self.may_redirect(at.0, (name, false), "x-dead-letter-exchange", &spec.arguments, ports.names)?;
        let spec = self.scratch.specs.queues.get(spec);
        let number = self.add_queue(vhost, Arc::clone(&spec), owner, ports);
        if durable {
            self.keep_queue(number, spec);
        }
        self.declared(at, name, nowait, durable, ports);
        Ok(())
    }

    /// Makes a queue; gives its number.
    pub(super) fn add_queue(&mut self, vhost: usize, spec: Arc<QueueSpec>, owner: ConnId, ports: &mut Port<'_>) -> u32 {
        let number = self.next_queue;
        self.next_queue += 1;
        self.insert_queue(vhost, number, spec, owner, ports);
        number
    }

    /// Makes a queue with this number.
    pub(super) fn insert_queue(
        &mut self,
        vhost: usize,
        number: u32,
        spec: Arc<QueueSpec>,
        owner: ConnId,
        ports: &mut Port<'_>,
    ) {
        let name = spec.name;
        // Queues of other virtual hosts may have the same name: they are shown with their virtual host's.
        let shown = match vhost {
            0 => name,
            _ => ports.names.compose(|names, text| write!(text, "{}/{}", names.show(spec.vhost), names.show(name))),
        };
        let place = ports.place(PlaceKind::Queue, shown);
        self.vhosts[vhost].queues.insert(name, number);
        let features = Features::read(&spec.arguments, self.config.version, ports.names);
        self.queues.insert(number, Queue::new(spec, features, owner, place));
        if let Some(owner) = self.connections.get_mut(&owner) {
            owner.owned.push(number);
        }
    }

    /// Answers a queue declaration.
    fn declared(&mut self, at: (ConnId, u16), queue: Name, nowait: bool, on_disk: bool, ports: &mut Port<'_>) {
        if let Some(channel) = self.channel_mut(at) {
            channel.last_queue = queue;
        }
        if nowait {
            return;
        }
        let found = self.vhosts[self.vhost_of(at.0)].queues.get(&queue).copied();
        if let Some(number) = found {
            self.touch(number, ports);
            self.stir(number);
        }
        let found = found.and_then(|number| self.queues.get(&number));
        let (messages, consumers) =
            found.map_or((0, 0), |found| (found.classic.ready() as u32, found.classic.consumer_count() as u32));
        let answer = Method::QueueDeclareOk { queue, messages, consumers };
        self.answer_when_kept(at, answer, on_disk, rules::DECLARED, ports);
    }

    /// Puts a durable exchange on its way to the disk.
    pub(super) fn keep_exchange(&mut self, vhost: usize, spec: ExchangeSpec) {
        let name = spec.name;
        let spec = self.scratch.specs.exchanges.get(spec);
        let key = self.keep(Record::Exchange(spec));
        if let Some(exchange) = self.vhosts[vhost].exchanges.get_mut(&name) {
            exchange.kept = key;
        }
    }

    /// Puts a durable queue on its way to the disk.
    pub(super) fn keep_queue(&mut self, number: u32, spec: Arc<QueueSpec>) {
        self.metadata.changes.push(Op::Put(queue_key(number), Record::Queue(number, spec)));
    }

    pub(super) fn keep(&mut self, record: Record) -> u64 {
        let key = self.metadata.next_key;
        self.metadata.next_key += 1;
        self.metadata.changes.push(Op::Put(key, record));
        key
    }

    /// Takes a durable definition from the disk; whether there was one.
    pub(super) fn unkeep(&mut self, key: u64) -> bool {
        if key != 0 {
            self.metadata.changes.push(Op::Delete(key));
        }
        key != 0
    }

    /// Answers at once, or when the disk has what was kept (F05).
    pub(super) fn answer_when_kept(
        &mut self,
        at: (ConnId, u16),
        answer: Method,
        on_disk: bool,
        rule: RuleId,
        ports: &mut Port<'_>,
    ) {
        if !on_disk {
            self.answer(rule, at, answer, ports);
            return;
        }
        if let Some(channel) = self.channel_mut(at) {
            channel.awaited =
                Some(Awaited { missing: 1, refused: false, answer: Some(answer), rule: rules::DECLARED_DURABLY });
            let waiting = Waiting { conn: at.0, channel: at.1, serial: channel.serial, number: 0 };
            self.metadata.waiting.push(waiting);
        }
    }

    pub(super) fn bind_or_unbind(&mut self, at: (ConnId, u16), body: Method, ports: &mut Port<'_>) -> Checked {
        let (binds, to_queue, target, source, key, nowait, arguments, answer) = match body {
            Method::QueueBind { queue, exchange, key, nowait, arguments } => {
                (true, true, queue, exchange, key, nowait, arguments, Method::QueueBindOk)
            }
            Method::QueueUnbind { queue, exchange, key, arguments } => {
                (false, true, queue, exchange, key, false, arguments, Method::QueueUnbindOk)
            }
            Method::ExchangeBind { destination, source, key, nowait, arguments } => {
                (true, false, destination, source, key, nowait, arguments, Method::ExchangeBindOk)
            }
            Method::ExchangeUnbind { destination, source, key, nowait, arguments } => {
                (false, false, destination, source, key, nowait, arguments, Method::ExchangeUnbindOk)
            }
            _ => return Ok(()),
        };
        let (target, source) = (stripped(target, ports.names), stripped(source, ports.names));
        let name = if to_queue { self.named(at, target)? } else { target };
        // Without queue and key both stand for the queue declared last.
        let key = if to_queue && target == Name::EMPTY && key == Name::EMPTY { name } else { key };
        let target = if to_queue { Target::Queue(name) } else { Target::Exchange(name) };
        self.may_bind(at.0, target, source, ports.names)?;
        let vhost = self.vhost_of(at.0);
        let spec = BindingSpec { vhost: self.vhosts[vhost].name, source, target, key, arguments };
        let on_disk = match binds {
            true => {
                self.check_ends(at.0, &spec, ports)?;
                self.bind(vhost, spec, ports)?
            }
            // What is not there needs no unbinding, and neither does what leads from or to something that is not there.
            false if !self.is_bound(vhost, &spec) => false,
            false => {
                self.check_ends(at.0, &spec, ports)?;
                self.unbind(vhost, &spec, ports)
            }
        };
        if !nowait {
            self.answer_when_kept(at, answer, on_disk, rules::BOUND, ports);
        }
        Ok(())
    }

    /// Whether the ends of a binding may be used: its target is written to, its source read from.
    fn may_bind(&self, conn: ConnId, target: Target, source: Name, names: &Names) -> Checked {
        match target {
            Target::Queue(name) => self.may_queue(conn, Action::Write, name, names)?,
            Target::Exchange(name) => {
                self.may_exchange(conn, Action::Write, name, names)?;
                not_default(name)?;
            }
        }
        not_default(source)?;
        self.may_exchange(conn, Action::Read, source, names)
    }

    /// Both ends of a binding must be there; the source is looked at first (A78b).
    fn check_ends(&self, conn: ConnId, spec: &BindingSpec, ports: &Port<'_>) -> Checked {
        let exchanges = &self.vhosts[self.vhost_of(conn)].exchanges;
        for exchange in [Some(spec.source), exchange_of(spec.target)].into_iter().flatten() {
            if !exchanges.contains(&exchange) {
                return error::not_found(error::exchange_in(exchange, spec.vhost, ports.names));
            }
        }
        match spec.target {
            Target::Queue(queue) => self.open_queue(conn, queue, ports).map(|_| ()),
            Target::Exchange(_) => Ok(()),
        }
    }

    /// Makes a binding; whether it goes to the disk.
    pub(super) fn bind(&mut self, vhost: usize, spec: BindingSpec, ports: &mut Port<'_>) -> Checked<bool> {
        let slot = match self.add_binding(vhost, &spec, ports.names) {
            Ok(Some(slot)) => slot,
            Ok(None) => return Ok(false),
            Err(why) => return error::precondition(rules::INVALID_ARGUMENT, why),
        };
        let on_disk = self.is_durable(vhost, &spec);
        if on_disk {
            let source = spec.source;
            let spec = self.scratch.specs.bindings.get(spec);
            let key = self.keep(Record::Binding(spec));
            self.note_kept(vhost, source, slot, key);
        }
        Ok(on_disk)
    }

    /// Makes a binding and notes at its target where it is; gives its slot, or nothing where it was there already.
    pub(super) fn add_binding(
        &mut self,
        vhost: usize,
        spec: &BindingSpec,
        names: &Names,
    ) -> Result<Option<u32>, BindError> {
        let version = self.config.version;
        let Vhost { exchanges, incoming, .. } = &mut self.vhosts[vhost];
        let Some(source) = exchanges.get_mut(&spec.source) else { return Ok(None) };
        let slot = source.bind(spec.key, spec.target, &spec.arguments, version, names)?;
        if let Some((slot, binding)) = slot.and_then(|slot| Some((slot, source.binding_mut(slot)?))) {
            binding.incoming = incoming.push(hash_target(spec.target), (spec.source, slot));
        }
        Ok(slot)
    }

    /// Notes under which key a binding is kept.
    pub(super) fn note_kept(&mut self, vhost: usize, source: Name, slot: u32, key: u64) {
        let source = self.vhosts[vhost].exchanges.get_mut(&source);
        if let Some(binding) = source.and_then(|source| source.binding_mut(slot)) {
            binding.kept = key;
        }
    }

    /// Whether both ends of a binding survive a restart.
    pub(super) fn is_durable(&self, vhost: usize, spec: &BindingSpec) -> bool {
        let vhost = &self.vhosts[vhost];
        let exchange = |name: Name| vhost.exchanges.get(&name).is_some_and(|exchange| exchange.durable);
        let target = match spec.target {
            Target::Exchange(name) => exchange(name),
            Target::Queue(name) => {
                vhost.queues.get(&name).and_then(|number| self.queues.get(number)).is_some_and(|q| q.spec.durable)
            }
        };
        target && exchange(spec.source)
    }

    fn is_bound(&self, vhost: usize, spec: &BindingSpec) -> bool {
        let source = self.vhosts[vhost].exchanges.get(&spec.source);
        source.is_some_and(|source| source.has(spec.key, spec.target, &spec.arguments))
    }

    fn unbind(&mut self, vhost: usize, spec: &BindingSpec, ports: &mut Port<'_>) -> bool {
        let Vhost { exchanges, incoming, .. } = &mut self.vhosts[vhost];
        let Some(source) = exchanges.get_mut(&spec.source) else { return false };
        let Some(binding) = source.unbind(spec.key, spec.target, &spec.arguments, ports.names) else { return false };
        incoming.remove(binding.incoming);
        let abandoned = source.auto_delete && source.is_unbound();
        let mut on_disk = self.unkeep(binding.kept);
        if abandoned {
            let before = self.metadata.changes.len();
            let because = Because::INPUT;
            ports.out.note(rules::AUTO_DELETED, because, What::Deleted, PlaceId::NONE, spec.source, 1);
            self.remove_exchange(vhost, spec.source, because, ports);
            on_disk |= self.metadata.changes.len() > before;
        }
        on_disk
    }
}

fn exchange_of(target: Target) -> Option<Name> {
    match target {
        Target::Exchange(name) => Some(name),
        Target::Queue(_) => None,
    }
}

/// Line ends are taken out of the names that are declared, bound and deleted (A64b).
pub(super) fn stripped(name: Name, names: &mut Names) -> Name {
    let ends = ['\r', '\n'];
    if name.is_some() && names.prefix_text(name.prefix()).contains(ends) {
        let text = names.text(name).replace(ends, "");
        return names.intern(&text);
    }
    name
}

/// The default exchange can be neither declared, bound nor deleted (A34, A79f).
pub(super) fn not_default(exchange: Name) -> Checked {
    if exchange == Name::EMPTY {
        return error::refused("operation not permitted on the default exchange");
    }
    Ok(())
}

fn same_flag(arg: &str, what: Named<'_>, received: bool, current: bool) -> Checked {
    if received == current {
        return Ok(());
    }
    error::inequivalent(arg, what, format_args!("'{received}'"), format_args!("'{current}'"))
}

fn same_exchange(found: &Exchange, spec: &ExchangeSpec, what: Named<'_>) -> Checked {
    if found.kind != spec.kind {
        let (received, current) = (spec.kind.word(), found.kind.word());
        return error::inequivalent("type", what, format_args!("'{received}'"), format_args!("'{current}'"));
    }
    same_flag("durable", what, spec.durable, found.durable)?;
    same_flag("auto_delete", what, spec.auto_delete, found.auto_delete)?;
    same_flag("internal", what, spec.internal, found.internal)?;
    arguments::same_argument("alternate-exchange", what, &spec.arguments, &found.arguments)
}

/// Owner, durable, auto-delete, arguments, in this order (A15, A06).
fn same_queue(found: &Queue, spec: &QueueSpec, owner: ConnId, what: Named<'_>) -> Checked {
    if found.owner != owner {
        return error::locked(what);
    }
    same_flag("durable", what, spec.durable, found.spec.durable)?;
    same_flag("auto_delete", what, spec.auto_delete, found.spec.auto_delete)?;
    arguments::same(what, &spec.arguments, &found.spec.arguments)
}
