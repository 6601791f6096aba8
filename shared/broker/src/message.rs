//! What goes through the queues. These types may only grow: a message of yesterday must be readable today, so each
//! has its version in its name, and nothing here is a type of the domain or of Smartcar.

mod delivery;
mod job;
mod raw;
mod trace;

use std::borrow::Cow;

use lapin::BasicProperties;
use thiserror::Error;

pub use delivery::{DeliveryV1, Source};
pub use job::JobV1;
pub use raw::RawMessage;
pub use trace::TraceContext;

use crate::topology::Destination;

/// Why a message cannot be read. No retry helps: park it.
#[derive(Debug, Error)]
pub enum MessageError {
    /// Its type is not one that this program knows: written by a newer one, or not by ours.
    #[error("cannot read a message of type {found:?}, expected `{expected}`")]
    UnknownType { found: String, expected: &'static str },
    /// A header is absent, has another type or a value that means nothing.
    #[error("cannot read the message's header `{0}`")]
    Header(&'static str),
    /// It has no identity.
    #[error("the message has no id")]
    NoId,
    /// The body of a job is not one that this program knows.
    #[error("cannot read the job")]
    Job(#[source] serde_json::Error),
}

/// The header that counts failed tries. Ours and not the broker's: that counts a crash for every message in hand.
pub(crate) const ATTEMPTS: &str = "x-attempts";

/// Anything that can be published.
#[derive(Debug, Clone, Copy)]
pub enum Message<'a> {
    /// See [`DeliveryV1`].
    Delivery(&'a DeliveryV1),
    /// See [`JobV1`].
    Job(&'a JobV1),
    /// See [`RawMessage`].
    Raw(&'a RawMessage),
}

impl<'a> From<&'a DeliveryV1> for Message<'a> {
    fn from(delivery: &'a DeliveryV1) -> Self {
        Self::Delivery(delivery)
    }
}

impl<'a> From<&'a JobV1> for Message<'a> {
    fn from(job: &'a JobV1) -> Self {
        Self::Job(job)
    }
}

impl<'a> From<&'a RawMessage> for Message<'a> {
    fn from(raw: &'a RawMessage) -> Self {
        Self::Raw(raw)
    }
}

/// A message as AMQP carries it.
pub(crate) struct Wire<'a> {
    pub properties: BasicProperties,
    pub body: Cow<'a, [u8]>,
}

impl<'a> Message<'a> {
    pub(crate) fn encode(self) -> Wire<'a> {
        match self {
            Self::Delivery(delivery) => delivery.encode(),
            Self::Job(job) => job.encode(),
            Self::Raw(raw) => raw.encode(),
        }
    }
}

impl JobV1 {
    /// The queue for this job.
    pub const fn destination(&self) -> Destination<'static> {
        Destination::Job(self.kind())
    }
}

/// Messages outlive a restart of the broker only when they say so themselves.
const PERSISTENT: u8 = 2;

fn properties(kind: &str) -> BasicProperties {
    BasicProperties::default().with_type(kind.into()).with_delivery_mode(PERSISTENT)
}

fn is_type(properties: &BasicProperties, expected: &'static str) -> Result<(), MessageError> {
    match properties.kind().as_ref().map(lapin::types::ShortString::as_str) {
        Some(found) if found == expected => Ok(()),
        found => Err(MessageError::UnknownType { found: found.unwrap_or_default().to_owned(), expected }),
    }
}

/// The header is ours, but a person may have written the message: never more than we can count, never less than none.
pub(crate) fn attempts(properties: &BasicProperties) -> u32 {
    let header =
        properties.headers().as_ref().and_then(|headers| crate::fields::get_number(headers, ATTEMPTS));
    header.map_or(0, |attempts| u32::try_from(attempts.max(0)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::collection::vec;
    use proptest::prelude::*;

    prop_compose! {
        fn a_delivery()(
            event_id in ".{0,300}",
            millis in -62_000_000_000_000..250_000_000_000_000_i64,
            source in prop::sample::select(vec![Source::Webhook, Source::Poll, Source::Manual]),
            attempts: u32,
            body in vec(any::<u8>(), 0..2_000),
        ) -> DeliveryV1 {
            let received_at = DateTime::from_timestamp_millis(millis).unwrap();
            DeliveryV1 { attempts, ..DeliveryV1::new(event_id, received_at, source, body) }
        }
    }

    proptest! {
        #[test]
        fn any_delivery_is_read_as_it_was_written(delivery in a_delivery()) {
            let wire = Message::from(&delivery).encode();
            prop_assert_eq!(DeliveryV1::decode(&wire.properties, wire.body.into_owned()).unwrap(), delivery);
        }

        #[test]
        fn a_delivery_that_was_moved_is_still_the_same(delivery in a_delivery()) {
            let wire = Message::from(&delivery).encode();
            let moved = RawMessage::new(&wire.properties, wire.body.into_owned());
            let wire = Message::from(&moved).encode();
            prop_assert_eq!(DeliveryV1::decode(&wire.properties, wire.body.into_owned()).unwrap(), delivery);
        }

        #[test]
        fn no_body_of_a_job_makes_us_panic(body in vec(any::<u8>(), 0..200)) {
            let job = BasicProperties::default().with_type("job.v1".into());
            prop_assert!(JobV1::decode(&job, &body).is_err());
        }
    }
}
