//! The file format: JSON Lines, so that a trace can be written while it happens, cut by lines and searched with `grep`.
//!
//! The first line is the header with the format's version. Then come prefixes of names and places as they come up, and
//! the events, each on a line with its frame and its deltas. The last line counts what was written, so that a file
//! that was cut short is noticed. Names, rules and verbs are written as texts. Here are the version, the limits, the
//! errors and what writing and reading share; the lines are in `codec_lines`.

use crate::rules::RuleBook;
use crate::trace::VerbBook;
use std::collections::BTreeMap;
use std::fmt;

/// The version of the format.
pub const VERSION: u32 = 2;
/// The longest line that is read by default, in bytes.
pub const MAX_LINE: usize = 1 << 20;

/// How much is read of a file that may come from anywhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadLimits {
    /// The longest line, in bytes.
    pub line: usize,
    /// Lines.
    pub lines: usize,
    /// Bytes in all.
    pub bytes: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        ReadLimits { line: MAX_LINE, lines: 20_000_000, bytes: 1 << 32 }
    }
}

/// Why a trace cannot be read. Lines count from 1. Nothing of the file is usable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DecodeError {
    /// Reading itself failed.
    Input {
        /// The line.
        line: usize,
        /// The operating system's words.
        says: String,
    },
    /// The first line is not the header of a trace.
    NotATrace,
    /// It was written in another version of the format.
    Version {
        /// The version, as it stands there.
        found: String,
    },
    /// It ends without its last line.
    Truncated {
        /// The line that is missing.
        line: usize,
    },
    /// It is larger than is allowed.
    TooLarge {
        /// The first line too much.
        line: usize,
        /// Which limit, such as `1048576 bytes in a line`.
        limit: String,
    },
    /// A line is not what it should be.
    Malformed {
        /// The line.
        line: usize,
        /// What is wrong, and what was expected.
        says: String,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Input { line, says } => write!(f, "line {line}: cannot be read: {says}"),
            DecodeError::NotATrace => {
                write!(f, "line 1: not a trace: expected a header that begins with {{\"mqlab-trace\":{VERSION}")
            }
            DecodeError::Version { found } => {
                write!(f, "line 1: the trace has format version {found}; this program reads version {VERSION}")
            }
            DecodeError::Truncated { line } => {
                write!(f, "line {line}: the trace was cut short: expected a last line that begins with {{\"end\"")
            }
            DecodeError::TooLarge { line, limit } => write!(f, "line {line}: the limit of {limit} is exceeded"),
            DecodeError::Malformed { line, says } => write!(f, "line {line}: {says}"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// The texts of the rows of a book: the row's own, with `#id` behind it where another row has the same.
#[derive(Debug)]
pub(super) struct Keys {
    ids: BTreeMap<String, u16>,
    texts: BTreeMap<u16, String>,
}

impl Keys {
    pub(super) fn rules(book: RuleBook) -> Keys {
        Keys::new(book.all().map(|(id, rule)| (id.0, rule.key)))
    }
    pub(super) fn verbs(book: VerbBook) -> Keys {
        Keys::new(book.all().map(|(id, verb)| (id.0, verb.name)))
    }
    fn new(rows: impl Iterator<Item = (u16, &'static str)>) -> Keys {
        let mut keys = Keys { ids: BTreeMap::new(), texts: BTreeMap::new() };
        for (id, text) in rows {
            let unique = text.starts_with('#') || keys.ids.contains_key(text);
            let text = if unique { format!("{text}#{id}") } else { text.to_owned() };
            keys.ids.insert(text.clone(), id);
            keys.texts.insert(id, text);
        }
        keys
    }
    /// The text of a row; `#id` for one that is in no table.
    pub(super) fn text(&self, id: u16) -> String {
        self.texts.get(&id).cloned().unwrap_or_else(|| format!("#{id}"))
    }
    /// The row with a text.
    pub(super) fn id(&self, text: &str) -> Option<u16> {
        let bare = || text.strip_prefix('#')?.parse().ok().filter(|id| !self.texts.contains_key(id));
        self.ids.get(text).copied().or_else(bare)
    }
}
