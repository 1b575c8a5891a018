//! The same routing once more, slowly and with reasons: binding by binding why it matched or did not.

use super::headers::{asked_for, has, match_of, matched};
use super::topic::words;
use super::{Binding, Exchange, Index, Kind, Match, Target};
use crate::ids::{Name, Names};
use crate::machine::{Message, Value};
use crate::mem::ReuseMap;
use std::collections::BTreeSet;
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
    /// The message's point on the ring is the binding's.
    Share,
    /// It is another binding's.
    OtherShare,
    /// No binding matched, so the message goes to the alternate exchange.
    Alternate,
    /// No binding matched, and there is no alternate exchange.
    DeadEnd,
}

impl Why {
    /// Whether the message goes on to the target.
    pub fn matched(self) -> bool {
        use Why::{Alternate, Default, Fanout, Headers, KeyEqual, Pattern, Share};
        matches!(self, Default | KeyEqual | Fanout | Pattern | Headers(_) | Share | Alternate)
    }

    /// A sentence in which `{exchange}`, `{binding}`, `{key}` and `{target}` stand for the reason's fields.
    pub fn sentence(self) -> &'static str {
        SENTENCES.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }
}

/// How each reason reads.
const SENTENCES: [(Why, &str); 19] = [
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
    (
        Why::Share,
        "{exchange} leads to {target}: the message's place on the ring belongs to this binding, whose weight is {binding}.",
    ),
    (
        Why::OtherShare,
        "{exchange} does not lead to {target}: the message's place on the ring belongs to another binding; the weight of this one is {binding}.",
    ),
    (Why::Alternate, "No binding of {exchange} matches, so the message goes to its alternate exchange {target}."),
    (Why::DeadEnd, "No binding of {exchange} matches, and it has no alternate exchange."),
];

/// What exactly fitted or did not.
#[derive(Clone, PartialEq, Debug)]
pub enum Detail {
    /// Nothing more is to be said.
    None,
    /// What the wildcards of a pattern stand for: each with the words of the key.
    Stands(Vec<(String, String)>),
    /// The pattern wants one word and the key has another; counted from 1.
    WordDiffers {
        /// The word of the key.
        at: usize,
        /// What the pattern wants there.
        wanted: String,
        /// What the key has there.
        got: String,
    },
    /// The pattern wants more words than the key has.
    KeyEnds {
        /// What the pattern wants next.
        wanted: String,
    },
    /// The key has more words than the pattern.
    PatternEnds {
        /// The first word that is too many.
        at: usize,
        /// What it is.
        got: String,
    },
    /// What a binding asks for, header by header.
    Headers(Vec<Asked>),
}

/// A header that a binding asks for.
#[derive(Clone, PartialEq, Debug)]
pub struct Asked {
    /// The header.
    pub key: Arc<str>,
    /// Its value; [`Value::Void`] where any value will do.
    pub wanted: Value,
    /// What the message has.
    pub got: Option<Value>,
    /// Whether that fits.
    pub fits: bool,
}

/// One step of an explanation.
#[derive(Clone, PartialEq, Debug)]
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
    /// What exactly.
    pub detail: Detail,
}

/// Every binding of every exchange that the message reaches, in the order in which [`super::route`] looks at them. The
/// first of the keys is the routing key; the others are those of CC and BCC.
pub fn explain(
    exchanges: &ReuseMap<Name, Exchange>,
    from: Name,
    keys: &[Name],
    message: &Message,
    names: &Names,
) -> Vec<Reason> {
    let first = keys.first().copied().unwrap_or(Name::EMPTY);
    let bare =
        |exchange, key, target, why| Reason { exchange, binding: Name::NONE, key, target, why, detail: Detail::None };
    if from == Name::EMPTY {
        return keys.iter().map(|&key| bare(from, key, Some(Target::Queue(key)), Why::Default)).collect();
    }
    let (mut reasons, mut reached, mut at) = (Vec::new(), vec![from], 0);
    let mut met = BTreeSet::from([from]);
    while let Some(&name) = reached.get(at) {
        at += 1;
        let Some(exchange) = exchanges.get(&name) else {
            reasons.push(bare(name, first, None, Why::NoExchange));
            continue;
        };
        let start = reasons.len();
        reasons.extend(exchange.bindings().map(|binding| of_binding(exchange, binding, keys, message, names)));
        if !reasons[start..].iter().any(|reason| reason.why.matched()) {
            let alternate = exchange.alternate;
            let next = alternate.is_some().then_some(Target::Exchange(alternate));
            let why = if next.is_some() { Why::Alternate } else { Why::DeadEnd };
            reasons.push(bare(name, first, next, why));
        }
        for reason in reasons[start..].iter().filter(|reason| reason.why.matched()) {
            match reason.target {
                Some(Target::Exchange(next)) if met.insert(next) => reached.push(next),
                _ => {}
            }
        }
    }
    reasons
}

