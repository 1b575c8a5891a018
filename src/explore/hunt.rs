//! The hunt: every placement of up to so many faults at the points of a run, the smaller ones first, each run to its end
//! with nobody listening but the verdict.
//!
//! Not a proof beyond what it says: complete for these kinds of faults, these points and this seed, or stopped at a
//! limit and said to be. Points are the moments at which faults can strike; see `World::strike_at`.

use super::branch::{Study, StudyError, candidates};
use super::{How, Run, same_until};
use crate::ids::{EventId, FaultId};
use crate::scenario::quoted;
use crate::trace::{Kind, Log, Observable, Outcome};
use crate::units::{Ratio, Span};
use crate::verdict::{Counts, Expectation, Verdict, Word};
use crate::world::plan::{FaultPlan, Plan, Trigger};
use crate::world::{VERBS, World};
use std::sync::Arc;

/// After how long a node comes back.
const NODE_BACK: Span = Span::secs(1);
/// After how long a client comes back, where the scenario says nothing of it.
const CLIENT_BACK: Span = Span::millis(100);
/// The most faults of one placement.
pub const MAX_FAULTS: usize = 4;
/// So many placements are tried to be put into words for one violation, until one can be.
const WORDED: u32 = 40;

/// A kind of fault that is placed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Sort {
    /// The connection of a client breaks, and what is on its way is lost.
    Cut,
    /// A node is killed, and comes back after a second.
    Kill,
    /// A node's machine loses power, and comes back after a second.
    Power,
    /// A client is killed, and comes back.
    Client,
}

/// The faults of a placement as they stand in a scenario, and as changes of one.
type Worded = (Vec<String>, Vec<String>);

impl Sort {
    /// All of them.
    pub const ALL: [Sort; 4] = [Sort::Cut, Sort::Kill, Sort::Power, Sort::Client];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Sort::Cut => "cut",
            Sort::Kill => "kill",
            Sort::Power => "power",
            Sort::Client => "client",
        }
    }

    /// What it does, in a line.
    pub fn says(self) -> &'static str {
        match self {
            Sort::Cut => "the connection of a client breaks, and what is on its way is lost",
            Sort::Kill => "the broker is killed, and comes back after a second",
            Sort::Power => "the broker's machine loses power, and comes back after a second",
            Sort::Client => "a client is killed, and comes back",
        }
    }
}

/// What is hunted.
#[derive(Clone, Debug)]
pub struct Prey {
    /// The most faults of a placement, at most [`MAX_FAULTS`].
    pub faults: usize,
    /// Which kinds.
    pub sorts: Vec<Sort>,
    /// Words of which there is to be no case; where there are none, the scenario's expectations are to hold.
    pub never: Vec<Word>,
    /// After so many runs the hunt stops.
    pub limit: u64,
}

/// A way in which a run is not as it should be, with the first of the smallest placements that lead to it.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Violation {
    /// What was to hold: a word that was to have no case, or an expectation.
    pub what: String,
    /// What was found.
    pub found: String,
    /// The faults as a scenario has them; nothing where it needs none.
    pub faults: Vec<String>,
    /// The same as changes of a variant.
    pub changes: Vec<String>,
    /// How many faults the placement has.
    pub size: usize,
    /// Whether the language has words for the moments, so that `faults` leads to it again; that was tried.
    pub worded: bool,
    /// After how many runs it was found.
    pub after: u64,
}

/// What a hunt came to.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Bag {
    /// What was found, in the order of finding.
    pub violations: Vec<Violation>,
    /// Placements that were run; one more run is the one without faults.
    pub placements: u64,
    /// Placements by their number of faults, from none on.
    pub by_size: Vec<u64>,
    /// Whether every placement was run.
    pub complete: bool,
    /// Whether it ended because everything that was looked for was found.
    pub all_found: bool,
    /// Runs that were cut short, and say nothing.
    pub cut_short: u64,
}

/// A fault of a placement: which of the kinds, and at which point.
type Placed = (usize, u32);

/// Hunts. `progress` is told the number of runs every so often.
///
/// # Errors
/// Where the scenario cannot have such faults.
pub fn hunt(study: &Study, prey: &Prey, progress: &mut dyn FnMut(u64)) -> Result<Bag, StudyError> {
    let kinds = kinds(study, &prey.sorts)?;
    let faults = prey.faults.min(MAX_FAULTS);
    let asked = asked(study, prey);
    let (plan, how) = study.parts();
    let mut hunter = Hunter {
        study,
        range: Range::new(plan, how, &kinds, faults),
        open: asked.iter().map(|_| Some(0)).collect(),
        kinds,
        asked,
        bag: Bag::default(),
    };
    hunter.search(faults, prey.limit.max(1), progress)?;
    Ok(hunter.bag)
}

