//! One run of a plan, with its verdict, its trace if wanted, and the token that brings it back.

use super::{Token, told};
use crate::ids::Digest;
use crate::sim::ChoiceKey;
use crate::trace::{Log, Observable, Observer, Outcome};
use crate::verdict::{Checked, Expectation, Findings, Meter, Verdict, Watcher};
use crate::world::plan::Plan;
use crate::world::{VERBS, World};
use std::sync::Arc;

/// How a run is to be made.
#[derive(Clone, Debug, Default)]
pub struct How {
    /// Another seed than the plan's.
    pub seed: Option<u64>,
    /// Choices that are prescribed, from a token; its seed counts.
    pub replay: Option<Token>,
}

/// A run that has ended.
#[derive(Debug)]
pub struct Run {
    /// How it ended.
    pub outcome: Outcome,
    /// What came of it.
    pub findings: Findings,
    /// The scenario's expectations, each with its result.
    pub checked: Vec<Checked>,
    /// The whole trace.
    pub log: Log,
    /// What brings the run back.
    pub token: Token,
    /// Prescribed choices that never came up.
    pub unused: Vec<ChoiceKey>,
    /// Prescribed choices that were out of range and were brought into it.
    pub clamped: Vec<ChoiceKey>,
    /// The state at the end.
    pub digest: Digest,
    /// The faults of the plan, and how often each struck.
    pub faults: Vec<Fault>,
}

/// A fault and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its name.
    pub name: String,
    /// How often it struck.
    pub strikes: u32,
    /// Whether it strikes for certain when its moment comes.
    pub certain: bool,
    /// Whether its moment came.
    pub came: bool,
}

impl Run {
    /// Whether every expectation holds.
    pub fn holds(&self) -> bool {
        self.checked.iter().all(|checked| checked.holds)
    }

    /// The faults that never struck although chance had no say in it: the scenario does not test what it says.
    pub fn idle_faults(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(|fault| fault.strikes == 0 && (fault.certain || !fault.came))
    }
}

/// Runs a plan to its end with a full trace.
pub fn run(plan: &Arc<Plan>, scenario: Digest, expect: &[Expectation], how: &How) -> Run {
    let mut log = Log::new(plan.header.clone());
    let mut world = World::new(plan);
    prepare(&mut world, &mut log, how);
    let mut verdict = (Verdict::new(&log.header, VERBS), Meter::new(&log.header));
    let invariants = told::invariants(&plan.header);
    let mut watcher = (!invariants.is_empty()).then(|| Watcher::new(&plan.header, VERBS, invariants));
    let outcome = match &mut watcher {
        None => world.run(&mut (&mut log, &mut verdict)),
        Some(watcher) => world.run(&mut ((&mut log, &mut verdict), watcher)),
    };
    let mut state = Observable::new();
    world.observe_places(&mut state);
    log.adopt(&world.tables());
    let mut findings = verdict.0.finish(&state, &world.tables());
    verdict.1.fill(&mut findings, &log.names);
    let choices = world.choices();
    // They come in the order of occurrence; a token has them in the order of their keys.
    let mut differing = choices.differing().to_vec();
    differing.sort_unstable();
    let token = Token { scenario: (scenario.value() >> 64) as u64, seed: choices.seed(), choices: differing };
    log.header.token = (!token.choices.is_empty()).then(|| token.to_string());
    let faults = plan.faults.iter().zip(world.strikes().zip(world.moments())).map(|(fault, (strikes, came))| Fault {
        name: fault.name.clone(),
        strikes,
        certain: fault.is_certain(),
        came,
    });
    Run {
        outcome,
        checked: {
            let expected = expect.iter().map(|e| e.check(&findings));
            expected.chain(watcher.into_iter().flat_map(Watcher::finish)).collect()
        },
        findings,
        token,
        unused: choices.unused().collect(),
        clamped: choices.clamped().to_vec(),
        digest: world.digest(),
        faults: faults.collect(),
        log,
    }
}

pub(super) fn prepare(world: &mut World, log: &mut Log, how: &How) {
    let seed = how.replay.as_ref().map(|token| token.seed).or(how.seed);
    if let Some(seed) = seed {
        world.reset(seed);
        log.header.seed = seed;
    }
    if let Some(token) = &how.replay {
        world.choices_mut().replay(&token.choices);
    }
}

/// Runs a plan to its end with an observer of the caller's; gives the world at its end.
pub fn watch<O: Observer>(plan: &Arc<Plan>, how: &How, observer: &mut O) -> World {
    let mut world = World::new(plan);
    prepare(&mut world, &mut Log::default(), how);
    world.run(observer);
    world
}
