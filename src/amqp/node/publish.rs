//! Publishing: checks, routing, copies into queues and returns (R3, R6).
//!
//! Not the confirms, nor what a transaction keeps until its commit: those are `confirm` and `transaction`.

use super::channel::{Held, Mode};
use super::{Content, Node, Port, expiry};
use crate::amqp::access::Action;
use crate::amqp::config::Version;
use crate::amqp::error::{self, Checked};
use crate::amqp::exchange::{Kind, Scratch, Target, route, type_word};
use crate::amqp::method::Method;
use crate::amqp::queue::Item;
use crate::amqp::rules;
use crate::amqp::store::{Put, Waiting};
use crate::ids::{ConnId, Name, PlaceId, RuleId};
use crate::machine::{Because, Message, Need, Props, Value};
use crate::trace::{Delta, Flags, Order, What};

/// The exchange of a publish: its virtual host and where it is there. Holds while the publish is carried out.
#[derive(Clone, Copy, Debug)]
struct Source {
    vhost: usize,
    slot: Option<u32>,
}

impl Node {
    pub(super) fn publish(
        &mut self,
        at: (ConnId, u16),
        mut held: Held,
        immediate: bool,
        ports: &mut Port<'_>,
    ) -> Checked {
        if immediate {
            return error::not_implemented("immediate=true");
        }
        let version = self.config.version;
        if held.message.size > version.max_message_size() {
            let configured = version > Version::V3_7;
            return error::message_too_large(held.message.size, version.max_message_size(), configured);
        }
        self.may_exchange(at.0, Action::Write, held.exchange, ports.names)?;
        let source = self.source(at.0, held.exchange);
        self.check_exchange(source, held.exchange, ports)?;
        if held.message.reply_to.is_some() {
            self.address_request(at, &mut held.message)?;
        }
        self.scratch.keys.clear();
        let props = &held.message.props;
        if props.headers.is_some() || props.expiration.is_some() || props.user_id.is_some() {
            if let Some(user) = &props.user_id {
                self.check_user_id(at.0, user, ports.names)?;
            }
            self.check_props(&mut held.message, ports)?;
        }
        if !self.replies.is_empty() {
            self.hand_replies(&held, ports);
        }
        let Some(channel) = self.channel_mut(at) else { return Ok(()) };
        // Publishes are numbered when they may come back, whether the channel confirms them yet or not.
        if held.mandatory && channel.mode == Mode::Plain {
            channel.confirms.last += 1;
        }
        match channel.mode {
            Mode::Tx => self.promise(at, held, ports),
            Mode::Plain => {
                self.spread(at, source, held, None, ports);
            }
            Mode::Confirm => {
                channel.confirms.last += 1;
                let number = channel.confirms.last;
                self.spread(at, source, held, Some(number), ports);
            }
        }
        Ok(())
    }

    /// Where a publish on a connection goes first.
    #[inline]
    fn source(&self, conn: ConnId, exchange: Name) -> Source {
        let vhost = self.vhost_of(conn);
        let slot = if exchange == Name::EMPTY { None } else { self.vhosts[vhost].exchanges.slot(&exchange) };
        Source { vhost, slot }
    }

    #[inline]
    fn check_exchange(&self, source: Source, exchange: Name, ports: &Port<'_>) -> Checked {
        if exchange == Name::EMPTY {
            return Ok(());
        }
        let vhost = &self.vhosts[source.vhost];
        match source.slot.and_then(|slot| vhost.exchanges.at(slot)) {
            Some(found) if !found.internal => Ok(()),
            Some(_) => {
                let what = error::exchange_in(exchange, vhost.name, ports.names);
                error::refused(format_args!("cannot publish to internal {what}"))
            }
            None => error::not_found(error::exchange_in(exchange, vhost.name, ports.names)),
        }
    }

    /// The rare properties that are read by the node: CC, BCC, expiration (B27, B28, B37b).
    pub(super) fn check_props(&mut self, message: &mut Message, ports: &mut Port<'_>) -> Checked {
        if let Some(expiration) = &message.props.expiration {
            check_expiration(expiration)?;
        }
        let keys = &mut self.scratch.keys;
        for header in ["CC", "BCC"] {
            let Some(value) = message.props.header(header) else { continue };
            let Value::List(values) = value else {
                let word = type_word(value);
                return error::precondition(
                    rules::INVALID_ARGUMENT,
                    format_args!("invalid message: {{unacceptable_type_in_header,\"{header}\",{word}}}"),
                );
            };
            // What is no text is passed over.
            keys.extend(values.iter().filter_map(|value| match value {
                Value::Text(text) => Some(ports.names.intern(text)),
                _ => None,
            }));
        }
        if message.props.header("BCC").is_some() {
            let mut props = Props::clone(&message.props);
            if let Some(headers) = &mut props.headers {
                headers.retain(|(key, _)| &**key != "BCC");
            }
            message.props = props.into();
        }
        Ok(())
    }

