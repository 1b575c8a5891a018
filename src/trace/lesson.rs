//! The lesson of a scenario: what is said at which moment, what is asked, what to try next.
//!
//! Texts as they stand in the scenario; figures in braces are filled in by whoever has the verdict.

use super::moment::Moment;
use serde::{Deserialize, Serialize};

/// A lesson.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// Texts shown when the run comes to a moment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub captions: Vec<Caption>,
    /// Questions to the student.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Question>,
    /// What to try next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<String>,
}

impl Lesson {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Lesson::default()
    }
}

/// A text shown when the run comes to a moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caption {
    /// The moment.
    pub at: Moment,
    /// The text.
    pub says: String,
}

/// A question.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The question.
    pub ask: String,
    /// The moment at which it is asked; before the run without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    /// What is right.
    pub key: Key,
    /// Why it is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// What answers a question.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Key {
    /// A figure of the run, such as `rows(invoices)`.
    Figure(String),
    /// One of these.
    Choice {
        /// All that can be chosen.
        choices: Vec<String>,
        /// The right one.
        answer: String,
    },
}
