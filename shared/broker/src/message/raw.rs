//! A message that is moved or kept without being understood: set apart, made to wait, parked, taken up again.

use std::borrow::Cow;

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, MAX_SHORT_STRING_LENGTH, ShortString};
use serde_json::{Map, Value};

use super::{ATTEMPTS, PERSISTENT, Wire};
use crate::fields::{number, text, to_json};

/// A message with its own headers, and without those that brokers add on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct RawMessage {
    /// Who it is: the event's id, or what the job is about.
    pub id: Option<String>,
    /// Its type and version: `delivery.v1`.
    pub kind: Option<String>,
    /// What the body is.
    pub content_type: Option<String>,
    /// Text, whole numbers and booleans. Others are shown, but not published again: ours have none.
    pub headers: Map<String, Value>,
    /// The untouched bytes.
    pub body: Vec<u8>,
}

impl RawMessage {
    pub(crate) fn new(properties: &BasicProperties, body: Vec<u8>) -> Self {
        let own = |text: &Option<ShortString>| text.as_ref().map(ToString::to_string);
        let headers = properties.headers().iter().flat_map(FieldTable::inner);
        let headers = headers.filter(|(key, _)| !is_brokers_own(key.as_str()));
        Self {
            id: own(properties.message_id()),
            kind: own(properties.kind()),
            content_type: own(properties.content_type()),
            headers: headers.map(|(key, value)| (key.to_string(), to_json(value))).collect(),
            body,
        }
    }

    /// The same message with another number of failed attempts: one more to make it wait, none to begin anew.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.headers.insert(ATTEMPTS.to_owned(), attempts.into());
        self
    }

    pub(super) fn encode(&self) -> Wire<'_> {
        let mut headers = FieldTable::default();
        for (key, value) in &self.headers {
            if let (Ok(key), Some(value)) = (ShortString::try_new(key.as_str()), header(value)) {
                headers.insert(key, value);
            }
        }
        let mut properties = BasicProperties::default().with_delivery_mode(PERSISTENT).with_headers(headers);
        if let Some(id) = short(self.id.as_ref()) {
            properties = properties.with_message_id(id);
        }
        if let Some(kind) = short(self.kind.as_ref()) {
            properties = properties.with_type(kind);
        }
        if let Some(content_type) = short(self.content_type.as_ref()) {
            properties = properties.with_content_type(content_type);
        }
        Wire { properties, body: Cow::Borrowed(&self.body) }
    }
}

/// What RabbitMQ adds when it delivers or dead-letters. Published again it would tell of another message's life.
fn is_brokers_own(key: &str) -> bool {
    let names = ["x-death", "x-delivery-count", "x-acquired-count", "x-opt-delivery-failed"];
    names.contains(&key) || key.starts_with("x-first-death-") || key.starts_with("x-last-death-")
}

fn header(value: &Value) -> Option<AMQPValue> {
    match value {
        Value::String(value) => Some(text(value)),
        Value::Bool(value) => Some(AMQPValue::Boolean(*value)),
        Value::Number(value) => value.as_i64().map(number),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// AMQP's own fields are short. What came from AMQP fits.
fn short(text: Option<&String>) -> Option<ShortString> {
    text.filter(|text| text.len() <= MAX_SHORT_STRING_LENGTH).map(|text| text.as_str().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{DeliveryV1, Source};
    use chrono::DateTime;

    fn wire_of(delivery: &DeliveryV1) -> (BasicProperties, Vec<u8>) {
        let wire = crate::message::Message::from(delivery).encode();
        (wire.properties, wire.body.into_owned())
    }

    fn delivery() -> DeliveryV1 {
        DeliveryV1::new("e-1".to_owned(), DateTime::UNIX_EPOCH, Source::Webhook, b"{}".to_vec())
    }

    #[test]
    fn a_copy_is_the_same_message_with_one_attempt_more() {
        let (properties, body) = wire_of(&delivery());
        let copy = RawMessage::new(&properties, body).with_attempts(3);
        let wire = copy.encode();
        let read = DeliveryV1::decode(&wire.properties, wire.body.into_owned()).unwrap();
        assert_eq!(read, DeliveryV1 { attempts: 3, ..delivery() });
    }

    #[test]
    fn what_the_broker_wrote_is_not_published_again() {
        let (properties, body) = wire_of(&delivery());
        let mut headers = properties.headers().clone().unwrap();
        for key in ["x-death", "x-first-death-queue", "x-last-death-reason", "x-delivery-count"] {
            headers.insert(key.into(), number(1_u32));
        }
        let copy = RawMessage::new(&properties.clone().with_headers(headers), body);
        assert_eq!(copy.encode().properties, properties);
    }
}
