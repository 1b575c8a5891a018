//! Names and arguments of exchanges, queues, bindings and consumers that RabbitMQ would refuse, or that are not modelled.
//!
//! Not what is refused, and in which words: the system says it.

use super::{PREDECLARED, Rabbitmq, host_text, lower};
use crate::amqp::script::Step;
use crate::amqp::{self, Part, refused, refused_consumer};
use crate::ids::Names;
use crate::scenario::diagnostics::{Code, Diagnostic, Extent, Sink};
use crate::scenario::lower::table;
use crate::scenario::schema::values::Row;
use crate::scenario::schema::{Scenario, Script};
use crate::scenario::tree::Node;
use std::sync::Arc;

/// Reports what would be refused, at the argument that the broker names, else at the name.
pub(super) fn check(broker: &Rabbitmq, scenario: &Scenario, sink: &mut Sink) {
    let mut names = Names::new();
    let config = lower::config(broker, &mut names);
    for (part, why) in refused(&config, &names) {
        let (what, name, rows) = match part {
            // What is always there is told elsewhere.
            Part::Exchange(at) if PREDECLARED.contains(&&*broker.exchanges[at].name.value) => continue,
            Part::Exchange(at) => ("exchange", broker.exchanges[at].name.at, &broker.exchanges[at].arguments),
            Part::Queue(at) => ("queue", broker.queues[at].name.at, &broker.queues[at].arguments),
            Part::Binding(at) => ("binding", broker.bindings[at].to.at, &broker.bindings[at].arguments),
        };
        // The model's answer to what it leaves out; a real broker would take it.
        let bad = if why.starts_with("NOT_IMPLEMENTED") {
            let at = rows.iter().find(|row| row.key.value == KIND).map_or(name, |row| row.key.at);
            not_modelled(at, why)
        } else {
            let title = format!("RabbitMQ would refuse this {what}");
            Diagnostic::new(Code::Refused, title, place(&why, rows).unwrap_or(name), why)
        };
        sink.push(bad);
    }
    for consumer in scenario.consumers.iter().filter(|consumer| !consumer.from.missing) {
        let queue = names.intern(&consumer.from.name.value);
        let vhost = names.intern(host_text(&consumer.session.access.vhost));
        let rows = &consumer.arguments;
        if let Some(why) = refused_consumer(&table(rows), (queue, vhost), broker.version, &names) {
            let at = place(&why, rows).unwrap_or(consumer.name.at);
            sink.push(Diagnostic::new(Code::Refused, "RabbitMQ would refuse this consumer", at, why));
        }
    }
}

/// The argument that says which type of queue it is.
const KIND: &str = "x-queue-type";

fn not_modelled(at: Extent, why: String) -> Diagnostic {
    Diagnostic::new(Code::Refused, "this queue needs what is not modelled", at, why)
}

/// Reports queues of a script that a real broker would make and the model cannot. What a real broker refuses a script may
/// show, and to declare again what is there makes nothing.
pub(super) fn check_script(broker: &Rabbitmq, script: &Script, steps: &[Step], sink: &mut Sink) {
    let mut names = Names::new();
    for (step, written) in steps.iter().zip(&script.steps) {
        let Step::QueueDeclare { queue, passive: false, durable, exclusive, auto_delete, arguments, .. } = step else {
            continue;
        };
        let spec = amqp::QueueSpec {
            vhost: names.intern(super::DEFAULT_VHOST),
            name: names.intern(queue),
            durable: *durable,
            auto_delete: *auto_delete,
            arguments: Arc::new(arguments.0.clone()),
        };
        let is_there = broker.queues.iter().any(|own| own.name.value == *queue);
        let why = amqp::left_out(&spec, *exclusive, broker.version, &names).filter(|_| !is_there);
        if let Some(why) = why {
            let kind = written.node.field("arguments").and_then(|rows| key(rows, KIND));
            sink.push(not_modelled(kind.unwrap_or(written.word.at), why));
        }
    }
}

/// Where a key of a table stands.
fn key(table: &Node, key: &str) -> Option<Extent> {
    let found = crate::scenario::schema::values::rows(table, &mut Sink::default())?;
    found.iter().find(|row| row.key.value == key).map(|row| row.key.at)
}

/// Where the argument stands that the broker's words name.
fn place(why: &str, rows: &[Row]) -> Option<Extent> {
    rows.iter().find(|row| why.contains(&format!("'{}'", row.key.value))).map(|row| row.key.at)
}
