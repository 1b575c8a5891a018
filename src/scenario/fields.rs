//! Small decoders over the tree: a struct's fields, a word's arguments, texts, numbers, quantities, names.
//!
//! Each gives `None` after having put an error in the sink. What a field means is the schema's business.

use super::diagnostics::{Code, Diagnostic, Extent, Sink, Spanned, visible};
use super::tree::{Arg, Call, Node, Value};
use crate::ids::{is_hidden, nearest};
use crate::units::{ParseUnitError, Ratio, Span, parse_size, parse_span};

/// The longest name in bytes.
pub const MAX_NAME: usize = 255;
/// The largest count of anything.
pub const MAX_COUNT: i64 = 10_000_000;
/// The longest duration.
pub const MAX_SPAN: Span = Span::secs(30 * 24 * 3600);
/// The largest message in bytes.
pub const MAX_SIZE: u64 = 128 << 20;

/// Decodes a node, or reports why it cannot.
pub type Decode<T> = fn(&Node, &mut Sink) -> Option<T>;

/// The arguments of a call while they are being decoded.
pub struct Fields<'n, 's> {
    /// What it is, for errors: `a producer`.
    what: &'static str,
    head: Extent,
    end: Extent,
    args: &'n [Arg],
    used: Vec<bool>,
    known: Vec<&'static str>,
    given: Vec<&'static str>,
    /// Names of what must stand there and does not, and whether it may stand without its name.
    missing: Vec<(&'static str, bool)>,
    /// Whether it is not what it should be, which has been reported: then nothing is said to be missing from it.
    unread: bool,
    sink: &'s mut Sink,
}

/// Fields whose names are slips of the pen, under the names that were meant. They have been reported; what is in them can
/// be decoded all the same.
#[derive(Default)]
pub struct Meant<'n>(Vec<(&'static str, &'n Node)>);

impl<'n> Meant<'n> {
    /// Whether no name is misspelt.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// The field that was meant to have this name.
    pub fn node(&self, name: &str) -> Option<&'n Node> {
        self.0.iter().find(|(meant, _)| *meant == name).map(|(_, node)| *node)
    }
    /// Decodes what was meant to be a list of this name into `into`.
    pub fn list<T>(&self, name: &str, into: &mut Vec<T>, decode: Decode<T>, sink: &mut Sink) {
        into.extend(self.node(name).and_then(|node| list(node, decode, sink)).unwrap_or_default());
    }
}

impl<'n, 's> Fields<'n, 's> {
    /// The fields of a struct without a word: `(name: "shop")`. Anything else is reported, and has no fields.
    pub fn of_struct(node: &'n Node, what: &'static str, sink: &'s mut Sink) -> Fields<'n, 's> {
        let is_struct = matches!(&node.value, Value::Call(Call { word: None, args: Some(_) }));
        if !is_struct {
            wrong_type(node, &format!("{what} as `(…)`"), sink);
        }
        Fields { unread: !is_struct, ..Fields::of_call(node, what, sink) }
    }

    /// The arguments of a call, whatever its word.
    pub fn of_call(node: &'n Node, what: &'static str, sink: &'s mut Sink) -> Fields<'n, 's> {
        let args = node.args();
        let end = Extent { start: node.at.end.saturating_sub(1).max(node.at.start), end: node.at.end };
        let used = vec![false; args.len()];
        Fields {
            what,
            head: node.head(),
            end,
            args,
            used,
            known: Vec::new(),
            given: Vec::new(),
            missing: Vec::new(),
            unread: !matches!(node.value, Value::Call(_)),
            sink,
        }
    }

