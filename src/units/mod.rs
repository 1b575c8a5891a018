//! Integer quantities and their text: points in simulated time, spans of time, sizes and ratios.
//!
//! Not the simulation clock (that is `sim`). Nothing here is a floating-point number, so that a run gives the same
//! bytes on every machine.

mod clock;
mod quantity;
mod text;

pub use clock::Clock;
pub use quantity::{Ratio, Span, Time};
pub use text::{ParseUnitError, parse_size, parse_span};
