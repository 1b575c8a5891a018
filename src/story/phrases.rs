//! The sentences for what is not a frame, and what can be known about a frame that never arrived. A table and nothing else.
//!
//! `{actor}`, `{message}`, `{place}` and `{number}` stand for the event's fields; a part in square brackets is left out
//! where a field in it is missing.

use crate::trace::{Class, DiskStep, Kind, Link, Outcome, Process, What};

pub(super) fn note(what: What) -> &'static str {
    match what {
        What::Stored => "{actor} puts a copy of {message} in {place}.",
        What::Requeued => "{actor} puts {message} back in {place}: it will be delivered again.",
        What::Settled => "{actor} removes {message}[ from {place}]: it is settled.",
        What::Expired => "{message} has waited too long[ in {place}] and is removed.",
        What::Dropped => "[{place} is full: ]{actor} throws {message} away.",
        What::Rejected => "{actor} removes {message}[ from {place}], because its consumer rejected it.",
        What::DeadLettered => "{message} goes[ from {place}] to the dead letters.",
        What::Purged => "{message} is removed, because {place} was purged or deleted.",
        What::Discarded => "The channel is closed: {actor} throws {message} away unread, and tells nobody.",
        What::InError => "{actor} throws {message} away: its publish causes error {number}.",
        What::Unroutable => "No queue wants {message}: {actor} throws it away without a word.",
        What::RefusedByBroker => "{actor} refuses to take over what it cannot store[ in {place}][: {message}].",
        What::Recovered => "{actor} has {message} back from its disk.",
        What::Vanished => "The copy of {message} in {actor}'s memory is gone.",
        What::Created => "{actor} makes {place}.",
        What::Deleted => "{actor} deletes[ {place}][ {message}].",
        What::Unread => "{message} waits in front of {actor}, which does not read at present.",
        What::LeftUnread => "It waits in front of {actor}, which does not read at present.",
        What::QueueDied => {
            "The disk's error ends {place}: {actor} starts it again with what its file holds, and refuses the publishes that wait for it."
        }
        What::Withheld => "{actor} holds back[ {message}][ in {place}].",
        What::Published => "{actor} hands {message} to its client library.",
        What::BelievesSent => "{actor} does not wait for an answer: it counts {message} as sent.",
        What::BelievesConfirmed => "{actor} now knows that {message} is confirmed.",
        What::BelievesRefused => "{actor} now knows that {message} was refused or returned.",
        What::BelievesUnknown => "{actor} has no answer for {message} and cannot know whether the broker has it.",
        What::GaveUp => "{actor} gives up[ on {message} and will not send it again].",
        What::Returned => "{message} comes back to {actor}: no queue took it.",
        What::Received => "{message} waits at {actor}.",
        What::WorkBegan => "{actor} begins to work on {message}.",
        What::WorkDone => "{actor} has done its work on {message}.",
        What::WorkFailed => "{actor}'s work on {message} fails.",
        What::Hangs => "{actor} never comes back from its work on {message}.",
        What::PutAside => "{actor} puts {message} into a queue again, after {number} failed works on it.",
        What::TriedAgain => {
            "{actor} publishes {message} to its queue again, and counts in a header how often the work on it failed: {number}."
        }
        What::LookedUp => "{actor} looks[ for {message}][ in {place}] before it begins. Rows found: {number}.",
        What::Answered => "{actor} has its answer to {message}.",
        What::NotTheAnswer => "{actor} throws {message} away: it is not the answer to its question.",
        What::NotAwaited => "{actor} throws {message} away: nobody waits for it any more.",
        What::Skipped => "{actor} has met {message} before and does not work on it again.",
        What::RowInserted => "{actor} inserts a row for {message}[ in {place}].",
        What::RowUpdated => "{actor} writes the row of {message}[ in {place}] again; there is still only one.",
        What::RowRefused => "[{place} ]has a row[ for {message}] already and takes no other.",
        What::RowMissing => "[{place} ]has no row[ for {message}]: nothing is changed.",
        What::RowDeleted => "{actor} deletes the row of {message}[ in {place}].",
        What::Replied => "{actor} answers {message}.",
        What::BacksOff => "{actor} waits before it tries again.",
    }
}

/// Behind the note's sentence where it repeats something.
pub(super) const AGAIN: &str =
    " This is attempt {times}; nothing tells the broker that it has seen this message before.";
pub(super) const COPY: &str = " It was there before: this is copy {times} of the same message.";
pub(super) const WORK: &str = " This is a DUPLICATE: the same work has now been done {times} times.";
pub(super) const ROW: &str = " This is a DUPLICATE: there are now {times} rows for {message}.";
/// Behind a frame's sentence.
pub(super) const SENT_AGAIN: &str = " This is attempt {times}.";
pub(super) const REDELIVERED: &str = " It is marked as redelivered: it was handed out before.";
pub(super) const MULTIPLE: &str = " It stands for all before it too.";

