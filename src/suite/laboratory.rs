//! The laboratory over studies of scenarios, with a shelf to read them from and save them to.

use crate::explore::branch::{self, Study, StudyError, Wish};
use crate::explore::{self, align, judge, same_until};
use crate::ids::EventId;
use crate::lab::{
    Branch, Change, Comparison, Entry, Laboratory, MAX_BYTES, MAX_NAME, MAX_RUNS, Opening, Origin, Pair, Preview,
    Problem, Run, RunId, Saved, Sort, Target, Trial, shifts,
};
use crate::trace::Log;
use std::sync::Arc;

/// What was found under a path.
#[derive(Debug)]
pub enum Found {
    /// What should be the text of a scenario; every byte of the file.
    Scenario(Vec<u8>),
    /// A recorded trace.
    Trace(Box<Log>),
}

/// Why something cannot be read, in words that are complete.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unread {
    /// There is nothing, or it is not what can be read here.
    Refused(String),
    /// Reading failed half-way.
    BrokenOff(String),
}

impl From<Unread> for Problem {
    fn from(unread: Unread) -> Problem {
        match unread {
            Unread::Refused(why) => Problem::Unreadable(why),
            Unread::BrokenOff(why) => Problem::BrokenOff(why),
        }
    }
}

/// Where scenarios lie. Errors are in words, and complete.
pub trait Shelf {
    /// The names and texts of the scenarios that can be opened by name, each with its theme.
    fn list(&self) -> Vec<(String, String, String)>;
    /// What is under a path or name.
    ///
    /// # Errors
    /// Where there is nothing, or it cannot be read.
    fn read(&self, path: &str) -> Result<Found, Unread>;
    /// Puts a text in the place of a file; wholly, or not at all.
    ///
    /// # Errors
    /// Where it cannot be written, or is not a file.
    fn replace(&mut self, path: &str, text: &str) -> Result<(), String>;
    /// Writes a new file; wholly, or not at all.
    ///
    /// # Errors
    /// Where it is there already, or cannot be written.
    fn create(&mut self, path: &str, text: &str) -> Result<(), String>;
}

/// A laboratory.
#[derive(Debug)]
pub struct Bench<S> {
    shelf: S,
    held: Vec<Held>,
    next: u32,
}

/// A run, and the study it was made of; a recorded trace has none.
#[derive(Debug)]
struct Held {
    run: Arc<Run>,
    /// Its name in the tree.
    name: String,
    /// For a branch: whether it is saved under the name it has.
    saved: bool,
    study: Option<Study>,
    /// The path of the file that it goes back to.
    path: String,
}

impl<S: Shelf> Bench<S> {
    /// A laboratory with nothing open.
    pub fn new(shelf: S) -> Bench<S> {
        Bench { shelf, held: Vec::new(), next: 0 }
    }

    /// The shelf.
    pub fn shelf(&self) -> &S {
        &self.shelf
    }

    fn held(&self, run: RunId) -> Result<&Held, Problem> {
        self.held.iter().find(|held| held.run.id == run).ok_or(Problem::NoSuchRun)
    }

    fn held_mut(&mut self, run: RunId) -> Result<&mut Held, Problem> {
        self.held.iter_mut().find(|held| held.run.id == run).ok_or(Problem::NoSuchRun)
    }

    /// A run that can be changed, at an event that it has.
    fn changeable(&self, run: RunId, at: EventId) -> Result<(&Held, &Study), Problem> {
        let held = self.held(run)?;
        let study = held.study.as_ref().ok_or(Problem::Recorded)?;
        if at.at() >= held.run.log.events().len() {
            return Err(Problem::NoSuchStep(at.0.saturating_add(1)));
        }
        Ok((held, study))
    }

    fn room(&self) -> Result<(), Problem> {
        if self.held.len() >= MAX_RUNS {
            return Err(Problem::TooMany(MAX_RUNS));
        }
        Ok(())
    }

    fn keep(&mut self, mut run: Run, name: String, study: Option<Study>, path: String) -> Result<RunId, Problem> {
        let bytes: usize = self.held.iter().map(|held| held.run.log.bytes()).sum::<usize>() + run.log.bytes();
        if bytes > MAX_BYTES {
            return Err(Problem::TooLarge(MAX_BYTES));
        }
        let id = RunId(self.next);
        self.next += 1;
        run.id = id;
        self.held.push(Held { run: Arc::new(run), name, saved: false, study, path });
        Ok(id)
    }

