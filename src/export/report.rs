//! The verdict as one JSON object: what was found, whether what was expected holds, and what brings the run back.
//!
//! Not the trace; that is JSON Lines, in `trace`.

use crate::trace::{Header, Outcome};
use crate::verdict::{Checked, Findings};
use serde::Serialize;

/// The version of the format.
pub const VERSION: u32 = 1;

/// All of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report<'a> {
    /// The version of the format.
    #[serde(rename = "mqlab-report")]
    pub version: u32,
    /// The scenario's title.
    pub title: &'a str,
    /// The variant that was run.
    pub variant: Option<&'a str>,
    /// The seed.
    pub seed: u64,
    /// The scenario's digest.
    pub scenario: &'a str,
    /// How the run ended; nothing if the trace does not say.
    pub outcome: Option<Outcome>,
    /// How many steps it had.
    pub steps: usize,
    /// Whether every expectation holds.
    pub holds: bool,
    /// The expectations, each with its result.
    pub expectations: &'a [Checked],
    /// Whatever makes the run less than it seems, in sentences.
    pub warnings: &'a [String],
    /// What was found.
    pub findings: &'a Findings,
    /// What brings the run back; nothing for a recorded trace.
    pub token: Option<&'a str>,
}

impl<'a> Report<'a> {
    /// A report with what the header says.
    pub fn new(header: &'a Header, steps: usize, findings: &'a Findings, expectations: &'a [Checked]) -> Report<'a> {
        Report {
            version: VERSION,
            title: &header.title,
            variant: header.variant.as_deref(),
            seed: header.seed,
            scenario: &header.scenario,
            outcome: findings.ended,
            steps,
            holds: expectations.iter().all(|checked| checked.holds),
            expectations,
            warnings: &[],
            findings,
            token: None,
        }
    }

    /// The object, indented, ended by a line feed.
    ///
    /// # Errors
    /// None that are known: everything in it can be written as JSON.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_its_version_and_whether_all_holds() {
        let checked =
            [Checked { expectation: "lost(0)".into(), holds: false, found: "1: order-1".into(), decided: None }];
        let (header, findings) = (Header::default(), Findings::default());
        let text = Report::new(&header, 3, &findings, &checked).json().unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["mqlab-report"], 1);
        assert_eq!(value["holds"], false);
        assert_eq!(value["expectations"][0]["found"], "1: order-1");
    }
}
