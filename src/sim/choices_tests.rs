//! What the choice port promises.

use super::*;

const FATE: ChoiceKind = ChoiceKind(0);
const LATENCY: ChoiceKind = ChoiceKind(1);
const SPREAD: Spread = Spread::Uniform { lo: Span(100), hi: Span(200) };

fn start(seed: u64) -> (Choices, StreamId, StreamId) {
    let mut choices = Choices::new(seed);
    let a = choices.add_stream("a");
    let b = choices.add_stream("b");
    (choices, a, b)
}

/// Ten choices of each kind on both streams.
fn run(choices: &mut Choices, a: StreamId, b: StreamId) -> Vec<u64> {
    let mut values = Vec::new();
    for _ in 0..10 {
        for stream in [a, b] {
            values.push(choices.choose(stream, FATE, 4));
            values.push(choices.draw_span(stream, LATENCY, SPREAD).0);
        }
    }
    values
}

fn key(stream: &str, kind: ChoiceKind, count: u32) -> ChoiceKey {
    ChoiceKey { stream: name_hash(stream), kind, count }
}

#[test]
fn the_same_seed_gives_the_same_choices_also_after_a_reset() {
    let (mut choices, a, b) = start(1);
    let first = run(&mut choices, a, b);
    choices.reset(2);
    assert_ne!(first, run(&mut choices, a, b));
    choices.reset(1);
    assert_eq!(first, run(&mut choices, a, b));
}

#[test]
fn a_stream_more_changes_no_other() {
    let (mut choices, a, b) = start(1);
    let mut more = Choices::new(1);
    let c = more.add_stream("c");
    let (b2, a2) = (more.add_stream("b"), more.add_stream("a"));
    more.choose(c, FATE, 10);
    assert_eq!(run(&mut choices, a, b), run(&mut more, a2, b2));
}

#[test]
fn a_recorded_value_changes_that_choice_and_no_other() {
    let (mut choices, a, b) = start(1);
    let seeded = run(&mut choices, a, b);
    let other = (seeded[8] + 1) % 4;
    choices.reset(1);
    choices.replay(&[(key("b", LATENCY, 7), seeded[31]), (key("a", FATE, 2), other)]);
    let replayed = run(&mut choices, a, b);
    let changed: Vec<usize> = (0..seeded.len()).filter(|&i| seeded[i] != replayed[i]).collect();
    assert_eq!(changed, [8]);
    assert_eq!(replayed[8], other);
    assert_eq!(choices.differing(), [(key("a", FATE, 2), other)], "what equals the seed's draw is not reported");
    assert_eq!(choices.unused().count(), 0);
}

#[test]
fn a_recorded_choice_that_never_comes_up_is_reported() {
    let (mut choices, a, b) = start(1);
    choices.replay(&[(key("a", FATE, 10), 1), (key("nobody", FATE, 0), 1), (key("a", FATE, 9), 1)]);
    run(&mut choices, a, b);
    let mut unused: Vec<_> = choices.unused().collect();
    unused.sort();
    let mut expected = [key("a", FATE, 10), key("nobody", FATE, 0)];
    expected.sort();
    assert_eq!(unused, expected);
}

#[test]
fn a_recorded_value_out_of_range_is_moved_into_it_and_reported() {
    let (mut choices, a, b) = start(1);
    choices.replay(&[(key("a", FATE, 0), 9), (key("a", LATENCY, 0), 1)]);
    let values = run(&mut choices, a, b);
    assert_eq!(values[..2], [3, 100]);
    assert_eq!(choices.clamped(), [key("a", FATE, 0), key("a", LATENCY, 0)]);
}

#[test]
fn what_differed_replays_to_the_same_run() {
    let (mut choices, a, b) = start(1);
    let mut path = Path::new(u32::MAX);
    path.set(0, 3);
    choices.enumerate(1 << FATE.0, Others::Seed, path);
    let walked = run(&mut choices, a, b);
    let difference = choices.differing().to_vec();
    choices.stop_enumerating();
    choices.reset(1);
    choices.replay(&difference);
    assert_eq!(run(&mut choices, a, b), walked);
}

#[test]
fn one_alternative_is_no_choice() {
    let (mut choices, a, _) = start(1);
    let mut plain = choices.clone();
    assert_eq!(choices.choose(a, FATE, 1), 0);
    assert!(!choices.chance(a, FATE, Ratio::ZERO));
    assert!(choices.chance(a, FATE, Ratio::ONE));
    assert_eq!(choices.draw_span(a, FATE, Spread::Fixed(Span(5))), Span(5));
    assert_eq!(choices.choose(a, FATE, 1000), plain.choose(a, FATE, 1000));
}

/// A small tree: a choice of three, where 1 leads to two coins, 2 to one.
fn leaf(choices: &mut Choices, a: StreamId) -> Vec<u64> {
    let first = choices.choose(a, FATE, 3);
    let coins = [0, 2, 1][first as usize];
    let half = Ratio { of: 1, all: 2 };
    std::iter::once(first).chain((0..coins).map(|_| u64::from(choices.chance(a, FATE, half)))).collect()
}

fn leaves(most: u32) -> Vec<Vec<u64>> {
    let (mut choices, a, _) = start(1);
    choices.enumerate(1 << FATE.0, Others::First, Path::new(most));
    let mut found = Vec::new();
    loop {
        choices.reset(1);
        found.push(leaf(&mut choices, a));
        if !choices.path_mut().is_some_and(Path::advance) {
            return found;
        }
    }
}

#[test]
fn a_walk_visits_every_leaf_once() {
    let all = [vec![0], vec![1, 0, 0], vec![1, 0, 1], vec![1, 1, 0], vec![1, 1, 1], vec![2, 0], vec![2, 1]];
    assert_eq!(leaves(u32::MAX), all);
}

#[test]
fn a_walk_can_bound_the_unusual_choices() {
    assert_eq!(leaves(0), [vec![0]]);
    assert_eq!(leaves(1), [vec![0], vec![1, 0, 0], vec![2, 0]]);
    assert_eq!(leaves(2), [vec![0], vec![1, 0, 0], vec![1, 0, 1], vec![1, 1, 0], vec![2, 0], vec![2, 1]]);
}

#[test]
fn what_is_not_enumerated_takes_the_seeds_draw_or_the_first_alternative() {
    let (mut choices, a, b) = start(1);
    let seeded = run(&mut choices, a, b);
    choices.reset(1);
    choices.enumerate(0, Others::Seed, Path::new(9));
    assert_eq!(run(&mut choices, a, b), seeded);
    choices.enumerate(0, Others::First, Path::new(9));
    assert_eq!(run(&mut choices, a, b)[..4], [0, 100, 0, 100]);
    assert_eq!(choices.draw_span(a, LATENCY, Spread::Exponential { mean: Span(7) }), Span(7));
}

#[test]
fn the_digest_does_not_depend_on_the_order_of_the_streams() {
    let (mut choices, a, _) = start(1);
    let mut other = Choices::new(1);
    other.add_stream("b");
    let a2 = other.add_stream("a");
    let of = |choices: &Choices| Digest::of(|d| choices.digest(d));
    choices.choose(a, FATE, 5);
    assert_ne!(of(&choices), of(&other));
    other.choose(a2, FATE, 5);
    assert_eq!(of(&choices), of(&other));
}
