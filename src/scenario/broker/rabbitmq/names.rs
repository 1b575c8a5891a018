//! Which exchanges and queues there are: declared in the block, by scripts while the run goes on, or always there.
//!
//! Not the declarations themselves; those are in the schema beside this file.

use super::{DEFAULT_VHOST, PREDECLARED, Rabbitmq, access, host_text};
use crate::amqp::script::Step;
use crate::scenario::diagnostics::{Code, Diagnostic, Extent, Sink, Spanned, visible};
use crate::scenario::names::{Known, unique};
use crate::scenario::schema::{Scenario, Script, Target};
use crate::scenario::tree::Arg;
use std::collections::BTreeMap;

/// Queues and exchanges that come up while the run goes on.
#[derive(Default)]
struct Declared {
    queues: Vec<Spanned<String>>,
    exchanges: Vec<Spanned<String>>,
}

fn declared_by(scripts: &[Script]) -> Declared {
    let mut declared = Declared::default();
    for step in scripts.iter().flat_map(|script| &script.steps) {
        let word = step.word.value.as_str();
        let form = Step::FORMS.iter().find(|form| form.word == word);
        let strange = |arg: &Arg| form.is_some_and(|form| !form.fields.iter().any(|(field, _)| arg.is(field)));
        // What is no text, or stands under a misspelt name, may be any name.
        let field = |name: &str| match step.node.field(name) {
            Some(node) => {
                Some(node.text().map_or_else(|| Spanned::unread(node.at), |t| Spanned::new(t.to_owned(), node.at)))
            }
            None => step.node.args().iter().find(|arg| strange(arg)).map(|arg| Spanned::unread(arg.at())),
        };
        // A step that is misspelt may be a declaration.
        if word == "queue_declare" || form.is_none() {
            declared.queues.extend(field("queue"));
        }
        if word == "exchange_declare" || form.is_none() {
            declared.exchanges.extend(field("exchange"));
        }
        if !step.word.is_read() {
            declared.queues.push(step.word.clone());
            declared.exchanges.push(step.word.clone());
        }
    }
    declared
}

/// The queues, those that scripts declare included.
pub(super) fn queues(broker: &Rabbitmq, scenario: &Scenario) -> Vec<Spanned<String>> {
    let own = broker.queues.iter().map(|queue| match host_text(&queue.vhost) {
        DEFAULT_VHOST => queue.name.clone(),
        // As the trace calls it.
        vhost => Spanned::new(format!("{vhost}/{}", queue.name.value), queue.name.at),
    });
    own.chain(declared_by(&scenario.scripts).queues).collect()
}

/// Reports names that stand twice, and those that are used and that nothing has.
pub(super) fn check(broker: &Rabbitmq, scenario: &Scenario, sink: &mut Sink) {
    let declared = declared_by(&scenario.scripts);
    let vhosts = access::check(broker, scenario, sink);
    vhosts.names.keys().for_each(|vhost| topology(scenario, broker, (vhost, &vhosts.names), &declared, sink));
}

/// The virtual hosts, and where each is declared.
type Hosts<'a> = BTreeMap<&'a str, Option<Extent>>;

/// What one virtual host has, and who uses it.
fn topology(
    scenario: &Scenario,
    broker: &Rabbitmq,
    (vhost, hosts): (&str, &Hosts<'_>),
    declared: &Declared,
    sink: &mut Sink,
) {
    // What is declared in a virtual host that is not there may be meant to be in any.
    let here = |of: &Option<Spanned<String>>| host_text(of) == vhost;
    let maybe = |of: &Option<Spanned<String>>| host_text(of) == vhost || !hosts.contains_key(host_text(of));
    // And so may what could not be read at all.
    let or_unread = |of: &Option<Spanned<String>>, name: &Spanned<String>| maybe(of) || !name.is_read();
    let own_exchanges = || broker.exchanges.iter().filter(|exchange| here(&exchange.vhost));
    let own_queues = || broker.queues.iter().filter(|queue| here(&queue.vhost));
    unique("exchanges", own_exchanges().map(|exchange| &exchange.name), sink);
    unique("queues", own_queues().map(|queue| &queue.name), sink);
    let exchanges = Known::new("exchange")
        .with(
            broker
                .exchanges
                .iter()
                .filter(|exchange| or_unread(&exchange.vhost, &exchange.name))
                .map(|exchange| &exchange.name),
        )
        .with(&declared.exchanges)
        .and(PREDECLARED);
    let queues = Known::new("queue")
        .with(broker.queues.iter().filter(|queue| or_unread(&queue.vhost, &queue.name)).map(|queue| &queue.name))
        .with(&declared.queues);
    for exchange in own_exchanges() {
        if let Some(alternate) = &exchange.alternate {
            exchanges.check(alternate, sink);
        }
        if PREDECLARED.contains(&exchange.name.value.as_str()) {
            let title = format!("the exchange `{}` is always there", visible(&exchange.name.value));
            sink.push(Diagnostic::new(Code::DuplicateName, title, exchange.name.at, "declared by RabbitMQ itself"));
        }
    }
    for binding in broker.bindings.iter().filter(|binding| here(&binding.vhost)) {
        exchanges.check(&binding.from, sink);
        if exchanges.find(&binding.to.value).is_none() {
            queues.check(&binding.to, sink);
        }
    }
    for producer in scenario.producers.iter().filter(|producer| here(&producer.session.access.vhost)) {
        if let Some(aside) = &producer.on_returned {
            exchanges.check_target(&aside.to, sink);
        }
        for publish in &producer.publish {
            exchanges.check_target(&publish.to, sink);
            // A queue is bound to the default exchange by its name. What the broker calls a queue, and what has a number
            // in it, is not known beforehand.
            let to_queue = publish.to.name.is_read() && publish.to.name.value.is_empty();
            let known = |key: &&Target| !key.name.value.contains('{') && !key.name.value.starts_with("amq.");
            for key in publish.keys.iter().filter(|_| to_queue).filter(known) {
                queues.check_target(key, sink);
            }
            if let Some(reply_to) = &publish.reply_to {
                queues.check_target(reply_to, sink);
            }
        }
    }
    for consumer in scenario.consumers.iter().filter(|consumer| here(&consumer.session.access.vhost)) {
        queues.check_target(&consumer.from, sink);
        if let Some(park) = &consumer.park {
            queues.check_target(&park.to, sink);
        }
        if let Some(forward) = &consumer.forward {
            exchanges.check_target(&forward.to, sink);
        }
    }
}