    /// Puts a message into its queues. With a number the publisher waits for a confirm. Gives how many queues have to
    /// write it first, or refuse it.
    fn spread(
        &mut self,
        at: (ConnId, u16),
        source: Source,
        held: Held,
        number: Option<u32>,
        ports: &mut Port<'_>,
    ) -> u32 {
        self.find_targets(source, &held, ports);
        self.spread_to_targets(at, held, number, ports)
    }

    /// As [`Node::spread`], into the queues in `scratch.targets`.
    pub(super) fn spread_to_targets(
        &mut self,
        at: (ConnId, u16),
        held: Held,
        number: Option<u32>,
        ports: &mut Port<'_>,
    ) -> u32 {
        let persistent = held.message.props.persistent();
        if self.scratch.targets.is_empty() {
            self.unroutable(at, held, number, ports);
            return 0;
        }
        let mut targets = std::mem::take(&mut self.scratch.targets);
        let size = held.message.size;
        let answers = |queue: &&u32| self.queues.get(queue).is_some_and(|queue| queue.answers_later(persistent, size));
        let awaited = targets.iter().filter(answers).count() as u32;
        let copied_to = (!self.scratch.keys.is_empty()).then(|| self.scratch.keys.as_slice().into());
        // Who has nothing to wait for is not told.
        let waits = if awaited > 0 { self.channel(at) } else { None };
        let waiting = waits.filter(|channel| channel.mode != Mode::Plain).map(|channel| Waiting {
            conn: at.0,
            channel: at.1,
            serial: channel.serial,
            number: number.unwrap_or(0),
        });
        if let Some(number) = number {
            self.expect_outcome(at, number, held.message.id, awaited);
        }
        let Held { exchange, key, message, .. } = held;
        let content = Content { message, exchange, key, copied_to, died: false, copies: targets.len() as u32 };
        let content = self.contents.insert(content);
        for queue in targets.drain(..) {
            self.enqueue(queue, content, persistent, waiting, Because::INPUT, ports);
        }
        self.scratch.targets = targets;
        awaited
    }

    /// The queues that a message is routed to, by number, into `scratch.targets`.
    fn find_targets(&mut self, source: Source, held: &Held, ports: &Port<'_>) {
        let vhost = &self.vhosts[source.vhost];
        let super::Room { route: scratch, keys, targets, stored, .. } = &mut self.scratch;
        targets.clear();
        *stored = rules::STORED;
        if held.exchange == Name::EMPTY && keys.is_empty() {
            targets.extend(vhost.queues.get(&held.key));
            return;
        }
        let exchange = source.slot.filter(|_| keys.is_empty()).and_then(|slot| vhost.exchanges.at(slot));
        if let Some(Target::Queue(queue)) = exchange.and_then(|exchange| exchange.only_target(held.key)) {
            targets.extend(vhost.queues.get(&queue));
            return;
        }
        route(&vhost.exchanges, held.exchange, held.key, keys, &held.message, ports.names, scratch);
        *stored = stored_rule(scratch, !keys.is_empty());
        targets.extend(scratch.queues.iter().filter_map(|name| vhost.queues.get(name)));
    }

    fn unroutable(&mut self, at: (ConnId, u16), held: Held, number: Option<u32>, ports: &mut Port<'_>) {
        let about = held.message.id;
        if held.mandatory {
            let Held { exchange, key, message, .. } = held;
            let text = ports.names.intern("NO_ROUTE");
            let back = Method::BasicReturn { code: 312, text, exchange, key, message };
            self.answer(rules::RETURNED, at, back, ports);
        } else if !self.is_reply(&held) {
            let (rule, nowhere) = (rules::UNROUTABLE, PlaceId::NONE);
            ports.out.note(rule, Because::INPUT, What::Unroutable, nowhere, about, 1);
        }
        if let Some(number) = number {
            self.outcome(at, number, about, rules::CONFIRM_UNROUTABLE);
        }
    }

