//! A run that is stepped through: where one is, what is followed, searched and marked there, and what the panes show.
//!
//! It changes nothing of the run, and draws nothing: `view` does.

use super::beside::Beside;
use super::states::States;
use super::survey::{Mishap, Survey, Wrong};
use crate::export::view::{Viewed, captions};
use crate::ids::{ActorId, EventId, Name};
use crate::lab::Run;
use crate::rules::RuleBook;
use crate::story::{Link, Reason, Sentence, knowers, tell_read, why_some};
use crate::timeline::{Reel, Row, Timeline};
use crate::trace::{Event, Kind, Log, Moment, Observable, VerbBook, visible};
use crate::units::Time;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The words and rules of all systems.
#[derive(Clone, Copy, Debug)]
pub struct Books {
    /// The words of the trace.
    pub verbs: VerbBook,
    /// The rules that it names.
    pub rules: RuleBook,
}

/// How much is shown of a run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Zoom {
    /// Only where it turns.
    Turns,
    /// Every step; handshakes are folded.
    Steps,
    /// Every frame, timer and sign of life.
    Every,
}

/// What is followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Followed {
    /// A message.
    Message(Name),
    /// A party.
    Actor(ActorId),
    /// Everything in places of this name: a queue, a table.
    Place(Name),
}

/// Forward or back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// To later events.
    Forward,
    /// To earlier ones.
    Back,
}

/// A run on the desk.
#[derive(Debug)]
pub struct Desk {
    pub(super) run: Arc<Run>,
    books: Books,
    reel: Reel,
    /// What a page of it is measured by.
    pub(super) sample: Timeline,
    states: States,
    turns: Vec<EventId>,
    /// The row that one is at.
    pub(super) row: Row,
    /// The last event before the next row begins.
    until: EventId,
    /// What is where before the row and after it.
    pub(super) before: Observable,
    pub(super) after: Observable,
    pub(super) zoom: Zoom,
    /// The lanes that are shown, from left to right.
    pub(super) lanes: Vec<usize>,
    pub(super) followed: Option<Followed>,
    /// What was searched for last.
    pub(super) sought: String,
    pub(super) marks: BTreeMap<EventId, String>,
    /// What the lesson says at which step.
    pub(super) captions: Vec<(EventId, String)>,
    /// How many causes back the why pane goes.
    pub(super) depth: usize,
    /// Whether the rule is shown too, and who can know of this step.
    pub(super) details: bool,
    /// Who can, each with the first event of its own that came of it; looked for when it is shown.
    pub(super) known: Vec<(ActorId, EventId)>,
    survey: Survey,
    /// How many unacknowledged deliveries each consumer asked for at most, each from an event on.
    prefetches: Vec<(EventId, ActorId, u32)>,
    /// Whether what is still to come is hidden.
    pub(super) curtain: bool,
    /// What it is compared with.
    pub(super) compared: Option<Box<Beside>>,
}

impl Desk {
    /// Puts a run on the desk, at its first step.
    pub fn new(run: Arc<Run>, books: Books) -> Desk {
        let reel = Reel::new(&run.log, &books.verbs, false);
        let sample = reel.sample(&run.log, &books.verbs);
        let states = States::new(&run.log);
        let turns = turns(&reel, &run.log);
        let viewed = Viewed {
            log: &run.log,
            findings: &run.findings,
            checked: &run.checked,
            verbs: books.verbs,
            rules: books.rules,
        };
        let captions = captions(&viewed);
        let prefetches = prefetches(&run.log, &books.verbs, &reel);
        let row = reel.row_at(&run.log, &books.verbs, EventId(0)).unwrap_or_else(nothing);
        let lanes = (0..sample.lanes.len()).collect();
        let mut desk = Desk {
            books,
            reel,
            sample,
            states,
            turns,
            row,
            until: EventId(0),
            before: Observable::new(),
            after: Observable::new(),
            zoom: Zoom::Steps,
            lanes,
            followed: None,
            sought: String::new(),
            marks: BTreeMap::new(),
            captions,
            depth: 0,
            details: false,
            known: Vec::new(),
            prefetches,
            survey: Survey::new(&run.checked),
            curtain: false,
            compared: None,
            run,
        };
        desk.survey();
        desk.arrive();
        desk
    }

    /// Goes on with looking for where something goes wrong; whether there is more to do.
    pub fn survey(&mut self) -> bool {
        let run = &self.run;
        self.survey.go_on(&run.log, &self.books.verbs, &run.findings)
    }
    /// Whether everything is known that goes wrong.
    pub fn surveyed(&self) -> bool {
        self.survey.is_done()
    }
    /// Where something goes wrong with a message, or an invariant breaks, in order; only what is known already.
    pub fn moments(&self) -> &[Mishap] {
        self.survey.moments()
    }

