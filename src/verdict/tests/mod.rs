//! Every word on a stream made by hand.

mod measures;
mod orders;

use super::*;
use crate::ids::{ActorId, ConnId, CopyId, EventId, FrameId, Name, PlaceId, RuleId};
use crate::trace::{
    Actor, ActorKind, Destination, Event, Frame, FrameFlags, Header, Held, Kind, Link, Log, Observable, Observer,
    Outcome, Place, PlaceKind, VerbBook, What,
};
use crate::units::Time;

#[expect(unreachable_pub, reason = "the table macro makes public constants")]
mod verbs {
    crate::verb_table! { 9;
        PUBLISH: "basic.publish", Publish, "publish {message}", "{from} publishes {message}.";
        DELIVER: "basic.deliver", Deliver, "deliver {message}", "{from} delivers {message}.";
    }
}

const SHOP: ActorId = ActorId(0);
const BROKER: ActorId = ActorId(1);
const BILLER: ActorId = ActorId(2);
const PACKER: ActorId = ActorId(3);

/// A run made by hand: a shop, a broker, a biller that writes `invoices` and a packer without a table.
struct Run {
    log: Log,
    state: Observable,
    copies: u32,
    now: u64,
}

impl Run {
    fn new() -> Run {
        let actor = |name: &str, kind| Actor { name: name.to_owned(), kind, of: None };
        let header = Header {
            actors: vec![
                actor("shop", ActorKind::Producer),
                actor("broker", ActorKind::Node),
                actor("biller", ActorKind::Consumer),
                actor("packer", ActorKind::Consumer),
            ],
            destinations: vec![
                Destination {
                    from: "billing".to_owned(),
                    consumer: BILLER,
                    table: Some("invoices".to_owned()),
                    adds: false,
                },
                Destination { from: "packing".to_owned(), consumer: PACKER, table: None, adds: false },
            ],
            ..Header::default()
        };
        Run { log: Log::new(header), state: Observable::new(), copies: 0, now: 1 }
    }

    fn place(&mut self, kind: PlaceKind, actor: ActorId, name: &str) -> PlaceId {
        let place = Place { kind, actor, name: self.log.names.intern(name), holder: ActorId::NONE };
        let known = self.log.places.iter().position(|other| *other == place);
        let at = known.unwrap_or_else(|| {
            self.log.places.push(place);
            self.log.places.len() - 1
        });
        PlaceId(at as u32)
    }

    fn queue(&mut self, name: &str) -> PlaceId {
        self.place(PlaceKind::Queue, BROKER, name)
    }

    fn event(&mut self, actor: ActorId, kind: Kind) {
        let none = EventId::NONE;
        self.log.push(
            Event { time: Time(self.now), kind, cause: none, need: none, number: 0, rule: RuleId::NONE, actor },
            &[],
        );
    }

    fn note(&mut self, actor: ActorId, what: What, place: PlaceId, message: &str) -> &mut Self {
        let message = self.log.names.intern(message);
        self.event(actor, Kind::Note { what, place, message });
        self
    }

    /// The shop publishes, the queues store, the shop believes.
    fn publish(&mut self, message: &str, queues: &[&str], belief: What) -> &mut Self {
        self.note(SHOP, What::Published, PlaceId::NONE, message);
        for queue in queues {
            let place = self.queue(queue);
            self.note(BROKER, What::Stored, place, message);
        }
        self.note(SHOP, belief, PlaceId::NONE, message)
    }

    fn done(&mut self, who: ActorId, message: &str) -> &mut Self {
        self.note(who, What::WorkDone, PlaceId::NONE, message)
    }

    /// A copy is there at the end.
    fn left(&mut self, place: PlaceId, message: &str) -> &mut Self {
        let (copy, message) = (CopyId(self.copies), self.log.names.intern(message));
        self.copies += 1;
        self.state.put(place, u64::from(copy.0).into(), Held { copy, message, flags: Default::default() });
        self
    }

    fn send(&mut self, to: ActorId, message: &str, flags: FrameFlags) -> FrameId {
        self.send_keyed(to, message, flags, Name::NONE)
    }

