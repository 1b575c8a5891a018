//! The machines driven directly, with every step checked against what they show.

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
        self.report(Report::Offer { delivery: Delivery(delivery), message, from, redelivered });
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
        Spec::Producer(ProducerSpec { plans, reliability, reconnect })
    })
}

fn ids(published: &[(String, u32)]) -> Vec<&str> {
    published.iter().map(|(id, _)| id.as_str()).collect()
}

#[test]
fn fire_and_forget_publishes_at_its_pace_and_believes_sent() {
    let mut rig = Rig::of(|names| {
        let plans = vec![plan("order-{n}", 2, Span::millis(10), names)];
        Spec::Producer(ProducerSpec { plans, reliability: Reliability::FireAndForget, reconnect: None })
    });
    assert!(rig.asked(|a| matches!(a, Ask::Connect)));
    rig.report(Report::Ready);
    assert_eq!(ids(&rig.published()), ["order-1"]);
    assert_eq!(rig.notes(), [What::Published, What::BelievesSent]);
    assert!(rig.tick());
    assert_eq!(rig.now, Time(10_000_000));
    assert_eq!(ids(&rig.published()), ["order-2"]);
    assert_eq!(rig.belief("order-2"), Some(Belief::Sent));
    assert!(!rig.tick());
}

#[test]
fn a_window_of_one_waits_for_each_confirm() {
    let mut rig = producer(2, confirms(1), false).ready();
    assert_eq!(ids(&rig.published()), ["order-1"]);
    assert_eq!(rig.notes(), [What::Published, What::Withheld]);
    assert_eq!(rig.belief("order-1"), Some(Belief::Unknown));
    rig.report(Report::Answer(1, Answer::Confirmed));
    assert_eq!(rig.belief("order-1"), Some(Belief::Confirmed));
    assert_eq!(ids(&rig.published()), ["order-2"]);
    rig.report(Report::Answer(2, Answer::Confirmed));
    assert!(rig.timers.is_empty(), "nothing is left to wait for");
}

#[test]
fn no_window_publishes_everything_at_once() {
    let rig = producer(5, confirms(0), false).ready();
    assert_eq!(rig.published().len(), 5);
}

#[test]
fn a_great_burst_is_spread_over_calls_at_the_same_time() {
    let mut rig = producer(3000, confirms(0), false).ready();
    let mut published = rig.published().len();
    assert!(published <= 1024);
    while rig.now == Time::ZERO && published < 3000 {
        assert!(rig.tick());
        published += rig.published().len();
    }
    assert_eq!((published, rig.now), (3000, Time::ZERO));
}

#[test]
fn a_timeout_republishes_up_to_the_most_attempts_and_then_gives_up() {
    let mut rig = producer(1, confirms(1), false).ready();
    for attempt in 2..=3 {
        assert!(rig.tick());
        assert_eq!(rig.published(), [("order-1".to_owned(), attempt)]);
        assert_eq!(rig.now, Time::ZERO + Span::millis(200).times(u64::from(attempt) - 1));
    }
    assert!(rig.tick());
    assert_eq!(rig.notes(), [What::BelievesUnknown, What::GaveUp]);
    assert_eq!(rig.belief("order-1"), Some(Belief::Unknown));
    rig.report(Report::Answer(1, Answer::Confirmed));
    assert_eq!(rig.belief("order-1"), Some(Belief::Unknown), "a late answer finds nobody waiting");
    assert!(rig.timers.is_empty());
}

#[test]
fn the_confirm_timer_follows_the_oldest_open_message() {
    let mut rig = Rig::of(|names| {
        let plans = vec![plan("order-{n}", 2, Span::millis(10), names)];
        Spec::Producer(ProducerSpec { plans, reliability: confirms(0), reconnect: None })
    })
    .ready();
    rig.tick();
    assert_eq!(rig.timer(verbs::CONFIRM_TIMEOUT), Some(200));
    rig.report(Report::Answer(1, Answer::Confirmed));
    assert_eq!(rig.timer(verbs::CONFIRM_TIMEOUT), Some(210));
    rig.report(Report::Answer(2, Answer::Confirmed));
    assert_eq!(rig.timer(verbs::CONFIRM_TIMEOUT), None);
}