    /// Puts one copy at the end of a queue and hands out what can be.
    pub(super) fn enqueue(
        &mut self,
        number: u32,
        content: u32,
        persistent: bool,
        waiting: Option<Waiting>,
        because: Because,
        ports: &mut Port<'_>,
    ) {
        let Some(queue) = self.queues.get_mut(&number) else { return };
        let Content { message, .. } = &self.contents[content];
        if queue.has_no_room(message.size) {
            return self.turn_away(number, content, waiting, because, ports);
        }
        let on_disk = persistent && queue.spec.durable;
        let copy = ports.registry.copy();
        let flags = Flags::PERSISTENT.when(on_disk);
        let deadline = expiry::deadline(&queue.features, &message.props, ports.now);
        let rank = queue.features.rank(message.props.priority);
        let item = Item { seq: 0, content, copy, flags, rank, size: message.size, deadline };
        let seq = queue.classic.push(item);
        let keeps_all = queue.keeps_all();
        let (place, message) = (queue.place, message.id);
        let rule = if queue.features.max_priority > 0 { rules::STORED_BY_PRIORITY } else { self.scratch.stored };
        let stored = ports.out.note(rule, because, What::Stored, place, message, 1);
        let order = Order::from(Item { seq, ..item }.turn());
        ports.out.delta(|| Delta::Put { place, copy, message, order, flags });
        if queue.classic.consumer_count() == 0 {
            ports.out.note(rules::NO_CONSUMER, stored, What::Withheld, place, message, 1);
        }
        if on_disk {
            let timing = queue.features.timing();
            queue.journal.put(Put { seq, content, copy, redelivered: false, deadline, waiting }, timing);
            if waiting.is_some() {
                ports.out.note(timing.confirmed, stored, What::Withheld, place, message, 1);
            }
            if !std::mem::replace(&mut queue.dirty, true) {
                self.scratch.dirty.push(number);
            }
        } else if queue.journal.idle_since.is_some() {
            self.stir(number);
        }
        self.hand_out(number, stored, ports);
        if !keeps_all {
            self.drop_head(number, stored, ports);
            self.drop_expired(number, stored, ports);
        }
    }

    /// Settles what a transaction or a method has put into `scratch.settled`.
    pub(super) fn carry_out_fates(&mut self, at: (ConnId, u16), because: Because, ports: &mut Port<'_>) {
        let mut settled = std::mem::take(&mut self.scratch.settled);
        for (unacked, fate) in &settled {
            self.carry_out_fate(at, unacked, *fate, because, ports);
        }
        self.rejoin();
        // Back to their places from behind, which is cheapest.
        for (unacked, fate) in settled.drain(..).rev() {
            if let (true, Some(queue)) = (fate.goes_back(), self.queues.get_mut(&unacked.queue)) {
                let flags = unacked.item.flags.and(Flags::REDELIVERED);
                queue.classic.requeue(crate::amqp::queue::Item { flags, ..unacked.item });
            }
        }
        self.scratch.settled = settled;
        self.run_queues(because, ports);
    }

    /// Lets the queues in `scratch.run` hand out.
    pub(super) fn run_queues(&mut self, because: Because, ports: &mut Port<'_>) {
        if self.scratch.run.is_empty() {
            return;
        }
        let mut run = std::mem::take(&mut self.scratch.run);
        for queue in run.drain(..) {
            let Some(ready) = self.queues.get_mut(&queue) else { continue };
            ready.runs = false;
            if !ready.keeps_all() {
                self.drop_head(queue, because, ports);
                self.drop_expired(queue, because, ports);
            }
            self.hand_out(queue, because, ports);
        }
        self.scratch.run = run;
    }

    /// A copy is no more; its content goes with the last one.
    pub(super) fn release(&mut self, content: u32) {
        let Some(kept) = self.contents.get_mut(content) else { return };
        kept.copies -= 1;
        if kept.copies == 0 {
            self.contents.remove(content);
        }
    }

    /// What a settled copy needs to be shown.
    pub(super) fn need(item: &crate::amqp::queue::Item) -> Need {
        Need::Copy(item.copy)
    }
}

/// Under which rule a message is put into the queues that it was routed to; `copied` where it has keys of CC or BCC.
pub(super) fn stored_rule(route: &Scratch, copied: bool) -> RuleId {
    match route.kind {
        _ if route.alternate => rules::ROUTED_BY_ALTERNATE,
        _ if route.hashed => rules::ROUTED_BY_HASH,
        _ if copied => rules::ROUTED_BY_COPIES,
        Some(Kind::Topic) => rules::ROUTED_BY_PATTERN,
        Some(Kind::Headers) => rules::ROUTED_BY_HEADERS,
        _ => rules::STORED,
    }
}

/// As Erlang reads an integer and complains about it (B37b, B37c).
fn check_expiration(text: &str) -> Checked {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = digits.len() - digits.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = &digits[whole..];
    let (before, what, behind) = if whole == 0 {
        ("no_integer", "", "")
    } else if !rest.is_empty() {
        ("{leftover_string,\"", rest, "\"}")
    } else if text.starts_with('-') && digits.bytes().any(|b| b != b'0') {
        ("{value_negative,", text, "}")
    } else {
        return Ok(());
    };
    let rule = rules::INVALID_ARGUMENT;
    error::precondition(rule, format_args!("invalid expiration '{text}': {before}{what}{behind}"))
}
