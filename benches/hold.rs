//! The calendar against a hand-written loop on `std`'s binary heap: the hold model, in which each event that leaves
//! schedules one more. Also shows what a draw costs, and the answers and the speed of the reference pipeline and sweep.
//!
//! Both sides do the same draws and must come to the same checksum; runs alternate, and medians are shown.

#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a benchmark measures by the wall clock")]

mod reference;

use mqlab::sim::{Calendar, ChoiceKind, Choices, Spread, Stream};
use mqlab::units::{Span, Time};
use reference::{HOLD_MEAN, Pipeline, Random, median, sweep, timed};

const RUNS: usize = 7;

/// The hold model on the calendar; as [`reference::hold`].
fn hold(pending: u64, events: u64) -> (u64, f64) {
    let mut random = Random::new(1);
    let mut calendar = Calendar::new();
    for number in 0..pending {
        calendar.schedule(Time(random.exponential(HOLD_MEAN)), number);
    }
    timed(|| {
        let mut check = 0u64;
        for number in pending..pending + events {
            let Some((time, leaving)) = calendar.pop() else {
                return check;
            };
            check = check.wrapping_mul(31).wrapping_add(time.0 ^ leaving);
            calendar.schedule(Time(time.0 + random.exponential(HOLD_MEAN)), number);
        }
        check
    })
}

/// Medians of the seconds that reference and ours take, run in turns, and the checksum they agree on.
fn compare(pending: u64, events: u64) -> (f64, f64, u64) {
    let (mut theirs, mut ours, mut answer) = (Vec::new(), Vec::new(), 0);
    for _ in 0..RUNS {
        let (expected, seconds) = reference::hold(pending, events);
        theirs.push(seconds);
        let (check, seconds) = hold(pending, events);
        ours.push(seconds);
        assert_eq!(check, expected, "both do the same work");
        answer = check;
    }
    (median(theirs), median(ours), answer)
}

/// Nanoseconds that `work` takes, from many calls; what it returns is summed up so that none is left out.
fn cost(what: &str, mut work: impl FnMut() -> u64) {
    const CALLS: u64 = 2_000_000;
    let runs = (0..RUNS).map(|_| timed(|| (0..CALLS).fold(0u64, |sum, _| sum.wrapping_add(work()))));
    let seconds = median(runs.map(|(sum, seconds)| std::hint::black_box((sum, seconds)).1).collect());
    println!("{what:>30}  {:>6.1} ns", seconds * 1e9 / CALLS as f64);
}

fn draws() {
    let kind = ChoiceKind(0);
    let mut stream = Stream::new(1, "draws");
    cost("word", || stream.next_u64());
    cost("number below 200000", || stream.below(200_000));
    cost("exponential span", || stream.exponential(Span::micros(250)).0);
    let mut choices = Choices::new(1);
    let id = choices.add_stream("draws");
    let uniform = Spread::Uniform { lo: Span::ZERO, hi: Span::micros(200) };
    cost("choice below 200000", || choices.choose(id, kind, 200_000));
    cost("choice of a uniform span", || choices.draw_span(id, kind, uniform).0);
    let mut seed = 0;
    cost("reseeding", || {
        seed += 1;
        stream.reseed(seed, 7);
        stream.position()
    });
    cost("reseeding and the first word", || {
        seed += 1;
        stream.reseed(seed, 7);
        stream.next_u64()
    });
    let mut copy = choices.clone();
    cost("copying a choice port", || {
        copy.clone_from(&choices);
        copy.seed()
    });
}

fn main() {
    println!("hold: N pending events, each that leaves schedules one; million events a second");
    println!("{:>9}  {:>9}  {:>8}  {:>5}  checksum", "N", "reference", "calendar", "ratio");
    for (pending, events) in [(10, 4_000_000), (1_000, 4_000_000), (100_000, 2_000_000), (1_000_000, 1_000_000)] {
        let (theirs, ours, check) = compare(pending, events);
        let rate = |seconds: f64| events as f64 / seconds / 1e6;
        println!("{pending:>9}  {:>9.2}  {:>8.2}  {:>5.2}  {check:x}", rate(theirs), rate(ours), theirs / ours);
    }
    println!();
    draws();
    println!();
    println!("the reference loops for the other workloads");
    let mut pipeline = Pipeline::default();
    for digest in [false, true] {
        let mut seconds = Vec::new();
        let mut run = || if digest { pipeline.run::<true>(1_000_000, 1) } else { pipeline.run::<false>(1_000_000, 1) };
        let outcome = run();
        for _ in 0..5 {
            seconds.push(timed(&mut run).1);
        }
        let what = if digest { "pipeline with digest" } else { "pipeline" };
        let rate = 1.0 / median(seconds);
        println!(
            "{what}: {rate:.2} M messages/s, events={} end_ns={} h={:x}",
            outcome.events, outcome.end_ns, outcome.check
        );
    }
    let check = sweep(1_000);
    let seconds = median((0..5).map(|_| timed(|| sweep(100_000)).1).collect());
    println!("sweep: {:.3} M runs/s, sum of 1000 runs={check:x}, of 100000 runs={:x}", 0.1 / seconds, sweep(100_000));
}