#[test]
fn a_refused_message_is_published_again_after_a_doubling_pause() {
    let reliability = Reliability::Confirms {
        window: 1,
        batch: None,
        timeout: None,
        on_timeout: Retry::GiveUp,
        on_refused: Retry::Republish { max: 3 },
        backoff: Backoff { first: Span::millis(10), max: Span::millis(15) },
    };
    let mut rig = producer(2, reliability, false).ready();
    rig.report(Report::Answer(1, Answer::Refused));
    assert_eq!(rig.notes(), [What::BelievesRefused, What::BacksOff]);
    assert!(rig.published().is_empty(), "the message keeps its place in the window");
    rig.tick();
    assert_eq!((rig.now, ids(&rig.published())), (Time(10_000_000), vec!["order-1"]));
    rig.report(Report::Answer(2, Answer::Refused));
    rig.tick();
    assert_eq!(rig.now, Time(25_000_000));
    rig.report(Report::Answer(3, Answer::Refused));
    assert_eq!(rig.belief("order-1"), Some(Belief::Refused));
    assert_eq!(ids(&rig.published()), ["order-2"]);
}

#[test]
fn after_a_broken_session_the_open_messages_go_first_and_in_order() {
    let mut rig = producer(4, confirms(3), true).ready();
    rig.report(Report::Answer(2, Answer::Confirmed));
    assert_eq!(ids(&rig.published()), ["order-4"]);
    rig.report(Report::Down(Down::Lost));
    assert_eq!(rig.timer(verbs::CONFIRM_TIMEOUT), None, "the timeout is void");
    assert_eq!(rig.timer(verbs::RECONNECT), Some(50));
    assert!(rig.tick());
    assert!(rig.asked(|a| matches!(a, Ask::Connect)));
    rig.report(Report::Ready);
    assert_eq!(ids(&rig.published()), ["order-1", "order-3", "order-4"]);
}

#[test]
fn a_message_timed_out_before_keeps_its_first_place_in_the_order() {
    let mut rig = Rig::of(|names| {
        let plans = vec![plan("order-{n}", 2, Span::millis(150), names)];
        let reconnect = Some(Reconnect { after: Span::millis(50), max: 0 });
        Spec::Producer(ProducerSpec { plans, reliability: confirms(2), reconnect })
    })
    .ready();
    rig.tick();
    rig.tick();
    assert_eq!(ids(&rig.published()), ["order-1"]);
    rig.report(Report::Down(Down::Lost));
    rig.tick();
    rig.report(Report::Ready);
    assert_eq!(ids(&rig.published()), ["order-1", "order-2"]);
}

#[test]
fn without_reconnect_a_broken_session_is_the_end() {
    let mut rig = producer(3, confirms(1), false).ready();
    rig.report(Report::Down(Down::Lost));
    assert_eq!(rig.notes(), [What::BelievesUnknown, What::GaveUp, What::GaveUp]);
    assert_eq!(rig.belief("order-1"), Some(Belief::Unknown));
    assert!(!rig.tick());
}

#[test]
fn a_client_tries_to_reconnect_as_often_as_it_may() {
    let mut rig = producer(1, confirms(1), true);
    for _ in 0..2 {
        rig.report(Report::Down(Down::Refused));
        assert!(rig.tick());
    }
    rig.report(Report::Down(Down::Refused));
    assert!(!rig.tick());
}

#[test]
fn a_batch_waits_until_all_of_it_is_answered() {
    let reliability = Reliability::Confirms {
        window: 0,
        batch: Some(2),
        timeout: None,
        on_timeout: Retry::GiveUp,
        on_refused: Retry::GiveUp,
        backoff: Backoff::default(),
    };
    let mut rig = producer(3, reliability, false).ready();
    assert_eq!(ids(&rig.published()), ["order-1", "order-2"]);
    rig.report(Report::Answer(2, Answer::Confirmed));
    assert!(rig.published().is_empty());
    rig.report(Report::Answer(1, Answer::Confirmed));
    assert_eq!(ids(&rig.published()), ["order-3"]);
}

