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

/// Runs to the end, or so many steps; `at` sees the world before each step.
fn record(world: &mut World, most: usize, mut at: impl FnMut(usize, &World)) -> Tape {
    let mut log = Log::default();
    let mut marks = vec![mark(world, &log)];
    loop {
        at(marks.len() - 1, world);
        let done = world.step(&mut log);
        marks.push(mark(world, &log));
        if done.is_some() || marks.len() > most {
            return Tape { log, marks };
        }
    }
}

/// The run of a world that was copied before step `from` is the rest of the tape, or its next steps.
fn assert_rest(case: &Case, what: &str, tape: &Tape, from: usize, copy: &mut World, most: usize) {
    let rest = record(copy, most, |_, _| {});
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
    let steps = (rest.marks.len() + from).min(tape.marks.len());
    if rest.marks.len() <= most {
        assert_eq!(rest.marks.len() + from, tape.marks.len(), "{}\n{what} at step {from}", case.name);
    }
    let frames = &tape.log.frames[before.frames..tape.marks[steps - 1].frames];
    assert!(rest.log.frames == frames, "{}\n{what} at step {from}: frames", case.name);
}

/// A run of at most so many steps is short: it is copied before every step, and each copy runs to the end.
const SHORT: usize = 64;
/// A run of at most so many steps is copied before every step, and each copy runs a few steps.
const LONG: usize = 2_000;
/// So few.
const FEW: usize = 8;

/// Before which steps to copy and then to run to the end: all of a short run, some of a long one.
fn chosen(seed: u64, steps: usize) -> Vec<usize> {
    if steps <= SHORT {
        return (0..=steps).collect();
    }
    let mut draw = Stream::new(seed, "copies");
    let mut chosen: Vec<usize> = (0..6).map(|_| draw.below(steps as u64) as usize).chain([0, steps]).collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

#[test]
fn a_copy_at_any_step_goes_on_as_the_original() {
    let mut used: Option<World> = None;
    let mut copied = 0;
    for (i, case) in all(60).enumerate() {
        let mut length = World::new(&case.plan);
        while length.step(&mut ()).is_none() {}
        let steps = length.steps() as usize;
        let chosen = chosen(i as u64, steps);
        let mut copies = Vec::new();
        let mut world = World::new(&case.plan);
        let tape = record(&mut world, usize::MAX, |step, world| {
            if chosen.contains(&step) || steps <= LONG {
                copies.push((step, world.clone()));
            }
        });
        copied += copies.len();
        for (step, mut copy) in copies {
            // A world of another plan or at another step takes the copies in turn.
            let into = used.get_or_insert_with(|| World::new(&case.plan));
            into.clone_from(&copy);
            let most = if chosen.contains(&step) { usize::MAX } else { FEW };
            assert_rest(&case, "copied into a used world", &tape, step, into, most);
            assert_rest(&case, "copied", &tape, step, &mut copy, most);
        }
        // A world that was reset is one at its beginning, whatever seed it ran under before.
        world.reset(case.plan.seed + 7);
        world.run(&mut Log::default());
        world.reset(case.plan.seed);
        assert_rest(&case, "reset", &tape, 0, &mut world, usize::MAX);
    }
    assert!(copied > 10_000, "only {copied} copies");
}
