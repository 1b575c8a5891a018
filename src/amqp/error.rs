//! The errors of a node: code, text and size of each (R1), as RabbitMQ words them.
//!
//! Not who raises them: the methods in `node` do.

use super::rules;
use crate::ids::{Name, Names, RuleId};
use crate::units::Span;
use std::fmt::{self, Display, Write as _};

/// What an error closes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// The channel; others of the connection live on.
    Channel,
    /// The whole connection.
    Connection,
}

/// An error that is told to the client.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// What it closes.
    pub scope: Scope,
    /// The reply code.
    pub code: u16,
    /// The reply text.
    pub text: Text,
    /// Under which rule.
    pub rule: RuleId,
}

/// The longest text that the protocol can carry, in bytes.
const LONGEST: usize = 255;

/// What stands at the end of a text that was cut.
const CUT: &str = "...";

/// A reply text. The broker cuts what is longer than the protocol can carry.
#[derive(Clone, Copy)]
pub struct Text {
    bytes: [u8; LONGEST],
    len: u8,
    cut: bool,
}

impl Text {
    fn of(what: fmt::Arguments<'_>) -> Text {
        let mut text = Text { bytes: [0; LONGEST], len: 0, cut: false };
        // Cut texts are no error.
        let _ = text.write_fmt(what);
        text
    }
    fn push(&mut self, bytes: &[u8]) {
        let start = usize::from(self.len);
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len() as u8;
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        if self.cut {
            return Ok(());
        }
        if usize::from(self.len) + more.len() <= LONGEST {
            self.push(more.as_bytes());
            return Ok(());
        }
        self.push(&more.as_bytes()[..whole(more, LONGEST - usize::from(self.len))]);
        let keep = whole(self, LONGEST - CUT.len());
        self.len = keep as u8;
        self.push(CUT.as_bytes());
        self.cut = true;
        Ok(())
    }
}

/// The last place up to `at` that is between two characters.
fn whole(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

impl std::ops::Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).expect("made of whole characters")
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// The result of a method. An error holds its text in itself, so that none needs the heap.
pub type Checked<T = ()> = Result<T, Refusal>;

fn channel<T>(rule: RuleId, code: u16, text: fmt::Arguments<'_>) -> Checked<T> {
    Err(Refusal { scope: Scope::Channel, code, text: Text::of(text), rule })
}

fn connection<T>(code: u16, text: fmt::Arguments<'_>) -> Checked<T> {
    Err(Refusal { scope: Scope::Connection, code, text: Text::of(text), rule: rules::PROTOCOL_ERROR })
}

/// A queue or exchange with its virtual host, as errors name it.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    kind: &'static str,
    name: Name,
    vhost: Name,
    names: &'a Names,
}

impl<'a> Named<'a> {
    /// The same with the default exchange under the name that permissions know it by (I05.4).
    pub(super) fn for_access(self) -> Access<'a> {
        Access(self)
    }
}

/// A [`Named`] as refusals of access say it.
pub(super) struct Access<'a>(Named<'a>);

impl Display for Access<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.name == Name::EMPTY {
            return write!(f, "{} 'amq.default' in vhost '{}'", self.0.kind, self.0.names.show(self.0.vhost));
        }
        Display::fmt(&self.0, f)
    }
}

impl Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Named { kind, name, vhost, names } = *self;
        write!(f, "{kind} '{}' in vhost '{}'", names.show(name), names.show(vhost))
    }
}

/// `queue 'q' in vhost '/'`.
pub(super) fn queue_in(name: Name, vhost: Name, names: &Names) -> Named<'_> {
    Named { kind: "queue", name, vhost, names }
}

/// `exchange 'e' in vhost '/'`.
pub(super) fn exchange_in(name: Name, vhost: Name, names: &Names) -> Named<'_> {
    Named { kind: "exchange", name, vhost, names }
}

/// 404 (A57, A77).
pub(super) fn not_found<T>(what: impl Display) -> Checked<T> {
    channel(rules::NOT_FOUND, 404, format_args!("NOT_FOUND - no {what}"))
}

/// 404 (A62): the channel has declared no queue that an empty name could stand for.
pub(super) fn no_last_queue<T>() -> Checked<T> {
    channel(rules::NOT_FOUND, 404, format_args!("NOT_FOUND - no previously declared queue"))
}

