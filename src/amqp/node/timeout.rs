//! Deliveries that nobody settles: a channel that holds one for too long is closed (D60-D64, V1).
//!
//! Not the requeue: that is what closing a channel does. A channel looks at its oldest delivery on a tick. Here it is
//! looked at on the first tick on which it can be too old, and not at all while nothing is unsettled.

use super::channel::{Channel, Unacked};
use super::{Node, Port, Tick, token_on};
use crate::amqp::config::Config;
use crate::amqp::{error, rules, verbs};
use crate::ids::ConnId;
use crate::machine::{Because, Does, Need};
use crate::units::{Span, Time};
use std::sync::Arc;

/// So many times a channel's deliveries may time out without anybody settling one, before it is taken for granted that
/// this goes on for ever.
const FRUITLESS: u32 = 2;

/// How long after `from`, which is on a tick, comes the first tick on which what was handed out at `since` is too old.
fn until_too_old(config: &Config, timeout: Span, from: Time, since: Time) -> Span {
    let tick = config.channel_tick.0.max(1);
    let old = since.0.saturating_add(timeout.0).saturating_sub(from.0);
    Span((old / tick).saturating_add(1).saturating_mul(tick))
}

/// A channel ends: it is not looked at any more.
pub(super) fn stop_looking(channel: &mut Channel, at: (ConnId, u16), because: Because, ports: &mut Port<'_>) {
    if channel.looks.take().is_some() {
        let cancel = Does::CancelTimer(token_on(Tick::Unsettled, at.0, at.1));
        ports.out.push(rules::TIMEOUT_WATCHED, because, Need::Nothing, cancel);
    }
}

impl Node {
    /// How long a delivery may be unsettled: as its queue says, else as the node does.
    fn timeout_of(&self, unacked: &Unacked) -> Option<Span> {
        let queue = self.queues.get(&unacked.queue);
        queue.and_then(|queue| queue.features.consumer_timeout).or_else(|| self.config.consumer_timeout())
    }

    /// Something was handed out: the channel is to be looked at, if it is not already.
    pub(super) fn watch_settling(&mut self, at: (ConnId, u16), ports: &mut Port<'_>) {
        let now = ports.now;
        self.look_again(at, now, ports);
    }

    /// Sets the timer of a channel that has something unsettled, counting ticks from `from`.
    fn look_again(&mut self, at: (ConnId, u16), from: Time, ports: &mut Port<'_>) {
        let Some(oldest) = self.channel(at).and_then(|channel| channel.unacked.first()).copied() else { return };
        let Some(timeout) = self.timeout_of(&oldest) else { return };
        let (since, config) = (oldest.since, Arc::clone(&self.config));
        let Some(channel) = self.channel_mut(at) else { return };
        let after = until_too_old(&config, timeout, from, since);
        let due = from + after;
        if channel.looks.is_some_and(|looks| looks <= due) {
            return;
        }
        channel.looks = Some(due);
        let (token, verb) = (token_on(Tick::Unsettled, at.0, at.1), verbs::TIMER_UNSETTLED);
        let does = Does::SetTimer { token, after, verb, housekeeping: true };
        ports.out.push(rules::TIMEOUT_WATCHED, Because::INPUT, Need::Nothing, does);
    }

    /// The tick on which the oldest delivery can be too old.
    pub(super) fn on_unsettled(&mut self, conn: ConnId, number: u16, ports: &mut Port<'_>) {
        let (at, now) = ((conn, number), ports.now);
        let Some(channel) = self.channel_mut(at) else { return };
        channel.looks = None;
        let Some(oldest) = channel.unacked.first().copied() else { return };
        let Some(timeout) = self.timeout_of(&oldest) else { return };
        if now.since(oldest.since) <= timeout {
            return self.look_again(at, now, ports);
        }
        self.fruitless = self.fruitless.saturating_add(1);
        let refusal = error::timed_out(number, timeout);
        self.close_channel_with(at, (0, 0), &refusal, ports);
    }

    /// Whether a timeout can still change something when nothing else goes on. Where every channel has timed out
    /// [`FRUITLESS`] times and nothing was settled, the next time will be the same.
    pub(super) fn waits_for_settling(&self) -> bool {
        let channels = || self.connections.values().flat_map(|connection| connection.channels.values());
        self.fruitless as usize <= FRUITLESS as usize * channels().count()
            && channels().any(|channel| channel.looks.is_some() && !channel.unacked.is_empty())
    }

    /// So many ticks after the next look a delivery is too old, for the digest.
    pub(super) fn ticks_left(&self, looks: Option<Time>, unacked: &Unacked) -> u64 {
        let since = unacked.since;
        let (Some(timeout), Some(looks)) = (self.timeout_of(unacked), looks) else { return 0 };
        if since + timeout < looks {
            return 0;
        }
        until_too_old(&self.config, timeout, looks, since).0 / self.config.channel_tick.0.max(1)
    }
}
