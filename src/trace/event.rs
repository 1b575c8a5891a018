//! Events: who did or noticed what, when, because of what, under which rule.

use crate::ids::{ActorId, ConnId, EventId, FaultId, FrameId, Name, OpId, PlaceId, RuleId, VerbId};
use crate::units::Time;

/// One event. A small plain value; its deltas are kept beside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event {
    /// When it happened.
    pub time: Time,
    /// What happened.
    pub kind: Kind,
    /// The one event that triggered it; [`EventId::NONE`] for what the scenario itself starts.
    pub cause: EventId,
    /// The last event of the message or place that it acted on, where it needed one.
    pub need: EventId,
    /// A count that belongs to the kind: the attempt, the completion, the number of records.
    pub number: u32,
    /// The rule under which it happened.
    pub rule: RuleId,
    /// Whose event it is.
    pub actor: ActorId,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The actor handed a frame to the network.
    Sent(FrameId),
    /// The frame reached the actor.
    Arrived(FrameId),
    /// The frame died on its way to the actor.
    Lost(FrameId),
    /// The frame reached the actor, and the actor had no use for it (a closed channel).
    Ignored(FrameId),
    /// Something about a connection, seen by the actor.
    Link {
        /// The connection.
        conn: ConnId,
        /// What the actor did or saw.
        what: Link,
    },
    /// Something about the actor's process.
    Process(Process),
    /// A timer of the actor ran out.
    Timer(VerbId),
    /// A step of a disk operation; `number` counts its records.
    Disk {
        /// The step.
        what: DiskStep,
        /// The operation.
        op: OpId,
    },
    /// Something about a message or a place.
    Note {
        /// What.
        what: What,
        /// Where; [`PlaceId::NONE`] if nowhere.
        place: PlaceId,
        /// The message; [`Name::NONE`] if it is about the place alone.
        message: Name,
    },
    /// A fault of the scenario struck.
    Fault(FaultId),
    /// What a fault had begun is over: the link or the disk is as it was before.
    Over(FaultId),
    /// The run ended.
    End(Outcome),
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$vdoc])* $variant),* }
        impl $name {
            /// Every one of them.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            /// The word for it in a trace file.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }
            /// The one with this word.
            pub fn from_word(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)* _ => None }
            }
        }
    };
}
pub(super) use words;

words! {
    /// What an actor does to or sees of a connection.
    Link {
        /// Asks for a connection.
        Dialled = "dialled",
        /// The connection stands, as far as the actor knows.
        Opened = "opened",
        /// Nobody listens there.
        Refused = "refused",
        /// The actor closed it in order.
        Shut = "shut",
        /// The actor saw that the other side closed it.
        Closed = "closed",
        /// The actor saw that it was broken off.
        Reset = "reset",
    }
}

words! {
    /// What becomes of a process or its machine.
    Process {
        /// It starts for the first time.
        Started = "started",
        /// It was stopped in order.
        Stopped = "stopped",
        /// It was killed; what it held in memory is gone.
        Killed = "killed",
        /// Its machine lost power; what was not synced is gone too.
        PowerLost = "power-lost",
        /// It is back, built from what its disk still held.
        Restarted = "restarted",
        /// It stands still; what comes in waits.
        Paused = "paused",
        /// It goes on.
        Resumed = "resumed",
    }
}

words! {
    /// The steps of a disk operation.
    DiskStep {
        /// A write was handed to the operating system.
        Write = "write",
        /// The write is in the page cache: it survives a kill, not a power loss.
        Written = "written",
        /// A sync was asked for.
        Sync = "sync",
        /// The sync is done: what was written before it is durable.
        Synced = "synced",
        /// The operation failed.
        Failed = "failed",
        /// The sync was reported as done, and nothing became durable.
        Feigned = "feigned",
        /// Power went in the middle of writing back: what was before the last record is durable, the record is not.
        Torn = "torn",
    }
}

