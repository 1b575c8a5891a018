//! The laboratory that viewers are given. Files and the gallery come in through a port.
//!
//! Not the running (`explore`), and not the viewers: those see `lab` alone.

mod laboratory;

pub use laboratory::{Bench, Found, Shelf, Unread};
