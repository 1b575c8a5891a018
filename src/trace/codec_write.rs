//! Writing a trace, line by line while it happens or all at once. Both give the same bytes.
//!
//! A prefix or a place gets its line just before the first line that names it, or one after it in its table.

use super::codec::{Keys, VERSION};
use super::codec_lines::{
    Counts, DeltaLine, EndLine, EventLine, FrameLine, PlaceLine, PrefixLine, copy_flags, frame_flags,
};
use super::delta::Delta;
use super::event::{Event, Frame, Kind};
use super::header::{Header, Place};
use super::log::Log;
use super::observer::{Observer, Tables, Wants};
use super::vocabulary::VerbBook;
use crate::ids::{ActorId, EventId, FaultId, FrameId, Name, Names, PlaceId, Sym};
use crate::rules::RuleBook;
use serde::Serialize;
use std::io;

/// Writes a run to a file while it happens. The first error of the file is kept until [`Writer::finish`].
#[derive(Debug)]
pub struct Writer<W> {
    out: Out<W>,
    header: Header,
    rules: Keys,
    verbs: Keys,
    frames: Vec<Frame>,
    counts: Counts,
}

/// The file, until it fails.
#[derive(Debug)]
struct Out<W> {
    to: W,
    failed: Option<io::Error>,
}

impl<W: io::Write> Out<W> {
    fn line(&mut self, line: &impl Serialize) {
        if self.failed.is_some() {
            return;
        }
        let written = serde_json::to_writer(&mut self.to, line).map_err(io::Error::from);
        self.failed = written.and_then(|()| self.to.write_all(b"\n")).err();
    }
}

#[derive(Serialize)]
struct HeaderLine<'a> {
    #[serde(rename = "mqlab-trace")]
    version: u32,
    #[serde(flatten)]
    header: &'a Header,
}

impl<W: io::Write> Writer<W> {
    /// Writes the header.
    pub fn new(to: W, header: &Header, rules: RuleBook, verbs: VerbBook) -> Self {
        let mut out = Out { to, failed: None };
        out.line(&HeaderLine { version: VERSION, header });
        Writer {
            out,
            header: header.clone(),
            rules: Keys::rules(rules),
            verbs: Keys::verbs(verbs),
            frames: Vec::new(),
            // The empty prefix is always there.
            counts: Counts { events: 0, frames: 0, places: 0, prefixes: 1 },
        }
    }

    /// Writes what no event named and the last line, and gives the file back.
    ///
    /// # Errors
    /// The first error that writing gave.
    pub fn finish(mut self, tables: &Tables<'_>) -> io::Result<W> {
        self.frames_before(self.frames.len(), tables);
        self.places_before(tables.places.len(), tables);
        self.prefixes_before(tables.names.prefix_count(), tables.names);
        let end = EndLine { end: self.counts };
        self.out.line(&end);
        match self.out.failed {
            Some(error) => Err(error),
            None => {
                self.out.to.flush()?;
                Ok(self.out.to)
            }
        }
    }

    fn prefixes_before(&mut self, end: usize, names: &Names) {
        for at in self.counts.prefixes as usize..end.min(names.prefix_count()) {
            self.out.line(&PrefixLine { prefix: names.prefix_text(Sym(at as u32)).to_owned() });
            self.counts.prefixes += 1;
        }
    }

    fn places_before(&mut self, end: usize, tables: &Tables<'_>) {
        for at in self.counts.places as usize..end.min(tables.places.len()) {
            let place = tables.places[at];
            let line = PlaceLine {
                place: at as u32,
                kind: place.kind,
                actor: actor(&self.header, place.actor),
                name: self.name(place.name, tables),
                holder: actor(&self.header, place.holder),
            };
            self.out.line(&line);
            self.counts.places += 1;
        }
    }

    fn frames_before(&mut self, end: usize, tables: &Tables<'_>) {
        for at in self.counts.frames as usize..end.min(self.frames.len()) {
            let line = self.frame_line(at, ActorId::NONE, tables);
            self.out.line(&line);
            self.counts.frames += 1;
        }
    }

