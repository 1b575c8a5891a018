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

/// A scenario with the texts that stand in a list or are searched.
struct Listed {
    entry: &'static Entry,
    title: String,
    about: String,
}

impl Listed {
    fn of(entry: &'static Entry) -> Listed {
        let (title, about) = load::title(entry.name(), entry.text);
        Listed { entry, title, about }
    }

    /// Whether a word, in small letters, stands anywhere in it.
    fn has(&self, word: &str) -> bool {
        let texts = [self.entry.name(), self.entry.theme(), &self.title, &self.about];
        texts.iter().any(|text| text.to_lowercase().contains(word))
    }
}

pub(super) fn list(args: &ListArgs, out: &mut Output) -> Result<Exit, Failure> {
    let of_theme = |entry: &&'static Entry| args.theme.as_ref().is_none_or(|theme| entry.theme() == theme);
    let mut listed: Vec<Listed> = gallery::ALL.iter().filter(of_theme).map(Listed::of).collect();
    if let Some(theme) = args.theme.as_ref().filter(|_| listed.is_empty()) {
        return Err(no_theme(theme));
    }
    let words: Vec<String> = args.words.iter().map(|word| word.to_lowercase()).collect();
    listed.retain(|one| words.iter().all(|word| one.has(word)));
    if listed.is_empty() {
        return Err(nothing_found(args));
    }
    show(&listed, out).map(|()| Exit::Holds)
}

/// Without a command.
pub(super) fn welcome(out: &mut Output) -> Result<Exit, Failure> {
    out.line("mqlab: a laboratory for message-queue reliability\n")?;
    let listed: Vec<Listed> = gallery::ALL.iter().map(Listed::of).collect();
    show(&listed, out)?;
    out.line("\nRun one with `mqlab run NAME`; begin your own with `mqlab new my.ron`; `mqlab --help` has the rest.")?;
    Ok(Exit::Holds)
}

fn show(listed: &[Listed], out: &mut Output) -> Result<(), Failure> {
    // A name that takes more than half of the page has its title below it.
    let fits = |name: &usize| *name + 4 <= out.look.width / 2;
    let names = listed.iter().map(|one| width_of(one.entry.name())).filter(fits).max().unwrap_or(0);
    let mut theme = "";
    for (at, Listed { entry, title, .. }) in listed.iter().enumerate() {
        if entry.theme() != theme {
            theme = entry.theme();
            if at > 0 {
                out.line("")?;
            }
            out.styled(Style::Name, theme)?;
        }
        let room = out.look.width.saturating_sub(names + 4);
        let mut head = format!("  {:<names$}  ", entry.name());
        if width_of(entry.name()) > names {
            out.line(head.trim_end())?;
            head = " ".repeat(names + 4);
        }
        for line in wrap(title, room) {
            out.line(&format!("{head}{line}"))?;
            head = " ".repeat(names + 4);
        }
    }
    Ok(())
}

fn nothing_found(args: &ListArgs) -> Failure {
    let words: Vec<String> = args.words.iter().map(|word| format!("`{}`", shown(word))).collect();
    let of = args.theme.as_ref().map(|theme| format!(" of the theme {}", shown(theme))).unwrap_or_default();
    let what = match &words[..] {
        [word] => word.clone(),
        words => format!("all of {}", words.join(", ")),
    };
    let names = || gallery::ALL.iter().flat_map(|entry| [entry.name(), entry.theme()]);
    let help = match args.words.iter().find_map(|word| nearest(word, names())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "names, titles, texts and themes were searched; `mqlab list` shows all".to_owned(),
    };
    Failure::usage(format!("no scenario{of} has {what}\nhelp: {help}"))
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
