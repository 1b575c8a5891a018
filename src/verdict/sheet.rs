//! The verdict as plain text for people: what each party believes, holds and did, what that comes to, and whether it
//! is what the scenario expected.
//!
//! Not the JSON (that is the findings themselves) and no colours.

use super::check::{counted_at, plain};
use super::destinations::NOWHERE;
use super::{Checked, Findings, Guarantee, Ids, Of, Takes, Word};
use crate::units::Time;
use unicode_width::UnicodeWidthStr;

/// Columns a line may take if nothing else is said.
const WIDTH: usize = 100;
/// Columns of the first column of a block.
const LABEL: usize = 24;

/// The whole verdict. Ends with a newline; lines are at most 100 columns wide unless a single name is longer.
pub fn sheet(findings: &Findings, checked: &[Checked]) -> String {
    sheet_of_width(findings, checked, WIDTH)
}

/// As [`sheet`], with rows of at most `width` columns (at least 40). Expectations are never broken.
pub fn sheet_of_width(findings: &Findings, checked: &[Checked], width: usize) -> String {
    let mut out = Sheet { text: String::new(), width: width.max(40) };
    out.producers(findings);
    out.queues(findings);
    out.consumers(findings);
    out.tables(findings);
    out.words(findings);
    out.guarantees(findings);
    out.faults(findings);
    out.expectations(checked);
    out.ending(findings);
    out.text
}

struct Sheet {
    text: String,
    width: usize,
}

