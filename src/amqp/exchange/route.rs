//! From an exchange and keys to a set of queues, through exchange-to-exchange bindings and alternate exchanges
//! (R3, R6).
//!
//! Not what happens to a message that reaches no queue: the channel decides that.

use super::{Exchange, Kind, Target, Walk, with_text};
use crate::ids::{Name, Names};
use crate::machine::Message;
use crate::mem::ReuseMap;
use std::cmp::Ordering;

/// Room for routing, and its result. Holds no state between two calls; a clone is empty.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The queues of the last call, each once, in the order of their names, as the real broker sorts them.
    pub queues: Vec<Name>,
    found: Vec<Target>,
    /// Exchanges that were reached; those from `at` on still have to be looked at.
    reached: Vec<Name>,
    /// The same, sorted.
    met: Vec<Name>,
    /// Whether an alternate exchange was used.
    pub alternate: bool,
    /// Whether a consistent-hash exchange chose one of its bindings.
    pub hashed: bool,
    /// The type of the exchange that the message was published to; none for the default exchange.
    pub kind: Option<Kind>,
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
    exchanges: &ReuseMap<Name, Exchange>,
    from: Name,
    key: Name,
    more_keys: &[Name],
    message: &Message,
    names: &Names,
    scratch: &mut Scratch,
) {
    let Scratch { queues, found, reached, met, alternate, hashed, kind, walk } = scratch;
    queues.clear();
    reached.clear();
    met.clear();
    (*alternate, *hashed, *kind) = (false, false, None);
    if from == Name::EMPTY {
        queues.push(key);
        queues.extend_from_slice(more_keys);
        return sort_once(queues, names);
    }
    reached.push(from);
    met.push(from);
    let mut at = 0;
    while let Some(exchange) = reached.get(at).map(|name| exchanges.get(name)) {
        at += 1;
        let Some(exchange) = exchange else { continue };
        found.clear();
        kind.get_or_insert(exchange.kind);
        exchange.matches(key, message, names, walk, found);
        *hashed |= exchange.kind == Kind::ConsistentHash && !found.is_empty();
        if exchange.reads_key() {
            more_keys.iter().for_each(|&key| exchange.matches(key, message, names, walk, found));
        }
        if found.is_empty() && exchange.alternate.is_some() {
            found.push(Target::Exchange(exchange.alternate));
            *alternate = true;
        }
        for target in found.drain(..) {
            match target {
                Target::Queue(queue) => queues.push(queue),
                Target::Exchange(next) => {
                    if let Err(at) = met.binary_search(&next) {
                        met.insert(at, next);
                        reached.push(next);
                    }
                }
            }
        }
    }
    sort_once(queues, names);
}

/// Puts them in the order of their texts, each once. That order decides who is served first where several queues get
/// the same message; it is not the order of binding.
fn sort_once(queues: &mut Vec<Name>, names: &Names) {
    if queues.len() < 2 {
        return;
    }
    queues.sort_unstable_by(|a, b| by_text(*a, *b, names));
    queues.dedup();
}

/// Compares texts as bytes.
pub fn by_text(a: Name, b: Name, names: &Names) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    if a.prefix() == b.prefix()
        && let (Some(a), Some(b)) = (a.number(), b.number())
        && a.checked_ilog10() == b.checked_ilog10()
    {
        return a.cmp(&b);
    }
    with_text(a, names, |a| with_text(b, names, |b| a.cmp(b)))
}
