//! One node, its clients and nothing else: no network between them, a disk that is done at once, and a clock that only
//! goes where it is told to.
//!
//! Not a world: there are no faults, no latency and no trace. The node is the very machine that a world runs.

use super::names::Made;
use crate::ids::{ActorId, ConnId, Names};
use crate::machine::{
    Did, Does, Ending, Event, FrameOf, Input, Machine, NoDraws, Out, Ports, Registry, Replayer, Token, Wanted,
};
use crate::trace::Notes;
use crate::units::Time;
use std::collections::VecDeque;
use std::sync::Arc;

/// More calls of the node than this mean that it does not come to rest.
const MAX_CALLS: u32 = 2_000_000;

/// An event as it came.
#[derive(Clone, PartialEq, Debug)]
pub struct Got {
    /// After which step.
    pub step: usize,
    /// When, in simulated time.
    pub at: Time,
    /// On which connection.
    pub conn: Arc<str>,
    /// What.
    pub event: Event,
}

/// A client and its connection.
struct Client<R> {
    name: Arc<str>,
    session: R,
    /// Whether there is no connection any more.
    gone: bool,
}

/// A node with its clients.
pub struct Driver<R: Replayer> {
    node: R::Node,
    out: Out<FrameOf<R>, <R::Node as Machine>::Record>,
    names: Names,
    registry: Registry,
    now: Time,
    /// By connection.
    clients: Vec<Client<R>>,
    to_node: VecDeque<Input<FrameOf<R>>>,
    /// Frames on their way to clients; `None` is the end of the connection.
    to_clients: VecDeque<(ConnId, Option<FrameOf<R>>)>,
    disk: VecDeque<Token>,
    timers: Vec<(Time, Token)>,
    calls: u32,
    step: usize,
    /// What came, in order.
    pub got: Vec<Got>,
    /// Names that the node has made up.
    pub made: Made,
}

impl<R: Replayer> Driver<R> {
    /// A fresh node of this version; `None` where there is none such.
    pub fn new(version: &str) -> Option<Self> {
        let (mut names, mut registry) = (Names::new(), Registry::default());
        let wanted = Wanted { notes: Notes::NONE, deltas: false, brief: false };
        let mut out = Out { wanted, ..Out::default() };
        let (now, me) = (Time::ZERO, ActorId(0));
        let mut ports =
            Ports { now, me, names: &mut names, registry: &mut registry, draws: &mut NoDraws, out: &mut out };
        let node = R::node(version, &mut ports)?;
        let mut driver = Driver {
            node,
            out,
            names,
            registry,
            now,
            clients: Vec::new(),
            to_node: VecDeque::new(),
            to_clients: VecDeque::new(),
            disk: VecDeque::new(),
            timers: Vec::new(),
            calls: 0,
            step: 0,
            got: Vec::new(),
            made: Made::new(R::MADE),
        };
        driver.take_outputs();
        driver.to_node.push_back(Input::Started);
        driver.settle();
        Some(driver)
    }

    /// Whether it went on without end and was stopped.
    pub fn is_restless(&self) -> bool {
        self.calls >= MAX_CALLS
    }

    /// Performs a step; what comes of it is seen when things settle.
    pub fn perform(&mut self, number: usize, conn: &Arc<str>, did: &Did) {
        self.step = number;
        let mut send = Vec::new();
        match &*did.what {
            "wait" | "start" => return,
            "connect" => {
                let id = ConnId(self.clients.len() as u32);
                self.registry.set_peer(id, ActorId(1));
                let session = R::connect(did, &mut self.names, &mut send);
                self.clients.push(Client { name: Arc::clone(conn), session, gone: false });
                self.to_node.push_back(Input::Connected(id));
                self.send(id, send);
                return;
            }
            _ => {}
        }
        let Some(at) = self.clients.iter().rposition(|client| client.name == *conn) else { return };
        let id = ConnId(at as u32);
        let client = &mut self.clients[at];
        if client.gone {
            return;
        }
        if did.what == "tcp.abort" {
            client.gone = true;
            self.to_node.push_back(Input::Ended(id, Ending::Reset));
            return;
        }
        let args = self.made.fill(conn, &did.args);
        client.session.perform(&Did { args, ..did.clone() }, &mut self.names, &mut send);
        self.send(id, send);
    }

