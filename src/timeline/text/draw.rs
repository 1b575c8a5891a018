//! Draws one row: the gutter, the lanes' lines, the arrow, the notes. A note that does not fit goes on in further lines.

use super::canvas::{Canvas, Line, Style};
use super::columns::{Columns, is_busy};
use super::fit::{is_tagged, label, loses};
use super::glyphs::{Glyphs, Key};
use crate::timeline::{Arrow, Fate, LaneState, Note, Part, Remark, Row, Sign, Wire};
use crate::trace::{width_of, wrap};
use std::collections::BTreeSet;

/// Draws rows; remembers which glyphs were used.
pub(super) struct Pen<'a> {
    pub(super) columns: &'a Columns,
    pub(super) width: usize,
    pub(super) glyphs: Glyphs,
    pub(super) used: &'a mut BTreeSet<Key>,
}

/// Text to be put: line below the row's first, column, text.
type Piece = (usize, usize, String, Style);

impl Pen<'_> {
    /// The lines of a row; without its time if that is `same` as above.
    pub(super) fn row(&mut self, row: &Row, same: bool) -> Vec<Line> {
        let pieces = self.pieces(row);
        let height = height(&pieces);
        let mut canvases: Vec<Canvas> = (0..height).map(|_| self.lanes(row)).collect();
        if self.columns.gutter(&mut canvases[0], row, same, self.glyphs) {
            self.used.insert(Key::Span);
        }
        if let Some(across) = &row.across {
            for canvas in &mut canvases {
                self.rule(canvas, across.sign);
            }
        }
        if let Some(arrow) = &row.arrow {
            self.arrow(&mut canvases[0], arrow);
        }
        self.breaks(&mut canvases[0], row);
        for (line, x, text, style) in pieces {
            let end = canvases[line].put(x, &text, style, self.width);
            // A blank, so that no text touches a lane's line.
            if row.across.is_some() || self.columns.at.contains(&end) {
                canvases[line].put(end, " ", style, self.width);
            }
        }
        canvases.into_iter().map(|c| c.line(Some(row.first))).collect()
    }

    fn lanes(&mut self, row: &Row) -> Canvas {
        let mut canvas = Canvas::new(self.width);
        for (lane, x) in self.columns.at.iter().enumerate() {
            let state = row.lanes.get(lane).copied().unwrap_or(LaneState::Idle);
            match state {
                LaneState::Writing => _ = self.used.insert(Key::Writing),
                LaneState::Syncing => _ = self.used.insert(Key::Syncing),
                LaneState::Paused => _ = self.used.insert(Key::Paused),
                _ => {}
            }
            let style = if is_busy(state) { Style::Disk } else { Style::Lane };
            canvas.put(*x, self.glyphs.lane(state), style, self.width);
        }
        canvas
    }

    fn rule(&self, canvas: &mut Canvas, sign: Option<Sign>) {
        let (heavy, light) = self.glyphs.across();
        let (stroke, style) = if sign.is_some() { (heavy, Style::Fault) } else { (light, Style::Dim) };
        for x in self.columns.left + 2..self.width {
            canvas.put(x, stroke, style, self.width);
        }
    }

    fn arrow(&mut self, canvas: &mut Canvas, arrow: &Arrow) {
        let (from, to) = (self.columns.at[arrow.from], self.columns.at[arrow.to]);
        let (low, high, right) = (from.min(to), from.max(to), to > from);
        let s = self.glyphs.strokes();
        let style = arrow_style(arrow);
        let (write, sync) = self.glyphs.disk();
        let (before, after) = match (arrow.wire, arrow.part, arrow.fate) {
            (Wire::Write, ..) => (write, write),
            (Wire::Sync, ..) => (sync, sync),
            (_, Part::Departs, _) => (s.solid, s.dotted),
            (_, Part::Arrives, Fate::Lost) => (s.dotted, s.dotted),
            (_, Part::Arrives, _) => (s.dotted, s.solid),
            (_, Part::Whole, Fate::Lost) => (s.solid, s.dotted),
            (_, Part::Whole, _) => (s.solid, s.solid),
        };
        self.used.insert(arrow_key(arrow));
        let (near, far) = if right { (before, after) } else { (after, before) };
        let text = label(&arrow.label, room_of(low, high), self.glyphs.ellipsis());
        self.used.extend(is_tagged(&text).then_some(Key::Tag));
        let needed = width_of(&text) + 3 + usize::from(arrow.part == Part::Arrives);
        let roomy = high - low > needed + usize::from(arrow.fate == Fate::Lost);
        // The cells beside the lanes are for heads, crosses and blanks; the label stands in the middle of the rest.
        let head = 1 + usize::from(arrow.fate == Fate::Lost && roomy);
        let tail = usize::from(arrow.wire == Wire::Setup || (arrow.part == Part::Arrives && roomy));
        let free = (high - low - 1).saturating_sub(head + tail + width_of(&text));
        let start = low + 1 + if right { tail } else { head } + free / 2;
        let end = start + width_of(&text);
        for x in low + 1..high {
            canvas.put(x, if x < start { near } else { far }, style, self.width);
        }
        canvas.put(start, &text, style, end);
        self.ends(canvas, arrow, (from, to), roomy);
    }

    /// Both ends of an arrow; with blanks beside the lanes it does not touch where there is room.
    fn ends(&self, canvas: &mut Canvas, arrow: &Arrow, (from, to): (usize, usize), roomy: bool) {
        let s = self.glyphs.strokes();
        let (right, style) = (to > from, arrow_style(arrow));
        let beside = |lane: usize, toward: usize, by: usize| if toward > lane { lane + by } else { lane - by };
        let head = beside(to, from, 1);
        match (arrow.part, arrow.fate) {
            (Part::Departs, _) => _ = canvas.put(head, " ", style, self.width),
            (_, Fate::Lost) => {
                canvas.put(head, " ", style, self.width);
                canvas.put(beside(to, from, if roomy { 2 } else { 1 }), s.cross, Style::Bad, self.width);
            }
            _ => _ = canvas.put(head, if right { s.right } else { s.left }, style, self.width),
        }
        if arrow.part != Part::Arrives && arrow.wire != Wire::Setup {
            canvas.put(from, if right { s.leaves_right } else { s.leaves_left }, style, self.width);
        }
        if arrow.part == Part::Arrives && roomy {
            canvas.put(beside(from, to, 1), " ", style, self.width);
        }
        if arrow.wire == Wire::Setup {
            canvas.put(beside(from, to, 1), if right { s.left } else { s.right }, style, self.width);
        }
    }

    /// A heavy line across the lanes of a process that ends or comes back.
    fn breaks(&mut self, canvas: &mut Canvas, row: &Row) {
        let broken: Vec<(usize, Sign)> =
            row.notes.iter().filter_map(|n| n.breaks.map(|sign| (self.columns.at[n.lane], sign))).collect();
        let (Some(&(first, _)), Some(&(last, _))) = (broken.first(), broken.last()) else { return };
        let (heavy, _) = self.glyphs.across();
        for x in first - 2..=last + 2 {
            canvas.put(x, heavy, Style::Process, self.width);
        }
        for (x, sign) in broken {
            self.used.insert(Key::Sign(sign));
            canvas.put(x, self.glyphs.sign(sign), Style::Process, self.width);
        }
    }

    fn pieces(&mut self, row: &Row) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if let Some(across) = &row.across {
            let start = self.columns.left + 5;
            let style = if across.sign.is_some() { Style::Fault } else { Style::Plain };
            let text = self.signed(across.sign, &across.text);
            for (line, text) in wrap(&text, self.width - start - 4).into_iter().enumerate() {
                pieces.push((line, start, format!(" {text}"), style));
            }
        }
        let arrow = row.arrow.as_ref();
        let (under, beside): (Vec<&Note>, Vec<&Note>) =
            row.notes.iter().partition(|note| arrow.is_some_and(|arrow| is_under(arrow, note)));
        for note in beside {
            self.note(row, note, &mut pieces);
        }
        if let Some(arrow) = &row.arrow {
            self.rest_of_label(arrow, &mut pieces);
        }
        for note in under {
            self.note_below(note, &mut pieces);
        }
        pieces
    }

    /// The whole label below an arrow that is too short for it.
    fn rest_of_label(&mut self, arrow: &Arrow, pieces: &mut Vec<Piece>) {
        let (from, to) = (self.columns.at[arrow.from], self.columns.at[arrow.to]);
        let low = from.min(to);
        // Once is enough: where it is sent.
        if arrow.part == Part::Arrives || !loses(&arrow.label, room_of(low, from.max(to))) {
            return;
        }
        let below = height(pieces);
        self.used.extend(is_tagged(&arrow.label.whole()).then_some(Key::Tag));
        let lines = wrap(&arrow.label.whole(), self.width.saturating_sub(low + 2));
        let piece = |(n, text)| (below + n, low + 2, text, arrow_style(arrow));
        pieces.extend(lines.into_iter().enumerate().map(piece));
    }

    fn signed(&mut self, sign: Option<Sign>, text: &str) -> String {
        match sign {
            Some(sign) => {
                self.used.insert(Key::Sign(sign));
                format!("{} {text}", self.glyphs.sign(sign))
            }
            None => text.into(),
        }
    }

    fn note(&mut self, row: &Row, note: &Note, pieces: &mut Vec<Piece>) {
        let x = self.columns.at[note.lane];
        if note.remarks.is_empty() {
            return;
        }
        let broken = row.notes.iter().filter(|n| n.breaks.is_some()).map(|n| self.columns.at[n.lane] + 4).max();
        let start = broken.unwrap_or(x + 2);
        let room = self.limit(row, note).saturating_sub(start);
        let lines = self.remarks(note, room);
        pieces.extend(lines.into_iter().enumerate().map(|(line, (text, style))| (line, start, text, style)));
    }

    /// A note where the row's arrow is: below all else, over the whole width.
    fn note_below(&mut self, note: &Note, pieces: &mut Vec<Piece>) {
        let start = self.columns.at[note.lane] + 2;
        let below = height(pieces);
        let lines = self.remarks(note, self.width.saturating_sub(start));
        pieces.extend(lines.into_iter().enumerate().map(|(line, (text, style))| (below + line, start, text, style)));
    }

    /// The first column that a note to the right of its lane must leave alone, with a blank before what stands there.
    fn limit(&self, row: &Row, note: &Note) -> usize {
        let at = &self.columns.at;
        let arrow = row.arrow.as_ref().map(|a| a.from.min(a.to)).filter(|l| *l > note.lane).map(|l| at[l]);
        let others = row.notes.iter().filter(|n| n.lane > note.lane && n.breaks.is_none()).map(|n| at[n.lane]);
        others.chain(arrow).min().map_or(self.width, |limit| limit - 1)
    }

    /// The lines of a note. What a crash took is listed line by line; other remarks share lines.
    fn remarks(&mut self, note: &Note, room: usize) -> Vec<(String, Style)> {
        let texts: Vec<(String, Style)> = note
            .remarks
            .iter()
            .map(|r| (self.signed(r.sign, &r.text), remark_style(r, note.breaks.is_some())))
            .collect();
        let whole = texts.iter().map(|t| t.0.as_str()).collect::<Vec<_>>().join("; ");
        if note.breaks.is_none() && width_of(&whole) <= room {
            let style = texts.iter().map(|t| t.1).max().unwrap_or(Style::Plain);
            return if whole.is_empty() { Vec::new() } else { vec![(whole, style)] };
        }
        texts.into_iter().flat_map(|(text, style)| wrap(&text, room).into_iter().map(move |l| (l, style))).collect()
    }
}

