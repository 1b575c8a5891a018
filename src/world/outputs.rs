//! Carrying out what a machine has put out, in order, and noting it down.

use super::clients::{Errand, Word};
use super::emit::About;
use super::process::{Part, Timer};
use super::state::{Due, World};
use crate::disk::{Kind as DiskKind, Request};
use crate::ids::{ActorId, ConnId, EventId, OpId, RuleId};
use crate::machine::{Ask, Brief, Does, File, Input, Light, Op, Out, Output, Report, Token};
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
    #[inline]
    fn perform<F: Into<Frame>, R: Into<Record>>(&mut self, out: &mut Out<F, R>) {
        self.world.perform(self.caller, out, self.observer);
    }
}

/// What lies beside the outputs of one call; the next frame, request and report are at the ends of their lists.
struct Beside<'a, F, R> {
    frames: &'a mut Vec<F>,
    asks: &'a mut Vec<Ask>,
    reports: &'a mut Vec<Report>,
    ops: &'a mut Vec<Op<R>>,
}

impl Caller {
    /// What an event of this output has besides its kind.
    #[inline]
    fn about(&self, output: &Output, cause: EventId) -> About {
        let rule = if output.rule.is_some() { output.rule } else { self.rule };
        About { actor: self.actor, cause, need: output.need, number: 0, rule }
    }
}

impl World {
    /// Carries out everything in `out` and empties it. If a fault ends the process on the way, the rest does not
    /// happen; what it had already changed in view is told by the event of its end.
    #[inline]
    pub(super) fn perform<F: Into<Frame>, R: Into<Record>, O: Observer>(
        &mut self,
        caller: Caller,
        out: &mut Out<F, R>,
        observer: &mut O,
    ) {
        let Out { outputs, frames, asks, reports, deltas, ops, briefs, .. } = out;
        // Turned round, so that taking from the end takes them in order.
        turn_round(frames);
        turn_round(asks);
        turn_round(reports);
        let beside = Beside { frames, asks, reports, ops };
        if O::WANTS.all || self.watch.any() {
            self.perform_watched(caller, (outputs, briefs), deltas, beside, observer);
        } else {
            self.perform_unwatched(caller, (outputs, briefs), beside, observer);
        }
        out.clear();
        if self.is_node(caller.actor) {
            self.disk_begin(caller.actor, observer);
        }
    }

    /// Carries outputs out where no event needs its cause and no fault can strike in between.
    #[inline]
    fn perform_unwatched<F: Into<Frame>, R: Into<Record>, O: Observer>(
        &mut self,
        caller: Caller,
        (outputs, briefs): (&[Output], &[Brief]),
        mut beside: Beside<'_, F, R>,
        observer: &mut O,
    ) {
        let mut brief = 0;
        for (at, output) in outputs.iter().enumerate() {
            if O::WANTS.any() {
                brief = self.tell_briefs(caller.actor, briefs, brief, at, observer);
            }
            let about = caller.about(output, caller.cause);
            match output.does {
                Does::Note { what, place, message, number } => {
                    self.emit(Kind::Note { what, place, message }, About { number, ..about }, observer);
                }
                Does::Send(conn, ()) => {
                    if let Some(sent) = beside.frames.pop() {
                        self.send_unwatched(conn, sent.into(), caller.actor, observer);
                    }
                }
                Does::Dial => _ = self.dial(about, observer),
                Does::Shut { conn, abort } => _ = self.shut(conn, abort, about, &[], observer),
                Does::Exit => return self.exits(about, &[], observer),
                does => self.carry_out(does, caller.part, about, &mut beside),
            }
        }
        if O::WANTS.any() {
            self.tell_briefs(caller.actor, briefs, brief, usize::MAX, observer);
        }
    }

    /// Carries outputs out with their events, and looks after each whether a fault strikes.
    fn perform_watched<F: Into<Frame>, R: Into<Record>, O: Observer>(
        &mut self,
        caller: Caller,
        (outputs, briefs): (&[Output], &[Brief]),
        deltas: &[Delta],
        mut beside: Beside<'_, F, R>,
        observer: &mut O,
    ) {
        let actor = caller.actor;
        let life = self.processes[actor.at()].life;
        let faults = self.watch.any();
        let mut events = std::mem::take(&mut self.scratch.events);
        let mut told = 0usize;
        let mut brief = 0;
        // Faults that wait until the work's effect is noted, and strike before anything else is done.
        let mut pending = std::mem::take(&mut self.scratch.pending);
        for (at, output) in outputs.iter().enumerate() {
            if faults {
                if !pending.is_empty() && !matches!(output.does, Does::Note { .. }) {
                    self.strike_pending(&mut pending, (actor, &deltas[told..]), observer);
                }
                if !self.processes[actor.at()].alive || self.processes[actor.at()].life != life {
                    break;
                }
            }
            let about = caller.about(output, output.because.output().map_or(caller.cause, |i| events[i]));
            brief = self.tell_briefs(actor, briefs, brief, at, observer);
            let (own, rest) = (&deltas[told..output.deltas_end as usize], &deltas[output.deltas_end as usize..]);
            let event = match output.does {
                Does::Note { what, place, message, number } => {
                    let kind = Kind::Note { what, place, message };
                    let event = self.emit_with(kind, About { number, ..about }, own, observer);
                    if self.watch.notes.has(what) {
                        self.check_note(actor, what, message, event, rest, &mut pending, observer);
                    }
                    event
                }
                Does::Send(conn, ()) => match beside.frames.pop() {
                    Some(sent) => self.send(conn, sent.into(), about, own, rest, observer),
                    None => about.cause,
                },
                Does::Dial => self.dial(about, observer),
                Does::Shut { conn, abort } => self.shut(conn, abort, about, own, observer),
                Does::Exit => {
                    self.exits(about, &deltas[told..], observer);
                    break;
                }
                does => {
                    self.carry_out(does, caller.part, about, &mut beside);
                    events.push(about.cause);
                    continue;
                }
            };
            told = output.deltas_end as usize;
            events.push(event);
        }
        if self.processes[actor.at()].alive && self.processes[actor.at()].life == life {
            self.tell_briefs(actor, briefs, brief, usize::MAX, observer);
        }
        self.strike_pending(&mut pending, (actor, &[]), observer);
        pending.clear();
        self.scratch.pending = pending;
        debug_assert!(
            told == deltas.len() || !self.processes[actor.at()].alive,
            "every change belongs to an output that makes an event"
        );
        events.clear();
        self.scratch.events = events;
    }

