//! A row as one line of words, where the lanes do not fit side by side.

use super::canvas::{Line, Span, Style};
use super::draw::arrow_key;
use super::fit::is_tagged;
use super::glyphs::{Glyphs, Key};
use crate::timeline::{Arrow, Fate, Lane, Part, Row, Sign, Timeline, Wire};
use crate::trace::{width_of, wrap};
use crate::units::Clock;
use std::collections::BTreeSet;

/// How rows are listed.
#[derive(Clone, Copy)]
pub(super) struct List {
    pub(super) width: usize,
    pub(super) glyphs: Glyphs,
    pub(super) clock: Clock,
    /// Columns of the longest time, without its unit.
    time: usize,
    /// Columns of the longest span of time.
    span: usize,
}

impl List {
    pub(super) fn new(timeline: &Timeline, width: usize, glyphs: Glyphs) -> List {
        let clock = Clock::of(timeline.rows.iter().flat_map(|row| [row.time, row.until]));
        let time = timeline.rows.iter().map(|row| clock.number(row.time).len()).max().unwrap_or(0);
        let list = List { width, glyphs, clock, time, span: 0 };
        let span = timeline.rows.iter().map(|row| width_of(&list.span(row))).max().unwrap_or(0);
        List { span, ..list }
    }

    /// A row's time, with its end where that is later.
    fn span(self, row: &Row) -> String {
        let List { glyphs, clock, time, .. } = self;
        let begin = format!("{:>time$}", clock.number(row.time));
        if row.lasts() { format!("{begin}{}{}", glyphs.until(), clock.text(row.until)) } else { begin + clock.unit() }
    }
}

pub(super) fn row(lanes: &[Lane], row: &Row, list: List, used: &mut BTreeSet<Key>) -> Vec<Line> {
    let List { width, glyphs, span, .. } = list;
    if row.lasts() {
        used.insert(Key::Span);
    }
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
        notes.push(if named { words } else { format!("{}: {words}", lanes[note.lane].name) });
    }
    if let Some(arrow) = &row.arrow {
        used.insert(arrow_key(arrow));
        used.extend(is_tagged(&arrow.label.whole()).then_some(Key::Tag));
        said.push(in_words(lanes, arrow, glyphs));
    }
    said.extend(notes);
    let gutter = format!("{:>5}  {:<span$}  ", row.first.step(), list.span(row));
    let margin = width_of(&gutter);
    let mut lines = Vec::new();
    for (n, text) in wrap(&said.join("  "), width.saturating_sub(margin)).into_iter().enumerate() {
        let head = if n == 0 { gutter.clone() } else { " ".repeat(margin) };
        let spans = vec![Span { style: Style::Dim, text: head }, Span { style: Style::Plain, text }];
        lines.push(Line { event: Some(row.first), spans });
    }
    lines
}

fn in_words(lanes: &[Lane], arrow: &Arrow, glyphs: Glyphs) -> String {
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
    let (from, to) = (&lanes[arrow.from].name, &lanes[arrow.to].name);
    format!("{from} {begin}{before}{before} {} {after}{after}{end} {to}", arrow.label.whole())
}