    fn take(&mut self, name: &'static str) -> Option<&'n Node> {
        self.known.push(name);
        let at = self.args.iter().position(|arg| arg.is(name))?;
        self.used[at] = true;
        self.given.push(name);
        Some(&self.args[at].value)
    }

    /// Whether a field stands there, however it reads.
    pub fn gives(&self, name: &str) -> bool {
        self.args.iter().any(|arg| arg.is(name))
    }

    /// The node of a field that may be missing.
    pub fn node(&mut self, name: &'static str) -> Option<&'n Node> {
        self.take(name)
    }

    /// A field that may be missing.
    pub fn optional<T>(&mut self, name: &'static str, decode: impl FnOnce(&Node, &mut Sink) -> Option<T>) -> Option<T> {
        let node = self.take(name)?;
        decode(node, self.sink)
    }

    /// A field with a default.
    pub fn or<T>(&mut self, name: &'static str, default: T, decode: impl FnOnce(&Node, &mut Sink) -> Option<T>) -> T {
        self.optional(name, decode).unwrap_or(default)
    }

    /// A list that is empty where it is missing. Elements that cannot be decoded are left out.
    pub fn list<T>(&mut self, name: &'static str, decode: Decode<T>) -> Vec<T> {
        self.or(name, Vec::new(), |node, sink| list(node, decode, sink))
    }

    /// A field that must stand there.
    pub fn required<T>(&mut self, name: &'static str, decode: impl FnOnce(&Node, &mut Sink) -> Option<T>) -> Option<T> {
        match self.take(name) {
            Some(node) => decode(node, self.sink),
            None => {
                self.missing.push((name, false));
                None
            }
        }
    }

    /// An argument that stands first without a name, or anywhere with one.
    pub fn first<T>(&mut self, name: &'static str, decode: impl FnOnce(&Node, &mut Sink) -> Option<T>) -> Option<T> {
        match self.take_first(name) {
            Some(node) => decode(node, self.sink),
            None => {
                self.missing.push((name, true));
                None
            }
        }
    }

    /// A name that must stand there; where it does not, one that is not read.
    pub fn name(&mut self, field: &'static str) -> Spanned<String> {
        let head = self.head;
        self.required(field, name).unwrap_or_else(|| Spanned::unread(head))
    }

    /// A name that stands first without a name of its own, or anywhere with one.
    pub fn first_name(&mut self, field: &'static str) -> Spanned<String> {
        let head = self.head;
        self.first(field, name).unwrap_or_else(|| Spanned::unread(head))
    }

    /// Two names that must stand there.
    pub fn pair(&mut self, field: &'static str) -> (Spanned<String>, Spanned<String>) {
        let head = self.head;
        let pair = self.required(field, |node, sink| Some(pair(node, sink)));
        pair.unwrap_or_else(|| (Spanned::unread(head), Spanned::unread(head)))
    }

    /// Whether a field stands there that is called none of these, so that it may be one of them misspelt.
    pub fn has_others(&self, names: &[&str]) -> bool {
        self.args.iter().filter_map(|arg| arg.name.as_ref()).any(|name| !names.contains(&name.value.as_str()))
    }

    /// Whether it is not what it should be, so that nothing can be known of it.
    pub fn is_unread(&self) -> bool {
        self.unread
    }

    /// An argument that must stand there without a name; how the whole may look is shown where it does not.
    pub fn bare<T>(&mut self, example: &str, decode: impl FnOnce(&Node, &mut Sink) -> Option<T>) -> Option<T> {
        let at = self.args.iter().zip(&self.used).position(|(arg, used)| arg.name.is_none() && !used);
        let Some(at) = at else {
            let title = format!("{} needs an argument", self.what);
            let bad = Diagnostic::new(Code::MissingField, title, self.head, "without one");
            self.sink.push(bad.help(format!("for example `{example}`")));
            return None;
        };
        self.used[at] = true;
        decode(&self.args[at].value, self.sink)
    }

    /// The argument with this name, else the next one without a name.
    pub fn take_first(&mut self, name: &'static str) -> Option<&'n Node> {
        if let Some(node) = self.take(name) {
            return Some(node);
        }
        let at = self.args.iter().zip(&self.used).position(|(arg, used)| arg.name.is_none() && !used)?;
        self.used[at] = true;
        self.given.push(name);
        Some(&self.args[at].value)
    }

    /// Where errors go.
    pub fn sink(&mut self) -> &mut Sink {
        self.sink
    }

    /// Reports what is unknown, stands twice or is missing; gives what only has its name misspelt.
    pub fn finish(self) -> Meant<'n> {
        let Fields { what, head, end, args, used, known, given, missing, unread, sink } = self;
        let mut meant = Meant::default();
        #[cfg(test)]
        sink.seen.entry(what).or_default().extend(&known);
        let open: Vec<&str> = known.iter().copied().filter(|name| !given.contains(name)).collect();
        for (i, arg) in args.iter().enumerate().filter(|(i, _)| !used[*i]) {
            if sink.is_full() {
                return meant;
            }
            let Some(name) = &arg.name else {
                let title = format!("{what} does not take this argument");
                let bad = Diagnostic::new(Code::Arguments, title, arg.value.at, "one too many, or without its name");
                sink.push(bad.suggest("", open.iter().copied()));
                continue;
            };
            let before = args[..i].iter().find(|earlier| earlier.is(&name.value)).and_then(|arg| arg.name.as_ref());
            if let Some(before) = before {
                let title = format!("`{}` stands twice", name.value);
                let bad = Diagnostic::new(Code::DuplicateField, title, name.at, "again here");
                sink.push(bad.label(before.at, "first here"));
                continue;
            }
            let title = format!("{what} has no field `{}`", visible(&name.value));
            let bad = Diagnostic::new(Code::UnknownField, title, name.at, "unknown field");
            let near = nearest(&name.value, known.iter().copied());
            meant.0.extend(open.iter().find(|field| near == Some(**field)).map(|field| (*field, &arg.value)));
            let there = args.iter().find(|arg| arg.name() == near).and_then(|arg| arg.name.as_ref());
            sink.push(match (near, there) {
                (None, _) => bad.suggest(&name.value, open.iter().copied()),
                (Some(_), None) => bad.suggest(&name.value, known.iter().copied()),
                (Some(near), Some(there)) => {
                    let bad = bad.suggest(&name.value, known.iter().copied());
                    bad.label(there.at, format!("`{near}` stands here"))
                }
            });
        }
        // What is there under a misspelt name is not missing.
        for (name, bare) in missing.into_iter().filter(|(name, _)| !unread && meant.node(name).is_none()) {
            let title = format!("{what} needs `{name}`");
            let bad = Diagnostic::new(Code::MissingField, title, end, format!("`{name}` is missing"));
            let how = if bare {
                format!("add it, with or without its name: `{name}: …`")
            } else {
                format!("add `{name}: …`")
            };
            sink.push(bad.label(head, "").help(how));
        }
        meant
    }
}

/// A word that is one of several, with its arguments, if any. Of one that is misspelt, which is reported, the one that
/// was meant.
pub fn word<'k>(node: &Node, what: &str, known: &[&'k str], sink: &mut Sink) -> Option<&'k str> {
    let of = |text: &str| known.iter().copied().find(|word| *word == text);
    let Value::Call(Call { word: Some(word), .. }) = &node.value else {
        let words = known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let quoted = node.text().and_then(of);
        let bad = mismatch(node, &format!("{what}: {words}"));
        sink.push(match quoted {
            Some(text) => bad.help(format!("write `{text}` without quotes")),
            None => bad,
        });
        return quoted;
    };
    if let Some(found) = of(&word.value) {
        return Some(found);
    }
    let title = format!("`{}` is not {what}", visible(&word.value));
    sink.push(
        Diagnostic::new(Code::UnknownWord, title, word.at, "unknown word").suggest(&word.value, known.iter().copied()),
    );
    nearest(&word.value, known.iter().copied()).and_then(of)
}

