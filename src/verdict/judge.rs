//! The judgement at the end: beliefs, completions and what is still there become the words.
//!
//! Not the watching; it only reads what `stream` kept, and what the observable state holds now.

use super::Word;
use super::book::{Cell, Dest, Message, cell, mark};
use super::findings::{At, Findings, Found, Guarantee, Ids, ProducerView, Times};
use super::stream::{BY_PLACE, DEEDS, Deed, NOWHERE, Verdict};
use super::tally::{Tallies, Tally};
use super::views::{goes_on, list};
use crate::ids::{ActorId, Name, Names};
use crate::trace::{Belief, Observable, PlaceKind, Tables, What};

/// The words that are judged here, each one case per (message, destination).
const JUDGED: [Word; 8] = [
    Word::Lost,
    Word::LostConfirmed,
    Word::Stuck,
    Word::Duplicated,
    Word::DuplicateRows,
    Word::Recovered,
    Word::Unexpected,
    Word::PoisonLoop,
];

/// So many failures without a success are a loop.
const POISONED: u8 = 10;

/// Cases of each judged word; kept between judgements for its allocations.
#[derive(Clone, Debug, Default)]
pub(super) struct Judged {
    words: Vec<Tallies>,
    twice: Tallies,
}

/// How many cases of each judged word a run has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Counts {
    words: [u32; JUDGED.len()],
    reordered: u32,
}

impl Counts {
    /// Whether cases of a word are counted here.
    pub fn knows(word: Word) -> bool {
        word == Word::Reordered || JUDGED.contains(&word)
    }
    /// The cases of a word; 0 for one that is not judged by messages.
    pub fn count(&self, word: Word) -> u32 {
        if word == Word::Reordered {
            return self.reordered;
        }
        JUDGED.iter().position(|judged| *judged == word).map_or(0, |at| self.words[at])
    }
}

impl Verdict {
    /// Judges the run by what is still there at its end. May be asked at any point of a run, and again later. Beliefs
    /// are not read from `state`: it may lack them.
    pub fn finish(&mut self, state: &Observable, tables: &Tables<'_>) -> Findings {
        let judged = self.judge_all(state, tables);
        let findings = self.findings(state, tables, &judged.words, &judged.twice);
        self.judged = judged;
        findings
    }

    /// Judges the run and only counts: for searches, which make millions of runs and read the ids of few. Allocates
    /// nothing in the steady state.
    pub fn counts(&mut self, state: &Observable, tables: &Tables<'_>) -> Counts {
        let judged = self.judge_all(state, tables);
        let total = |tallies: &Tallies| tallies.iter().map(|(_, tally)| tally.count).sum();
        let mut counts = Counts { words: [0; JUDGED.len()], reordered: total(&self.orders.of_producers) };
        for (count, tallies) in counts.words.iter_mut().zip(&judged.words) {
            *count = total(tallies);
        }
        self.judged = judged;
        counts
    }

    /// Whether a message is lost somewhere, by what is still there now.
    pub fn is_lost(&mut self, message: Name, state: &Observable, tables: &Tables<'_>) -> bool {
        self.take_stock(state, tables);
        let slot = self.book.slot(message);
        let mut words = vec![Tallies::default(); JUDGED.len()];
        self.judge(slot, &mut words, &mut Tallies::default());
        words[0].iter().any(|(_, tally)| tally.count > 0)
    }

    fn judge_all(&mut self, state: &Observable, tables: &Tables<'_>) -> Judged {
        self.take_stock(state, tables);
        let mut judged = std::mem::take(&mut self.judged);
        judged.words.resize_with(JUDGED.len(), Tallies::default);
        judged.words.iter_mut().for_each(Tallies::reset);
        judged.twice.reset();
        for slot in self.book.remarkable() {
            if !self.book.message(slot).is_plain() {
                self.judge(slot, &mut judged.words, &mut judged.twice);
            }
        }
        judged
    }

    /// Notes in the cells which copies and rows are there now.
    fn take_stock(&mut self, state: &Observable, tables: &Tables<'_>) {
        if std::mem::replace(&mut self.stocked, true) {
            self.book.forget_stock();
        }
        for (&place, copies) in state.places.iter() {
            let Some(kind) = tables.places.get(place.at()).map(|place| place.kind) else { continue };
            if !kind.is_live() && kind != PlaceKind::Table {
                continue;
            }
            let Some(dest) = self.destinations.of_place(place, tables) else { continue };
            for held in copies.values().filter(|held| held.message.is_some()) {
                let slot = self.book.slot(held.message);
                let cell = self.book.cell(slot, dest);
                if kind == PlaceKind::Table {
                    cell.rows = cell.rows.saturating_add(1);
                } else {
                    cell.marks |= cell::LIVE;
                }
            }
        }
        let unread = self.unread.iter().map(|unread| (unread.0, None));
        for (slot, dest) in self.flight.under_way().map(|carried| (carried.slot, carried.dest)).chain(unread) {
            // A publish may come to any queue: it keeps alive whatever is not done, or the message as a whole.
            let slot = slot as usize;
            if let Some(dest) = dest {
                self.book.cell(slot, dest).marks |= cell::LIVE;
            } else if self.book.message(slot).is_nowhere() {
                self.book.cell(slot, Dest::NOWHERE).marks |= cell::LIVE;
            } else {
                self.book.enliven(slot);
            }
        }
    }

