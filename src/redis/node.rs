//! The node: lists, clients that wait, and answers that wait for the append-only file.
//!
//! One command after the other, each at once and whole. While a write is on its way the real server stands still; here
//! it goes on and holds the answers back, which no client can tell apart.

use super::aof::{Aof, Config, End, Record};
use super::frame::Frame;
use super::{rules, verbs};
use crate::ids::{ActorId, ConnId, CopyId, Digest, Name, Names, PlaceId, RuleId};
use crate::machine::{self, Because, Does, File, Input, Machine, Message, Need, Token};
use crate::mem::ReuseMap;
use crate::trace::{Delta, Flags, Held, Observable, PlaceKind, What};
use crate::units::{Span, Time};
use std::collections::VecDeque;
use std::sync::Arc;

type Ports<'a> = machine::Ports<'a, Frame, Record>;

const MISCONF: &str = "MISCONF Errors writing to the AOF file";
/// Where the first element of an empty list stands: in the middle, since lists grow at both ends.
const MIDDLE: u64 = 1 << 63;
/// Timers of waiting clients are named by their connection.
const WAITER: u64 = 1 << 32;

#[derive(Clone, Debug)]
struct Element {
    message: Message,
    copy: CopyId,
    /// Its position for show, ascending from head to tail.
    at: u64,
}

/// A list, from head to tail. It stays when it is empty, which nobody can see.
#[derive(Debug)]
struct List {
    place: PlaceId,
    elements: VecDeque<Element>,
}

crate::clone_in_place!(List { place, elements });

impl List {
    fn put(&mut self, end: End, message: Message, copy: CopyId) -> u64 {
        let (first, last) = (self.elements.front(), self.elements.back());
        let at = match end {
            End::Left => first.map_or(MIDDLE, |e| e.at - 1),
            End::Right => last.map_or(MIDDLE, |e| e.at + 1),
        };
        let element = Element { message, copy, at };
        match end {
            End::Left => self.elements.push_front(element),
            End::Right => self.elements.push_back(element),
        }
        at
    }
    fn take(&mut self, id: Name) -> Option<Element> {
        let at = self.elements.iter().position(|e| e.message.id == id)?;
        self.elements.remove(at)
    }
}

/// A client whose command waits for an element. `to` is [`Name::NONE`] for a pop.
#[derive(Clone, Copy, Debug)]
struct Waiter {
    conn: ConnId,
    from: Name,
    to: Name,
    timed: bool,
}

/// An answer; its connection is [`ConnId::NONE`] once the client is gone.
#[derive(Clone, Debug)]
struct Reply {
    conn: ConnId,
    frame: Frame,
    need: Need,
    /// Under which rule it goes out; [`RuleId::NONE`] for the rule of when answers are given.
    rule: RuleId,
}

/// A Redis server.
#[derive(Debug, Default)]
pub struct Node {
    config: Arc<Config>,
    lists: ReuseMap<Name, List>,
    /// Who waits, in the order of blocking.
    waiters: Vec<Waiter>,
    /// Commands behind a waiting one on the same connection.
    inbox: VecDeque<(ConnId, Frame)>,
    /// Answers not yet sent, and how many of them the operation under way covers.
    replies: VecDeque<Reply>,
    covered: usize,
    stopping: bool,
    aof: Aof,
    misconf: Name,
}

crate::clone_in_place!(Node { config, lists, waiters, inbox, replies, covered, stopping, aof, misconf });

impl Node {
    /// Makes it a process that starts, from what its disk holds, in the order of the keys. Reading ends at the first
    /// number that is missing. Tells what came back as outputs; `Input::Started` comes after.
    pub fn boot(
        &mut self,
        config: &Arc<Config>,
        records: &mut dyn Iterator<Item = (File, u64, Record)>,
        ports: &mut Ports<'_>,
    ) {
        self.config.clone_from(config);
        self.lists.clear();
        self.waiters.clear();
        self.inbox.clear();
        self.replies.clear();
        (self.covered, self.stopping) = (0, false);
        self.misconf = ports.names.intern(MISCONF);
        let mut next = 0;
        for (_, number, record) in records {
            if !config.aof || number != next {
                break;
            }
            self.replay(record, ports);
            next += 1;
        }
        self.aof.restart(next, ports.now);
        self.show_recovered(ports);
    }

