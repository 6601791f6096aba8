//! What the instruments of a car show: its gauges, rounded and in its own units.

use std::sync::Arc;

use chrono::{DateTime, Datelike, Duration, Timelike, Utc};

use crate::wire::{Body, Capacity, ChargeLimit, Number, SignalName, Tire, names};
use crate::world::{Car, DistanceUnit, Doing, Gauges, Segment};

/// The instruments of one car.
#[derive(Debug)]
pub struct Dashboard {
    car: Arc<Car>,
    /// What was in the battery when the cable was put in last, and whether it still is.
    plugged: Option<Plug>,
}

#[derive(Debug, Clone, Copy)]
struct Plug {
    wh: u32,
    is_in: bool,
    /// What has been charged since; stays when the cable is out.
    added_wh: u32,
}

/// What an instrument shows.
#[derive(Debug, PartialEq)]
pub enum Shown {
    Body(Body),
    /// An old value, beside the error that it says nothing now.
    NotNow(Body),
    NotFitted,
}

impl Dashboard {
    pub fn new(car: Arc<Car>) -> Self {
        Self { car, plugged: None }
    }

    /// The car begins to do something else.
    pub fn enter(&mut self, segment: &Segment) {
        match (&mut self.plugged, segment.plugged()) {
            (Some(plug), false) if plug.is_in => {
                plug.is_in = false;
                plug.added_wh = segment.before.battery_wh.saturating_sub(plug.wh);
            }
            (Some(Plug { is_in: true, .. }), true) | (Some(_) | None, false) => {}
            (Some(_) | None, true) => {
                self.plugged = Some(Plug {
                    wh: segment.before.battery_wh,
                    is_in: true,
                    added_wh: 0,
                });
            }
        }
    }

