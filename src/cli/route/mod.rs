//! `mqlab route`: which queues a message would reach in the topology that a scenario begins with, and why.
//!
//! Not a run: what clients declare while it goes on is not there yet.

use super::args::RouteArgs;
use super::exit::Exit;
use super::failure::{Failure, shown};
use super::input;
use super::load::Source;
use super::output::Output;
use crate::amqp::Config;
use crate::amqp::exchange::{Exchange, Kind, Reason, Scratch, Target, explain, route as find};
use crate::ids::{Name, Names, nearest};
use crate::machine::Value;
use crate::mem::VecMap;
use crate::systems::NodeConfig;
use crate::timeline::text::Style;
use crate::trace::{expand, visible, wrap};
use crate::world::plan::Plan;
use std::sync::Arc;

/// The headers of a message.
type Headers = Vec<(Arc<str>, Value)>;

/// What a message is routed by.
struct Topology {
    exchanges: VecMap<Name, Exchange>,
    queues: Vec<Name>,
    names: Names,
}

pub(super) fn route(args: &RouteArgs, out: &mut Output) -> Result<Exit, Failure> {
    let headers = args.headers.iter().map(|text| header(text)).collect::<Result<Headers, Failure>>()?;
    let (name, bytes) = input::scenario(&args.file)?;
    let ready = Source::read(&name, &bytes, out.look)?.select(args.variant.as_deref())?;
    let mut topology = topology(&ready.plan)?;
    let (from, key) = (topology.names.intern(&args.exchange), topology.names.intern(&args.key));
    topology.known(from, &args.exchange)?;
    show(&topology, from, key, &headers, out)?;
    Ok(Exit::Holds)
}

/// `name=value`: whole numbers, `true` and `false` are what they are; everything else, and what stands in quotes, is a
/// text.
fn header(text: &str) -> Result<(Arc<str>, Value), Failure> {
    let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.is_empty()) else {
        return Err(Failure::usage(format!("the header {} is not of the form name=value", shown(text))));
    };
    let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let value = match (quoted, value) {
        (Some(text), _) => Value::text(text),
        (None, "true") => Value::Bool(true),
        (None, "false") => Value::Bool(false),
        (None, text) => text.parse().map_or_else(|_| Value::text(text), Value::int),
    };
    Ok((name.into(), value))
}

fn topology(plan: &Plan) -> Result<Topology, Failure> {
    let configs = plan.nodes.iter().find_map(|node| match &node.config {
        NodeConfig::Amqp(config) => Some(config),
        _ => None,
    });
    let Some(config) = configs else {
        return Err(Failure::usage("the scenario's broker has no exchanges; only RabbitMQ routes"));
    };
    let mut names = plan.names.clone();
    let mut exchanges = declared(config, &mut names);
    for binding in &config.bindings {
        if let Some(source) = exchanges.get_mut(&binding.source) {
            // A binding that makes no sense was found when the scenario was checked.
            let _ = source.bind(binding.key, binding.target, &binding.arguments, &names);
        }
    }
    Ok(Topology { exchanges, queues: config.queues.iter().map(|queue| queue.name).collect(), names })
}

/// The exchanges that are always there, and the scenario's.
fn declared(config: &Config, names: &mut Names) -> VecMap<Name, Exchange> {
    const ALWAYS: [(&str, Kind); 6] = [
        ("amq.direct", Kind::Direct),
        ("amq.fanout", Kind::Fanout),
        ("amq.headers", Kind::Headers),
        ("amq.match", Kind::Headers),
        ("amq.rabbitmq.trace", Kind::Topic),
        ("amq.topic", Kind::Topic),
    ];
    let mut exchanges = VecMap::new();
    for (text, kind) in ALWAYS {
        let name = names.intern(text);
        exchanges.insert(name, Exchange::new(name, kind));
    }
    for spec in &config.exchanges {
        let mut exchange = Exchange::new(spec.name, spec.kind);
        let alternate = spec.arguments.iter().find(|(key, _)| &**key == "alternate-exchange");
        if let Some((_, Value::Text(alternate))) = alternate {
            exchange.alternate = names.intern(alternate);
        }
        exchanges.insert(spec.name, exchange);
    }
    exchanges
}

