//! Topic exchanges: keys are words between dots; in a binding `*` stands for exactly one word and `#` for any number
//! of them, none included (R4, B50).
//!
//! A trie over words, walked with a set of nodes per word of the routing key. The cost is that of the nodes that match
//! so far; bindings that do not match cost nothing, and no pattern makes it explode.

use super::Target;
use super::direct::Sorted;

/// The words of a key; the empty key has none.
pub(super) fn words(key: &str) -> impl Iterator<Item = &str> {
    let count = if key.is_empty() { 0 } else { usize::MAX };
    key.split('.').take(count)
}

const NONE: u32 = u32::MAX;
const ROOT: u32 = 0;

/// One word of some binding key, below the words before it.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// Where its word is in the text; wildcards have none.
    start: u32,
    len: u32,
    star: u32,
    hash: u32,
    /// Whether this is a `#`, which takes every word and stays.
    many: bool,
    /// How many bindings end here.
    ends: u32,
}

impl Node {
    const EMPTY: Node = Node { start: 0, len: 0, star: NONE, hash: NONE, many: false, ends: 0 };
}

/// An edge to a node with a plain word, found by parent and the word's hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Edge {
    parent: u32,
    hash: u64,
    child: u32,
}

/// The bindings of a topic exchange.
#[derive(Debug, Default)]
pub(super) struct Trie {
    text: String,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    ends: Sorted<u32>,
}

impl Clone for Trie {
    fn clone(&self) -> Self {
        let mut trie = Trie::default();
        trie.copy_from(self);
        trie
    }
}

/// Room for walking a trie; holds no state between two walks.
#[derive(Debug, Default)]
pub(super) struct Walk {
    active: Vec<u32>,
    next: Vec<u32>,
    stamps: Vec<u64>,
    stamp: u64,
    hits: Vec<(u32, Target)>,
}

fn hash_word(word: &str) -> u64 {
    word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

impl Trie {
    pub(super) fn add(&mut self, key: &str, number: u32, target: Target) {
        if self.nodes.is_empty() {
            self.nodes.push(Node::EMPTY);
        }
        let mut at = ROOT;
        for word in words(key) {
            at = self.child_or_new(at, word);
        }
        self.nodes[at as usize].ends += 1;
        self.ends.add(at, number, target);
    }

    /// Takes a binding out. Its nodes stay until the next [`Trie::clear`]; they only cost memory.
    pub(super) fn remove(&mut self, key: &str, number: u32) {
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
        self.ends.remove(at, number);
    }

    /// Forgets all bindings; the allocations stay.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.nodes.clear();
        self.edges.clear();
        self.ends.clear();
    }

    pub(super) fn copy_from(&mut self, from: &Self) {
        self.text.clone_from(&from.text);
        self.nodes.clone_from(&from.nodes);
        self.edges.clone_from(&from.edges);
        self.ends.copy_from(&from.ends);
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
        let hash = hash_word(word);
        let start = self.edges.partition_point(|e| (e.parent, e.hash) < (parent, hash));
        let same = self.edges[start..].iter().take_while(|e| e.parent == parent && e.hash == hash);
        same.map(|e| e.child).find(|&child| self.word(child) == word)
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
        let mut node = Node::EMPTY;
        match word {
            "*" => self.nodes[parent as usize].star = child,
            "#" => {
                self.nodes[parent as usize].hash = child;
                node.many = true;
            }
            _ => {
                (node.start, node.len) = (self.text.len() as u32, word.len() as u32);
                self.text.push_str(word);
                let edge = Edge { parent, hash: hash_word(word), child };
                let at = self.edges.partition_point(|e| *e < edge);
                self.edges.insert(at, edge);
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
            walk.hits.extend(self.ends.under(node));
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
