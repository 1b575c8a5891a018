//! What a laboratory holds and hands out: runs, changes, branches. Plain values.

use super::difference::{Shift, goes_without_saying, gravity};
use crate::ids::EventId;
use crate::trace::{Log, Outcome, expand};
use crate::verdict::{Checked, Findings};

/// A scenario that can be opened by name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// What it is opened by.
    pub name: String,
    /// The group it belongs to; empty for none.
    pub theme: String,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub about: String,
    /// Where it is: a path, or nothing for what is in the program.
    pub path: Option<String>,
    /// Its variants.
    pub variants: Vec<String>,
}

/// What is to be opened, and how.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Opening {
    /// The path of a scenario or a recorded trace, or the name of a scenario of the gallery.
    pub path: String,
    /// A variant of the scenario.
    pub variant: Option<String>,
    /// Another seed than the scenario's.
    pub seed: Option<u64>,
    /// A replay token, instead of a seed.
    pub token: Option<String>,
}

/// A run that is held.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RunId(pub u32);

/// Where a run comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A scenario was run.
    Scenario(Opening),
    /// A trace was read.
    Recorded(String),
    /// Another run was changed.
    Branch {
        /// Which run.
        of: RunId,
        /// At which of its events.
        at: EventId,
        /// How.
        change: Change,
    },
}

/// A run: its trace, its verdict, and what it is.
#[derive(Debug)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Where it comes from.
    pub origin: Origin,
    /// What happened.
    pub log: Log,
    /// What came of it.
    pub findings: Findings,
    /// What was expected of the scenario that it comes from; a branch need not fulfil it.
    pub checked: Vec<Checked>,
    /// What brings it back, where it can be run.
    pub token: Option<String>,
    /// What was changed in the scenario or its variant, each change as it stands in a variant.
    pub changes: Vec<String>,
}

/// What a change changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Sort {
    /// A fault strikes here.
    Fault,
    /// A fault of the scenario that is still to come does not strike.
    Removal,
    /// A setting has another value, from the start of the run.
    Setting,
}

impl Sort {
    /// The heading over changes of this sort.
    pub fn title(self) -> &'static str {
        match self {
            Sort::Fault => "Faults that can strike here",
            Sort::Removal => "Faults to come that can be left out",
            Sort::Setting => "Settings, from the start of the run",
        }
    }
}

/// A change that is legal at an event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// Unique at the event, such as `kill:broker`; the same change has the same id at another event.
    pub id: String,
    /// What it changes.
    pub sort: Sort,
    /// What it does, in a sentence or two.
    pub says: String,
    /// For a fault, the last event that stays as it was: the one asked for or, where nothing can come between it and
    /// those that follow in the same moment, a later one.
    pub behind: Option<EventId>,
}

/// What a change would come to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preview {
    /// So many events at the start are the same.
    pub same: u32,
    /// How many events the run has, and how many it would have.
    pub events: (u32, u32),
    /// How the run ends, and how it would.
    pub ended: (Option<Outcome>, Option<Outcome>),
    /// What would be different in the verdict.
    pub shifts: Vec<Shift>,
}

impl Preview {
    /// What matters most of it, in few words: `order-2 would be lost, and 2 more differences`.
    pub fn brief(&self) -> String {
        if self.same == self.events.0 && self.same == self.events.1 {
            return "nothing would be different".to_owned();
        }
        let says = |shift: &&Shift| !goes_without_saying(shift, &self.shifts);
        let mut shifts: Vec<&Shift> = self.shifts.iter().filter(says).collect();
        shifts.sort_by_key(|shift| gravity(shift));
        let ends = self.ended.1.filter(|_| self.ended.0 != self.ended.1).map(Outcome::word);
        let ends = ends.map(|word| format!("the run would end with {word}"));
        let mut said: Vec<String> = shifts.iter().take(2).map(|shift| shift.short.clone()).chain(ends).collect();
        match shifts.len() {
            0 if said.is_empty() => "other steps, and the same verdict".to_owned(),
            0..=2 => said.join(", "),
            3 => {
                said.push("and one more difference".to_owned());
                said.join(", ")
            }
            n => {
                said.push(format!("and {} more differences", n - 2));
                said.join(", ")
            }
        }
    }

    /// The preview in lines for people.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let say = |template: &str, words: &[(&str, String)]| {
            expand(template, &|key| words.iter().find(|(word, _)| *word == key).map(|(_, text)| text.clone()))
        };
        if self.same == self.events.0 && self.same == self.events.1 {
            return vec!["Nothing would be different.".to_owned()];
        }
        lines.push(say("The first difference is step {step}.", &[("step", (self.same + 1).to_string())]));
        if self.shifts.is_empty() {
            lines.push("The verdict would be the same.".to_owned());
        }
        for shift in &self.shifts {
            let words =
                [("what", shift.what.clone()), ("before", shift.before.clone()), ("after", shift.after.clone())];
            lines.push(say("{what}: {before}, and would be {after}.", &words));
        }
        if self.ended.0 != self.ended.1 {
            let word = |outcome: Option<Outcome>| outcome.map_or("no end", Outcome::word).to_owned();
            let words = [("before", word(self.ended.0)), ("after", word(self.ended.1))];
            lines.push(say("The run ends with {before}, and would end with {after}.", &words));
        }
        lines
    }
}

/// A node of the tree of runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Branch {
    /// The run.
    pub run: RunId,
    /// Its name: a branch's own, else the scenario's or the variant's.
    pub name: String,
    /// The run that it branched off, and at which event.
    pub of: Option<(RunId, EventId)>,
    /// How deep in the tree; roots have 0.
    pub depth: u32,
    /// Whether what the scenario expects holds.
    pub holds: bool,
    /// Whether it is a branch that is not saved.
    pub unsaved: bool,
}

/// Where a branch is saved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// Into the file that its scenario was read from.
    Same,
    /// Into a new file with the whole scenario; nothing is overwritten.
    New(String),
}

/// What was saved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Saved {
    /// The file.
    pub path: String,
    /// The variant in it.
    pub variant: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shift(what: &str, short: &str) -> Shift {
        Shift { what: what.to_owned(), before: "0".into(), after: "1".into(), short: short.to_owned() }
    }

    #[test]
    fn a_preview_says_the_gravest_first_and_counts_the_rest() {
        let shifts = vec![
            shift("expired", "order-1 would be expired"),
            shift("lost confirmed", "order-2 would be lost though confirmed"),
            shift("lost", "order-2 would be lost"),
            shift("rows in invoices", "rows in invoices would be 2 and not 3"),
        ];
        let ended = (Some(Outcome::Quiescent), Some(Outcome::Quiescent));
        let mut preview = Preview { same: 3, events: (9, 9), ended, shifts };
        assert_eq!(preview.brief(), "order-2 would be lost, order-1 would be expired, and one more difference");
        preview.shifts.clear();
        assert_eq!(preview.brief(), "other steps, and the same verdict");
        preview.same = 9;
        assert_eq!(preview.brief(), "nothing would be different");
    }
}