    /// The text of a name, after its prefix has its line.
    fn name(&mut self, name: Name, tables: &Tables<'_>) -> Option<String> {
        if !name.is_some() {
            return None;
        }
        self.prefixes_before(name.prefix().0 as usize + 1, tables.names);
        Some(tables.names.text(name))
    }

    /// The text of a place, after it has its line.
    fn place(&mut self, place: PlaceId, tables: &Tables<'_>) -> Option<String> {
        if !place.is_some() {
            return None;
        }
        self.places_before(place.at() + 1, tables);
        Some(place_text(place, &self.header, tables))
    }

    fn place_number(&mut self, place: PlaceId, tables: &Tables<'_>) -> u32 {
        if place.is_some() {
            self.places_before(place.at() + 1, tables);
        }
        place.0
    }

    fn frame_line(&mut self, at: usize, sender: ActorId, tables: &Tables<'_>) -> FrameLine {
        let frame = self.frames[at];
        FrameLine {
            frame: at as u32,
            verb: frame.verb.is_some().then(|| self.verbs.text(frame.verb.0)),
            conn: some(frame.conn.0),
            from: (frame.from != sender)
                .then(|| actor(&self.header, frame.from).unwrap_or_else(|| format!("#{}", ActorId::NONE.0))),
            to: actor(&self.header, frame.to),
            channel: frame.channel,
            number: some(frame.number),
            message: self.name(frame.message, tables),
            a: self.name(frame.a, tables),
            b: self.name(frame.b, tables),
            size: frame.size,
            flags: frame_flags(frame.flags),
        }
    }

    fn event_line(&mut self, id: EventId, event: &Event, deltas: &[Delta], tables: &Tables<'_>) -> EventLine {
        let mut line = EventLine {
            t: event.time.0,
            id: some(id.0),
            at: actor(&self.header, event.actor),
            number: event.number,
            cause: some(event.cause.0),
            need: some(event.need.0),
            rule: event.rule.is_some().then(|| self.rules.text(event.rule.0)),
            ..EventLine::default()
        };
        self.kind(event, &mut line, tables);
        line.deltas = deltas.iter().map(|delta| self.delta(delta, tables)).collect();
        line
    }

    fn kind(&mut self, event: &Event, line: &mut EventLine, tables: &Tables<'_>) {
        match event.kind {
            Kind::Sent(frame) => self.sent(frame, event.actor, line, tables),
            Kind::Arrived(frame) => line.arrived = self.frame_words(frame, line, tables),
            Kind::Lost(frame) => line.lost = self.frame_words(frame, line, tables),
            Kind::Ignored(frame) => line.ignored = self.frame_words(frame, line, tables),
            Kind::Link { conn, what } => {
                line.link = Some(what);
                line.conn = some(conn.0);
            }
            Kind::Process(what) => line.process = Some(what),
            Kind::Timer(verb) => line.timer = Some(self.verbs.text(verb.0)),
            Kind::Disk { what, op } => {
                line.disk = Some(what);
                line.op = some(op.0);
            }
            Kind::Note { what, place, message } => {
                line.note = Some(what);
                line.place = self.place(place, tables);
                line.message = self.name(message, tables);
            }
            Kind::Fault(fault) => line.fault = Some(self.fault(fault)),
            Kind::Over(fault) => line.over = Some(self.fault(fault)),
            Kind::End(outcome) => line.ended = Some(outcome),
        }
    }

    fn fault(&self, fault: FaultId) -> String {
        let name = self.header.faults.get(fault.at()).map(|fault| fault.name.as_str());
        name.map_or_else(|| fault.0.to_string(), |name| format!("{} {name}", fault.0))
    }

    fn sent(&mut self, frame: FrameId, sender: ActorId, line: &mut EventLine, tables: &Tables<'_>) {
        self.frames_before(frame.at(), tables);
        if frame.at() == self.counts.frames as usize && frame.at() < self.frames.len() {
            line.sent = Some(self.frame_line(frame.at(), sender, tables));
            self.counts.frames += 1;
        } else {
            line.sent_frame = Some(frame.0);
        }
    }

