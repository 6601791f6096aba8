//! An event of the platform, before it is put on the wire.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::faults::Flaw;
use crate::wire::{self, Outcome, Signal, SignalError, SignalName, Stamp, Triggers, VehicleError};
use crate::world::Car;

/// Something that the platform tells of a car. Its id is the same however often it is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub event_id: Uuid,
    /// The car's number in the fleet.
    pub number: usize,
    pub car: Arc<Car>,
    /// When it came up.
    pub at: DateTime<Utc>,
    /// The Smartcar user who alone is to hear of it; else all who are connected.
    pub to: Option<String>,
    pub kind: EventKind,
}

/// What is told.
#[derive(Debug, Clone, PartialEq)]
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

/// A connection that hears of a car.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    pub smartcar_user_id: String,
    /// The signals that this user did not allow to be read.
    pub withheld: Vec<SignalName>,
}

impl Event {
    /// The Smartcar user on whose behalf it is told.
    pub fn smartcar_user_id(&self) -> &str {
        self.to.as_deref().unwrap_or(&self.car.identity.smartcar_user_id)
    }

    /// The body of one attempt to deliver it.
    pub fn body(&self, delivery_id: Uuid, delivered_at: DateTime<Utc>) -> Vec<u8> {
        let stamp =
            Stamp { event_id: self.event_id.to_string(), delivery_id: delivery_id.to_string(), delivered_at };
        let (car, user) = (&self.car.identity, self.smartcar_user_id());
        match &self.kind {
            EventKind::State { signals, triggers, odometer_flaw: _ } => {
                wire::vehicle_state_for(user, car, signals, triggers, &stamp)
            }
            EventKind::Error { errors } => wire::vehicle_error_for(user, car, errors, &stamp),
        }
    }

    /// The event as a connection hears of it: with an id of its own where the user is not the car's own, and
    /// without what that user did not allow.
    pub fn addressed(self: Arc<Self>, to: &Recipient) -> Arc<Self> {
        let own = to.smartcar_user_id == self.smartcar_user_id();
        if own && to.withheld.is_empty() {
            return self;
        }
        let mut event = Self::clone(&self);
        if !own {
            event.event_id = Uuid::new_v5(&self.event_id, to.smartcar_user_id.as_bytes());
            event.to = Some(to.smartcar_user_id.clone());
        }
        if let EventKind::State { signals, triggers, odometer_flaw: _ } = &mut event.kind {
            withhold(signals, &to.withheld);
            if let Triggers::Updated(names) = triggers {
                names.retain(|name| !to.withheld.contains(name));
            }
        }
        Arc::new(event)
    }
}

/// What is not allowed comes as an error, and not as nothing.
pub fn withhold(signals: &mut [Signal], withheld: &[SignalName]) {
    for signal in signals.iter_mut().filter(|signal| withheld.contains(&signal.name)) {
        signal.outcome = Outcome::Failed { error: SignalError::NO_PERMISSION, last: None };
    }
}
