//! `mqlab conform`: recordings and pairs against the simulated broker.
//!
//! Not the replay and not the comparison (`explore::conform`): here are files, words and the exit code.

use super::args::{ConformArgs, Results};
use super::exit::Exit;
use super::failure::{Failure, shown};
use super::input;
use super::output::Output;
use crate::explore::conform::{self, Content, Count, Difference, Outcome, Verdict};
use crate::machine::{Event, Rows};
use crate::timeline::text::Style;
use crate::trace::visible;
use serde::Serialize;
use std::sync::Arc;

pub(super) fn conform(args: &ConformArgs, out: &mut Output) -> Result<Exit, Failure> {
    if let Some(version) = args.version.as_deref().filter(|version| !conform::is_version(version)) {
        let known = conform::versions().join(", ");
        return Err(Failure::usage(format!("version {} is not modelled; known are {known}", shown(version))));
    }
    let contents = read_all(args)?;
    let known = conform::known();
    let wanted = |id: &str| args.only.is_empty() || args.only.iter().any(|only| fits(only, id));
    let mut results = Vec::new();
    for content in &contents {
        let outcomes = conform::conform(content, args.version.as_deref(), &known, &wanted);
        results.extend(outcomes.into_iter().map(|outcome| (content, outcome)));
    }
    let is_there = |only: &&String| results.iter().any(|(_, outcome)| fits(only, &outcome.id));
    let missing: Vec<String> = args.only.iter().filter(|only| !is_there(only)).map(|only| shown(only)).collect();
    if !missing.is_empty() {
        return Err(Failure::usage(format!("no fact is called {}", missing.join(" or "))));
    }
    match args.format {
        Results::Text => tell(&results, args, out)?,
        Results::Json => tell_json(&results, out)?,
    }
    let differs = results.iter().any(|(_, outcome)| outcome.count() == Count::Different);
    Ok(if differs { Exit::Broken } else { Exit::Holds })
}

/// Reads every file before any is replayed; what is wrong with which is told of all.
fn read_all(args: &ConformArgs) -> Result<Vec<Content>, Failure> {
    let (mut contents, mut wrong) = (Vec::new(), Vec::new());
    for file in &args.files {
        let bytes = input::whole(file, conform::MAX_BYTES)?;
        match conform::read(&bytes) {
            Ok(content) => contents.push(content),
            Err(malformed) => wrong.push(format!("{}: {}", shown(file), visible(&malformed.0))),
        }
    }
    if wrong.is_empty() { Ok(contents) } else { Err(Failure::usage(wrong.join("\nerror: "))) }
}

/// Whether an id is meant; a star at the end stands for any end.
fn fits(only: &str, id: &str) -> bool {
    match only.strip_suffix('*') {
        Some(start) => id.starts_with(start),
        None => only == id,
    }
}

type Found<'a> = (&'a Content, Outcome);

