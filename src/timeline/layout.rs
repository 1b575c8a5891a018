//! From a log to rows. An event either begins a row, or is said in the row before, where it is a consequence of that
//! row's arrow at the same instant; so a row never hides an order.

mod machines;

use super::elide::elide;
use super::model::{
    Across, Arrow, Fate, Label, Lane, LaneState, Note, Options, Part, Remark, Row, Sign, Timeline, Weight, Wire,
};
use super::words;
use crate::ids::{ActorId, EventId, FrameId, Name, OpId, PlaceId};
use crate::rules::RuleBook;
use crate::trace::{
    ActorKind, Class, Event, Frame, FrameFlags, Kind, Log, Reading, Repeat, Role, Setup, SetupKind, VerbBook, What,
    class_of, expand, visible,
};
use std::collections::BTreeSet;

/// Stands for the message's id while a label is filled in; escaped names never contain it.
const ID: &str = "\u{1}";
/// As many ids are listed.
const LISTED: usize = 6;

/// Lays a log out. The rules are not drawn (the story tells them); they are taken so that all views are called alike.
pub fn lay_out(log: &Log, verbs: &VerbBook, _rules: &RuleBook, options: &Options) -> Timeline {
    let reading = Reading::new(log, verbs, options.full_handshake);
    let shown = beginnings(log, &reading);
    let mut layout = Layout::new(log, verbs, &reading, Lines::new(lanes(log).len()));
    layout.lay(&shown, EventId(0), EventId(log.events().len() as u32));
    let unseen = reading.roles.iter().filter(|r| **r == Role::Hidden).count() as u32;
    let mut timeline = Timeline { lanes: layout.lanes, rows: layout.rows, gaps: Vec::new(), unseen };
    for (event, text) in &options.captions {
        if let Some(row) = timeline.row_of(*event).and_then(|at| timeline.rows.get_mut(at)) {
            row.captions.push(text.clone());
            row.weight = Weight::Always;
        }
    }
    if let Some(max) = options.max_rows {
        elide(&mut timeline, log, max);
    }
    timeline
}

/// The events that begin what is shown.
pub(super) fn beginnings(log: &Log, reading: &Reading) -> Vec<EventId> {
    (0..log.events().len() as u32).map(EventId).filter(|id| reading.begins(*id)).collect()
}

/// Producers and scripts, then each node with its disk beside it, then consumers.
pub(super) fn lanes(log: &Log) -> Vec<Lane> {
    let actors = &log.header.actors;
    let of = |kinds: &'static [ActorKind]| {
        actors.iter().enumerate().filter(move |(_, a)| kinds.contains(&a.kind)).map(|(i, _)| i)
    };
    let mut order: Vec<usize> = of(&[ActorKind::Producer, ActorKind::Script]).collect();
    for node in of(&[ActorKind::Node]) {
        order.push(node);
        order.extend(of(&[ActorKind::Disk]).filter(|d| actors[*d].of == Some(ActorId(node as u16))));
    }
    order.extend(of(&[ActorKind::Disk]).filter(|d| actors[*d].of.is_none()));
    order.extend(of(&[ActorKind::Consumer]));
    let lane = |i: usize| Lane { actor: ActorId(i as u16), name: visible(&actors[i].name), kind: actors[i].kind };
    order.into_iter().map(lane).collect()
}

/// The lanes' lines at a point of the run, and what is needed to go on from there.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    states: Vec<LaneState>,
    /// Disk operations that are not done: lane, whether a sync, operation.
    under_way: BTreeSet<(usize, bool, OpId)>,
}

impl Lines {
    /// Nothing has happened yet.
    pub(super) fn new(lanes: usize) -> Lines {
        Lines { states: vec![LaneState::Idle; lanes], under_way: BTreeSet::new() }
    }
}

pub(super) struct Layout<'a> {
    log: &'a Log,
    verbs: &'a VerbBook,
    reading: &'a Reading,
    lanes: Vec<Lane>,
    lines: Lines,
    pub(super) rows: Vec<Row>,
}

impl<'a> Layout<'a> {
    pub(super) fn new(log: &'a Log, verbs: &'a VerbBook, reading: &'a Reading, lines: Lines) -> Layout<'a> {
        Layout { log, verbs, reading, lanes: lanes(log), lines, rows: Vec::new() }
    }

    /// Lays out the events from `from` on, those before `until`; `shown` are those among them that begin something, and
    /// what comes behind them.
    pub(super) fn lay(&mut self, shown: &[EventId], from: EventId, until: EventId) {
        let mut seen = 0;
        let mut skip = EventId::NONE;
        for n in from.0..until.0 {
            let id = EventId(n);
            self.follow(&self.log.events()[id.at()]);
            if shown.get(seen) == Some(&id) {
                seen += 1;
                if id != skip {
                    skip = self.place(id, shown.get(seen).copied().unwrap_or_default());
                }
            }
        }
    }

    /// The lanes' lines as they are now.
    pub(super) fn lines(&self) -> &Lines {
        &self.lines
    }
}

impl Layout<'_> {
    fn lane(&self, actor: ActorId) -> Option<usize> {
        self.lanes.iter().position(|l| l.actor == actor)
    }

