//! Errors in a scenario file: collected, each with its places in the text, and rendered as a compiler would.
//!
//! Not the finding of errors; parser, decoder and checks put them in here.

use crate::ids::{self, nearest};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::fmt;
use std::sync::Arc;

/// At most this many errors are shown of one file.
pub const MAX_SHOWN: usize = 50;

/// A stretch of the source, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Extent {
    /// The first byte.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
}

impl Extent {
    /// From the start of this to the end of `other`.
    pub fn to(self, other: Extent) -> Extent {
        Extent { start: self.start, end: other.end.max(self.start) }
    }
    /// The empty stretch at its end.
    pub fn after(self) -> Extent {
        Extent { start: self.end, end: self.end }
    }
}

/// Something read from the source and where it stands there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Spanned<T> {
    /// What was read.
    pub value: T,
    /// Where it stands.
    pub at: Extent,
}

impl<T> Spanned<T> {
    /// A value and its place.
    pub fn new(value: T, at: Extent) -> Self {
        Spanned { value, at }
    }
}

impl Spanned<String> {
    /// What stands in for a name that is missing or cannot be read, which has been reported: so that what stands beside
    /// it is checked all the same, and nothing is said of what may have been meant by it.
    pub fn unread(at: Extent) -> Self {
        Spanned::new("\0".to_owned(), at)
    }
    /// Whether it is a name at all. No name of a scenario without errors holds a zero byte.
    pub fn is_read(&self) -> bool {
        !self.value.contains('\0')
    }
}

macro_rules! codes {
    ($($variant:ident = $code:literal, $says:literal;)*) => {
        /// What kind of error it is.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Code { $(#[doc = $says] $variant),* }

        impl Code {
            /// Every kind.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];
            /// Its stable name.
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $code),* }
            }
            /// What it means, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$variant => $says),* }
            }
        }
    };
}

codes! {
    Empty = "empty", "The file holds nothing but white space and comments.";
    TooLarge = "too-large", "The file is larger than a scenario may be.";
    NotText = "not-text", "The file is not UTF-8 text.";
    TooDeep = "too-deep", "Brackets are nested deeper than a scenario may nest them.";
    UnexpectedCharacter = "unexpected-character", "A character that has no meaning in RON.";
    OpenText = "open-text", "A text in quotes never ends.";
    OpenComment = "open-comment", "A block comment never ends.";
    BadEscape = "bad-escape", "An escape in a text that RON does not know.";
    BadNumber = "bad-number", "A number that is malformed or larger than any number here can be.";
    Expected = "expected", "Something else should stand here.";
    Unclosed = "unclosed", "A bracket is never closed.";
    Mismatched = "mismatched", "A bracket is closed by one of another kind.";
    Trailing = "trailing", "Something stands behind the end of the scenario.";
    WrongType = "wrong-type", "A value of another type is needed.";
    UnknownField = "unknown-field", "A field that does not exist there.";
    MissingField = "missing-field", "A field that must stand there is missing.";
    DuplicateField = "duplicate-field", "A field or key stands twice.";
    UnknownWord = "unknown-word", "A word that is none of those that can stand there.";
    Arguments = "arguments", "More arguments than the word takes, or arguments where it takes none.";
    BadDuration = "bad-duration", "A text that is not a duration.";
    BadSize = "bad-size", "A text that is not a size.";
    BadProbability = "bad-probability", "A text that is not a probability.";
    OutOfRange = "out-of-range", "A quantity outside the range that makes sense.";
    BadName = "bad-name", "A name that is empty, too long, or holds control characters.";
    BadTemplate = "bad-template", "A pattern with braces that mean nothing.";
    UnknownVersion = "unknown-version", "A version of the system that is not modelled.";
    DuplicateName = "duplicate-name", "Two things of one kind have the same name.";
    UnknownName = "unknown-name", "A name that nothing in the scenario has.";
    Conflict = "conflict", "Two parts of the scenario that do not go together.";
    Refused = "refused", "Something that the system itself would refuse, or that is not modelled.";
    BadPath = "bad-path", "A variant changes something that is not there.";
    UnknownVariant = "unknown-variant", "The scenario has no variant of this name.";
}

/// A stretch of the source with a few words about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// Where.
    pub at: Extent,
    /// What; may be empty.
    pub says: String,
}

/// One error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Its kind.
    pub code: Code,
    /// What is wrong, in one line.
    pub title: String,
    /// Where.
    pub primary: Label,
    /// What it has to do with.
    pub secondary: Vec<Label>,
    /// What could be done.
    pub help: Vec<String>,
    /// Whether the advice names something like what was written: surely a slip of the pen.
    pub near: bool,
    /// The variant in which it shows, if not in the scenario as it stands.
    pub variant: Option<String>,
}

