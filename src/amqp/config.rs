//! What a node is configured with: version, limits and the topology that exists before the first client comes.
//! Immutable and shared by all copies of a node.
//!
//! Not checked here: names, types and arguments are the scenario's business.

use super::access::User;
use super::exchange::Kind;
use super::method::{FRAME_MAX, Table};
use crate::ids::Name;
use crate::units::Span;
use std::sync::Arc;

/// Which RabbitMQ the node behaves like.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Version {
    /// 3.7: no quorum queues, no streams.
    V3_7,
    /// 3.10, on which the facts were measured.
    #[default]
    V3_10,
    /// 3.13.
    V3_13,
    /// 4.1.
    V4_1,
}

impl Version {
    /// Every one of them, in order.
    pub const ALL: [Version; 4] = [Version::V3_7, Version::V3_10, Version::V3_13, Version::V4_1];

    /// How each of them is written.
    pub const WORDS: [&'static str; 4] = ["3.7", "3.10", "3.13", "4.1"];

    /// How it is written.
    pub fn word(self) -> &'static str {
        Version::WORDS[self as usize]
    }
    /// The version that is written so.
    pub fn from_word(word: &str) -> Option<Version> {
        Version::ALL.into_iter().find(|version| version.word() == word)
    }
    /// The largest body of a message in bytes (V10). Before 3.8 it was not configurable.
    pub fn max_message_size(self) -> u32 {
        match self {
            Version::V3_7 => 2_147_483_647,
            Version::V3_10 | Version::V3_13 => 134_217_728,
            Version::V4_1 => 16_777_216,
        }
    }
}

/// An exchange to declare.
#[derive(Clone, PartialEq, Debug)]
pub struct ExchangeSpec {
    /// Its virtual host.
    pub vhost: Name,
    /// Its name.
    pub name: Name,
    /// Its type.
    pub kind: Kind,
    /// Whether it survives a restart.
    pub durable: bool,
    /// Whether it goes with its last binding.
    pub auto_delete: bool,
    /// Whether clients may not publish to it.
    pub internal: bool,
    /// Its arguments; `alternate-exchange` is read from here.
    pub arguments: Arc<Table>,
}

/// A queue to declare.
#[derive(Clone, PartialEq, Debug)]
pub struct QueueSpec {
    /// Its virtual host.
    pub vhost: Name,
    /// Its name.
    pub name: Name,
    /// Whether it survives a restart.
    pub durable: bool,
    /// Whether it goes with its last consumer.
    pub auto_delete: bool,
    /// Its arguments.
    pub arguments: Arc<Table>,
}

/// A binding to make.
#[derive(Clone, PartialEq, Debug)]
pub struct BindingSpec {
    /// Its virtual host.
    pub vhost: Name,
    /// The exchange that messages come from.
    pub source: Name,
    /// The queue or exchange that they go to.
    pub target: super::exchange::Target,
    /// The binding key.
    pub key: Name,
    /// Its arguments.
    pub arguments: Arc<Table>,
}

/// The whole configuration.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// Which RabbitMQ.
    pub version: Version,
    /// The virtual hosts.
    pub vhosts: Vec<Name>,
    /// The users besides `guest`, who may do everything.
    pub users: Vec<User>,
    /// Exchanges there from the start.
    pub exchanges: Vec<ExchangeSpec>,
    /// Queues there from the start.
    pub queues: Vec<QueueSpec>,
    /// Bindings there from the start.
    pub bindings: Vec<BindingSpec>,
    /// The heartbeat interval that the node proposes, in seconds; 0 for none.
    pub heartbeat: u16,
    /// The highest channel number that the node allows.
    pub channel_max: u16,
    /// The largest frame in bytes.
    pub frame_max: u32,
    /// How long a delivery may be unsettled; `None` for what the version has. Without effect in 3.7, which has no such
    /// timeout (V1).
    pub consumer_timeout: Option<Span>,
    /// How often a channel looks for deliveries that were not settled in time (D60).
    pub channel_tick: Span,
}

impl Config {
    /// RabbitMQ's defaults, with the one virtual host `vhost` (usually `/`) and no topology.
    pub fn new(vhost: Name) -> Config {
        Config {
            version: Version::default(),
            vhosts: vec![vhost],
            users: Vec::new(),
            exchanges: Vec::new(),
            queues: Vec::new(),
            bindings: Vec::new(),
            heartbeat: 60,
            channel_max: 2047,
            frame_max: FRAME_MAX,
            consumer_timeout: None,
            channel_tick: Span::millis(60_000),
        }
    }

    /// How long a delivery may be unsettled; `None` for as long as the consumer likes (D60, V1).
    pub fn consumer_timeout(&self) -> Option<Span> {
        let default = Span::millis(30 * 60 * 1000);
        (self.version > Version::V3_7).then(|| self.consumer_timeout.unwrap_or(default))
    }
}
