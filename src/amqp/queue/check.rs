//! Which arguments a new queue may have, and how RabbitMQ words its refusals (A80-A82).
//!
//! Four things are looked at, in this order: the type of the queue, the values of the arguments that it knows, whether there
//! are others, and the properties that the type demands. Not what the arguments mean: that is `arguments`.

use super::arguments::argument;
use crate::amqp::config::{QueueSpec, Version};
use crate::amqp::error::{self, Checked, Named};
use crate::amqp::exchange::type_word;
use crate::amqp::method::Table;
use crate::amqp::rules;
use crate::machine::Value;
use std::fmt::Display;

/// The type of a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Type {
    Classic,
    Quorum,
    Stream,
}

impl Type {
    /// The type that the arguments ask for.
    ///
    /// # Errors
    /// Where there is no such type.
    fn read(arguments: &Table, what: Named<'_>) -> Checked<Type> {
        let key = "x-queue-type";
        match argument(arguments, key) {
            None => Ok(Type::Classic),
            Some(Value::Text(word)) => match &**word {
                "classic" => Ok(Type::Classic),
                "quorum" => Ok(Type::Quorum),
                "stream" => Ok(Type::Stream),
                other => invalid(key, what, format_args!("\"unsupported queue type '{other}'\"")),
            },
            Some(other) => invalid(key, what, unacceptable(other)),
        }
    }

    /// What the broker calls it in its errors.
    fn word(self) -> &'static str {
        match self {
            Type::Classic => "rabbit_classic_queue",
            Type::Quorum => "rabbit_quorum_queue",
            Type::Stream => "rabbit_stream_queue",
        }
    }

    /// Whether it knows an argument that some type knows.
    fn knows(self, argument: &str, version: Version) -> bool {
        // Classic queues came to know it with 4.0.
        if argument == "x-queue-leader-locator" && version >= Version::V4_1 {
            return true;
        }
        let not = match self {
            Type::Classic => NOT_CLASSIC,
            Type::Quorum => NOT_QUORUM,
            Type::Stream => NOT_STREAM,
        };
        !not.contains(&argument)
    }
}

/// Arguments of other types that a classic queue refuses (A80.31, A80.43-49).
const NOT_CLASSIC: &[&str] = &[
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

/// Arguments of other types that a quorum queue refuses (A81.08, V11).
const NOT_QUORUM: &[&str] = &[
    "x-max-priority",
    "x-queue-mode",
    "x-queue-version",
    "x-queue-master-locator",
    "x-max-age",
    "x-stream-max-segment-size-bytes",
    "x-initial-cluster-size",
];

/// Arguments of other types that a stream refuses (A82.07-A82.14).
const NOT_STREAM: &[&str] = &[
    "x-expires",
    "x-message-ttl",
    "x-dead-letter-exchange",
    "x-dead-letter-routing-key",
    "x-dead-letter-strategy",
    "x-max-length",
    "x-max-in-memory-length",
    "x-max-in-memory-bytes",
    "x-max-priority",
    "x-overflow",
    "x-queue-mode",
    "x-queue-version",
    "x-queue-master-locator",
    "x-single-active-consumer",
    "x-quorum-initial-group-size",
    "x-delivery-limit",
];

/// What a value must be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// An integer of at least 0.
    Count,
    /// An integer of at least 1.
    Positive,
    /// An integer from 0 to 255.
    Priority,
    /// True or false.
    Truth,
    /// A text.
    Text,
    /// A text, and only beside a dead-letter exchange.
    DeadLetterKey,
    /// One of these texts; the second part is what the broker says to any other.
    Word(&'static [&'static str], &'static str),
    /// One of these texts; to any other the broker says that the mode is not supported.
    Mode(&'static [&'static str]),
    /// 1 or 2.
    Version,
    /// A number and one of the units Y, M, D, h, m and s.
    Age,
    /// It was looked at before.
    Any,
}