impl Diagnostic {
    /// An error at a place, with a label there.
    pub fn new(code: Code, title: impl Into<String>, at: Extent, label: impl Into<String>) -> Diagnostic {
        let primary = Label { at, says: label.into() };
        let (secondary, help) = (Vec::new(), Vec::new());
        Diagnostic { code, title: title.into(), primary, secondary, help, near: false, variant: None }
    }
    /// With another place.
    pub fn label(mut self, at: Extent, says: impl Into<String>) -> Diagnostic {
        self.secondary.push(Label { at, says: says.into() });
        self
    }
    /// With advice.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help.push(help.into());
        self
    }
    /// With a suggestion, if there is one near enough among `known`; else with the list of what is known.
    pub fn suggest<'a>(mut self, given: &str, known: impl IntoIterator<Item = &'a str>) -> Diagnostic {
        let known: Vec<&str> = known.into_iter().collect();
        match nearest(given, known.iter().copied()) {
            Some(near) => {
                self.near = true;
                self.help(format!("did you mean `{}`?", visible(near)))
            }
            None if known.is_empty() => self,
            None => self.help(format!("known here: {}", listed(&known))),
        }
    }
}

/// `a`, `b`, `c`: at most a dozen.
pub(super) fn listed(words: &[&str]) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<String> = words.iter().take(SHOWN).map(|word| format!("`{}`", visible(word))).collect();
    let more = if words.len() > SHOWN { format!(" and {} more", words.len() - SHOWN) } else { String::new() };
    shown.join(", ") + &more
}

/// A text with its control and invisible characters escaped, cut to a length that fits in a line.
pub(super) fn visible(text: &str) -> String {
    const SHOWN: usize = 64;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => ids::visible(&text[..end]) + "…",
        None if text.is_empty() => String::new(),
        None => ids::visible(text),
    }
}

/// All errors of a file, with its text.
#[derive(Clone, PartialEq, Eq)]
pub struct Diagnostics {
    text: Arc<str>,
    list: Vec<Diagnostic>,
}

/// How errors are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// With terminal colours.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
}

impl Look {
    /// Without colours, 120 columns: the same everywhere.
    pub const PLAIN: Look = Look { color: false, width: 120 };
}

impl Diagnostics {
    /// Errors of a text, in the order of their places in it.
    pub fn new(text: Arc<str>, mut list: Vec<Diagnostic>) -> Diagnostics {
        list.sort_by_key(|d| d.primary.at.start);
        Diagnostics { text, list }
    }
    /// The errors, in the order of their places.
    pub fn list(&self) -> &[Diagnostic] {
        &self.list
    }
    /// What is wrong in one line, without places: the first error, and how many there are besides it.
    pub fn brief(&self) -> String {
        let first = self.list.first().map_or("", |bad| bad.title.as_str());
        match self.list.len() {
            0 | 1 => first.to_owned(),
            n => format!("{first} (and {} more)", n - 1),
        }
    }
    /// Line and column of an error's place, both from 1, the column in characters.
    pub fn position(&self, diagnostic: &Diagnostic) -> (usize, usize) {
        position(&self.text, diagnostic.primary.at.start)
    }
    /// The errors as text for people; `path` is what the file is called.
    pub fn render(&self, path: &str, look: Look) -> String {
        let renderer = if look.color { Renderer::styled() } else { Renderer::plain() }.term_width(look.width);
        let mut out = String::new();
        for diagnostic in self.list.iter().take(MAX_SHOWN) {
            out.push_str(&self.render_one(diagnostic, path, &renderer));
            out.push_str("\n\n");
        }
        let n = self.list.len();
        if n > MAX_SHOWN {
            out.push_str(&format!("and {} more\n\n", n - MAX_SHOWN));
        }
        let errors = if n == 1 { "1 error".to_owned() } else { format!("{n} errors") };
        out.push_str(&format!("{}: {errors}\n", visible(path)));
        out
    }

    fn render_one(&self, diagnostic: &Diagnostic, path: &str, renderer: &Renderer) -> String {
        let window = Window::around(&self.text, diagnostic);
        let mut snippet = Snippet::source(window.text(&self.text)).line_start(window.line).path(visible(path));
        let primary = AnnotationKind::Primary.span(window.range(&self.text, diagnostic.primary.at));
        snippet = snippet.annotation(primary.label(some(&diagnostic.primary.says)));
        for label in diagnostic.secondary.iter().filter(|label| window.holds(label.at)) {
            let context = AnnotationKind::Context.span(window.range(&self.text, label.at));
            snippet = snippet.annotation(context.label(some(&label.says)));
        }
        let title = Level::ERROR.primary_title(&diagnostic.title).id(diagnostic.code.name());
        let mut group: Group<'_> = title.element(snippet);
        if let Some(variant) = &diagnostic.variant {
            group = group.element(Level::NOTE.message(format!("in the variant `{}`", visible(variant))));
        }
        for help in &diagnostic.help {
            group = group.element(Level::HELP.message(help));
        }
        renderer.render(&[group])
    }
}