/// 405 (A06).
pub(super) fn locked<T>(queue: impl Display) -> Checked<T> {
    let why = "It could be originally declared on another connection or the exclusive property value does not match \
               that of the original declaration.";
    channel(
        rules::LOCKED,
        405,
        format_args!("RESOURCE_LOCKED - cannot obtain exclusive access to locked {queue}. {why}"),
    )
}

/// 403 on a channel.
pub(super) fn refused<T>(why: impl Display) -> Checked<T> {
    channel(rules::REFUSED, 403, format_args!("ACCESS_REFUSED - {why}"))
}

/// 406 on a channel.
pub(super) fn precondition<T>(rule: RuleId, why: impl Display) -> Checked<T> {
    channel(rule, 406, format_args!("PRECONDITION_FAILED - {why}"))
}

/// 406 for a property that differs (A01).
pub(super) fn inequivalent<T>(
    arg: &str,
    what: impl Display,
    received: impl Display,
    current: impl Display,
) -> Checked<T> {
    precondition(
        rules::INEQUIVALENT,
        format_args!("inequivalent arg '{arg}' for {what}: received {received} but current is {current}"),
    )
}

/// 406 (C53): not every message of a transaction was taken.
pub(super) fn partial_commit() -> Refusal {
    let text = Text::of(format_args!("PRECONDITION_FAILED - partial tx completion"));
    Refusal { scope: Scope::Channel, code: 406, text, rule: rules::TX_PARTIAL }
}

/// 541: the broker itself failed; it names no method (R2).
pub(super) fn internal() -> Refusal {
    let text = Text::of(format_args!("INTERNAL_ERROR"));
    Refusal { scope: Scope::Connection, code: 541, text, rule: rules::INTERNAL_ERROR }
}

/// 406 (D27).
pub(super) fn unknown_tag<T>(tag: u32) -> Checked<T> {
    precondition(rules::UNKNOWN_TAG, format_args!("unknown delivery tag {tag}"))
}

/// 406 (D61): a delivery was not settled in time.
pub(super) fn timed_out(channel: u16, timeout: Span) -> Refusal {
    let text = Text::of(format_args!(
        "PRECONDITION_FAILED - delivery acknowledgement on channel {channel} timed out. Timeout value used: {} ms. This \
         timeout value can be configured, see consumers doc guide to learn more",
        timeout.0 / 1_000_000
    ));
    Refusal { scope: Scope::Channel, code: 406, text, rule: rules::TIMED_OUT }
}

/// 504 (B39b, A95).
pub(super) fn channel_error<T>(why: impl Display) -> Checked<T> {
    connection(504, format_args!("CHANNEL_ERROR - {why}"))
}

/// 530 (tune): a limit that the node cannot agree to.
pub(super) fn tune_refused<T>(why: impl Display) -> Checked<T> {
    let text = Text::of(format_args!("NOT_ALLOWED - {why}"));
    Err(Refusal { scope: Scope::Connection, code: 530, text, rule: rules::TUNE_LIMITS })
}

/// 406 (B34): a message in somebody else's name.
pub(super) fn wrong_user<T>(claimed: &str, actual: impl Display) -> Checked<T> {
    precondition(
        rules::WRONG_USER,
        format_args!("user_id property set to '{claimed}' but authenticated user was '{actual}'"),
    )
}

/// 406 (A92, V10).
pub(super) fn message_too_large<T>(size: u32, most: u32, configured: bool) -> Checked<T> {
    let limit = if configured { "is larger than configured max size" } else { "larger than max size" };
    precondition(rules::MESSAGE_SIZE, format_args!("message size {size} {limit} {most}"))
}

/// 503: a method that no client may send.
pub(super) fn command_invalid<T>(why: impl Display) -> Checked<T> {
    connection(503, format_args!("COMMAND_INVALID - {why}"))
}

/// 530 (D38, I02).
pub(super) fn not_allowed<T>(why: impl Display) -> Checked<T> {
    connection(530, format_args!("NOT_ALLOWED - {why}"))
}

/// 530 (channel limit): a method on a channel that would be one too many.
pub(super) fn too_many_channels<T>(open: usize, max: u16) -> Checked<T> {
    let text = Text::of(format_args!(
        "NOT_ALLOWED - number of channels opened ({open}) has reached the negotiated channel_max ({max})"
    ));
    Err(Refusal { scope: Scope::Connection, code: 530, text, rule: rules::CHANNEL_MAX })
}

