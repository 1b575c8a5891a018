//! `mqlab quiz`: the questions of a scenario, asked on the standard input and output as plain text.
//!
//! Not the questions (`lab::quiz`). No terminal is needed: a question and an answer are a few lines and a line.

use super::args::QuizArgs;
use super::exit::Exit;
use super::failure::{Failure, plain, shown};
use super::output::Output;
use super::shelf::Files;
use super::shell::quoted;
use crate::ids::EventId;
use crate::lab::quiz::{Question, letter, quiz as sheet};
use crate::lab::{Laboratory, Opening, Problem, RunId};
use crate::story;
use crate::suite::Bench;
use crate::timeline::text::Style;
use crate::trace::{visible, wrap};
use crate::world::{RULES, VERBS};
use serde::Serialize;
use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::PathBuf;

/// The longest answer that is read, in bytes.
const MAX_ANSWER: u64 = 4096;
/// So many steps before a question are told with it.
const BEFORE: usize = 3;

pub(super) fn quiz(args: &QuizArgs, out: &mut Output) -> Result<Exit, Failure> {
    if args.file == "-" && !args.list {
        return Err(Failure::usage(
            "the answers come from the standard input, so the scenario must be a file or a name",
        ));
    }
    let mut bench = Bench::new(Files);
    let opening = Opening { path: args.file.clone(), variant: args.variant.clone(), seed: args.seed, token: None };
    let run = bench.open(&opening).map_err(refused)?;
    let questions = sheet(&bench, &VERBS, run);
    if questions.is_empty() {
        return Err(Failure::usage(format!("there is nothing to ask about {}", shown(&args.file))));
    }
    let mut asker = Asker { args, bench: &bench, run, told: EventId(0) };
    if !args.grade {
        asker.begin(out)?;
    }
    if args.list {
        for (n, question) in questions.iter().enumerate() {
            asker.ask(n, questions.len(), question, out)?;
        }
        return Ok(Exit::Holds);
    }
    let mut score =
        Score { scenario: &args.file, variant: args.variant.as_deref(), right: 0, answered: 0, of: questions.len() };
    for (n, question) in questions.iter().enumerate() {
        if !args.grade {
            asker.ask(n, questions.len(), question, out)?;
            out.flush()?;
        }
        let Some(given) = answer()? else { break };
        if given.trim() == "q" && !args.grade {
            break;
        }
        score.answered += 1;
        score.right += usize::from(question.is_right(&given));
        if !args.grade {
            asker.judge(question, &given, out)?;
        }
    }
    score.say(args.grade, out)?;
    score.keep(args)?;
    Ok(if args.grade && score.right < score.of { Exit::Broken } else { Exit::Holds })
}

fn refused(problem: Problem) -> Failure {
    match problem {
        Problem::Broken(errors) => Failure::Told(errors),
        problem => Failure::usage(problem),
    }
}

/// A line of the standard input; nothing at its end.
fn answer() -> Result<Option<String>, Failure> {
    let mut line = Vec::new();
    let mut from = io::stdin().lock();
    let failed = |error: io::Error| Failure::InputOutput(format!("cannot read the answer: {}", plain(&error)));
    let read = from.by_ref().take(MAX_ANSWER).read_until(b'\n', &mut line).map_err(failed)?;
    if read as u64 == MAX_ANSWER && line.last() != Some(&b'\n') {
        return Err(Failure::usage(format!("an answer may have {MAX_ANSWER} bytes")));
    }
    Ok((read > 0).then(|| String::from_utf8_lossy(&line).into_owned()))
}

struct Asker<'a> {
    args: &'a QuizArgs,
    bench: &'a Bench<Files>,
    run: RunId,
    /// The story is told up to here.
    told: EventId,
}

