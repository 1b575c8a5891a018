//! Faults: what breaks, and at which moment of the run, addressed by meaning.

use crate::machine::Resource;
use crate::scenario::diagnostics::{Code, Diagnostic, Sink, Spanned};
use crate::scenario::fields::{Fields, choice, name, no_arguments, pair, positive, ratio, some_span, span, text, word};
use crate::scenario::tree::Node;
use crate::units::{Ratio, Span};

/// A fault.
#[derive(Clone, PartialEq, Debug)]
pub struct Fault {
    /// Its name, unique among the faults.
    pub name: Spanned<String>,
    /// What breaks.
    pub action: Action,
    /// When.
    pub when: When,
}

/// What breaks.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// The connection between two parties.
    Cut {
        /// The parties.
        between: (Spanned<String>, Spanned<String>),
        /// What is on its way to this party is lost; without, both directions lose theirs.
        losing: Option<Spanned<String>>,
    },
    /// A process dies: what it held in memory is gone.
    Kill {
        /// Whose.
        who: Spanned<String>,
        /// Started again after.
        restart: Option<Span>,
    },
    /// A node's machine loses power: what was not synced is gone.
    PowerLoss {
        /// Which node.
        who: Spanned<String>,
        /// Started again after.
        restart: Option<Span>,
    },
    /// A process is stopped in order.
    Stop {
        /// Whose.
        who: Spanned<String>,
        /// Started again after.
        restart: Option<Span>,
    },
    /// A process stands still.
    Pause {
        /// Whose.
        who: Spanned<String>,
        /// How long.
        lasting: Span,
    },
    /// A node is short of memory or disk.
    Alarm {
        /// Which node.
        who: Spanned<String>,
        /// What it is short of.
        resource: Resource,
        /// How long.
        lasting: Span,
    },
    /// The operator closes a client's connections.
    CloseConnection {
        /// Whose.
        who: Spanned<String>,
    },
    /// The operator deletes a virtual host.
    DeleteVhost {
        /// Which.
        vhost: Spanned<String>,
    },
    /// A node's disk fails: no operation succeeds.
    FailDisk {
        /// Which node's.
        who: Spanned<String>,
        /// How long.
        lasting: Span,
    },
}

/// A moment of the run.
#[derive(Clone, PartialEq, Debug)]
pub enum When {
    /// So long after the start.
    At(Span),
    /// A frame is about to be sent; it dies with what the fault breaks.
    Sending(FramePoint),
    /// A frame has just arrived.
    Arriving(FramePoint),
    /// A node is about to sync its disk.
    BeforeFsync(DiskPoint),
    /// A node's write is in the page cache.
    AfterWrite(DiskPoint),
    /// A node's sync is done.
    AfterFsync(DiskPoint),
    /// A consumer has completed a work, its effect is written, and it has not acknowledged yet.
    Worked(WorkPoint),
    /// A consumer has received a message.
    Received(WorkPoint),
    /// With this probability, when that moment comes.
    With(Ratio, Box<When>),
}

/// Which frame.
#[derive(Clone, PartialEq, Debug)]
pub struct FramePoint {
    /// The protocol's method, such as `basic.ack`.
    pub method: Option<Spanned<String>>,
    /// Its sender.
    pub from: Option<Spanned<String>>,
    /// Its receiver.
    pub to: Option<Spanned<String>>,
    /// The message it carries or is about.
    pub message: Option<Spanned<String>>,
    /// The how-manieth of these, from 1.
    pub nth: u32,
}

/// Which disk operation.
#[derive(Clone, PartialEq, Debug)]
pub struct DiskPoint {
    /// Whose disk; the broker's without.
    pub node: Option<Spanned<String>>,
    /// A message that it covers.
    pub message: Option<Spanned<String>>,
    /// The how-manieth of these, from 1.
    pub nth: u32,
}

/// Which work.
#[derive(Clone, PartialEq, Debug)]
pub struct WorkPoint {
    /// Whose.
    pub consumer: Spanned<String>,
    /// On which message.
    pub message: Option<Spanned<String>>,
    /// The how-manieth of these, from 1.
    pub nth: u32,
}

/// Decodes a fault.
pub(super) fn fault(node: &Node, sink: &mut Sink) -> Option<Fault> {
    let mut f = Fields::of_struct(node, "a fault", sink)?;
    let name = f.required("name", name);
    let what = f.required("what", action);
    f.finish();
    let (action, when) = what?;
    Some(Fault { name: name?, action, when })
}

