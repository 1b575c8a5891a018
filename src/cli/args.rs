//! The command line as it is typed. What it means is in the commands.

use super::output::Color;
use crate::explore::{MAX_FAULTS, Sort};
use crate::sim::MAX_SEED;
use crate::story::Stage;
use crate::verdict::{Takes, Word};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// A laboratory for message-queue reliability: run scenarios of producers, brokers, consumers and faults, and read what
/// happened.
///
/// Without a command the gallery is opened, or listed where there is no terminal.
#[derive(Debug, Parser)]
#[command(name = "mqlab", version, max_term_width = 100, disable_help_subcommand = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) look: LookArgs,
}

/// How things are to look; every command takes these.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct LookArgs {
    /// When to colour; NO_COLOR is honoured. No meaning is carried by colour alone.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub(super) color: Color,
    /// Columns to use, at least 40; without it those of the terminal, or 100.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(40..=1000))]
    pub(super) width: Option<u16>,
    /// Draw with ASCII characters only.
    #[arg(long, global = true)]
    pub(super) ascii: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a scenario: timeline, verdict, and whether what it expects holds.
    Run(RunArgs),
    /// Step through a run in the terminal: forward and back, ask why, change one thing and see what would have happened.
    Step(StepArgs),
    /// Show a scenario beside its variants, or two runs side by side, and where they part.
    Compare(CompareArgs),
    /// Place up to so many faults at every point of a run, and show the first placement that breaks something.
    Hunt(HuntArgs),
    /// Why something happened to a message, why something else did not, and when its fate was sealed.
    Why(WhyArgs),
    /// Ask the questions of a scenario: its lesson's, and what its run lets one ask.
    Quiz(QuizArgs),
    /// Parse and validate scenarios with all their variants, and run nothing.
    Check(CheckArgs),
    /// Write a commented scenario to start from.
    New(NewArgs),
    /// List the gallery: scenarios that are in the program and can be run by name.
    List(ListArgs),
    /// Explain a rule of the model, or a word of the verdict.
    Explain(ExplainArgs),
    /// Show which queues a message would reach, and why, binding by binding.
    Route(RouteArgs),
    /// Replay recorded sessions of a real broker against the simulated one, and show where they part.
    Conform(ConformArgs),
    /// Write a completion script for a shell.
    Completions(CompletionsArgs),
    /// Write the manual page.
    Man(ManArgs),
}

/// What is shown of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum View {
    /// Who sent what to whom, drawn from top to bottom.
    Timeline,
    /// One sentence a step.
    Story,
    /// What every party believes, holds and did, and what that comes to.
    Verdict,
    /// What became of each message, in a line.
    Ledger,
    /// Every event on a line with its cause and rule, for searching.
    Events,
}

/// How it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Text,
    /// The verdict as one JSON object.
    Json,
    /// The whole trace as JSON Lines; every command that shows takes such a file too.
    Jsonl,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// A scenario, a recorded trace, a name from the gallery, or - for standard input.
    pub(super) file: String,
    /// Another seed than the scenario's.
    #[arg(long, value_name = "N", conflicts_with = "replay", value_parser = seed, allow_negative_numbers = true)]
    pub(super) seed: Option<u64>,
    /// A variant of the scenario.
    #[arg(long, value_name = "NAME")]
    pub(super) variant: Option<String>,
    /// A change on top, as a variant has it, such as remove("faults.cut-1"). May be given several times.
    #[arg(long, value_name = "CHANGE")]
    pub(super) change: Vec<String>,
    /// What to show; several are shown in the order given [default: timeline,verdict].
    #[arg(long, value_enum, value_delimiter = ',', value_name = "VIEWS")]
    pub(super) view: Vec<View>,
    /// How to write it.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub(super) format: Format,
    /// Leave nothing out in the middle of a long run.
    #[arg(long)]
    pub(super) full: bool,
    /// With every sentence of the story the rule behind it; shows the story if no view is asked for.
    #[arg(long)]
    pub(super) why: bool,
    /// Have a run again, byte for byte, from the token that it printed.
    #[arg(long, value_name = "TOKEN")]
    pub(super) replay: Option<String>,
    /// Run twice and name the first difference, if there is one.
    #[arg(long)]
    pub(super) check_determinism: bool,
}

#[derive(Debug, Args)]
pub(super) struct StepArgs {
    /// A scenario, a recorded trace, or a name from the gallery.
    pub(super) file: String,
    /// A variant of the scenario.
    #[arg(long, value_name = "NAME")]
    pub(super) variant: Option<String>,
    /// Another seed than the scenario's.
    #[arg(long, value_name = "N", conflicts_with = "replay", value_parser = seed, allow_negative_numbers = true)]
    pub(super) seed: Option<u64>,
    /// Have a run again, byte for byte, from the token that it printed.
    #[arg(long, value_name = "TOKEN")]
    pub(super) replay: Option<String>,
    /// Print the screen at this step, or at a time such as 42ms, and leave.
    #[arg(long, value_name = "STEP|TIME")]
    pub(super) at: Option<String>,
    /// No screen: sentences, numbered choices, and the same commands on standard input, one a line. Also where there is
    /// no terminal.
    #[arg(long)]
    pub(super) plain: bool,
    /// Write the bookmarks of this session into a new file as the lesson of a scenario; - prints it at the end.
    #[arg(long, value_name = "FILE", conflicts_with = "at")]
    pub(super) record: Option<String>,
    /// The colours.
    #[arg(long, value_enum, value_name = "THEME", default_value_t = ThemeArg::Dark)]
    pub(super) theme: ThemeArg,
}

