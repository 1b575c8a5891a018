//! The choice port: whatever a scenario does not fix is decided here.
//!
//! Not a source of randomness of its own (that is [`Stream`]), and not the text of a replay token. A choice is made
//! by the seed, by a recorded list, or by an enumeration; who asks does not notice which.
//!
//! A choice point has a stable key: the stream, what kind of choice it is, and how many of that kind the stream had
//! before. A choice with one alternative is no choice: it is not counted and draws nothing.

use super::path::{Others, Path};
use super::stream::{Stream, name_hash};
use crate::ids::Digest;
use crate::units::{Ratio, Span};
use serde::{Deserialize, Serialize};

/// The largest seed, in a scenario, on the command line and in a replay token: numbers in a scenario file are signed.
pub const MAX_SEED: u64 = i64::MAX as u64;

/// How many kinds of choices there can be.
pub const KINDS: usize = 16;

/// What is chosen; the numbers' meanings belong to who asks. Below [`KINDS`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChoiceKind(pub u8);

/// A stream of one [`Choices`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StreamId(pub u16);

/// Names a choice point, the same in every run and also when other streams come or go.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ChoiceKey {
    /// The hash of the stream's name, see [`name_hash`].
    pub stream: u64,
    /// What is chosen.
    pub kind: ChoiceKind,
    /// How many of this kind the stream had before.
    pub count: u32,
}

/// How a span is spread.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Spread {
    /// Always this: no choice.
    Fixed(Span),
    /// From `lo` up to but not including `hi`, each equally likely.
    Uniform {
        /// The shortest.
        lo: Span,
        /// Shorter than this.
        hi: Span,
    },
    /// As between independent arrivals.
    Exponential {
        /// The mean.
        mean: Span,
    },
}

/// A stream with its counts of choices and its part of the recorded list.
#[derive(Clone, Debug)]
struct Lane {
    stream: Stream,
    counts: [u32; KINDS],
    /// The range of the recorded list that is about this stream.
    recorded: (u32, u32),
}

/// A recorded choice.
#[derive(Clone, Copy, Debug)]
struct Recorded {
    key: ChoiceKey,
    value: u64,
    met: bool,
}

/// All choices of a run.
#[derive(Debug, Default)]
pub struct Choices {
    seed: u64,
    lanes: Vec<Lane>,
    /// Sorted by key; empty unless replaying.
    recorded: Vec<Recorded>,
    differing: Vec<(ChoiceKey, u64)>,
    clamped: Vec<ChoiceKey>,
    /// Set while enumerating.
    walk: Option<Walk>,
}

crate::clone_in_place!(Choices { seed, lanes, recorded, differing, clamped, walk });

/// An enumeration.
#[derive(Debug)]
struct Walk {
    path: Path,
    /// Bit k is set where kind k is enumerated.
    kinds: u32,
    others: Others,
}

crate::clone_in_place!(Walk { path, kinds, others });

impl Choices {
    /// No streams yet.
    pub fn new(seed: u64) -> Choices {
        Choices { seed, ..Choices::default() }
    }

    /// Adds the stream with this name.
    pub fn add_stream(&mut self, name: &str) -> StreamId {
        self.add_numbered(name_hash(name))
    }

    /// Adds the stream whose name has this hash.
    pub fn add_numbered(&mut self, name: u64) -> StreamId {
        let recorded = self.range_of(name);
        self.lanes.push(Lane { stream: Stream::numbered(self.seed, name), counts: [0; KINDS], recorded });
        StreamId((self.lanes.len() - 1) as u16)
    }

    /// The stream with this name, if it was added.
    pub fn stream_named(&self, name: &str) -> Option<StreamId> {
        let name = name_hash(name);
        self.lanes.iter().position(|lane| lane.stream.name() == name).map(|i| StreamId(i as u16))
    }

