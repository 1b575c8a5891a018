//! What a node would refuse of a configuration if a client declared it: said before a run begins, since a node takes its
//! configuration without a word.
//!
//! Not names that stand twice or are missing; that is the scenario's business.

use super::config::{Config, QueueSpec, Version};
use super::exchange::Exchange;
use super::method::Table;
use super::queue::check;
use super::{error, rules};
use crate::ids::{Name, Names};
use std::sync::Arc;

/// Which part of a configuration, by its place in the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// An exchange.
    Exchange(usize),
    /// A queue.
    Queue(usize),
    /// A binding of one of the configuration's own exchanges.
    Binding(usize),
}

/// What would be refused, each with the broker's words.
pub fn refused(config: &Config, names: &Names) -> Vec<(Part, String)> {
    let mut found = Vec::new();
    let mut exchanges = Vec::with_capacity(config.exchanges.len());
    for (at, spec) in config.exchanges.iter().enumerate() {
        if let Err(refusal) = error::not_reserved("exchange", spec.name, names) {
            found.push((Part::Exchange(at), refusal.text.to_string()));
        }
        if let Err(why) = Exchange::check(spec.kind, &spec.arguments) {
            found.push((Part::Exchange(at), why.to_string()));
            continue;
        }
        let exchange = Exchange::with_arguments(spec.name, spec.kind, Arc::clone(&spec.arguments));
        exchanges.push(((spec.vhost, spec.name), exchange));
    }
    exchanges.sort_by_key(|(key, _)| *key);
    for (at, spec) in config.queues.iter().enumerate() {
        let what = error::queue_in(spec.name, spec.vhost, names);
        let named = error::not_reserved("queue", spec.name, names);
        if let Err(refusal) = named.and_then(|()| check::check(spec, false, config.version, what)) {
            found.push((Part::Queue(at), refusal.text.to_string()));
        }
    }
    for (at, spec) in config.bindings.iter().enumerate() {
        let source = exchanges.binary_search_by_key(&(spec.vhost, spec.source), |(key, _)| *key);
        let Ok(source) = source else { continue };
        let exchange = &mut exchanges[source].1;
        if let Err(why) = exchange.bind(spec.key, spec.target, &spec.arguments, config.version, names) {
            found.push((Part::Binding(at), why.to_string()));
        }
    }
    found
}

/// Why the model cannot make a queue that a real broker would make, if it cannot.
pub fn left_out(spec: &QueueSpec, exclusive: bool, version: Version, names: &Names) -> Option<String> {
    let refusal = check::check(spec, exclusive, version, error::queue_in(spec.name, spec.vhost, names)).err()?;
    (refusal.rule == rules::QUORUM).then(|| refusal.text.to_string())
}

/// What would be said to a consumer of a queue with these arguments, if it would be refused for them.
pub fn refused_consumer(
    arguments: &Table,
    (queue, vhost): (Name, Name),
    version: Version,
    names: &Names,
) -> Option<String> {
    let refusal = check::consumer(arguments, version, error::queue_in(queue, vhost, names)).err()?;
    Some(refusal.text.to_string())
}
