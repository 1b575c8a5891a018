//! The settings of a scenario that are worth another value: those by which reliability is won or lost.
//!
//! Each is offered only where it is set otherwise and where the system knows it. Whether the whole still makes sense is
//! for the scenario's own checks.

use super::{Offer, Sort, words};
use crate::scenario::broker::{Broker, Setting};
use crate::scenario::schema::{AckPolicy, Consumer, EffectKind, Producer, Reliability};
use crate::scenario::{Scenario, quoted};
use crate::trace::{expand, visible};

/// All of them: producers first, then consumers, then the broker.
pub(super) fn settings(scenario: &Scenario) -> Vec<Offer> {
    let mut all = Settings { properties: scenario.broker.heeds_properties(), offers: Vec::new() };
    for producer in &scenario.producers {
        all.producer(producer);
    }
    for consumer in &scenario.consumers {
        all.consumer(consumer);
    }
    all.broker(&scenario.broker);
    all.offers
}

struct Settings {
    properties: bool,
    offers: Vec<Offer>,
}

/// A field of a sentence.
type Field<'a> = (&'static str, &'a str);

impl Settings {
    fn offer(&mut self, id: String, template: &str, fields: &[Field<'_>], way: Vec<String>) {
        let field = |key: &str| fields.iter().find(|(name, _)| *name == key).map(|(_, text)| visible(text));
        let says = expand(template, &field);
        self.offers.push(Offer { id, sort: Sort::Setting, says, behind: None, ways: vec![way] });
    }

    /// One setting of one party.
    fn of(&mut self, word: &str, who: &str, template: &str, path: &str, value: &str) {
        let way = vec![set(path, value)];
        self.offer(format!("{word}:{who}"), template, &[("who", who)], way);
    }

    fn producer(&mut self, producer: &Producer) {
        let who = producer.name.value.as_str();
        let path = |field: &str| format!("producers.{who}.{field}");
        match producer.reliability {
            Reliability::FireAndForget if producer.expects_reply.is_some() => {}
            Reliability::FireAndForget => {
                let value = "confirms(window: 1, timeout: \"1s\", on_timeout: republish(max: 5))";
                self.of("confirms", who, words::CONFIRMS, &path("reliability"), value);
            }
            Reliability::Transactions { .. } | Reliability::Replies { .. } => {}
            Reliability::Confirms { .. } if producer.outbox.is_some() => {}
            Reliability::Confirms { .. } => {
                self.of("no-confirms", who, words::NO_CONFIRMS, &path("reliability"), "fire_and_forget");
            }
        }
        if self.properties {
            let series = |field: &str, value: &str| {
                (1..=producer.publish.len()).map(|n| set(&path(&format!("publish.{n}.{field}")), value)).collect()
            };
            if producer.publish.iter().any(|publish| !publish.persistent) {
                let way = series("persistent", "true");
                self.offer(format!("persistent:{who}"), words::PERSISTENT, &[("who", who)], way);
            }
            if producer.publish.iter().any(|publish| publish.persistent) {
                let way = series("persistent", "false");
                self.offer(format!("transient:{who}"), words::TRANSIENT, &[("who", who)], way);
            }
            if producer.publish.iter().any(|publish| !publish.mandatory) {
                let way = series("mandatory", "true");
                self.offer(format!("mandatory:{who}"), words::MANDATORY, &[("who", who)], way);
            }
        }
        if producer.session.reconnect.is_none() {
            self.of("reconnect", who, words::RECONNECT, &path("reconnect"), "(after: \"50ms\")");
        }
    }

    fn consumer(&mut self, consumer: &Consumer) {
        let who = consumer.name.value.as_str();
        let path = |field: &str| format!("consumers.{who}.{field}");
        let acks = [
            (AckPolicy::AfterWork, "after_work", words::ACK_AFTER),
            (AckPolicy::BeforeWork, "before_work", words::ACK_BEFORE),
            (AckPolicy::Auto, "automatic", words::ACK_AUTOMATIC),
        ];
        for (ack, value, template) in acks {
            if consumer.ack != ack {
                self.of(&format!("ack-{}", value.replace('_', "-")), who, template, &path("ack"), value);
            }
        }
        // Where nothing is acknowledged no limit on it counts.
        if consumer.ack != AckPolicy::Auto && self.properties {
            if consumer.prefetch != 1 {
                self.of("prefetch-1", who, words::PREFETCH_ONE, &path("prefetch"), "1");
            }
            if consumer.prefetch != 0 {
                self.of("no-prefetch", who, words::PREFETCH_ALL, &path("prefetch"), "0");
            }
        }
        if let Some(effect) = consumer.effects.one().filter(|effect| effect.kind == EffectKind::Insert) {
            let table = effect.table.value.as_str();
            let way = vec![set(&path("effect"), &format!("upsert(table: {}, key: \"{{id}}\")", quoted(table)))];
            self.offer(format!("upsert:{who}"), words::UPSERT, &[("who", who), ("table", table)], way);
        }
        if consumer.dedup.is_none() {
            self.of("dedup", who, words::DEDUP, &path("dedup"), "memory()");
        }
        if consumer.session.reconnect.is_none() {
            self.of("reconnect", who, words::RECONNECT, &path("reconnect"), "(after: \"50ms\")");
        }
    }

    fn broker(&mut self, broker: &Broker) {
        for Setting { word, of, says, fields, path, value } in broker.settings() {
            let fields: Vec<Field<'_>> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
            self.offer(format!("{word}:{of}"), says, &fields, vec![set(&path, &value)]);
        }
    }
}

fn set(path: &str, value: &str) -> String {
    format!("set({}, {value})", quoted(path))
}
