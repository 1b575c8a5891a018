//! The strip: the whole run in one line, how much happens when, where it turns, and where one is.

use crate::timeline::text::{Glyphs, Style as Meaning};
use crate::tui::app::App;
use crate::units::Time;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let Some(desk) = app.desk() else { return };
    let width = usize::from(area.width.saturating_sub(2)).max(1);
    let (events, end) = (desk.log().events(), desk.end().0.max(1));
    let edge = |n: usize| Time((u128::from(end) * n as u128 / width as u128) as u64);
    let behind = |time: Time| events.partition_point(|event| event.time < time);
    let counts: Vec<usize> = (0..width).map(|n| behind(edge(n + 1)) - behind(edge(n))).collect();
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let levels: &[char] = match app.look.glyphs {
        Glyphs::Unicode => &[' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇'],
        Glyphs::Ascii => &[' ', '.', ':', '|'],
    };
    let column = |time: Time| (u128::from(time.0) * width as u128 / u128::from(end)).min(width as u128 - 1) as usize;
    let here = column(desk.row.time);
    let mut turns = vec![false; width];
    for id in desk.turns() {
        if let Some(event) = desk.log().event(*id) {
            turns[column(event.time)] = true;
        }
    }
    let cell = |n: usize| {
        let level = (counts[n] * (levels.len() - 1)).div_ceil(most).min(levels.len() - 1);
        match (n == here, turns[n]) {
            (true, _) => Span::styled("◆".replace('◆', here_sign(app.look.glyphs)), app.look.of(Meaning::Name)),
            (_, true) => Span::styled("!", app.look.of(Meaning::Fault)),
            _ => Span::styled(levels[level].to_string(), app.look.of(Meaning::Dim)),
        }
    };
    let cells: Vec<Span<'_>> = std::iter::once(Span::raw(" ")).chain((0..width).map(cell)).collect();
    frame.render_widget(Paragraph::new(Line::from(cells)), area);
}

fn here_sign(glyphs: Glyphs) -> &'static str {
    match glyphs {
        Glyphs::Unicode => "▲",
        Glyphs::Ascii => "^",
    }
}
