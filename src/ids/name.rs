//! Interned names. A name is a prefix and, where the text ends in a number, that number: `order-17` is
//! (`order-`, 17). So a million generated ids cost one entry, and equal texts are equal names however they were made.
//!
//! Not a general string pool: entries are never removed.

use super::Digest;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A place in the table of prefixes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Sym(pub u32);

/// An interned text. Compare for equality freely; for an order that means something compare the texts.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Name {
    prefix: Sym,
    number: u32,
}

/// Compared as one word: names are compared more often than anything else.
impl PartialEq for Name {
    #[inline]
    fn eq(&self, other: &Name) -> bool {
        self.word() == other.word()
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    #[inline]
    fn partial_cmp(&self, other: &Name) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    /// By the place of the prefix, then by number.
    #[inline]
    fn cmp(&self, other: &Name) -> Ordering {
        self.word().cmp(&other.word())
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.word().hash(state);
    }
}

const NO_NUMBER: u32 = u32::MAX;

impl Name {
    /// No name at all; different from the empty text.
    pub const NONE: Name = Name { prefix: Sym(u32::MAX), number: NO_NUMBER };
    /// The empty text.
    pub const EMPTY: Name = Name { prefix: Sym(0), number: NO_NUMBER };

    #[inline]
    const fn word(self) -> u64 {
        (self.prefix.0 as u64) << 32 | self.number as u64
    }
    /// Whether it is a name, the empty text included.
    #[inline]
    pub fn is_some(self) -> bool {
        self.prefix.0 != u32::MAX
    }
    /// The prefix's place in the table.
    #[inline]
    pub fn prefix(self) -> Sym {
        self.prefix
    }
    /// The number behind the prefix.
    #[inline]
    pub fn number(self) -> Option<u32> {
        (self.number != NO_NUMBER).then_some(self.number)
    }
    /// The name with the same prefix and the number `n` (below `u32::MAX`).
    ///
    /// Only right for a prefix that [`Names::series`] gave: then it equals what interning the text gives.
    #[inline]
    pub fn nth(self, n: u32) -> Name {
        Name { prefix: self.prefix, number: n }
    }
}

impl Default for Name {
    fn default() -> Self {
        Name::NONE
    }
}

/// A flat, append-only table of texts with an open-addressing index.
#[derive(Debug, Default)]
struct Table {
    text: String,
    ends: Vec<u32>,
    hashes: Vec<u64>,
    index: Vec<u32>,
}

crate::clone_in_place!(Table { text, ends, hashes, index });

impl Table {
    fn get(&self, i: usize) -> &str {
        let start = if i == 0 { 0 } else { self.ends[i - 1] as usize };
        &self.text[start..self.ends[i] as usize]
    }
    fn find(&self, text: &str, hash: u64) -> Option<usize> {
        if self.index.is_empty() {
            return None;
        }
        let mask = self.index.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.index[at] {
                0 => return None,
                i if self.hashes[i as usize - 1] == hash && self.get(i as usize - 1) == text => {
                    return Some(i as usize - 1);
                }
                _ => at = (at + 1) & mask,
            }
        }
    }
    fn add(&mut self, text: &str, hash: u64) -> usize {
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
        self.hashes.push(hash);
        let n = self.ends.len();
        if n * 2 > self.index.len() {
            self.index.clear();
            self.index.resize((n * 4).next_power_of_two(), 0);
            for i in 0..n {
                self.place(i);
            }
        } else {
            self.place(n - 1);
        }
        n - 1
    }
    fn place(&mut self, i: usize) {
        let mask = self.index.len() - 1;
        let mut at = self.hashes[i] as usize & mask;
        while self.index[at] != 0 {
            at = (at + 1) & mask;
        }
        self.index[at] = i as u32 + 1;
    }
}

/// The names of a run: those of the scenario, shared by all its worlds, and those that came up while running.
#[derive(Debug)]
pub struct Names {
    shared: Arc<Table>,
    own: Table,
    /// Where texts are put together; holds nothing between two calls.
    room: String,
}

impl Clone for Names {
    fn clone(&self) -> Self {
        Names { shared: Arc::clone(&self.shared), own: self.own.clone(), room: String::new() }
    }
    fn clone_from(&mut self, from: &Self) {
        if !Arc::ptr_eq(&self.shared, &from.shared) {
            self.shared = Arc::clone(&from.shared);
        }
        self.own.clone_from(&from.own);
    }
}

impl Default for Names {
    fn default() -> Self {
        let mut shared = Table::default();
        shared.add("", hash_text(""));
        Names { shared: Arc::new(shared), own: Table::default(), room: String::new() }
    }
}

/// Equal where the same prefixes have the same numbers.
impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        let n = self.prefix_count();
        n == other.prefix_count() && (0..n as u32).all(|i| self.prefix_text(Sym(i)) == other.prefix_text(Sym(i)))
    }
}

impl Eq for Names {}

fn hash_text(text: &str) -> u64 {
    let mut digest = Digest::new();
    digest.text(text);
    digest.value() as u64
}

