//! Runs side by side: what their verdicts say, where two of them part, and what happened there.
//!
//! Not the alignment of their events, which is given; and not the runs' own pages (`view`).

use super::view::{Settings, Viewed, signs};
use crate::ids::EventId;
use crate::story::{self, Sentence};
use crate::timeline::text::{Line, Page, Style};
use crate::trace::{visible, width_of, wrap};
use crate::units::Clock;
use crate::verdict::{Findings, compared};

/// Rows that are shown of what is different, unless all are asked for.
const ROWS: usize = 16;
/// Rows that are shown of what is still the same, before the first difference.
const BEFORE: usize = 3;
/// A column of the table is not narrower than this.
const NARROWEST: usize = 12;

/// A run and what it is called here.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Its name.
    pub name: &'a str,
    /// The run.
    pub viewed: Viewed<'a>,
}

/// A row of two runs side by side: an event of the first, of the second, or of both where they do the same.
pub type Row = (Option<EventId>, Option<EventId>);

/// What the verdicts say: a column a run, a line for each word that any of them has a case of. Lines that differ have a
/// sign in front.
pub fn verdicts(sides: &[Side<'_>], settings: &Settings) -> Page {
    let mut table = Table { settings, first: 0, columns: Vec::new(), page: Page::default() };
    let lines = lines(sides);
    table.first = lines.iter().map(|line| width_of(&line.0)).max().unwrap_or(0) + 4;
    let room = settings.width.saturating_sub(table.first) / sides.len().max(1);
    let widest = |at: usize| {
        let cells = lines.iter().map(|line| width_of(&line.1[at])).chain([width_of(sides[at].name)]);
        cells.max().unwrap_or(0) + 2
    };
    table.columns = (0..sides.len()).map(|at| widest(at).clamp(NARROWEST, room.max(NARROWEST))).collect();
    let names: Vec<String> = sides.iter().map(|side| visible(side.name)).collect();
    if table.first + NARROWEST * sides.len() > settings.width {
        return listed(&names, &lines, &expected(sides), settings);
    }
    table.line(Style::Name, "", "", &names);
    for (what, cells) in &lines {
        let differs = cells.iter().any(|cell| *cell != cells[0]);
        table.line(Style::Plain, if differs { "≠" } else { "" }, what, cells);
    }
    table.line(Style::Plain, "", "expectations", &expected(sides));
    table.page
}

/// The same where the columns do not fit side by side: below each other.
fn listed(names: &[String], lines: &[(String, Vec<String>)], expected: &[String], settings: &Settings) -> Page {
    let mut page = Page::default();
    let last = ("expectations".to_owned(), expected.to_vec());
    for (what, cells) in lines.iter().chain([&last]) {
        let differs = cells.iter().any(|cell| *cell != cells[0]) && *what != last.0;
        let sign = signs(if differs { "≠" } else { " " }, settings.glyphs);
        page.lines.push(Line::of(Style::Name, format!("{sign} {what}")));
        for (name, cell) in names.iter().zip(cells) {
            let text = signs(&format!("{name}: {cell}"), settings.glyphs);
            let parts = wrap(&text, settings.width.saturating_sub(6));
            let lead = |i: usize| if i == 0 { "    " } else { "      " };
            page.lines.extend(
                parts.into_iter().enumerate().map(|(i, part)| Line::of(Style::Plain, format!("{}{part}", lead(i)))),
            );
        }
    }
    page
}

/// The lines of the table: what, and a cell for each run.
fn lines(sides: &[Side<'_>]) -> Vec<(String, Vec<String>)> {
    let findings: Vec<&Findings> = sides.iter().map(|side| side.viewed.findings).collect();
    let mut lines: Vec<_> = compared(&findings).into_iter().map(|line| (line.what, line.cells)).collect();
    let ends = findings.iter().map(|findings| Clock::of([findings.at]).text(findings.at));
    lines.push(("ends after".to_owned(), ends.collect()));
    lines
}

/// How many of its expectations each run fulfils; the runs may well expect different things.
fn expected(sides: &[Side<'_>]) -> Vec<String> {
    let expected = sides.iter().map(|side| {
        let (all, held) = (side.viewed.checked.len(), side.viewed.checked.iter().filter(|one| one.holds).count());
        match all {
            0 => "nothing".to_owned(),
            _ if held == all => format!("all {all} hold"),
            _ => format!("{} of {all} BROKEN", all - held),
        }
    });
    expected.collect()
}

struct Table<'a> {
    settings: &'a Settings,
    first: usize,
    columns: Vec<usize>,
    page: Page,
}

impl Table<'_> {
    fn line(&mut self, style: Style, sign: &str, what: &str, cells: &[String]) {
        let signs = |text: &str| signs(text, self.settings.glyphs);
        let parts: Vec<Vec<String>> =
            cells.iter().zip(&self.columns).map(|(cell, width)| wrap(&signs(cell), width - 2)).collect();
        let high = parts.iter().map(Vec::len).max().unwrap_or(0).max(1);
        for at in 0..high {
            let (sign, what) = if at == 0 { (signs(sign), what) } else { (String::new(), "") };
            let mut text = pad(&format!("{} {what}", pad(&sign, 1)), self.first);
            for (part, width) in parts.iter().zip(&self.columns) {
                text.push_str(&pad(part.get(at).map_or("", String::as_str), *width));
            }
            self.page.lines.push(Line::of(style, text.trim_end().to_owned()));
        }
    }
}

fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(width_of(text))))
}

