//! On what grounds a message ended as it did: what stood in the way of its work, what brought it a second time, what
//! went past it.
//!
//! Not the words of the verdict: it reads the trace alone.

use super::grounds::{Collected, Ground, Search};
use super::missing::{Stage, missing};
use super::phrases::ground as words;
use crate::ids::{ActorId, EventId, Name};
use crate::trace::{ActorKind, Class, Event, Kind, Log, PlaceKind, VerbBook, What, class_of};
use std::collections::BTreeSet;

/// The grounds of a message's end, of the event that decided it, and of the causes of both; each once.
pub fn end_grounds(log: &Log, verbs: &VerbBook, message: Name, decided: EventId) -> Vec<Ground> {
    let search = Search { log, verbs, about: message };
    let mut found = Collected { search, grounds: Vec::new(), told: BTreeSet::new() };
    found.chain(decided);
    for ground in search.ends(message, decided) {
        found.say(ground);
    }
    found.spread();
    found.grounds
}

impl Search<'_> {
    fn ends(&self, message: Name, decided: EventId) -> Vec<Ground> {
        let works: Vec<(EventId, ActorId)> = self.works(message).collect();
        match works.iter().position(|(id, _)| *id == decided) {
            None if works.is_empty() => self.not_done(message, decided),
            None => self.left(message),
            Some(at) => {
                let before = works[..at].iter().rev().find(|(_, actor)| self.together(*actor, works[at].1));
                match before {
                    Some((first, _)) => self.again(message, *first, decided),
                    None => {
                        let found = works.iter().map(|(done, by)| self.overtaken(message, *done, *by));
                        found.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
                    }
                }
            }
        }
    }

    fn ids(&self) -> impl Iterator<Item = (EventId, &Event)> {
        self.log.events().iter().enumerate().map(|(i, event)| (EventId(i as u32), event))
    }

    fn works(&self, message: Name) -> impl Iterator<Item = (EventId, ActorId)> + '_ {
        self.ids()
            .filter_map(move |(id, event)| self.noted(event, message, &[What::WorkDone]).then_some((id, event.actor)))
    }

    fn noted(&self, event: &Event, message: Name, of: &[What]) -> bool {
        matches!(event.kind, Kind::Note { what, message: m, .. } if m == message && of.contains(&what))
    }

    fn message(&self, message: Name) -> impl Fn(&str) -> Option<String> + '_ {
        move |key| (key == "message").then(|| self.log.shown(message)).flatten()
    }

    /// Where the work of a party is counted.
    fn destination(&self, actor: ActorId) -> Option<&str> {
        let row = self.log.header.destinations.iter().find(|row| row.consumer == actor)?;
        Some(row.table.as_deref().unwrap_or(&row.from))
    }

    /// Whether the work of two parties is counted together; what a script does for a queue is counted with the queue.
    fn together(&self, a: ActorId, b: ActorId) -> bool {
        let (a, b) = (self.destination(a), self.destination(b));
        a == b || a.is_none() || b.is_none()
    }

    /// What stood in the way of a work that was never done.
    fn not_done(&self, message: Name, decided: EventId) -> Vec<Ground> {
        let found = missing(self.log, self.verbs, message, Stage::Worked);
        let field = self.message(message);
        let against = self.telling(&found.against, message, decided);
        if !against.is_empty() {
            return against.iter().map(|id| self.event(words::IN_THE_WAY, *id, &field)).collect();
        }
        if !found.against.is_empty() {
            return Vec::new();
        }
        let (_, last) = self.ids().last().map_or((EventId::NONE, None), |(id, event)| (id, Some(event.kind)));
        let holder = found.met.last().filter(|(stage, _)| *stage >= Stage::Received);
        let holder = holder.and_then(|(_, id)| self.log.event(*id)).map(|event| event.actor);
        let kind = holder.and_then(|actor| self.log.header.actors.get(actor.at())).map(|actor| actor.kind);
        let field = |key: &str| match key {
            "actor" => holder.map(|actor| self.log.actor_name(actor)),
            _ => self.message(message)(key),
        };
        let end = self.ids().last().filter(|_| matches!(last, Some(Kind::End(_)))).map(|(id, _)| id);
        let template = match kind {
            Some(ActorKind::Script) => {
                let received = found.met.last().map(|(_, id)| *id);
                return received.map(|id| self.event(words::SCRIPT, id, &field)).into_iter().collect();
            }
            Some(_) => words::STILL_WORKING,
            None => words::ENDS_BEFORE,
        };
        end.map(|id| self.event(template, id, &field)).into_iter().collect()
    }

    /// What a copy that is left at the end waits for, where another was worked on.
    fn left(&self, message: Name) -> Vec<Ground> {
        let state = self.log.state_after(self.log.events().len());
        let place = state.places.iter().find_map(|(place, copies)| {
            let kind = self.log.places.get(place.at())?.kind;
            (kind.is_live() && copies.values().any(|held| held.message == message)).then_some((*place, kind))
        });
        let Some((place, kind)) = place else { return Vec::new() };
        let end = EventId(self.log.events().len() as u32);
        let held_back = |(_, event): &(EventId, &Event)| matches!(event.kind, Kind::Note { what: What::Withheld, place: p, .. } if p == place);
        let field = |key: &str| match key {
            "actor" => self
                .log
                .places
                .get(place.at())
                .map(|place| self.log.actor_name(if place.holder.is_some() { place.holder } else { place.actor })),
            _ => self.message(message)(key),
        };
        if let Some((at, _)) = self.before(end).find(held_back).filter(|_| kind == PlaceKind::Queue) {
            return vec![self.event(words::IN_THE_WAY, at, &field)];
        }
        let template = if kind == PlaceKind::Queue { words::ENDS_BEFORE } else { words::STILL_WORKING };
        let ended = self.before(end).next().filter(|(_, event)| matches!(event.kind, Kind::End(_)));
        ended.map(|(at, _)| self.event(template, at, &field)).into_iter().collect()
    }

    /// Of what stood against a message, what says more than the event that decided. That somebody learned of it says no
    /// more; and where no copy is left, what made one wait is not what took it.
    fn telling(&self, against: &[EventId], message: Name, decided: EventId) -> Vec<EventId> {
        let state = self.log.state_after(self.log.events().len());
        let live = state.places.iter().any(|(place, copies)| {
            let live = self.log.places.get(place.at()).is_some_and(|place| place.kind.is_live());
            live && copies.values().any(|held| held.message == message)
        });
        let published = self.published(message).is_some();
        let tells = |id: &&EventId| {
            let event = &self.log.events()[id.at()];
            let with = |cause: EventId| cause.is_some() && event.cause == cause;
            let gone = matches!(event.kind, Kind::Note { what: What::Vanished, .. });
            let same = **id == decided || gone && (with(decided) || with(self.log.events()[decided.at()].cause));
            let idle = match event.kind {
                Kind::Note { what: What::Withheld, .. } => !live && published,
                Kind::Note { what: What::BelievesRefused | What::GaveUp | What::Returned, .. } => true,
                _ => false,
            };
            !same && !idle
        };
        against.iter().filter(tells).copied().collect()
    }

    /// What brought a message again that had been worked on.
    fn again(&self, message: Name, first: EventId, second: EventId) -> Vec<Ground> {
        const BACK: [What; 3] = [What::Requeued, What::Recovered, What::Published];
        // It may have been sent again while the first copy was under way.
        let back = self.before(second).find(|(_, event)| {
            self.noted(event, message, &BACK)
                && !matches!(event.kind, Kind::Note { what: What::Published, .. } if event.number <= 1)
        });
        let field = self.message(message);
        let mut grounds = vec![self.event(words::FIRST_TIME, first, &field)];
        grounds.extend(back.map(|(at, _)| self.event(words::AGAIN, at, &field)));
        grounds
    }

    fn published(&self, message: Name) -> Option<(EventId, ActorId)> {
        let mut found = self.ids().filter(|(_, event)| self.noted(event, message, &[What::Published]));
        found.next().map(|(id, event)| (id, event.actor))
    }

    /// What was published later and done earlier at the same destination, and how it came past.
    fn overtaken(&self, message: Name, done: EventId, by: ActorId) -> Vec<Ground> {
        let Some((published, producer)) = self.published(message) else { return Vec::new() };
        let overtaker = self.before(done).find_map(|(id, event)| match event.kind {
            Kind::Note { what: What::WorkDone, message: other, .. } if other != message => {
                let later = self.published(other).is_some_and(|(at, from)| from == producer && at > published);
                let mut done = self.works(other).filter(|(_, actor)| self.together(*actor, by));
                let first = done.next().is_some_and(|(first, _)| first == id);
                (later && first && self.together(event.actor, by)).then_some((other, id))
            }
            _ => None,
        });
        let Some((other, before)) = overtaker else { return Vec::new() };
        let field = |key: &str| match key {
            "message" => self.log.shown(message),
            "other" => self.log.shown(other),
            _ => None,
        };
        let mut grounds = vec![self.event(words::OVERTAKEN, before, &field)];
        const HELD_UP: [What; 6] =
            [What::WorkFailed, What::Requeued, What::Rejected, What::Expired, What::Hangs, What::GaveUp];
        let held_up = self.ids().take(done.at()).skip(published.at()).find(|(_, event)| {
            let lost = match event.kind {
                Kind::Lost(frame) => self.log.frame(frame).is_some_and(|frame| frame.message == message),
                _ => false,
            };
            lost || self.noted(event, message, &HELD_UP)
        });
        let delivered = |of: Name| self.delivered(of);
        if let Some((at, _)) = held_up {
            grounds.push(self.event(words::HELD_UP, at, &field));
        } else if let Some(at) = delivered(other).filter(|at| delivered(message).is_none_or(|own| *at < own)) {
            grounds.push(self.event(words::DELIVERED_FIRST, at, &field));
        } else {
            let began = self.ids().find(|(_, event)| self.noted(event, other, &[What::WorkBegan]));
            let slower = |(at, event): (EventId, &Event)| {
                self.event(words::SLOWER, at, &|key| match key {
                    "who" => Some(self.log.actor_name(event.actor)),
                    _ => field(key),
                })
            };
            grounds.extend(began.map(slower));
        }
        grounds
    }

    /// When a message was first handed out.
    fn delivered(&self, message: Name) -> Option<EventId> {
        let mut found = self.ids().filter(|(_, event)| match event.kind {
            Kind::Sent(frame) => self
                .log
                .frame(frame)
                .is_some_and(|frame| frame.message == message && class_of(self.verbs, frame.verb) == Class::Deliver),
            _ => false,
        });
        found.next().map(|(id, _)| id)
    }
}
