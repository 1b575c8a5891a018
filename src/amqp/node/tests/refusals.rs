//! What is refused and what is not, and in which words: one row a method, as RabbitMQ 3.10 answers it.

use super::*;

/// Methods on channel 1, with the usual defaults.
struct Say<'a>(&'a mut Bench);

impl Say<'_> {
    fn send(&mut self, body: Method) {
        self.0.frame(1, 1, body);
    }
    fn name(&mut self, text: &str) -> Name {
        self.0.names.intern(text)
    }
    fn unbind(&mut self, queue: &str, exchange: &str, key: &str) {
        let (queue, exchange, key) = (self.name(queue), self.name(exchange), self.name(key));
        self.send(Method::QueueUnbind { queue, exchange, key, arguments: Arc::default() });
    }
    fn bind(&mut self, queue: &str, exchange: &str, key: &str) {
        let (queue, exchange, key) = (self.name(queue), self.name(exchange), self.name(key));
        self.send(Method::QueueBind { queue, exchange, key, nowait: false, arguments: Arc::default() });
    }
    fn unbind_exchange(&mut self, destination: &str, source: &str) {
        let (destination, source) = (self.name(destination), self.name(source));
        let (key, arguments) = (Name::EMPTY, Arc::default());
        self.send(Method::ExchangeUnbind { destination, source, key, nowait: false, arguments });
    }
    fn delete(&mut self, queue: &str, if_unused: bool, if_empty: bool) {
        let queue = self.name(queue);
        self.send(Method::QueueDelete { queue, if_unused, if_empty, nowait: false });
    }
    fn exchange(&mut self, exchange: &str, kind: &str) {
        let (exchange, kind) = (self.name(exchange), self.name(kind));
        self.send(Method::ExchangeDeclare {
            exchange,
            kind,
            passive: false,
            durable: false,
            auto_delete: false,
            internal: false,
            nowait: false,
            arguments: Arc::default(),
        });
    }
    fn delete_exchange(&mut self, exchange: &str, if_unused: bool) {
        let exchange = self.name(exchange);
        self.send(Method::ExchangeDelete { exchange, if_unused, nowait: false });
    }
    fn consume(&mut self, queue: &str, tag: &str, rows: &[(&str, Value)]) {
        let (queue, consumer_tag) = (self.name(queue), self.name(tag));
        let arguments = rows.iter().map(|(key, value)| ((*key).into(), value.clone())).collect::<Table>().into();
        let (no_local, no_ack, exclusive, nowait) = (false, false, false, false);
        self.send(Method::BasicConsume { queue, consumer_tag, no_local, no_ack, exclusive, nowait, arguments });
    }
    fn declare(&mut self, queue: &str, flags: (bool, bool, bool), rows: &[(&str, Value)]) {
        let rows: Table = rows.iter().map(|(key, value)| ((*key).into(), value.clone())).collect();
        self.0.declare(1, queue, |body| {
            if let Method::QueueDeclare { durable, exclusive, auto_delete, arguments, .. } = body {
                (*durable, *exclusive, *auto_delete) = flags;
                *arguments = rows.into();
            }
        });
    }
    fn publish(&mut self, exchange: &str, key: &str, rows: &[(&str, Value)], mandatory: bool) {
        let headers = rows.iter().map(|(key, value)| ((*key).into(), value.clone())).collect();
        let props = Props { headers: Some(headers), ..Props::default() };
        self.0.publish_with(1, exchange, key, "m", props, mandatory);
    }
}

const NONE: (bool, bool, bool) = (false, false, false);

