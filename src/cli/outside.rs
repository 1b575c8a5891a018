//! What an interface wants of the world outside besides a terminal: files that are written and watched, and the names
//! that were opened lately.

#![expect(clippy::disallowed_types, reason = "when a file was changed is a time of the clock")]

use super::failure::plain;
use super::shelf::Files;
use crate::suite::Shelf;
use crate::tui::{App, Effect, Input};
use std::env;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

/// Writes what is to be written; what came of it goes back as an input.
pub(super) fn fulfil(app: &mut App, effect: Effect) {
    match effect {
        Effect::Write { path, numbered, text } => {
            let written = write(&path, numbered, &text);
            app.take(Input::Written(written));
        }
        Effect::Remember(names) => remember(&names),
        _ => {}
    }
}

/// Writes a new file; where it is there already and may be numbered, one of another name.
fn write(path: &str, numbered: bool, text: &str) -> Result<String, String> {
    let (stem, extension) = path.rsplit_once('.').unwrap_or((path, "txt"));
    let others = (2..1000).map(|n| format!("{stem}-{n}.{extension}"));
    let names = [path.to_owned()].into_iter().chain(others.filter(|_| numbered));
    let mut why = String::new();
    for name in names {
        match Files.create(&name, text) {
            Ok(()) => return Ok(name),
            Err(error) => why = error,
        }
        if !PathBuf::from(&name).exists() {
            break;
        }
    }
    Err(why)
}

/// A file that is shown, and what it was when it was looked at last.
#[derive(Debug, Default)]
pub(super) struct Watch {
    seen: Option<(String, Option<Look>)>,
}

/// When a file was changed last, and how long it is.
type Look = (SystemTime, u64);

impl Watch {
    /// Whether the file has been changed since it was looked at last.
    pub(super) fn changed(&mut self, path: Option<&str>) -> bool {
        let Some(path) = path else { return false };
        let about = fs::metadata(path).ok();
        let now = about.and_then(|about| about.modified().ok().map(|when| (when, about.len())));
        match &mut self.seen {
            Some((known, last)) if known == path => {
                let changed = now.is_some() && *last != now;
                *last = now.or(*last);
                changed
            }
            seen => {
                *seen = Some((path.to_owned(), now));
                false
            }
        }
    }
}

/// The file that holds the names that were opened lately: `mqlab/recent` where the desktop's rules say that state goes.
fn recent_file() -> Option<PathBuf> {
    let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = folder("XDG_STATE_HOME").or_else(|| folder("HOME").map(|home| home.join(".local/state")))?;
    Some(state.join("mqlab").join("recent"))
}

/// The names that were opened lately, the latest first; none where nothing is known.
pub(super) fn recent() -> Vec<String> {
    /// More than this is not one of ours.
    const MOST: u64 = 64 << 10;
    let Some(path) = recent_file() else { return Vec::new() };
    let fits = fs::metadata(&path).is_ok_and(|about| about.is_file() && about.len() <= MOST);
    let text = if fits { fs::read_to_string(&path).unwrap_or_default() } else { String::new() };
    text.lines().filter(|line| !line.is_empty()).take(MAX_RECENT).map(str::to_owned).collect()
}

/// As many names are read.
const MAX_RECENT: usize = 16;

/// Keeps the names. It never matters whether that can be done.
fn remember(names: &[String]) {
    let Some(path) = recent_file() else { return };
    let lines: String = names.iter().filter(|name| !name.contains('\n')).map(|name| format!("{name}\n")).collect();
    let done = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, lines));
    // A folder that cannot be written is no reason to say anything.
    let _ = done.map_err(|error| plain(&error));
}
