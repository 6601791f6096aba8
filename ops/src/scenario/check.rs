//! How the line of a case differs from what the case expects.
//!
//! Only what is named there counts, and of that, what the line can express. Entries that are only asked about
//! (candidates) count where the case speaks of states, and nowhere else.

mod close;
mod item;

use serde_json::{Map, Value};

use super::file::Scenario;
use close::Closeness;
use item::Fit;

/// What the comparison says.
#[derive(Debug, Default)]
pub struct Verdict {
    /// A sentence for each difference.
    pub differs: Vec<String>,
    /// What the case names and the line cannot express.
    pub ignored: Vec<String>,
}

/// What it says of a field, in the comparison of a case.
enum Said {
    AsExpected,
    Differs(String),
    CannotSay,
}

/// Compares the line (as parsed JSON) with what the case expects.
pub fn verdict(scenario: &Scenario, line: &Value) -> Verdict {
    let close = Closeness::of(&scenario.tolerance);
    let mut verdict = Verdict::default();
    for (field, wanted) in &scenario.expected {
        if let Some(wanted) = wanted.as_array()
            && let Some(kind) = item::KINDS.iter().find(|kind| *kind == field)
        {
            list(kind, wanted, line, &close, &mut verdict);
            continue;
        }
        match figure(field, wanted, line, &close) {
            Said::AsExpected => {}
            Said::Differs(how) => verdict.differs.push(format!("{field}: {how}")),
            Said::CannotSay => verdict.ignored.push(field.clone()),
        }
    }
    verdict
}

/// What is said about all entries together.
fn figure(field: &str, wanted: &Value, line: &Value, close: &Closeness) -> Said {
    let odometers = || numbers(&line["meter_entries"], "odometer_km");
    let distances = || numbers(&counted(line, "trips"), "distance_km");
    let energies = || numbers(&counted(line, "charging_sessions"), "energy_kwh");
    match field {
        "fill_up_count" => equal(wanted, count(line, "fill_ups")),
        "session_count" => equal(wanted, count(line, "charging_sessions")),
        "trip_count" => equal(wanted, count(line, "trips")),
        "alert_count" => equal(wanted, count(line, "alerts")),
        "odometer_entries" => equal(wanted, count(line, "meter_entries")),
        "session_count_max" => at_most(wanted, as_f64(count(line, "charging_sessions"))),
        "odometer_entries_max" => at_most(wanted, as_f64(count(line, "meter_entries"))),
        "energy_added_kwh_max" => at_most(wanted, energies().iter().sum()),
        "max_single_trip_km" => at_most(wanted, distances().into_iter().fold(0.0, f64::max)),
        "open" => truth(wanted, is_open(line, "charging_sessions")),
        "in_motion" => truth(wanted, is_open(line, "trips")),
        "odometer_values_km" => {
            let mut values = odometers();
            values.dedup();
            all(wanted, &values)
        }
        "quarantined_values" => all(wanted, &numbers(&line["quarantined"], "value")),
        "odometer_last_km" => near(field, wanted, odometers().last().copied(), close),
        "distance_km" | "distance_in_gap_km" | "trip_distance_total_km" => {
            near(field, wanted, Some(distances().iter().sum()), close)
        }
        "energy_added_kwh_total" => near(field, wanted, Some(energies().iter().sum()), close),
        _ => Said::CannotSay,
    }
}

/// Each wanted entry must be there, and no other.
fn list(kind: &str, wanted: &[Value], line: &Value, close: &Closeness, verdict: &mut Verdict) {
    let names_states = wanted.iter().any(|entry| entry.get("state").is_some());
    let mut found = if names_states { line[kind].clone() } else { counted(line, kind) };
    item::leave_out_what_is_not_spoken_of(kind, wanted, &mut found);
    let mut left: Vec<Value> = found.as_array().cloned().unwrap_or_default();
    for (number, entry) in wanted.iter().filter_map(Value::as_object).enumerate() {
        if entry.get("visible") == Some(&Value::Bool(false)) {
            continue;
        }
        let fits: Vec<Fit> = left.iter().map(|found| item::fit(entry, found, close)).collect();
        let best = (0..fits.len()).min_by_key(|place| fits[*place].differs.len());
        let Some(best) = best else {
            verdict.differs.push(format!("{kind}[{number}] is missing: {}", text(entry)));
            continue;
        };
        let Fit { differs, ignored } = &fits[best];
        verdict.ignored.extend(ignored.iter().map(|field| format!("{kind}.{field}")));
        verdict.differs.extend(differs.iter().map(|how| format!("{kind}[{number}].{how}")));
        left.remove(best);
    }
    verdict.differs.extend(left.iter().map(|entry| format!("{kind}: one too many, {entry}")));
}

/// The entries of a kind without those that are only asked about.
fn counted(line: &Value, kind: &str) -> Value {
    let entries = line[kind].as_array().into_iter().flatten();
    entries.filter(|entry| entry["state"] != "candidate").cloned().collect()
}

fn count(line: &Value, kind: &str) -> usize {
    counted(line, kind).as_array().map_or(0, Vec::len)
}

fn is_open(line: &Value, kind: &str) -> bool {
    counted(line, kind).as_array().into_iter().flatten().any(|entry| entry["open"] == true)
}

fn numbers(entries: &Value, field: &str) -> Vec<f64> {
    entries.as_array().into_iter().flatten().filter_map(|entry| entry[field].as_f64()).collect()
}

fn equal(wanted: &Value, found: usize) -> Said {
    said(wanted.as_u64() == u64::try_from(found).ok(), wanted, found)
}

fn at_most(wanted: &Value, found: f64) -> Said {
    said(wanted.as_f64().is_some_and(|most| found <= most + close::ODOMETER_KM), wanted, found)
}

fn truth(wanted: &Value, found: bool) -> Said {
    said(wanted.as_bool() == Some(found), wanted, found)
}

fn near(field: &str, wanted: &Value, found: Option<f64>, close: &Closeness) -> Said {
    let fits = wanted.as_f64().zip(found).is_some_and(|(wanted, found)| close.number(field, wanted, found));
    said(fits, wanted, found.map_or_else(|| "nothing".to_owned(), |found| found.to_string()))
}

fn all(wanted: &Value, found: &[f64]) -> Said {
    let numbers: Vec<f64> = wanted.as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    let fits = numbers.len() == found.len()
        && numbers.iter().zip(found).all(|(wanted, found)| (wanted - found).abs() <= close::ODOMETER_KM);
    said(fits, wanted, format!("{found:?}"))
}

fn said(fits: bool, wanted: &Value, found: impl std::fmt::Display) -> Said {
    if fits { Said::AsExpected } else { Said::Differs(format!("expected {wanted}, found {found}")) }
}

#[expect(clippy::cast_precision_loss, reason = "nobody writes 2^53 entries into a case")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

fn text(entry: &Map<String, Value>) -> String {
    Value::Object(entry.clone()).to_string()
}
