//! Producers in transactions, with tables beside their publishes, and with questions.

use super::*;

fn transactions(every: u32, rollback_every: Option<u32>) -> Reliability {
    Reliability::Transactions {
        every,
        rollback_every,
        timeout: Some(Span::millis(100)),
        on_timeout: Retry::Republish { max: 2 },
        backoff: Backoff::default(),
    }
}

fn with_books(count: u32, make: impl FnOnce(&mut Names) -> Books) -> Rig {
    Rig::of(|names| {
        let plans = vec![plan("order-{n}", count, Span::millis(10), names)];
        let reliability = confirms(0);
        let reconnect = Some(Reconnect { after: Span::millis(50), max: 0 });
        Spec::Producer(ProducerSpec { plans, reliability, reconnect, on_returned: None, books: make(names) })
    })
}

fn row(table: &str, names: &mut Names) -> Effect {
    Effect { table: names.intern(table), key: Derived::id(), kind: EffectKind::Insert }
}

fn count(rig: &Rig, table: &str) -> u32 {
    rig.names.find(table).map_or(0, |table| rig.tables.rows(table))
}

#[test]
fn a_transaction_is_committed_when_full_and_nothing_is_published_until_it_is_answered() {
    let mut rig = producer(5, transactions(2, None), true).ready();
    assert_eq!(ids(&rig.published()), ["order-1", "order-2"]);
    assert!(rig.asked(|a| matches!(a, Ask::Commit)));
    assert_eq!(rig.belief("order-1"), Some(Belief::Unknown));
    rig.report(Report::Answer(1, Answer::Confirmed));
    assert!(rig.published().is_empty());
    rig.report(Report::Answer(2, Answer::Confirmed));
    assert_eq!(ids(&rig.published()), ["order-3", "order-4"]);
    _ = [3, 4].map(|ticket| rig.report(Report::Answer(ticket, Answer::Confirmed)));
    assert_eq!(ids(&rig.published()), ["order-5"]);
    assert!(rig.asked(|a| matches!(a, Ask::Commit)), "the last one is not full, and nothing more will come");
}

#[test]
fn every_second_transaction_is_rolled_back_and_its_messages_are_refused_for_good() {
    let mut rig = producer(2, transactions(1, Some(2)), true).ready();
    rig.report(Report::Answer(1, Answer::Confirmed));
    assert!(rig.asked(|a| matches!(a, Ask::Rollback)));
    rig.report(Report::Answer(2, Answer::Refused));
    assert_eq!([rig.belief("order-1"), rig.belief("order-2")], [Some(Belief::Confirmed), Some(Belief::Refused)]);
    assert!(rig.published().is_empty());
}

#[test]
fn a_session_lost_before_the_commit_is_certain_and_one_lost_at_the_commit_is_not() {
    let mut rig = Rig::of(|names| {
        let plans = vec![plan("order-{n}", 3, Span::millis(10), names)];
        let reconnect = Some(Reconnect { after: Span::millis(50), max: 0 });
        let reliability = transactions(2, None);
        Spec::Producer(ProducerSpec { plans, reliability, reconnect, on_returned: None, books: Books::None })
    })
    .ready();
    rig.report(Report::Down(Down::Lost));
    assert_eq!(rig.belief("order-1"), Some(Belief::Refused), "what is not committed is thrown away");
    while rig.timer(verbs::RECONNECT).is_some() {
        rig.tick();
    }
    rig.report(Report::Ready);
    assert!(rig.asked(|a| matches!(a, Ask::Commit)));
    rig.report(Report::Down(Down::Lost));
    assert_eq!(rig.belief("order-1"), Some(Belief::Unknown));
    assert_eq!(rig.notes().iter().filter(|n| **n == What::GaveUp).count(), 1, "order-1 had its two attempts");
}

