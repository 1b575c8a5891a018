//! The systems that the laboratory knows, a line each (at the end): what a node, a client, a frame and a record can be.
//!
//! Not the systems themselves. The enums made here let one world run any of them without knowing which.

use crate::ids::{ActorId, ConnId, CopyId, Digest, Name, Names};
use crate::machine::{Ask, Draws, File, Input, Machine, Out, Ports, Registry, Session, Token, Wire, Words};
use crate::rules::RuleTable;
use crate::trace::{Observable, VerbTable};
use crate::units::Time;
use std::convert::Infallible;
use std::sync::Arc;

/// What carries the outputs of a machine out, whichever system's it is.
pub trait Performer {
    /// Carries out everything in `out` and empties it.
    fn perform<F: Into<Frame>, R: Into<Record>>(&mut self, out: &mut Out<F, R>);
}

/// An input that has no frame, for any system.
#[inline]
fn frameless<F, G>(input: Input<F>) -> Option<Input<G>> {
    Some(match input {
        Input::Frame(..) => return None,
        Input::Started => Input::Started,
        Input::Connected(conn) => Input::Connected(conn),
        Input::Ended(conn, ending) => Input::Ended(conn, ending),
        Input::Timer(token) => Input::Timer(token),
        Input::DiskDone(token) => Input::DiskDone(token),
        Input::DiskFailed(token) => Input::DiskFailed(token),
        Input::Stop => Input::Stop,
        Input::Order(order) => Input::Order(order),
        Input::Ask(ask) => Input::Ask(ask),
        Input::Report(report) => Input::Report(report),
    })
}

/// What a machine is given for one call, besides the place for its outputs.
pub struct Given<'a> {
    /// Now.
    pub now: Time,
    /// Whose machine it is.
    pub me: ActorId,
    /// The names.
    pub names: &'a mut Names,
    /// Ids for show.
    pub registry: &'a mut Registry,
    /// Random numbers.
    pub draws: &'a mut dyn Draws,
    /// What somebody listens to.
    pub wanted: crate::machine::Wanted,
}

impl Given<'_> {
    fn ports<'b, F, R>(self, out: &'b mut Out<F, R>) -> Ports<'b, F, R>
    where
        Self: 'b,
    {
        out.wanted = self.wanted;
        let Given { now, me, names, registry, draws, .. } = self;
        Ports { now, me, names, registry, draws, out }
    }
}

