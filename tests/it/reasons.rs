//! `mqlab why`: every message's end has causes down to where they begin, and what did not happen has a first reason.

use crate::gallery::cases;
use mqlab::explore::{Fate, How, Run, fate, run};
use mqlab::ids::EventId;
use mqlab::story::{Ground, Root, Stage, causes, declared, depths, end_grounds, missing, why};
use mqlab::trace::{DiskStep, Kind, Reading, What};
use mqlab::verdict::{Takes, Word, ledger};
use mqlab::world::{RULES, VERBS};
use std::process::Command;

#[test]
fn the_end_of_every_message_has_a_chain_of_causes_that_ends_at_a_fault_or_an_input() {
    let mut faults = 0;
    for case in cases() {
        let run = run(&case.plan, case.digest, &[], &How::default());
        for account in ledger(&run.log, &VERBS, &run.findings) {
            for full in [false, true] {
                let chain = why(&run.log, &VERBS, &RULES, account.decided, full);
                let last = chain.last().unwrap_or_else(|| panic!("{}: no chain", case.name));
                assert!(last.root.is_some() || chain.iter().any(|reason| reason.root.is_some()), "{}", case.name);
                assert!(chain.iter().all(|reason| !full || !reason.sentence.text.is_empty()), "{}", case.name);
                faults += usize::from(chain.iter().any(|reason| reason.root == Some(Root::Fault)));
            }
        }
    }
    assert!(faults > 20, "only {faults} chains end at a fault");
}

/// Whether what is told of an event ends at something that has a name in the scenario.
fn is_named(run: &Run, event: EventId) -> bool {
    let chain = why(&run.log, &VERBS, &RULES, event, false);
    chain.iter().any(|reason| reason.root.is_some() && declared(&run.log, reason.sentence.event).is_some())
}

#[test]
fn the_end_of_every_message_that_went_wrong_is_led_back_to_a_fault_or_an_input_with_a_name() {
    let mut without = Vec::new();
    for case in cases() {
        let run = run(&case.plan, case.digest, &[], &How::default());
        for account in ledger(&run.log, &VERBS, &run.findings) {
            let id = run.log.names.text(account.message);
            let grounds = end_grounds(&run.log, &VERBS, account.message, account.decided);
            assert!(is_named(&run, account.decided), "{}: {id}", case.name);
            for Ground { says, event, declared } in &grounds {
                assert!(says.ends_with('.') && !says.contains(['{', '[']), "{}: {id}: {says}", case.name);
                let end = event.is_none_or(|event| matches!(run.log.events()[event.at()].kind, Kind::End(_)));
                assert!(end || event.is_some_and(|event| is_named(&run, event)), "{}: {id}: {says}", case.name);
                let setting = event.is_some() || declared.is_some();
                without.extend((!setting).then(|| format!("{}: {id}: {says}", case.name)));
            }
            let wrong = |word: &Word| matches!(word, Word::Lost | Word::Stuck | Word::Duplicated | Word::Reordered);
            let fault = why(&run.log, &VERBS, &RULES, account.decided, false);
            let fault = fault.iter().any(|reason| reason.root == Some(Root::Fault));
            // What a broker answers with an error, and what kills its consumer, is its own cause.
            let event = run.log.events()[account.decided.at()].kind;
            let own = matches!(
                event,
                Kind::Note { what: What::InError | What::Rejected | What::Purged, .. } | Kind::Process(_)
            );
            // So are a link that is to lose messages, a connection that is open at one side only, and a disk that reports
            // an error.
            let own = own
                || matches!(event, Kind::Lost(_))
                || run
                    .log
                    .event(account.decided)
                    .is_some_and(|event| event.rule == RULES.find("lab.link.drops").unwrap())
                || causes(&run.log, account.decided)
                    .iter()
                    .any(|id| matches!(run.log.events()[id.at()].kind, Kind::Disk { what: DiskStep::Failed, .. }));
            // Done at one destination, and lost at another.
            let done = account.words.contains(&Word::Lost) && account.worked > 0;
            if account.words.iter().any(wrong) && grounds.is_empty() && !fault && !own && !done {
                without.push(format!("{}: {id} {:?}", case.name, account.words));
            }
        }
    }
    assert!(without.is_empty(), "{without:#?}");
}

