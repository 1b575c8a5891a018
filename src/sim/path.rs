//! A path through a tree of choices, and the walk over all leaves.
//!
//! Not the search: a path says which alternative each enumerated choice takes; who runs the world along it, and how
//! often, is `explore`'s business.

/// What a choice takes that is not enumerated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Others {
    /// The seed's draw.
    Seed,
    /// The first alternative: no fault, the shortest latency; the mean of an exponential span.
    First,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Turn {
    taken: u32,
    arity: u32,
}

/// Which alternative each enumerated choice takes, in the order in which they come up. Alternative 0 is the usual one.
///
/// Walked depth first: run with an empty path, which takes 0 everywhere and grows by what comes up; then
/// [`Path::advance`] and run again from the start, until it says no. Each leaf is visited once.
#[derive(Debug, Default)]
pub struct Path {
    turns: Vec<Turn>,
    /// How many of the turns the present run has taken.
    at: usize,
    /// How many of those took another alternative than 0.
    unusual: u32,
    /// At most this many may.
    most: u32,
}

crate::clone_in_place!(Path { turns, at, unusual, most });

impl Path {
    /// The path that takes alternative 0 everywhere, of a walk in which at most `most` choices take another.
    pub fn new(most: u32) -> Path {
        Path { turns: Vec::new(), at: 0, unusual: 0, most }
    }

    /// Takes the next turn, of `arity` alternatives.
    pub(super) fn take(&mut self, arity: u32) -> u32 {
        let arity = if self.unusual < self.most { arity } else { 1 };
        let taken = match self.turns.get_mut(self.at) {
            Some(turn) => {
                turn.arity = arity;
                turn.taken = turn.taken.min(arity - 1);
                turn.taken
            }
            None => {
                self.turns.push(Turn { taken: 0, arity });
                0
            }
        };
        self.at += 1;
        self.unusual += u32::from(taken != 0);
        taken
    }

    /// Goes to the next leaf, back at the start of the run; false when there is none.
    pub fn advance(&mut self) -> bool {
        self.turns.truncate(self.at);
        self.rewind();
        while let Some(turn) = self.turns.last_mut() {
            if turn.taken + 1 < turn.arity {
                turn.taken += 1;
                return true;
            }
            self.turns.pop();
        }
        false
    }

    /// Back at the start of the run, same alternatives.
    pub fn rewind(&mut self) {
        self.at = 0;
        self.unusual = 0;
    }

    /// How many enumerated choices the present run has made: where it grows, the tree branches.
    pub fn depth(&self) -> usize {
        self.at
    }

    /// The alternatives taken, each with how many there were.
    pub fn turns(&self) -> impl ExactSizeIterator<Item = (u32, u32)> {
        self.turns.iter().map(|turn| (turn.taken, turn.arity))
    }

    /// Says beforehand which alternative the turn at `depth` takes; it must have come up or be the next new one.
    ///
    /// # Panics
    /// Where turns before it are missing.
    pub fn set(&mut self, depth: usize, taken: u32) {
        self.turns.truncate(depth + 1);
        assert!(self.turns.len() >= depth, "turns before it are known");
        if self.turns.len() == depth {
            self.turns.push(Turn { taken, arity: taken + 1 });
        } else {
            self.turns[depth].taken = taken;
        }
    }
}
