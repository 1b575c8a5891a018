//! The pipeline as an ordinary scenario: a producer with confirms, a broker with one queue, a consumer with prefetch 10
//! that acknowledges each message. Built by hand and run through the simulator's public interface.
//!
//! The counterpart of the loop in `reference::pipeline`; nothing in it is made for the benchmark.

#![allow(dead_code, reason = "each benchmark uses its own part of the workload")]
#![allow(unreachable_pub, reason = "a benchmark is a crate of its own")]

use mqlab::amqp::exchange::{Kind, Target};
use mqlab::amqp::{BindingSpec, Config, ExchangeSpec, QueueSpec, Table};
use mqlab::app::{
    self, AckPolicy, Backoff, Books, ConsumerSpec, ProducerSpec, Reliability, Retry, Spec, Template, Timing,
};
use mqlab::disk::Speed;
use mqlab::ids::{Name, Names};
use mqlab::machine::{Session, SharedProps, Take};
use mqlab::net::Link;
use mqlab::sim::{Limits, Spread};
use mqlab::systems::NodeConfig;
use mqlab::trace::{ActorKind, Destination, Header, Observable, Observer, Outcome};
use mqlab::units::{Span, Time};
use mqlab::verdict::{Counts, Findings, Verdict, Word};
use mqlab::world::plan::{ClientPlan, NodePlan, Plan, Program};
use mqlab::world::{VERBS, World};
use std::sync::Arc;

/// The mean time between two publishes.
const GAP: Span = Span::micros(250);
/// The least time on a link direction.
const LATENCY: Span = Span::millis(1);
/// What is drawn on top of it is less than this.
const JITTER: Span = Span::micros(200);
const PREFETCH: u32 = 10;

/// Names of the route that a message takes.
struct Route {
    exchange: Name,
    key: &'static str,
    queue: Name,
}

/// A RabbitMQ node with a direct exchange and one durable queue.
fn broker(names: &mut Names) -> (NodeConfig, Route) {
    let vhost = names.intern("/");
    let route = Route { exchange: names.intern("orders"), key: "created", queue: names.intern("billing") };
    let arguments = Arc::new(Table::default());
    let mut config = Config::new(vhost);
    config.heartbeat = 0;
    config.exchanges.push(ExchangeSpec {
        vhost,
        name: route.exchange,
        kind: Kind::Direct,
        durable: true,
        auto_delete: false,
        internal: false,
        arguments: Arc::clone(&arguments),
    });
    config.queues.push(QueueSpec {
        vhost,
        name: route.queue,
        durable: true,
        auto_delete: false,
        arguments: Arc::clone(&arguments),
    });
    config.bindings.push(BindingSpec {
        vhost,
        source: route.exchange,
        target: Target::Queue(route.queue),
        key: names.intern(route.key),
        arguments,
    });
    (NodeConfig::Amqp(Arc::new(config)), route)
}

fn producer(messages: u32, route: &Route, names: &mut Names) -> Spec {
    Spec::Producer(ProducerSpec {
        plans: vec![app::Plan {
            to: route.exchange,
            keys: vec![Template::new(route.key, names).expect("a key without braces")],
            id: Template::new("order-{n}", names).expect("a series"),
            count: messages,
            every: Timing::Exponential(GAP),
            start: Span::ZERO,
            size: 100,
            mandatory: false,
            props: SharedProps::default(),
            reply_to: Name::NONE,
            correlation: None,
        }],
        reliability: Reliability::Confirms {
            window: 0,
            batch: None,
            timeout: None,
            on_timeout: Retry::GiveUp,
            on_refused: Retry::GiveUp,
            backoff: Backoff::default(),
        },
        reconnect: None,
        on_returned: None,
        books: Books::None,
    })
}

fn consumer(names: &mut Names) -> Spec {
    Spec::Consumer(ConsumerSpec {
        parallel: PREFETCH,
        ..ConsumerSpec::plain(names.intern("biller"), AckPolicy::AfterWork)
    })
}

fn client(name: &str, kind: ActorKind, spec: Spec, session: Session) -> ClientPlan {
    ClientPlan {
        name: name.to_owned(),
        kind,
        node: 0,
        program: Program::App { spec: Arc::new(spec), session: Arc::new(session) },
        start: Span::ZERO,
        restart: None,
    }
}

