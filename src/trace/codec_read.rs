//! Reading a trace, line by line. A trace may come from anywhere: what is read points only to what was declared, so
//! that no viewer has to check it again.

use super::codec::{DecodeError, Keys, ReadLimits, VERSION};
use super::codec_lines::{
    Counts, DeltaLine, EndLine, EventLine, FrameLine, PlaceLine, PrefixLine, Text, read_copy_flags, read_frame_flags,
};
use super::codec_write::place_text;
use super::delta::Delta;
use super::event::{Event, Frame, Kind};
use super::header::{Header, Place};
use super::log::Log;
use super::vocabulary::VerbBook;
use crate::ids::{ActorId, ConnId, CopyId, EventId, FaultId, FrameId, Name, OpId, PlaceId, RuleId, VerbId};
use crate::rules::RuleBook;
use crate::units::Time;
use serde::Deserialize;
use std::io::{self, BufRead, Read};

/// Reads a trace from a text.
///
/// # Errors
/// Where it is not one, or larger than `limits`; the first line that is wrong is named.
pub fn decode(text: &str, limits: &ReadLimits, rules: RuleBook, verbs: VerbBook) -> Result<Log, DecodeError> {
    read(text.as_bytes(), limits, rules, verbs)
}

/// Reads a trace from a file. No line is kept longer than it takes to read it.
///
/// # Errors
/// As [`decode`], and where reading fails.
pub fn read(from: impl BufRead, limits: &ReadLimits, rules: RuleBook, verbs: VerbBook) -> Result<Log, DecodeError> {
    let mut lines = Lines { from, limits: *limits, line: 0, bytes: 0, buffer: Vec::new() };
    let header = match lines.next()? {
        Some(text) => header(text)?,
        None => return Err(DecodeError::NotATrace),
    };
    let mut reader = Reader {
        log: Log::new(header),
        rules: Keys::rules(rules),
        verbs: Keys::verbs(verbs),
        places: Vec::new(),
        end: None,
    };
    loop {
        let number = lines.line + 1;
        let malformed = |says| DecodeError::Malformed { line: number, says };
        match (lines.next()?, reader.end) {
            (None, None) => return Err(DecodeError::Truncated { line: number }),
            (None, Some(_)) => return Ok(reader.log),
            (Some(_), Some(_)) => return Err(malformed("nothing may follow the last line".to_owned())),
            (Some(text), None) => reader.line(text).map_err(malformed)?,
        }
    }
}

/// The lines of a file, within limits.
struct Lines<R> {
    from: R,
    limits: ReadLimits,
    line: usize,
    bytes: usize,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// The next line without its end; `None` at the end of the file.
    fn next(&mut self) -> Result<Option<&str>, DecodeError> {
        self.line += 1;
        let line = self.line;
        let too_large = |limit: String| DecodeError::TooLarge { line, limit };
        self.buffer.clear();
        let most = (self.limits.line as u64).saturating_add(1);
        let read = self.from.by_ref().take(most).read_until(b'\n', &mut self.buffer);
        let read = read.map_err(|error: io::Error| DecodeError::Input { line, says: error.to_string() })?;
        if read == 0 {
            return Ok(None);
        }
        let whole = self.buffer.last() == Some(&b'\n');
        if !whole && read > self.limits.line {
            return Err(too_large(format!("{} bytes in a line", self.limits.line)));
        }
        self.bytes = self.bytes.saturating_add(read);
        if self.bytes > self.limits.bytes {
            return Err(too_large(format!("{} bytes", self.limits.bytes)));
        }
        if line > self.limits.lines {
            return Err(too_large(format!("{} lines", self.limits.lines)));
        }
        if whole {
            self.buffer.pop();
        }
        let text = std::str::from_utf8(&self.buffer);
        text.map(Some).map_err(|_| DecodeError::Malformed { line, says: "is not UTF-8".to_owned() })
    }
}

