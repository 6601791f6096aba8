//! How one entry of the line differs from one that a case expects.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::close::Closeness;

/// The lists of the line whose entries a case may name.
pub const KINDS: [&str; 7] = [
    "fill_ups",
    "charging_sessions",
    "trips",
    "battery_estimates",
    "geofence_events",
    "alerts",
    "quarantined",
];

/// Litres that a case calls seen are seen as well as this.
const SEEN_LITRES: f64 = 1.0;

/// What differs, a sentence each, and what the line cannot express.
#[derive(Debug, Default)]
pub struct Fit {
    pub differs: Vec<String>,
    pub ignored: Vec<String>,
}

/// Staying somewhere and driving past is told only to those who ask for it.
pub fn leave_out_what_is_not_spoken_of(kind: &str, wanted: &[Value], found: &mut Value) {
    const ASKED_FOR: [&str; 2] = ["dwell", "passed"];
    let Some(entries) = found.as_array_mut().filter(|_| kind == "geofence_events") else { return };
    for passage in ASKED_FOR {
        if wanted.iter().all(|entry| entry["type"] != passage) {
            entries.retain(|entry| entry["type"] != passage);
        }
    }
}

/// Compares field by field.
pub fn fit(wanted: &Map<String, Value>, found: &Value, close: &Closeness) -> Fit {
    let mut fit = Fit::default();
    for (field, value) in wanted {
        match fits(field, value, wanted, found, close) {
            Some(true) => {}
            Some(false) => fit.differs.push(format!("{field}: expected {value}, found {found}")),
            None => fit.ignored.push(field.clone()),
        }
    }
    fit
}

/// `None`: the line cannot say.
fn fits(
    field: &str,
    value: &Value,
    wanted: &Map<String, Value>,
    found: &Value,
    close: &Closeness,
) -> Option<bool> {
    let number = |name: &str| {
        let fits = |found| value.as_f64().is_some_and(|wanted| close.number(field, wanted, found));
        found[name].as_f64().map_or(value.is_null(), fits)
    };
    let end = || moment(&found["end"]);
    Some(match field {
        "start" | "end" | "at" | "from" | "to" => match (moment(value), moment(&found[field])) {
            (Some(wanted), Some(found)) => Closeness::moment(wanted, found),
            (wanted, found) => wanted == found,
        },
        "after_t" | "before_t" => happened_within(wanted, found)?,
        "end_not_before" => end() >= Some(moment(value)?),
        "end_not_after" => end()? <= moment(value)?,
        "duration_min" => close.number(field, value.as_f64()?, seconds(found)? / 60.0),
        "duration_s" => close.number(field, value.as_f64()?, seconds(found)?),
        "end_soc_min" => found["end_soc"].as_f64() >= value.as_f64(),
        "confidence_min" => found["confidence"].as_f64() >= value.as_f64(),
        "confidence_max" => found["confidence"].as_f64() <= value.as_f64(),
        "energy_added_kwh" => number("energy_kwh"),
        "volume_l" | "gain_seen_l" => litres(wanted, found, close)?,
        "visible" => true,
        "start_soc" | "end_soc" | "energy_kwh" | "grid_kwh" | "cost" | "distance_km" | "litres"
        | "level_before" | "level_after" | "odometer_km" | "usable_kwh" | "health_percent" | "value" => {
            number(field)
        }
        "open" | "state" | "currency" | "name" | "kind" | "why" | "signal" => found[field] == *value,
        // What passed at a fence; of other entries it is nothing that the line says.
        "type" if found.get("type").is_some() => found["type"] == *value,
        _ => return None,
    })
}

/// It may be known better than the entry does.
fn happened_within(wanted: &Map<String, Value>, found: &Value) -> Option<bool> {
    let (one, other) = (moment(wanted.get("after_t")?)?, moment(wanted.get("before_t")?)?);
    Some(Closeness::inside([one, other], moment(&found["from"])?, moment(&found["to"])?))
}

/// What was burnt between two readings hides a part of what was filled: an answer between what can be seen and what
/// was filled is right.
fn litres(wanted: &Map<String, Value>, found: &Value, close: &Closeness) -> Option<bool> {
    let found = found["litres"].as_f64()?;
    let filled = wanted.get("volume_l").and_then(Value::as_f64);
    let seen = wanted.get("gain_seen_l").and_then(Value::as_f64);
    let most = filled.or(seen)?;
    let least = seen.map_or(f64::MAX, |seen| seen - SEEN_LITRES);
    let allowed = close.allowed("volume_l", most);
    Some((least.min(most - allowed)..=most + allowed).contains(&found))
}

fn seconds(found: &Value) -> Option<f64> {
    let lasted = moment(&found["end"])? - moment(&found["start"])?;
    Some(lasted.as_seconds_f64())
}

fn moment(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(value.as_str()?).ok().map(|at| at.to_utc())
}
