//! The state pane: what is in every queue, on every disk and in every table at this step, what producers believe, whether
//! the invariants hold so far; and, always in sight at its foot, what this step changed.

use super::{fill, framed};
use crate::ids::{ActorId, EventId, Name, PlaceId};
use crate::timeline::Sign;
use crate::timeline::text::Style as Meaning;
use crate::trace::{ActorKind, Belief, Delta, Flags, Held, Log, Observable, Place, PlaceKind, visible, width_of, wrap};
use crate::tui::app::{App, Pane};
use crate::tui::desk::Desk;
use crate::verdict::Checked;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;
use std::collections::BTreeMap;

/// No more messages of a place are named than this, however wide the pane is.
const NAMED: usize = 40;
/// A list takes so many lines at most.
const LISTED: usize = 2;
/// Among more messages than this nobody looks for copies of the same.
const COUNTED: usize = 2_000;
/// So many lines at the foot say what the step changed.
const CHANGED: usize = 5;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let Some(desk) = app.desk() else { return };
    let block = framed(app, Some(Pane::State), &format!("State after step {}", desk.at().step()));
    let inner = super::inside(area);
    let foot = foot(app, desk, inner);
    let above = usize::from(inner.height).saturating_sub(foot.len()) as u16;
    let mut page = Sheet { app, width: usize::from(inner.width), lines: Vec::new() };
    page.all(desk);
    let window = Rect { height: above + 2, ..area };
    frame.render_widget(block.clone(), area);
    fill(
        frame,
        Rect { y: window.y + 1, height: above, x: inner.x, width: inner.width },
        Default::default(),
        page.lines,
        scroll(app),
    );
    frame.render_widget(Paragraph::new(foot), Rect { y: inner.y + above, height: inner.height - above, ..inner });
}

fn scroll(app: &App) -> usize {
    app.scroll[Pane::State as usize]
}

/// How many lines are beyond the window.
pub(super) fn beyond(app: &App, desk: &Desk, inner: Rect) -> usize {
    let mut page = Sheet { app, width: usize::from(inner.width), lines: Vec::new() };
    page.all(desk);
    page.lines.len().saturating_sub(usize::from(inner.height).saturating_sub(foot(app, desk, inner).len()))
}

/// What the step changed, in the last lines of the pane.
fn foot(app: &App, desk: &Desk, inner: Rect) -> Vec<Line<'static>> {
    let mut page = Sheet { app, width: usize::from(inner.width), lines: Vec::new() };
    page.changes(desk, CHANGED.min(usize::from(inner.height) / 3).max(1));
    page.lines
}

/// What the pane says.
pub(super) fn told(app: &App, desk: &Desk, width: usize) -> Vec<Line<'static>> {
    let mut page = Sheet { app, width, lines: Vec::new() };
    page.all(desk);
    page.changes(desk, NAMED);
    page.lines
}

