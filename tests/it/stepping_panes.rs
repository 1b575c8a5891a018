//! The panes of a run as a person sees them at every size, and what keys and the mouse do in them.

use crate::stepping::{Person, SIZES};
use mqlab::ids::EventId;
use mqlab::timeline::text::Glyphs;
use mqlab::tui::action::{ACTIONS, Action};
use mqlab::tui::theme::{Depth, Look, Theme};
use mqlab::tui::{Input, Key, Mouse};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

const LARGE: (u16, u16) = SIZES[0];
const WATCHED: &str = "tests/data/stepping/watched.ron";
const CHINESE: &str = "tests/data/stepping/chinese.ron";

fn at(person: &Person) -> u32 {
    person.app.desk().map_or(0, |desk| desk.at().step())
}

/// A screen at every size, after these keys; narrow screens show a pane alone, which is reached by more keys.
fn at_every_size(name: &str, path: &str, step: u32, keys: &str, narrow: &str) {
    for (width, height) in SIZES {
        let mut person = Person::with(path, step, (width, height));
        person.press(keys);
        if width < 100 {
            person.press(narrow);
        }
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), person.screen());
    }
}

#[test]
fn the_state_of_queues_disks_tables_and_invariants() {
    at_every_size("state_before_the_crash", WATCHED, 100, "", "Tab");
    at_every_size("state_after_the_crash", WATCHED, 127, "", "Tab");
    at_every_size("state_with_duplicates", "lost-confirm", 1, "u \"rows\" Enter G", "Tab");
}

#[test]
fn a_pane_that_is_too_long_is_scrolled() {
    let mut person = Person::with(WATCHED, 100, SIZES[2]);
    person.press("Tab PgDn");
    insta::assert_snapshot!("state_scrolled_60x15", person.screen());
    let step = at(&person);
    person.press("PgDn PgDn PgDn PgUp PgUp PgUp PgUp PgUp");
    assert_eq!(at(&person), step, "the pane scrolls, and the run stays where it is");
}

#[test]
fn why_goes_one_cause_further_back_with_every_key() {
    at_every_size("why", "lost-confirm", 168, "", "Tab Tab");
    at_every_size("why_causes", "lost-confirm", 168, "w w w", "");
    at_every_size("why_rule", "lost-confirm", 101, "Enter", "");
}

#[test]
fn a_chain_of_causes_ends_at_the_fault_with_its_line() {
    let mut person = Person::with("lost-confirm", 101, (120, 60));
    person.press("w w w w w w w w w w");
    insta::assert_snapshot!("why_to_the_end_120x60", person.screen());
}

#[test]
fn the_life_of_a_message_and_what_it_lacks_are_pages() {
    at_every_size("life", "lost-confirm", 168, "l", "");
    at_every_size("why_not", WATCHED, 130, "G : \"why-not order-4\" Enter", "");
}

#[test]
fn a_crash_is_drawn_across_the_lanes() {
    at_every_size("crash", WATCHED, 126, "", "");
}

#[test]
fn lanes_are_hidden_and_brought_back() {
    at_every_size("lanes_hidden", "lost-confirm", 95, "H j j Space Enter f", "");
}

#[test]
fn zoom_and_curtain() {
    at_every_size("zoomed_out", "lost-confirm", 100, "Z", "");
    at_every_size("zoomed_in", "lost-confirm", 100, "z", "");
    at_every_size("curtain", "lost-confirm", 100, "c", "");
}

#[test]
fn the_screen_in_ascii_and_without_colours() {
    let look = Look { theme: Theme::Contrast, depth: Depth::None, glyphs: Glyphs::Ascii };
    let mut person = Person::looking(LARGE, look);
    person.open(WATCHED, 127);
    let screen = person.screen();
    assert!(screen.is_ascii(), "{screen}");
    insta::assert_snapshot!("ascii_120x40", screen);
}

/// The runs of cells that do not look plain, line by line.
fn styles(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let cell = &buffer[(x, y)];
            let (color, modifier) = (cell.fg, cell.modifier);
            let from = x;
            let mut run = String::new();
            while x < buffer.area.width && (buffer[(x, y)].fg, buffer[(x, y)].modifier) == (color, modifier) {
                run.push_str(buffer[(x, y)].symbol());
                x += 1;
            }
            let plain = color == Color::Reset && modifier.is_empty() || modifier == Modifier::DIM;
            if !plain && !run.trim().is_empty() {
                text.push_str(&format!("{y:>2}:{from:<3} {color:?} {modifier:?} {}\n", run.trim()));
            }
        }
    }
    text
}

#[test]
fn where_colours_carry_a_meaning_words_and_signs_carry_it_too() {
    let person = Person::with(WATCHED, 127, LARGE);
    insta::assert_snapshot!("styles_120x40", styles(&person.buffer()));
}

#[test]
fn wide_characters_keep_the_columns_straight() {
    at_every_size("chinese", CHINESE, 80, "", "");
    let person = Person::with(CHINESE, 80, LARGE);
    let buffer = person.buffer();
    let of = |x: u16| (5..24).filter(|y| buffer[(x, *y)].symbol().contains(['│', '┊', '┃'])).count();
    let lanes: Vec<u16> = (1..70).filter(|x| of(*x) >= 6).collect();
    assert!(lanes.len() >= 4, "the lanes are lines from the top to the bottom: {lanes:?}");
}

