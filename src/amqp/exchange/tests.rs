//! Exchanges against what was measured, and the trie against the plain rule.

use super::topic::words;
use super::*;
use crate::machine::{Props, Value};
use crate::mem::ReuseMap;
use proptest::prelude::*;

/// The rule of R4 restated as plainly as possible.
fn model(pattern: &[&str], key: &[&str]) -> bool {
    match pattern.split_first() {
        None => key.is_empty(),
        Some((&"#", rest)) => model(rest, key) || (!key.is_empty() && model(pattern, &key[1..])),
        Some((&word, rest)) => !key.is_empty() && (word == "*" || word == key[0]) && model(rest, &key[1..]),
    }
}

struct Bed {
    names: Names,
    exchanges: ReuseMap<Name, Exchange>,
    scratch: Scratch,
}

impl Bed {
    fn new(exchanges: &[(&str, Kind)]) -> Bed {
        let mut bed = Bed { names: Names::new(), exchanges: ReuseMap::new(), scratch: Scratch::default() };
        for (name, kind) in exchanges {
            let name = bed.names.intern(name);
            bed.exchanges.insert(name, Exchange::new(name, *kind));
        }
        bed
    }
    fn exchange(&mut self, name: &str) -> &mut Exchange {
        let name = self.names.intern(name);
        self.exchanges.get_mut(&name).unwrap()
    }
    fn bind_with(&mut self, from: &str, to: &str, key: &str, arguments: Table) -> Result<bool, BindError> {
        let [from, to, key] = [from, to, key].map(|text| self.names.intern(text));
        let target = if self.exchanges.contains(&to) { Target::Exchange(to) } else { Target::Queue(to) };
        let source = self.exchanges.get_mut(&from).unwrap();
        let slot = source.bind(key, target, &Arc::new(arguments), Version::V3_10, &self.names)?;
        Ok(slot.is_some())
    }
    fn bind(&mut self, from: &str, to: &str, key: &str) -> bool {
        self.bind_with(from, to, key, Vec::new()).unwrap()
    }
    fn unbind(&mut self, from: &str, to: &str, key: &str, arguments: &Table) -> bool {
        let [from, to, key] = [from, to, key].map(|text| self.names.intern(text));
        let target = if self.exchanges.contains(&to) { Target::Exchange(to) } else { Target::Queue(to) };
        self.exchanges.get_mut(&from).unwrap().unbind(key, target, arguments, &self.names).is_some()
    }
    fn route_all(&mut self, from: &str, keys: &[&str], headers: Option<&Table>) -> Vec<String> {
        let from = self.names.intern(from);
        let keys: Vec<_> = keys.iter().map(|key| self.names.intern(key)).collect();
        let mut message = Message::plain(Name::EMPTY, 0);
        message.props = Props { headers: headers.cloned(), ..Props::default() }.into();
        route(&self.exchanges, from, keys[0], &keys[1..], &message, &self.names, &mut self.scratch);
        self.scratch.queues.iter().map(|queue| self.names.text(*queue)).collect()
    }
    fn route(&mut self, from: &str, key: &str) -> Vec<String> {
        self.route_all(from, &[key], None)
    }
    fn why(&mut self, from: &str, key: &str) -> Vec<Why> {
        let [from, key] = [from, key].map(|text| self.names.intern(text));
        explain(&self.exchanges, from, &[key], &Message::plain(Name::EMPTY, 0), &self.names)
            .into_iter()
            .map(|reason| reason.why)
            .collect()
    }
}

fn value(json: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Void,
        Json::Bool(b) => Value::Bool(*b),
        Json::String(text) => Value::text(text),
        Json::Array(values) => Value::List(values.iter().map(value).collect()),
        Json::Number(n) => match n.as_i64() {
            Some(n) => Value::int(n),
            None => Value::Double(n.as_f64().unwrap().to_bits()),
        },
        Json::Object(rows) => match rows.get("$type").and_then(Json::as_str) {
            None => Value::Table(table(json)),
            Some("x") => Value::Bytes(rows["value"].as_str().unwrap().as_bytes().into()),
            Some("l") => Value::Int { bits: 64, value: rows["value"].as_i64().unwrap() },
            Some("s") => Value::Int { bits: 16, value: rows["value"].as_i64().unwrap() },
            Some(other) => panic!("type {other}"),
        },
    }
}

fn table(json: &serde_json::Value) -> Table {
    json.as_object().unwrap().iter().map(|(k, v)| (k.as_str().into(), value(v))).collect()
}

