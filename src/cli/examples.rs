//! What one types: the examples that stand first in every command's help, in the manual and in the book. A test reads
//! each as the program would.

/// Examples by command; the program itself has the empty name. Each is a line and what it does.
#[rustfmt::skip]
pub const EXAMPLES: &[(&str, &[(&str, &str)])] = &[
    ("", &[
        ("mqlab", "choose a scenario and step through it"),
        ("mqlab list", "what there is to look at"),
        ("mqlab run lost-confirm", "run a scenario of the gallery"),
        ("mqlab run my.ron --view story --why", "the same as sentences, with the rules behind them"),
        ("mqlab new my.ron", "a commented scenario to start from"),
        ("mqlab explain duplicated", "what a word of the verdict means"),
    ]),
    ("run", &[
        ("mqlab run my.ron", "timeline, verdict and expectations"),
        ("mqlab run lost-confirm --variant cured", "a scenario of the gallery, with its cure"),
        ("mqlab run my.ron --view story --why", "one sentence a step, with the rules"),
        ("mqlab run my.ron --view timeline,events --full", "everything, nothing left out"),
        ("mqlab run my.ron --replay 1-0123456789abcdef-42", "the very same run again"),
        ("mqlab run my.ron --format jsonl > trace.jsonl", "record the trace ..."),
        ("mqlab run trace.jsonl --view story", "... and show it, without the scenario"),
        ("cat my.ron | mqlab run -", "a scenario from standard input"),
    ]),
    ("step", &[
        ("mqlab step lost-confirm", "forward and back, why, and what if: h shows the keys"),
        ("mqlab step my.ron --variant cured", "a variant; the file is run again when it changes"),
        ("mqlab step trace.jsonl", "a recorded run"),
        ("mqlab step lost-confirm --plain", "sentences and numbered choices, without a screen"),
        ("mqlab step lost-confirm --at 76 --width 120", "print the screen at this step and leave"),
        ("mqlab step my.ron --record lesson.ron", "bookmarks (m) become captions of a lesson"),
    ]),
    ("compare", &[
        ("mqlab compare lost-confirm", "the disease beside its cures"),
        ("mqlab compare my.ron --variant cured --full", "one variant, every step of both"),
        ("mqlab compare my.ron my.ron@cured", "the same, as two runs"),
        ("mqlab compare before.jsonl after.jsonl --same", "two recorded traces; exit code 1 if they differ"),
    ]),
    ("hunt", &[
        ("mqlab hunt lost-confirm --never lost --kinds cut,client", "every placement of one fault; is anything lost?"),
        ("mqlab hunt my.ron --faults 2 --kinds cut,power", "do its expectations hold whatever two of these do?"),
        ("mqlab hunt my.ron --never lost,duplicated --format json", "for a program"),
    ]),
    ("why", &[
        ("mqlab why lost-confirm --message order-2", "what became of it, and the causes down to a fault"),
        ("mqlab why lost-confirm --event 101", "the causes of one step"),
        ("mqlab why crash-before-fsync --message order-3 --not confirmed", "the first condition that was not met"),
        ("mqlab why crash-before-fsync --fate order-3", "after which event nothing that was tried saves it"),
    ]),
    ("check", &[
        ("mqlab check my.ron", "all errors at once, with line and column"),
        ("mqlab check scenarios/*.ron", "a whole folder"),
    ]),
    ("new", &[
        ("mqlab new", "show the template"),
        ("mqlab new my.ron", "write it to a file"),
    ]),
    ("list", &[
        ("mqlab list", "every scenario of the gallery"),
        ("mqlab list --theme claims", "what lecture notes say, put to the test"),
    ]),
    ("explain", &[
        ("mqlab explain lab.tcp.lost", "one rule, with source and versions"),
        ("mqlab explain lab.disk", "all rules whose keys begin so"),
        ("mqlab explain duplicated", "a word of the verdict"),
        ("mqlab explain words", "all words of the verdict"),
        ("mqlab explain --all", "every rule, and how closely it is modelled"),
    ]),
    ("route", &[
        ("mqlab route my.ron --exchange orders --key order.created", "by routing key"),
        ("mqlab route my.ron --exchange audit --header kind=order --header urgent=true", "by headers"),
        ("mqlab route my.ron --exchange orders --key order.created --cc audit.all", "by a second key, in the CC header"),
        ("mqlab route my.ron --exchange orders --stdin", "many keys, one a line, from standard input"),
    ]),
    ("conform", &[
        ("mqlab conform transcripts.json", "every recorded session, and where the simulated broker parts from it"),
        ("mqlab conform transcripts.json --only A08,C* --verbose", "one fact and a group, frame by frame"),
        ("mqlab conform topic_cases.json headers_cases.json --brief", "pairs; only those that differ"),
        ("mqlab conform transcripts.json --format json > conform.json", "for a program"),
    ]),
    ("completions", &[
        ("mqlab completions bash > ~/.local/share/bash-completion/completions/mqlab", "for bash"),
        ("mqlab completions fish > ~/.config/fish/completions/mqlab.fish", "for fish"),
    ]),
    ("man", &[
        ("mqlab man > mqlab.1", "the program's page"),
        ("mqlab man run > mqlab-run.1", "one command's page"),
    ]),
];

/// The examples of a command.
pub fn of(command: &str) -> &'static [(&'static str, &'static str)] {
    EXAMPLES.iter().find(|(name, _)| *name == command).map_or(&[], |(_, examples)| examples)
}

/// The examples of a command as a block of text.
pub(super) fn as_text(command: &str) -> String {
    let mut text = String::from("Examples:\n");
    for (line, says) in of(command) {
        text.push_str(&format!("  {line}\n      {says}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{args::Cli, command};
    use clap::Parser;

    /// The words of `mqlab …` in a line of shell.
    fn words(line: &str) -> Vec<&str> {
        let own = line.rsplit(" | ").next().unwrap();
        own.split(" > ").next().unwrap().split(' ').collect()
    }

    #[test]
    fn every_example_is_a_command_line_that_is_understood() {
        for (command, examples) in EXAMPLES {
            for (line, _) in *examples {
                let words = words(line);
                assert_eq!(words[0], "mqlab");
                assert!(command.is_empty() || words[1] == *command, "`{line}` is not about {command}");
                Cli::try_parse_from(&words).unwrap_or_else(|error| panic!("`{line}`: {error}"));
            }
        }
    }

    #[test]
    fn every_command_has_examples_and_its_help_begins_with_them() {
        let mut program = command();
        program.build();
        assert!(program.clone().render_long_help().to_string().starts_with("Examples:\n  mqlab"));
        for sub in program.get_subcommands() {
            assert!(!of(sub.get_name()).is_empty(), "{} has no examples", sub.get_name());
            for help in [sub.clone().render_long_help(), sub.clone().render_help()] {
                assert!(help.to_string().starts_with("Examples:\n  mqlab"), "{help}");
            }
        }
        for (name, _) in EXAMPLES {
            assert!(name.is_empty() || program.find_subcommand(name).is_some(), "there is no command {name}");
        }
    }
}
