//! `mqlab run`: a run of a scenario, or a trace that was recorded, with its verdict.

use super::args::{Format, RunArgs, View};
use super::exit::Exit;
use super::failure::{Failure, shown};
use super::input::{self, Input};
use super::load::{Ready, Source};
use super::output::Output;
use super::shell::quoted;
use super::show::{self, Shown, show};
use crate::explore::{self, How, Run, Token, difference};
use crate::export::report::Report;
use crate::trace::{Log, Outcome, Writer};
use crate::verdict::Checked;
use crate::world::{RULES, VERBS};

pub(super) fn run(args: &RunArgs, out: &mut Output) -> Result<Exit, Failure> {
    match input::open(&args.file)? {
        Input::Trace(log) => of_trace(args, &log, out),
        Input::Scenario { name, bytes } => {
            let ready = Source::read(&name, &bytes, out.look)?.select(args.variant.as_deref())?;
            of_scenario(args, &ready, out)
        }
    }
}

fn of_scenario(args: &RunArgs, ready: &Ready, out: &mut Output) -> Result<Exit, Failure> {
    let how = How { seed: args.seed, replay: args.replay.as_deref().map(|text| token(text, ready)).transpose()? };
    let run = explore::run(&ready.plan, ready.digest, &ready.expect, &how);
    let token = run.token.to_string();
    let replay = replay_line(args, &token);
    let warnings = warnings(&run);
    let shown = Shown {
        log: &run.log,
        findings: &run.findings,
        checked: &run.checked,
        warnings: &warnings,
        replay: Some(&replay),
    };
    write(args, &shown, Some(&token), out)?;
    let exit = exit_of(Some(run.outcome), &run.checked);
    let same = if args.check_determinism { again(args, ready, &how, &run, out)? } else { Exit::Holds };
    Ok(exit.and(same))
}

/// Runs once more and compares; both words go to people, or to nobody where a program reads.
fn again(args: &RunArgs, ready: &Ready, how: &How, run: &Run, out: &mut Output) -> Result<Exit, Failure> {
    let second = explore::run(&ready.plan, ready.digest, &ready.expect, how);
    let differs = match difference(&run.log, &second.log) {
        Some(difference) => Some(difference.to_string()),
        None if run.digest != second.digest => Some("the traces are the same, and the states at the end differ".into()),
        None if run.findings != second.findings => Some("the traces are the same, and the verdicts differ".into()),
        None => None,
    };
    let (says, exit) = match differs {
        None => (format!("deterministic: two runs, {} steps, no difference", run.log.events().len()), Exit::Holds),
        Some(says) => (format!("NOT DETERMINISTIC: {says}. This is a fault of mqlab."), Exit::NotDeterministic),
    };
    if args.format == Format::Text {
        out.line(&says)?;
    } else if exit != Exit::Holds {
        Failure::usage(&says).tell(out.look.color_errors);
    }
    Ok(exit)
}

fn token(text: &str, ready: &Ready) -> Result<Token, Failure> {
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
    format!("mqlab run {}{variant} --replay {token}", quoted(&file))
}

fn warnings(run: &Run) -> Vec<String> {
    let mut warnings: Vec<String> = run
        .idle_faults()
        .map(|fault| format!("fault {} never came about: this scenario does not test what it says", shown(&fault.name)))
        .collect();
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
    if checked.len() < log.header.expect.len() {
        warnings.push("some expectations of the trace are in words that this program does not know".to_owned());
    }
    let shown = Shown { log, findings: &findings, checked: &checked, warnings: &warnings, replay: None };
    write(args, &shown, None, out)?;
    Ok(exit_of(findings.ended, &checked))
}

fn write(args: &RunArgs, shown: &Shown<'_>, token: Option<&str>, out: &mut Output) -> Result<(), Failure> {
    match args.format {
        Format::Text => {
            let views = views(args);
            show(shown, &show::How { views: &views, full: args.full, why: args.why }, out)
        }
        Format::Json => {
            let steps = shown.log.events().len();
            let report = Report::new(&shown.log.header, steps, shown.findings, shown.checked);
            let json = Report { warnings: shown.warnings, token, ..report }.json();
            out.text(&json.map_err(|error| Failure::InputOutput(format!("cannot write the report: {error}")))?)
        }
        Format::Jsonl => out.wrote(|to| {
            let mut writer = Writer::new(to, &shown.log.header, RULES, VERBS);
            explore::feed(shown.log, &mut writer);
            writer.finish(&shown.log.tables()).map(drop)
        }),
    }
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
        let broken = [Checked { expectation: String::new(), holds: false, found: String::new() }];
        assert_eq!(exit_of(Some(Outcome::Quiescent), &[]), Exit::Holds);
        assert_eq!(exit_of(Some(Outcome::EventLimit), &[]), Exit::Inconclusive);
        assert_eq!(exit_of(Some(Outcome::EventLimit), &broken), Exit::Broken);
        assert_eq!(exit_of(None, &[]), Exit::Inconclusive);
    }
}
