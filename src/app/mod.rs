//! What users write: producers and consumers as machines of policy over the client port. When to send, to wait, to
//! send again; when to work, to settle, to forget what is known already; and the tables that their work writes to.
//!
//! Not a client library: connections, channels, tags and polls are the business of the system's client below the port.
//! Nothing here knows which system that is.

mod answers;
mod beliefs;
mod calls;
mod consumer;
mod link;
mod onward;
mod outbox;
mod producer;
pub mod rules;
mod settle;
mod spec;
mod tables;
mod template;
#[cfg(test)]
mod tests;
mod timing;
mod transactions;
pub mod verbs;
mod work;

pub use rules::TABLE as RULES;

pub use spec::{
    AckPolicy, Aside, Backoff, Books, ConsumerSpec, Dedup, Effect, EffectKind, Effects, Fail, Forward, Park, Plan,
    ProducerSpec, Reconnect, Reliability, Retry, Slow, Spec, Then, Timing, Which,
};
pub use tables::{RowOutcome, Tables};
pub use template::{Derived, Template, TemplateError};
pub use verbs::TABLE as VERBS;

use crate::ids::{ActorId, Digest, Names};
use crate::machine::{Input, Ports};
use crate::trace::Observable;
use crate::units::Time;
use std::convert::Infallible;
use std::sync::Arc;

/// What an application's machine is given: it sends no frames and has no disk.
pub type Io<'a> = Ports<'a, Infallible, Infallible>;

/// What comes into an application's machine: `Started`, `Timer`, `Report` and `Stop`; anything else it ignores.
pub type AppInput = Input<Infallible>;

/// An application: a producer or a consumer.
#[derive(Debug)]
pub struct App {
    spec: Arc<Spec>,
    state: State,
}

crate::clone_in_place!(App { spec, state });

#[derive(Debug)]
enum State {
    Producer(producer::Producer),
    Consumer(consumer::Consumer),
}

impl Clone for State {
    fn clone(&self) -> Self {
        match self {
            State::Producer(p) => State::Producer(p.clone()),
            State::Consumer(c) => State::Consumer(c.clone()),
        }
    }
    fn clone_from(&mut self, from: &Self) {
        match (self, from) {
            (State::Producer(p), State::Producer(from)) => p.clone_from(from),
            (State::Consumer(c), State::Consumer(from)) => c.clone_from(from),
            (me, from) => *me = from.clone(),
        }
    }
}

impl App {
    /// An application that has not started.
    pub fn new(spec: Arc<Spec>) -> App {
        let state = State::of(&spec);
        let mut app = App { spec, state };
        app.reset();
        app
    }

    /// Makes it an application that has not started, as after a restart. Allocates nothing where it was of the same
    /// kind before.
    pub fn boot(&mut self, spec: &Arc<Spec>) {
        if !Arc::ptr_eq(&self.spec, spec) {
            self.spec = Arc::clone(spec);
            match (&self.state, &**spec) {
                (State::Producer(_), Spec::Producer(_)) | (State::Consumer(_), Spec::Consumer(_)) => {}
                _ => self.state = State::of(spec),
            }
        }
        self.reset();
    }

    fn reset(&mut self) {
        match (&mut self.state, &*self.spec) {
            (State::Producer(p), Spec::Producer(spec)) => p.boot(spec),
            (State::Consumer(c), Spec::Consumer(spec)) => c.boot(spec),
            _ => {}
        }
    }

    /// Its process is gone, and with it what it held in memory. A consumer has forgotten everything. A producer keeps
    /// what is not its own memory: what it was last seen to believe, and how far its source of messages was read.
    pub fn crash(&mut self) {
        match (&mut self.state, &*self.spec) {
            (State::Producer(p), Spec::Producer(spec)) => p.crash(spec),
            (State::Consumer(c), Spec::Consumer(spec)) => c.boot(spec),
            _ => {}
        }
    }

    /// Takes one input and puts what follows into `ports.out`, in order.
    pub fn handle(&mut self, input: AppInput, ports: &mut Io<'_>, tables: &mut Tables) {
        match (&mut self.state, &*self.spec) {
            (State::Producer(p), Spec::Producer(spec)) => p.handle(spec, input, ports, tables),
            (State::Consumer(c), Spec::Consumer(spec)) => c.handle(spec, input, ports, tables),
            _ => {}
        }
    }

    /// Shows what it holds and believes. Agrees with the sum of the deltas that it has put out, after every input;
    /// the tables show themselves.
    ///
    /// Ids of different plans must differ, unless their templates are the same.
    pub fn observe(&self, me: ActorId, names: &Names, seen: &mut Observable) {
        match (&self.state, &*self.spec) {
            (State::Producer(p), Spec::Producer(spec)) => p.observe(spec, me, names, seen),
            (State::Consumer(c), _) => c.observe(seen),
            _ => {}
        }
    }

    /// Mixes its behaviour into a digest, with points in time as spans from `now`. A producer's beliefs count as
    /// behaviour: what it believes at the end is what it did.
    pub fn digest(&self, now: Time, names: &Names, digest: &mut Digest) {
        match &self.state {
            State::Producer(p) => p.digest(now, digest),
            State::Consumer(c) => c.digest(now, names, digest),
        }
    }

    /// Whether it reconnects as often as it takes.
    pub fn tries_for_ever(&self) -> bool {
        let reconnect = match &*self.spec {
            Spec::Producer(spec) => spec.reconnect,
            Spec::Consumer(spec) => spec.reconnect,
        };
        reconnect.is_some_and(|reconnect| reconnect.max == 0)
    }

    /// What it was told to do.
    pub fn spec(&self) -> &Arc<Spec> {
        &self.spec
    }
}

impl State {
    fn of(spec: &Spec) -> State {
        match spec {
            Spec::Producer(_) => State::Producer(producer::Producer::default()),
            Spec::Consumer(_) => State::Consumer(consumer::Consumer::default()),
        }
    }
}
