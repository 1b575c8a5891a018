//! A scenario file that was read: its text, its tree, its variants; and the scenario that each of them gives.

use super::diagnostics::{Code, Diagnostic, Diagnostics, Extent, Sink, Spanned, position};
use super::parser::Parsed;
use super::schema::Scenario;
use super::tree::{Arg, Call, Node, Value};
use super::variant::{self, Change, Variant};
use super::{check, noise, parser, printer, schema};
use crate::ids::Digest;
use crate::trace::Declared;
use std::sync::Arc;

/// A scenario file without errors.
#[derive(Clone, Debug)]
pub struct Source {
    text: Arc<str>,
    root: Node,
    variants: Vec<Variant>,
}

/// Reads a scenario, with all its variants.
///
/// # Errors
/// All errors of the file: of its syntax, or, where the syntax is right, of everything else.
pub fn read(text: &str) -> Result<Source, Diagnostics> {
    let text: Arc<str> = text.strip_prefix('\u{feff}').unwrap_or(text).into();
    let mut sink = Sink::default();
    let Parsed { root, damage } = parser::recover(&text, &mut sink);
    let Some(root) = root else { return Err(Diagnostics::new(text, sink.list)) };
    let mut meaning = Sink::default();
    if let Some(scenario) = schema::scenario(&root, &mut meaning) {
        check::check(&scenario, &root, &mut meaning);
    }
    let variants = variant::decode(&root, &mut meaning);
    for variant in &variants {
        let mut own = Sink::default();
        build(&root, Some(variant), &mut own);
        // Where a change makes no sense, what it would have named is not known; and what is wrong with the scenario itself
        // was reported already.
        let follows = |bad: &Diagnostic| matches!(bad.code, Code::UnknownName | Code::DuplicateName | Code::Conflict);
        let broken = !variant.whole || own.list.iter().any(|bad| !follows(bad));
        own.list.retain(|bad| !(broken && follows(bad)));
        for mut bad in own.list.into_iter().filter(|bad| !variant.explains(bad)) {
            bad.variant = variant.name.is_read().then(|| variant.name.value.clone());
            meaning.push(bad);
        }
    }
    let follows = noise::of(&sink, &damage);
    for bad in meaning.list {
        if !follows.explains(&bad) {
            sink.push(bad);
        }
    }
    if sink.is_empty() { Ok(Source { text, root, variants }) } else { Err(Diagnostics::new(text, sink.list)) }
}

/// Reads a scenario from a file's bytes.
///
/// # Errors
/// As [`read`], and where the bytes are not text or too many.
pub fn read_bytes(bytes: &[u8]) -> Result<Source, Diagnostics> {
    match parser::text_of(bytes) {
        Ok(text) => read(text),
        Err(bad) => Err(Diagnostics::new("".into(), vec![*bad])),
    }
}

/// The error for a file that was not even read because it has so many bytes.
pub fn too_large(bytes: u64) -> Diagnostics {
    Diagnostics::new("".into(), vec![parser::too_large(bytes)])
}

fn build(root: &Node, variant: Option<&Variant>, sink: &mut Sink) -> Option<Scenario> {
    let changed = variant.map(|variant| variant::apply(root, variant, sink));
    let root = changed.as_ref().unwrap_or(root);
    let mut scenario = schema::scenario(root, sink)?;
    check::check(&scenario, root, sink);
    scenario.variant = variant.map(|variant| variant.name.value.clone());
    scenario.digest = digest(root);
    Some(scenario)
}

/// The digest of what decides about a run's behaviour: not the words around it, nor the seed, which a token holds.
fn digest(root: &Node) -> Digest {
    const WORDS: [&str; 7] = ["title", "about", "seed", "variants", "expect", "invariants", "lesson"];
    let mut root = root.clone();
    if let Value::Call(Call { args: Some(args), .. }) = &mut root.value {
        args.retain(|arg| !arg.name().is_some_and(|name| WORDS.contains(&name)));
        args.sort_by(|a, b| a.name().cmp(&b.name()));
    }
    Digest::of(|digest| digest.text(&printer::print_line(&root)))
}

