//! The integration tests, one binary: a file a behaviour.

mod cli;
mod gallery;
mod goldens;
mod layering;
mod pages;
mod proofs;
mod rules;
