//! Connections. Each has two sides and one stream towards each side; what is sent arrives in the order of sending or,
//! after a break, not at all.

use crate::ids::{ActorId, ConnId, Digest, EventId, FrameId};
use crate::mem::ReuseVec;
use crate::units::{Span, Time};
use std::collections::VecDeque;

/// The two ends of a connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// The end that dialled.
    Client,
    /// The end that listened.
    Node,
}

impl Side {
    /// The other end.
    pub fn other(self) -> Side {
        match self {
            Side::Client => Side::Node,
            Side::Node => Side::Client,
        }
    }
    /// Its number: 0 for the client's, 1 for the node's.
    #[inline]
    pub fn at(self) -> usize {
        self as usize
    }
}

/// What travels.
#[derive(Clone, Debug)]
pub enum Cargo<F> {
    /// Asks for the connection.
    Syn,
    /// Grants it.
    SynAck,
    /// The sender has closed in order; nothing follows.
    Fin,
    /// The connection is broken off.
    Rst,
    /// A frame.
    Frame(F),
}

/// The way that what an actor sends on a connection takes.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// The side it leads to.
    pub towards: Side,
    /// The connection's client.
    pub client: ActorId,
    /// Who is at the other side.
    pub to: ActorId,
    /// Whether something can be sent: the own socket is open and the stream not closed.
    pub open: bool,
}

/// When something arrives, and its place among equal times.
pub type Due = (Time, u64);

/// Something under way.
#[derive(Clone, Debug)]
pub struct Flight<F> {
    /// When it arrives.
    pub arrive: Time,
    /// Its place among equal times.
    pub seq: u64,
    /// What it is.
    pub cargo: Cargo<F>,
    /// The frame's number, for show.
    pub frame: FrameId,
    /// The event of its sending, for show.
    pub sent: EventId,
    /// Whether it has reached the receiver and waits until that goes on.
    pub waits: bool,
    /// Whether its arrival was told already: it waits behind it.
    pub told: bool,
    /// The event of its arrival, for show.
    pub arrived: EventId,
}

/// One direction of a connection.
#[derive(Debug)]
struct Stream<F> {
    flights: VecDeque<Flight<F>>,
    /// When the last byte handed to it will have arrived: nothing overtakes.
    last: Time,
    /// When the line has sent what it was given.
    busy: Time,
    /// Nothing can be sent any more.
    closed: bool,
}

impl<F: Clone> Clone for Stream<F> {
    fn clone(&self) -> Self {
        Stream { flights: self.flights.clone(), last: self.last, busy: self.busy, closed: self.closed }
    }
    fn clone_from(&mut self, from: &Self) {
        self.flights.clone_from(&from.flights);
        (self.last, self.busy, self.closed) = (from.last, from.busy, from.closed);
    }
}

impl<F> Default for Stream<F> {
    fn default() -> Self {
        Stream { flights: VecDeque::new(), last: Time::ZERO, busy: Time::ZERO, closed: false }
    }
}

#[derive(Debug)]
struct Connection<F> {
    ends: [ActorId; 2],
    /// Whether each side's process has the socket open.
    up: [bool; 2],
    /// Whether the client's request was granted.
    established: bool,
    /// Whether it is dead without anybody having been told: what is sent on it is lost.
    silent: bool,
    /// When a socket was last opened or closed, or the connection fell silent.
    changed: Time,
    /// The streams, by the side they lead to.
    towards: [Stream<F>; 2],
}

impl<F: Clone> Clone for Connection<F> {
    fn clone(&self) -> Self {
        let &Connection { ends, up, established, silent, changed, ref towards } = self;
        Connection { ends, up, established, silent, changed, towards: towards.clone() }
    }
    fn clone_from(&mut self, from: &Self) {
        (self.ends, self.up, self.established) = (from.ends, from.up, from.established);
        (self.silent, self.changed) = (from.silent, from.changed);
        for (mine, theirs) in self.towards.iter_mut().zip(&from.towards) {
            mine.clone_from(theirs);
        }
    }
}

impl<F> Connection<F> {
    /// Since when it is half open, if it is.
    fn half_open_since(&self) -> Option<Time> {
        let half_open = match self.up {
            [true, false] => self.towards[Side::Client.at()].flights.is_empty(),
            [false, true] => self.towards[Side::Node.at()].flights.is_empty(),
            [true, true] => self.silent,
            [false, false] => false,
        };
        half_open.then_some(self.changed)
    }
}

/// All connections of a world, in the order of opening; one that is over keeps its number.
#[derive(Debug)]
pub struct Tcp<F> {
    connections: ReuseVec<Connection<F>>,
}

impl<F> Default for Tcp<F> {
    fn default() -> Self {
        Tcp { connections: ReuseVec::new() }
    }
}

impl<F: Clone> Clone for Tcp<F> {
    fn clone(&self) -> Self {
        Tcp { connections: self.connections.clone() }
    }
    fn clone_from(&mut self, from: &Self) {
        self.connections.clone_from(&from.connections);
    }
}

