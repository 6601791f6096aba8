//! The exact bytes that Smartcar's webhooks carry (version 4.0, as captured in 2026), written from the
//! platform's pages and captures alone: this crate shares no code with the decoder, so that a misreading
//! shows.
//!
//! JSON is compact, with the keys in the platform's order and numbers as JavaScript prints them.

mod errors;
pub mod names;
mod number;
mod signal;
mod signature;

use chrono::{DateTime, Utc};
use serde::Serialize;

pub use errors::{ErrorKind, ErrorState, VehicleError};
pub use names::SignalName;
pub use number::Number;
pub use signal::{Body, Capacity, ChargeLimit, Outcome, Signal, SignalError, Times, Tire};
pub use signature::sign;

use crate::world::CarIdentity;

/// The id of the one webhook of the stand-in.
pub const WEBHOOK_ID: &str = "6f0b1f5c-93a4-4c05-8f0e-2f8a5b7a1c44";
/// Its name.
pub const WEBHOOK_NAME: &str = "Carvetka sync";

/// What one attempt to deliver an event is marked with. The event keeps its id over all attempts, the rest is
/// new each time (and the signature with it).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    pub event_id: String,
    pub delivery_id: String,
    pub delivered_at: DateTime<Utc>,
}

/// Why a delivery was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Triggers {
    /// The first delivery of a subscription.
    First,
    /// These signals changed.
    Updated(Vec<SignalName>),
}

/// A `VEHICLE_STATE` delivery.
pub fn vehicle_state(car: &CarIdentity, signals: &[Signal], triggers: &Triggers, stamp: &Stamp) -> Vec<u8> {
    vehicle_state_for(&car.smartcar_user_id, car, signals, triggers, stamp)
}

/// A `VEHICLE_STATE` delivery on behalf of another user than the car's own.
pub fn vehicle_state_for(
    user: &str,
    car: &CarIdentity,
    signals: &[Signal],
    triggers: &Triggers,
    stamp: &Stamp,
) -> Vec<u8> {
    print(&Envelope {
        event_id: &stamp.event_id,
        event_type: "VEHICLE_STATE",
        data: StateData { user: User { id: user }, vehicle: Vehicle::live(car), signals },
        triggers: Some(trigger_list(triggers)),
        meta: Meta { signal_count: Some(signals.len()), ..Meta::of(stamp) },
    })
}

/// A `VEHICLE_ERROR` delivery: errors that were raised or resolved.
pub fn vehicle_error(car: &CarIdentity, errors: &[VehicleError], stamp: &Stamp) -> Vec<u8> {
    vehicle_error_for(&car.smartcar_user_id, car, errors, stamp)
}

/// A `VEHICLE_ERROR` delivery on behalf of another user than the car's own.
pub fn vehicle_error_for(user: &str, car: &CarIdentity, errors: &[VehicleError], stamp: &Stamp) -> Vec<u8> {
    print(&Envelope {
        event_id: &stamp.event_id,
        event_type: "VEHICLE_ERROR",
        data: ErrorData {
            user: User { id: user },
            vehicle: Vehicle::live(car),
            errors: errors.iter().map(VehicleError::on_wire).collect(),
        },
        triggers: None,
        meta: Meta::of(stamp),
    })
}

/// A `VERIFY` delivery: the handshake in which the receiver proves that it knows the secret.
pub fn verify(challenge: &str, stamp: &Stamp) -> Vec<u8> {
    print(&Envelope {
        event_id: &stamp.event_id,
        event_type: "VERIFY",
        data: VerifyData { challenge },
        triggers: None,
        meta: VerifyMeta {
            version: VERSION,
            webhook_id: WEBHOOK_ID,
            webhook_name: WEBHOOK_NAME,
            delivery_id: &stamp.delivery_id,
            delivered_at: stamp.delivered_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        },
    })
}

const VERSION: &str = "4.0";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a, D, M> {
    event_id: &'a str,
    event_type: &'static str,
    data: D,
    #[serde(skip_serializing_if = "Option::is_none")]
    triggers: Option<Vec<Trigger>>,
    meta: M,
}

#[derive(Serialize)]
struct StateData<'a> {
    user: User<'a>,
    vehicle: Vehicle<'a>,
    signals: &'a [Signal],
}

#[derive(Serialize)]
struct ErrorData<'a> {
    user: User<'a>,
    vehicle: Vehicle<'a>,
    errors: Vec<errors::OnWire>,
}

#[derive(Serialize)]
struct VerifyData<'a> {
    challenge: &'a str,
}

#[derive(Serialize)]
struct User<'a> {
    id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Vehicle<'a> {
    id: &'a str,
    make: &'a str,
    model: &'a str,
    year: i32,
    mode: &'static str,
    powertrain_type: Option<&'static str>,
}

impl<'a> Vehicle<'a> {
    fn live(car: &'a CarIdentity) -> Self {
        Self {
            id: &car.smartcar_vehicle_id,
            make: &car.make,
            model: &car.model,
            year: car.year,
            mode: "live",
            powertrain_type: car.tells_powertrain.then(|| car.powertrain.as_str()),
        }
    }
}

#[derive(Serialize)]
struct Trigger {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<TriggerSignal>,
}

/// The keys stand in another order here than in a signal.
#[derive(Serialize)]
struct TriggerSignal {
    name: &'static str,
    code: &'static str,
    group: &'static str,
}

fn trigger_list(triggers: &Triggers) -> Vec<Trigger> {
    match triggers {
        Triggers::First => vec![Trigger { r#type: "FIRST_DELIVERY", signal: None }],
        Triggers::Updated(names) => names
            .iter()
            .map(|&SignalName { code, name, group }| Trigger {
                r#type: "SIGNAL_UPDATED",
                signal: Some(TriggerSignal { name, code, group }),
            })
            .collect(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Meta<'a> {
    delivery_id: &'a str,
    delivered_at: i64,
    version: &'static str,
    webhook_id: &'static str,
    webhook_name: &'static str,
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    signal_count: Option<usize>,
}

impl<'a> Meta<'a> {
    fn of(stamp: &'a Stamp) -> Self {
        Self {
            delivery_id: &stamp.delivery_id,
            delivered_at: stamp.delivered_at.timestamp_millis(),
            version: VERSION,
            webhook_id: WEBHOOK_ID,
            webhook_name: WEBHOOK_NAME,
            mode: "LIVE",
            signal_count: None,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VerifyMeta<'a> {
    version: &'static str,
    webhook_id: &'static str,
    webhook_name: &'static str,
    delivery_id: &'a str,
    delivered_at: String,
}

fn print(message: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(message).expect("our own types have string keys only, so they can always be printed")
}