    fn judge(&self, slot: usize, judged: &mut [Tallies], twice: &mut Tallies) {
        let message = &self.book.message(slot);
        let cells = self.book.cells_of(slot);
        let onward = |cell: &Cell| cell.marks & cell::ONWARD != 0;
        let onward_live = cells.clone().any(|cell| onward(&cell) && cell.marks & cell::LIVE != 0);
        let onward_done = cells.clone().any(|cell| onward(&cell) && cell.done > 0);
        let mut somewhere = false;
        for cell in cells {
            if onward(&cell) {
                self.judge_work(slot, &cell, judged, twice);
                continue;
            }
            // A cell without a copy ever, without work and without rows says nothing about where it was routed.
            let real = cell.marks & (cell::STORED | cell::LIVE) != 0 || cell.done > 0 || cell.rows > 0;
            if !real || (cell.dest == Dest::NOWHERE && cell.marks & cell::LIVE == 0) {
                continue;
            }
            somewhere = true;
            let live = cell.marks & cell::LIVE != 0 || onward_live;
            judge_fate(slot, message, cell.dest, cell.done > 0 || onward_done, live, judged);
            self.judge_work(slot, &cell, judged, twice);
        }
        if !somewhere && message.marks & mark::PUBLISHED != 0 {
            judge_fate(slot, message, Dest::NOWHERE, onward_done, onward_live, judged);
        }
    }

    fn judge_work(&self, slot: usize, cell: &Cell, judged: &mut [Tallies], twice: &mut Tallies) {
        let at = usize::from(cell.dest.0);
        for _ in 1..cell.done {
            judged[3].at(at).add(slot);
        }
        for _ in 1..cell.rows {
            judged[4].at(at).add(slot);
        }
        if cell.failed >= POISONED && cell.done == 0 {
            judged[7].at(at).add(slot);
        }
        let effects = if self.destinations.has_rows(cell.dest) { cell.rows } else { cell.done };
        if effects > 1 {
            twice.at(at).add(slot);
        }
    }

    fn findings(&self, state: &Observable, tables: &Tables<'_>, judged: &[Tallies], twice: &Tallies) -> Findings {
        let listing = Listing { verdict: self, names: tables.names };
        let producers = self.producers(tables.names);
        let mut words = Vec::new();
        for &word in Word::ALL {
            words.extend(listing.word(word, judged, &producers, tables));
        }
        Findings {
            ended: self.ended,
            at: self.now,
            messages: self.book.len() as u32,
            queues: self.queues(state, tables),
            consumers: self.consumers(state, tables),
            tables: self.tables(state, tables),
            guarantees: listing.guarantees(judged, twice),
            faults: self.faults(),
            producers,
            words,
            frames: Vec::new(),
            times: Times::default(),
        }
    }
}

/// Whether a message that is to be done at a destination was, and whether its producer knows.
fn judge_fate(slot: usize, message: &Message, dest: Dest, done: bool, live: bool, judged: &mut [Tallies]) {
    let at = usize::from(dest.0);
    let believed = matches!(message.belief, Belief::Sent | Belief::Confirmed);
    let published = message.marks & mark::PUBLISHED != 0;
    if !done && live {
        judged[2].at(at).add(slot);
    } else if !done && believed {
        // An answer that nobody wanted is not lost: it has come to whom it was for.
        if message.marks & mark::THROWN_AWAY != 0 {
            return;
        }
        judged[0].at(at).add(slot);
        if message.belief == Belief::Confirmed && message.marks & mark::ANSWERED == 0 {
            judged[1].at(at).add(slot);
        }
    } else if done && published && message.belief == Belief::Unknown {
        judged[5].at(at).add(slot);
    } else if done && (!published || message.belief == Belief::Refused) {
        judged[6].at(at).add(slot);
    }
}

/// Turns slots into texts.
pub(super) struct Listing<'a> {
    pub(super) verdict: &'a Verdict,
    pub(super) names: &'a Names,
}

