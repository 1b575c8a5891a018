//! Who gets a message, and for how long: priorities, single active and exclusive consumers, timeouts, limits.

use super::*;
use crate::amqp::config::Version;
use crate::amqp::node::channel::GONE;
use crate::units::Span;

impl Bench {
    /// One transient queue `q` with these arguments, and connections 1, 2 and 3 with channel 1 each.
    fn with(arguments: &[(&str, Value)]) -> Bench {
        Bench::of(Version::V3_10, arguments)
    }

    fn of(version: Version, arguments: &[(&str, Value)]) -> Bench {
        let table: Table = arguments.iter().map(|(key, value)| ((*key).into(), value.clone())).collect();
        let mut bench = Bench::new(|config, names| {
            config.version = version;
            config.consumer_timeout = Some(Span::millis(1000));
            config.channel_tick = Span::millis(1000);
            config.queues.push(QueueSpec { arguments: Arc::new(table), ..queue(names, "q", false) });
            config.queues.push(queue(names, "dead", false));
        });
        bench.settle();
        (1..=3).for_each(|conn| bench.open(conn, &[1]));
        bench.sent.clear();
        bench
    }

    fn publish_rated(&mut self, id: &str, priority: Option<u8>) {
        self.publish_with(3, "", "q", id, Props { priority, ..Props::default() }, false);
    }

    fn consume_as(&mut self, conn: u32, tag: &str, change: impl FnOnce(&mut bool, &mut bool, &mut Arc<Table>)) {
        let (mut no_ack, mut exclusive, mut arguments) = (false, false, Arc::default());
        change(&mut no_ack, &mut exclusive, &mut arguments);
        let (queue, consumer_tag) = (self.names.intern("q"), self.names.intern(tag));
        let (no_local, nowait) = (false, true);
        let body = Method::BasicConsume { queue, consumer_tag, no_local, no_ack, exclusive, nowait, arguments };
        self.frame(conn, 1, body);
    }

    fn cancel(&mut self, conn: u32, tag: &str) {
        let consumer_tag = self.names.intern(tag);
        self.frame(conn, 1, Method::BasicCancel { consumer_tag, nowait: true });
    }
}

fn int(value: i64) -> Value {
    Value::Int { value, bits: 32 }
}

const SINGLE: &[(&str, Value)] = &[("x-single-active-consumer", Value::Bool(true))];

#[test]
fn a_queue_with_priorities_hands_out_the_highest_first() {
    let mut bench = Bench::with(&[("x-max-priority", int(5))]);
    for (id, priority) in [("none", None), ("p1", Some(1)), ("p5", Some(5)), ("p9", Some(9)), ("p3", Some(3))] {
        bench.publish_rated(id, priority);
    }
    (0..5).for_each(|_| bench.get(1, "q"));
    let told = ["1 got 1 p5 4", "1 got 2 p9 3", "1 got 3 p3 2", "1 got 4 p1 1", "1 got 5 none 0"];
    assert_eq!(bench.told(), told, "E30");
    bench.nack(1, 4, false);
    bench.nack(1, 2, false);
    bench.get(2, "q");
    assert_eq!(bench.told(), ["2 got 1 p9R 1"], "a requeued message goes back to its place within its priority");
}

#[test]
fn a_full_queue_with_priorities_drops_the_highest() {
    let mut bench = Bench::with(&[("x-max-priority", int(5)), ("x-max-length", int(2))]);
    for (id, priority) in [("hi1", 5), ("lo1", 1), ("lo2", 1)] {
        bench.publish_rated(id, Some(priority));
    }
    (0..3).for_each(|_| bench.get(1, "q"));
    assert_eq!(bench.told(), ["1 got 1 lo1 1", "1 got 2 lo2 0", "1 basic.get-empty"], "E34");
}

#[test]
fn only_the_head_of_the_highest_priority_expires() {
    let mut bench = Bench::with(&[("x-max-priority", int(5))]);
    bench.publish_rated("high", Some(5));
    let props = Props { priority: Some(1), expiration: Some("100".into()), ..Props::default() };
    bench.publish_with(3, "", "q", "low", props, false);
    bench.wait(500);
    bench.look(1, "q");
    assert_eq!(bench.told(), ["1 declared q 2 0"], "R15");
    bench.get(1, "q");
    bench.look(1, "q");
    assert_eq!(
        bench.told(),
        ["1 got 1 high 0", "1 declared q 0 0"],
        "the next head is looked at before the rest is counted"
    );
}

