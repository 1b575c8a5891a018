//! What an application is told to do: immutable data behind an `Arc`, made once from a scenario.
//!
//! Not the state of a run; that is in the producer and the consumer.

use super::{Derived, Template};
use crate::ids::Name;
use crate::machine::SharedProps;
use crate::units::Span;

/// What an application is.
#[derive(Clone, Debug, PartialEq)]
pub enum Spec {
    /// It publishes.
    Producer(ProducerSpec),
    /// It consumes.
    Consumer(ConsumerSpec),
}

/// A span that may be drawn anew each time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Timing {
    /// Always the same; draws nothing.
    Constant(Span),
    /// Anything from the first to the second, both included, equally likely.
    Uniform(Span, Span),
    /// Exponential with this mean: short ones often, long ones rarely.
    Exponential(Span),
}

/// What a producer does.
#[derive(Clone, Debug, PartialEq)]
pub struct ProducerSpec {
    /// What it publishes; all plans run side by side. Among plans that are due at the same time the first goes first.
    pub plans: Vec<Plan>,
    /// How it makes sure.
    pub reliability: Reliability,
    /// Whether and when it connects again; without it, a producer without a session is at its end.
    pub reconnect: Option<Reconnect>,
    /// Where it publishes what came back; `None` leaves it at that.
    pub on_returned: Option<Aside>,
    /// What it writes to tables besides.
    pub books: Books,
}

/// Where a message goes that nobody took the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aside {
    /// To what.
    pub to: Name,
    /// With which key; [`Name::NONE`] for the message's own.
    pub key: Name,
}

/// How a producer's own tables and its publishes go together.
#[derive(Clone, Debug, PartialEq)]
pub enum Books {
    /// It has no tables.
    None,
    /// The row of the business and a row of the outbox are written in one transaction; a relay publishes the rows of the
    /// outbox, and takes each out once it is confirmed. Needs confirms.
    Outbox {
        /// The row of the business.
        order: Effect,
        /// The row of the outbox.
        outbox: Effect,
        /// From one look of the relay to the next.
        every: Span,
        /// At most so many rows at each look. At least 1.
        batch: u32,
    },
    /// Row and publish are two steps, one after the other.
    Dual {
        /// The row.
        order: Effect,
        /// Whether the row comes first.
        row_first: bool,
        /// From the first step to the second.
        gap: Span,
    },
}

impl Books {
    /// Whether a message's row is written before the message is published, so that nothing holds its business back.
    pub fn come_first(&self) -> bool {
        !matches!(self, Books::None | Books::Dual { row_first: false, .. })
    }
}

/// A series of messages of one producer.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// To what: an exchange, a topic, a list. The empty text is the system's default.
    pub to: Name,
    /// The keys, taken in turn by the messages; `{n}` is the message's number. None is the empty key.
    pub keys: Vec<Template>,
    /// The messages' ids; `{n}` counts from 1.
    pub id: Template,
    /// How many messages; below `u32::MAX`.
    pub count: u32,
    /// From one message to the next.
    pub every: Timing,
    /// From the first session to the first message.
    pub start: Span,
    /// Size of each payload in bytes.
    pub size: u32,
    /// Whether a message that nobody takes is to come back.
    pub mandatory: bool,
    /// What else travels with each message.
    pub props: SharedProps,
    /// Where answers should go; [`Name::NONE`] if none are wanted.
    pub reply_to: Name,
    /// The correlation id, if one is sent; `{n}` is the message's number.
    pub correlation: Option<Template>,
}

