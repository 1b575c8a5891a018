//! The terminal: keys to inputs, effects to the world outside, and the laboratory on a thread of its own, so that keys are
//! heard while it works.
//!
//! Not what keys mean and not what is drawn (`tui`).

use super::exit::Exit;
use super::failure::Failure;
use super::shelf::Files;
use crate::lab::{Answer, Request, serve};
use crate::suite::Bench;
use crate::tui::{App, Effect, Input, Key, Ticket, view};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::fs;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// How long a key is waited for before answers and files are looked at.
const PATIENCE: Duration = Duration::from_millis(200);
/// The same while an answer is due.
const EAGER: Duration = Duration::from_millis(15);

/// Runs the interface until it ends. The terminal is restored, also after a panic.
pub(super) fn run(app: App, bench: Bench<Files>) -> Result<Exit, Failure> {
    let (ask, asked) = channel();
    let (reply, replies) = channel();
    thread::spawn(move || work(bench, &asked, &reply));
    let terminal = ratatui::try_init().map_err(|error| Failure::of_write(&error, "the terminal"))?;
    let done = Session { app, terminal, ask, replies, watched: None }.run();
    ratatui::restore();
    done.map_err(|error| Failure::of_write(&error, "the terminal"))
}

/// Fulfils requests in the order in which they come.
fn work(mut bench: Bench<Files>, asked: &Receiver<(Ticket, Request)>, reply: &Sender<(Ticket, Answer)>) {
    while let Ok((ticket, request)) = asked.recv() {
        if reply.send((ticket, serve(&mut bench, request))).is_err() {
            return;
        }
    }
}

struct Session {
    app: App,
    terminal: DefaultTerminal,
    ask: Sender<(Ticket, Request)>,
    replies: Receiver<(Ticket, Answer)>,
    /// The file that is shown, and when it was changed last.
    watched: Option<(String, Option<SystemTime>)>,
}

impl Session {
    fn run(mut self) -> io::Result<Exit> {
        let size = self.terminal.size()?;
        self.app.take(Input::Size(size.width, size.height));
        let mut ticked = Instant::now();
        let mut stale = true;
        loop {
            if let Some(exit) = self.fulfil()? {
                return Ok(exit);
            }
            if stale {
                self.terminal.draw(|frame| view::draw(&self.app, frame))?;
            }
            stale = self.listen(&mut ticked)?;
        }
    }

    /// Takes in what happens next; whether anything did.
    fn listen(&mut self, ticked: &mut Instant) -> io::Result<bool> {
        let tick = self.app.ticks().map(|ms| Duration::from_millis(ms.into()));
        let patience = if self.app.waiting() > 0 { EAGER } else { PATIENCE };
        let patience = tick.map_or(patience, |tick| patience.min(tick.saturating_sub(ticked.elapsed())));
        let mut heard = false;
        if event::poll(patience)? {
            // What has piled up is taken in before the next drawing.
            while event::poll(Duration::ZERO)? {
                heard |= self.hear(event::read()?);
            }
        }
        while let Ok((ticket, answer)) = self.replies.try_recv() {
            self.app.take(Input::Answer(ticket, answer));
            heard = true;
        }
        if tick.is_some_and(|tick| ticked.elapsed() >= tick) {
            *ticked = Instant::now();
            self.app.take(Input::Tick);
            heard = true;
        }
        if self.changed() {
            self.app.take(Input::FileChanged);
            heard = true;
        }
        Ok(heard)
    }

    fn hear(&mut self, event: Event) -> bool {
        let input = match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => named(key).map(Input::Key),
            Event::Resize(width, height) => Some(Input::Size(width, height)),
            Event::Paste(text) => Some(Input::Paste(text)),
            _ => None,
        };
        let heard = input.is_some();
        input.into_iter().for_each(|input| self.app.take(input));
        heard
    }

    /// Does what the interface wants done; the exit code where that is to end.
    fn fulfil(&mut self) -> io::Result<Option<Exit>> {
        for effect in self.app.effects() {
            match effect {
                // The thread ends with the program only.
                Effect::Ask(ticket, request) => _ = self.ask.send((ticket, request)),
                Effect::Copy(text) => copy(&text)?,
                Effect::Quit => return Ok(Some(Exit::Holds)),
                Effect::Suspend => self.suspend()?,
                Effect::Remember(_) | Effect::Write(..) => {}
            }
        }
        Ok(None)
    }

    /// Whether the file that is shown has been changed since it was looked at last.
    fn changed(&mut self) -> bool {
        let Some(path) = self.app.file() else { return false };
        let modified = fs::metadata(path).and_then(|about| about.modified()).ok();
        match &mut self.watched {
            Some((known, when)) if known == path => {
                let changed = modified.is_some() && *when != modified;
                *when = modified.or(*when);
                changed
            }
            watched => {
                *watched = Some((path.to_owned(), modified));
                false
            }
        }
    }

    #[cfg(unix)]
    fn suspend(&mut self) -> io::Result<()> {
        ratatui::restore();
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TSTP)?;
        self.terminal = ratatui::try_init()?;
        self.terminal.clear()
    }

    #[cfg(not(unix))]
    fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Puts a text on the clipboard with the sequence that terminals know for it.
fn copy(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    write!(out, "\x1b]52;c;{}\x07", base64(text.as_bytes()))?;
    out.flush()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for n in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * n) & 63) as usize] as char;
            text.push(if n <= chunk.len() { digit } else { '=' });
        }
    }
    text
}

/// A key of the terminal as the tables name it.
fn named(key: KeyEvent) -> Option<Key> {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char(c) if ctrl => Key::Ctrl(c.to_ascii_lowercase()),
        KeyCode::Char(c) if key.modifiers.difference(KeyModifiers::SHIFT).is_empty() => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clipboards_text_is_in_base64() {
        assert_eq!(base64(b""), "");
        assert_eq!(base64(b"m"), "bQ==");
        assert_eq!(base64(b"mq"), "bXE=");
        assert_eq!(base64(b"mql"), "bXFs");
        assert_eq!(base64(b"mqlab"), "bXFsYWI=");
    }
}
