//! Why something happened or did not, as a page: the account of a message, the chain of causes, who could have known.
//!
//! Not the reasoning (`story`, `verdict`); here it is put into lines.

use super::view::{READABLE, Settings, Viewed, signs};
use crate::ids::{EventId, Name};
use crate::story::Stage;
use crate::story::{Ground, Link, Missing, Reason, Root, declared, knowers, missing, tell_events, why};
use crate::timeline::text::{Line, Page, Style};
use crate::trace::{ActorKind, Belief, Kind, PlaceKind, visible, wrap};
use crate::units::Clock;
use crate::verdict::Account;
use std::collections::BTreeSet;

/// Of a long chain so many reasons are told at each end, unless all are asked for.
const ENDS: usize = 12;
/// The same where it is the chain of a ground.
const GROUND_ENDS: usize = 4;

/// Lines of a page under way.
struct Pen<'a> {
    page: Page,
    settings: &'a Settings,
}

impl Pen<'_> {
    fn say(&mut self, style: Style, lead: &str, text: &str) {
        let width = self.settings.width.min(READABLE);
        let text = signs(text, self.settings.glyphs);
        let lead = signs(lead, self.settings.glyphs);
        let hang = crate::trace::width_of(&lead);
        for (i, part) in wrap(&text, width.saturating_sub(hang).max(20)).into_iter().enumerate() {
            let lead = if i == 0 { lead.clone() } else { " ".repeat(hang) };
            self.page.lines.push(Line::of(style, format!("{lead}{part}")));
        }
    }

    fn gap(&mut self) {
        self.page.lines.push(Line::default());
    }
}

/// The account of a message in sentences.
pub fn account(viewed: &Viewed<'_>, account: &Account, settings: &Settings) -> Page {
    let mut pen = Pen { page: Page::default(), settings };
    let log = viewed.log;
    let id = log.shown(account.message).unwrap_or_default();
    let words: Vec<String> = account.words.iter().map(|word| word.name().replace('_', " ")).collect();
    let end = if words.is_empty() { uneventful(account).to_owned() } else { words.join(", ") };
    pen.say(Style::Name, "", &format!("{id}: {end}"));
    if account.producer.is_some() {
        let belief = account.belief.map_or("keeps no account of it", believes);
        let who = log.actor_name(account.producer);
        pen.say(Style::Plain, "  ", &format!("{who} published it {} and {belief}.", times(account.attempts)));
    }
    let (delivered, worked) = (did("delivered", account.deliveries), did("completed", account.worked));
    let mut text = format!("It {delivered}; the work on it {worked}");
    if account.failed > 0 {
        text.push_str(&format!("; it failed {}", times(account.failed)));
    }
    if account.skipped > 0 {
        text.push_str(&format!("; as known already it was skipped {}", times(account.skipped)));
    }
    pen.say(Style::Plain, "  ", &format!("{text}."));
    let places: Vec<String> = account.copies.iter().map(|(kind, n)| format!("{n} {}", place(*kind))).collect();
    let now = if places.is_empty() { "nothing of it is left".to_owned() } else { places.join(", ") };
    pen.say(Style::Plain, "  ", &format!("At the end: {now}."));
    pen.page
}

/// What is said of a message that no word of the verdict names.
fn uneventful(account: &Account) -> &'static str {
    match (account.worked, account.attempts, account.belief) {
        (1.., ..) => "done",
        (0, 0, _) => "it was never published",
        (0, _, Some(Belief::Unknown)) => "not done, and its producer knows that it cannot know",
        (0, _, Some(Belief::Refused)) => "not done, and its producer knows it",
        _ => "not done, and nobody took it for done",
    }
}

fn times(n: u32) -> String {
    match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

/// `was delivered twice`, `was never delivered`.
fn did(what: &str, n: u32) -> String {
    if n == 0 { format!("was never {what}") } else { format!("was {what} {}", times(n)) }
}

fn believes(belief: Belief) -> &'static str {
    match belief {
        Belief::Sent => "takes it as delivered, without having asked",
        Belief::Confirmed => "knows that it was confirmed",
        Belief::Refused => "knows that it was refused",
        Belief::Unknown => "cannot know what became of it",
    }
}

