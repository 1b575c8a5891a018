//! Keys: which action a key means, in the panes, in what lies over them, and in the gallery.

use super::{App, Pane};
use crate::trace::visible;
use crate::tui::action::Action;
use crate::tui::app::{Effect, For};
use crate::tui::key::Key;
use crate::tui::overlay::Overlay;

impl App {
    pub(super) fn typed(&mut self, c: char) {
        if let Some(Overlay::Prompt(prompt)) = self.overlays.last_mut() {
            prompt.text.push(c);
            prompt.problem = None;
        } else if self.desk.is_none() && self.gallery.typing {
            self.gallery.words.push(c);
            self.gallery.narrowed();
        }
    }

    pub(super) fn key(&mut self, key: Key) {
        self.note = None;
        if key == Key::Ctrl('c') {
            self.effects.push(Effect::Interrupt);
            return;
        }
        if !self.overlays.is_empty() {
            return self.overlay_key(key);
        }
        if self.desk.is_none() {
            return self.gallery_key(key);
        }
        if self.pane == Pane::Tree && self.tree_key(key) {
            return;
        }
        if let (Pane::State | Pane::Why, Key::PageDown | Key::PageUp) = (self.pane, key) {
            let lines = usize::from(self.size.1 / 4).max(1);
            return self.scroll_pane(self.pane, key == Key::PageDown, lines);
        }
        match Action::of_key(key) {
            Some(action) => self.perform(action, ""),
            None => self.complain(format!("{key} does nothing here; h shows what does")),
        }
    }

    pub(super) fn gallery_key(&mut self, key: Key) {
        if self.gallery.typing {
            match key {
                Key::Char(c) => self.typed(c),
                Key::Backspace => {
                    self.gallery.words.pop();
                    self.gallery.narrowed();
                }
                Key::Esc => {
                    self.gallery.typing = false;
                    self.gallery.words.clear();
                    self.gallery.narrowed();
                }
                Key::Enter | Key::Down | Key::Tab => self.gallery.typing = false,
                Key::Ctrl('u') => {
                    self.gallery.words.clear();
                    self.gallery.narrowed();
                }
                _ => {}
            }
            if key == Key::Enter {
                self.open_chosen();
            }
            return;
        }
        match key {
            Key::Enter => self.open_chosen(),
            Key::PageDown => self.gallery.choose(10),
            Key::PageUp => self.gallery.choose(-10),
            Key::Right | Key::Char('V') => self.gallery.choose_variant(true),
            Key::Left => self.gallery.choose_variant(false),
            Key::Esc => {
                self.gallery.words.clear();
                self.gallery.narrowed();
            }
            _ => match Action::of_key(key) {
                Some(Action::Next) => self.gallery.choose(1),
                Some(Action::Previous) => self.gallery.choose(-1),
                Some(Action::Start) => self.gallery.choose(isize::MIN),
                Some(Action::Last) => self.gallery.choose(isize::MAX),
                Some(Action::Search) => self.gallery.typing = true,
                Some(action @ (Action::Help | Action::Quit | Action::Theme | Action::Command | Action::Suspend)) => {
                    self.perform(action, "");
                }
                _ => self.complain("Enter opens, left and right choose a variant, / searches, q leaves"),
            },
        }
    }

    pub(super) fn tree_key(&mut self, key: Key) -> bool {
        match key {
            Key::Down | Key::Char('j') => self.branch = (self.branch + 1).min(self.tree.len().saturating_sub(1)),
            Key::Up | Key::Char('k') => self.branch = self.branch.saturating_sub(1),
            Key::Enter => {
                if let Some(branch) = self.tree.get(self.branch) {
                    let run = branch.run;
                    self.show_run(run);
                }
            }
            _ => return false,
        }
        true
    }

    pub(super) fn overlay_key(&mut self, key: Key) {
        let Some(top) = self.overlays.last_mut() else { return };
        match top {
            Overlay::Page { page, scroll, .. } => match key {
                Key::Down | Key::Char('j' | ' ') => *scroll = (*scroll + 1).min(page.lines.len().saturating_sub(1)),
                Key::Up | Key::Char('k') => *scroll = scroll.saturating_sub(1),
                Key::PageDown | Key::Ctrl('d') => *scroll = (*scroll + 10).min(page.lines.len().saturating_sub(1)),
                Key::PageUp | Key::Ctrl('u') => *scroll = scroll.saturating_sub(10),
                Key::Home | Key::Char('g') => *scroll = 0,
                Key::End | Key::Char('G') => *scroll = page.lines.len().saturating_sub(1),
                _ => _ = self.overlays.pop(),
            },
            Overlay::Prompt(_) => self.prompt_key(key),
            Overlay::Changes(_) => self.changes_key(key),
            Overlay::Lanes { .. } => self.lanes_key(key),
            Overlay::Sure { then, .. } => {
                let then = *then;
                self.overlays.pop();
                if matches!(key, Key::Char('y') | Key::Enter) {
                    match then {
                        Action::Quit => self.effects.push(Effect::Quit),
                        Action::Prune => self.prune(),
                        _ => {}
                    }
                }
            }
        }
    }

