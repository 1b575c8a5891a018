//! A node driven directly: frames, timers and disk completions in, what it sends out. No world, no client.

mod connections;
mod refusals;
mod topology;
mod versions;

use super::*;
use crate::amqp::config::{BindingSpec, ExchangeSpec, QueueSpec};
use crate::amqp::exchange::{Kind, Target};
use crate::amqp::method::{Table, Tune};
use crate::amqp::queue::Storage;
use crate::ids::Digest;
use crate::machine::{Does, Ending, File, NoDraws, Op, Out, Props, Registry, Value};
use proptest::prelude::*;
use std::collections::{BTreeMap, VecDeque};

/// A node with a disk, timers and a view of its deltas.
struct Bench {
    node: Node,
    config: Arc<Config>,
    names: Names,
    registry: Registry,
    out: Out<Frame, Record>,
    now: Time,
    disk: BTreeMap<(u32, u64), Record>,
    busy: VecDeque<Token>,
    timers: Vec<(Time, Token)>,
    seen: Observable,
    sent: Vec<String>,
    /// The notes about messages, with their numbers.
    notes: Vec<(What, String)>,
    left: bool,
}

impl Bench {
    fn new(make: impl FnOnce(&mut Config, &mut Names)) -> Bench {
        let mut names = Names::new();
        let mut config = Config::new(names.intern("/"));
        config.heartbeat = 0;
        make(&mut config, &mut names);
        let config = Arc::new(config);
        let mut bench = Bench {
            node: Node::new(Arc::clone(&config)),
            config,
            names,
            registry: Registry::default(),
            out: Out::default(),
            now: Time::ZERO,
            disk: BTreeMap::new(),
            busy: VecDeque::new(),
            timers: Vec::new(),
            seen: Observable::new(),
            sent: Vec::new(),
            notes: Vec::new(),
            left: false,
        };
        bench.boot();
        bench
    }

    /// With a durable queue `q`, a transient queue `t`, and connections 1 and 2 with channel 1 each.
    fn usual() -> Bench {
        let mut bench = Bench::new(|config, names| {
            for (name, durable) in [("q", true), ("t", false)] {
                config.queues.push(queue(names, name, durable));
            }
        });
        bench.settle();
        bench.open(1, &[1]);
        bench.open(2, &[1]);
        bench.sent.clear();
        bench
    }

    /// The process starts, or starts again with what the disk holds.
    fn boot(&mut self) {
        self.seen = Observable::new();
        self.busy.clear();
        self.timers.clear();
        self.left = false;
        let records: Vec<_> = self.disk.iter().map(|((file, key), r)| (File(*file), *key, r.clone())).collect();
        let config = Arc::clone(&self.config);
        self.call(|node, ports| node.boot(&config, &mut records.into_iter(), ports));
        self.input(Input::Started);
    }

    fn input(&mut self, input: Input<Frame>) {
        self.call(|node, ports| node.handle(input, ports));
    }

