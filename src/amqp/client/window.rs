//! Publishes that wait for an answer, by their number on the channel.
//!
//! Not what an application does about them; it is told each answer and forgets nothing by itself.

use crate::ids::{Digest, Name, Names};
use std::collections::VecDeque;

/// A publish that may still be answered or given back.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    ticket: u32,
    message: Name,
    answered: bool,
    returned: bool,
}

/// The open publishes of a channel in the order of publishing. Numbers count up from 1 without gaps, so that the place
/// of one is found by subtraction.
#[derive(Debug, Default)]
pub(in crate::amqp) struct Window {
    open: VecDeque<Waiting>,
    /// The number of the publish before the first open one.
    before: u32,
}

crate::clone_in_place!(Window { open, before });

impl Window {
    /// Starts anew at number 1; the allocation stays.
    pub(in crate::amqp) fn reset(&mut self) {
        self.open.clear();
        self.before = 0;
    }

    /// Adds a publish; gives its number.
    pub(in crate::amqp) fn add(&mut self, ticket: u32, message: Name) -> u32 {
        self.open.push_back(Waiting { ticket, message, answered: false, returned: false });
        self.before + self.open.len() as u32
    }

    /// Forgets the oldest publishes until at most `limit` are left.
    pub(in crate::amqp) fn keep(&mut self, limit: usize) {
        while self.open.len() > limit {
            self.open.pop_front();
            self.before += 1;
        }
    }

    /// Answers one publish, or all open ones up to its number (0: all there are). Calls `each` with ticket, message and
    /// whether it was returned before, in the order of publishing.
    pub(in crate::amqp) fn answer(&mut self, number: u32, multiple: bool, mut each: impl FnMut(u32, Name, bool)) {
        let to = match number {
            0 if multiple => self.open.len(),
            _ => (number.saturating_sub(self.before) as usize).min(self.open.len()),
        };
        let from = if multiple { 0 } else { to.saturating_sub(1) };
        let known = number > self.before || multiple;
        if !known || (!multiple && number > self.before + self.open.len() as u32) {
            return;
        }
        for waiting in self.open.range_mut(from..to).filter(|w| !w.answered) {
            waiting.answered = true;
            each(waiting.ticket, waiting.message, waiting.returned);
        }
        while self.open.front().is_some_and(|w| w.answered) {
            self.open.pop_front();
            self.before += 1;
        }
    }

    /// The ticket of the oldest publish of this message that is neither answered nor returned yet; it is returned now.
    pub(in crate::amqp) fn returned(&mut self, message: Name) -> Option<u32> {
        let fits = |w: &&mut Waiting| w.message == message && !w.answered && !w.returned;
        let waiting = self.open.iter_mut().find(fits)?;
        waiting.returned = true;
        Some(waiting.ticket)
    }

    /// Mixes it into a digest.
    pub(in crate::amqp) fn digest(&self, names: &Names, digest: &mut Digest) {
        digest.word(u64::from(self.before) | (self.open.len() as u64) << 32);
        for Waiting { ticket, message, answered, returned } in &self.open {
            digest.word(u64::from(*ticket) | u64::from(*answered) << 32 | u64::from(*returned) << 33);
            names.digest(*message, digest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(window: &mut Window, number: u32, multiple: bool) -> Vec<u32> {
        let mut tickets = Vec::new();
        window.answer(number, multiple, |ticket, _, _| tickets.push(ticket));
        tickets
    }

    #[test]
    fn each_publish_is_answered_once_in_whatever_order_answers_come() {
        let mut window = Window::default();
        (11..=15).for_each(|ticket| _ = window.add(ticket, Name::EMPTY));
        assert_eq!(answer(&mut window, 2, false), [12]);
        assert!(answer(&mut window, 2, false).is_empty());
        assert_eq!(answer(&mut window, 3, true), [11, 13]);
        assert!(answer(&mut window, 1, false).is_empty());
        assert!(answer(&mut window, 9, false).is_empty());
        assert_eq!(window.add(16, Name::EMPTY), 6);
        assert_eq!(answer(&mut window, 0, true), [14, 15, 16]);
        assert!(answer(&mut window, 0, false).is_empty());
    }

    #[test]
    fn a_return_finds_the_oldest_publish_of_its_message() {
        let mut names = Names::new();
        let (a, b) = (names.intern("a"), names.intern("b"));
        let mut window = Window::default();
        [(1, a), (2, b), (3, b)].into_iter().for_each(|(t, m)| _ = window.add(t, m));
        assert_eq!([window.returned(b), window.returned(b), window.returned(b)], [Some(2), Some(3), None]);
    }
}
