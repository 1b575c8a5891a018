//! Connections on which nobody answers: those that something on the way has forgotten, and those into a black hole. TCP
//! sends again and again, and at last gives up.
//!
//! Not heartbeats, which mostly notice before: they are the machines'.

use super::emit::About;
use super::plan::Roads;
use super::process::Part;
use super::rules;
use super::state::{Due, World};
use crate::ids::{ActorId, ConnId, EventId, FrameId, RuleId};
use crate::machine::{Ending, Input};
use crate::mem::VecMap;
use crate::net::{Side, Way};
use crate::sim::Key;
use crate::trace::{Kind, Link, Observer};

/// Where TCP waits for an acknowledgement that does not come: the entry of the calendar for when it gives up, and the
/// event that it is for, for show.
pub(super) type Unanswered = VecMap<(ConnId, Side), (Key, EventId)>;

impl World {
    /// Something on the way between a client and a node forgets their connections: what is under way is lost, what will
    /// be sent is lost too, and nobody is told.
    pub(super) fn silence<O: Observer>(&mut self, client: ActorId, node: ActorId, cause: EventId, observer: &mut O) {
        for conn in (0..self.net.len() as u32).map(ConnId) {
            let ends = [Side::Client, Side::Node].map(|side| self.net.end(conn, side));
            let up = [Side::Client, Side::Node].map(|side| self.net.is_up(conn, side));
            // A request that is lost is sent again, and finds its way.
            if ends != [client, node] || up == [false; 2] || !self.net.is_established(conn) {
                continue;
            }
            for towards in [Side::Client, Side::Node] {
                if self.lose(conn, towards, rules::HALF_OPEN, cause, observer) {
                    self.wait_for_answer(conn, towards.other(), cause);
                }
            }
            self.net.silence(conn, self.engine.now());
        }
    }

    /// A frame is sent on a connection that does not carry it any more.
    #[cold]
    pub(super) fn sent_in_vain<O: Observer>(
        &mut self,
        conn: ConnId,
        way: Way,
        (frame, sent): (FrameId, EventId),
        observer: &mut O,
    ) {
        let silent = self.net.is_silent(conn);
        let rule = if silent { rules::HALF_OPEN } else { rules::TCP_LOST };
        self.emit(Kind::Lost(frame), About::of(way.to, sent, rule), observer);
        if silent {
            self.wait_for_answer(conn, way.towards.other(), sent);
        }
    }

    /// TCP at this side has sent something that is not acknowledged. Asking for a connection has a time of its own.
    pub(super) fn wait_for_answer(&mut self, conn: ConnId, side: Side, cause: EventId) {
        if self.net.is_established(conn) && self.net.is_up(conn, side) && !self.unanswered.contains(&(conn, side)) {
            let due = self.engine.now() + self.plan.tcp_timeout;
            let key = self.engine.schedule(due, Due::GiveUp(conn, side), false);
            self.unanswered.insert((conn, side), (key, cause));
        }
    }

    /// Acknowledgements come in again over these roads, unless something else is wrong with them.
    pub(super) fn acknowledged(&mut self, roads: Roads) {
        let World { plan, clients, net, engine, unanswered, .. } = self;
        unanswered.retain(|&(conn, side), (key, _)| {
            let client = net.end(conn, Side::Client);
            let concerned = plan.roads_of(roads).iter().any(|road| road.client == client);
            let held = clients[client.at()].lines[side.other().at()].held_until > engine.now();
            let waits = !concerned || held || net.is_silent(conn);
            if !waits {
                engine.cancel(*key);
            }
            waits
        });
    }

    /// The socket at this side is closed, by whomever.
    pub(super) fn side_closes(&mut self, conn: ConnId, side: Side) {
        self.net.set_up(conn, side, false, self.engine.now());
        if let Some((key, _)) = self.unanswered.remove(&(conn, side)) {
            self.engine.cancel(key);
        }
    }

    /// TCP gives up at this side. A process that stands still is told when it goes on.
    pub(super) fn gives_up<O: Observer>(&mut self, conn: ConnId, side: Side, observer: &mut O) {
        let actor = self.net.end(conn, side);
        if self.processes[actor.at()].alive && self.processes[actor.at()].paused {
            self.stalled.push(Due::GiveUp(conn, side));
            return;
        }
        let Some((_, cause)) = self.unanswered.remove(&(conn, side)) else { return };
        if !self.net.is_up(conn, side) {
            return;
        }
        self.lose(conn, side.other(), rules::TCP_LOST, cause, observer);
        self.break_at(conn, side, (Ending::Reset, rules::TCP_GIVES_UP), cause, observer);
    }

    /// One side gives its socket up by itself, and its process is told. What still comes in from the other side is
    /// answered with a reset, so that way stays open.
    pub(super) fn break_at<O: Observer>(
        &mut self,
        conn: ConnId,
        side: Side,
        (ending, rule): (Ending, RuleId),
        cause: EventId,
        observer: &mut O,
    ) {
        let actor = self.net.end(conn, side);
        self.side_closes(conn, side);
        let what = if ending == Ending::Refused { Link::Refused } else { Link::Reset };
        let event = self.emit(Kind::Link { conn, what }, About::of(actor, cause, rule), observer);
        self.give(actor, Part::Wire, Input::Ended(conn, ending), event, observer);
    }
}
