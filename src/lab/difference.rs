//! What is different between two runs: in their verdicts, and event by event.

use crate::ids::EventId;
use crate::verdict::{Findings, Word};
use std::collections::BTreeSet;

/// Something that two verdicts say differently.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shift {
    /// What: a word of the verdict, `rows in invoices`, `ready in billing`.
    pub what: String,
    /// What the first says: a count, with the messages where they are few.
    pub before: String,
    /// What the second says.
    pub after: String,
    /// Of the first's point of view and in few words, with the messages named: `order-2 would be lost`.
    pub short: String,
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
        if let (Some(shift), Some(short)) = (shifts.last_mut(), short(*word, a, b)) {
            shift.short = short;
        }
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
        let short = format!("{what} would be {after} and not {before}");
        shifts.push(Shift { what, before, after, short });
    }
}

/// What would become of a message that counts among a word's cases; the gravest first.
const BECOMES: &[(Word, &str)] = &[
    (Word::Lost, "lost"),
    (Word::LostConfirmed, "lost though confirmed"),
    (Word::Stuck, "stuck"),
    (Word::Duplicated, "worked on again"),
    (Word::DuplicateRows, "in the table twice"),
    (Word::Reordered, "out of order"),
    (Word::PoisonLoop, "going round and round"),
    (Word::Unexpected, "done though refused or never sent"),
    (Word::Vanished, "gone with the broker's memory"),
    (Word::Unroutable, "thrown away, since no queue wants it"),
    (Word::InError, "answered with an error"),
    (Word::Discarded, "thrown away unread"),
    (Word::Expired, "expired"),
    (Word::Dropped, "dropped from a full queue"),
    (Word::Rejected, "rejected"),
    (Word::DeadLettered, "dead-lettered"),
    (Word::Purged, "purged"),
    (Word::Returned, "returned"),
    (Word::Refused, "refused"),
    (Word::Unknown, "unknown to its producer"),
    (Word::Recovered, "done without its producer knowing"),
];

/// How grave it is what a shift tells of; 0 is the gravest.
pub(super) fn gravity(shift: &Shift) -> usize {
    let of = |(word, _): &(Word, &str)| word.name().replace('_', " ") == shift.what;
    BECOMES.iter().position(of).unwrap_or(BECOMES.len())
}

/// What becomes of which messages, and of which it does not any more.
fn short(word: Word, a: &Findings, b: &Findings) -> Option<String> {
    let (_, becomes) = BECOMES.iter().find(|(known, _)| *known == word)?;
    let (before, after) = (a.ids(word), b.ids(word));
    let without = |these: &[&str], those: &[&str]| -> Vec<String> {
        let those: BTreeSet<&str> = those.iter().copied().collect();
        these.iter().filter(|id| !those.contains(*id)).map(|id| (*id).to_owned()).collect()
    };
    let (new, gone) = (without(&after, &before), without(&before, &after));
    let said = [(new, "would be"), (gone, "would not be")].into_iter().filter(|(ids, _)| !ids.is_empty());
    let said: Vec<String> = said.map(|(ids, would)| format!("{} {would} {becomes}", few(&ids))).collect();
    if said.is_empty() && !after.is_empty() {
        let ids: Vec<String> = after.iter().map(|id| (*id).to_owned()).collect();
        let (n, before) = (b.count(word), a.count(word));
        return Some(format!("{} would be {becomes}, {n} cases and not {before}", few(&ids)));
    }
    (!said.is_empty()).then(|| said.join(", "))
}

/// Whether a shift goes without saying beside another one: what is lost though confirmed is lost, and what is in a table
/// twice was worked on twice.
pub(super) fn goes_without_saying(shift: &Shift, all: &[Shift]) -> bool {
    let has = |word: Word| all.iter().any(|other| other.what == word.name().replace('_', " "));
    let is = |word: Word| shift.what == word.name().replace('_', " ");
    is(Word::LostConfirmed) && has(Word::Lost) || is(Word::DuplicateRows) && has(Word::Duplicated)
}

fn few(ids: &[String]) -> String {
    match ids {
        [one] => one.clone(),
        [first, second] => format!("{first} and {second}"),
        [first, ..] => format!("{first} and {} more", ids.len() - 1),
        [] => String::new(),
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
