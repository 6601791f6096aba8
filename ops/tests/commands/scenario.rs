//! Written-down cases give what they expect, in whatever order and however often their samples arrive.

use std::fmt::Write;
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

#[test]
fn a_case_gives_what_it_expects_and_expects_nothing_that_no_line_can_say() {
    let mut wrong = String::new();
    for (file, case) in cases() {
        let verdict = ops::scenario::verdict(&file, None).unwrap();
        for how in verdict.differs {
            writeln!(wrong, "{}: {how}", case["id"]).unwrap();
        }
        for what in verdict.ignored {
            writeln!(wrong, "{}: no line says {what}", case["id"]).unwrap();
        }
        let doubted = &outcome(&file)["quarantined"];
        if case["expected"]["quarantined_values"].is_null() && *doubted != Value::Array(Vec::new()) {
            writeln!(wrong, "{}: nobody expects to be kept out: {doubted}", case["id"]).unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
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
    let (file, _) = cases().into_iter().find(|(_, case)| case["id"] == "a-new-instrument-cluster").unwrap();
    let line = ops::scenario::outcome(&file, None).unwrap();
    assert!(line.starts_with(r#"{"id":"a-new-instrument-cluster","meter_entries":[{"at":"2026-04-06T06:00:00Z","odometer_km":143000.0}"#), "{line}");
    for kind in ["fill_ups", "charging_sessions", "trips", "battery_estimates", "geofence_events", "alerts"] {
        assert!(outcome(&file)[kind].is_array(), "{kind}");
    }
}

#[test]
fn a_file_that_is_no_case_is_named_in_the_error() {
    let error = ops::scenario::outcome(Path::new("no-such-case.json"), None).unwrap_err();
    assert!(error.to_string().contains("cannot read no-such-case.json"), "{error}");
}

/// Cases of others, where they are at hand. They are not part of the project.
#[test]
fn cases_from_elsewhere_give_the_same_line_in_any_order() {
    for file in cases_from_elsewhere() {
        let line = ops::scenario::outcome(&file, None).unwrap();
        for seed in 0..10 {
            assert_eq!(
                ops::scenario::outcome(&file, Some(seed)).unwrap(),
                line,
                "{}, seed {seed}",
                file.display()
            );
        }
    }
}

fn cases_from_elsewhere() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/scenarios");
    let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
    let files = files.map(|file| file.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|it| it == "json")).collect()
}
