//! The direction between modules: each may import those named in its row, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The table of the design's chapter on layers. `mem` holds containers and may be used by all.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("mem", &[]),
    ("units", &[]),
    ("ids", &[]),
    ("sim", &["units", "ids"]),
    ("rules", &["ids"]),
    ("trace", &["units", "ids", "rules"]),
    ("machine", &["units", "ids", "rules", "trace"]),
    ("net", &["units", "ids", "sim"]),
    ("disk", &["units", "ids", "sim", "machine"]),
    ("amqp", &["units", "ids", "rules", "trace", "machine"]),
    ("redis", &["units", "ids", "rules", "trace", "machine"]),
    ("app", &["units", "ids", "rules", "trace", "machine"]),
    // The enums that it makes speak the machine port's types.
    ("systems", &["amqp", "redis", "units", "ids", "trace", "machine"]),
    ("world", &["units", "ids", "sim", "rules", "trace", "machine", "net", "disk", "amqp", "redis", "app", "systems"]),
    ("verdict", &["units", "ids", "trace"]),
    (
        "scenario",
        &[
            "units", "ids", "sim", "rules", "trace", "machine", "net", "disk", "amqp", "redis", "app", "systems",
            "world", "verdict",
        ],
    ),
    ("explore", &["scenario", "world", "systems", "machine", "sim", "verdict", "trace", "units", "ids"]),
    ("timeline", &["trace", "rules", "units", "ids"]),
    ("story", &["trace", "rules", "units", "ids"]),
    ("export", &["trace", "timeline", "story", "verdict", "units", "ids", "rules"]),
    ("lab", &["trace", "verdict", "timeline", "story", "units", "ids"]),
    ("suite", &["explore", "export", "lab", "trace", "verdict", "units", "ids"]),
];

/// Modules above the table: they may import everything, and nobody below may import them.
const TOP: &[&str] = &["cli", "main", "lib"];

fn rust_files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The first-level modules that a source text names through `crate::`, groups included.
fn named(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        if text[..at].ends_with('$') {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        let word = |s: &str| s.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut start = true;
            for (i, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => start = true,
                    c if start && depth == 1 && c.is_alphabetic() => {
                        found.insert(word(&group[i..]));
                        start = false;
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            found.insert(word(rest));
        }
    }
    found
}

fn modules() -> BTreeMap<String, Vec<(String, String)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    let mut modules: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for file in files {
        let inside = file.strip_prefix(&root).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = first.trim_end_matches(".rs").to_owned();
        let text: String = fs::read_to_string(&file)
            .unwrap()
            .lines()
            .map(|line| line.split("//").next().unwrap_or(""))
            .collect::<Vec<_>>()
            .join("\n");
        modules.entry(module).or_default().push((inside.display().to_string(), text));
    }
    modules
}

#[test]
fn every_import_goes_in_the_direction_of_the_table() {
    let table: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let modules = modules();
    let known: BTreeSet<&str> = modules.keys().map(String::as_str).collect();
    let mut wrong = Vec::new();
    for (module, files) in &modules {
        if TOP.contains(&module.as_str()) {
            continue;
        }
        let Some(allowed) = table.get(module.as_str()) else {
            wrong.push(format!("module `{module}` is not in the table"));
            continue;
        };
        for (file, text) in files {
            for import in named(text) {
                let own = import == *module || import == "mem" || !known.contains(import.as_str());
                if !own && !allowed.contains(&import.as_str()) {
                    wrong.push(format!("{file}: `{module}` may not import `{import}`"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_of_the_table_is_a_module() {
    let modules = modules();
    for (module, _) in MAY_IMPORT {
        assert!(modules.contains_key(*module), "`{module}` is in the table, but not in src");
    }
}

#[test]
fn every_file_says_what_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    let silent: Vec<_> = files
        .iter()
        .filter(|f| !fs::read_to_string(f).unwrap().starts_with("//!"))
        .map(|f| f.display().to_string())
        .collect();
    assert!(silent.is_empty(), "files without a first line `//!`: {}", silent.join(", "));
}
