//! From a scenario to the plan of a world: names become interned, references become ids.
//!
//! Nothing is checked here for the user's sake; a scenario that was selected is sound. What one system needs of it is
//! in that system's file under `broker`; what breaks is in `faults`.

mod faults;
mod noticed;
mod says;

use super::broker::rabbitmq::DEFAULT_VHOST;
use super::diagnostics::Spanned;
use super::policies;
use super::schema::{self, Scenario, When, Which};
use crate::app::{self, AckPolicy, Reliability, Timing};
use crate::ids::{ActorId, Name, Names};
use crate::machine::{Access, Poll, Props, Session, Take, Value};
use crate::net::{Link, Lossy};
use crate::sim::{Limits, Spread};
use crate::trace::{self, ActorKind, Destination, DiskAt, DiskStep, FrameAt, Header, Moment, Planned, What, WorkAt};
use crate::units::{Span, Time};
use crate::world::plan::{ClientPlan, NodePlan, Plan, Program};
use std::sync::Arc;

/// Why a scenario cannot be lowered, in words: only what depends on a system's own words, such as a script's step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LowerError {
    /// Where in the file.
    pub at: super::Extent,
    /// What is wrong.
    pub says: String,
}

/// The plan of a scenario.
///
/// # Errors
/// Where a script's step is not one of the system's, or its fields are wrong.
pub fn lower(scenario: &Scenario) -> Result<Arc<Plan>, LowerError> {
    let mut names = Names::new();
    let config = scenario.broker.system().config(&mut names);
    let clients = Clients { scenario, names: &mut names }.all()?;
    let mut plan = Plan {
        header: Header::default(),
        names: Names::new(),
        seed: scenario.seed,
        limits: limits(&scenario.limits),
        until: scenario.until.map(|span| Time(span.0)),
        nodes: vec![NodePlan {
            name: scenario.broker.name().value.clone(),
            config,
            disk: crate::disk::Speed { write: spread(scenario.disk.write), fsync: spread(scenario.disk.fsync) },
        }],
        clients,
        link: Link {
            latency: spread(scenario.network.latency),
            bandwidth: scenario.network.bandwidth.map(u64::from),
            lossy: None,
        },
        links: Vec::new(),
        tcp_timeout: scenario.network.tcp_timeout,
        faults: Vec::new(),
        roads: Vec::new(),
        nemeses: Vec::new(),
    };
    plan.links = links(scenario, &plan);
    let faults = faults::lower(scenario, &mut plan, &mut names);
    plan.header = Header { faults, ..header(scenario, &plan) };
    names.share();
    plan.names = names;
    Ok(Arc::new(plan))
}

fn limits(limits: &schema::Limits) -> Limits {
    Limits { events: limits.events, time: Time(limits.time.0), messages: limits.messages, ..Limits::default() }
}

/// The scenario's `uniform` includes its upper bound, the kernel's does not.
fn spread(timing: Timing) -> Spread {
    match timing {
        Timing::Constant(span) => Spread::Fixed(span),
        Timing::Uniform(lo, hi) => Spread::Uniform { lo, hi: hi + Span(1) },
        Timing::Exponential(mean) => Spread::Exponential { mean },
    }
}

fn links(scenario: &Scenario, plan: &Plan) -> Vec<(usize, usize, Link)> {
    let client = |name: &Spanned<String>| plan.clients.iter().position(|c| c.name == name.value);
    let node = |name: &Spanned<String>| plan.nodes.iter().position(|n| n.name == name.value);
    let own = |link: &schema::Link| {
        let (a, b) = (&link.between.0, &link.between.1);
        let (client, node) = client(a).zip(node(b)).or_else(|| client(b).zip(node(a)))?;
        let latency = link.latency.map_or(plan.link.latency, spread);
        let bandwidth = link.bandwidth.map(u64::from).or(plan.link.bandwidth);
        let lossy = link.lossy.map(|schema::Lossy { drop, duplicate, overtake }| Lossy { drop, duplicate, overtake });
        Some((client, node, Link { latency, bandwidth, lossy }))
    };
    scenario.network.links.iter().filter_map(own).collect()
}

