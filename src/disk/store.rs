//! One file: durable records in the order of their keys, and the changes that are only in the page cache.

use super::{Kept, Visible};
use crate::ids::{Digest, Name, Names};
use crate::machine::{Op, Record};
use crate::units::Time;

/// So many changes may be in the page cache before it is looked at whether later ones undo earlier ones.
const COMPACT: usize = 1024;

/// A file's records. Keys mostly grow, so the durable part is a sorted vector with holes.
#[derive(Debug)]
pub(super) struct FileStore<R> {
    durable: Vec<(u64, Option<R>)>,
    holes: usize,
    cache: Vec<Op<R>>,
    /// The copies that the page cache puts, by key; nothing where one was replaced or removed since.
    shown: Vec<(u64, Option<Kept>)>,
    /// With so many changes the page cache is rid of those that later ones undo.
    most: usize,
    /// Used within one call only: the changes by key, then by position.
    order: Vec<(u64, u32)>,
}

impl<R> Default for FileStore<R> {
    fn default() -> Self {
        FileStore {
            durable: Vec::new(),
            holes: 0,
            cache: Vec::new(),
            shown: Vec::new(),
            most: COMPACT,
            order: Vec::new(),
        }
    }
}

impl<R: Clone> Clone for FileStore<R> {
    fn clone(&self) -> Self {
        FileStore {
            durable: self.durable.clone(),
            holes: self.holes,
            cache: self.cache.clone(),
            shown: self.shown.clone(),
            most: self.most,
            order: Vec::new(),
        }
    }
    fn clone_from(&mut self, from: &Self) {
        self.durable.clone_from(&from.durable);
        self.holes = from.holes;
        self.cache.clone_from(&from.cache);
        self.shown.clone_from(&from.shown);
        self.most = from.most;
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
        self.shown.clear();
        self.most = COMPACT;
    }
}

impl<R: Record> FileStore<R> {
    pub(super) fn is_empty(&self) -> bool {
        self.durable.len() == self.holes && self.cache.is_empty()
    }

    pub(super) fn write(&mut self, op: Op<R>, visible: &mut impl FnMut(Visible)) {
        let key = key_of(&op);
        let copy = if let Op::Put(_, record) = &op { Kept::by(key, record) } else { None };
        if let Some(old) = self.show(key, copy) {
            visible(Visible::CacheGone(old));
        }
        if let Some(kept) = copy {
            visible(Visible::Cached(kept));
        }
        self.cache.push(op);
        if self.cache.len() >= self.most {
            self.compact();
        }
    }

    /// What the page cache shows under a key from now on; gives what it showed before.
    fn show(&mut self, key: u64, copy: Option<Kept>) -> Option<Kept> {
        // Keys mostly grow.
        let at = match self.shown.last() {
            Some((last, _)) if *last >= key => self.shown.binary_search_by_key(&key, |(known, _)| *known),
            _ => Err(self.shown.len()),
        };
        match at {
            Ok(at) => std::mem::replace(&mut self.shown[at].1, copy),
            Err(at) => {
                if copy.is_some() {
                    self.shown.insert(at, (key, copy));
                }
                None
            }
        }
    }

    /// Of several changes of a key the last one alone counts, and none that removes what is not durable. A file that is
    /// never synced would grow for ever.
    fn compact(&mut self) {
        let FileStore { durable, cache, shown, order, .. } = self;
        by_key(cache, order);
        let is_durable =
            |key: &u64| durable.binary_search_by_key(key, |(known, _)| *known).is_ok_and(|at| durable[at].1.is_some());
        let mut at = 0;
        cache.retain(|op| {
            let last = last_change(order, key_of(op)) == Some(at);
            at += 1;
            last && match op {
                Op::Put(..) => true,
                Op::Delete(key) => is_durable(key),
            }
        });
        order.clear();
        shown.retain(|(_, copy)| copy.is_some());
        self.most = COMPACT.max(self.cache.len() * 2);
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
                // What a later change replaced or removed is out of view already.
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
        (self.cache, self.order) = (cache, order);
        self.lose_cache();
        if self.holes > 32 && self.holes * 2 > self.durable.len() {
            self.durable.retain(|(_, record)| record.is_some());
            self.holes = 0;
        }
    }

