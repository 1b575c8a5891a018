//! What a consumer publishes itself: the answer to a question, the message that follows from its work, and a message
//! that it puts aside because the work on it fails again and again.

use super::consumer::{Consumer, Item};
use super::{AckPolicy, ConsumerSpec, Forward, Io, Park, rules};
use crate::ids::{Name, Names, PlaceId};
use crate::machine::{Ask, Because, Message, Props, Publish, Report, Settle, SharedProps, Value};
use crate::trace::What;

/// The header in which a consumer counts failures itself.
const ATTEMPTS: &str = "x-attempts";

/// A message that was published onward and has no answer yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Onward {
    /// The delivery that it follows from.
    pub(super) item: Item,
    /// The message.
    pub(super) id: Name,
    /// Whether the delivery is settled when the answer is there.
    pub(super) settles: bool,
}

/// A step that comes only when what was asked for before is carried out: the process may die of that, or over it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Later {
    pub(super) item: Item,
    pub(super) step: Step,
}

/// Which step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// All that follows from the completed work.
    FollowUp,
    /// Publishing onward, behind the acknowledgement.
    Forward,
}

impl Consumer {
    /// The work is complete and written: answers, publishes what follows from it, and settles.
    pub(super) fn follow_up(&mut self, spec: &ConsumerSpec, item: Item, done: Because, io: &mut Io<'_>) {
        let publishes = spec.forward.is_some() || spec.reply.is_some() && item.reply_to.is_some();
        if publishes && !io.out.asks.is_empty() {
            return self.put_off(item, Step::FollowUp, done, io);
        }
        self.reply(spec, &item, done, io);
        match &spec.forward {
            None => self.settle_done(spec, item, done, io),
            Some(forward) if forward.before_ack => {
                if !self.forward(forward, item, done, io) {
                    self.settle_done(spec, item, done, io);
                }
            }
            Some(forward) => {
                self.settle_done(spec, item, done, io);
                if io.out.asks.is_empty() {
                    self.forward(forward, item, done, io);
                } else {
                    self.put_off(item, Step::Forward, done, io);
                }
            }
        }
    }

    /// Comes to a step when the client has done what it was asked for before. Until then nothing is published, so
    /// nothing can be believed of it.
    fn put_off(&mut self, item: Item, step: Step, because: Because, io: &mut Io<'_>) {
        self.later.push_back(Later { item, step });
        io.out.tell(because, Report::GoOn);
    }

    /// What was asked for before is carried out.
    pub(super) fn goes_on(&mut self, spec: &ConsumerSpec, io: &mut Io<'_>) {
        match (self.later.pop_front(), &spec.forward) {
            (Some(Later { item, step: Step::FollowUp }), _) => self.follow_up(spec, item, Because::INPUT, io),
            (Some(Later { item, step: Step::Forward }), Some(forward)) => {
                self.forward(forward, item, Because::INPUT, io);
            }
            _ => {}
        }
    }

    /// Answers a message that asks for it.
    fn reply(&mut self, spec: &ConsumerSpec, item: &Item, because: Because, io: &mut Io<'_>) {
        let Some(id) = spec.reply.as_ref().filter(|_| item.reply_to.is_some()) else { return };
        let id = id.name(item.id, item.delivery.0, io.names, &mut self.reply_memo);
        if !self.link.up() {
            io.out.note(rules::REPLY_VOID, because, What::Withheld, self.place, id, 0);
            return;
        }
        let message = Message { correlation: item.correlation, ..Message::plain(id, item.size) };
        self.ticket += 1;
        let publish = Publish { ticket: self.ticket, to: Name::EMPTY, key: item.reply_to, message, mandatory: false };
        let noted = io.out.note(rules::REPLY, because, What::Replied, self.place, id, self.ticket);
        io.out.ask(rules::REPLY, noted, Ask::Publish(publish));
    }

    /// Publishes what follows from the work. Says whether the delivery is not to be settled now: its answer is awaited,
    /// or there is no session, in which nothing can be settled either.
    fn forward(&mut self, forward: &Forward, item: Item, because: Because, io: &mut Io<'_>) -> bool {
        let id = forward.id.name(item.id, item.delivery.0, io.names, &mut self.forward_memo);
        if !self.link.up() {
            io.out.note(rules::FORWARD_VOID, because, What::Withheld, self.place, id, 0);
            return false;
        }
        let message = Message { props: forward.props.clone(), ..Message::plain(id, item.size) };
        self.ticket += 1;
        let publish = Publish { ticket: self.ticket, to: forward.to, key: forward.key, message, mandatory: false };
        let noted = io.out.note(rules::FORWARD, because, What::Published, PlaceId::NONE, id, 1);
        let asked = io.out.ask(rules::FORWARD, noted, Ask::Publish(publish));
        if !forward.confirms {
            io.out.note(rules::FORGET, asked, What::BelievesSent, PlaceId::NONE, id, 1);
            return false;
        }
        let settles = forward.before_ack;
        self.onward.insert(self.ticket, Onward { item, id, settles });
        settles
    }

