//! `rabbitmq(version: "3.10", exchanges: […], queues: […], bindings: […])`.

mod access;
mod arguments;
mod lower;
mod names;

use super::steps;
use super::{Setting, System};
use crate::amqp::exchange::Kind;
use crate::amqp::script::Step;
use crate::amqp::{Pattern, Version};
use crate::ids::{Name, Names};
use crate::machine::Value;
use crate::scenario::diagnostics::{Code, Diagnostic, Sink, Spanned, visible};
use crate::scenario::fields::name as spanned_name;
use crate::scenario::fields::{Fields, address, choice, name, some_span, spanned_text, text, truth};
use crate::scenario::lower::LowerError;
use crate::scenario::schema::values::{Row, rows};
use crate::scenario::schema::{Consumer, Scenario, Script};
use crate::scenario::tree::Node;
use crate::systems;
use crate::trace::VerbTable;
use crate::units::Span;
use std::sync::Arc;

/// A RabbitMQ node with its topology.
#[derive(Clone, PartialEq, Debug)]
pub struct Rabbitmq {
    /// The node's name.
    pub name: Spanned<String>,
    /// Which version it behaves like.
    pub version: Version,
    /// How long a delivery may be unsettled; `None` for what the version has.
    pub consumer_timeout: Option<Span>,
    /// Virtual hosts besides `/`.
    pub vhosts: Vec<Spanned<String>>,
    /// Users besides `guest`.
    pub users: Vec<User>,
    /// Exchanges besides the predeclared ones.
    pub exchanges: Vec<Exchange>,
    /// Queues.
    pub queues: Vec<Queue>,
    /// Bindings.
    pub bindings: Vec<Binding>,
}

/// A user.
#[derive(Clone, PartialEq, Debug)]
pub struct User {
    /// The name.
    pub name: Spanned<String>,
    /// The password; the name without.
    pub password: String,
    /// What the user may do, one a virtual host.
    pub permissions: Vec<Permission>,
}

/// What a user may do in a virtual host. Each is a regular expression, searched for in names.
#[derive(Clone, PartialEq, Debug)]
pub struct Permission {
    /// The virtual host; `/` without.
    pub vhost: Option<Spanned<String>>,
    /// What may be made and deleted.
    pub configure: Pattern,
    /// Where messages may be put into.
    pub write: Pattern,
    /// Where messages may be taken from.
    pub read: Pattern,
}

/// An exchange.
#[derive(Clone, PartialEq, Debug)]
pub struct Exchange {
    /// Its name.
    pub name: Spanned<String>,
    /// Its type.
    pub kind: Kind,
    /// Whether it survives a restart.
    pub durable: bool,
    /// Whether it goes with its last binding.
    pub auto_delete: bool,
    /// Whether clients may not publish to it.
    pub internal: bool,
    /// Its virtual host; `/` without.
    pub vhost: Option<Spanned<String>>,
    /// The alternate exchange.
    pub alternate: Option<Spanned<String>>,
    /// Other arguments.
    pub arguments: Vec<Row>,
}

/// A queue.
#[derive(Clone, PartialEq, Debug)]
pub struct Queue {
    /// Its name.
    pub name: Spanned<String>,
    /// Whether it survives a restart.
    pub durable: bool,
    /// Whether it goes with its last consumer.
    pub auto_delete: bool,
    /// Its virtual host; `/` without.
    pub vhost: Option<Spanned<String>>,
    /// Arguments, such as `x-max-length`.
    pub arguments: Vec<Row>,
}

/// A binding.
#[derive(Clone, PartialEq, Debug)]
pub struct Binding {
    /// The exchange that messages come from.
    pub from: Spanned<String>,
    /// The queue or exchange that they go to.
    pub to: Spanned<String>,
    /// The binding key.
    pub key: String,
    /// Its virtual host; `/` without.
    pub vhost: Option<Spanned<String>>,
    /// Arguments, such as `x-match`.
    pub arguments: Vec<Row>,
}

/// The exchanges that are always there.
pub const PREDECLARED: [&str; 7] =
    ["", "amq.direct", "amq.fanout", "amq.topic", "amq.headers", "amq.match", "amq.rabbitmq.trace"];

