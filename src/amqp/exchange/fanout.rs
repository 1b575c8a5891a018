//! Fanout exchanges: every binding matches, whatever its key says.

use super::Target;

/// The bindings of a fanout exchange in the order of binding.
#[derive(Clone, Debug, Default)]
pub(super) struct Fanout {
    entries: Vec<(u32, Target)>,
}

impl Fanout {
    pub(super) fn add(&mut self, number: u32, target: Target) {
        self.entries.push((number, target));
    }

    pub(super) fn remove(&mut self, number: u32) {
        self.entries.retain(|e| e.0 != number);
    }

    #[inline]
    pub(super) fn matches(&self, found: &mut Vec<Target>) {
        found.extend(self.entries.iter().map(|e| e.1));
    }

    pub(super) fn copy_from(&mut self, from: &Self) {
        self.entries.clone_from(&from.entries);
    }
}
