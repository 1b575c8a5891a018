//! Traces and verdicts in the formats of other programs: one file a format.
//!
//! Not the trace's own format (that is `trace`'s codec), and nothing here writes files: texts are given back.

pub mod events;
pub mod report;