/// A set of colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(super) enum ThemeArg {
    /// For dark backgrounds.
    #[default]
    Dark,
    /// For light backgrounds.
    Light,
    /// Black and white.
    Contrast,
}

/// A seed, in the range that a scenario's may have.
fn seed(text: &str) -> Result<u64, String> {
    let seed = text.parse().ok().filter(|seed| *seed <= MAX_SEED);
    seed.ok_or_else(|| format!("the seed is a whole number from 0 to {MAX_SEED}"))
}

#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// One scenario, to be compared with its variants; or two scenarios or recorded traces. FILE@VARIANT is a variant.
    #[arg(required = true, num_args = 1..=2, value_name = "FILE")]
    pub(super) files: Vec<String>,
    /// Of one scenario only these variants.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) variant: Vec<String>,
    /// Another seed than the scenarios', for all runs.
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub(super) seed: Option<u64>,
    /// Every step of both, not only those that differ first.
    #[arg(long)]
    pub(super) full: bool,
    /// Exit with 1 where the runs are not the same, step by step.
    #[arg(long)]
    pub(super) same: bool,
    /// How to write it.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Results::Text)]
    pub(super) format: Results,
}

#[derive(Debug, Args)]
pub(super) struct HuntArgs {
    /// A scenario, a name from the gallery, or - for standard input.
    pub(super) file: String,
    /// The most faults of a placement.
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=MAX_FAULTS as i64))]
    pub(super) faults: u8,
    /// Which kinds of faults, with commas between them.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KINDS", default_values_t = SortArg::all())]
    pub(super) kinds: Vec<SortArg>,
    /// Words of the verdict of which there is to be no case, such as lost,duplicated; without it the scenario's
    /// expectations are to hold.
    #[arg(long, value_delimiter = ',', value_name = "WORDS", value_parser = never)]
    pub(super) never: Vec<Word>,
    /// After so many runs the hunt stops.
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) limit: u64,
    /// A variant of the scenario.
    #[arg(long, value_name = "NAME")]
    pub(super) variant: Option<String>,
    /// Another seed than the scenario's.
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub(super) seed: Option<u64>,
    /// How to write it.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Results::Text)]
    pub(super) format: Results,
}

/// A kind of fault, by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SortArg(pub(super) Sort);

impl SortArg {
    fn all() -> Vec<SortArg> {
        Sort::ALL.map(SortArg).to_vec()
    }
}

impl std::fmt::Display for SortArg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name())
    }
}

impl ValueEnum for SortArg {
    fn value_variants<'a>() -> &'a [SortArg] {
        const ALL: [SortArg; Sort::ALL.len()] =
            [SortArg(Sort::Cut), SortArg(Sort::Kill), SortArg(Sort::Power), SortArg(Sort::Client)];
        &ALL
    }
    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.name()).help(self.0.says()))
    }
}

/// A word that counts something which should not be.
fn never(text: &str) -> Result<Word, String> {
    let word = Word::from_name(&text.replace('-', "_"));
    let counted = |word: &Word| matches!(word.takes(), Takes::CountMayOf(_) | Takes::Truth);
    word.filter(counted).ok_or_else(|| {
        let words = Word::ALL.iter().filter(|word| counted(word)).map(|word| word.name());
        let words: Vec<&str> = words.collect();
        format!("the words are {}", words.join(", "))
    })
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("asked").args(["message", "event", "fate"]).required(true).multiple(true))]
pub(super) struct WhyArgs {
    /// A scenario, a recorded trace, a name from the gallery, or - for standard input.
    pub(super) file: String,
    /// The id of a message: its account, and the causes of what decided its end.
    #[arg(long, value_name = "ID")]
    pub(super) message: Option<String>,
    /// The number of a step: its causes.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) event: Option<u32>,
    /// Why the message did not come so far: the first condition that was not met.
    #[arg(long, value_enum, value_name = "STAGE", requires = "message", conflicts_with = "event")]
    pub(super) not: Option<StageArg>,
    /// After which event every continuation that was tried loses the message with this id.
    #[arg(long, value_name = "ID", conflicts_with_all = ["message", "event"])]
    pub(super) fate: Option<String>,
    /// A variant of the scenario.
    #[arg(long, value_name = "NAME")]
    pub(super) variant: Option<String>,
    /// Another seed than the scenario's.
    #[arg(long, value_name = "N", conflicts_with = "replay", value_parser = seed, allow_negative_numbers = true)]
    pub(super) seed: Option<u64>,
    /// The run of this token.
    #[arg(long, value_name = "TOKEN")]
    pub(super) replay: Option<String>,
    /// How deep to go: 1 what happened and who can know it, 2 the causes as well, 3 the rule with its source as well.
    #[arg(long, value_name = "N", default_value_t = 2, conflicts_with = "not", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub(super) depth: u8,
    /// The whole chain, however long.
    #[arg(long)]
    pub(super) full: bool,
}

