//! Entries as the line of a case shows them: numbers in the units that people use, moments as RFC 3339.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::alert::Alert;
use domain::battery::BatteryEstimate;
use domain::book::{Doubt, EntryState, MeterEntry, Quarantined};
use domain::charging::{ChargingSession, Energy};
use domain::distance::Distance;
use domain::fences::FenceEvent;
use domain::reading::{Milli, Value};
use domain::setup::Setup;
use domain::tariff::{self, Micros};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub struct Meter {
    at: String,
    odometer_km: f64,
}

#[derive(Debug, Serialize)]
pub struct FillUp {
    from: String,
    to: String,
    level_before: f64,
    level_after: f64,
    litres: Option<f64>,
    odometer_km: Option<f64>,
    state: &'static str,
    confidence: f64,
}

#[derive(Debug, Serialize)]
pub struct Session {
    start: String,
    end: Option<String>,
    open: bool,
    start_soc: Option<f64>,
    end_soc: Option<f64>,
    energy_kwh: Option<f64>,
    grid_kwh: Option<f64>,
    cost: Option<f64>,
    currency: Option<String>,
    state: &'static str,
    confidence: f64,
}

#[derive(Debug, Serialize)]
pub struct Trip {
    start: String,
    end: Option<String>,
    open: bool,
    distance_km: f64,
    state: &'static str,
}

#[derive(Debug, Serialize)]
pub struct Estimate {
    at: String,
    usable_kwh: f64,
    plus_minus_kwh: f64,
    health_percent: Option<f64>,
}

#[derive(Debug, Serialize)]
pub struct Passing {
    at: String,
    #[serde(rename = "type")]
    passage: &'static str,
    name: String,
}

#[derive(Debug, Serialize)]
pub struct Dated {
    at: String,
    kind: &'static str,
}

#[derive(Debug, Serialize)]
pub struct Doubted {
    at: String,
    signal: String,
    value: serde_json::Value,
    why: &'static str,
}

pub fn meter(entry: &MeterEntry) -> Meter {
    Meter { at: moment(entry.anchor.at), odometer_km: km(entry.odometer) }
}

pub fn fill_up(entry: &domain::fuel::FillUp) -> FillUp {
    FillUp {
        from: moment(entry.between.after),
        to: moment(entry.between.by),
        level_before: entry.level_before.to_f64(),
        level_after: entry.level_after.to_f64(),
        litres: entry.litres.map(|litres| litres.amount.to_f64()),
        odometer_km: entry.odometer.map(km),
        state: state(entry.state),
        confidence: share(entry.evidence.confidence()),
    }
}

/// It began at the first reading that shows it; one that nobody saw at all, after the last reading before it.
pub fn session(entry: &ChargingSession, setup: &Setup) -> Session {
    let cost = tariff::cost(entry, setup);
    Session {
        start: moment(if entry.inferred { entry.start.after } else { entry.start.by }),
        end: entry.end.map(|end| moment(end.by)),
        open: entry.end.is_none(),
        start_soc: entry.start_level.map(Milli::to_f64),
        end_soc: entry.end_level.map(Milli::to_f64),
        energy_kwh: entry.energy.map(kwh),
        grid_kwh: entry.grid.map(kwh),
        cost: cost.as_ref().map(|cost| money(cost.expected)),
        currency: cost.map(|cost| cost.currency.as_str().to_owned()),
        state: state(entry.state),
        confidence: share(entry.evidence.confidence()),
    }
}

/// From the last reading before the car moved to the first after.
pub fn trip(entry: &domain::trips::Trip) -> Trip {
    Trip {
        start: moment(entry.start.after),
        end: entry.end.map(|end| moment(end.by)),
        open: entry.end.is_none(),
        distance_km: km(entry.distance),
        state: state(entry.state),
    }
}

pub fn estimate(entry: &BatteryEstimate) -> Estimate {
    Estimate {
        at: moment(entry.month),
        usable_kwh: entry.usable.to_f64(),
        plus_minus_kwh: entry.plus_minus.to_f64(),
        health_percent: entry.health.map(Milli::to_f64),
    }
}

pub fn passing(entry: &FenceEvent) -> Passing {
    Passing { at: moment(entry.at), passage: entry.passage.name(), name: entry.name.clone() }
}

pub fn alert(entry: &Alert) -> Dated {
    Dated { at: moment(entry.at), kind: entry.what.kind().name() }
}

pub fn doubted(entry: &Quarantined) -> Doubted {
    Doubted {
        at: moment(entry.anchor.at),
        signal: entry.signal.to_string(),
        value: match &entry.anchor.value {
            Value::Number(number) => number.to_f64().into(),
            Value::Bool(truth) => (*truth).into(),
            Value::Text(text) | Value::Structure(text) => text.as_str().into(),
            Value::Position(_) => serde_json::Value::Null,
        },
        why: match entry.why {
            Doubt::Impossible => "impossible",
            Doubt::Falls { .. } => "falls",
            Doubt::Leaps { .. } => "leaps",
            Doubt::Outlier => "outlier",
            Doubt::BelowPerson { .. } => "below a person's entry",
        },
    }
}

fn state(state: EntryState) -> &'static str {
    match state {
        EntryState::Candidate => "candidate",
        EntryState::Recorded => "recorded",
        EntryState::Hidden => "hidden",
    }
}

fn km(distance: Distance) -> f64 {
    Milli(distance.metres()).to_f64()
}

fn kwh(energy: Energy) -> f64 {
    Milli(energy.wh).to_f64()
}

/// To the thousandth: a book needs no more, and a sum of floats would not print well.
fn money(amount: Micros) -> f64 {
    Milli(amount.0 / 1000).to_f64()
}

fn share(percent: u8) -> f64 {
    f64::from(percent) / 100.0
}

/// `2026-03-01T06:00:00Z`, with parts of a second only where there are some.
fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
