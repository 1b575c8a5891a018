//! Moments of a run: the points at which faults strike and captions stand, named by what happens there.

use crate::scenario::diagnostics::{Code, Diagnostic, Sink, Spanned};
use crate::scenario::fields::{Fields, name, positive, ratio, some_span, span, word};
use crate::scenario::tree::Node;
use crate::units::{Ratio, Span};

/// A moment of the run.
#[derive(Clone, PartialEq, Debug)]
pub enum When {
    /// So long after the start, and again after each such span.
    At(Span, Option<Span>),
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

impl When {
    /// Whether it comes more than once.
    pub fn repeats(&self) -> bool {
        match self {
            When::At(_, every) => every.is_some(),
            When::Sending(point) | When::Arriving(point) => point.nth.every != 0,
            When::BeforeFsync(point) | When::AfterWrite(point) | When::AfterFsync(point) => point.nth.every != 0,
            When::Worked(point) | When::Received(point) => point.nth.every != 0,
            When::With(_, inner) => inner.repeats(),
        }
    }
}

/// Which of the times that something happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Nth {
    /// The first, from 1.
    pub first: u32,
    /// Again with each so-manieth after it; 0 is never again.
    pub every: u32,
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
    /// The how-manieth of these.
    pub nth: Nth,
}

/// Which disk operation.
#[derive(Clone, PartialEq, Debug)]
pub struct DiskPoint {
    /// Whose disk; the broker's without.
    pub node: Option<Spanned<String>>,
    /// A message that it covers.
    pub message: Option<Spanned<String>>,
    /// The how-manieth of these.
    pub nth: Nth,
}

/// Which work.
#[derive(Clone, PartialEq, Debug)]
pub struct WorkPoint {
    /// Whose.
    pub consumer: Spanned<String>,
    /// On which message.
    pub message: Option<Spanned<String>>,
    /// The how-manieth of these.
    pub nth: Nth,
}

/// The moments.
pub(super) const MOMENTS: [&str; 9] =
    ["at", "sending", "arriving", "before_fsync", "after_write", "after_fsync", "worked", "received", "with"];

/// Decodes a moment.
pub(super) fn moment(node: &Node, sink: &mut Sink) -> Option<When> {
    let found = word(node, "a moment", &MOMENTS, sink)?;
    let mut f = Fields::of_call(node, "a moment", sink);
    let when = match found {
        "at" => {
            let time = f.first("time", span);
            let every = f.optional("every", some_span);
            time.map(|time| When::At(time, every))
        }
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
            if let Some(When::With(..)) = inner {
                let title = "a probability of a probability";
                f.sink().push(Diagnostic::new(Code::Conflict, title, node.head(), "holds another `with`"));
            }
            inner.map(|inner| When::With(probability, Box::new(inner)))
        }
    };
    f.finish();
    when
}

/// `nth`, and `every`: without `nth` each so-manieth.
fn nth(f: &mut Fields<'_, '_>) -> Nth {
    let nth = f.optional("nth", positive);
    let every = f.or("every", 0, positive);
    Nth { first: nth.unwrap_or(every.max(1)), every }
}

fn frame_point(f: &mut Fields<'_, '_>, node: &Node) -> FramePoint {
    let method = f.optional("method", name);
    let from = f.optional("from", name);
    let to = f.optional("to", name);
    let message = f.optional("message", name);
    if node.args().iter().all(|arg| arg.is("nth") || arg.is("every")) {
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
