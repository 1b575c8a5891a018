//! The program as a person meets it: arguments in, text and exit code out.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn mqlab(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mqlab"));
    command.args(args).stdin(Stdio::null());
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A command that must be refused: exit code 2, nothing on the standard output, no panic; its error.
fn refused(output: &Output) -> String {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(output.stdout.is_empty(), "something was written: {}", text(&output.stdout));
    assert!(!error.contains("panicked") && !error.contains("internal error"), "{error}");
    error
}

#[test]
fn the_standard_input_is_read_within_limits() {
    let mut child =
        mqlab(&["check", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may well stop reading before everything is written.
    let _ = stdin.write_all(&vec![b' '; 4 << 20]);
    drop(stdin);
    let error = refused(&child.wait_with_output().unwrap());
    assert!(error.contains("standard input is too large"), "{error}");
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for args in
        [&["run"][..], &["frobnicate"], &["run", "x", "--view", "nothing"], &["explain"], &["run", "x", "--width", "7"]]
    {
        refused(&mqlab(args).output().unwrap());
    }
}

#[test]
fn an_unknown_rule_is_answered_with_a_suggestion() {
    let error = refused(&mqlab(&["explain", "lab.tcp.lots"]).output().unwrap());
    assert!(error.contains("did you mean `lab.tcp.lost`?"), "{error}");
    let error = refused(&mqlab(&["explain", "duplicatd"]).output().unwrap());
    assert!(error.contains("did you mean `duplicated`?"), "{error}");
}

#[test]
fn what_explains_and_lists_succeeds_and_is_plain_where_there_is_no_terminal() {
    let commands = [
        &[][..],
        &["--help"],
        &["--version"],
        &["run", "--help"],
        &["list"],
        &["explain", "--all"],
        &["explain", "lost"],
        &["man"],
        &["man", "run"],
        &["completions", "bash"],
        &["new"],
    ];
    for args in commands {
        let output = mqlab(args).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "mqlab {args:?}: {}", text(&output.stderr));
        assert!(!output.stdout.is_empty() && output.stderr.is_empty(), "mqlab {args:?}");
        assert!(!text(&output.stdout).contains('\u{1b}'), "mqlab {args:?} is coloured");
    }
}

#[test]
fn colours_come_when_they_are_asked_for() {
    let output = mqlab(&["explain", "lost", "--color", "always"]).output().unwrap();
    assert!(text(&output.stdout).contains('\u{1b}'));
    let output = mqlab(&["explain", "lost"]).env("NO_COLOR", "1").output().unwrap();
    assert!(!text(&output.stdout).contains('\u{1b}'));
}

#[test]
fn new_writes_a_scenario_that_is_right_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.ron");
    let path = path.to_str().unwrap();
    assert_eq!(mqlab(&["new", path]).status().unwrap().code(), Some(0));
    let output = mqlab(&["check", path]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let before = fs::read(path).unwrap();
    let error = refused(&mqlab(&["new", path]).output().unwrap());
    assert!(error.contains("nothing is overwritten"), "{error}");
    assert_eq!(fs::read(path).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = mqlab(&["explain", "--all"]).stdout(writer).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_exit_code_74() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = mqlab(&["explain", "--all"]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(74));
    assert!(text(&output.stderr).contains("cannot write the output: no space left"), "{}", text(&output.stderr));
}

#[test]
fn every_scenario_of_the_gallery_is_right() {
    let files: Vec<String> = crate::gallery::texts().iter().map(|(name, _)| format!("scenarios/{name}.ron")).collect();
    let args: Vec<&str> = ["check"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let output = mqlab(&args).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).lines().count(), files.len());
}

/// The standard output of a command that must end with this code.
fn output(args: &[&str], code: i32) -> String {
    let output = mqlab(args).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "mqlab {args:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn a_run_shows_timeline_verdict_expectations_and_how_to_have_it_again() {
    let shown = output(&["run", "lost-confirm"], 0);
    let parts = ["A lost confirm makes a duplicate", "legend:", "What the producers believe", "Expectations: all"];
    let places: Vec<usize> = parts.iter().map(|part| shown.find(part).unwrap()).collect();
    assert!(places.is_sorted(), "{shown}");
    let replay = shown.lines().last().unwrap().strip_prefix("replay: mqlab ").unwrap();
    let again: Vec<&str> = replay.split(' ').collect();
    assert_eq!(output(&again, 0), shown);
}

#[test]
fn a_recorded_trace_is_shown_as_the_run_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    fs::write(&path, output(&["run", "lost-confirm", "--format", "jsonl"], 0)).unwrap();
    let path = path.to_str().unwrap();
    for view in ["timeline", "story", "verdict", "events"] {
        // The replay line too: the scenario is of the gallery.
        let run = output(&["run", "lost-confirm", "--view", view], 0);
        assert_eq!(output(&["run", path, "--view", view], 0), run);
    }
    let again = output(&["run", path, "--format", "jsonl"], 0);
    assert_eq!(again, fs::read_to_string(path).unwrap());
    assert!(refused(&mqlab(&["run", path, "--seed", "3"]).output().unwrap()).contains("--seed needs a scenario"));
}

