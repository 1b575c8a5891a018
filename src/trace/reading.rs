//! What a reader of a log works out before showing it: which events belong to one setting up of a connection, which
//! repeat something, what a crash took with it, where each frame ended.
//!
//! It decides neither words nor drawing; `timeline` and `story` both read it, so that they leave out the same things.

use super::delta::Delta;
use super::event::{DiskStep, Event, Kind, Link, Process, What};
use super::header::{ActorKind, PlaceKind};
use super::log::Log;
use super::observable::Observable;
use super::vocabulary::{Class, VerbBook};
use crate::ids::{ActorId, ConnId, CopyId, EventId, FrameId, Name, OpId, PlaceId, VerbId};
use std::collections::{BTreeMap, BTreeSet};

/// What part an event has in what is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// It is shown.
    Shown,
    /// It belongs to the setup with this index; that is shown at its first event.
    Setup(usize),
    /// It is told together with this event (what a crash took, what came back after a restart).
    With(EventId),
    /// Nothing is missed without it: signs of life, the ordinary passing of time, what an arrow says already.
    Hidden,
}

/// What an event repeats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repeat {
    /// Nothing.
    No,
    /// The producer sends the message again; the number of the attempt.
    Again(u32),
    /// Another copy of the same message in the same queue; the number of the copy.
    Copy(u32),
    /// The same work done again; how often by now.
    Work(u32),
    /// Another row for the same message; how many by now.
    Row(u32),
}

/// What a group of handshake frames was for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetupKind {
    /// Setting up a connection.
    Connects,
    /// Closing one.
    Closes,
    /// Something between: a declaration, another channel.
    Other,
}

/// Handshake and setup frames of one connection with nothing else of it between them.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// The connection.
    pub conn: ConnId,
    /// Who began: the client, where it is known.
    pub from: ActorId,
    /// The other side.
    pub to: ActorId,
    /// Its first event.
    pub first: EventId,
    /// Its last event.
    pub last: EventId,
    /// How many frames were sent.
    pub frames: u32,
    /// The first of them; [`FrameId::NONE`] if none was sent.
    pub frame: FrameId,
    /// What for.
    pub kind: SetupKind,
    /// Whether it broke off.
    pub failed: bool,
}

/// What became of the messages that a process held when it ended or came back.
#[derive(Clone, Debug, Default)]
pub struct Toll {
    /// No copy is left anywhere but on the network.
    pub lost: Vec<Name>,
    /// A copy is left on the process's disk.
    pub on_disk: Vec<Name>,
    /// A copy is left with another party.
    pub elsewhere: Vec<Name>,
    /// Came back from the disk (after a restart).
    pub recovered: Vec<Name>,
}

/// A log, read.
#[derive(Debug, Default)]
pub struct Reading {
    /// By event.
    pub roles: Vec<Role>,
    /// By event.
    pub repeats: Vec<Repeat>,
    /// All setups in the order of their first events.
    pub setups: Vec<Setup>,
    /// By frame: the event of its sending, and the one of its arrival or loss; `NONE` where there is none.
    pub ends: Vec<(EventId, EventId)>,
    /// By the event of a process.
    pub tolls: BTreeMap<EventId, Toll>,
    /// The messages of a disk operation.
    pub carried: BTreeMap<OpId, Vec<Name>>,
    /// The events that repeat a publish on the wire: the sending of a message's frame after the first attempt.
    pub attempts: BTreeMap<EventId, u32>,
    /// The sendings of messages that their producer takes as delivered from then on, since it does not wait for an answer. The
    /// note stands before the sending in the log, and is told with it.
    pub trusted: BTreeSet<EventId>,
    /// By connection: who dialled, and whom.
    pub peers: BTreeMap<ConnId, (ActorId, ActorId)>,
}

