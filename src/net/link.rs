//! The way between two machines.

use crate::sim::Spread;
use crate::units::Span;

/// The properties of the way between a client and a node, the same in both directions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// How long a frame is under way once the line has sent it.
    pub latency: Spread,
    /// Bytes a second; `None` for no limit.
    pub bandwidth: Option<u64>,
}

impl Link {
    /// How long the line is busy with `size` bytes.
    pub fn transmission(&self, size: u32) -> Span {
        match self.bandwidth {
            Some(rate) => Span((u128::from(size) * 1_000_000_000 / u128::from(rate.max(1))) as u64),
            None => Span::ZERO,
        }
    }
}
