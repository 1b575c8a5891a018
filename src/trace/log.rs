//! The full record of a run, in memory.

use super::delta::Delta;
use super::event::{Event, Frame};
use super::header::{Header, Place};
use super::observable::Observable;
use super::observer::{Observer, Tables, Wants};
use crate::ids::{EventId, FrameId, Names};

/// Every event with its deltas and frames, and the tables that its ids point into.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// What the trace is of.
    pub header: Header,
    /// The names.
    pub names: Names,
    /// The places, by id.
    pub places: Vec<Place>,
    /// The frames, by id.
    pub frames: Vec<Frame>,
    events: Vec<Event>,
    /// Where each event's deltas end.
    ends: Vec<u32>,
    deltas: Vec<Delta>,
}

impl Log {
    /// An empty log with this header.
    pub fn new(header: Header) -> Self {
        Log { header, ..Log::default() }
    }
    /// The events in order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }
    /// The event with this id.
    pub fn event(&self, id: EventId) -> Option<&Event> {
        self.events.get(id.at())
    }
    /// The deltas of the event with this id.
    pub fn deltas(&self, id: EventId) -> &[Delta] {
        let Some(&end) = self.ends.get(id.at()) else { return &[] };
        let start = if id.0 == 0 { 0 } else { self.ends[id.at() - 1] };
        &self.deltas[start as usize..end as usize]
    }
    /// The frame with this id.
    pub fn frame(&self, id: FrameId) -> Option<&Frame> {
        self.frames.get(id.at())
    }
    /// Adds an event with its deltas at the end.
    pub fn push(&mut self, event: Event, deltas: &[Delta]) {
        self.events.push(event);
        self.deltas.extend_from_slice(deltas);
        self.ends.push(self.deltas.len() as u32);
    }
    /// The observable state after the first `events` events.
    pub fn state_after(&self, events: usize) -> Observable {
        let mut state = Observable::new();
        let end = events.min(self.ends.len()).checked_sub(1).map_or(0, |i| self.ends[i] as usize);
        for delta in &self.deltas[..end] {
            state.apply(delta);
        }
        state
    }
    /// Copies the tables of a finished run, so that the log stands alone.
    pub fn adopt(&mut self, tables: &Tables<'_>) {
        self.names.clone_from(tables.names);
        self.places.clear();
        self.places.extend_from_slice(tables.places);
    }
    /// The names and places as tables.
    pub fn tables(&self) -> Tables<'_> {
        Tables { names: &self.names, places: &self.places }
    }
    /// Bytes held for events, deltas and frames.
    pub fn bytes(&self) -> usize {
        std::mem::size_of_val(&self.events[..])
            + std::mem::size_of_val(&self.ends[..])
            + std::mem::size_of_val(&self.deltas[..])
            + std::mem::size_of_val(&self.frames[..])
    }
}

impl Observer for Log {
    const WANTS: Wants = Wants::ALL;
    fn frame(&mut self, _: FrameId, frame: &Frame, _: &Tables<'_>) {
        self.frames.push(*frame);
    }
    fn event(&mut self, _: EventId, event: &Event, deltas: &[Delta], _: &Tables<'_>) {
        self.push(*event, deltas);
    }
}