    /// Back to the start under another seed: same streams, same recorded list, same enumeration (rewound).
    pub fn reset(&mut self, seed: u64) {
        self.seed = seed;
        for lane in &mut self.lanes {
            lane.stream.reseed(seed, lane.stream.name());
            lane.counts = [0; KINDS];
        }
        self.recorded.iter_mut().for_each(|entry| entry.met = false);
        self.differing.clear();
        self.clamped.clear();
        if let Some(walk) = &mut self.walk {
            walk.path.rewind();
        }
    }

    /// From now on the draws are those of another seed. What was chosen stays chosen, and keys go on being counted; no
    /// token brings such a run back.
    pub fn diverge(&mut self, seed: u64) {
        for lane in &mut self.lanes {
            lane.stream.reseed(self.seed ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), lane.stream.name());
        }
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// From now on these choices take these values and all others the seed's. Of a key given twice the first counts.
    pub fn replay(&mut self, list: &[(ChoiceKey, u64)]) {
        self.recorded.clear();
        self.recorded.extend(list.iter().map(|&(key, value)| Recorded { key, value, met: false }));
        self.recorded.sort_by_key(|entry| entry.key);
        self.recorded.dedup_by_key(|entry| entry.key);
        for i in 0..self.lanes.len() {
            self.lanes[i].recorded = self.range_of(self.lanes[i].stream.name());
        }
    }

    /// From now on choices of the kinds whose bits are set in `kinds` follow `path`.
    pub fn enumerate(&mut self, kinds: u32, others: Others, path: Path) {
        self.walk = Some(Walk { path, kinds, others });
    }

    /// No enumeration any more.
    pub fn stop_enumerating(&mut self) -> Option<Path> {
        self.walk.take().map(|walk| walk.path)
    }

    /// The path of the enumeration, if there is one.
    pub fn path(&self) -> Option<&Path> {
        self.walk.as_ref().map(|walk| &walk.path)
    }

    /// The path of the enumeration, to change.
    pub fn path_mut(&mut self) -> Option<&mut Path> {
        self.walk.as_mut().map(|walk| &mut walk.path)
    }

    /// One of `n` alternatives, each equally likely; 0 where there are none.
    #[inline]
    pub fn choose(&mut self, stream: StreamId, kind: ChoiceKind, n: u64) -> u64 {
        if n <= 1 {
            return 0;
        }
        self.decide(stream, kind, Domain { lo: 0, last: n - 1, usual: 0 }, |stream| stream.below(n))
    }

    /// Whether something with this probability happens: alternative 0 is no, 1 is yes.
    #[inline]
    pub fn chance(&mut self, stream: StreamId, kind: ChoiceKind, ratio: Ratio) -> bool {
        if ratio.of == 0 || ratio.of >= ratio.all {
            return ratio.of != 0;
        }
        let domain = Domain { lo: 0, last: 1, usual: 0 };
        self.decide(stream, kind, domain, |stream| u64::from(stream.ratio(ratio))) != 0
    }

    /// A span, in nanoseconds where it is recorded.
    #[inline]
    pub fn draw_span(&mut self, stream: StreamId, kind: ChoiceKind, spread: Spread) -> Span {
        match spread {
            Spread::Fixed(span) => span,
            Spread::Uniform { lo, hi } if hi.0.saturating_sub(lo.0) <= 1 => lo,
            Spread::Uniform { lo, hi } => {
                let domain = Domain { lo: lo.0, last: hi.0 - 1, usual: lo.0 };
                Span(self.decide(stream, kind, domain, |stream| stream.uniform(lo, hi).0))
            }
            Spread::Exponential { mean } => {
                let domain = Domain { lo: 0, last: u64::MAX, usual: mean.0 };
                Span(self.decide(stream, kind, domain, |stream| stream.exponential(mean).0))
            }
        }
    }

    /// The choices that took another value than the seed's, because of the recorded list or the enumeration, in order
    /// of occurrence. Replayed under the same seed, they give the same run.
    pub fn differing(&self) -> &[(ChoiceKey, u64)] {
        &self.differing
    }

