//! The parties at the end of a run: what each producer believes, each queue and table holds, each consumer did.
//!
//! Not the judgement, which compares them (`judge`).

use super::book::mark;
use super::findings::{ConsumerView, Deeds, FaultView, Ids, ProducerView, QueueView, Sum, TableView};
use super::judge::Listing;
use super::stream::{Deed, Verdict};
use super::tally::{LISTED, Tally};
use crate::ids::{ActorId, Name, Names, PlaceId};
use crate::trace::{ActorKind, Belief, Held, Observable, Place, PlaceKind, Tables};

impl Verdict {
    pub(super) fn producers(&self, names: &Names) -> Vec<ProducerView> {
        let mut tallies = vec![[(); 5].map(|()| Tally::default()); self.header.actors.len()];
        for slot in 0..self.book.len() {
            let message = self.book.message(slot);
            let Some(mine) = tallies.get_mut(message.producer.at()) else { continue };
            mine[message.belief as usize].add(slot);
            if message.marks & mark::GAVE_UP != 0 {
                mine[4].add(slot);
            }
        }
        let listing = Listing { verdict: self, names };
        let mut views = Vec::new();
        for (at, actor) in self.header.actors.iter().enumerate() {
            let published = self.deeds[at].published;
            if actor.kind != ActorKind::Producer && self.deeds[at].attempts + self.deeds[at].passed_on == 0 {
                continue;
            }
            let of = |row: usize| listing.ids(&tallies[at][row]);
            views.push(ProducerView {
                name: actor.name.clone(),
                published,
                planned: self.header.planned.iter().find(|row| row.producer.at() == at).map(|row| row.messages),
                attempts: self.deeds[at].attempts,
                passed_on: self.deeds[at].passed_on,
                answers: self.deeds[at].answered > 0,
                sent: of(Belief::Sent as usize),
                confirmed: of(Belief::Confirmed as usize),
                refused: of(Belief::Refused as usize),
                unknown: of(Belief::Unknown as usize),
                gave_up: of(4),
                left: self.deeds[at].left,
            });
        }
        views
    }

    pub(super) fn consumers(&self, state: &Observable, tables: &Tables<'_>) -> Vec<ConsumerView> {
        let mut views = Vec::new();
        for (at, actor) in self.header.actors.iter().enumerate() {
            let deeds = self.deeds[at];
            let id = ActorId(at as u16);
            if actor.kind != ActorKind::Consumer && deeds.received == 0 && deeds.done == 0 {
                continue;
            }
            let listing = Listing { verdict: self, names: tables.names };
            let messages = |deed, count| listing.deed(id, deed, count);
            let inbox = |place: &Place| place.kind == PlaceKind::Inbox && place.actor == id;
            views.push(ConsumerView {
                name: actor.name.clone(),
                received: deeds.received,
                done: deeds.done,
                failed: deeds.failed,
                skipped: deeds.skipped,
                thrown_away: deeds.thrown_away,
                messages: Deeds {
                    received: messages(Deed::Received, deeds.received),
                    done: messages(Deed::Done, deeds.done),
                    failed: messages(Deed::Failed, deeds.failed),
                    skipped: messages(Deed::Skipped, deeds.skipped),
                },
                finished: (deeds.done > 0).then_some(deeds.finished),
                counted_at: self.counted_elsewhere(id),
                waiting: held(state, tables, inbox),
                left: deeds.left,
            });
        }
        views
    }

    /// The destination of a consumer that shares another's.
    fn counted_elsewhere(&self, consumer: ActorId) -> Option<String> {
        let row = self.header.destinations.iter().find(|row| row.consumer == consumer)?;
        let own = row.table.as_ref().unwrap_or(&row.from);
        let name = self.destinations.name(self.destinations.of_consumer(consumer)?);
        (name != own).then(|| name.to_owned())
    }

    pub(super) fn tables(&self, state: &Observable, tables: &Tables<'_>) -> Vec<TableView> {
        let mut names: Vec<String> = Vec::new();
        let declared = self.header.destinations.iter().filter_map(|row| row.table.clone());
        let seen = tables.places.iter().filter(|p| p.kind == PlaceKind::Table).map(|p| tables.names.text(p.name));
        for name in declared.chain(seen) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let mut views = Vec::new();
        for name in names {
            let known = tables.names.find(&name);
            let rows = held(state, tables, |place| place.kind == PlaceKind::Table && Some(place.name) == known);
            let sums = sums(&name, state, tables.names);
            views.push(TableView { name, rows, sums });
        }
        views
    }