fn place(kind: PlaceKind) -> &'static str {
    match kind {
        PlaceKind::Queue => "ready in a queue",
        PlaceKind::Unacked => "delivered and not acknowledged",
        PlaceKind::PageCache => "in a page cache",
        PlaceKind::Durable => "on a disk",
        PlaceKind::Inbox => "waiting at a consumer",
        PlaceKind::Table | PlaceKind::Row => "in a table",
    }
}

/// What happened, in a line.
pub fn line(viewed: &Viewed<'_>, asked: EventId, settings: &Settings) -> Page {
    let mut pen = Pen { page: Page::default(), settings };
    for told in tell_events(viewed.log, &viewed.verbs, &viewed.rules, &[asked]) {
        let clock = Clock::of([told.time]);
        pen.say(Style::Plain, &format!("{}  {}  ", asked.step(), clock.text(told.time)), &told.text);
    }
    pen.page
}

/// The rule under which an event happened, with its source.
pub fn rule(viewed: &Viewed<'_>, asked: EventId, settings: &Settings) -> Page {
    let mut pen = Pen { page: Page::default(), settings };
    let Some(rule) = viewed.log.event(asked).and_then(|event| viewed.rules.get(event.rule)) else { return pen.page };
    pen.say(Style::Name, "", &format!("The rule: {}", rule.key));
    pen.say(Style::Plain, "  ", rule.sentence);
    pen.say(Style::Plain, "  source    ", rule.source);
    pen.say(Style::Plain, "  versions  ", rule.versions);
    pen.say(Style::Plain, "  fidelity  ", &format!("{}: {}", rule.fidelity.word(), rule.fidelity.meaning()));
    pen.page
}

/// The chain of causes of an event, each with its rule, down to where it begins.
pub fn chain(viewed: &Viewed<'_>, asked: EventId, settings: &Settings) -> Page {
    links(viewed, &why(viewed.log, &viewed.verbs, &viewed.rules, asked, settings.full), ENDS, settings)
}

fn links(viewed: &Viewed<'_>, reasons: &[Reason], ends: usize, settings: &Settings) -> Page {
    let mut pen = Pen { page: Page::default(), settings };
    let steps = reasons.iter().map(|r| r.sentence.event.step().to_string().len()).max().unwrap_or(1);
    let clock = Clock::of(reasons.iter().map(|r| r.sentence.time));
    let times = reasons.iter().map(|r| clock.text(r.sentence.time).len()).max().unwrap_or(1);
    let hidden = if settings.full { 0 } else { reasons.len().saturating_sub(2 * ends) };
    for (at, reason) in reasons.iter().enumerate() {
        if hidden > 0 && (ends..ends + hidden).contains(&at) {
            if at == ends {
                pen.say(Style::Dim, "  ", &format!("… {hidden} causes between left out; --full tells them"));
            }
            continue;
        }
        link(&mut pen, reason, viewed, (steps, times), &clock);
    }
    pen.page
}

/// On what grounds something came out so, besides its triggers: each with its own causes, as far as they are not told
/// yet. `above` is what the reader has read already.
pub fn grounds(viewed: &Viewed<'_>, grounds: &[Ground], above: &[EventId], settings: &Settings) -> Page {
    let mut pen = Pen { page: Page::default(), settings };
    if grounds.is_empty() {
        return pen.page;
    }
    pen.say(Style::Name, "", "What made it so");
    let mut told: BTreeSet<EventId> = above
        .iter()
        .flat_map(|id| why(viewed.log, &viewed.verbs, &viewed.rules, *id, settings.full))
        .map(event)
        .collect();
    for ground in grounds {
        let line = ground.declared.as_ref().map_or_else(String::new, |row| {
            format!(" Here it begins: {} in line {} of the scenario.", visible(&row.what), row.line)
        });
        pen.say(Style::Plain, "  ", &format!("{}{line}", ground.says));
        let Some(at) = ground.event.filter(|at| !told.contains(at)) else { continue };
        let mut reasons = why(viewed.log, &viewed.verbs, &viewed.rules, at, settings.full);
        let known = reasons.iter().position(|reason| told.contains(&reason.sentence.event));
        let joins = known.map(|at| reasons[at].sentence.event);
        reasons.truncate(known.unwrap_or(reasons.len()));
        told.extend(reasons.iter().map(|reason| reason.sentence.event));
        pen.page.lines.extend(links(viewed, &reasons, GROUND_ENDS, settings).lines);
        if let Some(joins) = joins {
            pen.say(Style::Dim, " ↑ ", &format!("step {}, and on as above", joins.step()));
        }
    }
    pen.page
}

