//! The words of recordings: every method that a client can send, with its fields and their types.
//!
//! Not what they do; the table only tells a right step from a wrong one.

use crate::machine::{Did, Rows, Unfit, Value};

/// What a field holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Holds {
    Text,
    Flag,
    /// A number from 0 to this one.
    Number(i64),
    Table,
    /// The properties of a message.
    Props,
    /// A text or bytes.
    Body,
    /// Anything; it makes no difference.
    Ignored,
}

use Holds::{Body, Flag, Ignored, Number, Props, Table, Text};

const SHORT: Holds = Number(u16::MAX as i64);
const LONG: Holds = Number(u32::MAX as i64);
const TAG: Holds = Number(i64::MAX);
const NOWAIT: (&str, Holds) = ("nowait", Flag);
const ARGUMENTS: (&str, Holds) = ("arguments", Table);
const CLOSE: &[(&str, Holds)] =
    &[("reply_code", SHORT), ("reply_text", Text), ("class_id", SHORT), ("method_id", SHORT)];

/// Each method with its fields. A `ticket` is taken everywhere: it is a field that the protocol no longer uses.
#[rustfmt::skip]
pub(super) const METHODS: &[(&str, &[(&str, Holds)])] = &[
    ("connect", &[
        ("user", Text), ("password", Ignored), ("vhost", Text), ("heartbeat", SHORT), ("frame_max", LONG),
        ("channel_max", SHORT), ("caps", Table), ("client_properties", Table), ("mechanism", Text), ("locale", Ignored),
    ]),
    ("tcp.abort", &[]),
    ("wait", &[]),
    ("start", &[]),
    ("heartbeat", &[]),
    ("connection.close", CLOSE),
    ("channel.open", &[("out_of_band", Ignored)]),
    ("channel.close", CLOSE),
    ("channel.flow", &[("active", Flag)]),
    ("channel.flow-ok", &[("active", Flag)]),
    ("exchange.declare", &[
        ("exchange", Text), ("type", Text), ("passive", Flag), ("durable", Flag), ("auto_delete", Flag),
        ("internal", Flag), NOWAIT, ARGUMENTS,
    ]),
    ("exchange.delete", &[("exchange", Text), ("if_unused", Flag), NOWAIT]),
    ("exchange.bind", &[("destination", Text), ("source", Text), ("routing_key", Text), NOWAIT, ARGUMENTS]),
    ("exchange.unbind", &[("destination", Text), ("source", Text), ("routing_key", Text), NOWAIT, ARGUMENTS]),
    ("queue.declare", &[
        ("queue", Text), ("passive", Flag), ("durable", Flag), ("exclusive", Flag), ("auto_delete", Flag), NOWAIT,
        ARGUMENTS,
    ]),
    ("queue.bind", &[("queue", Text), ("exchange", Text), ("routing_key", Text), NOWAIT, ARGUMENTS]),
    ("queue.unbind", &[("queue", Text), ("exchange", Text), ("routing_key", Text), ARGUMENTS]),
    ("queue.purge", &[("queue", Text), NOWAIT]),
    ("queue.delete", &[("queue", Text), ("if_unused", Flag), ("if_empty", Flag), NOWAIT]),
    ("basic.qos", &[("prefetch_size", LONG), ("prefetch_count", SHORT), ("global", Flag), ("global_qos", Flag)]),
    ("basic.consume", &[
        ("queue", Text), ("consumer_tag", Text), ("no_local", Flag), ("no_ack", Flag), ("exclusive", Flag), NOWAIT,
        ARGUMENTS,
    ]),
    ("basic.cancel", &[("consumer_tag", Text), NOWAIT]),
    ("basic.cancel-ok", &[("consumer_tag", Text)]),
    ("basic.publish", &[
        ("exchange", Text), ("routing_key", Text), ("mandatory", Flag), ("immediate", Flag), ("props", Props),
        ("body", Body),
    ]),
    ("basic.get", &[("queue", Text), ("no_ack", Flag)]),
    ("basic.ack", &[("delivery_tag", TAG), ("multiple", Flag)]),
    ("basic.nack", &[("delivery_tag", TAG), ("multiple", Flag), ("requeue", Flag)]),
    ("basic.reject", &[("delivery_tag", TAG), ("requeue", Flag)]),
    ("basic.recover", &[("requeue", Flag)]),
    ("basic.recover-async", &[("requeue", Flag)]),
    ("confirm.select", &[NOWAIT]),
    ("tx.select", &[]),
    ("tx.commit", &[]),
    ("tx.rollback", &[]),
];

