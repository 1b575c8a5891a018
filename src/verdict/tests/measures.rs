//! Words that are measured: times, frames, sums; and whose deeds are listed by message.

use super::*;
use crate::trace::Delta;

impl Run {
    /// The findings with what a meter has measured.
    fn measured(&mut self) -> Findings {
        let mut findings = self.judge();
        let mut meter = Meter::new(&self.log.header);
        let tables = self.log.tables();
        for (at, frame) in self.log.frames.iter().enumerate() {
            meter.frame(FrameId(at as u32), frame, &tables);
        }
        for (at, event) in self.log.events().iter().enumerate() {
            meter.event(EventId(at as u32), event, &[], &tables);
        }
        meter.fill(&mut findings, &self.log.names);
        findings
    }

    fn at_ms(&mut self, ms: u64) -> &mut Self {
        self.now = ms * 1_000_000;
        self
    }
}

fn ms(ms: i64) -> i64 {
    ms * 1_000_000
}

fn expect(what: Word, of: Option<&str>, count: Count) -> Expectation {
    Expectation { of: of.map(str::to_owned), count, ..Expectation::exactly(what, 0) }
}

#[test]
fn a_run_is_finished_with_its_last_work_and_a_message_with_its_first_completion() {
    let mut run = Run::new();
    run.at_ms(10).publish("order-1", &["billing", "packing"], What::BelievesSent);
    run.publish("order-2", &["billing"], What::BelievesSent);
    run.at_ms(40).done(BILLER, "order-1");
    run.at_ms(90).done(PACKER, "order-1");
    run.at_ms(100).done(BILLER, "order-2");
    run.at_ms(200).done(BILLER, "order-1");
    let findings = run.measured();
    for (what, of, time) in [
        (Word::Took, Some("order-1"), 80),
        (Word::Took, Some("order-2"), 90),
        (Word::Took, None, 90),
        (Word::Finished, None, 200),
        (Word::Finished, Some("packer"), 90),
    ] {
        let exactly = expect(what, of, Count::Exactly(ms(time))).check(&findings);
        assert!(exactly.holds, "{exactly:?}");
        assert!(expect(what, of, Count::AtMost(ms(time))).check(&findings).holds);
        assert!(!expect(what, of, Count::AtMost(ms(time) - 1)).check(&findings).holds);
    }
    let slow = expect(Word::Took, None, Count::AtMost(ms(50)));
    assert_eq!(slow.to_string(), "took(at_most(\"50ms\"))");
    assert_eq!(slow.check(&findings).found, "90ms: order-2");
}

#[test]
fn what_was_never_done_took_no_time_and_holds_no_bound() {
    let mut run = Run::new();
    run.publish("order-1", &["billing"], What::BelievesSent);
    let findings = run.measured();
    for what in
        [expect(Word::Took, Some("order-1"), Count::AtMost(ms(50))), expect(Word::Finished, None, Count::AtLeast(0))]
    {
        let checked = what.check(&findings);
        assert_eq!((checked.holds, checked.found.as_str()), (false, "no work was completed"));
    }
}

#[test]
fn frames_count_for_both_of_their_ends() {
    let mut run = Run::new();
    run.send(BROKER, "order-1", FrameFlags::default());
    run.send(BILLER, "order-1", FrameFlags::default());
    run.send(BILLER, "order-1", FrameFlags::REDELIVERED);
    let findings = run.measured();
    for (of, frames) in [("shop", 1), ("broker", 3), ("biller", 2), ("packer", 0)] {
        assert!(expect(Word::Frames, Some(of), Count::Exactly(frames)).check(&findings).holds, "{of}");
    }
}

#[test]
fn the_sum_of_a_row_is_what_was_added_up_in_it() {
    let mut run = Run::new();
    let gauge = run.log.names.intern("balances.ann");
    run.state.apply(&Delta::Set { actor: BILLER, gauge, value: -40 });
    run.log.header.destinations[0].table = Some("balances".to_owned());
    let findings = run.judge();
    let sum = |key: &str, count| {
        let expectation = Expectation { key: Some(key.to_owned()), ..expect(Word::Sum, Some("balances"), count) };
        (expectation.to_string(), expectation.check(&findings))
    };
    let (text, held) = sum("ann", Count::Exactly(-40));
    assert_eq!((text.as_str(), held.holds), ("sum(\"balances\", \"ann\", -40)", true));
    let (_, other) = sum("anne", Count::AtMost(-1));
    assert_eq!((other.holds, other.found.as_str()), (false, "0; something is in ann"));
}

#[test]
fn what_a_consumer_did_may_be_asked_for_by_message() {
    let mut run = Run::new();
    for message in ["order-1", "order-2"] {
        run.publish(message, &["billing"], What::BelievesSent);
        run.note(BILLER, What::Received, PlaceId::NONE, message);
    }
    run.note(BILLER, What::WorkFailed, PlaceId::NONE, "order-1").done(BILLER, "order-2");
    run.note(BILLER, What::Skipped, PlaceId::NONE, "order-1");
    let findings = run.judge();
    let asked = |what, n, ids: &[&str]| Expectation::exactly(what, n).of("biller").ids(ids).check(&findings);
    assert!(asked(Word::Delivered, 2, &["order-2", "order-1"]).holds);
    assert!(asked(Word::Worked, 1, &["order-2"]).holds);
    assert!(asked(Word::Failed, 1, &["order-1"]).holds);
    assert!(asked(Word::Skipped, 1, &["order-1"]).holds);
    assert_eq!(asked(Word::Worked, 1, &["order-1"]).found, "1: order-2");
}

#[test]
fn what_the_disk_still_has_of_a_deleted_queue_would_not_survive() {
    let mut run = Run::new();
    run.publish("order-1", &["billing"], What::BelievesConfirmed);
    let (billing, disk) = (run.queue("billing"), run.place(PlaceKind::Durable, BROKER, "billing"));
    run.left(disk, "order-1");
    let durable = |run: &mut Run, n| expect(Word::Durable, Some("billing"), Count::Exactly(n)).check(&run.judge());
    assert!(durable(&mut run, 1).holds);
    run.event(BROKER, Kind::Note { what: What::Deleted, place: billing, message: Name::NONE });
    assert!(durable(&mut run, 0).holds);
    run.left(billing, "order-2");
    run.copies -= 1;
    run.left(disk, "order-2");
    assert_eq!(durable(&mut run, 1).found, "1: order-2", "it was declared again");
    run.note(BROKER, What::Recovered, billing, "order-1");
    assert!(durable(&mut run, 2).holds, "the deletion had not come to the disk");
}
