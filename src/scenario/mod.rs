//! The scenario language: schema, spans, variants, validation, lowering to a world, printing back.
//!
//! Not the running of a scenario (that is `explore`), and not the machines that it describes.

pub mod broker;
mod check;
pub mod diagnostics;
mod expectation;
mod fields;
mod insert;
mod lexer;
mod lower;
mod messages;
mod names;
mod noise;
mod parser;
mod policies;
mod printer;
pub mod schema;
mod source;
mod template;
#[cfg(test)]
mod tests;
pub mod tree;
mod variant;

pub use diagnostics::{Code, Diagnostic, Diagnostics, Extent, Look, Spanned};
pub use expectation::{expectation, invariant};
pub use insert::{Draft, InsertError, insert};
pub use lower::{LowerError, lower};
pub use parser::{MAX_BYTES, MAX_DEPTH};
pub use printer::{print, print_line, quoted};
pub use schema::Scenario;
pub use source::{Source, read, read_bytes, too_large};
pub use template::template;
pub use variant::{Change, ChangeKind, Variant};
