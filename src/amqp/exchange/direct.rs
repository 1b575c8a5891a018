//! Direct exchanges: a binding matches where its key equals the routing key. The sorted list in here also serves the
//! topic trie, which asks "what ends at this node" the same way.

use super::Target;
use crate::ids::Name;

/// Targets under keys, sorted by key and then by the binding's number, so that a binding is found by both.
#[derive(Clone, Debug)]
pub(super) struct Sorted<K> {
    entries: Vec<(K, u32, Target)>,
}

impl<K> Default for Sorted<K> {
    fn default() -> Self {
        Sorted { entries: Vec::new() }
    }
}

impl<K: Ord + Copy> Sorted<K> {
    pub(super) fn add(&mut self, key: K, number: u32, target: Target) {
        let at = self.entries.partition_point(|e| (e.0, e.1) < (key, number));
        self.entries.insert(at, (key, number, target));
    }

    pub(super) fn remove(&mut self, key: K, number: u32) {
        if let Ok(at) = self.entries.binary_search_by(|e| (e.0, e.1).cmp(&(key, number))) {
            self.entries.remove(at);
        }
    }

    /// The number and target of each binding under `key`, in the order of binding.
    #[inline]
    pub(super) fn under(&self, key: K) -> impl Iterator<Item = (u32, Target)> {
        let start = self.entries.partition_point(|e| e.0 < key);
        self.entries[start..].iter().take_while(move |e| e.0 == key).map(|e| (e.1, e.2))
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(super) fn copy_from(&mut self, from: &Self)
    where
        K: Clone,
    {
        self.entries.clone_from(&from.entries);
    }
}

/// The bindings of a direct exchange by key.
pub(super) type Direct = Sorted<Name>;