#[test]
fn options_that_would_do_nothing_are_refused() {
    for args in [
        &["run", "hello", "--format", "json", "--view", "story"][..],
        &["run", "hello", "--format", "jsonl", "--full"],
        &["run", "hello", "--format", "json", "--why"],
        &["run", "hello", "--why", "--view", "verdict"],
    ] {
        let error = refused(&mqlab(args).output().unwrap());
        assert!(error.contains(args[4]) || error.contains("--why"), "{error}");
    }
}

#[test]
fn a_failure_ends_with_the_line_that_reproduces_it_whatever_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrong.ron");
    fs::write(&path, output(&["new"], 0).replace("expect: [", "expect: [lost(77), ")).unwrap();
    let path = path.to_str().unwrap();
    let last = |text: &str| text.lines().last().unwrap_or_default().to_owned();
    let replay = last(&output(&["run", path], 1));
    assert!(replay.starts_with("replay: mqlab run "), "{replay}");
    for format in ["json", "jsonl"] {
        let output = mqlab(&["run", path, "--format", format]).output().unwrap();
        assert_eq!((output.status.code(), last(&text(&output.stderr))), (Some(1), replay.clone()));
    }
    let checked = output(&["run", path, "--check-determinism"], 1);
    assert!(checked.contains("\ndeterministic: ") && last(&checked) == replay, "{checked}");
}

#[test]
fn an_expectation_that_does_not_hold_is_exit_code_1_and_an_idle_fault_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrong.ron");
    let gallery = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lost-confirm.ron");
    let scenario = fs::read_to_string(gallery).unwrap();
    assert!(scenario.contains("nth: 2"));
    fs::write(&path, scenario.replace("nth: 2", "nth: 200")).unwrap();
    let path = path.to_str().unwrap();
    let shown = output(&["run", path], 1);
    assert!(shown.contains("fault cut-2 never came about: this scenario does not test what it says"), "{shown}");
    assert!(shown.lines().last().unwrap().starts_with("replay: mqlab run "), "{shown}");
    assert!(shown.contains("BROKEN: found 0"), "{shown}");
}

#[test]
fn two_runs_are_the_same_and_a_foreign_token_is_refused() {
    assert!(output(&["run", "hello", "--check-determinism"], 0).contains("deterministic: two runs"));
    let error = refused(&mqlab(&["run", "hello", "--replay", "1-0000000000000000-1"]).output().unwrap());
    assert!(error.contains("of another scenario"), "{error}");
    assert!(refused(&mqlab(&["run", "hello", "--replay", "x"]).output().unwrap()).contains("is not a replay token"));
}

#[test]
fn pages_keep_to_their_width_and_ascii_to_ascii() {
    for width in ["40", "72", "160"] {
        let shown =
            output(&["run", "lost-confirm", "--ascii", "--width", width, "--view", "timeline,story,verdict"], 0);
        assert!(shown.is_ascii());
        let wide = shown.lines().filter(|line| !line.starts_with("replay: ") && !line.contains("ok "));
        for line in wide {
            assert!(line.len() <= width.parse().unwrap(), "{line}");
        }
    }
}

#[test]
fn a_route_is_shown_with_the_reasons() {
    let shown = output(&["route", "routing-topics", "--exchange", "animals", "--key", "quick.orange.rabbit"], 0);
    assert!(shown.contains("get") && shown.contains("the pattern"), "{shown}");
    let error = refused(&mqlab(&["route", "routing-topics", "--exchange", "animal"]).output().unwrap());
    assert!(error.contains("did you mean `animals`?"), "{error}");
}