    fn disk_of(&self, actor: ActorId) -> Option<usize> {
        self.lanes.iter().position(|l| self.log.header.actors[l.actor.at()].of == Some(actor))
    }

    fn node_of(&self, disk: ActorId) -> Option<usize> {
        let node = self.log.header.actors.get(disk.at())?.of?;
        self.lane(node)
    }

    /// Places an event; gives the next event if its row shows that too.
    fn place(&mut self, id: EventId, next: EventId) -> EventId {
        let event = self.log.events()[id.at()];
        if let Role::Setup(at) = self.reading.roles[id.at()] {
            let setup = self.reading.setups[at as usize];
            self.setup(&setup, &event);
            return EventId::NONE;
        }
        match event.kind {
            Kind::Sent(f) => return self.sent(id, f, &event, next),
            Kind::Arrived(f) => self.arrived(id, f, &event, Fate::Reaches),
            Kind::Lost(f) => self.arrived(id, f, &event, Fate::Lost),
            Kind::Ignored(f) => self.arrived(id, f, &event, Fate::Ignored),
            Kind::Link { what, conn } => {
                let unknown = self.reading.unknown_there(self.log, &event).is_some();
                let phrase = if unknown { words::UNKNOWN_THERE } else { words::link(what) };
                let peer = self.reading.peer(conn, event.actor).map(|peer| self.log.actor_name(peer));
                let text = expand(phrase.words, &|key| peer.clone().filter(|_| key == "peer"));
                let remark = Remark { sign: phrase.sign, text };
                self.say(id, &event, remark, phrase.weight, Name::NONE, false);
            }
            Kind::Process(p) => self.process(id, &event, p),
            Kind::Timer(verb) => {
                let label = self.verbs.get(verb).map_or("timer", |v| v.label);
                let field = |key: &str| (key == "actor").then(|| self.log.actor_name(event.actor));
                let remark = Remark { sign: Some(Sign::Timer), text: expand(label, &field) };
                self.say(id, &event, remark, Weight::Quiet, Name::NONE, false);
            }
            Kind::Disk { what, op } => return self.disk(id, &event, what, op, next),
            Kind::Note { what, place, message } => self.note(id, &event, what, place, message),
            Kind::Fault(f) => {
                let text = match self.log.header.faults.get(f.at()) {
                    Some(fault) => format!("FAULT {}: {}", visible(&fault.name), visible(&fault.says)),
                    None => "FAULT".into(),
                };
                self.across(id, &event, Some(Sign::Fault), text);
            }
            Kind::Over(f) => {
                let name = self.log.header.faults.get(f.at()).map(|fault| visible(&fault.name));
                let name = name.unwrap_or_else(|| "the fault".to_owned());
                self.across(id, &event, Some(Sign::Fault), format!("{name} is over"));
            }
            Kind::End(outcome) => self.across(id, &event, None, words::end(outcome).into()),
        }
        EventId::NONE
    }

    fn row(&mut self, id: EventId, event: &Event) -> &mut Row {
        self.rows.push(Row {
            first: id,
            last: id,
            time: event.time,
            until: event.time,
            arrow: None,
            notes: Vec::new(),
            across: None,
            lanes: self.lines.states.clone(),
            weight: Weight::Quiet,
            messages: Vec::new(),
            captions: Vec::new(),
        });
        let last = self.rows.len() - 1;
        &mut self.rows[last]
    }

    fn across(&mut self, id: EventId, event: &Event, sign: Option<Sign>, text: String) {
        let row = self.row(id, event);
        row.across = Some(Across { sign, text });
        row.weight = Weight::Always;
    }

