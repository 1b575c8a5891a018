//! Small worlds made by hand.

use super::plan::{ClientPlan, FaultKind, FaultPlan, NodePlan, Plan, Program, Trigger};
use super::*;
use crate::app::{
    AckPolicy, Backoff, ConsumerSpec, ProducerSpec, Reconnect, Reliability, Retry, Spec, Template, Timing,
};
use crate::ids::{ActorId, EventId, Name, Names};
use crate::machine::{Session, Take};
use crate::net::Link;
use crate::sim::{Limits, Spread};
use crate::systems::NodeConfig;
use crate::trace::{ActorKind, Header, Log, Observable, Outcome};
use crate::units::{Ratio, Span};
use std::sync::Arc;

fn plan(faults: impl Fn(&mut Names) -> Vec<FaultPlan>, settle: bool) -> Arc<Plan> {
    let mut names = Names::new();
    let list = names.intern("jobs");
    let producer = Spec::Producer(ProducerSpec {
        plans: vec![crate::app::Plan {
            to: list,
            keys: vec![],
            id: Template::new("job-{n}", &mut names).unwrap(),
            count: 3,
            every: Timing::Constant(Span::millis(10)),
            start: Span::ZERO,
            size: 100,
            mandatory: false,
            props: Default::default(),
            reply_to: Name::NONE,
            correlation: None,
        }],
        reliability: Reliability::Confirms {
            window: 1,
            batch: None,
            timeout: Some(Span::millis(200)),
            on_timeout: Retry::Republish { max: 5 },
            on_refused: Retry::GiveUp,
            backoff: Backoff::default(),
        },
        reconnect: Some(Reconnect { after: Span::millis(50), max: 0 }),
    });
    let consumer = Spec::Consumer(ConsumerSpec {
        name: names.intern("worker"),
        ack: if settle { AckPolicy::AfterWork } else { AckPolicy::Auto },
        work: Timing::Constant(Span::millis(5)),
        parallel: 1,
        fail: vec![],
        effect: None,
        reply: None,
        dedup: None,
        reconnect: Some(Reconnect { after: Span::millis(50), max: 0 }),
    });
    let session = |confirms, take| Arc::new(Session { confirms, take, heartbeat: None });
    let client = |name: &str, kind, spec, session| ClientPlan {
        name: name.to_owned(),
        kind,
        node: 0,
        program: Program::App { spec: Arc::new(spec), session },
        start: Span::ZERO,
        restart: Some(Span::secs(1)),
    };
    let faults = faults(&mut names);
    names.share();
    Arc::new(Plan {
        header: Header::default(),
        names,
        seed: 1,
        limits: Limits::default(),
        until: None,
        nodes: vec![NodePlan {
            name: "redis".to_owned(),
            config: NodeConfig::Redis(Arc::new(crate::redis::Config::default())),
            disk: crate::disk::Speed::default(),
        }],
        clients: vec![
            client("shop", ActorKind::Producer, producer, session(true, None)),
            client(
                "worker",
                ActorKind::Consumer,
                consumer,
                session(false, Some(Take { from: list, auto_settle: !settle, prefetch: 1, options: Arc::default() })),
            ),
        ],
        link: Link { latency: Spread::Fixed(Span::millis(1)), bandwidth: None },
        links: vec![],
        faults,
    })
}

fn run(plan: &Arc<Plan>) -> (Log, World) {
    let mut world = World::new(plan);
    let mut log = Log::new(Header::default());
    let mut fold = Observable::new();
    let mut seen = 0;
    loop {
        let done = world.step(&mut log);
        while seen < log.events().len() {
            for delta in log.deltas(EventId(seen as u32)) {
                assert!(fold.apply(delta), "{delta:?} at event {seen}");
            }
            seen += 1;
        }
        assert_eq!(fold, world.observe(), "after event {seen}: {:?}", log.events().last());
        if done.is_some() {
            break;
        }
    }
    log.adopt(&world.tables());
    (log, world)
}

#[test]
fn a_list_carries_every_job_to_the_worker() {
    let plan = plan(|_| vec![], true);
    let (_, world) = run(&plan);
    assert_eq!(world.outcome(), Some(Outcome::Quiescent));
}

#[test]
fn a_worker_killed_at_work_loses_the_job_that_it_popped() {
    let plan = plan(
        |names| {
            vec![FaultPlan {
                name: "kill".to_owned(),
                what: FaultKind::Kill { actor: ActorId(1), restart: Some(Span::millis(100)) },
                when: Trigger::Received { client: ActorId(1), message: names.intern("job-2"), nth: 1 },
                chance: Ratio::ONE,
            }]
        },
        false,
    );
    let (_, world) = run(&plan);
    assert_eq!(world.strikes().collect::<Vec<_>>(), [1]);
}

#[test]
fn a_run_that_would_take_too_much_memory_ends_with_that_outcome() {
    let mut plan = (*plan(|_| vec![], true)).clone();
    plan.limits.memory = 1;
    plan.clients.pop();
    if let Program::App { spec, .. } = &mut plan.clients[0].program
        && let Spec::Producer(producer) = Arc::make_mut(spec)
    {
        producer.plans[0].count = 100_000;
    }
    let mut world = World::new(&Arc::new(plan));
    assert_eq!(world.run(&mut ()), Outcome::MemoryLimit);
}
