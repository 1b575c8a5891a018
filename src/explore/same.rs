//! Whether two traces are the same up to a point, and how their events belong together.
//!
//! The traces may be of different plans: names, places, actors and faults are compared by what they are called.

use crate::ids::{ActorId, ConnId, CopyId, EventId, FrameId, Name, OpId, PlaceId, Sym};
use crate::trace::{Delta, Event, Frame, Kind, Log};
use std::collections::{BTreeMap, VecDeque};

/// How many events at the start of two traces are the same: kind, time, cause, changes and all.
pub fn same_until(a: &Log, b: &Log) -> usize {
    let mut pair = Pair { a, b, known: Vec::new() };
    let both = a.events().len().min(b.events().len());
    (0..both).find(|i| !pair.same(EventId(*i as u32))).unwrap_or(both)
}

struct Pair<'a> {
    a: &'a Log,
    b: &'a Log,
    /// For each prefix of `a`, the one of `b` that was found to read the same.
    known: Vec<Option<Sym>>,
}

impl Pair<'_> {
    fn same(&mut self, id: EventId) -> bool {
        let (x, y) = (self.a.events()[id.at()], self.b.events()[id.at()]);
        let rest = |e: &Event| (e.time, e.cause, e.need, e.number, e.rule);
        let (xs, ys) = (self.a.deltas(id), self.b.deltas(id));
        rest(&x) == rest(&y)
            && self.actor(x.actor, y.actor)
            && self.kind(x.kind, y.kind)
            && xs.len() == ys.len()
            && xs.iter().zip(ys).all(|(x, y)| self.delta(x, y))
    }

    fn name(&mut self, x: Name, y: Name) -> bool {
        if !x.is_some() || !y.is_some() {
            return x == y;
        }
        if x.number() != y.number() {
            return false;
        }
        let at = x.prefix().0 as usize;
        if self.known.len() <= at {
            self.known.resize(at + 1, None);
        }
        if self.known[at] == Some(y.prefix()) {
            return true;
        }
        let same = self.a.names.prefix_text(x.prefix()) == self.b.names.prefix_text(y.prefix());
        if same {
            self.known[at] = Some(y.prefix());
        }
        same
    }

    fn actor(&self, x: ActorId, y: ActorId) -> bool {
        let name = |log: &'_ Log, id: ActorId| log.header.actors.get(id.at()).map(|actor| actor.name.clone());
        x == y && (!x.is_some() || name(self.a, x) == name(self.b, y))
    }

    fn place(&mut self, x: PlaceId, y: PlaceId) -> bool {
        if x != y {
            return false;
        }
        match (self.a.places.get(x.at()).copied(), self.b.places.get(y.at()).copied()) {
            (Some(x), Some(y)) => {
                x.kind == y.kind && x.holder == y.holder && x.actor == y.actor && self.name(x.name, y.name)
            }
            (x, y) => x.is_none() && y.is_none(),
        }
    }

    fn frame(&mut self, x: FrameId, y: FrameId) -> bool {
        if x != y {
            return false;
        }
        let (Some(x), Some(y)) = (self.a.frame(x).copied(), self.b.frame(y).copied()) else { return false };
        let rest = |f: &Frame| (f.conn, f.from, f.to, f.verb, f.channel, f.flags, f.number, f.size);
        rest(&x) == rest(&y) && self.name(x.message, y.message) && self.name(x.a, y.a) && self.name(x.b, y.b)
    }

    fn kind(&mut self, x: Kind, y: Kind) -> bool {
        match (x, y) {
            (Kind::Sent(x), Kind::Sent(y))
            | (Kind::Arrived(x), Kind::Arrived(y))
            | (Kind::Lost(x), Kind::Lost(y))
            | (Kind::Ignored(x), Kind::Ignored(y)) => self.frame(x, y),
            (Kind::Note { what, place, message }, Kind::Note { what: w, place: p, message: m }) => {
                what == w && self.place(place, p) && self.name(message, m)
            }
            (Kind::Fault(x), Kind::Fault(y)) | (Kind::Over(x), Kind::Over(y)) => {
                let (a, b) = (&self.a.header.faults, &self.b.header.faults);
                x == y && a.get(x.at()).map(|f| &f.name) == b.get(y.at()).map(|f| &f.name)
            }
            (x, y) => x == y,
        }
    }

    fn delta(&mut self, x: &Delta, y: &Delta) -> bool {
        match (*x, *y) {
            (
                Delta::Put { place, copy, message, order, flags },
                Delta::Put { place: p, copy: c, message: m, order: o, flags: f },
            ) => (copy, order, flags) == (c, o, f) && self.place(place, p) && self.name(message, m),
            (
                Delta::Move { copy, from, to, order, flags },
                Delta::Move { copy: c, from: f, to: t, order: o, flags: g },
            ) => (copy, order, flags) == (c, o, g) && self.place(from, f) && self.place(to, t),
            (Delta::Remove { copy, place }, Delta::Remove { copy: c, place: p }) => copy == c && self.place(place, p),
            (Delta::Clear { place }, Delta::Clear { place: p }) => self.place(place, p),
            (Delta::Set { actor, gauge, value }, Delta::Set { actor: a, gauge: g, value: v }) => {
                value == v && self.actor(actor, a) && self.name(gauge, g)
            }
            (Delta::Believe { actor, message, belief }, Delta::Believe { actor: a, message: m, belief: b }) => {
                belief == b && self.actor(actor, a) && self.name(message, m)
            }
            _ => false,
        }
    }
}

