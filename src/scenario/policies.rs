//! Which policies of clients go together, and which a system has.
//!
//! Not the policies themselves; those are the schema's, and what they do is in `app`.

use super::diagnostics::{Code, Diagnostic, Extent, Sink, Spanned};
use super::schema::{AckPolicy, By, Consumer, Producer, Reliability, Scenario, Then};

/// The queue in which a producer expects answers: that of its first series.
pub(super) fn reply_queue(producer: &Producer) -> Option<&Spanned<String>> {
    producer.publish.iter().filter_map(|publish| publish.reply_to.as_ref()).map(|to| &to.name).find(|to| to.is_read())
}

/// Reports policies that exclude each other, and those that the system does not have.
pub(super) fn check(scenario: &Scenario, sink: &mut Sink) {
    let amqp = scenario.broker.system().has_access();
    let word = scenario.broker.system().word();
    for producer in &scenario.producers {
        together(producer, sink);
        if !amqp && matches!(producer.reliability, Reliability::Transactions { .. }) {
            lacks(word, "transactions", producer.name.at, sink);
        }
        if let (false, Some(aside)) = (amqp, &producer.on_returned) {
            lacks(word, "messages that come back", aside.to.name.at, sink);
        }
    }
    for consumer in &scenario.consumers {
        failures(consumer, sink);
        if !amqp {
            only_amqp(consumer, word, sink);
        }
    }
}

fn clash(title: &str, at: Extent, label: &str, sink: &mut Sink) {
    sink.push(Diagnostic::new(Code::Conflict, title, at, label));
}

fn lacks(system: &str, what: &str, at: Extent, sink: &mut Sink) {
    clash(&format!("{system} has no {what} in this model"), at, "this client", sink);
}

fn together(producer: &Producer, sink: &mut Sink) {
    if let (Some(outbox), Some(dual)) = (&producer.outbox, &producer.dual_write) {
        let title = "`outbox` and `dual_write` exclude each other";
        sink.push(Diagnostic::new(Code::Conflict, title, dual.at, "and here").label(outbox.at, "given here"));
    }
    if let Some(outbox) = &producer.outbox {
        if !matches!(producer.reliability, Reliability::Confirms { .. }) {
            let bad = Diagnostic::new(Code::Conflict, "the relay of an outbox needs confirms", outbox.at, "an outbox");
            sink.push(bad.help("add `reliability: confirms(timeout: \"1s\")`"));
        }
        if outbox.table.value == outbox.orders.value {
            clash("the outbox and the business have tables of their own", outbox.table.at, "the same table", sink);
        }
    }
    let Some(reply) = &producer.expects_reply else { return };
    if producer.reliability != Reliability::FireAndForget {
        clash(
            "a producer that waits for answers asks for no confirms",
            reply.at,
            "the answer is what it waits for",
            sink,
        );
    }
    if producer.outbox.is_some() || producer.dual_write.is_some() {
        clash("a producer that waits for answers has no table of orders", reply.at, "an expected answer", sink);
    }
    if producer.publish.iter().any(|publish| publish.to.name.is_read() && publish.reply_to.is_none()) {
        let bad = Diagnostic::new(Code::Conflict, "an answer needs somewhere to go", reply.at, "an expected answer");
        sink.push(bad.help("give each series a `reply_to`"));
    }
    let first = reply_queue(producer).map(|queue| &queue.value);
    let queues = producer.publish.iter().filter_map(|publish| publish.reply_to.as_ref());
    for other in queues.filter(|queue| queue.name.is_read() && Some(&queue.name.value) != first) {
        clash("a producer expects its answers in one queue", other.name.at, "another queue", sink);
    }
}

fn failures(consumer: &Consumer, sink: &mut Sink) {
    if let Some(park) = &consumer.park {
        let requeued = consumer.fail.iter().any(|fail| fail.then == Then::Requeue);
        if requeued && !park.header {
            let title = "`x-death` does not count what is given back";
            let bad = Diagnostic::new(Code::Conflict, title, park.at, "would never be reached");
            sink.push(bad.help("let the work fail with `then: reject`, or count with `count: header`"));
        }
        if matches!(consumer.ack, AckPolicy::Auto | AckPolicy::BeforeWork | AckPolicy::Never) {
            clash("what is acknowledged before the work, or never, cannot be parked", park.at, "a parking", sink);
        }
    }
    if let (Some(poll), true) = (&consumer.poll, consumer.exclusive) {
        clash("who polls has no subscription that could be exclusive", poll.at, "a poll", sink);
    }
}

fn only_amqp(consumer: &Consumer, system: &str, sink: &mut Sink) {
    let at = consumer.name.at;
    if let Some(poll) = &consumer.poll {
        lacks(system, "polling", poll.at, sink);
    }
    match consumer.ack {
        AckPolicy::Twice | AckPolicy::Stale => lacks(system, "delivery tags", at, sink),
        AckPolicy::WrongChannel => lacks(system, "channels", at, sink),
        _ => {}
    }
    if consumer.effects.by == By::Key {
        lacks(system, "routing keys that reach a consumer", at, sink);
    }
    if let Some(park) = consumer.park.as_ref().filter(|park| !park.header) {
        lacks(system, "`x-death`", park.at, sink);
    }
}
