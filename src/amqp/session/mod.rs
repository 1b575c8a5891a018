//! The client side of a recorded AMQP session: performs its steps at a node and says what came back in the recording's
//! words.
//!
//! Not the reading of recordings and not the comparison (`explore`). It does by itself what recordings leave out: the
//! handshake, and agreeing when the node closes a channel or the connection. It sends no heartbeats.

mod content;
mod events;
mod methods;
#[cfg(test)]
mod tests;
mod words;

use super::access::Capabilities;
use super::config::{Config, Version};
use super::method::{FRAME_MAX, Tune};
use super::{Frame, Method, Node, Record};
use crate::ids::{Name, Names};
use crate::machine::{Did, Event, Outcome, Ports, Replayer, Unfit, Value};
use methods::Fields;
use std::sync::Arc;

/// How far a connection is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// The handshake goes on.
    Opening,
    /// Open.
    Running,
    /// One side closed it.
    Closed,
}

/// The client of one connection of a recording.
#[derive(Debug)]
pub struct Session {
    stage: Stage,
    vhost: Name,
    tune: Tune,
    /// What it says of itself.
    capabilities: Capabilities,
    /// What was done before the handshake was over.
    held: Vec<Frame>,
}

/// The exchange that pairs are bound to.
const EXCHANGE: &str = "e";

impl Replayer for Session {
    type Node = Node;

