//! The node and the client, driven by hand: inputs in, outputs looked at, the disk played by the test.

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

#[test]
fn what_is_pushed_first_is_popped_first() {
    let mut b = Bench::node(Config::default());
    for id in ["m-1", "m-2", "m-3"] {
        b.push("jobs", id);
    }
    assert_eq!(b.list("jobs"), ["m-3", "m-2", "m-1"]);
    for _ in 0..3 {
        b.pop(B, "jobs");
    }
    assert_eq!(b.handed(), ["m-1", "m-2", "m-3"]);
    assert!(b.list("jobs").is_empty());
}

#[test]
fn a_push_serves_those_who_wait_in_the_order_of_blocking() {
    let mut b = Bench::node(Config::default());
    b.pop(ConnId(5), "jobs");
    b.pop(ConnId(4), "jobs");
    assert!(b.sent().is_empty());
    b.push("jobs", "m-1");
    let sent = b.sent();
    assert!(matches!(sent[0], (A, Frame::Integer { value: 1, .. })), "the push counts its own element");
    assert!(matches!(sent[1], (ConnId(5), Frame::Bulk { .. })));
    b.push("jobs", "m-2");
    assert_eq!(b.sent()[1].0, ConnId(4));
}

#[test]
fn a_popped_element_is_gone_and_a_moved_one_is_kept() {
    let mut b = Bench::node(Config::default());
    b.push("jobs", "m-1");
    b.push("jobs", "m-2");
    b.pop(B, "jobs");
    b.input(Input::Ended(B, Ending::Reset));
    assert_eq!(b.list("jobs"), ["m-2"]);
    b.keep(ConnId(2), "jobs", "mine");
    b.input(Input::Ended(ConnId(2), Ending::Reset));
    assert_eq!((b.list("jobs"), b.list("mine")), (vec![], vec!["m-2".to_string()]));
}

#[test]
fn a_client_that_closes_while_it_waits_loses_nothing() {
    let mut b = Bench::node(Config::default());
    b.pop(B, "jobs");
    b.input(Input::Ended(B, Ending::Closed));
    b.push("jobs", "m-1");
    assert_eq!(b.list("jobs"), ["m-1"]);
    assert_eq!(b.sent().len(), 1);
}

#[test]
fn commands_behind_a_waiting_one_wait_with_it() {
    let mut b = Bench::node(Config::default());
    b.pop(B, "jobs");
    let (list, message) = (b.name("other"), b.msg("x"));
    b.frame(B, Frame::Lpush { list, message });
    assert!(b.list("other").is_empty());
    b.push("jobs", "m-1");
    assert_eq!(b.list("other"), ["x"]);
    let to_b: Vec<_> = b.sent().into_iter().filter(|(c, _)| *c == B).collect();
    assert!(matches!(to_b[..], [(_, Frame::Bulk { .. }), (_, Frame::Integer { .. })]));
}

#[test]
fn a_timeout_answers_nil_and_an_element_cancels_it() {
    let mut b = Bench::node(Config::default());
    let list = b.name("jobs");
    b.frame(B, Frame::Brpop { list, timeout: Span::secs(1) });
    b.pass(Span::secs(2));
    assert_eq!(b.sent(), [(B, Frame::Nil)]);
    b.frame(B, Frame::Brpop { list, timeout: Span::secs(1) });
    b.push("jobs", "m-1");
    assert!(b.timers.is_empty());
}

#[test]
fn a_move_serves_those_who_wait_for_its_target() {
    let mut b = Bench::node(Config::default());
    b.pop(ConnId(3), "second");
    b.keep(ConnId(2), "first", "second");
    b.push("first", "m-1");
    assert_eq!(b.handed(), ["m-1", "m-1"]);
    assert!(b.list("first").is_empty() && b.list("second").is_empty());
}

