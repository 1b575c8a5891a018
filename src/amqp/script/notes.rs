//! What a script notes about messages: what it believes of those it published, and what it did with those it got.

use super::Io;
use crate::amqp::client::rules;
use crate::ids::{ActorId, Name, PlaceId};
use crate::machine::Because;
use crate::mem::VecMap;
use crate::trace::{Belief, Delta, Observable, PlaceKind, What};

/// The beliefs about each message, with how often it was published.
#[derive(Debug, Default)]
pub(super) struct Beliefs {
    messages: VecMap<Name, (Belief, u32)>,
}

crate::clone_in_place!(Beliefs { messages });

impl Beliefs {
    pub(super) fn clear(&mut self) {
        self.messages.clear();
    }

    /// A message is about to be sent; `sure` where no answer is asked for.
    pub(super) fn published(&mut self, message: Name, sure: bool, because: Because, io: &mut Io<'_>) -> Because {
        let entry = self.messages.or_insert_with(message, || (Belief::Sent, 0));
        entry.1 += 1;
        let attempt = entry.1;
        entry.0 = if sure { Belief::Sent } else { Belief::Unknown };
        let belief = entry.0;
        let noted = io.out.note(rules::SCRIPT_STEP, because, What::Published, PlaceId::NONE, message, attempt);
        believe(message, belief, io);
        noted
    }

    /// A message without an answer to wait for was sent.
    pub(super) fn sent(&self, message: Name, because: Because, io: &mut Io<'_>) {
        self.note(What::BelievesSent, message, because, io);
    }

    /// The broker answered.
    pub(super) fn answered(&mut self, message: Name, yes: bool, io: &mut Io<'_>) {
        let (what, belief) = match yes {
            true => (What::BelievesConfirmed, Belief::Confirmed),
            false => (What::BelievesRefused, Belief::Refused),
        };
        self.conclude(message, what, belief, Because::INPUT, io);
    }

    /// The broker gave a message back; a confirm that follows changes nothing.
    pub(super) fn returned(&mut self, message: Name, io: &mut Io<'_>) {
        let noted = self.note(What::Returned, message, Because::INPUT, io);
        self.conclude(message, What::BelievesRefused, Belief::Refused, noted, io);
    }

    fn conclude(&mut self, message: Name, what: What, belief: Belief, because: Because, io: &mut Io<'_>) {
        self.messages.or_insert_with(message, || (belief, 0)).0 = belief;
        self.note(what, message, because, io);
        believe(message, belief, io);
    }

    fn note(&self, what: What, message: Name, because: Because, io: &mut Io<'_>) -> Because {
        let attempt = self.messages.get(&message).map_or(0, |entry| entry.1);
        io.out.note(rules::SCRIPT_BELIEF, because, what, PlaceId::NONE, message, attempt)
    }

    pub(super) fn observe(&self, me: ActorId, seen: &mut Observable) {
        for (message, (belief, _)) in self.messages.iter() {
            seen.believe(me, *message, *belief);
        }
    }
}

/// The change that belongs to the note before.
fn believe(message: Name, belief: Belief, io: &mut Io<'_>) {
    let actor = io.me;
    io.out.delta(|| Delta::Believe { actor, message, belief });
}

/// Notes a delivery.
pub(super) fn received(message: Name, queue: Name, io: &mut Io<'_>) -> Because {
    note(What::Received, message, queue, 0, Because::INPUT, io)
}

/// Notes completed work; `n` counts it over the whole script.
pub(super) fn worked(message: Name, queue: Name, n: u32, because: Because, io: &mut Io<'_>) -> Because {
    note(What::WorkDone, message, queue, n, because, io)
}

fn note(what: What, message: Name, queue: Name, n: u32, because: Because, io: &mut Io<'_>) -> Because {
    if !io.out.wanted.notes.has(what) {
        return because;
    }
    let place = if queue.is_some() { io.place(PlaceKind::Inbox, queue) } else { PlaceId::NONE };
    io.out.note(rules::SCRIPT_WORK, because, what, place, message, n)
}
