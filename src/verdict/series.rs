//! Finding the slots of names such as `order-17` by their numbers, without hashing.
//!
//! Not the slots' contents; those are in `book`.

use crate::mem::VecMap;

/// The slots of the names of one prefix.
#[derive(Clone, Debug, Default)]
pub(super) struct Series {
    /// Names that came up one after the other, as most do: the first number, its slot, and how many.
    run: (u32, u32, u32),
    /// Slots plus one of other names, by number.
    dense: Vec<u32>,
    /// Slots of numbers too far out to be dense.
    sparse: VecMap<u32, u32>,
    /// The slot plus one of the name that has no number.
    bare: u32,
}

/// Numbers up to this are always kept densely; beyond, only where they follow on what is there.
const DENSE: usize = 1 << 12;

impl Series {
    /// Forgets everything; the allocations stay.
    pub(super) fn reset(&mut self) {
        self.run = (0, 0, 0);
        self.dense.clear();
        self.sparse.clear();
        self.bare = 0;
    }

    /// The slot of the name with this number.
    #[inline]
    pub(super) fn find(&self, number: Option<u32>) -> Option<u32> {
        let Some(n) = number else { return self.bare.checked_sub(1) };
        let (first, slot, len) = self.run;
        let place = n.wrapping_sub(first);
        if place < len {
            return Some(slot + place);
        }
        match self.dense.get(n as usize) {
            Some(slot) => slot.checked_sub(1),
            None => self.sparse.get(&n).and_then(|slot| slot.checked_sub(1)),
        }
    }

    /// Adds a name that is not there yet.
    pub(super) fn add(&mut self, number: Option<u32>, slot: u32) {
        let (first, start, len) = self.run;
        match number {
            None => self.bare = slot + 1,
            Some(n) if len == 0 => self.run = (n, slot, 1),
            Some(n) if n.wrapping_sub(first) == len && slot == start + len => self.run.2 += 1,
            Some(n) if (n as usize) < self.dense.len() => self.dense[n as usize] = slot + 1,
            Some(n) => *self.beyond(n) = slot + 1,
        }
    }

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