#[test]
fn the_next_consumer_takes_over_from_the_single_active_one() {
    let mut bench = Bench::with(SINGLE);
    bench.consume(1, "q", "t1", false);
    bench.consume(2, "q", "t2", false);
    bench.publish_rated("m1", None);
    bench.publish_rated("m2", None);
    assert_eq!(bench.told(), ["1 deliver 1 m1", "1 deliver 2 m2"]);
    bench.cancel(1, "t1");
    bench.publish_rated("m3", None);
    assert_eq!(bench.told(), ["2 deliver 1 m3"]);
    bench.frame(1, 1, Method::ChannelClose(crate::amqp::Close { code: 0, text: Name::EMPTY, class: 0, method: 0 }));
    assert_eq!(bench.told(), ["1 channel.close-ok", "2 deliver 2 m1R", "2 deliver 3 m2R"], "D35b");
}

#[test]
fn what_the_lost_active_consumer_held_comes_first() {
    let mut bench = Bench::with(SINGLE);
    bench.qos(1, 1, false);
    bench.consume(1, "q", "t1", false);
    bench.consume(2, "q", "t2", false);
    (1..=3).for_each(|n| bench.publish_rated(&format!("m{n}"), None));
    assert_eq!(bench.told(), ["1 deliver 1 m1"]);
    bench.input(Input::Ended(ConnId(1), Ending::Reset));
    assert_eq!(bench.told(), ["2 deliver 1 m1R", "2 deliver 2 m2", "2 deliver 3 m3"], "D85");
}

#[test]
fn nobody_can_have_a_queue_with_a_single_active_consumer_for_itself() {
    let mut bench = Bench::with(SINGLE);
    bench.consume_as(1, "t", |_, exclusive, _| *exclusive = true);
    let refused = "channel.close 403 ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use (60, 20)";
    assert_eq!(bench.told(), [format!("1 {refused}")], "D35e");
}

#[test]
fn version_3_7_knows_no_single_active_consumer() {
    let mut bench = Bench::of(Version::V3_7, SINGLE);
    bench.consume(1, "q", "t1", true);
    bench.consume(2, "q", "t2", true);
    bench.publish_rated("m1", None);
    bench.publish_rated("m2", None);
    assert_eq!(bench.told(), ["1 deliver 1 m1", "2 deliver 1 m2"], "V15");
}

#[test]
fn an_exclusive_consumer_keeps_others_out_until_it_leaves() {
    let mut bench = Bench::with(&[]);
    bench.consume_as(1, "t1", |_, exclusive, _| *exclusive = true);
    bench.consume(2, "q", "t2", true);
    let refused = "channel.close 403 ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use (60, 20)";
    assert_eq!(bench.told(), [format!("2 {refused}")], "D36b");
    bench.get(3, "q");
    assert_eq!(bench.told(), ["3 basic.get-empty"], "D36c");
    bench.cancel(1, "t1");
    bench.consume(3, "q", "t3", true);
    bench.publish_rated("m1", None);
    assert_eq!(bench.told(), ["3 deliver 1 m1"], "D36d");
}

#[test]
fn lower_consumer_priorities_are_served_while_the_higher_ones_are_full() {
    let mut bench = Bench::with(&[]);
    bench.qos(1, 1, false);
    let priority = |value| {
        move |_: &mut bool, _: &mut bool, args: &mut Arc<Table>| {
            *args = Arc::new(vec![("x-priority".into(), int(value))]);
        }
    };
    bench.consume_as(1, "high", priority(5));
    bench.consume_as(2, "low", priority(-5));
    (1..=2).for_each(|n| bench.publish_rated(&format!("m{n}"), None));
    assert_eq!(bench.told(), ["1 deliver 1 m1", "2 deliver 1 m2"], "D34");
    bench.ack(1, 1, false);
    bench.publish_rated("m3", None);
    assert_eq!(bench.told(), ["1 deliver 2 m3"]);
}