#[test]
fn a_message_that_came_back_stays_refused_though_it_is_confirmed() {
    let mut rig = producer(1, confirms(1), false).ready();
    rig.report(Report::Returned(1));
    assert_eq!(rig.notes(), [What::Returned, What::BelievesRefused]);
    rig.report(Report::Answer(1, Answer::Confirmed));
    assert_eq!(rig.belief("order-1"), Some(Belief::Refused));
    assert!(!rig.tick());
}

#[test]
fn fire_and_forget_still_learns_of_what_came_back() {
    let mut rig = Rig::of(|names| {
        let mut plans = vec![plan("a-{n}", 2, Span::millis(10), names), plan("b-{n}", 2, Span::millis(10), names)];
        plans[1].mandatory = true;
        Spec::Producer(ProducerSpec { plans, reliability: Reliability::FireAndForget, reconnect: None })
    })
    .ready();
    while rig.tick() {}
    rig.report(Report::Returned(4));
    assert_eq!(rig.belief("b-2"), Some(Belief::Refused));
    assert_eq!(rig.belief("a-2"), Some(Belief::Sent));
}

#[test]
fn keys_are_taken_in_turn() {
    let mut rig = Rig::of(|names| {
        let mut plans = vec![plan("order-{n}", 3, Span::ZERO, names)];
        plans[0].keys = ["a", "b.{n}.x"].map(|k| Template::new(k, names).unwrap()).to_vec();
        Spec::Producer(ProducerSpec { plans, reliability: Reliability::FireAndForget, reconnect: None })
    });
    rig.report(Report::Ready);
    let outputs = rig.out.whole();
    let keys = outputs.iter().filter_map(|o| match &o.does {
        Does::Ask(Ask::Publish(p)) => Some(rig.names.text(p.key)),
        _ => None,
    });
    let keys = keys.collect::<Vec<_>>();
    assert_eq!(keys, ["a", "b.2.x", "a"]);
}

#[test]
fn a_producer_that_is_asked_to_stop_waits_for_its_confirms() {
    let mut rig = producer(5, confirms(1), true).ready();
    rig.step(Input::Stop);
    assert!(!rig.asked(|a| matches!(a, Ask::Disconnect)));
    rig.report(Report::Answer(1, Answer::Confirmed));
    assert!(rig.asked(|a| matches!(a, Ask::Disconnect)));
    assert!(rig.published().is_empty());
    rig.report(Report::Down(Down::Lost));
    assert!(rig.exited && rig.timers.is_empty());
}

fn consumer(ack: AckPolicy, change: impl FnOnce(&mut ConsumerSpec, &mut Names)) -> Rig {
    Rig::of(|names| {
        let mut spec = ConsumerSpec {
            name: names.intern("biller"),
            ack,
            work: Timing::Constant(Span::millis(5)),
            parallel: 1,
            fail: Vec::new(),
            effect: Some(Effect { table: names.intern("invoices"), key: Derived::id(), kind: EffectKind::Insert }),
            reply: None,
            dedup: None,
            reconnect: Some(Reconnect { after: Span::millis(50), max: 0 }),
        };
        change(&mut spec, names);
        Spec::Consumer(spec)
    })
    .ready()
}

fn rows(rig: &Rig) -> u32 {
    rig.tables.rows(rig.names.find("invoices").unwrap())
}

#[test]
fn acknowledging_after_the_work_settles_behind_the_effect() {
    let mut rig = consumer(AckPolicy::AfterWork, |_, _| {});
    rig.offer(1, "order-1");
    assert_eq!(rig.notes(), [What::Received, What::WorkBegan]);
    assert!(rig.settled().is_empty());
    rig.offer(2, "order-2");
    assert_eq!(rig.notes(), [What::Received], "the one handler is busy");
    rig.tick();
    assert_eq!(rig.settled(), [(1, Settle::Done)]);
    assert_eq!(rig.notes(), [What::WorkDone, What::RowInserted, What::WorkBegan]);
    rig.tick();
    assert_eq!((rig.now, rows(&rig)), (Time(10_000_000), 2));
}