    fn call(&mut self, run: impl FnOnce(&mut Node, &mut Port<'_>)) {
        let mut out = std::mem::take(&mut self.out);
        let mut ports = Ports {
            now: self.now,
            me: ActorId(0),
            names: &mut self.names,
            registry: &mut self.registry,
            draws: &mut NoDraws,
            out: &mut out,
        };
        run(&mut self.node, &mut ports);
        for delta in &out.deltas {
            assert!(self.seen.apply(delta), "does not fit: {delta:?}");
        }
        let mut held = Observable::new();
        self.node.observe(ActorId(0), &mut held);
        assert_eq!(self.seen, held, "the deltas and what the node holds");
        let outputs = out.take_whole();
        let mut ops = out.ops.drain(..);
        for output in outputs {
            match output.does {
                Does::Send(conn, frame) => self.sent.push(told(conn, &frame, &self.names)),
                Does::Shut { conn, abort } => {
                    self.sent.push(format!("{} {}", conn.0, if abort { "abort" } else { "shut" }));
                }
                Does::SetTimer { token, after, .. } => {
                    self.timers.retain(|(_, known)| *known != token);
                    self.timers.push((self.now + after, token));
                }
                Does::CancelTimer(token) => self.timers.retain(|(_, known)| *known != token),
                Does::Write { file, ops: count, token } => {
                    for op in ops.by_ref().take(count as usize) {
                        match op {
                            Op::Put(key, record) => drop(self.disk.insert((file.0, key), record)),
                            Op::Delete(key) => drop(self.disk.remove(&(file.0, key))),
                        }
                    }
                    self.busy.push_back(token);
                }
                Does::Sync { token, .. } => self.busy.push_back(token),
                Does::Exit => self.left = true,
                Does::Note { what, message, number, .. } => {
                    self.notes.push((what, format!("{} {number}", self.names.text(message))));
                }
                other => panic!("a node does not {other:?}"),
            }
        }
        assert_eq!(ops.count(), 0, "records without a write");
        out.clear();
        self.out = out;
    }

    /// Lets the disk finish everything.
    fn settle(&mut self) {
        while let Some(token) = self.busy.pop_front() {
            self.input(Input::DiskDone(token));
        }
    }

    /// The disk fails at what it is doing.
    fn fail(&mut self) {
        if let Some(token) = self.busy.pop_front() {
            self.input(Input::DiskFailed(token));
        }
    }

    /// Lets time pass; timers fire in order, the disk is fast.
    fn wait(&mut self, millis: u64) {
        let until = self.now + crate::units::Span::millis(millis);
        while let Some(i) = (0..self.timers.len()).min_by_key(|i| self.timers[*i].0) {
            let (due, token) = self.timers[i];
            if due > until {
                break;
            }
            self.timers.remove(i);
            self.now = due;
            self.input(Input::Timer(token));
            self.settle();
        }
        self.now = until;
    }

    fn open(&mut self, conn: u32, channels: &[u16]) {
        self.input(Input::Connected(ConnId(conn)));
        let vhost = self.names.intern("/");
        let tune = Tune { channel_max: 2047, frame_max: 131_072, heartbeat: self.config.heartbeat };
        let steps =
            [Method::ProtocolHeader, Method::LOGIN, Method::ConnectionTuneOk(tune), Method::ConnectionOpen { vhost }];
        for step in steps {
            self.frame(conn, 0, step);
        }
        for channel in channels {
            self.frame(conn, *channel, Method::ChannelOpen);
        }
    }

    fn frame(&mut self, conn: u32, channel: u16, body: Method) {
        self.input(Input::Frame(ConnId(conn), Frame { channel, body }));
    }

    fn publish(&mut self, conn: u32, key: &str, id: &str, persistent: bool) {
        let props = Props { delivery_mode: Some(if persistent { 2 } else { 1 }), ..Props::default() };
        self.publish_with(conn, "", key, id, props, false);
    }

    fn publish_with(&mut self, conn: u32, exchange: &str, key: &str, id: &str, props: Props, mandatory: bool) {
        let message = Message { props: props.into(), ..Message::plain(self.names.intern(id), 10) };
        let (exchange, key) = (self.names.intern(exchange), self.names.intern(key));
        self.frame(conn, 1, Method::BasicPublish { exchange, key, mandatory, immediate: false, message });
    }

    fn confirms(&mut self, conn: u32) {
        self.frame(conn, 1, Method::ConfirmSelect { nowait: true });
    }

    fn consume(&mut self, conn: u32, queue: &str, tag: &str, no_ack: bool) {
        let body = Method::BasicConsume {
            queue: self.names.intern(queue),
            consumer_tag: self.names.intern(tag),
            no_local: false,
            no_ack,
            exclusive: false,
            nowait: true,
            arguments: Arc::default(),
        };
        self.frame(conn, 1, body);
    }

    fn qos(&mut self, conn: u32, prefetch_count: u16, global: bool) {
        self.frame(conn, 1, Method::BasicQos { prefetch_size: 0, prefetch_count, global });
        self.sent.pop();
    }

    fn get(&mut self, conn: u32, queue: &str) {
        let queue = self.names.intern(queue);
        self.frame(conn, 1, Method::BasicGet { queue, no_ack: false });
    }

    fn ack(&mut self, conn: u32, tag: u32, multiple: bool) {
        self.frame(conn, 1, Method::BasicAck { tag, multiple, confirm: false, about: Name::NONE });
    }

    fn nack(&mut self, conn: u32, tag: u32, multiple: bool) {
        self.frame(conn, 1, Method::BasicNack { tag, multiple, requeue: true, confirm: false, about: Name::NONE });
    }

    fn declare(&mut self, conn: u32, name: &str, make: impl FnOnce(&mut Method)) {
        let mut body = Method::QueueDeclare {
            queue: self.names.intern(name),
            passive: false,
            durable: false,
            exclusive: false,
            auto_delete: false,
            nowait: false,
            arguments: Arc::default(),
        };
        make(&mut body);
        self.frame(conn, 1, body);
    }

    fn look(&mut self, conn: u32, name: &str) {
        self.declare(conn, name, |body| {
            if let Method::QueueDeclare { passive, .. } = body {
                *passive = true;
            }
        });
    }

    fn kill(&mut self) {
        self.boot();
        self.settle();
        self.sent.clear();
    }

    /// What was sent since the last look.
    fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.sent)
    }
}

