//! Headers exchanges: a binding's arguments are compared with the message's headers (R5, B33, B60).
//!
//! Values compare as the broker compares them: numbers by value whatever their width, `1` equals `1.0`, text equals
//! the same bytes, and nothing else crosses types. Inside lists and tables the types must agree too.

use super::hash::hash_text;
use super::{Link, Table, Target};
use crate::amqp::config::Version;
use crate::machine::Value;
use crate::mem::{Chains, Slab, mix};
use std::fmt;
use std::sync::Arc;

/// What `x-match` asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Match {
    /// Every argument must be there; keys that begin with `x-` are not looked at. The default.
    All,
    /// One argument is enough; keys that begin with `x-` are not looked at.
    Any,
    /// Every argument, those that begin with `x-` too.
    AllWithX,
    /// One argument, those that begin with `x-` too.
    AnyWithX,
}

/// Why a binding is refused, or an exchange for what would make its bindings senseless. Reads as the broker's text after `PRECONDITION_FAILED - ` (B33).
#[derive(Clone, PartialEq, Debug)]
pub enum BindError {
    /// `x-match` is a text, but none of the four words.
    MatchValue(Arc<str>),
    /// `x-match` is no text.
    MatchType(Value),
    /// A word of `x-match` that came with 3.10 (V15).
    MatchOld(Arc<str>),
    /// The weight of a binding to a consistent-hash exchange is no integer.
    WeightText(Arc<str>),
    /// It is less than 1.
    WeightZero,
    /// A consistent-hash exchange is to hash both a header and a property.
    HashTwice,
    /// It is to hash a property that it does not know.
    HashProperty(Arc<str>),
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BindError::MatchValue(word) => {
                write!(f, "Invalid x-match field value <<\"{word}\">>; expected all, any, all-with-x, or any-with-x")
            }
            BindError::MatchType(value) => {
                write!(f, "Invalid x-match field type {} (value {}); expected longstr", type_word(value), Shown(value))
            }
            BindError::MatchOld(word) => {
                write!(f, "Invalid x-match field value <<\"{word}\">>; expected all or any")
            }
            BindError::WeightText(key) if key.is_empty() => f.write_str("The binding key must be an integer: <<>>"),
            BindError::WeightText(key) => write!(f, "The binding key must be an integer: <<\"{key}\">>"),
            BindError::WeightZero => f.write_str("The binding key must be greater than 0"),
            BindError::HashTwice => f.write_str("hash-header and hash-property are mutually exclusive"),
            BindError::HashProperty(property) => write!(f, "Unsupported property: {property}"),
        }
    }
}

impl std::error::Error for BindError {}

/// What the broker calls the type of a value in its errors (A80.27, B25).
pub fn type_word(value: &Value) -> &'static str {
    match value {
        Value::Void => "void",
        Value::Bool(_) => "bool",
        Value::Int { bits: 8, .. } => "byte",
        Value::Int { bits: 16, .. } => "short",
        Value::Int { bits: 64, .. } => "long",
        Value::Int { .. } => "signedint",
        Value::Double(_) => "double",
        Value::Text(_) => "longstr",
        Value::Bytes(_) => "binary",
        Value::Timestamp(_) => "timestamp",
        Value::List(_) => "array",
        Value::Table(_) => "table",
    }
}

/// A value as the broker prints it, as far as it is simple.
struct Shown<'a>(&'a Value);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Void => f.write_str("undefined"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Int { value, .. } => write!(f, "{value}"),
            Value::Double(bits) => write!(f, "{:?}", f64::from_bits(*bits)),
            Value::Text(text) => write!(f, "<<\"{text}\">>"),
            Value::Bytes(bytes) => write!(f, "<<{} bytes>>", bytes.len()),
            Value::Timestamp(secs) => write!(f, "{secs}"),
            Value::List(values) => write!(f, "[{} values]", values.len()),
            Value::Table(rows) => write!(f, "[{} rows]", rows.len()),
        }
    }
}