/// A word without arguments.
pub fn choice<T: Copy>(node: &Node, what: &str, known: &[(&str, T)], sink: &mut Sink) -> Option<T> {
    let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
    let found = word(node, what, &words, sink)?;
    no_arguments(node, sink);
    known.iter().find(|(word, _)| *word == found).map(|(_, value)| *value)
}

/// Reports arguments of a word that takes none.
pub fn no_arguments(node: &Node, sink: &mut Sink) {
    if let Some(arg) = node.args().first() {
        let title = format!("`{}` takes no arguments", visible(node.word().unwrap_or_default()));
        sink.push(Diagnostic::new(Code::Arguments, title, arg.at(), "not expected"));
    }
}

fn mismatch(node: &Node, needed: &str) -> Diagnostic {
    let found = node.kind();
    Diagnostic::new(Code::WrongType, format!("expected {needed}; found {found}"), node.at, format!("this is {found}"))
}

/// With the advice to leave the quotes out, where what is in them would do.
fn without_quotes(node: &Node, bad: Diagnostic, would_do: fn(&str) -> bool) -> Diagnostic {
    match node.text().filter(|text| would_do(text)) {
        Some(text) => bad.help(format!("write `{text}` without quotes")),
        None => bad,
    }
}

/// Reports a value of the wrong type.
pub fn wrong_type(node: &Node, needed: &str, sink: &mut Sink) {
    sink.push(mismatch(node, needed));
}

/// A list, each element decoded; those that cannot be are left out. What is no list, which is reported, is taken as its
/// only element.
pub fn list<T>(node: &Node, decode: Decode<T>, sink: &mut Sink) -> Option<Vec<T>> {
    let Value::List(nodes) = &node.value else {
        let bad = mismatch(node, "a list");
        let single = matches!(node.value, Value::Call(_) | Value::Text(_));
        sink.push(if single { bad.help("put it in brackets: `[…]`") } else { bad });
        return Some(decode(node, sink).into_iter().collect());
    };
    Some(nodes.iter().filter_map(|node| decode(node, sink)).collect())
}

/// A text.
pub fn text(node: &Node, sink: &mut Sink) -> Option<String> {
    spanned_text(node, sink).map(|text| text.value)
}

