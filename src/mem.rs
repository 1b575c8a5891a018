//! Containers that clone in place: a world is copied into a used one millions of times, so nothing here
//! allocates when the target already has room.
//!
//! Not a general collections library; only what machines need and `std` does not give.

mod chains;

pub use chains::{Chains, NONE, mix};

use std::sync::Arc;

/// Implements `Clone` for a struct so that `clone_from` copies field by field and keeps the target's allocations.
///
/// The list must name every field: leaving one out does not compile.
#[macro_export]
macro_rules! clone_in_place {
    ($name:ident $(<$($g:ident $(: $b:path)?),+>)? { $($field:ident),* $(,)? }) => {
        impl $(<$($g: Clone $(+ $b)?),+>)? Clone for $name $(<$($g),+>)? {
            fn clone(&self) -> Self {
                let Self { $($field),* } = self;
                Self { $($field: $field.clone()),* }
            }
            fn clone_from(&mut self, from: &Self) {
                let Self { $($field),* } = from;
                $(self.$field.clone_from($field);)*
            }
        }
    };
}

/// The parts one after the other, in an array whose length is the sum of theirs. For tables that are made of tables.
///
/// # Panics
/// Where the length is another, or the first part is empty; in a constant that is an error of the compilation.
pub const fn join<T: Copy, const N: usize>(parts: &[&[T]]) -> [T; N] {
    let mut all = [parts[0][0]; N];
    let (mut part, mut at) = (0, 0);
    while part < parts.len() {
        let mut row = 0;
        while row < parts[part].len() {
            all[at] = parts[part][row];
            (row, at) = (row + 1, at + 1);
        }
        part += 1;
    }
    assert!(at == N, "the array is longer than its parts");
    all
}

/// A map kept as a sorted vector: small, ordered by key, and cloned without allocating.
///
/// Lookup is a binary search, or from the front where there are few entries; insertion and removal move the tail.
#[derive(Debug, PartialEq, Eq)]
pub struct VecMap<K, V> {
    entries: Vec<(K, V)>,
}

/// Maps of at most so many entries are searched from the front: most have one or two, and such looks are foreseeable.
const FEW: usize = 4;

impl<K, V> Default for VecMap<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<K: Clone, V: Clone> Clone for VecMap<K, V> {
    fn clone(&self) -> Self {
        Self { entries: self.entries.clone() }
    }
    fn clone_from(&mut self, from: &Self) {
        self.entries.truncate(from.entries.len());
        let shared = self.entries.len();
        for (mine, theirs) in self.entries.iter_mut().zip(&from.entries) {
            mine.0.clone_from(&theirs.0);
            mine.1.clone_from(&theirs.1);
        }
        self.entries.extend_from_slice(&from.entries[shared..]);
    }
}

impl<K: Ord, V> VecMap<K, V> {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }
    /// Where `key` is, or where it belongs.
    #[inline]
    fn find(&self, key: &K) -> Result<usize, usize> {
        if self.entries.len() <= FEW {
            let at = self.entries.iter().position(|(k, _)| k >= key).unwrap_or(self.entries.len());
            let found = self.entries.get(at).is_some_and(|(k, _)| k == key);
            return if found { Ok(at) } else { Err(at) };
        }
        self.entries.binary_search_by(|(k, _)| k.cmp(key))
    }
    /// The value under `key`.
    #[inline]
    pub fn get(&self, key: &K) -> Option<&V> {
        if self.entries.len() <= FEW {
            return self.entries.iter().find(|(k, _)| k == key).map(|(_, v)| v);
        }
        self.find(key).ok().map(|i| &self.entries[i].1)
    }
    /// The value under `key`, to change.
    #[inline]
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        if self.entries.len() <= FEW {
            return self.entries.iter_mut().find(|(k, _)| k == key).map(|(_, v)| v);
        }
        match self.find(key) {
            Ok(i) => Some(&mut self.entries[i].1),
            Err(_) => None,
        }
    }
    /// Whether `key` is present.
    pub fn contains(&self, key: &K) -> bool {
        self.find(key).is_ok()
    }
    /// Puts `value` under `key`; gives back what was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok(i) => Some(std::mem::replace(&mut self.entries[i].1, value)),
            Err(i) => {
                self.entries.insert(i, (key, value));
                None
            }
        }
    }
    /// The value under `key`, made by `make` where it is missing.
    pub fn or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let i = match self.find(&key) {
            Ok(i) => i,
            Err(i) => {
                self.entries.insert(i, (key, make()));
                i
            }
        };
        &mut self.entries[i].1
    }
    /// Takes out the value under `key`.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.find(key).ok().map(|i| self.entries.remove(i).1)
    }
    /// All entries in the order of their keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + ExactSizeIterator {
        self.entries.iter().map(|(k, v)| (k, v))
    }
    /// All entries in the order of their keys, to change.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&K, &mut V)> {
        self.entries.iter_mut().map(|(k, v)| (&*k, v))
    }
    /// All values in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator {
        self.entries.iter().map(|(_, v)| v)
    }
    /// All values in the order of their keys, to change.
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> {
        self.entries.iter_mut().map(|(_, v)| v)
    }
    /// All keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + ExactSizeIterator {
        self.entries.iter().map(|(k, _)| k)
    }
    /// Keeps the entries for which `keep` says yes.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.entries.retain_mut(|(k, v)| keep(k, v));
    }
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
    /// Removes all entries.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

