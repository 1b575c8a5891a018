//! The ledger: for each message of a recorded run what was tried, what its producer believes, where copies are, what was
//! done, and the event that decided its end.
//!
//! Not the counting while a run streams (`stream`); it reads a whole log, and takes the words from the findings.

use super::{Findings, Takes, Word};
use crate::ids::{ActorId, CopyId, EventId, FrameId, Name, PlaceId};
use crate::mem::VecMap;
use crate::trace::{Belief, Class, Delta, Kind, Log, PlaceKind, VerbBook, What};
use std::collections::BTreeMap;

/// The account of one message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// The message.
    pub message: Name,
    /// Who published it first; nobody for an answer that no producer sent.
    pub producer: ActorId,
    /// Publishes of it, retries included.
    pub attempts: u32,
    /// What its producer believes at the end.
    pub belief: Option<Belief>,
    /// Copies at the end, by kind of place.
    pub copies: Vec<(PlaceKind, u32)>,
    /// Deliveries that reached a consumer.
    pub deliveries: u32,
    /// Works that were completed.
    pub worked: u32,
    /// Works that failed.
    pub failed: u32,
    /// Deliveries that were skipped as known.
    pub skipped: u32,
    /// The verdict's words that name it, in their order.
    pub words: Vec<Word>,
    /// The event that decided its end; the last one about it where none did.
    pub decided: EventId,
}

impl Account {
    /// How many copies are in places of a kind.
    pub fn in_places(&self, kind: PlaceKind) -> u32 {
        self.copies.iter().find(|(known, _)| *known == kind).map_or(0, |(_, n)| *n)
    }
}

/// The accounts of all messages, in the order in which they first come up.
pub fn ledger(log: &Log, verbs: &VerbBook, findings: &Findings) -> Vec<Account> {
    let mut book = Ledger::default();
    (0..log.events().len() as u32).for_each(|id| book.enter(log, verbs, EventId(id)));
    book.close(log, findings)
}

/// The words that tell how a message ended, the one that decides first.
const ENDS: [Word; 9] = [
    Word::Lost,
    Word::Duplicated,
    Word::Reordered,
    Word::Unexpected,
    Word::PoisonLoop,
    Word::Recovered,
    Word::Stuck,
    Word::Refused,
    Word::Returned,
];

/// Whether a word says what became of a message, and not only what its producer believes of it.
fn tells_an_end(word: Word) -> bool {
    let belief = matches!(word, Word::Sent | Word::Confirmed | Word::Refused | Word::Unknown);
    matches!(word.takes(), Takes::CountMayOf(_)) && !belief
}

/// The events that may have decided a message's end.
#[derive(Clone, Debug, Default)]
struct Facts {
    /// Copies that can still lead to work, frames under way included.
    alive: i32,
    /// The last time that there came to be none.
    gone: Option<EventId>,
    /// The last time that one came to a place.
    placed: Option<EventId>,
    /// Completed works, each with who did it.
    works: Vec<(ActorId, EventId)>,
    /// The last change of belief.
    believed: Option<EventId>,
    /// The last work that failed.
    failed: Option<EventId>,
    /// Rows that were inserted for it.
    rows: u32,
    /// The first event that says what a word says, for words that one event says.
    noted: Vec<(Word, EventId)>,
    last: EventId,
}

/// A ledger under way: a log is entered event by event, in order, so that it can be done bit by bit.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The only message that is looked at, if only one is.
    only: Option<Name>,
    accounts: Vec<Account>,
    at: BTreeMap<Name, usize>,
    facts: Vec<Facts>,
    /// Where every copy is, and of what.
    copies: BTreeMap<CopyId, (PlaceId, Name)>,
}

impl Ledger {
    /// The ledger of one message only.
    pub fn of(message: Name) -> Ledger {
        Ledger { only: Some(message), ..Ledger::default() }
    }

    fn wants(&self, message: Name) -> bool {
        self.only.is_none_or(|only| only == message)
    }

    fn slot(&mut self, message: Name, event: EventId) -> usize {
        if let Some(at) = self.at.get(&message) {
            self.facts[*at].last = event;
            return *at;
        }
        let at = self.accounts.len();
        self.at.insert(message, at);
        self.accounts.push(Account {
            message,
            producer: ActorId::NONE,
            attempts: 0,
            belief: None,
            copies: Vec::new(),
            deliveries: 0,
            worked: 0,
            failed: 0,
            skipped: 0,
            words: Vec::new(),
            decided: event,
        });
        self.facts.push(Facts { last: event, ..Facts::default() });
        at
    }

