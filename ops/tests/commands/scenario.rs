//! Written-down cases give what they expect, in whatever order and however often their samples arrive.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

const SHUFFLES: u64 = 40;

/// Every case, with its file.
fn cases() -> Vec<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    assert!(files.len() >= 8, "the fixtures are gone");
    files
        .into_iter()
        .map(|file| {
            let case = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            (file, case)
        })
        .collect()
}

fn outcome(file: &Path) -> Value {
    serde_json::from_str(&ops::scenario::outcome(file, None).unwrap()).unwrap()
}

/// The numbers under `key` of each item of a list.
fn numbers(list: &Value, key: &str) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|item| item[key].as_f64().unwrap()).collect()
}

#[test]
fn a_case_gives_the_entries_that_it_expects() {
    for (file, case) in cases() {
        let (outcome, expected) = (outcome(&file), &case["expected"]);
        let odometers = numbers(&outcome["meter_entries"], "odometer_km");
        let mut values = odometers.clone();
        values.dedup();
        let wanted: Vec<f64> = serde_json::from_value(expected["odometer_values_km"].clone()).unwrap();
        assert_eq!(values, wanted, "{}", case["title"]);
        assert_eq!(odometers.last().copied(), expected["odometer_last_km"].as_f64(), "{}", case["title"]);
        assert_eq!(Some(odometers.len() as u64), expected["odometer_entries"].as_u64(), "{}", case["title"]);
        let doubted: Vec<f64> =
            serde_json::from_value(expected["quarantined_values"].clone()).unwrap_or_default();
        assert_eq!(numbers(&outcome["quarantined"], "value"), doubted, "{}", case["title"]);
    }
}

#[test]
fn a_shuffled_case_gives_the_same_line() {
    for (file, case) in cases() {
        let line = ops::scenario::outcome(&file, None).unwrap();
        for seed in 0..SHUFFLES {
            assert_eq!(
                ops::scenario::outcome(&file, Some(seed)).unwrap(),
                line,
                "{}, seed {seed}",
                case["title"]
            );
        }
    }
}

#[test]
fn a_line_begins_with_its_id_and_names_every_kind_of_entry() {
    let (file, _) = cases().remove(0);
    let line = ops::scenario::outcome(&file, None).unwrap();
    assert!(line.starts_with(r#"{"id":"a-new-instrument-cluster","meter_entries":[{"at":"2026-04-06T06:00:00Z","odometer_km":143000.0}"#), "{line}");
    for kind in ["fill_ups", "charging_sessions", "trips", "battery_estimates", "geofence_events", "alerts"] {
        assert_eq!(outcome(&file)[kind], Value::Array(Vec::new()), "{kind}");
    }
}

#[test]
fn a_file_that_is_no_case_is_named_in_the_error() {
    let error = ops::scenario::outcome(Path::new("no-such-case.json"), None).unwrap_err();
    assert!(error.to_string().contains("cannot read no-such-case.json"), "{error}");
}

/// Cases of others, where they are at hand. They are not part of the project, and expect more than mileage.
#[test]
fn cases_from_elsewhere_run_in_any_order_and_give_the_mileage_that_they_expect() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/scenarios");
    let Ok(files) = fs::read_dir(folder) else { return };
    for file in
        files.map(|file| file.unwrap().path()).filter(|file| file.extension().is_some_and(|it| it == "json"))
    {
        let line = ops::scenario::outcome(&file, None).unwrap();
        for seed in 0..10 {
            assert_eq!(
                ops::scenario::outcome(&file, Some(seed)).unwrap(),
                line,
                "{}, seed {seed}",
                file.display()
            );
        }
        let case: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let odometers = numbers(&outcome(&file)["meter_entries"], "odometer_km");
        if let Ok(wanted) = serde_json::from_value::<Vec<f64>>(case["expected"]["odometer_values_km"].clone())
        {
            let mut values = odometers.clone();
            values.dedup();
            assert_eq!(values, wanted, "{}", file.display());
        }
        if let Some(last) = case["expected"]["odometer_last_km"].as_f64() {
            assert_eq!(odometers.last().copied(), Some(last), "{}", file.display());
        }
    }
}