impl Source {
    /// The scenario as it stands, or with a variant's changes.
    ///
    /// # Errors
    /// Where there is no variant of this name.
    pub fn select(&self, variant: Option<&str>) -> Result<Scenario, Diagnostics> {
        let mut sink = Sink::default();
        let chosen = self.find(variant)?;
        match build(&self.root, chosen, &mut sink) {
            Some(mut scenario) if sink.is_empty() => {
                scenario.declared = self.declared(&scenario);
                if let Some(variant) = chosen.filter(|variant| !variant.about.is_empty()) {
                    scenario.about.clone_from(&variant.about);
                }
                Ok(scenario)
            }
            _ => Err(self.errors(sink.list)),
        }
    }

    /// The variant of this name, if one is asked for.
    fn find(&self, variant: Option<&str>) -> Result<Option<&Variant>, Diagnostics> {
        let Some(name) = variant else { return Ok(None) };
        let found = self.variants.iter().find(|variant| variant.name.value == name);
        found.map(Some).ok_or_else(|| self.errors(vec![variant::unknown(name, &self.root, &self.variants)]))
    }

    /// A change from its text, such as `set("seed", 7)`; `None` where it is not one.
    pub fn change(&self, text: &str) -> Option<Change> {
        variant::change_of(text, self.text.len() + 1)
    }

    /// The scenario with a variant's changes and some more behind them, under a name of its own.
    ///
    /// # Errors
    /// Where there is no variant of this name, or the changes do not fit.
    pub fn vary(&self, variant: Option<&str>, more: &[Change], name: &str) -> Result<Scenario, Diagnostics> {
        let base = self.find(variant)?;
        let mut changes = base.map_or_else(Vec::new, |base| base.changes.clone());
        changes.extend_from_slice(more);
        let own = Variant {
            name: Spanned::new(name.to_owned(), Extent::default()),
            about: String::new(),
            changes,
            expect: base.and_then(|base| base.expect.clone()),
            whole: true,
        };
        let mut sink = Sink::default();
        match build(&self.root, Some(&own), &mut sink) {
            Some(mut scenario) if sink.is_empty() => {
                scenario.declared = self.declared(&scenario);
                if let Some(base) = base.filter(|base| !base.about.is_empty()) {
                    scenario.about.clone_from(&base.about);
                }
                Ok(scenario)
            }
            _ => Err(self.errors(sink.list)),
        }
    }

    /// Where the named things stand. What a change that is in no file brings in stands nowhere.
    fn declared(&self, scenario: &Scenario) -> Vec<Declared> {
        let declared = |(what, name): (&str, &Spanned<String>)| {
            let (line, column) = self.position(name.at.start);
            Declared { what: format!("{what} {}", name.value), line: line as u32, column: column as u32 }
        };
        scenario.named().filter(|(_, name)| name.at.end <= self.text.len()).map(declared).collect()
    }

    fn errors(&self, list: Vec<Diagnostic>) -> Diagnostics {
        Diagnostics::new(Arc::clone(&self.text), list)
    }
    /// The variants, in the order of the file.
    pub fn variants(&self) -> &[Variant] {
        &self.variants
    }
    /// The file's text, every byte as it was but for a byte-order mark.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// The file's tree.
    pub fn root(&self) -> &Node {
        &self.root
    }
    /// The file in canonical form, without its comments.
    pub fn print(&self) -> String {
        printer::print(&self.root)
    }
    /// Line and column, from 1, of a byte of the text.
    pub fn position(&self, at: usize) -> (usize, usize) {
        position(&self.text, at)
    }
    /// The name of a top-level field at a byte of the text, if there is one.
    pub fn field_at(&self, at: usize) -> Option<&str> {
        self.root.args().iter().find(|arg| arg.at().start <= at && at < arg.at().end).and_then(Arg::name)
    }
}
