//! What a node keeps on its disk, and the journal of a classic queue of version 1: what is waiting to be written,
//! who waits for it, and how far the disk is.
//!
//! Not the disk: the journal says what to write and is told when it is done. One file a queue, and [`METADATA`].

use super::config::{BindingSpec, ExchangeSpec, QueueSpec};
use crate::ids::{ConnId, CopyId, Digest, Name, Names};
use crate::machine::{File, Message};
use crate::units::Time;
use std::collections::VecDeque;
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
            Record::Message { message, queue: _, exchange, key, copied_to, redelivered, copy: _, deadline } => {
                digest.word(5 + u64::from(*redelivered));
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
    /// Write everything that is buffered.
    Write,
    /// Write it when the queue has been idle.
    Later,
}

/// The journal of one file.
#[derive(Debug, Default)]
pub struct Journal {
    /// Messages to be written, in the order of their places.
    pub puts: VecDeque<Put>,
    /// Places of messages whose records are to be removed.
    pub deletes: Vec<u32>,
    /// How far the disk is.
    pub phase: Phase,
    /// Who waits for what the disk is busy with.
    pub riding: Vec<Waiting>,
    /// Whether somebody waits for something in the buffer.
    pub urgent: bool,
    /// Whether the idle timer is set, and since when.
    pub idle_since: Option<Time>,
}

crate::clone_in_place!(Journal { puts, deletes, phase, riding, urgent, idle_since });

impl Journal {
    /// Buffers a message. Places only grow, except when flags are written again.
    pub fn put(&mut self, put: Put) {
        self.urgent |= put.waiting.is_some();
        self.puts.push_back(put);
    }

    /// A message is gone. Where it was not written yet it never will be; who waited for it is given back.
    pub fn delete(&mut self, seq: u32) -> Option<Waiting> {
        match self.puts.binary_search_by_key(&seq, |put| put.seq) {
            Ok(at) => self.puts.remove(at).and_then(|put| put.waiting),
            Err(_) => {
                self.deletes.push(seq);
                None
            }
        }
    }

    /// Whether nothing is buffered and the disk is idle.
    pub fn is_quiet(&self) -> bool {
        self.phase == Phase::Idle && self.puts.is_empty() && self.deletes.is_empty()
    }

    /// What to do after a change.
    pub fn step(&self) -> Step {
        if self.puts.is_empty() && self.deletes.is_empty() || self.phase != Phase::Idle {
            Step::Nothing
        } else if self.urgent {
            Step::Write
        } else {
            Step::Later
        }
    }

    /// The buffer goes to the disk: who waits for it rides with it. The caller takes `puts` and `deletes`.
    pub fn begin(&mut self) {
        self.phase = Phase::Writing;
        self.urgent = false;
        self.riding.extend(self.puts.iter().filter_map(|put| put.waiting));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(seq: u32, waiting: Option<Waiting>) -> Put {
        Put { seq, content: 0, copy: CopyId(0), redelivered: false, deadline: Time::NEVER, waiting }
    }

    const SOMEBODY: Waiting = Waiting { conn: ConnId(1), channel: 1, serial: 1, number: 1 };

    #[test]
    fn what_nobody_waits_for_is_written_later() {
        let mut journal = Journal::default();
        assert_eq!(journal.step(), Step::Nothing);
        journal.put(put(1, None));
        assert_eq!(journal.step(), Step::Later);
        journal.put(put(2, Some(SOMEBODY)));
        assert_eq!(journal.step(), Step::Write);
    }

    #[test]
    fn while_the_disk_is_busy_new_messages_wait_for_the_next_write() {
        let mut journal = Journal::default();
        journal.put(put(1, Some(SOMEBODY)));
        journal.begin();
        journal.puts.clear();
        journal.put(put(2, Some(SOMEBODY)));
        assert_eq!(journal.step(), Step::Nothing);
        assert_eq!(journal.riding, [SOMEBODY]);
    }

    #[test]
    fn a_message_that_is_gone_before_it_was_written_leaves_no_trace() {
        let mut journal = Journal::default();
        journal.put(put(1, Some(SOMEBODY)));
        assert_eq!(journal.delete(1), Some(SOMEBODY));
        assert_eq!(journal.step(), Step::Nothing);
        assert_eq!(journal.delete(7), None);
        assert_eq!(journal.deletes, [7]);
    }
}
