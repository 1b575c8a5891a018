//! A client that is a list of protocol methods in order, which makes any AMQP session a scenario.
//!
//! It decides nothing: a method that has an answer is answered before the next step, any other is not waited for. When
//! the broker closes a channel or the connection, the script agrees and leaves out the steps that needed it, up to the
//! next `channel_open` or `connect`: client libraries refuse them. Publishes and deliveries are noted in the words that
//! producers and consumers use, so that verdicts hold for scripts too.

mod channel;
mod compile;
mod connection;
mod notes;
mod step;
#[cfg(test)]
mod tests;

pub use crate::machine::{Arguments, Literal};
pub use compile::Program;
pub use step::{Size, SpanText, Step, Unless};

use super::client::{Heart, rules, verbs};
use super::{Frame, Method};
use crate::ids::{ActorId, ConnId, Digest, Name, Names, PlaceId, RuleId};
use crate::machine::{Because, Does, Input, Machine, Need, Ports, Token};
use crate::mem::ReuseMap;
use crate::trace::{Observable, What};
use crate::units::Time;
use channel::{Channel, Mode, Subscription};
use compile::{Asked, Op, answer};
use notes::Beliefs;
use std::sync::Arc;

type Io<'a> = Ports<'a, Frame, crate::amqp::Record>;

/// Comes back when a `wait` is over.
const STEP: Token = Token(1);

/// How far the connection is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Stage {
    /// There is none.
    #[default]
    Off,
    /// Dialled.
    Dialling,
    /// Waits for `connection.start`.
    Start,
    /// Waits for `connection.tune`.
    Tune,
    /// Waits for `connection.open-ok`.
    Open,
    /// Open.
    On,
}

/// What the next step waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Waits {
    /// Nothing.
    #[default]
    No,
    /// The connection.
    Connection,
    /// An answer on a channel, by class and method.
    Answer(u16, u16, u16),
    /// A time.
    Time,
    /// As many deliveries as were asked for.
    Deliveries,
}

/// The script machine.
#[derive(Debug, Default)]
pub struct Script {
    program: Arc<Program>,
    /// The next step.
    at: u32,
    stage: Stage,
    waits: Waits,
    conn: ConnId,
    /// A connection that was given up.
    left: ConnId,
    asked: Asked,
    heart: Heart,
    channels: ReuseMap<u16, Channel>,
    /// The queue that the broker named last.
    queue: Name,
    /// Queue and no-ack of the `basic.consume` or `basic.get` that waits for its answer; whether a declare waits for a
    /// name.
    pending: (Name, bool),
    received: u32,
    awaited: u32,
    worked: u32,
    beliefs: Beliefs,
}

crate::clone_in_place!(Script {
    program,
    at,
    stage,
    waits,
    conn,
    left,
    asked,
    heart,
    channels,
    queue,
    pending,
    received,
    awaited,
    worked,
    beliefs
});

impl Script {
    /// A script without steps; see [`Script::boot`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes steps ready to run. The names are interned into the scenario's table.
    pub fn compile(steps: &[Step], names: &mut Names) -> Arc<Program> {
        Arc::new(Program::of(steps, names))
    }

    /// Makes it a script that has not begun; the allocations stay.
    pub fn boot(&mut self, program: &Arc<Program>) {
        self.restart(program);
        self.beliefs.clear();
    }

    /// Makes it a new process with this program. What it has published, and what was answered, stays on record.
    pub fn restart(&mut self, program: &Arc<Program>) {
        if !Arc::ptr_eq(&self.program, program) {
            self.program = Arc::clone(program);
        }
        self.at = 0;
        self.stage = Stage::Off;
        self.waits = Waits::No;
        self.conn = ConnId::NONE;
        self.left = ConnId::NONE;
        self.heart = Heart::default();
        self.channels.clear();
        self.queue = Name::EMPTY;
        self.pending = (Name::NONE, false);
        self.received = 0;
        self.awaited = 0;
        self.worked = 0;
    }

    /// Whether every step has been taken and answered.
    pub fn is_done(&self) -> bool {
        self.at as usize >= self.program.ops.len() && self.waits == Waits::No
    }

