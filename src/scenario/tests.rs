//! The language as its users meet it: scenarios that are right, and every way in which one can be wrong.

use super::*;

fn shipped() -> Vec<(String, String)> {
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios"))];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files.into_iter().map(|p| (p.display().to_string(), std::fs::read_to_string(&p).unwrap())).collect()
}

#[test]
fn every_shipped_scenario_and_variant_is_right() {
    for (path, text) in shipped() {
        let source = read(&text).unwrap_or_else(|errors| panic!("{}", errors.render(&path, Look::PLAIN)));
        for variant in source.variants() {
            source.select(Some(&variant.name.value)).unwrap();
        }
    }
}

#[test]
fn a_printed_scenario_reads_the_same() {
    for (_, text) in shipped() {
        let source = read(&text).unwrap();
        let printed = source.print();
        let again = read(&printed).unwrap();
        assert!(source.root().same(again.root()), "{printed}");
        assert_eq!(again.print(), printed);
        assert_eq!(source.select(None).unwrap().digest, again.select(None).unwrap().digest);
    }
}

#[test]
fn the_template_is_right() {
    let source = read(template()).unwrap();
    assert_eq!(source.select(Some("cured")).unwrap().variant.as_deref(), Some("cured"));
}

/// A right scenario in which one part is put in place of another.
fn with(part: &str, instead: &str) -> String {
    let base = r#"Scenario(
    title: "t",
    broker: rabbitmq(
        exchanges: [(name: "orders", kind: direct)],
        queues: [(name: "billing", durable: true)],
        bindings: [(from: "orders", to: "billing", key: "created")],
    ),
    producers: [(name: "shop", publish: [(to: "orders", key: "created", id: "order-{n}", count: 3)])],
    consumers: [(name: "biller", from: "billing", ack: after_work, work: "5ms", effect: insert(table: "invoices"))],
    faults: [(name: "f", what: cut(between: ("shop", "broker"), when: at("42ms")))],
    expect: [lost(0), rows("invoices", 3)],
    variants: [(name: "v", change: [set("consumers.biller.ack", automatic)])],
)
"#;
    assert!(read(base).is_ok());
    assert!(base.contains(part), "{part}");
    base.replacen(part, instead, 1)
}

#[test]
fn a_script_may_declare_again_what_it_cannot_make_and_a_key_may_be_missing() {
    let again = "scripts: [(name: \"s\", steps: [queue_declare(queue: \"billing\", durable: true, arguments: \
                 {\"x-queue-type\": \"quorum\"})])], faults:";
    assert!(read(&with("faults:", again)).is_ok());
    for key in ["missing(\"nobody\")", "\"billing\"", "\"q-{n}\""] {
        assert!(read(&with("to: \"orders\", key: \"created\"", &format!("to: \"\", key: {key}"))).is_ok(), "{key}");
    }
}

/// The same, and in another place a fault of somebody who is not there: that must be reported whatever else is wrong.
fn nobody(part: &str, instead: &str) -> String {
    let fault = ", (name: \"g\", what: kill(\"zacharias\", when: at(\"1s\")))],\n    expect";
    with(part, instead).replacen("],\n    expect", fault, 1)
}

const REDIS: &str = r#"Scenario(
    title: "t",
    broker: redis(),
    producers: [(name: "web", publish: [(to: "jobs")])],
    consumers: [(name: "worker", from: "jobs")],
)
"#;

#[test]
fn whatever_is_read_can_be_lowered() {
    for (path, text) in shipped() {
        let source = read(&text).unwrap();
        let variants = source.variants().iter().map(|variant| Some(variant.name.value.as_str()));
        for variant in variants.chain([None]) {
            let scenario = source.select(variant).unwrap();
            let plan = lower(&scenario).unwrap_or_else(|error| panic!("{path}: {error:?}"));
            assert!(plan.header.declared.iter().all(|declared| declared.line > 1));
        }
    }
}

/// With another fault.
fn fault(what: &str) -> String {
    with("what: cut(between: (\"shop\", \"broker\"), when: at(\"42ms\"))", &format!("what: {what}"))
}