/// A row of two traces side by side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// The event of the first trace, if it has one here.
    pub left: Option<EventId>,
    /// The event of the second.
    pub right: Option<EventId>,
}

/// The events of two traces side by side: those that do the same because of the same, and, of the rest, those that do
/// the same in the same order. Every event is in one row; each side's events are in their order but for those whose
/// partner came earlier.
pub fn align(a: &Log, b: &Log) -> Vec<Row> {
    let mut words = Words::default();
    let left: Vec<Key> = (0..a.events().len()).map(|i| words.key(a, EventId(i as u32))).collect();
    let right: Vec<Key> = (0..b.events().len()).map(|i| words.key(b, EventId(i as u32))).collect();
    let mut of_left = vec![None; left.len()];
    let mut of_right = vec![None; right.len()];
    // By what they do and the partner of their cause.
    let mut open: BTreeMap<(EventId, Key), VecDeque<usize>> = BTreeMap::new();
    for (i, event) in a.events().iter().enumerate() {
        open.entry((event.cause, left[i])).or_default().push_back(i);
    }
    for (j, event) in b.events().iter().enumerate() {
        let cause = match event.cause.is_some() {
            true => match of_right.get(event.cause.at()).copied().flatten() {
                Some(partner) => EventId(partner as u32),
                None => continue,
            },
            false => EventId::NONE,
        };
        if let Some(i) = open.get_mut(&(cause, right[j])).and_then(VecDeque::pop_front) {
            (of_left[i], of_right[j]) = (Some(j), Some(i));
        }
    }
    // By what they do alone.
    let mut rest: BTreeMap<Key, VecDeque<usize>> = BTreeMap::new();
    for i in (0..left.len()).filter(|i| of_left[*i].is_none()) {
        rest.entry(left[i]).or_default().push_back(i);
    }
    for j in 0..right.len() {
        if of_right[j].is_none()
            && let Some(i) = rest.get_mut(&right[j]).and_then(VecDeque::pop_front)
        {
            (of_left[i], of_right[j]) = (Some(j), Some(i));
        }
    }
    rows(&of_left, &of_right)
}