    /// Takes steps until one has to wait.
    fn run(&mut self, because: Because, io: &mut Io<'_>) {
        let program = Arc::clone(&self.program);
        while self.waits == Waits::No {
            let Some(op) = program.ops.get(self.at as usize) else { return };
            self.at += 1;
            match op {
                Op::Connect(asked) => self.connect(*asked, because, io),
                Op::Wait(span) => {
                    self.waits = Waits::Time;
                    let verb = verbs::TIMER_STEP;
                    let timer = Does::SetTimer { token: STEP, after: *span, verb, housekeeping: false };
                    io.out.push(rules::SCRIPT_WAIT, because, Need::Nothing, timer);
                }
                Op::Abort if self.stage != Stage::Off => {
                    self.shut(rules::SCRIPT_ABORT, because, true, io);
                }
                Op::Await(n) if self.stage == Stage::On => {
                    self.awaited += n;
                    if self.received < self.awaited {
                        self.waits = Waits::Deliveries;
                    }
                }
                Op::Send { channel, idle, body } if self.may_send(*channel, body) => {
                    let body = self.filled(body, program.queue);
                    if let (true, Method::BasicAck { tag, multiple, .. }) = (idle, &body) {
                        // What it covers is settled, and its work is not counted as done.
                        self.channel(*channel).unsettled.retain(|u| !Channel::covers(*tag, *multiple, u.tag));
                    }
                    self.step(*channel, body, because, io);
                }
                Op::Abort | Op::Await(_) => {}
                Op::Send { body, .. } => {
                    let message = body.message().map_or(Name::NONE, |m| m.id);
                    let step = program.steps.get(self.at as usize - 1).copied().unwrap_or_default();
                    io.out.note(rules::SCRIPT_SKIP, because, What::Withheld, PlaceId::NONE, message, step);
                }
            }
        }
    }

    /// Whether a client library would send it.
    fn may_send(&self, channel: u16, body: &Method) -> bool {
        let closed = || self.channels.get(&channel).is_some_and(|c| c.closed);
        self.stage == Stage::On && (*body == Method::ChannelOpen || !closed())
    }

    /// The method with `{queue}` filled in.
    fn filled(&self, body: &Method, placeholder: Name) -> Method {
        let mut body = body.clone();
        let fill = |name: &mut Name| {
            if *name == placeholder {
                *name = self.queue;
            }
        };
        match &mut body {
            Method::QueueDeclare { queue, .. }
            | Method::QueuePurge { queue, .. }
            | Method::QueueDelete { queue, .. }
            | Method::BasicConsume { queue, .. }
            | Method::BasicGet { queue, .. } => fill(queue),
            Method::QueueBind { queue, key, .. } | Method::QueueUnbind { queue, key, .. } => {
                fill(queue);
                fill(key);
            }
            Method::BasicPublish { key, message, .. } => {
                fill(key);
                fill(&mut message.reply_to);
            }
            _ => {}
        }
        body
    }

    /// Sends a method and remembers what it means.
    fn step(&mut self, number: u16, body: Method, because: Because, io: &mut Io<'_>) {
        if let Some(answer) = answer(&body) {
            self.waits = Waits::Answer(number, answer.0, answer.1);
        }
        let nowait = self.waits == Waits::No;
        let channel = self.channel(number);
        let mut because = because;
        match body {
            Method::ChannelOpen => channel.reset(number),
            Method::BasicPublish { exchange, message: ref m, .. } => {
                let id = m.id;
                let sure = channel.mode == Mode::Plain;
                if !sure {
                    let ticket = channel.window.next();
                    channel.window.add(ticket, exchange, id);
                }
                because = self.beliefs.published(id, sure, because, io);
                let sent = self.send(rules::SCRIPT_STEP, because, number, body, io);
                if sure {
                    self.beliefs.sent(id, sent, io);
                }
                return;
            }
            Method::BasicAck { tag, multiple, .. } => because = self.acknowledge(number, tag, multiple, because, io),
            Method::BasicNack { tag, multiple, .. } => {
                channel.unsettled.retain(|u| !Channel::covers(tag, multiple, u.tag));
            }
            Method::BasicReject { tag, .. } => channel.unsettled.retain(|u| u.tag != tag),
            Method::BasicRecover { .. } | Method::BasicRecoverAsync { .. } => channel.unsettled.clear(),
            Method::ConfirmSelect { nowait: true } => channel.mode = Mode::Confirms,
            Method::BasicConsume { queue, consumer_tag, no_ack, .. } => {
                self.pending = (queue, no_ack);
                if nowait {
                    self.subscribed(number, consumer_tag);
                }
            }
            Method::BasicGet { queue, no_ack } => self.pending = (queue, no_ack),
            Method::QueueDeclare { queue, .. } => self.pending = (queue, false),
            _ => {}
        }
        self.send(rules::SCRIPT_STEP, because, number, body, io);
    }

    /// Counts the work of the deliveries that an ack covers as done.
    fn acknowledge(&mut self, number: u16, tag: u32, multiple: bool, because: Because, io: &mut Io<'_>) -> Because {
        let Script { channels, worked, .. } = self;
        let Some(channel) = channels.get_mut(&number) else { return because };
        let mut because = because;
        for unsettled in channel.unsettled.iter().filter(|u| Channel::covers(tag, multiple, u.tag)) {
            *worked += 1;
            because = notes::worked(unsettled.message, unsettled.queue, *worked, because, io);
        }
        channel.unsettled.retain(|u| !Channel::covers(tag, multiple, u.tag));
        because
    }