#[test]
fn acknowledging_before_the_work_settles_as_it_begins() {
    let mut rig = consumer(AckPolicy::BeforeWork, |_, _| {});
    rig.offer(1, "order-1");
    assert_eq!(rig.settled(), [(1, Settle::Done)]);
    rig.tick();
    assert!(rig.settled().is_empty());
    assert_eq!(rows(&rig), 1);
}

#[test]
fn with_never_nothing_is_settled() {
    let mut rig = consumer(AckPolicy::Never, |_, _| {});
    rig.offer(1, "order-1");
    assert!(rig.settled().is_empty());
    rig.tick();
    assert!(rig.settled().is_empty());
    assert_eq!(rows(&rig), 1);
}

#[test]
fn with_auto_the_client_only_learns_that_the_work_is_done() {
    let mut rig = consumer(AckPolicy::Auto, |_, _| {});
    rig.offer(1, "order-1");
    assert!(rig.settled().is_empty());
    rig.tick();
    assert_eq!(rig.settled(), [(1, Settle::Done)]);
    assert_eq!(rows(&rig), 1);
}

#[test]
fn a_batch_is_settled_when_full_or_when_its_time_is_over() {
    let flush = Some(Span::millis(30));
    let mut rig = consumer(AckPolicy::Batch { size: 2, flush }, |spec, _| spec.work = Timing::Constant(Span::ZERO));
    rig.offer(1, "order-1");
    assert!(rig.settled().is_empty());
    rig.offer(2, "order-2");
    assert_eq!(rig.settled(), [(2, Settle::DoneUpTo)]);
    assert!(rig.timers.is_empty());
    rig.offer(3, "order-3");
    rig.tick();
    assert_eq!(rig.settled(), [(3, Settle::DoneUpTo)]);
}

#[test]
fn a_batch_never_settles_what_is_still_worked_on() {
    let message = "order-1";
    let mut rig = consumer(AckPolicy::Batch { size: 2, flush: None }, |spec, names| {
        spec.parallel = 3;
        let which = Which::Message(names.intern(message));
        spec.fail = vec![Fail { which, times: 1, then: Then::Hang }];
    });
    for n in 1..=3 {
        rig.offer(n, &format!("order-{n}"));
    }
    rig.tick();
    rig.tick();
    rig.tick();
    assert_eq!(rig.settled(), [(2, Settle::Done), (3, Settle::Done)]);
}

#[test]
fn work_that_takes_no_time_sets_no_timer() {
    let mut rig = consumer(AckPolicy::AfterWork, |spec, _| spec.work = Timing::Constant(Span::ZERO));
    rig.offer(1, "order-1");
    assert_eq!(rig.notes(), [What::Received, What::WorkBegan, What::WorkDone, What::RowInserted]);
    assert_eq!(rig.settled(), [(1, Settle::Done)]);
    assert!(rig.timers.is_empty());
}

#[test]
fn a_failure_gives_the_message_back_as_often_as_told() {
    let mut rig = consumer(AckPolicy::AfterWork, |spec, names| {
        let which = Which::Message(names.intern("order-1"));
        spec.fail = vec![Fail { which, times: 1, then: Then::Requeue }];
    });
    rig.offer(1, "order-1");
    rig.tick();
    assert_eq!(rig.notes(), [What::WorkFailed]);
    assert_eq!(rig.settled(), [(1, Settle::Again)]);
    rig.offer(2, "order-1");
    rig.tick();
    assert_eq!(rig.settled(), [(2, Settle::Done)]);
    assert_eq!(rows(&rig), 1);
}

#[test]
fn every_second_work_is_rejected() {
    let mut rig = consumer(AckPolicy::AfterWork, |spec, _| {
        spec.fail = vec![Fail { which: Which::Every(2), times: 0, then: Then::Reject }];
    });
    let mut settled = Vec::new();
    for n in 1..=4 {
        rig.offer(n, "order");
        rig.tick();
        settled.extend(rig.settled().into_iter().map(|(_, how)| how));
    }
    assert_eq!(settled, [Settle::Done, Settle::Reject, Settle::Done, Settle::Reject]);
}