/// The arguments that are known, in the order in which they are checked, and compared when a queue is declared again.
pub(super) const KNOWN: [(&str, Form); 20] = [
    ("x-expires", Form::Positive),
    ("x-message-ttl", Form::Count),
    ("x-dead-letter-exchange", Form::Text),
    ("x-dead-letter-routing-key", Form::DeadLetterKey),
    ("x-dead-letter-strategy", Form::Word(&["at-most-once", "at-least-once"], "invalid_dlx_strategy")),
    ("x-max-length", Form::Count),
    ("x-max-length-bytes", Form::Count),
    ("x-max-in-memory-length", Form::Count),
    ("x-max-in-memory-bytes", Form::Count),
    ("x-max-priority", Form::Priority),
    ("x-overflow", Form::Word(&["drop-head", "reject-publish", "reject-publish-dlx"], "invalid_overflow")),
    ("x-queue-mode", Form::Mode(&["default", "lazy"])),
    ("x-queue-version", Form::Version),
    ("x-single-active-consumer", Form::Truth),
    ("x-queue-type", Form::Any),
    ("x-quorum-initial-group-size", Form::Positive),
    ("x-max-age", Form::Age),
    ("x-stream-max-segment-size-bytes", Form::Count),
    ("x-initial-cluster-size", Form::Positive),
    (
        "x-queue-leader-locator",
        Form::Word(&["client-local", "random", "least-leaders", "balanced"], "invalid_queue_locator_arg"),
    ),
];

/// What 3.7 does not know: it takes these like any other unknown argument (V15).
const SINCE_3_8: [&str; 12] = [
    "x-queue-type",
    "x-single-active-consumer",
    "x-queue-version",
    "x-dead-letter-strategy",
    "x-delivery-limit",
    "x-max-in-memory-length",
    "x-max-in-memory-bytes",
    "x-quorum-initial-group-size",
    "x-max-age",
    "x-stream-max-segment-size-bytes",
    "x-initial-cluster-size",
    "x-queue-leader-locator",
];

/// The dead-letter exchange is looked at before everything else (A80.27).
///
/// # Errors
/// Where it is no text.
pub(in crate::amqp) fn dead_letter_exchange(arguments: &Table, what: Named<'_>) -> Checked {
    let key = "x-dead-letter-exchange";
    match argument(arguments, key) {
        None | Some(Value::Text(_)) => Ok(()),
        Some(other) => {
            let word = type_word(other);
            let why = format_args!("invalid type '{word}' for arg '{key}' in {what}");
            error::precondition(rules::INVALID_ARGUMENT, why)
        }
    }
}

/// Whether the arguments allow a name that the server makes.
///
/// # Errors
/// Where the type of the queue does not.
pub(in crate::amqp) fn server_named(arguments: &Table, version: Version) -> Checked {
    let kind = match argument(arguments, "x-queue-type") {
        Some(Value::Text(word)) if &**word == "quorum" => Type::Quorum,
        Some(Value::Text(word)) if &**word == "stream" => Type::Stream,
        _ => return Ok(()),
    };
    if version < Version::V3_10 {
        return Ok(());
    }
    let word = kind.word();
    error::precondition(rules::INVALID_ARGUMENT, format_args!("Cannot declare a server-named queue for type {word}"))
}

/// The arguments and properties of a new queue.
///
/// # Errors
/// Where something is invalid, as RabbitMQ says it; and where the queue is of a type that is not modelled.
pub(in crate::amqp) fn check(spec: &QueueSpec, exclusive: bool, version: Version, what: Named<'_>) -> Checked {
    let arguments = &*spec.arguments;
    dead_letter_exchange(arguments, what)?;
    let old = version < Version::V3_10;
    let kind = if old { Type::Classic } else { Type::read(arguments, what)? };
    let known = |key: &&str| if old { !SINCE_3_8.contains(key) } else { kind.knows(key, version) };
    for (key, form) in KNOWN.iter().filter(|(key, _)| known(key)) {
        if let Some(value) = argument(arguments, key) {
            check_value(key, *form, value, arguments, version, what)?;
        }
    }
    if let Some((key, _)) = arguments.iter().find(|(key, _)| !old && !kind.knows(key, version)) {
        return foreign(key, kind, what);
    }
    if kind == Type::Classic {
        return Ok(());
    }
    demand(!spec.auto_delete, "auto-delete", what)?;
    demand(!exclusive, "exclusive-owner", what)?;
    demand(spec.durable, "non-durable", what)?;
    let word = if kind == Type::Quorum { "quorum" } else { "stream" };
    error::not_modelled(format_args!("queue type '{word}'"))
}

/// What only consumers of streams may ask for.
const OF_STREAMS: &str = "x-stream-offset";

