//! Files that are not what they should be: every command that takes one refuses each of them with a reason, exit code 2
//! and nothing on the standard output, in bounded time. The same for the standard input.

#![expect(clippy::disallowed_types, reason = "that it takes no time is what is tested")]

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Far longer than any of these should take, also on a machine that has other things to do.
const LONG: Duration = Duration::from_secs(60);

/// The commands that take a scenario; the file comes behind the first word.
const SCENARIO: [&[&str]; 4] = [&["run"], &["check"], &["compare"], &["route", "--exchange", "x", "--key", "k"]];
/// The commands that take a trace.
const TRACE: [&[&str]; 2] = [&["run"], &["check"]];
/// The command that takes recordings.
const RECORDINGS: [&[&str]; 1] = [&["conform"]];

/// What one command does with a file, and with the same bytes on its standard input.
fn outputs(args: &[&str], path: &Path) -> [Output; 2] {
    let command = |file: &str, stdin: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mqlab"));
        command.arg(args[0]).arg(file).args(&args[1..]).stdin(stdin);
        let begin = Instant::now();
        let output = command.output().unwrap();
        assert!(begin.elapsed() < LONG, "mqlab {args:?} {file}: {:?}", begin.elapsed());
        output
    };
    let stdin = File::open(path).map_or_else(|_| Stdio::null(), Stdio::from);
    [command(path.to_str().unwrap(), Stdio::null()), command("-", stdin)]
}

/// The error of a command that must refuse a file.
fn refused(what: &str, output: &Output, says: &str) {
    let error = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(2), "{what}: {error}");
    assert!(output.stdout.is_empty(), "{what}: {}", String::from_utf8_lossy(&output.stdout));
    assert!(!error.contains("panicked") && !error.contains("internal error"), "{what}: {error}");
    assert!(error.contains(says), "{what}: expected `{says}` in:\n{error}");
    assert!(error.len() < 1 << 16 && !error.contains('\u{1b}') && !error.contains('\r'), "{what}: {error}");
}

/// Each of these contents is refused by each of these commands, with these words.
fn all_refuse(commands: &[&[&str]], contents: &[(&str, Vec<u8>, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("input");
    for (what, content, says) in contents {
        fs::write(&path, content).unwrap();
        for args in commands {
            for output in outputs(args, &path) {
                refused(&format!("{what}: mqlab {args:?}"), &output, says);
            }
        }
    }
}

fn shipped(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name)).unwrap()
}

/// A right scenario in which one part is put in place of another.
fn with(part: &str, instead: &str) -> Vec<u8> {
    let base = r#"Scenario(
    title: "t",
    broker: rabbitmq(exchanges: [(name: "orders", kind: direct)], queues: [(name: "billing")]),
    producers: [(name: "shop", publish: [(to: "", key: "billing", count: 3, every: "1ms")])],
    consumers: [(name: "biller", from: "billing", work: "5ms", effect: insert(table: "invoices"))],
    faults: [(name: "f", what: kill("shop", when: at("42ms")))],
    expect: [lost(0), rows("invoices", 3)],
    variants: [(name: "v", change: [set("seed", 2)])],
)
"#;
    assert!(base.contains(part), "{part}");
    base.replacen(part, instead, 1).into_bytes()
}

#[test]
fn what_is_no_text_or_no_scenario_is_refused() {
    let text = |text: &str| text.as_bytes().to_vec();
    let deep = |open: &str| format!("Scenario(title: {}", open.repeat(10_000)).into_bytes();
    all_refuse(
        &SCENARIO,
        &[
            ("nothing", text(""), "the file is empty"),
            ("white space", text(" \t\n\n  \n"), "holds only white space"),
            ("carriage returns", text("\r\r\r"), "holds only white space"),
            ("a byte-order mark", text("\u{feff}"), "the file is empty"),
            ("comments", text("// one\n/* two */\n"), "holds only comments"),
            ("comments behind a mark", text("\u{feff}\n  // nothing but a comment\n"), "holds only comments"),
            ("half a scenario", text(&shipped("hello.ron")[..200]), ":4:12"),
            ("half a line", text("Scenario(\n    title: \"half\",\n    broker: rabbitmq(queues: [(name: \"a"), ":3:"),
            ("a program", b"\x7fELF\x02\x01\x01\0\0\0\xff\xfe".to_vec(), "not a text file"),
            ("zeros", vec![0; 512], "not a text file"),
            ("Latin-1", b"Scenario(title: \"Gr\xfc\xdfe\")".to_vec(), "byte 20 (line 1) is not UTF-8"),
            ("UTF-16", b"\xff\xfeS\0c\0e\0".to_vec(), "save it as UTF-8"),
            ("10,000 parentheses", deep("("), "deep"),
            ("10,000 brackets", deep("["), "deep"),
            ("10,000 maps", deep("{a:"), "deep"),
            ("10,000 words", deep("Some("), "deep"),
            ("another language", text("title: hello\nbroker:\n  kind: rabbitmq\n"), "Scenario("),
        ],
    );
}