    fn replay(&mut self, record: Record, ports: &mut Ports<'_>) {
        match record {
            Record::Push { list, end, message, copy } => {
                self.list(list, ports).put(end, message, copy);
            }
            Record::Pop(list) => {
                self.list(list, ports).elements.pop_back();
            }
            Record::Move(from, to) => {
                if let Some(e) = self.list(from, ports).elements.pop_back() {
                    self.list(to, ports).put(End::Left, e.message, e.copy);
                }
            }
            Record::Remove(list, id) => {
                self.list(list, ports).take(id);
            }
        }
    }

    fn show_recovered(&self, ports: &mut Ports<'_>) {
        let flags = self.flags();
        for list in self.lists.values() {
            for &Element { ref message, copy, at } in &list.elements {
                let (place, message) = (list.place, message.id);
                ports.out.note(rules::AOF_REPLAY, Because::INPUT, What::Recovered, place, message, 0);
                ports.out.delta(|| Delta::Put { place, copy, message, order: at.into(), flags });
            }
        }
    }

    fn flags(&self) -> Flags {
        Flags::PERSISTENT.when(self.config.aof)
    }

    fn list(&mut self, name: Name, ports: &mut Ports<'_>) -> &mut List {
        if !self.lists.contains(&name) {
            self.lists.insert(name, List { place: ports.place(PlaceKind::Queue, name), elements: VecDeque::new() });
        }
        self.lists.get_mut(&name).expect("it was there or was put there")
    }

    fn log(&mut self, record: Record) {
        if self.config.aof {
            self.aof.append(record);
        }
    }

    fn reply(&mut self, conn: ConnId, need: Need, frame: Frame) {
        self.reply_under(RuleId::NONE, conn, need, frame);
    }

    /// An answer that changes nothing says why it is what it is, not when it is given.
    fn reply_under(&mut self, rule: RuleId, conn: ConnId, need: Need, frame: Frame) {
        self.replies.push_back(Reply { conn, frame, need, rule });
    }

    fn execute(&mut self, conn: ConnId, frame: Frame, ports: &mut Ports<'_>) {
        if self.aof.refuses() && !matches!(frame, Frame::Llen { .. }) {
            return self.reply_under(rules::AOF_FAILED, conn, Need::Nothing, Frame::Error(self.misconf));
        }
        match frame {
            Frame::Lpush { list, message } => self.push(conn, list, End::Left, message, ports),
            Frame::Rpush { list, message } => self.push(conn, list, End::Right, message, ports),
            Frame::Brpop { list, timeout } => self.wait_for(conn, list, Name::NONE, timeout, ports),
            Frame::Blmove { from, to, timeout } => self.wait_for(conn, from, to, timeout, ports),
            Frame::Lmove { from, to } => {
                if !self.hand_over(conn, from, to, rules::MOVE, ports) {
                    self.reply_under(rules::EMPTY, conn, Need::Nothing, Frame::Nil);
                }
                self.serve(to, ports);
            }
            Frame::Lrem { list, message } => self.remove(conn, list, message.id, ports),
            Frame::Llen { list } => {
                let value = self.lists.get(&list).map_or(0, |l| l.elements.len() as u32);
                let length = Frame::Integer { value, about: Name::NONE };
                self.reply_under(rules::LENGTH, conn, Need::Nothing, length);
            }
            Frame::Integer { .. } | Frame::Bulk { .. } | Frame::Nil | Frame::Error(_) => {}
        }
    }

    fn push(&mut self, conn: ConnId, name: Name, end: End, message: Message, ports: &mut Ports<'_>) {
        let (copy, id, flags) = (ports.registry.copy(), message.id, self.flags());
        let list = self.list(name, ports);
        let order = list.put(end, message.clone(), copy).into();
        let (place, value) = (list.place, list.elements.len() as u32);
        ports.out.note(rules::PUSH, Because::INPUT, What::Stored, place, id, value);
        ports.out.delta(|| Delta::Put { place, copy, message: id, order, flags });
        self.log(Record::Push { list: name, end, message, copy });
        self.reply(conn, Need::Copy(copy), Frame::Integer { value, about: id });
        self.serve(name, ports);
    }

    fn remove(&mut self, conn: ConnId, name: Name, id: Name, ports: &mut Ports<'_>) {
        let list = self.list(name, ports);
        let (place, found) = (list.place, list.take(id));
        if let Some(Element { copy, .. }) = found {
            ports.out.note(rules::REMOVE, Because::INPUT, What::Settled, place, id, 0);
            ports.out.delta(|| Delta::Remove { copy, place });
            self.log(Record::Remove(name, id));
        }
        let value = u32::from(found.is_some());
        self.reply(conn, Need::Place(place), Frame::Integer { value, about: id });
    }

