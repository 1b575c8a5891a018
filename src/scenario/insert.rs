//! Putting a variant into a scenario's text. Every other byte stays as it was: comments, indentation, line ends, a
//! byte-order mark.
//!
//! Not the canonical print (`printer`), which knows no comments; and not the writing of files.

use super::diagnostics::{Extent, Sink};
use super::lexer::{Lexer, Token};
use super::printer::{print_line, quoted};
use super::source::Source;
use super::tree::Node;
use super::variant::{Change, MAX_VARIANTS};
use std::fmt;

/// A variant that is to be put into a file.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is about; may be empty.
    pub about: &'a str,
    /// What it changes, in order.
    pub changes: &'a [Change],
    /// What is expected, each as it stands in a scenario; empty for what the scenario itself expects.
    pub expect: &'a [String],
}

/// Why a variant cannot be put into a file. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InsertError {
    /// The file is not a scenario without errors.
    Broken(String),
    /// It has a variant of this name already.
    Taken(String),
    /// It has as many variants as it may.
    Full,
    /// With the variant in it the file would have errors.
    Unfit(String),
}

impl fmt::Display for InsertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InsertError::Broken(says) => write!(f, "the file has errors: {says}"),
            InsertError::Taken(name) => write!(f, "there is a variant `{}` already", crate::trace::visible(name)),
            InsertError::Full => write!(f, "a scenario has at most {MAX_VARIANTS} variants"),
            InsertError::Unfit(says) => write!(f, "the variant does not fit into the file: {says}"),
        }
    }
}

impl std::error::Error for InsertError {}

/// The file's text with the variant as the last of its variants. The new text was read again and has no errors.
///
/// # Errors
/// Where the file has errors, has the variant already, or would have errors with it.
pub fn insert(file: &str, draft: &Draft<'_>) -> Result<String, InsertError> {
    let source = super::read(file).map_err(|errors| InsertError::Broken(errors.brief()))?;
    if source.variants().iter().any(|variant| variant.name.value == draft.name) {
        return Err(InsertError::Taken(draft.name.to_owned()));
    }
    if source.variants().len() >= MAX_VARIANTS {
        return Err(InsertError::Full);
    }
    // Places in the source do not count a byte-order mark.
    let mark = file.len() - source.text().len();
    let mut out = file.to_owned();
    for (at, text) in Page::of(&source).pieces(&source, draft).into_iter().rev() {
        out.insert_str(mark + at, &text);
    }
    match super::read(&out).and_then(|read| read.select(Some(draft.name))) {
        Ok(_) => Ok(out),
        Err(errors) => Err(InsertError::Unfit(errors.brief())),
    }
}

/// How the file is written.
struct Page<'a> {
    text: &'a str,
    /// How its lines end.
    end: &'static str,
    /// One step of indentation.
    step: String,
}

impl<'a> Page<'a> {
    fn of(source: &'a Source) -> Page<'a> {
        let text = source.text();
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let first = source.root().args().iter().find_map(|arg| own_line(text, arg.at().start));
        let step = first.filter(|blank| !blank.is_empty()).unwrap_or("    ").to_owned();
        Page { text, end, step }
    }

    /// What is put where, in the order of the places.
    fn pieces(&self, source: &Source, draft: &Draft<'_>) -> Vec<(usize, String)> {
        let root = source.root();
        match root.field("variants") {
            Some(list) => {
                let last = list.elements().last().map(|node| node.at);
                let close = list.at.end - 1;
                let around = self.indent_at(close);
                self.last_of(list, last, |depth| self.entry(draft, depth), around)
            }
            None => {
                let last = root.args().last().map(|arg| arg.at());
                let around = self.indent_at(root.at.end - 1);
                let field = |depth: &str| format!("variants: [{}]", self.entry(draft, depth));
                self.last_of(root, last, field, around)
            }
        }
    }

    /// Pieces that put `item` behind the last item between the brackets of a node.
    fn last_of(
        &self,
        node: &Node,
        last: Option<Extent>,
        item: impl Fn(&str) -> String,
        around: &str,
    ) -> Vec<(usize, String)> {
        let close = node.at.end - 1;
        let mut pieces = Vec::new();
        let comma = last.is_none_or(|last| self.has_comma(last.end));
        if let (Some(last), false) = (last, comma) {
            pieces.push((last.end, ",".to_owned()));
        }
        match own_line(self.text, close) {
            // The bracket stands on a line of its own: so does the item, as deep as its neighbour.
            Some(blank) => {
                let deeper = format!("{blank}{}", self.step);
                let depth = last.and_then(|last| own_line(self.text, last.start)).map_or(deeper, str::to_owned);
                pieces.push((close - blank.len(), format!("{depth}{},{}", item(&depth), self.end)));
            }
            None => {
                let space = if last.is_none() || self.text[..close].ends_with([' ', '\t']) { "" } else { " " };
                pieces.push((close, format!("{space}{}", item(around))));
            }
        }
        pieces
    }

    /// The variant as a struct over several lines; its closing bracket is as deep as `depth`.
    fn entry(&self, draft: &Draft<'_>, depth: &str) -> String {
        let Page { end, step, .. } = self;
        let mut lines = vec![format!("name: {}", quoted(draft.name))];
        if !draft.about.is_empty() {
            lines.push(format!("about: {}", quoted(draft.about)));
        }
        let changes: Vec<String> = draft.changes.iter().map(Change::text).collect();
        match &changes[..] {
            [one] => lines.push(format!("change: [{one}]")),
            many => {
                let rows: String = many.iter().map(|one| format!("{end}{depth}{step}{step}{one},")).collect();
                lines.push(format!("change: [{rows}{end}{depth}{step}]"));
            }
        }
        if !draft.expect.is_empty() {
            lines.push(format!("expect: [{}]", draft.expect.join(", ")));
        }
        let rows: String = lines.iter().map(|line| format!("{end}{depth}{step}{line},")).collect();
        format!("({rows}{end}{depth})")
    }

    /// Whether the next thing that is no comment is a comma.
    fn has_comma(&self, at: usize) -> bool {
        Lexer::new(&self.text[at..]).next(&mut Sink::default()).0 == Token::Comma
    }

    /// The white space that the line of a byte begins with.
    fn indent_at(&self, at: usize) -> &'a str {
        let line = &self.text[line_start(self.text, at)..];
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |i| i + 1)
}

/// What stands before a byte on its line, if that is white space alone and there is a line before.
fn own_line(text: &str, at: usize) -> Option<&str> {
    let start = line_start(text, at);
    let before = &text[start..at];
    (start > 0 && before.bytes().all(|b| b == b' ' || b == b'\t')).then_some(before)
}

impl Change {
    /// The change as it stands in a variant: `set("consumers.biller.prefetch", 1)`.
    pub fn text(&self) -> String {
        let value = self.value.as_ref().map_or_else(String::new, |value| format!(", {}", print_line(value)));
        format!("{}({}{value})", self.kind.word(), quoted(&self.path.value))
    }
}

#[cfg(test)]
#[path = "insert_tests.rs"]
mod tests;
