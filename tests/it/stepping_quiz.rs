//! Questions on the screen: by themselves where the lesson asks, and on demand.

use crate::stepping::{Person, SIZES};
use mqlab::tui::Overlay;

fn quiz(person: &Person) -> Option<&mqlab::tui::Quiz> {
    match person.app.overlay() {
        Some(Overlay::Quiz(quiz)) => Some(quiz),
        _ => None,
    }
}

#[test]
fn a_question_is_answered_and_says_why_at_every_size() {
    for (width, height) in SIZES {
        let mut person = Person::with("lost-confirm", 101, (width, height));
        person.press("?");
        assert!(quiz(&person).is_some_and(|quiz| quiz.ready && quiz.given.is_none()));
        insta::assert_snapshot!(format!("question_{width}x{height}"), person.screen());
        let wrong = quiz(&person).and_then(|quiz| quiz.asked()).map(|asked| usize::from(asked.answer == 0)).unwrap();
        person.press(if wrong == 0 { "a" } else { "b" });
        assert_eq!(quiz(&person).and_then(|quiz| quiz.given), Some((Some(wrong), false)));
        insta::assert_snapshot!(format!("answered_{width}x{height}"), person.screen());
        person.press("Esc");
        assert!(person.app.overlay().is_none());
        assert_eq!(person.app.note(), Some("0 of 1 answered right"));
    }
}

#[test]
fn the_lesson_asks_by_itself_at_its_moment_and_once_only() {
    let text = std::fs::read_to_string("scenarios/lost-confirm.ron").unwrap();
    let at = text.find("questions: [").unwrap() + "questions: [".len();
    let asked = "(ask: \"Who is right?\", at: sending(method: \"basic.ack\", to: \"shop\", nth: 2), \
                 choices: [\"the shop\", \"the broker\"], answer: \"the broker\"),";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("asks.ron");
    std::fs::write(&path, format!("{}{asked}{}", &text[..at], &text[at..])).unwrap();
    let mut person = Person::with(path.to_str().unwrap(), 95, (120, 40));
    for _ in 0..4 {
        if quiz(&person).is_some() {
            break;
        }
        person.press("j");
    }
    assert!(person.screen().contains("Who is right?"), "{}", person.screen());
    let answer = quiz(&person).and_then(|quiz| quiz.asked()).map(|asked| asked.answer).unwrap();
    person.press(if answer == 0 { "Enter" } else { "Down Enter" });
    assert!(person.screen().contains("Right."), "{}", person.screen());
    person.press("Enter k j j");
    assert!(!person.screen().contains("Who is right?"), "asked again");
}
