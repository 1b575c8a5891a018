//! Tables of arguments and headers as they are written in a scenario or a recording: `{"x-message-ttl": 1000}`.
//!
//! Untyped numbers are 32-bit integers (64-bit where they do not fit), fractions are doubles, texts are long strings,
//! no value is void; `{"$type": "s", "value": 1}` has the protocol's field type `s`.

use super::Value;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// A table, in the order in which it was written.
pub type Rows = Vec<(Arc<str>, Value)>;

/// A table as it is written.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Arguments(pub Rows);

/// A value as it is written.
#[derive(Clone, PartialEq, Debug)]
pub struct Literal(pub Value);

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Literal)
    }
}

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Table).map(Arguments)
    }
}

/// Reads a table, in the order in which it is written.
struct Table;

impl<'de> Visitor<'de> for Table {
    type Value = Rows;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table such as {\"x-message-ttl\": 1000}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rows, A::Error> {
        let mut rows: Rows = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if rows.iter().any(|(known, _)| **known == *key) {
                return Err(A::Error::custom(format_args!("key \"{key}\" stands twice in a table")));
            }
            rows.push((key.into(), map.next_value::<Literal>()?.0));
        }
        Ok(rows)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, number, boolean, list or table")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::int(value))
    }
    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        i64::try_from(value)
            .map(Value::int)
            .map_err(|_| E::custom("a number that 64 bits with a sign can hold is needed"))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Double(value.to_bits()))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::text(value))
    }
    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Void)
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Void)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(Reader)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Literal(value)) = seq.next_element()? {
            values.push(value);
        }
        Ok(Value::List(values))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        let rows = Table.visit_map(map)?;
        match typed(&rows) {
            None => Ok(Value::Table(rows)),
            Some(Ok(value)) => Ok(value),
            Some(Err(message)) => Err(A::Error::custom(message)),
        }
    }
}

/// The value of a table that says `$type` and `value`; `None` for any other table.
fn typed(rows: &Rows) -> Option<Result<Value, &'static str>> {
    let [(first, Value::Text(kind)), (second, value)] = &rows[..] else { return None };
    if &**first != "$type" || &**second != "value" {
        return None;
    }
    let wide = |bits| match value {
        Value::Int { value, .. } => Ok(Value::Int { bits, value: *value }),
        _ => Err("this $type needs a whole number"),
    };
    Some(match (&**kind, value) {
        ("b" | "B", _) => wide(8),
        ("s" | "u", _) => wide(16),
        ("I" | "i", _) => wide(32),
        ("l" | "L", _) => wide(64),
        ("T", Value::Int { value, .. }) => {
            u64::try_from(*value).map(Value::Timestamp).map_err(|_| "a time is not negative")
        }
        ("x", Value::Text(text)) => Ok(Value::Bytes(text.as_bytes().into())),
        ("d" | "f", Value::Double(_))
        | ("t", Value::Bool(_))
        | ("S", Value::Text(_))
        | ("V", Value::Void)
        | ("A", Value::List(_))
        | ("F", Value::Table(_)) => Ok(value.clone()),
        _ => {
            Err("unknown $type, or its value does not fit; known: b, s, I, l (whole numbers), T (seconds), x (bytes), \
                  d, t, S, V, A, F")
        }
    })
}

impl Serialize for Arguments {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        rows(&self.0, serializer)
    }
}

fn rows<S: Serializer>(table: &[(Arc<str>, Value)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(table.len()))?;
    for (key, value) in table {
        map.serialize_entry(&**key, &Literal(value.clone()))?;
    }
    map.end()
}

fn with_type<S: Serializer>(kind: &str, value: &impl Serialize, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("$type", kind)?;
    map.serialize_entry("value", value)?;
    map.end()
}

impl Serialize for Literal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Value::Void => serializer.serialize_none(),
            Value::Bool(b) => serializer.serialize_bool(*b),
            plain @ Value::Int { value, .. } if *plain == Value::int(*value) => serializer.serialize_i64(*value),
            Value::Int { bits: 8, value } => with_type("b", value, serializer),
            Value::Int { bits: 16, value } => with_type("s", value, serializer),
            Value::Int { bits: 32, value } => with_type("I", value, serializer),
            Value::Int { value, .. } => with_type("l", value, serializer),
            Value::Double(bits) => serializer.serialize_f64(f64::from_bits(*bits)),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Bytes(bytes) => with_type("x", &String::from_utf8_lossy(bytes), serializer),
            Value::Timestamp(secs) => with_type("T", secs, serializer),
            Value::List(values) => {
                let mut seq = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    seq.serialize_element(&Literal(value.clone()))?;
                }
                seq.end()
            }
            Value::Table(table) => rows(table, serializer),
        }
    }
}
