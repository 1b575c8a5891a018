//! The observable state at any step of a long run, without going through all of it: it is kept here and there, and folded
//! from the nearest point before.

use crate::ids::EventId;
use crate::trace::{Log, Observable};

/// At least so many events lie between two states that are kept.
const STRIDE: usize = 4096;

/// States that are kept.
#[derive(Debug, Default)]
pub(super) struct States {
    /// After so many events, each with the state then.
    kept: Vec<(usize, Observable)>,
}

fn size(state: &Observable) -> usize {
    state.places.values().map(|copies| copies.len()).sum::<usize>() + state.gauges.len() + state.beliefs.len()
}

impl States {
    /// Folds a log. Kept states are so far apart that all of them together are no larger than the log.
    pub(super) fn new(log: &Log) -> States {
        let mut states = States::default();
        let mut state = Observable::new();
        let mut next = STRIDE;
        for n in 0..log.events().len() {
            log.deltas(EventId(n as u32)).iter().for_each(|delta| _ = state.apply(delta));
            if n + 1 >= next {
                states.kept.push((n + 1, state.clone()));
                next = n + 1 + STRIDE.max(2 * size(&state));
            }
        }
        states
    }

    /// The state after the first `events` events.
    pub(super) fn after(&self, log: &Log, events: usize) -> Observable {
        let events = events.min(log.events().len());
        let at = self.kept.partition_point(|(n, _)| *n <= events);
        let (from, mut state) = match at.checked_sub(1).and_then(|at| self.kept.get(at)) {
            Some((n, state)) => (*n, state.clone()),
            None => (0, Observable::new()),
        };
        for n in from..events {
            log.deltas(EventId(n as u32)).iter().for_each(|delta| _ = state.apply(delta));
        }
        state
    }
}
