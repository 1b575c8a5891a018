//! Occurrences counted by word and by where they happened, with the first few messages of each.
//!
//! Not the words that are judged at the end from beliefs and completions.

/// How many messages are remembered for each word and place; the rest are only counted.
pub(super) const LISTED: usize = 100;

/// A count with the slots of the first messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) count: u32,
    pub(super) slots: Vec<u32>,
    /// The slot that was added last.
    pub(super) last: u32,
    /// Whether one of those that are only counted is not the neighbour of the one before it.
    pub(super) gap: bool,
}

impl Tally {
    #[inline]
    pub(super) fn add(&mut self, slot: usize) {
        self.count += 1;
        if self.slots.len() < LISTED {
            self.slots.push(slot as u32);
        } else {
            self.gap |= slot as u32 != self.last && slot as u32 != self.last + 1;
        }
        self.last = slot as u32;
    }
}

/// Tallies by a small index; grows on first use, keeps its allocations.
#[derive(Clone, Debug, Default)]
pub(super) struct Tallies {
    all: Vec<Tally>,
}

impl Tallies {
    #[inline]
    pub(super) fn at(&mut self, index: usize) -> &mut Tally {
        if index >= self.all.len() {
            self.all.resize_with(index + 1, Tally::default);
        }
        &mut self.all[index]
    }
    pub(super) fn get(&self, index: usize) -> Option<&Tally> {
        self.all.get(index)
    }
    pub(super) fn reset(&mut self) {
        for tally in &mut self.all {
            tally.count = 0;
            tally.slots.clear();
            tally.gap = false;
        }
    }
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Tally)> + Clone {
        self.all.iter().enumerate().filter(|(_, tally)| tally.count > 0)
    }
}
