//! `mqlab run`: a run of a scenario, or a trace that was recorded, with its verdict.

use super::args::{Format, RunArgs, View};
use super::exit::Exit;
use super::failure::{Failure, shown};
use super::gallery;
use super::input::{self, Input};
use super::load::{Ready, Source};
use super::output::Output;
use super::shell::quoted;
use super::show::{self, Shown, show};
use crate::explore::{self, How, Run, Token, difference};
use crate::export::report::Report;
use crate::sim::MAX_SEED;
use crate::trace::{Header, Log, Outcome, Writer};
use crate::verdict::{Checked, result_of};
use crate::world::{RULES, VERBS};

pub(super) fn run(args: &RunArgs, out: &mut Output) -> Result<Exit, Failure> {
    consistent(args)?;
    match input::open(&args.file)? {
        Input::Trace(log) => of_trace(args, &log, out),
        Input::Scenario { name, bytes } => {
            let ready = Source::read(&name, &bytes, out.look)?.changed(args.variant.as_deref(), &args.change)?;
            of_scenario(args, &ready, out)
        }
    }
}

fn of_scenario(args: &RunArgs, ready: &Ready, out: &mut Output) -> Result<Exit, Failure> {
    let how = How { seed: args.seed, replay: args.replay.as_deref().map(|text| token(text, ready)).transpose()? };
    let run = explore::run(&ready.plan, ready.digest, &ready.expect, &how);
    let token = run.token.to_string();
    let second = args.check_determinism.then(|| again(ready, &how, &run));
    let differs = second.as_ref().is_some_and(|second| second.1 != Exit::Holds);
    let replay = replay_line(args, &token) + if differs { " --check-determinism" } else { "" };
    let warnings = warnings(&run);
    let shown = Shown {
        log: &run.log,
        findings: &run.findings,
        checked: &run.checked,
        warnings: &warnings,
        second: second.as_ref().map(|second| second.0.as_str()),
        replay: &replay,
    };
    let exit = exit_of(Some(run.outcome), &run.checked).and(second.as_ref().map_or(Exit::Holds, |second| second.1));
    write(args, &shown, Some(&token), exit, out)
}

/// Runs once more and compares: what to say of it, and how that ends.
fn again(ready: &Ready, how: &How, run: &Run) -> (String, Exit) {
    let second = explore::run(&ready.plan, ready.digest, &ready.expect, how);
    let differs = match difference(&run.log, &second.log) {
        Some(difference) => Some(difference.to_string()),
        None if run.digest != second.digest => Some("the traces are the same, and the states at the end differ".into()),
        None if run.findings != second.findings => Some("the traces are the same, and the verdicts differ".into()),
        None => None,
    };
    match differs {
        None => (format!("deterministic: two runs, {} steps, no difference", run.log.events().len()), Exit::Holds),
        Some(says) => (format!("NOT DETERMINISTIC: {says}. This is a fault of mqlab."), Exit::NotDeterministic),
    }
}

pub(super) fn token(text: &str, ready: &Ready) -> Result<Token, Failure> {
    let token: Token =
        text.parse().map_err(|error| Failure::usage(format!("the value of --replay {error}: {}", brief(text))))?;
    let digest = (ready.digest.value() >> 64) as u64;
    if token.scenario != digest {
        return Err(Failure::usage(format!(
            "the token is of another scenario or variant: it says {:016x}, and this is {digest:016x}\n\
             help: a token needs the file as it was when the token was made, and the same --variant",
            token.scenario
        )));
    }
    Ok(token)
}

fn brief(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    let dots = if short.len() < text.len() { " ..." } else { "" };
    format!("{}{dots}", shown(&short))
}

/// The command line that brings a run back.
fn replay_line(args: &RunArgs, token: &str) -> String {
    // A file that begins with a dash would be taken for an option.
    let file =
        if args.file.starts_with('-') && args.file != "-" { format!("./{}", args.file) } else { args.file.clone() };
    let variant = args.variant.as_ref().map_or_else(String::new, |name| format!(" --variant {}", quoted(name)));
    let changes: String = args.change.iter().map(|change| format!(" --change {}", quoted(change))).collect();
    format!("mqlab run {}{variant}{changes} --replay {token}", quoted(&file))
}

