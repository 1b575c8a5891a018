//! What lies over the panes.

use super::{fill, framed, line, lines, middle};
use crate::export::view::signs;
use crate::lab::{Change, Preview};
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
        // Below, so that the run that stays is still seen.
        let text: Vec<Line<'_>> = errors.lines().map(|line| Line::raw(line.to_owned())).collect();
        let height = (text.len() as u16).saturating_add(2).min(area.height * 2 / 3);
        let area = Rect { y: area.bottom().saturating_sub(height), height, ..area };
        frame.render_widget(ratatui::widgets::Clear, area);
        fill(frame, area, framed(app, None, "The file has errors; the last good run stays (Esc)"), text, 0);
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
    let width = area.width.saturating_sub(4);
    let text = if prompt.text.is_empty() { String::new() } else { visible(&prompt.text) };
    let problem = prompt.problem.iter().flat_map(|problem| lines(problem, width, app.look.of(Meaning::Fault)));
    let mut text: Vec<Line<'_>> = problem.chain([Line::raw(format!(" {text}_"))]).collect();
    let room = usize::from(area.height.saturating_sub(2)).max(1);
    text.drain(..text.len().saturating_sub(room));
    let height = (text.len() as u16 + 2).min(area.height);
    let at = Rect { y: area.bottom().saturating_sub(height), height, ..area };
    frame.render_widget(ratatui::widgets::Clear, at);
    let title = match spec.argument {
        "" => spec.name.to_owned(),
        argument => format!("{}: {argument}", spec.name),
    };
    fill(frame, at, framed(app, None, &title), text, 0);
}

/// The changes in their groups, each with what matters most of what would come of it; of the chosen one all of that.
fn offered(app: &App, frame: &mut Frame<'_>, area: Rect, changes: &Changes) {
    let title = match changes.faults_only {
        true => format!("What can go wrong after step {}", changes.at.step()),
        false => format!("What can be changed after step {}", changes.at.step()),
    };
    let area = middle(frame, area, area.width.saturating_sub(4), area.height.saturating_sub(1));
    let block = framed(app, None, &title);
    let (width, height) = (block.inner(area).width, usize::from(block.inner(area).height));
    let mut text = Vec::new();
    let (mut chosen, mut behind) = (0, 0);
    let mut group = None;
    for (n, (change, preview)) in changes.offers.iter().enumerate() {
        let here = n == changes.chosen;
        if group != Some(change.sort) {
            group = Some(change.sort);
            text.push(Line::styled(change.sort.title(), app.look.of(Meaning::Name)));
        }
        if here {
            chosen = text.len();
        }
        text.extend(offer(app, n, here, change, width));
        text.extend(comes(app, here, preview.as_ref(), width));
        if here {
            behind = text.len();
        }
    }
    if changes.offers.is_empty() {
        text.push(Line::raw(if changes.ready { "Nothing can be changed here." } else { "one moment" }));
    } else {
        text.push(Line::styled("Enter or its number makes it a branch, Esc leaves it", app.look.of(Meaning::Dim)));
    }
    // The chosen one is seen as a whole, and what is above it if there is room.
    let scroll = behind.saturating_sub(height).max(chosen.saturating_sub(height / 2)).min(chosen);
    fill(frame, area, block, text, scroll);
}

fn offer(app: &App, n: usize, here: bool, change: &Change, width: u16) -> Vec<Line<'static>> {
    let mark = if here { ">" } else { " " };
    let number = if n < 9 { format!("{mark} {} ", n + 1) } else { format!("{mark}   ") };
    let said = lines(&visible(&change.says), width.saturating_sub(4), app.look.of(Meaning::Plain));
    let lead = |i: usize| if i == 0 { number.clone() } else { "    ".to_owned() };
    let row = |(i, mut row): (usize, Line<'static>)| {
        row.spans.insert(0, lead(i).into());
        if here { row.style(app.look.part(Part::Chosen)) } else { row }
    };
    said.into_iter().enumerate().map(row).collect()
}

/// What would come of a change.
fn comes(app: &App, here: bool, preview: Option<&Result<Preview, String>>, width: u16) -> Vec<Line<'static>> {
    let arrow = signs("→", app.look.glyphs);
    let (said, meaning) = match preview {
        None => (signs("…", app.look.glyphs), Meaning::Dim),
        Some(Ok(preview)) => (preview.brief(), if preview.shifts.is_empty() { Meaning::Dim } else { Meaning::Caption }),
        Some(Err(problem)) => (format!("not possible: {}", visible(problem)), Meaning::Dim),
    };
    let mut text = vec![(format!("{arrow} {said}"), meaning)];
    if let Some(Ok(preview)) = preview.filter(|_| here) {
        text.extend(preview.lines().into_iter().map(|line| (format!("  {line}"), Meaning::Dim)));
    }
    let indented = |mut row: Line<'static>| {
        row.spans.insert(0, "    ".into());
        row
    };
    let all = text.iter().flat_map(|(said, meaning)| lines(said, width.saturating_sub(4), app.look.of(*meaning)));
    all.map(indented).collect()
}
