//! A question: its choices, and, once it is answered, what is right and why.

use super::{fill, framed, lines};
use crate::export::view::signs;
use crate::lab::quiz::letter;
use crate::timeline::text::Style as Meaning;
use crate::trace::visible;
use crate::tui::app::App;
use crate::tui::overlay::Quiz;
use crate::tui::theme::Part;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Wider ones only make the eye travel.
const WIDTH: u16 = 90;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, quiz: &Quiz) {
    let width = area.width.saturating_sub(6).min(WIDTH);
    let text = told(app, quiz, width.saturating_sub(4));
    let height = (text.len() as u16).saturating_add(2).min(area.height);
    // Below, so that the step that it is about is still seen.
    let x = area.x + (area.width - width) / 2;
    let at = Rect { x, y: area.bottom().saturating_sub(height), width, height };
    frame.render_widget(ratatui::widgets::Clear, at);
    fill(frame, at, framed(app, None, "Question"), text, 0);
}

fn told(app: &App, quiz: &Quiz, width: u16) -> Vec<Line<'static>> {
    let Some(question) = quiz.asked() else {
        let says = if quiz.ready { "There is nothing to ask." } else { "one moment" };
        return vec![Line::raw(says)];
    };
    let sign = |text: &str| signs(text, app.look.glyphs);
    let mut text = lines(&visible(&question.ask), width, app.look.of(Meaning::Name));
    if question.is_open() {
        let typed = if quiz.typed.is_empty() { String::new() } else { visible(&quiz.typed) };
        text.push(Line::raw(format!("your answer: {typed}{}", if quiz.given.is_none() { "_" } else { "" })));
    } else {
        for (n, choice) in question.choices.iter().enumerate() {
            let mark = match quiz.given {
                Some(_) if n == question.answer => sign("✓ "),
                Some((Some(given), false)) if n == given => sign("✗ "),
                None if n == quiz.chosen => "> ".to_owned(),
                _ => "  ".to_owned(),
            };
            let said = lines(&visible(&choice.text), width.saturating_sub(6), app.look.of(Meaning::Plain));
            for (i, mut row) in said.into_iter().enumerate() {
                let lead = if i == 0 { format!("{mark}{}  ", letter(n)) } else { "     ".to_owned() };
                row.spans.insert(0, lead.into());
                let chosen = quiz.given.is_none() && n == quiz.chosen;
                text.push(if chosen { row.style(app.look.part(Part::Chosen)) } else { row });
            }
        }
    }
    let dim = app.look.of(Meaning::Dim);
    let Some((given, right)) = quiz.given else {
        text.push(Line::styled(
            if question.is_open() { "Enter answers, Esc leaves" } else { "a letter, or Enter; Esc leaves" },
            dim,
        ));
        return text;
    };
    let (says, meaning) = match right {
        true => ("Right.".to_owned(), Meaning::Good),
        false => (format!("Not right. Right is: {}", visible(question.right())), Meaning::Bad),
    };
    text.extend(lines(&says, width, app.look.of(meaning)));
    text.extend(lines(&visible(&question.because), width, app.look.of(Meaning::Plain)));
    let way = given.filter(|_| !right).and_then(|given| question.choices.get(given)?.way.as_ref());
    if let Some(way) = way {
        let says = format!("Your answer would have been right so: {} b makes that branch.", visible(&way.says));
        text.extend(lines(&says, width, app.look.of(Meaning::Caption)));
    }
    let left = quiz.questions.len() - 1;
    let says = match left {
        0 => "Enter goes on with the run".to_owned(),
        1 => "Enter goes to the next question; 1 is left".to_owned(),
        n => format!("Enter goes to the next question; {n} are left"),
    };
    text.push(Line::styled(says, dim));
    text
}
