//! RON's tokens with their places. A malformed token is reported and replaced by something that lets reading go on.
//!
//! Not the grammar; that is in `parser`.

use super::diagnostics::{Code, Diagnostic, Extent, Sink, visible};

/// A token.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token {
    /// `(`, `[` or `{`.
    Open(u8),
    /// `)`, `]` or `}`.
    Close(u8),
    Comma,
    Colon,
    Word(String),
    Text(String),
    Int(i64),
    Float(String),
    End,
}

impl Token {
    /// What it is, in words for an error.
    pub(super) fn says(&self) -> String {
        match self {
            Token::Open(b) | Token::Close(b) => format!("`{}`", char::from(*b)),
            Token::Comma => "`,`".into(),
            Token::Colon => "`:`".into(),
            Token::Word(word) => format!("`{}`", visible(word)),
            Token::Text(_) => "a text".into(),
            Token::Int(_) | Token::Float(_) => "a number".into(),
            Token::End => "the end of the file".into(),
        }
    }
}

pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Lexer<'a> {
        Lexer { text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    /// The next token. Behind the last there is [`Token::End`], again and again.
    pub(super) fn next(&mut self, sink: &mut Sink) -> (Token, Extent) {
        loop {
            self.skip_blank(sink);
            let start = self.at;
            let Some(first) = self.rest().chars().next() else {
                return (Token::End, Extent { start, end: start });
            };
            let token = match first {
                '(' | '[' | '{' => self.single(Token::Open(first as u8)),
                ')' | ']' | '}' => self.single(Token::Close(first as u8)),
                ',' => self.single(Token::Comma),
                ':' => self.single(Token::Colon),
                '"' => self.quoted(sink),
                'r' if self.is_raw() => self.raw(sink),
                '0'..='9' | '+' | '-' => self.number(sink),
                c if c == '_' || c.is_alphabetic() => self.word(),
                c => {
                    self.at += c.len_utf8();
                    sink.push(unexpected(c, Extent { start, end: self.at }));
                    // What was surely meant stands in for it.
                    match c {
                        '=' => Token::Colon,
                        ';' => Token::Comma,
                        _ => continue,
                    }
                }
            };
            return (token, Extent { start, end: self.at });
        }
    }

    fn single(&mut self, token: Token) -> Token {
        self.at += 1;
        token
    }

    fn skip_blank(&mut self, sink: &mut Sink) {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            match (self.byte(0), self.byte(1)) {
                (Some(b'/'), Some(b'/')) => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                (Some(b'/'), Some(b'*')) => self.block_comment(sink),
                _ => return,
            }
        }
    }

    /// Block comments nest, as in Rust.
    fn block_comment(&mut self, sink: &mut Sink) {
        let start = self.at;
        let mut depth = 0usize;
        loop {
            match (self.byte(0), self.byte(1)) {
                (Some(b'/'), Some(b'*')) => (depth, self.at) = (depth + 1, self.at + 2),
                (Some(b'*'), Some(b'/')) => (depth, self.at) = (depth - 1, self.at + 2),
                (Some(_), _) => self.at += 1,
                (None, _) => {
                    let at = Extent { start, end: start + 2 };
                    sink.push(
                        Diagnostic::new(Code::OpenComment, "this comment never ends", at, "begins here")
                            .help("close it with `*/`"),
                    );
                    return;
                }
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn word(&mut self) -> Token {
        let rest = self.rest();
        let end = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
        self.at += end;
        Token::Word(rest[..end].to_owned())
    }

    fn number(&mut self, sink: &mut Sink) -> Token {
        let rest = self.rest();
        let start = self.at;
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '-');
        let end = 1 + rest[1..].find(|c| !is_part(c)).unwrap_or(rest.len() - 1);
        self.at += end;
        let written = &rest[..end];
        let digits: String = written.chars().filter(|c| *c != '_').collect();
        let at = Extent { start, end: self.at };
        match integer(&digits) {
            Some(Ok(number)) => return Token::Int(number),
            Some(Err(())) => {
                let title = format!("`{}` is too large a number", visible(written));
                let label = "beyond 9223372036854775807 in size";
                sink.push(Diagnostic::new(Code::BadNumber, title, at, label));
                return Token::Int(0);
            }
            None => {}
        }
        let float = digits.bytes().any(|b| b == b'.' || b == b'e' || b == b'E');
        if float && digits.parse::<f64>().is_ok_and(f64::is_finite) {
            return Token::Float(written.to_owned());
        }
        let unquoted = written.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit());
        let title = format!("`{}` is not a number", visible(written));
        let bad = Diagnostic::new(Code::BadNumber, title, at, "malformed");
        let quote = unquoted && written.bytes().any(|b| b.is_ascii_alphabetic());
        sink.push(if quote { bad.help(format!("write a duration or size in quotes: \"{written}\"")) } else { bad });
        Token::Int(0)
    }

    /// A text may go over several lines, as in RON. But where what follows its end does not fit there, a quote was
    /// forgotten, and the text is taken to end on the line on which it begins; the same goes where the quotes of a line
    /// do not come in pairs.
    fn quoted(&mut self, sink: &mut Sink) -> Token {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        let mut line = false;
        loop {
            let Some(c) = self.rest().chars().next() else { return self.open_quote(start, sink) };
            let at = self.at;
            self.at += c.len_utf8();
            match c {
                '"' if self.fits_behind_text() => return Token::Text(text),
                '"' if line || self.is_odd(start) => return self.open_quote(start, sink),
                '"' => return Token::Text(text),
                '\\' => match self.escape() {
                    Some(Some(c)) => text.push(c),
                    Some(None) => {}
                    None => {
                        let at = Extent { start: at, end: self.at };
                        let title = format!("`{}` is no escape", visible(&self.text[at.start..at.end]));
                        let help = "known: \\\" \\\\ \\n \\r \\t \\0 \\x41 \\u{20ac}; a backslash itself is \\\\";
                        sink.push(Diagnostic::new(Code::BadEscape, title, at, "").help(help));
                    }
                },
                c => {
                    line |= c == '\n';
                    text.push(c);
                }
            }
        }
    }

    fn fits_behind_text(&self) -> bool {
        let next = self.rest().trim_start().chars().next();
        next.is_none_or(|c| matches!(c, ',' | ')' | ']' | '}' | ':' | '/'))
    }

    /// Whether the quotes from here to the end of the line do not come in pairs. A line that is very long is not looked
    /// at.
    fn is_odd(&self, start: usize) -> bool {
        let bytes = &self.text.as_bytes()[start..];
        let Some(end) = (0..=bytes.len().min(LONG_LINE)).find(|i| bytes.get(*i).is_none_or(|b| *b == b'\n')) else {
            return false;
        };
        let quotes = (0..end).filter(|i| bytes[*i] == b'"' && (*i == 0 || bytes[i - 1] != b'\\'));
        quotes.count() % 2 == 1
    }

    /// A text without its closing quote: it is taken to end on its first line, before what looks like what follows a
    /// text.
    fn open_quote(&mut self, start: usize, sink: &mut Sink) -> Token {
        self.open_text(start, sink);
        let rest = &self.text[start..];
        let line = rest[..rest.find('\n').unwrap_or(rest.len())].trim_end();
        let inner = line.get(1..).unwrap_or("");
        let end = if line.len() > LONG_LINE { None } else { inner.char_indices().find(|(i, _)| follows(&inner[*i..])) };
        let text = &inner[..end.map_or(inner.len(), |(i, _)| i)];
        self.at = start + 1 + text.len();
        Token::Text(text.to_owned())
    }

    /// What an escape stands for; the inner `None` is a line that goes on. The backslash is behind already.
    fn escape(&mut self) -> Option<Option<char>> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(Some(match c {
            '"' | '\\' | '\'' => c,
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            'x' => {
                let hex = self.rest().get(..2)?;
                let value = u8::from_str_radix(hex, 16).ok().filter(|_| !hex.starts_with('+'))?;
                self.at += 2;
                char::from(value)
            }
            'u' => {
                let inner = self.rest().strip_prefix('{')?;
                let hex = &inner[..inner.char_indices().take(7).find(|(_, c)| *c == '}')?.0];
                let value = u32::from_str_radix(hex, 16).ok().filter(|_| !hex.starts_with('+'))?;
                self.at += hex.len() + 2;
                char::from_u32(value)?
            }
            '\n' => {
                let rest = self.rest();
                self.at += rest.len() - rest.trim_start().len();
                return Some(None);
            }
            _ => return None,
        }))
    }

    fn open_text(&self, start: usize, sink: &mut Sink) {
        let at = Extent { start, end: start + 1 };
        let bad = Diagnostic::new(Code::OpenText, "this text never ends", at, "begins here");
        sink.push(bad.help("close it with `\"`"));
    }

    fn is_raw(&self) -> bool {
        self.rest()[1..].trim_start_matches('#').starts_with('"')
    }

    fn raw(&mut self, sink: &mut Sink) -> Token {
        let start = self.at;
        let hashes = self.rest()[1..].bytes().take_while(|b| *b == b'#').count();
        self.at += hashes + 2;
        let end = format!("\"{}", "#".repeat(hashes));
        let inner = self.rest();
        let Some(len) = inner.find(&end) else {
            self.at = self.text.len();
            self.open_text(start, sink);
            return Token::Text(String::new());
        };
        self.at += len + end.len();
        Token::Text(inner[..len].to_owned())
    }
}

