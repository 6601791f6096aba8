//! Where the car is and how far it has come, as all rules see it: the road goes on when a counter is replaced.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::distance::Distance;
use crate::reading::{Position, Reading, Signal, Value};

/// Differences up to this are rounding: the car stood.
pub const STANDING: Distance = Distance::from_metres(300);

/// A believed reading of the odometer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mileage {
    #[serde(with = "crate::moment")]
    pub at: DateTime<Utc>,
    /// What the counter shows: for people to read.
    pub odometer: Distance,
    /// The way since the first reading of all, across replaced counters: for rules to reckon with.
    pub travelled: Distance,
}

/// Where the car was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    At(Position),
    /// Within a privacy zone, by its id: where exactly was never stored.
    Private(String),
}

/// What is known of the car's way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Motion {
    pub mileage: Option<Mileage>,
    /// The first reading that shows what the odometer shows now (give or take [`STANDING`]): the car has stood here
    /// since, or since some time before.
    pub standing_since: Option<Mileage>,
    #[serde(with = "crate::moment::beside")]
    pub place: Option<(DateTime<Utc>, Place)>,
}

/// What `wire` codes of privacy zones begin with in the place of a position.
pub const PRIVATE_PREFIX: &str = "zone:";

impl Place {
    /// The place that a reading of the position tells; `None` for any other reading.
    pub fn of(reading: &Reading) -> Option<Self> {
        if !reading.signal.is(Signal::LOCATION) {
            return None;
        }
        match &reading.value {
            // Nobody parks in the sea off Ghana: it is what a receiver without a fix says.
            Value::Position(position) => {
                let is_fix = *position != Position { latitude_e6: 0, longitude_e6: 0 };
                is_fix.then_some(Self::At(*position))
            }
            Value::Text(text) => text.strip_prefix(PRIVATE_PREFIX).map(|zone| Self::Private(zone.to_owned())),
            Value::Number(_) | Value::Bool(_) | Value::Structure(_) => None,
        }
    }

    pub fn position(&self) -> Option<Position> {
        match self {
            Self::At(position) => Some(*position),
            Self::Private(_) => None,
        }
    }
}

impl Motion {
    pub(crate) fn came(&mut self, mileage: Mileage) {
        let stands =
            self.standing_since.is_some_and(|since| mileage.travelled.minus(since.travelled) <= STANDING);
        if !stands {
            self.standing_since = Some(mileage);
        }
        self.mileage = Some(mileage);
    }

    pub(crate) fn saw(&mut self, reading: &Reading) {
        if let Some(place) = Place::of(reading) {
            self.place = Some((reading.at, place));
        }
    }

    /// The odometer at a moment, if the car was seen standing around it or within this time of it.
    pub fn odometer_near(&self, at: DateTime<Utc>, within: chrono::TimeDelta) -> Option<Mileage> {
        self.mileage.filter(|mileage| (at - mileage.at).abs() <= within)
    }
}