    fn setup(&mut self, setup: &Setup, event: &Event) {
        let until = self.log.events()[setup.last.at()].time;
        let words = match setup.kind {
            SetupKind::Connects if setup.failed => "tries to connect".into(),
            SetupKind::Connects => "connects".into(),
            SetupKind::Closes => "closes".into(),
            SetupKind::Other => self.log.frame(setup.frame).map_or_else(String::new, |f| self.label(f, f.to).text()),
        };
        let aside = match setup.frames {
            0 => String::new(),
            1 => ", 1 frame".into(),
            n => format!(", {n} frames"),
        };
        let label = Label { before: words, aside, ..Label::default() };
        let (from, to) = (self.lane(setup.from), self.lane(setup.to));
        let row = self.row(setup.first, event);
        row.until = until;
        match (from, to) {
            (Some(from), Some(to)) if from != to => {
                let (part, fate) = (Part::Whole, Fate::Reaches);
                row.arrow = Some(Arrow { from, to, label, part, fate, wire: Wire::Setup });
            }
            (Some(lane), _) | (None, Some(lane)) => {
                row.notes.push(one(lane, Remark { sign: None, text: label.whole() }));
            }
            (None, None) => _ = self.rows.pop(),
        }
    }

    fn label(&self, frame: &Frame, actor: ActorId) -> Label {
        let template = self.verbs.get(frame.verb).map_or("frame[ {message}]", |v| v.label);
        let text = expand(template, &|key| match key {
            "message" => frame.message.is_some().then(|| ID.to_string()),
            _ => self.log.frame_field(frame, actor, key),
        });
        let mut label = match text.split_once(ID) {
            Some((before, after)) => Label {
                before: before.into(),
                message: self.log.shown(frame.message).unwrap_or_default(),
                after: after.replace(ID, ""),
                aside: String::new(),
            },
            None => Label { before: text, ..Label::default() },
        };
        if frame.flags.has(FrameFlags::MULTIPLE) {
            label.after.push_str(" and all before");
        }
        label
    }

    fn arrow(&self, frame: &Frame, part: Part, fate: Fate) -> Option<Arrow> {
        let (from, to) = (self.lane(frame.from)?, self.lane(frame.to)?);
        let label = self.label(frame, frame.from);
        (from != to).then_some(Arrow { from, to, label, part, fate, wire: Wire::Frame })
    }

    fn sent(&mut self, id: EventId, f: FrameId, event: &Event, next: EventId) -> EventId {
        let Some(&frame) = self.log.frame(f) else { return EventId::NONE };
        let after = self.log.event(next).filter(|_| self.reading.roles[next.at()] == Role::Shown).copied();
        let fate = match after.map(|e| e.kind) {
            Some(Kind::Arrived(g)) if g == f => Some(Fate::Reaches),
            Some(Kind::Lost(g)) if g == f => Some(Fate::Lost),
            Some(Kind::Ignored(g)) if g == f => Some(Fate::Ignored),
            _ => None,
        };
        let part = if fate.is_some() { Part::Whole } else { Part::Departs };
        let Some(arrow) = self.arrow(&frame, part, fate.unwrap_or(Fate::Reaches)) else { return EventId::NONE };
        let attempt = self.reading.attempts.get(&id).copied();
        let trusted = self.reading.trusted.contains(&id);
        let doubled = self.reading.doubled(self.log, event).is_some();
        let error = class_of(self.verbs, frame.verb) == Class::Error;
        let row = self.row(id, event);
        row.messages.extend(frame.message.is_some().then_some(frame.message));
        row.arrow = Some(arrow);
        if error {
            row.weight = Weight::Always;
        }
        if let Some(n) = attempt {
            let text = format!("sent AGAIN, {}", times(n));
            remark(row, Remark { sign: Some(Sign::Again), text }, Weight::Always);
        }
        if doubled {
            remark(row, Remark { sign: Some(Sign::Duplicate), text: words::DOUBLED.into() }, Weight::Always);
        }
        if let Some(from) = row.arrow.as_ref().map(|arrow| arrow.from).filter(|_| trusted) {
            row.notes.insert(0, one(from, Remark { sign: None, text: words::TRUSTED.into() }));
        }
        match (fate, after) {
            (Some(_), Some(after)) => {
                row.last = next;
                row.until = after.time;
                self.close_arrow(&frame);
                next
            }
            _ => EventId::NONE,
        }
    }

    fn arrived(&mut self, id: EventId, f: FrameId, event: &Event, fate: Fate) {
        let Some(&frame) = self.log.frame(f) else { return };
        let Some(arrow) = self.arrow(&frame, Part::Arrives, fate) else { return };
        let row = self.row(id, event);
        row.messages.extend(frame.message.is_some().then_some(frame.message));
        row.arrow = Some(arrow);
        self.close_arrow(&frame);
    }

    /// Says what is special about the frame whose arrow ends in the last row.
    fn close_arrow(&mut self, frame: &Frame) {
        let to = self.log.actor_name(frame.to);
        let Some(row) = self.rows.last_mut() else { return };
        match row.arrow.as_ref().map(|a| a.fate) {
            Some(Fate::Lost) => {
                remark(row, Remark { sign: Some(Sign::Bad), text: format!("NEVER ARRIVES at {to}") }, Weight::Always);
            }
            Some(Fate::Ignored) => {
                remark(row, Remark { sign: Some(Sign::Bad), text: format!("{to} has no use for it") }, Weight::Trouble);
            }
            _ => {}
        }
        if frame.flags.has(FrameFlags::REDELIVERED) {
            remark(row, Remark { sign: Some(Sign::Again), text: "REDELIVERED".into() }, Weight::Trouble);
        }
    }

