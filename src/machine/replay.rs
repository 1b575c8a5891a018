//! What a recorded session of a system is made of, and the client side that performs one: the port between the replayer
//! (`explore`) and the system whose words the recording is in.
//!
//! Not the files, and not the comparison: here are only one step, one event, and what they mean.

use super::{Machine, Ports, Rows};
use crate::ids::Names;

/// A step of a recording: what a client did.
#[derive(Clone, PartialEq, Debug)]
pub struct Did {
    /// On which channel; 0 for the connection itself.
    pub channel: u16,
    /// What, in the words of the recording.
    pub what: String,
    /// With which fields; those left out have the protocol's default.
    pub args: Rows,
}

/// What a client got.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// On which channel; 0 for the connection itself.
    pub channel: u16,
    /// What, in the words of the recording.
    pub name: String,
    /// Its fields.
    pub fields: Rows,
}

/// The answer to publishes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// The number of the publish on its channel.
    pub number: i64,
    /// Whether all open ones before it are meant too.
    pub multiple: bool,
    /// Whether it was taken over.
    pub taken: bool,
}

/// Why a step cannot be performed: no step of this system, or one that the model leaves out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unfit(pub String);

/// The client side of one connection of a recorded session. It decides nothing; what every client does by itself, such
/// as the handshake, is not in recordings and is done here.
pub trait Replayer: Sized {
    /// What it talks to.
    type Node: Machine;

    /// The versions that a node can be of.
    const VERSIONS: &'static [&'static str];

    /// A node of this version on an empty disk, as it starts for the first time; `None` where there is none such.
    fn node(version: &str, ports: &mut PortsOf<'_, Self>) -> Option<Self::Node>;

    /// Whether a step can be performed.
    ///
    /// # Errors
    /// Names what is unknown or left out.
    fn check(step: &Did) -> Result<(), Unfit>;

    /// The client of a connection that has just been made; what it sends first goes into `send`.
    fn connect(step: &Did, names: &mut Names, send: &mut Vec<FrameOf<Self>>) -> Self;

    /// Performs a step that was found right. Nothing where the connection is closed.
    fn perform(&mut self, step: &Did, names: &mut Names, send: &mut Vec<FrameOf<Self>>);

    /// Takes a frame: what a recording says of it, if anything, and what every client answers.
    fn receive(&mut self, frame: FrameOf<Self>, names: &mut Names, send: &mut Vec<FrameOf<Self>>) -> Option<Event>;

    /// Whether the connection was closed in order, so that its end is no event.
    fn is_closed(&self) -> bool;

    /// Whether this event is the answer to this step, so that it is seen before the next step.
    fn answers(step: &Did, event: &Event) -> bool;

    /// Whether an event is a mere sign of life, which recordings leave out unless they are about it.
    fn is_idle(event: &Event) -> bool;

    /// What an event says of publishes.
    fn outcome(event: &Event) -> Option<Outcome>;

    /// Whether after this event, or this step, nothing more is sure to come on the channel.
    fn ends(name: &str) -> bool;

    /// What the names begin with that a node makes up.
    const MADE: &'static [&'static str];

    /// Whether this field of this event is one in which the node tells of a name that it has made up.
    fn tells(event: &Event, field: &str) -> bool;

    /// The steps before the first pair of a binding and a message: an exchange of this type on an open channel. They can
    /// be done again.
    fn begin(kind: &str) -> Vec<Did>;

    /// The steps that bind queue number `queue` to that exchange, by a key or by arguments.
    fn bind(binding: &super::Value, queue: usize) -> Vec<Did>;

    /// The step that publishes a message to that exchange, with a key or with headers.
    fn publish(message: &super::Value) -> Did;

    /// The step that asks whether a queue got it, with the event that says so.
    fn ask(queue: usize) -> (Did, &'static str);
}

/// A replayer's frames.
pub type FrameOf<R> = <<R as Replayer>::Node as Machine>::Frame;

/// What a replayer's node is given.
pub type PortsOf<'a, R> = Ports<'a, FrameOf<R>, <<R as Replayer>::Node as Machine>::Record>;
