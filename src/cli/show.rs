//! A run or a recorded trace as text: title, the views that were asked for, warnings, and how to have it again.
//!
//! What is shown is made elsewhere (`timeline`, `story`, `verdict`, `export`); here it is put on a page.

use super::args::View;
use super::failure::Failure;
use super::output::{Look, Output};
use crate::export::events;
use crate::story;
use crate::timeline::text::{Style, render};
use crate::timeline::{Options, lay_out};
use crate::trace::{Kind, Log, visible, width_of, wrap};
use crate::verdict::{Checked, Findings, sheet_of_width};
use crate::world::{RULES, VERBS};

/// As many sentences are told of a long run, two thirds of them from its beginning.
const SENTENCES: usize = 150;
/// Sentences are not wider than this, however wide the terminal is.
const READABLE: usize = 100;
/// Columns under which the text of a verdict stands.
const INDENT: usize = 22;

/// What there is to show.
pub(super) struct Shown<'a> {
    pub(super) log: &'a Log,
    pub(super) findings: &'a Findings,
    pub(super) checked: &'a [Checked],
    /// Whatever makes the run less than it seems, in sentences.
    pub(super) warnings: &'a [String],
    /// The command line that brings it back.
    pub(super) replay: Option<&'a str>,
}

/// How it is to be shown.
pub(super) struct How<'a> {
    /// In this order.
    pub(super) views: &'a [View],
    pub(super) full: bool,
    pub(super) why: bool,
}

pub(super) fn show(shown: &Shown<'_>, how: &How<'_>, out: &mut Output) -> Result<(), Failure> {
    title(shown.log, out)?;
    for view in how.views {
        out.line("")?;
        match view {
            View::Timeline => timeline(shown.log, how.full, out)?,
            View::Story => tell(shown.log, how, out)?,
            View::Verdict => {
                verdict(&sheet_of_width(shown.findings, shown.checked, out.look.width.min(READABLE)), out)?
            }
            View::Events => events::lines(shown.log, VERBS, RULES).try_for_each(|line| out.line(&line))?,
        }
    }
    if !how.views.contains(&View::Verdict) {
        expectations(shown.checked, out)?;
    }
    footer(shown, out)
}

fn title(log: &Log, out: &mut Output) -> Result<(), Failure> {
    let header = &log.header;
    let title = match &header.variant {
        Some(variant) => format!("{} (variant {})", visible(&header.title), visible(variant)),
        None => visible(&header.title),
    };
    paragraph(Style::Name, &title, out)?;
    if header.about.is_empty() { Ok(()) } else { paragraph(Style::Plain, &visible(&header.about), out) }
}

fn paragraph(style: Style, text: &str, out: &mut Output) -> Result<(), Failure> {
    wrap(text, out.look.width.min(READABLE)).iter().try_for_each(|line| out.styled(style, line))
}

fn timeline(log: &Log, full: bool, out: &mut Output) -> Result<(), Failure> {
    let mut options = Options::default();
    if full {
        options.max_rows = None;
    }
    let timeline = lay_out(log, &VERBS, &RULES, &options);
    out.page(&render(&timeline, out.look.width, out.look.glyphs))?;
    let steps = match timeline.unseen {
        0 => return Ok(()),
        1 => "1 step has no row of its own (a sign of life, or a timer that changed nothing)".to_owned(),
        n => format!("{n} steps have no rows of their own (signs of life, timers that changed nothing)"),
    };
    paragraph(Style::Dim, &format!("{steps}; --view events shows every step"), out)
}

fn tell(log: &Log, how: &How<'_>, out: &mut Output) -> Result<(), Failure> {
    let told = story::tell(log, &VERBS, &RULES);
    let look = out.look;
    let text = |part: &[story::Sentence]| look.signs(&story::render(part, look.width, how.why));
    if how.full || told.len() <= SENTENCES {
        return out.text(&text(&told));
    }
    let (head, tail) = (SENTENCES * 2 / 3, told.len() - SENTENCES / 3);
    out.text(&text(&told[..head]))?;
    let dots = look.signs("…");
    let mut from = head;
    for at in head..=tail {
        let kept = at == tail || is_turn(log, &told[at]);
        if !kept {
            continue;
        }
        if at > from {
            let (first, last) = (told[from].event.step(), told[at].event.step() - 1);
            out.styled(Style::Dim, &format!("{dots} steps {first} to {last} left out; --full tells them"))?;
        }
        if at < tail {
            out.text(&text(&told[at..=at]))?;
        }
        from = at + 1;
    }
    out.text(&text(&told[tail..]))
}

