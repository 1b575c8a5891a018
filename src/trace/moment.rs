//! A moment of a run, named by what happens in it, and found again in the run's record.
//!
//! Not a trigger: it changes nothing. A fault's moment strikes while the run goes on and is the world's; this one is
//! looked up afterwards, for captions and questions.

use super::delta::Delta;
use super::event::{DiskStep, Event, Kind, What};
use super::header::{ActorKind, PlaceKind};
use super::log::Log;
use super::observable::Observable;
use super::vocabulary::VerbBook;
use crate::ids::{ActorId, EventId, Name};
use crate::units::Time;
use serde::{Deserialize, Serialize};

/// A moment. Names are those of the header; what is left out fits anything; `nth` counts from 1.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Moment {
    /// The first event at this time or later, in nanoseconds from the start.
    At(u64),
    /// A frame is sent.
    Sending(FrameAt),
    /// A frame arrives.
    Arriving(FrameAt),
    /// A disk does a step.
    Disk(DiskAt),
    /// A consumer has received a message, or completed the work on it.
    Work(WorkAt),
}

/// Which frame.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameAt {
    /// The protocol's method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Its sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Its receiver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The message it carries or is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The how-manieth of these.
    pub nth: u32,
}

/// Which step of which disk.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskAt {
    /// The node whose disk it is.
    pub node: String,
    /// Which step; a sync counts where it begins (`sync`) or where it is done (`synced`).
    pub step: DiskStep,
    /// A message that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The how-manieth of these.
    pub nth: u32,
}

/// Which note of a consumer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkAt {
    /// Whose.
    pub consumer: String,
    /// `received` or `work-done`.
    pub what: What,
    /// On which message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The how-manieth of these.
    pub nth: u32,
}

impl Moment {
    /// The moment of an event, such that [`Moment::find`] comes back to it: by what happens where that can be said, else
    /// by its time, and then to the first event of that time.
    pub fn of(log: &Log, verbs: &VerbBook, id: EventId) -> Moment {
        let Some(event) = log.event(id) else { return Moment::At(0) };
        let mut moment = Search { log, verbs }.named(event).unwrap_or(Moment::At(event.time.0));
        // The how-manieth it is shows when all before it are counted.
        let mut nth = 0;
        moment.each(log, verbs, &mut |found| {
            nth += 1;
            found < id
        });
        match &mut moment {
            Moment::At(_) => {}
            Moment::Sending(frame) | Moment::Arriving(frame) => frame.nth = nth,
            Moment::Disk(disk) => disk.nth = nth,
            Moment::Work(work) => work.nth = nth,
        }
        moment
    }

    /// The event at which it comes; `None` where it does not come in this run.
    pub fn find(&self, log: &Log, verbs: &VerbBook) -> Option<EventId> {
        let nth = match self {
            Moment::At(_) => 1,
            Moment::Sending(frame) | Moment::Arriving(frame) => frame.nth,
            Moment::Disk(disk) => disk.nth,
            Moment::Work(work) => work.nth,
        };
        let (mut left, mut at) = (nth, None);
        self.each(log, verbs, &mut |found| {
            left = left.saturating_sub(1);
            at = (left == 0 && nth > 0).then_some(found);
            at.is_none()
        });
        at
    }

    /// Gives every event that is such a moment, whatever its number, until `more` says that it is enough.
    fn each(&self, log: &Log, verbs: &VerbBook, more: &mut dyn FnMut(EventId) -> bool) {
        let search = Search { log, verbs };
        let mut state = Observable::new();
        for (n, event) in log.events().iter().enumerate() {
            let id = EventId(n as u32);
            let fits = match (self, event.kind) {
                (Moment::At(time), _) => event.time >= Time(*time),
                (Moment::Sending(frame), Kind::Sent(sent)) => search.frame(frame, sent),
                (Moment::Arriving(frame), Kind::Arrived(arrived)) => search.frame(frame, arrived),
                (Moment::Work(work), Kind::Note { what, message, .. }) => {
                    what == work.what
                        && search.is(event.actor, &work.consumer)
                        && search.about(message, work.message.as_deref())
                }
                // What a sync is about lies in the page cache before it is done.
                (Moment::Disk(disk), _) => search.disk(disk, id, event, &state),
                _ => false,
            };
            if fits && !more(id) {
                return;
            }
            if matches!(self, Moment::Disk(_)) {
                log.deltas(id).iter().for_each(|delta| _ = state.apply(delta));
            }
        }
    }
}

struct Search<'a> {
    log: &'a Log,
    verbs: &'a VerbBook,
}

