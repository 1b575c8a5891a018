//! A million messages through the pipeline, against a hand-written loop that does the same and nothing else.
//!
//! Both run in turns in one process, and medians are shown. `cargo bench --bench pipeline -- 100000` takes another
//! number of messages; a word behind it (`reference`, `silent`, `verdict` or `trace`) runs that one alone, for a
//! profiler.

#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a benchmark measures by the wall clock")]

mod reference;
mod workload;

use mqlab::trace::Log;
use reference::{Pipeline, median, timed};
use workload::Bench;

const ROUNDS: usize = 5;

/// Seconds of one way to run the pipeline, a number a round.
struct Way {
    what: &'static str,
    /// The ratio to reach.
    least: Option<f64>,
    seconds: Vec<f64>,
}

impl Way {
    fn new(what: &'static str, least: Option<f64>) -> Way {
        Way { what, least, seconds: Vec::new() }
    }

    fn line(self, messages: u32, reference: f64) {
        let seconds = median(self.seconds);
        let rate = f64::from(messages) / seconds / 1e6;
        let each = seconds * 1e9 / f64::from(messages);
        let least = self.least.map_or(String::new(), |least| format!("{least:.2}"));
        println!("{:>16}  {rate:>14.3}  {each:>8.0}  {:>5.2}  {least:>5}", self.what, reference / seconds);
    }
}

/// What is measured: the word that selects it, what it is, and the ratio to reach.
const WAYS: [(&str, &str, Option<f64>); 4] = [
    ("reference", "reference", None),
    ("silent", "nobody listens", Some(0.2)),
    ("verdict", "verdict", Some(0.2)),
    ("trace", "verdict + trace", None),
];

/// What a run came to besides the time it took.
#[derive(Default)]
struct Size {
    steps: u64,
    events: usize,
    bytes: usize,
}

fn run(way: usize, bench: &mut Bench, plain: &mut Pipeline, messages: u32, seed: u64, size: &mut Size) {
    match way {
        0 => _ = std::hint::black_box(plain.run::<false>(u64::from(messages), seed)),
        1 => size.steps = bench.run(seed, &mut ()),
        2 => _ = std::hint::black_box(bench.judged(seed)),
        _ => {
            let mut log = Log::new(bench.header());
            bench.watched(seed, &mut log);
            (size.events, size.bytes) = (log.events().len(), log.bytes());
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let messages = arguments.iter().find_map(|a| a.parse().ok()).unwrap_or(1_000_000);
    let only = WAYS.iter().position(|(word, ..)| arguments.iter().any(|a| a == word));
    let mut bench = Bench::new(messages);
    let mut plain = Pipeline::default();
    let mut size = Size::default();
    if let Some(way) = only {
        (0..ROUNDS as u64).for_each(|round| run(way, &mut bench, &mut plain, messages, round, &mut size));
        return;
    }
    let findings = bench.judged(1);
    bench.check(&findings);
    let mut ways = WAYS.map(|(_, what, least)| Way::new(what, least));
    for round in 0..ROUNDS as u64 {
        for (at, way) in ways.iter_mut().enumerate() {
            let ((), seconds) = timed(|| run(at, &mut bench, &mut plain, messages, round, &mut size));
            way.seconds.push(seconds);
        }
    }
    let Size { steps, events, bytes } = size;
    println!("pipeline: {messages} messages, medians of {ROUNDS} runs in turns");
    println!("{:>16}  {:>14}  {:>8}  {:>5}  {:>5}", "", "M messages/s", "ns each", "ratio", "least");
    let reference = median(ways[0].seconds.clone());
    for way in ways {
        way.line(messages, reference);
    }
    let per = f64::from(messages);
    println!(
        "a message: {:.1} calendar entries, {:.1} events, {:.0} bytes of trace ({:.0} an event)",
        steps as f64 / per,
        events as f64 / per,
        bytes as f64 / per,
        bytes as f64 / events as f64
    );
}
