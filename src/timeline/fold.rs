//! Finds what repeats itself over and over: tries to connect to a dead broker, a poison message that goes round.
//!
//! Not the leaving out (that is `elide`). Two rows are the same if they show the same but for steps, times and counts.

use super::model::{Arrow, LaneState, Row, Sign};
use crate::ids::Name;

/// The longest cycle that is looked for, in rows.
const LONGEST: usize = 6;
/// So many cycles are shown before the repetitions are left out, and one behind them.
const SHOWN: usize = 2;
/// Fewer cycles than this are not worth leaving out.
const FEWEST: u32 = 2;

/// Rows that only repeat what stands before them.
pub(super) struct Fold {
    /// The index of the first of them.
    pub(super) first: usize,
    /// The index behind the last of them.
    pub(super) end: usize,
    /// How many cycles they are.
    pub(super) times: u32,
}

/// What a row shows, without steps, times and counts.
#[derive(PartialEq, Eq)]
struct Looks<'a> {
    arrow: Option<(Arrow, String)>,
    notes: Vec<(usize, Option<Sign>, Option<Sign>, String)>,
    across: Option<&'a str>,
    lanes: &'a [LaneState],
    messages: &'a [Name],
    captions: &'a [String],
}

impl Looks<'_> {
    fn of(row: &Row) -> Looks<'_> {
        let arrow = row.arrow.clone().map(|mut arrow| {
            let after = countless(&std::mem::take(&mut arrow.label.after));
            arrow.label.aside.clear();
            (arrow, after)
        });
        let remarks = row.notes.iter().flat_map(|note| note.remarks.iter().map(move |remark| (note, remark)));
        let notes = remarks.map(|(note, r)| (note.lane, note.breaks, r.sign, countless(&r.text))).collect();
        let across = row.across.as_ref().map(|across| across.text.as_str());
        Looks { arrow, notes, across, lanes: &row.lanes, messages: &row.messages, captions: &row.captions }
    }
}

/// A text without its numbers, and without the endings of `2nd` and `3rd`.
fn countless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        out.push_str(&rest[..at]);
        rest = rest[at..].trim_start_matches(|c: char| c.is_ascii_digit());
        rest = ["st ", "nd ", "rd ", "th "].iter().find_map(|end| rest.strip_prefix(end)).unwrap_or(rest);
    }
    out + rest
}

/// The repetitions among the rows, from the first to the last; they do not overlap.
pub(super) fn repetitions(rows: &[Row]) -> Vec<Fold> {
    let looks: Vec<Looks<'_>> = rows.iter().map(Looks::of).collect();
    let mut folds = Vec::new();
    let mut at = 0;
    while at < rows.len() {
        let found = (1..=LONGEST).find_map(|cycle| {
            let same = (at..rows.len().saturating_sub(cycle)).take_while(|i| looks[*i] == looks[i + cycle]).count();
            let cycles = same / cycle + 1;
            let times = cycles.saturating_sub(SHOWN + 1) as u32;
            (times >= FEWEST).then_some((cycle, cycles, times))
        });
        let Some((cycle, cycles, times)) = found else {
            at += 1;
            continue;
        };
        folds.push(Fold { first: at + SHOWN * cycle, end: at + (cycles - 1) * cycle, times });
        at += cycles * cycle;
    }
    folds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_do_not_make_a_difference() {
        assert_eq!(countless("sent AGAIN, 2nd time"), countless("sent AGAIN, 11th time"));
        assert_eq!(countless(" #3"), countless(" #12"));
        assert_ne!(countless("did it"), countless("did"));
    }
}