impl Search<'_> {
    /// What happens at an event, as the first of its kind.
    fn named(&self, event: &Event) -> Option<Moment> {
        let name = |id: ActorId| self.log.header.actors.get(id.at()).map(|actor| actor.name.clone());
        let text = |message: Name| {
            let text = message.is_some().then(|| self.log.names.text(message).to_string());
            text.filter(|text| !text.is_empty() && text.len() <= 255 && !text.chars().any(char::is_control))
        };
        match event.kind {
            Kind::Sent(id) | Kind::Arrived(id) => {
                let frame = self.log.frame(id)?;
                let actor = |id: ActorId| self.log.header.actors.get(id.at());
                let is_node = |id: ActorId| actor(id).is_some_and(|actor| actor.kind == ActorKind::Node);
                // One end is a node in most systems, so the other one is what tells frames apart.
                let (from, to) = match (is_node(frame.from), is_node(frame.to)) {
                    (true, false) => (None, name(frame.to)),
                    (false, true) => (name(frame.from), None),
                    _ => (name(frame.from), name(frame.to)),
                };
                let method = self.verbs.get(frame.verb).map(|verb| verb.name.to_owned());
                let at = FrameAt { method, from, to, message: text(frame.message), nth: 1 };
                Some(if matches!(event.kind, Kind::Sent(_)) { Moment::Sending(at) } else { Moment::Arriving(at) })
            }
            Kind::Note { what: what @ (What::WorkDone | What::Received), message, .. } => {
                let actor = self.log.header.actors.get(event.actor.at())?;
                let consumer = (actor.kind == ActorKind::Consumer).then(|| actor.name.clone())?;
                Some(Moment::Work(WorkAt { consumer, what, message: text(message), nth: 1 }))
            }
            Kind::Disk { what: step @ (DiskStep::Sync | DiskStep::Written | DiskStep::Synced), .. } => {
                let disk = self.log.header.actors.get(event.actor.at())?;
                let node = name(disk.of.unwrap_or(event.actor))?;
                Some(Moment::Disk(DiskAt { node, step, message: None, nth: 1 }))
            }
            _ => None,
        }
    }

    fn is(&self, actor: ActorId, name: &str) -> bool {
        self.log.header.actors.get(actor.at()).is_some_and(|actor| actor.name == name)
    }

    fn about(&self, message: Name, wanted: Option<&str>) -> bool {
        wanted.is_none_or(|wanted| message.is_some() && self.log.names.text(message) == wanted)
    }

    fn frame(&self, wanted: &FrameAt, id: crate::ids::FrameId) -> bool {
        let Some(frame) = self.log.frame(id) else { return false };
        let method = self.verbs.get(frame.verb).map(|verb| verb.name);
        wanted.method.as_deref().is_none_or(|wanted| method == Some(wanted))
            && wanted.from.as_deref().is_none_or(|name| self.is(frame.from, name))
            && wanted.to.as_deref().is_none_or(|name| self.is(frame.to, name))
            && self.about(frame.message, wanted.message.as_deref())
    }

    fn disk(&self, wanted: &DiskAt, id: EventId, event: &Event, before: &Observable) -> bool {
        let Kind::Disk { what, .. } = event.kind else { return false };
        let owner = self.log.header.actors.get(event.actor.at()).and_then(|actor| actor.of).unwrap_or(event.actor);
        if what != wanted.step || !self.is(owner, &wanted.node) {
            return false;
        }
        let Some(message) = wanted.message.as_deref() else { return true };
        let Some(message) = self.log.names.find(message) else { return false };
        let cached = |place: crate::ids::PlaceId| {
            let place = self.log.places.get(place.at());
            place.is_some_and(|place| place.kind == PlaceKind::PageCache && place.actor == event.actor)
        };
        match what {
            DiskStep::Sync | DiskStep::Synced => before
                .places
                .iter()
                .any(|(place, copies)| cached(*place) && copies.values().any(|held| held.message == message)),
            _ => self.log.deltas(id).iter().any(|delta| match *delta {
                Delta::Put { message: put, .. } => put == message,
                _ => false,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::build::{self, VERBS};

    #[test]
    fn the_moment_of_an_event_leads_back_to_it() {
        let log = build::lost_confirm();
        let mut by_meaning = 0;
        for (n, event) in log.events().iter().enumerate() {
            let id = EventId(n as u32);
            let moment = Moment::of(&log, &VERBS, id);
            let found = moment.find(&log, &VERBS);
            if let Moment::At(time) = moment {
                assert_eq!(time, event.time.0);
                assert!(found.is_some_and(|found| found <= id), "step {}", id.step());
            } else {
                by_meaning += 1;
                assert_eq!(found, Some(id), "{moment:?}");
            }
        }
        assert!(by_meaning > 10, "{by_meaning}");
    }
}
