//! A run or a recorded trace as text: title, the views that were asked for, warnings, and how to have it again.
//!
//! What is shown is made elsewhere (`timeline`, `story`, `verdict`, `export`); here it is put on a page.

use super::args::View;
use super::failure::Failure;
use super::output::Output;
use crate::export::events;
use crate::export::view::{self, Settings, Viewed, paragraph, signs};
use crate::timeline::text::{Page, Style};
use crate::trace::{Log, visible};
use crate::verdict::{Checked, Findings, result_of};
use crate::world::{RULES, VERBS};

/// What there is to show.
pub(super) struct Shown<'a> {
    pub(super) log: &'a Log,
    pub(super) findings: &'a Findings,
    pub(super) checked: &'a [Checked],
    /// Whatever makes the run less than it seems, in sentences.
    pub(super) warnings: &'a [String],
    /// Whether a second run was the same, in a sentence, if there was one.
    pub(super) second: Option<&'a str>,
    /// The command line that brings it back, or why there is none.
    pub(super) replay: &'a str,
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
    let Shown { log, findings, checked, .. } = *shown;
    let viewed = Viewed { log, findings, checked, verbs: VERBS, rules: RULES };
    let settings = Settings { width: out.look.width, glyphs: out.look.glyphs, full: how.full, why: how.why };
    for view in how.views {
        out.line("")?;
        match view {
            View::Timeline => out.page(&view::timeline(&viewed, &settings))?,
            View::Story => out.page(&view::story(&viewed, &settings))?,
            View::Verdict => out.page(&view::verdict(&viewed, &settings))?,
            View::Ledger => out.page(&view::ledger(&viewed, &settings))?,
            View::Events => events::lines(log, VERBS, RULES).try_for_each(|line| out.line(&line))?,
        }
    }
    if !how.views.contains(&View::Verdict) {
        expectations(shown.checked, out)?;
    }
    let next = view::next(&viewed, &settings);
    if !next.lines.is_empty() {
        out.line("")?;
        out.page(&next)?;
    }
    footer(shown, out)
}

fn title(log: &Log, out: &mut Output) -> Result<(), Failure> {
    let header = &log.header;
    let title = match &header.variant {
        Some(variant) => format!("{} (variant {})", visible(&header.title), visible(variant)),
        None => visible(&header.title),
    };
    say(Style::Name, &title, out)?;
    if header.about.is_empty() { Ok(()) } else { say(Style::Plain, &visible(&header.about), out) }
}

fn say(style: Style, text: &str, out: &mut Output) -> Result<(), Failure> {
    let lines = paragraph(style, text, out.look.width).collect();
    out.page(&Page { lines })
}

/// The expectations where no verdict shows them.
fn expectations(checked: &[Checked], out: &mut Output) -> Result<(), Failure> {
    if checked.is_empty() {
        return Ok(());
    }
    out.line("")?;
    out.styled(Style::Name, &result_of(checked))?;
    for one in checked {
        let (sign, style) = if one.holds { ("✓", Style::Good) } else { ("✗", Style::Bad) };
        let found = if one.holds { String::new() } else { format!("  BROKEN: found {}", visible(&one.found)) };
        let line = signs(&format!("  {sign} {}{found}", visible(&one.expectation)), out.look.glyphs);
        out.styled(style, &line)?;
    }
    Ok(())
}

/// Whatever is wrong, and as the last line what brings the run back.
fn footer(shown: &Shown<'_>, out: &mut Output) -> Result<(), Failure> {
    out.line("")?;
    for warning in shown.warnings {
        say(Style::Fault, &format!("warning: {warning}"), out)?;
    }
    if let Some(second) = shown.second {
        say(Style::Plain, second, out)?;
    }
    // Not wrapped: it is to be copied.
    out.line(&format!("replay: {}", shown.replay))
}
