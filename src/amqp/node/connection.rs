//! Opening and closing of connections and channels, and signs of life (R1, R20).

use super::channel::{Connection, Stage};
use super::{Node, Port, Tick, token};
use crate::amqp::error::{self, Checked, Refusal};
use crate::amqp::method::{Close, Method, Tune};
use crate::amqp::{rules, verbs};
use crate::ids::{ConnId, Name};
use crate::machine::{Because, Does, Need, Token};
use crate::mem::ReuseMap;
use crate::trace::What;
use crate::units::Span;

impl Node {
    pub(super) fn on_connected(&mut self, conn: ConnId, ports: &mut Port<'_>) {
        if self.life != super::Life::Up {
            ports.out.push(rules::STOPPED, Because::INPUT, Need::Nothing, Does::Shut { conn, abort: true });
            return;
        }
        let tune = self.proposal();
        let connection = Connection {
            stage: Stage::Header,
            vhost: 0,
            tune,
            channels: ReuseMap::new(),
            sent: false,
            heard: false,
            silent: 0,
            cancel_notify: true,
        };
        self.connections.insert(conn, connection);
    }

    fn proposal(&self) -> Tune {
        let config = &self.config;
        Tune { channel_max: config.channel_max, frame_max: config.frame_max, heartbeat: config.heartbeat }
    }

    /// A method on channel 0, or before the connection is open.
    pub(super) fn on_connection_method(&mut self, conn: ConnId, channel: u16, body: Method, ports: &mut Port<'_>) {
        let id = body.id();
        if let Err(refusal) = self.connection_method(conn, channel, body, ports) {
            self.close_connection_with(conn, id, &refusal, ports);
        }
    }

    fn connection_method(&mut self, conn: ConnId, channel: u16, body: Method, ports: &mut Port<'_>) -> Checked {
        let proposal = self.proposal();
        let Some(connection) = self.connections.get_mut(&conn) else { return Ok(()) };
        let stage = connection.stage;
        let reply = match (stage, body) {
            (Stage::Closing, Method::ConnectionCloseOk) => {
                self.hang_up(conn, ports);
                return Ok(());
            }
            (Stage::Closing, Method::ConnectionClose(_)) => Method::ConnectionCloseOk,
            (Stage::Closing, _) | (_, Method::Heartbeat) => return Ok(()),
            (_, Method::ConnectionClose(_)) if channel == 0 => {
                self.answer(rules::CLOSED_IN_ORDER, (conn, 0), Method::ConnectionCloseOk, ports);
                self.hang_up(conn, ports);
                return Ok(());
            }
            (Stage::Header, Method::ProtocolHeader) => {
                connection.stage = Stage::StartOk;
                Method::ConnectionStart
            }
            (Stage::StartOk, Method::ConnectionStartOk { cancel_notify }) => {
                connection.cancel_notify = cancel_notify;
                connection.stage = Stage::TuneOk;
                Method::ConnectionTune(proposal)
            }
            (Stage::TuneOk, Method::ConnectionTuneOk(tune)) => {
                connection.stage = Stage::Open;
                connection.tune = tune;
                self.watch(conn, tune.heartbeat, ports);
                return Ok(());
            }
            (Stage::Open, Method::ConnectionOpen { vhost }) => {
                let Some(at) = self.vhosts.iter().position(|known| known.name == vhost) else {
                    return error::not_allowed(format_args!("vhost {} not found", ports.names.show(vhost)));
                };
                connection.vhost = at;
                connection.stage = Stage::Running;
                Method::ConnectionOpenOk
            }
            _ => {
                let state = match stage {
                    Stage::Running => "running",
                    Stage::Open => "opening",
                    Stage::TuneOk => "tuning",
                    _ => "starting",
                };
                return error::channel_error(format_args!("unexpected method in connection state {state}"));
            }
        };
        self.answer(rules::HANDSHAKE, (conn, 0), reply, ports);
        Ok(())
    }

    /// A method on a channel that is not open.
    pub(super) fn on_unopened(&mut self, conn: ConnId, channel: u16, body: Method, ports: &mut Port<'_>) {
        let max = self.connections.get(&conn).map_or(0, |connection| connection.tune.channel_max);
        match body {
            Method::ChannelOpen if max == 0 || channel <= max => {
                if let Some(connection) = self.connections.get_mut(&conn) {
                    self.opened += 1;
                    let serial = self.opened;
                    connection.channels.insert(channel, super::Channel { serial, ..Default::default() });
                }
                self.answer(rules::CHANNEL_OPENS, (conn, channel), Method::ChannelOpenOk, ports);
            }
            // The two sides closed at the same time.
            Method::ChannelCloseOk | Method::Heartbeat => {}
            body => {
                let refusal = match body {
                    Method::ChannelOpen => error::not_allowed::<()>(format_args!(
                        "number of channels opened ({max}) has reached the negotiated channel_max ({max})"
                    )),
                    _ => error::channel_error("expected 'channel.open'"),
                };
                if let Err(refusal) = refusal {
                    self.close_connection_with(conn, body.id(), &refusal, ports);
                }
            }
        }
    }

