//! `mqlab step` and `mqlab` alone: what is opened, and how it is to look. The terminal itself is in `terminal`.

use super::args::{StepArgs, ThemeArg};
use super::exit::Exit;
use super::failure::Failure;
use super::list;
use super::output::Output;
use super::shelf::Files;
use super::terminal;
use crate::ids::EventId;
use crate::lab::Opening;
use crate::suite::Bench;
use crate::tui::theme::{Depth, Look, Theme};
use crate::tui::{App, Books};
use crate::world::{RULES, VERBS};
use std::env;
use std::io::{IsTerminal, stdin, stdout};

/// The gallery in the terminal; a plain list where there is none.
pub(super) fn gallery(out: &mut Output) -> Result<Exit, Failure> {
    if !stdout().is_terminal() || !stdin().is_terminal() {
        return list::welcome(out);
    }
    let app = App::new(books(), look(ThemeArg::Dark, out), Vec::new());
    terminal::run(app, Bench::new(Files))
}

/// Opens a scenario or a recorded trace to be stepped through.
pub(super) fn step(args: &StepArgs, out: &mut Output) -> Result<Exit, Failure> {
    if !stdout().is_terminal() || !stdin().is_terminal() {
        return Err(Failure::usage("stepping needs a terminal; `mqlab run` prints the whole run"));
    }
    let mut app = App::new(books(), look(args.theme, out), Vec::new());
    let opening =
        Opening { path: args.file.clone(), variant: args.variant.clone(), seed: args.seed, token: args.replay.clone() };
    app.open(opening, args.at.map(|step| EventId(step - 1)));
    terminal::run(app, Bench::new(Files))
}

fn books() -> Books {
    Books { verbs: VERBS, rules: RULES }
}

/// As the options and the terminal say.
fn look(theme: ThemeArg, out: &Output) -> Look {
    let theme = match theme {
        ThemeArg::Dark => Theme::Dark,
        ThemeArg::Light => Theme::Light,
        ThemeArg::Contrast => Theme::Contrast,
    };
    let says = |name: &str, word: &str| env::var(name).is_ok_and(|value| value.contains(word));
    let depth = if !out.colors() {
        Depth::None
    } else if says("COLORTERM", "truecolor") || says("COLORTERM", "24bit") {
        Depth::Full
    } else if says("TERM", "256") {
        Depth::Many
    } else {
        Depth::Sixteen
    };
    Look { theme, depth, glyphs: out.look.glyphs }
}