    fn send_keyed(&mut self, to: ActorId, message: &str, flags: FrameFlags, b: Name) -> FrameId {
        let (from, verb) = if to == BROKER { (SHOP, verbs::PUBLISH) } else { (BROKER, verbs::DELIVER) };
        let message = self.log.names.intern(message);
        let a = Name::NONE;
        let conn = ConnId(0);
        let id = FrameId(self.log.frames.len() as u32);
        self.log.frames.push(Frame { conn, from, to, verb, channel: 1, flags, number: 0, size: 9, message, a, b });
        self.event(from, Kind::Sent(id));
        id
    }

    fn judge(&mut self) -> Findings {
        self.event(ActorId::NONE, Kind::End(Outcome::Quiescent));
        let mut verdict = Verdict::new(&self.log.header, VerbBook(&[verbs::TABLE]));
        let first = self.feed(&mut verdict);
        verdict.reset();
        assert_eq!(first, self.feed(&mut verdict), "a reset verdict judges like a new one");
        first
    }

    fn feed(&self, verdict: &mut Verdict) -> Findings {
        let tables = self.log.tables();
        for (at, event) in self.log.events().iter().enumerate() {
            if let Kind::Sent(id) = event.kind {
                verdict.frame(id, &self.log.frames[id.at()], &tables);
            }
            verdict.event(EventId(at as u32), event, &[], &tables);
        }
        verdict.finish(&self.state, &tables)
    }
}

/// Checks the words that are there, with their counts, beside the beliefs; every other word has no case.
fn outcomes(findings: &Findings, expected: &[(Word, u32)]) {
    let belief = |word| matches!(word, Word::Sent | Word::Confirmed | Word::Refused | Word::Unknown);
    let found: Vec<(Word, u32)> =
        findings.words.iter().filter(|f| !belief(f.word)).map(|f| (f.word, f.count)).collect();
    assert_eq!(found, expected);
}

const YES: What = What::BelievesConfirmed;

#[test]
fn done_once_is_nothing_at_all() {
    let findings = Run::new().publish("o-1", &["billing"], YES).done(BILLER, "o-1").judge();
    outcomes(&findings, &[]);
    assert!(findings.guarantees.iter().all(|line| line.broken == 0));
    assert_eq!(findings.count(Word::Confirmed), 1);
}

#[test]
fn confirmed_and_gone_is_lost() {
    let findings = Run::new().publish("o-1", &["billing"], YES).judge();
    outcomes(&findings, &[(Word::Lost, 1), (Word::LostConfirmed, 1)]);
    assert_eq!(findings.words[1].by[0].at, "invoices");
    assert!(!findings.holds(Word::AtLeastOnce));
}

#[test]
fn sent_and_never_stored_is_lost_at_nowhere() {
    let findings = Run::new().publish("o-1", &[], What::BelievesSent).judge();
    outcomes(&findings, &[(Word::Lost, 1)]);
    assert_eq!(findings.words[1].by[0].at, "nowhere");
}

#[test]
fn unknown_and_gone_is_not_lost() {
    outcomes(&Run::new().publish("o-1", &["billing"], What::BelievesUnknown).judge(), &[]);
}

#[test]
fn unknown_and_done_is_recovered() {
    let findings = Run::new().publish("o-1", &["billing"], What::BelievesUnknown).done(BILLER, "o-1").judge();
    outcomes(&findings, &[(Word::Recovered, 1)]);
}

#[test]
fn a_copy_left_is_stuck_wherever_it_is_live() {
    for kind in [PlaceKind::Queue, PlaceKind::Unacked] {
        let mut run = Run::new();
        let place = run.place(kind, BROKER, "billing");
        outcomes(&run.publish("o-1", &["billing"], YES).left(place, "o-1").judge(), &[(Word::Stuck, 1)]);
    }
    let mut run = Run::new();
    let inbox = run.place(PlaceKind::Inbox, BILLER, "billing");
    outcomes(&run.publish("o-1", &["billing"], YES).left(inbox, "o-1").judge(), &[(Word::Stuck, 1)]);
}

#[test]
fn a_copy_on_disk_alone_is_not_live() {
    let mut run = Run::new();
    let disk = run.place(PlaceKind::Durable, BROKER, "billing");
    let findings = run.publish("o-1", &["billing"], YES).left(disk, "o-1").judge();
    outcomes(&findings, &[(Word::Lost, 1), (Word::LostConfirmed, 1)]);
}