/// The arguments of a consumer of a classic queue; gives its priority (D34d).
///
/// # Errors
/// Where one is invalid, or for another type of queue, as RabbitMQ says it.
pub(in crate::amqp) fn consumer(arguments: &Table, version: Version, what: Named<'_>) -> Checked<i32> {
    let priority = match argument(arguments, "x-priority") {
        None => 0,
        Some(Value::Int { value, .. }) => (*value).clamp(i32::MIN.into(), i32::MAX.into()) as i32,
        Some(other) => return invalid("x-priority", what, NoInteger(other)),
    };
    let failover = "x-cancel-on-ha-failover";
    match argument(arguments, failover) {
        None | Some(Value::Bool(_)) => {}
        Some(other) => return invalid(failover, what, unacceptable(other)),
    }
    if version >= Version::V3_10 && argument(arguments, OF_STREAMS).is_some() {
        return foreign(OF_STREAMS, Type::Classic, what);
    }
    Ok(priority)
}

/// An argument that the type of the queue does not have.
fn foreign<T>(key: &str, kind: Type, what: Named<'_>) -> Checked<T> {
    let why = format_args!("invalid arg '{key}' for {what} of queue type {}", kind.word());
    error::precondition(rules::INVALID_ARGUMENT, why)
}

/// What quorum queues and streams demand (A82.01, A82.03).
fn demand(holds: bool, property: &str, what: Named<'_>) -> Checked {
    if holds {
        return Ok(());
    }
    error::precondition(rules::INVALID_ARGUMENT, format_args!("invalid property '{property}' for {what}"))
}

fn invalid<T>(key: &str, what: Named<'_>, why: impl Display) -> Checked<T> {
    error::precondition(rules::INVALID_ARGUMENT, format_args!("invalid arg '{key}' for {what}: {why}"))
}

/// What the broker says to a value that is no integer.
struct NoInteger<'a>(&'a Value);

impl Display for NoInteger<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"expected integer, got {}\"", type_word(self.0))
    }
}

/// What the broker says to a value of the wrong type.
fn unacceptable(value: &Value) -> impl Display {
    struct Unacceptable(&'static str);
    impl Display for Unacceptable {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "{{unacceptable_type,{}}}", self.0)
        }
    }
    Unacceptable(type_word(value))
}

fn check_value(key: &str, form: Form, value: &Value, arguments: &Table, version: Version, what: Named<'_>) -> Checked {
    match (form, value) {
        (Form::Any, _) | (Form::Truth, Value::Bool(_)) | (Form::Text, Value::Text(_)) => Ok(()),
        (Form::Count | Form::Positive | Form::Priority | Form::Version, _) => check_number(key, form, value, what),
        (Form::DeadLetterKey, Value::Text(_)) => match argument(arguments, "x-dead-letter-exchange") {
            Some(_) => Ok(()),
            None => invalid(key, what, "routing_key_but_no_dlx_defined"),
        },
        (Form::Word(words, or_else), Value::Text(word)) => {
            // `reject-publish-dlx` and `balanced` came later (V15).
            let old = version < Version::V3_10 && &**word == "reject-publish-dlx";
            if words.contains(&&**word) && !old { Ok(()) } else { invalid(key, what, or_else) }
        }
        (Form::Mode(words), Value::Text(word)) => match words.contains(&&**word) {
            true => Ok(()),
            false => invalid(key, what, format_args!("\"unsupported queue mode '{word}'\"")),
        },
        (Form::Age, Value::Text(text)) => check_age(key, text, what),
        (_, other) => invalid(key, what, unacceptable(other)),
    }
}

fn check_number(key: &str, form: Form, value: &Value, what: Named<'_>) -> Checked {
    let Value::Int { value: number, .. } = value else { return invalid(key, what, NoInteger(value)) };
    match (form, *number) {
        (_, n) if n < 0 => invalid(key, what, format_args!("{{value_negative,{n}}}")),
        (Form::Positive, 0) => invalid(key, what, "{value_zero,0}"),
        (Form::Priority, n) if n > 255 => invalid(key, what, format_args!("{{max_value_exceeded,{n}}}")),
        (Form::Version, n) if n != 1 && n != 2 => {
            invalid(key, what, format_args!("\"unsupported queue version '{n}'\""))
        }
        _ => Ok(()),
    }
}

