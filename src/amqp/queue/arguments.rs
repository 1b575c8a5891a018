//! The arguments of a queue: when two sets of them are the same, and what they mean.
//!
//! Not which are valid: that is `check`. Not what a queue does with them: that is the queue's and the node's.

use super::check::KNOWN;
use crate::amqp::config::Version;
use crate::amqp::error::{self, Checked, Named};
use crate::amqp::exchange::{shown, type_word};
use crate::amqp::method::Table;
use crate::amqp::store::Timing;
use crate::amqp::store::v1::{V1, V1_LAZY};
use crate::amqp::store::v2::V2;
use crate::ids::{Name, Names};
use crate::machine::Value;
use crate::units::Span;
use std::fmt::{self, Display};

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
    /// Whether it keeps its messages on disk rather than in memory (`x-queue-mode`, up to 3.11).
    pub lazy: bool,
    /// How long a delivery from it may be unsettled (`x-consumer-timeout`, since 3.12); `None` for as long as the node says.
    pub consumer_timeout: Option<Span>,
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
            // 3.7 does not know single active consumers (V15).
            single_active: version >= Version::V3_10
                && matches!(argument(arguments, "x-single-active-consumer"), Some(Value::Bool(true))),
            storage: match number("x-queue-version") {
                // Version 2 came with 3.10 and is the only one since 4.0 (V7).
                _ if version >= Version::V4_1 => Storage::V2,
                Some(2) if version >= Version::V3_10 => Storage::V2,
                _ => Storage::V1,
            },
            // Without effect since 3.12 (V8).
            lazy: version < Version::V3_13 && text("x-queue-mode") == Some("lazy"),
            consumer_timeout: millis("x-consumer-timeout").filter(|_| version >= Version::V3_13),
        }
    }

    /// When the queue's storage writes and syncs.
    pub fn timing(&self) -> &'static Timing {
        match (self.storage, self.lazy) {
            (Storage::V1, false) => &V1,
            (Storage::V1, true) => &V1_LAZY,
            (Storage::V2, _) => &V2,
        }
    }
}

impl Features {
    /// How far a message of this priority is below the highest (E30): none is the lowest, and more than the highest is
    /// the highest.
    pub fn rank(&self, priority: Option<u8>) -> u8 {
        self.max_priority - priority.unwrap_or(0).min(self.max_priority)
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
    KNOWN.iter().try_for_each(|(key, _)| same_argument(key, what, received, current))
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
            other => write!(f, "{}", shown(other)),
        }?;
        if self.both { f.write_str("'") } else { write!(f, "' of type '{}'", type_word(value)) }
    }
}
