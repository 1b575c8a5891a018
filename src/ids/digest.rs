//! A 128-bit fingerprint of behaviour.
//!
//! Not a cryptographic hash, and not the digest of a trace. Parts whose order means nothing (a table of connections, a
//! set of bindings) are combined with [`Digest::unordered`], so that the order of construction leaves no mark.

/// Two lanes of 64 bits, each word mixed into both with different constants.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Digest {
    a: u64,
    b: u64,
}

impl Default for Digest {
    fn default() -> Self {
        Digest { a: 0x6a09_e667_f3bc_c908, b: 0xbb67_ae85_84ca_a73b }
    }
}

impl Digest {
    /// The digest of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Mixes in one word.
    #[inline]
    pub fn word(&mut self, word: u64) {
        self.a = fold(self.a ^ word, 0x9e37_79b9_7f4a_7c15);
        self.b = fold(self.b.rotate_left(23) ^ word, 0xd6e8_feb8_6659_fd93);
    }

    /// Mixes in a text, byte for byte.
    pub fn text(&mut self, text: &str) {
        self.word(text.len() as u64);
        for chunk in text.as_bytes().chunks(8) {
            let mut word = [0u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
    }

    /// Mixes in parts whose order means nothing.
    pub fn unordered(&mut self, parts: impl IntoIterator<Item = Digest>) {
        let (mut a, mut b, mut n) = (0u64, 0u64, 0u64);
        for part in parts {
            a = a.wrapping_add(part.a);
            b = b.wrapping_add(part.b);
            n += 1;
        }
        self.word(n);
        self.word(a);
        self.word(b);
    }

    /// The digest of what `fill` mixes in.
    pub fn of(fill: impl FnOnce(&mut Digest)) -> Digest {
        let mut digest = Digest::new();
        fill(&mut digest);
        digest
    }

    /// The fingerprint as one number.
    pub fn value(self) -> u128 {
        (u128::from(self.a) << 64) | u128::from(self.b)
    }
}

#[inline]
fn fold(word: u64, by: u64) -> u64 {
    let product = u128::from(word) * u128::from(by | 1);
    (product as u64) ^ ((product >> 64) as u64) ^ word.rotate_left(32)
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.value())
    }
}
