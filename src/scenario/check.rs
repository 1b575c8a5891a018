//! What can only be checked across the parts of a scenario: that names are unique and that every name that is used is
//! one that something has.
//!
//! Not the shape of the parts, which the schema has checked; and not what is declared in a broker, which the broker's
//! file checks.

use super::diagnostics::{Code, Diagnostic, Sink, Spanned, visible};
use super::names::{Known, unique};
use super::schema::{Action, Consumer, FramePoint, Scenario, When};
use super::tree::Node;
use crate::trace::Outcome;
use crate::verdict::{Of, Takes, Word};

/// The most clients that a scenario may have.
pub const MAX_CLIENTS: usize = 1_000;

/// Checks a scenario. Where parts of it could not be decoded, a name that is like no other may be one of theirs and is
/// not reported.
pub(super) fn check(scenario: &Scenario, root: &Node, sink: &mut Sink) {
    let incomplete = |d: &Diagnostic| {
        use Code::{Arguments, BadName, MissingField, UnknownWord, WrongType};
        matches!(d.code, Arguments | BadName | MissingField | UnknownWord | WrongType)
    };
    let shaky = sink.list.iter().any(incomplete);
    let mut own = Sink::default();
    parts(scenario, root, &mut own);
    for bad in own.list {
        if !(shaky && bad.code == Code::UnknownName && bad.secondary.is_empty()) {
            sink.push(bad);
        }
    }
}

fn parts(scenario: &Scenario, root: &Node, sink: &mut Sink) {
    unique("parties", scenario.parties().map(|(_, name)| name), sink);
    unique("faults", scenario.faults.iter().map(|fault| &fault.name), sink);
    let clients = scenario.producers.len() + scenario.consumers.len() + scenario.scripts.len();
    if clients > MAX_CLIENTS {
        let title = format!("{clients} clients are more than {MAX_CLIENTS}");
        sink.push(Diagnostic::new(Code::OutOfRange, title, root.head(), "too many clients"));
    }
    for script in &scenario.scripts {
        scenario.broker.system().check_script(script, sink);
    }
    scenario.broker.system().check(scenario, sink);
    accesses(scenario, sink);
    ids(scenario, sink);
    faults(scenario, sink);
    expectations(scenario, sink);
    lesson(scenario, sink);
}

/// Where a system has no users and virtual hosts, nobody can log in as one or to one.
fn accesses(scenario: &Scenario, sink: &mut Sink) {
    let system = scenario.broker.system();
    if system.has_access() {
        return;
    }
    let producers = scenario.producers.iter().map(|producer| &producer.access);
    for access in producers.chain(scenario.consumers.iter().map(|consumer| &consumer.access)) {
        for (what, name) in [("user", &access.user), ("virtual host", &access.vhost)] {
            if let Some(name) = name {
                let title =
                    format!("there is no {what} `{}`: {} has none in this model", visible(&name.value), system.word());
                sink.push(Diagnostic::new(Code::Conflict, title, name.at, format!("a {what}")));
            }
        }
    }
}

fn faults(scenario: &Scenario, sink: &mut Sink) {
    let known = Moments::of(scenario);
    let (parties, nodes) = (&known.parties, &known.nodes);
    let node = &scenario.broker.name().value;
    let clients = scenario.parties().map(|(_, name)| name).filter(|name| name.value != *node);
    let clients = Known::new("client").with(clients);
    for link in &scenario.network.links {
        between(scenario, &link.between, parties, sink);
    }
    for fault in &scenario.faults {
        match &fault.action {
            Action::Cut { between: ends, losing, .. } => {
                between(scenario, ends, parties, sink);
                if let Some(losing) = losing.as_ref().filter(|l| l.value != ends.0.value && l.value != ends.1.value) {
                    let title = format!("`{}` is at neither end of the cut connection", visible(&losing.value));
                    let bad = Diagnostic::new(Code::Conflict, title, losing.at, "whose messages are lost?");
                    sink.push(bad.label(ends.0.at.to(ends.1.at), "the connection"));
                }
            }
            Action::PowerLoss { who, .. } | Action::FailDisk { who, .. } => nodes.check(who, sink),
            Action::Alarm { who, .. } => {
                nodes.check(who, sink);
                only_rabbitmq(scenario, &fault.name, "an alarm", sink);
            }
            Action::CloseConnection { who } => {
                clients.check(who, sink);
                only_rabbitmq(scenario, &fault.name, "an operator who closes connections", sink);
            }
            Action::DeleteVhost { .. } => only_rabbitmq(scenario, &fault.name, "a virtual host", sink),
            Action::Kill { who, .. } | Action::Stop { who, .. } | Action::Pause { who, .. } => parties.check(who, sink),
        }
        moment(&fault.when, &known, sink);
    }
}

