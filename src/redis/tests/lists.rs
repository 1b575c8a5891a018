//! Lists: who gets what, in which order, and who waits.

use super::*;

#[test]
fn what_is_pushed_first_is_popped_first() {
    let mut b = Bench::node(Config::default());
    for id in ["m-1", "m-2", "m-3"] {
        b.push("jobs", id);
    }
    assert_eq!(b.list("jobs"), ["m-3", "m-2", "m-1"]);
    for _ in 0..3 {
        b.pop(B, "jobs");
    }
    assert_eq!(b.handed(), ["m-1", "m-2", "m-3"]);
    assert!(b.list("jobs").is_empty());
}

#[test]
fn a_push_serves_those_who_wait_in_the_order_of_blocking() {
    let mut b = Bench::node(Config::default());
    b.pop(ConnId(5), "jobs");
    b.pop(ConnId(4), "jobs");
    assert!(b.sent().is_empty());
    b.push("jobs", "m-1");
    let sent = b.sent();
    assert!(matches!(sent[0], (A, Frame::Integer { value: 1, .. })), "the push counts its own element");
    assert!(matches!(sent[1], (ConnId(5), Frame::Bulk { .. })));
    b.push("jobs", "m-2");
    assert_eq!(b.sent()[1].0, ConnId(4));
}

#[test]
fn a_popped_element_is_gone_and_a_moved_one_is_kept() {
    let mut b = Bench::node(Config::default());
    b.push("jobs", "m-1");
    b.push("jobs", "m-2");
    b.pop(B, "jobs");
    b.input(Input::Ended(B, Ending::Reset));
    assert_eq!(b.list("jobs"), ["m-2"]);
    b.keep(ConnId(2), "jobs", "mine");
    b.input(Input::Ended(ConnId(2), Ending::Reset));
    assert_eq!((b.list("jobs"), b.list("mine")), (vec![], vec!["m-2".to_string()]));
}

#[test]
fn a_client_that_closes_while_it_waits_loses_nothing() {
    let mut b = Bench::node(Config::default());
    b.pop(B, "jobs");
    b.input(Input::Ended(B, Ending::Closed));
    b.push("jobs", "m-1");
    assert_eq!(b.list("jobs"), ["m-1"]);
    assert_eq!(b.sent().len(), 1);
}

#[test]
fn commands_behind_a_waiting_one_wait_with_it() {
    let mut b = Bench::node(Config::default());
    b.pop(B, "jobs");
    let (list, message) = (b.name("other"), b.msg("x"));
    b.frame(B, Frame::Lpush { list, message });
    assert!(b.list("other").is_empty());
    b.push("jobs", "m-1");
    assert_eq!(b.list("other"), ["x"]);
    let to_b: Vec<_> = b.sent().into_iter().filter(|(c, _)| *c == B).collect();
    assert!(matches!(to_b[..], [(_, Frame::Bulk { .. }), (_, Frame::Integer { .. })]));
}

#[test]
fn a_timeout_answers_nil_and_an_element_cancels_it() {
    let mut b = Bench::node(Config::default());
    let list = b.name("jobs");
    b.frame(B, Frame::Brpop { list, timeout: Span::secs(1) });
    b.pass(Span::secs(2));
    assert_eq!(b.sent(), [(B, Frame::Nil)]);
    b.frame(B, Frame::Brpop { list, timeout: Span::secs(1) });
    b.push("jobs", "m-1");
    assert!(b.timers.is_empty());
}

#[test]
fn a_move_serves_those_who_wait_for_its_target() {
    let mut b = Bench::node(Config::default());
    b.pop(ConnId(3), "second");
    b.keep(ConnId(2), "first", "second");
    b.push("first", "m-1");
    assert_eq!(b.handed(), ["m-1", "m-1"]);
    assert!(b.list("first").is_empty() && b.list("second").is_empty());
}

#[test]
fn lrem_removes_one_element_and_counts_it() {
    let mut b = Bench::node(Config::default());
    b.push("jobs", "m-1");
    b.push("jobs", "m-1");
    let (list, message) = (b.name("jobs"), b.msg("m-1"));
    b.sent();
    b.frame(A, Frame::Lrem { list, message: message.clone() });
    assert_eq!(b.list("jobs").len(), 1);
    let missing = b.name("none");
    b.frame(A, Frame::Lrem { list: missing, message });
    let counts: Vec<_> = b.sent().into_iter().map(|(_, f)| matches!(f, Frame::Integer { value: 1, .. })).collect();
    assert_eq!(counts, [true, false]);
}
