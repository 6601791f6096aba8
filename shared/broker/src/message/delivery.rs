//! A delivery on its way from the door to a worker: the untouched bytes, and beside them what the door knew.

use std::borrow::Cow;

use chrono::{DateTime, SubsecRound, Utc};
use lapin::BasicProperties;
use lapin::types::{FieldTable, MAX_SHORT_STRING_LENGTH};

use super::{ATTEMPTS, MessageError, TraceContext, Wire, attempts, is_type, properties};
use crate::fields::{get_number, get_text, number, table, text};

/// One webhook or one poll answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryV1 {
    /// What duplicates are recognised by: the event's own id, or one that was made from the body.
    pub event_id: String,
    /// When it came in, in whole milliseconds: finer parts are lost on the way.
    pub received_at: DateTime<Utc>,
    /// What brought it.
    pub source: Source,
    /// How often handling it failed before; it then waited. Not how often it was delivered: a crash is no attempt.
    pub attempts: u32,
    /// The bytes as they came in: what a signature covers, and what is stored.
    pub body: Vec<u8>,
    /// The trace in which it came in.
    pub trace: TraceContext,
}

/// What brought a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// Smartcar sent it.
    Webhook,
    /// We asked Smartcar, by schedule.
    Poll,
    /// We asked Smartcar because a person pressed *Sync now*.
    Manual,
}

const TYPE: &str = "delivery.v1";
const RECEIVED_AT: &str = "x-received-at";
const SOURCE: &str = "x-source";
/// Only for an id that does not fit into AMQP's own field.
const EVENT_ID: &str = "x-event-id";

impl DeliveryV1 {
    /// A delivery that nobody tried to handle yet, in the trace of the caller.
    pub fn new(event_id: String, received_at: DateTime<Utc>, source: Source, body: Vec<u8>) -> Self {
        let received_at = received_at.trunc_subsecs(3);
        Self { event_id, received_at, source, attempts: 0, body, trace: TraceContext::current() }
    }

    pub(super) fn encode(&self) -> Wire<'_> {
        let mut headers = table([
            (RECEIVED_AT, number(self.received_at.timestamp_millis())),
            (SOURCE, text(self.source.name())),
            (ATTEMPTS, number(self.attempts)),
        ]);
        self.trace.write(&mut headers);
        let properties = properties(TYPE).with_content_type("application/json".into());
        let properties = if self.event_id.len() <= MAX_SHORT_STRING_LENGTH {
            properties.with_message_id(self.event_id.as_str().into())
        } else {
            headers.insert(EVENT_ID.into(), text(&self.event_id));
            properties
        };
        Wire { properties: properties.with_headers(headers), body: Cow::Borrowed(&self.body) }
    }

    pub(crate) fn decode(properties: &BasicProperties, body: Vec<u8>) -> Result<Self, MessageError> {
        is_type(properties, TYPE)?;
        let none = FieldTable::default();
        let headers = properties.headers().as_ref().unwrap_or(&none);
        let event_id = match properties.message_id() {
            Some(id) => id.as_str(),
            None => get_text(headers, EVENT_ID).ok_or(MessageError::NoId)?,
        };
        Ok(Self {
            event_id: event_id.to_owned(),
            received_at: get_number(headers, RECEIVED_AT)
                .and_then(DateTime::from_timestamp_millis)
                .ok_or(MessageError::Header(RECEIVED_AT))?,
            source: get_text(headers, SOURCE).and_then(Source::find).ok_or(MessageError::Header(SOURCE))?,
            attempts: attempts(properties),
            trace: TraceContext::read(headers),
            body,
        })
    }
}

