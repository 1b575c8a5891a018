//! The connection under a script: made when a step asks for it, and what follows when it ends.

use super::compile::Asked;
use super::{Io, STEP, Script, Stage, Waits};
use crate::amqp::Method;
use crate::amqp::client::{Pulse, rules};
use crate::ids::{ConnId, RuleId};
use crate::machine::{Because, Does, Need, Token};

impl Script {
    pub(super) fn connect(&mut self, asked: Asked, because: Because, io: &mut Io<'_>) {
        if self.stage != Stage::Off {
            self.shut(rules::GOODBYE, because, false, io);
        }
        self.asked = asked;
        self.stage = Stage::Dialling;
        self.waits = Waits::Connection;
        io.out.push(rules::HANDSHAKE, because, Need::Nothing, Does::Dial);
    }

    pub(super) fn connected(&mut self, conn: ConnId, io: &mut Io<'_>) {
        if self.stage != Stage::Dialling {
            io.out.push(rules::GOODBYE, Because::INPUT, Need::Nothing, Does::Shut { conn, abort: false });
            return;
        }
        self.conn = conn;
        self.stage = Stage::Start;
        self.send(rules::HANDSHAKE, Because::INPUT, 0, Method::ProtocolHeader, io);
    }

    /// The connection is gone, or to be shut in order; the script goes on without it.
    pub(super) fn lost(&mut self, shut: Option<(RuleId, Because)>, io: &mut Io<'_>) {
        let because = match shut {
            Some((rule, because)) => self.shut(rule, because, false, io),
            None => {
                self.forget_connection(io);
                Because::INPUT
            }
        };
        if self.waits != Waits::Time {
            self.waits = Waits::No;
            self.run(because, io);
        }
    }

    pub(super) fn shut(&mut self, rule: RuleId, because: Because, abort: bool, io: &mut Io<'_>) -> Because {
        let mut shut = because;
        if self.conn.is_some() {
            shut = io.out.push(rule, because, Need::Nothing, Does::Shut { conn: self.conn, abort });
        }
        self.forget_connection(io);
        shut
    }

    pub(super) fn forget_connection(&mut self, io: &mut Io<'_>) {
        if self.conn.is_some() {
            self.left = self.conn;
        }
        self.conn = ConnId::NONE;
        self.stage = Stage::Off;
        self.channels.clear();
        self.forget_deliveries();
        self.heart.stop(io);
    }

    pub(super) fn timer(&mut self, token: Token, io: &mut Io<'_>) {
        match self.heart.timer(token, self.conn, io) {
            Pulse::Alive => {}
            Pulse::Dead => {
                let shut = self.shut(rules::SILENCE, Because::INPUT, true, io);
                if self.waits != Waits::Time {
                    self.waits = Waits::No;
                    self.run(shut, io);
                }
            }
            Pulse::NotMine if token == STEP => self.go_on(Waits::Time, Because::INPUT, io),
            Pulse::NotMine => {}
        }
    }
}
