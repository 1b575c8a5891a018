//! What can only be checked across the parts of a scenario: that names are unique and that every name that is used is
//! one that something has.
//!
//! Not the shape of the parts, which the schema has checked; and not what is declared in a broker, which the broker's
//! file checks.

mod faults;

use super::diagnostics::{Code, Diagnostic, Sink, Spanned, visible};
use super::messages;
use super::names::{Known, unique};
use super::policies;
use super::schema::{Consumer, Dedup, Scenario};
use super::tree::Node;
use crate::trace::Outcome;
use crate::verdict::{Of, Takes, Word};
use faults::{Moments, moment};

/// The most clients that a scenario may have.
pub const MAX_CLIENTS: usize = 1_000;

/// Checks a scenario, also one of which parts could not be read.
pub(super) fn check(scenario: &Scenario, root: &Node, sink: &mut Sink) {
    unique("parties", scenario.parties().map(|(_, name)| name), sink);
    unique("faults", scenario.faults.iter().map(|fault| &fault.name), sink);
    let clients = scenario.producers.len() + scenario.consumers.len() + scenario.scripts.len();
    if clients > MAX_CLIENTS {
        let title = format!("{clients} clients are more than {MAX_CLIENTS}");
        sink.push(Diagnostic::new(Code::OutOfRange, title, root.head(), "too many clients"));
    }
    ids(scenario, sink);
    if scenario.broker_is_read {
        for script in &scenario.scripts {
            scenario.broker.system().check_script(script, sink);
        }
        scenario.broker.system().check(scenario, sink);
        accesses(scenario, sink);
        policies::check(scenario, sink);
    }
    faults::faults(scenario, sink);
    expectations(scenario, sink);
    lesson(scenario, sink);
    if sink.is_empty() {
        messages::check(scenario, sink);
    }
}

/// Where a system has no users and virtual hosts, nobody can log in as one or to one.
fn accesses(scenario: &Scenario, sink: &mut Sink) {
    let system = scenario.broker.system();
    if system.has_access() {
        return;
    }
    let producers = scenario.producers.iter().map(|producer| &producer.session.access);
    for access in producers.chain(scenario.consumers.iter().map(|consumer| &consumer.session.access)) {
        for (what, name) in [("user", &access.user), ("virtual host", &access.vhost)] {
            if let Some(name) = name.as_ref().filter(|name| name.is_read()) {
                let title =
                    format!("there is no {what} `{}`: {} has none in this model", visible(&name.value), system.word());
                sink.push(Diagnostic::new(Code::Conflict, title, name.at, format!("a {what}")));
            }
        }
    }
}

/// The methods of the broker's protocol; it may be any where the broker could not be read.
fn methods(scenario: &Scenario) -> Known<'_> {
    let known = Known::new("method");
    if scenario.broker_is_read { known.and(scenario.broker.methods()) } else { known.with([scenario.broker.name()]) }
}

/// Messages are told apart by their ids, so no two may have the same.
fn ids(scenario: &Scenario, sink: &mut Sink) {
    unique("series of messages", scenario.producers.iter().flat_map(|p| &p.publish).map(|publish| &publish.id), sink);
    for publish in scenario.producers.iter().flat_map(|producer| &producer.publish) {
        if publish.count > 1 && !publish.id.value.contains('{') {
            let title = format!("{} messages would have the same id", publish.count);
            let bad = Diagnostic::new(Code::Conflict, title, publish.id.at, "without a number");
            sink.push(bad.help("`{n}` in it stands for the message's number"));
        }
    }
}

/// What messages can lie in; it may be anything where the broker could not be read.
fn queues(scenario: &Scenario) -> Vec<Spanned<String>> {
    match scenario.broker_is_read {
        true => scenario.broker.system().queues(scenario),
        false => vec![scenario.broker.name().clone()],
    }
}

