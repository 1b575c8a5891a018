//! `rabbitmq(version: "3.10", exchanges: […], queues: […], bindings: […])`.

use super::Steps;
use crate::amqp::{self, exchange::Target};
use crate::ids::Names;
use crate::machine::Value;
use crate::scenario::diagnostics::{Code, Diagnostic, Sink, Spanned, visible};
use crate::scenario::fields::{Fields, address, choice, name, spanned_text, truth};
use crate::scenario::lower::{LowerError, table};
use crate::scenario::printer::print_line;
use crate::scenario::schema::Script;
use crate::scenario::schema::values::{Row, rows};
use crate::scenario::tree::Node;
use std::sync::Arc;

/// A RabbitMQ node with its topology.
#[derive(Clone, PartialEq, Debug)]
pub struct Rabbitmq {
    /// The node's name.
    pub name: Spanned<String>,
    /// Which version it behaves like.
    pub version: Version,
    /// Exchanges besides the predeclared ones.
    pub exchanges: Vec<Exchange>,
    /// Queues.
    pub queues: Vec<Queue>,
    /// Bindings.
    pub bindings: Vec<Binding>,
}

/// A version that is modelled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Version {
    /// 3.7
    V3_7,
    /// 3.10
    V3_10,
    /// 3.13
    V3_13,
    /// 4.1
    V4_1,
}

const VERSIONS: [(&str, Version); 4] =
    [("3.7", Version::V3_7), ("3.10", Version::V3_10), ("3.13", Version::V3_13), ("4.1", Version::V4_1)];

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
    /// The alternate exchange.
    pub alternate: Option<Spanned<String>>,
    /// Other arguments.
    pub arguments: Vec<Row>,
}

/// An exchange's type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// By equal key.
    Direct,
    /// To all.
    Fanout,
    /// By pattern.
    Topic,
    /// By headers.
    Headers,
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
    let version = f.or("version", Version::V3_10, version);
    let exchanges = f.list("exchanges", exchange);
    let queues = f.list("queues", queue);
    let bindings = f.list("bindings", binding);
    f.finish();
    Rabbitmq { name, version, exchanges, queues, bindings }
}

fn version(node: &Node, sink: &mut Sink) -> Option<Version> {
    let version = spanned_text(node, sink)?;
    let known = VERSIONS.iter().find(|(text, _)| *text == version.value);
    if known.is_none() {
        let title = format!("RabbitMQ {} is not modelled", visible(&version.value));
        let bad = Diagnostic::new(Code::UnknownVersion, title, node.at, "unknown version");
        let list: Vec<&str> = VERSIONS.iter().map(|(text, _)| *text).collect();
        sink.push(bad.help(format!("modelled are {}; the next lower one is the nearest", list.join(", "))));
    }
    known.map(|(_, version)| *version)
}

fn exchange(node: &Node, sink: &mut Sink) -> Option<Exchange> {
    let kinds =
        [("direct", Kind::Direct), ("fanout", Kind::Fanout), ("topic", Kind::Topic), ("headers", Kind::Headers)];
    let mut f = Fields::of_struct(node, "an exchange", sink)?;
    let name = f.required("name", name);
    let kind = f.required("kind", |node, sink| choice(node, "an exchange type", &kinds, sink));
    let durable = f.or("durable", false, truth);
    let auto_delete = f.or("auto_delete", false, truth);
    let internal = f.or("internal", false, truth);
    let alternate = f.optional("alternate", address);
    let arguments = f.or("arguments", Vec::new(), rows);
    f.finish();
    let kind = kind.unwrap_or(Kind::Direct);
    Some(Exchange { name: name?, kind, durable, auto_delete, internal, alternate, arguments })
}

fn queue(node: &Node, sink: &mut Sink) -> Option<Queue> {
    let mut f = Fields::of_struct(node, "a queue", sink)?;
    let name = f.required("name", name);
    let durable = f.or("durable", false, truth);
    let auto_delete = f.or("auto_delete", false, truth);
    let arguments = f.or("arguments", Vec::new(), rows);
    f.finish();
    Some(Queue { name: name?, durable, auto_delete, arguments })
}

fn binding(node: &Node, sink: &mut Sink) -> Option<Binding> {
    let mut f = Fields::of_struct(node, "a binding", sink)?;
    let from = f.required("from", name);
    let to = f.required("to", name);
    let key = f.optional("key", address).map_or_else(String::new, |key| key.value);
    let arguments = f.or("arguments", Vec::new(), rows);
    f.finish();
    Some(Binding { from: from?, to: to?, key, arguments })
}

