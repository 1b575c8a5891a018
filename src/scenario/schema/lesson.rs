//! The lesson: captions at moments, questions, what to try next.

use crate::scenario::diagnostics::Sink;
use crate::scenario::fields::{Fields, list, span, text};
use crate::scenario::tree::Node;
use crate::units::Span;

/// A lesson.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Lesson {
    /// Texts shown when the run comes to a moment.
    pub captions: Vec<Caption>,
    /// Questions to the student.
    pub questions: Vec<Question>,
    /// What to try next.
    pub next: Vec<String>,
}

/// A text shown when the run comes to a moment.
#[derive(Clone, PartialEq, Debug)]
pub struct Caption {
    /// The moment.
    pub at: Span,
    /// The text.
    pub says: String,
}

/// A question.
#[derive(Clone, PartialEq, Debug)]
pub struct Question {
    /// The question.
    pub ask: String,
    /// The moment at which it is asked; before the run without.
    pub at: Option<Span>,
    /// Answers to choose from.
    pub choices: Vec<String>,
    /// The right one.
    pub answer: Option<String>,
}

/// Decodes a lesson.
pub(super) fn lesson(node: &Node, sink: &mut Sink) -> Option<Lesson> {
    let mut f = Fields::of_struct(node, "a lesson", sink)?;
    let captions = f.list("captions", caption);
    let questions = f.list("questions", question);
    let next = f.list("next", text);
    f.finish();
    Some(Lesson { captions, questions, next })
}

fn caption(node: &Node, sink: &mut Sink) -> Option<Caption> {
    let mut f = Fields::of_struct(node, "a caption", sink)?;
    let at = f.required("at", span);
    let says = f.required("says", text);
    f.finish();
    Some(Caption { at: at?, says: says? })
}

fn question(node: &Node, sink: &mut Sink) -> Option<Question> {
    let mut f = Fields::of_struct(node, "a question", sink)?;
    let ask = f.required("ask", text);
    let at = f.optional("at", span);
    let choices = f.or("choices", Vec::new(), |node, sink| list(node, text, sink));
    let answer = f.optional("answer", text);
    f.finish();
    Some(Question { ask: ask?, at, choices, answer })
}