#[test]
fn topic_patterns_match_what_was_measured() {
    let cases: Vec<(String, String, bool)> =
        serde_json::from_str(include_str!("../../../tests/data/topic_cases.json")).unwrap();
    assert!(cases.len() > 3000);
    let mut bed = Bed::new(&[("t", Kind::Topic)]);
    for (pattern, _, _) in &cases {
        bed.bind("t", &format!("queue of {pattern}"), pattern);
    }
    for (pattern, key, expected) in &cases {
        let found = bed.route("t", key).contains(&format!("queue of {pattern}"));
        assert_eq!(found, *expected, "{pattern:?} ~ {key:?}");
        let (p, k): (Vec<_>, Vec<_>) = (words(pattern).collect(), words(key).collect());
        assert_eq!(model(&p, &k), *expected, "the model: {pattern:?} ~ {key:?}");
    }
}

#[test]
fn headers_match_what_was_measured() {
    let cases: Vec<(serde_json::Value, serde_json::Value, bool)> =
        serde_json::from_str(include_str!("../../../tests/data/headers_cases.json")).unwrap();
    assert!(cases.len() > 1000);
    for (arguments, headers, expected) in &cases {
        let mut bed = Bed::new(&[("h", Kind::Headers)]);
        assert!(bed.bind_with("h", "q", "", table(arguments)).unwrap());
        let sent = (!headers.is_null()).then(|| table(headers));
        let found = !bed.route_all("h", &["any"], sent.as_ref()).is_empty();
        assert_eq!(found, *expected, "{arguments} ~ {headers}");
    }
}

#[test]
fn a_queue_gets_one_copy_however_many_bindings_lead_to_it() {
    let mut bed = Bed::new(&[("t", Kind::Topic), ("f", Kind::Fanout)]);
    for key in ["a.*", "*.b", "#", "a.b"] {
        bed.bind("t", "q", key);
    }
    bed.bind("t", "r", "a.#");
    assert_eq!(bed.route("t", "a.b"), ["q", "r"]);
    bed.bind("f", "q", "one");
    bed.bind("f", "q", "two");
    assert_eq!(bed.route("f", "x"), ["q"]);
}

#[test]
fn queues_are_served_in_the_order_of_their_names() {
    let mut bed = Bed::new(&[("d", Kind::Direct)]);
    for queue in ["q10", "q3", "q1"] {
        assert!(bed.bind("d", queue, "a"));
    }
    bed.bind("d", "other", "b");
    assert_eq!(bed.route("d", "a"), ["q1", "q10", "q3"]);
    assert!(bed.route("d", "A").is_empty());
    assert_eq!(bed.why("d", "b"), [Why::KeyDiffers, Why::KeyDiffers, Why::KeyDiffers, Why::KeyEqual]);
}

#[test]
fn a_binding_is_its_target_key_and_arguments_together() {
    let mut bed = Bed::new(&[("d", Kind::Direct)]);
    let arguments = |n: i64| -> Table { vec![("x".into(), Value::int(n))] };
    assert!(bed.bind_with("d", "q", "a", arguments(1)).unwrap());
    assert!(!bed.bind_with("d", "q", "a", arguments(1)).unwrap());
    assert!(bed.bind_with("d", "q", "a", arguments(2)).unwrap());
    assert!(bed.unbind("d", "q", "a", &arguments(1)));
    assert_eq!(bed.route("d", "a"), ["q"]);
    assert!(!bed.unbind("d", "q", "a", &Vec::new()));
    assert!(bed.unbind("d", "q", "a", &arguments(2)));
    assert!(bed.route("d", "a").is_empty());
    assert!(bed.exchange("d").is_unbound());
}

#[test]
fn cycles_of_exchanges_are_harmless() {
    let mut bed = Bed::new(&[("e", Kind::Fanout), ("f", Kind::Fanout)]);
    bed.bind("e", "e", "");
    bed.bind("e", "f", "");
    bed.bind("f", "e", "");
    bed.bind("f", "q", "");
    bed.bind("e", "q", "");
    assert_eq!(bed.route("e", "x"), ["q"]);
}

#[test]
fn an_alternate_exchange_is_used_only_where_no_binding_matches() {
    let mut bed = Bed::new(&[("e1", Kind::Fanout), ("e2", Kind::Fanout), ("ae", Kind::Fanout)]);
    bed.bind("ae", "q", "");
    let ae = bed.names.intern("ae");
    bed.exchange("e1").alternate = ae;
    assert_eq!(bed.route("e1", "x"), ["q"]);
    assert_eq!(bed.why("e1", "x"), [Why::Alternate, Why::Fanout]);
    bed.bind("e1", "e2", "");
    assert!(bed.route("e1", "x").is_empty(), "e1 has a binding that matches, though it reaches no queue");
    bed.exchange("e2").alternate = ae;
    assert_eq!(bed.route("e1", "x"), ["q"]);
    bed.exchange("e2").alternate = Name::EMPTY;
    assert!(bed.route("e1", "x").is_empty(), "the default exchange as alternate leads nowhere");
}