/// The last thing that was told, without the common beginning of refusals.
fn last(act: impl FnOnce(&mut Say<'_>)) -> String {
    let mut bench = Bench::usual();
    act(&mut Say(&mut bench));
    bench.settle();
    let told = bench.told().pop().unwrap_or_default();
    told.trim_start_matches("1 ").replace("channel.close 406 PRECONDITION_FAILED - ", "406 ")
}

#[test]
fn unbinding_what_is_not_there_is_no_error_and_binding_it_is() {
    assert_eq!(last(|say| say.unbind("t", "nope", "k")), "queue.unbind-ok");
    assert_eq!(last(|say| say.unbind("nope", "amq.direct", "k")), "queue.unbind-ok");
    assert_eq!(last(|say| say.unbind("nope", "nopex", "k")), "queue.unbind-ok");
    assert_eq!(last(|say| say.unbind_exchange("amq.direct", "nope")), "exchange.unbind-ok");
    assert_eq!(last(|say| say.unbind_exchange("nope", "amq.fanout")), "exchange.unbind-ok");
    let default = "channel.close 403 ACCESS_REFUSED - operation not permitted on the default exchange";
    assert_eq!(last(|say| say.unbind("t", "", "t")), format!("{default} (50, 50)"));
    assert_eq!(last(|say| say.bind("t", "", "t")), format!("{default} (50, 20)"));
    assert_eq!(
        last(|say| say.bind("t", "nope", "k")),
        "channel.close 404 NOT_FOUND - no exchange 'nope' in vhost '/' (50, 20)"
    );
    let unnamed = "channel.close 404 NOT_FOUND - no previously declared queue";
    assert_eq!(last(|say| say.unbind("", "amq.direct", "k")), format!("{unnamed} (50, 50)"));
    assert_eq!(last(|say| say.delete("", false, false)), format!("{unnamed} (50, 40)"));
}

#[test]
fn a_queue_that_is_neither_empty_nor_unused_is_first_said_to_be_not_empty() {
    let full = |say: &mut Say<'_>| {
        say.consume("q", "c", &[]);
        say.0.publish(1, "t", "m", false);
        say.consume("t", "c2", &[]);
        say.0.publish(1, "t", "m2", false);
    };
    // The consumer holds both: nothing is ready.
    let unacked = |unused, empty| {
        last(|say| {
            full(say);
            say.delete("t", unused, empty);
        })
    };
    assert_eq!(unacked(true, true), "406 queue 't' in vhost '/' in use (50, 40)");
    let ready = |unused, empty| {
        last(|say| {
            say.0.qos(1, 1, false);
            full(say);
            say.delete("t", unused, empty);
        })
    };
    assert_eq!(ready(true, true), "406 queue 't' in vhost '/' not empty (50, 40)");
    assert_eq!(ready(true, false), "406 queue 't' in vhost '/' in use (50, 40)");
    assert_eq!(last(|say| say.delete("nope", true, true)), "deleted 0");
}

#[test]
fn an_exchange_is_in_use_while_something_is_bound_to_it_and_not_while_it_is_bound() {
    let bound = |queue: bool| {
        last(|say| {
            say.exchange("e", "fanout");
            match queue {
                true => say.bind("t", "e", ""),
                false => {
                    let (destination, source) = (say.name("e"), say.name("amq.fanout"));
                    let (key, arguments) = (Name::EMPTY, Arc::default());
                    say.send(Method::ExchangeBind { destination, source, key, nowait: false, arguments });
                }
            }
            say.delete_exchange("e", true);
        })
    };
    assert_eq!(bound(true), "406 exchange 'e' in vhost '/' in use (40, 20)");
    assert_eq!(bound(false), "exchange.delete-ok");
    let reserved =
        "channel.close 403 ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*' (40, 10)";
    assert_eq!(last(|say| say.exchange("amq.mine", "direct")), reserved);
    assert_eq!(
        last(|say| say.exchange("amq.topic", "topic")),
        "406 inequivalent arg 'durable' for exchange 'amq.topic' in vhost '/': received 'false' but current is 'true' (40, 10)"
    );
    assert_eq!(
        last(|say| say.exchange("e", "")),
        "connection.close 503 COMMAND_INVALID - invalid exchange type '' (40, 10)"
    );
}

