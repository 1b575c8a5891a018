//! Branches over the whole gallery: every change that is offered can be made, and the past is what it was.

use crate::gallery::texts;
use mqlab::explore::branch::{Offer, Sort, Study, StudyError, Wish};
use mqlab::explore::{Run, align, same_until};
use mqlab::ids::EventId;
use mqlab::lab::{Laboratory, MAX_RUNS, Opening, Problem, Target};
use mqlab::scenario;
use mqlab::suite::{Bench, Found, Shelf, Unread};
use mqlab::trace::{Kind, Log, ReadLimits, decode, encode};
use mqlab::world::{RULES, VERBS};
use std::collections::{BTreeMap, BTreeSet};

/// Every scenario and variant, with its text.
/// Known to refuse a fault that is offered near the end, behind polls at the same moment as others; to be mended.
const PAST_DIFFERS: &[&str] = &["basics/push-and-pull@asks-more-often"];

fn studies() -> Vec<(String, String, Study)> {
    let mut all = Vec::new();
    for (name, text) in texts() {
        let read = |variant: Option<String>| {
            Study::read(text.as_bytes(), &Wish { variant, ..Wish::default() }).unwrap_or_else(|e| panic!("{name}: {e}"))
        };
        let base = read(None);
        let variants: Vec<String> = base.variants().map(str::to_owned).collect();
        all.push((name.clone(), text.clone(), base));
        let variants = variants.into_iter().filter(|v| !PAST_DIFFERS.contains(&format!("{name}@{v}").as_str()));
        all.extend(variants.map(|v| (format!("{name}@{v}"), text.clone(), read(Some(v)))));
    }
    all
}

/// Some steps of a run, spread over it, with the last ones among them.
fn steps(log: &Log, many: usize) -> BTreeSet<EventId> {
    let n = log.events().len();
    (0..many).map(|i| i * n / many).chain([n - 2, n - 1]).map(|i| EventId(i as u32)).collect()
}

/// The lines of a trace that tell its events and places, as they stand in the file.
fn told(log: &Log) -> Vec<String> {
    let lines = encode(log, RULES, VERBS);
    lines.lines().filter(|line| line.starts_with("{\"t\"")).map(str::to_owned).collect()
}

fn branched(name: &str, study: &Study, run: &Run, at: EventId, offer: &Offer) -> (Study, Run) {
    let branch = study.branch(&run.log, at, &offer.id, "branch");
    branch.unwrap_or_else(|e| panic!("{name}, step {}, {}: {e}", at.step(), offer.id))
}

/// Every so-manieth of all, from the first on: over the whole gallery it comes to each kind in each surrounding.
struct Sample {
    seen: usize,
    every: usize,
}

impl Sample {
    fn of(every: usize) -> Sample {
        Sample { seen: 0, every }
    }
    fn takes(&mut self) -> bool {
        self.seen += 1;
        (self.seen - 1).is_multiple_of(self.every)
    }
}

#[test]
fn every_change_that_is_offered_can_be_made_and_leaves_the_past_as_it_was() {
    let mut sample = Sample::of(11);
    for (name, _, study) in studies() {
        let run = study.run();
        let before = told(&run.log);
        assert_eq!(before.len(), run.log.events().len());
        for at in steps(&run.log, 5) {
            let offers = study.faults_at(&run.log, at);
            for offer in offers.iter().filter(|_| sample.takes()) {
                let (_, branch) = branched(&name, &study, &run, at, offer);
                let after = told(&branch.log);
                let kept = offer.behind.map_or(at.at(), |behind| behind.at() + 1);
                let what = format!("{name}, step {}, {}", at.step(), offer.id);
                assert!(kept >= at.at(), "{what}");
                assert!(before[..kept] == after[..kept], "{what}: the past differs");
                assert!(same_until(&run.log, &branch.log) >= kept, "{what}");
                let struck = |run: &Run| run.log.events().iter().any(|e| matches!(e.kind, Kind::Fault(_)));
                assert!(offer.sort == Sort::Removal || struck(&branch), "{what}");
            }
        }
    }
    assert!(sample.seen > 5_000, "only {} changes are offered", sample.seen);
}

#[test]
fn every_setting_that_is_offered_changes_the_run() {
    let mut idle = Vec::new();
    let mut sample = Sample::of(3);
    for (name, _, study) in studies().into_iter().filter(|_| sample.takes()) {
        let run = study.run();
        for offer in study.offers(&run.log, EventId(0)).iter().filter(|offer| offer.sort == Sort::Setting) {
            let (_, branch) = branched(&name, &study, &run, EventId(0), offer);
            let same = run.log.events().len() == branch.log.events().len()
                && same_until(&run.log, &branch.log) == run.log.events().len();
            if same {
                idle.push(format!("{name}: {}", offer.id));
            }
        }
    }
    assert!(idle.is_empty(), "settings that change nothing:\n{}", idle.join("\n"));
}

