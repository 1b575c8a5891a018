//! Going through the run, and arranging the screen.

use super::{App, Pane};
use crate::ids::EventId;
use crate::trace::visible;
use crate::tui::action::Action;
use crate::tui::app::For;
use crate::tui::desk::{Followed, Way, Zoom};
use crate::tui::overlay::Overlay;
use crate::tui::theme::Theme;
use crate::units::{Time, parse_span};

/// Paces of playing, in milliseconds a step.
const PACES: [u32; 6] = [2000, 1000, 500, 250, 100, 40];

impl App {
    pub(super) fn walk(&mut self, action: Action) {
        let page = usize::from(self.size.1 / 2).max(3);
        let Some(desk) = &mut self.desk else { return };
        let moved = match action {
            Action::Next => desk.step(Way::Forward),
            Action::Previous => desk.step(Way::Back),
            Action::NextTurn => desk.turn(Way::Forward),
            Action::PreviousTurn => desk.turn(Way::Back),
            Action::Start => {
                desk.go(EventId(0));
                true
            }
            Action::Last => {
                desk.go(EventId(desk.steps().saturating_sub(1)));
                true
            }
            Action::PageForward => desk.steps_on(Way::Forward, page),
            _ => desk.steps_on(Way::Back, page),
        };
        let forward = matches!(action, Action::Next | Action::NextTurn | Action::PageForward);
        if !moved {
            self.say(if forward { "this is the end" } else { "this is the beginning" });
        }
    }

    pub(super) fn goto(&mut self, argument: &str) {
        if let Ok(step) = argument.parse::<u32>() {
            let steps = self.desk.as_ref().map_or(0, |desk| desk.steps());
            if step == 0 || step > steps {
                return self.complain(format!("there are steps 1 to {steps}"));
            }
            return self.on_desk(|desk| _ = desk.go(EventId(step - 1)));
        }
        match parse_span(argument) {
            Ok(span) => self.on_desk(|desk| _ = desk.go_to_time(Time::ZERO + span)),
            Err(_) => self.complain(format!("{} is neither a step nor a time such as 42ms", visible(argument))),
        }
    }

    pub(super) fn pace(&mut self, faster: bool) {
        let at = PACES.iter().position(|pace| *pace == self.pace).unwrap_or(2);
        let at = if faster { (at + 1).min(PACES.len() - 1) } else { at.saturating_sub(1) };
        self.pace = PACES[at];
        self.say(format!("{} ms a step", self.pace));
    }

    pub(super) fn marks(&mut self, action: Action, text: &str) {
        let Some(desk) = &mut self.desk else { return };
        let at = desk.at();
        if action == Action::Mark {
            let says = if text.is_empty() && desk.marks.remove(&at).is_some() {
                "the bookmark is gone"
            } else {
                desk.marks.insert(at, text.to_owned());
                "bookmarked; ' goes from one to the next"
            };
            return self.say(says);
        }
        let next = desk.marks.keys().find(|id| **id > at).or_else(|| desk.marks.keys().next()).copied();
        match next {
            Some(id) => _ = desk.go(id),
            None => self.complain("there are no bookmarks; m puts one"),
        }
    }

    pub(super) fn follow(&mut self, name: &str) {
        let Some(desk) = &mut self.desk else { return };
        let found = match name {
            "" if desk.followed.is_some() => None,
            "" => desk.message().map(Followed::Message),
            name => desk.named(name),
        };
        let was = desk.followed.is_some();
        desk.followed = found;
        let says = match found {
            Some(found) => Ok(format!("following {}; }} and {{ go to its steps", desk.name_of(found))),
            None if name.is_empty() && was => Ok("following nothing any more".to_owned()),
            None if name.is_empty() => Err("this step is about no message; :follow NAME follows one".to_owned()),
            None => Err(format!("nothing is called {} here", visible(name))),
        };
        match says {
            Ok(text) => self.say(text),
            Err(text) => self.complain(text),
        }
    }

    pub(super) fn turn_pane(&mut self, forward: bool) {
        let at = Pane::ALL.iter().position(|pane| *pane == self.pane).unwrap_or(0);
        let n = Pane::ALL.len();
        self.pane = Pane::ALL[(at + if forward { 1 } else { n - 1 }) % n];
    }

    pub(super) fn lanes(&mut self) {
        let Some(desk) = &self.desk else { return };
        let hidden = (0..desk.sample.lanes.len()).filter(|lane| !desk.lanes.contains(lane));
        let lanes = desk.lanes.iter().map(|lane| (*lane, true)).chain(hidden.map(|lane| (lane, false))).collect();
        self.overlays.push(Overlay::Lanes { lanes, chosen: 0 });
    }

    pub(super) fn zoom(&mut self, more: bool) {
        let Some(desk) = &mut self.desk else { return };
        let zoom = match (desk.zoom, more) {
            (Zoom::Turns, true) | (Zoom::Every, false) => Zoom::Steps,
            (Zoom::Steps, true) => Zoom::Every,
            (Zoom::Steps, false) => Zoom::Turns,
            (zoom, _) => zoom,
        };
        desk.zoom(zoom);
        self.say(match zoom {
            Zoom::Turns => "only where the run turns",
            Zoom::Steps => "every step; handshakes are folded",
            Zoom::Every => "every frame, timer and sign of life",
        });
    }

    pub(super) fn theme(&mut self, name: &str) {
        let at = Theme::ALL.iter().position(|(theme, _)| *theme == self.look.theme).unwrap_or(0);
        let found = if name.is_empty() {
            Theme::ALL.get((at + 1) % Theme::ALL.len())
        } else {
            Theme::ALL.iter().find(|(_, known)| *known == name)
        };
        match found {
            Some((theme, name)) => {
                self.look.theme = *theme;
                self.say(format!("colours: {name}"));
            }
            None => self.complain("there are dark, light and contrast"),
        }
    }

    pub(super) fn back(&mut self) {
        if self.overlays.pop().is_some() {
            return;
        }
        if self.task.take().is_some() {
            return self.say("stopped");
        }
        if !self.asked.is_empty() {
            self.asked.retain(|(_, why)| matches!(why, For::Gallery));
            return self.say("stopped");
        }
        if self.errors.take().is_some() {
            return;
        }
        if self.uncompare() {
            return;
        }
        self.playing = false;
        self.pane = Pane::Timeline;
        self.on_desk(|desk| {
            desk.depth = 0;
            desk.details = false;
        });
    }
}
