//! A token brings back the same bytes, and a run with one choice changed is the same before that choice.

use crate::gallery::Case;
use crate::proofs::all;
use mqlab::explore::{How, Run, Token, difference, run};
use mqlab::ids::EventId;
use mqlab::sim::{ChoiceKey, ChoiceKind, name_hash};
use mqlab::trace::{Log, encode};
use mqlab::world::{RULES, VERBS, World};

/// A run with these choices prescribed.
fn with(case: &Case, choices: &[(ChoiceKey, u64)]) -> Run {
    let token = Token { scenario: 0, seed: case.plan.seed, choices: choices.to_vec() };
    run(&case.plan, case.digest, &[], &How { seed: None, replay: Some(token) })
}

fn assert_replays(case: &Case, run_once: &Run) {
    let token: Token =
        run_once.token.to_string().parse().unwrap_or_else(|e| panic!("{}: {} {e}", case.name, run_once.token));
    assert_eq!(token, run_once.token, "{}", case.name);
    let again = run(&case.plan, case.digest, &[], &How { seed: None, replay: Some(token) });
    assert_eq!(difference(&again.log, &run_once.log), None, "{}\n{}", case.name, run_once.token);
    let bytes = |run: &Run| encode(&run.log, RULES, VERBS);
    assert!(bytes(&again) == bytes(run_once), "{}\n{}", case.name, run_once.token);
    assert_eq!(again.token, run_once.token, "{}", case.name);
    // Prescribed choices that never came up are still to come for the state.
    if run_once.unused.is_empty() {
        assert_eq!(again.digest, run_once.digest, "{}", case.name);
    }
    assert_eq!((again.unused.len(), again.clamped.len()), (0, 0), "{}\n{}", case.name, run_once.token);
}

/// The names of all streams that a world of this plan draws from.
fn streams(case: &Case) -> Vec<String> {
    let actors = case.plan.actors().into_iter().map(|actor| actor.name);
    let links = case.plan.clients.iter().flat_map(|c| ["up", "down"].map(|way| format!("link of {}, {way}", c.name)));
    actors.chain(links).collect()
}

/// The number of events that were told before the step in which this choice came up; nothing if it never did.
fn events_before(case: &Case, choice: (ChoiceKey, u64)) -> Option<(Log, usize)> {
    let mut world = World::new(&case.plan);
    world.choices_mut().replay(&[choice]);
    let mut log = Log::default();
    let mut before = None;
    loop {
        let events = log.events().len();
        let done = world.step(&mut log);
        if before.is_none() && world.choices().unused().next().is_none() {
            before = Some(events);
        }
        if done.is_some() {
            return before.map(|before| (log, before));
        }
    }
}

#[test]
fn a_token_brings_back_the_same_bytes() {
    for case in all(60) {
        assert_replays(&case, &run(&case.plan, case.digest, &[], &How::default()));
        assert_replays(&case, &run(&case.plan, case.digest, &[], &How { seed: Some(99), replay: None }));
    }
}

#[test]
fn a_run_with_a_choice_changed_is_the_same_before_it() {
    let (mut changed, mut differ) = (0, 0);
    for case in all(40) {
        let base = run(&case.plan, case.digest, &[], &How::default()).log;
        let mut met = Vec::new();
        for stream in streams(&case) {
            for (kind, count, value) in
                [(0, 2, 1_200_000), (0, 9, 0), (1, 0, 0), (1, 1, 2_500_000), (2, 0, 1), (4, 0, 5_000_000)]
            {
                let choice = (ChoiceKey { stream: name_hash(&stream), kind: ChoiceKind(kind), count }, value);
                let Some((log, before)) = events_before(&case, choice) else { continue };
                met.push(choice);
                for e in (0..before as u32).map(EventId) {
                    assert_eq!(log.event(e), base.event(e), "{}\n{stream}, {choice:?}, event {}", case.name, e.0);
                    assert_eq!(log.deltas(e), base.deltas(e), "{}\n{stream}, {choice:?}, event {}", case.name, e.0);
                }
                changed += 1;
                differ += usize::from(difference(&log, &base).is_some());
            }
        }
        // Several at once, on several streams: the token of that run brings it back too.
        let several = with(&case, &met);
        assert_replays(&case, &several);
    }
    assert!(changed > 100 && differ > 50, "too few choices came up: {changed} changed, {differ} made a difference");
}
