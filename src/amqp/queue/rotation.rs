//! The consumers of a queue: whose turn it is (R9), who is full (R10), and who alone is served where the queue is told
//! to serve one at a time (D35).
//!
//! Not the messages. Consumers of one priority form a ring as a linked list through their slots, so that joining,
//! leaving and being set aside cost the same however many there are.

use crate::ids::{ConnId, Name, PlaceId};
use crate::mem::Slab;

/// Stands for no slot.
const NONE: u32 = u32::MAX;

/// A consumer of a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Consumer {
    /// Its connection.
    pub conn: ConnId,
    /// Its channel.
    pub channel: u16,
    /// Its tag, unique on the channel.
    pub tag: Name,
    /// Whether deliveries count as settled at once.
    pub no_ack: bool,
    /// Whether it wants the queue for itself.
    pub exclusive: bool,
    /// Higher ones are served first.
    pub priority: i32,
    /// At most this many unacknowledged deliveries; 0 for no limit.
    pub limit: u32,
    /// How many it has.
    pub open: u32,
    /// Whether it was found without room and waits outside the rotation.
    pub aside: bool,
    /// Its unacknowledged deliveries, for show.
    pub place: PlaceId,
}

impl Consumer {
    fn is_full(&self) -> bool {
        !self.no_ack && self.limit > 0 && self.open >= self.limit
    }
}

/// Names a consumer of a queue. One that has left is never mistaken for one that came later.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Handle {
    slot: u32,
    serial: u32,
}

impl Handle {
    /// Names nobody.
    pub const NONE: Handle = Handle { slot: NONE, serial: 0 };
}

/// A consumer with its neighbours in the list that it is in.
#[derive(Clone, Copy, Debug)]
struct Member {
    consumer: Consumer,
    serial: u32,
    before: u32,
    behind: u32,
    /// When it was set aside, as a number that grows.
    aside_since: u64,
}

/// A linked list through the slots.
#[derive(Clone, Copy, Debug)]
struct List {
    first: u32,
    last: u32,
}

impl List {
    const EMPTY: List = List { first: NONE, last: NONE };
}

/// Consumers of one priority that are in the rotation; never empty.
#[derive(Clone, Copy, Debug)]
struct Ring {
    priority: i32,
    list: List,
}

/// What the next step of handing out is, as far as consumers go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// Nobody can take anything.
    Nobody,
    /// This consumer had no room and was set aside; there may be others.
    Aside(Handle),
    /// It is this consumer's turn, and it counts the delivery.
    Of(Handle),
}

/// The consumers.
#[derive(Debug)]
pub struct Rotation {
    members: Slab<Member>,
    /// By ascending priority, so that the next is at the end.
    rings: Vec<Ring>,
    /// Those that were set aside, in the order in which they were.
    aside: List,
    /// Consumers so far.
    serials: u32,
    /// How often a consumer was set aside so far.
    asides: u64,
    /// Whether one wants the queue for itself; it is the only one then.
    taken: bool,
    /// How many have a priority other than 0.
    rated: u32,
    /// Whether only one at a time is served.
    single: bool,
    /// Which one that is.
    active: u32,
}

crate::clone_in_place!(Rotation { members, rings, aside, serials, asides, taken, rated, single, active });

impl Default for Rotation {
    fn default() -> Self {
        Rotation {
            members: Slab::new(),
            rings: Vec::new(),
            aside: List::EMPTY,
            serials: 0,
            asides: 0,
            taken: false,
            rated: 0,
            single: false,
            active: NONE,
        }
    }
}

impl Rotation {
    /// Serves one consumer at a time from now on.
    pub fn serve_one_at_a_time(&mut self) {
        self.single = true;
    }

    /// Adds a consumer at the back of those with its priority.
    pub fn subscribe(&mut self, consumer: Consumer) -> Handle {
        self.serials += 1;
        let serial = self.serials;
        let member = Member { consumer, serial, before: NONE, behind: NONE, aside_since: 0 };
        let slot = self.members.insert(member);
        self.taken |= consumer.exclusive;
        self.rated += u32::from(consumer.priority != 0);
        self.join(slot);
        Handle { slot, serial }
    }

    /// Takes a consumer out.
    pub fn unsubscribe(&mut self, handle: Handle) -> Option<Consumer> {
        let gone = *self.get(handle)?;
        self.leave(handle.slot);
        self.members.remove(handle.slot);
        // An exclusive one was alone.
        self.taken &= !gone.exclusive;
        self.rated -= u32::from(gone.priority != 0);
        if self.active == handle.slot {
            self.active = self.next();
        }
        Some(gone)
    }