#[test]
fn a_fanout_is_judged_queue_by_queue() {
    let mut run = Run::new();
    run.publish("o-1", &["billing", "packing", "audit"], YES).done(BILLER, "o-1").done(PACKER, "o-1");
    let audit = run.queue("audit");
    outcomes(&run.left(audit, "o-1").judge(), &[(Word::Stuck, 1)]);
    let mut run = Run::new();
    let findings = run.publish("o-1", &["billing", "packing"], YES).done(BILLER, "o-1").judge();
    outcomes(&findings, &[(Word::Lost, 1), (Word::LostConfirmed, 1)]);
    assert_eq!(findings.words[1].by[0].at, "packing");
}

#[test]
fn a_retry_with_two_copies_worked_is_a_duplicate() {
    let mut run = Run::new();
    run.publish("o-1", &["billing"], What::BelievesUnknown).publish("o-1", &["billing"], YES);
    let table = run.place(PlaceKind::Table, BILLER, "invoices");
    let findings = run.done(BILLER, "o-1").done(BILLER, "o-1").left(table, "o-1").left(table, "o-1").judge();
    outcomes(&findings, &[(Word::Duplicated, 1), (Word::DuplicateRows, 1)]);
    assert_eq!(findings.ids(Word::Duplicated), ["o-1"]);
    assert!(!findings.holds(Word::EffectivelyOnce));
    assert!(Expectation::exactly(Word::Rows, 2).of("invoices").check(&findings).holds);
    assert!(Expectation::exactly(Word::Duplicated, 1).ids(&["o-1"]).check(&findings).holds);
    assert!(!Expectation::exactly(Word::Duplicated, 1).ids(&["o-2"]).check(&findings).holds);
}

#[test]
fn an_upsert_works_twice_and_has_one_row() {
    let mut run = Run::new();
    let table = run.place(PlaceKind::Table, BILLER, "invoices");
    let run = run.publish("o-1", &["billing"], YES).done(BILLER, "o-1").done(BILLER, "o-1");
    let findings = run.left(table, "o-1").judge();
    outcomes(&findings, &[(Word::Duplicated, 1)]);
    assert!(findings.holds(Word::EffectivelyOnce) && !findings.holds(Word::AtMostOnce));
}

#[test]
fn refused_or_never_sent_and_done_is_unexpected() {
    let findings = Run::new().publish("o-1", &["billing"], What::BelievesRefused).done(BILLER, "o-1").judge();
    outcomes(&findings, &[(Word::Unexpected, 1)]);
    outcomes(&Run::new().done(BILLER, "ghost-1").judge(), &[(Word::Unexpected, 1)]);
}

#[test]
fn first_completions_against_the_order_of_publishing_are_descents() {
    let mut run = Run::new();
    for id in ["o-1", "o-2", "o-3"] {
        run.publish(id, &["packing"], YES);
    }
    let findings = run.done(PACKER, "o-2").done(PACKER, "o-3").done(PACKER, "o-1").judge();
    outcomes(&findings, &[(Word::Reordered, 1)]);
    assert_eq!(findings.ids(Word::Reordered), ["o-1"]);
}

#[test]
fn a_redelivered_copy_counts_where_it_is_done_first_and_not_where_it_is_done_again() {
    let mut run = Run::new();
    run.publish("o-1", &["packing"], YES).publish("o-2", &["packing"], YES).done(PACKER, "o-2");
    let frame = run.send(PACKER, "o-1", FrameFlags::REDELIVERED);
    run.event(PACKER, Kind::Arrived(frame));
    outcomes(&run.done(PACKER, "o-1").judge(), &[(Word::Reordered, 1)]);
    let mut run = Run::new();
    run.publish("o-1", &["packing"], YES).publish("o-2", &["packing"], YES).done(PACKER, "o-1").done(PACKER, "o-2");
    outcomes(&run.done(PACKER, "o-1").judge(), &[(Word::Duplicated, 1)]);
}

#[test]
fn what_is_added_twice_is_not_effectively_once() {
    let mut run = Run::new();
    run.log.header.destinations[0].adds = true;
    let table = run.place(PlaceKind::Table, BILLER, "invoices");
    let run = run.publish("o-1", &["billing"], YES).done(BILLER, "o-1").done(BILLER, "o-1");
    let findings = run.left(table, "o-1").judge();
    outcomes(&findings, &[(Word::Duplicated, 1)]);
    assert!(!findings.holds(Word::EffectivelyOnce));
}

