//! Branches: a scenario file with changes on top, what can be changed at a step of its run, and the run that comes of it.
//!
//! Not a viewer, and no files: a study holds the text that it was read from, and whoever reads and writes files is above.

mod faults;
mod moment;
mod scene;
mod settings;
mod words;

pub(super) use moment::candidates;

use super::same::same_until;
use super::{How, Run, Token, TokenError, run};
use crate::ids::{EventId, FaultId};
use crate::scenario::{self, Change, Diagnostics, Draft, InsertError, Look, Scenario, Source};
use crate::trace::{Kind, Log};
use crate::verdict::{Expectation, Findings, Word};
use crate::world::plan::Plan;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// How the errors of a file are shown where nothing is known of the screen.
pub const PLAIN: Look = Look::PLAIN;

/// Settings are tried out on runs of so many events at most, before they are offered.
const TRIED: usize = 20_000;

/// A scenario that can be run: a file, which of its variants, changes on top, and how it is run.
#[derive(Clone, Debug)]
pub struct Study {
    source: Arc<Source>,
    variant: Option<String>,
    changes: Vec<Change>,
    how: How,
    scenario: Arc<Scenario>,
    plan: Arc<Plan>,
    /// The settings worth offering: each is tried on a whole run, and they are the same at every step.
    settings: OnceLock<Vec<Offer>>,
}

/// What a study is made with besides the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// A variant of the scenario.
    pub variant: Option<String>,
    /// Another seed than the scenario's.
    pub seed: Option<u64>,
    /// A replay token; its seed counts.
    pub token: Option<String>,
}

/// Why something cannot be studied, branched or saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StudyError {
    /// The file has errors.
    Broken(Diagnostics),
    /// A token that is none.
    Token(TokenError),
    /// The token is of another scenario or variant: what it says, and what this is.
    OtherScenario(u64, u64),
    /// There is no such change at this step.
    NoSuchChange(String),
    /// The change does not fit into the scenario.
    Unfit(String),
    /// With the change the run would not be the same up to this step.
    PastDiffers,
    /// A variant cannot hold what this run was made with.
    NotAVariant(&'static str),
    /// The variant cannot be put into the file.
    Insert(InsertError),
}

impl fmt::Display for StudyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StudyError::Broken(errors) => f.write_str(errors.render("scenario", Look::PLAIN).trim_end()),
            StudyError::Token(error) => write!(f, "the token {error}"),
            StudyError::OtherScenario(says, is) => {
                write!(f, "the token is of another scenario or variant: it says {says:016x}, and this is {is:016x}")
            }
            StudyError::NoSuchChange(id) => write!(f, "nothing is called `{}` at this step", crate::trace::visible(id)),
            StudyError::Unfit(says) => write!(f, "the change does not fit into the scenario: {says}"),
            StudyError::PastDiffers => {
                f.write_str("with this change the run would not have come to this step as it did")
            }
            StudyError::NotAVariant(why) => write!(f, "a variant cannot say this: {why}"),
            StudyError::Insert(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StudyError {}

/// What a change changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// A fault strikes at this step.
    Fault,
    /// A fault of the scenario, still to come, does not strike.
    Removal,
    /// A setting, from the start of the run.
    Setting,
}

/// A change that is legal at a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    /// Unique among the changes at one step, and the same for the same change at another.
    pub id: String,
    /// What it changes.
    pub sort: Sort,
    /// What it does, in a sentence.
    pub says: String,
    /// For a fault, the last event that stays as it was; the fault strikes right behind it.
    pub behind: Option<EventId>,
    /// The same change in the scenario's words; where there are several, the first that does it counts.
    pub(super) ways: Vec<Vec<String>>,
}

impl Study {
    /// Reads a scenario.
    ///
    /// # Errors
    /// Where the file has errors, or the wish does not fit it.
    pub fn read(bytes: &[u8], wish: &Wish) -> Result<Study, StudyError> {
        let source = Arc::new(scenario::read_bytes(bytes).map_err(StudyError::Broken)?);
        let scenario = source.select(wish.variant.as_deref()).map_err(StudyError::Broken)?;
        let mut study = Study::ready(source, scenario)?;
        study.variant.clone_from(&wish.variant);
        study.how.seed = wish.seed;
        if let Some(text) = &wish.token {
            let token: Token = text.parse().map_err(StudyError::Token)?;
            let digest = (study.scenario.digest.value() >> 64) as u64;
            if token.scenario != digest {
                return Err(StudyError::OtherScenario(token.scenario, digest));
            }
            study.how.replay = Some(token);
        }
        Ok(study)
    }

