//! A disk that fails: the queue that was writing dies and is started again with what its file holds (C61).
//!
//! Left out: acknowledged messages whose removal was not on disk yet come back when the node starts again, not when the
//! queue does; and the real queue, which fails again and again on a disk that stays broken, is given up after a while.

use super::channel::{Fate, GONE, Unacked};
use super::{Life, Node, Port, Tick};
use crate::amqp::queue::{Handle, Item, Queue};
use crate::amqp::rules;
use crate::amqp::store::{METADATA, Phase};
use crate::ids::{Name, PlaceId};
use crate::machine::{Because, Does, Need, Token};
use crate::trace::{Delta, Flags, Order, What};

impl Node {
    pub(super) fn on_disk_failed(&mut self, failed: Token, ports: &mut Port<'_>) {
        let Some((tick @ (Tick::Written | Tick::Synced | Tick::Dropped), number)) = Tick::of(failed) else { return };
        let queue = self.queues.get(&number).map(|queue| queue.place);
        let what = if queue.is_some() { What::QueueDied } else { What::RefusedByBroker };
        let place = queue.unwrap_or(PlaceId::NONE);
        let because = ports.out.note(rules::STORE_FAILED, Because::INPUT, what, place, Name::NONE, 1);
        if self.life != Life::Up {
            // It ends without the mark of a clean stop.
            self.life = Life::Gone;
            ports.out.push(rules::STORE_FAILED, because, Need::Nothing, Does::Exit);
            return;
        }
        // Behind a file that could not be deleted the disk may be busy with more; what comes of that is told later.
        let idle = self.queues.get(&number).is_none_or(|queue| queue.journal.phase == Phase::Idle);
        if number != METADATA.0 && (tick != Tick::Dropped || idle) {
            self.restart_queue(number, because, ports);
        }
        if tick != Tick::Dropped {
            self.on_stored(number, false, true);
        }
    }

    /// A queue lives on with what its file holds: what was in memory alone is gone, what was handed out is ready again.
    fn restart_queue(&mut self, number: u32, because: Because, ports: &mut Port<'_>) {
        let Some(queue) = self.queues.get_mut(&number) else { return };
        let journal = &mut queue.journal;
        // A write that failed left nothing; a sync that failed leaves what was written before it.
        let mut lost = std::mem::take(&mut self.scratch.places);
        let written = journal.phase == Phase::Syncing;
        lost.extend(journal.flight.iter().filter(|_| !written).chain(journal.puts.iter()).map(|put| put.seq));
        lost.sort_unstable();
        // Who waits for what is only buffered is refused with those who wait for the disk.
        journal.riding.extend(journal.puts.iter().filter_map(|put| put.waiting));
        journal.urgent = false;
        journal.puts.clear();
        self.take_back(number);
        let Node { queues, contents, scratch, .. } = self;
        let Some(Queue { classic, journal, place, .. }) = queues.get_mut(&number) else { return };
        let place = *place;
        let mut keep = |item: &mut Item, from: PlaceId| {
            let message = contents[item.content].message.id;
            if !item.flags.has(Flags::PERSISTENT) || lost.binary_search(&item.seq).is_ok() {
                ports.out.note(rules::QUEUE_RESTARTED, because, What::Vanished, from, message, 1);
                ports.out.delta(|| Delta::Remove { copy: item.copy, place: from });
                scratch.contents.push(item.content);
                if item.flags.has(Flags::PERSISTENT) {
                    journal.segments.remove(item.seq);
                }
                return false;
            }
            item.flags = item.flags.and(Flags::REDELIVERED);
            let Item { copy, flags, seq, .. } = *item;
            ports.out.note(rules::QUEUE_RESTARTED, because, What::Recovered, place, message, 1);
            ports.out.delta(|| Delta::Move { copy, from, to: place, order: Order::from(u64::from(seq)), flags });
            true
        };
        classic.retain(|item| keep(item, place));
        for (mut unacked, _) in scratch.settled.drain(..).rev() {
            if keep(&mut unacked.item, unacked.place) {
                classic.requeue(unacked.item);
            }
        }
        classic.free_consumers();
        lost.clear();
        scratch.places = lost;
        let mut gone = std::mem::take(&mut scratch.contents);
        gone.drain(..).for_each(|content| self.release(content));
        self.scratch.contents = gone;
        self.scratch.run.push(number);
        self.run_queues(because, ports);
    }

    /// Deliveries of a queue that dies, into `scratch.settled`: their tags stay valid and settle nothing any more.
    fn take_back(&mut self, number: u32) {
        self.find_holders(number);
        let Node { connections, scratch, .. } = self;
        scratch.settled.clear();
        for (conn, channel) in scratch.holders.drain(..) {
            let channel = connections.get_mut(&conn).and_then(|connection| connection.channels.get_mut(&channel));
            for unacked in channel.into_iter().flat_map(|channel| channel.deliveries_of(number)) {
                scratch.settled.push((*unacked, Fate::Returned));
                (unacked.queue, unacked.consumer) = (GONE, Handle::NONE);
            }
        }
        scratch.settled.sort_unstable_by_key(|(Unacked { item, .. }, _)| item.seq);
    }
}
