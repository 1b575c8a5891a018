//! A map for few entries. Not for many thousands that come and go: insertion and removal move the tail.

/// A map kept as a sorted vector: small, ordered by key, and cloned without allocating.
///
/// Lookup is a binary search, or from the front where there are few entries; insertion and removal move the tail.
#[derive(Debug, PartialEq, Eq)]
pub struct VecMap<K, V> {
    pub(super) entries: Vec<(K, V)>,
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
    pub(super) fn find(&self, key: &K) -> Result<usize, usize> {
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