fn header(scenario: &Scenario, plan: &Plan) -> Header {
    let mut destinations = Vec::new();
    for consumer in &scenario.consumers {
        let own = scenario.broker.system().own_list(consumer);
        destinations.extend([Some(consumer.from.name.value.clone()), own].into_iter().flatten().map(|from| {
            Destination {
                from: shown(&consumer.session.access, from),
                consumer: actor(plan, &consumer.name),
                table: consumer.effects.table().map(|table| table.value.clone()),
                adds: consumer.effects.adds(),
            }
        }));
    }
    for producer in &scenario.producers {
        let (Some(reply), Some(from)) = (&producer.expects_reply, policies::reply_queue(producer)) else { continue };
        destinations.push(Destination {
            from: shown(&producer.session.access, from.value.clone()),
            consumer: actor(plan, &producer.name),
            table: Some(reply.table.value.clone()),
            adds: false,
        });
    }
    Header {
        title: scenario.title.clone(),
        about: scenario.about.clone(),
        variant: scenario.variant.clone(),
        seed: scenario.seed,
        scenario: scenario.digest.to_string(),
        token: None,
        actors: plan.actors(),
        destinations,
        planned: planned(scenario, plan),
        faults: Vec::new(),
        expect: scenario.expect.iter().map(|e| e.expectation.to_string()).collect(),
        invariants: scenario.invariants.iter().map(|invariant| invariant.plain().to_string()).collect(),
        lesson: lesson(scenario),
        declared: scenario.declared.clone(),
    }
}

fn lesson(scenario: &Scenario) -> trace::Lesson {
    let node = &scenario.broker.name().value;
    let caption = |caption: &schema::Caption| trace::Caption {
        at: lesson_moment(&caption.at, node),
        says: caption.says.value.clone(),
    };
    let question = |question: &schema::Question| trace::Question {
        ask: question.ask.clone(),
        at: question.at.as_ref().map(|at| lesson_moment(at, node)),
        key: match &question.key {
            schema::Key::Figure(figure) => trace::Key::Figure(figure.value.to_string()),
            schema::Key::Choice { choices, answer } => {
                trace::Key::Choice { choices: choices.clone(), answer: answer.clone() }
            }
        },
        because: question.because.as_ref().map(|text| text.value.clone()),
    };
    trace::Lesson {
        captions: scenario.lesson.captions.iter().map(caption).collect(),
        questions: scenario.lesson.questions.iter().map(question).collect(),
        next: scenario.lesson.next.iter().map(|text| text.value.clone()).collect(),
    }
}

/// A moment that is looked up in the record of a run. `broker` is the node of which nothing is said.
fn lesson_moment(when: &When, broker: &str) -> Moment {
    let text = |name: &Option<Spanned<String>>| name.as_ref().map(|name| name.value.clone());
    let frame = |point: &schema::FramePoint| FrameAt {
        method: text(&point.method),
        from: text(&point.from),
        to: text(&point.to),
        message: text(&point.message),
        nth: point.nth.first,
    };
    let disk = |step: DiskStep, point: &schema::DiskPoint| DiskAt {
        node: text(&point.node).unwrap_or_else(|| broker.to_owned()),
        step,
        message: text(&point.message),
        nth: point.nth.first,
    };
    let work = |what: What, point: &schema::WorkPoint| WorkAt {
        consumer: point.consumer.value.clone(),
        what,
        message: text(&point.message),
        nth: point.nth.first,
    };
    match when {
        When::At(span, _) => Moment::At(span.0),
        When::Sending(point) => Moment::Sending(frame(point)),
        When::Arriving(point) => Moment::Arriving(frame(point)),
        When::BeforeFsync(point) => Moment::Disk(disk(DiskStep::Sync, point)),
        When::AfterWrite(point) => Moment::Disk(disk(DiskStep::Written, point)),
        When::AfterFsync(point) => Moment::Disk(disk(DiskStep::Synced, point)),
        When::Worked(point) => Moment::Work(work(What::WorkDone, point)),
        When::Received(point) => Moment::Work(work(What::Received, point)),
        When::With(_, inner) => lesson_moment(inner, broker),
    }
}

