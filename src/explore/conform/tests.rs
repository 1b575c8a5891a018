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
fn a_file_that_is_no_list_of_facts_or_pairs_is_refused() {
    assert!(error("").contains("is empty"));
    assert!(error("{}").contains("not a list"));
    assert!(error("[]").contains("empty list"));
    assert!(error("[1]").contains("neither"));
    assert!(error("[{}, {\"a\": 1}]").contains("holds no recordings"));
    assert!(error("[[\"a\", \"b\"]]").contains("holds no pair: pair 1 is not [binding"));
    assert!(error("[{\"id\": \"X1\"},\n{\"id\": ]").contains("at line 2 column 8"));
    assert!(error(&"[".repeat(10_000)).contains("not JSON as it should be"));
}

/// What is said of each entry of a file.
fn verdicts(text: &str) -> Vec<(String, String, String)> {
    let said = |verdict: Verdict| match verdict {
        Verdict::Same => "same".to_owned(),
        Verdict::Skipped(why) => why,
        Verdict::Different(difference) => format!("{difference:?}"),
    };
    let outcomes = conform(&read(text.as_bytes()).unwrap(), None, &[], &|_| true);
    outcomes.into_iter().map(|outcome| (outcome.id, outcome.group, said(outcome.verdict))).collect()
}

#[test]
fn a_fact_that_is_not_understood_is_skipped_with_the_reason_and_the_others_are_replayed() {
    let good = fact(json!({"id": "T2"}), json!(open("c1")), json!([declared("c1", "q", 0)])).to_string();
    let why = |bad: &str| {
        let verdicts = verdicts(&format!("[{bad}, {good}]"));
        assert_eq!((&*verdicts[1].0, &*verdicts[1].2), ("T2", "same"), "{bad}");
        assert_eq!(verdicts.len(), 2, "{bad}");
        verdicts[0].2.clone()
    };
    let bad = |action: Json| why(&fact(json!({}), json!(open("c1")), action).to_string());
    let with = |what: &str, ch: u16, args: Json| bad(json!([step("c1", ch, what, args, json!([]))]));
    assert_eq!(with("queue.declar", 1, json!({})), "step 3: `queue.declar` is no method that a client can send");
    assert_eq!(with("access.request", 1, json!({})), "step 3: the method access.request is not modelled");
    let says = with("queue.declare", 1, json!({"nam": "q"}));
    assert!(says.starts_with("step 3: queue.declare: there is no field `nam` (known: queue, passive"), "{says}");
    assert!(with("basic.publish", 1, json!({"props": {"headrs": {}}})).contains("`headrs`"));
    assert!(with("basic.qos", 1, json!({"prefetch_count": 70000})).contains("65535"));
    assert!(with("connect", 1, json!({})).contains("channel 0"));
    assert!(with("connect", 0, json!({"colour": "red"})).contains("`colour`"));
    assert!(bad(json!([step("c9", 1, "tx.select", json!({}), json!([]))])).contains("c9, which was never made"));
    assert_eq!(bad(json!([7])), "step 3: is not a table");
    assert!(bad(json!([{"conn": "c1", "ch": 70000, "do": "tx.select"}])).contains("`ch` is no channel"));
    assert!(bad(json!([{"ch": 1, "do": "tx.select"}])).contains("step 3: `conn` is missing"));
    assert!(bad(json!([step("c1", 1, "tx.select", json!({}), json!([{"conn": "c1"}]))])).contains("`ev` is missing"));
    let marked = |marks: Json| why(&fact(marks, json!(open("c1")), json!([declared("c1", "q", 0)])).to_string());
    assert_eq!(marked(json!({"racy": "perhaps"})), "`racy` needs true or false");
    assert_eq!(marked(json!({"version": null})), "it does not say on which `version` it was recorded");
    assert_eq!(marked(json!({"action": {}})), "`action` needs a list");
    assert_eq!(marked(json!({"setup": [], "action": null})), "it has no steps");
    assert!(why("7").contains("a table is needed"));
    assert!(why("{\"id\": \"T1\", \"setup\": 18446744073709551615}").contains("64 bits"));
    assert!(why(&format!("{{\"id\": {}1{}}}", "[".repeat(5_000), "]".repeat(5_000))).contains("recursion limit"));
}

#[test]
fn what_does_not_change_the_meaning_is_ignored() {
    let mut odd = declared("c1", "q", 0);
    odd["why"] = json!("to see");
    let connect = json!({"locale": "en_US", "mechanism": "PLAIN", "client_properties": {"product": "x"}});
    let connect = step("c1", 0, "connect", connect, json!(null));
    let beat = json!({"conn": "c1", "do": "heartbeat", "args": null});
    let setup = json!([connect, beat, step("c1", 1, "channel.open", json!({}), json!([]))]);
    let marks = json!({"whim": 1, "note": {"$type": "?", "value": 18446744073709551615_u64}, "expected": null});
    same(&fact(marks, setup, json!([odd])));
}

#[test]
fn a_fact_without_a_group_is_counted_by_its_letters_and_one_without_an_id_by_its_place() {
    let named = |id: Json| {
        let text =
            json!([fact(json!({"id": id, "group": null}), json!([]), json!([declared("c1", "q", 0)]))]).to_string();
        let (id, group, _) = verdicts(&text).remove(0);
        (id, group)
    };
    assert_eq!(named(json!("AB12c")), ("AB12c".into(), "AB".into()));
    assert_eq!(named(json!("7")), ("7".into(), "other".into()));
    assert_eq!(named(json!(null)), ("entry-1".into(), "entry".into()));
}

#[test]
fn a_pair_that_is_none_is_skipped_and_the_others_are_replayed() {
    let said: Vec<_> = verdicts("[[\"a\", \"b\", 1], [\"a\", \"a\", true], [{}, null, true], [\"#\", \"\", true]]")
        .into_iter()
        .map(|(id, _, says)| (id, says))
        .collect();
    assert_eq!(said[0], ("topic-1".into(), "it is not [binding, message, true or false]".into()));
    assert_eq!(said[1], ("topic-2".into(), "same".into()));
    assert!(said[2].1.contains("needs a binding key and a routing key"), "{said:?}");
    assert_eq!(said[3], ("topic-4".into(), "same".into()));
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
