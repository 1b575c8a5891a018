//! What came of a run: lost, duplicated, reordered and the other words of the design, counted per message and
//! destination while the trace streams; and the expectations of a scenario held against the counts.
//!
//! Not the trace, and not a viewer: it changes nothing, and how a verdict is drawn on a screen is in `export`.

mod book;
mod check;
mod destinations;
mod expectation;
mod figures;
mod findings;
mod flight;
mod invariant;
mod judge;
mod ledger;
mod series;
mod sheet;
mod stream;
mod tally;
#[cfg(test)]
mod tests;

pub use expectation::{Checked, Count, Expectation, Of, Takes, Word};
pub use figures::{Figure, FigureError, figures, fill};
pub use findings::{At, ConsumerView, FaultView, Findings, Found, Guarantee, Ids, ProducerView, QueueView, TableView};
pub use invariant::{Invariant, Temper, Watcher};
pub use judge::Counts;
pub use ledger::{Account, Ledger, ledger};
pub use sheet::{result_of, sheet, sheet_of_width};
pub use stream::Verdict;
