//! A run in Markdown: the whole of it to be kept, or what happened around one step to be pasted into a report.

use super::view::{self, Settings, Viewed, signs};
use crate::ids::EventId;
use crate::story::{Link, Root, tell_read, why_read};
use crate::timeline::Reel;
use crate::timeline::text::{Glyphs, Page};
use crate::trace::visible;
use crate::units::Clock;
use std::fmt::Write as _;

/// Steps that are told before the one that a report is about, and behind it.
const AROUND: usize = 5;
/// A chain of causes is told so far.
const CAUSES: usize = 8;

/// The whole run: timeline, story and verdict, and what brings it back.
pub fn whole(viewed: &Viewed<'_>, settings: &Settings, replay: Option<&str>) -> String {
    let mut text = head(viewed);
    let parts = [
        ("Timeline", view::timeline(viewed, settings)),
        ("Story", view::story(viewed, settings)),
        ("Verdict", view::verdict(viewed, settings)),
    ];
    for (title, page) in parts {
        put(&mut text, &format!("\n## {title}\n\n{}", fenced(&page.plain())));
    }
    foot(&mut text, replay);
    text
}

/// What happened around a step, why, and what came of the run.
pub fn report(viewed: &Viewed<'_>, at: EventId, replay: Option<&str>) -> String {
    let Viewed { log, verbs, rules, .. } = *viewed;
    let mut text = head(viewed);
    let reel = Reel::new(log, &verbs, false);
    let shown = reel.shown();
    let here = shown.partition_point(|id| *id < at);
    let near = &shown[here.saturating_sub(AROUND)..(here + AROUND + 1).min(shown.len())];
    let clock = Clock::of(log.events().last().map(|event| event.time));
    put(&mut text, &format!("\n## Around step {}\n\n", at.step()));
    for told in tell_read(log, &verbs, &rules, reel.reading(), near) {
        if told.text.is_empty() {
            continue;
        }
        let (mark, step) = (if told.event == at { "**" } else { "" }, told.event.step());
        put(&mut text, &format!("- {mark}step {step}, {}: {}{mark}\n", clock.text(told.time), escaped(&told.text)));
    }
    let reasons = why_read(log, &verbs, &rules, reel.reading(), at);
    if reasons.len() > 1 {
        put(&mut text, "\n## Why\n\n");
    }
    for reason in reasons.iter().skip(1).take(CAUSES) {
        let lead = if reason.link == Link::Need { "it needed" } else { "because of" };
        let root = match reason.root {
            Some(Root::Fault) => " This is a fault of the scenario.",
            Some(Root::Input) => " This is what the scenario asks for.",
            None => "",
        };
        let (step, told) = (reason.sentence.event.step(), escaped(&reason.sentence.text));
        put(&mut text, &format!("- {lead} step {step}: {told}{root}\n"));
    }
    let page = view::verdict(viewed, &Settings { glyphs: Glyphs::Unicode, ..Settings::default() });
    put(&mut text, &format!("\n## Verdict\n\n{}", fenced(&page.plain())));
    foot(&mut text, replay);
    text
}

/// All of a run as plain text, for a file that is not Markdown.
pub fn pages(viewed: &Viewed<'_>, settings: &Settings, replay: Option<&str>) -> String {
    let title = visible(&viewed.log.header.title);
    let all: [Page; 3] =
        [view::timeline(viewed, settings), view::story(viewed, settings), view::verdict(viewed, settings)];
    let all: Vec<String> = all.iter().map(Page::plain).collect();
    let replay = replay.map_or_else(String::new, |command| format!("\nreplay: {command}\n"));
    signs(&format!("{title}\n\n{}{replay}", all.join("\n")), settings.glyphs)
}

fn head(viewed: &Viewed<'_>) -> String {
    let header = &viewed.log.header;
    let variant = header.variant.as_ref().map_or_else(String::new, |name| format!(" ({})", visible(name)));
    let about =
        if header.about.is_empty() { String::new() } else { format!("\n{}\n", escaped(&visible(&header.about))) };
    format!("# {}{}\n{about}", escaped(&visible(&header.title)), escaped(&variant))
}

fn foot(text: &mut String, replay: Option<&str>) {
    if let Some(replay) = replay {
        put(text, &format!("\nTo have this run again:\n\n{}", fenced(replay)));
    }
}

fn put(text: &mut String, more: &str) {
    // A string takes every write.
    let _ = text.write_str(more);
}

/// A block that nothing in it can end.
fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end())
}

/// A text in which nothing is marked up.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\`*_[]<>#|".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::build::{self, RULES, VERBS};
    use crate::verdict::Findings;

    #[test]
    fn a_report_tells_of_the_steps_around_one_and_why_it_happened() {
        let (log, findings) = (build::lost_confirm(), Findings::default());
        let viewed = Viewed { log: &log, findings: &findings, checked: &[], verbs: VERBS, rules: RULES };
        let text = report(&viewed, EventId(20), Some("mqlab run lost-confirm --replay 1-2-3"));
        insta::assert_snapshot!("report_around_a_step", text);
    }

    #[test]
    fn nothing_in_a_text_is_taken_for_a_mark_or_the_end_of_a_block() {
        assert_eq!(escaped("a_b [c] <d>"), r"a\_b \[c\] \<d\>");
        assert!(fenced("a ``` b").starts_with("````text\n"));
    }
}
