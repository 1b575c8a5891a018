//! Changing a run while stepping through it: what can be changed, the tree of what came of it, runs side by side, what
//! is saved and written, and what is said when something cannot be done.

use crate::stepping::{Person, SIZES};
use mqlab::lab::Opening;
use mqlab::tui::{Effect, Input};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// A scenario of the gallery in a file of one's own.
fn own(name: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.ron");
    fs::copy(format!("{}/scenarios/{name}.ron", env!("CARGO_MANIFEST_DIR")), &path).unwrap();
    (folder, path)
}

/// The screen without the folder that a test's file is in.
fn screen(person: &Person, folder: &TempDir) -> String {
    person.screen().replace(folder.path().to_str().unwrap(), "FOLDER")
}

#[test]
fn changes_stand_in_groups_each_with_what_would_come_of_it() {
    for (width, height) in SIZES {
        let mut person = Person::with("lost-confirm", 76, (width, height));
        person.press("b j j");
        insta::assert_snapshot!(format!("changes_{width}x{height}"), person.screen());
        person.press("Esc !");
        insta::assert_snapshot!(format!("disasters_{width}x{height}"), person.screen());
    }
}

#[test]
fn a_branch_is_shown_where_it_begins_and_hangs_in_the_tree() {
    for (width, height) in SIZES {
        let mut person = Person::with("lost-confirm", 76, (width, height));
        person.press("! 3");
        let begins = person.app.desk().unwrap().log().event(person.app.desk().unwrap().at()).unwrap().kind;
        assert!(matches!(begins, mqlab::trace::Kind::Fault(_)), "{begins:?}");
        person.press("! 1 N Ctrl-U \"second\" Enter T k Enter ! 1 T");
        insta::assert_snapshot!(format!("tree_{width}x{height}"), person.screen());
    }
}

#[test]
fn two_runs_stand_side_by_side_and_their_differences_can_be_walked() {
    for (width, height) in SIZES {
        let mut person = Person::with("lost-confirm", 76, (width, height));
        person.press(": \"compare @cured\" Enter ]");
        insta::assert_snapshot!(format!("compare_{width}x{height}"), person.screen());
        assert_eq!(person.app.note(), Some("difference 1 of 1 from cured"));
        person.press("]");
        assert!(person.app.note().unwrap().contains("no more differences"), "{:?}", person.app.note());
        person.press("Esc");
        assert!(!person.screen().contains("Side by side"));
    }
}

#[test]
fn files_and_seeds_and_what_is_none_of_them_can_be_asked_for_by_compare() {
    let mut person = Person::with("lost-confirm", 10, (100, 30));
    person.press(": \"compare hello\" Enter");
    assert!(person.screen().contains("Side by side"), "{}", person.screen());
    person.press("Esc : \"compare lost-confirm@cured\" Enter");
    assert!(person.screen().contains("Side by side"), "{}", person.screen());
    person.press("Esc : \"compare seed 7\" Enter");
    assert!(person.app.note().unwrap().contains("the same as lost-confirm@seed-7"), "{:?}", person.app.note());
    person.press("Esc : \"compare no-such-thing\" Enter");
    assert!(person.screen().contains("no such file"), "{}", person.screen());
}

#[test]
fn what_is_saved_is_a_variant_of_the_file_and_a_gallery_scenario_goes_to_a_new_file() {
    let (folder, path) = own("lost-confirm");
    let mut person = Person::with(path.to_str().unwrap(), 76, (100, 30));
    person.press("! 3 N Ctrl-U \"biller-dies\" Enter S");
    assert!(fs::read_to_string(&path).unwrap().contains("name: \"biller-dies\""));
    person.press("q");
    assert_eq!(person.outside.last(), Some(&Effect::Quit), "nothing is left to save");

    for (width, height) in SIZES {
        let mut person = Person::with("lost-confirm", 76, (width, height));
        person.press("! 3 S");
        insta::assert_snapshot!(format!("save_elsewhere_{width}x{height}"), person.screen());
        let file = folder.path().join(format!("new-{width}.ron"));
        person.press(&format!("Ctrl-U \"{}\" Enter", file.display()));
        assert!(file.exists(), "{:?}", person.app.note());
    }
}