    /// Enters the next event.
    pub fn enter(&mut self, log: &Log, verbs: &VerbBook, id: EventId) {
        let Some(&event) = log.event(id) else { return };
        match event.kind {
            Kind::Sent(frame) => self.flies(carried(log, verbs, frame), id, 1),
            Kind::Arrived(frame) => {
                let carried = carried(log, verbs, frame);
                self.flies(carried, id, -1);
                if let Some((message, Class::Deliver)) = carried.filter(|(message, _)| self.wants(*message)) {
                    let at = self.slot(message, id);
                    self.accounts[at].deliveries += 1;
                }
            }
            Kind::Lost(frame) | Kind::Ignored(frame) => self.flies(carried(log, verbs, frame), id, -1),
            Kind::Note { what, message, .. } if message.is_some() && self.wants(message) => {
                self.note(id, event.actor, what, message);
            }
            _ => {}
        }
        for delta in log.deltas(id) {
            self.delta(log, id, *delta);
        }
    }

    fn flies(&mut self, carried: Option<(Name, Class)>, id: EventId, by: i32) {
        if let Some((message, _)) = carried.filter(|(message, _)| self.wants(*message)) {
            self.lives(message, id, by);
        }
    }

    fn lives(&mut self, message: Name, id: EventId, by: i32) {
        let at = self.slot(message, id);
        let facts = &mut self.facts[at];
        facts.alive += by;
        if by > 0 {
            facts.placed = Some(id);
        } else if facts.alive <= 0 {
            facts.gone = Some(id);
        }
    }

    fn delta(&mut self, log: &Log, id: EventId, delta: Delta) {
        match delta {
            Delta::Put { place, copy, message, .. } if self.wants(message) => {
                self.copies.insert(copy, (place, message));
                if live(log, place) {
                    self.lives(message, id, 1);
                }
            }
            Delta::Move { from, to, copy, .. } => {
                if let Some(message) = self.held(from, copy) {
                    self.copies.insert(copy, (to, message));
                    // First where it comes to: a copy that moves is never gone.
                    if live(log, to) {
                        self.lives(message, id, 1);
                    }
                    if live(log, from) {
                        self.lives(message, id, -1);
                    }
                }
            }
            Delta::Remove { place, copy } => {
                if let Some(message) = self.held(place, copy) {
                    self.copies.remove(&copy);
                    if live(log, place) {
                        self.lives(message, id, -1);
                    }
                }
            }
            Delta::Clear { place } => {
                let here = |(_, (at, _)): &(&CopyId, &(PlaceId, Name))| *at == place;
                let all: Vec<Name> = self.copies.iter().filter(here).map(|(_, (_, message))| *message).collect();
                self.copies.retain(|_, (at, _)| *at != place);
                for message in all.into_iter().filter(|_| live(log, place)) {
                    self.lives(message, id, -1);
                }
            }
            Delta::Believe { message, belief, .. } if self.wants(message) => {
                let at = self.slot(message, id);
                self.accounts[at].belief = Some(belief);
                self.facts[at].believed = Some(id);
            }
            _ => {}
        }
    }

    fn held(&self, place: PlaceId, copy: CopyId) -> Option<Name> {
        self.copies.get(&copy).filter(|(at, _)| *at == place).map(|(_, message)| *message)
    }

    fn note(&mut self, id: EventId, actor: ActorId, what: What, message: Name) {
        let at = self.slot(message, id);
        let (account, facts) = (&mut self.accounts[at], &mut self.facts[at]);
        let again = what == What::RowInserted && facts.rows > 0;
        if let Some(word) = said(what).or(again.then_some(Word::DuplicateRows))
            && !facts.noted.iter().any(|(known, _)| *known == word)
        {
            facts.noted.push((word, id));
        }
        match what {
            What::Published | What::Replied => {
                account.attempts += 1;
                if !account.producer.is_some() {
                    account.producer = actor;
                }
            }
            What::WorkDone => {
                account.worked += 1;
                facts.works.push((actor, id));
            }
            What::WorkFailed => {
                account.failed += 1;
                facts.failed = Some(id);
            }
            What::Skipped => account.skipped += 1,
            What::RowInserted => facts.rows += 1,
            What::Unroutable | What::Discarded | What::RefusedByBroker => facts.gone = Some(id),
            _ => {}
        }
    }

    /// The accounts, once every event is entered.
    pub fn close(mut self, log: &Log, findings: &Findings) -> Vec<Account> {
        let mut copies: VecMap<(Name, PlaceKind), u32> = VecMap::new();
        for (place, message) in self.copies.values() {
            let Some(kind) = log.places.get(place.at()).map(|place| place.kind) else { continue };
            *copies.or_insert_with((*message, kind), || 0) += 1;
        }
        for (&(message, kind), n) in copies.iter() {
            if let Some(at) = self.at.get(&message) {
                self.accounts[*at].copies.push((kind, *n));
            }
        }
        let named = named(findings);
        for at in 0..self.accounts.len() {
            let text = log.names.text(self.accounts[at].message);
            let words = named.iter().filter(|(_, ids)| ids.contains(&text.as_str())).map(|(word, _)| *word);
            let words: Vec<Word> = words.collect();
            let deciding = words.iter().find(|word| ENDS.contains(word)).copied();
            self.accounts[at].decided = self.decided(log, at, deciding);
            self.accounts[at].words = words;
        }
        self.accounts
    }

