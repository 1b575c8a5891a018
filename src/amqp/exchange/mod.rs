//! Exchanges: what they are, what is bound to them, and which queues a routing key leads to. One file per type.
//!
//! Not the queues, and not who may declare or delete what: the node owns that. The default exchange (the empty name)
//! has no entry anywhere; [`route`] knows it.

mod direct;
mod explain;
mod fanout;
mod headers;
mod route;
#[cfg(test)]
mod tests;
mod topic;

pub use explain::{Reason, Why, explain};
pub use headers::{BindError, Match, type_word};
pub use route::{Scratch, route};

use super::Table;
use super::method::digest_table;
use crate::ids::{Digest, Name, Names};
use crate::machine::Value;
use direct::Direct;
use fanout::Fanout;
use headers::Headers;
use std::fmt::Write as _;
use std::sync::Arc;
use topic::{Trie, Walk};

/// The type of an exchange.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// The binding key equals the routing key.
    Direct,
    /// Every binding.
    Fanout,
    /// The binding key is a pattern of words.
    Topic,
    /// The binding's arguments are compared with the message's headers.
    Headers,
}

impl Kind {
    /// Every one of them.
    pub const ALL: [Kind; 4] = [Kind::Direct, Kind::Fanout, Kind::Topic, Kind::Headers];