fn queue(names: &mut Names, name: &str, durable: bool) -> QueueSpec {
    let (vhost, name) = (names.intern("/"), names.intern(name));
    QueueSpec { vhost, name, durable, auto_delete: false, arguments: Arc::default() }
}

/// A frame in a few words: connection, what, numbers, names.
fn told(conn: ConnId, frame: &Frame, names: &Names) -> String {
    let r = |redelivered: bool| if redelivered { "R" } else { "" };
    let m = |multiple: bool| if multiple { "+" } else { "" };
    let what = match &frame.body {
        Method::BasicDeliver { tag, redelivered, message, .. } => {
            format!("deliver {tag} {}{}", names.show(message.id), r(*redelivered))
        }
        Method::BasicGetOk { tag, redelivered, message, messages, .. } => {
            format!("got {tag} {}{} {messages}", names.show(message.id), r(*redelivered))
        }
        Method::BasicReturn { code, message, .. } => format!("return {code} {}", names.show(message.id)),
        Method::BasicAck { tag, multiple, .. } => format!("ack {tag}{}", m(*multiple)),
        Method::BasicNack { tag, multiple, .. } => format!("nack {tag}{}", m(*multiple)),
        Method::ChannelClose(c) | Method::ConnectionClose(c) => {
            let scope = if frame.channel == 0 { "connection" } else { "channel" };
            format!("{scope}.close {} {} ({}, {})", c.code, names.show(c.text), c.class, c.method)
        }
        Method::QueueDeclareOk { queue, messages, consumers } => {
            format!("declared {} {messages} {consumers}", names.show(*queue))
        }
        Method::QueueDeleteOk { messages } => format!("deleted {messages}"),
        Method::QueuePurgeOk { messages } => format!("purged {messages}"),
        body => crate::trace::VerbBook(&[crate::amqp::verbs::TABLE]).get(body.verb()).unwrap().name.to_owned(),
    };
    format!("{} {what}", conn.0)
}

#[test]
fn a_connection_opens_in_the_protocols_steps() {
    let mut bench = Bench::new(|_, _| {});
    bench.settle();
    bench.open(1, &[1]);
    let told = ["1 connection.start", "1 connection.tune", "1 connection.open-ok", "1 channel.open-ok"];
    assert_eq!(bench.told(), told);
}