fn of_binding(exchange: &Exchange, binding: &Binding, keys: &[Name], message: &Message, names: &Names) -> Reason {
    let first = keys.first().copied().unwrap_or(Name::EMPTY);
    let (key, why, detail) = match exchange.kind {
        Kind::Direct => match keys.iter().copied().find(|&key| key == binding.key) {
            Some(key) => (key, Why::KeyEqual, Detail::None),
            None => (first, Why::KeyDiffers, Detail::None),
        },
        Kind::Topic => of_pattern(&names.text(binding.key), keys, names),
        Kind::Fanout => (first, Why::Fanout, Detail::None),
        Kind::Headers => {
            let mode = match_of(&binding.arguments).unwrap_or(Match::All);
            let headers = message.props.headers.as_deref().unwrap_or_default();
            let fits = matched(mode, &binding.arguments, headers);
            let asked = asked_for(mode, &binding.arguments).map(|pair| Asked {
                key: Arc::clone(&pair.0),
                wanted: pair.1.clone(),
                got: headers.iter().find(|(key, _)| *key == pair.0).map(|(_, value)| value.clone()),
                fits: has(pair, headers),
            });
            let why = if fits { Why::Headers(mode) } else { Why::NoHeaders(mode) };
            (first, why, Detail::Headers(asked.collect()))
        }
        Kind::ConsistentHash => {
            let picked = match &exchange.index {
                Index::Hash(ring) => ring.pick(first, message, names).map(|(_, target)| target),
                _ => None,
            };
            (first, if picked == Some(binding.target) { Why::Share } else { Why::OtherShare }, Detail::None)
        }
    };
    Reason { exchange: exchange.name, binding: binding.key, key, target: Some(binding.target), why, detail }
}

/// By the first key that fits, else why the first key of all does not.
fn of_pattern(pattern: &str, keys: &[Name], names: &Names) -> (Name, Why, Detail) {
    let mut misfit = None;
    for &key in keys {
        match fit(pattern, &names.text(key)) {
            Ok(stands) => return (key, Why::Pattern, Detail::Stands(stands)),
            Err(detail) => _ = misfit.get_or_insert((key, Why::NoPattern, detail)),
        }
    }
    misfit.unwrap_or((Name::EMPTY, Why::NoPattern, Detail::None))
}

/// What the wildcards of a pattern stand for in a key that it matches, or how far it gets in one that it does not.
///
/// # Errors
/// Where the pattern does not match.
fn fit(pattern: &str, key: &str) -> Result<Vec<(String, String)>, Detail> {
    let (pattern, key): (Vec<&str>, Vec<&str>) = (words(pattern).collect(), words(key).collect());
    let width = key.len() + 1;
    // Whether the first `i` words of the pattern match the first `j` of the key, at `i * width + j`.
    let mut fits = vec![false; (pattern.len() + 1) * width];
    fits[0] = true;
    for (i, &word) in pattern.iter().enumerate() {
        for j in 0..width {
            let before = |i: usize| j > 0 && fits[i * width + j - 1];
            let now = match word {
                "#" => fits[i * width + j] || before(i + 1),
                "*" => before(i),
                _ => before(i) && key[j - 1] == word,
            };
            fits[(i + 1) * width + j] = now;
        }
    }
    if !fits[fits.len() - 1] {
        return Err(misfit(&pattern, &key, &fits));
    }
    let (mut stands, mut j) = (Vec::new(), key.len());
    for (i, &word) in pattern.iter().enumerate().rev() {
        let end = j;
        match word {
            "#" => {
                while !fits[i * width + j] {
                    j -= 1;
                }
            }
            _ => j -= 1,
        }
        if matches!(word, "#" | "*") {
            stands.push((word.to_owned(), key[j..end].join(".")));
        }
    }
    stands.reverse();
    Ok(stands)
}

/// Where the pattern that got farthest into the key stopped.
fn misfit(pattern: &[&str], key: &[&str], fits: &[bool]) -> Detail {
    let width = key.len() + 1;
    let far = (0..width).rev().find(|j| (0..=pattern.len()).any(|i| fits[i * width + j])).unwrap_or(0);
    let at = (0..=pattern.len()).rev().find(|i| fits[i * width + far]).unwrap_or(0);
    match (pattern.get(at), key.get(far)) {
        (Some(&wanted), Some(&got)) => {
            Detail::WordDiffers { at: far + 1, wanted: wanted.to_owned(), got: got.to_owned() }
        }
        (Some(&wanted), None) => Detail::KeyEnds { wanted: wanted.to_owned() },
        (None, got) => Detail::PatternEnds { at: far + 1, got: got.copied().unwrap_or_default().to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stands(pattern: &str, key: &str) -> Vec<(String, String)> {
        fit(pattern, key).unwrap()
    }

    #[test]
    fn wildcards_stand_for_words() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(stands("a.*.c", "a.b.c"), [pair("*", "b")]);
        assert_eq!(stands("#.c.#", "a.b.c"), [pair("#", "a.b"), pair("#", "")]);
        assert_eq!(stands("a", "a"), []);
    }

    #[test]
    fn a_misfit_names_the_word() {
        let detail = |pattern, key| fit(pattern, key).unwrap_err();
        let differs = Detail::WordDiffers { at: 2, wanted: "b".into(), got: "x".into() };
        assert_eq!(detail("a.b", "a.x"), differs);
        assert_eq!(detail("a.*", "a"), Detail::KeyEnds { wanted: "*".into() });
        assert_eq!(detail("a.*", "a.b.c"), Detail::PatternEnds { at: 3, got: "c".into() });
        assert_eq!(detail("*", ""), Detail::KeyEnds { wanted: "*".into() });
        assert_eq!(detail("", "a"), Detail::PatternEnds { at: 1, got: "a".into() });
    }
}
