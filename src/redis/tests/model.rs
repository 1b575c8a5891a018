//! Whatever is done to a node, nothing is invented, and a copy behaves the same.

use super::*;

#[test]
fn tables_have_no_key_twice() {
    let mut keys: Vec<_> = rules::TABLE.rules.iter().map(|r| r.key).collect();
    keys.extend(verbs::TABLE.verbs.iter().map(|v| v.name));
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), all);
}

/// One step of a random session against the node.
#[derive(Clone, Copy, Debug)]
enum Step {
    Push(u8, u8, bool),
    Pop(u32, u8, bool),
    Move(u32, u8, u8, bool),
    Remove(u8, u8),
    End(u32),
    Disk,
    Fail,
    Pass(u16),
    Reboot(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u8..3, 0u8..6, any::<bool>()).prop_map(|(l, m, left)| Step::Push(l, m, left)),
        2 => (0u32..4, 0u8..3, any::<bool>()).prop_map(|(c, l, timed)| Step::Pop(c, l, timed)),
        2 => (0u32..4, 0u8..3, 0u8..3, any::<bool>()).prop_map(|(c, f, t, wait)| Step::Move(c, f, t, wait)),
        1 => (0u8..3, 0u8..6).prop_map(|(l, m)| Step::Remove(l, m)),
        1 => (0u32..4).prop_map(Step::End),
        4 => Just(Step::Disk),
        1 => Just(Step::Fail),
        1 => (0u16..3000).prop_map(Step::Pass),
        1 => any::<bool>().prop_map(Step::Reboot),
    ]
}

fn take_step(b: &mut Bench<Node>, config: &Config, step: Step) {
    let lists = [b.name("a"), b.name("b"), b.name("c")];
    let list = |n: u8| lists[n as usize];
    let wait = |timed| if timed { Span::secs(1) } else { Span::ZERO };
    match step {
        Step::Push(l, m, left) => {
            let (list, message) = (list(l), b.msg(&format!("m-{m}")));
            b.frame(A, if left { Frame::Lpush { list, message } } else { Frame::Rpush { list, message } });
        }
        Step::Pop(c, l, timed) => b.frame(ConnId(c), Frame::Brpop { list: list(l), timeout: wait(timed) }),
        Step::Move(c, from, to, false) => b.frame(ConnId(c), Frame::Lmove { from: list(from), to: list(to) }),
        Step::Move(c, from, to, true) => {
            b.frame(ConnId(c), Frame::Blmove { from: list(from), to: list(to), timeout: wait(false) });
        }
        Step::Remove(l, m) => {
            let message = b.msg(&format!("m-{m}"));
            b.frame(A, Frame::Lrem { list: list(l), message });
        }
        Step::End(c) => b.input(Input::Ended(ConnId(c), Ending::Reset)),
        Step::Disk if !b.busy.is_empty() => b.disk_step(),
        Step::Fail if !b.busy.is_empty() && config.fsync != Fsync::Always => {
            let (token, _) = b.busy.remove(0);
            b.input(Input::DiskFailed(token));
        }
        Step::Disk | Step::Fail => {}
        Step::Pass(ms) => b.pass(Span::millis(u64::from(ms))),
        Step::Reboot(power) => {
            let kept = if power { b.synced } else { b.written.len() };
            let disk = b.written[..kept].to_vec();
            b.boot(config, disk);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// After every step the fold of the deltas is what the node shows (checked in `collect`); a clone into a used
    /// node goes on in the same way; and a replay of the whole file gives the lists as they are.
    #[test]
    fn fold_clone_and_replay_agree(
        steps in proptest::collection::vec(step(), 0..60),
        aof in any::<bool>(),
        fsync in prop_oneof![Just(Fsync::Always), Just(Fsync::Everysec), Just(Fsync::No)],
    ) {
        let config = Config { aof, fsync, ..Config::default() };
        let mut b = Bench::node(config.clone());
        let mut used = Node::default();
        for step in steps {
            take_step(&mut b, &config, step);
            used.clone_from(&b.machine);
            let copy = Digest::of(|d| used.digest(b.now, &b.names, d));
            prop_assert_eq!(copy, b.digest());
            std::mem::swap(&mut used, &mut b.machine);
        }
        if aof {
            b.disk();
            b.pass(Span::secs(3));
            b.disk();
            let lists = |b: &mut Bench<Node>| [b.list("a"), b.list("b"), b.list("c")];
            let before = lists(&mut b);
            let disk = b.written.clone();
            b.boot(&config, disk);
            prop_assert_eq!(before, lists(&mut b));
        }
    }
}
