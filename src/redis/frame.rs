//! The commands on lists and their replies, with the sizes that RESP (version 2 of the protocol) gives them.
//!
//! Not the bytes themselves. An element of a list is a message whose payload holds everything, its id too: Redis has no
//! headers.

use super::verbs;
use crate::ids::{Digest, Name, Names, VerbId};
use crate::machine::{Message, Wire, Words};
use crate::trace::FrameFlags;
use crate::units::Span;

/// A command or a reply. A reply belongs to the oldest command of its connection that has none yet.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// Puts an element at the head (left) of a list.
    Lpush {
        /// The list.
        list: Name,
        /// The element.
        message: Message,
    },
    /// Puts an element at the tail (right) of a list, where it is popped next.
    Rpush {
        /// The list.
        list: Name,
        /// The element.
        message: Message,
    },
    /// Takes the element at the tail, or waits for one.
    Brpop {
        /// The list.
        list: Name,
        /// How long it waits; zero for ever.
        timeout: Span,
    },
    /// Moves the element at the tail of one list to the head of another (`RIGHT LEFT`).
    Lmove {
        /// From which list.
        from: Name,
        /// To which list; may be the same.
        to: Name,
    },
    /// The same, or waits for an element.
    Blmove {
        /// From which list.
        from: Name,
        /// To which list.
        to: Name,
        /// How long it waits; zero for ever.
        timeout: Span,
    },
    /// Removes the first element from the head that is equal to this one.
    Lrem {
        /// The list.
        list: Name,
        /// The element; told by its message's id.
        message: Message,
    },
    /// Asks for the length.
    Llen {
        /// The list.
        list: Name,
    },
    /// A number: the length after a push, the count of removed elements, the length.
    Integer {
        /// The number.
        value: u32,
        /// The message of the command that it answers; not on the wire.
        about: Name,
    },
    /// An element.
    Bulk {
        /// The list it was popped from, as the reply to `BRPOP` has it; [`Name::NONE`] after a move.
        list: Name,
        /// The element.
        message: Message,
    },
    /// There was no element.
    Nil,
    /// An error with its text.
    Error(Name),
}

/// The length of a number in decimal digits.
fn digits(n: u64) -> u32 {
    n.checked_ilog10().unwrap_or(0) + 1
}

/// A bulk string of `len` bytes: `$len\r\n…\r\n`.
fn bulk(len: u32) -> u32 {
    1 + digits(u64::from(len)) + 2 + len + 2
}

/// A timeout in seconds, with as many decimals as it needs.
fn seconds(timeout: Span) -> u32 {
    let (whole, mut part, mut decimals) = (timeout.0 / 1_000_000_000, timeout.0 % 1_000_000_000, 9);
    if part == 0 {
        return digits(whole);
    }
    while part % 10 == 0 {
        part /= 10;
        decimals -= 1;
    }
    digits(whole) + 1 + decimals
}

/// An array of bulk strings: `*n\r\n` and the strings.
fn array(lens: &[u32]) -> u32 {
    1 + digits(lens.len() as u64) + 2 + lens.iter().map(|len| bulk(*len)).sum::<u32>()
}

impl Frame {
    fn verb(&self) -> VerbId {
        match self {
            Frame::Lpush { .. } => verbs::LPUSH,
            Frame::Rpush { .. } => verbs::RPUSH,
            Frame::Brpop { .. } => verbs::BRPOP,
            Frame::Lmove { .. } => verbs::LMOVE,
            Frame::Blmove { .. } => verbs::BLMOVE,
            Frame::Lrem { .. } => verbs::LREM,
            Frame::Llen { .. } => verbs::LLEN,
            Frame::Integer { .. } => verbs::INTEGER,
            Frame::Bulk { .. } => verbs::BULK,
            Frame::Nil => verbs::NIL,
            Frame::Error(_) => verbs::ERROR,
        }
    }
}

impl Wire for Frame {
    fn words(&self, _: &Names) -> Words {
        let words = Words::of(self.verb());
        match *self {
            Frame::Lpush { list, ref message }
            | Frame::Rpush { list, ref message }
            | Frame::Lrem { list, ref message } => Words { message: message.id, a: list, ..words },
            Frame::Bulk { list, ref message } => Words { message: message.id, a: list, ..words },
            Frame::Brpop { list, .. } => Words { a: list, flags: FrameFlags::NO_ACK, ..words },
            Frame::Llen { list } => Words { a: list, ..words },
            Frame::Lmove { from, to } | Frame::Blmove { from, to, .. } => Words { a: from, b: to, ..words },
            Frame::Integer { value, about } => Words { number: value, message: about, ..words },
            Frame::Nil => words,
            Frame::Error(text) => Words { a: text, ..words },
        }
    }

    #[inline]
    fn carried(&self) -> Option<Words> {
        let (Frame::Lpush { message, .. } | Frame::Rpush { message, .. } | Frame::Bulk { message, .. }) = self else {
            return None;
        };
        Some(Words { message: message.id, ..Words::of(self.verb()) })
    }

    fn size(&self, names: &Names) -> u32 {
        let len = |name| names.len_of(name);
        match *self {
            Frame::Lpush { list, ref message } | Frame::Rpush { list, ref message } => {
                array(&[5, len(list), message.size])
            }
            Frame::Brpop { list, timeout } => array(&[5, len(list), seconds(timeout)]),
            Frame::Lmove { from, to } => array(&[5, len(from), len(to), 5, 4]),
            Frame::Blmove { from, to, timeout } => array(&[6, len(from), len(to), 5, 4, seconds(timeout)]),
            Frame::Lrem { list, ref message } => array(&[4, len(list), 1, message.size]),
            Frame::Llen { list } => array(&[4, len(list)]),
            Frame::Integer { value, .. } => 1 + digits(u64::from(value)) + 2,
            Frame::Bulk { list, ref message } if list.is_some() => array(&[len(list), message.size]),
            Frame::Bulk { ref message, .. } => bulk(message.size),
            Frame::Nil => 5,
            Frame::Error(text) => 1 + len(text) + 2,
        }
    }

    fn digest(&self, names: &Names, digest: &mut Digest) {
        let words = self.words(names);
        digest.word(u64::from(words.verb.0));
        digest.word(u64::from(words.number));
        for name in [words.message, words.a, words.b] {
            names.digest(name, digest);
        }
        match self {
            Frame::Lpush { message, .. } | Frame::Rpush { message, .. } => message.digest(names, digest),
            Frame::Lrem { message, .. } | Frame::Bulk { message, .. } => message.digest(names, digest),
            Frame::Brpop { timeout, .. } | Frame::Blmove { timeout, .. } => digest.word(timeout.0),
            _ => {}
        }
    }
}
