//! From steps as written to methods with interned names: what is done once, before any run.

use super::step::{Size, SpanText, Step, Unless};
use crate::amqp::client::agree;
use crate::amqp::{Capabilities, Close, Method, Table, Tune};
use crate::ids::{Name, Names};
use crate::machine::{Access, Arguments, Message, Props};
use crate::units::Span;
use std::sync::Arc;

/// A script ready to run.
#[derive(Debug, Default)]
pub struct Program {
    pub(super) ops: Vec<Op>,
    /// For each operation the step that it belongs to, counted from 1.
    pub(super) steps: Vec<u32>,
    /// The name `{queue}`, which stands for the queue that the broker named last.
    pub(super) queue: Name,
}

/// What a script asks for as it connects.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// The heartbeat interval; `None` for what the broker proposes.
    pub(super) heartbeat: Option<Span>,
    pub(super) access: Access,
    pub(super) capabilities: Capabilities,
    /// The limits that it settles on; `None` for what the broker proposes.
    pub(super) channel_max: Option<u16>,
    pub(super) frame_max: Option<u32>,
}

impl Default for Asked {
    fn default() -> Self {
        let (access, capabilities) = (Access::default(), Capabilities::ALL);
        Asked { heartbeat: None, access, capabilities, channel_max: None, frame_max: None }
    }
}

impl Asked {
    /// What it answers to the broker's proposal.
    pub(super) fn settle(&self, proposed: Tune) -> Tune {
        let Tune { channel_max, frame_max, heartbeat } = agree(proposed, self.heartbeat);
        let channel_max = self.channel_max.unwrap_or(channel_max);
        Tune { channel_max, frame_max: self.frame_max.unwrap_or(frame_max), heartbeat }
    }
}

#[derive(Debug)]
pub(super) enum Op {
    Connect(Asked),
    Wait(Span),
    Abort,
    Await(u32),
    /// An acknowledgement of what nobody worked on is `idle`.
    Send {
        channel: u16,
        idle: bool,
        body: Method,
    },
}

impl Program {
    /// Interns the names and adds what stands there by itself: the first `connect`, and the opening of channel 1.
    pub(super) fn of(steps: &[Step], names: &mut Names) -> Program {
        let (mut ops, mut numbers) = (Vec::new(), Vec::new());
        let part = names.intern("/");
        let asked = Asked { access: Access { part, ..Access::default() }, ..Asked::default() };
        if !matches!(steps.first(), Some(Step::Connect { .. })) {
            ops.push(Op::Connect(asked));
        }
        let mut opened = false;
        for (number, step) in (1..).zip(steps) {
            match step {
                Step::Connect { .. } => opened = false,
                Step::ChannelOpen { channel: 1 } => opened = true,
                _ if step.channel() == Some(1) && !opened => {
                    opened = true;
                    ops.push(Op::Send { channel: 1, idle: false, body: Method::ChannelOpen });
                }
                _ => {}
            }
            ops.push(op(step, names));
            numbers.resize(ops.len(), number);
        }
        Program { ops, steps: numbers, queue: names.intern("{queue}") }
    }
}

fn op(step: &Step, names: &mut Names) -> Op {
    match step {
        Step::Connect { heartbeat, vhost, user, password, capabilities, channel_max, frame_max } => {
            let mut name = |text: &Option<String>| text.as_deref().map_or(Name::NONE, |text| names.intern(text));
            let (user, password) = (name(user), name(password));
            let access = Access { user, password, part: names.intern(vhost.as_deref().unwrap_or("/")) };
            Op::Connect(Asked {
                heartbeat: heartbeat.map(|SpanText(span)| span),
                access,
                capabilities: if capabilities.0 { Capabilities::ALL } else { Capabilities::NONE },
                channel_max: *channel_max,
                frame_max: *frame_max,
            })
        }
        Step::Wait(SpanText(span)) => Op::Wait(*span),
        Step::Abort {} => Op::Abort,
        Step::AwaitDeliveries(n) => Op::Await(*n),
        _ => {
            let body = channel_method(step, names)
                .or_else(|| exchange_method(step, names))
                .or_else(|| queue_method(step, names))
                .or_else(|| basic_method(step, names))
                .expect("every other step is a method");
            let idle = matches!(step, Step::BasicAck { worked: Unless(false), .. });
            Op::Send { channel: step.channel().unwrap_or(0), idle, body }
        }
    }
}

