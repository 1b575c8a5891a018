//! Every event on one line: step, time, actor, what, cause and rule. Dense, for engineers and for `grep`.
//!
//! Not the timeline: nothing is folded, joined or left out.

use crate::ids::{EventId, FrameId, Name, PlaceId};
use crate::rules::RuleBook;
use crate::trace::{Event, FrameFlags, Kind, Log, VerbBook, visible, width_of};
use crate::units::Clock;

/// The lines of a log, without line feeds.
pub fn lines(log: &Log, verbs: VerbBook, rules: RuleBook) -> impl Iterator<Item = String> + '_ {
    let columns = Columns::of(log);
    let ids = (0..log.events().len() as u32).map(EventId);
    ids.zip(log.events()).map(move |(id, event)| {
        let mut line = columns.head(log, id, event);
        line.push_str(&what(log, event, verbs));
        if event.cause.is_some() {
            line.push_str(&format!("  <{}", event.cause.step()));
        }
        if event.need.is_some() {
            line.push_str(&format!(" needs {}", event.need.step()));
        }
        if let Some(rule) = rules.get(event.rule) {
            line.push_str(&format!("  [{}]", rule.key));
        }
        line
    })
}

struct Columns {
    step: usize,
    clock: Clock,
    time: usize,
    actor: usize,
}

impl Columns {
    fn of(log: &Log) -> Columns {
        let clock = Clock::exact(log.events().iter().map(|event| event.time));
        // The last time is the longest.
        let time = log.events().last().map_or(0, |event| clock.text(event.time).len());
        let names = log.header.actors.iter().map(|actor| width_of(&visible(&actor.name)));
        Columns {
            step: log.events().len().to_string().len(),
            clock,
            time,
            actor: names.max().unwrap_or(0).clamp(4, 20),
        }
    }

    fn head(&self, log: &Log, id: EventId, event: &Event) -> String {
        let actor = log.actor_name(event.actor);
        let pad = " ".repeat(self.actor.saturating_sub(width_of(&actor)));
        let (step, time) = (id.step(), self.clock.text(event.time));
        format!("{step:>0$}  {time:>1$}  {actor}{pad}  ", self.step, self.time)
    }
}

fn what(log: &Log, event: &Event, verbs: VerbBook) -> String {
    match event.kind {
        Kind::Sent(f) => format!("sent {}", frame(log, f, verbs, true)),
        Kind::Arrived(f) => format!("arrived {}", frame(log, f, verbs, false)),
        Kind::Lost(f) => format!("lost {}", frame(log, f, verbs, false)),
        Kind::Ignored(f) => format!("ignored {}", frame(log, f, verbs, false)),
        Kind::Link { conn, what } => format!("connection {} {}", conn.0, what.word()),
        Kind::Process(what) => format!("process {}", what.word()),
        Kind::Timer(verb) => format!("timer {}", verbs.get(verb).map_or("?", |verb| verb.name)),
        Kind::Disk { what, op } => format!("disk {} op {} records {}", what.word(), op.0, event.number),
        Kind::Note { what, place, message } => {
            let mut text = format!("{}{}", what.word(), after(" ", log.shown(message)));
            text.push_str(&after(" at ", place_text(log, place)));
            if event.number > 0 {
                text.push_str(&format!(" #{}", event.number));
            }
            text
        }
        Kind::Fault(fault) | Kind::Over(fault) => {
            let word = if matches!(event.kind, Kind::Over(_)) { "over" } else { "fault" };
            let fault = log.header.faults.get(fault.at());
            format!("{word} {}", fault.map_or_else(|| "?".to_owned(), |fault| visible(&fault.name)))
        }
        Kind::End(outcome) => format!("end {}", outcome.word()),
    }
}

/// A frame: in full where it is sent, by number, kind and message elsewhere.
fn frame(log: &Log, id: FrameId, verbs: VerbBook, full: bool) -> String {
    let Some(frame) = log.frame(id) else { return format!("f{}", id.0) };
    let name = verbs.get(frame.verb).map_or("?", |verb| verb.name);
    let message = after(" ", log.shown(frame.message));
    if !full {
        return format!("f{} {name}{message} from {}", id.0, log.actor_name(frame.from));
    }
    let mut text =
        format!("f{} {name}{message} to {} c{}.{}", id.0, log.actor_name(frame.to), frame.conn.0, frame.channel);
    if frame.number != u32::MAX {
        text.push_str(&format!(" #{}", frame.number));
    }
    for word in [frame.a, frame.b].into_iter().filter(|word| word.is_some()) {
        text.push_str(&format!(" {}", quoted(log, word)));
    }
    for (flag, word) in FLAGS {
        if frame.flags.has(flag) {
            text.push_str(&format!(" {word}"));
        }
    }
    text.push_str(&format!(" {}B", frame.size));
    text
}

const FLAGS: [(FrameFlags, &str); 6] = [
    (FrameFlags::REDELIVERED, "redelivered"),
    (FrameFlags::MULTIPLE, "multiple"),
    (FrameFlags::PERSISTENT, "persistent"),
    (FrameFlags::MANDATORY, "mandatory"),
    (FrameFlags::REQUEUE, "requeue"),
    (FrameFlags::NO_ACK, "no-ack"),
];

fn quoted(log: &Log, name: Name) -> String {
    match log.shown(name) {
        Some(text) if text.starts_with('"') => text,
        text => format!("\"{}\"", text.unwrap_or_default()),
    }
}

fn place_text(log: &Log, place: PlaceId) -> Option<String> {
    let place = log.places.get(place.at()).filter(|_| place.is_some())?;
    Some(format!("{}{}", place.kind.word(), after(" ", log.shown(place.name))))
}

fn after(lead: &str, text: Option<String>) -> String {
    text.map_or_else(String::new, |text| format!("{lead}{text}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::build::{self, RULES, VERBS};

    #[test]
    fn every_event_has_its_line_with_cause_and_rule() {
        let log = build::lost_confirm();
        let lines: Vec<String> = lines(&log, VERBS, RULES).collect();
        assert_eq!(lines.len(), log.events().len());
        assert!(lines.iter().all(|line| !line.contains('\n')));
        insta::assert_snapshot!("lost_confirm", lines.join("\n"));
    }

    #[test]
    fn names_cannot_break_a_line() {
        let log = build::plain("sh\nop", "bil\u{1b}[31mler", "order-");
        assert!(lines(&log, VERBS, RULES).all(|line| !line.contains(['\n', '\u{1b}'])));
    }
}
