//! Random scenarios, made as text, so that reading, checking and lowering are tested with them. A seed names one.
//!
//! Small on purpose: few messages and low limits, but every kind of exchange, policy and fault.

use crate::gallery::{self, Case};
use mqlab::scenario;
use mqlab::sim::Stream;
use std::fmt::Write;

/// The parts of a scenario, each an element of a list.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    pub seed: u64,
    /// `redis(…)`, or nothing for RabbitMQ.
    pub redis: Option<String>,
    pub version: &'static str,
    pub exchanges: Vec<String>,
    pub queues: Vec<String>,
    pub bindings: Vec<String>,
    pub producers: Vec<String>,
    pub consumers: Vec<String>,
    pub scripts: Vec<String>,
    pub faults: Vec<String>,
    pub network: String,
    pub disk: String,
}

/// What is left out or fixed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shape {
    /// Nothing breaks.
    pub calm: bool,
    /// No two parties do something at the same time by chance: each starts at its own fraction of a millisecond, and
    /// all spans are whole milliseconds.
    pub apart: bool,
    /// All begins so many seconds later.
    pub later: u64,
}

impl Parts {
    /// The scenario as text.
    pub fn text(&self) -> String {
        let list = |items: &[String]| items.join(", ");
        let broker = match &self.redis {
            Some(redis) => redis.clone(),
            None => format!(
                "rabbitmq(version: \"{}\", exchanges: [{}], queues: [{}], bindings: [{}])",
                self.version,
                list(&self.exchanges),
                list(&self.queues),
                list(&self.bindings)
            ),
        };
        format!(
            "Scenario(\n    title: \"random\",\n    seed: {},\n    broker: {broker},\n    producers: [{}],\n    \
             consumers: [{}],\n    scripts: [{}],\n    network: {},\n    disk: {},\n    faults: [{}],\n    \
             limits: (events: 20_000, time: \"1h\"),\n)\n",
            self.seed,
            list(&self.producers),
            list(&self.consumers),
            list(&self.scripts),
            self.network,
            self.disk,
            list(&self.faults)
        )
    }
}

struct Maker {
    draw: Stream,
    shape: Shape,
    redis: bool,
    queues: u64,
    clients: Vec<String>,
    consumers: u64,
}

