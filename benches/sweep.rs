//! Many short runs: the pipeline with 20 messages, a new seed each, against a hand-written loop, on one thread.
//!
//! Both run in turns in one process, and medians are shown. `cargo bench --bench sweep -- 10000` takes another number
//! of runs.

#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a benchmark measures by the wall clock")]

mod reference;
mod workload;

use mqlab::verdict::Word;
use reference::{median, timed};
use workload::Bench;

const ROUNDS: usize = 5;

fn main() {
    let runs: u64 = std::env::args().filter_map(|a| a.parse().ok()).next().unwrap_or(50_000);
    let mut bench = Bench::new(20);
    let findings = bench.judged(1);
    bench.check(&findings);
    let (mut theirs, mut silent, mut judged) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        theirs.push(timed(|| std::hint::black_box(reference::sweep(runs))).1);
        silent.push(timed(|| (0..runs).map(|seed| bench.run(seed, &mut ())).sum::<u64>()).1);
        let (lost, seconds) = timed(|| (0..runs).map(|seed| bench.counted(seed).count(Word::Lost)).sum::<u32>());
        assert_eq!(lost, 0, "no run loses a message");
        judged.push(seconds);
    }
    println!("sweep: {runs} runs of 20 messages, medians of {ROUNDS} rounds in turns");
    println!("{:>16}  {:>10}  {:>8}  {:>5}  {:>5}", "", "1000 runs/s", "us each", "ratio", "least");
    let reference = median(theirs.clone());
    for (what, seconds, least) in
        [("reference", theirs, ""), ("nobody listens", silent, ""), ("verdict", judged, "0.15")]
    {
        let seconds = median(seconds);
        let (rate, each) = (runs as f64 / seconds / 1e3, seconds * 1e6 / runs as f64);
        println!("{what:>16}  {rate:>11.1}  {each:>8.2}  {:>5.2}  {least:>5}", reference / seconds);
    }
}
