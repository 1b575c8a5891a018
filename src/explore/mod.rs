//! Small programs over worlds: run, replay, the check for determinism, branches, two traces side by side, and the
//! check against recordings.
//!
//! Not the worlds, and not the words about them: what is found is data, and how it is shown is in `export` and `cli`.

pub mod branch;
pub mod conform;
mod determinism;
mod fate;
mod hunt;
mod run;
mod same;
mod token;
mod told;

pub use determinism::{Difference, difference};
pub use fate::{Fate, SEEDS, fate};
pub use hunt::{Bag, MAX_FAULTS, Prey, Sort, Violation, hunt};
pub use run::{Fault, How, Run, run, watch};
pub use same::{Row, align, same_until};
pub use token::{MAX_TOKEN, Token, TokenError};
pub use told::{checked, feed, judge};
