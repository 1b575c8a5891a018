//! The views of a run as pages of a given width: what `mqlab run` prints and what golden files hold. One function for
//! both, so that they cannot differ.
//!
//! Not what is drawn and told (`timeline`, `story`, `verdict`), nor the title and the replay line around it (`cli`).

use crate::ids::EventId;
use crate::rules::RuleBook;
use crate::story::{self, Sentence};
use crate::timeline::text::{Glyphs, Line, Page, Style, caption, render};
use crate::timeline::{Options, lay_out};
use crate::trace::{Kind, Log, VerbBook, visible, width_of, wrap};
use crate::verdict::{Account, Checked, Findings, fill, sheet_of_width};
use std::collections::BTreeMap;
use std::ops::Range;

/// Sentences are not wider than this, however wide the page is.
pub const READABLE: usize = 100;
/// As many sentences are told of a long run, two thirds of them from its beginning.
const SENTENCES: usize = 150;
/// Columns under which the text of a verdict stands.
const INDENT: usize = 24;

/// A run that has ended, or a trace of one.
#[derive(Clone, Copy, Debug)]
pub struct Viewed<'a> {
    /// What happened.
    pub log: &'a Log,
    /// What came of it.
    pub findings: &'a Findings,
    /// The expectations, each with its result.
    pub checked: &'a [Checked],
    /// The words of the log.
    pub verbs: VerbBook,
    /// The rules that it names.
    pub rules: RuleBook,
}

/// How a page is to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Columns, at least 40.
    pub width: usize,
    /// The characters to draw with.
    pub glyphs: Glyphs,
    /// Leave nothing out in the middle of a long run.
    pub full: bool,
    /// With every sentence of the story the rule behind it.
    pub why: bool,
}

impl Default for Settings {
    /// What the program does where nothing is asked for and there is no terminal; golden files are made so.
    fn default() -> Self {
        Settings { width: 100, glyphs: Glyphs::Unicode, full: false, why: false }
    }
}

/// The lanes with what went between them.
pub fn timeline(viewed: &Viewed<'_>, settings: &Settings) -> Page {
    let captions = captions(viewed).into_iter().map(|(event, text)| (event, signs(&text, settings.glyphs))).collect();
    let mut options = Options { captions, ..Options::default() };
    if settings.full {
        options.max_rows = None;
    }
    let timeline = lay_out(viewed.log, &viewed.verbs, &viewed.rules, &options);
    let mut page = render(&timeline, settings.width, settings.glyphs);
    let unseen = match timeline.unseen {
        0 => return page,
        1 => "1 step has no row of its own (its neighbours say it already, or it is a timer or a sign of life)"
            .to_owned(),
        n => format!(
            "{n} steps have no rows of their own (their neighbours say them already, or they are timers or signs of life)"
        ),
    };
    let text = format!("{unseen}; --view events shows every step");
    page.lines.extend(paragraph(Style::Dim, &text, settings.width));
    page
}

/// What the lesson says in this run, each with the event at which it says it. A moment that does not come is silent.
pub fn captions(viewed: &Viewed<'_>) -> Vec<(EventId, String)> {
    let found = viewed.log.header.lesson.captions.iter().filter_map(|caption| {
        let event = caption.at.find(viewed.log, &viewed.verbs)?;
        Some((event, visible(&fill(&caption.says, viewed.findings))))
    });
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|(event, _)| *event);
    found
}

/// What the lesson proposes to try next.
pub fn next(viewed: &Viewed<'_>, settings: &Settings) -> Page {
    let mut page = Page::default();
    let header = &viewed.log.header;
    let next: Vec<&String> =
        header.lesson.next.iter().filter(|text| !leads_here(text, header.variant.as_deref())).collect();
    if next.is_empty() {
        return page;
    }
    page.lines.push(Line::of(Style::Name, "Try next".to_owned()));
    for text in next {
        let text = signs(&visible(&fill(text, viewed.findings)), settings.glyphs);
        let parts = wrap(&text, settings.width.min(READABLE).saturating_sub(4));
        let lead = |i: usize| if i == 0 { "  - " } else { "    " };
        page.lines.extend(
            parts.into_iter().enumerate().map(|(i, part)| Line::of(Style::Plain, format!("{}{part}", lead(i)))),
        );
    }
    page
}

