//! The words a scenario may expect, what each takes, and what an expectation is. Plain data: the scenario's parser
//! makes it, the findings answer it.

use crate::ids::EventId;
use crate::units::Span;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a word may be narrowed to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    /// A producer's name.
    Producer,
    /// A consumer's name.
    Consumer,
    /// A queue's name.
    Queue,
    /// A table's name.
    Table,
    /// A destination: a table where the consumer has one, else a queue; `nowhere` for what no queue took.
    Destination,
    /// The name of a client or of a node.
    Party,
    /// A message's id.
    Message,
    /// A fault's name.
    Fault,
    /// How the run ended: `quiescent`, `until`, `event-limit`, …
    Outcome,
}

/// What stands in the parentheses of a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Takes {
    /// `lost(0)` or `lost("invoices", 0)`, either with `ids: ["order-2"]`; the name narrows it.
    CountMayOf(Of),
    /// `depth("billing", 0)`: the name must stand.
    CountOf(Of),
    /// `finished(at_most("150ms"))` or `finished("biller", at_most("150ms"))`: the name narrows it; the count is a time in
    /// nanoseconds.
    TimeMayOf(Of),
    /// `sum("balances", "ann", 40)`: the table and the row's key must stand.
    ValueOf(Of),
    /// `at_most_once(true)`: holds or not. `true` is [`Count::HOLDS`], `false` is [`Count::BROKEN`].
    Truth,
    /// `ended("quiescent")`, `struck("cut-2")`: the name alone; a count may follow. Without it: [`Count::OCCURS`].
    Name(Of),
}

/// How often, how much, or how long in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// `2`
    Exactly(i64),
    /// `at_least(2)`
    AtLeast(i64),
    /// `at_most(2)`
    AtMost(i64),
}

impl Count {
    /// A guarantee holds: nothing breaks it.
    pub const HOLDS: Count = Count::Exactly(0);
    /// A guarantee is broken at least once.
    pub const BROKEN: Count = Count::AtLeast(1);
    /// Something comes about at least once.
    pub const OCCURS: Count = Count::AtLeast(1);

    /// Whether `n` is as many.
    pub fn fits(self, n: i64) -> bool {
        match self {
            Count::Exactly(m) => n == m,
            Count::AtLeast(m) => n >= m,
            Count::AtMost(m) => n <= m,
        }
    }
}

impl Count {
    /// As it is written in a scenario, with the number as `say` has it.
    fn written(self, say: impl Fn(i64) -> String) -> String {
        match self {
            Count::Exactly(n) => say(n),
            Count::AtLeast(n) => format!("at_least({})", say(n)),
            Count::AtMost(n) => format!("at_most({})", say(n)),
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written(|n| n.to_string()))
    }
}

/// A time that is counted in nanoseconds.
pub(super) fn span(nanos: i64) -> Span {
    Span(u64::try_from(nanos).unwrap_or(0))
}

macro_rules! expectation_words {
    ($($variant:ident: $name:literal, $takes:expr, $definition:literal;)*) => {
        /// A word of the verdict.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Word { $(#[doc = $definition] $variant),* }

        impl Word {
            /// Every word, in the order in which they are explained and shown.
            pub const ALL: &'static [Word] = &[$(Word::$variant),*];
            /// The word as it is written in a scenario.
            pub fn name(self) -> &'static str {
                match self { $(Word::$variant => $name),* }
            }
            /// What it means, in one sentence.
            pub fn definition(self) -> &'static str {
                match self { $(Word::$variant => $definition),* }
            }
            /// What stands in its parentheses.
            pub fn takes(self) -> Takes {
                match self { $(Word::$variant => $takes),* }
            }
        }
    };
}

