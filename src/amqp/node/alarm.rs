//! Alarms: a node that is short of memory or disk stops reading from connections that publish (group J of the facts).
//!
//! A blocked connection is not read at all: what its client sends waits, a close too. In reality it waits in the
//! kernels of both sides; here it waits at the node.

use super::channel::Stage;
use super::{Node, Port};
use crate::amqp::access::Capabilities;
use crate::amqp::{Frame, Method, rules};
use crate::ids::{ConnId, Digest, Names, PlaceId};
use crate::machine::{Because, Need, Resource, Wire};
use crate::trace::What;
use std::collections::VecDeque;

/// What a node is short of, as bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Alarms(u8);

impl Alarms {
    fn bit(resource: Resource) -> u8 {
        match resource {
            Resource::Memory => 1,
            Resource::Disk => 2,
        }
    }
    #[inline]
    pub(super) fn is_none(self) -> bool {
        self.0 == 0
    }
    pub(super) fn word(self) -> u64 {
        u64::from(self.0)
    }
    /// As `connection.blocked` says it.
    fn reason(self) -> &'static str {
        match self.0 {
            1 => "low on memory",
            2 => "low on disk",
            _ => "low on memory & disk",
        }
    }
}

/// What an alarm does to one connection.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    /// Whether nothing is read from it.
    pub(super) blocked: bool,
    /// What came in meanwhile, in order.
    pub(super) waiting: VecDeque<Frame>,
}

crate::clone_in_place!(Throttle { blocked, waiting });

impl Throttle {
    pub(super) fn digest(&self, names: &Names, digest: &mut Digest) {
        digest.word(u64::from(self.blocked));
        self.waiting.iter().for_each(|frame| frame.digest(names, digest));
    }
}

impl Node {
    /// Takes a frame while there is an alarm: gives it back if it is to be handled now. The first publish blocks its
    /// connection, and is handled when the alarm is over: its header is read, its body is not (J01).
    pub(super) fn held_back(&mut self, conn: ConnId, frame: Frame, ports: &mut Port<'_>) -> Option<Frame> {
        let connection = self.connections.get_mut(&conn)?;
        let publish = match &frame.body {
            Method::BasicPublish { message, .. } => Some((message.id, message.size)),
            _ => None,
        };
        if connection.throttle.blocked {
            let sign_of_life = matches!(frame.body, Method::Heartbeat);
            let about = frame.body.about();
            connection.throttle.waiting.push_back(frame);
            if let Some((message, _)) = publish {
                Node::note_kept_waiting(rules::BLOCKED, Because::INPUT, message, ports);
            } else if !sign_of_life {
                ports.out.note(rules::BLOCKED, Because::INPUT, What::LeftUnread, PlaceId::NONE, about, 0);
            }
            return None;
        }
        let Some((message, size)) = publish.filter(|_| connection.stage == Stage::Running && frame.channel != 0) else {
            return Some(frame);
        };
        connection.throttle.blocked = true;
        let mut because = Because::INPUT;
        if connection.capabilities.has(Capabilities::BLOCKED) {
            let reason = ports.names.intern(self.alarms.reason());
            because = self.answer(rules::BLOCKED, (conn, 0), Method::ConnectionBlocked { reason }, ports);
        }
        // A message without a body is complete with its header.
        if size == 0 {
            return Some(frame);
        }
        Node::note_kept_waiting(rules::BLOCKED, because, message, ports);
        let connection = self.connections.get_mut(&conn)?;
        connection.throttle.waiting.push_back(frame);
        None
    }

    /// A resource runs low, or is there again.
    pub(super) fn on_alarm(&mut self, resource: Resource, on: bool, ports: &mut Port<'_>) {
        let before = self.alarms;
        let bit = Alarms::bit(resource);
        self.alarms.0 = if on { before.0 | bit } else { before.0 & !bit };
        if before.is_none() || !self.alarms.is_none() {
            return;
        }
        let mut from = ConnId(0);
        while let Some(conn) = self.next_blocked(from) {
            self.lift(conn, ports);
            from = ConnId(conn.0 + 1);
        }
    }

    fn next_blocked(&self, from: ConnId) -> Option<ConnId> {
        let blocked = self.connections.iter().filter(|(_, connection)| connection.throttle.blocked);
        blocked.map(|(conn, _)| *conn).filter(|conn| conn.0 >= from.0).min()
    }

    /// A connection is read again: what waited is handled in its order.
    fn lift(&mut self, conn: ConnId, ports: &mut Port<'_>) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.throttle.blocked = false;
        let told = connection.capabilities.has(Capabilities::BLOCKED) && connection.stage == Stage::Running;
        if told {
            self.send(rules::UNBLOCKED, Because::INPUT, Need::Nothing, (conn, 0), Method::ConnectionUnblocked, ports);
        }
        while let Some(connection) = self.connections.get_mut(&conn) {
            let Some(frame) = connection.throttle.waiting.pop_front() else { return };
            self.take_frame(conn, frame, ports);
        }
    }
}
