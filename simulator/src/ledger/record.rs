//! One event in the ledger: what it said, what was tried and what came of it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::cloud::{Event, EventKind, Flaw};
use crate::wire::{Body, Outcome, Signal, names};

/// What is known of one event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventRecord {
    pub event_id: Uuid,
    pub smartcar_vehicle_id: String,
    pub smartcar_user_id: String,
    /// When it came up, in virtual time.
    pub at: DateTime<Utc>,
    /// `VEHICLE_STATE` or `VEHICLE_ERROR`.
    pub event_type: &'static str,
    /// The signals inside that succeeded.
    pub readings: Vec<LedgerReading>,
    /// How many times it was sent, each time with up to four attempts.
    pub deliveries: usize,
    #[serde(skip)]
    pub(super) open_deliveries: usize,
    pub attempts: Vec<Attempt>,
}

/// One signal of an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LedgerReading {
    pub code: &'static str,
    pub body: Body,
    /// Epoch milliseconds of the car; 0 for what never changes.
    pub oem_updated_at: i64,
    /// What is wrong with the number on purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flaw: Option<Flaw>,
}

/// One attempt to deliver an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Attempt {
    pub delivery_id: Uuid,
    /// In virtual time, as the body says.
    pub delivered_at: DateTime<Utc>,
    pub answer: Answer,
}

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Status(u16),
    /// No answer within the 15 seconds that the platform waits.
    TimedOut,
    /// Refused, reset, or not even HTTP.
    Unreachable,
}

impl Answer {
    /// Any 2xx (source: the platform's page on delivery behaviour).
    pub fn is_success(self) -> bool {
        matches!(self, Self::Status(200..=299))
    }
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    Accepted,
    GivenUp,
    InFlight,
    Lost,
}

/// An odometer reading as it was told.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReportedOdometer {
    /// The car's time.
    pub at: DateTime<Utc>,
    pub value: f64,
    /// `km` or `miles`.
    pub unit: &'static str,
    pub flaw: Option<Flaw>,
}

impl ReportedOdometer {
    /// The odometer reading that a signal is, if it is one.
    pub(super) fn of_signal(signal: &Signal) -> Option<Self> {
        match &signal.outcome {
            Outcome::Success { body: Body::Measured { value, unit }, times }
                if signal.name == names::ODOMETER =>
            {
                let at = DateTime::from_timestamp_millis(times.oem_updated_at)?;
                Some(Self { at, value: value.as_f64(), unit, flaw: None })
            }
            _ => None,
        }
    }
}

impl EventRecord {
    pub(super) fn of(event: &Event) -> Self {
        let (event_type, readings) = match &event.kind {
            EventKind::State { signals, triggers: _, odometer_flaw } => {
                let readings = signals.iter().filter_map(|signal| match &signal.outcome {
                    Outcome::Success { body, times } => Some(LedgerReading {
                        code: signal.name.code,
                        body: body.clone(),
                        oem_updated_at: times.oem_updated_at,
                        flaw: odometer_flaw.filter(|_| signal.name == names::ODOMETER),
                    }),
                    Outcome::Failed { .. } => None,
                });
                ("VEHICLE_STATE", readings.collect())
            }
            EventKind::Error { errors: _ } => ("VEHICLE_ERROR", Vec::new()),
        };
        Self {
            event_id: event.event_id,
            smartcar_vehicle_id: event.car.identity.smartcar_vehicle_id.clone(),
            smartcar_user_id: event.smartcar_user_id().to_owned(),
            at: event.at,
            event_type,
            readings,
            deliveries: 0,
            open_deliveries: 0,
            attempts: Vec::new(),
        }
    }

    pub fn fate(&self) -> Fate {
        if self.attempts.iter().any(|attempt| attempt.answer.is_success()) {
            Fate::Accepted
        } else if self.open_deliveries > 0 {
            Fate::InFlight
        } else if self.deliveries > 0 {
            Fate::GivenUp
        } else {
            Fate::Lost
        }
    }

    /// The odometer reading inside, if it holds one.
    pub fn odometer(&self) -> Option<ReportedOdometer> {
        let reading = self.readings.iter().find(|reading| reading.code == names::ODOMETER.code)?;
        let at = DateTime::from_timestamp_millis(reading.oem_updated_at)?;
        match reading.body {
            Body::Measured { value, unit } => {
                Some(ReportedOdometer { at, value: value.as_f64(), unit, flaw: reading.flaw })
            }
            _ => None,
        }
    }
}
