//! Faults of links, disks and machines: what comes of them as a whole run shows it.
//!
//! Not the machines' own reactions (their folders test those), and not the sentences (`rules`).

use crate::verdicts::ran;
use mqlab::explore::Run;
use mqlab::trace::Outcome;
use mqlab::units::{Span, Time};
use mqlab::world::RULES;

/// A producer without heartbeats whose connection is forgotten on the way, beside a consumer with heartbeats.
fn forgotten(consumer: &str) -> Run {
    ran(&format!(
        "Scenario(
            title: \"t\",
            broker: rabbitmq(queues: [(name: \"q\")]),
            producers: [(name: \"p\", publish: [(to: \"\", key: \"q\", count: 2, every: \"100ms\")], heartbeat: \"0s\")],
            consumers: [(name: \"c\", from: \"q\"{consumer})],
            faults: [(name: \"f\", what: cut(between: (\"p\", \"broker\"), how: half_open, when: at(\"1s\")))],
        )"
    ))
}

#[test]
fn a_connection_that_is_half_open_for_ever_does_not_keep_a_run_up() {
    // The other connection's heartbeats, and its polls, are housekeeping and no work.
    for consumer in [", heartbeat: \"5s\"", ", heartbeat: \"60s\"", ", poll: (every: \"1s\")"] {
        let run = forgotten(consumer);
        assert_eq!(run.outcome, Outcome::Quiescent, "{consumer}");
        assert!(run.findings.at < Time::ZERO + Span::secs(205), "{consumer}: {:?}", run.findings.at);
    }
}

#[test]
fn both_sides_of_a_forgotten_connection_notice_by_heartbeats() {
    let run = ran("Scenario(
        title: \"t\",
        broker: rabbitmq(queues: [(name: \"q\")]),
        producers: [(name: \"p\", publish: [(to: \"\", key: \"q\", count: 2, every: \"100ms\")], heartbeat: \"60s\")],
        faults: [(name: \"f\", what: cut(between: (\"p\", \"broker\"), how: half_open, when: at(\"1s\")))],
    )");
    assert_eq!(run.outcome, Outcome::Quiescent);
    for key in ["client.silence", "amqp.heartbeat.missed"] {
        let rule = RULES.find(key).unwrap();
        assert!(run.log.events().iter().any(|event| event.rule == rule), "{key}");
    }
}
