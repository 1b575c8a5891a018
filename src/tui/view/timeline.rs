//! The timeline pane: lanes with what went between them, the step that one is at marked.

use super::{framed, line};
use crate::timeline::text::{Ruler, Style as Meaning, caption};
use crate::timeline::{Arrow, Note, Remark, Row, Timeline};
use crate::tui::app::{App, Pane};
use crate::tui::desk::Desk;
use crate::tui::theme::Part;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

/// Columns left of the page: the mark of the step that one is at.
const MARGIN: usize = 2;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let Some(desk) = app.desk() else { return };
    let block = framed(app, Some(Pane::Timeline), "Timeline");
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let (width, height) = (usize::from(inner.width), usize::from(inner.height));
    let sample = Timeline {
        lanes: desk.lanes.iter().filter_map(|lane| desk.sample.lanes.get(*lane).cloned()).collect(),
        rows: desk.sample.rows.iter().map(|row| seen(row, desk)).collect(),
        ..Timeline::default()
    };
    let ruler = Ruler::new(&sample, width.saturating_sub(MARGIN), app.look.glyphs);
    let head: Vec<Line<'_>> = ruler.head().iter().map(|told| indented(app, told, "  ")).collect();
    let room = height.saturating_sub(head.len());
    let mut above: Vec<Line<'_>> = Vec::new();
    let mut below: Vec<Line<'_>> = Vec::new();
    let mut last = None;
    for row in desk.around(desk.at(), room, room) {
        let here = row.first == desk.at();
        if desk.curtain && row.first > desk.at() {
            break;
        }
        let same = last == Some((row.time, row.time));
        last = Some((row.time, row.until));
        let target = if row.first <= desk.at() { &mut above } else { &mut below };
        let marked = desk.marks.contains_key(&row.first);
        let followed = desk.followed.is_some_and(|followed| {
            let (from, until) = (row.first.at(), row.last.at().max(row.first.at()));
            desk.log().events()[from..=until].iter().any(|event| desk.is_about(followed, event))
        });
        for (n, told) in ruler.row(&seen(&row, desk), same).iter().enumerate() {
            let mark = match (here, marked, n) {
                (true, _, 0) => "> ",
                (_, true, 0) => "* ",
                _ => "  ",
            };
            let mut drawn = indented(app, told, mark);
            if here {
                drawn = drawn.style(app.look.part(Part::Chosen));
            } else if followed {
                drawn = drawn.style(app.look.part(Part::Marked));
            }
            target.push(drawn);
        }
        for (_, text) in desk.captions.iter().filter(|(id, _)| *id >= row.first && *id <= row.last.max(row.first)) {
            let told = caption(text, None, width.saturating_sub(MARGIN), app.look.glyphs);
            target.extend(told.iter().map(|told| indented(app, told, "  ")));
        }
    }
    // The step that one is at stands at two thirds of the height, where there is enough above it.
    let up =
        above.len().min(if below.is_empty() { room } else { (room * 2 / 3).max(room.saturating_sub(below.len())) });
    let mut lines = head;
    lines.extend(above.split_off(above.len() - up));
    lines.extend(below);
    lines.truncate(height);
    frame.render_widget(Paragraph::new(lines), inner);
}

fn indented(app: &App, told: &crate::timeline::text::Line, mark: &'static str) -> Line<'static> {
    let mut drawn = line(&app.look, told);
    drawn.spans.insert(0, Span::styled(mark, app.look.of(Meaning::Name)));
    drawn
}

/// A row with the lanes that are shown only. An arrow to a hidden lane becomes words at the lane that is shown.
fn seen(row: &Row, desk: &Desk) -> Row {
    let place = |lane: usize| desk.lanes.iter().position(|shown| *shown == lane);
    let mut seen = Row { arrow: None, notes: Vec::new(), ..row.clone() };
    seen.lanes = desk.lanes.iter().filter_map(|lane| row.lanes.get(*lane).copied()).collect();
    for note in &row.notes {
        if let Some(lane) = place(note.lane) {
            seen.notes.push(Note { lane, ..note.clone() });
        }
    }
    let Some(arrow) = &row.arrow else { return seen };
    match (place(arrow.from), place(arrow.to)) {
        (Some(from), Some(to)) => seen.arrow = Some(Arrow { from, to, ..arrow.clone() }),
        (Some(lane), None) => said(&mut seen, lane, format!("{} to {}", arrow.label.text(), name(desk, arrow.to))),
        (None, Some(lane)) => said(&mut seen, lane, format!("{} from {}", arrow.label.text(), name(desk, arrow.from))),
        (None, None) => {}
    }
    seen
}

fn name(desk: &Desk, lane: usize) -> &str {
    desk.sample.lanes.get(lane).map_or("", |lane| lane.name.as_str())
}

fn said(row: &mut Row, lane: usize, text: String) {
    let remark = Remark { sign: None, text };
    match row.notes.iter_mut().find(|note| note.lane == lane) {
        Some(note) => note.remarks.insert(0, remark),
        None => row.notes.push(Note { lane, remarks: vec![remark], breaks: None }),
    }
}
