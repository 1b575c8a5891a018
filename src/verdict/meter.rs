//! What is measured of a run and not judged: frames by party, and how long messages took.
//!
//! Not the verdict, which is there in every search and listens to as little as it can; this listens to everything.

use super::destinations::Destinations;
use super::{Findings, FramesView, Times, Took};
use crate::ids::{ActorId, EventId, FrameId, Name, Names, PlaceId};
use crate::trace::{Delta, Event, Frame, Header, Kind, Observer, Tables, Wants, What};
use crate::units::Time;
use std::collections::{BTreeMap, BTreeSet};

/// So many messages are measured one by one.
const EACH_MAX: usize = 10_000;

/// Measures a run. Feed it as the verdict is fed.
#[derive(Clone, Debug)]
pub struct Meter {
    destinations: Destinations,
    parties: Vec<String>,
    /// By actor.
    frames: Vec<u32>,
    /// When each message was first published.
    published: BTreeMap<Name, Time>,
    /// Where each was completed, by position of the destination.
    done: BTreeSet<(Name, u16)>,
    /// When it was completed for the first time at the last of these.
    completed: BTreeMap<Name, Time>,
}

impl Meter {
    /// For a run with this header.
    pub fn new(header: &Header) -> Meter {
        Meter {
            destinations: Destinations::new(header),
            parties: header.actors.iter().map(|actor| actor.name.clone()).collect(),
            frames: vec![0; header.actors.len()],
            published: BTreeMap::new(),
            done: BTreeSet::new(),
            completed: BTreeMap::new(),
        }
    }

    /// Puts what was measured into the findings.
    pub fn fill(&self, findings: &mut Findings, names: &Names) {
        self.frames(findings);
        let mut done: Vec<(Time, Name, Time)> = Vec::new();
        for (message, completed) in &self.completed {
            done.extend(self.published.get(message).map(|published| (*published, *message, *completed)));
        }
        done.sort_unstable();
        let took = |(published, message, completed): &(Time, Name, Time)| Took {
            message: names.text(*message),
            took: completed.since(*published),
        };
        let longest = done.iter().rev().max_by_key(|(published, _, completed)| completed.since(*published));
        findings.times = Times { longest: longest.map(took), each: done.iter().take(EACH_MAX).map(took).collect() };
    }

    /// Puts the frames into the findings.
    pub(super) fn frames(&self, findings: &mut Findings) {
        let counted = self.parties.iter().zip(&self.frames).filter(|(_, frames)| **frames > 0);
        findings.frames = counted.map(|(name, frames)| FramesView { name: name.clone(), frames: *frames }).collect();
    }

    fn note(&mut self, event: &Event, what: What, (place, message): (PlaceId, Name), tables: &Tables<'_>) {
        match what {
            What::Published | What::Replied => _ = self.published.entry(message).or_insert(event.time),
            What::WorkDone => {
                let own = self.destinations.of_consumer(event.actor);
                let Some(dest) = own.or_else(|| self.destinations.of_place(place, tables)) else { return };
                if self.done.insert((message, dest.0)) {
                    self.completed.insert(message, event.time);
                }
            }
            _ => {}
        }
    }
}

impl Observer for Meter {
    const WANTS: Wants = Wants::ALL;

    fn frame(&mut self, _: FrameId, frame: &Frame, _: &Tables<'_>) {
        let ends: [ActorId; 2] = [frame.from, frame.to];
        for end in ends {
            if let Some(frames) = self.frames.get_mut(end.at()) {
                *frames += 1;
            }
        }
    }

    fn event(&mut self, _: EventId, event: &Event, _: &[Delta], tables: &Tables<'_>) {
        if let Kind::Note { what, place, message } = event.kind
            && message.is_some()
        {
            self.note(event, what, (place, message), tables);
        }
    }
}
