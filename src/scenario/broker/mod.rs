//! The `broker` block: one file a system, registered here.

pub mod rabbitmq;
pub mod redis;

use super::diagnostics::{Sink, Spanned};
use super::fields::word;
use super::tree::Node;

/// The broker of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub enum Broker {
    /// RabbitMQ.
    Rabbitmq(rabbitmq::Rabbitmq),
    /// Redis.
    Redis(redis::Redis),
}

/// The systems by the word that stands in the scenario.
const SYSTEMS: [(&str, fn(&Node, &mut Sink) -> Option<Broker>); 2] = [
    ("rabbitmq", |node, sink| Some(Broker::Rabbitmq(rabbitmq::decode(node, sink)))),
    ("redis", |node, sink| Some(Broker::Redis(redis::decode(node, sink)))),
];

/// Decodes a broker.
pub(super) fn decode(node: &Node, sink: &mut Sink) -> Option<Broker> {
    let found = word(node, "a broker", &SYSTEMS.map(|(word, _)| word), sink)?;
    let (_, decode) = SYSTEMS.iter().find(|(word, _)| *word == found.value)?;
    decode(node, sink)
}

/// What a step of a script may be: its word and its fields.
pub type Steps = &'static [(&'static str, &'static [&'static str])];

impl Broker {
    /// The name of its node; `broker` if the scenario gives none.
    pub fn name(&self) -> &Spanned<String> {
        match self {
            Broker::Rabbitmq(rabbitmq) => &rabbitmq.name,
            Broker::Redis(redis) => &redis.name,
        }
    }
    /// The word for the system.
    pub fn system(&self) -> &'static str {
        match self {
            Broker::Rabbitmq(_) => "rabbitmq",
            Broker::Redis(_) => "redis",
        }
    }
    /// What scripts can do with it.
    pub fn steps(&self) -> Steps {
        match self {
            Broker::Rabbitmq(_) => rabbitmq::STEPS,
            Broker::Redis(_) => &[],
        }
    }
}
