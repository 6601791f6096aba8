//! What can be asked about a car, in one word for both APIs: a path of v2.0, or some signals of v3.

use domain::reading::Signal;

use super::ApiVersion;
use crate::signal::ACTIVE_LIMIT;

/// One question about a car.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wanted {
    Odometer,
    /// Level, amount and range of the tank.
    Fuel,
    /// Level and range of the traction battery.
    Battery,
    BatteryCapacity,
    /// Whether it is plugged in and charging.
    Charge,
    /// Power, energy, speed and time of the charging. v3 only.
    ChargeDetails,
    ChargeLimit,
    /// Never to be asked without the owner's consent to locations.
    Location,
    EngineOil,
    Tires,
    /// Whether it is locked.
    Security,
    /// The 12 V battery. v3 only.
    LowVoltageBattery,
    Vin,
}

impl Wanted {
    pub const ALL: [Self; 13] = [
        Self::Odometer,
        Self::Fuel,
        Self::Battery,
        Self::BatteryCapacity,
        Self::Charge,
        Self::ChargeDetails,
        Self::ChargeLimit,
        Self::Location,
        Self::EngineOil,
        Self::Tires,
        Self::Security,
        Self::LowVoltageBattery,
        Self::Vin,
    ];

    /// The signals that answer it, and that are reported as failed if it fails. None if this API cannot be asked.
    pub fn signals(self, version: ApiVersion) -> &'static [&'static str] {
        match (self, version) {
            (Self::Odometer, _) => &[Signal::ODOMETER],
            (Self::Fuel, _) => &[Signal::FUEL_LEVEL, Signal::FUEL_AMOUNT, Signal::FUEL_RANGE],
            (Self::Battery, _) => &[Signal::STATE_OF_CHARGE, Signal::BATTERY_RANGE],
            (Self::BatteryCapacity, _) => &[Signal::BATTERY_CAPACITY],
            (Self::Charge, _) => &[Signal::IS_CHARGING, Signal::CHARGING_STATUS, Signal::CABLE_CONNECTED],
            (Self::ChargeDetails | Self::LowVoltageBattery, ApiVersion::V2) => &[],
            (Self::ChargeDetails, ApiVersion::V3) => &[
                Signal::CHARGE_RATE,
                Signal::ENERGY_ADDED,
                Signal::TIME_TO_COMPLETE,
                Signal::VOLTAGE,
                Signal::WATTAGE,
                Signal::AMPERAGE,
            ],
            (Self::ChargeLimit, ApiVersion::V2) => &[ACTIVE_LIMIT],
            (Self::ChargeLimit, ApiVersion::V3) => &[Signal::CHARGE_LIMITS],
            (Self::Location, _) => &[Signal::LOCATION],
            (Self::EngineOil, _) => &[Signal::OIL_LIFE],
            (Self::Tires, _) => &[Signal::TIRES],
            (Self::Security, _) => &[Signal::IS_LOCKED],
            (Self::LowVoltageBattery, ApiVersion::V3) => {
                &[Signal::LOW_VOLTAGE_CHARGE, Signal::LOW_VOLTAGE_STATUS]
            }
            (Self::Vin, _) => &[Signal::VIN],
        }
    }

    /// Which question a signal answers.
    pub fn of(signal: &Signal) -> Option<Self> {
        let versions = [ApiVersion::V2, ApiVersion::V3];
        Self::ALL
            .into_iter()
            .find(|wanted| versions.iter().any(|version| wanted.signals(*version).contains(&signal.as_str())))
    }

    /// The permission that the owner must have given. That of the 12 V battery is not documented; it is taken for that
    /// of the battery.
    pub fn permission(self) -> &'static str {
        match self {
            Self::Odometer => "read_odometer",
            Self::Fuel => "read_fuel",
            Self::Battery | Self::BatteryCapacity | Self::LowVoltageBattery => "read_battery",
            Self::Charge | Self::ChargeDetails | Self::ChargeLimit => "read_charge",
            Self::Location => "read_location",
            Self::EngineOil => "read_engine_oil",
            Self::Tires => "read_tires",
            Self::Security => "read_security",
            Self::Vin => "read_vin",
        }
    }

    /// The path of API v2.0 below the vehicle.
    pub(super) fn path(self) -> Option<&'static str> {
        match self {
            Self::Odometer => Some("/odometer"),
            Self::Fuel => Some("/fuel"),
            Self::Battery => Some("/battery"),
            Self::BatteryCapacity => Some("/battery/nominal_capacity"),
            Self::Charge => Some("/charge"),
            Self::ChargeLimit => Some("/charge/limit"),
            Self::Location => Some("/location"),
            Self::EngineOil => Some("/engine/oil"),
            Self::Tires => Some("/tires/pressure"),
            Self::Security => Some("/security"),
            Self::Vin => Some("/vin"),
            Self::ChargeDetails | Self::LowVoltageBattery => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::NEEDED;

    #[test]
    fn every_question_has_a_path_in_v2_exactly_if_it_has_signals_there() {
        for wanted in Wanted::ALL {
            assert_eq!(wanted.path().is_some(), !wanted.signals(ApiVersion::V2).is_empty(), "{wanted:?}");
            assert!(!wanted.signals(ApiVersion::V3).is_empty(), "{wanted:?}");
        }
    }

    #[test]
    fn every_signal_that_somebody_reads_can_be_asked_for() {
        for code in NEEDED {
            assert!(Wanted::of(&Signal::new(code)).is_some(), "{code}");
        }
        assert_eq!(Wanted::of(&Signal::new(ACTIVE_LIMIT)), Some(Wanted::ChargeLimit));
        assert_eq!(Wanted::of(&Signal::new("closure-sunroof")), None);
    }

    #[test]
    fn a_failed_path_is_reported_under_the_signals_of_its_question() {
        for wanted in Wanted::ALL {
            let Some(path) = wanted.path() else { continue };
            let told: Vec<String> =
                crate::batch::signals_of(path).iter().map(|signal| signal.as_str().to_owned()).collect();
            assert_eq!(told, wanted.signals(ApiVersion::V2), "{wanted:?}");
        }
    }
}
