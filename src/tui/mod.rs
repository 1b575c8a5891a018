//! The terminal interface: keys in, screen out.
//!
//! Pure: an [`App`] takes inputs and gives effects, and [`view`](view::draw) draws it. It reaches the laboratory through
//! requests only, and neither a terminal nor a file nor a clock; whoever runs it (`cli`) brings those.

pub mod action;
mod app;
mod beside;
mod desk;
mod gallery;
pub mod key;
mod overlay;
mod plain;
mod states;
mod survey;
pub mod theme;
pub mod view;

pub use app::{App, Effect, For, Input, Mouse, Ticket};
pub use desk::{Books, Desk, Followed, Way, Zoom};
pub use gallery::Gallery;
pub use key::Key;
pub use overlay::{Overlay, Prompt, Quiz};
pub use plain::Plain;
