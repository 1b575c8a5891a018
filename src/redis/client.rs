//! The client: turns the client port into commands on lists. A session that settles keeps what it works on in a
//! processing list of its own, and takes up again what it finds there.
//!
//! Not policy: when to publish, retry, work and settle is the application's.

use super::aof::Record;
use super::frame::Frame;
use super::rules;
use crate::ids::{ActorId, ConnId, Digest, Name, Names, RuleId};
use crate::machine::{
    self, Answer, Ask, Because, Delivery, Does, Down, Ending, Input, Machine, Message, Need, Publish, Report, Session,
    Settle, Take, Value,
};
use crate::mem::VecMap;
use crate::trace::Observable;
use crate::units::{Span, Time};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Arc;

type Ports<'a> = machine::Ports<'a, Frame, Record>;

/// The option of a subscription that names the processing list.
const PROCESSING: &str = "processing";

/// The option of a subscription that says for how many seconds it waits for an element before it asks again; 0 is
/// without end.
const TIMEOUT: &str = "timeout";

/// Where the session stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Phase {
    #[default]
    Idle,
    Dialling,
    Ready,
}

/// What the next answer on the connection for commands belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Pending {
    Publish(u32),
    Settle,
}

/// What the connection for taking waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Taking {
    #[default]
    Nothing,
    /// How much the own processing list holds.
    Length,
    /// An element of the own processing list.
    Own,
    /// An element of the list.
    Next,
}

/// A client of a Redis server.
#[derive(Debug, Default)]
pub struct Client {
    session: Option<Arc<Session>>,
    processing: Name,
    timeout: Span,
    phase: Phase,
    commands: ConnId,
    taker: ConnId,
    pending: VecDeque<Pending>,
    taking: Taking,
    /// How many elements of the processing list are still to be taken up again.
    own: u32,
    open: VecMap<Delivery, Message>,
    delivered: u32,
    last_ticket: u32,
    /// Its application takes nothing new.
    leaving: bool,
}

crate::clone_in_place!(Client {
    session,
    processing,
    timeout,
    phase,
    commands,
    taker,
    pending,
    taking,
    own,
    open,
    delivered,
    last_ticket,
    leaving
});

impl Client {
    /// Makes it a process that starts, for this session. It dials when its application asks it to connect.
    pub fn boot(&mut self, session: &Arc<Session>) {
        self.session.clone_from(&Some(Arc::clone(session)));
        (self.processing, self.timeout) = (Name::NONE, Span::ZERO);
        self.hang_up();
        (self.delivered, self.last_ticket) = (0, 0);
    }

    fn hang_up(&mut self) {
        (self.phase, self.taking, self.own) = (Phase::Idle, Taking::Nothing, 0);
        self.leaving = false;
        (self.commands, self.taker) = (ConnId::NONE, ConnId::NONE);
        self.pending.clear();
        self.open.clear();
    }

    fn take(&self) -> Option<&Take> {
        self.session.as_ref()?.take.as_ref()
    }

    fn connected(&mut self, conn: ConnId, ports: &mut Ports<'_>) {
        match (self.phase, self.commands.is_some()) {
            (Phase::Dialling, false) => {
                self.commands = conn;
                if self.take().is_some() {
                    return push(rules::CLIENT_CONNECT, Does::Dial, ports);
                }
            }
            (Phase::Dialling, true) => self.taker = conn,
            _ => return push(rules::CLIENT_CLOSE, Does::Shut { conn, abort: true }, ports),
        }
        self.phase = Phase::Ready;
        tell(Report::Ready, ports);
        self.begin_taking(ports);
    }

    fn begin_taking(&mut self, ports: &mut Ports<'_>) {
        let Some(take) = self.take() else { return };
        let timeout = timeout(take, ports);
        if take.auto_settle {
            self.timeout = timeout;
            return self.fetch(ports);
        }
        if !self.processing.is_some() {
            self.processing = processing_list(take, ports);
        }
        self.timeout = timeout;
        self.taking = Taking::Length;
        send(self.taker, rules::CLIENT_OWN, Frame::Llen { list: self.processing }, ports);
    }