fn tell(results: &[Found<'_>], args: &ConformArgs, out: &mut Output) -> Result<(), Failure> {
    for (content, outcome) in results {
        let quiet = matches!(outcome.count(), Count::Same | Count::Skipped) && !outcome.is_stale();
        if args.brief && quiet {
            continue;
        }
        tell_one(content, outcome, args.verbose, out)?;
    }
    out.line("")?;
    for (group, counts) in groups(results) {
        out.line(&format!("group {}: {}", shown(&group), says(counts)))?;
    }
    out.line(&format!("conform: {}", says(count(results.iter().map(|(_, outcome)| outcome)))))
}

fn tell_one(content: &Content, outcome: &Outcome, verbose: bool, out: &mut Output) -> Result<(), Failure> {
    let id = shown(&outcome.id);
    match (&outcome.verdict, &outcome.known) {
        (Verdict::Same, None) => out.line(&format!("{id} same"))?,
        (Verdict::Same, Some(_)) => {
            out.styled(Style::Bad, &format!("{id} same, and stale: it is on the list of known differences"))?;
        }
        (Verdict::Skipped(why), _) => out.styled(Style::Dim, &format!("{id} skipped: {}", visible(why)))?,
        (Verdict::Different(_), Some(why)) => out.line(&format!("{id} known: {}", visible(why)))?,
        (Verdict::Different(_), None) => out.styled(Style::Bad, &format!("{id} different"))?,
    }
    if verbose {
        frames(content, outcome, out)?;
    }
    match &outcome.verdict {
        Verdict::Different(difference) if verbose || outcome.known.is_none() => {
            for (name, text) in lines(content, outcome, difference) {
                out.line(&format!("  {name:<9} {}", visible(&text)))?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Every step with what came after it.
fn frames(content: &Content, outcome: &Outcome, out: &mut Output) -> Result<(), Failure> {
    let Content::Facts(facts) = content else { return Ok(()) };
    let Some(fact) = facts.get(outcome.at) else { return Ok(()) };
    for (number, step) in fact.steps.iter().enumerate() {
        let sent = frame(&step.conn, step.did.channel, &step.did.what, &step.did.args);
        out.line(&format!("  {:>3}  {}", number + 1, visible(&sent)))?;
        for got in outcome.got.iter().filter(|got| got.step == number) {
            out.line(&format!("       {} {}", out.look.signs("→"), visible(&event(&got.conn, &got.event))))?;
        }
    }
    Ok(())
}

/// The lines of a difference, each with its name.
fn lines(content: &Content, outcome: &Outcome, difference: &Difference) -> Vec<(&'static str, String)> {
    let mut lines = vec![("sent", sent(content, outcome, difference))];
    let seen = |seen: &Option<(Arc<str>, Event)>| {
        seen.as_ref().map_or_else(|| "nothing more".to_owned(), |(conn, what)| event(conn, what))
    };
    if difference.expected.is_some() || difference.got.is_some() {
        if matches!(content, Content::Facts(_)) {
            lines.push(("expected", seen(&difference.expected)));
        }
        lines.push(("got", seen(&difference.got)));
    }
    lines.extend(difference.note.iter().map(|note| ("note", note.clone())));
    lines
}

/// What was sent before a difference.
fn sent(content: &Content, outcome: &Outcome, difference: &Difference) -> String {
    match content {
        Content::Facts(facts) => {
            let step = facts.get(outcome.at).and_then(|fact| fact.steps.get(difference.step));
            step.map_or_else(String::new, |step| {
                let sent = frame(&step.conn, step.did.channel, &step.did.what, &step.did.args);
                format!("step {}: {sent}", difference.step + 1)
            })
        }
        Content::Pairs(_, pairs) => {
            pairs.get(outcome.at).and_then(|pair| pair.as_ref().ok()).map_or_else(String::new, |pair| {
                let (binding, message) = (conform::show_value(&pair.binding), conform::show_value(&pair.message));
                format!("message {message} to binding {binding}")
            })
        }
    }
}

fn event(conn: &str, event: &Event) -> String {
    frame(conn, event.channel, &event.name, &event.fields)
}

fn frame(conn: &str, channel: u16, name: &str, fields: &Rows) -> String {
    let fields = if fields.is_empty() { String::new() } else { format!(" {}", conform::show(fields)) };
    format!("{conn}.{channel} {name}{fields}")
}

type Counts = [usize; 4];

fn count<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Counts {
    let mut counts = [0; 4];
    outcomes.for_each(|outcome| counts[outcome.count() as usize] += 1);
    counts
}

fn says(counts: Counts) -> String {
    let parts: Vec<String> = Count::ALL.iter().zip(counts).map(|(count, n)| format!("{n} {}", count.word())).collect();
    parts.join(", ")
}

/// The groups in the order in which they begin.
fn groups(results: &[Found<'_>]) -> Vec<(String, Counts)> {
    let mut groups: Vec<(String, Counts)> = Vec::new();
    for (_, outcome) in results {
        if !groups.iter().any(|(group, _)| *group == outcome.group) {
            let own = results.iter().map(|(_, other)| other).filter(|other| other.group == outcome.group);
            groups.push((outcome.group.clone(), count(own)));
        }
    }
    groups
}

#[derive(Serialize)]
struct Sheet<'a> {
    results: Vec<Row<'a>>,
    groups: Vec<Sum>,
    total: Sum,
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    group: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stale: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<Parts>,
}

/// A difference; `step` counts from 1.
#[derive(Serialize)]
struct Parts {
    step: usize,
    sent: String,
    expected: Option<String>,
    got: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Serialize)]
struct Sum {
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    same: usize,
    different: usize,
    known: usize,
    skipped: usize,
}

impl Sum {
    fn of(group: Option<String>, [same, different, known, skipped]: Counts) -> Sum {
        Sum { group, same, different, known, skipped }
    }
}

fn row<'a>(content: &Content, outcome: &'a Outcome) -> Row<'a> {
    let (mut reason, mut difference) = (outcome.known.as_deref(), None);
    match &outcome.verdict {
        Verdict::Same => {}
        Verdict::Skipped(why) => reason = Some(why),
        Verdict::Different(found) => {
            let seen = |seen: &Option<(Arc<str>, Event)>| seen.as_ref().map(|(conn, what)| event(conn, what));
            difference = Some(Parts {
                step: found.step + 1,
                sent: sent(content, outcome, found),
                expected: seen(&found.expected),
                got: seen(&found.got),
                note: found.note.clone(),
            });
        }
    }
    let (id, group) = (&*outcome.id, &*outcome.group);
    Row { id, group, outcome: outcome.count().word(), reason, stale: outcome.is_stale(), difference }
}

fn tell_json(results: &[Found<'_>], out: &mut Output) -> Result<(), Failure> {
    let sheet = Sheet {
        results: results.iter().map(|(content, outcome)| row(content, outcome)).collect(),
        groups: groups(results).into_iter().map(|(group, counts)| Sum::of(Some(group), counts)).collect(),
        total: Sum::of(None, count(results.iter().map(|(_, outcome)| outcome))),
    };
    let text = serde_json::to_string_pretty(&sheet).map_err(|error| Failure::InputOutput(error.to_string()))?;
    out.line(&text)
}
