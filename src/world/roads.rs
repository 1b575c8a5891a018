//! The network part of a world: dialling, sending, arriving, closing, breaking.

use super::clients::ClientProcess;
use super::emit::About;
use super::process::Part;
use super::rules;
use super::state::{Due, World};
use super::{draws::kinds, faults::Moment, lossy::Outgoing};
use crate::ids::{ActorId, ConnId, EventId, FrameId, RuleId};
use crate::machine::{Ending, Input, Wire, Words};
use crate::net::{Cargo, Flight, Side, Way};
use crate::systems::Frame;
use crate::trace::{Delta, Frame as Told, Kind, Link, Observer};
use crate::units::{Span, Time};

/// How long a client waits for an answer to its dialling.
const DIAL_TIMEOUT: Span = Span::secs(10);

impl World {
    /// A client asks for a connection.
    pub(super) fn dial<O: Observer>(&mut self, about: About, observer: &mut O) -> EventId {
        let client = about.actor;
        let node = self.plan.node_id(self.plan.clients[client.at()].node);
        let conn = self.net.open(client, node, self.engine.now());
        self.prov.registry.set_peer(conn, client);
        let kind = Kind::Link { conn, what: Link::Dialled };
        let event = self.emit(kind, about, observer);
        self.post(conn, Side::Node, Cargo::Syn, FrameId::NONE, event, 0);
        if [Side::Client, Side::Node].into_iter().any(|side| self.is_held(conn, side)) {
            self.give_dialling_time(conn);
        }
        event
    }

    /// Puts something on its way.
    fn post(&mut self, conn: ConnId, towards: Side, cargo: Cargo<Frame>, frame: FrameId, sent: EventId, size: u32) {
        let client = self.net.end(conn, Side::Client);
        self.send_later(conn, (towards, client), size, (cargo, frame, sent));
    }

    /// Breaks the stream towards this side off behind what is under way. A reset that does not get through is not sent
    /// again; whatever comes from there later is answered with another.
    fn break_off(&mut self, conn: ConnId, towards: Side, cause: EventId) {
        if !self.is_held(conn, towards) {
            self.net.close(conn, towards);
            self.post(conn, towards, Cargo::Rst, FrameId::NONE, cause, 0);
        }
    }

    /// Puts something on its way at this time, on the connection of a client. Only the first of a stream is in the
    /// calendar.
    #[inline(always)]
    pub(super) fn launch(
        &mut self,
        conn: ConnId,
        (towards, client): (Side, ActorId),
        size: u32,
        at: Time,
        (cargo, frame, sent): (Cargo<Frame>, FrameId, EventId),
    ) {
        let ClientProcess { ref lines, ways: [up, down], .. } = self.clients[client.at()];
        let link = lines[towards.at()].link;
        let stream = match towards {
            Side::Node => up,
            Side::Client => down,
        };
        let latency = self.choices.draw_span(stream, kinds::LATENCY, link.latency);
        let times = (at, link.transmission(size), latency);
        let seq = self.engine.reserve();
        let flight =
            |arrive| Flight { arrive, seq, cargo, frame, sent, waits: false, told: false, arrived: EventId::NONE };
        if let Some(arrive) = self.net.send(conn, towards, times, flight) {
            self.engine.schedule_reserved(arrive, seq, Due::Arrival(conn, towards), false);
        }
    }

    /// A machine sends a frame where at most what it carries is looked at, and no fault waits for it.
    #[inline(always)]
    pub(super) fn send_unwatched<O: Observer>(&mut self, conn: ConnId, frame: Frame, actor: ActorId, observer: &mut O) {
        let Some(way) = self.net.way(conn, actor) else { return };
        let line = &self.clients[way.client.at()].lines[way.towards.at()];
        let (limited, rough) = (line.link.bandwidth.is_some(), line.rough);
        let size = if limited { frame.size(&self.names) } else { 0 };
        let told = if O::WANTS.carriers { frame.carried() } else { None };
        let (mut id, mut event) = (FrameId::NONE, EventId::NONE);
        if let Some(words) = told {
            id = self.next_frame();
            observer.frame(id, &shown(conn, actor, way.to, size, &words), &self.tables());
            event = self.emit(Kind::Sent(id), About::of(actor, EventId::NONE, RuleId::NONE), observer);
        }
        if !way.open {
            self.sent_in_vain(conn, way, (id, event), observer);
        } else if rough {
            self.send_roughly(conn, way, Outgoing { frame, size, id, sent: event }, observer);
        } else {
            self.launch(conn, (way.towards, way.client), size, self.engine.now(), (Cargo::Frame(frame), id, event));
        }
    }