    fn note(&mut self, id: EventId, event: &Event, what: What, place: PlaceId, message: Name) {
        let repeat = self.reading.repeats[id.at()];
        let phrase = words::note(what);
        let (sign, template, weight) = match repeat {
            Repeat::No => (phrase.sign, phrase.words, phrase.weight),
            Repeat::Again(_) => (Some(Sign::Again), "hands over[ {message}] AGAIN, {times}", Weight::Always),
            Repeat::Copy(_) => (Some(Sign::Duplicate), words::ANOTHER_COPY, Weight::Always),
            Repeat::Work(_) => (Some(Sign::Duplicate), words::DUPLICATE_WORK, Weight::Always),
            Repeat::Row(_) => (Some(Sign::Duplicate), words::DUPLICATE_ROW, Weight::Always),
        };
        // The row that the note joins names the message already.
        let said = matches!(what, What::Stored | What::RowInserted | What::RowUpdated | What::WorkBegan)
            && matches!(repeat, Repeat::No | Repeat::Row(_))
            && self.joins(event)
            && self.says(message);
        let template = if said && what == What::WorkBegan { words::WORKS_ON_IT } else { template };
        let text = expand(template, &|key| match key {
            "message" => self.log.shown(message).filter(|_| !said && !self.log.is_row(place)),
            "place" => self.log.places.get(place.at()).and_then(|p| self.log.shown(p.name)),
            "number" => Some(event.number.to_string()),
            "times" => match repeat {
                Repeat::Again(n) | Repeat::Copy(n) | Repeat::Work(n) | Repeat::Row(n) => Some(times(n)),
                Repeat::No => None,
            },
            "actor" => Some(self.log.actor_name(event.actor)),
            _ => None,
        });
        self.say(id, event, Remark { sign, text }, weight, message, true);
    }

    /// Says something beside the actor's lane: in the last row where that is its consequence, else in one of its own.
    fn say(&mut self, id: EventId, event: &Event, text: Remark, weight: Weight, message: Name, may_join: bool) {
        let Some(lane) = self.lane(event.actor) else { return };
        let row = if may_join && self.joins(event) {
            let last = self.rows.len() - 1;
            &mut self.rows[last]
        } else {
            self.row(id, event)
        };
        row.last = id;
        row.weight = row.weight.max(weight);
        row.messages.extend(message.is_some().then_some(message));
        add(row, lane, text);
    }

    /// Whether the actor can say something in the last row: the row's arrow ends at its lane, or the actor spoke last
    /// there, at this instant.
    fn joins(&self, event: &Event) -> bool {
        let (Some(row), Some(lane)) = (self.rows.last(), self.lane(event.actor)) else { return false };
        if row.until != event.time || row.across.is_some() || row.lanes != self.lines.states {
            return false;
        }
        if row.notes.iter().any(|n| n.breaks.is_some() || (n.lane != lane && row.arrow.is_none())) {
            return false;
        }
        match &row.arrow {
            None => !row.notes.is_empty(),
            Some(a) => a.to == lane && a.fate == Fate::Reaches && a.part != Part::Departs && a.wire == Wire::Frame,
        }
    }

    fn says(&self, message: Name) -> bool {
        self.rows.last().is_some_and(|r| r.messages.contains(&message))
    }

    fn list(&self, names: &[Name]) -> String {
        self.log.listed(names, LISTED).join(", ")
    }
}

fn one(lane: usize, remark: Remark) -> Note {
    Note { lane, remarks: vec![remark], breaks: None }
}

/// Adds a remark to what is said at a lane.
fn add(row: &mut Row, lane: usize, remark: Remark) {
    match row.notes.iter_mut().find(|n| n.lane == lane) {
        Some(note) => note.remarks.push(remark),
        None => row.notes.push(one(lane, remark)),
    }
}

/// Adds a remark about a row's arrow, to the right of the rightmost lane that the arrow touches.
fn remark(row: &mut Row, remark: Remark, weight: Weight) {
    row.weight = row.weight.max(weight);
    let Some(lane) = row.arrow.as_ref().map(|a| a.from.max(a.to)) else { return };
    add(row, lane, remark);
}

/// `2nd time`, `3rd time`.
fn times(n: u32) -> String {
    let end = match (n % 100, n % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{n}{end} time")
}
