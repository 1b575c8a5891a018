//! The story: a trace told in sentences, one a step, with the rule that says why.
//!
//! Not the drawing (that is `timeline`). Sentences name actors, messages and step numbers, never colours or positions,
//! so that they can be read aloud.

mod depths;
mod ends;
mod grounds;
mod missing;
mod phrases;
mod tell;
mod why;

pub use depths::{Depths, Knower, depths};
pub use ends::end_grounds;
pub use grounds::{Ground, declared, grounds};
pub use missing::{Missing, Stage, Way, missing};
pub use tell::{Sentence, render, render_part, tell, tell_events, tell_read, texts};
pub use why::{Link, Reason, Root, causes, knowers, why, why_read, why_some};

#[cfg(test)]
mod tests;