    /// Takes the element at the tail, if there is one, and answers with it.
    fn hand_over(&mut self, conn: ConnId, from: Name, to: Name, rule: RuleId, ports: &mut Ports<'_>) -> bool {
        let list = self.list(from, ports);
        let source = list.place;
        let Some(Element { message, copy, .. }) = list.elements.pop_back() else { return false };
        let id = message.id;
        if to.is_some() {
            let flags = self.flags();
            let list = self.list(to, ports);
            let (place, order) = (list.place, list.put(End::Left, message.clone(), copy).into());
            ports.out.note(rule, Because::INPUT, What::Stored, place, id, 0);
            ports.out.delta(|| Delta::Move { copy, from: source, to: place, order, flags });
            self.log(Record::Move(from, to));
        } else {
            ports.out.note(rule, Because::INPUT, What::Settled, source, id, 0);
            ports.out.delta(|| Delta::Remove { copy, place: source });
            self.log(Record::Pop(from));
        }
        let list = if to.is_some() { Name::NONE } else { from };
        self.reply(conn, Need::Copy(copy), Frame::Bulk { list, message });
        true
    }

    fn wait_for(&mut self, conn: ConnId, from: Name, to: Name, timeout: Span, ports: &mut Ports<'_>) {
        let rule = if to.is_some() { rules::MOVE } else { rules::POP };
        if self.hand_over(conn, from, to, rule, ports) {
            return self.serve(to, ports);
        }
        let (place, timed) = (self.list(from, ports).place, timeout > Span::ZERO);
        ports.out.note(rules::BLOCK, Because::INPUT, What::Withheld, place, Name::NONE, 0);
        self.waiters.push(Waiter { conn, from, to, timed });
        if timed {
            let (token, verb) = (waiter_token(conn), verbs::BLOCK_TIMEOUT);
            let timer = Does::SetTimer { token, after: timeout, verb, housekeeping: false };
            ports.out.push(rules::TIMEOUT, Because::INPUT, Need::Place(place), timer);
        }
    }

    /// Gives a list's elements to those who wait for them. A move may serve those who wait for its target.
    fn serve(&mut self, name: Name, ports: &mut Ports<'_>) {
        while let Some(at) = self.waiters.iter().position(|w| w.from == name) {
            let Waiter { conn, from, to, .. } = self.waiters[at];
            if !self.hand_over(conn, from, to, rules::SERVE, ports) {
                return;
            }
            self.unblock(at, ports);
            if to.is_some() {
                self.serve(to, ports);
            }
        }
    }

    fn unblock(&mut self, at: usize, ports: &mut Ports<'_>) {
        let Waiter { conn, timed, .. } = self.waiters.remove(at);
        if timed {
            ports.out.push(rules::TIMEOUT, Because::INPUT, Need::Nothing, Does::CancelTimer(waiter_token(conn)));
        }
    }

    fn is_waiting(&self, conn: ConnId) -> bool {
        self.waiters.iter().any(|w| w.conn == conn)
    }

    /// Carries out the commands of connections that wait no longer.
    fn catch_up(&mut self, ports: &mut Ports<'_>) {
        while let Some(at) = self.inbox.iter().position(|(conn, _)| !self.is_waiting(*conn)) {
            if let Some((conn, frame)) = self.inbox.remove(at) {
                self.execute(conn, frame, ports);
            }
        }
    }

    /// A client is gone: its command is forgotten, its answers go nowhere.
    fn forget(&mut self, gone: ConnId, ports: &mut Ports<'_>) {
        if let Some(at) = self.waiters.iter().position(|w| w.conn == gone) {
            let place = self.list(self.waiters[at].from, ports).place;
            ports.out.note(rules::GONE, Because::INPUT, What::Withheld, place, Name::NONE, 0);
            self.unblock(at, ports);
        }
        self.inbox.retain(|(conn, _)| *conn != gone);
        self.replies.iter_mut().filter(|r| r.conn == gone).for_each(|r| r.conn = ConnId::NONE);
    }

    fn give_up_waiting(&mut self, token: Token, ports: &mut Ports<'_>) {
        if let Some(at) = self.waiters.iter().position(|w| w.timed && waiter_token(w.conn) == token) {
            let waiter = self.waiters.remove(at);
            self.reply_under(rules::TIMEOUT, waiter.conn, Need::Nothing, Frame::Nil);
            self.catch_up(ports);
        }
    }

