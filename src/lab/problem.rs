//! Why a laboratory cannot do what it was asked for. Values with readable text; whatever was there before still is.

use crate::trace::visible;
use std::fmt;

/// A problem.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem {
    /// There is no such run; it may have been pruned.
    NoSuchRun,
    /// The run has no such step; the number as people count, from 1.
    NoSuchStep(u32),
    /// There is nothing of this name, or it cannot be read; in words.
    Unreadable(String),
    /// Reading it failed half-way; in words.
    BrokenOff(String),
    /// The file has errors; as they are shown to people, with several lines.
    Broken(String),
    /// A wish that does not fit what is opened.
    Wish(String),
    /// A recorded trace cannot be run again.
    Recorded,
    /// The change is not legal there; why.
    Illegal(String),
    /// So many runs are held already.
    TooMany(usize),
    /// The traces would take more than so many bytes.
    TooLarge(usize),
    /// A name that a branch cannot have.
    Name(String),
    /// It cannot be saved as a variant; why.
    Unsaveable(String),
    /// The file could not be written; why.
    Unwritten(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::NoSuchRun => f.write_str("there is no such run any more"),
            Problem::NoSuchStep(step) => write!(f, "the run has no step {step}"),
            Problem::Unreadable(why) | Problem::BrokenOff(why) | Problem::Wish(why) => f.write_str(why),
            Problem::Broken(errors) => f.write_str(errors.trim_end()),
            Problem::Recorded => {
                f.write_str("this is a recorded trace: it can be read and compared, but only a scenario can be changed")
            }
            Problem::Illegal(why) => write!(f, "this cannot be changed here: {why}"),
            Problem::TooMany(most) => write!(f, "{most} runs are held already; prune some first"),
            Problem::TooLarge(most) => {
                write!(f, "the runs that are held would take more than {} MiB; prune some first", most >> 20)
            }
            Problem::Name(name) => write!(f, "a branch cannot be called {}", visible(name)),
            Problem::Unsaveable(why) => write!(f, "this cannot be saved as a variant: {why}"),
            Problem::Unwritten(why) => write!(f, "nothing was saved: {why}"),
        }
    }
}

impl std::error::Error for Problem {}
