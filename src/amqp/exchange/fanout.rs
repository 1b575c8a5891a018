//! Fanout exchanges: every binding matches, whatever its key says.

use super::{Link, Target};
use crate::mem::Chains;

/// The bindings of a fanout exchange: one chain, in the order of binding.
#[derive(Debug, Default)]
pub(super) struct Fanout {
    entries: Chains<Target>,
}

crate::clone_in_place!(Fanout { entries });

impl Fanout {
    pub(super) fn add(&mut self, target: Target) -> Link {
        Link(self.entries.push(0, target))
    }

    /// Takes out all bindings; the allocations stay.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(super) fn remove(&mut self, link: Link) {
        self.entries.remove(link.0);
    }

    #[inline]
    pub(super) fn matches(&self, found: &mut Vec<Target>) {
        found.extend(self.entries.under(0).map(|(_, target)| target));
    }
}
