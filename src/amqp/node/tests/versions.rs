//! One test a row of the version differences (V1-V15) that one node without replication shows.

use super::*;
use crate::amqp::Version;

const ALL: [Version; 4] = [Version::V3_7, Version::V3_10, Version::V3_13, Version::V4_1];

/// What each version answers to the same frames on channel 1 of connection 1.
fn answers(act: impl Fn(&mut Bench)) -> [Vec<String>; 4] {
    ALL.map(|version| {
        let mut bench = Bench::new(|config, names| {
            config.version = version;
            config.queues.push(queue(names, "t", false));
        });
        bench.settle();
        bench.open(1, &[1]);
        bench.told();
        act(&mut bench);
        bench.settle();
        bench.told()
    })
}

fn declare_with(key: &'static str, value: Value) -> impl Fn(&mut Bench) {
    move |bench: &mut Bench| {
        let row = (key.into(), value.clone());
        bench.declare(1, "new", |body| {
            if let Method::QueueDeclare { arguments, .. } = body {
                *arguments = vec![row].into();
            }
        });
    }
}

#[test]
fn v4_an_unknown_exchange_type_ends_the_connection_until_3_13_and_the_channel_from_4_0_on() {
    let all = answers(|bench| {
        let (exchange, kind) = (bench.names.intern("e"), bench.names.intern("bogus"));
        bench.frame(
            1,
            1,
            Method::ExchangeDeclare {
                exchange,
                kind,
                passive: false,
                durable: false,
                auto_delete: false,
                internal: false,
                nowait: false,
                arguments: Arc::default(),
            },
        );
    });
    let old = ["1 connection.close 503 COMMAND_INVALID - unknown exchange type 'bogus' (40, 10)"];
    assert!(all[..3].iter().all(|told| *told == old), "{all:?}");
    assert_eq!(all[3], ["1 channel.close 406 PRECONDITION_FAILED - unknown exchange type 'bogus' (40, 10)"]);
}

#[test]
fn v9_transient_queues_and_global_prefetch_are_permitted_in_all_four() {
    let all = answers(|bench| {
        bench.declare(1, "transient", |_| {});
        bench.frame(1, 1, Method::BasicQos { prefetch_size: 0, prefetch_count: 1, global: true });
    });
    assert!(all.iter().all(|told| *told == ["1 declared transient 0 0", "1 basic.qos-ok"]), "{all:?}");
}

#[test]
fn v10_the_largest_message_differs() {
    let publish = |size: u32| {
        answers(move |bench| {
            let key = bench.names.intern("t");
            let message = Message::plain(bench.names.intern("m"), size);
            let publish =
                Method::BasicPublish { exchange: Name::EMPTY, key, mandatory: false, immediate: false, message };
            bench.frame(1, 1, publish);
            bench.look(1, "t");
        })
    };
    let taken = vec!["1 declared t 1 0".to_owned()];
    let refused = |size: u32, most: u32, text: &str| {
        vec![format!("1 channel.close 406 PRECONDITION_FAILED - message size {size} {text} {most} (60, 40)")]
    };
    let configured = "is larger than configured max size";
    let largest = [2_147_483_647, 134_217_728, 134_217_728, 16_777_216];
    for most in largest {
        for (size, i) in [(most, 0), (most + 1, 1)] {
            let all = publish(size);
            for (told, limit) in all.iter().zip(largest) {
                let text = if limit == largest[0] { "larger than max size" } else { configured };
                let expected = if size > limit { refused(size, limit, text) } else { taken.clone() };
                assert_eq!(*told, expected, "{size} ({i})");
            }
        }
    }
}

#[test]
fn v12_direct_replies_are_the_same_in_all_four() {
    let all = answers(|bench| bench.consume(1, "amq.rabbitmq.reply-to", "c", false));
    let why = "1 channel.close 406 PRECONDITION_FAILED - reply consumer cannot acknowledge (60, 20)";
    assert!(all.iter().all(|told| *told == [why]), "{all:?}");
}

#[test]
fn v15_overflow_to_the_dead_letter_exchange_came_after_3_7() {
    let all = answers(declare_with("x-overflow", Value::text("reject-publish-dlx")));
    let why = "invalid arg 'x-overflow' for queue 'new' in vhost '/': invalid_overflow";
    assert_eq!(all[0], [format!("1 channel.close 406 PRECONDITION_FAILED - {why} (50, 10)")]);
    assert!(all[1..].iter().all(|told| *told == ["1 declared new 0 0"]), "{all:?}");
    let all = answers(declare_with("x-overflow", Value::text("reject-publish")));
    assert!(all.iter().all(|told| *told == ["1 declared new 0 0"]), "{all:?}");
}

