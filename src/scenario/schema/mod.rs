//! What a scenario says, as typed values with their places: made from the tree, checked afterwards.
//!
//! Not yet a world; and not checked across parts: whether names are known is `check`'s business.

mod consumer;
mod expect;
mod fault;
mod lesson;
mod moment;
mod parts;
mod producer;
mod session;
mod timing;
pub(super) mod values;

pub use consumer::{By, Consumer, Dedup, Effect, Effects, Fail, Forward, Park, Slow, Which};
pub use expect::{Expect, Invariant};
pub use fault::{Action, DiskTrouble, Fault, Nemesis, Strike};
pub use lesson::{Caption, Key, Lesson, Question};
pub use moment::{DiskPoint, FramePoint, Nth, When, WorkPoint};
pub use parts::{Disk, Limits, Link, Lossy, Network, Script, Step};
pub use producer::{Aside, DualWrite, ExpectsReply, Outbox, Producer, Publish};
pub use session::{Access, Session};
pub use values::Row;

// The policies of applications are declared there; the language only spells them.
pub use crate::app::{AckPolicy, EffectKind, Reconnect, Reliability, Retry, Then, Timing};

use super::broker::{self, Broker};
use super::diagnostics::{Code, Diagnostic, Extent, Sink, Spanned};
use super::fields::{Fields, address, count, number, some_span, span, text, word};
use super::tree::{Call, Node, Value};
use crate::ids::nearest;
use crate::sim::MAX_SEED;
use crate::units::Span;

/// The fields whose values are words of the language, each with its words: what can break and when, and what clients can
/// do.
pub fn words() -> Vec<(&'static str, Vec<&'static str>)> {
    let spelled = |words: &[&'static str]| words.to_vec();
    vec![
        ("what", spelled(&fault::ACTIONS)),
        ("how", fault::HOW.iter().map(|(word, _)| *word).collect()),
        ("when", spelled(&moment::MOMENTS)),
        ("reliability", spelled(&producer::RELIABILITIES)),
        ("on_timeout", spelled(&producer::RETRIES)),
        ("on_refused", spelled(&producer::RETRIES)),
        ("on_returned", spelled(&producer::RETRIES)),
        ("ack", spelled(&consumer::ACKS)),
        ("effect", spelled(&consumer::EFFECTS)),
        ("dedup", spelled(&consumer::DEDUPS)),
        ("then", consumer::FAILURES.iter().map(|(word, _)| *word).collect()),
    ]
}

/// A scenario, without its variants.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// Its title.
    pub title: String,
    /// What it is about.
    pub about: String,
    /// The variant that was selected.
    pub variant: Option<String>,
    /// The seed, if the command line gives none.
    pub seed: u64,
    /// When the run ends at the latest.
    pub until: Option<Span>,
    /// The broker.
    pub broker: Broker,
    /// Whether there is one that could be read; always so in a scenario without errors.
    pub(super) broker_is_read: bool,
    /// Clients that publish.
    pub producers: Vec<Producer>,
    /// Clients that consume.
    pub consumers: Vec<Consumer>,
    /// Clients that do what a list says.
    pub scripts: Vec<Script>,
    /// Links.
    pub network: Network,
    /// Disks.
    pub disk: Disk,
    /// What breaks.
    pub faults: Vec<Fault>,
    /// What is expected.
    pub expect: Vec<Expect>,
    /// What is to hold while the run goes on.
    pub invariants: Vec<Invariant>,
    /// The lesson.
    pub lesson: Lesson,
    /// Where a run is cut short.
    pub limits: Limits,
    /// What is declared, and where in the file.
    pub declared: Vec<crate::trace::Declared>,
    /// The digest of what decides about the run's behaviour; replay tokens hold it.
    pub digest: crate::ids::Digest,
}

/// What a client publishes to or takes from.
#[derive(Clone, PartialEq, Debug)]
pub struct Target {
    /// Its name; the empty text is the system's default.
    pub name: Spanned<String>,
    /// Whether it is written as `missing("…")`: on purpose nothing of this name exists.
    pub missing: bool,
}

impl Target {
    /// What stands in for one that cannot be read.
    fn unread(at: Extent) -> Target {
        Target { name: Spanned::unread(at), missing: false }
    }
}