words! {
    /// What is noted about a message or a place. The first group is noted by brokers, the second by clients.
    What {
        /// A copy was put in the place.
        Stored = "stored",
        /// A copy went back to the place it was delivered from.
        Requeued = "requeued",
        /// A copy was settled and removed.
        Settled = "settled",
        /// A copy ran out of time and was removed.
        Expired = "expired",
        /// A copy was removed because the place was full.
        Dropped = "dropped",
        /// A copy was removed because its consumer rejected it.
        Rejected = "rejected",
        /// A copy went to a dead-letter destination.
        DeadLettered = "dead-lettered",
        /// A copy was removed because its place was deleted or purged.
        Purged = "purged",
        /// No place wanted the message; it was thrown away without a word.
        Unroutable = "unroutable",
        /// The message came in on a channel or connection that was closed already; it was thrown away unread.
        Discarded = "discarded",
        /// The broker answered the publish with an error and threw the message away; `number` is the error's code.
        InError = "in-error",
        /// The broker refused the message.
        RefusedByBroker = "refused-by-broker",
        /// A copy came back from the disk after a restart.
        Recovered = "recovered",
        /// A copy in memory died with its process.
        Vanished = "vanished",
        /// A place was made.
        Created = "created",
        /// A place was removed.
        Deleted = "deleted",
        /// Something that could have happened was held back.
        Withheld = "withheld",
        /// A message has come in, and its node does not read it at present: it waits in front of the node.
        Unread = "unread",
        /// Something else than a message has come in, and its node does not read it at present.
        LeftUnread = "left-unread",
        /// A queue died of an error of its disk; it goes on with what its file holds.
        QueueDied = "queue-died",

        /// A producer hands the message to its client library; `number` is the attempt, from 1.
        Published = "published",
        /// The producer does not wait for an answer and counts it as sent.
        BelievesSent = "believes-sent",
        /// The producer has its confirm.
        BelievesConfirmed = "believes-confirmed",
        /// The producer knows that it was refused or returned.
        BelievesRefused = "believes-refused",
        /// The producer cannot know.
        BelievesUnknown = "believes-unknown",
        /// The producer gave up on it.
        GaveUp = "gave-up",
        /// The broker gave the message back to the producer.
        Returned = "returned",
        /// A delivery waits at the consumer.
        Received = "received",
        /// The consumer began to work on it.
        WorkBegan = "work-began",
        /// The work is complete; `number` counts the completions of this consumer.
        WorkDone = "work-done",
        /// The work failed.
        WorkFailed = "work-failed",
        /// The handler never comes back from the work.
        Hangs = "hangs",
        /// The consumer itself puts the message into a queue again, since the work on it failed; `number` counts the
        /// failures.
        PutAside = "put-aside",
        /// The consumer itself publishes the message to its queue again, since the work on it failed; `number` counts the
        /// failures.
        TriedAgain = "tried-again",
        /// The consumer looked into its table whether it knows the message; `number` counts what it found.
        LookedUp = "looked-up",
        /// The consumer knew the message and did not work on it.
        Skipped = "skipped",
        /// The producer has the answer to its question, or what it takes for it.
        Answered = "answered",
        /// The producer threw an answer away: it is not the answer to its question.
        NotTheAnswer = "not-the-answer",
        /// The producer threw an answer away: nobody waits for it any more.
        NotAwaited = "not-awaited",
        /// A row was inserted.
        RowInserted = "row-inserted",
        /// A row was written again.
        RowUpdated = "row-updated",
        /// A row was there already and the table refused another.
        RowRefused = "row-refused",
        /// There is no row to change or to delete.
        RowMissing = "row-missing",
        /// A row was deleted.
        RowDeleted = "row-deleted",
        /// The consumer sent an answer.
        Replied = "replied",
        /// The client waits before it tries again.
        BacksOff = "backs-off",
    }
}

words! {
    /// How a run ended.
    Outcome {
        /// Nothing is left that could change an outcome.
        Quiescent = "quiescent",
        /// Clients would go on trying to connect for ever, and nothing is left that could let them succeed.
        InVain = "in-vain",
        /// The scenario's `until` was reached.
        Until = "until",
        /// The limit on events was hit.
        EventLimit = "event-limit",
        /// The limit on simulated time was hit.
        TimeLimit = "time-limit",
        /// The limit on messages was hit.
        MessageLimit = "message-limit",
        /// The limit on memory was hit.
        MemoryLimit = "memory-limit",
    }
}

impl Outcome {
    /// Whether a limit cut the run short, so that its verdict says little.
    pub fn is_limit(self) -> bool {
        !matches!(self, Outcome::Quiescent | Outcome::InVain | Outcome::Until)
    }
}

/// A frame on the wire, in the words that all systems share.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame {
    /// The connection.
    pub conn: ConnId,
    /// Who sent it.
    pub from: ActorId,
    /// Whom it is for.
    pub to: ActorId,
    /// What it is: a row of the system's vocabulary.
    pub verb: VerbId,
    /// The channel on the connection; 0 where there is none.
    pub channel: u16,
    /// What is special about it.
    pub flags: FrameFlags,
    /// The number it carries (a delivery tag, a confirm's number, an offset); `u32::MAX` if none.
    pub number: u32,
    /// Its size on the wire in bytes, headers of the protocol included, those of TCP not.
    pub size: u32,
    /// The message it carries or is about.
    pub message: Name,
    /// The verb's first word (the exchange, the queue, the error's text).
    pub a: Name,
    /// The verb's second word (the routing key).
    pub b: Name,
}

/// A set of properties of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FrameFlags(pub u16);

impl FrameFlags {
    /// The delivery was handed out before.
    pub const REDELIVERED: FrameFlags = FrameFlags(1);
    /// The number stands for all numbers up to it.
    pub const MULTIPLE: FrameFlags = FrameFlags(2);
    /// The message is to survive a restart.
    pub const PERSISTENT: FrameFlags = FrameFlags(4);
    /// The producer wants the message back if no queue takes it.
    pub const MANDATORY: FrameFlags = FrameFlags(8);
    /// The message is to go back to its queue.
    pub const REQUEUE: FrameFlags = FrameFlags(16);
    /// No acknowledgement is expected.
    pub const NO_ACK: FrameFlags = FrameFlags(32);

    /// Both sets together.
    pub fn and(self, other: FrameFlags) -> FrameFlags {
        FrameFlags(self.0 | other.0)
    }
    /// This set if `condition` holds, else the empty one.
    pub fn when(self, condition: bool) -> FrameFlags {
        if condition { self } else { FrameFlags(0) }
    }
    /// Whether all of `other` is in it.
    pub fn has(self, other: FrameFlags) -> bool {
        self.0 & other.0 == other.0
    }
}
