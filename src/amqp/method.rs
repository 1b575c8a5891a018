//! The methods of AMQP 0-9-1 as plain values, with the sizes they have on the wire.
//!
//! Not a codec: no bytes are made or read here. One [`Frame`] stands for a method frame and, where the method carries
//! content, for its header and body frames too. What a node does with a method is in `node`, what a client does in
//! `client`.

use super::access::Capabilities;
use super::verbs;
use crate::ids::{Digest, Name, Names, VerbId};
use crate::machine::{Access, Message, Props, Value, Wire, Words};
use crate::trace::FrameFlags;
use std::sync::Arc;

/// A field table, in the order it was written.
pub type Table = Vec<(Arc<str>, Value)>;

/// Bytes of a frame besides its payload: type, channel, length and end mark.
pub const OVERHEAD: u32 = 8;

/// The largest frame, as RabbitMQ proposes it; bodies are split by it.
pub const FRAME_MAX: u32 = 131_072;

/// One method on a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The channel; 0 is the connection itself.
    pub channel: u16,
    /// The method with its fields.
    pub body: Method,
}

/// What the two sides agree on when a connection opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tune {
    /// The highest channel number; 0 for no limit.
    pub channel_max: u16,
    /// The largest frame in bytes; 0 for no limit.
    pub frame_max: u32,
    /// The heartbeat interval in seconds; 0 for none.
    pub heartbeat: u16,
}

/// Why a connection or channel is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Close {
    /// The reply code, such as 404.
    pub code: u16,
    /// The reply text, such as `NOT_FOUND - no queue 'q' in vhost '/'`.
    pub text: Name,
    /// The class of the method that failed; 0 if none did.
    pub class: u16,
    /// The method that failed; 0 if none did.
    pub method: u16,
}

