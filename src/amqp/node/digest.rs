//! The fingerprint of a node's behaviour: what can make a difference later, and nothing that is only for show.
//!
//! Connections are named by their rank and queues by their names, since their numbers depend on what came before.

use super::channel::{Channel, Connection, Fate, Unacked};
use super::{Node, Tick};
use crate::amqp::config::Version;
use crate::amqp::queue::{Item, Queue};
use crate::amqp::store::{Waiting, until};
use crate::ids::{ConnId, Digest, Name, Names};
use crate::machine::{Token, Wire};
use crate::units::Time;

impl Node {
    pub(super) fn digest_all(&self, now: Time, names: &Names, digest: &mut Digest) {
        digest.word(self.life as u64 | self.alarms.word() << 8 | u64::from(self.fruitless) << 32);
        digest.unordered(self.vhosts.iter().map(|vhost| {
            Digest::of(|d| {
                names.digest(vhost.name, d);
                d.unordered(vhost.exchanges.values().map(|exchange| Digest::of(|d| exchange.digest(names, d))));
            })
        }));
        digest.unordered(self.queues.values().map(|queue| Digest::of(|d| self.digest_queue(queue, now, names, d))));
        for connection in self.connections.values() {
            self.digest_connection(connection, now, names, digest);
        }
        digest.word(self.metadata.journal.phase as u64 | (self.metadata.changes.len() as u64) << 8);
        self.digest_waiting(self.metadata.journal.riding.iter().chain(&self.metadata.waiting), digest);
    }

    /// What a timer is for: a connection or a queue, whose numbers depend on what came before.
    pub(super) fn digest_timer(&self, token: Token, names: &Names, digest: &mut Digest) {
        let Some((tick, number)) = Tick::of(token) else { return digest.word(token.0) };
        digest.word(tick as u64);
        match tick {
            Tick::Heartbeat | Tick::Silence | Tick::Refused | Tick::Unanswered => {
                digest.word(self.rank(ConnId(number)))
            }
            Tick::Unsettled => digest.word(self.rank(ConnId(number)) << 16 ^ token.0 >> 48),
            Tick::Idle | Tick::Written | Tick::Synced | Tick::Expired | Tick::Unused | Tick::Dropped => {
                let spec = self.queues.get(&number).map(|queue| &queue.spec);
                names.digest(spec.map_or(Name::NONE, |spec| spec.vhost), digest);
                names.digest(spec.map_or(Name::NONE, |spec| spec.name), digest);
            }
        }
    }

    fn rank(&self, conn: ConnId) -> u64 {
        self.connections.keys().position(|known| *known == conn).map_or(u64::MAX, |at| at as u64)
    }

    fn digest_item(&self, item: &Item, now: Time, names: &Names, digest: &mut Digest) {
        let Some(content) = self.contents.get(item.content) else { return };
        digest.word(u64::from(item.flags.0));
        names.digest(content.exchange, digest);
        names.digest(content.key, digest);
        content.copied_to.iter().flat_map(|keys| keys.iter()).for_each(|key| names.digest(*key, digest));
        content.message.digest(names, digest);
        // Before 4.0 it makes no difference who wrote the deaths.
        if self.config.version >= Version::V4_1 {
            digest.word(u64::from(content.died));
        }
        digest.word(until(item.deadline, now));
    }