    /// What a scenario that is opened is called: by what makes it another than those that are open.
    fn name_of(&self, what: &Opening) -> String {
        let others = self.held.iter().any(|held| held.path != what.path);
        let file = what.path.rsplit(['/', '\\']).next().unwrap_or(&what.path);
        let file = others.then(|| file.strip_suffix(".ron").unwrap_or(file).to_owned());
        let seed = what.seed.map(|seed| format!("seed-{seed}"));
        let parts: Vec<String> = [file, what.variant.clone(), seed].into_iter().flatten().collect();
        if parts.is_empty() { "main".to_owned() } else { parts.join("@") }
    }

    /// A name that no run has yet.
    fn fresh(&self, wanted: &str) -> String {
        let taken = |name: &str| self.held.iter().any(|held| held.name == name);
        let short: String = wanted.chars().take(60).collect();
        let numbered = (2..).map(|n| format!("{short}-{n}"));
        [short.clone()].into_iter().chain(numbered).find(|name| !taken(name)).unwrap_or_default()
    }

    fn made(
        &self,
        study: &Study,
        at: EventId,
        id: &str,
        name: &str,
        log: &Log,
    ) -> Result<(Study, explore::Run), Problem> {
        study.branch(log, at, id, name).map_err(|error| Problem::Illegal(error.to_string()))
    }
}

fn studied(path: &str, bytes: &[u8], wish: &Wish) -> Result<Study, Problem> {
    Study::read(bytes, wish).map_err(|error| match error {
        StudyError::Broken(errors) => Problem::Broken(errors.render(path, branch::PLAIN)),
        error => Problem::Wish(error.to_string()),
    })
}

fn run_of(made: explore::Run, origin: Origin, changes: Vec<String>) -> Run {
    Run {
        id: RunId(u32::MAX),
        origin,
        findings: made.findings,
        checked: made.checked,
        token: Some(made.token.to_string()),
        changes,
        log: made.log,
    }
}

fn change_of(offer: branch::Offer) -> Change {
    let sort = match offer.sort {
        branch::Sort::Fault => Sort::Fault,
        branch::Sort::Removal => Sort::Removal,
        branch::Sort::Setting => Sort::Setting,
    };
    Change { id: offer.id, sort, says: offer.says, behind: offer.behind }
}

impl<S: Shelf> Laboratory for Bench<S> {
    fn list(&self) -> Vec<Entry> {
        let entry = |(theme, name, text): (String, String, String)| {
            let study = Study::read(text.as_bytes(), &Wish::default()).ok()?;
            let scenario = study.scenario();
            let (title, about) = (scenario.title.clone(), scenario.about.clone());
            Some(Entry {
                name,
                theme,
                title,
                about,
                path: None,
                variants: study.variants().map(str::to_owned).collect(),
            })
        };
        self.shelf.list().into_iter().filter_map(entry).collect()
    }

    fn open(&mut self, what: &Opening) -> Result<RunId, Problem> {
        self.room()?;
        let path = what.path.clone();
        match self.shelf.read(&path)? {
            Found::Trace(log) => {
                if what.variant.is_some() || what.seed.is_some() || what.token.is_some() {
                    return Err(Problem::Recorded);
                }
                let (id, name) = (RunId(u32::MAX), self.fresh(&log.header.title));
                let findings = judge(&log);
                let checked = explore::checked(&log, &findings);
                let origin = Origin::Recorded(path.clone());
                let changes = Vec::new();
                let run = Run { id, origin, findings, checked, token: None, changes, log: *log };
                self.keep(run, name, None, path)
            }
            Found::Scenario(bytes) => {
                let (variant, seed, token) = (what.variant.clone(), what.seed, what.token.clone());
                let study = studied(&path, &bytes, &Wish { variant, seed, token })?;
                let name = self.fresh(&self.name_of(what));
                let run = run_of(study.run(), Origin::Scenario(what.clone()), Vec::new());
                self.keep(run, name, Some(study), path)
            }
        }
    }

    fn variants(&self, path: &str) -> Result<Vec<String>, Problem> {
        match self.shelf.read(path)? {
            Found::Trace(_) => Ok(Vec::new()),
            Found::Scenario(bytes) => {
                let study = studied(path, &bytes, &Wish::default())?;
                Ok(study.variants().map(str::to_owned).collect())
            }
        }
    }

    fn run(&self, run: RunId) -> Option<Arc<Run>> {
        self.held(run).ok().map(|held| Arc::clone(&held.run))
    }

    fn changes(&self, run: RunId, at: EventId) -> Result<Vec<Change>, Problem> {
        let (held, study) = self.changeable(run, at)?;
        Ok(study.offers(&held.run.log, at).into_iter().map(change_of).collect())
    }

