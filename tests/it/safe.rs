//! What one may rely on: with a durable classic queue, persistent messages, confirms with retry and an acknowledgement
//! after the work, no schedule of cuts, kills and power losses loses a confirmed message; and without any single one of
//! these, one does.

use mqlab::ids::{EventId, FrameId};
use mqlab::scenario::{self, Look};
use mqlab::sim::Stream;
use mqlab::trace::{Delta, Event, Frame, FrameFlags, Kind, Notes, Observable, Observer, Tables, Wants};
use mqlab::units::Ratio;
use mqlab::verdict::{Verdict, Word};
use mqlab::world::plan::{FaultPlan, Plan, Trigger};
use mqlab::world::{VERBS, World};
use std::sync::Arc;

/// Random schedules of the safe setup.
const SCHEDULES: u64 = 10_000;
/// Random schedules in which each weakening is to lose at the latest.
const WEAK: u64 = 3_000;
/// Faults of a schedule at the most.
const FAULTS: u64 = 4;

/// A shop, a queue and a biller.
struct Setup {
    durable: bool,
    persistent: bool,
    reliability: &'static str,
    ack: &'static str,
}

const SAFE: Setup = Setup {
    durable: true,
    persistent: true,
    reliability: "confirms(window: 2, timeout: \"80ms\", on_timeout: republish(), on_refused: republish())",
    ack: "after_work",
};

