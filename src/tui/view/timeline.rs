//! The timeline pane: lanes with what went between them, the step that one is at marked. Where the lanes do not fit side
//! by side, each row is a line of words.

use super::{framed, line};
use crate::ids::EventId;
use crate::timeline::text::{Line as Told, Ruler, Style as Meaning, caption};
use crate::timeline::{Arrow, Note, Remark, Row, Timeline};
use crate::tui::app::{App, Pane};
use crate::tui::desk::{Desk, Zoom};
use crate::tui::theme::Part;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

/// Columns left of the page: the mark of the step that one is at.
const MARGIN: usize = 2;

/// A line of the pane, and the step that it belongs to.
type Drawn = (Line<'static>, Option<EventId>);

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let Some(desk) = app.desk() else { return };
    let inner = super::inside(area);
    let (ruler, lines) = lay(app, desk, inner);
    frame.render_widget(framed(app, Some(Pane::Timeline), &title(desk, &ruler)), area);
    let lines: Vec<Line<'_>> = lines.into_iter().map(|(line, _)| line).collect();
    frame.render_widget(Paragraph::new(lines), inner);
}

/// The step that a line of the pane belongs to, counted from 0 at its top.
pub(super) fn step_at(app: &App, desk: &Desk, inner: Rect, line: usize) -> Option<EventId> {
    lay(app, desk, inner).1.get(line)?.1
}

/// The pane's name, and how what is seen differs from the whole.
fn title(desk: &Desk, ruler: &Ruler) -> String {
    let mut parts = vec!["Timeline".to_owned()];
    match desk.zoom {
        Zoom::Turns => parts.push("only where it turns".to_owned()),
        Zoom::Steps => {}
        Zoom::Every => parts.push("every frame".to_owned()),
    }
    match desk.sample.lanes.len() - desk.lanes.len() {
        0 if !ruler.draws_lanes() => parts.push("as a list: H hides lanes".to_owned()),
        0 => {}
        1 => parts.push("1 lane hidden".to_owned()),
        n => parts.push(format!("{n} lanes hidden")),
    }
    if let Some(followed) = desk.followed {
        parts.push(format!("following {}", desk.name_of(followed)));
    }
    if desk.curtain {
        parts.push("what comes is hidden".to_owned());
    }
    parts.join(", ")
}

/// The lines that fit, the step that one is at among them.
fn lay(app: &App, desk: &Desk, inner: Rect) -> (Ruler, Vec<Drawn>) {
    let (width, height) = (usize::from(inner.width), usize::from(inner.height));
    let sample = Timeline {
        lanes: desk.lanes.iter().filter_map(|lane| desk.sample.lanes.get(*lane).cloned()).collect(),
        rows: desk.sample.rows.iter().map(|row| seen(row, desk)).collect(),
        ..Timeline::default()
    };
    let ruler = Ruler::new(&sample, width.saturating_sub(MARGIN), app.look.glyphs);
    let head: Vec<Drawn> = ruler.head().iter().map(|told| (indented(app, told, "  "), None)).collect();
    let room = height.saturating_sub(head.len());
    let (mut above, mut below): (Vec<Drawn>, Vec<Drawn>) = (Vec::new(), Vec::new());
    let mut last = None;
    let mut here_lines = 1;
    for row in desk.around(desk.at(), room, room) {
        if desk.curtain && row.first > desk.at() {
            break;
        }
        let same = last == Some((row.time, row.time));
        let drawn = drawn(app, desk, &ruler, &row, same, width);
        if drawn.is_empty() {
            continue;
        }
        last = Some((row.time, row.until));
        if row.first == desk.at() {
            here_lines = drawn.len();
        }
        if row.first <= desk.at() { above.extend(drawn) } else { below.extend(drawn) }
    }
    // The step that one is at stands at two thirds of the height, where there is enough above it; its first line is seen.
    let two_thirds = (room * 2 / 3).max(room.saturating_sub(below.len()));
    let up = above.len().min(if below.is_empty() { room } else { two_thirds.max(here_lines.min(room)) });
    let mut lines = head;
    lines.extend(above.split_off(above.len() - up));
    lines.extend(below);
    lines.truncate(height);
    (ruler, lines)
}

/// A row with its captions; nothing where all of it is in lanes that are hidden.
fn drawn(app: &App, desk: &Desk, ruler: &Ruler, row: &Row, same: bool, width: usize) -> Vec<Drawn> {
    let here = row.first == desk.at();
    let mut shown = seen(row, desk);
    if shown.arrow.is_none() && shown.notes.is_empty() && shown.across.is_none() {
        if !here {
            return Vec::new();
        }
        said(&mut shown, 0, "something in a lane that is hidden".to_owned());
    }
    let marked = desk.marks.contains_key(&row.first);
    let followed = desk.followed.is_some_and(|followed| {
        let (from, until) = (row.first.at(), row.last.at().max(row.first.at()));
        desk.log().events()[from..=until].iter().any(|event| desk.is_about(followed, event))
    });
    let mut lines = Vec::new();
    for (n, told) in ruler.row(&shown, same).iter().enumerate() {
        let mark = match (here, marked, followed, n) {
            (true, _, _, 0) => "> ",
            (_, true, _, 0) => "* ",
            (_, _, true, 0) => "+ ",
            _ => "  ",
        };
        let mut drawn = indented(app, told, mark);
        if here {
            // Over the whole width, so that it is seen where there are no colours.
            let rest = width.saturating_sub(drawn.width());
            drawn.spans.push(Span::raw(" ".repeat(rest)));
            drawn = drawn.style(app.look.part(Part::Chosen));
        } else if followed {
            drawn = drawn.style(app.look.part(Part::Marked));
        }
        lines.push((drawn, Some(row.first)));
    }
    let until = if here { desk.until() } else { row.last.max(row.first) };
    for (_, text) in desk.captions.iter().filter(|(id, _)| *id >= row.first && *id <= until) {
        let told = caption(text, None, width.saturating_sub(MARGIN), app.look.glyphs);
        lines.extend(told.iter().map(|told| (indented(app, told, "  "), Some(row.first))));
    }
    lines
}

fn indented(app: &App, told: &Told, mark: &'static str) -> Line<'static> {
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
