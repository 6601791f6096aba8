//! Readings that are known to be stored. Every delivery repeats all signals, so most of what comes was here
//! before: what is remembered here is not even sent to the database.
//!
//! Only a filter: what it forgets, the database recognises.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use domain::fold::{Sighting, concerns};
use domain::reading::{Reading, Signal, TimeQuality};
use uuid::Uuid;

use crate::setups::KnownSetups;

/// So many signals of vehicles are remembered, some 60 bytes each.
const CAPACITY: usize = 400_000;

/// The last reading of each signal of each vehicle, and what people told of it. Cheap to clone; all clones remember the same.
#[derive(Debug, Clone, Default)]
pub struct KnownReadings {
    readings: Arc<Mutex<HashMap<(Uuid, u64), Last>>>,
    pub(crate) setups: KnownSetups,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    /// Moment and value.
    said: u64,
    by_hand: bool,
    quality: TimeQuality,
}

/// A reading as a batch brings it: with the best time and the best source of all deliveries that repeat it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub vehicle: Uuid,
    pub reading: &'a Reading,
    pub quality: TimeQuality,
    pub by_hand: bool,
}

impl KnownReadings {
    /// For a worker that keeps only the mileage books: what all other rules cost is measured against it.
    pub fn of_mileage_only() -> Self {
        Self { setups: KnownSetups::of_mileage_only(), ..Self::default() }
    }

    /// Whether any rule that is asked looks at this signal.
    pub(crate) fn concerns(&self, signal: &Signal) -> bool {
        if self.setups.is_mileage_only() { signal.is(Signal::ODOMETER) } else { concerns(signal) }
    }

    /// Leaves out what is stored already. Most of what comes is, and is not even copied.
    pub(crate) fn leave_out(&self, seen: Vec<Seen<'_>>) -> Vec<(Uuid, Sighting)> {
        let known = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = |seen: &Seen<'_>| {
            known
                .get(&(seen.vehicle, digest(&seen.reading.signal)))
                .is_none_or(|last| last.said != said(seen.reading) || last.is_bettered_by(seen))
        };
        seen.into_iter().filter(is_new).map(|seen| (seen.vehicle, seen.to_sighting())).collect()
    }

    /// Call only after the commit that stored them.
    pub(crate) fn remember(&self, sightings: &[(Uuid, Sighting)]) {
        let mut known = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > CAPACITY {
            known.clear();
        }
        for (vehicle, seen) in sightings {
            let last =
                Last { said: said(&seen.reading), by_hand: seen.by_hand, quality: seen.reading.quality };
            known.insert((*vehicle, digest(&seen.reading.signal)), last);
        }
    }
}

impl Last {
    /// The same reading, but brought by hand for the first time, or with a better time.
    fn is_bettered_by(&self, seen: &Seen<'_>) -> bool {
        (seen.by_hand && !self.by_hand) || seen.quality < self.quality
    }
}

impl Seen<'_> {
    fn to_sighting(self) -> Sighting {
        let reading = Reading { quality: self.quality, ..self.reading.clone() };
        Sighting { reading, by_hand: self.by_hand }
    }
}

fn said(reading: &Reading) -> u64 {
    digest(&(reading.at, &reading.value))
}

fn digest(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};
    use domain::reading::{Milli, Value};

    fn sighting(second: i64, km: i64, by_hand: bool) -> Sighting {
        let reading = Reading {
            at: DateTime::UNIX_EPOCH + TimeDelta::seconds(second),
            signal: Signal::new(Signal::ODOMETER),
            value: Value::Number(Milli(km * 1000)),
            quality: TimeQuality::Oem,
            original: None,
        };
        Sighting { reading, by_hand }
    }

    #[test]
    fn only_the_very_same_reading_of_the_same_vehicle_is_left_out() {
        let known = KnownReadings::default();
        let (car, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        known.remember(&[(car, sighting(1, 10, false))]);
        let come = [
            (car, sighting(1, 10, false)),
            (car, sighting(1, 11, false)),
            (car, sighting(2, 10, false)),
            (other, sighting(1, 10, false)),
            (car, sighting(1, 10, true)),
        ];
        let seen: Vec<Seen<'_>> = come
            .iter()
            .map(|(vehicle, Sighting { reading, by_hand })| Seen {
                vehicle: *vehicle,
                reading,
                quality: reading.quality,
                by_hand: *by_hand,
            })
            .collect();
        let left = known.leave_out(seen);
        assert_eq!(left, come[1..].to_vec());
    }
}
