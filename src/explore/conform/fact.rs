//! What a file of recordings holds: facts, their steps and what was seen after each; or pairs.
//!
//! Not the reading of the file (`file`).

use crate::machine::{Did, Event, Value};
use crate::units::Time;
use std::sync::Arc;

/// One recorded session.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Fact {
    /// What it is called.
    pub id: String,
    /// The group that it is counted in.
    pub group: String,
    /// The version of the broker that it was recorded on, if it says so.
    pub version: Option<String>,
    /// Why it could not be read; the fields from here on are then worth nothing.
    pub unread: Option<String>,
    /// Whether the steps alone bring the outcome about.
    pub replayable: bool,
    /// Whether the broker's own timing decided about grouping or order.
    pub racy: bool,
    /// Whether the outcome depends on the time that passes.
    pub timed: bool,
    /// The steps in order, the setup's first. Empty where it is not replayable.
    pub steps: Vec<Step>,
    /// How many of the steps are the setup.
    pub setup: usize,
    /// What was seen during the action, in one list; `None` where the file leaves it out.
    pub expected: Option<Vec<Seen>>,
}

/// One step, and what was seen between it and the next.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// The connection's name.
    pub conn: Arc<str>,
    /// What was done.
    pub did: Did,
    /// When, from the start of the recording.
    pub at: Time,
    /// What was seen, in order of arrival.
    pub sees: Vec<Seen>,
}

/// An event that was seen.
#[derive(Clone, PartialEq, Debug)]
pub struct Seen {
    /// On which connection.
    pub conn: Arc<str>,
    /// When, from the start of the recording.
    pub at: Time,
    /// What.
    pub event: Event,
}

/// A binding, a message, and whether the message was routed by the binding.
#[derive(Clone, PartialEq, Debug)]
pub struct Pair {
    /// A binding key, or arguments.
    pub binding: Value,
    /// A routing key, or headers.
    pub message: Value,
    /// Whether they matched.
    pub matched: bool,
}

/// What a file holds.
#[derive(Clone, PartialEq, Debug)]
pub enum Content {
    /// Recorded sessions.
    Facts(Vec<Fact>),
    /// Pairs for an exchange of this type; of what is none, why.
    Pairs(&'static str, Vec<Result<Pair, String>>),
}

impl Fact {
    /// Whether the action has any event that could be compared.
    pub fn says_something(&self) -> bool {
        let listed = self.expected.iter().flatten().next().is_some();
        listed || self.steps[self.setup..].iter().any(|step| !step.sees.is_empty())
    }
}

impl Step {
    /// Whether it is only a pause.
    pub fn is_wait(&self) -> bool {
        self.did.what == "wait"
    }
}