/// How a producer makes sure that its messages arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reliability {
    /// It does not: a message handed to the client counts as sent.
    FireAndForget,
    /// It asks for an answer to each message.
    Confirms {
        /// At most this many messages without an answer: 1 waits for each, 0 is without limit.
        window: u32,
        /// Publishes this many, then waits until all of them are answered, then the next ones. At least 1.
        batch: Option<u32>,
        /// How long it waits for an answer; `None` waits as long as the session stands.
        timeout: Option<Span>,
        /// What it does where no answer came: after the timeout, and for what was open when the session broke.
        on_timeout: Retry,
        /// What it does with a message that was refused. A returned message is refused for good.
        on_refused: Retry,
        /// The pause before a message is published again.
        backoff: Backoff,
    },
    /// It publishes in transactions, and publishes nothing while one is being ended.
    Transactions {
        /// A transaction is committed after so many messages, or when there are no more. At least 1.
        every: u32,
        /// Every so-manieth transaction is rolled back instead. At least 1.
        rollback_every: Option<u32>,
        /// How long it waits for the answer to the commit; `None` waits as long as the session stands.
        timeout: Option<Span>,
        /// What it does where no answer came, and with what was not committed yet when the session broke.
        on_timeout: Retry,
        /// The pause before a message is published again.
        backoff: Backoff,
    },
    /// Each message is a question; it waits for the answer before it asks the next one.
    Replies {
        /// How long it waits.
        timeout: Span,
        /// At most so many attempts in all; at least 1.
        max: u32,
        /// Whether it takes only the answer with the question's correlation id. Otherwise it takes what comes.
        check: bool,
        /// The table of answers: a row with the question's id as key.
        table: Name,
    },
}

/// What is done about a message that did not make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It is published again, with the same id.
    Republish {
        /// At most this many attempts in all, the first included; 0 is without end.
        max: u32,
    },
    /// It is left at that.
    GiveUp,
}

/// A pause that doubles with each attempt. After a reconnect nothing pauses: the reconnect was the pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Backoff {
    /// Before the second attempt; zero for no pause at all.
    pub first: Span,
    /// Never longer than this; zero for no limit.
    pub max: Span,
}

/// When a client connects again after its session is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconnect {
    /// The pause before each try.
    pub after: Span,
    /// At most this many tries in a row; 0 is without end. A session that stands starts the count anew.
    pub max: u32,
}

/// What a consumer does with each delivery.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerSpec {
    /// The consumer's name, which is also that of its inbox.
    pub name: Name,
    /// When it settles.
    pub ack: AckPolicy,
    /// How long the work on one message takes; zero does it at once, without a timer.
    pub work: Timing,
    /// How many messages it works on at the same time; at least 1.
    pub parallel: u32,
    /// What goes wrong; the first that matches a message strikes.
    pub fail: Vec<Fail>,
    /// The works that take another time; the first that matches a message counts.
    pub slow: Vec<Slow>,
    /// What its work writes.
    pub effect: Effects,
    /// The id of the answer it sends where a message asks for one, such as `re-{id}`; `None` never answers.
    pub reply: Option<Derived>,
    /// How it knows what it has worked on, to skip it when it comes again; `None` knows nothing.
    pub dedup: Option<Dedup>,
    /// What it does with a message whose work has failed often; `None` does nothing special.
    pub park: Option<Park>,
    /// What it publishes onward when its work is done.
    pub forward: Option<Forward>,
    /// Whether and when it connects again.
    pub reconnect: Option<Reconnect>,
}

impl ConsumerSpec {
    /// A consumer that works at once, one message after the other, writes nothing and never fails.
    pub fn plain(name: Name, ack: AckPolicy) -> ConsumerSpec {
        ConsumerSpec {
            name,
            ack,
            work: Timing::ZERO,
            parallel: 1,
            fail: Vec::new(),
            slow: Vec::new(),
            effect: Effects::None,
            reply: None,
            dedup: None,
            park: None,
            forward: None,
            reconnect: None,
        }
    }
}

/// A work that takes its own time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slow {
    /// Which.
    pub which: Which,
    /// How long it takes.
    pub work: Timing,
}

/// What a consumer's work writes.
#[derive(Clone, Debug, PartialEq)]
pub enum Effects {
    /// Nothing.
    None,
    /// The same for every message.
    One(Effect),
    /// By the routing key; a key that is not in it writes nothing.
    ByKey(Vec<(Name, Effect)>),
    /// By the message's id; a message that is not in it writes nothing.
    ByMessage(Vec<(Name, Effect)>),
}

