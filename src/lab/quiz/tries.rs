//! The runs that wrong answers come from: each legal change at an event, made once.

use super::Way;
use crate::ids::EventId;
use crate::lab::{Change, Laboratory, RunId, Sort, Trial};

/// Of the changes at an event so many are tried at most, of each sort.
const TRIED: usize = 14;
/// Runs with more events are not tried again and again.
const MAX_EVENTS: usize = 20_000;

/// A change and the run that came of it.
#[derive(Debug)]
pub(super) struct Try {
    pub(super) change: Change,
    pub(super) trial: Trial,
    at: EventId,
}

impl Try {
    /// How a viewer comes to the same run.
    pub(super) fn way(&self) -> Way {
        Way { at: self.at, change: self.change.id.clone(), says: self.change.says.clone() }
    }
}

/// The runs that come of an event with one change, in the order in which the changes are offered. None where the run is
/// recorded or too long.
pub(super) fn tries(lab: &dyn Laboratory, run: RunId, at: EventId, sorts: &[Sort]) -> Vec<Try> {
    let short = lab.run(run).is_some_and(|run| run.log.events().len() <= MAX_EVENTS);
    let Some(changes) = lab.changes(run, at).ok().filter(|_| short) else { return Vec::new() };
    let made = |change: Change| {
        // One that cannot be made after all is no answer.
        let trial = lab.trial(run, at, &change.id).ok()?;
        Some(Try { change, trial, at })
    };
    let mut all = Vec::new();
    for sort in sorts {
        all.extend(changes.iter().filter(|change| change.sort == *sort).take(TRIED).cloned().filter_map(made));
    }
    all
}
