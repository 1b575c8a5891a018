//! Another run beside the one on the desk, aligned on cause: which steps stand side by side, and where the two differ.
//!
//! Not the alignment, which the laboratory gives; and not the drawing.

use super::desk::{Books, Desk, Way};
use crate::ids::EventId;
use crate::lab::{Comparison, Pair, Run};
use crate::story::{Sentence, tell_read};
use crate::timeline::Reel;
use std::sync::Arc;

/// Another run beside the one on the desk.
#[derive(Debug)]
pub struct Beside {
    /// The other one.
    pub(super) other: Arc<Run>,
    /// What it is called.
    pub(super) name: String,
    /// Whether it is on the screen.
    pub(super) shown: bool,
    /// Events at the start that are the same, whether all are, and what the verdicts say differently.
    pub(super) comparison: Comparison,
    reel: Reel,
    books: Books,
    /// The rows that are told of; the other run's event is the left one.
    rows: Vec<Pair>,
    /// Where a stretch of differences begins.
    begins: Vec<usize>,
    /// A row that was gone to, and where the desk was then.
    gone: Option<(usize, EventId)>,
}

/// A row of two runs with what is told of it.
#[derive(Debug)]
pub(super) struct Told {
    /// What the other run does.
    pub(super) left: Option<Sentence>,
    /// What the run on the desk does.
    pub(super) right: Option<Sentence>,
    /// Whether they differ.
    pub(super) differs: bool,
    /// Whether one is here.
    pub(super) here: bool,
}

impl Beside {
    /// Puts a run beside the one on the desk; `comparison` is of the other to that one.
    pub(super) fn new(desk: &Desk, other: Arc<Run>, name: String, comparison: Comparison) -> Beside {
        let books = desk.books();
        let reel = Reel::new(&other.log, &books.verbs, false);
        let is_shown = |shown: &[EventId], id: Option<EventId>| id.is_some_and(|id| shown.binary_search(&id).is_ok());
        let mut comparison = comparison;
        let mut rows = std::mem::take(&mut comparison.rows);
        rows.retain(|row| is_shown(reel.shown(), row.left) || is_shown(desk.shown(), row.right));
        // Where both do the same thing but not in the same way, the first such step counts too.
        let first = EventId(comparison.same);
        let odd = |row: &Pair| row.left.is_none() || row.right.is_none();
        let parts = |row: &Pair| odd(row) || !comparison.equal && (row.left == Some(first) || row.right == Some(first));
        let begin = |at: &usize| parts(&rows[*at]) && (*at == 0 || !odd(&rows[at - 1]));
        let begins = (0..rows.len()).filter(begin).collect();
        Beside { other, name, shown: false, comparison, reel, books, rows, begins, gone: None }
    }

    /// How many stretches of differences there are.
    pub(super) fn differences(&self) -> usize {
        self.begins.len()
    }

    /// The row that the desk is at.
    fn row(&self, desk: &Desk) -> usize {
        if let Some((row, _)) = self.gone.filter(|(_, at)| *at == desk.at()) {
            return row;
        }
        let (from, until) = (desk.at(), desk.until().max(desk.at()));
        let inside = |row: &Pair| row.right.is_some_and(|id| id >= from && id <= until);
        let behind = || self.rows.iter().rposition(|row| row.right.is_some_and(|id| id <= from));
        self.rows.iter().position(inside).or_else(behind).unwrap_or(0)
    }

    /// The next stretch of differences from where the desk is: which it is, counted from 0, its row, and the step of
    /// the run on the desk that it is at or behind.
    pub(super) fn next(&self, desk: &Desk, way: Way) -> Option<(usize, usize, EventId)> {
        let here = self.row(desk);
        let found = match way {
            Way::Forward => self.begins.iter().position(|row| *row > here),
            Way::Back => self.begins.iter().rposition(|row| *row < here),
        };
        let at = found?;
        let row = self.begins[at];
        // Where the run on the desk does something of its own in this stretch, there; else behind what it did before.
        let own = self.rows[row..].iter().take_while(|row| row.left.is_none() || row.right.is_none());
        let before = || self.rows[..=row].iter().rev().find_map(|row| row.right);
        let step = own.into_iter().find_map(|row| row.right).or_else(before);
        Some((at, row, step.unwrap_or_default()))
    }

    /// Notes that a row was gone to, with the desk where it is now.
    pub(super) fn went(&mut self, row: usize, at: EventId) {
        self.gone = Some((row, at));
    }

    /// The row that was gone to, while the desk is still there.
    pub(super) fn gone_to(&self, desk: &Desk) -> Option<usize> {
        self.gone.filter(|(_, at)| *at == desk.at()).map(|(row, _)| row)
    }

    /// The stretch of differences that begins with a row; of a step that both do in different ways, that step.
    pub(super) fn stretch(&self, desk: &Desk, row: usize) -> Vec<Told> {
        let odd = self.rows[row..].iter().take_while(|row| row.left.is_none() || row.right.is_none()).count();
        (row..row + odd.max(1)).filter(|at| *at < self.rows.len()).map(|at| self.told(desk, at)).collect()
    }

    /// Rows around the one that the desk is at: at most so many before it and behind it.
    pub(super) fn around(&self, desk: &Desk, before: usize, behind: usize) -> Vec<Told> {
        let here = self.row(desk);
        let until = (here + behind + 1).min(self.rows.len());
        let told = |at: usize| Told { here: at == here, ..self.told(desk, at) };
        (here.saturating_sub(before)..until).map(told).collect()
    }

    fn told(&self, desk: &Desk, at: usize) -> Told {
        let row = self.rows[at];
        let left = row.left.and_then(|id| self.tell(id)).filter(|sentence| !sentence.text.is_empty());
        let right = row.right.and_then(|id| desk.tell(id)).filter(|sentence| !sentence.text.is_empty());
        let texts = |s: &Option<Sentence>| s.as_ref().map(|s| s.text.clone());
        let differs = row.left.is_none() || row.right.is_none() || texts(&left) != texts(&right);
        Told { differs, here: false, left, right }
    }

    fn tell(&self, id: EventId) -> Option<Sentence> {
        let Books { verbs, rules } = self.books;
        tell_read(&self.other.log, &verbs, &rules, self.reel.reading(), &[id]).pop()
    }
}
