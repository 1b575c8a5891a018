//! What a machine is given for one call.

use super::Out;
use crate::ids::{ActorId, ConnId, CopyId, Name, Names, PlaceId};
use crate::mem::VecMap;
use crate::trace::{Place, PlaceKind};
use crate::units::Time;

/// Where random numbers come from.
pub trait Draws {
    /// A number below `n` (at least 1), uniformly.
    fn below(&mut self, n: u64) -> u64;
}

/// For machines that draw nothing, and for tests: always zero.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoDraws;

impl Draws for NoDraws {
    fn below(&mut self, _: u64) -> u64 {
        0
    }
}

/// Hands out ids for show: copies and places. It is provenance: no machine's behaviour depends on it.
#[derive(Debug, Default)]
pub struct Registry {
    next_copy: u32,
    places: Vec<Place>,
    index: VecMap<(PlaceKind, ActorId, Name, ActorId), PlaceId>,
    peers: Vec<ActorId>,
}

crate::clone_in_place!(Registry { next_copy, places, index, peers });

impl Registry {
    /// A new copy of a message.
    #[inline]
    pub fn copy(&mut self) -> CopyId {
        self.next_copy += 1;
        CopyId(self.next_copy - 1)
    }
    /// The place with these properties, made if it is new.
    pub fn place(&mut self, place: Place) -> PlaceId {
        let next = PlaceId(self.places.len() as u32);
        let id = *self.index.or_insert_with((place.kind, place.actor, place.name, place.holder), || next);
        if id == next {
            self.places.push(place);
        }
        id
    }
    /// All places by id.
    pub fn places(&self) -> &[Place] {
        &self.places
    }
    /// Remembers which client dialled a connection.
    pub fn set_peer(&mut self, conn: ConnId, client: ActorId) {
        if self.peers.len() <= conn.at() {
            self.peers.resize(conn.at() + 1, ActorId::NONE);
        }
        self.peers[conn.at()] = client;
    }
    /// The client that dialled a connection; [`ActorId::NONE`] if unknown.
    pub fn peer(&self, conn: ConnId) -> ActorId {
        self.peers.get(conn.at()).copied().unwrap_or(ActorId::NONE)
    }
    /// Forgets everything; the allocations stay.
    pub fn reset(&mut self) {
        self.next_copy = 0;
        self.places.clear();
        self.index.clear();
        self.peers.clear();
    }
}

/// What a machine is given for one call: the time, names, ids for show, random numbers, and where its outputs go.
pub struct Ports<'a, F, R> {
    /// Now.
    pub now: Time,
    /// Whose machine this is.
    pub me: ActorId,
    /// The names; machines may add some.
    pub names: &'a mut Names,
    /// Ids for show.
    pub registry: &'a mut Registry,
    /// Random numbers.
    pub draws: &'a mut dyn Draws,
    /// The outputs.
    pub out: &'a mut Out<F, R>,
}

impl<F, R> Ports<'_, F, R> {
    /// An own place.
    pub fn place(&mut self, kind: PlaceKind, name: Name) -> PlaceId {
        self.registry.place(Place { kind, actor: self.me, name, holder: ActorId::NONE })
    }
    /// An own place that is held for the client at the other end of a connection.
    pub fn place_for(&mut self, kind: PlaceKind, name: Name, conn: ConnId) -> PlaceId {
        let holder = self.registry.peer(conn);
        self.registry.place(Place { kind, actor: self.me, name, holder })
    }
}
