//! What a webhook body is at first sight, without reading its signals: enough for the door to answer a
//! handshake and to name the delivery.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::lenient::{Field, last_of_each_key};

/// An AMQP `message_id` holds 255 bytes; the platform's ids are UUIDs.
const EVENT_ID_LIMIT: usize = 128;

/// The event types of the plain form. No other family has them, whatever else the body holds.
const PLAIN_EVENTS: [&str; 2] = ["odometer", "vehicle.odometer"];

/// What a body is at first sight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// The platform's handshake. The challenge is empty when there is none.
    Verify { challenge: String },
    /// Something for the worker.
    Event { event_id: Option<String>, version: Version },
    /// No JSON, or no envelope that we know.
    Unreadable,
}

/// The families of envelopes, as Smartcar's API versions name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `eventType` with `meta`: the product of 2025.
    V4,
    /// `eventName` with `payload`: being retired by the platform.
    V2,
    /// `type`, `vehicleId` and `data`: the simple form that Carvetka's own plan describes.
    Plain,
    /// `poll`: what our own client makes of the platform's answers. Nobody else sends it.
    Poll,
}

impl Version {
    /// A short fixed word for routing keys and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V4 => "v4",
            Self::V2 => "v2",
            Self::Plain => "plain",
            Self::Poll => "poll",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Reads the head of a body. Cheap: nothing below the first two levels is kept, and no text is copied but the
/// id and the challenge.
pub fn head(body: &[u8]) -> Head {
    let body = json(body);
    match serde_json::from_slice::<Field<'_, Envelope<'_>>>(body) {
        Ok(Field::Object(envelope)) => envelope.head(),
        Ok(_) => Head::Unreadable,
        Err(trouble) => last_of_each_key(body, &trouble).map_or(Head::Unreadable, |body| head(&body)),
    }
}

/// An id for a delivery that has none: `body:` and the hex SHA-256 over its arrival (ms) and its bytes. The
/// same bytes at another moment are another delivery, since a car may well say the same thing twice.
pub fn event_id_of(body: &[u8], received_at: DateTime<Utc>) -> String {
    let digest = Sha256::new()
        .chain_update(received_at.timestamp_millis().to_be_bytes())
        .chain_update(body)
        .finalize();
    format!("body:{}", hex::encode(digest))
}

/// The JSON text of a body. A byte order mark is not JSON, but RFC 8259 §8.1 lets a reader ignore it, and a
/// delivery is worth more than the point.
pub(crate) fn json(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
}

/// Whether this is the event of the plain form, in whatever case.
pub(crate) fn is_plain_odometer(event_type: &str) -> bool {
    PLAIN_EVENTS.iter().any(|event| event_type.eq_ignore_ascii_case(event))
}

/// The fields by which all families of envelopes are told apart.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Envelope<'a> {
    #[serde(borrow)]
    event_id: Field<'a>,
    #[serde(borrow)]
    event_type: Field<'a>,
    #[serde(borrow)]
    event_name: Field<'a>,
    #[serde(borrow, rename = "type")]
    plain_type: Field<'a>,
    #[serde(borrow)]
    poll: Field<'a>,
    #[serde(borrow)]
    version: Field<'a>,
    #[serde(borrow)]
    meta: Field<'a>,
    #[serde(borrow)]
    data: Field<'a, Inner<'a>>,
    #[serde(borrow)]
    payload: Field<'a, Inner<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Inner<'a> {
    #[serde(borrow)]
    challenge: Field<'a>,
    #[serde(borrow)]
    event_id: Field<'a>,
}

impl Envelope<'_> {
    fn head(&self) -> Head {
        match self.version() {
            None => Head::Unreadable,
            Some(_) if self.is_handshake() => Head::Verify { challenge: self.challenge() },
            Some(version) => Head::Event { event_id: self.event_id(), version },
        }
    }

