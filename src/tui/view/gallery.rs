//! The gallery.

use super::{fill, framed, lines};
use crate::timeline::text::Style as Meaning;
use crate::trace::visible;
use crate::tui::app::App;
use crate::tui::theme::Part;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let gallery = &app.gallery;
    let [head, list, about] =
        Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(7)]).areas(area);
    let cursor = if gallery.typing { "_" } else { "" };
    let search = match (gallery.words.is_empty(), gallery.typing) {
        (true, false) => String::new(),
        _ => format!("   search: {}{cursor}", visible(&gallery.words)),
    };
    let title = format!(" mqlab: what happens to messages{search}");
    frame.render_widget(Paragraph::new(Line::styled(title, app.look.of(Meaning::Name))), head);

    let shown = gallery.shown();
    let mut text = Vec::new();
    let mut chosen = 0;
    let mut theme = None;
    for (n, entry) in shown.iter().enumerate() {
        let group = if gallery.recent.contains(&entry.name) { "opened lately" } else { entry.theme.as_str() };
        if theme != Some(group) {
            text.push(Line::styled(group.to_owned(), app.look.of(Meaning::Name)));
            theme = Some(group);
        }
        let mut row = Line::raw(format!("  {}", visible(&entry.title)));
        if n == gallery.chosen {
            chosen = text.len();
            row = row.style(app.look.part(Part::Chosen));
        }
        text.push(row);
    }
    if shown.is_empty() {
        let says = if gallery.entries.is_empty() { "one moment" } else { "no scenario has these words" };
        text.push(Line::raw(says));
    }
    let block = framed(app, None, "Scenarios");
    let height = usize::from(block.inner(list).height);
    fill(frame, list, block, text, chosen.saturating_sub(height / 2));

    let block = framed(app, None, gallery.chosen().map_or("", |entry| entry.name.as_str()));
    let width = block.inner(about).width;
    let mut text = Vec::new();
    if let Some(entry) = gallery.chosen() {
        text = lines(&visible(&entry.about), width, app.look.of(Meaning::Plain));
        if !entry.variants.is_empty() {
            let said = format!("variants: {}", entry.variants.join(", "));
            text.extend(lines(&said, width, app.look.of(Meaning::Dim)));
        }
    }
    fill(frame, about, block, text, 0);
}