/// What this step changed, a sentence each.
pub(in crate::tui) fn changed(desk: &Desk) -> Vec<String> {
    let log = desk.log();
    let from = desk.at();
    let mut said: Vec<String> = Vec::new();
    for n in from.0..=desk.until().0.max(from.0) {
        for delta in log.deltas(EventId(n)) {
            said.extend(change(log, &desk.before, delta));
            if said.len() > COUNTED {
                return said;
            }
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
    fn all(&mut self, desk: &Desk) {
        self.queues(desk);
        self.disks(desk);
        self.beliefs(desk);
        self.tables(desk);
        self.gauges(desk);
        self.invariants(desk);
        if self.lines.is_empty() {
            self.lines.push(Line::raw("Nothing is there yet."));
        }
    }

    /// A row: what, and the text under itself in as many lines as it takes.
    fn row(&mut self, label: &str, text: &str, meaning: Meaning) {
        let indent = (width_of(label) + 1).min(self.width / 2);
        for (n, part) in wrap(text, self.width.saturating_sub(indent).max(10)).into_iter().enumerate() {
            let lead = if n == 0 { format!("{label} ") } else { " ".repeat(indent) };
            self.lines.push(Line::styled(format!("{lead}{part}"), self.app.look.of(meaning)));
        }
    }

    fn heading(&mut self, text: &str) {
        self.lines.push(Line::styled(text.to_owned(), self.app.look.of(Meaning::Name)));
    }

    fn sign(&self, sign: Sign) -> &'static str {
        self.app.look.glyphs.sign(sign)
    }

    /// A row with messages: how many, and the first of them.
    fn messages(&mut self, label: &str, more: &str, log: &Log, copies: Copies<'_>, meaning: Meaning) {
        let n = copies.len();
        let label = if n > 1 { format!("{label} {n}{more}:") } else { format!("{label}{more}:") };
        let room = self.width.saturating_sub((width_of(&label) + 1).min(self.width / 2)).max(10) * LISTED;
        let text = self.listed(log, copies, room);
        self.row(&label, &text, meaning);
    }

    /// The names of messages in the order of their place, those that are there again marked by sign and word.
    fn listed(&self, log: &Log, copies: Copies<'_>, room: usize) -> String {
        if copies.is_empty() {
            return "nothing".to_owned();
        }
        let mut counts: BTreeMap<Name, u32> = BTreeMap::new();
        if copies.len() <= COUNTED {
            copies.iter().for_each(|held| *counts.entry(held.message).or_default() += 1);
        }
        let mut names: Vec<String> = Vec::new();
        for held in copies.iter().take(NAMED) {
            // Copies of the same message are said at the first of them.
            let Some(times) = counts.insert(held.message, 0).or(Some(1)).filter(|times| *times > 0) else { continue };
            names.push(self.named(log, held, times));
        }
        let last = copies.last().map(|held| log.shown(held.message).unwrap_or_default()).unwrap_or_default();
        few(&names, copies.len() > NAMED, &last, room)
    }

    /// A message in a place: whether it was handed out before, and how many copies of it are there.
    fn named(&self, log: &Log, held: &Held, times: u32) -> String {
        let id = log.shown(held.message).unwrap_or_default();
        let again = match held.flags.has(Flags::REDELIVERED) {
            true => format!(" {} again", self.sign(Sign::Again)),
            false => String::new(),
        };
        match times {
            1 => format!("{id}{again}"),
            2 => format!("{id} {} twice{again}", self.sign(Sign::Duplicate)),
            n => format!("{id} {} {n} times{again}", self.sign(Sign::Duplicate)),
        }
    }

    fn queues(&mut self, desk: &Desk) {
        let (log, state) = (desk.log(), &desk.after);
        for (id, place) in places(log, PlaceKind::Queue) {
            self.heading(&format!("queue {}", log.shown(place.name).unwrap_or_default()));
            self.messages("  ready", "", log, Copies::of(state, &[id]), Meaning::Plain);
            let mut holders: Vec<ActorId> = Vec::new();
            let same = |p: &Place| p.name == place.name && p.actor == place.actor;
            let out = || places(log, PlaceKind::Unacked).filter(|(_, p)| same(p));
            for (_, p) in out() {
                if !holders.contains(&p.holder) {
                    holders.push(p.holder);
                }
            }
            for holder in holders {
                let ids: Vec<PlaceId> = out().filter(|(_, p)| p.holder == holder).map(|(id, _)| id).collect();
                let held = Copies::of(state, &ids);
                if held.is_empty() {
                    continue;
                }
                let most = desk.prefetch(holder).map_or_else(String::new, |most| format!(", prefetch {most}"));
                let who = log.actor_name(holder);
                self.messages(&format!("  unacked at {who}"), &most, log, held, Meaning::Plain);
            }
        }
        for (id, place) in places(log, PlaceKind::Inbox) {
            let held = Copies::of(state, &[id]);
            if !held.is_empty() {
                self.heading(&log.actor_name(place.actor));
                self.messages("  has at hand", "", log, held, Meaning::Plain);
            }
        }
    }

    fn disks(&mut self, desk: &Desk) {
        let (log, state) = (desk.log(), &desk.after);
        let tiers = [(PlaceKind::PageCache, "  page cache"), (PlaceKind::Durable, "  synced")];
        let mut nodes: Vec<ActorId> =
            tiers.iter().flat_map(|(kind, _)| places(log, *kind)).map(|(_, place)| place.actor).collect();
        nodes.sort();
        nodes.dedup();
        for node in nodes {
            let disk = log.header.actors.get(node.at()).is_some_and(|actor| actor.kind == ActorKind::Disk);
            let name = log.actor_name(node);
            self.heading(&if disk { name } else { format!("disk of {name}") });
            for (kind, label) in tiers {
                let ids: Vec<PlaceId> =
                    places(log, kind).filter(|(_, place)| place.actor == node).map(|(id, _)| id).collect();
                self.messages(label, "", log, Copies::of(state, &ids), Meaning::Disk);
            }
        }
    }

    fn beliefs(&mut self, desk: &Desk) {
        const BELIEFS: [Belief; 4] = [Belief::Confirmed, Belief::Sent, Belief::Refused, Belief::Unknown];
        let (log, state) = (desk.log(), &desk.after);
        let mut all: BTreeMap<(ActorId, usize), (usize, Vec<String>, Name)> = BTreeMap::new();
        for ((actor, message), belief) in state.beliefs.iter() {
            let kind = BELIEFS.iter().position(|known| known == belief).unwrap_or(0);
            let (n, names, last) = all.entry((*actor, kind)).or_insert((0, Vec::new(), Name::NONE));
            (*n, *last) = (*n + 1, *message);
            if names.len() < NAMED {
                names.push(log.shown(*message).unwrap_or_default());
            }
        }
        let mut who = ActorId::NONE;
        for ((actor, kind), (n, names, last)) in all {
            if actor != who {
                self.heading(&format!("{} believes", log.actor_name(actor)));
                who = actor;
            }
            let sign = match BELIEFS[kind] {
                Belief::Confirmed => format!("{} ", self.sign(Sign::Good)),
                Belief::Refused => format!("{} ", self.sign(Sign::Bad)),
                Belief::Unknown => format!("{} ", self.sign(Sign::Unknown)),
                Belief::Sent => String::new(),
            };
            let label = match n {
                1 => format!("  {sign}{}:", believed(BELIEFS[kind])),
                n => format!("  {sign}{} {n}:", believed(BELIEFS[kind])),
            };
            let room = self.width.saturating_sub((width_of(&label) + 1).min(self.width / 2)).max(10) * LISTED;
            let text = few(&names, n > names.len(), &log.shown(last).unwrap_or_default(), room);
            self.row(&label, &text, Meaning::Plain);
        }
    }

    fn tables(&mut self, desk: &Desk) {
        let (log, state) = (desk.log(), &desk.after);
        for (id, place) in places(log, PlaceKind::Table) {
            self.heading(&format!("table {}", log.shown(place.name).unwrap_or_default()));
            self.messages("  rows", "", log, Copies::of(state, &[id]), Meaning::Plain);
        }
    }

    /// Numbers that parties show.
    fn gauges(&mut self, desk: &Desk) {
        let (log, state) = (desk.log(), &desk.after);
        for (n, ((actor, gauge), value)) in state.gauges.iter().enumerate() {
            if n == 0 {
                self.heading("values");
            }
            if n == NAMED {
                self.row(" ", &format!("and {} more", state.gauges.iter().count() - n), Meaning::Dim);
                return;
            }
            let name = log.shown(*gauge).unwrap_or_default();
            self.row("  ", &format!("{name} = {value} (at {})", log.actor_name(*actor)), Meaning::Plain);
        }
    }

    /// What is to hold while the run goes on, and whether it did until this step.
    fn invariants(&mut self, desk: &Desk) {
        let texts = &desk.log().header.invariants;
        if texts.is_empty() {
            return;
        }
        self.heading("invariants");
        for text in texts {
            let checked = desk.run.checked.iter().find(|one| one.expectation == *text);
            let (sign, says, meaning) = self.standing(checked, desk.until());
            self.row(&format!("  {sign}"), &format!("{}: {says}", visible(text)), meaning);
        }
    }

    fn standing(&self, checked: Option<&Checked>, now: EventId) -> (&'static str, String, Meaning) {
        let by_now = |id: EventId| id <= now;
        match checked {
            None => (self.sign(Sign::Unknown), "not watched".to_owned(), Meaning::Plain),
            Some(one) => match (one.decided.filter(|id| by_now(*id)), one.holds) {
                (Some(id), true) => (self.sign(Sign::Good), format!("came true at step {}", id.step()), Meaning::Good),
                (Some(id), false) => (self.sign(Sign::Bad), format!("BROKEN at step {}", id.step()), Meaning::Bad),
                (None, _) if one.expectation.starts_with("eventually") => {
                    (self.sign(Sign::Unknown), "not yet".to_owned(), Meaning::Plain)
                }
                (None, _) => (self.sign(Sign::Good), "holds so far".to_owned(), Meaning::Good),
            },
        }
    }

    fn changes(&mut self, desk: &Desk, most: usize) {
        let said = changed(desk);
        self.heading("changed by this step");
        if said.is_empty() {
            return self.row(" ", "nothing", Meaning::Dim);
        }
        let before = self.lines.len();
        for (n, text) in said.iter().enumerate() {
            let more = said.len() - n;
            if self.lines.len() - before + 1 >= most && more > 1 {
                return self.row(" ", &format!("and {more} more"), Meaning::Dim);
            }
            self.row(" ", text, Meaning::Plain);
        }
    }
}

/// The copies of some places, in their order.
struct Copies<'a>(Vec<&'a Held>);