/// Whether a text proposes nothing but the variant that is shown already.
fn leads_here(text: &str, variant: Option<&str>) -> bool {
    let Some(variant) = variant else { return false };
    let mut named = text.split('`').skip(1).step_by(2).peekable();
    named.peek().is_some() && named.all(|name| name == variant)
}

/// One sentence a step; of a long run the beginning, the turns and the end.
pub fn story(viewed: &Viewed<'_>, settings: &Settings) -> Page {
    let told = story::tell(viewed.log, &viewed.verbs, &viewed.rules);
    let mut said: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for (event, text) in captions(viewed) {
        let at = told.partition_point(|sentence| sentence.event <= event).saturating_sub(1);
        said.entry(at).or_default().push(text);
    }
    let telling = Telling { told: &told, said: &said, settings };
    let mut page = Page::default();
    if settings.full || told.len() <= SENTENCES {
        page.lines = telling.lines(0..told.len());
        return page;
    }
    let (head, tail) = (SENTENCES * 2 / 3, told.len() - SENTENCES / 3);
    page.lines = telling.lines(0..head);
    let mut from = head;
    for at in head..=tail {
        if at < tail && !is_turn(viewed.log, &told[at]) && !said.contains_key(&at) {
            continue;
        }
        if at > from {
            let (first, last) = (told[from].event.step(), told[at].event.step() - 1);
            let text = format!("… steps {first} to {last} left out; --full tells them");
            page.lines.push(Line::of(Style::Dim, signs(&text, settings.glyphs)));
        }
        if at < tail {
            page.lines.extend(telling.lines(at..at + 1));
        }
        from = at + 1;
    }
    page.lines.extend(telling.lines(tail..told.len()));
    page
}

/// A story, and what the lesson says behind which of its sentences.
struct Telling<'a> {
    told: &'a [Sentence],
    said: &'a BTreeMap<usize, Vec<String>>,
    settings: &'a Settings,
}

impl Telling<'_> {
    /// Some of the sentences, in the columns that all of them need.
    fn lines(&self, part: Range<usize>) -> Vec<Line> {
        let Telling { told, said, settings } = *self;
        let width = settings.width.min(READABLE);
        let mut lines = Vec::new();
        for at in part {
            let text = story::render_part(&told[at..=at], told, width, settings.why);
            lines.extend(text.lines().map(|line| Line::of(Style::Plain, signs(line, settings.glyphs))));
            for text in said.get(&at).into_iter().flatten() {
                lines.extend(caption(&signs(text, settings.glyphs), None, width, settings.glyphs));
            }
        }
        lines
    }
}

/// Whether a sentence tells of what turns a run: a fault, the end or return of a process, a lost frame.
fn is_turn(log: &Log, sentence: &Sentence) -> bool {
    let kind = log.event(sentence.event).map(|event| event.kind);
    matches!(kind, Some(Kind::Fault(_) | Kind::Over(_) | Kind::Process(_) | Kind::Lost(_)))
}

/// What became of each message.
pub fn ledger(viewed: &Viewed<'_>, settings: &Settings) -> Page {
    super::reasons::ledger(viewed, &accounts(viewed), settings)
}

/// The accounts of all messages of a run.
pub fn accounts(viewed: &Viewed<'_>) -> Vec<Account> {
    crate::verdict::ledger(viewed.log, &viewed.verbs, viewed.findings)
}

/// What each party believes, holds and did, what that comes to, and whether it was expected.
pub fn verdict(viewed: &Viewed<'_>, settings: &Settings) -> Page {
    let width = settings.width.min(READABLE);
    let text = signs(&sheet_of_width(viewed.findings, viewed.checked, width), settings.glyphs);
    let mut page = Page::default();
    for line in text.lines() {
        let style = style_of(line);
        page.lines.extend(fold(line, width).into_iter().map(|part| Line::of(style, part)));
    }
    page
}

