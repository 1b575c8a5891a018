//! A node's disk: page cache and durable storage, writes and syncs with latency.
