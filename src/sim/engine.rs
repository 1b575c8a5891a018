//! The engine: the simulation clock, the calendar and the limits of a run.
//!
//! Not the loop: the world asks for the next event, handles it and schedules what follows. The engine counts which
//! entries are work and which are housekeeping (heartbeats and the like, which go on for ever and change nothing by
//! themselves), so that it knows at once when only the latter are left: quiescence.

use super::calendar::{Calendar, Key};
use crate::units::{Span, Time};

/// What a run may use. A scenario is untrusted input: every run ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Events of the calendar that are handled: an arrival, a timer, a disk operation that is done. What a party does upon
    /// one may be several steps of the trace.
    pub events: u64,
    /// The latest point in simulated time.
    pub time: Time,
    /// Messages sent by applications.
    pub messages: u64,
    /// Bytes held, as far as the world counts them.
    pub memory: u64,
}

impl Default for Limits {
    /// 50 million events, 30 days, 10 million messages, 2 GiB.
    fn default() -> Self {
        Limits { events: 50_000_000, time: Time(Span::secs(30 * 24 * 3600).0), messages: 10_000_000, memory: 2 << 30 }
    }
}

/// Which limit was hit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Limit {
    /// [`Limits::events`].
    Events,
    /// [`Limits::time`].
    Time,
    /// [`Limits::messages`].
    Messages,
    /// [`Limits::memory`].
    Memory,
}

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step<T> {
    /// An event; the clock shows its time.
    Event(Time, T),
    /// Quiescence: only housekeeping is left, or nothing.
    Idle,
    /// The run may not go on.
    LimitHit(Limit),
}

#[derive(Clone, Copy, Debug)]
struct Entry<T> {
    payload: T,
    housekeeping: bool,
}

/// Clock, calendar and limits.
#[derive(Debug)]
pub struct Engine<T> {
    now: Time,
    calendar: Calendar<Entry<T>>,
    /// How many entries of the calendar are work.
    work: usize,
    limits: Limits,
    events: u64,
    messages: u64,
    memory: u64,
}

crate::clone_in_place!(Engine<T: Copy> { now, calendar, work, limits, events, messages, memory });

impl<T: Copy> Engine<T> {
    /// At time zero with an empty calendar.
    pub fn new(limits: Limits) -> Self {
        Engine { now: Time::ZERO, calendar: Calendar::new(), work: 0, limits, events: 0, messages: 0, memory: 0 }
    }

    /// The simulation clock.
    #[inline]
    pub fn now(&self) -> Time {
        self.now
    }

    /// Puts an event down for `time`; for now where that is past. Equal times come in the order of scheduling.
    #[inline]
    pub fn schedule(&mut self, time: Time, payload: T, housekeeping: bool) -> Key {
        self.work += usize::from(!housekeeping);
        self.calendar.schedule(time.max(self.now), Entry { payload, housekeeping })
    }

    /// Keeps a place among equal times, see [`Calendar::reserve`].
    #[inline]
    pub fn reserve(&mut self) -> u64 {
        self.calendar.reserve()
    }

    /// Puts an event down at a place that was kept.
    #[inline]
    pub fn schedule_reserved(&mut self, time: Time, turn: u64, payload: T, housekeeping: bool) -> Key {
        self.work += usize::from(!housekeeping);
        self.calendar.schedule_reserved(time.max(self.now), turn, Entry { payload, housekeeping })
    }

    /// Takes an event back; `None` if it has come already.
    #[inline]
    pub fn cancel(&mut self, key: Key) -> Option<T> {
        let entry = self.calendar.cancel(key)?;
        self.work -= usize::from(!entry.housekeeping);
        Some(entry.payload)
    }

    /// The next event, unless the run is quiescent or a limit is hit.
    #[inline]
    pub fn next_event(&mut self) -> Step<T> {
        if self.work == 0 { Step::Idle } else { self.next_of_all() }
    }

    /// The next event, also where only housekeeping is left. Never [`Step::Idle`] before the calendar is empty.
    #[inline]
    pub fn next_of_all(&mut self) -> Step<T> {
        if let Some(limit) = self.exceeded() {
            return Step::LimitHit(limit);
        }
        let (time, entry) = match self.calendar.pop_until(self.limits.time) {
            Ok(Some(next)) => next,
            Ok(None) => return Step::Idle,
            Err(_) => return Step::LimitHit(Limit::Time),
        };
        self.now = time;
        self.events += 1;
        self.work -= usize::from(!entry.housekeeping);
        Step::Event(time, entry.payload)
    }

    /// When the next event is due, be it housekeeping or not.
    #[inline]
    pub fn peek_time(&mut self) -> Option<Time> {
        self.calendar.peek_time()
    }

    /// Lets time pass without an event; never beyond the next one.
    pub fn advance_to(&mut self, time: Time) {
        let next = self.calendar.peek_time().unwrap_or(Time::NEVER);
        self.now = self.now.max(time.min(next));
    }

