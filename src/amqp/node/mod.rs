//! A RabbitMQ node as a pure state machine: AMQP methods, timers and disk completions in; methods, timers and disk
//! operations out.
//!
//! Methods are handled in the order in which they arrive; each is carried out on exchanges and queues at once. What
//! the real broker does in parallel processes (channel, queue, store) is one step here, except for the disk.
//! Not here: how messages are matched (`exchange`), what a queue does (`queue`), what is written (`store`).

mod access;
mod alarm;
mod boot;
mod channel;
mod confirm;
mod connection;
mod consume;
mod crash;
mod dead_letter;
mod declare;
mod delete;
mod deliver;
mod digest;
mod disk;
mod expiry;
mod limits;
mod login;
mod operator;
mod publish;
mod reply_to;
mod settle;
#[cfg(test)]
mod tests;
mod timeout;
mod transaction;

use self::channel::{Channel, Connections, Stage};
use super::config::{BindingSpec, Config, ExchangeSpec, QueueSpec};
use super::error::{Checked, Refusal};
use super::exchange::{Exchange, Scratch};
use super::queue::Queue;
use super::rules;
use super::store::{Journal, Record};
use super::{Frame, Method};
use crate::ids::{ActorId, ConnId, Name, Names, PlaceId, RuleId};
use crate::machine::{Because, Input, Machine, Message, Need, Ports, Token};
use crate::mem::{Chains, ReuseMap, ReuseVec, Shared, Slab, VecMap};
use crate::trace::{Held as Copy, Observable, Order, What};
use crate::units::Time;
use std::sync::Arc;

type Port<'a> = Ports<'a, Frame, Record>;

/// A virtual host: exchanges and queues by name.
#[derive(Debug)]
struct Vhost {
    name: Name,
    exchanges: ReuseMap<Name, Exchange>,
    queues: VecMap<Name, u32>,
    /// What leads to each queue and exchange: the source and the slot of the binding there.
    incoming: Chains<(Name, u32)>,
}

crate::clone_in_place!(Vhost { name, exchanges, queues, incoming });

/// A message in the node, shared by its copies in several queues.
#[derive(Clone, Debug)]
struct Content {
    message: Message,
    exchange: Name,
    key: Name,
    /// The keys of CC and BCC, by which it was routed too.
    copied_to: Option<Arc<[Name]>>,
    /// Whether the broker has dead-lettered it, so that the deaths in its headers are the broker's own.
    died: bool,
    copies: u32,
}

/// The journal of the metadata: durable definitions, and the mark of a clean stop.
#[derive(Debug, Default)]
struct Metadata {
    /// The key of the next exchange or binding that is kept; a queue has a key of its own (see [`boot::queue_key`]).
    next_key: u64,
    /// Changes that are not yet given to the disk.
    changes: Vec<crate::machine::Op<Record>>,
    journal: Journal,
    /// Who waits for `changes`.
    waiting: Vec<super::store::Waiting>,
}

impl Clone for Metadata {
    fn clone(&self) -> Self {
        let mut copy = Metadata::default();
        copy.clone_from(self);
        copy
    }
    fn clone_from(&mut self, from: &Self) {
        let Metadata { next_key, changes, journal, waiting } = from;
        self.next_key = *next_key;
        self.changes.clone_from(changes);
        self.journal.clone_from(journal);
        self.waiting.clone_from(waiting);
    }
}

/// How far the process is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Life {
    #[default]
    Up,
    /// Told to stop: writes what is left.
    Stopping,
    /// Writes the mark of a clean stop.
    Marking,
    Gone,
}

/// A RabbitMQ node.
#[derive(Debug)]
pub struct Node {
    config: Arc<Config>,
    vhosts: ReuseVec<Vhost>,
    /// By number; numbers are never given twice.
    queues: ReuseMap<u32, Queue>,
    next_queue: u32,
    connections: Connections,
    contents: Slab<Content>,
    metadata: Metadata,
    life: Life,
    /// What the node is short of.
    alarms: alarm::Alarms,
    /// The channels that wait for direct replies, by address.
    replies: VecMap<Name, (ConnId, u16)>,
    /// The name `amq.rabbitmq.reply-to`.
    reply_to: Name,
    /// Server-made names so far.
    made_names: u32,
    /// Channels opened so far.
    opened: u32,
    /// How often a delivery timed out since a client settled one.
    fruitless: u32,
    scratch: Room,
}

