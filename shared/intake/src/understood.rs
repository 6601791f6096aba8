//! A delivery as it came from the queue, beside what it says.

use broker::Incoming;
use broker::message::{DeliveryV1, MessageError};
use chrono::{DateTime, Utc};
use serde_json::json;
use smartcar::webhook::{self, Undecodable};
use store::parked::ParkedMessage;

/// A delivery and what it says, or why nobody can say. Decoding one never disturbs its neighbours.
#[derive(Debug)]
pub struct Understood {
    pub delivery: DeliveryV1,
    pub said: Result<webhook::Delivery, Undecodable>,
}

impl Understood {
    pub fn read(message: &Incoming) -> Result<Self, MessageError> {
        Ok(Self::of(message.delivery()?))
    }

    pub fn of(delivery: DeliveryV1) -> Self {
        let said = webhook::decode(&delivery.body, delivery.received_at);
        Self { delivery, said }
    }
}

/// A delivery as a person will find it.
pub fn parked_delivery(delivery: &DeliveryV1, why: String, now: DateTime<Utc>) -> ParkedMessage {
    ParkedMessage {
        queue: broker::Queue::Events.to_string(),
        message_key: delivery.event_id.clone(),
        why,
        body: delivery.body.clone(),
        headers: json!({
            "type": "delivery.v1",
            "event_id": delivery.event_id,
            "received_at_ms": delivery.received_at.timestamp_millis(),
            "source": delivery.source.name(),
        }),
        parked_at: now,
    }
}
