//! Consumers: what they take, when they acknowledge, what their work writes, and what goes wrong with it.

use super::session::{Session, session};
use super::timing::timing;
use super::values::{Row, rows};
use super::{Target, target};
use crate::app::{AckPolicy, EffectKind, Then, Timing};
use crate::scenario::diagnostics::{Code, Diagnostic, Extent, Sink, Spanned};
use crate::scenario::fields::{
    Fields, address, choice, count, name, no_arguments, number, pattern, positive, some_span, truth, word, wrong_type,
};
use crate::scenario::tree::{Node, Value};
use crate::units::Span;

/// A client that consumes.
#[derive(Clone, PartialEq, Debug)]
pub struct Consumer {
    /// Its name, unique among all parties.
    pub name: Spanned<String>,
    /// From what.
    pub from: Target,
    /// When it settles.
    pub ack: AckPolicy,
    /// How it asks for messages, where they are not handed out to it.
    pub poll: Option<Poll>,
    /// At most so many open deliveries; 0 is without limit.
    pub prefetch: u32,
    /// How long the work on one message takes.
    pub work: Timing,
    /// How many it works on at the same time.
    pub parallel: u32,
    /// The works that take another time.
    pub slow: Vec<Slow>,
    /// What its work writes.
    pub effects: Effects,
    /// What goes wrong.
    pub fail: Vec<Fail>,
    /// How it knows what comes again, to skip it.
    pub dedup: Option<Dedup>,
    /// What it does with a message whose work failed often.
    pub park: Option<Park>,
    /// What it publishes when its work is done.
    pub forward: Option<Forward>,
    /// The id of the answer it sends where one is asked for, with `{id}`.
    pub reply: Option<Spanned<String>>,
    /// Whether it alone may consume.
    pub exclusive: bool,
    /// Arguments of the subscription.
    pub arguments: Vec<Row>,
    /// Its process and its connection.
    pub session: Session,
}

/// Asking for messages.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Poll {
    /// Where it stands.
    pub at: Extent,
    /// From one look to the next.
    pub every: Span,
    /// At most so many at each look.
    pub batch: u32,
}

/// A work that takes its own time.
#[derive(Clone, PartialEq, Debug)]
pub struct Slow {
    /// Which.
    pub which: Which,
    /// How long.
    pub work: Timing,
}

/// How a consumer knows what it has worked on.
#[derive(Clone, PartialEq, Debug)]
pub enum Dedup {
    /// It remembers so many (0 is all), by the message's id or by the number of the delivery.
    Memory {
        /// How many.
        size: u32,
        /// Whether it is the number of the delivery that it remembers.
        by_delivery: bool,
    },
    /// It looks into a table.
    Table {
        /// The table.
        table: Spanned<String>,
        /// The row's key, with `{id}` or `{delivery}`; that of the effect on the same table where none is given.
        key: Option<Spanned<String>>,
        /// Whether effect and row are one transaction.
        in_transaction: bool,
    },
}

/// Putting a message aside.
#[derive(Clone, PartialEq, Debug)]
pub struct Park {
    /// Where it stands.
    pub at: Extent,
    /// After so many failures.
    pub after: u32,
    /// Into which queue.
    pub to: Target,
    /// Whether a header of its own counts them, not `x-death`.
    pub header: bool,
}

/// A message that follows from the work.
#[derive(Clone, PartialEq, Debug)]
pub struct Forward {
    /// To what.
    pub to: Target,
    /// With which key.
    pub key: Spanned<String>,
    /// Its id, with `{id}`.
    pub id: Spanned<String>,
    /// Whether its confirm is waited for.
    pub confirms: bool,
    /// Whether it comes before the acknowledgement.
    pub before_ack: bool,
    /// Whether it asks to survive a restart.
    pub persistent: bool,
}

/// What a consumer's work writes.
#[derive(Clone, PartialEq, Debug)]
pub struct Effects {
    /// By what one is chosen.
    pub by: By,
    /// The effects, each with the key or message it is for; where nothing chooses there is at most one.
    pub all: Vec<(Spanned<String>, Effect)>,
}

/// By what an effect is chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// It is the same for every message.
    Nothing,
    /// The routing key.
    Key,
    /// The message's id.
    Message,
}

impl Effects {
    /// Stands for what could not be read.
    fn unread(at: Extent) -> Effects {
        Effects { by: By::Nothing, all: vec![(Spanned::unread(at), Effect::unread(at))] }
    }

    const NONE: Effects = Effects { by: By::Nothing, all: Vec::new() };

    /// The effect, where it is the same for every message.
    pub fn one(&self) -> Option<&Effect> {
        self.all.first().filter(|_| self.by == By::Nothing).map(|(_, effect)| effect)
    }

    /// Whether one of them adds to a row.
    pub fn adds(&self) -> bool {
        self.all.iter().any(|(_, effect)| matches!(effect.kind, EffectKind::Add(_)))
    }

