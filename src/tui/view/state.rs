//! The state pane: what is in every queue, on every disk and in every table at this step, what producers believe, and
//! what this step changed.

use super::{fill, framed};
use crate::ids::{ActorId, Name};
use crate::timeline::text::{Glyphs, Style as Meaning};
use crate::trace::{Belief, Delta, Held, Log, Observable, Place, PlaceKind, wrap};
use crate::tui::app::{App, Pane};
use crate::tui::desk::Desk;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// So many messages of a place are named; of more the rest is counted.
const NAMED: usize = 12;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let Some(desk) = app.desk() else { return };
    let block = framed(app, Some(Pane::State), &format!("State after step {}", desk.at().step()));
    let width = usize::from(block.inner(area).width);
    fill(frame, area, block, told(app, desk, width), app.scroll[Pane::State as usize]);
}

/// What the pane says.
pub(super) fn told(app: &App, desk: &Desk, width: usize) -> Vec<Line<'static>> {
    let mut page = Sheet { app, width, lines: Vec::new() };
    page.queues(desk);
    page.disks(desk);
    page.beliefs(desk);
    page.tables(desk);
    page.changes(desk);
    page.lines
}

/// What this step changed, a sentence each.
pub(in crate::tui) fn changed(desk: &Desk) -> Vec<String> {
    let log = desk.log();
    let from = desk.at();
    let mut said: Vec<String> = Vec::new();
    for n in from.0..=desk.until().0.max(from.0) {
        for delta in log.deltas(crate::ids::EventId(n)) {
            said.extend(change(log, &desk.before, delta));
        }
    }
    said
}

struct Sheet<'a> {
    app: &'a App,
    width: usize,
    lines: Vec<Line<'static>>,
}

impl Sheet<'_> {
    /// A row: what, and the text under itself in as many lines as it takes.
    fn row(&mut self, label: &str, text: &str, meaning: Meaning) {
        let indent = (label.len() + 1).min(self.width / 2);
        for (n, part) in wrap(text, self.width.saturating_sub(indent).max(10)).into_iter().enumerate() {
            let lead = if n == 0 { format!("{label} ") } else { " ".repeat(indent) };
            self.lines.push(Line::styled(format!("{lead}{part}"), self.app.look.of(meaning)));
        }
    }

    fn heading(&mut self, text: &str) {
        self.lines.push(Line::styled(text.to_owned(), self.app.look.of(Meaning::Name)));
    }

    fn queues(&mut self, desk: &Desk) {
        let (log, state) = (desk.log(), &desk.after);
        for (id, place) in places(log, PlaceKind::Queue) {
            let name = log.shown(place.name).unwrap_or_default();
            let ready: Vec<&Held> = state.in_place(id).collect();
            let out: Vec<(ActorId, Vec<&Held>)> = places(log, PlaceKind::Unacked)
                .filter(|(_, p)| p.name == place.name && p.actor == place.actor)
                .map(|(id, p)| (p.holder, state.in_place(id).collect()))
                .filter(|(_, held): &(_, Vec<_>)| !held.is_empty())
                .collect();
            self.heading(&format!("queue {name}"));
            self.row("  ready", &listed(log, &ready), Meaning::Plain);
            for (holder, held) in out {
                let who = log.actor_name(holder);
                self.row(&format!("  at {who}, not acknowledged"), &listed(log, &held), Meaning::Plain);
            }
        }
    }

    fn disks(&mut self, desk: &Desk) {
        let (log, state) = (desk.log(), &desk.after);
        let tiers = [(PlaceKind::PageCache, "  page cache"), (PlaceKind::Durable, "  on disk")];
        let mut nodes: Vec<ActorId> =
            tiers.iter().flat_map(|(kind, _)| places(log, *kind)).map(|(_, place)| place.actor).collect();
        nodes.sort();
        nodes.dedup();
        for node in nodes {
            self.heading(&format!("disk of {}", log.actor_name(node)));
            for (kind, label) in tiers {
                let held: Vec<&Held> = places(log, kind)
                    .filter(|(_, place)| place.actor == node)
                    .flat_map(|(id, _)| state.in_place(id))
                    .collect();
                self.row(label, &listed(log, &held), Meaning::Disk);
            }
        }
    }

    fn beliefs(&mut self, desk: &Desk) {
        let (log, state) = (desk.log(), &desk.after);
        let mut last = ActorId::NONE;
        let mut said: Vec<String> = Vec::new();
        let mut all: Vec<(ActorId, Vec<String>)> = Vec::new();
        for ((actor, message), belief) in state.beliefs.iter() {
            if *actor != last && !said.is_empty() {
                all.push((last, std::mem::take(&mut said)));
            }
            last = *actor;
            let id = log.shown(*message).unwrap_or_default();
            said.push(format!("{id} {}{}", self.belief(*belief), believed(*belief)));
        }
        if !said.is_empty() {
            all.push((last, said));
        }
        for (actor, said) in all {
            self.heading(&format!("{} believes", log.actor_name(actor)));
            self.row(" ", &few(&said), Meaning::Plain);
        }
    }

    fn belief(&self, belief: Belief) -> &'static str {
        match (belief, self.app.look.glyphs) {
            (Belief::Confirmed, Glyphs::Unicode) => "✓ ",
            (Belief::Confirmed, Glyphs::Ascii) => "ok ",
            (Belief::Refused, Glyphs::Unicode) => "✗ ",
            (Belief::Refused, Glyphs::Ascii) => "X ",
            (Belief::Unknown, _) => "? ",
            (Belief::Sent, _) => "",
        }
    }

    fn tables(&mut self, desk: &Desk) {
        let (log, state) = (desk.log(), &desk.after);
        for (id, place) in places(log, PlaceKind::Table) {
            let rows: Vec<&Held> = state.in_place(id).collect();
            let name = log.shown(place.name).unwrap_or_default();
            self.heading(&format!("table {name}, {}", count(rows.len(), "row")));
            self.row(" ", &listed(log, &rows), Meaning::Plain);
        }
    }

    fn changes(&mut self, desk: &Desk) {
        let mut said = changed(desk);
        self.heading("changed by this step");
        if said.is_empty() {
            said.push("nothing".to_owned());
        }
        for text in said.iter().take(NAMED) {
            self.row(" ", text, Meaning::Plain);
        }
        if said.len() > NAMED {
            self.row(" ", &format!("and {} more", said.len() - NAMED), Meaning::Dim);
        }
    }
}

