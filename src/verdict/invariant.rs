//! Invariants: what is to hold always, never, or at some time, while a run goes on; and the observer that finds the first
//! event which breaks one.
//!
//! Not expectations, which are asked at the end. The words mean the same, and are asked after every event that could
//! have changed their count.

use super::check::plain;
use super::{Checked, Expectation, Meter, Verdict, Word};
use crate::ids::{EventId, FrameId};
use crate::trace::{Delta, Event, Frame, Header, Kind, Observable, Observer, Tables, VerbBook, Wants};
use crate::units::{Span, Time};
use std::fmt;

/// So often invariants are asked in one run; what is open then stays undecided, and counts as broken.
const ASKED_MAX: u32 = 20_000;

/// When something is to hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Temper {
    /// After every event.
    Always,
    /// After no event.
    Never,
    /// After some event, within this time from the start where one is given.
    Eventually(Option<Span>),
}

/// An invariant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invariant {
    /// When.
    pub temper: Temper,
    /// What; its word is one of those that [`Invariant::can_be_about`].
    pub what: Expectation,
}

impl Invariant {
    /// Whether a word means something while a run goes on. Others are known only at its end.
    pub fn can_be_about(word: Word) -> bool {
        use Word::*;
        matches!(
            word,
            Sent | Confirmed
                | Refused
                | Unknown
                | Duplicated
                | DuplicateRows
                | Returned
                | Unroutable
                | InError
                | Discarded
                | Expired
                | Dropped
                | Rejected
                | DeadLettered
                | Purged
                | Vanished
                | Depth
                | Unacked
                | Durable
                | Rows
                | Sum
                | Delivered
                | Worked
                | Failed
                | Skipped
                | Frames
        )
    }
}

impl fmt::Display for Invariant {
    /// As it is written in a scenario: `always(depth("billing", at_most(10)))`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.temper {
            Temper::Always => write!(f, "always({})", self.what),
            Temper::Never => write!(f, "never({})", self.what),
            Temper::Eventually(None) => write!(f, "eventually({})", self.what),
            Temper::Eventually(Some(within)) => write!(f, "eventually({}, within: \"{within}\")", self.what),
        }
    }
}

/// Watches a run for invariants; listens to everything, so it is only there where one is declared.
#[derive(Debug)]
pub struct Watcher {
    verdict: Verdict,
    meter: Meter,
    state: Observable,
    /// Each with its result, once there is one.
    open: Vec<(Invariant, Option<Checked>)>,
    asked: u32,
}

impl Watcher {
    /// For a run with this header.
    pub fn new(header: &Header, verbs: VerbBook, invariants: Vec<Invariant>) -> Watcher {
        let open = invariants.into_iter().map(|invariant| (invariant, None)).collect();
        let meter = Meter::new(header);
        Watcher { verdict: Verdict::new(header, verbs), meter, state: Observable::new(), open, asked: 0 }
    }

    /// The results, in the order of the invariants.
    pub fn finish(self) -> Vec<Checked> {
        let asked = self.asked;
        let result = |(invariant, result): (Invariant, Option<Checked>)| {
            result.unwrap_or_else(|| {
                let (holds, found) = match invariant.temper {
                    _ if asked >= ASKED_MAX => (false, "undecided: the run is too long to be watched".to_owned()),
                    Temper::Eventually(_) => (false, "it never came to that".to_owned()),
                    Temper::Always | Temper::Never => (true, "held".to_owned()),
                };
                Checked { expectation: invariant.to_string(), holds, found, decided: None }
            })
        };
        self.open.into_iter().map(result).collect()
    }

    fn ask(&mut self, id: EventId, now: Time, tables: &Tables<'_>) {
        if self.asked >= ASKED_MAX || self.open.iter().all(|(_, result)| result.is_some()) {
            return;
        }
        self.asked += 1;
        let mut findings = self.verdict.finish(&self.state, tables);
        self.meter.frames(&mut findings);
        for (invariant, result) in self.open.iter_mut().filter(|(_, result)| result.is_none()) {
            let checked = invariant.what.check(&findings);
            let late = matches!(invariant.temper, Temper::Eventually(Some(within)) if now > Time::ZERO + within);
            let ends = match invariant.temper {
                Temper::Always => (!checked.holds).then_some(false),
                Temper::Never => checked.holds.then_some(false),
                Temper::Eventually(_) if late => Some(false),
                Temper::Eventually(_) => checked.holds.then_some(true),
            };
            let Some(holds) = ends else { continue };
            let (step, at) = (id.step(), now.since(Time::ZERO).brief());
            let found = format!("{} at step {step}, {at}", plain(&checked.found));
            *result = Some(Checked { expectation: invariant.to_string(), holds, found, decided: Some(id) });
        }
    }
}

impl Observer for Watcher {
    const WANTS: Wants = Wants::ALL;

    fn frame(&mut self, id: FrameId, frame: &Frame, tables: &Tables<'_>) {
        self.verdict.frame(id, frame, tables);
        self.meter.frame(id, frame, tables);
    }

    fn event(&mut self, id: EventId, event: &Event, deltas: &[Delta], tables: &Tables<'_>) {
        self.verdict.event(id, event, deltas, tables);
        for delta in deltas {
            self.state.apply(delta);
        }
        let counts = matches!(event.kind, Kind::Note { .. } | Kind::Process(_) | Kind::Sent(_) | Kind::End(_));
        if counts || !deltas.is_empty() {
            self.ask(id, event.time, tables);
        }
    }
}
