//! Redis lists on one node: the commands, the node with its append-only file, its client, its rules.
//!
//! Not streams, not publish/subscribe, not replication; and no snapshots (RDB), so that a node without an append-only
//! file starts empty. Modelled on Redis 7.0.15.

mod aof;
mod client;
mod frame;
mod node;
pub mod rules;
#[cfg(test)]
mod tests;
pub mod verbs;

pub use aof::{Config, End, Fsync, Record};
pub use client::Client;
pub use frame::Frame;
pub use node::Node;

/// The rules of this system.
pub const RULES: &[crate::rules::RuleTable] = &[rules::TABLE];
/// The words of this system.
pub const VERBS: &[crate::trace::VerbTable] = &[verbs::TABLE];
