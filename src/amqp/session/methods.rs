//! From a recorded step to the method that it is.
//!
//! The step was found right before (`words`); what it leaves out has the protocol's default.

use super::content::message;
use crate::amqp::{Close, Method};
use crate::ids::{Name, Names};
use crate::machine::{Did, Rows, Value};
use std::sync::Arc;

/// The fields of a step.
pub(super) struct Fields<'a>(pub(super) &'a Rows);

impl Fields<'_> {
    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| &**known == key).map(|(_, value)| value)
    }
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.value(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
    pub(super) fn flag(&self, key: &str) -> bool {
        matches!(self.value(key), Some(Value::Bool(true)))
    }
    pub(super) fn number(&self, key: &str) -> Option<i64> {
        match self.value(key) {
            Some(Value::Int { value, .. }) => Some(*value),
            Some(Value::Timestamp(secs)) => i64::try_from(*secs).ok(),
            _ => None,
        }
    }
    pub(super) fn short(&self, key: &str) -> u16 {
        self.number(key).and_then(|n| u16::try_from(n).ok()).unwrap_or(0)
    }
    pub(super) fn long(&self, key: &str) -> u32 {
        self.number(key).and_then(|n| u32::try_from(n).ok()).unwrap_or(0)
    }
    /// A delivery tag. The model's have 32 bits; none of a recording reaches the largest.
    fn tag(&self) -> u32 {
        self.number("delivery_tag").map_or(0, |n| u32::try_from(n).unwrap_or(u32::MAX))
    }
    pub(super) fn table(&self, key: &str) -> Option<&Rows> {
        match self.value(key) {
            Some(Value::Table(rows)) => Some(rows),
            _ => None,
        }
    }
    fn arguments(&self) -> Arc<Rows> {
        self.table("arguments").cloned().unwrap_or_default().into()
    }
    fn name(&self, key: &str, names: &mut Names) -> Name {
        names.intern(self.text(key).unwrap_or_default())
    }
}

/// The method of a step; `None` where it sends none by itself (`connect`, `wait`).
pub(super) fn method(step: &Did, names: &mut Names) -> Option<Method> {
    let class = step.what.split('.').next().unwrap_or_default();
    let args = Fields(&step.args);
    match class {
        "connection" | "channel" => channel(&step.what, &args, names),
        "exchange" => exchange(&step.what, &args, names),
        "queue" => queue(&step.what, &args, names),
        "basic" => basic(&step.what, &args, names),
        _ => mode(&step.what, &args),
    }
}

fn channel(what: &str, args: &Fields<'_>, names: &mut Names) -> Option<Method> {
    let close = |names: &mut Names| Close {
        code: args.short("reply_code"),
        text: args.name("reply_text", names),
        class: args.short("class_id"),
        method: args.short("method_id"),
    };
    Some(match what {
        "connection.close" => Method::ConnectionClose(close(names)),
        "channel.open" => Method::ChannelOpen,
        "channel.close" => Method::ChannelClose(close(names)),
        "channel.flow" => Method::ChannelFlow { active: args.flag("active") },
        "channel.flow-ok" => Method::ChannelFlowOk { active: args.flag("active") },
        _ => return None,
    })
}

fn exchange(what: &str, args: &Fields<'_>, names: &mut Names) -> Option<Method> {
    let nowait = args.flag("nowait");
    Some(match what {
        "exchange.declare" => Method::ExchangeDeclare {
            exchange: args.name("exchange", names),
            kind: args.name("type", names),
            passive: args.flag("passive"),
            durable: args.flag("durable"),
            auto_delete: args.flag("auto_delete"),
            internal: args.flag("internal"),
            nowait,
            arguments: args.arguments(),
        },
        "exchange.delete" => {
            Method::ExchangeDelete { exchange: args.name("exchange", names), if_unused: args.flag("if_unused"), nowait }
        }
        "exchange.bind" => Method::ExchangeBind {
            destination: args.name("destination", names),
            source: args.name("source", names),
            key: args.name("routing_key", names),
            nowait,
            arguments: args.arguments(),
        },
        "exchange.unbind" => Method::ExchangeUnbind {
            destination: args.name("destination", names),
            source: args.name("source", names),
            key: args.name("routing_key", names),
            nowait,
            arguments: args.arguments(),
        },
        _ => return None,
    })
}