    /// The table that they write to; it is the same for all.
    pub fn table(&self) -> Option<&Spanned<String>> {
        self.all.first().map(|(_, effect)| &effect.table)
    }
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
    let poll = f.optional("poll", poll);
    let prefetch = f.or("prefetch", 0, |node, sink| number(node, 0..=65_535, sink).map(|n| n as u32));
    let work = f.or("work", Timing::ZERO, timing);
    let parallel = f.or("parallel", 1, |node, sink| number(node, 1..=65_535, sink).map(|n| n as u32));
    let slow = f.list("slow", slow);
    let unread = || Effects::unread(node.head());
    let mut effects = f.optional("effect", self::effects).or_else(|| f.is_unread().then(unread));
    let fail = f.list("fail", fail);
    let dedup = f.optional("dedup", dedup);
    let park = f.optional("park", park);
    let forward = f.optional("forward", forward);
    let reply = f.optional("reply", reply).flatten();
    let exclusive = f.or("exclusive", false, truth);
    let arguments = f.or("arguments", Vec::new(), rows);
    let mut session = session(&mut f);
    let meant = f.finish();
    session.access.meant(&meant, sink);
    effects = effects.or_else(|| self::effects(meant.node("effect")?, sink));
    let effects = effects.unwrap_or(Effects::NONE);
    Some(Consumer {
        name,
        from,
        ack,
        poll,
        prefetch,
        work,
        parallel,
        slow,
        effects,
        fail,
        dedup,
        park,
        forward,
        reply,
        exclusive,
        arguments,
        session,
    })
}

/// When it acknowledges.
pub(super) const ACKS: [&str; 8] =
    ["automatic", "before_work", "after_work", "batch", "never", "twice", "wrong_channel", "stale"];

