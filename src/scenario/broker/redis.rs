//! `redis(aof: true, appendfsync: everysec)`.

use super::{Setting, System};
use crate::ids::{Name, Names};
use crate::machine::Value;
use crate::redis::{Config, Fsync};
use crate::scenario::diagnostics::{Code, Diagnostic, Sink, Spanned, visible};
use crate::scenario::fields::{Fields, choice, name, span, spanned_text, truth};
use crate::scenario::names::Known;
use crate::scenario::schema::{Consumer, Scenario};
use crate::scenario::tree::Node;
use crate::systems;
use crate::trace::VerbTable;
use crate::units::Span;
use std::sync::Arc;

/// A Redis node.
#[derive(Clone, PartialEq, Debug)]
pub struct Redis {
    /// The node's name.
    pub name: Spanned<String>,
    /// Whether there is an append-only file.
    pub aof: bool,
    /// When it is synced.
    pub appendfsync: Fsync,
    /// With [`Fsync::No`]: how long after a write the kernel writes it back.
    pub writeback: Span,
}

const POLICIES: [(&str, Fsync); 3] = [("always", Fsync::Always), ("everysec", Fsync::Everysec), ("no", Fsync::No)];

/// Decodes the block. The defaults are Redis's: no append-only file; once a second if there is one.
pub(super) fn decode(node: &Node, sink: &mut Sink) -> Redis {
    let mut f = Fields::of_call(node, "`redis`", sink);
    let name = f.optional("name", name).unwrap_or_else(|| Spanned::new("broker".to_owned(), node.head()));
    f.optional("version", version);
    let policy = f.node("appendfsync");
    let appendfsync = policy.and_then(|node| choice(node, "a sync policy", &POLICIES, f.sink()));
    let aof = f.node("aof");
    let read = aof.and_then(|node| truth(node, f.sink()));
    let on = read.unwrap_or(false);
    let writeback = f.or("writeback", Span::secs(30), span);
    let meant = f.finish();
    // Whether there is a file is not known where that cannot be read.
    let off = aof.map_or(meant.is_empty(), |_| read == Some(false));
    if let (Some(policy), true) = (policy, off) {
        let title = "`appendfsync` means nothing without an append-only file";
        let clash = Diagnostic::new(Code::Conflict, title, policy.at, "is of no effect");
        sink.push(clash.help("add `aof: true`"));
    }
    Redis { name, aof: on, appendfsync: appendfsync.unwrap_or(Fsync::Everysec), writeback }
}

fn version(node: &Node, sink: &mut Sink) -> Option<()> {
    let version = spanned_text(node, sink)?;
    if version.value != "7.0" {
        let title = format!("Redis {} is not modelled", visible(&version.value));
        let bad = Diagnostic::new(Code::UnknownVersion, title, node.at, "unknown version");
        sink.push(bad.help("modelled is 7.0"));
    }
    Some(())
}

/// Lists need no declaration: there is one where somebody pushes.
fn pushed(scenario: &Scenario) -> impl Iterator<Item = &Spanned<String>> {
    let publishes = || scenario.producers.iter().flat_map(|producer| &producer.publish);
    let replies = publishes().filter_map(|publish| publish.reply_to.as_ref()).map(|target| &target.name);
    let parked = scenario.consumers.iter().filter_map(|consumer| Some(&consumer.park.as_ref()?.to.name));
    let onward = scenario.consumers.iter().filter_map(|consumer| {
        let forward = consumer.forward.as_ref()?;
        Some(if forward.to.name.value.is_empty() { &forward.key } else { &forward.to.name })
    });
    publishes().map(|publish| &publish.to.name).chain(replies).chain(parked).chain(onward)
}

impl System for Redis {
    fn word(&self) -> &'static str {
        "redis"
    }
    fn name(&self) -> &Spanned<String> {
        &self.name
    }
    fn vocabulary(&self) -> VerbTable {
        crate::redis::verbs::TABLE
    }
    fn queues(&self, scenario: &Scenario) -> Vec<Spanned<String>> {
        let own = scenario
            .consumers
            .iter()
            .filter_map(|consumer| self.own_list(consumer).map(|list| Spanned::new(list, consumer.name.at)));
        let taken = scenario.consumers.iter().map(|consumer| &consumer.from.name);
        pushed(scenario).chain(taken).cloned().chain(own).collect()
    }
    fn check(&self, scenario: &Scenario, sink: &mut Sink) {
        let known = Known::new("list").with(pushed(scenario));
        for consumer in scenario.consumers.iter().filter(|consumer| !consumer.from.missing) {
            known.check(&consumer.from.name, sink);
        }
    }
    fn settings(&self) -> Vec<Setting> {
        let setting = |word: String, says, path: &str, value: &str| {
            let of = self.name.value.clone();
            let fields = vec![("who", of.clone()), ("policy", value.to_owned())];
            Setting { word, of, says, fields, path: path.to_owned(), value: value.to_owned() }
        };
        if !self.aof {
            return vec![setting("aof".to_owned(), "Give {who} an append-only file.", "broker.aof", "true")];
        }
        let says = "Let {who} sync its append-only file with the policy {policy}.";
        let others = POLICIES.iter().filter(|(_, fsync)| *fsync != self.appendfsync);
        others.map(|(word, _)| setting(format!("appendfsync-{word}"), says, "broker.appendfsync", word)).collect()
    }
    fn config(&self, _: &mut Names) -> systems::NodeConfig {
        systems::NodeConfig::Redis(Arc::new(Config {
            aof: self.aof,
            fsync: self.appendfsync,
            writeback: self.writeback,
        }))
    }
    fn subscription(&self, consumer: &Consumer, options: &mut Vec<(Name, Value)>, names: &mut Names) {
        let list = self.own_list(consumer).unwrap_or_default();
        options.push((names.intern("processing"), Value::text(&list)));
    }
    fn own_list(&self, consumer: &Consumer) -> Option<String> {
        let given = consumer.arguments.iter().find(|row| row.key.value == "processing");
        Some(match given.map(|row| &row.value) {
            Some(Value::Text(list)) => list.to_string(),
            _ => format!("{}:processing:{}", consumer.from.name.value, consumer.name.value),
        })
    }
    /// Who pulls takes one at a time if nothing else is said.
    fn prefetch(&self, consumer: &Consumer) -> u32 {
        consumer.prefetch.max(1)
    }
}
