//! Conversations by hand: what the client sends and tells for what it is asked and sent.

mod polls;
mod strays;
mod transactions;

use super::*;
use crate::amqp::Tune;
use crate::machine::{Message, NoDraws, Out, Registry, Take};
use crate::units::Span;

struct Bed {
    client: Client,
    names: Names,
    now: Time,
    registry: Registry,
    out: Out<Frame, crate::amqp::Record>,
}

const CONN: ConnId = ConnId(3);

impl Bed {
    fn new(session: Session) -> Bed {
        let mut client = Client::new();
        client.boot(&Arc::new(session));
        Bed { client, names: Names::new(), now: Time::ZERO, registry: Registry::default(), out: Out::default() }
    }

    /// Gives one input; every output in a few words.
    fn give(&mut self, input: Input<Frame>) -> Vec<String> {
        let Bed { client, names, now, registry, out } = self;
        out.clear();
        let me = ActorId(0);
        client.handle(input, &mut Ports { now: *now, me, names, registry, draws: &mut NoDraws, out });
        let outputs = self.out.take_whole();
        outputs.into_iter().map(|output| self.says(output.does)).collect()
    }

    fn says(&self, does: Does<Frame>) -> String {
        match does {
            Does::Send(conn, frame) => {
                assert_eq!(conn, CONN);
                let debug = format!("{:?}", frame.body);
                let name = debug.split([' ', '(']).next().unwrap();
                match frame.body {
                    Method::BasicAck { tag, multiple, .. } => format!("ack {tag} {multiple}"),
                    Method::BasicNack { tag, requeue, .. } => format!("nack {tag} {requeue}"),
                    Method::BasicReject { tag, requeue, .. } => format!("reject {tag} {requeue}"),
                    _ => name.to_owned(),
                }
            }
            Does::Tell(Report::Offer { delivery, redelivered, .. }) => format!("offer {} {redelivered}", delivery.0),
            Does::Tell(Report::Down(Down::Error(text))) => format!("down: {}", self.names.text(text)),
            Does::Tell(report) => format!("{report:?}"),
            Does::Shut { abort, .. } => format!("shut {abort}"),
            Does::SetTimer { after, .. } => format!("timer {after}"),
            Does::CancelTimer(_) => "cancel timer".to_owned(),
            other => format!("{other:?}"),
        }
    }

    fn frame(&mut self, channel: u16, body: Method) -> Vec<String> {
        self.give(Input::Frame(CONN, Frame::new(channel, body)))
    }

    fn ask(&mut self, ask: Ask) -> Vec<String> {
        self.give(Input::Ask(ask))
    }

    /// Goes through the handshake up to `channel.open`.
    fn shake_hands(&mut self, heartbeat: u16) {
        assert_eq!(self.ask(Ask::Connect), ["Dial"]);
        assert_eq!(self.give(Input::Connected(CONN)), ["ProtocolHeader"]);
        assert_eq!(self.frame(0, Method::ConnectionStart), ["ConnectionStartOk"]);
        let tune = Tune { channel_max: 2047, frame_max: 131_072, heartbeat };
        assert_eq!(self.frame(0, Method::ConnectionTune(tune))[..2], ["ConnectionTuneOk", "ConnectionOpen"]);
        assert_eq!(self.frame(0, Method::ConnectionOpenOk), ["ChannelOpen"]);
    }

    fn ready(session: Session) -> Bed {
        let (confirms, take) = (session.confirms, session.take.clone());
        let mut bed = Bed::new(session);
        bed.shake_hands(0);
        let mut last = bed.frame(1, Method::ChannelOpenOk);
        if confirms {
            assert_eq!(last, ["ConfirmSelect"]);
            last = bed.frame(1, Method::ConfirmSelectOk);
        }
        if let Some(take) = take {
            if take.prefetch > 0 {
                assert_eq!(last, ["BasicQos"]);
                last = bed.frame(1, Method::BasicQosOk);
            }
            assert_eq!(last, ["BasicConsume"]);
            last = bed.frame(1, Method::BasicConsumeOk { consumer_tag: Name::EMPTY });
        }
        assert_eq!(last, ["Ready"]);
        bed
    }