    /// Which family it is; `None` if it names no event in any of the three ways.
    pub(crate) fn version(&self) -> Option<Version> {
        if self.event_type().is_some_and(|name| is_plain_odometer(&name)) {
            return Some(Version::Plain);
        }
        let v4_only = ["VEHICLE_STATE", "VEHICLE_ERROR", "VERIFY"];
        let event_type = self.event_type.text();

        if let Some(event_type) = &event_type
            && (self.meta.object().is_some() || v4_only.contains(&&**event_type))
        {
            return Some(Version::V4);
        }
        if self.event_name.text().is_some()
            && (self.payload.object().is_some()
                || self.version.text().is_some_and(|version| version.starts_with('2')))
        {
            return Some(Version::V2);
        }
        match (self.event_name_of_sender(), self.is_poll()) {
            (Some(_), _) => Some(Version::Plain),
            (None, true) => Some(Version::Poll),
            (None, false) => None,
        }
    }

    /// A webhook never becomes a poll by a field that it also has.
    fn is_poll(&self) -> bool {
        self.poll.text().is_some_and(|api| api == "v2" || api == "v3")
    }

    /// What the sender calls the event; `poll.v2` or `poll.v3` where we asked for it.
    pub(crate) fn event_type(&self) -> Option<String> {
        let asked = || self.is_poll().then(|| format!("poll.{}", self.poll.text().unwrap_or_default()));
        self.event_name_of_sender().or_else(asked)
    }

    fn event_name_of_sender(&self) -> Option<String> {
        [&self.event_type, &self.event_name, &self.plain_type]
            .into_iter()
            .find_map(Field::text)
            .map(Cow::into_owned)
    }

    pub(crate) fn is_handshake(&self) -> bool {
        self.event_type().is_some_and(|name| name.eq_ignore_ascii_case("verify"))
    }

    /// The sender's id, which is the same on each retry. An id that is too long for a message, or that holds
    /// control characters, counts as none.
    pub(crate) fn event_id(&self) -> Option<String> {
        let inner = self.payload.object().map(|payload| &payload.event_id);
        std::iter::once(&self.event_id)
            .chain(inner)
            .find_map(Field::text)
            .filter(|id| id.len() <= EVENT_ID_LIMIT && !id.chars().any(char::is_control))
            .map(Cow::into_owned)
    }

