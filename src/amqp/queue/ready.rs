//! The ready messages of a queue in the order in which they are handed out: by rank, which is their priority from the
//! highest down, then by place (R12, E30).
//!
//! Not how a message gets its place or its rank. What comes in order within its rank, which is nearly everything, is kept
//! as a run, one a rank; the rest (requeued messages) is kept in a heap. Putting in and taking out cost at most a logarithm
//! of what is in the heap.

use crate::ids::CopyId;
use crate::mem::ReuseVec;
use crate::trace::Flags;
use crate::units::Time;
use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

/// A message in a queue, or delivered from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Item {
    /// Its place: messages of the same rank are handed out in ascending order.
    pub seq: u32,
    /// Its content, for the queue's owner.
    pub content: u32,
    /// Which copy it is, for show.
    pub copy: CopyId,
    /// Whether it was handed out before, and whether it is on disk.
    pub flags: Flags,
    /// How far its priority is below the queue's highest; always 0 in a queue without priorities.
    pub rank: u8,
    /// Bytes of its body.
    pub size: u32,
    /// When its time to live is over; [`Time::NEVER`] where it has none.
    pub deadline: Time,
}

impl Item {
    /// Where it stands among the ready messages of its queue: lower ones are handed out first.
    pub fn turn(&self) -> u64 {
        u64::from(self.rank) << 32 | u64::from(self.seq)
    }

    fn is_timed(&self) -> bool {
        self.deadline != Time::NEVER
    }
}

/// A message in the heap, whose greatest is the next to be handed out.
#[derive(Clone, Copy, Debug)]
struct Early(Item);

impl PartialEq for Early {
    fn eq(&self, other: &Early) -> bool {
        self.0.turn() == other.0.turn()
    }
}

impl Eq for Early {}

impl PartialOrd for Early {
    fn partial_cmp(&self, other: &Early) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Early {
    fn cmp(&self, other: &Early) -> Ordering {
        other.0.turn().cmp(&self.0.turn())
    }
}

/// Runs of the ranks below the first.
#[derive(Debug, Default)]
struct Lower {
    /// By rank, from the second on.
    runs: ReuseVec<VecDeque<Item>>,
    /// Which of them are not empty, a bit each.
    full: [u64; 4],
    /// How many messages they have together.
    len: usize,
}

crate::clone_in_place!(Lower { runs, full, len });

impl Lower {
    /// Puts a message at the end of the run of its rank; `false` where something behind it is there already.
    fn put(&mut self, item: Item) -> bool {
        let at = usize::from(item.rank) - 1;
        while self.runs.len() <= at {
            self.runs.grow(VecDeque::new).clear();
        }
        let run = &mut self.runs[at];
        if run.back().is_some_and(|last| last.seq > item.seq) {
            return false;
        }
        run.push_back(item);
        self.full[at / 64] |= 1 << (at % 64);
        self.len += 1;
        true
    }

    /// The first run that has something.
    fn foremost(&self) -> Option<usize> {
        let word = self.full.iter().position(|word| *word != 0)?;
        Some(word * 64 + self.full[word].trailing_zeros() as usize)
    }

    fn first(&self) -> Option<&Item> {
        if self.len == 0 { None } else { self.runs[self.foremost()?].front() }
    }

    fn pop(&mut self) -> Option<Item> {
        let at = self.foremost()?;
        let item = self.runs[at].pop_front()?;
        self.len -= 1;
        self.note(at);
        Some(item)
    }

    fn retain(&mut self, mut keep: impl FnMut(&mut Item) -> bool) {
        for at in 0..self.runs.len() {
            let before = self.runs[at].len();
            self.runs[at].retain_mut(&mut keep);
            self.len -= before - self.runs[at].len();
            self.note(at);
        }
    }

    /// Notes whether a run is empty.
    fn note(&mut self, at: usize) {
        if self.runs[at].is_empty() {
            self.full[at / 64] &= !(1 << (at % 64));
        }
    }
}

/// The ready messages.
#[derive(Debug, Default)]
pub struct Ready {
    /// Those of the first rank, ascending: all of them in a queue without priorities.
    run: VecDeque<Item>,
    /// Those of the other ranks, a run each.
    lower: Lower,
    /// What came when something behind it was in its run already.
    heap: BinaryHeap<Early>,
    /// Bytes of the bodies.
    bytes: u64,
    /// How many have a deadline.
    timed: u32,
}

crate::clone_in_place!(Ready { run, lower, heap, bytes, timed });

impl Ready {
    /// Puts a message where it belongs.
    pub fn put(&mut self, item: Item) {
        self.bytes += u64::from(item.size);
        self.timed += u32::from(item.is_timed());
        if item.rank > 0 {
            if !self.lower.put(item) {
                self.heap.push(Early(item));
            }
            return;
        }
        match self.run.back() {
            Some(last) if last.seq > item.seq => self.heap.push(Early(item)),
            _ => self.run.push_back(item),
        }
    }

    /// The first of the runs.
    fn first(&self) -> Option<&Item> {
        self.run.front().or_else(|| self.lower.first())
    }

    /// Whether the head is in the heap.
    fn is_early(&self) -> bool {
        match (self.heap.peek(), self.first()) {
            (Some(Early(early)), Some(first)) => early.turn() < first.turn(),
            (early, _) => early.is_some(),
        }
    }

    /// The message at the head.
    pub fn head(&self) -> Option<&Item> {
        if self.is_early() { self.heap.peek().map(|Early(item)| item) } else { self.first() }
    }

    /// Takes the message at the head.
    pub fn pop(&mut self) -> Option<Item> {
        let item = if self.is_early() {
            self.heap.pop().map(|Early(item)| item)
        } else {
            self.run.pop_front().or_else(|| self.lower.pop())
        }?;
        self.bytes -= u64::from(item.size);
        self.timed -= u32::from(item.is_timed());
        Some(item)
    }

    /// Keeps those that `keep` wants, asked in no particular order, and lets it change their flags.
    pub fn retain(&mut self, mut keep: impl FnMut(&mut Item) -> bool) {
        let (mut bytes, mut timed) = (0, 0);
        let mut keep = |item: &mut Item| {
            let kept = keep(item);
            bytes += u64::from(kept) * u64::from(item.size);
            timed += u32::from(kept && item.is_timed());
            kept
        };
        self.run.retain_mut(&mut keep);
        self.lower.retain(&mut keep);
        // Whoever changes flags changes no turn, and what is left is a heap again in one pass.
        let mut early = std::mem::take(&mut self.heap).into_vec();
        early.retain_mut(|Early(item)| keep(item));
        self.heap = early.into();
        (self.bytes, self.timed) = (bytes, timed);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.run.len() + self.lower.len + self.heap.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.run.is_empty() && self.lower.len == 0 && self.heap.is_empty()
    }

    /// Bytes of the bodies.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether one has a deadline.
    pub fn is_timed(&self) -> bool {
        self.timed > 0
    }

    /// Those that came in order, in order.
    pub fn in_order(&self) -> impl Iterator<Item = &Item> {
        self.run.iter().chain(self.lower.runs.iter().flatten())
    }

    /// The others, in no particular order.
    pub fn out_of_order(&self) -> impl Iterator<Item = &Item> {
        self.heap.iter().map(|Early(item)| item)
    }
}
