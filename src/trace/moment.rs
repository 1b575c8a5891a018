//! A moment of a run, named by what happens in it, and found again in the run's record.
//!
//! Not a trigger: it changes nothing. A fault's moment strikes while the run goes on and is the world's; this one is
//! looked up afterwards, for captions and questions.

use super::delta::Delta;
use super::event::{DiskStep, Event, Kind, What};
use super::header::PlaceKind;
use super::log::Log;
use super::observable::Observable;
use super::vocabulary::{Class, VerbBook};
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
    /// The event at which it comes; `None` where it does not come in this run.
    pub fn find(&self, log: &Log, verbs: &VerbBook) -> Option<EventId> {
        let search = Search { log, verbs };
        let found = |nth: u32, fits: &mut dyn FnMut(EventId, &Event) -> bool| {
            let ids = (0..log.events().len() as u32).map(EventId);
            ids.filter(|id| fits(*id, &log.events()[id.at()])).nth(nth.checked_sub(1)? as usize)
        };
        match self {
            Moment::At(time) => found(1, &mut |_, event| event.time >= Time(*time)),
            Moment::Sending(frame) => found(frame.nth, &mut |_, event| match event.kind {
                Kind::Sent(id) => search.frame(frame, id),
                _ => false,
            }),
            Moment::Arriving(frame) => found(frame.nth, &mut |_, event| match event.kind {
                Kind::Arrived(id) => search.frame(frame, id),
                _ => false,
            }),
            Moment::Work(work) => {
                let noted = found(work.nth, &mut |_, event| match event.kind {
                    Kind::Note { what, message, .. } => {
                        what == work.what
                            && search.is(event.actor, &work.consumer)
                            && search.about(message, work.message.as_deref())
                    }
                    _ => false,
                });
                if work.what != What::Received {
                    return noted;
                }
                // A process that stands still has received what has reached it, and acts on it later or never.
                match noted {
                    None => found(work.nth, &mut |_, event| search.reaches(event, work)),
                    Some(id) => {
                        let event = &log.events()[id.at()];
                        let came = log.events().get(event.cause.at()).filter(|came| came.time < event.time);
                        let early = came.is_some_and(|came| search.reaches(came, work));
                        Some(if early { event.cause } else { id })
                    }
                }
            }
            Moment::Disk(disk) => {
                let mut state = Observable::new();
                found(disk.nth, &mut |id, event| {
                    // What a sync is about lies in the page cache before it is done.
                    let fits = search.disk(disk, id, event, &state);
                    for delta in log.deltas(id) {
                        state.apply(delta);
                    }
                    fits
                })
            }
        }
    }
}

struct Search<'a> {
    log: &'a Log,
    verbs: &'a VerbBook,
}

impl Search<'_> {
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

    /// Whether a delivery reaches its consumer.
    fn reaches(&self, event: &Event, wanted: &WorkAt) -> bool {
        let Kind::Arrived(id) = event.kind else { return false };
        let Some(frame) = self.log.frame(id) else { return false };
        self.verbs.get(frame.verb).is_some_and(|verb| verb.class == Class::Deliver)
            && self.is(event.actor, &wanted.consumer)
            && self.about(frame.message, wanted.message.as_deref())
            && frame.message.is_some()
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
