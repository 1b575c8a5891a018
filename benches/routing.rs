//! What routing a message, binding and unbinding cost by the number of bindings, most of which do not match.
//!
//! Each line is one kind of exchange and one shape of bindings; the columns are sizes. A message matches one binding.

#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a benchmark measures by the wall clock")]

mod reference;

use mqlab::amqp::Version;
use mqlab::amqp::exchange::{Exchange, Kind, Scratch, Target, route};
use mqlab::ids::{Name, Names};
use mqlab::machine::{Message, Props, Value};
use mqlab::mem::ReuseMap;
use reference::{median, timed};
use std::sync::Arc;

const RUNS: usize = 7;
/// Messages of a run.
const MESSAGES: u32 = 20_000;
/// Bindings that are taken out and made again in a run.
const CHANGES: u32 = 2_000;

type Table = Vec<(Arc<str>, Value)>;

/// Bindings of one shape, and messages that each match one of them.
struct Shape {
    name: &'static str,
    kind: Kind,
    sizes: &'static [u32],
    /// The key of binding `n`.
    binding: fn(u32) -> String,
    /// A routing key that binding `n` matches.
    key: fn(u32) -> String,
    /// The arguments of binding `n`, and headers that they match.
    headers: fn(u32) -> Table,
}

fn none(_: u32) -> Table {
    Vec::new()
}

const SIZES: &[u32] = &[100, 1_000, 10_000, 100_000];

const SHAPES: [Shape; 8] = [
    Shape {
        name: "direct",
        kind: Kind::Direct,
        sizes: SIZES,
        binding: |n| format!("k{n}x"),
        key: |n| format!("k{n}x"),
        headers: none,
    },
    Shape {
        name: "topic a.N.b",
        kind: Kind::Topic,
        sizes: SIZES,
        binding: |n| format!("a.{n}.b"),
        key: |n| format!("a.{n}.b"),
        headers: none,
    },
    Shape {
        name: "topic N.*",
        kind: Kind::Topic,
        sizes: SIZES,
        binding: |n| format!("{n}.*"),
        key: |n| format!("{n}.b"),
        headers: none,
    },
    Shape {
        name: "topic *.N",
        kind: Kind::Topic,
        sizes: SIZES,
        binding: |n| format!("*.{n}"),
        key: |n| format!("b.{n}"),
        headers: none,
    },
    Shape {
        name: "topic N.#",
        kind: Kind::Topic,
        sizes: SIZES,
        binding: |n| format!("{n}.#"),
        key: |n| format!("{n}.b.c"),
        headers: none,
    },
    Shape {
        name: "topic #.N",
        kind: Kind::Topic,
        sizes: SIZES,
        binding: |n| format!("#.{n}"),
        key: |n| format!("b.c.{n}"),
        headers: none,
    },
    Shape {
        name: "headers all",
        kind: Kind::Headers,
        sizes: &[100, 1_000, 10_000],
        binding: |_| String::new(),
        key: |_| String::new(),
        headers: |n| vec![("kind".into(), Value::text("order")), ("shop".into(), Value::int(i64::from(n)))],
    },
    Shape {
        name: "consistent hash",
        kind: Kind::ConsistentHash,
        sizes: &[100, 1_000, 10_000],
        binding: |n| (n % 3 + 1).to_string(),
        key: |n| format!("k{n}x"),
        headers: none,
    },
];

struct Bed {
    names: Names,
    exchanges: ReuseMap<Name, Exchange>,
    from: Name,
    bindings: Vec<(Name, Target, Arc<Table>)>,
}

fn bed(shape: &Shape, size: u32) -> Bed {
    let mut names = Names::new();
    let from = names.intern("exchange");
    let bindings = (0..size).map(|n| {
        let target = Target::Queue(names.intern(&format!("queue-{n}")));
        (names.intern(&(shape.binding)(n)), target, Arc::new((shape.headers)(n)))
    });
    let bindings = bindings.collect();
    let mut exchanges = ReuseMap::new();
    exchanges.insert(from, Exchange::new(from, shape.kind));
    Bed { names, exchanges, from, bindings }
}

impl Bed {
    fn exchange(&mut self) -> (&mut Exchange, &Names) {
        (self.exchanges.get_mut(&self.from).expect("it was made"), &self.names)
    }

    /// Seconds that making all bindings takes.
    fn bind(&mut self) -> f64 {
        let bindings = std::mem::take(&mut self.bindings);
        let (exchange, names) = self.exchange();
        let (made, seconds) = timed(|| bindings.iter().map(|one| bind(exchange, one, names)).sum::<u64>());
        assert_eq!(made, bindings.len() as u64);
        self.bindings = bindings;
        seconds
    }

    /// Seconds that taking some bindings out and making them again takes.
    fn change(&mut self) -> f64 {
        let bindings = std::mem::take(&mut self.bindings);
        let size = bindings.len() as u32;
        let (exchange, names) = self.exchange();
        let (changed, seconds) = timed(|| {
            let mut changed = 0;
            for n in 0..CHANGES {
                let one = &bindings[(n.wrapping_mul(7_919) % size) as usize];
                changed += u64::from(exchange.unbind(one.0, one.1, &one.2, names).is_some());
                changed += bind(exchange, one, names);
            }
            changed
        });
        assert_eq!(changed, u64::from(2 * CHANGES));
        self.bindings = bindings;
        seconds
    }
}

fn bind(exchange: &mut Exchange, one: &(Name, Target, Arc<Table>), names: &Names) -> u64 {
    let made = exchange.bind(one.0, one.1, &one.2, Version::V3_10, names);
    u64::from(made.expect("it makes sense").is_some())
}

/// Nanoseconds for a message, a new binding, and a binding taken out and made again.
fn measure(shape: &Shape, size: u32) -> [f64; 3] {
    let [mut routing, mut binding, mut changing] = [const { Vec::new() }; 3];
    for _ in 0..RUNS {
        let mut bed = bed(shape, size);
        binding.push(bed.bind() * 1e9 / f64::from(size));
        let mail: Vec<(Name, Message)> = (0..1024u32)
            .map(|n| n.wrapping_mul(7_919) % size)
            .map(|n| {
                let mut message = Message::plain(Name::EMPTY, 0);
                let headers = (shape.headers)(n);
                message.props = Props { headers: (!headers.is_empty()).then_some(headers), ..Props::default() }.into();
                (bed.names.intern(&(shape.key)(n)), message)
            })
            .collect();
        let mut scratch = Scratch::default();
        let (found, seconds) = timed(|| {
            let mut found = 0;
            for (key, message) in mail.iter().cycle().take(MESSAGES as usize) {
                route(&bed.exchanges, bed.from, *key, &[], message, &bed.names, &mut scratch);
                found += scratch.queues.len() as u64;
            }
            found
        });
        assert_eq!(found, u64::from(MESSAGES), "every message matches one binding");
        routing.push(seconds * 1e9 / f64::from(MESSAGES));
        changing.push(bed.change() * 1e9 / f64::from(CHANGES));
    }
    [median(routing), median(binding), median(changing)]
}

fn main() {
    println!("nanoseconds for: a message / a new binding / unbinding and binding again");
    for shape in &SHAPES {
        for &size in shape.sizes {
            let [message, new, again] = measure(shape, size);
            println!("{:>16} {size:>8}  {message:>8.0} {new:>8.0} {again:>8.0}", shape.name);
        }
    }
}
