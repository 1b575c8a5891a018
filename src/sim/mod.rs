//! The kernel: the calendar of future events, named random streams, the choice port, and the engine with its limits.
//!
//! Not the world: the kernel knows no party, message or link. It carries payloads of a type it never looks into.

mod calendar;
mod choices;
mod engine;
mod path;
mod stream;

pub use calendar::{Calendar, Key};
pub use choices::{ChoiceKey, ChoiceKind, Choices, KINDS, MAX_SEED, Spread, StreamId};
pub use engine::{Engine, Limit, Limits, Step};
pub use path::{Others, Path};
pub use stream::{Stream, name_hash};
