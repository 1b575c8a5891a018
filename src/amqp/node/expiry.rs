//! Time to live of messages and of queues (R15, E08).
//!
//! Only the head of a queue is looked at: one timer a queue, always at the deadline of its head. Where an expired
//! message goes is told in `dead_letter`.

use super::dead_letter::Reason;
use super::{Node, Port, Tick, token};
use crate::amqp::queue::Features;
use crate::amqp::{rules, verbs};
use crate::ids::VerbId;
use crate::machine::{Because, Does, Need, Props, Token};
use crate::units::{Span, Time};

/// When a message that comes to a queue now is to leave it: the shorter of both times to live counts (E04, E04b).
pub(super) fn deadline(features: &Features, props: &Props, now: Time) -> Time {
    let own = props.expiration.as_deref().and_then(|text| text.parse::<u64>().ok());
    let own = own.map(|millis| Span(millis.saturating_mul(1_000_000)));
    match own.into_iter().chain(features.message_ttl).min() {
        Some(ttl) => Time(now.0.saturating_add(ttl.0)),
        None => Time::NEVER,
    }
}

impl Node {
    /// Takes expired messages from the head of a queue and sets its timer for the next.
    pub(super) fn drop_expired(&mut self, number: u32, because: Because, ports: &mut Port<'_>) {
        while let Some(queue) = self.queues.get_mut(&number) {
            if !queue.classic.is_timed() && queue.wakes == Time::NEVER {
                return;
            }
            let due = queue.classic.head().map_or(Time::NEVER, |head| head.deadline);
            if due > ports.now {
                if due != queue.wakes {
                    queue.wakes = due;
                    set(token(Tick::Expired, number), due, verbs::TIMER_EXPIRED, because, ports);
                }
                return;
            }
            let place = queue.place;
            let Some(item) = queue.classic.pop() else { return };
            self.discard(number, &item, place, Reason::Expired, because, ports);
        }
    }

    pub(super) fn on_head_expired(&mut self, number: u32, ports: &mut Port<'_>) {
        let Some(queue) = self.queues.get_mut(&number) else { return };
        queue.wakes = Time::NEVER;
        self.drop_expired(number, Because::INPUT, ports);
    }

    /// A queue with an expiry was declared, got from, or lost its last consumer: its time starts anew.
    pub(super) fn touch(&mut self, number: u32, ports: &mut Port<'_>) {
        let Some(queue) = self.queues.get_mut(&number) else { return };
        let Some(expires) = queue.features.expires else { return };
        if queue.classic.consumer_count() > 0 {
            return;
        }
        queue.ends = Time(ports.now.0.saturating_add(expires.0));
        let does = timer(token(Tick::Unused, number), expires, verbs::TIMER_UNUSED);
        ports.out.push(rules::UNUSED_SET, Because::INPUT, Need::Nothing, does);
    }

    pub(super) fn on_unused(&mut self, number: u32, ports: &mut Port<'_>) {
        let Some(queue) = self.queues.get_mut(&number) else { return };
        queue.ends = Time::NEVER;
        if queue.classic.consumer_count() == 0 {
            self.remove_queue(number, rules::UNUSED_ENDS, Because::INPUT, ports);
        }
    }

    /// After a start: what expired while the node was down goes, and unused queues count from now.
    pub(super) fn start_clocks(&mut self, ports: &mut Port<'_>) {
        let mut numbers = std::mem::take(&mut self.scratch.run);
        numbers.extend(self.queues.keys());
        for number in numbers.drain(..) {
            self.drop_expired(number, Because::INPUT, ports);
            self.touch(number, ports);
        }
        self.scratch.run = numbers;
    }

    /// A queue is gone: so are its timers.
    pub(super) fn stop_clocks(&mut self, number: u32, wakes: Time, ends: Time, ports: &mut Port<'_>) {
        for (tick, at, rule) in [(Tick::Expired, wakes, rules::EXPIRY_SET), (Tick::Unused, ends, rules::UNUSED_SET)] {
            if at != Time::NEVER {
                ports.out.push(rule, Because::INPUT, Need::Nothing, Does::CancelTimer(token(tick, number)));
            }
        }
    }
}

fn timer<F>(token: Token, after: Span, verb: VerbId) -> Does<F> {
    Does::SetTimer { token, after, verb, housekeeping: false }
}

/// Sets the timer of a queue's head, or takes it back.
fn set(token: Token, at: Time, verb: VerbId, because: Because, ports: &mut Port<'_>) {
    let does = if at == Time::NEVER { Does::CancelTimer(token) } else { timer(token, at.since(ports.now), verb) };
    ports.out.push(rules::EXPIRY_SET, because, Need::Nothing, does);
}