#[test]
fn leaving_asks_where_a_branch_is_not_saved() {
    let mut person = Person::with("lost-confirm", 76, (80, 24));
    person.press("! 3 q");
    assert!(person.screen().contains("is not saved"), "{}", person.screen());
    person.press("n");
    assert!(!person.outside.contains(&Effect::Quit));
    person.press("q y");
    assert!(person.outside.contains(&Effect::Quit));
}

#[test]
fn a_branch_that_is_let_go_goes_with_what_hangs_on_it() {
    let mut person = Person::with("lost-confirm", 76, (100, 30));
    person.press("! 3 ! 1 T k D y");
    let screen = person.screen();
    assert!(screen.contains("main") && !screen.contains("kill-biller"), "{screen}");
    person.press("T g D y");
    assert!(person.app.note().unwrap().contains("where it all began"), "{:?}", person.app.note());
}

#[test]
fn a_file_that_changes_is_run_again_at_the_same_place_and_errors_are_shown_beside_the_last_good_run() {
    for (width, height) in SIZES {
        let (folder, path) = own("lost-confirm");
        let mut person = Person::with(path.to_str().unwrap(), 76, (width, height));
        person.press("m");
        let good = fs::read_to_string(&path).unwrap();
        fs::write(&path, good.replace("latency: \"1ms\"", "latency: \"1 parsec\"")).unwrap();
        person.take(Input::FileChanged);
        insta::assert_snapshot!(format!("watch_errors_{width}x{height}"), screen(&person, &folder));
        fs::write(&path, good.replace("latency: \"1ms\"", "latency: \"2ms\"")).unwrap();
        let place = person.app.desk().unwrap().sentences();
        person.take(Input::FileChanged);
        let desk = person.app.desk().unwrap();
        assert_eq!(desk.sentences()[0].text, place[0].text, "the same moment");
        assert_ne!(desk.sentences()[0].time, place[0].time, "of another run");
        let here = desk.at();
        assert!(!person.screen().contains("main-2"), "one root stays");
        person.press("g '");
        assert_eq!(person.app.desk().unwrap().at(), here, "the bookmark is still there");
    }
}

#[test]
fn whoever_is_on_a_branch_stays_there_when_the_file_changes() {
    let (_folder, path) = own("lost-confirm");
    let mut person = Person::with(path.to_str().unwrap(), 76, (100, 30));
    person.press("! 3");
    let branch = person.app.desk().unwrap().title();
    person.take(Input::FileChanged);
    assert_eq!(person.app.desk().unwrap().title(), branch);
    assert!(person.app.note().unwrap().contains("the file has changed"));
    person.press("R");
    assert_ne!(person.app.desk().unwrap().title(), branch);
    let screen = person.screen();
    assert!(screen.contains("main before") && screen.contains("└─ "), "the branches are kept: {screen}");
}

#[test]
fn what_cannot_be_opened_is_said_where_it_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.ron");
    fs::write(&broken, "Scenario(\n    title: \"x\",\n    brokr: rabbitmq(),\n)\n").unwrap();
    let other = folder.path().join("other.ron");
    fs::write(&other, "not a scenario at all").unwrap();
    for (width, height) in SIZES {
        for (name, path) in
            [("missing", folder.path().join("no.ron")), ("broken", broken.clone()), ("other", other.clone())]
        {
            let mut person = Person::at_the_gallery((width, height));
            person.app.open(Opening { path: path.to_str().unwrap().to_owned(), ..Opening::default() }, None);
            person.settle();
            insta::assert_snapshot!(format!("cannot_open_{name}_{width}x{height}"), screen(&person, &folder));
        }
    }
}

