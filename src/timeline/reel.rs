//! Rows on demand: any part of a long run is laid out when it is looked at, and comes to the same rows as the whole.
//!
//! Nothing is left out here, and no captions are put in: whoever leafs through a run sees every row.

use super::layout::{Layout, Lines, beginnings, lanes};
use super::model::{Lane, Row, Timeline, Weight};
use super::words;
use crate::ids::EventId;
use crate::trace::{Kind, Log, Process, Reading, Repeat, Role, VerbBook};

/// The lanes' lines are kept after so many events each, to begin from.
const STRIDE: usize = 2048;
/// Of so many shown events from the beginning of a long run a page is measured.
const SAMPLE: usize = 600;
/// So many shown events are laid out at a time to find one row.
const REACH: usize = 32;

/// A run that rows are taken from. It holds no log: the one that it was made of is to be given to every call.
#[derive(Debug)]
pub struct Reel {
    reading: Reading,
    lanes: Vec<Lane>,
    /// The events that begin what is shown.
    shown: Vec<EventId>,
    /// Those that begin what is shown in the other way, full or not.
    other: Vec<EventId>,
    /// The lanes' lines before every `STRIDE`th event.
    marks: Vec<Lines>,
    events: u32,
    full: bool,
}

impl Reel {
    /// Reads a log. With `full`, every frame of a handshake, every timer and every sign of life gets its row.
    pub fn new(log: &Log, verbs: &VerbBook, full: bool) -> Reel {
        let mut reading = Reading::both(log, verbs);
        let mut shown = beginnings(log, &reading);
        reading.turn();
        let mut other = beginnings(log, &reading);
        if full {
            std::mem::swap(&mut shown, &mut other);
        } else {
            reading.turn();
        }
        let lanes = lanes(log);
        let mut marks = Vec::with_capacity(log.events().len() / STRIDE + 1);
        let mut layout = Layout::new(log, verbs, &reading, Lines::new(lanes.len()));
        for (n, event) in log.events().iter().enumerate() {
            if n % STRIDE == 0 {
                marks.push(layout.lines().clone());
            }
            layout.follow(event);
        }
        Reel { lanes, shown, other, marks, events: log.events().len() as u32, reading, full }
    }

    /// Gives every frame of a handshake, every timer and every sign of life its row, or takes these rows away.
    pub fn show(&mut self, full: bool) {
        if full != self.full {
            self.full = full;
            self.reading.turn();
            std::mem::swap(&mut self.shown, &mut self.other);
        }
    }

    /// The lanes from left to right.
    pub fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// What was found out about the log.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The events that begin what is shown, in order. Some of them are told in the row of an earlier one.
    pub fn shown(&self) -> &[EventId] {
        &self.shown
    }

    /// Whether an event is one that a run turns at: a fault, a loss, a repetition, the end or return of a process.
    pub fn is_turn(&self, log: &Log, id: EventId) -> bool {
        let Some(event) = log.event(id) else { return false };
        match event.kind {
            Kind::Fault(_) | Kind::Lost(_) | Kind::End(_) => true,
            Kind::Process(what) => what != Process::Started,
            Kind::Note { what, .. } => {
                let weighs = words::note(what).weight == Weight::Always;
                weighs && self.reading.roles[id.at()] == Role::Shown || self.reading.repeats[id.at()] != Repeat::No
            }
            _ => false,
        }
    }

    /// The rows that begin at `from` or behind it and before `until`, in order.
    pub fn rows(&self, log: &Log, verbs: &VerbBook, from: EventId, until: EventId) -> Vec<Row> {
        let until = EventId(until.0.min(self.events));
        if from >= until {
            return Vec::new();
        }
        let first = self.shown.partition_point(|id| *id < from);
        let begin = self.safe(log, first);
        // What a row takes in of the events behind it is known when they are laid out too.
        let end = self.safe_behind(log, self.shown.partition_point(|id| *id < until));
        let start = self.shown.get(begin).map_or(0, |id| id.0);
        let Some(lines) = self.marks.get(start as usize / STRIDE) else { return Vec::new() };
        let mut layout = Layout::new(log, verbs, &self.reading, lines.clone());
        for event in &log.events()[start as usize / STRIDE * STRIDE..start as usize] {
            layout.follow(event);
        }
        layout.lay(&self.shown[begin..], EventId(start), end);
        layout.rows.retain(|row| row.first >= from && row.first < until);
        layout.rows
    }

    /// Rows to measure a page by: all of a run of ordinary length, else many from its beginning and its end.
    pub fn sample(&self, log: &Log, verbs: &VerbBook) -> Timeline {
        let from_start = self.shown.get(SAMPLE).map_or(self.events, |id| id.0);
        let mut rows = self.rows(log, verbs, EventId(0), EventId(from_start));
        let tail = self.shown.len().saturating_sub(SAMPLE / 4).max(SAMPLE);
        if let Some(from) = self.shown.get(tail) {
            rows.extend(self.rows(log, verbs, *from, EventId(self.events)));
        }
        Timeline { lanes: self.lanes.clone(), rows, ..Timeline::default() }
    }

    /// The row that tells of an event: its own, or the last one before it; the first one where there is none.
    pub fn row_at(&self, log: &Log, verbs: &VerbBook, event: EventId) -> Option<Row> {
        self.before(log, verbs, EventId(event.0.saturating_add(1))).or_else(|| self.after(log, verbs, event))
    }

    /// The first row that begins behind an event.
    pub fn after(&self, log: &Log, verbs: &VerbBook, event: EventId) -> Option<Row> {
        let next = self.shown.partition_point(|id| *id <= event);
        // A shown event may belong to the row before it, so that a few have to be tried.
        let mut at = next;
        while at < self.shown.len() {
            let until = self.shown.get(at + REACH).map_or(self.events, |id| id.0);
            let rows = self.rows(log, verbs, EventId(event.0 + 1), EventId(until));
            if let Some(row) = rows.into_iter().next() {
                return Some(row);
            }
            at += REACH;
        }
        None
    }

    /// The last row that begins before an event.
    pub fn before(&self, log: &Log, verbs: &VerbBook, event: EventId) -> Option<Row> {
        let mut at = self.shown.partition_point(|id| *id < event);
        while at > 0 {
            at = at.saturating_sub(REACH);
            if let Some(row) = self.rows(log, verbs, self.shown[at], event).pop() {
                return Some(row);
            }
        }
        None
    }

    /// The last of the shown events up to `at`, and with none the first, with which a row begins whatever came before.
    fn safe(&self, log: &Log, at: usize) -> usize {
        let at = at.min(self.shown.len().saturating_sub(1));
        (0..=at).rev().find(|i| self.shown.get(*i).is_some_and(|id| self.begins_a_row(log, *id))).unwrap_or(0)
    }

    /// The first event from the shown one `at` on with which a row begins whatever came before; the end without.
    fn safe_behind(&self, log: &Log, at: usize) -> EventId {
        let found = self.shown[at.min(self.shown.len())..].iter().find(|id| self.begins_a_row(log, **id));
        found.copied().unwrap_or(EventId(self.events))
    }

    /// Sendings, timers and faults always begin a row; an arrival or a note may belong to the one before.
    fn begins_a_row(&self, log: &Log, id: EventId) -> bool {
        let Some(event) = log.event(id) else { return false };
        matches!(self.reading.roles[id.at()], Role::Setup(_))
            || matches!(event.kind, Kind::Sent(_) | Kind::Timer(_) | Kind::Fault(_) | Kind::End(_))
    }
}
