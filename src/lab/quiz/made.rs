//! Which questions are asked of a run: those of the lesson, those of an event, and a sheet of both.

use super::asks::{Draft, belief, crash, cure, how_often, is_crash, next};
use super::tries::tries;
use super::{Choice, Kind, Question, words};
use crate::ids::{EventId, Name};
use crate::lab::{Laboratory, RunId, Sort};
use crate::trace::{self, Key, Kind as Happens, Log, VerbBook, visible};
use crate::verdict::{Figure, Findings, Word, fill};

/// A sheet has so many questions at most.
const SHEET: usize = 12;

/// Changes after which the past is as it was.
const FROM_HERE: [Sort; 2] = [Sort::Fault, Sort::Removal];
/// All changes.
const ANY: [Sort; 3] = [Sort::Setting, Sort::Removal, Sort::Fault];

/// The questions of a run's lesson, in the order of their moments; those before the run first. One whose moment does not
/// come is left out.
pub fn lesson(lab: &dyn Laboratory, verbs: &VerbBook, run: RunId) -> Vec<Question> {
    let Some(held) = lab.run(run) else { return Vec::new() };
    let (log, findings) = (&held.log, &held.findings);
    let mut found = Vec::new();
    for question in &log.header.lesson.questions {
        let at = question.at.as_ref().map(|at| at.find(log, verbs));
        if at != Some(None) {
            found.extend(asked(lab, run, log, findings, question, at.flatten()));
        }
    }
    found.sort_by_key(|question| question.at);
    found
}

/// A question as it stands in the lesson.
fn asked(
    lab: &dyn Laboratory,
    run: RunId,
    log: &Log,
    findings: &Findings,
    question: &trace::Question,
    at: Option<EventId>,
) -> Option<Question> {
    let because = question
        .because
        .as_ref()
        .map_or_else(|| words::FIGURE_BECAUSE.to_owned(), |because| visible(&fill(because, findings)));
    let (right, wrong) = match &question.key {
        Key::Choice { choices, answer } => {
            let others = choices.iter().filter(|choice| *choice != answer);
            (visible(answer), others.map(|text| Choice { text: visible(text), way: None }).collect())
        }
        Key::Figure(figure) => {
            let figure = Figure::read(figure).ok()?;
            let right = figure.value(findings);
            let others = tries(lab, run, at.unwrap_or(EventId(0)), &ANY).into_iter().filter_map(|other| {
                let text = figure.value(&other.trial.findings);
                (text != right).then(|| Choice { text, way: Some(other.way()) })
            });
            let others = others.collect();
            (right, others)
        }
    };
    let right = Choice { text: right, way: None };
    let ask = visible(&question.ask);
    let draft = Draft { kind: Kind::Lesson, at, ask, right, wrong, because };
    let alone = Question {
        kind: Kind::Lesson,
        at,
        ask: draft.ask.clone(),
        choices: vec![draft.right.clone()],
        answer: 0,
        because: draft.because.clone(),
    };
    // No other run gives another figure: then it is typed.
    Some(draft.settle(log).unwrap_or(alone))
}

/// The message that an event is about.
fn about(log: &Log, at: EventId) -> Option<Name> {
    let name = match log.event(at)?.kind {
        Happens::Note { message, .. } => message,
        Happens::Sent(frame) | Happens::Arrived(frame) | Happens::Lost(frame) | Happens::Ignored(frame) => {
            log.frame(frame)?.message
        }
        _ => return None,
    };
    name.is_some().then_some(name)
}

/// The questions that an event lets one ask, the one about what comes next first. Those whose answer no other run gives
/// otherwise are left out.
pub fn questions(lab: &dyn Laboratory, verbs: &VerbBook, run: RunId, at: EventId) -> Vec<Question> {
    let Some(held) = lab.run(run) else { return Vec::new() };
    let (log, findings) = (&held.log, &held.findings);
    if log.event(at).is_none() {
        return Vec::new();
    }
    let here = tries(lab, run, at, &FROM_HERE);
    let mut found: Vec<Question> = next(log, verbs, at, &here).into_iter().collect();
    if let Some(message) = about(log, at) {
        let all = tries(lab, run, at, &ANY);
        found.extend(how_often(log, message, Some(at), &all));
        found.extend(belief(log, verbs, message, Some(at), &all));
    }
    found.extend(ending(lab, verbs, run, log, at));
    if found.is_empty() {
        found.extend(cure(log, findings, &tries(lab, run, at, &[Sort::Setting])));
    }
    found
}

/// What a crash leaves, where an event is one.
fn ending(lab: &dyn Laboratory, verbs: &VerbBook, run: RunId, log: &Log, at: EventId) -> Option<Question> {
    if !is_crash(log, at) {
        return None;
    }
    // Before the fault that is its cause, so that another may strike in its place.
    let fault = log.events()[at.at()].cause;
    let strikes = log.event(fault).is_some_and(|event| matches!(event.kind, Happens::Fault(_)));
    let before = EventId((if strikes { fault } else { at }).0.checked_sub(1)?);
    crash(log, verbs, at, before, &tries(lab, run, before, &ANY))
}

/// A sheet of questions about a run: the lesson's, and some that its verdict makes worth asking. In the order of the run.
pub fn quiz(lab: &dyn Laboratory, verbs: &VerbBook, run: RunId) -> Vec<Question> {
    let Some(held) = lab.run(run) else { return Vec::new() };
    let (log, findings) = (&held.log, &held.findings);
    let mut found = lesson(lab, verbs, run);
    let start = EventId(0);
    let all = tries(lab, run, start, &ANY);
    let named = |word: Word| findings.ids(word).first().and_then(|id| log.names.find(id));
    if let Some(message) = [Word::Duplicated, Word::Lost, Word::Stuck, Word::Recovered].into_iter().find_map(named) {
        found.extend(how_often(log, message, None, &all));
        found.extend(belief(log, verbs, message, None, &all));
    }
    found.extend(cure(log, findings, &tries(lab, run, start, &[Sort::Setting])));
    let ids = || (0..log.events().len() as u32).map(EventId);
    if let Some(at) = ids().find(|at| is_crash(log, *at)) {
        found.extend(ending(lab, verbs, run, log, at));
    }
    let captions = log.header.lesson.captions.iter().filter_map(|caption| caption.at.find(log, verbs));
    let lost = ids().find(|at| matches!(log.events()[at.at()].kind, Happens::Lost(_)));
    for at in captions.chain(lost).take(2) {
        found.extend(next(log, verbs, at, &tries(lab, run, at, &FROM_HERE)));
    }
    let mut once: Vec<Question> = Vec::new();
    for question in found {
        if once.iter().all(|other| (&other.ask, other.at) != (&question.ask, question.at)) {
            once.push(question);
        }
    }
    once.truncate(SHEET);
    once.sort_by_key(|question| question.at);
    once
}
