//! What the end or the return of a process means for the messages that it held.

use super::{Reading, Role};
use crate::ids::{ActorId, CopyId, EventId, Name};
use crate::trace::delta::Delta;
use crate::trace::event::{Event, Kind, Process, What};
use crate::trace::header::PlaceKind;
use crate::trace::log::Log;
use crate::trace::observable::Observable;
use std::collections::{BTreeMap, BTreeSet};

/// What became of the messages that a process held when it ended or came back.
#[derive(Clone, Debug, Default)]
pub struct Toll {
    /// No copy is left anywhere but on the network.
    pub lost: Vec<Name>,
    /// A copy is left on the process's disk.
    pub on_disk: Vec<Name>,
    /// A copy is left with another party.
    pub elsewhere: Vec<Name>,
    /// Came back from the disk (after a restart).
    pub recovered: Vec<Name>,
}

impl Reading {
    pub(super) fn find_tolls(&mut self, log: &Log) {
        let mut state = Observable::new();
        let mut known: BTreeMap<CopyId, Name> = BTreeMap::new();
        let events = log.events();
        let mut at = 0;
        while at < events.len() {
            let id = EventId(at as u32);
            let toll = match events[at].kind {
                Kind::Process(p @ (Process::Killed | Process::PowerLost | Process::Stopped | Process::Restarted)) => {
                    Some(p)
                }
                _ => None,
            };
            let before = toll.map(|_| held_by(log, &state, events[at].actor));
            let mut last = at;
            if toll.is_some() {
                while events.get(last + 1).is_some_and(|e| with(e, &events[at], id)) {
                    self.roles[last + 1] = Role::With(id);
                    last += 1;
                }
            }
            for n in at..=last {
                self.apply(log, EventId(n as u32), &mut state, &mut known);
            }
            if let (Some(_), Some(before)) = (toll, before) {
                let toll = take_toll(log, &state, &events[at], &events[at..=last], before);
                self.tolls.insert(id, toll);
            }
            at = last + 1;
        }
    }

    /// Folds the event's deltas, and notes which messages a disk operation carried.
    fn apply(&mut self, log: &Log, id: EventId, state: &mut Observable, known: &mut BTreeMap<CopyId, Name>) {
        let op = match log.events()[id.at()].kind {
            Kind::Disk { op, .. } => Some(op),
            _ => None,
        };
        for delta in log.deltas(id) {
            state.apply(delta);
            let message = match *delta {
                Delta::Put { copy, message, .. } => {
                    known.insert(copy, message);
                    Some(message)
                }
                Delta::Move { copy, .. } => known.get(&copy).copied(),
                _ => None,
            };
            if let (Some(op), Some(message)) = (op, message) {
                let carried = self.carried.entry(op).or_default();
                if !carried.contains(&message) {
                    carried.push(message);
                }
            }
        }
    }
}

/// Whether an event tells only what the end or the return of a process means for messages.
fn with(event: &Event, process: &Event, id: EventId) -> bool {
    let Kind::Note { what, .. } = event.kind else { return false };
    let told = matches!(what, What::Vanished | What::Recovered | What::Created);
    told && (event.cause == id || (event.time == process.time && event.actor == process.actor))
}

/// The messages that a process holds, in memory or on its disk, in the order of their places.
fn held_by(log: &Log, state: &Observable, actor: ActorId) -> Vec<Name> {
    let mut held = Vec::new();
    for place in state.places.keys() {
        let Some(p) = log.places.get(place.at()) else { continue };
        if p.kind != PlaceKind::Durable && p.kind != PlaceKind::Table && owner(log, p.actor) == actor {
            held.extend(state.in_place(*place).map(|h| h.message));
        }
    }
    dedup(held)
}

/// The node of a disk; anybody else is their own.
fn owner(log: &Log, actor: ActorId) -> ActorId {
    log.header.actors.get(actor.at()).and_then(|a| a.of).unwrap_or(actor)
}

fn dedup(names: Vec<Name>) -> Vec<Name> {
    let mut seen = BTreeSet::new();
    names.into_iter().filter(|name| seen.insert(*name)).collect()
}

fn take_toll(log: &Log, state: &Observable, process: &Event, group: &[Event], before: Vec<Name>) -> Toll {
    let (mut kept, mut disk, mut elsewhere) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for place in state.places.keys() {
        let Some(p) = log.places.get(place.at()) else { continue };
        let set = match (p.kind, owner(log, p.actor) == process.actor) {
            (PlaceKind::Table, _) => continue,
            (PlaceKind::PageCache | PlaceKind::Durable, true) => &mut disk,
            (_, true) => &mut kept,
            (_, false) => &mut elsewhere,
        };
        set.extend(state.in_place(*place).map(|h| h.message));
    }
    let noted = |wanted: What| {
        group.iter().filter_map(move |e| match e.kind {
            Kind::Note { what, message, .. } if what == wanted => Some(message),
            _ => None,
        })
    };
    let mut toll = Toll { recovered: dedup(noted(What::Recovered).collect()), ..Toll::default() };
    let mut gone = before;
    gone.extend(noted(What::Vanished));
    for message in dedup(gone) {
        if !message.is_some() || kept.contains(&message) {
            continue;
        } else if disk.contains(&message) {
            toll.on_disk.push(message);
        } else if elsewhere.contains(&message) {
            toll.elsewhere.push(message);
        } else {
            toll.lost.push(message);
        }
    }
    toll
}
