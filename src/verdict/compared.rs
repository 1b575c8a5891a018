//! What several verdicts say, line by line and side by side: for tables of runs, and for what is different between two.
//!
//! Not the alignment of their events, and not how a table is drawn.

use super::check::plain;
use super::{ConsumerView, Findings, Ids, QueueView, TableView, Takes, Word};
use crate::units::{Span, Time};

/// A line: what it is about, and what each verdict says of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compared {
    /// A word of the verdict, `rows in invoices`, `delivered to biller`.
    pub what: String,
    /// A cell for each verdict.
    pub cells: Vec<String>,
}

impl Compared {
    /// Whether the verdicts do not all say the same.
    pub fn differs(&self) -> bool {
        self.cells.iter().any(|cell| *cell != self.cells[0])
    }
}

/// What a run does not have.
const NONE: &str = "-";
/// So many messages are named in a cell.
const NAMED: usize = 3;

/// The lines in the order in which a verdict is read: words, tables, queues, consumers, times, guarantees. What has no case
/// in any of them is left out.
pub fn compared(all: &[&Findings]) -> Vec<Compared> {
    let mut table = Table { all, lines: Vec::new() };
    for word in Word::ALL.iter().filter(|word| matches!(word.takes(), Takes::CountMayOf(_))) {
        table.some(word.label(), |findings| (findings.count(*word) > 0).then(|| findings.cases(*word)));
    }
    table.tables();
    table.queues();
    table.consumers();
    table.measures();
    for word in Word::ALL.iter().filter(|word| word.takes() == Takes::Truth) {
        let cells = all.iter().map(|findings| findings.standing(*word)).collect();
        table.lines.push(Compared { what: word.label(), cells });
    }
    table.lines
}

struct Table<'a> {
    all: &'a [&'a Findings],
    lines: Vec<Compared>,
}

impl<'a> Table<'a> {
    /// A line, if any verdict has something to say.
    fn some(&mut self, what: String, cell: impl Fn(&Findings) -> Option<String>) {
        let cells: Vec<Option<String>> = self.all.iter().map(|findings| cell(findings)).collect();
        if cells.iter().any(Option::is_some) {
            let cells = cells.into_iter().map(|cell| cell.unwrap_or_else(|| "0".to_owned())).collect();
            self.lines.push(Compared { what, cells });
        }
    }

    /// A line of messages, with those that not every run has; [`NONE`] where a run does not have the place at all.
    fn messages(&mut self, what: String, of: impl Fn(&'a Findings) -> Option<&'a Ids>) {
        let all: Vec<Option<&Ids>> = self.all.iter().map(|findings| of(findings)).collect();
        let cell = |mine: &Option<&Ids>| {
            let Some(ids) = mine else { return NONE.to_owned() };
            let others: Vec<&Ids> = all.iter().copied().flatten().collect();
            // A list that was cut short does not tell who is missing from it.
            let whole = others.iter().all(|other| !other.more);
            let own = ids.ids.iter().filter(|id| whole && others.iter().any(|other| !other.ids.contains(id)));
            let own: Vec<String> = own.map(|id| plain(id)).collect();
            match own.len() {
                0 => ids.count.to_string(),
                n if n > NAMED => format!("{} ({}, …)", ids.count, own[..NAMED].join(", ")),
                _ if own.len() == ids.ids.len() => format!("{} ({})", ids.count, own.join(", ")),
                _ => format!("{} (also {})", ids.count, own.join(", ")),
            }
        };
        self.lines.push(Compared { what, cells: all.iter().map(cell).collect() });
    }

    fn names(&self, of: impl Fn(&'a Findings) -> Vec<&'a str>) -> Vec<&'a str> {
        let mut unique = Vec::new();
        for name in self.all.iter().flat_map(|findings| of(findings)) {
            if !unique.contains(&name) {
                unique.push(name);
            }
        }
        unique
    }

    fn tables(&mut self) {
        fn table<'a>(findings: &'a Findings, name: &str) -> Option<&'a TableView> {
            findings.tables.iter().find(|table| table.name == name)
        }
        for name in self.names(|findings| findings.tables.iter().map(|table| table.name.as_str()).collect()) {
            self.messages(format!("rows in {}", plain(name)), |findings| {
                table(findings, name).map(|table| &table.rows)
            });
            let keys = self.names(|findings| {
                table(findings, name).into_iter().flat_map(|t| &t.sums).map(|row| row.key.as_str()).collect()
            });
            for key in keys.into_iter().take(20) {
                self.some(format!("{} in {}", plain(key), plain(name)), |findings| {
                    let row = table(findings, name)?.sums.iter().find(|row| row.key == key)?;
                    Some(row.value.to_string())
                });
            }
        }
    }

    fn queues(&mut self) {
        fn queue<'a>(findings: &'a Findings, name: &str) -> Option<&'a QueueView> {
            findings.queues.iter().find(|queue| queue.name == name)
        }
        for name in self.names(|findings| findings.queues.iter().map(|queue| queue.name.as_str()).collect()) {
            self.messages(format!("ready in {}", plain(name)), |findings| queue(findings, name).map(|q| &q.ready));
            if self.all.iter().any(|findings| queue(findings, name).is_some_and(|q| q.unacked.count > 0)) {
                self.messages(format!("unacked in {}", plain(name)), |findings| {
                    queue(findings, name).map(|q| &q.unacked)
                });
            }
        }
    }

    fn consumers(&mut self) {
        fn consumer<'a>(findings: &'a Findings, name: &str) -> Option<&'a ConsumerView> {
            findings.consumers.iter().find(|consumer| consumer.name == name)
        }
        for name in self.names(|findings| findings.consumers.iter().map(|one| one.name.as_str()).collect()) {
            self.messages(format!("delivered to {}", plain(name)), |findings| {
                consumer(findings, name).map(|one| &one.messages.received)
            });
            self.messages(format!("worked by {}", plain(name)), |findings| {
                consumer(findings, name).map(|one| &one.messages.done)
            });
            if self.all.iter().any(|findings| consumer(findings, name).is_some_and(|one| one.failed > 0)) {
                self.messages(format!("failed by {}", plain(name)), |findings| {
                    consumer(findings, name).map(|one| &one.messages.failed)
                });
            }
        }
    }

    fn measures(&mut self) {
        let frames = |findings: &Findings| findings.frames.iter().map(|party| party.frames).sum::<u32>() / 2;
        // Each counts for both of its ends.
        self.some("frames".to_owned(), |findings| Some(frames(findings)).filter(|n| *n > 0).map(|n| n.to_string()));
        let took = |findings: &Findings| findings.times.longest.as_ref().map(|longest| longest.took);
        self.span("longest took", took);
        self.span("last work after", |findings| {
            let last = findings.consumers.iter().filter_map(|consumer| consumer.finished).max();
            last.map(|at| at.since(Time::ZERO))
        });
    }

    fn span(&mut self, what: &str, of: impl Fn(&Findings) -> Option<Span>) {
        let spans: Vec<Option<Span>> = self.all.iter().map(|findings| of(findings)).collect();
        if spans.iter().any(Option::is_some) {
            let cell = |span: Option<Span>| span.map_or_else(|| NONE.to_owned(), |span| span.brief().to_string());
            self.lines.push(Compared { what: what.to_owned(), cells: spans.into_iter().map(cell).collect() });
        }
    }
}