    fn publish(&mut self, ticket: u32, id: &str, mandatory: bool) {
        let id = self.names.intern(id);
        let message = Message::plain(id, 10);
        let publish = Publish { ticket, to: Name::EMPTY, key: Name::EMPTY, message, mandatory };
        assert_eq!(self.ask(Ask::Publish(publish)), ["BasicPublish"]);
    }

    fn deliver(&mut self, tag: u32) -> Vec<String> {
        let none = Name::EMPTY;
        let message = Message::plain(none, 1);
        let redelivered = false;
        self.frame(1, Method::BasicDeliver { consumer_tag: none, tag, redelivered, exchange: none, key: none, message })
    }

    fn close(&mut self, text: &str) -> Close {
        Close { code: 404, text: self.names.intern(text), class: 60, method: 40 }
    }
}

fn producer() -> Session {
    Session { confirms: true, take: None, heartbeat: None, access: None, transactions: false }
}

fn consumer(prefetch: u32) -> Session {
    let take = Take { from: Name::EMPTY, auto_settle: false, prefetch, options: Arc::default(), poll: None };
    Session { confirms: false, take: Some(take), heartbeat: None, access: None, transactions: false }
}

#[test]
fn the_session_stands_with_the_last_answer() {
    Bed::ready(producer());
    Bed::ready(consumer(0));
    Bed::ready(consumer(5));
    Bed::ready(Session { confirms: true, ..consumer(5) });
    Bed::ready(Session { confirms: false, ..producer() });
}

#[test]
fn a_multiple_ack_answers_every_open_publish_up_to_its_number_in_order() {
    let mut bed = Bed::ready(producer());
    (1..=4).for_each(|n| bed.publish(10 + n, &format!("m-{n}"), false));
    let ack = |tag, multiple| Method::BasicAck { tag, multiple, confirm: true, about: Name::NONE };
    assert_eq!(bed.frame(1, ack(2, false)), ["Answer(12, Confirmed)"]);
    assert_eq!(bed.frame(1, ack(3, true)), ["Answer(11, Confirmed)", "Answer(13, Confirmed)"]);
    let nack = Method::BasicNack { tag: 4, multiple: true, requeue: false, confirm: true, about: Name::NONE };
    assert_eq!(bed.frame(1, nack), ["Answer(14, Refused)"]);
}

#[test]
fn a_return_comes_before_its_answer_and_names_the_publish() {
    let mut bed = Bed::ready(producer());
    bed.publish(1, "a", true);
    bed.publish(2, "b", true);
    let message = Message::plain(bed.names.intern("b"), 10);
    let back = Method::BasicReturn { code: 312, text: Name::EMPTY, exchange: Name::EMPTY, key: Name::EMPTY, message };
    assert_eq!(bed.frame(1, back), ["Returned(2)"]);
    assert_eq!(
        bed.frame(1, Method::BasicAck { tag: 2, multiple: false, confirm: true, about: Name::NONE }),
        ["Answer(2, Confirmed)"]
    );
}

#[test]
fn deliveries_are_settled_by_their_tag() {
    let mut bed = Bed::ready(consumer(0));
    assert_eq!(bed.deliver(1), ["offer 1 false"]);
    assert_eq!(bed.deliver(2), ["offer 2 false"]);
    assert_eq!(bed.deliver(3), ["offer 3 false"]);
    assert_eq!(bed.ask(Ask::Settle(Delivery(2), Name::NONE, Settle::DoneUpTo)), ["ack 2 true"]);
    assert_eq!(bed.ask(Ask::Settle(Delivery(3), Name::NONE, Settle::Again)), ["nack 3 true"]);
    assert_eq!(bed.ask(Ask::Settle(Delivery(3), Name::NONE, Settle::Reject)), ["reject 3 false"]);
    assert!(bed.ask(Ask::Settle(Delivery(4), Name::NONE, Settle::Done)).is_empty());
}

