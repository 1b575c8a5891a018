//! The words of the systems: what a frame or a timer is called and how it reads. Each system brings a table.
//!
//! Not the rules (why something happens); this is only what it is.

use super::event::words;
use crate::ids::VerbId;

words! {
    /// What a frame is for, so that viewers can fold what is rarely of interest.
    Class {
        /// Opening and closing connections and channels.
        Handshake = "handshake",
        /// Declaring and subscribing.
        Setup = "setup",
        /// Asking for a message; the answer may have to wait for one.
        Ask = "ask",
        /// A message on its way to the broker.
        Publish = "publish",
        /// The broker's answer to a publish.
        Confirm = "confirm",
        /// A message on its way to a consumer.
        Deliver = "deliver",
        /// A consumer's answer to a delivery.
        Settle = "settle",
        /// An error.
        Error = "error",
        /// Signs of life.
        Housekeeping = "housekeeping",
        /// A timer, not a frame.
        Timer = "timer",
    }
}

/// A kind of frame or timer.
///
/// In the texts `{message}`, `{number}`, `{a}`, `{b}`, `{from}`, `{to}` and `{actor}` stand for the frame's fields, and
/// `{exchange}` for the exchange that `a` names, which may be the default one; a part in square brackets is left out where
/// a field in it is missing.
#[derive(Clone, Copy, Debug)]
pub struct Verb {
    /// The protocol's name for it, such as `basic.publish`.
    pub name: &'static str,
    /// What it is for.
    pub class: Class,
    /// A few words for an arrow: `publish {message}`.
    pub label: &'static str,
    /// A sentence for the narration: `{from} publishes {message} to {exchange} with key {b}.`
    pub sentence: &'static str,
}

/// The vocabulary of one system. Its number is the high byte of its verbs' ids.
#[derive(Clone, Copy, Debug)]
pub struct VerbTable {
    /// Unique among the tables; the same as the number of the system's rules.
    pub number: u8,
    /// The rows, in the order of their ids.
    pub verbs: &'static [Verb],
}

/// Defines a vocabulary and a constant of type [`VerbId`] for each row.
///
/// A row reads `NAME: "protocol.name", Class, "label", "Sentence.";`.
#[macro_export]
macro_rules! verb_table {
    ($table:literal; $($name:ident: $verb:literal, $class:ident, $label:literal, $sentence:literal;)*) => {
        const ROWS: &[&str] = &[$(stringify!($name)),*];
        $(
            #[doc = $sentence]
            pub const $name: $crate::ids::VerbId = $crate::ids::VerbId((($table as u16) << 8) | $crate::ids::row_of(ROWS, stringify!($name)));
        )*
        /// The whole vocabulary.
        pub const TABLE: $crate::trace::VerbTable = $crate::trace::VerbTable {
            number: $table,
            verbs: &[$($crate::trace::Verb {
                name: $verb, class: $crate::trace::Class::$class, label: $label, sentence: $sentence,
            }),*],
        };
    };
}

/// All vocabularies of the program.
#[derive(Clone, Copy, Debug)]
pub struct VerbBook(pub &'static [VerbTable]);

// The tables are the program's own: two books are the same where they are the same tables.
impl PartialEq for VerbBook {
    fn eq(&self, other: &VerbBook) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for VerbBook {}

impl VerbBook {
    /// The verb with this id.
    pub fn get(&self, id: VerbId) -> Option<&'static Verb> {
        let (table, row) = ((id.0 >> 8) as u8, (id.0 & 0xff) as usize);
        self.0.iter().find(|t| t.number == table)?.verbs.get(row)
    }
    /// The id of the verb with this name in any vocabulary; the first that matches.
    pub fn find(&self, name: &str) -> Option<VerbId> {
        self.all().find(|(_, v)| v.name == name).map(|(id, _)| id)
    }
    /// Every verb with its id.
    pub fn all(&self) -> impl Iterator<Item = (VerbId, &'static Verb)> {
        self.0.iter().flat_map(|t| {
            t.verbs.iter().enumerate().map(|(row, v)| (VerbId((u16::from(t.number) << 8) | row as u16), v))
        })
    }
}
