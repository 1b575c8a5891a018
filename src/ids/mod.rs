//! What things are called: typed indices, interned names, and the digest that tells whether two states are equal.
//!
//! Not the things themselves; an id says nothing about what it points to.

mod digest;
mod index;
mod name;
mod text;

pub use digest::Digest;
pub use index::{ActorId, ConnId, CopyId, EventId, FaultId, FrameId, OpId, PlaceId, RuleId, VerbId, row_of};
pub use name::{Name, Names, Sym};
pub use text::{is_hidden, nearest, visible};