/// Every way to be wrong, by name.
fn wrong() -> Vec<(&'static str, String)> {
    let deep = format!("Scenario(title: {}", "[".repeat(10_000));
    let long = format!("name: \"{}\"", "x".repeat(300));
    vec![
        ("an empty file", String::new()),
        ("only a comment", "// nothing\n".into()),
        ("a zero byte", "Scenario(\0)".into()),
        ("too deep", deep),
        ("an unexpected character", with("title: \"t\"", "title = \"t\"")),
        ("a text that never ends", with("title: \"t\"", "title: \"t")),
        ("a comment that never ends", with("title: \"t\",", "title: \"t\", /* oh")),
        ("an unknown escape", with("title: \"t\"", "title: \"\\q\"")),
        ("a number too large", with("count: 3", "count: 1000000000000000000000")),
        ("a count of 10^18", with("count: 3", "count: 1000000000000000000")),
        ("a number that is none", with("count: 3", "count: 3ms")),
        ("a missing comma", with("title: \"t\",", "title: \"t\"")),
        ("a missing colon", with("title: \"t\"", "title \"t\"")),
        ("a missing value", with("count: 3", "count: ")),
        ("a file cut off", with("3)])],", "3)")[..450].to_owned()),
        ("a wrong bracket", with("key: \"created\")],", "key: \"created\"]],")),
        ("something behind the end", with("automatic)])],\n)", "automatic)])],\n) Scenario()")),
        ("not a scenario", "[1, 2]".into()),
        ("a wrong type", with("count: 3", "count: \"3\"")),
        ("a word without quotes", with("from: \"billing\"", "from: billing")),
        ("a quoted word", with("after_work", "\"after_work\"")),
        ("an element without its list", with("[(name: \"billing\", durable: true)]", "(name: \"billing\")")),
        ("an unknown field", with("durable: true", "durabel: true")),
        ("a missing field", with("name: \"orders\", ", "")),
        ("a field that stands twice", with("count: 3", "count: 3, count: 4")),
        ("a key that stands twice", with("key: \"created\")]", "arguments: {\"a\": 1, \"a\": 2})]")),
        ("an unknown word", with("after_work", "after_wrok")),
        ("one argument too many", with("\"invoices\", 3", "\"invoices\", 3, 4")),
        ("arguments of a word without", with("after_work", "after_work(1)")),
        ("a bare duration", with("\"5ms\"", "5")),
        ("a negative duration", with("\"5ms\"", "\"-5ms\"")),
        ("an absurd duration", with("\"5ms\"", "\"100000h\"")),
        ("a duration without a unit", with("\"5ms\"", "\"5\"")),
        ("a size that is none", with("count: 3", "size: \"1 parsec\"")),
        ("a size too large", with("count: 3", "size: \"1GiB\"")),
        ("a probability above one", with("at(\"42ms\")", "with(\"3/2\", when: at(\"1ms\"))")),
        (
            "an answer that is no choice",
            with(
                "expect: [",
                "lesson: (questions: [(ask: \"?\", choices: [\"yes\", \"no\"], answer: \"maybe\")]), expect: [",
            ),
        ),
        ("a number out of range", with("ack: after_work", "prefetch: 70000")),
        ("half a second's heartbeat", with("ack: after_work", "heartbeat: \"500ms\"")),
        ("an empty name", with("name: \"billing\"", "name: \"\"")),
        ("a control character in a name", with("name: \"billing\"", "name: \"bil\\u{1b}[31mling\"")),
        ("a name too long", with("name: \"biller\"", &long)),
        ("braces that mean nothing", with("order-{n}", "order-{m}")),
        ("an unknown version", with("rabbitmq(", "rabbitmq(version: \"2.0\",")),
        ("two parties of one name", with("\"biller\"", "\"shop\"")),
        ("two queues of one name", with("durable: true)", "durable: true), (name: \"billing\")")),
        ("an unknown queue", with("from: \"billing\"", "from: \"biling\"")),
        ("an unknown exchange", with("to: \"orders\"", "to: \"order\"")),
        ("an unknown party", with("(\"shop\", \"broker\")", "(\"shop\", \"brocker\")")),
        ("an unknown table", with("rows(\"invoices\"", "rows(\"invoice\"")),
        ("missing and yet there", with("to: \"orders\"", "to: missing(\"orders\")")),
        ("a cut between two clients", with("(\"shop\", \"broker\")", "(\"shop\", \"biller\")")),
        ("a path that leads nowhere", with("consumers.biller.ack", "consumers.bller.ack")),
        (
            "a path to a field misspelt",
            with("consumers.biller.ack\", automatic", "consumers.biller.efect\", insert(table: \"b\")"),
        ),
        ("a path into a number", with("consumers.biller.ack", "producers.shop.publish.1.count.more")),
        ("a variant's wrong value", with("\", automatic", "\", automatc")),
        ("two variants of one name", with("automatic)])", "automatic)]), (name: \"v\")")),
        ("ids without a number", with("order-{n}", "order")),
        ("two series with the same ids", with("count: 3)", "count: 3), (to: \"orders\", id: \"order-{n}\")")),
        ("an unknown method", with("at(\"42ms\")", "sending(method: \"basic.acknowledge\")")),
        ("any frame at all", with("at(\"42ms\")", "sending()")),
        ("a direction to a stranger", with("when: at(\"42ms\")", "losing: to(\"biller\"), when: at(\"42ms\")")),
        (
            "half open and losing",
            with("when: at(\"42ms\")", "how: half_open, losing: to(\"shop\"), when: at(\"42ms\")"),
        ),
        ("a fault for ever", with("at(\"42ms\")", "at(\"42ms\", every: \"1s\")")),
        ("times of a single strike", with("at(\"42ms\"))", "at(\"42ms\")), times: 3")),
        ("a slow link as it was", fault("slow(between: (\"shop\", \"broker\"), lasting: \"1s\", when: at(\"1s\"))")),
        ("a slow disk as it was", fault("slow_disk(\"broker\", factor: 1, lasting: \"1s\", when: at(\"1s\"))")),
        ("a clock that runs apart", fault("clock_drift(\"broker\", when: at(\"1s\"))")),
        (
            "a probability of a probability",
            fault("kill(\"broker\", when: with(\"1/2\", when: with(\"1/2\", when: at(\"1s\"))))"),
        ),
        (
            "a slow link that carries nothing",
            fault("slow(between: (\"shop\", \"broker\"), bandwidth: \"0B\", lasting: \"1s\", when: at(\"1s\"))"),
        ),
        ("a clock that jumps", fault("clock_jump(\"broker\", by: \"1h\", when: at(\"1s\"))")),
        (
            "a partition without a node",
            fault("partition(between: ([\"shop\"], [\"biller\"]), lasting: \"1s\", when: at(\"1s\"))"),
        ),
        (
            "a party parted from itself",
            fault("partition(between: ([\"shop\"], [\"shop\", \"broker\"]), lasting: \"1s\", when: at(\"1s\"))"),
        ),
        (
            "a partition towards a stranger",
            fault(
                "partition(between: ([\"shop\"], [\"broker\"]), towards: \"biller\", lasting: \"1s\", when: at(\"1s\"))",
            ),
        ),
        ("a group of nobody", fault("partition(between: ([], \"broker\"), lasting: \"1s\", when: at(\"1s\"))")),
        ("a nemesis without anything", fault("nemesis(every: \"0s\", from: \"2s\", until: \"1s\", draw: [])")),
        (
            "a nemesis that draws a moment",
            fault("nemesis(every: \"1s\", until: \"9s\", draw: [kill(\"shop\", when: at(\"1s\"))])"),
        ),
        ("a nemesis of nemeses", fault("nemesis(every: \"1s\", until: \"9s\", draw: [nemesis()])")),
        (
            "a nemesis with times",
            fault("nemesis(every: \"1s\", until: \"9s\", draw: [kill(\"shop\")])), times: 3")
                .replace(", times: 3)", ", times: 3"),
        ),
        (
            "a caption that repeats",
            with("expect: [", "lesson: (captions: [(at: worked(\"biller\", every: 2), says: \"?\")]), expect: ["),
        ),
        ("an unknown step", with("faults:", "scripts: [(name: \"s\", steps: [queue_declair(queue: \"q\")])], faults:")),
        (
            "a step's unknown field",
            with("faults:", "scripts: [(name: \"s\", steps: [basic_get(que: \"q\")])], faults:"),
        ),
        (
            "a step's wrong value",
            with("faults:", "scripts: [(name: \"s\", steps: [basic_ack(tag: \"1\"), wait])], faults:"),
        ),
        (
            "an argument of the wrong type",
            with("durable: true", "durable: true, arguments: {\"x-max-length\": \"many\"}"),
        ),
        (
            "a type of queue that is not modelled",
            with("durable: true", "durable: true, arguments: {\"x-queue-type\": \"quorum\"}"),
        ),
        (
            "a script's queue that is not modelled",
            with(
                "faults:",
                "scripts: [(name: \"s\", steps: [queue_declare(queue: \"q\", durable: true, arguments: \
                 {\"x-queue-type\": \"quorum\"})])], faults:",
            ),
        ),
        ("a queue of a reserved name", with("durable: true)", "durable: true), (name: \"amq.own\")")),
        ("an exchange of a reserved name", with("kind: direct)", "kind: direct), (name: \"amq.own\", kind: fanout)")),
        (
            "an exchange that is always there",
            with("kind: direct)", "kind: direct), (name: \"amq.fanout\", kind: fanout)"),
        ),
        ("a consumer's priority that is none", with("work: \"5ms\"", "arguments: {\"x-priority\": \"high\"}")),
        ("a key that no queue has", with("to: \"orders\", key: \"created\", id", "to: \"\", key: \"biling\", id")),
        (
            "a key that is missing and yet there",
            with("to: \"orders\", key: \"created\", id", "to: \"\", key: missing(\"billing\"), id"),
        ),
        ("a missing key of an exchange", with("\"created\", id", "missing(\"created\"), id")),
        ("a message of a number too high", with("at(\"42ms\")", "worked(\"biller\", message: \"order-9\")")),
        ("a message that nobody makes", with("lost(0)", "lost(1, ids: [\"ordr-2\"])")),
        (
            "a binding without sense",
            with("kind: direct", "kind: headers").replace("key: \"created\")]", "arguments: {\"x-match\": \"some\"})]"),
        ),
        ("a script for Redis", REDIS.replace("consumers", "scripts: [(name: \"s\", steps: [])], consumers")),
        ("a sync policy without a file", REDIS.replace("redis()", "redis(appendfsync: always)")),
        ("a list that nobody pushes to", REDIS.replace("from: \"jobs\"", "from: \"jbos\"")),
        ("an expectation without its number", nobody("rows(\"invoices\", 3)", "rows(\"invoices\")")),
        ("a queue without its name", nobody("name: \"billing\", ", "")),
        ("a consumer without its queue", nobody("from: \"billing\", ", "")),
        ("a producer without its messages", nobody("name: \"shop\", publish", "name: \"shop\", pub")),
        ("no broker", nobody("broker: rabbitmq", "about: rabbitmq")),
        ("a broker that is misspelt", nobody("rabbitmq(", "rabitmq(")),
        ("a field with queues that is misspelt", nobody("queues:", "qeues:")),
        ("an effect that is misspelt", nobody("effect: insert", "effect: isnert")),
        ("a fault without its moment", nobody(", when: at(\"42ms\")", "")),
        ("a change without its value", nobody("ack\", automatic)", "ack\")")),
        (
            "several at once",
            with("durable: true", "durabel: true").replace("\"5ms\"", "\"5 parsecs\"").replace("lost(0)", "lots(0)"),
        ),
    ]
}

