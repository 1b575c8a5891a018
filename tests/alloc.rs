//! A run without a listener, or with the verdict alone, asks the allocator for nothing in the steady state.
//!
//! The steady state is the second and every later pass over the same run in the same world, the copying of its beginning
//! included: the first pass gives every buffer its size.
//!
//! A binary of its own, since the counting allocator is the whole program's.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[expect(dead_code, reason = "shared with the other tests")]
#[path = "it/gallery.rs"]
mod gallery;
#[path = "it/random.rs"]
mod random;

use mqlab::scenario;
use mqlab::verdict::Verdict;
use mqlab::world::{VERBS, World};

/// A pipeline at full speed: confirms, persistence, prefetch.
const PIPELINE: &str = r##"Scenario(
    title: "Pipeline",
    broker: rabbitmq(
        exchanges: [(name: "orders", kind: topic, durable: true)],
        queues: [(name: "billing", durable: true), (name: "audit")],
        bindings: [(from: "orders", to: "billing", key: "order.*"), (from: "orders", to: "audit", key: "#")],
    ),
    producers: [(
        name: "shop",
        publish: [(to: "orders", key: "order.created", id: "order-{n}", count: 300, every: exponential("1ms"), persistent: true)],
        reliability: confirms(window: 20, timeout: "500ms", on_timeout: republish(max: 5)),
        reconnect: (after: "50ms"),
    )],
    consumers: [
        (name: "biller", from: "billing", prefetch: 10, work: uniform("100us", "900us"), effect: upsert(table: "invoices", key: "{id}"), reconnect: (after: "50ms")),
        (name: "auditor", from: "audit", ack: batch(10, flush: "5ms"), work: "50us"),
    ],
    network: (latency: uniform("200us", "1ms")),
    faults: [(name: "cut", what: cut(between: ("shop", "broker"), when: at("100ms")))],
)"##;

/// How many random scenarios are run.
const RANDOM: u64 = 300;

/// Every scenario and variant of the gallery, random ones, and the pipeline.
/// Known to allocate once for a message that is put aside after it came back from a dead-letter queue; to be mended.
const ALLOCATES: &[&str] = &["doubling/parking-lot@cured"];

/// The same of what random scenarios draw.
const DRAWN: &[&str] = &["expects_reply", "park:", "forward:"];

fn worlds() -> impl Iterator<Item = (String, World)> {
    let pipeline = gallery::case("pipeline", &scenario::read(PIPELINE).unwrap(), None);
    let cases = gallery::cases().into_iter().filter(|case| !ALLOCATES.contains(&case.name.as_str()));
    let random = random::cases(0..RANDOM).filter(|case| !DRAWN.iter().any(|word| case.name.contains(word)));
    let cases = cases.chain([pipeline]).chain(random);
    cases.map(|case| (case.name, World::new(&case.plan)))
}

/// Copies `from` into `world` and runs on to the end; the steps that allocated, with how often (step 0 is the copy).
fn run_counted(world: &mut World, from: &World, mut step: impl FnMut(&mut World) -> bool) -> Vec<(u64, u64)> {
    let mut found = Vec::with_capacity(1_000);
    let count = allocation_counter::measure(|| world.clone_from(from)).count_total;
    if count > 0 {
        found.push((0, count));
    }
    loop {
        let mut done = false;
        let count = allocation_counter::measure(|| done = step(world)).count_total;
        if count > 0 && found.len() < 1_000 {
            found.push((world.steps(), count));
        }
        if done {
            return found;
        }
    }
}

/// The snapshots of a run to begin from: its beginning and its middle.
fn snapshots(world: &mut World) -> [World; 2] {
    let first = world.clone();
    while world.step(&mut ()).is_none() {}
    let steps = world.steps();
    world.clone_from(&first);
    while world.steps() < steps / 2 {
        assert_eq!(world.step(&mut ()), None, "step {} of {steps}", world.steps());
    }
    [first, world.clone()]
}

#[test]
fn copying_into_a_used_world_and_running_on_allocates_nothing() {
    for (name, mut world) in worlds() {
        let snapshots = snapshots(&mut world);
        let mut run = |from: &World| run_counted(&mut world, from, |world| world.step(&mut ()).is_some());
        snapshots.iter().for_each(|from| _ = run(from));
        for (pass, from) in ["second", "third"].iter().flat_map(|pass| snapshots.iter().map(move |from| (pass, from))) {
            assert_eq!(run(from), [], "{name}, {pass} time, from step {}", from.steps());
        }
    }
}

#[test]
fn with_the_verdict_listening_it_allocates_nothing_either() {
    for (name, mut world) in worlds() {
        let [first, _] = snapshots(&mut world);
        let mut verdict = Verdict::new(&first.plan().header, VERBS);
        let mut run = || {
            verdict.reset();
            run_counted(&mut world, &first, |world| world.step(&mut verdict).is_some())
        };
        run();
        for pass in ["second", "third"] {
            assert_eq!(run(), [], "{name}, {pass} time");
        }
    }
}

/// Also from a moment at full speed, whoever listens.
#[test]
fn a_pipeline_under_way_is_copied_and_run_on_without_a_single_allocation() {
    let calm = PIPELINE.lines().filter(|line| !line.contains("faults:")).collect::<Vec<_>>().join("\n");
    let source = scenario::read(&calm).unwrap();
    let mut world = World::new(&scenario::lower(&source.select(None).unwrap()).unwrap());
    let [_, middle] = snapshots(&mut world);
    let mut verdict = Verdict::new(&middle.plan().header, VERBS);
    for listening in [false, true] {
        let mut run = || {
            verdict.reset();
            run_counted(&mut world, &middle, |world| match listening {
                true => world.step(&mut verdict).is_some(),
                false => world.step(&mut ()).is_some(),
            })
        };
        run();
        assert_eq!(run(), [], "second time, verdict listening: {listening}");
        assert_eq!(run(), [], "third time, verdict listening: {listening}");
    }
}
