//! What repeats something: another attempt, another copy, the same work again, another row.

use super::{Reading, class_of, numbered};
use crate::ids::{ActorId, EventId, FrameId, Name, PlaceId};
use crate::trace::event::{Kind, Process, What};
use crate::trace::header::PlaceKind;
use crate::trace::log::Log;
use crate::trace::vocabulary::{Class, VerbBook};
use std::collections::BTreeMap;

/// What an event repeats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repeat {
    /// Nothing.
    No,
    /// The producer sends the message again; the number of the attempt.
    Again(u32),
    /// Another copy of the same message in the same queue; the number of the copy.
    Copy(u32),
    /// The same work done again; how often by now.
    Work(u32),
    /// Another row for the same message; how many by now.
    Row(u32),
}

impl Reading {
    pub(super) fn find_repeats(&mut self, log: &Log, verbs: &VerbBook) {
        let mut copies: BTreeMap<(PlaceId, Name), u32> = BTreeMap::new();
        let mut rows: BTreeMap<(PlaceId, Name), u32> = BTreeMap::new();
        let mut work: BTreeMap<(String, Name), u32> = BTreeMap::new();
        let mut attempt: BTreeMap<(ActorId, Name), u32> = BTreeMap::new();
        for (id, event) in numbered(log) {
            if let Kind::Sent(f) = event.kind {
                self.mark_attempt(log, verbs, id, f, &attempt);
            }
            if let Kind::Process(Process::Killed | Process::PowerLost | Process::Stopped) = event.kind {
                // What the process held is gone; what its disk gives back counts again as it comes.
                copies.retain(|(place, _), _| log.places.get(place.at()).is_none_or(|p| p.actor != event.actor));
            }
            let Kind::Note { what, place, message } = event.kind else { continue };
            if !message.is_some() {
                continue;
            }
            let repeat = &mut self.repeats[id.at()];
            match what {
                What::Published => {
                    attempt.insert((event.actor, message), event.number);
                    if event.number > 1 {
                        *repeat = Repeat::Again(event.number);
                    }
                }
                What::Stored => count(&mut copies, (place, message), repeat, Repeat::Copy),
                What::Recovered => *copies.entry((place, message)).or_default() += 1,
                What::RowInserted => count(&mut rows, (place, message), repeat, Repeat::Row),
                What::WorkDone => {
                    count(&mut work, (destination(log, event.actor, place), message), repeat, Repeat::Work);
                }
                // Gone without having been done: another copy there is no double.
                What::DeadLettered | What::Expired | What::Dropped | What::Rejected | What::Purged | What::Vanished => {
                    if let Some(n) = copies.get_mut(&(place, message)) {
                        *n = n.saturating_sub(1);
                    }
                }
                _ => {}
            }
        }
    }

    fn mark_attempt(
        &mut self,
        log: &Log,
        verbs: &VerbBook,
        id: EventId,
        f: FrameId,
        attempt: &BTreeMap<(ActorId, Name), u32>,
    ) {
        let Some(frame) = log.frame(f) else { return };
        if class_of(verbs, frame.verb) != Class::Publish {
            return;
        }
        if let Some(&n) = attempt.get(&(frame.from, frame.message)).filter(|n| **n > 1) {
            self.attempts.insert(id, n);
        }
    }
}

fn count<K: Ord>(counts: &mut BTreeMap<K, u32>, key: K, repeat: &mut Repeat, make: fn(u32) -> Repeat) {
    let n = counts.entry(key).or_insert(0);
    *n += 1;
    if *n > 1 {
        *repeat = make(*n);
    }
}

/// Where the work of a consumer is counted: its table, else its queue.
fn destination(log: &Log, actor: ActorId, place: PlaceId) -> String {
    let place = log.places.get(place.at()).map(|p| (p.kind, log.names.text(p.name)));
    if let Some((PlaceKind::Table, name)) = place {
        return name;
    }
    let mine = || log.header.destinations.iter().filter(|d| d.consumer == actor);
    let from = place.and_then(|(_, name)| mine().find(|d| d.from == name)).or_else(|| mine().next());
    from.map_or_else(|| log.actor_name(actor), |d| d.table.clone().unwrap_or_else(|| d.from.clone()))
}
