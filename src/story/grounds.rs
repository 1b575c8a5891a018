//! On what ground something came out as it did, besides its trigger: the channel that was closed before, the queue that
//! was gone, the setting that sets a limit.
//!
//! Not the chain of triggers (`why`), and no new facts: each ground is an earlier event, or a declaration of the scenario.

use super::phrases::ground as words;
use super::why::causes;
use crate::ids::{ActorId, ConnId, EventId, Name, PlaceId};
use crate::trace::{
    ActorKind, Class, Declared, Delta, DiskStep, Event, Frame, FrameFlags, Kind, Link, Log, PlaceKind, Process,
    VerbBook, What, class_of, expand,
};
use std::collections::BTreeSet;

/// So many grounds are told of one event, with the grounds of those.
const MOST: usize = 8;

/// A ground.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// In a sentence.
    pub says: String,
    /// The event that made it so; its causes go on from there. Nothing where the scenario itself has it so.
    pub event: Option<EventId>,
    /// What of the scenario it comes from, where that can be told.
    pub declared: Option<Declared>,
}

/// The grounds of an event and of its causes, and of those in turn; each once, the nearest first. `about` is the message
/// whose end is asked for, if one is.
pub fn grounds(log: &Log, verbs: &VerbBook, asked: EventId, about: Name) -> Vec<Ground> {
    let mut found = Collected { search: Search { log, verbs, about }, grounds: Vec::new(), told: BTreeSet::new() };
    found.chain(asked);
    found.spread();
    found.grounds
}

/// Grounds under way, with what has been told already.
pub(super) struct Collected<'a> {
    pub(super) search: Search<'a>,
    pub(super) grounds: Vec<Ground>,
    pub(super) told: BTreeSet<EventId>,
}

impl Collected<'_> {
    /// The grounds of an event and of its causes.
    pub(super) fn chain(&mut self, asked: EventId) {
        let causes = causes(self.search.log, asked);
        self.told.extend(causes.iter().copied());
        for id in causes {
            for ground in self.search.of(id) {
                self.add(ground);
            }
        }
    }

    /// Takes a ground, unless the chain that it is a ground of tells of its event anyhow.
    fn add(&mut self, ground: Ground) {
        if ground.event.is_none_or(|event| !self.told.contains(&event)) {
            self.say(ground);
        }
    }

    /// Takes a ground, also where its event is told: what it says of it is new.
    pub(super) fn say(&mut self, ground: Ground) {
        let known = self.grounds.iter().any(|other| match ground.event {
            Some(event) => other.event == Some(event),
            None => other.says == ground.says,
        });
        if !known && self.grounds.len() < MOST {
            self.told.extend(ground.event);
            self.grounds.push(ground);
        }
    }

    /// The grounds of the grounds.
    pub(super) fn spread(&mut self) {
        let mut at = 0;
        while at < self.grounds.len() {
            if let Some(event) = self.grounds[at].event {
                self.chain(event);
            }
            at += 1;
        }
    }
}

/// What is looked for in a log.
#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) log: &'a Log,
    pub(super) verbs: &'a VerbBook,
    pub(super) about: Name,
}

