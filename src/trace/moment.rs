//! A moment of a run, named by what happens in it, and found again in the run's record.
//!
//! Not a trigger: it changes nothing. A fault's moment strikes while the run goes on and is the world's; this one is
//! looked up afterwards, for captions and questions.

use super::delta::Delta;
use super::event::{DiskStep, Event, Kind, What};
use super::header::PlaceKind;
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
    /// The event at which it comes; `None` where it does not come in this run.
    pub fn find(&self, log: &Log, verbs: &VerbBook) -> Option<EventId> {
        let search = Search { log };
        let found = |nth: u32, fits: &mut dyn FnMut(EventId, &Event) -> bool| {
            let ids = (0..log.events().len() as u32).map(EventId);
            ids.filter(|id| fits(*id, &log.events()[id.at()])).nth(nth.checked_sub(1)? as usize)
        };
        match self {
            Moment::At(time) => found(1, &mut |_, event| event.time >= Time(*time)),
            Moment::Sending(frame) => {
                let wanted = search.frame(frame, false)?;
                found(frame.nth, &mut |_, event| wanted.fits(event, log, verbs))
            }
            Moment::Arriving(frame) => {
                let wanted = search.frame(frame, true)?;
                found(frame.nth, &mut |_, event| wanted.fits(event, log, verbs))
            }
            Moment::Work(work) => {
                let actor = search.actor(&work.consumer)?;
                let wanted = NoteIs { actor, what: work.what, message: search.message(work.message.as_deref())? };
                found(work.nth, &mut |_, event| wanted.fits(event))
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

/// Frames that are alike: what is left out fits any.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameIs<'a> {
    /// Whether it arrives; else it is sent.
    pub arrives: bool,
    /// The protocol's method.
    pub method: Option<&'a str>,
    /// Its sender.
    pub from: Option<ActorId>,
    /// Its receiver.
    pub to: Option<ActorId>,
    /// The message it carries or is about.
    pub message: Option<Name>,
}

impl FrameIs<'_> {
    /// Whether an event is the sending or the arrival of such a frame.
    pub fn fits(&self, event: &Event, log: &Log, verbs: &VerbBook) -> bool {
        let (Kind::Sent(id) | Kind::Arrived(id)) = event.kind else { return false };
        let Some(frame) = log.frame(id).filter(|_| matches!(event.kind, Kind::Arrived(_)) == self.arrives) else {
            return false;
        };
        let method = || verbs.get(frame.verb).map(|verb| verb.name);
        self.from.is_none_or(|from| frame.from == from)
            && self.to.is_none_or(|to| frame.to == to)
            && self.message.is_none_or(|message| frame.message == message)
            && self.method.is_none_or(|wanted| method() == Some(wanted))
    }
}

/// Notes that are alike.
#[derive(Clone, Copy, Debug)]
pub struct NoteIs {
    /// Whose.
    pub actor: ActorId,
    /// What is noted.
    pub what: What,
    /// On which message; any without.
    pub message: Option<Name>,
}

impl NoteIs {
    /// Whether an event is such a note.
    pub fn fits(&self, event: &Event) -> bool {
        let Kind::Note { what, message, .. } = event.kind else { return false };
        event.actor == self.actor && what == self.what && self.message.is_none_or(|wanted| message == wanted)
    }
}

struct Search<'a> {
    log: &'a Log,
}

impl Search<'_> {
    /// The party with this name, if the run has it.
    fn actor(&self, name: &str) -> Option<ActorId> {
        let at = self.log.header.actors.iter().position(|actor| actor.name == name)?;
        Some(ActorId(at as u16))
    }

    /// The message with this id: any where none is wanted, `None` where the run has no such.
    fn message(&self, wanted: Option<&str>) -> Option<Option<Name>> {
        match wanted {
            Some(wanted) => self.log.names.find(wanted).map(Some),
            None => Some(None),
        }
    }

    fn frame<'a>(&self, wanted: &'a FrameAt, arrives: bool) -> Option<FrameIs<'a>> {
        let party = |name: &Option<String>| match name {
            Some(name) => self.actor(name).map(Some),
            None => Some(None),
        };
        Some(FrameIs {
            arrives,
            method: wanted.method.as_deref(),
            from: party(&wanted.from)?,
            to: party(&wanted.to)?,
            message: self.message(wanted.message.as_deref())?,
        })
    }

    fn disk(&self, wanted: &DiskAt, id: EventId, event: &Event, before: &Observable) -> bool {
        let Kind::Disk { what, .. } = event.kind else { return false };
        let owner = self.log.header.actors.get(event.actor.at()).and_then(|actor| actor.of).unwrap_or(event.actor);
        if what != wanted.step || self.actor(&wanted.node) != Some(owner) {
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
