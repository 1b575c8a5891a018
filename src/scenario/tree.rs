//! The syntax tree of a scenario file: RON's values with the place in the source where each stands.
//!
//! Not the meaning of the words. A tree of its own rather than `ron`'s, because the language mixes arguments with and
//! without names (`duplicated(1, ids: ["order-2"])`), reports all errors of a file at once, each with its exact place,
//! notices a key that stands twice, and lets a variant change a part before anything is given a meaning. What is
//! printed without such mixed arguments `ron` reads too.

use super::diagnostics::{Extent, Spanned};

/// A value and where it stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// Where.
    pub at: Extent,
    /// What.
    pub value: Value,
}

/// RON's values.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// An integer.
    Int(i64),
    /// A number with a point or an exponent, as it is written.
    Float(String),
    /// `true` or `false`.
    Bool(bool),
    /// A text.
    Text(String),
    /// `[a, b]`.
    List(Vec<Node>),
    /// `{"a": 1}`.
    Map(Vec<(Node, Node)>),
    /// `after_work`, `batch(10, flush: "1s")` or `(name: "shop")`.
    Call(Call),
}

/// A word, a struct, or a word with arguments.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// The word before the parenthesis.
    pub word: Option<Spanned<String>>,
    /// What stands in parentheses, if there are any. A call has a word or parentheses or both.
    pub args: Option<Vec<Arg>>,
}

/// An argument, a field.
#[derive(Clone, PartialEq, Debug)]
pub struct Arg {
    /// Its name; an argument without one goes by its place.
    pub name: Option<Spanned<String>>,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// What it is, in words for an error.
    pub fn kind(&self) -> String {
        match &self.value {
            Value::Int(_) => "a number".into(),
            Value::Float(_) => "a number with a fraction".into(),
            Value::Bool(_) => "`true` or `false`".into(),
            Value::Text(_) => "a text".into(),
            Value::List(_) => "a list".into(),
            Value::Map(_) => "a map".into(),
            Value::Call(Call { word: None, .. }) => "a struct `(…)`".into(),
            Value::Call(Call { word: Some(word), args: None }) => format!("the word `{}`", word.value),
            Value::Call(Call { word: Some(word), args: Some(_) }) => format!("`{}(…)`", word.value),
        }
    }
    /// Its arguments, if it is a struct or a word with some.
    pub fn args(&self) -> &[Arg] {
        match &self.value {
            Value::Call(Call { args: Some(args), .. }) => args,
            _ => &[],
        }
    }
    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&Node> {
        self.args().iter().find(|arg| arg.is(name)).map(|arg| &arg.value)
    }
    /// The elements, if it is a list.
    pub fn elements(&self) -> &[Node] {
        match &self.value {
            Value::List(nodes) => nodes,
            _ => &[],
        }
    }
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
    /// The word before the parenthesis, if it is a call with one.
    pub fn word(&self) -> Option<&str> {
        match &self.value {
            Value::Call(Call { word: Some(word), .. }) => Some(&word.value),
            _ => None,
        }
    }
    /// Where its head stands: the word of a call, the opening bracket of a list; the whole of anything else.
    pub fn head(&self) -> Extent {
        let bracket = Extent { start: self.at.start, end: (self.at.start + 1).min(self.at.end) };
        match &self.value {
            Value::Call(Call { word: Some(word), .. }) => word.at,
            Value::Call(_) | Value::List(_) | Value::Map(_) => bracket,
            _ => self.at,
        }
    }
    /// Whether it is the same but for places in the source.
    pub fn same(&self, other: &Node) -> bool {
        use Value::{Call as C, List, Map};
        match (&self.value, &other.value) {
            (List(a), List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)),
            (Map(a), Map(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0.same(&b.0) && a.1.same(&b.1)),
            (C(a), C(b)) => {
                let word = |call: &Call| call.word.as_ref().map(|word| word.value.clone());
                let args = |call: &Call| call.args.as_ref().map(Vec::len);
                let pairs = || a.args.iter().flatten().zip(b.args.iter().flatten());
                let same = |(a, b): (&Arg, &Arg)| a.name() == b.name() && a.value.same(&b.value);
                word(a) == word(b) && args(a) == args(b) && pairs().all(same)
            }
            (a, b) => a == b,
        }
    }
}

impl Arg {
    /// Whether it has this name.
    pub fn is(&self, name: &str) -> bool {
        self.name() == Some(name)
    }
    /// Its name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_ref().map(|name| name.value.as_str())
    }
    /// Where it stands, its name included.
    pub fn at(&self) -> Extent {
        self.name.as_ref().map_or(self.value.at, |name| name.at.to(self.value.at))
    }
}
