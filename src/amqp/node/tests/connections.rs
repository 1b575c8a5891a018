//! Logins, access, limits, alarms and direct replies of a node (groups G, H, I, J of the facts).

use super::*;
use crate::amqp::access::{Capabilities, Pattern, Permission, User};
use crate::machine::{Order as Command, Resource};

/// A node with user `u1`, whose name is the password, and who may use what begins with `ok-` on `/` alone.
fn bench_with_user() -> Bench {
    let mut bench = Bench::new(|config, names| {
        let v2 = names.intern("v2");
        config.vhosts.push(v2);
        let only = || Pattern::new("^ok-.*").unwrap();
        let vhost = names.intern("/");
        let permissions = vec![Permission { vhost, configure: only(), write: only(), read: only() }];
        let name = names.intern("u1");
        config.users.push(User { name, password: name, permissions });
        config.queues.push(queue(names, "no2", false));
        let mut q = queue(names, "q", false);
        config.queues.push(q.clone());
        q.vhost = v2;
        config.queues.push(q);
    });
    bench.settle();
    bench
}

impl Bench {
    fn log_in(&mut self, conn: u32, user: &str, password: &str, capabilities: Capabilities) {
        self.input(Input::Connected(ConnId(conn)));
        self.frame(conn, 0, Method::ProtocolHeader);
        let (user, password) = (self.names.intern(user), self.names.intern(password));
        self.sent.clear();
        self.frame(conn, 0, Method::ConnectionStartOk { user, password, capabilities });
    }

    fn open_at(&mut self, conn: u32, user: &str, vhost: &str) {
        self.log_in(conn, user, user, Capabilities::ALL);
        let tune = Tune { channel_max: 2047, frame_max: 131_072, heartbeat: 0 };
        self.frame(conn, 0, Method::ConnectionTuneOk(tune));
        let vhost = self.names.intern(vhost);
        self.sent.clear();
        self.frame(conn, 0, Method::ConnectionOpen { vhost });
        self.frame(conn, 1, Method::ChannelOpen);
    }

    fn tune(&mut self, tune: Tune) -> Vec<String> {
        self.log_in(1, "guest", "guest", Capabilities::ALL);
        self.sent.clear();
        self.frame(1, 0, Method::ConnectionTuneOk(tune));
        self.told()
    }

    fn alarm(&mut self, resource: Resource, on: bool) {
        self.input(Input::Order(Command::Alarm { resource, on }));
    }

    /// Asks for replies on channel 1; gives the address that a request gets.
    fn requester(&mut self, conn: u32) -> Name {
        self.consume(conn, "amq.rabbitmq.reply-to", "cli", true);
        self.node.channel((ConnId(conn), 1)).unwrap().reply.unwrap().address
    }
}

#[test]
fn a_wrong_password_is_told_to_clients_that_can_be_told() {
    let mut bench = bench_with_user();
    bench.log_in(1, "u1", "wrong", Capabilities::ALL);
    let why = "Login was refused using authentication mechanism PLAIN. For details see the broker logfile.";
    assert_eq!(bench.told(), [format!("1 connection.close 403 ACCESS_REFUSED - {why} (0, 0)")], "I04");
    bench.log_in(2, "nobody", "nobody", Capabilities::NONE);
    bench.wait(2_999);
    assert!(bench.told().is_empty(), "I04b");
    bench.wait(1);
    assert_eq!(bench.told(), ["2 shut"]);
    bench.log_in(3, "u1", "u1", Capabilities::NONE);
    assert_eq!(bench.told(), ["3 connection.tune"]);
    bench.log_in(4, "guest", "guest", Capabilities::NONE);
    assert_eq!(bench.told(), ["4 connection.tune"]);
}

#[test]
fn a_client_that_leaves_while_its_refusal_is_kept_from_it_leaves_nothing() {
    let mut bench = bench_with_user();
    let before = fingerprint(&bench);
    bench.log_in(2, "u1", "no", Capabilities::NONE);
    bench.input(Input::Ended(ConnId(2), Ending::Closed));
    assert_eq!(fingerprint(&bench), before);
    assert!(bench.timers.is_empty());
}

