//! From events to sentences, and sentences to text.

use super::phrases;
use crate::ids::{ConnId, EventId, FrameId, Name, PlaceId};
use crate::rules::RuleBook;
use crate::trace::{
    Event, FrameFlags, Kind, Link, Log, Reading, Repeat, Role, Setup, SetupKind, Toll, VerbBook, What, class_of,
    expand, visible, wrap,
};
use crate::units::{Clock, Time};

/// One step, told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// The event; [`EventId::step`] is the number shown.
    pub event: EventId,
    /// When.
    pub time: Time,
    /// What happened, in a sentence or two.
    pub text: String,
    /// The rule's sentence, where a known rule was at work.
    pub why: Option<&'static str>,
}

/// Tells a log. Handshakes are one sentence each; what a timeline leaves out is left out here too.
pub fn tell(log: &Log, verbs: &VerbBook, rules: &RuleBook) -> Vec<Sentence> {
    let reading = Reading::new(log, verbs, false);
    let teller = Teller { log, verbs, reading: &reading };
    let ids = (0..log.events().len() as u32).map(EventId).filter(|id| teller.reading.begins(*id));
    let sentence = |id: EventId| {
        let event = &log.events()[id.at()];
        let why = rules.get(event.rule).map(|rule| rule.sentence);
        Sentence { event: id, time: event.time, text: teller.text(id, event), why }
    };
    ids.map(sentence).filter(|s| !s.text.is_empty()).collect()
}

/// Tells some events, each by itself: also what a story leaves out.
pub fn tell_events(log: &Log, verbs: &VerbBook, rules: &RuleBook, ids: &[EventId]) -> Vec<Sentence> {
    tell_read(log, verbs, rules, &Reading::new(log, verbs, true), ids)
}

/// The sentences of some events, without the rules.
pub fn texts(log: &Log, verbs: &VerbBook, ids: &[EventId]) -> Vec<String> {
    let told = tell_read(log, verbs, &RuleBook(&[]), &Reading::new(log, verbs, false), ids);
    told.into_iter().map(|sentence| sentence.text).collect()
}

/// Tells some events as a reading has them: where it folds a handshake, its first event tells all of it.
pub fn tell_read(log: &Log, verbs: &VerbBook, rules: &RuleBook, reading: &Reading, ids: &[EventId]) -> Vec<Sentence> {
    let teller = Teller { log, verbs, reading };
    let sentence = |id: &EventId| {
        let event = log.events().get(id.at())?;
        let why = rules.get(event.rule).map(|rule| rule.sentence);
        Some(Sentence { event: *id, time: event.time, text: teller.text(*id, event), why })
    };
    ids.iter().filter_map(sentence).collect()
}

/// Sentences as text: step, time and sentence, wrapped to `width` columns; with `why`, the rules below them.
pub fn render(sentences: &[Sentence], width: usize, why: bool) -> String {
    render_part(sentences, sentences, width, why)
}

/// As [`render`], some of the sentences in the columns that `all` of them need.
pub fn render_part(part: &[Sentence], all: &[Sentence], width: usize, why: bool) -> String {
    let steps = all.last().map_or(1, |s| s.event.step().to_string().len());
    let clock = Clock::of(all.iter().map(|s| s.time));
    let times = all.iter().map(|s| clock.text(s.time).len()).max().unwrap_or(1);
    let indent = steps + times + 4;
    let room = width.saturating_sub(indent).max(20);
    let mut text = String::new();
    for s in part {
        let mut head = format!("{:>steps$}  {:>times$}  ", s.event.step(), clock.text(s.time));
        let mut say = |words: &str| {
            for line in wrap(words, room) {
                text.push_str(&head);
                text.push_str(&line);
                text.push('\n');
                head = " ".repeat(indent);
            }
        };
        say(&s.text);
        if let Some(rule) = s.why.filter(|_| why) {
            say(&format!("Why: {rule}"));
        }
    }
    text
}