/// The grounds of a message's end with what the chains of their events tell, in sentences.
fn grounds_of(name: &str, id: &str) -> String {
    let case = cases().into_iter().find(|case| case.name == name).unwrap();
    let run = run(&case.plan, case.digest, &[], &How::default());
    let accounts = ledger(&run.log, &VERBS, &run.findings);
    let account = accounts.iter().find(|account| run.log.names.text(account.message) == id).unwrap();
    let grounds = end_grounds(&run.log, &VERBS, account.message, account.decided);
    let told =
        |event: EventId| why(&run.log, &VERBS, &RULES, event, false).into_iter().map(|reason| reason.sentence.text);
    let lines = grounds.iter().flat_map(|g| [g.says.clone()].into_iter().chain(g.event.into_iter().flat_map(told)));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_was_thrown_away_on_a_closed_channel_is_led_back_to_the_message_that_closed_it() {
    let text = grounds_of("losing/exchange-missing-without-confirm", "order-3");
    assert!(
        text.contains("had closed this channel") && text.contains("shop publishes note-1 to exchange audit"),
        "{text}"
    );
    let text = grounds_of("losing/immediate", "order-2");
    assert!(text.contains("had closed this connection") && text.contains("till publishes price-1"), "{text}");
}

#[test]
fn what_no_queue_wants_is_led_back_to_where_its_queue_went() {
    let text = grounds_of("losing/queue-not-durable", "order-4");
    assert!(text.contains("was not durable") && text.contains("Fault restart strikes"), "{text}");
    let text = grounds_of("losing/auto-delete-restart", "order-5");
    assert!(text.contains("was deleted") && text.contains("Fault deploy strikes"), "{text}");
    let text = grounds_of("claims/publish-before-bind", "order-1");
    assert!(text.contains("No queue was bound for it yet"), "{text}");
    let text = grounds_of("losing/unroutable", "order-1");
    assert!(text.contains("No binding of exchange orders fits"), "{text}");
}

#[test]
fn what_a_crash_took_is_led_back_to_why_it_was_not_on_the_disk() {
    assert!(grounds_of("losing/message-not-persistent", "order-1").contains("published as not persistent"));
    assert!(grounds_of("losing/queue-not-durable", "order-1").contains("not durable"));
    assert!(grounds_of("losing/crash-before-fsync", "order-1").contains("no fsync"));
}

#[test]
fn what_came_twice_or_late_is_led_back_to_what_brought_it() {
    assert!(grounds_of("doubling/consumer-timeout", "file-1").contains("It came again in step"));
    assert!(
        grounds_of("reordering/priorities", "change-2").contains("which was published after it, was done before it")
    );
    assert!(grounds_of("guarantees/forgotten-ack", "order-4").contains("has order-1 out of billing"));
}

#[test]
fn a_duplicate_is_told_in_three_depths_from_the_line_to_the_fault_and_the_rule() {
    let case = cases().into_iter().find(|case| case.name == "lost-confirm").unwrap();
    let run = run(&case.plan, case.digest, &[], &How::default());
    let accounts = ledger(&run.log, &VERBS, &run.findings);
    let account = accounts.iter().find(|account| run.log.names.text(account.message) == "order-2").unwrap();
    let reading = Reading::new(&run.log, &VERBS, false);
    let told = depths(&run.log, &VERBS, &RULES, &reading, account.decided).unwrap();
    assert!(told.line.text.contains("DUPLICATE") && told.root == Some(Root::Fault));
    assert!(told.cause(told.causes() - 1).unwrap().sentence.text.starts_with("Fault cut-2 strikes"));
    assert!(told.rule.is_some_and(|rule| rule.key == "app.work.done" && !rule.source.is_empty()));
    let known = told.knowledge(&run.log);
    assert!(known[0] == "biller knows it at once." && known.last().unwrap().contains("shop"), "{known:?}");
}

#[test]
fn the_ledger_and_the_verdict_agree() {
    for case in cases() {
        let run = run(&case.plan, case.digest, &[], &How::default());
        let accounts = ledger(&run.log, &VERBS, &run.findings);
        let attempts: u32 = accounts.iter().map(|account| account.attempts).sum();
        let views = &run.findings.producers;
        // What is passed on is a publish of the message too, and not of its producer.
        let told = views.iter().map(|view| view.attempts + view.passed_on).sum::<u32>();
        assert_eq!(attempts, told, "{}", case.name);
        for word in Word::ALL.iter().filter(|word| matches!(word.takes(), Takes::CountMayOf(_))) {
            let belief = matches!(word, Word::Sent | Word::Confirmed | Word::Unknown);
            for id in run.findings.ids(*word).iter().filter(|_| !belief) {
                let account = accounts.iter().find(|account| run.log.names.text(account.message) == *id);
                assert!(account.is_some_and(|account| account.words.contains(word)), "{}: {id} {word:?}", case.name);
            }
        }
        let worked: u32 = accounts.iter().map(|account| account.worked).sum();
        assert_eq!(worked, run.findings.consumers.iter().map(|view| view.done).sum::<u32>(), "{}", case.name);
    }
}

#[test]
fn a_stage_that_was_reached_has_all_its_conditions_and_one_that_was_not_has_a_first_that_lacks() {
    for case in cases() {
        let run = run(&case.plan, case.digest, &[], &How::default());
        for account in ledger(&run.log, &VERBS, &run.findings) {
            for stage in Stage::ALL {
                let found = missing(&run.log, &VERBS, account.message, *stage);
                let met = found.met.iter().any(|(met, _)| met == stage);
                assert_eq!(met, found.first.is_none(), "{}: {stage:?}", case.name);
            }
        }
    }
}

#[test]
fn a_lost_message_has_a_point_of_no_return_that_lies_before_its_end() {
    let mut sealed = 0;
    for case in cases() {
        let run = run(&case.plan, case.digest, &[], &How::default());
        let lost: Vec<String> = run.findings.ids(Word::Lost).into_iter().take(2).map(str::to_owned).collect();
        for id in lost {
            match fate(&case.plan, &How::default(), &id) {
                Fate::Sealed { after, tried, .. } => {
                    assert!(tried > 0 && after.is_none_or(|at| at.at() < run.log.events().len()), "{}", case.name);
                    sealed += 1;
                }
                other => panic!("{}: {id} is lost, and {other:?}", case.name),
            }
        }
    }
    assert!(sealed > 5, "only {sealed} lost messages");
}

fn answered(args: &[&str], code: i32) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_mqlab")).arg("why").args(args).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{error}");
    String::from_utf8(output.stdout).unwrap() + &error
}

