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

use super::model::{Gap, LaneState, Timeline};
use crate::trace::{width_of, wrap};
use canvas::Canvas;
use columns::Columns;
use draw::Pen;
use glyphs::Key;
use std::collections::BTreeSet;

/// Draws a timeline `width` columns wide (at least 40).
pub fn render(timeline: &Timeline, width: usize, glyphs: Glyphs) -> Page {
    let width = width.max(40);
    let columns = Columns::new(timeline, width);
    let mut page = Page::default();
    let mut used = BTreeSet::new();
    if let Some(columns) = &columns {
        header(&mut page, timeline, columns, width);
    }
    let mut gaps = timeline.gaps.iter().peekable();
    let mut before = None;
    for (at, row) in timeline.rows.iter().enumerate() {
        while let Some(gap) = gaps.next_if(|g| g.before == at) {
            gap_lines(&mut page, gap, width, glyphs);
            if let Some(columns) = &columns {
                names(&mut page, timeline, columns, width);
            }
            before = None;
        }
        let same = before == Some((row.time, row.time));
        before = Some((row.time, row.until));
        match &columns {
            Some(columns) => {
                let mut pen = Pen { columns, width, glyphs, used: &mut used };
                page.lines.extend(pen.row(row, same));
            }
            None => page.lines.extend(list::row(timeline, row, width, glyphs, &mut used)),
        }
    }
    for gap in gaps {
        gap_lines(&mut page, gap, width, glyphs);
    }
    legend(&mut page, &used, timeline, width, glyphs);
    page
}

fn header(page: &mut Page, timeline: &Timeline, columns: &Columns, width: usize) {
    names(page, timeline, columns, width);
    let mut canvas = Canvas::new(width);
    canvas.put(0, "step", Style::Dim, columns.left);
    canvas.put(columns.time_right().saturating_sub(4), "time", Style::Dim, columns.left);
    for (lane, x) in timeline.lanes.iter().zip(&columns.at) {
        columns.centre(&mut canvas, *x, lane.kind.word(), Style::Dim);
    }
    page.lines.push(canvas.line(None));
}

fn names(page: &mut Page, timeline: &Timeline, columns: &Columns, width: usize) {
    let mut canvas = Canvas::new(width);
    for (lane, x) in timeline.lanes.iter().zip(&columns.at) {
        columns.centre(&mut canvas, *x, &lane.name, Style::Name);
    }
    page.lines.push(canvas.line(None));
}

fn gap_lines(page: &mut Page, gap: &Gap, width: usize, glyphs: Glyphs) {
    let about = match &gap.messages {
        Some((first, last)) if first == last => format!("{first}; "),
        Some((first, last)) => format!("{first} to {last}; "),
        None => String::new(),
    };
    let (dots, steps) = (glyphs.ellipsis(), if gap.steps == 1 { "step" } else { "steps" });
    let text =
        format!("{dots} {} {steps} left out ({about}nothing lost or doubled in them; --full shows them)", gap.steps);
    for line in wrap(&text, width) {
        page.lines.push(Line::of(Style::Dim, line));
    }
}

fn legend(page: &mut Page, used: &BTreeSet<Key>, timeline: &Timeline, width: usize, glyphs: Glyphs) {
    let mut items: Vec<String> = used.iter().map(|key| glyphs.explain(*key)).collect();
    if timeline.rows.iter().any(|r| r.lanes.contains(&LaneState::Down)) {
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