impl Reading {
    /// Reads a log. With `full`, nothing is hidden but what was held back, and no setup is folded.
    pub fn new(log: &Log, verbs: &VerbBook, full: bool) -> Reading {
        let mut reading = Reading {
            roles: vec![Role::Shown; log.events().len()],
            repeats: vec![Repeat::No; log.events().len()],
            ends: vec![(EventId::NONE, EventId::NONE); log.frames.len()],
            ..Reading::default()
        };
        reading.find_ends(log);
        reading.find_repeats(log, verbs);
        reading.find_tolls(log);
        reading.find_trusted(log, verbs);
        reading.find_peers(log);
        for (id, event) in numbered(log) {
            if matches!(event.kind, Kind::Note { what: What::Withheld, .. }) {
                reading.roles[id.at()] = Role::Hidden;
            }
        }
        if !full {
            reading.fold_setups(log, verbs);
            reading.hide(log, verbs);
        }
        reading
    }

    /// The other end of a connection, where it is known.
    pub fn peer(&self, conn: ConnId, actor: ActorId) -> Option<ActorId> {
        let (from, to) = *self.peers.get(&conn)?;
        Some(if from == actor { to } else { from }).filter(|peer| peer.is_some())
    }

    /// Whether the event has a line of its own or begins one.
    pub fn begins(&self, id: EventId) -> bool {
        match self.roles[id.at()] {
            Role::Shown => true,
            Role::Setup(at) => self.setups[at].first == id,
            Role::With(_) | Role::Hidden => false,
        }
    }

    /// The frame for which a connection was reset: the other side did not know the connection, or knew it no more.
    pub fn unknown_there(&self, log: &Log, event: &Event) -> Option<FrameId> {
        let Kind::Link { what: Link::Reset, .. } = event.kind else { return None };
        let cause = log.event(event.cause).filter(|cause| cause.actor == event.actor)?;
        match cause.kind {
            Kind::Sent(f) => Some(f),
            _ => None,
        }
    }

    fn find_ends(&mut self, log: &Log) {
        for (id, event) in numbered(log) {
            match event.kind {
                Kind::Sent(f) => {
                    if let Some(end) = self.ends.get_mut(f.at()) {
                        end.0 = id;
                    }
                }
                Kind::Arrived(f) | Kind::Lost(f) | Kind::Ignored(f) => {
                    if let Some(end) = self.ends.get_mut(f.at()) {
                        end.1 = id;
                    }
                }
                _ => {}
            }
        }
    }

    fn find_repeats(&mut self, log: &Log, verbs: &VerbBook) {
        let mut copies: BTreeMap<(PlaceId, Name), u32> = BTreeMap::new();
        let mut rows: BTreeMap<(PlaceId, Name), u32> = BTreeMap::new();
        let mut work: BTreeMap<(String, Name), u32> = BTreeMap::new();
        let mut attempt: BTreeMap<(ActorId, Name), u32> = BTreeMap::new();
        for (id, event) in numbered(log) {
            if let Kind::Sent(f) = event.kind {
                self.mark_attempt(log, verbs, id, f, &attempt);
            }
            if let Kind::Process(Process::Killed | Process::PowerLost | Process::Stopped) = event.kind {
                // What the process held is gone; what its disk gives back counts again as it comes.
                copies.retain(|(place, _), _| log.places.get(place.at()).is_none_or(|p| p.actor != event.actor));
            }
            let Kind::Note { what, place, message } = event.kind else { continue };
            if !message.is_some() {
                continue;
            }
            let repeat = &mut self.repeats[id.at()];
            match what {
                What::Published => {
                    attempt.insert((event.actor, message), event.number);
                    if event.number > 1 {
                        *repeat = Repeat::Again(event.number);
                    }
                }
                What::Stored => count(&mut copies, (place, message), repeat, Repeat::Copy),
                What::Recovered => *copies.entry((place, message)).or_default() += 1,
                What::RowInserted => count(&mut rows, (place, message), repeat, Repeat::Row),
                What::WorkDone => {
                    count(&mut work, (destination(log, event.actor, place), message), repeat, Repeat::Work);
                }
                // Gone without having been done: another copy there is no double.
                What::DeadLettered | What::Expired | What::Dropped | What::Rejected | What::Purged | What::Vanished => {
                    if let Some(n) = copies.get_mut(&(place, message)) {
                        *n = n.saturating_sub(1);
                    }
                }
                _ => {}
            }
        }
    }

