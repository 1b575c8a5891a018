//! A copy of a world, taken at any step, goes on as the original did: same events, same fingerprints.

use crate::gallery::Case;
use crate::proofs::all;
use mqlab::ids::{Digest, EventId};
use mqlab::sim::Stream;
use mqlab::trace::Log;
use mqlab::world::World;

/// A run with what was so at each step.
struct Tape {
    log: Log,
    /// Before the first step, and after each.
    marks: Vec<Mark>,
}

#[derive(Clone, Copy)]
struct Mark {
    digest: Digest,
    events: usize,
    frames: usize,
}

fn mark(world: &World, log: &Log) -> Mark {
    Mark { digest: world.digest(), events: log.events().len(), frames: log.frames.len() }
}

/// Runs to the end; `at` sees the world before each step.
fn record(world: &mut World, mut at: impl FnMut(usize, &World)) -> Tape {
    let mut log = Log::default();
    let mut marks = vec![mark(world, &log)];
    loop {
        at(marks.len() - 1, world);
        let done = world.step(&mut log);
        marks.push(mark(world, &log));
        if done.is_some() {
            return Tape { log, marks };
        }
    }
}

/// The run of a world that was copied before step `from` is the rest of the tape.
fn assert_rest(case: &Case, what: &str, tape: &Tape, from: usize, copy: &mut World) {
    let rest = record(copy, |_, _| {});
    let before = tape.marks[from];
    for (i, (now, then)) in rest.marks.iter().zip(&tape.marks[from..]).enumerate() {
        let (name, step) = (&case.name, from + i);
        let events = now.events + before.events;
        for e in rest.marks[i.saturating_sub(1)].events..now.events {
            let (own, other) = (EventId(e as u32), EventId((e + before.events) as u32));
            assert_eq!(rest.log.event(own), tape.log.event(other), "{name}\n{what} at step {from}: step {step}");
            assert_eq!(rest.log.deltas(own), tape.log.deltas(other), "{name}\n{what} at step {from}: step {step}");
        }
        assert_eq!(events, then.events, "{name}\n{what} at step {from}: step {step}");
        assert_eq!(now.digest, then.digest, "{name}\n{what} at step {from}: fingerprint after step {step}");
    }
    assert_eq!(rest.marks.len() + from, tape.marks.len(), "{}\n{what} at step {from}", case.name);
    assert!(rest.log.frames == tape.log.frames[before.frames..], "{}\n{what} at step {from}: frames", case.name);
}

/// Before which steps to copy: all of a short run, some of a long one.
fn chosen(seed: u64, steps: usize) -> Vec<usize> {
    if steps <= 24 {
        return (0..=steps).collect();
    }
    let mut draw = Stream::new(seed, "copies");
    let mut chosen: Vec<usize> = (0..8).map(|_| draw.below(steps as u64) as usize).chain([0, steps]).collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

#[test]
fn a_copy_at_any_step_goes_on_as_the_original() {
    let mut used: Option<World> = None;
    for (i, case) in all(60).enumerate() {
        let mut length = World::new(&case.plan);
        while length.step(&mut ()).is_none() {}
        let chosen = chosen(i as u64, length.steps() as usize);
        // A world of another plan, at its end, takes the copies in turn.
        let mut copies = Vec::new();
        let mut world = World::new(&case.plan);
        let tape = record(&mut world, |step, world| {
            if chosen.contains(&step) {
                copies.push((step, world.clone()));
            }
        });
        for (step, mut copy) in copies {
            let into = used.get_or_insert_with(|| World::new(&case.plan));
            into.clone_from(&copy);
            assert_rest(&case, "copied into a used world", &tape, step, into);
            assert_rest(&case, "copied", &tape, step, &mut copy);
        }
        // A world that was reset is one at its beginning, whatever seed it ran under before.
        world.reset(case.plan.seed + 7);
        world.run(&mut Log::default());
        world.reset(case.plan.seed);
        assert_rest(&case, "reset", &tape, 0, &mut world);
    }
}
