//! A map that keeps the room of what it gave up. Not for plain values, which have no room to keep.

use super::VecMap;

/// So many removed values a [`ReuseMap`] keeps before it gives one to another key.
const SPARES: usize = 64;

/// A [`VecMap`] for values that hold containers themselves: a value that is taken out is kept aside, and its allocations
/// serve the next value, best under the same key, so that a run that is done again finds its room again.
///
/// What is kept aside is no state: nothing looks at it, and a clone has none of it. It is bounded by the most values
/// that were in the map at once, and `SPARES`.
#[derive(Debug)]
pub struct ReuseMap<K, V> {
    map: VecMap<K, V>,
    /// The longest unused first.
    spares: Vec<(K, V)>,
}

impl<K, V> Default for ReuseMap<K, V> {
    fn default() -> Self {
        Self { map: VecMap::default(), spares: Vec::new() }
    }
}

impl<K, V> std::ops::Deref for ReuseMap<K, V> {
    type Target = VecMap<K, V>;
    #[inline]
    fn deref(&self) -> &VecMap<K, V> {
        &self.map
    }
}

impl<K: Ord + Clone, V: Clone> Clone for ReuseMap<K, V> {
    fn clone(&self) -> Self {
        Self { map: self.map.clone(), spares: Vec::new() }
    }
    fn clone_from(&mut self, from: &Self) {
        let mut at = 0;
        while let Some((key, _)) = self.map.entries.get(at) {
            if from.map.contains(key) {
                at += 1;
            } else {
                self.spares.push(self.map.entries.remove(at));
            }
        }
        // Now every key here is a key there.
        for (at, (key, value)) in from.map.entries.iter().enumerate() {
            match self.map.entries.get_mut(at) {
                Some((mine, kept)) if mine == key => kept.clone_from(value),
                _ => {
                    let copy = self.renewed(key, value).unwrap_or_else(|| value.clone());
                    self.map.entries.insert(at, (key.clone(), copy));
                }
            }
        }
    }
}

impl<K: Ord + Clone, V: Clone> ReuseMap<K, V> {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }
    /// A value kept aside, made equal to `value`: the one that was under this key, else one long unused.
    fn renewed(&mut self, key: &K, value: &V) -> Option<V> {
        let (_, mut used) = self.spares.remove(self.spare(key)?);
        used.clone_from(value);
        Some(used)
    }
    /// Which of the values kept aside is used again for this key.
    #[inline]
    fn spare(&self, key: &K) -> Option<usize> {
        let same = self.spares.iter().position(|(other, _)| other == key);
        same.or((self.spares.len() >= SPARES).then_some(0))
    }
    /// The value under `key`, to change.
    #[inline]
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.map.get_mut(key)
    }
    /// All entries in the order of their keys, to change.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&K, &mut V)> {
        self.map.iter_mut()
    }
    /// All values in the order of their keys, to change.
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> {
        self.map.values_mut()
    }
    /// Puts `value` under `key`, in place of what was there. An empty value, which has no allocations of its own, costs
    /// none where there is one to use again.
    pub fn insert(&mut self, key: K, value: V) -> &mut V {
        let at = match self.map.find(&key) {
            Ok(at) => {
                self.map.entries[at].1.clone_from(&value);
                at
            }
            Err(at) => {
                if let Some(spare) = self.spare(&key) {
                    self.map.entries.insert(at, self.spares.remove(spare));
                    let (old, used) = &mut self.map.entries[at];
                    *old = key;
                    used.clone_from(&value);
                } else {
                    self.map.entries.insert(at, (key, value));
                }
                at
            }
        };
        &mut self.map.entries[at].1
    }
    /// Takes out the value under `key` and keeps it aside.
    pub fn remove(&mut self, key: &K) {
        if let Ok(at) = self.map.find(key) {
            self.spares.push(self.map.entries.remove(at));
        }
    }
    /// Takes out the value under `key`; whoever takes it gives it back when it is done with it.
    pub fn take(&mut self, key: &K) -> Option<V> {
        self.map.remove(key)
    }
    /// Keeps aside what was taken.
    pub fn give_back(&mut self, key: K, value: V) {
        self.spares.push((key, value));
    }
    /// Takes out all values and keeps them aside.
    pub fn clear(&mut self) {
        self.spares.append(&mut self.map.entries);
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
