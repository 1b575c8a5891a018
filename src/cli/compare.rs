//! `mqlab compare`: a scenario beside its variants, or two scenarios or traces, aligned on cause.
//!
//! The runs and their alignment are the laboratory's; how they stand side by side is `export`'s.

use super::args::{CompareArgs, Results};
use super::exit::Exit;
use super::failure::{Failure, shown};
use super::output::Output;
use super::shelf::Files;
use crate::export::comparison::{self, Side};
use crate::export::view::{Settings, Viewed, paragraph};
use crate::lab::{Comparison, Laboratory, Opening, Problem, Run, RunId, Shift};
use crate::suite::Bench;
use crate::timeline::text::{Page, Style};
use crate::trace::visible;
use crate::verdict::{Checked, Findings};
use crate::world::{RULES, VERBS};
use serde::Serialize;
use std::sync::Arc;

pub(super) fn compare(args: &CompareArgs, out: &mut Output) -> Result<Exit, Failure> {
    let mut bench = Bench::new(Files);
    let mut runs = Vec::new();
    for (name, opening) in openings(args, &bench)? {
        let run = bench.open(&opening).map_err(failure)?;
        runs.push((name, run));
    }
    if runs.len() < 2 {
        let file = shown(&args.files[0]);
        return Err(Failure::usage(format!("{file} has no variant to compare it with\nhelp: name a second file")));
    }
    let mut compared = Vec::new();
    for (_, run) in &runs[1..] {
        compared.push(bench.compare(runs[0].1, *run).map_err(failure)?);
    }
    match args.format {
        Results::Text => text(args, &bench, &runs, &compared, out)?,
        Results::Json => json(&bench, &runs, &compared, out)?,
    }
    let holds = runs.iter().filter_map(|(_, run)| bench.run(*run)).all(|run| run.checked.iter().all(|one| one.holds));
    let same = !args.same || compared.iter().all(|one| one.equal);
    Ok(if holds && same { Exit::Holds } else { Exit::Broken })
}

/// What is compared: a name for each, and how it is opened; the first is what the others are held against.
fn openings(args: &CompareArgs, bench: &Bench<Files>) -> Result<Vec<(String, Opening)>, Failure> {
    let opening = |path: &str, variant: Option<&str>| Opening {
        path: path.to_owned(),
        variant: variant.map(str::to_owned),
        seed: args.seed,
        token: None,
    };
    if let [left, right] = &args.files[..] {
        if !args.variant.is_empty() {
            return Err(Failure::usage(
                "--variant is for one file; of two files name the variants so: a.ron@cured b.ron@cured",
            ));
        }
        let (left, right) = (split(left), split(right));
        let of = |(path, variant): (&str, Option<&str>)| opening(path, variant);
        let name = |(path, variant): (&str, Option<&str>)| match variant {
            Some(variant) => format!("{path}@{variant}"),
            None => path.to_owned(),
        };
        return Ok(vec![(name(left), of(left)), (name(right), of(right))]);
    }
    let path = &args.files[0];
    let chosen = match args.variant.is_empty() {
        false => args.variant.clone(),
        true => bench.variants(path).map_err(failure)?,
    };
    let base = ("as it is".to_owned(), opening(path, None));
    Ok([base].into_iter().chain(chosen.iter().map(|name| (name.clone(), opening(path, Some(name))))).collect())
}

/// A path, and a variant behind an `@` where no file is called so.
fn split(path: &str) -> (&str, Option<&str>) {
    match path.rsplit_once('@') {
        Some((file, variant)) if !std::path::Path::new(path).exists() => (file, Some(variant)),
        _ => (path, None),
    }
}

/// What a laboratory could not do, as a command says it.
pub(super) fn failure(problem: Problem) -> Failure {
    match problem {
        Problem::Broken(text) => Failure::Told(text),
        Problem::Recorded => Failure::usage("a recorded trace is as it is: --seed and --variant need scenarios"),
        problem => Failure::usage(problem),
    }
}