    /// A machine sends a frame.
    pub(super) fn send<O: Observer>(
        &mut self,
        conn: ConnId,
        frame: Frame,
        about: About,
        deltas: &[Delta],
        rest: &[Delta],
        observer: &mut O,
    ) -> EventId {
        let Some(way @ Way { client, to, open, .. }) = self.net.way(conn, about.actor) else {
            debug_assert!(deltas.is_empty(), "a frame on an unknown connection changes nothing");
            return about.cause;
        };
        let words = (O::WANTS.all || self.watch.frames).then(|| frame.words(&self.names));
        let told = match words {
            Some(words) if O::WANTS.all => Some(words),
            _ if O::WANTS.carriers => frame.carried(),
            _ => None,
        };
        let id = if told.is_some() { self.next_frame() } else { FrameId::NONE };
        let line = &self.clients[client.at()].lines[way.towards.at()];
        let (sized, rough) = (O::WANTS.all || line.link.bandwidth.is_some(), line.rough);
        let size = if sized { frame.size(&self.names) } else { 0 };
        let event = match told {
            Some(words) => {
                observer.frame(id, &shown(conn, about.actor, to, size, &words), &self.tables());
                self.emit_with(Kind::Sent(id), about, deltas, observer)
            }
            None => EventId::NONE,
        };
        if !open {
            self.sent_in_vain(conn, way, (id, event), observer);
        } else if rough {
            self.send_roughly(conn, way, Outgoing { frame, size, id, sent: event }, observer);
        } else {
            self.launch(conn, (way.towards, client), size, self.engine.now(), (Cargo::Frame(frame), id, event));
        }
        if self.watch.frames
            && let Some(words) = words
        {
            let ends = (about.actor, to);
            let faults = self.frame_fault(Moment::Sending, &words, ends);
            self.strike_all(faults, event, Some((about.actor, rest)), observer);
        }
        event
    }

    /// The next thing on a stream arrives.
    pub(super) fn arrival<O: Observer>(&mut self, conn: ConnId, side: Side, observer: &mut O) {
        // A break may have emptied the stream, or put something later at its head.
        let Some(actor) = self.net.arriving(conn, side, self.engine.now()) else { return };
        let process = &self.processes[actor.at()];
        if process.alive && process.paused {
            self.stalled.push(Due::Arrival(conn, side));
            return;
        }
        let Some((flight, next)) = self.net.pop(conn, side) else { return };
        if let Some((due, seq)) = next {
            self.engine.schedule_reserved(due, seq, Due::Arrival(conn, side), false);
        }
        if self.watch.frames && !flight.waits && self.net.is_up(conn, side) {
            self.check_arrival(conn, side, &flight, observer);
            let process = &self.processes[actor.at()];
            if process.alive && process.paused {
                self.net.put_back(conn, side, flight);
                self.stalled.push(Due::Arrival(conn, side));
                return;
            }
        }
        match flight.cargo {
            Cargo::Frame(_) => self.frame_arrives(conn, (side, actor), flight, observer),
            Cargo::Syn => self.asked(conn, flight.sent, observer),
            Cargo::SynAck => self.granted(conn, flight.sent, observer),
            Cargo::Fin => self.ended(conn, side, Ending::Closed, flight.sent, observer),
            Cargo::Rst => {
                let dialling = side == Side::Client && !self.net.is_established(conn);
                let ending = if dialling { Ending::Refused } else { Ending::Reset };
                self.ended(conn, side, ending, flight.sent, observer);
            }
        }
    }

    /// Lets the faults strike whose moment has come with what arrives.
    fn check_arrival<O: Observer>(&mut self, conn: ConnId, side: Side, flight: &Flight<Frame>, observer: &mut O) {
        let Cargo::Frame(frame) = &flight.cargo else { return };
        let words = frame.words(&self.names);
        let ends = (self.net.end(conn, side.other()), self.net.end(conn, side));
        let faults = self.frame_fault(Moment::Arriving, &words, ends);
        self.strike_all(faults, flight.sent, None, observer);
    }

