//! The words of the marks: a table for notes, one for processes, one for connections. Sentences are in `story`.

use super::model::{Sign, Weight};
use crate::trace::{Link, Outcome, Process, What};

/// How a note reads: its sign, its words, and whether its row may be left out.
pub(super) struct Phrase {
    pub(super) sign: Option<Sign>,
    pub(super) words: &'static str,
    pub(super) weight: Weight,
}

const fn plain(words: &'static str) -> Phrase {
    Phrase { sign: None, words, weight: Weight::Quiet }
}
const fn with(sign: Sign, words: &'static str) -> Phrase {
    Phrase { sign: Some(sign), words, weight: Weight::Quiet }
}
const fn trouble(sign: Sign, words: &'static str) -> Phrase {
    Phrase { sign: Some(sign), words, weight: Weight::Trouble }
}
const fn marked(sign: Sign, words: &'static str) -> Phrase {
    Phrase { sign: Some(sign), words, weight: Weight::Always }
}

/// `{message}`, `{place}`, `{number}` and `{actor}` as in a verb's label.
pub(super) fn note(what: What) -> Phrase {
    match what {
        What::Stored => plain("[{message} ]stored[ in {place}]"),
        What::Requeued => trouble(Sign::Again, "[{message} ]back[ in {place}]"),
        What::Settled => plain("[{message} ]removed[ from {place}]"),
        What::Expired => marked(Sign::Bad, "[{message} ]EXPIRED[ in {place}]"),
        What::Dropped => marked(Sign::Bad, "[{message} ]DROPPED[: {place} is full]"),
        What::Rejected => marked(Sign::Bad, "[{message} ]rejected[, out of {place}]"),
        What::DeadLettered => trouble(Sign::Bad, "[{message} ]dead-lettered[, out of {place}]"),
        What::Purged => marked(Sign::Bad, "[{message} ]PURGED[ from {place}]"),
        What::Discarded => marked(Sign::Bad, "[{message} ]THROWN AWAY: the channel is closed"),
        What::InError => marked(Sign::Bad, "[{message} ]THROWN AWAY: its publish causes error {number}"),
        What::Unroutable => marked(Sign::Bad, "[{message} ]THROWN AWAY: no queue wants it"),
        What::RefusedByBroker => marked(Sign::Bad, "[{message} ]refused[ by {place}]"),
        What::Recovered => with(Sign::Restart, "[{message} ]back from the disk"),
        What::Vanished => marked(Sign::Bad, "[{message} ]GONE with the memory"),
        What::Created => plain("[{place} ]made"),
        What::Deleted => plain("[{place} ]deleted"),
        What::Unread => plain("[{message} ]waits unread"),
        What::LeftUnread => plain("waits unread"),
        What::QueueDied => marked(Sign::Bad, "[{place} ]DIES of the disk's error and starts again"),
        What::Withheld => plain("[{message} ]held back[ in {place}]"),
        What::Published => plain("hands over[ {message}]"),
        What::BelievesSent => plain("counts[ {message}] as sent"),
        What::BelievesConfirmed => with(Sign::Good, "knows[ {message} is] confirmed"),
        What::BelievesRefused => trouble(Sign::Bad, "knows[ {message} was] refused"),
        What::BelievesUnknown => trouble(Sign::Unknown, "cannot know about[ {message}]"),
        What::GaveUp => marked(Sign::Bad, "GIVES UP[ {message}]"),
        What::Returned => trouble(Sign::Bad, "[{message} ]came back: returned"),
        What::Received => plain("has[ {message}]"),
        What::WorkBegan => plain("works on[ {message}]"),
        What::WorkDone => with(Sign::Good, "did[ {message}]"),
        What::WorkFailed => trouble(Sign::Bad, "FAILED at[ {message}]"),
        What::Hangs => trouble(Sign::Bad, "HANGS at[ {message}]"),
        What::PutAside => trouble(Sign::Again, "puts[ {message}] aside after {number} failed"),
        What::TriedAgain => trouble(Sign::Again, "publishes[ {message}] again, failures so far: {number}"),
        What::LookedUp => plain("looks[ for {message}][ in {place}]: {number} found"),
        What::Answered => with(Sign::Good, "has its answer[ to {message}]"),
        What::NotTheAnswer => plain("throws[ {message}] away: not the answer to its question"),
        What::NotAwaited => plain("throws[ {message}] away: nobody waits for it any more"),
        What::Skipped => with(Sign::Good, "knows[ {message}] already: skips it"),
        What::RowInserted => plain("row[ for {message}][ in {place}]"),
        What::RowUpdated => plain("row[ of {message}] written again[ in {place}]"),
        What::RowRefused => with(Sign::Good, "[{place} ]has a row[ for {message}] already"),
        What::RowMissing => plain("[{place} ]has no row[ for {message}]: nothing done"),
        What::RowDeleted => plain("row[ of {message}] deleted[ in {place}]"),
        What::Replied => plain("answers[ {message}]"),
        What::BacksOff => trouble(Sign::Timer, "waits before it tries again"),
    }
}

