//! The node and the client, driven by hand: inputs in, outputs looked at, the disk played by the test.

mod client;
mod disk;
mod lists;
mod model;

use super::{Client, Config, Frame, Fsync, Node, Record, rules, verbs};
use crate::ids::{ActorId, ConnId, Digest, Name, Names};
use crate::machine::{
    Answer, Ask, Delivery, Does, Down, Ending, File, Input, Machine, Message, NoDraws, Op, Out, Ports, Publish,
    Registry, Report, Session, Settle, Take, Token, Wire,
};
use crate::trace::Observable;
use crate::units::{Span, Time};
use proptest::prelude::*;
use std::sync::Arc;

/// A machine with all it is given, and what the test needs to play the world.
struct Bench<M> {
    machine: M,
    now: Time,
    names: Names,
    registry: Registry,
    out: Out<Frame, Record>,
    folded: Observable,
    /// The file: written, and how much of it is synced.
    written: Vec<Record>,
    synced: usize,
    /// Operations that the test has not finished yet.
    busy: Vec<(Token, usize)>,
    timers: Vec<(Token, Time)>,
    sent: Vec<(ConnId, Frame)>,
    told: Vec<Report>,
    dials: usize,
    exited: bool,
}

const A: ConnId = ConnId(0);
const B: ConnId = ConnId(1);
const ME: ActorId = ActorId(0);

impl<M: Machine<Frame = Frame, Record = Record>> Bench<M> {
    fn new(machine: M) -> Self {
        Bench {
            machine,
            now: Time::ZERO,
            names: Names::new(),
            registry: Registry::default(),
            out: Out::default(),
            folded: Observable::new(),
            written: vec![],
            synced: 0,
            busy: vec![],
            timers: vec![],
            sent: vec![],
            told: vec![],
            dials: 0,
            exited: false,
        }
    }
    fn with<T>(&mut self, call: impl FnOnce(&mut M, &mut Ports<'_, Frame, Record>) -> T) -> T {
        self.out.clear();
        let mut draws = NoDraws;
        let mut ports = Ports {
            now: self.now,
            me: ME,
            names: &mut self.names,
            registry: &mut self.registry,
            draws: &mut draws,
            out: &mut self.out,
        };
        let result = call(&mut self.machine, &mut ports);
        self.collect();
        result
    }
    fn collect(&mut self) {
        for delta in &self.out.deltas {
            assert!(self.folded.apply(delta), "{delta:?} does not fit");
        }
        self.out.deltas.clear();
        let outputs = self.out.take_whole();
        let mut ops = self.out.ops.drain(..);
        for output in outputs {
            match output.does {
                Does::Send(conn, frame) => self.sent.push((conn, frame)),
                Does::Tell(report) => self.told.push(report),
                Does::Dial => self.dials += 1,
                Does::SetTimer { token, after, .. } => {
                    self.timers.retain(|(t, _)| *t != token);
                    self.timers.push((token, self.now + after));
                }
                Does::CancelTimer(token) => self.timers.retain(|(t, _)| *t != token),
                Does::Write { ops: n, token, .. } => {
                    for op in ops.by_ref().take(n as usize) {
                        let Op::Put(key, record) = op else { panic!("a log deletes nothing") };
                        self.written.truncate(key as usize);
                        self.written.push(record);
                    }
                    self.busy.push((token, self.written.len()));
                }
                Does::Sync { token, .. } => self.busy.push((token, self.written.len())),
                Does::Exit => self.exited = true,
                _ => {}
            }
        }
        assert!(ops.next().is_none());
        drop(ops);
        let mut seen = Observable::new();
        self.machine.observe(ME, &mut seen);
        assert_eq!(seen, self.folded, "observe and fold disagree");
    }
    fn input(&mut self, input: Input<Frame>) {
        self.with(|m, ports| m.handle(input, ports));
    }
    fn frame(&mut self, conn: ConnId, frame: Frame) {
        self.input(Input::Frame(conn, frame));
    }
    fn name(&mut self, text: &str) -> Name {
        self.names.intern(text)
    }
    fn msg(&mut self, id: &str) -> Message {
        Message::plain(self.name(id), 10)
    }
    /// Finishes the oldest disk operation.
    fn disk_step(&mut self) {
        let (token, upto) = self.busy.remove(0);
        if token == Token(1) {
            self.synced = upto;
        }
        self.input(Input::DiskDone(token));
    }
    fn disk(&mut self) {
        while !self.busy.is_empty() {
            self.disk_step();
        }
    }
    /// Lets time pass, with its timers; the disk stands still.
    fn pass(&mut self, span: Span) {
        let end = self.now + span;
        while let Some(&(token, at)) = self.timers.iter().filter(|(_, at)| *at <= end).min_by_key(|(_, at)| *at) {
            self.timers.retain(|(t, _)| *t != token);
            self.now = at;
            self.input(Input::Timer(token));
        }
        self.now = end;
    }
    fn sent(&mut self) -> Vec<(ConnId, Frame)> {
        std::mem::take(&mut self.sent)
    }
    fn digest(&self) -> Digest {
        Digest::of(|d| self.machine.digest(self.now, &self.names, d))
    }
}

impl Bench<Node> {
    fn node(config: Config) -> Self {
        let mut bench = Bench::new(Node::default());
        bench.boot(&config, vec![]);
        bench
    }
    fn aof(fsync: Fsync) -> Self {
        Self::node(Config { aof: true, fsync, ..Config::default() })
    }
    fn boot(&mut self, config: &Config, disk: Vec<Record>) {
        self.folded = Observable::new();
        (self.busy, self.timers) = (vec![], vec![]);
        self.synced = disk.len();
        self.written = disk.clone();
        let config = Arc::new(config.clone());
        let mut records = (0..).zip(disk).map(|(n, record)| (File(0), n, record));
        self.with(|node, ports| node.boot(&config, &mut records, ports));
    }
    fn push(&mut self, list: &str, id: &str) {
        let (list, message) = (self.name(list), self.msg(id));
        self.frame(A, Frame::Lpush { list, message });
    }
    fn pop(&mut self, conn: ConnId, list: &str) {
        let list = self.name(list);
        self.frame(conn, Frame::Brpop { list, timeout: Span::ZERO });
    }
    fn keep(&mut self, conn: ConnId, from: &str, to: &str) {
        let (from, to) = (self.name(from), self.name(to));
        self.frame(conn, Frame::Blmove { from, to, timeout: Span::ZERO });
    }
    /// The elements of a list from head to tail.
    fn list(&mut self, list: &str) -> Vec<String> {
        let name = self.name(list);
        let place = self.with(|_, ports| ports.place(crate::trace::PlaceKind::Queue, name));
        self.folded.in_place(place).map(|held| self.names.text(held.message)).collect()
    }
    /// The ids of the elements handed out.
    fn handed(&mut self) -> Vec<String> {
        let sent = self.sent();
        sent.iter()
            .filter_map(|(_, f)| match f {
                Frame::Bulk { message, .. } => Some(self.names.text(message.id)),
                _ => None,
            })
            .collect()
    }
}