#[test]
fn a_terminal_that_is_too_small_says_what_is_needed() {
    let person = Person::with("lost-confirm", 76, (40, 10));
    assert!(person.screen().contains("mqlab needs 60 columns and 15 rows"), "{}", person.screen());
}

#[test]
fn the_gallery_shows_themes_and_variants_and_is_searched() {
    for (width, height) in SIZES {
        let mut person = Person::at_the_gallery((width, height));
        insta::assert_snapshot!(format!("gallery_{width}x{height}"), person.screen());
        person.press("/ \"lost confirm\" Tab Right");
        insta::assert_snapshot!(format!("gallery_searched_{width}x{height}"), person.screen());
        person.press("Enter");
        assert!(person.app.desk().unwrap().title().contains("(cured)"), "{}", person.app.desk().unwrap().title());
    }
}

#[test]
fn variants_are_gone_through_and_come_back_to_the_scenario_as_it_is() {
    let mut person = Person::with("lost-confirm", 76, (100, 30));
    let base = person.app.desk().unwrap().title();
    let mut seen = vec![base.clone()];
    for _ in 0..10 {
        person.press("V");
        seen.push(person.app.desk().unwrap().title());
        if seen.last() == Some(&base) {
            break;
        }
    }
    assert!(seen.len() > 2 && seen.last() == Some(&base), "{seen:?}");
}

#[test]
fn what_is_taken_away_brings_the_run_back() {
    let mut person = Person::with("lost-confirm", 76, (100, 30));
    person.press("! 3 y Y e");
    let copied: Vec<&String> = person
        .outside
        .iter()
        .filter_map(|effect| if let Effect::Copy(text) = effect { Some(text) } else { None })
        .collect();
    assert!(copied[0].starts_with("mqlab run lost-confirm --change 'add(\"faults\""), "{}", copied[0]);
    assert!(copied[0].contains("--replay 1-"));
    assert!(copied[1].contains("## Around step") && copied[1].contains(copied[0].as_str()), "{}", copied[1]);
    let Some(Effect::Write { path, numbered, text }) = person.outside.last() else { panic!("{:?}", person.outside) };
    assert_eq!((path.as_str(), *numbered), ("lost-confirm.md", true));
    assert!(text.contains("## Timeline") && text.contains("## Verdict"));
    person.take(Input::Written(Err("my.md is there already, and nothing is overwritten".to_owned())));
    assert!(person.screen().contains("nothing is overwritten"));
}

#[test]
fn bookmarks_become_a_lesson_that_the_scenario_takes_and_says_at_the_same_steps() {
    let mut person = Person::with("declare-again", 1, (100, 30));
    let mut marked = Vec::new();
    for text in ["first", "second", "third"] {
        person.press(&format!("j j : \"mark the {text} thing\" Enter"));
        marked.push(person.app.desk().unwrap().at());
    }
    let lesson = person.app.lesson().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("taught.ron");
    let text =
        fs::read_to_string(format!("{}/scenarios/claims/declare-again.ron", env!("CARGO_MANIFEST_DIR"))).unwrap();
    // Its own lesson makes room.
    let own = text.find("    lesson: (").unwrap();
    let behind = own + text[own..].find("\n    ),\n").unwrap() + "\n    ),\n".len();
    let text = format!("{}{}", &text[..own], &text[behind..]);
    let end = text.rfind(')').unwrap();
    fs::write(&path, format!("{}{lesson})\n", &text[..end])).unwrap();
    let mut person = Person::with(path.to_str().unwrap(), 1, (100, 30));
    for (at, text) in marked.iter().zip(["first", "second", "third"]) {
        person.app.open(Opening { path: path.to_str().unwrap().to_owned(), ..Opening::default() }, Some(*at));
        person.settle();
        let screen = person.screen();
        assert!(screen.contains(&format!("the {text} thing")), "step {}: {lesson}\n{screen}", at.step());
    }
}
