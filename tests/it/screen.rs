//! The interface in a real terminal: it starts, follows a change of size, stops and goes on, ends, and leaves the terminal
//! as it found it, whatever happens.

#![cfg(unix)]
#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "a real terminal takes real time")]

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};
use vt100::Parser;

/// Nothing takes as long as this, on a slow machine either.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program in a terminal.
struct Screen {
    keys: std::fs::File,
    pty: std::sync::Arc<Pty>,
    child: Child,
    output: Receiver<Vec<u8>>,
    terminal: Parser,
}

fn lines(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap()
}

impl Screen {
    fn new(program: &str, args: &[&str]) -> Screen {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(30, 110)).unwrap();
        let state = std::env::temp_dir().join("mqlab-test-state");
        let command = Command::new(program).args(args).env("TERM", "xterm-256color").env("XDG_STATE_HOME", state);
        let child = command.env_remove("NO_COLOR").spawn(pts).unwrap();
        let pty = std::sync::Arc::new(pty);
        let keys = std::fs::File::from(std::os::fd::AsFd::as_fd(&*pty).try_clone_to_owned().unwrap());
        let (send, output) = channel();
        let from = std::sync::Arc::clone(&pty);
        // It ends with the program, whose end is the end of what can be read.
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n) = (&*from).read(&mut bytes) {
                if n == 0 || send.send(bytes[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        Screen { keys, pty, child, output, terminal: Parser::new(lines(30), lines(110), 0) }
    }

    fn mqlab(args: &[&str]) -> Screen {
        Screen::new(env!("CARGO_BIN_EXE_mqlab"), args)
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    fn contents(&self) -> String {
        self.terminal.screen().contents()
    }

    /// Waits until the screen is as wanted.
    fn until(&mut self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        let begun = Instant::now();
        while !wanted(self.terminal.screen()) {
            assert!(begun.elapsed() < PATIENCE, "never {what}:\n{}", self.contents());
            if let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(50)) {
                self.terminal.process(&bytes);
            }
        }
    }

    fn shows(&mut self, text: &str) {
        self.until(text, |screen| screen.contents().contains(text));
    }

    /// Waits for its end; what it left of the terminal must be clean.
    fn ends(&mut self) -> ExitStatus {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end:\n{}", self.contents());
            thread::sleep(Duration::from_millis(20));
        };
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(300)) {
            self.terminal.process(&bytes);
        }
        self.is_clean();
        status
    }

    fn is_clean(&self) {
        let screen = self.terminal.screen();
        assert!(!screen.alternate_screen(), "the other screen is left");
        assert!(!screen.hide_cursor(), "the cursor is there");
        assert!(!screen.bracketed_paste(), "pasting is as it was");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is the terminal's again");
    }

    fn signal(&self, signal: &str) {
        let done = std::process::Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_starts_steps_and_leaves_the_terminal_clean() {
    let mut screen = Screen::mqlab(&["step", "hello"]);
    screen.shows("Timeline");
    assert!(screen.terminal.screen().alternate_screen());
    screen.press("G");
    screen.shows("The run ends");
    screen.press("q");
    assert_eq!(screen.ends().code(), Some(0));
}

#[test]
fn the_gallery_opens_without_arguments_and_remembers_what_was_opened() {
    let mut screen = Screen::mqlab(&[]);
    screen.shows("Hello, queue");
    screen.press("/lost confirm\r");
    screen.shows("A lost confirm makes a duplicate");
    screen.until("open", |screen| screen.contents().contains("Why"));
    screen.press("q");
    assert_eq!(screen.ends().code(), Some(0));
    let mut screen = Screen::mqlab(&[]);
    screen.shows("opened lately");
    screen.press("q");
    screen.ends();
}

#[test]
fn it_follows_a_change_of_size() {
    let mut screen = Screen::mqlab(&["step", "hello"]);
    screen.shows("Branches");
    screen.terminal.set_size(lines(10), lines(40));
    screen.pty.resize(Size::new(10, 40)).unwrap();
    screen.shows("mqlab needs 60 columns");
    screen.terminal.set_size(lines(24), lines(80));
    screen.pty.resize(Size::new(24, 80)).unwrap();
    screen.shows("Timeline");
    screen.press("q");
    assert_eq!(screen.ends().code(), Some(0));
}

#[test]
fn ctrl_c_and_the_word_to_end_leave_the_terminal_clean() {
    for how in ["\u{3}", "-TERM", "-INT"] {
        let mut screen = Screen::mqlab(&["step", "hello"]);
        screen.shows("Timeline");
        if how.starts_with('-') {
            screen.signal(how);
        } else {
            screen.press(how);
        }
        assert_eq!(screen.ends().code(), Some(130), "{how:?}");
    }
}

#[test]
fn it_ends_when_its_terminal_goes_away() {
    let (pty, pts) = open().unwrap();
    pty.resize(Size::new(30, 110)).unwrap();
    let command = Command::new(env!("CARGO_BIN_EXE_mqlab")).args(["step", "hello"]).env("TERM", "xterm-256color");
    let mut child = command.spawn(pts).unwrap();
    let mut terminal = Parser::new(lines(30), lines(110), 0);
    let mut bytes = [0; 4096];
    while !terminal.screen().contents().contains("Timeline") {
        let n = (&pty).read(&mut bytes).unwrap();
        terminal.process(&bytes[..n]);
    }
    drop(pty);
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("it goes on without a terminal");
        }
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn it_stops_with_a_clean_terminal_and_goes_on_where_it_was() {
    // A shell with job control, since a stopped leader of a session would have nobody to wake it.
    let script = format!("set -m; {} step hello; echo stopped; read -r; fg; echo done", env!("CARGO_BIN_EXE_mqlab"));
    let mut screen = Screen::new("bash", &["--norc", "-c", &script]);
    screen.shows("Timeline");
    screen.press("G");
    screen.shows("The run ends");
    let place = screen.contents().lines().next().unwrap().trim().to_owned();
    screen.press("\u{1a}");
    screen.until("stopped", |screen| !screen.alternate_screen() && screen.contents().contains("stopped"));
    screen.is_clean();
    screen.press("\r");
    screen.shows(&place);
    screen.press("q");
    screen.shows("done");
    assert_eq!(screen.ends().code(), Some(0));
}

#[test]
fn a_panic_gives_the_terminal_back_and_says_what_to_report() {
    let own = std::env::current_exe().unwrap();
    let args = ["--ignored", "--exact", "screen::panics_on_the_whole_screen", "--nocapture"];
    let mut screen = Screen::new(own.to_str().unwrap(), &args);
    screen.shows("internal error: on purpose");
    assert_eq!(screen.ends().code(), Some(70));
}

#[test]
#[ignore = "run by the test of panics, in a terminal of its own"]
fn panics_on_the_whole_screen() {
    mqlab::cli::report_panics();
    let _ = mqlab::cli::with_screen(|terminal| -> std::io::Result<()> {
        terminal.draw(|frame| frame.render_widget("drawn", frame.area()))?;
        panic!("on purpose");
    });
}
