//! Trace to lanes and marks in integer columns.
