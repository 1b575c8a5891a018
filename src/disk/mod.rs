//! A node's disk: what is in the page cache, what is durable, and the operations under way.
//!
//! Not a file system: files hold records under keys, and a sync covers one file. It schedules nothing; the world asks
//! it when its current operation is done. A kill keeps the page cache, a power loss does not.

mod store;

use crate::ids::{CopyId, Digest, EventId, Name, Names, OpId, RuleId};
use crate::machine::{File, Op, Record, Token};
use crate::mem::ReuseVec;
use crate::sim::Spread;
use crate::units::{Span, Time};
use std::collections::VecDeque;
use store::FileStore;

/// How long operations take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Speed {
    /// From handing a write to the operating system until it is in the page cache.
    pub write: Spread,
    /// From the beginning of a sync until everything written before it is durable.
    pub fsync: Spread,
}

impl Default for Speed {
    /// 50 us and 2 ms: a solid-state disk of a rented machine.
    fn default() -> Self {
        Speed { write: Spread::Fixed(Span::micros(50)), fsync: Spread::Fixed(Span::millis(2)) }
    }
}

/// What an operation does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Puts records into the page cache.
    Write,
    /// Makes durable what is in the page cache.
    Sync,
}

/// An operation that was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// What it does.
    pub kind: Kind,
    /// To which file.
    pub file: File,
    /// What the node knows it by.
    pub token: Token,
    /// For a write: how many records.
    pub records: u32,
    /// Its number, for show.
    pub op: OpId,
    /// The event it came from, for show.
    pub asked: EventId,
    /// The rule under which it was asked for, for show.
    pub rule: RuleId,
}

/// A change of what is visible, as an operation completes.
#[derive(Clone, Copy, Debug)]
pub enum Visible {
    /// A copy is in the page cache.
    Cached(Kept),
    /// A copy became durable.
    Synced(Kept),
    /// A copy is no longer in the page cache.
    CacheGone(Kept),
    /// A copy is no longer durable.
    DurableGone(Kept),
}

/// A copy of a message that a record keeps.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// Which copy.
    pub copy: CopyId,
    /// Of which message.
    pub message: Name,
    /// Of which queue; [`Name::EMPTY`] where the file is not that of one queue.
    pub queue: Name,
    /// Its key in the file.
    pub key: u64,
}

impl Kept {
    fn by<R: Record>(key: u64, record: &R) -> Option<Kept> {
        record.copy().map(|(copy, message)| Kept { copy, message, queue: record.queue(), key })
    }
}

/// The disk. Operations are done one after the other, in the order they were asked for.
#[derive(Debug)]
pub struct Disk<R> {
    files: ReuseVec<FileStore<R>>,
    queue: VecDeque<Request>,
    /// The records of the writes in `queue`, in order.
    waiting: VecDeque<Op<R>>,
    /// When the operation at the head of `queue` is done, once it has begun.
    done: Option<Time>,
}

impl<R: Clone> Clone for Disk<R> {
    fn clone(&self) -> Self {
        Disk { files: self.files.clone(), queue: self.queue.clone(), waiting: self.waiting.clone(), done: self.done }
    }
    fn clone_from(&mut self, from: &Self) {
        self.done = from.done;
        self.files.clone_from(&from.files);
        self.queue.clone_from(&from.queue);
        self.waiting.clone_from(&from.waiting);
    }
}

impl<R: Record> Default for Disk<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: Record> Disk<R> {
    /// An empty disk.
    pub fn new() -> Self {
        Disk { files: ReuseVec::new(), queue: VecDeque::new(), waiting: VecDeque::new(), done: None }
    }

    /// Makes it empty again; the allocations stay.
    pub fn reset(&mut self) {
        self.files.clear();
        self.forget_requests();
    }

    fn file(&mut self, file: File) -> &mut FileStore<R> {
        while self.files.len() <= file.0 as usize {
            self.files.grow(FileStore::default).clear();
        }
        &mut self.files[file.0 as usize]
    }

    /// Asks for an operation; for a write with its records.
    pub fn submit(&mut self, request: Request, records: impl IntoIterator<Item = Op<R>>) {
        self.queue.push_back(request);
        self.waiting.extend(records);
    }

    /// The operation that is to begin now, if the disk is free and one waits. The caller then calls [`Self::begin`].
    pub fn next(&self) -> Option<&Request> {
        if self.done.is_some() { None } else { self.queue.front() }
    }

    /// Begins the operation at the head; it is done after `takes`.
    pub fn begin(&mut self, now: Time, takes: Span) -> Time {
        let done = now + takes;
        self.done = Some(done);
        done
    }

    /// Completes the operation that was begun, and tells what became visible.
    pub fn complete(&mut self, mut visible: impl FnMut(Visible)) -> Option<Request> {
        self.done.take()?;
        let request = self.queue.pop_front()?;
        match request.kind {
            Kind::Write => {
                for _ in 0..request.records {
                    if let Some(op) = self.waiting.pop_front() {
                        self.file(request.file).write(op, &mut visible);
                    }
                }
            }
            Kind::Sync => self.file(request.file).sync(&mut visible),
        }
        Some(request)
    }

