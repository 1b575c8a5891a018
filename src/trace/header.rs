//! What a trace says before its first event: enough to step through it without the scenario.

use super::event::words;
use super::lesson::Lesson;
use crate::ids::{ActorId, Name};
use serde::{Deserialize, Serialize};

words! {
    /// What kind of party an actor is; decides the order of the lanes.
    ActorKind {
        /// A client that publishes.
        Producer = "producer",
        /// A client that follows a script.
        Script = "script",
        /// A broker's node.
        Node = "node",
        /// A node's disk.
        Disk = "disk",
        /// A client that consumes.
        Consumer = "consumer",
        /// The laboratory: faults and the end of the run.
        Lab = "lab",
    }
}

words! {
    /// What kind of place copies are in.
    PlaceKind {
        /// A queue, list or partition: ready to be handed out.
        Queue = "queue",
        /// Handed out, not yet settled.
        Unacked = "unacked",
        /// In a node's page cache: survives a kill, not a power loss.
        PageCache = "page-cache",
        /// Synced to a node's disk.
        Durable = "durable",
        /// At a consumer, not yet worked on.
        Inbox = "inbox",
        /// Rows of an application's table.
        Table = "table",
        /// One row of a table, by its key, where that is not a message's id. Nothing is put there.
        Row = "row",
    }
}

impl PlaceKind {
    /// Whether a copy there can still lead to completed work.
    pub fn is_live(self) -> bool {
        matches!(self, PlaceKind::Queue | PlaceKind::Unacked | PlaceKind::Inbox)
    }
}

/// A party of the run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// Its name, unique in the run.
    pub name: String,
    /// What it is.
    pub kind: ActorKind,
    /// For a disk, the node it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<ActorId>,
}

/// A place. Places come up while the run goes on and are never forgotten.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// What it is.
    pub kind: PlaceKind,
    /// Who keeps it.
    pub actor: ActorId,
    /// Its name: the queue's, the table's.
    pub name: Name,
    /// Whom it is held for, such as the consumer of an unacknowledged set; [`ActorId::NONE`] if nobody.
    pub holder: ActorId,
}

/// Where work done for a queue is counted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// The queue that is consumed.
    pub from: String,
    /// The consumer.
    pub consumer: ActorId,
    /// The table its work writes to; without one the queue itself is the destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Whether the work adds to a row: done twice it leaves its effect twice, and the table still has one row.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adds: bool,
}

/// How much a producer was to publish.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// The producer.
    pub producer: ActorId,
    /// Messages, each counted once.
    pub messages: u32,
}

/// The first line of a trace.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The scenario's title.
    pub title: String,
    /// What it is about, in two or three sentences.
    #[serde(default)]
    pub about: String,
    /// The variant that was run, if one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The seed.
    pub seed: u64,
    /// The digest of the scenario's text, as 32 hexadecimal digits.
    pub scenario: String,
    /// The replay token, where choices of the run differ from those of its seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The parties, by id.
    pub actors: Vec<Actor>,
    /// Where the work of each consumer is counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destinations: Vec<Destination>,
    /// How much each producer was to publish.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub planned: Vec<Planned>,
    /// The faults, by id: name and what it does, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultText>,
    /// The expectations, each as it stands in the scenario.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<String>,
    /// What is to hold while the run goes on, each as it stands in the scenario.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invariants: Vec<String>,
    /// What is said and asked at which moment.
    #[serde(default, skip_serializing_if = "Lesson::is_empty")]
    pub lesson: Lesson,
    /// Declarations of the scenario with the line and column where each stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declared: Vec<Declared>,
}

/// A fault in words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultText {
    /// Its name.
    pub name: String,
    /// What it does and when.
    pub says: String,
    /// Who can notice it, and by what; empty where nobody said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub noticed: String,
    /// Whether chance decides if it strikes when its moment comes, so that a run without it is as it should be.
    #[serde(default, skip_serializing_if = "is_certain")]
    pub by_chance: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_certain(by_chance: &bool) -> bool {
    !by_chance
}

/// A named thing of the scenario and where it stands in the file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// What, such as `queue billing`.
    pub what: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}
