//! A message as it came out of a queue.

use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable};
use serde_json::{Map, Value};

use crate::fields::{get_number, get_text, to_json};
use crate::message::{DeliveryV1, JobV1, MessageError, RawMessage, TraceContext, attempts};
use crate::queue::Queue;
use crate::settler::Tag;

/// A message that is in our hands until it is acknowledged, rejected or parked.
#[derive(Debug)]
pub struct Incoming {
    /// What to settle it by.
    pub tag: Tag,
    /// Where it came out.
    pub queue: Queue,
    /// Whether the broker gave it to somebody before. It may be what killed that one.
    pub redelivered: bool,
    /// How often it came back to the broker, by the broker's count: a lost connection counts for all that was held.
    /// RabbitMQ says so only when it is not the first time.
    pub broker_deliveries: Option<u32>,
    /// Where it died last: of a parked message the reason, of one that waited its wait.
    pub death: Option<Death>,
    /// The key with which it was published.
    pub routing_key: String,
    /// The untouched bytes.
    pub body: Vec<u8>,
    properties: BasicProperties,
}

/// The broker's note on a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// The full name of the queue in which it died; [`crate::Topology::find`] knows ours.
    pub queue: String,
    /// `rejected`, `expired`, `delivery_limit` or `maxlen`.
    pub reason: String,
    /// How often it died there of that.
    pub count: u32,
}

impl Incoming {
    pub(crate) fn new(tag: Tag, queue: Queue, delivery: Delivery) -> Self {
        let properties = delivery.properties;
        let headers = properties.headers().as_ref();
        let count = headers.and_then(|headers| get_number(headers, "x-delivery-count"));
        Self {
            tag,
            queue,
            redelivered: delivery.redelivered,
            broker_deliveries: count.and_then(|count| u32::try_from(count).ok()),
            death: headers.and_then(Death::read),
            routing_key: delivery.routing_key.into(),
            body: delivery.data,
            properties,
        }
    }

    /// Reads it as a delivery.
    pub fn delivery(&self) -> Result<DeliveryV1, MessageError> {
        DeliveryV1::decode(&self.properties, self.body.clone())
    }

    /// Reads it as a job.
    pub fn job(&self) -> Result<JobV1, MessageError> {
        JobV1::decode(&self.properties, &self.body)
    }

    /// How often handling it failed before. Not how often it was delivered.
    pub fn attempts(&self) -> u32 {
        attempts(&self.properties)
    }

    /// The trace in which it was published.
    pub fn trace(&self) -> TraceContext {
        self.properties.headers().as_ref().map(TraceContext::read).unwrap_or_default()
    }

    /// All headers, also the broker's, as a person reads them.
    pub fn headers(&self) -> Map<String, Value> {
        let headers = self.properties.headers().iter().flat_map(FieldTable::inner);
        headers.map(|(key, value)| (key.to_string(), to_json(value))).collect()
    }

    /// The message itself, without its life at the broker: to publish it again, or to keep it.
    pub fn copy(&self) -> RawMessage {
        RawMessage::new(&self.properties, self.body.clone())
    }
}

impl Death {
    /// The first of the list is the latest.
    fn read(headers: &FieldTable) -> Option<Self> {
        let Some(AMQPValue::FieldArray(deaths)) = headers.inner().get("x-death") else {
            return None;
        };
        let Some(AMQPValue::FieldTable(latest)) = deaths.as_slice().first() else {
            return None;
        };
        Some(Self {
            queue: get_text(latest, "queue")?.to_owned(),
            reason: get_text(latest, "reason")?.to_owned(),
            count: get_number(latest, "count").and_then(|count| u32::try_from(count).ok()).unwrap_or(1),
        })
    }
}
