//! Small worlds made by hand.

use super::plan::{ClientPlan, FaultKind, FaultPlan, NodePlan, Plan, Program, Trigger, Turn};
use super::*;
use crate::app::{
    AckPolicy, Backoff, Books, ConsumerSpec, ProducerSpec, Reconnect, Reliability, Retry, Spec, Template, Timing,
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
        on_returned: None,
        books: Books::None,
    });
    let consumer = Spec::Consumer(ConsumerSpec {
        work: Timing::Constant(Span::millis(5)),
        reconnect: Some(Reconnect { after: Span::millis(50), max: 0 }),
        ..ConsumerSpec::plain(names.intern("worker"), if settle { AckPolicy::AfterWork } else { AckPolicy::Auto })
    });
    let session =
        |confirms, take| Arc::new(Session { confirms, take, heartbeat: None, access: None, transactions: false });
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
                session(
                    false,
                    Some(Take { from: list, auto_settle: !settle, prefetch: 1, options: Arc::default(), poll: None }),
                ),
            ),
        ],
        link: Link { latency: Spread::Fixed(Span::millis(1)), bandwidth: None, lossy: None },
        links: vec![],
        tcp_timeout: Span::secs(900),
        faults,
        roads: vec![],
        nemeses: vec![],
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
                when: Trigger::Received { client: ActorId(1), message: names.intern("job-2"), nth: Turn::only(1) },
                chance: Ratio::ONE,
                times: 0,
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

/// The instant of the event under a note of this kind about this message, and how many came before a fault's end.
fn times(log: &Log, world: &World, what: crate::trace::What, message: &str) -> Vec<crate::units::Time> {
    let name = world.find_name(message).unwrap();
    let fits = |kind: crate::trace::Kind| matches!(kind, crate::trace::Kind::Note { what: w, message: m, .. } if w == what && m == name);
    log.events().iter().filter(|event| fits(event.kind)).map(|event| event.time).collect()
}

fn nap(name: &str, when: Trigger) -> FaultPlan {
    let what = FaultKind::Pause { actor: ActorId(1), lasts: Span::secs(1) };
    FaultPlan { name: name.to_owned(), what, when, chance: Ratio::ONE, times: 0 }
}

#[test]
fn a_pause_begins_before_its_process_acts_on_what_it_received() {
    let received = |names: &mut Names| Trigger::Received {
        client: ActorId(1),
        message: names.intern("job-2"),
        nth: Turn::only(1),
    };
    let calm = run(&plan(|_| vec![], true));
    let slow = run(&plan(|names| vec![nap("nap", received(names))], true));
    assert_eq!(slow.1.strikes().collect::<Vec<_>>(), [1]);
    for what in [crate::trace::What::Received, crate::trace::What::WorkBegan, crate::trace::What::WorkDone] {
        let [calm, slow] = [&calm, &slow].map(|(log, world)| times(log, world, what, "job-2"));
        assert_eq!(slow, [calm[0] + Span::secs(1)], "{what:?} waits for the end of the pause");
    }
}

#[test]
fn a_pause_after_work_holds_the_settling_back() {
    let worked =
        |names: &mut Names| Trigger::Worked { client: ActorId(1), message: names.intern("job-2"), nth: Turn::only(1) };
    let (log, world) = run(&plan(|names| vec![nap("nap", worked(names))], true));
    let done = times(&log, &world, crate::trace::What::WorkDone, "job-2")[0];
    let sent = log.events().iter().filter(|event| {
        let crate::trace::Kind::Sent(frame) = event.kind else { return false };
        let frame = &log.frames[frame.at()];
        event.actor == ActorId(1) && frame.message == world.find_name("job-2").unwrap()
    });
    assert_eq!(sent.map(|event| event.time).collect::<Vec<_>>(), [done + Span::secs(1)]);
}

#[test]
fn all_faults_that_fit_a_moment_strike_in_the_order_of_their_declaration() {
    let when =
        |names: &mut Names| Trigger::Worked { client: ActorId(1), message: names.intern("job-2"), nth: Turn::only(1) };
    let fault = |name: &str, what, when| FaultPlan { name: name.to_owned(), what, when, chance: Ratio::ONE, times: 0 };
    let (client, node) = (ActorId(1), ActorId(2));
    let cut = FaultKind::Cut { client, node, losing_to_client: true, losing_to_node: true, half_open: false };
    let kill = FaultKind::Kill { actor: ActorId(1), restart: Some(Span::millis(100)) };
    let crash = FaultKind::Kill { actor: ActorId(2), restart: Some(Span::millis(300)) };
    let (log, world) = run(&plan(
        |names| {
            let when = when(names);
            vec![fault("cut", cut, when), fault("kill", kill, when), fault("crash", crash, when)]
        },
        true,
    ));
    assert_eq!(world.strikes().collect::<Vec<_>>(), [1, 1, 1]);
    let struck = log.events().iter().filter_map(|event| match event.kind {
        crate::trace::Kind::Fault(fault) => Some((event.time, fault.0)),
        _ => None,
    });
    let struck: Vec<_> = struck.collect();
    assert_eq!(struck.iter().map(|(_, fault)| *fault).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(struck.iter().all(|(time, _)| *time == struck[0].0), "{struck:?}");
    let killed =
        log.events().iter().filter(|event| event.kind == crate::trace::Kind::Process(crate::trace::Process::Killed));
    let killed: Vec<_> = killed.map(|event| (event.time, event.actor)).collect();
    assert_eq!(killed, [(struck[0].0, ActorId(1)), (struck[0].0, ActorId(2))]);
}
