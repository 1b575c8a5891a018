//! Acknowledgements on the wrong channel.

use super::*;

impl Bed {
    fn elsewhere(&mut self, delivery: u32) -> Vec<String> {
        self.ask(Ask::Settle(Delivery(delivery), Name::NONE, Settle::Elsewhere))
    }

    fn with_deliveries(n: u32) -> Bed {
        let mut bed = Bed::ready(consumer(0));
        (1..=n).for_each(|tag| _ = bed.deliver(tag));
        bed
    }
}

#[test]
fn the_second_channel_is_opened_once_and_what_waits_for_it_is_said_in_order() {
    let mut bed = Bed::with_deliveries(3);
    assert_eq!(bed.elsewhere(2), ["ChannelOpen"]);
    assert!(bed.elsewhere(1).is_empty(), "it is asked for already");
    assert_eq!(bed.frame(2, Method::ChannelOpenOk), ["ack 2 false", "ack 1 false"]);
    assert_eq!(bed.elsewhere(3), ["ack 3 false"]);
}

#[test]
fn the_broker_closes_the_second_channel_and_the_first_one_goes_on() {
    let mut bed = Bed::with_deliveries(2);
    bed.elsewhere(1);
    bed.frame(2, Method::ChannelOpenOk);
    let close = bed.close("PRECONDITION_FAILED - unknown delivery tag 1");
    assert_eq!(bed.frame(2, Method::ChannelClose(close)), ["ChannelCloseOk"], "the application is told nothing");
    assert_eq!(bed.deliver(3), ["offer 3 false"]);
    assert_eq!(bed.ask(Ask::Settle(Delivery(1), Name::NONE, Settle::Done)), ["ack 1 false"]);
    assert_eq!(bed.elsewhere(2), ["ChannelOpen"], "the next mistake opens it anew");
}

#[test]
fn with_the_connection_goes_what_waited_for_the_second_channel() {
    let mut bed = Bed::with_deliveries(1);
    bed.elsewhere(1);
    assert_eq!(bed.give(Input::Ended(CONN, Ending::Reset)), ["Down(Lost)"]);
    bed.shake_hands(0);
    bed.frame(1, Method::ChannelOpenOk);
    bed.frame(1, Method::BasicConsumeOk { consumer_tag: Name::EMPTY });
    assert!(bed.frame(2, Method::ChannelOpenOk).is_empty(), "nobody has asked for it");
    assert!(bed.elsewhere(1).is_empty(), "a delivery of the connection before");
}
