//! What a person reads.

use super::{render, tell};
use crate::trace::build::{self, RULES, VERBS};
use crate::trace::width_of;

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