    fn send(&mut self, conn: ConnId, frames: Vec<FrameOf<R>>) {
        self.to_node.extend(frames.into_iter().map(|frame| Input::Frame(conn, frame)));
    }

    /// Has the node take what was sent, and nothing more: the disk and the clients come later.
    pub fn absorb(&mut self) {
        while let Some(input) = self.to_node.pop_front() {
            self.call(input);
        }
    }

    /// Goes on until no frame, disk operation or timer that is due is left.
    pub fn settle(&mut self) {
        while !self.is_restless() {
            self.absorb();
            if let Some((conn, frame)) = self.to_clients.pop_front() {
                self.receive(conn, frame);
            } else if let Some(token) = self.disk.pop_front() {
                self.call(Input::DiskDone(token));
            } else if let Some(token) = self.due(self.now) {
                self.call(Input::Timer(token));
            } else {
                return;
            }
        }
    }

    /// Lets time pass: timers run out on the way.
    pub fn pass(&mut self, until: Time) {
        self.settle();
        while let Some(next) = self.timers.iter().map(|(at, _)| *at).min().filter(|at| *at <= until) {
            if self.is_restless() {
                return;
            }
            self.now = self.now.max(next);
            self.settle();
        }
        self.now = self.now.max(until);
    }

    /// The timer that is due first; of several the one that was set first.
    fn due(&mut self, by: Time) -> Option<Token> {
        let first =
            self.timers.iter().enumerate().filter(|(_, (at, _))| *at <= by).min_by_key(|(i, (at, _))| (*at, *i));
        let at = first.map(|(i, _)| i)?;
        Some(self.timers.remove(at).1)
    }

    fn receive(&mut self, conn: ConnId, frame: Option<FrameOf<R>>) {
        let client = &mut self.clients[conn.at()];
        if client.gone {
            return;
        }
        let mut send = Vec::new();
        let event = match frame {
            Some(frame) => client.session.receive(frame, &mut self.names, &mut send),
            None => {
                client.gone = true;
                let closed = Event { channel: 0, name: "socket.closed".to_owned(), fields: Vec::new() };
                (!client.session.is_closed()).then_some(closed)
            }
        };
        if let Some(event) = event {
            self.made.learn(&client.name, &event, &|key| R::tells(&event, key));
            self.got.push(Got { step: self.step, at: self.now, conn: Arc::clone(&client.name), event });
        }
        self.send(conn, send);
    }

    fn call(&mut self, input: Input<FrameOf<R>>) {
        self.calls += 1;
        let Driver { names, registry, out, .. } = self;
        let mut ports = Ports { now: self.now, me: ActorId(0), names, registry, draws: &mut NoDraws, out };
        self.node.handle(input, &mut ports);
        self.take_outputs();
    }

    fn take_outputs(&mut self) {
        let mut outputs = std::mem::take(&mut self.out.outputs);
        let mut frames = std::mem::take(&mut self.out.frames).into_iter();
        for output in outputs.drain(..) {
            match output.does {
                Does::Send(conn, ()) => {
                    self.to_clients.extend(frames.next().map(|frame| (conn, Some(frame))));
                }
                Does::Shut { conn, .. } => self.to_clients.push_back((conn, None)),
                Does::SetTimer { token, after, .. } => {
                    self.timers.retain(|(_, known)| *known != token);
                    self.timers.push((self.now + after, token));
                }
                Does::CancelTimer(token) => self.timers.retain(|(_, known)| *known != token),
                Does::Write { token, .. } | Does::Sync { token, .. } => self.disk.push_back(token),
                Does::Dial | Does::Note { .. } | Does::Exit | Does::Tell(()) | Does::Ask(()) => {}
            }
        }
        self.out.outputs = outputs;
        self.out.clear();
    }
}