    /// A method on a channel that the node has closed: only the end of the closing counts (R1).
    pub(super) fn on_closing(&mut self, conn: ConnId, channel: u16, body: &Method, ports: &mut Port<'_>) {
        match body {
            Method::ChannelCloseOk => {
                if let Some(connection) = self.connections.get_mut(&conn) {
                    connection.channels.remove(&channel);
                }
            }
            Method::ChannelClose(_) => {
                self.answer(rules::CLOSED_IN_ORDER, (conn, channel), Method::ChannelCloseOk, ports);
            }
            Method::BasicPublish { message, .. } => {
                let (rule, what) = (rules::DISCARDED, What::Discarded);
                ports.out.note(rule, Because::INPUT, what, crate::ids::PlaceId::NONE, message.id, 1);
            }
            _ => {}
        }
    }

    /// The client closes a channel.
    pub(super) fn close_channel(&mut self, at: (ConnId, u16), ports: &mut Port<'_>) {
        let because = self.answer(rules::CLOSED_IN_ORDER, at, Method::ChannelCloseOk, ports);
        self.retire_channels(at.0, Some(at.1), because, ports);
        if let Some(connection) = self.connections.get_mut(&at.0) {
            connection.channels.remove(&at.1);
        }
    }

    pub(super) fn close_channel_with(
        &mut self,
        at: (ConnId, u16),
        (class, method): (u16, u16),
        refusal: &Refusal,
        ports: &mut Port<'_>,
    ) {
        let text = ports.names.intern(&refusal.text);
        let close = Method::ChannelClose(Close { code: refusal.code, text, class, method });
        let because = self.answer(refusal.rule, at, close, ports);
        self.retire_channels(at.0, Some(at.1), because, ports);
        if let Some(channel) = self.channel_mut(at) {
            channel.clone_from(&super::Channel { closing: true, ..Default::default() });
        }
    }

