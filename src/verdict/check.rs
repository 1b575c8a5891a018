//! Expectations held against findings.

use super::destinations::NOWHERE;
use super::expectation::span;
use super::{At, Checked, Deeds, Expectation, Findings, Ids, Takes, Word};
use crate::units::{Span, Time};

impl Expectation {
    /// Whether it holds, and what was found instead of or beside what was expected.
    pub fn check(&self, findings: &Findings) -> Checked {
        if let Takes::TimeMayOf(_) | Takes::ValueOf(_) = self.what.takes() {
            let measured = self.measured(findings);
            let holds = measured.is_some_and(|value| self.count.fits(value));
            let found = self.say_measured(measured, findings);
            return Checked { expectation: self.to_string(), holds, found, decided: None };
        }
        let found = self.found(findings);
        let ids = self.ids.as_ref().is_none_or(|ids| same(ids, &found));
        let holds = ids && self.count.fits(i64::from(found.count));
        Checked { expectation: self.to_string(), holds, found: self.say(&found, findings), decided: None }
    }

    /// How many were found, whatever was expected.
    pub(super) fn count_in(&self, findings: &Findings) -> u32 {
        self.found(findings).count
    }

    /// What a word that is not a count came to; `None` where there was nothing to measure.
    fn measured(&self, findings: &Findings) -> Option<i64> {
        let nanos = |span: Span| i64::try_from(span.0).unwrap_or(i64::MAX);
        match self.what {
            Word::Finished => {
                let mine = findings.consumers.iter().filter(|consumer| self.is_of(&consumer.name));
                mine.filter_map(|consumer| consumer.finished).max().map(|at| nanos(at.since(Time::ZERO)))
            }
            Word::Took if self.of.is_none() => findings.times.longest.as_ref().map(|longest| nanos(longest.took)),
            Word::Took => findings.times.each.iter().find(|one| self.is_of(&one.message)).map(|one| nanos(one.took)),
            _ => {
                let rows = findings.tables.iter().filter(|table| self.is_of(&table.name)).flat_map(|table| &table.sums);
                Some(rows.filter(|row| self.key.as_ref() == Some(&row.key)).map(|row| row.value).sum())
            }
        }
    }

    /// What a word that is not a count came to, in words.
    pub(super) fn say_measured(&self, value: Option<i64>, findings: &Findings) -> String {
        match (self.what.takes(), value) {
            (Takes::TimeMayOf(_), Some(nanos)) => {
                let longest = findings.times.longest.as_ref().filter(|_| self.what == Word::Took && self.of.is_none());
                let whose = longest.map(|longest| format!(": {}", plain(&longest.message))).unwrap_or_default();
                format!("{}{whose}", span(nanos))
            }
            (_, Some(0)) => {
                let tables = findings.tables.iter().filter(|table| self.is_of(&table.name));
                let keys: Vec<String> =
                    tables.flat_map(|table| &table.sums).take(6).map(|row| plain(&row.key)).collect();
                if keys.is_empty() { "0".to_owned() } else { format!("0; something is in {}", keys.join(", ")) }
            }
            (_, Some(value)) => value.to_string(),
            (_, None) => "no work was completed".to_owned(),
        }
    }

    /// The figure that stands for it in a text.
    pub(super) fn figure(&self, findings: &Findings) -> String {
        match (self.what.takes(), self.measured(findings)) {
            (Takes::TimeMayOf(_), Some(nanos)) => span(nanos).to_string(),
            (_, Some(value)) => value.to_string(),
            (_, None) => "never".to_owned(),
        }
    }