    fn mark_attempt(
        &mut self,
        log: &Log,
        verbs: &VerbBook,
        id: EventId,
        f: FrameId,
        attempt: &BTreeMap<(ActorId, Name), u32>,
    ) {
        let Some(frame) = log.frame(f) else { return };
        if class_of(verbs, frame.verb) != Class::Publish {
            return;
        }
        if let Some(&n) = attempt.get(&(frame.from, frame.message)).filter(|n| **n > 1) {
            self.attempts.insert(id, n);
        }
    }

    /// A producer's note that it takes a message as delivered belongs to the frame that it sends at that instant.
    fn find_trusted(&mut self, log: &Log, verbs: &VerbBook) {
        let mut noted: BTreeMap<(ActorId, Name), EventId> = BTreeMap::new();
        for (id, event) in numbered(log) {
            match event.kind {
                Kind::Note { what: What::BelievesSent, message, .. } => _ = noted.insert((event.actor, message), id),
                Kind::Sent(f) => {
                    let frame = log.frame(f).filter(|frame| class_of(verbs, frame.verb) == Class::Publish);
                    let note = frame.and_then(|frame| noted.remove(&(frame.from, frame.message)));
                    if let Some(note) = note.filter(|note| log.events()[note.at()].time == event.time) {
                        self.roles[note.at()] = Role::With(id);
                        self.trusted.insert(id);
                    }
                }
                _ => {}
            }
        }
    }

    fn find_peers(&mut self, log: &Log) {
        for event in log.events() {
            let Kind::Link { conn, what } = event.kind else { continue };
            let ends = self.peers.entry(conn).or_insert((ActorId::NONE, ActorId::NONE));
            match what {
                Link::Dialled => ends.0 = event.actor,
                Link::Opened if ends.0 != event.actor => ends.1 = event.actor,
                _ => {}
            }
        }
    }

    fn find_tolls(&mut self, log: &Log) {
        let mut state = Observable::new();
        let mut known: BTreeMap<CopyId, Name> = BTreeMap::new();
        let events = log.events();
        let mut at = 0;
        while at < events.len() {
            let id = EventId(at as u32);
            let toll = match events[at].kind {
                Kind::Process(p @ (Process::Killed | Process::PowerLost | Process::Stopped | Process::Restarted)) => {
                    Some(p)
                }
                _ => None,
            };
            let before = toll.map(|_| held_by(log, &state, events[at].actor));
            let mut last = at;
            if toll.is_some() {
                while events.get(last + 1).is_some_and(|e| with(e, &events[at], id)) {
                    self.roles[last + 1] = Role::With(id);
                    last += 1;
                }
            }
            for n in at..=last {
                self.apply(log, EventId(n as u32), &mut state, &mut known);
            }
            if let (Some(_), Some(before)) = (toll, before) {
                let toll = take_toll(log, &state, &events[at], &events[at..=last], before);
                self.tolls.insert(id, toll);
            }
            at = last + 1;
        }
    }

    /// Folds the event's deltas, and notes which messages a disk operation carried.
    fn apply(&mut self, log: &Log, id: EventId, state: &mut Observable, known: &mut BTreeMap<CopyId, Name>) {
        let op = match log.events()[id.at()].kind {
            Kind::Disk { op, .. } => Some(op),
            _ => None,
        };
        for delta in log.deltas(id) {
            state.apply(delta);
            let message = match *delta {
                Delta::Put { copy, message, .. } => {
                    known.insert(copy, message);
                    Some(message)
                }
                Delta::Move { copy, .. } => known.get(&copy).copied(),
                _ => None,
            };
            if let (Some(op), Some(message)) = (op, message) {
                let carried = self.carried.entry(op).or_default();
                if !carried.contains(&message) {
                    carried.push(message);
                }
            }
        }
    }

