//! What happened, as data: the vocabulary of events, the log, the observable state and its reducer, the file format.
//!
//! System-neutral: it knows frames, places, copies and beliefs, not exchanges or partitions. It decides nothing and
//! calls no machine. How a trace is drawn or told is in `timeline` and `story`.

#[cfg(test)]
pub(crate) mod build;
mod codec;
mod codec_lines;
mod codec_read;
#[cfg(test)]
mod codec_tests;
mod codec_write;
mod delta;
mod event;
mod expand;
mod header;
mod lesson;
mod log;
mod moment;
mod observable;
mod observer;
mod reading;
mod vocabulary;
mod wrap;

pub use crate::ids::visible;
pub use codec::{DecodeError, MAX_LINE, ReadLimits, VERSION};
pub use codec_read::{decode, read};
pub use codec_write::{Writer, encode};
pub use delta::{Belief, Delta, Flags, Order};
pub use event::{DiskStep, Event, Frame, FrameFlags, Kind, Link, Outcome, Process, What};
pub use expand::expand;
pub use header::{Actor, ActorKind, Declared, Destination, FaultText, Header, Place, PlaceKind, Planned};
pub use lesson::{Caption, Key, Lesson, Question};
pub use log::Log;
pub use moment::{DiskAt, FrameAt, FrameIs, Moment, NoteIs, WorkAt};
pub use observable::{Held, Observable};
pub use observer::{Notes, Observer, Tables, Wants};
pub use reading::{Reading, Repeat, Role, Setup, SetupKind, Toll};
pub use vocabulary::{Class, Verb, VerbBook, VerbTable};
pub use wrap::{width_of, wrap};

pub(crate) use reading::class_of;