/// What is to hold, as expectations.
fn asked(study: &Study, prey: &Prey) -> Vec<Expectation> {
    if prey.never.is_empty() {
        return study.scenario().expect.iter().map(|expect| expect.expectation.clone()).collect();
    }
    prey.never.iter().map(|word| Expectation::exactly(*word, 0)).collect()
}

/// The faults that can be placed: each as its call up to its moment, and as the world knows it.
#[derive(Clone, Debug)]
struct Placeable {
    call: String,
    plan: FaultPlan,
}

fn kinds(study: &Study, sorts: &[Sort]) -> Result<Vec<Placeable>, StudyError> {
    let (plan, _) = study.parts();
    let mut calls = Vec::new();
    let node = |n: usize| quoted(&plan.nodes[n].name);
    for sort in Sort::ALL.into_iter().filter(|sort| sorts.contains(sort)) {
        match sort {
            Sort::Cut => {
                let cut = |c: &crate::world::plan::ClientPlan| {
                    format!("cut(between: ({}, {})", quoted(&c.name), node(c.node))
                };
                calls.extend(plan.clients.iter().map(cut));
            }
            Sort::Kill | Sort::Power => {
                let word = if sort == Sort::Kill { "kill" } else { "power_loss" };
                calls.extend((0..plan.nodes.len()).map(|n| format!("{word}({}, restart: \"{NODE_BACK}\"", node(n))));
            }
            Sort::Client => calls.extend(plan.clients.iter().map(|client| {
                let back = client.restart.unwrap_or(CLIENT_BACK);
                format!("kill({}, restart: \"{back}\"", quoted(&client.name))
            })),
        }
    }
    let lowered = |call: String| {
        // As the scenario's own words have it, so that what is found is what can be pasted.
        let with = study.with(&[added("hunt", &call, "at(\"0s\")")], "hunt")?;
        let (plan, _) = with.parts();
        let fault = plan.faults.last().cloned().ok_or_else(|| StudyError::Unfit(call.clone()))?;
        Ok(Placeable { call, plan: FaultPlan { when: Trigger::Told, chance: Ratio::ONE, ..fault } })
    };
    calls.into_iter().map(lowered).collect()
}

fn fault_text(name: &str, call: &str, when: &str) -> String {
    format!("(name: {}, what: {call}, when: {when}))", quoted(name))
}

fn added(name: &str, call: &str, when: &str) -> String {
    format!("add(\"faults\", {})", fault_text(name, call, when))
}

/// A world with faults that can be told where to strike, and a verdict; both are used again for every run.
struct Range {
    world: World,
    verdict: Verdict,
    state: Observable,
    seed: u64,
    how: How,
    /// Where in the plan the first of them is.
    first: usize,
    kinds: usize,
}

impl Range {
    /// For each kind `faults` many, so that one can strike more than once.
    fn new(plan: &Arc<Plan>, how: &How, kinds: &[Placeable], faults: usize) -> Range {
        let mut own = Plan::clone(plan);
        let first = own.faults.len();
        for _ in 0..faults.max(1) {
            own.faults.extend(kinds.iter().map(|kind| kind.plan.clone()));
        }
        let own = Arc::new(own);
        let seed = how.replay.as_ref().map(|token| token.seed).or(how.seed).unwrap_or(own.seed);
        Range {
            verdict: Verdict::new(&own.header, VERBS),
            world: World::new(&own),
            state: Observable::new(),
            seed,
            how: how.clone(),
            first,
            kinds: kinds.len(),
        }
    }

    fn aim(&mut self, placement: &[Placed]) {
        self.world.reset(self.seed);
        if let Some(token) = &self.how.replay {
            self.world.choices_mut().replay(&token.choices);
        }
        for (i, (kind, point)) in placement.iter().enumerate() {
            self.world.strike_at(self.first + i * self.kinds + kind, *point);
        }
    }

    /// Runs a placement; `None` where the run did not end within so many steps.
    fn run(&mut self, placement: &[Placed], steps: u64) -> Option<Outcome> {
        self.aim(placement);
        self.verdict.reset();
        while self.world.steps() <= steps {
            if let Some(outcome) = self.world.step(&mut self.verdict) {
                self.state.clear();
                self.world.observe_places(&mut self.state);
                return (!outcome.is_limit()).then_some(outcome);
            }
        }
        None
    }

