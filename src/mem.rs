//! Containers that clone in place: a world is copied into a used one millions of times, so nothing here
//! allocates when the target already has room.
//!
//! Not a general collections library; only what machines need and `std` does not give.

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

/// A map kept as a sorted vector: small, ordered by key, and cloned without allocating.
///
/// Lookup is a binary search; insertion and removal move the tail.
#[derive(Debug, PartialEq, Eq)]
pub struct VecMap<K, V> {
    entries: Vec<(K, V)>,
}

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
    /// Looks from the front where there are few entries: most maps have one or two, and those looks are foreseeable.
    #[inline]
    fn find(&self, key: &K) -> Result<usize, usize> {
        if self.entries.len() <= 4 {
            let at = self.entries.iter().position(|(k, _)| k >= key).unwrap_or(self.entries.len());
            let found = self.entries.get(at).is_some_and(|(k, _)| k == key);
            return if found { Ok(at) } else { Err(at) };
        }
        self.entries.binary_search_by(|(k, _)| k.cmp(key))
    }
    /// The value under `key`.
    #[inline]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.find(key).ok().map(|i| &self.entries[i].1)
    }
    /// The value under `key`, to change.
    #[inline]
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
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