    /// Asks for the next element, where it may have one more.
    fn fetch(&mut self, ports: &mut Ports<'_>) {
        let Some(take) = self.take() else { return };
        let (list, auto, most) = (take.from, take.auto_settle, take.prefetch);
        let full = most > 0 && self.open.len() >= most as usize;
        if self.taking != Taking::Nothing || full || self.leaving {
            return;
        }
        let (from, to, timeout) = (self.processing, self.processing, self.timeout);
        let (taking, rule, frame) = if auto {
            (Taking::Next, rules::CLIENT_POP, Frame::Brpop { list, timeout })
        } else if self.own > 0 {
            self.own -= 1;
            (Taking::Own, rules::CLIENT_OWN, Frame::Lmove { from, to })
        } else {
            (Taking::Next, rules::CLIENT_MOVE, Frame::Blmove { from: list, to, timeout })
        };
        self.taking = taking;
        send(self.taker, rule, frame, ports);
    }

    fn taken(&mut self, frame: Frame, ports: &mut Ports<'_>) {
        match (std::mem::take(&mut self.taking), frame) {
            (Taking::Length, Frame::Integer { value, .. }) => self.own = value,
            (taking, Frame::Bulk { message, .. }) => self.offer(message, taking == Taking::Own, ports),
            (Taking::Own, Frame::Nil) => self.own = 0,
            (_, Frame::Error(text)) => return self.lose(Down::Error(text), ports),
            _ => {}
        }
        self.fetch(ports);
    }

    fn offer(&mut self, message: Message, redelivered: bool, ports: &mut Ports<'_>) {
        let Some(&Take { from, .. }) = self.take() else { return };
        self.delivered += 1;
        let delivery = Delivery(self.delivered);
        self.open.insert(delivery, message.clone());
        tell(Report::Offer { delivery, message, from, key: Name::EMPTY, redelivered }, ports);
    }

    fn answered(&mut self, frame: Frame, ports: &mut Ports<'_>) {
        let Some(Pending::Publish(ticket)) = self.pending.pop_front() else { return };
        let answer = if matches!(frame, Frame::Error(_)) { Answer::Refused } else { Answer::Confirmed };
        if self.session.as_ref().is_some_and(|s| s.confirms) {
            tell(Report::Answer(ticket, answer), ports);
        }
    }

    fn ask(&mut self, ask: Ask, ports: &mut Ports<'_>) {
        match (ask, self.phase) {
            (Ask::Connect, Phase::Idle) => {
                self.phase = Phase::Dialling;
                push(rules::CLIENT_CONNECT, Does::Dial, ports);
            }
            (Ask::Publish(publish), Phase::Ready) => self.publish(publish, ports),
            (Ask::Settle(delivery, _, how), Phase::Ready) => {
                self.settle(delivery, how, ports);
                self.fetch(ports);
            }
            (Ask::Cancel, _) => {
                self.leaving = true;
                tell(Report::Unsubscribed, ports);
            }
            (Ask::Disconnect, _) => {
                self.shut(rules::CLIENT_CLOSE, false, ports);
                // The application waits for this before it ends.
                tell(Report::Down(Down::Lost), ports);
            }
            _ => {}
        }
    }

    fn publish(&mut self, publish: Publish, ports: &mut Ports<'_>) {
        let Publish { ticket, to, key, message, .. } = publish;
        let list = if to == Name::EMPTY { key } else { to };
        self.last_ticket = ticket;
        self.command(Pending::Publish(ticket), rules::CLIENT_PUBLISH, Frame::Lpush { list, message }, ports);
    }

    fn command(&mut self, pending: Pending, rule: RuleId, frame: Frame, ports: &mut Ports<'_>) {
        self.pending.push_back(pending);
        send(self.commands, rule, frame, ports);
    }

    fn settle(&mut self, delivery: Delivery, how: Settle, ports: &mut Ports<'_>) {
        if how == Settle::DoneUpTo {
            loop {
                let first = self.open.keys().next().copied();
                let Some(first) = first.filter(|first| *first <= delivery) else { return };
                self.settle(first, Settle::Done, ports);
            }
        }
        let (Some(message), Some(take)) = (self.open.remove(&delivery), self.take()) else { return };
        if take.auto_settle {
            return;
        }
        let back = take.from;
        let rule = match how {
            Settle::Again => rules::CLIENT_AGAIN,
            Settle::Reject => rules::CLIENT_REJECT,
            // The mistakes among them are AMQP's; a scenario for Redis does not ask for them.
            Settle::Done | Settle::DoneUpTo | Settle::Elsewhere | Settle::Stale => rules::CLIENT_DONE,
        };
        if how == Settle::Again {
            let again = Frame::Rpush { list: back, message: message.clone() };
            self.command(Pending::Settle, rule, again, ports);
        }
        self.command(Pending::Settle, rule, Frame::Lrem { list: self.processing, message }, ports);
    }