    pub(super) fn close_connection_with(
        &mut self,
        conn: ConnId,
        (class, method): (u16, u16),
        refusal: &Refusal,
        ports: &mut Port<'_>,
    ) {
        let text = ports.names.intern(&refusal.text);
        let close = Method::ConnectionClose(Close { code: refusal.code, text, class, method });
        let because = self.answer(refusal.rule, (conn, 0), close, ports);
        self.retire_channels(conn, None, because, ports);
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.channels.clear();
            connection.stage = Stage::Closing;
        }
    }

    /// Ends a connection that is closed in order.
    fn hang_up(&mut self, conn: ConnId, ports: &mut Port<'_>) {
        let shut = Does::Shut { conn, abort: false };
        let because = ports.out.push(rules::CLOSED_IN_ORDER, Because::INPUT, Need::Nothing, shut);
        self.end_connection(conn, because, ports);
    }

    /// A connection is gone: so are its channels, its consumers and its exclusive queues.
    pub(super) fn end_connection(&mut self, conn: ConnId, because: Because, ports: &mut Port<'_>) {
        let Some(connection) = self.connections.get(&conn) else { return };
        if connection.tune.heartbeat > 0 && connection.stage >= Stage::Open {
            for tick in [Tick::Heartbeat, Tick::Silence] {
                let cancel = Does::CancelTimer(token(tick, conn.0));
                ports.out.push(rules::SILENCE_WATCHED, because, Need::Nothing, cancel);
            }
        }
        self.retire_channels(conn, None, because, ports);
        self.connections.remove(&conn);
        self.drop_exclusive(conn, because, ports);
    }

    /// Sets the timers of a connection's heartbeats.
    fn watch(&mut self, conn: ConnId, heartbeat: u16, ports: &mut Port<'_>) {
        if heartbeat > 0 {
            self.set_heartbeat(conn, heartbeat, ports);
            self.set_silence(conn, heartbeat, true, ports);
        }
    }

    fn set_heartbeat(&mut self, conn: ConnId, heartbeat: u16, ports: &mut Port<'_>) {
        let does = Does::SetTimer {
            token: token(Tick::Heartbeat, conn.0),
            after: Span::millis(500).times(u64::from(heartbeat)),
            verb: verbs::TIMER_HEARTBEAT,
            housekeeping: true,
        };
        ports.out.push(rules::HEARTBEAT_SENT, Because::INPUT, Need::Nothing, does);
    }

    /// A look that found nothing is followed by one that can end the connection: that one is no housekeeping.
    fn set_silence(&mut self, conn: ConnId, heartbeat: u16, housekeeping: bool, ports: &mut Port<'_>) {
        let does = Does::SetTimer {
            token: token(Tick::Silence, conn.0),
            after: Span::secs(u64::from(heartbeat)),
            verb: verbs::TIMER_SILENCE,
            housekeeping,
        };
        ports.out.push(rules::SILENCE_WATCHED, Because::INPUT, Need::Nothing, does);
    }

    pub(super) fn on_timer(&mut self, token: Token, ports: &mut Port<'_>) {
        match Tick::of(token) {
            Some((Tick::Heartbeat, conn)) => self.on_heartbeat_due(ConnId(conn), ports),
            Some((Tick::Silence, conn)) => self.on_silence_check(ConnId(conn), ports),
            Some((Tick::Idle, queue)) => self.on_idle(queue, ports),
            Some((Tick::Expired, queue)) => self.on_head_expired(queue, ports),
            Some((Tick::Unused, queue)) => self.on_unused(queue, ports),
            Some((Tick::Unsettled, conn)) => self.on_unsettled(ConnId(conn), (token.0 >> 48) as u16, ports),
            _ => {}
        }
    }

    fn on_heartbeat_due(&mut self, conn: ConnId, ports: &mut Port<'_>) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let heartbeat = connection.tune.heartbeat;
        if !std::mem::take(&mut connection.sent) {
            self.answer(rules::HEARTBEAT_SENT, (conn, 0), Method::Heartbeat, ports);
            // A heartbeat is no traffic: the next one is due all the same (G12).
            if let Some(connection) = self.connections.get_mut(&conn) {
                connection.sent = false;
            }
        }
        self.set_heartbeat(conn, heartbeat, ports);
    }

    fn on_silence_check(&mut self, conn: ConnId, ports: &mut Port<'_>) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let heartbeat = connection.tune.heartbeat;
        connection.silent = if std::mem::take(&mut connection.heard) { 0 } else { connection.silent + 1 };
        if connection.silent < 2 {
            let housekeeping = connection.silent == 0;
            return self.set_silence(conn, heartbeat, housekeeping, ports);
        }
        let shut = Does::Shut { conn, abort: true };
        let because = ports.out.push(rules::SILENCE_ENDS, Because::INPUT, Need::Nothing, shut);
        self.end_connection(conn, because, ports);
    }

    /// The operator stops the node: connections are closed with 320, and everything is written (R19, F04).
    pub(super) fn stop(&mut self, ports: &mut Port<'_>) {
        if self.life != super::Life::Up {
            return;
        }
        self.life = super::Life::Stopping;
        let text = ports.names.intern("CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'");
        while let Some(conn) = self.first_connection() {
            let running = self.connections.get(&conn).is_some_and(|connection| connection.stage == Stage::Running);
            let mut because = Because::INPUT;
            if running {
                let close = Close { code: 320, text, class: 0, method: 0 };
                because = self.answer(rules::STOPPED, (conn, 0), Method::ConnectionClose(close), ports);
            }
            let shut = Does::Shut { conn, abort: false };
            because = ports.out.push(rules::STOPPED, because, Need::Nothing, shut);
            self.end_connection(conn, because, ports);
        }
        self.write_everything();
    }

    fn first_connection(&self) -> Option<ConnId> {
        self.connections.keys().next().copied()
    }

    /// A name that the server makes up for a connection, such as `amq.gen-…`. It does not come again, also not after a
    /// restart, since no connection does.
    pub(super) fn make_name(&mut self, prefix: &str, conn: ConnId, ports: &mut Port<'_>) -> Name {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        self.made_names += 1;
        let mut word = crate::ids::Digest::of(|digest| {
            digest.word(u64::from(self.made_names));
            digest.word(u64::from(conn.0));
            digest.text(prefix);
        })
        .value();
        ports.names.compose(|_, text| {
            text.push_str(prefix);
            for _ in 0..21 {
                text.push(char::from(ALPHABET[(word % 64) as usize]));
                word /= 64;
            }
            // Ends in a letter, so that it is one name of its own and not a number of a series.
            text.push(char::from(ALPHABET[(word % 52) as usize]));
            Ok(())
        })
    }
}
