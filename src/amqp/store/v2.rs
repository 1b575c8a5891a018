//! Storage of classic queues, version 2: everything is buffered in memory for longer, nothing is synced for a confirm,
//! and a file of which every message is gone is deleted at once (R18, V7, F14.2).
//!
//! The real queue writes what nobody waits for when its process goes to sleep, which it does after one second without
//! work the first time and after one to two seconds later. Measured are more than 1001 ms (F02.2) and less than
//! 1500 ms (F14.2); the model takes 1250 ms.

use super::Timing;
use crate::amqp::rules;
use crate::units::Span;
use std::collections::VecDeque;

/// When version 2 writes.
pub static V2: Timing = Timing {
    idle: Span::millis(1250),
    syncs: false,
    most: SEGMENT as usize,
    most_deletes: SEGMENT as usize / 2,
    segments: true,
    for_confirm: rules::FLUSH_FOR_CONFIRM,
    after_idle: rules::FLUSH_AFTER_IDLE,
    confirmed: rules::CONFIRM_AFTER_WRITE,
};

/// So many places share a file.
pub const SEGMENT: u32 = 4096;

/// How many messages of each file are still in the queue or unacknowledged.
#[derive(Debug, Default)]
pub struct Segments {
    /// Number of the file and messages that live in it, ascending.
    live: VecDeque<(u32, u32)>,
}

crate::clone_in_place!(Segments { live });

impl Segments {
    /// A message came to this place. Places only grow.
    pub fn add(&mut self, seq: u32) {
        let segment = seq / SEGMENT;
        match self.live.back_mut() {
            Some((last, live)) if *last == segment => *live += 1,
            _ => self.live.push_back((segment, 1)),
        }
    }

    /// How many live in each file that is not empty, ascending.
    pub fn counts(&self) -> impl Iterator<Item = u32> + '_ {
        self.live.iter().map(|(_, live)| *live)
    }

    /// The message at this place is gone; gives the number of its file where it was the last.
    pub fn remove(&mut self, seq: u32) -> Option<u32> {
        let segment = seq / SEGMENT;
        let at = self.live.binary_search_by_key(&segment, |(number, _)| *number).ok()?;
        let live = &mut self.live[at].1;
        *live -= 1;
        if *live > 0 {
            return None;
        }
        self.live.remove(at);
        Some(segment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_empty_when_the_last_of_its_messages_is_gone() {
        let mut segments = Segments::default();
        for seq in [1, 2, SEGMENT, SEGMENT + 1] {
            segments.add(seq);
        }
        assert_eq!(segments.remove(2), None);
        assert_eq!(segments.remove(SEGMENT + 1), None);
        assert_eq!(segments.remove(1), Some(0));
        assert_eq!(segments.remove(SEGMENT), Some(1));
        segments.add(SEGMENT + 2);
        assert_eq!(segments.remove(SEGMENT + 2), Some(1), "a file can come and go many times");
    }
}
