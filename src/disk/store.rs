//! One file: durable records in the order of their keys, and the changes that are only in the page cache.

use super::{Kept, Visible};
use crate::ids::{Digest, Name, Names};
use crate::machine::{Op, Record};
use crate::units::Time;

/// A file's records. Keys mostly grow, so the durable part is a sorted vector with holes.
#[derive(Debug)]
pub(super) struct FileStore<R> {
    durable: Vec<(u64, Option<R>)>,
    holes: usize,
    cache: Vec<Op<R>>,
    /// One more than the largest key that the page cache changes: a key from there on is new to it.
    cache_end: u64,
    /// Used within one call only: the changes by key, then by position.
    order: Vec<(u64, u32)>,
}

impl<R> Default for FileStore<R> {
    fn default() -> Self {
        FileStore { durable: Vec::new(), holes: 0, cache: Vec::new(), cache_end: 0, order: Vec::new() }
    }
}

impl<R: Clone> Clone for FileStore<R> {
    fn clone(&self) -> Self {
        FileStore {
            durable: self.durable.clone(),
            holes: self.holes,
            cache: self.cache.clone(),
            cache_end: self.cache_end,
            order: Vec::new(),
        }
    }
    fn clone_from(&mut self, from: &Self) {
        self.durable.clone_from(&from.durable);
        self.holes = from.holes;
        self.cache.clone_from(&from.cache);
        self.cache_end = from.cache_end;
    }
}

impl<R> FileStore<R> {
    pub(super) fn clear(&mut self) {
        self.durable.clear();
        self.holes = 0;
        self.lose_cache();
    }

    pub(super) fn len(&self) -> usize {
        self.durable.len() + self.cache.len()
    }

    pub(super) fn lose_cache(&mut self) {
        self.cache.clear();
        self.cache_end = 0;
    }
}

impl<R: Record> FileStore<R> {
    pub(super) fn is_empty(&self) -> bool {
        self.durable.len() == self.holes && self.cache.is_empty()
    }

    pub(super) fn write(&mut self, op: Op<R>, visible: &mut impl FnMut(Visible)) {
        let key = key_of(&op);
        if let Op::Put(_, record) = &op
            && let Some(kept) = Kept::by(key, record)
        {
            if let Some(old) = self.cached_copy(key) {
                visible(Visible::CacheGone(old));
            }
            visible(Visible::Cached(kept));
        }
        self.cache.push(op);
        self.cache_end = self.cache_end.max(key + 1);
    }

    /// The copy that the last change in the page cache puts under this key.
    fn cached_copy(&self, key: u64) -> Option<Kept> {
        if key >= self.cache_end {
            return None;
        }
        self.cache.iter().rev().find_map(|op| match op {
            Op::Put(k, record) if *k == key => Kept::by(key, record),
            _ => None,
        })
    }

    pub(super) fn caches(&self, message: Name) -> bool {
        self.cache.iter().any(|op| matches!(op, Op::Put(_, r) if r.copy().is_some_and(|(_, name)| name == message)))
    }

    /// Makes the changes in the page cache durable. Of several under one key only the last one counts.
    pub(super) fn sync(&mut self, visible: &mut impl FnMut(Visible)) {
        let mut cache = std::mem::take(&mut self.cache);
        let mut order = std::mem::take(&mut self.order);
        by_key(&cache, &mut order);
        for (i, op) in cache.iter().enumerate() {
            let last = last_change(&order, key_of(op)) == Some(i);
            match op {
                Op::Put(key, record) if last => {
                    if let Some(old) = self.put(*key, record.clone()).and_then(|old| Kept::by(*key, &old)) {
                        visible(Visible::DurableGone(old));
                    }
                    if let Some(kept) = Kept::by(*key, record) {
                        visible(Visible::Synced(kept));
                    }
                }
                // What a later put replaced is out of view already; what a later delete removes is not.
                Op::Put(key, record) if !put_follows(&cache, i) => {
                    if let Some(kept) = Kept::by(*key, record) {
                        visible(Visible::CacheGone(kept));
                    }
                }
                Op::Put(..) => {}
                Op::Delete(key) if last => {
                    if let Some(old) = self.delete(*key).and_then(|old| Kept::by(*key, &old)) {
                        visible(Visible::DurableGone(old));
                    }
                }
                Op::Delete(_) => {}
            }
        }
        cache.clear();
        order.clear();
        (self.cache, self.order, self.cache_end) = (cache, order, 0);
        if self.holes > 32 && self.holes * 2 > self.durable.len() {
            self.durable.retain(|(_, record)| record.is_some());
            self.holes = 0;
        }
    }

