//! Figures in texts: `{lost}` or `{rows(invoices)}` stands for what the run gave, so that no text of a lesson holds a
//! number that somebody typed.
//!
//! Not expectations; a figure asks, and expects nothing. Whether its names are known is for whoever has the scenario.

use super::{Count, Expectation, Findings, Takes, Word};
use std::fmt;

/// A word of the verdict as a question to a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Figure {
    /// What is counted.
    pub what: Word,
    /// What it is narrowed to.
    pub of: Option<String>,
    /// The key of the row, where it is one.
    pub key: Option<String>,
}

/// Why a text's figures cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FigureError {
    /// A brace that is never closed, or closed without having been opened.
    Brace,
    /// What stands between braces is no word of the verdict; the nearest one, if any is near.
    Unknown(String, Option<&'static str>),
    /// The word needs a name, such as `rows(invoices)`.
    NeedsName(Word),
    /// The word takes no name.
    TakesNoName(Word),
    /// The word needs a table and the key of a row, such as `sum(balances, ann)`.
    NeedsKey(Word),
    /// The word takes one name alone.
    TakesNoKey(Word),
}

impl fmt::Display for FigureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FigureError::Brace => f.write_str("a brace that stands alone: `{` opens a figure and `}` closes it"),
            FigureError::Unknown(text, near) => {
                write!(f, "`{{{}}}` is not a figure of a run", crate::ids::visible(text))?;
                near.map_or(Ok(()), |near| write!(f, "; did you mean `{{{near}}}`?"))
            }
            FigureError::NeedsName(word) => {
                write!(f, "`{0}` needs a name here, such as `{{{0}(name)}}`", word.name())
            }
            FigureError::TakesNoName(word) => write!(f, "`{}` takes no name", word.name()),
            FigureError::NeedsKey(word) => {
                write!(f, "`{0}` needs a table and the key of a row here, such as `{{{0}(table, key)}}`", word.name())
            }
            FigureError::TakesNoKey(word) => write!(f, "`{}` takes one name alone", word.name()),
        }
    }
}

impl std::error::Error for FigureError {}

impl fmt::Display for Figure {
    /// As it stands in a text, without the braces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.of {
            Some(of) if let Some(key) = &self.key => write!(f, "{}({of}, {key})", self.what.name()),
            Some(of) => write!(f, "{}({of})", self.what.name()),
            None => f.write_str(self.what.name()),
        }
    }
}

impl Figure {
    /// Reads `lost` or `rows(invoices)`.
    ///
    /// # Errors
    /// Where it is no word of the verdict, or a name stands where none can or lacks where one must.
    pub fn read(text: &str) -> Result<Figure, FigureError> {
        let (word, of) = match text.split_once('(') {
            Some((word, rest)) => (word, Some(rest.strip_suffix(')').unwrap_or(rest))),
            None => (text, None),
        };
        let Some(what) = Word::from_name(word.trim()) else {
            let near = Word::ALL.iter().map(|known| known.name());
            let near = near.filter(|known| strsim::jaro_winkler(known, word) > 0.8);
            let near = near.max_by(|a, b| strsim::jaro_winkler(a, word).total_cmp(&strsim::jaro_winkler(b, word)));
            return Err(FigureError::Unknown(text.to_owned(), near));
        };
        let (of, key) = match of.and_then(|of| of.split_once(',')).filter(|_| matches!(what.takes(), Takes::ValueOf(_)))
        {
            Some((of, key)) => (Some(of), Some(key.trim().to_owned())),
            None => (of, None),
        };
        let figure = Figure { what, of: of.map(|of| of.trim().to_owned()), key };
        figure.check().map(|()| figure)
    }

    /// Whether a name stands where one must, and none where none can.
    ///
    /// # Errors
    /// Where it does not.
    pub fn check(&self) -> Result<(), FigureError> {
        match (self.what.takes(), &self.of) {
            (Takes::ValueOf(_), Some(_)) if self.key.is_some() => Ok(()),
            (Takes::ValueOf(_), _) => Err(FigureError::NeedsKey(self.what)),
            _ if self.key.is_some() => Err(FigureError::TakesNoKey(self.what)),
            (Takes::CountOf(_), None) => Err(FigureError::NeedsName(self.what)),
            (Takes::Name(_), None) if self.what != Word::Ended => Err(FigureError::NeedsName(self.what)),
            (Takes::Truth, Some(_)) => Err(FigureError::TakesNoName(self.what)),
            (Takes::Name(_), Some(_)) if self.what == Word::Ended => Err(FigureError::TakesNoName(self.what)),
            _ => Ok(()),
        }
    }