#[test]
fn one_ack_for_several_consumers_counts_consumer_by_consumer_since_3_8() {
    // t1 may have two and has 1 and 3, t2 may have one and has 2. An ack for all three gives t1 room first. In 3.7 both have
    // room at once, and t2, which was set aside first, is served first.
    assert_eq!(after_one_ack_for_two_consumers(Version::V3_10), ["t1", "t1"]);
    assert_eq!(after_one_ack_for_two_consumers(Version::V3_7), ["t2", "t1"]);
}

fn after_one_ack_for_two_consumers(version: Version) -> Vec<String> {
    let mut bench = Bench::of(version, &[]);
    bench.qos(1, 2, false);
    bench.consume(1, "q", "t1", false);
    bench.qos(1, 1, false);
    bench.consume(1, "q", "t2", false);
    (1..=5).for_each(|n| bench.publish_rated(&format!("m{n}"), None));
    let tags = |bench: &Bench| -> Vec<String> {
        let channel = bench.node.channel((ConnId(1), 1)).unwrap();
        let consumer = |u: &channel::Unacked| bench.node.queues.get(&u.queue)?.classic.consumer(u.consumer).copied();
        channel.unacked.iter().filter_map(consumer).map(|consumer| bench.names.text(consumer.tag).to_string()).collect()
    };
    assert_eq!(tags(&bench), ["t1", "t2", "t1"]);
    bench.ack(1, 3, true);
    tags(&bench)
}

#[test]
fn a_client_that_does_not_ask_for_it_is_not_told_that_its_consumer_is_gone() {
    let mut bench = Bench::with(&[]);
    bench.consume(1, "q", "t1", false);
    bench.consume(2, "q", "t2", false);
    bench.node.connections.get_mut(&ConnId(2)).unwrap().capabilities = crate::amqp::access::Capabilities::NONE;
    let queue = bench.names.intern("q");
    bench.frame(3, 1, Method::QueueDelete { queue, if_unused: false, if_empty: false, nowait: true });
    assert_eq!(bench.told(), ["1 basic.cancel"], "D37, D37b");
}

const TIMED_OUT: &str = "channel.close 406 PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. \
     Timeout value used: 1000 ms. This timeout value can be configured, see consumers doc guide to learn more (0, 0)";

#[test]
fn a_delivery_that_is_not_settled_in_time_closes_its_channel_and_goes_back() {
    let mut bench = Bench::with(&[]);
    bench.consume(1, "q", "t", false);
    bench.publish_rated("m1", None);
    bench.wait(1900);
    assert_eq!(bench.told(), ["1 deliver 1 m1"]);
    assert!(bench.node.waits(), "a run does not end before");
    bench.wait(200);
    assert_eq!(bench.told(), [format!("1 {TIMED_OUT}")], "D61");
    assert!(!bench.node.waits());
    bench.get(2, "q");
    assert_eq!(bench.told(), ["2 got 1 m1R 0"]);
}

#[test]
fn a_get_times_out_too_and_an_automatic_ack_does_not() {
    let mut bench = Bench::with(&[]);
    bench.publish_rated("m1", None);
    bench.get(1, "q");
    bench.consume(2, "q", "t", true);
    bench.publish_rated("m2", None);
    bench.sent.clear();
    bench.wait(4000);
    assert_eq!(bench.told(), [format!("1 {TIMED_OUT}"), "2 deliver 2 m1R".into()], "D62, D64");
}

#[test]
fn only_the_oldest_delivery_counts_and_settling_it_gives_the_next_its_time() {
    let mut bench = Bench::with(&[]);
    bench.consume(1, "q", "t", false);
    bench.publish_rated("m1", None);
    bench.wait(1500);
    bench.publish_rated("m2", None);
    bench.ack(1, 1, false);
    bench.sent.clear();
    bench.wait(1200);
    assert!(bench.told().is_empty());
    bench.ack(1, 2, false);
    assert!(!bench.node.waits(), "nothing is unsettled");
    bench.wait(5000);
    assert!(bench.told().is_empty());
    assert!(bench.timers.is_empty());
}

