//! The outcome of a case as one line of JSON. Kinds of entries that no rule yields yet are empty lists.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::book::{Doubt, Entry, MeterEntry, Quarantined, SuggestedIssue};
use domain::reading::{Milli, Value};
use serde::Serialize;

#[derive(Debug, Serialize)]
struct Line<'a> {
    id: &'a str,
    meter_entries: Vec<Meter>,
    fill_ups: [(); 0],
    charging_sessions: [(); 0],
    trips: [(); 0],
    battery_estimates: [(); 0],
    geofence_events: [(); 0],
    alerts: [(); 0],
    quarantined: Vec<Doubted>,
}

#[derive(Debug, Serialize)]
struct Meter {
    at: String,
    odometer_km: f64,
}

#[derive(Debug, Serialize)]
struct Doubted {
    at: String,
    signal: String,
    value: serde_json::Value,
    why: &'static str,
}

/// The line of the case `id`, with these entries in the order of the car's time.
pub fn of<'a>(id: &str, entries: impl Iterator<Item = &'a Entry>) -> serde_json::Result<String> {
    let (mut meter, mut doubted) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry {
            Entry::Meter(entry) => meter.push(entry),
            Entry::Quarantined(entry) => doubted.push(entry),
            // A question to a person, and not an entry.
            Entry::Issue(SuggestedIssue { .. }) => {}
            Entry::FillUp(_)
            | Entry::ChargingSession(_)
            | Entry::Trip(_)
            | Entry::BatteryEstimate(_)
            | Entry::FenceEvent(_)
            | Entry::Alert(_) => {}
        }
    }
    meter.sort_by(|one, other| one.anchor.cmp(&other.anchor));
    doubted.sort_by(|one, other| (&one.anchor, &one.signal).cmp(&(&other.anchor, &other.signal)));
    let line = Line {
        id,
        meter_entries: meter.into_iter().map(meter_entry).collect(),
        fill_ups: [],
        charging_sessions: [],
        trips: [],
        battery_estimates: [],
        geofence_events: [],
        alerts: [],
        quarantined: doubted.into_iter().map(quarantined).collect(),
    };
    serde_json::to_string(&line)
}

fn meter_entry(entry: &MeterEntry) -> Meter {
    Meter { at: moment(entry.anchor.at), odometer_km: Milli(entry.odometer.metres()).to_f64() }
}

fn quarantined(entry: &Quarantined) -> Doubted {
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

/// `2026-03-01T06:00:00Z`, with parts of a second only where there are some.
fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
