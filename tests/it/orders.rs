//! Worlds that were built in another order or at another time: equal behaviour, equal fingerprint.
//!
//! What is declared has no order, with one exception: of two clients that do something at the very same time the one
//! declared first is first. Where clients are turned round they are therefore given starts of their own, by their
//! names, and compared at the end of each instant.

use crate::gallery::{self, Case};
use crate::random::{self, Shape};
use mqlab::ids::Digest;
use mqlab::scenario;
use mqlab::units::{Span, Time};
use mqlab::world::World;
use mqlab::world::plan::{Plan, Trigger};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The lists of a scenario whose order means nothing, whatever happens at the same time.
const LISTS: [&str; 4] = ["exchanges", "queues", "bindings", "faults"];
/// Those whose order decides between clients at equal times.
const CLIENTS: [&str; 3] = ["producers", "consumers", "scripts"];

/// Every stretch of text that stands between the brackets after `word: [`, with its start.
fn lists(text: &str, word: &str) -> Vec<(usize, usize)> {
    let head = format!("{word}: [");
    let starts = text.match_indices(&head).map(|(at, _)| at + head.len());
    starts
        .filter(|at| *at == head.len() || !text[..at - head.len()].ends_with(|c: char| c.is_alphanumeric() || c == '.'))
        .map(|start| (start, start + items(&text[start..]).1))
        .collect()
}

/// The elements of a list, which ends where its bracket closes, and where that is.
fn items(text: &str) -> (Vec<&str>, usize) {
    let (mut depth, mut quoted, mut escaped, mut from, mut found) = (0, false, false, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ']' if depth == 0 => {
                found.push(text[from..at].trim());
                found.retain(|item| !item.is_empty());
                return (found, at);
            }
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    panic!("a list without an end: {text}");
}

/// Without its comments.
fn bare(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let comment = line.match_indices("//").find(|(at, _)| line[..*at].matches('"').count() % 2 == 0);
        comment.map_or(line, |(at, _)| &line[..at])
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The text with each of these lists the other way round, and how many lists had an order at all.
fn turned(text: &str, words: &[&str]) -> (String, usize) {
    let (mut text, mut count) = (bare(text), 0);
    for word in words {
        // A list lies in no other list of its kind, so that turning one leaves the places of the others.
        for (start, end) in lists(&text, word) {
            let (mut found, _) = items(&text[start..]);
            count += usize::from(found.len() > 1);
            found.reverse();
            let list = format!("{:<1$}", found.join(", "), end - start);
            assert_eq!(list.len(), end - start, "{list}");
            text.replace_range(start..end, &list);
        }
    }
    (text, count)
}

fn read(name: &str, text: &str) -> Vec<Case> {
    let source = scenario::read(text).unwrap_or_else(|e| panic!("{text}\n{}", e.render(name, scenario::Look::PLAIN)));
    let variants = source.variants().iter().map(|variant| Some(variant.name.value.as_str()));
    variants.chain([None]).map(|variant| gallery::case(name, &source, variant)).collect()
}

/// Whether a variant speaks of an element of such a list by its number: of another one, then, in the list turned.
fn is_numbered(text: &str, kind: &str) -> bool {
    text.split(&format!("{kind}.")).skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The gallery's texts, the probes' and random ones.
fn texts(shape: Shape) -> Vec<(String, String)> {
    let random = (0..60).map(|seed| (format!("random {seed}"), random::parts(seed, shape).text()));
    gallery::texts().into_iter().chain(gallery::probe_texts()).chain(random).collect()
}

/// The fingerprint before the first step and after each.
fn marks(plan: &Arc<Plan>) -> Vec<(Time, Digest)> {
    let mut world = World::new(plan);
    let mut marks = vec![(world.now(), world.digest())];
    while world.step(&mut ()).is_none() {
        marks.push((world.now(), world.digest()));
    }
    marks
}

/// The last fingerprint of each point in time.
fn settled(marks: Vec<(Time, Digest)>) -> Vec<(Time, Digest)> {
    let mut settled: Vec<(Time, Digest)> = Vec::new();
    for mark in marks {
        settled.pop_if(|last| last.0 == mark.0);
        settled.push(mark);
    }
    settled
}

fn assert_same(a: &[(Time, Digest)], b: &[(Time, Digest)], what: &str) {
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert_eq!(a, b, "{what}: mark {i} of {}", a.0.since(Time::ZERO));
    }
    assert_eq!(a.len(), b.len(), "{what}");
}

#[test]
fn the_order_of_what_is_declared_leaves_no_mark_at_any_step() {
    for kind in LISTS {
        let mut lists = 0;
        for (name, text) in texts(Shape::default()) {
            let (turned, count) = turned(&text, &[kind]);
            if count == 0 || is_numbered(&text, kind) {
                continue;
            }
            lists += count;
            for (a, b) in read(&name, &text).iter().zip(&read(&name, &turned)) {
                assert_same(&marks(&a.plan), &marks(&b.plan), &format!("{}, {kind}\n{turned}", a.name));
            }
        }
        assert!(lists > 10, "only {lists} lists of {kind} were turned");
    }
}

/// Each client starts at its own fraction of a millisecond, which its name decides.
fn apart(plan: &Plan) -> Arc<Plan> {
    let mut plan = plan.clone();
    let names: BTreeSet<String> = plan.clients.iter().map(|client| client.name.clone()).collect();
    for client in &mut plan.clients {
        let rank = names.iter().position(|name| *name == client.name).unwrap() as u64;
        client.start = client.start + Span(1_037 + 31_415 * rank);
    }
    Arc::new(plan)
}

#[test]
fn the_order_of_clients_leaves_no_mark_where_nothing_happens_at_the_same_time() {
    let mut lists = 0;
    for (name, text) in texts(Shape { apart: true, ..Shape::default() }) {
        let (turned, count) = turned(&text, &CLIENTS);
        lists += count;
        for (a, b) in read(&name, &text).iter().zip(&read(&name, &turned)) {
            let (a_marks, b_marks) = (settled(marks(&apart(&a.plan))), settled(marks(&apart(&b.plan))));
            assert_same(&a_marks, &b_marks, &format!("{}\n{turned}", a.name));
        }
    }
    assert!(lists > 40, "only {lists} lists were turned");
}

/// Everything that has a time happens so much later.
fn later(plan: &Plan, by: Span) -> Arc<Plan> {
    let mut plan = plan.clone();
    for client in &mut plan.clients {
        client.start = client.start + by;
    }
    for fault in &mut plan.faults {
        if let Trigger::At { time, .. } = &mut fault.when {
            *time += by;
        }
    }
    for nemesis in &mut plan.nemeses {
        nemesis.from += by;
        nemesis.until += by;
    }
    plan.until = plan.until.map(|until| until + by);
    plan.limits.time += by;
    Arc::new(plan)
}

#[test]
fn the_hour_leaves_no_mark_at_any_step() {
    for (name, text) in texts(Shape::default()) {
        for case in read(&name, &text) {
            // The broker starts with the laboratory; by then what its disk does at first is over.
            let from = |secs| {
                let start = Time::ZERO + Span::secs(secs);
                let marks = marks(&later(&case.plan, Span::secs(secs)));
                let own = marks.into_iter().filter(|(time, _)| *time >= start);
                own.map(|(time, digest)| (Time::ZERO + time.since(start), digest)).collect::<Vec<_>>()
            };
            assert_same(&from(1_000), &from(11_117), &case.name);
        }
    }
}