/// The methods of both directions. Names of fields are those of the protocol.
///
/// Delivery tags have 64 bits on the wire and 32 here; a run has fewer messages.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are the protocol's, see https://www.rabbitmq.com/amqp-0-9-1-reference")]
pub enum Method {
    /// `AMQP 0 0 9 1`, the first thing a client sends. Not a frame of the protocol proper.
    ProtocolHeader,
    ConnectionStart,
    /// User and password are [`Name::NONE`] where the client takes the library's default, which is the user `guest`.
    ConnectionStartOk {
        user: Name,
        password: Name,
        capabilities: Capabilities,
    },
    ConnectionTune(Tune),
    ConnectionTuneOk(Tune),
    ConnectionOpen {
        vhost: Name,
    },
    ConnectionOpenOk,
    ConnectionClose(Close),
    ConnectionCloseOk,
    ConnectionBlocked {
        reason: Name,
    },
    ConnectionUnblocked,
    ChannelOpen,
    ChannelOpenOk,
    ChannelClose(Close),
    ChannelCloseOk,
    ChannelFlow {
        active: bool,
    },
    ChannelFlowOk {
        active: bool,
    },
    /// `kind` is the protocol's `type`.
    ExchangeDeclare {
        exchange: Name,
        kind: Name,
        passive: bool,
        durable: bool,
        auto_delete: bool,
        internal: bool,
        nowait: bool,
        arguments: Arc<Table>,
    },
    ExchangeDeclareOk,
    ExchangeDelete {
        exchange: Name,
        if_unused: bool,
        nowait: bool,
    },
    ExchangeDeleteOk,
    ExchangeBind {
        destination: Name,
        source: Name,
        key: Name,
        nowait: bool,
        arguments: Arc<Table>,
    },
    ExchangeBindOk,
    ExchangeUnbind {
        destination: Name,
        source: Name,
        key: Name,
        nowait: bool,
        arguments: Arc<Table>,
    },
    ExchangeUnbindOk,
    QueueDeclare {
        queue: Name,
        passive: bool,
        durable: bool,
        exclusive: bool,
        auto_delete: bool,
        nowait: bool,
        arguments: Arc<Table>,
    },
    QueueDeclareOk {
        queue: Name,
        messages: u32,
        consumers: u32,
    },
    QueueBind {
        queue: Name,
        exchange: Name,
        key: Name,
        nowait: bool,
        arguments: Arc<Table>,
    },
    QueueBindOk,
    QueueUnbind {
        queue: Name,
        exchange: Name,
        key: Name,
        arguments: Arc<Table>,
    },
    QueueUnbindOk,
    QueuePurge {
        queue: Name,
        nowait: bool,
    },
    QueuePurgeOk {
        messages: u32,
    },
    QueueDelete {
        queue: Name,
        if_unused: bool,
        if_empty: bool,
        nowait: bool,
    },
    QueueDeleteOk {
        messages: u32,
    },
    BasicQos {
        prefetch_size: u32,
        prefetch_count: u16,
        global: bool,
    },
    BasicQosOk,
    BasicConsume {
        queue: Name,
        consumer_tag: Name,
        no_local: bool,
        no_ack: bool,
        exclusive: bool,
        nowait: bool,
        arguments: Arc<Table>,
    },
    BasicConsumeOk {
        consumer_tag: Name,
    },
    BasicCancel {
        consumer_tag: Name,
        nowait: bool,
    },
    BasicCancelOk {
        consumer_tag: Name,
    },
    BasicPublish {
        exchange: Name,
        key: Name,
        mandatory: bool,
        immediate: bool,
        message: Message,
    },
    BasicReturn {
        code: u16,
        text: Name,
        exchange: Name,
        key: Name,
        message: Message,
    },
    BasicDeliver {
        consumer_tag: Name,
        tag: u32,
        redelivered: bool,
        exchange: Name,
        key: Name,
        message: Message,
    },
    BasicGet {
        queue: Name,
        no_ack: bool,
    },
    BasicGetOk {
        tag: u32,
        redelivered: bool,
        exchange: Name,
        key: Name,
        messages: u32,
        message: Message,
    },
    BasicGetEmpty,
    /// `confirm` is not a field of the protocol: the direction tells. A node's ack is a publisher confirm.
    /// Nor is `about`: the message that the tag stands for, for show.
    BasicAck {
        tag: u32,
        multiple: bool,
        confirm: bool,
        about: Name,
    },
    /// As for [`Method::BasicAck`].
    BasicNack {
        tag: u32,
        multiple: bool,
        requeue: bool,
        confirm: bool,
        about: Name,
    },
    /// As for [`Method::BasicAck`].
    BasicReject {
        tag: u32,
        requeue: bool,
        about: Name,
    },
    BasicRecover {
        requeue: bool,
    },
    BasicRecoverOk,
    /// The deprecated form that has no answer.
    BasicRecoverAsync {
        requeue: bool,
    },
    ConfirmSelect {
        nowait: bool,
    },
    ConfirmSelectOk,
    TxSelect,
    TxSelectOk,
    TxCommit,
    TxCommitOk,
    TxRollback,
    TxRollbackOk,
    Heartbeat,
}

/// What a method is on the wire.
#[derive(Clone, Copy, Debug)]
struct Kind {
    class: u16,
    method: u16,
    verb: VerbId,
}

const fn kind(class: u16, method: u16, verb: VerbId) -> Kind {
    Kind { class, method, verb }
}

impl Method {
    /// What clients log in with where nothing else is said.
    pub const LOGIN: Method =
        Method::ConnectionStartOk { user: Name::NONE, password: Name::NONE, capabilities: Capabilities::ALL };

    /// Logs in as a session asks for.
    pub fn login(access: Option<&Access>, capabilities: Capabilities) -> Method {
        let Access { user, password, .. } = access.copied().unwrap_or_default();
        Method::ConnectionStartOk { user, password, capabilities }
    }

    /// Class and method number; (0, 0) for what is no method.
    pub fn id(&self) -> (u16, u16) {
        let kind = self.kind();
        (kind.class, kind.method)
    }

    /// Its row of the vocabulary.
    pub fn verb(&self) -> VerbId {
        self.kind().verb
    }

