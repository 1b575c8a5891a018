//! The world: nodes, clients, links, disks and faults on one engine. It hands machines their inputs, carries out their
//! outputs, and turns both into events with causes.
//!
//! A world is a value: it can be copied, digested and stepped. It has two parts. *Behaviour* decides what happens next
//! and is what [`World::digest`] covers. *Provenance* (ids of events, frames and copies) is for show: nothing depends
//! on it. It decides nothing about messages (that is the machines' business) and reads no files.

mod book;
mod clients;
mod disks;
mod draws;
mod emit;
mod fault_plan;
mod faults;
mod lossy;
mod nemesis;
mod nodes;
mod observe;
mod outputs;
pub mod plan;
mod process;
mod roads;
pub mod rules;
mod silence;
mod state;
#[cfg(test)]
mod tests;
mod troubles;
mod vain;

pub use book::{RULES, VERBS};
pub use state::World;
