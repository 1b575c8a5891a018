//! Lines of styled text, and a line of cells to draw on.

use crate::ids::EventId;
use unicode_width::UnicodeWidthChar;

/// What a piece of text is, so that it can be coloured. No two meanings differ by style alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Style {
    /// Ordinary text.
    Plain,
    /// Gutter, legend, what was left out.
    Dim,
    /// A lane's name.
    Name,
    /// A lane's line.
    Lane,
    /// An arrow and its label.
    Arrow,
    /// A frame that was lost; what is gone.
    Bad,
    /// Twice or again.
    Repeat,
    /// Done, confirmed, durable.
    Good,
    /// A write or a sync.
    Disk,
    /// The end or return of a process.
    Process,
    /// A fault, a broken connection.
    Fault,
    /// What the lesson says.
    Caption,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// What it is.
    pub style: Style,
    /// Its text, without line breaks.
    pub text: String,
}

/// A line without trailing blanks.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Line {
    /// The first event of the row it belongs to.
    pub event: Option<EventId>,
    /// Its pieces from left to right.
    pub spans: Vec<Span>,
}

impl Line {
    /// A line in one style.
    pub fn of(style: Style, text: String) -> Line {
        Line { event: None, spans: vec![Span { style, text }] }
    }
    /// Its text.
    pub fn plain(&self) -> String {
        self.spans.iter().map(|s| s.text.as_str()).collect()
    }
}

/// Lines from top to bottom.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Page {
    /// The lines.
    pub lines: Vec<Line>,
}

impl Page {
    /// The text without styles, each line ended by a line feed.
    pub fn plain(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            text.push_str(line.plain().trim_end());
            text.push('\n');
        }
        text
    }
}

/// One line of cells. A wide character takes two, the second of them empty.
pub(super) struct Canvas {
    cells: Vec<(String, Style)>,
}

impl Canvas {
    pub(super) fn new(width: usize) -> Canvas {
        Canvas { cells: vec![(" ".into(), Style::Plain); width] }
    }

    /// Writes from column `x` on and never into column `limit`; gives the column behind the text.
    pub(super) fn put(&mut self, x: usize, text: &str, style: Style, limit: usize) -> usize {
        let limit = limit.min(self.cells.len());
        let mut at = x;
        for c in text.chars() {
            let wide = c.width().unwrap_or(0);
            if wide == 0 {
                if at > x {
                    self.cells[at - 1].0.push(c);
                }
                continue;
            }
            if at + wide > limit {
                break;
            }
            for n in at..at + wide {
                self.clear(n);
                self.cells[n] = (String::new(), style);
            }
            self.cells[at].0.push(c);
            at += wide;
        }
        at
    }

    /// Makes both halves of a wide character blank before one of them is overwritten.
    fn clear(&mut self, x: usize) {
        if self.cells[x].0.is_empty() && x > 0 {
            self.cells[x - 1].0 = " ".into();
        }
        if let Some(next) = self.cells.get_mut(x + 1).filter(|n| n.0.is_empty()) {
            next.0 = " ".into();
        }
    }

    pub(super) fn line(self, event: Option<EventId>) -> Line {
        let mut spans: Vec<Span> = Vec::new();
        for (text, style) in self.cells {
            let blank = text == " ";
            match spans.last_mut() {
                Some(span) if span.style == style || blank => span.text.push_str(&text),
                _ => spans.push(Span { style, text }),
            }
        }
        while let Some(last) = spans.last_mut() {
            last.text.truncate(last.text.trim_end().len());
            if !last.text.is_empty() {
                break;
            }
            spans.pop();
        }
        Line { event, spans }
    }
}