/// Slots with reuse: an index stays valid until its entry is removed, then the slot is given out again.
#[derive(Debug)]
pub struct Slab<T> {
    slots: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T: Clone> Clone for Slab<T> {
    fn clone(&self) -> Self {
        Self { slots: self.slots.clone(), free: self.free.clone() }
    }
    fn clone_from(&mut self, from: &Self) {
        self.free.clone_from(&from.free);
        self.slots.truncate(from.slots.len());
        let shared = self.slots.len();
        for (mine, theirs) in self.slots.iter_mut().zip(&from.slots) {
            match (mine.as_mut(), theirs) {
                (Some(m), Some(t)) => m.clone_from(t),
                _ => mine.clone_from(theirs),
            }
        }
        self.slots.extend_from_slice(&from.slots[shared..]);
    }
}

impl<T> Slab<T> {
    /// No slots.
    pub fn new() -> Self {
        Self::default()
    }
    /// Puts `value` in a free slot and gives its index.
    pub fn insert(&mut self, value: T) -> u32 {
        if let Some(i) = self.free.pop() {
            self.slots[i as usize] = Some(value);
            i
        } else {
            self.slots.push(Some(value));
            self.slots.len() as u32 - 1
        }
    }
    /// The entry at `index`.
    #[inline]
    pub fn get(&self, index: u32) -> Option<&T> {
        self.slots.get(index as usize).and_then(Option::as_ref)
    }
    /// The entry at `index`, to change.
    #[inline]
    pub fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.slots.get_mut(index as usize).and_then(Option::as_mut)
    }
    /// Takes out the entry at `index` and frees its slot.
    pub fn remove(&mut self, index: u32) -> Option<T> {
        let taken = self.slots.get_mut(index as usize)?.take()?;
        self.free.push(index);
        Some(taken)
    }
    /// All entries with their indices, in the order of the indices.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u32, &T)> {
        self.slots.iter().enumerate().filter_map(|(i, s)| s.as_ref().map(|v| (i as u32, v)))
    }
    /// All entries with their indices, to change.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (u32, &mut T)> {
        self.slots.iter_mut().enumerate().filter_map(|(i, s)| s.as_mut().map(|v| (i as u32, v)))
    }
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Removes all entries and forgets the slots; the allocation stays.
    pub fn clear(&mut self) {
        self.slots.clear();
        self.free.clear();
    }
}

impl<T> std::ops::Index<u32> for Slab<T> {
    type Output = T;
    /// # Panics
    /// Where the slot is free: a broken invariant of the caller.
    #[inline]
    fn index(&self, index: u32) -> &T {
        self.slots[index as usize].as_ref().expect("slot in use")
    }
}

impl<T> std::ops::IndexMut<u32> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut T {
        self.slots[index as usize].as_mut().expect("slot in use")
    }
}

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

/// A vector for values that hold containers themselves: what is behind its end stays there, and is used again when it
/// grows.
#[derive(Debug)]
pub struct ReuseVec<T> {
    items: Vec<T>,
    len: usize,
}

impl<T> Default for ReuseVec<T> {
    fn default() -> Self {
        Self { items: Vec::new(), len: 0 }
    }
}

impl<T> std::ops::Deref for ReuseVec<T> {
    type Target = [T];
    #[inline]
    fn deref(&self) -> &[T] {
        &self.items[..self.len]
    }
}

impl<T> std::ops::DerefMut for ReuseVec<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.items[..self.len]
    }
}