#[test]
fn version_3_7_has_no_consumer_timeout() {
    let mut bench = Bench::of(Version::V3_7, &[]);
    bench.consume(1, "q", "t", false);
    bench.publish_rated("m1", None);
    bench.sent.clear();
    bench.wait(3_600_000);
    assert!(bench.told().is_empty(), "V1");
    assert!(!bench.node.waits());
}

#[test]
fn a_timeout_that_comes_again_and_again_is_not_waited_for_for_ever() {
    let mut bench = Bench::with(&[]);
    bench.consume(2, "q", "t", false);
    bench.publish_rated("m1", None);
    for _ in 0..20 {
        bench.wait(3000);
        bench.frame(2, 1, Method::ChannelCloseOk);
        bench.frame(2, 1, Method::ChannelOpen);
        bench.consume(2, "q", "t", false);
    }
    assert!(!bench.node.waits());
    let last = bench.node.channel((ConnId(2), 1)).unwrap().unacked.first().unwrap().tag;
    bench.ack(2, last, false);
    bench.publish_rated("m2", None);
    assert!(bench.node.waits(), "somebody settles after all");
}

#[test]
fn a_rollback_makes_deliveries_unacknowledged_again_in_their_order() {
    let mut bench = Bench::with(&[]);
    (1..=4).for_each(|n| bench.publish_rated(&format!("m{n}"), None));
    (1..=4).for_each(|_| bench.get(1, "q"));
    bench.frame(1, 1, Method::TxSelect);
    for tag in [3, 1] {
        bench.ack(1, tag, false);
    }
    bench.frame(1, 1, Method::TxRollback);
    bench.sent.clear();
    let tags: Vec<u32> = bench.node.channel((ConnId(1), 1)).unwrap().unacked.iter().map(|u| u.tag).collect();
    assert_eq!(tags, [1, 2, 3, 4]);
    bench.input(Input::Ended(ConnId(1), Ending::Reset));
    bench.get(2, "q");
    assert_eq!(bench.told(), ["2 got 1 m1R 3"]);
}

#[test]
fn what_is_out_is_forgotten_with_its_queue() {
    let mut bench = Bench::with(&[]);
    bench.consume(1, "q", "t", false);
    bench.publish_rated("m1", None);
    let queue = bench.names.intern("q");
    bench.frame(3, 1, Method::QueueDelete { queue, if_unused: false, if_empty: false, nowait: true });
    assert_eq!(bench.node.channel((ConnId(1), 1)).unwrap().unacked.first().unwrap().queue, GONE);
    assert_eq!(bench.node.held(), 0);
    bench.sent.clear();
    bench.ack(1, 1, false);
    assert!(bench.told().is_empty(), "D37");
}

/// The kinds of queue that the next test tries.
fn kind(which: usize) -> Vec<(&'static str, Value)> {
    let dead =
        |key: &str| vec![("x-dead-letter-exchange", Value::text("")), ("x-dead-letter-routing-key", Value::text(key))];
    let mut arguments = match which {
        0 => vec![],
        1 => SINGLE.to_vec(),
        2 => vec![("x-max-priority", int(3))],
        3 => vec![("x-max-priority", int(2)), ("x-max-length", int(3))],
        4 => vec![("x-max-length", int(2)), ("x-overflow", Value::text("reject-publish-dlx"))],
        5 => vec![("x-message-ttl", int(100)), ("x-max-length-bytes", int(45))],
        6 => vec![
            ("x-max-priority", int(1)),
            ("x-message-ttl", int(50)),
            ("x-single-active-consumer", Value::Bool(true)),
        ],
        _ => vec![("x-max-length", int(4)), ("x-message-ttl", int(70)), ("x-overflow", Value::text("reject-publish"))],
    };
    if which % 2 == 1 {
        arguments.extend(dead("dead"));
    }
    arguments
}

