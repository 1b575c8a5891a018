//! The `broker` block: one file a system, registered here.

mod lower;
pub mod rabbitmq;
pub mod redis;
pub mod steps;

use super::diagnostics::{Code, Diagnostic, Sink, Spanned};
use super::fields::word;
use super::lower::LowerError;
use super::schema::Script;
use super::tree::Node;
use crate::ids::Names;
use crate::trace::Class;

/// The broker of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub enum Broker {
    /// RabbitMQ.
    Rabbitmq(rabbitmq::Rabbitmq),
    /// Redis.
    Redis(redis::Redis),
}

/// A system's word in the scenario, and what decodes its block.
type System = (&'static str, fn(&Node, &mut Sink) -> Option<Broker>);

/// The systems.
const SYSTEMS: [System; 2] = [
    ("rabbitmq", |node, sink| Some(Broker::Rabbitmq(rabbitmq::decode(node, sink)))),
    ("redis", |node, sink| Some(Broker::Redis(redis::decode(node, sink)))),
];

/// Decodes a broker.
pub(super) fn decode(node: &Node, sink: &mut Sink) -> Option<Broker> {
    let found = word(node, "a broker", &SYSTEMS.map(|(word, _)| word), sink)?;
    let (_, decode) = SYSTEMS.iter().find(|(word, _)| *word == found.value)?;
    decode(node, sink)
}

impl Broker {
    /// The name of its node; `broker` if the scenario gives none.
    pub fn name(&self) -> &Spanned<String> {
        match self {
            Broker::Rabbitmq(rabbitmq) => &rabbitmq.name,
            Broker::Redis(redis) => &redis.name,
        }
    }
    /// What is declared in it.
    pub(super) fn named(&self) -> impl Iterator<Item = (&'static str, &Spanned<String>)> {
        let rabbitmq = match self {
            Broker::Rabbitmq(rabbitmq) => Some(rabbitmq),
            Broker::Redis(_) => None,
        };
        let exchanges = rabbitmq.into_iter().flat_map(|r| &r.exchanges).map(|exchange| ("exchange", &exchange.name));
        exchanges.chain(rabbitmq.into_iter().flat_map(|r| &r.queues).map(|queue| ("queue", &queue.name)))
    }
    /// The word for the system.
    pub fn system(&self) -> &'static str {
        match self {
            Broker::Rabbitmq(_) => "rabbitmq",
            Broker::Redis(_) => "redis",
        }
    }
    /// Reports what is wrong with a script.
    pub(super) fn check_script(&self, script: &Script, sink: &mut Sink) {
        let Broker::Rabbitmq(rabbitmq) = self else {
            let title = format!("there are no scripts for {}", self.system());
            sink.push(Diagnostic::new(Code::Conflict, title, script.name.at, "a script"));
            return;
        };
        let before = sink.list.len();
        for step in &script.steps {
            steps::check(&step.word, &step.node, rabbitmq::STEPS, self.system(), sink);
        }
        // What these forms do not know the system itself may still object to.
        if sink.list.len() == before
            && let Err(LowerError { at, says }) = rabbitmq.script(script, &mut Names::new())
        {
            sink.push(Diagnostic::new(Code::WrongType, "this step cannot be read", at, says));
        }
    }
    /// The number of the vocabulary that its protocol's methods are in.
    fn vocabulary(&self) -> u8 {
        match self {
            Broker::Rabbitmq(_) => crate::amqp::verbs::TABLE.number,
            Broker::Redis(_) => crate::redis::verbs::TABLE.number,
        }
    }
    /// The names of its protocol's methods.
    pub(super) fn methods(&self) -> impl Iterator<Item = &'static str> {
        let table = crate::world::VERBS.0.iter().filter(|table| table.number == self.vocabulary());
        table.flat_map(|table| table.verbs).filter(|verb| verb.class != Class::Timer).map(|verb| verb.name)
    }
}