    const VERSIONS: &'static [&'static str] = &Version::WORDS;

    fn node(version: &str, ports: &mut Ports<'_, Frame, Record>) -> Option<Node> {
        let vhost = ports.names.intern("/");
        let config = Arc::new(Config { version: version_of(version)?, ..Config::new(vhost) });
        let mut node = Node::new(Arc::clone(&config));
        node.boot(&config, &mut std::iter::empty(), ports);
        Some(node)
    }

    fn check(step: &Did) -> Result<(), Unfit> {
        words::check(step)?;
        let (connects, args) = (step.what == "connect", Fields(&step.args));
        match (args.text("user"), args.text("mechanism")) {
            (Some(user), _) if connects && user != "guest" => {
                Err(Unfit(format!("the user {user} is not known to a fresh node")))
            }
            (_, Some(other)) if connects && !["PLAIN", "AMQPLAIN"].contains(&other) => {
                Err(Unfit(format!("to log in by {other} is not modelled")))
            }
            _ => Ok(()),
        }
    }

    fn connect(step: &Did, names: &mut Names, send: &mut Vec<Frame>) -> Session {
        let args = Fields(&step.args);
        let most = |asked: u32, default: u32| if asked == 0 { default } else { asked };
        send.push(Frame::new(0, Method::ProtocolHeader));
        Session {
            stage: Stage::Opening,
            vhost: names.intern(args.text("vhost").unwrap_or("/")),
            tune: Tune {
                channel_max: args.short("channel_max"),
                frame_max: most(args.long("frame_max"), FRAME_MAX),
                heartbeat: args.short("heartbeat"),
            },
            capabilities: capabilities(args.value("caps").or_else(|| {
                let properties = args.table("client_properties")?;
                properties.iter().find(|(key, _)| &**key == "capabilities").map(|(_, said)| said)
            })),
            held: Vec::new(),
        }
    }

    fn perform(&mut self, step: &Did, names: &mut Names, send: &mut Vec<Frame>) {
        let Some(body) = methods::method(step, names) else { return };
        let ends = matches!(body, Method::ConnectionClose(_));
        let frame = Frame::new(step.channel, body);
        match self.stage {
            Stage::Opening => self.held.push(frame),
            Stage::Running => send.push(frame),
            Stage::Closed => {}
        }
        if ends && self.stage == Stage::Running {
            self.stage = Stage::Closed;
        }
    }

    fn receive(&mut self, frame: Frame, names: &mut Names, send: &mut Vec<Frame>) -> Option<Event> {
        let Frame { channel, body } = frame;
        let own_close = self.stage == Stage::Closed;
        match &body {
            Method::ConnectionStart => send.push(Frame::new(0, self.login())),
            Method::ConnectionTune(offered) => {
                let Tune { channel_max, frame_max, heartbeat } = self.tune;
                let channel_max = if channel_max == 0 { offered.channel_max } else { channel_max };
                self.tune = Tune { channel_max, frame_max, heartbeat };
                send.push(Frame::new(0, Method::ConnectionTuneOk(self.tune)));
                send.push(Frame::new(0, Method::ConnectionOpen { vhost: self.vhost }));
            }
            Method::ConnectionOpenOk => {
                let ends = self.held.iter().any(|frame| matches!(frame.body, Method::ConnectionClose(_)));
                self.stage = if ends { Stage::Closed } else { Stage::Running };
                send.append(&mut self.held);
            }
            Method::ConnectionClose(_) => {
                self.stage = Stage::Closed;
                send.push(Frame::new(0, Method::ConnectionCloseOk));
            }
            Method::ChannelClose(_) if !own_close => send.push(Frame::new(channel, Method::ChannelCloseOk)),
            _ => {}
        }
        let (name, fields) = events::event(&body, names)?;
        Some(Event { channel, name: name.to_owned(), fields })
    }

    fn is_closed(&self) -> bool {
        self.stage == Stage::Closed
    }

    fn answers(step: &Did, event: &Event) -> bool {
        if step.channel != event.channel {
            return false;
        }
        let ok = event.name.strip_suffix("-ok").or_else(|| event.name.strip_suffix("-empty"));
        ok == Some(&*step.what)
    }

    fn is_idle(event: &Event) -> bool {
        event.name == "heartbeat"
    }

    fn outcome(event: &Event) -> Option<Outcome> {
        let taken = match &*event.name {
            "basic.ack" => true,
            "basic.nack" => false,
            _ => return None,
        };
        let fields = Fields(&event.fields);
        let multiple = matches!(fields.value("multiple"), Some(Value::Bool(true)));
        Some(Outcome { number: fields.number("delivery_tag").unwrap_or(0), multiple, taken })
    }

    fn ends(name: &str) -> bool {
        matches!(name, "channel.close" | "connection.close" | "tcp.abort" | "socket.closed")
    }

    const MADE: &'static [&'static str] = &["amq.gen-", "amq.ctag-", "amq.rabbitmq.reply-to."];

    fn tells(event: &Event, field: &str) -> bool {
        match field {
            "queue" => event.name == "queue.declare-ok",
            "consumer_tag" => event.name == "basic.consume-ok",
            field => field == "reply_to",
        }
    }

    fn begin(kind: &str) -> Vec<Did> {
        let declare = [("exchange", Value::text(EXCHANGE)), ("type", Value::text(kind))];
        vec![did("channel.open", []), did("exchange.declare", declare)]
    }

    fn bind(binding: &Value, queue: usize) -> Vec<Did> {
        let name = Value::text(&format!("q.{queue}"));
        let by = match binding {
            Value::Table(_) => ("arguments", binding.clone()),
            Value::Void => ("arguments", Value::Table(Vec::new())),
            key => ("routing_key", key.clone()),
        };
        let declare = did("queue.declare", [("queue", name.clone())]);
        vec![declare, did("queue.bind", [("queue", name), ("exchange", Value::text(EXCHANGE)), by])]
    }

    fn publish(message: &Value) -> Did {
        let by = match message {
            Value::Table(_) => ("props", Value::Table(vec![("headers".into(), message.clone())])),
            Value::Void => ("props", Value::Table(Vec::new())),
            key => ("routing_key", key.clone()),
        };
        did("basic.publish", [("exchange", Value::text(EXCHANGE)), by])
    }

    fn ask(queue: usize) -> (Did, &'static str) {
        let name = Value::text(&format!("q.{queue}"));
        (did("basic.get", [("queue", name), ("no_ack", Value::Bool(true))]), "basic.get-ok")
    }
}

impl Session {
    fn login(&self) -> Method {
        let none = Name::NONE;
        Method::ConnectionStartOk { user: none, password: none, capabilities: self.capabilities }
    }
}

/// The capabilities of a connection: those in the table that are true; where there is no table, all.
fn capabilities(table: Option<&Value>) -> Capabilities {
    let Some(Value::Table(rows)) = table else { return Capabilities::ALL };
    let said = |name: &str| rows.iter().any(|(key, value)| &**key == name && *value == Value::Bool(true));
    let all = Capabilities::NAMED.iter().filter(|(name, _)| said(name));
    all.fold(Capabilities::NONE, |all, (_, one)| all.and(*one))
}

fn did<const N: usize>(what: &str, args: [(&str, Value); N]) -> Did {
    Did { channel: 1, what: what.to_owned(), args: args.map(|(key, value)| (key.into(), value)).into() }
}

/// The version of `3.10` or `3.10.8`.
fn version_of(text: &str) -> Option<Version> {
    let mut parts = text.split('.');
    let minor = format!("{}.{}", parts.next()?, parts.next()?);
    Version::from_word(&minor)
}
