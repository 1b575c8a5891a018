//! Pages that are read over the panes.

use super::task::LIFE_MAX;
use crate::export::view::{Settings, signs};
use crate::ids::EventId;
use crate::story::{Missing, render};
use crate::timeline::text::{Line, Style};
use crate::tui::desk::Desk;

/// Some steps of a run in sentences, below a heading.
pub(super) fn steps(desk: &Desk, steps: &[EventId], settings: &Settings) -> Vec<Line> {
    let mut lines = vec![Line::default(), Line::of(Style::Name, "Its steps".to_owned())];
    let told: Vec<_> = steps.iter().take(LIFE_MAX).filter_map(|id| desk.tell(*id)).collect();
    let told: Vec<_> = told.into_iter().filter(|sentence| !sentence.text.is_empty()).collect();
    let text = render(&told, settings.width.saturating_sub(2), false);
    lines.extend(text.lines().map(|line| Line::of(Style::Plain, format!("  {}", signs(line, settings.glyphs)))));
    if steps.len() > LIFE_MAX {
        let text = format!("  and more: {LIFE_MAX} are told");
        lines.push(Line::of(Style::Dim, text));
    }
    lines
}

/// The stages that a message has come to.
pub(super) fn stages(found: &Missing, settings: &Settings) -> Vec<Line> {
    let line = |(stage, event): &(crate::story::Stage, EventId)| {
        let text = format!("  ✓ {} (step {})", stage.came(), event.step());
        Line::of(Style::Good, signs(&text, settings.glyphs))
    };
    found.met.iter().map(line).collect()
}
