//! The run on the desk beside another: what the verdicts say differently, and the steps of both side by side.

use super::framed;
use crate::export::comparison::{Side, verdicts};
use crate::export::view::{Settings, Viewed, signs};
use crate::story::Sentence;
use crate::timeline::text::{Line as Told, Style as Meaning, cut};
use crate::trace::{visible, width_of, wrap};
use crate::tui::app::App;
use crate::tui::beside::{self, Beside};
use crate::tui::desk::Desk;
use crate::tui::theme::Part;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

/// The comparison that is on the screen.
pub(super) fn shown(desk: &Desk) -> Option<&Beside> {
    desk.compared.as_deref().filter(|beside| beside.shown)
}

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let Some(desk) = app.desk() else { return };
    let Some(beside) = shown(desk) else { return };
    let width = usize::from(area.width.saturating_sub(2));
    let sheet = differing(app, desk, beside, width);
    let most = (area.height / 3).max(4) - 2;
    let [top, below] =
        Layout::vertical([Constraint::Length((sheet.len() as u16).min(most) + 2), Constraint::Fill(1)]).areas(area);
    let title = match beside.comparison.equal {
        true => "The same, step by step".to_owned(),
        false => format!("What comes of it; the first difference is step {}", beside.comparison.same + 1),
    };
    let block = framed(app, None, &title);
    frame.render_widget(Paragraph::new(sheet).block(block), top);

    let title = match beside.differences() {
        1 => "Side by side: ] goes to the one difference, = puts this away".to_owned(),
        n => format!("Side by side: {n} differences, ] and [ go there, = puts this away"),
    };
    let block = framed(app, None, &title);
    let inner = block.inner(below);
    frame.render_widget(block, below);
    frame.render_widget(Paragraph::new(rows(app, desk, beside, inner)), inner);
}

/// The lines of both verdicts that differ, and the expectations.
fn differing(app: &App, desk: &Desk, beside: &Beside, width: usize) -> Vec<Line<'static>> {
    let here = app.branch_of(desk.run.id);
    let run = &beside.other;
    let other = Viewed { log: &run.log, findings: &run.findings, checked: &run.checked, ..desk.viewed() };
    let sides = [Side { name: &beside.name, viewed: other }, Side { name: &here, viewed: desk.viewed() }];
    let settings = Settings { width: width.max(40), glyphs: app.look.glyphs, ..Settings::default() };
    let page = verdicts(&sides, &settings);
    let sign = signs("≠", app.look.glyphs);
    let mut keeps = false;
    let kept = page.lines.iter().enumerate().filter(|(n, line)| {
        let text = line.plain();
        let goes_on = text.starts_with("    ");
        keeps = *n == 0 || text.starts_with(&sign) || text.trim_start().starts_with("expectations") || goes_on && keeps;
        keeps
    });
    // Whether what was expected holds is read first, also where there is no room for all.
    let is_last = |line: &Told| line.plain().trim_start().starts_with("expectations");
    let (expected, mut lines): (Vec<_>, Vec<_>) = kept.map(|(_, line)| line).partition(|line| is_last(line));
    let at = lines.len().min(1);
    lines.splice(at..at, expected);
    lines.into_iter().map(|line| super::line(&app.look, line)).collect()
}

/// The steps of both around the one that the desk is at.
fn rows(app: &App, desk: &Desk, beside: &Beside, area: Rect) -> Vec<Line<'static>> {
    let (height, width) = (usize::from(area.height), usize::from(area.width));
    let column = (width.saturating_sub(4)) / 2;
    let name = |text: &str| pad(&cut(&visible(text), column, &signs("…", app.look.glyphs)), column);
    let head = format!("   {}{}", name(&beside.name), name(&app.branch_of(desk.run.id)));
    let mut lines = vec![Line::styled(head.trim_end().to_owned(), app.look.of(Meaning::Name))];
    let told = beside.around(desk, height, height);
    let here = told.iter().position(|row| row.here).unwrap_or(0);
    let drawn: Vec<Vec<Line<'static>>> = told.iter().map(|row| drawn(app, row, column)).collect();
    // Half of the room is for what was before.
    let room = height.saturating_sub(1);
    let mut from = here;
    let mut used = drawn.get(here).map_or(0, Vec::len);
    while from > 0 && used + drawn[from - 1].len() <= room / 2 {
        from -= 1;
        used += drawn[from].len();
    }
    lines.extend(drawn.into_iter().skip(from).flatten());
    lines.truncate(height);
    lines
}

fn drawn(app: &App, row: &beside::Told, column: usize) -> Vec<Line<'static>> {
    let cell = |sentence: &Option<Sentence>| match sentence {
        None => Vec::new(),
        Some(told) => {
            let lead = format!("{:>5} ", told.event.step());
            let room = column.saturating_sub(lead.len() + 1).max(10);
            let parts = wrap(&signs(&told.text, app.look.glyphs), room).into_iter().enumerate();
            parts.map(|(n, part)| if n == 0 { format!("{lead}{part}") } else { format!("      {part}") }).collect()
        }
    };
    let (left, right): (Vec<String>, Vec<String>) = (cell(&row.left), cell(&row.right));
    let sign = if row.differs { signs("≠", app.look.glyphs) } else { " ".to_owned() };
    let part = |of: &[String], n: usize| of.get(n).cloned().unwrap_or_default();
    let line = |n: usize| {
        let sign = match (n, row.here) {
            (0, true) => format!("{}>", pad(&sign, 1)),
            (0, false) => sign.clone(),
            _ => String::new(),
        };
        let text = format!("{}{}{}", pad(&sign, 3), pad(&part(&left, n), column), part(&right, n));
        let text = if row.here { pad(&text, 2 * column + 3) } else { text };
        let meaning = if row.differs { Meaning::Plain } else { Meaning::Dim };
        let line = super::line(&app.look, &Told::of(meaning, text));
        if row.here { line.style(app.look.part(Part::Chosen)) } else { line }
    };
    (0..left.len().max(right.len())).map(line).collect()
}

fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(width_of(text))))
}