    /// Whether only housekeeping is left, or nothing.
    #[inline]
    pub fn is_quiescent(&self) -> bool {
        self.work == 0
    }

    /// Counts a message against the limit.
    #[inline]
    pub fn count_message(&mut self) {
        self.messages += 1;
    }

    /// Says how many bytes are held at present.
    #[inline]
    pub fn set_memory(&mut self, bytes: u64) {
        self.memory = bytes;
    }

    /// How many events were handled.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// How many messages were counted.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// All events to come, each with whether it is housekeeping, in no particular order: for digests.
    pub fn pending(&self) -> impl Iterator<Item = (Time, &T, bool)> {
        self.calendar.pending().map(|(time, entry)| (time, &entry.payload, entry.housekeeping))
    }

    /// Back to the start with an empty calendar; the allocations stay.
    pub fn reset(&mut self) {
        self.now = Time::ZERO;
        self.calendar.clear();
        (self.work, self.events, self.messages, self.memory) = (0, 0, 0, 0);
    }

    #[inline]
    fn exceeded(&self) -> Option<Limit> {
        if self.events >= self.limits.events {
            Some(Limit::Events)
        } else if self.messages > self.limits.messages {
            Some(Limit::Messages)
        } else if self.memory > self.limits.memory {
            Some(Limit::Memory)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine() -> Engine<u32> {
        Engine::new(Limits::default())
    }

    #[test]
    fn the_clock_follows_the_events_and_the_past_is_now() {
        let mut engine = engine();
        engine.schedule(Time(5), 1, false);
        assert_eq!(engine.next_event(), Step::Event(Time(5), 1));
        engine.schedule(Time(3), 2, false);
        assert_eq!(engine.next_event(), Step::Event(Time(5), 2));
        assert_eq!(engine.now(), Time(5));
        assert_eq!(engine.next_event(), Step::Idle);
        assert_eq!(engine.events(), 2);
    }

    #[test]
    fn housekeeping_does_not_keep_a_run_alive() {
        let mut engine = engine();
        engine.schedule(Time(1), 1, true);
        let work = engine.schedule(Time(2), 2, false);
        assert_eq!(engine.next_event(), Step::Event(Time(1), 1));
        engine.schedule(Time(9), 3, true);
        assert!(!engine.is_quiescent());
        assert_eq!(engine.cancel(work), Some(2));
        assert_eq!(engine.cancel(work), None);
        assert!(engine.is_quiescent());
        assert_eq!(engine.next_event(), Step::Idle);
        assert_eq!(engine.next_of_all(), Step::Event(Time(9), 3));
        assert_eq!(engine.next_of_all(), Step::Idle);
    }

    #[test]
    fn each_limit_stops_the_run() {
        let small = Limits { events: 2, time: Time(100), messages: 1, memory: 10 };
        let mut engine = Engine::new(small);
        engine.schedule(Time(101), 0, false);
        assert_eq!(engine.next_event(), Step::LimitHit(Limit::Time));
        engine.schedule(Time(1), 1, false);
        engine.set_memory(11);
        assert_eq!(engine.next_event(), Step::LimitHit(Limit::Memory));
        engine.set_memory(0);
        engine.count_message();
        assert_eq!(engine.next_event(), Step::Event(Time(1), 1));
        engine.count_message();
        assert_eq!(engine.next_event(), Step::LimitHit(Limit::Messages));
        engine.reset();
        for i in 0..3 {
            engine.schedule(Time(1), i, false);
        }
        assert_eq!(engine.next_event(), Step::Event(Time(1), 0));
        assert_eq!(engine.next_event(), Step::Event(Time(1), 1));
        assert_eq!(engine.next_event(), Step::LimitHit(Limit::Events));
    }

    #[test]
    fn time_passes_without_events_but_not_beyond_them() {
        let mut engine = engine();
        engine.schedule(Time(10), 1, false);
        engine.advance_to(Time(4));
        assert_eq!(engine.now(), Time(4));
        engine.advance_to(Time(40));
        assert_eq!(engine.now(), Time(10));
    }

    #[test]
    fn a_copy_goes_on_in_the_same_way() {
        let mut engine = engine();
        for i in 0..20 {
            engine.schedule(Time(u64::from(i * 7 % 5)), i, i % 3 == 0);
        }
        engine.next_event();
        let mut copy = super::Engine::new(Limits::default());
        copy.clone_from(&engine);
        let mut pending: Vec<_> = copy.pending().map(|(t, &p, _)| (t, p)).collect();
        pending.sort();
        for (t, p) in pending {
            assert_eq!(engine.next_of_all(), Step::Event(t, p));
            assert_eq!(copy.next_of_all(), Step::Event(t, p));
        }
    }
}
