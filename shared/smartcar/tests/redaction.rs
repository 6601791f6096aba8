//! Without consent no digit of a position may stay, neither in the stored bytes nor in the readings.
#![expect(clippy::unwrap_used, reason = "tests may")]

use std::path::Path;

use chrono::{DateTime, Utc};
use domain::fact::RowId;
use domain::fences::{Fence, Shape};
use domain::reading::{Position, Reading, Signal, Value};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use smartcar::redact::{Redacted, hide_zones, strip_positions, without_positions, without_zones};
use smartcar::report::{Report, Untimed};
use smartcar::webhook;

fn received_at() -> DateTime<Utc> {
    "2026-05-31T10:17:43Z".parse().unwrap()
}

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let bodies = files.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    bodies.map(|path| (path.display().to_string(), std::fs::read(path).unwrap())).collect()
}

/// The body that is stored.
fn stored(body: &[u8]) -> Vec<u8> {
    match without_positions(body) {
        Redacted::Unchanged => body.to_vec(),
        Redacted::Changed { body, .. } => body,
    }
}

fn values(reports: &[Report]) -> Vec<(&Vec<Reading>, &Vec<Untimed>)> {
    reports.iter().map(|report| (&report.readings, &report.untimed)).collect()
}

#[track_caller]
fn check_that_stripping_is_decoding_the_redacted(body: &[u8]) -> Result<(), TestCaseError> {
    let Ok(mut direct) = webhook::decode(body, received_at()) else {
        return Ok(());
    };
    let redacted = webhook::decode(&stored(body), received_at()).unwrap();
    direct.reports.iter_mut().for_each(strip_positions);

    prop_assert_eq!(&direct.event_id, &redacted.event_id);
    prop_assert_eq!(values(&direct.reports), values(&redacted.reports));
    Ok(())
}

#[test]
fn the_positions_of_every_fixture_go_and_everything_else_stays() {
    for (name, body) in fixtures() {
        let text = String::from_utf8(stored(&body)).unwrap();
        for place in
            ["59.43", "24.75", "58.38", "24.49", "59.44", "24.76", "Summer", "Pine", "Harbour", "Quay"]
        {
            assert!(!text.contains(place), "{name} still holds {place}");
        }
        check_that_stripping_is_decoding_the_redacted(&body).unwrap();
    }
}

#[test]
fn a_delivery_without_a_place_stays_byte_for_byte() {
    let with_places = [
        "v4_positions.json",
        "v4_state_test.json",
        "v4_state_odd.json",
        "v2_schedule.json",
        "poll_v2.json",
        "poll_v3.json",
    ];
    for (name, body) in fixtures() {
        let unchanged = without_positions(&body) == Redacted::Unchanged;
        assert_eq!(unchanged, !with_places.iter().any(|place| name.ends_with(place)), "{name}");
    }
}

#[test]
fn what_is_no_place_survives_in_the_structures_that_held_one() {
    let body = fixtures().into_iter().find(|(name, _)| name.ends_with("v4_positions.json")).unwrap().1;
    let mut delivery = webhook::decode(&body, received_at()).unwrap();
    let report = &mut delivery.reports[0];
    strip_positions(report);
    let kept: Vec<String> = report
        .readings
        .iter()
        .map(|reading| match &reading.value {
            Value::Structure(text) => format!("{} {text}", reading.signal),
            other => format!("{} {other:?}", reading.signal),
        })
        .collect();
    assert_eq!(
        kept,
        [
            "charge-activelimit Number(Milli(80000))",
            r#"charge-chargelimits {"activeLimit":80,"unit":"percent","values":[{"condition":null,"limit":80,"type":"GLOBAL"},{"limit":100,"type":"LOCATION"}]}"#,
            r#"charge-chargerecords {"values":[{"endTime":"2026-05-30T22:00:00Z","energyAdded":31.5,"id":"r1","isPublicCharger":true,"startTime":"2026-05-30T18:00:00Z"}]}"#,
            "odometer-traveleddistance Number(Milli(42506300))",
        ]
    );
}

/// A place whose digits occur nowhere else: seven digits after the point, no zero among them.
fn degrees(whole: std::ops::Range<i32>) -> impl Strategy<Value = f64> {
    (whole, "[1-9]{7}").prop_map(|(whole, rest)| format!("{whole}.{rest}").parse().unwrap())
}