#[test]
fn a_person_reads_why_an_order_was_billed_twice_and_another_was_not_durable() {
    insta::assert_snapshot!("why_a_duplicate", answered(&["lost-confirm", "--message", "order-2"], 0));
    let not = ["crash-before-fsync", "--message", "order-3", "--not", "durable"];
    insta::assert_snapshot!("why_not_durable", answered(&not, 0));
    insta::assert_snapshot!("sealed", answered(&["crash-before-fsync", "--fate", "order-3"], 0));
}

#[test]
fn a_step_is_told_as_deep_as_a_person_asks_for() {
    let depth = |n: &str| answered(&["lost-confirm", "--event", "91", "--depth", n], 0);
    let (one, two, three) = (depth("1"), depth("2"), depth("3"));
    assert!(one.contains("Who could have known") && !one.contains("Why step 91 happened"), "{one}");
    assert!(two.contains("Why step 91 happened") && !two.contains("source"), "{two}");
    assert!(three.contains("The rule: amqp.deliver") && three.contains("fidelity  exact"), "{three}");
}

#[test]
fn what_does_not_exist_cannot_be_asked_about() {
    assert!(answered(&["hello", "--message", "hallo-1"], 2).contains("hello-1"));
    assert!(answered(&["hello", "--event", "99999"], 2).contains("there is no step"));
    assert!(answered(&["hello"], 2).contains("--message"));
    assert!(answered(&["hello", "--fate", "nothing"], 2).contains("no message"));
    assert!(answered(&["hello", "--message", "hello-1", "--not", "eaten"], 2).contains("settled"));
}