struct Teller<'a> {
    log: &'a Log,
    verbs: &'a VerbBook,
    reading: &'a Reading,
}

impl Teller<'_> {
    fn text(&self, id: EventId, event: &Event) -> String {
        if let Role::Setup(at) = self.reading.roles[id.at()] {
            return self.setup(&self.reading.setups[at as usize]);
        }
        let actor = |key: &str| (key == "actor").then(|| self.log.actor_name(event.actor));
        match event.kind {
            Kind::Sent(f) => match self.reading.doubled(self.log, event) {
                Some(first) => self.ended(first, phrases::DOUBLED, ""),
                None => self.sent(id, f),
            },
            Kind::Arrived(f) => self.ended(f, phrases::ARRIVED, ""),
            Kind::Lost(f) => {
                let class = self.log.frame(f).map(|frame| class_of(self.verbs, frame.verb));
                self.ended(f, phrases::LOST, class.map_or("", phrases::lost))
            }
            Kind::Ignored(f) => self.ended(f, phrases::IGNORED, ""),
            Kind::Link { what, conn } => self.link(event, what, conn),
            Kind::Process(p) => {
                let toll = self.reading.tolls.get(&id).cloned().unwrap_or_default();
                expand(phrases::process(p), &actor) + &self.toll(&toll)
            }
            Kind::Timer(verb) => expand(self.verbs.get(verb).map_or(phrases::TIMER, |v| v.sentence), &actor),
            Kind::Disk { what, op } => {
                let names = self.reading.carried.get(&op).map_or(&[][..], |v| v);
                expand(phrases::disk(what), &|key| match key {
                    "node" => self.log.header.actors.get(event.actor.at())?.of.map(|n| self.log.actor_name(n)),
                    "list" => (!names.is_empty()).then(|| self.list(names)),
                    _ => actor(key),
                })
            }
            Kind::Note { what, place, message } => self.note(id, event, what, place, message),
            Kind::Fault(f) | Kind::Over(f) => expand(phrases::fault(event.kind), &|key| {
                let fault = self.log.header.faults.get(f.at())?;
                match key {
                    "name" => Some(visible(&fault.name)),
                    "says" => Some(visible(fault.says.trim_end_matches('.'))),
                    "noticed" => (!fault.noticed.is_empty()).then(|| visible(&fault.noticed)),
                    _ => None,
                }
            }),
            Kind::End(outcome) => phrases::end(outcome).into(),
        }
    }

    fn link(&self, event: &Event, what: Link, conn: ConnId) -> String {
        let frame = self.reading.unknown_there(self.log, event);
        let behind = if frame.is_some() { phrases::UNKNOWN_THERE } else { "" };
        expand(&format!("{}{behind}", phrases::link(what)), &|key| match key {
            "actor" => Some(self.log.actor_name(event.actor)),
            "peer" => self.reading.peer(conn, event.actor).map(|peer| self.log.actor_name(peer)),
            "step" => self.sent_in(frame?),
            _ => None,
        })
    }

    fn note(&self, id: EventId, event: &Event, what: What, place: PlaceId, message: Name) -> String {
        let repeat = self.reading.repeats[id.at()];
        let template = format!("{}{}", phrases::note(what), repeated(what, repeat));
        expand(&template, &|key| match key {
            "actor" => Some(self.log.actor_name(event.actor)),
            "message" => self.log.shown(message).filter(|_| !self.log.is_row(place)),
            "place" => self.log.places.get(place.at()).and_then(|p| self.log.shown(p.name)),
            "number" => Some(event.number.to_string()),
            "times" => times(repeat).map(|n| n.to_string()),
            _ => None,
        })
    }

    fn sent(&self, id: EventId, f: FrameId) -> String {
        let Some(frame) = self.log.frame(f) else { return String::new() };
        let sentence = self.verbs.get(frame.verb).map_or("{from} sends something to {to}.", |v| v.sentence);
        let mut text = expand(sentence, &|key| self.log.frame_field(frame, frame.from, key));
        if let Some(n) = self.reading.attempts.get(&id) {
            text += &expand(phrases::SENT_AGAIN, &|key| (key == "times").then(|| n.to_string()));
        }
        if self.reading.trusted.contains(&id) {
            text.push(' ');
            text += &expand(phrases::note(What::BelievesSent), &|key| self.log.frame_field(frame, frame.from, key));
        }
        if frame.flags.has(FrameFlags::REDELIVERED) {
            text += phrases::REDELIVERED;
        }
        if frame.flags.has(FrameFlags::MULTIPLE) {
            text += phrases::MULTIPLE;
        }
        text
    }

    fn ended(&self, f: FrameId, template: &str, behind: &str) -> String {
        let Some(frame) = self.log.frame(f) else { return String::new() };
        let label = self.verbs.get(frame.verb).map_or("a frame", |v| v.label);
        expand(&format!("{template}{behind}"), &|key| match key {
            "label" => Some(expand(label, &|key| self.log.frame_field(frame, frame.from, key))),
            "step" => self.sent_in(f),
            "message" => Some(self.log.shown(frame.message).unwrap_or_else(|| "the message".into())),
            _ => self.log.frame_field(frame, frame.to, key),
        })
    }

    /// The number of the step in which a frame was sent.
    fn sent_in(&self, f: FrameId) -> Option<String> {
        let sent = self.reading.ends.get(f.at()).map(|end| end.0);
        sent.filter(|sent| sent.is_some()).map(|sent| sent.step().to_string())
    }

    fn setup(&self, setup: &Setup) -> String {
        let template = match setup.kind {
            SetupKind::Connects if setup.failed => phrases::CONNECT_FAILS,
            SetupKind::Connects => phrases::CONNECTS,
            SetupKind::Closes => phrases::CLOSES,
            SetupKind::Other => phrases::OTHER_SETUP,
        };
        let took = self.log.events()[setup.last.at()].time.since(self.log.events()[setup.first.at()].time).brief();
        expand(template, &|key| match key {
            "from" => Some(self.log.actor_name(setup.from)),
            "to" => setup.to.is_some().then(|| self.log.actor_name(setup.to)),
            "frames" => match setup.frames {
                0 => None,
                1 => Some(format!("1 frame, {took}")),
                n => Some(format!("{n} frames, {took}")),
            },
            "label" => {
                let frame = self.log.frame(setup.frame)?;
                let label = self.verbs.get(frame.verb)?.label;
                Some(expand(label, &|key| self.log.frame_field(frame, frame.from, key)))
            }
            _ => None,
        })
    }

    fn toll(&self, toll: &Toll) -> String {
        let said = [
            (phrases::TOLL_GONE, &toll.lost),
            (phrases::TOLL_DISK, &toll.on_disk),
            (phrases::TOLL_ELSEWHERE, &toll.elsewhere),
            (phrases::TOLL_BACK, &toll.recovered),
        ];
        let some = said.into_iter().filter(|(_, names)| !names.is_empty());
        some.map(|(template, names)| expand(template, &|key| (key == "list").then(|| self.list(names)))).collect()
    }

    /// `a, b and c`; long lists end in how many more there are.
    fn list(&self, names: &[Name]) -> String {
        const LISTED: usize = 12;
        let shown = self.log.listed(names, LISTED);
        match shown.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
            None => String::new(),
        }
    }
}

fn repeated(what: What, repeat: Repeat) -> &'static str {
    match repeat {
        Repeat::No => "",
        Repeat::Again(_) => phrases::AGAIN,
        Repeat::Copy(_) => phrases::COPY,
        Repeat::Work(_) => phrases::WORK,
        Repeat::Row(_) if what == What::RowInserted => phrases::ROW,
        Repeat::Row(_) => "",
    }
}

fn times(repeat: Repeat) -> Option<u32> {
    match repeat {
        Repeat::No => None,
        Repeat::Again(n) | Repeat::Copy(n) | Repeat::Work(n) | Repeat::Row(n) => Some(n),
    }
}
