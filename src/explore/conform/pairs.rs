//! Pairs of a binding and a message: every binding on a queue of its own, every message published once, and then each
//! queue asked whether it got it.

use super::compare::Difference;
use super::driver::{Driver, Got};
use super::fact::Pair;
use super::replay::Verdict;
use crate::machine::{Did, Event, Replayer, Value};
use std::sync::Arc;

/// The one connection.
const CONN: &str = "c1";

/// A node with the bindings of all pairs.
struct Bench<R: Replayer> {
    driver: Driver<R>,
    conn: Arc<str>,
    kind: &'static str,
    /// Why a binding was refused; `None` where it was not.
    refused: Vec<Option<Event>>,
}

/// Compares pairs on a node of this version; a verdict each. `None` where there is no such version.
pub fn compare<R: Replayer>(kind: &'static str, pairs: &[Pair], version: &str) -> Option<Vec<Verdict>> {
    let mut bindings: Vec<&Value> = Vec::new();
    let mut messages: Vec<&Value> = Vec::new();
    let mut places = Vec::with_capacity(pairs.len());
    for pair in pairs {
        places.push((place(&mut bindings, &pair.binding), place(&mut messages, &pair.message)));
    }
    let mut bench = Bench::<R>::new(kind, &bindings, version)?;
    let mut verdicts: Vec<Option<Verdict>> = vec![None; pairs.len()];
    for (number, message) in messages.iter().enumerate() {
        let failed = bench.publish(message);
        let matched: Vec<bool> = (0..bindings.len()).map(|queue| bench.ask(queue)).collect();
        for (at, (queue, _)) in places.iter().enumerate().filter(|(_, place)| place.1 == number) {
            let failure = bench.refused[*queue].clone().or_else(|| failed.clone());
            verdicts[at] = Some(verdict(&pairs[at], matched[*queue], failure));
        }
    }
    Some(verdicts.into_iter().flatten().collect())
}

fn place<'a>(known: &mut Vec<&'a Value>, value: &'a Value) -> usize {
    known.iter().position(|other| *other == value).unwrap_or_else(|| {
        known.push(value);
        known.len() - 1
    })
}

fn verdict(pair: &Pair, matched: bool, failure: Option<Event>) -> Verdict {
    let word = |matched| if matched { "the binding matches" } else { "the binding does not match" };
    let note = match &failure {
        Some(_) => format!("recorded: {}; the node refused", word(pair.matched)),
        None => format!("recorded: {}; here {}", word(pair.matched), word(matched)),
    };
    if failure.is_none() && matched == pair.matched {
        return Verdict::Same;
    }
    let got = failure.map(|event| (CONN.into(), event));
    Verdict::Different(Difference { step: 0, expected: None, got, note: Some(note) })
}

impl<R: Replayer> Bench<R> {
    fn new(kind: &'static str, bindings: &[&Value], version: &str) -> Option<Self> {
        let mut bench = Bench { driver: Driver::new(version)?, conn: CONN.into(), kind, refused: Vec::new() };
        bench.perform(&Did { channel: 0, what: "connect".into(), args: Vec::new() });
        bench.begin();
        for (queue, binding) in bindings.iter().enumerate() {
            let refused = R::bind(binding, queue).iter().find_map(|did| bench.failure(did));
            bench.refused.push(refused);
        }
        Some(bench)
    }

    /// Opens the channel, again where it was closed.
    fn begin(&mut self) {
        for did in R::begin(self.kind) {
            self.perform(&did);
        }
    }

    fn perform(&mut self, did: &Did) -> Vec<Got> {
        self.driver.perform(0, &self.conn, did);
        self.driver.settle();
        std::mem::take(&mut self.driver.got)
    }

    /// What closed the channel, if that was the answer.
    fn failure(&mut self, did: &Did) -> Option<Event> {
        let failed = self.perform(did).into_iter().find(|got| R::ends(&got.event.name))?;
        self.begin();
        Some(failed.event)
    }

    fn publish(&mut self, message: &Value) -> Option<Event> {
        self.failure(&R::publish(message))
    }

    fn ask(&mut self, queue: usize) -> bool {
        let (did, yes) = R::ask(queue);
        self.perform(&did).iter().any(|got| got.event.name == yes)
    }
}
