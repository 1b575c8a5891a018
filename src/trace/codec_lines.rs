//! The lines of a trace file as they stand there: texts and numbers, not yet names and ids.
//!
//! One definition for writing and reading; the fields' order is the order in the file. What is read borrows its texts from
//! the line.

use super::delta::{Belief, Flags};
use super::event::{DiskStep, FrameFlags, Link, Outcome, Process, What};
use super::header::PlaceKind;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::ops::Deref;

/// A text of a line that is read: the line's own bytes, unless something in it is escaped.
#[derive(Deserialize, Default)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

/// A prefix of names, numbered in the order of these lines from 1; 0 is the empty text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PrefixLine {
    pub(super) prefix: String,
}

/// A place.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceLine<T = String> {
    pub(super) place: u32,
    pub(super) kind: PlaceKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) actor: Option<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) holder: Option<T>,
}

/// A frame; on a line of its own only if it was never sent.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FrameLine<T = String> {
    pub(super) frame: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) verb: Option<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) conn: Option<u32>,
    /// Left out where it is the event's actor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<T>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) channel: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) number: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) a: Option<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) b: Option<T>,
    pub(super) size: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) flags: Vec<T>,
}

/// An event. Exactly one of the fields from `sent` to `ended` stands.
#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct EventLine<T = String> {
    pub(super) t: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<T>,

    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sent: Option<FrameLine<T>>,
    /// A frame that stands on an earlier line.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "sent-frame")]
    pub(super) sent_frame: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) arrived: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lost: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ignored: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) link: Option<Link>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) process: Option<Process>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) timer: Option<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) disk: Option<DiskStep>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<What>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fault: Option<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended: Option<Outcome>,

    /// The frame's verb, to be found by `grep`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) verb: Option<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) conn: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) op: Option<u32>,
    /// The place's number, and what it is, to be found by `grep`: `0 queue billing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<T>,
    /// The note's message, or the frame's, to be found by `grep`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<T>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) number: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cause: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) need: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rule: Option<T>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) deltas: Vec<DeltaLine<T>>,
}

/// A delta.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum DeltaLine<T = String> {
    Put {
        place: u32,
        copy: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<T>,
        #[serde(default, skip_serializing_if = "is_zero")]
        order: u64,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        flags: Vec<T>,
    },
    Move {
        copy: u32,
        from: u32,
        to: u32,
        #[serde(default, skip_serializing_if = "is_zero")]
        order: u64,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        flags: Vec<T>,
    },
    Remove {
        copy: u32,
        place: u32,
    },
    Clear {
        place: u32,
    },
    Set {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<T>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gauge: Option<T>,
        value: i64,
    },
    Believe {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<T>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<T>,
        belief: Belief,
    },
}

/// The last line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndLine {
    pub(super) end: Counts,
}

/// How much there is of everything.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Counts {
    pub(super) events: u64,
    pub(super) frames: u64,
    pub(super) places: u64,
    pub(super) prefixes: u64,
}

fn is_zero<T: Default + PartialEq>(n: &T) -> bool {
    *n == T::default()
}

const FRAME_FLAGS: [&str; 6] = ["redelivered", "multiple", "persistent", "mandatory", "requeue", "no-ack"];
const COPY_FLAGS: [&str; 2] = ["redelivered", "persistent"];

pub(super) fn frame_flags(flags: FrameFlags) -> Vec<String> {
    bits(u32::from(flags.0), &FRAME_FLAGS)
}

pub(super) fn copy_flags(flags: Flags) -> Vec<String> {
    bits(u32::from(flags.0), &COPY_FLAGS)
}

pub(super) fn read_frame_flags(words: &[Text<'_>]) -> Result<FrameFlags, String> {
    Ok(FrameFlags(read_bits(words, &FRAME_FLAGS, 16)? as u16))
}

pub(super) fn read_copy_flags(words: &[Text<'_>]) -> Result<Flags, String> {
    Ok(Flags(read_bits(words, &COPY_FLAGS, 8)? as u8))
}

/// The words of the bits that are set; a bit without a word is `bit-9`.
fn bits(set: u32, words: &[&str]) -> Vec<String> {
    let is_set = (0..32usize).filter(|bit| set >> bit & 1 == 1);
    is_set.map(|bit| words.get(bit).map_or_else(|| format!("bit-{bit}"), |word| (*word).to_owned())).collect()
}

fn read_bits(given: &[Text<'_>], words: &[&str], width: usize) -> Result<u32, String> {
    let mut set = 0;
    for word in given.iter().map(|word| &**word) {
        let known = words.iter().position(|known| *known == word);
        let bit = known.or_else(|| word.strip_prefix("bit-")?.parse().ok().filter(|bit| *bit < width));
        let bit = bit.ok_or_else(|| format!("unknown flag {word:?}; expected one of {}", words.join(", ")))?;
        set |= 1 << bit;
    }
    Ok(set)
}
