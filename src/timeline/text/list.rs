//! A row as one line of words, where the lanes do not fit side by side.

use super::canvas::{Line, Span, Style};
use super::draw::arrow_key;
use super::glyphs::{Glyphs, Key};
use crate::timeline::{Arrow, Fate, Part, Row, Sign, Timeline, Wire};
use crate::trace::wrap;
use crate::units::Clock;
use std::collections::BTreeSet;

/// How rows are listed.
#[derive(Clone, Copy)]
pub(super) struct List {
    pub(super) width: usize,
    pub(super) glyphs: Glyphs,
    pub(super) clock: Clock,
    /// Columns of the longest time.
    pub(super) time: usize,
}

impl List {
    pub(super) fn new(timeline: &Timeline, width: usize, glyphs: Glyphs) -> List {
        let clock = Clock::of(timeline.rows.iter().map(|row| row.time));
        let time = timeline.rows.iter().map(|row| clock.text(row.time).len()).max().unwrap_or(0);
        List { width, glyphs, clock, time }
    }
}

pub(super) fn row(timeline: &Timeline, row: &Row, list: List, used: &mut BTreeSet<Key>) -> Vec<Line> {
    let List { width, glyphs, clock, time } = list;
    let mut said = Vec::new();
    let mut signed = |sign: Option<Sign>, text: &str| match sign {
        Some(sign) => {
            used.insert(Key::Sign(sign));
            format!("{} {text}", glyphs.sign(sign))
        }
        None => text.to_string(),
    };
    if let Some(across) = &row.across {
        said.push(signed(across.sign, &across.text));
    }
    let mut notes = Vec::new();
    for note in &row.notes {
        let words: Vec<String> = note.remarks.iter().map(|r| signed(r.sign, &r.text)).collect();
        if words.is_empty() {
            continue;
        }
        let words = words.join("; ");
        // Behind an arrow stands what comes of it where it ends; what its sender thinks is the sender's.
        let sender = row.arrow.as_ref().is_some_and(|arrow| arrow.from == note.lane);
        let named = note.breaks.is_some() || (row.arrow.is_some() && !sender);
        notes.push(if named { words } else { format!("{}: {words}", timeline.lanes[note.lane].name) });
    }
    if let Some(arrow) = &row.arrow {
        used.insert(arrow_key(arrow));
        said.push(in_words(timeline, arrow, glyphs));
    }
    said.extend(notes);
    let gutter = format!("{:>5}  {:>time$}  ", row.first.step(), clock.text(row.time));
    let mut lines = Vec::new();
    for (n, text) in wrap(&said.join("  "), width.saturating_sub(gutter.len())).into_iter().enumerate() {
        let head = if n == 0 { gutter.clone() } else { " ".repeat(gutter.len()) };
        let spans = vec![Span { style: Style::Dim, text: head }, Span { style: Style::Plain, text }];
        lines.push(Line { event: Some(row.first), spans });
    }
    lines
}

fn in_words(timeline: &Timeline, arrow: &Arrow, glyphs: Glyphs) -> String {
    let s = glyphs.strokes();
    let (write, sync) = glyphs.disk();
    let begin = if arrow.wire == Wire::Setup { s.left } else { "" };
    let (before, after) = match (arrow.wire, arrow.part) {
        (Wire::Write, _) => (write, write),
        (Wire::Sync, _) => (sync, sync),
        (_, Part::Departs) => (s.solid, s.dotted),
        (_, Part::Arrives) => (s.dotted, s.solid),
        _ => (s.solid, s.solid),
    };
    let end = match (arrow.part, arrow.fate) {
        (_, Fate::Lost) => s.cross,
        (Part::Departs, _) => after,
        _ => s.right,
    };
    let (from, to) = (&timeline.lanes[arrow.from].name, &timeline.lanes[arrow.to].name);
    format!("{from} {begin}{before}{before} {} {after}{after}{end} {to}", arrow.label.whole())
}
