//! The client library of an application that uses AMQP: below the client port it turns "publish", "settle" and
//! "connect" into methods on one connection with one channel, and back.
//!
//! Not the application: when to send, retry, wait or reconnect is decided above. It is told that its session is gone and
//! asks again.

mod heart;
mod poll;
pub mod rules;
mod session;
mod stray;
#[cfg(test)]
mod tests;
pub mod verbs;
mod window;

pub(super) use heart::{Heart, Pulse, agree};
pub(super) use window::Window;

use poll::Poll;
use stray::{STRAY_CHANNEL, Stray};

use super::{Close, Frame, Method, Table};
use crate::ids::{ActorId, ConnId, Digest, Name, Names, RuleId};
use crate::machine::{
    Answer, Ask, Because, Delivery, Does, Down, Ending, Input, Machine, Message, Need, Ports, Publish, Report, Session,
    Settle, Token, Value,
};
use crate::mem::Memo;
use crate::trace::Observable;
use crate::units::Time;
use std::sync::Arc;

type Io<'a> = Ports<'a, Frame, crate::amqp::Record>;

/// A subscription's options.
type Options = Arc<Vec<(Name, Value)>>;

/// The channel that the client uses.
const CHANNEL: u16 = 1;

/// How many mandatory publishes without confirms are remembered, in case they come back.
const RETURNABLE: usize = 1024;

/// How far the session has come. Each waits for what its name says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Stage {
    /// Nothing asked for, or nothing left.
    #[default]
    Idle,
    /// For the connection.
    Dialling,
    /// For `connection.start`.
    Start,
    /// For `connection.tune`.
    Tune,
    /// For `connection.open-ok`.
    Open,
    /// For `channel.open-ok`.
    Channel,
    /// For `confirm.select-ok`.
    Confirms,
    /// For `tx.select-ok`.
    Transactions,
    /// For `basic.qos-ok`.
    Qos,
    /// For `basic.consume-ok`.
    Consume,
    /// The session stands.
    Ready,
    /// The broker closed the channel; the connection stands.
    ChannelGone,
    /// For `connection.close-ok`.
    Closing,
}

/// The client machine.
#[derive(Debug)]
pub struct Client {
    session: Arc<Session>,
    stage: Stage,
    conn: ConnId,
    /// A connection that was given up, whose end is of no interest any more.
    left: ConnId,
    heart: Heart,
    window: Window,
    /// The highest delivery number given out.
    delivered: u32,
    /// The delivery number before the first of this channel: a tag is a delivery number less this.
    base: u32,
    /// The same for the last channel before this one that brought a delivery.
    base_before: u32,
    /// The tag of the subscription, once it stands.
    tag: Name,
    poll: Poll,
    stray: Stray,
    /// The subscription's arguments, and the options they were made from.
    arguments: Memo<(Options, Arc<Table>)>,
}

crate::clone_in_place!(Client {
    session,
    stage,
    conn,
    left,
    heart,
    window,
    delivered,
    base,
    base_before,
    tag,
    poll,
    stray,
    arguments
});

impl Default for Client {
    fn default() -> Self {
        Client::new()
    }
}

impl Client {
    /// A client that publishes without confirms and consumes nothing; see [`Client::boot`].
    pub fn new() -> Self {
        Client {
            session: Arc::new(Session {
                confirms: false,
                take: None,
                heartbeat: None,
                access: None,
                transactions: false,
            }),
            stage: Stage::Idle,
            conn: ConnId::NONE,
            left: ConnId::NONE,
            heart: Heart::default(),
            window: Window::default(),
            delivered: 0,
            base: 0,
            base_before: 0,
            tag: Name::NONE,
            poll: Poll::default(),
            stray: Stray::default(),
            arguments: Memo::default(),
        }
    }

