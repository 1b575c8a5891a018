//! Whether what came is what was recorded: values, events, and the sequence on each connection.
//!
//! Not racy facts, of which only what is settled counts (`settled`).

use super::driver::Got;
use super::fact::{Fact, Seen};
use super::names::Made;
use super::placeholder::{PLACEHOLDERS, Token, fits, tokens};
use crate::machine::{Event, Replayer, Rows, Value};
use crate::units::{Span, Time};
use std::sync::Arc;

/// A frame that came at once is recorded behind the next steps where these were sent before it arrived: as long as this
/// the network and the client may take.
const ON_ITS_WAY: Span = Span::millis(40);

/// Where a recording and a replay part.
#[derive(Clone, PartialEq, Debug)]
pub struct Difference {
    /// The step after which they do, counted from 0.
    pub step: usize,
    /// What was recorded; `None` where nothing more was.
    pub expected: Option<(Arc<str>, Event)>,
    /// What came; `None` where nothing more did.
    pub got: Option<(Arc<str>, Event)>,
    /// What else there is to say.
    pub note: Option<String>,
}

/// Compares values; knows the names that stand for those of the recording.
#[derive(Clone, Debug)]
pub struct Matcher {
    prefixes: &'static [&'static str],
    made: Made,
    /// The other way round: each name here stands for one of the recording.
    stands: Vec<(String, String)>,
}

impl Matcher {
    /// With the names of a replay.
    pub fn new(made: &Made) -> Matcher {
        Matcher { prefixes: made.prefixes(), made: made.clone(), stands: Vec::new() }
    }

    /// Whether an event is the recorded one. Fields that one of them leaves out have the protocol's default.
    pub fn event(&mut self, recorded: &Event, got: &Event) -> bool {
        if recorded.name != got.name || recorded.channel != got.channel {
            return false;
        }
        let before = self.stands.len();
        let same = self.fields(&recorded.fields, &got.fields);
        if !same {
            self.stands.truncate(before);
        }
        same
    }

    fn fields(&mut self, recorded: &Rows, got: &Rows) -> bool {
        let find = |rows: &Rows, key: &str| rows.iter().find(|(known, _)| &**known == key).map(|(_, v)| v.clone());
        let known = recorded.iter().all(|(key, value)| match find(got, key) {
            Some(other) => self.value(value, &other),
            None => is_default(value),
        });
        known && got.iter().all(|(key, value)| find(recorded, key).is_some() || is_default(value))
    }

    /// Whether a value is the recorded one. Whole numbers of a recording have no width unless it is written; the order
    /// of a table does not count.
    pub fn value(&mut self, recorded: &Value, got: &Value) -> bool {
        match (recorded, got) {
            (Value::Text(text), _) if PLACEHOLDERS.contains(&&**text) => true,
            (Value::Text(text), Value::Text(other)) => self.text(text, other),
            (Value::Int { bits, value }, Value::Int { bits: others, value: other }) => {
                let written = Value::int(*value) != *recorded;
                value == other && (!written || bits == others)
            }
            (Value::Int { value, .. }, Value::Timestamp(secs)) => u64::try_from(*value) == Ok(*secs),
            (Value::List(values), Value::List(others)) => {
                values.len() == others.len() && values.iter().zip(others).all(|(a, b)| self.value(a, b))
            }
            (Value::Table(rows), Value::Table(others)) => {
                rows.len() == others.len()
                    && rows.iter().all(|(key, value)| {
                        others.iter().find(|(known, _)| known == key).is_some_and(|(_, other)| self.value(value, other))
                    })
            }
            (recorded, got) => recorded == got,
        }
    }

    fn text(&mut self, recorded: &str, got: &str) -> bool {
        if recorded == got {
            return true;
        }
        let parts = tokens(recorded, self.prefixes);
        if let [Token::Plain(_)] | [] = parts[..] {
            return false;
        }
        let Matcher { made, stands, .. } = self;
        fits(&parts, got, &mut |prefix, tail, name| {
            let Some(tail) = tail else { return made.knows(name) };
            let recorded = format!("{prefix}{tail}");
            match stands.iter().find(|(known, actual)| *known == recorded || actual == name) {
                Some((known, actual)) => *known == recorded && actual == name,
                None => {
                    stands.push((recorded, name.to_owned()));
                    true
                }
            }
        })
    }
}

fn is_default(value: &Value) -> bool {
    match value {
        Value::Void | Value::Bool(false) | Value::Int { value: 0, .. } => true,
        Value::Text(text) => text.is_empty(),
        Value::Table(rows) => rows.is_empty(),
        _ => false,
    }
}