impl<'a> Search<'a> {
    /// The grounds of one event.
    fn of(&self, id: EventId) -> Vec<Ground> {
        let event = self.log.events()[id.at()];
        match event.kind {
            Kind::Note { what: What::Discarded, .. } => {
                self.publish(id).and_then(|f| self.closed(id, &f)).into_iter().collect()
            }
            Kind::Note { what: What::InError, .. } => self.gone_before(id).into_iter().collect(),
            Kind::Note { what: What::Unroutable, .. } => vec![self.unroutable(id)],
            Kind::Note { what: What::BelievesRefused, message, .. } => self.returned(id, message).into_iter().collect(),
            Kind::Note { what: What::Dropped | What::RefusedByBroker, place, .. } => {
                self.limit(place).into_iter().collect()
            }
            Kind::Note { what: What::Expired, place, message } => self.expired(id, place, message),
            Kind::Note { what: What::Withheld, place, .. } => self.withheld(id, &event, place).into_iter().collect(),
            Kind::Note { what: What::Vanished, message, .. } => {
                self.unsaved(id, event.actor, message).into_iter().collect()
            }
            Kind::Process(Process::Killed | Process::PowerLost | Process::Stopped) if self.about.is_some() => {
                self.unsaved(id, event.actor, self.about).into_iter().collect()
            }
            Kind::Lost(frame) => self.log.frame(frame).and_then(|f| self.dead_end(id, f)).into_iter().collect(),
            Kind::Arrived(_) if self.comes_to_nothing(id) => self
                .publish(id)
                .and_then(|f| self.closed(id, &f).or_else(|| self.closed_behind(id, &f)))
                .into_iter()
                .collect(),
            _ => Vec::new(),
        }
    }

    /// A ground that is an earlier event.
    pub(super) fn event(&self, template: &str, event: EventId, field: &dyn Fn(&str) -> Option<String>) -> Ground {
        let says = expand(template, &|key| if key == "step" { Some(event.step().to_string()) } else { field(key) });
        Ground { says, event: Some(event), declared: None }
    }

    /// A ground that stands in the scenario.
    fn setting(&self, template: &str, declared: Option<&Declared>, field: &dyn Fn(&str) -> Option<String>) -> Ground {
        Ground { says: expand(template, field), event: None, declared: declared.cloned() }
    }