    /// The protocol's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Direct => "direct",
            Kind::Fanout => "fanout",
            Kind::Topic => "topic",
            Kind::Headers => "headers",
        }
    }
    /// The type with this word.
    pub fn from_word(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Where a binding leads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Target {
    /// To a queue.
    Queue(Name),
    /// To another exchange.
    Exchange(Name),
}

impl Target {
    /// The name of the queue or exchange.
    pub fn name(self) -> Name {
        match self {
            Target::Queue(name) | Target::Exchange(name) => name,
        }
    }
}

/// A binding, without the exchange it belongs to.
#[derive(Clone, PartialEq, Debug)]
pub struct Binding {
    /// The binding key.
    pub key: Name,
    /// Where it leads.
    pub target: Target,
    /// Its arguments.
    pub arguments: Arc<Table>,
    /// Counts up with each binding of its exchange.
    number: u32,
}

/// An exchange with its bindings.
#[derive(Debug)]
pub struct Exchange {
    /// What it is called.
    pub name: Name,
    /// Its type.
    pub kind: Kind,
    /// Whether it survives a restart.
    pub durable: bool,
    /// Whether it goes when its last binding goes.
    pub auto_delete: bool,
    /// Whether clients may not publish to it.
    pub internal: bool,
    /// Where messages go that none of its bindings matches; [`Name::NONE`] for nowhere.
    pub alternate: Name,
    /// Its arguments as declared.
    pub arguments: Arc<Table>,
    bindings: Vec<Binding>,
    next: u32,
    /// Bindings that were taken out of the trie since it was built.
    removed: u32,
    index: Index,
}

crate::clone_in_place!(Exchange {
    name,
    kind,
    durable,
    auto_delete,
    internal,
    alternate,
    arguments,
    bindings,
    next,
    removed,
    index
});

/// The bindings once more, arranged for matching.
#[derive(Debug)]
enum Index {
    Direct(Direct),
    Fanout(Fanout),
    Topic(Trie),
    Headers(Headers),
}

impl Clone for Index {
    fn clone(&self) -> Self {
        match self {
            Index::Direct(index) => Index::Direct(index.clone()),
            Index::Fanout(index) => Index::Fanout(index.clone()),
            Index::Topic(index) => Index::Topic(index.clone()),
            Index::Headers(index) => Index::Headers(index.clone()),
        }
    }
    fn clone_from(&mut self, from: &Self) {
        match (&mut *self, from) {
            (Index::Direct(to), Index::Direct(from)) => to.copy_from(from),
            (Index::Fanout(to), Index::Fanout(from)) => to.copy_from(from),
            (Index::Topic(to), Index::Topic(from)) => to.copy_from(from),
            (Index::Headers(to), Index::Headers(from)) => to.copy_from(from),
            _ => *self = from.clone(),
        }
    }
}

impl Exchange {
    /// An exchange without bindings, neither durable nor anything else.
    pub fn new(name: Name, kind: Kind) -> Self {
        Exchange::with_arguments(name, kind, Arc::default())
    }

    /// As [`Exchange::new`], with arguments.
    pub fn with_arguments(name: Name, kind: Kind, arguments: Arc<Table>) -> Self {
        let index = match kind {
            Kind::Direct => Index::Direct(Direct::default()),
            Kind::Fanout => Index::Fanout(Fanout::default()),
            Kind::Topic => Index::Topic(Trie::default()),
            Kind::Headers => Index::Headers(Headers::default()),
        };
        Exchange {
            name,
            kind,
            durable: false,
            auto_delete: false,
            internal: false,
            alternate: Name::NONE,
            arguments,
            bindings: Vec::new(),
            next: 0,
            removed: 0,
            index,
        }
    }

    /// The bindings in the order of binding.
    pub fn bindings(&self) -> impl ExactSizeIterator<Item = &Binding> {
        self.bindings.iter()
    }

    /// Whether nothing is bound to it.
    pub fn is_unbound(&self) -> bool {
        self.bindings.is_empty()
    }

    fn position(&self, key: Name, target: Target, arguments: &Table) -> Option<usize> {
        let same = |b: &Binding| b.key == key && b.target == target && same_table(&b.arguments, arguments);
        self.bindings.iter().position(same)
    }

    /// Binds; `false` where there was the same binding already. A binding is what it is by target, key and arguments
    /// together (B06).
    ///
    /// # Errors
    /// Where it is a headers exchange and `x-match` makes no sense (B33).
    pub fn bind(
        &mut self,
        key: Name,
        target: Target,
        arguments: &Arc<Table>,
        names: &Names,
    ) -> Result<bool, BindError> {
        if self.kind == Kind::Headers {
            headers::match_of(arguments)?;
        }
        if self.position(key, target, arguments).is_some() {
            return Ok(false);
        }
        let binding = Binding { key, target, arguments: Arc::clone(arguments), number: self.next };
        self.index.add(&binding, names)?;
        self.bindings.push(binding);
        self.next += 1;
        Ok(true)
    }

    /// Unbinds; `false` where there was no such binding, which is no error (A79).
    pub fn unbind(&mut self, key: Name, target: Target, arguments: &Table, names: &Names) -> bool {
        let Some(at) = self.position(key, target, arguments) else { return false };
        let binding = self.bindings.remove(at);
        self.index.remove(&binding, names);
        self.tidy(1, names);
        true
    }

    /// Takes out all bindings to a target that is no more; gives how many there were.
    pub fn unbind_target(&mut self, target: Target, names: &Names) -> usize {
        let before = self.bindings.len();
        let Exchange { bindings, index, .. } = self;
        bindings.retain(|binding| {
            let keep = binding.target != target;
            if !keep {
                index.remove(binding, names);
            }
            keep
        });
        let gone = before - self.bindings.len();
        self.tidy(gone as u32, names);
        gone
    }

    /// Builds the trie anew when more of it is dead than alive, so that it does not grow for ever.
    fn tidy(&mut self, gone: u32, names: &Names) {
        let Index::Topic(trie) = &mut self.index else { return };
        self.removed += gone;
        if (self.removed as usize) <= self.bindings.len() {
            return;
        }
        self.removed = 0;
        trie.clear();
        for binding in &self.bindings {
            with_text(binding.key, names, |key| trie.add(key, binding.number, binding.target));
        }
    }

    /// Adds the targets of the bindings that match, in the order of binding. The same target may come twice.
    #[inline]
    fn matches(
        &self,
        key: Name,
        headers: Option<&[(Arc<str>, Value)]>,
        names: &Names,
        walk: &mut Walk,
        found: &mut Vec<Target>,
    ) {
        match &self.index {
            Index::Direct(direct) => found.extend(direct.under(key).map(|(_, target)| target)),
            Index::Fanout(fanout) => fanout.matches(found),
            Index::Topic(trie) => with_text(key, names, |text| trie.matches(text, walk, found)),
            Index::Headers(index) => index.matches(headers.unwrap_or_default(), found),
        }
    }

    /// Where a direct exchange leads if exactly one binding matches: the most common case needs no list.
    #[inline]
    pub fn only_target(&self, key: Name) -> Option<Target> {
        let Index::Direct(direct) = &self.index else { return None };
        let mut under = direct.under(key);
        let (_, target) = under.next()?;
        under.next().is_none().then_some(target)
    }

    /// Whether the routing key plays a part in what matches.
    fn reads_key(&self) -> bool {
        matches!(self.kind, Kind::Direct | Kind::Topic)
    }

    /// Mixes its behaviour into a digest. The order of binding makes no difference: routing sorts what it finds.
    pub fn digest(&self, names: &Names, digest: &mut Digest) {
        names.digest(self.name, digest);
        names.digest(self.alternate, digest);
        let flags = [self.durable, self.auto_delete, self.internal];
        digest.word(flags.iter().fold(self.kind as u64, |all, flag| all << 1 | u64::from(*flag)));
        digest_table(&self.arguments, digest);
        digest.unordered(self.bindings.iter().map(|binding| {
            let Binding { key, target, arguments, number: _ } = binding;
            Digest::of(|digest| {
                names.digest(*key, digest);
                digest.word(u64::from(matches!(target, Target::Exchange(_))));
                names.digest(target.name(), digest);
                digest_table(arguments, digest);
            })
        }));
    }
}

impl Index {
    fn add(&mut self, binding: &Binding, names: &Names) -> Result<(), BindError> {
        let Binding { key, target, arguments, number } = binding;
        match self {
            Index::Direct(direct) => direct.add(*key, *number, *target),
            Index::Fanout(fanout) => fanout.add(*number, *target),
            Index::Topic(trie) => with_text(*key, names, |text| trie.add(text, *number, *target)),
            Index::Headers(headers) => headers.add(*number, arguments, *target)?,
        }
        Ok(())
    }

    fn remove(&mut self, binding: &Binding, names: &Names) {
        match self {
            Index::Direct(direct) => direct.remove(binding.key, binding.number),
            Index::Fanout(fanout) => fanout.remove(binding.number),
            Index::Topic(trie) => with_text(binding.key, names, |text| trie.remove(text, binding.number)),
            Index::Headers(headers) => headers.remove(binding.number),
        }
    }
}

/// Whether two tables say the same, in whatever order.
pub fn same_table(a: &Table, b: &Table) -> bool {
    a.len() == b.len() && (a == b || a.iter().all(|row| b.contains(row)))
}

/// The longest text that the protocol can carry as a key, in bytes.
const SHORT_TEXT: usize = 255;

/// Calls with the text of a key, which is on the stack where it has the protocol's length.
#[inline]
fn with_text<T>(key: Name, names: &Names, then: impl FnOnce(&str) -> T) -> T {
    if names.len_of(key) as usize > SHORT_TEXT {
        return then(&names.text(key));
    }
    let mut short = Short([0; SHORT_TEXT], 0);
    if key.is_some() {
        short.push(names.prefix_text(key.prefix()).as_bytes());
    }
    if let Some(number) = key.number() {
        // It fits, since the length was measured before.
        let _ = write!(short, "{number}");
    }
    then(std::str::from_utf8(&short.0[..short.1]).expect("made of whole texts"))
}

/// A text of at most the protocol's length.
struct Short([u8; SHORT_TEXT], usize);

impl Short {
    fn push(&mut self, bytes: &[u8]) {
        self.0[self.1..self.1 + bytes.len()].copy_from_slice(bytes);
        self.1 += bytes.len();
    }
}

impl std::fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}
