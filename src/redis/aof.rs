//! The append-only file: what is written when, synced when, and what it holds back.
//!
//! Not the lists (that is `node`), and not what becomes of written bytes in a crash (that is the disk's affair).

use super::frame::Frame;
use super::{rules, verbs};
use crate::ids::{CopyId, Digest, Name, Names, RuleId, VerbId};
use crate::machine::{self, Because, Does, File, Message, Need, Op, Ports, Token};
use crate::units::{Span, Time};
use std::collections::VecDeque;

/// When the append-only file is synced: `appendfsync`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Fsync {
    /// After each write, before anybody is answered.
    Always,
    /// Once a second, in the background.
    #[default]
    Everysec,
    /// When the kernel likes.
    No,
}

/// How a node is set up. The defaults are those of Redis 7.0: no append-only file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Whether there is an append-only file: `appendonly`.
    pub aof: bool,
    /// When it is synced.
    pub fsync: Fsync,
    /// With [`Fsync::No`]: how long after a write the kernel writes it back.
    pub writeback: Span,
}

impl Default for Config {
    fn default() -> Self {
        Config { aof: false, fsync: Fsync::default(), writeback: Span::secs(30) }
    }
}

impl Config {
    /// The rule under which answers are given.
    pub(super) fn reply_rule(&self) -> RuleId {
        match (self.aof, self.fsync) {
            (false, _) => rules::REPLY,
            (true, Fsync::Always) => rules::REPLY_SYNCED,
            (true, _) => rules::REPLY_WRITTEN,
        }
    }
}

/// An end of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// The head.
    Left,
    /// The tail.
    Right,
}

/// One command in the append-only file, under its number in the file: what changed, in the form without waiting.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// `LPUSH` or `RPUSH`.
    Push {
        /// The list.
        list: Name,
        /// At which end.
        end: End,
        /// The element.
        message: Message,
        /// Its copy, for show.
        copy: CopyId,
    },
    /// `RPOP`; what a served `BRPOP` is written as.
    Pop(Name),
    /// `LMOVE from to RIGHT LEFT`; what a served `BLMOVE` is written as.
    Move(Name, Name),
    /// `LREM list 1 element`, the element by its message's id.
    Remove(Name, Name),
}

impl machine::Record for Record {
    fn copy(&self) -> Option<(CopyId, Name)> {
        match self {
            Record::Push { copy, message, .. } => Some((*copy, message.id)),
            _ => None,
        }
    }
    fn digest(&self, _: Time, names: &Names, digest: &mut Digest) {
        let mut row = |kind: u64, a: Name, b: Name| {
            digest.word(kind);
            names.digest(a, digest);
            names.digest(b, digest);
        };
        match *self {
            Record::Push { list, end, ref message, .. } => {
                row(if end == End::Left { 0 } else { 1 }, list, message.id);
                message.digest(names, digest);
            }
            Record::Pop(list) => row(2, list, Name::NONE),
            Record::Move(from, to) => row(3, from, to),
            Record::Remove(list, id) => row(4, list, id),
        }
    }
}

/// The one file.
const FILE: File = File(0);
const WRITE: Token = Token(0);
const SYNC: Token = Token(1);
const SYNC_TIMER: Token = Token(2);
const LATE_TIMER: Token = Token(3);
const RETRY_TIMER: Token = Token(4);
const SECOND: Span = Span::secs(1);
/// How long a write waits for a running background sync.
const PATIENCE: Span = Span::secs(2);

/// The file as the process sees it: what it still has to write, and which operations are under way.
#[derive(Debug, Default)]
pub(super) struct Aof {
    /// Commands not yet written; the first `writing` of them are on their way.
    buffer: VecDeque<Record>,
    writing: usize,
    /// The number of the first command in the buffer.
    next: u64,
    /// Something is written that no sync, done or under way, covers.
    dirty: bool,
    syncing: bool,
    /// When the last sync began.
    last_sync: Time,
    /// The timers that are set.
    sync_timer: bool,
    late_timer: bool,
    retry_timer: bool,
    /// The patience with a running sync is at its end.
    late: bool,
    /// The last operation failed: commands that write are refused.
    failed: bool,
}

crate::clone_in_place!(Aof {
    buffer,
    writing,
    next,
    dirty,
    syncing,
    last_sync,
    sync_timer,
    late_timer,
    retry_timer,
    late,
    failed
});

impl Aof {
    /// The file of a process that has just started and read commands up to number `next`.
    pub(super) fn restart(&mut self, next: u64, now: Time) {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        *self = Aof { buffer, next, last_sync: now, ..Aof::default() };
    }

    /// Whether commands that write are refused.
    pub(super) fn refuses(&self) -> bool {
        self.failed
    }

    /// Whether answers must wait for the disk.
    pub(super) fn holds_replies(&self, config: &Config) -> bool {
        self.writing > 0 || (config.fsync == Fsync::Always && (self.syncing || self.dirty))
    }

    /// Whether nothing is left that an orderly end would wait for.
    pub(super) fn is_settled(&self) -> bool {
        self.failed || (self.buffer.is_empty() && !self.dirty && !self.syncing)
    }

    /// Appends a command to the buffer.
    pub(super) fn append(&mut self, record: Record) {
        self.buffer.push_back(record);
    }