    /// Makes all changes in the page cache durable but the last, which is lost. Gives how many were kept, or `None`
    /// where there was none.
    pub(super) fn tear(&mut self, visible: &mut impl FnMut(Visible)) -> Option<u32> {
        let torn = self.cache.pop()?;
        let key = key_of(&torn);
        let before = self.cache.iter().rev().find(|op| key_of(op) == key).and_then(|op| match op {
            Op::Put(key, record) => Kept::by(*key, record),
            Op::Delete(_) => None,
        });
        if let Some(gone) = self.show(key, before) {
            visible(Visible::CacheGone(gone));
        }
        if let Some(back) = before {
            visible(Visible::Cached(back));
        }
        let kept = self.cache.len() as u32;
        self.sync(visible);
        Some(kept)
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

    /// The copies in view: a put in the page cache is in view until it is synced, replaced or removed.
    pub(super) fn copies(&self, cached: &mut impl FnMut(Kept), durable: &mut impl FnMut(Kept)) {
        for (_, shown) in &self.shown {
            if let Some(kept) = shown {
                cached(*kept);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::CopyId;

    #[derive(Clone, Debug)]
    struct Row(u32);

    impl Record for Row {
        fn copy(&self) -> Option<(CopyId, Name)> {
            Some((CopyId(self.0), Name::EMPTY))
        }
        fn digest(&self, _: Time, _: &Names, digest: &mut Digest) {
            digest.word(u64::from(self.0));
        }
    }

    fn in_view(file: &FileStore<Row>) -> (Vec<u32>, Vec<u32>) {
        let (mut cached, mut durable) = (Vec::new(), Vec::new());
        file.copies(&mut |kept| cached.push(kept.copy.0), &mut |kept| durable.push(kept.copy.0));
        (cached, durable)
    }

    #[test]
    fn what_is_removed_in_the_page_cache_is_out_of_view_at_once() {
        let mut file = FileStore::default();
        let mut told = Vec::new();
        for op in [Op::Put(1, Row(1)), Op::Put(2, Row(2)), Op::Delete(1), Op::Put(2, Row(3))] {
            file.write(op, &mut |change| told.push(format!("{change:?}")));
        }
        assert_eq!(told.iter().filter(|change| change.starts_with("CacheGone")).count(), 2);
        assert_eq!(in_view(&file), (vec![3], vec![]));
        file.sync(&mut |_| {});
        assert_eq!(in_view(&file), (vec![], vec![3]));
        file.write(Op::Delete(2), &mut |_| {});
        assert_eq!(
            in_view(&file),
            (vec![], vec![3]),
            "a removal that is not synced would be undone by a loss of power"
        );
        assert_eq!(file.contents().count(), 0);
    }

    #[test]
    fn of_a_torn_file_the_last_change_alone_is_lost() {
        let mut file = FileStore::default();
        let mut told = Vec::new();
        for op in [Op::Put(1, Row(1)), Op::Put(2, Row(2)), Op::Put(1, Row(3))] {
            file.write(op, &mut |_| {});
        }
        assert_eq!(file.tear(&mut |change| told.push(format!("{change:?}"))), Some(2));
        assert_eq!(in_view(&file), (vec![], vec![1, 2]), "what the torn change replaced is there again");
        assert!(told[0].starts_with("CacheGone") && told[1].starts_with("Cached"), "{told:?}");
        assert_eq!(file.tear(&mut |_| {}), None, "nothing was written since");
        file.write(Op::Delete(2), &mut |_| {});
        file.tear(&mut |_| {});
        assert_eq!(in_view(&file), (vec![], vec![1, 2]), "a torn removal removes nothing");
    }

    #[test]
    fn a_file_that_is_never_synced_holds_what_lives_and_little_more() {
        let mut file = FileStore::default();
        file.write(Op::Put(0, Row(0)), &mut |_| {});
        file.sync(&mut |_| {});
        file.write(Op::Delete(0), &mut |_| {});
        for n in 1..20_000u32 {
            file.write(Op::Put(u64::from(n), Row(n)), &mut |_| {});
            if n > 5 {
                file.write(Op::Delete(u64::from(n - 5)), &mut |_| {});
            }
        }
        assert!(file.cache.len() <= COMPACT && file.shown.len() <= COMPACT);
        let left: Vec<u64> = file.contents().map(|(key, _)| key).collect();
        assert_eq!(left, [19_995, 19_996, 19_997, 19_998, 19_999]);
        file.lose_cache();
        assert_eq!(file.contents().map(|(key, _)| key).collect::<Vec<_>>(), [0], "power comes back");
    }
}