    /// What came before an event, the last first.
    pub(super) fn before(&self, id: EventId) -> impl Iterator<Item = (EventId, &'a Event)> + use<'a> {
        self.log.events()[..id.at()].iter().enumerate().rev().map(|(i, event)| (EventId(i as u32), event))
    }

    /// The frame with a message that an event is about, or that caused it.
    fn publish(&self, id: EventId) -> Option<Frame> {
        causes(self.log, id).into_iter().take(2).find_map(|id| match self.log.events()[id.at()].kind {
            Kind::Arrived(frame) => {
                let frame = self.log.frame(frame)?;
                (class_of(self.verbs, frame.verb) == Class::Publish).then_some(*frame)
            }
            _ => None,
        })
    }

    /// A publish that arrives, and nothing at all comes of it.
    fn comes_to_nothing(&self, id: EventId) -> bool {
        self.publish(id).is_some() && !self.log.events()[id.at() + 1..].iter().any(|event| event.cause == id)
    }

    /// The error by which the receiver of a frame closed its channel or connection before.
    fn closed(&self, id: EventId, frame: &Frame) -> Option<Ground> {
        let error = |event: &Event| match event.kind {
            Kind::Sent(sent) => self.log.frame(sent).filter(|sent| {
                let here = sent.channel == 0 || sent.channel == frame.channel;
                class_of(self.verbs, sent.verb) == Class::Error
                    && sent.from == frame.to
                    && sent.conn == frame.conn
                    && here
            }),
            _ => None,
        };
        let (at, sent) = self.before(id).find_map(|(at, event)| Some((at, error(event)?)))?;
        let template = if sent.channel == 0 { words::CONNECTION_CLOSED } else { words::CHANNEL_CLOSED };
        Some(self.event(template, at, &|key| (key == "actor").then(|| self.log.actor_name(frame.to))))
    }

    /// The error behind a publish with which what was kept of it went: an open transaction.
    fn closed_behind(&self, id: EventId, frame: &Frame) -> Option<Ground> {
        let behind = self.log.events().iter().enumerate().skip(id.at() + 1);
        let mut errors = behind.filter(|(_, event)| match event.kind {
            Kind::Sent(sent) => self.log.frame(sent).is_some_and(|sent| {
                let here = sent.channel == 0 || sent.channel == frame.channel;
                class_of(self.verbs, sent.verb) == Class::Error
                    && (sent.from, sent.conn) == (frame.to, frame.conn)
                    && here
            }),
            _ => false,
        });
        let (at, _) = errors.next()?;
        let field = |key: &str| (key == "actor").then(|| self.log.actor_name(frame.to));
        Some(self.event(words::CLOSED_WITH_IT, EventId(at as u32), &field))
    }

    /// Where a publish is an error now and was none before: what took away what it needs.
    fn gone_before(&self, id: EventId) -> Option<Ground> {
        let frame = self.publish(id)?;
        let (template, at) = self.was_there(id, &frame)?;
        let field = |key: &str| (key == "actor").then(|| self.log.actor_name(frame.to));
        Some(self.event(template, at, &field))
    }

    fn limit(&self, place: PlaceId) -> Option<Ground> {
        let name = self.place(place)?;
        Some(self.setting(words::LIMIT, self.declared("queue", place), &|key| (key == "place").then(|| name.clone())))
    }

    fn expired(&self, id: EventId, place: PlaceId, message: Name) -> Vec<Ground> {
        let Some(name) = self.place(place) else { return Vec::new() };
        let stored = |event: &Event| {
            matches!(event.kind,
            Kind::Note { what: What::Stored | What::Recovered | What::Requeued, place: p, message: m } if p == place && m == message)
        };
        let field = |key: &str| match key {
            "place" => Some(name.clone()),
            "message" => self.log.shown(message),
            _ => None,
        };
        let since =
            self.before(id).find(|(_, event)| stored(event)).map(|(at, _)| self.event(words::SINCE, at, &field));
        since.into_iter().chain([self.setting(words::TTL, self.declared("queue", place), &field)]).collect()
    }

    /// A message that no queue took, though its producer wanted it back.
    fn returned(&self, id: EventId, message: Name) -> Option<Ground> {
        let back =
            |event: &Event| matches!(event.kind, Kind::Note { what: What::Returned, message: m, .. } if m == message);
        let (at, _) = self.before(id).find(|(_, event)| back(event))?;
        let arrived = causes(self.log, at).into_iter().find(|id| {
            let kind = self.log.events()[id.at()].kind;
            matches!(kind, Kind::Arrived(_)) && self.publish(*id).is_some()
        })?;
        Some(self.unroutable(arrived))
    }

    /// Why no queue took what was published: there was one before, there is one later, or the scenario has none.
    fn unroutable(&self, id: EventId) -> Ground {
        let Some(frame) = self.publish(id) else {
            let left = self.before(id).find_map(|(_, event)| match event.kind {
                Kind::Note {
                    what: What::Rejected | What::Expired | What::Dropped | What::DeadLettered, place, ..
                } => Some(place),
                _ => None,
            });
            let row = left.and_then(|place| self.declared("queue", place));
            return self.setting(words::NO_DEAD_LETTERS, row, &|key| match key {
                "place" => left.and_then(|place| self.place(place)),
                _ => None,
            });
        };
        let field = |key: &str| match key {
            "actor" => Some(self.log.actor_name(frame.to)),
            "key" => self.log.shown(frame.b).map(|key| if key.is_empty() { "\"\"".to_owned() } else { key }),
            _ => self.log.frame_field(&frame, frame.from, key),
        };
        if let Some(ground) = self.was_there(id, &frame).map(|(template, at)| self.event(template, at, &field)) {
            return ground;
        }
        if let Some(later) = self.comes_later(id, &frame) {
            let taken = |key: &str| match key {
                "message" => self.stored_by(later).and_then(|(message, _)| self.log.shown(message)),
                _ => field(key),
            };
            return self.event(words::COMES_LATER, later, &taken);
        }
        if let Some(gone) = self.deleted(id, &frame) {
            return self.event(words::WAS_DELETED, gone, &field);
        }
        let name = self.log.names.text(frame.a);
        let template = if name.is_empty() { words::NO_QUEUE } else { words::NO_BINDING };
        self.setting(template, self.row(&format!("exchange {name}")), &field)
    }

    /// When the queue that a key names was deleted.
    fn deleted(&self, id: EventId, frame: &Frame) -> Option<EventId> {
        let named = |place: PlaceId| self.log.places.get(place.at()).is_some_and(|place| place.name == frame.b);
        let mut found = self.before(id).filter(|(_, event)| {
            matches!(event.kind, Kind::Note { what: What::Deleted, place, .. } if named(place))
                && event.actor == frame.to
        });
        found.next().map(|(at, _)| at)
    }

    /// The message that a publish stored with its arrival, and where.
    fn stored_by(&self, arrived: EventId) -> Option<(Name, PlaceId)> {
        self.log.events()[arrived.at() + 1..].iter().take(64).find_map(|event| match event.kind {
            Kind::Note { what: What::Stored, place, message } if event.cause == arrived => Some((message, place)),
            _ => None,
        })
    }

    /// Where an event is the arrival of a message for the same exchange with the same key, the queue that took it.
    fn taken(&self, id: EventId, event: &Event, frame: &Frame) -> Option<PlaceId> {
        let Kind::Arrived(other) = event.kind else { return None };
        let other = self.log.frame(other)?;
        let alike = other.to == frame.to && other.verb == frame.verb && (other.a, other.b) == (frame.a, frame.b);
        if alike { self.stored_by(id).map(|(_, place)| place) } else { None }
    }

    /// What took away the queue that took such messages before.
    fn was_there(&self, id: EventId, frame: &Frame) -> Option<(&'static str, EventId)> {
        let (last, place) = self.before(id).find_map(|(at, event)| Some((at, self.taken(at, event, frame)?)))?;
        self.before(id).take_while(|(at, _)| *at > last).find_map(|(at, event)| match event.kind {
            Kind::Note { what: What::Deleted, place: gone, .. } if gone == place => Some((words::WAS_DELETED, at)),
            Kind::Process(Process::Killed | Process::PowerLost | Process::Stopped) if event.actor == frame.to => {
                Some((words::WAS_NOT_DURABLE, at))
            }
            _ => None,
        })
    }

    /// The first such message that a queue takes, later.
    fn comes_later(&self, id: EventId, frame: &Frame) -> Option<EventId> {
        let later = (id.at() + 1..self.log.events().len()).map(|i| EventId(i as u32));
        let mut found = later.filter(|id| self.taken(*id, &self.log.events()[id.at()], frame).is_some());
        found.next().filter(|_| !self.before(id).any(|(at, event)| self.taken(at, event, frame).is_some()))
    }

    /// Why a copy was only in the memory of a process that ends.
    fn unsaved(&self, id: EventId, actor: ActorId, message: Name) -> Option<Ground> {
        let disk = self.log.header.actors.iter().position(|disk| disk.of == Some(actor))?;
        let field = |key: &str| match key {
            "message" => self.log.shown(message),
            "actor" => Some(self.log.actor_name(actor)),
            _ => None,
        };
        let put = |at: EventId, kind: PlaceKind| {
            let fits = |delta: &Delta| match *delta {
                Delta::Put { place, message: put, .. } => {
                    put == message
                        && self.log.places.get(place.at()).is_some_and(|p| p.kind == kind && p.actor.at() == disk)
                }
                _ => false,
            };
            self.log.deltas(at).iter().any(fits)
        };
        let written = self.before(id).find(|(at, _)| put(*at, PlaceKind::PageCache)).map(|(at, _)| at);
        let power = self
            .before(EventId(id.0 + 1))
            .take(64)
            .any(|(_, event)| event.actor == actor && matches!(event.kind, Kind::Process(Process::PowerLost)));
        if let Some(at) = written {
            return power.then(|| self.event(words::NOT_SYNCED, at, &field));
        }
        let sent = self.before(id).find_map(|(at, event)| match event.kind {
            Kind::Sent(frame) => {
                let frame = self.log.frame(frame)?;
                let ours = frame.message == message && class_of(self.verbs, frame.verb) == Class::Publish;
                ours.then_some((at, *frame))
            }
            _ => None,
        })?;
        let asked = |(_, event): &(EventId, &Event)| {
            event.actor.at() == disk && matches!(event.kind, Kind::Disk { what: DiskStep::Write, .. })
        };
        let template = match sent.1.flags.has(FrameFlags::PERSISTENT) {
            false => words::NOT_PERSISTENT,
            // Whatever is told to be stopped in order writes what it may.
            true if matches!(self.log.events()[id.at()].kind, Kind::Process(Process::Stopped)) => {
                words::QUEUE_NOT_DURABLE
            }
            true if self.before(id).any(|row| asked(&row) && row.0 > sent.0) => words::QUEUE_NOT_DURABLE,
            true => words::NOT_YET_WRITTEN,
        };
        Some(self.event(template, sent.0, &field))
    }

    /// Why a frame could not arrive, where no fault is its cause: its receiver is dead, or the connection is.
    fn dead_end(&self, id: EventId, frame: &Frame) -> Option<Ground> {
        let by_fault = |event: &Event| matches!(event.kind, Kind::Fault(_));
        if causes(self.log, id).iter().any(|cause| by_fault(&self.log.events()[cause.at()])) {
            return None;
        }
        let field = |key: &str| self.log.frame_field(frame, frame.to, key);
        self.before(id).find_map(|(at, event)| {
            let template = match event.kind {
                Kind::Process(Process::Killed | Process::PowerLost | Process::Stopped) if event.actor == frame.to => {
                    words::RECEIVER_GONE
                }
                Kind::Link { conn, what: Link::Shut | Link::Closed | Link::Reset } if conn == frame.conn => {
                    words::LINK_GONE
                }
                Kind::Fault(_) if self.breaks(at, frame.conn) => words::CUT,
                _ => return None,
            };
            Some(self.event(template, at, &field))
        })
    }

    /// Whether a fault broke a connection: one of its ends sees a reset that comes of the fault.
    fn breaks(&self, fault: EventId, conn: ConnId) -> bool {
        let end = |event: &Event| matches!(event.kind, Kind::Link { conn: other, what: Link::Reset | Link::Closed } if other == conn);
        self.log.events()[fault.at()..].iter().any(|event| event.cause == fault && end(event))
    }

    /// What a message in a queue waits for: that somebody settles what was handed out, or that somebody consumes at all.
    fn withheld(&self, id: EventId, event: &Event, place: PlaceId) -> Option<Ground> {
        let Some(name) = self.place(place) else { return self.cut_off(id, event.actor) };
        let queue = self.log.places.get(place.at())?;
        let state = self.log.state_after(id.at() + 1);
        let held = state.places.iter().find_map(|(at, copies)| {
            let held = self.log.places.get(at.at())?;
            let ours = held.kind == PlaceKind::Unacked && (held.actor, held.name) == (queue.actor, queue.name);
            let oldest = copies.values().next().filter(|_| ours)?;
            Some((held.holder, oldest.message))
        });
        if let Some((holder, message)) = held {
            let delivered = self.before(id).find(|(_, event)| match event.kind {
                Kind::Sent(frame) => self.log.frame(frame).is_some_and(|frame| {
                    frame.message == message
                        && frame.from == queue.actor
                        && class_of(self.verbs, frame.verb) == Class::Deliver
                }),
                _ => false,
            });
            return delivered.map(|(at, _)| {
                self.event(words::HANDED_OUT, at, &|key| match key {
                    "holder" => holder.is_some().then(|| self.log.actor_name(holder)),
                    "message" => self.log.shown(message),
                    "place" => Some(name.clone()),
                    _ => None,
                })
            });
        }
        let text = self.log.names.text(queue.name);
        let own = |row: &&crate::trace::Destination| row.from == text;
        let scripts = self.log.header.actors.iter().any(|actor| actor.kind == ActorKind::Script);
        let Some(row) = self.log.header.destinations.iter().find(own) else {
            let template = if scripts { words::NO_CONSUMER_NOW } else { words::NO_CONSUMER };
            return Some(
                self.setting(template, self.declared("queue", place), &|key| (key == "place").then(|| name.clone())),
            );
        };
        let ended = self.before(id).find(|(_, event)| {
            event.actor == row.consumer && matches!(event.kind, Kind::Process(_) | Kind::Link { .. })
        });
        let who = |key: &str| (key == "actor").then(|| self.log.actor_name(row.consumer));
        ended.and_then(|(at, event)| match event.kind {
            Kind::Process(Process::Killed | Process::PowerLost | Process::Stopped)
            | Kind::Link { what: Link::Shut | Link::Closed | Link::Reset | Link::Refused, .. } => {
                Some(self.event(words::CONSUMER_GONE, at, &who))
            }
            _ => None,
        })
    }

    /// Why a client holds back what it was to send: it was told of an error, or its connection is gone.
    fn cut_off(&self, id: EventId, actor: ActorId) -> Option<Ground> {
        let field = |key: &str| (key == "actor").then(|| self.log.actor_name(actor));
        let own = self.before(id).filter(|(_, event)| event.actor == actor);
        own.map_while(|(at, event)| match event.kind {
            Kind::Link { what: Link::Opened, .. } => None,
            Kind::Link { what: Link::Closed | Link::Reset | Link::Refused, .. } => Some(Some((words::BROKEN_OFF, at))),
            Kind::Arrived(frame) => {
                let class = self.log.frame(frame).map(|frame| class_of(self.verbs, frame.verb));
                Some((class == Some(Class::Error)).then_some((words::TOLD_OF_ERROR, at)))
            }
            _ => Some(None),
        })
        .flatten()
        .next()
        .map(|(template, at)| self.event(template, at, &field))
    }

    /// A place's name as it can be printed.
    pub(super) fn place(&self, place: PlaceId) -> Option<String> {
        self.log.shown(self.log.places.get(place.at())?.name)
    }

    fn row(&self, what: &str) -> Option<&'a Declared> {
        self.log.header.declared.iter().find(|row| row.what == what)
    }

