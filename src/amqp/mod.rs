//! RabbitMQ: methods and sizes of AMQP 0-9-1, the node machine, its storage, its client, its rules.

pub mod client;
pub mod exchange;
pub mod method;
pub mod script;
pub mod verbs;

pub use client::Client;
pub use method::{Close, Frame, Method, Table, Tune};
pub use script::Script;