    fn put(&mut self, key: u64, record: R) -> Option<R> {
        if self.durable.last().is_none_or(|(last, _)| *last < key) {
            self.durable.push((key, Some(record)));
            return None;
        }
        match self.durable.binary_search_by_key(&key, |(k, _)| *k) {
            Ok(i) => {
                let old = self.durable[i].1.replace(record);
                self.holes -= usize::from(old.is_none());
                old
            }
            Err(i) => {
                self.durable.insert(i, (key, Some(record)));
                None
            }
        }
    }

    fn delete(&mut self, key: u64) -> Option<R> {
        let i = self.durable.binary_search_by_key(&key, |(k, _)| *k).ok()?;
        let old = self.durable[i].1.take();
        self.holes += usize::from(old.is_some());
        old
    }

    /// Everything a reader finds: the durable records with the page cache's changes applied, by key.
    pub(super) fn contents(&mut self) -> impl Iterator<Item = (u64, R)> + '_ {
        by_key(&self.cache, &mut self.order);
        let FileStore { durable, cache, order, .. } = self;
        let mut kept = durable.iter().filter_map(|(key, record)| record.as_ref().map(|r| (*key, r))).peekable();
        let mut changes = order.iter().map(|(key, at)| (*key, &cache[*at as usize])).peekable();
        std::iter::from_fn(move || {
            loop {
                let Some(&(key, _)) = changes.peek() else { return kept.next() };
                if let Some(older) = kept.next_if(|(other, _)| *other < key) {
                    return Some(older);
                }
                kept.next_if(|(other, _)| *other == key);
                let mut last = changes.next();
                while let Some(later) = changes.next_if(|(other, _)| *other == key) {
                    last = Some(later);
                }
                if let Some((key, Op::Put(_, record))) = last {
                    return Some((key, record));
                }
            }
        })
        .map(|(key, record)| (key, record.clone()))
    }

    /// The copies in view: a put in the page cache is in view until it is synced or replaced by another put.
    pub(super) fn copies(&self, cached: &mut impl FnMut(Kept), durable: &mut impl FnMut(Kept)) {
        for (i, op) in self.cache.iter().enumerate() {
            if let Op::Put(key, record) = op
                && let Some(kept) = Kept::by(*key, record)
                && !put_follows(&self.cache, i)
            {
                cached(kept);
            }
        }
        for (key, record) in &self.durable {
            if let Some(kept) = record.as_ref().and_then(|record| Kept::by(*key, record)) {
                durable(kept);
            }
        }
    }

    /// The record that a reader finds under this key.
    pub(super) fn latest(&self, key: u64) -> Option<&R> {
        latest(self.cache.iter(), key).unwrap_or_else(|| {
            let i = self.durable.binary_search_by_key(&key, |(k, _)| *k).ok()?;
            self.durable[i].1.as_ref()
        })
    }

    /// All records in it, durable or in the page cache.
    pub(super) fn each(&self) -> impl Iterator<Item = &R> {
        let durable = self.durable.iter().filter_map(|(_, record)| record.as_ref());
        durable.chain(self.cache.iter().filter_map(|op| if let Op::Put(_, record) = op { Some(record) } else { None }))
    }

    /// Mixes it into a digest. The keys of records that have no place leave no mark.
    pub(super) fn digest(&self, now: Time, names: &Names, digest: &mut Digest) {
        let live = || self.durable.iter().filter_map(|(key, record)| record.as_ref().map(|record| (*key, record)));
        for (key, record) in live().filter(|(_, record)| record.placed()) {
            digest.word(key);
            record.digest(now, names, digest);
        }
        let loose = live().filter(|(_, record)| !record.placed());
        digest.unordered(loose.map(|(_, record)| Digest::of(|digest| record.digest(now, names, digest))));
        digest.word(self.cache.len() as u64);
        let durable = |key| {
            let i = self.durable.binary_search_by_key(&key, |(k, _)| *k).ok()?;
            self.durable[i].1.as_ref()
        };
        digest_ops(self.cache.iter(), durable, now, names, digest);
    }
}

