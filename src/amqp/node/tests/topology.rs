//! Exchanges, queues and bindings under any sequence of declarations: what leads where, and what is on the disk.

use super::*;
use crate::amqp::exchange::hash_target;

/// A step on four exchanges and four queues.
#[derive(Clone, Debug)]
enum Change {
    Exchange(usize, usize, bool, bool),
    Queue(usize, bool),
    Bind(usize, usize, &'static str),
    Unbind(usize, usize, &'static str),
    DeleteQueue(usize),
    DeleteExchange(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let key = || proptest::sample::select(vec!["a", "a.*", "#"]);
    prop_oneof![
        (0usize..4, 0usize..3, any::<bool>(), any::<bool>()).prop_map(|(e, k, d, a)| Change::Exchange(e, k, d, a)),
        (0usize..4, any::<bool>()).prop_map(|(q, d)| Change::Queue(q, d)),
        (0usize..4, 0usize..8, key()).prop_map(|(e, to, key)| Change::Bind(e, to, key)),
        (0usize..4, 0usize..8, key()).prop_map(|(e, to, key)| Change::Bind(e, to, key)),
        (0usize..4, 0usize..8, key()).prop_map(|(e, to, key)| Change::Unbind(e, to, key)),
        (0usize..4).prop_map(Change::DeleteQueue),
        (0usize..4).prop_map(Change::DeleteExchange),
    ]
}

impl Bench {
    fn name(&mut self, letter: char, n: usize) -> Name {
        self.names.intern(&format!("{letter}{n}"))
    }

    fn change(&mut self, change: &Change) {
        let nothing = Arc::<Table>::default();
        let body = match *change {
            Change::Exchange(e, kind, durable, auto_delete) => Method::ExchangeDeclare {
                exchange: self.name('e', e),
                kind: self.names.intern(["direct", "fanout", "topic"][kind]),
                passive: false,
                durable,
                auto_delete,
                internal: false,
                nowait: false,
                arguments: nothing,
            },
            Change::Queue(q, durable) => {
                let name = format!("q{q}");
                self.declare(1, &name, |method| {
                    if let Method::QueueDeclare { durable: wanted, .. } = method {
                        *wanted = durable;
                    }
                });
                return self.agree();
            }
            Change::Bind(e, to, key) | Change::Unbind(e, to, key) => {
                let binds = matches!(change, Change::Bind(..));
                let (source, key, nowait, arguments) = (self.name('e', e), self.names.intern(key), false, nothing);
                match (binds, to) {
                    (true, ..4) => {
                        let queue = self.name('q', to);
                        Method::QueueBind { queue, exchange: source, key, nowait, arguments }
                    }
                    (false, ..4) => {
                        let queue = self.name('q', to);
                        Method::QueueUnbind { queue, exchange: source, key, arguments }
                    }
                    (true, _) => {
                        let destination = self.name('e', to - 4);
                        Method::ExchangeBind { destination, source, key, nowait, arguments }
                    }
                    (false, _) => {
                        let destination = self.name('e', to - 4);
                        Method::ExchangeUnbind { destination, source, key, nowait, arguments }
                    }
                }
            }
            Change::DeleteQueue(q) => {
                let queue = self.name('q', q);
                Method::QueueDelete { queue, if_unused: false, if_empty: false, nowait: false }
            }
            Change::DeleteExchange(e) => {
                let exchange = self.name('e', e);
                Method::ExchangeDelete { exchange, if_unused: false, nowait: false }
            }
        };
        self.frame(1, 1, body);
        self.agree();
    }

    /// The disk finishes; where the node closed the channel it is opened again.
    fn agree(&mut self) {
        self.settle();
        if self.told().iter().any(|line| line.contains("close")) {
            self.frame(1, 1, Method::ChannelCloseOk);
            self.frame(1, 1, Method::ChannelOpen);
            self.told();
        }
    }

    /// All bindings as texts; `durable` for those between durable ends.
    fn bindings(&self, durable: bool) -> Vec<String> {
        let vhost = &self.node.vhosts[0];
        let mut rows = Vec::new();
        for exchange in vhost.exchanges.values() {
            for binding in exchange.bindings() {
                let (source, target, key) = (exchange.name, binding.target, binding.key);
                let spec = BindingSpec { vhost: vhost.name, source, target, key, arguments: Arc::default() };
                let lasts = self.node.is_durable(0, &spec);
                assert_eq!(lasts, binding.kept != 0, "what is kept is what lasts");
                if lasts || !durable {
                    let text = |name| self.names.text(name);
                    rows.push(format!("{} -{}-> {}", text(source), text(key), text(target.name())));
                }
            }
        }
        rows.sort();
        rows
    }

    /// Every binding leads to something, is listed there, and nothing else is listed.
    fn check_ends(&self) {
        let vhost = &self.node.vhosts[0];
        let mut count = 0;
        for exchange in vhost.exchanges.values() {
            for binding in exchange.bindings() {
                count += 1;
                let there = match binding.target {
                    Target::Queue(name) => vhost.queues.contains(&name),
                    Target::Exchange(name) => vhost.exchanges.contains(&name),
                };
                assert!(there, "a binding leads to nothing");
                let mut listed = vhost.incoming.under(hash_target(binding.target));
                assert!(listed.any(|(id, (source, _))| id == binding.incoming && source == exchange.name));
            }
        }
        assert_eq!(vhost.incoming.len(), count, "what is listed");
    }

    fn on_disk(&self) -> Vec<String> {
        let text = |name| self.names.text(name);
        let rows = self.disk.iter().filter(|((file, _), _)| *file == 0).filter_map(|(_, record)| match record {
            Record::Binding(b) => Some(format!("{} -{}-> {}", text(b.source), text(b.key), text(b.target.name()))),
            Record::Exchange(e) => Some(format!("exchange {}", text(e.name))),
            Record::Queue(_, q) => Some(format!("queue {}", text(q.name))),
            _ => None,
        });
        let mut rows: Vec<String> = rows.collect();
        rows.sort();
        rows
    }

    fn lasting(&self) -> Vec<String> {
        let vhost = &self.node.vhosts[0];
        let text = |name: Name| self.names.text(name);
        let exchanges = vhost.exchanges.values().filter(|e| e.durable).map(|e| text(e.name));
        let exchanges = exchanges.filter(|name| !name.starts_with("amq.")).map(|name| format!("exchange {name}"));
        let queues =
            self.node.queues.values().filter(|q| q.spec.durable).map(|q| format!("queue {}", text(q.spec.name)));
        let mut rows: Vec<String> = exchanges.chain(queues).chain(self.bindings(true)).collect();
        rows.sort();
        rows
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn bindings_are_listed_at_their_targets_and_what_lasts_is_on_the_disk(
        changes in proptest::collection::vec(change(), 1..60),
    ) {
        let mut bench = Bench::usual();
        for change in &changes {
            bench.change(change);
            bench.check_ends();
            prop_assert_eq!(bench.on_disk(), bench.lasting());
        }
        let before = bench.bindings(true);
        bench.kill();
        bench.check_ends();
        prop_assert_eq!(bench.bindings(false), before);
        prop_assert_eq!(bench.on_disk(), bench.lasting());
    }
}
