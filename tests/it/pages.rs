//! README and book hold what the program says: blocks between marks are made here and compared, and what stands in a
//! console block under `$ mqlab …` is what that prints, in the repository's folder.
//!
//! `INSTA_UPDATE=always cargo test` writes them anew.

use crate::gallery::cases;
use mqlab::cli::EXIT_CODES;
use mqlab::explore::{How, run};
use mqlab::export::view::{self, Settings, Viewed};
use mqlab::tui::action::{ACTIONS, Group};
use mqlab::verdict::Word;
use mqlab::world::{RULES, VERBS};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Whether pages are to be written anew.
fn writes() -> bool {
    std::env::var_os("INSTA_UPDATE").is_some_and(|how| how == "always")
}

/// Holds the text between two marks of a page against what it should be, or writes it.
fn check(page: &str, begin: &str, end: &str, expected: &str) {
    let path = Path::new(ROOT).join(page);
    let text = fs::read_to_string(&path).unwrap();
    let start = text.find(begin).unwrap_or_else(|| panic!("{page} has no {begin}")) + begin.len();
    let stop = start + text[start..].find(end).unwrap_or_else(|| panic!("{page} has no {end}"));
    let expected = format!("\n{expected}\n");
    if text[start..stop] == expected {
        return;
    }
    if writes() {
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
fn the_keys_are_those_of_the_table() {
    let mut text = String::new();
    for group in Group::ALL {
        writeln!(text, "**{}**\n\n| keys | command | |\n|---|---|---|", group.title()).unwrap();
        for spec in ACTIONS.iter().filter(|spec| spec.group == *group) {
            let keys: Vec<String> = spec.keys.iter().map(|key| format!("`{key}`")).collect();
            let keys = keys.join(" ").replace('|', "\\|");
            let command = format!(":{} {}", spec.name, spec.argument);
            writeln!(text, "| {keys} | `{}` | {} |", command.trim(), spec.says).unwrap();
        }
        text.push('\n');
    }
    check("book/src/stepping.md", "<!-- keys: begin -->", "<!-- keys: end -->", text.trim_end());
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

/// The words of a line of shell: blanks part them, quotes hold them together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_with(String::new);
            }
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_with(String::new).push(c),
        }
    }
    words.extend(word);
    words
}

/// What `mqlab …`, or `printf '…' | mqlab …`, prints at a terminal without colours, 100 columns wide.
fn printed(line: &str) -> String {
    let (input, own) = match line.split_once(" | ") {
        Some((printf, own)) => (words(printf)[1].replace("\\n", "\n"), own),
        None => (String::new(), line),
    };
    let words = words(own);
    assert_eq!(words[0], "mqlab", "{line}");
    let args: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    mqlab(&args, &input).1
}

/// Exit code, and standard output with the standard error behind it.
fn mqlab(args: &[&str], input: &str) -> (Option<i32>, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_mqlab"));
    program.args(args).current_dir(ROOT).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.code(), text)
}

/// A page with what its commands print.
fn with_output(page: &str) -> String {
    let (mut made, mut rest) = (String::new(), page);
    const OPEN: &str = "```console\n";
    while let Some(at) = rest.find(OPEN) {
        made.push_str(&rest[..at + OPEN.len()]);
        rest = &rest[at + OPEN.len()..];
        let end = rest.find("```").expect("a block ends");
        for line in rest[..end].lines().filter_map(|line| line.strip_prefix("$ ")) {
            let output = printed(line);
            let output: Vec<&str> = output.trim_end().lines().map(str::trim_end).collect();
            writeln!(made, "$ {line}\n{}", output.join("\n")).unwrap();
        }
        rest = &rest[end..];
    }
    made + rest
}

fn pages() -> Vec<std::path::PathBuf> {
    let book = fs::read_dir(Path::new(ROOT).join("book/src")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = book.filter(|path| path.extension().is_some_and(|e| e == "md")).collect();
    pages.extend(["README.md", "CONTRIBUTING.md"].map(|page| Path::new(ROOT).join(page)));
    pages.sort();
    pages
}

#[test]
fn what_stands_under_a_command_is_what_it_prints() {
    let mut blocks = 0;
    for path in pages() {
        let text = fs::read_to_string(&path).unwrap();
        blocks += text.matches("```console\n").count();
        let made = with_output(&text);
        if made == text {
            continue;
        }
        assert!(writes(), "{} is out of date; it should be\n{made}", path.display());
        fs::write(&path, made).unwrap();
    }
    assert!(blocks > 0);
}

#[test]
fn every_page_is_in_the_table_of_contents_and_every_link_leads_somewhere() {
    let contents = fs::read_to_string(Path::new(ROOT).join("book/src/SUMMARY.md")).unwrap();
    for path in pages() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let in_book = path.parent().unwrap().ends_with("src") && name != "SUMMARY.md";
        assert!(!in_book || contents.contains(&format!("({name})")), "SUMMARY.md does not know {name}");
        let text = fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            let file = link.split('#').next().unwrap();
            if file.is_empty() || file.contains("://") || !(file.ends_with(".md") || file == "LICENSE") {
                continue;
            }
            assert!(path.parent().unwrap().join(file).exists(), "{name} leads to {link}, which is not there");
        }
    }
}

#[test]
fn every_scenario_in_the_book_runs_and_holds() {
    let mut scenarios = 0;
    for path in pages() {
        let text = fs::read_to_string(&path).unwrap();
        for block in text.split("```ron\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            if block.lines().any(|line| line.starts_with("Scenario(")) {
                scenarios += 1;
                let (code, printed) = mqlab(&["run", "-", "--view", "verdict"], block);
                assert_eq!(code, Some(0), "{}: {block}\n{printed}", path.display());
            }
        }
    }
    assert!(scenarios > 0);
}
