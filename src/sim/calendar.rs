//! The calendar: the future-event list, a priority queue of payloads by simulated time.
//!
//! Not a clock: it does not know what time it is, and takes a time in the past as readily as one in the future.
//!
//! Equal times leave in the order in which they were scheduled: every entry carries a sequence number that counts up,
//! and entries are ordered by (time, sequence number), which no two share.

use crate::units::Time;

/// Bits of a packed entry that name its slot; the sequence number has the other bits of the low half.
const SLOT_BITS: u32 = 28;
const SLOT_MASK: u64 = (1 << SLOT_BITS) - 1;
const SEQ_END: u64 = 1 << (64 - SLOT_BITS);

/// Names one scheduled entry. A key whose entry has left is harmless: cancelling it does nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    slot: u32,
    generation: u32,
}

/// The earliest entry is due later than was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Later;

#[derive(Clone, Copy, Debug)]
struct Slot<T> {
    payload: T,
    /// Counts how often the slot was given out.
    generation: u32,
    live: bool,
}

/// So many entries are kept as a sorted list: most worlds have a handful, for which that is cheaper than a heap.
const FEW: usize = 16;

/// The future-event list.
#[derive(Debug)]
pub struct Calendar<T> {
    /// At most [`FEW`] entries, packed like those of the heap, the next one last. Empty while the heap is in use.
    few: Vec<u128>,
    /// A 4-ary heap, smallest first, of entries packed as (time, sequence number, slot).
    heap: Vec<u128>,
    /// The first place of the heap is vacant: its entry has left. Most events that leave schedule another one soon,
    /// which then goes down from here, and one walk through the heap is saved.
    vacant: bool,
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    next_seq: u64,
    live: usize,
}

crate::clone_in_place!(Calendar<T: Copy> { few, heap, vacant, slots, free, next_seq, live });

impl<T> Default for Calendar<T> {
    fn default() -> Self {
        Calendar {
            few: Vec::new(),
            heap: Vec::new(),
            vacant: false,
            slots: Vec::new(),
            free: Vec::new(),
            next_seq: 0,
            live: 0,
        }
    }
}

impl<T: Copy> Calendar<T> {
    /// An empty calendar.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts `payload` down for `time`, after everything already down for it. O(log n).
    #[inline]
    pub fn schedule(&mut self, time: Time, payload: T) -> Key {
        if self.next_seq == SEQ_END {
            self.renumber();
        }
        let turn = self.reserve();
        self.schedule_reserved(time, turn, payload)
    }

    /// Keeps a place among equal times without putting anything down yet: for a stream of which only the head is in
    /// the calendar. Holds as long as no more than 2^36 entries are made, far beyond every limit on events.
    #[inline]
    pub fn reserve(&mut self) -> u64 {
        self.next_seq += 1;
        self.next_seq - 1
    }

    /// Puts `payload` down for `time` at a place that was kept, as if it had been put down then. O(log n).
    #[inline]
    pub fn schedule_reserved(&mut self, time: Time, turn: u64, payload: T) -> Key {
        let key = self.take_slot(payload);
        let entry = pack(time, turn, key.slot);
        self.live += 1;
        if self.heap.is_empty() && self.few.len() < FEW {
            self.few.push(entry);
            let mut at = self.few.len() - 1;
            while at > 0 && self.few[at - 1] < entry {
                self.few.swap(at - 1, at);
                at -= 1;
            }
        } else {
            self.schedule_in_heap(entry);
        }
        key
    }

    /// Kept apart, so that the short way stays short.
    #[inline(never)]
    fn schedule_in_heap(&mut self, entry: u128) {
        if std::mem::replace(&mut self.vacant, false) {
            self.sift_down(0, entry);
            return;
        }
        // A sorted list is a heap.
        self.heap.extend(self.few.drain(..).rev());
        self.heap.push(entry);
        self.sift_up(self.heap.len() - 1, entry);
    }

    /// Takes an entry back; `None` if it has left already. O(1): the heap forgets it later.
    pub fn cancel(&mut self, key: Key) -> Option<T> {
        let slot = self.slots.get_mut(key.slot as usize)?;
        if !slot.live || slot.generation != key.generation {
            return None;
        }
        slot.live = false;
        let payload = slot.payload;
        self.live -= 1;
        if self.heap.len() > 64 && self.live < self.heap.len() / 2 {
            self.sweep();
        }
        Some(payload)
    }

    /// Takes out the earliest entry; of equal times the one scheduled first. O(log n).
    #[inline]
    pub fn pop(&mut self) -> Option<(Time, T)> {
        self.pop_until(Time::NEVER).ok().flatten()
    }

    /// The same, unless it is due after `last`.
    ///
    /// # Errors
    /// Where the earliest entry is due later; it stays.
    #[inline]
    pub fn pop_until(&mut self, last: Time) -> Result<Option<(Time, T)>, Later> {
        while let Some(entry) = self.first() {
            let at = slot_of(entry);
            let slot = &mut self.slots[at];
            if slot.live {
                if time_of(entry) > last {
                    return Err(Later);
                }
                slot.live = false;
                let payload = slot.payload;
                self.drop_first(at);
                self.live -= 1;
                return Ok(Some((time_of(entry), payload)));
            }
            self.drop_first(at);
        }
        Ok(None)
    }

