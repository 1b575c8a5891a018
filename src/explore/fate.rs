//! The point of no return: after which event every continuation of a run loses a message, as far as was tried.
//!
//! Not a proof: continuations are the run going on with the faults that are still to come, without any of them, without
//! each one, and under some other seeds. What was tried is told with the answer.

use super::{How, run};
use crate::ids::{Digest, EventId, Name};
use crate::trace::{Log, Observable};
use crate::verdict::Verdict;
use crate::world::plan::Plan;
use crate::world::{VERBS, World};
use std::sync::Arc;

/// Under so many seeds each continuation is tried, the run's own among them.
pub const SEEDS: u64 = 4;
/// Of more faults than this only all together are left out, not each alone.
const ALONE: usize = 8;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// No message of this name comes up in the run.
    Unknown,
    /// The run itself does not lose it.
    Kept,
    /// From here on everything that was tried loses it.
    Sealed {
        /// The last event before which something that was tried still saved it; nothing where all is lost from the start.
        after: Option<EventId>,
        /// Continuations that were run in all.
        tried: u32,
        /// How many there were at the last step from which one of them still saved it, and how many of them did.
        saving: (u32, u32),
    },
}

/// Looks for the point of no return of a message.
pub fn fate(plan: &Arc<Plan>, how: &How, message: &str) -> Fate {
    let base = run(plan, Digest::new(), &[], how);
    let Some(name) = base.log.names.find(message) else { return Fate::Unknown };
    let mut search = Search { plan, how, base: &base.log, name, tried: 0 };
    if !search.loses_as_it_is() {
        return Fate::Kept;
    }
    let steps = search.steps();
    // Continuations of a later step are among those of an earlier one, so there is one point behind which all lose.
    let (mut saved, mut lost) = (None, steps);
    let mut low = 0;
    while low < lost {
        let middle = low + (lost - low) / 2;
        match search.at(middle) {
            (_, 0) => lost = middle,
            found => {
                saved = Some(found);
                low = middle + 1;
            }
        }
    }
    let after = search.events_before(lost).checked_sub(1).map(|at| EventId(at as u32));
    Fate::Sealed { after: after.filter(|_| saved.is_some()), tried: search.tried, saving: saved.unwrap_or_default() }
}

struct Search<'a> {
    plan: &'a Arc<Plan>,
    how: &'a How,
    base: &'a Log,
    name: Name,
    tried: u32,
}

impl Search<'_> {
    fn start(&self) -> (World, Verdict) {
        let mut world = World::new(self.plan);
        super::run::prepare(&mut world, &mut Log::default(), self.how);
        (world, Verdict::new(&self.base.header, VERBS))
    }

    fn steps(&self) -> usize {
        let (mut world, _) = self.start();
        while world.step(&mut ()).is_none() {}
        world.steps() as usize
    }

    fn loses_as_it_is(&mut self) -> bool {
        let (mut world, mut verdict) = self.start();
        world.run(&mut verdict);
        self.loses(&mut world, &mut verdict)
    }

    fn loses(&self, world: &mut World, verdict: &mut Verdict) -> bool {
        let mut state = Observable::new();
        world.observe_places(&mut state);
        // Names get their numbers as they come up, so they are told by their text.
        let Some(name) = world.find_name(&self.base.names.text(self.name)) else { return false };
        verdict.is_lost(name, &state, &world.tables())
    }

    /// How many events a full trace has before a step.
    fn events_before(&self, step: usize) -> usize {
        let (mut world, _) = self.start();
        let mut log = Log::default();
        for _ in 0..step {
            if world.step(&mut log).is_some() {
                break;
            }
        }
        log.events().len()
    }

    /// How many continuations there are from a step, and how many of them keep the message.
    fn at(&mut self, step: usize) -> (u32, u32) {
        let (mut world, mut verdict) = self.start();
        for _ in 0..step {
            if world.step(&mut verdict).is_some() {
                break;
            }
        }
        let faults = self.plan.faults.len();
        let mut leave_out: Vec<Vec<usize>> = vec![Vec::new(), (0..faults).collect()];
        if (2..=ALONE).contains(&faults) {
            leave_out.extend((0..faults).map(|fault| vec![fault]));
        }
        leave_out.dedup();
        let (mut count, mut kept) = (0, 0);
        for faults in &leave_out {
            for seed in 0..SEEDS {
                let (mut world, mut verdict) = (world.clone(), verdict.clone());
                faults.iter().for_each(|fault| world.disarm(*fault));
                if seed > 0 {
                    world.choices_mut().diverge(seed);
                }
                world.run(&mut verdict);
                count += 1;
                kept += u32::from(!self.loses(&mut world, &mut verdict));
            }
        }
        self.tried += count;
        (count, kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str) -> Arc<Plan> {
        let source = crate::scenario::read(text).unwrap();
        crate::scenario::lower(&source.select(None).unwrap()).unwrap()
    }

    const CRASH: &str = r#"Scenario(title: "t", broker: rabbitmq(queues: [(name: "q", durable: true)]),
        producers: [(name: "p", publish: [(to: "", key: "q", id: "m-{n}", count: 2, every: "10ms")])],
        faults: [(name: "crash", what: kill("broker", restart: "1s", when: at("100ms")))],
    )"#;

    #[test]
    fn a_transient_message_is_lost_from_the_crash_on_and_not_before() {
        let plan = plan(CRASH);
        let base = run(&plan, Digest::new(), &[], &How::default());
        let Fate::Sealed { after: Some(after), tried, saving } = fate(&plan, &How::default(), "m-1") else {
            panic!("not sealed");
        };
        let event = base.log.event(after).unwrap();
        assert_eq!(event.time.0, 100_000_000, "{event:?}");
        assert!(tried > 0 && saving.1 > 0, "{tried} {saving:?}");
    }

    #[test]
    fn what_is_kept_or_unknown_has_no_point_of_no_return() {
        let plan = plan(&CRASH.replace("kill(\"broker\", restart: \"1s\"", "pause(\"broker\", lasting: \"1s\""));
        assert_eq!(fate(&plan, &How::default(), "m-1"), Fate::Kept);
        assert_eq!(fate(&plan, &How::default(), "nothing"), Fate::Unknown);
    }
}