#[test]
fn every_error_reads_well() {
    for (what, text) in wrong() {
        let errors = read(&text).map(|_| ()).expect_err(what);
        insta::assert_snapshot!(what.replace(' ', "_"), errors.render("orders.ron", Look::PLAIN));
    }
}

#[test]
fn a_variant_that_is_not_there_is_told_where_the_others_are() {
    let shown = |text: &str| read(text).unwrap().select(Some("w")).unwrap_err().render("f", Look::PLAIN);
    let among = shown(&format!("// first\n{}", with("title: \"t\"", "title: \"t\"")));
    assert!(among.contains("    variants: [(name") && among.contains("    ^^^^^^^^ not among these"), "{among}");
    let none = shown(&format!("// first\n{REDIS}"));
    assert!(none.contains("Scenario(\n") && none.contains("^^^^^^^^ in this scenario"), "{none}");
    assert!(!none.contains("first") && !among.contains("first"), "{none}{among}");
}

#[test]
fn every_kind_of_error_has_its_example() {
    let mut seen: Vec<Code> = wrong().iter().flat_map(|(_, text)| codes(read(text))).collect();
    seen.extend(codes(read_bytes(&[0xff, 0xfe, 0, 1])));
    seen.extend(codes(read_bytes(&vec![b' '; MAX_BYTES + 1])));
    let source = read(template()).unwrap();
    seen.extend(source.select(Some("curd")).unwrap_err().list().iter().map(|d| d.code));
    let without: Vec<&Code> = Code::ALL.iter().filter(|code| !seen.contains(code)).collect();
    assert!(without.is_empty(), "{without:?}");
}