    fn preview(&self, run: RunId, at: EventId, change: &str) -> Result<Preview, Problem> {
        let (held, study) = self.changeable(run, at)?;
        let (_, made) = self.made(study, at, change, "preview", &held.run.log)?;
        let (a, b) = (&held.run.log, &made.log);
        Ok(Preview {
            same: same_until(a, b) as u32,
            events: (a.events().len() as u32, b.events().len() as u32),
            ended: (held.run.findings.ended, made.findings.ended),
            shifts: shifts(&held.run.findings, &made.findings),
        })
    }

    fn trial(&self, run: RunId, at: EventId, change: &str) -> Result<Trial, Problem> {
        let (held, study) = self.changeable(run, at)?;
        let (_, made) = self.made(study, at, change, "trial", &held.run.log)?;
        Ok(Trial { log: made.log, findings: made.findings })
    }

    fn branch(&mut self, run: RunId, at: EventId, change: &str) -> Result<RunId, Problem> {
        self.room()?;
        let (held, study) = self.changeable(run, at)?;
        let offer = study.offer(&held.run.log, at, change);
        let change = change_of(offer.map_err(|error| Problem::Illegal(error.to_string()))?);
        let name = self.fresh(&change.id.replace(':', "-"));
        let (study, made) = self.made(study, at, &change.id, &name, &held.run.log)?;
        let path = held.path.clone();
        let run = run_of(made, Origin::Branch { of: run, at, change }, study.changes());
        self.keep(run, name, Some(study), path)
    }

    fn tree(&self) -> Vec<Branch> {
        let mut tree = Vec::new();
        for held in &self.held {
            if !matches!(held.run.origin, Origin::Branch { .. }) {
                self.below(held, 0, &mut tree);
            }
        }
        tree
    }

    fn rename(&mut self, run: RunId, name: &str) -> Result<(), Problem> {
        if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(Problem::Name(name.to_owned()));
        }
        let held = self.held_mut(run)?;
        if held.name != name {
            name.clone_into(&mut held.name);
            held.saved = false;
        }
        Ok(())
    }

    fn prune(&mut self, run: RunId) -> Result<(), Problem> {
        let held = self.held(run)?;
        let mut gone = Vec::new();
        self.below(held, 0, &mut gone);
        self.held.retain(|held| !gone.iter().any(|branch| branch.run == held.run.id));
        Ok(())
    }

    fn save(&mut self, run: RunId, to: &Target) -> Result<Saved, Problem> {
        let held = self.held(run)?;
        let study = held.study.as_ref().ok_or(Problem::Recorded)?;
        let Origin::Branch { change, .. } = &held.run.origin else {
            return Err(Problem::Unsaveable("it is no branch: it is in its file already".to_owned()));
        };
        let (name, from) = (held.name.clone(), held.path.clone());
        // As the file is now, and not as it was when it was opened.
        let bytes = match self.shelf.read(&from)? {
            Found::Scenario(bytes) => bytes,
            Found::Trace(_) => return Err(Problem::Recorded),
        };
        let file = String::from_utf8(bytes).map_err(|_| Problem::Unsaveable("the file is not text".to_owned()))?;
        let text = study.save(&file, &name, &change.says, &held.run.findings);
        let text = text.map_err(|error| Problem::Unsaveable(error.to_string()))?;
        let path = match to {
            Target::Same => {
                self.shelf.replace(&from, &text).map_err(Problem::Unwritten)?;
                from
            }
            Target::New(path) => {
                self.shelf.create(path, &text).map_err(Problem::Unwritten)?;
                path.clone()
            }
        };
        self.held_mut(run)?.saved = true;
        Ok(Saved { path, variant: name })
    }

    fn compare(&self, left: RunId, right: RunId) -> Result<Comparison, Problem> {
        let (left, right) = (&self.held(left)?.run, &self.held(right)?.run);
        let same = same_until(&left.log, &right.log);
        let equal = same == left.log.events().len() && same == right.log.events().len();
        let rows = align(&left.log, &right.log).into_iter().map(|row| Pair { left: row.left, right: row.right });
        let shifts = shifts(&left.findings, &right.findings);
        Ok(Comparison { same: same as u32, equal, rows: rows.collect(), shifts })
    }
}

impl<S> Bench<S> {
    /// A run and everything that branched off it, as nodes of the tree.
    fn below(&self, held: &Held, depth: u32, tree: &mut Vec<Branch>) {
        let of = match &held.run.origin {
            Origin::Branch { of, at, .. } => Some((*of, *at)),
            _ => None,
        };
        let holds = held.run.checked.iter().all(|checked| checked.holds);
        let unsaved = of.is_some() && !held.saved;
        tree.push(Branch { run: held.run.id, name: held.name.clone(), of, depth, holds, unsaved });
        for child in &self.held {
            if matches!(child.run.origin, Origin::Branch { of, .. } if of == held.run.id) {
                self.below(child, depth + 1, tree);
            }
        }
    }
}
