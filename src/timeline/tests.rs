//! What a person sees: whole pages as snapshots, and what must hold of every page.

use super::text::{Glyphs, render, width_of};
use super::{Options, Timeline, lay_out};
use crate::trace::Log;
use crate::trace::build::{self, RULES, VERBS};

fn laid_out(log: &Log) -> Timeline {
    lay_out(log, &VERBS, &RULES, &Options::default())
}

fn drawn(log: &Log, width: usize, glyphs: Glyphs) -> String {
    let text = render(&laid_out(log), width, glyphs).plain();
    for line in text.lines() {
        assert!(width_of(line) <= width, "{} columns: {line}", width_of(line));
    }
    text
}

#[test]
fn an_order_is_published_stored_confirmed_and_billed() {
    let log = build::plain("shop", "biller", "order-");
    insta::assert_snapshot!("plain_80", drawn(&log, 80, Glyphs::Unicode));
    insta::assert_snapshot!("plain_100", drawn(&log, 100, Glyphs::Unicode));
    insta::assert_snapshot!("plain_140", drawn(&log, 140, Glyphs::Unicode));
    insta::assert_snapshot!("plain_48_has_no_room_for_lanes", drawn(&log, 48, Glyphs::Unicode));
}

#[test]
fn a_lost_confirm_makes_a_duplicate() {
    insta::assert_snapshot!("lost_confirm_100", drawn(&build::lost_confirm(), 100, Glyphs::Unicode));
    insta::assert_snapshot!("lost_confirm_80", drawn(&build::lost_confirm(), 80, Glyphs::Unicode));
    insta::assert_snapshot!("lost_confirm_100_ascii", drawn(&build::lost_confirm(), 100, Glyphs::Ascii));
}

#[test]
fn power_is_lost_before_an_fsync() {
    insta::assert_snapshot!("power_loss_100", drawn(&build::power_loss(), 100, Glyphs::Unicode));
    insta::assert_snapshot!("power_loss_80", drawn(&build::power_loss(), 80, Glyphs::Unicode));
}
