//! Properties of a message that travel with it unchanged, in the type system of AMQP's field tables, which is the
//! richest of the systems'.

use crate::ids::{Digest, Name, Names};
use std::sync::Arc;

/// A typed value in a table of arguments or headers.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value; only present.
    Void,
    /// True or false.
    Bool(bool),
    /// A signed integer; `bits` is its width on the wire: 8, 16, 32 or 64.
    Int {
        /// Width on the wire.
        bits: u8,
        /// The number.
        value: i64,
    },
    /// A floating-point number by its bits, so that equal is equal on every machine.
    Double(u64),
    /// A text.
    Text(Arc<str>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// Seconds since 1970.
    Timestamp(u64),
    /// A list.
    List(Vec<Value>),
    /// A table, in the order it was written.
    Table(Vec<(Arc<str>, Value)>),
}

impl Value {
    /// A text.
    pub fn text(text: &str) -> Value {
        Value::Text(text.into())
    }
    /// An integer in the narrowest of 32 and 64 bits, as most clients send it.
    pub fn int(value: i64) -> Value {
        Value::Int { bits: if i32::try_from(value).is_ok() { 32 } else { 64 }, value }
    }
    /// Mixes it into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        match self {
            Value::Void => digest.word(0),
            Value::Bool(b) => digest.word(1 + (u64::from(*b) << 8)),
            Value::Int { bits, value } => {
                digest.word(2 + (u64::from(*bits) << 8));
                digest.word(*value as u64);
            }
            Value::Double(bits) => {
                digest.word(3);
                digest.word(*bits);
            }
            Value::Text(text) => {
                digest.word(4);
                digest.text(text);
            }
            Value::Bytes(bytes) => {
                digest.word(5 + ((bytes.len() as u64) << 8));
                bytes.iter().for_each(|b| digest.word(u64::from(*b)));
            }
            // Nobody acts on when something was written; left in, equal behaviour at another time would differ.
            Value::Timestamp(_) => digest.word(6),
            Value::List(values) => {
                digest.word(7 + ((values.len() as u64) << 8));
                values.iter().for_each(|v| v.digest(digest));
            }
            Value::Table(rows) => {
                digest.word(8 + ((rows.len() as u64) << 8));
                for (key, value) in rows {
                    digest.text(key);
                    value.digest(digest);
                }
            }
        }
    }
}

/// The properties of a message other than its id, reply address and correlation.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Props {
    /// 1 transient, 2 persistent; absent counts as transient.
    pub delivery_mode: Option<u8>,
    /// Priority.
    pub priority: Option<u8>,
    /// Time to live in milliseconds, as text, as AMQP has it.
    pub expiration: Option<Arc<str>>,
    /// Headers in the order they were written; absent is different from empty.
    pub headers: Option<Vec<(Arc<str>, Value)>>,
    /// MIME type.
    pub content_type: Option<Arc<str>>,
    /// MIME encoding.
    pub content_encoding: Option<Arc<str>>,
    /// Seconds since 1970.
    pub timestamp: Option<u64>,
    /// The application's word for the kind of message.
    pub kind: Option<Arc<str>>,
    /// The user who published, checked by the broker.
    pub user_id: Option<Arc<str>>,
    /// The application.
    pub app_id: Option<Arc<str>>,
    /// Deprecated, kept unchanged.
    pub cluster_id: Option<Arc<str>>,
}

impl Props {
    /// Whether the message asks to survive a restart.
    pub fn persistent(&self) -> bool {
        self.delivery_mode == Some(2)
    }
    /// The header with this key.
    pub fn header(&self, key: &str) -> Option<&Value> {
        self.headers.as_ref()?.iter().find(|(k, _)| &**k == key).map(|(_, v)| v)
    }
    /// Mixes them into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        let Props {
            delivery_mode,
            priority,
            expiration,
            headers,
            content_type,
            content_encoding,
            timestamp,
            kind,
            user_id,
            app_id,
            cluster_id,
        } = self;
        digest.word(delivery_mode.map_or(0, |m| 1 + u64::from(m)));
        digest.word(priority.map_or(0, |p| 1 + u64::from(p)));
        digest.word(timestamp.map_or(0, |t| 1 + t));
        for text in [expiration, content_type, content_encoding, kind, user_id, app_id, cluster_id] {
            match text {
                Some(text) => digest.text(text),
                None => digest.word(u64::MAX),
            }
        }
        match headers {
            Some(rows) => {
                digest.word(1 + rows.len() as u64);
                for (key, value) in rows {
                    digest.text(key);
                    value.digest(digest);
                }
            }
            None => digest.word(0),
        }
    }
}

/// The properties of a message, shared by its copies. A message without any, which is the common one, costs nothing
/// to copy.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct SharedProps(Option<Arc<Props>>);

impl From<Props> for SharedProps {
    fn from(props: Props) -> Self {
        SharedProps((props != NO_PROPS).then(|| Arc::new(props)))
    }
}

impl std::ops::Deref for SharedProps {
    type Target = Props;
    #[inline]
    fn deref(&self) -> &Props {
        self.0.as_deref().unwrap_or(&NO_PROPS)
    }
}

impl SharedProps {
    /// Whether both are one and the same value, not only equal ones.
    pub fn is(&self, other: &SharedProps) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        }
    }
}

static NO_PROPS: Props = Props {
    delivery_mode: None,
    priority: None,
    expiration: None,
    headers: None,
    content_type: None,
    content_encoding: None,
    timestamp: None,
    kind: None,
    user_id: None,
    app_id: None,
    cluster_id: None,
};

impl super::Message {
    /// Mixes it into a digest.
    pub fn digest(&self, names: &Names, digest: &mut Digest) {
        for name in [self.id, self.reply_to, self.correlation] {
            names.digest(name, digest);
        }
        digest.word(u64::from(self.size));
        self.props.digest(digest);
    }
    /// A message with an id and nothing else.
    pub fn plain(id: Name, size: u32) -> Self {
        super::Message { id, size, reply_to: Name::NONE, correlation: Name::NONE, props: SharedProps::default() }
    }
}