expectation_words! {
    Sent: "sent", Takes::CountMayOf(Of::Producer),
        "Messages that the producer handed to the network without waiting for an answer.";
    Confirmed: "confirmed", Takes::CountMayOf(Of::Producer),
        "Messages that the broker confirmed to the producer.";
    Refused: "refused", Takes::CountMayOf(Of::Producer),
        "Messages that the producer knows were refused, returned or answered with an error.";
    Unknown: "unknown", Takes::CountMayOf(Of::Producer),
        "Messages for whose answer the producer waited, and it never came.";
    Lost: "lost", Takes::CountMayOf(Of::Destination),
        "The producer believes it delivered (sent or confirmed); no work was completed and no copy is left.";
    LostConfirmed: "lost_confirmed", Takes::CountMayOf(Of::Destination),
        "Lost although the broker had confirmed it.";
    Stuck: "stuck", Takes::CountMayOf(Of::Destination),
        "Not done, but a copy is still there: ready, unacknowledged, in flight, or in a delay or dead-letter queue.";
    Duplicated: "duplicated", Takes::CountMayOf(Of::Destination),
        "Work completed again beyond the first time.";
    DuplicateRows: "duplicate_rows", Takes::CountMayOf(Of::Table),
        "Rows of a message beyond its first in the table; a deduplicating consumer works twice and has one row.";
    Reordered: "reordered", Takes::CountMayOf(Of::Destination),
        "First completions that are earlier in the order of publishing than the completion just before them (same producer, same destination); what is worked on again does not count.";
    Recovered: "recovered", Takes::CountMayOf(Of::Destination),
        "The producer does not know, and the work was done.";
    Unexpected: "unexpected", Takes::CountMayOf(Of::Destination),
        "The work was done although the message was refused, or never sent.";
    Returned: "returned", Takes::CountMayOf(Of::Producer),
        "The broker gave the message back to its producer, since no queue takes it.";
    Unroutable: "unroutable", Takes::CountMayOf(Of::Destination),
        "No queue wanted the message, and it was thrown away without a word.";
    InError: "in_error", Takes::CountMayOf(Of::Destination),
        "The broker answered the publish with an error, which closed its channel or connection, and threw the message away.";
    Discarded: "discarded", Takes::CountMayOf(Of::Destination),
        "The message came in on a channel or connection that an error had closed, and was thrown away unread.";
    Expired: "expired", Takes::CountMayOf(Of::Queue),
        "A copy outlived its time in the queue and was removed.";
    Dropped: "dropped", Takes::CountMayOf(Of::Queue),
        "A copy was removed because the queue was full.";
    Rejected: "rejected", Takes::CountMayOf(Of::Queue),
        "A copy was removed because its consumer rejected it.";
    DeadLettered: "dead_lettered", Takes::CountMayOf(Of::Queue),
        "A copy went from the queue to its dead-letter exchange.";
    Purged: "purged", Takes::CountMayOf(Of::Queue),
        "A copy was removed because its queue was deleted or purged.";
    Vanished: "vanished", Takes::CountMayOf(Of::Queue),
        "A copy that a queue held in memory alone died with the queue or its broker.";
    PoisonLoop: "poison_loop", Takes::CountMayOf(Of::Destination),
        "The work on the message failed ten times or more and was never completed: it goes round and round.";
    Depth: "depth", Takes::CountOf(Of::Queue),
        "Messages ready in the queue at the end.";
    Unacked: "unacked", Takes::CountOf(Of::Queue),
        "Messages of the queue that were delivered and not yet acknowledged at the end.";
    Durable: "durable", Takes::CountOf(Of::Queue),
        "Messages of the queue that would survive a power loss at the end.";
    Rows: "rows", Takes::CountOf(Of::Table),
        "Rows in the table at the end.";
    Sum: "sum", Takes::ValueOf(Of::Table),
        "What was added up in the row of the table with this key at the end; 0 where there is no such row.";
    Delivered: "delivered", Takes::CountOf(Of::Consumer),
        "Deliveries that the consumer received.";
    Worked: "worked", Takes::CountOf(Of::Consumer),
        "Work that the consumer completed.";
    Failed: "failed", Takes::CountOf(Of::Consumer),
        "Work of the consumer that failed.";
    Skipped: "skipped", Takes::CountOf(Of::Consumer),
        "Deliveries that the consumer knew already and did not work on.";
    Finished: "finished", Takes::TimeMayOf(Of::Consumer),
        "When the last work was completed, from the start of the run; with a name, the last work of this consumer.";
    Took: "took", Takes::TimeMayOf(Of::Message),
        "How long the message took from its first publish until its work was completed, for the first time at each destination that completed it; without a name, the longest time that any message took.";
    Frames: "frames", Takes::CountOf(Of::Party),
        "Frames that the party sent or that were sent to it, over all of its connections: a method counts as one, with the content it carries.";
    AtMostOnce: "at_most_once", Takes::Truth,
        "No work was completed twice for one message and destination.";
    AtLeastOnce: "at_least_once", Takes::Truth,
        "No message that its producer believes delivered was lost.";
    EffectivelyOnce: "effectively_once", Takes::Truth,
        "Nothing was lost, and no message left its effect twice: one row each; work done once where there is no table, or where it adds to a row.";
    Fifo: "fifo", Takes::Truth,
        "The messages of each producer were first completed in the order of their publishing, at every destination.";
    FifoPerKey: "fifo_per_key", Takes::Truth,
        "Those messages of each producer that have the same key were first completed in the order of their publishing, at every destination.";
    FifoPerQueue: "fifo_per_queue", Takes::Truth,
        "The messages of each queue were first completed in the order in which the queue first took them in, whoever published them.";
    Ended: "ended", Takes::Name(Of::Outcome),
        "How the run ended.";
    Struck: "struck", Takes::Name(Of::Fault),
        "The fault came about.";
}

