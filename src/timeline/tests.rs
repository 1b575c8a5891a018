//! What a person sees: whole pages as snapshots, and what must hold of every page.

use super::text::{Glyphs, render};
use super::{Options, Reel, Timeline, lay_out};
use crate::ids::{ActorId, ConnId, EventId, FaultId, FrameId, OpId, PlaceId, VerbId};
use crate::trace::build::{self, Build, RULES, VERBS};
use crate::trace::{DiskStep, FrameFlags, Kind, Link, Log, Process, What, width_of};
use proptest::prelude::*;

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
fn a_label_that_does_not_fit_stands_in_full_below_its_arrow() {
    let log = build::plain("shop", "biller", "customer-order-");
    let text = drawn(&log, 80, Glyphs::Unicode);
    assert!(text.contains("│ publish customer-order-1 "), "{text}");
    assert!(!text.contains("publi…"), "{text}");
    insta::assert_snapshot!("long_labels_80", text);
    insta::assert_snapshot!("long_labels_100", drawn(&log, 100, Glyphs::Unicode));
}

#[test]
fn a_row_that_takes_time_shows_when_it_ends() {
    let text = drawn(&build::plain("shop", "biller", "order-"), 100, Glyphs::Unicode);
    let line = |what: &str| text.lines().find(|line| line.contains(what)).unwrap_or_default().to_owned();
    assert!(line("publish order-1").contains(" 10.00→11.00 "), "{text}");
    assert!(line("connects").contains(" 0.00→4.00 "), "a handshake that others overlap shows its span: {text}");
    assert!(!line("works on it").contains('→'), "what happens at an instant has one time: {text}");
    assert!(text.contains("1→2 begins at 1, ends at 2"), "{text}");
}

#[test]
fn what_comes_of_an_arrow_from_the_right_stands_at_the_lane_where_it_ends() {
    let mut b = Build::new();
    let nack = b.send(build::verbs::NACK, build::BILLER, build::BROKER, "order-1", FrameFlags::default());
    b.log.frames[nack.at()].number = 7;
    b.at(1_000).arrive(nack);
    b.note(build::BROKER, What::Requeued, build::BILLING, "order-1", 0);
    let text = drawn(&b.log, 80, Glyphs::Unicode);
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| line.contains("nack order-1 #7")).unwrap();
    let lane = lines[at].find('◀').map(|byte| lines[at][..byte].chars().count() - 1).unwrap();
    let note = lines[at + 1].find('↻').map(|byte| lines[at + 1][..byte].chars().count()).unwrap();
    assert_eq!(note, lane + 2, "right of its lane: {text}");
    assert!(text.contains("#1 delivery tag"), "{text}");
}

#[test]
fn what_is_said_at_the_last_lane_never_covers_the_others() {
    let mut b = Build::new();
    b.at(1_000).push(build::BILLER, Kind::Process(Process::Killed), 0, &[]);
    b.note(build::BILLER, What::WorkDone, build::INVOICES, "order-1", 1);
    b.note(build::BILLER, What::WorkDone, build::INVOICES, "order-1", 2);
    let text = drawn(&b.log, 80, Glyphs::Unicode);
    for line in text.lines().skip(2).take_while(|line| !line.is_empty()) {
        assert_eq!(line.chars().filter(|c| "│·╳".contains(*c)).count(), 4, "{line}\n{text}");
    }
}

#[test]
fn a_reset_that_answers_a_sign_of_life_shows_it() {
    let mut b = Build::new();
    b.connect(build::SHOP, 0);
    let quiet = b.at(9_000).send(build::verbs::HEARTBEAT, build::SHOP, build::BROKER, "", FrameFlags::default());
    b.at(10_000).arrive(quiet);
    let beat = b.at(20_000).send(build::verbs::HEARTBEAT, build::SHOP, build::BROKER, "", FrameFlags::default());
    let sent = EventId(b.log.events().len() as u32 - 1);
    b.at(21_000).lose(beat);
    b.because(sent).at(22_000).link(build::SHOP, 0, Link::Reset);
    let text = drawn(&b.log, 100, Glyphs::Unicode);
    assert_eq!(text.matches("heartbeat").count(), 1, "{text}");
    assert!(text.contains("NEVER ARRIVES at broker"), "{text}");
    assert!(text.contains("BROKEN: it is not known there any more"), "{text}");
}