#[test]
fn what_is_too_large_is_refused_whatever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    File::create(&path).unwrap().set_len(100 << 20).unwrap();
    for args in SCENARIO.iter().chain(&RECORDINGS) {
        outputs(args, &path).iter().for_each(|output| refused(&format!("{args:?}"), output, "too large"));
    }
    // A trace with a line that never ends.
    let mut trace = File::create(&path).unwrap();
    trace.write_all(b"{\"mqlab-trace\":1,\"title\":\"").unwrap();
    trace.set_len(100 << 20).unwrap();
    for args in &TRACE {
        outputs(args, &path).iter().for_each(|output| refused(&format!("{args:?}"), output, "bytes in a line"));
    }
    #[cfg(unix)]
    for args in SCENARIO.iter().chain(&RECORDINGS) {
        let endless = Path::new("/dev/zero");
        outputs(args, endless).iter().for_each(|output| refused(&format!("{args:?}"), output, "too large"));
    }
}

#[test]
fn what_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("no\u{1b}[31m\nfile.ron");
    for args in SCENARIO.iter().chain(&RECORDINGS) {
        let [file, _] = outputs(args, &missing);
        refused(&format!("{args:?}"), &file, "no\\u{1b}[31m\\nfile.ron: no such file");
        outputs(args, folder.path())
            .iter()
            .for_each(|output| refused(&format!("{args:?}"), output, "it is a directory"));
        // A name that is one of a file's, with something behind it.
        let [inside, _] = outputs(args, &Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml/x.ron"));
        refused(&format!("{args:?}"), &inside, "not a directory");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_breaks_off_while_it_is_read_is_exit_code_74() {
    for args in SCENARIO.iter().chain(&RECORDINGS) {
        // It can be opened, and what stands at its beginning cannot be read.
        for output in outputs(args, Path::new("/proc/self/mem")) {
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(74), "{args:?}: {error}");
            assert!(output.stdout.is_empty() && error.starts_with("error: cannot read "), "{args:?}: {error}");
        }
    }
}

#[test]
fn quantities_that_make_no_sense_are_refused() {
    let every = |span: &str| with("\"1ms\"", span);
    let count = |count: &str| with("count: 3", &format!("count: {count}"));
    let number = "is not a number with a unit";
    all_refuse(
        &SCENARIO,
        &[
            ("an exponent", every("\"1e3ms\""), number),
            ("a digit behind the unit", every("\"1ms2\""), number),
            ("two numbers", every("\"1 2ms\""), number),
            ("a sign", every("\"+1ms\""), number),
            ("no number", every("\"ms\""), number),
            ("an empty text", every("\"\""), number),
            ("half a number", every("\"1.ms\""), number),
            ("no unit", every("\"15\""), "needs a unit"),
            ("another unit", every("\"3 parsecs\""), "has none of the units"),
            ("an unclear unit", every("\"5m\""), "`min` is minutes"),
            ("a bare number", every("5"), "write it with its unit"),
            ("a number without quotes", every("5ms"), "in quotes"),
            ("a negative duration", every("\"-1ms\""), "is negative"),
            ("eleven million years", every("\"99999999999h\""), "longer than 30 days"),
            ("more than any number", every("\"99999999999999999999999999h\""), "longer than 30 days"),
            ("a month", every("\"44000min\""), "longer than 30 days"),
            ("control characters", every("\"1\\u{1b}[31mms\""), number),
            ("a count of 10^18", count("1000000000000000000"), "must be from 1 to"),
            ("a count of 10^30", count("1000000000000000000000000000000"), "too large a number"),
            ("a count of none", count("0"), "must be from 1 to"),
            ("a negative count", count("-3"), "must be from 1 to"),
            ("half a message", count("1.5"), "expected a whole number"),
            ("a seed below zero", with("seed\", 2", "seed\", -2"), "must be from 0 to"),
            ("a seed above all seeds", with("seed\", 2", "seed\", 9223372036854775808"), "too large a number"),
        ],
    );
}

#[test]
fn names_that_are_unknown_stand_twice_or_cannot_be_printed_are_refused() {
    let hostile = "\\u{1b}]0;x\\u{7}\\u{202e}\\r\\n";
    let name = |name: &str| with(&format!("name: \"{name}\""), &format!("name: \"{name}{hostile}\""));
    let mut contents = vec![
        ("an unknown exchange", with("to: \"\"", "to: \"order\""), "there is no exchange `order`"),
        ("an unknown queue", with("from: \"billing\"", "from: \"biling\""), "there is no queue `biling`"),
        ("an unknown client", with("kill(\"shop\"", "kill(\"shopp\""), "there is no party `shopp`"),
        ("an unknown fault", with("lost(0)", "struck(\"g\")"), "there is no fault `g`"),
        ("an unknown table", with("rows(\"invoices\"", "rows(\"invoice\""), "there is no table `invoice`"),
        ("an unknown path of a variant", with("set(\"seed\"", "set(\"sed\""), "`sed`"),
        (
            "two queues",
            with("(name: \"billing\")", "(name: \"billing\"), (name: \"billing\")"),
            "two queues are called",
        ),
        ("two exchanges", with("kind: direct)", "kind: direct), (name: \"orders\", kind: topic)"), "two exchanges"),
        ("two clients", with("name: \"biller\"", "name: \"shop\""), "two parties are called `shop`"),
        (
            "two faults",
            with("faults: [", "faults: [(name: \"f\", what: kill(\"shop\", when: at(\"1ms\"))), "),
            "two faults",
        ),
        ("two variants", with("variants: [", "variants: [(name: \"v\", change: []), "), "two variants are called `v`"),
        (
            "an unknown name that is hostile",
            with("from: \"billing\"", &format!("from: \"b{hostile}\"")),
            "control character",
        ),
    ];
    for hostile in ["orders", "billing", "shop", "biller", "f", "v"] {
        contents.push((hostile, name(hostile), "holds the control character"));
    }
    all_refuse(&SCENARIO, &contents);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("right.ron");
    fs::write(&path, with("t", "t")).unwrap();
    for (args, says) in [
        (&["run", "--variant", "w\u{1b}[31m"][..], "there is no variant `w\\u{1b}[31m`"),
        (&["route", "--exchange", "x\u{1b}[31m", "--key", "k"], "x\\u{1b}[31m"),
    ] {
        outputs(args, &path).iter().for_each(|output| refused(says, output, says));
    }
}

/// A recorded trace.
fn recorded() -> Vec<u8> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mqlab"));
    let output = command.args(["run", "hello", "--format", "jsonl"]).output().unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn what_is_no_whole_trace_is_refused() {
    let trace = String::from_utf8(recorded()).unwrap();
    let lines: Vec<&str> = trace.lines().collect();
    let whole = |lines: &[&str]| (lines.join("\n") + "\n").into_bytes();
    let line = |at: usize, instead: &str| whole(&[&lines[..at], &[instead], &lines[at + 1..]].concat());
    let change = |part: &str, instead: &str| {
        assert!(trace.contains(part), "{part}");
        trace.replacen(part, instead, 1).into_bytes()
    };
    let no = "not a trace";
    all_refuse(
        &TRACE,
        &[
            ("a brace", b"{".to_vec(), no),
            ("an empty object", b"{}\n".to_vec(), no),
            ("other JSON", b"{\"a\": 1}\n{\"b\": 2}\n".to_vec(), no),
            ("another version", b"{\"mqlab-trace\":99}\n".to_vec(), "version 99"),
            ("the header alone", whole(&lines[..1]), "cut short"),
            ("all but the last line", whole(&lines[..lines.len() - 1]), "cut short"),
            ("half a line", trace.as_bytes()[..trace.len() / 2].to_vec(), no),
            ("something behind the end", whole(&[&lines[..], &["{}"]].concat()), no),
            ("an empty line", line(3, ""), "line 4"),
            ("a line that is no JSON", line(3, "Scenario()"), "line 4"),
            ("not UTF-8", [whole(&lines[..3]), b"\xff\xfe\n".to_vec()].concat(), "line 4"),
            ("10,000 levels", line(3, &"{\"a\":".repeat(10_000)), "line 4"),
            ("10,000 levels at once", "{\"a\":".repeat(10_000).into_bytes(), no),
            ("an unknown field", change("\"t\":0,", "\"t\":0,\"when\":0,"), "when"),
            ("time before the start", change("\"t\":0,", "\"t\":-1,"), "line 2"),
            ("a time of 10^30", change("\"t\":0,", "\"t\":1000000000000000000000000000000,"), "line 2"),
            ("an unknown party", change("\"at\":\"broker\"", "\"at\":\"brocker\""), "brocker"),
            ("an unknown rule", change("lab.process.start", "lab.process.strat"), "lab.process.strat"),
            ("an event that is its own cause", change("\"cause\":0", "\"cause\":1"), "line 3"),
            ("a cause that never was", change("\"cause\":0", "\"cause\":4000000000"), "line 3"),
            ("an operation of 10^18", change("\"op\":0", "\"op\":1000000000000000000"), "line 3"),
        ],
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    fs::write(&path, &trace).unwrap();
    for output in outputs(&["route", "--exchange", "x"], &path) {
        refused("route of a trace", &output, "a scenario is needed");
    }
}

#[test]
fn a_trace_behind_a_byte_order_mark_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    fs::write(&path, ["\u{feff}".as_bytes(), &recorded()].concat()).unwrap();
    for output in outputs(&["check"], &path) {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn what_is_no_recording_is_refused() {
    let text = |text: &str| text.as_bytes().to_vec();
    let json = "not JSON";
    all_refuse(
        &RECORDINGS,
        &[
            ("nothing", text(""), "is empty"),
            ("white space", text("\r\n \r"), "is empty"),
            ("a byte-order mark", text("\u{feff}"), "is empty"),
            ("a scenario", text(&shipped("hello.ron")), json),
            ("half a file", text("[{\"id\": \"A1\", \"grou"), json),
            ("zeros", vec![0; 512], json),
            ("not UTF-8", b"[{\"id\": \"\xff\"}]".to_vec(), json),
            ("10,000 levels", "[".repeat(10_000).into_bytes(), json),
            ("a number", text("7"), "not a list"),
            ("an empty list", text("[]"), "nothing to replay"),
            ("no recordings", text("[{}, {\"a\": 1}]"), "holds no recordings"),
            ("no pairs", text("[[], [1]]"), "holds no pair"),
        ],
    );
}

#[test]
fn recordings_that_are_not_understood_are_skipped_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let step = |what: &str, t: &str| format!("{{\"conn\": \"c1\", \"do\": \"{what}\", \"t\": {t}}}");
    let fact = |what: &str, t: &str| {
        let marks = "\"id\": \"X1\\u001b[31m\", \"version\": \"3.10\", \"replayable\": true";
        format!("[{{{marks}, \"action\": [{}, {}]}}]", step("connect", "0"), step(what, t))
    };
    let deep = format!("[{{\"id\": {}1{}}}]", "[".repeat(10_000), "]".repeat(10_000));
    for (text, says) in [
        (fact("queue.frob", "0"), "`queue.frob` is no method"),
        (fact("queue.declare", "-1"), "`t` is no time"),
        (fact("queue.declare", "1e300"), "`t` is no time"),
        (deep, "recursion limit"),
    ] {
        let path = folder.path().join("odd.json");
        fs::write(&path, text).unwrap();
        for output in outputs(&["conform"], &path) {
            let told = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success() && told.contains(" skipped: ") && told.contains(says), "{told}");
            assert!(!told.contains('\u{1b}') && told.ends_with("1 skipped\n"), "{told}");
        }
    }
}