fn table(arguments: &Arguments) -> Arc<Table> {
    Arc::new(arguments.0.clone())
}

/// Closing, opening and modes.
fn channel_method(step: &Step, names: &mut Names) -> Option<Method> {
    let goodbye = Close { code: 200, text: names.intern("Goodbye"), class: 0, method: 0 };
    Some(match step {
        Step::ConnectionClose {} => Method::ConnectionClose(goodbye),
        Step::ChannelOpen { .. } => Method::ChannelOpen,
        Step::ChannelClose { .. } => Method::ChannelClose(goodbye),
        Step::ChannelFlow { active, .. } => Method::ChannelFlow { active: *active },
        Step::ConfirmSelect { nowait, .. } => Method::ConfirmSelect { nowait: *nowait },
        Step::TxSelect { .. } => Method::TxSelect,
        Step::TxCommit { .. } => Method::TxCommit,
        Step::TxRollback { .. } => Method::TxRollback,
        _ => return None,
    })
}

fn exchange_method(step: &Step, names: &mut Names) -> Option<Method> {
    Some(match step {
        Step::ExchangeDeclare {
            exchange, kind, passive, durable, auto_delete, internal, nowait, arguments, ..
        } => Method::ExchangeDeclare {
            exchange: names.intern(exchange),
            kind: names.intern(kind.as_deref().unwrap_or("direct")),
            passive: *passive,
            durable: *durable,
            auto_delete: *auto_delete,
            internal: *internal,
            nowait: *nowait,
            arguments: table(arguments),
        },
        Step::ExchangeBind { destination, source, key, nowait, arguments, .. } => Method::ExchangeBind {
            destination: names.intern(destination),
            source: names.intern(source),
            key: names.intern(key),
            nowait: *nowait,
            arguments: table(arguments),
        },
        Step::ExchangeUnbind { destination, source, key, nowait, arguments, .. } => Method::ExchangeUnbind {
            destination: names.intern(destination),
            source: names.intern(source),
            key: names.intern(key),
            nowait: *nowait,
            arguments: table(arguments),
        },
        Step::ExchangeDelete { exchange, if_unused, nowait, .. } => {
            Method::ExchangeDelete { exchange: names.intern(exchange), if_unused: *if_unused, nowait: *nowait }
        }
        _ => return None,
    })
}

fn queue_method(step: &Step, names: &mut Names) -> Option<Method> {
    Some(match step {
        Step::QueueDeclare { queue, passive, durable, exclusive, auto_delete, nowait, arguments, .. } => {
            Method::QueueDeclare {
                queue: names.intern(queue),
                passive: *passive,
                durable: *durable,
                exclusive: *exclusive,
                auto_delete: *auto_delete,
                nowait: *nowait,
                arguments: table(arguments),
            }
        }
        Step::QueueBind { queue, exchange, key, nowait, arguments, .. } => Method::QueueBind {
            queue: names.intern(queue),
            exchange: names.intern(exchange),
            key: names.intern(key),
            nowait: *nowait,
            arguments: table(arguments),
        },
        Step::QueueUnbind { queue, exchange, key, arguments, .. } => Method::QueueUnbind {
            queue: names.intern(queue),
            exchange: names.intern(exchange),
            key: names.intern(key),
            arguments: table(arguments),
        },
        Step::QueuePurge { queue, nowait, .. } => Method::QueuePurge { queue: names.intern(queue), nowait: *nowait },
        Step::QueueDelete { queue, if_unused, if_empty, nowait, .. } => Method::QueueDelete {
            queue: names.intern(queue),
            if_unused: *if_unused,
            if_empty: *if_empty,
            nowait: *nowait,
        },
        _ => return None,
    })
}