    /// Lets the faults strike that stop its receiver as it has received this, before it acts on it. Says whether the
    /// receiver goes on.
    #[cold]
    fn is_taken_in<O: Observer>(&mut self, conn: ConnId, side: Side, flight: &Flight<Frame>, observer: &mut O) -> bool {
        let Cargo::Frame(frame) = &flight.cargo else { return true };
        let words = frame.words(&self.names);
        let ends = (self.net.end(conn, side.other()), self.net.end(conn, side));
        let faults = self.frame_fault(Moment::Arrived, &words, ends);
        self.strike_all(faults, flight.arrived, None, observer);
        self.processes[ends.1.at()].takes()
    }

    #[inline]
    fn frame_arrives<O: Observer>(
        &mut self,
        conn: ConnId,
        (side, actor): (Side, ActorId),
        mut flight: Flight<Frame>,
        observer: &mut O,
    ) {
        let (id, sent) = (flight.frame, flight.sent);
        if !self.net.is_up(conn, side) || !self.processes[actor.at()].alive {
            // What was told of already goes with the socket that it waited at, and nobody hears of that.
            if !flight.told {
                self.emit(Kind::Lost(id), About::of(actor, sent, rules::TCP_NOBODY), observer);
                self.answer_nobody(conn, side, sent);
            }
            return;
        }
        if !flight.told {
            let rule = if O::WANTS.all { self.order_kept(conn, side) } else { RuleId::NONE };
            flight.arrived = self.emit(Kind::Arrived(id), About::of(actor, sent, rule), observer);
            flight.told = true;
            if self.watch.received && !self.is_taken_in(conn, side, &flight, observer) {
                if self.processes[actor.at()].alive {
                    self.net.put_back(conn, side, flight);
                    self.stalled.push(Due::Arrival(conn, side));
                }
                return;
            }
        }
        let event = flight.arrived;
        let Cargo::Frame(frame) = flight.cargo else { return };
        if self.is_node(actor) {
            self.call_node(actor, event, |node, _, given, outs| node.frame(conn, frame, given, outs), observer);
        } else {
            self.call_wire(actor, event, |wire, given, outs| wire.frame(conn, frame, given, outs), observer);
        }
    }

    /// A machine with power answers what reaches a connection that nobody has: it is broken off.
    fn answer_nobody(&mut self, conn: ConnId, side: Side, cause: EventId) {
        let towards = side.other();
        let powered = self.processes[self.net.end(conn, side).at()].powered;
        if powered && self.net.is_up(conn, towards) && self.net.can_send(conn, towards) {
            self.break_off(conn, towards, cause);
        }
    }

    /// A request for a connection reaches the node.
    fn asked<O: Observer>(&mut self, conn: ConnId, sent: EventId, observer: &mut O) {
        let node = self.net.end(conn, Side::Node);
        let process = &self.processes[node.at()];
        if !process.powered {
            self.give_dialling_time(conn);
        } else if !process.alive || process.stopping.is_some() {
            self.break_off(conn, Side::Client, sent);
        } else if self.net.is_up(conn, Side::Client) {
            self.net.set_up(conn, Side::Node, true, self.engine.now());
            let kind = Kind::Link { conn, what: Link::Opened };
            let event = self.emit(kind, About::of(node, sent, rules::TCP_OPEN), observer);
            self.post(conn, Side::Client, Cargo::SynAck, FrameId::NONE, event, 0);
            self.give(node, Part::Wire, Input::Connected(conn), event, observer);
        }
    }

    /// The grant reaches the client.
    fn granted<O: Observer>(&mut self, conn: ConnId, sent: EventId, observer: &mut O) {
        if !self.net.is_up(conn, Side::Client) {
            return self.answer_nobody(conn, Side::Client, sent);
        }
        let client = self.net.end(conn, Side::Client);
        self.net.establish(conn);
        let kind = Kind::Link { conn, what: Link::Opened };
        let event = self.emit(kind, About::of(client, sent, rules::TCP_OPEN), observer);
        self.give(client, Part::Wire, Input::Connected(conn), event, observer);
    }