fn header(text: &str) -> Result<Header, DecodeError> {
    let Ok(serde_json::Value::Object(mut fields)) = serde_json::from_str(text) else {
        return Err(DecodeError::NotATrace);
    };
    let version = fields.remove("mqlab-trace").ok_or(DecodeError::NotATrace)?;
    if version.as_u64() != Some(u64::from(VERSION)) {
        return Err(DecodeError::Version { found: version.to_string() });
    }
    let malformed = |says| DecodeError::Malformed { line: 1, says };
    let header: Header = serde_json::from_value(serde_json::Value::Object(fields))
        .map_err(|error| malformed(format!("the header does not fit: {error}")))?;
    if header.actors.len().max(header.faults.len()) >= usize::from(u16::MAX) {
        return Err(malformed("too many actors or faults".to_owned()));
    }
    let known = |id: ActorId| id.at() < header.actors.len();
    if !header.actors.iter().filter_map(|actor| actor.of).all(known) {
        return Err(malformed("an actor is said to be of an actor that is not declared".to_owned()));
    }
    if !header.destinations.iter().all(|row| known(row.consumer)) {
        return Err(malformed("a destination names a consumer that is not declared".to_owned()));
    }
    Ok(header)
}

/// What was read so far.
struct Reader {
    log: Log,
    rules: Keys,
    verbs: Keys,
    /// By place, what lines say of it.
    places: Vec<String>,
    end: Option<Counts>,
}

/// A value, or what is wrong with the line.
type Said<T> = Result<T, String>;

impl Reader {
    fn line(&mut self, text: &str) -> Said<()> {
        match first_key(text) {
            Some("t") => self.event(parse(text)?),
            Some("prefix") => self.prefix(parse(text)?),
            Some("place") => self.place_line(parse(text)?),
            Some("frame") => {
                let frame = self.frame(&parse(text)?, ActorId::NONE)?;
                self.log.frames.push(frame);
                Ok(())
            }
            Some("end") => self.last(parse(text)?),
            _ => Err("expected a line that begins with \"t\", \"prefix\", \"place\", \"frame\" or \"end\"".to_owned()),
        }
    }

    fn prefix(&mut self, line: PrefixLine) -> Said<()> {
        let before = self.log.names.prefix_count();
        self.log.names.add_prefix(&line.prefix);
        if self.log.names.prefix_count() == before {
            return Err(format!("the prefix {:?} is there already", line.prefix));
        }
        Ok(())
    }

    fn place_line(&mut self, line: PlaceLine<Text<'_>>) -> Said<()> {
        expect("place", line.place as usize, self.log.places.len())?;
        let place = Place {
            kind: line.kind,
            actor: self.actor(line.actor.as_deref())?,
            name: self.name(line.name.as_deref()),
            holder: self.actor(line.holder.as_deref())?,
        };
        self.log.places.push(place);
        let id = PlaceId(line.place);
        self.places.push(place_text(id, &self.log.header, &self.log.tables()));
        Ok(())
    }

    fn last(&mut self, line: EndLine) -> Said<()> {
        let found = Counts {
            events: self.log.events().len() as u64,
            frames: self.log.frames.len() as u64,
            places: self.log.places.len() as u64,
            prefixes: self.log.names.prefix_count() as u64,
        };
        if found != line.end {
            return Err(format!("lines are missing: it counts {:?}, and there were {found:?}", line.end));
        }
        self.end = Some(found);
        Ok(())
    }

    fn frame(&mut self, line: &FrameLine<Text<'_>>, sender: ActorId) -> Said<Frame> {
        expect("frame", line.frame as usize, self.log.frames.len())?;
        let from = match &line.from {
            None => sender,
            from => self.actor(from.as_deref())?,
        };
        Ok(Frame {
            conn: ConnId(line.conn.unwrap_or(u32::MAX)),
            from,
            to: self.actor(line.to.as_deref())?,
            verb: self.verb(line.verb.as_deref())?,
            channel: line.channel,
            flags: read_frame_flags(&line.flags)?,
            number: line.number.unwrap_or(u32::MAX),
            size: line.size,
            message: self.name(line.message.as_deref()),
            a: self.name(line.a.as_deref()),
            b: self.name(line.b.as_deref()),
        })
    }

    fn event(&mut self, line: EventLine<Text<'_>>) -> Said<()> {
        let id = self.log.events().len();
        if let Some(said) = line.id {
            expect("event", said as usize, id)?;
        }
        let actor = self.actor(line.at.as_deref())?;
        let kind = self.kind(&line, actor)?;
        let event = Event {
            time: Time(line.t),
            kind,
            cause: earlier("cause", line.cause, id)?,
            need: earlier("need", line.need, id)?,
            number: line.number,
            rule: self.rule(line.rule.as_deref())?,
            actor,
        };
        let deltas: Vec<Delta> = line.deltas.iter().map(|delta| self.delta(delta)).collect::<Said<_>>()?;
        self.log.push(event, &deltas);
        Ok(())
    }

