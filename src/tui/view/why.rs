//! The why pane in three depths: what happened at this step and the rule in a sentence; the causes of it, one further back
//! with every `w`; the rule with its source, versions and how exact it is, and who can know of the step.

use super::{fill, framed, lines};
use crate::ids::EventId;
use crate::rules::Rule;
use crate::story::{Link, Reason, Root, declared};
use crate::timeline::text::Style as Meaning;
use crate::trace::{ActorKind, Kind};
use crate::tui::app::{App, Pane};
use crate::tui::desk::Desk;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let Some(desk) = app.desk() else { return };
    let title = match (desk.depth, desk.details) {
        (_, true) => "Why: the rule, and who can know".to_owned(),
        (0, _) => "Why".to_owned(),
        (1, _) => "Why: 1 cause back".to_owned(),
        (n, _) => format!("Why: {n} causes back"),
    };
    let text = told(app, desk, super::inside(area).width);
    fill(frame, area, framed(app, Some(Pane::Why), &title), text, app.scroll[Pane::Why as usize]);
}

/// The narration where there is no room for the pane.
pub(super) fn line(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let Some(desk) = app.desk() else { return };
    let text = told(app, desk, area.width.saturating_sub(2));
    let text: Vec<Line<'_>> = text.into_iter().map(pushed).collect();
    frame.render_widget(Paragraph::new(text), area);
}

fn pushed(mut line: Line<'static>) -> Line<'static> {
    line.spans.insert(0, " ".into());
    line
}

/// What the pane says.
pub(super) fn told(app: &App, desk: &Desk, width: u16) -> Vec<Line<'static>> {
    let mut text = Vec::new();
    let mut say = |said: &str, meaning: Meaning| text.extend(lines(said, width, app.look.of(meaning)));
    for caption in desk.captions_here() {
        say(caption, Meaning::Caption);
    }
    let sentences = desk.sentences();
    if sentences.is_empty() {
        say("Nothing is told of this step.", Meaning::Dim);
    }
    for sentence in &sentences {
        say(&sentence.text, Meaning::Plain);
        if let Some(rule) = sentence.why.filter(|_| desk.depth == 0 && !desk.details) {
            say(rule, Meaning::Dim);
        }
    }
    if desk.depth > 0 {
        for reason in desk.reasons(desk.depth).iter().skip(1) {
            cause(desk, reason, &mut say);
        }
    }
    if desk.details {
        details(desk, &mut say);
    }
    text
}

/// A step in the chain of causes.
fn cause(desk: &Desk, reason: &Reason, say: &mut impl FnMut(&str, Meaning)) {
    let lead = match reason.link {
        Link::Need => "It needed",
        _ => "Because of",
    };
    let text = match reason.sentence.text.as_str() {
        "" => "something without a name.",
        text => text,
    };
    say(&format!("{lead} step {}: {text}", reason.sentence.event.step()), Meaning::Plain);
    // That a fault strikes and that frames arrive in their order is no decision of anybody.
    let kind = desk.log().event(reason.sentence.event).map(|event| event.kind);
    let decides = !matches!(kind, Some(Kind::Fault(_) | Kind::Arrived(_))) && reason.link != Link::Need;
    if let Some(rule) = reason.rule.filter(|_| decides) {
        say(&format!("  {}", rule.sentence), Meaning::Dim);
    }
    match reason.root {
        Some(Root::Fault) => {
            let line = declared(desk.log(), reason.sentence.event).map(|row| row.line);
            let at = line.map_or_else(String::new, |line| format!(", line {line} of the scenario"));
            say(&format!("Here it begins: a fault{at}."), Meaning::Fault);
        }
        Some(Root::Input) => say("Here it begins: the scenario says so.", Meaning::Dim),
        None => {}
    }
}

/// The rules behind the step, and who can know of it.
fn details(desk: &Desk, say: &mut impl FnMut(&str, Meaning)) {
    let rules = rules(desk);
    if rules.is_empty() {
        say("No rule of a system stands behind this step.", Meaning::Dim);
    }
    for rule in rules {
        say(&format!("rule {}", rule.key), Meaning::Name);
        say(rule.sentence, Meaning::Plain);
        say(
            &format!("{}: {}. Holds for {}.", rule.fidelity.word(), rule.fidelity.meaning(), rule.versions),
            Meaning::Dim,
        );
        say(&format!("Source: {}", rule.source), Meaning::Dim);
    }
    say("who can know it", Meaning::Name);
    let asked = desk.row.last.max(desk.row.first);
    for (actor, from) in &desk.known {
        let name = desk.log().actor_name(*actor);
        let when = if *from == asked { "at once".to_owned() } else { format!("from step {} on", from.step()) };
        say(&format!("{name}, {when}"), Meaning::Plain);
    }
    let others = others(desk);
    if !others.is_empty() {
        say(&format!("Nothing of it reaches {}.", others.join(", ")), Meaning::Plain);
    }
}

/// The rules of what the row tells, each once.
fn rules(desk: &Desk) -> Vec<&'static Rule> {
    let mut found: Vec<&'static Rule> = Vec::new();
    let told = desk.sentences().into_iter().map(|sentence| sentence.event);
    let row = [desk.row.first, desk.row.last.max(desk.row.first)];
    let ids: Vec<EventId> = told.chain(row).collect();
    for id in ids {
        let rule = desk.log().event(id).and_then(|event| desk.books().rules.get(event.rule));
        if let Some(rule) = rule.filter(|rule| !found.iter().any(|known| known.key == rule.key)) {
            found.push(rule);
        }
    }
    found
}

/// The parties that act and never learn of the step.
fn others(desk: &Desk) -> Vec<String> {
    let actors = desk.log().header.actors.iter().zip(0..);
    let acts = actors.filter(|(actor, _)| !matches!(actor.kind, ActorKind::Disk | ActorKind::Lab));
    let ids = acts.map(|(_, n)| crate::ids::ActorId(n));
    let never = ids.filter(|id| !desk.known.iter().any(|(actor, _)| actor == id));
    never.map(|id| desk.log().actor_name(id)).collect()
}