    /// The vendor's pages name `data.challenge` and `payload.challenge` for the same envelope.
    fn challenge(&self) -> String {
        [&self.data, &self.payload]
            .into_iter()
            .filter_map(|inner| inner.object())
            .find_map(|inner| inner.challenge.text())
            .unwrap_or_default()
            .into_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(event_id: &str, version: Version) -> Head {
        Head::Event { event_id: (!event_id.is_empty()).then(|| event_id.to_owned()), version }
    }

    fn verify(challenge: &str) -> Head {
        Head::Verify { challenge: challenge.to_owned() }
    }

    #[test]
    fn an_envelope_is_known_by_its_words() {
        use Version::{Plain, Poll, V2, V4};
        let table = [
            (
                r#"{"eventId":"e1","eventType":"VEHICLE_STATE","data":{},"meta":{"version":"4.0"}}"#,
                event("e1", V4),
            ),
            (r#"{"eventId":"e1","eventType":"VEHICLE_STATE"}"#, event("e1", V4)),
            (r#"{"eventId":1234567890,"eventType":"VEHICLE_NEWS","meta":{}}"#, event("1234567890", V4)),
            (r#"{"eventType":"VEHICLE_ERROR","data":[1],"meta":7}"#, event("", V4)),
            (r#"{"version":"2.0","eventName":"schedule","payload":{"vehicles":[]}}"#, event("", V2)),
            (r#"{"version":"2.0","eventName":"eventBased","payload":{"eventId":"e2"}}"#, event("e2", V2)),
            (r#"{"type":"odometer","vehicleId":"v","data":{"distance":1}}"#, event("", Plain)),
            (r#"{"eventType":"vehicle.odometer","eventId":"e3"}"#, event("e3", Plain)),
            (r#"{"eventName":"odometer","eventId":{"odd":1}}"#, event("", Plain)),
            (r#"{"eventType":"odometer","eventId":"e4","meta":{},"data":{}}"#, event("e4", Plain)),
            (r#"{"eventName":"odometer","version":"2.0","payload":{}}"#, event("", Plain)),
            (r#"{"poll":"v2","vehicle":"v","answer":[]}"#, event("", Poll)),
            (r#"{"poll":"v3","user":"u","vehicle":"v","answer":[]}"#, event("", Poll)),
            (r#"{"poll":"v3","eventType":"VEHICLE_STATE","eventId":"e5"}"#, event("e5", V4)),
            (r#"{"poll":"v3","type":"odometer"}"#, event("", Plain)),
        ];
        for (body, expected) in table {
            assert_eq!(head(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn a_handshake_is_known_in_both_families() {
        let table = [
            (r#"{"eventType":"VERIFY","data":{"challenge":"c"},"meta":{"version":"4.0"}}"#, verify("c")),
            (r#"{"eventType":"VERIFY","payload":{"challenge":"c"}}"#, verify("c")),
            (r#"{"version":"2.0","eventName":"verify","payload":{"challenge":"c"}}"#, verify("c")),
            (r#"{"version":"2.0","eventName":"VERIFY","payload":{"challenge":"\u0063"}}"#, verify("c")),
            (r#"{"eventType":"VERIFY","data":{}}"#, verify("")),
        ];
        for (body, expected) in table {
            assert_eq!(head(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn what_is_no_envelope_is_unreadable() {
        let deep = "[".repeat(100_000);
        for body in [
            "",
            "null",
            "[]",
            "7",
            "{",
            "{}",
            r#"{"vehicleId":"v"}"#,
            r#"{"poll":"v4"}"#,
            "not json",
            "\u{feff}",
            &deep,
        ] {
            assert_eq!(head(body.as_bytes()), Head::Unreadable, "{body:.20}");
        }
        assert_eq!(head(b"\xff\xfe{}"), Head::Unreadable);
    }

    #[test]
    fn of_a_repeated_key_the_last_one_counts() {
        let body = br#"{"eventId":"e1","eventType":"odometer","eventId":"e2"}"#;
        assert_eq!(head(body), event("e2", Version::Plain));
    }

    #[test]
    fn a_byte_order_mark_does_not_matter() {
        let body = "\u{feff}{\"eventType\":\"VEHICLE_STATE\",\"eventId\":\"e1\"}";
        assert_eq!(head(body.as_bytes()), event("e1", Version::V4));
    }

    #[test]
    fn an_id_that_no_message_could_carry_counts_as_none() {
        for id in ["a".repeat(EVENT_ID_LIMIT + 1), "line\\nbreak".to_owned()] {
            let body = format!(r#"{{"eventType":"VEHICLE_STATE","eventId":"{id}"}}"#);
            assert_eq!(head(body.as_bytes()), event("", Version::V4), "{id}");
        }
    }

    #[test]
    fn a_delivery_without_an_id_is_named_by_its_bytes_and_its_moment() {
        let at = |millis| DateTime::from_timestamp_millis(millis).unwrap();
        let id = event_id_of(b"{}", at(1_780_222_662_654));
        assert_eq!(id.len(), "body:".len() + 64);
        assert_eq!(id, event_id_of(b"{}", at(1_780_222_662_654)));
        assert_ne!(id, event_id_of(b"{ }", at(1_780_222_662_654)));
        assert_ne!(id, event_id_of(b"{}", at(1_780_222_662_655)));
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_head(body in prop::collection::vec(any::<u8>(), 0..300)) {
            head(&body);
        }
    }
}