fn event(reason: Reason) -> EventId {
    reason.sentence.event
}

fn link(pen: &mut Pen<'_>, reason: &Reason, viewed: &Viewed<'_>, (steps, times): (usize, usize), clock: &Clock) {
    let arrow = match reason.link {
        Link::Asked => "   ",
        Link::Cause => " ↑ ",
        Link::Need => " + ",
    };
    let sentence = &reason.sentence;
    let lead = format!("{arrow}{:>steps$}  {:>times$}  ", sentence.event.step(), clock.text(sentence.time));
    let hang = " ".repeat(crate::trace::width_of(&lead));
    let said = if sentence.text.is_empty() { "Something without a name happens." } else { &sentence.text };
    let style = if reason.link == Link::Need { Style::Dim } else { Style::Plain };
    let needed = if reason.link == Link::Need { "It needed: " } else { "" };
    pen.say(style, &lead, &format!("{needed}{said}"));
    // That a fault strikes and that frames arrive in their order is no decision of anybody.
    let kind = viewed.log.event(sentence.event).map(|event| event.kind);
    let decides = !matches!(kind, Some(Kind::Fault(_) | Kind::Over(_) | Kind::Arrived(_))) && reason.link != Link::Need;
    if let Some(rule) = reason.rule.filter(|_| decides) {
        pen.say(Style::Dim, &hang, &format!("{}: {}", rule.key, rule.sentence));
    }
    match reason.root {
        Some(Root::Fault) => {
            let row = declared(viewed.log, sentence.event);
            let at = row.map_or_else(String::new, |row| format!(", line {} of the scenario", row.line));
            pen.say(Style::Fault, &hang, &format!("Here it begins: a fault{at}."));
        }
        Some(Root::Input) => {
            let row = declared(viewed.log, sentence.event);
            let at = row.map_or_else(String::new, |row| format!(" ({}, line {})", visible(&row.what), row.line));
            pen.say(Style::Dim, &hang, &format!("Here it begins: the scenario says so{at}."));
        }
        None => {}
    }
}

/// Who learns of an event, and who never does.
pub fn known_by(viewed: &Viewed<'_>, of: EventId, what: &str, settings: &Settings) -> Page {
    let mut pen = Pen { page: Page::default(), settings };
    let log = viewed.log;
    let knowers = knowers(log, of);
    pen.say(Style::Name, "", &format!("Who could have known of {what} (step {})", of.step()));
    let told = tell_events(log, &viewed.verbs, &viewed.rules, &knowers.iter().map(|(_, id)| *id).collect::<Vec<_>>());
    for ((actor, id), sentence) in knowers.iter().zip(told) {
        let name = log.actor_name(*actor);
        let text = match *id == of {
            true => format!("{name}, at once."),
            false => format!("{name}, from step {} on: {}", id.step(), sentence.text),
        };
        pen.say(Style::Plain, "  ", &text);
    }
    let acts = |kind: ActorKind| !matches!(kind, ActorKind::Disk | ActorKind::Lab);
    let others: Vec<String> = (0..log.header.actors.len() as u16)
        .map(crate::ids::ActorId)
        .filter(|id| acts(log.header.actors[id.at()].kind) && !knowers.iter().any(|(actor, _)| actor == id))
        .map(|id| log.actor_name(id))
        .collect();
    if !others.is_empty() {
        pen.say(Style::Plain, "  ", &format!("Nothing of it reaches {}.", others.join(", ")));
    }
    pen.page
}

/// Why a message did not come to a stage.
pub fn not(viewed: &Viewed<'_>, message: Name, asked: Stage, settings: &Settings) -> Page {
    not_met(viewed, message, asked, missing(viewed.log, &viewed.verbs, message, asked), settings)
}