    /// Makes it a new process with this session; the allocations stay.
    pub fn boot(&mut self, session: &Arc<Session>) {
        if !Arc::ptr_eq(&self.session, session) {
            self.session = Arc::clone(session);
        }
        self.stage = Stage::Idle;
        self.conn = ConnId::NONE;
        self.left = ConnId::NONE;
        self.heart = Heart::default();
        self.window.reset();
        self.delivered = 0;
        (self.base, self.base_before) = (0, 0);
        self.tag = Name::NONE;
        self.poll = Poll::default();
        self.stray.clear();
    }

    fn on_ask(&mut self, ask: Ask, io: &mut Io<'_>) {
        match ask {
            Ask::Publish(publish) if self.stage == Stage::Ready => self.publish(publish, io),
            Ask::Settle(delivery, about, how) if self.stage == Stage::Ready => self.settle(delivery, about, how, io),
            // The application was told that the session is gone; what it still asks of it has no receiver.
            Ask::Commit | Ask::Rollback if self.stage == Stage::Ready => {
                let commit = matches!(ask, Ask::Commit);
                self.window.end_transaction();
                let body = if commit { Method::TxCommit } else { Method::TxRollback };
                self.send(RuleId::NONE, Because::INPUT, CHANNEL, body, io);
            }
            Ask::Publish(_) | Ask::Settle(..) | Ask::Commit | Ask::Rollback => {}
            Ask::Cancel => self.unsubscribe(io),
            Ask::Connect => self.connect(io),
            Ask::Disconnect => self.disconnect(io),
        }
    }

    fn publish(&mut self, publish: Publish, io: &mut Io<'_>) {
        let Publish { ticket, to, key, message, mandatory } = publish;
        if self.session.confirms || self.session.transactions {
            self.window.add(ticket, to, message.id);
        } else if mandatory {
            self.window.add(ticket, to, message.id);
            self.window.keep(RETURNABLE);
        }
        let body = Method::BasicPublish { exchange: to, key, mandatory, immediate: false, message };
        self.send(rules::PUBLISH, Because::INPUT, CHANNEL, body, io);
    }

    /// A settlement goes out as it is asked for, also where it is asked for twice: the broker objects to that, not the
    /// library.
    fn settle(&mut self, delivery: Delivery, about: Name, how: Settle, io: &mut Io<'_>) {
        let auto = self.session.take.as_ref().is_some_and(|take| take.auto_settle);
        let stale = how == Settle::Stale && delivery.0 > self.base_before && delivery.0 <= self.base;
        let base = if stale { self.base_before } else { self.base };
        if auto || delivery.0 <= base || delivery.0 > self.delivered {
            return;
        }
        let tag = delivery.0 - base;
        let body = match how {
            Settle::Elsewhere => return self.settle_elsewhere(tag, about, io),
            Settle::Done | Settle::Stale => Method::BasicAck { tag, multiple: false, confirm: false, about },
            Settle::DoneUpTo => Method::BasicAck { tag, multiple: true, confirm: false, about },
            Settle::Again => Method::BasicNack { tag, multiple: false, requeue: true, confirm: false, about },
            Settle::Reject => Method::BasicReject { tag, requeue: false, about },
        };
        self.send(RuleId::NONE, Because::INPUT, CHANNEL, body, io);
    }

    fn on_frame(&mut self, frame: Frame, io: &mut Io<'_>) {
        match frame.body {
            Method::ConnectionClose(close) => self.connection_closed(close, io),
            Method::ConnectionCloseOk if self.stage == Stage::Closing => self.gone(io),
            // Whoever has sent a close reads nothing but its answer.
            _ if matches!(self.stage, Stage::Closing | Stage::Idle) => {}
            body if frame.channel == STRAY_CHANNEL => self.on_stray(&body, io),
            Method::ChannelClose(close) => self.channel_closed(close, io),
            _ if self.stage == Stage::ChannelGone => {}
            Method::BasicGetOk { tag, redelivered, message, key, .. } => {
                self.polled(Some((tag, redelivered, message, key)), io);
            }
            Method::BasicGetEmpty => self.polled(None, io),
            Method::BasicDeliver { tag, redelivered, message, key, .. } => {
                self.offer((tag, redelivered, message, key), io);
            }
            Method::TxCommitOk => self.transaction_ended(Answer::Confirmed, io),
            Method::TxRollbackOk => self.transaction_ended(Answer::Refused, io),
            Method::BasicCancelOk { .. } => _ = tell(Because::INPUT, Report::Unsubscribed, io),
            Method::BasicAck { tag, multiple, .. } => self.answered(tag, multiple, Answer::Confirmed, io),
            Method::BasicNack { tag, multiple, .. } => self.answered(tag, multiple, Answer::Refused, io),
            Method::BasicReturn { message, .. } => {
                if let Some(ticket) = self.window.returned(message.id) {
                    tell(Because::INPUT, Report::Returned(ticket), io);
                }
            }
            // RabbitMQ never waits for an answer to it, and never sends `channel.flow`.
            Method::BasicCancel { .. } => _ = tell(Because::INPUT, Report::Cancelled, io),
            body => self.advance(&body, io),
        }
    }

