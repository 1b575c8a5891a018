//! An application's session as it sees it: whether it stands, whether to connect again, and how the process stops.

use super::{Io, Reconnect, rules, verbs};
use crate::ids::{Digest, Name, PlaceId, RuleId};
use crate::machine::{Ask, Because, Does, Need, Token};
use crate::trace::What;
use crate::units::Span;

/// The token of the reconnect timer; tokens of other timers have other high halves.
pub(super) const RECONNECT: Token = Token(1 << 32);

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Phase {
    /// The process does not run yet.
    #[default]
    Idle,
    /// It has asked for a session.
    Connecting,
    /// The session stands.
    Up,
    /// The session is gone, and it will connect again.
    Waiting,
    /// It has asked to close the session, in order to stop.
    Closing,
    /// There is no session and there will be none.
    Over,
    /// The process has ended.
    Exited,
}

/// A session and the policy around it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Link {
    pub(super) phase: Phase,
    tries: u32,
    /// Whether the number of tries makes a difference: only where there is a limit to it.
    counts: bool,
    pub(super) stopping: bool,
}

impl Link {
    pub(super) fn up(&self) -> bool {
        self.phase == Phase::Up
    }

    /// Asks for a session.
    pub(super) fn connect(&mut self, rule: RuleId, io: &mut Io<'_>) {
        self.phase = Phase::Connecting;
        io.out.ask(rule, Because::INPUT, Ask::Connect);
    }

    /// The session stands. `false` where nobody had asked for it any more.
    pub(super) fn ready(&mut self) -> bool {
        if self.phase != Phase::Connecting {
            return false;
        }
        self.phase = Phase::Up;
        self.tries = 0;
        true
    }

    /// Whether losing the session now would leave one without.
    pub(super) fn final_loss(&self, policy: Option<Reconnect>) -> bool {
        self.stopping || policy.is_none_or(|r| r.max != 0 && self.tries >= r.max)
    }

    /// The session is gone, or did not come about.
    pub(super) fn lost(&mut self, policy: Option<Reconnect>, io: &mut Io<'_>) {
        let said = |rule, what, number, io: &mut Io<'_>| {
            io.out.note(rule, Because::INPUT, what, PlaceId::NONE, Name::NONE, number)
        };
        match policy {
            _ if self.stopping => self.phase = Phase::Over,
            None => {
                self.phase = Phase::Over;
                said(rules::NO_RECONNECT, What::GaveUp, 0, io);
            }
            Some(_) if self.final_loss(policy) => {
                self.phase = Phase::Over;
                said(rules::RECONNECT_MAX, What::GaveUp, self.tries, io);
            }
            Some(reconnect) => {
                self.phase = Phase::Waiting;
                self.tries = self.tries.saturating_add(1);
                self.counts = reconnect.max != 0;
                let because = said(rules::RECONNECT, What::BacksOff, self.tries, io);
                set_timer(RECONNECT, reconnect.after, verbs::RECONNECT, rules::RECONNECT, because, io);
            }
        }
    }

    /// Whether a report that the session is gone says something new.
    pub(super) fn can_be_lost(&self) -> bool {
        matches!(self.phase, Phase::Connecting | Phase::Up | Phase::Closing)
    }

    /// The operator asks the process to stop.
    pub(super) fn stop(&mut self, io: &mut Io<'_>) {
        self.stopping = true;
        match self.phase {
            Phase::Up | Phase::Closing | Phase::Over | Phase::Exited => {}
            Phase::Waiting => {
                io.out.push(rules::STOP, Because::INPUT, Need::Nothing, Does::CancelTimer(RECONNECT));
                self.phase = Phase::Over;
            }
            Phase::Idle | Phase::Connecting => self.phase = Phase::Over,
        }
    }

    /// A stopping process with nothing left to do closes its session, then ends.
    pub(super) fn wind_down(&mut self, because: Because, io: &mut Io<'_>) {
        match self.phase {
            Phase::Up => {
                self.phase = Phase::Closing;
                io.out.ask(rules::STOP, because, Ask::Disconnect);
            }
            Phase::Over => self.exit(rules::STOP, because, io),
            _ => {}
        }
    }

    /// The process ends by its own will.
    pub(super) fn exit(&mut self, rule: RuleId, because: Because, io: &mut Io<'_>) {
        self.phase = Phase::Exited;
        io.out.push(rule, because, Need::Nothing, Does::Exit);
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        let tries = if self.counts { self.tries } else { 0 };
        digest.word(self.phase as u64 | u64::from(self.stopping) << 8 | u64::from(tries) << 32);
    }
}

/// Sets a timer that can still change an outcome.
pub(super) fn set_timer(
    token: Token,
    after: Span,
    verb: crate::ids::VerbId,
    rule: RuleId,
    because: Because,
    io: &mut Io<'_>,
) {
    io.out.push(rule, because, Need::Nothing, Does::SetTimer { token, after, verb, housekeeping: false });
}

/// Takes a timer back.
pub(super) fn cancel_timer(token: Token, rule: RuleId, io: &mut Io<'_>) {
    io.out.push(rule, Because::INPUT, Need::Nothing, Does::CancelTimer(token));
}
