//! From an exchange and keys to a set of queues, through exchange-to-exchange bindings and alternate exchanges
//! (R3, R6).
//!
//! Not what happens to a message that reaches no queue: the channel decides that.

use super::{Exchange, Target, Walk};
use crate::ids::{Name, Names};
use crate::machine::Value;
use crate::mem::VecMap;
use std::sync::Arc;

/// Room for routing, and its result. Holds no state between two calls; a clone is empty.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The queues of the last call, each once, in the order in which they were found.
    pub queues: Vec<Name>,
    found: Vec<Target>,
    /// Exchanges that were reached; those from `at` on still have to be looked at.
    reached: Vec<Name>,
    order: Vec<(Name, u32)>,
    walk: Walk,
}

impl Clone for Scratch {
    fn clone(&self) -> Self {
        Scratch::default()
    }
    fn clone_from(&mut self, _: &Self) {}
}

/// Routes a message; the queues are in [`Scratch::queues`]. The default exchange leads to the queues named by the
/// keys, whether they exist or not; so may bindings to queues that are being deleted: the caller checks.
///
/// `more_keys` are those of the CC and BCC headers. An exchange that does not exist leads nowhere.
pub fn route(
    exchanges: &VecMap<Name, Exchange>,
    from: Name,
    key: Name,
    more_keys: &[Name],
    headers: Option<&[(Arc<str>, Value)]>,
    names: &Names,
    scratch: &mut Scratch,
) {
    let Scratch { queues, found, reached, order, walk } = scratch;
    queues.clear();
    reached.clear();
    if from == Name::EMPTY {
        queues.push(key);
        queues.extend_from_slice(more_keys);
        return once_each(queues, order);
    }
    reached.push(from);
    let mut at = 0;
    while let Some(exchange) = reached.get(at).map(|name| exchanges.get(name)) {
        at += 1;
        let Some(exchange) = exchange else { continue };
        found.clear();
        exchange.matches(key, headers, names, walk, found);
        if exchange.reads_key() {
            more_keys.iter().for_each(|&key| exchange.matches(key, headers, names, walk, found));
        }
        if found.is_empty() && exchange.alternate.is_some() {
            found.push(Target::Exchange(exchange.alternate));
        }
        for target in found.drain(..) {
            match target {
                Target::Queue(queue) => queues.push(queue),
                Target::Exchange(next) if reached.contains(&next) => {}
                Target::Exchange(next) => reached.push(next),
            }
        }
    }
    once_each(queues, order);
}

/// Keeps the first of equal names, in place and in order.
fn once_each(names: &mut Vec<Name>, order: &mut Vec<(Name, u32)>) {
    if names.len() < 2 {
        return;
    }
    order.clear();
    order.extend(names.iter().enumerate().map(|(i, name)| (*name, i as u32)));
    order.sort_unstable();
    order.dedup_by_key(|entry| entry.0);
    if order.len() == names.len() {
        return;
    }
    order.sort_unstable_by_key(|entry| entry.1);
    names.clear();
    names.extend(order.iter().map(|entry| entry.0));
}