    fn fold_setups(&mut self, log: &Log, verbs: &VerbBook) {
        let mut open: BTreeMap<ConnId, usize> = BTreeMap::new();
        let mut of_frame: Vec<Option<usize>> = vec![None; log.frames.len()];
        for (id, event) in numbered(log) {
            match event.kind {
                Kind::Sent(f) => self.fold_sent(log, verbs, id, f, &mut open, &mut of_frame),
                Kind::Arrived(f) | Kind::Ignored(f) => match (of_frame.get(f.at()), log.frame(f)) {
                    (Some(&Some(setup)), _) => self.join(setup, id),
                    (_, Some(frame)) if class_of(verbs, frame.verb) == Class::Housekeeping => {
                        self.roles[id.at()] = Role::Hidden;
                    }
                    _ => {}
                },
                // Who misses a sign of life notices by the silence.
                Kind::Lost(f) => match (of_frame.get(f.at()), log.frame(f)) {
                    (Some(&Some(setup)), _) => self.setups[setup].failed = true,
                    (_, Some(frame)) if class_of(verbs, frame.verb) == Class::Housekeeping => {
                        self.roles[id.at()] = Role::Hidden;
                    }
                    _ => {}
                },
                Kind::Link { conn, what } => self.fold_link(log, id, conn, what, &mut open),
                _ => {}
            }
        }
    }

    fn fold_sent(
        &mut self,
        log: &Log,
        verbs: &VerbBook,
        id: EventId,
        f: FrameId,
        open: &mut BTreeMap<ConnId, usize>,
        of_frame: &mut [Option<usize>],
    ) {
        let Some(frame) = log.frame(f) else { return };
        match class_of(verbs, frame.verb) {
            Class::Housekeeping => self.roles[id.at()] = Role::Hidden,
            class @ (Class::Handshake | Class::Setup) => {
                // What a script declares is what its author wrote: never folded.
                // Neither is what a broker says of its own accord, such as that a subscription has ended.
                let unasked = || {
                    let answers = verbs.get(frame.verb).is_some_and(|verb| verb.name.ends_with("-ok"));
                    is_of(log, frame.from, ActorKind::Node) && !answers
                };
                let script = || [frame.from, frame.to].iter().any(|end| is_of(log, *end, ActorKind::Script));
                if class == Class::Setup && (script() || unasked()) {
                    open.remove(&frame.conn);
                    return;
                }
                let setup = match open.get(&frame.conn) {
                    Some(&setup) => setup,
                    // The answer to something that has a line of its own, such as an error.
                    None if verbs.get(frame.verb).is_some_and(|verb| verb.name.ends_with("close-ok")) => return,
                    None => self.begin(open, frame.conn, id, frame.from, SetupKind::Other),
                };
                let group = &mut self.setups[setup];
                if !group.frame.is_some() {
                    group.frame = f;
                }
                if !group.to.is_some() || group.to == group.from {
                    group.to = if frame.from == group.from { frame.to } else { frame.from };
                }
                group.frames += 1;
                of_frame[f.at()] = Some(setup);
                self.join(setup, id);
            }
            _ => {
                open.remove(&frame.conn);
            }
        }
    }

    fn fold_link(&mut self, log: &Log, id: EventId, conn: ConnId, what: Link, open: &mut BTreeMap<ConnId, usize>) {
        let actor = log.events()[id.at()].actor;
        match what {
            Link::Dialled => {
                let setup = self.begin(open, conn, id, actor, SetupKind::Connects);
                self.join(setup, id);
            }
            Link::Opened => {
                let setup = match open.get(&conn) {
                    Some(&setup) => setup,
                    None => self.begin(open, conn, id, actor, SetupKind::Connects),
                };
                if self.setups[setup].from != actor && !self.setups[setup].to.is_some() {
                    self.setups[setup].to = actor;
                }
                self.join(setup, id);
            }
            Link::Refused | Link::Reset => {
                if let Some(setup) = open.remove(&conn) {
                    self.setups[setup].failed = true;
                }
            }
            Link::Shut | Link::Closed => match open.get(&conn) {
                Some(&setup) if self.setups[setup].kind != SetupKind::Connects => {
                    self.setups[setup].kind = SetupKind::Closes;
                    self.join(setup, id);
                }
                _ => {
                    open.remove(&conn);
                }
            },
        }
    }

    fn begin(
        &mut self,
        open: &mut BTreeMap<ConnId, usize>,
        conn: ConnId,
        first: EventId,
        from: ActorId,
        kind: SetupKind,
    ) -> usize {
        let setup = self.setups.len();
        self.setups.push(Setup {
            conn,
            from,
            to: ActorId::NONE,
            first,
            last: first,
            frames: 0,
            frame: FrameId::NONE,
            kind,
            failed: false,
        });
        open.insert(conn, setup);
        setup
    }