impl Topology {
    fn known(&self, exchange: Name, text: &str) -> Result<(), Failure> {
        if exchange == Name::EMPTY || self.exchanges.get(&exchange).is_some() {
            return Ok(());
        }
        let names: Vec<String> = self.exchanges.keys().map(|name| self.names.text(*name)).collect();
        let own: Vec<&str> = names.iter().map(String::as_str).filter(|name| !name.starts_with("amq.")).collect();
        let help = match nearest(text, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{}`?", visible(near)),
            None if own.is_empty() => "the scenario declares none; \"\" is the default exchange".to_owned(),
            None => format!("the scenario declares {}", visible(&own.join(", "))),
        };
        Err(Failure::usage(format!("there is no exchange {}\nhelp: {help}", shown(text))))
    }

    fn shown(&self, name: Name) -> String {
        visible(&self.names.text(name))
    }

    /// The queues that get the message, by name and without repetition.
    fn reached(&self, from: Name, key: Name, headers: &Headers) -> Vec<Name> {
        let mut scratch = Scratch::default();
        find(&self.exchanges, from, key, &[], Some(headers), &self.names, &mut scratch);
        scratch.queues
    }
}

fn show(topology: &Topology, from: Name, key: Name, headers: &Headers, out: &mut Output) -> Result<(), Failure> {
    let reasons = explain(&topology.exchanges, from, &[key], Some(headers), &topology.names);
    let queues: Vec<Name> =
        topology.reached(from, key, headers).into_iter().filter(|name| topology.queues.contains(name)).collect();
    let names: Vec<String> = queues.iter().map(|queue| topology.shown(*queue)).collect();
    let verdict = match names.len() {
        0 => "No queue gets the message: it is thrown away, or returned if it is mandatory.".to_owned(),
        1 => format!("One queue gets the message: {}.", names[0]),
        n => format!("{n} queues get the message: {}.", names.join(", ")),
    };
    paragraph(Style::Name, &verdict, "", out)?;
    for reason in &reasons {
        let sign = if reason.why.matched() { "✓" } else { "✗" };
        let sign = out.look.signs(sign);
        let style = if reason.why.matched() { Style::Good } else { Style::Dim };
        paragraph(style, &sentence(topology, reason), &format!("  {sign} "), out)?;
    }
    let absent = |reason: &&Reason| match reason.target {
        Some(Target::Queue(queue)) => reason.why.matched() && !topology.queues.contains(&queue),
        _ => false,
    };
    for reason in reasons.iter().filter(absent) {
        let queue = reason.target.map_or(Name::EMPTY, Target::name);
        paragraph(
            Style::Plain,
            &format!("There is no queue {} when the run begins.", topology.shown(queue)),
            "    ",
            out,
        )?;
    }
    Ok(())
}

fn sentence(topology: &Topology, reason: &Reason) -> String {
    expand(reason.why.sentence(), &|field| match field {
        "exchange" => Some(topology.shown(reason.exchange)),
        "binding" => Some(topology.shown(reason.binding)),
        "key" => Some(topology.shown(reason.key)),
        "detail" => Some(visible(&reason.detail)).filter(|_| !reason.detail.is_empty()),
        "target" => reason.target.map(|target| topology.shown(target.name())),
        _ => None,
    })
}

fn paragraph(style: Style, text: &str, lead: &str, out: &mut Output) -> Result<(), Failure> {
    let indent = crate::trace::width_of(lead);
    let mut head = lead.to_owned();
    for line in wrap(text, out.look.width - indent) {
        out.styled(style, &format!("{head}{line}"))?;
        head = " ".repeat(indent);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headers_value_is_a_number_a_truth_or_a_text() {
        let value = |text| header(text).unwrap().1;
        assert_eq!(value("n=3"), Value::int(3));
        assert_eq!(value("b=true"), Value::Bool(true));
        assert_eq!(value("t=order=1"), Value::text("order=1"));
        assert_eq!(value("t=\"3\""), Value::text("3"));
        assert!(header("=x").is_err() && header("x").is_err());
    }
}