    /// The record.
    pub fn log(&self) -> &Log {
        &self.run.log
    }
    /// The words and rules.
    pub fn books(&self) -> Books {
        self.books
    }
    /// The step that one is at.
    pub fn at(&self) -> EventId {
        self.row.first
    }
    /// The last event that has happened at this step.
    pub fn until(&self) -> EventId {
        self.until
    }
    /// How many steps there are.
    pub fn steps(&self) -> u32 {
        self.log().events().len() as u32
    }
    /// The events that begin what is shown, in order.
    pub(super) fn shown(&self) -> &[EventId] {
        self.reel.shown()
    }
    /// The first event of the row that tells of an event.
    pub(super) fn row_of(&self, event: EventId) -> EventId {
        self.reel.row_at(self.log(), &self.books.verbs, event).map_or(event, |row| row.first)
    }
    /// How many unacknowledged deliveries a consumer may have by now; nothing where it did not say.
    pub fn prefetch(&self, of: ActorId) -> Option<u32> {
        let said = self.prefetches.iter().rev().find(|(at, who, _)| *who == of && *at <= self.until);
        said.map(|(_, _, most)| *most).filter(|most| *most > 0)
    }
    /// Where the run turns.
    pub fn turns(&self) -> &[EventId] {
        &self.turns
    }
    /// How long it takes.
    pub fn end(&self) -> Time {
        self.log().events().last().map_or(Time::ZERO, |event| event.time)
    }
    /// Rows around an event: at most `before` and `behind` of them, and its own.
    pub fn around(&self, at: EventId, before: usize, behind: usize) -> Vec<Row> {
        if self.zoom == Zoom::Turns {
            return self.turns_around(at, before, behind);
        }
        let shown = self.reel.shown();
        let here = shown.partition_point(|id| *id < at);
        let (mut low, mut high) = (here.saturating_sub(before), (here + behind + 1).min(shown.len()));
        // Several shown events may share a row.
        loop {
            let from = shown.get(low).copied().unwrap_or_default();
            let until = shown.get(high).map_or(self.steps(), |id| id.0);
            let rows = self.reel.rows(self.log(), &self.books.verbs, from, EventId(until));
            let split = rows.partition_point(|row| row.first < at);
            let enough = (split >= before || low == 0) && (rows.len() - split > behind || high == shown.len());
            if enough {
                return rows;
            }
            low = low.saturating_sub(before.max(8));
            high = (high + behind.max(8)).min(shown.len());
        }
    }

    /// The rows in which the run turns, around one that need not be among them.
    fn turns_around(&self, at: EventId, before: usize, behind: usize) -> Vec<Row> {
        let here = self.turns.partition_point(|id| *id < at);
        let (low, high) = (here.saturating_sub(before), (here + behind + 1).min(self.turns.len()));
        let mut rows: Vec<Row> = self.turns[low..high].iter().filter_map(|id| self.row_at(*id)).collect();
        rows.push(self.row.clone());
        rows.sort_by_key(|row| row.first);
        rows.dedup_by_key(|row| row.first);
        rows
    }

    /// The row that tells of an event.
    fn row_at(&self, event: EventId) -> Option<Row> {
        self.reel.row_at(self.log(), &self.books.verbs, event)
    }

    /// Whether the row that one is at tells of an event.
    pub fn is_here(&self, event: EventId) -> bool {
        self.row_at(event).is_none_or(|row| row.first == self.row.first)
    }

    /// How many events have happened at this step: all before the next row begins.
    fn done(&self) -> usize {
        let next = self.reel.after(self.log(), &self.books.verbs, self.row.first);
        next.map_or(self.log().events().len(), |row| row.first.at())
    }

    fn arrive(&mut self) {
        let done = self.done();
        self.before = self.states.after(self.log(), self.row.first.at());
        self.after = self.before.clone();
        for n in self.row.first.at()..done {
            for delta in self.run.log.deltas(EventId(n as u32)) {
                self.after.apply(delta);
            }
        }
        self.until = EventId(done.saturating_sub(1) as u32);
        self.depth = 0;
        self.details = false;
        self.known.clear();
    }

    /// Goes to the row that tells of an event.
    pub fn go(&mut self, event: EventId) -> bool {
        let event = EventId(event.0.min(self.steps().saturating_sub(1)));
        let Some(row) = self.row_at(event) else { return false };
        let moved = row.first != self.row.first;
        self.row = row;
        self.arrive();
        moved
    }