    /// A process ends by its own will, with changes that no event has told yet.
    fn exits<O: Observer>(&mut self, about: About, untold: &[Delta], observer: &mut O) {
        let restart = self.restart_after_exit(about.actor);
        self.scratch.deltas.clear();
        self.scratch.deltas.extend_from_slice(untold);
        self.exited(about, restart, observer);
    }

    /// Carries out what makes no event by itself.
    #[inline(always)]
    fn carry_out<F, R: Into<Record>>(&mut self, does: Light, part: Part, about: About, beside: &mut Beside<'_, F, R>) {
        let About { actor, cause, rule, .. } = about;
        match does {
            Does::SetTimer { token, after, verb, housekeeping } => {
                // A process that was stopped in the middle of this counts on from when it goes on.
                let due = self.engine.now().max(self.processes[actor.at()].still_until) + after;
                self.set_timer(actor, part, token, (due, housekeeping, verb), about);
            }
            Does::CancelTimer(token) => self.cancel_timer(actor, part, token),
            Does::Write { file, ops, token } => {
                let taken = beside.ops.drain(..beside.ops.len().min(ops as usize)).map(|op| match op {
                    Op::Put(key, record) => Op::Put(key, record.into()),
                    Op::Delete(key) => Op::Delete(key),
                });
                self.submit(about, DiskKind::Write, file, token, ops, taken);
            }
            Does::Sync { file, token } => self.submit(about, DiskKind::Sync, file, token, 0, []),
            Does::Tell(()) => {
                if let Some(report) = beside.reports.pop() {
                    self.scratch.errands.push_back(Errand { what: Word::Report(report), cause, rule });
                }
            }
            Does::Ask(()) => {
                if let Some(ask) = beside.asks.pop() {
                    if matches!(ask, Ask::Publish(_)) {
                        self.engine.count_message();
                    }
                    self.scratch.errands.push_back(Errand { what: Word::Ask(ask), cause, rule });
                }
            }
            Does::Note { .. } | Does::Send(..) | Does::Dial | Does::Shut { .. } | Does::Exit => {}
        }
    }

    /// Hands a node's disk an operation.
    fn submit(
        &mut self,
        about: About,
        kind: DiskKind,
        file: File,
        token: Token,
        records: u32,
        ops: impl IntoIterator<Item = Op<Record>>,
    ) {
        let request = Request { kind, file, token, records, op: self.next_op(), asked: about.cause, rule: about.rule };
        let node = about.actor.at() - self.clients.len();
        self.disks[node].submit(request, ops);
    }

    pub(super) fn next_op(&mut self) -> OpId {
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
    ) {
        let key = self.engine.schedule(due, Due::Timer(actor, part, token), housekeeping);
        let timer = Timer { key, due, housekeeping, verb, rule: about.rule, set_by: about.cause };
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

    /// What noting something can set off; what is to wait goes to `pending`, with its cause.
    #[expect(clippy::too_many_arguments, reason = "a note, what follows it, and where that goes")]
    fn check_note<O: Observer>(
        &mut self,
        actor: ActorId,
        what: What,
        message: crate::ids::Name,
        event: EventId,
        rest: &[Delta],
        pending: &mut Vec<(u16, EventId)>,
        observer: &mut O,
    ) {
        match what {
            What::WorkDone => {
                let mut faults = self.worked(actor, message);
                pending.extend(faults.drain(..).map(|fault| (fault, event)));
                self.keep_list(faults);
            }
            What::Received => {
                let faults = self.received(actor, message);
                self.strike_all(faults, event, Some((actor, rest)), observer);
            }
            _ => {}
        }
    }

    fn strike_pending<O: Observer>(
        &mut self,
        pending: &mut Vec<(u16, EventId)>,
        busy: (ActorId, &[Delta]),
        observer: &mut O,
    ) {
        for (fault, cause) in pending.drain(..) {
            self.strike_one(fault, cause, Some(busy), observer);
        }
    }
}

/// Mostly there is one thing or none, and nothing to do.
#[inline]
fn turn_round<T>(list: &mut [T]) {
    if list.len() > 1 {
        list.reverse();
    }
}