#[test]
fn a_delivery_of_an_earlier_session_is_not_settled_in_the_next() {
    let mut bed = Bed::ready(consumer(0));
    bed.deliver(1);
    bed.deliver(2);
    let close = bed.close("PRECONDITION_FAILED - unknown delivery tag 9");
    assert_eq!(
        bed.frame(1, Method::ChannelClose(close)),
        ["ChannelCloseOk", "down: PRECONDITION_FAILED - unknown delivery tag 9"]
    );
    assert!(bed.ask(Ask::Settle(Delivery(1), Name::NONE, Settle::Done)).is_empty());
    assert_eq!(bed.ask(Ask::Connect), ["ChannelOpen"]);
    assert_eq!(bed.frame(1, Method::ChannelOpenOk), ["BasicConsume"]);
    assert_eq!(bed.frame(1, Method::BasicConsumeOk { consumer_tag: Name::EMPTY }), ["Ready"]);
    assert_eq!(bed.deliver(1), ["offer 3 false"]);
    assert!(bed.ask(Ask::Settle(Delivery(2), Name::NONE, Settle::Done)).is_empty());
    assert_eq!(bed.ask(Ask::Settle(Delivery(3), Name::NONE, Settle::Done)), ["ack 1 false"]);
}

#[test]
fn the_brokers_end_of_the_connection_is_agreed_to_and_told() {
    let mut bed = Bed::ready(producer());
    let close = bed.close("INTERNAL_ERROR");
    let said = bed.frame(0, Method::ConnectionClose(close));
    assert_eq!(said, ["ConnectionCloseOk", "shut false", "down: INTERNAL_ERROR"]);
    assert!(bed.give(Input::Ended(CONN, Ending::Closed)).is_empty());
    assert_eq!(bed.ask(Ask::Connect), ["Dial"]);
    assert!(bed.give(Input::Ended(CONN, Ending::Reset)).is_empty(), "the old connection's end is of no interest");
    assert_eq!(bed.give(Input::Ended(ConnId(4), Ending::Refused)), ["Down(Refused)"]);
}

#[test]
fn a_broken_connection_is_told_and_dialled_anew() {
    let mut bed = Bed::ready(producer());
    bed.publish(1, "a", false);
    assert_eq!(bed.give(Input::Ended(CONN, Ending::Reset)), ["Down(Lost)"]);
    bed.shake_hands(0);
    bed.frame(1, Method::ChannelOpenOk);
    assert_eq!(bed.frame(1, Method::ConfirmSelectOk), ["Ready"]);
    bed.publish(2, "a", false);
    assert_eq!(
        bed.frame(1, Method::BasicAck { tag: 1, multiple: false, confirm: true, about: Name::NONE }),
        ["Answer(2, Confirmed)"],
        "numbers begin anew"
    );
}

#[test]
fn leaving_in_order_waits_for_the_answer() {
    let mut bed = Bed::ready(consumer(0));
    assert_eq!(bed.ask(Ask::Disconnect), ["ConnectionClose"]);
    assert!(bed.deliver(1).is_empty());
    assert_eq!(bed.frame(0, Method::ConnectionCloseOk), ["shut false", "Down(Lost)"]);
}

#[test]
fn one_that_leaves_is_told_of_the_end_also_where_no_answer_comes() {
    let mut bed = Bed::ready(consumer(0));
    bed.ask(Ask::Disconnect);
    assert_eq!(bed.give(Input::Ended(CONN, Ending::Reset)), ["Down(Lost)"]);
}

#[test]
fn a_client_shows_signs_of_life_and_notices_their_lack() {
    let mut bed = Bed::new(Session { heartbeat: Some(Span::secs(4)), ..producer() });
    bed.ask(Ask::Connect);
    bed.give(Input::Connected(CONN));
    bed.frame(0, Method::ConnectionStart);
    let tune = Tune { channel_max: 0, frame_max: 0, heartbeat: 60 };
    let said = bed.frame(0, Method::ConnectionTune(tune));
    assert_eq!(said[2..], ["timer 2s", "timer 8s"]);
    bed.now = Time(2_000_000_000);
    assert_eq!(bed.give(Input::Timer(crate::machine::Token(u64::MAX))), ["Heartbeat", "timer 2s"]);
    bed.frame(0, Method::Heartbeat);
    bed.now = Time(8_000_000_000);
    assert_eq!(bed.give(Input::Timer(crate::machine::Token(u64::MAX - 1))), ["timer 2s"]);
    bed.now = Time(10_000_000_000);
    let said = bed.give(Input::Timer(crate::machine::Token(u64::MAX - 1)));
    assert_eq!(said, ["shut true", "cancel timer", "cancel timer", "Down(Lost)"]);
}