    fn shut(&mut self, rule: RuleId, abort: bool, ports: &mut Ports<'_>) {
        for conn in [self.commands, self.taker].into_iter().filter(|conn| conn.is_some()) {
            push(rule, Does::Shut { conn, abort }, ports);
        }
        self.hang_up();
    }

    fn lose(&mut self, why: Down, ports: &mut Ports<'_>) {
        self.shut(rules::CLIENT_DOWN, true, ports);
        tell(Report::Down(why), ports);
    }

    fn ended(&mut self, conn: ConnId, how: Ending, ports: &mut Ports<'_>) {
        let known = [self.commands, self.taker].contains(&conn);
        if self.phase == Phase::Idle || !known && self.phase != Phase::Dialling {
            return;
        }
        for mine in [&mut self.commands, &mut self.taker].into_iter().filter(|mine| **mine == conn) {
            *mine = ConnId::NONE;
        }
        self.lose(if how == Ending::Refused { Down::Refused } else { Down::Lost }, ports);
    }
}

/// The name of the list that keeps what this client works on.
fn processing_list(take: &Take, ports: &mut Ports<'_>) -> Name {
    let key = ports.names.intern(PROCESSING);
    match take.options.iter().find(|(option, _)| *option == key) {
        Some((_, Value::Text(name))) => ports.names.intern(name),
        _ => {
            let (from, me) = (take.from, ports.me.0);
            ports.names.compose(|names, text| write!(text, "{}:processing:{me}", names.show(from)))
        }
    }
}

/// For how long a blocking command waits.
fn timeout(take: &Take, ports: &mut Ports<'_>) -> Span {
    if take.options.is_empty() {
        return Span::ZERO;
    }
    let key = ports.names.intern(TIMEOUT);
    match take.options.iter().find(|(option, _)| *option == key) {
        Some((_, Value::Int { value, .. })) => Span::secs((*value).clamp(0, i64::from(u32::MAX)) as u64),
        _ => Span::ZERO,
    }
}

fn push(rule: RuleId, does: Does<Frame>, ports: &mut Ports<'_>) {
    ports.out.push(rule, Because::INPUT, Need::Nothing, does);
}

fn send(conn: ConnId, rule: RuleId, frame: Frame, ports: &mut Ports<'_>) {
    push(rule, Does::Send(conn, frame), ports);
}

/// Telling makes no event, so it has no rule of its own: what the application then does has one.
fn tell(report: Report, ports: &mut Ports<'_>) {
    push(RuleId::NONE, Does::Tell(report), ports);
}

impl Machine for Client {
    type Frame = Frame;
    type Record = Record;

    fn handle(&mut self, input: Input<Frame>, ports: &mut Ports<'_>) {
        match input {
            Input::Connected(conn) => self.connected(conn, ports),
            Input::Frame(conn, frame) if conn == self.taker => self.taken(frame, ports),
            Input::Frame(conn, frame) if conn == self.commands => self.answered(frame, ports),
            Input::Ended(conn, how) => self.ended(conn, how, ports),
            Input::Ask(ask) => self.ask(ask, ports),
            _ => {}
        }
    }

    /// A client holds nothing that is shown: what it offers is in its application's inbox.
    fn observe(&self, _: ActorId, _: &mut Observable) {}

    fn digest(&self, _: Time, names: &Names, digest: &mut Digest) {
        digest.word((self.phase as u64) << 8 | self.taking as u64);
        digest.word(u64::from(self.commands.0) << 32 | u64::from(self.taker.0));
        digest.word(u64::from(self.own) | u64::from(self.leaving) << 32);
        digest.word(self.pending.len() as u64);
        for pending in &self.pending {
            digest.word(match *pending {
                Pending::Publish(ticket) => 1 + u64::from(self.last_ticket.wrapping_sub(ticket)),
                Pending::Settle => 0,
            });
        }
        digest.word(self.open.len() as u64);
        for (delivery, message) in self.open.iter() {
            digest.word(u64::from(self.delivered - delivery.0));
            message.digest(names, digest);
        }
    }
}
