//! A timeline as lines of text: a step number, a time, and the lanes side by side. The text alone carries the meaning;
//! styles are names that the command line maps to colours.
//!
//! Where the lanes do not fit, each row becomes one line of words (`shop ──publish order-2──▶ broker`).

mod canvas;
mod columns;
mod draw;
mod fit;
mod glyphs;
mod list;

pub use canvas::{Line, Page, Span, Style};
pub use fit::cut;
pub use glyphs::Glyphs;

use super::model::{Gap, Lane, LaneState, Row, Timeline};
use crate::ids::EventId;
use crate::trace::{width_of, wrap};
use canvas::Canvas;
use columns::Columns;
use draw::Pen;
use glyphs::Key;
use list::List;
use std::collections::BTreeSet;

/// A caption is not wider than this, however wide the page is.
const CAPTION: usize = 100;

/// Draws a timeline `width` columns wide (at least 40).
pub fn render(timeline: &Timeline, width: usize, glyphs: Glyphs) -> Page {
    let ruler = Ruler::new(timeline, width, glyphs);
    let width = ruler.width;
    let mut page = Page { lines: ruler.head() };
    if !ruler.draws_lanes() {
        told_as_list(&mut page, timeline, width);
    }
    let mut used = BTreeSet::new();
    let mut gaps = timeline.gaps.iter().peekable();
    let mut before = None;
    for (at, row) in timeline.rows.iter().enumerate() {
        while let Some(gap) = gaps.next_if(|g| g.before == at) {
            gap_lines(&mut page, gap, width, glyphs);
            page.lines.extend(ruler.names());
            before = None;
        }
        let same = before == Some((row.time, row.time));
        before = Some((row.time, row.until));
        page.lines.extend(ruler.put(row, same, &mut used));
        for text in &row.captions {
            page.lines.extend(caption(text, Some(row.first), width, glyphs));
        }
    }
    for gap in gaps {
        gap_lines(&mut page, gap, width, glyphs);
    }
    legend(&mut page, &used, timeline, ruler.draws_lanes(), (width, glyphs));
    page
}

/// Where steps, times and lanes stand on a page, so that rows can be drawn one at a time.
pub struct Ruler {
    lanes: Vec<Lane>,
    columns: Option<Columns>,
    list: List,
    width: usize,
    glyphs: Glyphs,
}

impl Ruler {
    /// For pages `width` columns wide (at least 40) with rows such as those of `sample`; its last row should be the last
    /// of all, since steps and times need the most room there.
    pub fn new(sample: &Timeline, width: usize, glyphs: Glyphs) -> Ruler {
        let width = width.max(40);
        let columns = Columns::new(sample, width);
        let list = List::new(sample, width, glyphs);
        Ruler { lanes: sample.lanes.clone(), columns, list, width, glyphs }
    }

    /// Whether the lanes stand side by side; else each row is a line of words.
    pub fn draws_lanes(&self) -> bool {
        self.columns.is_some()
    }

    /// The lines over the lanes: names, and what each of them is. None where there are no lanes.
    pub fn head(&self) -> Vec<Line> {
        let Some(columns) = &self.columns else { return Vec::new() };
        let mut canvas = Canvas::new(self.width);
        columns.head(&mut canvas);
        for (at, lane) in self.lanes.iter().enumerate() {
            columns.centre(&mut canvas, at, lane.kind.word(), Style::Dim, self.glyphs);
        }
        self.names().into_iter().chain([canvas.line(None)]).collect()
    }

    /// The lines of a row; without its time if that is the `same` as above.
    pub fn row(&self, row: &Row, same: bool) -> Vec<Line> {
        self.put(row, same, &mut BTreeSet::new())
    }

    fn put(&self, row: &Row, same: bool, used: &mut BTreeSet<Key>) -> Vec<Line> {
        match &self.columns {
            Some(columns) => Pen { columns, width: self.width, glyphs: self.glyphs, used }.row(row, same),
            None => list::row(&self.lanes, row, self.list, used),
        }
    }

    fn names(&self) -> Option<Line> {
        let columns = self.columns.as_ref()?;
        let mut canvas = Canvas::new(self.width);
        for (at, lane) in self.lanes.iter().enumerate() {
            columns.name(&mut canvas, at, lane, self.glyphs);
        }
        Some(canvas.line(None))
    }
}

/// What a lesson says, set off from what happened.
pub fn caption(text: &str, event: Option<EventId>, width: usize, glyphs: Glyphs) -> Vec<Line> {
    let lead = glyphs.caption();
    let parts = wrap(text, width.min(CAPTION).saturating_sub(lead.len()));
    let line = |part| Line { event, ..Line::of(Style::Caption, format!("{lead}{part}")) };
    parts.into_iter().map(line).collect()
}

/// Says why there are no lanes, and what would draw them.
fn told_as_list(page: &mut Page, timeline: &Timeline, width: usize) {
    let Some(needed) = Columns::needed(timeline) else { return };
    let lanes = timeline.lanes.len();
    let text = format!(
        "{lanes} lanes do not fit side by side in {width} columns, so each step is a line of words; \
         --width {needed}, or a terminal that wide, draws the lanes."
    );
    page.lines.extend(wrap(&text, width).into_iter().map(|line| Line::of(Style::Dim, line)));
    page.lines.push(Line::default());
}

fn gap_lines(page: &mut Page, gap: &Gap, width: usize, glyphs: Glyphs) {
    let about = match &gap.messages {
        Some((first, last)) if first == last => format!("{first}; "),
        Some((first, last)) => format!("{first} to {last}; "),
        None => String::new(),
    };
    let (dots, steps) = (glyphs.ellipsis(), if gap.steps == 1 { "step" } else { "steps" });
    let text = match gap.repeats {
        0 => {
            let among = match gap.troubles {
                0 => "nothing out of the ordinary in them".to_owned(),
                1 => "1 row of failures, refusals or redeliveries among them".to_owned(),
                n => format!("{n} rows of failures, refusals or redeliveries among them"),
            };
            format!("{dots} {} {steps} left out ({about}{among}; --full shows them)", gap.steps)
        }
        n => format!("{dots} and the same {n} times more ({} {steps}; --full shows them)", gap.steps),
    };
    for line in wrap(&text, width) {
        page.lines.push(Line::of(Style::Dim, line));
    }
}

/// Explains the glyphs that were used. A list of words has no lanes, and its arrows leave from none.
fn legend(page: &mut Page, used: &BTreeSet<Key>, timeline: &Timeline, lanes: bool, (width, glyphs): (usize, Glyphs)) {
    let from = glyphs.strokes().leaves_right;
    let explained = |key: &Key| {
        let text = glyphs.explain(*key);
        if lanes { text } else { text.strip_prefix(from).map_or(text.clone(), str::to_owned) }
    };
    let mut items: Vec<String> = used.iter().map(explained).collect();
    if lanes && timeline.rows.iter().any(|r| r.lanes.contains(&LaneState::Down)) {
        items.push(glyphs.explain(Key::Down));
    }
    if items.is_empty() {
        return;
    }
    page.lines.push(Line::of(Style::Dim, String::new()));
    let mut line = String::from("legend: ");
    let mut empty = true;
    for item in items {
        if !empty && width_of(&line) + 3 + width_of(&item) > width {
            page.lines.push(Line::of(Style::Dim, std::mem::replace(&mut line, " ".repeat(8))));
            empty = true;
        }
        if !empty {
            line.push_str("   ");
        }
        line.push_str(&item);
        empty = false;
    }
    page.lines.push(Line::of(Style::Dim, line));
}
