//! The gallery on the screen: themes, titles, what each scenario is about; a search that narrows it.

use crate::lab::Entry;

/// Scenarios to choose from.
#[derive(Debug, Default)]
pub struct Gallery {
    /// All of them.
    pub(super) entries: Vec<Entry>,
    /// The words that narrow it.
    pub(super) words: String,
    /// Whether keys go to the words.
    pub(super) typing: bool,
    /// Paths and names that were opened before, the latest first.
    pub(super) recent: Vec<String>,
    /// The chosen one among those that are shown.
    pub(super) chosen: usize,
}

impl Gallery {
    /// The entries that have all the words, those opened lately first.
    pub fn shown(&self) -> Vec<&Entry> {
        let words: Vec<String> = self.words.split_whitespace().map(str::to_lowercase).collect();
        let has = |entry: &&Entry| {
            let text = format!("{} {} {} {}", entry.theme, entry.name, entry.title, entry.about).to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        let (mut lately, mut rest): (Vec<&Entry>, Vec<&Entry>) =
            self.entries.iter().filter(has).partition(|entry| self.recent.contains(&entry.name));
        lately.sort_by_key(|entry| self.recent.iter().position(|name| *name == entry.name));
        lately.append(&mut rest);
        lately
    }

    /// The one that is chosen.
    pub fn chosen(&self) -> Option<&Entry> {
        self.shown().get(self.chosen).copied()
    }

    /// Chooses another, so many further down.
    pub(super) fn choose(&mut self, by: isize) {
        let most = self.shown().len().saturating_sub(1);
        self.chosen = self.chosen.saturating_add_signed(by).min(most);
    }

    /// Notes what was opened.
    pub(super) fn opened(&mut self, name: &str) {
        self.recent.retain(|known| known != name);
        self.recent.insert(0, name.to_owned());
        self.recent.truncate(RECENT);
    }
}

/// As many are remembered.
const RECENT: usize = 8;