    /// The trace of a placement.
    fn log(&mut self, placement: &[Placed]) -> Log {
        let mut log = Log::new(self.world.plan().header.clone());
        self.aim(placement);
        self.world.run(&mut log);
        log.adopt(&self.world.tables());
        log
    }
}

struct Hunter<'a> {
    study: &'a Study,
    range: Range,
    kinds: Vec<Placeable>,
    asked: Vec<Expectation>,
    /// For each thing asked how many placements that break it could not be put into words; `None` once it is reported.
    open: Vec<Option<u32>>,
    bag: Bag,
}

impl Hunter<'_> {
    fn search(&mut self, faults: usize, limit: u64, progress: &mut dyn FnMut(u64)) -> Result<(), StudyError> {
        // What the run without faults takes is a measure for the others: one that takes so much more goes round.
        let steps = {
            self.range.run(&[], u64::MAX);
            self.range.world.steps().saturating_mul(50).saturating_add(200_000)
        };
        let mut level: Vec<(Vec<Placed>, u32)> = vec![(Vec::new(), 0)];
        self.try_one(&[], steps)?;
        level[0].1 = self.range.world.points();
        self.bag.by_size.push(1);
        for size in 1..=faults {
            let mut next = Vec::new();
            self.bag.by_size.push(0);
            for (before, points) in &level {
                let first = before.last().map_or(1, |last| last.1 + 1);
                for point in first..=*points {
                    for kind in 0..self.kinds.len() {
                        if self.open.iter().all(Option::is_none) {
                            self.bag.all_found = true;
                            return Ok(());
                        }
                        if self.bag.placements >= limit {
                            return Ok(());
                        }
                        let mut placement = before.clone();
                        placement.push((kind, point));
                        self.try_one(&placement, steps)?;
                        self.bag.placements += 1;
                        self.bag.by_size[size] += 1;
                        if self.bag.placements.is_multiple_of(1024) {
                            progress(self.bag.placements);
                        }
                        if size < faults {
                            next.push((placement, self.range.world.points()));
                        }
                    }
                }
            }
            level = next;
        }
        self.bag.complete = self.bag.cut_short == 0;
        Ok(())
    }

    fn try_one(&mut self, placement: &[Placed], steps: u64) -> Result<(), StudyError> {
        if self.range.run(placement, steps).is_none() {
            self.bag.cut_short += 1;
            return Ok(());
        }
        let Range { world, verdict, state, .. } = &mut self.range;
        let tables = world.tables();
        let counts = verdict.counts(state, &tables);
        let open = |at: usize| self.open[at].is_some();
        let quick = |expect: &Expectation| expect.of.is_none() && expect.ids.is_none() && Counts::knows(expect.what);
        let holds = |at: usize| {
            quick(&self.asked[at]) && self.asked[at].count.fits(i64::from(counts.count(self.asked[at].what)))
        };
        let suspects: Vec<usize> = (0..self.asked.len()).filter(|at| open(*at) && !holds(*at)).collect();
        if suspects.is_empty() {
            return Ok(());
        }
        let findings = verdict.finish(state, &tables);
        for at in suspects {
            let checked = self.asked[at].check(&findings);
            if !checked.holds {
                self.found(at, placement, &checked.found)?;
            }
        }
        Ok(())
    }

    fn found(&mut self, at: usize, placement: &[Placed], found: &str) -> Result<(), StudyError> {
        let words = self.words(placement, at)?;
        let what = self.asked[at].to_string();
        let worded = words.is_some();
        let (faults, changes) = words.unwrap_or_default();
        let violation = Violation {
            what,
            found: found.to_owned(),
            faults,
            changes,
            size: placement.len(),
            worded,
            after: self.bag.placements + 1,
        };
        let known = self.bag.violations.iter().position(|known| known.what == violation.what);
        match known {
            None => self.bag.violations.push(violation),
            // A larger one that can be written down does not stand for a smaller one that cannot.
            Some(known) if worded && self.bag.violations[known].size == violation.size => {
                self.bag.violations[known] = violation;
            }
            Some(_) => {}
        }
        let tried = self.open[at].unwrap_or(0) + 1;
        self.open[at] = (!worded && tried < WORDED).then_some(tried);
        Ok(())
    }

    /// The faults of a placement in the scenario's words, and tried: `None` where there are none that lead there.
    fn words(&mut self, placement: &[Placed], at: usize) -> Result<Option<Worded>, StudyError> {
        let (mut faults, mut changes): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        let mut base = self.study.run();
        for i in 0..placement.len() {
            let log = self.range.log(&placement[..=i]);
            let id = FaultId((self.range.first + i * self.range.kinds + placement[i].0) as u16);
            let strike = log.events().iter().position(|event| event.kind == Kind::Fault(id));
            let Some(position) = strike else { return Ok(None) };
            let cause = log.events()[position].cause;
            let call = self.kinds[placement[i].0].call.clone();
            let name = self.free_name(i);
            let mut next = None;
            for when in candidates(self.study.parts().0, &base.log, cause, position) {
                let mut more = changes.clone();
                more.push(added(&name, &call, &when));
                let Ok(study) = self.study.with(&more, "hunt") else { continue };
                let run = study.run();
                if strikes_at(&run, &base.log, position, cause) {
                    next = Some((fault_text(&name, &call, &when), more, run));
                    break;
                }
            }
            let Some((fault, more, run)) = next else { return Ok(None) };
            faults.push(fault);
            changes = more;
            base = run;
        }
        let again = !self.asked[at].check(&base.findings).holds;
        Ok(again.then_some((faults, changes)))
    }

    fn free_name(&self, i: usize) -> String {
        let taken = |name: &String| self.study.scenario().named().any(|(_, known)| known.value == *name);
        let mut names = (i + 1..).map(|n| format!("hunt-{n}")).filter(|name| !taken(name));
        names.next().unwrap_or_default()
    }
}