/// Every form in which a place was seen, or could be expected.
fn a_place() -> impl Strategy<Value = Json> {
    (degrees(-89..89), degrees(-179..179), 0..10).prop_map(|(latitude, longitude, form)| match form {
        0 => json!({"latitude": latitude, "longitude": longitude, "heading": 132}),
        1 => json!({"Latitude": latitude, "LONGITUDE": longitude}),
        2 => json!({"lat": latitude, "lng": longitude, "name": "x"}),
        3 => json!({"location": {"latitude": latitude, "longitude": longitude, "address": "x"}}),
        4 => json!({"condition": {"name": "x", "latitude": latitude, "longitude": longitude}}),
        5 => json!({"values": [{"type": "Point", "coordinates": [longitude, latitude]}]}),
        6 => json!({"code": "location-new", "body": {"value": format!("{latitude},{longitude}")}}),
        7 => json!({"path": "/location", "code": 200, "body": [latitude, longitude]}),
        8 => json!({"location-preciselocation": {"body": [latitude, longitude]}}),
        _ => json!({"group": "Location", "name": "New", "extra": {"deep": [latitude, longitude]}}),
    })
}

/// A place wrapped into any depth of other JSON.
fn somewhere() -> impl Strategy<Value = Json> {
    a_place().prop_recursive(6, 12, 3, |inner| {
        (inner.clone(), inner, 0..4).prop_map(|(one, other, form)| match form {
            0 => json!([one, other, "latitude"]),
            1 => json!({"data": one, "payload": other, "eventType": "VEHICLE_STATE"}),
            2 => json!({"signals": [{"code": "new-signal", "body": one}], "value": other}),
            _ => json!({"body": {"values": [one, {"limit": 80, "x": other}]}}),
        })
    })
}

fn numbers(json: &Json) -> Vec<String> {
    match json {
        Json::Array(items) => items.iter().flat_map(numbers).collect(),
        Json::Object(fields) => fields.values().flat_map(numbers).collect(),
        Json::Number(number) if number.is_f64() => vec![number.to_string()],
        Json::String(text) if text.contains(',') => text.split(',').map(str::to_owned).collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Vec::new(),
    }
}

/// A place of 300 m that somebody keeps to themselves.
fn zone() -> Vec<Fence> {
    let shape = Shape::Circle { centre: Position::from_degrees(52.5, 13.4).unwrap(), radius_m: 300 };
    vec![Fence { id: RowId(7), name: "Home".to_owned(), shape, priority: 0 }]
}

/// A place in the zone, or outside, in forms that are read and forms that are not.
fn a_place_in_a_zone() -> impl Strategy<Value = Json> {
    (prop_oneof![Just("52.5"), Just("48.1")], "[1-9]{3}", 0..7).prop_map(|(whole, digits, form)| {
        let latitude: f64 = format!("{whole}001{digits}").parse().unwrap();
        let longitude: f64 = format!("13.4001{digits}").parse().unwrap();
        match form {
            0 => json!({"latitude": latitude, "longitude": longitude, "heading": 132}),
            1 => json!({"lat": latitude.to_string(), "lng": longitude, "name": "x"}),
            2 => json!({"location": {"latitude": latitude, "longitude": longitude, "address": "x"}, "name": "x"}),
            3 => json!({"condition": {"name": "x", "latitude": latitude, "longitude": longitude}}),
            4 => json!({"values": [{"type": "Point", "coordinates": [longitude, latitude]}]}),
            5 => json!({"location": format!("{latitude},{longitude}"), "limit": 80}),
            _ => json!({"latitude": latitude, "longitude": longitude, "lat": latitude}),
        }
    })
}

