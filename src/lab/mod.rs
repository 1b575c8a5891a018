//! The port that viewers use.