/// Whether a run is that of `base` up to an event, and then its last fault strikes. A fault that comes at a time has no
/// cause.
fn strikes_at(run: &Run, base: &Log, position: usize, cause: EventId) -> bool {
    let last = run.log.header.faults.len().checked_sub(1).map(|last| Kind::Fault(FaultId(last as u16)));
    same_until(base, &run.log) >= position
        && run
            .log
            .events()
            .get(position)
            .is_some_and(|event| Some(event.kind) == last && (event.cause == cause || !event.cause.is_some()))
}

#[cfg(test)]
mod tests {
    use super::super::branch::Wish;
    use super::*;

    const SHOP: &str = r#"Scenario(title: "t", broker: rabbitmq(queues: [(name: "q", durable: true)]),
        producers: [(name: "p", publish: [(to: "", key: "q", id: "m-{n}", count: 2, every: "10ms", persistent: true)],
            reliability: confirms(timeout: "100ms", on_timeout: republish()), reconnect: (after: "50ms"))],
        consumers: [(name: "c", from: "q", ack: ACK, work: "5ms", reconnect: (after: "50ms"))])"#;

    fn bag(ack: &str, faults: usize, never: Word, limit: u64) -> Bag {
        let study = Study::read(SHOP.replace("ACK", ack).as_bytes(), &Wish::default()).unwrap();
        let prey = Prey { faults, sorts: Sort::ALL.to_vec(), never: vec![never], limit };
        hunt(&study, &prey, &mut |_| {}).unwrap()
    }

    #[test]
    fn acknowledging_before_the_work_loses_with_one_fault_and_its_text_leads_there_again() {
        let bag = bag("before_work", 1, Word::Lost, 100_000);
        let [found] = &bag.violations[..] else { panic!("{bag:?}") };
        assert_eq!((found.size, found.worded, bag.all_found), (1, true, true));
        let text = SHOP.replace("ACK", "before_work");
        let study = Study::read(text.as_bytes(), &Wish::default()).unwrap().with(&found.changes, "x").unwrap();
        assert!(study.run().findings.count(Word::Lost) > 0);
    }

    #[test]
    fn acknowledging_after_the_work_loses_nothing_wherever_one_fault_is_placed() {
        // Without power losses: some leave a connection half open for as long as others live, and such a run is cut short.
        let study = Study::read(SHOP.replace("ACK", "after_work").as_bytes(), &Wish::default()).unwrap();
        let sorts = vec![Sort::Cut, Sort::Kill, Sort::Client];
        let prey = Prey { faults: 1, sorts, never: vec![Word::Lost], limit: 100_000 };
        let bag = hunt(&study, &prey, &mut |_| {}).unwrap();
        assert!(bag.complete && bag.violations.is_empty(), "{bag:?}");
        assert_eq!(bag.placements, bag.by_size[1]);
        assert!(bag.placements > 200, "{bag:?}");
    }

    #[test]
    fn a_hunt_that_stops_at_its_limit_is_not_complete() {
        let bag = bag("after_work", 2, Word::Lost, 500);
        assert!(!bag.complete && !bag.all_found && bag.placements == 500, "{bag:?}");
    }
}