    fn digest_waiting<'a>(&self, waiting: impl Iterator<Item = &'a Waiting>, digest: &mut Digest) {
        for Waiting { conn, channel, serial, number } in waiting {
            // Somebody who is gone makes no difference.
            if self.channel((*conn, *channel)).is_none_or(|known| known.serial != *serial) {
                continue;
            }
            digest.word(self.rank(*conn) << 48 ^ u64::from(*channel) << 32 | u64::from(*number));
        }
    }

    fn digest_queue(&self, queue: &Queue, now: Time, names: &Names, digest: &mut Digest) {
        let Queue { spec, owner, classic, journal, ends, .. } = queue;
        names.digest(spec.vhost, digest);
        names.digest(spec.name, digest);
        digest.word(u64::from(spec.durable) << 1 | u64::from(spec.auto_delete));
        crate::amqp::method::digest_table(&spec.arguments, digest);
        digest.word(self.rank(*owner));
        digest.word(classic.ready() as u64);
        let (in_order, out_of_order) = classic.parts();
        let place = |item: &Item| u64::from(item.rank) << 32 | u64::from(classic.behind(item.seq));
        in_order.for_each(|item| {
            digest.word(place(item));
            self.digest_item(item, now, names, digest);
        });
        digest.unordered(out_of_order.map(|item| {
            Digest::of(|digest| {
                digest.word(place(item));
                self.digest_item(item, now, names, digest);
            })
        }));
        let active = classic.consumers.active();
        digest.word(active.map_or(u64::MAX, |active| self.rank(active.conn) << 16 ^ u64::from(active.channel)));
        names.digest(active.map_or(Name::NONE, |active| active.tag), digest);
        digest.word(until(*ends, now));
        for consumer in classic.turns() {
            digest.word(self.rank(consumer.conn) << 16 ^ u64::from(consumer.channel));
            names.digest(consumer.tag, digest);
            digest.word(u64::from(consumer.limit) << 32 | u64::from(consumer.open));
            let flags = [consumer.no_ack, consumer.exclusive, consumer.aside];
            digest
                .word(flags.iter().fold(u64::from(consumer.priority as u32), |all, flag| all << 1 | u64::from(*flag)));
        }
        digest.word(journal.phase as u64 | (journal.puts.len() as u64) << 8 | (journal.deletes.len() as u64) << 36);
        for put in journal.puts.iter() {
            digest.word(u64::from(classic.behind(put.seq)) << 1 | u64::from(put.redelivered));
        }
        journal.deletes.iter().for_each(|seq| digest.word(u64::from(classic.behind(*seq))));
        digest.word(u64::from(journal.idle_since.is_some()) | u64::from(journal.unsynced) << 1);
        journal.segments.counts().for_each(|live| digest.word(u64::from(live)));
        let buffered = journal.puts.iter().filter_map(|put| put.waiting.as_ref());
        self.digest_waiting(journal.riding.iter().chain(buffered), digest);
    }

    fn digest_connection(&self, connection: &Connection, now: Time, names: &Names, digest: &mut Digest) {
        let Connection { stage, vhost, user, capabilities, tune, channels, owned: _, sent, heard, silent, throttle } =
            connection;
        digest.word(*stage as u64 | (*vhost as u64) << 8 | u64::from(tune.heartbeat) << 32);
        digest.word(u64::from(capabilities.0) | user.map_or(0, |user| 1 + u64::from(user)) << 8);
        digest.word(u64::from(tune.frame_max) | u64::from(tune.channel_max) << 32);
        throttle.digest(names, digest);
        digest.word(u64::from(*sent) | u64::from(*heard) << 1 | u64::from(*silent) << 2);
        for (number, channel) in channels.iter() {
            digest.word(u64::from(*number));
            self.digest_channel(channel, now, names, digest);
        }
    }

    fn digest_channel(&self, channel: &Channel, now: Time, names: &Names, digest: &mut Digest) {
        digest.word(u64::from(channel.closing) | (channel.mode as u64) << 1 | u64::from(channel.last_tag) << 8);
        digest.word(u64::from(channel.prefetch) << 32 | u64::from(channel.global));
        if channel.global > 0 {
            digest.word(u64::from(channel.open));
        }
        names.digest(channel.last_queue, digest);
        if let Some(reply) = channel.reply {
            names.digest(reply.tag, digest);
            names.digest(reply.address, digest);
        }
        channel.unacked.iter().for_each(|unacked| self.digest_unacked(unacked, channel.looks, now, names, digest));
        for (unacked, fate) in &channel.tx.settled {
            digest.word(match fate {
                Fate::Done => 1,
                Fate::Again | Fate::Returned => 2,
                Fate::Rejected => 3,
            });
            self.digest_unacked(unacked, channel.looks, now, names, digest);
        }
        for super::channel::Promised { held, queues, .. } in &channel.tx.publishes {
            names.digest(held.exchange, digest);
            names.digest(held.key, digest);
            held.message.digest(names, digest);
            digest.word(u64::from(*queues));
        }
        channel.tx.queues.iter().for_each(|queue| names.digest(*queue, digest));
        digest.word(u64::from(channel.confirms.last));
        for pending in channel.confirms.pending.iter() {
            digest.word(u64::from(pending.number) << 32 | u64::from(pending.queues));
        }
        digest.word(channel.awaited.as_ref().map_or(0, |awaited| 1 + u64::from(awaited.missing)));
        for body in &channel.held {
            crate::amqp::Frame { channel: 0, body: body.clone() }.digest(names, digest);
        }
    }

    fn digest_unacked(&self, unacked: &Unacked, looks: Option<Time>, now: Time, names: &Names, digest: &mut Digest) {
        digest.word(self.ticks_left(looks, unacked));
        let queue = self.queues.get(&unacked.queue);
        digest.word(u64::from(unacked.tag) << 1 | u64::from(unacked.counted));
        names.digest(queue.map_or(Name::NONE, |queue| queue.spec.name), digest);
        let Some(queue) = queue else { return };
        names.digest(queue.classic.consumer(unacked.consumer).map_or(Name::NONE, |consumer| consumer.tag), digest);
        digest.word(u64::from(unacked.item.rank) << 32 | u64::from(queue.classic.behind(unacked.item.seq)));
        self.digest_item(&unacked.item, now, names, digest);
    }
}