    fn frame_words(&mut self, id: FrameId, line: &mut EventLine, tables: &Tables<'_>) -> Option<u32> {
        self.frames_before(id.at().saturating_add(1), tables);
        if let Some(frame) = self.frames.get(id.at()).copied() {
            line.verb = frame.verb.is_some().then(|| self.verbs.text(frame.verb.0));
            line.message = self.name(frame.message, tables);
        }
        Some(id.0)
    }

    fn delta(&mut self, delta: &Delta, tables: &Tables<'_>) -> DeltaLine {
        match *delta {
            Delta::Put { place, copy, message, order, flags } => DeltaLine::Put {
                place: self.place_number(place, tables),
                copy: copy.0,
                message: self.name(message, tables),
                order: order.into(),
                flags: copy_flags(flags),
            },
            Delta::Move { copy, from, to, order, flags } => DeltaLine::Move {
                copy: copy.0,
                from: self.place_number(from, tables),
                to: self.place_number(to, tables),
                order: order.into(),
                flags: copy_flags(flags),
            },
            Delta::Remove { copy, place } => {
                DeltaLine::Remove { copy: copy.0, place: self.place_number(place, tables) }
            }
            Delta::Clear { place } => DeltaLine::Clear { place: self.place_number(place, tables) },
            Delta::Set { actor: whose, gauge, value } => {
                DeltaLine::Set { at: actor(&self.header, whose), gauge: self.name(gauge, tables), value }
            }
            Delta::Believe { actor: whose, message, belief } => {
                DeltaLine::Believe { at: actor(&self.header, whose), message: self.name(message, tables), belief }
            }
        }
    }
}

impl<W: io::Write> Observer for Writer<W> {
    const WANTS: Wants = Wants::ALL;
    fn frame(&mut self, _: FrameId, frame: &Frame, _: &Tables<'_>) {
        self.frames.push(*frame);
    }
    fn event(&mut self, id: EventId, event: &Event, deltas: &[Delta], tables: &Tables<'_>) {
        let line = self.event_line(id, event, deltas, tables);
        self.out.line(&line);
        self.counts.events += 1;
    }
}

/// The whole log as text.
pub fn encode(log: &Log, rules: RuleBook, verbs: VerbBook) -> String {
    let tables = log.tables();
    let mut writer = Writer::new(Vec::new(), &log.header, rules, verbs);
    // Frames that were not sent must not come out earlier than they do while running.
    let mut named = 0;
    for (at, event) in log.events().iter().enumerate() {
        let id = EventId(at as u32);
        if let Kind::Sent(frame) | Kind::Arrived(frame) | Kind::Lost(frame) | Kind::Ignored(frame) = event.kind {
            let end = log.frames.len().min(frame.at().saturating_add(1)).max(named);
            writer.frames.extend_from_slice(&log.frames[named..end]);
            named = end;
        }
        writer.event(id, event, log.deltas(id), &tables);
    }
    writer.frames.extend_from_slice(&log.frames[named..]);
    // Neither a vector nor JSON can fail.
    writer.finish(&tables).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// An actor's name; `#3` where the name would not find it again.
pub(super) fn actor(header: &Header, id: ActorId) -> Option<String> {
    if !id.is_some() {
        return None;
    }
    let Some(actor) = header.actors.get(id.at()) else { return Some(format!("#{}", id.0)) };
    let first = header.actors.iter().position(|other| other.name == actor.name);
    let findable = first == Some(id.at()) && !actor.name.starts_with('#');
    Some(if findable { actor.name.clone() } else { format!("#{}", id.0) })
}

/// A place's number and what it is: `3 unacked billing of biller`.
pub(super) fn place_text(id: PlaceId, header: &Header, tables: &Tables<'_>) -> String {
    let Some(Place { kind, name, holder, .. }) = tables.places.get(id.at()) else { return id.0.to_string() };
    let holder = actor(header, *holder).map(|holder| format!(" of {holder}")).unwrap_or_default();
    format!("{} {} {}{holder}", id.0, kind.word(), tables.names.show(*name))
}

fn some(n: u32) -> Option<u32> {
    (n != u32::MAX).then_some(n)
}
