//! Values under hashes: finding them, adding and removing one costs the same however many there are.
//!
//! Not a map: the hash is the caller's, and where two keys may share one the caller looks at the values. Nothing
//! depends on the order of the hashes: a chain keeps the order of insertion, and chains are never gone through.

/// Stands for "no entry".
pub const NONE: u32 = u32::MAX;
/// In [`Entry::prev`]: the entry is free.
const FREE: u32 = u32::MAX - 1;

/// A value with its neighbours in the chain. The first one's `prev` is the last one.
#[derive(Clone, Copy, Debug)]
struct Entry<T> {
    hash: u64,
    next: u32,
    prev: u32,
    value: T,
}

/// Lists of values by hash, each in the order of insertion.
#[derive(Debug)]
pub struct Chains<T> {
    /// Open addressing with a power of two of places: the first entry of each chain.
    table: Vec<u32>,
    entries: Vec<Entry<T>>,
    /// The first free entry.
    free: u32,
    /// How many chains there are.
    heads: u32,
    len: u32,
}

impl<T> Default for Chains<T> {
    fn default() -> Self {
        Chains { table: Vec::new(), entries: Vec::new(), free: NONE, heads: 0, len: 0 }
    }
}

impl<T: Copy> Clone for Chains<T> {
    fn clone(&self) -> Self {
        let Chains { table, entries, free, heads, len } = self;
        Chains { table: table.clone(), entries: entries.clone(), free: *free, heads: *heads, len: *len }
    }
    fn clone_from(&mut self, from: &Self) {
        let Chains { table, entries, free, heads, len } = from;
        self.table.clone_from(table);
        self.entries.clone_from(entries);
        (self.free, self.heads, self.len) = (*free, *heads, *len);
    }
}