/// Lines longer than this in bytes are not searched for a forgotten quote.
const LONG_LINE: usize = 1 << 10;

/// Whether this, the rest of a line, looks like what can stand behind a text: commas and closing brackets, then a field,
/// an element, or nothing.
fn follows(rest: &str) -> bool {
    let behind = rest.trim_start_matches([')', ']', '}']);
    let Some(next) = behind.strip_prefix(',') else { return behind.len() < rest.len() && behind.is_empty() };
    let next = next.trim_start();
    let word = next.trim_start_matches(|c: char| c == '_' || c.is_alphanumeric());
    let field = word.len() < next.len() && word.starts_with(':');
    field || next.is_empty() || next.starts_with(['(', '[', '{', '"', ')', ']', '}']) || next.starts_with("//")
}

/// An integer: decimal, or with `0x`, `0o`, `0b`. `None` if it is written differently, `Err` if it does not fit.
fn integer(digits: &str) -> Option<Result<i64, ()>> {
    let (negative, digits) = match digits.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, digits.strip_prefix('+').unwrap_or(digits)),
    };
    let (radix, digits) = match digits.get(..2) {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let value = i128::from_str_radix(digits, radix).map_err(|_| ());
    Some(value.and_then(|v| i64::try_from(if negative { -v } else { v }).map_err(|_| ())))
}

fn unexpected(c: char, at: Extent) -> Diagnostic {
    let shown: String = visible(&c.to_string());
    let title = format!("unexpected character `{shown}`");
    let bad = Diagnostic::new(Code::UnexpectedCharacter, title, at, "has no meaning here");
    match c {
        '=' => bad.help("a field is written `name: value`"),
        ';' => bad.help("fields and elements are separated by `,`"),
        '\'' | '“' | '”' | '„' | '‘' | '’' | '`' => bad.help("texts stand in double quotes: \"…\""),
        '#' => bad.help("comments begin with `//`"),
        _ => bad,
    }
}