#[test]
fn ids_are_unique_and_the_same_change_has_the_same_id_everywhere() {
    let mut sample = Sample::of(3);
    for (name, _, study) in studies().into_iter().filter(|_| sample.takes()) {
        let run = study.run();
        let mut says: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for at in steps(&run.log, 7) {
            let offers = study.offers(&run.log, at);
            let ids: BTreeSet<&str> = offers.iter().map(|offer| offer.id.as_str()).collect();
            assert_eq!(ids.len(), offers.len(), "{name}, step {}", at.step());
            assert_eq!(offers, study.offers(&run.log, at), "{name}");
            for offer in offers.into_iter().filter(|offer| !offer.id.starts_with("cut")) {
                let says = says.entry(offer.id).or_default();
                if !says.contains(&offer.says) {
                    says.push(offer.says);
                }
            }
        }
        let unsteady: Vec<_> = says.iter().filter(|(_, says)| says.len() > 1).collect();
        assert!(unsteady.is_empty(), "{name}: {unsteady:?}");
    }
}

#[test]
fn a_branch_can_be_branched_again() {
    for (name, _, study) in studies() {
        let run = study.run();
        let at = EventId((run.log.events().len() / 3) as u32);
        let Some(first) = study.faults_at(&run.log, at).into_iter().find(|offer| offer.sort == Sort::Fault) else {
            continue;
        };
        let (study, run) = branched(&name, &study, &run, at, &first);
        let at = EventId((run.log.events().len() * 2 / 3) as u32);
        for offer in study.faults_at(&run.log, at).iter().filter(|offer| offer.sort == Sort::Fault).take(2) {
            let (study, branch) = branched(&name, &study, &run, at, offer);
            assert!(same_until(&run.log, &branch.log) >= at.at(), "{name}: {}", offer.id);
            assert_eq!(study.changes().len(), 2, "{name}");
        }
    }
}

#[test]
fn what_is_not_offered_cannot_be_branched() {
    let (_, text) = texts().into_iter().find(|(name, _)| name.ends_with("lost-confirm")).unwrap();
    let study = Study::read(text.as_bytes(), &Wish::default()).unwrap();
    let run = study.run();
    let gone = study.branch(&run.log, EventId(10), "kill:nobody", "x").err();
    assert_eq!(gone, Some(StudyError::NoSuchChange("kill:nobody".into())));
    let end = EventId((run.log.events().len() - 1) as u32);
    assert!(study.offers(&run.log, end).iter().all(|offer| offer.sort == Sort::Setting), "after the end");
}

/// Over all scenarios a sample of the branches: each is read, run and read again three times.
#[test]
fn a_saved_branch_is_a_variant_that_runs_as_the_branch_did() {
    let mut sample = Sample::of(11);
    let mut third = Sample::of(3);
    for (name, text, study) in studies().into_iter().filter(|_| third.takes()) {
        let run = study.run();
        for at in steps(&run.log, 3) {
            for offer in study.offers(&run.log, at).iter().filter(|_| sample.takes()) {
                let (branch, branched) = branched(&name, &study, &run, at, offer);
                let what = format!("{name}, step {}, {}", at.step(), offer.id);
                let saved = branch.save(&text, "what if", "Made while stepping.", &branched.findings);
                let saved = saved.unwrap_or_else(|e| panic!("{what}: {e}"));
                let wish = Wish { variant: Some("what if".into()), ..Wish::default() };
                let again = Study::read(saved.as_bytes(), &wish).unwrap_or_else(|e| panic!("{what}: {e}\n{saved}"));
                let ran = again.run();
                assert!(told(&ran.log) == told(&branched.log), "{what}: the saved variant runs differently");
                // What is to hold while a run goes on is the scenario's, and a branch may break it.
                let lasting =
                    |text: &str| ["always(", "never(", "eventually("].iter().any(|word| text.starts_with(word));
                let holds = ran.checked.iter().all(|checked| checked.holds || lasting(&checked.expectation));
                assert!(holds, "{what}: {:?}", ran.checked);
            }
        }
    }
    assert!(sample.seen > 3_000, "only {} changes are offered", sample.seen);
}

