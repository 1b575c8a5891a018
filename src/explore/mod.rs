//! Small programs over worlds: run, replay, the determinism check.
