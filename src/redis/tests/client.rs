//! Sizes on the wire, and the client: sessions, pops, moves and settlements.

use super::*;

#[test]
fn sizes_are_those_of_resp() {
    let mut names = Names::new();
    let (list, own) = (names.intern("jobs"), names.intern("mine"));
    let message = Message::plain(names.intern("m-1"), 10);
    let timeout = Span::millis(1_500);
    let size = |frame: Frame, bytes: &str| assert_eq!(frame.size(&names) as usize, bytes.len(), "{frame:?}");
    size(Frame::Lpush { list, message: message.clone() }, "*3\r\n$5\r\nLPUSH\r\n$4\r\njobs\r\n$10\r\n0123456789\r\n");
    size(Frame::Brpop { list, timeout: Span::ZERO }, "*3\r\n$5\r\nBRPOP\r\n$4\r\njobs\r\n$1\r\n0\r\n");
    size(Frame::Brpop { list, timeout }, "*3\r\n$5\r\nBRPOP\r\n$4\r\njobs\r\n$3\r\n1.5\r\n");
    let lmove = "*5\r\n$5\r\nLMOVE\r\n$4\r\njobs\r\n$4\r\nmine\r\n$5\r\nRIGHT\r\n$4\r\nLEFT\r\n";
    size(Frame::Lmove { from: list, to: own }, lmove);
    let lrem = "*4\r\n$4\r\nLREM\r\n$4\r\njobs\r\n$1\r\n1\r\n$10\r\n0123456789\r\n";
    size(Frame::Lrem { list, message: message.clone() }, lrem);
    size(Frame::Integer { value: 12, about: Name::NONE }, ":12\r\n");
    size(Frame::Bulk { list, message: message.clone() }, "*2\r\n$4\r\njobs\r\n$10\r\n0123456789\r\n");
    size(Frame::Bulk { list: Name::NONE, message }, "$10\r\n0123456789\r\n");
    size(Frame::Nil, "$-1\r\n");
}

fn session(bench: &mut Bench<Client>, auto_settle: bool, prefetch: u32) -> Arc<Session> {
    let take = Take { from: bench.name("jobs"), auto_settle, prefetch, options: Arc::default(), poll: None };
    Arc::new(Session { confirms: true, take: Some(take), heartbeat: None, access: None, transactions: false })
}

fn consumer(auto_settle: bool, prefetch: u32) -> Bench<Client> {
    let mut b = Bench::new(Client::default());
    let session = session(&mut b, auto_settle, prefetch);
    b.machine.boot(&session);
    connect(&mut b);
    b
}

fn connect(b: &mut Bench<Client>) {
    b.input(Input::Ask(Ask::Connect));
    b.input(Input::Connected(A));
    b.input(Input::Connected(B));
    assert!(matches!(b.told.pop(), Some(Report::Ready)));
}

/// Answers the client's last command on the connection for taking.
fn give(b: &mut Bench<Client>, id: &str) {
    let message = b.msg(id);
    b.frame(B, Frame::Bulk { list: Name::NONE, message });
}

fn verbs_sent(b: &mut Bench<Client>) -> Vec<&'static str> {
    let sent = b.sent();
    let name = |f: &Frame| verbs::TABLE.verbs[(f.words(&b.names).verb.0 & 0xff) as usize].name;
    sent.iter().map(|(_, f)| name(f)).collect()
}

#[test]
fn a_producer_gets_its_answers_in_order_over_one_connection() {
    let mut b = Bench::new(Client::default());
    b.machine.boot(&Arc::new(Session {
        confirms: true,
        take: None,
        heartbeat: None,
        access: None,
        transactions: false,
    }));
    b.input(Input::Ask(Ask::Connect));
    b.input(Input::Connected(A));
    assert!(matches!(b.told.pop(), Some(Report::Ready)));
    for ticket in [1, 2] {
        let (to, message) = (b.name("jobs"), b.msg("m-1"));
        let publish = Publish { ticket, to, key: Name::EMPTY, message, mandatory: false };
        b.input(Input::Ask(Ask::Publish(publish)));
    }
    b.frame(A, Frame::Integer { value: 1, about: Name::NONE });
    let full = b.name("MISCONF");
    b.frame(A, Frame::Error(full));
    assert_eq!(b.dials, 1);
    assert!(matches!(b.told[..], [Report::Answer(1, Answer::Confirmed), Report::Answer(2, Answer::Refused)]));
}

#[test]
fn a_consumer_that_does_not_settle_pops_again_when_it_is_done() {
    let mut b = consumer(true, 1);
    give(&mut b, "m-1");
    assert_eq!(verbs_sent(&mut b), ["brpop"]);
    b.input(Input::Ask(Ask::Settle(Delivery(1), Name::NONE, Settle::Done)));
    give(&mut b, "m-2");
    assert_eq!(b.told.len(), 2);
    assert_eq!(verbs_sent(&mut b), ["brpop"]);
}