    fn kind(&mut self, line: &EventLine<Text<'_>>, actor: ActorId) -> Said<Kind> {
        one_kind(line)?;
        if let Some(sent) = &line.sent {
            let frame = self.frame(sent, actor)?;
            self.log.frames.push(frame);
            return Ok(Kind::Sent(FrameId(sent.frame)));
        }
        let frames = [(line.sent_frame, 0), (line.arrived, 1), (line.lost, 2), (line.ignored, 3)]
            .map(|(id, kind)| Some((id?, kind)));
        if let Some((id, kind)) = frames.into_iter().flatten().next() {
            let id = self.known_frame(id, line)?;
            return Ok([Kind::Sent(id), Kind::Arrived(id), Kind::Lost(id), Kind::Ignored(id)][kind]);
        }
        if let Some(what) = line.link {
            return Ok(Kind::Link { conn: ConnId(line.conn.unwrap_or(u32::MAX)), what });
        }
        if let Some(what) = line.disk {
            return Ok(Kind::Disk { what, op: OpId(line.op.unwrap_or(u32::MAX)) });
        }
        if let Some(what) = line.note {
            let place = self.place(line.place.as_deref())?;
            return Ok(Kind::Note { what, place, message: self.name(line.message.as_deref()) });
        }
        if let Some(fault) = &line.fault {
            return self.fault(fault);
        }
        let process = line.process.map(Kind::Process);
        let ended = line.ended.map(Kind::End);
        match (process.or(ended), &line.timer) {
            (Some(kind), _) => Ok(kind),
            (None, timer) => Ok(Kind::Timer(self.verb(timer.as_deref())?)),
        }
    }

    fn known_frame(&self, id: u32, line: &EventLine<Text<'_>>) -> Said<FrameId> {
        let Some(frame) = self.log.frames.get(id as usize) else {
            return Err(format!("frame {id} does not stand on an earlier line"));
        };
        // Texts are made for an error only.
        if line.verb.as_deref().is_some_and(|said| self.verbs.id(said) != Some(frame.verb.0)) {
            let verb = frame.verb.is_some().then(|| self.verbs.text(frame.verb.0));
            agrees("verb", line.verb.as_deref(), verb.as_deref())?;
        }
        if line.message.as_deref().is_some_and(|said| self.log.names.find(said) != Some(frame.message)) {
            let message = frame.message.is_some().then(|| self.log.names.text(frame.message));
            agrees("message", line.message.as_deref(), message.as_deref())?;
        }
        Ok(FrameId(id))
    }

    fn fault(&self, text: &str) -> Said<Kind> {
        let (number, _) = text.split_once(' ').unwrap_or((text, ""));
        let id = number.parse::<u16>().map_err(|_| format!("expected the number of a fault, not {text:?}"))?;
        let Some(fault) = self.log.header.faults.get(usize::from(id)) else {
            return Err(format!("fault {id} is not in the header"));
        };
        agrees("fault", Some(text), Some(&format!("{id} {}", fault.name)))?;
        Ok(Kind::Fault(FaultId(id)))
    }

    fn delta(&mut self, line: &DeltaLine<Text<'_>>) -> Said<Delta> {
        Ok(match line {
            DeltaLine::Put { place, copy, message, order, flags } => Delta::Put {
                place: self.place_number(*place)?,
                copy: CopyId(*copy),
                message: self.name(message.as_deref()),
                order: (*order).into(),
                flags: read_copy_flags(flags)?,
            },
            DeltaLine::Move { copy, from, to, order, flags } => Delta::Move {
                copy: CopyId(*copy),
                from: self.place_number(*from)?,
                to: self.place_number(*to)?,
                order: (*order).into(),
                flags: read_copy_flags(flags)?,
            },
            DeltaLine::Remove { copy, place } => {
                Delta::Remove { copy: CopyId(*copy), place: self.place_number(*place)? }
            }
            DeltaLine::Clear { place } => Delta::Clear { place: self.place_number(*place)? },
            DeltaLine::Set { at, gauge, value } => {
                Delta::Set { actor: self.actor(at.as_deref())?, gauge: self.name(gauge.as_deref()), value: *value }
            }
            DeltaLine::Believe { at, message, belief } => Delta::Believe {
                actor: self.actor(at.as_deref())?,
                message: self.name(message.as_deref()),
                belief: *belief,
            },
        })
    }

