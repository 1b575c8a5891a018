//! The network: TCP connections as pairs of first-in-first-out streams of frames; and, as what it is, a lossy link.
//!
//! Not a protocol: it carries what it is given and knows when it arrives, not what it means. It schedules nothing; the
//! world asks it what is due.

mod link;
mod tcp;

pub use link::{Line, Link, Lossy};
pub use tcp::{Cargo, Due, Flight, Side, Tcp, Way};