fn places(log: &Log, kind: PlaceKind) -> impl Iterator<Item = (crate::ids::PlaceId, &Place)> {
    let place = |(n, place)| (crate::ids::PlaceId(n as u32), place);
    log.places.iter().enumerate().map(place).filter(move |(_, place)| place.kind == kind)
}

fn listed(log: &Log, held: &[&Held]) -> String {
    if held.is_empty() {
        return "nothing".to_owned();
    }
    let names: Vec<String> = held.iter().map(|held| log.shown(held.message).unwrap_or_default()).collect();
    few(&names)
}

fn few(names: &[String]) -> String {
    if names.len() <= NAMED {
        return names.join(", ");
    }
    let (head, tail) = (&names[..NAMED - 2], &names[names.len() - 1]);
    format!("{}, … {tail} ({} in all)", head.join(", "), names.len())
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// What a change is, in words.
fn change(log: &Log, before: &Observable, delta: &Delta) -> Option<String> {
    let place = |id: crate::ids::PlaceId| log.places.get(id.at()).map(|place| described(log, place));
    let id = |name: Name| log.shown(name).unwrap_or_default();
    let held = |copy, at| before.in_place(at).find(|held| held.copy == copy).map(|held| id(held.message));
    Some(match *delta {
        Delta::Put { place: at, message, .. } => format!("{}: now {}", id(message), place(at)?),
        Delta::Move { copy, from, to, .. } => {
            format!("{}: {} to {}", held(copy, from).unwrap_or_default(), place(from)?, place(to)?)
        }
        Delta::Remove { copy, place: at } => {
            format!("{}: no longer {}", held(copy, at).unwrap_or_default(), place(at)?)
        }
        Delta::Clear { place: at } => format!("nothing is {} any more", place(at)?),
        Delta::Set { actor, gauge, value } => format!("{}: {} is {value}", log.actor_name(actor), id(gauge)),
        Delta::Believe { actor, message, belief } => {
            format!("{} believes: {} {}", log.actor_name(actor), id(message), believed(belief))
        }
    })
}

/// `ready in billing`, `durable on broker`.
fn described(log: &Log, place: &Place) -> String {
    let name = log.shown(place.name).unwrap_or_default();
    let (keeper, holder) = (log.actor_name(place.actor), log.actor_name(place.holder));
    match place.kind {
        PlaceKind::Queue => format!("ready in {name}"),
        PlaceKind::Unacked => format!("delivered from {name} to {holder}, not acknowledged"),
        PlaceKind::PageCache => format!("in the page cache of {keeper}"),
        PlaceKind::Durable => format!("on the disk of {keeper}"),
        PlaceKind::Inbox => format!("at {keeper}"),
        PlaceKind::Table | PlaceKind::Row => format!("in table {name}"),
    }
}

fn believed(belief: Belief) -> &'static str {
    match belief {
        Belief::Sent => "sent",
        Belief::Confirmed => "confirmed",
        Belief::Refused => "refused",
        Belief::Unknown => "unknown",
    }
}