    /// Goes where another run's desk is: to the same moment, or where it does not come, to the same time.
    pub(super) fn go_like(&mut self, other: &Desk) {
        let verbs = &self.books.verbs;
        match Moment::of(other.log(), verbs, other.at()) {
            Moment::At(_) => _ = self.go_to_time(other.row.time),
            moment => match moment.find(self.log(), verbs) {
                Some(event) => _ = self.go(event),
                None => _ = self.go_to_time(other.row.time),
            },
        }
    }

    /// Goes to the last step that has begun at a time.
    pub fn go_to_time(&mut self, time: Time) -> bool {
        let behind = self.log().events().partition_point(|event| event.time <= time);
        self.go(EventId(behind.saturating_sub(1) as u32))
    }

    /// Goes so many steps, as far as there are any.
    pub fn steps_on(&mut self, way: Way, steps: usize) -> bool {
        if self.zoom == Zoom::Turns {
            return (0..steps).fold(false, |moved, _| self.turn(way) || moved);
        }
        let mut moved = false;
        for _ in 0..steps {
            let next = match way {
                Way::Forward => self.reel.after(self.log(), &self.books.verbs, self.row.first),
                Way::Back => self.reel.before(self.log(), &self.books.verbs, self.row.first),
            };
            let Some(row) = next else { break };
            self.row = row;
            moved = true;
        }
        if moved {
            self.arrive();
        }
        moved
    }

    /// Goes a step.
    pub fn step(&mut self, way: Way) -> bool {
        self.steps_on(way, 1)
    }

    /// Goes to where the run turns next.
    pub fn turn(&mut self, way: Way) -> bool {
        // What stands in the row that one is at already does not count.
        let behind = self.turns.partition_point(|id| *id <= self.row.first);
        let found = match way {
            Way::Forward => self.turns[behind..].iter().find(|id| !self.is_here(**id)),
            Way::Back => self.turns[..behind].iter().rev().find(|id| !self.is_here(**id)),
        };
        found.copied().is_some_and(|id| self.go(id))
    }

    /// Whether an event is about what is followed.
    pub fn is_about(&self, followed: Followed, event: &Event) -> bool {
        match followed {
            Followed::Message(name) => message_of(self.log(), event) == Some(name),
            Followed::Actor(actor) => {
                let frame = match event.kind {
                    Kind::Sent(f) | Kind::Arrived(f) | Kind::Lost(f) | Kind::Ignored(f) => self.log().frame(f),
                    _ => None,
                };
                event.actor == actor || frame.is_some_and(|frame| frame.to == actor || frame.from == actor)
            }
            Followed::Place(name) => match event.kind {
                Kind::Note { place, .. } => self.log().places.get(place.at()).is_some_and(|p| p.name == name),
                _ => false,
            },
        }
    }

    /// The message that a step is about, if it is about one.
    pub fn message(&self) -> Option<Name> {
        let wrong = self.moments().iter().filter(|moment| moment.at >= self.row.first && moment.at <= self.until);
        let mut gone = wrong.filter_map(|moment| match moment.what {
            Wrong::Word(_, message) => Some(message),
            Wrong::Broken(..) => None,
        });
        self.row.messages.first().copied().or_else(|| gone.next())
    }

    /// What is called so: a party, a place or a message.
    pub fn named(&self, name: &str) -> Option<Followed> {
        let log = self.log();
        if let Some(actor) = log.header.actors.iter().position(|actor| actor.name == name) {
            return Some(Followed::Actor(ActorId(actor as u16)));
        }
        let place = log.places.iter().find(|place| log.shown(place.name).as_deref() == Some(name));
        if let Some(place) = place {
            return Some(Followed::Place(place.name));
        }
        let message = log.names.find(name)?;
        let comes_up = log.events().iter().any(|event| message_of(log, event) == Some(message));
        comes_up.then_some(Followed::Message(message))
    }

    /// The name of what is followed.
    pub fn name_of(&self, followed: Followed) -> String {
        match followed {
            Followed::Message(name) | Followed::Place(name) => self.log().shown(name).unwrap_or_default(),
            Followed::Actor(actor) => self.log().actor_name(actor),
        }
    }

    /// An event in a sentence.
    pub fn tell(&self, id: EventId) -> Option<Sentence> {
        let Books { verbs, rules } = self.books;
        tell_read(self.log(), &verbs, &rules, self.reel.reading(), &[id]).pop()
    }