impl Bench {
    /// Every copy of every message is in exactly one place, and nobody has more than its limits allow.
    fn check(&self) {
        let node = &self.node;
        let channels =
            || node.connections.iter().flat_map(|(conn, c)| c.channels.iter().map(move |(n, c)| (*conn, *n, c)));
        let unacked =
            || channels().flat_map(|(.., c)| c.unacked.iter().chain(c.tx.settled.iter().map(|(unacked, _)| unacked)));
        let mut copies: BTreeMap<u32, u32> = BTreeMap::new();
        let ready = node.queues.values().flat_map(|queue| queue.classic.iter());
        for item in ready.chain(unacked().filter(|u| u.queue != GONE).map(|u| &u.item)) {
            *copies.entry(item.content).or_default() += 1;
        }
        let held: BTreeMap<u32, u32> = node.contents.iter().map(|(index, content)| (index, content.copies)).collect();
        assert_eq!(copies, held, "every copy is in one place");
        for (number, queue) in node.queues.iter() {
            let out = unacked().filter(|u| u.queue == *number).count();
            assert_eq!(queue.out as usize, out);
            assert!(!queue.has_too_many(), "R16");
            let expired = queue.classic.head().is_some_and(|head| head.deadline <= self.now);
            assert!(!expired, "R15");
            let bytes: u64 = queue.classic.iter().map(|item| u64::from(item.size)).sum();
            assert_eq!(queue.classic.bytes(), bytes);
            for consumer in queue.classic.turns() {
                assert!(consumer.no_ack || consumer.limit == 0 || consumer.open <= consumer.limit, "R10");
            }
            if queue.features.single_active {
                let active = queue.classic.consumers.active().map(|active| active.tag);
                assert_eq!(active.is_none(), queue.classic.consumer_count() == 0);
            }
        }
        for (.., channel) in channels() {
            assert!(channel.unacked.is_empty() || channel.looks.is_some() || channel.closing);
            assert_eq!(channel.open as usize, {
                let settled = channel.tx.settled.iter().map(|(unacked, _)| unacked);
                channel.unacked.iter().chain(settled).filter(|unacked| unacked.counted).count()
            });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// The bench compares fold and `observe()` after every input.
    #[test]
    fn whatever_the_queue_is_told_every_message_is_in_one_place_and_limits_hold(
        which in 0usize..8,
        prefetch in 0u16..4,
        global in any::<bool>(),
        steps in prop::collection::vec((0u8..20, 1u32..4, 0u32..6), 1..80),
    ) {
        let mut bench = Bench::with(&kind(which));
        bench.qos(1, prefetch, global);
        bench.confirms(2);
        let mut copy = bench.node.clone();
        let mut next = 10;
        for (step, conn, n) in steps {
            let tag = format!("c{n}");
            match step {
                0..=4 => bench.publish_rated(&format!("m{n}"), Some(n as u8)),
                5 => bench.publish(2, "q", &format!("m{n}"), false),
                6 | 7 => bench.consume_as(conn, &tag, |no_ack, exclusive, arguments| {
                    (*no_ack, *exclusive) = (n == 5, n == 4 && step == 7);
                    *arguments = Arc::new(vec![("x-priority".into(), int(i64::from(n % 3)))]);
                }),
                8 | 9 => bench.ack(conn, n, step == 8),
                10 | 11 => bench.nack(conn, n, step == 10),
                12 => bench.frame(conn, 1, Method::BasicReject { tag: n, requeue: false, about: Name::NONE }),
                13 => bench.get(conn, if n == 0 { "dead" } else { "q" }),
                14 => bench.cancel(conn, &tag),
                15 => bench.wait(u64::from(n) * 40),
                16 => {
                    bench.frame(conn, 1, Method::ChannelCloseOk);
                    bench.frame(conn, 1, Method::ChannelOpen);
                }
                17 => bench.frame(conn, 1, Method::BasicRecover { requeue: true }),
                18 => {
                    bench.input(Input::Ended(ConnId(conn), Ending::Reset));
                    bench.open(next, &[1]);
                    next += 1;
                }
                _ => bench.frame(conn, 1, match n {
                    0 | 1 => Method::TxCommit,
                    2 | 3 => Method::TxRollback,
                    _ => Method::TxSelect,
                }),
            }
            bench.check();
            copy.clone_from(&bench.node);
            let mut digest = Digest::new();
            copy.digest(bench.now, &bench.names, &mut digest);
            prop_assert_eq!(digest, fingerprint(&bench));
        }
    }
}
