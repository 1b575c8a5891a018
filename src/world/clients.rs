//! Clients: an application above, its wire machine below, and the errands between them.

use super::draws::Drawer;
use super::emit::About;
use super::outputs::{Caller, Carrier};
use super::plan::{ClientPlan, Plan, Program};
use super::process::Part;
use super::rules;
use super::state::{Outs, World};
use crate::app::{App, AppInput};
use crate::ids::{ActorId, Digest, EventId, Names, RuleId};
use crate::machine::{Ask, Input, Ports, Report};
use crate::net::Line;
use crate::sim::StreamId;
use crate::systems::{self, Client, Frame, Given};
use crate::trace::{Kind, Observer, Process as Step};
use std::collections::VecDeque;

/// Something one part of a client has for another.
#[derive(Clone, Debug)]
pub(super) struct Errand {
    pub(super) what: Word,
    pub(super) cause: EventId,
    /// Under which rule it is run.
    pub(super) rule: RuleId,
}

/// What it is.
#[derive(Clone, Debug)]
pub(super) enum Word {
    /// For the wire machine.
    Ask(Ask),
    /// For the application.
    Report(Report),
}

/// The machines of a client.
#[derive(Debug)]
pub(super) struct ClientProcess {
    /// Absent where the client follows a script.
    pub(super) app: Option<App>,
    pub(super) wire: Client,
    /// Its link as it is at present: the direction to the client, then that to the node.
    pub(super) lines: [Line; 2],
    /// The random streams of its link, towards the node and back.
    pub(super) ways: [StreamId; 2],
    /// Errands between the two that wait while the process stands still.
    pub(super) held: VecDeque<Errand>,
}

impl Clone for ClientProcess {
    fn clone(&self) -> Self {
        let ClientProcess { app, wire, lines, ways, held } = self;
        ClientProcess { app: app.clone(), wire: wire.clone(), lines: *lines, ways: *ways, held: held.clone() }
    }
    fn clone_from(&mut self, from: &Self) {
        match (&mut self.app, &from.app) {
            (Some(mine), Some(theirs)) => mine.clone_from(theirs),
            (mine, theirs) => mine.clone_from(theirs),
        }
        self.wire.clone_from(&from.wire);
        (self.lines, self.ways) = (from.lines, from.ways);
        self.held.clone_from(&from.held);
    }
}

impl ClientProcess {
    pub(super) fn new(client: &ClientPlan, plan: &Plan, ways: [StreamId; 2]) -> Self {
        let index = plan.clients.iter().position(|c| std::ptr::eq(c, client)).unwrap_or_default();
        let lines = [Line::new(plan.link(index, client.node)); 2];
        match &client.program {
            Program::App { spec, .. } => ClientProcess {
                app: Some(App::new(std::sync::Arc::clone(spec))),
                wire: Client::for_app(&plan.nodes[client.node].config),
                lines,
                ways,
                held: VecDeque::new(),
            },
            Program::Script(script) => {
                ClientProcess { app: None, wire: Client::for_script(script), lines, ways, held: VecDeque::new() }
            }
        }
    }

    pub(super) fn reset(&mut self, client: &ClientPlan) {
        if let (Some(app), Program::App { spec, .. }) = (&mut self.app, &client.program) {
            app.boot(spec);
        }
        self.boot_wire(client);
        self.held.clear();
    }

    /// Mixes the errands that wait into a digest.
    pub(super) fn digest_held(&self, names: &Names, digest: &mut Digest) {
        for Errand { what, .. } in &self.held {
            match what {
                Word::Ask(ask) => ask.digest(names, digest),
                Word::Report(report) => report.digest(names, digest),
            }
        }
    }

    /// A new process of the same client.
    fn restart_wire(&mut self, client: &ClientPlan) {
        match &client.program {
            Program::App { session, .. } => self.wire.boot(session),
            Program::Script(script) => self.wire.restart_script(script),
        }
    }

    fn boot_wire(&mut self, client: &ClientPlan) {
        match &client.program {
            Program::App { session, .. } => self.wire.boot(session),
            Program::Script(script) => self.wire.boot_script(script),
        }
    }
}

impl World {
    /// A process starts, for the first time or again.
    pub(super) fn start<O: Observer>(&mut self, actor: ActorId, observer: &mut O) {
        let process = &mut self.processes[actor.at()];
        if process.alive {
            return;
        }
        (process.alive, process.powered, process.paused, process.stopping) = (true, true, false, None);
        process.life += 1;
        let first = process.life == 1;
        let (step, rule) = match first {
            true => (Step::Started, rules::PROCESS_START),
            false => (Step::Restarted, rules::PROCESS_RESTART),
        };
        let about = About::of(actor, process.down_since, rule);
        let event = self.emit(Kind::Process(step), about, observer);
        if self.is_node(actor) {
            self.boot_node(actor, event, observer);
            return;
        }
        let client = &mut self.clients[actor.at()];
        if !first {
            client.restart_wire(&self.plan.clients[actor.at()]);
        }
        let part = if client.app.is_some() { Part::App } else { Part::Wire };
        self.give_client(actor, part, Input::Started, event, observer);
    }