#[test]
fn lrem_removes_one_element_and_counts_it() {
    let mut b = Bench::node(Config::default());
    b.push("jobs", "m-1");
    b.push("jobs", "m-1");
    let (list, message) = (b.name("jobs"), b.msg("m-1"));
    b.sent();
    b.frame(A, Frame::Lrem { list, message: message.clone() });
    assert_eq!(b.list("jobs").len(), 1);
    let missing = b.name("none");
    b.frame(A, Frame::Lrem { list: missing, message });
    let counts: Vec<_> = b.sent().into_iter().map(|(_, f)| matches!(f, Frame::Integer { value: 1, .. })).collect();
    assert_eq!(counts, [true, false]);
}

/// Pushes ten messages a quarter of a second apart and gives how many of the answered ones a crash leaves.
fn crash(config: Config, power: bool) -> (usize, usize) {
    let mut b = Bench::node(config.clone());
    for n in 0..10 {
        b.push("jobs", &format!("m-{n}"));
        b.disk();
        b.pass(Span::millis(250));
        b.disk();
    }
    let answered = b.sent().len();
    let kept = if power { b.synced } else { b.written.len() };
    let disk = b.written[..kept].to_vec();
    b.boot(&config, disk);
    (answered, b.list("jobs").len())
}

#[test]
fn a_kill_takes_nothing_that_the_file_has_and_everything_without_a_file() {
    for fsync in [Fsync::Always, Fsync::Everysec, Fsync::No] {
        assert_eq!(crash(Config { aof: true, fsync, ..Config::default() }, false), (10, 10));
    }
    assert_eq!(crash(Config::default(), false), (10, 0));
}

#[test]
fn a_power_loss_takes_what_the_policy_has_not_synced() {
    let survives = |fsync| crash(Config { aof: true, fsync, ..Config::default() }, true);
    assert_eq!(survives(Fsync::Always), (10, 10));
    assert_eq!(survives(Fsync::Everysec), (10, 8), "the last sync began after two seconds");
    assert_eq!(survives(Fsync::No), (10, 0));
}

#[test]
fn the_kernel_writes_back_after_thirty_seconds() {
    let mut b = Bench::aof(Fsync::No);
    b.push("jobs", "m-1");
    b.disk();
    b.pass(Span::secs(29));
    assert!(b.busy.is_empty());
    b.pass(Span::secs(1));
    b.disk();
    assert_eq!(b.synced, 1);
    assert!(b.timers.is_empty(), "nothing is left to do");
}

#[test]
fn answers_wait_for_the_write_and_with_always_for_the_fsync() {
    let mut b = Bench::aof(Fsync::Everysec);
    b.push("jobs", "m-1");
    assert!(b.sent().is_empty());
    b.disk_step();
    assert_eq!(b.sent().len(), 1);
    let mut b = Bench::aof(Fsync::Always);
    b.push("jobs", "m-1");
    b.disk_step();
    assert!(b.sent().is_empty());
    b.disk_step();
    assert_eq!(b.sent().len(), 1);
}

#[test]
fn what_arrives_while_a_write_is_on_its_way_is_written_together() {
    let mut b = Bench::aof(Fsync::Everysec);
    for id in ["m-1", "m-2", "m-3"] {
        b.push("jobs", id);
    }
    assert_eq!(b.busy.len(), 1);
    b.disk_step();
    assert_eq!((b.sent().len(), b.busy.len()), (1, 1));
    b.disk_step();
    assert_eq!((b.sent().len(), b.written.len()), (2, 3));
}

#[test]
fn a_slow_background_fsync_lets_answers_overtake_the_write() {
    let mut b = Bench::aof(Fsync::Everysec);
    b.push("jobs", "m-1");
    b.disk();
    b.pass(Span::secs(1));
    assert_eq!(b.busy.len(), 1, "the sync is under way");
    b.sent();
    b.push("jobs", "m-2");
    assert_eq!((b.sent().len(), b.written.len()), (1, 1), "answered, and not written");
    b.pass(Span::secs(2));
    assert_eq!(b.written.len(), 2, "patience ends after two seconds");
}

