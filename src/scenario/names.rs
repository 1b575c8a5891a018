//! The names that things of a scenario have, and what is said where one is used that nothing has, or given twice.
//!
//! Not which names can stand where; that is in `check`, and for what is declared in a broker in the broker's file.

use super::diagnostics::{Code, Diagnostic, Extent, Sink, Spanned, visible};
use super::schema::Target;
use std::collections::BTreeMap;

/// Things of one kind that have names.
pub(super) struct Known<'a> {
    /// What one is: `queue`.
    kind: &'static str,
    /// Whether all of them could be read. Otherwise a name that none of these has may be that of one that was not.
    whole: bool,
    pub(super) names: BTreeMap<&'a str, Option<Extent>>,
}

impl<'a> Known<'a> {
    pub(super) fn new(kind: &'static str) -> Known<'a> {
        Known { kind, whole: true, names: BTreeMap::new() }
    }
    pub(super) fn with(mut self, names: impl IntoIterator<Item = &'a Spanned<String>>) -> Known<'a> {
        for name in names {
            if name.is_read() {
                self.names.insert(&name.value, Some(name.at));
            } else {
                self.whole = false;
            }
        }
        self
    }
    pub(super) fn and(mut self, names: impl IntoIterator<Item = &'a str>) -> Known<'a> {
        self.names.extend(names.into_iter().map(|name| (name, None)));
        self
    }
    pub(super) fn find(&self, name: &str) -> Option<Option<Extent>> {
        self.names.get(name).copied()
    }
    fn words(&self) -> impl Iterator<Item = &'a str> {
        self.names.keys().copied().filter(|name| !name.is_empty() && !name.starts_with("amq."))
    }
    /// Reports a name that nothing has.
    pub(super) fn check(&self, name: &Spanned<String>, sink: &mut Sink) {
        if let Some(bad) = self.unknown(name, sink) {
            sink.push(bad);
        }
    }
    /// What is wrong with a name that nothing has.
    fn unknown(&self, name: &Spanned<String>, sink: &Sink) -> Option<Diagnostic> {
        // Looking for a similar name takes its time.
        if !self.whole || !name.is_read() || self.find(&name.value).is_some() || sink.is_full() {
            return None;
        }
        let title = format!("there is no {} `{}`", self.kind, visible(&name.value));
        let bad = Diagnostic::new(Code::UnknownName, title, name.at, "unknown name");
        let near = crate::ids::nearest(&name.value, self.words());
        let near = near.and_then(|near| self.find(near)).flatten();
        let bad = bad.suggest(&name.value, self.words());
        Some(match near {
            Some(at) => bad.label(at, format!("{} {} with a similar name", article(self.kind), self.kind)),
            None => bad,
        })
    }
    /// Reports a target that is not there though it should be, or is there though it should not.
    pub(super) fn check_target(&self, target: &Target, sink: &mut Sink) {
        match (self.find(&target.name.value), target.missing) {
            (None, false) => {
                if let Some(bad) = self.unknown(&target.name, sink) {
                    let example = super::printer::quoted(&target.name.value);
                    sink.push(bad.help(format!("if it is to be missing, write `missing({example})`")));
                }
            }
            (Some(at), true) => {
                let title = format!("the {} `{}` is not missing", self.kind, visible(&target.name.value));
                let bad = Diagnostic::new(Code::Conflict, title, target.name.at, "said to be missing");
                sink.push(match at {
                    Some(at) => bad.label(at, "declared here"),
                    None => bad,
                });
            }
            _ => {}
        }
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// Reports names that stand twice.
pub(super) fn unique<'a>(kind: &str, names: impl IntoIterator<Item = &'a Spanned<String>>, sink: &mut Sink) {
    let mut seen: BTreeMap<&str, Extent> = BTreeMap::new();
    for name in names.into_iter().filter(|name| name.is_read()) {
        if let Some(before) = seen.get(name.value.as_str()) {
            let title = format!("two {kind} are called `{}`", visible(&name.value));
            sink.push(Diagnostic::new(Code::DuplicateName, title, name.at, "again here").label(*before, "first here"));
        } else {
            seen.insert(&name.value, name.at);
        }
    }
}
