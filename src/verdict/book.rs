//! The verdict's memory: a slot for each message, in the order of their first appearance, with a cell for each
//! destination. Messages that are done with are folded away, many in the room of one.
//!
//! Not the judgement: it only remembers. How names are found is in `series`.

use super::series::Series;
use crate::ids::{ActorId, Name};
use crate::trace::Belief;
use std::collections::VecDeque;

/// A destination, by position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Dest(pub(super) u16);

impl Dest {
    /// What was published and never stored anywhere.
    pub(super) const NOWHERE: Dest = Dest(0);
    /// No destination: what a message's own cell has before it came anywhere.
    const NONE: Dest = Dest(u16::MAX);
}

/// Marks of a message.
pub(super) mod mark {
    /// A producer published it.
    pub(in super::super) const PUBLISHED: u8 = 1;
    /// A copy of it was dead-lettered: queues it comes to from now on were not chosen by its publisher.
    pub(in super::super) const ONWARD: u8 = 2;
    /// Its producer gave up on it.
    pub(in super::super) const GAVE_UP: u8 = 4;
    /// It is a question, and its producer has an answer.
    pub(in super::super) const ANSWERED: u8 = 8;
    /// It is an answer that came to whom it was for, who had no use for it.
    pub(in super::super) const THROWN_AWAY: u8 = 16;
}

/// Marks of a cell.
pub(super) mod cell {
    /// A copy was stored there.
    pub(in super::super) const STORED: u8 = 1;
    /// It came there from a dead-letter exchange, not by its publisher's choice.
    pub(in super::super) const ONWARD: u8 = 4;
    /// A copy is there at the end.
    pub(in super::super) const LIVE: u8 = 8;
}

/// What is known of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Message {
    pub(super) name: Name,
    /// Its place in the producer's sequence of publishing.
    pub(super) seq: u32,
    pub(super) producer: ActorId,
    pub(super) belief: Belief,
    pub(super) marks: u8,
    /// Its line in the orders by key, plus one; 0 as long as it was not published with one.
    pub(super) line: u32,
    /// Its first cell; most messages have no other.
    own: Cell,
}

/// What is known of a message at a destination.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cell {
    /// The message's next cell, plus one; 0 for none.
    next: u32,
    /// The queue that took it in first, and as which of its messages, from 1; 0 where none did.
    pub(super) lane: u32,
    pub(super) arrival: u32,
    pub(super) dest: Dest,
    pub(super) marks: u8,
    /// Completions, at most 255.
    pub(super) done: u8,
    /// Rows at the end, at most 255.
    pub(super) rows: u8,
    /// Works that failed, at most 255.
    pub(super) failed: u8,
}

impl Cell {
    fn new(dest: Dest, next: u32, message_marks: u8) -> Cell {
        let marks = if message_marks & mark::ONWARD == 0 { 0 } else { cell::ONWARD };
        Cell { next, lane: 0, arrival: 0, dest, marks, done: 0, rows: 0, failed: 0 }
    }
    fn forget_stock(&mut self) {
        self.marks &= !cell::LIVE;
        self.rows = 0;
    }
}

impl Message {
    fn new(name: Name) -> Message {
        let own = Cell::new(Dest::NONE, 0, 0);
        Message { name, seq: 0, producer: ActorId::NONE, belief: Belief::Unknown, marks: 0, line: 0, own }
    }

    /// Whether it was published, worked on once at its only destination, and is believed to be: most are, and no word
    /// is about them.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        let Cell { next, lane: _, arrival: _, dest, marks, done, rows, failed } = self.own;
        self.marks & !mark::ANSWERED == mark::PUBLISHED
            && matches!(self.belief, Belief::Sent | Belief::Confirmed)
            && next == 0
            && dest != Dest::NOWHERE
            && marks & cell::ONWARD == 0
            && done == 1
            && rows <= 1
            && failed == 0
    }

    /// Whether it has come to no destination yet.
    pub(super) fn is_nowhere(&self) -> bool {
        self.own.dest == Dest::NONE
    }

    /// What a message `i` places further on is if both went the same way; `None` for a name without a number.
    fn further(&self, i: usize, stride: Stride) -> Option<Message> {
        let i = i as u32;
        let number = self.name.number()?.checked_add(i)?;
        let arrival = self.own.arrival.wrapping_add(stride.arrival.wrapping_mul(i));
        Some(Message {
            name: self.name.nth(number),
            seq: self.seq.wrapping_add(i),
            line: self.line.wrapping_add(stride.line.wrapping_mul(i)),
            own: Cell { arrival, ..self.own },
            ..*self
        })
    }
}

