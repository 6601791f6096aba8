//! Samples as the platform would deliver them: bodies of `VEHICLE_STATE`, in batches as a worker takes them.

use chrono::{DateTime, TimeDelta, Utc};
use domain::fold::{Sighting, concerns};
use domain::reading::Signal;
use serde_json::{Value, json};
use simulator::chance::Chance;
use smartcar::webhook::Delivery;

use super::file::{Sample, Scenario};

/// What reaches the door.
pub struct Sent {
    /// Bodies, by the batch in which they are handled.
    pub batches: Vec<Vec<Vec<u8>>>,
    /// When all of it reached the door: after the last moment at the car.
    pub received_at: DateTime<Utc>,
}

/// So long after the car the platform has it.
const LATENCY: TimeDelta = TimeDelta::seconds(40);
/// The most samples that a shuffled delivery holds, and the most deliveries of a batch.
const CROWD: i64 = 5;
/// How many samples come twice when they are shuffled.
const AGAIN: f64 = 0.3;

impl Sent {
    /// As they stand in the file: what was said at one moment comes in one delivery, each delivery by itself.
    pub fn in_order(scenario: &Scenario) -> Self {
        let deliveries = scenario.samples.chunk_by(|one, next| one.t == next.t);
        Self {
            batches: deliveries.map(|samples| vec![body(samples)]).collect(),
            received_at: received_at(scenario),
        }
    }

    /// In any order, some of them twice, cut into deliveries and batches anywhere.
    pub fn shuffled(scenario: &Scenario, chance: &mut Chance) -> Self {
        let again = scenario.samples.iter().filter(|_| chance.happens(AGAIN));
        let mut samples: Vec<Sample> = again.chain(&scenario.samples).cloned().collect();
        for place in (1..samples.len()).rev() {
            samples.swap(place, below(chance, place + 1));
        }
        let bodies = cut(samples, chance).into_iter().map(|samples| body(&samples)).collect();
        Self { batches: cut(bodies, chance), received_at: received_at(scenario) }
    }
}

/// What the rules look at of a delivery, as the worker gives it to them.
pub fn sightings(delivery: Delivery) -> impl Iterator<Item = Sighting> {
    delivery
        .reports
        .into_iter()
        .flat_map(|report| report.readings)
        .filter(|reading| concerns(&reading.signal))
        .map(|reading| Sighting { reading, by_hand: false })
}

fn received_at(scenario: &Scenario) -> DateTime<Utc> {
    let last = scenario.samples.iter().map(|sample| sample.t).max();
    last.unwrap_or(DateTime::UNIX_EPOCH) + TimeDelta::hours(1)
}

fn body(samples: &[Sample]) -> Vec<u8> {
    let signals: Vec<Value> = samples.iter().map(signal).collect();
    let body = json!({
        "eventType": "VEHICLE_STATE",
        "data": { "vehicle": { "id": "the-car" }, "user": { "id": "its-owner" }, "signals": signals },
        "triggers": [],
        "meta": { "version": "4.0" },
    });
    body.to_string().into_bytes()
}

fn signal(sample: &Sample) -> Value {
    json!({
        "code": sample.signal,
        "body": signal_body(sample),
        "meta": {
            "oemUpdatedAt": sample.t.timestamp_millis(),
            "retrievedAt": (sample.t + LATENCY).timestamp_millis(),
        },
        "status": { "value": "SUCCESS" },
    })
}

/// Most signals say `value` and `unit`; positions, limits and capacities have forms of their own on the wire.
fn signal_body(sample: &Sample) -> Value {
    let Sample { value, unit, .. } = sample;
    match sample.signal.as_str() {
        _ if value.is_object() => value.clone(),
        Signal::CHARGE_LIMITS => json!({
            "values": [{ "type": "GLOBAL", "limit": value, "condition": null }],
            "activeLimit": value,
            "unit": unit,
        }),
        Signal::BATTERY_CAPACITY => json!({ "capacity": value, "availableCapacities": [], "unit": unit }),
        _ => match unit {
            Some(unit) => json!({ "value": value, "unit": unit }),
            None => json!({ "value": value }),
        },
    }
}

/// Cuts a list into pieces of one to some.
fn cut<T>(list: Vec<T>, chance: &mut Chance) -> Vec<Vec<T>> {
    let mut pieces: Vec<Vec<T>> = Vec::new();
    let mut room = 0;
    for item in list {
        match pieces.last_mut() {
            Some(piece) if room > 0 => piece.push(item),
            Some(_) | None => {
                pieces.push(vec![item]);
                room = chance.between(1, CROWD);
            }
        }
        room -= 1;
    }
    pieces
}

fn below(chance: &mut Chance, end: usize) -> usize {
    let last = i64::try_from(end).unwrap_or(i64::MAX) - 1;
    usize::try_from(chance.between(0, last)).unwrap_or(0)
}