    fn subscribed(&mut self, number: u16, tag: Name) {
        let (queue, no_ack) = self.pending;
        let channel = self.channel(number);
        channel.subscriptions.retain(|s| s.tag != tag);
        channel.subscriptions.push(Subscription { tag, queue, no_ack });
    }

    /// The channel with this number, made if it is new.
    fn channel(&mut self, number: u16) -> &mut Channel {
        if !self.channels.contains(&number) {
            self.channels.insert(number, Channel { number, ..Channel::default() });
        }
        self.channels.get_mut(&number).expect("it was there or was put there")
    }

    fn frame(&mut self, frame: Frame, io: &mut Io<'_>) {
        let Frame { channel: number, body } = frame;
        match body {
            Method::ConnectionStart if self.stage == Stage::Start => {
                self.stage = Stage::Tune;
                let login = Method::login(Some(&self.asked.access), self.asked.capabilities);
                self.send(rules::HANDSHAKE, Because::INPUT, 0, login, io);
            }
            Method::ConnectionTune(proposed) if self.stage == Stage::Tune => {
                self.stage = Stage::Open;
                let tune = self.asked.settle(proposed);
                let sent = self.send(rules::HANDSHAKE, Because::INPUT, 0, Method::ConnectionTuneOk(tune), io);
                let open = Method::ConnectionOpen { vhost: self.asked.access.part };
                let sent = self.send(rules::HANDSHAKE, sent, 0, open, io);
                self.heart.start(tune.heartbeat, sent, io);
            }
            Method::ConnectionOpenOk if self.stage == Stage::Open => {
                self.stage = Stage::On;
                self.go_on(Waits::Connection, Because::INPUT, io);
            }
            Method::ConnectionClose(close) => {
                self.refused(None, &close, io);
                let agreed = self.send(rules::AGREE, Because::INPUT, 0, Method::ConnectionCloseOk, io);
                self.lost(Some((rules::AGREE, agreed)), io);
            }
            Method::ChannelClose(close) => {
                self.refused(Some(number), &close, io);
                let agreed = self.send(rules::AGREE, Because::INPUT, number, Method::ChannelCloseOk, io);
                self.channel(number).closed = true;
                self.forget_deliveries();
                if matches!(self.waits, Waits::Answer(on, ..) if on == number) || self.waits == Waits::Deliveries {
                    self.go_on(self.waits, agreed, io);
                }
            }
            body => self.method(number, body, io),
        }
    }

    /// The broker closed a channel, or all of them: what it certainly did not take counts as refused. A connection with
    /// one channel alone tells whose publish was wrong.
    fn refused(&mut self, number: Option<u16>, close: &crate::amqp::Close, io: &mut Io<'_>) {
        let Script { channels, beliefs, .. } = self;
        let only = match number {
            Some(number) => channels.get_mut(&number),
            None if channels.len() == 1 => channels.entry_mut(0).map(|(_, channel)| channel),
            None => None,
        };
        let Some(channel) = only.filter(|channel| channel.mode == Mode::Confirms && !channel.closed) else { return };
        let Some(from) = channel.window.not_taken(close, io.names) else { return };
        channel.window.open_from(from).for_each(|message| beliefs.answered(message, false, io));
        channel.window.reset();
    }

    fn method(&mut self, number: u16, body: Method, io: &mut Io<'_>) {
        match body {
            Method::BasicDeliver { consumer_tag, tag, message, .. } => {
                let found = self.channel(number).subscriptions.iter().find(|s| s.tag == consumer_tag).copied();
                let (queue, no_ack) = found.map_or((Name::NONE, false), |s| (s.queue, s.no_ack));
                self.received += 1;
                let noted = self.take(number, tag, message.id, (queue, no_ack), io);
                if self.received >= self.awaited {
                    self.go_on(Waits::Deliveries, noted, io);
                }
            }
            Method::BasicAck { tag, multiple, .. } => self.answered(number, tag, multiple, true, io),
            Method::BasicNack { tag, multiple, .. } => self.answered(number, tag, multiple, false, io),
            Method::BasicReturn { message, .. } => {
                self.channel(number).window.returned(message.id);
                self.beliefs.returned(message.id, io);
            }
            body => self.answer(number, body, io),
        }
    }

