//! Arguments, commands, exit codes; the ports to files, clock and terminal.
//!
//! What was typed (`args`) and what it means (a file a command) are two stages. Nothing here decides what a run does
//! (that is `explore`) or how a trace reads (`timeline`, `story`, `verdict`, `export`).

mod args;
mod check;
mod compare;
mod conform;
pub mod examples;
mod exit;
mod explain;
mod failure;
mod gallery;
mod hunt;
mod input;
mod list;
mod load;
mod manual;
mod new;
mod output;
mod outside;
mod panic;
mod plain;
mod quiz;
mod route;
mod run;
mod shelf;
mod shell;
mod show;
mod step;
mod terminal;
mod why;

pub use exit::{EXIT_CODES, Exit};
pub use panic::install as report_panics;
pub use shelf::Files;
pub use terminal::with_screen;

use args::{Cli, Command};
use clap::{CommandFactory, FromArgMatches};
use failure::Failure;
use output::Output;
use std::process::ExitCode;

/// Runs the program with the arguments it was given.
pub fn main() -> ExitCode {
    panic::install();
    let matches = match command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return refuse(&error),
    };
    let exit = match Cli::from_arg_matches(&matches) {
        Ok(cli) => perform(cli),
        Err(error) => return refuse(&error),
    };
    ExitCode::from(exit.code())
}

/// The program's arguments with examples and exit codes: for parsing, help, completions, the manual and the book.
pub fn command() -> clap::Command {
    let program = Cli::command().before_help(examples::as_text("")).after_help(exit::as_text());
    let names: Vec<String> = program.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    names.into_iter().fold(program, |program, name| {
        let examples = examples::as_text(&name);
        program.mut_subcommand(name, |sub| sub.before_help(examples))
    })
}

/// Help and version are asked for, everything else is wrong usage.
fn refuse(error: &clap::Error) -> ExitCode {
    // A closed pipe is no error here either.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { Exit::Usage.code() } else { Exit::Holds.code() })
}

fn perform(cli: Cli) -> Exit {
    let look = cli.look;
    let mut out = Output::new(look.color, look.width.map(usize::from), look.ascii);
    let color = out.look.color_errors;
    let done = dispatch(cli.command, &mut out);
    // What was written before a failure is shown before it.
    let flushed = out.finish();
    match done.and_then(|exit| flushed.map(|()| exit)) {
        Ok(exit) => exit,
        Err(failure) => failure.tell(color),
    }
}

fn dispatch(command: Option<Command>, out: &mut Output) -> Result<Exit, Failure> {
    match command {
        None => step::gallery(out),
        Some(Command::Step(args)) => step::step(&args, out),
        Some(Command::Run(args)) => run::run(&args, out),
        Some(Command::Compare(args)) => compare::compare(&args, out),
        Some(Command::Hunt(args)) => hunt::hunt(&args, out),
        Some(Command::Why(args)) => why::why(&args, out),
        Some(Command::Quiz(args)) => quiz::quiz(&args, out),
        Some(Command::Check(args)) => check::check(&args, out),
        Some(Command::New(args)) => new::new(&args, out),
        Some(Command::List(args)) => list::list(&args, out),
        Some(Command::Explain(args)) => explain::explain(&args, out),
        Some(Command::Route(args)) => route::route(&args, out),
        Some(Command::Conform(args)) => conform::conform(&args, out),
        Some(Command::Completions(args)) => manual::completions(&args, out),
        Some(Command::Man(args)) => manual::man(&args, out),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_arguments_are_sound() {
        super::command().debug_assert();
    }
}
