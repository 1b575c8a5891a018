//! Stepping without a screen: lines in, lines out, with the laboratory in between. One frame of it, too.
//!
//! What is said is decided elsewhere (`tui::Plain`).

use super::exit::Exit;
use super::failure::{Failure, plain};
use super::output::Output;
use super::outside;
use super::shelf::Files;
use crate::lab::serve;
use crate::suite::Bench;
use crate::tui::{App, Effect, Input, Plain};
use std::io::{BufRead, Read, stdin};

/// The longest line that is taken in, in bytes.
const LONGEST: u64 = 4096;

/// An interface and the laboratory that answers it, in turns.
pub(super) struct Table {
    pub(super) app: App,
    pub(super) bench: Bench<Files>,
}

impl Table {
    /// Does what the interface wants done, until it wants nothing more; `false` where it wants to end. What it would
    /// put on a clipboard is given to `copied`.
    pub(super) fn settle(&mut self, copied: &mut Vec<String>) -> bool {
        loop {
            let effects = self.app.effects();
            if effects.is_empty() {
                // Work in slices goes on until it is done.
                if !self.app.working() {
                    return true;
                }
                self.app.take(Input::Idle);
            }
            for effect in effects {
                match effect {
                    Effect::Ask(ticket, request) => {
                        let answer = serve(&mut self.bench, request);
                        self.app.take(Input::Answer(ticket, answer));
                    }
                    Effect::Copy(text) => copied.push(text),
                    Effect::Quit | Effect::Interrupt => return false,
                    // What a script opens is nothing to remember.
                    Effect::Suspend | Effect::Remember(_) => {}
                    effect => outside::fulfil(&mut self.app, effect),
                }
            }
        }
    }
}

/// Steps by lines of the standard input until it ends or says so.
pub(super) fn run(table: &mut Table, out: &mut Output) -> Result<Exit, Failure> {
    let mut told = Plain::default();
    let mut input = stdin().lock();
    let mut watch = outside::Watch::default();
    let mut copied = Vec::new();
    let mut goes_on = table.settle(&mut copied);
    loop {
        told.tell(&mut table.app).iter().try_for_each(|line| out.line(line))?;
        copied.drain(..).try_for_each(|text: String| out.line(&text))?;
        out.flush()?;
        if !goes_on {
            return Ok(Exit::Holds);
        }
        let mut line = Vec::new();
        let read = input.by_ref().take(LONGEST).read_until(b'\n', &mut line);
        let read =
            read.map_err(|error| Failure::InputOutput(format!("cannot read standard input: {}", plain(&error))))?;
        if read == 0 {
            return Ok(Exit::Holds);
        }
        if watch.changed(table.app.file()) {
            table.app.take(Input::FileChanged);
            table.settle(&mut copied);
        }
        told.hear(&mut table.app, &String::from_utf8_lossy(&line));
        goes_on = table.settle(&mut copied);
    }
}
