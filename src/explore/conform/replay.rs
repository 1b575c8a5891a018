//! One fact: its steps performed at a fresh node, and what came of it.

use super::compare::{self, Difference};
use super::driver::{Driver, Got};
use super::fact::{Fact, Step};
use super::settled;
use crate::machine::{Replayer, Unfit};
use crate::units::{Span, Time};
use std::sync::Arc;

/// Steps of a racy fact that follow each other at most this fast were sent in one burst.
const BURST: Span = Span::millis(1);
/// What a recording has at its end may come as much later here: its times include the recorder's own.
const GRACE: Span = Span::millis(250);

/// What came of a fact.
#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    /// It came as it was recorded.
    Same,
    /// It did not.
    Different(Difference),
    /// It was not, or could not be, compared; why.
    Skipped(String),
}

/// Replays a fact on a node of this version, or else of the one that it was recorded on.
pub fn replay<R: Replayer>(fact: &Fact, version: Option<&str>) -> (Verdict, Vec<Got>) {
    let skipped = |why: String| (Verdict::Skipped(why), Vec::new());
    if let Some(why) = left_out::<R>(fact) {
        return skipped(why);
    }
    let Some(version) = version.or(fact.version.as_deref()) else {
        return skipped("it does not say on which `version` it was recorded".into());
    };
    let Some(mut driver) = Driver::<R>::new(version) else {
        let known = R::VERSIONS.join(", ");
        return skipped(format!("version {version} is not modelled; {known} are"));
    };
    perform_all(fact, &mut driver);
    let got = quiet::<R>(fact, std::mem::take(&mut driver.got));
    let found = if fact.racy {
        settled::difference::<R>(fact, &got, &driver.made)
    } else {
        compare::first_difference::<R>(fact, &got, &driver.made)
    };
    let verdict = match found {
        _ if driver.is_restless() => Verdict::Different(restless(fact)),
        Some(found) => Verdict::Different(found),
        None if fact.says_something() => Verdict::Same,
        None => Verdict::Skipped("its action has no recorded event to compare".into()),
    };
    (verdict, got)
}

/// Why a fact is not replayed at all.
fn left_out<R: Replayer>(fact: &Fact) -> Option<String> {
    if fact.unread.is_some() {
        return fact.unread.clone();
    }
    if !fact.replayable {
        return Some("it needs the server's configuration, its process or malformed frames".into());
    }
    let mut made: Vec<&str> = Vec::new();
    for (number, step) in (1..).zip(&fact.steps) {
        if let Err(Unfit(why)) = R::check(&step.did) {
            return Some(format!("step {number}: {why}"));
        }
        let Step { conn, did, .. } = step;
        match &*did.what {
            "connect" => made.push(conn),
            "wait" | "start" => {}
            what if !made.contains(&&**conn) => {
                return Some(format!("step {number}: {what} on connection {conn}, which was never made"));
            }
            _ => {}
        }
    }
    None
}

fn restless(fact: &Fact) -> Difference {
    let note = Some("the node goes on without end".to_owned());
    Difference { step: fact.steps.len().saturating_sub(1), expected: None, got: None, note }
}

fn perform_all<R: Replayer>(fact: &Fact, driver: &mut Driver<R>) {
    let mut seen = 0;
    for (number, step) in fact.steps.iter().enumerate() {
        if fact.timed {
            driver.pass(step.at);
        }
        driver.perform(number, &step.conn, &step.did);
        if fact.racy && in_burst(step, fact.steps.get(number + 1)) {
            driver.absorb();
        } else {
            driver.settle();
        }
        align(fact, number, driver, &mut seen);
    }
    if fact.timed {
        run_out(fact, driver);
    }
}

fn in_burst(step: &Step, next: Option<&Step>) -> bool {
    next.is_some_and(|next| next.at.since(step.at) <= BURST)
}

/// The time after the last step.
fn run_out<R: Replayer>(fact: &Fact, driver: &mut Driver<R>) {
    let Some(last) = fact.steps.last() else { return };
    let end = last.sees.iter().map(|seen| seen.at).fold(last.at, Time::max);
    driver.pass(end);
    let recorded: usize = fact.steps.iter().map(|step| step.sees.len()).sum();
    if driver.got.len() < recorded {
        driver.pass(end + GRACE);
    }
}

/// Names of the recording that have no placeholder stand for those at their places; later steps need them.
fn align<R: Replayer>(fact: &Fact, number: usize, driver: &mut Driver<R>, seen: &mut usize) {
    if *seen == driver.got.len() {
        return;
    }
    *seen = driver.got.len();
    let mut conns: Vec<Arc<str>> = driver.got.iter().map(|got| Arc::clone(&got.conn)).collect();
    conns.sort();
    conns.dedup();
    for conn in conns {
        let recorded = fact.steps[..=number].iter().flat_map(|step| &step.sees).filter(|seen| seen.conn == conn);
        let pairs: Vec<_> = recorded.zip(driver.got.iter().filter(|got| got.conn == conn)).collect();
        for (seen, got) in pairs {
            driver.made.align(&seen.event, &got.event);
        }
    }
}

/// Without what recordings leave out unless they are about it: heartbeats.
fn quiet<R: Replayer>(fact: &Fact, got: Vec<Got>) -> Vec<Got> {
    let recorded = |name: &str| fact.steps.iter().flat_map(|step| &step.sees).any(|seen| seen.event.name == name);
    got.into_iter().filter(|got| !R::is_idle(&got.event) || recorded(&got.event.name)).collect()
}
