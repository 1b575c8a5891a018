//! The systems that the laboratory knows, a line each (at the end): what a node, a client, a frame and a record can be.
//!
//! Not the systems themselves. The enums made here let one world run any of them without knowing which.

use crate::ids::{ActorId, CopyId, Digest, Name, Names};
use crate::machine::{Does, File, Input, Machine, Op, Out, Output, Ports, Session, Wire, Words};
use crate::trace::Observable;
use crate::units::Time;
use std::sync::Arc;

/// A machine with the buffer for its outputs, which is empty between calls.
#[derive(Debug)]
pub struct Housed<M: Machine> {
    machine: M,
    out: Out<M::Frame, M::Record>,
}

impl<M: Machine> Clone for Housed<M> {
    fn clone(&self) -> Self {
        Housed { machine: self.machine.clone(), out: Out::default() }
    }
    fn clone_from(&mut self, from: &Self) {
        self.machine.clone_from(&from.machine);
    }
}

impl<M: Machine> Housed<M> {
    fn new(machine: M) -> Self {
        Housed { machine, out: Out::default() }
    }

    /// Runs `call` with ports of the machine's own types and passes its outputs on in those of the laboratory.
    fn call<F: From<M::Frame>, R: From<M::Record>>(
        &mut self,
        ports: &mut Ports<'_, F, R>,
        call: impl FnOnce(&mut M, &mut Ports<'_, M::Frame, M::Record>),
    ) {
        self.out.notes_wanted = ports.out.notes_wanted;
        self.out.deltas_wanted = ports.out.deltas_wanted;
        let mut own = Ports {
            now: ports.now,
            me: ports.me,
            names: &mut *ports.names,
            registry: &mut *ports.registry,
            draws: &mut *ports.draws,
            out: &mut self.out,
        };
        call(&mut self.machine, &mut own);
        let out = &mut *ports.out;
        out.outputs.extend(self.out.outputs.drain(..).map(|o| Output {
            does: does(o.does),
            rule: o.rule,
            because: o.because,
            need: o.need,
            deltas_end: o.deltas_end,
        }));
        out.deltas.append(&mut self.out.deltas);
        out.ops.extend(self.out.ops.drain(..).map(|op| match op {
            Op::Put(key, record) => Op::Put(key, record.into()),
            Op::Delete(key) => Op::Delete(key),
        }));
    }
}

fn does<F, G: From<F>>(does: Does<F>) -> Does<G> {
    match does {
        Does::Send(conn, frame) => Does::Send(conn, frame.into()),
        Does::Dial => Does::Dial,
        Does::Shut { conn, abort } => Does::Shut { conn, abort },
        Does::SetTimer { token, after, verb, housekeeping } => Does::SetTimer { token, after, verb, housekeeping },
        Does::CancelTimer(token) => Does::CancelTimer(token),
        Does::Write { file, ops, token } => Does::Write { file, ops, token },
        Does::Sync { file, token } => Does::Sync { file, token },
        Does::Note { what, place, message, number } => Does::Note { what, place, message, number },
        Does::Exit => Does::Exit,
        Does::Tell(report) => Does::Tell(report),
        Does::Ask(ask) => Does::Ask(ask),
    }
}

fn input<F, G>(input: Input<F>, take: impl FnOnce(F) -> Option<G>) -> Option<Input<G>> {
    Some(match input {
        Input::Started => Input::Started,
        Input::Connected(conn) => Input::Connected(conn),
        Input::Frame(conn, frame) => Input::Frame(conn, take(frame)?),
        Input::Ended(conn, ending) => Input::Ended(conn, ending),
        Input::Timer(token) => Input::Timer(token),
        Input::DiskDone(token) => Input::DiskDone(token),
        Input::DiskFailed(token) => Input::DiskFailed(token),
        Input::Stop => Input::Stop,
        Input::Ask(ask) => Input::Ask(ask),
        Input::Report(report) => Input::Report(report),
    })
}

macro_rules! systems {
    ($($system:ident: $folder:ident $(, script $script:ident)?;)*) => {
        /// A frame of some system.
        #[derive(Clone, Debug)]
        pub enum Frame { $(#[doc = stringify!($system)] $system(crate::$folder::Frame)),* }

        /// A record of some system.
        #[derive(Clone, Debug)]
        pub enum Record { $(#[doc = stringify!($system)] $system(crate::$folder::Record)),* }

        /// How a node of some system is set up.
        #[derive(Clone, Debug)]
        pub enum NodeConfig { $(#[doc = stringify!($system)] $system(Arc<crate::$folder::Config>)),* }

        /// A node of some system.
        #[derive(Debug)]
        pub enum Node { $(#[doc = stringify!($system)] $system(Box<Housed<crate::$folder::Node>>)),* }

        /// The client side of some system.
        #[derive(Debug)]
        pub enum Client {
            $(
                #[doc = stringify!($system)]
                $system(Box<Housed<crate::$folder::Client>>),
                $(#[doc = stringify!($script)] $script(Box<Housed<crate::$folder::Script>>),)?
            )*
        }

        /// What a scripted client performs.
        #[derive(Clone, Debug)]
        pub enum Script { $($(#[doc = stringify!($script)] $script(Arc<crate::$folder::Program>),)?)* }

        $(
            impl From<crate::$folder::Frame> for Frame {
                fn from(frame: crate::$folder::Frame) -> Self { Frame::$system(frame) }
            }
            impl From<crate::$folder::Record> for Record {
                fn from(record: crate::$folder::Record) -> Self { Record::$system(record) }
            }
        )*

        impl Wire for Frame {
            fn words(&self, names: &Names) -> Words { match self { $(Frame::$system(f) => f.words(names)),* } }
            fn size(&self, names: &Names) -> u32 { match self { $(Frame::$system(f) => f.size(names)),* } }
            fn digest(&self, names: &Names, digest: &mut Digest) {
                match self { $(Frame::$system(f) => f.digest(names, digest)),* }
            }
        }

        impl crate::machine::Record for Record {
            fn copy(&self) -> Option<(CopyId, Name)> { match self { $(Record::$system(r) => r.copy()),* } }
            fn digest(&self, names: &Names, digest: &mut Digest) {
                match self { $(Record::$system(r) => r.digest(names, digest)),* }
            }
        }

        impl Clone for Node {
            fn clone(&self) -> Self { match self { $(Node::$system(n) => Node::$system(n.clone())),* } }
            fn clone_from(&mut self, from: &Self) {
                match (self, from) {
                    $((Node::$system(mine), Node::$system(theirs)) => (**mine).clone_from(theirs),)*
                    #[allow(unreachable_patterns, reason = "with one system every pair is covered")]
                    (mine, theirs) => *mine = theirs.clone(),
                }
            }
        }

        impl Clone for Client {
            fn clone(&self) -> Self {
                match self {
                    $(Client::$system(c) => Client::$system(c.clone()), $(Client::$script(c) => Client::$script(c.clone()),)?)*
                }
            }
            fn clone_from(&mut self, from: &Self) {
                match (self, from) {
                    $(
                        (Client::$system(mine), Client::$system(theirs)) => (**mine).clone_from(theirs),
                        $((Client::$script(mine), Client::$script(theirs)) => (**mine).clone_from(theirs),)?
                    )*
                    #[allow(unreachable_patterns, reason = "with one client every pair is covered")]
                    (mine, theirs) => *mine = theirs.clone(),
                }
            }
        }

        impl Node {
            /// A node that was never started.
            pub fn new(config: &NodeConfig) -> Self {
                match config { $(NodeConfig::$system(_) => Node::$system(Box::new(Housed::new(crate::$folder::Node::default())))),* }
            }
            /// Starts it, from what the disk holds. Allocations of a node of the same system are used again.
            pub fn boot(
                &mut self,
                config: &NodeConfig,
                records: impl Iterator<Item = (File, u64, Record)>,
                ports: &mut Ports<'_, Frame, Record>,
            ) {
                match (self, config) {
                    $((Node::$system(node), NodeConfig::$system(config)) => {
                        let mut records = records.filter_map(|(file, key, record)| match record {
                            Record::$system(record) => Some((file, key, record)),
                            #[allow(unreachable_patterns, reason = "with one system every record is its own")]
                            _ => None,
                        });
                        node.call(ports, |node, ports| node.boot(config, &mut records, ports));
                    })*
                    #[allow(unreachable_patterns, reason = "with one system every pair is covered")]
                    (node, config) => {
                        *node = Node::new(config);
                        node.boot(config, records, ports);
                    }
                }
            }
        }

        impl Machine for Node {
            type Frame = Frame;
            type Record = Record;
            fn handle(&mut self, given: Input<Frame>, ports: &mut Ports<'_, Frame, Record>) {
                match self { $(Node::$system(node) => {
                    let own = input(given, |f| match f {
                        Frame::$system(f) => Some(f),
                        #[allow(unreachable_patterns, reason = "with one system every frame is its own")]
                        _ => None,
                    });
                    if let Some(own) = own { node.call(ports, |node, ports| node.handle(own, ports)); }
                }),* }
            }
            fn observe(&self, me: ActorId, seen: &mut Observable) {
                match self { $(Node::$system(n) => n.machine.observe(me, seen)),* }
            }
            fn digest(&self, now: Time, names: &Names, digest: &mut Digest) {
                match self { $(Node::$system(n) => n.machine.digest(now, names, digest)),* }
            }
        }

        impl Machine for Client {
            type Frame = Frame;
            type Record = Record;
            fn handle(&mut self, given: Input<Frame>, ports: &mut Ports<'_, Frame, Record>) {
                match self { $(
                    Client::$system(client) => {
                        let own = input(given, |f| match f {
                            Frame::$system(f) => Some(f),
                            #[allow(unreachable_patterns, reason = "with one system every frame is its own")]
                            _ => None,
                        });
                        if let Some(own) = own { client.call(ports, |client, ports| client.handle(own, ports)); }
                    }
                    $(Client::$script(client) => {
                        let own = input(given, |f| match f {
                            Frame::$system(f) => Some(f),
                            #[allow(unreachable_patterns, reason = "with one system every frame is its own")]
                            _ => None,
                        });
                        if let Some(own) = own { client.call(ports, |client, ports| client.handle(own, ports)); }
                    })?
                )* }
            }
            fn observe(&self, me: ActorId, seen: &mut Observable) {
                match self { $(
                    Client::$system(c) => c.machine.observe(me, seen),
                    $(Client::$script(c) => c.machine.observe(me, seen),)?
                )* }
            }
            fn digest(&self, now: Time, names: &Names, digest: &mut Digest) {
                match self { $(
                    Client::$system(c) => c.machine.digest(now, names, digest),
                    $(Client::$script(c) => c.machine.digest(now, names, digest),)?
                )* }
            }
        }

        impl Client {
            /// The client for applications that talk to such a node.
            pub fn for_app(config: &NodeConfig) -> Self {
                match config {
                    $(NodeConfig::$system(_) => Client::$system(Box::new(Housed::new(crate::$folder::Client::default()))),)*
                }
            }
            /// The client that performs a script.
            pub fn for_script(script: &Script) -> Self {
                match script {
                    $($(Script::$script(_) => Client::$script(Box::new(Housed::new(crate::$folder::Script::default()))),)?)*
                }
            }
            /// Makes it new for a session; allocations are used again.
            pub fn boot(&mut self, session: &Arc<Session>) {
                match self { $(
                    Client::$system(client) => client.machine.boot(session),
                    $(Client::$script(_) => {})?
                )* }
            }
            /// Makes it new for a script; allocations are used again.
            pub fn boot_script(&mut self, script: &Script) {
                match (self, script) {
                    $($((Client::$script(client), Script::$script(program)) => client.machine.boot(program),)?)*
                    _ => {}
                }
            }
        }
    };
}

systems! {
    Amqp: amqp, script AmqpScript;
    Redis: redis;
}
