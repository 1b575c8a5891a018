//! The same routing once more, slowly and with reasons: binding by binding why it matched or did not.

use super::headers::{match_of, matched};
use super::topic::{Trie, Walk};
use super::{Binding, Exchange, Kind, Match, Target};
use crate::ids::{Name, Names};
use crate::machine::Value;
use crate::mem::VecMap;
use std::sync::Arc;

/// Why a binding matched or did not, or what happened at an exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// The default exchange leads to the queue named by the key.
    Default,
    /// There is no such exchange.
    NoExchange,
    /// The binding key equals the routing key.
    KeyEqual,
    /// It does not.
    KeyDiffers,
    /// A fanout exchange takes every binding.
    Fanout,
    /// The pattern matches the routing key.
    Pattern,
    /// It does not.
    NoPattern,
    /// The headers fit the arguments.
    Headers(Match),
    /// They do not.
    NoHeaders(Match),
    /// No binding matched, so the message goes to the alternate exchange.
    Alternate,
    /// No binding matched, and there is no alternate exchange.
    DeadEnd,
}

impl Why {
    /// Whether the message goes on to the target.
    pub fn matched(self) -> bool {
        use Why::{Alternate, Default, Fanout, Headers, KeyEqual, Pattern};
        matches!(self, Default | KeyEqual | Fanout | Pattern | Headers(_) | Alternate)
    }

    /// A sentence in which `{exchange}`, `{binding}`, `{key}` and `{target}` stand for the reason's fields.
    pub fn sentence(self) -> &'static str {
        SENTENCES.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }
}

/// How each reason reads.
const SENTENCES: [(Why, &str); 17] = [
    (Why::Default, "The default exchange leads to the queue that the routing key names: {target}."),
    (Why::NoExchange, "There is no exchange {exchange}."),
    (Why::KeyEqual, "{exchange} leads to {target}: the binding key {binding} equals the routing key."),
    (Why::KeyDiffers, "{exchange} does not lead to {target}: the binding key {binding} is not {key}."),
    (Why::Fanout, "{exchange} leads to {target}: a fanout exchange takes every binding and reads no key."),
    (Why::Pattern, "{exchange} leads to {target}: the pattern {binding} matches {key}."),
    (Why::NoPattern, "{exchange} does not lead to {target}: the pattern {binding} does not match {key}."),
    (Why::Headers(Match::All), "{exchange} leads to {target}: the headers have everything that the binding asks for."),
    (Why::Headers(Match::Any), "{exchange} leads to {target}: the headers have something that the binding asks for."),
    (
        Why::Headers(Match::AllWithX),
        "{exchange} leads to {target}: the headers have everything that the binding asks for, x- keys included.",
    ),
    (
        Why::Headers(Match::AnyWithX),
        "{exchange} leads to {target}: the headers have something that the binding asks for, x- keys included.",
    ),
    (
        Why::NoHeaders(Match::All),
        "{exchange} does not lead to {target}: the headers lack something that the binding asks for.",
    ),
    (
        Why::NoHeaders(Match::Any),
        "{exchange} does not lead to {target}: the headers have nothing that the binding asks for.",
    ),
    (
        Why::NoHeaders(Match::AllWithX),
        "{exchange} does not lead to {target}: the headers lack something that the binding asks for, x- keys included.",
    ),
    (
        Why::NoHeaders(Match::AnyWithX),
        "{exchange} does not lead to {target}: the headers have nothing that the binding asks for, x- keys included.",
    ),
    (Why::Alternate, "No binding of {exchange} matches, so the message goes to its alternate exchange {target}."),
    (Why::DeadEnd, "No binding of {exchange} matches, and it has no alternate exchange."),
];

/// One step of an explanation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reason {
    /// At which exchange.
    pub exchange: Name,
    /// The key of the binding; [`Name::NONE`] where no binding is meant.
    pub binding: Name,
    /// The routing key that was looked at: for a match by CC or BCC, that one.
    pub key: Name,
    /// Where the binding leads; `None` where nothing does.
    pub target: Option<Target>,
    /// Why.
    pub why: Why,
}

/// Every binding of every exchange that the message reaches, in the order in which [`super::route`] looks at them.
pub fn explain(
    exchanges: &VecMap<Name, Exchange>,
    from: Name,
    keys: &[Name],
    headers: Option<&[(Arc<str>, Value)]>,
    names: &Names,
) -> Vec<Reason> {
    let first = keys.first().copied().unwrap_or(Name::EMPTY);
    let bare = |exchange, key, target, why| Reason { exchange, binding: Name::NONE, key, target, why };
    if from == Name::EMPTY {
        return keys.iter().map(|&key| bare(from, key, Some(Target::Queue(key)), Why::Default)).collect();
    }
    let (mut reasons, mut reached, mut at) = (Vec::new(), vec![from], 0);
    while let Some(&name) = reached.get(at) {
        at += 1;
        let Some(exchange) = exchanges.get(&name) else {
            reasons.push(bare(name, first, None, Why::NoExchange));
            continue;
        };
        let start = reasons.len();
        reasons.extend(exchange.bindings().map(|binding| of_binding(exchange, binding, keys, headers, names)));
        if !reasons[start..].iter().any(|reason| reason.why.matched()) {
            let alternate = exchange.alternate;
            let next = alternate.is_some().then_some(Target::Exchange(alternate));
            let why = if next.is_some() { Why::Alternate } else { Why::DeadEnd };
            reasons.push(bare(name, first, next, why));
        }
        for reason in &reasons[start..] {
            match reason.target {
                Some(Target::Exchange(next)) if reason.why.matched() && !reached.contains(&next) => reached.push(next),
                _ => {}
            }
        }
    }
    reasons
}

fn of_binding(
    exchange: &Exchange,
    binding: &Binding,
    keys: &[Name],
    headers: Option<&[(Arc<str>, Value)]>,
    names: &Names,
) -> Reason {
    let (key, why) = match exchange.kind {
        Kind::Direct => by_key(keys, |key| key == binding.key, Why::KeyEqual, Why::KeyDiffers),
        Kind::Topic => by_key(keys, |key| pattern(binding.key, key, names), Why::Pattern, Why::NoPattern),
        Kind::Fanout => (keys.first().copied().unwrap_or(Name::EMPTY), Why::Fanout),
        Kind::Headers => {
            let mode = match_of(&binding.arguments).unwrap_or(Match::All);
            let fits = matched(mode, &binding.arguments, headers.unwrap_or_default());
            let why = if fits { Why::Headers(mode) } else { Why::NoHeaders(mode) };
            (keys.first().copied().unwrap_or(Name::EMPTY), why)
        }
    };
    Reason { exchange: exchange.name, binding: binding.key, key, target: Some(binding.target), why }
}

/// The first key that fits, else the first key of all.
fn by_key(keys: &[Name], fits: impl Fn(Name) -> bool, yes: Why, no: Why) -> (Name, Why) {
    match keys.iter().copied().find(|&key| fits(key)) {
        Some(key) => (key, yes),
        None => (keys.first().copied().unwrap_or(Name::EMPTY), no),
    }
}

fn pattern(pattern: Name, key: Name, names: &Names) -> bool {
    let (mut trie, mut found) = (Trie::default(), Vec::new());
    trie.add(&names.text(pattern), 0, Target::Queue(pattern));
    trie.matches(&names.text(key), &mut Walk::default(), &mut found);
    !found.is_empty()
}
