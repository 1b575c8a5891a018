//! The quantities themselves and their arithmetic.

use serde::{Deserialize, Serialize};
use std::ops::{Add, AddAssign, Sub};

/// A point in simulated time, in nanoseconds since the start of the run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub u64);

/// A length of simulated time in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(pub u64);

impl Time {
    /// The start of the run.
    pub const ZERO: Time = Time(0);
    /// Later than every point a run can reach.
    pub const NEVER: Time = Time(u64::MAX);
    /// How long after `earlier` this is; zero where it is not later.
    pub fn since(self, earlier: Time) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// A span of whole microseconds.
    pub const fn micros(n: u64) -> Span {
        Span(n * 1_000)
    }
    /// A span of whole milliseconds.
    pub const fn millis(n: u64) -> Span {
        Span(n * 1_000_000)
    }
    /// A span of whole seconds.
    pub const fn secs(n: u64) -> Span {
        Span(n * 1_000_000_000)
    }
    /// To three decimals of its unit, the rest cut off: for people, who do not read `29414.218us`.
    pub fn brief(self) -> Span {
        let unit = [1_000_000_000, 1_000_000, 1_000].into_iter().find(|unit| self.0 >= *unit);
        unit.map_or(self, |unit| Span(self.0 - self.0 % (unit / 1_000)))
    }
    /// This span `n` times; the largest span where that does not fit.
    pub fn times(self, n: u64) -> Span {
        Span(self.0.saturating_mul(n))
    }
}

impl Add<Span> for Time {
    type Output = Time;
    fn add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for Time {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl Sub for Span {
    type Output = Span;
    fn sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

/// A fraction `of / all` between zero and one: a probability without rounding.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Ratio {
    /// The numerator, at most `all`.
    pub of: u32,
    /// The denominator, at least 1.
    pub all: u32,
}

impl Ratio {
    /// Never.
    pub const ZERO: Ratio = Ratio { of: 0, all: 1 };
    /// Always.
    pub const ONE: Ratio = Ratio { of: 1, all: 1 };
}
