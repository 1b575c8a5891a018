//! The kernel: calendar, named random streams, choice port, engine with limits.