fn key_of<R>(op: &Op<R>) -> u64 {
    match op {
        Op::Put(key, _) | Op::Delete(key) => *key,
    }
}

/// The positions of the changes, sorted by key and then by position.
fn by_key<R>(cache: &[Op<R>], order: &mut Vec<(u64, u32)>) {
    order.clear();
    order.extend(cache.iter().enumerate().map(|(i, op)| (key_of(op), i as u32)));
    order.sort_unstable();
}

/// The position of the last change of a key.
fn last_change(order: &[(u64, u32)], key: u64) -> Option<usize> {
    let end = order.partition_point(|(k, _)| *k <= key);
    let (k, i) = *order.get(end.checked_sub(1)?)?;
    (k == key).then_some(i as usize)
}

/// Whether a later change puts another record under the same key. Rare: only asked where a key was changed twice.
fn put_follows<R>(cache: &[Op<R>], at: usize) -> bool {
    let key = key_of(&cache[at]);
    cache[at + 1..].iter().any(|op| matches!(op, Op::Put(k, _) if *k == key))
}

/// What the last of these changes leaves under a key; nothing where none concerns it.
pub(super) fn latest<'a, R>(ops: impl DoubleEndedIterator<Item = &'a Op<R>>, key: u64) -> Option<Option<&'a R>> {
    ops.rev().find(|op| key_of(op) == key).map(|op| match op {
        Op::Put(_, record) => Some(record),
        Op::Delete(_) => None,
    })
}

/// Mixes changes into a digest; `before` is what lies under a key before them. Changes of placed records count in
/// their order. The others count by what they put or remove, and by how many changes of the same key follow.
pub(super) fn digest_ops<'a, R: Record + 'a>(
    ops: impl DoubleEndedIterator<Item = &'a Op<R>> + Clone,
    before: impl Fn(u64) -> Option<&'a R>,
    now: Time,
    names: &Names,
    digest: &mut Digest,
) {
    let loose = |i: usize, op: &'a Op<R>| -> Option<&'a R> {
        let record = match op {
            Op::Put(_, record) => Some(record),
            Op::Delete(key) => {
                let mut earlier = ops.clone().take(i).filter(|op| key_of(op) == *key);
                let last = earlier.by_ref().last();
                last.map_or_else(|| before(*key), |op| if let Op::Put(_, record) = op { Some(record) } else { None })
            }
        };
        record.filter(|record| !record.placed())
    };
    for (i, op) in ops.clone().enumerate() {
        if loose(i, op).is_none() {
            digest_op(op, now, names, digest);
        }
    }
    digest.unordered(ops.clone().enumerate().filter_map(|(i, op)| {
        let record = loose(i, op)?;
        Some(Digest::of(|digest| {
            digest.word(u64::from(matches!(op, Op::Delete(_))));
            digest.word(ops.clone().skip(i + 1).filter(|later| key_of(later) == key_of(op)).count() as u64);
            record.digest(now, names, digest);
        }))
    }));
}

fn digest_op<R: Record>(op: &Op<R>, now: Time, names: &Names, digest: &mut Digest) {
    match op {
        Op::Put(key, record) => {
            digest.word(*key << 1);
            record.digest(now, names, digest);
        }
        Op::Delete(key) => digest.word(*key << 1 | 1),
    }
}