impl Sheet {
    fn heading(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// A row: a label, and a text that is broken between words under itself.
    fn row(&mut self, label: &str, text: &str) {
        self.text.push_str("  ");
        self.text.push_str(label);
        if text.is_empty() {
            self.text.push('\n');
            return;
        }
        let mut column = 2 + label.width();
        if column >= LABEL {
            self.text.push_str("  ");
            column += 2;
        }
        self.pad(LABEL.saturating_sub(column));
        column = column.max(LABEL);
        let mut first = true;
        for word in text.split(' ') {
            if !first && column + 1 + word.width() > self.width {
                self.text.push('\n');
                self.pad(LABEL);
                column = LABEL;
                first = true;
            }
            if !first {
                self.text.push(' ');
                column += 1;
            }
            self.text.push_str(word);
            column += word.width();
            first = false;
        }
        self.text.push('\n');
    }

    fn pad(&mut self, columns: usize) {
        self.text.extend(std::iter::repeat_n(' ', columns));
    }

    fn producers(&mut self, findings: &Findings) {
        if findings.producers.is_empty() {
            return;
        }
        self.heading("What the producers believe");
        for view in &findings.producers {
            let planned = match view.planned {
                Some(planned) if planned > view.published => {
                    format!("{} of {}", view.published, number(planned, "message", "messages"))
                }
                _ => number(view.published, "message", "messages"),
            };
            let attempts = match view.attempts {
                n if n > view.published => format!(" in {}", number(n, "attempt", "attempts")),
                _ => String::new(),
            };
            let passed_on = match view.passed_on {
                0 => String::new(),
                n => format!("published {} under the id that another had given", number(n, "message", "messages")),
            };
            let own = match view.published == 0 && view.planned.is_none() && view.passed_on > 0 {
                true => String::new(),
                false => format!("published {planned}{attempts}"),
            };
            let both = if own.is_empty() || passed_on.is_empty() { "" } else { ", " };
            let text = format!("{own}{both}{passed_on}{}", left(view.left));
            self.row(&plain(&view.name), &text);
            for (label, ids) in [
                ("sent", &view.sent),
                (if view.answers { "answered" } else { "confirmed" }, &view.confirmed),
                ("refused", &view.refused),
                ("unknown", &view.unknown),
                ("gave up", &view.gave_up),
            ] {
                self.ids(label, ids);
            }
        }
    }

    /// A row for messages, if there are any.
    fn ids(&mut self, label: &str, ids: &Ids) {
        if ids.count > 0 {
            self.row(&format!("  {label}"), &list(ids));
        }
    }

    fn queues(&mut self, findings: &Findings) {
        if findings.queues.is_empty() {
            return;
        }
        self.heading("What is in the queues");
        for view in &findings.queues {
            let held = [&view.ready, &view.unacked, &view.page_cache, &view.durable];
            if held.iter().all(|ids| ids.count == 0) {
                self.row(&plain(&view.name), "empty");
                continue;
            }
            let ready = if view.ready.count + view.unacked.count == 0 { "nothing to deliver" } else { "" };
            self.row(&plain(&view.name), ready);
            self.ids("ready", &view.ready);
            self.ids("unacknowledged", &view.unacked);
            self.ids("in page cache", &view.page_cache);
            self.ids("on disk, synced", &view.durable);
        }
    }

    fn consumers(&mut self, findings: &Findings) {
        if findings.consumers.is_empty() {
            return;
        }
        self.heading("What the consumers did");
        for view in &findings.consumers {
            let mut parts = vec![number(view.received, "delivery", "deliveries"), format!("{} worked on", view.done)];
            if view.failed > 0 {
                parts.push(format!("{} failed", view.failed));
            }
            if view.skipped > 0 {
                parts.push(format!("{} known already and skipped", view.skipped));
            }
            if view.thrown_away > 0 {
                parts.push(number(view.thrown_away, "answer thrown away", "answers thrown away"));
            }
            self.row(&plain(&view.name), &(parts.join(", ") + &left(view.left)));
            if let Some(at) = &view.counted_at {
                let at = counted_at(findings, at);
                self.row("", &format!("its work counts {at}, together with that of its queue's other consumers"));
            }
            self.ids("waiting", &view.waiting);
        }
    }

    fn tables(&mut self, findings: &Findings) {
        if findings.tables.is_empty() {
            return;
        }
        self.heading("What is in the tables");
        for view in &findings.tables {
            let rows = number(view.rows.count, "row", "rows");
            let of = match (view.rows.count as usize, view.rows.ids.len()) {
                (0, _) => String::new(),
                _ if view.rows.more => String::new(),
                (_, messages) => format!(" for {}", number(messages as u32, "message", "messages")),
            };
            self.row(&plain(&view.name), &format!("{rows}{of}"));
        }
    }

    fn words(&mut self, findings: &Findings) {
        self.heading("What that comes to");
        for found in findings.words.iter().filter(|found| is_outcome(found.word)) {
            let name = found.word.label();
            self.row(&format!("{name} {}", found.count), found.word.definition());
            for at in &found.by {
                let once = at.ids.count as usize == at.ids.ids.len() || at.ids.more;
                let times = if once { String::new() } else { format!(" ({} cases)", at.ids.count) };
                self.row("", &format!("{}: {}{times}", placed(findings, found.word, &at.at), names(&at.ids)));
            }
        }
        let none: Vec<String> = Word::ALL
            .iter()
            .filter(|word| is_outcome(**word) && findings.count(**word) == 0)
            .map(|word| word.label())
            .collect();
        if !none.is_empty() {
            self.row("no message was", &none.join(", "));
        }
    }

    fn guarantees(&mut self, findings: &Findings) {
        if findings.guarantees.is_empty() {
            return;
        }
        self.heading("Guarantees");
        for line in &findings.guarantees {
            let stuck = if line.word.promises_completion() { findings.count(Word::Stuck) } else { 0 };
            let text = match &line.first {
                None if stuck > 0 => format!("open: {stuck} stuck"),
                None => "held".to_owned(),
                Some((id, at)) => {
                    let more = if line.broken > 1 { format!(", {} in all", cases(line)) } else { String::new() };
                    format!("BROKEN by {}, {}{more}", plain(id), counted_at(findings, at))
                }
            };
            self.row(&line.word.label(), &text);
        }
    }

    fn faults(&mut self, findings: &Findings) {
        if findings.faults.is_empty() {
            return;
        }
        self.heading("Faults");
        for fault in &findings.faults {
            let text = match fault.struck {
                0 if fault.by_chance => "was not drawn: chance decides whether it strikes".to_owned(),
                0 => "NEVER CAME ABOUT: the run does not test what the scenario says".to_owned(),
                1 => "struck once".to_owned(),
                n => format!("struck {n} times"),
            };
            self.row(&plain(&fault.name), &text);
        }
    }

    fn expectations(&mut self, checked: &[Checked]) {
        if checked.is_empty() {
            return;
        }
        self.heading(&result_of(checked));
        for one in checked {
            let (sign, word) = if one.holds { ('✓', "held") } else { ('✗', "BROKEN") };
            let expectation = plain(&one.expectation);
            let text = if one.holds { word.to_owned() } else { format!("{word}: found {}", plain(&one.found)) };
            // The outcome stands in one column where the expectations are short.
            let pad = 40usize.saturating_sub(expectation.width());
            let line = format!("  {sign} {expectation}{}  {text}\n", " ".repeat(pad));
            self.text.push_str(&line);
        }
    }

    fn ending(&mut self, findings: &Findings) {
        let Some(outcome) = findings.ended else { return };
        let why = if outcome.is_limit() { "; the verdict is of a run cut short" } else { "" };
        let at = findings.at.since(Time::ZERO).brief();
        self.text.push_str(&format!("\nThe run ended at {at}: {}{why}.\n", ending_text(outcome)));
    }
}

/// How many expectations hold, as a heading.
pub fn result_of(checked: &[Checked]) -> String {
    let broken = checked.iter().filter(|one| !one.holds).count();
    match (broken, checked.len()) {
        (0, 1) => "Expectations: there is one, and it holds".to_owned(),
        (0, n) => format!("Expectations: all {n} hold"),
        (1, 1) => "Expectations: there is one, and it does not hold".to_owned(),
        (1, n) => format!("Expectations: 1 of {n} does not hold"),
        (broken, n) => format!("Expectations: {broken} of {n} do not hold"),
    }
}

/// The words that are an outcome of messages, and not a number of a queue, consumer or table.
fn is_outcome(word: Word) -> bool {
    let believed = matches!(word, Word::Sent | Word::Confirmed | Word::Refused | Word::Unknown);
    matches!(word.takes(), Takes::CountMayOf(_)) && !believed
}

/// The place of a word's cases, with what leads it in.
fn placed(findings: &Findings, word: Word, at: &str) -> String {
    match word.takes() {
        Takes::CountMayOf(Of::Producer) => format!("to {}", plain(at)),
        Takes::CountMayOf(Of::Queue) if at != NOWHERE => format!("from queue {}", plain(at)),
        _ => counted_at(findings, at),
    }
}

fn ending_text(outcome: crate::trace::Outcome) -> &'static str {
    use crate::trace::Outcome;
    match outcome {
        Outcome::Quiescent => "nothing was left that could change the outcome",
        Outcome::InVain => {
            "clients would go on trying to connect for ever: nothing left can bring back what they wait for"
        }
        Outcome::Until => "the scenario's `until` was reached",
        Outcome::EventLimit => {
            "the limit on events was hit (arrivals, timers, disk operations; each may make several of the steps that are \
             told); `limits: (events: …)` in the scenario moves it"
        }
        Outcome::TimeLimit => "the limit on simulated time was hit; `limits: (time: …)` in the scenario moves it",
        Outcome::MessageLimit => "the limit on messages was hit; `limits: (messages: …)` in the scenario moves it",
        Outcome::MemoryLimit => "the limit on memory was hit",
    }
}

