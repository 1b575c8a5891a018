//! The screen: an interface drawn into a buffer of cells. Pure; it changes nothing.

mod compare;
mod gallery;
mod overlays;
mod state;
mod strip;
mod timeline;
mod tree;
mod why;

use super::app::{App, Pane};
use super::desk::Desk;
use super::theme::{Look, Part};
use crate::ids::EventId;
use crate::timeline::text::{Glyphs, Line as Told, Style as Meaning};
use crate::trace::{visible, wrap};
use crate::units::Time;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Margin, Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph};

/// Fewer columns or rows than these cannot show anything of use.
const LEAST: (u16, u16) = (60, 15);
/// From so many columns on all panes are side by side.
pub(super) const WIDE: u16 = 100;

/// Draws the interface.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let text = format!("mqlab needs {} columns and {} rows", LEAST.0, LEAST.1);
        frame.render_widget(Paragraph::new(text), area);
        return;
    }
    let [main, foot] = Layout::vertical([Constraint::Fill(1), Constraint::Length(1)]).areas(area);
    match app.desk() {
        None => gallery::draw(app, frame, main),
        Some(_) => panes(app, frame, main),
    }
    footer(app, frame, foot);
    overlays::draw(app, frame, main);
}

fn panes(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let [head, body, strip] =
        Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)]).areas(area);
    title(app, frame, head);
    strip::draw(app, frame, strip);
    if app.desk().and_then(compare::shown).is_some() {
        // On a small screen the row that one is at is narration enough.
        if area.height < 22 {
            return compare::draw(app, frame, body);
        }
        let [pane, told] = Layout::vertical([Constraint::Fill(1), Constraint::Length(TOLD)]).areas(body);
        compare::draw(app, frame, pane);
        why::line(app, frame, told);
        return;
    }
    let places = places(app, area);
    if let [(_, pane)] = places[..] {
        let told = Rect { y: pane.bottom(), height: body.bottom().saturating_sub(pane.bottom()), ..body };
        why::line(app, frame, told);
    }
    for (pane, area) in places {
        one(app, frame, area, pane);
    }
}

/// So many lines of narration stand below a pane that has the screen for itself.
const TOLD: u16 = 3;

/// Where the panes are: all of them, or where there is no room the one that takes the keys, with the narration below it.
fn places(app: &App, area: Rect) -> Vec<(Pane, Rect)> {
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area };
    if area.width < WIDE {
        // What the narration says is in its pane too.
        let told = if app.pane == Pane::Why { 0 } else { TOLD };
        return vec![(app.pane, Rect { height: body.height.saturating_sub(told), ..body })];
    }
    let [left, right] = Layout::horizontal([Constraint::Percentage(62), Constraint::Fill(1)]).areas(body);
    let below = (body.height / 3).clamp(7, 12);
    let [timeline, why] = Layout::vertical([Constraint::Fill(1), Constraint::Length(below)]).areas(left);
    let [state, tree] = Layout::vertical([Constraint::Fill(1), Constraint::Length(below)]).areas(right);
    vec![(Pane::Timeline, timeline), (Pane::State, state), (Pane::Why, why), (Pane::Tree, tree)]
}

/// What is at a place of the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spot {
    /// The strip: a time of the run.
    Time(Time),
    /// A row of the timeline.
    Step(EventId),
    /// Anything else in a pane.
    Pane(Pane),
}

/// What is at a column and a row of the screen, from 0 at the top left.
pub fn spot(app: &App, column: u16, row: u16) -> Option<Spot> {
    let desk = app.desk()?;
    let (at, screen) = (Position { x: column, y: row }, Rect { x: 0, y: 0, width: app.size.0, height: app.size.1 });
    let main = Rect { height: screen.height.saturating_sub(1), ..screen };
    let strip = Rect { y: main.bottom().saturating_sub(1), height: 1, ..main };
    if strip.contains(at) {
        return Some(Spot::Time(strip::time_at(desk, strip, column)));
    }
    // Beside another run the panes are not there.
    if compare::shown(desk).is_some() {
        return None;
    }
    let (pane, area) = places(app, main).into_iter().find(|(_, area)| area.contains(at))?;
    if pane == Pane::Timeline {
        let line = usize::from(row).checked_sub(usize::from(area.y) + 1);
        let step = line.and_then(|line| timeline::step_at(app, desk, inside(area), line));
        return Some(step.map_or(Spot::Pane(pane), Spot::Step));
    }
    Some(Spot::Pane(pane))
}

/// How many lines of a pane are beyond its window.
pub fn beyond(app: &App, pane: Pane) -> usize {
    let Some(desk) = app.desk() else { return 0 };
    let main = Rect { x: 0, y: 0, width: app.size.0, height: app.size.1.saturating_sub(1) };
    let Some((_, area)) = places(app, main).into_iter().find(|(shown, _)| *shown == pane) else { return 0 };
    let inner = inside(area);
    let lines = match pane {
        Pane::State => return state::beyond(app, desk, inner),
        Pane::Why => why::told(app, desk, inner.width).len(),
        _ => 0,
    };
    lines.saturating_sub(usize::from(inner.height))
}

fn inside(area: Rect) -> Rect {
    area.inner(Margin { horizontal: 1, vertical: 1 })
}

fn one(app: &App, frame: &mut Frame<'_>, area: Rect, pane: Pane) {
    match pane {
        Pane::Timeline => timeline::draw(app, frame, area),
        Pane::State => state::draw(app, frame, area),
        Pane::Why => why::draw(app, frame, area),
        Pane::Tree => tree::draw(app, frame, area),
    }
}