/// How far neighbours of a folded page are apart in the orders.
#[derive(Clone, Copy, Debug, Default)]
struct Stride {
    line: u32,
    arrival: u32,
}

impl Stride {
    fn between(one: &Message, next: &Message) -> Stride {
        Stride { line: next.line.wrapping_sub(one.line), arrival: next.own.arrival.wrapping_sub(one.own.arrival) }
    }
}

/// Neighbouring messages.
#[derive(Clone, Copy, Debug)]
struct Page {
    /// The first of them, which stands for all while the page is folded.
    first: Message,
    stride: Stride,
    /// Where they lie, plus one; 0 while the page is folded.
    open: u32,
}

/// Messages of a page.
const SIZE: usize = 64;

/// Open pages that are looked at whenever a page is begun.
const LOOKS: usize = 2;

/// All messages of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    series: Vec<Series>,
    /// The name that was looked for last, and its slot: most events are about the message of the one before.
    last: (Name, u32),
    len: usize,
    pages: Vec<Page>,
    /// The messages of open pages.
    messages: Vec<Message>,
    /// Places in it for pages.
    free: Vec<u32>,
    /// Full pages that are open.
    full: VecDeque<u32>,
    /// Cells of messages with several.
    cells: Vec<Cell>,
}

impl Book {
    /// Forgets everything; the allocations stay.
    pub(super) fn reset(&mut self) {
        self.series.iter_mut().for_each(Series::reset);
        self.last = (Name::NONE, 0);
        self.len = 0;
        self.pages.clear();
        self.messages.clear();
        self.free.clear();
        self.full.clear();
        self.cells.clear();
    }

    /// How many messages there are.
    pub(super) fn len(&self) -> usize {
        self.len
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
        if let Some(slot) = self.series[prefix].find(name.number()) {
            return slot;
        }
        let slot = self.add(Message::new(name));
        self.series[prefix].add(name.number(), slot);
        slot
    }

    fn add(&mut self, message: Message) -> u32 {
        let slot = self.len;
        if slot.is_multiple_of(SIZE) {
            if slot > 0 {
                self.full.push_back((slot / SIZE) as u32 - 1);
                self.fold_some();
            }
            let open = self.room(message);
            self.pages.push(Page { first: message, stride: Stride::default(), open });
        }
        self.len += 1;
        *self.message_mut(slot) = message;
        slot as u32
    }

