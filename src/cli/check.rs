//! `mqlab check`: parse and validate, all variants; nothing is run.

use super::args::CheckArgs;
use super::exit::Exit;
use super::failure::{Failure, shown};
use super::input::{self, Input};
use super::load::Source;
use super::output::{Look, Output};

pub(super) fn check(args: &CheckArgs, out: &mut Output) -> Result<Exit, Failure> {
    let mut exit = Exit::Holds;
    for file in &args.files {
        match one(file, out.look) {
            Ok(says) => out.line(&format!("{}: ok ({says})", shown(file)))?,
            Err(failure) => exit = exit.and(failure.tell(out.look.color_errors)),
        }
    }
    Ok(exit)
}

/// What is right with a file.
fn one(file: &str, look: Look) -> Result<String, Failure> {
    match input::open(file)? {
        Input::Trace(log) => Ok(format!("a trace of {} steps", log.events().len())),
        Input::Scenario { name, bytes } => {
            let source = Source::read(&name, &bytes, look)?;
            let variants = source.variants();
            source.select(None)?;
            variants.iter().try_for_each(|variant| source.select(Some(variant)).map(drop))?;
            Ok(match variants.len() {
                0 => "no variants".to_owned(),
                1 => "1 variant".to_owned(),
                n => format!("{n} variants"),
            })
        }
    }
}
