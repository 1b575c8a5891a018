//! The gallery.

use super::{fill, framed, lines};
use crate::export::view::signs;
use crate::lab::Entry;
use crate::timeline::text::{Glyphs, Style as Meaning, cut};
use crate::trace::{visible, width_of};
use crate::tui::app::App;
use crate::tui::gallery::LATELY;
use crate::tui::theme::Part;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let gallery = &app.gallery;
    let below = if area.height < 20 { 5 } else { 8 };
    let [head, list, about] =
        Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(below)]).areas(area);
    let cursor = if gallery.typing { "_" } else { "" };
    let search = match (gallery.words.is_empty(), gallery.typing) {
        (true, false) => String::new(),
        _ => format!(
            "   search: {}{cursor}",
            if gallery.words.is_empty() { String::new() } else { visible(&gallery.words) }
        ),
    };
    let title = format!(" mqlab: what happens to messages{search}");
    frame.render_widget(Paragraph::new(Line::styled(title, app.look.of(Meaning::Name))), head);

    let shown = gallery.shown();
    let title = match shown.len() {
        n if n == gallery.entries.len() => format!("{n} scenarios"),
        n => format!("{n} of {} scenarios", gallery.entries.len()),
    };
    let block = framed(app, None, if gallery.entries.is_empty() { "Scenarios" } else { &title });
    let inner = block.inner(list);
    let (text, chosen) = listed(app, &shown, usize::from(inner.width));
    fill(frame, list, block, text, chosen.saturating_sub(usize::from(inner.height) / 2));

    let name = gallery.chosen().map_or(String::new(), |entry| visible(&entry.name));
    let block = framed(app, None, &name);
    let text = gallery.chosen().map(|entry| told(app, entry, block.inner(about).width)).unwrap_or_default();
    fill(frame, about, block, text, 0);
}

/// The list, theme by theme, and the line of the one that is chosen.
fn listed(app: &App, shown: &[&Entry], width: usize) -> (Vec<Line<'static>>, usize) {
    let gallery = &app.gallery;
    let (mut text, mut chosen, mut theme) = (Vec::new(), 0, None);
    for (n, entry) in shown.iter().enumerate() {
        let group = match entry.theme.as_str() {
            _ if gallery.is_recent(entry) => LATELY,
            "" => "to begin with",
            theme => theme,
        };
        if theme != Some(group) {
            text.push(Line::styled(group.to_owned(), app.look.of(Meaning::Name)));
            theme = Some(group);
        }
        let here = n == gallery.chosen;
        let mark = if here { ">" } else { " " };
        let mut said = cut(&format!(" {mark} {}", visible(&entry.title)), width, &signs("…", app.look.glyphs));
        if here {
            chosen = text.len();
            said.push_str(&" ".repeat(width.saturating_sub(width_of(&said))));
        }
        let row = Line::raw(said);
        text.push(if here { row.style(app.look.part(Part::Chosen)) } else { row });
    }
    if shown.is_empty() {
        let says =
            if gallery.entries.is_empty() { "one moment" } else { "No scenario has these words; Esc shows all." };
        text.push(Line::raw(says));
    }
    (text, chosen)
}

/// What the chosen one is about, and its variants with the one that Enter opens marked.
fn told(app: &App, entry: &Entry, width: u16) -> Vec<Line<'static>> {
    let about = if entry.about.is_empty() { String::new() } else { visible(&entry.about) };
    let mut text = Vec::new();
    if !entry.variants.is_empty() {
        let names = ["as it is"].into_iter().chain(entry.variants.iter().map(String::as_str));
        let (left, right) = match app.look.glyphs {
            Glyphs::Unicode => ("◂", "▸"),
            Glyphs::Ascii => ("<", ">"),
        };
        let mut spans = vec![Span::styled(format!("{left} {right} "), app.look.of(Meaning::Dim))];
        for (n, name) in names.enumerate() {
            let here = n == app.gallery.variant;
            let style = if here { app.look.part(Part::Chosen) } else { Style::default() };
            let name = visible(name);
            spans.push(Span::styled(if here { format!("[{name}]") } else { format!(" {name} ") }, style));
        }
        text.push(Line::from(spans));
    }
    text.extend(lines(&about, width, app.look.of(Meaning::Plain)));
    text
}