impl Source {
    /// Its name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Poll => "poll",
            Self::Manual => "manual",
        }
    }

    /// The source of this name.
    pub fn find(name: &str) -> Option<Self> {
        [Self::Webhook, Self::Poll, Self::Manual].into_iter().find(|source| source.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lapin::types::{AMQPValue, ShortString};

    fn delivery() -> DeliveryV1 {
        let received_at = DateTime::from_timestamp_micros(1_777_000_000_123_456).unwrap();
        DeliveryV1::new("e-1".to_owned(), received_at, Source::Manual, br#"{ "a" : 1 }"#.to_vec())
    }

    fn through_the_wire(delivery: &DeliveryV1) -> Result<DeliveryV1, MessageError> {
        let wire = delivery.encode();
        DeliveryV1::decode(&wire.properties, wire.body.into_owned())
    }

    #[test]
    fn what_is_published_is_what_is_consumed() {
        for source in [Source::Webhook, Source::Poll, Source::Manual] {
            let delivery = DeliveryV1 { source, attempts: 4, ..delivery() };
            assert_eq!(through_the_wire(&delivery).unwrap(), delivery);
        }
    }

    #[test]
    fn the_body_is_not_touched_even_if_it_is_no_text() {
        let delivery = DeliveryV1 { body: vec![0, 255, b'{', 128], ..delivery() };
        assert_eq!(through_the_wire(&delivery).unwrap().body, [0, 255, b'{', 128]);
    }

    #[test]
    fn an_id_of_any_length_survives() {
        for length in [0, 1, 255, 256, 5_000] {
            let delivery = DeliveryV1 { event_id: "x".repeat(length), ..delivery() };
            assert_eq!(through_the_wire(&delivery).unwrap().event_id.len(), length);
        }
    }

    /// Never edit these literals: they are what old queues hold.
    #[test]
    fn a_delivery_of_the_first_day_is_still_readable() {
        let mut headers = FieldTable::default();
        headers.insert("x-received-at".into(), AMQPValue::LongLongInt(1_777_000_000_123));
        headers.insert("x-source".into(), AMQPValue::LongString("webhook".into()));
        headers.insert("x-attempts".into(), AMQPValue::LongLongInt(2));
        headers.insert(
            "traceparent".into(),
            AMQPValue::LongString("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
        );
        let properties = BasicProperties::default()
            .with_type("delivery.v1".into())
            .with_content_type("application/json".into())
            .with_message_id("54e2e1a8-37ce-4988-8925-50963662792c".into())
            .with_delivery_mode(2)
            .with_headers(headers);

        let read = DeliveryV1::decode(&properties, b"{}".to_vec()).unwrap();

        assert_eq!(read.event_id, "54e2e1a8-37ce-4988-8925-50963662792c");
        assert_eq!(read.received_at.to_rfc3339(), "2026-04-24T03:06:40.123+00:00");
        assert_eq!((read.source, read.attempts, read.body.as_slice()), (Source::Webhook, 2, &b"{}"[..]));
        assert!(read.trace != TraceContext::default());
        // And what is written today is what that day wrote.
        assert_eq!(read.encode().properties, properties);
    }

    #[test]
    fn what_is_missing_or_means_nothing_is_named() {
        let whole = delivery().encode().properties;
        let headers = whole.headers().clone().unwrap();
        let without = |gone: &str| {
            let rest = headers.inner().iter().filter(|(key, _)| key.as_str() != gone);
            let rest = rest
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect::<std::collections::BTreeMap<_, _>>();
            whole.clone().with_headers(rest.into())
        };
        let mut strange = headers.clone();
        strange.insert(SOURCE.into(), text("pigeon"));
        let mut mad = headers.clone();
        mad.insert(RECEIVED_AT.into(), number(i64::MAX));
        for (properties, words) in [
            (without(SOURCE), "cannot read the message's header `x-source`"),
            (without(RECEIVED_AT), "cannot read the message's header `x-received-at`"),
            (whole.clone().with_headers(strange), "cannot read the message's header `x-source`"),
            (whole.clone().with_headers(mad), "cannot read the message's header `x-received-at`"),
            (
                whole.clone().with_type("delivery.v9".into()),
                "cannot read a message of type \"delivery.v9\", expected `delivery.v1`",
            ),
            (BasicProperties::default(), "cannot read a message of type \"\", expected `delivery.v1`"),
            (BasicProperties::default().with_type(ShortString::from(TYPE)), "the message has no id"),
        ] {
            assert_eq!(DeliveryV1::decode(&properties, Vec::new()).unwrap_err().to_string(), words);
        }
    }

    #[test]
    fn attempts_that_nobody_could_have_made_are_bounded() {
        for (written, read) in [(-3, 0), (i64::MAX, u32::MAX), (7, 7)] {
            let delivery = delivery();
            let wire = delivery.encode();
            let mut headers = wire.properties.headers().clone().unwrap();
            headers.insert(ATTEMPTS.into(), number(written));
            let properties = wire.properties.with_headers(headers);
            assert_eq!(DeliveryV1::decode(&properties, Vec::new()).unwrap().attempts, read);
        }
    }
}