#[test]
fn a_method_on_a_channel_never_opened_ends_the_connection() {
    let mut bench = Bench::usual();
    bench.frame(1, 5, Method::TxSelect);
    assert_eq!(bench.told(), ["1 connection.close 504 CHANNEL_ERROR - expected 'channel.open' (90, 10)"], "B39b");
}

#[test]
fn after_a_channel_error_everything_is_discarded_until_the_client_agrees() {
    let mut bench = Bench::usual();
    bench.publish_with(1, "nope", "x", "m1", Props::default(), false);
    bench.publish(1, "q", "m2", false);
    bench.frame(1, 1, Method::ChannelCloseOk);
    bench.publish(1, "q", "m3", false);
    let told = [
        "1 channel.close 404 NOT_FOUND - no exchange 'nope' in vhost '/' (60, 40)",
        "1 connection.close 504 CHANNEL_ERROR - expected 'channel.open' (60, 40)",
    ];
    assert_eq!(bench.told(), told, "R1, B13e");
    bench.look(2, "q");
    assert_eq!(bench.told(), ["2 declared q 0 0"]);
}

#[test]
fn a_publish_that_is_answered_with_an_error_is_told_of_with_its_code() {
    let mut bench = Bench::usual();
    bench.publish_with(1, "nope", "x", "m1", Props::default(), false);
    bench.publish(1, "q", "m2", false);
    let thrown = [(What::InError, "m1 404".to_owned()), (What::Discarded, "m2 1".to_owned())];
    assert_eq!(bench.notes, thrown);
}

#[test]
fn a_persistent_message_is_confirmed_after_its_fsync() {
    let mut bench = Bench::usual();
    bench.confirms(1);
    bench.publish(1, "q", "m1", true);
    assert!(bench.told().is_empty());
    let written = bench.busy.pop_front().unwrap();
    bench.input(Input::DiskDone(written));
    assert!(bench.told().is_empty(), "written is not synced");
    bench.settle();
    assert_eq!(bench.told(), ["1 ack 1"], "R18");
}

#[test]
fn confirms_are_grouped_while_the_disk_is_busy() {
    let mut bench = Bench::usual();
    bench.confirms(1);
    for n in 1..=5 {
        bench.publish(1, "q", &format!("m{n}"), true);
    }
    bench.settle();
    assert_eq!(bench.told(), ["1 ack 1", "1 ack 5+"], "C10, F11.1");
}

#[test]
fn a_transient_message_overtakes_a_persistent_one() {
    let mut bench = Bench::usual();
    bench.confirms(1);
    for (n, persistent) in [(1, true), (2, false), (3, true), (4, false)] {
        bench.publish(1, "q", &format!("m{n}"), persistent);
    }
    bench.settle();
    assert_eq!(bench.told(), ["1 ack 2", "1 ack 4", "1 ack 1", "1 ack 3"], "C11");
}

#[test]
fn an_unroutable_message_is_returned_and_confirmed_at_once() {
    let mut bench = Bench::usual();
    bench.confirms(1);
    bench.publish(1, "q", "m1", true);
    bench.publish_with(1, "", "nope", "m2", Props::default(), true);
    bench.publish(1, "q", "m3", true);
    bench.settle();
    assert_eq!(bench.told(), ["1 return 312 m2", "1 ack 2", "1 ack 1", "1 ack 3"], "R6, B15c");
}

#[test]
fn an_auto_ack_consumer_spares_the_disk() {
    let mut bench = Bench::usual();
    bench.consume(2, "q", "c", true);
    bench.confirms(1);
    bench.publish(1, "q", "m1", true);
    assert_eq!(bench.told(), ["2 deliver 1 m1", "1 ack 1"], "C12");
    assert!(bench.busy.is_empty());
}

#[test]
fn consumers_take_turns() {
    let mut bench = Bench::usual();
    bench.consume(1, "q", "a", true);
    bench.consume(2, "q", "b", true);
    for n in 1..=4 {
        bench.publish(1, "q", &format!("m{n}"), false);
    }
    assert_eq!(bench.told(), ["1 deliver 1 m1", "2 deliver 1 m2", "1 deliver 2 m3", "2 deliver 2 m4"], "D02");
}

