//! Exchanges: what they are, what is bound to them, and which queues a routing key leads to. One file per type.
//!
//! Not the queues, and not who may declare or delete what: the node owns that. The default exchange (the empty name)
//! has no entry anywhere; [`route`] knows it.

mod direct;
mod explain;
mod fanout;
mod hash;
mod headers;
mod route;
#[cfg(test)]
mod tests;
mod topic;

pub use explain::{Asked, Detail, Reason, Why, explain};
pub use headers::{BindError, Match, shown, type_word};
pub use route::{Scratch, by_text, route};

use super::Table;
use super::config::Version;
use super::method::digest_table;
use crate::ids::{Digest, Name, Names};
use crate::machine::Message;
use crate::mem::{Chains, NONE, Slab, mix};
use direct::Direct;
use fanout::Fanout;
use hash::{HashOn, Ring};
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
    /// The binding key is a weight; each message goes to one binding (the plugin `x-consistent-hash`).
    ConsistentHash,
}

impl Kind {
    /// Every one of them.
    pub const ALL: [Kind; 5] = [Kind::Direct, Kind::Fanout, Kind::Topic, Kind::Headers, Kind::ConsistentHash];

    /// The protocol's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Direct => "direct",
            Kind::Fanout => "fanout",
            Kind::Topic => "topic",
            Kind::Headers => "headers",
            Kind::ConsistentHash => "x-consistent-hash",
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

/// Where a binding is in the index of its exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Link(u32);

/// A binding, without the exchange it belongs to.
#[derive(Clone, PartialEq, Debug)]
pub struct Binding {
    /// The binding key.
    pub key: Name,
    /// Where it leads.
    pub target: Target,
    /// Its arguments.
    pub arguments: Arc<Table>,
    /// The key of its record on the disk; 0 where it has none.
    pub kept: u64,
    /// Its entry in the owner's list of what leads to the target; [`NONE`] where there is no such list.
    pub incoming: u32,
    /// Counts up with each binding of its exchange.
    number: u32,
    link: Link,
    /// Its entries in [`Exchange::order`] and [`Exchange::same`].
    places: [u32; 2],
}

/// An exchange with its bindings. Making, finding and removing one costs the same however many there are.
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
    /// The key of its record on the disk; 0 where it has none.
    pub kept: u64,
    bindings: Slab<Binding>,
    /// The bindings in the order of binding: one chain.
    order: Chains<u32>,
    /// The bindings by key and target.
    same: Chains<u32>,
    next: u32,
    /// Bindings that were taken out of the index since it was built, where they leave something behind.
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
    kept,
    bindings,
    order,
    same,
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
    Hash(Ring),
}