fn some(says: &str) -> Option<&str> {
    (!says.is_empty()).then_some(says)
}

/// The part of the source that an error is about, so that showing one costs nothing of the size of the file.
struct Window {
    start: usize,
    end: usize,
    line: usize,
}

impl Window {
    fn around(text: &str, diagnostic: &Diagnostic) -> Window {
        let places = || diagnostic.secondary.iter().map(|l| l.at).chain([diagnostic.primary.at]);
        let first = places().map(|at| at.start).min().unwrap_or(0);
        let last = places().map(|at| at.end).max().unwrap_or(0);
        let all = Window::lines(text, first, last);
        if all.is_shown(text) {
            return all;
        }
        let Extent { start, end } = diagnostic.primary.at;
        let own = Window::lines(text, start, end);
        if own.is_shown(text) { own } else { own.cut(text, start) }
    }
    fn lines(text: &str, first: usize, last: usize) -> Window {
        let first = first.min(text.len());
        let last = last.clamp(first, text.len());
        let start = text.as_bytes()[..first].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        let end = text.as_bytes()[last..].iter().position(|b| *b == b'\n').map_or(text.len(), |i| last + i);
        Window { start, end, line: line_of(text, start) }
    }
    /// Whether it is neither so long nor so wide that showing it would help nobody.
    fn is_shown(&self, text: &str) -> bool {
        const LONGEST: usize = 1 << 16;
        const WIDEST: usize = 1 << 10;
        self.end - self.start <= LONGEST && self.text(text).split('\n').all(|line| line.len() <= WIDEST)
    }
    /// The neighbourhood of a byte in a line that is too wide; columns then count from there.
    fn cut(self, text: &str, at: usize) -> Window {
        const AROUND: usize = 100;
        let start = char_start(text, at.saturating_sub(AROUND)).max(self.start);
        let line = line_of(text, start);
        Window { start, end: char_start(text, (at + AROUND).min(self.end)).max(start), line }
    }
    fn holds(&self, at: Extent) -> bool {
        self.start <= at.start && at.end <= self.end
    }
    fn text<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start..self.end).unwrap_or("")
    }
    /// A stretch as it lies in the window. It goes over whole characters: a bracket that is missing is looked for where it
    /// would be, at the last byte of what there is.
    fn range(&self, text: &str, at: Extent) -> std::ops::Range<usize> {
        let bound = |i: usize| i.clamp(self.start, self.end);
        let end = (bound(at.end)..self.end).find(|i| text.is_char_boundary(*i)).unwrap_or(self.end);
        char_start(text, bound(at.start)) - self.start..end - self.start
    }
}

/// Where the character begins that a byte belongs to.
fn char_start(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes()[..at.min(text.len())].iter().filter(|b| **b == b'\n').count()
}

/// Line and column of a byte, both from 1, the column in characters.
pub fn position(text: &str, at: usize) -> (usize, usize) {
    let at = char_start(text, at.min(text.len()));
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    (line_of(text, at), 1 + text[start..at].chars().count())
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render("scenario", Look::PLAIN))
    }
}

impl fmt::Debug for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl std::error::Error for Diagnostics {}

/// Where errors are put while a file is read.
#[derive(Debug, Default)]
pub struct Sink {
    pub(super) list: Vec<Diagnostic>,
    /// The fields that each part of the language has, as far as parts of it were read: what the book must show.
    #[cfg(test)]
    pub(super) seen: std::collections::BTreeMap<&'static str, std::collections::BTreeSet<&'static str>>,
}

impl Sink {
    /// Puts in an error. Of one kind at one place only the first is kept.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let same = |d: &Diagnostic| d.code == diagnostic.code && d.primary.at == diagnostic.primary.at;
        if !self.is_full() && !self.list.iter().any(same) {
            self.list.push(diagnostic);
        }
    }
    /// Whether so much is wrong that more would not be kept; then looking for more is wasted time.
    pub fn is_full(&self) -> bool {
        const MAX_KEPT: usize = 4 * MAX_SHOWN;
        self.list.len() >= MAX_KEPT
    }
    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}
