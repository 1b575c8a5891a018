//! The steps of a script as they are written: `basic_publish(exchange: "orders", key: "created", body: "m1")`.
//!
//! What is left out has the protocol's default: empty, false, 0; channel 1; `requeue: true` for nack and reject.

use crate::machine::Arguments;
use crate::units::{Span, parse_span};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

fn one() -> u16 {
    1
}

fn is_one(channel: &u16) -> bool {
    *channel == 1
}

fn yes() -> bool {
    true
}

fn is_yes(flag: &bool) -> bool {
    *flag
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A span, written as text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpanText(pub Span);

impl<'de> Deserialize<'de> for SpanText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_span(&text).map(SpanText).map_err(|e| serde::de::Error::custom(format_args!("\"{text}\" {e}")))
    }
}

impl Serialize for SpanText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_string())
    }
}

macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $type:ty),* $(,)? })*) => {
        /// One step of a script.
        #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case", deny_unknown_fields)]
        #[expect(missing_docs, reason = "the fields are the protocol's, see https://www.rabbitmq.com/amqp-0-9-1-reference")]
        #[expect(clippy::large_enum_variant, reason = "steps are read once and compiled; a box would only hide the fields")]
        pub enum Step {
            /// Connects and opens the virtual host. Stands before the first step by itself where it is not written.
            Connect {
                /// The heartbeat interval to offer; `"0"` for none; left out for what the broker proposes.
                #[serde(default, skip_serializing_if = "is_default")]
                heartbeat: Option<SpanText>,
                /// The virtual host; left out for `/`.
                #[serde(default, skip_serializing_if = "is_default")]
                vhost: Option<String>,
            },
            /// Waits for this long.
            Wait(SpanText),
            /// Breaks the TCP connection off.
            Abort {},
            /// Waits until so many more deliveries have come in.
            AwaitDeliveries(u32),
            /// Closes the connection in order.
            ConnectionClose {},
            $($(#[$doc])* $name {
                $(#[serde(default, skip_serializing_if = "is_default")] $(#[$attr])* $field: $type,)*
                #[serde(default = "one", skip_serializing_if = "is_one")]
                channel: u16,
            },)*
            /// Refuses a delivery.
            BasicNack {
                #[serde(default, skip_serializing_if = "is_default")]
                tag: u32,
                #[serde(default, skip_serializing_if = "is_default")]
                multiple: bool,
                #[serde(default = "yes", skip_serializing_if = "is_yes")]
                requeue: bool,
                #[serde(default = "one", skip_serializing_if = "is_one")]
                channel: u16,
            },
            /// Refuses a delivery.
            BasicReject {
                #[serde(default, skip_serializing_if = "is_default")]
                tag: u32,
                #[serde(default = "yes", skip_serializing_if = "is_yes")]
                requeue: bool,
                #[serde(default = "one", skip_serializing_if = "is_one")]
                channel: u16,
            },
        }

        impl Step {
            /// The channel that it uses; `None` for what belongs to the connection or the script.
            pub fn channel(&self) -> Option<u16> {
                match self {
                    Step::Connect { .. } | Step::Wait(_) | Step::Abort {} => None,
                    Step::AwaitDeliveries(_) | Step::ConnectionClose {} => None,
                    Step::BasicNack { channel, .. } | Step::BasicReject { channel, .. } => Some(*channel),
                    $(Step::$name { channel, .. } => Some(*channel),)*
                }
            }
        }
    };
}

steps! {
    /// Opens a channel. Channel 1 is opened by itself where this is not written.
    ChannelOpen {}
    /// Closes a channel.
    ChannelClose {}
    /// Asks the broker to stop or go on sending.
    ChannelFlow { active: bool }
    /// Declares an exchange; `kind` is `direct` where it is left out.
    ExchangeDeclare {
        exchange: String, kind: Option<String>, passive: bool, durable: bool, auto_delete: bool, internal: bool,
        nowait: bool, arguments: Arguments,
    }
    /// Deletes an exchange.
    ExchangeDelete { exchange: String, if_unused: bool, nowait: bool }
    /// Binds an exchange to an exchange.
    ExchangeBind { destination: String, source: String, key: String, nowait: bool, arguments: Arguments }
    /// Takes a binding between exchanges back.
    ExchangeUnbind { destination: String, source: String, key: String, nowait: bool, arguments: Arguments }
    /// Declares a queue; without a name the broker makes one, and `{queue}` stands for it in later steps.
    QueueDeclare {
        queue: String, passive: bool, durable: bool, exclusive: bool, auto_delete: bool, nowait: bool,
        arguments: Arguments,
    }
    /// Binds a queue to an exchange.
    QueueBind { queue: String, exchange: String, key: String, nowait: bool, arguments: Arguments }
    /// Takes a binding back.
    QueueUnbind { queue: String, exchange: String, key: String, arguments: Arguments }
    /// Empties a queue.
    QueuePurge { queue: String, nowait: bool }
    /// Deletes a queue.
    QueueDelete { queue: String, if_unused: bool, if_empty: bool, nowait: bool }
    /// Limits unacknowledged deliveries.
    BasicQos { prefetch_size: u32, prefetch_count: u16, global: bool }
    /// Subscribes.
    BasicConsume {
        queue: String, consumer_tag: String, no_local: bool, no_ack: bool, exclusive: bool, nowait: bool,
        arguments: Arguments,
    }
    /// Ends a subscription.
    BasicCancel { consumer_tag: String, nowait: bool }
    /// Publishes. The message is called by its `id`, or by its `body` where it has none.
    BasicPublish {
        exchange: String, key: String, body: String,
        /// Left out for the length of the body.
        size: Option<u32>,
        id: Option<String>, mandatory: bool, immediate: bool,
        /// The same as `delivery_mode: 2`.
        persistent: bool,
        delivery_mode: Option<u8>, priority: Option<u8>, expiration: Option<String>, headers: Option<Arguments>,
        reply_to: Option<String>, correlation_id: Option<String>, content_type: Option<String>,
        content_encoding: Option<String>, timestamp: Option<u64>,
        /// The property that the protocol calls `type`.
        kind: Option<String>,
        user_id: Option<String>, app_id: Option<String>, cluster_id: Option<String>,
    }
    /// Asks for one message.
    BasicGet { queue: String, no_ack: bool }
    /// Acknowledges.
    BasicAck { tag: u32, multiple: bool }
    /// Asks for unacknowledged deliveries again.
    BasicRecover { requeue: bool }
    /// The same without an answer.
    BasicRecoverAsync { requeue: bool }
    /// Asks for confirms.
    ConfirmSelect { nowait: bool }
    /// Makes the channel transactional.
    TxSelect {}
    /// Carries the transaction out.
    TxCommit {}
    /// Gives the transaction up.
    TxRollback {}
}