fn codes(read: Result<Source, Diagnostics>) -> Vec<Code> {
    read.expect_err("wrong").list().iter().map(|d| d.code).collect()
}

/// A scenario over several lines with a slip in its syntax, and three others that are reported all the same.
fn slip(part: &str, instead: &str) -> Vec<(Code, usize)> {
    let text = r#"Scenario(
    title: "t",
    broker: rabbitmq(
        exchanges: [(name: "orders", kind: direct)],
        queues: [
            (name: "billing", durable: true),
        ],
        bindings: [(from: "orders", to: "billing", key: "created")],
    ),
    producers: [(
        name: "shop",
        publish: [(to: "orders", key: "created", id: "order-{n}", cuont: 3)],
    )],
    consumers: [
        (name: "biller", from: "biling", effect: insert(table: "invoices")),
    ],
    expect: [lost(0), rows("invoices", "many")],
)
"#;
    assert!(text.contains(part), "{part}");
    let errors = read(&text.replacen(part, instead, 1)).unwrap_err();
    errors.list().iter().map(|d| (d.code, errors.position(d).0)).collect()
}

#[test]
fn an_error_of_syntax_hides_no_other_and_makes_no_noise() {
    use Code::{Expected, Mismatched, OpenText, Unclosed, UnknownField, UnknownName, WrongType};
    let others = [UnknownField, UnknownName, WrongType];
    let cases = [
        ("a bracket that is never closed", "    ),\n    producers", "    producers", (Unclosed, 3)),
        ("a list that is never closed", "        ],\n        bindings", "        bindings", (Unclosed, 5)),
        ("an element that is never closed", "durable: true),", "durable: true,", (Unclosed, 6)),
        ("two brackets that are never closed", "    )],\n    consumers", "    consumers", (Unclosed, 10)),
        ("a list closed by a parenthesis", "kind: direct)],", "kind: direct)),", (Mismatched, 4)),
        ("a bracket too few on a line", "key: \"created\")],", "key: \"created\"],", (Mismatched, 8)),
        ("a parenthesis too many", "kind: direct)],", "kind: direct))],", (Mismatched, 4)),
        ("a bracket too many", "kind: direct)],", "kind: direct)]],", (Mismatched, 4)),
        ("one that closes the whole", "title: \"t\",", "title: \"t\"),", (Mismatched, 2)),
        ("a text that never ends", "\"t\",", "\"t,", (OpenText, 2)),
        ("a name that never ends", "(name: \"billing\", d", "(name: \"billing, d", (OpenText, 6)),
        ("a name that never ends before others", "(from: \"orders\", t", "(from: \"orders, t", (OpenText, 8)),
        ("a missing comma", "\"t\",", "\"t\"", (Expected, 2)),
        ("a missing value", "name: \"shop\"", "name: ", (Expected, 11)),
    ];
    for (what, part, instead, (code, line)) in cases {
        let found = slip(part, instead);
        let own: Vec<_> = found.iter().copied().filter(|(code, _)| !others.contains(code)).collect();
        assert_eq!(own, [(code, line)], "{what}: {found:?}");
        let rest: Vec<Code> = found.iter().map(|(code, _)| *code).filter(|code| others.contains(code)).collect();
        assert_eq!(rest, others, "{what}: {found:?}");
    }
}