pub(super) const ARRIVED: &str = "{to} receives from {from}: {label}[ (sent in step {step})].";
pub(super) const LOST: &str = "{to} NEVER RECEIVES from {from}: {label}[ (sent in step {step})].";
pub(super) const IGNORED: &str = "{to} receives from {from}: {label}[ (sent in step {step})], and has no use for it.";

/// Who can know that a frame never arrived. `{from}` sent it to `{to}`.
pub(super) fn lost(class: Class) -> &'static str {
    match class {
        Class::Publish => {
            " {to} does not know that {message} was ever sent, and {from} cannot know that it did not arrive."
        }
        Class::Confirm => " {to} cannot tell this from a slow confirm, and {from} does not know that it never arrived.",
        Class::Deliver => " {from} counts {message} as handed out; {to} has never seen it.",
        Class::Settle => {
            " {to} still holds {message} as unacknowledged and will deliver it again; {from} believes it is done."
        }
        _ => "",
    }
}

pub(super) fn process(what: Process) -> &'static str {
    match what {
        Process::Started => "{actor} starts.",
        Process::Stopped => "{actor} is stopped in order.",
        Process::Killed => "{actor} is killed: what it held in memory is gone.",
        Process::PowerLost => "{actor} loses power: its memory and its page cache are gone.",
        Process::Restarted => "{actor} is back, built from what its disk still holds.",
        Process::Paused => "{actor} stands still; what comes in waits.",
        Process::Resumed => "{actor} goes on.",
    }
}

/// What the end of a process took, and what came back.
pub(super) const TOLL_GONE: &str = " Gone with it: {list}.";
pub(super) const TOLL_DISK: &str = " Still on its disk: {list}.";
pub(super) const TOLL_ELSEWHERE: &str = " Gone here, but kept elsewhere: {list}.";
pub(super) const TOLL_BACK: &str = " Back from the disk: {list}.";

/// `{actor}` is the disk, `{node}` its node, `{list}` the messages.
pub(super) fn disk(what: DiskStep) -> &'static str {
    match what {
        DiskStep::Write => "{node} hands a write to the operating system[: {list}].",
        DiskStep::Written => "The write is in the page cache[: {list}]. It survives a kill, not a power loss.",
        DiskStep::Sync => "{node} asks {actor} for an fsync.",
        DiskStep::Synced => "The fsync is done[: {list} will outlast a power loss from now on].",
        DiskStep::Failed => "{actor} reports an error.",
        DiskStep::Feigned => {
            "{actor} reports the fsync as done, and it was not: what it should have kept a power loss still takes."
        }
        DiskStep::Torn => {
            "The last record on {actor} is torn: a reader drops it[. What came before it is durable: {list}]."
        }
    }
}

/// `{peer}` is the other side.
pub(super) fn link(what: Link) -> &'static str {
    match what {
        Link::Dialled => "{actor} asks[ {peer}] for a connection.",
        Link::Opened => "{actor} is connected[ to {peer}].",
        Link::Refused => "{actor} finds nobody listening[ at {peer}]: there is no connection.",
        Link::Shut => "{actor} closes its end of the connection[ to {peer}].",
        Link::Closed => "{actor} sees that the connection[ to {peer}] was closed at the other end.",
        Link::Reset => {
            "{actor} sees that the connection[ to {peer}] is broken; what was on its way on it may or may not have arrived."
        }
    }
}

/// Behind the sentence of a reset that answers a frame; `{step}` is its sending.
pub(super) const UNKNOWN_THERE: &str =
    " What it sent[ in step {step}] came to where this connection is not known any more.";

pub(super) const CONNECTS: &str = "{from} connects[ to {to}][ ({frames})].";
pub(super) const CONNECT_FAILS: &str = "{from} tries to connect[ to {to}] and fails[ after {frames}].";
pub(super) const CLOSES: &str = "{from} closes its connection[ to {to}][ ({frames})].";
pub(super) const OTHER_SETUP: &str = "{from} and {to} settle something between them: {label}[ ({frames})].";

/// A frame that a link doubles; `{step}` is the sending of the first.
pub(super) const DOUBLED: &str =
    "The link doubles what {from} sent[ in step {step}]: {label} is on its way to {to} twice.";

/// `{name}` is the fault's name, `{says}` what it does, `{noticed}` who can notice it.
pub(super) fn fault(kind: Kind) -> &'static str {
    match kind {
        Kind::Over(_) => "Fault {name} is over.",
        _ => "Fault {name} strikes: {says}.[ Who can notice: {noticed}.]",
    }
}
pub(super) const TIMER: &str = "A timer of {actor} runs out.";