fn warnings(run: &Run) -> Vec<String> {
    let mut warnings: Vec<String> = run
        .idle_faults()
        .map(|fault| format!("fault {} never came about: this scenario does not test what it says", shown(&fault.name)))
        .collect();
    // A variant may well not come to the moments of what it cures.
    if run.log.header.variant.is_none() {
        let captions = run.log.header.lesson.captions.iter().enumerate();
        let silent = captions.filter(|(_, caption)| caption.at.find(&run.log, &VERBS).is_none());
        warnings.extend(
            silent.map(|(i, _)| format!("caption {} of the lesson is never shown: its moment never comes", i + 1)),
        );
    }
    let choices = |n: usize| if n == 1 { "1 choice".to_owned() } else { format!("{n} choices") };
    if !run.unused.is_empty() {
        let first = run.unused[0];
        warnings.push(format!(
            "{} of the token never occurred, so this is not the run that it was made from (the first: stream {:x}, kind {}, \
             count {})",
            choices(run.unused.len()),
            first.stream,
            first.kind.0,
            first.count
        ));
    }
    if !run.clamped.is_empty() {
        warnings.push(format!("{} of the token did not fit and took the nearest value", choices(run.clamped.len())));
    }
    warnings
}

fn of_trace(args: &RunArgs, log: &Log, out: &mut Output) -> Result<Exit, Failure> {
    let given = [
        ("--seed", args.seed.is_some()),
        ("--variant", args.variant.is_some()),
        ("--change", !args.change.is_empty()),
        ("--replay", args.replay.is_some()),
        ("--check-determinism", args.check_determinism),
    ];
    if let Some((option, _)) = given.iter().find(|(_, given)| *given) {
        let name = shown(&args.file);
        return Err(Failure::usage(format!("{name} is a recorded trace: {option} needs a scenario that can be run")));
    }
    let findings = explore::judge(log);
    let checked = explore::checked(log, &findings);
    let mut warnings = Vec::new();
    if checked.len() < log.header.expect.len() + log.header.invariants.len() {
        warnings.push("some expectations of the trace are in words that this program does not know".to_owned());
    }
    let token = token_of(&log.header);
    let replay = match &token {
        Some(token) => recorded_from(&log.header, &token.to_string(), out),
        None => "not possible, since the trace does not say of which scenario it is".to_owned(),
    };
    let checked = &checked[..];
    let shown = Shown { log, findings: &findings, checked, warnings: &warnings, second: None, replay: &replay };
    let token = token.map(|token| token.to_string());
    write(args, &shown, token.as_deref(), exit_of(findings.ended, checked), out)
}

/// What brings the run of a trace back; `None` where its header does not tell.
fn token_of(header: &Header) -> Option<Token> {
    if let Some(token) = &header.token {
        return token.parse().ok();
    }
    let scenario = u64::from_str_radix(header.scenario.get(..16)?, 16).ok()?;
    // A trace of another hand may have a seed that no run here has.
    (header.seed <= MAX_SEED).then(|| Token { scenario, seed: header.seed, choices: Vec::new() })
}

/// The command line that brings the run of a trace back: with the name of the scenario if it is of the gallery.
fn recorded_from(header: &Header, token: &str, out: &Output) -> String {
    let variant = header.variant.as_deref();
    let is_it = |entry: &&gallery::Entry| {
        let ready = Source::read(entry.name(), entry.text.as_bytes(), out.look).and_then(|file| file.select(variant));
        ready.is_ok_and(|ready| ready.digest.to_string() == header.scenario)
    };
    let option = variant.map_or_else(String::new, |name| format!(" --variant {}", quoted(name)));
    match gallery::ALL.iter().find(is_it) {
        Some(entry) => format!("mqlab run {}{option} --replay {token}", entry.name()),
        None => format!(
            "mqlab run SCENARIO{option} --replay {token}   (SCENARIO is the file that was run; the trace does not name it)"
        ),
    }
}

