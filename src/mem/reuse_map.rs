//! A map that keeps the room of what it gave up. Not for plain values, which have no room to keep.

use super::VecMap;
use std::collections::VecDeque;

/// So many removed values a [`ReuseMap`] keeps before it gives one to another key; and so many it looks at for one that
/// was under the same key.
const SPARES: usize = 64;

/// A map in the order of its keys for values that hold containers themselves: a value that is taken out is kept aside,
/// and its allocations serve the next value, best under the same key, so that a run that is done again finds its room
/// again. Values stay where they are in memory, however large they are and whatever else comes and goes.
///
/// What is kept aside is no state: nothing looks at it, and a clone has none of it. It is bounded by the most values
/// that were in the map at once, and `SPARES`.
#[derive(Debug)]
pub struct ReuseMap<K, V> {
    /// Where the value of each key is.
    slots: VecMap<K, u32>,
    /// `None` where a value was taken.
    values: Vec<Option<V>>,
    /// Values kept aside, the longest unused first.
    spares: VecDeque<(K, u32)>,
    /// Places of values that were taken.
    vacant: Vec<u32>,
}

impl<K, V> Default for ReuseMap<K, V> {
    fn default() -> Self {
        Self { slots: VecMap::default(), values: Vec::new(), spares: VecDeque::new(), vacant: Vec::new() }
    }
}

impl<K: Ord + Copy, V: Clone> Clone for ReuseMap<K, V> {
    fn clone(&self) -> Self {
        let mut copy = Self::default();
        copy.clone_from(self);
        copy
    }
    fn clone_from(&mut self, from: &Self) {
        let Self { slots, spares, .. } = self;
        slots.retain(|key, slot| {
            let stays = from.slots.contains(key);
            if !stays {
                spares.push_back((*key, *slot));
            }
            stays
        });
        // Now every key here is a key there.
        for (at, (key, theirs)) in from.slots.iter().enumerate() {
            let value = &from.values[*theirs as usize];
            match self.slots.entries.get(at) {
                Some((mine, slot)) if mine == key => copy_into(&mut self.values[*slot as usize], value),
                _ => {
                    let slot = self.room(key, || None);
                    copy_into(&mut self.values[slot as usize], value);
                    self.slots.entries.insert(at, (*key, slot));
                }
            }
        }
    }
}

/// What `clone_from` does with an option of `std` loses the room of the value.
fn copy_into<V: Clone>(into: &mut Option<V>, from: &Option<V>) {
    match (into, from) {
        (Some(into), Some(from)) => into.clone_from(from),
        (into, from) => *into = from.clone(),
    }
}

impl<K: Ord + Copy, V> ReuseMap<K, V> {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }
    /// Room for a value under this key: with one that was kept aside, or with what `make` makes.
    fn room(&mut self, key: &K, make: impl FnOnce() -> Option<V>) -> u32 {
        let same = self.spares.iter().take(SPARES).position(|(other, _)| other == key);
        let spare = same.or((self.spares.len() >= SPARES).then_some(0));
        if let Some((_, slot)) = spare.and_then(|at| self.spares.remove(at)) {
            return slot;
        }
        let slot = self.vacant.pop().unwrap_or(self.values.len() as u32);
        match self.values.get_mut(slot as usize) {
            Some(value) => *value = make(),
            None => self.values.push(make()),
        }
        slot
    }
    /// The value under `key`.
    #[inline]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.values[*self.slots.get(key)? as usize].as_ref()
    }
    /// The value under `key`, to change.
    #[inline]
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.values[*self.slots.get(key)? as usize].as_mut()
    }
    /// Where the value under `key` is, for [`ReuseMap::at`]: as long as nothing is taken out.
    #[inline]
    pub fn slot(&self, key: &K) -> Option<u32> {
        self.slots.get(key).copied()
    }
    /// The value at a place that [`ReuseMap::slot`] gave.
    #[inline]
    pub fn at(&self, slot: u32) -> Option<&V> {
        self.values.get(slot as usize)?.as_ref()
    }
    /// The entry at this place of the order of keys, to change.
    pub fn entry_mut(&mut self, at: usize) -> Option<(K, &mut V)> {
        let (key, slot) = self.slots.entries.get(at)?;
        Some((*key, self.values[*slot as usize].as_mut()?))
    }
    /// Whether `key` is present.
    pub fn contains(&self, key: &K) -> bool {
        self.slots.contains(key)
    }
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
    /// All keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + ExactSizeIterator {
        self.slots.keys()
    }
    /// All entries in the order of their keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.slots.iter().filter_map(|(key, slot)| Some((key, self.values[*slot as usize].as_ref()?)))
    }
    /// All values in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
    /// Calls with all entries in the order of their keys, to change.
    pub fn for_each_mut(&mut self, mut call: impl FnMut(K, &mut V)) {
        for (key, slot) in self.slots.iter() {
            if let Some(value) = &mut self.values[*slot as usize] {
                call(*key, value);
            }
        }
    }
    /// Puts under `key` what `renew` makes of the value that is there or was kept aside, or what `make` makes.
    pub fn renewed(&mut self, key: K, make: impl FnOnce() -> V, renew: impl FnOnce(&mut V)) -> &mut V {
        let mut make = Some(make);
        let slot = match self.slots.get(&key) {
            Some(slot) => *slot,
            None => {
                let slot = self.room(&key, || make.take().map(|make| make()));
                self.slots.insert(key, slot);
                slot
            }
        };
        let value = self.values[slot as usize].as_mut().expect("a value under every key");
        if make.is_some() {
            renew(value);
        }
        value
    }
    /// Takes out the value under `key` and keeps it aside.
    pub fn remove(&mut self, key: &K) {
        if let Some(slot) = self.slots.remove(key) {
            self.spares.push_back((*key, slot));
        }
    }
    /// Takes out the value under `key`; whoever takes it gives it back when it is done with it.
    pub fn take(&mut self, key: &K) -> Option<V> {
        let slot = self.slots.remove(key)?;
        self.vacant.push(slot);
        self.values[slot as usize].take()
    }
    /// Keeps aside what was taken.
    pub fn give_back(&mut self, key: K, value: V) {
        let slot = self.vacant.pop().unwrap_or(self.values.len() as u32);
        match self.values.get_mut(slot as usize) {
            Some(vacant) => *vacant = Some(value),
            None => self.values.push(Some(value)),
        }
        self.spares.push_back((key, slot));
    }
    /// Takes out all values and keeps them aside.
    pub fn clear(&mut self) {
        self.spares.extend(self.slots.entries.drain(..));
    }
}

