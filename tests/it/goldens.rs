//! Golden files: what every scenario and variant shows, as a person sees it, and the digests that pin whole traces.
//!
//! `snapshots/<path of the scenario>[@<variant>].<view>.snap`, in insta's format, with the lesson as description and
//! seed and scenario as info, so that the program itself can check the same files.

use crate::gallery::{Case, cases};
use mqlab::explore::{How, Run, run};
use mqlab::export::view::{self, Settings, Viewed};
use mqlab::ids::{Digest, EventId};

use mqlab::timeline::{Options, Reel, lay_out};
use mqlab::trace;
use mqlab::world::{RULES, VERBS};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The settings are those of the program where nothing is asked for and there is no terminal.
#[derive(Serialize)]
struct Info<'a> {
    scenario: &'a str,
    seed: u64,
    width: usize,
    full: bool,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots")
}

fn ran(case: &Case) -> Run {
    let expect: Vec<_> = case.scenario.expect.iter().map(|e| e.expectation.clone()).collect();
    run(&case.plan, case.digest, &expect, &How::default())
}

/// The views that are pinned, by name: the pages that the program prints with the settings of its own choice.
fn views(run: &Run) -> [(&'static str, String); 3] {
    let (log, findings, checked) = (&run.log, &run.findings, &run.checked[..]);
    let viewed = Viewed { log, findings, checked, verbs: VERBS, rules: RULES };
    let settings = Settings::default();
    [
        ("timeline", view::timeline(&viewed, &settings).plain()),
        ("story", view::story(&viewed, &settings).plain()),
        ("verdict", view::verdict(&viewed, &settings).plain()),
    ]
}

fn pin(case: &Case, name: &str, content: &str) {
    let path = Path::new(name);
    let below = folder().join(path.parent().unwrap_or(Path::new("")));
    let base = case.name.split('@').next().unwrap_or_default();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(below);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(case.scenario.about.clone());
    let Settings { width, full, .. } = Settings::default();
    let scenario = &format!("scenarios/{base}.ron");
    settings.set_info(&Info { scenario, seed: case.scenario.seed, width, full });
    settings.bind(|| insta::assert_snapshot!(path.file_name().unwrap().to_str().unwrap(), content));
}

#[test]
fn golden_views_of_every_scenario() {
    for case in cases() {
        let run = ran(&case);
        for (view, content) in views(&run) {
            pin(&case, &format!("{}.{view}", case.name), &content);
        }
    }
}

#[test]
fn every_expectation_holds_and_every_fault_strikes() {
    let mut wrong = Vec::new();
    for case in cases() {
        let run = ran(&case);
        let broken = run.checked.iter().filter(|c| !c.holds).map(|c| format!("{} ({})", c.expectation, c.found));
        wrong.extend(broken.map(|what| format!("{}: {what}", case.name)));
        wrong.extend(run.idle_faults().map(|fault| format!("{}: fault {} never struck", case.name, fault.name)));
        assert!(
            !case.scenario.about.is_empty() && !case.scenario.expect.is_empty(),
            "{} says what it is for",
            case.name
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A golden file without what insta writes above it.
fn body(name: &str) -> String {
    let text = std::fs::read_to_string(folder().join(name)).unwrap();
    text.splitn(3, "---\n").nth(2).unwrap().trim_end().to_owned() + "\n"
}

#[test]
fn the_program_prints_what_the_golden_files_hold() {
    for case in cases() {
        let (base, variant) = case.name.split_once('@').map_or((&case.name[..], None), |(base, v)| (base, Some(v)));
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_mqlab"));
        program.args(["run", &format!("scenarios/{base}.ron"), "--view", "timeline,story,verdict"]);
        program.args(variant.map(|name| format!("--variant={name}"))).current_dir(env!("CARGO_MANIFEST_DIR"));
        let printed = String::from_utf8(program.output().unwrap().stdout).unwrap();
        let (_, pages) = printed.split_once("\n\n").unwrap();
        let golden = ["timeline", "story", "verdict"].map(|view| body(&format!("{}.{view}.snap", case.name)));
        let wanted = golden.join("\n");
        let behind = pages.strip_prefix(&wanted);
        let only_the_foot =
            behind.is_some_and(|foot| foot.starts_with("\nreplay: ") || foot.starts_with("\nTry next\n"));
        assert!(only_the_foot, "{}: the program prints\n{pages}\ninstead of\n{wanted}", case.name);
    }
}

/// Checked in debug and in release builds: the same bytes from both.
#[test]
fn golden_digests_of_every_trace() {
    let mut lines = String::new();
    for case in cases() {
        let run = ran(&case);
        let text = trace::encode(&run.log, RULES, VERBS);
        let traced = Digest::of(|digest| digest.text(&text));
        lines.push_str(&format!(
            "{} steps {} trace {traced} state {}\n",
            case.name,
            run.log.events().len(),
            run.digest
        ));
    }
    insta::with_settings!({ snapshot_path => folder(), prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("digests", lines);
    });
}

fn files(below: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            let name = path.strip_prefix(folder()).unwrap().to_str().unwrap().replace('\\', "/");
            if !name.ends_with(".new") {
                found.insert(name);
            }
        }
    }
}

#[test]
fn no_golden_file_is_unused() {
    let mut expected: BTreeSet<String> = ["digests.snap", "rules.snap"].map(str::to_owned).into();
    for case in cases() {
        expected.extend(["timeline", "story", "verdict"].map(|view| format!("{}.{view}.snap", case.name)));
    }
    let mut found = BTreeSet::new();
    files(&folder(), &mut found);
    let unused: Vec<_> = found.difference(&expected).collect();
    assert!(unused.is_empty(), "golden files that no test reads: {unused:?}");
}

#[test]
fn a_part_of_a_run_is_laid_out_as_it_is_in_the_whole() {
    for case in cases().into_iter().step_by(3) {
        let log = ran(&case).log;
        let options = Options { max_rows: None, ..Options::default() };
        let whole = lay_out(&log, &VERBS, &RULES, &options).rows;
        let mut reel = Reel::new(&log, &VERBS, true);
        let all = EventId(log.events().len() as u32);
        let full = Options { full_handshake: true, max_rows: None, ..Options::default() };
        assert_eq!(reel.rows(&log, &VERBS, EventId(0), all), lay_out(&log, &VERBS, &RULES, &full).rows, "{}", case.name);
        reel.show(false);
        assert_eq!(reel.rows(&log, &VERBS, EventId(0), all), whole, "{}", case.name);
        for (at, row) in whole.iter().enumerate().step_by(whole.len() / 40 + 1) {
            let until = whole.get(at + 5).map_or(all, |row| row.first);
            let part = reel.rows(&log, &VERBS, row.first, until);
            assert_eq!(part, whole[at..whole.len().min(at + 5)], "{} from {:?}", case.name, row.first);
            assert_eq!(reel.row_at(&log, &VERBS, row.last).as_ref().map(|r| r.first), Some(row.first), "{}", case.name);
            let next = reel.after(&log, &VERBS, row.first).map(|row| row.first);
            assert_eq!(next, whole.get(at + 1).map(|row| row.first), "{} behind {:?}", case.name, row.first);
            let before = reel.before(&log, &VERBS, row.first).map(|row| row.first);
            assert_eq!(before, at.checked_sub(1).map(|at| whole[at].first), "{} before {:?}", case.name, row.first);
        }
    }
}
