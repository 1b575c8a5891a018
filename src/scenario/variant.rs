//! Variants: named sets of changes to a scenario's tree, applied before it is given a meaning, so that whatever is
//! wrong with a change is shown in the variant's own lines.
//!
//! A path goes by names: of fields, of list elements (`consumers.biller.effect`), or by an element's place from 1
//! (`producers.shop.publish.1.count`). An element's name may hold dots; the longest that fits is taken.

use super::diagnostics::{Code, Diagnostic, Extent, Sink, Spanned, listed, visible};
use super::fields::{Fields, list, text, word};
use super::tree::{Arg, Call, Node, Value};

/// The most variants that a scenario may have; each is read like a scenario of its own.
pub const MAX_VARIANTS: usize = 64;

/// A variant.
#[derive(Clone, PartialEq, Debug)]
pub struct Variant {
    /// Its name, unique in the scenario.
    pub name: Spanned<String>,
    /// What it is about.
    pub about: String,
    /// What it changes, in order.
    pub changes: Vec<Change>,
    /// What is expected instead of what the scenario expects.
    pub expect: Option<Node>,
    /// Whether all its changes could be read; always so in a scenario without errors.
    pub(super) whole: bool,
}

impl Variant {
    /// Whether an error may only follow from a change that could not be read.
    pub(super) fn explains(&self, bad: &Diagnostic) -> bool {
        !self.whole && !bad.near && matches!(bad.code, Code::UnknownName | Code::BadPath | Code::MissingField)
    }
}

/// A change to the tree.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// What is done.
    pub kind: ChangeKind,
    /// Where.
    pub path: Spanned<String>,
    /// What is put there; nothing for a removal.
    pub value: Option<Node>,
}

/// What a change does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChangeKind {
    /// Gives a field a value, whether or not it had one.
    Set,
    /// Adds an element to a list.
    Add,
    /// Removes a field or an element.
    Remove,
    /// Puts another value where one stands.
    Replace,
}

impl ChangeKind {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            ChangeKind::Set => "set",
            ChangeKind::Add => "add",
            ChangeKind::Remove => "remove",
            ChangeKind::Replace => "replace",
        }
    }
}

/// A change that stands in no file, from its text such as `remove("faults.cut-2")`; `None` where it is not one. Its
/// places begin at `from`, which should be behind the file that it is applied to, so that nobody looks them up there.
pub(super) fn change_of(text: &str, from: usize) -> Option<Change> {
    let mut sink = Sink::default();
    let mut root = super::parser::parse(text, &mut sink)?;
    shift(&mut root, from);
    change(&root, &mut sink).filter(|_| sink.is_empty())
}

fn shift(node: &mut Node, by: usize) {
    let moved = |at: &mut Extent| *at = Extent { start: at.start + by, end: at.end + by };
    moved(&mut node.at);
    match &mut node.value {
        Value::List(nodes) => nodes.iter_mut().for_each(|node| shift(node, by)),
        Value::Map(rows) => rows.iter_mut().for_each(|(key, value)| {
            shift(key, by);
            shift(value, by);
        }),
        Value::Call(Call { word, args }) => {
            if let Some(word) = word {
                moved(&mut word.at);
            }
            for arg in args.iter_mut().flatten() {
                if let Some(name) = &mut arg.name {
                    moved(&mut name.at);
                }
                shift(&mut arg.value, by);
            }
        }
        _ => {}
    }
}

/// Decodes all variants of a scenario.
pub(super) fn decode(root: &Node, sink: &mut Sink) -> Vec<Variant> {
    let Some(node) = root.field("variants") else { return Vec::new() };
    if node.elements().len() > MAX_VARIANTS {
        let title = format!("{} variants are more than {MAX_VARIANTS}", node.elements().len());
        sink.push(Diagnostic::new(Code::OutOfRange, title, node.head(), "too many variants"));
        return Vec::new();
    }
    let variants = list(node, variant, sink).unwrap_or_default();
    for (i, variant) in variants.iter().enumerate() {
        let same = |other: &&Variant| other.name.value == variant.name.value && other.name.is_read();
        if let Some(before) = variants[..i].iter().find(same) {
            let title = format!("two variants are called `{}`", visible(&variant.name.value));
            let bad = Diagnostic::new(Code::DuplicateName, title, variant.name.at, "again here");
            sink.push(bad.label(before.name.at, "first here"));
        }
    }
    variants
}

fn variant(node: &Node, sink: &mut Sink) -> Option<Variant> {
    let mut f = Fields::of_struct(node, "a variant", sink);
    let name = f.name("name");
    let about = f.or("about", String::new(), text);
    let changes = f.list("change", change);
    let expect = f.node("expect").cloned();
    let meant = f.finish();
    let read = |list: &Node| matches!(list.value, Value::List(_)) && list.elements().len() == changes.len();
    let whole = meant.is_empty() && node.field("change").is_none_or(read);
    Some(Variant { name, about, changes, expect, whole })
}