#[test]
fn prefetch_is_fixed_when_the_consumer_starts() {
    let mut bench = Bench::usual();
    bench.qos(1, 1, false);
    bench.consume(1, "q", "a", false);
    bench.qos(1, 5, false);
    for n in 1..=6 {
        bench.publish(2, "q", &format!("m{n}"), false);
    }
    assert_eq!(bench.told(), ["1 deliver 1 m1"], "D10");
    bench.ack(1, 1, false);
    assert_eq!(bench.told(), ["1 deliver 2 m2"]);
}

#[test]
fn a_global_prefetch_limit_is_shared_by_the_channel() {
    let mut bench = Bench::usual();
    bench.qos(1, 3, true);
    bench.consume(1, "q", "a", false);
    bench.consume(1, "q", "b", false);
    for n in 1..=6 {
        bench.publish(2, "q", &format!("m{n}"), false);
    }
    assert_eq!(bench.told().len(), 3, "D08");
    bench.ack(1, 2, true);
    assert_eq!(bench.told().len(), 2);
}

#[test]
fn requeued_messages_go_back_to_their_places() {
    let mut bench = Bench::usual();
    for n in 1..=5 {
        bench.publish(1, "q", &format!("m{n}"), false);
    }
    (0..4).for_each(|_| bench.get(1, "q"));
    bench.told();
    bench.nack(1, 3, false);
    bench.nack(1, 1, false);
    (0..3).for_each(|_| bench.get(1, "q"));
    assert_eq!(bench.told(), ["1 got 5 m1R 2", "1 got 6 m3R 1", "1 got 7 m5 0"], "R12, D19");
}

#[test]
fn a_lost_connection_gives_its_deliveries_back() {
    let mut bench = Bench::usual();
    bench.consume(1, "q", "a", false);
    bench.publish(2, "q", "m1", false);
    bench.publish(2, "q", "m2", false);
    bench.told();
    bench.consume(2, "q", "b", false);
    bench.input(Input::Ended(ConnId(1), Ending::Reset));
    assert_eq!(bench.told(), ["2 deliver 1 m1R", "2 deliver 2 m2R"], "D17");
}

#[test]
fn cancelling_does_not_requeue() {
    let mut bench = Bench::usual();
    bench.consume(1, "q", "a", false);
    bench.publish(2, "q", "m1", false);
    let consumer_tag = bench.names.intern("a");
    bench.frame(1, 1, Method::BasicCancel { consumer_tag, nowait: false });
    bench.look(2, "q");
    assert_eq!(bench.told(), ["1 deliver 1 m1", "1 basic.cancel-ok", "2 declared q 0 0"], "D18");
    bench.ack(1, 1, false);
    assert!(bench.told().is_empty());
}

#[test]
fn a_tag_that_is_not_outstanding_closes_the_channel() {
    let mut bench = Bench::usual();
    bench.ack(1, 0, true);
    assert!(bench.told().is_empty(), "D22b");
    bench.ack(1, 1, false);
    assert_eq!(bench.told(), ["1 channel.close 406 PRECONDITION_FAILED - unknown delivery tag 1 (60, 80)"], "D27");
}

#[test]
fn declaring_again_differently_names_the_first_difference() {
    let mut bench = Bench::usual();
    bench.declare(1, "q", |body| {
        if let Method::QueueDeclare { auto_delete, .. } = body {
            *auto_delete = true;
        }
    });
    let text = "inequivalent arg 'durable' for queue 'q' in vhost '/': received 'false' but current is 'true'";
    assert_eq!(bench.told(), [format!("1 channel.close 406 PRECONDITION_FAILED - {text} (50, 10)")], "A15");
}