    fn join(&mut self, setup: usize, id: EventId) {
        self.roles[id.at()] = Role::Setup(setup);
        self.setups[setup].last = id;
    }

    /// Shows a sign of life after all where a connection was reset for it: without it the reset comes out of nowhere.
    fn unhide_causes(&mut self, log: &Log) {
        for event in log.events() {
            let Some(frame) = self.unknown_there(log, event) else { continue };
            let (sent, ended) = self.ends.get(frame.at()).copied().unwrap_or_default();
            for id in [sent, ended].into_iter().filter(|id| id.is_some()) {
                if self.roles[id.at()] == Role::Hidden {
                    self.roles[id.at()] = Role::Shown;
                }
            }
        }
    }

    /// Hides what another line says already.
    fn hide(&mut self, log: &Log, verbs: &VerbBook) {
        let events = log.events();
        for (id, event) in numbered(log) {
            let hidden = match event.kind {
                Kind::Process(Process::Started) => event.time.0 == 0,
                Kind::Note { what, message, .. } => said_already(log, verbs, events, id, what, message),
                _ => false,
            };
            if hidden && self.roles[id.at()] == Role::Shown {
                self.roles[id.at()] = Role::Hidden;
            }
        }
        self.unhide_causes(log);
        let mut telling: BTreeSet<EventId> = BTreeSet::new();
        for (id, event) in numbered(log) {
            if event.cause.is_some() && self.roles[id.at()] == Role::Shown && !is_routine(event) {
                telling.insert(event.cause);
            }
        }
        for (id, event) in numbered(log) {
            let timer = matches!(event.kind, Kind::Timer(_));
            if timer && !telling.contains(&id) && self.roles[id.at()] == Role::Shown {
                self.roles[id.at()] = Role::Hidden;
            }
        }
    }
}

fn numbered(log: &Log) -> impl Iterator<Item = (EventId, &Event)> {
    log.events().iter().enumerate().map(|(n, event)| (EventId(n as u32), event))
}

/// What a frame with this verb is for; an unknown verb counts as an error, so that it is shown.
pub(crate) fn class_of(verbs: &VerbBook, verb: VerbId) -> Class {
    verbs.get(verb).map_or(Class::Error, |v| v.class)
}

fn is_of(log: &Log, actor: ActorId, kind: ActorKind) -> bool {
    log.header.actors.get(actor.at()).is_some_and(|a| a.kind == kind)
}

fn count<K: Ord>(counts: &mut BTreeMap<K, u32>, key: K, repeat: &mut Repeat, make: fn(u32) -> Repeat) {
    let n = counts.entry(key).or_insert(0);
    *n += 1;
    if *n > 1 {
        *repeat = make(*n);
    }
}

/// Where the work of a consumer is counted: its table, else its queue.
fn destination(log: &Log, actor: ActorId, place: PlaceId) -> String {
    let place = log.places.get(place.at()).map(|p| (p.kind, log.names.text(p.name)));
    if let Some((PlaceKind::Table, name)) = place {
        return name;
    }
    let mine = || log.header.destinations.iter().filter(|d| d.consumer == actor);
    let from = place.and_then(|(_, name)| mine().find(|d| d.from == name)).or_else(|| mine().next());
    from.map_or_else(|| log.actor_name(actor), |d| d.table.clone().unwrap_or_else(|| d.from.clone()))
}

/// Whether an event tells only what the end or the return of a process means for messages.
fn with(event: &Event, process: &Event, id: EventId) -> bool {
    let Kind::Note { what, .. } = event.kind else { return false };
    let told = matches!(what, What::Vanished | What::Recovered | What::Created);
    told && (event.cause == id || (event.time == process.time && event.actor == process.actor))
}