fn change(node: &Node, sink: &mut Sink) -> Option<Change> {
    let found = word(node, "a change", &["set", "add", "remove", "replace"], sink)?;
    let kind = match found {
        "set" => ChangeKind::Set,
        "add" => ChangeKind::Add,
        "remove" => ChangeKind::Remove,
        _ => ChangeKind::Replace,
    };
    let mut f = Fields::of_call(node, "a change", sink);
    let path = f.first("path", super::fields::spanned_text);
    let value = if kind == ChangeKind::Remove { None } else { f.first("value", |node, _| Some(node.clone())) };
    f.finish();
    if kind != ChangeKind::Remove && value.is_none() {
        return None;
    }
    Some(Change { kind, path: path?, value })
}

/// The tree with a variant's changes.
pub(super) fn apply(root: &Node, variant: &Variant, sink: &mut Sink) -> Node {
    let mut root = without_variants(root);
    for change in &variant.changes {
        if let Err(bad) = one(&mut root, change) {
            sink.push(*bad);
        }
    }
    if let Some(expect) = &variant.expect {
        set_field(&mut root, "expect", expect.clone(), expect.at);
    }
    root
}

fn without_variants(root: &Node) -> Node {
    let value = match &root.value {
        Value::Call(Call { word, args: Some(args) }) => {
            let args = args.iter().filter(|arg| !arg.is("variants")).cloned().collect();
            Value::Call(Call { word: word.clone(), args: Some(args) })
        }
        value => value.clone(),
    };
    Node { at: root.at, value }
}

fn one(root: &mut Node, change: &Change) -> Result<(), Box<Diagnostic>> {
    if change.path.value == "variants" || change.path.value.starts_with("variants.") {
        return Err(Box::new(bad_path(&change.path.value, change.path.at, "a variant cannot change variants")));
    }
    let mut here = root;
    let path = change.path.value.as_str();
    let mut rest = path;
    loop {
        let (segment, next) = segment(here, rest);
        let part = Part { name: segment, at: part_at(&change.path, path.len() - rest.len(), segment), path };
        match next {
            Some(next) => (here, rest) = (child(here, part)?, next),
            None => return finish(here, part, change),
        }
    }
}

/// A part of a path.
#[derive(Clone, Copy)]
struct Part<'p> {
    name: &'p str,
    /// Where it stands in the file.
    at: Extent,
    /// The whole path.
    path: &'p str,
}

/// Where a part of a path stands in the file; the whole path where its text is written with escapes.
fn part_at(path: &Spanned<String>, from: usize, part: &str) -> Extent {
    const QUOTES: usize = 2;
    let Extent { start, end } = path.at;
    if end - start != path.value.len() + QUOTES || part.is_empty() {
        return path.at;
    }
    Extent { start: start + 1 + from, end: start + 1 + from + part.len() }
}

/// The first part of a path as seen from a node, and what is left of it.
fn segment<'p>(here: &Node, path: &'p str) -> (&'p str, Option<&'p str>) {
    let fits = |name: &str| path == name || path.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    let longest = here.elements().iter().filter_map(name_of).filter(|name| fits(name)).map(str::len).max();
    let end = longest.unwrap_or_else(|| path.find('.').unwrap_or(path.len()));
    (&path[..end], path.get(end + 1..))
}

fn name_of(node: &Node) -> Option<&str> {
    node.field("name").and_then(Node::text)
}

/// Where an element of a list or a field of a struct is.
fn position(here: &Node, segment: &str) -> Option<usize> {
    match &here.value {
        Value::List(nodes) => nodes.iter().position(|node| name_of(node) == Some(segment)).or_else(|| {
            let nth = segment.parse::<usize>().ok()?.checked_sub(1)?;
            (nth < nodes.len()).then_some(nth)
        }),
        Value::Map(rows) => rows.iter().position(|(key, _)| key.text() == Some(segment)),
        _ => here.args().iter().position(|arg| arg.is(segment)),
    }
}

fn child<'n>(here: &'n mut Node, part: Part<'_>) -> Result<&'n mut Node, Box<Diagnostic>> {
    let Some(at) = position(here, part.name) else { return Err(Box::new(nothing_there(here, part))) };
    match &mut here.value {
        Value::List(nodes) => Ok(&mut nodes[at]),
        Value::Map(rows) => Ok(&mut rows[at].1),
        Value::Call(Call { args: Some(args), .. }) => Ok(&mut args[at].value),
        _ => Err(Box::new(bad_path(part.path, part.at, "leads into something that has no parts"))),
    }
}

