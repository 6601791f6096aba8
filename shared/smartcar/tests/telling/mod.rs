//! What a delivery means, one line for each thing that it says.

use std::fmt::Write as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use domain::reading::{Reading, TimeQuality, Value};
use smartcar::report::{Problem, ProblemState, Report};
use smartcar::webhook::{self, Delivery, Undecodable};

/// The door's clock for all fixtures.
const RECEIVED: &str = "2026-05-31T10:17:43.123456Z";

fn received_at() -> DateTime<Utc> {
    RECEIVED.parse().unwrap()
}

pub fn decode(body: &str) -> Result<Delivery, Undecodable> {
    webhook::decode(body.as_bytes(), received_at())
}

#[track_caller]
pub fn check(fixture: &str, expected: &str) {
    let body = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(fixture))
        .unwrap();
    let told = told(&decode(&body).unwrap());
    let expected: Vec<&str> = expected.trim().lines().map(str::trim).collect();
    assert_eq!(told.lines().map(str::trim_end).collect::<Vec<_>>(), expected, "{fixture} says:\n{told}");
}

pub fn told(delivery: &Delivery) -> String {
    let mut lines = String::new();
    let first = if delivery.first { ", first" } else { "" };
    let id = delivery.event_id.as_deref().unwrap_or("no id");
    writeln!(lines, "{} {:?}{first} ({id})", delivery.event_type, delivery.contents).unwrap();
    for report in &delivery.reports {
        tell(report, &mut lines);
    }
    lines
}

fn tell(report: &Report, lines: &mut String) {
    let car = &report.vehicle;
    let words: Vec<String> =
        [car.make.clone(), car.model.clone(), car.year.map(|y| y.to_string()), car.powertrain.clone()]
            .into_iter()
            .flatten()
            .collect();
    let user = car.smartcar_user_id.as_deref().map_or("nobody", |id| &id[..8]);
    writeln!(lines, "car {} of {user}: {}", &car.smartcar_vehicle_id[..8], words.join(" ")).unwrap();
    for reading in &report.readings {
        writeln!(lines, "{}", line(reading)).unwrap();
    }
    for untimed in &report.untimed {
        writeln!(lines, "untimed {} {}", untimed.signal, value(&untimed.value)).unwrap();
    }
    for problem in &report.problems {
        writeln!(lines, "{}", problem_line(problem)).unwrap();
    }
    for failed in &report.failed {
        writeln!(lines, "failed {} {}/{}", failed.signal, failed.kind, failed.code.as_deref().unwrap_or("-"))
            .unwrap();
    }
    for rejected in &report.rejected {
        writeln!(lines, "rejected {}: {}", rejected.signal, rejected.why).unwrap();
    }
}

pub fn line(reading: &Reading) -> String {
    let quality = match reading.quality {
        TimeQuality::Oem => "oem",
        TimeQuality::Fetched => "fetched",
        TimeQuality::Delivered => "delivered",
    };
    let at = reading.at.format("%m-%d %H:%M:%S%.3f");
    let original = reading.original.as_ref().map_or_else(String::new, |original| format!(" from {original}"));
    format!("{at} {quality} {} {}{original}", reading.signal, value(&reading.value))
}

fn value(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::Position(place) => format!("at {} {}", place.latitude_e6, place.longitude_e6),
        Value::Structure(text) => text.clone(),
    }
}

fn problem_line(problem: &Problem) -> String {
    let state = match problem.state {
        ProblemState::Raised => "raised",
        ProblemState::Resolved => "resolved",
    };
    let signals: Vec<&str> = problem.signals.iter().map(domain::reading::Signal::as_str).collect();
    format!(
        "{} {state} {problem} on [{}] cure {}{}{}",
        problem.at.format("%H:%M:%S%.3f"),
        signals.join(" "),
        problem.resolution.as_deref().unwrap_or("-"),
        if problem.is_noise() { ", noise" } else { "" },
        if problem.asks_reauthentication() { ", asks for consent" } else { "" },
    )
}