#[test]
fn lost_is_a_word_of_the_verdict_and_of_nothing_else() {
    let phrases = What::ALL.iter().map(|what| super::words::note(*what).words);
    let links = Link::ALL.iter().map(|what| super::words::link(*what).words);
    for words in phrases.chain(links) {
        assert!(!words.to_lowercase().contains("lost"), "{words}");
    }
    for log in [build::lost_confirm(), build::power_loss()] {
        let text = drawn(&log, 100, Glyphs::Unicode).to_lowercase().replace("power lost", "");
        assert!(!text.contains("lost"), "{text}");
    }
}

#[test]
fn where_lanes_do_not_fit_the_page_says_so_and_what_would_draw_them() {
    let text = drawn(&build::plain("shop", "biller", "order-"), 48, Glyphs::Unicode);
    let needed: usize = text.split("--width ").nth(1).and_then(|rest| rest.split(',').next()?.parse().ok()).unwrap();
    let drawn_at = |width| drawn(&build::plain("shop", "biller", "order-"), width, Glyphs::Unicode);
    assert!(drawn_at(needed - 1).starts_with("4 lanes do not fit"), "{needed}");
    assert!(drawn_at(needed).contains("│"), "{needed}");
}

#[test]
fn power_is_lost_before_an_fsync() {
    insta::assert_snapshot!("power_loss_100", drawn(&build::power_loss(), 100, Glyphs::Unicode));
    insta::assert_snapshot!("power_loss_80", drawn(&build::power_loss(), 80, Glyphs::Unicode));
}

#[test]
fn the_quiet_middle_of_a_long_run_is_left_out_and_the_loss_stays() {
    let mut b = Build::new();
    for n in 1..=1_000 {
        build::one_order(&mut b, &format!("order-{n}"), n * 10_000);
        if n == 500 {
            let f = b.send(build::verbs::CONFIRM, build::BROKER, build::SHOP, "order-500", FrameFlags::default());
            b.lose(f);
        }
    }
    insta::assert_snapshot!("thousand_100", drawn(&b.log, 100, Glyphs::Unicode));
    let full = lay_out(&b.log, &VERBS, &RULES, &Options { max_rows: None, ..Options::default() });
    assert!(full.gaps.is_empty() && full.rows.len() > 8_000);
}

#[test]
fn wide_and_control_characters_keep_the_columns_straight() {
    let log = build::plain("商店", "bil\u{1b}[31mler\n", "订单-");
    insta::assert_snapshot!("wide_100", drawn(&log, 100, Glyphs::Unicode));
}

#[test]
fn in_ascii_only_the_names_are_not_ascii() {
    for log in [build::plain("shop", "biller", "order-"), build::lost_confirm(), build::power_loss()] {
        for width in [60, 80, 140] {
            assert!(drawn(&log, width, Glyphs::Ascii).is_ascii());
        }
    }
}

#[test]
fn frames_that_overtake_each_other_cross() {
    let mut b = Build::new();
    let publish =
        |b: &mut Build, id: &str| b.send(build::verbs::PUBLISH, build::SHOP, build::BROKER, id, FrameFlags::default());
    let first = publish(&mut b, "order-1");
    let second = publish(&mut b, "order-2");
    b.at(1_000).arrive(second);
    b.at(3_000).arrive(first);
    insta::assert_snapshot!("overtaking_80", drawn(&b.log, 80, Glyphs::Unicode));
}

#[test]
fn every_shown_event_is_in_one_row_and_rows_are_in_order() {
    for log in [build::plain("shop", "biller", "order-"), build::lost_confirm(), build::power_loss()] {
        let timeline = laid_out(&log);
        assert!(timeline.rows.windows(2).all(|w| w[0].last < w[1].first && w[0].time <= w[1].time));
        for (at, row) in timeline.rows.iter().enumerate() {
            assert_eq!((timeline.row_of(row.first), timeline.row_of(row.last)), (Some(at), Some(at)));
        }
    }
}

