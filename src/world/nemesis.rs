//! What strikes at random intervals with a fault drawn from a list.

use super::draws::kinds;
use super::state::{Due, World};
use crate::ids::EventId;
use crate::sim::StreamId;
use crate::trace::Observer;

impl World {
    /// Puts the beginning of each nemesis into the calendar. Nothing is drawn yet: choices are prescribed before the
    /// first step.
    pub(super) fn schedule_nemeses(&mut self) {
        let plan = std::sync::Arc::clone(&self.plan);
        for (i, nemesis) in plan.nemeses.iter().enumerate() {
            self.schedule_turn(nemesis.from, Due::Nemesis(i as u16));
        }
    }

    /// A nemesis strikes so long from now as it draws, if that is in its time.
    pub(super) fn nemesis_waits(&mut self, nemesis: u16) {
        let own = self.plan.nemeses[usize::from(nemesis)];
        let own_stream = self.nemesis_stream(nemesis);
        let next = self.engine.now() + self.choices.draw_span(own_stream, kinds::NEMESIS_WAITS, own.every);
        if next <= own.until {
            self.schedule_turn(next, Due::Draw(nemesis));
        }
    }

    /// What a nemesis draws from. Each has its own, so that their order makes no difference.
    fn nemesis_stream(&self, nemesis: u16) -> StreamId {
        self.streams[self.plan.lab_id().at() + 1 + 2 * self.clients.len() + usize::from(nemesis)]
    }

    /// A nemesis strikes with one of its faults.
    pub(super) fn nemesis_strikes<O: Observer>(&mut self, nemesis: u16, observer: &mut O) {
        let own = self.plan.nemeses[usize::from(nemesis)];
        let own_stream = self.nemesis_stream(nemesis);
        let drawn = own.first + self.choices.choose(own_stream, kinds::NEMESIS, u64::from(own.count)) as u16;
        if own.count > 0 && self.is_armed(usize::from(drawn)) {
            self.strike_one(drawn, EventId::NONE, None, observer);
        }
        self.nemesis_waits(nemesis);
    }
}
