//! The strip: the whole run in one line, how much happens when, where it turns and where something goes wrong, and where
//! one is. A click on it goes there.

use crate::timeline::text::{Glyphs, Style as Meaning};
use crate::tui::app::App;
use crate::tui::desk::Desk;
use crate::tui::theme::Part;
use crate::units::Time;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

/// The run cut into columns of equal time.
struct Columns {
    width: usize,
    end: u64,
}

impl Columns {
    fn new(desk: &Desk, area: Rect) -> Columns {
        Columns { width: usize::from(area.width.saturating_sub(2)).max(1), end: desk.end().0.max(1) }
    }
    /// Where a column begins; the one behind the last where the run ends.
    fn edge(&self, n: usize) -> Time {
        Time((u128::from(self.end) * n as u128 / self.width as u128) as u64)
    }
    fn of(&self, time: Time) -> usize {
        (u128::from(time.0) * self.width as u128 / u128::from(self.end)).min(self.width as u128 - 1) as usize
    }
}

/// The time that a column of the screen stands for: the last one of it.
pub(super) fn time_at(desk: &Desk, area: Rect, column: u16) -> Time {
    let columns = Columns::new(desk, area);
    let n = usize::from(column.saturating_sub(area.x + 1)).min(columns.width - 1);
    if n + 1 == columns.width { desk.end() } else { Time(columns.edge(n + 1).0.saturating_sub(1)) }
}

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let Some(desk) = app.desk() else { return };
    let columns = Columns::new(desk, area);
    let events = desk.log().events();
    let borders: Vec<usize> =
        (0..=columns.width).map(|n| events.partition_point(|event| event.time < columns.edge(n))).collect();
    // The last events are at the very end of the last column.
    let border = |n: usize| if n == columns.width { events.len() } else { borders[n] };
    let most = (0..columns.width).map(|n| border(n + 1) - border(n)).max().unwrap_or(1).max(1);
    let here = columns.of(desk.row.time);
    let cell = |n: usize| {
        let (from, until) = (border(n), border(n + 1));
        let (sign, style) = match sign(desk, from, until) {
            _ if n == here => (here_sign(app.look.glyphs), app.look.part(Part::Chosen)),
            _ if desk.curtain && n > here => (" ", Style::default()),
            Some((sign, meaning)) => (sign_of(sign, app.look.glyphs), app.look.of(meaning)),
            None => (level(until - from, most, app.look.glyphs), app.look.of(Meaning::Dim)),
        };
        Span::styled(sign, style)
    };
    let cells: Vec<Span<'_>> = std::iter::once(Span::raw(" ")).chain((0..columns.width).map(cell)).collect();
    frame.render_widget(Paragraph::new(Line::from(cells)), area);
}

/// What stands for the events of a column, where there is more to say than how many they are.
#[derive(Clone, Copy)]
enum Sign {
    Wrong,
    Turn,
    Mark,
}

fn sign(desk: &Desk, from: usize, until: usize) -> Option<(Sign, Meaning)> {
    let moments = desk.moments();
    let wrong = moments.get(moments.partition_point(|moment| moment.at.at() < from));
    let turns = desk.turns();
    let turn = turns.get(turns.partition_point(|id| id.at() < from));
    if desk.marks.keys().any(|id| (from..until).contains(&id.at())) {
        Some((Sign::Mark, Meaning::Name))
    } else if wrong.is_some_and(|moment| moment.at.at() < until) {
        Some((Sign::Wrong, Meaning::Bad))
    } else if turn.is_some_and(|id| id.at() < until) {
        Some((Sign::Turn, Meaning::Fault))
    } else {
        None
    }
}

fn sign_of(sign: Sign, glyphs: Glyphs) -> &'static str {
    match (sign, glyphs) {
        (Sign::Wrong, Glyphs::Unicode) => "✗",
        (Sign::Wrong, Glyphs::Ascii) => "X",
        (Sign::Turn, _) => "!",
        (Sign::Mark, _) => "*",
    }
}

fn level(events: usize, most: usize, glyphs: Glyphs) -> &'static str {
    let levels: &[&str] = match glyphs {
        Glyphs::Unicode => &[" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇"],
        Glyphs::Ascii => &[" ", ".", ":", "|"],
    };
    levels[(events * (levels.len() - 1)).div_ceil(most).min(levels.len() - 1)]
}

fn here_sign(glyphs: Glyphs) -> &'static str {
    match glyphs {
        Glyphs::Unicode => "▲",
        Glyphs::Ascii => "^",
    }
}