/// When a client gave up connecting, if it did.
fn left(at: Option<Time>) -> String {
    at.map(|at| format!("; gave up at {}", at.since(Time::ZERO).brief())).unwrap_or_default()
}

fn cases(line: &Guarantee) -> String {
    number(line.broken, "case", "cases")
}

fn number(n: u32, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn list(ids: &Ids) -> String {
    format!("{}: {}", ids.count, names(ids))
}

/// The names, neighbours of one series as a range, at most twelve items.
fn names(ids: &Ids) -> String {
    const SHOWN: usize = 12;
    let through = ids.through.as_deref();
    let runs = runs(&ids.ids, through);
    let shown: Vec<&str> = runs.iter().take(SHOWN).map(String::as_str).collect();
    let dots = if (ids.more && through.is_none()) || runs.len() > SHOWN { ", …" } else { "" };
    format!("{}{dots}", shown.join(", "))
}

/// `order-1, order-2, order-3` as `order-1 to order-3`; the last of them goes on to `through`.
fn runs(ids: &[String], through: Option<&str>) -> Vec<String> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < ids.len() {
        let mut end = at;
        while end + 1 < ids.len() && follows(&ids[end], &ids[end + 1]) {
            end += 1;
        }
        if let Some(through) = through.filter(|_| end + 1 == ids.len()) {
            out.push(format!("{} to {}", plain(&ids[at]), plain(through)));
        } else if end - at >= 2 {
            out.push(format!("{} to {}", plain(&ids[at]), plain(&ids[end])));
        } else {
            out.extend(ids[at..=end].iter().map(|id| plain(id)));
        }
        at = end + 1;
    }
    out
}

/// Whether two ids are neighbours of one series.
fn follows(one: &str, next: &str) -> bool {
    let cut = |text: &str| {
        let digits = text.len() - text.bytes().rev().take_while(u8::is_ascii_digit).count();
        (digits, text[digits..].parse::<u64>().ok())
    };
    let ((a, m), (b, n)) = (cut(one), cut(next));
    one[..a] == next[..b] && m.is_some() && m.and_then(|m| m.checked_add(1)) == n
}