fn rows(of_left: &[Option<usize>], of_right: &[Option<usize>]) -> Vec<Row> {
    let id = |i: usize| Some(EventId(i as u32));
    let mut rows = Vec::with_capacity(of_left.len().max(of_right.len()));
    let mut shown = vec![false; of_left.len()];
    let (mut i, mut j) = (0, 0);
    while i < of_left.len() || j < of_right.len() {
        if i < of_left.len() && shown[i] {
            i += 1;
        } else if i < of_left.len() && of_left[i].is_none() {
            rows.push(Row { left: id(i), right: None });
            i += 1;
        } else if j < of_right.len() {
            // A pair comes where its right event does, or its left one has been passed already.
            let partner = of_right[j];
            if let Some(partner) = partner {
                shown[partner] = true;
            }
            rows.push(Row { left: partner.and_then(id), right: id(j) });
            j += 1;
        } else {
            i += 1;
        }
    }
    rows
}

/// What an event does, in numbers that mean the same in both traces.
type Key = [u32; 6];

/// Texts of two traces, numbered together.
#[derive(Default)]
struct Words {
    numbers: BTreeMap<String, u32>,
}

impl Words {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.numbers.len() as u32;
        self.numbers.insert(text.to_owned(), number);
        number
    }

    fn name(&mut self, log: &Log, name: Name) -> u32 {
        if name.is_some() { self.number(&log.names.text(name)) } else { u32::MAX }
    }

    fn actor(&mut self, log: &Log, actor: ActorId) -> u32 {
        log.header.actors.get(actor.at()).map_or(u32::MAX, |actor| self.number(&actor.name))
    }

    fn key(&mut self, log: &Log, id: EventId) -> Key {
        let event = &log.events()[id.at()];
        let actor = self.actor(log, event.actor);
        let own = match event.kind {
            Kind::Sent(f) => self.frame(log, 0, f),
            Kind::Arrived(f) => self.frame(log, 1, f),
            Kind::Lost(f) => self.frame(log, 2, f),
            Kind::Ignored(f) => self.frame(log, 3, f),
            Kind::Link { what, conn: ConnId(_) } => [4, what as u32, 0, 0, 0],
            Kind::Process(what) => [5, what as u32, 0, 0, 0],
            Kind::Timer(verb) => [6, u32::from(verb.0), 0, 0, 0],
            Kind::Disk { what, op: OpId(_) } => [7, what as u32, self.copied(log, id), 0, 0],
            Kind::Note { what, place, message } => {
                let place = log.places.get(place.at());
                let (kind, at) = place.map_or((u32::MAX, u32::MAX), |p| (p.kind as u32, self.name(log, p.name)));
                [8, what as u32, kind, at, self.name(log, message)]
            }
            Kind::Fault(fault) | Kind::Over(fault) => {
                let tag = if matches!(event.kind, Kind::Over(_)) { 11 } else { 9 };
                let name = log.header.faults.get(fault.at()).map_or(u32::MAX, |fault| self.number(&fault.name));
                [tag, name, 0, 0, 0]
            }
            Kind::End(_) => [10, 0, 0, 0, 0],
        };
        [actor, own[0], own[1], own[2], own[3], own[4]]
    }

    fn frame(&mut self, log: &Log, tag: u32, frame: FrameId) -> [u32; 5] {
        let Some(frame) = log.frame(frame) else { return [tag, u32::MAX, 0, 0, 0] };
        let client = self.actor(log, if frame.from.0 < frame.to.0 { frame.from } else { frame.to });
        let words = (self.name(log, frame.a), self.name(log, frame.b));
        let words = words.0.wrapping_mul(0x9e37_79b1) ^ words.1;
        [tag, u32::from(frame.verb.0), client, self.name(log, frame.message), words]
    }

    /// The first message that a disk operation moved.
    fn copied(&mut self, log: &Log, id: EventId) -> u32 {
        let put = log.deltas(id).iter().find_map(|delta| match *delta {
            Delta::Put { message, copy: CopyId(_), .. } => Some(message),
            _ => None,
        });
        put.map_or(u32::MAX, |message| self.name(log, message))
    }
}
