//! What the instruments of a car show: its gauges, rounded and in its own units.

use std::sync::Arc;

use chrono::{DateTime, Datelike, Duration, Timelike, Utc};

use super::charge_port::ChargePort;
use super::manner::Manner;
use crate::wire::{Body, Capacity, Number, SignalName, Tire, names};
use crate::world::{Car, Command, DistanceUnit, Doing, Gauges, Segment};

/// The instruments of one car.
#[derive(Debug, Clone)]
pub struct Dashboard {
    car: Arc<Car>,
    manner: Manner,
    charge_port: ChargePort,
    /// What people did to the doors since the car stands; it is locked if they did nothing.
    locked: Option<bool>,
}

/// What an instrument shows.
#[derive(Debug, PartialEq)]
pub enum Shown {
    Body(Body),
    /// An old value, beside the error that it says nothing now.
    NotNow(Body),
    NotFitted,
}

impl From<Option<Body>> for Shown {
    fn from(body: Option<Body>) -> Self {
        body.map_or(Self::NotFitted, Self::Body)
    }
}

impl Dashboard {
    pub fn new(car: Arc<Car>, manner: Manner) -> Self {
        Self { charge_port: ChargePort::new(Arc::clone(&car)), locked: None, manner, car }
    }

    /// The car begins to do something else.
    pub fn enter(&mut self, segment: &Segment) {
        self.charge_port.enter(segment);
        if matches!(segment.doing, Doing::Driving { .. }) {
            self.locked = None;
        }
    }

    /// Shows from now on what a command did that is no part of the car's way.
    pub fn obey(&mut self, command: Command) {
        match command {
            Command::Lock => self.locked = Some(true),
            Command::Unlock => self.locked = Some(false),
            Command::LimitCharge { percent } => self.charge_port.limit(percent),
            Command::StartCharge | Command::StopCharge | Command::Navigate => {}
        }
    }

    /// What never changes, without any time of its own.
    pub fn constant(&self, name: SignalName) -> Option<Body> {
        match name {
            names::VIN => Some(Body::Text { value: self.car.identity.vin.clone() }),
            names::NOMINAL_CAPACITY => {
                let capacity = Number::from(i64::from(self.car.identity.battery_capacity_kwh?));
                Some(Body::Capacity {
                    capacity,
                    source: "SMARTCAR",
                    available_capacities: vec![Capacity { capacity, description: None }],
                    unit: "kWh",
                })
            }
            _ => None,
        }
    }

    /// The instrument of a signal at a moment of a segment.
    pub fn show(&self, name: SignalName, segment: &Segment, at: DateTime<Utc>) -> Shown {
        let gauges = segment.gauges_at(at);
        let has_battery = self.car.model.battery_wh > 0;
        let body = match name {
            names::ODOMETER => {
                let (value, unit) =
                    distance(self.car.unit, gauges.odometer_m, self.car.model.odometer_decimals);
                Some(Body::Measured { value, unit })
            }
            names::FUEL_LEVEL => self.fuel_level(gauges, segment, at),
            names::FUEL_AMOUNT => self.fuel_amount(gauges, segment, at),
            names::OIL_LIFE => self.oil_life(gauges),
            names::STATE_OF_CHARGE if has_battery => {
                let off = self.manner.charge_points(&self.car.chance, at);
                rounded_percent(gauges.battery_wh, self.car.model.battery_wh)
                    .map(|level| percent((i64::from(level) + off).clamp(0, 100)))
            }
            names::BATTERY_RANGE if has_battery => Some(self.battery_range(gauges)),
            names::LOCATION => Some(self.location(segment, at)),
            names::IS_LOCKED => {
                let driving = matches!(segment.doing, Doing::Driving { .. });
                Some(Body::Flag { value: self.locked.unwrap_or(!driving) })
            }
            names::TIRES => Some(self.tires(at)),
            names::LOW_VOLTAGE => Some(self.low_voltage(at)),
            _ if name.group == "Charge" && has_battery => {
                return self.charge_port.show(name, segment, gauges);
            }
            _ => None,
        };
        body.into()
    }

    fn fuel_level(&self, gauges: Gauges, segment: &Segment, at: DateTime<Utc>) -> Option<Body> {
        let level = rounded_percent(gauges.fuel_ml, self.car.model.tank_ml)?;
        // Fuel sloshes while the car drives.
        let driving = matches!(segment.doing, Doing::Driving { .. });
        let slosh = if driving { self.car.chance.branch("slosh", at.timestamp()).between(-1, 1) } else { 0 };
        let off = self.manner.fuel_points(&self.car.chance, segment, at);
        Some(percent((i64::from(level) + slosh + off).clamp(0, 100)))
    }

