//! The answers of API v2.0, all of them taken from what the car told last.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::question::Question;
use super::units::{Units, kilometres};
use crate::platform::problems::{Kind, Problem};
use crate::reporter::LastKnown;
use crate::wire::{Body, Number, Outcome, SignalError, SignalName, Times, names};
use crate::world::{Car, Service};

/// An answer with the times of the car and of the platform.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    pub body: Value,
    pub said_at: Option<DateTime<Utc>>,
    pub fetched_at: Option<DateTime<Utc>>,
    /// Named where the numbers have units that depend on it.
    pub units: Option<Units>,
}

/// What is asked of, and in which units.
#[derive(Debug)]
pub struct Source<'a> {
    pub car: &'a Car,
    pub known: Option<&'a LastKnown>,
    pub services: &'a [Service],
    pub units: Units,
}

impl Source<'_> {
    pub fn answer(&self, question: Question) -> Result<Reading, Problem> {
        match question {
            Question::Info => Ok(self.info()),
            Question::Odometer => self.odometer(),
            Question::Fuel => self.fuel(),
            Question::Battery => self.battery(),
            Question::BatteryCapacity => self.capacity(|kwh| json!({ "capacity": kwh })),
            Question::NominalCapacity => self.capacity(|kwh| {
                json!({
                    "availableCapacities": [{ "capacity": kwh, "description": null }],
                    "capacity": { "nominal": kwh, "source": "SMARTCAR" },
                    "url": null,
                })
            }),
            Question::Charge => self.charge(),
            Question::ChargeLimit => self.charge_limit(),
            Question::Location => self.location(),
            Question::TirePressure => self.tires(),
            Question::EngineOil => {
                let (percent, _, times) = self.measured(names::OIL_LIFE)?;
                Ok(reading(json!({ "lifeRemaining": share(percent) }), times, None))
            }
            Question::Security => self.security(),
            Question::Vin => match self.told(names::VIN)? {
                (Body::Text { value }, times) => Ok(reading(json!({ "vin": value }), times, None)),
                _ => Err(unknown()),
            },
            Question::SystemStatus => self.diagnostics("systems", json!(systems())),
            Question::TroubleCodes => self.diagnostics("activeCodes", json!([])),
            Question::ServiceHistory => self.service_history(),
        }
    }

    fn info(&self) -> Reading {
        let car = &self.car.identity;
        let body = json!({
            "id": car.smartcar_vehicle_id, "make": car.make, "model": car.model, "year": car.year,
        });
        Reading { body, said_at: None, fetched_at: None, units: None }
    }

    fn odometer(&self) -> Result<Reading, Problem> {
        let (value, unit, times) = self.measured(names::ODOMETER)?;
        let distance = self.units.distance(kilometres(value, unit));
        Ok(reading(json!({ "distance": distance }), times, Some(self.units)))
    }

    fn fuel(&self) -> Result<Reading, Problem> {
        let (percent, _, times) = self.measured(names::FUEL_LEVEL)?;
        let litres = self.measured(names::FUEL_AMOUNT).ok().map(|(litres, ..)| litres);
        let model = self.car.model;
        let in_tank_ml = f64::from(model.tank_ml) * percent / 100.0;
        let range_km = in_tank_ml / f64::from(model.fuel_ml_per_100_km.max(1)) * 100.0;
        let body = json!({
            "amountRemaining": litres.map(|litres| self.units.volume(litres)),
            "percentRemaining": share(percent),
            "range": self.units.distance(range_km),
        });
        Ok(reading(body, times, Some(self.units)))
    }

    fn battery(&self) -> Result<Reading, Problem> {
        let (percent, _, times) = self.measured(names::STATE_OF_CHARGE)?;
        let range = match self.told(names::BATTERY_RANGE)? {
            (Body::Range { value, unit, .. }, _) => self.units.distance(kilometres(value.as_f64(), unit)),
            _ => return Err(unknown()),
        };
        let body = json!({ "percentRemaining": share(percent), "range": range });
        Ok(reading(body, times, Some(self.units)))
    }

    fn capacity(&self, body: impl Fn(Number) -> Value) -> Result<Reading, Problem> {
        match self.told(names::NOMINAL_CAPACITY)? {
            (Body::Capacity { capacity, .. }, times) => Ok(reading(body(*capacity), times, None)),
            _ => Err(unknown()),
        }
    }

    fn charge(&self) -> Result<Reading, Problem> {
        let (plugged, _) = self.told(names::CABLE_CONNECTED)?;
        let (status, times) = self.told(names::CHARGING_STATUS)?;
        let (Body::Flag { value: plugged }, Body::Text { value: state }) = (plugged, status) else {
            return Err(unknown());
        };
        Ok(reading(json!({ "isPluggedIn": plugged, "state": state }), times, None))
    }

    fn charge_limit(&self) -> Result<Reading, Problem> {
        match self.told(names::CHARGE_LIMITS)? {
            (Body::ChargeLimits { active_limit: Some(limit), .. }, times) => {
                Ok(reading(json!({ "limit": share(limit.as_f64()) }), times, None))
            }
            _ => Err(unknown()),
        }
    }

    fn location(&self) -> Result<Reading, Problem> {
        match self.told(names::LOCATION)? {
            (Body::Position { latitude, longitude, .. }, times) => {
                Ok(reading(json!({ "latitude": latitude, "longitude": longitude }), times, None))
            }
            _ => Err(unknown()),
        }
    }

    fn tires(&self) -> Result<Reading, Problem> {
        let (Body::Tires { values, .. }, times) = self.told(names::TIRES)? else {
            return Err(unknown());
        };
        let pressure = |row, column| {
            let tire = values.iter().find(|tire| (tire.row, tire.column) == (row, column));
            // Some makes tell kPa under the name of bar.
            let kpa = tire.map(|tire| tire.tire_pressure.as_f64());
            let kpa = kpa.map(|told| if told > 20.0 { told } else { told * 100.0 });
            kpa.map(|kpa| self.units.pressure(kpa))
        };
        let body = json!({
            "frontLeft": pressure(0, 0), "frontRight": pressure(0, 1),
            "backLeft": pressure(1, 0), "backRight": pressure(1, 1),
        });
        Ok(reading(body, times, Some(self.units)))
    }

    fn security(&self) -> Result<Reading, Problem> {
        let (Body::Flag { value: locked }, times) = self.told(names::IS_LOCKED)? else {
            return Err(unknown());
        };
        let doors = if *locked { "LOCKED" } else { "CLOSED" };
        let of = |parts: &[&str], status: &str| -> Value {
            parts.iter().map(|part| json!({ "type": part, "status": status })).collect()
        };
        let sides = ["frontLeft", "frontRight", "backLeft", "backRight"];
        let body = json!({
            "isLocked": locked,
            "doors": of(&sides, doors),
            "windows": of(&sides, "CLOSED"),
            "sunroof": of(&["sunroof"], "CLOSED"),
            "storage": of(&["rear", "front"], "CLOSED"),
            "chargingPort": of(&["chargingPort"], "CLOSED"),
        });
        Ok(reading(body, times, None))
    }

    fn diagnostics(&self, name: &str, found: Value) -> Result<Reading, Problem> {
        // Told once a day, with the tyres.
        let (_, times) = self.told(names::TIRES)?;
        let mut body = json!({});
        body[name] = found;
        Ok(reading(body, times, None))
    }

    fn service_history(&self) -> Result<Reading, Problem> {
        let (_, times) = self.told(names::ODOMETER)?;
        let record = |(nth, service): (usize, &Service)| {
            json!({
                "serviceId": nth + 1,
                "serviceDate": service.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
                "odometerDistance": service.odometer_m / 1_000,
                "serviceTasks": [{ "taskId": 1, "taskDescription": "oil change" }],
                "serviceDetails": { "type": "dealership" },
                "serviceCost": { "totalCost": 180, "currency": "EUR" },
            })
        };
        let records: Value = self.services.iter().enumerate().map(record).collect();
        Ok(reading(records, times, Some(self.units)))
    }

    fn measured(&self, name: SignalName) -> Result<(f64, &'static str, Times), Problem> {
        match self.told(name)? {
            (Body::Measured { value, unit }, times) => Ok((value.as_f64(), unit, times)),
            _ => Err(unknown()),
        }
    }

    /// What the car told of a signal last.
    fn told(&self, name: SignalName) -> Result<(&Body, Times), Problem> {
        let known = self.known.ok_or_else(|| Problem::new(Kind::VehicleState, Some("UNREACHABLE")))?;
        let signal = known.signals.iter().find(|signal| signal.name == name);
        match signal.map(|signal| &signal.outcome) {
            Some(Outcome::Success { body, times } | Outcome::Failed { last: Some((body, times)), .. }) => {
                Ok((body, *times))
            }
            Some(Outcome::Failed { error, last: None }) if *error != SignalError::NOT_CAPABLE => {
                Err(unknown())
            }
            Some(Outcome::Failed { .. }) | None => Err(Problem::not_capable()),
        }
    }
}

fn unknown() -> Problem {
    Problem::new(Kind::VehicleState, Some("UNKNOWN"))
}

fn reading(body: Value, times: Times, units: Option<Units>) -> Reading {
    let moment = |ms: i64| DateTime::from_timestamp_millis(ms).filter(|_| ms > 0);
    let (said_at, fetched_at) = (moment(times.oem_updated_at), moment(times.retrieved_at));
    Reading { body, said_at, fetched_at, units }
}

/// Per cent as the fraction that v2.0 has.
fn share(percent: f64) -> Number {
    Number::from((percent * 100.0).round() / 10_000.0)
}

fn systems() -> Vec<Value> {
    let systems = ["SYSTEM_ABS", "SYSTEM_AIRBAG", "SYSTEM_BRAKE_FLUID", "SYSTEM_ENGINE", "SYSTEM_TPMS"];
    systems.map(|id| json!({ "systemId": id, "status": "OK", "description": null })).to_vec()
}
