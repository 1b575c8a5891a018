//! The rules and words of everything that a world can contain, in one place for lookup.

use crate::rules::RuleBook;
use crate::trace::VerbBook;

/// Every rule of the program.
pub const RULES: RuleBook = RuleBook(&[
    super::rules::TABLE,
    crate::app::rules::TABLE,
    crate::amqp::rules::TABLE,
    crate::amqp::client::rules::TABLE,
    crate::redis::rules::TABLE,
]);

/// Every kind of frame and timer of the program.
pub const VERBS: VerbBook = VerbBook(&[
    crate::app::verbs::TABLE,
    crate::amqp::verbs::TABLE,
    crate::amqp::client::verbs::TABLE,
    crate::redis::verbs::TABLE,
]);