    /// The message it carries.
    pub fn message(&self) -> Option<&Message> {
        match self {
            Method::BasicPublish { message, .. }
            | Method::BasicReturn { message, .. }
            | Method::BasicDeliver { message, .. }
            | Method::BasicGetOk { message, .. } => Some(message),
            _ => None,
        }
    }

    /// The message that it carries or is about.
    pub fn about(&self) -> Name {
        match self {
            Method::BasicAck { about, .. } | Method::BasicNack { about, .. } | Method::BasicReject { about, .. } => {
                *about
            }
            body => body.message().map_or(Name::NONE, |message| message.id),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Method::ProtocolHeader => kind(0, 0, verbs::PROTOCOL_HEADER),
            Method::Heartbeat => kind(0, 0, verbs::HEARTBEAT),
            Method::ConnectionStart => kind(10, 10, verbs::CONNECTION_START),
            Method::ConnectionStartOk { .. } => kind(10, 11, verbs::CONNECTION_START_OK),
            Method::ConnectionTune(_) => kind(10, 30, verbs::CONNECTION_TUNE),
            Method::ConnectionTuneOk(_) => kind(10, 31, verbs::CONNECTION_TUNE_OK),
            Method::ConnectionOpen { .. } => kind(10, 40, verbs::CONNECTION_OPEN),
            Method::ConnectionOpenOk => kind(10, 41, verbs::CONNECTION_OPEN_OK),
            Method::ConnectionClose(_) => kind(10, 50, verbs::CONNECTION_CLOSE),
            Method::ConnectionCloseOk => kind(10, 51, verbs::CONNECTION_CLOSE_OK),
            Method::ConnectionBlocked { .. } => kind(10, 60, verbs::CONNECTION_BLOCKED),
            Method::ConnectionUnblocked => kind(10, 61, verbs::CONNECTION_UNBLOCKED),
            Method::ChannelOpen => kind(20, 10, verbs::CHANNEL_OPEN),
            Method::ChannelOpenOk => kind(20, 11, verbs::CHANNEL_OPEN_OK),
            Method::ChannelFlow { .. } => kind(20, 20, verbs::CHANNEL_FLOW),
            Method::ChannelFlowOk { .. } => kind(20, 21, verbs::CHANNEL_FLOW_OK),
            Method::ChannelClose(_) => kind(20, 40, verbs::CHANNEL_CLOSE),
            Method::ChannelCloseOk => kind(20, 41, verbs::CHANNEL_CLOSE_OK),
            Method::ExchangeDeclare { .. } => kind(40, 10, verbs::EXCHANGE_DECLARE),
            Method::ExchangeDeclareOk => kind(40, 11, verbs::EXCHANGE_DECLARE_OK),
            Method::ExchangeDelete { .. } => kind(40, 20, verbs::EXCHANGE_DELETE),
            Method::ExchangeDeleteOk => kind(40, 21, verbs::EXCHANGE_DELETE_OK),
            Method::ExchangeBind { .. } => kind(40, 30, verbs::EXCHANGE_BIND),
            Method::ExchangeBindOk => kind(40, 31, verbs::EXCHANGE_BIND_OK),
            Method::ExchangeUnbind { .. } => kind(40, 40, verbs::EXCHANGE_UNBIND),
            Method::ExchangeUnbindOk => kind(40, 51, verbs::EXCHANGE_UNBIND_OK),
            Method::QueueDeclare { .. } => kind(50, 10, verbs::QUEUE_DECLARE),
            Method::QueueDeclareOk { .. } => kind(50, 11, verbs::QUEUE_DECLARE_OK),
            Method::QueueBind { .. } => kind(50, 20, verbs::QUEUE_BIND),
            Method::QueueBindOk => kind(50, 21, verbs::QUEUE_BIND_OK),
            Method::QueuePurge { .. } => kind(50, 30, verbs::QUEUE_PURGE),
            Method::QueuePurgeOk { .. } => kind(50, 31, verbs::QUEUE_PURGE_OK),
            Method::QueueDelete { .. } => kind(50, 40, verbs::QUEUE_DELETE),
            Method::QueueDeleteOk { .. } => kind(50, 41, verbs::QUEUE_DELETE_OK),
            Method::QueueUnbind { .. } => kind(50, 50, verbs::QUEUE_UNBIND),
            Method::QueueUnbindOk => kind(50, 51, verbs::QUEUE_UNBIND_OK),
            Method::BasicQos { .. } => kind(60, 10, verbs::BASIC_QOS),
            Method::BasicQosOk => kind(60, 11, verbs::BASIC_QOS_OK),
            Method::BasicConsume { .. } => kind(60, 20, verbs::BASIC_CONSUME),
            Method::BasicConsumeOk { .. } => kind(60, 21, verbs::BASIC_CONSUME_OK),
            Method::BasicCancel { .. } => kind(60, 30, verbs::BASIC_CANCEL),
            Method::BasicCancelOk { .. } => kind(60, 31, verbs::BASIC_CANCEL_OK),
            Method::BasicPublish { .. } => kind(60, 40, verbs::BASIC_PUBLISH),
            Method::BasicReturn { .. } => kind(60, 50, verbs::BASIC_RETURN),
            Method::BasicDeliver { .. } => kind(60, 60, verbs::BASIC_DELIVER),
            Method::BasicGet { .. } => kind(60, 70, verbs::BASIC_GET),
            Method::BasicGetOk { .. } => kind(60, 71, verbs::BASIC_GET_OK),
            Method::BasicGetEmpty => kind(60, 72, verbs::BASIC_GET_EMPTY),
            Method::BasicAck { confirm: false, .. } => kind(60, 80, verbs::BASIC_ACK),
            Method::BasicAck { confirm: true, .. } => kind(60, 80, verbs::CONFIRM_ACK),
            Method::BasicReject { .. } => kind(60, 90, verbs::BASIC_REJECT),
            Method::BasicRecoverAsync { .. } => kind(60, 100, verbs::BASIC_RECOVER_ASYNC),
            Method::BasicRecover { .. } => kind(60, 110, verbs::BASIC_RECOVER),
            Method::BasicRecoverOk => kind(60, 111, verbs::BASIC_RECOVER_OK),
            Method::BasicNack { confirm: false, .. } => kind(60, 120, verbs::BASIC_NACK),
            Method::BasicNack { confirm: true, .. } => kind(60, 120, verbs::CONFIRM_NACK),
            Method::ConfirmSelect { .. } => kind(85, 10, verbs::CONFIRM_SELECT),
            Method::ConfirmSelectOk => kind(85, 11, verbs::CONFIRM_SELECT_OK),
            Method::TxSelect => kind(90, 10, verbs::TX_SELECT),
            Method::TxSelectOk => kind(90, 11, verbs::TX_SELECT_OK),
            Method::TxCommit => kind(90, 20, verbs::TX_COMMIT),
            Method::TxCommitOk => kind(90, 21, verbs::TX_COMMIT_OK),
            Method::TxRollback => kind(90, 30, verbs::TX_ROLLBACK),
            Method::TxRollbackOk => kind(90, 31, verbs::TX_ROLLBACK_OK),
        }
    }

