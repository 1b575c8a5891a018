//! What is different between two runs: in their verdicts, and event by event.

use crate::ids::EventId;
use crate::verdict::{Compared, Findings, compared};

/// Something that two verdicts say differently.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shift {
    /// What: a word of the verdict, `rows in invoices`, `ready in billing`.
    pub what: String,
    /// What the first says: a count, with the messages where they are few.
    pub before: String,
    /// What the second says.
    pub after: String,
}

/// Two runs side by side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comparison {
    /// So many events at the start are the same; where one run goes on as the other ends, all of the shorter one's.
    pub same: u32,
    /// Whether there is no difference at all.
    pub equal: bool,
    /// Every event of either run in one row, aligned on cause.
    pub rows: Vec<Pair>,
    /// What the verdicts say differently.
    pub shifts: Vec<Shift>,
}

/// A row of a comparison: an event of one run, of the other, or of both where they do the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pair {
    /// The first run's event.
    pub left: Option<EventId>,
    /// The second's.
    pub right: Option<EventId>,
}

/// What two verdicts say differently, in the order in which a verdict is read.
pub fn shifts(a: &Findings, b: &Findings) -> Vec<Shift> {
    let lines = compared(&[a, b]).into_iter().filter(Compared::differs);
    let cell = |line: &Compared, at: usize| line.cells.get(at).cloned().unwrap_or_default();
    lines.map(|line| Shift { before: cell(&line, 0), after: cell(&line, 1), what: line.what }).collect()
}
