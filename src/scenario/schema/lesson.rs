//! The lesson: captions at moments, questions, what to try next.
//!
//! Figures in braces are checked here, as far as their words go; whether their names are known is `check`'s business.

use super::moment::{When, moment};
use super::{Target, target};
use crate::scenario::diagnostics::{Code, Diagnostic, Sink, Spanned};
use crate::scenario::fields::{Fields, list, no_arguments, span, spanned_text, text, word};
use crate::scenario::tree::{Node, Value};
use crate::units::Span;
use crate::verdict::{Figure, Takes, Word, figures};

/// A lesson.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Lesson {
    /// Texts shown when the run comes to a moment.
    pub captions: Vec<Caption>,
    /// Questions to the student.
    pub questions: Vec<Question>,
    /// What to try next; may hold figures.
    pub next: Vec<Spanned<String>>,
}

/// A text shown when the run comes to a moment.
#[derive(Clone, PartialEq, Debug)]
pub struct Caption {
    /// The moment; never one with a probability.
    pub at: When,
    /// The text; may hold figures.
    pub says: Spanned<String>,
}

/// A question.
#[derive(Clone, PartialEq, Debug)]
pub struct Question {
    /// The question.
    pub ask: String,
    /// The moment at which it is asked; before the run without.
    pub at: Option<When>,
    /// What is right.
    pub key: Key,
    /// Why it is right; may hold figures.
    pub because: Option<Spanned<String>>,
}

/// What answers a question.
#[derive(Clone, PartialEq, Debug)]
pub enum Key {
    /// A figure of the run.
    Figure(Spanned<Figure>),
    /// One of several answers.
    Choice {
        /// All of them, at least two.
        choices: Vec<String>,
        /// The right one.
        answer: String,
    },
}

impl Lesson {
    /// Every figure that the texts and questions name.
    pub fn figures(&self) -> impl Iterator<Item = Spanned<Figure>> + '_ {
        let says = self.captions.iter().map(|caption| &caption.says);
        let because = self.questions.iter().filter_map(|question| question.because.as_ref());
        let within = says.chain(because).chain(&self.next).flat_map(|text| {
            let found = figures(&text.value).unwrap_or_default();
            found.into_iter().map(|figure| Spanned::new(figure, text.at))
        });
        let asked = self.questions.iter().filter_map(|question| match &question.key {
            Key::Figure(figure) => Some(figure.clone()),
            Key::Choice { .. } => None,
        });
        within.chain(asked)
    }

    /// Every moment at which something is said or asked.
    pub fn moments(&self) -> impl Iterator<Item = &When> {
        let asked = self.questions.iter().filter_map(|question| question.at.as_ref());
        self.captions.iter().map(|caption| &caption.at).chain(asked)
    }
}

/// Decodes a lesson.
pub(super) fn lesson(node: &Node, sink: &mut Sink) -> Option<Lesson> {
    let mut f = Fields::of_struct(node, "a lesson", sink);
    let captions = f.list("captions", caption);
    let questions = f.list("questions", question);
    let next = f.list("next", with_figures);
    f.finish();
    Some(Lesson { captions, questions, next })
}

fn caption(node: &Node, sink: &mut Sink) -> Option<Caption> {
    let mut f = Fields::of_struct(node, "a caption", sink);
    let at = f.required("at", point);
    let says = f.required("says", with_figures);
    f.finish();
    // One that cannot be read says nothing, but the moment it names is checked.
    Some(Caption { at: at.unwrap_or(When::At(Span::ZERO, None)), says: says.unwrap_or_default() })
}

fn question(node: &Node, sink: &mut Sink) -> Option<Question> {
    let mut f = Fields::of_struct(node, "a question", sink);
    let ask = f.required("ask", text);
    let at = f.optional("at", point);
    let figure = f.optional("figure", figure);
    let choices = f.optional("choices", |node, sink| list(node, text, sink));
    let answer = f.optional("answer", spanned_text);
    let because = f.optional("because", with_figures);
    // Whether all that decides about the answer is there and could be read.
    let given = |field: &str, read: bool| read == node.field(field).is_some();
    let whole =
        |node: &Node, read: &Vec<String>| matches!(node.value, Value::List(_)) && node.elements().len() == read.len();
    let every = choices.as_ref().is_some_and(|read| node.field("choices").is_some_and(|node| whole(node, read)));
    let parts = [("figure", figure.is_some()), ("choices", every), ("answer", answer.is_some())];
    let known = ["ask", "at", "figure", "choices", "answer", "because"];
    let strange = node.args().iter().any(|arg| !known.iter().any(|field| arg.is(field)));
    let read = !strange && parts.iter().all(|(field, read)| given(field, *read));
    let wrong = |title: &str, label: &str| Diagnostic::new(Code::Conflict, title.to_owned(), node.head(), label);
    let key = match (figure, choices, answer) {
        (Some(figure), None, None) => Some(Key::Figure(figure)),
        (None, Some(choices), Some(answer)) if choices.len() > 1 => {
            if read && !choices.contains(&answer.value) {
                let title = "the answer is not among the choices";
                f.sink().push(Diagnostic::new(Code::Conflict, title, answer.at, "nobody could choose it"));
            }
            Some(Key::Choice { choices, answer: answer.value })
        }
        _ if !read => None,
        _ => {
            let bad = wrong("a question needs either a `figure` or `choices` with an `answer`", "what is the answer?");
            f.sink().push(bad.help("such as `figure: rows(\"invoices\")`, or two choices or more"));
            None
        }
    };
    f.finish();
    Some(Question { ask: ask?, at, key: key?, because })
}

/// A moment of the run: a time, or in the words that faults use.
fn point(node: &Node, sink: &mut Sink) -> Option<When> {
    if node.text().is_some() {
        return span(node, sink).map(|time| When::At(time, None));
    }
    match moment(node, sink)? {
        When::With(..) => {
            let title = "a lesson cannot speak at a moment that is left to chance";
            sink.push(Diagnostic::new(Code::Conflict, title, node.head(), "name the moment itself"));
            None
        }
        when if when.repeats() => {
            let title = "a lesson speaks once at a moment";
            sink.push(Diagnostic::new(Code::Conflict, title, node.head(), "`every` is for faults"));
            None
        }
        when => Some(when),
    }
}

/// A text whose figures are words of the verdict.
fn with_figures(node: &Node, sink: &mut Sink) -> Option<Spanned<String>> {
    let text = spanned_text(node, sink)?;
    if let Err(error) = figures(&text.value) {
        let bad = Diagnostic::new(Code::UnknownWord, error.to_string(), text.at, "in this text");
        sink.push(
            bad.help("a figure is a word of the verdict, such as `{lost}` or `{rows(invoices)}`; `{{` is a brace"),
        );
    }
    Some(text)
}

/// `lost`, or `rows("invoices")`.
fn figure(node: &Node, sink: &mut Sink) -> Option<Spanned<Figure>> {
    let known: Vec<&str> = Word::ALL.iter().map(|word| word.name()).collect();
    let found = word(node, "a word of the verdict", &known, sink)?;
    let what = Word::from_name(found)?;
    let mut key = None;
    let of = match node.value {
        Value::Call(ref call) if call.args.is_some() => {
            let mut f = Fields::of_call(node, "this figure", sink);
            let of: Option<Target> = f.first("of", target);
            if let Takes::ValueOf(_) = what.takes() {
                key = f.first("key", text);
            }
            f.finish();
            Some(of?.name.value)
        }
        _ => {
            no_arguments(node, sink);
            None
        }
    };
    Some(Spanned::new(Figure { what, of, key }, node.at))
}