fn side<'a>(name: &'a str, run: &'a Run) -> Side<'a> {
    let Run { log, findings, checked, .. } = run;
    Side { name, viewed: Viewed { log, findings, checked, verbs: VERBS, rules: RULES } }
}

fn text(
    args: &CompareArgs,
    bench: &Bench<Files>,
    runs: &[(String, RunId)],
    compared: &[Comparison],
    out: &mut Output,
) -> Result<(), Failure> {
    let settings = Settings { width: out.look.width, glyphs: out.look.glyphs, full: args.full, ..Settings::default() };
    let held: Vec<(&str, Arc<Run>)> =
        runs.iter().filter_map(|(name, run)| bench.run(*run).map(|run| (name.as_str(), run))).collect();
    let sides: Vec<Side<'_>> = held.iter().map(|(name, run)| side(name, run)).collect();
    let [base, others @ ..] = &sides[..] else { return Ok(()) };
    let mut say = |style: Style, text: &str| {
        let lines = paragraph(style, text, out.look.width).collect();
        out.page(&Page { lines })
    };
    let header = &base.viewed.log.header;
    say(Style::Name, &visible(&header.title))?;
    for side in &sides {
        let about = &side.viewed.log.header.about;
        if !about.is_empty() {
            say(Style::Plain, &format!("{}: {}", visible(side.name), visible(about)))?;
        }
    }
    out.line("")?;
    out.page(&comparison::verdicts(&sides, &settings))?;
    for (other, compared) in others.iter().zip(compared) {
        let rows: Vec<comparison::Row> = compared.rows.iter().map(|row| (row.left, row.right)).collect();
        out.line("")?;
        out.page(&comparison::difference(base, other, compared.same as usize, &rows, &settings))?;
    }
    Ok(())
}

/// The version of the format.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    #[serde(rename = "mqlab-comparison")]
    version: u32,
    runs: Vec<RunReport<'a>>,
    /// Each run but the first, held against the first.
    differences: Vec<Difference>,
}

#[derive(Serialize)]
struct RunReport<'a> {
    name: String,
    title: &'a str,
    steps: usize,
    expectations: &'a [Checked],
    findings: &'a Findings,
    token: Option<&'a str>,
}

#[derive(Serialize)]
struct Difference {
    with: String,
    equal: bool,
    same_steps: u32,
    verdict: Vec<Changed>,
}

#[derive(Serialize)]
struct Changed {
    what: String,
    before: String,
    after: String,
}

fn report<'a>(name: &str, run: &'a Run) -> RunReport<'a> {
    RunReport {
        name: name.to_owned(),
        title: &run.log.header.title,
        steps: run.log.events().len(),
        expectations: &run.checked,
        findings: &run.findings,
        token: run.token.as_deref(),
    }
}

fn json(
    bench: &Bench<Files>,
    runs: &[(String, RunId)],
    compared: &[Comparison],
    out: &mut Output,
) -> Result<(), Failure> {
    let held: Vec<(&str, Arc<Run>)> =
        runs.iter().filter_map(|(name, run)| bench.run(*run).map(|run| (name.as_str(), run))).collect();
    let changed = |shift: &'_ Shift| Changed {
        what: shift.what.clone(),
        before: shift.before.clone(),
        after: shift.after.clone(),
    };
    let differences = runs[1..].iter().zip(compared).map(|((name, _), compared)| Difference {
        with: name.clone(),
        equal: compared.equal,
        same_steps: compared.same,
        verdict: compared.shifts.iter().map(changed).collect(),
    });
    let report = Report {
        version: VERSION,
        runs: held.iter().map(|(name, run)| report(name, run)).collect(),
        differences: differences.collect(),
    };
    let json = serde_json::to_string_pretty(&report);
    let json = json.map_err(|error| Failure::InputOutput(format!("cannot write the comparison: {error}")))?;
    out.line(&json)
}