#[test]
fn what_waits_in_front_of_a_node_is_stuck_until_its_connection_ends() {
    let mut run = Run::new();
    run.publish("o-1", &[], What::BelievesSent);
    let frame = run.send(BROKER, "o-1", FrameFlags::default());
    run.event(BROKER, Kind::Arrived(frame));
    run.note(BROKER, What::Unread, PlaceId::NONE, "o-1");
    outcomes(&run.judge(), &[(Word::Stuck, 1)]);
    run.event(BROKER, Kind::Link { conn: ConnId(0), what: Link::Reset });
    outcomes(&run.judge(), &[(Word::Lost, 1)]);
}

#[test]
fn in_flight_at_the_end_is_stuck_and_a_lost_frame_is_lost() {
    let mut run = Run::new();
    run.publish("o-1", &[], What::BelievesSent);
    let frame = run.send(BROKER, "o-1", FrameFlags::default());
    outcomes(&run.judge(), &[(Word::Stuck, 1)]);
    run.event(BROKER, Kind::Lost(frame));
    outcomes(&run.judge(), &[(Word::Lost, 1)]);
}

#[test]
fn dead_lettered_is_stuck_while_its_copy_waits_elsewhere() {
    let mut run = Run::new();
    let (billing, graveyard) = (run.queue("billing"), run.queue("graveyard"));
    run.publish("o-1", &["billing"], YES).note(BROKER, What::DeadLettered, billing, "o-1");
    run.note(BROKER, What::Stored, graveyard, "o-1").left(graveyard, "o-1");
    let findings = run.judge();
    outcomes(&findings, &[(Word::Stuck, 1), (Word::DeadLettered, 1)]);
    assert_eq!(findings.words[1].by[0].at, "invoices");
}

#[test]
fn brokers_deeds_are_counted_by_queue() {
    let mut run = Run::new();
    let billing = run.queue("billing");
    run.publish("o-1", &["billing"], What::BelievesUnknown);
    for what in [What::Expired, What::Dropped, What::Rejected, What::Purged, What::Vanished] {
        run.note(BROKER, what, billing, "o-1");
    }
    run.note(SHOP, What::Returned, PlaceId::NONE, "o-1").note(BROKER, What::Unroutable, PlaceId::NONE, "o-1");
    let words = [Word::Returned, Word::Unroutable, Word::Expired, Word::Dropped, Word::Rejected, Word::Purged];
    let findings = run.judge();
    assert!(words.iter().all(|word| findings.count(*word) == 1));
    assert_eq!((findings.count(Word::Vanished), findings.count(Word::Refused)), (1, 1));
}

#[test]
fn what_the_broker_throws_away_with_an_error_is_told_apart_from_what_it_throws_away_unread() {
    let mut run = Run::new();
    run.publish("o-1", &[], What::BelievesSent).note(BROKER, What::InError, PlaceId::NONE, "o-1");
    run.publish("o-2", &[], What::BelievesSent).note(BROKER, What::Discarded, PlaceId::NONE, "o-2");
    let findings = run.judge();
    outcomes(&findings, &[(Word::Lost, 2), (Word::InError, 1), (Word::Discarded, 1)]);
    assert_eq!((findings.ids(Word::InError), findings.ids(Word::Discarded)), (vec!["o-1"], vec!["o-2"]));
    let text = sheet(&findings, &[]);
    assert!(text.contains("routed nowhere: o-1\n") && text.contains("routed nowhere: o-2\n"), "{text}");
    assert!(!text.contains("at nowhere"), "{text}");
    let found =
        Expectation { count: Count::HOLDS, ..Expectation::exactly(Word::AtLeastOnce, 0) }.check(&findings).found;
    assert_eq!(found, "broken 2 times, first by o-1, routed nowhere");
}

#[test]
fn where_work_counts_is_named_as_a_table_or_a_queue() {
    let mut run = Run::new();
    run.publish("o-1", &["billing", "packing"], YES);
    let (billing, packing) = (run.queue("billing"), run.queue("packing"));
    run.left(billing, "o-1").left(packing, "o-1");
    let text = sheet(&run.judge(), &[]);
    assert!(text.contains("at table invoices: o-1\n") && text.contains("at queue packing: o-1\n"), "{text}");
    assert!(!text.contains("its work counts"), "{text}");
}

