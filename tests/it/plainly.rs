//! Stepping without a screen: lines in, sentences out.

use std::io::Write;
use std::process::{Command, Stdio};

/// Exit code, standard output and standard error of `mqlab step` with lines on its standard input.
fn step(args: &[&str], lines: &str) -> (Option<i32>, String, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_mqlab"));
    program.arg("step").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.current_dir(env!("CARGO_MANIFEST_DIR")).spawn().unwrap();
    // It may end before everything is read.
    let _ = child.stdin.take().unwrap().write_all(lines.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_run_is_told_step_by_step_with_numbered_choices() {
    let lines = ":76\n\nw\nb\n3\n=\n]\npane state\nT\n1\nmark the confirm\nv\nnonsense\nq\ny\n";
    let (code, out, err) = step(&["lost-confirm", "--plain"], lines);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    insta::assert_snapshot!("plain", out);
}

#[test]
fn nothing_in_it_needs_a_screen() {
    let lines = "j\nJ\nw\nw\nEnter\nv\nl\nb\n0\n!\n1\n=\n]\nT\npane why\npane state\nH\nx\nh\nY\ny\ng\n}\n";
    let (code, out, _) = step(&["lost-confirm", "--plain"], lines);
    assert_eq!(code, Some(0));
    let drawn =
        |c: char| c == '\u{1b}' || ('\u{2500}'..='\u{259f}').contains(&c) || ('\u{2800}'..='\u{28ff}').contains(&c);
    let bad: Vec<&str> = out.lines().filter(|line| line.contains(drawn)).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(!out.contains("panicked"));
}

#[test]
fn where_there_is_no_terminal_it_is_plain_and_the_end_of_the_input_ends_it() {
    let (code, out, _) = step(&["hello"], "n");
    assert_eq!(code, Some(0));
    assert!(out.starts_with("Hello, queue"), "{out}");
}

#[test]
fn one_frame_is_the_screen_or_the_step_in_words() {
    let (code, out, _) = step(&["lost-confirm", "--at", "76", "--width", "120"], "");
    assert_eq!(code, Some(0));
    assert!(out.contains("step 76 of") && out.contains("Branches"), "{out}");
    assert_eq!(out.lines().count(), 40);
    let (code, out, _) = step(&["lost-confirm", "--at", "15ms", "--plain"], "");
    assert_eq!(code, Some(0));
    assert!(out.contains("Step 7"), "{out}");
    let (code, out, err) = step(&["lost-confirm", "--at", "99999"], "");
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("there are steps 1 to"), "{err}");
}

#[test]
fn a_recorded_trace_and_a_token_open_too() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace.jsonl");
    let run = |args: &[&str]| Command::new(env!("CARGO_BIN_EXE_mqlab")).args(args).output().unwrap();
    std::fs::write(&trace, run(&["run", "lost-confirm", "--format", "jsonl"]).stdout).unwrap();
    let (code, out, _) = step(&[trace.to_str().unwrap(), "--plain"], "b\ny\n");
    assert_eq!(code, Some(0));
    assert!(out.contains("only a scenario can be changed") && out.contains("has no token"), "{out}");
    let shown = String::from_utf8(run(&["run", "lost-confirm", "--seed", "3", "--view", "verdict"]).stdout).unwrap();
    let token = shown.lines().last().unwrap().rsplit(' ').next().unwrap();
    let (code, out, _) = step(&["lost-confirm", "--replay", token, "--plain"], "y\n");
    assert_eq!(code, Some(0));
    assert!(out.contains(token), "{out}");
}

#[test]
fn what_cannot_be_opened_is_refused_before_anything_is_shown() {
    for file in ["no-such-scenario", "Cargo.toml", "-"] {
        let (code, out, err) = step(&[file, "--plain"], "");
        assert_eq!((code, out.as_str()), (Some(2), ""), "{file}: {err}");
        assert!(!err.is_empty() && !err.contains("panicked"));
    }
}

#[test]
fn a_lesson_is_recorded_into_a_new_file_or_printed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lesson.ron");
    let name = path.to_str().unwrap();
    let (code, out, _) = step(&["hello", "--plain", "--record", name], "n\nmark it begins\nn\nm\n");
    assert_eq!(code, Some(0), "{out}");
    let lesson = std::fs::read_to_string(&path).unwrap();
    assert!(lesson.starts_with("lesson: (\n    captions: [\n") && lesson.contains("says: \"it begins\""), "{lesson}");
    assert_eq!(lesson.matches("(at: ").count(), 2);
    let (code, _, err) = step(&["hello", "--plain", "--record", name], "n\n");
    assert_eq!(code, Some(2));
    assert!(err.contains("nothing is overwritten"));
    let (_, out, _) = step(&["hello", "--plain", "--record", "-"], "n\nm\n");
    assert!(out.contains("lesson: ("), "{out}");
}