    /// A consumer.
    pub fn get(&self, handle: Handle) -> Option<&Consumer> {
        self.members.get(handle.slot).filter(|member| member.serial == handle.serial).map(|member| &member.consumer)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether one has the queue for itself.
    pub fn is_taken(&self) -> bool {
        self.taken
    }

    /// Whether a consumer has asked for a priority.
    pub fn has_priorities(&self) -> bool {
        self.rated > 0
    }

    /// The one consumer that is served, where only one at a time is.
    pub fn active(&self) -> Option<&Consumer> {
        self.members.get(self.active).map(|member| &member.consumer)
    }

    /// Those in the rotation in the order of their turns, then those aside.
    pub fn turns(&self) -> impl Iterator<Item = &Consumer> {
        let lists = self.rings.iter().rev().map(|ring| ring.list.first).chain([self.aside.first]);
        lists.flat_map(move |first| {
            let members = &self.members;
            std::iter::successors(members.get(first), |last| members.get(last.behind)).map(|member| &member.consumer)
        })
    }

    /// A consumer settled a delivery. Gives when it was set aside, if it was and has room again: the owner has it rejoin
    /// when all that is settled at once is.
    pub fn settled(&mut self, handle: Handle) -> Option<u64> {
        let member = self.members.get_mut(handle.slot).filter(|member| member.serial == handle.serial)?;
        member.consumer.open = member.consumer.open.saturating_sub(1);
        (member.consumer.aside && !member.consumer.is_full()).then_some(member.aside_since)
    }

    /// When a consumer was set aside, if it was and has room of its own.
    pub fn aside_since(&self, handle: Handle) -> Option<u64> {
        let member = self.members.get(handle.slot).filter(|member| member.serial == handle.serial)?;
        (member.consumer.aside && !member.consumer.is_full()).then_some(member.aside_since)
    }

    /// A consumer that was set aside rejoins at the back of those with its priority.
    pub fn rejoin(&mut self, handle: Handle) {
        if self.aside_since(handle).is_some() {
            self.leave(handle.slot);
            self.members[handle.slot].consumer.aside = false;
            self.join(handle.slot);
        }
    }

    /// Nobody has an unacknowledged delivery any more; those that were set aside rejoin, in the order in which they were.
    pub fn free(&mut self) {
        self.members.iter_mut().for_each(|(_, member)| member.consumer.open = 0);
        while let Some(member) = self.members.get(self.aside.first) {
            self.rejoin(Handle { slot: self.aside.first, serial: member.serial });
        }
    }

    /// The consumer whose turn it is.
    fn next(&self) -> u32 {
        self.rings.last().map_or(NONE, |ring| ring.list.first)
    }

    /// Whose turn it is; `has_room` tells whether its channel has room (a global prefetch limit).
    #[inline]
    pub fn turn(&mut self, has_room: impl FnOnce(&Consumer) -> bool) -> Turn {
        let slot = if self.single { self.active } else { self.next() };
        let Some(member) = self.members.get_mut(slot) else { return Turn::Nobody };
        let (serial, consumer) = (member.serial, &mut member.consumer);
        if consumer.aside {
            return Turn::Nobody;
        }
        if consumer.is_full() || !has_room(consumer) {
            self.set_aside(slot);
            return Turn::Aside(Handle { slot, serial });
        }
        consumer.open += u32::from(!consumer.no_ack);
        if !self.single {
            self.rotate();
        }
        Turn::Of(Handle { slot, serial })
    }

    /// The first of the highest ring goes to its back.
    fn rotate(&mut self) {
        let Some(ring) = self.rings.last_mut() else { return };
        let mut list = ring.list;
        if list.first != list.last {
            let slot = list.first;
            cut(&mut self.members, &mut list, slot);
            append(&mut self.members, &mut list, slot);
            ring.list = list;
        }
    }

    fn set_aside(&mut self, slot: u32) {
        self.leave(slot);
        self.asides += 1;
        let member = &mut self.members[slot];
        member.consumer.aside = true;
        member.aside_since = self.asides;
        append(&mut self.members, &mut self.aside, slot);
    }

    /// At the back of its ring.
    fn join(&mut self, slot: u32) {
        let priority = self.members[slot].consumer.priority;
        let at = match self.rings.binary_search_by_key(&priority, |ring| ring.priority) {
            Ok(at) => at,
            Err(at) => {
                self.rings.insert(at, Ring { priority, list: List::EMPTY });
                at
            }
        };
        append(&mut self.members, &mut self.rings[at].list, slot);
        if self.single && self.active == NONE {
            self.active = slot;
        }
    }

    /// Out of the list that it is in.
    fn leave(&mut self, slot: u32) {
        let Consumer { aside, priority, .. } = self.members[slot].consumer;
        if aside {
            return cut(&mut self.members, &mut self.aside, slot);
        }
        let Ok(at) = self.rings.binary_search_by_key(&priority, |ring| ring.priority) else { return };
        cut(&mut self.members, &mut self.rings[at].list, slot);
        if self.rings[at].list.first == NONE {
            self.rings.remove(at);
        }
    }
}

fn append(members: &mut Slab<Member>, list: &mut List, slot: u32) {
    (members[slot].before, members[slot].behind) = (list.last, NONE);
    match members.get_mut(list.last) {
        Some(last) => last.behind = slot,
        None => list.first = slot,
    }
    list.last = slot;
}

fn cut(members: &mut Slab<Member>, list: &mut List, slot: u32) {
    let Member { before, behind, .. } = members[slot];
    match members.get_mut(before) {
        Some(before) => before.behind = behind,
        None => list.first = behind,
    }
    match members.get_mut(behind) {
        Some(behind) => behind.before = before,
        None => list.last = before,
    }
}