#[test]
fn the_owner_of_a_queue_is_compared_before_everything_else() {
    let locked = "channel.close 405 RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'x' in vhost '/'.";
    let again = |first, second| {
        last(|say| {
            say.declare("x", first, &[]);
            say.declare("x", second, &[]);
        })
    };
    assert!(again((false, true, false), (true, false, true)).starts_with(locked), "A06");
    assert!(again((true, false, false), (true, true, false)).starts_with(locked));
    // An exclusive queue is not durable, whatever was asked for.
    assert_eq!(again((true, true, false), (false, true, false)), "declared x 0 0");
}

#[test]
fn values_are_looked_at_before_arguments_that_belong_to_other_types() {
    let declare = |rows: &[(&str, Value)]| last(|say| say.declare("x", NONE, rows));
    let foreign = "406 invalid arg 'x-max-age' for queue 'x' in vhost '/' of queue type rabbit_classic_queue (50, 10)";
    assert_eq!(declare(&[("x-max-age", Value::text("bogus"))]), foreign);
    let both = declare(&[("x-max-age", Value::text("1h")), ("x-expires", Value::int(0))]);
    assert_eq!(both, "406 invalid arg 'x-expires' for queue 'x' in vhost '/': {value_zero,0} (50, 10)");
    let version = declare(&[("x-queue-version", Value::int(3))]);
    assert_eq!(
        version,
        "406 invalid arg 'x-queue-version' for queue 'x' in vhost '/': \"unsupported queue version '3'\" (50, 10)"
    );
}

#[test]
fn a_consumer_of_a_classic_queue_cannot_have_what_only_streams_give() {
    let consume = |key: &str, value: Value| last(|say| say.consume("t", "c", &[(key, value)]));
    let offset =
        "406 invalid arg 'x-stream-offset' for queue 't' in vhost '/' of queue type rabbit_classic_queue (60, 20)";
    assert_eq!(consume("x-stream-offset", Value::text("first")), offset);
    let failover =
        "406 invalid arg 'x-cancel-on-ha-failover' for queue 't' in vhost '/': {unacceptable_type,longstr} (60, 20)";
    assert_eq!(consume("x-cancel-on-ha-failover", Value::text("yes")), failover);
    assert_eq!(consume("x-priority", Value::int(-5)), "basic.consume-ok");
    assert_eq!(consume("x-unknown", Value::Void), "basic.consume-ok");
}

#[test]
fn what_is_no_text_among_the_copies_is_passed_over() {
    let list = |values: &[Value]| Value::List(values.to_vec());
    let published = |header: &str, value: Value| {
        last(|say| {
            say.publish("", "nope", &[(header, value)], true);
            say.0.look(1, "t");
        })
    };
    assert_eq!(published("CC", list(&[Value::int(5), Value::text("t")])), "declared t 1 0");
    assert_eq!(published("BCC", list(&[Value::text("t")])), "declared t 1 0");
    assert_eq!(published("CC", list(&[])), "declared t 0 0");
    let wrong = published("BCC", Value::text("t"));
    assert_eq!(wrong, "406 invalid message: {unacceptable_type_in_header,\"BCC\",longstr} (60, 40)", "B28");
}

#[test]
fn a_limit_for_each_consumer_takes_the_place_of_one_for_the_channel() {
    let mut bench = Bench::usual();
    bench.qos(1, 1, true);
    bench.consume(1, "t", "c", false);
    (1..=3).for_each(|n| bench.publish(2, "t", &format!("m{n}"), false));
    assert_eq!(bench.told(), ["1 deliver 1 m1"]);
    bench.frame(1, 1, Method::BasicQos { prefetch_size: 0, prefetch_count: 1, global: false });
    assert_eq!(bench.told(), ["1 basic.qos-ok", "1 deliver 2 m2", "1 deliver 3 m3"]);
}