impl Maker {
    fn below(&mut self, n: u64) -> u64 {
        self.draw.below(n)
    }
    /// One in `n`.
    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }
    fn truth(&mut self) -> &'static str {
        self.pick(&["true", "false"])
    }
    fn timing(&mut self) -> &'static str {
        if self.shape.apart {
            return self.pick(&["\"1ms\"", "\"3ms\"", "\"10ms\""]);
        }
        self.pick(&["\"0s\"", "\"1ms\"", "\"3ms\"", "\"10ms\"", "uniform(\"1ms\", \"5ms\")", "exponential(\"4ms\")"])
    }
    /// The start of the party with this number.
    fn start(&mut self, number: u64) -> String {
        let own = match (self.shape.apart, self.below(3)) {
            (true, _) => 1_000_037 + 3_141_593 * number,
            (false, 0) => 0,
            (false, n) => n * 5_000_000,
        };
        format!("\"{}ns\"", self.shape.later * 1_000_000_000 + own)
    }
    fn reconnect(&mut self) -> &'static str {
        self.pick(&["", ", reconnect: (after: \"20ms\")", ", reconnect: (after: \"50ms\", max: 3)"])
    }
    fn restart(&mut self) -> &'static str {
        self.pick(&["", ", restart: \"30ms\"", ", restart: \"100ms\""])
    }

    fn queue(&mut self, n: u64) -> String {
        let durable = self.truth();
        let arguments = match self.below(10) {
            0 => ", arguments: {\"x-max-length\": 2}",
            1 => ", arguments: {\"x-max-length\": 2, \"x-overflow\": \"reject-publish\"}",
            2 => ", arguments: {\"x-message-ttl\": 15}",
            3 => ", arguments: {\"x-message-ttl\": 10, \"x-dead-letter-exchange\": \"dead\"}",
            4 => ", arguments: {\"x-dead-letter-exchange\": \"dead\"}",
            5 => ", arguments: {\"x-max-priority\": 3}",
            6 => ", arguments: {\"x-single-active-consumer\": true}",
            _ => "",
        };
        format!("(name: \"q{n}\", durable: {durable}{arguments})")
    }

    fn binding(&mut self, n: u64) -> String {
        let key = self.pick(&["a.b", "a.*", "#", "c"]);
        let arguments = self.pick(&["", ", arguments: {\"x-match\": \"any\", \"h\": 1}"]);
        format!("(from: \"x\", to: \"q{n}\", key: \"{key}\"{arguments})")
    }

    /// A series; of questions, where the producer asks for answers.
    fn publish(&mut self, producer: u64, asks: bool) -> String {
        let count = 1 + self.below(6);
        let every = self.timing();
        if self.redis {
            let to = self.below(self.queues);
            let asked = if asks { ", reply_to: \"q0\"" } else { "" };
            return format!("(to: \"q{to}\", id: \"m{producer}-{{n}}\", count: {count}, every: {every}{asked})");
        }
        let queue = format!("q{}", self.below(self.queues));
        let key = self.pick(&["a.b", "a.c", "c", "nowhere"]);
        let (to, key) = if self.one_in(2) { ("x", key) } else { ("", queue.as_str()) };
        let (persistent, mandatory) = (self.truth(), if self.one_in(5) { "true" } else { "false" });
        let more = match self.below(8) {
            0 => ", priority: 2",
            1 => ", expiration: \"8ms\"",
            2 => ", headers: {\"h\": 1}",
            3 if !asks => ", reply_to: \"q0\", correlation_id: \"c-{n}\"",
            _ => "",
        };
        let more = if asks { ", reply_to: \"q0\", correlation_id: \"c-{n}\"" } else { more };
        format!(
            "(to: \"{to}\", key: \"{key}\", id: \"m{producer}-{{n}}\", count: {count}, every: {every}, \
             persistent: {persistent}, mandatory: {mandatory}{more})"
        )
    }

    fn reliability(&mut self) -> String {
        let retry = ["give_up", "republish(max: 3)", "republish(max: 2, backoff: \"5ms\")"];
        if self.one_in(4) {
            "fire_and_forget".to_owned()
        } else if !self.redis && self.one_in(3) {
            let every = 1 + self.below(3);
            let back = self.pick(&["", "", ", rollback_every: 2"]);
            let timeout = self.pick(&["", ", timeout: \"40ms\""]);
            let late = self.pick(&retry);
            format!("transactions(every: {every}{back}{timeout}, on_timeout: {late})")
        } else {
            let window = self.below(4);
            let batch = self.pick(&["", "", ", batch: 2"]);
            let timeout = self.pick(&["", ", timeout: \"40ms\"", ", timeout: \"150ms\""]);
            let (late, refused) = (self.pick(&retry), self.pick(&retry));
            format!("confirms(window: {window}{batch}{timeout}, on_timeout: {late}, on_refused: {refused})")
        }
    }

    /// What a producer does beside its publishing: a table, or a wait for answers.
    fn beside(&mut self, reliability: &str) -> String {
        let mut text = String::new();
        if reliability.starts_with("confirms") && self.one_in(4) {
            let _ = write!(text, ", outbox: (every: \"7ms\", batch: {})", 1 + self.below(3));
        } else if self.one_in(6) {
            let (first, gap) = (self.pick(&["table", "broker"]), self.pick(&["0s", "2ms"]));
            let _ = write!(text, ", dual_write: (first: {first}, gap: \"{gap}\")");
        }
        if !self.redis && self.one_in(4) {
            let to = self.pick(&["q0", "morgue"]);
            let _ = write!(text, ", on_returned: republish(to: \"\", key: \"{to}\")");
        }
        text
    }

    fn producer(&mut self, n: u64) -> String {
        let asks = self.one_in(8);
        let (reliability, beside) = if asks {
            let (retry, correlation) = (self.below(3), self.truth());
            let waits =
                format!(", expects_reply: (timeout: \"30ms\", retry: {retry}, check_correlation: {correlation})");
            ("fire_and_forget".to_owned(), waits)
        } else {
            let reliability = self.reliability();
            let beside = self.beside(&reliability);
            (reliability, beside)
        };
        let (publish, start) = (self.publish(n, asks), self.start(n));
        let (reconnect, restart) = (self.reconnect(), self.restart());
        format!(
            "(name: \"p{n}\", publish: [{publish}], reliability: {reliability}{beside}, start: \
             {start}{reconnect}{restart})"
        )
    }

    fn ack(&mut self) -> &'static str {
        const USUAL: [&str; 6] =
            ["automatic", "before_work", "after_work", "after_work", "batch(2, flush: \"20ms\")", "never"];
        const MISTAKES: [&str; 3] = ["twice", "wrong_channel", "stale"];
        if !self.redis && self.one_in(6) { self.pick(&MISTAKES) } else { self.pick(&USUAL) }
    }

    /// How a consumer gets its messages and passes them on.
    fn ways(&mut self, ack: &str) -> String {
        let mut text = String::new();
        text += self.pick(&["", "", "", ", reply: true", ", reply: \"re-{id}\""]);
        if self.one_in(6) {
            let work = self.timing();
            let which = self.pick(&["every: 2", "message: \"m0-1\""]);
            let _ = write!(text, ", slow: [({which}, work: {work})]");
        }
        if self.redis {
            return text;
        }
        if self.one_in(5) {
            let _ = write!(text, ", poll: (every: \"4ms\", batch: {})", 1 + self.below(3));
        }
        // Where nobody takes from: what is passed on does not go round.
        if !matches!(ack, "automatic" | "before_work" | "never") && self.one_in(5) {
            let after = 1 + self.below(3);
            let _ = write!(text, ", park: (after: {after}, to: \"morgue\", count: header)");
        }
        if self.one_in(5) {
            let (confirms, order) = (self.truth(), self.pick(&["before_ack", "after_ack"]));
            let _ = write!(
                text,
                ", forward: (to: \"\", key: \"morgue\", id: \"on-{{id}}\", confirms: {confirms}, order: {order})"
            );
        }
        text
    }

    fn consumer(&mut self, n: u64, number: u64) -> String {
        let from = self.below(self.queues);
        let ack = self.ack();
        let (prefetch, parallel, work) = (self.below(4), 1 + self.below(2), self.timing());
        let mut text = format!(
            "(name: \"c{n}\", from: \"q{from}\", ack: {ack}, prefetch: {prefetch}, parallel: {parallel}, work: {work}, \
             start: {}",
            self.start(number)
        );
        text += self.pick(&[
            "",
            ", effect: insert(table: \"t\")",
            ", effect: upsert(table: \"t\", key: \"{id}\")",
            ", effect: insert_unique(table: \"t\", key: \"{id}\")",
            ", effect: add(table: \"t\", by: 2)",
            ", effect: update(table: \"t\", key: \"{id}\")",
            ", effect: by_message({\"m0-1\": insert(table: \"t\"), \"m0-2\": delete(table: \"t\", key: \"m0-1\")})",
        ]);
        if self.one_in(3) {
            let then = self.pick(&["requeue", "reject", "swallow", "hang", "crash", "crash_after_effect"]);
            let which = self.pick(&["every: 3", "message: \"m0-1\""]);
            let _ = write!(text, ", fail: [({which}, times: 2, then: {then})]");
        }
        text += self.pick(&[
            "",
            "",
            ", dedup: memory(size: 3)",
            ", dedup: memory()",
            ", dedup: memory(by: delivery)",
            ", dedup: table(\"seen\")",
            ", dedup: table(\"seen\", in_transaction: true)",
        ]);
        text += &self.ways(ack);
        text += self.reconnect();
        text += self.restart();
        text + ")"
    }

    fn script(&mut self, number: u64) -> String {
        let start = self.start(number);
        let last = self.pick(&["tx_commit()", "tx_rollback()", "channel_close()", "connection_close()", "abort()"]);
        format!(
            "(name: \"s0\", start: {start}, steps: [channel_open(channel: 1), basic_get(queue: \"q0\"), \
             wait(\"5ms\"), tx_select(), basic_publish(exchange: \"\", key: \"q0\", size: 10), {last}])"
        )
    }

    fn client(&mut self) -> String {
        let n = self.below(self.clients.len() as u64) as usize;
        self.clients[n].clone()
    }
    fn party(&mut self) -> String {
        if self.one_in(3) { "broker".to_owned() } else { self.client() }
    }

    fn moment(&mut self) -> String {
        let nth = 1 + self.below(4);
        let nth = match self.below(4) {
            0 => format!("{nth}, every: {}", 1 + self.below(4)),
            _ => nth.to_string(),
        };
        let method = if self.redis {
            self.pick(&["rpush", "lpush", "brpop", "integer", "bulk", "lrem"])
        } else {
            self.pick(&[
                "basic.publish",
                "basic.deliver",
                "basic.ack",
                "basic.consume",
                "confirm.select",
                "queue.declare",
            ])
        };
        let consumer = self.below(self.consumers);
        match self.below(9) {
            0 | 1 => format!("at(\"{}us\")", self.shape.later * 1_000_000 + 1_713 * (1 + self.below(40))),
            2 => format!("sending(method: \"{method}\", nth: {nth})"),
            3 => format!("arriving(method: \"{method}\", nth: {nth})"),
            4 => {
                let who = self.client();
                let (end, word) = (self.pick(&["from", "to"]), self.pick(&["sending", "arriving"]));
                format!("{word}({end}: \"{who}\", nth: {nth})")
            }
            5 => {
                let word = self.pick(&["before_fsync", "after_write", "after_fsync"]);
                let covers = self.pick(&["", "covers: \"m0-1\", "]);
                format!("{word}({covers}nth: {nth})")
            }
            6 => format!("worked(\"c{consumer}\", nth: {nth})"),
            7 => format!("received(\"c{consumer}\", nth: {nth})"),
            _ => format!("with(\"1/2\", when: received(\"c{consumer}\"))"),
        }
    }

    /// What breaks, but for the moment and the closing parenthesis.
    fn action(&mut self) -> String {
        let restart = self.restart();
        match self.below(9) {
            0 | 1 => {
                let client = self.client();
                let losing = match self.below(4) {
                    0 => String::new(),
                    1 => ", losing: to(\"broker\")".to_owned(),
                    2 => ", how: half_open".to_owned(),
                    _ => format!(", losing: to(\"{client}\")"),
                };
                format!("cut(between: (\"{client}\", \"broker\"){losing}")
            }
            2 => format!("kill(\"{}\"{restart}", self.party()),
            3 => format!("power_loss(\"broker\", torn: {}{restart}", self.truth()),
            4 => format!("stop(\"{}\"{restart}", self.party()),
            5 => format!("pause(\"{}\", lasting: \"25ms\"", self.party()),
            6 | 7 => self.link_fault(),
            _ => {
                let how = self.pick(&[
                    "slow_disk(\"broker\", factor: 3",
                    "slow_disk(\"broker\", fsync: uniform(\"1ms\", \"20ms\")",
                    "stall_disk(\"broker\"",
                    "full_disk(\"broker\"",
                    "lying_disk(\"broker\"",
                    "fail_disk(\"broker\"",
                ]);
                format!("{how}, lasting: {}", self.pick(&["\"3ms\"", "\"30ms\""]))
            }
        }
    }

    fn link_fault(&mut self) -> String {
        let client = self.client();
        let towards = match self.below(3) {
            0 => ", towards: \"broker\"".to_owned(),
            1 => format!(", towards: \"{client}\""),
            _ => String::new(),
        };
        let lasting = self.pick(&["\"7ms\"", "\"40ms\"", "\"25s\""]);
        match self.below(4) {
            0 => format!("black_hole(between: (\"{client}\", \"broker\"){towards}, lasting: {lasting}"),
            1 => {
                let how = self.pick(&["latency: \"9ms\"", "bandwidth: \"20kB\""]);
                format!("slow(between: (\"{client}\", \"broker\"){towards}, {how}, lasting: {lasting}")
            }
            2 => format!("partition(\"{client}\"{towards}, lasting: {lasting}"),
            _ => format!("partition(between: ([\"{client}\"], [\"broker\"]){towards}, lasting: {lasting}"),
        }
    }

    fn fault(&mut self, n: usize) -> String {
        if self.one_in(8) && !self.shape.apart {
            let draw: Vec<String> = (0..1 + self.below(3)).map(|_| self.action() + ")").collect();
            // Two that begin at the same instant would do so in the order of their declaration.
            let (from, until) = (self.shape.later * 1_000 + 1 + n as u64, self.shape.later * 1_000 + 60);
            let every = self.pick(&["exponential(\"15ms\")", "uniform(\"2ms\", \"30ms\")"]);
            let draw = draw.join(", ");
            let span = format!("from: \"{from}ms\", until: \"{until}ms\"");
            return format!("(name: \"f{n}\", what: nemesis(every: {every}, {span}, draw: [{draw}]))");
        }
        let moment = self.moment();
        let times = if moment.contains("every:") { self.pick(&["", ", times: 2"]) } else { "" };
        format!("(name: \"f{n}\", what: {}, when: {moment}){times})", self.action())
    }

    /// Now and then a link of its own: a lossy one.
    fn links(&mut self) -> String {
        if !self.one_in(6) || self.shape.calm {
            return String::new();
        }
        let client = self.client();
        let lossy = self.pick(&[
            "drop: \"1/5\"",
            "duplicate: \"1/4\"",
            "overtake: \"1/3\"",
            "drop: \"1/9\", overtake: \"1/2\"",
        ]);
        format!(", links: [(between: (\"{client}\", \"broker\"), lossy: ({lossy}))]")
    }
}

