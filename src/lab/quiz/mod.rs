//! Questions about a run: those of its lesson, and those that any event lets one ask. The right answer is what the run did;
//! wrong ones are what other runs really did that could have come of the same point, and each remembers which.
//!
//! Not how they are asked (`cli`, `tui`), and no score. The same run gives the same questions in the same order.

mod asks;
mod made;
mod tries;
mod words;

pub use made::{lesson, questions, quiz};

use crate::ids::EventId;

/// A question with its answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// What is asked for.
    pub kind: Kind,
    /// The event behind which it is asked; before the run without. Up to it everything may be shown.
    pub at: Option<EventId>,
    /// The question.
    pub ask: String,
    /// What can be chosen, the right answer among it. Where it is alone the answer is to be typed.
    pub choices: Vec<Choice>,
    /// Which of them is right.
    pub answer: usize,
    /// Why it is right.
    pub because: String,
}

/// What a question asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Somebody asks it who wrote the scenario.
    Lesson,
    /// What a party does next.
    Next,
    /// How often the work on a message is done.
    Works,
    /// What a producer believes of a message at the end.
    Belief,
    /// What a crash leaves.
    Crash,
    /// Which setting cures the run.
    Cure,
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    /// The answer.
    pub text: String,
    /// For a wrong one, the change with which it would have been right; for a setting, the setting.
    pub way: Option<Way>,
}

/// A change by which a run comes to something else: what a viewer makes a branch with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Way {
    /// At which event.
    pub at: EventId,
    /// The change's id.
    pub change: String,
    /// What it does, in a sentence.
    pub says: String,
}

impl Question {
    /// Whether the answer is to be typed, since there is nothing to choose from.
    pub fn is_open(&self) -> bool {
        self.choices.len() < 2
    }

    /// Whether an answer is right: the letter of a choice, or its text.
    pub fn is_right(&self, given: &str) -> bool {
        self.chosen(given) == Some(self.answer)
    }

    /// Which choice an answer means. Letters stand for choices, since many an answer is a number.
    pub fn chosen(&self, given: &str) -> Option<usize> {
        let given = given.trim();
        let said = |text: &str| text.trim().eq_ignore_ascii_case(given);
        let letter = || (0..self.choices.len()).find(|at| !self.is_open() && said(&letter(*at).to_string()));
        self.choices.iter().position(|choice| said(&choice.text)).or_else(letter)
    }

    /// The right answer.
    pub fn right(&self) -> &str {
        self.choices.get(self.answer).map_or("", |choice| &choice.text)
    }
}

/// The letter that stands for a choice.
pub fn letter(choice: usize) -> char {
    u8::try_from(choice).ok().and_then(|n| b'a'.checked_add(n)).map_or('?', char::from)
}