#[test]
fn a_crash_ends_the_process_and_is_not_told_again_after_the_restart() {
    for (then, left) in [(Then::Crash, 0), (Then::CrashAfterEffect, 1)] {
        let mut rig = consumer(AckPolicy::AfterWork, |spec, _| {
            spec.fail = vec![Fail { which: Which::Every(1), times: 1, then }];
        });
        rig.offer(1, "order-1");
        rig.tick();
        assert!(rig.exited && rig.settled().is_empty());
        assert_eq!(rows(&rig), left);
        let spec = Arc::clone(rig.app.spec());
        rig.app.boot(&spec);
        rig.folded = Observable::new();
        rig.tables.observe(&mut rig.folded);
        rig.step(Input::Started);
        rig.report(Report::Ready);
        rig.offer(1, "order-1");
        rig.tick();
        assert_eq!(rig.settled(), [(1, Settle::Done)]);
        assert_eq!(rows(&rig), left + 1);
    }
}

#[test]
fn a_known_message_is_skipped_until_it_falls_out_of_the_memory() {
    let mut rig = consumer(AckPolicy::AfterWork, |spec, _| {
        spec.dedup = Some(1);
        spec.work = Timing::Constant(Span::ZERO);
    });
    rig.offer(1, "order-1");
    rig.offer(2, "order-1");
    assert_eq!(rig.notes(), [What::Received, What::Skipped]);
    assert_eq!(rig.settled(), [(2, Settle::Done)]);
    rig.offer(3, "order-2");
    rig.offer(4, "order-1");
    assert_eq!(rows(&rig), 3);
}

#[test]
fn a_broken_session_voids_what_waits_and_what_is_worked_on() {
    let mut rig = consumer(AckPolicy::AfterWork, |_, _| {});
    rig.offer(1, "order-1");
    rig.offer(2, "order-2");
    rig.report(Report::Down(Down::Lost));
    assert!(rig.notes().contains(&What::Withheld));
    rig.tick();
    assert_eq!(rig.notes(), [What::WorkDone, What::RowInserted, What::Withheld]);
    assert!(rig.settled().is_empty());
    rig.tick();
    rig.report(Report::Ready);
    let id = rig.names.intern("order-1");
    rig.offer_message(3, Message::plain(id, 10), true);
    rig.tick();
    assert_eq!(rig.settled(), [(3, Settle::Done)]);
    assert_eq!(rows(&rig), 2);
}

#[test]
fn what_the_broker_counts_as_settled_is_worked_on_without_a_session() {
    let mut rig = consumer(AckPolicy::Auto, |_, _| {});
    rig.offer(1, "order-1");
    rig.offer(2, "order-2");
    rig.report(Report::Down(Down::Lost));
    while rows(&rig) < 2 {
        assert!(rig.tick());
    }
}

#[test]
fn an_answer_goes_to_the_reply_address_with_the_questions_correlation() {
    let mut rig = consumer(AckPolicy::AfterWork, |spec, names| {
        spec.reply = Some(Derived::new("re-{id}", names).unwrap());
        spec.work = Timing::Constant(Span::ZERO);
    });
    for n in 1..=2 {
        let mut message = Message::plain(rig.names.intern(&format!("ask-{n}")), 10);
        message.reply_to = rig.names.intern("answers");
        message.correlation = rig.names.intern(&format!("c{n}"));
        rig.offer_message(n, message.clone(), false);
        let sent = rig.out.whole().iter().find_map(|o| match &o.does {
            Does::Ask(Ask::Publish(p)) => Some(p.clone()),
            _ => None,
        });
        let sent = sent.unwrap();
        assert_eq!((sent.to, sent.key, sent.ticket), (Name::EMPTY, message.reply_to, n));
        assert_eq!(rig.names.text(sent.message.id), format!("re-ask-{n}"));
        assert_eq!(sent.message.correlation, message.correlation);
    }
    rig.offer(3, "ask-3");
    assert!(rig.published().is_empty());
}

