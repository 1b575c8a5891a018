//! What came of a run: lost, duplicated, reordered and the other words of the design, counted per message and
//! destination while the trace streams; and the expectations of a scenario held against the counts.
//!
//! Not the trace, and not a viewer: it changes nothing, and how a verdict is drawn on a screen is in `export`.

mod expectation;

pub use expectation::{Checked, Count, Expectation, Of, Takes, Word};
