//! The timeline: a trace as lanes and rows of marks, and those as text.
//!
//! Two stages. [`lay_out`] turns a log into rows with lanes as integers and knows nothing of widths; [`text`] draws
//! rows as lines of a given width. A [`Reel`] lays out a part at a time, so that a run of a million events can be leafed
//! through. Not the narration (that is `story`), and not the terminal: colours are named styles.

mod elide;
mod fold;
mod layout;
mod model;
mod reel;
#[cfg(test)]
mod tests;
pub mod text;
mod words;

pub use layout::lay_out;
pub use model::{
    Across, Arrow, Fate, Gap, Label, Lane, LaneState, Note, Options, Part, Remark, Row, Sign, Timeline, Weight, Wire,
};
pub use reel::Reel;