    /// One side learns that the connection is over.
    fn ended<O: Observer>(&mut self, conn: ConnId, side: Side, ending: Ending, cause: EventId, observer: &mut O) {
        if !self.net.is_up(conn, side) {
            return;
        }
        let actor = self.net.end(conn, side);
        self.side_closes(conn, side);
        self.net.close(conn, side.other());
        let (what, rule) = match ending {
            Ending::Refused => (Link::Refused, rules::TCP_REFUSED),
            Ending::Closed => (Link::Closed, rules::TCP_CLOSED),
            Ending::Reset => (Link::Reset, rules::TCP_RESET),
        };
        let event = self.emit(Kind::Link { conn, what }, About::of(actor, cause, rule), observer);
        self.give(actor, Part::Wire, Input::Ended(conn, ending), event, observer);
    }

    /// A client that asks for a connection and gets no answer gives up.
    pub(super) fn give_dialling_time(&mut self, conn: ConnId) {
        self.engine.schedule(self.engine.now() + DIAL_TIMEOUT, Due::DialTimeout(conn), false);
    }

    /// Nothing answered the dialling in time.
    pub(super) fn dial_timeout<O: Observer>(&mut self, conn: ConnId, observer: &mut O) {
        let process = &self.processes[self.net.end(conn, Side::Client).at()];
        if process.alive && process.paused {
            self.stalled.push(Due::DialTimeout(conn));
        } else if !self.net.is_established(conn) && self.net.is_up(conn, Side::Client) {
            self.break_at(conn, Side::Client, (Ending::Refused, rules::TCP_REFUSED), EventId::NONE, observer);
        }
    }

    /// One side closes its socket: in order behind what it has sent, or by breaking it off.
    pub(super) fn hang_up<O: Observer>(
        &mut self,
        conn: ConnId,
        actor: ActorId,
        abort: bool,
        cause: EventId,
        observer: &mut O,
    ) {
        let Some(side) = self.net.side_of(conn, actor) else { return };
        if !self.net.is_up(conn, side) {
            return;
        }
        self.side_closes(conn, side);
        let towards = side.other();
        if !self.net.can_send(conn, towards) {
            return;
        }
        if abort {
            self.lose(conn, towards, rules::TCP_LOST, cause, observer);
            self.break_off(conn, towards, cause);
        } else {
            self.net.close(conn, towards);
            self.post(conn, towards, Cargo::Fin, FrameId::NONE, cause, 0);
        }
    }

    /// Everything under way towards this side is lost. Gives whether there was something.
    pub(super) fn lose<O: Observer>(
        &mut self,
        conn: ConnId,
        towards: Side,
        rule: RuleId,
        cause: EventId,
        observer: &mut O,
    ) -> bool {
        let receiver = self.net.end(conn, towards);
        let mut lost = std::mem::take(&mut self.scratch.lost);
        let under_way = self.net.drain(conn, towards);
        let dies = |flight: &Flight<Frame>| matches!(flight.cargo, Cargo::Frame(_)) && !flight.told;
        lost.extend(under_way.filter(dies).map(|flight| flight.frame));
        let some = !lost.is_empty();
        for frame in lost.drain(..) {
            self.emit(Kind::Lost(frame), About::of(receiver, cause, rule), observer);
        }
        self.scratch.lost = lost;
        some
    }

    /// Breaks the connections between a client and a node off. Each side notices when the reset reaches it.
    pub(super) fn cut<O: Observer>(
        &mut self,
        client: ActorId,
        node: ActorId,
        losing: [(Side, bool); 2],
        cause: EventId,
        observer: &mut O,
    ) {
        for conn in (0..self.net.len() as u32).map(ConnId) {
            let ends = (self.net.end(conn, Side::Client), self.net.end(conn, Side::Node));
            let up = self.net.is_up(conn, Side::Client) || self.net.is_up(conn, Side::Node);
            if ends != (client, node) || !up {
                continue;
            }
            for (towards, lost) in losing {
                if lost {
                    self.lose(conn, towards, rules::TCP_LOST, cause, observer);
                }
                if self.net.can_send(conn, towards) {
                    self.net.close(conn, towards);
                    self.post(conn, towards, Cargo::Rst, FrameId::NONE, cause, 0);
                }
            }
        }
    }
}

/// A frame as the trace shows it.
pub(super) fn shown(conn: ConnId, from: ActorId, to: ActorId, size: u32, words: &Words) -> Told {
    let &Words { verb, channel, flags, number, message, a, b } = words;
    Told { conn, from, to, verb, channel, flags, number, size, message, a, b }
}