/// The signs of a text that was made for Unicode, in the characters that are asked for.
pub fn signs(text: &str, glyphs: Glyphs) -> String {
    if glyphs == Glyphs::Unicode {
        return text.to_owned();
    }
    let signs = [("✓", "ok"), ("✗", "X"), ("…", ".."), ("–", "-"), ("—", "-"), ("→", "->"), ("≠", "!="), ("↑", "^")];
    signs.iter().fold(text.to_owned(), |text, (sign, plain)| text.replace(sign, plain))
}

/// A text in lines of at most `width` columns, and never wider than one can read.
pub fn paragraph(style: Style, text: &str, width: usize) -> impl Iterator<Item = Line> {
    wrap(text, width.min(READABLE)).into_iter().map(move |line| Line::of(style, line))
}

/// Headings stand at the margin; what is broken has its sign and its word.
fn style_of(line: &str) -> Style {
    let text = line.trim_start();
    if text.starts_with(['✗', 'X']) || line.contains("BROKEN") || line.contains("NEVER CAME ABOUT") {
        Style::Bad
    } else if text.starts_with('✓') || text.starts_with("ok ") {
        Style::Good
    } else if !line.starts_with(' ') && !line.ends_with('.') {
        Style::Name
    } else {
        Style::Plain
    }
}

/// A line of the verdict that is wider than the page, broken under its text.
fn fold(line: &str, width: usize) -> Vec<String> {
    if width_of(line) <= width {
        return vec![line.to_owned()];
    }
    let text = line.trim_start();
    let lead = line.len() - text.len();
    let hang = match lead {
        0 => 2,
        lead if lead < INDENT && width >= 2 * INDENT => INDENT,
        lead => lead,
    };
    let parts = wrap(text, width - hang);
    let indented = |(i, part): (usize, String)| format!("{}{part}", " ".repeat(if i == 0 { lead } else { hang }));
    parts.into_iter().enumerate().map(indented).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::build::{self, RULES, VERBS};

    #[test]
    fn long_lines_are_folded_under_their_text() {
        let line = format!("  confirmed           {}", "order-1, ".repeat(8));
        let parts = fold(line.trim_end(), 50);
        assert!(parts.len() > 1 && parts.iter().all(|part| width_of(part) <= 50));
        assert!(parts[1].starts_with(&" ".repeat(INDENT)));
        assert_eq!(fold("short", 50), ["short"]);
    }

    #[test]
    fn what_is_broken_is_said_in_words_and_not_by_colour_alone() {
        assert_eq!(style_of("  ✗ lost(0)   BROKEN: found 1"), Style::Bad);
        assert_eq!(style_of("  ✓ lost(0)   held"), Style::Good);
        assert_eq!(style_of("Guarantees"), Style::Name);
    }

    #[test]
    fn nobody_is_sent_to_the_variant_that_is_shown() {
        let text = "Look at the variant `cured`.";
        assert!(leads_here(text, Some("cured")) && !leads_here(text, Some("other")) && !leads_here(text, None));
        assert!(!leads_here("Compare `cured` and `other`.", Some("cured")) && !leads_here("Why?", Some("cured")));
    }

    #[test]
    fn every_view_keeps_to_its_width_and_to_ascii_where_asked() {
        let (log, findings) = (build::lost_confirm(), Findings::default());
        let viewed = Viewed { log: &log, findings: &findings, checked: &[], verbs: VERBS, rules: RULES };
        for width in [40, 60, 80, 100, 200] {
            let settings = Settings { width, glyphs: Glyphs::Ascii, why: true, ..Settings::default() };
            for page in [timeline(&viewed, &settings), story(&viewed, &settings), verdict(&viewed, &settings)] {
                let text = page.plain();
                assert!(text.is_ascii() && text.lines().all(|line| width_of(line) <= width), "{width}: {text}");
            }
        }
    }
}
