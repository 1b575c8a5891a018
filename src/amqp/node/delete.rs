//! Deleting and purging, by request and because nobody is left (A50-A74, D37, D82).

use super::boot::queue_key;
use super::channel::GONE;
use super::declare::{not_default, stripped};
use super::{Node, Port, Vhost};
use crate::amqp::access::{Action, Capabilities};
use crate::amqp::error::{self, Checked};
use crate::amqp::exchange::{Target, hash_target};
use crate::amqp::method::Method;
use crate::amqp::queue::Handle;
use crate::amqp::queue::Queue;
use crate::amqp::rules;
use crate::ids::{ConnId, Name, PlaceId, RuleId};
use crate::machine::{Because, Need};
use crate::trace::{Delta, What};

impl Node {
    pub(super) fn queue_purge(
        &mut self,
        at: (ConnId, u16),
        queue: Name,
        nowait: bool,
        ports: &mut Port<'_>,
    ) -> Checked {
        let name = self.named(at, queue)?;
        self.may_queue(at.0, Action::Read, name, ports.names)?;
        let number = self.open_queue(at.0, name, ports)?;
        let mut messages = 0;
        while let Some(item) = self.queues.get_mut(&number).and_then(|queue| queue.classic.pop()) {
            let place = self.queues.get(&number).map_or(PlaceId::NONE, |queue| queue.place);
            let message = self.contents[item.content].message.id;
            ports.out.note(rules::PURGED, Because::INPUT, What::Purged, place, message, 1);
            ports.out.delta(|| Delta::Remove { copy: item.copy, place });
            self.forget(number, &item);
            messages += 1;
        }
        if !nowait {
            self.answer(rules::PURGED, at, Method::QueuePurgeOk { messages }, ports);
        }
        Ok(())
    }

    pub(super) fn queue_delete(
        &mut self,
        at: (ConnId, u16),
        queue: Name,
        (if_unused, if_empty): (bool, bool),
        nowait: bool,
        ports: &mut Port<'_>,
    ) -> Checked {
        let name = self.named(at, stripped(queue, ports.names))?;
        self.may_queue(at.0, Action::Configure, name, ports.names)?;
        let vhost = &self.vhosts[self.vhost_of(at.0)];
        let mut messages = 0;
        let mut gone = None;
        if vhost.queues.contains(&name) {
            let number = self.open_queue(at.0, name, ports)?;
            let Some(found) = self.queues.get(&number) else { return Ok(()) };
            let what = || error::queue_in(name, vhost.name, ports.names);
            messages = found.classic.ready() as u32;
            if if_empty && messages > 0 {
                return error::precondition(rules::IN_USE, format_args!("{} not empty", what()));
            }
            if if_unused && found.classic.consumer_count() > 0 {
                return error::precondition(rules::IN_USE, format_args!("{} in use", what()));
            }
            gone = Some(number);
        }
        let mut because = Because::INPUT;
        if !nowait {
            because = self.answer(rules::DELETED, at, Method::QueueDeleteOk { messages }, ports);
        }
        if let Some(number) = gone {
            self.remove_queue(number, rules::DELETED, because, ports);
        }
        Ok(())
    }