    /// The events of a row that have sentences of their own.
    pub fn sentences(&self) -> Vec<Sentence> {
        let Books { verbs, rules } = self.books;
        let shown = self.reel.shown();
        let from = shown.partition_point(|id| *id < self.row.first);
        let until = shown.partition_point(|id| *id <= self.until);
        let ids = &shown[from..until.max(from)];
        let ids = if ids.is_empty() { std::slice::from_ref(&self.row.first) } else { ids };
        let told = tell_read(self.log(), &verbs, &rules, self.reel.reading(), ids);
        told.into_iter().filter(|sentence| !sentence.text.is_empty()).collect()
    }

    /// The chain of causes of this step: itself first, and so many causes behind it.
    pub fn reasons(&self, causes: usize) -> Vec<Reason> {
        let Books { verbs, rules } = self.books;
        let asked = self.row.last.max(self.row.first);
        // What the row tells too is no answer to why it happened.
        let told = |id: EventId| id >= self.row.first && id <= self.until && id != asked;
        let inside = crate::story::causes(self.log(), asked).into_iter().take_while(|id| *id >= self.row.first).count();
        let mut reasons = why_some(self.log(), &verbs, &rules, self.reel.reading(), asked, causes + inside.max(1));
        reasons.retain(|reason| !told(reason.sentence.event));
        let mut left = causes + 1;
        reasons.retain(|reason| {
            left -= usize::from(reason.link == Link::Cause && left > 0);
            left > 0
        });
        reasons
    }

    /// Shows the rule behind this step and who can know of it, or hides them.
    pub fn detail(&mut self) {
        self.details = !self.details;
        self.depth = 0;
        self.known = knowers(self.log(), self.row.last.max(self.row.first));
    }

    /// Whether an event begins something that is told.
    pub fn is_told(&self, id: EventId) -> bool {
        self.reel.reading().begins(id)
    }

    /// What the lesson says at this step.
    pub fn captions_here(&self) -> impl Iterator<Item = &str> {
        let (from, until) = (self.row.first, self.until);
        self.captions.iter().filter(move |(id, _)| *id >= from && *id <= until).map(|(_, text)| text.as_str())
    }

    /// Shows more or less.
    pub fn zoom(&mut self, zoom: Zoom) {
        let full = |zoom: Zoom| zoom == Zoom::Every;
        if full(zoom) != full(self.zoom) {
            self.reel.show(full(zoom));
            self.sample = self.reel.sample(self.log(), &self.books.verbs);
        }
        self.zoom = zoom;
        self.go(self.row.first);
    }

    /// The run for the functions that make pages.
    pub fn viewed(&self) -> Viewed<'_> {
        let Run { log, findings, checked, .. } = &*self.run;
        Viewed { log, findings, checked, verbs: self.books.verbs, rules: self.books.rules }
    }

    /// The scenario's title, with the variant.
    pub fn title(&self) -> String {
        let header = &self.log().header;
        match &header.variant {
            Some(variant) => format!("{} ({})", visible(&header.title), visible(variant)),
            None => visible(&header.title),
        }
    }
}

fn turns(reel: &Reel, log: &Log) -> Vec<EventId> {
    (0..log.events().len() as u32).map(EventId).filter(|id| reel.is_turn(log, *id)).collect()
}

/// The limits on unacknowledged deliveries that consumers ask for, in the order in which they are asked for.
fn prefetches(log: &Log, verbs: &VerbBook, reel: &Reel) -> Vec<(EventId, ActorId, u32)> {
    let Some(verb) = verbs.find("basic.qos") else { return Vec::new() };
    let asked = log.frames.iter().zip(&reel.reading().ends).filter(|(frame, _)| frame.verb == verb);
    let mut asked: Vec<_> = asked.map(|(frame, (sent, _))| (*sent, frame.from, frame.number)).collect();
    asked.sort();
    asked
}

/// The message that an event is about.
pub fn message_of(log: &Log, event: &Event) -> Option<Name> {
    let name = match event.kind {
        Kind::Sent(f) | Kind::Arrived(f) | Kind::Lost(f) | Kind::Ignored(f) => log.frame(f)?.message,
        Kind::Note { message, .. } => message,
        _ => return None,
    };
    name.is_some().then_some(name)
}

/// The row of a run in which nothing happens.
fn nothing() -> Row {
    Row {
        first: EventId(0),
        last: EventId(0),
        time: Time::ZERO,
        until: Time::ZERO,
        arrow: None,
        notes: Vec::new(),
        across: None,
        lanes: Vec::new(),
        weight: crate::timeline::Weight::Quiet,
        messages: Vec::new(),
        captions: Vec::new(),
    }
}
