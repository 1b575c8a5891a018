//! Asking a queue for messages at intervals, with `basic.get`, instead of having them handed out.

use super::{CHANNEL, Client, Io, Stage, rules, verbs};
use crate::amqp::Method;
use crate::ids::{Digest, Name};
use crate::machine::{self, Because, Does, Message, Need, Token};

/// Comes back when it is time to look.
pub(super) const LOOK: Token = Token(u64::MAX - 2);

/// How far a look is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Poll {
    /// How many more messages the current look may bring; one is asked for.
    left: u32,
    /// Whether the timer for the next look runs.
    set: bool,
}

impl Poll {
    /// Looks no more.
    pub(super) fn stop(&mut self, io: &mut Io<'_>) {
        self.left = 0;
        if std::mem::take(&mut self.set) {
            io.out.push(rules::POLL, Because::INPUT, Need::Nothing, Does::CancelTimer(LOOK));
        }
    }

    pub(super) fn digest(self, digest: &mut Digest) {
        digest.word(u64::from(self.left) | u64::from(self.set) << 32);
    }
}

impl Client {
    fn polling(&self) -> Option<machine::Poll> {
        self.session.take.as_ref()?.poll.filter(|_| self.stage == Stage::Ready)
    }

    /// The queue that it goes on asking, and the part of the broker that it is in.
    pub(super) fn asks_queue(&self) -> Option<(Name, Name)> {
        let take = self.session.take.as_ref().filter(|_| self.poll.set)?;
        Some((self.session.access.as_ref().map_or(Name::NONE, |access| access.part), take.from))
    }

    /// Begins a look, and sets the time of the next one.
    pub(super) fn look(&mut self, io: &mut Io<'_>) {
        self.poll.set = false;
        let Some(machine::Poll { every, batch }) = self.polling() else { return };
        self.poll.set = true;
        let (token, verb) = (LOOK, verbs::TIMER_POLL);
        // A look alone keeps nothing going: the world knows whether there is something to be found.
        let timer = Does::SetTimer { token, after: every, verb, housekeeping: true };
        io.out.push(rules::POLL, Because::INPUT, Need::Nothing, timer);
        if self.poll.left == 0 {
            self.poll.left = batch.max(1);
            self.get(io);
        }
    }

    fn get(&mut self, io: &mut Io<'_>) {
        let Some(take) = &self.session.take else { return };
        let get = Method::BasicGet { queue: take.from, no_ack: take.auto_settle };
        self.send(rules::POLL, Because::INPUT, CHANNEL, get, io);
    }

    /// The answer to what was asked for: a message, or that there is none.
    pub(super) fn polled(&mut self, got: Option<(u32, bool, Message, Name)>, io: &mut Io<'_>) {
        if self.polling().is_none() {
            return;
        }
        let found = got.is_some();
        if let Some(got) = got {
            self.offer(got, io);
        }
        self.poll.left = if found { self.poll.left.saturating_sub(1) } else { 0 };
        if self.poll.left > 0 {
            self.get(io);
        }
    }
}