    /// The broker's answer to what was published onward.
    pub(super) fn answered(&mut self, spec: &ConsumerSpec, ticket: u32, yes: bool, io: &mut Io<'_>) {
        let Some(Onward { item, id, settles }) = self.onward.remove(&ticket) else { return };
        let (what, rule) = match yes {
            true => (What::BelievesConfirmed, rules::CONFIRMED),
            false => (What::BelievesRefused, rules::REFUSED),
        };
        let noted = io.out.note(rule, Because::INPUT, what, PlaceId::NONE, id, 1);
        if settles && yes {
            self.settle_done(spec, item, noted, io);
        } else if settles && !matches!(spec.ack, AckPolicy::Auto | AckPolicy::BeforeWork | AckPolicy::Never) {
            self.settle(&item, Settle::Again, rules::FORWARD_REFUSED, noted, io);
            self.kept.remove(&item.delivery);
        }
    }

    /// The session is gone: no answer comes any more, and the deliveries cannot be settled.
    pub(super) fn lose_onward(&mut self, io: &mut Io<'_>) {
        for Onward { item, id, settles } in self.onward.values() {
            let noted = io.out.note(rules::LOST, Because::INPUT, What::BelievesUnknown, PlaceId::NONE, *id, 1);
            if *settles {
                io.out.note(rules::ACK_VOID, noted, What::Withheld, self.place, item.id, item.delivery.0);
            }
            self.kept.remove(&item.delivery);
        }
        self.onward.clear();
    }

    /// The work on a message has failed: puts it aside, or publishes it again with its failures counted, where the
    /// consumer does that. The delivery is then acknowledged.
    pub(super) fn puts_aside(&mut self, spec: &ConsumerSpec, item: &Item, because: Because, io: &mut Io<'_>) -> bool {
        let Some(park) = spec.park else { return false };
        if item.void || !self.link.up() {
            return false;
        }
        let failures = item.failures + 1;
        let props = self.kept.get(&item.delivery).cloned().unwrap_or_default();
        let (to, rule, what, props) = if failures >= park.after {
            (park.to, rules::PARK, What::PutAside, props)
        } else if park.header {
            (park.from, rules::RETRY_HEADER, What::TriedAgain, self.counted.get(&props, failures))
        } else {
            return false;
        };
        let Item { id, size, reply_to, correlation, .. } = *item;
        self.ticket += 1;
        let message = Message { id, size, reply_to, correlation, props };
        let publish = Publish { ticket: self.ticket, to: Name::EMPTY, key: to, message, mandatory: false };
        let noted = io.out.note(rule, because, what, self.place, id, failures);
        let asked = io.out.ask(rule, noted, Ask::Publish(publish));
        self.settle(item, Settle::Done, rule, asked, io);
        true
    }
}

/// How often the work on a message has failed before, as its headers tell.
pub(super) fn failures(park: &Park, props: &SharedProps, names: &Names) -> u32 {
    let number = |value: Option<&Value>| match value {
        Some(Value::Int { value, .. }) => u32::try_from(*value).unwrap_or(0),
        _ => 0,
    };
    if park.header {
        return number(props.header(ATTEMPTS));
    }
    let Some(Value::List(deaths)) = props.header("x-death") else { return 0 };
    let queue = names.text(park.from);
    let of_queue = |death: &Value| {
        let Value::Table(rows) = death else { return 0 };
        let row = |key: &str| rows.iter().find(|(k, _)| &**k == key).map(|(_, value)| value);
        let is = |key: &str, text: &str| matches!(row(key), Some(Value::Text(found)) if **found == *text);
        if is("queue", &queue) && is("reason", "rejected") { number(row("count")) } else { 0 }
    };
    deaths.iter().map(of_queue).fold(0, u32::saturating_add)
}

/// So many properties with a count are remembered.
const REMEMBERED: usize = 32;

/// The properties that were last given a count of failures, before and after: a run that is done again finds them again.
/// No state: what is found is what would be made, so a copy keeps its own.
#[derive(Debug, Default)]
pub(super) struct Counted {
    made: Vec<(SharedProps, u32, SharedProps)>,
    /// The one that is overwritten next.
    oldest: usize,
}

impl Clone for Counted {
    fn clone(&self) -> Counted {
        Counted::default()
    }
    fn clone_from(&mut self, _: &Counted) {}
}

impl Counted {
    fn get(&mut self, props: &SharedProps, failures: u32) -> SharedProps {
        if let Some((_, _, after)) = self.made.iter().find(|(before, n, _)| *n == failures && before.is(props)) {
            return after.clone();
        }
        let made = counted(props, failures);
        let entry = (props.clone(), failures, made.clone());
        match self.made.get_mut(self.oldest) {
            Some(oldest) => *oldest = entry,
            None => self.made.push(entry),
        }
        self.oldest = (self.oldest + 1) % REMEMBERED;
        made
    }
}

/// The same properties with the failures counted in a header.
fn counted(props: &Props, failures: u32) -> SharedProps {
    let mut props = props.clone();
    let headers = props.headers.get_or_insert_default();
    headers.retain(|(key, _)| &**key != ATTEMPTS);
    headers.push((ATTEMPTS.into(), Value::int(i64::from(failures))));
    props.into()
}
