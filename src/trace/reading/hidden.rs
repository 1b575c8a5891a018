//! What needs no line of its own, since another line says it already or nothing is missed without it.

use super::{Reading, Role, class_of, numbered};
use crate::ids::{ActorId, EventId, Name};
use crate::trace::event::{DiskStep, Event, Kind, Process, What};
use crate::trace::log::Log;
use crate::trace::vocabulary::{Class, VerbBook};
use std::collections::{BTreeMap, BTreeSet};

impl Reading {
    /// A producer's note that it takes a message as delivered belongs to the frame that it sends at that instant.
    pub(super) fn find_trusted(&mut self, log: &Log, verbs: &VerbBook) {
        let mut noted: BTreeMap<(ActorId, Name), EventId> = BTreeMap::new();
        for (id, event) in numbered(log) {
            match event.kind {
                Kind::Note { what: What::BelievesSent, message, .. } => _ = noted.insert((event.actor, message), id),
                Kind::Sent(f) => {
                    let frame = log.frame(f).filter(|frame| class_of(verbs, frame.verb) == Class::Publish);
                    let note = frame.and_then(|frame| noted.remove(&(frame.from, frame.message)));
                    if let Some(note) = note.filter(|note| log.events()[note.at()].time == event.time) {
                        self.roles[note.at()] = Role::With(id);
                        self.trusted.insert(id);
                    }
                }
                _ => {}
            }
        }
    }

    /// Shows a sign of life after all where a connection was reset for it: without it the reset comes out of nowhere.
    fn unhide_causes(&mut self, log: &Log) {
        for event in log.events() {
            let Some(frame) = self.unknown_there(log, event) else { continue };
            let (sent, ended) = self.ends.get(frame.at()).copied().unwrap_or_default();
            for id in [sent, ended].into_iter().filter(|id| id.is_some()) {
                if self.roles[id.at()] == Role::Hidden {
                    self.roles[id.at()] = Role::Shown;
                }
            }
        }
    }

    /// Hides what another line says already.
    pub(super) fn hide(&mut self, log: &Log, verbs: &VerbBook) {
        let events = log.events();
        for (id, event) in numbered(log) {
            let hidden = match event.kind {
                Kind::Process(Process::Started) => event.time.0 == 0,
                Kind::Note { what, message, .. } => said_already(log, verbs, events, id, what, message),
                _ => false,
            };
            if hidden && self.roles[id.at()] == Role::Shown {
                self.roles[id.at()] = Role::Hidden;
            }
        }
        self.unhide_causes(log);
        let mut telling: BTreeSet<EventId> = BTreeSet::new();
        for (id, event) in numbered(log) {
            if event.cause.is_some() && self.roles[id.at()] == Role::Shown && !is_routine(event) {
                telling.insert(event.cause);
            }
        }
        for (id, event) in numbered(log) {
            let timer = matches!(event.kind, Kind::Timer(_));
            if timer && !telling.contains(&id) && self.roles[id.at()] == Role::Shown {
                self.roles[id.at()] = Role::Hidden;
            }
        }
    }
}

/// Whether an event is the ordinary consequence of a timer: the next publish, the end of the work.
fn is_routine(event: &Event) -> bool {
    match event.kind {
        Kind::Note { what: What::Published, .. } => event.number <= 1,
        Kind::Note { what, .. } => matches!(what, What::WorkDone | What::WorkFailed | What::Hangs | What::WorkBegan),
        Kind::Disk { what, .. } => what == DiskStep::Write,
        // A timer that only sets itself again.
        Kind::Sent(_) | Kind::Timer(_) => true,
        _ => false,
    }
}

/// Whether a note says what a client does with what it has received.
fn is_taken(what: What) -> bool {
    matches!(what, What::WorkBegan | What::Skipped | What::NotTheAnswer | What::NotAwaited)
}

/// Whether the frame before or behind a note says the same.
fn said_already(log: &Log, verbs: &VerbBook, events: &[Event], id: EventId, what: What, message: Name) -> bool {
    let event = &events[id.at()];
    let near = |wanted: &dyn Fn(&Event) -> bool| {
        let after = events[id.at() + 1..].iter().take_while(|e| e.time == event.time).take(16);
        after.filter(|e| e.actor == event.actor).any(wanted)
    };
    let caused_by = |class: Class| match events.get(event.cause.at()).map(|e| e.kind) {
        Some(Kind::Arrived(f)) => {
            log.frame(f).is_some_and(|fr| fr.message == message && class_of(verbs, fr.verb) == class)
        }
        _ => false,
    };
    match what {
        What::Published => near(&|e| match e.kind {
            Kind::Sent(f) => {
                log.frame(f).is_some_and(|fr| fr.message == message && class_of(verbs, fr.verb) == Class::Publish)
            }
            _ => false,
        }),
        What::Received => {
            near(&|e| matches!(e.kind, Kind::Note { what, message: m, .. } if m == message && is_taken(what)))
        }
        What::BelievesConfirmed => caused_by(Class::Confirm),
        What::BelievesUnknown => events[..id.at()]
            .iter()
            .rev()
            .take(8)
            .take_while(|e| e.time == event.time)
            .any(|e| matches!(e.kind, Kind::Note { what: What::Published, message: m, .. } if m == message)),
        What::Settled => caused_by(Class::Settle),
        What::Created => true,
        _ => false,
    }
}