    /// Recorded choices that have not come up so far.
    pub fn unused(&self) -> impl Iterator<Item = ChoiceKey> {
        self.recorded.iter().filter(|entry| !entry.met).map(|entry| entry.key)
    }

    /// Recorded choices whose value was out of range and was moved to the nearest possible one.
    pub fn clamped(&self) -> &[ChoiceKey] {
        &self.clamped
    }

    /// Mixes in everything that later choices depend on. Streams are told apart by name, not by order.
    pub fn digest(&self, digest: &mut Digest) {
        digest.unordered(self.lanes.iter().map(|lane| {
            Digest::of(|d| {
                lane.stream.digest(d);
                // Recorded choices count while they are to come, by how far off they are.
                for entry in &self.recorded[lane.recorded.0 as usize..lane.recorded.1 as usize] {
                    let kind = entry.key.kind.0;
                    if let Some(off) = entry.key.count.checked_sub(lane.counts[kind as usize]) {
                        d.word(u64::from(kind) | u64::from(off) << 8);
                        d.word(entry.value);
                    }
                }
            })
        }));
    }

    /// Draws, counts the choice and lets a recorded value or the path overrule what the seed drew.
    #[inline]
    fn decide(
        &mut self,
        stream: StreamId,
        kind: ChoiceKind,
        domain: Domain,
        draw: impl FnOnce(&mut Stream) -> u64,
    ) -> u64 {
        let lane = &mut self.lanes[stream.0 as usize];
        let drawn = draw(&mut lane.stream);
        let count = &mut lane.counts[kind.0 as usize];
        *count += 1;
        if lane.recorded.0 == lane.recorded.1 && self.walk.is_none() {
            return drawn;
        }
        let key = ChoiceKey { stream: lane.stream.name(), kind, count: *count - 1 };
        let range = lane.recorded;
        self.overrule(range, key, drawn, domain)
    }

    #[cold]
    fn overrule(&mut self, range: (u32, u32), key: ChoiceKey, drawn: u64, domain: Domain) -> u64 {
        let value = match self.recorded_value(range, key, domain) {
            Some(value) => value,
            None => self.walked_value(key, drawn, domain),
        };
        if value != drawn {
            self.differing.push((key, value));
        }
        value
    }

    fn recorded_value(&mut self, (lo, hi): (u32, u32), key: ChoiceKey, domain: Domain) -> Option<u64> {
        let own = &mut self.recorded[lo as usize..hi as usize];
        let entry = own.binary_search_by_key(&key, |entry| entry.key).map(|i| &mut own[i]).ok()?;
        entry.met = true;
        let value = entry.value.clamp(domain.lo, domain.last);
        if value != entry.value {
            self.clamped.push(key);
        }
        Some(value)
    }

    fn walked_value(&mut self, key: ChoiceKey, drawn: u64, domain: Domain) -> u64 {
        match &mut self.walk {
            Some(walk) if walk.kinds >> key.kind.0 & 1 == 1 => {
                let arity = (domain.last - domain.lo).saturating_add(1).min(u64::from(u32::MAX)) as u32;
                domain.lo + u64::from(walk.path.take(arity))
            }
            Some(Walk { others: Others::First, .. }) => domain.usual,
            _ => drawn,
        }
    }

    fn range_of(&self, name: u64) -> (u32, u32) {
        let lo = self.recorded.partition_point(|entry| entry.key.stream < name);
        let hi = self.recorded.partition_point(|entry| entry.key.stream <= name);
        (lo as u32, hi as u32)
    }
}

/// The values a choice can take.
#[derive(Clone, Copy)]
struct Domain {
    lo: u64,
    last: u64,
    /// What [`Others::First`] takes.
    usual: u64,
}

#[cfg(test)]
#[path = "choices_tests.rs"]
mod tests;