    /// Takes an answer that a step may wait for.
    fn answer(&mut self, number: u16, body: Method, io: &mut Io<'_>) {
        let id = match body {
            // Either is the answer to basic.get.
            Method::BasicGetEmpty => (60, 71),
            _ => body.id(),
        };
        let mut because = Because::INPUT;
        match body {
            Method::ConnectionCloseOk => return self.lost(Some((rules::GOODBYE, Because::INPUT)), io),
            Method::ChannelCloseOk => self.channels.remove(&number),
            Method::QueueDeclareOk { queue, .. } if self.pending.0 == Name::EMPTY => self.queue = queue,
            Method::BasicConsumeOk { consumer_tag } => self.subscribed(number, consumer_tag),
            Method::BasicCancelOk { consumer_tag } => {
                self.channel(number).subscriptions.retain(|s| s.tag != consumer_tag);
            }
            Method::BasicGetOk { tag, message, .. } => because = self.take(number, tag, message.id, self.pending, io),
            Method::ConfirmSelectOk => self.channel(number).mode = Mode::Confirms,
            Method::TxSelectOk => self.channel(number).mode = Mode::Transaction,
            Method::TxCommitOk => self.answered(number, 0, true, true, io),
            Method::TxRollbackOk => self.answered(number, 0, true, false, io),
            _ => {}
        }
        self.go_on(Waits::Answer(number, id.0, id.1), because, io);
    }

    /// A delivery came in, or a get was answered.
    fn take(&mut self, number: u16, tag: u32, message: Name, from: (Name, bool), io: &mut Io<'_>) -> Because {
        let (queue, no_ack) = from;
        let noted = notes::received(message, queue, io);
        if no_ack {
            self.worked += 1;
            return notes::worked(message, queue, self.worked, noted, io);
        }
        self.channel(number).unsettled.push_back(channel::Unsettled { tag, message, queue });
        noted
    }

    fn answered(&mut self, number: u16, tag: u32, multiple: bool, yes: bool, io: &mut Io<'_>) {
        let Script { channels, beliefs, .. } = self;
        let Some(channel) = channels.get_mut(&number) else { return };
        channel.window.answer(tag, multiple, |_, message, returned| {
            if !returned {
                beliefs.answered(message, yes, io);
            }
        });
    }

    /// What was to come on a channel that is gone does not come any more: it is counted anew.
    fn forget_deliveries(&mut self) {
        self.awaited = self.received;
    }

    /// Goes on with the next step if this is what it waits for.
    fn go_on(&mut self, waited: Waits, because: Because, io: &mut Io<'_>) {
        if self.waits == waited {
            self.waits = Waits::No;
            self.run(because, io);
        }
    }

    #[inline]
    fn send(&mut self, rule: RuleId, because: Because, channel: u16, body: Method, io: &mut Io<'_>) -> Because {
        io.out.push(rule, because, Need::Nothing, Does::Send(self.conn, Frame::new(channel, body)))
    }
}

impl Machine for Script {
    type Frame = Frame;
    type Record = crate::amqp::Record;

    fn handle(&mut self, input: Input<Frame>, ports: &mut Io<'_>) {
        match input {
            Input::Started => self.run(Because::INPUT, ports),
            Input::Connected(conn) => self.connected(conn, ports),
            Input::Frame(conn, frame) if conn == self.conn => {
                self.heart.heard(ports.now);
                self.frame(frame, ports);
            }
            Input::Ended(conn, _) if conn == self.conn || (self.stage == Stage::Dialling && conn != self.left) => {
                self.lost(None, ports);
            }
            Input::Timer(token) => self.timer(token, ports),
            Input::Stop => {
                let shut = self.shut(rules::GOODBYE, Because::INPUT, false, ports);
                ports.out.push(RuleId::NONE, shut, Need::Nothing, Does::Exit);
            }
            Input::Frame(..)
            | Input::Ended(..)
            | Input::Ask(_)
            | Input::Report(_)
            | Input::Order(_)
            | Input::DiskDone(_)
            | Input::DiskFailed(_) => {}
        }
    }

    fn observe(&self, me: ActorId, seen: &mut Observable) {
        self.beliefs.observe(me, seen);
    }

    fn digest(&self, now: Time, names: &Names, digest: &mut Digest) {
        digest.word(u64::from(self.at) | (self.stage as u64) << 32);
        match self.waits {
            Waits::No => digest.word(0),
            Waits::Connection => digest.word(1),
            Waits::Time => digest.word(2),
            Waits::Deliveries => digest.word(3),
            Waits::Answer(a, b, c) => digest.word(4 | u64::from(a) << 8 | u64::from(b) << 24 | u64::from(c) << 40),
        }
        // Which one it is, the network knows: it is the only one that stands on this side.
        digest.word(u64::from(self.conn.is_some()));
        self.heart.digest(now, digest);
        digest.unordered(self.channels.values().map(|c| Digest::of(|digest| c.digest(names, digest))));
        names.digest(self.queue, digest);
        names.digest(self.pending.0, digest);
        digest.word(u64::from(self.pending.1));
        // Only the difference decides what is waited for.
        digest.word(u64::from(self.received.wrapping_sub(self.awaited)));
    }
}