    /// The two words of the verb.
    fn words(&self) -> (Name, Name) {
        const NO: Name = Name::NONE;
        match *self {
            Method::ConnectionStartOk { user, .. } => (user, NO),
            Method::ConnectionOpen { vhost } => (vhost, NO),
            Method::ConnectionClose(close) | Method::ChannelClose(close) => (close.text, NO),
            Method::ConnectionBlocked { reason } => (reason, NO),
            Method::ExchangeDeclare { exchange, kind, .. } => (exchange, kind),
            Method::ExchangeDelete { exchange, .. } => (exchange, NO),
            Method::ExchangeBind { destination, source, .. } | Method::ExchangeUnbind { destination, source, .. } => {
                (destination, source)
            }
            Method::QueueDeclare { queue, .. }
            | Method::QueueDeclareOk { queue, .. }
            | Method::QueuePurge { queue, .. }
            | Method::QueueDelete { queue, .. }
            | Method::BasicGet { queue, .. } => (queue, NO),
            Method::QueueBind { queue, exchange, .. } | Method::QueueUnbind { queue, exchange, .. } => {
                (queue, exchange)
            }
            Method::BasicConsume { queue, consumer_tag, .. } => (queue, consumer_tag),
            Method::BasicConsumeOk { consumer_tag }
            | Method::BasicCancel { consumer_tag, .. }
            | Method::BasicCancelOk { consumer_tag } => (consumer_tag, NO),
            Method::BasicPublish { exchange, key, .. }
            | Method::BasicReturn { exchange, key, .. }
            | Method::BasicDeliver { exchange, key, .. }
            | Method::BasicGetOk { exchange, key, .. } => (exchange, key),
            _ => (NO, NO),
        }
    }

