//! The manual page and shell completions, made from the same arguments as the help.

use super::args::{CompletionsArgs, ManArgs};
use super::exit::{EXIT_CODES, Exit};
use super::failure::{Failure, shown};
use super::output::Output;
use super::{command, examples};
use std::io::{self, Write};

pub(super) fn completions(args: &CompletionsArgs, out: &mut Output) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "mqlab", &mut script);
    out.wrote(|to| to.write_all(&script))?;
    Ok(Exit::Holds)
}

pub(super) fn man(args: &ManArgs, out: &mut Output) -> Result<Exit, Failure> {
    let mut program = command();
    program.build();
    let Some(name) = &args.command else {
        out.wrote(|to| page(program.after_help(None).before_help(None), "", to))?;
        return Ok(Exit::Holds);
    };
    let Some(sub) = program.find_subcommand(name) else {
        let names: Vec<&str> = program.get_subcommands().map(clap::Command::get_name).collect();
        let help = match crate::ids::nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", names.join(", ")),
        };
        return Err(Failure::usage(format!("there is no command {}\nhelp: {help}", shown(name))));
    };
    out.wrote(|to| page(sub.clone().before_help(None), name, to))?;
    Ok(Exit::Holds)
}

fn page(command: clap::Command, name: &str, to: &mut dyn Write) -> io::Result<()> {
    let manual = clap_mangen::Man::new(command);
    manual.render_title(to)?;
    manual.render_name_section(to)?;
    manual.render_synopsis_section(to)?;
    writeln!(to, ".SH EXAMPLES")?;
    for (line, says) in examples::of(name) {
        writeln!(to, ".TP\n\\fB{}\\fR\n{}", roff(line), roff(says))?;
    }
    manual.render_description_section(to)?;
    manual.render_options_section(to)?;
    if name.is_empty() {
        manual.render_subcommands_section(to)?;
    }
    writeln!(to, ".SH \"EXIT STATUS\"")?;
    for (exit, meaning) in EXIT_CODES {
        writeln!(to, ".TP\n\\fB{}\\fR\n{}", exit.code(), roff(meaning))?;
    }
    // Only the program has a version.
    if name.is_empty() { manual.render_version_section(to) } else { Ok(()) }
}

/// A line of text as it must stand in a manual page.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_has_every_exit_code_and_every_command() {
        let mut text = Vec::new();
        let mut program = command();
        program.build();
        page(program.clone(), "", &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        for sub in program.get_subcommands() {
            assert!(text.contains(&sub.get_name().replace('-', "\\-")), "{}", sub.get_name());
        }
        for (_, meaning) in EXIT_CODES {
            assert!(text.contains(&roff(meaning)));
        }
    }

    #[test]
    fn every_command_has_a_page() {
        let mut program = command();
        program.build();
        for sub in program.get_subcommands() {
            page(sub.clone(), sub.get_name(), &mut Vec::new()).unwrap();
        }
    }

    #[test]
    fn a_line_of_the_manual_is_never_taken_for_a_request() {
        assert_eq!(roff("... and-so"), "\\&... and\\-so");
    }
}
