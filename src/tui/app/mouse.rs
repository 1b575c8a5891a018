//! The mouse: it goes to the step or the place in the run that is pointed at. Nothing is done by the mouse alone.

use super::{App, Mouse, Pane};
use crate::tui::action::Action;
use crate::tui::key::Key;
use crate::tui::view::{self, Spot};

/// A notch of the wheel scrolls so many lines.
const NOTCH: usize = 3;

impl App {
    pub(super) fn mouse(&mut self, column: u16, row: u16, what: Mouse) {
        let down = match what {
            Mouse::Press => return self.press(column, row),
            Mouse::WheelUp => false,
            Mouse::WheelDown => true,
        };
        // Lists and pages scroll as they do by keys.
        if !self.overlays.is_empty() || self.desk.is_none() {
            return self.key(if down { Key::Down } else { Key::Up });
        }
        self.note = None;
        match view::spot(self, column, row) {
            Some(Spot::Pane(pane @ (Pane::State | Pane::Why))) => self.scroll_pane(pane, down, NOTCH),
            _ => self.perform(if down { Action::Next } else { Action::Previous }, ""),
        }
    }

    fn press(&mut self, column: u16, row: u16) {
        if !self.overlays.is_empty() || self.desk.is_none() {
            return;
        }
        self.note = None;
        match view::spot(self, column, row) {
            Some(Spot::Time(time)) => self.on_desk(|desk| _ = desk.go_to_time(time)),
            Some(Spot::Step(event)) => {
                self.pane = Pane::Timeline;
                self.on_desk(|desk| _ = desk.go(event));
            }
            Some(Spot::Pane(pane)) => self.pane = pane,
            None => {}
        }
    }

    /// Scrolls a pane that is longer than its window.
    pub(super) fn scroll_pane(&mut self, pane: Pane, down: bool, lines: usize) {
        let most = view::beyond(self, pane);
        let at = &mut self.scroll[pane as usize];
        // Where it was at its end it is as long as that.
        let from = (*at).min(most);
        *at = if down { (from + lines).min(most) } else { from.saturating_sub(lines) };
    }
}
