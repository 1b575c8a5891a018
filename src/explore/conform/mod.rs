//! Conformance: recorded sessions and pairs replayed against a simulated node, and what came held against what was
//! recorded.
//!
//! Not the reading of files and not the words about results (`cli`). The system is behind `machine::Replayer`; the facts'
//! format and the rules of the comparison are those of the recordings.

mod compare;
mod driver;
mod fact;
mod file;
mod known;
mod names;
mod pairs;
mod placeholder;
mod replay;
mod settled;
#[cfg(test)]
mod tests;

pub use compare::Difference;
pub use driver::Got;
pub use fact::{Content, Fact, Pair, Seen, Step};
pub use file::{MAX_BYTES, Malformed};
pub use known::{Known, known};
pub use replay::Verdict;

use crate::machine::{Arguments, Literal, Replayer, Rows, Value};
use crate::systems::Recorded;

/// What became of one fact or pair.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// The fact's id, or the pair's number with its kind.
    pub id: String,
    /// Its place in the file, from 0.
    pub at: usize,
    /// The group that it is counted in.
    pub group: String,
    /// What came of it.
    pub verdict: Verdict,
    /// The reason of the list of known differences, if it is on it.
    pub known: Option<String>,
    /// Everything that came, in order.
    pub got: Vec<Got>,
}

/// How an outcome counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Count {
    /// As recorded.
    Same,
    /// Not as recorded.
    Different,
    /// Not as recorded, and on the list.
    Known,
    /// Not compared.
    Skipped,
}

impl Count {
    /// All of them, in the order in which they are told.
    pub const ALL: [Count; 4] = [Count::Same, Count::Different, Count::Known, Count::Skipped];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Count::Same => "same",
            Count::Different => "different",
            Count::Known => "known",
            Count::Skipped => "skipped",
        }
    }
}

impl Outcome {
    /// How it counts.
    pub fn count(&self) -> Count {
        match (&self.verdict, &self.known) {
            (Verdict::Same, _) => Count::Same,
            (Verdict::Different(_), None) => Count::Different,
            (Verdict::Different(_), Some(_)) => Count::Known,
            (Verdict::Skipped(_), _) => Count::Skipped,
        }
    }

    /// Whether the list says that it is different, and it is not.
    pub fn is_stale(&self) -> bool {
        self.verdict == Verdict::Same && self.known.is_some()
    }
}

/// Reads a file of recordings or pairs.
///
/// # Errors
/// Says why it is neither. What is wrong with one entry is told when that is replayed.
pub fn read(bytes: &[u8]) -> Result<Content, Malformed> {
    file::read(bytes)
}

/// The versions that a node can be of.
pub fn versions() -> &'static [&'static str] {
    Recorded::VERSIONS
}

/// Whether a node can be of this version.
pub fn is_version(text: &str) -> bool {
    driver::Driver::<Recorded>::new(text).is_some()
}

/// Replays what of a file is `wanted`, on nodes of this version or of the one that each was recorded on. The outcomes
/// have the file's order.
pub fn conform(
    content: &Content,
    version: Option<&str>,
    known: &[Known],
    wanted: &dyn Fn(&str) -> bool,
) -> Vec<Outcome> {
    match content {
        Content::Facts(facts) => facts
            .iter()
            .enumerate()
            .filter(|(_, fact)| wanted(&fact.id))
            .map(|(at, fact)| {
                let (verdict, got) = replay::replay::<Recorded>(fact, version);
                let known = known::reason(known, &fact.id).map(str::to_owned);
                Outcome { id: fact.id.clone(), at, group: fact.group.clone(), verdict, known, got }
            })
            .collect(),
        Content::Pairs(kind, pairs) => all_pairs(kind, pairs, version.unwrap_or(PAIRS_VERSION), known, wanted),
    }
}

/// The version that pairs were recorded on.
const PAIRS_VERSION: &str = "3.10";

fn all_pairs(
    kind: &'static str,
    pairs: &[Result<Pair, String>],
    version: &str,
    known: &[Known],
    wanted: &dyn Fn(&str) -> bool,
) -> Vec<Outcome> {
    let id = |at: usize| format!("{kind}-{}", at + 1);
    let places: Vec<usize> = (0..pairs.len()).filter(|at| wanted(&id(*at))).collect();
    let chosen: Vec<Pair> = places.iter().filter_map(|at| pairs[*at].as_ref().ok()).cloned().collect();
    let verdicts = pairs::compare::<Recorded>(kind, &chosen, version);
    let skipped = || vec![Verdict::Skipped(format!("version {version} is not modelled")); chosen.len()];
    let mut verdicts = verdicts.unwrap_or_else(skipped).into_iter();
    let mut outcome = |at: usize| {
        let id = id(at);
        let known = known::reason(known, &id).map(str::to_owned);
        let verdict = match &pairs[at] {
            Ok(_) => verdicts.next()?,
            Err(why) => Verdict::Skipped(format!("it {why}")),
        };
        Some(Outcome { id, at, group: kind.to_owned(), verdict, known, got: Vec::new() })
    };
    places.iter().filter_map(|at| outcome(*at)).collect()
}

/// A table as recordings have it.
pub fn show(rows: &Rows) -> String {
    serde_json::to_string(&Arguments(rows.clone())).unwrap_or_default()
}

/// A value as recordings have it.
pub fn show_value(value: &Value) -> String {
    serde_json::to_string(&Literal(value.clone())).unwrap_or_default()
}
