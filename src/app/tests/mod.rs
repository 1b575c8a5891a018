//! The machines driven directly, with every step checked against what they show.

mod consumers;
mod machines;
mod mistakes;
mod onward;
mod producers;
mod sources;
mod values;

use super::*;
use crate::ids::{Name, PlaceId, VerbId};
use crate::machine::{
    Answer, Ask, Delivery, Does, Down, Draws, Message, NoDraws, Out, Props, Registry, Report, Settle, Token,
};
use crate::trace::{Belief, What};
use crate::units::Span;
use proptest::prelude::*;

const ME: ActorId = ActorId(3);
const OWNER: ActorId = ActorId(9);

/// An application with a clock, its timers, and what its deltas add up to.
struct Rig {
    app: App,
    names: Names,
    registry: Registry,
    tables: Tables,
    out: Out<Infallible, Infallible>,
    now: Time,
    timers: Vec<(u64, Time, VerbId)>,
    folded: Observable,
    exited: bool,
}

impl Rig {
    fn of(make: impl FnOnce(&mut Names) -> Spec) -> Rig {
        let mut names = Names::new();
        let spec = make(&mut names);
        names.share();
        let mut rig = Rig {
            app: App::new(Arc::new(spec)),
            names,
            registry: Registry::default(),
            tables: Tables::new(OWNER),
            out: Out::default(),
            now: Time::ZERO,
            timers: Vec::new(),
            folded: Observable::new(),
            exited: false,
        };
        rig.step(Input::Started);
        rig
    }

    /// A session that stands.
    fn ready(mut self) -> Rig {
        self.report(Report::Ready);
        self
    }

    fn step(&mut self, input: AppInput) {
        self.out.clear();
        let mut ports = Ports {
            now: self.now,
            me: ME,
            names: &mut self.names,
            registry: &mut self.registry,
            draws: &mut NoDraws,
            out: &mut self.out,
        };
        self.app.handle(input, &mut ports, &mut self.tables);
        for output in self.out.whole() {
            match output.does {
                Does::SetTimer { token, after, verb, .. } => {
                    self.timers.retain(|t| t.0 != token.0);
                    self.timers.push((token.0, self.now + after, verb));
                }
                Does::CancelTimer(token) => self.timers.retain(|t| t.0 != token.0),
                Does::Exit => self.exited = true,
                _ => {}
            }
        }
        for delta in &self.out.deltas {
            assert!(self.folded.apply(delta), "{delta:?} does not fit");
        }
        let mut seen = Observable::new();
        self.app.observe(ME, &self.names, &mut seen);
        self.tables.observe(&mut seen);
        assert_eq!(seen, self.folded);
    }

    fn report(&mut self, report: Report) {
        self.step(Input::Report(report));
    }

    /// Lets the next timer run out; `false` where there is none.
    fn tick(&mut self) -> bool {
        let Some(&(token, at, _)) = self.timers.iter().min_by_key(|t| t.1) else { return false };
        self.timers.retain(|t| t.0 != token);
        self.now = at;
        self.step(Input::Timer(Token(token)));
        true
    }

    fn timer(&self, verb: VerbId) -> Option<u64> {
        self.timers.iter().find(|t| t.2 == verb).map(|t| t.1.0 / 1_000_000)
    }

    /// The messages published in the last call, as (id, ticket).
    fn published(&self) -> Vec<(String, u32)> {
        let one = |does: &Does<Infallible>| match does {
            Does::Ask(Ask::Publish(p)) => Some((self.names.text(p.message.id), p.ticket)),
            _ => None,
        };
        self.out.whole().iter().filter_map(|o| one(&o.does)).collect()
    }

    /// The settlings of the last call.
    fn settled(&self) -> Vec<(u32, Settle)> {
        let one = |does: &Does<Infallible>| match does {
            Does::Ask(Ask::Settle(d, _, how)) => Some((d.0, *how)),
            _ => None,
        };
        self.out.whole().iter().filter_map(|o| one(&o.does)).collect()
    }

    /// The notes of the last call.
    fn notes(&self) -> Vec<What> {
        let one = |does: &Does<Infallible>| match does {
            Does::Note { what, .. } => Some(*what),
            _ => None,
        };
        self.out.whole().iter().filter_map(|o| one(&o.does)).collect()
    }

    fn belief(&self, id: &str) -> Option<Belief> {
        self.folded.beliefs.get(&(ME, self.names.find(id).unwrap())).copied()
    }

    fn offer(&mut self, delivery: u32, id: &str) {
        let id = self.names.intern(id);
        let message = Message::plain(id, 10);
        self.offer_message(delivery, message, false);
    }

    fn offer_message(&mut self, delivery: u32, message: Message, redelivered: bool) {
        let from = self.names.intern("billing");
        let key = self.names.intern("created");
        self.report(Report::Offer { delivery: Delivery(delivery), message, from, key, redelivered });
    }

    fn asked(&self, wanted: fn(&Ask) -> bool) -> bool {
        self.out.whole().iter().any(|o| matches!(&o.does, Does::Ask(ask) if wanted(ask)))
    }
}

fn plan(id: &str, count: u32, every: Span, names: &mut Names) -> Plan {
    Plan {
        to: names.intern("orders"),
        keys: vec![Template::new("created", names).unwrap()],
        id: Template::new(id, names).unwrap(),
        count,
        every: Timing::Constant(every),
        start: Span::ZERO,
        size: 100,
        mandatory: false,
        props: Props::default().into(),
        reply_to: Name::NONE,
        correlation: None,
    }
}

fn confirms(window: u32) -> Reliability {
    Reliability::Confirms {
        window,
        batch: None,
        timeout: Some(Span::millis(200)),
        on_timeout: Retry::Republish { max: 3 },
        on_refused: Retry::Republish { max: 2 },
        backoff: Backoff::default(),
    }
}

fn producer(count: u32, reliability: Reliability, reconnect: bool) -> Rig {
    Rig::of(|names| {
        let plans = vec![plan("order-{n}", count, Span::ZERO, names)];
        let reconnect = reconnect.then_some(Reconnect { after: Span::millis(50), max: 2 });
        Spec::Producer(ProducerSpec { plans, reliability, reconnect, on_returned: None, books: Books::None })
    })
}

fn ids(published: &[(String, u32)]) -> Vec<&str> {
    published.iter().map(|(id, _)| id.as_str()).collect()
}
fn consumer(ack: AckPolicy, change: impl FnOnce(&mut ConsumerSpec, &mut Names)) -> Rig {
    Rig::of(|names| {
        let effect = Effect { table: names.intern("invoices"), key: Derived::id(), kind: EffectKind::Insert };
        let mut spec = ConsumerSpec {
            work: Timing::Constant(Span::millis(5)),
            effect: Effects::One(effect),
            reconnect: Some(Reconnect { after: Span::millis(50), max: 0 }),
            ..ConsumerSpec::plain(names.intern("biller"), ack)
        };
        change(&mut spec, names);
        Spec::Consumer(spec)
    })
    .ready()
}

fn rows(rig: &Rig) -> u32 {
    rig.tables.rows(rig.names.find("invoices").unwrap())
}

/// The effect, where there is one for all messages.
fn the_effect(spec: &mut ConsumerSpec) -> &mut Effect {
    match &mut spec.effect {
        Effects::One(effect) => effect,
        _ => panic!("no effect"),
    }
}
