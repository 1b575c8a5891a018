//! The gallery on the screen: themes, titles, what each scenario is about; a search that narrows it; what was opened
//! lately stands first, files too.

use crate::lab::{Entry, Opening};

/// Scenarios to choose from.
#[derive(Debug, Default)]
pub struct Gallery {
    /// Whether the laboratory has said what there is.
    pub(super) listed: bool,
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
    /// Which of its variants is chosen, counted from 1; 0 is the scenario as it is.
    pub(super) variant: usize,
}

/// The heading over what was opened lately.
pub(super) const LATELY: &str = "opened lately";

impl Gallery {
    /// The entries are there. What was opened lately and is none of them is a file.
    pub(super) fn fill(&mut self, entries: Vec<Entry>) {
        let known = |name: &String| entries.iter().any(|entry| entry.name == *name);
        let files = self.recent.iter().filter(|name| !known(name)).map(|path| Entry {
            name: path.clone(),
            theme: LATELY.to_owned(),
            title: path.clone(),
            about: String::new(),
            path: Some(path.clone()),
            variants: Vec::new(),
        });
        self.entries = files.chain(entries.iter().cloned()).collect();
    }

    /// The entries that have all the words, those opened lately first.
    pub fn shown(&self) -> Vec<&Entry> {
        let words: Vec<String> = self.words.split_whitespace().map(str::to_lowercase).collect();
        let has = |entry: &&Entry| {
            let variants = entry.variants.join(" ");
            let text = format!("{} {} {} {} {variants}", entry.theme, entry.name, entry.title, entry.about);
            let text = text.to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        let (mut lately, mut rest): (Vec<&Entry>, Vec<&Entry>) =
            self.entries.iter().filter(has).partition(|entry| self.is_recent(entry));
        lately.sort_by_key(|entry| self.recent.iter().position(|name| *name == entry.name));
        lately.append(&mut rest);
        lately
    }

    /// Whether it was opened lately.
    pub(super) fn is_recent(&self, entry: &Entry) -> bool {
        self.recent.contains(&entry.name)
    }

    /// The one that is chosen.
    pub fn chosen(&self) -> Option<&Entry> {
        self.shown().get(self.chosen).copied()
    }

    /// The variant that is chosen; `None` for the scenario as it is.
    pub fn variant(&self) -> Option<&str> {
        let at = self.variant.checked_sub(1)?;
        self.chosen()?.variants.get(at).map(String::as_str)
    }

    /// How the one that is chosen is opened.
    pub(super) fn opening(&self) -> Option<Opening> {
        let entry = self.chosen()?;
        let path = entry.path.clone().unwrap_or_else(|| entry.name.clone());
        Some(Opening { path, variant: self.variant().map(str::to_owned), ..Opening::default() })
    }

    /// Chooses another, so many further down.
    pub(super) fn choose(&mut self, by: isize) {
        let most = self.shown().len().saturating_sub(1);
        self.chosen = self.chosen.saturating_add_signed(by).min(most);
        self.variant = 0;
    }

    /// Chooses the next of its variants, and behind the last the scenario as it is.
    pub(super) fn choose_variant(&mut self, forward: bool) {
        let all = self.chosen().map_or(0, |entry| entry.variants.len()) + 1;
        self.variant = (self.variant + if forward { 1 } else { all - 1 }) % all;
    }

    /// Other words are looked for.
    pub(super) fn narrowed(&mut self) {
        self.chosen = 0;
        self.variant = 0;
    }

    /// Notes what was opened.
    pub(super) fn opened(&mut self, name: &str) {
        self.recent.retain(|known| known != name);
        self.recent.insert(0, name.to_owned());
        self.recent.truncate(RECENT);
        let entries = std::mem::take(&mut self.entries);
        self.fill(entries.into_iter().filter(|entry| entry.theme != LATELY).collect());
        self.chosen = self.shown().iter().position(|entry| entry.name == name).unwrap_or(0);
    }
}

/// As many are remembered.
const RECENT: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, variants: &[&str]) -> Entry {
        let variants = variants.iter().map(|name| (*name).to_owned()).collect();
        let (title, about) = (format!("About {name}"), String::new());
        Entry { name: name.to_owned(), theme: "basics".into(), title, about, path: None, variants }
    }

    #[test]
    fn what_was_opened_lately_stands_first_and_files_with_it() {
        let mut gallery = Gallery { recent: vec!["my.ron".into(), "b".into()], ..Gallery::default() };
        gallery.fill(vec![entry("a", &[]), entry("b", &["cured"])]);
        let names = |gallery: &Gallery| gallery.shown().iter().map(|entry| entry.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&gallery), ["my.ron", "b", "a"]);
        gallery.opened("a");
        assert_eq!(names(&gallery), ["a", "my.ron", "b"]);
        gallery.words = "cured".to_owned();
        assert_eq!(names(&gallery), ["b"], "variants are searched too");
    }

    #[test]
    fn a_variant_is_chosen_and_the_scenario_as_it_is_comes_behind_the_last() {
        let mut gallery = Gallery::default();
        gallery.fill(vec![entry("a", &["one", "two"])]);
        let mut seen = vec![gallery.variant().map(str::to_owned)];
        for _ in 0..3 {
            gallery.choose_variant(true);
            seen.push(gallery.variant().map(str::to_owned));
        }
        assert_eq!(seen, [None, Some("one".into()), Some("two".into()), None]);
        gallery.choose_variant(false);
        assert_eq!(gallery.opening().and_then(|opening| opening.variant).as_deref(), Some("two"));
    }
}
