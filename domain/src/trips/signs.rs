//! What gear and speed say, where a car tells them, and where the car was seen for a while.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::fences::{Fence, Fix, apart, named_place};
use crate::motion::Place;
use crate::reading::{Reading, Signal, Value};
use crate::within::Within;

/// Fixes of a standing car lie closer together.
pub(super) const ELSEWHERE_M: i64 = 200;
/// Who stands for this long has stopped; a traffic light is shorter.
pub(super) const STOP: TimeDelta = TimeDelta::minutes(10);
/// At a place that people marked, this is enough.
pub(super) const STOP_AT_FENCE: TimeDelta = TimeDelta::minutes(2);

/// A sign of driving or standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// So many metres an hour.
    Moves(i64),
    /// In gear, at whatever speed.
    InGear,
    /// The speed is zero: perhaps a traffic light.
    Halts,
    Parked,
    /// The car cannot be reached.
    Silent,
}

impl Sign {
    pub(super) fn of(reading: &Reading) -> Option<Self> {
        match (reading.signal.as_str(), &reading.value) {
            (Signal::SPEED, Value::Number(speed)) if speed.0 == 0 => Some(Self::Halts),
            // Backwards is driving, too.
            (Signal::SPEED, Value::Number(speed)) => Some(Self::Moves(speed.0.abs())),
            (Signal::IS_ONLINE, Value::Bool(false)) => Some(Self::Silent),
            (Signal::GEAR_STATE, Value::Text(gear)) => match gear.trim().to_ascii_lowercase().as_str() {
                "p" | "park" | "parked" | "parking" => Some(Self::Parked),
                "d" | "drive" | "r" | "reverse" | "b" | "s" => Some(Self::InGear),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether it says that the car is being driven.
    pub(super) const fn drives(self) -> bool {
        match self {
            Self::Moves(_) | Self::InGear => true,
            Self::Halts | Self::Parked | Self::Silent => false,
        }
    }
}

/// Fixes that lie together, the newest included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stay {
    pub(super) place: Place,
    pub(super) seen: Within,
}

impl Stay {
    pub(super) fn at(fix: &Fix) -> Self {
        Self { place: fix.place.clone(), seen: Within::exactly(fix.at) }
    }

    /// Takes in the next fix; gives the stay that it ended, if any.
    pub(super) fn seen(&mut self, fix: &Fix) -> Option<Self> {
        if is_elsewhere(&self.place, &fix.place) {
            return Some(std::mem::replace(self, Self::at(fix)));
        }
        self.seen.by = fix.at;
        None
    }

    pub(super) fn is_stop(&self, fences: &[Fence]) -> bool {
        self.seen.width() >= enough(Some(&self.place), fences)
    }
}

/// For how long a car has to stand here to have stopped.
pub(super) fn enough(place: Option<&Place>, fences: &[Fence]) -> TimeDelta {
    let is_marked = place.is_some_and(|place| match place {
        Place::At(_) => named_place(fences, place).is_some(),
        Place::Private(_) => true,
    });
    if is_marked { STOP_AT_FENCE } else { STOP }
}

/// Whether these are two places, and not one with the blur of a fix.
pub(super) fn is_elsewhere(one: &Place, other: &Place) -> bool {
    apart(one, other).is_none_or(|metres| metres >= ELSEWHERE_M)
}

/// Whether a moment lies in this time, give or take a stop.
pub(super) fn is_near(at: DateTime<Utc>, stop: Within) -> bool {
    stop.after - STOP <= at && at <= stop.by + STOP
}