#[test]
fn a_durable_queue_is_on_disk_before_it_is_answered() {
    let mut bench = Bench::usual();
    bench.declare(1, "new", |body| {
        if let Method::QueueDeclare { durable, .. } = body {
            *durable = true;
        }
    });
    bench.publish(1, "new", "m1", true);
    assert!(bench.told().is_empty(), "what comes behind it waits too");
    bench.settle();
    assert_eq!(bench.told(), ["1 declared new 0 0"], "F05");
    bench.kill();
    bench.open(1, &[1]);
    bench.told();
    bench.look(1, "new");
    bench.look(1, "t");
    let gone = "1 channel.close 404 NOT_FOUND - no queue 't' in vhost '/' (50, 10)";
    assert_eq!(bench.told(), ["1 declared new 0 0", gone]);
}

#[test]
fn after_a_kill_confirmed_messages_are_there_and_count_as_redelivered() {
    let mut bench = Bench::usual();
    bench.confirms(1);
    bench.publish(1, "q", "m1", true);
    bench.settle();
    bench.publish(1, "q", "m2", false);
    bench.confirms(2);
    bench.kill();
    bench.open(1, &[1]);
    bench.told();
    bench.get(1, "q");
    bench.get(1, "q");
    assert_eq!(bench.told(), ["1 got 1 m1R 0", "1 basic.get-empty"], "F01.17");
}

#[test]
fn without_confirms_a_message_is_written_after_200_ms() {
    for (wait, left) in [(150, "1 basic.get-empty"), (200, "1 got 1 m1R 0")] {
        let mut bench = Bench::usual();
        bench.publish(1, "q", "m1", true);
        bench.wait(wait);
        bench.kill();
        bench.open(1, &[1]);
        bench.told();
        bench.get(1, "q");
        assert_eq!(bench.told(), [left], "F02.1");
    }
}

#[test]
fn acknowledged_messages_come_back_for_200_ms() {
    for (wait, left) in [(150, "1 got 1 m1R 0"), (200, "1 basic.get-empty")] {
        let mut bench = Bench::usual();
        bench.confirms(1);
        bench.publish(1, "q", "m1", true);
        bench.settle();
        bench.get(1, "q");
        bench.ack(1, 1, false);
        bench.wait(wait);
        bench.kill();
        bench.open(1, &[1]);
        bench.told();
        bench.get(1, "q");
        assert_eq!(bench.told(), [left], "F08");
    }
}

#[test]
fn a_clean_stop_keeps_true_flags() {
    let mut bench = Bench::usual();
    for n in 1..=3 {
        bench.publish(1, "q", &format!("m{n}"), n != 3);
    }
    bench.get(1, "q");
    bench.told();
    bench.input(Input::Stop);
    let text = "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'";
    let close = |conn: u32| format!("{conn} connection.close 320 {text} (0, 0)");
    assert_eq!(bench.told(), [close(1), "1 shut".into(), close(2), "2 shut".into()], "F04");
    bench.settle();
    assert!(bench.left);
    bench.kill();
    bench.open(1, &[1]);
    bench.told();
    (0..3).for_each(|_| bench.get(1, "q"));
    assert_eq!(bench.told(), ["1 got 1 m1R 1", "1 got 2 m2 0", "1 basic.get-empty"], "R19");
    bench.kill();
    bench.open(1, &[1]);
    bench.told();
    (0..2).for_each(|_| bench.get(1, "q"));
    assert_eq!(bench.told(), ["1 got 1 m1R 1", "1 got 2 m2R 0"], "the mark of a clean stop holds once");
}

#[test]
fn an_exclusive_queue_goes_with_its_connection() {
    let mut bench = Bench::usual();
    bench.declare(1, "mine", |body| {
        if let Method::QueueDeclare { exclusive, .. } = body {
            *exclusive = true;
        }
    });
    bench.look(2, "mine");
    let told = bench.told();
    assert!(told[1].starts_with("2 channel.close 405 RESOURCE_LOCKED - cannot obtain exclusive access"), "A23");
    bench.input(Input::Ended(ConnId(1), Ending::Closed));
    bench.open(3, &[1]);
    bench.told();
    bench.look(3, "mine");
    assert_eq!(bench.told(), ["3 channel.close 404 NOT_FOUND - no queue 'mine' in vhost '/' (50, 10)"], "A27");
}

