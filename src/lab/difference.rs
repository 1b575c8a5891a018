//! What is different between two runs: in their verdicts, and event by event.

use crate::ids::EventId;
use crate::verdict::{Findings, Word};

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

/// What two verdicts say differently, in the order in which a verdict is read: words, then tables, then queues.
pub fn shifts(a: &Findings, b: &Findings) -> Vec<Shift> {
    let mut shifts = Vec::new();
    for word in Word::ALL {
        let (before, after) = (a.cases(*word), b.cases(*word));
        push(&mut shifts, word.name().replace('_', " "), before, after);
    }
    let mut tables: Vec<&str> = a.tables.iter().chain(&b.tables).map(|table| table.name.as_str()).collect();
    tables.dedup();
    for name in unique(tables) {
        let rows = |f: &Findings| f.tables.iter().find(|t| t.name == name).map_or(0, |t| t.rows.count).to_string();
        push(&mut shifts, format!("rows in {name}"), rows(a), rows(b));
    }
    let queues = unique(a.queues.iter().chain(&b.queues).map(|queue| queue.name.as_str()).collect());
    for name in queues {
        let ready = |f: &Findings| f.queues.iter().find(|q| q.name == name).map_or(0, |q| q.ready.count).to_string();
        push(&mut shifts, format!("ready in {name}"), ready(a), ready(b));
    }
    shifts
}

fn push(shifts: &mut Vec<Shift>, what: String, before: String, after: String) {
    if before != after {
        shifts.push(Shift { what, before, after });
    }
}

fn unique(names: Vec<&str>) -> Vec<&str> {
    let mut unique: Vec<&str> = Vec::new();
    for name in names {
        if !unique.contains(&name) {
            unique.push(name);
        }
    }
    unique
}
