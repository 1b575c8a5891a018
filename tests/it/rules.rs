//! The rule tables against what really happens: which rules are reached, and by what kind of event.

use crate::gallery::{cases, probes, run_checked};
use mqlab::explore::{How, run};
use mqlab::ids::RuleId;
use mqlab::rules::Fidelity;
use mqlab::trace::{Kind, Outcome};
use mqlab::world::{RULES, VERBS, World};
use std::collections::{BTreeMap, BTreeSet};

/// What an event is, in one word.
fn word(log: &mqlab::trace::Log, kind: Kind) -> String {
    match kind {
        Kind::Sent(frame) | Kind::Arrived(frame) | Kind::Lost(frame) | Kind::Ignored(frame) => {
            let verb = VERBS.get(log.frames[frame.at()].verb).unwrap();
            match kind {
                Kind::Sent(_) => format!("sends {}", verb.name),
                Kind::Arrived(_) => "arrives".to_owned(),
                _ => "is lost".to_owned(),
            }
        }
        Kind::Link { what, .. } => what.word().to_owned(),
        Kind::Process(what) => what.word().to_owned(),
        Kind::Timer(verb) => format!("timer {}", VERBS.get(verb).unwrap().name),
        Kind::Disk { what, .. } => what.word().to_owned(),
        Kind::Note { what, .. } => what.word().to_owned(),
        Kind::Fault(_) => "fault".to_owned(),
        Kind::End(_) => "end".to_owned(),
    }
}

fn reached() -> BTreeMap<RuleId, BTreeSet<String>> {
    let mut reached: BTreeMap<RuleId, BTreeSet<String>> = BTreeMap::new();
    for case in cases().into_iter().chain(probes()) {
        let log = run(&case.plan, case.digest, &[], &How::default()).log;
        for event in log.events() {
            reached.entry(event.rule).or_default().insert(word(&log, event.kind));
        }
    }
    reached
}

#[test]
fn every_rule_is_reached_by_some_scenario() {
    let reached = reached();
    let silent: Vec<&str> = RULES
        .all()
        .filter(|(id, rule)| rule.fidelity != Fidelity::NotModelled && !reached.contains_key(id))
        .map(|(_, rule)| rule.key)
        .collect();
    assert!(silent.is_empty(), "rules that no scenario reaches: {}", silent.join(", "));
}

#[test]
fn probes_hold_what_their_events_tell() {
    for case in probes() {
        run_checked(&case.name, &mut World::new(&case.plan));
    }
}

/// A probe says something true of its run, ends by itself, and its faults strike.
#[test]
fn probes_expect_what_happens() {
    for case in probes() {
        let expect: Vec<_> = case.scenario.expect.iter().map(|e| e.expectation.clone()).collect();
        let run = run(&case.plan, case.digest, &expect, &How::default());
        let broken: Vec<_> = run.checked.iter().filter(|checked| !checked.holds).collect();
        assert!(broken.is_empty(), "{}: {broken:?}", case.name);
        assert!(matches!(run.outcome, Outcome::Quiescent | Outcome::Until), "{}: {:?}", case.name, run.outcome);
        assert_eq!(run.idle_faults().count(), 0, "{}: a fault never strikes", case.name);
    }
}

/// A field that an event does not have leaves no hole in its sentence.
#[test]
fn sentences_have_no_holes() {
    for case in cases().into_iter().chain(probes()) {
        let log = run(&case.plan, case.digest, &[], &How::default()).log;
        for sentence in mqlab::story::tell(&log, &VERBS, &RULES) {
            let text = sentence.text.trim();
            let hole = ["  ", " .", " :", " ,"].iter().any(|hole| text.contains(hole));
            assert!(!hole, "{}: {text:?}", case.name);
        }
    }
}

#[test]
fn every_event_has_a_rule() {
    for id in reached().keys() {
        assert!(RULES.get(*id).is_some(), "an event names rule {id:?}, which is in no table");
    }
}

/// What a rule with this in its key can be about at all: every event under it is one of these, up to a space.
const ABOUT: [(&str, &[&str]); 12] = [
    ("amqp.deliver.", &["sends basic.deliver", "withheld"]),
    ("amqp.error.", &["sends channel.close", "sends connection.close"]),
    ("amqp.publish.", &["stored", "unroutable", "discarded", "sends basic.return"]),
    ("amqp.confirm.", &["sends basic.ack", "sends basic.nack", "sends confirm.select-ok", "withheld"]),
    ("amqp.recover.", &["recovered"]),
    ("app.publish", &["published", "withheld", "timer next publish"]),
    ("app.effect", &["row-"]),
    ("app.fail.", &["work-failed", "sends basic.nack", "sends basic.reject", "killed"]),
    ("app.ack.", &["sends basic.ack", "sends lrem", "timer batch flush", "withheld"]),
    ("app.confirm", &["believes-", "published", "timer confirm timeout"]),
    ("redis.reply.", &["sends integer", "sends bulk", "withheld"]),
    ("redis.list.", &["stored", "settled", "sends integer", "sends nil"]),
];

#[test]
fn the_events_under_a_rule_are_of_its_kind() {
    let reached = reached();
    for (id, rule) in RULES.all() {
        let Some((_, kinds)) = ABOUT.iter().find(|(part, _)| rule.key.starts_with(part)) else { continue };
        for event in reached.get(&id).into_iter().flatten() {
            assert!(kinds.iter().any(|kind| event.starts_with(kind)), "{event} under {}", rule.key);
        }
    }
}

/// Which kinds of events happen under which rule. Read it when it changes: an event under a sentence that has nothing to
/// do with it is a wrong explanation.
#[test]
fn the_events_under_each_rule_are_what_its_sentence_speaks_of() {
    let reached = reached();
    let mut sheet = String::new();
    for (id, rule) in RULES.all() {
        let events = reached.get(&id).map(|e| e.iter().cloned().collect::<Vec<_>>().join(", ")).unwrap_or_default();
        sheet.push_str(&format!("{}\n    {}\n    under it: {events}\n", rule.key, rule.sentence));
    }
    insta::with_settings!({ snapshot_path => "../../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("rules", sheet);
    });
}
