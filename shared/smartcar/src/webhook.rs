//! Understands a delivery's body, whether the platform sent it or was asked: all families and forms of envelopes, one
//! kind of report.

use chrono::{DateTime, Utc};

use crate::envelope::{self, Envelope, Version};
use crate::lenient::{Field, last_of_each_key};
use crate::report::Report;

mod errors;
mod plain;
mod poll;
mod v2;
mod v4;

/// A delivery that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The sender's id, the same on each retry. See [`envelope::event_id_of`] for a delivery without one.
    pub event_id: Option<String>,
    /// What the sender calls it: `VEHICLE_STATE`, `eventBased`, `odometer`, …; `poll.v2` and `poll.v3` for answers.
    pub event_type: String,
    pub contents: Contents,
    /// The first delivery after a subscription: it brings all signals, whatever changed.
    pub first: bool,
    /// One for each vehicle that the delivery names; also one without any readings if it names it in vain.
    pub reports: Vec<Report>,
}

/// What a delivery is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// Values of signals.
    State,
    /// Faults that came or went.
    Errors,
    /// The platform's VERIFY: the door has answered it, there is nothing to do.
    Handshake,
    /// An event that we do not know. Kept, because the platform may grow.
    Other,
}

/// Why a body is no delivery.
#[derive(Debug, thiserror::Error)]
pub enum Undecodable {
    #[error("cannot read the body as JSON")]
    Json(#[from] serde_json::Error),
    #[error("the body is no envelope that Smartcar sends")]
    NoEnvelope,
    #[error("the delivery names no vehicle")]
    NoVehicle,
}

/// Understands a verified body. One odd signal never takes its neighbours with it: only a body that is no JSON,
/// no envelope or about no vehicle is refused as a whole. `received_at` is the door's clock.
pub fn decode(body: &[u8], received_at: DateTime<Utc>) -> Result<Delivery, Undecodable> {
    let json = envelope::json(body);
    match decode_json(json, received_at) {
        Err(Undecodable::Json(trouble)) => match last_of_each_key(json, &trouble) {
            Some(json) => decode_json(&json, received_at),
            None => Err(Undecodable::Json(trouble)),
        },
        decoded => decoded,
    }
}

fn decode_json(json: &[u8], received_at: DateTime<Utc>) -> Result<Delivery, Undecodable> {
    let Field::Object(envelope) = serde_json::from_slice::<Field<'_, Envelope<'_>>>(json)? else {
        return Err(Undecodable::NoEnvelope);
    };
    let (Some(version), Some(event_type)) = (envelope.version(), envelope.event_type()) else {
        return Err(Undecodable::NoEnvelope);
    };

    let mut delivery = Delivery {
        event_id: envelope.event_id(),
        event_type,
        contents: Contents::Handshake,
        first: false,
        reports: Vec::new(),
    };
    if !envelope.is_handshake() {
        match version {
            Version::V4 => v4::decode(json, received_at, &mut delivery)?,
            Version::V2 => v2::decode(json, received_at, &mut delivery)?,
            Version::Plain => plain::decode(json, received_at, &mut delivery)?,
            Version::Poll => poll::decode(json, received_at, &mut delivery)?,
        }
    }
    Ok(delivery)
}
