//! First in, first out: per producer, per key, per queue.

use super::*;

impl Run {
    fn publish_with(&mut self, message: &str, key: &str) -> &mut Self {
        self.note(SHOP, What::Published, PlaceId::NONE, message);
        let key = self.log.names.intern(key);
        self.send_keyed(BROKER, message, FrameFlags::default(), key);
        let place = self.queue("billing");
        self.note(BROKER, What::Stored, place, message);
        self.note(SHOP, What::BelievesSent, PlaceId::NONE, message)
    }

    fn all_done(&mut self, messages: &[&str]) -> Findings {
        for message in messages {
            self.done(BILLER, message);
        }
        self.judge()
    }
}

/// The first message that breaks each order.
fn broken(findings: &Findings) -> [Option<&str>; 3] {
    [Word::Fifo, Word::FifoPerKey, Word::FifoPerQueue].map(|word| {
        let line = findings.guarantees.iter().find(|line| line.word == word).unwrap();
        assert_eq!(line.broken > 0, line.first.is_some());
        line.first.as_ref().map(|(id, _)| id.as_str())
    })
}

#[test]
fn messages_of_different_keys_may_overtake_each_other_without_breaking_the_order_of_their_keys() {
    let mut run = Run::new();
    for (message, key) in [("order-1", "ann"), ("order-2", "bob"), ("order-3", "ann"), ("order-4", "bob")] {
        run.publish_with(message, key);
    }
    let findings = run.all_done(&["order-2", "order-4", "order-1", "order-3"]);
    assert_eq!(broken(&findings), [Some("order-1"), None, Some("order-1")]);
}

#[test]
fn an_inversion_within_a_key_is_found_also_where_others_came_between() {
    let mut run = Run::new();
    for (message, key) in [("order-1", "ann"), ("order-2", "bob"), ("order-3", "ann"), ("order-4", "bob")] {
        run.publish_with(message, key);
    }
    let findings = run.all_done(&["order-3", "order-2", "order-4", "order-1"]);
    assert_eq!(broken(&findings)[1], Some("order-1"));
    let expected = Expectation { count: Count::BROKEN, ..Expectation::exactly(Word::FifoPerKey, 0) };
    assert_eq!(expected.to_string(), "fifo_per_key(false)");
    assert_eq!(expected.check(&findings).found, "broken once, by order-1, at table invoices");
}

#[test]
fn a_queue_that_keeps_its_order_passes_on_the_disorder_in_which_messages_came() {
    let mut run = Run::new();
    run.publish("order-1", &[], What::BelievesSent).publish("order-2", &["billing"], What::BelievesSent);
    let billing = run.queue("billing");
    run.note(BROKER, What::Stored, billing, "order-1");
    let findings = run.all_done(&["order-2", "order-1"]);
    assert_eq!(broken(&findings), [Some("order-1"), None, None], "no frame told the keys");
}

#[test]
fn a_message_that_comes_back_to_a_queue_keeps_its_place_in_its_order() {
    let mut run = Run::new();
    for message in ["order-1", "order-2"] {
        run.publish(message, &["billing"], What::BelievesSent);
    }
    let billing = run.queue("billing");
    run.note(BROKER, What::Stored, billing, "order-1");
    let findings = run.all_done(&["order-2", "order-1"]);
    assert_eq!(broken(&findings)[2], Some("order-1"));
}

#[test]
fn work_that_is_done_again_breaks_no_order() {
    let mut run = Run::new();
    for (message, key) in [("order-1", "ann"), ("order-2", "ann")] {
        run.publish_with(message, key);
    }
    let findings = run.all_done(&["order-1", "order-2", "order-1"]);
    assert_eq!(broken(&findings), [None, None, None]);
}