#[test]
fn v15_3_7_does_not_know_types_of_queues_and_takes_the_argument_for_one_that_means_nothing() {
    for key in ["x-queue-type", "x-single-active-consumer", "x-delivery-limit"] {
        let all = answers(declare_with(key, Value::int(5)));
        assert_eq!(all[0], ["1 declared new 0 0"], "{key}");
        assert!(all[1..].iter().all(|told| told[0].contains(".close 4")), "{key}: {all:?}");
    }
}

#[test]
fn v15_headers_that_begin_with_x_count_since_3_10_where_the_binding_asks_for_it() {
    for (word, known) in [("all", true), ("any", true), ("all-with-x", false), ("any-with-x", false)] {
        let all = answers(|bench| {
            let (queue, exchange) = (bench.names.intern("t"), bench.names.intern("amq.headers"));
            let arguments = vec![("x-match".into(), Value::text(word))].into();
            bench.frame(1, 1, Method::QueueBind { queue, exchange, key: Name::EMPTY, nowait: false, arguments });
        });
        let why = format!("Invalid x-match field value <<\"{word}\">>; expected all or any");
        let refused = format!("1 channel.close 406 PRECONDITION_FAILED - {why} (50, 20)");
        assert_eq!(all[0], [if known { "1 queue.bind-ok" } else { &*refused }]);
        assert!(all[1..].iter().all(|told| *told == ["1 queue.bind-ok"]), "{all:?}");
    }
}

/// A queue: its name, whether it is durable, its arguments.
type Wanted<'a> = (&'a str, bool, &'a [(&'a str, Value)]);