    fn ready(source: Arc<Source>, scenario: Scenario) -> Result<Study, StudyError> {
        let plan = scenario::lower(&scenario).map_err(|error| StudyError::Unfit(error.says))?;
        let (variant, changes, how, settings) = (None, Vec::new(), How::default(), OnceLock::new());
        Ok(Study { source, variant, changes, how, scenario: Arc::new(scenario), plan, settings })
    }

    /// The study with more changes, under a name.
    pub(super) fn with(&self, more: &[String], name: &str) -> Result<Study, StudyError> {
        let mut changes = self.changes.clone();
        for text in more {
            changes.push(self.source.change(text).ok_or_else(|| StudyError::Unfit(text.clone()))?);
        }
        let varied = self.source.vary(self.variant.as_deref(), &changes, name);
        let scenario = varied.map_err(|errors| StudyError::Unfit(errors.brief()))?;
        let ready = Study::ready(Arc::clone(&self.source), scenario)?;
        Ok(Study { variant: self.variant.clone(), changes, how: self.how.clone(), ..ready })
    }

    /// Runs it to its end.
    pub fn run(&self) -> Run {
        let expect: Vec<Expectation> = self.scenario.expect.iter().map(|e| e.expectation.clone()).collect();
        run(&self.plan, self.scenario.digest, &expect, &self.how)
    }

    /// What its worlds are built from, and how it is run.
    pub(super) fn parts(&self) -> (&Arc<Plan>, &How) {
        (&self.plan, &self.how)
    }
    /// The scenario, changes included.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }
    /// The variants of the file.
    pub fn variants(&self) -> impl Iterator<Item = &str> {
        self.source.variants().iter().map(|variant| variant.name.value.as_str())
    }
    /// The changes on top of the file's variant, each as it stands in a variant.
    pub fn changes(&self) -> Vec<String> {
        self.changes.iter().map(Change::text).collect()
    }

    /// The changes that are legal at a step of this study's run, in the order in which a person would want them: faults
    /// at this point, faults that could be left out, settings. At the end of the run no fault is left to strike. Settings
    /// that would change nothing are left out, where the run is short enough to try them.
    pub fn offers(&self, log: &Log, at: EventId) -> Vec<Offer> {
        let worth =
            || settings::settings(&self.scenario).into_iter().filter(|offer| self.is_worth(log, offer)).collect();
        let mut offers = self.faults_at(log, at);
        offers.extend_from_slice(self.settings.get_or_init(worth));
        offers
    }

    /// The change with this id at a step, whether or not it would change anything.
    ///
    /// # Errors
    /// Where there is none.
    pub fn offer(&self, log: &Log, at: EventId, id: &str) -> Result<Offer, StudyError> {
        let mut offers = self.faults_at(log, at).into_iter().chain(settings::settings(&self.scenario));
        offers.find(|offer| offer.id == id).ok_or_else(|| StudyError::NoSuchChange(id.to_owned()))
    }

    /// Of the changes at a step the faults that could strike there and those that could be left out.
    pub fn faults_at(&self, log: &Log, at: EventId) -> Vec<Offer> {
        let mut offers = faults::faults(&self.scenario, &self.plan, log, at);
        offers.extend(faults::removals(&self.scenario, log, at));
        offers
    }

    /// Whether a setting fits into the scenario and changes the run.
    fn is_worth(&self, log: &Log, offer: &Offer) -> bool {
        let differs = |study: &Study| {
            log.events().len() > TRIED || {
                let run = study.run();
                let (events, others) = (log.events().len(), run.log.events().len());
                events != others || same_until(log, &run.log) < events
            }
        };
        offer.ways.iter().any(|way| self.with(way, "branch").is_ok_and(|study| differs(&study)))
    }

