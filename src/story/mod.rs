//! Trace and rules to sentences.
