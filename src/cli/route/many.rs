//! Many routing keys from the standard input, one a line; an answer a line, as soon as it is known.
//!
//! A line that is no key is named and left out; the rest is routed all the same.

use super::topology::{Letter, Topology};
use super::{MAX_KEY, tell};
use crate::cli::args::Results;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::ids::Names;
use std::io::{self, BufRead, BufReader, Read};

/// So many keys are read at most.
const MAX_LINES: u64 = 100_000_000;

/// So many bad lines are named one by one.
const NAMED: usize = 10;

/// After so many keys their names are forgotten, so that memory does not grow with the input.
const REMEMBERED: u64 = 4096;

pub(super) fn route(
    topology: &mut Topology,
    letter: &mut Letter,
    format: Results,
    out: &mut Output,
) -> Result<Exit, Failure> {
    let known: Names = topology.names.clone();
    let mut input = BufReader::with_capacity(1 << 16, io::stdin().lock());
    let (mut bad, mut named) = (0u64, Vec::new());
    let mut line = Vec::new();
    for number in 1u64.. {
        if number.is_multiple_of(REMEMBERED) {
            topology.names.clone_from(&known);
        }
        let broken = |error: io::Error| Failure::InputOutput(format!("cannot read the standard input: {error}"));
        match read(&mut input, &mut line).map_err(broken)? {
            None => break,
            Some(_) if number > MAX_LINES => {
                return Err(Failure::usage(format!("there are more than {MAX_LINES} keys")));
            }
            Some(Ok(key)) => {
                letter.keys[0] = topology.names.intern(key);
                tell::line(topology, letter, format, out)?;
            }
            Some(Err(why)) => {
                bad += 1;
                if named.len() < NAMED {
                    named.push(format!("line {number}: {why}"));
                }
            }
        }
        if input.buffer().is_empty() {
            // Whoever types keys wants to see each answer.
            out.wrote(|to| to.flush())?;
        }
    }
    if bad == 0 {
        return Ok(Exit::Holds);
    }
    let more = bad - named.len() as u64;
    if more > 0 {
        named.push(format!("and {more} more lines"));
    }
    out.wrote(|to| to.flush())?;
    Err(Failure::usage(format!("not every line is a routing key\n  {}", named.join("\n  "))))
}

/// The next line without its end, or what is wrong with it; `None` at the end of the input.
fn read<'a>(input: &mut impl BufRead, line: &'a mut Vec<u8>) -> io::Result<Option<Result<&'a str, String>>> {
    line.clear();
    let most = MAX_KEY as u64 + 2;
    if input.by_ref().take(most).read_until(b'\n', line)? == 0 {
        return Ok(None);
    }
    let ended = line.ends_with(b"\n");
    if !ended && line.len() as u64 == most {
        let length = line.len() + skip(input)?;
        return Ok(Some(Err(format!("it has {length} bytes; a routing key may have {MAX_KEY}"))));
    }
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    if text.len() > MAX_KEY {
        return Ok(Some(Err(format!("it has {} bytes; a routing key may have {MAX_KEY}", text.len()))));
    }
    let text = std::str::from_utf8(text);
    Ok(Some(text.map_err(|error| format!("byte {} is no valid UTF-8", error.valid_up_to() + 1))))
}

/// Leaves out the rest of a line; gives how many bytes that were.
fn skip(input: &mut impl BufRead) -> io::Result<usize> {
    let mut skipped = 0;
    loop {
        let bytes = input.fill_buf()?;
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let count = end.map_or(bytes.len(), |at| at + 1);
        let done = end.is_some() || bytes.is_empty();
        input.consume(count);
        if done {
            return Ok(skipped + end.unwrap_or(count));
        }
        skipped += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_keys_or_named_errors() {
        let text = [b"a.b\r\n\n".as_slice(), &[b'x'; 300], b"\n\xff\nlast"].concat();
        let (mut input, mut line) = (text.as_slice(), Vec::new());
        let mut next = || read(&mut input, &mut line).unwrap().map(|line| line.map(str::to_owned));
        assert_eq!(next(), Some(Ok("a.b".to_owned())));
        assert_eq!(next(), Some(Ok(String::new())));
        assert!(next().unwrap().unwrap_err().contains("300 bytes"));
        assert!(next().unwrap().unwrap_err().contains("byte 1"));
        assert_eq!(next(), Some(Ok("last".to_owned())));
        assert_eq!(next(), None);
    }
}