/// How many lines the pieces take, at least the one of the arrow.
fn height(pieces: &[Piece]) -> usize {
    pieces.iter().map(|piece| piece.0 + 1).max().unwrap_or(1)
}

/// Columns for the label of an arrow between two lanes.
fn room_of(low: usize, high: usize) -> usize {
    (high - low).saturating_sub(4)
}

/// Whether a note stands where the row's arrow is.
fn is_under(arrow: &Arrow, note: &Note) -> bool {
    (arrow.from.min(arrow.to)..arrow.from.max(arrow.to)).contains(&note.lane)
}

pub(super) fn arrow_key(arrow: &Arrow) -> Key {
    match (arrow.wire, arrow.part, arrow.fate) {
        (Wire::Write, ..) => Key::Write,
        (Wire::Sync, ..) => Key::Sync,
        (Wire::Setup, ..) => Key::Setup,
        (_, _, Fate::Lost) => Key::Lost,
        (_, Part::Whole, _) => Key::Whole,
        (_, Part::Departs, _) => Key::Departs,
        (_, Part::Arrives, _) => Key::Arrives,
    }
}

fn arrow_style(arrow: &Arrow) -> Style {
    match (arrow.wire, arrow.fate) {
        (Wire::Write | Wire::Sync, _) => Style::Disk,
        (Wire::Setup, _) => Style::Dim,
        (_, Fate::Lost) => Style::Bad,
        _ => Style::Arrow,
    }
}

fn remark_style(remark: &Remark, breaks: bool) -> Style {
    match remark.sign {
        Some(Sign::Good) => Style::Good,
        Some(Sign::Bad) => Style::Bad,
        Some(Sign::Duplicate | Sign::Again) => Style::Repeat,
        Some(Sign::Fault | Sign::Broken) => Style::Fault,
        Some(Sign::Crash | Sign::Restart) => Style::Process,
        Some(Sign::Unknown | Sign::Timer) => Style::Plain,
        None if breaks => Style::Process,
        None => Style::Plain,
    }
}
