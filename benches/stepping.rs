//! Stepping through a run of a million events: how long it takes until the first screen is there, how long a key takes
//! at any place, and how much memory the process holds.
//!
//! `cargo bench --bench stepping -- 100000` takes another number of events. The run and the file are opened in processes
//! of their own, so that nothing but the interface is counted in their memory.

#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a benchmark measures by the wall clock")]

mod reference;
mod workload;

use mqlab::cli::Files;
use mqlab::lab::{Answer, Opening, Origin, Reply, Run, RunId, serve};
use mqlab::suite::Bench as Shelf;
use mqlab::timeline::text::Glyphs;
use mqlab::trace::{Log, encode};
use mqlab::tui::theme::{Depth, Look, Theme};
use mqlab::tui::{App, Books, Effect, Input, Key, Ticket, view};
use mqlab::world::{RULES, VERBS};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use reference::timed;
use std::process::Command;
use std::sync::Arc;
use std::{env, fs};
use workload::Bench;

/// What is asked for: seconds until the first screen, milliseconds for a key, mebibytes.
const MOST: (f64, f64, f64) = (1.0, 16.0, 200.0);
/// Keys that are pressed at every place, as help names them.
const KEYS: &str = "j k J K PgDn PgUp w w w Enter Esc f } { f l Esc W Esc v Esc m ' m c c z Z Z z s Tab Tab h Esc g G";
/// Where they are pressed: so many thousandths of the run.
const PLACES: [u64; 7] = [0, 1, 250, 500, 777, 999, 1000];
/// The screen.
const SIZE: (u16, u16) = (120, 40);

fn main() {
    let args: Vec<String> = env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let texts: Vec<&str> = args.iter().map(String::as_str).collect();
    match texts[..] {
        ["file", path] => opened("file", |shelf, app| ask(shelf, app, path)),
        ["run", events] => {
            let events = events.parse().expect("a number");
            opened("run", |_, app| made(app, events));
        }
        ["record", events, path] => {
            let run = log(events.parse().expect("a number")).0;
            fs::write(path, encode(&run, RULES, VERBS)).expect("a place for the file");
        }
        [] => all(1_000_000),
        [events, ..] => all(events.parse().expect("a number of events")),
    }
}

/// Everything, each part in a process of its own.
fn all(events: u64) {
    let path = env::temp_dir().join(format!("mqlab-stepping-{events}.jsonl"));
    let path = path.to_str().expect("a path in Unicode");
    let part = |args: &[&str]| {
        let me = env::current_exe().expect("this program");
        assert!(Command::new(me).args(args).status().expect("a process").success());
    };
    let (seconds, key, memory) = MOST;
    println!("stepping: a run of {events} events on a screen of {} by {}", SIZE.0, SIZE.1);
    println!("at most {seconds} s until the first screen, {key} ms for a key, {memory} MiB");
    part(&["run", &events.to_string()]);
    part(&["record", &events.to_string(), path]);
    println!("the file has {} MB", fs::metadata(path).expect("the file").len() / 1_000_000);
    part(&["file", path]);
    fs::remove_file(path).expect("the file");
}

/// A log of about this many events.
fn log(events: u64) -> (Log, mqlab::verdict::Findings) {
    // A little more than 16 events a message.
    let mut bench = Bench::new((events / 16) as u32);
    let mut log = Log::new(bench.header());
    let findings = bench.recorded(1, &mut log);
    (log, findings)
}

fn made(app: &mut App, events: u64) -> f64 {
    let ((log, findings), seconds) = timed(|| log(events));
    let origin = Origin::Scenario(Opening::default());
    let run = Run { id: RunId(0), origin, log, findings, checked: Vec::new(), token: None, changes: Vec::new() };
    answer(app, Answer { reply: Ok(Reply::Run(Arc::new(run))), tree: Vec::new() });
    seconds
}

