//! One signal of a delivery: what the car said and when, or why it could not be asked.

use chrono::{DateTime, Utc};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::names::SignalName;
use super::number::Number;

/// A signal with its outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    pub name: SignalName,
    pub outcome: Outcome,
}

/// What came of asking for a signal.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Success {
        body: Body,
        times: Times,
    },
    /// Some errors carry the last known value nevertheless.
    Failed {
        error: SignalError,
        last: Option<(Body, Times)>,
    },
}

/// When the car said it, and when the platform fetched it: epoch milliseconds, both 0 for what never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Times {
    pub oem_updated_at: i64,
    pub retrieved_at: i64,
}

impl Times {
    /// The times of what never changes.
    pub const STATIC: Self = Self { oem_updated_at: 0, retrieved_at: 0 };

    pub fn new(oem_updated_at: DateTime<Utc>, retrieved_at: DateTime<Utc>) -> Self {
        Self {
            oem_updated_at: oem_updated_at.timestamp_millis(),
            retrieved_at: retrieved_at.timestamp_millis(),
        }
    }
}

/// Why a signal has no value; `code` is `null` for permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SignalError {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub code: Option<&'static str>,
}

impl SignalError {
    pub const NOT_CAPABLE: Self = Self { kind: "COMPATIBILITY", code: Some("VEHICLE_NOT_CAPABLE") };
    pub const NOT_CHARGING: Self = Self { kind: "VEHICLE_STATE", code: Some("NOT_CHARGING") };
    pub const UNREACHABLE: Self = Self { kind: "VEHICLE_STATE", code: Some("UNREACHABLE") };
    pub const INTERNAL: Self = Self { kind: "SERVER", code: Some("INTERNAL") };
    pub const NO_PERMISSION: Self = Self { kind: "PERMISSION", code: None };
}

/// The bodies of signals, with their keys in the platform's order.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum Body {
    Measured {
        value: Number,
        unit: &'static str,
    },
    Bare {
        value: Number,
    },
    Flag {
        value: bool,
    },
    Text {
        value: String,
    },
    Range {
        value: Number,
        r#type: &'static str,
        additional_values: Vec<Number>,
        unit: &'static str,
    },
    Position {
        latitude: Number,
        longitude: Number,
        location_type: &'static str,
    },
    Tires {
        values: Vec<Tire>,
        row_count: u8,
        column_count: u8,
        unit: &'static str,
    },
    ChargeLimits {
        values: Vec<ChargeLimit>,
        active_limit: Option<Number>,
        unit: &'static str,
    },
    Capacity {
        capacity: Number,
        source: &'static str,
        available_capacities: Vec<Capacity>,
        unit: &'static str,
    },
}

/// One tyre: row 0 is in front, column 0 is left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tire {
    pub row: u8,
    pub column: u8,
    pub tire_pressure: Number,
}

/// A charge limit without a condition.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ChargeLimit {
    pub r#type: &'static str,
    pub limit: Number,
    pub condition: Option<&'static str>,
}

/// A capacity that cars of this model come with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Capacity {
    pub capacity: Number,
    pub description: Option<&'static str>,
}

impl Signal {
    pub const fn new(name: SignalName, body: Body, times: Times) -> Self {
        Self { name, outcome: Outcome::Success { body, times } }
    }

    /// A number with a unit, said by the car and fetched at the same moment.
    pub fn measured(
        name: SignalName,
        value: impl Into<Number>,
        unit: &'static str,
        at: DateTime<Utc>,
    ) -> Self {
        Self::new(name, Body::Measured { value: value.into(), unit }, Times::new(at, at))
    }

    /// A signal that failed, without a body.
    pub const fn failed(name: SignalName, error: SignalError) -> Self {
        Self { name, outcome: Outcome::Failed { error, last: None } }
    }
}

#[derive(Serialize)]
struct Status {
    value: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<SignalError>,
}

impl Serialize for Signal {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let SignalName { code, name, group } = self.name;
        let (said, error) = match &self.outcome {
            Outcome::Success { body, times } => (Some((body, times)), None),
            Outcome::Failed { error, last } => {
                (last.as_ref().map(|(body, times)| (body, times)), Some(*error))
            }
        };
        let status = Status { value: if error.is_some() { "ERROR" } else { "SUCCESS" }, error };
        let mut signal = to.serialize_struct("Signal", 6)?;
        // The platform orders the keys of a signal that has nothing to say in another way.
        if let Some((body, times)) = said {
            signal.serialize_field("code", code)?;
            signal.serialize_field("name", name)?;
            signal.serialize_field("group", group)?;
            signal.serialize_field("body", body)?;
            signal.serialize_field("meta", times)?;
        } else {
            signal.serialize_field("name", name)?;
            signal.serialize_field("group", group)?;
            signal.serialize_field("code", code)?;
        }
        signal.serialize_field("status", &status)?;
        signal.end()
    }
}
