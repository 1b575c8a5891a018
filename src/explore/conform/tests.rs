//! Small recordings that must come out the same, and such that must not.

use super::{Content, Verdict, conform, known, read};
use serde_json::{Value as Json, json};

/// A fact of group T with these marks.
fn fact(marks: Json, setup: Json, action: Json) -> Json {
    let mut fact = json!({
        "id": "T1", "group": "T", "version": "3.10.8", "replayable": true, "racy": false, "time_dependent": false,
        "setup": setup, "action": action,
    });
    for (key, value) in marks.as_object().unwrap() {
        fact[key] = value.clone();
    }
    fact
}

fn step(conn: &str, ch: u16, what: &str, args: Json, sees: Json) -> Json {
    json!({"conn": conn, "ch": ch, "do": what, "args": args, "sees": sees, "t": 0.0})
}

fn at(t: f64, mut step: Json) -> Json {
    step["t"] = json!(t);
    step
}

fn saw(conn: &str, ch: u16, ev: &str, fields: Json) -> Json {
    let mut event = json!({"ev": ev, "conn": conn, "ch": ch, "t": 0.0});
    for (key, value) in fields.as_object().unwrap() {
        event[key] = value.clone();
    }
    event
}

fn open(conn: &str) -> [Json; 2] {
    [step(conn, 0, "connect", json!({}), json!([])), step(conn, 1, "channel.open", json!({}), json!([]))]
}

fn declared(conn: &str, name: &str, messages: u32) -> Json {
    let ok = saw(conn, 1, "queue.declare-ok", json!({"queue": name, "message_count": messages, "consumer_count": 0}));
    let args = if messages > 0 { json!({"queue": name, "passive": true}) } else { json!({"queue": name}) };
    step(conn, 1, "queue.declare", args, json!([ok]))
}

fn publish(conn: &str, body: &str, sees: Json) -> Json {
    step(conn, 1, "basic.publish", json!({"exchange": "", "routing_key": "q", "body": body}), sees)
}

fn read_one(fact: &Json) -> Content {
    read(json!([fact]).to_string().as_bytes()).unwrap()
}

fn verdict(fact: &Json) -> Verdict {
    conform(&read_one(fact), None, &[], &|_| true).remove(0).verdict
}

fn same(fact: &Json) {
    let verdict = verdict(fact);
    assert_eq!(verdict, Verdict::Same);
}

/// The step at which they part, counted from 0.
fn different(fact: &Json) -> usize {
    match verdict(fact) {
        Verdict::Different(difference) => difference.step,
        other => panic!("{other:?}"),
    }
}

fn skipped(fact: &Json) -> String {
    match verdict(fact) {
        Verdict::Skipped(why) => why,
        other => panic!("{other:?}"),
    }
}