#[test]
fn a_route_names_the_word_or_the_header_that_decides() {
    let one_line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let route = |args: &[&str]| one_line(output(&[&["route"], args].concat(), 0));
    let shown = route(&["routing-topics", "--exchange", "animals", "--key", "lazy.pink.cat"]);
    assert!(shown.contains("word 2 of the key is pink and the pattern wants orange"), "{shown}");
    assert!(shown.contains("# stands for pink.cat"), "{shown}");
    let shown = route(&["routing-topics", "--exchange", "animals", "--key", "fox", "--cc", "lazy.fox"]);
    assert!(shown.contains("one of CC or BCC"), "{shown}");
    let json = route(&["routing-topics", "--exchange", "animals", "--key", "a.orange.b", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["queues"], serde_json::json!(["orange"]));
    assert_eq!(json["bindings"].as_array().unwrap().len(), 3);
    assert_eq!(json["bindings"][0]["matched"], true);
}

#[test]
fn many_keys_are_routed_from_standard_input() {
    let routed = |input: &[u8], more: &[&str]| {
        let mut command = mqlab(&["route", "routing-topics", "--exchange", "animals", "--stdin"]);
        let mut child =
            command.args(more).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    };
    let done = routed(b"quick.orange.rabbit\nfox\n", &[]);
    assert_eq!(text(&done.stdout), "quick.orange.rabbit: orange, rabbits\nfox: no queue\n");
    assert_eq!(text(&routed(b"\n", &[]).stdout), "\"\": no queue\n");
    assert!(done.status.success());
    let done = routed(b"lazy\n", &["--format", "json"]);
    assert_eq!(text(&done.stdout), "{\"key\":\"lazy\",\"queues\":[\"rabbits\"]}\n");
    let done = routed(&[b"lazy\n\xff\n".as_slice(), &[b'x'; 300], b"\nlazy.a\n"].concat(), &[]);
    assert_eq!(text(&done.stdout), "lazy: rabbits\nlazy.a: rabbits\n");
    let error = text(&done.stderr);
    assert_eq!(done.status.code(), Some(2), "{error}");
    assert!(
        error.contains("line 2: byte 1 is no valid UTF-8") && error.contains("line 3: it has 300 bytes"),
        "{error}"
    );
    let both = mqlab(&["route", "-", "--exchange", "x", "--stdin"]).output().unwrap();
    assert!(refused(&both).contains("both"));
}

#[test]
fn a_client_cannot_route_to_an_internal_exchange_and_other_exchanges_can() {
    let folder = tempfile::tempdir().unwrap();
    let broker = "exchanges: [(name: \"inner\", kind: fanout, internal: true)], queues: [(name: \"q\")], \
                  bindings: [(from: \"inner\", to: \"q\")]";
    let path = file(&folder, "inner.ron", &format!("Scenario(title: \"t\", broker: rabbitmq({broker}))"));
    let shown = output(&["route", &path, "--exchange", "inner", "--key", "k"], 0);
    assert!(shown.starts_with("A client that publishes here is refused with code 403: inner is internal"), "{shown}");
    assert!(shown.contains("From another exchange: One queue gets the message: q.\n  ✓ inner leads to q"), "{shown}");
    let json = output(&["route", &path, "--exchange", "inner", "--key", "k", "--format", "json"], 0);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["refused"], 403);
    assert_eq!((&json["queues"], &json["from_exchanges"]), (&serde_json::json!([]), &serde_json::json!(["q"])));
    let trace = output(&["route", &path, "--exchange", "amq.rabbitmq.trace", "--key", "k"], 0);
    assert!(trace.contains("refused with code 403"), "{trace}");
}