    fn number(&self) -> u32 {
        match *self {
            Method::ConnectionClose(close) | Method::ChannelClose(close) => u32::from(close.code),
            Method::ConnectionTune(tune) | Method::ConnectionTuneOk(tune) => u32::from(tune.heartbeat),
            Method::QueueDeclareOk { messages, .. }
            | Method::QueuePurgeOk { messages }
            | Method::QueueDeleteOk { messages } => messages,
            Method::BasicQos { prefetch_count, .. } => u32::from(prefetch_count),
            Method::BasicReturn { code, .. } => u32::from(code),
            Method::BasicDeliver { tag, .. }
            | Method::BasicGetOk { tag, .. }
            | Method::BasicAck { tag, .. }
            | Method::BasicNack { tag, .. }
            | Method::BasicReject { tag, .. } => tag,
            _ => u32::MAX,
        }
    }

    fn flags(&self) -> FrameFlags {
        let persistent = |m: &Message| FrameFlags::PERSISTENT.when(m.props.persistent());
        match self {
            Method::BasicPublish { mandatory, message, .. } => {
                FrameFlags::MANDATORY.when(*mandatory).and(persistent(message))
            }
            Method::BasicReturn { message, .. } => persistent(message),
            Method::BasicDeliver { redelivered, message, .. } | Method::BasicGetOk { redelivered, message, .. } => {
                FrameFlags::REDELIVERED.when(*redelivered).and(persistent(message))
            }
            Method::BasicAck { multiple, .. } => FrameFlags::MULTIPLE.when(*multiple),
            Method::BasicNack { multiple, requeue, confirm, .. } => {
                FrameFlags::MULTIPLE.when(*multiple).and(FrameFlags::REQUEUE.when(*requeue && !*confirm))
            }
            Method::BasicReject { requeue, .. }
            | Method::BasicRecover { requeue }
            | Method::BasicRecoverAsync { requeue } => FrameFlags::REQUEUE.when(*requeue),
            Method::BasicConsume { no_ack, .. } | Method::BasicGet { no_ack, .. } => FrameFlags::NO_ACK.when(*no_ack),
            _ => FrameFlags::default(),
        }
    }

    /// Type and payload of a frame that has a table in it and is never split: the method frame (1), or the header frame of
    /// a message (2). `None` for methods without a table, which always fit.
    pub(super) fn unsplit_frame(&self, names: &Names) -> Option<(u8, u32)> {
        match self {
            Method::BasicPublish { message, .. } if message.props.headers.is_some() => {
                Some((2, header_size(message, names)))
            }
            Method::ExchangeDeclare { arguments, .. }
            | Method::ExchangeBind { arguments, .. }
            | Method::ExchangeUnbind { arguments, .. }
            | Method::QueueDeclare { arguments, .. }
            | Method::QueueBind { arguments, .. }
            | Method::QueueUnbind { arguments, .. }
            | Method::BasicConsume { arguments, .. }
                if !arguments.is_empty() =>
            {
                Some((1, 4 + self.arguments_size(names)))
            }
            _ => None,
        }
    }

