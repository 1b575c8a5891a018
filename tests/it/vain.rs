//! Runs in which clients try to connect for ever: they end, and they end only where nothing could help.

use mqlab::explore::{How, Run, run};
use mqlab::scenario::{self, Look};
use mqlab::trace::Outcome;

fn ran(more: &str) -> Run {
    ran_with("(after: \"50ms\")", "\"1ms\"", "\"0s\"", more)
}

fn ran_with(reconnect: &str, latency: &str, heartbeat: &str, more: &str) -> Run {
    let text = format!(
        "Scenario(
    title: \"t\",
    broker: rabbitmq(queues: [(name: \"q\", durable: true)]),
    producers: [(name: \"shop\", publish: [(to: \"\", key: \"q\", id: \"m-{{n}}\", count: 3, every: \"10ms\", persistent: true)],
        reliability: confirms(timeout: \"1s\", on_timeout: republish()), reconnect: {reconnect}, heartbeat: {heartbeat})],
    network: (latency: {latency}),
    {more}
)"
    );
    let source = scenario::read(&text).unwrap_or_else(|e| panic!("{}", e.render("vain", Look::PLAIN)));
    let scenario = source.select(None).unwrap();
    let expect: Vec<_> = scenario.expect.iter().map(|e| e.expectation.clone()).collect();
    run(&scenario::lower(&scenario).unwrap(), scenario.digest, &expect, &How::default())
}

const READER: &str = "consumers: [(name: \"reader\", from: \"q\", reconnect: (after: \"70ms\"))]";

fn killed(restart: &str) -> String {
    format!("{READER}, faults: [(name: \"f\", what: kill(who: \"broker\"{restart}, when: at(\"15ms\")))]")
}

#[test]
fn a_broker_that_never_comes_back_ends_the_run() {
    let run = ran(&killed(""));
    assert_eq!(run.outcome, Outcome::InVain);
    assert!(run.log.events().len() < 1_000, "{}", run.log.events().len());
}

#[test]
fn a_broker_without_power_ends_the_run() {
    let run = ran_with(
        "(after: \"50ms\")",
        "\"1ms\"",
        "\"2s\"",
        "faults: [(name: \"f\", what: power_loss(who: \"broker\", when: at(\"15ms\")))]",
    );
    assert_eq!(run.outcome, Outcome::InVain);
}

#[test]
fn random_latencies_do_not_hide_that_the_broker_is_gone() {
    let run = ran_with("(after: \"50ms\")", "uniform(\"1ms\", \"2ms\")", "\"0s\"", &killed(""));
    assert_eq!(run.outcome, Outcome::InVain);
}

#[test]
fn a_queue_that_is_never_declared_ends_the_run() {
    let run =
        ran("consumers: [(name: \"lost\", from: missing(\"no\"), reconnect: (after: \"70ms\"), heartbeat: \"0s\")]");
    assert_eq!(run.outcome, Outcome::InVain);
    assert!(run.log.events().len() < 2_000, "{}", run.log.events().len());
}

#[test]
fn who_gives_up_ends_the_run_by_that() {
    let run =
        ran_with("(after: \"50ms\", max: 100)", "\"1ms\"", "\"0s\"", &killed("").replace("70ms\"", "70ms\", max: 200"));
    assert_eq!(run.outcome, Outcome::Quiescent);
}

#[test]
fn what_comes_back_after_an_hour_is_waited_for() {
    let run = ran(&(killed(", restart: \"1h\"") + ", expect: [lost(0), stuck(0)]"));
    assert_eq!(run.outcome, Outcome::Quiescent);
    assert!(run.holds(), "{:?}", run.checked);
}

#[test]
fn a_queue_that_a_script_declares_after_ten_minutes_is_waited_for() {
    let run = ran(
        "consumers: [(name: \"late\", from: \"slow\", reconnect: (after: \"70ms\"), heartbeat: \"0s\")],
        scripts: [(name: \"admin\", steps: [connect(heartbeat: \"0s\"), wait(\"10min\"), queue_declare(queue: \"slow\", durable: true),
            basic_publish(key: \"slow\", body: \"at last\"), wait(\"1s\")])],
        expect: [worked(\"late\", 1)]",
    );
    assert_eq!(run.outcome, Outcome::Quiescent);
    assert!(run.holds());
}

#[test]
fn an_end_that_the_scenario_gives_is_reached() {
    let run = ran(&format!("{}, until: \"1h\"", killed("")));
    assert_eq!(run.outcome, Outcome::Until);
}

#[test]
fn an_order_that_waits_for_a_node_that_stands_still_is_counted_once_it_comes() {
    let run = ran("faults: [
            (name: \"still\", what: pause(\"broker\", lasting: \"200ms\", when: at(\"30ms\"))),
            (name: \"full\", what: alarm(\"broker\", lasting: \"100ms\", when: at(\"40ms\"))),
            (name: \"gone\", what: kill(\"broker\", when: at(\"300ms\"))),
        ]");
    assert_eq!(run.outcome, Outcome::InVain);
}