crate::clone_in_place!(Node {
    config,
    vhosts,
    queues,
    next_queue,
    connections,
    contents,
    metadata,
    life,
    alarms,
    replies,
    reply_to,
    made_names,
    opened,
    fruitless,
    scratch
});

/// Room for one call; holds no state between two, so a clone is empty.
#[derive(Debug, Default)]
struct Room {
    route: Scratch,
    targets: Vec<u32>,
    /// Under which rule what was routed last is put into its queues.
    stored: RuleId,
    keys: Vec<Name>,
    settled: Vec<(channel::Unacked, channel::Fate)>,
    /// The same, in the order of consumers.
    grouped: Vec<(channel::Unacked, channel::Fate)>,
    /// Messages that are written again, with their places.
    again: Vec<(u32, super::store::Put)>,
    /// Channels with outcomes to send.
    confirmed: Vec<(ConnId, u16)>,
    /// Channels whose answer is due.
    answered: Vec<(ConnId, u16)>,
    /// Copies that died and are to be dead-lettered.
    dead: std::collections::VecDeque<dead_letter::Dead>,
    /// Properties of dead letters.
    mourned: dead_letter::Mourned,
    /// The name of a queue, spelled out.
    text: String,
    /// Queues whose journals changed.
    dirty: Vec<u32>,
    /// Queues that are to hand out.
    run: Vec<u32>,
    /// Consumers that leave, with their queues.
    left: Vec<(u32, super::queue::Handle)>,
    /// Consumers that have room again: queue, since when they were aside, which.
    rejoin: Vec<(u32, u64, super::queue::Handle)>,
    /// Channels that may hold messages of a queue.
    holders: Vec<(ConnId, u16)>,
    /// Queues of a connection that goes.
    owned: Vec<u32>,
    /// Places in a queue that is being deleted.
    places: Vec<u32>,
    /// Contents of its unacknowledged deliveries.
    contents: Vec<u32>,
    /// What is no more and may still be bound.
    gone: Vec<super::exchange::Target>,
    /// Exchanges that lost their last binding.
    abandoned: Vec<Name>,
    /// Bindings that go, by source and slot.
    ends: Vec<(Name, u32)>,
    /// What the disk still held at the start.
    found: Vec<boot::Found>,
    /// The definitions it still held, with their keys.
    records: Vec<(u64, Record)>,
    specs: Specs,
}

/// Definitions that were met before.
#[derive(Debug, Default)]
struct Specs {
    exchanges: Shared<ExchangeSpec>,
    queues: Shared<QueueSpec>,
    bindings: Shared<BindingSpec>,
    /// No arguments.
    none: Arc<super::Table>,
}

impl Clone for Room {
    fn clone(&self) -> Self {
        Room::default()
    }
    fn clone_from(&mut self, _: &Self) {}
}

impl Machine for Node {
    type Frame = Frame;
    type Record = Record;

    fn handle(&mut self, input: Input<Frame>, ports: &mut Port<'_>) {
        match input {
            Input::Frame(conn, frame) => return self.frame(conn, frame, ports),
            Input::Connected(conn) => self.on_connected(conn, ports),
            Input::Ended(conn, _) => self.end_connection(conn, Because::INPUT, ports),
            Input::Timer(token) => self.on_timer(token, ports),
            Input::DiskDone(token) => self.on_disk_done(token, ports),
            Input::DiskFailed(token) => self.on_disk_failed(token, ports),
            Input::Stop => self.stop(ports),
            Input::Order(order) => self.on_order(order, ports),
            Input::Started | Input::Ask(_) | Input::Report(_) => {}
        }
        self.finish(ports);
    }

