//! Properties and bodies of messages between recordings and the model.
//!
//! The model carries no bodies: a message has one name and a size. Here the name holds the recording's body and message
//! id together, so that both come back out.

use super::methods::Fields;
use crate::ids::{Name, Names};
use crate::machine::{Message, Props, Rows, Value};
use std::sync::Arc;

/// The message of a publish.
pub(super) fn message(args: &Fields<'_>, names: &mut Names) -> Message {
    let none = Rows::new();
    let props = Fields(args.table("props").unwrap_or(&none));
    let body = match args.value("body") {
        Some(Value::Text(text)) => text.to_string(),
        Some(Value::Bytes(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    };
    let text = |key| props.text(key).map(Arc::from);
    let octet = |key| props.number(key).and_then(|n| u8::try_from(n).ok());
    let kept = Props {
        delivery_mode: octet("delivery_mode"),
        priority: octet("priority"),
        expiration: text("expiration"),
        headers: props.table("headers").cloned(),
        content_type: text("content_type"),
        content_encoding: text("content_encoding"),
        timestamp: props.number("timestamp").and_then(|n| u64::try_from(n).ok()),
        kind: text("type"),
        user_id: text("user_id"),
        app_id: text("app_id"),
        cluster_id: text("cluster_id"),
    };
    let mut name = |key| props.text(key).map_or(Name::NONE, |text| names.intern(text));
    let (reply_to, correlation) = (name("reply_to"), name("correlation_id"));
    let size = u32::try_from(body.len()).unwrap_or(u32::MAX);
    Message {
        id: names.intern(&pack(props.text("message_id"), &body)),
        size,
        reply_to,
        correlation,
        props: kept.into(),
    }
}

/// Body and message id in one text: the id's length (or nothing), a colon, the id, the body.
fn pack(id: Option<&str>, body: &str) -> String {
    match id {
        Some(id) => format!("{}:{id}{body}", id.len()),
        None => format!(":{body}"),
    }
}

/// Message id and body of a packed text.
fn unpack(text: &str) -> (Option<&str>, &str) {
    let Some((length, rest)) = text.split_once(':') else { return (None, text) };
    match length.parse() {
        Ok(length) if rest.is_char_boundary(length) => (Some(&rest[..length]), &rest[length..]),
        _ => (None, rest),
    }
}

/// The fields `props` and `body` of a message.
pub(super) fn content(message: &Message, names: &Names) -> Rows {
    let packed = names.text(message.id);
    let (id, body) = unpack(&packed);
    let mut rows = Rows::new();
    let mut put = |key: &str, value: Option<Value>| rows.extend(value.map(|value| (Arc::from(key), value)));
    let text = |text: &Option<Arc<str>>| text.clone().map(Value::Text);
    let name = |name: Name| name.is_some().then(|| Value::text(&names.text(name)));
    let octet = |octet: Option<u8>| octet.map(|n| Value::int(i64::from(n)));
    let props = &*message.props;
    put("content_type", text(&props.content_type));
    put("content_encoding", text(&props.content_encoding));
    put("headers", props.headers.clone().map(Value::Table));
    put("delivery_mode", octet(props.delivery_mode));
    put("priority", octet(props.priority));
    put("correlation_id", name(message.correlation));
    put("reply_to", name(message.reply_to));
    put("expiration", text(&props.expiration));
    put("message_id", id.map(Value::text));
    put("timestamp", props.timestamp.map(|secs| Value::int(i64::try_from(secs).unwrap_or(i64::MAX))));
    put("type", text(&props.kind));
    put("user_id", text(&props.user_id));
    put("app_id", text(&props.app_id));
    put("cluster_id", text(&props.cluster_id));
    vec![("props".into(), Value::Table(rows)), ("body".into(), Value::text(body))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_and_message_id_come_back_out() {
        for (id, body) in [(None, ""), (None, "3:abc"), (Some(""), ":x"), (Some("id-1"), "m007"), (Some("é"), "é")] {
            assert_eq!(unpack(&pack(id, body)), (id, body));
        }
    }
}
