//! The steps of a script as they are written: `basic_publish(exchange: "orders", key: "created", body: "m1")`.
//!
//! What is left out has the protocol's default: empty, false, 0; channel 1; `requeue: true` for nack and reject. One table
//! makes the steps, the reading of them, and the forms by which a scenario is checked.

use crate::machine::{Arguments, Form, Holding, Holds};
use crate::units::{Span, parse_span};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

fn one() -> u16 {
    1
}

fn is_one(channel: &u16) -> bool {
    *channel == 1
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

impl Holding for SpanText {
    const HOLDS: Holds = Holds::Span;
}

impl Holding for Arguments {
    const HOLDS: Holds = Holds::Table;
}

/// A flag that is true where it is left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Unless(pub bool);

impl Default for Unless {
    fn default() -> Self {
        Unless(true)
    }
}

impl Holding for Unless {
    const HOLDS: Holds = Holds::Truth;
}

/// The size of a payload in bytes: at most 128 MiB, the most that a broker takes by default.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Size(pub u32);

impl Holding for Size {
    const HOLDS: Holds = Holds::Number(128 << 20);
}

macro_rules! steps {
    (
        bare { $($(#[$bare_doc:meta])* $bare:ident $bare_word:literal ($bare_type:ty),)* }
        connection {
            $($(#[$own_doc:meta])* $own:ident $own_word:literal {
                $($(#[$own_attr:meta])* $own_field:ident: $own_type:ty),* $(,)?
            })*
        }
        channel {
            $($(#[$doc:meta])* $name:ident $word:literal { $($(#[$attr:meta])* $field:ident: $type:ty),* $(,)? })*
        }
    ) => {
        /// One step of a script.
        #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(missing_docs, reason = "the fields are the protocol's, see https://www.rabbitmq.com/amqp-0-9-1-reference")]
        #[expect(clippy::large_enum_variant, reason = "steps are read once and compiled; a box would only hide the fields")]
        pub enum Step {
            $($(#[$bare_doc])* #[serde(rename = $bare_word)] $bare($bare_type),)*
            $($(#[$own_doc])* #[serde(rename = $own_word)] $own {
                $(#[serde(default, skip_serializing_if = "is_default")] $(#[$own_attr])* $own_field: $own_type,)*
            },)*
            $($(#[$doc])* #[serde(rename = $word)] $name {
                $(#[serde(default, skip_serializing_if = "is_default")] $(#[$attr])* $field: $type,)*
                #[serde(default = "one", skip_serializing_if = "is_one")]
                channel: u16,
            },)*
        }

        impl Step {
            /// The forms of all steps.
            pub const FORMS: &'static [Form] = &[
                $(Form { word: $bare_word, bare: Some(<$bare_type>::HOLDS), fields: &[] },)*
                $(Form { word: $own_word, bare: None, fields: &[$((stringify!($own_field), <$own_type>::HOLDS)),*] },)*
                $(Form {
                    word: $word,
                    bare: None,
                    fields: &[$((stringify!($field), <$type>::HOLDS),)* ("channel", u16::HOLDS)],
                },)*
            ];

            /// The channel that it uses; `None` for what belongs to the connection or the script.
            pub fn channel(&self) -> Option<u16> {
                match self {
                    $(Step::$bare(_) => None,)*
                    $(Step::$own { .. } => None,)*
                    $(Step::$name { channel, .. } => Some(*channel),)*
                }
            }
        }
    };
}

steps! {
    bare {
        /// Waits for this long.
        Wait "wait" (SpanText),
        /// Waits until so many more deliveries have come in.
        AwaitDeliveries "await_deliveries" (u32),
    }
    connection {
        /// Connects and opens the virtual host. Stands before the first step by itself where it is not written.
        Connect "connect" {
            /// The heartbeat interval to offer; `"0"` for none; left out for what the broker proposes.
            heartbeat: Option<SpanText>,
            /// The virtual host; left out for `/`.
            vhost: Option<String>,
            /// The user; left out for the one that every broker knows.
            user: Option<String>,
            /// The password; left out for the right one.
            password: Option<String>,
            /// Whether it says what it can be told of, as clients of today do: that it is blocked, that its login is
            /// refused, that its consumer is cancelled.
            capabilities: Unless,
            /// The highest channel number to settle on; left out for what the broker proposes.
            channel_max: Option<u16>,
            /// The largest frame to settle on, in bytes; left out for what the broker proposes.
            frame_max: Option<u32>,
        }
        /// Breaks the TCP connection off.
        Abort "abort" {}
        /// Closes the connection in order.
        ConnectionClose "connection_close" {}
    }
    channel {
        /// Opens a channel. Channel 1 is opened by itself where this is not written.
        ChannelOpen "channel_open" {}
        /// Closes a channel.
        ChannelClose "channel_close" {}
        /// Asks the broker to stop or go on sending.
        ChannelFlow "channel_flow" { active: bool }
        /// Declares an exchange; `kind` is `direct` where it is left out.
        ExchangeDeclare "exchange_declare" {
            exchange: String, kind: Option<String>, passive: bool, durable: bool, auto_delete: bool, internal: bool,
            nowait: bool, arguments: Arguments,
        }
        /// Deletes an exchange.
        ExchangeDelete "exchange_delete" { exchange: String, if_unused: bool, nowait: bool }
        /// Binds an exchange to an exchange.
        ExchangeBind "exchange_bind" { destination: String, source: String, key: String, nowait: bool, arguments: Arguments }
        /// Takes a binding between exchanges back.
        ExchangeUnbind "exchange_unbind" { destination: String, source: String, key: String, nowait: bool, arguments: Arguments }
        /// Declares a queue; without a name the broker makes one, and `{queue}` stands for it in later steps.
        QueueDeclare "queue_declare" {
            queue: String, passive: bool, durable: bool, exclusive: bool, auto_delete: bool, nowait: bool,
            arguments: Arguments,
        }
        /// Binds a queue to an exchange.
        QueueBind "queue_bind" { queue: String, exchange: String, key: String, nowait: bool, arguments: Arguments }
        /// Takes a binding back.
        QueueUnbind "queue_unbind" { queue: String, exchange: String, key: String, arguments: Arguments }
        /// Empties a queue.
        QueuePurge "queue_purge" { queue: String, nowait: bool }
        /// Deletes a queue.
        QueueDelete "queue_delete" { queue: String, if_unused: bool, if_empty: bool, nowait: bool }
        /// Limits unacknowledged deliveries.
        BasicQos "basic_qos" { prefetch_size: u32, prefetch_count: u16, global: bool }
        /// Subscribes.
        BasicConsume "basic_consume" {
            queue: String, consumer_tag: String, no_local: bool, no_ack: bool, exclusive: bool, nowait: bool,
            arguments: Arguments,
        }
        /// Ends a subscription.
        BasicCancel "basic_cancel" { consumer_tag: String, nowait: bool }
        /// Publishes. The message is called by its `id`, or by its `body` where it has none.
        BasicPublish "basic_publish" {
            exchange: String, key: String, body: String,
            /// Left out for the length of the body.
            size: Option<Size>,
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
        BasicGet "basic_get" { queue: String, no_ack: bool }
        /// Acknowledges.
        BasicAck "basic_ack" {
            tag: u32, multiple: bool,
            /// Whether the work on what it covers is done; `false` acknowledges what nobody worked on.
            worked: Unless,
        }
        /// Refuses deliveries.
        BasicNack "basic_nack" { tag: u32, multiple: bool, requeue: Unless }
        /// Refuses a delivery.
        BasicReject "basic_reject" { tag: u32, requeue: Unless }
        /// Asks for unacknowledged deliveries again.
        BasicRecover "basic_recover" { requeue: bool }
        /// The same without an answer.
        BasicRecoverAsync "basic_recover_async" { requeue: bool }
        /// Asks for confirms.
        ConfirmSelect "confirm_select" { nowait: bool }
        /// Makes the channel transactional.
        TxSelect "tx_select" {}
        /// Carries the transaction out.
        TxCommit "tx_commit" {}
        /// Gives the transaction up.
        TxRollback "tx_rollback" {}
    }
}
