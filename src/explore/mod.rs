//! Small programs over worlds: run, replay, the check for determinism; and the check against recordings.
//!
//! Not the worlds, and not the words about them: what is found is data, and how it is shown is in `export` and `cli`.

pub mod conform;
mod determinism;
mod run;
mod token;

pub use determinism::{Difference, difference};
pub use run::{Fault, How, Run, run, watch};
pub use token::{MAX_TOKEN, Token, TokenError};