/// A file with this text.
fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn conform_ends_with_the_counts_and_a_difference_is_exit_code_1() {
    let folder = tempfile::tempdir().unwrap();
    let good = file(&folder, "good.json", "[[\"a.*\", \"a.b\", true]]");
    let bad = file(&folder, "bad.json", "[[{\"a\": \"1\"}, {\"a\": \"2\"}, true]]");
    let output = mqlab(&["conform", &good]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let says = text(&output.stdout);
    assert!(says.starts_with("topic-1 same\n"), "{says}");
    assert!(says.ends_with(
        "group topic: 1 same, 0 different, 0 known, 0 skipped\nconform: 1 same, 0 different, 0 known, 0 skipped\n"
    ));
    let output = mqlab(&["conform", &good, &bad]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let says = text(&output.stdout);
    assert!(
        says.contains("headers-1 different\n  sent      message {\"a\":\"2\"} to binding {\"a\":\"1\"}\n"),
        "{says}"
    );
    assert!(says.ends_with("conform: 1 same, 1 different, 0 known, 0 skipped\n"), "{says}");
    let output = mqlab(&["conform", &bad, "--format", "json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["total"]["different"], 1);
    assert_eq!(json["results"][0]["outcome"], "different");
}

#[test]
fn conform_refuses_what_is_no_recording() {
    let folder = tempfile::tempdir().unwrap();
    let conform = |path: &str| refused(&mqlab(&["conform", path]).output().unwrap());
    let bad = |name: &str, text: &str| conform(&file(&folder, name, text));
    assert!(bad("empty.json", "").contains("is empty"));
    assert!(bad("deep.json", &"[".repeat(10_000)).contains("not JSON as it should be"));
    assert!(bad("cut.json", "[{\"id\": \"A1\", \"grou").contains("cut.json: is not JSON as it should be"));
    assert!(bad("binary.json", "\u{0}\u{1}").contains("not JSON"));
    assert!(bad("scenario.ron", "Scenario()").contains("not JSON"));
    assert!(conform("/no/such/file.json").contains("no such file"));
    assert!(conform(folder.path().to_str().unwrap()).contains("it is a directory"));
    let large = folder.path().join("large.json");
    File::create(&large).unwrap().set_len(100 << 20).unwrap();
    assert!(conform(large.to_str().unwrap()).contains("too large"));
    let good = file(&folder, "good.json", "[[\"a\", \"a\", true]]");
    let error = refused(&mqlab(&["conform", &good, "--only", "nothing"]).output().unwrap());
    assert!(error.contains("no fact is called nothing"), "{error}");
    let error = refused(&mqlab(&["conform", &good, "--only", "topic-1,Z9*"]).output().unwrap());
    assert!(error.contains("no fact is called Z9*"), "{error}");
    let error = refused(&mqlab(&["conform", &good, "--version", "1.0"]).output().unwrap());
    assert!(error.contains("3.7, 3.10, 3.13, 4.1"), "{error}");
}

#[test]
fn conform_skips_a_fact_that_it_does_not_understand_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let step = |what: &str| {
        format!("{{\"conn\": \"c1\", \"ch\": 0, \"do\": \"{what}\", \"args\": {{}}, \"sees\": [], \"t\": 0}}")
    };
    let fact = |what: &str| {
        let marks = "\"id\": \"X1\", \"group\": \"X\", \"version\": \"3.10\", \"replayable\": true";
        format!("[{{{marks}, \"setup\": [{}], \"action\": [{}]}}]", step("connect"), step(what))
    };
    let path = file(&folder, "odd.json", &fact("queue.frob"));
    let output = mqlab(&["conform", &path]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let says = text(&output.stdout);
    assert!(says.starts_with("X1 skipped: step 2: `queue.frob` is no method that a client can send\n"), "{says}");
}

#[test]
fn a_wrong_seed_is_told_what_a_seed_is() {
    for seed in ["--seed=-1", "--seed=x", "--seed=9223372036854775808"] {
        let says = refused(&mqlab(&["run", "hello", seed]).output().unwrap());
        assert!(says.contains("the seed is a whole number from 0 to 9223372036854775807"), "{says}");
    }
    let says = refused(&mqlab(&["run", "hello", "--seed", "-1"]).output().unwrap());
    assert!(says.contains("the seed is a whole number"), "{says}");
}

/// Every example that stands in a help and names a scenario of the gallery.
#[test]
fn what_the_help_proposes_works() {
    let mut tried = 0;
    for (_, examples) in mqlab::cli::examples::EXAMPLES {
        for (line, _) in *examples {
            let words: Vec<&str> = line.split(' ').collect();
            let plain = !line.contains(['>', '|', '*', '"']);
            let own =
                words.iter().any(|word| word.ends_with(".ron") || word.contains(".json") || word.contains(".ron@"));
            if words[0] != "mqlab" || !plain || own {
                continue;
            }
            let output = mqlab(&words[1..]).output().unwrap();
            // A search may find something, or stop at its bound.
            let code = output.status.code();
            let right = if words.get(1) == Some(&"hunt") { matches!(code, Some(0 | 1 | 4)) } else { code == Some(0) };
            assert!(right, "{line}: {code:?} {}", text(&output.stderr));
            tried += 1;
        }
    }
    assert!(tried > 15, "only {tried} examples were tried");
}
