//! `mqlab compare`: disease and cure beside each other, and two runs.

use std::process::Command;

/// What is printed, where the exit code is as expected.
fn compared(args: &[&str], code: i32) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_mqlab"));
    let output = program.arg("compare").args(args).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{error}");
    String::from_utf8(output.stdout).unwrap() + &error
}

#[test]
fn a_scenario_stands_beside_its_cure() {
    insta::assert_snapshot!("lost_confirm_beside_its_cure", compared(&["lost-confirm"], 0));
}

#[test]
fn a_run_is_the_same_as_itself_and_a_cure_is_not() {
    let itself = ["lost-confirm", "lost-confirm", "--same"];
    assert!(compared(&itself, 0).contains("the same, step by step"));
    assert!(compared(&["lost-confirm", "lost-confirm@cured", "--same"], 1).contains("the first difference is step"));
    assert!(compared(&["lost-confirm", "--variant", "cured", "--format", "json"], 0).contains("\"same_steps\""));
}

#[test]
fn what_differs_is_named_down_to_rows_consumers_and_sums() {
    let text = compared(&["registration", "--variant", "cured", "--width", "120"], 0);
    for line in ["rows in accounts", "delivered to web", "worked by sender-1", "longest took", "last work after"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(text.contains("differ from the ") || text.contains("the first difference is step"), "{text}");
    assert!(compared(&["idempotent-upsert"], 0).contains("ann in balances"));
    assert!(compared(&["forgotten-ack"], 0).contains("unacked in "));
    assert!(
        compared(&["hello", "lost-confirm"], 0).contains("they differ from the start; the first difference is step ")
    );
}

#[test]
fn what_cannot_be_compared_is_refused_in_words() {
    assert!(compared(&["hello"], 2).contains("no variant to compare it with"));
    assert!(compared(&["hello", "nowhere"], 2).contains("cannot read nowhere"));
    assert!(compared(&["lost-confirm", "lost-confirm@curd"], 2).contains("cured"));
    assert!(compared(&["hello", "rpc", "--variant", "x"], 2).contains("@cured"));
}
