//! The kinds of questions: what each asks of a run, and how another run answers the same.
//!
//! An answer is read off a trace or a verdict by one function, for the run itself and for the others alike.

use super::words;
use super::{Choice, Kind, Question, tries::Try};
use crate::ids::{ActorId, Digest, EventId, Name};
use crate::story::texts;
use crate::trace::{Belief, Delta, Kind as Happens, Log, Process, Reading, VerbBook, What, expand};
use crate::verdict::{Findings, Word};

/// So many answers are offered at most.
const MOST: usize = 4;
/// How the ids of settings begin that promise less than what they replace.
const WEAKER: [&str; 5] = ["no-confirms:", "transient:", "ack-before-work:", "ack-automatic:", "no-prefetch:"];
/// So many messages are named in an answer.
const NAMED: usize = 8;

/// A question under way: right answer and others, before they are brought into an order.
pub(super) struct Draft {
    pub(super) kind: Kind,
    pub(super) at: Option<EventId>,
    pub(super) ask: String,
    pub(super) right: Choice,
    pub(super) wrong: Vec<Choice>,
    pub(super) because: String,
}

impl Draft {
    /// The question, where there is a wrong answer. The order hangs on the run and the question, and on nothing else;
    /// numbers stand in their own order.
    pub(super) fn settle(mut self, log: &Log) -> Option<Question> {
        let mut choices: Vec<Choice> = vec![self.right.clone()];
        for choice in self.wrong.drain(..) {
            if choices.len() < MOST && choices.iter().all(|other| other.text != choice.text) {
                choices.push(choice);
            }
        }
        if choices.len() < 2 {
            return None;
        }
        let key = |choice: &Choice| {
            let number = choice.text.parse::<u64>().ok();
            let mixed = Digest::of(|digest| {
                digest.text(&log.header.scenario);
                digest.word(log.header.seed);
                digest.text(&self.ask);
                digest.text(&choice.text);
            });
            (number, mixed.value())
        };
        choices.sort_by_key(key);
        let answer = choices.iter().position(|choice| choice.text == self.right.text)?;
        Some(Question { kind: self.kind, at: self.at, ask: self.ask, choices, answer, because: self.because })
    }
}

/// A wrong answer for every run that answers otherwise.
fn wrong(tries: &[Try], right: &str, answer: impl Fn(&Try) -> Option<String>) -> Vec<Choice> {
    let others = tries.iter().filter_map(|other| {
        let text = answer(other).filter(|text| text != right)?;
        Some(Choice { text, way: Some(other.way()) })
    });
    others.collect()
}

fn plain(text: String) -> Choice {
    Choice { text, way: None }
}

/// A sentence without the step in which something was sent: it is another in every run.
fn timeless(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some((from, to)) = text.find(" (sent in step ").and_then(|at| Some((at, at + text[at..].find(')')? + 1)))
    {
        text.replace_range(from..to, "");
    }
    text
}

/// The next event behind another that a party does or notices, and that is told. That a frame never arrives nobody
/// notices.
fn next_of(log: &Log, verbs: &VerbBook, at: EventId, actor: ActorId) -> Option<EventId> {
    let reading = Reading::new(log, verbs, false);
    let ids = (at.0 + 1..log.events().len() as u32).map(EventId);
    let mut own = ids.filter(|id| log.events()[id.at()].actor == actor && reading.begins(*id));
    own.find(|id| !matches!(log.events()[id.at()].kind, Happens::Timer(_) | Happens::Lost(_)))
}

/// What a party does next.
pub(super) fn next(log: &Log, verbs: &VerbBook, at: EventId, tries: &[Try]) -> Option<Question> {
    let event = log.event(at)?;
    let actor = match event.kind {
        Happens::Sent(frame) => log.frame(frame)?.to,
        _ => event.actor,
    };
    log.header.actors.get(actor.at()).filter(|actor| actor.kind != crate::trace::ActorKind::Lab)?;
    let told = |log: &Log| {
        let next = next_of(log, verbs, at, actor);
        let said = next.and_then(|next| texts(log, verbs, &[next]).pop());
        (next, said.map_or_else(|| words::NOTHING_MORE.to_owned(), |text| timeless(&text)))
    };
    let (step, right) = told(log);
    let field = |key: &str| match key {
        "actor" => Some(log.actor_name(actor)),
        "step" => step.map(|step| step.step().to_string()),
        "says" => Some(right.clone()),
        _ => None,
    };
    let ask = expand(words::NEXT, &field);
    let because = expand(if step.is_some() { words::NEXT_BECAUSE } else { words::NEXT_NONE }, &field);
    let wrong = wrong(tries, &right, |other| {
        let (step, text) = told(&other.trial.log);
        // Where the change is its own end, there is nothing to foresee.
        (!step.is_some_and(|step| is_crash(&other.trial.log, step))).then_some(text)
    });
    Draft { kind: Kind::Next, at: Some(at), ask, right: plain(right.clone()), wrong, because }.settle(log)
}

