//! mqlab: a laboratory for message-queue reliability.
//!
//! A deterministic discrete-event simulator runs producers, brokers, consumers, networks and disks from a scenario
//! file. Everything that happened is a trace; what the program shows is a function of it. The book has the design.

pub mod amqp;
pub mod app;
#[cfg(feature = "cli")]
pub mod cli;
pub mod disk;
pub mod explore;
pub mod export;
pub mod ids;
pub mod lab;
pub mod machine;
pub mod mem;
pub mod net;
pub mod redis;
pub mod rules;
pub mod scenario;
pub mod sim;
pub mod story;
pub mod suite;
pub mod systems;
pub mod timeline;
pub mod trace;
#[cfg(feature = "cli")]
pub mod tui;
pub mod units;
pub mod verdict;
pub mod world;
