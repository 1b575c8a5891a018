//! What lies over the panes.

use super::{fill, framed, line, lines, middle};
use crate::timeline::text::Style as Meaning;
use crate::trace::visible;
use crate::tui::app::App;
use crate::tui::overlay::{Changes, Overlay, Prompt};
use crate::tui::theme::Part;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    if let Some(errors) = &app.errors {
        let text: Vec<Line<'_>> = errors.lines().map(|line| Line::raw(line.to_owned())).collect();
        let area = middle(frame, area, area.width.saturating_sub(6), text.len() as u16 + 2);
        fill(frame, area, framed(app, None, "The file has errors; the last good run stays"), text, 0);
    }
    let Some(top) = app.overlay() else { return };
    match top {
        Overlay::Page { title, page, scroll } => {
            let text: Vec<Line<'_>> = page.lines.iter().map(|told| line(&app.look, told)).collect();
            let height = (text.len() as u16).saturating_add(2);
            let area = middle(frame, area, area.width.saturating_sub(4), height.min(area.height));
            fill(frame, area, framed(app, None, title), text, *scroll);
        }
        Overlay::Prompt(prompt) => typed(app, frame, area, prompt),
        Overlay::Changes(changes) => offered(app, frame, area, changes),
        Overlay::Lanes { lanes, chosen } => {
            let name = |lane: usize| app.desk().and_then(|desk| desk.sample.lanes.get(lane)).map_or("", |l| &l.name);
            let mut text: Vec<Line<'_>> = Vec::new();
            for (n, (lane, shown)) in lanes.iter().enumerate() {
                let row = Line::raw(format!(" [{}] {}", if *shown { "x" } else { " " }, name(*lane)));
                text.push(if n == *chosen { row.style(app.look.part(Part::Chosen)) } else { row });
            }
            text.push(Line::default());
            text.push(Line::raw("Space shows or hides, < and > move, Enter is done"));
            let area = middle(frame, area, 56, text.len() as u16 + 2);
            fill(frame, area, framed(app, None, "Lanes"), text, 0);
        }
        Overlay::Sure { asks, .. } => {
            let area = middle(frame, area, asks.len() as u16 + 6, 3);
            fill(frame, area, framed(app, None, "Sure?"), vec![Line::raw(format!(" {asks}"))], 0);
        }
    }
}

fn typed(app: &App, frame: &mut Frame<'_>, area: Rect, prompt: &Prompt) {
    let spec = prompt.action.spec();
    let text = vec![Line::raw(format!(" {}_", visible(&prompt.text)))];
    let at = Rect { y: area.bottom().saturating_sub(3), height: 3, ..area };
    frame.render_widget(ratatui::widgets::Clear, at);
    let title = match spec.argument {
        "" => spec.name.to_owned(),
        argument => format!("{}: {argument}", spec.name),
    };
    fill(frame, at, framed(app, None, &title), text, 0);
}

fn offered(app: &App, frame: &mut Frame<'_>, area: Rect, changes: &Changes) {
    let title = format!("Change something after step {}", changes.at.step());
    let area = middle(frame, area, area.width.saturating_sub(6), area.height.saturating_sub(2));
    let block = framed(app, None, &title);
    let width = block.inner(area).width;
    let mut text = Vec::new();
    let mut chosen = 0;
    for (n, (change, preview)) in changes.offers.iter().enumerate() {
        let here = n == changes.chosen;
        if here {
            chosen = text.len();
        }
        let number = if changes.faults_only && n < 9 { format!("{} ", n + 1) } else { String::new() };
        let said = lines(&format!("{number}{}", visible(&change.says)), width, app.look.of(Meaning::Plain));
        let marked = |row: Line<'static>| if here { row.style(app.look.part(Part::Chosen)) } else { row };
        text.extend(said.into_iter().map(marked));
        let outcome = match preview {
            None => vec!["…".to_owned()],
            Some(Ok(preview)) => preview.lines(),
            Some(Err(problem)) => vec![problem.clone()],
        };
        for said in outcome {
            text.extend(lines(&format!("    {said}"), width, app.look.of(Meaning::Dim)));
        }
    }
    if text.is_empty() {
        text.push(Line::raw(if changes.ready { "Nothing can be changed here." } else { "one moment" }));
    }
    let height = usize::from(block.inner(area).height);
    fill(frame, area, block, text, chosen.saturating_sub(height / 2));
}
