//! Who listens to a run. A run is generic over its observer, so that one that wants nothing costs nothing.

use super::delta::Delta;
use super::event::{Event, Frame};
use super::header::Place;
use crate::ids::{EventId, FrameId, Names};

/// What an observer may look things up in while the run goes on.
pub struct Tables<'a> {
    /// The names so far.
    pub names: &'a Names,
    /// The places so far, by id.
    pub places: &'a [Place],
}

/// Receives the events of a run in order.
pub trait Observer {
    /// Whether events are wanted.
    const EVENTS: bool;
    /// Whether the events' deltas are wanted too, and the sizes of frames; without events there are none. Without it
    /// frames may have the size 0.
    const DELTAS: bool;

    /// A frame is about to be named by a `Sent` event. `id` counts up from 0 without gaps.
    fn frame(&mut self, id: FrameId, frame: &Frame, tables: &Tables<'_>);

    /// An event happened. `id` counts up from 0 without gaps.
    fn event(&mut self, id: EventId, event: &Event, deltas: &[Delta], tables: &Tables<'_>);
}

/// Nobody listens.
impl Observer for () {
    const EVENTS: bool = false;
    const DELTAS: bool = false;
    fn frame(&mut self, _: FrameId, _: &Frame, _: &Tables<'_>) {}
    fn event(&mut self, _: EventId, _: &Event, _: &[Delta], _: &Tables<'_>) {}
}

impl<A: Observer, B: Observer> Observer for (A, B) {
    const EVENTS: bool = A::EVENTS || B::EVENTS;
    const DELTAS: bool = A::DELTAS || B::DELTAS;
    fn frame(&mut self, id: FrameId, frame: &Frame, tables: &Tables<'_>) {
        self.0.frame(id, frame, tables);
        self.1.frame(id, frame, tables);
    }
    fn event(&mut self, id: EventId, event: &Event, deltas: &[Delta], tables: &Tables<'_>) {
        self.0.event(id, event, deltas, tables);
        self.1.event(id, event, deltas, tables);
    }
}

impl<O: Observer> Observer for &mut O {
    const EVENTS: bool = O::EVENTS;
    const DELTAS: bool = O::DELTAS;
    fn frame(&mut self, id: FrameId, frame: &Frame, tables: &Tables<'_>) {
        (**self).frame(id, frame, tables);
    }
    fn event(&mut self, id: EventId, event: &Event, deltas: &[Delta], tables: &Tables<'_>) {
        (**self).event(id, event, deltas, tables);
    }
}
