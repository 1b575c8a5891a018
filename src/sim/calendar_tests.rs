//! What the calendar promises, held against a model.

use super::*;
use proptest::prelude::*;

fn drain(calendar: &mut Calendar<u64>) -> Vec<(u64, u64)> {
    std::iter::from_fn(|| calendar.pop().map(|(t, p)| (t.0, p))).collect()
}

#[test]
fn equal_times_leave_in_insertion_order() {
    let mut calendar = Calendar::new();
    for i in 0..1000 {
        calendar.schedule(Time(7), i);
    }
    assert_eq!(drain(&mut calendar), (0..1000).map(|i| (7, i)).collect::<Vec<_>>());
}

#[test]
fn what_is_cancelled_does_not_come_and_its_key_goes_stale() {
    let mut calendar = Calendar::new();
    let first = calendar.schedule(Time(1), 1);
    calendar.schedule(Time(2), 2);
    assert_eq!(calendar.get(first), Some(&1));
    assert_eq!(calendar.cancel(first), Some(1));
    assert_eq!(calendar.cancel(first), None);
    assert_eq!(calendar.peek_time(), Some(Time(2)));
    assert_eq!(calendar.pop(), Some((Time(2), 2)));
    let reused = calendar.schedule(Time(3), 3);
    assert_eq!(calendar.cancel(first), None);
    assert_eq!(calendar.len(), 1);
    assert_eq!(calendar.cancel(reused), Some(3));
    assert_eq!(calendar.pop(), None);
}

#[test]
fn cancelled_entries_do_not_pile_up() {
    let mut calendar = Calendar::new();
    for i in 0..100_000 {
        let key = calendar.schedule(Time(1_000_000_000 + i), i);
        calendar.cancel(key);
    }
    assert!(calendar.slots.len() < 1000, "{} slots", calendar.slots.len());
}

#[test]
fn the_order_survives_the_end_of_the_sequence_numbers() {
    let mut calendar = Calendar::new();
    calendar.next_seq = SEQ_END - 3;
    for i in 0..10 {
        calendar.schedule(Time(i % 2), i);
    }
    assert_eq!(drain(&mut calendar).iter().map(|e| e.1).collect::<Vec<_>>(), [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]);
}

#[test]
fn a_copy_made_in_place_leaves_the_same_way() {
    let mut calendar = Calendar::new();
    let mut copy = Calendar::new();
    for i in 0..100u64 {
        calendar.schedule(Time(i * 37 % 11), i);
        copy.schedule(Time(i), i);
    }
    copy.clone_from(&calendar);
    assert_eq!(drain(&mut copy), drain(&mut calendar));
}

#[derive(Clone, Debug)]
enum Act {
    Schedule(u64),
    Cancel(usize),
    Pop,
    Clear,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        10 => prop_oneof![3 => 0u64..20, 3 => 0u64..2_000_000, 1 => any::<u64>()].prop_map(Act::Schedule),
        3 => any::<usize>().prop_map(Act::Cancel),
        8 => Just(Act::Pop),
    ]
}

/// What a calendar is to do, in the simplest way: a vector sorted by (time, sequence number).
#[derive(Default)]
struct Model {
    entries: Vec<(u64, u64)>,
}

impl Model {
    fn pop(&mut self) -> Option<(Time, u64)> {
        (!self.entries.is_empty()).then(|| self.entries.remove(0)).map(|(t, p)| (Time(t), p))
    }
    fn remove(&mut self, payload: u64) -> Option<u64> {
        let at = self.entries.iter().position(|e| e.1 == payload)?;
        Some(self.entries.remove(at).1)
    }
}

fn check(acts: Vec<Act>) {
    let (mut calendar, mut model) = (Calendar::new(), Model::default());
    let (mut keys, mut now) = (Vec::new(), 0u64);
    for (seq, act) in (0u64..).zip(acts) {
        match act {
            Act::Schedule(after) => {
                let time = now.saturating_add(after);
                keys.push((calendar.schedule(Time(time), seq), seq));
                model.entries.push((time, seq));
                model.entries.sort_unstable();
            }
            Act::Cancel(which) if !keys.is_empty() => {
                let (key, payload) = keys[which % keys.len()];
                assert_eq!(calendar.cancel(key), model.remove(payload));
            }
            Act::Cancel(_) => {}
            Act::Pop => {
                let popped = calendar.pop();
                assert_eq!(popped, model.pop());
                now = popped.map_or(now, |(t, _)| t.0);
            }
            Act::Clear => {
                calendar.clear();
                model.entries.clear();
                keys.clear();
            }
        }
        assert_eq!(calendar.len(), model.entries.len());
        if seq % 3 == 0 {
            assert_eq!(calendar.peek_time().map(|t| t.0), model.entries.first().map(|e| e.0));
        }
    }
    let mut shown: Vec<_> = calendar.pending().map(|(t, p)| (t.0, *p)).collect();
    let mut known: Vec<_> = model.entries.clone();
    shown.sort_unstable();
    known.sort_unstable();
    assert_eq!(shown, known);
    let mut copy = Calendar::new();
    copy.clone_from(&calendar);
    assert_eq!(drain(&mut copy), model.entries);
    assert_eq!(drain(&mut calendar), model.entries);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn it_behaves_like_a_sorted_vector(acts in prop::collection::vec(prop_oneof![60 => act(), 1 => Just(Act::Clear)], 0..300)) {
        check(acts);
    }

    #[test]
    fn it_behaves_like_a_sorted_vector_when_many_are_down(
        before in prop::collection::vec((0u64..3_000_000).prop_map(Act::Schedule), 0..600),
        acts in prop::collection::vec(act(), 0..600),
    ) {
        check(before.into_iter().chain(acts).collect());
    }
}