/// A text and its place.
pub fn spanned_text(node: &Node, sink: &mut Sink) -> Option<Spanned<String>> {
    match &node.value {
        Value::Text(text) => Some(Spanned::new(text.clone(), node.at)),
        Value::Call(Call { word: Some(word), args: None }) => {
            let quoted = super::printer::quoted(&word.value);
            sink.push(mismatch(node, "a text").help(format!("put it in quotes: {quoted}")));
            None
        }
        _ => {
            wrong_type(node, "a text", sink);
            None
        }
    }
}

/// A name: a text of 1 to 255 bytes without control characters. There is always one; see [`Spanned::unread`].
pub fn name(node: &Node, sink: &mut Sink) -> Option<Spanned<String>> {
    let name = address(node, sink)?;
    if name.value.is_empty() {
        sink.push(Diagnostic::new(Code::BadName, "a name must not be empty", name.at, "empty"));
        return Some(Spanned::unread(node.at));
    }
    Some(name)
}

/// A name that may be empty, such as that of the default exchange.
pub fn address(node: &Node, sink: &mut Sink) -> Option<Spanned<String>> {
    let Some(name) = spanned_text(node, sink) else {
        // A word that only lacks its quotes is the name that was meant.
        let word = node.word().filter(|_| node.args().is_empty());
        return Some(word.map_or_else(|| Spanned::unread(node.at), |word| Spanned::new(word.to_owned(), node.at)));
    };
    let bad = |label: String| {
        Diagnostic::new(Code::BadName, format!("`{}` cannot be a name", visible(&name.value)), name.at, label)
    };
    if let Some(hidden) = name.value.chars().find(|c| is_hidden(*c)) {
        sink.push(bad(format!("holds the control character `{}`", hidden.escape_default())));
        return Some(Spanned::unread(node.at));
    } else if name.value.len() > MAX_NAME {
        sink.push(bad(format!("{} bytes long; a name has at most {MAX_NAME}", name.value.len())));
    }
    // Usable all the same, so that what refers to it is not reported too.
    Some(name)
}

/// A pattern such as `order-{n}`, with at most one placeholder.
pub fn pattern(node: &Node, hole: &str, sink: &mut Sink) -> Option<Spanned<String>> {
    let pattern = name(node, sink).filter(Spanned::is_read)?;
    let mut rest = pattern.value.clone();
    if let Some(at) = rest.find(hole) {
        rest.replace_range(at..at + hole.len(), "");
    }
    if rest.contains(['{', '}']) {
        let title = format!("`{}` is not a pattern", visible(&pattern.value));
        let twice = if rest.contains(hole) { "the placeholder stands twice" } else { "braces that mean nothing" };
        let bad = Diagnostic::new(Code::BadTemplate, title, pattern.at, twice);
        sink.push(bad.help(format!("`{hole}` may stand in it once")));
    }
    Some(pattern)
}

/// `true` or `false`.
pub fn truth(node: &Node, sink: &mut Sink) -> Option<bool> {
    match node.value {
        Value::Bool(truth) => Some(truth),
        _ => {
            sink.push(without_quotes(node, mismatch(node, "`true` or `false`"), |text| text.parse::<bool>().is_ok()));
            None
        }
    }
}

/// A number in a range.
pub fn number(node: &Node, range: std::ops::RangeInclusive<i64>, sink: &mut Sink) -> Option<i64> {
    match node.value {
        Value::Int(number) if range.contains(&number) => Some(number),
        Value::Int(number) => {
            let title = format!("{number} is out of range");
            let label = format!("must be from {} to {}", range.start(), range.end());
            sink.push(Diagnostic::new(Code::OutOfRange, title, node.at, label));
            // A value in the range, so that reading goes on.
            Some(number.clamp(*range.start(), *range.end()))
        }
        _ => {
            sink.push(without_quotes(node, mismatch(node, "a whole number"), |text| text.parse::<i64>().is_ok()));
            None
        }
    }
}

/// A count from 0 to [`MAX_COUNT`].
pub fn count(node: &Node, sink: &mut Sink) -> Option<u32> {
    number(node, 0..=MAX_COUNT, sink).map(|n| n as u32)
}

/// A count from 1 to [`MAX_COUNT`].
pub fn positive(node: &Node, sink: &mut Sink) -> Option<u32> {
    number(node, 1..=MAX_COUNT, sink).map(|n| n as u32)
}