/// The works on a message that were completed.
fn works(log: &Log, message: Name) -> Vec<EventId> {
    let done = |event: &crate::trace::Event| matches!(event.kind, Happens::Note { what: What::WorkDone, message: m, .. } if m == message);
    let events = log.events().iter().enumerate();
    events.filter(|(_, event)| done(event)).map(|(at, _)| EventId(at as u32)).collect()
}

/// How often the work on a message is done.
pub(super) fn how_often(log: &Log, message: Name, at: Option<EventId>, tries: &[Try]) -> Option<Question> {
    let text = log.names.text(message);
    let done = works(log, message);
    let right = done.len().to_string();
    let others = |other: &Try| {
        let log = &other.trial.log;
        Some(log.names.find(&text).map_or(0, |name| works(log, name).len()).to_string())
    };
    let steps: Vec<String> = done.iter().map(|id| id.step().to_string()).collect();
    let field = |key: &str| match key {
        "message" => log.shown(message),
        "list" => Some(steps.join(", ")),
        _ => None,
    };
    let because = expand(if done.is_empty() { words::WORKS_NEVER } else { words::WORKS_BECAUSE }, &field);
    let (ask, wrong) = (expand(words::WORKS, &field), wrong(tries, &right, others));
    Draft { kind: Kind::Works, at, ask, right: plain(right), wrong, because }.settle(log)
}

/// The last that a party came to believe of a message, and when.
fn believed(log: &Log, actor: ActorId, message: Name) -> Option<(EventId, Belief)> {
    (0..log.events().len() as u32).rev().map(EventId).find_map(|id| {
        log.deltas(id).iter().rev().find_map(|delta| match *delta {
            Delta::Believe { actor: a, message: m, belief } if (a, m) == (actor, message) => Some((id, belief)),
            _ => None,
        })
    })
}

/// What the producer of a message believes of it at the end.
pub(super) fn belief(
    log: &Log,
    verbs: &VerbBook,
    message: Name,
    at: Option<EventId>,
    tries: &[Try],
) -> Option<Question> {
    let text = log.names.text(message);
    let actor = log.events().iter().find_map(|event| match event.kind {
        Happens::Note { what: What::Published, message: m, .. } if m == message => Some(event.actor),
        _ => None,
    })?;
    let (step, right) = believed(log, actor, message)?;
    let right = words::belief(Some(right)).to_owned();
    let others = |other: &Try| {
        let log = &other.trial.log;
        let believed = log.names.find(&text).and_then(|name| believed(log, actor, name));
        Some(words::belief(believed.map(|(_, belief)| belief)).to_owned())
    };
    let said = texts(log, verbs, &[step]).pop().unwrap_or_default();
    let field = |key: &str| match key {
        "actor" => Some(log.actor_name(actor)),
        "message" => log.shown(message),
        "step" => Some(step.step().to_string()),
        "says" => Some(said.clone()),
        _ => None,
    };
    let (ask, because) = (expand(words::BELIEF, &field), expand(words::BELIEF_BECAUSE, &field));
    let wrong = wrong(tries, &right, others);
    Draft { kind: Kind::Belief, at, ask, right: plain(right), wrong, because }.settle(log)
}

/// Whether an event is the end of a process that may take something with it.
pub(super) fn is_crash(log: &Log, at: EventId) -> bool {
    let ends = Happens::Process;
    log.event(at).is_some_and(|event| {
        [ends(Process::Killed), ends(Process::PowerLost), ends(Process::Stopped)].contains(&event.kind)
    })
}

