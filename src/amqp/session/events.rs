//! From a node's method to the event that a recording has for it.

use super::content::content;
use crate::amqp::{Close, Method};
use crate::ids::{Name, Names};
use crate::machine::{Rows, Value};

/// The event's name and fields; `None` for what recordings leave out: the handshake, and the ends of closing.
pub(super) fn event(body: &Method, names: &Names) -> Option<(&'static str, Rows)> {
    let text = |key: &str, name: Name| (key.into(), Value::text(&names.text(name)));
    let number = |key: &str, n: u32| (key.into(), Value::int(i64::from(n)));
    let flag = |key: &str, yes: bool| (key.into(), Value::Bool(yes));
    let closed = |close: &Close| {
        vec![
            number("reply_code", close.code.into()),
            text("reply_text", close.text),
            number("class_id", close.class.into()),
            number("method_id", close.method.into()),
        ]
    };
    Some(match body {
        Method::ConnectionClose(close) => ("connection.close", closed(close)),
        Method::ConnectionBlocked { reason } => ("connection.blocked", vec![text("reason", *reason)]),
        Method::ConnectionUnblocked => ("connection.unblocked", Rows::new()),
        Method::ChannelClose(close) => ("channel.close", closed(close)),
        Method::ChannelCloseOk => ("channel.close-ok", Rows::new()),
        Method::ChannelFlow { active } => ("channel.flow", vec![flag("active", *active)]),
        Method::ChannelFlowOk { active } => ("channel.flow-ok", vec![flag("active", *active)]),
        Method::ExchangeDeclareOk => ("exchange.declare-ok", Rows::new()),
        Method::ExchangeDeleteOk => ("exchange.delete-ok", Rows::new()),
        Method::ExchangeBindOk => ("exchange.bind-ok", Rows::new()),
        Method::ExchangeUnbindOk => ("exchange.unbind-ok", Rows::new()),
        Method::QueueDeclareOk { queue, messages, consumers } => {
            let counts = [number("message_count", *messages), number("consumer_count", *consumers)];
            ("queue.declare-ok", [vec![text("queue", *queue)], counts.into()].concat())
        }
        Method::QueueBindOk => ("queue.bind-ok", Rows::new()),
        Method::QueueUnbindOk => ("queue.unbind-ok", Rows::new()),
        Method::QueuePurgeOk { messages } => ("queue.purge-ok", vec![number("message_count", *messages)]),
        Method::QueueDeleteOk { messages } => ("queue.delete-ok", vec![number("message_count", *messages)]),
        Method::BasicQosOk => ("basic.qos-ok", Rows::new()),
        Method::BasicConsumeOk { consumer_tag } => ("basic.consume-ok", vec![text("consumer_tag", *consumer_tag)]),
        Method::BasicCancel { consumer_tag, nowait } => {
            ("basic.cancel", vec![text("consumer_tag", *consumer_tag), flag("nowait", *nowait)])
        }
        Method::BasicCancelOk { consumer_tag } => ("basic.cancel-ok", vec![text("consumer_tag", *consumer_tag)]),
        Method::BasicReturn { code, text: why, exchange, key, message } => {
            let head = vec![
                number("reply_code", (*code).into()),
                text("reply_text", *why),
                text("exchange", *exchange),
                text("routing_key", *key),
            ];
            ("basic.return", [head, content(message, names)].concat())
        }
        Method::BasicDeliver { consumer_tag, tag, redelivered, exchange, key, message } => {
            let head = vec![
                text("consumer_tag", *consumer_tag),
                number("delivery_tag", *tag),
                flag("redelivered", *redelivered),
                text("exchange", *exchange),
                text("routing_key", *key),
            ];
            ("basic.deliver", [head, content(message, names)].concat())
        }
        Method::BasicGetOk { tag, redelivered, exchange, key, messages, message } => {
            let head = vec![
                number("delivery_tag", *tag),
                flag("redelivered", *redelivered),
                text("exchange", *exchange),
                text("routing_key", *key),
                number("message_count", *messages),
            ];
            ("basic.get-ok", [head, content(message, names)].concat())
        }
        Method::BasicGetEmpty => ("basic.get-empty", vec![("cluster_id".into(), Value::text(""))]),
        Method::BasicAck { tag, multiple, .. } => {
            ("basic.ack", vec![number("delivery_tag", *tag), flag("multiple", *multiple)])
        }
        Method::BasicNack { tag, multiple, requeue, .. } => {
            let fields = vec![number("delivery_tag", *tag), flag("multiple", *multiple), flag("requeue", *requeue)];
            ("basic.nack", fields)
        }
        Method::BasicRecoverOk => ("basic.recover-ok", Rows::new()),
        Method::ConfirmSelectOk => ("confirm.select-ok", Rows::new()),
        Method::TxSelectOk => ("tx.select-ok", Rows::new()),
        Method::TxCommitOk => ("tx.commit-ok", Rows::new()),
        Method::Heartbeat => ("heartbeat", Rows::new()),
        Method::TxRollbackOk => ("tx.rollback-ok", Rows::new()),
        _ => return None,
    })
}
