//! Publishes that wait for an answer, by their number on the channel.
//!
//! Not what an application does about them; it is told each answer and forgets nothing by itself.

use crate::amqp::method::Close;
use crate::ids::{Digest, Name, Names};
use std::collections::VecDeque;

/// The class and the method that an error names when a publish was wrong (R2).
const BASIC_PUBLISH: (u16, u16) = (60, 40);

/// A publish that may still be answered or given back.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    ticket: u32,
    /// To which exchange.
    to: Name,
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
    /// The last number of each transaction whose end is asked for and not answered.
    ends: VecDeque<u32>,
}

crate::clone_in_place!(Window { open, before, ends });

impl Window {
    /// Starts anew at number 1; the allocation stays.
    pub(in crate::amqp) fn reset(&mut self) {
        self.open.clear();
        self.before = 0;
        self.ends.clear();
    }

    /// The end of a transaction is asked for: it holds all publishes so far.
    pub(in crate::amqp) fn end_transaction(&mut self) {
        self.ends.push_back(self.next() - 1);
    }

    /// The oldest such request is answered: the last number of its transaction.
    pub(in crate::amqp) fn ended_transaction(&mut self) -> Option<u32> {
        self.ends.pop_front()
    }

    /// The number of the next publish.
    pub(in crate::amqp) fn next(&self) -> u32 {
        self.before + self.open.len() as u32 + 1
    }

    /// Adds a publish to an exchange; gives its number.
    pub(in crate::amqp) fn add(&mut self, ticket: u32, to: Name, message: Name) -> u32 {
        self.open.push_back(Waiting { ticket, to, message, answered: false, returned: false });
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
        // Mostly it is the oldest: then all up to its number is this one.
        if number == self.before + 1
            && let Some(oldest) = self.open.front_mut().filter(|oldest| !oldest.answered)
        {
            oldest.answered = true;
            each(oldest.ticket, oldest.message, oldest.returned);
            return self.forget_answered();
        }
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
        self.forget_answered();
    }

    #[inline]
    fn forget_answered(&mut self) {
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

    /// The ticket of the first publish that was certainly not taken, where the broker closed the channel over a publish.
    ///
    /// Publishes are taken in order, and none after the wrong one. So the last open one is either the wrong one or came
    /// after it; where the error names the missing exchange, that holds for the last one to this exchange, and for all
    /// behind it. Those before may have been taken: a publish to the exchange may have come while it was still there.
    pub(in crate::amqp) fn not_taken(&self, close: &Close, names: &Names) -> Option<u32> {
        if (close.class, close.method) != BASIC_PUBLISH {
            return None;
        }
        // Ends in a quote, so that no number is split off it.
        let text = names.prefix_text(close.text.prefix());
        let exchange = text.split_once("no exchange '").and_then(|(_, rest)| rest.split_once('\''));
        let named = exchange.and_then(|(exchange, _)| names.find(exchange));
        let open = || self.open.iter().rev().filter(|waiting| !waiting.answered);
        let culprit = open().find(|waiting| named == Some(waiting.to)).or_else(|| open().next());
        culprit.map(|waiting| waiting.ticket)
    }

    /// The messages whose tickets are not below this one and that have no answer, oldest first.
    pub(in crate::amqp) fn open_from(&self, ticket: u32) -> impl Iterator<Item = Name> + '_ {
        self.open.iter().filter(move |w| w.ticket >= ticket && !w.answered && !w.returned).map(|w| w.message)
    }

    /// Mixes it into a digest.
    pub(in crate::amqp) fn digest(&self, names: &Names, digest: &mut Digest) {
        digest.word(u64::from(self.before) | (self.open.len() as u64) << 32);
        self.ends.iter().for_each(|end| digest.word(u64::from(*end)));
        for Waiting { ticket, to, message, answered, returned } in &self.open {
            names.digest(*to, digest);
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
        (11..=15).for_each(|ticket| _ = window.add(ticket, Name::EMPTY, Name::EMPTY));
        assert_eq!(answer(&mut window, 2, false), [12]);
        assert!(answer(&mut window, 2, false).is_empty());
        assert_eq!(answer(&mut window, 3, true), [11, 13]);
        assert!(answer(&mut window, 1, false).is_empty());
        assert!(answer(&mut window, 9, false).is_empty());
        assert_eq!(window.add(16, Name::EMPTY, Name::EMPTY), 6);
        assert_eq!(answer(&mut window, 0, true), [14, 15, 16]);
        assert!(answer(&mut window, 0, false).is_empty());
    }

    #[test]
    fn a_return_finds_the_oldest_publish_of_its_message() {
        let mut names = Names::new();
        let (a, b) = (names.intern("a"), names.intern("b"));
        let mut window = Window::default();
        [(1, a), (2, b), (3, b)].into_iter().for_each(|(t, m)| _ = window.add(t, Name::EMPTY, m));
        assert_eq!([window.returned(b), window.returned(b), window.returned(b)], [Some(2), Some(3), None]);
    }

    #[test]
    fn an_error_about_a_publish_tells_which_were_not_taken_for_certain() {
        let mut names = Names::new();
        let (here, nope) = (names.intern("here"), names.intern("nope"));
        let close = |text: &str, (class, method), names: &mut Names| {
            let text = names.intern(text);
            Close { code: 404, text, class, method }
        };
        let missing = close("NOT_FOUND - no exchange 'nope' in vhost '/'", (60, 40), &mut names);
        let mut window = Window::default();
        assert_eq!(window.not_taken(&missing, &names), None, "nothing is open");
        for (ticket, to) in [(1, nope), (2, here), (3, nope), (4, here)] {
            window.add(ticket, to, Name::EMPTY);
        }
        assert_eq!(window.not_taken(&missing, &names), Some(3), "the last one to that exchange, and what came after");
        let other = close("PRECONDITION_FAILED - invalid expiration", (60, 40), &mut names);
        assert_eq!(
            window.not_taken(&other, &names),
            Some(4),
            "any of them may be the wrong one; the last is lost anyway"
        );
        let elsewhere = close("NOT_FOUND - no queue 'q' in vhost '/'", (50, 10), &mut names);
        assert_eq!(window.not_taken(&elsewhere, &names), None, "publishes before it may all have been taken");
    }
}