#[test]
fn what_is_missing_behind_a_letter_of_several_bytes_is_shown_there() {
    for (part, instead) in [("rows(\"invoices\", 3)", "dep𓾞"), ("lost(0), rows(\"invoices\", 3)],", "lost(ö")] {
        let errors = read(&with(part, instead)).unwrap_err();
        assert!(errors.render("f", Look::PLAIN).contains(instead), "{errors}");
    }
}

#[test]
fn a_byte_order_mark_shifts_nothing() {
    let errors = read(&format!("\u{feff}{}", with("count: 3", "cuont: 3"))).unwrap_err();
    assert_eq!(errors.position(&errors.list()[0]), (8, 90));
}

#[test]
fn a_scenario_cut_off_anywhere_gives_an_error_and_no_panic() {
    let text = template();
    for end in (0..text.trim_end().len()).filter(|i| text.is_char_boundary(*i)).step_by(7) {
        let errors = read(&text[..end]).map(|_| ()).expect_err("cut off");
        assert!(!errors.render("f", Look::PLAIN).is_empty());
    }
}

#[test]
fn what_is_written_to_exhaust_the_reader_is_read_in_no_time() {
    let many = |unit: &str| unit.repeat(MAX_BYTES / unit.len() - 100);
    for text in [
        format!("Scenario({})", many("a:1,")),
        format!("Scenario(variants: [{}])", many("(name:\"a\"),")),
        format!("Scenario(title: \"\", broker: redis(), expect: [{}])", many("rows(\"a\",1),")),
        format!("Scenario(title: \"\", broker: redis(), producers: [{}])", many("(name:\"a\"),")),
        many("\" "),
        many("=;"),
        many("/*"),
        many("(["),
        many("{1:"),
        many("a "),
    ] {
        let errors = read(&text).map(|_| ()).expect_err("hostile");
        assert!(errors.render("f", Look::PLAIN).len() < 1 << 17);
    }
}

/// The tables of the book's page: what each is about, and its rows of field and default.
fn book() -> Vec<(String, Vec<(String, String)>)> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/book/src/scenarios.md");
    let text = std::fs::read_to_string(page).unwrap();
    let part = text.split("## Every field").nth(1).unwrap();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        Some((cells.next()?.trim_end_matches('`').to_owned(), cells.next()?.to_owned()))
    };
    part.split("\n### ")
        .skip(1)
        .map(|s| (s.lines().next().unwrap().to_owned(), s.lines().filter_map(row).collect()))
        .collect()
}

