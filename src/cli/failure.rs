//! Why a command could not do what it was asked for: one type, one place where it is shown.

use super::exit::Exit;
use std::fmt::Display;
use std::io::{self, Write};

/// What stopped a command.
#[derive(Debug)]
pub(super) enum Failure {
    /// Whoever read the output has seen enough. Not an error.
    ClosedPipe,
    /// The command line or a file is wrong; the text follows `error: `.
    Usage(String),
    /// As [`Failure::Usage`], with a text that is complete, such as a scenario's errors.
    Told(String),
    /// Reading or writing failed half-way.
    InputOutput(String),
}

impl Failure {
    /// A mistake in the command line or in a file.
    pub(super) fn usage(text: impl Display) -> Failure {
        Failure::Usage(text.to_string())
    }

    /// What a failed write means.
    pub(super) fn of_write(error: &io::Error, to: &str) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
            _ => Failure::InputOutput(format!("cannot write {to}: {}", plain(error))),
        }
    }

    /// Says it on the standard error; the exit code.
    pub(super) fn tell(&self, color: bool) -> Exit {
        let head = if color { "\u{1b}[1;31merror:\u{1b}[0m" } else { "error:" };
        let (text, exit) = match self {
            Failure::ClosedPipe => return Exit::Holds,
            Failure::Usage(text) => (format!("{head} {text}\n"), Exit::Usage),
            Failure::Told(text) => (text.clone(), Exit::Usage),
            Failure::InputOutput(text) => (format!("{head} {text}\n"), Exit::InputOutput),
        };
        // Nobody can be told if the standard error is gone too.
        let _ = io::stderr().write_all(text.as_bytes());
        exit
    }
}

/// The operating system's words in lower case and without its number.
pub(super) fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        io::ErrorKind::StorageFull => "no space left".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_lowercase()
        }
    }
}

/// A path or another text of the user's as it can be printed in one line.
pub(super) fn shown(text: &str) -> String {
    crate::trace::visible(text)
}
