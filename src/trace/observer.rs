//! Who listens to a run. A run is generic over its observer, so that one that wants nothing costs nothing.

use super::delta::Delta;
use super::event::{Event, Frame, What};
use super::header::Place;
use crate::ids::{EventId, FrameId, Names};

/// What an observer may look things up in while the run goes on.
pub struct Tables<'a> {
    /// The names so far.
    pub names: &'a Names,
    /// The places so far, by id.
    pub places: &'a [Place],
}

/// A set of kinds of notes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Notes(u64);

impl Notes {
    /// None of them.
    pub const NONE: Notes = Notes(0);
    /// All of them.
    pub const ALL: Notes = Notes((1 << What::ALL.len()) - 1);

    /// These ones.
    pub const fn of(these: &[What]) -> Notes {
        let (mut set, mut at) = (0, 0);
        while at < these.len() {
            set |= 1 << these[at] as u32;
            at += 1;
        }
        Notes(set)
    }
    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Notes) -> Notes {
        Notes(self.0 | other.0)
    }
    /// Whether this one is in it.
    #[inline]
    pub const fn has(self, what: What) -> bool {
        self.0 >> what as u32 & 1 != 0
    }
    /// Whether nothing is in it.
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// What an observer wants to be told; what nobody wants is not even made.
///
/// Faults that strike and the end are told to everybody who wants anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wants {
    /// Which notes. Others may come too.
    pub notes: Notes,
    /// Frames that carry a message to a broker or to a consumer, and what becomes of them; and of connections and
    /// processes.
    pub carriers: bool,
    /// Every event with its cause, its need and its changes, and every frame with its size.
    pub all: bool,
}

impl Wants {
    /// Nothing.
    pub const NOTHING: Wants = Wants { notes: Notes::NONE, carriers: false, all: false };
    /// The whole trace.
    pub const ALL: Wants = Wants { notes: Notes::ALL, carriers: true, all: true };

    /// What either of two wants.
    #[must_use]
    pub const fn and(self, other: Wants) -> Wants {
        Wants {
            notes: self.notes.and(other.notes),
            carriers: self.carriers || other.carriers,
            all: self.all || other.all,
        }
    }
    /// Whether anything is wanted.
    pub const fn any(self) -> bool {
        self.all || self.carriers || !self.notes.is_empty()
    }
}

/// Receives the events of a run in order.
pub trait Observer {
    /// What is wanted of a run. An observer may be told more than that, and must bear it.
    const WANTS: Wants;

    /// A frame is about to be named by a `Sent` event. `id` counts up from 0 without gaps.
    fn frame(&mut self, id: FrameId, frame: &Frame, tables: &Tables<'_>);

    /// An event happened. `id` counts up from 0 without gaps. The event's cause and need are only there, and point to
    /// what was told, where all is wanted.
    fn event(&mut self, id: EventId, event: &Event, deltas: &[Delta], tables: &Tables<'_>);
}

/// Nobody listens.
impl Observer for () {
    const WANTS: Wants = Wants::NOTHING;
    #[inline]
    fn frame(&mut self, _: FrameId, _: &Frame, _: &Tables<'_>) {}
    #[inline]
    fn event(&mut self, _: EventId, _: &Event, _: &[Delta], _: &Tables<'_>) {}
}

impl<A: Observer, B: Observer> Observer for (A, B) {
    const WANTS: Wants = A::WANTS.and(B::WANTS);
    #[inline]
    fn frame(&mut self, id: FrameId, frame: &Frame, tables: &Tables<'_>) {
        self.0.frame(id, frame, tables);
        self.1.frame(id, frame, tables);
    }
    #[inline]
    fn event(&mut self, id: EventId, event: &Event, deltas: &[Delta], tables: &Tables<'_>) {
        self.0.event(id, event, deltas, tables);
        self.1.event(id, event, deltas, tables);
    }
}

impl<O: Observer> Observer for &mut O {
    const WANTS: Wants = O::WANTS;
    #[inline]
    fn frame(&mut self, id: FrameId, frame: &Frame, tables: &Tables<'_>) {
        (**self).frame(id, frame, tables);
    }
    #[inline]
    fn event(&mut self, id: EventId, event: &Event, deltas: &[Delta], tables: &Tables<'_>) {
        (**self).event(id, event, deltas, tables);
    }
}
