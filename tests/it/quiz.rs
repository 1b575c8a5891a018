//! Questions: the right answer is what the run did, every wrong one is what another run does that could have come of the
//! same point, and the program asks them without a terminal.

use mqlab::cli::Files;
use mqlab::lab::quiz::{Kind, Question, lesson, questions, quiz};
use mqlab::lab::{Laboratory, Opening, RunId};
use mqlab::suite::Bench;
use mqlab::trace::{Kind as Happens, What};
use mqlab::verdict::Word;
use mqlab::world::VERBS;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

fn opened(name: &str) -> (Bench<Files>, RunId) {
    let mut bench = Bench::new(Files);
    let (path, variant) = name.split_once('@').map_or((name, None), |(path, v)| (path, Some(v.to_owned())));
    let run = bench.open(&Opening { path: path.to_owned(), variant, ..Opening::default() }).unwrap();
    (bench, run)
}

fn of_kind(asked: &[Question], kind: Kind) -> &Question {
    asked.iter().find(|question| question.kind == kind).unwrap_or_else(|| panic!("no {kind:?}: {asked:#?}"))
}

#[test]
fn a_lost_confirm_makes_the_handler_run_twice_and_each_wrong_answer_is_true_of_its_branch() {
    let (mut bench, run) = opened("lost-confirm");
    let asked = quiz(&bench, &VERBS, run);
    let often = of_kind(&asked, Kind::Works).clone();
    assert!(often.ask.contains("order-2") && often.right() == "2", "{often:?}");
    for choice in often.choices.iter().filter(|choice| choice.text != "2") {
        let way = choice.way.as_ref().unwrap();
        let branch = bench.branch(run, way.at, &way.change).unwrap();
        let log = &bench.run(branch).unwrap().log;
        let name = log.names.find("order-2");
        let done = |event: &&mqlab::trace::Event| matches!(event.kind, Happens::Note { what: What::WorkDone, message, .. } if Some(message) == name);
        assert_eq!(log.events().iter().filter(done).count().to_string(), choice.text, "{way:?}");
    }
    let cure = of_kind(&asked, Kind::Cure);
    assert!(cure.right().contains("invoices of biller know each message's id"), "{cure:?}");
    let belief = of_kind(&asked, Kind::Belief);
    assert!(belief.right().contains("confirmed") && belief.choices.len() > 1, "{belief:?}");
}

#[test]
fn what_a_crash_leaves_is_asked_before_it_strikes() {
    let (bench, run) = opened("crash-before-fsync");
    let asked = quiz(&bench, &VERBS, run);
    let crash = of_kind(&asked, Kind::Crash);
    assert!(crash.right().starts_with("Nothing. Gone: order-1 to order-3"), "{crash:?}");
    let log = &bench.run(run).unwrap().log;
    let at = crash.at.unwrap();
    assert!(log.events()[..=at.at()].iter().all(|event| !matches!(event.kind, Happens::Fault(_))));
}

#[test]
fn a_question_about_what_comes_next_has_what_other_runs_do_for_answers() {
    let (bench, run) = opened("lost-confirm");
    let log = &bench.run(run).unwrap().log;
    let lost = log.events().iter().position(|event| matches!(event.kind, Happens::Lost(_))).unwrap();
    let sent = log.events()[lost].cause;
    let at =
        if matches!(log.events()[sent.at()].kind, Happens::Fault(_)) { log.events()[sent.at()].cause } else { sent };
    let asked = questions(&bench, &VERBS, run, at);
    let next = of_kind(&asked, Kind::Next);
    assert!(next.right().contains("is broken"), "{next:?}");
    assert!(next.choices.iter().any(|choice| choice.text.contains("confirm order-2")), "{next:?}");
}

#[test]
fn the_same_run_gives_the_same_questions_and_every_wrong_way_can_be_gone() {
    let mut asked = 0;
    for name in ["hello", "lost-ack", "ttl", "queue-not-durable", "consumer-timeout", "rpc", "power-loss-or-kill@cured"]
    {
        let (bench, run) = opened(name);
        let sheet = quiz(&bench, &VERBS, run);
        assert_eq!(sheet, quiz(&bench, &VERBS, run), "{name}");
        assert!(sheet.is_sorted_by_key(|question| question.at), "{name}");
        for question in &sheet {
            asked += 1;
            let texts: Vec<&str> = question.choices.iter().map(|choice| choice.text.as_str()).collect();
            let unlike = |at: usize| texts.iter().filter(|text| **text == texts[at]).count() == 1;
            assert!((0..texts.len()).all(unlike) && question.is_right(question.right()), "{name}: {question:?}");
            assert!(!question.because.is_empty() && question.ask.ends_with('?'), "{name}: {question:?}");
            for way in question.choices.iter().filter_map(|choice| choice.way.as_ref()) {
                assert!(bench.trial(run, way.at, &way.change).is_ok(), "{name}: {way:?}");
            }
            let made = question.kind != Kind::Lesson && question.kind != Kind::Cure;
            let other =
                |(at, choice): (usize, &mqlab::lab::quiz::Choice)| choice.way.is_some() == (at != question.answer);
            assert!(!made || question.choices.iter().enumerate().all(other), "{name}: {question:?}");
        }
    }
    assert!(asked > 20, "{asked}");
}

