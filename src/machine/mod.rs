//! The ports: what every simulated party is given and may give back. Brokers, their clients and the applications are
//! state machines over these types and know nothing else of the world.
//!
//! Not a runtime: nothing here schedules, sends or stores. A machine never sees a fault, a scenario, a trace or a
//! terminal.

mod form;
mod literal;
mod order;
mod out;
mod port;
mod ports;
mod props;
mod replay;

pub use form::{Form, Holding, Holds};
pub use literal::{Arguments, Literal, Rows};
pub use order::{Order, Resource};
pub use out::{Because, Brief, Does, Light, Need, Out, Output, Wanted};
pub use port::{Access, Answer, Ask, Delivery, Down, Message, Poll, Publish, Report, Session, Settle, Take};
pub use ports::{Draws, NoDraws, Ports, Registry};
pub use props::{Props, SharedProps, Value};
pub use replay::{Did, Event, FrameOf, Outcome, PortsOf, Replayer, Unfit};

use crate::ids::{ConnId, CopyId, Digest, Name, Names, VerbId};
use crate::trace::FrameFlags;

/// Names an own timer or disk operation; the machine chooses it and gets it back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Token(pub u64);

/// One of a node's files, for which it alone knows the meaning. A sync covers one file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct File(pub u32);

/// How a connection came to its end, as one side sees it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ending {
    /// Nobody listened: the connection never stood.
    Refused,
    /// The other side closed it in order, after everything it had sent.
    Closed,
    /// It was broken off.
    Reset,
}

/// What comes into a machine.
#[derive(Clone, Debug)]
pub enum Input<F> {
    /// The process runs: the first thing it gets, also after a restart.
    Started,
    /// A connection stands: at a node because a client dialled, at a client because the node accepted.
    Connected(ConnId),
    /// A frame arrived.
    Frame(ConnId, F),
    /// A connection is gone, or could not be made.
    Ended(ConnId, Ending),
    /// An own timer ran out.
    Timer(Token),
    /// An own write is in the page cache, or an own sync is done.
    DiskDone(Token),
    /// An own disk operation failed.
    DiskFailed(Token),
    /// The operator asks the process to stop in order. It answers with [`Does::Exit`] when it is ready.
    Stop,
    /// The operator asks a node for something else.
    Order(Order),
    /// A client's application asks its wire machine for something.
    Ask(Ask),
    /// A client's wire machine tells its application something.
    Report(Report),
}

/// The words of a frame for the trace, for faults and for the network.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// What it is.
    pub verb: VerbId,
    /// Its channel, 0 if none.
    pub channel: u16,
    /// What is special about it.
    pub flags: FrameFlags,
    /// The number it carries, `u32::MAX` if none.
    pub number: u32,
    /// The message it carries or is about.
    pub message: Name,
    /// The verb's first word.
    pub a: Name,
    /// The verb's second word.
    pub b: Name,
}

impl Words {
    /// A frame that is nothing but its verb.
    pub fn of(verb: VerbId) -> Words {
        let none = Name::NONE;
        Words { verb, channel: 0, flags: FrameFlags::default(), number: u32::MAX, message: none, a: none, b: none }
    }
}

/// A frame of some protocol. A plain value with structure; the bytes are a codec's business.
pub trait Wire: Clone + std::fmt::Debug {
    /// Its words.
    fn words(&self, names: &Names) -> Words;
    /// Its words if it carries a message to a broker or to a consumer: it has one, and its verb's class is publish or
    /// deliver. Only the verb, the message, the key of a publish where there are keys,
    /// and whether it is redelivered are sure to be among them.
    fn carried(&self) -> Option<Words>;
    /// Its size on the wire in bytes.
    fn size(&self, names: &Names) -> u32;
    /// Mixes its behaviour into a digest: everything the receiver can see, nothing else.
    fn digest(&self, names: &Names, digest: &mut Digest);
}

/// What a machine keeps on its disk: values under keys that it chooses, each in a file.
pub trait Record: Clone + std::fmt::Debug {
    /// The copy of a message that this record keeps, if it keeps one.
    fn copy(&self) -> Option<(CopyId, Name)>;
    /// The queue that the copy belongs to; [`Name::EMPTY`] where the record alone does not tell what a queue holds, as in
    /// a log of commands.
    fn queue(&self) -> Name {
        Name::EMPTY
    }
    /// Whether its key is a place in an order, as that of a message in its queue. Where it is not, the key only tells
    /// records apart, and which one a record got leaves no mark in a digest.
    fn placed(&self) -> bool {
        true
    }
    /// The file that it is the title of, if it is one: a digest then tells that file by this record and not by its
    /// number.
    fn titles(&self) -> Option<File> {
        None
    }
    /// Mixes its behaviour into a digest, with points in time as spans from `now`.
    fn digest(&self, now: crate::units::Time, names: &Names, digest: &mut Digest);
}

/// A change to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op<R> {
    /// Puts a record under a key; replaces what was there.
    Put(u64, R),
    /// Removes the record under a key; removing what is not there changes nothing.
    Delete(u64),
}

/// A party as a pure state machine: everything it does is a function of its state and its inputs.
pub trait Machine: Clone {
    /// What it sends.
    type Frame: Clone;
    /// What it stores.
    type Record: Clone;

    /// Takes one input and puts what follows into `ports.out`, in order.
    fn handle(&mut self, input: Input<Self::Frame>, ports: &mut Ports<'_, Self::Frame, Self::Record>);

    /// Takes a frame that arrived: what `handle` does with [`Input::Frame`]. Machines that take many frames spare them
    /// the stop on the way.
    #[inline]
    fn frame(&mut self, conn: ConnId, frame: Self::Frame, ports: &mut Ports<'_, Self::Frame, Self::Record>) {
        self.handle(Input::Frame(conn, frame), ports);
    }

    /// Takes a request of the application: what `handle` does with [`Input::Ask`].
    #[inline]
    fn ask(&mut self, ask: Ask, ports: &mut Ports<'_, Self::Frame, Self::Record>) {
        self.handle(Input::Ask(ask), ports);
    }

    /// How many messages it holds in memory, for the limit on memory.
    fn held(&self) -> usize {
        0
    }

    /// The part of the broker and the queue that a client goes on asking for messages by itself.
    fn asks(&self) -> Option<(Name, Name)> {
        None
    }

    /// Whether a node has something for a client that asks this queue in this part of the broker; [`Name::NONE`] is the
    /// part that a client comes to by default.
    fn has_for(&self, _part: Name, _queue: Name) -> bool {
        false
    }

    /// Whether its housekeeping can still change what becomes of a message: a run does not end before it has.
    fn waits(&self) -> bool {
        false
    }

    /// Shows what it holds. Must agree with the sum of the deltas that it has put out, after every input.
    fn observe(&self, me: crate::ids::ActorId, seen: &mut crate::trace::Observable);

    /// Mixes its behaviour into a digest: everything that can make a difference to what it does later, with points
    /// in time as spans from `now`, and nothing else (no copy ids, no place ids, no counters for show).
    fn digest(&self, now: crate::units::Time, names: &Names, digest: &mut Digest);

    /// Mixes in what one of its timers is for, where the token's number depends on the order in which things were made.
    fn digest_token(&self, token: Token, _: &Names, digest: &mut Digest) {
        digest.word(token.0);
    }
}