    /// What never changes, without any time of its own.
    pub fn constant(&self, name: SignalName) -> Option<Body> {
        match name {
            names::VIN => Some(Body::Text {
                value: self.car.identity.vin.clone(),
            }),
            names::NOMINAL_CAPACITY => {
                let capacity = Number::from(i64::from(self.car.identity.battery_capacity_kwh?));
                Some(Body::Capacity {
                    capacity,
                    source: "SMARTCAR",
                    available_capacities: vec![Capacity {
                        capacity,
                        description: None,
                    }],
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
            names::ODOMETER => Some(self.distance(gauges.odometer_m, self.car.model.odometer_decimals)),
            names::FUEL_LEVEL => self.fuel_level(gauges, segment, at),
            names::FUEL_AMOUNT => self.fuel_amount(gauges),
            names::OIL_LIFE => self.oil_life(gauges),
            names::STATE_OF_CHARGE if has_battery => Some(percent(i64::from(self.charge_level(gauges)))),
            names::BATTERY_RANGE if has_battery => Some(self.battery_range(gauges)),
            names::LOCATION => Some(location(segment, at)),
            names::IS_LOCKED => Some(Body::Flag {
                value: !matches!(segment.doing, Doing::Driving { .. }),
            }),
            names::TIRES => Some(self.tires(at)),
            names::LOW_VOLTAGE => Some(self.low_voltage(at)),
            names::CHARGE_RATE if has_battery => return self.charge_rate(segment),
            _ if name.group == "Charge" && has_battery => self.charge(name, segment, gauges),
            _ => None,
        };
        body.map_or(Shown::NotFitted, Shown::Body)
    }

    fn distance(&self, metres: u64, decimals: u8) -> Body {
        let (per_unit_mm, unit) = match self.car.unit {
            DistanceUnit::Kilometres => (1_000_000_u64, "km"),
            DistanceUnit::Miles => (1_609_344, "miles"),
        };
        // Odometers do not round up.
        let parts = metres * 1_000 * 10_u64.pow(u32::from(decimals)) / per_unit_mm;
        Body::Measured {
            value: Number::decimal(i64::try_from(parts).unwrap_or(i64::MAX), decimals),
            unit,
        }
    }

    fn fuel_level(&self, gauges: Gauges, segment: &Segment, at: DateTime<Utc>) -> Option<Body> {
        let level = rounded_percent(gauges.fuel_ml, self.car.model.tank_ml)?;
        // Fuel sloshes while the car drives.
        let driving = matches!(segment.doing, Doing::Driving { .. });
        let slosh = if driving {
            self.car.chance.branch("slosh", at.timestamp()).between(-1, 1)
        } else {
            0
        };
        Some(percent((i64::from(level) + slosh).clamp(0, 100)))
    }

    fn fuel_amount(&self, gauges: Gauges) -> Option<Body> {
        let fitted = self.car.model.tank_ml > 0 && self.car.model.tells_litres;
        fitted.then(|| Body::Measured {
            value: Number::decimal(i64::from(gauges.fuel_ml) / 100, 1),
            unit: "liters",
        })
    }

    fn oil_life(&self, gauges: Gauges) -> Option<Body> {
        let driven = gauges.odometer_m.saturating_sub(gauges.serviced_at_m);
        let used = i64::try_from(driven * 100 / self.car.service_interval_m).unwrap_or(100);
        (self.car.model.tank_ml > 0).then(|| percent((100 - used).max(0)))
    }

    fn charge_level(&self, gauges: Gauges) -> u32 {
        rounded_percent(gauges.battery_wh, self.car.model.battery_wh).unwrap_or(0)
    }

    fn battery_range(&self, gauges: Gauges) -> Body {
        let metres = u64::from(gauges.battery_wh) * 100_000 / u64::from(self.car.model.wh_per_100_km.max(1));
        let Body::Measured { value, unit } = self.distance(metres, 0) else {
            return Body::Bare {
                value: Number::from(0),
            };
        };
        Body::Range {
            value,
            r#type: "DEFAULT",
            additional_values: Vec::new(),
            unit,
        }
    }

    fn charge(&self, name: SignalName, segment: &Segment, gauges: Gauges) -> Option<Body> {
        let watts = charging_watts(segment);
        match name {
            names::IS_CHARGING => Some(Body::Flag { value: watts > 0 }),
            names::CABLE_CONNECTED => Some(Body::Flag {
                value: segment.plugged(),
            }),
            names::CHARGING_STATUS => Some(Body::Text {
                value: self.charging_status(segment, gauges).to_owned(),
            }),
            names::ENERGY_ADDED => {
                let added = self.plugged.map_or(0, |plug| {
                    if plug.is_in {
                        gauges.battery_wh.saturating_sub(plug.wh)
                    } else {
                        plug.added_wh
                    }
                });
                Some(Body::Measured {
                    value: Number::decimal(i64::from(added / 100), 1),
                    unit: "kWh",
                })
            }
            names::WATTAGE => Some(Body::Measured {
                value: i64::from(watts).into(),
                unit: "watts",
            }),
            names::CHARGE_LIMITS => {
                let limit = Number::from(i64::from(self.car.charge_limit_percent));
                let values = vec![ChargeLimit {
                    r#type: "GLOBAL",
                    limit,
                    condition: None,
                }];
                Some(Body::ChargeLimits {
                    values,
                    active_limit: Some(limit),
                    unit: "percent",
                })
            }
            _ => None,
        }
    }

    fn charging_status(&self, segment: &Segment, gauges: Gauges) -> &'static str {
        let is_full = self.charge_level(gauges) >= self.car.charge_limit_percent;
        match segment.doing {
            Doing::Charging { .. } => "CHARGING",
            Doing::Standing { plugged: true } if is_full => "FULLY_CHARGED",
            Doing::Standing { .. } | Doing::Driving { .. } | Doing::Refuelling | Doing::InService => {
                "NOT_CHARGING"
            }
        }
    }

    fn charge_rate(&self, segment: &Segment) -> Shown {
        let watts = u64::from(charging_watts(segment));
        let metres_per_hour = watts * 100_000 / u64::from(self.car.model.wh_per_100_km.max(1));
        let unit = match self.car.unit {
            DistanceUnit::Kilometres => "km/h",
            DistanceUnit::Miles => "miles_per_hour",
        };
        let Body::Measured { value, .. } = self.distance(metres_per_hour, 0) else {
            return Shown::NotFitted;
        };
        let body = Body::Measured { value, unit };
        if watts > 0 {
            Shown::Body(body)
        } else {
            Shown::NotNow(body)
        }
    }

    fn tires(&self, at: DateTime<Utc>) -> Body {
        let warmth = self.celsius(at);
        let tire = |(row, column, placard_kpa): (u8, u8, i64)| {
            // The pressure follows the absolute temperature; the placard holds at 20 °C. Gauges show it over air's.
            let kpa = (placard_kpa + 101) * (273 + warmth) / 293 - 101;
            let tire_pressure = if self.car.model.tires_in_kpa {
                Number::from(kpa)
            } else {
                Number::decimal(kpa, 2)
            };
            Tire {
                row,
                column,
                tire_pressure,
            }
        };
        let values = [(0, 0, 250), (0, 1, 250), (1, 0, 261), (1, 1, 260)]
            .map(tire)
            .to_vec();
        Body::Tires {
            values,
            row_count: 2,
            column_count: 2,
            unit: "bar",
        }
    }

    fn low_voltage(&self, at: DateTime<Utc>) -> Body {
        percent(
            self.car
                .chance
                .branch("small battery", at.timestamp() / 86_400)
                .between(84, 93),
        )
    }

    /// The weather: the middle of the month, colder at night.
    fn celsius(&self, at: DateTime<Utc>) -> i64 {
        const MONTHS: [i64; 12] = [1, 2, 6, 10, 15, 18, 20, 20, 16, 11, 6, 2];
        let local = at + Duration::minutes(self.car.town.utc_offset_minutes);
        let night = if (8..20).contains(&local.hour()) { 0 } else { 4 };
        MONTHS[local.month0() as usize % 12] - night
    }
}

fn location(segment: &Segment, at: DateTime<Utc>) -> Body {
    let position = segment.position_at(at);
    let driving = matches!(segment.doing, Doing::Driving { .. });
    Body::Position {
        latitude: Number::decimal(position.latitude_e6.into(), 6),
        longitude: Number::decimal(position.longitude_e6.into(), 6),
        location_type: if driving { "CURRENT" } else { "LAST_PARKED" },
    }
}

fn charging_watts(segment: &Segment) -> u32 {
    match segment.doing {
        Doing::Charging { watts } => watts,
        Doing::Standing { .. } | Doing::Driving { .. } | Doing::Refuelling | Doing::InService => 0,
    }
}

fn percent(value: i64) -> Body {
    Body::Measured {
        value: value.into(),
        unit: "percent",
    }
}

/// `None` where there is nothing that could be full.
fn rounded_percent(part: u32, whole: u32) -> Option<u32> {
    let hundredths = u64::from(part) * 200 / u64::from((whole > 0).then_some(whole)?);
    u32::try_from(hundredths.div_ceil(2)).ok()
}