impl Clone for Index {
    fn clone(&self) -> Self {
        match self {
            Index::Direct(index) => Index::Direct(index.clone()),
            Index::Fanout(index) => Index::Fanout(index.clone()),
            Index::Topic(index) => Index::Topic(index.clone()),
            Index::Headers(index) => Index::Headers(index.clone()),
            Index::Hash(index) => Index::Hash(index.clone()),
        }
    }
    fn clone_from(&mut self, from: &Self) {
        match (&mut *self, from) {
            (Index::Direct(to), Index::Direct(from)) => to.clone_from(from),
            (Index::Fanout(to), Index::Fanout(from)) => to.clone_from(from),
            (Index::Topic(to), Index::Topic(from)) => to.clone_from(from),
            (Index::Headers(to), Index::Headers(from)) => to.clone_from(from),
            (Index::Hash(to), Index::Hash(from)) => to.clone_from(from),
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
        Exchange {
            name,
            kind,
            durable: false,
            auto_delete: false,
            internal: false,
            alternate: Name::NONE,
            index: Index::new(kind, &arguments),
            arguments,
            kept: 0,
            bindings: Slab::new(),
            order: Chains::default(),
            same: Chains::default(),
            next: 0,
            removed: 0,
        }
    }

    /// Makes an exchange that is no longer used what [`Exchange::with_arguments`] gives.
    pub fn renew(&mut self, name: Name, kind: Kind, arguments: &Arc<Table>) {
        if !Arc::ptr_eq(&self.arguments, arguments) {
            self.arguments = Arc::clone(arguments);
        }
        if self.kind == kind {
            self.index.renew(arguments);
        } else {
            self.index = Index::new(kind, arguments);
        }
        (self.name, self.kind, self.alternate) = (name, kind, Name::NONE);
        (self.durable, self.auto_delete, self.internal) = (false, false, false);
        self.bindings.clear();
        self.order.clear();
        self.same.clear();
        (self.kept, self.next, self.removed) = (0, 0, 0);
    }

    /// Whether the arguments of an exchange to be made make sense.
    ///
    /// # Errors
    /// Where it is a consistent-hash exchange and does not know what to hash.
    pub fn check(kind: Kind, arguments: &Table) -> Result<(), BindError> {
        if kind == Kind::ConsistentHash { HashOn::read(arguments).map(|_| ()) } else { Ok(()) }
    }

    /// The bindings in the order of binding.
    pub fn bindings(&self) -> impl Iterator<Item = &Binding> {
        self.order.under(0).map(|(_, slot)| &self.bindings[slot])
    }

    /// How many bindings it has.
    pub fn binding_count(&self) -> usize {
        self.bindings.len()
    }

    /// The binding in a slot.
    pub fn binding_mut(&mut self, slot: u32) -> Option<&mut Binding> {
        self.bindings.get_mut(slot)
    }

    /// Whether nothing is bound to it.
    pub fn is_unbound(&self) -> bool {
        self.bindings.is_empty()
    }

    fn slot(&self, key: Name, target: Target, arguments: &Table) -> Option<u32> {
        let same = |slot: &u32| {
            let b = &self.bindings[*slot];
            b.key == key && b.target == target && same_table(&b.arguments, arguments)
        };
        self.same.under(hash_of(key, target)).map(|(_, slot)| slot).find(same)
    }

    /// Whether there is such a binding.
    pub fn has(&self, key: Name, target: Target, arguments: &Table) -> bool {
        self.slot(key, target, arguments).is_some()
    }

    /// Binds and gives the binding's slot; `None` where there was the same binding already. A binding is what it is by
    /// target, key and arguments together (B06).
    ///
    /// # Errors
    /// Where it is a headers exchange and `x-match` makes no sense (B33), or a consistent-hash exchange and the key is
    /// no weight.
    pub fn bind(
        &mut self,
        key: Name,
        target: Target,
        arguments: &Arc<Table>,
        version: Version,
        names: &Names,
    ) -> Result<Option<u32>, BindError> {
        if self.kind == Kind::Headers {
            headers::check_match(arguments, version)?;
        }
        if self.slot(key, target, arguments).is_some() {
            return Ok(None);
        }
        let mut binding = Binding {
            key,
            target,
            arguments: Arc::clone(arguments),
            kept: 0,
            incoming: NONE,
            number: self.next,
            link: Link(NONE),
            places: [NONE; 2],
        };
        binding.link = self.index.add(&binding, names)?;
        self.next += 1;
        let slot = self.bindings.insert(binding);
        let places = [self.order.push(0, slot), self.same.push(hash_of(key, target), slot)];
        self.bindings[slot].places = places;
        Ok(Some(slot))
    }

    /// Unbinds and gives what was bound; `None` where there was no such binding, which is no error (A79).
    pub fn unbind(&mut self, key: Name, target: Target, arguments: &Table, names: &Names) -> Option<Binding> {
        let slot = self.slot(key, target, arguments)?;
        self.unbind_slot(slot, names)
    }

    /// Takes out the binding in a slot.
    pub fn unbind_slot(&mut self, slot: u32, names: &Names) -> Option<Binding> {
        let binding = self.bindings.remove(slot)?;
        let [order, same] = binding.places;
        self.order.remove(order);
        self.same.remove(same);
        self.index.remove(&binding, names);
        self.tidy(names);
        Some(binding)
    }

    /// Builds the index anew when more of it is dead than alive, so that it does not grow for ever. In the mean that
    /// costs a removal what making a binding costs.
    fn tidy(&mut self, names: &Names) {
        match &mut self.index {
            Index::Topic(trie) if self.removed as usize > self.bindings.len() => trie.clear(),
            Index::Hash(ring) if self.removed as usize > self.bindings.len() => ring.clear(),
            Index::Topic(_) | Index::Hash(_) => {
                self.removed += 1;
                return;
            }
            _ => return,
        }
        self.removed = 0;
        for (_, slot) in self.order.under(0) {
            // It was there before, so it can be added.
            if let Ok(link) = self.index.add(&self.bindings[slot], names) {
                self.bindings[slot].link = link;
            }
        }
    }

    /// Adds the targets of the bindings that match, in the order of binding. The same target may come twice.
    #[inline]
    fn matches(&self, key: Name, message: &Message, names: &Names, walk: &mut Walk, found: &mut Vec<Target>) {
        match &self.index {
            Index::Direct(direct) => direct.matches(key, found),
            Index::Fanout(fanout) => fanout.matches(found),
            Index::Topic(trie) => with_text(key, names, |text| trie.matches(text, walk, found)),
            Index::Headers(index) => {
                index.matches(message.props.headers.as_deref().unwrap_or_default(), &mut walk.hits, found);
            }
            Index::Hash(ring) => found.extend(ring.pick(key, message, names).map(|(_, target)| target)),
        }
    }

    /// Where a direct exchange leads if exactly one binding matches: the most common case needs no list.
    #[inline]
    pub fn only_target(&self, key: Name) -> Option<Target> {
        let Index::Direct(direct) = &self.index else { return None };
        direct.only(key)
    }

    /// Whether the routing key plays a part in what matches.
    fn reads_key(&self) -> bool {
        matches!(self.kind, Kind::Direct | Kind::Topic)
    }

    /// Mixes its behaviour into a digest. The order of binding makes no difference, since
    /// routing sorts what it finds; except on the ring of a consistent-hash exchange.
    pub fn digest(&self, names: &Names, digest: &mut Digest) {
        names.digest(self.name, digest);
        names.digest(self.alternate, digest);
        let flags = [self.durable, self.auto_delete, self.internal];
        digest.word(flags.iter().fold(self.kind as u64, |all, flag| all << 1 | u64::from(*flag)));
        digest_table(&self.arguments, digest);
        let ring = self.kind == Kind::ConsistentHash;
        digest.unordered(self.bindings().enumerate().map(|(place, binding)| {
            let Binding { key, target, arguments, .. } = binding;
            Digest::of(|digest| {
                digest.word(if ring { place as u64 } else { 0 });
                names.digest(*key, digest);
                digest.word(u64::from(matches!(target, Target::Exchange(_))));
                names.digest(target.name(), digest);
                digest_table(arguments, digest);
            })
        }));
    }
}

impl Index {
    fn new(kind: Kind, arguments: &Table) -> Index {
        match kind {
            Kind::Direct => Index::Direct(Direct::default()),
            Kind::Fanout => Index::Fanout(Fanout::default()),
            Kind::Topic => Index::Topic(Trie::default()),
            Kind::Headers => Index::Headers(Headers::default()),
            // Arguments that make no sense were refused before.
            Kind::ConsistentHash => Index::Hash(Ring::new(HashOn::read(arguments).unwrap_or_default())),
        }
    }

