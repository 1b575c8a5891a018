//! Which errors of meaning only follow from an error of syntax: what could not be read is missing, and what was read in
//! the wrong bracket is unknown there. They are not reported, since they go away with the error that they follow from.
//!
//! Not the recovery itself; that is the parser's.

use super::diagnostics::{Code, Diagnostic, Extent, Sink};

/// What is known to be wrong with the syntax.
pub(super) struct Noise {
    /// Where errors of syntax were found.
    errors: Vec<Extent>,
    /// Where something may be missing or stand in the wrong bracket.
    damage: Vec<Extent>,
}

/// What may follow from the errors found so far and from the damage to the tree.
pub(super) fn of(sink: &Sink, damage: &[Extent]) -> Noise {
    let errors = sink.list.iter().map(|bad| bad.primary.at).collect();
    Noise { errors, damage: damage.to_vec() }
}

impl Noise {
    /// Whether an error of meaning may be one that only follows.
    pub(super) fn explains(&self, bad: &Diagnostic) -> bool {
        let at = bad.primary.at;
        if self.errors.iter().any(|error| error.start < at.end && at.start < error.end) {
            return true;
        }
        let within = |at: Extent| self.damage.iter().any(|damage| damage.start <= at.end && at.start <= damage.end);
        match bad.code {
            // From the head of what lacks it to its end.
            Code::MissingField => within(bad.secondary.first().map_or(at, |head| head.at.to(at))),
            Code::WrongType | Code::BadTemplate => within(at),
            Code::UnknownField | Code::UnknownWord | Code::BadPath => !self.damage.is_empty() && !bad.near,
            Code::UnknownName | Code::Conflict => !self.damage.is_empty() && bad.secondary.is_empty(),
            Code::Arguments | Code::DuplicateField => !self.damage.is_empty(),
            _ => false,
        }
    }
}
