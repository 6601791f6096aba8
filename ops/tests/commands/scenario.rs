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

/// Its car is at 0° north, 0° east. That is what a receiver without a fix says: it is no place, and nobody drove away from
/// it. The same way from another place is a trip.
const NO_PLACE: &str =
    "Zero and zero is no place: a trip from there would be written of every car that loses its fix.";

/// What cases of others expect and this project would not write: the case, what of its line differs, and why.
const RATHER_OTHERWISE: [(&str, &[&str], &str); 6] = [
    ("tc-gap-2h-13km-in-trip", &["distance_in_gap_km"], NO_PLACE),
    ("tc-gap-2h-13km-parked", &["distance_in_gap_km", "trip_count"], NO_PLACE),
    ("tc-trip-start-backtrack", &["in_motion"], NO_PLACE),
    (
        "tc-ev-moving-and-stopped",
        &["distance_km"],
        "The hundred metres before it was seen moving are a part of the trip: between two trips no way of the odometer is lost.",
    ),
    (
        "tl-drive-by-gear-typed",
        &["trip_count", "trips[0]"],
        "Nine metres in ten seconds are a manoeuvre. A log in which each of them is a line is one that nobody reads.",
    ),
    (
        "ty-hybrid-five-trips",
        &["trip_count", "trips[2]", "trips[3]", "trips[4]"],
        "Two readings that differ by one step of the counter show no trip: it belongs to the next one, and no metre is lost.",
    ),
];

/// Cases of others, where they are at hand. They are not part of the project.
#[test]
fn cases_from_elsewhere_give_what_they_expect_but_for_what_we_would_not_write() {
    let mut wrong = String::new();
    for file in cases_from_elsewhere() {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let otherwise = RATHER_OTHERWISE.iter().find(|(case, ..)| *case == name);
        let expected = otherwise.map_or([].as_slice(), |(_, fields, _)| *fields);
        let differs = ops::scenario::verdict(&file, None).unwrap().differs;
        let is_expected = |how: &&String| expected.iter().any(|field| how.starts_with(field));
        for how in differs.iter().filter(|how| !is_expected(how)) {
            writeln!(wrong, "{name}: {how}").unwrap();
        }
        for field in expected.iter().filter(|field| !differs.iter().any(|how| how.starts_with(*field))) {
            writeln!(wrong, "{name}: {field} is as expected, after all").unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

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
