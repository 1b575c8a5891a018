//! Files and the standard input, within limits, and what they are: a scenario, a recorded trace, or neither.
//!
//! Not the parsing of a scenario (`load`). Nothing is believed of a file before it has been looked at.

use super::failure::{Failure, plain, shown};
use super::gallery;
use crate::trace::{DecodeError, Log, ReadLimits, read};
use crate::world::{RULES, VERBS};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

/// The largest scenario in bytes.
const MAX_SCENARIO: u64 = crate::scenario::MAX_BYTES as u64;

/// A file that was read.
pub(super) enum Input {
    /// What should be the text of a scenario; not yet looked at.
    Scenario {
        /// What it is called in messages.
        name: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A trace.
    Trace(Box<Log>),
}

/// Reads a path, `-` for the standard input, or the name of a scenario of the gallery.
pub(super) fn open(path: &str) -> Result<Input, Failure> {
    if path == "-" {
        return classify("standard input", io::stdin().lock());
    }
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return from_gallery(path),
        opened => opened.map_err(|error| cannot_read(path, &plain(&error)))?,
    };
    let about = file.metadata().map_err(|error| cannot_read(path, &plain(&error)))?;
    if about.is_dir() {
        return Err(cannot_read(path, "it is a directory"));
    }
    let mut reader = BufReader::new(file);
    if !is_trace(path, &mut reader)? && about.len() > MAX_SCENARIO {
        return Err(too_large(path, Some(about.len())));
    }
    classify(path, reader)
}

/// The name and bytes of a scenario; a trace is refused.
pub(super) fn scenario(path: &str) -> Result<(String, Vec<u8>), Failure> {
    match open(path)? {
        Input::Scenario { name, bytes } => Ok((name, bytes)),
        Input::Trace(_) => Err(Failure::usage(format!("{} is a recorded trace; a scenario is needed", shown(path)))),
    }
}

/// All bytes of a file, or of the standard input for `-`, that may have at most this many.
pub(super) fn whole(path: &str, most: u64) -> Result<Vec<u8>, Failure> {
    let too_large = || Failure::usage(format!("{} is too large: it may have {most} bytes", shown(path)));
    let mut bytes = Vec::new();
    if path == "-" {
        io::stdin().lock().take(most + 1).read_to_end(&mut bytes).map_err(|error| broken_off(path, &error))?;
    } else {
        let file = File::open(path).map_err(|error| cannot_read(path, &plain(&error)))?;
        let about = file.metadata().map_err(|error| cannot_read(path, &plain(&error)))?;
        if about.is_dir() {
            return Err(cannot_read(path, "it is a directory"));
        }
        if about.len() > most {
            return Err(too_large());
        }
        file.take(most + 1).read_to_end(&mut bytes).map_err(|error| broken_off(path, &error))?;
    }
    if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
}

fn from_gallery(path: &str) -> Result<Input, Failure> {
    if let Some(entry) = gallery::find(path) {
        return Ok(Input::Scenario { name: entry.name().to_owned(), bytes: entry.text.into() });
    }
    let names: Vec<&str> = gallery::ALL.iter().map(|entry| entry.name()).collect();
    let help = match crate::ids::nearest(path, names.iter().copied()) {
        Some(near) => format!("\nhelp: the gallery has `{near}`"),
        None => "\nhelp: `mqlab list` shows the gallery, `mqlab new FILE` writes a scenario to start from".to_owned(),
    };
    Err(Failure::usage(format!("cannot read {}: no such file{help}", shown(path))))
}

/// A scenario never begins with a brace, and a trace always does. A byte-order mark before the brace is passed over.
fn is_trace(name: &str, from: &mut impl BufRead) -> Result<bool, Failure> {
    const MARKED: &[u8] = b"\xef\xbb\xbf{";
    let start = from.fill_buf().map_err(|error| broken_off(name, &error))?;
    if start.starts_with(MARKED) {
        from.consume(MARKED.len() - 1);
        return Ok(true);
    }
    Ok(start.first() == Some(&b'{'))
}

fn classify(name: &str, mut from: impl BufRead) -> Result<Input, Failure> {
    if is_trace(name, &mut from)? {
        let log = read(from, &ReadLimits::default(), RULES, VERBS).map_err(|error| of_trace(name, &error))?;
        return Ok(Input::Trace(Box::new(log)));
    }
    let mut bytes = Vec::new();
    from.take(MAX_SCENARIO + 1).read_to_end(&mut bytes).map_err(|error| broken_off(name, &error))?;
    if bytes.len() as u64 > MAX_SCENARIO {
        return Err(too_large(name, None));
    }
    Ok(Input::Scenario { name: name.to_owned(), bytes })
}

fn of_trace(name: &str, error: &DecodeError) -> Failure {
    match error {
        DecodeError::Input { says, .. } => Failure::InputOutput(format!("cannot read {}: {says}", shown(name))),
        error => Failure::usage(format!("{} is not a trace that can be shown: {error}", shown(name))),
    }
}

fn cannot_read(path: &str, why: &str) -> Failure {
    Failure::usage(format!("cannot read {}: {why}", shown(path)))
}

/// Opening told of nothing, and then reading failed.
fn broken_off(path: &str, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::IsADirectory => cannot_read(path, "it is a directory"),
        _ => Failure::InputOutput(format!("cannot read {}: {}", shown(path), plain(error))),
    }
}

fn too_large(name: &str, bytes: Option<u64>) -> Failure {
    let has = bytes.map_or_else(String::new, |bytes| format!("it has {bytes} bytes, and "));
    Failure::usage(format!("{} is too large: {has}a scenario may have {MAX_SCENARIO}", shown(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> String {
        match classify("x.ron", bytes) {
            Err(Failure::Usage(text)) => text,
            _ => panic!("taken"),
        }
    }

    #[test]
    fn what_is_too_large_is_refused_before_it_is_looked_at() {
        assert!(refused(&vec![b' '; MAX_SCENARIO as usize + 1]).contains("too large"));
    }

    #[test]
    fn what_begins_with_a_brace_must_be_a_whole_trace() {
        assert!(refused(b"{}").contains("not a trace"));
        assert!(refused(b"{\"mqlab-trace\":99}\n").contains("version 99"));
    }
}
