//! Arguments of exchanges, queues and bindings that RabbitMQ would refuse, or that are not modelled.
//!
//! Not what is refused, and in which words: the system says it.

use super::{Rabbitmq, lower};
use crate::amqp::{Part, refused};
use crate::ids::Names;
use crate::scenario::diagnostics::{Code, Diagnostic, Extent, Sink};
use crate::scenario::schema::values::Row;

/// Reports what would be refused, at the argument that the broker names, else at the name.
pub(super) fn check(broker: &Rabbitmq, sink: &mut Sink) {
    let mut names = Names::new();
    let config = lower::config(broker, &mut names);
    for (part, why) in refused(&config, &names) {
        let (what, name, rows) = match part {
            Part::Exchange(at) => ("exchange", broker.exchanges[at].name.at, &broker.exchanges[at].arguments),
            Part::Queue(at) => ("queue", broker.queues[at].name.at, &broker.queues[at].arguments),
            Part::Binding(at) => ("binding", broker.bindings[at].to.at, &broker.bindings[at].arguments),
        };
        // The model's answer to what it leaves out; a real broker would take it.
        let bad = if why.starts_with("NOT_IMPLEMENTED") {
            let title = format!("this {what} needs what is not modelled");
            let at = rows.iter().find(|row| row.key.value == "x-queue-type").map_or(name, |row| row.key.at);
            Diagnostic::new(Code::Refused, title, at, why)
        } else {
            let title = format!("RabbitMQ would refuse this {what}");
            Diagnostic::new(Code::Refused, title, place(&why, rows).unwrap_or(name), why)
        };
        sink.push(bad);
    }
}

/// Where the argument stands that the broker's words name.
fn place(why: &str, rows: &[Row]) -> Option<Extent> {
    rows.iter().find(|row| why.contains(&format!("'{}'", row.key.value))).map(|row| row.key.at)
}
