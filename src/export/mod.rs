//! Traces and verdicts as texts: pages for people, and the formats of other programs. One file a format.
//!
//! Not the trace's own format (that is `trace`'s codec), and nothing here writes files: texts are given back.

pub mod comparison;
pub mod events;
pub mod lesson;
pub mod markdown;
pub mod reasons;
pub mod report;
pub mod shell;
pub mod view;
