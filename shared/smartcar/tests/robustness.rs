//! Laws that hold for whatever bytes arrive: nothing panics, and nothing impossible becomes a reading.
#![expect(clippy::unwrap_used, reason = "tests may")]

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use domain::reading::{Signal, Value};
use proptest::prelude::*;
use smartcar::envelope::{Head, head};
use smartcar::redact::without_positions;
use smartcar::report::Report;
use smartcar::webhook::{self, Contents};

fn received_at() -> DateTime<Utc> {
    "2026-05-31T10:17:43.5Z".parse().unwrap()
}

fn fixtures() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let bodies = files.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    bodies.map(|path| std::fs::read(path).unwrap()).collect()
}

/// All that may be said of any body: the door and the worker agree, and every value is one that can be stored.
fn check_the_laws(body: &[u8]) -> Result<(), TestCaseError> {
    let _ = without_positions(body);
    let Ok(delivery) = webhook::decode(body, received_at()) else {
        return Ok(());
    };
    match head(body) {
        Head::Verify { .. } => prop_assert_eq!(delivery.contents, Contents::Handshake),
        Head::Event { event_id, .. } => prop_assert_eq!(&event_id, &delivery.event_id),
        Head::Unreadable => prop_assert!(false, "the worker reads what the door could not"),
    }
    for report in &delivery.reports {
        check_report(report)?;
    }
    Ok(())
}

fn check_report(report: &Report) -> Result<(), TestCaseError> {
    prop_assert!(!report.vehicle.smartcar_vehicle_id.is_empty());
    let earliest: DateTime<Utc> = "2010-01-01T00:00:00Z".parse().unwrap();
    for reading in &report.readings {
        prop_assert!(reading.at >= earliest && reading.at <= received_at() + TimeDelta::minutes(10));
        prop_assert_eq!(reading.at.timestamp_subsec_nanos() % 1_000_000, 0, "whole milliseconds");
        check_value(&reading.signal, &reading.value)?;
        prop_assert!(reading.original.as_ref().is_none_or(|original| !original.contains('\0')));
    }
    for untimed in &report.untimed {
        check_value(&untimed.signal, &untimed.value)?;
    }
    Ok(())
}

fn check_value(signal: &Signal, value: &Value) -> Result<(), TestCaseError> {
    prop_assert!(signal.as_str().len() <= 128 && !signal.as_str().contains('\0'));
    prop_assert_eq!(signal.as_str(), signal.as_str().to_ascii_lowercase());
    match value {
        Value::Number(number) if signal.is(Signal::ODOMETER) => prop_assert!(number.0 > 0),
        Value::Number(number) if signal.is(Signal::STATE_OF_CHARGE) => {
            prop_assert!((0..=105_000).contains(&number.0));
        }
        Value::Number(_) | Value::Bool(_) | Value::Position(_) => {}
        Value::Text(text) => prop_assert!(!text.is_empty() && text.len() <= 1000 && !text.contains('\0')),
        Value::Structure(text) => {
            prop_assert!(serde_json::from_str::<serde_json::Value>(text).is_ok());
            prop_assert!(!text.contains(r"\u0000"));
        }
    }
    Ok(())
}

/// A token of JSON that an odd car could put in the place of another.
fn token() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "null",
        "true",
        "0",
        "-1",
        "1e999",
        "0.5",
        "1",
        "\"\"",
        "\"\\u0000\"",
        "\"1\"",
        "[]",
        "{}",
        "[[[]]]",
        "{",
        "\"km\"",
        "\"mi\"",
        "1780222611098",
        "\"2026-05-31T10:17:40Z\"",
        "9223372036854775808",
        "\"ERROR\"",
        "\"SUCCESS\"",
        "{\"value\":1}",
        "[{\"value\":null}]",
    ])
}

/// Replaces the value after one of the colons.
fn with_token(body: &[u8], which: usize, token: &str) -> Vec<u8> {
    let colons: Vec<usize> =
        body.iter().enumerate().filter(|(_, byte)| **byte == b':').map(|(at, _)| at).collect();
    let start = colons[which % colons.len()] + 1;
    let length = body[start..].iter().position(|byte| b",}]".contains(byte)).unwrap_or(0);
    [&body[..start], token.as_bytes(), &body[start + length..]].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_bytes_are_survived(body in prop::collection::vec(any::<u8>(), 0..400)) {
        check_the_laws(&body)?;
    }

    #[test]
    fn any_text_with_the_words_of_the_platform_is_survived(
        words in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ":", ",", "\"eventType\"", "\"VEHICLE_STATE\"", "\"data\"", "\"signals\"", "\"code\"",
            "\"body\"", "\"value\"", "\"latitude\"", "\"meta\"", "\"payload\"", "\"eventName\"", "1", "null", "\\u",
        ]), 0..60),
    ) {
        check_the_laws(words.concat().as_bytes())?;
    }

    #[test]
    fn a_delivery_with_odd_values_is_survived(
        which in any::<usize>(),
        odd in prop::collection::vec((any::<usize>(), token()), 1..6),
    ) {
        let fixtures = fixtures();
        let mut body = fixtures[which % fixtures.len()].clone();
        for (place, token) in odd {
            body = with_token(&body, place, token);
        }
        check_the_laws(&body)?;
    }

    #[test]
    fn a_delivery_cut_short_or_damaged_is_survived(
        which in any::<usize>(),
        cut in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
    ) {
        let fixtures = fixtures();
        let mut body = fixtures[which % fixtures.len()].clone();
        for (place, byte) in damage {
            let place = place.index(body.len());
            body[place] = byte;
        }
        check_the_laws(&body)?;
        body.truncate(cut.index(body.len()));
        check_the_laws(&body)?;
    }

    /// What the book is must not depend on the order of signals within a delivery.
    #[test]
    fn the_order_of_signals_does_not_matter(swaps in prop::collection::vec((0..15_usize, 0..15_usize), 0..20)) {
        let wire = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/v4_state_wire.json")).unwrap();
        let mut json: serde_json::Value = serde_json::from_slice(&wire).unwrap();
        for (one, other) in swaps {
            json["data"]["signals"].as_array_mut().unwrap().swap(one, other);
        }
        let sorted = |body: &[u8]| {
            let mut report = webhook::decode(body, received_at()).unwrap().reports.remove(0);
            report.readings.sort();
            (report.readings, report.failed.len(), report.rejected.len(), report.untimed.len())
        };
        prop_assert_eq!(sorted(json.to_string().as_bytes()), sorted(&wire));
    }
}
