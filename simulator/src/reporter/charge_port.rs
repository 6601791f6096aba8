//! What a car tells of its charge port, from plug to unplug.

use std::sync::Arc;

use super::dashboard::{Shown, distance, rounded_percent};
use crate::wire::{Body, ChargeLimit, Number, SignalName, names};
use crate::world::{Car, DistanceUnit, Doing, Gauges, Segment};

/// The charge port of one car.
#[derive(Debug, Clone)]
pub struct ChargePort {
    car: Arc<Car>,
    plug: Plug,
    limit_percent: u32,
}

#[derive(Debug, Clone, Copy)]
enum Plug {
    /// With what was in the battery when the cable was put in.
    In { wh: u32 },
    /// With what was charged the last time.
    Out { added_wh: u32 },
}

impl ChargePort {
    pub fn new(car: Arc<Car>) -> Self {
        Self { limit_percent: car.charge_limit_percent, car, plug: Plug::Out { added_wh: 0 } }
    }

    /// The car begins to do something else.
    pub fn enter(&mut self, segment: &Segment) {
        let now_wh = segment.before.battery_wh;
        self.plug = match (self.plug, segment.plugged()) {
            (Plug::Out { .. }, true) => Plug::In { wh: now_wh },
            (Plug::In { wh }, false) => Plug::Out { added_wh: now_wh.saturating_sub(wh) },
            (same @ Plug::In { .. }, true) | (same @ Plug::Out { .. }, false) => same,
        };
    }

    /// People want it charged up to this level.
    pub fn limit(&mut self, percent: u32) {
        self.limit_percent = percent;
    }

    /// A signal of the group `Charge`.
    pub fn show(&self, name: SignalName, segment: &Segment, gauges: Gauges) -> Shown {
        let watts = charging_watts(segment);
        let body = match name {
            names::IS_CHARGING => Some(Body::Flag { value: watts > 0 }),
            names::CABLE_CONNECTED => Some(Body::Flag { value: segment.plugged() }),
            names::CHARGING_STATUS => Some(Body::Text { value: self.status(segment, gauges).to_owned() }),
            names::ENERGY_ADDED => {
                let tenths = Number::decimal(i64::from(self.added_wh(gauges) / 100), 1);
                Some(Body::Measured { value: tenths, unit: "kWh" })
            }
            names::WATTAGE => Some(Body::Measured { value: i64::from(watts).into(), unit: "watts" }),
            names::CHARGE_LIMITS => Some(self.limits()),
            names::CHARGE_RATE if watts == 0 => return Shown::NotNow(self.rate(watts)),
            names::CHARGE_RATE => Some(self.rate(watts)),
            _ => None,
        };
        body.into()
    }

    fn added_wh(&self, gauges: Gauges) -> u32 {
        match self.plug {
            Plug::In { wh } => gauges.battery_wh.saturating_sub(wh),
            Plug::Out { added_wh } => added_wh,
        }
    }

    fn status(&self, segment: &Segment, gauges: Gauges) -> &'static str {
        let level = rounded_percent(gauges.battery_wh, self.car.model.battery_wh);
        match segment.doing {
            Doing::Charging { .. } => "CHARGING",
            Doing::Standing { plugged: true } if level >= Some(self.limit_percent) => "FULLY_CHARGED",
            Doing::Standing { .. } | Doing::Driving { .. } | Doing::Refuelling | Doing::InService => {
                "NOT_CHARGING"
            }
        }
    }

    fn limits(&self) -> Body {
        let limit = Number::from(i64::from(self.limit_percent));
        let values = vec![ChargeLimit { r#type: "GLOBAL", limit, condition: None }];
        Body::ChargeLimits { values, active_limit: Some(limit), unit: "percent" }
    }

    fn rate(&self, watts: u32) -> Body {
        let metres_per_hour = u64::from(watts) * 100_000 / u64::from(self.car.model.wh_per_100_km.max(1));
        let (value, _) = distance(self.car.unit, metres_per_hour, 0);
        let unit = match self.car.unit {
            DistanceUnit::Kilometres => "km/h",
            DistanceUnit::Miles => "miles_per_hour",
        };
        Body::Measured { value, unit }
    }
}

fn charging_watts(segment: &Segment) -> u32 {
    match segment.doing {
        Doing::Charging { watts } => watts,
        Doing::Standing { .. } | Doing::Driving { .. } | Doing::Refuelling | Doing::InService => 0,
    }
}