/// The text of a quantity; a bare number is told to bring its unit.
fn quantity<'n>(node: &'n Node, needed: &str, example: &str, sink: &mut Sink) -> Option<&'n str> {
    if let Value::Text(text) = &node.value {
        return Some(text);
    }
    let bad = mismatch(node, needed);
    let bare = matches!(node.value, Value::Int(_) | Value::Float(_));
    sink.push(if bare { bad.help(format!("write it with its unit, in quotes: {example}")) } else { bad });
    None
}

/// Units that are not known, and what to write instead.
const UNITS: [(&[&str], &str); 5] = [
    (&["m", "M"], "`min` is minutes, `ms` is milliseconds"),
    (&["sec", "secs", "second", "seconds", "S"], "seconds are written `s`"),
    (&["msec", "msecs", "millis", "milliseconds", "MS", "Ms"], "milliseconds are written `ms`"),
    (&["mins", "minute", "minutes"], "minutes are written `min`"),
    (&["d", "day", "days", "hr", "hrs", "hour", "hours", "H"], "hours are written `h`; there are no days"),
];

/// A duration of at most 30 days.
pub fn span(node: &Node, sink: &mut Sink) -> Option<Span> {
    let text = quantity(node, "a duration", "\"10ms\"", sink)?;
    let title = format!("`{}` is not a duration that can be used", visible(text));
    match parse_span(text) {
        Ok(span) if span <= MAX_SPAN => Some(span),
        Ok(_) | Err(ParseUnitError::TOO_LARGE) => {
            sink.push(Diagnostic::new(Code::OutOfRange, title, node.at, "longer than 30 days"));
            Some(MAX_SPAN)
        }
        Err(error) => {
            let bad = Diagnostic::new(Code::BadDuration, title, node.at, error.0);
            let unit = text.trim().trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').trim();
            let meant = UNITS.iter().find(|(written, _)| written.contains(&unit)).map(|(_, says)| *says);
            sink.push(bad.help(meant.unwrap_or("for example \"250us\", \"10ms\", \"1.5s\", \"2min\"")));
            None
        }
    }
}

/// A duration above zero.
pub fn some_span(node: &Node, sink: &mut Sink) -> Option<Span> {
    let span = span(node, sink)?;
    if span == Span::ZERO {
        sink.push(Diagnostic::new(Code::OutOfRange, "this duration must be above zero", node.at, "zero"));
    }
    Some(span)
}

/// A size in bytes of at most 128 MiB.
pub fn size(node: &Node, sink: &mut Sink) -> Option<u32> {
    let text = quantity(node, "a size", "\"100B\"", sink)?;
    let title = format!("`{}` is not a size that can be used", visible(text));
    match parse_size(text) {
        Ok(bytes) if bytes <= MAX_SIZE => Some(bytes as u32),
        Ok(_) | Err(ParseUnitError::TOO_LARGE) => {
            sink.push(Diagnostic::new(Code::OutOfRange, title, node.at, "more than 128MiB"));
            None
        }
        Err(error) => {
            sink.push(
                Diagnostic::new(Code::BadSize, title, node.at, error.0).help("for example \"100B\", \"4KiB\", \"1MB\""),
            );
            None
        }
    }
}

/// What a line carries in a second: a size above zero.
pub fn rate(node: &Node, sink: &mut Sink) -> Option<u32> {
    let rate = size(node, sink)?;
    if rate == 0 {
        let bad = Diagnostic::new(Code::OutOfRange, "a line that carries nothing", node.at, "zero");
        sink.push(bad.help("the fault `black_hole` lets nothing through for a while"));
    }
    Some(rate)
}

/// A probability.
pub fn ratio(node: &Node, sink: &mut Sink) -> Option<Ratio> {
    let text = quantity(node, "a probability", "\"1/20\"", sink)?;
    match Ratio::parse(text) {
        Ok(ratio) => Some(ratio),
        Err(error) => {
            let title = format!("`{}` is not a probability", visible(text));
            sink.push(Diagnostic::new(Code::BadProbability, title, node.at, error.0));
            None
        }
    }
}

/// Two names in parentheses: `("shop", "broker")`.
fn pair(node: &Node, sink: &mut Sink) -> (Spanned<String>, Spanned<String>) {
    let one = |node: &Node, sink: &mut Sink| name(node, sink).unwrap_or_else(|| Spanned::unread(node.at));
    match (&node.value, node.args()) {
        (Value::Call(Call { word: None, .. }), [a, b]) if a.name.is_none() && b.name.is_none() => {
            (one(&a.value, sink), one(&b.value, sink))
        }
        _ => {
            wrong_type(node, "two names `(\"a\", \"b\")`", sink);
            (Spanned::unread(node.at), Spanned::unread(node.at))
        }
    }
}
