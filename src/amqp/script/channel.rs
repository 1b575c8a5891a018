//! What a script knows of one of its channels.

use super::super::client::Window;
use crate::ids::{Digest, Name, Names};
use std::collections::VecDeque;

/// What the channel does with publishes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Mode {
    /// Nothing: no answers.
    #[default]
    Plain,
    /// Each is confirmed.
    Confirms,
    /// They wait for the commit.
    Transaction,
}

/// A delivery that the script has not settled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unsettled {
    pub(super) tag: u32,
    pub(super) message: Name,
    pub(super) queue: Name,
}

/// A subscription: its tag, its queue, and whether deliveries need no ack.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subscription {
    pub(super) tag: Name,
    pub(super) queue: Name,
    pub(super) no_ack: bool,
}

/// One channel.
#[derive(Debug, Default)]
pub(super) struct Channel {
    pub(super) number: u16,
    /// Whether the broker closed it.
    pub(super) closed: bool,
    pub(super) mode: Mode,
    pub(super) window: Window,
    pub(super) unsettled: VecDeque<Unsettled>,
    pub(super) subscriptions: Vec<Subscription>,
}

crate::clone_in_place!(Channel { number, closed, mode, window, unsettled, subscriptions });

impl Channel {
    /// Makes it new; the allocations stay.
    pub(super) fn reset(&mut self, number: u16) {
        self.number = number;
        self.closed = false;
        self.mode = Mode::Plain;
        self.window.reset();
        self.unsettled.clear();
        self.subscriptions.clear();
    }

    /// Whether a settlement with this tag is about a delivery.
    pub(super) fn covers(tag: u32, multiple: bool, delivery: u32) -> bool {
        if multiple { tag == 0 || delivery <= tag } else { delivery == tag }
    }

    pub(super) fn digest(&self, names: &Names, digest: &mut Digest) {
        digest.word(u64::from(self.number) | u64::from(self.closed) << 16 | (self.mode as u64) << 17);
        self.window.digest(names, digest);
        for Unsettled { tag, message, queue } in &self.unsettled {
            digest.word(u64::from(*tag));
            names.digest(*message, digest);
            names.digest(*queue, digest);
        }
        for Subscription { tag, queue, no_ack } in &self.subscriptions {
            digest.word(u64::from(*no_ack));
            names.digest(*tag, digest);
            names.digest(*queue, digest);
        }
    }
}
