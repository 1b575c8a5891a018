//! Points of a run at which a fault can strike, and how the scenario's language calls them: by meaning where it can,
//! else by time.
//!
//! Not every event is such a point: a machine's outputs of one moment cannot be parted. Then the next point counts,
//! which belongs to the same moment or ends it.

use crate::ids::{ActorId, CopyId, EventId, FrameId, Name, OpId};
use crate::scenario::quoted;
use crate::trace::{ActorKind, Delta, DiskStep, Event, FrameIs, Kind, Log, NoteIs, Outcome, What};
use crate::units::Span;
use crate::world::VERBS;
use crate::world::plan::Plan;
use std::collections::BTreeMap;

/// How long after the last event a fault may come by time, at the most.
const BEHIND_LAST: u64 = 10_000_000;

/// A point.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Point {
    /// The last event that stays.
    pub(super) behind: EventId,
    /// What it is called, such as `sending(method: "basic.ack", to: "shop", nth: 2)`; the best first.
    pub(super) names: Vec<String>,
}

/// The first point at or behind an event; `None` where the run has ended.
pub(super) fn point(plan: &Plan, log: &Log, at: EventId) -> Option<Point> {
    let events = log.events();
    (at.at()..events.len()).map(|i| EventId(i as u32)).find_map(|behind| {
        if matches!(events[behind.at()].kind, Kind::End(_)) {
            return None;
        }
        let mut names = if is_taken(events, behind) { Vec::new() } else { Namer { plan, log, behind }.by_meaning() };
        names.extend(by_time(plan, events, behind));
        (!names.is_empty()).then_some(Point { behind, names })
    })
}

/// What a moment may be called at which a fault struck, with `cause` as its cause and as the event with the number
/// `position`, in the log of a run without that fault. Whether it strikes there under a name is to be tried.
pub(in crate::explore) fn candidates(plan: &Plan, log: &Log, cause: EventId, position: usize) -> Vec<String> {
    let events = log.events();
    let mut names = Vec::new();
    if log.event(cause).is_some() {
        let namer = Namer { plan, log, behind: cause };
        names.extend(namer.by_meaning());
        if let Kind::Sent(frame) = events[cause.at()].kind {
            names.extend(namer.arriving(frame, position));
        }
    }
    let syncs =
        events.iter().take(position).filter(|event| matches!(event.kind, Kind::Disk { what: DiskStep::Sync, .. }));
    names.push(format!("before_fsync({})", nth_of(syncs.count() + 1).trim_start_matches(", ")));
    if let Some(last) = position.checked_sub(1).filter(|last| *last < events.len()) {
        names.extend(by_time(plan, events, EventId(last as u32)));
    }
    names
}

/// Whether a fault strikes there already: a second one with the same name of the moment would not.
fn is_taken(events: &[Event], behind: EventId) -> bool {
    let next = events[behind.at() + 1..].iter().take(8);
    next.enumerate().any(|(i, event)| matches!(event.kind, Kind::Fault(_)) && (i == 0 || event.cause == behind))
}

/// The roundest time between an event and the next.
fn by_time(plan: &Plan, events: &[Event], behind: EventId) -> Option<String> {
    let from = events[behind.at()].time.0;
    let next = events.get(behind.at() + 1)?;
    let until = match next.kind {
        Kind::End(Outcome::Until) => next.time.0 + 1,
        Kind::End(Outcome::Quiescent) => from + BEHIND_LAST,
        _ => next.time.0,
    };
    // Also a run that has nothing more to do ends where the scenario says so.
    let until = plan.until.map_or(until, |last| until.min(last.0 + 1));
    let round = |unit: u64| (from / unit + 1) * unit;
    let units = (0..10).rev().map(|n| 10u64.pow(n));
    units.map(round).find(|time| *time < until).map(|time| format!("at({})", quoted(&Span(time).to_string())))
}

struct Namer<'a> {
    plan: &'a Plan,
    log: &'a Log,
    behind: EventId,
}