/// A queue as the trace calls it: with its virtual host where that is not the default.
fn shown(access: &schema::Access, queue: String) -> String {
    match &access.vhost {
        Some(vhost) if vhost.value != DEFAULT_VHOST => format!("{}/{queue}", vhost.value),
        _ => queue,
    }
}

/// How much each producer is to publish.
fn planned(scenario: &Scenario, plan: &Plan) -> Vec<Planned> {
    let of = |producer: &schema::Producer| {
        let messages = producer.publish.iter().fold(0, |sum: u32, publish| sum.saturating_add(publish.count));
        Planned { producer: actor(plan, &producer.name), messages }
    };
    scenario.producers.iter().map(of).collect()
}

/// The id of a party; [`ActorId::NONE`] if there is none of this name.
fn actor(plan: &Plan, name: &Spanned<String>) -> ActorId {
    let client = plan.clients.iter().position(|c| c.name == name.value).map(|c| plan.client_id(c));
    let node = || plan.nodes.iter().position(|n| n.name == name.value).map(|n| plan.node_id(n));
    client.or_else(node).unwrap_or_default()
}

struct Clients<'a> {
    scenario: &'a Scenario,
    names: &'a mut Names,
}

impl Clients<'_> {
    fn all(&mut self) -> Result<Vec<ClientPlan>, LowerError> {
        let mut all = Vec::new();
        for producer in &self.scenario.producers {
            all.push(self.producer(producer));
        }
        for script in &self.scenario.scripts {
            all.push(ClientPlan {
                name: script.name.value.clone(),
                kind: ActorKind::Script,
                node: 0,
                program: Program::Script(self.scenario.broker.system().script(script, self.names)?),
                start: script.start,
                restart: None,
            });
        }
        for consumer in &self.scenario.consumers {
            all.push(self.consumer(consumer));
        }
        Ok(all)
    }

    fn producer(&mut self, producer: &schema::Producer) -> ClientPlan {
        let spec = app::ProducerSpec {
            plans: producer.publish.iter().map(|publish| self.publish(publish, producer)).collect(),
            reliability: self.reliability(producer),
            reconnect: producer.session.reconnect,
            on_returned: producer.on_returned.as_ref().map(|aside| app::Aside {
                to: self.names.intern(&aside.to.name.value),
                key: aside.key.as_ref().map_or(Name::NONE, |key| self.names.intern(&key.value)),
            }),
            books: self.books(producer),
        };
        let take = producer.expects_reply.as_ref().and(policies::reply_queue(producer)).map(|from| Take {
            from: self.names.intern(&from.value),
            auto_settle: true,
            prefetch: 0,
            poll: None,
            options: Arc::default(),
        });
        ClientPlan {
            name: producer.name.value.clone(),
            kind: ActorKind::Producer,
            node: 0,
            program: Program::App {
                spec: Arc::new(app::Spec::Producer(spec)),
                session: Arc::new(Session {
                    confirms: matches!(producer.reliability, Reliability::Confirms { .. }),
                    transactions: matches!(producer.reliability, Reliability::Transactions { .. }),
                    take,
                    heartbeat: producer.session.heartbeat,
                    access: access(&producer.session.access, self.names),
                }),
            },
            start: producer.session.start,
            restart: producer.session.restart,
        }
    }

    /// How a producer makes sure; one that asks questions waits for their answers.
    fn reliability(&mut self, producer: &schema::Producer) -> Reliability {
        match &producer.expects_reply {
            None => producer.reliability,
            Some(reply) => Reliability::Replies {
                timeout: reply.timeout,
                max: reply.retry.saturating_add(1),
                check: reply.check_correlation,
                table: self.names.intern(&reply.table.value),
            },
        }
    }

    fn books(&mut self, producer: &schema::Producer) -> app::Books {
        let mut row = |table: &Spanned<String>| app::Effect {
            table: self.names.intern(&table.value),
            key: app::Derived::id(),
            kind: app::EffectKind::Insert,
        };
        match (&producer.outbox, &producer.dual_write) {
            (Some(outbox), _) => app::Books::Outbox {
                order: row(&outbox.orders),
                outbox: row(&outbox.table),
                every: outbox.every,
                batch: outbox.batch,
            },
            (None, Some(dual)) => {
                app::Books::Dual { order: row(&dual.table), row_first: dual.row_first, gap: dual.gap }
            }
            (None, None) => app::Books::None,
        }
    }

    fn publish(&mut self, publish: &schema::Publish, producer: &schema::Producer) -> app::Plan {
        // A question has a correlation id; what it is called is as good as another.
        let asks = producer.expects_reply.as_ref().map(|_| &publish.id);
        let correlation = publish.correlation_id.as_ref().or(asks);
        let props = Props {
            delivery_mode: publish.persistent.then_some(2),
            priority: publish.priority,
            expiration: publish.expiration.map(|span| (span.0 / 1_000_000).to_string().into()),
            headers: publish.headers.as_deref().map(table),
            ..Props::default()
        };
        app::Plan {
            to: self.names.intern(&publish.to.name.value),
            keys: publish.keys.iter().map(|key| self.template(&key.name.value)).collect(),
            id: self.template(&publish.id.value),
            count: publish.count,
            every: publish.every,
            start: publish.start,
            size: publish.size,
            mandatory: publish.mandatory,
            props: props.into(),
            reply_to: publish.reply_to.as_ref().map_or(Name::NONE, |to| self.names.intern(&to.name.value)),
            correlation: correlation.map(|id| self.template(&id.value)),
        }
    }

    /// A template; a text that is none stands for itself, and checking has refused it before.
    fn template(&mut self, text: &str) -> app::Template {
        let fixed = self.names.intern(text);
        app::Template::new(text, self.names).unwrap_or_else(|_| app::Template::fixed(fixed))
    }

    fn derived(&mut self, text: &str) -> app::Derived {
        app::Derived::new(text, self.names).unwrap_or_else(|_| app::Derived::id())
    }

    fn consumer(&mut self, consumer: &schema::Consumer) -> ClientPlan {
        let spec = app::ConsumerSpec {
            name: self.names.intern(&consumer.name.value),
            ack: consumer.ack,
            work: consumer.work,
            parallel: consumer.parallel,
            fail: consumer.fail.iter().map(|fail| self.fail(fail)).collect(),
            slow: consumer.slow.iter().map(|slow| self.slow(slow)).collect(),
            effect: self.effects(&consumer.effects),
            reply: consumer.reply.as_ref().map(|id| self.derived(&id.value)),
            dedup: consumer.dedup.as_ref().map(|dedup| self.dedup(dedup, &consumer.effects)),
            park: consumer.park.as_ref().map(|park| app::Park {
                after: park.after,
                to: self.names.intern(&park.to.name.value),
                from: self.names.intern(&consumer.from.name.value),
                header: park.header,
            }),
            forward: consumer.forward.as_ref().map(|forward| self.forward(forward)),
            reconnect: consumer.session.reconnect,
        };
        ClientPlan {
            name: consumer.name.value.clone(),
            kind: ActorKind::Consumer,
            node: 0,
            program: Program::App {
                spec: Arc::new(app::Spec::Consumer(spec)),
                session: Arc::new(Session {
                    confirms: consumer.forward.as_ref().is_some_and(|forward| forward.confirms),
                    transactions: false,
                    take: Some(self.take(consumer)),
                    heartbeat: consumer.session.heartbeat,
                    access: access(&consumer.session.access, self.names),
                }),
            },
            start: consumer.session.start,
            restart: consumer.session.restart,
        }
    }

    fn take(&mut self, consumer: &schema::Consumer) -> Take {
        let mut options: Vec<(Name, Value)> =
            consumer.arguments.iter().map(|row| (self.names.intern(&row.key.value), row.value.clone())).collect();
        if consumer.exclusive {
            options.push((self.names.intern("exclusive"), Value::Bool(true)));
        }
        self.scenario.broker.system().subscription(consumer, &mut options, self.names);
        Take {
            from: self.names.intern(&consumer.from.name.value),
            auto_settle: consumer.ack == AckPolicy::Auto,
            prefetch: self.scenario.broker.system().prefetch(consumer),
            poll: consumer.poll.map(|poll| Poll { every: poll.every, batch: poll.batch }),
            options: Arc::new(options),
        }
    }

    fn fail(&mut self, fail: &schema::Fail) -> app::Fail {
        app::Fail { which: self.which(&fail.which), times: fail.times, then: fail.then }
    }

    fn which(&mut self, which: &Which) -> app::Which {
        match which {
            Which::Message(id) => app::Which::Message(self.names.intern(&id.value)),
            Which::Every(n) => app::Which::Every(*n),
        }
    }

    fn slow(&mut self, slow: &schema::Slow) -> app::Slow {
        app::Slow { which: self.which(&slow.which), work: slow.work }
    }

    fn effects(&mut self, effects: &schema::Effects) -> app::Effects {
        let mut all: Vec<(Name, app::Effect)> = Vec::new();
        for (by, effect) in &effects.all {
            let table = self.names.intern(&effect.table.value);
            let effect = app::Effect { table, key: self.derived(&effect.key.value), kind: effect.kind };
            all.push((self.names.intern(&by.value), effect));
        }
        match effects.by {
            schema::By::Nothing => all.pop().map_or(app::Effects::None, |(_, effect)| app::Effects::One(effect)),
            schema::By::Key => app::Effects::ByKey(all),
            schema::By::Message => app::Effects::ByMessage(all),
        }
    }

    fn dedup(&mut self, dedup: &schema::Dedup, effects: &schema::Effects) -> app::Dedup {
        match dedup {
            schema::Dedup::Memory { size, by_delivery: false } => {
                app::Dedup::Memory { size: *size, by: app::Derived::id() }
            }
            schema::Dedup::Memory { size, by_delivery: true } => {
                app::Dedup::Memory { size: *size, by: self.derived("delivery-{delivery}") }
            }
            schema::Dedup::Table { table, key, in_transaction } => {
                let effect = effects.one().filter(|effect| effect.table.value == table.value);
                let of_effect = effect.map(|effect| effect.key.value.as_str());
                let key = key.as_ref().map(|key| key.value.as_str()).or(of_effect).unwrap_or("{id}");
                app::Dedup::Table {
                    table: self.names.intern(&table.value),
                    key: self.derived(key),
                    own: effects.table().is_some_and(|own| own.value == table.value),
                    in_transaction: *in_transaction,
                }
            }
        }
    }

    fn forward(&mut self, forward: &schema::Forward) -> app::Forward {
        app::Forward {
            to: self.names.intern(&forward.to.name.value),
            key: self.names.intern(&forward.key.value),
            id: self.derived(&forward.id.value),
            confirms: forward.confirms,
            before_ack: forward.before_ack,
            props: Props { delivery_mode: forward.persistent.then_some(2), ..Props::default() }.into(),
        }
    }
}

/// Rows as a table of values.
pub(super) fn table(rows: &[schema::Row]) -> Vec<(Arc<str>, Value)> {
    rows.iter().map(|row| (Arc::from(row.key.value.as_str()), row.value.clone())).collect()
}

/// As whom a client logs in, and where; `None` for the defaults. Without a password it has the right one.
fn access(access: &schema::Access, names: &mut Names) -> Option<Access> {
    let schema::Access { user, password, vhost } = access;
    let mut name = |text: Option<&str>| text.map_or(Name::NONE, |text| names.intern(text));
    let user = name(user.as_ref().map(|user| &*user.value));
    let password = name(password.as_deref());
    let part = name(vhost.as_ref().map(|vhost| &*vhost.value));
    let access = Access { user, password, part };
    (access != Access::default()).then_some(access)
}