    /// What the run gave: a number, `held` or `broken` for a guarantee, a word for how it ended.
    pub fn value(&self, findings: &Findings) -> String {
        if self.what == Word::Ended {
            return findings.ended.map_or("not ended", |end| end.word()).to_owned();
        }
        let (what, of, key) = (self.what, self.of.clone(), self.key.clone());
        let asked = Expectation { what, of, key, count: Count::Exactly(0), ids: None };
        if let Takes::TimeMayOf(_) | Takes::ValueOf(_) = what.takes() {
            return asked.figure(findings);
        }
        let count = asked.count_in(findings);
        match self.what.takes() {
            Takes::Truth if count == 0 => "held".to_owned(),
            Takes::Truth => "broken".to_owned(),
            _ => count.to_string(),
        }
    }
}

/// A piece of a text.
enum Piece<'a> {
    Plain(&'a str),
    Brace(&'static str),
    Figure(Figure),
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, FigureError> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find(['{', '}']) {
        let (plain, from) = rest.split_at(at);
        found.push(Piece::Plain(plain));
        rest = if let Some(behind) = from.strip_prefix("{{") {
            found.push(Piece::Brace("{"));
            behind
        } else if let Some(behind) = from.strip_prefix("}}") {
            found.push(Piece::Brace("}"));
            behind
        } else {
            let inner = from.strip_prefix('{').ok_or(FigureError::Brace)?;
            let (figure, behind) = inner.split_once('}').ok_or(FigureError::Brace)?;
            found.push(Piece::Figure(Figure::read(figure)?));
            behind
        };
    }
    found.push(Piece::Plain(rest));
    Ok(found)
}

/// The figures of a text, in their order.
///
/// # Errors
/// Where a brace stands alone, or what stands between braces is no figure.
pub fn figures(text: &str) -> Result<Vec<Figure>, FigureError> {
    let figure = |piece| match piece {
        Piece::Figure(figure) => Some(figure),
        _ => None,
    };
    Ok(pieces(text)?.into_iter().filter_map(figure).collect())
}

/// A text with what a run gave in place of its figures. A text whose figures cannot be read stays as it is.
pub fn fill(text: &str, findings: &Findings) -> String {
    let Ok(pieces) = pieces(text) else { return text.to_owned() };
    let filled = |piece| match piece {
        Piece::Plain(plain) => plain.to_owned(),
        Piece::Brace(brace) => brace.to_owned(),
        Piece::Figure(figure) => figure.value(findings),
    };
    pieces.into_iter().map(filled).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Ids, Sum, TableView};
    use super::*;

    #[test]
    fn a_figure_stands_for_what_the_run_gave() {
        let sum = Sum { key: "ann".into(), value: -40 };
        let rows = Ids { count: 4, ..Ids::default() };
        let findings = Findings {
            tables: vec![TableView { name: "invoices".into(), rows, sums: vec![sum] }],
            ..Findings::default()
        };
        let text = "{rows(invoices)} rows, {lost} lost, {{braces}}, once: {at_most_once}, {sum(invoices, ann)} {took}";
        assert_eq!(fill(text, &findings), "4 rows, 0 lost, {braces}, once: held, -40 never");
        assert_eq!(
            figures(text).unwrap().iter().map(Figure::to_string).collect::<Vec<_>>(),
            ["rows(invoices)", "lost", "at_most_once", "sum(invoices, ann)", "took"]
        );
    }

    #[test]
    fn what_is_no_figure_is_refused_with_the_nearest_word() {
        let says = |text: &str| figures(text).unwrap_err().to_string();
        assert_eq!(says("{losst}"), "`{losst}` is not a figure of a run; did you mean `{lost}`?");
        assert_eq!(says("{rows}"), "`rows` needs a name here, such as `{rows(name)}`");
        assert_eq!(says("{fifo(x)}"), "`fifo` takes no name");
        assert_eq!(
            says("{sum(balances)}"),
            "`sum` needs a table and the key of a row here, such as `{sum(table, key)}`"
        );
        for text in ["{lost", "lost}", "{"] {
            assert_eq!(figures(text), Err(FigureError::Brace), "{text}");
        }
    }
}
