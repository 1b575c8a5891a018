//! `mqlab list`: the gallery, and the first lines that somebody sees who types nothing but the program's name.

use super::args::ListArgs;
use super::exit::Exit;
use super::failure::{Failure, shown};
use super::gallery::{self, Entry};
use super::load;
use super::output::Output;
use crate::ids::nearest;
use crate::timeline::text::Style;
use crate::trace::{width_of, wrap};

pub(super) fn list(args: &ListArgs, out: &mut Output) -> Result<Exit, Failure> {
    let wanted = |entry: &&Entry| args.theme.as_ref().is_none_or(|theme| entry.theme() == theme);
    let entries: Vec<&Entry> = gallery::ALL.iter().filter(wanted).collect();
    match &args.theme {
        Some(theme) if entries.is_empty() => Err(no_theme(theme)),
        _ => show(&entries, out).map(|()| Exit::Holds),
    }
}

/// Without a command.
pub(super) fn welcome(out: &mut Output) -> Result<Exit, Failure> {
    out.line("mqlab: a laboratory for message-queue reliability\n")?;
    let entries: Vec<&Entry> = gallery::ALL.iter().collect();
    show(&entries, out)?;
    out.line("\nRun one with `mqlab run NAME`; begin your own with `mqlab new my.ron`; `mqlab --help` has the rest.")?;
    Ok(Exit::Holds)
}

fn show(entries: &[&Entry], out: &mut Output) -> Result<(), Failure> {
    // A name that takes more than half of the page has its title below it.
    let fits = |name: &usize| *name + 4 <= out.look.width / 2;
    let names = entries.iter().map(|entry| width_of(entry.name())).filter(fits).max().unwrap_or(0);
    let mut theme = "";
    for (at, entry) in entries.iter().enumerate() {
        if entry.theme() != theme {
            theme = entry.theme();
            if at > 0 {
                out.line("")?;
            }
            out.styled(Style::Name, theme)?;
        }
        let title = load::title(entry.name(), entry.text);
        let room = out.look.width.saturating_sub(names + 4);
        let mut head = format!("  {:<names$}  ", entry.name());
        if width_of(entry.name()) > names {
            out.line(head.trim_end())?;
            head = " ".repeat(names + 4);
        }
        for line in wrap(&title, room) {
            out.line(&format!("{head}{line}"))?;
            head = " ".repeat(names + 4);
        }
    }
    Ok(())
}

fn no_theme(theme: &str) -> Failure {
    let mut themes: Vec<&str> = gallery::ALL.iter().map(Entry::theme).filter(|theme| !theme.is_empty()).collect();
    themes.dedup();
    let help = match nearest(theme, themes.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if themes.is_empty() => "the gallery has no themes".to_owned(),
        None => format!("the themes are {}", themes.join(", ")),
    };
    Failure::usage(format!("there is no theme {}\nhelp: {help}", shown(theme)))
}
