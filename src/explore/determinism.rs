//! The check for determinism: two runs of the same input, compared event by event.

use crate::ids::EventId;
use crate::trace::Log;
use std::fmt;

/// Where two traces differ first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// An event, its changes or its frame differ.
    Event(EventId),
    /// One trace goes on where the other ends.
    Length(usize, usize),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Event(id) => write!(f, "the runs differ first at step {}", id.0),
            Difference::Length(a, b) => write!(f, "one run has {a} steps, the other {b}"),
        }
    }
}

/// The first difference between two traces; `None` where they are equal.
pub fn difference(a: &Log, b: &Log) -> Option<Difference> {
    let both = a.events().len().min(b.events().len());
    for i in 0..both {
        let id = EventId(i as u32);
        if a.event(id) != b.event(id) || a.deltas(id) != b.deltas(id) {
            return Some(Difference::Event(id));
        }
    }
    // Frames are named by events in their order, so the first one that differs belongs to an event that does not.
    let frames = a.frames.len().min(b.frames.len());
    if let Some(frame) = (0..frames).find(|&i| a.frames[i] != b.frames[i]) {
        let sent = crate::trace::Kind::Sent(crate::ids::FrameId(frame as u32));
        let at = a.events().iter().position(|e| e.kind == sent).unwrap_or(both);
        return Some(Difference::Event(EventId(at as u32)));
    }
    let (a, b) = (a.events().len(), b.events().len());
    (a != b).then_some(Difference::Length(a, b))
}
