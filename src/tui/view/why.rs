//! The why pane: what happened at this step in sentences, what caused it, and the rule behind it.

use super::{fill, framed, lines};
use crate::story::{Link, Root};
use crate::timeline::text::Style as Meaning;
use crate::tui::app::{App, Pane};
use crate::tui::desk::Desk;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let Some(desk) = app.desk() else { return };
    let block = framed(app, Some(Pane::Why), "Why");
    let text = told(app, desk, block.inner(area).width);
    fill(frame, area, block, text, app.scroll[Pane::Why as usize]);
}

/// The narration where there is no room for the pane.
pub(super) fn line(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let Some(desk) = app.desk() else { return };
    let text = told(app, desk, area.width.saturating_sub(2));
    let text: Vec<Line<'_>> = text.into_iter().map(|line| pushed(line)).collect();
    frame.render_widget(Paragraph::new(text), area);
}

fn pushed(mut line: Line<'static>) -> Line<'static> {
    line.spans.insert(0, " ".into());
    line
}

/// What the pane says.
pub(super) fn told(app: &App, desk: &Desk, width: u16) -> Vec<Line<'static>> {
    let mut text = Vec::new();
    for caption in desk.captions_here() {
        text.extend(lines(caption, width, app.look.of(Meaning::Caption)));
    }
    for sentence in desk.sentences() {
        text.extend(lines(&sentence.text, width, app.look.of(Meaning::Plain)));
        if let Some(rule) = sentence.why.filter(|_| desk.depth == 0) {
            text.extend(lines(rule, width, app.look.of(Meaning::Dim)));
        }
    }
    if desk.depth > 0 {
        let reasons = desk.reasons();
        for reason in reasons.iter().skip(1).take(desk.depth) {
            let lead = match reason.link {
                Link::Need => "It needed",
                _ => "Because of",
            };
            let said = format!("{lead} step {}: {}", reason.sentence.event.step(), reason.sentence.text);
            text.extend(lines(&said, width, app.look.of(Meaning::Plain)));
            if let Some(root) = reason.root {
                let said = match root {
                    Root::Fault => "This is a fault of the scenario.",
                    Root::Input => "This is what the scenario asks for.",
                };
                text.extend(lines(said, width, app.look.of(Meaning::Dim)));
            }
        }
    }
    if desk.details {
        text.extend(rule(app, desk, width));
    }
    text
}

fn rule(app: &App, desk: &Desk, width: u16) -> Vec<Line<'static>> {
    let event = desk.log().event(desk.row.last.max(desk.row.first));
    let Some(rule) = event.and_then(|event| desk.books().rules.get(event.rule)) else {
        return lines("No rule of a system stands behind this step.", width, app.look.of(Meaning::Dim));
    };
    let mut text = lines(rule.sentence, width, app.look.of(Meaning::Plain));
    text.extend(lines(&format!("rule {}", rule.key), width, app.look.of(Meaning::Dim)));
    text
}