/// The methods that a script may send, with their fields.
pub const STEPS: Steps = &[
    ("channel_open", &["channel"]),
    ("channel_close", &["channel"]),
    ("connection_close", &[]),
    (
        "exchange_declare",
        &["channel", "exchange", "kind", "passive", "durable", "auto_delete", "internal", "nowait", "arguments"],
    ),
    ("exchange_delete", &["channel", "exchange", "if_unused", "nowait"]),
    ("exchange_bind", &["channel", "destination", "source", "key", "nowait", "arguments"]),
    ("exchange_unbind", &["channel", "destination", "source", "key", "nowait", "arguments"]),
    ("queue_declare", &["channel", "queue", "passive", "durable", "exclusive", "auto_delete", "nowait", "arguments"]),
    ("queue_bind", &["channel", "queue", "exchange", "key", "nowait", "arguments"]),
    ("queue_unbind", &["channel", "queue", "exchange", "key", "arguments"]),
    ("queue_purge", &["channel", "queue", "nowait"]),
    ("queue_delete", &["channel", "queue", "if_unused", "if_empty", "nowait"]),
    ("basic_qos", &["channel", "prefetch_size", "prefetch_count", "global"]),
    ("basic_consume", &["channel", "queue", "consumer_tag", "no_local", "no_ack", "exclusive", "nowait", "arguments"]),
    ("basic_cancel", &["channel", "consumer_tag", "nowait"]),
    (
        "basic_publish",
        &[
            "channel",
            "exchange",
            "key",
            "mandatory",
            "immediate",
            "message",
            "size",
            "persistent",
            "priority",
            "expiration",
            "headers",
            "reply_to",
            "correlation_id",
        ],
    ),
    ("basic_get", &["channel", "queue", "no_ack"]),
    ("basic_ack", &["channel", "delivery_tag", "multiple"]),
    ("basic_reject", &["channel", "delivery_tag", "requeue"]),
    ("basic_nack", &["channel", "delivery_tag", "multiple", "requeue"]),
    ("basic_recover", &["channel", "requeue"]),
    ("tx_select", &["channel"]),
    ("tx_commit", &["channel"]),
    ("tx_rollback", &["channel"]),
    ("confirm_select", &["channel", "nowait"]),
    ("abort", &[]),
    ("wait", &["time"]),
];

impl Rabbitmq {
    /// What the node runs.
    pub(in crate::scenario) fn config(&self, names: &mut Names) -> amqp::Config {
        let vhost = names.intern("/");
        let mut config = amqp::Config::new(vhost);
        config.version = match self.version {
            Version::V3_7 => amqp::Version::V3_7,
            Version::V3_10 => amqp::Version::V3_10,
            Version::V3_13 => amqp::Version::V3_13,
            Version::V4_1 => amqp::Version::V4_1,
        };
        for exchange in &self.exchanges {
            let mut arguments = table(&exchange.arguments);
            if let Some(alternate) = &exchange.alternate {
                arguments.push(("alternate-exchange".into(), Value::text(&alternate.value)));
            }
            config.exchanges.push(amqp::ExchangeSpec {
                vhost,
                name: names.intern(&exchange.name.value),
                kind: match exchange.kind {
                    Kind::Direct => amqp::exchange::Kind::Direct,
                    Kind::Fanout => amqp::exchange::Kind::Fanout,
                    Kind::Topic => amqp::exchange::Kind::Topic,
                    Kind::Headers => amqp::exchange::Kind::Headers,
                },
                durable: exchange.durable,
                auto_delete: exchange.auto_delete,
                internal: exchange.internal,
                arguments: Arc::new(arguments),
            });
        }
        for queue in &self.queues {
            config.queues.push(amqp::QueueSpec {
                vhost,
                name: names.intern(&queue.name.value),
                durable: queue.durable,
                auto_delete: queue.auto_delete,
                arguments: Arc::new(table(&queue.arguments)),
            });
        }
        for binding in &self.bindings {
            let to = names.intern(&binding.to.value);
            let queue = self.queues.iter().any(|queue| queue.name.value == binding.to.value);
            config.bindings.push(amqp::BindingSpec {
                vhost,
                source: names.intern(&binding.from.value),
                target: if queue { Target::Queue(to) } else { Target::Exchange(to) },
                key: names.intern(&binding.key),
                arguments: Arc::new(table(&binding.arguments)),
            });
        }
        config
    }

    /// What a script performs. Steps have the form of RON enums, so serde reads them one by one.
    pub(in crate::scenario) fn script(
        &self,
        script: &Script,
        names: &mut Names,
    ) -> Result<Arc<amqp::Program>, LowerError> {
        let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
        let mut steps = Vec::with_capacity(script.steps.len());
        for step in &script.steps {
            let text = print_line(&step.node);
            let step = options
                .from_str(&text)
                .map_err(|error| LowerError { at: step.node.at, says: error.code.to_string() })?;
            steps.push(step);
        }
        Ok(amqp::Script::compile(&steps, names))
    }
}
