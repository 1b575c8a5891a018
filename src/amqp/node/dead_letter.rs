//! Dead letters: what leaves a queue other than by being taken, and where it goes then (R17).
//!
//! Not the reasons themselves: limits, expiry and rejection call [`Node::discard`] where they decide. At most once:
//! nobody confirms a dead letter, and one that no queue takes is gone without a word (E25).

use super::publish::stored_rule;
use super::{Content, Node, Port};
use crate::amqp::config::Version;
use crate::amqp::death::{Death, is_cycle, with_death};
use crate::amqp::exchange::route;
use crate::amqp::queue::Item;
use crate::amqp::rules;
use crate::ids::{Name, PlaceId, RuleId};
use crate::machine::{Because, Does, Message, Props, SharedProps, Value};
use crate::trace::{Delta, What};
use std::fmt::Write as _;
use std::sync::Arc;

/// Why a copy left its queue without being taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reason {
    /// A consumer rejected it without requeue.
    Rejected,
    /// It waited too long.
    Expired,
    /// The queue was full.
    MaxLength,
}

impl Reason {
    /// The word for it in `x-death`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Reason::Rejected => "rejected",
            Reason::Expired => "expired",
            Reason::MaxLength => "maxlen",
        }
    }

    fn what(self) -> (RuleId, What) {
        match self {
            Reason::Rejected => (rules::REJECTED, What::Rejected),
            Reason::Expired => (rules::EXPIRED, What::Expired),
            Reason::MaxLength => (rules::DROPPED, What::Dropped),
        }
    }
}

/// A copy on its way from a queue to its dead-letter exchange.
#[derive(Clone, Debug)]
pub(super) struct Dead {
    /// The queue it died in, by number.
    pub(super) queue: u32,
    /// What it was.
    pub(super) content: Content,
    /// Why.
    pub(super) reason: Reason,
    /// The output that says so.
    pub(super) because: Because,
}

/// So many dead letters are remembered.
const REMEMBERED: usize = 128;

/// How a message died: what decides, with its properties, which properties it gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Way {
    reason: Reason,
    queue: Name,
    exchange: Name,
    key: Name,
    /// In whole seconds.
    time: u64,
    /// Whether it gets another routing key.
    new_key: bool,
    /// Whether the broker had dead-lettered it before.
    died: bool,
}

/// The properties of the last dead letters, with those that they had before: a run that is done again finds them again.
/// No state: what is found is what would be made.
#[derive(Debug, Default)]
pub(super) struct Mourned {
    made: Vec<(SharedProps, Way, SharedProps)>,
    /// The one that is overwritten next.
    oldest: usize,
}

impl Mourned {
    fn get(&mut self, props: &SharedProps, way: Way, make: impl FnOnce() -> Props) -> SharedProps {
        let found = self.made.iter().find(|(before, known, _)| *known == way && before.is(props));
        if let Some((_, _, after)) = found {
            return after.clone();
        }
        let made: SharedProps = make().into();
        let entry = (props.clone(), way, made.clone());
        match self.made.get_mut(self.oldest) {
            Some(oldest) => *oldest = entry,
            None => self.made.push(entry),
        }
        self.oldest = (self.oldest + 1) % REMEMBERED;
        made
    }
}

impl Node {
    /// A copy leaves its queue for good; if the queue has a dead-letter exchange it goes there at the end of the call.
    /// `place` is where it is shown: the queue, or the unacknowledged deliveries of a consumer.
    pub(super) fn discard(
        &mut self,
        number: u32,
        item: &Item,
        place: PlaceId,
        reason: Reason,
        because: Because,
        ports: &mut Port<'_>,
    ) {
        let Some(queue) = self.queues.get(&number) else { return };
        let content = &self.contents[item.content];
        let (rule, what) = reason.what();
        let message = content.message.id;
        let wanted = ports.out.wanted;
        let because = if wanted.brief || !wanted.notes.has(what) {
            ports.out.note(rule, because, what, place, message, 1)
        } else {
            ports.out.push(rule, because, Self::need(item), Does::Note { what, place, message, number: 1 })
        };
        ports.out.delta(|| Delta::Remove { copy: item.copy, place });
        if queue.features.dead_letter_exchange.is_some() {
            let content = content.clone();
            self.scratch.dead.push_back(Dead { queue: number, content, reason, because });
        }
        self.forget(number, item);
    }

    /// Publishes what died in this call, and what dies of that.
    pub(super) fn bury(&mut self, ports: &mut Port<'_>) {
        while let Some(dead) = self.scratch.dead.pop_front() {
            self.dead_letter(dead, ports);
        }
    }