/// Whether a sentence tells of what turns a run: a fault, the end or return of a process, a lost frame.
fn is_turn(log: &Log, sentence: &story::Sentence) -> bool {
    let kind = log.event(sentence.event).map(|event| event.kind);
    matches!(kind, Some(Kind::Fault(_) | Kind::Process(_) | Kind::Lost(_)))
}

/// The verdict's lines, folded where the page is narrower than they are.
fn verdict(text: &str, out: &mut Output) -> Result<(), Failure> {
    let text = out.look.signs(text);
    for line in text.lines() {
        let style = style_of(line);
        for part in fold(line, out.look) {
            out.styled(style, &part)?;
        }
    }
    Ok(())
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

fn fold(line: &str, look: Look) -> Vec<String> {
    if width_of(line) <= look.width {
        return vec![line.to_owned()];
    }
    let text = line.trim_start();
    let lead = line.len() - text.len();
    let hang = match lead {
        0 => 2,
        lead if lead < INDENT && look.width >= 2 * INDENT => INDENT,
        lead => lead,
    };
    let parts = wrap(text, look.width - hang);
    let indented = |(i, part): (usize, String)| format!("{}{part}", " ".repeat(if i == 0 { lead } else { hang }));
    parts.into_iter().enumerate().map(indented).collect()
}

/// The expectations where no verdict shows them.
fn expectations(checked: &[Checked], out: &mut Output) -> Result<(), Failure> {
    if checked.is_empty() {
        return Ok(());
    }
    out.line("")?;
    let broken = checked.iter().filter(|one| !one.holds).count();
    let heading = match broken {
        0 => format!("Expectations: all {} hold", checked.len()),
        n => format!("Expectations: {n} of {} do not hold", checked.len()),
    };
    out.styled(Style::Name, &heading)?;
    for one in checked {
        let (sign, style) = if one.holds { ("✓", Style::Good) } else { ("✗", Style::Bad) };
        let found = if one.holds { String::new() } else { format!("  BROKEN: found {}", visible(&one.found)) };
        let line = out.look.signs(&format!("  {sign} {}{found}", visible(&one.expectation)));
        out.styled(style, &line)?;
    }
    Ok(())
}

fn footer(shown: &Shown<'_>, out: &mut Output) -> Result<(), Failure> {
    if shown.warnings.is_empty() && shown.replay.is_none() {
        return Ok(());
    }
    out.line("")?;
    for warning in shown.warnings {
        paragraph(Style::Fault, &format!("warning: {warning}"), out)?;
    }
    // Not wrapped: it is to be copied.
    shown.replay.map_or(Ok(()), |replay| out.line(&format!("replay: {replay}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::text::Glyphs;

    #[test]
    fn long_lines_are_folded_under_their_text() {
        let look = Look { width: 50, glyphs: Glyphs::Unicode, color_errors: false };
        let line = format!("  confirmed           {}", "order-1, ".repeat(8));
        let parts = fold(line.trim_end(), look);
        assert!(parts.len() > 1 && parts.iter().all(|part| width_of(part) <= 50));
        assert!(parts[1].starts_with(&" ".repeat(INDENT)));
        assert_eq!(fold("short", look), ["short"]);
    }

    #[test]
    fn what_is_broken_is_said_in_words_and_not_by_colour_alone() {
        assert_eq!(style_of("  ✗ lost(0)   BROKEN: found 1"), Style::Bad);
        assert_eq!(style_of("  ✓ lost(0)   held"), Style::Good);
        assert_eq!(style_of("Guarantees"), Style::Name);
    }
}
