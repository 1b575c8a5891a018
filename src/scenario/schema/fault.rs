//! Faults: what breaks, and at which moment of the run, addressed by meaning.

use crate::machine::Resource;
use crate::scenario::diagnostics::{Code, Diagnostic, Sink, Spanned};
use crate::scenario::fields::{Fields, choice, name, no_arguments, positive, ratio, some_span, span, word};
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
    let mut f = Fields::of_struct(node, "a fault", sink);
    let name = f.name("name");
    let what = f.required("what", action);
    f.finish();
    // What cannot be read happens to nobody.
    let nothing = || (Action::Kill { who: Spanned::unread(node.head()), restart: None }, When::At(Span::ZERO));
    let (action, when) = what.unwrap_or_else(nothing);
    Some(Fault { name, action, when })
}

fn action(node: &Node, sink: &mut Sink) -> Option<(Action, When)> {
    const KNOWN: [&str; 9] =
        ["cut", "kill", "power_loss", "stop", "pause", "fail_disk", "alarm", "close_connection", "delete_vhost"];
    let found = word(node, "a fault", &KNOWN, sink)?;
    let mut f = Fields::of_call(node, "a fault", sink);
    let action = match found {
        "cut" => {
            let between = f.pair("between");
            Action::Cut { between, losing: f.or("losing", None, losing) }
        }
        "alarm" => {
            let who = f.first_name("who");
            let choose = |node: &Node, sink: &mut Sink| choice(node, "a resource", &Resource::ALL, sink);
            let resource = f.or("resource", Resource::Memory, choose);
            let lasting = f.required("lasting", some_span).unwrap_or_default();
            Action::Alarm { who, resource, lasting }
        }
        "close_connection" => Action::CloseConnection { who: f.first_name("who") },
        "delete_vhost" => Action::DeleteVhost { vhost: f.first_name("vhost") },
        kind @ ("pause" | "fail_disk") => {
            let who = f.first_name("who");
            let lasting = f.required("lasting", some_span).unwrap_or_default();
            match kind {
                "pause" => Action::Pause { who, lasting },
                _ => Action::FailDisk { who, lasting },
            }
        }
        kind => {
            let who = f.first_name("who");
            let restart = f.optional("restart", span);
            match kind {
                "kill" => Action::Kill { who, restart },
                "stop" => Action::Stop { who, restart },
                _ => Action::PowerLoss { who, restart },
            }
        }
    };
    let when = f.required("when", moment).unwrap_or(When::At(Span::ZERO));
    f.finish();
    Some((action, when))
}

/// Which direction loses what is on its way.
fn losing(node: &Node, sink: &mut Sink) -> Option<Option<Spanned<String>>> {
    let found = word(node, "what is lost", &["both", "to"], sink)?;
    if found == "both" {
        no_arguments(node, sink);
        return Some(None);
    }
    let mut f = Fields::of_call(node, "`to`", sink);
    let who = f.first_name("who");
    f.finish();
    Some(Some(who))
}

const MOMENTS: [&str; 9] =
    ["at", "sending", "arriving", "before_fsync", "after_write", "after_fsync", "worked", "received", "with"];

/// Decodes a moment.
pub(super) fn moment(node: &Node, sink: &mut Sink) -> Option<When> {
    let found = word(node, "a moment", &MOMENTS, sink)?;
    let mut f = Fields::of_call(node, "a moment", sink);
    let when = match found {
        "at" => f.first("time", span).map(When::At),
        "sending" => Some(When::Sending(frame_point(&mut f, node))),
        "arriving" => Some(When::Arriving(frame_point(&mut f, node))),
        "before_fsync" => Some(When::BeforeFsync(disk_point(&mut f))),
        "after_fsync" => Some(When::AfterFsync(disk_point(&mut f))),
        "after_write" => Some(When::AfterWrite(disk_point(&mut f))),
        "worked" => Some(When::Worked(work_point(&mut f))),
        "received" => Some(When::Received(work_point(&mut f))),
        _ => {
            let probability = f.first("probability", ratio).unwrap_or(Ratio::ONE);
            let inner = f.required("when", moment);
            inner.map(|inner| When::With(probability, Box::new(inner)))
        }
    };
    f.finish();
    when
}

fn nth(f: &mut Fields<'_, '_>) -> u32 {
    f.or("nth", 1, positive)
}

fn frame_point(f: &mut Fields<'_, '_>, node: &Node) -> FramePoint {
    let method = f.optional("method", name);
    let from = f.optional("from", name);
    let to = f.optional("to", name);
    let message = f.optional("message", name);
    if node.args().iter().all(|arg| arg.is("nth")) {
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

fn work_point(f: &mut Fields<'_, '_>) -> WorkPoint {
    let consumer = f.first_name("consumer");
    let message = f.optional("message", name);
    WorkPoint { consumer, message, nth: nth(f) }
}