fn expectations(scenario: &Scenario, sink: &mut Sink) {
    let queues = queues(scenario);
    let known = Narrowing::of(scenario, &queues);
    const INVARIANTS_MAX: usize = 32;
    if let Some(over) = scenario.invariants.get(INVARIANTS_MAX) {
        let title = format!("a scenario has at most {INVARIANTS_MAX} invariants");
        sink.push(Diagnostic::new(Code::OutOfRange, title, over.what.at, "one too many"));
    }
    for expect in scenario.expect.iter().chain(scenario.invariants.iter().map(|invariant| &invariant.what)) {
        if let Some(of) = &expect.of {
            known.check(expect.expectation.what, of, sink);
        }
    }
}

/// A lesson speaks of moments, and of figures of the run.
fn lesson(scenario: &Scenario, sink: &mut Sink) {
    let moments = Moments::of(scenario);
    for when in scenario.lesson.moments() {
        moment(when, &moments, sink);
    }
    let queues = queues(scenario);
    let known = Narrowing::of(scenario, &queues);
    for figure in scenario.lesson.figures() {
        if let Err(error) = figure.value.check() {
            sink.push(Diagnostic::new(Code::Arguments, error.to_string(), figure.at, "this figure"));
        }
        if let Some(of) = figure.value.of {
            known.check(figure.value.what, &Spanned::new(of, figure.at), sink);
        }
    }
}

/// What a word of the verdict may be narrowed to.
struct Narrowing<'a> {
    producers: Known<'a>,
    consumers: Known<'a>,
    queues: Known<'a>,
    tables: Known<'a>,
    destinations: Known<'a>,
    parties: Known<'a>,
    faults: Known<'a>,
    outcomes: Known<'a>,
}

impl<'a> Narrowing<'a> {
    fn of(scenario: &'a Scenario, queues: &'a [Spanned<String>]) -> Narrowing<'a> {
        let tables = || {
            let own = scenario.producers.iter().flat_map(|producer| producer.tables());
            scenario.consumers.iter().flat_map(tables_of).chain(own)
        };
        let scripts = || scenario.scripts.iter().map(|script| &script.name);
        Narrowing {
            producers: Known::new("producer").with(scenario.producers.iter().map(|p| &p.name)).with(scripts()),
            consumers: Known::new("consumer").with(scenario.consumers.iter().map(|c| &c.name)).with(scripts()),
            queues: Known::new("queue").with(queues),
            tables: Known::new("table").with(tables()),
            destinations: Known::new("destination").with(tables()).with(queues).and(["nowhere"]),
            parties: Known::new("party").with(scenario.parties().map(|(_, name)| name)),
            faults: Known::new("fault").with(scenario.faults.iter().map(|fault| &fault.name)),
            outcomes: Known::new("outcome").and(Outcome::ALL.iter().map(|outcome| outcome.word())),
        }
    }

    /// Whether what a word is narrowed to is known.
    fn check(&self, what: Word, of: &Spanned<String>, sink: &mut Sink) {
        let kind = match what.takes() {
            Takes::CountMayOf(kind) | Takes::CountOf(kind) | Takes::Name(kind) => kind,
            Takes::TimeMayOf(kind) | Takes::ValueOf(kind) => kind,
            Takes::Truth => return,
        };
        let known = match kind {
            Of::Producer => &self.producers,
            Of::Consumer => &self.consumers,
            Of::Queue => &self.queues,
            Of::Table => &self.tables,
            Of::Destination => &self.destinations,
            Of::Party => &self.parties,
            // `messages` has an eye on ids.
            Of::Message => return,
            Of::Fault => &self.faults,
            Of::Outcome => &self.outcomes,
        };
        known.check(of, sink);
    }
}

/// The tables that a consumer writes to.
fn tables_of(consumer: &Consumer) -> impl Iterator<Item = &Spanned<String>> {
    let known = match &consumer.dedup {
        Some(Dedup::Table { table, .. }) => Some(table),
        _ => None,
    };
    consumer.effects.table().into_iter().chain(known)
}