/// Where two runs part, and what happened there in each, in sentences. `same` is how many events at the start are the
/// same, and `rows` are all events of both.
pub fn difference(left: &Side<'_>, right: &Side<'_>, same: usize, rows: &[Row], settings: &Settings) -> Page {
    let mut page = Page::default();
    let (a, b) = (left.viewed.log.events().len(), right.viewed.log.events().len());
    let mut say = |style: Style, text: &str| {
        let text = signs(text, settings.glyphs);
        page.lines.extend(wrap(&text, settings.width).into_iter().map(|line| Line::of(style, line)));
    };
    if same == a && same == b {
        say(Style::Name, &format!("{} and {}: the same, step by step.", visible(left.name), visible(right.name)));
        return page;
    }
    let title = match same {
        0 | 1 => format!("they differ from the start; the first difference is step {}.", same + 1),
        _ => format!("the first {same} steps are the same; the first difference is step {}.", same + 1),
    };
    say(Style::Name, &format!("{} and {}: {title}", visible(left.name), visible(right.name)));
    let told = [left, right].map(|side| story::tell(side.viewed.log, &side.viewed.verbs, &side.viewed.rules));
    let shown: Vec<(Option<&Sentence>, Option<&Sentence>)> = rows
        .iter()
        .map(|(l, r)| (l.and_then(|id| sentence(&told[0], id)), r.and_then(|id| sentence(&told[1], id))))
        .filter(|(l, r)| l.is_some() || r.is_some())
        .collect();
    let parts = |row: &(Option<&Sentence>, Option<&Sentence>)| match row {
        (Some(l), Some(r)) => l.text != r.text,
        _ => true,
    };
    let behind = |row: &(Option<&Sentence>, Option<&Sentence>)| {
        let step = |s: &Option<&Sentence>| s.map_or(0, |s| s.event.at());
        step(&row.0).max(step(&row.1)) >= same
    };
    let first = shown.iter().position(|row| behind(row) && parts(row)).unwrap_or(shown.len());
    let from = if settings.full { 0 } else { first.saturating_sub(BEFORE) };
    let columns = Columns::new(&told, settings);
    page.lines.push(columns.head(left.name, right.name));
    let mut left_out = 0;
    let mut given = 0;
    for (at, row) in shown.iter().enumerate().skip(from) {
        let counts = at >= first && parts(row);
        if !settings.full && at >= first && (!counts || given >= ROWS) {
            left_out += usize::from(counts);
            continue;
        }
        given += usize::from(counts);
        page.lines.extend(columns.row(row, parts(row)));
    }
    if left_out > 0 {
        let text = format!("… {left_out} more steps that differ; --full shows every step of both");
        page.lines.push(Line::of(Style::Dim, signs(&text, settings.glyphs)));
    }
    page
}