/// How a consumer knows what it has worked on.
#[derive(Clone, Debug, PartialEq)]
pub enum Dedup {
    /// It remembers; its memory ends with its process.
    Memory {
        /// So many at most; 0 is without limit.
        size: u32,
        /// By what: the message's id, or the number of the delivery, which is never the same twice.
        by: Derived,
    },
    /// It looks into a table as the work begins, and writes a row there when it is done.
    Table {
        /// The table.
        table: Name,
        /// The row's key.
        key: Derived,
        /// Whether its work writes the row by itself: the table is that of its effect.
        own: bool,
        /// Whether the row is written together with the effect, and only where there is none yet.
        in_transaction: bool,
    },
}

/// Putting a message aside whose work fails again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Park {
    /// When its work has failed so often. At least 1.
    pub after: u32,
    /// Into which queue.
    pub to: Name,
    /// The queue that the consumer takes from.
    pub from: Name,
    /// Whether failures are counted in a header of the consumer's own: it publishes the message to its queue again
    /// instead of giving it back. Otherwise the dead-letterings of the queue count.
    pub header: bool,
}

/// A message that a consumer publishes when its work is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Forward {
    /// To what.
    pub to: Name,
    /// With which key.
    pub key: Name,
    /// The message's id, from that of the one that was worked on.
    pub id: Derived,
    /// Whether it waits for the confirm before it acknowledges.
    pub confirms: bool,
    /// Whether it is published before the delivery is acknowledged.
    pub before_ack: bool,
    /// What else travels with it.
    pub props: SharedProps,
}

/// When a consumer settles its deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckPolicy {
    /// The broker counts them as settled when it sends them; the session's `Take::auto_settle` must say the same.
    Auto,
    /// When it takes them out of the inbox, before the work.
    BeforeWork,
    /// When the work is complete and its effect written.
    AfterWork,
    /// Several at once, the last one standing for all before it.
    Batch {
        /// After so many completed works. At least 1.
        size: u32,
        /// Also this long after the first completed work that is not settled yet.
        flush: Option<Span>,
    },
    /// Never.
    Never,
    /// After the work, and by mistake once more.
    Twice,
    /// After the work, by mistake on another channel.
    WrongChannel,
    /// After the work, also where the session that brought the delivery is gone: with the number of the old session.
    Stale,
}

/// Something that goes wrong with the work on a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fail {
    /// With which messages.
    pub which: Which,
    /// How often in all, also over restarts of the consumer; 0 is always.
    pub times: u32,
    /// What it comes to.
    pub then: Then,
}

/// Which works fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those on this message.
    Message(Name),
    /// Every so-manieth work that ends, counted also over restarts; 1 is every one.
    Every(u32),
}

/// What a failure comes to. It strikes when the work would be complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// No effect; the message is to be delivered again.
    Requeue,
    /// No effect; the message is to be thrown away or dead-lettered.
    Reject,
    /// No effect, and the error is swallowed: the message is settled as if the work were done.
    Swallow,
    /// No effect, and the handler never comes back: the message stays open and the handler is busy for good.
    Hang,
    /// No effect: the process dies of it.
    Crash,
    /// The effect is written, and then the process dies, before it settles.
    CrashAfterEffect,
}

/// What completed work writes to a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// The table.
    pub table: Name,
    /// The row's key, from the message's id or the delivery's number.
    pub key: Derived,
    /// What is done with the row.
    pub kind: EffectKind,
}

/// What is done with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectKind {
    /// A row more, whether or not there is one with the key.
    Insert,
    /// The row with the key is written again, or inserted where there is none.
    Upsert,
    /// A row is inserted where there is none with the key; a second one is refused.
    InsertUnique,
    /// The row with the key is written again; where there is none, nothing happens.
    Update,
    /// The rows with the key are deleted.
    Delete,
    /// This number is added to the row with the key, which is inserted where there is none.
    Add(i64),
}