/// What the first end of a party's process from an event on leaves of what it held.
fn left(log: &Log, verbs: &VerbBook, actor: ActorId, from: EventId) -> Option<String> {
    let ids = (from.0..log.events().len() as u32).map(EventId);
    let crash = ids.into_iter().find(|id| is_crash(log, *id) && log.events()[id.at()].actor == actor)?;
    let reading = Reading::new(log, verbs, false);
    let toll = reading.tolls.get(&crash).cloned().unwrap_or_default();
    let gone = log.listed(&toll.lost, NAMED).join(", ");
    let left: Vec<Name> = toll.on_disk.iter().chain(&toll.elsewhere).copied().collect();
    let left = log.listed(&left, NAMED).join(", ");
    let template = match (left.is_empty(), gone.is_empty()) {
        (true, true) => words::CRASH_EMPTY,
        (true, false) => words::CRASH_NONE,
        (false, true) => words::CRASH_ALL,
        (false, false) => words::CRASH_SOME,
    };
    Some(expand(template, &|key| match key {
        "left" => Some(left.clone()),
        "gone" => Some(gone.clone()),
        _ => None,
    }))
}

/// What a crash leaves. `asked` is the event before it, behind which the question stands.
pub(super) fn crash(log: &Log, verbs: &VerbBook, at: EventId, asked: EventId, tries: &[Try]) -> Option<Question> {
    let actor = log.event(at)?.actor;
    let right = left(log, verbs, actor, at)?;
    // Only what is said before it is known what is gone.
    let says = texts(log, verbs, &[at]).pop()?;
    let said = says.split_once(". ").map_or(says.clone(), |(first, _)| format!("{first}."));
    let name = log.actor_name(actor);
    let field = |key: &str| match key {
        "actor" => Some(name.clone()),
        // That the memory is gone is what is asked for.
        "says" => Some(said.split_once(':').map_or(said.clone(), |(first, _)| format!("{first}."))),
        _ => None,
    };
    let ask = expand(words::CRASH, &field);
    let wrong = wrong(tries, &right, |other| left(&other.trial.log, verbs, actor, EventId(0)));
    Draft { kind: Kind::Crash, at: Some(asked), ask, right: plain(right), wrong, because: says }.settle(log)
}

/// Which setting cures the run of what it suffers from, where some do and some do not.
pub(super) fn cure(log: &Log, findings: &Findings, tries: &[Try]) -> Option<Question> {
    let sick = |word: &Word| findings.count(*word) > 0;
    let word = [Word::Lost, Word::DuplicateRows].into_iter().find(sick)?;
    let template = if word == Word::Lost { words::CURE_LOST } else { words::CURE_TWICE };
    let choice = |other: &Try| Choice { text: other.change.says.clone(), way: Some(other.way()) };
    let healthy = |other: &&Try| other.trial.findings.count(word) == 0;
    // A change with which one suffering gives way to the other is no cure, and no wrong answer either.
    let clean = |other: &&Try| {
        let bad = [Word::Lost, Word::Duplicated, Word::Stuck];
        bad.iter().all(|bad| other.trial.findings.count(*bad) <= if *bad == word { 0 } else { findings.count(*bad) })
    };
    // What only promises less does not cure; that it breaks nothing here is this run's luck.
    let weaker = |other: &&Try| WEAKER.iter().any(|weaker| other.change.id.starts_with(weaker));
    let right = tries.iter().filter(|other| healthy(other) && !weaker(other)).find(clean).map(choice)?;
    let wrong: Vec<Choice> = tries.iter().filter(|other| !healthy(other)).map(choice).collect();
    let names: Vec<&str> = findings.ids(word);
    let list = match names.split_last() {
        Some((last, rest)) if !rest.is_empty() && names.len() <= NAMED => format!("{} and {last}", rest.join(", ")),
        _ => names.first().map_or_else(String::new, |name| (*name).to_owned()),
    };
    let ask = expand(template, &|key| (key == "list").then(|| crate::trace::visible(&list)));
    let ask = if names.len() > 1 { ask.replacen(" is ", " are ", 1) } else { ask };
    let because = words::CURE_BECAUSE.to_owned();
    Draft { kind: Kind::Cure, at: None, ask, right, wrong, because }.settle(log)
}
