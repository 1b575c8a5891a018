//! The scenario language: schema, spans, variants, validation, lowering to a world, printing back.
//!
//! Not the running of a scenario (that is `explore`), and not the machines that it describes.

pub mod broker;
pub mod diagnostics;
mod fields;
mod lexer;
mod parser;
mod printer;
pub mod schema;
pub mod tree;
