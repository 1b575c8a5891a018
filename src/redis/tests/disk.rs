//! What the file has and what survives which end.

use super::*;

/// Pushes ten messages a quarter of a second apart and gives how many of the answered ones a crash leaves.
fn crash(config: Config, power: bool) -> (usize, usize) {
    let mut b = Bench::node(config.clone());
    for n in 0..10 {
        b.push("jobs", &format!("m-{n}"));
        b.disk();
        b.pass(Span::millis(250));
        b.disk();
    }
    let answered = b.sent().len();
    let kept = if power { b.synced } else { b.written.len() };
    let disk = b.written[..kept].to_vec();
    b.boot(&config, disk);
    (answered, b.list("jobs").len())
}

#[test]
fn a_kill_takes_nothing_that_the_file_has_and_everything_without_a_file() {
    for fsync in [Fsync::Always, Fsync::Everysec, Fsync::No] {
        assert_eq!(crash(Config { aof: true, fsync, ..Config::default() }, false), (10, 10));
    }
    assert_eq!(crash(Config::default(), false), (10, 0));
}

#[test]
fn a_power_loss_takes_what_the_policy_has_not_synced() {
    let survives = |fsync| crash(Config { aof: true, fsync, ..Config::default() }, true);
    assert_eq!(survives(Fsync::Always), (10, 10));
    assert_eq!(survives(Fsync::Everysec), (10, 8), "the last sync began after two seconds");
    assert_eq!(survives(Fsync::No), (10, 0));
}

#[test]
fn the_kernel_writes_back_after_thirty_seconds() {
    let mut b = Bench::aof(Fsync::No);
    b.push("jobs", "m-1");
    b.disk();
    b.pass(Span::secs(29));
    assert!(b.busy.is_empty());
    b.pass(Span::secs(1));
    b.disk();
    assert_eq!(b.synced, 1);
    assert!(b.timers.is_empty(), "nothing is left to do");
}

#[test]
fn answers_wait_for_the_write_and_with_always_for_the_fsync() {
    let mut b = Bench::aof(Fsync::Everysec);
    b.push("jobs", "m-1");
    assert!(b.sent().is_empty());
    b.disk_step();
    assert_eq!(b.sent().len(), 1);
    let mut b = Bench::aof(Fsync::Always);
    b.push("jobs", "m-1");
    b.disk_step();
    assert!(b.sent().is_empty());
    b.disk_step();
    assert_eq!(b.sent().len(), 1);
}

#[test]
fn what_arrives_while_a_write_is_on_its_way_is_written_together() {
    let mut b = Bench::aof(Fsync::Everysec);
    for id in ["m-1", "m-2", "m-3"] {
        b.push("jobs", id);
    }
    assert_eq!(b.busy.len(), 1);
    b.disk_step();
    assert_eq!((b.sent().len(), b.busy.len()), (1, 1));
    b.disk_step();
    assert_eq!((b.sent().len(), b.written.len()), (2, 3));
}

#[test]
fn a_slow_background_fsync_lets_answers_overtake_the_write() {
    let mut b = Bench::aof(Fsync::Everysec);
    b.push("jobs", "m-1");
    b.disk();
    b.pass(Span::secs(1));
    assert_eq!(b.busy.len(), 1, "the sync is under way");
    b.sent();
    b.push("jobs", "m-2");
    assert_eq!((b.sent().len(), b.written.len()), (1, 1), "answered, and not written");
    b.pass(Span::secs(2));
    assert_eq!(b.written.len(), 2, "patience ends after two seconds");
}

#[test]
fn a_failing_disk_ends_the_process_with_always_and_refuses_writes_otherwise() {
    let mut b = Bench::aof(Fsync::Always);
    b.push("jobs", "m-1");
    b.input(Input::DiskFailed(Token(0)));
    assert!(b.exited && b.sent().is_empty());
    let mut b = Bench::aof(Fsync::Everysec);
    b.push("jobs", "m-1");
    b.busy.clear();
    b.input(Input::DiskFailed(Token(0)));
    b.push("jobs", "m-2");
    assert!(matches!(b.sent()[..], [(_, Frame::Integer { .. }), (_, Frame::Error(_))]));
    b.pass(Span::secs(1));
    b.disk();
    b.push("jobs", "m-3");
    b.disk();
    assert!(matches!(b.sent()[..], [(_, Frame::Integer { .. })]));
    assert_eq!(b.written.len(), 2);
}

#[test]
fn a_stop_in_order_writes_and_syncs_first() {
    let mut b = Bench::aof(Fsync::No);
    b.push("jobs", "m-1");
    b.input(Input::Stop);
    assert!(!b.exited);
    b.disk();
    assert!(b.exited && b.synced == 1);
}

#[test]
fn recovery_stops_at_the_first_missing_number() {
    let mut b = Bench::aof(Fsync::Everysec);
    for id in ["m-1", "m-2", "m-3"] {
        b.push("jobs", id);
        b.disk();
    }
    let torn: Vec<_> = (0..).zip(b.written.clone()).filter(|(n, _)| *n != 1).collect();
    let config = Arc::new(Config { aof: true, ..Config::default() });
    b.folded = Observable::new();
    let mut records = torn.into_iter().map(|(n, r)| (File(0), n, r));
    b.with(|node, ports| node.boot(&config, &mut records, ports));
    assert_eq!(b.list("jobs"), ["m-1"]);
}