    fn frame(&mut self, conn: ConnId, frame: Frame, ports: &mut Port<'_>) {
        self.on_frame(conn, frame, ports);
        self.finish(ports);
    }

    fn held(&self) -> usize {
        self.contents.len()
    }

    /// The part is a virtual host; the first one is that of clients who name none.
    fn has_for(&self, part: Name, queue: Name) -> bool {
        let named = |vhost: &&Vhost| vhost.name == part || !part.is_some();
        let number = self.vhosts.iter().find(named).and_then(|vhost| vhost.queues.get(&queue));
        number.and_then(|number| self.queues.get(number)).is_some_and(|queue| queue.classic.ready() > 0)
    }

    fn waits(&self) -> bool {
        self.waits_for_settling()
    }

    fn observe(&self, _: ActorId, seen: &mut Observable) {
        for queue in self.queues.values() {
            for item in queue.classic.iter() {
                self.show(queue.place, Order::from(item.turn()), item, seen);
            }
        }
        for connection in self.connections.values() {
            for channel in connection.channels.values() {
                let in_tx = channel.tx.settled.iter().map(|(unacked, _)| unacked);
                for unacked in channel.unacked.iter().chain(in_tx).filter(|unacked| unacked.queue != channel::GONE) {
                    self.show(unacked.place, Order::from(u64::from(unacked.tag)), &unacked.item, seen);
                }
            }
        }
    }

    fn digest(&self, now: Time, names: &Names, digest: &mut crate::ids::Digest) {
        self.digest_all(now, names, digest);
    }

    fn digest_token(&self, token: Token, names: &Names, digest: &mut crate::ids::Digest) {
        self.digest_timer(token, names, digest);
    }
}

impl Node {
    fn show(&self, place: PlaceId, order: Order, item: &super::queue::Item, seen: &mut Observable) {
        let message = self.contents[item.content].message.id;
        seen.put(place, order, Copy { copy: item.copy, message, flags: item.flags });
    }

    /// What is left at the end of each call: dead letters, answers, confirms, journals. In this order, so that a confirm never
    /// waits for the disk of something later.
    fn finish(&mut self, ports: &mut Port<'_>) {
        if !self.scratch.dead.is_empty() {
            self.bury(ports);
        }
        while let Some((conn, number)) = self.scratch.answered.pop() {
            self.answer_awaited(conn, number, ports);
            self.bury(ports);
        }
        self.send_confirms(ports);
        self.pump_journals(ports);
        self.leave_when_done(ports);
    }

