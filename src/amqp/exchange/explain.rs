//! The same routing once more, slowly and with reasons: binding by binding why it matched or did not.

use super::headers::{match_of, matched};
use super::topic::{Trie, Walk};
use super::{Binding, Exchange, Kind, Match, Target};
use crate::amqp::Table;
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

    /// A sentence in which `{exchange}`, `{binding}`, `{key}`, `{target}` and `{detail}` stand for the reason's fields; a
    /// part in square brackets is left out where a field in it is missing.
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
    (Why::NoPattern, "{exchange} does not lead to {target}: the pattern {binding} does not match {key}[: {detail}]."),
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
        "{exchange} does not lead to {target}: the headers lack something that the binding asks for[: {detail}].",
    ),
    (
        Why::NoHeaders(Match::Any),
        "{exchange} does not lead to {target}: the headers have nothing that the binding asks for[: {detail}].",
    ),
    (
        Why::NoHeaders(Match::AllWithX),
        "{exchange} does not lead to {target}: the headers lack something that the binding asks for, x- keys included[: {detail}].",
    ),
    (
        Why::NoHeaders(Match::AnyWithX),
        "{exchange} does not lead to {target}: the headers have nothing that the binding asks for, x- keys included[: {detail}].",
    ),
    (Why::Alternate, "No binding of {exchange} matches, so the message goes to its alternate exchange {target}."),
    (Why::DeadEnd, "No binding of {exchange} matches, and it has no alternate exchange."),
];

/// One step of an explanation.
#[derive(Clone, PartialEq, Eq, Debug)]
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
    /// What differs, with both values, where a pattern or headers do not match; empty elsewhere.
    pub detail: String,
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
    let bare =
        |exchange, key, target, why| Reason { exchange, binding: Name::NONE, key, target, why, detail: String::new() };
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
    let detail = match why {
        Why::NoPattern => words_differ(&names.text(binding.key), &names.text(key)),
        Why::NoHeaders(mode) => missing(mode, &binding.arguments, headers.unwrap_or_default()),
        _ => String::new(),
    };
    Reason { exchange: exchange.name, binding: binding.key, key, target: Some(binding.target), why, detail }
}

/// The first key that fits, else the first key of all.
fn by_key(keys: &[Name], fits: impl Fn(Name) -> bool, yes: Why, no: Why) -> (Name, Why) {
    match keys.iter().copied().find(|&key| fits(key)) {
        Some(key) => (key, yes),
        None => (keys.first().copied().unwrap_or(Name::EMPTY), no),
    }
}

/// Which word of a routing key does not fit the pattern.
fn words_differ(pattern: &str, key: &str) -> String {
    let (asked, has): (Vec<&str>, Vec<&str>) = (pattern.split('.').collect(), key.split('.').collect());
    let wrong = |a: &str, h: &str| a != "*" && a != h;
    let before = asked.iter().position(|word| *word == "#");
    let front = asked[..before.unwrap_or(asked.len())].iter().zip(&has).position(|(a, h)| wrong(a, h));
    if let Some(i) = front {
        return format!("word {} is \"{}\", and the pattern asks for \"{}\"", i + 1, has[i], asked[i]);
    }
    let Some(_) = before else {
        return format!("the key has {}, and the pattern takes {}", words(has.len()), words(asked.len()));
    };
    let back = asked.iter().rev().take_while(|word| **word != "#").zip(has.iter().rev());
    if let Some((i, (a, h))) = back.enumerate().find(|(_, (a, h))| wrong(a, h)) {
        return match i {
            0 => format!("its last word is \"{h}\", and the pattern asks for \"{a}\""),
            i => format!("word {} from its end is \"{h}\", and the pattern asks for \"{a}\"", i + 1),
        };
    }
    let least = asked.iter().filter(|word| **word != "#").count();
    if has.len() < least {
        return format!("the key has {}, and the pattern takes at least {least}", words(has.len()));
    }
    "whatever words # stands for, the others do not fit".to_owned()
}

fn words(n: usize) -> String {
    format!("{n} {}", if n == 1 { "word" } else { "words" })
}

/// What a binding's arguments ask for that the headers do not have.
fn missing(mode: Match, arguments: &Table, headers: &[(Arc<str>, Value)]) -> String {
    let with_x = matches!(mode, Match::AllWithX | Match::AnyWithX);
    let asked = arguments.iter().filter(|(name, _)| &**name != "x-match" && (with_x || !name.starts_with("x-")));
    let unmet = asked.filter(|row| !matched(Match::AllWithX, &vec![(*row).clone()], headers));
    let told = unmet.map(|(name, value)| {
        let must = if *value == Value::Void { "there".to_owned() } else { shown(value) };
        match headers.iter().find(|(header, _)| header == name) {
            Some((_, has)) => format!("{name} must be {must} and is {}", shown(has)),
            None => format!("{name} must be {must} and is not there"),
        }
    });
    told.collect::<Vec<_>>().join("; ")
}

/// A value as it stands in a scenario, as far as it is simple.
fn shown(value: &Value) -> String {
    match value {
        Value::Void => "nothing".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int { value, .. } => value.to_string(),
        Value::Double(bits) => format!("{:?}", f64::from_bits(*bits)),
        Value::Text(text) => format!("\"{text}\""),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Value::Timestamp(secs) => format!("the time {secs}"),
        Value::List(values) => format!("a list of {}", values.len()),
        Value::Table(rows) => format!("a table of {}", rows.len()),
    }
}

fn pattern(pattern: Name, key: Name, names: &Names) -> bool {
    let (mut trie, mut found) = (Trie::default(), Vec::new());
    trie.add(&names.text(pattern), 0, Target::Queue(pattern));
    trie.matches(&names.text(key), &mut Walk::default(), &mut found);
    !found.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_that_differs_is_named() {
        assert_eq!(words_differ("order.*.eu", "order.new.us"), "word 3 is \"us\", and the pattern asks for \"eu\"");
        assert_eq!(words_differ("order.*", "order.new.us"), "the key has 3 words, and the pattern takes 2 words");
        assert_eq!(words_differ("#.eu", "order.us"), "its last word is \"us\", and the pattern asks for \"eu\"");
        assert_eq!(words_differ("a.#.b", "a"), "its last word is \"a\", and the pattern asks for \"b\"");
        assert_eq!(words_differ("a.*.#", "a"), "the key has 1 word, and the pattern takes at least 2");
        assert_eq!(words_differ("#.x.#", "a.b"), "whatever words # stands for, the others do not fit");
    }

    #[test]
    fn the_header_that_differs_is_named_with_both_values() {
        let table = |rows: &[(&str, Value)]| rows.iter().map(|(k, v)| ((*k).into(), v.clone())).collect::<Table>();
        let asked = table(&[("x-match", Value::text("all")), ("kind", Value::text("order")), ("n", Value::int(1))]);
        let has = table(&[("kind", Value::text("bill"))]);
        let says = "kind must be \"order\" and is \"bill\"; n must be 1 and is not there";
        assert_eq!(missing(Match::All, &asked, &has), says);
    }
}
