//! Network, disk, limits, scripts: the smaller parts.

use super::timing::timing;
use crate::app::Timing;
use crate::scenario::diagnostics::{Sink, Spanned};
use crate::scenario::fields::{Fields, list, number, rate, ratio, some_span, span};
use crate::scenario::tree::{Call, Node, Value};
use crate::units::{Ratio, Span};

/// The links between the parties.
#[derive(Clone, PartialEq, Debug)]
pub struct Network {
    /// Of every link that is not listed.
    pub latency: Timing,
    /// Bytes a second; unlimited without.
    pub bandwidth: Option<u32>,
    /// How long TCP sends something again that nobody acknowledges before it gives the connection up.
    pub tcp_timeout: Span,
    /// Single links.
    pub links: Vec<Link>,
}

/// The link between two parties.
#[derive(Clone, PartialEq, Debug)]
pub struct Link {
    /// The parties.
    pub between: (Spanned<String>, Spanned<String>),
    /// Its latency; that of the network without.
    pub latency: Option<Timing>,
    /// Bytes a second; that of the network without.
    pub bandwidth: Option<u32>,
    /// What becomes of single messages, if it is a datagram link.
    pub lossy: Option<Lossy>,
}

/// What becomes of single messages on a datagram link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lossy {
    /// How likely one vanishes.
    pub drop: Ratio,
    /// How likely one arrives twice.
    pub duplicate: Ratio,
    /// How likely one overtakes the one before it.
    pub overtake: Ratio,
}

impl Default for Network {
    fn default() -> Self {
        // Linux with tcp_retries2 = 15, and the first timeout that RFC 6298 allows there.
        let tcp_timeout = Span::millis(924_600);
        Network { latency: Timing::Constant(Span::millis(1)), bandwidth: None, tcp_timeout, links: Vec::new() }
    }
}

/// A node's disk.
#[derive(Clone, PartialEq, Debug)]
pub struct Disk {
    /// How long a write takes to be in the page cache.
    pub write: Timing,
    /// How long a sync takes.
    pub fsync: Timing,
}

impl Default for Disk {
    fn default() -> Self {
        Disk { write: Timing::Constant(Span::micros(50)), fsync: Timing::Constant(Span::millis(2)) }
    }
}

/// Where a run is cut short.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// At most so many events.
    pub events: u64,
    /// At most so much simulated time.
    pub time: Span,
    /// At most so many messages.
    pub messages: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { events: 1_000_000, time: Span::secs(24 * 3600), messages: 1_000_000 }
    }
}

/// A client that does what a list says.
#[derive(Clone, PartialEq, Debug)]
pub struct Script {
    /// Its name, unique among all parties.
    pub name: Spanned<String>,
    /// Its steps.
    pub steps: Vec<Step>,
    /// When its process starts.
    pub start: Span,
}

/// A step of a script. What its fields mean is the system's affair.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// The method in snake case, or `wait`.
    pub word: Spanned<String>,
    /// The whole, with its fields.
    pub node: Node,
}

impl Step {
    /// What stands in for one that cannot be read.
    fn unread(node: &Node) -> Step {
        Step { word: Spanned::unread(node.head()), node: node.clone() }
    }
}

/// Decodes the network.
pub(super) fn network(node: &Node, sink: &mut Sink) -> Option<Network> {
    let mut f = Fields::of_struct(node, "the network", sink);
    let latency = f.or("latency", Network::default().latency, timing);
    let bandwidth = f.optional("bandwidth", rate);
    let tcp_timeout = f.or("tcp_timeout", Network::default().tcp_timeout, some_span);
    let links = f.list("links", link);
    f.finish();
    Some(Network { latency, bandwidth, tcp_timeout, links })
}

fn link(node: &Node, sink: &mut Sink) -> Option<Link> {
    let mut f = Fields::of_struct(node, "a link", sink);
    let between = f.pair("between");
    let latency = f.optional("latency", timing);
    let bandwidth = f.optional("bandwidth", rate);
    let lossy = f.optional("lossy", lossy);
    f.finish();
    Some(Link { between, latency, bandwidth, lossy })
}

fn lossy(node: &Node, sink: &mut Sink) -> Option<Lossy> {
    let mut f = Fields::of_struct(node, "a lossy link", sink);
    let drop = f.or("drop", Ratio::ZERO, ratio);
    let duplicate = f.or("duplicate", Ratio::ZERO, ratio);
    let overtake = f.or("overtake", Ratio::ZERO, ratio);
    f.finish();
    Some(Lossy { drop, duplicate, overtake })
}

/// Decodes the disk.
pub(super) fn disk(node: &Node, sink: &mut Sink) -> Option<Disk> {
    let mut f = Fields::of_struct(node, "the disk", sink);
    let write = f.or("write", Disk::default().write, timing);
    let fsync = f.or("fsync", Disk::default().fsync, timing);
    f.finish();
    Some(Disk { write, fsync })
}

/// Decodes the limits.
pub(super) fn limits(node: &Node, sink: &mut Sink) -> Option<Limits> {
    const MOST: i64 = 1_000_000_000;
    let mut f = Fields::of_struct(node, "limits", sink);
    let default = Limits::default();
    let number = |node: &Node, sink: &mut Sink| number(node, 1..=MOST, sink).map(|n| n as u64);
    let events = f.or("events", default.events, number);
    let messages = f.or("messages", default.messages, number);
    let time = f.or("time", default.time, some_span);
    f.finish();
    Some(Limits { events, time, messages })
}

/// Decodes a script.
pub(super) fn script(node: &Node, sink: &mut Sink) -> Option<Script> {
    let mut f = Fields::of_struct(node, "a script", sink);
    let name = f.name("name");
    let steps = f.required("steps", |node, sink| list(node, step, sink));
    let start = f.or("start", Span::ZERO, span);
    f.finish();
    // One that cannot be read may declare anything.
    let steps = steps.unwrap_or_else(|| vec![Step::unread(node)]);
    Some(Script { name, steps, start })
}

fn step(node: &Node, sink: &mut Sink) -> Option<Step> {
    match &node.value {
        Value::Call(Call { word: Some(word), .. }) => Some(Step { word: word.clone(), node: node.clone() }),
        _ => {
            crate::scenario::fields::wrong_type(node, "a step such as `basic_get(queue: \"billing\")`", sink);
            Some(Step::unread(node))
        }
    }
}
