//! A trace that was recorded, told again as if it happened now: to a writer, to a verdict.

use crate::ids::{EventId, FrameId};
use crate::trace::{Header, Kind, Log, Observer};
use crate::verdict::{Checked, Findings, Invariant, Meter, Verdict, Watcher};
use crate::world::VERBS;

/// The verdict on a trace, as if it happened now.
pub fn judge(log: &Log) -> Findings {
    let tables = log.tables();
    let mut verdict = (Verdict::new(&log.header, VERBS), Meter::new(&log.header));
    feed(log, &mut verdict);
    let mut findings = verdict.0.finish(&log.state_after(log.events().len()), &tables);
    verdict.1.fill(&mut findings, &log.names);
    findings
}

/// The expectations and invariants in a trace's header, each with its result; those in words that this program does not know are left
/// out.
pub fn checked(log: &Log, findings: &Findings) -> Vec<Checked> {
    let expect = log.header.expect.iter().filter_map(|text| crate::scenario::expectation(text));
    let mut checked: Vec<Checked> = expect.map(|expect| expect.check(findings)).collect();
    let invariants = invariants(&log.header);
    if !invariants.is_empty() {
        let mut watcher = Watcher::new(&log.header, VERBS, invariants);
        feed(log, &mut watcher);
        checked.extend(watcher.finish());
    }
    checked
}

/// The invariants in a trace's header; those in words that this program does not know are left out.
pub(super) fn invariants(header: &Header) -> Vec<Invariant> {
    header.invariants.iter().filter_map(|text| crate::scenario::invariant(text)).collect()
}

/// Hands a log to an observer, frames before the events that name them.
pub fn feed<O: Observer>(log: &Log, observer: &mut O) {
    let tables = log.tables();
    let mut told = 0;
    let mut frames = |end: usize, observer: &mut O| {
        for at in told..end.min(log.frames.len()) {
            observer.frame(FrameId(at as u32), &log.frames[at], &tables);
        }
        told = told.max(end);
    };
    for (i, event) in log.events().iter().enumerate() {
        if let Kind::Sent(frame) | Kind::Arrived(frame) | Kind::Lost(frame) | Kind::Ignored(frame) = event.kind {
            frames(frame.at() + 1, observer);
        }
        let id = EventId(i as u32);
        observer.event(id, event, log.deltas(id), &tables);
    }
    frames(log.frames.len(), observer);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Writer, build};

    #[test]
    fn a_log_that_is_fed_writes_the_same_trace_as_the_log() {
        let log = build::lost_confirm();
        let mut writer = Writer::new(Vec::new(), &log.header, build::RULES, build::VERBS);
        feed(&log, &mut writer);
        let fed = writer.finish(&log.tables()).unwrap();
        assert_eq!(String::from_utf8(fed).unwrap(), crate::trace::encode(&log, build::RULES, build::VERBS));
    }
}