#[test]
fn virtual_hosts_are_apart_and_open_to_those_who_may_use_them() {
    let mut bench = bench_with_user();
    bench.open_at(1, "guest", "nope");
    assert_eq!(bench.told()[0], "1 connection.close 530 NOT_ALLOWED - vhost nope not found (10, 40)", "I02");
    bench.open_at(2, "u1", "v2");
    let refused = "2 connection.close 530 NOT_ALLOWED - access to vhost 'v2' refused for user 'u1' (10, 40)";
    assert_eq!(bench.told()[0], refused, "I03");
    bench.open_at(3, "guest", "/");
    bench.open_at(4, "guest", "v2");
    bench.publish(3, "q", "m", false);
    bench.told();
    bench.look(3, "q");
    bench.look(4, "q");
    bench.frame(
        3,
        1,
        Method::QueueDelete { queue: bench.names.find("q").unwrap(), if_unused: false, if_empty: false, nowait: false },
    );
    bench.look(4, "q");
    assert_eq!(bench.told(), ["3 declared q 1 0", "4 declared q 0 0", "3 deleted 1", "4 declared q 0 0"], "I01");
}

#[test]
fn a_deleted_virtual_host_takes_its_queues_and_its_connections_with_it() {
    let mut bench = bench_with_user();
    bench.open_at(1, "guest", "/");
    bench.open_at(2, "guest", "v2");
    bench.publish(2, "q", "m", false);
    bench.told();
    let v2 = bench.names.find("v2").unwrap();
    bench.input(Input::Order(Command::DeleteVhost(v2)));
    bench.settle();
    assert_eq!(bench.told(), ["2 connection.close 320 CONNECTION_FORCED - vhost 'v2' is deleted (0, 0)"], "I06");
    bench.look(1, "q");
    assert_eq!(bench.told(), ["1 declared q 0 0"]);
    assert_eq!(bench.node.held(), 0);
    bench.kill();
    bench.open_at(3, "guest", "v2");
    assert_eq!(bench.told()[0], "3 connection.close 530 NOT_ALLOWED - vhost v2 not found (10, 40)", "stays deleted");
}

#[test]
fn an_operator_closes_a_connection() {
    let mut bench = Bench::usual();
    bench.declare(1, "mine", |body| {
        if let Method::QueueDeclare { exclusive, .. } = body {
            *exclusive = true;
        }
    });
    bench.told();
    bench.input(Input::Order(Command::CloseConnection(ConnId(1))));
    let closed = "1 connection.close 320 CONNECTION_FORCED - Closed via management plugin (0, 0)";
    assert_eq!(bench.told(), [closed], "I07");
    bench.look(2, "mine");
    assert_eq!(bench.told(), ["2 channel.close 404 NOT_FOUND - no queue 'mine' in vhost '/' (50, 10)"]);
    bench.frame(1, 0, Method::ConnectionCloseOk);
    assert_eq!(bench.told(), ["1 shut"]);
}

