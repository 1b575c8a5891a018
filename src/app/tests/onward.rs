//! Consumers that publish: what follows from their work, and what they put aside.

use super::*;
use crate::machine::Value;

fn at_once(change: impl FnOnce(&mut ConsumerSpec, &mut Names)) -> Rig {
    consumer(AckPolicy::AfterWork, |spec, names| {
        spec.work = Timing::ZERO;
        change(spec, names);
    })
}

fn forward(confirms: bool, before_ack: bool) -> Rig {
    at_once(|spec, names| {
        spec.forward = Some(Forward {
            to: Name::EMPTY,
            key: names.intern("shipping"),
            id: Derived::new("shipped-{id}", names).unwrap(),
            confirms,
            before_ack,
            props: Props::default().into(),
        });
    })
}

/// What was asked for in the last call: `p` for a publish, `s` for a settling.
fn order(rig: &Rig) -> String {
    let one = |ask: &Ask| match ask {
        Ask::Publish(_) => 'p',
        Ask::Settle(..) => 's',
        _ => '?',
    };
    rig.out.asks.iter().map(one).collect()
}

#[test]
fn what_follows_from_the_work_is_published_before_or_after_the_acknowledgement() {
    for (before, asked) in [(true, "ps"), (false, "")] {
        let mut rig = forward(false, before);
        rig.offer(1, "order-1");
        if before {
            assert_eq!(order(&rig), asked);
        } else {
            assert_eq!(order(&rig), "s", "the client has not settled yet");
            assert!(!rig.notes().contains(&What::Published));
            rig.report(Report::GoOn);
            assert_eq!(order(&rig), "p");
        }
        assert_eq!(ids(&rig.published()), ["shipped-order-1"]);
    }
}

#[test]
fn what_is_put_off_is_done_in_its_order_and_not_in_a_session_that_is_gone() {
    let mut rig = consumer(AckPolicy::AfterWork, |spec, names| {
        spec.parallel = 2;
        spec.forward = Some(Forward {
            to: Name::EMPTY,
            key: names.intern("shipping"),
            id: Derived::new("shipped-{id}", names).unwrap(),
            confirms: false,
            before_ack: false,
            props: Props::default().into(),
        });
    });
    for n in 1..=2 {
        rig.offer(n, &format!("order-{n}"));
    }
    rig.tick();
    rig.tick();
    rig.report(Report::GoOn);
    assert_eq!(ids(&rig.published()), ["shipped-order-1"]);
    rig.report(Report::Down(Down::Lost));
    rig.report(Report::GoOn);
    assert!(rig.published().is_empty() && rig.notes().contains(&What::Withheld));
    rig.report(Report::GoOn);
    assert!(rig.notes().is_empty(), "there is nothing more to come to");
}

#[test]
fn with_confirms_the_acknowledgement_waits_for_the_answer() {
    let mut rig = forward(true, true);
    rig.offer(1, "order-1");
    assert_eq!(order(&rig), "p");
    rig.report(Report::Answer(1, Answer::Confirmed));
    assert_eq!(rig.settled(), [(1, Settle::Done)]);
    rig.offer(2, "order-2");
    rig.report(Report::Answer(2, Answer::Refused));
    assert_eq!(rig.settled(), [(2, Settle::Again)]);
    rig.offer(3, "order-3");
    rig.report(Report::Down(Down::Lost));
    assert!(rig.notes().contains(&What::BelievesUnknown));
    rig.report(Report::Answer(3, Answer::Confirmed));
    assert!(rig.settled().is_empty());
}

fn parking(header: bool) -> Rig {
    at_once(|spec, names| {
        spec.fail = vec![Fail { which: Which::Every(1), times: 0, then: Then::Reject }];
        spec.park = Some(Park { after: 2, to: names.intern("parking"), from: names.intern("billing"), header });
    })
}

#[test]
fn a_message_that_fails_too_often_by_its_header_is_parked() {
    let mut rig = parking(true);
    rig.offer(1, "order-1");
    let Some(Ask::Publish(again)) = rig.out.asks.first().cloned() else { panic!("nothing published") };
    assert_eq!(rig.names.text(again.key), "billing");
    assert_eq!(rig.settled(), [(1, Settle::Done)]);
    rig.offer_message(2, again.message, false);
    let Some(Ask::Publish(parked)) = rig.out.asks.first() else { panic!("nothing published") };
    assert_eq!(rig.names.text(parked.key), "parking");
}

#[test]
fn rejections_in_this_queue_count_where_x_death_counts() {
    let mut rig = parking(false);
    rig.offer(1, "order-1");
    assert_eq!(rig.settled(), [(1, Settle::Reject)]);
    let death = |queue: &str, reason: &str| {
        let text = Value::text;
        Value::Table(vec![
            ("count".into(), Value::int(1)),
            ("queue".into(), text(queue)),
            ("reason".into(), text(reason)),
        ])
    };
    let mut message = Message::plain(rig.names.intern("order-2"), 10);
    for (deaths, parked) in [
        (vec![death("delay", "expired"), death("billing", "expired")], false),
        (vec![death("delay", "expired"), death("billing", "rejected")], true),
    ] {
        let headers = Some(vec![("x-death".into(), Value::List(deaths))]);
        message.props = Props { headers, ..Props::default() }.into();
        rig.offer_message(2 + u32::from(parked), message.clone(), false);
        assert_eq!(rig.notes().contains(&What::PutAside), parked);
    }
}

#[test]
fn a_crash_after_the_effect_sends_no_answer() {
    let mut rig = at_once(|spec, names| {
        spec.reply = Some(Derived::new("re-{id}", names).unwrap());
        spec.fail = vec![Fail { which: Which::Every(1), times: 1, then: Then::CrashAfterEffect }];
    });
    let mut message = Message::plain(rig.names.intern("ask-1"), 10);
    message.reply_to = rig.names.intern("answers");
    rig.offer_message(1, message, false);
    assert!(rig.exited && rows(&rig) == 1);
    assert!(!rig.notes().contains(&What::Replied));
}
