//! Equal behaviour, equal fingerprint; and no two different states share one.

use crate::proofs::all;
use crate::random::{self, Parts, Shape};
use mqlab::ids::{ActorId, Digest};
use mqlab::trace::Outcome;
use mqlab::units::{Span, Time};
use mqlab::world::World;
use std::collections::BTreeMap;

/// What can be seen of a world, in texts that do not depend on how its parts are numbered.
fn rendering(world: &mut World) -> String {
    let state = world.observe();
    let actors = world.plan().actors();
    let tables = world.tables();
    let actor = |id: ActorId| actors.get(id.at()).map_or("-", |actor| actor.name.as_str());
    let mut lines = Vec::new();
    for (id, copies) in state.places.iter() {
        let place = &tables.places[id.at()];
        let held: Vec<_> = copies.values().map(|h| format!("{} {:?}", tables.names.text(h.message), h.flags)).collect();
        let name = tables.names.text(place.name);
        lines.push(format!("{} {:?} {name} {}: {held:?}", actor(place.actor), place.kind, actor(place.holder)));
    }
    for ((who, gauge), value) in state.gauges.iter() {
        lines.push(format!("{} {} = {value}", actor(*who), tables.names.text(*gauge)));
    }
    for ((who, message), belief) in state.beliefs.iter() {
        lines.push(format!("{} {} {belief:?}", actor(*who), tables.names.text(*message)));
    }
    lines.sort();
    lines.join("\n")
}

/// What was seen with a fingerprint, the next other fingerprint, and how long after.
struct Seen {
    rendering: String,
    next: Option<(Span, Digest)>,
    at: (u64, u64),
}

#[test]
fn equal_fingerprints_look_equal_and_go_on_equally() {
    let mut states = 0;
    for case in all(50) {
        let mut seen: BTreeMap<Digest, Seen> = BTreeMap::new();
        let mut world = World::new(&case.plan);
        for seed in 0..3 {
            world.reset(case.plan.seed + seed);
            let (mut last, mut before): (Option<Digest>, Time) = (None, Time::ZERO);
            loop {
                let (digest, at) = (world.digest(), (seed, world.steps()));
                let passed = world.now().since(before);
                before = world.now();
                // A step that comes to nothing, such as an arrival on a connection that is gone, is no successor.
                // How early clients that try for ever are stopped is no behaviour: it leaves no mark.
                let stopped = world.outcome() == Some(mqlab::trace::Outcome::InVain);
                let from = last.filter(|last| *last != digest && !stopped);
                if let Some(last) = from.and_then(|last| seen.get_mut(&last)) {
                    let (after, next) = *last.next.get_or_insert((passed, digest));
                    // Such a step may also come between, at another time.
                    assert!(
                        after != passed || next == digest,
                        "{}: equal at {:?} and before {at:?}, not after",
                        case.name,
                        last.at
                    );
                }
                let rendering = rendering(&mut world);
                let known = seen.entry(digest).or_insert_with(|| Seen { rendering: rendering.clone(), next: None, at });
                assert_eq!(known.rendering, rendering, "{}: {:?} and {at:?} share a fingerprint", case.name, known.at);
                last = Some(digest);
                // How often clients try in vain before a run is ended depends on how it came there, not on where it is.
                if world.outcome().is_some() || world.step(&mut ()) == Some(Outcome::InVain) {
                    break;
                }
            }
        }
        states += seen.len();
    }
    assert!(states > 10_000, "only {states} states");
}

/// The fingerprint at each point in time from `from` on, when all that was due then has happened, and the look.
fn settled(text: &str, seed: u64, from: Span) -> Vec<(Span, Digest, String)> {
    let mut world = World::new(&random::lowered(seed, text).plan);
    let mut points: Vec<(Span, Digest, String)> = Vec::new();
    let start = Time::ZERO + from;
    while world.step(&mut ()).is_none() {
        if world.now() < start {
            continue;
        }
        let point = (world.now().since(start), world.digest(), rendering(&mut world));
        match points.last_mut() {
            Some(last) if last.0 == point.0 => *last = point,
            _ => points.push(point),
        }
    }
    points
}

/// Equal as far as both go: the limit on time is an hour of the clock and not of the run.
fn assert_equal(a: &[(Span, Digest, String)], b: &[(Span, Digest, String)], what: &str) {
    for (x, y) in a.iter().zip(b) {
        assert_eq!((x.0, &x.2), (y.0, &y.2), "{what}: they behave differently");
        assert_eq!(x.1, y.1, "{what}: equal at {}, and the fingerprints differ", x.0);
    }
    assert!(!a.is_empty() && !b.is_empty(), "{what}");
}

/// The same scenario with everything declared the other way round.
fn turned(parts: &Parts) -> Parts {
    let mut turned = parts.clone();
    for list in [&mut turned.producers, &mut turned.consumers] {
        list.reverse();
    }
    turned
}

#[test]
fn the_order_of_declaration_leaves_no_mark() {
    for seed in 0..60 {
        let parts = random::parts(seed, Shape { apart: true, ..Shape::default() });
        let (a, b) = (parts.text(), turned(&parts).text());
        assert_equal(&settled(&a, seed, Span::ZERO), &settled(&b, seed, Span::ZERO), &format!("{a}\nand\n{b}"));
    }
}

#[test]
fn the_hour_leaves_no_mark() {
    for seed in 0..60 {
        // The broker has started by then; what its disk does at first is over.
        let text = |later| random::parts(seed, Shape { apart: true, later, ..Shape::default() }).text();
        let (now, later) = (text(10), text(110));
        let points = |text: &str, secs| settled(text, seed, Span::secs(secs) + Span(1_000_037));
        let (a, b) = (points(&now, 10), points(&later, 110));
        assert_equal(&a, &b, &format!("{now}\nand\n{later}"));
    }
}
