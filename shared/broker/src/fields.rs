//! AMQP's tables of fields: the arguments of queues and the headers of messages.

use lapin::types::{AMQPValue, FieldTable, ShortString};

/// A table from its entries.
pub(crate) fn table(entries: impl IntoIterator<Item = (&'static str, AMQPValue)>) -> FieldTable {
    let mut table = FieldTable::default();
    for (key, value) in entries {
        table.insert(key.into(), value);
    }
    table
}

pub(crate) fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

pub(crate) fn number(value: impl Into<i64>) -> AMQPValue {
    AMQPValue::LongLongInt(value.into())
}

/// The text under this key, if there is one and it is UTF-8.
pub(crate) fn get_text<'a>(table: &'a FieldTable, key: &str) -> Option<&'a str> {
    table.inner().get(key).and_then(as_text)
}

/// The number under this key. Clients and brokers choose the width as they like.
pub(crate) fn get_number(table: &FieldTable, key: &str) -> Option<i64> {
    table.inner().get(key).and_then(as_number)
}

fn as_text(value: &AMQPValue) -> Option<&str> {
    match value {
        AMQPValue::LongString(text) => str::from_utf8(text.as_bytes()).ok(),
        AMQPValue::ShortString(text) => Some(ShortString::as_str(text)),
        _ => None,
    }
}

fn as_number(value: &AMQPValue) -> Option<i64> {
    match value {
        AMQPValue::ShortShortInt(number) => Some((*number).into()),
        AMQPValue::ShortShortUInt(number) => Some((*number).into()),
        AMQPValue::ShortInt(number) => Some((*number).into()),
        AMQPValue::ShortUInt(number) => Some((*number).into()),
        AMQPValue::LongInt(number) => Some((*number).into()),
        AMQPValue::LongUInt(number) => Some((*number).into()),
        AMQPValue::LongLongInt(number) => Some(*number),
        AMQPValue::Timestamp(number) => i64::try_from(*number).ok(),
        _ => None,
    }
}

/// As JSON, for a person to look at. Bytes that are not UTF-8 are replaced.
pub(crate) fn to_json(value: &AMQPValue) -> serde_json::Value {
    match value {
        AMQPValue::Boolean(value) => (*value).into(),
        AMQPValue::Float(value) => f64::from(*value).into(),
        AMQPValue::Double(value) => (*value).into(),
        AMQPValue::LongString(text) => text.to_string().into(),
        AMQPValue::ByteArray(bytes) => String::from_utf8_lossy(bytes.as_slice()).into(),
        AMQPValue::FieldArray(values) => values.as_slice().iter().map(to_json).collect(),
        AMQPValue::FieldTable(table) => {
            table.inner().iter().map(|(key, value)| (key.to_string(), to_json(value))).collect()
        }
        other => as_number(other)
            .map(Into::into)
            .or_else(|| as_text(other).map(Into::into))
            .unwrap_or(serde_json::Value::Null),
    }
}
