//! Hand-written loops that do what a benchmark asks for and nothing else: what the simulator is measured against.
//!
//! Not parts of the simulator. Each loop is as plain as its task allows, on `std`'s binary heap, and returns a checksum
//! by which a faster or slower version can be seen to have done the same work.

#![allow(dead_code, reason = "each benchmark uses its own part of these loops")]
#![allow(unreachable_pub, reason = "a benchmark is a crate of its own")]
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a benchmark measures by the wall clock")]

mod pipeline;

pub use pipeline::{Pipeline, sweep};

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// A fast generator (xoshiro256++, its state filled by SplitMix64), so that drawing hides nothing.
pub struct Random {
    state: [u64; 4],
}

impl Random {
    pub fn new(seed: u64) -> Random {
        let mut counter = seed;
        let state = std::array::from_fn(|_| {
            counter = counter.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let word = (counter ^ (counter >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^ (word >> 31)
        });
        Random { state }
    }

    #[inline(always)]
    pub fn next(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    #[inline(always)]
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    #[inline(always)]
    pub fn exponential(&mut self, mean: f64) -> u64 {
        let uniform = ((self.next() >> 11) as f64 + 0.5) * (1.0 / (1u64 << 53) as f64);
        (-uniform.ln() * mean) as u64
    }
}

/// What `work` gives, and how many seconds it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed().as_secs_f64())
}

/// The middle of some measurements.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The mean span from an event to the one it schedules, in nanoseconds.
pub const HOLD_MEAN: f64 = 1e9;

/// The hold model: `pending` events, and each of `events` that leave schedules one more. Gives checksum and seconds.
pub fn hold(pending: u64, events: u64) -> (u64, f64) {
    let mut random = Random::new(1);
    let mut queue = BinaryHeap::new();
    for number in 0..pending {
        queue.push(Reverse((random.exponential(HOLD_MEAN), number)));
    }
    timed(|| {
        let mut check = 0u64;
        for number in pending..pending + events {
            let Some(Reverse((time, leaving))) = queue.pop() else {
                return check;
            };
            check = check.wrapping_mul(31).wrapping_add(time ^ leaving);
            queue.push(Reverse((time + random.exponential(HOLD_MEAN), number)));
        }
        check
    })
}