    /// Sends a method and notes the sign of life.
    fn send(
        &mut self,
        rule: RuleId,
        because: Because,
        need: Need,
        (conn, channel): (ConnId, u16),
        body: Method,
        ports: &mut Port<'_>,
    ) -> Because {
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.sent = true;
        }
        ports.out.send(rule, because, need, conn, Frame { channel, body })
    }

    /// Answers the input.
    fn answer(&mut self, rule: RuleId, to: (ConnId, u16), body: Method, ports: &mut Port<'_>) -> Because {
        self.send(rule, Because::INPUT, Need::Nothing, to, body, ports)
    }

    fn channel(&self, (conn, number): (ConnId, u16)) -> Option<&Channel> {
        self.connections.get(&conn)?.channels.get(&number)
    }

    fn channel_mut(&mut self, (conn, number): (ConnId, u16)) -> Option<&mut Channel> {
        self.connections.get_mut(&conn)?.channels.get_mut(&number)
    }

    /// Index of the connection's virtual host.
    fn vhost_of(&self, conn: ConnId) -> usize {
        self.connections.get(&conn).map_or(0, |connection| connection.vhost)
    }

    fn on_frame(&mut self, conn: ConnId, frame: Frame, ports: &mut Port<'_>) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.heard = true;
        if self.alarms.is_none() {
            return self.take_frame(conn, frame, ports);
        }
        if let Some(frame) = self.held_back(conn, frame, ports) {
            self.take_frame(conn, frame, ports);
        }
    }

    /// Handles a frame that was read.
    #[inline]
    fn take_frame(&mut self, conn: ConnId, frame: Frame, ports: &mut Port<'_>) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let channel = frame.channel;
        if connection.stage != Stage::Running || channel == 0 {
            return self.on_connection_method(conn, channel, frame.body, ports);
        }
        match connection.channels.get_mut(&channel) {
            None => self.on_unopened(conn, channel, frame.body, ports),
            Some(state) if state.closing => self.on_closing(conn, channel, &frame.body, ports),
            Some(state) if state.awaited.is_some() => self.on_busy((conn, channel), frame.body, ports),
            Some(_) => self.on_method((conn, channel), frame.body, ports),
        }
    }

    /// A method on a channel whose last one is not answered yet. It waits, but behind a commit nothing but the end is allowed.
    fn on_busy(&mut self, at: (ConnId, u16), body: Method, ports: &mut Port<'_>) {
        let Some(channel) = self.channel_mut(at) else { return };
        let commits = channel.awaited.as_ref().is_some_and(|awaited| awaited.answer == Some(Method::TxCommitOk));
        match &body {
            Method::ChannelClose(_) | Method::ChannelOpen if commits => self.on_method(at, body, ports),
            _ if commits => {
                let why = "unexpected command while processing 'tx.commit'";
                if let Err(refusal) = super::error::channel_error::<()>(why) {
                    self.close_connection_with(at.0, body.id(), &refusal, ports);
                }
            }
            _ => channel.held.push_back(body),
        }
    }

    /// Carries out a method on an open channel, or closes what its error says.
    fn on_method(&mut self, at: (ConnId, u16), body: Method, ports: &mut Port<'_>) {
        let published = if let Method::BasicPublish { message, .. } = &body { message.id } else { Name::NONE };
        if let Some(refusal) = self.too_large_a_frame(at.0, &body, ports.names) {
            give_up(published, &refusal, ports);
            return self.close_connection_with(at.0, (0, 0), &refusal, ports);
        }
        let id = body.id();
        if let Err(refusal) = self.carry_out(at, body, ports) {
            give_up(published, &refusal, ports);
            // Where the broker itself breaks it does not say at which method (R2).
            let id = if refusal.code == 541 { (0, 0) } else { id };
            self.refuse(at, id, &refusal, ports);
        }
    }

    fn refuse(&mut self, at: (ConnId, u16), id: (u16, u16), refusal: &Refusal, ports: &mut Port<'_>) {
        match refusal.scope {
            super::error::Scope::Channel => self.close_channel_with(at, id, refusal, ports),
            super::error::Scope::Connection => self.close_connection_with(at.0, id, refusal, ports),
        }
    }

    fn carry_out(&mut self, at: (ConnId, u16), body: Method, ports: &mut Port<'_>) -> Checked {
        match body {
            Method::BasicPublish { exchange, key, mandatory, immediate, message } => {
                let held = channel::Held { exchange, key, mandatory, message };
                self.publish(at, held, immediate, ports)
            }
            Method::BasicAck { tag, multiple, .. } => self.settle(at, tag, multiple, channel::Fate::Done, ports),
            Method::BasicNack { tag, multiple, requeue, .. } => self.settle(at, tag, multiple, fate_of(requeue), ports),
            Method::BasicReject { tag, requeue, .. } => self.settle(at, tag, false, fate_of(requeue), ports),
            Method::BasicGet { queue, no_ack } => self.get(at, queue, no_ack, ports),
            Method::BasicRecover { requeue } => self.recover(at, requeue, true, ports),
            Method::BasicRecoverAsync { requeue } => self.recover(at, requeue, false, ports),
            Method::BasicQos { prefetch_size: size @ 1.., .. } => {
                super::error::not_implemented(format_args!("prefetch_size!=0 ({size})"))
            }
            Method::BasicQos { prefetch_count, global, .. } => self.qos(at, prefetch_count, global, ports),
            Method::BasicConsume { .. } => self.consume(at, body, ports),
            Method::BasicCancel { consumer_tag, nowait } => self.cancel(at, consumer_tag, nowait, ports),
            Method::ConfirmSelect { nowait } => self.confirm_select(at, nowait, ports),
            Method::TxSelect => self.tx_select(at, ports),
            Method::TxCommit => self.tx_commit(at, ports),
            Method::TxRollback => self.tx_rollback(at, ports),
            Method::ExchangeDeclare { .. } => self.exchange_declare(at, body, ports),
            Method::ExchangeDelete { exchange, if_unused, nowait } => {
                self.exchange_delete(at, exchange, if_unused, nowait, ports)
            }
            Method::ExchangeBind { .. }
            | Method::ExchangeUnbind { .. }
            | Method::QueueBind { .. }
            | Method::QueueUnbind { .. } => self.bind_or_unbind(at, body, ports),
            Method::QueueDeclare { .. } => self.queue_declare(at, body, ports),
            Method::QueuePurge { queue, nowait } => self.queue_purge(at, queue, nowait, ports),
            Method::QueueDelete { queue, if_unused, if_empty, nowait } => {
                self.queue_delete(at, queue, (if_unused, if_empty), nowait, ports)
            }
            Method::ChannelOpen => super::error::channel_error("second 'channel.open' seen"),
            Method::ChannelClose(_) => {
                self.close_channel(at, ports);
                Ok(())
            }
            Method::ChannelFlow { active: true } => {
                self.answer(rules::FLOW_GOES_ON, at, Method::ChannelFlowOk { active: true }, ports);
                Ok(())
            }
            Method::ChannelFlow { active: false } => super::error::not_implemented("active=false"),
            Method::Heartbeat | Method::ChannelCloseOk => Ok(()),
            // What is left are answers to questions a node never asks, and methods of the connection.
            _ => super::error::command_invalid("unimplemented method"),
        }
    }
}

