//! A million messages through the pipeline, against a hand-written loop that does the same and nothing else.
//!
//! Both run in turns in one process, and medians are shown. `cargo bench --bench pipeline -- 100000` takes another
//! number of messages.

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

fn main() {
    let messages = std::env::args().filter_map(|a| a.parse().ok()).next().unwrap_or(1_000_000);
    let mut bench = Bench::new(messages);
    let mut plain = Pipeline::default();
    let mut ways = [
        Way::new("reference", None),
        Way::new("nobody listens", Some(0.2)),
        Way::new("verdict", Some(0.2)),
        Way::new("verdict + trace", None),
    ];
    let findings = bench.judged(1);
    bench.check(&findings);
    let mut steps = 0;
    let (mut events, mut bytes) = (0, 0);
    for round in 0..ROUNDS as u64 {
        ways[0].seconds.push(timed(|| plain.run::<false>(u64::from(messages), round)).1);
        let (count, seconds) = timed(|| bench.run(round, &mut ()));
        steps = count;
        ways[1].seconds.push(seconds);
        ways[2].seconds.push(timed(|| bench.judged(round)).1);
        let mut log = Log::new(bench.header());
        ways[3].seconds.push(timed(|| bench.watched(round, &mut log)).1);
        (events, bytes) = (log.events().len(), log.bytes());
    }
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
