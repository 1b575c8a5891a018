//! The scenarios that are in the binary. `build.rs` lists the folder `scenarios`.

/// A scenario of the gallery.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Its path in the folder without the extension: `theme/name` or `name`.
    pub(super) path: &'static str,
    /// Its text.
    pub(super) text: &'static str,
}

const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/gallery.rs"));

/// Every scenario: those without a theme first, then theme by theme.
pub(super) const ALL: &[Entry] = &{
    let mut all = [Entry { path: "", text: "" }; FILES.len()];
    let mut i = 0;
    while i < FILES.len() {
        all[i] = Entry { path: FILES[i].0, text: FILES[i].1 };
        i += 1;
    }
    all
};

impl Entry {
    /// The name under which it can be run.
    pub(super) fn name(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    /// The folder it is in; empty if it is in none.
    pub(super) fn theme(&self) -> &'static str {
        self.path.split_once('/').map_or("", |(theme, _)| theme)
    }
}

/// The scenario with this name, with or without its theme.
pub(super) fn find(name: &str) -> Option<&'static Entry> {
    let name = name.strip_prefix("scenarios/").unwrap_or(name);
    let name = name.strip_suffix(".ron").unwrap_or(name);
    ALL.iter().find(|entry| entry.path == name || entry.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_found_by_its_name_alone() {
        for entry in ALL {
            assert_eq!(find(entry.name()).map(|found| found.path), Some(entry.path), "a name stands twice");
            assert!(!entry.text.is_empty());
        }
    }

    #[test]
    fn a_scenario_in_a_folder_has_its_theme_and_is_found_with_and_without_it() {
        let entry = find("declare-again").expect("the gallery has it");
        assert_eq!((entry.path, entry.theme(), entry.name()), ("claims/declare-again", "claims", "declare-again"));
        for name in ["claims/declare-again", "scenarios/claims/declare-again.ron"] {
            assert_eq!(find(name).map(|found| found.path), Some(entry.path));
        }
    }

    #[test]
    fn the_scenarios_of_a_theme_stand_together() {
        let themes: Vec<&str> = ALL.iter().map(Entry::theme).collect();
        assert!(themes.is_sorted(), "{themes:?}");
    }
}