#[test]
fn a_lessons_figure_is_what_the_run_gave() {
    let (bench, run) = opened("ack-before-work");
    let asked = lesson(&bench, &VERBS, run);
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().any(|question| question.right() == "nobody"));
    let lost = bench.run(run).unwrap().findings.count(Word::Lost).to_string();
    assert!(asked.iter().any(|question| question.right() == lost && question.because.contains("Invoices: 3")));
}

#[test]
fn of_a_recorded_trace_only_what_the_lesson_says_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let run = Command::new(env!("CARGO_BIN_EXE_mqlab")).args(["run", "lost-confirm", "--format", "jsonl"]).output();
    fs::write(&path, run.unwrap().stdout).unwrap();
    let (bench, run) = opened(path.to_str().unwrap());
    let asked = quiz(&bench, &VERBS, run);
    assert!(!asked.is_empty() && asked.iter().all(|question| question.kind == Kind::Lesson), "{asked:?}");
}

fn program(args: &[&str], answers: &str, state: &std::path::Path) -> (String, Option<i32>) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_mqlab"));
    program.arg("quiz").args(args).env("XDG_STATE_HOME", state).env("HOME", state).env("LOCALAPPDATA", state);
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap();
    // It may have ended before it has read all.
    let _ = child.stdin.take().unwrap().write_all(answers.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (text, output.status.code())
}

#[test]
fn a_person_is_asked_told_and_scored_without_a_terminal() {
    let state = tempfile::tempdir().unwrap();
    let (bench, run) = opened("hello");
    let answers: String = quiz(&bench, &VERBS, run).iter().map(|q| format!("{}\n", q.right())).collect();
    let (text, code) = program(&["hello"], &answers, state.path());
    assert!(code == Some(0) && text.matches("Right.").count() == 2 && text.ends_with("2 of 2 right\n"), "{text}");
    let (text, code) = program(&["hello", "--grade"], &answers, state.path());
    assert_eq!((text.as_str(), code), ("2 of 2 right\n", Some(0)));
    let (text, code) = program(&["hello", "--grade"], "no idea\n", state.path());
    assert_eq!((text.as_str(), code), ("0 of 2 right\n", Some(1)));
    let (text, code) = program(&["hello"], "a\n", state.path());
    assert!(code == Some(0) && text.contains("Ended after 1 of 2 questions."), "{text}");
    let (text, _) = program(&["hello", "--list"], "", state.path());
    assert!(text.contains("Question 2 of 2") && !text.contains("Your answer") && !text.contains("Right"), "{text}");
    insta::assert_snapshot!("quiz_lost_confirm", program(&["lost-confirm"], "a\nc\n2\nq\n", state.path()).0);
}

#[test]
fn results_are_kept_where_they_are_asked_for_and_else_in_the_folder_for_state() {
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("class.jsonl");
    for _ in 0..2 {
        let (_, code) = program(&["hello", "--grade", "--results", file.to_str().unwrap()], "", state.path());
        assert_eq!(code, Some(1));
    }
    let kept = fs::read_to_string(&file).unwrap();
    let line = "{\"scenario\":\"hello\",\"variant\":null,\"right\":0,\"answered\":0,\"of\":2}\n";
    assert_eq!(kept, line.repeat(2));
    program(&["hello"], "", state.path());
    if cfg!(target_os = "linux") {
        assert_eq!(fs::read_to_string(state.path().join("mqlab/quiz.jsonl")).unwrap(), line);
    }
    let (text, code) = program(&["hello", "--grade", "--results", "/no/such/folder/x"], "", state.path());
    assert!(code == Some(74) && text.contains("cannot write"), "{text}");
    let (text, code) = program(&["-"], "", state.path());
    assert!(code == Some(2) && text.contains("standard input"), "{text}");
    let (text, code) = program(&["no-such-thing"], "", state.path());
    assert!(code == Some(2) && text.contains("no-such-thing"), "{text}");
}