/// Each tries one thing as `u1` and reads what is refused.
#[test]
fn a_user_may_use_what_the_permissions_name() {
    let refused = |what: &str, id: &str| {
        format!("1 channel.close 403 ACCESS_REFUSED - access to {what} in vhost '/' refused for user 'u1' {id}")
    };
    let attempt = |method: &dyn Fn(&mut Names) -> Method| {
        let mut bench = bench_with_user();
        bench.open_at(1, "u1", "/");
        bench.told();
        let method = method(&mut bench.names);
        bench.frame(1, 1, method);
        bench.told()
    };
    let declare = |name: &'static str, passive: bool, arguments: Table| {
        move |names: &mut Names| Method::QueueDeclare {
            queue: names.intern(name),
            passive,
            durable: false,
            exclusive: false,
            auto_delete: false,
            nowait: false,
            arguments: arguments.clone().into(),
        }
    };
    let publish = |exchange: &'static str| {
        move |names: &mut Names| Method::BasicPublish {
            exchange: names.intern(exchange),
            key: names.intern("no2"),
            mandatory: false,
            immediate: false,
            message: Message::plain(Name::NONE, 1),
        }
    };
    assert_eq!(attempt(&declare("no", false, Table::new())), [refused("queue 'no'", "(50, 10)")], "I05.1");
    assert_eq!(attempt(&declare("ok-1", false, Table::new())), ["1 declared ok-1 0 0"], "I05.2");
    assert_eq!(attempt(&publish("amq.direct")), [refused("exchange 'amq.direct'", "(60, 40)")], "I05.3");
    assert_eq!(attempt(&publish("")), [refused("exchange 'amq.default'", "(60, 40)")], "I05.4");
    let consume = |names: &mut Names| Method::BasicConsume {
        queue: names.intern("no2"),
        consumer_tag: names.intern("t"),
        no_local: false,
        no_ack: false,
        exclusive: false,
        nowait: false,
        arguments: Arc::default(),
    };
    assert_eq!(attempt(&consume), [refused("queue 'no2'", "(60, 20)")], "I05.5");
    let purge = |names: &mut Names| Method::QueuePurge { queue: names.intern("no2"), nowait: false };
    assert_eq!(attempt(&purge), [refused("queue 'no2'", "(50, 30)")], "I05.7");
    assert_eq!(attempt(&declare("no2", true, Table::new())), ["1 declared no2 0 0"], "I05.8");
    let dlx = vec![("x-dead-letter-exchange".into(), Value::text("no-ex"))];
    assert_eq!(attempt(&declare("ok-dlx", false, dlx)), [refused("exchange 'no-ex'", "(50, 10)")], "I05.9");
    let get = |names: &mut Names| Method::BasicGet { queue: names.intern("no2"), no_ack: true };
    assert_eq!(attempt(&get), [refused("queue 'no2'", "(60, 70)")]);
    let delete =
        |names: &mut Names| Method::ExchangeDelete { exchange: names.intern("other"), if_unused: false, nowait: false };
    assert_eq!(attempt(&delete), [refused("exchange 'other'", "(40, 20)")]);
}

#[test]
fn binding_needs_to_write_to_the_queue_and_to_read_from_the_exchange() {
    let mut bench = bench_with_user();
    bench.open_at(1, "u1", "/");
    bench.declare(1, "ok-1", |_| {});
    bench.told();
    let (queue, exchange) = (bench.names.intern("ok-1"), bench.names.intern("amq.direct"));
    let bind = Method::QueueBind { queue, exchange, key: queue, nowait: false, arguments: Arc::default() };
    bench.frame(1, 1, bind);
    let why = "access to exchange 'amq.direct' in vhost '/' refused for user 'u1'";
    assert_eq!(bench.told(), [format!("1 channel.close 403 ACCESS_REFUSED - {why} (50, 20)")], "I05.6");
}

#[test]
fn a_message_in_somebody_elses_name_is_refused() {
    let by = |user: &str| Props { user_id: Some(user.into()), ..Props::default() };
    let mut bench = bench_with_user();
    bench.open_at(1, "guest", "/");
    bench.told();
    bench.publish_with(1, "", "q", "m1", by("guest"), false);
    bench.look(1, "q");
    assert_eq!(bench.told(), ["1 declared q 1 0"], "B34b");
    bench.publish_with(1, "", "q", "m2", by("u1"), false);
    let why = "user_id property set to 'u1' but authenticated user was 'guest'";
    assert_eq!(bench.told(), [format!("1 channel.close 406 PRECONDITION_FAILED - {why} (60, 40)")]);
}

#[test]
fn limits_are_agreed_on_within_what_the_node_proposes() {
    let refused = |why: &str| [format!("1 connection.close 530 NOT_ALLOWED - negotiated {why} (10, 30)")];
    let with = |channel_max, frame_max| Bench::new(|_, _| {}).tune(Tune { channel_max, frame_max, heartbeat: 0 });
    assert!(with(2047, 131_072).is_empty() && with(1, 4096).is_empty());
    assert_eq!(with(2047, 4095), refused("frame_max = 4095 is lower than the minimum allowed value (4096)"));
    assert_eq!(with(2047, 0), refused("frame_max = 0 is higher than the maximum allowed value (131072)"));
    assert_eq!(with(0, 4096), refused("channel_max = 0 (no limit) is higher than the maximum allowed value (2047)"));
    assert_eq!(with(2048, 4096), refused("channel_max = 2048 is higher than the maximum allowed value (2047)"));
}

