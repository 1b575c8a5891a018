//! The applications' tables: the rows that completed work wrote. They survive the clients, as a database does.
//!
//! Not a database: no transactions, no failures. What a client remembers of its work is in the consumer.

use super::{Effect, EffectKind, Io, rules};
use crate::ids::{ActorId, CopyId, Digest, Name, Names, PlaceId, RuleId};
use crate::machine::Because;
use crate::mem::{ReuseVec, VecMap};
use crate::trace::{Delta, Flags, Held, Observable, Order, Place, PlaceKind, What};
use std::fmt::Write as _;

/// What became of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowOutcome {
    /// A row more.
    Inserted,
    /// A row was written again.
    Updated,
    /// A row with the key was there already and the table refused another.
    Refused,
    /// So many rows were deleted, perhaps none.
    Deleted(u32),
}

#[derive(Clone, Copy, Debug)]
struct Row {
    key: Name,
    /// Counts up in its table: rows with the same key, and rows when shown, are in the order of insertion.
    serial: u32,
    /// The message whose work wrote it last.
    message: Name,
    copy: CopyId,
    /// What was added up in it.
    sum: i64,
    /// The gauge that shows the sum; none as long as nothing was added.
    gauge: Name,
}

/// Rows by key and serial.
#[derive(Debug)]
struct Table {
    name: Name,
    place: PlaceId,
    serials: u32,
    rows: Vec<Row>,
}

crate::clone_in_place!(Table { name, place, serials, rows });

impl Table {
    /// Where the rows with a key begin and end.
    fn with(&self, key: Name) -> std::ops::Range<usize> {
        let start = self.rows.partition_point(|r| r.key < key);
        let len = self.rows[start..].iter().take_while(|r| r.key == key).count();
        start..start + len
    }
    fn put(&self, row: &Row) -> Delta {
        let order = Order::from(u64::from(row.serial));
        Delta::Put { place: self.place, copy: row.copy, message: row.message, order, flags: Flags::default() }
    }
}

/// How often a failure told in the scenario has struck. It is the scenario's count, so it survives the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Strikes {
    seen: u32,
    struck: u32,
}

/// All tables of a run.
#[derive(Debug)]
pub struct Tables {
    owner: ActorId,
    tables: ReuseVec<Table>,
    strikes: VecMap<(Name, u16), Strikes>,
}

crate::clone_in_place!(Tables { owner, tables, strikes });

impl Tables {
    /// No tables yet; each is made with its first row. `owner` is the actor that keeps their places.
    pub fn new(owner: ActorId) -> Self {
        Tables { owner, tables: ReuseVec::new(), strikes: VecMap::new() }
    }

    /// Forgets everything.
    pub fn reset(&mut self, owner: ActorId) {
        self.owner = owner;
        self.tables.clear();
        self.strikes.clear();
    }

    /// How many rows a table has; 0 for one that never had any.
    pub fn rows(&self, table: Name) -> u32 {
        self.tables.iter().find(|t| t.name == table).map_or(0, |t| t.rows.len() as u32)
    }

    /// Whether a table has a row with this key.
    pub fn has(&self, table: Name, key: Name) -> bool {
        let table = self.tables.iter().find(|t| t.name == table);
        table.is_some_and(|table| !table.with(key).is_empty())
    }

    /// Looks whether a table has a row with this key, and notes the look.
    pub(super) fn look(&mut self, table: Name, (key, message): (Name, Name), io: &mut Io<'_>) -> (bool, Because) {
        let at = self.table(table, io);
        let table = &self.tables[at];
        let found = table.with(key).len() as u32;
        let place = table.row(self.owner, (key, message), What::LookedUp, io);
        (found > 0, io.out.note(rules::DEDUP_LOOK, Because::INPUT, What::LookedUp, place, message, found))
    }

    /// Notes that a table refuses a row with this key, since it has one.
    pub(super) fn refuse(
        &mut self,
        table: Name,
        (key, message): (Name, Name),
        rule: RuleId,
        because: Because,
        io: &mut Io<'_>,
    ) -> Because {
        let at = self.table(table, io);
        let (table, owner) = (&self.tables[at], self.owner);
        table.note(owner, (key, message), (rule, What::RowRefused), because, io)
    }