fn ack(node: &Node, sink: &mut Sink) -> Option<AckPolicy> {
    let found = word(node, "a time to acknowledge", &ACKS, sink)?;
    if found != "batch" {
        no_arguments(node, sink);
    }
    Some(match found {
        "automatic" => AckPolicy::Auto,
        "before_work" => AckPolicy::BeforeWork,
        "never" => AckPolicy::Never,
        "twice" => AckPolicy::Twice,
        "wrong_channel" => AckPolicy::WrongChannel,
        "stale" => AckPolicy::Stale,
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

fn poll(node: &Node, sink: &mut Sink) -> Option<Poll> {
    let mut f = Fields::of_struct(node, "a poll", sink);
    let every = f.required("every", some_span);
    let batch = f.or("batch", 1, positive);
    f.finish();
    Some(Poll { at: node.head(), every: every?, batch })
}

fn slow(node: &Node, sink: &mut Sink) -> Option<Slow> {
    let mut f = Fields::of_struct(node, "a slow work", sink);
    let which = which(&mut f, node, "a slow work", &["work"]);
    let work = f.required("work", timing);
    f.finish();
    Some(Slow { which: which?, work: work? })
}

fn park(node: &Node, sink: &mut Sink) -> Option<Park> {
    let mut f = Fields::of_struct(node, "a parking", sink);
    let after = f.required("after", positive);
    let to = f.required("to", target);
    let header = f.or("count", false, |node, sink| {
        choice(node, "what counts failures", &[("x_death", false), ("header", true)], sink)
    });
    f.finish();
    Some(Park { at: node.head(), after: after?, to: to?, header })
}

fn forward(node: &Node, sink: &mut Sink) -> Option<Forward> {
    let mut f = Fields::of_struct(node, "a forwarding", sink);
    let to = f.required("to", target);
    let key = f.optional("key", address).unwrap_or_else(|| Spanned::new(String::new(), node.head()));
    let id = f.required("id", |node, sink| pattern(node, "{id}", sink));
    let confirms = f.or("confirms", false, truth);
    let orders = [("before_ack", true), ("after_ack", false)];
    let before_ack = f.or("order", true, |node, sink| choice(node, "when it is published", &orders, sink));
    let persistent = f.or("persistent", false, truth);
    f.finish();
    Some(Forward { to: to?, key, id: id?, confirms, before_ack, persistent })
}

/// The works that something is about.
fn which(f: &mut Fields<'_, '_>, node: &Node, what: &str, others: &[&str]) -> Option<Which> {
    let message = f.optional("message", name);
    let every = f.optional("every", positive);
    let given = |field: &str| node.field(field).is_some();
    let known = |field: &&str| others.contains(field) || ["message", "every"].contains(field);
    let other = node.args().iter().any(|arg| arg.name.as_ref().is_none_or(|name| !known(&name.value.as_str())));
    if !f.is_unread() && !other && given("message") == given("every") {
        let title = format!("{what} needs either `message` or `every`");
        f.sink().push(Diagnostic::new(Code::Conflict, title, node.head(), "which works?"));
    }
    message.map(Which::Message).or(every.map(Which::Every))
}

/// One effect for all messages, or several by routing key or message.
fn effects(node: &Node, sink: &mut Sink) -> Option<Effects> {
    let by = match node.word() {
        Some("by_key") => By::Key,
        Some("by_message") => By::Message,
        _ => {
            let one = effect(node, sink)?;
            return Some(Effects { by: By::Nothing, all: vec![(one.table.clone(), one)] });
        }
    };
    let mut f = Fields::of_call(node, "a choice of effects", sink);
    let all = f.first("effects", |node, sink| {
        let Value::Map(pairs) = &node.value else {
            wrong_type(node, "a map `{\"created\": insert(…)}`", sink);
            return None;
        };
        let one = |(key, value): &(Node, Node)| Some((address(key, sink)?, effect(value, sink)?));
        Some(pairs.iter().filter_map(one).collect::<Vec<_>>())
    });
    f.finish();
    let all = all?;
    for (at, (key, effect)) in all.iter().enumerate() {
        if let Some((before, _)) = all[..at].iter().find(|(before, _)| before.value == key.value) {
            let bad = Diagnostic::new(Code::DuplicateField, "this key stands twice", key.at, "again here");
            sink.push(bad.label(before.at, "first here"));
        }
        let first = &all[0].1.table;
        if effect.table.is_read() && first.is_read() && effect.table.value != first.value {
            let title = "the effects of one consumer are on one table";
            let bad = Diagnostic::new(Code::Conflict, title, effect.table.at, "another table");
            sink.push(bad.label(all[0].1.table.at, "the first one"));
        }
    }
    Some(Effects { by, all })
}

/// What work does to a table.
pub(super) const EFFECTS: [&str; 8] =
    ["insert", "upsert", "insert_unique", "update", "delete", "add", "by_key", "by_message"];

fn effect(node: &Node, sink: &mut Sink) -> Option<Effect> {
    let Some(found) = word(node, "an effect", &EFFECTS, sink) else { return Some(Effect::unread(node.head())) };
    let mut f = Fields::of_call(node, "an effect", sink);
    let table = f.first_name("table");
    let key = f.optional("key", row_key);
    let kind = match found {
        "upsert" => EffectKind::Upsert,
        "insert_unique" => EffectKind::InsertUnique,
        "update" => EffectKind::Update,
        "by_key" | "by_message" => {
            let title = "a choice of effects does not stand in another";
            f.sink().push(Diagnostic::new(Code::UnknownWord, title, node.at, "an effect is needed here"));
            EffectKind::Insert
        }
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

/// The key of a row: over the message's id or the delivery's number.
fn row_key(node: &Node, sink: &mut Sink) -> Option<Spanned<String>> {
    let numbered = node.text().is_some_and(|text| text.contains("{delivery}"));
    pattern(node, if numbered { "{delivery}" } else { "{id}" }, sink)
}

/// What a failure comes to.
pub(super) const FAILURES: [(&str, Then); 6] = [
    ("requeue", Then::Requeue),
    ("reject", Then::Reject),
    ("swallow", Then::Swallow),
    ("hang", Then::Hang),
    ("crash", Then::Crash),
    ("crash_after_effect", Then::CrashAfterEffect),
];

fn fail(node: &Node, sink: &mut Sink) -> Option<Fail> {
    let mut f = Fields::of_struct(node, "a failure", sink);
    let which = which(&mut f, node, "a failure", &["times", "then"]);
    let times = f.or("times", 0, count);
    let then = f.required("then", |node, sink| choice(node, "what a failure comes to", &FAILURES, sink));
    f.finish();
    Some(Fail { which: which?, times, then: then? })
}

/// How it knows what comes again.
pub(super) const DEDUPS: [&str; 2] = ["memory", "table"];

fn dedup(node: &Node, sink: &mut Sink) -> Option<Dedup> {
    let found = word(node, "how it knows what comes again", &DEDUPS, sink)?;
    if found == "table" {
        let mut f = Fields::of_call(node, "`table`", sink);
        let table = f.first_name("table");
        let key = f.optional("key", row_key);
        let in_transaction = f.or("in_transaction", false, truth);
        f.finish();
        return Some(Dedup::Table { table, key, in_transaction });
    }
    let mut f = Fields::of_call(node, "`memory`", sink);
    let size = f.or("size", 0, count);
    let by_delivery =
        f.or("by", false, |node, sink| choice(node, "what is remembered", &[("id", false), ("delivery", true)], sink));
    f.finish();
    Some(Dedup::Memory { size, by_delivery })
}

fn reply(node: &Node, sink: &mut Sink) -> Option<Option<Spanned<String>>> {
    match node.value {
        Value::Bool(true) => Some(Some(Spanned::new("re-{id}".to_owned(), node.at))),
        Value::Bool(false) => Some(None),
        _ => pattern(node, "{id}", sink).map(Some),
    }
}
