//! What was found, with texts, so that it stands without the run: for tables, JSON and comparisons.

use super::Word;
use crate::trace::Outcome;
use crate::units::{Span, Time};
use serde::Serialize;

/// Message ids: a count and the first of them, in the order of their first appearance.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Ids {
    /// How many cases; a message can count more than once (work completed three times is two duplicates).
    pub count: u32,
    /// The first messages, at most a hundred; each once.
    pub ids: Vec<String>,
    /// Whether there are messages that are not listed.
    pub more: bool,
    /// Where those that are not listed go on from the last listed one, number by number: the last of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
}

/// The cases of a word at one destination, queue or producer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct At {
    /// Its name.
    pub at: String,
    /// The messages.
    #[serde(flatten)]
    pub ids: Ids,
}

/// A word with its cases. Words without a case are not listed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Found {
    /// The word.
    pub word: Word,
    /// All cases.
    pub count: u32,
    /// Where, in the order of the trace's tables.
    pub by: Vec<At>,
}

/// What a producer believes at the end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ProducerView {
    /// Its name.
    pub name: String,
    /// Messages it published.
    pub published: u32,
    /// Messages it was to publish, where the scenario says how many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned: Option<u32>,
    /// Publishes of these, retries included.
    pub attempts: u32,
    /// Publishes of messages that somebody else had published first.
    #[serde(skip_serializing_if = "is_zero")]
    pub passed_on: u32,
    /// Whether what it has for a yes are answers to its questions, and not the broker's confirms.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub answers: bool,
    /// Handed to the network without waiting for an answer.
    pub sent: Ids,
    /// Answered: yes.
    pub confirmed: Ids,
    /// Answered: no, returned, or an error.
    pub refused: Ids,
    /// Asked, and no answer came.
    pub unknown: Ids,
    /// Those it gave up on.
    pub gave_up: Ids,
    /// When it gave up connecting for good; `None` if it did not, or was started again since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<Time>,
}

/// What is in a queue at the end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct QueueView {
    /// Its name.
    pub name: String,
    /// Its node.
    pub node: String,
    /// Ready.
    pub ready: Ids,
    /// Delivered and not acknowledged.
    pub unacked: Ids,
    /// In the page cache: would survive a kill.
    pub page_cache: Ids,
    /// Synced: would survive a power loss.
    pub durable: Ids,
}

/// What a consumer did.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ConsumerView {
    /// Its name.
    pub name: String,
    /// Deliveries.
    pub received: u32,
    /// Completed work.
    pub done: u32,
    /// Failed work.
    pub failed: u32,
    /// Deliveries it knew already.
    pub skipped: u32,
    /// The messages of each.
    #[serde(skip)]
    pub messages: Deeds,
    /// When it last completed work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<Time>,
    /// Answers that it had no use for.
    #[serde(skip_serializing_if = "is_zero")]
    pub thrown_away: u32,
    /// The destination for which its work counts, where that is neither its own table nor, without one, its queue:
    /// consumers of one queue are one destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted_at: Option<String>,
    /// Delivered, not worked on yet.
    pub waiting: Ids,
    /// When it gave up connecting for good; `None` if it did not, or was started again since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<Time>,
}

/// The messages of what a consumer did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Deeds {
    /// Of deliveries.
    pub received: Ids,
    /// Of completed work.
    pub done: Ids,
    /// Of failed work.
    pub failed: Ids,
    /// Of deliveries it knew already.
    pub skipped: Ids,
}

/// The rows of a table at the end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TableView {
    /// Its name.
    pub name: String,
    /// Its rows; a message with two rows counts twice.
    pub rows: Ids,
    /// What was added up in its rows; a row with nothing in it is not listed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sums: Vec<Sum>,
}

/// What was added up in a row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Sum {
    /// The row's key.
    pub key: String,
    /// The sum.
    pub value: i64,
}

/// Frames over the connections of a party.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FramesView {
    /// The party.
    pub name: String,
    /// Sent by it and to it.
    pub frames: u32,
}

/// How long a message took from its first publish until its work was completed, for the first time at each of the
/// destinations that completed it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Took {
    /// The message.
    pub message: String,
    /// How long.
    pub took: Span,
}

/// How long messages took.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Times {
    /// The one that took longest, of several the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest: Option<Took>,
    /// The messages that were done, in the order of publishing; at most ten thousand.
    #[serde(skip)]
    pub each: Vec<Took>,
}

impl Times {
    pub(super) fn is_empty(&self) -> bool {
        self.longest.is_none()
    }
}

/// A guarantee, held or broken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Guarantee {
    /// Which.
    pub word: Word,
    /// How many cases break it; 0: it is held.
    pub broken: u32,
    /// The first message that breaks it, and where.
    pub first: Option<(String, String)>,
}

/// A fault and how often it struck.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FaultView {
    /// Its name.
    pub name: String,
    /// How often.
    pub struck: u32,
    /// Whether chance decides if it strikes.
    pub by_chance: bool,
}

/// Everything that was found.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Findings {
    /// How the run ended; `None` if it has not.
    pub ended: Option<Outcome>,
    /// When the last event was, in nanoseconds.
    pub at: Time,
    /// Messages that came up.
    pub messages: u32,
    /// The producers, in the order of the actors.
    pub producers: Vec<ProducerView>,
    /// The queues that ever were, in the order in which they came up.
    pub queues: Vec<QueueView>,
    /// The consumers, in the order of the actors.
    pub consumers: Vec<ConsumerView>,
    /// The tables that ever were.
    pub tables: Vec<TableView>,
    /// The words that have cases, in the order of [`Word::ALL`].
    pub words: Vec<Found>,
    /// At most once, at least once, effectively once; first in, first out per producer, per key and per queue.
    pub guarantees: Vec<Guarantee>,
    /// The faults.
    pub faults: Vec<FaultView>,
    /// Parties with their frames, in the order of the actors; known where the whole trace was watched.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<FramesView>,
    /// How long messages took; known where the whole trace was watched.
    #[serde(skip_serializing_if = "Times::is_empty")]
    pub times: Times,
}

impl Findings {
    /// The cases of a word, over all places.
    pub fn count(&self, word: Word) -> u32 {
        self.words.iter().find(|found| found.word == word).map_or(0, |found| found.count)
    }
    /// The listed messages of a word, over all places, each once.
    pub fn ids(&self, word: Word) -> Vec<&str> {
        let mut ids: Vec<&str> = Vec::new();
        for id in self.words.iter().filter(|f| f.word == word).flat_map(|f| &f.by).flat_map(|at| &at.ids.ids) {
            if !ids.contains(&id.as_str()) {
                ids.push(id);
            }
        }
        ids
    }
    /// How many cases a word has, and of which messages where they are few: `2 (order-1, order-2)`.
    pub fn cases(&self, word: Word) -> String {
        let ids = self.ids(word);
        match ids.len() {
            1..=3 => format!("{} ({})", self.count(word), ids.join(", ")),
            _ => self.count(word).to_string(),
        }
    }
    /// A guarantee in a word: `held`, `BROKEN`, or `open` where messages that are stuck keep it from being either.
    pub fn standing(&self, word: Word) -> String {
        let stuck = if word.promises_completion() { self.count(Word::Stuck) } else { 0 };
        match self.holds(word) {
            true if stuck > 0 => format!("open: {stuck} stuck"),
            true => "held".to_owned(),
            false => "BROKEN".to_owned(),
        }
    }
    /// Whether all guarantees of this word hold.
    pub fn holds(&self, word: Word) -> bool {
        self.guarantees.iter().all(|line| line.word != word || line.broken == 0)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}