#[test]
fn consumers_of_one_queue_are_one_destination_and_the_sheet_says_which() {
    let mut run = Run::new();
    run.log.header.destinations[1].from = "billing".to_owned();
    run.publish("o-1", &["billing"], YES).done(PACKER, "o-1");
    let findings = run.judge();
    let elsewhere: Vec<Option<&str>> = findings.consumers.iter().map(|view| view.counted_at.as_deref()).collect();
    assert_eq!(elsewhere, [None, Some("invoices")]);
    let text = sheet(&findings, &[]);
    let line = "its work counts at table invoices, together with that of its queue's other consumers\n";
    assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(line.trim_end()), "{text}");
}

#[test]
fn far_numbers_and_bare_names_are_kept_apart() {
    let mut run = Run::new();
    for id in ["o-1", "o-999999999", "o-5000", "o-", "o-4999", "o-999999999"] {
        run.publish(id, &["packing"], YES).done(PACKER, id);
    }
    let findings = run.judge();
    assert_eq!((findings.messages, findings.count(Word::Duplicated)), (5, 1));
}

#[test]
fn expectations_read_as_they_are_written() {
    let text = |expectation: Expectation| expectation.to_string();
    assert_eq!(text(Expectation::exactly(Word::Depth, 0).of("billing")), "depth(\"billing\", 0)");
    assert_eq!(text(Expectation::exactly(Word::Duplicated, 1).ids(&["o-2"])), "duplicated(1, ids: [\"o-2\"])");
    assert_eq!(text(Expectation::exactly(Word::AtMostOnce, 0)), "at_most_once(true)");
    for word in Word::ALL {
        assert_eq!(Word::from_name(word.name()), Some(*word));
    }
}

#[test]
fn the_sheet_says_it_all() {
    let mut run = Run::new();
    run.publish("order-1", &["billing"], YES).done(BILLER, "order-1");
    run.publish("order-2", &["billing"], What::BelievesUnknown).publish("order-2", &["billing"], YES);
    run.publish("order-3", &["billing"], YES);
    run.done(BILLER, "order-2").done(BILLER, "order-2");
    let billing = run.queue("billing");
    let table = run.place(PlaceKind::Table, BILLER, "invoices");
    run.left(billing, "order-3").left(table, "order-1").left(table, "order-2").left(table, "order-2");
    let findings = run.judge();
    let expected = [Expectation::exactly(Word::Lost, 0), Expectation::exactly(Word::Duplicated, 0)];
    let checked: Vec<Checked> = expected.iter().map(|one| one.check(&findings)).collect();
    insta::assert_snapshot!(sheet(&findings, &checked));
}

#[test]
fn neighbours_are_one_range_however_many_they_are() {
    let mut run = Run::new();
    for n in 1..=300 {
        run.publish(&format!("m-{n}"), &[], What::BelievesSent);
    }
    let text = sheet(&run.judge(), &[]);
    assert!(text.contains("300: m-1 to m-300\n"), "{text}");
    run.publish("m-302", &[], What::BelievesSent);
    let text = sheet(&run.judge(), &[]);
    assert!(text.contains("301: m-1 to m-100, …\n"), "{text}");
}

#[test]
fn what_is_stuck_leaves_a_guarantee_open() {
    let mut run = Run::new();
    run.publish("o-1", &["billing"], What::BelievesSent);
    let queue = run.queue("billing");
    run.left(queue, "o-1");
    let text = sheet(&run.judge(), &[]);
    assert!(text.contains("at least once         open: 1 stuck\n"), "{text}");
    assert!(text.contains("at most once          held\n"), "{text}");
}

#[test]
fn a_client_that_gave_up_before_it_was_done_is_said_to_have() {
    let mut run = Run::new();
    run.log.header.planned = vec![crate::trace::Planned { producer: SHOP, messages: 2 }];
    run.publish("o-1", &[], What::BelievesSent);
    for client in [SHOP, BILLER] {
        run.event(client, Kind::Note { what: What::GaveUp, place: PlaceId::NONE, message: Name::NONE });
    }
    let findings = run.judge();
    let text = sheet(&findings, &[]);
    assert!(text.contains("published 1 of 2 messages; gave up at 1ns\n"), "{text}");
    assert!(text.contains("0 deliveries, 0 worked on; gave up at 1ns\n"), "{text}");
    run.event(SHOP, Kind::Process(crate::trace::Process::Started));
    assert!(run.judge().producers[0].left.is_none(), "a new process tries again");
}