/// A scenario with every part of the language, where each says as little as it can. A comment opens each part.
const LITTLE: &str = r#"Scenario(/*a scenario*/
    title: "t",
    BROKER
    producers: [(/*a producer*/ name: "shop", publish: [(/*a series of messages*/ to: "a")]),
        (name: "pub", publish: [(to: "a", key: "b", every: exponential("1ms"))], reliability: confirms(/*`confirms`*/ on_refused: republish(/*`republish`*/)), reconnect: (/*a reconnect*/ after: "1s")),
        (name: "box", publish: [(to: "a", key: "d")], reliability: confirms(), outbox: (/*an outbox*/)),
        (name: "dual", publish: [(to: "a", key: "e")], dual_write: (/*a dual write*/)),
        (name: "asker", publish: [(to: "a", key: "f", reply_to: "a")], expects_reply: (/*an expected answer*/ timeout: "1s")),
        TRANSACTIONS],
    consumers: [(/*a consumer*/ name: "biller", from: "a"),
        (name: "c", from: missing("b"), ack: batch(/*`batch`*/ size: 3), effect: add(/*an effect*/ table: "t"),
         fail: [(/*a failure*/ every: 2, then: reject)], dedup: memory(/*`memory`*/)),
        (name: "d", from: "a", slow: [(/*a slow work*/ every: 2, work: "1s")], dedup: table(/*`table`*/ "t"),
         forward: (/*a forwarding*/ to: "", key: "a", id: "x-{id}"), effect: by_message(/*a choice of effects*/ {"m": insert("t")})),
        CONSUMERS],
    NETWORK
    disk: (/*the disk*/),
    limits: (/*limits*/),
    faults: [
        (name: "f", what: cut(/*a fault*/ between: ("shop", "broker"), when: sending(/*a moment*/ from: "shop"))),
        (name: "g", what: kill("shop", when: with("1/2", when: at("1s")))),
        (name: "h", what: pause("shop", lasting: "1s", when: before_fsync())),
        (name: "i", what: cut(between: ("shop", "broker"), losing: to("shop"), when: worked("biller"))),
        (name: "m", what: power_loss("broker", when: at("1s"))),
        (name: "n", what: slow(between: ("shop", "broker"), latency: "1ms", lasting: "1s", when: at("1s"))),
        (name: "o", what: slow_disk("broker", factor: 2, lasting: "1s", when: at("1s"))),
        (name: "p", what: nemesis(every: "1s", until: "9s", draw: [kill("shop")])),
        FAULTS
    ],
    lesson: (/*a lesson*/ captions: [(/*a caption*/ at: "1s", says: "a")], questions: [(/*a question*/ ask: "why?", figure: lost)]),
    variants: [(/*a variant*/ name: "v", change: [set("seed", 2)])],
)"#;

fn little() -> [String; 2] {
    let rabbitmq = r#"broker: rabbitmq(/*`rabbitmq`*/ users: [(/*a user*/ name: "u", permissions: [(/*a permission*/ configure: "", write: "", read: "")])], exchanges: [(/*an exchange*/ name: "a", kind: direct)],
        queues: [(/*a queue*/ name: "a")], bindings: [(/*a binding*/ from: "a", to: "a")]),
        scripts: [(/*a script*/ name: "s", steps: [])],"#;
    let network = r#"network: (/*the network*/ links: [(between: ("shop", "broker"), latency: uniform("1ms", "2ms"), lossy: (/*a lossy link*/))]),"#;
    let faults = r#"(name: "j", what: alarm("broker", lasting: "1s", when: at("1s"))),
        (name: "k", what: delete_vhost("/", when: at("1s"))),
        (name: "l", what: close_connection("shop", when: at("1s"))),"#;
    let transactions = r#"(name: "tx", publish: [(to: "a", key: "c")], reliability: transactions(/*`transactions`*/),
        on_returned: republish(/*`republish` of what came back*/ to: "a"))"#;
    let consumers =
        r#"(name: "e", from: "a", poll: (/*a poll*/ every: "1s"), park: (/*a parking*/ after: 2, to: "a"))"#;
    let redis = "broker: redis(/*`redis`*/),";
    [(rabbitmq, network, faults, transactions, consumers), (redis, "network: (/*the network*/),", "", "", "")].map(
        |(broker, network, faults, transactions, consumers)| {
            let text = LITTLE.replace("BROKER", broker).replace("NETWORK", network).replace("FAULTS", faults);
            text.replace("TRANSACTIONS", transactions).replace("CONSUMERS", consumers)
        },
    )
}