impl Asker<'_> {
    fn ask(&mut self, n: usize, of: usize, question: &Question, out: &mut Output) -> Result<(), Failure> {
        out.styled(Style::Name, &format!("Question {} of {of}", n + 1))?;
        if let Some(at) = question.at {
            self.so_far(at, out)?;
        }
        say("", &question.ask, out)?;
        for (n, choice) in question.choices.iter().enumerate().filter(|_| !question.is_open()) {
            say(&format!("  {}  ", letter(n)), &choice.text, out)?;
        }
        match (self.args.list, question.is_open()) {
            (true, _) if n + 1 == of => Ok(()),
            (true, _) => out.line(""),
            (false, true) => out.line("Your answer (return leaves it out, q ends):"),
            (false, false) => out.line("Your answer (a letter; return leaves it out, q ends):"),
        }
    }

    /// What it is all about.
    fn begin(&self, out: &mut Output) -> Result<(), Failure> {
        let Some(run) = self.bench.run(self.run) else { return Ok(()) };
        let header = &run.log.header;
        out.styled(Style::Name, &out.look.signs(&visible(&header.title)))?;
        say("", &visible(&header.about), out)?;
        out.line("")
    }

    /// The last steps before a question, as far as they were not told yet.
    fn so_far(&mut self, at: EventId, out: &mut Output) -> Result<(), Failure> {
        let Some(run) = self.bench.run(self.run) else { return Ok(()) };
        let told = story::tell(&run.log, &VERBS, &RULES);
        let seen = told.iter().filter(|sentence| sentence.event <= at && sentence.event >= self.told);
        let seen: Vec<_> = seen.cloned().collect();
        let last = &seen[seen.len().saturating_sub(BEFORE)..];
        let text = story::render_part(last, last, out.look.width, false);
        for line in text.lines() {
            out.line(&out.look.signs(line))?;
        }
        self.told = EventId(at.0.saturating_add(1));
        Ok(())
    }

    /// Says whether an answer was right, and where it would have been.
    fn judge(&self, question: &Question, given: &str, out: &mut Output) -> Result<(), Failure> {
        if question.is_right(given) {
            out.styled(Style::Good, "Right.")?;
        } else {
            out.styled(Style::Bad, &format!("Not right. Right is: {}", out.look.signs(question.right())))?;
        }
        say("  ", &question.because, out)?;
        let chosen = question.chosen(given).filter(|at| *at != question.answer);
        if let Some(way) = chosen.and_then(|at| question.choices[at].way.as_ref()) {
            let step = way.at.step();
            say("  ", &format!("Your answer is what another run does, changed at step {step}: {}", way.says), out)?;
        }
        if let Some(at) = question.at {
            let variant = self.args.variant.as_ref().map_or_else(String::new, |v| format!(" --variant {}", quoted(v)));
            out.line(&format!("  mqlab why {}{variant} --event {}", quoted(&self.args.file), at.step()))?;
        }
        out.line("")
    }
}

fn say(lead: &str, text: &str, out: &mut Output) -> Result<(), Failure> {
    let text = out.look.signs(text);
    let mut lead = lead.to_owned();
    for line in wrap(&text, out.look.width.saturating_sub(lead.len()).max(20)) {
        out.line(&format!("{lead}{line}"))?;
        lead = " ".repeat(lead.len());
    }
    Ok(())
}

/// What came of it; a line of the file of results.
#[derive(Serialize)]
struct Score<'a> {
    scenario: &'a str,
    variant: Option<&'a str>,
    right: usize,
    answered: usize,
    of: usize,
}

impl Score<'_> {
    fn say(&self, graded: bool, out: &mut Output) -> Result<(), Failure> {
        let Score { right, answered, of, .. } = self;
        if answered < of && !graded {
            out.line(&format!("Ended after {answered} of {of} questions."))?;
        }
        out.line(&format!("{right} of {of} right"))
    }

    /// Adds a line to the file of results. That it cannot be kept is said, and is no failure unless it was asked for.
    fn keep(&self, args: &QuizArgs) -> Result<(), Failure> {
        let (path, asked) = match (&args.results, args.grade) {
            (Some(path), _) => (PathBuf::from(path), true),
            (None, false) => match state_file() {
                Some(path) => (path, false),
                None => return Ok(()),
            },
            (None, true) => return Ok(()),
        };
        let written = serde_json::to_string(self).map_err(io::Error::other).and_then(|line| {
            if let Some(folder) = path.parent().filter(|_| !asked) {
                fs::create_dir_all(folder)?;
            }
            let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
            file.write_all(format!("{line}\n").as_bytes())
        });
        match written {
            Ok(()) => Ok(()),
            Err(error) if asked => {
                let name = shown(&path.to_string_lossy());
                Err(Failure::InputOutput(format!("cannot write {name}: {}", plain(&error))))
            }
            Err(error) => {
                if io::stderr().is_terminal() {
                    let name = visible(&path.to_string_lossy());
                    // Nobody can be told if the standard error is gone.
                    let _ = writeln!(io::stderr(), "the result is not kept: cannot write {name}: {}", plain(&error));
                }
                Ok(())
            }
        }
    }
}

/// Where results are kept if no file is named: the folder for state of the platform.
fn state_file() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || folder("HOME");
    let base = if cfg!(windows) {
        folder("LOCALAPPDATA")?
    } else if cfg!(target_os = "macos") {
        home()?.join("Library").join("Application Support")
    } else {
        folder("XDG_STATE_HOME").or_else(|| Some(home()?.join(".local").join("state")))?
    };
    Some(base.join("mqlab").join("quiz.jsonl"))
}