#[test]
fn pages_of_any_width_stay_within_it() {
    for log in [build::plain("shop", "biller", "order-"), build::lost_confirm(), build::power_loss()] {
        for width in 40..180 {
            drawn(&log, width, Glyphs::Unicode);
        }
    }
    drawn(&Log::default(), 80, Glyphs::Unicode);
}

#[test]
fn a_refused_connection_and_an_ignored_frame_are_shown() {
    let mut b = Build::new();
    b.link(build::SHOP, 0, Link::Dialled);
    b.at(1_000).link(build::SHOP, 0, Link::Refused);
    b.at(2_000).link(build::BILLER, 1, Link::Dialled);
    b.at(3_000).link(build::BROKER, 1, Link::Opened);
    let open = b.send(build::verbs::OPEN, build::BILLER, build::BROKER, "", FrameFlags::default());
    b.at(4_000).lose(open);
    b.link(build::BILLER, 1, Link::Reset);
    let ack = b.send(build::verbs::ACK, build::BILLER, build::BROKER, "order-1", FrameFlags::MULTIPLE);
    b.at(5_000).push(build::BROKER, Kind::Ignored(ack), 0, &[]);
    b.push(build::BILLER, Kind::Process(Process::Killed), 0, &[]);
    b.at(6_000).note(build::BROKER, What::Requeued, build::BILLING, "order-1", 0);
    insta::assert_snapshot!("refused_100", drawn(&b.log, 100, Glyphs::Unicode));
}

/// A log that no run would make: a trace file may say anything.
fn nonsense() -> impl Strategy<Value = Log> {
    proptest::collection::vec((0u8..10, 0u16..7, 0u32..6, 0usize..64, 0u64..50), 0..60).prop_map(|events| {
        let mut b = Build::new();
        for verb in [build::verbs::OPEN, build::verbs::PUBLISH, build::verbs::ACK, VerbId(9)] {
            b.send(verb, build::SHOP, build::BROKER, "order-1", FrameFlags::REDELIVERED);
        }
        for (kind, actor, id, word, time) in events {
            let frame = FrameId(id);
            let message = b.name("order-1");
            let kind = match kind {
                0 => Kind::Sent(frame),
                1 => Kind::Arrived(frame),
                2 => Kind::Lost(frame),
                3 => Kind::Link { conn: ConnId(id % 2), what: Link::ALL[word % Link::ALL.len()] },
                4 => Kind::Process(Process::ALL[word % Process::ALL.len()]),
                5 => Kind::Timer(VerbId(id as u16)),
                6 => Kind::Disk { what: DiskStep::ALL[word % DiskStep::ALL.len()], op: OpId(id) },
                7 => Kind::Note { what: What::ALL[word % What::ALL.len()], place: PlaceId(id), message },
                8 => Kind::Over(FaultId(id as u16)),
                _ => Kind::Fault(FaultId(id as u16)),
            };
            b.at(time).because(EventId(id * 7)).push(ActorId(actor), kind, id, &[]);
        }
        b.log
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_trace_however_strange_makes_a_viewer_fail(log in nonsense(), width in 0usize..160, max_rows in 0usize..20, full: bool) {
        let options = Options { full_handshake: full, max_rows: Some(max_rows), ..Options::default() };
        let timeline = lay_out(&log, &VERBS, &RULES, &options);
        let text = render(&timeline, width, Glyphs::Unicode).plain();
        prop_assert!(text.lines().all(|l| width_of(l) <= width.max(40)), "{text}");
        let reel = Reel::new(&log, &VERBS, full);
        let all = EventId(log.events().len() as u32);
        for n in 0..all.0 {
            reel.rows(&log, &VERBS, EventId(n), all);
            let row = reel.row_at(&log, &VERBS, EventId(n));
            prop_assert!(row.is_some() != reel.rows(&log, &VERBS, EventId(0), all).is_empty());
        }
    }
}