fn sentence(told: &[Sentence], id: EventId) -> Option<&Sentence> {
    told.binary_search_by_key(&id, |sentence| sentence.event).ok().map(|at| &told[at])
}

/// Two columns of sentences, each with its step and time.
struct Columns<'a> {
    settings: &'a Settings,
    width: usize,
    steps: usize,
    times: usize,
    clock: Clock,
}

impl<'a> Columns<'a> {
    fn new(told: &[Vec<Sentence>; 2], settings: &'a Settings) -> Columns<'a> {
        let all = || told.iter().flatten();
        let clock = Clock::of(all().map(|s| s.time));
        let steps = all().map(|s| s.event.step().to_string().len()).max().unwrap_or(1);
        let times = all().map(|s| clock.text(s.time).len()).max().unwrap_or(1);
        Columns { settings, width: (settings.width.saturating_sub(3)) / 2, steps, times, clock }
    }

    fn head(&self, left: &str, right: &str) -> Line {
        let text = format!("  {}{}", pad(&visible(left), self.width), visible(right));
        Line::of(Style::Name, text)
    }

    fn cell(&self, sentence: Option<&Sentence>) -> Vec<String> {
        let Some(sentence) = sentence else { return Vec::new() };
        let (steps, times) = (self.steps, self.times);
        let head = format!("{:>steps$} {:>times$} ", sentence.event.step(), self.clock.text(sentence.time));
        let room = self.width.saturating_sub(head.len() + 2).max(16);
        let lines = wrap(&signs(&sentence.text, self.settings.glyphs), room).into_iter().enumerate();
        lines.map(|(i, line)| if i == 0 { format!("{head}{line}") } else { " ".repeat(head.len()) + &line }).collect()
    }

    fn row(&self, row: &(Option<&Sentence>, Option<&Sentence>), parts: bool) -> Vec<Line> {
        let (left, right) = (self.cell(row.0), self.cell(row.1));
        let sign = if parts { signs("≠", self.settings.glyphs) } else { " ".to_owned() };
        let style = if parts { Style::Plain } else { Style::Dim };
        let line = |at: usize| {
            let sign = if at == 0 { sign.as_str() } else { " " };
            let cell = |of: &[String]| of.get(at).cloned().unwrap_or_default();
            let text = format!("{sign} {}{}", pad(&cell(&left), self.width), cell(&right));
            Line::of(style, text.trim_end().to_owned())
        };
        (0..left.len().max(right.len())).map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::build::{self, RULES, VERBS};

    #[test]
    fn two_runs_are_shown_side_by_side_from_where_they_part() {
        let (a, b) = (build::plain("shop", "biller", "order-"), build::lost_confirm());
        let findings = Findings::default();
        fn side<'a>(name: &'a str, log: &'a crate::trace::Log, findings: &'a Findings) -> Side<'a> {
            Side { name, viewed: Viewed { log, findings, checked: &[], verbs: VERBS, rules: RULES } }
        }
        let (left, right) = (side("plain", &a, &findings), side("lost", &b, &findings));
        let id = |i: usize, of: &crate::trace::Log| (i < of.events().len()).then_some(EventId(i as u32));
        let rows: Vec<Row> = (0..a.events().len().max(b.events().len())).map(|i| (id(i, &a), id(i, &b))).collect();
        for width in [60, 100] {
            let settings = Settings { width, ..Settings::default() };
            let text =
                difference(&left, &right, 4, &rows, &settings).plain() + &verdicts(&[left, right], &settings).plain();
            assert!(text.lines().all(|line| width_of(line) <= width), "{text}");
            insta::assert_snapshot!(format!("side_by_side_{width}"), text);
        }
        let same = difference(&left, &left, a.events().len(), &[], &Settings::default()).plain();
        assert!(same.contains("the same, step by step"));
    }
}