fn ask(shelf: &mut Shelf<Files>, app: &mut App, path: &str) -> f64 {
    app.open(Opening { path: path.to_owned(), ..Opening::default() }, None);
    let mut reading = 0.0;
    for effect in app.effects() {
        if let Effect::Ask(ticket, request) = effect {
            let (answer, seconds) = timed(|| serve(shelf, request));
            reading += seconds;
            app.take(Input::Answer(ticket, answer));
        }
    }
    reading
}

/// Answers the last request.
fn answer(app: &mut App, answer: Answer) {
    app.open(Opening { path: "a run".to_owned(), ..Opening::default() }, None);
    let tickets = app.effects().into_iter().filter_map(|effect| match effect {
        Effect::Ask(ticket, _) => Some(ticket),
        _ => None,
    });
    let last: Ticket = tickets.last().expect("a request");
    app.take(Input::Answer(last, answer));
}

/// Opens something, presses keys everywhere, and says how long that took.
fn opened(what: &str, open: impl FnOnce(&mut Shelf<Files>, &mut App) -> f64) {
    let look = Look { theme: Theme::Dark, depth: Depth::Many, glyphs: Glyphs::Unicode };
    let mut app = App::new(Books { verbs: VERBS, rules: RULES }, look, Vec::new());
    app.take(Input::Size(SIZE.0, SIZE.1));
    app.effects();
    let mut terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).expect("a screen in memory");
    let mut shelf = Shelf::new(Files);
    let idle = processor();
    let (source, opening) = timed(|| open(&mut shelf, &mut app));
    let busy = processor() - idle;
    let ((), drawing) = timed(|| _ = terminal.draw(|frame| view::draw(&app, frame)));
    let events = app.desk().expect("a run is open").steps();
    println!();
    println!(
        "{what}: {events} events on the screen after {:.2} s, in which the processor worked {busy:.2} s",
        opening + drawing
    );
    let laying = opening - source;
    println!("making or reading it {source:.2} s, laying it out {laying:.2} s, drawing {:.1} ms", drawing * 1e3);
    println!("memory: now {} MiB, at most {} MiB", memory("VmRSS"), memory("VmHWM"));
    let mut slowest: Vec<(f64, String)> = Vec::new();
    for place in PLACES {
        let step = (u64::from(events) * place / 1000).max(1);
        let mut keys = vec![format!(":{step}")];
        keys.extend(KEYS.split(' ').map(str::to_owned));
        for key in keys {
            let ((), seconds) = timed(|| {
                press(&mut app, &key);
                terminal.draw(|frame| view::draw(&app, frame)).expect("a screen in memory");
            });
            slowest.push((seconds * 1e3, format!("{key} at {step}")));
            slices(&mut app, &mut slowest);
        }
    }
    slowest.sort_by(|a, b| b.0.total_cmp(&a.0));
    let worst: Vec<String> = slowest.iter().take(12).map(|(ms, key)| format!("{key} {ms:.1}")).collect();
    println!("keys: {} pressed; the slowest in ms: {}", slowest.len(), worst.join(", "));
    println!("memory: now {} MiB, at most {} MiB", memory("VmRSS"), memory("VmHWM"));
}

/// Work that is under way goes on between keys; a slice of it must be as short as a key.
fn slices(app: &mut App, slowest: &mut Vec<(f64, String)>) {
    for _ in 0..2000 {
        if !app.working() {
            return;
        }
        let ((), seconds) = timed(|| app.take(Input::Idle));
        slowest.push((seconds * 1e3, "a slice".to_owned()));
    }
}

fn press(app: &mut App, key: &str) {
    if let Some(command) = key.strip_prefix(':').filter(|text| !text.is_empty()) {
        app.take(Input::Key(Key::Char(':')));
        command.chars().for_each(|c| app.take(Input::Key(Key::Char(c))));
        app.take(Input::Key(Key::Enter));
    } else {
        app.take(Input::Key(Key::named(key).expect("a key")));
    }
    app.effects();
}

/// How long the processor has worked for this process, in seconds; less than the clock says on a busy machine.
fn processor() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |n: usize| fields.get(n).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// A line of the process's status, in MiB; 0 where the system does not tell.
fn memory(what: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(what));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)).and_then(|text| text.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
