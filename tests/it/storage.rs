//! What a classic queue has on its disk when: one row a measured fact of group F, replayed against a node that is
//! killed, stopped or loses its power, and starts again.

use crate::gallery::case;
use mqlab::explore::{How, run};
use mqlab::scenario;
use mqlab::trace::{DiskStep, Flags, Kind, Log, PlaceKind};
use mqlab::world::RULES;
use std::collections::BTreeMap;

/// The arguments of a queue of storage version 1, of a lazy one, and of one of version 2.
const V1: &str = "";
const LAZY: &str = r#""x-queue-mode": "lazy""#;
const V2: &str = r#""x-queue-version": 2"#;

/// A session that runs until it asks for the removal of queue `mark`; when that arrives the fault strikes.
fn play(version: &str, steps: &str, fault: &str) -> Log {
    let faults = if fault.is_empty() { String::new() } else { format!(r#"(name: "f", what: {})"#, at_mark(fault)) };
    let text = format!(
        r#"Scenario(title: "t", about: "t", broker: rabbitmq(version: "{version}"), expect: [],
            scripts: [(name: "writer", steps: [{steps} queue_delete(queue: "mark")])], faults: [{faults}])"#
    );
    told(&text)
}

/// What happens in this scenario.
fn told(text: &str) -> Log {
    let source = scenario::read(text).unwrap_or_else(|e| panic!("{}", e.render("t", scenario::Look::PLAIN)));
    let case = case("t", &source, None);
    run(&case.plan, case.digest, &[], &How::default()).log
}

/// The fault with its moment and a restart.
fn at_mark(fault: &str) -> String {
    fault.replace(')', r#", when: arriving(method: "queue.delete", from: "writer"), restart: "50ms")"#)
}

const KILL: &str = r#"kill("broker")"#;
const STOP: &str = r#"stop("broker")"#;
const POWER: &str = r#"power_loss("broker")"#;

/// The messages of each queue at the end, in order, with their redelivered flags.
fn left(log: &Log) -> BTreeMap<String, Vec<(String, bool)>> {
    let state = log.state_after(log.events().len());
    let mut left = BTreeMap::new();
    for (place, held) in state.places.iter() {
        let place = &log.places[place.at()];
        if place.kind == PlaceKind::Queue {
            let all = held.values();
            let all = all.map(|held| (log.names.show(held.message).to_string(), held.flags.has(Flags::REDELIVERED)));
            left.insert(log.names.show(place.name).to_string(), all.collect());
        }
    }
    left
}

fn queue(name: &str, arguments: &str) -> String {
    format!(r#"queue_declare(queue: "{name}", durable: true, arguments: {{{arguments}}}),"#)
}

fn publish(to: &str, ids: impl IntoIterator<Item = u32>, persistent: bool) -> String {
    ids.into_iter()
        .map(|id| format!(r#"basic_publish(key: "{to}", body: "m{id}", persistent: {persistent}),"#))
        .collect()
}

fn confirmed(of: u32) -> String {
    format!(r#"confirm_select(), {} wait("500ms"),"#, publish("q", 0..of, true))
}

fn gets(n: u32, no_ack: bool) -> String {
    format!(r#"basic_get(queue: "q", no_ack: {no_ack}),"#).repeat(n as usize)
}

/// What was done to queue `q` before the fault.
#[derive(Clone, Copy, Debug)]
enum Given {
    /// So many persistent messages, and nobody asked for confirms.
    Plain(u32),
    /// So many persistent messages, all confirmed.
    Confirmed(u32),
    /// Of so many confirmed ones the first so many were got and acknowledged together.
    Acked(u32, u32),
    /// Or got without acknowledgement.
    AutoAcked(u32, u32),
    /// Or are held by a consumer for more than a second.
    Held(u32, u32),
    /// Or were got and given back.
    Requeued(u32, u32),
    /// Even ones persistent, odd ones transient, all confirmed.
    Mixed(u32),
    /// Published in a transaction that was committed.
    Committed(u32),
    /// Published in a transaction that was not.
    Uncommitted(u32),
}

impl Given {
    fn steps(self) -> String {
        match self {
            Given::Plain(n) => publish("q", 0..n, true),
            Given::Confirmed(n) => confirmed(n),
            Given::Acked(of, n) => format!("{}{} basic_ack(tag: {n}, multiple: true),", confirmed(of), gets(n, false)),
            Given::AutoAcked(of, n) => confirmed(of) + &gets(n, true),
            Given::Held(of, n) => {
                let consume = r#"basic_consume(queue: "q"), await_deliveries"#;
                format!(r#"{} basic_qos(prefetch_count: {n}), {consume}({n}), wait("1100ms"),"#, confirmed(of))
            }
            Given::Requeued(of, n) => {
                format!("{}{} basic_nack(tag: {n}, multiple: true),", confirmed(of), gets(n, false))
            }
            Given::Mixed(n) => {
                let all: String = (0..n).map(|id| publish("q", [id], id % 2 == 0)).collect();
                format!(r#"confirm_select(), {all} wait("500ms"),"#)
            }
            Given::Committed(n) => format!("tx_select(), {} tx_commit(),", publish("q", 0..n, true)),
            Given::Uncommitted(n) => format!("tx_select(), {}", publish("q", 0..n, true)),
        }
    }
}

/// So many milliseconds after what was given the fault strikes; these ids are left.
fn check(fact: &str, kind: &str, given: Given, fault: &str, age: u32, ids: impl IntoIterator<Item = u32>) {
    let steps = format!(r#"{}{} wait("{age}ms"),"#, queue("q", kind), given.steps());
    let log = play("3.10", &steps, fault);
    let expected: Vec<_> = ids.into_iter().map(|id| (format!("m{id}"), fault != STOP)).collect();
    let left = left(&log).remove("q").unwrap_or_default();
    assert!(left == expected, "{fact}, {given:?}, {age} ms: {} are left: {left:?}", left.len());
}

#[test]
fn what_a_kill_leaves_of_unconfirmed_messages() {
    for (age, one, lazy, two) in [
        (0, "F01.01", "F01.03", "F01.02"),
        (20, "F01.05", "F01.07", "F01.06"),
        (150, "F01.09", "F01.11", "F01.10"),
        (250, "F01.09", "F01.11", "F01.10"),
        (500, "F01.13", "F01.15", "F01.14"),
    ] {
        let kept = if age > 200 { 300 } else { 0 };
        check(one, V1, Given::Plain(300), KILL, age, 0..kept);
        check(lazy, LAZY, Given::Plain(300), KILL, age, 0..kept);
        check(two, V2, Given::Plain(300), KILL, age, 0..0);
    }
}

#[test]
fn how_old_an_unconfirmed_message_must_be_to_outlive_a_kill() {
    for age in [0, 10, 25, 50, 100, 150, 199, 250, 300, 400, 600, 1000] {
        check("F02.1", V1, Given::Plain(50), KILL, age, 0..if age > 200 { 50 } else { 0 });
        check("F02.2", V2, Given::Plain(50), KILL, age, 0..0);
    }
    check("F14.2", V2, Given::Plain(50), KILL, 1500, 0..50);
}

#[test]
fn what_a_kill_leaves_of_confirmed_messages() {
    for (kind, plain, held, mixed, requeued) in [
        (V1, "F01.17", "F01.37", "F01.41", "F01.45"),
        (V2, "F01.18", "F01.38", "F01.42", "F01.46"),
        (LAZY, "F01.19", "F01.39", "F01.43", "F01.47"),
    ] {
        check(plain, kind, Given::Confirmed(300), KILL, 0, 0..300);
        check(held, kind, Given::Held(100, 40), KILL, 0, 0..100);
        check(mixed, kind, Given::Mixed(100), KILL, 0, (0..100).step_by(2));
        check(requeued, kind, Given::Requeued(100, 30), KILL, 1100, 0..100);
        check("F07", kind, Given::Committed(200), KILL, 0, 0..200);
        check("F07", kind, Given::Uncommitted(200), KILL, 0, 0..0);
    }
}

#[test]
fn acknowledged_messages_come_back_after_a_kill() {
    for (kind, at_once, later) in [(V1, "F01.21", "F01.25"), (V2, "F01.22", "F01.26"), (LAZY, "F01.23", "F01.27")] {
        check(at_once, kind, Given::Acked(100, 50), KILL, 0, 0..100);
        check(later, kind, Given::Acked(100, 50), KILL, 1100, if kind == V2 { 0..100 } else { 50..100 });
    }
    for (kind, at_once, later) in [(V1, "F01.29", "F01.33"), (V2, "F01.30", "F01.34"), (LAZY, "F01.31", "F01.35")] {
        check(at_once, kind, Given::AutoAcked(100, 50), KILL, 0, 0..100);
        check(later, kind, Given::AutoAcked(100, 50), KILL, 1100, if kind == V2 { 0..100 } else { 50..100 });
    }
    for age in [0, 20, 50, 100, 199, 400, 1000, 3000] {
        check("F08", V1, Given::Acked(100, 50), KILL, age, if age > 200 { 50..100 } else { 0..100 });
        check("F08", V2, Given::Acked(100, 50), KILL, age, if age > 2000 { 50..100 } else { 0..100 });
    }
    check("F10", V1, Given::AutoAcked(1, 1), KILL, 1500, 0..0);
}

#[test]
fn a_busy_queue_writes_nothing_that_nobody_waits_for() {
    // R18: 200 ms after the last activity, and a transient message or a get is activity too.
    let stirs = [
        publish("q", [9], false),
        gets(1, true),
        queue("q", ""),
        r#"basic_consume(queue: "q", consumer_tag: "c"), basic_cancel(consumer_tag: "c"),"#.to_owned(),
    ];
    for stir in stirs {
        let wait = r#"wait("150ms"),"#;
        let steps = format!("{}{}{wait}{stir}{wait}", queue("q", ""), publish("q", 0..2, true));
        assert_eq!(left(&play("3.10", &steps, KILL)).len(), 0, "{stir}");
    }
}

#[test]
fn what_a_loss_of_power_leaves_follows_from_what_was_synced() {
    check("derived", V1, Given::Confirmed(50), POWER, 0, 0..50);
    check("derived", V1, Given::Committed(50), POWER, 0, 0..50);
    check("derived", V1, Given::Plain(50), POWER, 250, 0..50);
    check("derived", V1, Given::Acked(50, 20), POWER, 250, 20..50);
    check("derived from F11.3", V2, Given::Confirmed(50), POWER, 0, 0..0);
    check("derived from F11.3", V2, Given::Committed(50), POWER, 3000, 0..0);
    // Storage version 2 syncs when it is stopped in order; what came after that is gone again.
    let again = format!("{}{}", queue("q", V2), confirmed(20));
    let log = play("3.10", &again, STOP);
    assert_eq!(left(&log)["q"].len(), 20);
    let synced = log.events().iter().filter(|e| matches!(e.kind, Kind::Disk { what: DiskStep::Synced, .. })).count();
    let unsynced = play("3.10", &queue("q", V2), STOP);
    let before = unsynced.events().iter().filter(|e| matches!(e.kind, Kind::Disk { what: DiskStep::Synced, .. }));
    assert_eq!(synced, before.count() + 1, "one sync of the queue's file, for the stop");
}

/// Messages in `q` and in its dead-letter queue after all 50 of `q` were rejected, so old when the broker was killed.
fn dead_letters(kind: &str, age: u32) -> (usize, usize) {
    let comma = if kind.is_empty() { "" } else { "," };
    let dead = format!(r#"{kind}{comma} "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dlq""#);
    let steps = format!(
        r#"{}{}{}{} basic_nack(tag: 50, multiple: true, requeue: false), wait("{age}ms"),"#,
        queue("dlq", kind),
        queue("q", &dead),
        confirmed(50),
        gets(50, false)
    );
    let left = left(&play("3.10", &steps, KILL));
    let count = |name: &str| left.get(name).map_or(0, Vec::len);
    (count("q"), count("dlq"))
}

#[test]
fn dead_letters_and_a_kill() {
    for (age, left) in [(0, (50, 0)), (50, (50, 0)), (150, (50, 0)), (300, (0, 50)), (1500, (0, 50))] {
        assert_eq!(dead_letters(V1, age), left, "F14.1 at {age} ms");
    }
    for (age, left) in [(0, (50, 0)), (50, (0, 0)), (150, (0, 0)), (300, (0, 0)), (1500, (0, 50))] {
        assert_eq!(dead_letters(V2, age), left, "F14.2 at {age} ms");
    }
}

#[test]
fn a_kill_in_the_middle_of_the_confirms_loses_no_confirmed_message() {
    for (kind, nth) in [(V1, 1), (V1, 3), (V1, 8), (V2, 1), (V2, 8), (LAZY, 3)] {
        let one: String = (0..60).map(|n| publish("q", n * 10..n * 10 + 10, true) + r#"wait("1ms"),"#).collect();
        let steps = format!("{} confirm_select(), {one}", queue("q", kind));
        let moment = format!(r#"when: arriving(method: "basic.ack", to: "writer", nth: {nth}), restart: "50ms""#);
        let text = format!(
            r#"Scenario(title: "t", about: "t", broker: rabbitmq(), expect: [], scripts: [(name: "writer", steps: [{steps}])],
                faults: [(name: "f", what: kill("broker", {moment}))])"#
        );
        let log = told(&text);
        let left = left(&log).remove("q").unwrap_or_default();
        let state = log.state_after(log.events().len());
        let confirmed = state.beliefs.values().filter(|belief| **belief == mqlab::trace::Belief::Confirmed).count();
        assert!(0 < confirmed && confirmed < 600, "F03: {confirmed} confirmed");
        assert!(left.len() >= confirmed, "F03: {} left, {confirmed} confirmed", left.len());
        let prefix = left.iter().enumerate().all(|(at, (id, _))| *id == format!("m{at}"));
        assert!(prefix, "F03: a prefix survives");
    }
}

/// How many syncs these steps cost.
fn syncs(kind: &str, steps: &str) -> usize {
    let count = |steps: &str| {
        let log = play("3.10", &format!("{}{steps}", queue("q", kind)), "");
        log.events().iter().filter(|e| matches!(e.kind, Kind::Disk { what: DiskStep::Synced, .. })).count()
    };
    count(steps) - count("")
}

#[test]
fn how_often_is_synced() {
    let singly = |mode: &str, persistent, then: &str| {
        let one: String = (0..10).map(|id| publish("q", [id], persistent) + then + r#" wait("20ms"),"#).collect();
        format!("{mode}{one}")
    };
    let confirmed = singly("confirm_select(),", true, "");
    assert_eq!((syncs(V1, &confirmed), syncs(V2, &confirmed)), (10, 0), "F11.1, F11.3: one sync a confirm, or none");
    assert_eq!(syncs(V1, &singly("confirm_select(),", false, "")), 0, "F11.1: transient messages");
    let committed = singly("tx_select(),", true, "tx_commit(),");
    assert_eq!((syncs(V1, &committed), syncs(V2, &committed)), (10, 0), "F11.1, F11.3: commits");
    let plain = publish("q", 0..200, true) + r#"wait("1500ms"),"#;
    assert_eq!((syncs(V1, &plain), syncs(V2, &plain)), (1, 0), "F11.1, F11.3: nobody waits");
    let burst = format!("confirm_select(), {}", publish("q", 0..100, true));
    assert!(syncs(V1, &burst) <= 7, "F11.1: a burst shares syncs");
}

#[test]
fn a_clean_stop_keeps_persistent_messages_order_and_flags() {
    for kind in [V1, V2, LAZY] {
        check("F06", kind, Given::Plain(45), STOP, 50, 0..45);
        // F06b: 30 acknowledged, 40 held by a consumer.
        let steps = format!(
            r#"{}{}{} basic_ack(tag: 30, multiple: true), basic_qos(prefetch_count: 40), basic_consume(queue: "q"),
                await_deliveries(40),"#,
            queue("q", kind),
            confirmed(100),
            gets(30, false)
        );
        let left = left(&play("3.10", &steps, STOP)).remove("q").unwrap();
        let expected: Vec<_> = (30..100).map(|id| (format!("m{id}"), id < 70)).collect();
        assert_eq!(left, expected, "F06");
    }
}

/// Durable and transient things side by side, as in F04 and F05; then what is left of them.
fn matrix(fault: &str) -> (Vec<(String, bool)>, Vec<&'static str>) {
    let given = r#"queue_declare(queue: "dur", durable: true), queue_declare(queue: "tra"),
        queue_declare(queue: "ad", durable: true, auto_delete: true),
        queue_declare(queue: "excl", durable: true, exclusive: true),
        exchange_declare(exchange: "ed", kind: "direct", durable: true), exchange_declare(exchange: "et", kind: "direct"),
        exchange_declare(exchange: "ed2", kind: "direct", durable: true),
        queue_bind(queue: "dur", exchange: "ed", key: "dd"), queue_bind(queue: "tra", exchange: "ed", key: "dt"),
        queue_bind(queue: "dur", exchange: "et", key: "td"),
        exchange_bind(destination: "ed2", source: "ed", key: "x"), exchange_bind(destination: "et", source: "ed", key: "y"),
        confirm_select(),"#;
    let steps = format!(
        r#"{given}{}{} wait("500ms"), basic_get(queue: "dur"), basic_get(queue: "dur"), basic_get(queue: "dur"),"#,
        publish("dur", 0..10, true),
        publish("dur", 10..15, false)
    );
    let text = |then: &str| {
        let fault = at_mark(fault);
        format!(
            r#"Scenario(title: "t", about: "t", broker: rabbitmq(), expect: [], scripts: [
                (name: "writer", steps: [{steps} queue_delete(queue: "mark")]),
                (name: "looker", steps: [wait("3s"), connect(heartbeat: "0"), {then}])],
                faults: [(name: "f", what: {fault})])"#
        )
    };
    let play = |then: &str| told(&text(then));
    let looks = [
        ("dur", r#"queue_declare(queue: "dur", passive: true)"#),
        ("tra", r#"queue_declare(queue: "tra", passive: true)"#),
        ("ad", r#"queue_declare(queue: "ad", passive: true)"#),
        ("excl", r#"queue_declare(queue: "excl", passive: true)"#),
        ("ed", r#"exchange_declare(exchange: "ed", passive: true)"#),
        ("et", r#"exchange_declare(exchange: "et", passive: true)"#),
        ("dd", r#"basic_publish(exchange: "ed", key: "dd", body: "p", mandatory: true)"#),
        ("dt", r#"basic_publish(exchange: "ed", key: "dt", body: "p", mandatory: true)"#),
        ("y", r#"basic_publish(exchange: "ed", key: "y", body: "p", mandatory: true)"#),
    ];
    let there = looks.into_iter().filter(|(_, look)| {
        let log = play(look);
        let refused = ["amqp.error.not-found", "amqp.publish.returned"].map(|key| RULES.find(key).unwrap());
        !log.events().iter().any(|event| refused.contains(&event.rule))
    });
    let there = there.map(|(name, _)| name).collect();
    (left(&play("")).remove("dur").unwrap_or_default(), there)
}

#[test]
fn definitions_outlive_a_stop_and_a_kill_where_they_are_durable() {
    for (fact, fault) in [("F04", STOP), ("F05", KILL)] {
        let (messages, there) = matrix(fault);
        let expected: Vec<_> = (0..10).map(|id| (format!("m{id}"), fault == KILL || id < 3)).collect();
        assert_eq!(messages, expected, "{fact}: transient messages are gone, flags are as they should be");
        assert_eq!(there, ["dur", "ad", "ed", "dd"], "{fact}");
    }
}

#[test]
fn time_to_live_runs_while_the_broker_is_down() {
    let dead = r#""x-message-ttl": 40, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dlq""#;
    let steps = format!("{}{} confirm_select(), {}", queue("dlq", ""), queue("q", dead), publish("q", 0..5, true));
    let left = left(&play("3.10", &(steps + r#"wait("20ms"),"#), STOP));
    assert_eq!(left.get("q").map_or(0, Vec::len), 0, "F09");
    assert_eq!(left["dlq"].len(), 5, "F09");
}

#[test]
fn a_commit_is_answered_when_every_queue_has_it_on_disk() {
    let steps = format!(
        r#"{}{} exchange_declare(exchange: "both", kind: "fanout", durable: true), queue_bind(queue: "q", exchange: "both"),
            queue_bind(queue: "r", exchange: "both"), tx_select(),
            basic_publish(exchange: "both", body: "m0", persistent: true), tx_commit(),"#,
        queue("q", V1),
        queue("r", V2)
    );
    let left = left(&play("3.10", &steps, KILL));
    assert_eq!((left["q"].len(), left["r"].len()), (1, 1), "C40, F07");
}

/// The rules under which anything happened.
fn under(version: &str, arguments: &str) -> Vec<&'static str> {
    let log = play(version, &format!("{}{}", queue("q", arguments), Given::Plain(1).steps()), "");
    let mut keys: Vec<_> = log.events().iter().filter_map(|e| RULES.get(e.rule)).map(|rule| rule.key).collect();
    keys.retain(|key| key.starts_with("amqp.store."));
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[test]
fn the_brokers_version_and_the_arguments_choose_the_storage() {
    let (one, lazy, two) = ("amqp.store.after-idle", "amqp.store.lazy", "amqp.store.v2-after-idle");
    for (version, arguments, expected) in [
        ("3.7", V1, one),
        ("3.7", LAZY, lazy),
        ("3.7", V2, one),
        ("3.10", V1, one),
        ("3.10", V2, two),
        ("3.10", LAZY, lazy),
        ("3.13", V1, one),
        ("3.13", LAZY, one),
        ("3.13", V2, two),
        ("4.1", V1, two),
        ("4.1", r#""x-queue-version": 1"#, two),
    ] {
        let keys = under(version, arguments);
        assert!(keys.contains(&expected), "V7, V8: {version} {arguments}: {keys:?}");
    }
}

#[test]
fn a_queue_whose_disk_fails_refuses_and_starts_again_with_what_was_written() {
    for kind in [V1, V2] {
        let steps = format!(
            r#"{} confirm_select(), {} wait("20ms"), basic_get(queue: "q"), queue_delete(queue: "mark"), wait("1ms"), {}
                wait("20ms"), basic_ack(tag: 1), wait("300ms"), {}"#,
            queue("q", kind),
            publish("q", 0..2, true) + &publish("q", 2..3, false),
            publish("q", 3..4, true),
            publish("q", 4..5, true)
        );
        let text = format!(
            r#"Scenario(title: "t", about: "t", broker: rabbitmq(), expect: [], scripts: [(name: "writer", steps: [{steps}])],
                faults: [(name: "f", what: fail_disk("broker", lasting: "15ms",
                    when: arriving(method: "queue.delete", from: "writer")))])"#
        );
        let log = told(&text);
        let expected = [("m0".into(), true), ("m1".into(), true), ("m4".into(), false)];
        assert_eq!(left(&log)["q"], expected, "C61: m0 is ready again though it is acknowledged, m2 and m3 are gone");
        let state = log.state_after(log.events().len());
        let refused = state.beliefs.values().filter(|belief| **belief == mqlab::trace::Belief::Refused).count();
        assert_eq!(refused, 1, "C61: the publisher of m3 gets a nack");
    }
}

#[test]
fn a_stop_on_a_disk_that_fails_counts_as_unclean() {
    for kind in [V1, V2] {
        let steps = format!(
            r#"{}{} basic_get(queue: "q"), queue_delete(queue: "mark"), wait("1ms"), queue_purge(queue: "mark")"#,
            queue("q", kind),
            confirmed(3)
        );
        let text = format!(
            r#"Scenario(title: "t", about: "t", broker: rabbitmq(), expect: [], scripts: [(name: "writer", steps: [{steps}])],
                faults: [
                    (name: "f", what: fail_disk("broker", lasting: "100ms", when: arriving(method: "queue.delete", from: "writer"))),
                    (name: "s", what: stop("broker", when: arriving(method: "queue.purge", from: "writer"), restart: "200ms")),
                ])"#
        );
        let expected: Vec<_> = (0..3).map(|id| (format!("m{id}"), true)).collect();
        assert_eq!(left(&told(&text))["q"], expected);
    }
}
