//! Producers: when they publish, wait, publish again and give up.

use super::*;

#[test]
fn fire_and_forget_publishes_at_its_pace_and_believes_sent() {
    let mut rig = Rig::of(|names| {
        let plans = vec![plan("order-{n}", 2, Span::millis(10), names)];
        Spec::Producer(ProducerSpec {
            plans,
            reliability: Reliability::FireAndForget,
            reconnect: None,
            on_returned: None,
            books: Books::None,
        })
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
        Spec::Producer(ProducerSpec {
            plans,
            reliability: confirms(0),
            reconnect: None,
            on_returned: None,
            books: Books::None,
        })
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
        Spec::Producer(ProducerSpec {
            plans,
            reliability: confirms(2),
            reconnect,
            on_returned: None,
            books: Books::None,
        })
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
        Spec::Producer(ProducerSpec {
            plans,
            reliability: Reliability::FireAndForget,
            reconnect: None,
            on_returned: None,
            books: Books::None,
        })
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
        Spec::Producer(ProducerSpec {
            plans,
            reliability: Reliability::FireAndForget,
            reconnect: None,
            on_returned: None,
            books: Books::None,
        })
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