/// What a pane says as lines of text, without its frame and without breaking its sentences.
pub(super) fn words(app: &App, pane: Pane) -> Vec<String> {
    const WIDE: u16 = 2000;
    let Some(desk) = app.desk() else { return Vec::new() };
    let lines = match pane {
        Pane::Timeline => Vec::new(),
        Pane::State => state::told(app, desk, usize::from(WIDE)),
        Pane::Why => why::told(app, desk, WIDE),
        Pane::Tree => tree::told(app, desk),
    };
    let text = |line: &Line<'_>| line.spans.iter().map(|span| span.content.as_ref()).collect::<String>();
    lines.iter().map(text).map(|text| text.trim_end().to_owned()).collect()
}

/// What this step changed, a sentence each.
pub(super) fn changed(app: &App) -> Vec<String> {
    app.desk().map(state::changed).unwrap_or_default()
}

/// Whether what the scenario expects holds, in a sentence.
pub(super) fn expected(desk: &Desk) -> String {
    let checked = &desk.run.checked;
    let broken: Vec<&crate::verdict::Checked> = checked.iter().filter(|one| !one.holds).collect();
    match (checked.len(), broken.len()) {
        (0, _) => "Nothing is expected of it.".to_owned(),
        (1, 0) => "What is expected of it holds.".to_owned(),
        (all, 0) => format!("All {all} things that are expected of it hold."),
        (all, n) => {
            let one = |one: &&crate::verdict::Checked| {
                format!("{}, and found {}", visible(&one.expectation), visible(&one.found))
            };
            let said: Vec<String> = broken.iter().take(3).map(one).collect();
            format!("{n} of {all} expectations BROKEN: {}.", said.join("; "))
        }
    }
}

/// What is open and where in it one is.
fn title(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let Some(desk) = app.desk() else { return };
    let clock = crate::units::Clock::of([desk.end()]);
    let place = format!(
        " step {} of {}, {} of {} ",
        desk.at().step(),
        desk.steps(),
        clock.text(desk.row.time),
        clock.text(desk.end())
    );
    let [left, right] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(place.len() as u16)]).areas(area);
    let name = app.look.of(Meaning::Name);
    frame.render_widget(Paragraph::new(Line::styled(format!(" {}", desk.title()), name)), left);
    frame.render_widget(Paragraph::new(place), right);
}

/// What keys do here; or what was just done.
fn footer(app: &App, frame: &mut Frame<'_>, area: Rect) {
    if let Some(done) = app.progress() {
        let text = format!(" looking through the run: {done} %; Esc stops");
        return frame.render_widget(Paragraph::new(Line::styled(text, app.look.of(Meaning::Name))), area);
    }
    let (text, style) = match &app.note {
        Some((text, true)) => (format!(" ! {text}"), app.look.of(Meaning::Fault)),
        Some((text, false)) => (format!(" {text}"), Style::default()),
        None if app.desk().is_none() => {
            (" Enter open  Left Right variant  / search  h help  q quit".to_owned(), app.look.of(Meaning::Dim))
        }
        None => (keys(area.width), app.look.of(Meaning::Dim)),
    };
    frame.render_widget(Paragraph::new(Line::styled(text, style)), area);
}

/// The footer, out of the table of actions; what does not fit is left out at its end, and help stays.
fn keys(width: u16) -> String {
    let item = |spec: &super::action::Spec| {
        let key = spec.keys.first().map(ToString::to_string).unwrap_or_default();
        format!(" {key} {} ", spec.short)
    };
    let shown = super::action::ACTIONS.iter().filter(|spec| !spec.short.is_empty());
    let (last, others): (Vec<_>, Vec<_>) = shown.partition(|spec| matches!(spec.short, "help" | "quit"));
    let end: String = last.into_iter().map(item).collect();
    let mut text = String::new();
    for spec in others {
        let item = item(spec);
        if text.len() + item.len() + end.len() <= usize::from(width) {
            text.push_str(&item);
        }
    }
    text + &end
}

/// A pane's border with its title, marked where it takes the keys.
fn framed(app: &App, pane: Option<Pane>, title: &str) -> Block<'static> {
    let focus = pane.is_none_or(|pane| pane == app.pane);
    let style = app.look.part(if focus { Part::Focus } else { Part::Border });
    // Not by colour alone.
    let title = if focus && pane.is_some() { format!(" [{title}] ") } else { format!(" {title} ") };
    let block = Block::bordered().title(Line::styled(title, style)).border_style(style);
    match app.look.glyphs {
        Glyphs::Unicode => block.border_type(BorderType::Plain),
        Glyphs::Ascii => block.border_set(ASCII),
    }
}

const ASCII: ratatui::symbols::border::Set<'static> = ratatui::symbols::border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// A line of a page as a line of the screen.
fn line(look: &Look, told: &Told) -> Line<'static> {
    Line::from(told.spans.iter().map(|span| Span::styled(span.text.clone(), look.of(span.style))).collect::<Vec<_>>())
}

/// A text broken into lines.
fn lines(text: &str, width: u16, style: Style) -> Vec<Line<'static>> {
    wrap(text, usize::from(width.max(10))).into_iter().map(|part| Line::styled(part, style)).collect()
}

/// Lines in an area with a border, scrolled.
fn fill(frame: &mut Frame<'_>, area: Rect, block: Block<'_>, lines: Vec<Line<'_>>, scroll: usize) {
    let most = lines.len().saturating_sub(usize::from(block.inner(area).height));
    let text = Paragraph::new(lines).block(block).scroll((scroll.min(most) as u16, 0));
    frame.render_widget(text, area);
}

/// An area in the middle, emptied.
fn middle(frame: &mut Frame<'_>, area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    let x = area.x + (area.width - width) / 2;
    let y = area.y + (area.height - height) / 2;
    let inner = Rect { x, y, width, height };
    frame.render_widget(Clear, inner);
    inner
}
