//! The integration tests, one binary: a file a behaviour.

mod cli;
mod copies;
mod digests;
mod gallery;
mod goldens;
mod layering;
mod pages;
mod proofs;
mod random;
mod replays;
mod rules;