    fn fuel_amount(&self, gauges: Gauges, segment: &Segment, at: DateTime<Utc>) -> Option<Body> {
        let tank_ml = i64::from(self.car.model.tank_ml);
        let fitted = tank_ml > 0 && self.car.model.tells_litres;
        let off_ml = self.manner.fuel_points(&self.car.chance, segment, at) * tank_ml / 100;
        let shown_ml = (i64::from(gauges.fuel_ml) + off_ml).clamp(0, tank_ml);
        fitted.then(|| Body::Measured { value: Number::decimal(shown_ml / 100, 1), unit: "liters" })
    }

    fn oil_life(&self, gauges: Gauges) -> Option<Body> {
        let driven = gauges.odometer_m.saturating_sub(gauges.serviced_at_m);
        let used = i64::try_from(driven * 100 / self.car.service_interval_m).unwrap_or(100);
        (self.car.model.tank_ml > 0).then(|| percent((100 - used).max(0)))
    }

    fn battery_range(&self, gauges: Gauges) -> Body {
        let metres = u64::from(gauges.battery_wh) * 100_000 / u64::from(self.car.model.wh_per_100_km.max(1));
        let (value, unit) = distance(self.car.unit, metres, 0);
        Body::Range { value, r#type: "DEFAULT", additional_values: Vec::new(), unit }
    }

    fn location(&self, segment: &Segment, at: DateTime<Utc>) -> Body {
        let position = self.manner.position(&self.car.chance, segment.position_at(at), at);
        let driving = matches!(segment.doing, Doing::Driving { .. });
        Body::Position {
            latitude: Number::decimal(position.latitude_e6.into(), 6),
            longitude: Number::decimal(position.longitude_e6.into(), 6),
            location_type: if driving { "CURRENT" } else { "LAST_PARKED" },
        }
    }

    fn tires(&self, at: DateTime<Utc>) -> Body {
        let warmth = self.celsius(at);
        let tire = |(row, column, placard_kpa): (u8, u8, i64)| {
            // The pressure follows the absolute temperature; the placard holds at 20 °C. Gauges show it over
            // air's.
            let kpa = (placard_kpa + 101) * (273 + warmth) / 293 - 101;
            let tire_pressure =
                if self.car.model.tires_in_kpa { Number::from(kpa) } else { Number::decimal(kpa, 2) };
            Tire { row, column, tire_pressure }
        };
        let values = [(0, 0, 250), (0, 1, 250), (1, 0, 261), (1, 1, 260)].map(tire).to_vec();
        Body::Tires { values, row_count: 2, column_count: 2, unit: "bar" }
    }

    fn low_voltage(&self, at: DateTime<Utc>) -> Body {
        percent(self.car.chance.branch("small battery", at.timestamp() / 86_400).between(84, 93))
    }

    /// The weather: the middle of the month, colder at night.
    fn celsius(&self, at: DateTime<Utc>) -> i64 {
        const MONTHS: [i64; 12] = [1, 2, 6, 10, 15, 18, 20, 20, 16, 11, 6, 2];
        let local = at + Duration::minutes(self.car.town.utc_offset_minutes);
        let night = if (8..20).contains(&local.hour()) { 0 } else { 4 };
        MONTHS[local.month0() as usize % 12] - night
    }
}

/// A distance in the car's unit; instruments do not round up.
pub(super) fn distance(unit: DistanceUnit, metres: u64, decimals: u8) -> (Number, &'static str) {
    let (unit_mm, name) = match unit {
        DistanceUnit::Kilometres => (1_000_000_u64, "km"),
        DistanceUnit::Miles => (1_609_344, "miles"),
    };
    let parts = metres * 1_000 * 10_u64.pow(u32::from(decimals)) / unit_mm;
    (Number::decimal(i64::try_from(parts).unwrap_or(i64::MAX), decimals), name)
}

fn percent(value: i64) -> Body {
    Body::Measured { value: value.into(), unit: "percent" }
}

/// `None` where there is nothing that could be full.
pub(super) fn rounded_percent(part: u32, whole: u32) -> Option<u32> {
    let hundredths = u64::from(part) * 200 / u64::from((whole > 0).then_some(whole)?);
    u32::try_from(hundredths.div_ceil(2)).ok()
}
