//! Racy facts: the broker's own timing decided about grouping or order, so only what is settled in the end is compared.
//! On each channel, which publishes were confirmed and which refused, whatever the grouping; and what else came, in any
//! order. Delivery tags keep the order of deliveries.

use super::compare::{Difference, Matcher};
use super::driver::Got;
use super::fact::Fact;
use super::names::Made;
use crate::machine::{Event, Replayer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything that came on one channel, from its opening on.
#[derive(Debug, Default)]
struct Side<'a> {
    /// By the number of the publish: whether it was taken over.
    outcomes: BTreeMap<i64, bool>,
    others: Vec<(usize, &'a Event)>,
    /// The last step at which something came.
    last: usize,
}

/// A channel between two openings: connection, number, and how often it was opened before.
type Key = (Arc<str>, u16, usize);

/// The first difference in what is settled.
pub fn difference<R: Replayer>(fact: &Fact, got: &[Got], made: &Made) -> Option<Difference> {
    let recorded = fact.steps.iter().enumerate();
    let recorded = recorded.flat_map(|(i, step)| step.sees.iter().map(move |seen| (i, &seen.conn, &seen.event)));
    let expected = sides::<R>(fact, recorded);
    let came = sides::<R>(fact, got.iter().map(|got| (got.step, &got.conn, &got.event)));
    let mut matcher = Matcher::new(made);
    let mut keys: Vec<&Key> = expected.keys().chain(came.keys()).collect();
    keys.sort();
    keys.dedup();
    let none = Side::default();
    let mut first: Option<Difference> = None;
    for key in keys {
        let (a, b) = (expected.get(key).unwrap_or(&none), came.get(key).unwrap_or(&none));
        let found = others(key, a, b, &mut matcher).or_else(|| outcomes::<R>(fact, key, a, b));
        // What is missing says more than what came instead.
        let rank = |difference: &Difference| (difference.step, difference.expected.is_none());
        if let Some(found) = found.filter(|found| first.as_ref().is_none_or(|known| rank(found) < rank(known))) {
            first = Some(found);
        }
    }
    first
}

fn sides<'a, R: Replayer>(
    fact: &Fact,
    events: impl Iterator<Item = (usize, &'a Arc<str>, &'a Event)>,
) -> BTreeMap<Key, Side<'a>> {
    let mut sides: BTreeMap<Key, Side<'a>> = BTreeMap::new();
    for (step, conn, event) in events {
        let opened = openings(fact, step, conn, event.channel);
        let side = sides.entry((Arc::clone(conn), event.channel, opened)).or_default();
        side.last = step;
        match R::outcome(event) {
            None => side.others.push((step, event)),
            Some(outcome) => {
                // There are no more publishes than steps, so a file cannot make this long.
                let most = fact.steps.len() as i64;
                let from = if outcome.multiple { 1.max(outcome.number.saturating_sub(most)) } else { outcome.number };
                for number in from..=outcome.number {
                    side.outcomes.entry(number).or_insert(outcome.taken);
                }
            }
        }
    }
    sides
}

/// How often the channel was opened, or its connection made, up to a step.
fn openings(fact: &Fact, step: usize, conn: &Arc<str>, channel: u16) -> usize {
    let opens = |done: &&super::fact::Step| {
        done.conn == *conn
            && (done.did.what == "connect" || done.did.what == "channel.open" && done.did.channel == channel)
    };
    fact.steps[..=step].iter().filter(opens).count()
}

fn others(key: &Key, expected: &Side<'_>, came: &Side<'_>, matcher: &mut Matcher) -> Option<Difference> {
    let mut left = came.others.clone();
    let with = |event: &Event| Some((Arc::clone(&key.0), event.clone()));
    for (step, event) in &expected.others {
        let Some(at) = left.iter().position(|(_, other)| matcher.event(event, other)) else {
            let like = left.iter().find(|(_, other)| other.name == event.name).map(|(_, other)| *other);
            let got = like.or(left.first().map(|(_, other)| *other)).and_then(with);
            return Some(Difference { step: *step, expected: with(event), got, note: None });
        };
        left.remove(at);
    }
    let (step, event) = left.first()?;
    Some(Difference { step: *step, expected: None, got: with(event), note: None })
}

fn outcomes<R: Replayer>(fact: &Fact, key: &Key, expected: &Side<'_>, came: &Side<'_>) -> Option<Difference> {
    let lost = may_be_lost::<R>(fact, key, expected);
    let mut numbers: Vec<i64> = expected.outcomes.keys().chain(came.outcomes.keys()).copied().collect();
    numbers.sort_unstable();
    numbers.dedup();
    let word = |outcome: Option<&bool>| match outcome {
        Some(true) => "confirmed",
        Some(false) => "refused",
        None => "never answered",
    };
    numbers.into_iter().find_map(|number| {
        let (a, b) = (expected.outcomes.get(&number), came.outcomes.get(&number));
        if a == b || lost && (a.is_none() || b.is_none()) {
            return None;
        }
        let note = format!("publish {number} on channel {} was {}, and is {} here", key.1, word(a), word(b));
        Some(Difference { step: expected.last.max(came.last), expected: None, got: None, note: Some(note) })
    })
}

/// Whether answers may have been lost on their way: the channel was closed before all were out.
fn may_be_lost<R: Replayer>(fact: &Fact, key: &Key, expected: &Side<'_>) -> bool {
    let (conn, channel, opened) = key;
    let closes = |what: &str, on: u16| R::ends(what) && (on == *channel || on == 0);
    let steps = fact.steps.iter().enumerate().filter(|(_, step)| step.conn == *conn);
    let by_step = steps
        .filter(|(i, step)| closes(&step.did.what, step.did.channel) && openings(fact, *i, conn, *channel) == *opened)
        .count();
    let seen = fact.steps.iter().flat_map(|step| &step.sees).filter(|seen| seen.conn == *conn);
    by_step > 0
        || expected.others.iter().any(|(_, event)| R::ends(&event.name))
        || seen.clone().any(|seen| seen.event.channel == 0 && R::ends(&seen.event.name))
}
