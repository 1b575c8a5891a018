//! What events tell of a run: nothing before it has happened, and each look, death and answer as what it is.

use crate::verdicts::ran;
use mqlab::explore::Run;
use mqlab::ids::EventId;
use mqlab::trace::{Event, Kind, Moment, What, WorkAt};
use mqlab::verdict::{Word, sheet};
use mqlab::world::VERBS;

/// The notes of a kind: who, and about which message.
fn notes(run: &Run, wanted: What) -> Vec<(String, String)> {
    let one = |event: &Event| match event.kind {
        Kind::Note { what, message, .. } if what == wanted => {
            Some((run.log.actor_name(event.actor), run.log.shown(message).unwrap_or_default()))
        }
        _ => None,
    };
    run.log.events().iter().filter_map(one).collect()
}

fn about(run: &Run, wanted: What) -> Vec<String> {
    notes(run, wanted).into_iter().map(|(_, message)| message).collect()
}

/// Where in the run a note comes.
fn place_of(run: &Run, wanted: What, about: &str) -> usize {
    let is = |event: &Event| match event.kind {
        Kind::Note { what, message, .. } => what == wanted && run.log.shown(message).as_deref() == Some(about),
        _ => false,
    };
    run.log.events().iter().position(is).unwrap()
}

/// The time at which the broker sends a method.
fn sent_at(run: &Run, method: &str) -> u64 {
    let is = |event: &&Event| match event.kind {
        Kind::Sent(frame) => VERBS.get(run.log.frames[frame.at()].verb).unwrap().name == method,
        _ => false,
    };
    run.log.events().iter().find(is).unwrap().time.0
}