#[test]
fn a_full_channel_keeps_consumers_without_acks_waiting_too() {
    let mut bench = Bench::usual();
    bench.qos(1, 1, true);
    bench.consume(1, "t", "holds", false);
    bench.publish(2, "t", "m1", false);
    bench.consume(1, "t", "auto", true);
    bench.publish(2, "t", "m2", false);
    assert_eq!(bench.told(), ["1 deliver 1 m1"]);
    bench.ack(1, 1, false);
    assert_eq!(bench.told(), ["1 deliver 2 m2"]);
}

#[test]
fn a_publish_of_a_transaction_is_routed_when_it_comes_in() {
    let mut bench = Bench::usual();
    bench.frame(1, 1, Method::TxSelect);
    let mut say = Say(&mut bench);
    say.bind("t", "amq.direct", "early");
    say.publish("amq.direct", "early", &[], false);
    say.publish("amq.direct", "late", &[], true);
    say.unbind("t", "amq.direct", "early");
    say.bind("t", "amq.direct", "late");
    say.publish("", "new", &[], true);
    say.declare("new", NONE, &[]);
    bench.told();
    bench.frame(1, 1, Method::TxCommit);
    bench.look(1, "t");
    bench.look(1, "new");
    assert_eq!(bench.told(), ["1 return 312 m", "1 tx.commit-ok", "1 declared t 1 0", "1 declared new 1 0"]);
}

#[test]
fn behind_a_commit_nothing_is_allowed_before_it_is_answered() {
    let commit = || {
        let mut bench = Bench::usual();
        bench.frame(1, 1, Method::TxSelect);
        bench.publish(1, "q", "m", true);
        bench.told();
        bench.frame(1, 1, Method::TxCommit);
        bench
    };
    let mut bench = commit();
    bench.get(1, "q");
    let why = "unexpected command while processing 'tx.commit'";
    assert_eq!(bench.told(), [format!("1 connection.close 504 CHANNEL_ERROR - {why} (60, 70)")]);
    let mut bench = commit();
    bench.frame(1, 1, Method::ChannelClose(crate::amqp::Close { code: 200, text: Name::EMPTY, class: 0, method: 0 }));
    bench.settle();
    assert_eq!(bench.told(), ["1 channel.close-ok"], "and the commit is not answered any more");
    let mut bench = commit();
    bench.settle();
    bench.get(1, "q");
    assert_eq!(bench.told(), ["1 tx.commit-ok", "1 got 1 m 0"]);
}

#[test]
fn what_several_consumers_give_back_at_once_comes_back_consumer_by_consumer() {
    let mut bench = Bench::usual();
    bench.consume(1, "t", "b", false);
    bench.consume(1, "t", "a", false);
    (1..=4).for_each(|n| bench.publish(2, "t", &format!("m{n}"), false));
    bench.told();
    bench.nack(1, 0, true);
    let again = ["1 deliver 5 m2R", "1 deliver 6 m4R", "1 deliver 7 m1R", "1 deliver 8 m3R"];
    assert_eq!(bench.told(), again, "b has m1 and m3, a has m2 and m4");
}

#[test]
fn answers_to_questions_that_a_node_never_asks_end_the_connection() {
    let told = last(|say| say.send(Method::ChannelFlowOk { active: true }));
    assert_eq!(told, "connection.close 503 COMMAND_INVALID - unimplemented method (20, 21)");
    let told = last(|say| say.0.frame(1, 0, Method::ExchangeDeclareOk));
    assert_eq!(told, "connection.close 504 CHANNEL_ERROR - unexpected method in connection state running (40, 11)");
    let told = last(|say| {
        let queue = say.name("t");
        say.0.frame(1, 0, Method::QueuePurge { queue, nowait: false });
    });
    assert_eq!(
        told, "connection.close 504 CHANNEL_ERROR - unexpected method in connection state running (50, 30)",
        "A95"
    );
}