/// Writes what was asked for. Where a program reads it, people are told of a failure on the standard error.
fn write(
    args: &RunArgs,
    shown: &Shown<'_>,
    token: Option<&str>,
    exit: Exit,
    out: &mut Output,
) -> Result<Exit, Failure> {
    match args.format {
        Format::Text => {
            let views = views(args);
            show(shown, &show::How { views: &views, full: args.full, why: args.why }, out)?;
            return Ok(exit);
        }
        Format::Json => {
            let steps = shown.log.events().len();
            let report = Report::new(&shown.log.header, steps, shown.findings, shown.checked);
            let json = Report { warnings: shown.warnings, token, ..report }.json();
            out.text(&json.map_err(|error| Failure::InputOutput(format!("cannot write the report: {error}")))?)?;
        }
        Format::Jsonl => out.wrote(|to| {
            let mut writer = Writer::new(to, &shown.log.header, RULES, VERBS);
            explore::feed(shown.log, &mut writer);
            writer.finish(&shown.log.tables()).map(drop)
        })?,
    }
    let why = match exit {
        Exit::Holds => return Ok(exit),
        Exit::NotDeterministic => shown.second.unwrap_or_default().to_owned(),
        Exit::Broken => result_of(shown.checked),
        _ => "inconclusive: the run was cut short".to_owned(),
    };
    Failure::usage(format!("{why}\nreplay: {}", shown.replay)).tell(out.look.color_errors);
    Ok(exit)
}

/// Refuses what would be passed over in silence.
fn consistent(args: &RunArgs) -> Result<(), Failure> {
    if args.format != Format::Text {
        let format = if args.format == Format::Json { "json" } else { "jsonl" };
        let given = [("--view", !args.view.is_empty()), ("--full", args.full), ("--why", args.why)];
        if let Some((option, _)) = given.iter().find(|(_, given)| *given) {
            let says = format!("{option} is about text for people, and --format {format} always writes all there is");
            return Err(Failure::usage(says));
        }
    }
    if args.why && !args.view.is_empty() && !args.view.contains(&View::Story) {
        let says = "--why adds rules to the story, and --view does not ask for the story";
        return Err(Failure::usage(format!("{says}\nhelp: --view story, or --view story,verdict")));
    }
    Ok(())
}

/// What was asked for, each once; the story where only reasons were asked for.
fn views(args: &RunArgs) -> Vec<View> {
    let mut views = Vec::new();
    for view in &args.view {
        if !views.contains(view) {
            views.push(*view);
        }
    }
    match (views.is_empty(), args.why) {
        (false, _) => views,
        (true, true) => vec![View::Story, View::Verdict],
        (true, false) => vec![View::Timeline, View::Verdict],
    }
}

fn exit_of(outcome: Option<Outcome>, checked: &[Checked]) -> Exit {
    let broken = if checked.iter().all(|one| one.holds) { Exit::Holds } else { Exit::Broken };
    // A trace without an end was cut short as well.
    let cut = if outcome.is_none_or(Outcome::is_limit) { Exit::Inconclusive } else { Exit::Holds };
    broken.and(cut)
}

#[cfg(test)]
mod tests {
    use super::super::args::{Cli, Command};
    use super::*;
    use clap::Parser;

    fn parsed(line: &str) -> RunArgs {
        match Cli::try_parse_from(line.split(' ')).unwrap().command {
            Some(Command::Run(args)) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn views_are_shown_in_the_order_given_and_once() {
        assert_eq!(views(&parsed("mqlab run x")), [View::Timeline, View::Verdict]);
        assert_eq!(views(&parsed("mqlab run x --why")), [View::Story, View::Verdict]);
        assert_eq!(views(&parsed("mqlab run x --view events,story --view events")), [View::Events, View::Story]);
    }

    #[test]
    fn the_replay_line_can_be_pasted() {
        let line = replay_line(&parsed("mqlab run a --variant b"), "1-0-7");
        assert_eq!(line, "mqlab run a --variant b --replay 1-0-7");
        assert_eq!(parsed(&line).replay.as_deref(), Some("1-0-7"));
    }

    #[test]
    fn a_limit_is_inconclusive_and_a_broken_expectation_outweighs_it() {
        let broken = [Checked { expectation: String::new(), holds: false, found: String::new(), decided: None }];
        assert_eq!(exit_of(Some(Outcome::Quiescent), &[]), Exit::Holds);
        assert_eq!(exit_of(Some(Outcome::EventLimit), &[]), Exit::Inconclusive);
        assert_eq!(exit_of(Some(Outcome::EventLimit), &broken), Exit::Broken);
        assert_eq!(exit_of(None, &[]), Exit::Inconclusive);
    }
}
