//! Which destination a queue or a consumer counts for: the table that the consumer's work writes to, else the queue.
//!
//! Not what happened there.

use super::book::Dest;
use crate::ids::{ActorId, Name, PlaceId};
use crate::mem::ReuseVec;
use crate::trace::{Header, Place, PlaceKind, Tables};

/// The name of the destination of what was never stored.
pub(super) const NOWHERE: &str = "nowhere";

/// Names of destinations and what leads to them. Places come up while running and are looked up once each.
#[derive(Clone, Debug)]
pub(super) struct Destinations {
    names: ReuseVec<String>,
    /// How many of the names come from the header; the others are forgotten by a reset.
    declared: usize,
    /// Queue and destination, as declared.
    queues: Vec<(String, Dest)>,
    /// By actor.
    consumers: Vec<Option<Dest>>,
    /// By table: the destinations of that name are the table's.
    tables: Vec<(String, Dest)>,
    /// Those whose work adds to rows.
    adding: Vec<Dest>,
    /// By place.
    places: Vec<Option<Dest>>,
    /// The text of the name that is looked up; kept for its allocation.
    text: String,
}

impl Destinations {
    pub(super) fn new(header: &Header) -> Self {
        let mut all = Destinations {
            names: ReuseVec::new(),
            declared: 0,
            queues: Vec::new(),
            consumers: vec![None; header.actors.len()],
            tables: Vec::new(),
            adding: Vec::new(),
            places: Vec::new(),
            text: String::new(),
        };
        all.add(NOWHERE);
        for row in &header.destinations {
            // A consumer's work is counted in one place: what else it takes from, such as a processing list of its
            // own, leads there too.
            if let Some(dest) = all.of_consumer(row.consumer) {
                all.alias(&row.from, dest);
                continue;
            }
            let dest = all.declare(&row.from, row.table.as_deref());
            if row.adds {
                all.adding.push(dest);
            }
            if let Some(slot) = all.consumers.get_mut(row.consumer.at()) {
                *slot = Some(dest);
            }
        }
        all.declared = all.names.len();
        all
    }

    /// Competing consumers of one queue are one destination, even where they write to different tables.
    fn declare(&mut self, queue: &str, table: Option<&str>) -> Dest {
        let known = self.queues.iter().find(|(name, _)| name == queue).map(|(_, dest)| *dest);
        let by_table = table.and_then(|table| self.table(table));
        let dest = known.or(by_table).unwrap_or_else(|| self.add(table.unwrap_or(queue)));
        if known.is_none() {
            self.queues.push((queue.to_owned(), dest));
        }
        if let (Some(table), None) = (table, by_table) {
            self.tables.push((table.to_owned(), dest));
        }
        dest
    }

    fn alias(&mut self, queue: &str, dest: Dest) {
        if self.queues.iter().all(|(known, _)| known != queue) {
            self.queues.push((queue.to_owned(), dest));
        }
    }

    fn add(&mut self, name: &str) -> Dest {
        let added = self.names.grow(String::new);
        added.clear();
        added.push_str(name);
        Dest(u16::try_from(self.names.len() - 1).unwrap_or(u16::MAX))
    }

    fn table(&self, name: &str) -> Option<Dest> {
        self.tables.iter().find(|(table, _)| table == name).map(|(_, dest)| *dest)
    }

    pub(super) fn reset(&mut self) {
        self.names.truncate(self.declared);
        self.places.clear();
    }

    pub(super) fn name(&self, dest: Dest) -> &str {
        self.names.get(usize::from(dest.0)).map_or("", String::as_str)
    }

    /// Whether the effects of the work for this destination are rows that can be counted: it writes to a table, and
    /// does not add to what is there.
    pub(super) fn has_rows(&self, dest: Dest) -> bool {
        self.tables.iter().any(|(_, at)| *at == dest) && !self.adding.contains(&dest)
    }

    /// The destination of a consumer's work.
    #[inline]
    pub(super) fn of_consumer(&self, actor: ActorId) -> Option<Dest> {
        self.consumers.get(actor.at()).copied().flatten()
    }

    /// The destination of what is in a place; `None` for disks.
    #[inline]
    pub(super) fn of_place(&mut self, place: PlaceId, tables: &Tables<'_>) -> Option<Dest> {
        if let Some(Some(dest)) = self.places.get(place.at()) {
            return Some(*dest);
        }
        self.look_up(place, tables)
    }

    #[cold]
    fn look_up(&mut self, id: PlaceId, tables: &Tables<'_>) -> Option<Dest> {
        let place = tables.places.get(id.at())?;
        let dest = self.resolve(place, tables)?;
        if self.places.len() <= id.at() {
            self.places.resize(id.at() + 1, None);
        }
        self.places[id.at()] = Some(dest);
        Some(dest)
    }

    fn resolve(&mut self, place: &Place, tables: &Tables<'_>) -> Option<Dest> {
        match place.kind {
            PlaceKind::Queue | PlaceKind::Unacked => Some(self.queue(place.name, tables)),
            PlaceKind::Inbox => Some(match self.of_consumer(place.actor) {
                Some(dest) => dest,
                None => self.queue(place.name, tables),
            }),
            PlaceKind::Table => {
                let name = self.spell(place.name, tables);
                let dest = self.table(&name).or(self.of_consumer(place.actor));
                self.text = name;
                // A table that no work for a message leads to, such as a producer's own, is no destination.
                dest
            }
            PlaceKind::PageCache | PlaceKind::Durable | PlaceKind::Row => None,
        }
    }

    /// The text of a name in the buffer kept for it; whoever takes it puts it back.
    fn spell(&mut self, name: Name, tables: &Tables<'_>) -> String {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        tables.names.show(name).write_to(&mut text);
        text
    }

    fn queue(&mut self, name: Name, tables: &Tables<'_>) -> Dest {
        let text = self.spell(name, tables);
        let dest = match self.queues.iter().find(|(queue, _)| *queue == text) {
            Some((_, dest)) => *dest,
            None => self.undeclared(&text),
        };
        self.text = text;
        dest
    }

    /// A queue that nobody was declared to consume is its own destination.
    fn undeclared(&mut self, queue: &str) -> Dest {
        match self.names.iter().skip(self.declared).position(|known| known == queue) {
            Some(at) => Dest((self.declared + at) as u16),
            None => self.add(queue),
        }
    }
}