    /// Bytes of the arguments in the method frame.
    fn arguments_size(&self, names: &Names) -> u32 {
        let short = |name: &Name| 1 + names.len_of(*name);
        match self {
            // Server properties, mechanisms and locales of RabbitMQ, and what common clients answer with.
            Method::ConnectionStart => 500,
            Method::ConnectionStartOk { .. } => 320,
            Method::ConnectionTune(_) | Method::ConnectionTuneOk(_) => 8,
            Method::ConnectionOpen { vhost } => short(vhost) + 2,
            Method::ConnectionOpenOk => 1,
            Method::ConnectionClose(close) | Method::ChannelClose(close) => 6 + short(&close.text),
            Method::ConnectionBlocked { reason } => short(reason),
            Method::ChannelOpen | Method::ChannelFlow { .. } | Method::ChannelFlowOk { .. } => 1,
            Method::ChannelOpenOk => 4,
            Method::ExchangeDeclare { exchange, kind, arguments, .. } => {
                3 + short(exchange) + short(kind) + table_size(arguments)
            }
            Method::ExchangeDelete { exchange, .. } => 3 + short(exchange),
            Method::ExchangeBind { destination, source, key, arguments, .. }
            | Method::ExchangeUnbind { destination, source, key, arguments, .. } => {
                3 + short(destination) + short(source) + short(key) + table_size(arguments)
            }
            Method::QueueDeclare { queue, arguments, .. } => 3 + short(queue) + table_size(arguments),
            Method::QueueDeclareOk { queue, .. } => short(queue) + 8,
            Method::QueueBind { queue, exchange, key, arguments, .. } => {
                3 + short(queue) + short(exchange) + short(key) + table_size(arguments)
            }
            Method::QueueUnbind { queue, exchange, key, arguments } => {
                2 + short(queue) + short(exchange) + short(key) + table_size(arguments)
            }
            Method::QueuePurge { queue, .. } | Method::QueueDelete { queue, .. } | Method::BasicGet { queue, .. } => {
                3 + short(queue)
            }
            Method::QueuePurgeOk { .. } | Method::QueueDeleteOk { .. } => 4,
            Method::BasicQos { .. } => 7,
            Method::BasicConsume { queue, consumer_tag, arguments, .. } => {
                3 + short(queue) + short(consumer_tag) + table_size(arguments)
            }
            Method::BasicConsumeOk { consumer_tag } | Method::BasicCancelOk { consumer_tag } => short(consumer_tag),
            Method::BasicCancel { consumer_tag, .. } => 1 + short(consumer_tag),
            Method::BasicPublish { exchange, key, .. } => 3 + short(exchange) + short(key),
            Method::BasicReturn { text, exchange, key, .. } => 2 + short(text) + short(exchange) + short(key),
            Method::BasicDeliver { consumer_tag, exchange, key, .. } => {
                9 + short(consumer_tag) + short(exchange) + short(key)
            }
            Method::BasicGetOk { exchange, key, .. } => 13 + short(exchange) + short(key),
            Method::BasicGetEmpty => 1,
            Method::BasicAck { .. } | Method::BasicNack { .. } | Method::BasicReject { .. } => 9,
            Method::BasicRecover { .. } | Method::BasicRecoverAsync { .. } | Method::ConfirmSelect { .. } => 1,
            _ => 0,
        }
    }
}

/// Bytes of a field table.
fn table_size(table: &[(Arc<str>, Value)]) -> u32 {
    4 + table.iter().map(|(key, value)| 1 + key.len() as u32 + value_size(value)).sum::<u32>()
}

/// Bytes of a field with its type.
fn value_size(value: &Value) -> u32 {
    1 + match value {
        Value::Void => 0,
        Value::Bool(_) => 1,
        Value::Int { bits, .. } => u32::from(*bits) / 8,
        Value::Double(_) | Value::Timestamp(_) => 8,
        Value::Text(text) => 4 + text.len() as u32,
        Value::Bytes(bytes) => 4 + bytes.len() as u32,
        Value::List(values) => 4 + values.iter().map(value_size).sum::<u32>(),
        Value::Table(rows) => table_size(rows),
    }
}

/// Bytes of the content header frame and the body frames.
fn content_size(message: &Message, names: &Names) -> u32 {
    let bodies = message.size.div_ceil(FRAME_MAX - OVERHEAD);
    OVERHEAD + header_size(message, names) + message.size + bodies * OVERHEAD
}

