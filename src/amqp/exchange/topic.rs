//! Topic exchanges: keys are words between dots; in a binding `*` stands for exactly one word and `#` for any number
//! of them, none included (R4, B50).
//!
//! A trie over words, walked with a set of nodes per word of the routing key. The cost is that of the nodes that match
//! so far; bindings that do not match cost nothing, and no pattern makes it explode.

use super::hash::hash_text;
use super::{Link, Target};
use crate::mem::{Chains, NONE, mix};

/// The words of a key; the empty key has none.
pub(super) fn words(key: &str) -> impl Iterator<Item = &str> {
    let count = if key.is_empty() { 0 } else { usize::MAX };
    key.split('.').take(count)
}

const ROOT: u32 = 0;

/// One word of some binding key, below the words before it.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// Where its word is in the text; wildcards have none.
    start: u32,
    len: u32,
    parent: u32,
    star: u32,
    hash: u32,
    /// Whether this is a `#`, which takes every word and stays.
    many: bool,
    /// How many bindings end here.
    ends: u32,
}

impl Node {
    const EMPTY: Node = Node { start: 0, len: 0, parent: NONE, star: NONE, hash: NONE, many: false, ends: 0 };
}

/// The bindings of a topic exchange.
#[derive(Debug, Default)]
pub(super) struct Trie {
    text: String,
    nodes: Vec<Node>,
    /// Children with a plain word, by parent and word.
    edges: Chains<u32>,
    /// Numbers and targets of the bindings that end at a node, by node.
    ends: Chains<(u32, Target)>,
}

crate::clone_in_place!(Trie { text, nodes, edges, ends });

/// Room for walking a trie; holds no state between two walks.
#[derive(Debug, Default)]
pub(super) struct Walk {
    active: Vec<u32>,
    next: Vec<u32>,
    stamps: Vec<u64>,
    stamp: u64,
    pub(super) hits: Vec<(u32, Target)>,
}

fn hash_edge(parent: u32, word: &str) -> u64 {
    hash_text(word) ^ mix(u64::from(parent))
}

impl Trie {
    pub(super) fn add(&mut self, key: &str, number: u32, target: Target) -> Link {
        if self.nodes.is_empty() {
            self.nodes.push(Node::EMPTY);
        }
        let mut at = ROOT;
        for word in words(key) {
            at = self.child_or_new(at, word);
        }
        self.nodes[at as usize].ends += 1;
        Link(self.ends.push(u64::from(at), (number, target)))
    }

    /// Takes a binding with this key out. Its nodes stay until the next [`Trie::clear`]; they only cost memory.
    pub(super) fn remove(&mut self, key: &str, link: Link) {
        let mut at = ROOT;
        for word in words(key) {
            match self.child(at, word) {
                Some(child) => at = child,
                None => return,
            }
        }
        if let Some(node) = self.nodes.get_mut(at as usize) {
            node.ends = node.ends.saturating_sub(1);
        }
        self.ends.remove(link.0);
    }

    /// Forgets all bindings; the allocations stay.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.nodes.clear();
        self.edges.clear();
        self.ends.clear();
    }

    /// The child of a binding key's word, wildcards included.
    fn child(&self, parent: u32, word: &str) -> Option<u32> {
        let node = self.nodes.get(parent as usize)?;
        match word {
            "*" => Some(node.star).filter(|&c| c != NONE),
            "#" => Some(node.hash).filter(|&c| c != NONE),
            _ => self.plain_child(parent, word),
        }
    }

    fn plain_child(&self, parent: u32, word: &str) -> Option<u32> {
        let mut children = self.edges.under(hash_edge(parent, word)).map(|(_, child)| child);
        children.find(|&child| self.nodes[child as usize].parent == parent && self.word(child) == word)
    }

    fn word(&self, node: u32) -> &str {
        let Node { start, len, .. } = self.nodes[node as usize];
        &self.text[start as usize..(start + len) as usize]
    }

    fn child_or_new(&mut self, parent: u32, word: &str) -> u32 {
        if let Some(child) = self.child(parent, word) {
            return child;
        }
        let child = self.nodes.len() as u32;
        let mut node = Node { parent, ..Node::EMPTY };
        match word {
            "*" => self.nodes[parent as usize].star = child,
            "#" => {
                self.nodes[parent as usize].hash = child;
                node.many = true;
            }
            _ => {
                (node.start, node.len) = (self.text.len() as u32, word.len() as u32);
                self.text.push_str(word);
                self.edges.push(hash_edge(parent, word), child);
            }
        }
        self.nodes.push(node);
        child
    }

    /// Adds the targets of all bindings that match, in the order of binding.
    pub(super) fn matches(&self, key: &str, walk: &mut Walk, found: &mut Vec<Target>) {
        if self.nodes.is_empty() {
            return;
        }
        walk.begin(self.nodes.len());
        self.enter(ROOT, walk);
        for word in words(key) {
            walk.step();
            for i in 0..walk.active.len() {
                self.follow(walk.active[i], word, walk);
            }
            if walk.next.is_empty() {
                return;
            }
        }
        for &node in walk.next.iter().filter(|&&n| self.nodes[n as usize].ends > 0) {
            walk.hits.extend(self.ends.under(u64::from(node)).map(|(_, end)| end));
        }
        walk.hits.sort_unstable();
        found.extend(walk.hits.iter().map(|hit| hit.1));
    }

    /// Adds a node and, since `#` also stands for no word at all, the `#` below it.
    fn enter(&self, mut node: u32, walk: &mut Walk) {
        while node != NONE && walk.mark(node) {
            walk.next.push(node);
            node = self.nodes[node as usize].hash;
        }
    }

    /// Adds where one word leads from a node.
    fn follow(&self, at: u32, word: &str, walk: &mut Walk) {
        let node = self.nodes[at as usize];
        if node.many {
            self.enter(at, walk);
        }
        self.enter(node.star, walk);
        if let Some(child) = self.plain_child(at, word) {
            self.enter(child, walk);
        }
    }
}

impl Walk {
    fn begin(&mut self, nodes: usize) {
        if self.stamps.len() < nodes {
            self.stamps.resize(nodes, 0);
        }
        self.stamp += 1;
        self.active.clear();
        self.next.clear();
        self.hits.clear();
    }

    /// The nodes found so far become those to go on from.
    fn step(&mut self) {
        std::mem::swap(&mut self.active, &mut self.next);
        self.next.clear();
        self.stamp += 1;
    }

    /// Whether the node is new in this step.
    fn mark(&mut self, node: u32) -> bool {
        std::mem::replace(&mut self.stamps[node as usize], self.stamp) != self.stamp
    }
}