    /// The number that was added up in the first row with this key, if there is one.
    pub fn sum(&self, table: Name, key: Name) -> Option<i64> {
        let table = self.tables.iter().find(|t| t.name == table)?;
        table.rows.get(table.with(key).start).filter(|r| r.key == key).map(|r| r.sum)
    }

    /// Writes what completed work on `message` writes, notes it and says what became of it. The note's number is the
    /// table's rows afterwards.
    pub fn apply(
        &mut self,
        effect: &Effect,
        key: Name,
        message: Name,
        because: Because,
        io: &mut Io<'_>,
    ) -> (RowOutcome, Because) {
        self.write(effect.table, effect.kind, rules::EFFECT, (key, message), because, io)
    }

    /// The same under a rule of its own, for a row with this key on behalf of this message.
    pub(super) fn write(
        &mut self,
        table: Name,
        kind: EffectKind,
        rule: RuleId,
        (key, message): (Name, Name),
        because: Because,
        io: &mut Io<'_>,
    ) -> (RowOutcome, Because) {
        let at = self.table(table, io);
        let table = &mut self.tables[at];
        let with = table.with(key);
        let found = !with.is_empty();
        match kind {
            EffectKind::Insert => table.insert(with.end, (key, message), rule, because, io),
            EffectKind::Upsert | EffectKind::InsertUnique if !found => {
                table.insert(with.end, (key, message), rule, because, io)
            }
            EffectKind::Upsert => table.update(with.start, message, rule, because, io),
            EffectKind::Update if found => table.update(with.start, message, rule, because, io),
            EffectKind::Update => {
                let what = (rules::NO_ROW, What::RowMissing);
                (RowOutcome::Refused, table.note(self.owner, (key, message), what, because, io))
            }
            EffectKind::InsertUnique => {
                let what = (rules::UNIQUE, What::RowRefused);
                (RowOutcome::Refused, table.note(self.owner, (key, message), what, because, io))
            }
            EffectKind::Delete if !found => {
                let what = (rules::NO_ROW, What::RowMissing);
                (RowOutcome::Deleted(0), table.note(self.owner, (key, message), what, because, io))
            }
            EffectKind::Delete => table.delete(self.owner, with, (message, rule), because, io),
            EffectKind::Add(by) => {
                let (outcome, noted) = if found {
                    table.update(with.start, message, rule, because, io)
                } else {
                    table.insert(with.end, (key, message), rule, because, io)
                };
                table.add(self.owner, with.start, by, io);
                (outcome, noted)
            }
        }
    }

    fn table(&mut self, name: Name, io: &mut Io<'_>) -> usize {
        if let Some(at) = self.tables.iter().position(|t| t.name == name) {
            return at;
        }
        let place = Place { kind: PlaceKind::Table, actor: self.owner, name, holder: ActorId::NONE };
        let place = io.registry.place(place);
        let table = self.tables.grow(|| Table { name, place, serials: 0, rows: Vec::new() });
        (table.name, table.place, table.serials) = (name, place, 0);
        table.rows.clear();
        self.tables.len() - 1
    }

    /// Counts a work that a told failure matches, and says whether the failure strikes: every `every`th such work, at
    /// most `times` times (0 is without limit).
    pub(super) fn strike(&mut self, consumer: Name, fail: u16, every: u32, times: u32) -> bool {
        let strikes = self.strikes.or_insert_with((consumer, fail), Strikes::default);
        if times != 0 && strikes.struck >= times {
            return false;
        }
        strikes.seen += 1;
        if strikes.seen < every.max(1) {
            return false;
        }
        strikes.seen = 0;
        strikes.struck = strikes.struck.saturating_add(u32::from(times != 0));
        true
    }

    /// Shows the rows and sums.
    pub fn observe(&self, seen: &mut Observable) {
        for table in &self.tables {
            for row in &table.rows {
                let held = Held { copy: row.copy, message: row.message, flags: Flags::default() };
                seen.put(table.place, Order::from(u64::from(row.serial)), held);
                if row.gauge.is_some() {
                    seen.set(self.owner, row.gauge, row.sum);
                }
            }
        }
    }