    fn offer(&mut self, (tag, redelivered, message, key): (u32, bool, Message, Name), io: &mut Io<'_>) {
        let delivery = Delivery(self.base + tag);
        self.delivered = self.delivered.max(delivery.0);
        let from = self.session.take.as_ref().map_or(Name::NONE, |take| take.from);
        tell(Because::INPUT, Report::Offer { delivery, message, from, key, redelivered }, io);
    }

    /// A transaction has ended: each of its publishes is answered.
    fn transaction_ended(&mut self, answer: Answer, io: &mut Io<'_>) {
        // One without publishes has none to answer; 0 would mean all there are.
        let Some(last) = self.window.ended_transaction().filter(|last| *last > 0) else { return };
        self.window.answer(last, true, |ticket, _, _| {
            tell(Because::INPUT, Report::Answer(ticket, answer), io);
        });
    }

    /// Ends the subscription; where there is none, it has ended already.
    fn unsubscribe(&mut self, io: &mut Io<'_>) {
        self.poll.stop(io);
        if self.stage == Stage::Ready && self.tag.is_some() {
            let cancel = Method::BasicCancel { consumer_tag: self.tag, nowait: false };
            self.send(RuleId::NONE, Because::INPUT, CHANNEL, cancel, io);
            self.tag = Name::NONE;
        } else {
            tell(Because::INPUT, Report::Unsubscribed, io);
        }
    }

    fn answered(&mut self, number: u32, multiple: bool, answer: Answer, io: &mut Io<'_>) {
        if !self.session.confirms {
            return;
        }
        self.window.answer(number, multiple, |ticket, _, _| {
            tell(Because::INPUT, Report::Answer(ticket, answer), io);
        });
    }

    /// The broker closed the channel: the connection stays, and the next [`Ask::Connect`] opens the channel again.
    fn channel_closed(&mut self, close: Close, io: &mut Io<'_>) {
        let agreed = self.send(rules::AGREE, Because::INPUT, CHANNEL, Method::ChannelCloseOk, io);
        if self.stage != Stage::ChannelGone {
            let down = self.error(&close, io);
            self.stage = Stage::ChannelGone;
            self.poll.stop(io);
            self.end_channel();
            tell(agreed, Report::Down(down), io);
        }
    }

    fn connection_closed(&mut self, close: Close, io: &mut Io<'_>) {
        let (known, down) = (self.knows_down(), self.error(&close, io));
        let agreed = self.send(rules::AGREE, Because::INPUT, 0, Method::ConnectionCloseOk, io);
        self.shut(rules::AGREE, agreed, false, io);
        if !known {
            tell(agreed, Report::Down(down), io);
        }
    }

    /// What the application is told of an error: with confirms, from which publish on nothing was taken.
    fn error(&self, close: &Close, io: &Io<'_>) -> Down {
        match self.window.not_taken(close, io.names) {
            Some(ticket) if self.session.confirms => Down::BadPublish(close.text, ticket),
            _ => Down::Error(close.text),
        }
    }