/// 501 (A93): a frame larger than was agreed on. Its first bytes are not told.
pub(super) fn frame_too_large(kind: u8, size: u32, most: u32) -> Refusal {
    let text =
        Text::of(format_args!("FRAME_ERROR - type {kind}, all octets = <<>>: {{frame_too_large,{size},{most}}}"));
    Refusal { scope: Scope::Connection, code: 501, text, rule: rules::FRAME_MAX }
}

/// 320 (I06, I07): an operator's doing.
pub(super) fn forced(why: impl Display) -> Refusal {
    let text = Text::of(format_args!("CONNECTION_FORCED - {why}"));
    Refusal { scope: Scope::Connection, code: 320, text, rule: rules::FORCED }
}

/// 403 at login (I04).
pub(super) fn login_refused() -> Refusal {
    let why = "Login was refused using authentication mechanism PLAIN. For details see the broker logfile.";
    let text = Text::of(format_args!("ACCESS_REFUSED - {why}"));
    Refusal { scope: Scope::Connection, code: 403, text, rule: rules::LOGIN_REFUSED }
}

/// 403 (I05): the user lacks the permission.
pub(super) fn not_permitted<T>(what: impl Display, user: impl Display) -> Checked<T> {
    channel(rules::NOT_PERMITTED, 403, format_args!("ACCESS_REFUSED - access to {what} refused for user '{user}'"))
}

/// 530 (I02, I03): a virtual host that cannot be opened.
pub(super) fn no_vhost<T>(why: impl Display) -> Checked<T> {
    let text = Text::of(format_args!("NOT_ALLOWED - {why}"));
    Err(Refusal { scope: Scope::Connection, code: 530, text, rule: rules::VHOST_REFUSED })
}

/// 503 (A48, V4): before 4.0 an unknown exchange type ends the connection. A word that the broker knows as something else, as
/// it does the empty one, is invalid and not unknown.
pub(super) fn unknown_type<T>(word: impl Display, is_word: bool, ends_connection: bool) -> Checked<T> {
    let what = if is_word { "invalid" } else { "unknown" };
    let (scope, code, kind) = match ends_connection {
        true => (Scope::Connection, 503, "COMMAND_INVALID"),
        false => (Scope::Channel, 406, "PRECONDITION_FAILED"),
    };
    let rule = if ends_connection { rules::UNKNOWN_TYPE } else { rules::UNKNOWN_TYPE_CHANNEL };
    Err(Refusal { scope, code, text: Text::of(format_args!("{kind} - {what} exchange type '{word}'")), rule })
}

/// 540 (B17, D33).
pub(super) fn not_implemented<T>(what: impl Display) -> Checked<T> {
    connection(540, format_args!("NOT_IMPLEMENTED - {what}"))
}

/// 540 for what RabbitMQ knows and the model leaves out: the model's own answer, which no real broker gives.
pub(super) fn not_modelled<T>(what: impl Display) -> Checked<T> {
    let text = Text::of(format_args!("NOT_IMPLEMENTED - {what} is not modelled"));
    Err(Refusal { scope: Scope::Connection, code: 540, text, rule: rules::QUORUM })
}

/// 403 (A39): names that begin with `amq.` are the broker's.
pub(super) fn not_reserved(what: &str, name: Name, names: &Names) -> Checked {
    if names.prefix_text(name.prefix()).starts_with("amq.") {
        let text = names.show(name);
        return refused(format_args!("{what} name '{text}' contains reserved prefix 'amq.*'"));
    }
    Ok(())
}

/// 541 (A82.06): the broker itself breaks over a method.
pub(super) fn broken<T>() -> Checked<T> {
    Err(internal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_for_the_protocol_is_cut() {
        let text = |n: usize| Text::of(format_args!("{}{}", "x".repeat(n), "ä"));
        assert_eq!(&*text(2), "xxä");
        assert_eq!(text(253).len(), 255);
        assert_eq!(&*text(254), "x".repeat(252) + "...");
        assert_eq!(&*Text::of(format_args!("{}{}!", "x".repeat(251), "ää")), "x".repeat(251) + "...");
        assert_eq!(&*Text::of(format_args!("{}{}", "x".repeat(300), "more")), "x".repeat(252) + "...");
    }
}