    /// Gives one part of a client an input and does everything that follows from it.
    #[inline]
    pub(super) fn give_client<O: Observer>(
        &mut self,
        actor: ActorId,
        part: Part,
        input: Input<Frame>,
        cause: EventId,
        observer: &mut O,
    ) {
        let life = self.processes[actor.at()].life;
        if !self.processes[actor.at()].alive {
            return;
        }
        let caller = Caller { actor, part, cause, rule: RuleId::NONE };
        match (part, input) {
            (Part::Wire, input) => {
                self.give_wire(caller, |wire, given, outs| wire.handle(input, given, outs), observer)
            }
            (Part::App, Input::Started) => self.give_app(caller, Input::Started, observer),
            (Part::App, Input::Timer(token)) => self.give_app(caller, Input::Timer(token), observer),
            (Part::App, Input::Stop) => self.give_app(caller, Input::Stop, observer),
            // An application is given nothing else from outside.
            (Part::App, _) => {}
        }
        self.run_errands(actor, life, observer);
    }

    /// Calls the wire machine of a client that runs, and does everything that follows from it.
    #[inline]
    pub(super) fn call_wire<O: Observer>(
        &mut self,
        actor: ActorId,
        cause: EventId,
        call: impl FnOnce(&mut Client, Given<'_>, &mut systems::Outs),
        observer: &mut O,
    ) {
        let life = self.processes[actor.at()].life;
        self.give_wire(Caller { actor, part: Part::Wire, cause, rule: RuleId::NONE }, call, observer);
        self.run_errands(actor, life, observer);
    }

    /// Carries the errands between the parts of a client out, in order, until there are none or its process is gone or
    /// stands still.
    pub(super) fn run_errands<O: Observer>(&mut self, actor: ActorId, life: u32, observer: &mut O) {
        while let Some(Errand { what, cause, rule }) = self.scratch.errands.pop_front() {
            let process = &self.processes[actor.at()];
            if process.alive && process.paused {
                let held = &mut self.clients[actor.at()].held;
                held.push_back(Errand { what, cause, rule });
                held.extend(self.scratch.errands.drain(..));
                return;
            }
            if !process.alive || process.life != life {
                self.scratch.errands.clear();
                return;
            }
            match what {
                Word::Ask(ask) => {
                    self.vain.ask(&ask);
                    let caller = Caller { actor, part: Part::Wire, cause, rule };
                    self.give_wire(caller, |wire, given, outs| wire.ask(ask, given, outs), observer);
                }
                Word::Report(report) => {
                    self.vain.report(&report);
                    let caller = Caller { actor, part: Part::App, cause, rule };
                    self.give_app(caller, Input::Report(report), observer);
                }
            }
        }
    }

    fn give_app<O: Observer>(&mut self, caller: Caller, input: AppInput, observer: &mut O) {
        let wanted = self.wanted::<O>();
        let mut outs = self.take_outs();
        let out = &mut outs.app;
        out.wanted = wanted;
        if let Some(app) = &mut self.clients[caller.actor.at()].app {
            let mut ports = Ports {
                now: self.engine.now(),
                me: caller.actor,
                names: &mut self.names,
                registry: &mut self.prov.registry,
                draws: &mut Drawer { choices: &mut self.choices, stream: self.streams[caller.actor.at()] },
                out,
            };
            app.handle(input, &mut ports, &mut self.tables);
        }
        if !out.is_empty() {
            self.perform(caller, out, observer);
        }
        self.scratch.outs.push(outs);
    }

    #[inline]
    fn give_wire<O: Observer>(
        &mut self,
        caller: Caller,
        call: impl FnOnce(&mut Client, Given<'_>, &mut systems::Outs),
        observer: &mut O,
    ) {
        let wanted = self.wanted::<O>();
        let mut outs = self.take_outs();
        let given = Given {
            now: self.engine.now(),
            me: caller.actor,
            names: &mut self.names,
            registry: &mut self.prov.registry,
            draws: &mut Drawer { choices: &mut self.choices, stream: self.streams[caller.actor.at()] },
            wanted,
        };
        call(&mut self.clients[caller.actor.at()].wire, given, &mut outs.wire);
        outs.wire.drain(&mut Carrier { world: self, caller, observer });
        self.scratch.outs.push(outs);
    }

    /// The buffers for outputs; whoever takes them puts them back.
    #[inline]
    pub(super) fn take_outs(&mut self) -> Box<Outs> {
        self.scratch.outs.pop().unwrap_or_default()
    }

    /// After how long a process that ended by itself comes back.
    pub(super) fn restart_after_exit(&self, actor: ActorId) -> Option<crate::units::Span> {
        let process = &self.processes[actor.at()];
        process.stopping.unwrap_or_else(|| self.plan.client_index(actor).and_then(|c| self.plan.clients[c].restart))
    }
}
