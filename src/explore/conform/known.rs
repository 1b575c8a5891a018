//! Differences that are known, each with its reason: one list, in the program.

use serde::Deserialize;

/// A known difference.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The fact's id, or several.
    pub ids: Vec<String>,
    /// Why it is different.
    pub reason: String,
}

/// The list of the program.
pub fn known() -> Vec<Known> {
    read(include_str!("known.ron")).expect("a test reads the list")
}

fn read(text: &str) -> Result<Vec<Known>, ron::error::SpannedError> {
    ron::from_str(text)
}

/// The reason for which a fact is expected to be different.
pub fn reason<'a>(known: &'a [Known], id: &str) -> Option<&'a str> {
    known.iter().find(|known| known.ids.iter().any(|other| other == id)).map(|known| &*known.reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_difference_has_a_reason_and_stands_once() {
        let known = known();
        assert!(known.iter().all(|known| !known.reason.is_empty() && !known.ids.is_empty()));
        let mut ids: Vec<&String> = known.iter().flat_map(|known| &known.ids).collect();
        let all = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), all, "an id stands twice");
    }
}
