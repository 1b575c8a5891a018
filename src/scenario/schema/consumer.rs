//! Consumers: what they take, when they acknowledge, what their work writes, and what goes wrong with it.

use super::session::{Session, session};
use super::timing::timing;
use super::values::{Row, rows};
use super::{Target, target};
use crate::app::{AckPolicy, EffectKind, Then, Timing};
use crate::scenario::diagnostics::{Code, Diagnostic, Extent, Sink, Spanned};
use crate::scenario::fields::{
    Fields, choice, count, name, no_arguments, number, pattern, positive, some_span, truth, word,
};
use crate::scenario::tree::{Node, Value};

/// A client that consumes.
#[derive(Clone, PartialEq, Debug)]
pub struct Consumer {
    /// Its name, unique among all parties.
    pub name: Spanned<String>,
    /// From what.
    pub from: Target,
    /// When it settles.
    pub ack: AckPolicy,
    /// At most so many open deliveries; 0 is without limit.
    pub prefetch: u32,
    /// How long the work on one message takes.
    pub work: Timing,
    /// How many it works on at the same time.
    pub parallel: u32,
    /// What its work writes.
    pub effect: Option<Effect>,
    /// What goes wrong.
    pub fail: Vec<Fail>,
    /// How many ids it remembers, to skip what comes again; `Some(0)` is all.
    pub dedup: Option<u32>,
    /// The id of the answer it sends where one is asked for, with `{id}`.
    pub reply: Option<Spanned<String>>,
    /// Whether it alone may consume.
    pub exclusive: bool,
    /// Arguments of the subscription.
    pub arguments: Vec<Row>,
    /// Its process and its connection.
    pub session: Session,
}

/// What completed work writes to a table.
#[derive(Clone, PartialEq, Debug)]
pub struct Effect {
    /// How.
    pub kind: EffectKind,
    /// The table.
    pub table: Spanned<String>,
    /// The row's key, with `{id}` or `{delivery}`.
    pub key: Spanned<String>,
}

impl Effect {
    /// What stands in for one that cannot be read.
    fn unread(at: Extent) -> Effect {
        Effect { kind: EffectKind::Insert, table: Spanned::unread(at), key: Spanned::new("{id}".to_owned(), at) }
    }
}

/// Something that goes wrong.
#[derive(Clone, PartialEq, Debug)]
pub struct Fail {
    /// With which works.
    pub which: Which,
    /// How often; 0 is always.
    pub times: u32,
    /// What it comes to.
    pub then: Then,
}

/// Which works fail.
#[derive(Clone, PartialEq, Debug)]
pub enum Which {
    /// Those on this message.
    Message(Spanned<String>),
    /// Every so-manieth.
    Every(u32),
}

/// Decodes a consumer.
pub(super) fn consumer(node: &Node, sink: &mut Sink) -> Option<Consumer> {
    let mut f = Fields::of_struct(node, "a consumer", sink);
    let name = f.name("name");
    let from = f.required("from", target).unwrap_or_else(|| Target::unread(node.head()));
    let ack = f.or("ack", AckPolicy::AfterWork, ack);
    let prefetch = f.or("prefetch", 0, |node, sink| number(node, 0..=65_535, sink).map(|n| n as u32));
    let work = f.or("work", Timing::ZERO, timing);
    let parallel = f.or("parallel", 1, |node, sink| number(node, 1..=65_535, sink).map(|n| n as u32));
    let mut effect = f.optional("effect", self::effect).or_else(|| f.is_unread().then(|| Effect::unread(node.head())));
    let fail = f.list("fail", fail);
    let dedup = f.optional("dedup", dedup);
    let reply = f.optional("reply", reply).flatten();
    let exclusive = f.or("exclusive", false, truth);
    let arguments = f.or("arguments", Vec::new(), rows);
    let session = session(&mut f);
    let meant = f.finish();
    effect = effect.or_else(|| self::effect(meant.node("effect")?, sink));
    Some(Consumer {
        name,
        from,
        ack,
        prefetch,
        work,
        parallel,
        effect,
        fail,
        dedup,
        reply,
        exclusive,
        arguments,
        session,
    })
}

