//! Scripts as text, and sessions by hand.

use super::*;
use crate::amqp::{Close, Tune};
use crate::machine::{Ending, Message, NoDraws, Out, Registry, Value};
use crate::trace::{Belief, Delta};
use crate::units::Span;

fn parse(text: &str) -> Vec<Step> {
    let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    options.from_str(text).unwrap()
}

fn parse_error(text: &str) -> String {
    let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    options.from_str::<Vec<Step>>(text).unwrap_err().to_string()
}

const CONN: ConnId = ConnId(0);

struct Bed {
    script: Script,
    names: Names,
    registry: Registry,
    out: Out<Frame, crate::amqp::Record>,
    seen: Observable,
}

impl Bed {
    fn new(steps: &str) -> Bed {
        let mut names = Names::new();
        let program = Script::compile(&parse(steps), &mut names);
        let mut script = Script::new();
        script.boot(&program);
        Bed { script, names, registry: Registry::default(), out: Out::default(), seen: Observable::new() }
    }

    fn give(&mut self, input: Input<Frame>) -> Vec<String> {
        let Bed { script, names, registry, out, seen } = self;
        out.clear();
        let me = ActorId(0);
        script.handle(input, &mut Ports { now: Time::ZERO, me, names, registry, draws: &mut NoDraws, out });
        out.deltas.iter().for_each(|delta| assert!(seen.apply(delta)));
        let mut observed = Observable::new();
        script.observe(me, &mut observed);
        assert_eq!(*seen, observed, "deltas and observe() agree");
        let outputs = self.out.take_whole();
        outputs.into_iter().map(|output| self.says(output.does)).collect()
    }

    fn says(&self, does: Does<Frame>) -> String {
        match does {
            Does::Send(_, Frame { channel, body }) => {
                let debug = format!("{body:?}");
                let name = debug.split([' ', '(']).next().unwrap();
                let queue = match &body {
                    Method::BasicConsume { queue, .. } | Method::QueueBind { queue, .. } => self.names.text(*queue),
                    Method::BasicPublish { message, .. } => self.names.text(message.id),
                    Method::BasicAck { tag, .. } => tag.to_string(),
                    _ => String::new(),
                };
                format!("{channel} {name} {queue}").trim_end().to_owned()
            }
            Does::Note { what, message, number, .. } => {
                format!("{} {} {number}", what.word(), self.names.text(message))
            }
            Does::SetTimer { after, .. } => format!("wait {after}"),
            Does::Shut { abort, .. } => format!("shut {abort}"),
            other => format!("{other:?}"),
        }
    }

    fn frame(&mut self, channel: u16, body: Method) -> Vec<String> {
        self.give(Input::Frame(CONN, Frame::new(channel, body)))
    }

    /// Up to the open connection; what the script sends then.
    fn open(steps: &str) -> (Bed, Vec<String>) {
        let mut bed = Bed::new(steps);
        assert_eq!(bed.give(Input::Started), ["Dial"]);
        let sent = bed.handshake();
        (bed, sent)
    }

    fn handshake(&mut self) -> Vec<String> {
        assert_eq!(self.give(Input::Connected(CONN)), ["0 ProtocolHeader"]);
        assert_eq!(self.frame(0, Method::ConnectionStart), ["0 ConnectionStartOk"]);
        let tune = Tune { channel_max: 0, frame_max: 0, heartbeat: 0 };
        assert_eq!(self.frame(0, Method::ConnectionTune(tune)), ["0 ConnectionTuneOk", "0 ConnectionOpen"]);
        self.frame(0, Method::ConnectionOpenOk)
    }

    fn message(&mut self, id: &str) -> Message {
        Message::plain(self.names.intern(id), 1)
    }

    fn deliver(&mut self, tag: u32, id: &str, consumer: &str) -> Vec<String> {
        let message = self.message(id);
        let consumer_tag = self.names.intern(consumer);
        let (exchange, key) = (Name::EMPTY, Name::EMPTY);
        self.frame(1, Method::BasicDeliver { consumer_tag, tag, redelivered: false, exchange, key, message })
    }
}