    /// Room for a page, filled with `message`; where it is, plus one.
    fn room(&mut self, message: Message) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.messages.resize(self.messages.len() + SIZE, message);
            (self.messages.len() / SIZE) as u32
        })
    }

    /// Folds those of the pages that had to wait longest that can be.
    fn fold_some(&mut self) {
        for _ in 0..LOOKS.min(self.full.len()) {
            let Some(page) = self.full.pop_front() else { return };
            if !self.fold(page as usize) {
                self.full.push_back(page);
            }
        }
    }

    /// Keeps the first message of a page for all, if they are plain and differ in their numbers only.
    fn fold(&mut self, page: usize) -> bool {
        let open = self.pages[page].open;
        let start = (open as usize - 1) * SIZE;
        let messages = &self.messages[start..start + SIZE];
        let first = messages[0];
        let stride = Stride::between(&first, &messages[1]);
        let alike = |(i, message): (usize, &Message)| first.further(i, stride).is_some_and(|other| other == *message);
        if !first.is_plain() || !messages.iter().enumerate().all(alike) {
            return false;
        }
        self.pages[page] = Page { first, stride, open: 0 };
        self.free.push(open);
        true
    }

    /// Lays the messages of a folded page out again.
    #[cold]
    fn unfold(&mut self, page: usize) -> u32 {
        let Page { first, stride, .. } = self.pages[page];
        let open = self.room(first);
        let start = (open as usize - 1) * SIZE;
        for (i, message) in self.messages[start..start + SIZE].iter_mut().enumerate() {
            *message = first.further(i, stride).unwrap_or(first);
        }
        self.pages[page].open = open;
        self.full.push_back(page as u32);
        open
    }

    /// The message in a slot.
    #[inline]
    pub(super) fn message(&self, slot: usize) -> Message {
        let Page { first, stride, open } = self.pages[slot / SIZE];
        match (open as usize).checked_sub(1) {
            Some(page) => self.messages[page * SIZE + slot % SIZE],
            None => first.further(slot % SIZE, stride).unwrap_or(first),
        }
    }

    /// The message in a slot, to change.
    #[inline]
    pub(super) fn message_mut(&mut self, slot: usize) -> &mut Message {
        let at = self.open(slot);
        &mut self.messages[at]
    }

    /// Where the message in a slot lies; its page is open then.
    #[inline]
    fn open(&mut self, slot: usize) -> usize {
        let mut open = self.pages[slot / SIZE].open;
        if open == 0 {
            open = self.unfold(slot / SIZE);
        }
        (open as usize - 1) * SIZE + slot % SIZE
    }

    /// The slots of messages that are not plain, and perhaps of some that are.
    pub(super) fn remarkable(&self) -> impl Iterator<Item = usize> + '_ {
        let pages = self.pages.iter().enumerate().filter(|(_, page)| page.open != 0);
        pages.flat_map(|(at, _)| at * SIZE..self.len.min((at + 1) * SIZE))
    }

    /// The cell of a message at a destination, made if it is new.
    #[inline]
    pub(super) fn cell(&mut self, slot: usize, dest: Dest) -> &mut Cell {
        let at = self.open(slot);
        let message = &mut self.messages[at];
        if message.own.dest == Dest::NONE {
            message.own = Cell::new(dest, 0, message.marks);
        }
        if message.own.dest != dest {
            return self.other_cell(slot, dest);
        }
        // The borrow checker does not see that the message above is not given out in the other case.
        &mut self.messages[at].own
    }

    fn other_cell(&mut self, slot: usize, dest: Dest) -> &mut Cell {
        let Message { own, marks, .. } = self.message(slot);
        let mut at = own.next;
        while at != 0 && self.cells[at as usize - 1].dest != dest {
            at = self.cells[at as usize - 1].next;
        }
        if at == 0 {
            self.cells.push(Cell::new(dest, own.next, marks));
            at = self.cells.len() as u32;
            self.message_mut(slot).own.next = at;
        }
        &mut self.cells[at as usize - 1]
    }

    /// The cells of a message.
    pub(super) fn cells_of(&self, slot: usize) -> impl Iterator<Item = Cell> + Clone {
        let mut next = Some(self.message(slot).own).filter(|own| own.dest != Dest::NONE);
        std::iter::from_fn(move || {
            let cell = next?;
            next = (cell.next as usize).checked_sub(1).map(|at| self.cells[at]);
            Some(cell)
        })
    }

    /// A copy of a message is at all of its destinations now.
    pub(super) fn enliven(&mut self, slot: usize) {
        let own = &mut self.message_mut(slot).own;
        own.marks |= cell::LIVE;
        let mut at = own.next;
        while at != 0 {
            let cell = &mut self.cells[at as usize - 1];
            cell.marks |= cell::LIVE;
            at = cell.next;
        }
    }

    /// Forgets which copies and rows are there now.
    pub(super) fn forget_stock(&mut self) {
        self.messages.iter_mut().for_each(|message| message.own.forget_stock());
        self.pages.iter_mut().for_each(|page| page.first.own.forget_stock());
        self.cells.iter_mut().for_each(Cell::forget_stock);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Names;

    /// A message that is published, worked on and confirmed.
    fn settle(book: &mut Book, name: Name, seq: u32) {
        let slot = book.slot(name);
        let message = book.message_mut(slot);
        (message.marks, message.seq, message.belief) = (mark::PUBLISHED, seq, Belief::Confirmed);
        message.line = 7 * seq;
        let cell = book.cell(slot, Dest(1));
        (cell.done, cell.arrival) = (1, 2 * seq);
    }

    #[test]
    fn settled_messages_take_the_room_of_few_and_come_back_as_they_were() {
        let mut names = Names::new();
        let name = names.intern("order-1");
        let (mut book, mut flat) = (Book::default(), Vec::new());
        for i in 0..1_000 {
            settle(&mut book, name.nth(i + 1), i + 1);
            flat.push(book.message(i as usize));
        }
        assert!(book.messages.len() <= 4 * SIZE, "most pages are folded: {}", book.messages.len());
        assert!(book.pages[0].open == 0);
        for (slot, message) in flat.iter().enumerate() {
            assert_eq!(book.message(slot), *message);
            assert_eq!(book.slot(message.name), slot);
        }
        book.cell(70, Dest(1)).done = 2;
        assert_eq!(book.remarkable().filter(|slot| !book.message(*slot).is_plain()).collect::<Vec<_>>(), [70]);
        assert_eq!(book.message(71), flat[71], "its neighbours stay as they were");
        for i in 1_000..2_000 {
            settle(&mut book, name.nth(i + 1), i + 1);
        }
        assert_eq!(book.message(70).own.done, 2, "what is remarkable is not folded");
        book.reset();
        assert_eq!(book.slot(name), 0, "nothing is left after a reset");
    }
}