    /// The queues in the order in which they came up, with what is in them and on disk under their names.
    pub(super) fn queues(&self, state: &Observable, tables: &Tables<'_>) -> Vec<QueueView> {
        let mut seen: Vec<(ActorId, Name)> = Vec::new();
        let queue = |kind| matches!(kind, PlaceKind::Queue | PlaceKind::Unacked);
        for place in tables.places.iter().filter(|place| queue(place.kind)) {
            if !seen.contains(&(place.actor, place.name)) {
                seen.push((place.actor, place.name));
            }
        }
        seen.into_iter().map(|(node, name)| self.queue(node, name, state, tables)).collect()
    }

    fn queue(&self, node: ActorId, name: Name, state: &Observable, tables: &Tables<'_>) -> QueueView {
        let actors = &self.header.actors;
        let disk_of = |actor: ActorId| actors.get(actor.at()).and_then(|a| a.of).unwrap_or(actor);
        let mine = |place: &Place| place.name == name && (place.actor == node || disk_of(place.actor) == node);
        let of = |kind| held(state, tables, |place| place.kind == kind && mine(place));
        let place = |id: PlaceId| tables.places.get(id.at()).filter(|place| mine(place));
        let deleted = self.deleted.iter().any(|id| place(*id).is_some());
        // Of a queue that was deleted, and perhaps declared again, the disk may still have records of the old one.
        let in_queue = |held: &Held| {
            let kinds = [PlaceKind::Queue, PlaceKind::Unacked];
            let ids = (0..tables.places.len() as u32).map(PlaceId);
            let mut own = ids.filter(|id| place(*id).is_some_and(|place| kinds.contains(&place.kind)));
            own.any(|id| state.in_place(id).any(|other| other.copy == held.copy))
        };
        let on_disk = |kind| {
            let kept = |held: &Held| !deleted || in_queue(held);
            held_if(state, tables, |place| place.kind == kind && mine(place), kept)
        };
        QueueView {
            name: tables.names.text(name),
            node: actors.get(node.at()).map(|actor| actor.name.clone()).unwrap_or_default(),
            ready: of(PlaceKind::Queue),
            unacked: of(PlaceKind::Unacked),
            page_cache: on_disk(PlaceKind::PageCache),
            durable: on_disk(PlaceKind::Durable),
        }
    }

    pub(super) fn faults(&self) -> Vec<FaultView> {
        let rows = self.header.faults.iter().zip(&self.struck);
        let mut views: Vec<FaultView> = Vec::new();
        for (fault, struck) in rows {
            // A nemesis has a number for each of the faults that it draws.
            match views.last_mut().filter(|last| last.name == fault.name) {
                Some(last) => last.struck += struck,
                None => views.push(FaultView { name: fault.name.clone(), struck: *struck, by_chance: fault.by_chance }),
            }
        }
        views
    }
}

/// What was added up in the rows of a table: gauges that are called after the table and the row's key.
fn sums(table: &str, state: &Observable, names: &Names) -> Vec<Sum> {
    let of = |((_, gauge), value): (&(ActorId, Name), &i64)| {
        let text = names.text(*gauge);
        let key = text.strip_prefix(table)?.strip_prefix('.')?;
        Some(Sum { key: key.to_owned(), value: *value })
    };
    let mut sums: Vec<Sum> = state.gauges.iter().filter_map(of).collect();
    sums.sort_by(|a, b| a.key.cmp(&b.key));
    sums
}

/// The copies in all places that `wanted` chooses.
fn held(state: &Observable, tables: &Tables<'_>, wanted: impl Fn(&Place) -> bool) -> Ids {
    held_if(state, tables, wanted, |_| true)
}

/// The copies that `kept` chooses of those in all places that `wanted` chooses.
fn held_if(
    state: &Observable,
    tables: &Tables<'_>,
    wanted: impl Fn(&Place) -> bool,
    kept: impl Fn(&Held) -> bool,
) -> Ids {
    let mut ids = Ids::default();
    // The last message, as long as the unlisted ones go on from the last listed one.
    let mut last = Some(Name::NONE);
    for (id, _) in tables.places.iter().enumerate().filter(|(_, place)| wanted(place)) {
        for held in state.in_place(PlaceId(id as u32)).filter(|held| kept(held)) {
            ids.count += 1;
            list(&mut ids, tables.names, held.message);
            last = last.filter(|last| !ids.more || goes_on(*last, held.message)).map(|_| held.message);
        }
    }
    ids.through = last.filter(|_| ids.more).map(|last| tables.names.text(last));
    ids
}

/// Whether a message is the same as another, or the next of its series.
pub(super) fn goes_on(one: Name, next: Name) -> bool {
    let follows = || one.number().and_then(|n| n.checked_add(1)).is_some_and(|n| next.number() == Some(n));
    one == next || one.prefix() == next.prefix() && follows()
}

pub(super) fn list(ids: &mut Ids, names: &Names, message: Name) {
    if ids.ids.len() >= LISTED {
        ids.more = true;
        return;
    }
    let text = names.text(message);
    if !ids.ids.contains(&text) {
        ids.ids.push(text);
    }
}
