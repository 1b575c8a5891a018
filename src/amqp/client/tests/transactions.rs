//! Transactions: publishes that are answered with the end of their transaction.

use super::*;

impl Bed {
    fn in_transaction() -> Bed {
        let mut bed = Bed::new(Session { confirms: false, transactions: true, ..producer() });
        bed.shake_hands(0);
        assert_eq!(bed.frame(1, Method::ChannelOpenOk), ["TxSelect"]);
        assert_eq!(bed.frame(1, Method::TxSelectOk), ["Ready"]);
        bed
    }

    fn commits(&mut self) {
        assert_eq!(self.ask(Ask::Commit), ["TxCommit"]);
    }
}

#[test]
fn a_commit_answers_what_was_published_before_it_was_asked_for() {
    let mut bed = Bed::in_transaction();
    bed.publish(1, "a", false);
    bed.publish(2, "b", false);
    bed.commits();
    bed.publish(3, "c", false);
    assert_eq!(bed.frame(1, Method::TxCommitOk), ["Answer(1, Confirmed)", "Answer(2, Confirmed)"]);
    bed.commits();
    assert_eq!(bed.frame(1, Method::TxCommitOk), ["Answer(3, Confirmed)"]);
}

#[test]
fn a_rollback_refuses_what_was_published() {
    let mut bed = Bed::in_transaction();
    bed.publish(1, "a", false);
    assert_eq!(bed.ask(Ask::Rollback), ["TxRollback"]);
    bed.publish(2, "b", false);
    assert_eq!(bed.frame(1, Method::TxRollbackOk), ["Answer(1, Refused)"]);
}

#[test]
fn a_commit_of_nothing_answers_nothing() {
    let mut bed = Bed::in_transaction();
    bed.commits();
    bed.publish(1, "a", false);
    assert!(bed.frame(1, Method::TxCommitOk).is_empty(), "it was published after the commit was asked for");
    bed.commits();
    assert_eq!(bed.frame(1, Method::TxCommitOk), ["Answer(1, Confirmed)"]);
    bed.commits();
    bed.publish(2, "b", false);
    assert!(bed.frame(1, Method::TxCommitOk).is_empty());
    assert!(bed.frame(1, Method::TxCommitOk).is_empty(), "an answer that nobody waits for");
}

#[test]
fn an_error_ends_the_transaction_without_an_answer() {
    let mut bed = Bed::in_transaction();
    bed.publish(1, "a", false);
    bed.commits();
    let close = bed.close("gone");
    assert_eq!(bed.frame(1, Method::ChannelClose(close)), ["ChannelCloseOk", "down: gone"]);
    assert_eq!(bed.ask(Ask::Connect), ["ChannelOpen"]);
    assert_eq!(bed.frame(1, Method::ChannelOpenOk), ["TxSelect"]);
    bed.frame(1, Method::TxSelectOk);
    bed.publish(2, "b", false);
    bed.commits();
    assert_eq!(bed.frame(1, Method::TxCommitOk), ["Answer(2, Confirmed)"], "numbers begin anew");
}