#[test]
fn steps_read_as_the_protocol_writes_them() {
    let steps = parse(
        r#"[
            queue_declare(queue: "q", durable: true, arguments: {"x-message-ttl": 1000, "s": {"$type": "s", "value": 1},
                "l": ["a", 1.5, true, None], "t": {"n": 1}}),
            basic_publish(exchange: "orders", key: "created", body: "m1", mandatory: true, priority: 3, channel: 2),
            basic_consume(queue: "q", no_ack: true),
            basic_ack(tag: 1),
            basic_nack(tag: 2),
            tx_select(),
            connect(heartbeat: "5s"),
            abort(),
            wait("10ms"),
            await_deliveries(3),
        ]"#,
    );
    let Step::QueueDeclare { arguments, durable: true, channel: 1, .. } = &steps[0] else { panic!("{:?}", steps[0]) };
    assert_eq!(arguments.0[1], ("s".into(), Value::Int { bits: 16, value: 1 }));
    assert_eq!(arguments.0[3].1, Value::Table(vec![("n".into(), Value::int(1))]));
    let Value::List(list) = &arguments.0[2].1 else { panic!() };
    assert_eq!(list[1..], [Value::Double(1.5f64.to_bits()), Value::Bool(true), Value::Void]);
    assert!(matches!(steps[1], Step::BasicPublish { mandatory: true, priority: Some(3), channel: 2, .. }));
    assert!(matches!(steps[4], Step::BasicNack { tag: 2, requeue: Unless(true), .. }));
    assert_eq!(steps[8], Step::Wait(SpanText(Span::millis(10))));
}

#[test]
fn steps_survive_being_written_and_read_again() {
    let steps = parse(
        r#"[queue_declare(queue: "q", arguments: {"a": 1, "b": {"$type": "x", "value": "z"}, "c": None}),
            basic_publish(key: "q", body: "m", headers: {}), wait("1.5s"), basic_nack(requeue: false)]"#,
    );
    let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    let text = options.to_string(&steps).unwrap();
    assert_eq!(parse(&text), steps, "{text}");
}