#[test]
fn a_failing_disk_ends_the_process_with_always_and_refuses_writes_otherwise() {
    let mut b = Bench::aof(Fsync::Always);
    b.push("jobs", "m-1");
    b.input(Input::DiskFailed(Token(0)));
    assert!(b.exited && b.sent().is_empty());
    let mut b = Bench::aof(Fsync::Everysec);
    b.push("jobs", "m-1");
    b.busy.clear();
    b.input(Input::DiskFailed(Token(0)));
    b.push("jobs", "m-2");
    assert!(matches!(b.sent()[..], [(_, Frame::Integer { .. }), (_, Frame::Error(_))]));
    b.pass(Span::secs(1));
    b.disk();
    b.push("jobs", "m-3");
    b.disk();
    assert!(matches!(b.sent()[..], [(_, Frame::Integer { .. })]));
    assert_eq!(b.written.len(), 2);
}

#[test]
fn a_stop_in_order_writes_and_syncs_first() {
    let mut b = Bench::aof(Fsync::No);
    b.push("jobs", "m-1");
    b.input(Input::Stop);
    assert!(!b.exited);
    b.disk();
    assert!(b.exited && b.synced == 1);
}

#[test]
fn recovery_stops_at_the_first_missing_number() {
    let mut b = Bench::aof(Fsync::Everysec);
    for id in ["m-1", "m-2", "m-3"] {
        b.push("jobs", id);
        b.disk();
    }
    let torn: Vec<_> = (0..).zip(b.written.clone()).filter(|(n, _)| *n != 1).collect();
    let config = Arc::new(Config { aof: true, ..Config::default() });
    b.folded = Observable::new();
    let mut records = torn.into_iter().map(|(n, r)| (File(0), n, r));
    b.with(|node, ports| node.boot(&config, &mut records, ports));
    assert_eq!(b.list("jobs"), ["m-1"]);
}

#[test]
fn sizes_are_those_of_resp() {
    let mut names = Names::new();
    let (list, own) = (names.intern("jobs"), names.intern("mine"));
    let message = Message::plain(names.intern("m-1"), 10);
    let timeout = Span::millis(1_500);
    let size = |frame: Frame, bytes: &str| assert_eq!(frame.size(&names) as usize, bytes.len(), "{frame:?}");
    size(Frame::Lpush { list, message: message.clone() }, "*3\r\n$5\r\nLPUSH\r\n$4\r\njobs\r\n$10\r\n0123456789\r\n");
    size(Frame::Brpop { list, timeout: Span::ZERO }, "*3\r\n$5\r\nBRPOP\r\n$4\r\njobs\r\n$1\r\n0\r\n");
    size(Frame::Brpop { list, timeout }, "*3\r\n$5\r\nBRPOP\r\n$4\r\njobs\r\n$3\r\n1.5\r\n");
    let lmove = "*5\r\n$5\r\nLMOVE\r\n$4\r\njobs\r\n$4\r\nmine\r\n$5\r\nRIGHT\r\n$4\r\nLEFT\r\n";
    size(Frame::Lmove { from: list, to: own }, lmove);
    let lrem = "*4\r\n$4\r\nLREM\r\n$4\r\njobs\r\n$1\r\n1\r\n$10\r\n0123456789\r\n";
    size(Frame::Lrem { list, message: message.clone() }, lrem);
    size(Frame::Integer { value: 12, about: Name::NONE }, ":12\r\n");
    size(Frame::Bulk { list, message: message.clone() }, "*2\r\n$4\r\njobs\r\n$10\r\n0123456789\r\n");
    size(Frame::Bulk { list: Name::NONE, message }, "$10\r\n0123456789\r\n");
    size(Frame::Nil, "$-1\r\n");
}

fn session(bench: &mut Bench<Client>, auto_settle: bool, prefetch: u32) -> Arc<Session> {
    let take = Take { from: bench.name("jobs"), auto_settle, prefetch, options: Arc::default(), poll: None };
    Arc::new(Session { confirms: true, take: Some(take), heartbeat: None, access: None, transactions: false })
}

fn consumer(auto_settle: bool, prefetch: u32) -> Bench<Client> {
    let mut b = Bench::new(Client::default());
    let session = session(&mut b, auto_settle, prefetch);
    b.machine.boot(&session);
    connect(&mut b);
    b
}

