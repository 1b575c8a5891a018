//! What a producer does about answers, and where none come.

use super::producer::{Again, Flight, Open, Producer};
use super::{Backoff, Books, Io, ProducerSpec, Reliability, Retry, rules};
use crate::ids::{Name, PlaceId, RuleId};
use crate::machine::{Because, Down};
use crate::trace::{Belief, What};
use crate::units::{Span, Time};

/// What is done about what did not make it.
#[derive(Clone, Copy)]
struct Policy {
    on_timeout: Retry,
    on_refused: Retry,
    backoff: Backoff,
}

impl Policy {
    const NONE: Policy = Policy {
        on_timeout: Retry::GiveUp,
        on_refused: Retry::GiveUp,
        backoff: Backoff { first: Span::ZERO, max: Span::ZERO },
    };

    fn of(reliability: Reliability) -> Policy {
        match reliability {
            Reliability::FireAndForget => Policy::NONE,
            Reliability::Confirms { on_timeout, on_refused, backoff, .. } => Policy { on_timeout, on_refused, backoff },
            Reliability::Transactions { on_timeout, backoff, .. } => {
                Policy { on_timeout, on_refused: on_timeout, backoff }
            }
            Reliability::Replies { max, .. } => Policy { on_timeout: Retry::Republish { max }, ..Policy::NONE },
        }
    }
}

impl Producer {
    /// Takes the message of a ticket out of those that wait; `None` for one that is not waited for any more.
    pub(super) fn take_open(&mut self, ticket: u32) -> Option<Open> {
        // Mostly it is the oldest.
        if self.open.front().is_some_and(|oldest| oldest.ticket == ticket) {
            return self.open.pop_front();
        }
        let at = self.open.binary_search_by_key(&ticket, |o| o.ticket).ok()?;
        self.open.remove(at)
    }

    pub(super) fn confirmed(&mut self, spec: &ProducerSpec, ticket: u32, io: &mut Io<'_>) {
        let Some(open) = self.take_open(ticket) else { return };
        let mut because = Because::INPUT;
        if open.returned {
            self.turn_aside(spec, open.flight, because, io);
        } else {
            let tx = matches!(spec.reliability, Reliability::Transactions { .. });
            let rule = if tx { rules::COMMITTED } else { rules::CONFIRMED };
            because = self.conclude(spec, open.flight, Belief::Confirmed, rule, because, io);
            self.booking.confirmed(open.flight);
        }
        self.publish_due(spec, because, io);
    }

    pub(super) fn refused(&mut self, spec: &ProducerSpec, ticket: u32, io: &mut Io<'_>) {
        let Some(open) = self.take_open(ticket) else { return };
        if self.tx.rolls_back() {
            let because = self.conclude(spec, open.flight, Belief::Refused, rules::ROLLED_BACK, Because::INPUT, io);
            return self.publish_due(spec, because, io);
        }
        if open.returned {
            self.turn_aside(spec, open.flight, Because::INPUT, io);
            return self.publish_due(spec, Because::INPUT, io);
        }
        let because = self.conclude(spec, open.flight, Belief::Refused, rules::REFUSED, Because::INPUT, io);
        let Policy { on_refused, backoff, .. } = Policy::of(spec.reliability);
        let pause = backoff.after(open.flight.attempt);
        self.try_again(spec, open.flight, on_refused, pause, rules::REFUSED_AGAIN, because, io);
        self.publish_due(spec, because, io);
    }

    /// The broker gave a message back. It stays open where an answer will still follow.
    pub(super) fn returned(&mut self, spec: &ProducerSpec, ticket: u32, io: &mut Io<'_>) {
        let flight = match self.open.binary_search_by_key(&ticket, |o| o.ticket) {
            Ok(at) => {
                self.open[at].returned = true;
                self.open[at].flight
            }
            Err(_) if spec.reliability != Reliability::FireAndForget => return,
            Err(_) => match self.sent_as(spec, ticket) {
                Some(flight) => flight,
                None => return,
            },
        };
        let id = self.id(spec, flight, io);
        let because = io.out.note(rules::RETURNED, Because::INPUT, What::Returned, PlaceId::NONE, id, flight.attempt);
        let because = self.conclude(spec, flight, Belief::Refused, rules::RETURNED, because, io);
        if spec.reliability == Reliability::FireAndForget {
            self.turn_aside(spec, flight, because, io);
        }
    }

    /// Publishes a message that came back where such messages go; one that comes back from there too is left at that.
    fn turn_aside(&mut self, spec: &ProducerSpec, flight: Flight, because: Because, io: &mut Io<'_>) {
        if spec.on_returned.is_none() || flight.aside {
            return;
        }
        let flight = Flight { aside: true, ..flight };
        if self.link.up() {
            self.publish(spec, flight, rules::RETURNED_ASIDE, because, io);
        } else {
            self.queue_again(Again { flight, at: Time::ZERO, rule: rules::RETURNED_ASIDE });
        }
    }

    /// No answer came in time.
    pub(super) fn timed_out(&mut self, spec: &ProducerSpec, io: &mut Io<'_>) {
        let Policy { on_timeout, backoff, .. } = Policy::of(spec.reliability);
        let mut due = self.open.iter().take_while(|o| o.deadline <= io.now).count();
        while due > 0 {
            due -= 1;
            let Some(Open { flight, returned, .. }) = self.open.pop_front() else { return };
            if returned {
                self.turn_aside(spec, flight, Because::INPUT, io);
                continue;
            }
            if self.tx.rolls_back() {
                self.conclude(spec, flight, Belief::Refused, rules::ROLLED_BACK, Because::INPUT, io);
                continue;
            }
            let (rule, again) = match spec.reliability {
                Reliability::Replies { .. } => (rules::ANSWER_TIMEOUT, rules::ASK_AGAIN),
                _ => (rules::TIMEOUT, rules::TIMEOUT_AGAIN),
            };
            let because = self.conclude(spec, flight, Belief::Unknown, rule, Because::INPUT, io);
            let pause = backoff.after(flight.attempt);
            self.try_again(spec, flight, on_timeout, pause, again, because, io);
        }
        self.publish_due(spec, Because::INPUT, io);
    }

