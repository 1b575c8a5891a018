//! The grammar: tokens to a tree. Goes on after an error at the next comma or closing bracket, so that a file's errors
//! are reported together.
//!
//! Not the meaning of the words.

use super::diagnostics::{Code, Diagnostic, Extent, Sink, Spanned};
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

/// Reads a text. Where something was wrong, errors are in the sink and the tree holds what could be understood.
pub fn parse(text: &str, sink: &mut Sink) -> Option<Node> {
    if text.len() > MAX_BYTES {
        sink.push(too_large(text.len() as u64));
        return None;
    }
    if let Some(zero) = text.find('\0') {
        let at = Extent { start: zero, end: zero + 1 };
        sink.push(Diagnostic::new(Code::NotText, "this is not a text file", at, "a zero byte"));
        return None;
    }
    let mut parser = Parser {
        lexer: Lexer::new(text),
        next: (Token::End, Extent::default()),
        last: Extent::default(),
        open: Vec::new(),
        gone: false,
    };
    parser.advance(sink);
    if parser.next.0 == Token::End {
        let here = Extent::default();
        if sink.is_empty() {
            let empty = Diagnostic::new(Code::Empty, "the file is empty", here, "a scenario should stand here");
            sink.push(empty.help("`mqlab new` writes one to begin with"));
        }
        return None;
    }
    let node = parser.value(sink);
    if node.is_some() && !parser.gone && parser.next.0 != Token::End {
        let title = format!("{} stands behind the end of the scenario", parser.next.0.says());
        sink.push(Diagnostic::new(Code::Trailing, title, parser.next.1, "not expected"));
    }
    node
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    next: (Token, Extent),
    /// Where the token before the next one stands.
    last: Extent,
    open: Vec<(u8, Extent)>,
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

impl Parser<'_> {
    fn advance(&mut self, sink: &mut Sink) -> (Token, Extent) {
        self.last = self.next.1;
        let next = self.lexer.next(sink);
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
        let (Token::Open(open), at) = self.advance(sink) else { return None };
        if self.open.len() >= MAX_DEPTH {
            let title = format!("brackets are nested more than {MAX_DEPTH} deep");
            sink.push(Diagnostic::new(Code::TooDeep, title, at, "one too many"));
            self.gone = true;
            return None;
        }
        self.open.push((open, at));
        let mut items = Vec::new();
        while !self.gone && !self.at_end(open, at, sink) {
            match item(self, sink) {
                Some(item) => {
                    items.push(item);
                    self.separator(sink);
                }
                None => self.resynchronise(sink),
            }
        }
        self.open.pop();
        Some(items)
    }

    /// Whether the bracket closes here, in one way or another.
    fn at_end(&mut self, open: u8, at: Extent, sink: &mut Sink) -> bool {
        let shown = |b: u8| format!("`{}`", char::from(b));
        match self.next.0 {
            Token::Close(close) if close == closing(open) => {
                self.advance(sink);
                true
            }
            Token::Close(close) => {
                let title = format!("expected {}, found {}", shown(closing(open)), shown(close));
                let wrong = Diagnostic::new(Code::Mismatched, title, self.next.1, "does not fit");
                sink.push(wrong.label(at, "opened here"));
                // One that closes an outer bracket is left for that.
                let outer = self.open.iter().rev().skip(1).any(|(open, _)| closing(*open) == close);
                if !outer {
                    self.advance(sink);
                }
                true
            }
            Token::End => {
                let open_end = |d: &Diagnostic| matches!(d.code, Code::OpenComment | Code::OpenText);
                if !self.gone && !sink.list.iter().any(open_end) {
                    let title = format!("{} is never closed", shown(open));
                    let end = Diagnostic::new(Code::Unclosed, title, at, "opened here");
                    let end = end.label(self.next.1, format!("the file ends without {}", shown(closing(open))));
                    sink.push(end);
                }
                self.gone = true;
                true
            }
            _ => false,
        }
    }

    fn separator(&mut self, sink: &mut Sink) {
        match self.next.0 {
            Token::Comma => {
                self.advance(sink);
            }
            Token::Close(_) | Token::End => {}
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
