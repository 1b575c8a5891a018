//! Sending where a link is rough: where it lets nothing through for a while, and where it is a datagram link on which
//! single messages vanish, double and overtake.
//!
//! Kept apart from `roads`, so that a link that nothing is wrong with costs one look.

use super::book::VERBS;
use super::draws::kinds;
use super::emit::About;
use super::roads::shown;
use super::rules;
use super::state::World;
use crate::ids::{ConnId, EventId, FrameId, RuleId};
use crate::machine::Wire;
use crate::net::{Cargo, Lossy, Side, Way};
use crate::systems::Frame;
use crate::trace::{Class, Kind, Observer};
use crate::units::Ratio;

/// A frame on its way out: its size, its number and the event of its sending.
pub(super) struct Outgoing {
    pub(super) frame: Frame,
    pub(super) size: u32,
    pub(super) id: FrameId,
    pub(super) sent: EventId,
}

/// Whether a lossy link does to this frame what it does. What opens, declares and keeps alive is spared.
fn is_content(frame: &Frame, names: &crate::ids::Names) -> bool {
    let class = VERBS.get(frame.words(names).verb).map(|verb| verb.class);
    matches!(class, Some(Class::Publish | Class::Confirm | Class::Deliver | Class::Settle))
}

impl World {
    /// Sends a frame over a rough line.
    #[cold]
    pub(super) fn send_roughly<O: Observer>(&mut self, conn: ConnId, way: Way, out: Outgoing, observer: &mut O) {
        let line = self.clients[way.client.at()].lines[way.towards.at()];
        let Outgoing { frame, size, id, sent } = out;
        let (towards, client) = (way.towards, way.client);
        let lossy = line.link.lossy.filter(|_| is_content(&frame, &self.names));
        let Some(Lossy { drop, duplicate, overtake }) = lossy else {
            self.send_later(conn, (towards, client), size, (Cargo::Frame(frame), id, sent));
            return;
        };
        let stream = self.clients[client.at()].ways[towards.other().at()];
        let mut chance = |kind, ratio: Ratio| self.choices.chance(stream, kind, ratio);
        if chance(kinds::DROP, drop) {
            self.emit(Kind::Lost(id), About::of(way.to, sent, rules::LOSSY_DROPS), observer);
            return;
        }
        let (twice, overtakes) = (chance(kinds::DUPLICATE, duplicate), chance(kinds::OVERTAKE, overtake));
        let twin = twice.then(|| frame.clone());
        self.send_later(conn, (towards, client), size, (Cargo::Frame(frame), id, sent));
        if overtakes {
            let (now, names) = (self.engine.now(), &self.names);
            self.net.overtake(conn, towards, now, |frame| is_content(frame, names));
        }
        if let Some(twin) = twin {
            let (id, event) = self.tell_twin(conn, way, (&twin, size), (id, sent), observer);
            self.send_later(conn, (towards, client), size, (Cargo::Frame(twin), id, event));
        }
    }

    /// A frame that the link doubled has a number of its own, where the first one has.
    fn tell_twin<O: Observer>(
        &mut self,
        conn: ConnId,
        way: Way,
        (twin, size): (&Frame, u32),
        (first, sent): (FrameId, EventId),
        observer: &mut O,
    ) -> (FrameId, EventId) {
        if !first.is_some() {
            return (first, sent);
        }
        let from = self.net.end(conn, way.towards.other());
        let (id, words) = (self.next_frame(), twin.words(&self.names));
        observer.frame(id, &shown(conn, from, way.to, size, &words), &self.tables());
        (id, self.emit(Kind::Sent(id), About::of(from, sent, rules::LOSSY_DOUBLES), observer))
    }

    /// Puts something on its way over a line that may let nothing through for a while.
    pub(super) fn send_later(
        &mut self,
        conn: ConnId,
        (towards, client): (Side, crate::ids::ActorId),
        size: u32,
        what: (Cargo<Frame>, FrameId, EventId),
    ) {
        let (now, held) = (self.engine.now(), self.clients[client.at()].lines[towards.at()].held_until);
        let sent = what.2;
        self.launch(conn, (towards, client), size, now.max(held), what);
        if held > now {
            self.wait_for_answer(conn, towards.other(), sent);
        }
    }

    /// Whether nothing gets through to this side of a connection at present.
    pub(super) fn is_held(&self, conn: ConnId, towards: Side) -> bool {
        let client = self.net.end(conn, Side::Client);
        self.clients[client.at()].lines[towards.at()].held_until > self.engine.now()
    }

    /// Under which rule what is sent to this side of a connection arrives.
    pub(super) fn order_kept(&self, conn: ConnId, towards: Side) -> RuleId {
        let client = self.net.end(conn, Side::Client);
        let lossy = self.clients[client.at()].lines[towards.at()].link.lossy.is_some();
        if lossy { rules::LOSSY } else { rules::TCP_FIFO }
    }
}