/// A text without a number in front breaks the broker itself, and the connection with it (A82.06).
fn check_age(key: &str, text: &str, what: Named<'_>) -> Checked {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = &text[..text.len() - unit.len()];
    if number.is_empty() {
        return error::broken();
    }
    let positive = number.bytes().any(|digit| digit != b'0');
    if positive && ["Y", "M", "D", "h", "m", "s"].contains(&unit) {
        Ok(())
    } else {
        invalid(key, what, "invalid_max_age")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Name, Names};
    use std::sync::Arc;

    fn told(rows: &[(&str, Value)], durable: bool, version: Version) -> String {
        let mut names = Names::new();
        let (name, vhost) = (names.intern("q"), names.intern("/"));
        let arguments: Table = rows.iter().map(|(key, value)| ((*key).into(), value.clone())).collect();
        let spec = QueueSpec { vhost, name, durable, auto_delete: false, arguments: Arc::new(arguments) };
        match check(&spec, false, version, error::queue_in(name, vhost, &names)) {
            Ok(()) => String::new(),
            Err(refusal) => refusal.text.replace("PRECONDITION_FAILED - ", "").replace("queue 'q' in vhost '/'", "Q"),
        }
    }

    fn of(key: &str, value: Value) -> String {
        told(&[(key, value)], true, Version::V3_10)
    }

    #[test]
    fn values_are_refused_in_the_brokers_words() {
        assert_eq!(
            of("x-message-ttl", Value::text("1")),
            "invalid arg 'x-message-ttl' for Q: \"expected integer, got longstr\""
        );
        assert_eq!(of("x-expires", Value::int(0)), "invalid arg 'x-expires' for Q: {value_zero,0}");
        assert_eq!(of("x-overflow", Value::text("x")), "invalid arg 'x-overflow' for Q: invalid_overflow");
        assert_eq!(of("x-overflow", Value::int(1)), "invalid arg 'x-overflow' for Q: {unacceptable_type,signedint}");
        assert_eq!(
            of("x-queue-mode", Value::text("fast")),
            "invalid arg 'x-queue-mode' for Q: \"unsupported queue mode 'fast'\""
        );
        assert_eq!(
            of("x-queue-version", Value::int(3)),
            "invalid arg 'x-queue-version' for Q: \"unsupported queue version '3'\""
        );
        assert_eq!(
            of("x-dead-letter-routing-key", Value::text("k")),
            "invalid arg 'x-dead-letter-routing-key' for Q: routing_key_but_no_dlx_defined"
        );
        assert_eq!(
            of("x-queue-type", Value::text("odd")),
            "invalid arg 'x-queue-type' for Q: \"unsupported queue type 'odd'\""
        );
        assert_eq!(
            of("x-dead-letter-exchange", Value::int(5)),
            "invalid type 'signedint' for arg 'x-dead-letter-exchange' in Q"
        );
    }

    #[test]
    fn types_of_queues_refuse_each_others_arguments_and_some_properties() {
        let typed = |kind: &str, key: &str, value: Value, durable| {
            told(&[("x-queue-type", Value::text(kind)), (key, value)], durable, Version::V3_10)
        };
        let quorum = "invalid arg 'x-queue-mode' for Q of queue type rabbit_quorum_queue";
        assert_eq!(typed("quorum", "x-queue-mode", Value::text("lazy"), true), quorum);
        assert_eq!(typed("quorum", "y", Value::Void, false), "invalid property 'non-durable' for Q");
        assert_eq!(
            typed("stream", "x-max-age", Value::text("1h"), true),
            "NOT_IMPLEMENTED - queue type 'stream' is not modelled"
        );
        assert_eq!(typed("stream", "x-max-age", Value::text("bogus"), true), "INTERNAL_ERROR");
        assert_eq!(
            typed("stream", "x-max-age", Value::text("5w"), true),
            "invalid arg 'x-max-age' for Q: invalid_max_age"
        );
    }

    #[test]
    fn version_3_7_takes_what_it_does_not_know() {
        let old = |key, value| told(&[(key, value)], true, Version::V3_7);
        assert_eq!(old("x-queue-type", Value::text("quorum")), "");
        assert_eq!(old("x-single-active-consumer", Value::text("yes")), "");
        assert_eq!(
            old("x-overflow", Value::text("reject-publish-dlx")),
            "invalid arg 'x-overflow' for Q: invalid_overflow"
        );
        assert_ne!(Name::NONE, Name::EMPTY);
    }
}
