//! Carrying out what a machine has put out, in order, and noting it down.

use super::clients::{Errand, Word};
use super::emit::About;
use super::process::{Part, Timer};
use super::state::{Due, World};
use crate::disk::{Kind as DiskKind, Request};
use crate::ids::{ActorId, ConnId, EventId, OpId, RuleId};
use crate::machine::{Ask, Does, Input, Out, Token};
use crate::systems::{Frame, Performer, Record};
use crate::trace::{Delta, Kind, Link, Observer, What};

/// Whose outputs are being carried out, and why they came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) actor: ActorId,
    pub(super) part: Part,
    pub(super) cause: EventId,
    /// The rule of who asked: it stands for outputs that name none of their own.
    pub(super) rule: RuleId,
}

/// Carries out the outputs of a wire machine or a node in a world.
pub(super) struct Carrier<'a, O> {
    pub(super) world: &'a mut World,
    pub(super) caller: Caller,
    pub(super) observer: &'a mut O,
}

impl<O: Observer> Performer for Carrier<'_, O> {
    fn perform<F: Into<Frame>, R: Into<Record>>(&mut self, out: &mut Out<F, R>) {
        self.world.perform(self.caller, out, F::into, R::into, self.observer);
    }
}

impl World {
    /// Carries out everything in `out` and empties it. If a fault ends the process on the way, the rest does not
    /// happen; what it had already changed in view is told by the event of its end.
    pub(super) fn perform<F, R, O: Observer>(
        &mut self,
        caller: Caller,
        out: &mut Out<F, R>,
        frame: impl Fn(F) -> Frame,
        record: impl Fn(R) -> Record,
        observer: &mut O,
    ) {
        let Caller { actor, part, .. } = caller;
        let life = self.processes[actor.at()].life;
        let mut events = std::mem::take(&mut self.scratch.events);
        let mut told = 0usize;
        let mut briefs = 0usize;
        // A fault that waits until the work's effect is noted, and strikes before anything else is done.
        let mut pending = None;
        let mut cut = false;
        for (at, output) in out.outputs.iter().enumerate() {
            if let Some((fault, cause)) = pending
                && !matches!(output.does, Does::Note { .. })
            {
                self.scratch.deltas.clear();
                self.scratch.deltas.extend_from_slice(&out.deltas[told..]);
                pending = None;
                self.strike(fault, cause, Some(actor), observer);
            }
            if !self.processes[actor.at()].alive || self.processes[actor.at()].life != life {
                cut = true;
                break;
            }
            if out.briefs.get(briefs).is_some_and(|brief| brief.after as usize <= at) {
                briefs = self.tell_briefs(actor, &out.briefs, briefs, at, observer);
            }
            let cause = output.because.output().map_or(caller.cause, |i| events[i]);
            let rule = if output.rule.is_some() { output.rule } else { caller.rule };
            let about = About { actor, cause, need: output.need, number: 0, rule };
            let deltas = &out.deltas[told..output.deltas_end as usize];
            let rest = &out.deltas[output.deltas_end as usize..];
            let mut tell = true;
            let event = match output.does {
                Does::Note { what, place, message, number } => {
                    let kind = Kind::Note { what, place, message };
                    let event = self.emit_with(kind, About { number, ..about }, deltas, observer);
                    pending = pending.or(self.check_note(actor, what, message, event, rest, observer));
                    event
                }
                Does::Send(conn, ()) => match out.frames.pop_front() {
                    Some(sent) => self.send(conn, frame(sent), about, deltas, rest, observer),
                    None => cause,
                },
                Does::Dial => self.dial(about, observer),
                Does::Shut { conn, abort } => self.shut(conn, abort, about, deltas, observer),
                Does::Exit => {
                    let restart = self.restart_after_exit(actor);
                    self.scratch.deltas.clear();
                    self.scratch.deltas.extend_from_slice(&out.deltas[told..]);
                    self.exited(about, restart, observer);
                    cut = true;
                    break;
                }
                _ => {
                    tell = false;
                    match output.does {
                        Does::SetTimer { token, after, verb, housekeeping } => {
                            let due = self.engine.now() + after;
                            let timer = (due, housekeeping, verb);
                            self.set_timer(actor, part, token, timer, about, cause);
                        }
                        Does::CancelTimer(token) => self.cancel_timer(actor, part, token),
                        Does::Write { file, ops: records, token } => {
                            let taken = out.ops.drain(..out.ops.len().min(records as usize)).map(|op| match op {
                                crate::machine::Op::Put(key, r) => crate::machine::Op::Put(key, record(r)),
                                crate::machine::Op::Delete(key) => crate::machine::Op::Delete(key),
                            });
                            let request = Request {
                                kind: DiskKind::Write,
                                file,
                                token,
                                records,
                                op: self.next_op(),
                                asked: cause,
                                rule,
                            };
                            let node = actor.at() - self.plan.clients.len();
                            self.disks[node].submit(request, taken);
                        }
                        Does::Sync { file, token } => {
                            let op = self.next_op();
                            let kind = DiskKind::Sync;
                            let request = Request { kind, file, token, records: 0, op, asked: cause, rule };
                            let node = actor.at() - self.plan.clients.len();
                            self.disks[node].submit(request, []);
                        }
                        Does::Tell(()) => {
                            if let Some(report) = out.reports.pop_front() {
                                self.scratch.errands.push_back(Errand { what: Word::Report(report), cause, rule });
                            }
                        }
                        Does::Ask(()) => {
                            if let Some(ask) = out.asks.pop_front() {
                                if matches!(ask, Ask::Publish(_)) {
                                    self.engine.count_message();
                                }
                                self.scratch.errands.push_back(Errand { what: Word::Ask(ask), cause, rule });
                            }
                        }
                        _ => {}
                    }
                    cause
                }
            };
            if tell {
                told = output.deltas_end as usize;
            }
            events.push(event);
        }
        if briefs < out.briefs.len()
            && !cut
            && self.processes[actor.at()].alive
            && self.processes[actor.at()].life == life
        {
            self.tell_briefs(actor, &out.briefs, briefs, usize::MAX, observer);
        }
        if let Some((fault, cause)) = pending {
            self.scratch.deltas.clear();
            self.strike(fault, cause, Some(actor), observer);
        }
        debug_assert!(
            told == out.deltas.len() || !self.processes[actor.at()].alive,
            "every change belongs to an output that makes an event"
        );
        events.clear();
        self.scratch.events = events;
        out.clear();
        if self.is_node(actor) {
            self.disk_begin(actor, observer);
        }
    }

