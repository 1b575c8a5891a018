//! README and book hold what the program says: blocks between marks are made here and compared.
//!
//! `INSTA_UPDATE=always cargo test` writes them anew.

use crate::gallery::cases;
use mqlab::cli::EXIT_CODES;
use mqlab::explore::{How, run};
use mqlab::export::view::{self, Settings, Viewed};
use mqlab::verdict::Word;
use mqlab::world::{RULES, VERBS};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Holds the text between two marks of a page against what it should be, or writes it.
fn check(page: &str, begin: &str, end: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let text = fs::read_to_string(&path).unwrap();
    let start = text.find(begin).unwrap_or_else(|| panic!("{page} has no {begin}")) + begin.len();
    let stop = start + text[start..].find(end).unwrap_or_else(|| panic!("{page} has no {end}"));
    let expected = format!("\n{expected}\n");
    if text[start..stop] == expected {
        return;
    }
    if std::env::var_os("INSTA_UPDATE").is_some_and(|how| how == "always") {
        fs::write(&path, format!("{}{expected}{}", &text[..start], &text[stop..])).unwrap();
        return;
    }
    panic!(
        "{page} is out of date behind {begin}; expected:\n{expected}\n\
         To write it: INSTA_UPDATE=always cargo test --test it pages"
    );
}

#[test]
fn the_words_of_the_verdict_are_those_of_the_table() {
    let mut list = String::new();
    for word in Word::ALL {
        writeln!(list, "- **`{}`** {}", word.name(), word.definition()).unwrap();
    }
    check("book/src/words.md", "<!-- words: begin -->", "<!-- words: end -->", list.trim_end());
}

#[test]
fn the_exit_codes_are_those_of_the_program() {
    let mut table = String::from("| code | meaning |\n|---|---|\n");
    for (exit, meaning) in EXIT_CODES {
        writeln!(table, "| {} | {meaning} |", exit.code()).unwrap();
    }
    for page in ["README.md", "book/src/runs.md"] {
        check(page, "<!-- exit codes: begin -->", "<!-- exit codes: end -->", table.trim_end());
    }
}

#[test]
fn the_readme_shows_the_timeline_of_a_lost_confirm() {
    let case = cases().into_iter().find(|case| case.name == "lost-confirm").expect("the gallery has it");
    let run = run(&case.plan, case.digest, &[], &How::default());
    let (log, findings) = (&run.log, &run.findings);
    let viewed = Viewed { log, findings, checked: &[], verbs: VERBS, rules: RULES };
    let text = view::timeline(&viewed, &Settings::default()).plain();
    let text: Vec<&str> = text.lines().map(str::trim_end).collect();
    check(
        "README.md",
        "<!-- timeline: scenarios/lost-confirm.ron -->",
        "<!-- end -->",
        &format!("```text\n{}\n```", text.join("\n").trim_end()),
    );
}
