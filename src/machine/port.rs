//! The client port: how an application talks to a messaging system, whichever it is. The application's machine (`app`)
//! is above it, the system's client (such as `amqp::client`) below.
//!
//! It says what, not how: no channels, tags, offsets or polls.

use super::{SharedProps, Value};
use crate::ids::{Digest, Name, Names};
use crate::units::Span;
use std::sync::Arc;

/// A message as the application sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The application's id for it (the order's number). It travels in the message.
    pub id: Name,
    /// Size of the payload in bytes.
    pub size: u32,
    /// Where an answer should go; [`Name::NONE`] if none is wanted.
    pub reply_to: Name,
    /// What ties an answer to its question.
    pub correlation: Name,
    /// Everything else.
    pub props: SharedProps,
}

/// What an application asks of its client.
#[derive(Clone, Debug)]
pub enum Ask {
    /// Connect and set the session up; the answer is `Ready` or `Down`.
    Connect,
    /// Publish a message.
    Publish(Publish),
    /// Settle a delivery. The name is the message's, for show. Where deliveries count as settled
    /// already, it only says that this one is worked off.
    Settle(Delivery, Name, Settle),
    /// Carry the transaction out: all that was published since the last one ended. Each of its publishes is answered.
    Commit,
    /// Give the transaction up. Each of its publishes is answered.
    Rollback,
    /// Take nothing new; the answer is `Unsubscribed`.
    Cancel,
    /// Close in order.
    Disconnect,
}

impl Ask {
    /// Mixes it into a digest.
    pub fn digest(&self, names: &Names, digest: &mut Digest) {
        match self {
            Ask::Connect => digest.word(1),
            Ask::Publish(Publish { ticket, to, key, message, mandatory }) => {
                digest.word(2 | u64::from(*mandatory) << 8 | u64::from(*ticket) << 32);
                names.digest(*to, digest);
                names.digest(*key, digest);
                message.digest(names, digest);
            }
            Ask::Settle(delivery, message, settle) => {
                digest.word(3 | (*settle as u64) << 8 | u64::from(delivery.0) << 32);
                names.digest(*message, digest);
            }
            Ask::Disconnect => digest.word(4),
            Ask::Commit => digest.word(5),
            Ask::Rollback => digest.word(6),
            Ask::Cancel => digest.word(7),
        }
    }
}

/// A publish.
#[derive(Clone, Debug)]
pub struct Publish {
    /// The application's number for this attempt; answers name it. Counts up.
    pub ticket: u32,
    /// To what: an exchange, a topic, a list. The empty text is the system's default.
    pub to: Name,
    /// The routing key or partition key.
    pub key: Name,
    /// The message.
    pub message: Message,
    /// Whether it is to come back where nobody takes it.
    pub mandatory: bool,
}

/// The client's number for a delivery; counts up from 1 over its whole life, also over reconnects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Delivery(pub u32);

/// What becomes of a delivery.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Settle {
    /// It is done.
    Done,
    /// It and all open ones before it are done.
    DoneUpTo,
    /// It is to be delivered again.
    Again,
    /// It is to be thrown away or dead-lettered.
    Reject,
    /// It is done, said by mistake where the broker knows nothing of it.
    Elsewhere,
    /// It is done, said by mistake with the number it had in the session before this one.
    Stale,
}

/// What a client tells its application.
#[derive(Clone, Debug)]
pub enum Report {
    /// The session stands.
    Ready,
    /// The session is gone: open tickets get no answer any more, open deliveries cannot be settled any more.
    Down(Down),
    /// The broker's answer to a publish.
    Answer(u32, Answer),
    /// The broker gave a message back; where answers were asked for, `Answer` still follows.
    Returned(u32),
    /// A delivery.
    Offer {
        /// The client's number for it.
        delivery: Delivery,
        /// The message.
        message: Message,
        /// From which queue, topic or list.
        from: Name,
        /// The key that it was published with; the empty name where the system keeps none.
        key: Name,
        /// Whether it was handed out before, as far as the broker says.
        redelivered: bool,
    },
    /// The broker ended the subscription; deliveries stay open.
    Cancelled,
    /// The subscription has ended, as was asked for; deliveries stay open.
    Unsubscribed,
    /// What the application asked for before is carried out. It tells itself so, to go on only then.
    GoOn,
}

impl Report {
    /// Mixes it into a digest.
    pub fn digest(&self, names: &Names, digest: &mut Digest) {
        match self {
            Report::Ready => digest.word(1),
            Report::Down(Down::Refused) => digest.word(2),
            Report::Down(Down::Lost) => digest.word(3),
            Report::Down(Down::Error(text)) => {
                digest.word(4);
                names.digest(*text, digest);
            }
            Report::Down(Down::BadPublish(text, from)) => {
                digest.word(5 | u64::from(*from) << 32);
                names.digest(*text, digest);
            }
            Report::Answer(ticket, answer) => digest.word(6 | (*answer as u64) << 8 | u64::from(*ticket) << 32),
            Report::Returned(ticket) => digest.word(7 | u64::from(*ticket) << 32),
            Report::Offer { delivery, message, from, key, redelivered } => {
                digest.word(8 | u64::from(*redelivered) << 8 | u64::from(delivery.0) << 32);
                message.digest(names, digest);
                names.digest(*from, digest);
                names.digest(*key, digest);
            }
            Report::Cancelled => digest.word(9),
            Report::Unsubscribed => digest.word(10),
            Report::GoOn => digest.word(11),
        }
    }
}

/// Why a session is gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Down {
    /// Nobody listened.
    Refused,
    /// The connection was closed or broken off, or went silent.
    Lost,
    /// The broker reported an error, with its text.
    Error(Name),
    /// The broker reported that a publish was wrong, with its text. It takes publishes in their order and nothing after
    /// a wrong one, so no publish from this ticket on was taken; of earlier ones the error says nothing.
    BadPublish(Name, u32),
}

/// The broker's answer to a publish.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Answer {
    /// Taken over.
    Confirmed,
    /// Refused.
    Refused,
}

/// What a client's session is to be, again after each reconnect.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Session {
    /// Whether publishes are to be answered.
    pub confirms: bool,
    /// Whether publishes wait for [`Ask::Commit`]; excludes `confirms`.
    pub transactions: bool,
    /// What is consumed, if anything.
    pub take: Option<Take>,
    /// What the client offers as heartbeat interval; zero for none; `None` for what the broker proposes.
    pub heartbeat: Option<Span>,
    /// As whom it logs in, and where; `None` for the system's defaults.
    pub access: Option<Access>,
}

/// As whom a session logs in, and where to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Access {
    /// The user; [`Name::NONE`] for the system's default, password included.
    pub user: Name,
    /// The password.
    pub password: Name,
    /// The part of the broker, such as a virtual host; [`Name::NONE`] for the system's default.
    pub part: Name,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq)]
pub struct Take {
    /// The queue, topic or list.
    pub from: Name,
    /// Whether deliveries count as settled when they are sent.
    pub auto_settle: bool,
    /// At most this many open deliveries; 0 for no limit.
    pub prefetch: u32,
    /// How it asks for messages by itself; `None` where the system hands them out.
    pub poll: Option<Poll>,
    /// What the system calls it besides: consumer tag, group, arguments such as priority.
    pub options: Arc<Vec<(Name, Value)>>,
}

/// Asking for messages one by one instead of having them handed out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Poll {
    /// From one look to the next.
    pub every: Span,
    /// At most so many messages at each look.
    pub batch: u32,
}