    fn found(&self, findings: &Findings) -> Ids {
        match self.what {
            Word::Depth => self.queues(findings, |queue| &queue.ready),
            Word::Unacked => self.queues(findings, |queue| &queue.unacked),
            Word::Durable => self.queues(findings, |queue| &queue.durable),
            Word::Rows => self.sum(findings.tables.iter().map(|table| (&table.name, &table.rows))),
            Word::Delivered => self.deeds(findings, |messages| &messages.received),
            Word::Worked => self.deeds(findings, |messages| &messages.done),
            Word::Failed => self.deeds(findings, |messages| &messages.failed),
            Word::Skipped => self.deeds(findings, |messages| &messages.skipped),
            Word::Frames => {
                only(findings.frames.iter().filter(|party| self.is_of(&party.name)).map(|party| party.frames).sum())
            }
            word if word.takes() == Takes::Truth => {
                only(findings.guarantees.iter().filter(|line| line.word == self.what).map(|line| line.broken).sum())
            }
            Word::Ended => only(u32::from(findings.ended.map(|end| end.word()) == self.of.as_deref())),
            Word::Struck => {
                only(findings.faults.iter().filter(|fault| self.is_of(&fault.name)).map(|fault| fault.struck).sum())
            }
            word => {
                let by = findings.words.iter().filter(|found| found.word == word).flat_map(|found| &found.by);
                self.sum(by.map(|At { at, ids }| (at, ids)))
            }
        }
    }

    fn is_of(&self, name: &str) -> bool {
        self.of.as_deref().is_none_or(|of| of == name)
    }

    fn sum<'a>(&self, rows: impl Iterator<Item = (&'a String, &'a Ids)>) -> Ids {
        let mut sum = Ids::default();
        for (_, ids) in rows.filter(|(name, _)| self.is_of(name)) {
            sum.count += ids.count;
            sum.more |= ids.more;
            for id in &ids.ids {
                if !sum.ids.contains(id) {
                    sum.ids.push(id.clone());
                }
            }
        }
        sum
    }

    fn queues(&self, findings: &Findings, of: impl Fn(&super::QueueView) -> &Ids) -> Ids {
        self.sum(findings.queues.iter().map(|queue| (&queue.name, of(queue))))
    }

    fn deeds(&self, findings: &Findings, of: impl Fn(&Deeds) -> &Ids) -> Ids {
        self.sum(findings.consumers.iter().map(|consumer| (&consumer.name, of(&consumer.messages))))
    }

    fn say(&self, found: &Ids, findings: &Findings) -> String {
        match self.what {
            Word::Ended => findings.ended.map_or("not ended", |end| end.word()).to_owned(),
            word if word.takes() == Takes::Truth => {
                let first = findings.guarantees.iter().find(|line| line.word == self.what);
                match first.and_then(|line| line.first.as_ref()) {
                    Some((id, at)) => {
                        let by = if found.count > 1 { "first by" } else { "by" };
                        format!("broken {}, {by} {}, {}", times(found.count), plain(id), counted_at(findings, at))
                    }
                    None => "held".to_owned(),
                }
            }
            _ if found.ids.is_empty() => found.count.to_string(),
            _ => {
                const SHOWN: usize = 6;
                let ids: Vec<String> = found.ids.iter().take(SHOWN).map(|id| plain(id)).collect();
                let dots = if found.more || found.ids.len() > SHOWN { ", …" } else { "" };
                format!("{}: {}{dots}", found.count, ids.join(", "))
            }
        }
    }
}

fn only(count: u32) -> Ids {
    Ids { count, ..Ids::default() }
}

fn times(n: u32) -> String {
    if n == 1 { "once".to_owned() } else { format!("{n} times") }
}

/// A destination, with what it is: a table or a queue. A message that no queue took has none.
pub(super) fn counted_at(findings: &Findings, at: &str) -> String {
    if at == NOWHERE {
        return "routed nowhere".to_owned();
    }
    let table = findings.tables.iter().any(|table| table.name == at);
    let queue = findings.queues.iter().any(|queue| queue.name == at);
    let kind = if table {
        "table "
    } else if queue {
        "queue "
    } else {
        ""
    };
    format!("at {kind}{}", plain(at))
}

/// A name with its control characters made visible.
pub(super) fn plain(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// The same messages in any order, each once. A list that was cut short never matches.
fn same(expected: &[String], found: &Ids) -> bool {
    !found.more && expected.iter().all(|id| found.ids.contains(id)) && found.ids.iter().all(|id| expected.contains(id))
}