    /// Lets the operation that was begun end so much later; gives when that is.
    pub fn delay(&mut self, by: Span) -> Option<Time> {
        let done = self.done.as_mut()?;
        *done += by;
        Some(*done)
    }

    /// Ends the operation that was begun without any change.
    pub fn fail(&mut self) -> Option<Request> {
        self.done.take()?;
        let request = self.queue.pop_front()?;
        if request.kind == Kind::Write {
            self.waiting.drain(..request.records as usize);
        }
        Some(request)
    }

    /// Ends the sync that was begun without making anything durable.
    pub fn feign(&mut self) -> Option<Request> {
        self.done.take()?;
        self.queue.pop_front()
    }

    /// As power goes, everything in the page cache but the last change of each file has been written back, and that one
    /// in part: a reader drops it. Tells what became visible; gives how many changes were kept, or `None` where the
    /// page cache was empty.
    pub fn tear(&mut self, mut visible: impl FnMut(Visible)) -> Option<u32> {
        let kept = self.files.iter_mut().filter_map(|file| file.tear(&mut visible));
        kept.reduce(|a, b| a + b)
    }

    /// The operation at the head, if there is one.
    pub fn head(&self) -> Option<&Request> {
        self.queue.front()
    }

    /// Whether a sync of this file that began now would make this message's copies durable.
    pub fn would_cover(&self, file: File, message: Name) -> bool {
        self.files.get(file.0 as usize).is_some_and(|f| f.caches(message))
    }

    /// Whether the records of the operation at the head concern this message.
    pub fn head_writes(&self, message: Name) -> bool {
        self.queue.front().is_some_and(|request| {
            request.kind == Kind::Write
                && self.waiting.iter().take(request.records as usize).any(|op| match op {
                    Op::Put(_, record) => record.copy().is_some_and(|(_, name)| name == message),
                    Op::Delete(_) => false,
                })
        })
    }

    /// The process died: operations that have not completed never happen.
    pub fn forget_requests(&mut self) {
        self.queue.clear();
        self.waiting.clear();
        self.done = None;
    }

    /// The machine lost power: the page cache is gone as well.
    pub fn lose_cache(&mut self) {
        self.forget_requests();
        for file in &mut self.files {
            file.lose_cache();
        }
    }

    /// How many records it holds, the page cache included.
    pub fn held(&self) -> usize {
        self.files.iter().map(FileStore::len).sum()
    }

    /// What a process finds after a restart: every record of every file, the page cache included.
    pub fn records(&mut self) -> impl Iterator<Item = (File, u64, R)> + '_ {
        self.files.iter_mut().enumerate().flat_map(|(i, f)| f.contents().map(move |(k, r)| (File(i as u32), k, r)))
    }

    /// The copies in the page cache and those that are durable.
    pub fn copies(&self, mut cached: impl FnMut(Kept), mut durable: impl FnMut(Kept)) {
        for file in &self.files {
            file.copies(&mut cached, &mut durable);
        }
    }

    /// Mixes its behaviour into a digest. Files have no order, and are told by their titles where they have one.
    pub fn digest(&self, now: Time, names: &Names, digest: &mut Digest) {
        digest.word(self.done.map_or(u64::MAX, |t| t.since(now).0));
        let mut from = 0;
        for request in &self.queue {
            digest.word(request.kind as u64 | u64::from(request.records) << 8);
            self.digest_title(request.file, now, names, digest);
            if request.kind == Kind::Write {
                let ops = self.waiting.range(from..from + request.records as usize);
                store::digest_ops(ops, |key| self.before(request.file, key, from), now, names, digest);
                from += request.records as usize;
            }
        }
        let files = self.files.iter().enumerate().filter(|(_, file)| !file.is_empty());
        digest.unordered(files.map(|(number, file)| {
            Digest::of(|d| {
                self.digest_title(File(number as u32), now, names, d);
                file.digest(now, names, d);
            })
        }));
    }

    fn digest_title(&self, file: File, now: Time, names: &Names, digest: &mut Digest) {
        let waiting =
            self.waiting.iter().filter_map(|op| if let Op::Put(_, record) = op { Some(record) } else { None });
        let title = self.files.iter().flat_map(FileStore::each).chain(waiting).find(|r| r.titles() == Some(file));
        match title {
            Some(record) => record.digest(now, names, digest),
            None => digest.word(0),
        }
    }

    /// What lies under a key of a file before the waiting change with this number is made.
    fn before(&self, file: File, key: u64, change: usize) -> Option<&R> {
        let (mut from, mut found) = (0, self.files.get(file.0 as usize).and_then(|f| f.latest(key)));
        for request in self.queue.iter().filter(|request| request.kind == Kind::Write) {
            let to = from + request.records as usize;
            if to > change {
                break;
            }
            if request.file == file
                && let Some(latest) = store::latest(self.waiting.range(from..to), key)
            {
                found = latest;
            }
            from = to;
        }
        found
    }
}