/// A value as the broker prints it.
pub fn shown(value: &Value) -> impl fmt::Display {
    Shown(value)
}

/// What the arguments of a binding ask for.
///
/// # Errors
/// Where `x-match` is not one of its four words.
pub(super) fn match_of(arguments: &Table) -> Result<Match, BindError> {
    let Some((_, value)) = arguments.iter().find(|(key, _)| &**key == "x-match") else { return Ok(Match::All) };
    let Value::Text(word) = value else { return Err(BindError::MatchType(value.clone())) };
    match &**word {
        "all" => Ok(Match::All),
        "any" => Ok(Match::Any),
        "all-with-x" => Ok(Match::AllWithX),
        "any-with-x" => Ok(Match::AnyWithX),
        _ => Err(BindError::MatchValue(Arc::clone(word))),
    }
}

/// What a binding asks for: all of its arguments that are looked at.
pub(super) fn asked_for(mode: Match, arguments: &Table) -> impl Iterator<Item = &(Arc<str>, Value)> {
    let with_x = matches!(mode, Match::AllWithX | Match::AnyWithX);
    arguments.iter().filter(move |(key, _)| &**key != "x-match" && (with_x || !key.starts_with("x-")))
}

/// Whether a message's headers have what one argument of a binding asks for.
pub(super) fn has((key, value): &(Arc<str>, Value), headers: &[(Arc<str>, Value)]) -> bool {
    headers.iter().any(|(k, v)| k == key && (*value == Value::Void || same(value, v)))
}

/// As [`match_of`], by the words that a version knows (V15).
pub(super) fn check_match(arguments: &Table, version: Version) -> Result<(), BindError> {
    let mode = match_of(arguments);
    let newer = matches!(mode, Ok(Match::AllWithX | Match::AnyWithX) | Err(BindError::MatchValue(_)));
    match arguments.iter().find(|(key, _)| &**key == "x-match") {
        Some((_, Value::Text(word))) if newer && version < Version::V3_10 => Err(BindError::MatchOld(Arc::clone(word))),
        _ => mode.map(|_| ()),
    }
}

/// Whether the arguments of a binding match a message's headers.
pub(super) fn matched(mode: Match, arguments: &Table, headers: &[(Arc<str>, Value)]) -> bool {
    let mut asked = asked_for(mode, arguments);
    let fits = |pair: &(Arc<str>, Value)| has(pair, headers);
    match mode {
        Match::All | Match::AllWithX => asked.all(fits),
        Match::Any | Match::AnyWithX => asked.any(fits),
    }
}

/// Whether two values are equal to the broker, at the top level of a table.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Text(t), Value::Bytes(x)) | (Value::Bytes(x), Value::Text(t)) => t.as_bytes() == &**x,
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => a == b,
            (None, None) => a == b,
            _ => false,
        },
    }
}

/// A number by its value: whole ones as integers, the rest by their bits.
#[derive(PartialEq)]
enum Number {
    Whole(i128),
    Fraction(u64),
}

fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Int { value, .. } => Some(Number::Whole(i128::from(*value))),
        Value::Timestamp(secs) => Some(Number::Whole(i128::from(*secs))),
        Value::Double(bits) => {
            let double = f64::from_bits(*bits);
            // Doubles of at least 2^63 equal no integer of the protocol but unsigned times, which are never that far.
            let whole = double.fract() == 0.0 && double.abs() < 9.2e18;
            Some(if whole { Number::Whole(double as i128) } else { Number::Fraction(*bits) })
        }
        _ => None,
    }
}