/// Of a frame that a link doubled.
pub(super) const DOUBLED: &str = "DOUBLED by the link";

/// Of the message of the row's arrow, where its sender does not wait for an answer.
pub(super) const TRUSTED: &str = "counts it as sent";
/// Where the row names the message already.
pub(super) const WORKS_ON_IT: &str = "works on it";

/// What is said of a message that repeats, instead of the note's own words.
pub(super) const ANOTHER_COPY: &str = "STORED AGAIN: {message}[ in {place}], {times}";
/// Work done again.
pub(super) const DUPLICATE_WORK: &str = "DUPLICATE: did {message} again, {times}";
/// Another row.
pub(super) const DUPLICATE_ROW: &str = "DUPLICATE row[ for {message}][ in {place}]";

/// Before the messages of which no copy is left when a process has ended.
pub(super) const GONE_WITH_CRASH: &str = "gone with the crash: ";
/// The same where it was stopped in order.
pub(super) const GONE_WITH_STOP: &str = "gone with the stop: ";

/// The end or return of a process.
pub(super) fn process(what: Process) -> (Sign, &'static str) {
    match what {
        Process::Started => (Sign::Restart, "STARTS"),
        Process::Stopped => (Sign::Crash, "STOPPED in order"),
        Process::Killed => (Sign::Crash, "KILLED: its memory is gone"),
        Process::PowerLost => (Sign::Crash, "POWER LOST: memory and page cache are gone"),
        Process::Restarted => (Sign::Restart, "STARTS AGAIN"),
        Process::Paused => (Sign::Crash, "STANDS STILL"),
        Process::Resumed => (Sign::Restart, "GOES ON"),
    }
}

/// A connection, as one side does or sees it; `{peer}` is the other side.
pub(super) fn link(what: Link) -> Phrase {
    match what {
        Link::Dialled => plain("dials"),
        Link::Opened => plain("connected"),
        Link::Refused => marked(Sign::Broken, "NO CONNECTION: nobody listens"),
        Link::Shut => plain("closes the connection"),
        Link::Closed => plain("sees the connection[ of {peer}] closed"),
        Link::Reset => marked(Sign::Broken, "CONNECTION[ to {peer}] BROKEN"),
    }
}

/// A connection that breaks because the other side answers a frame on it with a reset.
pub(super) const UNKNOWN_THERE: Phrase =
    marked(Sign::Broken, "CONNECTION[ to {peer}] BROKEN: it is not known there any more");

/// The last row.
pub(super) fn end(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Quiescent => "end: nothing more can happen",
        Outcome::InVain => "end: only trying to connect, for ever, is left",
        Outcome::Until => "end: the time given by `until` is reached",
        Outcome::EventLimit => "CUT SHORT: the limit on events is reached",
        Outcome::TimeLimit => "CUT SHORT: the limit on simulated time is reached",
        Outcome::MessageLimit => "CUT SHORT: the limit on messages is reached",
        Outcome::MemoryLimit => "CUT SHORT: the limit on memory is reached",
    }
}