    /// Begins what can begin now. Gives whether a write began, which then covers all answers so far.
    pub(super) fn advance(&mut self, config: &Config, hurry: bool, ports: &mut Ports<'_, Frame, Record>) -> bool {
        let behind_sync = self.syncing && !hurry && !self.late;
        let ready = !self.buffer.is_empty() && self.writing == 0 && !self.retry_timer;
        let write = ready
            && match config.fsync {
                Fsync::Always => !self.syncing && !self.dirty,
                Fsync::Everysec => !behind_sync,
                Fsync::No => true,
            };
        if write {
            self.write(ports);
        } else if ready && config.fsync == Fsync::Everysec && !self.late_timer {
            self.late_timer = true;
            set_timer(LATE_TIMER, PATIENCE, verbs::POSTPONE_TIMER, rules::AOF_POSTPONED, ports);
        }
        self.sync_when_due(config, hurry, ports);
        write
    }

    fn write(&mut self, ports: &mut Ports<'_, Frame, Record>) {
        self.writing = self.buffer.len();
        for (number, record) in (self.next..).zip(&self.buffer) {
            ports.out.ops.push(Op::Put(number, record.clone()));
        }
        let write = Does::Write { file: FILE, ops: self.writing as u32, token: WRITE };
        ports.out.push(rules::AOF_WRITE, Because::INPUT, Need::Nothing, write);
    }

    fn sync_when_due(&mut self, config: &Config, hurry: bool, ports: &mut Ports<'_, Frame, Record>) {
        if !self.dirty || self.syncing || self.sync_timer && !hurry {
            return;
        }
        let (rule, wait) = match config.fsync {
            Fsync::Always => (rules::AOF_ALWAYS, Span::ZERO),
            Fsync::Everysec => (rules::AOF_EVERYSEC, (self.last_sync + SECOND).since(ports.now)),
            Fsync::No => (rules::AOF_NO, config.writeback),
        };
        if hurry || wait == Span::ZERO {
            self.sync(rule, ports);
        } else {
            self.sync_timer = true;
            set_timer(SYNC_TIMER, wait, verbs::FSYNC_TIMER, rule, ports);
        }
    }

    fn sync(&mut self, rule: RuleId, ports: &mut Ports<'_, Frame, Record>) {
        (self.dirty, self.syncing, self.last_sync) = (false, true, ports.now);
        ports.out.push(rule, Because::INPUT, Need::Nothing, Does::Sync { file: FILE, token: SYNC });
    }

    /// An own timer ran out.
    pub(super) fn timer(&mut self, token: Token, config: &Config, ports: &mut Ports<'_, Frame, Record>) {
        match token {
            SYNC_TIMER => {
                self.sync_timer = false;
                if self.dirty && !self.syncing {
                    self.sync(if config.fsync == Fsync::No { rules::AOF_NO } else { rules::AOF_EVERYSEC }, ports);
                }
            }
            LATE_TIMER => (self.late_timer, self.late) = (false, true),
            RETRY_TIMER => self.retry_timer = false,
            _ => {}
        }
    }

    /// An own operation is done. Gives whether the answers that it covers may go.
    pub(super) fn done(&mut self, token: Token, config: &Config, ports: &mut Ports<'_, Frame, Record>) -> bool {
        self.failed = false;
        if token == WRITE {
            self.buffer.drain(..self.writing);
            self.next += self.writing as u64;
            (self.writing, self.dirty, self.late) = (0, true, false);
            return config.fsync != Fsync::Always;
        }
        self.syncing = false;
        if std::mem::take(&mut self.late_timer) {
            ports.out.push(rules::AOF_POSTPONED, Because::INPUT, Need::Nothing, Does::CancelTimer(LATE_TIMER));
        }
        true
    }

    /// An own operation failed. Gives whether the process can go on.
    pub(super) fn fail(&mut self, token: Token, config: &Config, ports: &mut Ports<'_, Frame, Record>) -> bool {
        if config.fsync == Fsync::Always {
            ports.out.push(rules::AOF_EXIT, Because::INPUT, Need::Nothing, Does::Exit);
            return false;
        }
        if token == WRITE {
            (self.writing, self.failed, self.retry_timer) = (0, true, true);
            set_timer(RETRY_TIMER, SECOND, verbs::RETRY_TIMER, rules::AOF_FAILED, ports);
        } else {
            // The kernel's own writing back fails without the server hearing of it.
            (self.syncing, self.dirty, self.failed) = (false, true, config.fsync == Fsync::Everysec);
            self.last_sync = ports.now;
        }
        true
    }

    /// Mixes its behaviour into a digest.
    pub(super) fn digest(&self, now: Time, names: &Names, digest: &mut Digest) {
        digest.word(self.next);
        digest.word(self.writing as u64);
        digest.word((self.last_sync + SECOND).since(now).0);
        let flags =
            [self.dirty, self.syncing, self.sync_timer, self.late_timer, self.retry_timer, self.late, self.failed];
        digest.word(flags.iter().fold(0, |bits, flag| bits << 1 | u64::from(*flag)));
        digest.word(self.buffer.len() as u64);
        self.buffer.iter().for_each(|record| machine::Record::digest(record, now, names, digest));
    }
}

fn set_timer(token: Token, after: Span, verb: VerbId, rule: RuleId, ports: &mut Ports<'_, Frame, Record>) {
    let timer = Does::SetTimer { token, after, verb, housekeeping: false };
    ports.out.push(rule, Because::INPUT, Need::Nothing, timer);
}