/// The messages that a process holds, in memory or on its disk, in the order of their places.
fn held_by(log: &Log, state: &Observable, actor: ActorId) -> Vec<Name> {
    let mut held = Vec::new();
    for place in state.places.keys() {
        let Some(p) = log.places.get(place.at()) else { continue };
        if p.kind != PlaceKind::Durable && p.kind != PlaceKind::Table && owner(log, p.actor) == actor {
            held.extend(state.in_place(*place).map(|h| h.message));
        }
    }
    dedup(held)
}

/// The node of a disk; anybody else is their own.
fn owner(log: &Log, actor: ActorId) -> ActorId {
    log.header.actors.get(actor.at()).and_then(|a| a.of).unwrap_or(actor)
}

fn dedup(names: Vec<Name>) -> Vec<Name> {
    let mut seen = BTreeSet::new();
    names.into_iter().filter(|name| seen.insert(*name)).collect()
}

fn take_toll(log: &Log, state: &Observable, process: &Event, group: &[Event], before: Vec<Name>) -> Toll {
    let (mut kept, mut disk, mut elsewhere) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for place in state.places.keys() {
        let Some(p) = log.places.get(place.at()) else { continue };
        let set = match (p.kind, owner(log, p.actor) == process.actor) {
            (PlaceKind::Table, _) => continue,
            (PlaceKind::PageCache | PlaceKind::Durable, true) => &mut disk,
            (_, true) => &mut kept,
            (_, false) => &mut elsewhere,
        };
        set.extend(state.in_place(*place).map(|h| h.message));
    }
    let noted = |wanted: What| {
        group.iter().filter_map(move |e| match e.kind {
            Kind::Note { what, message, .. } if what == wanted => Some(message),
            _ => None,
        })
    };
    let mut toll = Toll { recovered: dedup(noted(What::Recovered).collect()), ..Toll::default() };
    let mut gone = before;
    gone.extend(noted(What::Vanished));
    for message in dedup(gone) {
        if !message.is_some() || kept.contains(&message) {
            continue;
        } else if disk.contains(&message) {
            toll.on_disk.push(message);
        } else if elsewhere.contains(&message) {
            toll.elsewhere.push(message);
        } else {
            toll.lost.push(message);
        }
    }
    toll
}

/// Whether an event is the ordinary consequence of a timer: the next publish, the end of the work.
fn is_routine(event: &Event) -> bool {
    match event.kind {
        Kind::Note { what: What::Published, .. } => event.number <= 1,
        Kind::Note { what, .. } => matches!(what, What::WorkDone | What::WorkFailed | What::WorkBegan),
        Kind::Disk { what, .. } => what == DiskStep::Write,
        // A timer that only sets itself again.
        Kind::Sent(_) | Kind::Timer(_) => true,
        _ => false,
    }
}

/// Whether the frame before or behind a note says the same.
fn said_already(log: &Log, verbs: &VerbBook, events: &[Event], id: EventId, what: What, message: Name) -> bool {
    let event = &events[id.at()];
    let near = |wanted: &dyn Fn(&Event) -> bool| {
        let after = events[id.at() + 1..].iter().take_while(|e| e.time == event.time).take(16);
        after.filter(|e| e.actor == event.actor).any(wanted)
    };
    let caused_by = |class: Class| match events.get(event.cause.at()).map(|e| e.kind) {
        Some(Kind::Arrived(f)) => {
            log.frame(f).is_some_and(|fr| fr.message == message && class_of(verbs, fr.verb) == class)
        }
        _ => false,
    };
    match what {
        What::Published => near(&|e| match e.kind {
            Kind::Sent(f) => {
                log.frame(f).is_some_and(|fr| fr.message == message && class_of(verbs, fr.verb) == Class::Publish)
            }
            _ => false,
        }),
        What::Received => near(
            &|e| matches!(e.kind, Kind::Note { what: What::WorkBegan | What::Skipped, message: m, .. } if m == message),
        ),
        What::BelievesConfirmed => caused_by(Class::Confirm),
        What::BelievesUnknown => events[..id.at()]
            .iter()
            .rev()
            .take(8)
            .take_while(|e| e.time == event.time)
            .any(|e| matches!(e.kind, Kind::Note { what: What::Published, message: m, .. } if m == message)),
        What::Settled => caused_by(Class::Settle),
        What::Created => true,
        _ => false,
    }
}