impl<T: Clone> Clone for ReuseVec<T> {
    fn clone(&self) -> Self {
        Self { items: self.to_vec(), len: self.len }
    }
    fn clone_from(&mut self, from: &Self) {
        for (mine, theirs) in self.items.iter_mut().zip(from.iter()) {
            mine.clone_from(theirs);
        }
        let shared = self.items.len().min(from.len);
        self.items.extend_from_slice(&from[shared..]);
        self.len = from.len;
    }
}

impl<'a, T> IntoIterator for &'a ReuseVec<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut ReuseVec<T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<T> ReuseVec<T> {
    /// An empty vector.
    pub fn new() -> Self {
        Self::default()
    }
    /// Grows by one; gives the new last item, which holds whatever it held before: the caller makes it new.
    pub fn grow(&mut self, make: impl FnOnce() -> T) -> &mut T {
        if self.len == self.items.len() {
            self.items.push(make());
        }
        self.len += 1;
        &mut self.items[self.len - 1]
    }
    /// Keeps the first `len` items.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }
    /// Takes out all items.
    pub fn clear(&mut self) {
        self.len = 0;
    }
}

/// Values that never change, made once: asking again for an equal one gives the same. No state; a clone is empty and a
/// copy into it changes nothing.
#[derive(Debug)]
pub struct Shared<T> {
    made: Vec<Arc<T>>,
    /// Behind the last that was asked for: who asks again asks in the same order.
    next: usize,
}

/// So many values a [`Shared`] remembers.
const SHARED_MAX: usize = 4096;

/// So many of them are looked at, from the last that was found: beyond these a new one costs less than the search.
const SHARED_NEAR: usize = 64;

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self { made: Vec::new(), next: 0 }
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
    fn clone_from(&mut self, _: &Self) {}
}

impl<T: PartialEq> Shared<T> {
    /// The shared value that equals this one.
    pub fn get(&mut self, value: T) -> Arc<T> {
        let next = self.next.min(self.made.len());
        let (before, behind) = self.made.split_at(next);
        let found = behind.iter().chain(before).take(SHARED_NEAR).position(|made| **made == value);
        let at = match found {
            Some(steps) => (next + steps) % self.made.len(),
            None => {
                if self.made.len() == SHARED_MAX {
                    self.made.clear();
                }
                self.made.push(Arc::new(value));
                self.made.len() - 1
            }
        };
        self.next = at + 1;
        Arc::clone(&self.made[at])
    }
}

/// What was worked out once from something that never changes. No state; a clone is empty and a copy into it changes
/// nothing.
#[derive(Debug)]
pub struct Memo<T>(Option<T>);

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Memo(None)
    }
}

impl<T> Clone for Memo<T> {
    fn clone(&self) -> Self {
        Memo(None)
    }
    fn clone_from(&mut self, _: &Self) {}
}

impl<T> Memo<T> {
    /// What is remembered, worked out anew where it does not hold.
    pub fn get(&mut self, holds: impl FnOnce(&T) -> bool, make: impl FnOnce() -> T) -> &T {
        let kept = self.0.take().filter(holds);
        self.0.insert(kept.unwrap_or_else(make))
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

    #[test]
    fn a_vector_grows_into_what_it_held() {
        let mut list = ReuseVec::new();
        list.grow(Vec::new).extend([1u8; 10]);
        list.grow(Vec::new).extend([2u8; 10]);
        let rooms = [list[0].as_ptr(), list[1].as_ptr()];
        let full = list.clone();
        list.clear();
        assert!(list.is_empty());
        list.clone_from(&full);
        assert_eq!([list[0].as_ptr(), list[1].as_ptr()], rooms);
        assert_eq!(*list, [vec![1; 10], vec![2; 10]]);
    }

    #[test]
    fn equal_values_are_shared() {
        let mut shared = Shared::default();
        let [a, b] = ["a", "b"].map(|text| shared.get(text));
        assert!(Arc::ptr_eq(&a, &shared.get("a")));
        assert!(Arc::ptr_eq(&b, &shared.get("b")));
        assert!(Arc::ptr_eq(&b, &shared.get("b")), "in whatever order");
    }

    #[test]
    fn a_memo_is_worked_out_again_where_it_does_not_hold() {
        let mut memo = Memo::default();
        assert_eq!(*memo.get(|n| *n == 1, || 1), 1);
        assert_eq!(*memo.get(|n| *n == 1, || 2), 1);
        assert_eq!(*memo.get(|n| *n == 3, || 3), 3);
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
