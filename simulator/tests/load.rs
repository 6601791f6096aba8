//! The payloads of benchmarks: as large, as repetitive and as uneven as those of real cars.
#![expect(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::Value;
use simulator::load::{Load, Payload, Size};

fn payloads(size: Size, count: usize) -> Vec<Payload> {
    Load::new(1, 40, size, start()).take(count).collect()
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_000_000, 0).unwrap()
}

fn times(payload: &Payload) -> Vec<(String, i64)> {
    let body: Value = serde_json::from_slice(&payload.body).unwrap();
    let signals = body["data"]["signals"].as_array().unwrap().clone();
    signals
        .iter()
        .filter_map(|signal| {
            let at = signal["meta"]["oemUpdatedAt"].as_i64().filter(|at| *at > 0)?;
            Some((signal["code"].as_str().unwrap().to_owned(), at))
        })
        .collect()
}

#[test]
fn payloads_are_as_large_as_they_are_called() {
    for (size, signals, bytes) in
        [(Size::OneKilobyte, 3, 900..1_500), (Size::ThreeKilobytes, 11, 2_800..4_000)]
    {
        let payloads = payloads(size, 800);
        let average = payloads.iter().map(|payload| payload.body.len()).sum::<usize>() / payloads.len();
        assert!(bytes.contains(&average), "{average} bytes on average");
        let body: Value = serde_json::from_slice(&payloads[0].body).unwrap();
        assert_eq!(body["meta"]["signalCount"], signals);
        assert_eq!(body["data"]["signals"].as_array().unwrap().len(), signals);
    }
}

#[test]
fn payloads_come_in_order_with_ids_of_their_own_and_without_a_future() {
    let payloads = payloads(Size::ThreeKilobytes, 1_500);
    let ids: BTreeSet<_> = payloads.iter().map(|payload| payload.event_id).collect();
    assert_eq!(ids.len(), payloads.len());
    assert!(payloads.windows(2).all(|two| two[0].at <= two[1].at));
    for payload in &payloads {
        assert!(times(payload).iter().all(|(_, at)| *at <= payload.at.timestamp_millis()));
    }
}

#[test]
fn most_signals_are_repeats_and_some_deliveries_span_days() {
    let payloads = payloads(Size::ThreeKilobytes, 3_000);
    let mut known: BTreeMap<(usize, String), i64> = BTreeMap::new();
    let (mut repeats, mut readings, mut wide) = (0, 0, 0);
    for payload in &payloads {
        let times = times(payload);
        let ages = times.iter().map(|(_, at)| *at);
        wide += usize::from(ages.clone().max().unwrap() - ages.min().unwrap() > 86_400_000);
        for (code, at) in times {
            readings += 1;
            repeats += usize::from(known.insert((payload.number, code), at) == Some(at));
        }
    }
    assert!(repeats * 2 > readings, "{repeats} repeats of {readings}");
    assert!(wide * 20 > payloads.len(), "{wide} of {} span more than a day", payloads.len());
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    assert!(payloads(Size::OneKilobyte, 500) == payloads(Size::OneKilobyte, 500));
}

#[test]
fn payloads_name_the_cars_of_the_fleet() {
    let load = Load::new(1, 200, Size::OneKilobyte, start());
    let fleet = load.fleet();
    for payload in load.take(500) {
        let body: Value = serde_json::from_slice(&payload.body).unwrap();
        assert_eq!(body["data"]["vehicle"]["id"], fleet[payload.number].smartcar_vehicle_id);
        assert_eq!(body["eventId"], payload.event_id.to_string());
    }
}
