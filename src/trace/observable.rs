//! The observable state: what is where, and who believes what. Made in two ways that must agree: by folding the
//! deltas of a trace, and by asking every machine for what it holds.

use super::delta::{Belief, Delta, Flags, Order};
use crate::ids::{ActorId, CopyId, Name, PlaceId};
use crate::mem::VecMap;

/// A copy in a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held {
    /// Which copy.
    pub copy: CopyId,
    /// Of which message.
    pub message: Name,
    /// Its properties.
    pub flags: Flags,
}

/// Places with copies, gauges and beliefs. Empty places and zero gauges are not kept, so equal states are equal values.
#[derive(Debug, Default)]
pub struct Observable {
    /// The copies of each place, by position and copy.
    pub places: VecMap<PlaceId, Copies>,
    /// Numbers that actors show.
    pub gauges: VecMap<(ActorId, Name), i64>,
    /// What producers believe.
    pub beliefs: VecMap<(ActorId, Name), Belief>,
    /// What places held before this was emptied, for its room; no state.
    rooms: VecMap<PlaceId, Copies>,
}

/// The copies of a place.
type Copies = VecMap<(Order, CopyId), Held>;

impl Clone for Observable {
    fn clone(&self) -> Self {
        let Observable { places, gauges, beliefs, rooms: _ } = self;
        Observable {
            places: places.clone(),
            gauges: gauges.clone(),
            beliefs: beliefs.clone(),
            rooms: VecMap::default(),
        }
    }
    fn clone_from(&mut self, from: &Self) {
        self.places.clone_from(&from.places);
        self.gauges.clone_from(&from.gauges);
        self.beliefs.clone_from(&from.beliefs);
    }
}

impl PartialEq for Observable {
    fn eq(&self, other: &Self) -> bool {
        self.places == other.places && self.gauges == other.gauges && self.beliefs == other.beliefs
    }
}

impl Eq for Observable {}

impl Observable {
    /// Nothing anywhere.
    pub fn new() -> Self {
        Self::default()
    }

    /// Empties it; the allocations stay.
    pub fn clear(&mut self) {
        for (place, copies) in self.places.iter_mut() {
            copies.clear();
            std::mem::swap(copies, self.rooms.or_insert_with(*place, VecMap::new));
        }
        self.places.clear();
        self.gauges.clear();
        self.beliefs.clear();
    }

    /// Puts a copy in a place; what an `observe()` calls for each copy it holds.
    pub fn put(&mut self, place: PlaceId, order: Order, held: Held) {
        let Observable { places, rooms, .. } = self;
        let room = || rooms.get_mut(&place).map(std::mem::take).unwrap_or_default();
        places.or_insert_with(place, room).insert((order, held.copy), held);
    }

    /// Sets a gauge.
    pub fn set(&mut self, actor: ActorId, gauge: Name, value: i64) {
        if value == 0 {
            self.gauges.remove(&(actor, gauge));
        } else {
            self.gauges.insert((actor, gauge), value);
        }
    }

    /// Sets a belief.
    pub fn believe(&mut self, actor: ActorId, message: Name, belief: Belief) {
        self.beliefs.insert((actor, message), belief);
    }

    /// The copies in a place in their order.
    pub fn in_place(&self, place: PlaceId) -> impl Iterator<Item = &Held> {
        self.places.get(&place).into_iter().flat_map(|p| p.values())
    }

    /// Applies one change. A change that does not fit (a copy that is not there) changes nothing and gives `false`.
    pub fn apply(&mut self, delta: &Delta) -> bool {
        match *delta {
            Delta::Put { place, copy, message, order, flags } => {
                self.put(place, order, Held { copy, message, flags });
                true
            }
            Delta::Move { copy, from, to, order, flags } => {
                let Some(held) = self.take(from, copy) else { return false };
                self.put(to, order, Held { flags, ..held });
                true
            }
            Delta::Remove { copy, place } => self.take(place, copy).is_some(),
            Delta::Clear { place } => {
                self.places.remove(&place);
                true
            }
            Delta::Set { actor, gauge, value } => {
                self.set(actor, gauge, value);
                true
            }
            Delta::Believe { actor, message, belief } => {
                self.believe(actor, message, belief);
                true
            }
        }
    }

    fn take(&mut self, place: PlaceId, copy: CopyId) -> Option<Held> {
        let copies = self.places.get_mut(&place)?;
        let key = *copies.keys().find(|(_, c)| *c == copy)?;
        let held = copies.remove(&key);
        if copies.is_empty() {
            self.places.remove(&place);
        }
        held
    }
}
