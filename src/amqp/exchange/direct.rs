//! Direct exchanges: a binding matches where its key equals the routing key.

use super::{Link, Target};
use crate::ids::Name;
use crate::mem::Chains;

/// The bindings of a direct exchange by key, each chain in the order of binding.
#[derive(Debug, Default)]
pub(super) struct Direct {
    entries: Chains<(Name, Target)>,
}

crate::clone_in_place!(Direct { entries });

impl Direct {
    pub(super) fn add(&mut self, key: Name, target: Target) -> Link {
        Link(self.entries.push(super::hash_name(key), (key, target)))
    }

    /// Takes out all bindings; the allocations stay.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(super) fn remove(&mut self, link: Link) {
        self.entries.remove(link.0);
    }

    /// Where the key leads if to one target alone.
    #[inline]
    pub(super) fn only(&self, key: Name) -> Option<Target> {
        let mut under = self.entries.under(super::hash_name(key)).filter(|(_, entry)| entry.0 == key);
        let (_, (_, target)) = under.next()?;
        under.next().is_none().then_some(target)
    }

    #[inline]
    pub(super) fn matches(&self, key: Name, found: &mut Vec<Target>) {
        let same = self.entries.under(super::hash_name(key)).filter(|(_, entry)| entry.0 == key);
        found.extend(same.map(|(_, entry)| entry.1));
    }
}