impl<F> Tcp<F> {
    /// Forgets all connections; the allocations stay.
    pub fn reset(&mut self) {
        self.connections.clear();
    }

    /// A new connection from `client` to `node`, opened now: the client's socket is open, the node's is not yet.
    pub fn open(&mut self, client: ActorId, node: ActorId, now: Time) -> ConnId {
        let fresh = self.connections.grow(|| Connection {
            ends: [client, node],
            up: [true, false],
            established: false,
            silent: false,
            changed: now,
            towards: [Stream::default(), Stream::default()],
        });
        fresh.ends = [client, node];
        fresh.up = [true, false];
        (fresh.established, fresh.silent, fresh.changed) = (false, false, now);
        for stream in &mut fresh.towards {
            stream.flights.clear();
            (stream.last, stream.busy, stream.closed) = (Time::ZERO, Time::ZERO, false);
        }
        ConnId(self.connections.len() as u32 - 1)
    }

    /// How many connections there were.
    pub fn len(&self) -> usize {
        self.connections.len()
    }

    /// How much is under way on all of them.
    pub fn under_way(&self) -> usize {
        self.connections.iter().flat_map(|c| &c.towards).map(|stream| stream.flights.len()).sum()
    }

    /// Whether there were none.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// Who is at this side.
    pub fn end(&self, conn: ConnId, side: Side) -> ActorId {
        self.connections[conn.at()].ends[side.at()]
    }

    /// Which side of the connection this actor is.
    pub fn side_of(&self, conn: ConnId, actor: ActorId) -> Option<Side> {
        let ends = self.connections.get(conn.at())?.ends;
        [Side::Client, Side::Node].into_iter().find(|s| ends[s.at()] == actor)
    }

    /// What an actor that sends on a connection has to know of it.
    #[inline]
    pub fn way(&self, conn: ConnId, from: ActorId) -> Option<Way> {
        let c = self.connections.get(conn.at())?;
        let side = if c.ends[0] == from { Side::Client } else { Side::Node };
        let towards = side.other();
        (c.ends[side.at()] == from).then(|| Way {
            towards,
            client: c.ends[Side::Client.at()],
            to: c.ends[towards.at()],
            open: c.up[side.at()] && !c.towards[towards.at()].closed,
        })
    }

    /// Who gets what arrives at this side by now, if something does.
    #[inline]
    pub fn arriving(&self, conn: ConnId, side: Side, now: Time) -> Option<ActorId> {
        let c = &self.connections[conn.at()];
        let arrive = c.towards[side.at()].flights.front()?.arrive;
        (arrive <= now).then_some(c.ends[side.at()])
    }

    /// Whether this side's process has the socket open.
    #[inline]
    pub fn is_up(&self, conn: ConnId, side: Side) -> bool {
        self.connections[conn.at()].up[side.at()]
    }

    /// Opens or closes the socket at this side, now.
    pub fn set_up(&mut self, conn: ConnId, side: Side, up: bool, now: Time) {
        let c = &mut self.connections[conn.at()];
        c.up[side.at()] = up;
        c.changed = now;
    }

    /// Whether the client's request was granted.
    pub fn is_established(&self, conn: ConnId) -> bool {
        self.connections[conn.at()].established
    }

    /// The client's request is granted.
    pub fn establish(&mut self, conn: ConnId) {
        self.connections[conn.at()].established = true;
    }

    /// When a connection became half open last, of those that are: exactly one side has its socket open and nothing is
    /// under way that would tell it, or nothing gets through any more and nobody was told. `None` where none is.
    pub fn half_open_since(&self) -> Option<Time> {
        self.connections.iter().filter_map(Connection::half_open_since).max()
    }

    /// From now on what is sent on this connection is lost, and nobody is told. What is under way stays.
    pub fn silence(&mut self, conn: ConnId, now: Time) {
        let c = &mut self.connections[conn.at()];
        (c.silent, c.changed) = (true, now);
        c.towards.iter_mut().for_each(|stream| stream.closed = true);
    }

    /// Whether what is sent on this connection is lost without anybody being told.
    pub fn is_silent(&self, conn: ConnId) -> bool {
        self.connections[conn.at()].silent
    }

    /// Lets what is still under way towards this side arrive so much later. Gives when the first of that is due, if
    /// there is some.
    pub fn delay(&mut self, conn: ConnId, towards: Side, now: Time, by: Span) -> Option<Due> {
        let stream = &mut self.connections[conn.at()].towards[towards.at()];
        // What has arrived waits for its receiver, at the head.
        let from = stream.flights.partition_point(|flight| flight.waits || flight.arrive <= now);
        let late = stream.flights.range_mut(from..).map(|flight| {
            flight.arrive += by;
            (flight.arrive, flight.seq)
        });
        let first = late.reduce(|first, _| first)?;
        stream.last += by;
        if stream.busy > now {
            stream.busy += by;
        }
        Some(first)
    }

