//! What came of a run: lost, duplicated, reordered and the other words of the design, counted per message and
//! destination while the trace streams; and the expectations of a scenario held against the counts.
//!
//! Not the trace, and not a viewer: it changes nothing, and how a verdict is drawn on a screen is in `export`.

mod book;
mod check;
mod compared;
mod destinations;
mod expectation;
mod figures;
mod findings;
mod flight;
mod invariant;
mod judge;
mod ledger;
mod meter;
mod orders;
mod series;
mod sheet;
mod stream;
mod tally;
#[cfg(test)]
mod tests;
mod views;

pub use compared::{Compared, compared};
pub use expectation::{Checked, Count, Expectation, Of, Takes, Word};
pub use figures::{Figure, FigureError, figures, fill};
pub use findings::{
    At, ConsumerView, Deeds, FaultView, Findings, Found, FramesView, Guarantee, Ids, ProducerView, QueueView, Sum,
    TableView, Times, Took,
};
pub use invariant::{Invariant, Temper, Watcher};
pub use judge::Counts;
pub use ledger::{Account, Ledger, ledger};
pub use meter::Meter;
pub use sheet::{result_of, sheet, sheet_of_width};
pub use stream::Verdict;
