//! When what is written and synced: the metadata at once, a queue's messages at once where somebody waits for them and
//! after an idle time where nobody does (R18). How long that is, and what is synced, is the storage version's business.

use super::{Life, Node, Port, Tick, token};
use crate::amqp::queue::Queue;
use crate::amqp::rules;
use crate::amqp::store::{CLEAN, METADATA, Phase, Put, Record, Step};
use crate::amqp::verbs;
use crate::ids::RuleId;
use crate::machine::{Because, Does, File, Need, Op, Token};
use crate::trace::Flags;

impl Node {
    /// Gives the disk what is due.
    pub(super) fn pump_journals(&mut self, ports: &mut Port<'_>) {
        if !self.metadata.changes.is_empty() {
            self.pump_metadata(rules::DECLARED_DURABLY, ports);
        }
        if self.scratch.dirty.is_empty() {
            return;
        }
        let mut dirty = std::mem::take(&mut self.scratch.dirty);
        for number in dirty.drain(..) {
            self.pump_queue(number, ports);
        }
        self.scratch.dirty = dirty;
    }

    /// Gives the disk the changes of the metadata, all in one write.
    pub(super) fn pump_metadata(&mut self, rule: RuleId, ports: &mut Port<'_>) {
        let metadata = &mut self.metadata;
        if metadata.changes.is_empty() || metadata.journal.phase != Phase::Idle {
            return;
        }
        metadata.journal.phase = Phase::Writing;
        metadata.journal.riding.append(&mut metadata.waiting);
        let ops = metadata.changes.len() as u32;
        ports.out.ops.append(&mut metadata.changes);
        let write = Does::Write { file: METADATA, ops, token: token(Tick::Written, METADATA.0) };
        ports.out.push(rule, Because::INPUT, Need::Nothing, write);
    }

    fn pump_queue(&mut self, number: u32, ports: &mut Port<'_>) {
        let Some(queue) = self.queues.get_mut(&number) else { return };
        queue.dirty = false;
        if !queue.journal.dropped.is_empty() {
            drop_segment(queue, number, ports);
        }
        let timing = queue.features.timing();
        match queue.journal.step(timing) {
            Step::Nothing if queue.journal.phase == Phase::Idle && queue.journal.idle_since.take().is_some() => {
                let cancel = Does::CancelTimer(token(Tick::Idle, number));
                ports.out.push(timing.after_idle, Because::INPUT, Need::Nothing, cancel);
            }
            Step::Nothing => {}
            Step::Write(rule) => self.write(number, rule, ports),
            Step::Later => {
                // Whatever the queue does starts the idle time anew (F02.1).
                queue.journal.idle_since = Some(ports.now);
                let does = Does::SetTimer {
                    token: token(Tick::Idle, number),
                    after: timing.idle,
                    verb: verbs::TIMER_FLUSH,
                    housekeeping: false,
                };
                ports.out.push(timing.after_idle, Because::INPUT, Need::Nothing, does);
            }
            Step::Sync => {
                queue.journal.phase = Phase::Syncing;
                let sync = Does::Sync { file: File(number), token: token(Tick::Synced, number) };
                ports.out.push(rules::SYNC_AT_STOP, Because::INPUT, Need::Nothing, sync);
            }
        }
    }

    /// A queue had something to do: if it waits to be idle, it waits anew.
    pub(super) fn stir(&mut self, number: u32) {
        let Some(queue) = self.queues.get_mut(&number) else { return };
        if queue.journal.idle_since.is_some() && !std::mem::replace(&mut queue.dirty, true) {
            self.scratch.dirty.push(number);
        }
    }

    /// Hands a queue's whole journal to the disk.
    fn write(&mut self, number: u32, rule: RuleId, ports: &mut Port<'_>) {
        let Node { queues, contents, .. } = self;
        let Some(queue) = queues.get_mut(&number) else { return };
        let name = queue.spec.name;
        let journal = &mut queue.journal;
        if journal.idle_since.take().is_some() {
            let cancel = Does::CancelTimer(token(Tick::Idle, number));
            ports.out.push(rule, Because::INPUT, Need::Nothing, cancel);
        }
        journal.begin();
        let ops = (journal.flight.len() + journal.deletes.len()) as u32;
        let newest = journal.flight.last().map(|put| put.copy);
        for &Put { seq, content, copy, redelivered, deadline, .. } in journal.flight.iter() {
            let content = &contents[content];
            let record = Record::Message {
                message: content.message.clone(),
                queue: name,
                exchange: content.exchange,
                key: content.key,
                copied_to: content.copied_to.clone(),
                died: content.died,
                redelivered,
                copy,
                deadline,
            };
            ports.out.ops.push(Op::Put(u64::from(seq), record));
        }
        ports.out.ops.extend(journal.deletes.drain(..).map(|seq| Op::Delete(u64::from(seq))));
        let write = Does::Write { file: File(number), ops, token: token(Tick::Written, number) };
        ports.out.push(rule, Because::INPUT, newest.map_or(Need::Place(queue.place), Need::Copy), write);
    }

    pub(super) fn on_idle(&mut self, number: u32, ports: &mut Port<'_>) {
        let Some(queue) = self.queues.get_mut(&number) else { return };
        queue.journal.idle_since = None;
        let timing = queue.features.timing();
        if matches!(queue.journal.step(timing), Step::Write(_) | Step::Later) {
            self.write(number, timing.after_idle, ports);
        }
    }

