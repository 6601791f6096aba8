//! A parked row as the message that it was.

use broker::message::{DeliveryV1, JobV1, Message, RawMessage, Source};
use broker::{Destination, JobKind, Queue, Topology};
use chrono::DateTime;
use serde_json::{Map, Value};
use store::parked::ParkedRow;

/// A message as it was before it was parked, with its failed attempts forgotten.
#[derive(Debug, PartialEq)]
pub enum Original {
    /// A worker had read it before it was parked: the row says what it was.
    Delivery(DeliveryV1),
    /// The broker parked it: the row holds its headers.
    Other(RawMessage),
}

impl Original {
    pub fn as_message(&self) -> Message<'_> {
        match self {
            Self::Delivery(delivery) => delivery.into(),
            Self::Other(message) => message.into(),
        }
    }
}

/// Where the message came from, and the message. `None` if nothing says which queue it belongs to.
pub fn of(row: &ParkedRow, topology: &Topology) -> Option<(Destination<'static>, Original)> {
    let mut headers = row.headers.as_object().cloned().unwrap_or_default();
    let kind = text(headers.remove("type").as_ref());
    let queue = queue(row, kind.as_deref(), topology)?;
    let original = match text(headers.get("event_id")) {
        Some(event_id) => Original::Delivery(delivery(row, event_id, &headers)),
        None => Original::Other(other(row, kind, headers)),
    };
    Some((Destination::Queue(queue), original))
}

/// The queue that the row names, in short or in full. What was routed nowhere names none: there the type says it.
fn queue(row: &ParkedRow, kind: Option<&str>, topology: &Topology) -> Option<Queue> {
    let named = Queue::ALL
        .into_iter()
        .find(|queue| row.queue == queue.to_string())
        .or_else(|| topology.find(&row.queue));
    match (named.filter(|queue| queue.work().is_some()), kind) {
        (Some(queue), _) => Some(queue),
        (None, Some("delivery.v1")) => Some(Queue::Events),
        (None, Some("job.v1")) => job(&row.body).map(Queue::Job),
        (None, Some(_) | None) => None,
    }
}

fn job(body: &[u8]) -> Option<JobKind> {
    let job: JobV1 = serde_json::from_slice(body).ok()?;
    Some(job.kind())
}

fn delivery(row: &ParkedRow, event_id: String, headers: &Map<String, Value>) -> DeliveryV1 {
    let received_at = headers.get("received_at_ms").and_then(Value::as_i64);
    let received_at = received_at.and_then(DateTime::from_timestamp_millis);
    let source = headers.get("source").and_then(Value::as_str).and_then(Source::find);
    DeliveryV1::new(
        event_id,
        received_at.unwrap_or(row.parked_at),
        source.unwrap_or(Source::Webhook),
        row.body.clone(),
    )
}

fn other(row: &ParkedRow, kind: Option<String>, mut headers: Map<String, Value>) -> RawMessage {
    RawMessage {
        id: text(headers.remove("message_id").as_ref()),
        kind,
        content_type: Some("application/json".to_owned()),
        headers,
        body: row.body.clone(),
    }
    .with_attempts(0)
}

fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    fn row(queue: &str, headers: Value, body: &str) -> ParkedRow {
        ParkedRow {
            id: Uuid::nil(),
            queue: queue.to_owned(),
            message_key: "e-1".to_owned(),
            why: "a test".to_owned(),
            body: body.as_bytes().to_vec(),
            headers,
            state: "parked".to_owned(),
            parked_at: DateTime::UNIX_EPOCH,
        }
    }

    fn home(row: &ParkedRow) -> Option<Destination<'static>> {
        of(row, &Topology::new("ns")).map(|(to, _)| to)
    }

    #[test]
    fn a_delivery_that_a_worker_parked_is_the_same_delivery_again() {
        let headers = json!({
            "type": "delivery.v1", "event_id": "e-1", "received_at_ms": 1_777_000_000_123_i64, "source": "poll",
        });
        let row = row("events", headers, "{}");
        let received_at = DateTime::from_timestamp_millis(1_777_000_000_123).unwrap();
        let delivery = DeliveryV1::new("e-1".to_owned(), received_at, Source::Poll, b"{}".to_vec());
        let (to, original) = of(&row, &Topology::new("ns")).unwrap();
        assert_eq!(to, Destination::Queue(Queue::Events));
        assert_eq!(original, Original::Delivery(delivery));
    }

    #[test]
    fn a_dead_letter_keeps_its_headers_and_begins_to_count_anew() {
        let headers = json!({ "type": "job.v1", "message_id": "replay:1", "x-attempts": 6, "traceparent": "00-a-b-01" });
        let (_, original) = of(&row("ns.jobs.replay", headers, "{}"), &Topology::new("ns")).unwrap();
        let Original::Other(message) = original else {
            panic!("a job is no delivery");
        };
        assert_eq!(message.id.as_deref(), Some("replay:1"));
        assert_eq!(message.kind.as_deref(), Some("job.v1"));
        assert_eq!(Value::Object(message.headers), json!({ "x-attempts": 0, "traceparent": "00-a-b-01" }));
    }

    #[test]
    fn a_message_goes_back_to_where_it_came_from() {
        let job = r#"{"type":"PollV1","vehicle_id":"5a8e5e38-1e12-4011-a36d-56f120053f9e"}"#;
        let table = [
            ("ns.events.apart", json!({ "type": "delivery.v1" }), "", Some(Queue::Apart)),
            ("ns.jobs.replay", json!({ "type": null }), "", Some(Queue::Job(JobKind::Replay))),
            ("routed to \"x\"", json!({ "type": "delivery.v1" }), "", Some(Queue::Events)),
            ("routed to \"x\"", json!({ "type": "job.v1" }), job, Some(Queue::Job(JobKind::Poll))),
            ("routed to \"x\"", json!({ "type": "job.v1" }), "{}", None),
            ("routed to \"x\"", json!({}), "", None),
            ("other.events", json!({}), "", None),
        ];
        for (queue, headers, body, to) in table {
            assert_eq!(home(&row(queue, headers, body)), to.map(Destination::Queue), "{queue}");
        }
    }
}
