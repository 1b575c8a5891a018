//! Transactions: what is published and settled in one waits for its commit (R8).
//!
//! Not the settling, nor how a message gets into its queues: those are `settle` and `publish`.

use super::channel::{Awaited, Channel, Held, Mode, Promised};
use super::publish::stored_rule;
use super::{Node, Port};
use crate::amqp::error::{self, Checked};
use crate::amqp::exchange::route;
use crate::amqp::method::Method;
use crate::amqp::rules;
use crate::ids::ConnId;
use crate::machine::Because;

impl Node {
    /// A publish of a transaction is routed as it comes in: what is bound afterwards does not get it.
    pub(super) fn promise(&mut self, at: (ConnId, u16), held: Held, ports: &Port<'_>) {
        let vhost = self.vhost_of(at.0);
        let super::Room { route: scratch, keys, .. } = &mut self.scratch;
        let exchanges = &self.vhosts[vhost].exchanges;
        route(exchanges, held.exchange, held.key, keys, &held.message, ports.names, scratch);
        let (queues, stored) = (scratch.queues.len() as u32, stored_rule(scratch, !keys.is_empty()));
        let Node { connections, scratch, .. } = self;
        let channel = connections.get_mut(&at.0).and_then(|connection| connection.channels.get_mut(&at.1));
        if let Some(channel) = channel {
            channel.tx.queues.extend_from_slice(&scratch.route.queues);
            channel.tx.publishes.push(Promised { held, queues, stored });
        }
    }

    /// Puts the publishes of a transaction into their queues, as far as these are still there. Gives how many have to
    /// write them first, or refuse them.
    fn keep_promises(&mut self, at: (ConnId, u16), ports: &mut Port<'_>) -> Checked<u32> {
        let Some(channel) = self.channel_mut(at) else { return Ok(0) };
        let mut publishes = std::mem::take(&mut channel.tx.publishes);
        let mut names = std::mem::take(&mut channel.tx.queues);
        let (vhost, mut missing, mut from) = (self.vhost_of(at.0), 0, 0);
        for Promised { mut held, queues, stored } in publishes.drain(..) {
            self.scratch.keys.clear();
            // It was checked when it was published; this finds the keys of the headers again.
            if held.message.props.headers.is_some() {
                self.check_props(&mut held.message, ports)?;
            }
            let to = from + queues as usize;
            let super::Room { targets, stored: rule, .. } = &mut self.scratch;
            *rule = stored;
            targets.clear();
            targets.extend(names[from..to].iter().filter_map(|name| self.vhosts[vhost].queues.get(name)));
            from = to;
            missing += self.spread_to_targets(at, held, None, ports);
        }
        names.clear();
        if let Some(channel) = self.channel_mut(at) {
            (channel.tx.publishes, channel.tx.queues) = (publishes, names);
        }
        Ok(missing)
    }

    pub(super) fn tx_select(&mut self, at: (ConnId, u16), ports: &mut Port<'_>) -> Checked {
        let Some(channel) = self.channel_mut(at) else { return Ok(()) };
        if channel.mode == Mode::Confirm {
            return error::precondition(rules::WRONG_MODE, "cannot switch from confirm to tx mode");
        }
        channel.mode = Mode::Tx;
        self.answer(rules::TX, at, Method::TxSelectOk, ports);
        Ok(())
    }

    fn transaction(&mut self, at: (ConnId, u16)) -> Checked<&mut Channel> {
        match self.channel_mut(at) {
            Some(channel) if channel.mode == Mode::Tx => Ok(channel),
            _ => error::precondition(rules::WRONG_MODE, "channel is not transactional"),
        }
    }

    /// Carries the transaction out. The answer waits for the disk if something is to be written for it.
    pub(super) fn tx_commit(&mut self, at: (ConnId, u16), ports: &mut Port<'_>) -> Checked {
        let channel = self.transaction(at)?;
        // One more than there will be, so that it cannot be due before everything is in its queues.
        let answer = Some(Method::TxCommitOk);
        channel.awaited = Some(Awaited { missing: u32::MAX, refused: false, answer, rule: rules::TX_COMMITTED });
        let missing = self.keep_promises(at, ports)?;
        if let Some(channel) = self.channel_mut(at) {
            let mut settled = std::mem::take(&mut channel.tx.settled);
            // What was settled alike in a row is settled at once.
            for alike in settled.chunk_by(|(_, a), (_, b)| a == b) {
                self.scratch.settled.extend_from_slice(alike);
                self.settle_by_consumer(at, Because::INPUT, ports);
            }
            settled.clear();
            if let Some(channel) = self.channel_mut(at) {
                channel.tx.settled = settled;
            }
        }
        let Some(channel) = self.channel_mut(at) else { return Ok(()) };
        let Some(awaited) = &mut channel.awaited else { return Ok(()) };
        let done = u32::MAX - awaited.missing;
        awaited.missing = missing - done.min(missing);
        if awaited.missing == 0 {
            self.answer_awaited(at.0, at.1, ports);
        }
        Ok(())
    }

    /// Forgets the transaction: deliveries that were settled in it are unacknowledged again.
    pub(super) fn tx_rollback(&mut self, at: (ConnId, u16), ports: &mut Port<'_>) -> Checked {
        let channel = self.transaction(at)?;
        channel.tx.publishes.clear();
        channel.tx.queues.clear();
        if !channel.tx.settled.is_empty() {
            channel.tx.settled.sort_unstable_by_key(|(unacked, _)| unacked.tag);
            channel.unacked.put_back(channel.tx.settled.drain(..).rev().map(|(unacked, _)| (unacked.tag, unacked)));
            self.watch_settling(at, ports);
        }
        self.answer(rules::TX, at, Method::TxRollbackOk, ports);
        Ok(())
    }

    /// Sends the answer that waited for the disk, and handles what came in behind it.
    pub(super) fn answer_awaited(&mut self, conn: ConnId, number: u16, ports: &mut Port<'_>) {
        let at = (conn, number);
        let Some(awaited) = self.channel_mut(at).and_then(|channel| channel.awaited.take()) else { return };
        if awaited.refused {
            return match awaited.answer {
                Some(Method::TxCommitOk) => self.refuse(at, Method::TxCommit.id(), &error::partial_commit(), ports),
                _ => self.refuse(at, (0, 0), &error::internal(), ports),
            };
        }
        if let Some(answer) = awaited.answer {
            self.answer(awaited.rule, at, answer, ports);
        }
        while let Some(channel) = self.channel_mut(at) {
            if channel.awaited.is_some() || channel.closing {
                return;
            }
            let Some(body) = channel.held.pop_front() else { return };
            self.on_method(at, body, ports);
        }
    }
}