impl<K: Ord + Copy, V: Clone> ReuseMap<K, V> {
    /// Puts `value` under `key`, in place of what was there. An empty value, which has no allocations of its own, costs
    /// none where there is one to use again.
    pub fn insert(&mut self, key: K, value: V) -> &mut V {
        let value = std::cell::Cell::new(Some(value));
        let make = || value.take().expect("made once");
        self.renewed(key, make, |there| {
            if let Some(value) = value.take() {
                there.clone_from(&value);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Where the first list of a map's value under `key` lies in memory.
    fn room(map: &ReuseMap<u32, Vec<u8>>, key: u32) -> *const u8 {
        map.get(&key).unwrap().as_ptr()
    }

    #[test]
    fn a_removed_value_serves_the_next_one_under_its_key() {
        let mut map = ReuseMap::new();
        map.insert(1, vec![1; 10]);
        map.insert(2, vec![2; 10]);
        let rooms = [room(&map, 1), room(&map, 2)];
        map.remove(&1);
        map.remove(&2);
        map.insert(2, Vec::new());
        map.insert(1, Vec::new());
        assert_eq!([room(&map, 1), room(&map, 2)], rooms);
        assert!(map.values().all(Vec::is_empty), "it is used again, not found again");
    }

    #[test]
    fn copying_a_map_with_fewer_entries_keeps_the_room_of_the_others() {
        let mut map = ReuseMap::new();
        map.insert(1, vec![1; 10]);
        map.insert(2, vec![2; 10]);
        let (rooms, full) = ([room(&map, 1), room(&map, 2)], map.clone());
        map.clone_from(&ReuseMap::new());
        assert!(map.is_empty());
        map.clone_from(&full);
        assert_eq!([room(&map, 1), room(&map, 2)], rooms);
        assert_eq!(map.get(&2), Some(&vec![2; 10]));
    }

    #[test]
    fn ever_new_keys_use_the_room_of_old_ones() {
        let mut map = ReuseMap::new();
        for key in 0..1_000u32 {
            map.insert(key, vec![0u8]);
            map.remove(&key);
        }
        assert_eq!(map.spares.len(), SPARES);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// What is kept aside never shows: a map behaves as one without, also when it is copied over another.
        #[test]
        fn a_map_that_uses_its_room_again_behaves_like_a_plain_one(
            steps in prop::collection::vec((0u8..5, 0u32..6, 0u8..9), 0..60),
        ) {
            let (mut map, mut plain) = (ReuseMap::new(), std::collections::BTreeMap::new());
            let (mut copy, mut plain_copy) = (map.clone(), plain.clone());
            for (step, key, value) in steps {
                match step {
                    0 | 1 => {
                        map.insert(key, vec![value]);
                        plain.insert(key, vec![value]);
                    }
                    2 => {
                        map.remove(&key);
                        plain.remove(&key);
                    }
                    3 => {
                        copy.clone_from(&map);
                        plain_copy = plain.clone();
                    }
                    _ => {
                        std::mem::swap(&mut map, &mut copy);
                        std::mem::swap(&mut plain, &mut plain_copy);
                    }
                }
                prop_assert!(map.iter().eq(plain.iter()));
                prop_assert!(copy.iter().eq(plain_copy.iter()));
            }
        }
    }
}
