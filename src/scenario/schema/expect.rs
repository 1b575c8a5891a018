//! Expectations: words of the verdict with counts and ids, as `verdict` knows them.

use crate::scenario::diagnostics::{Code, Diagnostic, Extent, Sink, Spanned};
use crate::scenario::fields::{self, Fields, count, list, name, some_span, truth, word};
use crate::scenario::tree::{Node, Value};
use crate::verdict::{Count, Expectation, Takes, Temper, Word};

/// An expectation and where it stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Expect {
    /// What is expected.
    pub expectation: Expectation,
    /// Where the whole stands.
    pub at: Extent,
    /// Where the name that narrows it stands.
    pub of: Option<Spanned<String>>,
    /// Where each id stands.
    pub ids: Vec<Spanned<String>>,
}

/// Decodes an expectation.
pub(super) fn expect(node: &Node, sink: &mut Sink) -> Option<Expect> {
    let known: Vec<&str> = Word::ALL.iter().map(|word| word.name()).collect();
    let found = word(node, "a word of the verdict", &known, sink)?;
    let what = Word::from_name(found)?;
    let mut f = Fields::of_call(node, "this expectation", sink);
    let named = node.args().iter().any(|arg| arg.name.is_none() && arg.value.text().is_some());
    let mut key = None;
    let (of, number) = match what.takes() {
        Takes::CountMayOf(_) => {
            let of = if named { f.first("of", name) } else { f.optional("of", name) };
            (of, f.first("count", number))
        }
        Takes::CountOf(_) => (f.first("of", name), f.first("count", number)),
        Takes::TimeMayOf(_) => {
            // A time is a text too: of two, the first is a name.
            let bare = node.args().iter().filter(|arg| arg.name.is_none()).count();
            let named = bare + usize::from(node.field("time").is_some()) > 1;
            let of = if named { f.first("of", name) } else { f.optional("of", name) };
            (of, f.first("time", time))
        }
        Takes::ValueOf(_) => {
            let of = f.first("of", name);
            key = f.first("key", fields::text);
            (of, f.first("value", value))
        }
        Takes::Truth => {
            let holds = f.take_first("holds").map_or(Some(true), |node| truth(node, f.sink()));
            (None, holds.map(|holds| if holds { Count::HOLDS } else { Count::BROKEN }))
        }
        Takes::Name(_) => {
            let of = f.first("of", name);
            let times = f.take_first("count").map_or(Some(Count::OCCURS), |node| number(node, f.sink()));
            (of, times)
        }
    };
    let ids = if what.takes_ids() { f.optional("ids", |node, sink| list(node, name, sink)) } else { None };
    f.finish();
    let texts = |names: &Vec<Spanned<String>>| names.iter().map(|id| id.value.clone()).collect();
    // Without a number it is not an expectation, but what it speaks of can be checked.
    let count = number.unwrap_or(Count::OCCURS);
    let expectation =
        Expectation { what, of: of.as_ref().map(|of| of.value.clone()), key, count, ids: ids.as_ref().map(texts) };
    Some(Expect { expectation, at: node.at, of, ids: ids.unwrap_or_default() })
}

/// An invariant and what it is about, with its places.
#[derive(Clone, PartialEq, Debug)]
pub struct Invariant {
    /// When it is to hold.
    pub temper: Temper,
    /// What is to hold.
    pub what: Expect,
}

impl Invariant {
    /// The invariant without its places.
    pub fn plain(&self) -> crate::verdict::Invariant {
        crate::verdict::Invariant { temper: self.temper, what: self.what.expectation.clone() }
    }
}

/// Decodes `always(…)`, `never(…)` or `eventually(…, within: "2s")`.
pub(super) fn invariant(node: &Node, sink: &mut Sink) -> Option<Invariant> {
    let found = word(node, "`always`, `never` or `eventually`", &["always", "never", "eventually"], sink)?;
    let mut f = Fields::of_call(node, "an invariant", sink);
    let what = f.first("what", expect);
    let within = if found == "eventually" { f.optional("within", some_span) } else { None };
    f.finish();
    let what = what?;
    let word = what.expectation.what;
    if !crate::verdict::Invariant::can_be_about(word) {
        let title = format!("`{}` is known only when a run has ended", word.name());
        let bad = Diagnostic::new(Code::Arguments, title, what.at, "no invariant can be about it");
        sink.push(bad.help("write it in `expect`, which is asked at the end"));
    }
    let temper = match found {
        "always" => Temper::Always,
        "never" => Temper::Never,
        _ => Temper::Eventually(within),
    };
    Some(Invariant { temper, what })
}

/// `2`, `at_least(2)` or `at_most(2)`.
fn number(node: &Node, sink: &mut Sink) -> Option<Count> {
    bounded(node, "a number or a bound", |node, sink| count(node, sink).map(i64::from), sink)
}

/// `40`, `-40`, `at_least(40)` or `at_most(40)`.
fn value(node: &Node, sink: &mut Sink) -> Option<Count> {
    const MAX: i64 = 1 << 53;
    bounded(node, "a number or a bound", |node, sink| fields::number(node, -MAX..=MAX, sink), sink)
}

/// `"150ms"`, `at_least("150ms")` or `at_most("150ms")`.
fn time(node: &Node, sink: &mut Sink) -> Option<Count> {
    let nanos = |node: &Node, sink: &mut Sink| i64::try_from(fields::span(node, sink)?.0).ok();
    bounded(node, "a duration or a bound", nanos, sink)
}

fn bounded(
    node: &Node,
    what: &str,
    decode: impl FnOnce(&Node, &mut Sink) -> Option<i64>,
    sink: &mut Sink,
) -> Option<Count> {
    if !matches!(node.value, Value::Call(_)) {
        return decode(node, sink).map(Count::Exactly);
    }
    let found = word(node, what, &["at_least", "at_most"], sink)?;
    let mut f = Fields::of_call(node, "a bound", sink);
    let n = f.first("count", decode);
    f.finish();
    n.map(|n| if found == "at_least" { Count::AtLeast(n) } else { Count::AtMost(n) })
}