/// The pipeline with this many messages.
pub fn pipeline(messages: u32) -> Arc<Plan> {
    let mut names = Names::new();
    let (config, route) = broker(&mut names);
    let take = Take { from: route.queue, auto_settle: false, prefetch: PREFETCH, options: Arc::default(), poll: None };
    let clients = vec![
        client(
            "shop",
            ActorKind::Producer,
            producer(messages, &route, &mut names),
            Session { confirms: true, take: None, heartbeat: Some(Span::ZERO), access: None, transactions: false },
        ),
        client(
            "biller",
            ActorKind::Consumer,
            consumer(&mut names),
            Session {
                confirms: false,
                take: Some(take),
                heartbeat: Some(Span::ZERO),
                access: None,
                transactions: false,
            },
        ),
    ];
    names.share();
    let mut plan = Plan {
        header: Header::default(),
        names,
        seed: 1,
        limits: Limits { events: u64::MAX, time: Time::NEVER, messages: u64::MAX, memory: u64::MAX },
        until: None,
        nodes: vec![NodePlan { name: "broker".to_owned(), config, disk: Speed::default() }],
        clients,
        link: Link { latency: Spread::Uniform { lo: LATENCY, hi: LATENCY + JITTER }, bandwidth: None, lossy: None },
        links: vec![],
        tcp_timeout: Span::secs(900),
        faults: vec![],
        roads: vec![],
        nemeses: vec![],
    };
    plan.header.actors = plan.actors();
    plan.header.destinations =
        vec![Destination { consumer: plan.client_id(1), from: "billing".to_owned(), table: None, adds: false }];
    Arc::new(plan)
}

/// A world that runs the pipeline again and again, and the verdict on its runs.
pub struct Bench {
    world: World,
    verdict: Verdict,
    state: Observable,
    messages: u64,
}

impl Bench {
    pub fn new(messages: u32) -> Bench {
        let plan = pipeline(messages);
        let verdict = Verdict::new(&plan.header, VERBS);
        Bench { world: World::new(&plan), verdict, state: Observable::new(), messages: u64::from(messages) }
    }

    /// The plan's actors, for a log's header.
    pub fn header(&self) -> Header {
        self.world.plan().header.clone()
    }

    /// One run, watched by `observer`. Gives how many entries of the calendar it took.
    pub fn run<O: Observer>(&mut self, seed: u64, observer: &mut O) -> u64 {
        self.world.reset(seed);
        let outcome = self.world.run(observer);
        assert_eq!(outcome, Outcome::Quiescent, "every message makes it");
        self.world.steps()
    }

    /// One run and what came of it.
    pub fn judged(&mut self, seed: u64) -> Findings {
        self.watched(seed, &mut ())
    }

    /// One run and how much came of it.
    pub fn counted(&mut self, seed: u64) -> Counts {
        self.verdict.reset();
        self.world.reset(seed);
        self.world.run(&mut self.verdict);
        self.world.observe_places(&mut self.state);
        self.verdict.counts(&self.state, &self.world.tables())
    }

    /// One run and what came of it, also watched by `observer`.
    pub fn watched<O: Observer>(&mut self, seed: u64, observer: &mut O) -> Findings {
        self.verdict.reset();
        self.world.reset(seed);
        self.world.run(&mut (&mut self.verdict, observer));
        self.world.observe_places(&mut self.state);
        self.verdict.finish(&self.state, &self.world.tables())
    }

    /// One run and what came of it, with all of it in `log`.
    pub fn recorded(&mut self, seed: u64, log: &mut mqlab::trace::Log) -> Findings {
        let findings = self.watched(seed, log);
        log.adopt(&self.world.tables());
        findings
    }

    /// Refuses findings in which a message is not confirmed and worked on exactly once.
    pub fn check(&self, findings: &Findings) {
        let done: u64 = findings.consumers.iter().map(|view| u64::from(view.done)).sum();
        assert_eq!(done, self.messages, "every message is worked on");
        for word in [Word::Lost, Word::Stuck, Word::Duplicated, Word::Unknown, Word::Reordered] {
            assert_eq!(findings.count(word), 0, "{}", word.name());
        }
    }
}
