//! The story: a trace told in sentences, one a step, with the rule that says why.
//!
//! Not the drawing (that is `timeline`). Sentences name actors, messages and step numbers, never colours or positions,
//! so that they can be read aloud.

mod phrases;
mod tell;

pub use tell::{Sentence, render, render_part, tell};

#[cfg(test)]
mod tests;
