//! Consumers: when they work and settle, and what they do where things go wrong.

use super::*;

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
        spec.dedup = Some(Dedup::Memory { size: 1, by: Derived::id() });
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
fn a_consumer_that_is_asked_to_stop_unsubscribes_and_finishes_what_it_has() {
    let mut rig = consumer(AckPolicy::Batch { size: 10, flush: None }, |_, _| {});
    rig.offer(1, "order-1");
    rig.offer(2, "order-2");
    rig.step(Input::Stop);
    assert!(rig.asked(|a| matches!(a, Ask::Cancel)));
    assert!(!rig.asked(|a| matches!(a, Ask::Disconnect)));
    rig.tick();
    rig.tick();
    assert!(!rig.asked(|a| matches!(a, Ask::Disconnect)), "the subscription still stands");
    rig.report(Report::Unsubscribed);
    assert_eq!(rig.settled(), [(2, Settle::DoneUpTo)]);
    assert!(rig.asked(|a| matches!(a, Ask::Disconnect)));
    rig.report(Report::Down(Down::Lost));
    assert!(rig.exited);
}
