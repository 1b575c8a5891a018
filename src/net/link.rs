//! The way between two machines: what it is like, and what it is like at present.

use crate::sim::Spread;
use crate::units::{Ratio, Span, Time};

/// The properties of the way between a client and a node, the same in both directions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// How long a frame is under way once the line has sent it.
    pub latency: Spread,
    /// Bytes a second; `None` for no limit.
    pub bandwidth: Option<u64>,
    /// What can become of single messages. `None` for TCP, where nothing can.
    pub lossy: Option<Lossy>,
}

/// A datagram link: single messages vanish, double and overtake. Nothing of TCP is left there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lossy {
    /// How likely a message vanishes.
    pub drop: Ratio,
    /// How likely a message that does not vanish arrives twice.
    pub duplicate: Ratio,
    /// How likely a message overtakes the one before it, if that is still under way.
    pub overtake: Ratio,
}

/// One direction of a link, as it is at present.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
    /// Its properties.
    pub link: Link,
    /// Nothing gets through before this; [`Time::ZERO`] where it is open.
    pub held_until: Time,
    /// Whether it needs a look besides its latency and bandwidth.
    pub rough: bool,
}

impl Line {
    /// A line that nothing is wrong with.
    pub fn new(link: Link) -> Line {
        Line { link, held_until: Time::ZERO, rough: link.lossy.is_some() }
    }

    /// Lets nothing through before this time.
    pub fn hold(&mut self, until: Time) {
        self.held_until = self.held_until.max(until);
        self.rough = true;
    }
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
