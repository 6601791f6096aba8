//! Which signals a car's cloud learns together.

use crate::wire::{SignalName, names};

/// The parts of a car that speak at different moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Odometer and tank.
    Drive,
    Battery,
    Charge,
    Place,
    Closure,
    /// Once a day: tyres, oil, small battery.
    Health,
    /// Never changes.
    Static,
}

impl Source {
    pub fn of(name: SignalName) -> Self {
        match name {
            names::ODOMETER | names::FUEL_LEVEL | names::FUEL_AMOUNT => Self::Drive,
            names::STATE_OF_CHARGE | names::BATTERY_RANGE => Self::Battery,
            names::LOCATION => Self::Place,
            names::IS_LOCKED => Self::Closure,
            names::TIRES | names::OIL_LIFE | names::LOW_VOLTAGE => Self::Health,
            names::VIN | names::NOMINAL_CAPACITY => Self::Static,
            _ if name.group == "Charge" => Self::Charge,
            _ => Self::Static,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Drive => "drive",
            Self::Battery => "battery",
            Self::Charge => "charge",
            Self::Place => "place",
            Self::Closure => "closure",
            Self::Health => "health",
            Self::Static => "static",
        }
    }
}
