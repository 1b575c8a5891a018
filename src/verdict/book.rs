//! The verdict's memory: a dense slot for each message and a cell for each (message, destination).
//!
//! Not the judgement: it only remembers. Ids such as `order-17` are found by prefix and number without hashing.

use crate::ids::{ActorId, Name};
use crate::mem::VecMap;
use crate::trace::Belief;

/// A destination, by position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Dest(pub(super) u16);

impl Dest {
    /// What was published and never stored anywhere.
    pub(super) const NOWHERE: Dest = Dest(0);
}

/// Marks of a message.
pub(super) mod mark {
    /// A producer published it.
    pub(in super::super) const PUBLISHED: u8 = 1;
    /// A copy of it was dead-lettered: queues it comes to from now on were not chosen by its publisher.
    pub(in super::super) const ONWARD: u8 = 2;
    /// Its producer gave up on it.
    pub(in super::super) const GAVE_UP: u8 = 4;
}

/// Marks of a cell.
pub(super) mod cell {
    /// A copy was stored there.
    pub(in super::super) const STORED: u8 = 1;
    /// The last delivery there was handed out before.
    pub(in super::super) const REDELIVERED: u8 = 2;
    /// It came there from a dead-letter exchange, not by its publisher's choice.
    pub(in super::super) const ONWARD: u8 = 4;
    /// A copy is there at the end.
    pub(in super::super) const LIVE: u8 = 8;
}

/// What is known of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    pub(super) name: Name,
    /// The first of its cells, plus one; 0 for none.
    pub(super) cells: u32,
    /// Its place in the producer's sequence of publishing.
    pub(super) seq: u32,
    pub(super) producer: ActorId,
    pub(super) belief: Belief,
    pub(super) marks: u8,
}

/// What is known of a message at a destination.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    /// The message's next cell, plus one; 0 for none.
    pub(super) next: u32,
    pub(super) dest: Dest,
    pub(super) marks: u8,
    /// Completions, at most 255.
    pub(super) done: u8,
    /// Rows at the end, at most 255.
    pub(super) rows: u8,
    /// Works that failed, at most 255.
    pub(super) failed: u8,
}

/// Messages of one prefix.
#[derive(Clone, Debug, Default)]
struct Series {
    /// Slots plus one, by number.
    dense: Vec<u32>,
    /// Slots of numbers too far out to be dense.
    sparse: VecMap<u32, u32>,
    /// The slot plus one of the name that has no number.
    bare: u32,
}

/// Numbers up to this are always kept densely; beyond, only where they follow on what is there.
const DENSE: usize = 1 << 12;

/// All messages of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    series: Vec<Series>,
    /// The name that was looked for last, and its slot: most events are about the message of the one before.
    last: (Name, u32),
    pub(super) messages: Vec<Message>,
    pub(super) cells: Vec<Cell>,
}

impl Book {
    /// Forgets everything; the allocations stay.
    pub(super) fn reset(&mut self) {
        for series in &mut self.series {
            series.dense.clear();
            series.sparse.clear();
            series.bare = 0;
        }
        self.last = (Name::NONE, 0);
        self.messages.clear();
        self.cells.clear();
    }

    /// The slot of a message, made if it is new. The name must be one.
    #[inline]
    pub(super) fn slot(&mut self, name: Name) -> usize {
        if name != self.last.0 {
            self.last = (name, self.find(name));
        }
        self.last.1 as usize
    }

    fn find(&mut self, name: Name) -> u32 {
        let prefix = name.prefix().0 as usize;
        if prefix >= self.series.len() {
            self.series.resize_with(prefix + 1, Series::default);
        }
        let series = &mut self.series[prefix];
        let known = match name.number() {
            None => &mut series.bare,
            Some(n) if (n as usize) < series.dense.len() => &mut series.dense[n as usize],
            Some(n) => series.beyond(n),
        };
        if *known == 0 {
            self.messages.push(Message {
                name,
                cells: 0,
                seq: 0,
                producer: ActorId::NONE,
                belief: Belief::Unknown,
                marks: 0,
            });
            *known = self.messages.len() as u32;
        }
        *known - 1
    }

    /// The cell of a message at a destination, made if it is new.
    #[inline]
    pub(super) fn cell(&mut self, slot: usize, dest: Dest) -> &mut Cell {
        let mut at = self.messages[slot].cells;
        while at != 0 && self.cells[at as usize - 1].dest != dest {
            at = self.cells[at as usize - 1].next;
        }
        if at == 0 {
            at = self.add_cell(slot, dest);
        }
        &mut self.cells[at as usize - 1]
    }

    fn add_cell(&mut self, slot: usize, dest: Dest) -> u32 {
        let message = &mut self.messages[slot];
        let marks = if message.marks & mark::ONWARD == 0 { 0 } else { cell::ONWARD };
        self.cells.push(Cell { next: message.cells, dest, marks, done: 0, rows: 0, failed: 0 });
        message.cells = self.cells.len() as u32;
        message.cells
    }

    /// The cells of a message, the newest first.
    pub(super) fn cells_of(&self, slot: usize) -> impl Iterator<Item = &Cell> + Clone {
        let mut at = self.messages[slot].cells;
        std::iter::from_fn(move || {
            let cell = self.cells.get((at as usize).checked_sub(1)?)?;
            at = cell.next;
            Some(cell)
        })
    }
}

impl Series {
    #[cold]
    fn beyond(&mut self, n: u32) -> &mut u32 {
        let at = n as usize;
        if at < DENSE.max(self.dense.len() * 2) && !self.sparse.contains(&n) {
            self.dense.resize((at + 1).next_power_of_two().max(64), 0);
            // What was sparse and is in reach now must be found in one place only.
            let reach = self.dense.len() as u32;
            for (n, slot) in self.sparse.iter().filter(|(n, _)| **n < reach) {
                self.dense[*n as usize] = *slot;
            }
            self.sparse.retain(|n, _| *n >= reach);
            return &mut self.dense[at];
        }
        self.sparse.or_insert_with(n, || 0)
    }
}