fn chain(forward: &str, faults: &str) -> Run {
    ran(&format!(
        "Scenario(title: \"t\", broker: rabbitmq(queues: [(name: \"q\"), (name: \"next\")]),
            producers: [(name: \"p\", publish: [(to: \"\", key: \"q\", id: \"m-{{n}}\", count: 2, every: \"20ms\", start: \"50ms\")])],
            consumers: [(name: \"c\", from: \"q\", work: \"5ms\", forward: (to: \"\", key: \"next\", {forward}))],
            faults: [{faults}])"
    ))
}

#[test]
fn what_was_to_follow_an_acknowledgement_is_not_published_by_a_process_that_dies_of_it() {
    let kill = "(name: \"k\", what: kill(\"c\", when: sending(method: \"basic.ack\", message: \"m-2\")))";
    let run = chain("id: \"then-{id}\", order: after_ack", kill);
    let of = |wanted| about(&run, wanted).into_iter().filter(|id| id.starts_with("then")).collect::<Vec<_>>();
    assert_eq!(
        (of(What::Published), of(What::BelievesSent)),
        (vec!["then-m-1".to_owned()], vec!["then-m-1".to_owned()])
    );
    let view = run.findings.producers.iter().find(|view| view.name == "c").unwrap();
    assert_eq!((view.published, view.attempts, view.sent.count), (1, 1, 1));
    assert_eq!(run.findings.count(Word::Lost), 0, "what was never published is not lost");
}

#[test]
fn what_is_passed_on_under_its_own_id_is_not_told_as_attempts_at_nothing() {
    let run = chain("id: \"{id}\", order: before_ack", "");
    let view = run.findings.producers.iter().find(|view| view.name == "c").unwrap();
    assert_eq!((view.published, view.attempts, view.passed_on), (0, 0, 2));
    let text = sheet(&run.findings, &[]);
    assert!(text.contains("published 2 messages under the id that another had given"), "{text}");
    let first = run.findings.producers.iter().find(|view| view.name == "p").unwrap();
    assert_eq!((first.published, first.attempts), (2, 2));
}

fn call(timeout: &str, work: &str, count: u32) -> Run {
    ran(&format!(
        "Scenario(title: \"t\", broker: rabbitmq(queues: [(name: \"asks\"), (name: \"replies\")]),
            producers: [(name: \"p\",
                publish: [(to: \"\", key: \"asks\", id: \"ask-{{n}}\", count: {count}, every: \"10ms\", start: \"50ms\", reply_to: \"replies\", correlation_id: \"c-{{n}}\")],
                expects_reply: (timeout: \"{timeout}\"))],
            consumers: [(name: \"c\", from: \"asks\", work: \"{work}\", reply: \"re-{{id}}\")])"
    ))
}

#[test]
fn an_answered_question_is_answered_and_not_confirmed() {
    let run = call("100ms", "5ms", 1);
    assert_eq!(about(&run, What::Answered), ["ask-1"]);
    assert!(about(&run, What::BelievesConfirmed).is_empty());
    let text = sheet(&run.findings, &[]);
    assert!(text.contains("  answered") && !text.contains("  confirmed"), "{text}");
}

#[test]
fn an_answer_that_comes_late_is_thrown_away_by_its_asker_and_not_lost() {
    let run = call("10ms", "30ms", 1);
    assert!(VERBS.all().any(|(id, verb)| {
        verb.name == "answer timeout" && run.log.events().iter().any(|event| event.kind == Kind::Timer(id))
    }));
    assert_eq!(about(&run, What::NotAwaited), ["re-ask-1"]);
    assert!(about(&run, What::Skipped).is_empty());
    assert_eq!(run.findings.count(Word::Lost), 0);
    let text = sheet(&run.findings, &[]);
    assert!(text.contains("1 answer thrown away"), "{text}");
}

#[test]
fn an_answer_to_another_question_is_thrown_away_as_such() {
    let run = call("10ms", "14ms", 2);
    assert_eq!(about(&run, What::NotTheAnswer), ["re-ask-1"]);
    assert_eq!(run.findings.count(Word::Lost), 0);
}

fn consumed(consumer: &str, more: &str) -> Run {
    ran(&format!(
        "Scenario(title: \"t\", broker: rabbitmq(queues: [(name: \"q\", durable: true)]),
            producers: [(name: \"p\", publish: [(to: \"\", key: \"q\", id: \"m-{{n}}\", count: 2, every: \"20ms\", start: \"50ms\")])],
            consumers: [(name: \"c\", from: \"q\", {consumer})], {more})"
    ))
}

#[test]
fn a_row_that_is_not_there_is_not_deleted() {
    let run = consumed("effect: delete(table: \"t\")", "");
    assert_eq!(about(&run, What::RowMissing), ["m-1", "m-2"]);
    assert!(about(&run, What::RowDeleted).is_empty());
}

#[test]
fn a_failed_message_that_is_published_again_is_not_put_aside_yet() {
    let run = ran(
        "Scenario(title: \"t\", broker: rabbitmq(queues: [(name: \"q\"), (name: \"parking\")]),
            producers: [(name: \"p\", publish: [(to: \"\", key: \"q\", id: \"m\", count: 1, start: \"50ms\")])],
            consumers: [(name: \"c\", from: \"q\", fail: [(message: \"m\", then: reject)], park: (after: 3, to: \"parking\", count: header))])",
    );
    assert_eq!((about(&run, What::TriedAgain).len(), about(&run, What::PutAside).len()), (2, 1));
}

#[test]
fn a_consumer_that_looks_before_it_works_is_seen_to_look() {
    let run = consumed("work: \"5ms\", dedup: table(\"known\"), effect: insert(table: \"t\")", "");
    assert_eq!(about(&run, What::LookedUp), ["m-1", "m-2"]);
    assert!(place_of(&run, What::LookedUp, "m-2") < place_of(&run, What::WorkBegan, "m-2"));
}

#[test]
fn a_queue_that_its_disk_kills_dies_and_refuses_nothing_where_nobody_asked() {
    let run = consumed(
        "start: \"2s\"",
        "faults: [(name: \"d\", what: fail_disk(\"broker\", lasting: \"1s\", when: at(\"40ms\")))]",
    );
    let persistent = ran(
        "Scenario(title: \"t\", broker: rabbitmq(queues: [(name: \"q\", durable: true)]),
            producers: [(name: \"p\", publish: [(to: \"\", key: \"q\", id: \"m-{n}\", count: 2, every: \"20ms\", start: \"50ms\", persistent: true)])],
            faults: [(name: \"d\", what: fail_disk(\"broker\", lasting: \"1s\", when: at(\"40ms\")))])",
    );
    assert!(notes(&run, What::QueueDied).is_empty(), "it has nothing to write");
    assert!(!notes(&persistent, What::QueueDied).is_empty());
    assert!(notes(&persistent, What::RefusedByBroker).is_empty());
}

#[test]
fn an_acknowledgement_behind_a_blocked_publish_waits_unread() {
    let run = ran(
        "Scenario(title: \"t\", broker: rabbitmq(queues: [(name: \"q\"), (name: \"next\")]),
            producers: [(name: \"p\", publish: [(to: \"\", key: \"q\", id: \"m\", count: 1, start: \"50ms\")])],
            consumers: [(name: \"c\", from: \"q\", work: \"20ms\", forward: (to: \"\", key: \"next\", id: \"then-{id}\"))],
            faults: [(name: \"a\", what: alarm(\"broker\", lasting: \"1s\", when: at(\"75ms\")))])",
    );
    assert_eq!(about(&run, What::Unread), ["then-m"]);
    assert_eq!(notes(&run, What::LeftUnread), [("broker".to_owned(), "m".to_owned())]);
}

#[test]
fn a_pause_at_a_delivery_strikes_when_it_has_arrived_and_its_moment_is_found() {
    let nap = "(name: \"nap\", what: pause(\"c\", lasting: \"1s\", when: received(\"c\", message: \"m-2\")))";
    let run = consumed("", &format!("faults: [{nap}]"));
    let events = run.log.events();
    let struck = events.iter().position(|event| matches!(event.kind, Kind::Fault(_))).unwrap();
    let Kind::Arrived(frame) = events[struck - 1].kind else { panic!("{:?}", events[struck - 1]) };
    assert_eq!(run.log.shown(run.log.frames[frame.at()].message).as_deref(), Some("m-2"));
    assert!(events.iter().all(|event| event.kind != Kind::Lost(frame)));
    let work = WorkAt { consumer: "c".into(), what: What::Received, message: Some("m-2".into()), nth: 1 };
    assert_eq!(Moment::Work(work).find(&run.log, &VERBS), Some(EventId(struck as u32 - 1)));
    assert_eq!(about(&run, What::WorkDone), ["m-1", "m-2"]);
}

#[test]
fn a_delivery_that_has_arrived_at_a_process_that_stands_still_is_not_told_as_lost_when_its_connection_goes() {
    let nap = "(name: \"nap\", what: pause(\"c\", lasting: \"1s\", when: received(\"c\", message: \"m-2\")))";
    let cut = "(name: \"cut\", what: cut(between: (\"c\", \"broker\"), when: at(\"500ms\")))";
    let run = consumed("reconnect: (after: \"10ms\")", &format!("faults: [{nap}, {cut}]"));
    let lost = run.log.events().iter().filter(|event| matches!(event.kind, Kind::Lost(_)));
    let deliveries = lost.filter(|event| run.log.actor_name(event.actor) == "c");
    assert_eq!(deliveries.count(), 0);
    assert_eq!(about(&run, What::WorkDone), ["m-1", "m-2"], "it is delivered again");
}

/// The channel takes a publish out of the unconfirmed at the first refusal.
#[test]
fn a_publish_that_one_queue_refuses_is_refused_before_another_has_stored_it() {
    let run = ran(
        "Scenario(title: \"t\", broker: rabbitmq(
                exchanges: [(name: \"all\", kind: fanout)],
                queues: [(name: \"full\", arguments: {\"x-max-length\": 0, \"x-overflow\": \"reject-publish\"}), (name: \"safe\", durable: true)],
                bindings: [(from: \"all\", to: \"full\"), (from: \"all\", to: \"safe\")]),
            producers: [(name: \"p\", publish: [(to: \"all\", id: \"m\", count: 1, start: \"50ms\", persistent: true)],
                reliability: confirms(window: 1))])",
    );
    let came = run.log.events().iter().find(|event| match event.kind {
        Kind::Arrived(frame) => VERBS.get(run.log.frames[frame.at()].verb).unwrap().name == "basic.publish",
        _ => false,
    });
    assert_eq!(sent_at(&run, "basic.nack"), came.unwrap().time.0);
}