    pub(super) fn on_disk_done(&mut self, done: Token, ports: &mut Port<'_>) {
        match Tick::of(done) {
            Some((Tick::Written, number)) => self.on_written(number, ports),
            Some((Tick::Synced, number)) => self.on_stored(number, true, false),
            _ => {}
        }
    }

    fn phase(&mut self, number: u32) -> Option<&mut Phase> {
        if number == METADATA.0 {
            return Some(&mut self.metadata.journal.phase);
        }
        self.queues.get_mut(&number).map(|queue| &mut queue.journal.phase)
    }

    fn on_written(&mut self, number: u32, ports: &mut Port<'_>) {
        let mut rule = rules::SYNC_AFTER_WRITE;
        if let Some(queue) = self.queues.get(&number).filter(|queue| queue.journal.phase == Phase::Writing) {
            let timing = queue.features.timing();
            if !queue.journal.syncs(timing) {
                return self.on_stored(number, false, false);
            }
            rule = if timing.syncs { rule } else { rules::SYNC_AT_STOP };
        }
        let Some(phase @ Phase::Writing) = self.phase(number) else { return };
        *phase = Phase::Syncing;
        let sync = Does::Sync { file: File(number), token: token(Tick::Synced, number) };
        ports.out.push(rule, Because::INPUT, Need::Nothing, sync);
    }

    /// The disk is done with what a file was given, or has failed; who waited for it is answered.
    pub(super) fn on_stored(&mut self, number: u32, synced: bool, failed: bool) {
        let mut rule = rules::CONFIRM_AFTER_FSYNC;
        let riding = if number == METADATA.0 {
            self.metadata.journal.phase = Phase::Idle;
            std::mem::take(&mut self.metadata.journal.riding)
        } else {
            let Some(queue) = self.queues.get_mut(&number) else { return };
            rule = queue.features.timing().confirmed;
            queue.journal.end(synced);
            if !std::mem::replace(&mut queue.dirty, true) {
                self.scratch.dirty.push(number);
            }
            std::mem::take(&mut queue.journal.riding)
        };
        for waiting in &riding {
            self.done_waiting(*waiting, failed, rule);
        }
        self.give_back(number, riding);
    }

    /// Gives a journal its list back, so that its room is used again.
    fn give_back(&mut self, number: u32, mut riding: Vec<crate::amqp::store::Waiting>) {
        riding.clear();
        if number == METADATA.0 {
            self.metadata.journal.riding = riding;
        } else if let Some(queue) = self.queues.get_mut(&number) {
            queue.journal.riding = riding;
        }
    }

    /// The records of a deleted queue go too.
    pub(super) fn delete_records(&mut self, number: u32, places: &[u32], because: Because, ports: &mut Port<'_>) {
        if places.is_empty() {
            return;
        }
        ports.out.ops.extend(places.iter().map(|seq| Op::Delete(u64::from(*seq))));
        let ops = places.len() as u32;
        let write = Does::Write { file: File(number), ops, token: token(Tick::Written, number) };
        ports.out.push(rules::DELETED, because, Need::Nothing, write);
    }

    /// For a clean stop: what is buffered, and the flags that changed since a message was written (F04).
    pub(super) fn write_everything(&mut self) {
        let Node { queues, scratch, .. } = self;
        queues.for_each_mut(|number, queue| {
            if !queue.spec.durable {
                return;
            }
            let both = Flags::REDELIVERED.and(Flags::PERSISTENT);
            for item in queue.classic.iter().filter(|item| item.flags.has(both)) {
                let (seq, content, copy, deadline) = (item.seq, item.content, item.copy, item.deadline);
                let waiting = queue.journal.puts.remove(seq).and_then(|put| put.waiting);
                scratch.again.push((seq, Put { seq, content, copy, redelivered: true, deadline, waiting }));
            }
            scratch.again.sort_unstable_by_key(|(seq, _)| *seq);
            queue.journal.puts.put_back(scratch.again.drain(..).rev());
            queue.journal.urgent = !queue.journal.puts.is_empty() || !queue.journal.deletes.is_empty();
            queue.journal.closing = true;
            if !std::mem::replace(&mut queue.dirty, true) {
                scratch.dirty.push(number);
            }
        });
    }

    /// A node that was told to stop marks the stop as clean when everything is written, and goes when that is.
    pub(super) fn leave_when_done(&mut self, ports: &mut Port<'_>) {
        if self.life == Life::Up {
            return;
        }
        let queues = self.queues.values().all(|queue| !queue.spec.durable || queue.journal.is_quiet());
        let metadata = self.metadata.journal.phase == Phase::Idle && self.metadata.changes.is_empty();
        if !queues || !metadata {
            return;
        }
        if self.life == Life::Stopping {
            self.life = Life::Marking;
            self.metadata.changes.push(Op::Put(CLEAN, Record::Mark));
            self.pump_metadata(rules::STOPPED, ports);
        } else if self.life == Life::Marking {
            self.life = Life::Gone;
            ports.out.push(rules::STOPPED, Because::INPUT, Need::Nothing, Does::Exit);
        }
    }
}

/// Every message of a file is gone: the file is deleted, whatever else is still buffered (F14.2).
fn drop_segment(queue: &mut Queue, number: u32, ports: &mut Port<'_>) {
    let ops = queue.journal.dropped.len() as u32;
    ports.out.ops.extend(queue.journal.dropped.drain(..).map(|seq| Op::Delete(u64::from(seq))));
    let write = Does::Write { file: File(number), ops, token: token(Tick::Dropped, number) };
    ports.out.push(rules::SEGMENT_DROPPED, Because::INPUT, Need::Place(queue.place), write);
}
