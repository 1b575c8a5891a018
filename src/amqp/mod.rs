//! RabbitMQ: methods and sizes of AMQP 0-9-1, the node machine, its storage, its client, its rules.
//!
//! Not a codec: a frame is a value with a known size, and bytes are somebody else's.

pub mod access;
pub mod client;
pub mod config;
pub mod death;
mod error;
pub mod exchange;
pub mod method;
pub mod node;
pub mod queue;
mod refused;
pub mod rules;
pub mod script;
pub mod session;
pub mod sparse;
pub mod store;
pub mod verbs;

pub use access::{Capabilities, Pattern, Permission, User};
pub use client::Client;
pub use config::{BindingSpec, Config, ExchangeSpec, QueueSpec, Version};
pub use method::{Close, Frame, Method, Table, Tune};
pub use node::Node;
pub use refused::{Part, left_out, refused, refused_consumer};
pub use script::{Program, Script};
pub use session::Session;
pub use store::Record;

/// The rules of this system.
pub const RULES: &[crate::rules::RuleTable] = &[rules::TABLE, client::rules::TABLE];
/// The words of this system.
pub const VERBS: &[crate::trace::VerbTable] = &[verbs::TABLE, client::verbs::TABLE];