    /// The events with which a word comes to be true of a message, in order: of the messages that the findings list.
    pub fn moments(&self, log: &Log, findings: &Findings) -> Vec<(EventId, Word, Name)> {
        let mut moments = Vec::new();
        for (word, ids) in named(findings) {
            for message in ids.into_iter().filter_map(|id| log.names.find(id)) {
                if let Some(at) = self.at.get(&message) {
                    moments.push((self.decided(log, *at, Some(word)), word, message));
                }
            }
        }
        moments.sort();
        moments
    }

    /// The event that decided what a word says of a message.
    fn decided(&self, log: &Log, at: usize, word: Option<Word>) -> EventId {
        let facts = &self.facts[at];
        let done = |n: usize| facts.works.get(n).map(|(_, id)| *id);
        let found = match word {
            Some(Word::Lost | Word::LostConfirmed) => facts.gone,
            Some(Word::Duplicated) => second(log, facts).or_else(|| done(1)),
            Some(Word::Reordered | Word::Unexpected | Word::Recovered) => done(0),
            Some(Word::PoisonLoop) => facts.failed,
            Some(Word::Stuck) => facts.placed,
            Some(Word::Refused | Word::Returned) => facts.believed,
            Some(word) => facts.noted.iter().find(|(known, _)| *known == word).map(|(_, id)| *id),
            None => done(0).or(facts.gone),
        };
        found.unwrap_or(facts.last)
    }
}

/// The word that a note says of its message.
fn said(what: What) -> Option<Word> {
    Some(match what {
        What::Unroutable => Word::Unroutable,
        What::InError => Word::InError,
        What::Discarded => Word::Discarded,
        What::Expired => Word::Expired,
        What::Dropped => Word::Dropped,
        What::Rejected => Word::Rejected,
        What::DeadLettered => Word::DeadLettered,
        What::Purged => Word::Purged,
        What::Vanished => Word::Vanished,
        _ => return None,
    })
}

/// The words that tell an end, each with the messages that it is true of.
fn named(findings: &Findings) -> Vec<(Word, Vec<&str>)> {
    let others = Word::ALL.iter().filter(|word| tells_an_end(**word) && !ENDS.contains(word));
    ENDS.iter().chain(others).map(|word| (*word, findings.ids(*word))).collect()
}

fn live(log: &Log, place: PlaceId) -> bool {
    log.places.get(place.at()).is_some_and(|place| place.kind.is_live())
}

/// The message that a frame carries, and what the frame is for.
fn carried(log: &Log, verbs: &VerbBook, frame: FrameId) -> Option<(Name, Class)> {
    let frame = log.frame(frame)?;
    let class = verbs.get(frame.verb)?.class;
    (frame.message.is_some() && matches!(class, Class::Publish | Class::Deliver)).then_some((frame.message, class))
}

/// The first work that was done already: by whoever works for the same table or queue.
fn second(log: &Log, facts: &Facts) -> Option<EventId> {
    let of = |consumer: ActorId| {
        let own = log.header.destinations.iter().find(|row| row.consumer == consumer);
        own.map(|row| row.table.as_ref().unwrap_or(&row.from))
    };
    let again = |i: &usize| facts.works[..*i].iter().any(|(before, _)| of(*before) == of(facts.works[*i].0));
    (1..facts.works.len()).find(again).map(|i| facts.works[i].1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::build;

    #[test]
    fn the_account_of_a_message_whose_confirm_was_lost() {
        let log = build::lost_confirm();
        let mut verdict = super::super::Verdict::new(&log.header, build::VERBS);
        let tables = log.tables();
        for (i, event) in log.events().iter().enumerate() {
            let id = EventId(i as u32);
            if let Kind::Sent(frame) = event.kind
                && let Some(sent) = log.frame(frame)
            {
                crate::trace::Observer::frame(&mut verdict, frame, sent, &tables);
            }
            crate::trace::Observer::event(&mut verdict, id, event, log.deltas(id), &tables);
        }
        let findings = verdict.finish(&log.state_after(log.events().len()), &tables);
        let accounts = ledger(&log, &build::VERBS, &findings);
        let order = accounts.iter().find(|account| log.names.text(account.message) == "order-2").unwrap();
        assert_eq!((order.attempts > 0, order.worked), (true, 2));
        assert!(matches!(log.events()[order.decided.at()].kind, Kind::Note { what: What::WorkDone, .. }));
    }
}