#[test]
fn a_consumer_that_is_asked_to_stop_finishes_its_work_and_takes_nothing_new() {
    let mut rig = consumer(AckPolicy::Batch { size: 10, flush: None }, |_, _| {});
    rig.offer(1, "order-1");
    rig.offer(2, "order-2");
    rig.step(Input::Stop);
    assert!(!rig.asked(|a| matches!(a, Ask::Disconnect)));
    rig.tick();
    assert_eq!(rig.settled(), [(1, Settle::DoneUpTo)]);
    assert!(rig.asked(|a| matches!(a, Ask::Disconnect)));
    rig.report(Report::Down(Down::Lost));
    assert!(rig.exited);
}

#[test]
fn tables_insert_refuse_write_again_add_and_delete() {
    let kinds = [
        (EffectKind::Insert, [What::RowInserted, What::RowInserted], 2),
        (EffectKind::InsertUnique, [What::RowInserted, What::RowRefused], 1),
        (EffectKind::Upsert, [What::RowInserted, What::RowUpdated], 1),
        (EffectKind::Add(7), [What::RowInserted, What::RowUpdated], 1),
        (EffectKind::Delete, [What::RowDeleted, What::RowDeleted], 0),
    ];
    for (kind, notes, left) in kinds {
        let mut rig = consumer(AckPolicy::AfterWork, |spec, names| {
            let effect = spec.effect.as_mut().unwrap();
            effect.kind = kind;
            effect.key = Derived::new("total", names).unwrap();
            spec.work = Timing::Constant(Span::ZERO);
        });
        for (n, what) in [1, 2].into_iter().zip(notes) {
            rig.offer(n, &format!("order-{n}"));
            assert_eq!(*rig.notes().last().unwrap(), what);
        }
        assert_eq!(rows(&rig), left);
        let (table, key) = (rig.names.intern("invoices"), rig.names.intern("total"));
        if let EffectKind::Add(_) = kind {
            assert_eq!(rig.tables.sum(table, key), Some(14));
            let gauge = rig.names.find("invoices.total").unwrap();
            assert_eq!(rig.folded.gauges.get(&(OWNER, gauge)), Some(&14));
        }
        let effect = Effect { table, key: Derived::id(), kind: EffectKind::Delete };
        delete(&mut rig, &effect, key);
        assert_eq!(rows(&rig), 0);
        assert!(rig.folded.places.is_empty() && rig.folded.gauges.is_empty());
    }
}

fn delete(rig: &mut Rig, effect: &Effect, key: Name) {
    rig.out.clear();
    let mut ports = Ports {
        now: rig.now,
        me: ME,
        names: &mut rig.names,
        registry: &mut rig.registry,
        draws: &mut NoDraws,
        out: &mut rig.out,
    };
    rig.tables.apply(effect, key, key, crate::machine::Because::INPUT, &mut ports);
    rig.out.deltas.iter().for_each(|d| assert!(rig.folded.apply(d)));
}

struct Fixed(u64);

impl Draws for Fixed {
    fn below(&mut self, n: u64) -> u64 {
        self.0.min(n - 1)
    }
}

#[test]
fn spans_are_drawn_within_their_bounds() {
    let (low, high) = (Span::millis(1), Span::millis(3));
    assert_eq!(Timing::Uniform(low, high).draw(&mut Fixed(0)), low);
    assert_eq!(Timing::Uniform(low, high).draw(&mut Fixed(u64::MAX)), high);
    assert_eq!(Timing::Uniform(high, low).draw(&mut Fixed(5)), high);
    assert_eq!(Timing::Exponential(high).draw(&mut Fixed(u64::MAX)), Span::ZERO);
    // Half of all are below mean times ln 2.
    assert_eq!(Timing::Exponential(Span::secs(1)).draw(&mut Fixed((1 << 52) - 1)), Span(693_147_180));
}