    fn ended(&mut self, conn: ConnId, how: Ending, io: &mut Io<'_>) {
        let dial_failed = self.stage == Stage::Dialling && conn != self.left;
        if conn != self.conn && !dial_failed {
            return;
        }
        let known = self.knows_down();
        self.forget_connection(io);
        if !known {
            let down = if how == Ending::Refused { Down::Refused } else { Down::Lost };
            tell(Because::INPUT, Report::Down(down), io);
        }
    }

    /// Whether the application was told of the end before. One that asked for it waits to be told.
    fn knows_down(&self) -> bool {
        matches!(self.stage, Stage::Idle | Stage::ChannelGone)
    }

    fn timer(&mut self, token: Token, io: &mut Io<'_>) {
        if token == poll::LOOK {
            return self.look(io);
        }
        if self.heart.timer(token, self.conn, io) != Pulse::Dead {
            return;
        }
        let known = self.knows_down();
        let shut = self.shut(rules::SILENCE, Because::INPUT, true, io);
        if !known {
            tell(shut, Report::Down(Down::Lost), io);
        }
    }

    #[inline]
    fn send(&mut self, rule: RuleId, because: Because, channel: u16, body: Method, io: &mut Io<'_>) -> Because {
        io.out.send(rule, because, Need::Nothing, self.conn, Frame::new(channel, body))
    }

    /// Closes the connection on its own side and forgets it.
    fn shut(&mut self, rule: RuleId, because: Because, abort: bool, io: &mut Io<'_>) -> Because {
        let shut = io.out.push(rule, because, Need::Nothing, Does::Shut { conn: self.conn, abort });
        self.forget_connection(io);
        shut
    }

    fn forget_connection(&mut self, io: &mut Io<'_>) {
        if self.conn.is_some() {
            self.left = self.conn;
        }
        self.conn = ConnId::NONE;
        self.stage = Stage::Idle;
        self.heart.stop(io);
        self.poll.stop(io);
        self.stray.clear();
        self.end_channel();
    }

    fn end_channel(&mut self) {
        self.window.reset();
        self.tag = Name::NONE;
        if self.delivered > self.base {
            self.base_before = self.base;
        }
        self.base = self.delivered;
    }
}

#[inline]
fn tell(because: Because, report: Report, io: &mut Io<'_>) -> Because {
    io.out.tell(because, report)
}

impl Machine for Client {
    type Frame = Frame;
    type Record = crate::amqp::Record;

    fn handle(&mut self, input: Input<Frame>, ports: &mut Io<'_>) {
        match input {
            Input::Ask(ask) => self.on_ask(ask, ports),
            Input::Frame(conn, frame) => self.frame(conn, frame, ports),
            Input::Connected(conn) => self.connected(conn, ports),
            Input::Ended(conn, how) => self.ended(conn, how, ports),
            Input::Timer(token) => self.timer(token, ports),
            // The application is the process: it is started, stopped and told, and asks for what it needs. A client
            // has no disk.
            Input::Started
            | Input::Stop
            | Input::Report(_)
            | Input::Order(_)
            | Input::DiskDone(_)
            | Input::DiskFailed(_) => {}
        }
    }

    fn frame(&mut self, conn: ConnId, frame: Frame, ports: &mut Io<'_>) {
        if conn == self.conn {
            self.heart.heard(ports.now);
            self.on_frame(frame, ports);
        }
    }

    fn ask(&mut self, ask: Ask, ports: &mut Io<'_>) {
        self.on_ask(ask, ports);
    }

    fn asks(&self) -> Option<(Name, Name)> {
        self.asks_queue()
    }

    fn observe(&self, _: ActorId, _: &mut Observable) {}

    fn digest(&self, now: Time, names: &Names, digest: &mut Digest) {
        digest.word(self.stage as u64);
        // Which one it is, the network knows: it is the only one that stands on this side.
        digest.word(u64::from(self.conn.is_some()));
        digest.word(u64::from(self.delivered) | u64::from(self.base) << 32);
        digest.word(u64::from(self.base_before) | u64::from(self.tag.is_some()) << 32);
        self.poll.digest(digest);
        self.stray.digest(names, digest);
        self.heart.digest(now, digest);
        self.window.digest(names, digest);
    }
}
