//! What a person reads.

use super::{Depths, Root, depths, render, tell};
use crate::ids::EventId;
use crate::trace::build::{self, RULES, VERBS};
use crate::trace::{Kind, Log, Reading, What, width_of};

#[test]
fn a_lost_confirm_is_told_with_who_can_know_it() {
    let told = tell(&build::lost_confirm(), &VERBS, &RULES);
    let text = render(&told, 100, true);
    assert!(told.iter().any(|s| s.text.contains("cannot tell this from a slow confirm")));
    assert!(text.lines().all(|l| width_of(l) <= 100));
    insta::assert_snapshot!("lost_confirm", text);
}

#[test]
fn a_power_loss_is_told_with_what_it_took() {
    let told = tell(&build::power_loss(), &VERBS, &RULES);
    insta::assert_snapshot!("power_loss", render(&told, 80, false));
}

#[test]
fn lost_is_a_word_of_the_verdict_and_of_nothing_else() {
    for log in [build::lost_confirm(), build::power_loss()] {
        for s in tell(&log, &VERBS, &RULES) {
            assert!(!s.text.to_lowercase().contains("lost"), "{}", s.text);
        }
    }
}

#[test]
fn every_sentence_has_a_capital_or_a_name_and_an_end() {
    for log in [build::plain("shop", "biller", "order-"), build::lost_confirm(), build::power_loss()] {
        for s in tell(&log, &VERBS, &RULES) {
            assert!(s.text.ends_with('.') && !s.text.contains(['{', '[', ']']), "{}", s.text);
        }
    }
}

fn deep(log: &Log, at: EventId) -> Depths {
    depths(log, &VERBS, &RULES, &Reading::new(log, &VERBS, false), at).unwrap()
}

#[test]
fn a_second_work_is_told_in_three_depths_down_to_where_it_begins() {
    let log = build::lost_confirm();
    let done = |event: &crate::trace::Event| matches!(event.kind, Kind::Note { what: What::WorkDone, .. });
    let second = log.events().iter().rposition(done).map(|at| EventId(at as u32)).unwrap();
    let told = deep(&log, second);
    assert!(told.line.text.contains("DUPLICATE"), "{}", told.line.text);
    assert_eq!(told.root, Some(Root::Input));
    assert!((0..told.causes()).all(|back| told.cause(back).is_some()) && told.cause(told.causes()).is_none());
    let known = told.knowledge(&log);
    assert!(known[0].ends_with(" knows it at once."), "{known:?}");
}

#[test]
fn nobody_but_the_laboratory_knows_that_a_frame_never_arrived() {
    let log = build::lost_confirm();
    let lost = log.events().iter().position(|event| matches!(event.kind, Kind::Lost(_))).unwrap();
    let told = deep(&log, EventId(lost as u32));
    assert!(told.knowers.iter().all(|knower| knower.event > told.line.event), "{:?}", told.knowers);
    assert!(told.knowledge(&log).last().is_some_and(|line| line.starts_with("Nothing of it reaches")));
}

#[test]
fn every_event_of_a_run_can_be_told_in_all_depths() {
    for log in [build::plain("shop", "biller", "order-"), build::lost_confirm(), build::power_loss()] {
        for at in 0..log.events().len() as u32 {
            let told = deep(&log, EventId(at));
            assert!(told.back.iter().all(|reason| reason.sentence.event != EventId(at)));
        }
        assert!(depths(&log, &VERBS, &RULES, &Reading::default(), EventId::NONE).is_none());
    }
}
