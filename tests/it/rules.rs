//! The rule tables against what really happens: which rules are reached, and by what kind of event.

use crate::gallery::{Case, cases, probes, run_checked};
use crate::random;
use mqlab::explore::{How, run};
use mqlab::ids::RuleId;
use mqlab::rules::Fidelity;
use mqlab::trace::{ActorKind, Event, Kind, Log, Outcome};
use mqlab::world::{RULES, VERBS, World};
use std::collections::{BTreeMap, BTreeSet};

/// How many random scenarios are asked besides.
const RANDOM: u64 = 400;

/// What an event is: who does what.
fn word(log: &Log, event: &Event) -> String {
    let what = match event.kind {
        Kind::Sent(frame) | Kind::Arrived(frame) | Kind::Lost(frame) | Kind::Ignored(frame) => {
            let verb = VERBS.get(log.frames[frame.at()].verb).unwrap();
            match event.kind {
                Kind::Sent(_) => format!("sends {}", verb.name),
                Kind::Arrived(_) => "is reached".to_owned(),
                Kind::Lost(_) => "is not reached".to_owned(),
                _ => format!("ignores {}", verb.name),
            }
        }
        Kind::Link { what, .. } => what.word().to_owned(),
        Kind::Process(what) => what.word().to_owned(),
        Kind::Timer(verb) => format!("timer {}", VERBS.get(verb).unwrap().name),
        Kind::Disk { what, .. } => what.word().to_owned(),
        Kind::Note { what, .. } => what.word().to_owned(),
        Kind::Fault(_) => "fault".to_owned(),
        Kind::Over(_) => "over".to_owned(),
        Kind::End(_) => "end".to_owned(),
    };
    let who = match log.header.actors[event.actor.at()].kind {
        ActorKind::Node => "broker",
        ActorKind::Disk => "disk",
        ActorKind::Lab => "lab",
        _ => "client",
    };
    format!("{who} {what}")
}

/// The kinds of events under each rule.
fn under(cases: impl Iterator<Item = Case>) -> BTreeMap<RuleId, BTreeSet<String>> {
    let mut under: BTreeMap<RuleId, BTreeSet<String>> = BTreeMap::new();
    for case in cases {
        let log = run(&case.plan, case.digest, &[], &How::default()).log;
        for event in log.events() {
            under.entry(event.rule).or_default().insert(word(&log, event));
        }
    }
    under
}

fn reached() -> BTreeMap<RuleId, BTreeSet<String>> {
    under(cases().into_iter().chain(probes()))
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

/// Where a rule is known from can be looked up: a page, a specification, a measured fact, or the scenario itself.
#[test]
fn every_source_can_be_looked_up() {
    const KNOWN: [&str; 9] = [
        "https://",
        "RFC ",
        "AMQP 0-9-1 specification",
        "POSIX",
        "the scenario",
        "the book",
        "measured on Redis",
        "common practice of client",
        "derived from what is synced",
    ];
    // The ids of facts are those of RabbitMQ's.
    let fact = |source: &str| {
        let id = source.split([',', ' ']).next().unwrap_or_default();
        let (letter, rest) = id.split_at(id.len().min(1));
        letter.starts_with(|c: char| c.is_ascii_uppercase()) && rest.starts_with(|c: char| c.is_ascii_digit())
    };
    for table in RULES.0 {
        for rule in table.rules {
            let known = KNOWN.iter().any(|start| rule.source.starts_with(start));
            assert!(known || table.system != "redis" && fact(rule.source), "{}: {}", rule.key, rule.source);
        }
    }
}

#[test]
fn every_event_has_a_rule() {
    for id in reached().keys() {
        assert!(RULES.get(*id).is_some(), "an event names rule {id:?}, which is in no table");
    }
}

/// Each rule says under which events it may stand. One that stands under another is a wrong explanation; one that never
/// stands where it says so was declared too widely.
#[test]
fn rules_stand_under_the_events_that_they_declare_and_under_no_others() {
    let seen = under(cases().into_iter().chain(probes()).chain(random::cases(0..RANDOM)));
    let (mut undeclared, mut unseen) = (Vec::new(), Vec::new());
    for (id, rule) in RULES.all() {
        let events = seen.get(&id).into_iter().flatten();
        let fits: BTreeSet<_> = events.clone().filter_map(|event| rule.fits(event)).collect();
        undeclared.extend(events.filter(|event| rule.fits(event).is_none()).map(|event| (rule.key, event.as_str())));
        let rest = rule.on.iter().enumerate().filter(|(i, _)| !fits.contains(i));
        unseen.extend(rest.map(|(_, on)| (rule.key, *on)));
    }
    let list = |pairs: &[(&str, &str)]| pairs.iter().map(|(rule, on)| format!("\n{rule}: {on}")).collect::<String>();
    assert!(undeclared.is_empty(), "not declared:{}\nnever seen:{}", list(&undeclared), list(&unseen));
    assert!(unseen.is_empty(), "declared, and never seen:{}", list(&unseen));
}

/// How much the declarations tell apart: of all ways to put a rule under another rule's event, so many are found.
#[test]
fn a_rule_in_the_wrong_place_is_mostly_found() {
    let (mut wrong, mut found) = (0, 0);
    for (id, events) in &reached() {
        for (_, rule) in RULES.all().filter(|(other, _)| other != id) {
            wrong += events.len();
            found += events.iter().filter(|event| rule.fits(event).is_none()).count();
        }
    }
    assert!(found * 100 > wrong * 95, "{found} of {wrong}");
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
