//! What a node keeps on its disk, and the journal of a classic queue: what is waiting to be written, who waits for it,
//! and how far the disk is. When what is written is the storage version's business: one file each below.
//!
//! Not the disk: the journal says what to write and is told when it is done. One file a queue, and [`METADATA`].

pub mod v1;
pub mod v2;

use super::config::{BindingSpec, ExchangeSpec, QueueSpec};
use super::sparse::Sparse;
use crate::ids::{ConnId, CopyId, Digest, Name, Names, RuleId};
use crate::machine::{File, Message};
use crate::units::{Span, Time};
use std::sync::Arc;

/// The file of durable exchanges, queues and bindings, and of the mark of a clean stop.
pub const METADATA: File = File(0);

/// The key in [`METADATA`] under which a node notes that it has started once.
pub const BOOTED: u64 = 0;

/// The key in [`METADATA`] that is there after a clean stop alone.
pub const CLEAN: u64 = 1;

/// A record on the disk.
#[derive(Clone, Debug)]
pub enum Record {
    /// The mark under [`BOOTED`] or [`CLEAN`].
    Mark,
    /// A durable exchange.
    Exchange(Arc<ExchangeSpec>),
    /// A durable queue and the number of its file.
    Queue(u32, Arc<QueueSpec>),
    /// A binding between durable things.
    Binding(Arc<BindingSpec>),
    /// A virtual host of the configuration was deleted.
    NoVhost(Name),
    /// A persistent message in a durable queue; its key is its place in the queue.
    Message {
        /// The message.
        message: Message,
        /// In which queue, for show: its file tells it.
        queue: Name,
        /// To which exchange it was published.
        exchange: Name,
        /// With which routing key.
        key: Name,
        /// The keys of CC and BCC.
        copied_to: Option<Arc<[Name]>>,
        /// Whether the broker has dead-lettered it.
        died: bool,
        /// Whether it was handed out before.
        redelivered: bool,
        /// Which copy it is, for show.
        copy: CopyId,
        /// When its time to live is over; [`Time::NEVER`] where it has none.
        deadline: Time,
    },
}

impl crate::machine::Record for Record {
    fn copy(&self) -> Option<(CopyId, Name)> {
        match self {
            Record::Message { copy, message, .. } => Some((*copy, message.id)),
            _ => None,
        }
    }

    fn queue(&self) -> Name {
        match self {
            Record::Message { queue, .. } => *queue,
            _ => Name::EMPTY,
        }
    }

    /// Definitions have no order: routing sorts what bindings find. The marks are told apart by their keys.
    fn placed(&self) -> bool {
        matches!(self, Record::Mark | Record::Message { .. })
    }

    fn titles(&self) -> Option<File> {
        match self {
            Record::Queue(number, _) => Some(File(*number)),
            _ => None,
        }
    }

    fn digest(&self, now: Time, names: &Names, digest: &mut Digest) {
        match self {
            Record::Mark => digest.word(1),
            Record::NoVhost(name) => {
                digest.word(7);
                names.digest(*name, digest);
            }
            Record::Exchange(spec) => {
                digest.word(2);
                names.digest(spec.vhost, digest);
                names.digest(spec.name, digest);
                digest.word(spec.kind as u64);
                digest.word(u64::from(spec.auto_delete) << 1 | u64::from(spec.internal));
                super::method::digest_table(&spec.arguments, digest);
            }
            Record::Queue(_, spec) => {
                digest.word(3);
                names.digest(spec.vhost, digest);
                names.digest(spec.name, digest);
                digest.word(u64::from(spec.auto_delete));
                super::method::digest_table(&spec.arguments, digest);
            }
            Record::Binding(spec) => {
                digest.word(4);
                names.digest(spec.vhost, digest);
                names.digest(spec.source, digest);
                digest.word(u64::from(matches!(spec.target, super::exchange::Target::Exchange(_))));
                names.digest(spec.target.name(), digest);
                names.digest(spec.key, digest);
                super::method::digest_table(&spec.arguments, digest);
            }
            Record::Message { message, queue: _, exchange, key, copied_to, died, redelivered, copy: _, deadline } => {
                digest.word((5 + u64::from(*redelivered)) | u64::from(*died) << 8);
                names.digest(*exchange, digest);
                names.digest(*key, digest);
                copied_to.iter().flat_map(|keys| keys.iter()).for_each(|key| names.digest(*key, digest));
                message.digest(names, digest);
                digest.word(until(*deadline, now));
            }
        }
    }
}

