//! The terminal: keys to inputs, effects to the world outside, and the laboratory on a thread of its own, so that keys are
//! heard while it works.
//!
//! Not what keys mean and not what is drawn (`tui`).

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the terminal is where time passes and threads are"
)]

use super::exit::Exit;
use super::failure::Failure;
use super::outside::{self, Watch};
use super::plain::Table;
use super::shelf::Files;
use crate::lab::{Answer, Request, serve};
use crate::suite::Bench;
use crate::tui::{App, Effect, Input, Key, Mouse, Ticket, view};
use ratatui::DefaultTerminal;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{
    self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event, KeyCode,
    KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::crossterm::execute;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a key is waited for before answers and files are looked at.
const PATIENCE: Duration = Duration::from_millis(200);
/// The same while an answer is due.
const EAGER: Duration = Duration::from_millis(15);

/// Runs the interface until it ends.
pub(super) fn run(table: &mut Table) -> Result<Exit, Failure> {
    let (ask, asked) = channel();
    let (reply, replies) = channel();
    let bench = std::mem::replace(&mut table.bench, Bench::new(Files));
    thread::spawn(move || work(bench, &asked, &reply));
    let told = signals().map_err(|error| Failure::of_write(&error, "the terminal"))?;
    let app = &mut table.app;
    let done = with_screen(|terminal| Session { app, terminal, ask, replies, watch: Watch::default(), told }.run());
    done.map_err(|error| Failure::of_write(&error, "the terminal"))
}

/// Gives a function the whole terminal, and the terminal its old state back: when the function is done, when it fails,
/// and when anything panics.
///
/// # Errors
/// Where there is no terminal, or the function fails.
pub fn with_screen<T>(body: impl FnOnce(&mut DefaultTerminal) -> io::Result<T>) -> io::Result<T> {
    let said = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        leave();
        said(info);
    }));
    let mut terminal = enter()?;
    let done = body(&mut terminal);
    leave();
    done
}

fn enter() -> io::Result<DefaultTerminal> {
    let terminal = ratatui::try_init()?;
    execute!(io::stdout(), EnableBracketedPaste, EnableMouseCapture)?;
    Ok(terminal)
}

fn leave() {
    // There is nobody who could be told that this failed.
    let _ = execute!(io::stdout(), DisableMouseCapture, DisableBracketedPaste, Show);
    ratatui::restore();
}

/// A flag that is raised when the program is told to end; told twice, it ends at once. A terminal that goes away ends the
/// program by its signal, as any other: there is nothing left to restore, and reading from it would never come back.
#[cfg(unix)]
fn signals() -> io::Result<Arc<AtomicBool>> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let told = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&told))?;
        signal_hook::flag::register(signal, Arc::clone(&told))?;
    }
    Ok(told)
}

#[cfg(not(unix))]
fn signals() -> io::Result<Arc<AtomicBool>> {
    Ok(Arc::default())
}

/// Fulfils requests in the order in which they come, but previews last: whoever decides does not wait for them. With a
/// decision, or another list, those that were asked for before it are not wanted any more.
fn work(mut bench: Bench<Files>, asked: &Receiver<(Ticket, Request)>, reply: &Sender<(Ticket, Answer)>) {
    let mut previews = VecDeque::new();
    loop {
        let next = match asked.try_recv() {
            Ok((ticket, request @ Request::Preview(..))) => {
                previews.push_back((ticket, request));
                continue;
            }
            Ok(next) => {
                if matches!(next.1, Request::Branch(..) | Request::Changes(..)) {
                    previews.clear();
                }
                next
            }
            Err(TryRecvError::Disconnected) => return,
            Err(TryRecvError::Empty) => match previews.pop_front().map_or_else(|| asked.recv(), Ok) {
                Ok(next) => next,
                Err(_) => return,
            },
        };
        let (ticket, request) = next;
        if reply.send((ticket, serve(&mut bench, request))).is_err() {
            return;
        }
    }
}

struct Session<'a> {
    app: &'a mut App,
    terminal: &'a mut DefaultTerminal,
    ask: Sender<(Ticket, Request)>,
    replies: Receiver<(Ticket, Answer)>,
    watch: Watch,
    /// Whether the program was told to end.
    told: Arc<AtomicBool>,
}

impl Session<'_> {
    fn run(mut self) -> io::Result<Exit> {
        // From here on a change of size is heard of, so that none comes between the look at it and the first wait.
        event::poll(Duration::ZERO)?;
        let size = self.terminal.size()?;
        self.app.take(Input::Size(size.width, size.height));
        let mut ticked = Instant::now();
        let mut stale = true;
        loop {
            if let Some(exit) = self.fulfil()? {
                return Ok(exit);
            }
            if self.told.load(Ordering::Relaxed) {
                return Ok(Exit::Interrupted);
            }
            if stale {
                self.terminal.draw(|frame| view::draw(self.app, frame))?;
            }
            stale = self.listen(&mut ticked)?;
        }
    }

    /// Takes in what happens next; whether anything did.
    fn listen(&mut self, ticked: &mut Instant) -> io::Result<bool> {
        let tick = self.app.ticks().map(|ms| Duration::from_millis(ms.into()));
        let patience = if self.app.waiting() > 0 { EAGER } else { PATIENCE };
        let patience = tick.map_or(patience, |tick| patience.min(tick.saturating_sub(ticked.elapsed())));
        let working = self.app.working();
        let patience = if working { Duration::ZERO } else { patience };
        let mut heard = false;
        if event::poll(patience)? {
            // What has piled up is taken in before the next drawing.
            while event::poll(Duration::ZERO)? {
                heard |= self.hear(event::read()?);
            }
        }
        // Long work goes on for a slice, between keys; what it has come to is drawn from time to time.
        if working && !heard {
            let until = Instant::now() + EAGER;
            while self.app.working() && Instant::now() < until {
                self.app.take(Input::Idle);
            }
            heard = true;
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
        if self.watch.changed(self.app.file()) {
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
            Event::Mouse(mouse) => pointed(mouse),
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
                Effect::Interrupt => return Ok(Some(Exit::Interrupted)),
                Effect::Suspend => self.suspend()?,
                effect => outside::fulfil(self.app, effect),
            }
        }
        Ok(None)
    }

    #[cfg(unix)]
    fn suspend(&mut self) -> io::Result<()> {
        leave();
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TSTP)?;
        *self.terminal = enter()?;
        let size = self.terminal.size()?;
        self.app.take(Input::Size(size.width, size.height));
        Ok(())
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

/// What was done with the mouse, as far as it matters.
fn pointed(mouse: MouseEvent) -> Option<Input> {
    let what = match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) | MouseEventKind::Drag(MouseButton::Left) => Mouse::Press,
        MouseEventKind::ScrollUp => Mouse::WheelUp,
        MouseEventKind::ScrollDown => Mouse::WheelDown,
        _ => return None,
    };
    Some(Input::Mouse(mouse.column, mouse.row, what))
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
