//! The arguments of a queue: which are valid, when two sets of them are the same, and what they mean.
//!
//! Not what a queue does with them: that is the queue's and the node's.

use crate::amqp::config::Version;
use crate::amqp::error::{self, Checked, Named};
use crate::amqp::exchange::type_word;
use crate::amqp::method::Table;
use crate::amqp::rules;
use crate::ids::{Name, Names};
use crate::machine::Value;
use crate::units::Span;
use std::fmt::{self, Display};

/// Arguments that are compared when a queue is declared again, in the order in which they are.
const COMPARED: [&str; 14] = [
    "x-expires",
    "x-message-ttl",
    "x-dead-letter-exchange",
    "x-dead-letter-routing-key",
    "x-dead-letter-strategy",
    "x-max-length",
    "x-max-length-bytes",
    "x-max-priority",
    "x-overflow",
    "x-queue-mode",
    "x-queue-version",
    "x-single-active-consumer",
    "x-queue-type",
    "x-delivery-limit",
];

/// Arguments that a classic queue does not know and refuses (A80.31, A80.43-49).
const NOT_CLASSIC: [&str; 9] = [
    "x-dead-letter-strategy",
    "x-delivery-limit",
    "x-max-in-memory-length",
    "x-max-in-memory-bytes",
    "x-queue-leader-locator",
    "x-max-age",
    "x-stream-max-segment-size-bytes",
    "x-initial-cluster-size",
    "x-quorum-initial-group-size",
];

/// What happens to a message for which a queue has no room.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Overflow {
    /// The message at the head goes.
    #[default]
    DropHead,
    /// The new message is refused.
    RejectPublish,
    /// The new message is refused and dead-lettered.
    RejectPublishDlx,
}

/// How a classic queue stores its messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Storage {
    /// Version 1: a confirm follows an fsync (R18).
    V1,
    /// Version 2: a confirm follows a write (R18, V7).
    V2,
}

/// What the arguments of a queue ask for, read once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Features {
    /// How long a message may wait (`x-message-ttl`).
    pub message_ttl: Option<Span>,
    /// How long the queue may be unused (`x-expires`).
    pub expires: Option<Span>,
    /// At most so many ready messages (`x-max-length`).
    pub max_length: Option<u64>,
    /// At most so many bytes of bodies of ready messages (`x-max-length-bytes`).
    pub max_bytes: Option<u64>,
    /// What happens beyond these (`x-overflow`).
    pub overflow: Overflow,
    /// The exchange that gets what dies here (`x-dead-letter-exchange`).
    pub dead_letter_exchange: Option<Name>,
    /// The routing key it gets there, instead of its own (`x-dead-letter-routing-key`).
    pub dead_letter_key: Option<Name>,
    /// The highest priority (`x-max-priority`); 0 for a queue without priorities.
    pub max_priority: u8,
    /// Whether one consumer at a time gets messages (`x-single-active-consumer`).
    pub single_active: bool,
    /// How it stores (`x-queue-version`, else the version's default).
    pub storage: Storage,
}

impl Features {
    /// Reads them from checked arguments.
    pub fn read(arguments: &Table, version: Version, names: &mut Names) -> Features {
        let number = |key: &str| match argument(arguments, key) {
            Some(Value::Int { value, .. }) => u64::try_from(*value).ok(),
            _ => None,
        };
        let text = |key: &str| match argument(arguments, key) {
            Some(Value::Text(text)) => Some(&**text),
            _ => None,
        };
        let millis = |key: &str| number(key).map(|n| Span(n.saturating_mul(1_000_000)));
        let default = if version >= Version::V4_1 { Storage::V2 } else { Storage::V1 };
        Features {
            message_ttl: millis("x-message-ttl"),
            expires: millis("x-expires"),
            max_length: number("x-max-length"),
            max_bytes: number("x-max-length-bytes"),
            overflow: match text("x-overflow") {
                Some("reject-publish") => Overflow::RejectPublish,
                Some("reject-publish-dlx") => Overflow::RejectPublishDlx,
                _ => Overflow::DropHead,
            },
            dead_letter_exchange: text("x-dead-letter-exchange").map(|name| names.intern(name)),
            dead_letter_key: text("x-dead-letter-routing-key").map(|key| names.intern(key)),
            max_priority: number("x-max-priority").map_or(0, |n| u8::try_from(n).unwrap_or(u8::MAX)),
            single_active: matches!(argument(arguments, "x-single-active-consumer"), Some(Value::Bool(true))),
            storage: match number("x-queue-version") {
                Some(1) => Storage::V1,
                Some(2) => Storage::V2,
                _ => default,
            },
        }
    }
}