#[test]
fn the_smaller_heartbeat_wins_and_zero_means_none() {
    let tune = |heartbeat| Tune { channel_max: 0, frame_max: 0, heartbeat };
    let agreed = |proposed, offered: Option<u64>| agree(tune(proposed), offered.map(Span::millis)).heartbeat;
    assert_eq!([agreed(60, None), agreed(60, Some(0)), agreed(60, Some(1500)), agreed(0, Some(7000))], [60, 0, 2, 7]);
    assert_eq!([agreed(5, Some(60_000)), agreed(0, None)], [5, 0]);
}

#[test]
fn a_cancelled_subscription_is_told() {
    let mut bed = Bed::ready(consumer(0));
    assert_eq!(bed.frame(1, Method::BasicCancel { consumer_tag: Name::EMPTY, nowait: true }), ["Cancelled"]);
}

#[test]
fn a_used_client_boots_like_a_new_one() {
    let session = Arc::new(producer());
    let mut bed = Bed::ready(producer());
    bed.publish(1, "a", false);
    bed.client.boot(&session);
    let mut fresh = Client::new();
    fresh.boot(&session);
    let digest = |client: &Client| Digest::of(|d| client.digest(Time::ZERO, &bed.names, d));
    assert_eq!(digest(&bed.client), digest(&fresh));
}

/// One of the inputs that can come at any time, sensible or not.
fn input(pick: u8, n: u32) -> Input<Frame> {
    let none = Name::EMPTY;
    let frame = |channel, body| Input::Frame(CONN, Frame::new(channel, body));
    let message = Message::plain(none, 1);
    let close = Close { code: 404, text: none, class: 0, method: 0 };
    match pick {
        0 => Input::Ask(Ask::Connect),
        1 => Input::Connected(CONN),
        2 => frame(0, Method::ConnectionStart),
        3 => frame(0, Method::ConnectionTune(Tune { channel_max: 0, frame_max: 0, heartbeat: n as u16 })),
        4 => frame(0, Method::ConnectionOpenOk),
        5 => frame(1, Method::ChannelOpenOk),
        6 => frame(1, Method::ConfirmSelectOk),
        7 => frame(1, Method::BasicConsumeOk { consumer_tag: none }),
        8 => Input::Ask(Ask::Publish(Publish { ticket: n, to: none, key: none, message, mandatory: true })),
        9 => frame(1, Method::BasicAck { tag: n, multiple: n.is_multiple_of(2), confirm: true, about: Name::NONE }),
        10 => frame(1, Method::BasicReturn { code: 312, text: none, exchange: none, key: none, message }),
        11 => {
            let redelivered = false;
            frame(
                1,
                Method::BasicDeliver { consumer_tag: none, tag: n, redelivered, exchange: none, key: none, message },
            )
        }
        12 => Input::Ask(Ask::Settle(Delivery(n), Name::NONE, Settle::Done)),
        13 => frame(1, Method::ChannelClose(close)),
        14 => frame(0, Method::ConnectionClose(close)),
        15 => Input::Ended(CONN, Ending::Reset),
        16 => Input::Ask(Ask::Disconnect),
        17 => frame(0, Method::ConnectionCloseOk),
        18 => Input::Timer(Token(u64::MAX - 1)),
        _ => Input::Timer(Token(u64::MAX)),
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]
    #[test]
    fn whatever_comes_no_answer_is_given_twice_and_a_copy_behaves_the_same(
        inputs in proptest::collection::vec((0u8..20, 0u32..6), 0..80),
        skip in 0usize..7,
    ) {
        // From a session that stands, from one that has not begun, and from those between.
        let session = Session { confirms: true, ..consumer(0) };
        let mut bed = Bed::new(session.clone());
        let up: Vec<_> = (0u8..8).map(|pick| (pick, 0)).take(8 - skip).collect();
        let mut copy = Bed::new(session);
        let mut answered = Vec::new();
        for (ticket, (pick, n)) in (100..).zip(up.into_iter().chain(inputs)) {
            copy.client.clone_from(&bed.client);
            let n = if pick == 8 { ticket } else { n };
            let said = bed.give(input(pick, n));
            proptest::prop_assert_eq!(&said, &copy.give(input(pick, n)));
            for word in said.into_iter().filter(|word| word.starts_with("Answer")) {
                proptest::prop_assert!(!answered.contains(&word), "{} came twice", word);
                answered.push(word);
            }
        }
    }
}
