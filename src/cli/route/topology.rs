//! Exchanges, bindings and queues as a scenario declares them, for routing without a run.

use crate::amqp::Config;
use crate::amqp::exchange::{Exchange, Kind, Reason, Scratch, explain, route};
use crate::cli::failure::{Failure, shown};
use crate::ids::{Name, Names, nearest};
use crate::machine::{Message, Value};
use crate::mem::ReuseMap;
use crate::systems::NodeConfig;
use crate::trace::visible;
use crate::world::plan::Plan;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a message is routed by.
pub(super) struct Topology {
    exchanges: ReuseMap<Name, Exchange>,
    queues: BTreeSet<Name>,
    pub(super) names: Names,
    scratch: Scratch,
}

/// A message that is to be routed.
pub(super) struct Letter {
    /// The exchange that it is published to.
    pub(super) exchange: Name,
    /// Its routing key, then those of CC and BCC.
    pub(super) keys: Vec<Name>,
    /// Its headers and properties.
    pub(super) message: Message,
}

impl Topology {
    pub(super) fn of(plan: &Plan) -> Result<Topology, Failure> {
        let configs = plan.nodes.iter().find_map(|node| match &node.config {
            NodeConfig::Amqp(config) => Some(config),
            _ => None,
        });
        let Some(config) = configs else {
            return Err(Failure::usage("the scenario's broker has no exchanges; only RabbitMQ routes"));
        };
        let mut names = plan.names.clone();
        let mut exchanges = declared(config, &mut names);
        for binding in &config.bindings {
            if let Some(source) = exchanges.get_mut(&binding.source) {
                // A binding that makes no sense was found when the scenario was checked.
                let _ = source.bind(binding.key, binding.target, &binding.arguments, config.version, &names);
            }
        }
        let queues = config.queues.iter().map(|queue| queue.name).collect();
        Ok(Topology { exchanges, queues, names, scratch: Scratch::default() })
    }

    pub(super) fn known(&self, exchange: Name, text: &str) -> Result<(), Failure> {
        if exchange == Name::EMPTY || self.exchanges.get(&exchange).is_some() {
            return Ok(());
        }
        let names: Vec<String> = self.exchanges.keys().map(|name| self.names.text(*name)).collect();
        let own: Vec<&str> = names.iter().map(String::as_str).filter(|name| !name.starts_with("amq.")).collect();
        let help = match nearest(text, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{}`?", visible(near)),
            None if own.is_empty() => "the scenario declares none; \"\" is the default exchange".to_owned(),
            None => format!("the scenario declares {}", visible(&own.join(", "))),
        };
        Err(Failure::usage(format!("there is no exchange {}\nhelp: {help}", shown(text))))
    }

    /// Whether an exchange takes messages from other exchanges alone, so that a client's publish is refused (A75).
    pub(super) fn is_internal(&self, exchange: Name) -> bool {
        self.exchanges.get(&exchange).is_some_and(|exchange| exchange.internal)
    }

    /// A name as it is shown.
    pub(super) fn shown(&self, name: Name) -> String {
        visible(&self.names.text(name))
    }

    /// The queues that get the message, each once, and those that would if they were there.
    pub(super) fn reached(&mut self, letter: &Letter) -> (Vec<Name>, Vec<Name>) {
        let Some((key, more)) = letter.keys.split_first() else { return (Vec::new(), Vec::new()) };
        let Topology { exchanges, queues, names, scratch } = self;
        route(exchanges, letter.exchange, *key, more, &letter.message, names, scratch);
        scratch.queues.iter().partition(|queue| queues.contains(queue))
    }

    /// Why, binding by binding.
    pub(super) fn reasons(&self, letter: &Letter) -> Vec<Reason> {
        explain(&self.exchanges, letter.exchange, &letter.keys, &letter.message, &self.names)
    }
}

/// The exchanges that are always there, and the scenario's.
fn declared(config: &Config, names: &mut Names) -> ReuseMap<Name, Exchange> {
    const ALWAYS: [(&str, Kind); 6] = [
        ("amq.direct", Kind::Direct),
        ("amq.fanout", Kind::Fanout),
        ("amq.headers", Kind::Headers),
        ("amq.match", Kind::Headers),
        ("amq.rabbitmq.trace", Kind::Topic),
        ("amq.topic", Kind::Topic),
    ];
    let mut exchanges = ReuseMap::new();
    for (text, kind) in ALWAYS {
        let name = names.intern(text);
        let mut exchange = Exchange::new(name, kind);
        // The firehose's exchange, and the only one of these that is internal (B32).
        exchange.internal = text == "amq.rabbitmq.trace";
        exchanges.insert(name, exchange);
    }
    for spec in &config.exchanges {
        let mut exchange = Exchange::with_arguments(spec.name, spec.kind, Arc::clone(&spec.arguments));
        exchange.internal = spec.internal;
        let alternate = spec.arguments.iter().find(|(key, _)| &**key == "alternate-exchange");
        if let Some((_, Value::Text(alternate))) = alternate {
            exchange.alternate = names.intern(alternate);
        }
        exchanges.insert(spec.name, exchange);
    }
    exchanges
}
