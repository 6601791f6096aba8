//! The models that virtual cars come in, and how the cloud of each make speaks of them. Intervals follow the
//! platform's page of update frequencies; tanks, batteries and consumption are round numbers of the real
//! cars.

use super::car::Powertrain;

/// How a make's cloud hears from its cars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cadence {
    /// Minutes between two reports while the car drives or charges.
    pub active_minutes: i64,
    /// Hours between two reports while the car stands.
    pub idle_hours: i64,
    /// Whether the end of a drive, a plug or a fill is reported by itself, within some minutes.
    pub on_change: bool,
    pub stamps: Stamps,
    /// Whether the odometer is told while driving, or only after it.
    pub odometer_while_driving: bool,
    /// Whether times come in whole seconds.
    pub whole_seconds: bool,
}

/// When a reading gets a new time of the car.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamps {
    /// When its value changed.
    Changes,
    /// Whenever the car spoke of it, although it said the same.
    Fetches,
}

/// A model of car.
#[derive(Debug, PartialEq, Eq)]
pub struct Model {
    /// As on the wire: upper case.
    pub make: &'static str,
    pub model: &'static str,
    pub powertrain: Powertrain,
    /// 0 without a tank.
    pub tank_ml: u32,
    pub fuel_ml_per_100_km: u32,
    /// What the car calls full; 0 without a traction battery.
    pub battery_wh: u32,
    pub wh_per_100_km: u32,
    /// The most that the battery takes from an AC and from a DC charger.
    pub ac_watts: u32,
    pub dc_watts: u32,
    pub cadence: Cadence,
    /// Decimals of the odometer on the wire.
    pub odometer_decimals: u8,
    /// Whether litres are told beside the percentage.
    pub tells_litres: bool,
    /// Whether deliveries name the powertrain (else `null`).
    pub tells_powertrain: bool,
    /// Whether tyre pressures are kPa numbers under the unit `bar`, as some makes have it; else they are bar.
    pub tires_in_kpa: bool,
}

/// Reports of its own accord, every few minutes.
const LIVELY: Cadence = Cadence {
    active_minutes: 3,
    idle_hours: 6,
    on_change: true,
    stamps: Stamps::Changes,
    odometer_while_driving: true,
    whole_seconds: true,
};
/// The odometer is told when the drive is over.
const AFTER_THE_DRIVE: Cadence =
    Cadence { active_minutes: 8, odometer_while_driving: false, whole_seconds: false, ..LIVELY };
/// Every reading of a fetch gets the time of the fetch.
const RESTAMPING: Cadence = Cadence { active_minutes: 5, stamps: Stamps::Fetches, ..LIVELY };
/// Told by a timer alone, and asleep for half a day.
const SLEEPY: Cadence = Cadence { active_minutes: 45, idle_hours: 12, on_change: false, ..LIVELY };

const fn bev(
    make: &'static str,
    model: &'static str,
    battery_wh: u32,
    wh_per_100_km: u32,
    cadence: Cadence,
) -> Model {
    Model {
        make,
        model,
        powertrain: Powertrain::Bev,
        tank_ml: 0,
        fuel_ml_per_100_km: 0,
        battery_wh,
        wh_per_100_km,
        ac_watts: 11_000,
        dc_watts: 110_000,
        cadence,
        odometer_decimals: 0,
        tells_litres: false,
        tells_powertrain: true,
        tires_in_kpa: cadence.whole_seconds,
    }
}

const fn ice(
    make: &'static str,
    model: &'static str,
    tank_ml: u32,
    per_100_km: u32,
    cadence: Cadence,
) -> Model {
    Model {
        powertrain: Powertrain::Ice,
        tank_ml,
        fuel_ml_per_100_km: per_100_km,
        ac_watts: 0,
        dc_watts: 0,
        tells_litres: true,
        ..bev(make, model, 0, 0, cadence)
    }
}

const fn phev(
    make: &'static str,
    model: &'static str,
    battery_wh: u32,
    tank_ml: u32,
    cadence: Cadence,
) -> Model {
    Model {
        powertrain: Powertrain::Phev,
        tank_ml,
        fuel_ml_per_100_km: 6_200,
        ac_watts: 3_700,
        dc_watts: 0,
        ..bev(make, model, battery_wh, 21_000, cadence)
    }
}

/// Models that are sold where kilometres are counted.
pub static METRIC_MODELS: [Model; 13] = [
    Model { tells_powertrain: false, ..bev("VOLKSWAGEN", "ID.4", 77_000, 18_500, AFTER_THE_DRIVE) },
    ice("SKODA", "Octavia", 45_000, 5_600, AFTER_THE_DRIVE),
    Model { odometer_decimals: 1, ..bev("POLESTAR", "Polestar 2", 79_000, 18_000, LIVELY) },
    phev("BYD", "Seal U DM-i", 18_300, 60_000, RESTAMPING),
    ice("RENAULT", "Clio", 42_000, 5_300, SLEEPY),
    bev("HYUNDAI", "IONIQ 5", 72_600, 17_000, AFTER_THE_DRIVE),
    Model { tells_litres: false, ..ice("TOYOTA", "Corolla", 50_000, 5_000, SLEEPY) },
    phev("VOLVO", "XC60 T6", 18_800, 71_000, LIVELY),
    Model { odometer_decimals: 3, ..bev("TESLA", "Model 3", 75_000, 14_900, LIVELY) },
    ice("MERCEDES", "C 220 d", 50_000, 5_200, AFTER_THE_DRIVE),
    Model { dc_watts: 46_000, ac_watts: 6_600, ..bev("NISSAN", "LEAF", 39_000, 16_500, SLEEPY) },
    Model { tells_powertrain: false, ..phev("BMW", "330e", 12_000, 40_000, AFTER_THE_DRIVE) },
    Model { tells_litres: false, ..ice("MAZDA", "CX-5", 56_000, 7_100, LIVELY) },
];

/// Models that are sold where miles are counted.
pub static MILE_MODELS: [Model; 4] = [
    Model { odometer_decimals: 1, ..ice("FORD", "F-150", 87_000, 11_500, LIVELY) },
    ice("CHEVROLET", "Equinox", 56_000, 8_300, SLEEPY),
    Model { odometer_decimals: 1, ..bev("RIVIAN", "R1S", 128_000, 27_000, LIVELY) },
    phev("CHRYSLER", "Pacifica", 16_000, 62_000, AFTER_THE_DRIVE),
];
