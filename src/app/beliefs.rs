//! What a producer believes about each message it has published, in two bits a message.
//!
//! Not what is true of the message; the producer cannot know that.

use crate::ids::Digest;
use crate::trace::Belief;

const EACH: u32 = 32;

/// The beliefs about the messages 1 to `len` of a series.
#[derive(Debug, Default)]
pub(super) struct Beliefs {
    words: Vec<u64>,
    len: u32,
    /// Messages that never came to be published, since the process died over them; few, in order.
    skipped: Vec<u32>,
}

crate::clone_in_place!(Beliefs { words, len, skipped });

impl Beliefs {
    /// Sets the belief about the message `n`, from 1. A series grows by one message at a time, unless some are skipped.
    #[inline]
    pub(super) fn set(&mut self, n: u32, belief: Belief) {
        let at = n - 1;
        if at > self.len {
            self.skipped.extend(self.len + 1..n);
        } else if !self.skipped.is_empty() {
            self.skipped.retain(|skipped| *skipped != n);
        }
        self.len = self.len.max(n);
        let word = (at / EACH) as usize;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let shift = at % EACH * 2;
        self.words[word] = (self.words[word] & !(3 << shift)) | (code(belief) << shift);
    }

    /// The belief about each message with its number.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Belief)> {
        (0..self.len).filter(|at| !self.skipped.contains(&(at + 1))).map(|at| {
            let code = self.words[(at / EACH) as usize] >> (at % EACH * 2) & 3;
            (at + 1, [Belief::Sent, Belief::Confirmed, Belief::Refused, Belief::Unknown][code as usize])
        })
    }

    /// Forgets all; the allocation stays.
    pub(super) fn clear(&mut self) {
        self.words.clear();
        self.len = 0;
        self.skipped.clear();
    }

    /// Mixes them into a digest.
    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.word(u64::from(self.len));
        self.words.iter().for_each(|w| digest.word(*w));
        self.skipped.iter().for_each(|n| digest.word(u64::from(*n)));
    }
}

fn code(belief: Belief) -> u64 {
    match belief {
        Belief::Sent => 0,
        Belief::Confirmed => 1,
        Belief::Refused => 2,
        Belief::Unknown => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_believed_of_a_message_that_was_skipped_until_it_is_published() {
        let mut beliefs = Beliefs::default();
        beliefs.set(1, Belief::Confirmed);
        beliefs.set(4, Belief::Unknown);
        assert_eq!(beliefs.iter().collect::<Vec<_>>(), [(1, Belief::Confirmed), (4, Belief::Unknown)]);
        beliefs.set(3, Belief::Sent);
        assert_eq!(beliefs.iter().map(|(n, _)| n).collect::<Vec<_>>(), [1, 3, 4]);
    }
}
