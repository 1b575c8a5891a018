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
