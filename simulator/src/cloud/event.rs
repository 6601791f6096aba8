//! An event of the platform, before it is put on the wire.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::faults::Flaw;
use crate::wire::{self, Signal, Stamp, Triggers, VehicleError};
use crate::world::Car;

/// Something that the platform tells of a car. Its id is the same however often it is sent.
#[derive(Debug, PartialEq)]
pub struct Event {
    pub event_id: Uuid,
    /// The car's number in the fleet.
    pub number: usize,
    pub car: Arc<Car>,
    /// When it came up.
    pub at: DateTime<Utc>,
    pub kind: EventKind,
}

/// What is told.
#[derive(Debug, PartialEq)]
pub enum EventKind {
    State {
        signals: Vec<Signal>,
        triggers: Triggers,
        /// What is wrong with the odometer, if something is.
        odometer_flaw: Option<Flaw>,
    },
    Error {
        errors: Vec<VehicleError>,
    },
}

impl Event {
    /// The body of one attempt to deliver it.
    pub fn body(&self, delivery_id: Uuid, delivered_at: DateTime<Utc>) -> Vec<u8> {
        let stamp =
            Stamp { event_id: self.event_id.to_string(), delivery_id: delivery_id.to_string(), delivered_at };
        match &self.kind {
            EventKind::State { signals, triggers, odometer_flaw: _ } => {
                wire::vehicle_state(&self.car.identity, signals, triggers, &stamp)
            }
            EventKind::Error { errors } => wire::vehicle_error(&self.car.identity, errors, &stamp),
        }
    }
}