    /// A queue is no more: its messages, its bindings, its consumers (who are told) and its records.
    pub(super) fn remove_queue(&mut self, number: u32, rule: RuleId, because: Because, ports: &mut Port<'_>) {
        let Some(mut queue) = self.queues.take(&number) else { return };
        let (name, host) = (queue.spec.name, queue.spec.vhost);
        let because = ports.out.note(rule, because, What::Deleted, queue.place, Name::NONE, 1);
        let mut deletes = std::mem::take(&mut self.scratch.places);
        while let Some(item) = queue.classic.pop() {
            let message = self.contents[item.content].message.id;
            ports.out.note(rule, because, What::Purged, queue.place, message, 1);
            ports.out.delta(|| Delta::Remove { copy: item.copy, place: queue.place });
            self.release(item.content);
            deletes.push(item.seq);
        }
        if queue.out > 0 {
            list_holders(&queue, &mut self.scratch.holders);
            self.drop_unacked_of(number, &mut deletes, (rule, because), ports);
        }
        if let Some(owner) = self.connections.get_mut(&queue.owner)
            && let Ok(at) = owner.owned.binary_search(&number)
        {
            owner.owned.remove(at);
        }
        for waiting in queue.journal.riding.drain(..).chain(queue.journal.puts.iter().filter_map(|put| put.waiting)) {
            self.done_waiting(waiting, false, rules::CONFIRM_TRANSIENT);
        }
        let vhost = self.vhosts.iter().position(|vhost| vhost.name == host);
        if let Some(vhost) = vhost {
            self.vhosts[vhost].queues.remove(&name);
            self.unbind_all(vhost, Target::Queue(name), because, ports);
        }
        if queue.spec.durable {
            self.unkeep(queue_key(number));
            self.delete_records(number, &deletes, because, ports);
        }
        self.tell_consumers(&queue, number, because, ports);
        self.stop_clocks(number, queue.wakes, queue.ends, ports);
        deletes.clear();
        self.scratch.places = deletes;
        self.queues.give_back(number, queue);
    }

    /// The consumers of a deleted queue learn of it, if their clients can (D37, D37b).
    fn tell_consumers(&mut self, queue: &Queue, number: u32, because: Because, ports: &mut Port<'_>) {
        for consumer in queue.classic.turns() {
            let at = (consumer.conn, consumer.channel);
            let Some(channel) = self.channel_mut(at) else { continue };
            if channel.consumers.get(&consumer.tag).is_none_or(|(known, _)| *known != number) {
                continue;
            }
            channel.consumers.remove(&consumer.tag);
            // Who cannot be told is not told (D37b).
            let notify =
                |connection: &super::channel::Connection| connection.capabilities.has(Capabilities::CANCEL_NOTIFY);
            if !self.connections.get(&at.0).is_some_and(notify) {
                let (rule, none) = (rules::CANCEL_UNTOLD, Name::NONE);
                ports.out.note(rule, because, What::Withheld, consumer.place, none, 1);
                continue;
            }
            let cancel = Method::BasicCancel { consumer_tag: consumer.tag, nowait: true };
            self.send(rules::CANCEL_TOLD, because, Need::Nothing, at, cancel, ports);
        }
    }

    /// Looks up the channels that may have unacknowledged deliveries of a queue, in order.
    pub(super) fn find_holders(&mut self, number: u32) {
        let Node { queues, scratch, .. } = self;
        if let Some(queue) = queues.get(&number) {
            list_holders(queue, &mut scratch.holders);
        }
    }

    /// Unacknowledged deliveries of a deleted queue: their tags stay valid, their messages are gone (D37).
    fn drop_unacked_of(
        &mut self,
        number: u32,
        deletes: &mut Vec<u32>,
        (rule, because): (RuleId, Because),
        ports: &mut Port<'_>,
    ) {
        let mut contents = std::mem::take(&mut self.scratch.contents);
        let Node { connections, scratch, contents: all, .. } = self;
        for (conn, channel) in scratch.holders.drain(..) {
            let channel = connections.get_mut(&conn).and_then(|connection| connection.channels.get_mut(&channel));
            for unacked in channel.into_iter().flat_map(|channel| channel.deliveries_of(number)) {
                unacked.queue = GONE;
                unacked.consumer = Handle::NONE;
                contents.push(unacked.item.content);
                deletes.push(unacked.item.seq);
                let message = all[unacked.item.content].message.id;
                ports.out.note(rule, because, What::Purged, unacked.place, message, 1);
                ports.out.delta(|| Delta::Remove { copy: unacked.item.copy, place: unacked.place });
            }
        }
        contents.drain(..).for_each(|content| self.release(content));
        self.scratch.contents = contents;
    }