fn error(text: &str) -> String {
    read(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_session_that_comes_as_it_was_recorded_is_the_same() {
    same(&fact(json!({}), json!(open("c1")), json!([declared("c1", "q", 0), publish("c1", "m", json!([]))])));
}

#[test]
fn a_field_that_differs_a_frame_too_many_and_one_too_few_are_found() {
    let wrong = saw("c1", 1, "queue.declare-ok", json!({"queue": "q", "message_count": 1, "consumer_count": 0}));
    let declare = |sees: Json| step("c1", 1, "queue.declare", json!({"queue": "q"}), sees);
    assert_eq!(different(&fact(json!({}), json!(open("c1")), json!([declare(json!([wrong]))]))), 2);
    let mut seen = declared("c1", "q", 0)["sees"][0].clone();
    assert_eq!(different(&fact(json!({}), json!(open("c1")), json!([declare(json!([seen, seen]))]))), 2);
    let silent = fact(json!({}), json!([open("c1")[0], open("c1")[1], declare(json!([]))]), json!([]));
    assert_eq!(different(&silent), 2);
    seen["more"] = json!("x");
    assert_eq!(different(&fact(json!({}), json!(open("c1")), json!([declare(json!([seen]))]))), 2);
}

#[test]
fn a_field_left_out_has_the_protocols_default() {
    let ok = saw("c1", 1, "queue.declare-ok", json!({"queue": "q"}));
    same(&fact(
        json!({}),
        json!(open("c1")),
        json!([step("c1", 1, "queue.declare", json!({"queue": "q"}), json!([ok]))]),
    ));
}

#[test]
fn connections_interleave_freely_and_one_connection_does_not() {
    let deliver = |conn: &str, tag: u32, body: &str| {
        let fields = json!({"consumer_tag": "t", "delivery_tag": tag, "routing_key": "q", "props": {}, "body": body});
        saw(conn, 1, "basic.deliver", fields)
    };
    let consume = |conn: &str| {
        let ok = saw(conn, 1, "basic.consume-ok", json!({"consumer_tag": "t"}));
        step(conn, 1, "basic.consume", json!({"queue": "q", "consumer_tag": "t"}), json!([ok]))
    };
    let setup = json!([open("c1"), open("c2")])
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|s| s.as_array().unwrap().clone())
        .collect::<Vec<_>>();
    let with = |sees: Json| {
        let action = json!([
            declared("c1", "q", 0),
            consume("c1"),
            consume("c2"),
            publish("c1", "m1", json!([])),
            publish("c1", "m2", json!([])),
            publish("c1", "m3", sees)
        ]);
        fact(json!({}), json!(setup), action)
    };
    let (a, b, c) = (deliver("c1", 1, "m1"), deliver("c2", 1, "m2"), deliver("c1", 2, "m3"));
    same(&with(json!([a, b, c])));
    same(&with(json!([b, a, c])));
    different(&with(json!([c, b, a])));
}

#[test]
fn an_answer_belongs_to_its_step() {
    let mut late = declared("c1", "q", 0);
    let sees = late["sees"].take();
    late["sees"] = json!([]);
    let action = json!([late, publish("c1", "m", sees)]);
    assert_eq!(different(&fact(json!({}), json!(open("c1")), action)), 2);
}

#[test]
fn a_fact_with_nothing_to_compare_is_skipped_and_never_the_same() {
    let silent = fact(json!({}), json!(open("c1")), json!([publish("c1", "m", json!([]))]));
    assert!(skipped(&silent).contains("no recorded event"));
    assert!(skipped(&fact(json!({"replayable": false}), json!([]), json!([]))).contains("configuration"));
    assert!(
        skipped(&fact(json!({"version": "2.8.7"}), json!(open("c1")), json!([declared("c1", "q", 0)])))
            .contains("2.8.7")
    );
    let stranger = step("c1", 0, "connect", json!({"user": "u1"}), json!([]));
    assert!(skipped(&fact(json!({}), json!([stranger]), json!([]))).contains("u1"));
}

/// Three publishes in one burst on a channel with confirms.
fn burst(marks: Json, seen: Json, tail: &[Json]) -> Json {
    let select = step("c1", 1, "confirm.select", json!({}), json!([saw("c1", 1, "confirm.select-ok", json!({}))]));
    let [connect, channel] = open("c1");
    let setup = json!([connect, channel, declared("c1", "q", 0), select]);
    let mut action = vec![publish("c1", "m1", json!([])), publish("c1", "m2", json!([])), publish("c1", "m3", seen)];
    action.extend_from_slice(tail);
    fact(marks, setup, json!(action))
}

fn ack(tag: u32, multiple: bool) -> Json {
    saw("c1", 1, "basic.ack", json!({"delivery_tag": tag, "multiple": multiple}))
}

#[test]
fn the_grouping_of_confirms_counts_unless_a_fact_is_racy() {
    let racy = json!({"racy": true});
    let seen = json!([ack(1, false), ack(2, false), ack(3, false)]);
    same(&burst(json!({}), seen.clone(), &[]));
    same(&burst(racy.clone(), seen, &[]));
    same(&burst(racy.clone(), json!([ack(3, true)]), &[]));
    same(&burst(racy.clone(), json!([ack(2, false), ack(3, true)]), &[]));
    different(&burst(json!({}), json!([ack(3, true)]), &[]));
}

#[test]
fn a_racy_fact_is_still_compared_in_what_is_settled() {
    let racy = json!({"racy": true});
    let nack = saw("c1", 1, "basic.nack", json!({"delivery_tag": 2, "multiple": false, "requeue": true}));
    different(&burst(racy.clone(), json!([ack(1, false), nack, ack(3, false)]), &[]));
    different(&burst(racy.clone(), json!([ack(1, false), ack(3, false)]), &[]));
    different(&burst(racy.clone(), json!([ack(4, true)]), &[]));
    different(&burst(racy.clone(), json!([ack(3, true)]), &[declared("c1", "q", 2)]));
    same(&burst(racy, json!([ack(3, true)]), &[declared("c1", "q", 3)]));
}

#[test]
fn answers_may_be_lost_only_where_the_channel_is_closed() {
    let close = step("c1", 1, "channel.close", json!({}), json!([saw("c1", 1, "channel.close-ok", json!({}))]));
    same(&burst(json!({"racy": true}), json!([ack(2, true)]), std::slice::from_ref(&close)));
    same(&burst(json!({"racy": true}), json!([]), &[close]));
    different(&burst(json!({"racy": true}), json!([ack(2, true)]), &[]));
}

/// A queue that the broker named, bound by that name.
fn named(recorded: &str, used: &str, sentence: &str) -> Json {
    let told = saw("c1", 1, "queue.declare-ok", json!({"queue": recorded}));
    let declare = step("c1", 1, "queue.declare", json!({}), json!([told]));
    let purge =
        step("c1", 1, "queue.purge", json!({"queue": used}), json!([saw("c1", 1, "queue.purge-ok", json!({}))]));
    let reserved = format!("ACCESS_REFUSED - queue name '{sentence}' contains reserved prefix 'amq.*'");
    let closed = json!({"reply_code": 403, "reply_text": reserved, "class_id": 50, "method_id": 10});
    let again = step("c1", 1, "queue.declare", json!({"queue": used}), json!([saw("c1", 1, "channel.close", closed)]));
    fact(json!({}), json!(open("c1")), json!([declare, purge, again]))
}

#[test]
fn names_that_the_broker_makes_up_match_by_pattern_and_are_used_consistently() {
    same(&named("amq.gen-<id>", "amq.gen-<id>", "amq.gen-<id>"));
    same(&named("amq.gen-JzTY20BR", "amq.gen-JzTY20BR", "amq.gen-JzTY20BR"));
    assert_eq!(different(&named("amq.gen-JzTY20BR", "amq.gen-JzTY20BR", "amq.gen-another")), 4);
    assert_eq!(different(&named("amq.gen-JzTY20BR", "amq.gen-another", "amq.gen-another")), 3);
    assert_eq!(different(&named("amq.ctag-<id>", "amq.gen-<id>", "amq.gen-<id>")), 2);
}

#[test]
fn time_passes_only_where_a_fact_depends_on_it() {
    let connect = |sees: Json| step("c1", 0, "connect", json!({"heartbeat": 1}), sees);
    let closed = json!([saw("c1", 0, "socket.closed", json!({}))]);
    let wait = at(4.0, json!({"conn": "-", "ch": 0, "do": "wait", "args": {}, "sees": closed, "t": 4.0}));
    same(&fact(json!({"time_dependent": true}), json!([connect(json!([]))]), json!([wait])));
    different(&fact(json!({}), json!([connect(json!([]))]), json!([wait])));
    let wait = |t: f64, sees: Json| at(t, step("-", 0, "wait", json!({}), sees));
    let early = json!([wait(1.0, closed), wait(1.5, json!([])), wait(9.0, json!([]))]);
    different(&fact(json!({"time_dependent": true}), json!([connect(json!([]))]), early));
}

#[test]
fn pairs_are_routed_by_a_real_exchange() {
    let outcomes = |text: &str| {
        let outcomes = conform(&read(text.as_bytes()).unwrap(), None, &[], &|_| true);
        outcomes.into_iter().map(|outcome| (outcome.id, outcome.verdict == Verdict::Same)).collect::<Vec<_>>()
    };
    let topic = outcomes(r##"[["a.*", "a.b", true], ["#", "", true], ["a.*", "b", true]]"##);
    assert_eq!(topic, [("topic-1".into(), true), ("topic-2".into(), true), ("topic-3".into(), false)]);
    let headers = outcomes(r#"[[{"a": "1"}, {"a": "1"}, true], [{}, null, true], [{"a": "1"}, null, true]]"#);
    assert_eq!(headers, [("headers-1".into(), true), ("headers-2".into(), true), ("headers-3".into(), false)]);
    let refused = outcomes(r#"[[{"x-match": "most"}, {"a": "1"}, false], [{"a": "1"}, {"a": "1"}, true]]"#);
    assert_eq!(refused, [("headers-1".into(), false), ("headers-2".into(), true)]);
}

#[test]
fn what_is_wrong_with_a_file_is_named() {
    assert!(error("").contains("is empty"));
    assert!(error("{}").contains("not a list"));
    assert!(error("[]").contains("empty list"));
    assert!(error("[1]").contains("neither"));
    assert!(error("[[\"a\", \"b\"]]").contains("pair 1"));
    assert!(error("[[\"a\", \"b\", true], [{}, null, true]]").contains("pair 2"));
    assert!(error(&"[".repeat(10_000)).contains("recursion limit"));
    assert!(error("[{\"id\": \"X\"}]").contains("fact X: `group` is missing"));
    let bad = |action: Json| error(&json!([fact(json!({}), json!(open("c1")), action)]).to_string());
    let text = bad(json!([step("c1", 1, "queue.declar", json!({}), json!([]))]));
    assert!(text.contains("fact T1: step 3: `queue.declar` is no method"), "{text}");
    let text = bad(json!([step("c1", 1, "queue.declare", json!({"nam": "q"}), json!([]))]));
    assert!(text.contains("there is no field `nam` (known: queue, passive"), "{text}");
    let text = bad(json!([step("c1", 1, "basic.publish", json!({"props": {"headrs": {}}}), json!([]))]));
    assert!(text.contains("`headrs`"), "{text}");
    assert!(bad(json!([step("c9", 1, "tx.select", json!({}), json!([]))])).contains("never made"));
    assert!(bad(json!([step("c1", 1, "basic.qos", json!({"prefetch_count": 70000}), json!([]))])).contains("65535"));
    let text = error(&json!([fact(json!({"whim": 1}), json!([]), json!([]))]).to_string());
    assert!(text.contains("`whim`"), "{text}");
}

#[test]
fn a_known_difference_is_counted_apart_and_one_that_is_gone_is_stale() {
    let known = [super::Known { ids: vec!["T1".into()], reason: "because".into() }];
    let good = fact(json!({}), json!(open("c1")), json!([declared("c1", "q", 0)]));
    let bad = fact(json!({}), json!(open("c1")), json!([declared("c1", "q", 3)]));
    let of = |fact: &Json| conform(&read_one(fact), None, &known, &|_| true).remove(0);
    assert!(of(&good).is_stale() && of(&good).count() == super::Count::Same);
    assert!(!of(&bad).is_stale() && of(&bad).count() == super::Count::Known);
    assert!(!known::known().is_empty());
}
