//! Spans drawn at random. Integers, except for the logarithm of the exponential, which gives the same bits everywhere.

use super::{Backoff, Timing};
use crate::machine::Draws;
use crate::units::Span;

/// Random numbers with the 53 bits that a floating-point number holds.
const FINE: u64 = 1 << 53;

impl Timing {
    /// No time at all.
    pub const ZERO: Timing = Timing::Constant(Span::ZERO);

    /// The next span. Draws once, or not at all where there is nothing to choose.
    pub fn draw(self, draws: &mut dyn Draws) -> Span {
        match self {
            Timing::Constant(span) => span,
            Timing::Uniform(low, high) if high <= low => low,
            Timing::Uniform(low, high) => low + Span(draws.below((high - low).0.saturating_add(1))),
            Timing::Exponential(Span(0)) => Span::ZERO,
            Timing::Exponential(mean) => {
                let part = (draws.below(FINE) + 1) as f64 / FINE as f64;
                Span((-libm::log(part) * mean.0 as f64) as u64)
            }
        }
    }
}

impl Backoff {
    /// The pause after this attempt, which counts from 1.
    pub fn after(self, attempt: u32) -> Span {
        let doubled = self.first.times(1u64.checked_shl(attempt.saturating_sub(1)).unwrap_or(u64::MAX));
        if self.max == Span::ZERO { doubled } else { doubled.min(self.max) }
    }
}