/// The node of each version with these queues, and channel 1 of connections 1 and 2.
fn nodes(queues: &[Wanted<'_>]) -> [Bench; 4] {
    ALL.map(|version| {
        let mut bench = Bench::new(|config, names| {
            config.version = version;
            for (name, durable, rows) in queues {
                let arguments = rows.iter().map(|(key, value)| ((*key).into(), value.clone())).collect::<Table>();
                config.queues.push(QueueSpec { arguments: arguments.into(), ..queue(names, name, *durable) });
            }
        });
        bench.settle();
        (1..=2).for_each(|conn| bench.open(conn, &[1]));
        bench.told();
        bench
    })
}

/// Which of the versions do what `act` finds.
fn of_all(nodes: [Bench; 4], act: impl Fn(&mut Bench) -> bool) -> [bool; 4] {
    nodes.map(|mut bench| act(&mut bench))
}

/// The headers of what is ready in a queue, first to last.
fn headers(bench: &Bench, name: &str) -> Vec<Props> {
    let known = |queue: &&Queue| bench.names.text(queue.spec.name) == name;
    let queue = bench.node.queues.values().find(known).unwrap();
    queue.classic.iter().map(|item| Props::clone(&bench.node.contents[item.content].message.props)).collect()
}

/// Rejects a delivery without requeue.
fn reject(bench: &mut Bench, tag: u32) {
    bench.frame(1, 1, Method::BasicReject { tag, requeue: false, about: Name::NONE });
}

const PLAIN: [(&str, Value); 0] = [];

/// Arguments that dead-letter to the queue with this name.
fn dead_letters_to(name: &str) -> Vec<(&'static str, Value)> {
    vec![("x-dead-letter-exchange", Value::text("")), ("x-dead-letter-routing-key", Value::text(name))]
}

/// Queue and count of each death, newest first as they stand.
fn deaths(props: &Props) -> Vec<String> {
    let Some(Value::List(deaths)) = props.header("x-death") else { return Vec::new() };
    let part = |death: &Value, key: &str| {
        let Value::Table(rows) = death else { return String::new() };
        match rows.iter().find(|(known, _)| &**known == key) {
            Some((_, Value::Text(text))) => text.to_string(),
            Some((_, Value::Int { value, .. })) => value.to_string(),
            _ => String::new(),
        }
    };
    deaths.iter().map(|death| format!("{} {}", part(death, "queue"), part(death, "count"))).collect()
}

#[test]
fn v1_a_delivery_may_be_held_for_ever_in_3_7_and_for_30_minutes_later() {
    let nodes = nodes(&[("t", false, &PLAIN)]);
    let closed = of_all(nodes, |bench| {
        bench.consume(1, "t", "c", false);
        bench.publish(2, "t", "m", false);
        bench.wait(29 * 60_000);
        assert_eq!(bench.told(), ["1 deliver 1 m"]);
        bench.wait(3 * 60_000);
        let told = bench.told();
        let text = "delivery acknowledgement on channel 1 timed out. Timeout value used: 1800000 ms";
        told.iter().any(|line| line.contains(text) && line.ends_with("(0, 0)"))
    });
    assert_eq!(closed, [false, true, true, true]);
}

#[test]
fn v2_v3_v11_v13_v14_quorum_queues_and_streams_are_none_in_3_7_and_not_modelled_later() {
    let kinds: [&[(&str, Value)]; 4] = [
        &[],
        &[("x-delivery-limit", Value::Int { bits: 32, value: 20 })],
        &[("x-message-ttl", Value::Int { bits: 32, value: 1000 })],
        &[("x-dead-letter-strategy", Value::Int { bits: 32, value: 1 })],
    ];
    for kind in ["quorum", "stream"] {
        for rows in kinds {
            let all = answers(|bench| {
                bench.declare(1, "new", |body| {
                    if let Method::QueueDeclare { arguments, durable, .. } = body {
                        let mut table: Table = rows.iter().map(|(k, v)| ((*k).into(), v.clone())).collect();
                        table.push(("x-queue-type".into(), Value::text(kind)));
                        (*arguments, *durable) = (table.into(), true);
                    }
                });
            });
            assert_eq!(all[0], ["1 declared new 0 0"], "an argument that means nothing");
            assert!(all[1..].iter().all(|told| told[0].contains(".close ")), "{kind} {rows:?}: {all:?}");
        }
        // Priorities of quorum queues came with 4.0, and without this argument.
        let all = answers(|bench| {
            bench.declare(1, "new", |body| {
                if let Method::QueueDeclare { arguments, durable, .. } = body {
                    let priority = ("x-max-priority".into(), Value::int(2));
                    *arguments = vec![("x-queue-type".into(), Value::text(kind)), priority].into();
                    *durable = true;
                }
            });
        });
        let why =
            format!("invalid arg 'x-max-priority' for queue 'new' in vhost '/' of queue type rabbit_{kind}_queue");
        let refused = format!("1 channel.close 406 PRECONDITION_FAILED - {why} (50, 10)");
        assert!(all[1..].iter().all(|told| *told == [&*refused]), "A81.04: {all:?}");
    }
}

#[test]
fn v5_the_last_death_has_headers_of_its_own_since_3_13() {
    let to = dead_letters_to("dead");
    let nodes = nodes(&[("q", false, &to), ("dead", false, &PLAIN)]);
    let told = of_all(nodes, |bench| {
        bench.publish(1, "q", "m", false);
        bench.get(1, "q");
        reject(bench, 1);
        let props = headers(bench, "dead").pop().unwrap();
        assert_eq!(props.header("x-first-death-queue"), Some(&Value::text("q")));
        let last = ["reason", "queue", "exchange"].map(|key| props.header(&format!("x-last-death-{key}")).cloned());
        last == ["rejected", "q", ""].map(|text| Some(Value::text(text)))
    });
    assert_eq!(told, [false, false, true, true]);
}

#[test]
fn v5_deaths_stand_in_the_order_of_the_last_ones_since_3_13() {
    let hops: Vec<_> = (1..=3).map(|n| dead_letters_to(&format!("q{}", n + 1))).collect();
    let nodes =
        nodes(&[("q1", false, &hops[0]), ("q2", false, &hops[1]), ("q3", false, &hops[2]), ("q4", false, &PLAIN)]);
    let by_recency = of_all(nodes, |bench| {
        bench.publish(1, "q1", "m", false);
        for n in 1..=3 {
            bench.get(1, &format!("q{n}"));
            reject(bench, n);
        }
        match &deaths(&headers(bench, "q4")[0]).join(", ")[..] {
            "q3 1, q2 1, q1 1" => true,
            "q3 1, q1 1, q2 1" => false,
            other => panic!("{other}"),
        }
    });
    assert_eq!(by_recency, [false, false, true, true], "E60");
}

#[test]
fn v5_an_automatic_loop_that_a_rejection_began_ends_since_3_13() {
    let ttl = ("x-message-ttl", Value::Int { bits: 32, value: 100 });
    let hops = ["b", "a"].map(|to| [dead_letters_to(to), vec![ttl.clone()]].concat());
    let nodes = nodes(&[("a", false, &hops[0]), ("b", false, &hops[1])]);
    let ends = of_all(nodes, |bench| {
        bench.publish(1, "a", "m", false);
        bench.get(1, "a");
        reject(bench, 1);
        bench.wait(5_000);
        headers(bench, "a").is_empty() && headers(bench, "b").is_empty()
    });
    assert_eq!(ends, [false, false, true, true], "E61b");
}

#[test]
fn v5_deaths_that_a_client_sends_count_until_3_13_and_not_since_4_0() {
    let to = dead_letters_to("dead");
    let back = dead_letters_to("q");
    let nodes = nodes(&[("q", true, &to), ("dead", true, &back)]);
    let known = Value::Table(vec![
        ("count".into(), Value::Int { bits: 64, value: 7 }),
        ("queue".into(), Value::text("q")),
        ("reason".into(), Value::text("rejected")),
    ]);
    let counted = of_all(nodes, |bench| {
        let sent = Props {
            headers: Some(vec![("x-death".into(), Value::List(vec![known.clone()]))]),
            delivery_mode: Some(2),
            ..Props::default()
        };
        bench.publish_with(1, "", "q", "m", sent.clone(), false);
        assert_eq!(headers(bench, "q"), [sent], "who gets it before it dies gets it as it was sent");
        bench.get(1, "q");
        reject(bench, 1);
        bench.settle();
        let first = deaths(&headers(bench, "dead")[0]);
        // What the broker itself counts goes on, also over a restart.
        bench.wait(3_000);
        bench.kill();
        bench.open(1, &[1]);
        for (tag, queue) in [(1, "dead"), (2, "q")] {
            bench.get(1, queue);
            reject(bench, tag);
            bench.settle();
        }
        let again = deaths(&headers(bench, "dead")[0]);
        match (&first[0][..], &again[0][..]) {
            ("q 8", "q 9") => true,
            ("q 1", "q 2") => false,
            other => panic!("{other:?}"),
        }
    });
    assert_eq!(counted, [true, true, true, false], "E61c");
}

#[test]
fn v6_mirroring_is_no_argument_of_a_queue_in_any_of_the_four() {
    let all = answers(declare_with("x-ha-policy", Value::text("all")));
    assert!(all.iter().all(|told| *told == ["1 declared new 0 0"]), "{all:?}");
}

#[test]
fn v7_storage_version_2_is_the_only_one_since_4_0_and_asked_for_before() {
    // What nobody waits for is on disk after 200 ms in storage version 1, and still in memory in version 2.
    let kept = |rows: &[(&str, Value)]| {
        of_all(nodes(&[("q", true, rows)]), |bench| {
            bench.publish(1, "q", "m", true);
            bench.wait(500);
            bench.kill();
            bench.open(1, &[1]);
            bench.told();
            bench.look(1, "q");
            bench.told() == ["1 declared q 1 0"]
        })
    };
    assert_eq!(kept(&[]), [true, true, true, false]);
    assert_eq!(kept(&[("x-queue-version", Value::int(2))]), [true, false, false, false], "3.7 does not know it");
    assert_eq!(kept(&[("x-queue-version", Value::int(1))]), [true, true, true, false]);
}

#[test]
fn v8_a_lazy_queue_is_one_until_3_11() {
    let lazy = [("x-queue-mode", Value::text("lazy"))];
    let told = nodes(&[("q", true, &lazy)]).map(|bench| {
        let queue = bench.node.queues.values().next().unwrap();
        queue.features.timing().after_idle == rules::WRITE_LAZY
    });
    assert_eq!(told, [true, true, false, false]);
}

#[test]
fn a_queue_says_for_itself_how_long_a_delivery_may_be_held_since_3_12() {
    let own = [("x-consumer-timeout", Value::Int { bits: 32, value: 120_000 })];
    let closed = of_all(nodes(&[("t", false, &own)]), |bench| {
        bench.consume(1, "t", "c", false);
        bench.publish(2, "t", "m", false);
        bench.wait(5 * 60_000);
        bench.told().iter().any(|line| line.contains("Timeout value used: 120000 ms"))
    });
    assert_eq!(closed, [false, false, true, true]);
}

#[test]
fn classic_queues_know_where_their_leader_is_to_be_since_4_0() {
    let all = answers(declare_with("x-queue-leader-locator", Value::text("balanced")));
    let why = "invalid arg 'x-queue-leader-locator' for queue 'new' in vhost '/' of queue type rabbit_classic_queue";
    let refused = format!("1 channel.close 406 PRECONDITION_FAILED - {why} (50, 10)");
    let taken = "1 declared new 0 0";
    assert_eq!(all.map(|told| told.join(" ")), [taken, &refused, &refused, taken]);
}