/// A deadline as a span from now, for digests.
pub(super) fn until(deadline: Time, now: Time) -> u64 {
    if deadline == Time::NEVER { u64::MAX } else { deadline.since(now).0 }
}

/// When a storage version writes and syncs, and under which rules.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// How long a queue is idle before it writes what nobody waits for.
    pub idle: Span,
    /// Whether what is written is synced at once, and confirmed only then.
    pub syncs: bool,
    /// With so many changes buffered it writes at once.
    pub most: usize,
    /// With so many removals buffered it writes at once.
    pub most_deletes: usize,
    /// Whether files of which every message is gone are deleted at once.
    pub segments: bool,
    /// The rule of a write for which somebody waits.
    pub for_confirm: RuleId,
    /// The rule of a write for which nobody waits.
    pub after_idle: RuleId,
    /// The rule of the confirm.
    pub confirmed: RuleId,
}

/// Who waits for something to be synced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// On which connection.
    pub conn: ConnId,
    /// On which channel.
    pub channel: u16,
    /// Which opening of that channel, so that a channel opened anew under its number does not answer for it.
    pub serial: u32,
    /// The number of the publish; 0 for the answer that the channel itself waits with.
    pub number: u32,
}

/// A message to be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Put {
    /// Its place in the queue.
    pub seq: u32,
    /// Its content, for the queue's owner.
    pub content: u32,
    /// Which copy it is, for show.
    pub copy: CopyId,
    /// Whether it was handed out before.
    pub redelivered: bool,
    /// When its time to live is over; [`Time::NEVER`] where it has none.
    pub deadline: Time,
    /// Who waits for it.
    pub waiting: Option<Waiting>,
}

/// How far the disk is with what it was given last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Phase {
    /// It has nothing to do.
    #[default]
    Idle,
    /// It writes.
    Writing,
    /// It syncs.
    Syncing,
}

/// What is to be done about a journal now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Nothing.
    Nothing,
    /// Write everything that is buffered, for this rule.
    Write(RuleId),
    /// Write it when the queue has been idle.
    Later,
    /// Sync what was written.
    Sync,
}

/// The journal of one file.
#[derive(Debug, Default)]
pub struct Journal {
    /// Messages to be written, by place.
    pub puts: Sparse<Put>,
    /// Places of messages whose records are to be removed.
    pub deletes: Vec<u32>,
    /// Places whose records go at once, because every message of their file is gone.
    pub dropped: Vec<u32>,
    /// The messages that the disk is being given.
    pub flight: Sparse<Put>,
    /// How far the disk is.
    pub phase: Phase,
    /// Who waits for what the disk is busy with.
    pub riding: Vec<Waiting>,
    /// Whether somebody waits for something in the buffer.
    pub urgent: bool,
    /// Whether the idle timer is set, and since when.
    pub idle_since: Option<Time>,
    /// Whether something was written and not synced.
    pub unsynced: bool,
    /// Whether the node stops: everything is to be written and synced.
    pub closing: bool,
    /// What lives in which file, where the storage version has several.
    pub segments: v2::Segments,
}

crate::clone_in_place!(Journal {
    puts,
    deletes,
    dropped,
    flight,
    phase,
    riding,
    urgent,
    idle_since,
    unsynced,
    closing,
    segments
});

impl Journal {
    /// Buffers a new message. Places only grow.
    pub fn put(&mut self, put: Put, timing: &Timing) {
        self.urgent |= put.waiting.is_some();
        if timing.segments {
            self.segments.add(put.seq);
        }
        self.puts.push(put.seq, put);
    }

    /// A message is gone. Where it was not written yet it never will be; who waited for it is given back.
    pub fn delete(&mut self, seq: u32, timing: &Timing) -> Option<Waiting> {
        let waiting = match self.puts.remove(seq) {
            Some(put) => put.waiting,
            None => {
                self.deletes.push(seq);
                None
            }
        };
        if timing.segments
            && let Some(segment) = self.segments.remove(seq)
        {
            let Journal { deletes, dropped, .. } = self;
            deletes.retain(|seq| {
                let gone = *seq / v2::SEGMENT == segment;
                if gone {
                    dropped.push(*seq);
                }
                !gone
            });
        }
        waiting
    }

    /// Whether nothing is buffered.
    fn is_empty(&self) -> bool {
        self.puts.is_empty() && self.deletes.is_empty()
    }

    /// Whether nothing is buffered and the disk is idle.
    pub fn is_quiet(&self) -> bool {
        self.phase == Phase::Idle && self.is_empty() && !(self.closing && self.unsynced)
    }

