//! The scenarios of the repository, with their variants, lowered and ready to run.

use mqlab::ids::{Digest, EventId};
use mqlab::scenario::{self, Scenario};
use mqlab::trace::{Log, Observable};
use mqlab::world::World;
use mqlab::world::plan::Plan;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One scenario or variant.
pub struct Case {
    /// `lost-confirm` or `lost-confirm@cured`.
    pub name: String,
    pub scenario: Scenario,
    pub plan: Arc<Plan>,
    pub digest: Digest,
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "ron") {
            found.push(path);
        }
    }
}

/// The scenario files by their names below `scenarios/`.
pub fn texts() -> Vec<(String, String)> {
    texts_in("scenarios")
}

/// The scenarios that exist only to reach rules that no lesson needs.
pub fn probe_texts() -> Vec<(String, String)> {
    texts_in("tests/data/rules")
}

fn texts_in(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    files(&root, &mut found);
    let name = |path: &Path| path.strip_prefix(&root).unwrap().with_extension("").to_str().unwrap().replace('\\', "/");
    found.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

pub fn case(name: &str, source: &scenario::Source, variant: Option<&str>) -> Case {
    let scenario =
        source.select(variant).unwrap_or_else(|e| panic!("{name}: {}", e.render(name, scenario::Look::PLAIN)));
    let plan = scenario::lower(&scenario).unwrap_or_else(|e| panic!("{name}: {e:?}"));
    let name = variant.map_or_else(|| name.to_owned(), |v| format!("{name}@{v}"));
    Case { name, digest: scenario.digest, scenario, plan }
}

/// Every scenario and every variant.
pub fn cases() -> Vec<Case> {
    cases_of(texts())
}

/// Every probe and every variant of one.
pub fn probes() -> Vec<Case> {
    cases_of(probe_texts())
}

fn cases_of(texts: Vec<(String, String)>) -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, text) in texts {
        let source = scenario::read(&text).unwrap_or_else(|e| panic!("{}", e.render(&name, scenario::Look::PLAIN)));
        cases.push(case(&name, &source, None));
        for variant in source.variants() {
            cases.push(case(&name, &source, Some(&variant.name.value)));
        }
    }
    cases
}

/// Runs to the end with a log, checking after every step that what the events told is what the machines hold.
pub fn run_checked(name: &str, world: &mut World) -> Log {
    let mut log = Log::new(world.plan().header.clone());
    let mut fold = Observable::new();
    let mut seen = 0;
    loop {
        let done = world.step(&mut log);
        while seen < log.events().len() {
            let id = EventId(seen as u32);
            for delta in log.deltas(id) {
                assert!(fold.apply(delta), "{name}, event {seen}: {delta:?} does not fit");
            }
            seen += 1;
        }
        let held = world.observe();
        assert!(fold == held, "{name}, event {seen} {:?}:\ntold {fold:#?}\nheld {held:#?}", log.events().last());
        if done.is_some() {
            break;
        }
    }
    log.adopt(&world.tables());
    log
}