/// The first difference of a fact that is compared step by step.
pub fn first_difference<R: Replayer>(fact: &Fact, got: &[Got], made: &Made) -> Option<Difference> {
    let mut matcher = Matcher::new(made);
    let recorded: Vec<(usize, &Seen)> =
        fact.steps.iter().enumerate().flat_map(|(i, step)| step.sees.iter().map(move |seen| (i, seen))).collect();
    let mut conns: Vec<&Arc<str>> = Vec::new();
    for conn in recorded.iter().map(|(_, seen)| &seen.conn).chain(got.iter().map(|got| &got.conn)) {
        if !conns.contains(&conn) {
            conns.push(conn);
        }
    }
    let mut first: Option<Difference> = None;
    for conn in conns {
        let mut left = recorded.iter().filter(|(_, seen)| seen.conn == *conn);
        let mut right = got.iter().filter(|got| got.conn == *conn);
        loop {
            let (seen, came) = (left.next(), right.next());
            let Some(found) = parted::<R>(fact, seen.copied(), came, &mut matcher) else {
                if seen.is_none() { break } else { continue }
            };
            if first.as_ref().is_none_or(|known| found.step < known.step) {
                first = Some(found);
            }
            break;
        }
    }
    first.or_else(|| listed_difference(fact, got, made))
}

/// Whether the two at the same place of a connection's sequence differ.
fn parted<R: Replayer>(
    fact: &Fact,
    seen: Option<(usize, &Seen)>,
    came: Option<&Got>,
    matcher: &mut Matcher,
) -> Option<Difference> {
    let expected = seen.map(|(_, seen)| (Arc::clone(&seen.conn), seen.event.clone()));
    let got = came.map(|got| (Arc::clone(&got.conn), got.event.clone()));
    let mut note = None;
    let step = match (seen, came) {
        (None, None) => return None,
        (Some((step, _)), None) => step,
        (None, Some(got)) => got.step,
        (Some((step, seen)), Some(got)) => {
            if matcher.event(&seen.event, &got.event) {
                let why = untimely::<R>(fact, step, seen, got)?;
                note = Some(why);
            }
            step.min(got.step)
        }
    };
    Some(Difference { step, expected, got, note })
}

/// Why an event that is right came at the wrong step; `None` where it did not.
fn untimely<R: Replayer>(fact: &Fact, step: usize, seen: &Seen, got: &Got) -> Option<String> {
    if got.step == step {
        return None;
    }
    let name = |step: usize| format!("step {} ({})", step + 1, fact.steps[step].did.what);
    if got.step > step {
        return Some(format!("it came only after {}", name(got.step)));
    }
    let done = &fact.steps[got.step];
    let answers = done.conn == seen.conn && R::answers(&done.did, &seen.event);
    // Where no time passes, it came when its step was done.
    let came: Time = if fact.timed { got.at } else { done.at };
    let waited = fact.steps[got.step + 1..=step].iter().all(|step| step.is_wait() || step.at.since(came) <= ON_ITS_WAY);
    if waited && !answers {
        return None;
    }
    Some(format!("it came already after {}", name(got.step)))
}

/// A difference to the list of the action's events, where a file has one that is not the steps' events in order.
fn listed_difference(fact: &Fact, got: &[Got], made: &Made) -> Option<Difference> {
    let listed = fact.expected.as_ref()?;
    let of_steps: Vec<&Seen> = fact.steps[fact.setup..].iter().flat_map(|step| &step.sees).collect();
    if listed.iter().eq(of_steps.iter().copied()) {
        return None;
    }
    let mut matcher = Matcher::new(made);
    let before: usize = fact.steps[..fact.setup].iter().map(|step| step.sees.len()).sum();
    let mut conns: Vec<&Arc<str>> = listed.iter().map(|seen| &seen.conn).collect();
    conns.sort();
    conns.dedup();
    let total = got.len().saturating_sub(before);
    let note = Some("the list `expected` differs from what came in the action".to_owned());
    for conn in conns {
        let skip =
            fact.steps[..fact.setup].iter().flat_map(|step| &step.sees).filter(|seen| seen.conn == *conn).count();
        let mut came = got.iter().filter(|got| got.conn == *conn).skip(skip);
        for seen in listed.iter().filter(|seen| seen.conn == *conn) {
            let got = came.next();
            if !got.is_some_and(|got| matcher.event(&seen.event, &got.event)) {
                let step = got.map_or(fact.steps.len().saturating_sub(1), |got| got.step);
                let expected = Some((Arc::clone(&seen.conn), seen.event.clone()));
                return Some(Difference { step, expected, got: got.map(of), note });
            }
        }
    }
    (total > listed.len()).then(|| {
        let last = got.last();
        let step = last.map_or(0, |got| got.step);
        Difference { step, expected: None, got: last.map(of), note }
    })
}

fn of(got: &Got) -> (Arc<str>, Event) {
    (Arc::clone(&got.conn), got.event.clone())
}
