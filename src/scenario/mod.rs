//! The scenario language: schema, spans, variants, validation, lowering to a world, printing back.
//!
//! Not the running of a scenario (that is `explore`), and not the machines that it describes.

pub mod diagnostics;
mod lexer;
mod parser;
mod printer;
pub mod tree;
