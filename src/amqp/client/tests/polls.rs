//! Polling: looks at intervals, each of some gets.

use super::*;

fn poller(batch: u32) -> Session {
    let poll = Some(crate::machine::Poll { every: Span::millis(10), batch });
    let take = consumer(5).take.map(|take| Take { poll, ..take });
    Session { take, ..consumer(0) }
}

impl Bed {
    fn polling(batch: u32) -> Bed {
        let mut bed = Bed::new(poller(batch));
        bed.shake_hands(0);
        assert_eq!(
            bed.frame(1, Method::ChannelOpenOk),
            ["Ready", "timer 10ms", "BasicGet"],
            "no prefetch is asked for"
        );
        bed
    }

    fn got(&mut self, tag: u32) -> Vec<String> {
        let (none, message) = (Name::EMPTY, Message::plain(Name::EMPTY, 1));
        let ok = Method::BasicGetOk { tag, redelivered: false, exchange: none, key: none, messages: 0, message };
        self.frame(1, ok)
    }

    fn looks(&mut self) -> Vec<String> {
        self.give(Input::Timer(super::super::poll::LOOK))
    }
}

#[test]
fn a_look_asks_until_its_batch_is_full_or_the_queue_is_empty() {
    let mut bed = Bed::polling(3);
    assert_eq!(bed.got(1), ["offer 1 false", "BasicGet"]);
    assert_eq!(bed.got(2), ["offer 2 false", "BasicGet"]);
    assert_eq!(bed.got(3), ["offer 3 false"], "the batch is full");
    assert_eq!(bed.looks(), ["timer 10ms", "BasicGet"]);
    assert!(bed.frame(1, Method::BasicGetEmpty).is_empty());
    assert_eq!(bed.looks(), ["timer 10ms", "BasicGet"], "it asks again at the next look only");
}

#[test]
fn while_an_answer_is_awaited_the_next_look_asks_for_nothing() {
    let mut bed = Bed::polling(2);
    assert_eq!(bed.looks(), ["timer 10ms"]);
    assert_eq!(bed.got(1), ["offer 1 false", "BasicGet"]);
    assert_eq!(bed.looks(), ["timer 10ms"]);
}

#[test]
fn what_was_got_is_settled_by_its_number_like_a_delivery() {
    let mut bed = Bed::polling(1);
    bed.got(1);
    assert_eq!(bed.ask(Ask::Settle(Delivery(1), Name::NONE, Settle::Again)), ["nack 1 true"]);
}

#[test]
fn who_wants_no_more_asks_no_more_and_still_gets_what_was_asked_for() {
    let mut bed = Bed::polling(2);
    assert_eq!(bed.ask(Ask::Cancel), ["cancel timer", "Unsubscribed"]);
    assert_eq!(bed.got(1), ["offer 1 false"]);
    assert_eq!(bed.ask(Ask::Settle(Delivery(1), Name::NONE, Settle::Done)), ["ack 1 false"]);
}

#[test]
fn a_channel_that_was_closed_is_polled_again_when_it_is_open_again() {
    let mut bed = Bed::polling(1);
    let close = bed.close("gone");
    assert_eq!(bed.frame(1, Method::ChannelClose(close)), ["ChannelCloseOk", "cancel timer", "down: gone"]);
    assert!(bed.looks().is_empty(), "a timer that was under way already");
    assert!(bed.got(1).is_empty(), "an answer on the channel that is gone");
    assert_eq!(bed.ask(Ask::Connect), ["ChannelOpen"]);
    assert_eq!(bed.frame(1, Method::ChannelOpenOk), ["Ready", "timer 10ms", "BasicGet"]);
}