#[test]
fn templates_give_the_same_names_as_interning_their_texts() {
    let mut names = Names::new();
    let numbers = [1, 9, 10, 123_456_789, 1_234_567_890];
    for text in ["order-{n}", "{n}", "o1{n}", "a{n}b", "x"] {
        let template = Template::new(text, &mut names).unwrap();
        for n in numbers {
            let made = template.name(n, &mut names);
            assert_eq!(made, names.intern(&text.replace("{n}", &n.to_string())), "{text} {n}");
            assert_eq!(template.known(n, &names), Some(made));
        }
    }
    for text in ["re-{id}", "{id}", "1{id}", "{id}-x", "y"] {
        let derived = Derived::new(text, &mut names).unwrap();
        let mut memo = template::Memo::default();
        for id in ["order-1", "order-2", "7", "8", "a007", "a008", "plain", "order-12", "0012", "order-123456789012"] {
            let id_name = names.intern(id);
            let made = derived.name(id_name, 3, &mut names, &mut memo);
            assert_eq!(names.text(made), text.replace("{id}", id));
            assert_eq!(made, names.intern(&text.replace("{id}", id)), "{text} {id}");
        }
    }
    for (text, made) in [("{delivery}", "3"), ("d{delivery}", "d3"), ("{delivery}-x", "3-x")] {
        let id = names.intern("order-1");
        let key = Derived::new(text, &mut names).unwrap();
        assert_eq!(key.name(id, 3, &mut names, &mut template::Memo::default()), names.intern(made));
    }
    for text in ["{delivery}{delivery}", "{delivery}{id}", "{delivery", "{n}{delivery}"] {
        assert!(Derived::new(text, &mut names).is_err(), "{text}");
    }
    assert!(Template::new("{n}{n}", &mut names).is_err());
    assert!(Template::new("{id}", &mut names).is_err());
}

#[test]
fn a_copy_in_place_goes_on_like_its_original() {
    let mut rig = producer(9, confirms(3), true).ready();
    rig.report(Report::Answer(1, Answer::Confirmed));
    let mut other = App::new(Arc::clone(rig.app.spec()));
    other.clone_from(&rig.app);
    let digest = |app: &App, rig: &Rig| Digest::of(|d| app.digest(rig.now, &rig.names, d));
    assert_eq!(digest(&other, &rig), digest(&rig.app, &rig));
    rig.report(Report::Answer(2, Answer::Confirmed));
    assert_ne!(digest(&other, &rig), digest(&rig.app, &rig));
}

#[test]
fn every_rule_and_verb_has_a_name_of_its_own() {
    let mut keys: Vec<_> = RULES.rules.iter().map(|r| r.key).collect();
    keys.sort_unstable();
    assert!(keys.windows(2).all(|w| w[0] != w[1]));
    assert!(RULES.rules.iter().all(|r| r.sentence.ends_with('.') && r.key.starts_with("app.")));
    assert_eq!((RULES.number, VERBS.number), (1, 1));
    assert_eq!(PlaceId::default(), PlaceId::NONE);
}

/// What may happen to an application next.
#[derive(Clone, Copy, Debug)]
enum Next {
    Tick,
    Answer(u8, bool),
    Returned(u8),
    Ready,
    Down,
    Offer(u8),
    Stop,
}

fn next() -> impl Strategy<Value = Next> {
    prop_oneof![
        4 => Just(Next::Tick),
        6 => (0u8..6, prop::bool::weighted(0.7)).prop_map(|(back, yes)| Next::Answer(back, yes)),
        1 => (0u8..6).prop_map(Next::Returned),
        2 => Just(Next::Ready),
        1 => Just(Next::Down),
        5 => (0u8..8).prop_map(Next::Offer),
        1 => prop::bool::weighted(0.05).prop_map(|s| if s { Next::Stop } else { Next::Tick }),
    ]
}

