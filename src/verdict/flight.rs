//! Messages on the wire: frames that carry a copy and have neither arrived nor died.
//!
//! Not the network. It is a window over the frames' numbers that begins at the oldest one under way.

use super::book::Dest;
use crate::ids::{ConnId, FrameId};
use std::collections::VecDeque;

/// What a frame carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Carried {
    pub(super) slot: u32,
    /// For whose work; `None` for a publish, whose queues are not known yet.
    pub(super) dest: Option<Dest>,
    /// On which connection.
    pub(super) conn: ConnId,
}

/// Frames under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Flight {
    first: u32,
    frames: VecDeque<Slot>,
}

#[derive(Clone, Copy, Debug)]
enum Slot {
    /// Carries nothing, or is no longer under way.
    Idle,
    /// Named, not sent yet.
    Named(Carried),
    /// Under way.
    Sent(Carried),
}

impl Flight {
    pub(super) fn reset(&mut self) {
        self.first = 0;
        self.frames.clear();
    }
    /// A frame is named. The numbers come without gaps.
    #[inline]
    pub(super) fn name(&mut self, id: FrameId, carried: Option<Carried>) {
        if self.frames.is_empty() {
            self.first = id.0;
            if carried.is_none() {
                return;
            }
        }
        self.frames.push_back(carried.map_or(Slot::Idle, Slot::Named));
    }
    #[inline]
    fn slot(&mut self, id: FrameId) -> Option<&mut Slot> {
        self.frames.get_mut(id.0.checked_sub(self.first)? as usize)
    }
    /// The frame is sent.
    #[inline]
    pub(super) fn send(&mut self, id: FrameId) {
        if let Some(slot) = self.slot(id)
            && let Slot::Named(carried) = *slot
        {
            *slot = Slot::Sent(carried);
        }
    }
    /// The frame is no longer under way; gives what it carried.
    #[inline]
    pub(super) fn land(&mut self, id: FrameId) -> Option<Carried> {
        let slot = self.slot(id)?;
        let landed = match *slot {
            Slot::Sent(carried) | Slot::Named(carried) => Some(carried),
            Slot::Idle => None,
        };
        *slot = Slot::Idle;
        while let Some(Slot::Idle) = self.frames.front() {
            self.frames.pop_front();
            self.first += 1;
        }
        landed
    }
    /// What is under way.
    pub(super) fn under_way(&self) -> impl Iterator<Item = Carried> {
        self.frames.iter().filter_map(|slot| match slot {
            Slot::Sent(carried) => Some(*carried),
            _ => None,
        })
    }
}
