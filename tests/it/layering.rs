//! The direction between modules: each may import those named in its row, and no others. And what may know a system:
//! its own folder, its line in `systems.rs`, and its file under the scenario's `broker`.

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
    ("app", &["units", "ids", "rules", "trace", "machine"]),
    // The enums that it makes speak the machine port's types; its books are made of the systems' tables.
    ("systems", &[SYSTEMS, "units", "ids", "rules", "trace", "machine"]),
    // Its tests set up nodes; what else it knows of a system goes through `systems`.
    ("world", &[SYSTEMS, "units", "ids", "sim", "rules", "trace", "machine", "net", "disk", "app", "systems"]),
    ("verdict", &["units", "ids", "trace"]),
    (
        "scenario",
        &[
            SYSTEMS, "units", "ids", "sim", "rules", "trace", "machine", "net", "disk", "app", "systems", "world",
            "verdict",
        ],
    ),
    ("explore", &["scenario", "world", "systems", "machine", "sim", "verdict", "trace", "units", "ids"]),
    ("timeline", &["trace", "rules", "units", "ids"]),
    ("story", &["trace", "rules", "units", "ids"]),
    ("export", &["trace", "timeline", "story", "verdict", "units", "ids", "rules"]),
    ("lab", &["trace", "verdict", "timeline", "story", "units", "ids"]),
    // The pages that commands print are shown over the panes.
    ("tui", &["trace", "verdict", "timeline", "story", "export", "lab", "units", "ids", "rules"]),
    ("suite", &["explore", "export", "lab", "trace", "verdict", "units", "ids"]),
];

/// In the table: the folder of every system.
const SYSTEMS: &str = "every system";

/// What the folder of a system may import.
const SYSTEM_MAY_IMPORT: &[&str] = &["units", "ids", "rules", "trace", "machine"];

/// The folders of the systems, read from the lines of the macro that makes one of many.
fn systems() -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/systems.rs")).unwrap();
    let lines = text.split("\nsystems! {").nth(1).unwrap().lines();
    let folder = |line: &str| line.split_once(": ")?.1.split([',', ';']).next().map(str::to_owned);
    lines.filter_map(folder).collect()
}

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
    let systems = systems();
    let mut table: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    table.extend(systems.iter().map(|system| (system.as_str(), SYSTEM_MAY_IMPORT)));
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
                let system = allowed.contains(&SYSTEMS) && systems.contains(&import);
                if !own && !system && !allowed.contains(&import.as_str()) {
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

/// Whether a source file may know a system: its folder, the file of its `broker` block, and the line that registers each.
fn may_know(system: &str, file: &str) -> bool {
    let own = [format!("{system}/"), format!("scenario/broker/{system}")];
    let registry = ["lib.rs", "systems.rs", "scenario/broker/mod.rs"];
    own.iter().any(|own| file.starts_with(own.as_str())) || registry.contains(&file) || file.ends_with("tests.rs")
}

#[test]
fn the_second_system_is_known_in_its_own_places_only() {
    let second = "redis";
    assert!(systems().iter().any(|system| system == second));
    let files = modules().into_values().flatten().map(|(file, _)| file).filter(|file| !may_know(second, file));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let knows = |file: &String| fs::read_to_string(root.join(file)).unwrap().to_lowercase().contains(second);
    let wrong: Vec<String> = files.filter(knows).collect();
    assert!(wrong.is_empty(), "these know `{second}`: {}", wrong.join(", "));
}

#[test]
fn a_system_is_registered_in_a_line() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in ["lib.rs", "systems.rs", "scenario/broker/mod.rs"] {
        let text = fs::read_to_string(root.join(file)).unwrap().to_lowercase();
        let lines = text.lines().filter(|line| line.contains("redis")).count();
        let most = if file == "scenario/broker/mod.rs" { 2 } else { 1 };
        assert!(lines <= most, "{file} names the second system in {lines} lines");
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