/// A stage on the way of a message, by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct StageArg(pub(super) Stage);

impl ValueEnum for StageArg {
    fn value_variants<'a>() -> &'a [StageArg] {
        const ALL: [StageArg; Stage::ALL.len()] = {
            let mut all = [StageArg(Stage::ALL[0]); Stage::ALL.len()];
            let mut at = 0;
            while at < all.len() {
                all[at] = StageArg(Stage::ALL[at]);
                at += 1;
            }
            all
        };
        &ALL
    }
    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.name()).help(self.0.came()))
    }
}

#[derive(Debug, Args)]
pub(super) struct QuizArgs {
    /// A scenario, a recorded trace, or a name from the gallery.
    pub(super) file: String,
    /// Read an answer a line, a letter or the answer itself, and print the score alone; exit code 1 where not all are right.
    #[arg(long)]
    pub(super) grade: bool,
    /// Print the questions, and ask none.
    #[arg(long, conflicts_with_all = ["grade", "results"])]
    pub(super) list: bool,
    /// A variant of the scenario.
    #[arg(long, value_name = "NAME")]
    pub(super) variant: Option<String>,
    /// Another seed than the scenario's.
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub(super) seed: Option<u64>,
    /// Add the result to this file, as a line of JSON; without it to quiz.jsonl in the folder for state, and with --grade
    /// to none.
    #[arg(long, value_name = "FILE")]
    pub(super) results: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Scenarios, traces, names from the gallery, or - for standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// Where to write it; nothing is overwritten. Without a file, or with -, to standard output.
    pub(super) file: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Only the scenarios that have every one of these words in their name, title, text or theme.
    #[arg(value_name = "WORD")]
    pub(super) words: Vec<String>,
    /// Only the scenarios of this theme, such as claims.
    #[arg(long, value_name = "NAME")]
    pub(super) theme: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A rule's key or its beginning, such as lab.tcp; a word such as duplicated; or words, for all of them.
    #[arg(value_name = "RULE|WORD", required_unless_present = "all")]
    pub(super) what: Option<String>,
    /// All rules, system by system: how closely each is modelled, and where it is known from.
    #[arg(long, conflicts_with = "what")]
    pub(super) all: bool,
}

#[derive(Debug, Args)]
pub(super) struct RouteArgs {
    /// A scenario, a name from the gallery, or - for standard input.
    pub(super) file: String,
    /// The exchange that the message is published to; "" is the default exchange.
    #[arg(long, value_name = "NAME")]
    pub(super) exchange: String,
    /// The routing key.
    #[arg(long, value_name = "KEY", default_value = "")]
    pub(super) key: String,
    /// Read many routing keys from standard input, one a line, and write an answer a line.
    #[arg(long, conflicts_with = "key")]
    pub(super) stdin: bool,
    /// A key of the CC header, by which the message is routed too. May be given several times.
    #[arg(long, value_name = "KEY")]
    pub(super) cc: Vec<String>,
    /// A key of the BCC header. May be given several times.
    #[arg(long, value_name = "KEY")]
    pub(super) bcc: Vec<String>,
    /// A header of the message: a number, true, false, or a text. May be given several times.
    #[arg(long = "header", value_name = "NAME=VALUE")]
    pub(super) headers: Vec<String>,
    /// The property message_id, for a consistent-hash exchange that hashes it.
    #[arg(long, value_name = "ID")]
    pub(super) message_id: Option<String>,
    /// The property correlation_id, likewise.
    #[arg(long, value_name = "ID")]
    pub(super) correlation_id: Option<String>,
    /// The property timestamp, likewise; in seconds.
    #[arg(long, value_name = "SECONDS")]
    pub(super) timestamp: Option<u64>,
    /// A variant of the scenario.
    #[arg(long, value_name = "NAME")]
    pub(super) variant: Option<String>,
    /// How to write it; with --stdin one JSON object a line.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: Results,
}

/// How results are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(super) enum Results {
    /// For people.
    #[default]
    Text,
    /// As one JSON object.
    Json,
}

#[derive(Debug, Args)]
pub(super) struct ConformArgs {
    /// Files of recordings (AMQP sessions) or of pairs (topic or headers bindings), or - for standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<String>,
    /// Only the facts with these ids, with commas between them; A8* stands for all that begin so.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(super) only: Vec<String>,
    /// Another version of RabbitMQ than the one that each fact was recorded on.
    #[arg(long, value_name = "VERSION")]
    pub(super) version: Option<String>,
    /// Leave out what is the same or skipped.
    #[arg(long)]
    pub(super) brief: bool,
    /// With every step, and every frame that came after it.
    #[arg(long, conflicts_with = "brief")]
    pub(super) verbose: bool,
    /// How to write it.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Results::Text)]
    pub(super) format: Results,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell.
    pub(super) shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The page of one command; without it the program's.
    pub(super) command: Option<String>,
}