#[test]
fn deleting_a_queue_tells_its_consumers_and_keeps_their_tags_valid() {
    let mut bench = Bench::usual();
    bench.consume(1, "q", "a", false);
    bench.publish(2, "q", "m1", true);
    bench.told();
    let queue = bench.names.intern("q");
    bench.frame(2, 1, Method::QueueDelete { queue, if_unused: false, if_empty: false, nowait: false });
    assert_eq!(bench.told(), ["2 deleted 0", "1 basic.cancel"], "D37");
    bench.ack(1, 1, false);
    assert!(bench.told().is_empty());
    bench.ack(1, 1, false);
    assert_eq!(bench.told().len(), 1);
    bench.settle();
    bench.kill();
    bench.open(1, &[1]);
    bench.told();
    bench.look(1, "q");
    assert_eq!(bench.told(), ["1 channel.close 404 NOT_FOUND - no queue 'q' in vhost '/' (50, 10)"]);
}

#[test]
fn a_commit_is_answered_when_it_is_on_disk() {
    let mut bench = Bench::usual();
    bench.frame(1, 1, Method::TxSelect);
    bench.publish(1, "q", "m1", true);
    bench.look(2, "q");
    bench.frame(1, 1, Method::TxCommit);
    assert_eq!(bench.told(), ["1 tx.select-ok", "2 declared q 0 0"], "C30");
    bench.settle();
    assert_eq!(bench.told(), ["1 tx.commit-ok"], "F07");
    bench.publish(1, "q", "m2", true);
    bench.frame(1, 1, Method::TxRollback);
    bench.look(2, "q");
    assert_eq!(bench.told(), ["1 tx.rollback-ok", "2 declared q 1 0"], "C31");
}

#[test]
fn a_silent_client_is_given_up_between_two_and_three_intervals() {
    let mut bench = Bench::new(|config, _| config.heartbeat = 2);
    bench.settle();
    bench.wait(500);
    bench.open(1, &[1]);
    bench.told();
    bench.wait(5_900);
    assert!(bench.told().iter().all(|told| told == "1 heartbeat"), "G12");
    bench.wait(200);
    assert_eq!(bench.told().last().map(String::as_str), Some("1 abort"), "R20, G11");
}

#[test]
fn a_fanout_confirms_when_the_slowest_queue_has() {
    let mut bench = Bench::new(|config, names| {
        let vhost = names.intern("/");
        let (name, arguments) = (names.intern("e"), Arc::<Table>::default());
        let (durable, auto_delete, internal) = (true, false, false);
        let kind = Kind::Fanout;
        config.exchanges.push(ExchangeSpec { vhost, name, kind, durable, auto_delete, internal, arguments });
        for (queue_name, durable) in [("q", true), ("t", false)] {
            let spec = queue(names, queue_name, durable);
            let target = Target::Queue(spec.name);
            config.queues.push(spec);
            let (key, arguments) = (Name::EMPTY, Arc::default());
            config.bindings.push(BindingSpec { vhost, source: name, target, key, arguments });
        }
    });
    bench.settle();
    bench.open(1, &[1]);
    bench.confirms(1);
    bench.told();
    let props = Props { delivery_mode: Some(2), ..Props::default() };
    bench.publish_with(1, "e", "x", "m1", props, false);
    bench.look(1, "t");
    bench.settle();
    assert_eq!(bench.told(), ["1 declared t 1 0", "1 ack 1"], "C60");
}