/// Bytes of the content header frame's payload.
fn header_size(message: &Message, names: &Names) -> u32 {
    let short = |name: Name| if name.is_some() { 1 + names.len_of(name) } else { 0 };
    let properties = short(message.id) + short(message.reply_to) + short(message.correlation);
    14 + properties + props_size(&message.props)
}

fn props_size(props: &Props) -> u32 {
    let texts = [
        &props.expiration,
        &props.content_type,
        &props.content_encoding,
        &props.kind,
        &props.user_id,
        &props.app_id,
        &props.cluster_id,
    ];
    let texts: u32 = texts.into_iter().flatten().map(|text| 1 + text.len() as u32).sum();
    let octets = u32::from(props.delivery_mode.is_some()) + u32::from(props.priority.is_some());
    let timestamp = if props.timestamp.is_some() { 8 } else { 0 };
    texts + octets + timestamp + props.headers.as_ref().map_or(0, |rows| table_size(rows))
}

impl Frame {
    /// A method on a channel.
    pub fn new(channel: u16, body: Method) -> Frame {
        Frame { channel, body }
    }
}

impl Wire for Frame {
    fn words(&self, _: &Names) -> Words {
        let (a, b) = self.body.words();
        Words {
            verb: self.body.verb(),
            channel: self.channel,
            flags: self.body.flags(),
            number: self.body.number(),
            message: self.body.about(),
            a,
            b,
        }
    }

    #[inline]
    fn carried(&self) -> Option<Words> {
        let (verb, message, b, redelivered) = match &self.body {
            Method::BasicPublish { message, key, .. } => (verbs::BASIC_PUBLISH, message, *key, false),
            Method::BasicDeliver { message, redelivered, .. } => {
                (verbs::BASIC_DELIVER, message, Name::NONE, *redelivered)
            }
            Method::BasicGetOk { message, redelivered, .. } => (verbs::BASIC_GET_OK, message, Name::NONE, *redelivered),
            _ => return None,
        };
        Some(Words { message: message.id, b, flags: FrameFlags::REDELIVERED.when(redelivered), ..Words::of(verb) })
    }

    fn size(&self, names: &Names) -> u32 {
        match &self.body {
            Method::ProtocolHeader => 8,
            Method::Heartbeat => OVERHEAD,
            body => {
                let content = body.message().map_or(0, |message| content_size(message, names));
                OVERHEAD + 4 + body.arguments_size(names) + content
            }
        }
    }

    fn digest(&self, names: &Names, digest: &mut Digest) {
        let (a, b) = self.body.words();
        let (class, method) = self.body.id();
        digest.word(u64::from(self.channel) | u64::from(class) << 16 | u64::from(method) << 32);
        digest.word(u64::from(self.body.number()) | u64::from(self.body.flags().0) << 32);
        names.digest(a, digest);
        names.digest(b, digest);
        self.body.digest_rest(names, digest);
        if let Some(message) = self.body.message() {
            message.digest(names, digest);
        }
    }
}