/// Notes that a publish is answered with an error: nobody gets its message.
fn give_up(published: Name, refusal: &Refusal, ports: &mut Port<'_>) {
    if published.is_some() {
        let number = u32::from(refusal.code);
        ports.out.note(rules::IN_ERROR, Because::INPUT, What::InError, PlaceId::NONE, published, number);
    }
}

fn fate_of(requeue: bool) -> channel::Fate {
    if requeue { channel::Fate::Again } else { channel::Fate::Rejected }
}

/// What a token stands for; the low half is a queue's number or a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tick {
    /// A connection's heartbeat is due.
    Heartbeat = 1,
    /// A connection is to be checked for silence.
    Silence = 2,
    /// A queue's idle time is over.
    Idle = 3,
    /// A queue's file is written.
    Written = 4,
    /// A queue's file is synced.
    Synced = 5,
    /// The time to live of a queue's head is over.
    Expired = 6,
    /// A queue was not used for as long as it may.
    Unused = 7,
    /// A channel has had something unsettled for so long that it is looked at. The token names the channel too.
    Unsettled = 8,
    /// A file of which every message is gone is deleted.
    Dropped = 16,
    /// A connection whose login was refused is to be hung up on.
    Refused = 32,
    /// A client has not answered the close of its connection.
    Unanswered = 64,
}

/// As [`token`], for a channel of a connection.
fn token_on(tick: Tick, conn: ConnId, channel: u16) -> Token {
    Token(u64::from(channel) << 48 | token(tick, conn.0).0)
}

fn token(tick: Tick, of: u32) -> Token {
    Token((tick as u64) << 32 | u64::from(of))
}

impl Tick {
    fn of(token: Token) -> Option<(Tick, u32)> {
        let tick = match token.0 >> 32 & 0xffff {
            1 => Tick::Heartbeat,
            2 => Tick::Silence,
            3 => Tick::Idle,
            4 => Tick::Written,
            5 => Tick::Synced,
            6 => Tick::Expired,
            7 => Tick::Unused,
            8 => Tick::Unsettled,
            16 => Tick::Dropped,
            32 => Tick::Refused,
            64 => Tick::Unanswered,
            _ => return None,
        };
        Some((tick, token.0 as u32))
    }
}