    /// The session is gone: no open message gets an answer any more. What an error says was not taken is refused.
    pub(super) fn down(&mut self, spec: &ProducerSpec, why: Down, io: &mut Io<'_>) {
        if !self.link.can_be_lost() {
            return;
        }
        let last = self.link.final_loss(spec.reconnect);
        let Policy { on_timeout, on_refused, backoff } = if last { Policy::NONE } else { Policy::of(spec.reliability) };
        let refused = |ticket| matches!(why, Down::BadPublish(_, from) if ticket >= from);
        // What waited out a pause has waited long enough when the next session stands.
        self.again.iter_mut().for_each(|a| a.at = Time::ZERO);
        self.again.make_contiguous().sort_unstable_by_key(|a| a.flight.first);
        while let Some(open) = self.open.pop_front() {
            if open.returned {
                if !last {
                    self.turn_aside(spec, open.flight, Because::INPUT, io);
                }
                continue;
            }
            if let Some(rule) = self.tx.threw_away(spec.reliability) {
                let because = self.conclude(spec, open.flight, Belief::Refused, rule, Because::INPUT, io);
                if rule == rules::TX_LOST {
                    self.try_again(spec, open.flight, on_timeout, Span::ZERO, rules::LOST_AGAIN, because, io);
                }
                continue;
            }
            if refused(open.ticket) {
                let because = self.conclude(spec, open.flight, Belief::Refused, rules::ERROR, Because::INPUT, io);
                let pause = backoff.after(open.flight.attempt);
                self.try_again(spec, open.flight, on_refused, pause, rules::ERROR_AGAIN, because, io);
                continue;
            }
            let because = self.conclude(spec, open.flight, Belief::Unknown, rules::LOST, Because::INPUT, io);
            self.try_again(spec, open.flight, on_timeout, Span::ZERO, rules::LOST_AGAIN, because, io);
        }
        self.tx.end();
        self.link.lost(spec.reconnect, io);
        if last {
            self.drop_plans(io);
            while let Some(again) = self.again.pop_front() {
                self.give_up(spec, again.flight, Because::INPUT, io);
            }
        }
    }

    /// Publishes a message again, at once or later, or leaves it at that.
    #[expect(clippy::too_many_arguments, reason = "one decision with its policy, its reason and where it goes")]
    fn try_again(
        &mut self,
        spec: &ProducerSpec,
        flight: Flight,
        retry: Retry,
        pause: Span,
        rule: RuleId,
        because: Because,
        io: &mut Io<'_>,
    ) {
        if matches!(spec.books, Books::Outbox { .. }) {
            // The row is still there, and the relay will come to it again.
            return self.booking.row_waits(flight);
        }
        let allowed = matches!(retry, Retry::Republish { max } if max == 0 || flight.attempt < max);
        if !allowed {
            self.give_up(spec, flight, because, io);
        } else if rule == rules::LOST_AGAIN {
            self.queue_again(Again { flight, at: Time::ZERO, rule });
        } else if rule == rules::ERROR_AGAIN && pause == Span::ZERO {
            self.queue_again(Again { flight, at: io.now, rule });
        } else if matches!(spec.reliability, Reliability::Transactions { .. }) && pause == Span::ZERO {
            // The transaction that it belonged to has to end first.
            self.queue_again(Again { flight, at: io.now, rule });
        } else if pause == Span::ZERO {
            self.publish(spec, flight, rule, because, io);
        } else {
            let id = self.id(spec, flight, io);
            io.out.note(rules::BACKOFF, because, What::BacksOff, PlaceId::NONE, id, flight.attempt);
            self.queue_again(Again { flight, at: io.now + pause, rule });
        }
    }

    fn queue_again(&mut self, again: Again) {
        let key = |a: &Again| (a.at, a.flight.first);
        let at = self.again.partition_point(|a| key(a) < key(&again));
        self.again.insert(at, again);
    }

    fn give_up(&mut self, spec: &ProducerSpec, flight: Flight, because: Because, io: &mut Io<'_>) {
        let id = self.id(spec, flight, io);
        io.out.note(rules::GIVE_UP, because, What::GaveUp, PlaceId::NONE, id, flight.attempt);
    }

    /// Notes what the producer now believes about a message.
    pub(super) fn conclude(
        &mut self,
        spec: &ProducerSpec,
        flight: Flight,
        belief: Belief,
        rule: RuleId,
        because: Because,
        io: &mut Io<'_>,
    ) -> Because {
        let what = match belief {
            Belief::Sent => What::BelievesSent,
            Belief::Confirmed if matches!(spec.reliability, Reliability::Replies { .. }) => What::Answered,
            Belief::Confirmed => What::BelievesConfirmed,
            Belief::Refused => What::BelievesRefused,
            Belief::Unknown => What::BelievesUnknown,
        };
        let id = self.id(spec, flight, io);
        let noted = io.out.note(rule, because, what, PlaceId::NONE, id, flight.attempt);
        self.believe(spec, flight, id, belief, io);
        noted
    }

    /// The id of a message, for notes; made only where somebody listens.
    pub(super) fn id(&self, spec: &ProducerSpec, flight: Flight, io: &mut Io<'_>) -> Name {
        if io.out.wanted.notes.is_empty() {
            return Name::NONE;
        }
        spec.plans[usize::from(flight.plan)].id.name(flight.n, io.names)
    }
}
