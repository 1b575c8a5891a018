//! `mqlab route`: which queues a message would reach in the topology that a scenario begins with, and why.
//!
//! Not a run: what clients declare while it goes on is not there yet. The topology is in `topology`, the words in `tell`.

mod many;
mod tell;
mod topology;

use self::topology::{Letter, Topology};
use super::args::{Results, RouteArgs};
use super::exit::Exit;
use super::failure::{Failure, shown};
use super::input;
use super::load::Source;
use super::output::Output;
use crate::ids::{Name, Names};
use crate::machine::{Message, Props, Value};
use std::sync::Arc;

/// The headers of a message.
type Headers = Vec<(Arc<str>, Value)>;

/// The longest text that the protocol can carry as a key, in bytes.
const MAX_KEY: usize = 255;

pub(super) fn route(args: &RouteArgs, out: &mut Output) -> Result<Exit, Failure> {
    if args.stdin && args.file == "-" {
        return Err(Failure::usage("the standard input cannot be both the scenario and the keys"));
    }
    let headers = args.headers.iter().map(|text| header(text)).collect::<Result<Headers, Failure>>()?;
    let (name, bytes) = input::scenario(&args.file)?;
    let ready = Source::read(&name, &bytes, out.look)?.select(args.variant.as_deref())?;
    let mut topology = Topology::of(&ready.plan)?;
    let mut letter = letter(args, headers, &mut topology.names)?;
    topology.known(letter.exchange, &args.exchange)?;
    if args.stdin {
        return many::route(&mut topology, &mut letter, args.format, out);
    }
    match args.format {
        Results::Text => tell::text(&mut topology, &letter, out)?,
        Results::Json => tell::json(&mut topology, &letter, out)?,
    }
    Ok(Exit::Holds)
}

fn letter(args: &RouteArgs, headers: Headers, names: &mut Names) -> Result<Letter, Failure> {
    let exchange = names.intern(&args.exchange);
    let mut keys = Vec::new();
    for key in std::iter::once(&args.key).chain(&args.cc).chain(&args.bcc) {
        if key.len() > MAX_KEY {
            let length = key.len();
            return Err(Failure::usage(format!("a routing key has {length} bytes; it may have {MAX_KEY}")));
        }
        keys.push(names.intern(key));
    }
    let id = args.message_id.as_deref().map_or(Name::NONE, |text| names.intern(text));
    let mut message = Message::plain(id, 0);
    if let Some(text) = &args.correlation_id {
        message.correlation = names.intern(text);
    }
    message.props = Props { headers: Some(headers), timestamp: args.timestamp, ..Props::default() }.into();
    Ok(Letter { exchange, keys, message })
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