    fn dead_letter(&mut self, dead: Dead, ports: &mut Port<'_>) {
        let Some(queue) = self.queues.get(&dead.queue) else { return };
        let (features, host, place) = (queue.features, queue.spec.vhost, queue.place);
        let Some(exchange) = features.dead_letter_exchange else { return };
        let Dead { content, because, reason, .. } = dead;
        let name = queue.spec.name;
        let key = features.dead_letter_key.unwrap_or(content.key);
        let mut message = content.message.clone();
        let (time, new_key) = (ports.now.0 / 1_000_000_000, features.dead_letter_key.is_some());
        let Content { exchange: from, key: by, died, .. } = content;
        let way = Way { reason, queue: name, exchange: from, key: by, time, new_key, died };
        let version = self.config.version;
        message.props = self.scratch.mourned.get(&content.message.props, way, || mourn(&content, &way, version, ports));
        self.scratch.keys.clear();
        if features.dead_letter_key.is_none() {
            self.scratch.keys.extend(content.copied_to.iter().flat_map(|keys| keys.iter()));
        }
        self.find_dead_letter_targets(host, exchange, key, &message, ports);
        if reason != Reason::Rejected {
            self.leave_cycles_out(&message, because, ports);
        }
        if self.scratch.targets.is_empty() {
            ports.out.note(rules::DEAD_LETTER_LOST, because, What::Unroutable, place, message.id, 1);
            return;
        }
        let because = ports.out.note(rules::DEAD_LETTERED, because, What::DeadLettered, place, message.id, 1);
        let mut targets = std::mem::take(&mut self.scratch.targets);
        let persistent = message.props.persistent();
        let copied_to = content.copied_to.filter(|_| features.dead_letter_key.is_none());
        let content = Content { message, exchange, key, copied_to, died: true, copies: targets.len() as u32 };
        let content = self.contents.insert(content);
        for queue in targets.drain(..) {
            self.enqueue(queue, content, persistent, None, because, ports);
        }
        self.scratch.targets = targets;
    }

    /// Takes the queues out of `scratch.targets` to which the message would come back by itself, for ever.
    fn leave_cycles_out(&mut self, message: &Message, because: Because, ports: &mut Port<'_>) {
        let Node { queues, scratch, .. } = self;
        let super::Room { targets, text, .. } = scratch;
        targets.retain(|number| {
            let Some(queue) = queues.get(number) else { return false };
            text.clear();
            // Writing to a text cannot fail.
            let _ = write!(text, "{}", ports.names.show(queue.spec.name));
            let cycle = is_cycle(&message.props, text);
            if cycle {
                ports.out.note(rules::CYCLE, because, What::Dropped, queue.place, message.id, 1);
            }
            !cycle
        });
    }

    fn find_dead_letter_targets(&mut self, host: Name, exchange: Name, key: Name, message: &Message, ports: &Port<'_>) {
        self.scratch.targets.clear();
        let Some(vhost) = self.vhosts.iter().find(|vhost| vhost.name == host) else { return };
        let super::Room { route: scratch, keys, targets, stored, .. } = &mut self.scratch;
        *stored = rules::STORED;
        if exchange == Name::EMPTY && keys.is_empty() {
            targets.extend(vhost.queues.get(&key));
            return;
        }
        if exchange != Name::EMPTY && !vhost.exchanges.contains(&exchange) {
            return;
        }
        route(&vhost.exchanges, exchange, key, keys, message, ports.names, scratch);
        *stored = stored_rule(scratch, !keys.is_empty());
        targets.extend(scratch.queues.iter().filter_map(|name| vhost.queues.get(name)));
    }
}

/// The properties that a dead letter gets.
fn mourn(content: &Content, way: &Way, version: Version, ports: &Port<'_>) -> Props {
    let text = |name| ports.names.text(name);
    let (queue, exchange) = (text(way.queue), text(way.exchange));
    let props = &content.message.props;
    let mut keys = vec![Arc::from(text(way.key))];
    if let Some(Value::List(copies)) = props.header("CC") {
        keys.extend(copies.iter().filter_map(|copy| match copy {
            Value::Text(text) => Some(Arc::clone(text)),
            _ => None,
        }));
    }
    let own = way.died || version < Version::V4_1;
    let death = Death { reason: way.reason.word(), queue: &queue, time: way.time, exchange: &exchange, keys, own };
    with_death(props, &death, way.new_key, version)
}