fn action(node: &Node, sink: &mut Sink) -> Option<(Action, When)> {
    const KNOWN: [&str; 9] =
        ["cut", "kill", "power_loss", "stop", "pause", "fail_disk", "alarm", "close_connection", "delete_vhost"];
    let found = word(node, "a fault", &KNOWN, sink)?;
    let mut f = Fields::of_call(node, "a fault", sink);
    let action = match found.value.as_str() {
        "cut" => {
            let between = f.required("between", |node, sink| pair(node, "two names `(\"a\", \"b\")`", name, sink));
            let losing = f.or("losing", None, losing);
            between.map(|between| Action::Cut { between, losing })
        }
        "alarm" => {
            let who = f.first("who", name);
            let choose = |node: &Node, sink: &mut Sink| choice(node, "a resource", &Resource::ALL, sink);
            let resource = f.or("resource", Resource::Memory, choose);
            let lasting = f.required("lasting", some_span);
            who.zip(lasting).map(|(who, lasting)| Action::Alarm { who, resource, lasting })
        }
        "close_connection" => f.first("who", name).map(|who| Action::CloseConnection { who }),
        "delete_vhost" => f.first("vhost", name).map(|vhost| Action::DeleteVhost { vhost }),
        kind @ ("pause" | "fail_disk") => {
            let who = f.first("who", name);
            let lasting = f.required("lasting", some_span);
            who.zip(lasting).map(|(who, lasting)| match kind {
                "pause" => Action::Pause { who, lasting },
                _ => Action::FailDisk { who, lasting },
            })
        }
        kind => {
            let who = f.first("who", name);
            let restart = f.optional("restart", span);
            who.map(|who| match kind {
                "kill" => Action::Kill { who, restart },
                "stop" => Action::Stop { who, restart },
                _ => Action::PowerLoss { who, restart },
            })
        }
    };
    let when = f.required("when", moment);
    f.finish();
    Some((action?, when?))
}

/// Which direction loses what is on its way.
fn losing(node: &Node, sink: &mut Sink) -> Option<Option<Spanned<String>>> {
    let found = word(node, "what is lost", &["both", "to"], sink)?;
    if found.value == "both" {
        no_arguments(node, sink);
        return Some(None);
    }
    let mut f = Fields::of_call(node, "`to`", sink);
    let who = f.first("who", name);
    f.finish();
    who.map(Some)
}

const MOMENTS: [&str; 9] =
    ["at", "sending", "arriving", "before_fsync", "after_write", "after_fsync", "worked", "received", "with"];

/// Decodes a moment.
pub(super) fn moment(node: &Node, sink: &mut Sink) -> Option<When> {
    let found = word(node, "a moment", &MOMENTS, sink)?;
    let mut f = Fields::of_call(node, "a moment", sink);
    let when = match found.value.as_str() {
        "at" => f.first("time", span).map(When::At),
        "sending" => Some(When::Sending(frame_point(&mut f, node))),
        "arriving" => Some(When::Arriving(frame_point(&mut f, node))),
        "before_fsync" => Some(When::BeforeFsync(disk_point(&mut f))),
        "after_fsync" => Some(When::AfterFsync(disk_point(&mut f))),
        "after_write" => Some(When::AfterWrite(disk_point(&mut f))),
        "worked" => work_point(&mut f).map(When::Worked),
        "received" => work_point(&mut f).map(When::Received),
        _ => {
            let probability = f.first("probability", ratio);
            let inner = f.required("when", moment);
            probability.zip(inner).map(|(probability, inner)| When::With(probability, Box::new(inner)))
        }
    };
    f.finish();
    when
}

fn nth(f: &mut Fields<'_, '_>) -> u32 {
    f.or("nth", 1, positive)
}

fn frame_point(f: &mut Fields<'_, '_>, node: &Node) -> FramePoint {
    let method = f.optional("method", |node, sink| text(node, sink).map(|method| Spanned::new(method, node.at)));
    let from = f.optional("from", name);
    let to = f.optional("to", name);
    let message = f.optional("message", name);
    if method.is_none() && from.is_none() && to.is_none() && message.is_none() {
        let title = "this moment is any frame at all";
        let bad = Diagnostic::new(Code::Conflict, title, node.head(), "which frame?");
        f.sink().push(bad.help("name at least one of `method`, `from`, `to`, `message`"));
    }
    FramePoint { method, from, to, message, nth: nth(f) }
}

fn disk_point(f: &mut Fields<'_, '_>) -> DiskPoint {
    let node = f.optional("node", name);
    let message = f.optional("covers", name);
    DiskPoint { node, message, nth: nth(f) }
}

fn work_point(f: &mut Fields<'_, '_>) -> Option<WorkPoint> {
    let consumer = f.first("consumer", name);
    let message = f.optional("message", name);
    let nth = nth(f);
    Some(WorkPoint { consumer: consumer?, message, nth })
}