#[test]
fn searches_go_forward_and_back() {
    let mut person = Person::with("lost-confirm", 1, LARGE);
    person.press("/ \"deliver order-2\" Enter");
    let first = at(&person);
    person.press(">");
    let second = at(&person);
    assert!(1 < first && first < second);
    person.press("<");
    assert_eq!(at(&person), first);
    person.press("/ \"nobody says this\" Enter");
    assert_eq!((at(&person), person.app.note()), (first, Some("no step behind this one tells of nobody says this")));
}

#[test]
fn a_run_goes_on_until_something_happens() {
    let steps = |until: &str| {
        let mut person = Person::with(WATCHED, 1, LARGE);
        person.press("u").press(&format!("\"{until}\" Enter"));
        (at(&person), person.app.note().map(str::to_owned))
    };
    for (until, step) in [("fault", 125), ("crash", 125), ("vanished", 127), ("broken", 96), ("order-3", 71)] {
        let (found, note) = steps(until);
        assert!(found.abs_diff(step) <= 3, "{until}: step {found}, {note:?}");
    }
    assert_eq!(steps("60ms").0, 126, "the last step of that time");
    assert_eq!(steps("14").0, 14.min(steps("14").0), "a number is a step");
    assert_eq!(steps("biller").1, None);
}

#[test]
fn what_goes_wrong_is_found_one_after_the_other() {
    let mut person = Person::with(WATCHED, 1, LARGE);
    let mut found = Vec::new();
    for _ in 0..20 {
        person.press("s");
        let note = person.app.note().unwrap_or_default().to_owned();
        found.push(format!("{}: {note}", at(&person)));
        if note.starts_with("nothing") {
            break;
        }
    }
    insta::assert_snapshot!("what_goes_wrong", found.join("\n"));
}

#[test]
fn the_mouse_goes_where_it_points() {
    let mut person = Person::with("lost-confirm", 76, LARGE);
    let screen = person.screen();
    let line = screen.lines().position(|line| line.contains(">")).expect("the step that one is at");
    person.app.take(Input::Mouse(20, line as u16 - 1, Mouse::Press));
    assert!(at(&person) < 76, "the row above");
    let before = at(&person);
    person.app.take(Input::Mouse(20, 10, Mouse::WheelDown));
    assert!(at(&person) > before);
    person.app.take(Input::Mouse(118, 38, Mouse::Press));
    assert_eq!(
        person.app.desk().map(|desk| desk.until().step()),
        person.app.desk().map(|desk| desk.steps()),
        "the end of the strip"
    );
    person.app.take(Input::Mouse(1, 38, Mouse::Press));
    assert!(at(&person) < 60, "its beginning");
}

#[test]
fn a_long_search_shows_how_far_it_is_and_can_be_stopped() {
    let mut person = Person::with("tests/data/stepping/long.ron", 1, SIZES[1]);
    person.app.take(Input::Key(Key::Char('/')));
    "there is no such thing".chars().for_each(|c| person.app.take(Input::Key(Key::Char(c))));
    person.app.take(Input::Key(Key::Enter));
    assert!(person.app.working() && person.app.progress().is_some());
    (0..3).for_each(|_| person.app.take(Input::Idle));
    insta::assert_snapshot!("searching_80x24", person.screen().lines().last().unwrap_or_default());
    person.app.take(Input::Key(Key::Esc));
    assert_eq!((person.app.progress(), person.app.note()), (None, Some("stopped")));
}

#[test]
fn every_action_is_reached_by_its_key_and_by_its_command() {
    for spec in ACTIONS {
        for key in spec.keys {
            assert_eq!(Action::of_key(*key), Some(spec.action), "{key}");
        }
        assert_eq!(Action::of_name(spec.name), Some(spec.action));
        let mut person = Person::with("lost-confirm", 76, LARGE);
        // Questions have tests of their own, and a command is where one is typed already.
        if matches!(spec.action, Action::Question | Action::Command) {
            continue;
        }
        let argument = match spec.action {
            Action::Goto => " 14",
            Action::Seed => " 2",
            Action::Save => " /nowhere/at/all.ron",
            Action::Export => " /nowhere/at/all.txt",
            _ => "",
        };
        person.press(":").press(&format!("\"{}{argument}\" Enter", spec.name));
        let note = person.app.note().unwrap_or_default().to_owned();
        assert!(!note.contains("there is no command") && !note.contains("cannot be done yet"), "{}: {note}", spec.name);
    }
}

#[test]
fn a_step_is_found_again_by_its_number_and_its_time() {
    let mut person = Person::with(WATCHED, 1, LARGE);
    person.press(": \"125\" Enter");
    assert_eq!(person.app.desk().map(|desk| desk.at()), Some(EventId(124)));
    person.press(": \"10ms\" Enter");
    let early = at(&person);
    person.press(": \"60ms\" Enter");
    assert!(early < at(&person));
    person.press(": \"400\" Enter");
    assert_eq!(person.app.note(), Some("there are steps 1 to 205"));
}
