//! The integration tests, one binary: a file a behaviour.

mod gallery;
mod goldens;
mod layering;
mod pages;
mod proofs;