macro_rules! systems {
    ($($system:ident: $folder:ident $(, script $script:ident)?;)*) => {
        /// The rules of all systems.
        pub const RULES: [RuleTable; $(crate::$folder::RULES.len() +)* 0] = crate::mem::join(&[$(crate::$folder::RULES),*]);

        /// The words of all systems.
        pub const VERBS: [VerbTable; $(crate::$folder::VERBS.len() +)* 0] = crate::mem::join(&[$(crate::$folder::VERBS),*]);

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
        pub enum Node { $(#[doc = stringify!($system)] $system(Box<crate::$folder::Node>)),* }

        /// The client side of some system.
        #[derive(Debug)]
        pub enum Client {
            $(
                #[doc = stringify!($system)]
                $system(Box<crate::$folder::Client>),
                $(#[doc = stringify!($script)] $script(Box<crate::$folder::Script>),)?
            )*
        }

        /// Where machines put their outputs: one buffer a system, all empty between calls.
        #[derive(Debug, Default)]
        pub struct Outs { $($folder: Out<crate::$folder::Frame, crate::$folder::Record>),* }

        impl Outs {
            /// Carries out what the machine that was called last has put out.
            pub fn drain(&mut self, performer: &mut impl Performer) {
                $(if !self.$folder.is_empty() { return performer.perform(&mut self.$folder); })*
            }
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

        /// An application sends no frames.
        impl From<Infallible> for Frame {
            fn from(never: Infallible) -> Self { match never {} }
        }
        /// An application has no disk.
        impl From<Infallible> for Record {
            fn from(never: Infallible) -> Self { match never {} }
        }

        impl Wire for Frame {
            fn words(&self, names: &Names) -> Words { match self { $(Frame::$system(f) => f.words(names)),* } }
            #[inline]
            fn carried(&self) -> Option<Words> { match self { $(Frame::$system(f) => f.carried()),* } }
            fn size(&self, names: &Names) -> u32 { match self { $(Frame::$system(f) => f.size(names)),* } }
            fn digest(&self, names: &Names, digest: &mut Digest) {
                match self { $(Frame::$system(f) => f.digest(names, digest)),* }
            }
        }

        impl crate::machine::Record for Record {
            fn copy(&self) -> Option<(CopyId, Name)> { match self { $(Record::$system(r) => r.copy()),* } }
            fn queue(&self) -> Name { match self { $(Record::$system(r) => r.queue()),* } }
            fn placed(&self) -> bool { match self { $(Record::$system(r) => r.placed()),* } }
            fn titles(&self) -> Option<File> { match self { $(Record::$system(r) => r.titles()),* } }
            fn digest(&self, now: Time, names: &Names, digest: &mut Digest) {
                match self { $(Record::$system(r) => r.digest(now, names, digest)),* }
            }
        }

        impl Clone for Node {
            fn clone(&self) -> Self { match self { $(Node::$system(n) => Node::$system(n.clone())),* } }
            fn clone_from(&mut self, from: &Self) {
                match (self, from) {
                    $((Node::$system(mine), Node::$system(theirs)) => (**mine).clone_from(theirs),)*
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
                    (mine, theirs) => *mine = theirs.clone(),
                }
            }
        }

        impl Node {
            /// A node that was never started.
            pub fn new(config: &NodeConfig) -> Self {
                match config { $(NodeConfig::$system(_) => Node::$system(Box::default())),* }
            }
            /// Starts it, from what the disk holds. Allocations of a node of the same system are used again.
            pub fn boot(
                &mut self,
                config: &NodeConfig,
                records: impl Iterator<Item = (File, u64, Record)>,
                given: Given<'_>,
                outs: &mut Outs,
            ) {
                match (self, config) {
                    $((Node::$system(node), NodeConfig::$system(config)) => {
                        let mut records = records.filter_map(|(file, key, record)| match record {
                            Record::$system(record) => Some((file, key, record)),
                            _ => None,
                        });
                        node.boot(config, &mut records, &mut given.ports(&mut outs.$folder));
                    })*
                    (node, config) => {
                        *node = Node::new(config);
                        node.boot(config, records, given, outs);
                    }
                }
            }
        }

        impl Node {
            /// Takes one input; what follows is in `outs`.
            #[inline]
            pub fn handle(&mut self, input: Input<Frame>, given: Given<'_>, outs: &mut Outs) {
                if let Input::Frame(conn, frame) = input {
                    return self.frame(conn, frame, given, outs);
                }
                match self { $(Node::$system(node) => {
                    let Some(own) = frameless(input) else { return };
                    node.handle(own, &mut given.ports(&mut outs.$folder));
                }),* }
            }
            /// Whether its housekeeping can still change what becomes of a message.
            pub fn waits(&self) -> bool {
                match self { $(Node::$system(n) => n.waits()),* }
            }
            /// Whether it has something for a client that asks this queue.
            pub fn has_for(&self, part: Name, queue: Name) -> bool {
                match self { $(Node::$system(n) => n.has_for(part, queue)),* }
            }
            /// Takes a frame of its own system; what follows is in `outs`.
            #[inline]
            pub fn frame(&mut self, conn: ConnId, frame: Frame, given: Given<'_>, outs: &mut Outs) {
                match (self, frame) {
                    $((Node::$system(node), Frame::$system(frame)) => {
                        node.frame(conn, frame, &mut given.ports(&mut outs.$folder));
                    })*
                    _ => {}
                }
            }
            /// How many messages it holds in memory.
            pub fn held(&self) -> usize {
                match self { $(Node::$system(n) => n.held()),* }
            }
            /// Shows what it holds.
            pub fn observe(&self, me: ActorId, seen: &mut Observable) {
                match self { $(Node::$system(n) => n.observe(me, seen)),* }
            }
            /// Mixes its behaviour into a digest.
            pub fn digest(&self, now: Time, names: &Names, digest: &mut Digest) {
                match self { $(Node::$system(n) => n.digest(now, names, digest)),* }
            }
            /// Mixes in what one of its timers is for.
            pub fn digest_token(&self, token: Token, names: &Names, digest: &mut Digest) {
                match self { $(Node::$system(n) => n.digest_token(token, names, digest)),* }
            }
        }

        impl Client {
            /// Takes one input; what follows is in `outs`.
            #[inline]
            pub fn handle(&mut self, input: Input<Frame>, given: Given<'_>, outs: &mut Outs) {
                if let Input::Frame(conn, frame) = input {
                    return self.frame(conn, frame, given, outs);
                }
                match self { $(
                    Client::$system(client) => {
                        let Some(own) = frameless(input) else { return };
                        client.handle(own, &mut given.ports(&mut outs.$folder));
                    }
                    $(Client::$script(client) => {
                        let Some(own) = frameless(input) else { return };
                        client.handle(own, &mut given.ports(&mut outs.$folder));
                    })?
                )* }
            }
            /// Takes a frame of its own system; what follows is in `outs`.
            #[inline]
            pub fn frame(&mut self, conn: ConnId, frame: Frame, given: Given<'_>, outs: &mut Outs) {
                match (self, frame) {
                    $(
                        (Client::$system(client), Frame::$system(frame)) => {
                            client.frame(conn, frame, &mut given.ports(&mut outs.$folder));
                        }
                        $((Client::$script(client), Frame::$system(frame)) => {
                            client.frame(conn, frame, &mut given.ports(&mut outs.$folder));
                        })?
                    )*
                    _ => {}
                }
            }
            /// The queue that it goes on asking for messages by itself, and the part of the broker that this is in.
            pub fn asks(&self) -> Option<(Name, Name)> {
                match self { $(
                    Client::$system(c) => c.asks(),
                    $(Client::$script(c) => c.asks(),)?
                )* }
            }
            /// Takes what its application asks of it; what follows is in `outs`.
            #[inline]
            pub fn ask(&mut self, ask: Ask, given: Given<'_>, outs: &mut Outs) {
                match self { $(
                    Client::$system(client) => client.ask(ask, &mut given.ports(&mut outs.$folder)),
                    $(Client::$script(client) => client.ask(ask, &mut given.ports(&mut outs.$folder)),)?
                )* }
            }
            /// Shows what it holds.
            pub fn observe(&self, me: ActorId, seen: &mut Observable) {
                match self { $(
                    Client::$system(c) => c.observe(me, seen),
                    $(Client::$script(c) => c.observe(me, seen),)?
                )* }
            }
            /// Mixes its behaviour into a digest.
            pub fn digest(&self, now: Time, names: &Names, digest: &mut Digest) {
                match self { $(
                    Client::$system(c) => c.digest(now, names, digest),
                    $(Client::$script(c) => c.digest(now, names, digest),)?
                )* }
            }
        }

        impl Client {
            /// The client for applications that talk to such a node.
            pub fn for_app(config: &NodeConfig) -> Self {
                match config {
                    $(NodeConfig::$system(_) => Client::$system(Box::default()),)*
                }
            }
            /// The client that performs a script.
            pub fn for_script(script: &Script) -> Self {
                match script {
                    $($(Script::$script(_) => Client::$script(Box::default()),)?)*
                }
            }
            /// Makes it new for a session; allocations are used again.
            pub fn boot(&mut self, session: &Arc<Session>) {
                match self { $(
                    Client::$system(client) => client.boot(session),
                    $(Client::$script(_) => {})?
                )* }
            }
            /// Makes it new for a script; allocations are used again.
            pub fn boot_script(&mut self, script: &Script) {
                match (self, script) {
                    $($((Client::$script(client), Script::$script(program)) => client.boot(program),)?)*
                    _ => {}
                }
            }

            /// Makes a scripted client a new process of the same script.
            pub fn restart_script(&mut self, script: &Script) {
                match (self, script) {
                    $($((Client::$script(client), Script::$script(program)) => client.restart(program),)?)*
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

/// The client side of recorded sessions: the system whose recordings can be replayed is RabbitMQ.
pub use crate::amqp::Session as Recorded;
