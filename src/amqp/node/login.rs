//! From the first bytes of a connection to an open virtual host: login, limits, access (I02-I04, B39d, R20).
//!
//! Not what a user may do afterwards: that is `access`.

use super::channel::{Connection, Stage};
use super::{Node, Port, Tick, token};
use crate::amqp::access::{Capabilities, GUEST};
use crate::amqp::error::{self, Checked, Refusal};
use crate::amqp::method::{Method, OVERHEAD, Tune};
use crate::amqp::{rules, verbs};
use crate::ids::{ConnId, Name, Names, PlaceId};
use crate::machine::{Because, Does, Need};
use crate::mem::ReuseMap;
use crate::trace::What;
use crate::units::Span;

/// How long a client that is not trusted has to wait until it is hung up on (I04b).
const SILENT_CLOSE: Span = Span::secs(3);

/// The smallest frame that both sides must be able to take.
const FRAME_MIN: u32 = 4096;

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
            user: None,
            capabilities: Capabilities::NONE,
            tune,
            channels: ReuseMap::new(),
            owned: Vec::new(),
            sent: false,
            heard: false,
            silent: 0,
            throttle: super::alarm::Throttle::default(),
        };
        self.connections.insert(conn, connection);
    }

    fn proposal(&self) -> Tune {
        let config = &self.config;
        Tune { channel_max: config.channel_max, frame_max: config.frame_max, heartbeat: config.heartbeat }
    }

    /// A method on channel 0, or before the connection is open.
    pub(super) fn on_connection_method(&mut self, conn: ConnId, channel: u16, body: Method, ports: &mut Port<'_>) {
        let id = match body {
            // A limit that cannot be agreed on is the fault of the method that it was an answer to.
            Method::ConnectionTuneOk(_) => (10, 30),
            _ => body.id(),
        };
        if let Err(refusal) = self.connection_method(conn, channel, body, ports) {
            let id = if refusal.rule == rules::LOGIN_REFUSED { (0, 0) } else { id };
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
            (Stage::Closing, Method::BasicPublish { message, .. }) => {
                let (rule, what) = (rules::DISCARDED_WITH_CONNECTION, What::Discarded);
                ports.out.note(rule, Because::INPUT, what, PlaceId::NONE, message.id, 1);
                return Ok(());
            }
            (Stage::Closing | Stage::Refused, _) | (_, Method::Heartbeat) => return Ok(()),
            (_, Method::ConnectionClose(_)) if channel == 0 => {
                self.answer(rules::CLOSED_IN_ORDER, (conn, 0), Method::ConnectionCloseOk, ports);
                self.hang_up(conn, ports);
                return Ok(());
            }
            (Stage::Header, Method::ProtocolHeader) => {
                connection.stage = Stage::StartOk;
                Method::ConnectionStart
            }
            (Stage::StartOk, Method::ConnectionStartOk { user, password, capabilities }) => {
                connection.capabilities = capabilities;
                if !self.log_in(conn, user, password, ports)? {
                    return Ok(());
                }
                Method::ConnectionTune(proposal)
            }
            (Stage::TuneOk, Method::ConnectionTuneOk(tune)) => {
                check_tune(tune, proposal)?;
                connection.stage = Stage::Open;
                connection.tune = tune;
                self.watch(conn, tune.heartbeat, ports);
                return Ok(());
            }
            (Stage::Open, Method::ConnectionOpen { vhost }) => {
                self.open_vhost(conn, vhost, ports.names)?;
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

    /// Whether the login is good. One that is not is told to clients that can be told; others are let wait.
    fn log_in(&mut self, conn: ConnId, user: Name, password: Name, ports: &mut Port<'_>) -> Checked<bool> {
        let users = &self.config.users;
        let known = users.iter().position(|known| known.name == user);
        let guest = || ports.names.find(GUEST);
        let good = match known {
            // Who gives none has the right one.
            Some(at) => !password.is_some() || users[at].password == password,
            None => !user.is_some() || Some(user) == guest() && (!password.is_some() || Some(password) == guest()),
        };
        let Some(connection) = self.connections.get_mut(&conn) else { return Ok(false) };
        if good {
            connection.user = known.and_then(|at| u16::try_from(at).ok());
            connection.stage = Stage::TuneOk;
            return Ok(true);
        }
        if connection.capabilities.has(Capabilities::LOGIN_CLOSE) {
            return Err(error::login_refused());
        }
        connection.stage = Stage::Refused;
        let does = Does::SetTimer {
            token: token(Tick::Refused, conn.0),
            after: SILENT_CLOSE,
            verb: verbs::TIMER_REFUSED,
            housekeeping: false,
        };
        ports.out.push(rules::LOGIN_SILENT, Because::INPUT, Need::Nothing, does);
        Ok(false)
    }

    pub(super) fn on_refusal_over(&mut self, conn: ConnId, ports: &mut Port<'_>) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.stage = Stage::Closing;
        let shut = Does::Shut { conn, abort: false };
        let because = ports.out.push(rules::LOGIN_SILENT, Because::INPUT, Need::Nothing, shut);
        self.end_connection(conn, because, ports);
    }

    /// The virtual host must be there and open to the user (I02, I03).
    fn open_vhost(&mut self, conn: ConnId, vhost: Name, names: &Names) -> Checked {
        let shown = names.show(vhost);
        let Some(at) = self.vhosts.iter().position(|known| known.name == vhost && vhost.is_some()) else {
            return error::no_vhost(format_args!("vhost {shown} not found"));
        };
        let Some(connection) = self.connections.get_mut(&conn) else { return Ok(()) };
        let user = connection.user.and_then(|user| self.config.users.get(usize::from(user)));
        if let Some(user) = user.filter(|user| !user.permissions.iter().any(|may| may.vhost == vhost)) {
            let user = names.show(user.name);
            return error::no_vhost(format_args!("access to vhost '{shown}' refused for user '{user}'"));
        }
        connection.vhost = at;
        connection.stage = Stage::Running;
        Ok(())
    }

    /// The error that a method's largest frame is, where it is larger than was agreed on. A body is split; a method and
    /// the properties of a message are not. Only tables make them large.
    pub(super) fn too_large_a_frame(&self, conn: ConnId, body: &Method, names: &Names) -> Option<Refusal> {
        let (kind, size) = body.unsplit_frame(names)?;
        let most = self.connections.get(&conn)?.tune.frame_max;
        // Frames are let through that are larger by their own overhead.
        (most > 0 && size > most).then(|| error::frame_too_large(kind, size, most - OVERHEAD.min(most)))
    }

    /// Notes a message that is not taken in now.
    pub(super) fn note_kept_waiting(rule: crate::ids::RuleId, because: Because, message: Name, ports: &mut Port<'_>) {
        ports.out.note(rule, because, What::Unread, crate::ids::PlaceId::NONE, message, 1);
    }
}

/// What a client settles on must be within what the node proposed.
fn check_tune(tune: Tune, proposal: Tune) -> Checked {
    let limits = [
        ("frame_max", tune.frame_max, FRAME_MIN, proposal.frame_max),
        ("channel_max", u32::from(tune.channel_max), 1, u32::from(proposal.channel_max)),
    ];
    for (word, asked, least, most) in limits {
        let unlimited = if word == "channel_max" && asked == 0 { " (no limit)" } else { "" };
        let wrong = |what: &str, which: &str, limit: u32| {
            error::tune_refused(format_args!(
                "negotiated {word} = {asked}{unlimited} is {what} than the {which} allowed value ({limit})"
            ))
        };
        if asked != 0 && asked < least {
            return wrong("lower", "minimum", least);
        }
        if most != 0 && (asked == 0 || asked > most) {
            return wrong("higher", "maximum", most);
        }
    }
    Ok(())
}