impl Method {
    /// What the words and the message do not say.
    fn digest_rest(&self, names: &Names, digest: &mut Digest) {
        match self {
            Method::ProtocolHeader => digest.word(1),
            Method::ConnectionStartOk { password, capabilities, .. } => {
                names.digest(*password, digest);
                digest.word(u64::from(capabilities.0));
            }
            Method::ConnectionTune(tune) | Method::ConnectionTuneOk(tune) => {
                digest.word(u64::from(tune.channel_max) << 32 | u64::from(tune.frame_max));
            }
            Method::ConnectionClose(close) | Method::ChannelClose(close) => {
                digest.word(u64::from(close.class) << 16 | u64::from(close.method));
            }
            Method::ChannelFlow { active } | Method::ChannelFlowOk { active } => digest.word(u64::from(*active)),
            Method::ExchangeDeclare { passive, durable, auto_delete, internal, nowait, arguments, .. } => {
                digest.word(bits(&[*passive, *durable, *auto_delete, *internal, *nowait]));
                digest_table(arguments, digest);
            }
            Method::ExchangeDelete { if_unused, nowait, .. } => digest.word(bits(&[*if_unused, *nowait])),
            Method::ExchangeBind { key, nowait, arguments, .. }
            | Method::ExchangeUnbind { key, nowait, arguments, .. }
            | Method::QueueBind { key, nowait, arguments, .. } => {
                names.digest(*key, digest);
                digest.word(bits(&[*nowait]));
                digest_table(arguments, digest);
            }
            Method::QueueUnbind { key, arguments, .. } => {
                names.digest(*key, digest);
                digest_table(arguments, digest);
            }
            Method::QueueDeclare { passive, durable, exclusive, auto_delete, nowait, arguments, .. } => {
                digest.word(bits(&[*passive, *durable, *exclusive, *auto_delete, *nowait]));
                digest_table(arguments, digest);
            }
            Method::QueueDeclareOk { consumers, .. } => digest.word(u64::from(*consumers)),
            Method::QueuePurge { nowait, .. }
            | Method::BasicCancel { nowait, .. }
            | Method::ConfirmSelect { nowait } => digest.word(bits(&[*nowait])),
            Method::QueueDelete { if_unused, if_empty, nowait, .. } => {
                digest.word(bits(&[*if_unused, *if_empty, *nowait]));
            }
            Method::BasicQos { prefetch_size, global, .. } => {
                digest.word(u64::from(*prefetch_size) << 1 | u64::from(*global));
            }
            Method::BasicConsume { no_local, exclusive, nowait, arguments, .. } => {
                digest.word(bits(&[*no_local, *exclusive, *nowait]));
                digest_table(arguments, digest);
            }
            Method::BasicPublish { immediate, .. } => digest.word(bits(&[*immediate])),
            Method::BasicDeliver { consumer_tag, .. } => names.digest(*consumer_tag, digest),
            Method::BasicGetOk { messages, .. } => digest.word(u64::from(*messages)),
            _ => {}
        }
    }
}

fn bits(flags: &[bool]) -> u64 {
    flags.iter().rev().fold(1, |word, flag| word << 1 | u64::from(*flag))
}

/// Mixes a table into a digest; its rows have no order.
pub(super) fn digest_table(table: &[(Arc<str>, Value)], digest: &mut Digest) {
    digest.unordered(table.iter().map(|(key, value)| {
        Digest::of(|digest| {
            digest.text(key);
            value.digest(digest);
        })
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_a_small_value() {
        assert!(size_of::<Frame>() <= 80, "{}", size_of::<Frame>());
    }

    #[test]
    fn sizes_are_those_of_the_protocols_encoding() {
        let mut names = Names::new();
        let size = |body: Method, names: &Names| Frame::new(1, body).size(names);
        // 8 + class and method 4 + tag 8 + bits 1.
        assert_eq!(size(Method::BasicAck { tag: 1, multiple: false, confirm: false, about: Name::NONE }, &names), 21);
        let (exchange, key) = (names.intern("e"), names.intern("key"));
        let message = Message::plain(Name::NONE, 5);
        let publish = Method::BasicPublish { exchange, key, mandatory: false, immediate: false, message };
        // Method 8+4+2+2+4+1, header 8+14, body 8+5.
        assert_eq!(size(publish, &names), 21 + 22 + 13);
    }

    #[test]
    fn a_body_larger_than_a_frame_is_split() {
        let names = Names::new();
        let size = |n| content_size(&Message::plain(Name::NONE, n), &names);
        assert_eq!(size(0), 22);
        assert_eq!(size(131_064), 22 + 131_064 + 8);
        assert_eq!(size(131_065), 22 + 131_065 + 16);
    }

    #[test]
    fn a_confirm_and_an_ack_are_the_same_method_and_read_differently() {
        let ack = Method::BasicAck { tag: 1, multiple: false, confirm: false, about: Name::NONE };
        let confirm = Method::BasicAck { tag: 1, multiple: false, confirm: true, about: Name::NONE };
        assert_eq!(ack.id(), confirm.id());
        assert_ne!(ack.verb(), confirm.verb());
    }
}
