//! The port that viewers use: scenarios are listed and opened, a run is changed at an event with a preview of what would
//! come of it, branches are kept in a tree, named, saved and compared.
//!
//! It speaks in trace types, changes and text. A viewer that has it cannot reach a world, a scenario or a file; the
//! laboratory behind it is in `suite`.

mod difference;
mod problem;
pub mod quiz;
mod request;
mod run;

pub use difference::{Comparison, Pair, Shift, shifts};
pub use problem::Problem;
pub use request::{Answer, Reply, Request, serve};
pub use run::{Branch, Change, Entry, Opening, Origin, Preview, Run, RunId, Saved, Sort, Target, Trial};

use crate::ids::EventId;
use std::sync::Arc;

/// The most runs that are held at a time, branches included.
pub const MAX_RUNS: usize = 64;
/// The most bytes that the traces of all runs may take together.
pub const MAX_BYTES: usize = 1 << 30;
/// The longest name of a branch, in bytes.
pub const MAX_NAME: usize = 255;

/// A laboratory. Runs are held until they are pruned; their ids are never given twice.
pub trait Laboratory {
    /// The scenarios that can be opened by name, in the order of themes and names.
    fn list(&self) -> Vec<Entry>;

    /// Opens a scenario and runs it, or opens a recorded trace. The run is the root of a tree of its own.
    ///
    /// # Errors
    /// Where there is no such file, it has errors, the wish does not fit it, or no more runs can be held.
    fn open(&mut self, what: &Opening) -> Result<RunId, Problem>;

    /// The variants of a scenario, in the order of its file; a recorded trace has none.
    ///
    /// # Errors
    /// As [`Laboratory::open`].
    fn variants(&self, path: &str) -> Result<Vec<String>, Problem>;

    /// A run that is held. Runs do not change; whoever shows one keeps it while it is shown.
    fn run(&self, run: RunId) -> Option<Arc<Run>>;

    /// The changes that are legal at an event of a run, those about the event's own parties first.
    ///
    /// # Errors
    /// Where there is no such run or event, or it is a recorded trace.
    fn changes(&self, run: RunId, at: EventId) -> Result<Vec<Change>, Problem>;

    /// What would come of a change, by making it; nothing is kept.
    ///
    /// # Errors
    /// As [`Laboratory::changes`], and where the change is not legal there.
    fn preview(&self, run: RunId, at: EventId, change: &str) -> Result<Preview, Problem>;

    /// The run that a change would make; nothing is kept.
    ///
    /// # Errors
    /// As [`Laboratory::preview`].
    fn trial(&self, run: RunId, at: EventId, change: &str) -> Result<Trial, Problem>;

    /// Makes a change and keeps the run. Before the event the run is the same, byte for byte, unless a setting is
    /// changed: that holds from the start.
    ///
    /// # Errors
    /// As [`Laboratory::preview`], and where no more runs can be held.
    fn branch(&mut self, run: RunId, at: EventId, change: &str) -> Result<RunId, Problem>;

    /// All runs that are held: each after the one that it branched off, in the order in which they were made.
    fn tree(&self) -> Vec<Branch>;

    /// Gives a run another name.
    ///
    /// # Errors
    /// Where there is no such run, or the name is empty, too long, or holds control characters.
    fn rename(&mut self, run: RunId, name: &str) -> Result<(), Problem>;

    /// Lets go of a run and of everything that branched off it.
    ///
    /// # Errors
    /// Where there is no such run.
    fn prune(&mut self, run: RunId) -> Result<(), Problem>;

    /// Saves a branch as a variant under its name, expecting what its run came to. Into the file nothing but the variant
    /// is put; where anything goes wrong, the file is what it was.
    ///
    /// # Errors
    /// Where there is no such run, it is no branch, a variant cannot say it, or the file cannot be written.
    fn save(&mut self, run: RunId, to: &Target) -> Result<Saved, Problem>;

    /// Two runs side by side.
    ///
    /// # Errors
    /// Where there is no such run.
    fn compare(&self, left: RunId, right: RunId) -> Result<Comparison, Problem>;
}