/// Splits a text into its prefix and a number that would be written the same way again.
fn split(text: &str) -> (&str, u32) {
    let digits = text.len() - text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let tail = &text[digits..];
    if tail.is_empty() {
        return (text, NO_NUMBER);
    }
    // Only the longest tail without a leading zero is a number; "a007" is ("a00", 7).
    let zeros = tail.bytes().take_while(|b| *b == b'0').count();
    let skip = if zeros == tail.len() { tail.len() - 1 } else { zeros };
    // At most nine digits, so that it always fits.
    let skip = skip.max(tail.len().saturating_sub(9));
    let skip = skip + tail[skip..].bytes().take(tail.len() - skip - 1).take_while(|b| *b == b'0').count();
    let cut = digits + skip;
    (&text[..cut], text[cut..].parse().expect("at most nine digits"))
}

impl Names {
    /// A table that knows the empty text alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name of a text; the same text gives the same name.
    pub fn intern(&mut self, text: &str) -> Name {
        let (prefix, number) = split(text);
        Name { prefix: self.prefix(prefix), number }
    }

    /// The name of a text that `write` puts together; allocates only where it is longer than any before.
    pub fn compose(&mut self, write: impl FnOnce(&Names, &mut String) -> fmt::Result) -> Name {
        let mut text = std::mem::take(&mut self.room);
        text.clear();
        write(self, &mut text).expect("writing to a string does not fail");
        let name = self.intern(&text);
        self.room = text;
        name
    }

    /// The name of a text if it is known already.
    pub fn find(&self, text: &str) -> Option<Name> {
        let (prefix, number) = split(text);
        self.find_prefix(prefix, hash_text(prefix)).map(|prefix| Name { prefix, number })
    }

    /// The series of names that begin with `prefix` and end in a number, for [`Name::nth`]. `None` where the prefix
    /// itself ends in a digit, since then prefix and number could not be told apart.
    pub fn series(&mut self, prefix: &str) -> Option<Name> {
        if prefix.ends_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        Some(Name { prefix: self.prefix(prefix), number: NO_NUMBER })
    }

    fn find_prefix(&self, text: &str, hash: u64) -> Option<Sym> {
        let at = self.shared.find(text, hash);
        let own = || self.own.find(text, hash).map(|i| i + self.shared.ends.len());
        at.or_else(own).map(|i| Sym(i as u32))
    }

    fn prefix(&mut self, text: &str) -> Sym {
        let hash = hash_text(text);
        if let Some(found) = self.find_prefix(text, hash) {
            return found;
        }
        Sym((self.own.add(text, hash) + self.shared.ends.len()) as u32)
    }

    /// How many prefixes there are; the first is the empty text.
    pub fn prefix_count(&self) -> usize {
        self.shared.ends.len() + self.own.ends.len()
    }

    /// Adds a prefix as it is, so that a table read from a file numbers its prefixes like the one written.
    pub fn add_prefix(&mut self, text: &str) -> Sym {
        self.prefix(text)
    }

    /// The text of a prefix.
    pub fn prefix_text(&self, prefix: Sym) -> &str {
        let i = prefix.0 as usize;
        match i.checked_sub(self.shared.ends.len()) {
            None => self.shared.get(i),
            Some(own) if own < self.own.ends.len() => self.own.get(own),
            Some(_) => "",
        }
    }

    /// The text of a name, to be shown; [`Name::NONE`] shows as nothing.
    pub fn show(&self, name: Name) -> Shown<'_> {
        Shown { names: self, name }
    }

    /// The text of a name.
    pub fn text(&self, name: Name) -> String {
        self.show(name).to_string()
    }

    /// The length of the text in bytes.
    pub fn len_of(&self, name: Name) -> u32 {
        let digits = name.number().map_or(0, |n| n.checked_ilog10().unwrap_or(0) + 1);
        if name.is_some() { self.prefix_text(name.prefix).len() as u32 + digits } else { 0 }
    }

    /// Mixes the text (not its place in the table) into a digest.
    #[inline]
    pub fn digest(&self, name: Name, digest: &mut Digest) {
        if !name.is_some() {
            digest.word(0x6e6f_6e65);
            return;
        }
        let i = name.prefix.0 as usize;
        let shared = self.shared.hashes.len();
        digest.word(if i < shared { self.shared.hashes[i] } else { self.own.hashes[i - shared] });
        digest.word(u64::from(name.number));
    }

    /// Makes all names known so far the shared part, so that copies of this table cost nothing.
    pub fn share(&mut self) {
        if self.own.ends.is_empty() {
            return;
        }
        let mut all = (*self.shared).clone();
        for i in 0..self.own.ends.len() {
            all.add(self.own.get(i), self.own.hashes[i]);
        }
        (self.shared, self.own) = (Arc::new(all), Table::default());
    }

    /// Forgets the names that came up while running; the allocation stays.
    pub fn reset(&mut self) {
        self.own.text.clear();
        self.own.ends.clear();
        self.own.hashes.clear();
        self.own.index.clear();
    }
}

/// A name with its table, for `Display`.
pub struct Shown<'a> {
    names: &'a Names,
    name: Name,
}

impl Shown<'_> {
    /// Adds the text to `to`; allocates only where its capacity is too small.
    pub fn write_to(&self, to: &mut String) {
        use fmt::Write;
        write!(to, "{self}").expect("writing to a string does not fail");
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.name.is_some() {
            return Ok(());
        }
        f.write_str(self.names.prefix_text(self.name.prefix))?;
        match self.name.number() {
            Some(n) => write!(f, "{n}"),
            None => Ok(()),
        }
    }
}
