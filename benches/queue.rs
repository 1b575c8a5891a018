//! What one operation on a queue costs as the queue grows: ready messages, unsettled deliveries and consumers, each from
//! few to very many. The times of a row may grow with the logarithm of the size and with what the processor's caches
//! hold, and no more.

#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a benchmark measures by the wall clock")]

use mqlab::amqp::method::{Frame, Method, Tune};
use mqlab::amqp::{Config, Node, QueueSpec, Record};
use mqlab::ids::{ActorId, ConnId, Name, Names};
use mqlab::machine::{Does, Input, Machine, Message, NoDraws, Out, Ports, Props, Registry, Token, Value, Wanted};
use mqlab::trace::Notes;
use mqlab::units::Time;
use std::sync::Arc;
use std::time::Instant;

/// Operations that are timed together.
const OPERATIONS: u32 = 1_000;

/// A node whose disk is done at once.
struct Broker {
    node: Node,
    names: Names,
    registry: Registry,
    out: Out<Frame, Record>,
    queue: Name,
    message: Message,
    rated: Vec<Message>,
    busy: Vec<Token>,
    now: Time,
}

impl Broker {
    fn new(durable: bool, arguments: &[(&str, i64)]) -> Broker {
        let mut names = Names::new();
        let (vhost, name) = (names.intern("/"), names.intern("q"));
        let mut config = Config { heartbeat: 0, ..Config::new(vhost) };
        let table =
            arguments.iter().map(|(key, value)| ((*key).into(), Value::Int { value: *value, bits: 32 })).collect();
        config.queues.push(QueueSpec { vhost, name, durable, auto_delete: false, arguments: Arc::new(table) });
        let config = Arc::new(config);
        let id = names.intern("m");
        let delivery_mode = Some(if durable { 2 } else { 1 });
        let rate = |priority| Message {
            props: Props { priority, delivery_mode, ..Props::default() }.into(),
            ..Message::plain(id, 100)
        };
        let mut broker = Broker {
            node: Node::new(Arc::clone(&config)),
            names,
            registry: Registry::default(),
            out: Out { wanted: Wanted { notes: Notes::NONE, deltas: false, brief: false }, ..Out::default() },
            queue: name,
            message: rate(None),
            rated: (0..8).map(|n| rate(Some(n))).collect(),
            busy: Vec::new(),
            now: Time::ZERO,
        };
        broker.call(|node, ports| node.boot(&config, &mut std::iter::empty(), ports));
        broker.input(Input::Started);
        (0..2).for_each(|conn| broker.open(conn));
        broker
    }

