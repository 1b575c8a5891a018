//! Why an event happened: its causes down to a fault or an input, what it needed besides, and who could have known.
//!
//! Not which event is worth asking about (that is the ledger's), and not the page (`export`).

use super::tell::{Sentence, tell_read};
use crate::ids::{ActorId, EventId};
use crate::rules::{Rule, RuleBook};
use crate::trace::{ActorKind, Event, Kind, Log, Process, Reading, Role, VerbBook, What};

/// How an event belongs to a chain of causes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    /// It is what was asked about.
    Asked,
    /// It caused the one before it.
    Cause,
    /// The one before it needed it: the last event of the place or message that it acted on.
    Need,
}

/// Where a chain ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Root {
    /// A fault of the scenario.
    Fault,
    /// The scenario itself: a client's plan, a process that starts.
    Input,
}

/// An event of a chain.
#[derive(Clone, Debug)]
pub struct Reason {
    /// What happened, in words.
    pub sentence: Sentence,
    /// How it belongs here.
    pub link: Link,
    /// The rule under which it happened.
    pub rule: Option<&'static Rule>,
    /// Whether the chain ends here.
    pub root: Option<Root>,
}

/// The chain of causes of an event: first itself, then its cause, that event's cause, down to a fault, to a message that
/// the scenario plans, or to a process that starts. What an event needed besides, and what is not among its causes,
/// stands behind it. With `full` nothing is left out; else a handshake is one reason, and what a story leaves out, such
/// as a timer that says what its work says, is none.
pub fn why(log: &Log, verbs: &VerbBook, rules: &RuleBook, asked: EventId, full: bool) -> Vec<Reason> {
    why_read(log, verbs, rules, &Reading::new(log, verbs, full), asked)
}

/// As [`why`], of a log that was read already.
pub fn why_read(log: &Log, verbs: &VerbBook, rules: &RuleBook, reading: &Reading, asked: EventId) -> Vec<Reason> {
    why_some(log, verbs, rules, reading, asked, usize::MAX)
}

/// As [`why_read`], of a long chain only the `most` causes nearest to the event, and at least itself.
pub fn why_some(
    log: &Log,
    verbs: &VerbBook,
    rules: &RuleBook,
    reading: &Reading,
    asked: EventId,
    most: usize,
) -> Vec<Reason> {
    let mut found: Vec<(EventId, Link)> = Vec::new();
    let all = causes(log, asked);
    let mut causes: Vec<EventId> = all.iter().filter_map(|id| stands_for(reading, *id, asked)).collect();
    causes.dedup();
    let end = causes.last().copied();
    causes.truncate(most.max(1));
    for (at, id) in causes.iter().enumerate() {
        if found.iter().any(|(known, _)| known == id) {
            continue;
        }
        found.push((*id, if at == 0 { Link::Asked } else { Link::Cause }));
        let need = log.events().get(id.at()).map_or(EventId::NONE, |event| event.need);
        let known = |id: &EventId| causes.contains(id) || found.iter().any(|(known, _)| known == id);
        if need.is_some() && need < *id && !known(&need) {
            found.push((need, Link::Need));
        }
    }
    let ids: Vec<EventId> = found.iter().map(|(id, _)| *id).collect();
    let last = end.filter(|end| causes.contains(end));
    let told = tell_read(log, verbs, rules, reading, &ids);
    let reason = |((id, link), sentence): ((EventId, Link), Sentence)| {
        let event = log.events().get(id.at());
        Reason {
            rule: event.and_then(|event| rules.get(event.rule)),
            root: (Some(id) == last).then(|| root(event)),
            sentence,
            link,
        }
    };
    found.into_iter().zip(told).map(reason).collect()
}

/// What tells of an event: itself, or the handshake that it is part of; nothing where a story leaves it out.
fn stands_for(reading: &Reading, id: EventId, asked: EventId) -> Option<EventId> {
    match reading.roles.get(id.at())? {
        Role::Setup(at) => reading.setups.get(*at as usize).map(|setup| setup.first),
        _ => (id == asked || reading.begins(id)).then_some(id),
    }
}

/// An event and its causes, down to a fault, a planned message, or one that has none.
pub fn causes(log: &Log, of: EventId) -> Vec<EventId> {
    let mut causes = Vec::new();
    let mut at = of;
    // A cause comes before what it causes; a file that says otherwise ends the chain.
    while let Some(event) = log.event(at) {
        causes.push(at);
        if !event.cause.is_some() || event.cause >= at || begins(event) && at != of {
            break;
        }
        at = event.cause;
    }
    causes
}

/// Whether an event is where people look no further: a fault struck, or the scenario said that it should be so.
fn begins(event: &Event) -> bool {
    match event.kind {
        Kind::Fault(_) | Kind::Process(Process::Started) => true,
        // The first attempt at a message is the plan's; a later one has its reasons.
        Kind::Note { what: What::Published, .. } => event.number <= 1,
        _ => false,
    }
}

fn root(event: Option<&Event>) -> Root {
    match event.map(|event| event.kind) {
        Some(Kind::Fault(_)) => Root::Fault,
        _ => Root::Input,
    }
}

/// Who learns of an event, each with the first event of its own that came of it, in the order of learning. Only parties
/// that act: clients and nodes.
pub fn knowers(log: &Log, of: EventId) -> Vec<(ActorId, EventId)> {
    let mut reached = vec![false; log.events().len()];
    let mut knowers: Vec<(ActorId, EventId)> = Vec::new();
    let acting = log.header.actors.iter().filter(|actor| actor.kind != ActorKind::Disk).count();
    for (i, event) in log.events().iter().enumerate().skip(of.at()) {
        let id = EventId(i as u32);
        let caused = event.cause.is_some() && event.cause < id && reached[event.cause.at()];
        if id != of && !caused {
            continue;
        }
        reached[i] = true;
        // A frame that is lost is seen by nobody, though it is told of its sender or receiver; a fault is the lab's.
        let unseen = matches!(event.kind, Kind::Lost(_) | Kind::Fault(_) | Kind::Over(_));
        let acts = log.header.actors.get(event.actor.at()).is_some_and(|actor| actor.kind != ActorKind::Disk);
        // What ends a process is not known to it.
        let died = matches!(event.kind, Kind::Process(_));
        if acts && !unseen && !died && !knowers.iter().any(|(actor, _)| *actor == event.actor) {
            knowers.push((event.actor, id));
            if knowers.len() == acting {
                break;
            }
        }
    }
    knowers
}
