//! A single expectation as a text: how traces hold them.

use super::diagnostics::Sink;
use super::{parser, schema};
use crate::verdict::{Expectation, Invariant};

/// Reads an expectation as it stands in a trace's header, such as `duplicated(1, ids: ["order-2"])`; `None` where it
/// is not one.
pub fn expectation(text: &str) -> Option<Expectation> {
    let mut sink = Sink::default();
    let root = parser::parse(text, &mut sink)?;
    let expect = schema::expectation(&root, &mut sink)?;
    sink.is_empty().then_some(expect.expectation)
}

/// Reads an invariant as it stands in a trace's header, such as `never(duplicated(at_least(1)))`; `None` where it is not
/// one.
pub fn invariant(text: &str) -> Option<Invariant> {
    let mut sink = Sink::default();
    let root = parser::parse(text, &mut sink)?;
    let invariant = schema::invariant(&root, &mut sink)?;
    sink.is_empty().then(|| invariant.plain())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{Count, Word};

    #[test]
    fn an_expectation_reads_back_as_it_is_printed() {
        let all = [
            Expectation::exactly(Word::Duplicated, 1).ids(&["order-2"]),
            Expectation::exactly(Word::Rows, 4).of("invoices"),
            Expectation { count: Count::AtLeast(2), ..Expectation::exactly(Word::Lost, 0) },
            Expectation { count: Count::BROKEN, ..Expectation::exactly(Word::AtMostOnce, 0) },
            Expectation { count: Count::OCCURS, ..Expectation::exactly(Word::Struck, 0).of("cut \"2\"") },
        ];
        for one in all {
            assert_eq!(expectation(&one.to_string()), Some(one));
        }
        assert_eq!(expectation("lots(1)"), None);
        assert_eq!(expectation("lost(0) lost(0)"), None);
    }
}