fn connect(b: &mut Bench<Client>) {
    b.input(Input::Ask(Ask::Connect));
    b.input(Input::Connected(A));
    b.input(Input::Connected(B));
    assert!(matches!(b.told.pop(), Some(Report::Ready)));
}

/// Answers the client's last command on the connection for taking.
fn give(b: &mut Bench<Client>, id: &str) {
    let message = b.msg(id);
    b.frame(B, Frame::Bulk { list: Name::NONE, message });
}

fn verbs_sent(b: &mut Bench<Client>) -> Vec<&'static str> {
    let sent = b.sent();
    let name = |f: &Frame| verbs::TABLE.verbs[(f.words(&b.names).verb.0 & 0xff) as usize].name;
    sent.iter().map(|(_, f)| name(f)).collect()
}

#[test]
fn a_producer_gets_its_answers_in_order_over_one_connection() {
    let mut b = Bench::new(Client::default());
    b.machine.boot(&Arc::new(Session {
        confirms: true,
        take: None,
        heartbeat: None,
        access: None,
        transactions: false,
    }));
    b.input(Input::Ask(Ask::Connect));
    b.input(Input::Connected(A));
    assert!(matches!(b.told.pop(), Some(Report::Ready)));
    for ticket in [1, 2] {
        let (to, message) = (b.name("jobs"), b.msg("m-1"));
        let publish = Publish { ticket, to, key: Name::EMPTY, message, mandatory: false };
        b.input(Input::Ask(Ask::Publish(publish)));
    }
    b.frame(A, Frame::Integer { value: 1, about: Name::NONE });
    let full = b.name("MISCONF");
    b.frame(A, Frame::Error(full));
    assert_eq!(b.dials, 1);
    assert!(matches!(b.told[..], [Report::Answer(1, Answer::Confirmed), Report::Answer(2, Answer::Refused)]));
}

#[test]
fn a_consumer_that_does_not_settle_pops_again_when_it_is_done() {
    let mut b = consumer(true, 1);
    give(&mut b, "m-1");
    assert_eq!(verbs_sent(&mut b), ["brpop"]);
    b.input(Input::Ask(Ask::Settle(Delivery(1), Name::NONE, Settle::Done)));
    give(&mut b, "m-2");
    assert_eq!(b.told.len(), 2);
    assert_eq!(verbs_sent(&mut b), ["brpop"]);
}

#[test]
fn a_consumer_that_settles_moves_works_and_removes() {
    let mut b = consumer(false, 1);
    b.frame(B, Frame::Integer { value: 0, about: Name::NONE });
    give(&mut b, "m-1");
    assert_eq!(verbs_sent(&mut b), ["llen", "blmove"], "no second one while the first is open");
    b.input(Input::Ask(Ask::Settle(Delivery(1), Name::NONE, Settle::Done)));
    assert_eq!(verbs_sent(&mut b), ["lrem", "blmove"]);
    give(&mut b, "m-2");
    b.input(Input::Ask(Ask::Settle(Delivery(2), Name::NONE, Settle::Again)));
    assert_eq!(verbs_sent(&mut b), ["rpush", "lrem", "blmove"]);
}

#[test]
fn prefetch_keeps_several_open_and_one_settle_may_stand_for_all() {
    let mut b = consumer(false, 2);
    b.frame(B, Frame::Integer { value: 0, about: Name::NONE });
    give(&mut b, "m-1");
    give(&mut b, "m-2");
    assert_eq!(verbs_sent(&mut b), ["llen", "blmove", "blmove"]);
    b.input(Input::Ask(Ask::Settle(Delivery(2), Name::NONE, Settle::DoneUpTo)));
    assert_eq!(verbs_sent(&mut b), ["lrem", "lrem", "blmove"]);
}

