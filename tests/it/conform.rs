//! The recordings of a real broker against the simulated one.

use mqlab::explore::conform::{Count, Outcome, Verdict, conform, known, read};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

fn outcomes(file: &str) -> Vec<Outcome> {
    let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file)).unwrap();
    conform(&read(&bytes).unwrap(), None, &known(), &|_| true)
}

/// A line a group, then what differs and is not known to.
fn summary(outcomes: &[Outcome]) -> String {
    let mut groups: BTreeMap<&str, BTreeMap<Count, usize>> = BTreeMap::new();
    for outcome in outcomes {
        *groups.entry(&outcome.group).or_default().entry(outcome.count()).or_default() += 1;
    }
    let mut text = String::new();
    for (group, counts) in groups {
        let counts: Vec<String> = counts.iter().map(|(count, n)| format!("{n} {}", count.word())).collect();
        writeln!(text, "{group}: {}", counts.join(", ")).unwrap();
    }
    for outcome in outcomes.iter().filter(|outcome| outcome.count() == Count::Different) {
        writeln!(text, "different: {}", outcome.id).unwrap();
    }
    text
}

#[test]
fn recorded_sessions_come_as_they_were_recorded() {
    insta::assert_snapshot!(summary(&outcomes("conform/transcripts.json")));
}

#[test]
fn pairs_of_bindings_and_messages_match_as_they_were_recorded() {
    for file in ["topic_cases.json", "headers_cases.json"] {
        let outcomes = outcomes(file);
        let wrong: Vec<_> = outcomes.iter().filter(|outcome| outcome.verdict != Verdict::Same).collect();
        assert!(wrong.is_empty(), "{file}: {wrong:#?}");
    }
}

#[test]
fn no_known_difference_is_stale() {
    let outcomes = outcomes("conform/transcripts.json");
    let stale: Vec<&str> = outcomes.iter().filter(|outcome| outcome.is_stale()).map(|outcome| &*outcome.id).collect();
    assert!(stale.is_empty(), "to be taken off the list of known differences: {stale:?}");
    for id in known().iter().flat_map(|known| &known.ids) {
        assert!(outcomes.iter().any(|outcome| outcome.id == *id), "{id} is on the list and in no recording");
    }
}