pub(super) fn end(what: Outcome) -> &'static str {
    match what {
        Outcome::Quiescent => "The run ends: nothing is left that could change an outcome.",
        Outcome::InVain => {
            "The run ends: clients would go on trying to connect for ever, and nothing left can bring back what they wait for."
        }
        Outcome::Until => "The run ends at the time that the scenario gives.",
        Outcome::EventLimit => "The run is cut short: it has reached the limit on events.",
        Outcome::TimeLimit => "The run is cut short: it has reached the limit on simulated time.",
        Outcome::MessageLimit => "The run is cut short: it has reached the limit on messages.",
        Outcome::MemoryLimit => "The run is cut short: it has reached the limit on memory.",
    }
}

/// On what ground something came out as it did. `{step}` is the event that made it so.
pub(super) mod ground {
    pub(in crate::story) const CHANNEL_CLOSED: &str =
        "Before it came, {actor} had closed this channel with an error (step {step}).";
    pub(in crate::story) const CONNECTION_CLOSED: &str =
        "Before it came, {actor} had closed this connection with an error (step {step}).";
    pub(in crate::story) const CLOSED_WITH_IT: &str =
        "Nothing had come of it yet when {actor} closed the channel with an error (step {step}).";
    pub(in crate::story) const BROKEN_OFF: &str = "{actor} had been cut off in step {step}, and was not back.";
    pub(in crate::story) const TOLD_OF_ERROR: &str = "{actor} had been told of an error in step {step}.";
    pub(in crate::story) const LIMIT: &str = "{place} is declared with a limit, and holds no more than that.";
    pub(in crate::story) const SINCE: &str = "{message} had lain in {place} since step {step}.";
    pub(in crate::story) const TTL: &str = "A time to live is set, on {place} or on the message.";
    pub(in crate::story) const NO_DEAD_LETTERS: &str =
        "The dead letters[ of {place}] go to an exchange from which no queue takes them.";
    pub(in crate::story) const WAS_DELETED: &str =
        "There had been a queue for such messages; it was deleted in step {step}.";
    pub(in crate::story) const WAS_NOT_DURABLE: &str = "There had been a queue for such messages. It, or its binding, was not durable, and ended with {actor}'s process in step {step}.";
    pub(in crate::story) const COMES_LATER: &str =
        "No queue was bound for it yet: the first such message that a queue takes is {message}, in step {step}.";
    pub(in crate::story) const NO_BINDING: &str =
        "No binding of {exchange} fits the key {key} and the headers of this message.";
    pub(in crate::story) const NO_QUEUE: &str = "There is no queue called {key}.";
    pub(in crate::story) const NOT_SYNCED: &str =
        "{message} was written (step {step}), and no fsync had put it on the disk for good.";
    pub(in crate::story) const NOT_PERSISTENT: &str =
        "{message} was published as not persistent (step {step}), so {actor} did not write it to its disk.";
    pub(in crate::story) const QUEUE_NOT_DURABLE: &str = "{message} was published as persistent (step {step}), but {actor} never wrote it: the queue that held it is not durable.";
    pub(in crate::story) const NOT_YET_WRITTEN: &str = "{message} was published as persistent (step {step}), but {actor} had not written it yet, or its queue is not durable.";
    pub(in crate::story) const RECEIVER_GONE: &str = "{to} was not running any more, from step {step} on.";
    pub(in crate::story) const LINK_GONE: &str = "This connection had ended already, in step {step}.";
    pub(in crate::story) const CUT: &str = "This connection was cut in step {step}.";
    pub(in crate::story) const HANDED_OUT: &str =
        "[{holder} ]has {message} out of {place} since step {step}, and it is not settled.";
    pub(in crate::story) const NO_CONSUMER: &str = "Nobody in the scenario consumes from {place}.";
    pub(in crate::story) const NO_CONSUMER_NOW: &str = "Nobody consumes from {place} at that time.";
    pub(in crate::story) const CONSUMER_GONE: &str = "{actor} was not there: see step {step}.";
    pub(in crate::story) const OVERTAKEN: &str =
        "{other}, which was published after it, was done before it (step {step}).";
    pub(in crate::story) const HELD_UP: &str = "{message} was held up in step {step}.";
    pub(in crate::story) const DELIVERED_FIRST: &str = "{other} was handed out first, in step {step}.";
    pub(in crate::story) const SLOWER: &str = "{message} was handed out first, but {who} began to work on {other} in step {step}, and was done with that first.";
    pub(in crate::story) const AGAIN: &str = "It came again in step {step}.";
    pub(in crate::story) const FIRST_TIME: &str = "The work on it had been done already, in step {step}.";
    pub(in crate::story) const IN_THE_WAY: &str = "Step {step} stood in the way.";
    pub(in crate::story) const SCRIPT: &str =
        "{actor} follows a script, and no step of it acknowledges {message}: nothing counts as done.";
    pub(in crate::story) const STILL_WORKING: &str = "The run ends before {actor} is done with it (step {step}).";
    pub(in crate::story) const ENDS_BEFORE: &str = "The run ends before its turn comes (step {step}).";
}