/// The argument with this key.
pub(in crate::amqp) fn argument<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    table.iter().find(|(known, _)| &**known == key).map(|(_, value)| value)
}

/// Whether a queue that is declared again has the arguments that it was declared with.
///
/// # Errors
/// The first that differs, as RabbitMQ says it.
pub(in crate::amqp) fn same(what: Named<'_>, received: &Table, current: &Table) -> Checked {
    COMPARED.iter().try_for_each(|key| same_argument(key, what, received, current))
}

/// Integers compare by value whatever their width, nothing crosses types (A18); no type is a classic queue (A13).
pub(in crate::amqp) fn same_argument(key: &str, what: Named<'_>, received: &Table, current: &Table) -> Checked {
    let (new, old) = (argument(received, key), argument(current, key));
    let default =
        |value: Option<&Value>| matches!(value, Some(Value::Text(t)) if key == "x-queue-type" && &**t == "classic");
    let same = match (new, old) {
        (Some(Value::Int { value: a, .. }), Some(Value::Int { value: b, .. })) => a == b,
        (a, b) => a == b || (a.is_none() && default(b)) || (b.is_none() && default(a)),
    };
    if same {
        return Ok(());
    }
    let both = new.is_some() && old.is_some();
    error::inequivalent(key, what, Given { value: new, both }, Given { value: old, both })
}

/// A value as RabbitMQ shows it where two differ (A08, A14).
struct Given<'a> {
    value: Option<&'a Value>,
    /// Whether the other has one too.
    both: bool,
}

impl Display for Given<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(value) = self.value else { return f.write_str("none") };
        f.write_str(if self.both { "'" } else { "the value '" })?;
        match value {
            Value::Text(text) => f.write_str(text),
            Value::Int { value, .. } => write!(f, "{value}"),
            Value::Bool(yes) => write!(f, "{yes}"),
            Value::Double(bits) => write!(f, "{:?}", f64::from_bits(*bits)),
            other => write!(f, "{other:?}"),
        }?;
        if self.both { f.write_str("'") } else { write!(f, "' of type '{}'", type_word(value)) }
    }
}

/// The arguments of a new queue (group A80).
///
/// # Errors
/// Where one is invalid, as RabbitMQ says it.
pub(in crate::amqp) fn check(arguments: &Table, what: Named<'_>) -> Checked {
    match argument(arguments, "x-queue-type") {
        None => {}
        Some(Value::Text(kind)) if &**kind == "classic" => {}
        Some(Value::Text(kind)) => return error::not_implemented(format_args!("queue type '{kind}'")),
        Some(other) => {
            return invalid("x-queue-type", what, format_args!("{{unacceptable_type,{}}}", type_word(other)));
        }
    }
    for (key, value) in arguments {
        if NOT_CLASSIC.contains(&&**key) {
            return error::precondition(
                rules::INVALID_ARGUMENT,
                format_args!("invalid arg '{key}' for {what} of queue type rabbit_classic_queue"),
            );
        }
        check_argument(key, value, what)?;
    }
    Ok(())
}

fn invalid(key: &str, what: Named<'_>, why: impl Display) -> Checked {
    error::precondition(rules::INVALID_ARGUMENT, format_args!("invalid arg '{key}' for {what}: {why}"))
}

fn check_argument(key: &str, value: &Value, what: Named<'_>) -> Checked {
    match key {
        "x-expires" | "x-message-ttl" | "x-max-length" | "x-max-length-bytes" | "x-max-priority" => {
            let Value::Int { value, .. } = value else {
                return invalid(key, what, format_args!("\"expected integer, got {}\"", type_word(value)));
            };
            match *value {
                n if n < 0 => invalid(key, what, format_args!("{{value_negative,{n}}}")),
                0 if key == "x-expires" => invalid(key, what, "{value_zero,0}"),
                n if n > 255 && key == "x-max-priority" => {
                    invalid(key, what, format_args!("{{max_value_exceeded,{n}}}"))
                }
                _ => Ok(()),
            }
        }
        "x-dead-letter-exchange" if !matches!(value, Value::Text(_)) => {
            let word = type_word(value);
            error::precondition(
                rules::INVALID_ARGUMENT,
                format_args!("invalid type '{word}' for arg '{key}' in {what}"),
            )
        }
        "x-single-active-consumer" if !matches!(value, Value::Bool(_)) => {
            invalid(key, what, format_args!("{{unacceptable_type,{}}}", type_word(value)))
        }
        _ => Ok(()),
    }
}