impl<'a> Copies<'a> {
    fn of(state: &'a Observable, places: &[PlaceId]) -> Copies<'a> {
        Copies(places.iter().flat_map(|id| state.in_place(*id)).collect())
    }
}

impl<'a> std::ops::Deref for Copies<'a> {
    type Target = [&'a Held];
    fn deref(&self) -> &[&'a Held] {
        &self.0
    }
}

/// As many names as have room; of more the last, so that one sees how far they go.
fn few(names: &[String], more: bool, last: &str, room: usize) -> String {
    let whole = names.join(", ");
    if !more && width_of(&whole) <= room {
        return whole;
    }
    let end = format!(" … {last}");
    let mut text = String::new();
    for name in names {
        let next = if text.is_empty() { name.clone() } else { format!("{text}, {name}") };
        if !text.is_empty() && width_of(&next) + width_of(&end) > room {
            break;
        }
        text = next;
    }
    text + &end
}

fn places(log: &Log, kind: PlaceKind) -> impl Iterator<Item = (PlaceId, &Place)> {
    let place = |(n, place)| (PlaceId(n as u32), place);
    log.places.iter().enumerate().map(place).filter(move |(_, place)| place.kind == kind)
}

/// What a change is, in words.
fn change(log: &Log, before: &Observable, delta: &Delta) -> Option<String> {
    let place = |id: PlaceId| log.places.get(id.at()).map(|place| described(log, place));
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
        PlaceKind::Table => format!("in table {name}"),
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