impl Namer<'_> {
    fn by_meaning(&self) -> Vec<String> {
        let event = &self.log.events()[self.behind.at()];
        let mut names = match event.kind {
            Kind::Sent(frame) => self.sending(frame),
            Kind::Disk { what: DiskStep::Written, .. } => self.disk("after_write", DiskStep::Written, self.behind),
            Kind::Disk { what: DiskStep::Synced, .. } => self.disk("after_fsync", DiskStep::Synced, self.behind),
            Kind::Note { what: What::WorkDone, message, .. } => self.work("worked", What::WorkDone, event, message),
            Kind::Note { what: What::Received, message, .. } => self.work("received", What::Received, event, message),
            _ => Vec::new(),
        };
        let next = EventId(self.behind.0 + 1);
        if let Some(Event { kind: Kind::Disk { what: DiskStep::Sync, .. }, .. }) = self.log.event(next) {
            names.extend(self.disk("before_fsync", DiskStep::Sync, next));
        }
        names
    }

    fn name(&self, actor: ActorId) -> Option<String> {
        self.log.header.actors.get(actor.at()).map(|actor| quoted(&actor.name))
    }

    /// A message by its id, if it has one that can be written.
    fn message(&self, message: Name) -> Option<String> {
        let text = message.is_some().then(|| self.log.names.text(message))?;
        (!text.is_empty()).then(|| quoted(&text))
    }

    /// What the language tells a frame by, and the method and the party as they are written. One end is always a node,
    /// so the client is what tells frames apart.
    fn frame(&self, id: FrameId, arrives: bool) -> Option<(FrameIs<'static>, String)> {
        let frame = self.log.frame(id)?;
        let method = VERBS.get(frame.verb)?.name;
        let to_client = self.plan.client_index(frame.to).is_some();
        let (word, client) = if to_client { ("to", frame.to) } else { ("from", frame.from) };
        let ends = if to_client { (None, Some(client)) } else { (Some(client), None) };
        let wanted = FrameIs { arrives, method: Some(method), from: ends.0, to: ends.1, message: None };
        Some((wanted, format!("method: {}, {word}: {}", quoted(method), self.name(client)?)))
    }

    /// How many of the first `events` are such a frame.
    fn count(&self, wanted: &FrameIs<'_>, events: usize) -> usize {
        self.log.events().iter().take(events).filter(|event| wanted.fits(event, self.log, &VERBS)).count()
    }

    fn sending(&self, id: FrameId) -> Vec<String> {
        let Some((wanted, call)) = self.frame(id, false) else { return Vec::new() };
        let earlier = |message| self.count(&FrameIs { message, ..wanted }, self.behind.at() + 1);
        let about = self.log.frame(id).map(|frame| frame.message);
        let by_message = about.and_then(|message| self.message(message)).map(|text| {
            let nth = nth_of(earlier(about));
            format!("sending({call}, message: {text}{nth})")
        });
        by_message.into_iter().chain([format!("sending({call}{})", nth_of(earlier(None)))]).collect()
    }

    /// The arrival of a frame that comes to be event number `position`, or would.
    fn arriving(&self, id: FrameId, position: usize) -> Vec<String> {
        let Some((wanted, call)) = self.frame(id, true) else { return Vec::new() };
        let nth = self.count(&wanted, position) + 1;
        vec![format!("arriving({call}{})", nth_of(nth))]
    }

    /// A step of a disk operation, by the first message it is about and by its number.
    fn disk(&self, word: &str, step: DiskStep, at: EventId) -> Vec<String> {
        let operations = self.operations(step, at);
        let message = operations.last().and_then(|own| own.first().copied());
        let by_message = message.and_then(|message| {
            let nth = operations.iter().filter(|covered| covered.contains(&message)).count();
            self.message(message).map(|id| format!("{word}(covers: {id}{})", nth_of(nth)))
        });
        let by_number = format!("{word}({})", nth_of(operations.len()).trim_start_matches(", "));
        by_message.into_iter().chain([by_number]).collect()
    }

    /// What each such step of the same disk was about, up to this one. What a sync covers shows when it is done.
    fn operations(&self, step: DiskStep, at: EventId) -> Vec<Vec<Name>> {
        let events = self.log.events();
        let disk = events[at.at()].actor;
        let mut copies: BTreeMap<CopyId, Name> = BTreeMap::new();
        let mut begun: BTreeMap<OpId, usize> = BTreeMap::new();
        let mut operations: Vec<Vec<Name>> = Vec::new();
        for (i, event) in events.iter().enumerate() {
            let id = EventId(i as u32);
            let mut named = Vec::new();
            for delta in self.log.deltas(id) {
                match *delta {
                    Delta::Put { copy, message, .. } => {
                        copies.insert(copy, message);
                        named.push(message);
                    }
                    Delta::Move { copy, .. } => named.extend(copies.get(&copy)),
                    _ => {}
                }
            }
            let Kind::Disk { what, op } = event.kind else { continue };
            if event.actor == disk && what == step && i <= at.at() {
                begun.insert(op, operations.len());
                operations.push(Vec::new());
            }
            let done = what == step && step != DiskStep::Sync || step == DiskStep::Sync && what == DiskStep::Synced;
            if let Some(begun) = begun.get(&op).filter(|_| done) {
                operations[*begun] = named;
            }
        }
        operations
    }

    /// A note of a consumer about a message.
    fn work(&self, word: &str, what: What, event: &Event, message: Name) -> Vec<String> {
        // What a script receives has no name of its own in the language.
        if self.log.header.actors.get(event.actor.at()).is_none_or(|actor| actor.kind != ActorKind::Consumer) {
            return Vec::new();
        }
        let Some(consumer) = self.name(event.actor) else { return Vec::new() };
        let nth = |about: Option<Name>| {
            let wanted = NoteIs { actor: event.actor, what, message: about };
            nth_of(self.log.events()[..=self.behind.at()].iter().filter(|event| wanted.fits(event)).count())
        };
        let by_message = self.message(message);
        let by_message = by_message.map(|id| format!("{word}({consumer}, message: {id}{})", nth(Some(message))));
        by_message.into_iter().chain([format!("{word}({consumer}{})", nth(None))]).collect()
    }
}

fn nth_of(n: usize) -> String {
    if n > 1 { format!(", nth: {n}") } else { String::new() }
}