    /// Lets the frame that was sent last towards this side change places with the one before it, if that is still under
    /// way and both are such as `may` says.
    pub fn overtake(&mut self, conn: ConnId, towards: Side, now: Time, may: impl Fn(&F) -> bool) {
        let flights = &mut self.connections[conn.at()].towards[towards.at()].flights;
        let Some(at) = flights.len().checked_sub(2) else { return };
        let free = |flight: &Flight<F>| match &flight.cargo {
            Cargo::Frame(frame) => !flight.waits && flight.arrive > now && may(frame),
            _ => false,
        };
        if free(&flights[at]) && free(&flights[at + 1]) {
            flights.swap(at, at + 1);
            let (a, b) = ((flights[at].arrive, flights[at].seq), (flights[at + 1].arrive, flights[at + 1].seq));
            (flights[at].arrive, flights[at].seq) = b;
            (flights[at + 1].arrive, flights[at + 1].seq) = a;
        }
    }

    /// The connections of which this actor has a side open.
    pub fn of(&self, actor: ActorId) -> impl Iterator<Item = (ConnId, Side)> + '_ {
        self.connections.iter().enumerate().flat_map(move |(i, c)| {
            [Side::Client, Side::Node]
                .into_iter()
                .filter(move |s| c.up[s.at()] && c.ends[s.at()] == actor)
                .map(move |s| (ConnId(i as u32), s))
        })
    }

    /// Whether something can be sent towards this side.
    pub fn can_send(&self, conn: ConnId, towards: Side) -> bool {
        !self.connections[conn.at()].towards[towards.at()].closed
    }

    /// Hands something over now that keeps the line busy until `busy_for` from now and is then under way for `latency`:
    /// it arrives never before what was handed over earlier. `flight` makes it from when it arrives. Gives when that is
    /// where it is the first of its stream, whose arrival must be scheduled.
    #[inline(always)]
    pub fn send(
        &mut self,
        conn: ConnId,
        towards: Side,
        (now, busy_for, latency): (Time, Span, Span),
        flight: impl FnOnce(Time) -> Flight<F>,
    ) -> Option<Time> {
        let stream = &mut self.connections[conn.at()].towards[towards.at()];
        stream.busy = stream.busy.max(now) + busy_for;
        stream.last = (stream.busy + latency).max(stream.last);
        let (arrive, first) = (stream.last, stream.flights.is_empty());
        stream.flights.push_back(flight(arrive));
        first.then_some(arrive)
    }

    /// Takes what arrives next at this side; also gives when the next thing after it is due.
    #[inline]
    pub fn pop(&mut self, conn: ConnId, towards: Side) -> Option<(Flight<F>, Option<Due>)> {
        let flights = &mut self.connections[conn.at()].towards[towards.at()].flights;
        let next = flights.get(1).map(|f| (f.arrive, f.seq));
        Some((flights.pop_front()?, next))
    }

    /// Puts back what was taken last at this side: its receiver stands still.
    pub fn put_back(&mut self, conn: ConnId, towards: Side, flight: Flight<F>) {
        self.connections[conn.at()].towards[towards.at()].flights.push_front(Flight { waits: true, ..flight });
    }

    /// Stops everything further from being sent towards this side; what is under way stays.
    pub fn close(&mut self, conn: ConnId, towards: Side) {
        self.connections[conn.at()].towards[towards.at()].closed = true;
    }

    /// Takes everything out of the stream towards this side, in order.
    pub fn drain(&mut self, conn: ConnId, towards: Side) -> impl Iterator<Item = Flight<F>> + '_ {
        let stream = &mut self.connections[conn.at()].towards[towards.at()];
        stream.last = Time::ZERO;
        stream.flights.drain(..)
    }

    /// Mixes what is under way into a digest, connection by connection, in no order; `who` names an actor and `what`
    /// mixes in a frame.
    pub fn digest(
        &self,
        now: Time,
        who: impl Fn(ActorId, &mut Digest),
        what: impl Fn(&F, &mut Digest),
        digest: &mut Digest,
    ) {
        let live =
            self.connections.iter().filter(|c| c.up != [false; 2] || c.towards.iter().any(|s| !s.flights.is_empty()));
        digest.unordered(live.map(|c| {
            Digest::of(|d| {
                for (side, stream) in c.towards.iter().enumerate() {
                    who(c.ends[side], d);
                    let bits = [c.up[side], stream.closed, c.established, c.silent];
                    // How long it has been half open decides when a run that nobody else keeps up ends.
                    d.word(c.half_open_since().map_or(u64::MAX, |since| now.since(since).0));
                    d.word(bits.iter().enumerate().map(|(i, bit)| u64::from(*bit) << i).sum());
                    d.word(stream.last.since(now).0);
                    d.word(stream.busy.since(now).0);
                    for flight in &stream.flights {
                        d.word(flight.arrive.since(now).0 << 2 | u64::from(flight.told) << 1 | u64::from(flight.waits));
                        match &flight.cargo {
                            Cargo::Syn => d.word(1),
                            Cargo::SynAck => d.word(2),
                            Cargo::Fin => d.word(3),
                            Cargo::Rst => d.word(4),
                            Cargo::Frame(frame) => what(frame, d),
                        }
                    }
                    d.word(stream.flights.len() as u64);
                }
            })
        }));
    }
}