    /// Makes it what [`Index::new`] gives for these arguments; the allocations stay.
    fn renew(&mut self, arguments: &Table) {
        match self {
            Index::Direct(index) => index.clear(),
            Index::Fanout(index) => index.clear(),
            Index::Topic(index) => index.clear(),
            Index::Headers(index) => index.clear(),
            Index::Hash(index) => index.renew(HashOn::read(arguments).unwrap_or_default()),
        }
    }

    fn add(&mut self, binding: &Binding, names: &Names) -> Result<Link, BindError> {
        let Binding { key, target, arguments, number, .. } = binding;
        Ok(match self {
            Index::Direct(direct) => direct.add(*key, *target),
            Index::Fanout(fanout) => fanout.add(*target),
            Index::Topic(trie) => with_text(*key, names, |text| trie.add(text, *number, *target)),
            Index::Headers(headers) => headers.add(*number, arguments, *target)?,
            Index::Hash(ring) => ring.add(with_text(*key, names, hash::weight)?, *target),
        })
    }

    fn remove(&mut self, binding: &Binding, names: &Names) {
        match self {
            Index::Direct(direct) => direct.remove(binding.link),
            Index::Fanout(fanout) => fanout.remove(binding.link),
            Index::Topic(trie) => with_text(binding.key, names, |text| trie.remove(text, binding.link)),
            Index::Headers(headers) => headers.remove(binding.link),
            Index::Hash(ring) => ring.remove(binding.link),
        }
    }
}

/// A hash of a name, for looking it up in one run.
#[inline]
fn hash_name(name: Name) -> u64 {
    u64::from(name.prefix().0) << 32 | u64::from(name.number().unwrap_or(u32::MAX))
}

/// A hash of a target, for looking it up in one run.
pub fn hash_target(target: Target) -> u64 {
    mix(hash_name(target.name())) ^ u64::from(matches!(target, Target::Exchange(_)))
}

fn hash_of(key: Name, target: Target) -> u64 {
    mix(hash_name(key)).rotate_left(17) ^ hash_target(target)
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
