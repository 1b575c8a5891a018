//! Spans that are fixed or drawn: `"5ms"`, `uniform("1ms", "2ms")`, `exponential("250us")`.

use crate::app::Timing;
use crate::scenario::diagnostics::{Code, Diagnostic, Sink};
use crate::scenario::fields::{Fields, span, word};
use crate::scenario::tree::{Node, Value};

/// Decodes a timing.
pub(super) fn timing(node: &Node, sink: &mut Sink) -> Option<Timing> {
    if !matches!(node.value, Value::Call(_)) {
        return span(node, sink).map(Timing::Constant);
    }
    let found = word(node, "a duration or a distribution", &["uniform", "exponential"], sink)?;
    if found == "exponential" {
        let mut f = Fields::of_call(node, "`exponential`", sink);
        let mean = f.first("mean", span);
        f.finish();
        return mean.map(Timing::Exponential);
    }
    let mut f = Fields::of_call(node, "`uniform`", sink);
    let from = f.first("from", span);
    let to = f.first("to", span);
    f.finish();
    let (from, to) = (from?, to?);
    if from > to {
        let title = format!("`uniform` from {from} to {to} is empty");
        sink.push(Diagnostic::new(Code::OutOfRange, title, node.at, "the first must not be longer than the second"));
        return None;
    }
    Some(Timing::Uniform(from, to))
}
