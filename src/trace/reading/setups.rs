//! Which frames set up or close a connection, with nothing else of it between them.

use super::{Reading, Role, class_of, numbered};
use crate::ids::{ActorId, ConnId, EventId, FrameId};
use crate::trace::event::{Kind, Link};
use crate::trace::header::ActorKind;
use crate::trace::log::Log;
use crate::trace::vocabulary::{Class, VerbBook};
use std::collections::BTreeMap;

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

impl Reading {
    pub(super) fn fold_setups(&mut self, log: &Log, verbs: &VerbBook) {
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
        self.roles[id.at()] = Role::Setup(setup as u32);
        self.setups[setup].last = id;
    }
}

fn is_of(log: &Log, actor: ActorId, kind: ActorKind) -> bool {
    log.header.actors.get(actor.at()).is_some_and(|a| a.kind == kind)
}