/// Does the change at the last part of its path.
fn finish(here: &mut Node, last: Part<'_>, change: &Change) -> Result<(), Box<Diagnostic>> {
    let there = position(here, last.name);
    match (change.kind, &change.value, there) {
        (ChangeKind::Remove, _, Some(at)) => {
            match &mut here.value {
                Value::List(nodes) => _ = nodes.remove(at),
                Value::Map(rows) => _ = rows.remove(at),
                Value::Call(Call { args: Some(args), .. }) => _ = args.remove(at),
                _ => {}
            }
            Ok(())
        }
        (ChangeKind::Set | ChangeKind::Replace, Some(value), Some(_)) => {
            *child(here, last)? = value.clone();
            Ok(())
        }
        (ChangeKind::Set, Some(value), None) if matches!(here.value, Value::Call(_)) => {
            set_field(here, last.name, value.clone(), last.at);
            Ok(())
        }
        (ChangeKind::Set, Some(value), None) if matches!(here.value, Value::Map(_)) => {
            let key = Node { at: last.at, value: Value::Text(last.name.to_owned()) };
            if let Value::Map(rows) = &mut here.value {
                rows.push((key, value.clone()));
            }
            Ok(())
        }
        (ChangeKind::Add, Some(value), Some(_)) => add(child(here, last)?, value, last),
        (ChangeKind::Add, Some(value), None) if matches!(here.value, Value::Call(_)) => {
            let nodes = added(value);
            set_field(here, last.name, Node { at: value.at, value: Value::List(nodes) }, last.at);
            Ok(())
        }
        _ => Err(Box::new(nothing_there(here, last))),
    }
}

fn add(list: &mut Node, value: &Node, part: Part<'_>) -> Result<(), Box<Diagnostic>> {
    let at = list.at;
    let kind = list.kind();
    match &mut list.value {
        Value::List(nodes) => {
            nodes.extend(added(value));
            Ok(())
        }
        _ => Err(Box::new(bad_path(part.path, part.at, "is not a list").label(at, format!("this is {kind}")))),
    }
}

/// One element, or each of a list of elements.
fn added(value: &Node) -> Vec<Node> {
    match &value.value {
        Value::List(nodes) => nodes.clone(),
        _ => vec![value.clone()],
    }
}

fn set_field(here: &mut Node, name: &str, value: Node, at: Extent) {
    let Value::Call(call) = &mut here.value else { return };
    let args = call.args.get_or_insert_with(Vec::new);
    match args.iter_mut().find(|arg| arg.is(name)) {
        Some(arg) => arg.value = value,
        None => args.push(Arg { name: Some(Spanned::new(name.to_owned(), at)), value }),
    }
}

fn bad_path(path: &str, at: Extent, label: &str) -> Diagnostic {
    let title = format!("`{}` cannot be changed", visible(path));
    Diagnostic::new(Code::BadPath, title, at, label)
}

fn nothing_there(here: &Node, part: Part<'_>) -> Diagnostic {
    let known: Vec<&str> = match &here.value {
        Value::List(nodes) => nodes.iter().filter_map(name_of).collect(),
        Value::Map(rows) => rows.iter().filter_map(|(key, _)| key.text()).collect(),
        _ => here.args().iter().filter_map(Arg::name).collect(),
    };
    let title = format!("`{}` leads nowhere", visible(part.path));
    let label = format!("there is no `{}`", visible(part.name));
    let bad = Diagnostic::new(Code::BadPath, title, part.at, label).label(here.head(), "looked for here");
    match (&here.value, known.is_empty()) {
        (Value::List(nodes), true) if !nodes.is_empty() => {
            bad.help(format!("these have no names; count them: 1 to {}", nodes.len()))
        }
        (_, true) => bad.help(format!("{} has no parts", here.kind())),
        _ => {
            let bad = bad.suggest(part.name, known.iter().copied());
            if bad.near && known.len() > 1 { bad.help(format!("known here: {}", listed(&known))) } else { bad }
        }
    }
}

/// Reports a variant that is not there, where there are others, else at the scenario's head.
pub(super) fn unknown(given: &str, root: &Node, variants: &[Variant]) -> Diagnostic {
    let title = format!("there is no variant `{}`", visible(given));
    let field = root.args().iter().find(|arg| arg.is("variants")).and_then(|arg| arg.name.as_ref());
    let (at, says) = field.map_or((root.head(), "in this scenario"), |name| (name.at, "not among these"));
    let bad = Diagnostic::new(Code::UnknownVariant, title, at, says);
    if variants.is_empty() {
        return bad.help("this scenario has no variants");
    }
    bad.suggest(given, variants.iter().map(|variant| variant.name.value.as_str()))
}
