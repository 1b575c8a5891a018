//! The orders that first completions are held against: of each producer, of each of its keys, of each queue.
//!
//! Not the judgement of other words. An order is broken wherever a completion is earlier in it than the one just before;
//! then, and only then, two messages of it were done the wrong way round.

use super::book::{Cell, Dest, Message};
use super::series::Series;
use super::tally::Tallies;
use crate::ids::{ActorId, Name, PlaceId};

/// Where each order stands, and what broke it.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders {
    lines: Lines,
    /// By queue: how many messages it has taken in, and which of them was completed last.
    queues: Vec<(u32, u32)>,
    /// The last completion, by destination and producer: its place in the sequence of publishing.
    by_producer: Vec<Vec<u32>>,
    /// The same by destination and line.
    by_line: Vec<Vec<u32>>,
    /// Cases by destination.
    pub(super) of_producers: Tallies,
    pub(super) of_keys: Tallies,
    pub(super) of_queues: Tallies,
}

impl Orders {
    /// Forgets the run; the allocations stay.
    pub(super) fn reset(&mut self) {
        self.lines.reset();
        self.queues.clear();
        self.by_producer.iter_mut().for_each(Vec::clear);
        self.by_line.iter_mut().for_each(Vec::clear);
        self.of_producers.reset();
        self.of_keys.reset();
        self.of_queues.reset();
    }

    /// The line of what a producer publishes with a key, plus one.
    #[inline]
    pub(super) fn line(&mut self, producer: ActorId, key: Name) -> u32 {
        self.lines.of(producer, key) + 1
    }

    /// A queue takes a message in for the first time.
    #[inline]
    pub(super) fn take(&mut self, queue: PlaceId, cell: &mut Cell) {
        let at = queue.at();
        if self.queues.len() <= at {
            self.queues.resize(at + 1, (0, 0));
        }
        let taken = &mut self.queues[at].0;
        *taken += 1;
        (cell.lane, cell.arrival) = (queue.0, *taken);
    }

    /// A message is completed for the first time at a destination.
    pub(super) fn completed(&mut self, slot: usize, message: &Message, cell: &Cell) {
        let at = usize::from(cell.dest.0);
        if message.producer.is_some() {
            if message.seq < swap(&mut self.by_producer, cell.dest, message.producer.at(), message.seq) {
                self.of_producers.at(at).add(slot);
            }
            if let Some(line) = (message.line as usize).checked_sub(1)
                && message.seq < swap(&mut self.by_line, cell.dest, line, message.seq)
            {
                self.of_keys.at(at).add(slot);
            }
        }
        if cell.arrival > 0
            && let Some((_, last)) = self.queues.get_mut(cell.lane as usize)
            && cell.arrival < std::mem::replace(last, cell.arrival)
        {
            self.of_queues.at(at).add(slot);
        }
    }
}

/// Puts a number in the place of the one before it; 0 where there was none.
#[inline]
fn swap(all: &mut Vec<Vec<u32>>, dest: Dest, at: usize, number: u32) -> u32 {
    let dest = usize::from(dest.0);
    if all.len() <= dest {
        all.resize_with(dest + 1, Vec::new);
    }
    let all = &mut all[dest];
    if all.len() <= at {
        all.resize(at + 1, 0);
    }
    std::mem::replace(&mut all[at], number)
}

/// Numbers for pairs of a producer and a key, in the order in which they come up.
#[derive(Clone, Debug, Default)]
struct Lines {
    /// The pair that each producer asked for last: most have one key, or stay with one for a while.
    recent: Vec<(Name, u32)>,
    /// By prefix of the key: the last line with each key.
    keys: Vec<Series>,
    /// The line after which each key's are chained, by key.
    heads: Vec<u32>,
    lines: Vec<Line>,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    producer: ActorId,
    /// The next line with the same key, plus one; 0 for none.
    next: u32,
}

impl Lines {
    fn reset(&mut self) {
        self.recent.clear();
        self.keys.iter_mut().for_each(Series::reset);
        self.heads.clear();
        self.lines.clear();
    }

    #[inline]
    fn of(&mut self, producer: ActorId, key: Name) -> u32 {
        match self.recent.get(producer.at()) {
            Some((recent, line)) if *recent == key => *line,
            _ => self.find(producer, key),
        }
    }

    fn find(&mut self, producer: ActorId, key: Name) -> u32 {
        let prefix = key.prefix().0 as usize;
        if self.keys.len() <= prefix {
            self.keys.resize_with(prefix + 1, Series::default);
        }
        let head = self.keys[prefix].find(key.number()).unwrap_or_else(|| {
            self.heads.push(0);
            let head = self.heads.len() as u32 - 1;
            self.keys[prefix].add(key.number(), head);
            head
        });
        let mut at = self.heads[head as usize];
        while at != 0 && self.lines[at as usize - 1].producer != producer {
            at = self.lines[at as usize - 1].next;
        }
        if at == 0 {
            self.lines.push(Line { producer, next: self.heads[head as usize] });
            at = self.lines.len() as u32;
            self.heads[head as usize] = at;
        }
        if self.recent.len() <= producer.at() {
            self.recent.resize(producer.at() + 1, (Name::NONE, 0));
        }
        self.recent[producer.at()] = (key, at - 1);
        at - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Names;

    #[test]
    fn each_pair_of_a_producer_and_a_key_has_a_line_of_its_own() {
        let mut names = Names::new();
        let keys = ["created", "customer-1", "customer-2", "customer-90000"].map(|key| names.intern(key));
        let mut lines = Lines::default();
        let ask = |lines: &mut Lines| -> Vec<u32> {
            keys.iter().flat_map(|key| [0, 1, 5].map(|who| (ActorId(who), *key))).map(|(w, k)| lines.of(w, k)).collect()
        };
        let first = ask(&mut lines);
        assert_eq!(first, (0..12).collect::<Vec<u32>>());
        assert_eq!(ask(&mut lines), first);
        lines.reset();
        assert_eq!(ask(&mut lines), first, "nothing is left after a reset");
    }
}
