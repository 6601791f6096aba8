//! A written-down case as it stands in its file.

use std::fs;
use std::path::Path;

use anyhow::Context;
use chrono::{DateTime, Utc};
use domain::tariff::Parts;
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Debug, Deserialize)]
pub struct Scenario {
    pub id: String,
    #[serde(default)]
    pub vehicle: Vehicle,
    #[serde(default)]
    pub config: Config,
    /// In the order of arrival.
    pub samples: Vec<Sample>,
    /// What people said meanwhile.
    #[serde(default)]
    pub facts: Vec<Said>,
    /// What a careful person would have written.
    #[serde(default)]
    pub expected: Map<String, Value>,
    /// By field: how far it may be off, where that is not as usual.
    #[serde(default)]
    pub tolerance: Map<String, Value>,
}

/// What is known of the car.
#[derive(Debug, Default, Deserialize)]
pub struct Vehicle {
    pub powertrain: Option<String>,
    pub make: Option<String>,
    /// Between empty and full.
    pub battery_capacity_kwh: Option<f64>,
    /// As in the brochure.
    pub battery_gross_kwh: Option<f64>,
    pub chemistry: Option<String>,
    pub fuel_tank_l: Option<f64>,
}

/// What its people set.
#[derive(Debug, Default, Deserialize)]
pub struct Config {
    #[serde(default)]
    pub geofences: Vec<Geofence>,
    pub tariff: Option<Price>,
    pub charger_efficiency: Option<f64>,
    pub zone: Option<chrono_tz::Tz>,
    #[serde(default)]
    pub watched: bool,
}

#[derive(Debug, Deserialize)]
pub struct Geofence {
    #[serde(default)]
    pub name: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub radius_m: Option<f64>,
    /// Corners as latitude and longitude.
    pub polygon: Option<Vec<[f64; 2]>>,
    #[serde(default)]
    pub priority: i16,
    pub tariff: Option<Price>,
}

/// What charging costs, as short as cases say it.
#[derive(Debug, Clone, Deserialize)]
pub struct Price {
    pub per_kwh: Option<f64>,
    pub per_minute: Option<f64>,
    pub session_fee: Option<f64>,
    #[serde(default)]
    pub free: bool,
    #[serde(alias = "day_per_kwh")]
    pub day_price_per_kwh: Option<f64>,
    #[serde(alias = "night_per_kwh")]
    pub night_price_per_kwh: Option<f64>,
    pub night_from: Option<String>,
    pub night_to: Option<String>,
    pub currency: Option<String>,
    pub zone: Option<chrono_tz::Tz>,
    /// In place of all of these: the parts of a tariff as they are stored.
    pub parts: Option<Parts>,
}

/// What the car said of one thing at one moment.
#[derive(Debug, Clone, Deserialize)]
pub struct Sample {
    /// The moment at the car.
    pub t: DateTime<Utc>,
    pub signal: String,
    /// A number, a truth, a text, a position, or nothing.
    #[serde(default)]
    pub value: Value,
    pub unit: Option<String>,
}

/// What a person said.
#[derive(Debug, Clone, Deserialize)]
pub struct Said {
    pub t: DateTime<Utc>,
    #[serde(flatten)]
    pub what: Statement,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "says", rename_all = "snake_case")]
pub enum Statement {
    /// An entry in the mileage book.
    MeterEntry { odometer_km: f64 },
    /// The instrument cluster is a new one.
    OdometerReplaced,
    /// A receipt.
    FillUp { litres: f64, full: Option<bool>, odometer_km: Option<f64> },
}

impl Scenario {
    /// # Errors
    ///
    /// If the file cannot be read, or is no case.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let name = file.display();
        let text = fs::read(file).with_context(|| format!("cannot read {name}"))?;
        let mut scenario: Self =
            serde_json::from_slice(&text).with_context(|| format!("cannot understand {name}"))?;
        scenario.samples.retain(|sample| !sample.signal.starts_with("x-"));
        Ok(scenario)
    }
}