    fn name(&mut self, text: Option<&str>) -> Name {
        text.map_or(Name::NONE, |text| self.log.names.intern(text))
    }

    fn actor(&self, text: Option<&str>) -> Said<ActorId> {
        let Some(text) = text else { return Ok(ActorId::NONE) };
        let actors = &self.log.header.actors;
        let id = match text.strip_prefix('#') {
            Some(number) => number.parse().map(ActorId).ok().filter(|id| !id.is_some() || id.at() < actors.len()),
            None => actors.iter().position(|actor| actor.name == text).map(|at| ActorId(at as u16)),
        };
        id.ok_or_else(|| format!("the actor {text:?} is not in the header"))
    }

    fn verb(&self, text: Option<&str>) -> Said<VerbId> {
        let Some(text) = text else { return Ok(VerbId::NONE) };
        self.verbs.id(text).map(VerbId).ok_or_else(|| format!("the verb {text:?} is in no vocabulary of this program"))
    }

    fn rule(&self, text: Option<&str>) -> Said<RuleId> {
        let Some(text) = text else { return Ok(RuleId::NONE) };
        self.rules.id(text).map(RuleId).ok_or_else(|| format!("the rule {text:?} is in no table of this program"))
    }

    fn place_number(&self, number: u32) -> Said<PlaceId> {
        let id = PlaceId(number);
        if id.is_some() && id.at() >= self.log.places.len() {
            return Err(format!("place {number} does not stand on an earlier line"));
        }
        Ok(id)
    }

    fn place(&self, text: Option<&str>) -> Said<PlaceId> {
        let Some(text) = text else { return Ok(PlaceId::NONE) };
        let (number, rest) = text.split_once(' ').unwrap_or((text, ""));
        let number = number.parse().map_err(|_| format!("expected the number of a place, not {text:?}"))?;
        let id = self.place_number(number)?;
        if !rest.is_empty() {
            let is = self.places.get(id.at()).map_or("", String::as_str);
            agrees("place", Some(text), Some(is))?;
        }
        Ok(id)
    }
}

/// The first key of a JSON object.
fn first_key(text: &str) -> Option<&str> {
    let rest = text.trim_start().strip_prefix('{')?.trim_start().strip_prefix('"')?;
    rest.split_once('"').map(|(key, _)| key)
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Said<T> {
    serde_json::from_str(text).map_err(|error| {
        // The parser counts lines too, and for it there is only one.
        let says = error.to_string();
        match says.rsplit_once(" at line 1 column ") {
            Some((says, column)) => format!("column {column}: {says}"),
            None => says,
        }
    })
}

fn expect(what: &str, found: usize, expected: usize) -> Said<()> {
    if found == expected { Ok(()) } else { Err(format!("expected {what} {expected}, found {what} {found}")) }
}

fn agrees(what: &str, said: Option<&str>, is: Option<&str>) -> Said<()> {
    match said {
        Some(said) if Some(said) != is => {
            let is = is.unwrap_or("none");
            Err(format!("the {what} is said to be {said:?}, and it is {is:?}"))
        }
        _ => Ok(()),
    }
}

/// An event is caused by and needs only what came before it.
fn earlier(what: &str, id: Option<u32>, now: usize) -> Said<EventId> {
    match id {
        Some(id) if id as usize >= now => Err(format!("the {what} of event {now} is event {id}, which is not earlier")),
        Some(id) => Ok(EventId(id)),
        None => Ok(EventId::NONE),
    }
}

fn one_kind(line: &EventLine<Text<'_>>) -> Said<()> {
    let kinds = [
        line.sent.is_some(),
        line.sent_frame.is_some(),
        line.arrived.is_some(),
        line.lost.is_some(),
        line.ignored.is_some(),
        line.link.is_some(),
        line.process.is_some(),
        line.timer.is_some(),
        line.disk.is_some(),
        line.note.is_some(),
        line.fault.is_some(),
        line.ended.is_some(),
    ];
    match kinds.iter().filter(|stands| **stands).count() {
        1 => Ok(()),
        n => Err(format!(
            "expected one of sent, sent-frame, arrived, lost, ignored, link, process, timer, disk, note, fault, ended; \
             found {n} of them"
        )),
    }
}
