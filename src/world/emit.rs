//! Making events: ids, causes and needs.

use super::state::World;
use crate::ids::{ActorId, CopyId, EventId, RuleId};
use crate::machine::Need;
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

    /// An event with its changes. Where nobody listens nothing is made.
    pub(super) fn emit_with<O: Observer>(
        &mut self,
        kind: Kind,
        about: About,
        deltas: &[Delta],
        observer: &mut O,
    ) -> EventId {
        if !O::EVENTS {
            return EventId::NONE;
        }
        let id = EventId(self.prov.events);
        self.prov.events += 1;
        let need = match about.need {
            Need::Copy(copy) => self.prov.touched.get(copy.at()).copied().unwrap_or_default(),
            Need::Nothing | Need::Place(_) => EventId::NONE,
        };
        let need = if need == about.cause { EventId::NONE } else { need };
        let About { actor, cause, number, rule, .. } = about;
        let event = Event { time: self.engine.now(), kind, cause, need, number, rule, actor };
        if O::DELTAS {
            for delta in deltas {
                if let Delta::Put { copy, .. } | Delta::Move { copy, .. } | Delta::Remove { copy, .. } = delta {
                    self.touch(*copy, id);
                }
            }
        }
        observer.event(id, &event, deltas, &self.tables());
        id
    }

    fn touch(&mut self, copy: CopyId, id: EventId) {
        if self.prov.touched.len() <= copy.at() {
            self.prov.touched.resize(copy.at() + 1, EventId::NONE);
        }
        self.prov.touched[copy.at()] = id;
    }

    pub(super) fn end<O: Observer>(&mut self, outcome: Outcome, observer: &mut O) -> Option<Outcome> {
        self.ended = Some(outcome);
        let about = About::of(self.plan.lab_id(), EventId::NONE, super::rules::END);
        self.emit(Kind::End(outcome), about, observer);
        self.ended
    }
}
