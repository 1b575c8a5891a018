//! What is written for people and programs: colours, widths, closed pipes. All printing goes through [`Output`].
//!
//! Not what is written (that is `show` and the commands), and not errors (`failure`).

use super::failure::Failure;
use crate::export::view::signs;
use crate::timeline::text::{Glyphs, Line, Page, Style};
use anstream::{AutoStream, ColorChoice};
use clap::builder::styling::{AnsiColor, Style as Ansi};
use std::io::{self, BufWriter, Write};

/// Columns where there is no terminal to ask.
pub(super) const WIDTH: usize = 100;
/// Fewer columns than this are not drawn for.
pub(super) const NARROWEST: usize = 40;
/// More columns than this do not help reading.
pub(super) const WIDEST: usize = 160;

/// When to colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub(super) enum Color {
    /// At a terminal that can, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How things are to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Look {
    /// Columns.
    pub(super) width: usize,
    /// Which characters to draw with.
    pub(super) glyphs: Glyphs,
    /// Whether errors are coloured.
    pub(super) color_errors: bool,
}

impl Look {
    /// The signs of a text that was made for Unicode, in the characters that are asked for.
    pub(super) fn signs(self, text: &str) -> String {
        signs(text, self.glyphs)
    }
}

/// The standard output.
pub(super) struct Output {
    to: BufWriter<Box<dyn Write>>,
    color: bool,
    /// How things are to look.
    pub(super) look: Look,
}

impl Output {
    /// The standard output, looking as asked for.
    pub(super) fn new(color: Color, width: Option<usize>, ascii: bool) -> Output {
        let (out, err) = (io::stdout(), io::stderr());
        let colored = |auto: ColorChoice| match color {
            Color::Auto => auto != ColorChoice::Never,
            Color::Always => true,
            Color::Never => false,
        };
        let color = colored(AutoStream::choice(&out));
        let color_errors = colored(AutoStream::choice(&err));
        let terminal = terminal_size::terminal_size_of(&out).map(|(width, _)| usize::from(width.0));
        let glyphs = if ascii { Glyphs::Ascii } else { Glyphs::Unicode };
        let look = Look { width: width_for(width, terminal), glyphs, color_errors };
        // Without colours nothing is stripped: a trace passes as it is.
        let to: Box<dyn Write> =
            if color { Box::new(AutoStream::new(out.lock(), ColorChoice::Always)) } else { Box::new(out.lock()) };
        Output { to: BufWriter::with_capacity(1 << 16, to), color, look }
    }

    /// Whether there are colours.
    pub(super) fn colors(&self) -> bool {
        self.color
    }

    /// Writes a text as it is.
    pub(super) fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.wrote(|to| to.write_all(text.as_bytes()))
    }

    /// Writes a line.
    pub(super) fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.text(text)?;
        self.text("\n")
    }

    /// Writes a line in a style.
    pub(super) fn styled(&mut self, style: Style, text: &str) -> Result<(), Failure> {
        let text = self.paint(style, text);
        self.line(&text)
    }

    /// Writes a page.
    pub(super) fn page(&mut self, page: &Page) -> Result<(), Failure> {
        page.lines.iter().try_for_each(|line| self.spans(line))
    }

    fn spans(&mut self, line: &Line) -> Result<(), Failure> {
        if !self.color {
            return self.line(line.plain().trim_end());
        }
        let text: String = line.spans.iter().map(|span| self.paint(span.style, &span.text)).collect();
        self.line(&text)
    }

    fn paint(&self, style: Style, text: &str) -> String {
        let ansi = if self.color { ansi(style) } else { Ansi::new() };
        format!("{ansi}{text}{ansi:#}")
    }

    /// Lets `write` write, such as a trace.
    pub(super) fn wrote(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        write(&mut self.to).map_err(|error| Failure::of_write(&error, "the output"))
    }

    /// Writes what is still held back, before something is waited for.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.wrote(|to| to.flush())
    }

    /// Writes what is still held back.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        self.flush()
    }
}

/// As asked for; else as wide as the terminal, within reason; else [`WIDTH`].
fn width_for(asked: Option<usize>, terminal: Option<usize>) -> usize {
    match (asked, terminal) {
        (Some(width), _) => width.max(NARROWEST),
        // A terminal that does not know its size says 0.
        (None, Some(0) | None) => WIDTH,
        (None, Some(width)) => width.clamp(NARROWEST, WIDEST),
    }
}

/// The colours. What they show is in the text as well.
fn ansi(style: Style) -> Ansi {
    let color = |color: AnsiColor| Ansi::new().fg_color(Some(color.into()));
    match style {
        Style::Plain | Style::Arrow => Ansi::new(),
        Style::Dim | Style::Lane => Ansi::new().dimmed(),
        Style::Name => Ansi::new().bold(),
        Style::Bad => color(AnsiColor::Red).bold(),
        Style::Repeat => color(AnsiColor::Magenta),
        Style::Good => color(AnsiColor::Green),
        Style::Disk => color(AnsiColor::Cyan),
        Style::Process => color(AnsiColor::Blue).bold(),
        Style::Fault => color(AnsiColor::Yellow).bold(),
        Style::Caption => color(AnsiColor::Cyan).italic(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_is_the_one_asked_for_else_the_terminals_else_100() {
        assert_eq!(width_for(Some(72), Some(200)), 72);
        assert_eq!(width_for(Some(3), None), NARROWEST);
        assert_eq!(width_for(None, Some(132)), 132);
        assert_eq!(width_for(None, Some(500)), WIDEST);
        assert_eq!(width_for(None, Some(20)), NARROWEST);
        assert_eq!(width_for(None, Some(0)), WIDTH);
        assert_eq!(width_for(None, None), WIDTH);
    }
}
