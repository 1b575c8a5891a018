//! `mqlab why`: every message's end has causes down to where they begin, and what did not happen has a first reason.

use crate::gallery::cases;
use mqlab::explore::{Fate, How, fate, run};
use mqlab::story::{Root, Stage, missing, why};
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
fn what_does_not_exist_cannot_be_asked_about() {
    assert!(answered(&["hello", "--message", "hallo-1"], 2).contains("hello-1"));
    assert!(answered(&["hello", "--event", "99999"], 2).contains("there is no step"));
    assert!(answered(&["hello"], 2).contains("--message"));
    assert!(answered(&["hello", "--fate", "nothing"], 2).contains("no message"));
    assert!(answered(&["hello", "--message", "hello-1", "--not", "eaten"], 2).contains("settled"));
}
