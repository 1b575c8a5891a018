//! Disks and processes: the lanes' lines, the rows of disk operations, and what a crash took.

use super::{Layout, one, remark};
use crate::ids::{ActorId, EventId, OpId};
use crate::timeline::model::{Arrow, Fate, Label, LaneState, Note, Part, Remark, Sign, Weight, Wire};
use crate::timeline::words;
use crate::trace::{DiskStep, Event, Kind, Process, Role, Toll};

impl Layout<'_> {
    /// Keeps the lanes' lines up to date.
    pub(in crate::timeline) fn follow(&mut self, event: &Event) {
        let Some(lane) = self.lane(event.actor) else { return };
        match event.kind {
            Kind::Process(p) => self.follow_process(p, event.actor, lane),
            Kind::Disk { what, op } => {
                match what {
                    DiskStep::Write => _ = self.lines.under_way.insert((lane, false, op)),
                    DiskStep::Sync => _ = self.lines.under_way.insert((lane, true, op)),
                    DiskStep::Torn => {}
                    DiskStep::Written | DiskStep::Synced | DiskStep::Failed | DiskStep::Feigned => {
                        self.lines.under_way.remove(&(lane, false, op));
                        self.lines.under_way.remove(&(lane, true, op));
                    }
                }
                self.lines.states[lane] = self.disk_state(lane);
            }
            _ => {}
        }
    }

    fn disk_state(&self, lane: usize) -> LaneState {
        let any = |sync: bool| self.lines.under_way.iter().any(|(l, s, _)| *l == lane && *s == sync);
        if any(true) {
            LaneState::Syncing
        } else if any(false) {
            LaneState::Writing
        } else {
            LaneState::Idle
        }
    }

    fn follow_process(&mut self, what: Process, actor: ActorId, lane: usize) {
        let disk = self.disk_of(actor);
        self.lines.states[lane] = match what {
            Process::Stopped | Process::Killed | Process::PowerLost => LaneState::Down,
            Process::Paused => LaneState::Paused,
            Process::Started | Process::Restarted | Process::Resumed => LaneState::Idle,
        };
        if let Some(disk) = disk {
            match what {
                Process::Killed | Process::PowerLost | Process::Restarted => {
                    self.lines.under_way.retain(|(l, ..)| *l != disk);
                    let down = what == Process::PowerLost;
                    self.lines.states[disk] = if down { LaneState::Down } else { LaneState::Idle };
                }
                _ => {}
            }
        }
    }

    pub(super) fn disk(&mut self, id: EventId, event: &Event, what: DiskStep, op: OpId, next: EventId) -> EventId {
        let Some(disk) = self.lane(event.actor) else { return EventId::NONE };
        let names = self.reading.carried.get(&op).cloned().unwrap_or_default();
        let ids = self.list(&names);
        let done = match what {
            DiskStep::Write => DiskStep::Written,
            DiskStep::Sync => DiskStep::Synced,
            _ => {
                self.disk_done(id, event, disk, what, &ids);
                return EventId::NONE;
            }
        };
        let after = self.log.event(next).copied().filter(|e| e.kind == Kind::Disk { what: done, op });
        let label = match (what, names.len()) {
            (DiskStep::Sync, _) => Label { before: "fsync".into(), ..Label::default() },
            (_, 1) => Label { before: "write ".into(), message: ids.clone(), ..Label::default() },
            (_, _) => Label { before: "write".into(), aside: records(event.number), ..Label::default() },
        };
        // One is named on the arrow; more are listed behind it.
        let listed = if done == DiskStep::Written && names.len() == 1 { "" } else { &ids };
        let wire = if what == DiskStep::Sync { Wire::Sync } else { Wire::Write };
        let from = self.node_of(event.actor);
        let row = self.row(id, event);
        row.messages.extend(&names);
        match from {
            Some(from) => {
                let arrow = Arrow { from, to: disk, label, part: Part::Whole, fate: Fate::Reaches, wire };
                row.arrow = Some(arrow);
            }
            None => row.notes.push(one(disk, Remark { sign: None, text: label.whole() })),
        }
        let Some(after) = after else {
            if done == DiskStep::Written && !listed.is_empty() {
                remark(row, Remark { sign: None, text: listed.to_owned() }, Weight::Quiet);
            }
            return EventId::NONE;
        };
        row.last = next;
        row.until = after.time;
        let text = done_words(done, listed);
        remark(row, Remark { sign: (done == DiskStep::Synced).then_some(Sign::Good), text }, Weight::Quiet);
        next
    }

    fn disk_done(&mut self, id: EventId, event: &Event, disk: usize, what: DiskStep, ids: &str) {
        let text = done_words(what, ids);
        let sign = match what {
            DiskStep::Synced => Some(Sign::Good),
            DiskStep::Failed | DiskStep::Feigned | DiskStep::Torn => Some(Sign::Bad),
            _ => None,
        };
        let row = self.row(id, event);
        row.notes.push(one(disk, Remark { sign, text }));
        let always = matches!(what, DiskStep::Failed | DiskStep::Feigned | DiskStep::Torn);
        row.weight = if always { Weight::Always } else { Weight::Quiet };
    }

    pub(super) fn process(&mut self, id: EventId, event: &Event, what: Process) {
        let Some(lane) = self.lane(event.actor) else { return };
        let (sign, text) = words::process(what);
        let name = &self.lanes[lane].name;
        let mut remarks = vec![Remark { sign: None, text: format!("{name} {text}") }];
        let toll = self.reading.tolls.get(&id).cloned().unwrap_or_default();
        remarks.extend(self.toll(what, &toll));
        let mut last = id;
        while self.reading.roles.get(last.at() + 1) == Some(&Role::With(id)) {
            last = EventId(last.0 + 1);
        }
        let both = what == Process::PowerLost;
        let disk = self.disk_of(event.actor).filter(|_| both);
        let row = self.row(id, event);
        row.last = last;
        row.weight = Weight::Always;
        row.messages.extend(&toll.lost);
        row.notes.push(Note { lane, remarks, breaks: Some(sign) });
        if let Some(disk) = disk {
            row.notes.push(Note { lane: disk, remarks: Vec::new(), breaks: Some(sign) });
        }
    }

    fn toll(&self, what: Process, toll: &Toll) -> Vec<Remark> {
        let gone = if what == Process::Stopped { words::GONE_WITH_STOP } else { words::GONE_WITH_CRASH };
        let said = [
            (Some(Sign::Bad), gone, &toll.lost),
            (None, "still on its disk: ", &toll.on_disk),
            (None, "gone here, kept elsewhere: ", &toll.elsewhere),
            (Some(Sign::Good), "back from the disk: ", &toll.recovered),
        ];
        let some = said.into_iter().filter(|(_, _, names)| !names.is_empty());
        some.map(|(sign, words, names)| Remark { sign, text: format!("{words}{}", self.list(names)) }).collect()
    }
}

fn records(n: u32) -> String {
    match n {
        0 => String::new(),
        1 => " 1 record".into(),
        n => format!(" {n} records"),
    }
}

fn done_words(what: DiskStep, ids: &str) -> String {
    match (what, ids.is_empty()) {
        (DiskStep::Written, true) => "in page cache".into(),
        (DiskStep::Written, false) => format!("{ids} in page cache"),
        (DiskStep::Synced, true) => "fsync done".into(),
        (DiskStep::Synced, false) => format!("{ids} durable"),
        (DiskStep::Failed, true) => "DISK ERROR".into(),
        (DiskStep::Failed, false) => format!("DISK ERROR: {ids}"),
        (DiskStep::Feigned, _) => "FSYNC FEIGNED: nothing is durable".into(),
        (DiskStep::Torn, true) => "LAST RECORD TORN".into(),
        (DiskStep::Torn, false) => format!("LAST RECORD TORN; {ids} durable"),
        (DiskStep::Write | DiskStep::Sync, _) => String::new(),
    }
}