/// Decodes a scenario's tree, as far as it can be; variants are not looked at.
pub(super) fn scenario(root: &Node, sink: &mut Sink) -> Option<Scenario> {
    match &root.value {
        Value::Call(Call { word: Some(word), args: Some(_) }) if word.value == "Scenario" => {}
        Value::Call(Call { word: None, args: Some(_) }) => {}
        _ => {
            let title = format!("expected `Scenario(…)`, found {}", root.kind());
            let bad = Diagnostic::new(Code::WrongType, title, root.head(), "a scenario begins with `Scenario(`");
            sink.push(bad.help("`mqlab new` writes one to begin with"));
            // A slip of the pen hides nothing.
            let near = root.word().filter(|_| !root.args().is_empty()).and_then(|word| nearest(word, ["Scenario"]));
            near?;
        }
    }
    let mut f = Fields::of_call(root, "a scenario", sink);
    let title = f.required("title", text).unwrap_or_default();
    let about = f.or("about", String::new(), text);
    let seed = f.or("seed", 1, |node, sink| number(node, 0..=MAX_SEED as i64, sink).map(|n| n as u64));
    let until = f.optional("until", some_span);
    let broker = f.required("broker", broker::decode);
    let mut producers = f.list("producers", producer::producer);
    let mut consumers = f.list("consumers", consumer::consumer);
    let mut scripts = f.list("scripts", parts::script);
    let network = f.or("network", Network::default(), parts::network);
    let disk = f.or("disk", Disk::default(), parts::disk);
    let mut faults = f.list("faults", fault::fault);
    let mut expect = f.list("expect", expect::expect);
    let mut invariants = f.list("invariants", expect::invariant);
    let lesson = f.or("lesson", Lesson::default(), lesson::lesson);
    let limits = f.or("limits", Limits::default(), parts::limits);
    f.node("variants");
    let meant = f.finish();
    meant.list("producers", &mut producers, producer::producer, sink);
    meant.list("consumers", &mut consumers, consumer::consumer, sink);
    meant.list("scripts", &mut scripts, parts::script, sink);
    meant.list("faults", &mut faults, fault::fault, sink);
    meant.list("expect", &mut expect, expect::expect, sink);
    meant.list("invariants", &mut invariants, expect::invariant, sink);
    let (variant, declared, digest) = (None, Vec::new(), crate::ids::Digest::new());
    let broker = broker.or_else(|| broker::decode(meant.node("broker")?, sink));
    let broker_is_read = broker.is_some();
    let broker = broker.unwrap_or_else(|| Broker::unread(root.head()));
    Some(Scenario {
        title,
        about,
        variant,
        seed,
        until,
        broker,
        broker_is_read,
        producers,
        consumers,
        scripts,
        network,
        disk,
        faults,
        expect,
        invariants,
        lesson,
        limits,
        declared,
        digest,
    })
}

/// Checks one expectation of a variant without making use of it.
pub(super) fn expectation(node: &Node, sink: &mut Sink) -> Option<Expect> {
    expect::expect(node, sink)
}

/// Reads one invariant.
pub(super) fn invariant(node: &Node, sink: &mut Sink) -> Option<Invariant> {
    expect::invariant(node, sink)
}

fn reconnect(node: &Node, sink: &mut Sink) -> Option<Reconnect> {
    let mut f = Fields::of_struct(node, "a reconnect", sink);
    let after = f.required("after", span);
    let max = f.or("max", 0, count);
    f.finish();
    Some(Reconnect { after: after?, max })
}

/// A heartbeat interval: whole seconds, as the protocol has it.
fn heartbeat(node: &Node, sink: &mut Sink) -> Option<Span> {
    const SECOND: u64 = 1_000_000_000;
    let interval = span(node, sink)?;
    if interval.0 % SECOND != 0 || interval.0 / SECOND > u64::from(u16::MAX) {
        let title = format!("a heartbeat every {interval} cannot be agreed on");
        let label = "must be whole seconds, at most 65535s";
        sink.push(Diagnostic::new(Code::OutOfRange, title, node.at, label));
    }
    Some(interval)
}

/// `"orders"`, or `missing("nope")` for what is not there on purpose.
fn target(node: &Node, sink: &mut Sink) -> Option<Target> {
    if !matches!(node.value, Value::Call(Call { word: Some(_), args: Some(_) })) {
        return address(node, sink).map(|name| Target { name, missing: false });
    }
    if word(node, "a name or `missing(\"…\")`", &["missing"], sink).is_none() {
        return Some(Target::unread(node.at));
    }
    let mut f = Fields::of_call(node, "`missing`", sink);
    let name = f.first_name("name");
    f.finish();
    Some(Target { name, missing: true })
}

impl Scenario {
    /// All parties with a name: clients, then the broker's nodes.
    pub fn parties(&self) -> impl Iterator<Item = (&'static str, &Spanned<String>)> {
        let producers = self.producers.iter().map(|p| ("producer", &p.name));
        let scripts = self.scripts.iter().map(|s| ("script", &s.name));
        let consumers = self.consumers.iter().map(|c| ("consumer", &c.name));
        producers.chain(scripts).chain(consumers).chain([("broker", self.broker.name())])
    }

    /// The numbers that a fault has in the trace: those of lossy links come first, and a nemesis has one for each of
    /// the faults that it draws.
    pub fn fault_numbers(&self, fault: usize) -> std::ops::Range<usize> {
        let width = |fault: &Fault| match &fault.what {
            Strike::When(..) => 1,
            Strike::Nemesis(nemesis) => nemesis.draw.len(),
        };
        let links = self.network.links.iter().filter(|link| link.lossy.is_some()).count();
        let first = links + self.faults.iter().take(fault).map(width).sum::<usize>();
        first..first + self.faults.get(fault).map_or(0, width)
    }

    /// Everything that has a name of its own: what it is, and its name.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &Spanned<String>)> {
        let faults = self.faults.iter().map(|fault| ("fault", &fault.name));
        self.parties().chain(self.broker.system().named()).chain(faults)
    }
}
