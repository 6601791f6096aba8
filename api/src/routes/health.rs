//! How the car is, as it said last: each value with its age, and whether it is older than this car lets its values get.

use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, Utc};
use domain::cadence::stale_after;
use domain::reading::{Signal, Value};
use runtime::clock;
use serde::Serialize;
use store::latest::{self, Latest};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;
use crate::extract::OwnCar;
use crate::problem::Answer;

/// What the car said last, and what no car says.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    car_id: Uuid,
    /// Ages are reckoned up to this moment.
    as_of: DateTime<Utc>,
    signals: Vec<HealthSignal>,
}

/// One thing that pages show of a car.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthSignal {
    /// `odometer`, `fuel_level`, `tires` …; of diagnostics, the platform's own word: `diagnostics-oilpressure`. More may come.
    name: String,
    state: HealthState,
    /// A number, a truth, a word, or the parts of which it consists; `null` where nothing is known.
    value: serde_json::Value,
    /// Of a number, and of the numbers within: `km`, `percent`, `l`, `kWh`, `kPa` …
    unit: Option<&'static str>,
    /// When the car said it; where `isTimed` is false, when it came.
    at: Option<DateTime<Utc>>,
    is_timed: bool,
    age_seconds: Option<i64>,
    /// After this it counts as stale: three times the usual time between two values of this car, between six hours and seven
    /// days.
    stale_after_seconds: Option<i64>,
}

/// What is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum HealthState {
    Fresh,
    /// Older than this car usually lets it get.
    Stale,
    /// This car did not tell it in the last two months.
    NotReported,
    /// No car tells it over this platform.
    NotAvailableOverSmartcar,
}

/// What pages show: its name, the platform's word for it, and the unit in which it is kept.
const SHOWN: [(&str, &str, Option<&str>); 32] = [
    ("odometer", Signal::ODOMETER, Some("km")),
    ("locked", Signal::IS_LOCKED, None),
    ("doors", "closure-doors", None),
    ("windows", "closure-windows", None),
    ("front_trunk", "closure-fronttrunk", None),
    ("rear_trunk", "closure-reartrunk", None),
    ("engine_cover", "closure-enginecover", None),
    ("sunroof", "closure-sunroof", None),
    ("fuel_level", Signal::FUEL_LEVEL, Some("percent")),
    ("fuel_amount", Signal::FUEL_AMOUNT, Some("l")),
    ("fuel_range", Signal::FUEL_RANGE, Some("km")),
    ("battery_level", Signal::STATE_OF_CHARGE, Some("percent")),
    ("battery_range", Signal::BATTERY_RANGE, Some("km")),
    ("battery_capacity", Signal::BATTERY_CAPACITY, Some("kWh")),
    ("charging", Signal::IS_CHARGING, None),
    ("charging_cable", Signal::CABLE_CONNECTED, None),
    ("charging_status", Signal::CHARGING_STATUS, None),
    ("charging_limit", "charge-activelimit", Some("percent")),
    ("charging_speed", Signal::CHARGE_RATE, Some("km/h")),
    ("charging_power", Signal::WATTAGE, Some("W")),
    ("charging_minutes_left", Signal::TIME_TO_COMPLETE, Some("min")),
    ("tires", Signal::TIRES, Some("kPa")),
    ("oil_life", Signal::OIL_LIFE, Some("percent")),
    ("low_voltage_battery_level", Signal::LOW_VOLTAGE_CHARGE, Some("percent")),
    ("low_voltage_battery_status", Signal::LOW_VOLTAGE_STATUS, None),
    ("trouble_code_count", "diagnostics-dtccount", None),
    ("trouble_codes", "diagnostics-dtclist", None),
    ("online", Signal::IS_ONLINE, None),
    ("gear", Signal::GEAR_STATE, None),
    ("speed", Signal::SPEED, Some("km/h")),
    ("inside_temperature", "climate-internaltemperature", Some("°C")),
    ("outside_temperature", Signal::OUTSIDE_TEMPERATURE, Some("°C")),
];

/// What people ask for and no signal of the platform tells.
const NOWHERE: [&str; 2] = ["engine_running", "coolant_temperature"];

/// All that a maker's own checks say begins so.
const DIAGNOSTICS: &str = "diagnostics-";

/// How the car is, as it said last.
#[utoipa::path(get, path = "/api/cars/{carId}/health", tag = "cars", operation_id = "getHealth",
    security(("person" = [])), params(("carId" = Uuid, Path)),
    responses((status = 200, description = "What the car said last", body = Health)))]
pub async fn read(State(app): State<App>, car: OwnCar) -> Answer<Json<Health>> {
    let now = clock::now();
    let mut db = app.pool.acquire().await?;
    let latest = latest::of_car(&mut db, car.id, now).await?;
    let find = |code: &str| latest.iter().find(|latest| latest.signal == code);
    let mut signals: Vec<HealthSignal> =
        SHOWN.iter().map(|(name, code, unit)| HealthSignal::of(name, find(code), *unit, now)).collect();
    let is_shown = |code: &str| SHOWN.iter().any(|(_, shown, _)| *shown == code);
    let checks = latest.iter().filter(|one| one.signal.starts_with(DIAGNOSTICS) && !is_shown(&one.signal));
    signals.extend(checks.map(|check| HealthSignal::of(&check.signal, Some(check), None, now)));
    signals.extend(NOWHERE.map(|name| HealthSignal {
        state: HealthState::NotAvailableOverSmartcar,
        ..HealthSignal::of(name, None, None, now)
    }));
    Ok(Json(Health { car_id: car.id, as_of: now, signals }))
}

impl HealthSignal {
    fn of(name: &str, said: Option<&Latest>, unit: Option<&'static str>, now: DateTime<Utc>) -> Self {
        let Some(said) = said else {
            return Self {
                name: name.to_owned(),
                state: HealthState::NotReported,
                value: serde_json::Value::Null,
                unit,
                at: None,
                is_timed: false,
                age_seconds: None,
                stale_after_seconds: None,
            };
        };
        let (age, limit) = ((now - said.at).max(chrono::TimeDelta::zero()), stale_after(said.rhythm));
        Self {
            name: name.to_owned(),
            state: if age > limit { HealthState::Stale } else { HealthState::Fresh },
            value: json(&said.value),
            unit,
            at: Some(said.at),
            is_timed: said.is_timed,
            age_seconds: Some(age.num_seconds()),
            stale_after_seconds: Some(limit.num_seconds()),
        }
    }
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Number(number) => number.to_f64().into(),
        Value::Bool(truth) => (*truth).into(),
        Value::Text(text) => text.clone().into(),
        // Structures are kept as JSON.
        Value::Structure(text) => serde_json::from_str(text).unwrap_or_default(),
        // Nothing that is shown here is a place.
        Value::Position(_) => serde_json::Value::Null,
    }
}
