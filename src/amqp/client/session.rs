//! How a session comes up, step by step, and how it is ended in order.

use super::{CHANNEL, Client, Io, Options, Stage, agree, rules, tell};
use crate::amqp::{Capabilities, Close, Method, Table};
use crate::ids::{ConnId, Name};
use crate::machine::{Because, Does, Down, Need, Report, Take, Value};
use std::sync::Arc;

impl Client {
    pub(super) fn connect(&mut self, io: &mut Io<'_>) {
        match self.stage {
            Stage::ChannelGone => {
                self.stage = Stage::Channel;
                self.send(rules::REOPEN, Because::INPUT, CHANNEL, Method::ChannelOpen, io);
            }
            Stage::Idle | Stage::Closing => {
                if self.stage == Stage::Closing {
                    self.shut(rules::GOODBYE, Because::INPUT, false, io);
                }
                self.stage = Stage::Dialling;
                io.out.push(crate::ids::RuleId::NONE, Because::INPUT, Need::Nothing, Does::Dial);
            }
            // It is on its way, or stands.
            _ => {}
        }
    }

    pub(super) fn connected(&mut self, conn: ConnId, io: &mut Io<'_>) {
        if self.stage != Stage::Dialling {
            // The application changed its mind while the connection was being made.
            io.out.push(rules::GOODBYE, Because::INPUT, Need::Nothing, Does::Shut { conn, abort: false });
            return;
        }
        self.conn = conn;
        self.stage = Stage::Start;
        self.heart.heard(io.now);
        self.send(rules::HANDSHAKE, Because::INPUT, 0, Method::ProtocolHeader, io);
    }

    pub(super) fn disconnect(&mut self, io: &mut Io<'_>) {
        match self.stage {
            Stage::Idle | Stage::Closing => {}
            Stage::Dialling => self.stage = Stage::Idle,
            // Before the connection is open there is nothing to close in order.
            Stage::Start | Stage::Tune => _ = self.shut(rules::GOODBYE, Because::INPUT, false, io),
            _ => {
                self.stage = Stage::Closing;
                let text = io.names.intern("Goodbye");
                let close = Method::ConnectionClose(Close { code: 200, text, class: 0, method: 0 });
                self.send(rules::GOODBYE, Because::INPUT, 0, close, io);
            }
        }
    }

    /// The broker agreed to the end that this client asked for. The application waits for this before it ends.
    pub(super) fn gone(&mut self, io: &mut Io<'_>) {
        let shut = self.shut(rules::GOODBYE, Because::INPUT, false, io);
        tell(shut, Report::Down(Down::Lost), io);
    }

    /// Takes the answer that the stage waits for; anything else changes nothing.
    pub(super) fn advance(&mut self, body: &Method, io: &mut Io<'_>) {
        match (self.stage, body) {
            (Stage::Start, Method::ConnectionStart) => {
                self.stage = Stage::Tune;
                let login = Method::login(self.session.access.as_ref(), Capabilities::ALL);
                self.send(rules::HANDSHAKE, Because::INPUT, 0, login, io);
            }
            (Stage::Tune, Method::ConnectionTune(proposed)) => {
                let tune = agree(*proposed, self.session.heartbeat);
                self.stage = Stage::Open;
                let sent = self.send(rules::HANDSHAKE, Because::INPUT, 0, Method::ConnectionTuneOk(tune), io);
                let vhost = self.session.access.as_ref().map_or(Name::NONE, |access| access.part);
                let vhost = if vhost.is_some() { vhost } else { io.names.intern("/") };
                let sent = self.send(rules::HANDSHAKE, sent, 0, Method::ConnectionOpen { vhost }, io);
                self.heart.start(tune.heartbeat, sent, io);
            }
            (Stage::Open, Method::ConnectionOpenOk) => {
                self.stage = Stage::Channel;
                self.send(rules::HANDSHAKE, Because::INPUT, CHANNEL, Method::ChannelOpen, io);
            }
            (Stage::Channel, Method::ChannelOpenOk) => self.set_up(Stage::Channel, io),
            (Stage::Transactions, Method::TxSelectOk) => self.set_up(Stage::Transactions, io),
            (Stage::Confirms, Method::ConfirmSelectOk) => self.set_up(Stage::Confirms, io),
            (Stage::Qos, Method::BasicQosOk) => self.set_up(Stage::Qos, io),
            (Stage::Consume, Method::BasicConsumeOk { consumer_tag }) => {
                self.tag = *consumer_tag;
                self.set_up(Stage::Consume, io);
            }
            _ => {}
        }
    }

    /// The next step of the session behind the one that is done.
    fn set_up(&mut self, done: Stage, io: &mut Io<'_>) {
        let session = Arc::clone(&self.session);
        let (next, body) = match (&session.take, done) {
            (_, Stage::Channel) if session.confirms => (Stage::Confirms, Method::ConfirmSelect { nowait: false }),
            (_, Stage::Channel) if session.transactions => (Stage::Transactions, Method::TxSelect),
            (Some(take), Stage::Channel | Stage::Confirms) if take.poll.is_some() => {
                self.stage = Stage::Ready;
                tell(Because::INPUT, Report::Ready, io);
                return self.look(io);
            }
            (Some(take), Stage::Channel | Stage::Confirms) if take.prefetch > 0 => (Stage::Qos, qos(take)),
            (Some(take), Stage::Channel | Stage::Confirms | Stage::Qos) => (Stage::Consume, self.consume(take, io)),
            _ => {
                self.stage = Stage::Ready;
                tell(Because::INPUT, Report::Ready, io);
                return;
            }
        };
        self.stage = next;
        self.send(rules::SESSION, Because::INPUT, CHANNEL, body, io);
    }

    /// The subscription: of its options `consumer_tag` and `exclusive` are fields of the method, the rest are arguments.
    fn consume(&mut self, take: &Take, io: &mut Io<'_>) -> Method {
        let option = |word: &str| {
            let word = io.names.find(word)?;
            take.options.iter().find(|(name, _)| *name == word).map(|(_, value)| value)
        };
        let exclusive = option("exclusive") == Some(&Value::Bool(true));
        let tag = match option("consumer_tag") {
            Some(Value::Text(tag)) => Some(Arc::clone(tag)),
            _ => None,
        };
        let consumer_tag = tag.map_or(Name::EMPTY, |tag| io.names.intern(&tag));
        let same = |(options, _): &(Options, Arc<Table>)| Arc::ptr_eq(options, &take.options);
        let (_, arguments) = self.arguments.get(same, || {
            let own = |name: &str| name == "consumer_tag" || name == "exclusive";
            let rows = take.options.iter().map(|(name, value)| (io.names.text(*name), value));
            let rows = rows.filter(|(name, _)| !own(name)).map(|(name, v)| (name.into(), v.clone()));
            (Arc::clone(&take.options), Arc::new(rows.collect()))
        });
        let arguments = Arc::clone(arguments);
        Method::BasicConsume {
            queue: take.from,
            consumer_tag,
            no_local: false,
            no_ack: take.auto_settle,
            exclusive,
            nowait: false,
            arguments,
        }
    }
}

/// A limit per consumer; the protocol's field has 16 bits.
fn qos(take: &Take) -> Method {
    let prefetch_count = u16::try_from(take.prefetch).unwrap_or(u16::MAX);
    Method::BasicQos { prefetch_size: 0, prefetch_count, global: false }
}
