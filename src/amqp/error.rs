//! The errors of a node: code, text and size of each (R1), as RabbitMQ words them.
//!
//! Not who raises them: the methods in `node` do.

use super::rules;
use crate::ids::{Name, Names, RuleId};

/// What an error closes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// The channel; others of the connection live on.
    Channel,
    /// The whole connection.
    Connection,
}

/// An error that is told to the client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// What it closes.
    pub scope: Scope,
    /// The reply code.
    pub code: u16,
    /// The reply text.
    pub text: String,
    /// Under which rule.
    pub rule: RuleId,
}

/// The result of a method: errors are rare and live on the heap.
pub type Checked<T = ()> = Result<T, Box<Refusal>>;

fn channel<T>(rule: RuleId, code: u16, text: String) -> Checked<T> {
    Err(Box::new(Refusal { scope: Scope::Channel, code, text, rule }))
}

fn connection<T>(code: u16, text: String) -> Checked<T> {
    Err(Box::new(Refusal { scope: Scope::Connection, code, text, rule: rules::PROTOCOL_ERROR }))
}

/// `queue 'q' in vhost '/'`.
pub(super) fn queue_in(queue: Name, vhost: Name, names: &Names) -> String {
    format!("queue '{}' in vhost '{}'", names.show(queue), names.show(vhost))
}

/// `exchange 'e' in vhost '/'`.
pub(super) fn exchange_in(exchange: Name, vhost: Name, names: &Names) -> String {
    format!("exchange '{}' in vhost '{}'", names.show(exchange), names.show(vhost))
}

/// 404 (A57, A77).
pub(super) fn not_found<T>(what: &str) -> Checked<T> {
    channel(rules::NOT_FOUND, 404, format!("NOT_FOUND - no {what}"))
}

/// 404 (A62): the channel has declared no queue that an empty name could stand for.
pub(super) fn no_last_queue<T>() -> Checked<T> {
    channel(rules::NOT_FOUND, 404, "NOT_FOUND - no previously declared queue".into())
}

/// 405 (A06).
pub(super) fn locked<T>(queue: &str) -> Checked<T> {
    let why = "It could be originally declared on another connection or the exclusive property value does not match \
               that of the original declaration.";
    let text = format!("RESOURCE_LOCKED - cannot obtain exclusive access to locked {queue}. {why}");
    channel(rules::LOCKED, 405, text)
}

/// 403 on a channel.
pub(super) fn refused<T>(why: &str) -> Checked<T> {
    channel(rules::REFUSED, 403, format!("ACCESS_REFUSED - {why}"))
}

/// 406 on a channel.
pub(super) fn precondition<T>(rule: RuleId, why: &str) -> Checked<T> {
    channel(rule, 406, format!("PRECONDITION_FAILED - {why}"))
}

/// 406 for a property that differs (A01).
pub(super) fn inequivalent<T>(arg: &str, what: &str, received: &str, current: &str) -> Checked<T> {
    let why = format!("inequivalent arg '{arg}' for {what}: received {received} but current is {current}");
    precondition(rules::INEQUIVALENT, &why)
}

/// 406 (D27).
pub(super) fn unknown_tag<T>(tag: u32) -> Checked<T> {
    precondition(rules::UNKNOWN_TAG, &format!("unknown delivery tag {tag}"))
}

/// 504 (B39b, A95).
pub(super) fn channel_error<T>(why: &str) -> Checked<T> {
    connection(504, format!("CHANNEL_ERROR - {why}"))
}

/// 503 (A48).
pub(super) fn command_invalid<T>(why: &str) -> Checked<T> {
    connection(503, format!("COMMAND_INVALID - {why}"))
}

/// 530 (D38, I02).
pub(super) fn not_allowed<T>(why: &str) -> Checked<T> {
    connection(530, format!("NOT_ALLOWED - {why}"))
}

/// 540 (B17, D33).
pub(super) fn not_implemented<T>(what: &str) -> Checked<T> {
    connection(540, format!("NOT_IMPLEMENTED - {what}"))
}
