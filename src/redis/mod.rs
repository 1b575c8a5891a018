//! Redis lists: commands, the node machine with its append-only file, its client, its rules.