/// Decodes the block.
pub(super) fn decode(node: &Node, sink: &mut Sink) -> Rabbitmq {
    let mut f = Fields::of_call(node, "`rabbitmq`", sink);
    let name = f.optional("name", name).unwrap_or_else(|| Spanned::new("broker".to_owned(), node.head()));
    let version = f.or("version", Version::default(), version);
    let consumer_timeout = f.optional("consumer_timeout", some_span);
    let mut vhosts = f.list("vhosts", spanned_name);
    let mut users = f.list("users", user);
    let mut exchanges = f.list("exchanges", exchange);
    let mut queues = f.list("queues", queue);
    let mut bindings = f.list("bindings", binding);
    let meant = f.finish();
    meant.list("vhosts", &mut vhosts, spanned_name, sink);
    meant.list("users", &mut users, user, sink);
    meant.list("exchanges", &mut exchanges, exchange, sink);
    meant.list("queues", &mut queues, queue, sink);
    meant.list("bindings", &mut bindings, binding, sink);
    Rabbitmq { name, version, consumer_timeout, vhosts, users, exchanges, queues, bindings }
}

fn version(node: &Node, sink: &mut Sink) -> Option<Version> {
    let version = spanned_text(node, sink)?;
    let known = Version::from_word(&version.value);
    if known.is_none() {
        let title = format!("RabbitMQ {} is not modelled", visible(&version.value));
        let bad = Diagnostic::new(Code::UnknownVersion, title, node.at, "unknown version");
        let list = Version::WORDS.join(", ");
        sink.push(bad.help(format!("modelled are {list}; the next lower one is the nearest")));
    }
    known
}

fn user(node: &Node, sink: &mut Sink) -> Option<User> {
    let mut f = Fields::of_struct(node, "a user", sink);
    let name = f.name("name");
    let password = f.optional("password", text);
    let permissions = f.list("permissions", permission);
    f.finish();
    let password = password.unwrap_or_else(|| name.value.clone());
    Some(User { name, password, permissions })
}

fn permission(node: &Node, sink: &mut Sink) -> Option<Permission> {
    let mut f = Fields::of_struct(node, "a permission", sink);
    let vhost = f.optional("vhost", name);
    let configure = f.required("configure", pattern);
    let write = f.required("write", pattern);
    let read = f.required("read", pattern);
    f.finish();
    // One that cannot be read allows nothing; the virtual host is checked all the same.
    let or_none = |pattern: Option<Pattern>| pattern.or_else(|| Pattern::new("^$").ok());
    Some(Permission { vhost, configure: or_none(configure)?, write: or_none(write)?, read: or_none(read)? })
}

fn pattern(node: &Node, sink: &mut Sink) -> Option<Pattern> {
    let text = text(node, sink)?;
    match Pattern::new(&text) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let title = format!("`{}` is not a pattern that can be used", visible(&text));
            let bad = Diagnostic::new(Code::BadTemplate, title, node.at, error.to_string());
            sink.push(
                bad.help("it is a regular expression that is searched for in names: \".*\" for all, \"^$\" for none"),
            );
            None
        }
    }
}

fn exchange(node: &Node, sink: &mut Sink) -> Option<Exchange> {
    // The protocol's words, but for the one that is no word of the language.
    let spelt = |kind: Kind| if kind == Kind::ConsistentHash { "consistent_hash" } else { kind.word() };
    let kinds = Kind::ALL.map(|kind| (spelt(kind), kind));
    let mut f = Fields::of_struct(node, "an exchange", sink);
    let name = f.name("name");
    let kind = f.required("kind", |node, sink| choice(node, "an exchange type", &kinds, sink));
    let durable = f.or("durable", false, truth);
    let auto_delete = f.or("auto_delete", false, truth);
    let internal = f.or("internal", false, truth);
    let vhost = f.optional("vhost", spanned_name);
    let alternate = f.optional("alternate", address);
    let arguments = f.or("arguments", Vec::new(), rows);
    f.finish();
    let kind = kind.unwrap_or(Kind::Direct);
    Some(Exchange { name, kind, durable, auto_delete, internal, vhost, alternate, arguments })
}