/// What only one system has in this model.
fn only_rabbitmq(scenario: &Scenario, fault: &Spanned<String>, what: &str, sink: &mut Sink) {
    if !scenario.broker.system().has_access() {
        let title = format!("{} has no such thing as {what} in this model", scenario.broker.system().word());
        sink.push(Diagnostic::new(Code::Conflict, title, fault.at, "this fault"));
    }
}

/// A connection has a client at one end and the node at the other.
fn between(scenario: &Scenario, ends: &(Spanned<String>, Spanned<String>), parties: &Known<'_>, sink: &mut Sink) {
    parties.check(&ends.0, sink);
    parties.check(&ends.1, sink);
    let node = &scenario.broker.name().value;
    let known = parties.find(&ends.0.value).is_some() && parties.find(&ends.1.value).is_some();
    if known && (ends.0.value == *node) == (ends.1.value == *node) {
        let title = "there is no connection between these two";
        let bad = Diagnostic::new(Code::Conflict, title, ends.0.at.to(ends.1.at), "one of them must be the node");
        sink.push(bad.help(format!("the node is called `{}`", visible(node))));
    }
}

/// What a moment may speak of.
struct Moments<'a> {
    parties: Known<'a>,
    nodes: Known<'a>,
    consumers: Known<'a>,
    methods: Known<'a>,
}

impl<'a> Moments<'a> {
    fn of(scenario: &'a Scenario) -> Moments<'a> {
        Moments {
            parties: Known::new("party").with(scenario.parties().map(|(_, name)| name)),
            nodes: Known::new("node").with([scenario.broker.name()]),
            consumers: Known::new("consumer").with(scenario.consumers.iter().map(|consumer| &consumer.name)),
            methods: Known::new("method").and(scenario.broker.methods()),
        }
    }
}

fn moment(when: &When, known: &Moments<'_>, sink: &mut Sink) {
    match when {
        When::At(_) => {}
        When::Sending(FramePoint { method, from, to, .. }) | When::Arriving(FramePoint { method, from, to, .. }) => {
            for name in from.iter().chain(to) {
                known.parties.check(name, sink);
            }
            if let Some(method) = method {
                known.methods.check(method, sink);
            }
        }
        When::BeforeFsync(point) | When::AfterWrite(point) | When::AfterFsync(point) => {
            if let Some(node) = &point.node {
                known.nodes.check(node, sink);
            }
        }
        When::Worked(point) | When::Received(point) => known.consumers.check(&point.consumer, sink),
        When::With(_, when) => moment(when, known, sink),
    }
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

fn expectations(scenario: &Scenario, sink: &mut Sink) {
    let queues = scenario.broker.system().queues(scenario);
    for expect in &scenario.expect {
        if let Some(of) = &expect.of {
            narrowed(scenario, &queues, expect.expectation.what, of, sink);
        }
    }
}

/// A lesson speaks of moments, and of figures of the run.
fn lesson(scenario: &Scenario, sink: &mut Sink) {
    let known = Moments::of(scenario);
    for when in scenario.lesson.moments() {
        moment(when, &known, sink);
    }
    let queues = scenario.broker.system().queues(scenario);
    for figure in scenario.lesson.figures() {
        if let Err(error) = figure.value.check() {
            sink.push(Diagnostic::new(Code::Arguments, error.to_string(), figure.at, "this figure"));
        }
        if let Some(of) = figure.value.of {
            narrowed(scenario, &queues, figure.value.what, &Spanned::new(of, figure.at), sink);
        }
    }
}

/// Whether what a word of the verdict is narrowed to is known.
fn narrowed(scenario: &Scenario, queues: &[Spanned<String>], what: Word, of: &Spanned<String>, sink: &mut Sink) {
    let tables = || scenario.consumers.iter().filter_map(table);
    let producers = || scenario.producers.iter().map(|p| &p.name).chain(scenario.scripts.iter().map(|s| &s.name));
    let consumers = || scenario.consumers.iter().map(|c| &c.name).chain(scenario.scripts.iter().map(|s| &s.name));
    let (Takes::CountMayOf(kind) | Takes::CountOf(kind) | Takes::Name(kind)) = what.takes() else { return };
    let known = match kind {
        Of::Producer => Known::new("producer").with(producers()),
        Of::Consumer => Known::new("consumer").with(consumers()),
        Of::Queue => Known::new("queue").with(queues),
        Of::Table => Known::new("table").with(tables()),
        Of::Destination => Known::new("destination").with(tables()).with(queues).and(["nowhere"]),
        Of::Fault => Known::new("fault").with(scenario.faults.iter().map(|fault| &fault.name)),
        Of::Outcome => Known::new("outcome").and(Outcome::ALL.iter().map(|outcome| outcome.word())),
    };
    known.check(of, sink);
}

fn table(consumer: &Consumer) -> Option<&Spanned<String>> {
    consumer.effect.as_ref().map(|effect| &effect.table)
}
