//! How full tank and battery are, and what a trip took out of them.

use serde::{Deserialize, Serialize};

use crate::reading::{Milli, Reading, Signal, Value};

/// Less than this many percent is within the error of a gauge.
const MEASURABLE: Milli = Milli(5_000);
/// No gauge shows more than full, give or take its own error.
const FULL: Milli = Milli(105_000);

/// Percent of the tank and of the battery, as far as known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Levels {
    fuel: Option<Milli>,
    charge: Option<Milli>,
}

impl Levels {
    /// What this reading says of them, if it is one of a level.
    pub(super) fn of(reading: &Reading) -> Option<Self> {
        let level = match &reading.value {
            Value::Number(number) if Milli(0) < *number && *number <= FULL => Some(*number),
            Value::Number(_) | Value::Bool(_) | Value::Text(_) | Value::Position(_) | Value::Structure(_) => {
                return None;
            }
        };
        match reading.signal.as_str() {
            Signal::FUEL_LEVEL => Some(Self { fuel: level, charge: None }),
            Signal::STATE_OF_CHARGE => Some(Self { fuel: None, charge: level }),
            _ => None,
        }
    }

    /// The higher one of each: what fills up while the car stands counts before it leaves.
    pub(super) fn highest(self, other: Self) -> Self {
        Self { fuel: self.fuel.max(other.fuel), charge: self.charge.max(other.charge) }
    }

    /// What is known here, else there.
    pub(super) fn or(self, other: Self) -> Self {
        Self { fuel: self.fuel.or(other.fuel), charge: self.charge.or(other.charge) }
    }

    /// Percent of the tank that went, if enough to be measured.
    pub(super) fn fuel_until(self, end: Self) -> Option<Milli> {
        used(self.fuel, end.fuel)
    }

    /// Percent of the battery that went, if enough to be measured.
    pub(super) fn charge_until(self, end: Self) -> Option<Milli> {
        used(self.charge, end.charge)
    }
}

fn used(start: Option<Milli>, end: Option<Milli>) -> Option<Milli> {
    let used = Milli(start?.0 - end?.0);
    (used >= MEASURABLE).then_some(used)
}
