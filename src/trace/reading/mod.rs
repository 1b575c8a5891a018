//! What a reader of a log works out before showing it: which events belong to one setting up of a connection, which
//! repeat something, what a crash took with it, where each frame ended.
//!
//! It decides neither words nor drawing; `timeline` and `story` both read it, so that they leave out the same things.
//! Each question that is asked of the log has a file of its own.

mod hidden;
mod repeats;
mod setups;
mod tolls;

pub use repeats::Repeat;
pub use setups::{Setup, SetupKind};
pub use tolls::Toll;

use super::event::{Event, Kind, Link, What};
use super::log::Log;
use super::vocabulary::{Class, VerbBook};
use crate::ids::{ActorId, ConnId, EventId, FrameId, Name, OpId, VerbId};
use std::collections::{BTreeMap, BTreeSet};

/// What part an event has in what is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// It is shown.
    Shown,
    /// It belongs to the setup with this index; that is shown at its first event.
    Setup(u32),
    /// It is told together with this event (what a crash took, what came back after a restart).
    With(EventId),
    /// Nothing is missed without it: signs of life, the ordinary passing of time, what an arrow says already.
    Hidden,
}

/// A log, read.
#[derive(Debug, Default)]
pub struct Reading {
    /// By event.
    pub roles: Vec<Role>,
    /// The roles in the other way of showing a log, full or not, where both are wanted.
    other: Vec<Role>,
    /// By event.
    pub repeats: Vec<Repeat>,
    /// All setups in the order of their first events.
    pub setups: Vec<Setup>,
    /// By frame: the event of its sending, and the one of its arrival or loss; `NONE` where there is none.
    pub ends: Vec<(EventId, EventId)>,
    /// By the event of a process.
    pub tolls: BTreeMap<EventId, Toll>,
    /// The messages of a disk operation.
    pub carried: BTreeMap<OpId, Vec<Name>>,
    /// The events that repeat a publish on the wire: the sending of a message's frame after the first attempt.
    pub attempts: BTreeMap<EventId, u32>,
    /// The sendings of messages that their producer takes as delivered from then on, since it does not wait for an answer. The
    /// note stands before the sending in the log, and is told with it.
    pub trusted: BTreeSet<EventId>,
    /// By connection: who dialled, and whom.
    pub peers: BTreeMap<ConnId, (ActorId, ActorId)>,
}

impl Reading {
    /// Reads a log. With `full`, nothing is hidden but what was held back, and no setup is folded.
    pub fn new(log: &Log, verbs: &VerbBook, full: bool) -> Reading {
        let mut reading = Reading::bare(log, verbs);
        if !full {
            reading.fold_setups(log, verbs);
            reading.hide(log, verbs);
        }
        reading
    }

    /// Reads a log in both ways; it is not full until [`Reading::turn`] makes it so.
    pub fn both(log: &Log, verbs: &VerbBook) -> Reading {
        let mut reading = Reading::bare(log, verbs);
        reading.other = reading.roles.clone();
        reading.fold_setups(log, verbs);
        reading.hide(log, verbs);
        reading
    }

    /// From full to not full or back, where the log was read in both ways.
    pub fn turn(&mut self) {
        if !self.other.is_empty() {
            std::mem::swap(&mut self.roles, &mut self.other);
        }
    }

    /// What is found out in any case.
    fn bare(log: &Log, verbs: &VerbBook) -> Reading {
        let mut reading = Reading {
            roles: vec![Role::Shown; log.events().len()],
            repeats: vec![Repeat::No; log.events().len()],
            ends: vec![(EventId::NONE, EventId::NONE); log.frames.len()],
            ..Reading::default()
        };
        reading.find_ends(log);
        reading.find_repeats(log, verbs);
        reading.find_tolls(log);
        reading.find_trusted(log, verbs);
        reading.find_peers(log);
        for (id, event) in numbered(log) {
            if matches!(event.kind, Kind::Note { what: What::Withheld, .. }) {
                reading.roles[id.at()] = Role::Hidden;
            }
        }
        reading
    }

    /// The other end of a connection, where it is known.
    pub fn peer(&self, conn: ConnId, actor: ActorId) -> Option<ActorId> {
        let (from, to) = *self.peers.get(&conn)?;
        Some(if from == actor { to } else { from }).filter(|peer| peer.is_some())
    }

    /// Whether the event has a line of its own or begins one.
    pub fn begins(&self, id: EventId) -> bool {
        match self.roles[id.at()] {
            Role::Shown => true,
            Role::Setup(at) => self.setups[at as usize].first == id,
            Role::With(_) | Role::Hidden => false,
        }
    }

    /// The frame for which a connection was reset: the other side did not know the connection, or knew it no more.
    pub fn unknown_there(&self, log: &Log, event: &Event) -> Option<FrameId> {
        let Kind::Link { what: Link::Reset, .. } = event.kind else { return None };
        let cause = log.event(event.cause).filter(|cause| cause.actor == event.actor)?;
        match cause.kind {
            Kind::Sent(f) => Some(f),
            _ => None,
        }
    }

    /// The sending of a frame that this event doubles: a link did it, and no party.
    pub fn doubled(&self, log: &Log, event: &Event) -> Option<FrameId> {
        let Kind::Sent(twin) = event.kind else { return None };
        let Kind::Sent(first) = log.event(event.cause)?.kind else { return None };
        (log.frame(twin)? == log.frame(first)?).then_some(first)
    }

    fn find_ends(&mut self, log: &Log) {
        for (id, event) in numbered(log) {
            match event.kind {
                Kind::Sent(f) => {
                    if let Some(end) = self.ends.get_mut(f.at()) {
                        end.0 = id;
                    }
                }
                Kind::Arrived(f) | Kind::Lost(f) | Kind::Ignored(f) => {
                    if let Some(end) = self.ends.get_mut(f.at()) {
                        end.1 = id;
                    }
                }
                _ => {}
            }
        }
    }

    fn find_peers(&mut self, log: &Log) {
        for event in log.events() {
            let Kind::Link { conn, what } = event.kind else { continue };
            let ends = self.peers.entry(conn).or_insert((ActorId::NONE, ActorId::NONE));
            match what {
                Link::Dialled => ends.0 = event.actor,
                Link::Opened if ends.0 != event.actor => ends.1 = event.actor,
                _ => {}
            }
        }
    }
}

fn numbered(log: &Log) -> impl Iterator<Item = (EventId, &Event)> {
    log.events().iter().enumerate().map(|(n, event)| (EventId(n as u32), event))
}

/// What a frame with this verb is for; an unknown verb counts as an error, so that it is shown.
pub(crate) fn class_of(verbs: &VerbBook, verb: VerbId) -> Class {
    verbs.get(verb).map_or(Class::Error, |v| v.class)
}
