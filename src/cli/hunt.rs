//! `mqlab hunt`: every placement of a few faults, and the first that breaks something, as text that can be pasted.
//!
//! The search is `explore`'s.
#![expect(clippy::disallowed_types, reason = "how fast it goes is shown at a terminal, and decides nothing")]

use super::args::{HuntArgs, Results};
use super::exit::Exit;
use super::failure::Failure;
use super::input;
use super::load::Source;
use super::output::Output;
use super::shell::quoted;
use crate::explore::branch::{Study, Wish};
use crate::explore::{Bag, Prey, Violation, hunt as search};
use crate::timeline::text::Style;
use crate::trace::{visible, wrap};
use serde::Serialize;
use std::io::{IsTerminal, Write};
use std::time::Instant;

pub(super) fn hunt(args: &HuntArgs, out: &mut Output) -> Result<Exit, Failure> {
    let (name, bytes) = input::scenario(&args.file)?;
    // Errors of the file are shown as everywhere.
    let expects = !Source::read(&name, &bytes, out.look)?.select(args.variant.as_deref())?.expect.is_empty();
    if args.never.is_empty() && !expects {
        let says = "the scenario expects nothing, so there is nothing to break";
        return Err(Failure::usage(format!("{says}\nhelp: name what is never to be, such as --never lost")));
    }
    let wish = Wish { variant: args.variant.clone(), seed: args.seed, token: None };
    let study = Study::read(&bytes, &wish).map_err(Failure::usage)?;
    let sorts = args.kinds.iter().map(|kind| kind.0).collect();
    let prey = Prey { faults: usize::from(args.faults), sorts, never: args.never.clone(), limit: args.limit };
    let bag = search(&study, &prey, &mut Progress::new().teller()).map_err(Failure::usage)?;
    match args.format {
        Results::Text => text(args, &bag, out)?,
        Results::Json => json(args, &bag, out)?,
    }
    Ok(match (bag.violations.is_empty(), bag.complete) {
        (false, _) => Exit::Broken,
        (true, true) => Exit::Holds,
        (true, false) => Exit::Inconclusive,
    })
}

/// How fast it goes, for whoever sits at a terminal.
struct Progress {
    began: Instant,
    shown: bool,
}

impl Progress {
    fn new() -> Progress {
        Progress { began: Instant::now(), shown: std::io::stderr().is_terminal() }
    }

    fn teller(self) -> impl FnMut(u64) {
        move |runs| {
            let seconds = self.began.elapsed().as_millis().max(1);
            if self.shown {
                let rate = u128::from(runs) * 1_000 / seconds;
                // Nobody can be told if the standard error is gone.
                let _ = write!(std::io::stderr(), "\r{runs} runs, {rate} a second ");
            }
        }
    }
}

fn text(args: &HuntArgs, bag: &Bag, out: &mut Output) -> Result<(), Failure> {
    for found in &bag.violations {
        out.styled(Style::Bad, &format!("{} does not hold: found {}", visible(&found.what), visible(&found.found)))?;
        out.line(&format!(
            "  with {}, the smallest that was met, after {}",
            faults(found.size as u64),
            runs(found.after)
        ))?;
        if !found.worded {
            for line in
                wrap("The language has no words for these moments, so there is nothing to paste.", out.look.width - 2)
            {
                out.line(&format!("  {line}"))?;
            }
        } else if found.faults.is_empty() {
            out.line("  The scenario as it is does it.")?;
        } else {
            out.line("  faults: [")?;
            for fault in &found.faults {
                out.line(&format!("      {},", visible(fault)))?;
            }
            out.line("  ]")?;
        }
        if found.worded {
            out.line(&format!("  again: {}", again(args, found)))?;
        }
        out.line("")?;
    }
    let says = summary(args, bag);
    wrap(&says, out.look.width).iter().try_for_each(|line| out.line(line))
}

/// How far the hunt came, in a sentence.
fn summary(args: &HuntArgs, bag: &Bag) -> String {
    let kinds: Vec<&str> = args.kinds.iter().map(|kind| kind.0.name()).collect();
    let of = format!("of up to {} ({})", faults(u64::from(args.faults)), kinds.join(", "));
    let short = match bag.cut_short {
        0 => String::new(),
        n => format!(
            "; {} went on and on and {} cut short, which says nothing",
            runs(n),
            if n == 1 { "was" } else { "were" }
        ),
    };
    let seed = " for this seed, at every moment at which a fault can strike";
    let n = grouped(bag.placements);
    if bag.all_found {
        format!("ended after {n} placements {of}: each thing that was looked for was found{short}")
    } else if bag.complete {
        format!("complete: {n} placements {of},{seed}")
    } else if bag.placements >= args.limit {
        format!("stopped after {n} placements {of}: there are more; --limit moves this{short}")
    } else {
        format!("not complete: {n} placements {of}{short}")
    }
}

/// The command that shows a find.
fn again(args: &HuntArgs, found: &Violation) -> String {
    let variant = args.variant.as_ref().map_or_else(String::new, |name| format!(" --variant {}", quoted(name)));
    let seed = args.seed.map_or_else(String::new, |seed| format!(" --seed {seed}"));
    let changes: String = found.changes.iter().map(|change| format!(" --change {}", quoted(change))).collect();
    format!("mqlab run {}{variant}{seed}{changes}", quoted(&args.file))
}

fn faults(n: u64) -> String {
    match n {
        0 => "no fault".to_owned(),
        1 => "1 fault".to_owned(),
        n => format!("{n} faults"),
    }
}

fn runs(n: u64) -> String {
    if n == 1 { "1 run".to_owned() } else { format!("{} runs", grouped(n)) }
}

/// Digits in groups of three.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    bag: &'a Bag,
    summary: String,
    again: Vec<String>,
}

fn json(args: &HuntArgs, bag: &Bag, out: &mut Output) -> Result<(), Failure> {
    let again = bag.violations.iter().map(|found| again(args, found)).collect();
    let told = Told { bag, summary: summary(args, bag), again };
    let text = serde_json::to_string_pretty(&told);
    out.line(&text.map_err(|error| Failure::InputOutput(format!("cannot write the result: {error}")))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_groups() {
        assert_eq!(
            ["0", "999", "1,000", "1,234,567"],
            [0, 999, 1_000, 1_234_567].map(grouped).each_ref().map(String::as_str)
        );
    }
}
