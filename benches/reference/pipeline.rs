//! A producer with confirms, a broker with one queue, a consumer with prefetch 10 that acknowledges each message.

use super::Random;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// The least time on a link direction, in nanoseconds.
const LATENCY: u64 = 1_000_000;
/// What is drawn on top of it, in nanoseconds.
const JITTER: u64 = 200_000;
/// The mean time between publishes, in nanoseconds.
const GAP: f64 = 250_000.0;
const PREFETCH: usize = 10;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Publish,
    AtBroker { message: u64 },
    Confirmed { message: u64 },
    AtConsumer { message: u64, tag: u64 },
    Acked { tag: u64 },
}

impl Event {
    /// Its kind as a number, and the message or tag it is about.
    #[inline(always)]
    fn words(self) -> (u64, u64) {
        match self {
            Event::Publish => (0, 0),
            Event::AtBroker { message } => (1, message),
            Event::Confirmed { message } => (2, message),
            Event::AtConsumer { message, .. } => (3, message),
            Event::Acked { tag } => (4, tag),
        }
    }
}

/// What a run came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outcome {
    pub events: u64,
    pub end_ns: u64,
    pub check: u64,
}

/// The directions of the two links; frames of one do not overtake each other.
#[derive(Clone, Copy)]
enum Way {
    ToBroker,
    ToProducer,
    ToConsumer,
    FromConsumer,
}

/// The loop with its storage, which runs share.
#[derive(Default)]
pub struct Pipeline {
    queue: BinaryHeap<Reverse<(u64, u64, Event)>>,
    ready: VecDeque<u64>,
    unacked: VecDeque<u64>,
}

/// What a run has besides the storage.
struct Run {
    random: Random,
    now: u64,
    scheduled: u64,
    last_arrival: [u64; 4],
}

impl Run {
    #[inline(always)]
    fn send(&mut self, queue: &mut BinaryHeap<Reverse<(u64, u64, Event)>>, way: Way, event: Event) {
        let last = &mut self.last_arrival[way as usize];
        *last = (self.now + LATENCY + self.random.below(JITTER)).max(*last);
        self.scheduled += 1;
        queue.push(Reverse((*last, self.scheduled, event)));
    }
}

impl Pipeline {
    /// One run of `messages` messages. The checksum covers every event where `DIGEST` is set, else what the consumer
    /// got in its order.
    pub fn run<const DIGEST: bool>(&mut self, messages: u64, seed: u64) -> Outcome {
        let Pipeline { queue, ready, unacked } = self;
        queue.clear();
        ready.clear();
        unacked.clear();
        let mut run = Run { random: Random::new(seed), now: 0, scheduled: 0, last_arrival: [0; 4] };
        let (mut published, mut confirmed, mut consumed, mut acked, mut next_tag) = (0, 0, 0, 0, 0);
        let (mut events, mut check) = (0, 0u64);
        queue.push(Reverse((run.random.exponential(GAP), 0, Event::Publish)));
        while let Some(Reverse((time, number, event))) = queue.pop() {
            run.now = time;
            events += 1;
            if DIGEST {
                let (kind, about) = event.words();
                for word in [time, number, kind, about] {
                    check = (check.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
                }
            }
            let freed = match event {
                Event::Publish => {
                    run.send(queue, Way::ToBroker, Event::AtBroker { message: published });
                    published += 1;
                    if published < messages {
                        run.scheduled += 1;
                        queue.push(Reverse((time + run.random.exponential(GAP), run.scheduled, Event::Publish)));
                    }
                    false
                }
                Event::AtBroker { message } => {
                    ready.push_back(message);
                    run.send(queue, Way::ToProducer, Event::Confirmed { message });
                    unacked.len() < PREFETCH
                }
                Event::Confirmed { .. } => {
                    confirmed += 1;
                    false
                }
                Event::AtConsumer { message, tag } => {
                    consumed += 1;
                    if !DIGEST {
                        check = check.wrapping_mul(31).wrapping_add(message);
                    }
                    run.send(queue, Way::FromConsumer, Event::Acked { tag });
                    false
                }
                Event::Acked { tag } => {
                    if let Some(at) = unacked.iter().position(|&open| open == tag) {
                        unacked.remove(at);
                    }
                    acked += 1;
                    true
                }
            };
            if freed && let Some(message) = ready.pop_front() {
                unacked.push_back(next_tag);
                run.send(queue, Way::ToConsumer, Event::AtConsumer { message, tag: next_tag });
                next_tag += 1;
            }
        }
        assert!(confirmed == messages && consumed == messages && acked == messages, "every message makes it");
        Outcome { events, end_ns: run.now, check }
    }
}

/// Runs of the 20-message pipeline with the seeds 0 to `runs`; the sum of their checksums.
pub fn sweep(runs: u64) -> u64 {
    let mut pipeline = Pipeline::default();
    (0..runs).fold(0, |sum, seed| sum.wrapping_add(pipeline.run::<false>(20, seed).check))
}