proptest! {
    #[test]
    fn a_place_in_a_private_zone_is_hidden_as_it_is_redacted(
        place in a_place_in_a_zone(),
        other in a_place_in_a_zone(),
        code in "(new-signal|charge-chargerecords|charge-chargelimits|location-new|location-preciselocation)",
    ) {
        let meta = json!({"oemUpdatedAt": 1_780_222_611_098_i64});
        let body = json!({
            "eventType": "VEHICLE_STATE",
            "data": {"vehicle": {"id": "v"}, "signals": [
                {"code": code, "body": place, "meta": meta},
                {"code": code, "body": {"values": [place, other]}, "meta": meta},
            ]},
        })
        .to_string();
        let redacted = match without_zones(body.as_bytes(), &zone()) {
            Redacted::Unchanged => body.clone().into_bytes(),
            Redacted::Changed { body, .. } => body,
        };
        let text = String::from_utf8(redacted.clone()).unwrap();
        prop_assert!(!text.contains("52.5001"), "{text}");
        prop_assert_eq!(without_zones(&redacted, &zone()), Redacted::Unchanged);
        let mut hidden = webhook::decode(body.as_bytes(), received_at()).unwrap().reports;
        for report in &mut hidden {
            hide_zones(report, &zone());
        }
        let mut decoded = webhook::decode(&redacted, received_at()).unwrap().reports;
        // A form of a location that no decoder of ours reads is known better once it is redacted.
        for report in hidden.iter_mut().chain(&mut decoded) {
            let told = format!("{:?}", report.readings);
            prop_assert!(!told.contains("525001"), "{told}");
            report.readings.retain(|reading| !reading.signal.is(Signal::LOCATION));
        }
        prop_assert_eq!(values(&hidden), values(&decoded), "{}", text);
    }
}

#[test]
fn a_signal_of_the_group_of_places_by_another_code_is_read_by_nobody() {
    let place = json!({"locationType": "LAST_PARKED", "latitude": 59.4371, "longitude": 24.7536});
    let body = |group: &str, code: &str| {
        json!({
            "eventType": "VEHICLE_STATE",
            "data": {"vehicle": {"id": "v"}, "signals": [
                {"code": code, "group": group, "body": place, "meta": {"oemUpdatedAt": 1_780_222_611_098_i64}},
            ]},
        })
        .to_string()
    };
    let read = |group: &str, code: &str| {
        let reports = webhook::decode(body(group, code).as_bytes(), received_at()).unwrap().reports;
        reports.iter().map(|report| report.readings.len()).sum::<usize>()
    };
    assert_eq!(read("Location", "location-preciselocation"), 1);
    assert_eq!((read("LOCATION", " ocation-preciselocation"), read("Locati\0on", "odometer-where")), (0, 0));
    assert_eq!(read("New", "new-signal"), 1);
    check_that_stripping_is_decoding_the_redacted(body("location", " ocation-preciselocation").as_bytes())
        .unwrap();
}

proptest! {
    #[test]
    fn no_digit_of_a_coordinate_survives(json in somewhere()) {
        let redacted = String::from_utf8(stored(json.to_string().as_bytes())).unwrap();
        for number in numbers(&json) {
            // Four digits after the point are eleven metres.
            let (_, digits) = number.split_once('.').unwrap();
            prop_assert!(!redacted.contains(&digits[..4]), "{number} is still in {redacted}");
        }
    }

    #[test]
    fn redacting_twice_changes_nothing(json in somewhere()) {
        let once = stored(json.to_string().as_bytes());
        prop_assert_eq!(without_positions(&once), Redacted::Unchanged);
    }

    #[test]
    fn a_place_in_any_signal_is_stripped_as_it_is_redacted(place in somewhere(), code in "(new-signal|charge-chargerecords|charge-chargelimits|location-new|wheel-tires)") {
        let body = json!({
            "eventType": "VEHICLE_STATE",
            "data": {"vehicle": {"id": "v"}, "signals": [
                {"code": code, "body": place, "meta": {"oemUpdatedAt": 1_780_222_611_098_i64}},
                {"code": code, "body": place},
            ]},
        });
        check_that_stripping_is_decoding_the_redacted(body.to_string().as_bytes())?;
    }

    #[test]
    fn a_damaged_delivery_is_stripped_as_it_is_redacted(
        which in 0..64_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let fixtures = fixtures();
        let mut body = fixtures[which % fixtures.len()].1.clone();
        for (place, byte) in damage {
            let place = place.index(body.len());
            body[place] = byte;
        }
        check_that_stripping_is_decoding_the_redacted(&body)?;
    }
}