#[test]
fn cc_keys_count_like_the_routing_key() {
    let mut bed = Bed::new(&[("t", Kind::Topic)]);
    bed.bind("t", "q1", "a.*");
    bed.bind("t", "q2", "b.*");
    assert_eq!(bed.route_all("t", &["zzz", "a.x", "b.x"], None), ["q1", "q2"]);
    assert_eq!(bed.route_all("", &["q", "q2", "q"], None), ["q", "q2"]);
}

#[test]
fn what_is_unbound_leads_nowhere() {
    let mut bed = Bed::new(&[("t", Kind::Topic)]);
    for n in 0..20 {
        bed.bind("t", "gone", &format!("a.{n}.#"));
    }
    bed.bind("t", "stays", "a.#");
    for n in 0..20 {
        assert!(bed.unbind("t", "gone", &format!("a.{n}.#"), &Vec::new()));
    }
    assert_eq!(bed.route("t", "a.7.b"), ["stays"]);
    assert_eq!(bed.exchange("t").binding_count(), 1);
}

#[test]
fn a_wrong_x_match_is_refused_in_the_brokers_words() {
    let mut bed = Bed::new(&[("h", Kind::Headers)]);
    let wrong = |value| bed.bind_with("h", "q", "", vec![("x-match".into(), value)]).unwrap_err().to_string();
    let texts = [Value::text("bogus"), Value::int(5)].map(wrong);
    assert_eq!(texts[0], "Invalid x-match field value <<\"bogus\">>; expected all, any, all-with-x, or any-with-x");
    assert_eq!(texts[1], "Invalid x-match field type signedint (value 5); expected longstr");
}

#[test]
fn every_reason_has_a_sentence() {
    let modes = [Match::All, Match::Any, Match::AllWithX, Match::AnyWithX];
    for mode in modes {
        assert!(!Why::Headers(mode).sentence().is_empty() && !Why::NoHeaders(mode).sentence().is_empty());
    }
    for why in [Why::Default, Why::NoExchange, Why::KeyEqual, Why::KeyDiffers, Why::Fanout, Why::Pattern] {
        assert!(!why.sentence().is_empty());
    }
    assert!(Why::Alternate.sentence().contains("{target}") && !Why::DeadEnd.matched());
}

#[test]
fn a_pattern_of_many_hashes_does_not_explode() {
    let mut bed = Bed::new(&[("t", Kind::Topic)]);
    bed.bind("t", "q", &vec!["#"; 60].join(".x."));
    assert!(bed.route("t", &vec!["y"; 120].join(".")).is_empty());
}

fn key() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(vec!["a", "b", "7", "12", "", "*", "#"]), 0..6)
        .prop_map(|w| w.join("."))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn the_trie_agrees_with_the_rule(
        patterns in proptest::collection::vec(key(), 1..12),
        removed in proptest::collection::vec(0usize..12, 0..8),
        keys in proptest::collection::vec(key(), 1..6),
    ) {
        let mut bed = Bed::new(&[("t", Kind::Topic)]);
        for (i, pattern) in patterns.iter().enumerate() {
            bed.bind("t", &format!("queue-{i}"), pattern);
        }
        for &i in removed.iter().filter(|i| **i < patterns.len()) {
            bed.unbind("t", &format!("queue-{i}"), &patterns[i], &Vec::new());
        }
        let mut copy = bed.exchange("t").clone();
        let original = bed.exchange("t");
        copy.clone_from(original);
        *original = copy;
        for key in &keys {
            let k: Vec<_> = words(key).collect();
            let fits = |(i, pattern): (usize, &String)| {
                let p: Vec<_> = words(pattern).collect();
                (!removed.contains(&i) && model(&p, &k)).then(|| format!("queue-{i}"))
            };
            let mut expected: Vec<_> = patterns.iter().enumerate().filter_map(fits).collect();
            expected.sort();
            prop_assert_eq!(bed.route("t", key), expected);
        }
    }
}