fn ack(node: &Node, sink: &mut Sink) -> Option<AckPolicy> {
    const KNOWN: [&str; 5] = ["automatic", "before_work", "after_work", "batch", "never"];
    let found = word(node, "a time to acknowledge", &KNOWN, sink)?;
    if found != "batch" {
        no_arguments(node, sink);
    }
    Some(match found {
        "automatic" => AckPolicy::Auto,
        "before_work" => AckPolicy::BeforeWork,
        "never" => AckPolicy::Never,
        "batch" => {
            let mut f = Fields::of_call(node, "`batch`", sink);
            let size = f.first("size", positive).unwrap_or(1);
            let flush = f.optional("flush", some_span);
            f.finish();
            AckPolicy::Batch { size, flush }
        }
        _ => AckPolicy::AfterWork,
    })
}

fn effect(node: &Node, sink: &mut Sink) -> Option<Effect> {
    const KNOWN: [&str; 5] = ["insert", "upsert", "insert_unique", "delete", "add"];
    let Some(found) = word(node, "an effect", &KNOWN, sink) else { return Some(Effect::unread(node.head())) };
    let mut f = Fields::of_call(node, "an effect", sink);
    let table = f.first_name("table");
    let key = f.optional("key", |node, sink| {
        let numbered = node.text().is_some_and(|text| text.contains("{delivery}"));
        pattern(node, if numbered { "{delivery}" } else { "{id}" }, sink)
    });
    let kind = match found {
        "upsert" => EffectKind::Upsert,
        "insert_unique" => EffectKind::InsertUnique,
        "delete" => EffectKind::Delete,
        "add" => {
            let by = f.or("by", 1, |node, sink| number(node, -1_000_000_000..=1_000_000_000, sink));
            EffectKind::Add(by)
        }
        _ => EffectKind::Insert,
    };
    f.finish();
    let key = key.unwrap_or_else(|| Spanned::new("{id}".to_owned(), node.head()));
    Some(Effect { kind, table, key })
}

fn fail(node: &Node, sink: &mut Sink) -> Option<Fail> {
    let then = [
        ("requeue", Then::Requeue),
        ("reject", Then::Reject),
        ("swallow", Then::Swallow),
        ("hang", Then::Hang),
        ("crash", Then::Crash),
        ("crash_after_effect", Then::CrashAfterEffect),
    ];
    let mut f = Fields::of_struct(node, "a failure", sink);
    let message = f.optional("message", name);
    let every = f.optional("every", positive);
    let times = f.or("times", 0, count);
    let then = f.required("then", |node, sink| choice(node, "what a failure comes to", &then, sink));
    let given = |field: &str| node.field(field).is_some();
    let known = ["message", "every", "times", "then"];
    let other = node.args().iter().any(|arg| !known.iter().any(|field| arg.is(field)));
    if !f.is_unread() && !other && given("message") == given("every") {
        let title = "a failure needs either `message` or `every`";
        f.sink().push(Diagnostic::new(Code::Conflict, title, node.head(), "which works fail?"));
    }
    f.finish();
    let which = message.map(Which::Message).or(every.map(Which::Every));
    Some(Fail { which: which?, times, then: then? })
}

fn dedup(node: &Node, sink: &mut Sink) -> Option<u32> {
    word(node, "a memory of ids", &["memory"], sink)?;
    let mut f = Fields::of_call(node, "`memory`", sink);
    let size = f.or("size", 0, count);
    f.finish();
    Some(size)
}

fn reply(node: &Node, sink: &mut Sink) -> Option<Option<Spanned<String>>> {
    match node.value {
        Value::Bool(true) => Some(Some(Spanned::new("re-{id}".to_owned(), node.at))),
        Value::Bool(false) => Some(None),
        _ => pattern(node, "{id}", sink).map(Some),
    }
}