#[test]
fn a_wrong_step_is_refused_with_what_was_expected() {
    assert!(parse_error(r#"[basic_publish(excange: "x")]"#).contains("excange"));
    assert!(parse_error(r#"[wait("10 parsecs")]"#).contains("10 parsecs"));
    assert!(parse_error(r#"[queue_declare(arguments: {"a": 1, "a": 2})]"#).contains("twice"));
}

#[test]
fn connecting_and_channel_1_stand_there_by_themselves() {
    let (mut bed, sent) = Bed::open(r#"[queue_declare(queue: "q"), basic_publish(key: "q", body: "m1")]"#);
    assert_eq!(sent, ["1 ChannelOpen"]);
    assert_eq!(bed.frame(1, Method::ChannelOpenOk), ["1 QueueDeclare"]);
    let queue = bed.names.intern("q");
    let said = bed.frame(1, Method::QueueDeclareOk { queue, messages: 0, consumers: 0 });
    assert_eq!(said, ["published m1 1", "1 BasicPublish m1", "believes-sent m1 1"]);
    assert!(bed.script.is_done());
}

#[test]
fn an_asynchronous_method_is_not_waited_for_and_confirms_change_beliefs() {
    let (mut bed, _) = Bed::open(
        r#"[confirm_select(), basic_publish(key: "q", body: "a"), basic_publish(key: "q", body: "b"),
            basic_publish(key: "q", body: "c", mandatory: true), wait("10ms"), basic_publish(key: "q", body: "a")]"#,
    );
    assert_eq!(bed.frame(1, Method::ChannelOpenOk), ["1 ConfirmSelect"]);
    let said = bed.frame(1, Method::ConfirmSelectOk);
    assert_eq!(said.len(), 7);
    assert_eq!(said[6], "wait 10ms");
    let message = bed.message("c");
    let back = Method::BasicReturn { code: 312, text: Name::EMPTY, exchange: Name::EMPTY, key: Name::EMPTY, message };
    assert_eq!(bed.frame(1, back), ["returned c 1", "believes-refused c 1"]);
    assert!(bed.frame(1, Method::BasicAck { tag: 3, multiple: false, confirm: true, about: Name::NONE }).is_empty());
    let said =
        bed.frame(1, Method::BasicNack { tag: 2, multiple: false, requeue: false, confirm: true, about: Name::NONE });
    assert_eq!(said, ["believes-refused b 1"]);
    let said = bed.frame(1, Method::BasicAck { tag: 2, multiple: true, confirm: true, about: Name::NONE });
    assert_eq!(said, ["believes-confirmed a 1"]);
    assert_eq!(bed.give(Input::Timer(STEP)), ["published a 2", "1 BasicPublish a"]);
    let a = bed.names.find("a").unwrap();
    assert!(bed.out.deltas.contains(&Delta::Believe { actor: ActorId(0), message: a, belief: Belief::Unknown }));
}

#[test]
fn work_is_done_with_the_ack_or_on_arrival_where_none_is_asked_for() {
    let (mut bed, _) = Bed::open(
        r#"[basic_consume(queue: "q"), basic_consume(queue: "r", no_ack: true), await_deliveries(3),
            basic_ack(tag: 2, multiple: true)]"#,
    );
    bed.frame(1, Method::ChannelOpenOk);
    let tag = |bed: &mut Bed, text: &str| Method::BasicConsumeOk { consumer_tag: bed.names.intern(text) };
    let ok = tag(&mut bed, "t1");
    assert_eq!(bed.frame(1, ok), ["1 BasicConsume r"]);
    let ok = tag(&mut bed, "t2");
    assert!(bed.frame(1, ok).is_empty());
    assert_eq!(bed.deliver(1, "a", "t1"), ["received a 0"]);
    assert_eq!(bed.deliver(2, "b", "t1"), ["received b 0"]);
    assert_eq!(
        bed.deliver(3, "c", "t2"),
        ["received c 0", "work-done c 1", "work-done a 2", "work-done b 3", "1 BasicAck 2"]
    );
}

#[test]
fn a_server_named_queue_is_filled_in() {
    let (mut bed, _) = Bed::open(
        r#"[queue_declare(exclusive: true), queue_bind(queue: "{queue}", exchange: "e"), basic_consume(queue: "{queue}")]"#,
    );
    bed.frame(1, Method::ChannelOpenOk);
    let queue = bed.names.intern("amq.gen-1");
    let said = bed.frame(1, Method::QueueDeclareOk { queue, messages: 0, consumers: 0 });
    assert_eq!(said, ["1 QueueBind amq.gen-1"]);
    assert_eq!(bed.frame(1, Method::QueueBindOk), ["1 BasicConsume amq.gen-1"]);
}

#[test]
fn steps_of_a_channel_that_the_broker_closed_are_left_out_until_it_is_opened_again() {
    let (mut bed, _) = Bed::open(
        r#"[queue_declare(queue: "q", passive: true), basic_publish(key: "q", body: "m"), channel_open(),
            basic_publish(key: "q", body: "n")]"#,
    );
    bed.frame(1, Method::ChannelOpenOk);
    let text = bed.names.intern("NOT_FOUND - no queue 'q' in vhost '/'");
    let said = bed.frame(1, Method::ChannelClose(Close { code: 404, text, class: 50, method: 10 }));
    assert_eq!(said, ["1 ChannelCloseOk", "withheld m 2", "1 ChannelOpen"]);
    assert_eq!(bed.frame(1, Method::ChannelOpenOk), ["published n 1", "1 BasicPublish n", "believes-sent n 1"]);
}

#[test]
fn after_the_end_of_the_connection_the_script_goes_on_with_the_next_connect() {
    let (mut bed, _) = Bed::open(
        r#"[queue_declare(queue: "q"), basic_publish(key: "q", body: "m"), connect(), basic_publish(key: "q", body: "n"),
            abort()]"#,
    );
    bed.frame(1, Method::ChannelOpenOk);
    assert_eq!(bed.give(Input::Ended(CONN, Ending::Reset)), ["withheld m 2", "Dial"]);
    assert!(bed.give(Input::Ended(CONN, Ending::Reset)).is_empty());
    assert_eq!(bed.handshake(), ["1 ChannelOpen"]);
    let said = bed.frame(1, Method::ChannelOpenOk);
    assert_eq!(said, ["published n 1", "1 BasicPublish n", "believes-sent n 1", "shut true"]);
}

#[test]
fn every_method_compiles() {
    let text = "[channel_open(), channel_close(), channel_flow(active: true), exchange_declare(), exchange_delete(),
        exchange_bind(), exchange_unbind(), queue_declare(), queue_bind(), queue_unbind(), queue_purge(), queue_delete(),
        basic_qos(), basic_consume(), basic_cancel(), basic_publish(), basic_get(), basic_ack(), basic_nack(),
        basic_reject(), basic_recover(), basic_recover_async(), confirm_select(), tx_select(), tx_commit(),
        tx_rollback(), connection_close(), connect(), abort(), wait(\"0\"), await_deliveries(0)]";
    let steps = parse(text);
    // One more: the connect that stands there by itself.
    assert_eq!(Program::of(&steps, &mut Names::new()).ops.len(), steps.len() + 1);
}

#[test]
fn a_script_that_is_started_again_keeps_the_record_of_what_it_has_published() {
    let (mut bed, _) = Bed::open(r#"[basic_publish(key: "q", body: "m1")]"#);
    bed.frame(1, Method::ChannelOpenOk);
    let program = Arc::clone(&bed.script.program);
    let held = |script: &Script| {
        let mut seen = Observable::new();
        script.observe(ActorId(0), &mut seen);
        seen.beliefs.len()
    };
    assert_eq!(held(&bed.script), 1);
    bed.script.restart(&program);
    assert_eq!(held(&bed.script), 1, "nothing was told that takes it back");
    bed.script.boot(&program);
    assert_eq!(held(&bed.script), 0);
}
