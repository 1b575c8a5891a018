//! Named random streams: one ChaCha8 key stream each, with draws of our own.
//!
//! Not the choice port: what a scenario leaves open is drawn through [`super::Choices`], which owns the streams. The
//! distributions of the random-number library are not used, since they may change between its releases; the key
//! stream itself is a published algorithm. The golden values in the tests pin both.

use crate::ids::Digest;
use crate::units::{Ratio, Span};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The number of a stream, made from its name (64-bit FNV-1a).
pub const fn name_hash(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        i += 1;
    }
    hash
}

/// One stream of random numbers. The seed is the key, the name's hash the stream number, so streams of different
/// names are independent of each other, and adding one changes none of the others.
///
/// Making one computes nothing; the first draw makes the first block.
#[derive(Clone, Debug)]
pub struct Stream {
    rng: ChaCha8Rng,
    seed: u64,
    name: u64,
    drawn: u64,
}

impl Stream {
    /// The stream with this name under this seed.
    pub fn new(seed: u64, name: &str) -> Stream {
        Stream::numbered(seed, name_hash(name))
    }

    /// The stream whose name has this hash.
    pub fn numbered(seed: u64, name: u64) -> Stream {
        let mut rng = ChaCha8Rng::from_seed(expand(seed));
        rng.set_stream(name);
        Stream { rng, seed, name, drawn: 0 }
    }

    /// Becomes the stream with this seed and name hash, at its start.
    pub fn reseed(&mut self, seed: u64, name: u64) {
        *self = Stream::numbered(seed, name);
    }

    /// The hash of its name.
    pub fn name(&self) -> u64 {
        self.name
    }

    /// How many numbers were drawn.
    pub fn position(&self) -> u64 {
        self.drawn
    }

    /// A number of 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.drawn += 1;
        self.rng.next_u64()
    }

    /// A number below `n`, each equally likely; 0 where `n` is 0.
    ///
    /// Lemire's method: the high half of a 64 by 64 bit product, drawn again in the few cases that would make some
    /// results likelier than others (less than one in 2^64 / n).
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        let mut product = u128::from(self.next_u64()) * u128::from(n);
        if (product as u64) < n {
            let uneven = n.wrapping_neg() % n;
            while (product as u64) < uneven {
                product = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as u64
    }

    /// True with this probability.
    #[inline]
    pub fn ratio(&mut self, ratio: Ratio) -> bool {
        self.below(u64::from(ratio.all)) < u64::from(ratio.of)
    }

    /// A span from `lo` up to but not including `hi`, each equally likely; `lo` where that leaves nothing.
    #[inline]
    pub fn uniform(&mut self, lo: Span, hi: Span) -> Span {
        if hi <= lo { lo } else { lo + Span(self.below((hi - lo).0)) }
    }

    /// A span with an exponential distribution: the gap between independent arrivals.
    ///
    /// Inverse transform of a uniform number of 53 bits above 0 and up to 1, rounded to the nearest nanosecond,
    /// halves up. At most 37.5 times the mean.
    #[inline]
    pub fn exponential(&mut self, mean: Span) -> Span {
        let uniform = ((self.next_u64() >> 11) as f64 + 0.5) * (1.0 / (1u64 << 53) as f64);
        Span((-libm::log(uniform) * mean.0 as f64 + 0.5) as u64)
    }

    /// Mixes in everything that its later draws depend on.
    pub fn digest(&self, digest: &mut Digest) {
        digest.word(self.seed);
        digest.word(self.name);
        digest.word(self.drawn);
    }
}

/// Makes a key from a seed, by SplitMix64.
fn expand(seed: u64) -> [u8; 32] {
    let mut key = [0u8; 32];
    let mut state = seed;
    for part in key.chunks_exact_mut(8) {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        part.copy_from_slice(&(word ^ (word >> 31)).to_le_bytes());
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draws_are_pinned() {
        let mut stream = Stream::new(1, "shop");
        let words: Vec<u64> = (0..4).map(|_| stream.next_u64()).collect();
        let below: Vec<u64> = (0..6).map(|_| stream.below(100)).collect();
        let chance: Vec<bool> = (0..6).map(|_| stream.ratio(Ratio { of: 1, all: 3 })).collect();
        let uniform: Vec<u64> = (0..3).map(|_| stream.uniform(Span::millis(1), Span::millis(2)).0).collect();
        let exponential: Vec<u64> = (0..4).map(|_| stream.exponential(Span::millis(1)).0).collect();
        assert_eq!(
            words,
            [2760311906681582993, 8390504830491640457, 4416930567106235883, 17537233661997387338],
            "as an independent ChaCha8 gives them"
        );
        assert_eq!(below, [26, 39, 52, 45, 10, 61]);
        assert_eq!(chance, [false, false, true, true, false, false]);
        assert_eq!(uniform, [1125585, 1284768, 1135951]);
        assert_eq!(exponential, [261784, 238939, 98616, 501377]);
    }

    #[test]
    fn streams_are_told_apart_by_name_and_by_seed() {
        let first = |seed, name| Stream::new(seed, name).next_u64();
        assert_eq!(first(1, "shop"), first(1, "shop"));
        assert_ne!(first(1, "shop"), first(1, "biller"));
        assert_ne!(first(1, "shop"), first(2, "shop"));
    }

    #[test]
    fn a_reseeded_stream_is_a_new_one() {
        let mut used = Stream::new(3, "a");
        for _ in 0..100 {
            used.next_u64();
        }
        used.reseed(9, name_hash("b"));
        let mut new = Stream::new(9, "b");
        assert!((0..200).all(|_| used.next_u64() == new.next_u64()));
    }

    #[test]
    fn numbers_below_n_are_in_range_and_even() {
        let mut stream = Stream::new(5, "even");
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[stream.below(7) as usize] += 1;
        }
        assert!(counts.iter().all(|&c| (9_500..10_500).contains(&c)), "{counts:?}");
        assert!((0..1000).all(|_| stream.below(u64::MAX / 2 + 2) < u64::MAX / 2 + 2));
        assert_eq!(stream.below(1), 0);
        assert_eq!(stream.below(0), 0);
    }

    #[test]
    fn exponential_spans_have_the_mean_asked_for() {
        let mut stream = Stream::new(5, "gaps");
        let sum: u64 = (0..100_000).map(|_| stream.exponential(Span::micros(250)).0).sum();
        let mean = sum / 100_000;
        assert!((247_000..253_000).contains(&mean), "{mean}");
        assert_eq!(stream.exponential(Span::ZERO), Span::ZERO);
    }

    #[test]
    fn the_digest_depends_on_seed_name_and_position() {
        let of = |stream: &Stream| Digest::of(|d| stream.digest(d));
        let mut stream = Stream::new(1, "a");
        let before = of(&stream);
        stream.next_u64();
        assert_ne!(before, of(&stream));
        assert_ne!(before, of(&Stream::new(1, "b")));
        assert_eq!(before, of(&Stream::new(1, "a")));
    }
}