#[test]
fn two_runs_side_by_side_hold_every_event_once_and_pair_what_is_the_same() {
    let mut sample = Sample::of(7);
    for (name, _, study) in studies() {
        let run = study.run();
        let at = EventId((run.log.events().len() / 2) as u32);
        for offer in study.faults_at(&run.log, at).iter().filter(|_| sample.takes()) {
            let (_, branch) = branched(&name, &study, &run, at, offer);
            let rows = align(&run.log, &branch.log);
            let mut left: Vec<_> = rows.iter().filter_map(|row| row.left).collect();
            let right: Vec<_> = rows.iter().filter_map(|row| row.right).collect();
            let all = |log: &Log| (0..log.events().len() as u32).map(EventId).collect::<Vec<_>>();
            left.sort_unstable();
            assert_eq!(left, all(&run.log), "{name}");
            assert_eq!(right, all(&branch.log), "{name}");
            for row in &rows[..same_until(&run.log, &branch.log)] {
                assert_eq!(row.left, row.right, "{name}: {}", offer.id);
            }
        }
    }
}

#[test]
fn a_scenario_that_was_saved_with_a_seed_has_it_in_the_variant() {
    let text = "Scenario(title: \"t\", broker: rabbitmq(queues: [(name: \"q\")]), network: (latency: uniform(\"1ms\", \"9ms\")),\n    producers: [(name: \"p\", publish: [(to: \"\", key: \"q\", count: 5, every: \"1ms\")])], consumers: [(name: \"c\", from: \"q\")])";
    let study = Study::read(text.as_bytes(), &Wish { seed: Some(9), ..Wish::default() }).unwrap();
    let run = study.run();
    let (branch, branched) = study.branch(&run.log, EventId(30), "kill:c", "b").unwrap();
    let saved = branch.save(text, "b", "", &branched.findings).unwrap();
    let again = Study::read(saved.as_bytes(), &Wish { variant: Some("b".into()), ..Wish::default() }).unwrap();
    assert!(told(&again.run().log) == told(&branched.log));
    let token = Study::read(text.as_bytes(), &Wish { token: Some(run.token.to_string()), ..Wish::default() }).unwrap();
    assert_eq!(token.run().token, run.token);
    let _ = scenario::read(&saved).unwrap();
}

/// What a person reads at a few steps of the lost confirm: before the broker has it, as the confirm leaves, after it is
/// lost, while the biller works, and at the end.
#[test]
fn the_changes_of_a_lost_confirm_as_a_person_reads_them() {
    let mut bench = Bench::new(Memory::new());
    let run = bench.open(&Opening { path: "lost-confirm".into(), ..Opening::default() }).unwrap();
    let last = bench.run(run).unwrap().log.events().len() as u32;
    let mut text = String::new();
    for step in [1, 87, 99, 101, 107, last] {
        text.push_str(&format!("step {step}\n"));
        for change in bench.changes(run, EventId(step - 1)).unwrap() {
            let preview = bench.preview(run, EventId(step - 1), &change.id).unwrap();
            text.push_str(&format!("  {}\n    {}\n", change.id, change.says));
            if step == 99 {
                text.extend(preview.lines().iter().map(|line| format!("    > {line}\n")));
            }
        }
    }
    insta::assert_snapshot!("changes_of_lost_confirm", text);
}

/// A shelf in memory, with the gallery's files as files of its own.
struct Memory(BTreeMap<String, String>);

impl Memory {
    fn new() -> Memory {
        Memory(texts().into_iter().collect())
    }
}

impl Shelf for Memory {
    fn list(&self) -> Vec<(String, String, String)> {
        self.0.iter().map(|(name, text)| (String::new(), name.clone(), text.clone())).collect()
    }
    fn read(&self, path: &str) -> Result<Found, Unread> {
        let text = self.0.get(path).ok_or_else(|| Unread::Refused("no such file".to_owned()))?;
        if !text.starts_with('{') {
            return Ok(Found::Scenario(text.clone().into_bytes()));
        }
        decode(text, &ReadLimits::default(), RULES, VERBS)
            .map(|log| Found::Trace(Box::new(log)))
            .map_err(|error| Unread::Refused(error.to_string()))
    }
    fn replace(&mut self, path: &str, text: &str) -> Result<(), String> {
        self.0.insert(path.to_owned(), text.to_owned());
        Ok(())
    }
    fn create(&mut self, path: &str, text: &str) -> Result<(), String> {
        self.replace(path, text)
    }
}