fn queue(what: &str, args: &Fields<'_>, names: &mut Names) -> Option<Method> {
    let (queue, nowait) = (args.name("queue", names), args.flag("nowait"));
    Some(match what {
        "queue.declare" => Method::QueueDeclare {
            queue,
            passive: args.flag("passive"),
            durable: args.flag("durable"),
            exclusive: args.flag("exclusive"),
            auto_delete: args.flag("auto_delete"),
            nowait,
            arguments: args.arguments(),
        },
        "queue.bind" => Method::QueueBind {
            queue,
            exchange: args.name("exchange", names),
            key: args.name("routing_key", names),
            nowait,
            arguments: args.arguments(),
        },
        "queue.unbind" => Method::QueueUnbind {
            queue,
            exchange: args.name("exchange", names),
            key: args.name("routing_key", names),
            arguments: args.arguments(),
        },
        "queue.purge" => Method::QueuePurge { queue, nowait },
        "queue.delete" => {
            Method::QueueDelete { queue, if_unused: args.flag("if_unused"), if_empty: args.flag("if_empty"), nowait }
        }
        _ => return None,
    })
}

fn basic(what: &str, args: &Fields<'_>, names: &mut Names) -> Option<Method> {
    let (multiple, requeue, about) = (args.flag("multiple"), args.flag("requeue"), Name::NONE);
    Some(match what {
        "basic.qos" => Method::BasicQos {
            prefetch_size: args.long("prefetch_size"),
            prefetch_count: args.short("prefetch_count"),
            global: args.flag("global") || args.flag("global_qos"),
        },
        "basic.consume" => Method::BasicConsume {
            queue: args.name("queue", names),
            consumer_tag: args.name("consumer_tag", names),
            no_local: args.flag("no_local"),
            no_ack: args.flag("no_ack"),
            exclusive: args.flag("exclusive"),
            nowait: args.flag("nowait"),
            arguments: args.arguments(),
        },
        "basic.cancel" => {
            Method::BasicCancel { consumer_tag: args.name("consumer_tag", names), nowait: args.flag("nowait") }
        }
        "basic.cancel-ok" => Method::BasicCancelOk { consumer_tag: args.name("consumer_tag", names) },
        "basic.publish" => Method::BasicPublish {
            exchange: args.name("exchange", names),
            key: args.name("routing_key", names),
            mandatory: args.flag("mandatory"),
            immediate: args.flag("immediate"),
            message: message(args, names),
        },
        "basic.get" => Method::BasicGet { queue: args.name("queue", names), no_ack: args.flag("no_ack") },
        "basic.ack" => Method::BasicAck { tag: args.tag(), multiple, confirm: false, about },
        "basic.nack" => Method::BasicNack { tag: args.tag(), multiple, requeue, confirm: false, about },
        "basic.reject" => Method::BasicReject { tag: args.tag(), requeue, about },
        "basic.recover" => Method::BasicRecover { requeue },
        "basic.recover-async" => Method::BasicRecoverAsync { requeue },
        _ => return None,
    })
}

fn mode(what: &str, args: &Fields<'_>) -> Option<Method> {
    Some(match what {
        "heartbeat" => Method::Heartbeat,
        "confirm.select" => Method::ConfirmSelect { nowait: args.flag("nowait") },
        "tx.select" => Method::TxSelect,
        "tx.commit" => Method::TxCommit,
        "tx.rollback" => Method::TxRollback,
        _ => return None,
    })
}
