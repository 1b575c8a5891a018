//! A client's side of heartbeats: when to send one, and when to take the broker for dead (R20).

use super::super::{Frame, Method, Tune, verbs};
use super::rules;
use crate::ids::{ConnId, Digest};
use crate::machine::{Because, Does, Need, Ports, Token};
use crate::units::{Span, Time};

/// Comes back when a heartbeat is due.
const BEAT: Token = Token(u64::MAX);
/// Comes back when it is time to look for silence.
const LOOK: Token = Token(u64::MAX - 1);

/// The heartbeats of one connection.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::amqp) struct Heart {
    /// The interval that both sides agreed on; zero for none.
    interval: Span,
    /// When the last frame came in.
    heard: Time,
}

/// What a timer of [`Heart`] led to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::amqp) enum Pulse {
    /// It was another timer.
    NotMine,
    /// All is well.
    Alive,
    /// The broker has been silent for too long.
    Dead,
}

/// What a client answers to the broker's proposal: the smaller interval, in whole seconds; none where either says 0.
pub(in crate::amqp) fn agree(proposed: Tune, offered: Option<Span>) -> Tune {
    let seconds = |span: Span| span.0.div_ceil(1_000_000_000).min(u64::from(u16::MAX)) as u16;
    let heartbeat = match offered.map(seconds) {
        None => proposed.heartbeat,
        Some(0) => 0,
        Some(own) if proposed.heartbeat == 0 => own,
        Some(own) => own.min(proposed.heartbeat),
    };
    Tune { heartbeat, ..proposed }
}

impl Heart {
    /// Notes that something came in.
    #[inline]
    pub(in crate::amqp) fn heard(&mut self, now: Time) {
        self.heard = now;
    }

    /// Begins, once the interval is agreed on.
    pub(in crate::amqp) fn start(
        &mut self,
        seconds: u16,
        because: Because,
        ports: &mut Ports<'_, Frame, crate::amqp::Record>,
    ) {
        *self = Heart { interval: Span::secs(u64::from(seconds)), heard: ports.now };
        if self.interval == Span::ZERO {
            return;
        }
        self.set(BEAT, because, ports);
        self.set(LOOK, because, ports);
    }

    /// Ends with the connection.
    pub(in crate::amqp) fn stop(&mut self, ports: &mut Ports<'_, Frame, crate::amqp::Record>) {
        if self.interval == Span::ZERO {
            return;
        }
        self.interval = Span::ZERO;
        for token in [BEAT, LOOK] {
            ports.out.push(rules::HEARTBEAT, Because::INPUT, Need::Nothing, Does::CancelTimer(token));
        }
    }

    fn set(&self, token: Token, because: Because, ports: &mut Ports<'_, Frame, crate::amqp::Record>) {
        let (verb, rule, after) = match token {
            BEAT => (verbs::TIMER_HEARTBEAT, rules::HEARTBEAT, Span(self.interval.0 / 2)),
            _ => {
                let deadline = self.heard + self.interval.times(2);
                (verbs::TIMER_SILENCE, rules::SILENCE, deadline.since(ports.now))
            }
        };
        ports.out.push(rule, because, Need::Nothing, Does::SetTimer { token, after, verb, housekeeping: true });
    }

    /// Takes a timer.
    pub(in crate::amqp) fn timer(
        &self,
        token: Token,
        conn: ConnId,
        ports: &mut Ports<'_, Frame, crate::amqp::Record>,
    ) -> Pulse {
        if token != BEAT && token != LOOK {
            return Pulse::NotMine;
        }
        if self.interval == Span::ZERO {
            return Pulse::Alive;
        }
        if token == LOOK && ports.now.since(self.heard) >= self.interval.times(2) {
            return Pulse::Dead;
        }
        if token == BEAT {
            let beat = Does::Send(conn, Frame::new(0, Method::Heartbeat));
            ports.out.push(rules::HEARTBEAT, Because::INPUT, Need::Nothing, beat);
        }
        self.set(token, Because::INPUT, ports);
        Pulse::Alive
    }

    /// Mixes it into a digest.
    pub(in crate::amqp) fn digest(&self, now: Time, digest: &mut Digest) {
        digest.word(self.interval.0);
        digest.word(if self.interval == Span::ZERO { 0 } else { now.since(self.heard).0 });
    }
}
