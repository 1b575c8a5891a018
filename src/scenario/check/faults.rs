//! Whether what faults and moments speak of is there.

use super::super::diagnostics::{Code, Diagnostic, Sink, Spanned, visible};
use super::super::names::Known;
use super::super::schema::{Action, FramePoint, Scenario, Strike, When};

/// Checks what faults speak of.
pub(super) fn faults(scenario: &Scenario, sink: &mut Sink) {
    let known = Moments::of(scenario);
    let parties = &known.parties;
    let node = &scenario.broker.name().value;
    let clients = scenario.parties().map(|(_, name)| name).filter(|name| name.value != *node);
    let clients = Known::new("client").with(clients);
    for link in &scenario.network.links {
        between(scenario, &link.between, parties, sink);
    }
    for fault in &scenario.faults {
        let checker = Checker { scenario, known: &known, clients: &clients, fault: &fault.name };
        for action in fault.what.actions() {
            checker.action(action, sink);
        }
        if let Strike::When(_, when) = &fault.what {
            moment(when, &known, sink);
        }
    }
}

struct Checker<'a> {
    scenario: &'a Scenario,
    known: &'a Moments<'a>,
    clients: &'a Known<'a>,
    fault: &'a Spanned<String>,
}

impl Checker<'_> {
    fn action(&self, action: &Action, sink: &mut Sink) {
        let Checker { scenario, fault, .. } = *self;
        let Moments { parties, nodes, .. } = self.known;
        match action {
            Action::Cut { between: ends, losing: one, .. }
            | Action::BlackHole { between: ends, towards: one, .. }
            | Action::Slow { between: ends, towards: one, .. } => {
                between(scenario, ends, parties, sink);
                self.is_end(ends, one.as_ref(), sink);
            }
            Action::Partition { between, towards, .. } => self.partition(between, towards.as_ref(), sink),
            Action::PowerLoss { who, .. } | Action::Disk { who, .. } => nodes.check(who, sink),
            Action::Alarm { who, .. } => {
                nodes.check(who, sink);
                only_rabbitmq(scenario, fault, "an alarm", sink);
            }
            Action::CloseConnection { who } => {
                self.clients.check(who, sink);
                only_rabbitmq(scenario, fault, "an operator who closes connections", sink);
            }
            Action::DeleteVhost { .. } => only_rabbitmq(scenario, fault, "a virtual host", sink),
            Action::Kill { who, .. } | Action::Stop { who, .. } | Action::Pause { who, .. } => parties.check(who, sink),
        }
    }

    /// A direction is named by the end that it leads to.
    fn is_end(&self, ends: &(Spanned<String>, Spanned<String>), one: Option<&Spanned<String>>, sink: &mut Sink) {
        let read = |one: &&Spanned<String>| [*one, &ends.0, &ends.1].iter().all(|name| name.is_read());
        if let Some(one) = one.filter(read).filter(|one| one.value != ends.0.value && one.value != ends.1.value) {
            let title = format!("`{}` is at neither end of the connection", visible(&one.value));
            let bad = Diagnostic::new(Code::Conflict, title, one.at, "which direction?");
            sink.push(bad.label(ends.0.at.to(ends.1.at), "the connection"));
        }
    }

    fn partition(
        &self,
        (a, b): &(Vec<Spanned<String>>, Vec<Spanned<String>>),
        towards: Option<&Spanned<String>>,
        sink: &mut Sink,
    ) {
        let parties = &self.known.parties;
        a.iter().chain(b).chain(towards).for_each(|name| parties.check(name, sink));
        let Some(first) = a.first() else { return };
        if let Some(both) = b.iter().find(|name| name.is_read() && a.iter().any(|other| other.value == name.value)) {
            let title = format!("`{}` cannot be parted from itself", visible(&both.value));
            sink.push(Diagnostic::new(Code::Conflict, title, both.at, "in both groups"));
        }
        let group = |name: &str| {
            let has = |group: &[Spanned<String>]| group.iter().any(|member| member.value == name);
            if has(a) { Some(true) } else { (has(b) || b.is_empty()).then_some(false) }
        };
        let node = group(&self.scenario.broker.name().value);
        let mut others = self.scenario.parties().map(|(_, name)| group(&name.value));
        let known = a.iter().chain(b).all(|name| parties.find(&name.value).is_some());
        if known && !(node.is_some() && others.any(|other| other.is_some() && other != node)) {
            let title = "there is no link between these groups";
            let bad = Diagnostic::new(Code::Conflict, title, first.at, "this group, and the other");
            let node = visible(&self.scenario.broker.name().value);
            sink.push(bad.help(format!("one of them must have the node, which is called `{node}`")));
        }
        if let Some(to) = towards.filter(|to| parties.find(&to.value).is_some() && group(&to.value).is_none()) {
            let title = format!("`{}` is in neither group", visible(&to.value));
            sink.push(Diagnostic::new(Code::Conflict, title, to.at, "which direction?"));
        }
    }
}

/// What only one system has in this model.
fn only_rabbitmq(scenario: &Scenario, fault: &Spanned<String>, what: &str, sink: &mut Sink) {
    if scenario.broker_is_read && !scenario.broker.system().has_access() {
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
pub(super) struct Moments<'a> {
    parties: Known<'a>,
    nodes: Known<'a>,
    consumers: Known<'a>,
    methods: Known<'a>,
}

impl<'a> Moments<'a> {
    pub(super) fn of(scenario: &'a Scenario) -> Moments<'a> {
        Moments {
            parties: Known::new("party").with(scenario.parties().map(|(_, name)| name)),
            nodes: Known::new("node").with([scenario.broker.name()]),
            consumers: Known::new("consumer").with(scenario.consumers.iter().map(|consumer| &consumer.name)),
            methods: super::methods(scenario),
        }
    }
}

/// Checks what a moment speaks of.
pub(super) fn moment(when: &When, known: &Moments<'_>, sink: &mut Sink) {
    match when {
        When::At(..) => {}
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