impl Word {
    /// The word with this name.
    pub fn from_name(name: &str) -> Option<Word> {
        Word::ALL.iter().copied().find(|word| word.name() == name)
    }
    /// The word as it stands in a line of a verdict.
    pub fn label(self) -> String {
        match self {
            Word::Fifo => "FIFO per producer".to_owned(),
            Word::FifoPerKey => "FIFO per key".to_owned(),
            Word::FifoPerQueue => "FIFO per queue".to_owned(),
            word => word.name().replace('_', " "),
        }
    }
    /// Whether it is a guarantee that everything is done, so that what is stuck leaves it open.
    pub(super) fn promises_completion(self) -> bool {
        matches!(self, Word::AtLeastOnce | Word::EffectivelyOnce)
    }
    /// Whether an expectation with it may list message ids.
    pub fn takes_ids(self) -> bool {
        match self.takes() {
            Takes::CountMayOf(_) => true,
            Takes::CountOf(of) => of != Of::Party,
            Takes::TimeMayOf(_) | Takes::ValueOf(_) | Takes::Truth | Takes::Name(_) => false,
        }
    }
}

/// Something a scenario expects of its run, to be checked at the end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// What is counted.
    pub what: Word,
    /// The queue, table, consumer, producer, fault or outcome it is narrowed to.
    pub of: Option<String>,
    /// The key of the row, for [`Takes::ValueOf`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How many, how much or how long.
    pub count: Count,
    /// Exactly which messages, in any order.
    pub ids: Option<Vec<String>>,
}

impl Expectation {
    /// That `what` is found exactly `n` times.
    pub fn exactly(what: Word, n: u32) -> Expectation {
        Expectation { what, of: None, key: None, count: Count::Exactly(i64::from(n)), ids: None }
    }
    /// The same, narrowed to a queue, table, consumer, producer or fault.
    pub fn of(mut self, of: &str) -> Expectation {
        self.of = Some(of.to_owned());
        self
    }
    /// The same, with the ids of the messages.
    pub fn ids(mut self, ids: &[&str]) -> Expectation {
        self.ids = Some(ids.iter().map(|id| (*id).to_owned()).collect());
        self
    }
}

impl fmt::Display for Expectation {
    /// As it is written in a scenario: `duplicated(1, ids: ["order-2"])`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(of) = &self.of {
            parts.push(quoted(of));
        }
        parts.extend(self.key.as_deref().map(quoted));
        match (self.what.takes(), self.count) {
            (Takes::Truth, Count::HOLDS) => parts.push("true".to_owned()),
            (Takes::Truth, Count::BROKEN) => parts.push("false".to_owned()),
            (Takes::Name(_), Count::OCCURS) => {}
            (Takes::TimeMayOf(_), count) => parts.push(count.written(|n| format!("\"{}\"", span(n)))),
            (_, count) => parts.push(count.to_string()),
        }
        if let Some(ids) = &self.ids {
            let ids: Vec<String> = ids.iter().map(|id| quoted(id)).collect();
            parts.push(format!("ids: [{}]", ids.join(", ")));
        }
        write!(f, "{}({})", self.what.name(), parts.join(", "))
    }
}

/// A text in quotes, escaped as RON has it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}

/// An expectation held against what was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Checked {
    /// The expectation as it stands in the scenario.
    pub expectation: String,
    /// Whether it holds.
    pub holds: bool,
    /// What was found, such as `2: order-2, order-5`.
    pub found: String,
    /// For an invariant, the event with which it was decided; its text says so too.
    #[serde(skip)]
    pub decided: Option<EventId>,
}