#[test]
fn arguments_of_the_wrong_type_are_refused() {
    let mut bench = Bench::usual();
    bench.declare(1, "new", |body| {
        if let Method::QueueDeclare { arguments, .. } = body {
            *arguments = Arc::new(vec![("x-message-ttl".into(), Value::text("1000"))]);
        }
    });
    let text = "invalid arg 'x-message-ttl' for queue 'new' in vhost '/': \"expected integer, got longstr\"";
    assert_eq!(bench.told(), [format!("1 channel.close 406 PRECONDITION_FAILED - {text} (50, 10)")], "A80.02");
}

fn fingerprint(bench: &Bench) -> Digest {
    Digest::of(|digest| bench.node.digest(bench.now, &bench.names, digest))
}

#[test]
fn what_was_done_and_undone_leaves_no_mark_in_the_digest() {
    let mut bench = Bench::usual();
    let before = fingerprint(&bench);
    bench.publish(2, "t", "m1", false);
    assert_ne!(fingerprint(&bench), before);
    let queue = bench.names.intern("t");
    bench.frame(2, 1, Method::QueuePurge { queue, nowait: true });
    // Only signs of life differ, and they are part of behaviour.
    bench.node.connections.for_each_mut(|_, connection| connection.heard = true);
    let after = fingerprint(&bench);
    bench.publish(2, "t", "m2", false);
    bench.frame(2, 1, Method::QueuePurge { queue, nowait: true });
    assert_eq!(fingerprint(&bench), after);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    /// The bench compares fold and `observe()` after every input; a copy of the node behaves like the node.
    #[test]
    fn any_sequence_of_methods_keeps_deltas_and_state_together(
        second in any::<bool>(),
        steps in prop::collection::vec((0u8..24, 1u32..3, 0u32..6), 1..80),
    ) {
        let mut bench = Bench::usual();
        if second {
            bench.node.queues.for_each_mut(|_, queue| queue.features.storage = Storage::V2);
        }
        bench.confirms(1);
        let mut copy = bench.node.clone();
        let mut next = 10;
        for (step, conn, n) in steps {
            let queue = bench.names.intern(if n % 2 == 0 { "q" } else { "t" });
            let name = if n % 2 == 0 { "q" } else { "t" };
            match step {
                0..=5 => bench.publish(conn, name, &format!("m{n}"), step % 2 == 0),
                6 => bench.consume(conn, name, &format!("c{n}"), n == 5),
                7 | 8 => bench.ack(conn, n, step == 7),
                9 | 10 => bench.nack(conn, n, step == 9),
                11 => bench.get(conn, name),
                12 => bench.qos(conn, n as u16, n > 3),
                13 => {
                    let consumer_tag = bench.names.intern(&format!("c{n}"));
                    bench.frame(conn, 1, Method::BasicCancel { consumer_tag, nowait: false });
                }
                14 => bench.frame(conn, 1, Method::ChannelCloseOk),
                15 => bench.frame(conn, 1, Method::ChannelOpen),
                16 => bench.frame(conn, 1, Method::QueuePurge { queue, nowait: n > 2 }),
                17 => bench.frame(conn, 1, Method::BasicRecover { requeue: true }),
                18 => bench.settle(),
                19 => bench.wait(u64::from(n) * 60),
                22 | 23 => bench.fail(),
                20 => {
                    bench.input(Input::Ended(ConnId(conn), Ending::Reset));
                    bench.open(next, &[1]);
                    next += 1;
                }
                _ => bench.frame(conn, 1, if n > 3 { Method::TxCommit } else { Method::TxSelect }),
            }
            copy.clone_from(&bench.node);
            let mut digest = Digest::new();
            copy.digest(bench.now, &bench.names, &mut digest);
            prop_assert_eq!(digest, fingerprint(&bench));
            for queue in bench.node.queues.values() {
                for consumer in queue.classic.turns() {
                    prop_assert!(consumer.limit == 0 || consumer.open <= consumer.limit || consumer.no_ack);
                }
            }
        }
    }
}

mod consumers;