#[test]
fn a_channel_too_many_ends_the_connection() {
    let mut bench = Bench::new(|config, _| config.channel_max = 2);
    bench.log_in(1, "guest", "guest", Capabilities::ALL);
    bench.frame(1, 0, Method::ConnectionTuneOk(Tune { channel_max: 2, frame_max: 4096, heartbeat: 0 }));
    let vhost = bench.names.intern("/");
    bench.frame(1, 0, Method::ConnectionOpen { vhost });
    bench.frame(1, 1, Method::ChannelOpen);
    // It is their number that counts, not the highest.
    bench.frame(1, 9, Method::ChannelOpen);
    bench.told();
    bench.frame(1, 3, Method::ChannelOpen);
    let why = "number of channels opened (2) has reached the negotiated channel_max (2)";
    assert_eq!(bench.told(), [format!("1 connection.close 530 NOT_ALLOWED - {why} (0, 0)")]);
}

#[test]
fn a_header_that_does_not_fit_into_a_frame_ends_the_connection() {
    let mut bench = Bench::usual();
    bench.log_in(3, "guest", "guest", Capabilities::ALL);
    bench.frame(3, 0, Method::ConnectionTuneOk(Tune { channel_max: 2047, frame_max: 4096, heartbeat: 0 }));
    let vhost = bench.names.intern("/");
    bench.frame(3, 0, Method::ConnectionOpen { vhost });
    bench.frame(3, 1, Method::ChannelOpen);
    bench.told();
    let large = |n: usize| Props { headers: Some(vec![("h".into(), Value::text(&"x".repeat(n)))]), ..Props::default() };
    bench.publish_with(3, "", "t", "", large(3_000), false);
    assert!(bench.told().is_empty());
    bench.publish_with(3, "", "t", "", large(5_000), false);
    let told = bench.told();
    assert!(told[0].starts_with("3 connection.close 501 FRAME_ERROR - type 2, all octets = <<>>: {frame_too_large,50"));
    assert!(told[0].ends_with(",4088} (0, 0)"), "A93: {told:?}");
}

#[test]
fn under_an_alarm_a_publish_waits_with_everything_behind_it() {
    let mut bench = Bench::usual();
    bench.confirms(1);
    bench.consume(2, "t", "c", true);
    bench.publish(1, "t", "m0", false);
    assert_eq!(bench.told(), ["2 deliver 1 m0", "1 ack 1"]);
    bench.alarm(Resource::Memory, true);
    assert!(bench.told().is_empty(), "nobody is blocked before it publishes: J01");
    bench.publish(1, "t", "m1", false);
    assert_eq!(bench.told(), ["1 connection.blocked"]);
    bench.look(1, "t");
    bench.look(2, "t");
    assert_eq!(bench.told(), ["2 declared t 0 1"], "who consumes alone goes on");
    bench.alarm(Resource::Disk, true);
    bench.alarm(Resource::Memory, false);
    assert!(bench.told().is_empty(), "still short of something");
    bench.alarm(Resource::Disk, false);
    assert_eq!(bench.told(), ["1 connection.unblocked", "2 deliver 2 m1", "1 declared t 0 1", "1 ack 2"]);
}

#[test]
fn a_client_that_cannot_be_told_just_stalls() {
    let mut bench = Bench::usual();
    bench.log_in(3, "guest", "guest", Capabilities::NONE);
    bench.frame(3, 0, Method::ConnectionTuneOk(Tune { channel_max: 9, frame_max: 4096, heartbeat: 0 }));
    let vhost = bench.names.intern("/");
    bench.frame(3, 0, Method::ConnectionOpen { vhost });
    bench.frame(3, 1, Method::ChannelOpen);
    bench.told();
    bench.alarm(Resource::Memory, true);
    bench.publish(3, "t", "m", false);
    bench.declare(3, "q2", |_| {});
    assert!(bench.told().is_empty(), "J02");
    bench.alarm(Resource::Memory, false);
    assert_eq!(bench.told(), ["3 declared q2 0 0"]);
}