#[test]
fn a_consumer_that_comes_back_takes_up_its_own_list_first() {
    let mut b = consumer(false, 1);
    b.frame(B, Frame::Integer { value: 1, about: Name::NONE });
    give(&mut b, "m-1");
    assert!(matches!(b.told[..], [Report::Offer { redelivered: true, .. }]));
    b.input(Input::Ask(Ask::Settle(Delivery(1), Name::NONE, Settle::Done)));
    assert_eq!(verbs_sent(&mut b), ["llen", "lmove", "lrem", "blmove"]);
}

#[test]
fn a_lost_connection_takes_the_other_one_with_it() {
    let mut b = consumer(false, 1);
    b.input(Input::Ended(B, Ending::Reset));
    assert!(matches!(b.told[..], [Report::Down(Down::Lost)]));
    b.told.clear();
    b.input(Input::Ended(A, Ending::Reset));
    assert!(b.told.is_empty());
    b.sent();
    connect(&mut b);
    assert_eq!(verbs_sent(&mut b), ["llen"]);
}

#[test]
fn a_refused_dial_is_reported() {
    let mut b = Bench::new(Client::default());
    b.machine.boot(&Arc::new(Session {
        confirms: false,
        take: None,
        heartbeat: None,
        access: None,
        transactions: false,
    }));
    b.input(Input::Ask(Ask::Connect));
    b.input(Input::Ended(A, Ending::Refused));
    assert!(matches!(b.told[..], [Report::Down(Down::Refused)]));
}

/// Carries frames between a client and a node until both are quiet.
fn converse(client: &mut Bench<Client>, node: &mut Bench<Node>) {
    loop {
        let asked = client.sent();
        node.names.clone_from(&client.names);
        asked.iter().for_each(|(conn, frame)| node.frame(*conn, frame.clone()));
        let answered = node.sent();
        answered.iter().for_each(|(conn, frame)| client.frame(*conn, frame.clone()));
        if asked.is_empty() && answered.is_empty() {
            return;
        }
    }
}

/// Three jobs; the consumer dies while it works on the first one and comes back. Gives how many are offered again,
/// and how many offers there are in all.
fn die_at_work(auto_settle: bool) -> (usize, usize) {
    let mut node = Bench::node(Config::default());
    let mut client = consumer(auto_settle, 1);
    let ids = ["m-1", "m-2", "m-3"].map(|id| client.name(id));
    node.names.clone_from(&client.names);
    node.push("jobs", "m-1");
    node.sent();
    converse(&mut client, &mut node);
    assert_eq!(client.told.len(), 1);
    for conn in [A, B] {
        node.input(Input::Ended(conn, Ending::Reset));
    }
    node.push("jobs", "m-2");
    node.push("jobs", "m-3");
    node.sent();
    client.told.clear();
    let session = session(&mut client, auto_settle, 1);
    client.machine.boot(&session);
    connect(&mut client);
    converse(&mut client, &mut node);
    for delivery in 1..=3 {
        client.input(Input::Ask(Ask::Settle(Delivery(delivery), Name::NONE, Settle::Done)));
        converse(&mut client, &mut node);
    }
    let offers = client.told.iter().filter_map(|report| match report {
        Report::Offer { message, redelivered, .. } => Some((message.id, *redelivered)),
        _ => None,
    });
    let offers: Vec<_> = offers.collect();
    assert!(offers.iter().all(|(id, again)| *again == (*id == ids[0])));
    assert!(node.folded.places.is_empty(), "nothing is left anywhere");
    (offers.iter().filter(|(_, again)| *again).count(), offers.len())
}

#[test]
fn a_consumer_that_dies_at_work_loses_what_it_popped_and_keeps_what_it_moved() {
    assert_eq!(die_at_work(true), (0, 2));
    assert_eq!(die_at_work(false), (1, 3));
}

#[test]
fn tables_have_no_key_twice() {
    let mut keys: Vec<_> = rules::TABLE.rules.iter().map(|r| r.key).collect();
    keys.extend(verbs::TABLE.verbs.iter().map(|v| v.name));
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), all);
}

