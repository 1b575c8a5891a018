//! Opening and closing of channels, closing of connections, and signs of life (R1, R20).
//!
//! Not the handshake: that is `login`.

use super::channel::Stage;
use super::{Node, Port, Tick, token};
use crate::amqp::error::{self, Refusal};
use crate::amqp::method::{Close, Method};
use crate::amqp::{rules, verbs};
use crate::ids::{ConnId, Name};
use crate::machine::{Because, Does, Need, Token};
use crate::trace::What;
use crate::units::Span;

/// So long a client has for its answer to a close; its heartbeat interval, where that is shorter.
const CLOSING_TIMEOUT: Span = Span::secs(30);

impl Node {
    /// A method on a channel that is not open.
    pub(super) fn on_unopened(&mut self, conn: ConnId, channel: u16, body: Method, ports: &mut Port<'_>) {
        let (max, open) = self.connections.get(&conn).map_or((0, 0), |connection| {
            let open = connection.channels.values().filter(|channel| !channel.closing).count();
            (connection.tune.channel_max, open)
        });
        let is_full = max > 0 && open >= usize::from(max);
        match body {
            Method::ChannelOpen if !is_full => {
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
                // Any method makes a channel of a number that has none; it is the channel that then objects.
                let (refusal, id) = match is_full {
                    true => (error::too_many_channels::<()>(open, max), (0, 0)),
                    false => (error::channel_error("expected 'channel.open'"), body.id()),
                };
                if let Err(refusal) = refusal {
                    self.close_connection_with(conn, id, &refusal, ports);
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
            let heartbeat = match connection.tune.heartbeat {
                0 => CLOSING_TIMEOUT,
                seconds => Span::secs(u64::from(seconds)).min(CLOSING_TIMEOUT),
            };
            let does = Does::SetTimer {
                token: token(Tick::Unanswered, conn.0),
                after: heartbeat,
                verb: verbs::TIMER_UNANSWERED,
                housekeeping: true,
            };
            ports.out.push(rules::CLOSE_UNANSWERED, because, Need::Nothing, does);
        }
        // They go as the node closes, and do not wait for the client's answer.
        self.find_exclusive(conn);
        self.drop_exclusive(because, ports);
    }

    /// Ends a connection that is closed in order.
    pub(super) fn hang_up(&mut self, conn: ConnId, ports: &mut Port<'_>) {
        let shut = Does::Shut { conn, abort: false };
        let because = ports.out.push(rules::CLOSED_IN_ORDER, Because::INPUT, Need::Nothing, shut);
        self.end_connection(conn, because, ports);
    }

    /// A client was told that its connection is closed, and has not answered.
    fn on_unanswered(&mut self, conn: ConnId, ports: &mut Port<'_>) {
        let shut = Does::Shut { conn, abort: false };
        let because = ports.out.push(rules::CLOSE_UNANSWERED, Because::INPUT, Need::Nothing, shut);
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
        let waits = match connection.stage {
            Stage::Refused => Some((Tick::Refused, rules::LOGIN_SILENT)),
            Stage::Closing => Some((Tick::Unanswered, rules::CLOSE_UNANSWERED)),
            _ => None,
        };
        if let Some((tick, rule)) = waits {
            ports.out.push(rule, because, Need::Nothing, Does::CancelTimer(token(tick, conn.0)));
        }
        self.retire_channels(conn, None, because, ports);
        self.find_exclusive(conn);
        self.connections.remove(&conn);
        self.drop_exclusive(because, ports);
    }

    /// Sets the timers of a connection's heartbeats.
    pub(super) fn watch(&mut self, conn: ConnId, heartbeat: u16, ports: &mut Port<'_>) {
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
            Some((Tick::Refused, conn)) => self.on_refusal_over(ConnId(conn), ports),
            Some((Tick::Unanswered, conn)) => self.on_unanswered(ConnId(conn), ports),
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
        // A connection that is blocked is not read, and so not watched.
        let heard = std::mem::take(&mut connection.heard) || connection.throttle.blocked;
        connection.silent = if heard { 0 } else { connection.silent + 1 };
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