/// A value for headers: few, so that they often meet.
fn header_value() -> impl Strategy<Value = crate::machine::Value> {
    use crate::machine::Value as V;
    proptest::sample::select(vec![
        V::Void,
        V::int(1),
        V::Int { bits: 64, value: 1 },
        V::Double(1.0f64.to_bits()),
        V::Double(0.5f64.to_bits()),
        V::text("1"),
        V::Bytes(b"1".as_slice().into()),
        V::Bool(true),
        V::List(vec![V::int(1)]),
    ])
}

fn header_table() -> impl Strategy<Value = Table> {
    let key = proptest::sample::select(vec!["a", "b", "x-c"]);
    proptest::collection::vec((key.prop_map(Arc::from), header_value()), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn the_index_of_headers_agrees_with_comparing_each(
        bindings in proptest::collection::vec((header_table(), 0usize..4), 1..12),
        removed in proptest::collection::vec(0usize..12, 0..8),
        sent in header_table(),
    ) {
        let modes = [Match::All, Match::Any, Match::AllWithX, Match::AnyWithX];
        let mut bed = Bed::new(&[("h", Kind::Headers)]);
        let mut model: Vec<(String, Match, Table)> = Vec::new();
        for (i, (table, mode)) in bindings.iter().enumerate() {
            let mut table = table.clone();
            let word = ["all", "any", "all-with-x", "any-with-x"][*mode];
            table.push(("x-match".into(), crate::machine::Value::text(word)));
            bed.bind_with("h", &format!("queue-{i}"), "", table.clone()).unwrap();
            model.push((format!("queue-{i}"), modes[*mode], table));
        }
        for &i in &removed {
            if let Some((queue, _, table)) = model.get(i).cloned() {
                bed.unbind("h", &queue, "", &table);
            }
        }
        let copy = bed.exchange("h").clone();
        *bed.exchange("h") = copy;
        let gone = |i: usize| removed.contains(&i);
        let fits = |(i, (_, mode, table)): &(usize, &(String, Match, Table))| {
            !gone(*i) && headers::matched(*mode, table, &sent)
        };
        let mut expected: Vec<String> = model.iter().enumerate().filter(fits).map(|(_, row)| row.0.clone()).collect();
        expected.sort();
        prop_assert_eq!(bed.route_all("h", &["k"], Some(&sent)), expected);
    }

    #[test]
    fn routing_through_any_graph_ends_and_gives_a_set(
        kinds in proptest::collection::vec(0usize..3, 5),
        edges in proptest::collection::vec((0usize..5, 0usize..8, key()), 0..30),
        alternates in proptest::collection::vec(0usize..6, 5),
        sent in key(),
    ) {
        let names: Vec<String> = (0..5).map(|n| format!("e-{n}")).collect();
        let kinds: Vec<Kind> = kinds.into_iter().map(|kind| [Kind::Direct, Kind::Fanout, Kind::Topic][kind]).collect();
        let rows: Vec<(&str, Kind)> = names.iter().map(String::as_str).zip(kinds.iter().copied()).collect();
        let mut bed = Bed::new(&rows);
        for (name, other) in names.iter().zip(&alternates) {
            if let Some(other) = names.get(*other) {
                let other = bed.names.intern(other);
                bed.exchange(name).alternate = other;
            }
        }
        for (from, to, key) in &edges {
            let to = names.get(*to).cloned().unwrap_or_else(|| format!("queue-{to}"));
            bed.bind(&names[*from], &to, key);
        }
        // The same by sets alone.
        let k: Vec<&str> = words(&sent).collect();
        let fits = |from: usize, key: &str| match kinds[from] {
            Kind::Direct => key == sent,
            Kind::Fanout => true,
            _ => model(&words(key).collect::<Vec<_>>(), &k),
        };
        let (mut reached, mut at) = (vec![0usize], 0);
        let mut queues = std::collections::BTreeSet::new();
        while let Some(&from) = reached.get(at) {
            at += 1;
            let mut next: Vec<usize> = Vec::new();
            next.extend(edges.iter().filter(|(f, _, key)| *f == from && fits(from, key)).map(|edge| edge.1));
            if next.is_empty() && alternates[from] < 5 {
                next.push(alternates[from]);
            }
            for to in next {
                if to >= 5 {
                    queues.insert(format!("queue-{to}"));
                } else if !reached.contains(&to) {
                    reached.push(to);
                }
            }
        }
        let found = bed.route("e-0", &sent);
        prop_assert_eq!(found.len(), queues.len());
        prop_assert_eq!(found.into_iter().collect::<std::collections::BTreeSet<_>>(), queues);
        let reasons = bed.why("e-0", &sent);
        prop_assert!(reasons.len() <= edges.len() + 5);
    }
}
