//! The simplest rules there are, as a measure: what everybody writes first.

use domain::reading::{Milli, Reading, Signal, Value};

use super::pairing::Span;

/// A rise of so many points is a fill-up.
const RISE: Milli = Milli(5_000);

/// Every rise between two readings is a fill-up.
pub fn fill_ups(readings: &[Reading]) -> Vec<Span> {
    let levels: Vec<(&Reading, Milli)> = readings
        .iter()
        .filter(|reading| reading.signal.is(Signal::FUEL_LEVEL))
        .filter_map(|reading| match reading.value {
            Value::Number(level) => Some((reading, level)),
            Value::Bool(_) | Value::Text(_) | Value::Position(_) | Value::Structure(_) => None,
        })
        .collect();
    let rises = levels.windows(2).filter(|two| two[1].1.0 - two[0].1.0 >= RISE.0);
    rises.map(|two| Span::within(two[0].0.at, two[1].0.at)).collect()
}

/// From each first reading that says *charging* to the next that does not.
pub fn sessions(readings: &[Reading]) -> Vec<Span> {
    let mut sessions: Vec<Span> = Vec::new();
    let mut is_charging = false;
    for reading in readings.iter().filter(|reading| reading.signal.is(Signal::IS_CHARGING)) {
        let now = reading.value == Value::Bool(true);
        match sessions.last_mut() {
            Some(session) if is_charging => session.to = reading.at,
            Some(_) | None if now => sessions.push(Span::within(reading.at, reading.at)),
            Some(_) | None => {}
        }
        is_charging = now;
    }
    sessions
}