    fn call(&mut self, run: impl FnOnce(&mut Node, &mut Ports<'_, Frame, Record>)) {
        let Broker { node, names, registry, out, now, .. } = self;
        let (now, me) = (*now, ActorId(0));
        run(node, &mut Ports { now, me, names, registry, draws: &mut NoDraws, out });
        for output in self.out.outputs.drain(..) {
            if let Does::Write { token, .. } | Does::Sync { token, .. } = output.does {
                self.busy.push(token);
            }
        }
        self.out.ops.clear();
        self.out.clear();
    }

    fn input(&mut self, input: Input<Frame>) {
        self.call(|node, ports| node.handle(input, ports));
        while let Some(token) = self.busy.pop() {
            self.call(|node, ports| node.handle(Input::DiskDone(token), ports));
        }
    }

    fn frame(&mut self, conn: u32, channel: u16, body: Method) {
        self.input(Input::Frame(ConnId(conn), Frame { channel, body }));
    }

    fn open(&mut self, conn: u32) {
        self.input(Input::Connected(ConnId(conn)));
        let vhost = self.names.intern("/");
        let tune = Tune { channel_max: 2047, frame_max: 131_072, heartbeat: 0 };
        let start = Method::LOGIN;
        let steps = [Method::ProtocolHeader, start, Method::ConnectionTuneOk(tune), Method::ConnectionOpen { vhost }];
        steps.into_iter().for_each(|step| self.frame(conn, 0, step));
        self.frame(conn, 1, Method::ChannelOpen);
    }

    fn publish(&mut self, message: Message) {
        let (exchange, key) = (Name::EMPTY, self.queue);
        self.frame(0, 1, Method::BasicPublish { exchange, key, mandatory: false, immediate: false, message });
    }

    fn fill(&mut self, messages: u32) {
        for _ in 0..messages {
            self.publish(self.message.clone());
        }
    }

    fn get(&mut self, no_ack: bool) {
        self.frame(1, 1, Method::BasicGet { queue: self.queue, no_ack });
    }

    fn ack(&mut self, conn: u32, tag: u32) {
        self.frame(conn, 1, Method::BasicAck { tag, multiple: false, confirm: false, about: Name::NONE });
    }

    fn nack(&mut self, conn: u32, tag: u32) {
        self.frame(
            conn,
            1,
            Method::BasicNack { tag, multiple: false, requeue: true, confirm: false, about: Name::NONE },
        );
    }

    fn consume(&mut self, conn: u32, tag: &str, limit: u16) {
        self.frame(conn, 1, Method::BasicQos { prefetch_size: 0, prefetch_count: limit, global: false });
        let body = Method::BasicConsume {
            queue: self.queue,
            consumer_tag: self.names.intern(tag),
            no_local: false,
            no_ack: false,
            exclusive: false,
            nowait: true,
            arguments: Arc::default(),
        };
        self.frame(conn, 1, body);
    }

    fn declare(&mut self, conn: u32, queue: &str, exclusive: bool) {
        let body = Method::QueueDeclare {
            queue: self.names.intern(queue),
            passive: false,
            durable: false,
            exclusive,
            auto_delete: false,
            nowait: true,
            arguments: Arc::default(),
        };
        self.frame(conn, 1, body);
    }

    fn cancel(&mut self, conn: u32, tag: &str) {
        let consumer_tag = self.names.intern(tag);
        self.frame(conn, 1, Method::BasicCancel { consumer_tag, nowait: true });
    }
}

/// Numbers in no order: each below `below` once, as far as they are asked for.
fn scattered(below: u32) -> impl Iterator<Item = u32> {
    // A stride without a common factor visits every number.
    let stride = [514_229u64, 196_613, 786_433].into_iter().find(|n| u64::from(below) % n != 0).unwrap_or(1);
    (0..u64::from(below)).map(move |n| (n * stride % u64::from(below)) as u32)
}

/// A row of the table: nanoseconds an operation at each size.
fn row(what: &str, sizes: &[u32], mut run: impl FnMut(u32) -> f64) {
    print!("{what:<58}");
    for size in sizes {
        print!(" {:>9.0}", run(*size));
    }
    println!();
}

/// Nanoseconds that each of so many operations takes.
fn each(operations: u32, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1e9 / f64::from(operations)
}

fn head(what: &str, sizes: &[u32]) {
    print!("\n{what:<58}");
    sizes.iter().for_each(|size| print!(" {size:>9}"));
    println!();
}

fn messages() {
    let sizes = [1_000, 10_000, 100_000, 1_000_000];
    head("ns an operation; ready messages:", &sizes);
    for (durable, kind) in [(false, "transient"), (true, "durable")] {
        row(&format!("publish and get, {kind}"), &sizes, |size| {
            let mut broker = Broker::new(durable, &[]);
            broker.fill(size);
            each(OPERATIONS, || {
                for _ in 0..OPERATIONS {
                    broker.publish(broker.message.clone());
                    broker.get(true);
                }
            })
        });
    }
    row("publish and get, eight priorities", &sizes, |size| {
        let mut broker = Broker::new(false, &[("x-max-priority", 7)]);
        for n in 0..size {
            let message = broker.rated[n as usize * 5 % 8].clone();
            broker.publish(message);
        }
        each(OPERATIONS, || {
            for n in 0..OPERATIONS {
                let message = broker.rated[n as usize * 3 % 8].clone();
                broker.publish(message);
                broker.get(true);
            }
        })
    });
    row("publish into a full queue that drops its head", &sizes, |size| {
        let mut broker = Broker::new(false, &[("x-max-length", i64::from(size))]);
        broker.fill(size);
        each(OPERATIONS, || broker.fill(OPERATIONS))
    });
    row("publish and expire", &sizes, |size| {
        let mut broker = Broker::new(false, &[("x-message-ttl", 1_000)]);
        for n in 0..size {
            broker.now = Time(u64::from(n));
            broker.publish(broker.message.clone());
        }
        broker.now = Time(1_000_000_000);
        each(OPERATIONS, || {
            for _ in 0..OPERATIONS {
                broker.now = Time(broker.now.0 + 1);
                broker.publish(broker.message.clone());
            }
        })
    });
}

fn unsettled() {
    let sizes = [1_000, 10_000, 100_000, 1_000_000];
    head("ns an operation; unsettled deliveries of one channel:", &sizes);
    let held = |size: u32, consumer: bool| {
        let mut broker = Broker::new(true, &[]);
        if consumer {
            broker.consume(1, "c", 0);
        }
        broker.fill(size);
        if !consumer {
            (0..size).for_each(|_| broker.get(false));
        }
        broker
    };
    row("ack in order", &sizes, |size| {
        let mut broker = held(size, true);
        each(OPERATIONS, || (1..=OPERATIONS).for_each(|tag| broker.ack(1, tag)))
    });
    row("ack in no order", &sizes, |size| {
        let mut broker = held(size, true);
        each(OPERATIONS, || scattered(size).take(OPERATIONS as usize).for_each(|n| broker.ack(1, n + 1)))
    });
    row("ack all in no order", &sizes, |size| {
        let mut broker = held(size, true);
        each(size, || scattered(size).for_each(|n| broker.ack(1, n + 1)))
    });
    row("settle one in a transaction and roll it back", &sizes, |size| {
        let mut broker = held(size, true);
        broker.frame(1, 1, Method::TxSelect);
        each(OPERATIONS, || {
            for n in scattered(size).take(OPERATIONS as usize) {
                broker.ack(1, n + 1);
                broker.frame(1, 1, Method::TxRollback);
            }
        })
    });
    row("requeue in order", &sizes, |size| {
        let mut broker = held(size, false);
        each(size, || (1..=size).for_each(|tag| broker.nack(1, tag)))
    });
    row("requeue in no order", &sizes, |size| {
        let mut broker = held(size, false);
        each(size, || scattered(size).for_each(|n| broker.nack(1, n + 1)))
    });
    row("requeue and be given it again", &sizes, |size| {
        let mut broker = held(size, true);
        each(OPERATIONS, || scattered(size).take(OPERATIONS as usize).for_each(|n| broker.nack(1, n + 1)))
    });
    row("a consumer comes and goes", &sizes, |size| {
        let mut broker = held(size, true);
        each(OPERATIONS, || {
            for _ in 0..OPERATIONS {
                broker.consume(1, "d", 1);
                broker.cancel(1, "d");
            }
        })
    });
    row("closing the connection, for each delivery", &sizes, |size| {
        let mut broker = held(size, true);
        let ended = Input::Ended(ConnId(1), mqlab::machine::Ending::Reset);
        each(size, || broker.input(ended))
    });
}

fn consumers() {
    let sizes = [10, 100, 1_000, 10_000];
    head("ns an operation; consumers of one queue:", &sizes);
    let with = |size: u32, limit: u16, apart: bool| {
        let mut broker = Broker::new(false, &[]);
        for n in 0..size {
            let conn = if apart { n + 2 } else { 1 };
            if apart {
                broker.open(conn);
            }
            broker.consume(conn, &format!("c-{n}"), limit);
        }
        broker
    };
    for (apart, kind) in [(false, "on one channel"), (true, "on channels of their own")] {
        row(&format!("publish, {kind}"), &sizes, |size| {
            let mut broker = with(size, 0, apart);
            each(OPERATIONS, || broker.fill(OPERATIONS))
        });
        row(&format!("a consumer comes and goes, {kind}"), &sizes, |size| {
            let mut broker = with(size, 1, apart);
            let conn = if apart { 1 + size / 2 } else { 1 };
            each(OPERATIONS, || {
                for _ in 0..OPERATIONS {
                    broker.consume(conn, "new", 1);
                    broker.cancel(conn, "new");
                }
            })
        });
    }
    row("all full and a backlog: ack and be given the next", &sizes, |size| {
        let mut broker = with(size, 1, true);
        broker.fill(size + OPERATIONS);
        let mut tags = vec![1; size as usize];
        each(OPERATIONS, || {
            for n in (0..OPERATIONS).map(|n| n * 7 % size) {
                broker.ack(n + 2, tags[n as usize]);
                tags[n as usize] += 1;
            }
        })
    });
    row("all leave, one after the other", &sizes, |size| {
        let mut broker = with(size, 1, true);
        each(size, || {
            for n in scattered(size) {
                broker.cancel(n + 2, &format!("c-{n}"));
            }
        })
    });
}

fn neighbours() {
    let sizes = [10, 100, 1_000, 10_000];
    head("ns an operation; connections with a queue of their own each:", &sizes);
    let with = |size: u32| {
        let mut broker = Broker::new(false, &[]);
        for n in 0..size {
            broker.open(n + 2);
            broker.declare(n + 2, &format!("own-{n}"), true);
        }
        broker
    };
    row("a connection comes and goes", &sizes, |size| {
        let mut broker = with(size);
        each(OPERATIONS, || {
            for n in 0..OPERATIONS {
                broker.open(size + 2 + n);
                broker.declare(size + 2 + n, "own", true);
                broker.input(Input::Ended(ConnId(size + 2 + n), mqlab::machine::Ending::Reset));
            }
        })
    });
    row("a queue with an unsettled delivery comes and goes", &sizes, |size| {
        let mut broker = with(size);
        broker.queue = broker.names.intern("passing");
        each(OPERATIONS, || {
            for _ in 0..OPERATIONS {
                broker.declare(1, "passing", false);
                broker.publish(broker.message.clone());
                broker.get(false);
                let delete =
                    Method::QueueDelete { queue: broker.queue, if_unused: false, if_empty: false, nowait: true };
                broker.frame(1, 1, delete);
            }
        })
    });
    row("all end, one after the other", &sizes, |size| {
        let mut broker = with(size);
        each(size, || {
            for n in scattered(size) {
                broker.input(Input::Ended(ConnId(n + 2), mqlab::machine::Ending::Reset));
            }
        })
    });
}

fn main() {
    messages();
    unsettled();
    consumers();
    neighbours();
}
