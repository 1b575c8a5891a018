//! The scenario language as the commands use it: every use of it is here.
//!
//! Not the reading of files (`input`).

use super::failure::Failure;
use super::output::Look;
use crate::ids::{Digest, visible};
use crate::scenario::{self, Code, Diagnostic, Diagnostics};
use crate::verdict::Expectation;
use crate::world::plan::Plan;
use std::sync::Arc;

/// A scenario file without errors.
pub(super) struct Source {
    name: String,
    look: scenario::Look,
    source: scenario::Source,
}

/// A scenario that can be run.
pub(super) struct Ready {
    /// The world's plan.
    pub(super) plan: Arc<Plan>,
    /// What is expected of the run.
    pub(super) expect: Vec<Expectation>,
    /// What replay tokens know it by.
    pub(super) digest: Digest,
}

impl Source {
    /// Reads a scenario and all its variants.
    pub(super) fn read(name: &str, bytes: &[u8], look: Look) -> Result<Source, Failure> {
        let look = scenario::Look { color: look.color_errors, width: look.width };
        match scenario::read_bytes(bytes) {
            Ok(source) => Ok(Source { name: name.to_owned(), look, source }),
            Err(errors) => Err(Failure::Told(errors.render(name, look))),
        }
    }

    /// The names of its variants, in the order of the file.
    pub(super) fn variants(&self) -> Vec<&str> {
        self.source.variants().iter().map(|variant| variant.name.value.as_str()).collect()
    }

    /// The scenario as it stands, or one of its variants.
    pub(super) fn select(&self, variant: Option<&str>) -> Result<Ready, Failure> {
        self.changed(variant, &[])
    }

    /// The scenario or one of its variants with changes on top, each as it stands in a variant.
    pub(super) fn changed(&self, variant: Option<&str>, changes: &[String]) -> Result<Ready, Failure> {
        let scenario = if changes.is_empty() {
            self.source.select(variant)
        } else {
            let read = |text: &String| {
                self.source.change(text).ok_or_else(|| Failure::usage(format!("not a change: {}", visible(text))))
            };
            let changes = changes.iter().map(read).collect::<Result<Vec<_>, _>>()?;
            // Where such a change has an error there is no line of the file to show.
            let varied = self.source.vary(variant, &changes, variant.unwrap_or("changed"));
            return self.ready(&varied.map_err(|errors| Failure::usage(errors.brief()))?);
        };
        self.ready(&scenario.map_err(|errors| self.told(&errors))?)
    }

    fn ready(&self, scenario: &scenario::Scenario) -> Result<Ready, Failure> {
        let plan = scenario::lower(scenario).map_err(|error| {
            let bad = Diagnostic::new(Code::Arguments, error.says, error.at, "");
            self.told(&Diagnostics::new(self.source.text().into(), vec![bad]))
        })?;
        let expect = scenario.expect.iter().map(|expect| expect.expectation.clone()).collect();
        Ok(Ready { plan, expect, digest: scenario.digest })
    }

    fn told(&self, errors: &Diagnostics) -> Failure {
        Failure::Told(errors.render(&self.name, self.look))
    }
}

/// A commented scenario to start from.
pub(super) fn template() -> &'static str {
    scenario::template()
}

/// The title of a scenario and what it is about; its name and nothing where it has errors.
pub(super) fn title(name: &str, text: &str) -> (String, String) {
    let source = scenario::read(text).and_then(|source| source.select(None));
    let texts = |scenario: &scenario::Scenario| (visible(&scenario.title), visible(&scenario.about));
    source.map_or_else(|_| (name.to_owned(), String::new()), |scenario| texts(&scenario))
}