fn basic_method(step: &Step, names: &mut Names) -> Option<Method> {
    Some(match step {
        Step::BasicQos { prefetch_size, prefetch_count, global, .. } => {
            Method::BasicQos { prefetch_size: *prefetch_size, prefetch_count: *prefetch_count, global: *global }
        }
        Step::BasicConsume { queue, consumer_tag, no_local, no_ack, exclusive, nowait, arguments, .. } => {
            Method::BasicConsume {
                queue: names.intern(queue),
                consumer_tag: names.intern(consumer_tag),
                no_local: *no_local,
                no_ack: *no_ack,
                exclusive: *exclusive,
                nowait: *nowait,
                arguments: table(arguments),
            }
        }
        Step::BasicCancel { consumer_tag, nowait, .. } => {
            Method::BasicCancel { consumer_tag: names.intern(consumer_tag), nowait: *nowait }
        }
        Step::BasicPublish { exchange, key, mandatory, immediate, .. } => Method::BasicPublish {
            exchange: names.intern(exchange),
            key: names.intern(key),
            mandatory: *mandatory,
            immediate: *immediate,
            message: message(step, names),
        },
        Step::BasicGet { queue, no_ack, .. } => Method::BasicGet { queue: names.intern(queue), no_ack: *no_ack },
        Step::BasicAck { tag, multiple, .. } => {
            Method::BasicAck { tag: *tag, multiple: *multiple, confirm: false, about: Name::NONE }
        }
        Step::BasicNack { tag, multiple, requeue, .. } => {
            Method::BasicNack { tag: *tag, multiple: *multiple, requeue: requeue.0, confirm: false, about: Name::NONE }
        }
        Step::BasicReject { tag, requeue, .. } => {
            Method::BasicReject { tag: *tag, requeue: requeue.0, about: Name::NONE }
        }
        Step::BasicRecover { requeue, .. } => Method::BasicRecover { requeue: *requeue },
        Step::BasicRecoverAsync { requeue, .. } => Method::BasicRecoverAsync { requeue: *requeue },
        _ => return None,
    })
}

fn message(step: &Step, names: &mut Names) -> Message {
    let Step::BasicPublish {
        body,
        size,
        id,
        persistent,
        delivery_mode,
        priority,
        expiration,
        headers,
        reply_to,
        correlation_id,
        content_type,
        content_encoding,
        timestamp,
        kind,
        user_id,
        app_id,
        cluster_id,
        ..
    } = step
    else {
        return Message::plain(Name::NONE, 0);
    };
    let text = |text: &Option<String>| text.as_deref().map(Arc::from);
    let props = Props {
        delivery_mode: delivery_mode.or(persistent.then_some(2)),
        priority: *priority,
        expiration: text(expiration),
        headers: headers.as_ref().map(|table| table.0.clone()),
        content_type: text(content_type),
        content_encoding: text(content_encoding),
        timestamp: *timestamp,
        kind: text(kind),
        user_id: text(user_id),
        app_id: text(app_id),
        cluster_id: text(cluster_id),
    };
    let mut name = |text: &Option<String>| text.as_deref().map_or(Name::NONE, |text| names.intern(text));
    let (reply_to, correlation) = (name(reply_to), name(correlation_id));
    Message {
        id: names.intern(id.as_deref().unwrap_or(body)),
        size: size.map_or(body.len() as u32, |Size(size)| size),
        reply_to,
        correlation,
        props: props.into(),
    }
}

/// Class and method of the answer that a method has, if it has one.
pub(super) fn answer(body: &Method) -> Option<(u16, u16)> {
    match body {
        Method::ExchangeDeclare { nowait: true, .. }
        | Method::ExchangeDelete { nowait: true, .. }
        | Method::ExchangeBind { nowait: true, .. }
        | Method::ExchangeUnbind { nowait: true, .. }
        | Method::QueueDeclare { nowait: true, .. }
        | Method::QueueBind { nowait: true, .. }
        | Method::QueuePurge { nowait: true, .. }
        | Method::QueueDelete { nowait: true, .. }
        | Method::BasicConsume { nowait: true, .. }
        | Method::BasicCancel { nowait: true, .. }
        | Method::ConfirmSelect { nowait: true }
        | Method::BasicPublish { .. }
        | Method::BasicAck { .. }
        | Method::BasicNack { .. }
        | Method::BasicReject { .. }
        | Method::BasicRecoverAsync { .. } => None,
        Method::ExchangeUnbind { .. } => Some((40, 51)),
        _ => {
            let (class, method) = body.id();
            Some((class, method + 1))
        }
    }
}
