//! The grammar: tokens to a tree. Goes on after an error at the next comma or closing bracket, so that a file's errors
//! are reported together.
//!
//! Not the meaning of the words.

use super::diagnostics::{Code, Diagnostic, Extent, Label, Sink, Spanned};
use super::lexer::{Lexer, Token};
use super::tree::{Arg, Call, Node, Value};

/// The largest file in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// How deep brackets may be nested.
pub const MAX_DEPTH: usize = 64;

/// The text of a file's bytes; a byte-order mark is left out.
///
/// # Errors
/// Where it is too large, or not UTF-8.
pub fn text_of(bytes: &[u8]) -> Result<&str, Box<Diagnostic>> {
    let here = Extent::default();
    if bytes.len() > MAX_BYTES {
        return Err(Box::new(too_large(bytes.len() as u64)));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count();
            let title = "this is not a text file";
            let label = format!("byte {} (line {line}) is not UTF-8", error.valid_up_to() + 1);
            let bad = Diagnostic::new(Code::NotText, title, here, label);
            let wide = matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
            return Err(Box::new(if wide { bad.help("it looks like UTF-16; save it as UTF-8") } else { bad }));
        }
    };
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The error for a file of so many bytes.
pub fn too_large(bytes: u64) -> Diagnostic {
    let title = format!("the file has {bytes} bytes; a scenario has at most {MAX_BYTES}");
    Diagnostic::new(Code::TooLarge, title, Extent::default(), "not read")
}

/// The error for a text without a token.
fn nothing(text: &str, here: Extent) -> Diagnostic {
    let blank = text.trim().is_empty();
    let title = match (text.is_empty(), blank) {
        (true, _) => "the file is empty",
        (false, true) => "the file holds only white space",
        (false, false) => "the file holds only comments",
    };
    let bad = Diagnostic::new(Code::Empty, title, here, "a scenario should stand here");
    // Then the first comment of a line goes on to the end of the file.
    if !blank && text.contains('\r') && !text.contains('\n') {
        return bad.help("its lines end with a carriage return alone; save it with line feeds");
    }
    bad.help("`mqlab new` writes one to begin with")
}

/// What could be understood of a text.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The tree, if there is one at all.
    pub root: Option<Node>,
    /// Where something of the tree may be missing, or may stand in the wrong bracket.
    pub damage: Vec<Extent>,
}

/// Reads a text. Where something was wrong, errors are in the sink and the tree holds what could be understood.
pub fn parse(text: &str, sink: &mut Sink) -> Option<Node> {
    recover(text, sink).root
}

/// Reads a text, and says where it had to guess. Where brackets do not fit, the indentation of the lines tells which
/// were forgotten and which are too many.
pub fn recover(text: &str, sink: &mut Sink) -> Parsed {
    if text.len() > MAX_BYTES {
        sink.push(too_large(text.len() as u64));
        return Parsed::default();
    }
    if let Some(zero) = text.find('\0') {
        let at = Extent { start: zero, end: zero + 1 };
        sink.push(Diagnostic::new(Code::NotText, "this is not a text file", at, "a zero byte"));
        return Parsed::default();
    }
    let mut plain = Sink::default();
    let mut parsed = Parser::new(text, false).whole(&mut plain);
    let brackets = |d: &Diagnostic| matches!(d.code, Code::Unclosed | Code::Mismatched | Code::Trailing);
    if plain.list.iter().any(brackets) {
        let mut guessed = Sink::default();
        let again = Parser::new(text, true).whole(&mut guessed);
        if !guessed.is_empty() {
            (parsed, plain) = (again, guessed);
        }
    }
    plain.list.into_iter().for_each(|bad| sink.push(bad));
    parsed
}

/// A bracket that is open.
#[derive(Clone, Copy)]
struct Open {
    bracket: u8,
    at: Extent,
    /// How far the line is indented on which it stands.
    indent: usize,
    /// The number of that line.
    line: usize,
}

struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    next: (Token, Extent),
    /// Where the token before the next one stands.
    last: Extent,
    /// The line of the next token, its indentation, and whether the token is the first on it.
    line: usize,
    indent: usize,
    first: bool,
    open: Vec<Open>,
    /// Whether brackets that do not fit are put right by the indentation.
    by_indent: bool,
    damage: Vec<Extent>,
    /// Whether the rest makes no sense any more, and nothing more is to be said.
    gone: bool,
}

fn closing(open: u8) -> u8 {
    match open {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

fn shown(bracket: u8) -> String {
    format!("`{}`", char::from(bracket))
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, by_indent: bool) -> Parser<'a> {
        Parser {
            text,
            lexer: Lexer::new(text),
            next: (Token::End, Extent::default()),
            last: Extent::default(),
            line: 0,
            indent: 0,
            first: true,
            open: Vec::new(),
            by_indent,
            damage: Vec::new(),
            gone: false,
        }
    }

    fn whole(mut self, sink: &mut Sink) -> Parsed {
        self.advance(sink);
        if self.next.0 == Token::End {
            let here = Extent::default();
            if sink.is_empty() {
                sink.push(nothing(self.text, here));
            }
            return Parsed::default();
        }
        let root = self.value(sink);
        // What does not even begin like a scenario is another file, and its end tells nothing.
        let begins = |root: &Node| matches!(&root.value, Value::Call(Call { args: Some(_), .. }));
        if root.as_ref().is_some_and(begins) && !self.gone && self.next.0 != Token::End {
            let title = format!("{} stands behind the end of the scenario", self.next.0.says());
            sink.push(Diagnostic::new(Code::Trailing, title, self.next.1, "not expected"));
            self.damage.push(self.next.1);
        }
        Parsed { root, damage: self.damage }
    }

    fn advance(&mut self, sink: &mut Sink) -> (Token, Extent) {
        self.last = self.next.1;
        let next = self.lexer.next(sink);
        let gap = &self.text[self.last.end..next.1.start];
        self.first = false;
        if let Some(line) = gap.rfind('\n') {
            (self.first, self.line, self.indent) = (true, self.line + 1, gap.len() - line - 1);
        }
        std::mem::replace(&mut self.next, next)
    }

    fn value(&mut self, sink: &mut Sink) -> Option<Node> {
        let (_, at) = self.next;
        let value = match &self.next.0 {
            Token::Int(number) => Value::Int(*number),
            Token::Float(number) => Value::Float(number.clone()),
            Token::Text(text) => Value::Text(text.clone()),
            Token::Word(word) if word == "true" || word == "false" => Value::Bool(word == "true"),
            Token::Word(_) => return self.call(sink),
            Token::Open(b'(') => return self.parenthesised(None, at, sink),
            Token::Open(b'[') => {
                let nodes = self.items(Self::value, sink)?;
                return Some(Node { at: at.to(self.last), value: Value::List(nodes) });
            }
            Token::Open(_) => {
                let rows = self.items(Self::row, sink)?;
                return Some(Node { at: at.to(self.last), value: Value::Map(rows) });
            }
            _ => {
                self.expected("a value", sink);
                return None;
            }
        };
        self.advance(sink);
        Some(Node { at, value })
    }

    fn call(&mut self, sink: &mut Sink) -> Option<Node> {
        let (token, at) = self.advance(sink);
        let Token::Word(word) = token else { return None };
        self.behind_word(Spanned::new(word, at), sink)
    }

    /// A word that was read, and its arguments.
    fn behind_word(&mut self, word: Spanned<String>, sink: &mut Sink) -> Option<Node> {
        let at = word.at;
        if self.next.0 == Token::Open(b'(') {
            return self.parenthesised(Some(word), at, sink);
        }
        Some(Node { at, value: Value::Call(Call { word: Some(word), args: None }) })
    }

    fn parenthesised(&mut self, word: Option<Spanned<String>>, at: Extent, sink: &mut Sink) -> Option<Node> {
        let args = self.items(Self::arg, sink)?;
        Some(Node { at: at.to(self.last), value: Value::Call(Call { word, args: Some(args) }) })
    }

    fn arg(&mut self, sink: &mut Sink) -> Option<Arg> {
        let Token::Word(word) = &self.next.0 else {
            return self.value(sink).map(|value| Arg { name: None, value });
        };
        if word == "true" || word == "false" {
            return self.value(sink).map(|value| Arg { name: None, value });
        }
        let (token, at) = self.advance(sink);
        let Token::Word(word) = token else { return None };
        let name = Spanned::new(word, at);
        match &self.next.0 {
            Token::Colon => {
                self.advance(sink);
            }
            // `name "shop"`: the colon was forgotten.
            Token::Text(_) | Token::Int(_) | Token::Float(_) | Token::Word(_) | Token::Open(b'[' | b'{') => {
                let title = format!("expected `:` behind `{}`", name.value);
                let missing = Diagnostic::new(Code::Expected, title, at.after(), "a colon belongs here");
                sink.push(missing.help("a field is written `name: value`"));
            }
            _ => return self.behind_word(name, sink).map(|value| Arg { name: None, value }),
        }
        let value = self.value(sink)?;
        Some(Arg { name: Some(name), value })
    }

    fn row(&mut self, sink: &mut Sink) -> Option<(Node, Node)> {
        let key = self.value(sink)?;
        if self.next.0 != Token::Colon {
            self.expected("`:` and a value", sink);
            return None;
        }
        self.advance(sink);
        Some((key, self.value(sink)?))
    }

    /// Items between brackets, separated by commas; the opening bracket is the next token.
    fn items<T>(&mut self, item: fn(&mut Self, &mut Sink) -> Option<T>, sink: &mut Sink) -> Option<Vec<T>> {
        let (line, indent) = (self.line, self.indent);
        let (Token::Open(open), at) = self.advance(sink) else { return None };
        if self.open.len() >= MAX_DEPTH {
            let title = format!("brackets are nested more than {MAX_DEPTH} deep");
            sink.push(Diagnostic::new(Code::TooDeep, title, at, "one too many"));
            self.gone = true;
            return None;
        }
        let open = Open { bracket: open, at, indent, line };
        self.open.push(open);
        let mut items = Vec::new();
        while !self.gone && !self.at_end(open, sink) {
            let start = self.next.1.start;
            match item(self, sink) {
                Some(item) => {
                    items.push(item);
                    self.separator(sink);
                }
                None => {
                    self.resynchronise(sink);
                    self.damage.push(Extent { start, end: self.last.end.max(start) });
                }
            }
        }
        self.open.pop();
        Some(items)
    }

    /// Whether the bracket closes here, in one way or another.
    fn at_end(&mut self, open: Open, sink: &mut Sink) -> bool {
        if self.by_indent && self.dedents(open) {
            self.unclosed(open, "this line is not inside any more", sink);
            return true;
        }
        match self.next.0 {
            Token::Close(close) if self.by_indent && self.is_extra(open, close) => {
                let title = format!("one {} too many", shown(close));
                sink.push(Diagnostic::new(Code::Mismatched, title, self.next.1, "closes nothing that is open here"));
                self.damage.push(self.next.1);
                self.advance(sink);
                if self.next.0 == Token::Comma {
                    self.advance(sink);
                }
                self.at_end(open, sink)
            }
            Token::Close(close) if close == closing(open.bracket) => {
                self.advance(sink);
                true
            }
            Token::Close(close) => {
                let title = format!("expected {}, found {}", shown(closing(open.bracket)), shown(close));
                let wrong = Diagnostic::new(Code::Mismatched, title, self.next.1, "does not fit");
                sink.push(wrong.label(open.at, "opened here"));
                self.damage.push(self.next.1);
                // One that closes an outer bracket is left for that.
                let line = self.line;
                let near = |outer: &Open| !self.by_indent || self.first || outer.line == line;
                if !self.open.iter().rev().skip(1).any(|outer| closing(outer.bracket) == close && near(outer)) {
                    self.advance(sink);
                }
                true
            }
            Token::End => {
                if !self.gone {
                    self.unclosed(open, &format!("the file ends without {}", shown(closing(open.bracket))), sink);
                }
                self.gone = true;
                true
            }
            _ => false,
        }
    }

    /// Reports a bracket that is taken to be closed before the next token, unless a text or comment that never ends has
    /// swallowed what closes it.
    fn unclosed(&mut self, open: Open, why: &str, sink: &mut Sink) {
        let here = self.last.after();
        let inner = self.damage.last() == Some(&here);
        self.damage.push(here);
        // One of several that end at the same place stands for all.
        if let Some(bad) = sink.list.last_mut().filter(|bad| inner && bad.code == Code::Unclosed) {
            bad.secondary.push(Label { at: open.at, says: "nor is this".to_owned() });
            return;
        }
        let swallowed = |d: &&Diagnostic| matches!(d.code, Code::OpenComment | Code::OpenText);
        if sink.list.iter().filter(swallowed).any(|d| d.primary.at.start > open.at.start) {
            return;
        }
        let title = format!("{} is never closed", shown(open.bracket));
        let bad = Diagnostic::new(Code::Unclosed, title, open.at, "opened here");
        sink.push(bad.label(self.next.1, why));
    }

    /// Whether the next token begins a line that is not indented as what stands in this bracket must be.
    fn dedents(&self, open: Open) -> bool {
        self.first
            && match self.next.0 {
                Token::End => false,
                Token::Word(_) => self.indent <= open.indent,
                _ => self.indent < open.indent,
            }
    }

    /// Whether a closing bracket closes nothing: on its line nothing is open that it could close, and the line goes on
    /// as if it were not there.
    fn is_extra(&self, open: Open, close: u8) -> bool {
        if self.first {
            return false;
        }
        let fits = close == closing(open.bracket);
        if open.line == self.line {
            // `(a))]`: behind it comes what is expected in its place.
            let behind = self.text[self.next.1.end..].trim_start().bytes().next();
            let outer = self.open.iter().rev().skip(1).any(|o| o.line == self.line && closing(o.bracket) == close);
            return !fits && !outer && behind == Some(closing(open.bracket));
        }
        let last = self.open.len() == 1 && !self.text[self.next.1.end..].trim_start().is_empty();
        open.indent < self.indent && (!fits || last)
    }

    fn separator(&mut self, sink: &mut Sink) {
        match self.next.0 {
            Token::Comma => {
                self.advance(sink);
            }
            Token::Close(_) | Token::End => {}
            // The comma is missing together with the bracket before it.
            _ if self.damage.last() == Some(&self.last.after()) => {}
            _ if self.by_indent && self.open.last().is_some_and(|open| self.dedents(*open)) => {}
            Token::Colon => {
                self.expected("`,`", sink);
                self.resynchronise(sink);
            }
            _ if self.gone => {}
            _ => {
                let title = format!("expected `,`, found {}", self.next.0.says());
                let missing = Diagnostic::new(Code::Expected, title, self.last.after(), "a comma belongs here");
                sink.push(missing.label(self.next.1, ""));
            }
        }
    }

    fn expected(&mut self, what: &str, sink: &mut Sink) {
        if self.gone {
            return;
        }
        // The end of the file is reported by the bracket that it leaves open.
        if self.next.0 == Token::End && !self.open.is_empty() {
            return;
        }
        let title = format!("expected {what}, found {}", self.next.0.says());
        sink.push(Diagnostic::new(Code::Expected, title, self.next.1, format!("{what} belongs here")));
    }

    /// Goes on behind the next comma of this bracket, or at its end.
    fn resynchronise(&mut self, sink: &mut Sink) {
        let mut depth = 0usize;
        loop {
            match self.next.0 {
                Token::End => return,
                Token::Open(_) => depth += 1,
                Token::Close(_) if depth == 0 => return,
                Token::Close(_) => depth -= 1,
                Token::Comma if depth == 0 => {
                    self.advance(sink);
                    return;
                }
                _ => {}
            }
            self.advance(sink);
        }
    }
}