#[test]
fn the_book_has_every_field_of_the_language() {
    let mut sink = diagnostics::Sink::default();
    for text in little() {
        let root = parser::parse(&text, &mut sink).unwrap();
        schema::scenario(&root, &mut sink).unwrap();
        variant::decode(&root, &mut sink);
    }
    assert!(sink.is_empty(), "{:?}", sink.list);
    let book: std::collections::BTreeMap<String, Vec<(String, String)>> = book().into_iter().collect();
    let not_there = ["this step", "this expectation", "a bound"];
    for (what, fields) in sink.seen.iter().filter(|(what, _)| !not_there.contains(what)) {
        let rows = book.get(*what).unwrap_or_else(|| panic!("the book has no table of {what}"));
        let told: std::collections::BTreeSet<&str> = rows.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(told, *fields, "{what}");
    }
    let gone: Vec<&String> = book.keys().filter(|what| !sink.seen.contains_key(what.as_str())).collect();
    assert!(gone.is_empty(), "the book has tables of what is not there: {gone:?}");
}

#[test]
fn the_defaults_of_the_book_are_those_of_the_language() {
    let plan = |text: &str| {
        let source = read(text).unwrap_or_else(|errors| panic!("{text}\n{errors}"));
        let mut plan = (*lower(&source.select(None).unwrap()).unwrap()).clone();
        plan.header = crate::trace::Header::default();
        format!("{plan:?}")
    };
    let mut checked = 0;
    for (what, rows) in book() {
        let mark = format!("/*{what}*/");
        let Some(text) = little().into_iter().find(|text| text.contains(&mark)) else { continue };
        for (field, default) in rows {
            let Some(default) = default.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) else { continue };
            let with = text.replacen(&mark, &format!("{field}: {default}, "), 1);
            // A field that is given there already has no default.
            let twice = |errors: Diagnostics| errors.list().iter().any(|d| d.code == Code::DuplicateField);
            if read(&with).is_err_and(twice) {
                continue;
            }
            assert_eq!(plan(&with), plan(&text), "{what}: {field}: {default}");
            checked += 1;
        }
    }
    assert!(checked > 40, "{checked}");
}

/// Every so-manieth place of a text at which a token ends, and the middle of that token.
fn cuts(text: &str, every: usize, from: usize) -> impl Iterator<Item = usize> {
    let mut sink = diagnostics::Sink::default();
    let mut lexer = lexer::Lexer::new(text);
    let mut ends = Vec::new();
    loop {
        let (token, at) = lexer.next(&mut sink);
        if token == lexer::Token::End {
            break;
        }
        ends.push((at.start + at.end) / 2);
        ends.push(at.end);
    }
    ends.into_iter().filter(|end| text.is_char_boundary(*end)).skip(from % every).step_by(every)
}

#[test]
fn a_shipped_scenario_cut_off_anywhere_gives_an_error() {
    // Few places of each file, other ones of each; what is cut is seen in what is left of it.
    for (i, (path, text)) in shipped().into_iter().enumerate() {
        let every = (text.len() / 200).max(7);
        for end in cuts(text.trim_end(), every, i).filter(|end| *end < text.trim_end().len()) {
            let errors = read(&text[..end]).map(|_| ()).expect_err("cut off");
            assert!(!errors.list().is_empty(), "{path} at {end}");
        }
    }
}

/// All nodes of a tree, and the places of all names of fields.
fn places(node: &tree::Node, nodes: &mut Vec<Extent>, names: &mut Vec<Extent>) {
    nodes.push(node.at);
    match &node.value {
        tree::Value::List(inner) => inner.iter().for_each(|node| places(node, nodes, names)),
        tree::Value::Map(rows) => rows.iter().for_each(|(_, value)| places(value, nodes, names)),
        _ => {
            for arg in node.args() {
                names.extend(arg.name.as_ref().map(|name| name.at));
                places(&arg.value, nodes, names);
            }
        }
    }
}

/// The errors of a text in which a stretch was replaced, and which of them are not about what stands there now.
fn elsewhere(text: &str, at: Extent, instead: &str) -> Option<String> {
    let broken = format!("{}{instead}{}", &text[..at.start], &text[at.end..]);
    let errors = read(&broken).err()?;
    let own = |d: &Diagnostic| {
        let Extent { start, end } = d.primary.at;
        // A path of a variant may lead to it, the bracket around it may miss it, what stands behind it may come out of
        // its place, and the broker looks at a queue or a binding as a whole.
        let beside = d.code == Code::Arguments && start.abs_diff(at.start) < 16;
        let covers = start <= at.start + instead.len() && at.start <= end;
        covers || beside || matches!(d.code, Code::BadPath | Code::Refused)
    };
    let others: Vec<Diagnostic> = errors.list().iter().filter(|d| !own(d)).cloned().collect();
    (!others.is_empty()).then(|| Diagnostics::new(broken.as_str().into(), others).render("f", Look::PLAIN))
}