    /// The end of a turn: writes what the turn appended, then answers, or notes which answers must wait.
    fn end_turn(&mut self, new_from: usize, ports: &mut Ports<'_>) {
        if self.aof.advance(&self.config, self.stopping, ports) {
            self.covered = self.replies.len();
        }
        if !self.aof.holds_replies(&self.config) {
            self.release(self.replies.len(), ports);
        } else if ports.out.wanted.notes.has(What::Withheld) {
            for reply in self.replies.range(new_from.min(self.replies.len())..) {
                let message = machine::Wire::words(&reply.frame, ports.names).message;
                let rule = self.config.reply_rule();
                ports.out.note(rule, Because::INPUT, What::Withheld, PlaceId::NONE, message, 0);
            }
        }
        if self.stopping && self.aof.is_settled() {
            ports.out.push(rules::STOP, Because::INPUT, Need::Nothing, Does::Exit);
        }
    }

    fn release(&mut self, count: usize, ports: &mut Ports<'_>) {
        self.release_under(self.config.reply_rule(), count, ports);
    }

    fn release_under(&mut self, common: RuleId, count: usize, ports: &mut Ports<'_>) {
        self.covered = 0;
        for Reply { conn, frame, need, rule } in self.replies.drain(..count).filter(|r| r.conn.is_some()) {
            let rule = if rule.is_some() { rule } else { common };
            ports.out.push(rule, Because::INPUT, need, Does::Send(conn, frame));
        }
    }

    fn disk_done(&mut self, token: Token, ports: &mut Ports<'_>) {
        if self.aof.done(token, &self.config, ports) {
            self.release(self.covered, ports);
        }
        self.end_turn(usize::MAX, ports);
    }

    fn disk_failed(&mut self, token: Token, ports: &mut Ports<'_>) {
        if self.aof.fail(token, &self.config, ports) {
            self.release_under(rules::AOF_FAILED, self.covered, ports);
            self.end_turn(usize::MAX, ports);
        }
    }
}

fn waiter_token(conn: ConnId) -> Token {
    Token(WAITER | u64::from(conn.0))
}

impl Machine for Node {
    type Frame = Frame;
    type Record = Record;

    fn handle(&mut self, input: Input<Frame>, ports: &mut Ports<'_>) {
        let new_from = self.replies.len();
        match input {
            Input::Frame(conn, frame) if self.is_waiting(conn) => {
                let message = machine::Wire::words(&frame, ports.names).message;
                ports.out.note(rules::BLOCK, Because::INPUT, What::Withheld, PlaceId::NONE, message, 0);
                return self.inbox.push_back((conn, frame));
            }
            Input::Frame(conn, frame) => {
                self.execute(conn, frame, ports);
                self.catch_up(ports);
            }
            Input::Ended(conn, _) => self.forget(conn, ports),
            Input::Timer(token) if token.0 & WAITER != 0 => self.give_up_waiting(token, ports),
            Input::Timer(token) => self.aof.timer(token, &self.config, ports),
            Input::DiskDone(token) => return self.disk_done(token, ports),
            Input::DiskFailed(token) => return self.disk_failed(token, ports),
            Input::Stop => self.stopping = true,
            Input::Started | Input::Connected(_) | Input::Ask(_) | Input::Report(_) | Input::Order(_) => {
                return;
            }
        }
        self.end_turn(new_from, ports);
    }

    fn held(&self) -> usize {
        self.lists.values().map(|list| list.elements.len()).sum()
    }

    fn observe(&self, _: ActorId, seen: &mut Observable) {
        for list in self.lists.values() {
            for e in &list.elements {
                let held = Held { copy: e.copy, message: e.message.id, flags: self.flags() };
                seen.put(list.place, e.at.into(), held);
            }
        }
    }

    fn digest(&self, now: Time, names: &Names, digest: &mut Digest) {
        let full = self.lists.iter().filter(|(_, list)| !list.elements.is_empty());
        digest.unordered(full.map(|(name, list)| {
            Digest::of(|d| {
                names.digest(*name, d);
                list.elements.iter().for_each(|e| e.message.digest(names, d));
            })
        }));
        digest.word(self.waiters.len() as u64);
        for waiter in &self.waiters {
            digest.word(u64::from(waiter.conn.0) << 1 | u64::from(waiter.timed));
            names.digest(waiter.from, digest);
            names.digest(waiter.to, digest);
        }
        digest.word(self.inbox.len() as u64);
        for (conn, frame) in &self.inbox {
            digest.word(u64::from(conn.0));
            machine::Wire::digest(frame, names, digest);
        }
        digest.word(self.replies.len() as u64);
        for reply in &self.replies {
            digest.word(u64::from(reply.conn.0));
            machine::Wire::digest(&reply.frame, names, digest);
        }
        digest.word((self.covered as u64) << 1 | u64::from(self.stopping));
        self.aof.digest(now, names, digest);
    }
}
