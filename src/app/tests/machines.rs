//! What holds for any application in any order of events.

use super::*;

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
    Unsubscribed,
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
        1 => Just(Next::Unsubscribed),
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
        Next::Unsubscribed => rig.report(Report::Unsubscribed),
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
            Spec::Producer(ProducerSpec { plans, reliability, reconnect, on_returned: None, books: Books::None })
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
            spec.dedup = dedup.map(|size| Dedup::Memory { size, by: Derived::id() });
            let kinds = [EffectKind::Insert, EffectKind::Upsert, EffectKind::InsertUnique, EffectKind::Delete, EffectKind::Add(-2)];
            the_effect(spec).kind = kinds[kind];
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

    #[test]
    fn what_a_producer_believes_is_what_it_was_told_last_whatever_it_makes_sure_by(
        transactions in prop::bool::ANY,
        every in 1u32..4,
        rollback_every in prop::option::of(1u32..3),
        books in 0u8..4,
        aside in prop::bool::ANY,
        steps in prop::collection::vec(next(), 1..80),
    ) {
        let timeout = Some(Span::millis(20));
        let on_timeout = Retry::Republish { max: 3 };
        let backoff = Backoff { first: Span::millis(3), max: Span::millis(30) };
        let reliability = if transactions {
            Reliability::Transactions { every, rollback_every, timeout, on_timeout, backoff }
        } else {
            Reliability::Confirms { window: every, batch: None, timeout, on_timeout, on_refused: on_timeout, backoff }
        };
        let outbox = !transactions && books == 1;
        let mut rig = Rig::of(|names| {
            let mut plans = vec![plan("order-{n}", 12, Span::ZERO, names), plan("x{n}y", 5, Span::millis(7), names)];
            plans[1].mandatory = true;
            let mut row = |table: &str| Effect { table: names.intern(table), key: Derived::id(), kind: EffectKind::Insert };
            let gap = Span::millis(1);
            let books = match books {
                1 if outbox => {
                    Books::Outbox { order: row("orders"), outbox: row("outbox"), every: Span::millis(4), batch: 3 }
                }
                2 => Books::Dual { order: row("orders"), row_first: true, gap },
                3 => Books::Dual { order: row("orders"), row_first: false, gap },
                _ => Books::None,
            };
            let on_returned = aside.then(|| Aside { to: names.intern("lost-and-found"), key: Name::NONE });
            let reconnect = Some(Reconnect { after: Span::millis(5), max: 3 });
            Spec::Producer(ProducerSpec { plans, reliability, reconnect, on_returned, books })
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
            prop_assert!(p.open.len() <= every as usize, "never more open than allowed");
            for open in &p.open {
                let id = match open.flight.plan {
                    0 => format!("order-{}", open.flight.n),
                    _ => format!("x{}y", open.flight.n),
                };
                let expected = if open.returned { Belief::Refused } else { Belief::Unknown };
                prop_assert_eq!(rig.belief(&id), Some(expected), "what waits for an answer is not confirmed");
            }
            if outbox {
                let rows = |table: &str| rig.names.find(table).map_or(0, |table| rig.tables.rows(table));
                let confirmed = rig.folded.beliefs.values().filter(|belief| **belief == Belief::Confirmed).count();
                prop_assert!(rows("orders") as usize >= confirmed + p.open.iter().filter(|o| !o.returned).count());
                prop_assert!(rows("outbox") <= rows("orders"));
            }
            prop_assert!(!rig.exited || rig.timers.is_empty());
        }
    }
}