fn queue(node: &Node, sink: &mut Sink) -> Option<Queue> {
    let mut f = Fields::of_struct(node, "a queue", sink);
    let name = f.name("name");
    let durable = f.or("durable", false, truth);
    let auto_delete = f.or("auto_delete", false, truth);
    let vhost = f.optional("vhost", spanned_name);
    let arguments = f.or("arguments", Vec::new(), rows);
    f.finish();
    Some(Queue { name, durable, auto_delete, vhost, arguments })
}

fn binding(node: &Node, sink: &mut Sink) -> Option<Binding> {
    let mut f = Fields::of_struct(node, "a binding", sink);
    let from = f.name("from");
    let to = f.name("to");
    let key = f.optional("key", address).map_or_else(String::new, |key| key.value);
    let vhost = f.optional("vhost", name);
    let arguments = f.or("arguments", Vec::new(), rows);
    f.finish();
    Some(Binding { from, to, key, vhost, arguments })
}

/// The virtual host that stands where none is written.
pub const DEFAULT_VHOST: &str = "/";

/// A virtual host's name.
fn host_text(vhost: &Option<Spanned<String>>) -> &str {
    vhost.as_ref().map_or(DEFAULT_VHOST, |vhost| &vhost.value)
}

impl System for Rabbitmq {
    fn word(&self) -> &'static str {
        "rabbitmq"
    }
    fn name(&self) -> &Spanned<String> {
        &self.name
    }
    fn vocabulary(&self) -> VerbTable {
        crate::amqp::verbs::TABLE
    }
    fn named(&self) -> Vec<(&'static str, &Spanned<String>)> {
        let exchanges = self.exchanges.iter().map(|exchange| ("exchange", &exchange.name));
        exchanges.chain(self.queues.iter().map(|queue| ("queue", &queue.name))).collect()
    }
    fn queues(&self, scenario: &Scenario) -> Vec<Spanned<String>> {
        names::queues(self, scenario)
    }
    fn check(&self, scenario: &Scenario, sink: &mut Sink) {
        names::check(self, scenario, sink);
        arguments::check(self, scenario, sink);
    }
    fn check_script(&self, script: &Script, sink: &mut Sink) {
        if script.steps.iter().any(|step| !step.word.is_read()) {
            return;
        }
        let before = sink.list.len();
        for step in &script.steps {
            steps::check(&step.word, &step.node, Step::FORMS, self.word(), sink);
        }
        if sink.list.len() > before {
            return;
        }
        // What these forms do not know the system itself may still object to.
        match lower::steps(script) {
            Ok(steps) => arguments::check_script(self, script, &steps, sink),
            Err(LowerError { at, says }) => {
                sink.push(Diagnostic::new(Code::WrongType, "this step cannot be read", at, says));
            }
        }
    }
    fn settings(&self) -> Vec<Setting> {
        let setting = |(at, queue): (usize, &Queue)| {
            // Queues of two virtual hosts may have one name, and then only their numbers tell them apart.
            let alone = self.queues.iter().filter(|other| other.name.value == queue.name.value).count() == 1;
            let place = if alone { queue.name.value.clone() } else { (at + 1).to_string() };
            let name = match &queue.vhost {
                Some(vhost) if !alone => format!("{}/{}", vhost.value, queue.name.value),
                _ => queue.name.value.clone(),
            };
            let (word, says) = match queue.durable {
                true => ("not-durable", "Make the queue {queue} not durable."),
                false => ("durable", "Make the queue {queue} durable."),
            };
            let path = format!("broker.queues.{place}.durable");
            let (fields, value) = (vec![("queue", name.clone())], (!queue.durable).to_string());
            Setting { word: word.to_owned(), of: name, says, fields, path, value }
        };
        self.queues.iter().enumerate().map(setting).collect()
    }
    fn has_access(&self) -> bool {
        true
    }
    fn heeds_properties(&self) -> bool {
        true
    }
    fn config(&self, names: &mut Names) -> systems::NodeConfig {
        systems::NodeConfig::Amqp(Arc::new(lower::config(self, names)))
    }
    fn script(&self, script: &Script, names: &mut Names) -> Result<systems::Script, LowerError> {
        lower::script(script, names).map(systems::Script::AmqpScript)
    }
    fn subscription(&self, consumer: &Consumer, options: &mut Vec<(Name, Value)>, names: &mut Names) {
        options.push((names.intern("consumer_tag"), Value::text(&consumer.name.value)));
    }
}
