//! The integration tests, one binary: a file a behaviour.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod bad_input;
mod branches;
mod cli;
mod comparing;
mod conform;
mod copies;
mod covered;
mod digests;
mod faults;
mod gallery;
mod goldens;
mod layering;
mod lessons;
mod orders;
mod pages;
mod plainly;
mod proofs;
mod quiz;
mod random;
mod reasons;
mod replays;
mod rules;
mod safe;
mod screen;
mod stepping;
mod stepping_branches;
mod stepping_panes;
mod stepping_quiz;
mod storage;
mod telling;
mod vain;
mod verdicts;