#[test]
fn a_connection_that_ends_while_it_is_blocked_loses_what_waited() {
    let mut bench = Bench::usual();
    let before = fingerprint(&bench);
    bench.open(3, &[1]);
    bench.alarm(Resource::Disk, true);
    bench.publish(3, "t", "m", false);
    bench.input(Input::Ended(ConnId(3), Ending::Reset));
    bench.alarm(Resource::Disk, false);
    assert_eq!(fingerprint(&bench), before);
}

#[test]
fn a_reply_goes_to_the_requesters_channel_without_a_queue() {
    let mut bench = Bench::usual();
    let address = bench.requester(1);
    bench.told();
    let key = bench.names.text(address);
    bench.confirms(2);
    bench.publish(2, &key, "r1", true);
    bench.publish_with(2, "", &key, "r2", Props::default(), true);
    let told = ["1 deliver 1 r1", "2 ack 1", "1 deliver 1 r2", "2 return 312 r2", "2 ack 2"];
    assert_eq!(bench.told(), told, "replies are not counted as deliveries, and not routed");
    bench.look(2, &key);
    bench.look(2, "amq.rabbitmq.reply-to");
    assert_eq!(bench.told(), [format!("2 declared {key} 0 1"), "2 declared amq.rabbitmq.reply-to 0 1".into()]);
    bench.frame(1, 1, Method::ChannelClose(crate::amqp::Close { code: 200, text: Name::EMPTY, class: 0, method: 0 }));
    bench.told();
    bench.publish_with(2, "", &key, "r3", Props::default(), true);
    assert_eq!(bench.told(), ["2 return 312 r3", "2 ack 3"], "H06");
    bench.look(2, &key);
    assert_eq!(bench.told(), [format!("2 channel.close 404 NOT_FOUND - no queue '{key}' in vhost '/' (50, 10)")]);
}

#[test]
fn a_request_carries_the_address_of_its_channel() {
    let mut bench = Bench::usual();
    let address = bench.requester(1);
    let request = |bench: &mut Bench, conn| {
        let reply_to = bench.names.intern("amq.rabbitmq.reply-to");
        let message = Message { reply_to, ..Message::plain(bench.names.intern("req"), 1) };
        let key = bench.names.intern("t");
        let publish = Method::BasicPublish { exchange: Name::EMPTY, key, mandatory: false, immediate: false, message };
        bench.frame(conn, 1, publish);
    };
    request(&mut bench, 1);
    let stored: Vec<Name> = bench.node.contents.iter().map(|(_, content)| content.message.reply_to).collect();
    assert_eq!(stored, [address]);
    request(&mut bench, 2);
    let why = "fast reply consumer does not exist";
    assert_eq!(bench.told(), [format!("2 channel.close 406 PRECONDITION_FAILED - {why} (60, 40)")], "H04");
    bench.consume(1, "amq.rabbitmq.reply-to", "again", true);
    let why = "reply consumer already set";
    assert_eq!(bench.told(), [format!("1 channel.close 406 PRECONDITION_FAILED - {why} (60, 20)")], "H05");
}

#[test]
fn a_mandatory_publish_counts_before_confirms_are_asked_for() {
    let mut bench = Bench::usual();
    bench.publish(1, "t", "m1", false);
    bench.publish_with(1, "", "t", "m2", Props::default(), true);
    bench.confirms(1);
    bench.publish(1, "t", "m3", false);
    assert_eq!(bench.told(), ["1 ack 2"]);
}

#[test]
fn a_client_that_does_not_answer_a_close_is_hung_up_on() {
    for (heartbeat, after) in [(0, 30_000), (60, 30_000), (5, 5_000)] {
        let mut bench = Bench::new(|config, _| config.heartbeat = heartbeat);
        bench.settle();
        bench.open(1, &[]);
        bench.input(Input::Order(Command::CloseConnection(ConnId(1))));
        bench.told();
        bench.wait(after - 1);
        assert!(!bench.told().iter().any(|told| told.ends_with("shut")), "{heartbeat}");
        bench.wait(1);
        assert_eq!(bench.told().last().map(String::as_str), Some("1 shut"), "{heartbeat}");
        assert!(bench.timers.is_empty(), "{heartbeat}");
    }
}
