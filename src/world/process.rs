//! What the world knows of each process: whether it runs, and which timers it has set.

use crate::ids::{Digest, EventId, RuleId, VerbId};
use crate::machine::Token;
use crate::mem::VecMap;
use crate::sim::Key;
use crate::units::Time;

/// Which machine of a process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Part {
    /// A client's application.
    App,
    /// A client's wire machine, or a node.
    Wire,
}

/// A timer that is set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timer {
    pub(super) key: Key,
    pub(super) due: Time,
    pub(super) housekeeping: bool,
    pub(super) verb: VerbId,
    /// Under which rule it was set, for show.
    pub(super) rule: RuleId,
    /// The event of its setting, for show.
    pub(super) set_by: EventId,
}

/// A process, of a client or of a node.
#[derive(Debug, Default)]
pub(super) struct Process {
    /// Whether it runs.
    pub(super) alive: bool,
    /// Whether its machine has power.
    pub(super) powered: bool,
    /// Whether it stands still.
    pub(super) paused: bool,
    /// Until when it stands still, or last did.
    pub(super) still_until: Time,
    /// Whether it was asked to stop, and after how long it is to come back.
    pub(super) stopping: Option<Option<crate::units::Span>>,
    /// The event of its last end, for show.
    pub(super) down_since: crate::ids::EventId,
    /// How many alarms of each resource are on: what it is short of does not come back with a restart.
    pub(super) short: [u8; 2],
    /// How often it was started. What belongs to an earlier life is recognised by it.
    pub(super) life: u32,
    pub(super) timers: VecMap<(Part, Token), Timer>,
}

crate::clone_in_place!(Process { alive, powered, paused, still_until, stopping, down_since, short, life, timers });

impl Process {
    pub(super) fn reset(&mut self) {
        (self.alive, self.powered, self.paused, self.stopping, self.life) = (false, true, false, None, 0);
        self.still_until = Time::ZERO;
        self.short = [0; 2];
        self.down_since = crate::ids::EventId::NONE;
        self.timers.clear();
    }

    /// Whether it can take something in now.
    pub(super) fn takes(&self) -> bool {
        self.alive && !self.paused
    }

    /// Mixes it into a digest; `name` mixes in what a timer is for.
    pub(super) fn digest(&self, now: Time, name: impl Fn(Part, Token, &mut Digest), digest: &mut Digest) {
        let short = u64::from(self.short[0]) << 8 | u64::from(self.short[1]) << 16;
        digest.word(u64::from(self.alive) | u64::from(self.powered) << 1 | u64::from(self.paused) << 2 | short);
        digest.word(match self.stopping {
            None => 0,
            Some(None) => 1,
            Some(Some(after)) => 2 + after.0,
        });
        digest.unordered(self.timers.iter().map(|((part, token), timer)| {
            Digest::of(|digest| {
                digest.word(*part as u64 | u64::from(timer.housekeeping) << 1);
                name(*part, *token, digest);
                digest.word(timer.due.since(now).0);
            })
        }));
    }
}