/// Spreads the bits of a word.
#[inline]
pub fn mix(word: u64) -> u64 {
    let word = (word ^ word >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (word ^ word >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

impl<T: Copy> Chains<T> {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets all values; the allocations stay.
    pub fn clear(&mut self) {
        self.table.clear();
        self.entries.clear();
        (self.free, self.heads, self.len) = (NONE, 0, 0);
    }

    fn home(&self, hash: u64) -> usize {
        (mix(hash) >> 32) as usize & (self.table.len() - 1)
    }

    /// The place of the chain, or the empty one where it would be. The table must not be empty.
    #[inline]
    fn place(&self, hash: u64) -> usize {
        let mut at = self.home(hash);
        while self.table[at] != NONE && self.entries[self.table[at] as usize].hash != hash {
            at = (at + 1) & (self.table.len() - 1);
        }
        at
    }

    #[inline]
    fn head(&self, hash: u64) -> u32 {
        if self.table.is_empty() { NONE } else { self.table[self.place(hash)] }
    }

    /// The values under `hash` with their ids, in the order of insertion.
    #[inline]
    pub fn under(&self, hash: u64) -> impl Iterator<Item = (u32, T)> {
        let mut at = self.head(hash);
        std::iter::from_fn(move || {
            let entry = self.entries.get(at as usize)?;
            let id = std::mem::replace(&mut at, entry.next);
            Some((id, entry.value))
        })
    }

    /// How many values there are under `hash`, counted up to `most`.
    pub fn count(&self, hash: u64, most: usize) -> usize {
        self.under(hash).take(most).count()
    }

    /// Adds a value at the end of its chain; gives the id under which it can be removed.
    pub fn push(&mut self, hash: u64, value: T) -> u32 {
        if (self.heads as usize + 1) * 4 > self.table.len() * 3 {
            self.grow();
        }
        let place = self.place(hash);
        let head = self.table[place];
        let id = self.take_entry(Entry { hash, next: NONE, prev: NONE, value });
        self.len += 1;
        if head == NONE {
            self.table[place] = id;
            self.entries[id as usize].prev = id;
            self.heads += 1;
        } else {
            let last = std::mem::replace(&mut self.entries[head as usize].prev, id);
            self.entries[last as usize].next = id;
            self.entries[id as usize].prev = last;
        }
        id
    }

    fn take_entry(&mut self, entry: Entry<T>) -> u32 {
        match self.entries.get_mut(self.free as usize) {
            Some(free) => {
                let id = std::mem::replace(&mut self.free, free.next);
                *free = entry;
                id
            }
            None => {
                self.entries.push(entry);
                self.entries.len() as u32 - 1
            }
        }
    }

    /// Removes the value with this id.
    pub fn remove(&mut self, id: u32) {
        let Some(&Entry { hash, next, prev, .. }) = self.entries.get(id as usize) else { return };
        if prev == FREE {
            return;
        }
        let place = self.place(hash);
        let head = self.table[place];
        if head == id && next == NONE {
            self.close(place);
            self.heads -= 1;
        } else if head == id {
            self.table[place] = next;
            self.entries[next as usize].prev = prev;
        } else {
            self.entries[prev as usize].next = next;
            let behind = if next == NONE { head } else { next };
            self.entries[behind as usize].prev = prev;
        }
        let entry = &mut self.entries[id as usize];
        (entry.prev, entry.next) = (FREE, self.free);
        self.free = id;
        self.len -= 1;
    }

    /// Empties a place of the table and moves up what stands behind it only because it was taken.
    fn close(&mut self, mut hole: usize) {
        let mask = self.table.len() - 1;
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let head = self.table[at];
            if head == NONE {
                break;
            }
            let home = self.home(self.entries[head as usize].hash);
            if at.wrapping_sub(home) & mask >= at.wrapping_sub(hole) & mask {
                self.table[hole] = head;
                hole = at;
            }
        }
        self.table[hole] = NONE;
    }

    fn grow(&mut self) {
        let size = (self.table.len() * 2).max(8);
        self.table.clear();
        self.table.resize(size, NONE);
        for id in 0..self.entries.len() {
            let Entry { hash, prev, .. } = self.entries[id];
            // The first of a chain is the one behind which its `prev`, the last, does not stand.
            if prev != FREE && self.entries[prev as usize].next != id as u32 {
                let place = self.place(hash);
                self.table[place] = id as u32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn under(chains: &Chains<u32>, hash: u64) -> Vec<u32> {
        chains.under(hash).map(|(_, value)| value).collect()
    }

    #[test]
    fn a_chain_keeps_the_order_of_insertion() {
        let mut chains = Chains::default();
        let ids: Vec<u32> = (0..5).map(|n| chains.push(7, n)).collect();
        chains.push(8, 9);
        chains.remove(ids[2]);
        chains.remove(ids[0]);
        assert_eq!(under(&chains, 7), [1, 3, 4]);
        chains.remove(ids[4]);
        chains.push(7, 6);
        assert_eq!(under(&chains, 7), [1, 3, 6]);
        assert_eq!(under(&chains, 8), [9]);
        assert_eq!((chains.len(), chains.count(7, 2)), (4, 2));
        assert!(under(&chains, 1).is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn chains_agree_with_lists(steps in proptest::collection::vec((0u64..40, any::<bool>()), 0..300)) {
            let (mut chains, mut model) = (Chains::default(), Vec::<(u64, u32, u32)>::new());
            for (n, (hash, add)) in steps.into_iter().enumerate() {
                if add || model.is_empty() {
                    model.push((hash, n as u32, chains.push(hash, n as u32)));
                } else {
                    let (_, _, id) = model.remove(hash as usize % model.len());
                    chains.remove(id);
                }
                let mut copy = Chains::default();
                copy.clone_from(&chains);
                for hash in 0..40 {
                    let expected: Vec<u32> = model.iter().filter(|e| e.0 == hash).map(|e| e.1).collect();
                    prop_assert_eq!(under(&copy, hash), expected);
                }
            }
            prop_assert_eq!(chains.len(), model.len());
        }
    }
}
