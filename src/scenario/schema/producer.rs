//! Producers: what they publish and how they make sure.

use super::session::{Session, session};
use super::timing::timing;
use super::values::{Row, rows};
use super::{Target, target};
use crate::app::{Backoff, Reliability, Retry, Timing};
use crate::scenario::diagnostics::{Code, Diagnostic, Extent, Sink, Spanned};
use crate::scenario::fields::{
    Fields, address, choice, count, list, name, number, pattern, positive, size, some_span, span, truth, word,
};
use crate::scenario::tree::{Node, Value};
use crate::units::Span;

/// A client that publishes.
#[derive(Clone, PartialEq, Debug)]
pub struct Producer {
    /// Its name, unique among all parties.
    pub name: Spanned<String>,
    /// What it publishes; all series run side by side.
    pub publish: Vec<Publish>,
    /// How it makes sure.
    pub reliability: Reliability,
    /// Where it publishes what came back.
    pub on_returned: Option<Aside>,
    /// The tables of its outbox.
    pub outbox: Option<Outbox>,
    /// A row beside each publish.
    pub dual_write: Option<DualWrite>,
    /// Whether each message is a question.
    pub expects_reply: Option<ExpectsReply>,
    /// Its process and its connection.
    pub session: Session,
}

/// Where a producer publishes what came back.
#[derive(Clone, PartialEq, Debug)]
pub struct Aside {
    /// To what.
    pub to: Target,
    /// With which key; the message's own without.
    pub key: Option<Spanned<String>>,
}

/// An outbox with its relay.
#[derive(Clone, PartialEq, Debug)]
pub struct Outbox {
    /// Where it stands.
    pub at: Extent,
    /// The table of the outbox.
    pub table: Spanned<String>,
    /// The table of the business.
    pub orders: Spanned<String>,
    /// From one look of the relay to the next.
    pub every: Span,
    /// At most so many rows at each look.
    pub batch: u32,
}

/// A row beside each publish, as a step of its own.
#[derive(Clone, PartialEq, Debug)]
pub struct DualWrite {
    /// Where it stands.
    pub at: Extent,
    /// The table.
    pub table: Spanned<String>,
    /// Whether the row comes first.
    pub row_first: bool,
    /// From the first step to the second.
    pub gap: Span,
}

/// What a producer does about answers.
#[derive(Clone, PartialEq, Debug)]
pub struct ExpectsReply {
    /// Where it stands.
    pub at: Extent,
    /// How long it waits.
    pub timeout: Span,
    /// How often it asks again.
    pub retry: u32,
    /// Whether it looks at correlation ids.
    pub check_correlation: bool,
    /// The table of answers.
    pub table: Spanned<String>,
}

impl Producer {
    /// The tables that it writes to.
    pub fn tables(&self) -> impl Iterator<Item = &Spanned<String>> {
        let outbox = self.outbox.iter().flat_map(|outbox| [&outbox.orders, &outbox.table]);
        let dual = self.dual_write.iter().map(|dual| &dual.table);
        outbox.chain(dual).chain(self.expects_reply.iter().map(|reply| &reply.table))
    }
}

/// A series of messages.
#[derive(Clone, PartialEq, Debug)]
pub struct Publish {
    /// To what.
    pub to: Target,
    /// The keys, taken in turn; none is the empty key. Those of the default exchange are names of queues.
    pub keys: Vec<Target>,
    /// The messages' ids, with `{n}`; the producer's name and the number where none is given.
    pub id: Spanned<String>,
    /// How many.
    pub count: u32,
    /// From one to the next.
    pub every: Timing,
    /// From the session to the first.
    pub start: Span,
    /// Size of each payload in bytes.
    pub size: u32,
    /// Whether each asks to survive a restart.
    pub persistent: bool,
    /// Whether each is to come back where no queue takes it.
    pub mandatory: bool,
    /// Priority.
    pub priority: Option<u8>,
    /// Time to live.
    pub expiration: Option<Span>,
    /// Headers.
    pub headers: Option<Vec<Row>>,
    /// Where answers should go.
    pub reply_to: Option<Target>,
    /// The correlation id, with `{n}`.
    pub correlation_id: Option<Spanned<String>>,
}

impl Publish {
    /// What stands in for a series that cannot be read.
    fn unread(at: Extent) -> Option<Publish> {
        let node = Node { at, value: Value::Bool(false) };
        publish(&node, &mut Sink::default())
    }
}