    fn next_op(&mut self) -> OpId {
        self.prov.ops += 1;
        OpId(self.prov.ops - 1)
    }

    fn set_timer(
        &mut self,
        actor: ActorId,
        part: Part,
        token: Token,
        (due, housekeeping, verb): (crate::units::Time, bool, crate::ids::VerbId),
        about: About,
        set_by: EventId,
    ) {
        let key = self.engine.schedule(due, Due::Timer(actor, part, token), housekeeping);
        let timer = Timer { key, due, housekeeping, verb, rule: about.rule, set_by };
        if let Some(old) = self.processes[actor.at()].timers.insert((part, token), timer) {
            self.engine.cancel(old.key);
        }
    }

    fn cancel_timer(&mut self, actor: ActorId, part: Part, token: Token) {
        if let Some(timer) = self.processes[actor.at()].timers.remove(&(part, token)) {
            self.engine.cancel(timer.key);
        }
    }

    /// A timer runs out.
    pub(super) fn timer<O: Observer>(&mut self, actor: ActorId, part: Part, token: Token, observer: &mut O) {
        let process = &mut self.processes[actor.at()];
        if !process.alive {
            return;
        }
        if process.paused {
            self.stalled.push(Due::Timer(actor, part, token));
            return;
        }
        let Some(timer) = process.timers.remove(&(part, token)) else { return };
        let event = self.emit(Kind::Timer(timer.verb), About::of(actor, timer.set_by, timer.rule), observer);
        self.give(actor, part, Input::Timer(token), event, observer);
    }

    /// Gives a machine an input and carries out what follows.
    #[inline]
    pub(super) fn give<O: Observer>(
        &mut self,
        actor: ActorId,
        part: Part,
        input: Input<Frame>,
        cause: EventId,
        observer: &mut O,
    ) {
        if self.is_node(actor) {
            self.give_node(actor, input, cause, observer);
        } else {
            self.give_client(actor, part, input, cause, observer);
        }
    }

    fn shut<O: Observer>(
        &mut self,
        conn: ConnId,
        abort: bool,
        about: About,
        deltas: &[Delta],
        observer: &mut O,
    ) -> EventId {
        let kind = Kind::Link { conn, what: Link::Shut };
        let event = self.emit_with(kind, about, deltas, observer);
        self.hang_up(conn, about.actor, abort, event, observer);
        event
    }

    /// What noting something can set off.
    fn check_note<O: Observer>(
        &mut self,
        actor: ActorId,
        what: What,
        message: crate::ids::Name,
        event: EventId,
        rest: &[Delta],
        observer: &mut O,
    ) -> Option<(u16, EventId)> {
        if !self.watch.notes.has(what) {
            return None;
        }
        match what {
            What::WorkDone => self.worked(actor, message).map(|fault| (fault, event)),
            What::Received => {
                if let Some(fault) = self.received(actor, message) {
                    self.scratch.deltas.clear();
                    self.scratch.deltas.extend_from_slice(rest);
                    self.strike(fault, event, Some(actor), observer);
                }
                None
            }
            _ => None,
        }
    }
}