impl Listing<'_> {
    pub(super) fn ids(&self, tally: &Tally) -> Ids {
        let mut ids = Ids { count: tally.count, more: tally.count as usize > tally.slots.len(), ..Ids::default() };
        for slot in &tally.slots {
            list(&mut ids, self.names, self.name(*slot));
        }
        if let Some(from) = tally.slots.last().filter(|_| ids.more && !tally.gap) {
            let unbroken = (*from..tally.last).all(|slot| goes_on(self.name(slot), self.name(slot + 1)));
            ids.through = unbroken.then(|| self.names.text(self.name(tally.last)));
        }
        ids
    }

    /// The first messages of what a client did so many times.
    pub(super) fn deed(&self, actor: ActorId, deed: Deed, count: u32) -> Ids {
        let tally = self.verdict.by_deed.get(actor.at() * DEEDS + deed as usize);
        let listed = tally.map(|tally| self.ids(tally)).unwrap_or_default();
        Ids { count, more: count > listed.count, ..listed }
    }

    fn name(&self, slot: u32) -> Name {
        self.verdict.book.message(slot as usize).name
    }

    /// A word with its cases by place, if it has any.
    fn word(&self, word: Word, judged: &[Tallies], producers: &[ProducerView], tables: &Tables<'_>) -> Option<Found> {
        let by = match word {
            Word::Sent => beliefs(producers, |view| &view.sent),
            Word::Confirmed => beliefs(producers, |view| &view.confirmed),
            Word::Refused => beliefs(producers, |view| &view.refused),
            Word::Unknown => beliefs(producers, |view| &view.unknown),
            Word::Reordered => self.by_dest(&self.verdict.orders.of_producers),
            Word::Returned => self.by(&self.verdict.returned, |at| {
                self.verdict.header.actors.get(at).map(|actor| actor.name.clone()).unwrap_or_default()
            }),
            Word::Unroutable => self.nowhere(What::Unroutable),
            Word::InError => self.nowhere(What::InError),
            Word::Discarded => self.nowhere(What::Discarded),
            Word::Expired => self.by_queue(What::Expired, tables),
            Word::Dropped => self.by_queue(What::Dropped, tables),
            Word::Rejected => self.by_queue(What::Rejected, tables),
            Word::DeadLettered => self.by_queue(What::DeadLettered, tables),
            Word::Purged => self.by_queue(What::Purged, tables),
            Word::Vanished => self.by_queue(What::Vanished, tables),
            _ => self.by_dest(&judged[JUDGED.iter().position(|known| *known == word)?]),
        };
        let count = by.iter().map(|at| at.ids.count).sum();
        (count > 0).then_some(Found { word, count, by })
    }

    fn by(&self, tallies: &Tallies, name: impl Fn(usize) -> String) -> Vec<At> {
        tallies.iter().map(|(at, tally)| At { at: name(at), ids: self.ids(tally) }).collect()
    }

    fn nowhere(&self, what: What) -> Vec<At> {
        let mine = self.verdict.nowhere.iter().filter(|(at, _)| NOWHERE[*at] == what);
        mine.map(|(_, tally)| At { at: super::destinations::NOWHERE.to_owned(), ids: self.ids(tally) }).collect()
    }

    fn by_dest(&self, tallies: &Tallies) -> Vec<At> {
        self.by(tallies, |at| self.verdict.destinations.name(Dest(at as u16)).to_owned())
    }

    fn by_queue(&self, what: What, tables: &Tables<'_>) -> Vec<At> {
        let mut all: Vec<At> = Vec::new();
        let row = BY_PLACE.iter().position(|known| *known == what);
        let mine = self.verdict.by_place.iter().filter(|(at, _)| Some(at % BY_PLACE.len()) == row);
        for (at, tally) in mine {
            let place = (at / BY_PLACE.len()).checked_sub(1).and_then(|at| tables.places.get(at));
            let name =
                place.map_or_else(|| super::destinations::NOWHERE.to_owned(), |place| tables.names.text(place.name));
            let ids = self.ids(tally);
            // Ready and unacknowledged are two places of one queue.
            match all.iter_mut().find(|known| known.at == name) {
                Some(known) => merge(&mut known.ids, ids),
                None => all.push(At { at: name, ids }),
            }
        }
        all
    }

    fn guarantees(&self, judged: &[Tallies], twice: &Tallies) -> Vec<Guarantee> {
        let line = |word, breaking: &[&Tallies]| {
            let all = breaking.iter().flat_map(|tallies| tallies.iter());
            let broken = all.clone().map(|(_, tally)| tally.count).sum();
            let first = all.filter_map(|(at, tally)| Some((*tally.slots.first()?, at))).min();
            let first = first.map(|(slot, at)| {
                let name = self.verdict.book.message(slot as usize).name;
                (self.names.text(name), self.verdict.destinations.name(Dest(at as u16)).to_owned())
            });
            Guarantee { word, broken, first }
        };
        vec![
            line(Word::AtMostOnce, &[&judged[3]]),
            line(Word::AtLeastOnce, &[&judged[0]]),
            line(Word::EffectivelyOnce, &[&judged[0], twice]),
            line(Word::Fifo, &[&self.verdict.orders.of_producers]),
            line(Word::FifoPerKey, &[&self.verdict.orders.of_keys]),
            line(Word::FifoPerQueue, &[&self.verdict.orders.of_queues]),
        ]
    }
}

fn beliefs(producers: &[ProducerView], of: impl Fn(&ProducerView) -> &Ids) -> Vec<At> {
    let views = producers.iter().filter(|view| of(view).count > 0);
    views.map(|view| At { at: view.name.clone(), ids: of(view).clone() }).collect()
}

fn merge(ids: &mut Ids, more: Ids) {
    ids.count += more.count;
    ids.more |= more.more;
    ids.through = None;
    for id in more.ids {
        if !ids.ids.contains(&id) {
            ids.ids.push(id);
        }
    }
}
