//! A stretch of a car's life in which it does one thing, and what its gauges say at any moment of it.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::place::{Place, Position};

/// What a car holds, in whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gauges {
    pub odometer_m: u64,
    pub fuel_ml: u32,
    pub battery_wh: u32,
    /// The odometer at the last service.
    pub serviced_at_m: u64,
}

/// What a car does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "doing", rename_all = "snake_case")]
pub enum Doing {
    /// Stands, and may hang on a cable that gives nothing.
    Standing {
        plugged: bool,
    },
    /// Drives to a place.
    Driving {
        to: Place,
    },
    Refuelling,
    /// What flows into the battery.
    Charging {
        watts: u32,
    },
    /// In the workshop; the oil is new afterwards.
    InService,
}

/// A stretch of life: [from, until).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Segment {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    /// Where it is, or where it set off.
    pub place: Place,
    #[serde(flatten)]
    pub doing: Doing,
    pub before: Gauges,
    pub after: Gauges,
}

impl Segment {
    /// The gauges at a moment, on a straight line between both ends; those of the nearer end outside of it.
    pub fn gauges_at(&self, at: DateTime<Utc>) -> Gauges {
        let (part, whole) = self.part(at);
        let along = |from: u64, to: u64| -> u64 {
            let (from, to) = (i128::from(from), i128::from(to));
            let value = from + (to - from) * i128::from(part) / i128::from(whole);
            u64::try_from(value).unwrap_or(0)
        };
        let narrow = |from: u32, to: u32| u32::try_from(along(from.into(), to.into())).unwrap_or(0);
        Gauges {
            odometer_m: along(self.before.odometer_m, self.after.odometer_m),
            fuel_ml: narrow(self.before.fuel_ml, self.after.fuel_ml),
            battery_wh: narrow(self.before.battery_wh, self.after.battery_wh),
            // The oil is changed at once, at the end.
            serviced_at_m: if part < whole { self.before.serviced_at_m } else { self.after.serviced_at_m },
        }
    }

    /// Where the car is at a moment.
    pub fn position_at(&self, at: DateTime<Utc>) -> Position {
        match self.doing {
            Doing::Driving { to } => {
                let (part, whole) = self.part(at);
                self.place.position.towards(to.position, part, whole)
            }
            Doing::Standing { .. } | Doing::Refuelling | Doing::Charging { .. } | Doing::InService => {
                self.place.position
            }
        }
    }

    /// The same stretch, cut off at a moment within it.
    #[must_use]
    pub fn cut_at(&self, at: DateTime<Utc>) -> Self {
        Self { until: at.clamp(self.from, self.until), after: self.gauges_at(at), ..*self }
    }

    /// Whether the cable is in.
    pub fn plugged(&self) -> bool {
        match self.doing {
            Doing::Charging { .. } => true,
            Doing::Standing { plugged } => plugged,
            Doing::Driving { .. } | Doing::Refuelling | Doing::InService => false,
        }
    }

    fn part(&self, at: DateTime<Utc>) -> (u64, u64) {
        let whole = (self.until - self.from).num_milliseconds().max(1);
        let part = (at - self.from).num_milliseconds().clamp(0, whole);
        (part.unsigned_abs(), whole.unsigned_abs())
    }
}