/// As [`not`], where it has been found out already.
pub fn not_met(viewed: &Viewed<'_>, message: Name, asked: Stage, found: Missing, settings: &Settings) -> Page {
    let mut pen = Pen { page: Page::default(), settings };
    let Missing { met, first, against } = found;
    let id = viewed.log.shown(message).unwrap_or_default();
    let Some(first) = first else {
        let at = met.last().map_or(0, |(_, event)| event.step());
        pen.say(Style::Name, "", &format!("{id} was {}: step {at}.", asked.name()));
        return pen.page;
    };
    pen.say(Style::Name, "", &format!("Why {id} was not {}", asked.name()));
    for (stage, event) in &met {
        pen.say(Style::Good, "  ✓ ", &format!("{} (step {})", stage.came(), event.step()));
    }
    pen.say(Style::Bad, "  ✗ ", &format!("{} This is the first condition that was not met.", first.lacks()));
    if against.is_empty() {
        pen.say(
            Style::Plain,
            "  ",
            "Nothing was held back, lost or refused there: nothing more was tried before the run ended.",
        );
    }
    for event in against {
        pen.gap();
        let chain = chain(viewed, event, pen.settings);
        pen.page.lines.extend(chain.lines);
    }
    pen.page
}

/// The account of every message in a line each.
pub fn ledger(viewed: &Viewed<'_>, accounts: &[Account], settings: &Settings) -> Page {
    const HEAD: [&str; 9] =
        ["message", "attempts", "believed", "copies left", "on disk", "deliveries", "worked", "rows", "words"];
    let row = |account: &Account| {
        let live: u32 = account.copies.iter().filter(|(kind, _)| kind.is_live()).map(|(_, n)| n).sum();
        let words: Vec<String> = account.words.iter().map(|word| word.name().replace('_', " ")).collect();
        [
            viewed.log.shown(account.message).unwrap_or_default(),
            account.attempts.to_string(),
            account.belief.map_or_else(|| "-".to_owned(), |belief| visible(&format!("{belief:?}").to_lowercase())),
            live.to_string(),
            (account.in_places(PlaceKind::PageCache) + account.in_places(PlaceKind::Durable)).to_string(),
            account.deliveries.to_string(),
            account.worked.to_string(),
            account.in_places(PlaceKind::Table).to_string(),
            if words.is_empty() { "-".to_owned() } else { words.join(", ") },
        ]
    };
    let shown = if settings.full { accounts.len() } else { accounts.len().min(LISTED) };
    let rows: Vec<[String; 9]> = accounts[..shown].iter().map(row).collect();
    let mut pen = Pen { page: Page::default(), settings };
    if settings.width < WIDE {
        return narrow(pen, &rows, accounts.len() - shown);
    }
    let wide = |at: usize| {
        let cells = rows.iter().map(|row| crate::trace::width_of(&row[at]));
        cells.chain([HEAD[at].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..9).map(wide).collect();
    let line = |cells: &[String; 9]| -> (String, String) {
        let lead: Vec<String> = (0..8).map(|at| pad(&cells[at], widths[at], at == 0 || at == 2)).collect();
        (lead.join("  ") + "  ", cells[8].clone())
    };
    let head = line(&HEAD.map(str::to_owned));
    pen.say(Style::Name, &head.0, &head.1);
    for row in &rows {
        let (lead, words) = line(row);
        pen.say(Style::Plain, &lead, &words);
    }
    if shown < accounts.len() {
        pen.say(Style::Dim, "", &format!("… {} more messages; --full lists them", accounts.len() - shown));
    }
    pen.page
}

/// The ledger where its columns do not fit: a message below the other.
fn narrow(mut pen: Pen<'_>, rows: &[[String; 9]], more: usize) -> Page {
    for [id, attempts, believed, left, disk, deliveries, worked, table, words] in rows {
        let text = format!(
            "{words}; attempts {attempts}, believed {believed}, copies left {left}, on disk {disk}, deliveries {deliveries}, \
             worked {worked}, rows {table}"
        );
        pen.say(Style::Name, "", id);
        pen.say(Style::Plain, "  ", text.trim_start_matches("-; "));
    }
    if more > 0 {
        pen.say(Style::Dim, "", &format!("… {more} more messages; --full lists them"));
    }
    pen.page
}

/// The ledger's columns need so much room.
const WIDE: usize = 100;
/// So many messages are listed, unless all are asked for.
const LISTED: usize = 40;

fn pad(text: &str, width: usize, left: bool) -> String {
    let room = " ".repeat(width.saturating_sub(crate::trace::width_of(text)));
    if left { format!("{text}{room}") } else { format!("{room}{text}") }
}
