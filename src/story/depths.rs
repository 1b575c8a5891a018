//! The narration of an event in three depths: its line; the chain of its causes, one cause further back at a time, with
//! the grounds; the rule behind it. And who can know it.
//!
//! Not the choice of an event, and no layout: whoever shows it takes as much as there is room for.

use super::grounds::{Ground, grounds};
use super::tell::{Sentence, tell_read};
use super::why::{Link, Reason, Root, knowers, why_read};
use crate::ids::{ActorId, EventId, Name};
use crate::rules::{Rule, RuleBook};
use crate::trace::{ActorKind, Event, Kind, Log, Reading, VerbBook, expand};

/// An event in all its depths.
#[derive(Clone, Debug)]
pub struct Depths {
    /// The first depth: what happened, in a sentence or two.
    pub line: Sentence,
    /// The second depth: what caused it, what caused that, and so on; the last of it is a fault or an input.
    pub back: Vec<Reason>,
    /// What the chain begins with.
    pub root: Option<Root>,
    /// Besides the triggers: what made it come out so.
    pub grounds: Vec<Ground>,
    /// The third depth: the rule under which it happened, where a rule decided it.
    pub rule: Option<&'static Rule>,
    /// Who learns of it, in the order of learning.
    pub knowers: Vec<Knower>,
    /// Whom nothing of it reaches: clients and nodes.
    pub unknowing: Vec<ActorId>,
}

/// Somebody who learns of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knower {
    /// Who.
    pub actor: ActorId,
    /// The first event of its own that came of it.
    pub event: EventId,
    /// That event in a sentence.
    pub says: String,
}

/// Tells an event in all depths; nothing where there is no such event. `reading` is the log as it is to be told: with
/// [`Reading::new`]'s `full` each step of a handshake is told by itself.
pub fn depths(log: &Log, verbs: &VerbBook, rules: &RuleBook, reading: &Reading, asked: EventId) -> Option<Depths> {
    let event = log.event(asked)?;
    let line = tell_read(log, verbs, rules, reading, &[asked]).pop()?;
    let mut back = why_read(log, verbs, rules, reading, asked);
    let root = back.iter().find_map(|reason| reason.root);
    back.retain(|reason| reason.link != Link::Asked);
    let learned = knowers(log, asked);
    let ids: Vec<EventId> = learned.iter().map(|(_, id)| *id).collect();
    let told = tell_read(log, verbs, rules, reading, &ids);
    let knowers: Vec<Knower> = learned
        .iter()
        .zip(told)
        .map(|((actor, event), told)| Knower { actor: *actor, event: *event, says: told.text })
        .collect();
    let acts = |kind: ActorKind| !matches!(kind, ActorKind::Disk | ActorKind::Lab);
    let parties = (0..log.header.actors.len() as u16).map(ActorId);
    let unknowing = parties
        .filter(|id| acts(log.header.actors[id.at()].kind) && !knowers.iter().any(|knower| knower.actor == *id))
        .collect();
    Some(Depths {
        line,
        root,
        back,
        grounds: grounds(log, verbs, asked, Name::NONE),
        rule: rules.get(event.rule).filter(|_| decides(event)),
        knowers,
        unknowing,
    })
}

/// Whether the rule of an event is why it came out so: that a fault strikes and that frames arrive is nobody's decision.
pub(super) fn decides(event: &Event) -> bool {
    !matches!(event.kind, Kind::Fault(_) | Kind::Arrived(_))
}

/// At once.
const AT_ONCE: &str = "{actor} knows it at once.";
/// Later.
const FROM_THEN: &str = "{actor} can know it from step {step} on: {says}";
/// Never.
const NEVER: &str = "Nothing of it reaches {list}.";

impl Depths {
    /// The cause that lies so many causes back; 0 is the event's own cause. What was needed besides is not counted.
    pub fn cause(&self, back: usize) -> Option<&Reason> {
        self.back.iter().filter(|reason| reason.link == Link::Cause).nth(back)
    }

    /// How many causes there are behind the event.
    pub fn causes(&self) -> usize {
        self.back.iter().filter(|reason| reason.link == Link::Cause).count()
    }

    /// Who can know it, in sentences.
    pub fn knowledge(&self, log: &Log) -> Vec<String> {
        let told = self.knowers.iter().map(|knower| {
            let template = if knower.event == self.line.event { AT_ONCE } else { FROM_THEN };
            expand(template, &|key| match key {
                "actor" => Some(log.actor_name(knower.actor)),
                "step" => Some(knower.event.step().to_string()),
                "says" => Some(knower.says.clone()),
                _ => None,
            })
        });
        let never: Vec<String> = self.unknowing.iter().map(|actor| log.actor_name(*actor)).collect();
        let never = (!never.is_empty()).then(|| expand(NEVER, &|key| (key == "list").then(|| never.join(", "))));
        told.chain(never).collect()
    }
}
