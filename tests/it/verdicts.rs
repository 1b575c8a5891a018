//! What the verdict says of whole runs: where a word is easily given too soon, or to the wrong thing.

use mqlab::explore::{How, Run, run};
use mqlab::scenario::{self, Look};
use mqlab::trace::Outcome;
use mqlab::verdict::Word;

pub(super) fn ran(text: &str) -> Run {
    let source = scenario::read(text).unwrap_or_else(|e| panic!("{}", e.render("verdicts", Look::PLAIN)));
    let scenario = source.select(None).unwrap();
    let expect: Vec<_> = scenario.expect.iter().map(|e| e.expectation.clone()).collect();
    run(&scenario::lower(&scenario).unwrap(), scenario.digest, &expect, &How::default())
}

fn published(count: u32, more: &str) -> Run {
    ran(&format!(
        "Scenario(title: \"t\", broker: rabbitmq(queues: [(name: \"q\", durable: true)]),
            producers: [(name: \"p\", publish: [(to: \"\", key: \"q\", id: \"m-{{n}}\", count: {count}, every: \"10ms\")])],
            {more})"
    ))
}

#[test]
fn a_publish_that_a_blocked_connection_holds_back_is_stuck_and_not_lost() {
    let alarm = "faults: [(name: \"a\", what: alarm(\"broker\", lasting: \"10s\", when: at(\"25ms\")))]";
    let held = published(5, &format!("{alarm}, until: \"500ms\""));
    assert_eq!((held.findings.count(Word::Lost), held.findings.count(Word::Stuck)), (0, 5));
    let over = published(5, alarm);
    assert_eq!((over.findings.count(Word::Lost), over.findings.count(Word::Stuck)), (0, 5));
    let killed = published(
        5,
        "until: \"500ms\", faults: [(name: \"a\", what: alarm(\"broker\", lasting: \"10s\", when: at(\"25ms\"))),
            (name: \"k\", what: kill(\"broker\", when: at(\"400ms\")))]",
    );
    assert_eq!((killed.findings.count(Word::Lost), killed.findings.count(Word::Stuck)), (5, 0));
}

#[test]
fn a_publish_on_the_wire_when_the_time_is_over_is_stuck() {
    let run = published(1, "network: (latency: \"10ms\"), until: \"105ms\"");
    assert_eq!((run.findings.messages, run.findings.count(Word::Stuck)), (1, 1));
}

#[test]
fn a_run_that_was_over_before_its_until_ended_by_itself() {
    for until in ["1s", "10s", "29s", "31s", "100s"] {
        let run = published(1, &format!("until: \"{until}\""));
        assert_eq!(run.outcome, Outcome::Quiescent, "{until}");
        assert!(run.findings.at.0 < 1_000_000_000);
    }
    assert_eq!(published(3, "until: \"25ms\"").outcome, Outcome::Until);
}

#[test]
fn the_messages_of_a_queue_that_goes_are_purged() {
    let script = |steps: &str| {
        ran(&format!(
            "Scenario(title: \"t\", broker: rabbitmq(), scripts: [(name: \"s\", steps: [
                queue_declare(queue: \"q\"),
                basic_publish(key: \"q\", body: \"m-1\"),
                basic_publish(key: \"q\", body: \"m-2\"),
                {steps}])])"
        ))
    };
    let exclusive = ran("Scenario(title: \"t\", broker: rabbitmq(), scripts: [(name: \"s\", steps: [
            queue_declare(queue: \"q\", exclusive: true),
            basic_publish(key: \"q\", body: \"m-1\"), wait(\"10ms\"), abort()])])");
    assert_eq!(exclusive.findings.count(Word::Purged), 1);
    for steps in ["queue_delete(queue: \"q\")", "basic_get(queue: \"q\"), queue_delete(queue: \"q\")"] {
        let run = script(steps);
        assert_eq!(run.findings.count(Word::Purged), 2, "{steps}");
        assert_eq!(run.findings.words.iter().find(|f| f.word == Word::Purged).unwrap().by[0].at, "q");
    }
}

#[test]
fn an_invariant_names_the_first_event_that_breaks_it_and_a_recorded_trace_checks_it_again() {
    let run = published(
        5,
        "invariants: [always(depth(\"q\", at_most(2))), never(sent(at_least(9))), eventually(sent(3), within: \"1s\"),
            eventually(sent(9))]",
    );
    let results: Vec<(bool, &str)> = run.checked.iter().map(|one| (one.holds, one.found.as_str())).collect();
    assert_eq!(results.iter().map(|one| one.0).collect::<Vec<_>>(), [false, true, true, false], "{results:?}");
    assert!(results[0].1.starts_with("3: m-1, m-2, m-3 at step "), "{results:?}");
    assert_eq!(mqlab::explore::checked(&run.log, &run.findings), run.checked);
    let bad = "Scenario(title: \"t\", broker: rabbitmq(), invariants: [never(lost(1))])";
    let says = scenario::read(bad).and_then(|source| source.select(None)).unwrap_err().render("t", Look::PLAIN);
    assert!(says.contains("known only when a run has ended") && says.contains("expect"), "{says}");
}