#[test]
fn what_came_back_is_published_elsewhere_once_its_answer_is_there() {
    let mut rig = Rig::of(|names| {
        let mut plans = vec![plan("order-{n}", 1, Span::ZERO, names)];
        plans[0].mandatory = true;
        let on_returned = Some(Aside { to: names.intern("elsewhere"), key: Name::NONE });
        Spec::Producer(ProducerSpec {
            plans,
            reliability: confirms(1),
            reconnect: None,
            on_returned,
            books: Books::None,
        })
    })
    .ready();
    rig.report(Report::Returned(1));
    assert!(rig.published().is_empty());
    rig.report(Report::Answer(1, Answer::Confirmed));
    assert_eq!(rig.published(), [("order-1".to_owned(), 2)]);
    let elsewhere = rig.names.find("elsewhere").unwrap();
    assert!(rig.out.asks.iter().any(|a| matches!(a, Ask::Publish(p) if p.to == elsewhere)));
    rig.report(Report::Returned(2));
    rig.report(Report::Answer(2, Answer::Confirmed));
    assert!(rig.published().is_empty(), "from there it does not go on");
    assert_eq!(rig.belief("order-1"), Some(Belief::Refused));
}

#[test]
fn the_outbox_fills_without_a_session_and_the_relay_empties_it() {
    let outbox = |names: &mut Names| Books::Outbox {
        order: row("orders", names),
        outbox: row("outbox", names),
        every: Span::millis(5),
        batch: 2,
    };
    let mut rig = with_books(3, outbox);
    while count(&rig, "orders") < 3 {
        assert!(rig.tick());
    }
    assert_eq!((count(&rig, "outbox"), rig.published().len()), (3, 0));
    rig.report(Report::Ready);
    rig.tick();
    assert_eq!(ids(&rig.published()), ["order-1", "order-2"]);
    rig.report(Report::Answer(1, Answer::Confirmed));
    assert_eq!(count(&rig, "outbox"), 2);
    // The process dies with one message on its way: the row is still there.
    rig.app.crash();
    rig.timers.clear();
    rig.step(Input::Started);
    rig.report(Report::Ready);
    rig.tick();
    assert_eq!(ids(&rig.published()), ["order-2", "order-3"]);
}

#[test]
fn a_crash_between_the_two_steps_leaves_one_of_them() {
    for row_first in [true, false] {
        let mut rig =
            with_books(1, |names| Books::Dual { order: row("orders", names), row_first, gap: Span::millis(1) }).ready();
        assert_eq!(count(&rig, "orders"), u32::from(row_first));
        assert_eq!(rig.published().len(), usize::from(!row_first));
        rig.app.crash();
        rig.timers.clear();
        rig.step(Input::Started);
        rig.report(Report::Ready);
        while rig.tick() {}
        assert_eq!(count(&rig, "orders"), u32::from(row_first));
    }
}

fn caller(check: bool) -> Rig {
    Rig::of(|names| {
        let mut plans = vec![plan("ask-{n}", 2, Span::ZERO, names)];
        plans[0].reply_to = names.intern("answers");
        plans[0].correlation = Some(Template::new("c-{n}", names).unwrap());
        let reliability =
            Reliability::Replies { timeout: Span::millis(100), max: 1, check, table: names.intern("got") };
        Spec::Producer(ProducerSpec { plans, reliability, reconnect: None, on_returned: None, books: Books::None })
    })
    .ready()
}

fn answer(rig: &mut Rig, delivery: u32, correlation: &str) {
    let mut message = Message::plain(rig.names.intern(&format!("re-{correlation}")), 10);
    message.correlation = rig.names.intern(correlation);
    rig.offer_message(delivery, message, false);
}

#[test]
fn a_question_waits_for_its_answer_and_a_late_one_finds_nobody() {
    let mut rig = caller(true);
    assert_eq!(ids(&rig.published()), ["ask-1"]);
    rig.tick();
    assert_eq!((rig.belief("ask-1"), ids(&rig.published())), (Some(Belief::Unknown), vec!["ask-2"]));
    answer(&mut rig, 1, "c-1");
    assert!(rig.notes().contains(&What::NotTheAnswer));
    answer(&mut rig, 2, "c-2");
    assert_eq!(rig.belief("ask-2"), Some(Belief::Confirmed));
    assert_eq!(count(&rig, "got"), 1);
}

#[test]
fn who_does_not_look_at_correlation_ids_takes_the_late_answer_for_the_next_one() {
    let mut rig = caller(false);
    rig.tick();
    answer(&mut rig, 1, "c-1");
    assert_eq!(rig.belief("ask-2"), Some(Belief::Confirmed));
    let (table, key) = (rig.names.find("got").unwrap(), rig.names.find("ask-2").unwrap());
    assert!(rig.tables.has(table, key));
}