/// Decodes a producer.
pub(super) fn producer(node: &Node, sink: &mut Sink) -> Option<Producer> {
    let mut f = Fields::of_struct(node, "a producer", sink);
    let name = f.name("name");
    let series = f.required("publish", |node, sink| list(node, publish, sink));
    let reliability = f.or("reliability", Reliability::FireAndForget, reliability);
    let on_returned = f.optional("on_returned", on_returned).flatten();
    let outbox = f.optional("outbox", outbox);
    let dual_write = f.optional("dual_write", dual_write);
    let expects_reply = f.optional("expects_reply", expects_reply);
    let mut session = session(&mut f);
    let unread = f.is_unread();
    let meant = f.finish();
    session.access.meant(&meant, sink);
    let outbox = outbox.or_else(|| self::outbox(meant.node("outbox")?, sink));
    let expects_reply = expects_reply.or_else(|| self::expects_reply(meant.node("expects_reply")?, sink));
    // A producer that cannot be read may write to any table.
    let any = || DualWrite { at: node.head(), table: Spanned::unread(node.head()), row_first: true, gap: Span::ZERO };
    let dual_write = dual_write.or_else(|| self::dual_write(meant.node("dual_write")?, sink));
    let dual_write = dual_write.or_else(|| unread.then(any));
    // One that cannot be read may publish to anything.
    let mut publish = series.unwrap_or_else(|| Publish::unread(node.head()).into_iter().collect());
    meant.list("publish", &mut publish, self::publish, sink);
    let owner = &name.value;
    for (i, series) in publish.iter_mut().enumerate().filter(|(_, series)| series.id.value.is_empty()) {
        series.id.value = if i == 0 { format!("{owner}-{{n}}") } else { format!("{owner}.{}-{{n}}", i + 1) };
    }
    Some(Producer { name, publish, reliability, on_returned, outbox, dual_write, expects_reply, session })
}

fn publish(node: &Node, sink: &mut Sink) -> Option<Publish> {
    let mut f = Fields::of_struct(node, "a series of messages", sink);
    let to = f.required("to", target).unwrap_or_else(|| Target::unread(node.head()));
    let single = f.node("key");
    let several = f.node("keys");
    if let (Some(single), Some(several)) = (single, several) {
        let clash = Diagnostic::new(Code::Conflict, "`key` and `keys` exclude each other", several.at, "and here");
        f.sink().push(clash.label(single.at, "given here").help("`keys` are taken in turn"));
    }
    let mut keys: Vec<Target> = single.and_then(|node| key(node, f.sink())).into_iter().collect();
    keys.extend(several.and_then(|node| list(node, key, f.sink())).unwrap_or_default());
    if let Some(missing) = keys.iter().find(|key| key.missing && to.name.is_read() && !to.name.value.is_empty()) {
        let title = "only a key of the default exchange is the name of a queue";
        f.sink().push(Diagnostic::new(Code::Conflict, title, missing.name.at, "said to be missing"));
    }
    let id = f.optional("id", |node, sink| pattern(node, "{n}", sink));
    let count = f.or("count", 1, positive);
    let every = f.or("every", Timing::ZERO, timing);
    let start = f.or("start", Span::ZERO, span);
    let size = f.or("size", 100, size);
    let persistent = f.or("persistent", false, truth);
    let mandatory = f.or("mandatory", false, truth);
    let priority = f.optional("priority", |node, sink| number(node, 0..=255, sink)).map(|n| n as u8);
    let expiration = f.optional("expiration", span);
    let headers = f.optional("headers", rows);
    // One that cannot be read may be any.
    let reply = |node: &Node, sink: &mut Sink| Some(target(node, sink).unwrap_or_else(|| Target::unread(node.at)));
    let reply_to = f.optional("reply_to", reply);
    let correlation_id = f.optional("correlation_id", |node, sink| pattern(node, "{n}", sink));
    let meant = f.finish();
    let reply_to = reply_to.or_else(|| reply(meant.node("reply_to")?, sink));
    let id = id.unwrap_or_else(|| Spanned::new(String::new(), node.head()));
    Some(Publish {
        to,
        keys,
        id,
        count,
        every,
        start,
        size,
        persistent,
        mandatory,
        priority,
        expiration,
        headers,
        reply_to,
        correlation_id,
    })
}

/// A routing key; it may be empty, and may hold `{n}`. `missing("…")` is one that no queue is called by.
fn key(node: &Node, sink: &mut Sink) -> Option<Target> {
    let key = target(node, sink)?;
    let holds = !key.missing && key.name.value.contains(['{', '}']);
    let name = if holds { pattern(node, "{n}", sink)? } else { key.name };
    Some(Target { name, missing: key.missing })
}

/// How it makes sure.
pub(super) const RELIABILITIES: [&str; 3] = ["fire_and_forget", "confirms", "transactions"];
/// What it does where no answer came, or the answer was no, or a message came back.
pub(super) const RETRIES: [&str; 2] = ["give_up", "republish"];

