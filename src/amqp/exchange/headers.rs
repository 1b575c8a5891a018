//! Headers exchanges: a binding's arguments are compared with the message's headers (R5, B33, B60).
//!
//! Values compare as the broker compares them: numbers by value whatever their width, `1` equals `1.0`, text equals
//! the same bytes, and nothing else crosses types. Inside lists and tables the types must agree too.

use super::{Table, Target};
use crate::machine::Value;
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

/// Why a binding is refused. Reads as the broker's text after `PRECONDITION_FAILED - ` (B33).
#[derive(Clone, PartialEq, Debug)]
pub enum BindError {
    /// `x-match` is a text, but none of the four words.
    MatchValue(Arc<str>),
    /// `x-match` is no text.
    MatchType(Value),
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

/// Whether the arguments of a binding match a message's headers.
pub(super) fn matched(mode: Match, arguments: &Table, headers: &[(Arc<str>, Value)]) -> bool {
    let with_x = matches!(mode, Match::AllWithX | Match::AnyWithX);
    let mut asked = arguments.iter().filter(|(key, _)| &**key != "x-match" && (with_x || !key.starts_with("x-")));
    let fits = |(key, value): &(Arc<str>, Value)| {
        headers.iter().any(|(k, v)| k == key && (*value == Value::Void || same(value, v)))
    };
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

/// The bindings of a headers exchange in the order of binding. Each is compared; so does the real broker.
#[derive(Clone, Debug, Default)]
pub(super) struct Headers {
    entries: Vec<(u32, Match, Arc<Table>, Target)>,
}

impl Headers {
    pub(super) fn add(&mut self, number: u32, arguments: &Arc<Table>, target: Target) -> Result<(), BindError> {
        let mode = match_of(arguments)?;
        self.entries.push((number, mode, Arc::clone(arguments), target));
        Ok(())
    }

    pub(super) fn remove(&mut self, number: u32) {
        self.entries.retain(|e| e.0 != number);
    }

    pub(super) fn matches(&self, headers: &[(Arc<str>, Value)], found: &mut Vec<Target>) {
        let hits = self.entries.iter().filter(|e| matched(e.1, &e.2, headers));
        found.extend(hits.map(|e| e.3));
    }

    pub(super) fn copy_from(&mut self, from: &Self) {
        self.entries.clone_from(&from.entries);
    }
}
