//! Tables of typed values: headers, arguments of queues, exchanges, bindings and subscriptions.

use crate::machine::Value as Typed;
use crate::scenario::diagnostics::{Code, Diagnostic, Extent, Sink, Spanned};
use crate::scenario::fields::{text, word, wrong_type};
use crate::scenario::tree::{Call, Node, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A row of a table of values.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// Its key.
    pub key: Spanned<String>,
    /// Its value.
    pub value: Typed,
}

/// Decodes a map with texts as keys.
pub(in crate::scenario) fn rows(node: &Node, sink: &mut Sink) -> Option<Vec<Row>> {
    let Value::Map(pairs) = &node.value else {
        wrong_type(node, "a map `{\"key\": value}`", sink);
        return None;
    };
    let mut rows: Vec<Row> = Vec::new();
    let mut seen: BTreeMap<String, Extent> = BTreeMap::new();
    for (key, value) in pairs {
        let Some(key_text) = text(key, sink) else { continue };
        if let Some(before) = seen.insert(key_text.clone(), key.at) {
            let bad = Diagnostic::new(Code::DuplicateField, "this key stands twice", key.at, "again here");
            sink.push(bad.label(before, "first here"));
            continue;
        }
        let Some(value) = typed(value, sink) else { continue };
        rows.push(Row { key: Spanned::new(key_text, key.at), value });
    }
    Some(rows)
}

fn typed(node: &Node, sink: &mut Sink) -> Option<Typed> {
    Some(match &node.value {
        Value::Int(number) => Typed::int(*number),
        Value::Bool(truth) => Typed::Bool(*truth),
        Value::Text(text) => Typed::text(text),
        Value::Float(text) => {
            let digits: String = text.chars().filter(|c| *c != '_').collect();
            Typed::Double(digits.parse::<f64>().unwrap_or(0.0).to_bits())
        }
        Value::List(nodes) => Typed::List(nodes.iter().filter_map(|node| typed(node, sink)).collect()),
        Value::Map(_) => {
            let table = rows(node, sink)?;
            Typed::Table(table.into_iter().map(|row| (Arc::from(row.key.value), row.value)).collect())
        }
        Value::Call(Call { word: Some(_), args: None }) => {
            word(node, "a value", &["void"], sink)?;
            Typed::Void
        }
        Value::Call(_) => {
            wrong_type(node, "a value", sink);
            return None;
        }
    })
}