    /// The run in which a change is made at a step. A fault strikes right behind the event that the offer names, and up
    /// to it nothing is different; a setting holds from the start.
    ///
    /// # Errors
    /// Where the change is not legal there, or the run would not come to this step as it did.
    pub fn branch(&self, log: &Log, at: EventId, id: &str, name: &str) -> Result<(Study, Run), StudyError> {
        let offer = &self.offer(log, at, id)?;
        let mut wrong = StudyError::PastDiffers;
        for way in &offer.ways {
            match self.with(way, name) {
                Err(error) => wrong = error,
                Ok(study) => {
                    let run = study.run();
                    if continues(log, &run.log, at, offer) {
                        return Ok((study, run));
                    }
                }
            }
        }
        Err(wrong)
    }

    /// The text of `file` with this study as a variant of it, expecting what its run came to.
    ///
    /// # Errors
    /// Where a variant cannot say it, or it does not fit into the file.
    pub fn save(&self, file: &str, name: &str, about: &str, findings: &Findings) -> Result<String, StudyError> {
        if self.how.replay.as_ref().is_some_and(|token| !token.choices.is_empty()) {
            return Err(StudyError::NotAVariant("the run follows the choices of a replay token"));
        }
        let mut changes = match &self.variant {
            None => Vec::new(),
            Some(name) => {
                let base = self.source.variants().iter().find(|variant| variant.name.value == *name);
                base.map_or_else(Vec::new, |base| base.changes.clone())
            }
        };
        changes.extend_from_slice(&self.changes);
        let seed = self.how.replay.as_ref().map(|token| token.seed).or(self.how.seed);
        if let Some(seed) = seed.filter(|seed| *seed != self.scenario.seed) {
            let change =
                i64::try_from(seed).ok().and_then(|seed| self.source.change(&format!("set(\"seed\", {seed})")));
            changes.push(change.ok_or(StudyError::NotAVariant("the seed is larger than a scenario's may be"))?);
        }
        let expect: Vec<String> = expectations(findings).iter().map(Expectation::to_string).collect();
        let draft = Draft { name, about, changes: &changes, expect: &expect };
        let text = scenario::insert(file, &draft).map_err(StudyError::Insert)?;
        // The file may have become another since it was read: what is saved must be this study.
        let saved = scenario::read(&text).and_then(|source| source.select(Some(name)));
        match saved {
            Ok(saved) if saved.digest == self.scenario.digest => Ok(text),
            _ => Err(StudyError::NotAVariant("the file is not any more the one that this run was made from")),
        }
    }
}

/// Whether a run with a change goes on from a step as it should.
fn continues(past: &Log, branch: &Log, at: EventId, offer: &Offer) -> bool {
    let same = same_until(past, branch);
    match (offer.sort, offer.behind) {
        (Sort::Setting, _) => true,
        (_, None) => same >= at.at(),
        (_, Some(behind)) => {
            let fault = branch.header.faults.len().checked_sub(1).map(|last| Kind::Fault(FaultId(last as u16)));
            let strike = branch.events().iter().position(|event| Some(event.kind) == fault);
            // Between the event and the strike there may be what belongs to the event, such as the row of a work.
            let on_time = |i: usize| i == behind.at() + 1 || branch.events()[i].cause == behind;
            same > behind.at() && strike.is_some_and(|i| i > behind.at() && on_time(i))
        }
    }
}

/// What a run came to, as expectations that it fulfils: for a regression test.
fn expectations(findings: &Findings) -> Vec<Expectation> {
    let counted = |word: Word| {
        let (count, ids) = (findings.count(word), findings.ids(word));
        let one = Expectation::exactly(word, count);
        // Ids in patterns that a scenario's names cannot have are left to the count.
        let plain = ids.iter().all(|id| !id.is_empty() && !id.chars().any(char::is_control) && id.len() <= 255);
        // A list that leaves some out does not name them.
        let all = findings
            .words
            .iter()
            .filter(|found| found.word == word)
            .all(|found| found.by.iter().all(|at| !at.ids.more));
        if (1..=4).contains(&ids.len()) && plain && all { one.ids(&ids) } else { one }
    };
    let always = [Word::Lost, Word::Duplicated].map(counted);
    let some = [Word::Stuck, Word::Reordered].into_iter().filter(|word| findings.count(*word) > 0).map(counted);
    let rows = findings.tables.iter().map(|table| Expectation::exactly(Word::Rows, table.rows.count).of(&table.name));
    always.into_iter().chain(some).chain(rows).collect()
}
