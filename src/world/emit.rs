//! Making events: ids, causes and needs.

use super::state::World;
use crate::ids::{ActorId, EventId, RuleId};
use crate::machine::{Brief, Need, Wanted};
use crate::trace::{Delta, Event, Kind, Observer, Outcome};

/// What an event has besides its kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct About {
    pub(super) actor: ActorId,
    pub(super) cause: EventId,
    pub(super) need: Need,
    pub(super) number: u32,
    pub(super) rule: RuleId,
}

impl About {
    pub(super) fn of(actor: ActorId, cause: EventId, rule: RuleId) -> About {
        About { actor, cause, need: Need::Nothing, number: 0, rule }
    }
}

impl World {
    /// An event without changes.
    pub(super) fn emit<O: Observer>(&mut self, kind: Kind, about: About, observer: &mut O) -> EventId {
        self.emit_with(kind, about, &[], observer)
    }

    /// An event with its changes. Where nobody wants it nothing is made.
    #[inline]
    pub(super) fn emit_with<O: Observer>(
        &mut self,
        kind: Kind,
        about: About,
        deltas: &[Delta],
        observer: &mut O,
    ) -> EventId {
        if !is_wanted::<O>(kind) {
            return EventId::NONE;
        }
        self.tell(kind, about, deltas, observer)
    }

    fn tell<O: Observer>(&mut self, kind: Kind, about: About, deltas: &[Delta], observer: &mut O) -> EventId {
        let id = self.next_event();
        let About { actor, cause, number, rule, .. } = about;
        let mut event = Event { time: self.engine.now(), kind, cause, need: EventId::NONE, number, rule, actor };
        if O::WANTS.all {
            event.need = self.need_of(about);
            for delta in deltas {
                self.touch(delta, id);
            }
            if let Kind::Note { place, .. } = kind
                && place.is_some()
            {
                note(&mut self.prov.visited, place.at(), id);
            }
        }
        observer.event(id, &event, deltas, &self.tables());
        id
    }

    #[inline]
    fn next_event(&mut self) -> EventId {
        self.prov.events += 1;
        EventId(self.prov.events - 1)
    }

    /// The last event of what the event acted on, where it says something that the cause does not.
    fn need_of(&self, about: About) -> EventId {
        let need = match about.need {
            Need::Copy(copy) => self.prov.touched.get(copy.at()).copied().unwrap_or_default(),
            Need::Place(place) => self.prov.visited.get(place.at()).copied().unwrap_or_default(),
            Need::Nothing => EventId::NONE,
        };
        if need == about.cause { EventId::NONE } else { need }
    }

    /// What machines need not put out where only this observer and the faults listen.
    #[inline]
    pub(super) fn wanted<O: Observer>(&self) -> Wanted {
        Wanted {
            notes: O::WANTS.notes.and(self.watch.notes),
            deltas: O::WANTS.all,
            // A fault that waits for a note must find it among the outputs.
            brief: !O::WANTS.all && self.watch.notes.is_empty(),
        }
    }

    /// Tells the brief notes from `next` on that come before the output `at`. Gives the first that does not.
    #[inline]
    pub(super) fn tell_briefs<O: Observer>(
        &mut self,
        actor: ActorId,
        briefs: &[Brief],
        mut next: usize,
        at: usize,
        observer: &mut O,
    ) -> usize {
        while let Some(&Brief { after, what, place, message, number }) = briefs.get(next)
            && after as usize <= at
        {
            if O::WANTS.notes.has(what) {
                let id = self.next_event();
                let (cause, need, rule) = (EventId::NONE, EventId::NONE, RuleId::NONE);
                let kind = Kind::Note { what, place, message };
                let event = Event { time: self.engine.now(), kind, cause, need, number, rule, actor };
                observer.event(id, &event, &[], &self.tables());
            }
            next += 1;
        }
        next
    }

    /// Remembers an event as the last one about the copy and the places that it changes.
    fn touch(&mut self, delta: &Delta, id: EventId) {
        let (copy, places) = match *delta {
            Delta::Put { copy, place, .. } | Delta::Remove { copy, place } => (copy, [place, place]),
            Delta::Move { copy, from, to, .. } => (copy, [from, to]),
            Delta::Clear { place } => return note(&mut self.prov.visited, place.at(), id),
            Delta::Set { .. } | Delta::Believe { .. } => return,
        };
        note(&mut self.prov.touched, copy.at(), id);
        for place in places {
            note(&mut self.prov.visited, place.at(), id);
        }
    }

    pub(super) fn end<O: Observer>(&mut self, outcome: Outcome, observer: &mut O) -> Option<Outcome> {
        self.ended = Some(outcome);
        let about = About::of(self.plan.lab_id(), EventId::NONE, super::rules::END);
        self.emit(Kind::End(outcome), about, observer);
        self.ended
    }
}

/// Whether an event of this kind is to be made for this observer. Frames that it does not want have no number.
#[inline]
fn is_wanted<O: Observer>(kind: Kind) -> bool {
    O::WANTS.all
        || match kind {
            Kind::Sent(frame) | Kind::Arrived(frame) | Kind::Lost(frame) | Kind::Ignored(frame) => {
                O::WANTS.carriers && frame.is_some()
            }
            Kind::Note { what, .. } => O::WANTS.notes.has(what),
            Kind::Fault(_) | Kind::End(_) => O::WANTS.any(),
            // They tell what becomes of what is under way.
            Kind::Link { .. } | Kind::Process(_) => O::WANTS.carriers,
            Kind::Over(_) | Kind::Timer(_) | Kind::Disk { .. } => false,
        }
}

/// Puts the last event about something at its place in a list that grows as needed.
fn note(list: &mut Vec<EventId>, at: usize, id: EventId) {
    if list.len() <= at {
        list.resize(at + 1, EventId::NONE);
    }
    list[at] = id;
}
