//! The steps of a script checked against the forms that a system gives.
//!
//! Not the forms, nor what the steps do; both are the system's affair.

use crate::machine::{Form, Holds};
use crate::scenario::diagnostics::{Code, Diagnostic, Sink, Spanned, visible};
use crate::scenario::fields::{Fields, number, span, text, truth};
use crate::scenario::schema::values::rows;
use crate::scenario::tree::Node;

/// Checks one step against the forms of a system.
pub(in crate::scenario) fn check(word: &Spanned<String>, node: &Node, forms: &[Form], system: &str, sink: &mut Sink) {
    let Some(form) = forms.iter().find(|form| form.word == word.value) else {
        let title = format!("`{}` is no step of a script for {system}", visible(&word.value));
        let bad = Diagnostic::new(Code::UnknownWord, title, word.at, "unknown step");
        sink.push(bad.suggest(&word.value, forms.iter().map(|form| form.word)));
        return;
    };
    let mut f = Fields::of_call(node, "this step", sink);
    if let Some(bare) = form.bare {
        let argument = match bare {
            Holds::Text => "\"…\"",
            Holds::Truth => "true",
            Holds::Number(_) => "1",
            Holds::Span => "\"10ms\"",
            Holds::Table => "{}",
        };
        f.bare(&format!("{}({argument})", form.word), |node, sink| held(node, bare, sink));
    }
    for (name, holds) in form.fields {
        f.optional(name, |node, sink| held(node, *holds, sink));
    }
    f.finish();
}

fn held(node: &Node, holds: Holds, sink: &mut Sink) -> Option<()> {
    match holds {
        Holds::Text => text(node, sink).map(drop),
        Holds::Truth => truth(node, sink).map(drop),
        Holds::Number(most) => number(node, 0..=most, sink).map(drop),
        Holds::Span => span(node, sink).map(drop),
        Holds::Table => rows(node, sink).map(drop),
    }
}
