//! `mqlab step` and `mqlab` alone: what is opened, and how it is to look. The terminal itself is in `terminal`, and lines
//! without one are in `plain`.

#![expect(clippy::disallowed_methods, reason = "what the terminal can is said in the environment")]

use super::args::{StepArgs, ThemeArg};
use super::compare::failure;
use super::exit::Exit;
use super::failure::{Failure, shown};
use super::list;
use super::output::Output;
use super::outside;
use super::plain::{self, Table};
use super::shelf::Files;
use super::terminal;
use crate::lab::{Laboratory, Opening};
use crate::suite::{Bench, Shelf};
use crate::timeline::text::Glyphs;
use crate::tui::action::Action;
use crate::tui::theme::{Depth, Look, Theme};
use crate::tui::{App, Books, Input, Plain, view};
use crate::world::{RULES, VERBS};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::env;
use std::io::{IsTerminal, stdin, stdout};
use std::path::Path;

/// Rows of a screen where there is no terminal to ask.
const ROWS: u16 = 40;

/// The gallery in the terminal; a plain list where there is none.
pub(super) fn gallery(out: &mut Output) -> Result<Exit, Failure> {
    if !has_screen() {
        return list::welcome(out);
    }
    let app = App::new(books(), look(ThemeArg::Dark, out), outside::recent());
    terminal::run(&mut Table { app, bench: Bench::new(Files) })
}

/// Opens a scenario or a recorded trace to be stepped through.
pub(super) fn step(args: &StepArgs, out: &mut Output) -> Result<Exit, Failure> {
    if let Some(path) = args.record.as_deref().filter(|path| *path != "-" && Path::new(path).exists()) {
        return Err(Failure::usage(format!("{} is there already, and nothing is overwritten", shown(path))));
    }
    // A program that reads the input reads the scenario from there, and nobody could type.
    if args.file == "-" && args.at.is_none() {
        return Err(Failure::usage("stepping reads commands from standard input; name a file"));
    }
    let screen = !args.plain && has_screen();
    let mut look = look(args.theme, out);
    if args.plain || !(screen || args.at.is_some()) {
        look.glyphs = Glyphs::Ascii;
    }
    let recent = if screen { outside::recent() } else { Vec::new() };
    let mut table = Table { app: App::new(books(), look, recent), bench: Bench::new(Files) };
    opened(&mut table, args)?;
    if let Some(at) = &args.at {
        return frame(&mut table, at, args.plain, out);
    }
    let exit = if screen { terminal::run(&mut table)? } else { plain::run(&mut table, out)? };
    if let Some(path) = &args.record {
        record(&table.app, path, out)?;
    }
    Ok(exit)
}

/// Opens what was asked for before anything is shown, so that a file that cannot be opened is refused as everywhere.
fn opened(table: &mut Table, args: &StepArgs) -> Result<(), Failure> {
    let opening =
        Opening { path: args.file.clone(), variant: args.variant.clone(), seed: args.seed, token: args.replay.clone() };
    let run = table.bench.open(&opening).map_err(failure)?;
    table.app.show_held(run);
    table.settle(&mut Vec::new());
    Ok(())
}

/// The screen at one step as text, or what is told of the step.
fn frame(table: &mut Table, at: &str, plain: bool, out: &mut Output) -> Result<Exit, Failure> {
    table.app.perform(Action::Goto, at);
    if let Some(problem) = table.app.note() {
        return Err(Failure::usage(problem));
    }
    if plain {
        Plain::default().tell(&mut table.app).iter().try_for_each(|line| out.line(line))?;
        return Ok(Exit::Holds);
    }
    let rows = terminal_size::terminal_size().map_or(ROWS, |(_, rows)| rows.0.max(15));
    let columns = u16::try_from(out.look.width).unwrap_or(u16::MAX).max(60);
    table.app.take(Input::Size(columns, rows));
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).map_err(Failure::usage)?;
    terminal.draw(|frame| view::draw(&table.app, frame)).map_err(Failure::usage)?;
    let buffer = terminal.backend().buffer();
    for y in 0..rows {
        let mut line = String::new();
        let mut x = 0;
        while x < columns {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += u16::try_from(crate::trace::width_of(symbol)).unwrap_or(1).max(1);
        }
        out.line(line.trim_end())?;
    }
    Ok(Exit::Holds)
}

/// Writes the bookmarks of a session as a lesson.
fn record(app: &App, path: &str, out: &mut Output) -> Result<(), Failure> {
    let Some(text) = app.lesson() else {
        return out.line("no bookmarks were set (m sets one), so there is no lesson");
    };
    if path == "-" {
        return out.text(&text);
    }
    Files.create(path, &text).map_err(Failure::InputOutput)?;
    out.line(&format!("wrote {}; put it into the scenario behind its last field", shown(path)))
}

/// Whether there is a terminal that can be drawn on.
fn has_screen() -> bool {
    let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    stdout().is_terminal() && stdin().is_terminal() && !dumb
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