fn reliability(node: &Node, sink: &mut Sink) -> Option<Reliability> {
    let found = word(node, "a way to make sure", &RELIABILITIES, sink)?;
    if found == "fire_and_forget" {
        crate::scenario::fields::no_arguments(node, sink);
        return Some(Reliability::FireAndForget);
    }
    if found == "transactions" {
        return transactions(node, sink);
    }
    let mut f = Fields::of_call(node, "`confirms`", sink);
    let window = f.or("window", 0, count);
    let batch = f.optional("batch", positive);
    let timeout = f.optional("timeout", some_span);
    let (on_timeout, late) = f.or("on_timeout", (Retry::GiveUp, Span::ZERO), retry);
    let (on_refused, refused) = f.or("on_refused", (Retry::GiveUp, Span::ZERO), retry);
    f.finish();
    let backoff = Backoff { first: late.max(refused), max: Span::ZERO };
    Some(Reliability::Confirms { window, batch, timeout, on_timeout, on_refused, backoff })
}

/// What is done, and the pause before it.
fn retry(node: &Node, sink: &mut Sink) -> Option<(Retry, Span)> {
    let found = word(node, "what is done then", &RETRIES, sink)?;
    if found == "give_up" {
        crate::scenario::fields::no_arguments(node, sink);
        return Some((Retry::GiveUp, Span::ZERO));
    }
    let mut f = Fields::of_call(node, "`republish`", sink);
    let max = f.or("max", 0, count);
    let backoff = f.or("backoff", Span::ZERO, span);
    f.finish();
    Some((Retry::Republish { max }, backoff))
}

fn transactions(node: &Node, sink: &mut Sink) -> Option<Reliability> {
    let mut f = Fields::of_call(node, "`transactions`", sink);
    let every = f.or("every", 1, positive);
    let rollback_every = f.optional("rollback_every", positive);
    let timeout = f.optional("timeout", some_span);
    let (on_timeout, pause) = f.or("on_timeout", (Retry::GiveUp, Span::ZERO), retry);
    f.finish();
    let backoff = Backoff { first: pause, max: Span::ZERO };
    Some(Reliability::Transactions { every, rollback_every, timeout, on_timeout, backoff })
}

fn on_returned(node: &Node, sink: &mut Sink) -> Option<Option<Aside>> {
    let found = word(node, "what is done with what came back", &RETRIES, sink)?;
    if found == "give_up" {
        crate::scenario::fields::no_arguments(node, sink);
        return Some(None);
    }
    let mut f = Fields::of_call(node, "`republish` of what came back", sink);
    let to = f.required("to", target);
    let key = f.optional("key", address);
    f.finish();
    Some(Some(Aside { to: to?, key }))
}

fn named(text: &str, node: &Node) -> Spanned<String> {
    Spanned::new(text.to_owned(), node.head())
}

fn outbox(node: &Node, sink: &mut Sink) -> Option<Outbox> {
    let mut f = Fields::of_struct(node, "an outbox", sink);
    let table = f.optional("table", name).unwrap_or_else(|| named("outbox", node));
    let orders = f.optional("orders", name).unwrap_or_else(|| named("orders", node));
    let every = f.or("every", Span::millis(10), some_span);
    let batch = f.or("batch", 10, positive);
    f.finish();
    Some(Outbox { at: node.head(), table, orders, every, batch })
}

fn dual_write(node: &Node, sink: &mut Sink) -> Option<DualWrite> {
    let mut f = Fields::of_struct(node, "a dual write", sink);
    let table = f.optional("table", name).unwrap_or_else(|| named("orders", node));
    let first = f.or("first", true, |node, sink| {
        choice(node, "which step comes first", &[("table", true), ("broker", false)], sink)
    });
    let gap = f.or("gap", Span::millis(1), span);
    f.finish();
    Some(DualWrite { at: node.head(), table, row_first: first, gap })
}

fn expects_reply(node: &Node, sink: &mut Sink) -> Option<ExpectsReply> {
    let mut f = Fields::of_struct(node, "an expected answer", sink);
    let timeout = f.required("timeout", some_span);
    let retry = f.or("retry", 0, count);
    let check_correlation = f.or("check_correlation", true, truth);
    let table = f.optional("table", name);
    let meant = f.finish();
    let table = table.or_else(|| name(meant.node("table")?, sink)).unwrap_or_else(|| named("answers", node));
    // Its table is known even where its timeout is not.
    let timeout = timeout.unwrap_or(Span::ZERO);
    Some(ExpectsReply { at: node.head(), timeout, retry, check_correlation, table })
}