    pub(super) fn prompt_key(&mut self, key: Key) {
        let Some(Overlay::Prompt(prompt)) = self.overlays.last_mut() else { return };
        match key {
            Key::Esc => _ = self.overlays.pop(),
            Key::Backspace if prompt.text.is_empty() => _ = self.overlays.pop(),
            Key::Backspace => _ = prompt.text.pop(),
            Key::Ctrl('u') => prompt.text.clear(),
            Key::Char(c) => self.typed(c),
            Key::Enter => {
                let prompt = prompt.clone();
                self.overlays.pop();
                self.perform_with(prompt.action, prompt.text.trim());
            }
            _ => {}
        }
    }

    pub(super) fn changes_key(&mut self, key: Key) {
        let Some(Overlay::Changes(changes)) = self.overlays.last_mut() else { return };
        let shown = changes.offers.len();
        match key {
            Key::Down | Key::Char('j') => changes.chosen = (changes.chosen + 1).min(shown.saturating_sub(1)),
            Key::Up | Key::Char('k') => changes.chosen = changes.chosen.saturating_sub(1),
            Key::PageDown => changes.chosen = (changes.chosen + 10).min(shown.saturating_sub(1)),
            Key::PageUp => changes.chosen = changes.chosen.saturating_sub(10),
            Key::Home | Key::Char('g') => changes.chosen = 0,
            Key::End | Key::Char('G') => changes.chosen = shown.saturating_sub(1),
            Key::Enter => {
                if let Some((change, _)) = changes.offers.get(changes.chosen) {
                    let (at, id) = (changes.at, change.id.clone());
                    self.overlays.pop();
                    self.make_branch(at, id);
                }
            }
            Key::Char(c @ '1'..='9') => {
                let n = (c as usize) - ('1' as usize);
                if let Some((change, _)) = changes.offers.get(n) {
                    let (at, id) = (changes.at, change.id.clone());
                    self.overlays.pop();
                    self.make_branch(at, id);
                }
            }
            _ => {
                self.overlays.pop();
                // Previews that are not there yet are not wanted any more.
                self.asked.retain(|(_, why)| !matches!(why, For::Preview(..) | For::Changes(_)));
            }
        }
    }

    pub(super) fn lanes_key(&mut self, key: Key) {
        let Some(Overlay::Lanes { lanes, chosen }) = self.overlays.last_mut() else { return };
        match key {
            Key::Down | Key::Char('j') => *chosen = (*chosen + 1).min(lanes.len().saturating_sub(1)),
            Key::Up | Key::Char('k') => *chosen = chosen.saturating_sub(1),
            Key::Char(' ' | 'H') => {
                let others = lanes.iter().filter(|(_, shown)| *shown).count();
                if let Some((_, shown)) = lanes.get_mut(*chosen) {
                    // One lane at least stays.
                    *shown = !*shown || others == 1;
                }
            }
            Key::Left | Key::Char('<') if *chosen > 0 => {
                lanes.swap(*chosen, *chosen - 1);
                *chosen -= 1;
            }
            Key::Right | Key::Char('>') if *chosen + 1 < lanes.len() => {
                lanes.swap(*chosen, *chosen + 1);
                *chosen += 1;
            }
            Key::Enter | Key::Esc => {
                let shown = lanes.iter().filter(|(_, shown)| *shown).map(|(lane, _)| *lane).collect();
                self.overlays.pop();
                if let Some(desk) = &mut self.desk {
                    desk.lanes = shown;
                }
            }
            _ => {}
        }
    }

    pub(in crate::tui) fn command(&mut self, line: &str) {
        let line = line.trim();
        let (name, argument) = line.split_once(' ').unwrap_or((line, ""));
        if name.is_empty() {
            return;
        }
        // A number or a time by itself is where to go.
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            return self.perform(Action::Goto, name);
        }
        match Action::of_name(name) {
            Some(Action::Command) | None => {
                self.complain(format!("there is no command {}; h lists them", visible(name)));
            }
            Some(action) => self.perform(action, argument.trim()),
        }
    }
}