/// The bindings of a headers exchange. Under one pair of what it asks for a binding can be found from a message that has
/// this pair; under `any` it can be found under each. So a message costs what its headers have in common with bindings,
/// and bindings that share nothing with it cost nothing.
#[derive(Debug, Default)]
pub(super) struct Headers {
    entries: Slab<Entry>,
    /// Entries by a pair that they ask for.
    asked: Chains<u32>,
    /// Entries that ask for nothing and match everything.
    always: Chains<u32>,
    /// By entry: where it is in `asked`, or in `always` where it asks for nothing.
    links: Chains<u32>,
}

crate::clone_in_place!(Headers { entries, asked, always, links });

#[derive(Debug)]
struct Entry {
    number: u32,
    mode: Match,
    arguments: Arc<Table>,
    target: Target,
}

crate::clone_in_place!(Entry { number, mode, arguments, target });

/// So many bindings under a pair are counted when the rarest pair of a binding is sought.
const COUNTED: usize = 64;

/// A pair of a header and a value as they are looked up; equal to the broker is equal here.
fn hash_pair(key: &str, value: &Value) -> u64 {
    mix(hash_text(key)) ^ hash_value(value)
}

/// A value by what it equals (see [`same`]).
pub(super) fn hash_value(value: &Value) -> u64 {
    match (value, number(value)) {
        (_, Some(Number::Whole(n))) => mix(n as u64 ^ 0x11),
        (_, Some(Number::Fraction(bits))) => mix(bits ^ 0x12),
        (Value::Text(text), _) => hash_text(text),
        (Value::Bytes(bytes), _) => bytes
            .iter()
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)),
        (Value::Void, _) => mix(0x13),
        (Value::Bool(truth), _) => mix(0x14 + u64::from(*truth)),
        _ => mix(0x16),
    }
}

impl Headers {
    /// Takes out all bindings; the allocations stay, except for what the bindings ask for.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.asked.clear();
        self.always.clear();
        self.links.clear();
    }

    pub(super) fn add(&mut self, number: u32, arguments: &Arc<Table>, target: Target) -> Result<Link, BindError> {
        let mode = match_of(arguments)?;
        let id = self.entries.insert(Entry { number, mode, arguments: Arc::clone(arguments), target });
        let Headers { asked, always, links, .. } = self;
        let of = u64::from(id);
        let pairs = asked_for(mode, arguments).map(|(key, value)| hash_pair(key, value));
        match mode {
            Match::Any | Match::AnyWithX => pairs.for_each(|pair| _ = links.push(of, asked.push(pair, id))),
            Match::All | Match::AllWithX => {
                let rarest = pairs.min_by_key(|pair| asked.count(*pair, COUNTED));
                links.push(of, rarest.map_or_else(|| always.push(0, id), |pair| asked.push(pair, id)));
            }
        }
        Ok(Link(id))
    }

    pub(super) fn remove(&mut self, link: Link) {
        let Some(entry) = self.entries.remove(link.0) else { return };
        let asks = asked_for(entry.mode, &entry.arguments).next().is_some();
        let from = if asks { &mut self.asked } else { &mut self.always };
        let of = u64::from(link.0);
        loop {
            let next = self.links.under(of).next();
            let Some((own, at)) = next else { break };
            self.links.remove(own);
            from.remove(at);
        }
    }

    pub(super) fn matches(
        &self,
        headers: &[(Arc<str>, Value)],
        hits: &mut Vec<(u32, Target)>,
        found: &mut Vec<Target>,
    ) {
        hits.clear();
        hits.extend(self.always.under(0).map(|(_, id)| (self.entries[id].number, self.entries[id].target)));
        for (key, value) in headers {
            // A binding may ask for the value, or for any value at all.
            for pair in [hash_pair(key, value), hash_pair(key, &Value::Void)] {
                for (_, id) in self.asked.under(pair) {
                    let entry = &self.entries[id];
                    if matched(entry.mode, &entry.arguments, headers) {
                        hits.push((entry.number, entry.target));
                    }
                }
            }
        }
        hits.sort_unstable();
        hits.dedup();
        found.extend(hits.iter().map(|hit| hit.1));
    }
}