#[test]
fn one_wrong_value_or_misspelt_field_is_reported_where_it_stands_and_makes_no_noise() {
    let mut bad = Vec::new();
    for (i, (path, text)) in shipped().into_iter().enumerate() {
        let source = read(&text).unwrap();
        let (mut nodes, mut names) = (Vec::new(), Vec::new());
        places(source.root(), &mut nodes, &mut names);
        for at in nodes.into_iter().skip(1 + i % 11).step_by(11) {
            bad.extend(elsewhere(&text, at, "5.5").map(|says| format!("{path}: {says}")));
        }
        for at in names.into_iter().skip(i % 5).step_by(5) {
            let misspelt = format!("{}q", &text[at.start..at.end]);
            bad.extend(elsewhere(&text, at, &misspelt).map(|says| format!("{path}: {says}")));
        }
    }
    assert!(bad.is_empty(), "{} cases\n{}", bad.len(), bad[..bad.len().min(60)].concat());
}

mod properties {
    use super::super::tree::{Arg, Call, Node, Value};
    use super::*;
    use proptest::prelude::*;

    fn at(value: Value) -> Node {
        Node { at: Extent::default(), value }
    }

    fn word() -> impl Strategy<Value = Spanned<String>> {
        "[a-q_][a-z0-9_]{0,6}"
            .prop_filter("no literal", |w| w != "true" && w != "false")
            .prop_map(|w| Spanned::new(w, Extent::default()))
    }

    fn node() -> impl Strategy<Value = Node> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Value::Int),
            any::<bool>().prop_map(Value::Bool),
            any::<String>().prop_filter("no zero", |t| !t.contains('\0')).prop_map(Value::Text),
            (0u32..1000, 0u32..1000).prop_map(|(a, b)| Value::Float(format!("{a}.{b}"))),
            word().prop_map(|word| Value::Call(Call { word: Some(word), args: None })),
        ];
        leaf.prop_map(at).prop_recursive(4, 40, 6, |inner| {
            let arg = (proptest::option::of(word()), inner.clone()).prop_map(|(name, value)| Arg { name, value });
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
                proptest::collection::vec((inner.clone(), inner.clone()), 0..4).prop_map(Value::Map),
                (proptest::option::of(word()), proptest::collection::vec(arg, 0..6))
                    .prop_map(|(word, args)| Value::Call(Call { word, args: Some(args) })),
            ]
            .prop_map(at)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn what_is_printed_reads_the_same(node in node()) {
            let mut sink = diagnostics::Sink::default();
            let again = parser::parse(&print(&node), &mut sink);
            prop_assert!(sink.is_empty(), "{:?}\n{}", sink, print(&node));
            prop_assert!(again.unwrap().same(&node), "{}", print(&node));
        }

        #[test]
        fn plain_values_are_printed_as_ron_has_them(node in node()) {
            // Words with arguments of both kinds are this language's own.
            fn plain(node: &Node) -> bool {
                match &node.value {
                    Value::List(nodes) => nodes.iter().all(plain),
                    Value::Map(rows) => rows.iter().all(|(key, value)| plain(key) && plain(value)),
                    Value::Call(_) => false,
                    _ => true,
                }
            }
            if plain(&node) {
                let read: Result<ron::Value, _> = ron::from_str(&print(&node));
                prop_assert!(read.is_ok(), "{:?}", read);
            }
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in any::<String>()) {
            if let Err(errors) = read(&text) {
                prop_assert!(!errors.render("f", Look::PLAIN).is_empty());
            }
        }

        #[test]
        fn no_damage_to_a_scenario_makes_the_reader_panic(at in 0usize..3000, len in 0usize..9, put in "[\\PC(){}\\[\\],:\"]{0,4}") {
            let mut chars: Vec<char> = template().chars().collect();
            let at = at.min(chars.len());
            let end = (at + len).min(chars.len());
            chars.splice(at..end, put.chars());
            if let Err(errors) = read(&chars.iter().collect::<String>()) {
                prop_assert!(!errors.render("f", Look::PLAIN).is_empty());
            }
        }
    }
}

#[test]
fn other_systems_have_no_users() {
    let text = r#"Scenario(title: "t", broker: redis(),
        producers: [(name: "shop", publish: [(to: "l")], user: "clerk")])"#;
    let errors = read(text).unwrap_err().to_string();
    assert!(errors.contains("there is no user `clerk`: redis has none"), "{errors}");
}