/// The parts of the scenario with this seed.
pub fn parts(seed: u64, shape: Shape) -> Parts {
    let mut m = Maker {
        draw: Stream::new(seed, "random scenario"),
        shape,
        redis: false,
        queues: 1,
        clients: Vec::new(),
        consumers: 1,
    };
    m.redis = m.one_in(4);
    m.queues = 1 + m.below(3);
    m.consumers = 1 + m.below(3);
    let producers = m.queues.max(1 + m.below(2)).min(2);
    let queues = if m.redis { m.queues.min(producers) } else { m.queues };
    let mut parts = Parts { seed: 1 + seed, version: m.pick(&["3.7", "3.10", "3.13", "4.1"]), ..Parts::default() };
    if m.redis {
        // A list is known where somebody pushes to it: all to one.
        m.queues = 1;
        let aof = m.pick(&["", "aof: true", "aof: true, appendfsync: always", "aof: true, appendfsync: no"]);
        parts.redis = Some(format!("redis({aof})"));
    } else {
        let kind = m.pick(&["direct", "fanout", "topic", "headers"]);
        let durable = m.truth();
        parts.exchanges.push(format!("(name: \"x\", kind: {kind}, durable: {durable})"));
        parts.exchanges.push("(name: \"dead\", kind: fanout, durable: true)".to_owned());
        parts.queues = (0..queues).map(|n| m.queue(n)).collect();
        parts.queues.push("(name: \"morgue\", durable: true)".to_owned());
        parts.bindings = (0..queues).map(|n| m.binding(n)).collect();
        parts.bindings.push("(from: \"dead\", to: \"morgue\")".to_owned());
    }
    m.clients.extend((0..producers).map(|n| format!("p{n}")).chain((0..m.consumers).map(|n| format!("c{n}"))));
    parts.producers = (0..producers).map(|n| m.producer(n)).collect();
    parts.consumers = (0..m.consumers).map(|n| m.consumer(n, producers + n)).collect();
    if !m.redis && m.one_in(4) {
        parts.scripts.push(m.script(producers + m.consumers));
        m.clients.push("s0".to_owned());
    }
    let latency = if shape.apart {
        "\"1ms\""
    } else {
        m.pick(&["\"0s\"", "\"1ms\"", "uniform(\"1ms\", \"3ms\")", "exponential(\"1ms\")"])
    };
    let bandwidth = m.pick(&["", "", ", bandwidth: \"100kB\""]);
    let timeout = m.pick(&["", ", tcp_timeout: \"10s\""]);
    let links = m.links();
    parts.network = format!("(latency: {latency}{bandwidth}{timeout}{links})");
    parts.disk = m
        .pick(&["(fsync: \"2ms\")", "(write: \"1ms\", fsync: \"9ms\")", "(fsync: uniform(\"1ms\", \"6ms\"))"])
        .to_owned();
    if !shape.calm {
        parts.faults = (0..m.below(4) as usize).map(|n| m.fault(n)).collect();
    }
    parts
}

/// The scenario with this text, ready to run; its name is its seed and its text, so that a failure shows both.
pub fn lowered(seed: u64, text: &str) -> Case {
    let name = format!("random scenario {seed}\n{text}");
    let source =
        scenario::read(text).unwrap_or_else(|e| panic!("{text}\n{}", e.render("random", scenario::Look::PLAIN)));
    gallery::case(&name, &source, None)
}

/// The scenarios with these seeds.
pub fn cases(seeds: std::ops::Range<u64>) -> impl Iterator<Item = Case> {
    seeds.map(|seed| lowered(seed, &parts(seed, Shape::default()).text()))
}
