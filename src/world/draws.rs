//! The adapter from the choice port to what machines draw from: one stream an actor.

use crate::machine::Draws;
use crate::sim::{ChoiceKind, Choices, StreamId};

/// What kinds of choices a world makes. The numbers are part of replay tokens.
pub(super) mod kinds {
    use crate::sim::ChoiceKind;

    /// How long a frame is under way; the stream is the direction of the connection.
    pub(in crate::world) const LATENCY: ChoiceKind = ChoiceKind(0);
    /// What a machine draws; the stream is the machine's.
    pub(in crate::world) const MACHINE: ChoiceKind = ChoiceKind(1);
    /// Whether a fault strikes when its moment comes; the stream is the laboratory's.
    pub(in crate::world) const FAULT: ChoiceKind = ChoiceKind(2);
    /// How long a write takes; the stream is the disk's.
    pub(in crate::world) const WRITE: ChoiceKind = ChoiceKind(3);
    /// How long a sync takes; the stream is the disk's.
    pub(in crate::world) const FSYNC: ChoiceKind = ChoiceKind(4);
    /// Whether a lossy link loses a message; the stream is the direction of the link.
    pub(in crate::world) const DROP: ChoiceKind = ChoiceKind(5);
    /// Whether a lossy link doubles a message; the stream is the direction of the link.
    pub(in crate::world) const DUPLICATE: ChoiceKind = ChoiceKind(6);
    /// Whether a message overtakes on a lossy link; the stream is the direction of the link.
    pub(in crate::world) const OVERTAKE: ChoiceKind = ChoiceKind(7);
    /// Which of its faults a nemesis draws; the stream is the nemesis's.
    pub(in crate::world) const NEMESIS: ChoiceKind = ChoiceKind(8);
    /// How long a nemesis waits; the stream is the nemesis's.
    pub(in crate::world) const NEMESIS_WAITS: ChoiceKind = ChoiceKind(9);
}

/// One machine's draws.
pub(super) struct Drawer<'a> {
    pub(super) choices: &'a mut Choices,
    pub(super) stream: StreamId,
}

impl Draws for Drawer<'_> {
    fn below(&mut self, n: u64) -> u64 {
        const KIND: ChoiceKind = kinds::MACHINE;
        self.choices.choose(self.stream, KIND, n)
    }
}