    /// Where a queue is declared; the names of those in a virtual host of their own begin with its name.
    fn declared(&self, what: &str, place: PlaceId) -> Option<&'a Declared> {
        let text = self.log.names.text(self.log.places.get(place.at())?.name);
        let own = text.split_once('/').map_or(text.as_str(), |(_, own)| own);
        // What a client declared itself is nowhere in the file but with its node.
        let node = || {
            self.row(&format!("broker {}", self.log.header.actors.get(self.log.places[place.at()].actor.at())?.name))
        };
        self.row(&format!("{what} {text}")).or_else(|| self.row(&format!("{what} {own}"))).or_else(node)
    }
}

/// Where the scenario declares the party whose event this is.
pub fn declared(log: &Log, id: EventId) -> Option<&Declared> {
    let event = log.event(id)?;
    if let Kind::Fault(fault) = event.kind {
        let what = format!("fault {}", log.header.faults.get(fault.at())?.name);
        return log.header.declared.iter().find(|row| row.what == what);
    }
    let actor = log.header.actors.get(event.actor.at())?;
    let own = |row: &&Declared| {
        row.what.split_once(' ').is_some_and(|(kind, name)| {
            name == actor.name && matches!(kind, "producer" | "consumer" | "script" | "broker" | "node")
        })
    };
    log.header.declared.iter().find(own)
}