impl Setup {
    fn text(&self) -> String {
        let Setup { durable, persistent, reliability, ack } = self;
        // Both clients declare the queue, as real ones do: a queue that is not durable comes back empty.
        format!(
            "Scenario(title: \"t\",
                broker: rabbitmq(exchanges: [(name: \"x\", kind: direct, durable: true)],
                    queues: [(name: \"q\", durable: {durable})], bindings: [(from: \"x\", to: \"q\", key: \"k\")]),
                producers: [(name: \"shop\", publish: [(to: \"x\", key: \"k\", id: \"m-{{n}}\", count: 3, every: \"4ms\", persistent: {persistent})],
                    reliability: {reliability}, reconnect: (after: \"20ms\"), heartbeat: \"1s\", start: \"5ms\")],
                consumers: [(name: \"biller\", from: \"q\", ack: {ack}, prefetch: 2, work: \"3ms\", reconnect: (after: \"20ms\"), restart: \"30ms\", heartbeat: \"1s\", start: \"5ms\")],
                faults: [
                    (name: \"cut-shop\", what: cut(between: (\"shop\", \"broker\"), when: at(\"0s\"))),
                    (name: \"cut-biller\", what: cut(between: (\"biller\", \"broker\"), when: at(\"0s\"))),
                    (name: \"kill-broker\", what: kill(\"broker\", restart: \"50ms\", when: at(\"0s\"))),
                    (name: \"power\", what: power_loss(\"broker\", restart: \"50ms\", when: at(\"0s\"))),
                    (name: \"kill-biller\", what: kill(\"biller\", restart: \"30ms\", when: at(\"0s\"))),
                ],
                limits: (time: \"60s\"))"
        )
    }

    /// The plan, with the faults waiting to be told when; each several times.
    fn plan(&self) -> (Arc<Plan>, usize) {
        let text = self.text();
        let source = scenario::read(&text).unwrap_or_else(|e| panic!("{}", e.render("safe", Look::PLAIN)));
        let mut plan = Plan::clone(&scenario::lower(&source.select(None).unwrap()).unwrap());
        let kinds = std::mem::take(&mut plan.faults);
        for _ in 0..FAULTS {
            plan.faults.extend(kinds.iter().map(|kind| FaultPlan {
                when: Trigger::Told,
                chance: Ratio::ONE,
                ..kind.clone()
            }));
        }
        (Arc::new(plan), kinds.len())
    }
}

/// What came about in a run.
#[derive(Clone, Copy, Default)]
struct Spy {
    lost_frame: bool,
    redelivered: bool,
}

impl Observer for Spy {
    const WANTS: Wants = Wants { notes: Notes::NONE, carriers: true, all: false };
    fn frame(&mut self, _: FrameId, frame: &Frame, _: &Tables<'_>) {
        self.redelivered |= frame.flags.has(FrameFlags::REDELIVERED);
    }
    fn event(&mut self, _: EventId, event: &Event, _: &[Delta], _: &Tables<'_>) {
        self.lost_frame |= matches!(event.kind, Kind::Lost(_));
    }
}

/// What many schedules came to.
#[derive(Default, Debug)]
struct Toll {
    runs: u64,
    lost_frame: u64,
    unsynced: u64,
    redelivered: u64,
    worked_twice: u64,
    /// The first schedule that loses a message that counts.
    loses: Option<u64>,
}

/// A point of a run, from the very first, at which the node writes its definitions. A run without faults has some 150.
fn point(draw: &mut Stream) -> u64 {
    1 + draw.below(170)
}

/// Runs random schedules until one loses, or all are run. `word` says which loss counts.
fn schedules(setup: &Setup, count: u64, word: Word) -> Toll {
    let (plan, kinds) = setup.plan();
    let mut world = World::new(&plan);
    let mut verdict = Verdict::new(&plan.header, VERBS);
    let mut state = Observable::new();
    let mut toll = Toll::default();
    for seed in 0..count {
        let mut draw = Stream::new(seed, "schedule");
        world.reset(1 + seed);
        verdict.reset();
        for i in 0..1 + draw.below(FAULTS) {
            let (kind, point) = (draw.below(kinds as u64), point(&mut draw));
            world.strike_at((i * kinds as u64 + kind) as usize, point as u32);
        }
        let mut spy = Spy::default();
        world.run(&mut (&mut verdict, &mut spy));
        state.clear();
        world.observe_places(&mut state);
        let counts = verdict.counts(&state, &world.tables());
        toll.runs += 1;
        toll.lost_frame += u64::from(spy.lost_frame);
        toll.redelivered += u64::from(spy.redelivered);
        toll.unsynced += u64::from(world.unsynced_ends() > 0);
        toll.worked_twice += u64::from(counts.count(Word::Duplicated) > 0);
        if counts.count(word) > 0 {
            toll.loses = Some(seed);
            return toll;
        }
    }
    toll
}

#[test]
fn no_schedule_of_cuts_kills_and_power_losses_loses_a_confirmed_message() {
    let toll = schedules(&SAFE, SCHEDULES, Word::LostConfirmed);
    println!("{toll:?}");
    assert_eq!(toll.loses, None, "{toll:?}");
    assert_eq!(toll.runs, SCHEDULES);
    let percent = |n: u64| n * 100 / toll.runs;
    assert!(percent(toll.lost_frame) >= 25, "lost a frame in flight: {toll:?}");
    assert!(percent(toll.unsynced) >= 5, "ended between write and fsync: {toll:?}");
    assert!(percent(toll.redelivered) >= 25, "delivered again: {toll:?}");
}

#[test]
fn each_weakening_of_it_loses_under_some_schedule() {
    let weak = [
        ("transient messages", Setup { persistent: false, ..SAFE }, Word::LostConfirmed),
        ("a queue that is not durable", Setup { durable: false, ..SAFE }, Word::LostConfirmed),
        ("no confirms", Setup { reliability: "fire_and_forget", ..SAFE }, Word::Lost),
        ("automatic acknowledgement", Setup { ack: "automatic", ..SAFE }, Word::LostConfirmed),
        ("acknowledgement before the work", Setup { ack: "before_work", ..SAFE }, Word::LostConfirmed),
    ];
    for (what, setup, word) in weak {
        let toll = schedules(&setup, WEAK, word);
        assert!(toll.loses.is_some(), "{what}: {toll:?}");
    }
}

/// Without a retry nothing confirmed is lost, and what was not confirmed never arrives: the producer knows, and does
/// nothing.
#[test]
fn without_a_retry_a_message_is_not_done_under_some_schedule() {
    let reliability = "confirms(window: 2, timeout: \"80ms\", on_timeout: give_up, on_refused: give_up)";
    let without = undone(&Setup { reliability, ..SAFE });
    assert!(without > 0);
    assert_eq!(undone(&SAFE), 0, "with the retry every message is done, whatever the schedule");
}

/// In how many schedules a message that was published is neither done nor still there.
fn undone(setup: &Setup) -> u64 {
    let (plan, kinds) = setup.plan();
    let mut undone = 0;
    for seed in 0..200 {
        let mut draw = Stream::new(seed, "schedule");
        let mut world = World::new(&plan);
        let kind = draw.below(kinds as u64) as usize;
        world.strike_at(kind, point(&mut draw) as u32);
        let mut verdict = Verdict::new(&plan.header, VERBS);
        world.run(&mut verdict);
        let mut state = Observable::new();
        world.observe_places(&mut state);
        let findings = verdict.finish(&state, &world.tables());
        let done: u32 = findings.consumers.iter().map(|view| view.done).sum();
        let (twice, stuck) = (findings.count(Word::Duplicated), findings.count(Word::Stuck));
        let published: u32 = findings.producers.iter().map(|view| view.published).sum();
        undone += u64::from(done - twice + stuck < published);
    }
    undone
}