    /// Whether what was written is synced now.
    pub fn syncs(&self, timing: &Timing) -> bool {
        timing.syncs || self.closing
    }

    /// What to do after a change.
    pub fn step(&self, timing: &Timing) -> Step {
        if self.phase != Phase::Idle {
            Step::Nothing
        } else if self.is_empty() {
            if self.closing && self.unsynced { Step::Sync } else { Step::Nothing }
        } else if self.urgent {
            Step::Write(timing.for_confirm)
        } else if self.puts.len() + self.deletes.len() >= timing.most || self.deletes.len() >= timing.most_deletes {
            Step::Write(timing.after_idle)
        } else {
            Step::Later
        }
    }

    /// The buffer goes to the disk: who waits for it rides with it, and the messages are in `flight` until
    /// [`Self::end`]. The caller takes `deletes`.
    pub fn begin(&mut self) {
        self.phase = Phase::Writing;
        self.urgent = false;
        self.riding.extend(self.puts.iter().filter_map(|put| put.waiting));
        self.flight.clear();
        std::mem::swap(&mut self.puts, &mut self.flight);
    }

    /// The disk is done with what it was given; `riding` is the caller's.
    pub fn end(&mut self, synced: bool) {
        self.phase = Phase::Idle;
        self.flight.clear();
        self.unsynced = !synced;
    }
}

#[cfg(test)]
mod tests {
    use super::v1::V1;
    use super::v2::V2;
    use super::*;

    fn put(seq: u32, waiting: Option<Waiting>) -> Put {
        Put { seq, content: 0, copy: CopyId(0), redelivered: false, deadline: Time::NEVER, waiting }
    }

    const SOMEBODY: Waiting = Waiting { conn: ConnId(1), channel: 1, serial: 1, number: 1 };

    #[test]
    fn what_nobody_waits_for_is_written_later() {
        let mut journal = Journal::default();
        assert_eq!(journal.step(&V1), Step::Nothing);
        journal.put(put(1, None), &V1);
        assert_eq!(journal.step(&V1), Step::Later);
        journal.put(put(2, Some(SOMEBODY)), &V1);
        assert_eq!(journal.step(&V1), Step::Write(V1.for_confirm));
    }

    #[test]
    fn while_the_disk_is_busy_new_messages_wait_for_the_next_write() {
        let mut journal = Journal::default();
        journal.put(put(1, Some(SOMEBODY)), &V1);
        journal.begin();
        journal.put(put(2, Some(SOMEBODY)), &V1);
        assert_eq!(journal.step(&V1), Step::Nothing);
        assert_eq!(journal.riding, [SOMEBODY]);
    }

    #[test]
    fn a_message_that_is_gone_before_it_was_written_leaves_no_trace() {
        let mut journal = Journal::default();
        journal.put(put(1, Some(SOMEBODY)), &V1);
        assert_eq!(journal.delete(1, &V1), Some(SOMEBODY));
        assert_eq!(journal.step(&V1), Step::Nothing);
        assert_eq!(journal.delete(7, &V1), None);
        assert_eq!(journal.deletes, [7]);
    }

    #[test]
    fn a_full_buffer_is_written_at_once() {
        let mut journal = Journal::default();
        for seq in 0..v2::SEGMENT - 1 {
            journal.put(put(seq, None), &V2);
        }
        assert_eq!(journal.step(&V2), Step::Later);
        journal.put(put(v2::SEGMENT, None), &V2);
        assert_eq!(journal.step(&V2), Step::Write(V2.after_idle));
        assert_eq!(journal.step(&V1), Step::Later, "version 1 buffers more");
    }

    #[test]
    fn records_of_a_file_whose_messages_are_all_gone_go_at_once() {
        let mut journal = Journal::default();
        for seq in [1, 2] {
            journal.put(put(seq, None), &V2);
        }
        journal.begin();
        journal.end(false);
        journal.delete(1, &V2);
        assert_eq!((journal.deletes.as_slice(), journal.dropped.as_slice()), (&[1][..], &[][..]));
        journal.delete(2, &V2);
        assert_eq!((journal.deletes.as_slice(), journal.dropped.as_slice()), (&[][..], &[1, 2][..]), "F14.2");
    }

    #[test]
    fn before_a_clean_stop_what_was_only_written_is_synced() {
        let mut journal = Journal::default();
        journal.put(put(1, Some(SOMEBODY)), &V2);
        journal.begin();
        journal.end(false);
        assert_eq!(journal.step(&V2), Step::Nothing);
        journal.closing = true;
        assert_eq!(journal.step(&V2), Step::Sync);
        assert!(!journal.is_quiet());
    }
}