    /// Takes out all bindings to a target; auto-delete exchanges that lose their last one go too (A72, A74).
    fn unbind_all(&mut self, vhost: usize, target: Target, because: Because, ports: &mut Port<'_>) {
        let mut targets = std::mem::take(&mut self.scratch.gone);
        let mut abandoned = std::mem::take(&mut self.scratch.abandoned);
        let mut ends = std::mem::take(&mut self.scratch.ends);
        targets.push(target);
        while let Some(target) = targets.pop() {
            ends.extend(self.vhosts[vhost].incoming.under(hash_target(target)).map(|(_, end)| end));
            for (source, slot) in ends.drain(..) {
                let Vhost { exchanges, incoming, .. } = &mut self.vhosts[vhost];
                let Some(exchange) = exchanges.get_mut(&source) else { continue };
                if exchange.binding_mut(slot).is_none_or(|binding| binding.target != target) {
                    continue;
                }
                let Some(binding) = exchange.unbind_slot(slot, ports.names) else { continue };
                incoming.remove(binding.incoming);
                if exchange.auto_delete && exchange.is_unbound() {
                    abandoned.push(source);
                }
                self.unkeep(binding.kept);
            }
            for name in abandoned.drain(..) {
                ports.out.note(rules::AUTO_DELETED, because, What::Deleted, PlaceId::NONE, name, 1);
                self.forget_exchange(vhost, name);
                targets.push(Target::Exchange(name));
            }
        }
        (self.scratch.gone, self.scratch.abandoned, self.scratch.ends) = (targets, abandoned, ends);
    }

    /// An exchange and its own bindings go; what leads to it is left to [`Node::unbind_all`].
    fn forget_exchange(&mut self, vhost: usize, name: Name) {
        let Some(exchange) = self.vhosts[vhost].exchanges.take(&name) else { return };
        self.unkeep(exchange.kept);
        for binding in exchange.bindings() {
            self.vhosts[vhost].incoming.remove(binding.incoming);
            self.unkeep(binding.kept);
        }
        self.vhosts[vhost].exchanges.give_back(name, exchange);
    }

    pub(super) fn remove_exchange(&mut self, vhost: usize, name: Name, because: Because, ports: &mut Port<'_>) {
        self.forget_exchange(vhost, name);
        self.unbind_all(vhost, Target::Exchange(name), because, ports);
    }

    pub(super) fn exchange_delete(
        &mut self,
        at: (ConnId, u16),
        name: Name,
        if_unused: bool,
        nowait: bool,
        ports: &mut Port<'_>,
    ) -> Checked {
        let name = stripped(name, ports.names);
        not_default(name)?;
        let vhost = self.vhost_of(at.0);
        let what = error::exchange_in(name, self.vhosts[vhost].name, ports.names);
        if ports.names.prefix_text(name.prefix()).starts_with("amq.") {
            return error::refused(format_args!("deletion of system {what} not allowed"));
        }
        self.may_exchange(at.0, Action::Configure, name, ports.names)?;
        let found = self.vhosts[vhost].exchanges.get(&name);
        if if_unused && found.is_some_and(|exchange| !exchange.is_unbound()) {
            return error::precondition(rules::IN_USE, format_args!("{what} in use"));
        }
        let before = self.metadata.changes.len();
        if found.is_some() {
            self.remove_exchange(vhost, name, Because::INPUT, ports);
        }
        let on_disk = self.metadata.changes.len() > before;
        if !nowait {
            self.answer_when_kept(at, Method::ExchangeDeleteOk, on_disk, rules::DELETED, ports);
        }
        Ok(())
    }

    /// Looks up the exclusive queues of a connection that is about to go.
    pub(super) fn find_exclusive(&mut self, conn: ConnId) {
        let Node { connections, scratch, .. } = self;
        scratch.owned.clear();
        scratch
            .owned
            .extend(connections.get(&conn).into_iter().flat_map(|connection| connection.owned.iter().copied()));
    }

    /// The exclusive queues that were looked up go with their connection (A27).
    pub(super) fn drop_exclusive(&mut self, because: Because, ports: &mut Port<'_>) {
        let mut owned = std::mem::take(&mut self.scratch.owned);
        for number in owned.drain(..) {
            self.remove_queue(number, rules::EXCLUSIVE_DIES, because, ports);
        }
        self.scratch.owned = owned;
    }
}

/// The channels that may have unacknowledged deliveries of a queue, in order.
fn list_holders(queue: &Queue, into: &mut Vec<(ConnId, u16)>) {
    into.clear();
    into.extend(queue.holders.under(0).map(|(_, at)| at));
    into.sort_unstable();
}