/// Methods of the protocol that no step can be here.
const NOT_MODELLED: [&str; 8] = [
    "access.request",
    "connection.update-secret",
    "connection.start-ok",
    "connection.secure-ok",
    "connection.tune-ok",
    "connection.open",
    "connection.close-ok",
    "channel.close-ok",
];

/// The properties of a message.
pub(super) const PROPERTIES: &[(&str, Holds)] = &[
    ("content_type", Text),
    ("content_encoding", Text),
    ("headers", Table),
    ("delivery_mode", Number(u8::MAX as i64)),
    ("priority", Number(u8::MAX as i64)),
    ("correlation_id", Text),
    ("reply_to", Text),
    ("expiration", Text),
    ("message_id", Text),
    ("timestamp", TAG),
    ("type", Text),
    ("user_id", Text),
    ("app_id", Text),
    ("cluster_id", Text),
];

/// Whether a step is one of the table's, with fields of the right types.
pub(super) fn check(step: &Did) -> Result<(), Unfit> {
    let Some((_, fields)) = METHODS.iter().find(|(name, _)| *name == step.what) else {
        if NOT_MODELLED.contains(&&*step.what) {
            return Err(Unfit(format!("the method {} is not modelled", step.what)));
        }
        return Err(Unfit(format!("`{}` is no method that a client can send", step.what)));
    };
    // These two send nothing: their fields are for people.
    if ["wait", "start"].contains(&&*step.what) {
        return Ok(());
    }
    rows(&step.args, fields).map_err(|why| Unfit(format!("{}: {why}", step.what)))?;
    let on_connection = step.what.starts_with("conn") || ["tcp.abort", "heartbeat"].contains(&&*step.what);
    if on_connection && step.channel != 0 {
        return Err(Unfit(format!("{} belongs on channel 0", step.what)));
    }
    Ok(())
}

fn rows(rows: &Rows, fields: &[(&str, Holds)]) -> Result<(), String> {
    for (key, value) in rows {
        let Some((_, holds)) =
            fields.iter().find(|(name, _)| *name == &**key).or(TICKET.iter().find(|t| t.0 == &**key))
        else {
            let known: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
            let known =
                if known.is_empty() { "it has none".to_owned() } else { format!("known: {}", known.join(", ")) };
            return Err(format!("there is no field `{key}` ({known})"));
        };
        holds.check(value).map_err(|why| format!("`{key}` {why}"))?;
    }
    Ok(())
}

const TICKET: [(&str, Holds); 1] = [("ticket", Ignored)];

impl Holds {
    fn check(self, value: &Value) -> Result<(), String> {
        match (self, value) {
            (Text | Body, Value::Text(_))
            | (Body, Value::Bytes(_))
            | (Flag, Value::Bool(_))
            | (Table, Value::Table(_) | Value::Void)
            | (Ignored, _) => Ok(()),
            (Number(most), Value::Int { value, .. }) if (0..=most).contains(value) => Ok(()),
            (Number(_), Value::Timestamp(_)) => Ok(()),
            (Props, Value::Table(table)) => rows(table, PROPERTIES),
            (Text, _) => Err("needs a text".into()),
            (Body, _) => Err("needs a text or bytes".into()),
            (Flag, _) => Err("needs true or false".into()),
            (Number(most), _) => Err(format!("needs a whole number from 0 to {most}")),
            (Table | Props, _) => Err("needs a table".into()),
        }
    }
}
