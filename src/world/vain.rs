//! Trying in vain: notices when all that is left is that clients connect, fail and try again, for ever.
//!
//! A client that reconnects without a limit keeps a run alive by itself, also where nothing can bring the broker or the
//! queue back. The world looks at itself each time a client asks for a session. If its digest has been the same before,
//! it goes round in a circle: the digest covers everything that can make a difference to what happens next, the streams
//! of random draws included. Where draws keep it from coming back, it looks at what is left. The circle is one of attempts alone, since whatever else happens starts the search anew: a
//! message that is published, offered, answered or settled, a process that starts or ends, a fault. So no verdict can
//! change any more.
//!
//! Not a limit, and not a loop of messages (a poison message that goes round for ever): that one counts something at each
//! turn, and is cut short by a limit.

use super::state::{Due, World};
use crate::app::{App, verbs::RECONNECT};
use crate::ids::{ActorId, Digest};
use crate::machine::{Ask, Report};
use crate::net::Side;
use crate::units::Time;

/// So many attempts come before the first look, which costs as much as the world is large.
const PATIENCE: u32 = 8;

/// What is known about a circle. Not part of the world's digest: it only decides how early an endless run is ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Vain {
    /// Starts, stops, resumptions and faults that the calendar holds. While there are any, all can still change.
    ahead: u32,
    /// Whether a client has asked for a session in this step.
    asked: bool,
    /// Attempts since anything else happened.
    attempts: u32,
    /// The world's digest at the last attempt whose number was a power of two, so that a circle of any length is found
    /// (Brent's algorithm).
    mark: Option<Digest>,
}

impl Vain {
    /// Something happened that is not an attempt.
    #[inline]
    pub(super) fn progress(&mut self) {
        (self.attempts, self.mark) = (0, None);
    }
    /// What had come and was held back goes into the calendar once more.
    pub(super) fn comes_again(&mut self, due: &Due) {
        self.ahead += u32::from(due.is_turn());
    }
    /// A client's application asks for something.
    #[inline]
    pub(super) fn ask(&mut self, ask: &Ask) {
        match ask {
            Ask::Connect => self.asked = true,
            Ask::Disconnect => {}
            _ => self.progress(),
        }
    }
    /// A client's application is told something.
    #[inline]
    pub(super) fn report(&mut self, report: &Report) {
        if !matches!(report, Report::Ready | Report::Down(_)) {
            self.progress();
        }
    }
}

impl World {
    /// Puts a start, a stop, a resumption or a fault into the calendar.
    pub(super) fn schedule_turn(&mut self, time: Time, due: Due) {
        self.vain.ahead += 1;
        self.engine.schedule(time, due, false);
    }

    /// Such a turn has come.
    pub(super) fn turn_comes(&mut self) {
        self.vain.ahead -= 1;
        self.vain.progress();
    }

    /// Whether clients would go on trying for ever, and nothing else is left. Asked after each step.
    #[inline]
    pub(super) fn is_in_vain(&mut self) -> bool {
        std::mem::take(&mut self.vain.asked) && self.goes_round()
    }

    fn goes_round(&mut self) -> bool {
        if self.vain.ahead > 0 || self.plan.until.is_some() {
            self.vain.progress();
            return false;
        }
        self.vain.attempts = self.vain.attempts.saturating_add(1);
        let attempts = self.vain.attempts;
        if attempts < PATIENCE {
            return false;
        }
        if attempts.is_power_of_two() && self.nobody_is_there() {
            return true;
        }
        let digest = self.digest();
        if self.vain.mark == Some(digest) {
            return true;
        }
        if attempts.is_power_of_two() {
            self.vain.mark = Some(digest);
        }
        false
    }

    /// Whether every node is down for good, and nothing is left but clients without a limit to their tries that wait
    /// for the next one or for the refusal of one. Then random draws, which keep the digest from coming back, decide
    /// only how long each attempt takes.
    fn nobody_is_there(&self) -> bool {
        let down = |node| !self.processes[self.plan.node_id(node).at()].alive;
        if !(0..self.plan.nodes.len()).all(down) || !self.stalled.is_empty() {
            return false;
        }
        let endless = |client: ActorId| {
            let client = self.clients.get(client.at()).and_then(|client| client.app.as_ref());
            client.is_some_and(App::tries_for_ever)
        };
        self.engine.pending().all(|(_, due, housekeeping)| match *due {
            Due::Timer(actor, part, token) => {
                let timer = self.processes[actor.at()].timers.get(&(part, token));
                housekeeping || timer.is_some_and(|timer| timer.verb == RECONNECT) && endless(actor)
            }
            // Before a connection is established nothing but the request for it is under way.
            Due::Arrival(conn, _) | Due::DialTimeout(conn) => {
                !self.net.is_established(conn) && endless(self.net.end(conn, Side::Client))
            }
            _ => housekeeping,
        })
    }
}
