//! What can only be checked across the parts of a scenario: that names are unique and that every name that is used is
//! one that something has.
//!
//! Not the shape of the parts; the schema has checked that.

use super::broker::Broker;
use super::broker::rabbitmq::{PREDECLARED, Rabbitmq};
use super::diagnostics::{Code, Diagnostic, Extent, Sink, Spanned, visible};
use super::schema::{Action, Consumer, FramePoint, Scenario, Script, Target, When};
use super::tree::Node;
use crate::trace::Outcome;
use crate::verdict::{Of, Takes};
use std::collections::BTreeMap;

/// The most clients that a scenario may have.
pub const MAX_CLIENTS: usize = 1_000;

/// Things of one kind that have names.
struct Known<'a> {
    /// What one is: `queue`.
    kind: &'static str,
    names: BTreeMap<&'a str, Option<Extent>>,
}

impl<'a> Known<'a> {
    fn new(kind: &'static str) -> Known<'a> {
        Known { kind, names: BTreeMap::new() }
    }
    fn with(mut self, names: impl IntoIterator<Item = &'a Spanned<String>>) -> Known<'a> {
        self.names.extend(names.into_iter().map(|name| (name.value.as_str(), Some(name.at))));
        self
    }
    fn and(mut self, names: impl IntoIterator<Item = &'a str>) -> Known<'a> {
        self.names.extend(names.into_iter().map(|name| (name, None)));
        self
    }
    fn find(&self, name: &str) -> Option<Option<Extent>> {
        self.names.get(name).copied()
    }
    fn words(&self) -> impl Iterator<Item = &'a str> {
        self.names.keys().copied().filter(|name| !name.is_empty() && !name.starts_with("amq."))
    }
    /// Reports a name that nothing has.
    fn check(&self, name: &Spanned<String>, sink: &mut Sink) {
        // Looking for a similar name takes its time.
        if self.find(&name.value).is_none() && !sink.is_full() {
            sink.push(self.unknown(name));
        }
    }
    fn unknown(&self, name: &Spanned<String>) -> Diagnostic {
        let title = format!("there is no {} `{}`", self.kind, visible(&name.value));
        let bad = Diagnostic::new(Code::UnknownName, title, name.at, "unknown name");
        let near = super::diagnostics::nearest(&name.value, &self.words().collect::<Vec<_>>());
        let near = near.and_then(|near| self.find(near)).flatten();
        let bad = bad.suggest(&name.value, self.words());
        match near {
            Some(at) => bad.label(at, format!("{} {} with a similar name", article(self.kind), self.kind)),
            None => bad,
        }
    }
    /// Reports a target that is not there though it should be, or is there though it should not.
    fn check_target(&self, target: &Target, sink: &mut Sink) {
        match (self.find(&target.name.value), target.missing) {
            (None, false) if !sink.is_full() => {
                let example = super::printer::quoted(&target.name.value);
                sink.push(
                    self.unknown(&target.name).help(format!("if it is to be missing, write `missing({example})`")),
                );
            }
            (Some(at), true) => {
                let title = format!("the {} `{}` is not missing", self.kind, visible(&target.name.value));
                let bad = Diagnostic::new(Code::Conflict, title, target.name.at, "said to be missing");
                sink.push(match at {
                    Some(at) => bad.label(at, "declared here"),
                    None => bad,
                });
            }
            _ => {}
        }
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// Reports names that stand twice.
fn unique<'a>(kind: &str, names: impl IntoIterator<Item = &'a Spanned<String>>, sink: &mut Sink) {
    let mut seen: BTreeMap<&str, Extent> = BTreeMap::new();
    for name in names {
        if let Some(before) = seen.get(name.value.as_str()) {
            let title = format!("two {kind} are called `{}`", visible(&name.value));
            sink.push(Diagnostic::new(Code::DuplicateName, title, name.at, "again here").label(*before, "first here"));
        } else {
            seen.insert(&name.value, name.at);
        }
    }
}

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
        scenario.broker.check_script(script, sink);
    }
    let declared = declared_by_scripts(&scenario.scripts);
    match &scenario.broker {
        Broker::Rabbitmq(rabbitmq) => topology(scenario, rabbitmq, &declared, sink),
        Broker::Redis(_) => lists(scenario, sink),
    }
    ids(scenario, sink);
    faults(scenario, sink);
    expectations(scenario, &declared, sink);
}

/// Queues and exchanges that come up while the run goes on.
#[derive(Default)]
struct Declared {
    queues: Vec<Spanned<String>>,
    exchanges: Vec<Spanned<String>>,
}

fn declared_by_scripts(scripts: &[Script]) -> Declared {
    let mut declared = Declared::default();
    for step in scripts.iter().flat_map(|script| &script.steps) {
        let field = |name: &str| {
            let node = step.node.field(name)?;
            node.text().map(|text| Spanned::new(text.to_owned(), node.at))
        };
        match step.word.value.as_str() {
            "queue_declare" => declared.queues.extend(field("queue")),
            "exchange_declare" => declared.exchanges.extend(field("exchange")),
            _ => {}
        }
    }
    declared
}

fn topology(scenario: &Scenario, broker: &Rabbitmq, declared: &Declared, sink: &mut Sink) {
    unique("exchanges", broker.exchanges.iter().map(|exchange| &exchange.name), sink);
    unique("queues", broker.queues.iter().map(|queue| &queue.name), sink);
    let exchanges = Known::new("exchange")
        .with(broker.exchanges.iter().map(|exchange| &exchange.name))
        .with(&declared.exchanges)
        .and(PREDECLARED);
    let queues = Known::new("queue").with(broker.queues.iter().map(|queue| &queue.name)).with(&declared.queues);
    for exchange in &broker.exchanges {
        if let Some(alternate) = &exchange.alternate {
            exchanges.check(alternate, sink);
        }
        if PREDECLARED.contains(&exchange.name.value.as_str()) {
            let title = format!("the exchange `{}` is always there", visible(&exchange.name.value));
            sink.push(Diagnostic::new(Code::DuplicateName, title, exchange.name.at, "declared by RabbitMQ itself"));
        }
    }
    for binding in &broker.bindings {
        exchanges.check(&binding.from, sink);
        if exchanges.find(&binding.to.value).is_none() {
            queues.check(&binding.to, sink);
        }
    }
    for publish in scenario.producers.iter().flat_map(|producer| &producer.publish) {
        exchanges.check_target(&publish.to, sink);
        if let Some(reply_to) = &publish.reply_to {
            queues.check_target(reply_to, sink);
        }
    }
    for consumer in &scenario.consumers {
        queues.check_target(&consumer.from, sink);
    }
}

/// Lists need no declaration: there is one where somebody pushes.
fn lists(scenario: &Scenario, sink: &mut Sink) {
    let publishes = || scenario.producers.iter().flat_map(|producer| &producer.publish);
    let replies = publishes().filter_map(|publish| publish.reply_to.as_ref()).map(|target| &target.name);
    let known = Known::new("list").with(publishes().map(|publish| &publish.to.name)).with(replies);
    for consumer in &scenario.consumers {
        if !consumer.from.missing {
            known.check(&consumer.from.name, sink);
        }
    }
}

fn faults(scenario: &Scenario, sink: &mut Sink) {
    let known = Moments {
        parties: Known::new("party").with(scenario.parties().map(|(_, name)| name)),
        nodes: Known::new("node").with([scenario.broker.name()]),
        consumers: Known::new("consumer").with(scenario.consumers.iter().map(|consumer| &consumer.name)),
        methods: Known::new("method").and(scenario.broker.methods()),
    };
    let (parties, nodes) = (&known.parties, &known.nodes);
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
            Action::Kill { who, .. } | Action::Stop { who, .. } | Action::Pause { who, .. } => parties.check(who, sink),
        }
        moment(&fault.when, &known, sink);
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

fn expectations(scenario: &Scenario, declared: &Declared, sink: &mut Sink) {
    let tables = || scenario.consumers.iter().filter_map(table);
    let producers = || scenario.producers.iter().map(|p| &p.name).chain(scenario.scripts.iter().map(|s| &s.name));
    let consumers = || scenario.consumers.iter().map(|c| &c.name).chain(scenario.scripts.iter().map(|s| &s.name));
    let queues: Vec<&Spanned<String>> = match &scenario.broker {
        Broker::Rabbitmq(broker) => broker.queues.iter().map(|q| &q.name).chain(&declared.queues).collect(),
        Broker::Redis(_) => {
            let to = scenario.producers.iter().flat_map(|p| &p.publish).map(|p| &p.to.name);
            to.chain(scenario.consumers.iter().map(|c| &c.from.name)).collect()
        }
    };
    let outcomes = Outcome::ALL.iter().map(|outcome| outcome.word());
    for expect in &scenario.expect {
        let Some(of) = &expect.of else { continue };
        let (Takes::CountMayOf(kind) | Takes::CountOf(kind) | Takes::Name(kind)) = expect.expectation.what.takes()
        else {
            continue;
        };
        let known = match kind {
            Of::Producer => Known::new("producer").with(producers()),
            Of::Consumer => Known::new("consumer").with(consumers()),
            Of::Queue => Known::new("queue").with(queues.iter().copied()),
            Of::Table => Known::new("table").with(tables()),
            Of::Destination => Known::new("destination").with(tables()).with(queues.iter().copied()).and(["nowhere"]),
            Of::Fault => Known::new("fault").with(scenario.faults.iter().map(|fault| &fault.name)),
            Of::Outcome => Known::new("outcome").and(outcomes.clone()),
        };
        known.check(of, sink);
    }
}

fn table(consumer: &Consumer) -> Option<&Spanned<String>> {
    consumer.effect.as_ref().map(|effect| &effect.table)
}