    /// Mixes them into a digest; the order of insertion leaves no mark.
    pub fn digest(&self, names: &Names, digest: &mut Digest) {
        digest.unordered(self.tables.iter().filter(|t| !t.rows.is_empty()).map(|table| {
            Digest::of(|d| {
                names.digest(table.name, d);
                d.unordered(table.rows.iter().map(|row| {
                    Digest::of(|d| {
                        names.digest(row.key, d);
                        names.digest(row.message, d);
                        d.word(row.sum as u64);
                    })
                }));
            })
        }));
        digest.unordered(self.strikes.iter().map(|((consumer, fail), strikes)| {
            Digest::of(|d| {
                names.digest(*consumer, d);
                d.word(u64::from(*fail));
                d.word(u64::from(strikes.seen) | u64::from(strikes.struck) << 32);
            })
        }));
    }
}

impl Table {
    /// Notes that nothing is written, since a row with this key is there or is not; the number is the table's rows.
    fn note(
        &self,
        owner: ActorId,
        (key, message): (Name, Name),
        (rule, what): (RuleId, What),
        because: Because,
        io: &mut Io<'_>,
    ) -> Because {
        let place = self.row(owner, (key, message), what, io);
        io.out.note(rule, because, what, place, message, self.rows.len() as u32)
    }

    /// Where a note is about: the table, or the row where its key is not the message's id. Made only where somebody
    /// listens.
    fn row(&self, owner: ActorId, (key, message): (Name, Name), what: What, io: &mut Io<'_>) -> PlaceId {
        if key == message || !io.out.wanted.notes.has(what) {
            return self.place;
        }
        let name = self.name;
        let name = io.names.compose(|names, text| write!(text, "{}.{}", names.show(name), names.show(key)));
        io.registry.place(Place { kind: PlaceKind::Row, actor: owner, name, holder: ActorId::NONE })
    }

    fn insert(
        &mut self,
        at: usize,
        (key, message): (Name, Name),
        rule: RuleId,
        because: Because,
        io: &mut Io<'_>,
    ) -> (RowOutcome, Because) {
        let row = Row { key, serial: self.serials, message, copy: io.registry.copy(), sum: 0, gauge: Name::NONE };
        self.serials += 1;
        self.rows.insert(at, row);
        let rows = self.rows.len() as u32;
        let noted = io.out.note(rule, because, What::RowInserted, self.place, message, rows);
        io.out.delta(|| self.put(&row));
        (RowOutcome::Inserted, noted)
    }

    /// Writes a row again. It stays the same copy, now of the message that wrote it last.
    fn update(
        &mut self,
        at: usize,
        message: Name,
        rule: RuleId,
        because: Because,
        io: &mut Io<'_>,
    ) -> (RowOutcome, Because) {
        let rows = self.rows.len() as u32;
        let noted = io.out.note(rule, because, What::RowUpdated, self.place, message, rows);
        let row = &mut self.rows[at];
        if row.message != message {
            row.message = message;
            let row = *row;
            io.out.delta(|| Delta::Remove { copy: row.copy, place: self.place });
            io.out.delta(|| self.put(&row));
        }
        (RowOutcome::Updated, noted)
    }

    fn delete(
        &mut self,
        owner: ActorId,
        with: std::ops::Range<usize>,
        (message, rule): (Name, RuleId),
        because: Because,
        io: &mut Io<'_>,
    ) -> (RowOutcome, Because) {
        let rows = (self.rows.len() - with.len()) as u32;
        let noted = io.out.note(rule, because, What::RowDeleted, self.place, message, rows);
        let deleted = with.len() as u32;
        for row in self.rows.drain(with) {
            io.out.delta(|| Delta::Remove { copy: row.copy, place: self.place });
            if row.gauge.is_some() {
                io.out.delta(|| Delta::Set { actor: owner, gauge: row.gauge, value: 0 });
            }
        }
        (RowOutcome::Deleted(deleted), noted)
    }

    /// Adds to a row, as a part of the output before.
    fn add(&mut self, owner: ActorId, at: usize, by: i64, io: &mut Io<'_>) {
        let row = &mut self.rows[at];
        row.sum = row.sum.saturating_add(by);
        if !row.gauge.is_some() {
            let (table, key) = (self.name, row.key);
            row.gauge = io.names.compose(|names, text| write!(text, "{}.{}", names.show(table), names.show(key)));
        }
        io.out.delta(|| Delta::Set { actor: owner, gauge: row.gauge, value: row.sum });
    }
}