/// One step of a random session against the node.
#[derive(Clone, Copy, Debug)]
enum Step {
    Push(u8, u8, bool),
    Pop(u32, u8, bool),
    Move(u32, u8, u8, bool),
    Remove(u8, u8),
    End(u32),
    Disk,
    Fail,
    Pass(u16),
    Reboot(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u8..3, 0u8..6, any::<bool>()).prop_map(|(l, m, left)| Step::Push(l, m, left)),
        2 => (0u32..4, 0u8..3, any::<bool>()).prop_map(|(c, l, timed)| Step::Pop(c, l, timed)),
        2 => (0u32..4, 0u8..3, 0u8..3, any::<bool>()).prop_map(|(c, f, t, wait)| Step::Move(c, f, t, wait)),
        1 => (0u8..3, 0u8..6).prop_map(|(l, m)| Step::Remove(l, m)),
        1 => (0u32..4).prop_map(Step::End),
        4 => Just(Step::Disk),
        1 => Just(Step::Fail),
        1 => (0u16..3000).prop_map(Step::Pass),
        1 => any::<bool>().prop_map(Step::Reboot),
    ]
}

fn take_step(b: &mut Bench<Node>, config: &Config, step: Step) {
    let lists = [b.name("a"), b.name("b"), b.name("c")];
    let list = |n: u8| lists[n as usize];
    let wait = |timed| if timed { Span::secs(1) } else { Span::ZERO };
    match step {
        Step::Push(l, m, left) => {
            let (list, message) = (list(l), b.msg(&format!("m-{m}")));
            b.frame(A, if left { Frame::Lpush { list, message } } else { Frame::Rpush { list, message } });
        }
        Step::Pop(c, l, timed) => b.frame(ConnId(c), Frame::Brpop { list: list(l), timeout: wait(timed) }),
        Step::Move(c, from, to, false) => b.frame(ConnId(c), Frame::Lmove { from: list(from), to: list(to) }),
        Step::Move(c, from, to, true) => {
            b.frame(ConnId(c), Frame::Blmove { from: list(from), to: list(to), timeout: wait(false) });
        }
        Step::Remove(l, m) => {
            let message = b.msg(&format!("m-{m}"));
            b.frame(A, Frame::Lrem { list: list(l), message });
        }
        Step::End(c) => b.input(Input::Ended(ConnId(c), Ending::Reset)),
        Step::Disk if !b.busy.is_empty() => b.disk_step(),
        Step::Fail if !b.busy.is_empty() && config.fsync != Fsync::Always => {
            let (token, _) = b.busy.remove(0);
            b.input(Input::DiskFailed(token));
        }
        Step::Disk | Step::Fail => {}
        Step::Pass(ms) => b.pass(Span::millis(u64::from(ms))),
        Step::Reboot(power) => {
            let kept = if power { b.synced } else { b.written.len() };
            let disk = b.written[..kept].to_vec();
            b.boot(config, disk);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// After every step the fold of the deltas is what the node shows (checked in `collect`); a clone into a used
    /// node goes on in the same way; and a replay of the whole file gives the lists as they are.
    #[test]
    fn fold_clone_and_replay_agree(
        steps in proptest::collection::vec(step(), 0..60),
        aof in any::<bool>(),
        fsync in prop_oneof![Just(Fsync::Always), Just(Fsync::Everysec), Just(Fsync::No)],
    ) {
        let config = Config { aof, fsync, ..Config::default() };
        let mut b = Bench::node(config.clone());
        let mut used = Node::default();
        for step in steps {
            take_step(&mut b, &config, step);
            used.clone_from(&b.machine);
            let copy = Digest::of(|d| used.digest(b.now, &b.names, d));
            prop_assert_eq!(copy, b.digest());
            std::mem::swap(&mut used, &mut b.machine);
        }
        if aof {
            b.disk();
            b.pass(Span::secs(3));
            b.disk();
            let lists = |b: &mut Bench<Node>| [b.list("a"), b.list("b"), b.list("c")];
            let before = lists(&mut b);
            let disk = b.written.clone();
            b.boot(&config, disk);
            prop_assert_eq!(before, lists(&mut b));
        }
    }
}
