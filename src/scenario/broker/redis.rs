//! `redis(aof: true, appendfsync: everysec)`.

use crate::scenario::diagnostics::{Code, Diagnostic, Sink, Spanned, visible};
use crate::scenario::fields::{Fields, choice, name, span, spanned_text, truth};
use crate::scenario::tree::Node;
use crate::units::Span;

/// A Redis node.
#[derive(Clone, PartialEq, Debug)]
pub struct Redis {
    /// The node's name.
    pub name: Spanned<String>,
    /// Whether there is an append-only file.
    pub aof: bool,
    /// When it is synced.
    pub appendfsync: Fsync,
    /// With [`Fsync::No`]: how long after a write the kernel writes it back.
    pub writeback: Span,
}

/// When the append-only file is synced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fsync {
    /// Before anybody is answered.
    Always,
    /// Once a second.
    Everysec,
    /// When the kernel likes.
    No,
}

/// Decodes the block. The defaults are Redis's: no append-only file; once a second if there is one.
pub(super) fn decode(node: &Node, sink: &mut Sink) -> Redis {
    let policies = [("always", Fsync::Always), ("everysec", Fsync::Everysec), ("no", Fsync::No)];
    let mut f = Fields::of_call(node, "`redis`", sink);
    let name = f.optional("name", name).unwrap_or_else(|| Spanned::new("broker".to_owned(), node.head()));
    f.optional("version", version);
    let policy = f.node("appendfsync");
    let appendfsync = policy.and_then(|node| choice(node, "a sync policy", &policies, f.sink()));
    let aof = f.node("aof");
    let on = aof.and_then(|node| truth(node, f.sink())).unwrap_or(false);
    if let (Some(policy), false) = (policy, on) {
        let title = "`appendfsync` means nothing without an append-only file";
        let clash = Diagnostic::new(Code::Conflict, title, policy.at, "is of no effect");
        f.sink().push(clash.help("add `aof: true`"));
    }
    let writeback = f.or("writeback", Span::secs(30), span);
    f.finish();
    Redis { name, aof: on, appendfsync: appendfsync.unwrap_or(Fsync::Everysec), writeback }
}

fn version(node: &Node, sink: &mut Sink) -> Option<()> {
    let version = spanned_text(node, sink)?;
    if version.value != "7.0" {
        let title = format!("Redis {} is not modelled", visible(&version.value));
        let bad = Diagnostic::new(Code::UnknownVersion, title, node.at, "unknown version");
        sink.push(bad.help("modelled is 7.0"));
    }
    Some(())
}

impl Redis {
    /// What the node runs.
    pub(in crate::scenario) fn config(&self) -> crate::redis::Config {
        let fsync = match self.appendfsync {
            Fsync::Always => crate::redis::Fsync::Always,
            Fsync::Everysec => crate::redis::Fsync::Everysec,
            Fsync::No => crate::redis::Fsync::No,
        };
        crate::redis::Config { aof: self.aof, fsync, writeback: self.writeback }
    }
}
