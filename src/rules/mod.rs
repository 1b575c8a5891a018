//! What a rule is: one sentence about behaviour, where it is known from, the versions it holds for, and how closely it
//! is modelled. Here are the type, the ids and the lookup.
//!
//! Not the rules themselves: each table is in its system's folder, next to the decisions that name its rows.

use crate::ids::RuleId;
use serde::{Deserialize, Serialize};

/// How closely the model follows the real thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fidelity {
    /// As measured or documented.
    Exact,
    /// The outcome is right; times or details are simpler than in reality.
    Simplified,
    /// Known, and left out.
    NotModelled,
}

impl Fidelity {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Fidelity::Exact => "exact",
            Fidelity::Simplified => "simplified",
            Fidelity::NotModelled => "not modelled",
        }
    }

    /// What that means.
    pub fn meaning(self) -> &'static str {
        match self {
            Fidelity::Exact => "as measured or documented",
            Fidelity::Simplified => "the outcome is right; times or details are simpler than in reality",
            Fidelity::NotModelled => "known, and left out",
        }
    }
}

/// A rule of a system, of the lab or of the clients.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its key, such as `amqp.confirm.after-fsync`; stable, used in traces and on the command line.
    pub key: &'static str,
    /// One plain sentence.
    pub sentence: &'static str,
    /// A documentation page or the ids of measured facts.
    pub source: &'static str,
    /// The versions it holds for, in words.
    pub versions: &'static str,
    /// How closely it is modelled.
    pub fidelity: Fidelity,
    /// Under which events it may stand, each as who does what: `broker sends basic.ack`, `client published`. A star at
    /// the end stands for any rest. A rule that is not modelled stands under none but the
    /// model's own refusal.
    pub on: &'static [&'static str],
}

impl Rule {
    /// The first of its declared events that this one is, by its place in the list.
    pub fn fits(&self, event: &str) -> Option<usize> {
        self.on.iter().position(|on| match on.strip_suffix('*') {
            Some(start) => event.starts_with(start),
            None => *on == event,
        })
    }
}

/// The rules of one system. Its number is the high byte of its rules' ids.
#[derive(Clone, Copy, Debug)]
pub struct RuleTable {
    /// Unique among the tables.
    pub number: u8,
    /// The system's name.
    pub system: &'static str,
    /// The rows, in the order of their ids.
    pub rules: &'static [Rule],
}

/// Defines a table of rules and a constant of type [`RuleId`] for each row.
///
/// A row reads `NAME: "key", "sentence", "source", "versions", Fidelity, ["who does what"];`; the last part lists the
/// events that the rule may stand under, and is left out where there are none.
#[macro_export]
macro_rules! rule_table {
    ($table:literal, $system:literal; $($name:ident: $key:literal, $sentence:literal, $source:literal, $versions:literal, $fidelity:ident $(, [$($on:literal),* $(,)?])?;)*) => {
        const ROWS: &[&str] = &[$(stringify!($name)),*];
        $(
            #[doc = $sentence]
            pub const $name: $crate::ids::RuleId = $crate::ids::RuleId((($table as u16) << 8) | $crate::ids::row_of(ROWS, stringify!($name)));
        )*
        /// All rules of this table.
        pub const TABLE: $crate::rules::RuleTable = $crate::rules::RuleTable {
            number: $table,
            system: $system,
            rules: &[$($crate::rules::Rule {
                key: $key, sentence: $sentence, source: $source, versions: $versions,
                fidelity: $crate::rules::Fidelity::$fidelity,
                on: &[$($($on),*)?],
            }),*],
        };
    };
}

/// All tables of the program.
#[derive(Clone, Copy, Debug)]
pub struct RuleBook(pub &'static [RuleTable]);

impl RuleBook {
    /// The rule with this id.
    pub fn get(&self, id: RuleId) -> Option<&'static Rule> {
        let (table, row) = ((id.0 >> 8) as u8, (id.0 & 0xff) as usize);
        self.0.iter().find(|t| t.number == table)?.rules.get(row)
    }
    /// The id of the rule with this key.
    pub fn find(&self, key: &str) -> Option<RuleId> {
        self.all().find(|(_, rule)| rule.key == key).map(|(id, _)| id)
    }
    /// Every rule with its id, table by table.
    pub fn all(&self) -> impl Iterator<Item = (RuleId, &'static Rule)> {
        self.0.iter().flat_map(|t| {
            t.rules.iter().enumerate().map(|(row, rule)| (RuleId((u16::from(t.number) << 8) | row as u16), rule))
        })
    }
}
