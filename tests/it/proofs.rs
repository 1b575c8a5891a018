//! What search, time travel, branching and a real socket stand on, held over every scenario and variant and over random
//! ones: the trace tells the truth, a run is a function of its input, and what is written reads back.
//!
//! Copies of worlds are in `copies`, fingerprints in `digests`, tokens and choices in `replays`.

use crate::gallery::{Case, cases, run_checked, texts};
use crate::random;
use mqlab::explore::{How, difference, run};
use mqlab::scenario;
use mqlab::trace::{Log, ReadLimits, decode, encode};
use mqlab::verdict::Verdict;
use mqlab::world::{RULES, VERBS, World};

/// The gallery and so many random scenarios.
pub fn all(random: u64) -> impl Iterator<Item = Case> {
    cases().into_iter().chain(random::cases(0..random))
}

#[test]
fn what_events_tell_is_what_machines_hold_after_every_step() {
    for case in all(150) {
        run_checked(&case.name, &mut World::new(&case.plan));
    }
}

#[test]
fn a_second_run_writes_the_same_bytes() {
    for case in all(60) {
        let trace = || encode(&run(&case.plan, case.digest, &[], &How::default()).log, RULES, VERBS);
        let (first, second) = (trace(), trace());
        let line = first.lines().zip(second.lines()).position(|(a, b)| a != b);
        assert!(first == second, "{}: line {line:?} differs", case.name);
    }
}

#[test]
fn a_trace_reads_back_as_it_was_written() {
    for case in all(60) {
        let log = run(&case.plan, case.digest, &[], &How::default()).log;
        let text = encode(&log, RULES, VERBS);
        let again =
            decode(&text, &ReadLimits::default(), RULES, VERBS).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        assert_eq!(difference(&log, &again), None, "{}", case.name);
        assert!(encode(&again, RULES, VERBS) == text, "{}: written again, the text differs", case.name);
    }
}

#[test]
fn a_scenario_that_was_printed_reads_as_the_same() {
    let random = (0..150).map(|seed| (format!("random {seed}"), random::parts(seed, random::Shape::default()).text()));
    for (name, text) in texts().into_iter().chain(random) {
        let source = scenario::read(&text).unwrap_or_else(|e| panic!("{}", e.render(&name, scenario::Look::PLAIN)));
        let printed = source.print();
        let again = scenario::read(&printed)
            .unwrap_or_else(|e| panic!("{name}, printed:\n{}", e.render(&name, scenario::Look::PLAIN)));
        assert_eq!(again.print(), printed, "{name}");
        let variants = source.variants().iter().map(|v| Some(v.name.value.as_str()));
        for variant in variants.chain([None]) {
            let digest = |source: &scenario::Source| source.select(variant).unwrap().digest;
            assert_eq!(digest(&source), digest(&again), "{name}, {variant:?}");
        }
    }
}

/// What a listener must not change.
#[derive(PartialEq, Eq, Debug)]
struct End {
    outcome: mqlab::trace::Outcome,
    digest: mqlab::ids::Digest,
    steps: u64,
    choices: Vec<(mqlab::sim::ChoiceKey, u64)>,
    strikes: Vec<u32>,
}

fn end(world: &World) -> End {
    End {
        outcome: world.outcome().unwrap(),
        digest: world.digest(),
        steps: world.steps(),
        choices: world.choices().differing().to_vec(),
        strikes: world.strikes().collect(),
    }
}

#[test]
fn who_listens_changes_nothing() {
    for case in all(100) {
        let (mut silent, mut judged, mut full) =
            (World::new(&case.plan), World::new(&case.plan), World::new(&case.plan));
        let mut alone = Verdict::new(&case.plan.header, VERBS);
        let mut both = (Log::new(case.plan.header.clone()), Verdict::new(&case.plan.header, VERBS));
        loop {
            let done = full.step(&mut both);
            assert_eq!(judged.step(&mut alone), done, "{}", case.name);
            assert_eq!(silent.step(&mut ()), done, "{}", case.name);
            let digest = full.digest();
            assert_eq!(judged.digest(), digest, "{}, the verdict, step {}", case.name, full.steps());
            assert_eq!(silent.digest(), digest, "{}, nobody, step {}", case.name, full.steps());
            if done.is_some() {
                break;
            }
        }
        assert_eq!(end(&judged), end(&full), "{}", case.name);
        assert_eq!(end(&silent), end(&full), "{}", case.name);
        let (state, whole) = (judged.observe(), full.observe());
        let findings = (alone.finish(&state, &judged.tables()), both.1.finish(&whole, &full.tables()));
        assert_eq!(findings.0, findings.1, "{}", case.name);
    }
}