    /// When the next entry is due.
    #[inline]
    pub fn peek_time(&mut self) -> Option<Time> {
        while let Some(entry) = self.first() {
            let at = slot_of(entry);
            if self.slots[at].live {
                return Some(time_of(entry));
            }
            self.drop_first(at);
        }
        None
    }

    /// Takes out the earliest entry, which has this slot. It must be settled.
    #[inline]
    fn drop_first(&mut self, slot: usize) {
        if self.heap.is_empty() {
            self.few.pop();
        } else {
            self.vacant = true;
        }
        self.free.push(slot as u32);
    }

    /// The earliest entry, be it live or not.
    #[inline]
    fn first(&mut self) -> Option<u128> {
        if self.heap.is_empty() {
            return self.few.last().copied();
        }
        self.settle();
        self.heap.first().copied()
    }

    /// What a key names, if it has not left.
    pub fn get(&self, key: Key) -> Option<&T> {
        let slot = self.slots.get(key.slot as usize)?;
        (slot.live && slot.generation == key.generation).then_some(&slot.payload)
    }

    /// How many entries are down.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether nothing is down.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Removes all entries; the allocations stay. Keys from before must not be used any more.
    pub fn clear(&mut self) {
        self.few.clear();
        self.heap.clear();
        self.vacant = false;
        self.slots.clear();
        self.free.clear();
        self.next_seq = 0;
        self.live = 0;
    }

    /// All entries, in no particular order: for digests.
    pub fn pending(&self) -> impl Iterator<Item = (Time, &T)> {
        let entries = self.few.iter().chain(&self.heap[usize::from(self.vacant)..]);
        let live = entries.filter(|&&entry| self.slots[slot_of(entry)].live);
        live.map(|&entry| (time_of(entry), &self.slots[slot_of(entry)].payload))
    }

    #[inline]
    fn take_slot(&mut self, payload: T) -> Key {
        if let Some(at) = self.free.pop() {
            let slot = &mut self.slots[at as usize];
            let generation = slot.generation.wrapping_add(1);
            *slot = Slot { payload, generation, live: true };
            return Key { slot: at, generation };
        }
        let at = self.slots.len();
        assert!((at as u64) < SLOT_MASK, "a calendar holds at most 2^28 entries");
        self.slots.push(Slot { payload, generation: 0, live: true });
        Key { slot: at as u32, generation: 0 }
    }

    /// Fills the vacant place with the heap's last entry.
    #[inline]
    fn settle(&mut self) {
        if !std::mem::replace(&mut self.vacant, false) {
            return;
        }
        if let Some(last) = self.heap.pop()
            && !self.heap.is_empty()
        {
            self.sift_down(0, last);
        }
    }

    /// Moves the hole at `at` up until `entry` fits into it.
    #[inline]
    fn sift_up(&mut self, mut at: usize, entry: u128) {
        while at > 0 {
            let parent = (at - 1) / 4;
            let above = self.heap[parent];
            if above < entry {
                break;
            }
            self.heap[at] = above;
            at = parent;
        }
        self.heap[at] = entry;
    }

    /// Moves the hole at `at` down until `entry` fits into it.
    #[inline]
    fn sift_down(&mut self, mut at: usize, entry: u128) {
        let heap = self.heap.as_mut_slice();
        loop {
            let first = 4 * at + 1;
            let (child, below) = if let Some(&[a, b, c, d]) = heap.get(first..).and_then(|s| s.first_chunk::<4>()) {
                let left = if b < a { (1, b) } else { (0, a) };
                let right = if d < c { (3, d) } else { (2, c) };
                let (step, least) = if right.1 < left.1 { right } else { left };
                (first + step, least)
            } else {
                let rest = heap.get(first..).unwrap_or(&[]);
                let Some((step, least)) = rest.iter().copied().enumerate().min_by_key(|&(_, entry)| entry) else {
                    break;
                };
                (first + step, least)
            };
            if entry < below {
                break;
            }
            heap[at] = below;
            at = child;
        }
        heap[at] = entry;
    }

    /// Throws out what was cancelled, so that a heap is never more than half dead.
    #[cold]
    fn sweep(&mut self) {
        self.settle();
        let Calendar { heap, slots, free, .. } = self;
        heap.retain(|&entry| {
            let at = slot_of(entry);
            let live = slots[at].live;
            if !live {
                free.push(at as u32);
            }
            live
        });
        // A sorted vector is a heap.
        heap.sort_unstable();
    }

    /// Gives the entries new sequence numbers from 0 in the same order. Happens once in 2^36 entries.
    #[cold]
    fn renumber(&mut self) {
        self.settle();
        self.heap.sort_unstable();
        let entries = self.few.iter_mut().rev().chain(&mut self.heap);
        for (seq, entry) in entries.enumerate() {
            *entry = pack(time_of(*entry), seq as u64, slot_of(*entry) as u32);
        }
        self.next_seq = (self.few.len() + self.heap.len()) as u64;
    }
}

#[inline]
fn pack(time: Time, seq: u64, slot: u32) -> u128 {
    (u128::from(time.0) << 64) | u128::from((seq << SLOT_BITS) | u64::from(slot))
}

#[inline]
fn time_of(entry: u128) -> Time {
    Time((entry >> 64) as u64)
}

#[inline]
fn slot_of(entry: u128) -> usize {
    (entry as u64 & SLOT_MASK) as usize
}

#[cfg(test)]
#[path = "calendar_tests.rs"]
mod tests;