fn apply(rig: &mut Rig, next: Next, last: &mut u32) {
    rig.out.clear();
    match next {
        Next::Tick => drop(rig.tick()),
        Next::Answer(back, yes) => {
            let answer = if yes { Answer::Confirmed } else { Answer::Refused };
            rig.report(Report::Answer(last.saturating_sub(u32::from(back)), answer));
        }
        Next::Returned(back) => rig.report(Report::Returned(last.saturating_sub(u32::from(back)))),
        Next::Ready => rig.report(Report::Ready),
        Next::Down => rig.report(Report::Down(Down::Lost)),
        Next::Offer(id) => {
            *last += 1;
            rig.offer(*last, &format!("order-{id}"));
        }
        Next::Stop => rig.step(Input::Stop),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_producer_shows_what_its_deltas_add_up_to_and_keeps_its_window(
        window in 0u32..4,
        batch in prop::option::of(1u32..4),
        confirms in prop::bool::weighted(0.8),
        pause in 0u64..20,
        steps in prop::collection::vec(next(), 1..80),
    ) {
        let reliability = Reliability::Confirms {
            window,
            batch,
            timeout: Some(Span::millis(20)),
            on_timeout: Retry::Republish { max: 3 },
            on_refused: Retry::Republish { max: 3 },
            backoff: Backoff { first: Span::millis(pause), max: Span::millis(30) },
        };
        let mut rig = Rig::of(|names| {
            let mut plans = vec![
                plan("order-{n}", 20, Span::ZERO, names),
                plan("x{n}y", 5, Span::millis(7), names),
                plan("same", 3, Span::millis(9), names),
            ];
            plans[1].mandatory = true;
            let reliability = if confirms { reliability } else { Reliability::FireAndForget };
            let reconnect = Some(Reconnect { after: Span::millis(5), max: 3 });
            Spec::Producer(ProducerSpec { plans, reliability, reconnect })
        });
        let mut last = 0;
        for step in steps {
            if matches!(step, Next::Offer(_)) {
                continue;
            }
            apply(&mut rig, step, &mut last);
            for (_, ticket) in rig.published() {
                prop_assert_eq!(ticket, last + 1, "tickets count up");
                last = ticket;
            }
            let State::Producer(p) = &rig.app.state else { unreachable!() };
            prop_assert!(window == 0 || p.in_flight() <= window as usize);
            prop_assert!(batch.is_none_or(|b| p.in_flight() <= b as usize));
            prop_assert!(p.open.iter().zip(p.open.iter().skip(1)).all(|(a, b)| a.ticket < b.ticket && a.deadline <= b.deadline));
            prop_assert!(!rig.exited || rig.timers.is_empty());
        }
    }

    #[test]
    fn a_consumer_shows_what_its_deltas_add_up_to(
        policy in 0u8..5,
        parallel in 1u32..4,
        work in 0u64..3,
        dedup in prop::option::of(0u32..3),
        kind in 0usize..5,
        then in 0usize..6,
        steps in prop::collection::vec(next(), 1..80),
    ) {
        let ack = match policy {
            0 => AckPolicy::Auto,
            1 => AckPolicy::BeforeWork,
            2 => AckPolicy::AfterWork,
            3 => AckPolicy::Batch { size: 3, flush: Some(Span::millis(4)) },
            _ => AckPolicy::Never,
        };
        let mut rig = consumer(ack, |spec, names| {
            spec.parallel = parallel;
            spec.work = Timing::Constant(Span::millis(work));
            spec.dedup = dedup;
            let kinds = [EffectKind::Insert, EffectKind::Upsert, EffectKind::InsertUnique, EffectKind::Delete, EffectKind::Add(-2)];
            spec.effect.as_mut().unwrap().kind = kinds[kind];
            let thens = [Then::Requeue, Then::Reject, Then::Swallow, Then::Hang, Then::Crash, Then::CrashAfterEffect];
            spec.fail = vec![
                Fail { which: Which::Message(names.intern("order-1")), times: 2, then: thens[then] },
                Fail { which: Which::Every(5), times: 0, then: Then::Requeue },
            ];
        });
        let mut last = 0;
        let mut open = std::collections::BTreeSet::new();
        let auto = matches!(&*rig.app.spec, Spec::Consumer(spec) if spec.ack == AckPolicy::Auto);
        for step in steps {
            let State::Consumer(c) = &rig.app.state else { unreachable!() };
            let offered = matches!(step, Next::Offer(_)) && c.link.up();
            if matches!(step, Next::Down) {
                open.clear();
            }
            apply(&mut rig, step, &mut last);
            if offered {
                open.insert(last);
            }
            let State::Consumer(c) = &rig.app.state else { unreachable!() };
            prop_assert!(c.busy <= parallel);
            for (delivery, how) in rig.settled() {
                // What counts as settled already may be worked off in a later session.
                prop_assert!(open.remove(&delivery) || auto, "settled twice or void");
                if how == Settle::DoneUpTo {
                    open = open.split_off(&delivery);
                }
            }
            if rig.exited {
                break;
            }
        }
    }
}
