//! The rules and words of everything that a world can contain, in one place for lookup.
//!
//! Not those of any one system: the systems bring theirs along with their line in `systems`.

use crate::rules::{RuleBook, RuleTable};
use crate::trace::{VerbBook, VerbTable};
use crate::{app, mem, systems};

const RULE_TABLES: [RuleTable; 2 + systems::RULES.len()] =
    mem::join(&[&[super::rules::TABLE, app::rules::TABLE], &systems::RULES]);
const VERB_TABLES: [VerbTable; 1 + systems::VERBS.len()] = mem::join(&[&[app::verbs::TABLE], &systems::VERBS]);

/// Every rule of the program.
pub const RULES: RuleBook = RuleBook(&RULE_TABLES);

/// Every kind of frame and timer of the program.
pub const VERBS: VerbBook = VerbBook(&VERB_TABLES);
