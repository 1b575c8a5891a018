//! Questions: asked by themselves where the lesson has one, and on demand; answered before what comes is looked at.
//!
//! Not the questions (`lab::quiz`): their wrong answers are what other runs really did.

use super::{App, For};
use crate::ids::EventId;
use crate::lab::Request;
use crate::lab::quiz::{Kind, Question, letter};
use crate::tui::key::Key;
use crate::tui::overlay::{Overlay, Quiz};

impl App {
    /// Asks what can be asked here.
    pub(super) fn question(&mut self) {
        self.ask_questions(None);
    }

    fn ask_questions(&mut self, only: Option<EventId>) {
        let Some(desk) = &self.desk else { return };
        let (run, at, verbs) = (desk.run.id, desk.until(), desk.books().verbs);
        self.playing = false;
        self.overlays.push(Overlay::Quiz(Quiz::default()));
        self.ask(Request::Questions(run, at, verbs), For::Questions(only));
    }

    /// Asks by itself where the lesson has a question at this step that was not asked yet.
    pub(super) fn checkpoint(&mut self) {
        let Some(desk) = &self.desk else { return };
        let (log, verbs) = (desk.log(), desk.books().verbs);
        let (from, until) = (desk.at(), desk.until());
        let open = log.header.lesson.questions.iter().filter(|question| !self.quizzed.contains(&question.ask));
        let here = open.filter_map(|question| question.at.as_ref()?.find(log, &verbs));
        let here = here.into_iter().find(|at| *at >= from && *at <= until);
        if here.is_some() {
            self.ask_questions(here);
        }
    }

    /// The questions are there: of those that were not asked yet.
    pub(super) fn asked_for(&mut self, only: Option<EventId>, questions: Vec<Question>) {
        let until = self.desk.as_ref().map(|desk| desk.until()).unwrap_or_default();
        let wanted = |question: &Question| match only {
            Some(at) => question.kind == Kind::Lesson && question.at == Some(at),
            // What is not shown yet is not asked about.
            None => question.at.is_none_or(|at| at <= until),
        };
        let fresh = |question: &Question| !self.quizzed.contains(&question.ask);
        let questions: Vec<Question> = questions.into_iter().filter(|q| wanted(q) && fresh(q)).collect();
        if questions.is_empty() {
            self.overlays.pop();
            if only.is_none() {
                self.say("nothing that was not asked yet can be asked here");
            }
            return;
        }
        if let Some(Overlay::Quiz(quiz)) = self.overlays.last_mut() {
            quiz.questions = questions;
            quiz.ready = true;
        }
    }

    pub(super) fn quiz_key(&mut self, key: Key) {
        let Some(Overlay::Quiz(quiz)) = self.overlays.last_mut() else { return };
        let Some(question) = quiz.questions.first() else {
            if key == Key::Esc {
                self.leave_quiz();
            }
            return;
        };
        if quiz.given.is_some() {
            return match key {
                Key::Enter | Key::Char(' ' | 'n') => self.next_question(),
                Key::Char('b') => self.other_answer(),
                Key::Esc | Key::Char('q') => self.leave_quiz(),
                _ => {}
            };
        }
        let (open, choices) = (question.is_open(), question.choices.len());
        match key {
            Key::Esc => self.leave_quiz(),
            Key::Backspace => _ = quiz.typed.pop(),
            Key::Down => quiz.chosen = (quiz.chosen + 1).min(choices.saturating_sub(1)),
            Key::Up => quiz.chosen = quiz.chosen.saturating_sub(1),
            Key::Enter => {
                let given = if open { quiz.typed.clone() } else { letter(quiz.chosen).to_string() };
                self.judge(&given);
            }
            Key::Char(c) if open => quiz.typed.push(c),
            Key::Char(c) => {
                if let Some(at) = (0..choices).find(|at| letter(*at) == c.to_ascii_lowercase()) {
                    quiz.chosen = at;
                    self.judge(&letter(at).to_string());
                }
            }
            _ => {}
        }
    }

    /// Holds an answer against the right one.
    pub(in crate::tui) fn judge(&mut self, given: &str) {
        let Some(Overlay::Quiz(quiz)) = self.overlays.last_mut() else { return };
        let Some(question) = quiz.questions.first() else { return };
        let right = question.is_right(given);
        quiz.given = Some((question.chosen(given), right));
        self.quizzed.insert(question.ask.clone());
        self.right += usize::from(right);
    }

    fn next_question(&mut self) {
        let Some(Overlay::Quiz(quiz)) = self.overlays.last_mut() else { return };
        quiz.questions.remove(0);
        (quiz.chosen, quiz.given) = (0, None);
        quiz.typed.clear();
        if quiz.questions.is_empty() {
            self.leave_quiz();
        }
    }

    /// Opens the branch in which the answer that was given would have been right.
    fn other_answer(&mut self) {
        let Some(Overlay::Quiz(quiz)) = self.overlays.last() else { return };
        let given = quiz.given.and_then(|(choice, right)| choice.filter(|_| !right));
        let way = given.and_then(|choice| quiz.questions.first()?.choices.get(choice)?.way.clone());
        if let Some(way) = way {
            self.leave_quiz();
            self.make_branch(way.at, way.change);
        }
    }

    fn leave_quiz(&mut self) {
        self.overlays.pop();
        // Answers that come now are not wanted any more.
        self.asked.retain(|(_, why)| !matches!(why, For::Questions(_)));
        let asked = self.quizzed.len();
        if asked > 0 {
            self.say(format!("{} of {asked} answered right", self.right));
        }
    }
}