#[test]
fn a_consumer_that_settles_moves_works_and_removes() {
    let mut b = consumer(false, 1);
    b.frame(B, Frame::Integer { value: 0, about: Name::NONE });
    give(&mut b, "m-1");
    assert_eq!(verbs_sent(&mut b), ["llen", "blmove"], "no second one while the first is open");
    b.input(Input::Ask(Ask::Settle(Delivery(1), Name::NONE, Settle::Done)));
    assert_eq!(verbs_sent(&mut b), ["lrem", "blmove"]);
    give(&mut b, "m-2");
    b.input(Input::Ask(Ask::Settle(Delivery(2), Name::NONE, Settle::Again)));
    assert_eq!(verbs_sent(&mut b), ["rpush", "lrem", "blmove"]);
}

#[test]
fn prefetch_keeps_several_open_and_one_settle_may_stand_for_all() {
    let mut b = consumer(false, 2);
    b.frame(B, Frame::Integer { value: 0, about: Name::NONE });
    give(&mut b, "m-1");
    give(&mut b, "m-2");
    assert_eq!(verbs_sent(&mut b), ["llen", "blmove", "blmove"]);
    b.input(Input::Ask(Ask::Settle(Delivery(2), Name::NONE, Settle::DoneUpTo)));
    assert_eq!(verbs_sent(&mut b), ["lrem", "lrem", "blmove"]);
}

#[test]
fn a_consumer_that_comes_back_takes_up_its_own_list_first() {
    let mut b = consumer(false, 1);
    b.frame(B, Frame::Integer { value: 1, about: Name::NONE });
    give(&mut b, "m-1");
    assert!(matches!(b.told[..], [Report::Offer { redelivered: true, .. }]));
    b.input(Input::Ask(Ask::Settle(Delivery(1), Name::NONE, Settle::Done)));
    assert_eq!(verbs_sent(&mut b), ["llen", "lmove", "lrem", "blmove"]);
}

#[test]
fn a_lost_connection_takes_the_other_one_with_it() {
    let mut b = consumer(false, 1);
    b.input(Input::Ended(B, Ending::Reset));
    assert!(matches!(b.told[..], [Report::Down(Down::Lost)]));
    b.told.clear();
    b.input(Input::Ended(A, Ending::Reset));
    assert!(b.told.is_empty());
    b.sent();
    connect(&mut b);
    assert_eq!(verbs_sent(&mut b), ["llen"]);
}

#[test]
fn a_refused_dial_is_reported() {
    let mut b = Bench::new(Client::default());
    b.machine.boot(&Arc::new(Session {
        confirms: false,
        take: None,
        heartbeat: None,
        access: None,
        transactions: false,
    }));
    b.input(Input::Ask(Ask::Connect));
    b.input(Input::Ended(A, Ending::Refused));
    assert!(matches!(b.told[..], [Report::Down(Down::Refused)]));
}

/// Carries frames between a client and a node until both are quiet.
fn converse(client: &mut Bench<Client>, node: &mut Bench<Node>) {
    loop {
        let asked = client.sent();
        node.names.clone_from(&client.names);
        asked.iter().for_each(|(conn, frame)| node.frame(*conn, frame.clone()));
        let answered = node.sent();
        answered.iter().for_each(|(conn, frame)| client.frame(*conn, frame.clone()));
        if asked.is_empty() && answered.is_empty() {
            return;
        }
    }
}

/// Three jobs; the consumer dies while it works on the first one and comes back. Gives how many are offered again,
/// and how many offers there are in all.
fn die_at_work(auto_settle: bool) -> (usize, usize) {
    let mut node = Bench::node(Config::default());
    let mut client = consumer(auto_settle, 1);
    let ids = ["m-1", "m-2", "m-3"].map(|id| client.name(id));
    node.names.clone_from(&client.names);
    node.push("jobs", "m-1");
    node.sent();
    converse(&mut client, &mut node);
    assert_eq!(client.told.len(), 1);
    for conn in [A, B] {
        node.input(Input::Ended(conn, Ending::Reset));
    }
    node.push("jobs", "m-2");
    node.push("jobs", "m-3");
    node.sent();
    client.told.clear();
    let session = session(&mut client, auto_settle, 1);
    client.machine.boot(&session);
    connect(&mut client);
    converse(&mut client, &mut node);
    for delivery in 1..=3 {
        client.input(Input::Ask(Ask::Settle(Delivery(delivery), Name::NONE, Settle::Done)));
        converse(&mut client, &mut node);
    }
    let offers = client.told.iter().filter_map(|report| match report {
        Report::Offer { message, redelivered, .. } => Some((message.id, *redelivered)),
        _ => None,
    });
    let offers: Vec<_> = offers.collect();
    assert!(offers.iter().all(|(id, again)| *again == (*id == ids[0])));
    assert!(node.folded.places.is_empty(), "nothing is left anywhere");
    (offers.iter().filter(|(_, again)| *again).count(), offers.len())
}

#[test]
fn a_consumer_that_dies_at_work_loses_what_it_popped_and_keeps_what_it_moved() {
    assert_eq!(die_at_work(true), (0, 2));
    assert_eq!(die_at_work(false), (1, 3));
}