#[test]
fn a_laboratory_keeps_a_tree_of_branches_that_are_named_saved_compared_and_pruned() {
    let mut lab = Bench::new(Memory::new());
    assert!(lab.list().iter().any(|entry| entry.name == "lost-confirm" && entry.variants == ["cured"]));
    let open = |variant: Option<&str>| Opening {
        path: "lost-confirm".into(),
        variant: variant.map(str::to_owned),
        ..Opening::default()
    };
    let root = lab.open(&open(None)).unwrap();
    let at = EventId(90);
    let kept = lab.branch(root, at, "without:cut-2").unwrap();
    let comparison = lab.compare(root, kept).unwrap();
    assert!(!comparison.equal && comparison.same >= 90);
    assert!(comparison.shifts.iter().any(|shift| shift.what == "duplicated" && shift.after == "0"), "{comparison:?}");
    lab.rename(kept, "confirm kept").unwrap();
    let worse = lab.branch(kept, EventId(120), "power-loss:broker").unwrap();
    let shape: Vec<_> = lab.tree().into_iter().map(|node| (node.run, node.depth, node.unsaved)).collect();
    assert_eq!(shape, [(root, 0, false), (kept, 1, true), (worse, 2, true)]);
    let saved = lab.save(worse, &Target::Same).unwrap();
    let again = lab.open(&open(Some(&saved.variant))).unwrap();
    assert_eq!(told(&lab.run(again).unwrap().log), told(&lab.run(worse).unwrap().log));
    assert!(lab.run(again).unwrap().checked.iter().all(|checked| checked.holds));
    assert!(lab.compare(worse, again).unwrap().equal);
    assert!(lab.save(worse, &Target::Same).unwrap_err().to_string().contains("already"));
    lab.save(kept, &Target::New("mine.ron".into())).unwrap();
    assert!(
        lab.open(&Opening { path: "mine.ron".into(), variant: Some("confirm kept".into()), ..Opening::default() })
            .is_ok()
    );
    lab.prune(kept).unwrap();
    assert_eq!(lab.run(worse).map(|run| run.id), None);
    assert_eq!(lab.compare(root, kept).unwrap_err(), Problem::NoSuchRun);
}

#[test]
fn a_laboratory_refuses_in_words() {
    let mut shelf = Memory::new();
    shelf.0.insert("broken".into(), "Scenario(".into());
    let study = Study::read(texts()[0].1.as_bytes(), &Wish::default()).unwrap();
    shelf.0.insert("trace".into(), encode(&study.run().log, RULES, VERBS));
    let mut lab = Bench::new(shelf);
    let path = |path: &str| Opening { path: path.into(), ..Opening::default() };
    assert!(matches!(lab.open(&path("nowhere")), Err(Problem::Unreadable(_))));
    assert!(matches!(lab.open(&path("broken")), Err(Problem::Broken(text)) if text.contains("never closed")));
    assert!(matches!(lab.open(&Opening { token: Some("x".into()), ..path("hello") }), Err(Problem::Wish(_))));
    let trace = lab.open(&path("trace")).unwrap();
    assert!(!lab.run(trace).unwrap().findings.words.is_empty() || lab.run(trace).unwrap().findings.ended.is_some());
    assert_eq!(lab.changes(trace, EventId(0)), Err(Problem::Recorded));
    let run = lab.open(&path("hello")).unwrap();
    assert_eq!(lab.changes(run, EventId(9_999)), Err(Problem::NoSuchStep(10_000)));
    assert!(matches!(lab.preview(run, EventId(0), "x"), Err(Problem::Illegal(_))));
    assert!(matches!(lab.save(run, &Target::Same), Err(Problem::Unsaveable(_))));
    assert!(matches!(lab.rename(run, "a\nb"), Err(Problem::Name(_))));
    while lab.tree().len() < MAX_RUNS {
        lab.open(&path("hello")).unwrap();
    }
    assert_eq!(lab.open(&path("hello")), Err(Problem::TooMany(MAX_RUNS)));
}

#[test]
fn a_connection_that_is_cut_already_cannot_be_cut_again() {
    let (_, text) = texts().into_iter().find(|(name, _)| name.ends_with("lost-confirm")).unwrap();
    let study = Study::read(text.as_bytes(), &Wish::default()).unwrap();
    let run = study.run();
    let fault = run.log.events().iter().position(|event| matches!(event.kind, Kind::Fault(_))).unwrap();
    let cuts = |at: usize| {
        let offers = study.offers(&run.log, EventId(at as u32));
        offers.iter().any(|offer| offer.id == "cut:shop")
    };
    assert!(cuts(fault - 20) && !cuts(fault) && !cuts(fault + 1));
}
